/* SPDX-License-Identifier: MIT */
/*
 * A disk in memory for SQLite that can lose its power: what was written and not flushed yet is lost or kept sector by
 * sector; a deletion is lost or kept whole, as SQLite presumes. Open a store with `vfs` set to the disk's name; paths are keys only (PATH.lock is a real file all the same).
 *
 * Behind powerloss_kill, powerloss_cut or a stop, files that are still open answer each call with an error, as if their
 * process were gone: close what was open, then open anew.
 */
#ifndef CPMSYNC_TEST_POWERLOSS_VFS_H
#define CPMSYNC_TEST_POWERLOSS_VFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct powerloss_disk;

/* Registers the VFS `name` (which must live as long). Sectors have 512 to 65536 octets, a power of two. */
struct powerloss_disk *powerloss_new(const char *name, size_t sector_size);
void powerloss_free(struct powerloss_disk *disk);

/* `to` becomes what `from` is, both images; no file of either is open. Nothing stops any more. */
void powerloss_copy(struct powerloss_disk *to, const struct powerloss_disk *from);

/* The process dies: what was written stays, locks go. */
void powerloss_kill(struct powerloss_disk *disk);

/* The power goes. For each sector that was not flushed, each length and each directory entry, `keep` decides whether the
 * new or the old state is there afterwards. */
typedef bool (*powerloss_keep_fn)(void *ctx);
void powerloss_cut(struct powerloss_disk *disk, powerloss_keep_fn keep, void *ctx);
/* Nothing that was not flushed is kept. */
void powerloss_cut_all(struct powerloss_disk *disk);
/* A random half is kept; *seed moves on. */
void powerloss_cut_random(struct powerloss_disk *disk, uint32_t *seed);

/* Calls that change the disk: writes, truncations, flushes, deletions. After `calls` more of them each fails, until the
 * next kill or cut; UINT64_MAX: never. */
uint64_t powerloss_calls(const struct powerloss_disk *disk);
void powerloss_stop_after(struct powerloss_disk *disk, uint64_t calls);
/* Calls that failed because the disk has stopped, since it was made or copied to; lives as long as the disk. */
const uint64_t *powerloss_refused(const struct powerloss_disk *disk);

/* Flushes are answered with success and do nothing, as with synchronous=OFF or a lying medium. */
void powerloss_ignore_flush(struct powerloss_disk *disk, bool ignore);

/* No write makes the files longer than this together (the disk is full); 0: no limit. */
void powerloss_limit(struct powerloss_disk *disk, size_t octets);

/* Sectors that differ from what was flushed; flushes so far. */
size_t powerloss_unflushed(const struct powerloss_disk *disk);
uint64_t powerloss_flushes(const struct powerloss_disk *disk);
/* Octets written so far. */
uint64_t powerloss_written(const struct powerloss_disk *disk);

#endif
