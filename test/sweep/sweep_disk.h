/* SPDX-License-Identifier: MIT */
/*
 * A transcript played over the SQLite store on a disk in memory that stops at a call: the process was killed in front of
 * it, or the power went. What was written, or any subset of the sectors not flushed, is what the next life finds.
 *
 * The scene holds a journal: an entry is put when the life begins, behind every second commit of the client, and at the
 * end, each durably and each removing the last but one. The states that the store went through when nothing stopped are
 * recorded; behind the failure it must show one of them: a durable one, once its commit returned, or a later one.
 */
#ifndef CPMSYNC_TEST_SWEEP_DISK_H
#define CPMSYNC_TEST_SWEEP_DISK_H

#include "golden/golden_text.h"
#include "support/powerloss_vfs.h"
#include "sweep/sweep.h"

enum { SWEEP_STATES_MAX = 64 };

/* What an earlier life left. */
enum sweep_prior {
    SWEEP_PRIOR_CLOSED,
    SWEEP_PRIOR_KILLED, /* the log is still to be recovered */
    SWEEP_PRIOR_NONE,   /* there was none: the store is created; for transcripts without "cache" */
    SWEEP_PRIORS
};

/* What is set up once for all positions of a transcript. */
struct sweep_scene {
    const struct golden *golden;
    enum sweep_prior prior;
    const char *path;                /* of the store */
    struct powerloss_disk *prepared; /* as the earlier life left it */
    struct powerloss_disk *disk;     /* the one that is used */
    struct golden_text states[SWEEP_STATES_MAX];
    size_t count;
    uint64_t calls; /* of the disk, when nothing stops */
};

struct sweep_disk {
    struct sweep sweep;
    struct sweep_scene *scene;
    bool recording;
    size_t done;    /* commits that returned: the store is in that state */
    size_t durable; /* the last of them that must survive the power */
    bool pending;   /* the next one was called and has not returned */
    uint64_t entries;
    size_t octets_before; /* that SQLite holds */
};

bool sweep_prior_fits(const struct golden *golden, enum sweep_prior prior);

/* Prepares, and plays once with nothing stopping. Ends the test when something does not hold. */
void sweep_scene_open(struct sweep_scene *scene, const struct golden *golden, enum sweep_prior prior, const char *path);
void sweep_scene_close(struct sweep_scene *scene);

/* A failure. The life that stops in front of call `stop` + 1. These three: false with `why` filled. */
bool sweep_disk_live(struct sweep_disk *disk, struct sweep_scene *scene, uint64_t stop);
/* The next life, behind powerloss_kill or powerloss_cut: the store opens and shows a state from `oldest` on; the
 * fresh synchronisation and the mirror follow. */
bool sweep_disk_next(struct sweep_disk *disk, size_t oldest);
bool sweep_disk_close(struct sweep_disk *disk);

#endif
