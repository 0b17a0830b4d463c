/* SPDX-License-Identifier: MIT */
#include "support/powerloss_vfs.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_OCTETS = 256, SHM_REGIONS = 64, SHM_LOCKS = 8 };

/* Of shared memory; the octets lie behind it. SQLite reads and writes them through a pointer, also when the process they stand
 * for is dead already: they are freed when the last file of it is closed. */
struct region {
    struct region *next;
    uint64_t align;
};

/* What a file holds, in memory and on the medium. */
struct image {
    uint8_t *octets;
    size_t len;
    size_t capacity;
    bool exists;
};

struct stored_file {
    struct stored_file *next;
    char name[NAME_MAX_OCTETS];
    struct image now;
    struct image flushed;
    size_t dirty_from; /* octets outside are equal in both images */
    size_t dirty_to;
    bool unlinked; /* what is flushed is a file that was deleted, which was not flushed; another may be there now */
    struct region *regions[SHM_REGIONS];
    unsigned shm_shared[SHM_LOCKS];
    bool shm_exclusive[SHM_LOCKS];
    unsigned shared; /* handles that lock the file */
    const void *reserved;
    const void *exclusive;
};

struct powerloss_disk {
    sqlite3_vfs vfs;
    size_t sector_size;
    struct stored_file *files;
    struct region *lost; /* by files that may be open still */
    size_t handles;      /* that are open */
    uint64_t life;       /* grows when all open files die */
    uint64_t calls;
    uint64_t calls_left;
    uint64_t refused;
    uint64_t flushes;
    uint64_t written;
    size_t limit;
    bool ignore_flush;
    uint32_t random;
};

struct handle {
    sqlite3_file base;
    struct powerloss_disk *disk;
    struct stored_file *file;
    uint64_t life;
    int lock;
    unsigned shm_shared; /* bits */
    unsigned shm_exclusive;
    bool delete_on_close;
};

static struct powerloss_disk *disk_of(sqlite3_vfs *vfs)
{
    return vfs->pAppData;
}

/* Counts a call that changes the disk; false if the disk has stopped. */
static bool take_call(struct powerloss_disk *disk)
{
    if (disk->calls_left == 0) {
        disk->refused++;
        return false;
    }
    if (disk->calls_left != UINT64_MAX)
        disk->calls_left--;
    disk->calls++;
    return true;
}

static bool may_change(const struct handle *handle)
{
    return handle->life == handle->disk->life && take_call(handle->disk);
}

static bool set_len(struct image *image, size_t len)
{
    if (len > image->capacity) {
        size_t capacity = len + len / 2 + 65536;
        uint8_t *octets = realloc(image->octets, capacity);

        if (octets == NULL)
            return false;
        image->octets = octets;
        image->capacity = capacity;
    }
    if (len > image->len)
        memset(image->octets + image->len, 0, len - image->len);
    image->len = len;
    return true;
}

static void soil(struct stored_file *file, size_t from, size_t to)
{
    if (from < file->dirty_from)
        file->dirty_from = from;
    if (to > file->dirty_to)
        file->dirty_to = to;
}

/* --- files -------------------------------------------------------------------------------------------------------- */

static int file_read(sqlite3_file *base, void *to, int amount, sqlite3_int64 offset)
{
    struct handle *handle = (struct handle *)base;
    const struct image *now = &handle->file->now;
    size_t at = (size_t)offset;
    size_t len = (size_t)amount;

    if (handle->life != handle->disk->life)
        return SQLITE_IOERR_READ;
    if (at + len <= now->len) {
        memcpy(to, now->octets + at, len);
        return SQLITE_OK;
    }
    memset(to, 0, len);
    if (at < now->len)
        memcpy(to, now->octets + at, now->len - at);
    return SQLITE_IOERR_SHORT_READ;
}

static size_t used(const struct powerloss_disk *disk)
{
    size_t octets = 0;

    for (const struct stored_file *file = disk->files; file != NULL; file = file->next)
        octets += file->now.len;
    return octets;
}

static int file_write(sqlite3_file *base, const void *from, int amount, sqlite3_int64 offset)
{
    struct handle *handle = (struct handle *)base;
    struct image *now = &handle->file->now;
    size_t at = (size_t)offset;
    size_t len = (size_t)amount;
    size_t before = now->len;

    if (!may_change(handle))
        return SQLITE_IOERR_WRITE;
    if (handle->disk->limit && at + len > before && used(handle->disk) + (at + len - before) > handle->disk->limit)
        return SQLITE_FULL;
    if (at + len > before && !set_len(now, at + len))
        return SQLITE_NOMEM;
    memcpy(now->octets + at, from, len);
    handle->disk->written += len;
    soil(handle->file, at < before ? at : before, at + len);
    return SQLITE_OK;
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct handle *handle = (struct handle *)base;
    struct image *now = &handle->file->now;

    if (!may_change(handle))
        return SQLITE_IOERR_TRUNCATE;
    if ((size_t)size < now->len) {
        soil(handle->file, (size_t)size, now->len);
        (void)set_len(now, (size_t)size);
    }
    return SQLITE_OK;
}

/* The medium gets the file as it is, its name in the directory too. */
static bool flush(struct stored_file *file)
{
    size_t from = file->dirty_from;
    size_t to = file->dirty_to < file->now.len ? file->dirty_to : file->now.len;

    if (!set_len(&file->flushed, file->now.len))
        return false;
    if (from < to)
        memcpy(file->flushed.octets + from, file->now.octets + from, to - from);
    file->flushed.exists = file->now.exists;
    file->dirty_from = SIZE_MAX;
    file->dirty_to = 0;
    file->unlinked = false;
    return true;
}

static int file_sync(sqlite3_file *base, int flags)
{
    struct handle *handle = (struct handle *)base;

    (void)flags;
    if (!may_change(handle))
        return SQLITE_IOERR_FSYNC;
    handle->disk->flushes++;
    if (handle->disk->ignore_flush)
        return SQLITE_OK;
    return flush(handle->file) ? SQLITE_OK : SQLITE_NOMEM;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *size)
{
    struct handle *handle = (struct handle *)base;

    *size = (sqlite3_int64)handle->file->now.len;
    return handle->life != handle->disk->life ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

static int file_unlock(sqlite3_file *base, int level)
{
    struct handle *handle = (struct handle *)base;
    struct stored_file *file = handle->file;

    if (handle->life == handle->disk->life) {
        if (file->exclusive == handle)
            file->exclusive = NULL;
        if (file->reserved == handle)
            file->reserved = NULL;
        if (level == SQLITE_LOCK_NONE && handle->lock > SQLITE_LOCK_NONE)
            file->shared--;
    }
    handle->lock = level;
    return SQLITE_OK;
}

static int file_lock(sqlite3_file *base, int level)
{
    struct handle *handle = (struct handle *)base;
    struct stored_file *file = handle->file;

    if (handle->life != handle->disk->life)
        return SQLITE_IOERR_LOCK;
    if (level <= handle->lock)
        return SQLITE_OK;
    if (file->exclusive != NULL && file->exclusive != handle)
        return SQLITE_BUSY;
    if (level >= SQLITE_LOCK_RESERVED && file->reserved != NULL && file->reserved != handle)
        return SQLITE_BUSY;
    if (level == SQLITE_LOCK_EXCLUSIVE && file->shared > (handle->lock > SQLITE_LOCK_NONE))
        return SQLITE_BUSY;
    if (handle->lock == SQLITE_LOCK_NONE)
        file->shared++;
    if (level >= SQLITE_LOCK_RESERVED)
        file->reserved = handle;
    if (level == SQLITE_LOCK_EXCLUSIVE)
        file->exclusive = handle;
    handle->lock = level;
    return SQLITE_OK;
}

static int file_check_reserved(sqlite3_file *base, int *reserved)
{
    *reserved = ((struct handle *)base)->file->reserved != NULL;
    return SQLITE_OK;
}

static int file_control(sqlite3_file *base, int operation, void *argument)
{
    (void)base, (void)operation, (void)argument;
    return SQLITE_NOTFOUND;
}

static int file_sector_size(sqlite3_file *base)
{
    return (int)((struct handle *)base)->disk->sector_size;
}

static int file_characteristics(sqlite3_file *base)
{
    (void)base;
    return 0; /* it promises nothing */
}

/* --- shared memory ------------------------------------------------------------------------------------------------ */

static int shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **memory)
{
    struct handle *handle = (struct handle *)base;

    *memory = NULL;
    if (handle->life != handle->disk->life || region < 0 || region >= SHM_REGIONS)
        return SQLITE_IOERR_SHMMAP;
    if (handle->file->regions[region] == NULL && extend)
        handle->file->regions[region] = calloc(1, sizeof(struct region) + (size_t)size);
    if (handle->file->regions[region] != NULL)
        *memory = handle->file->regions[region] + 1;
    return *memory == NULL && extend ? SQLITE_NOMEM : SQLITE_OK;
}

static void shm_release(struct handle *handle, unsigned bits)
{
    for (unsigned i = 0; i < SHM_LOCKS; i++) {
        if (!(bits & 1U << i))
            continue;
        if (handle->shm_exclusive & 1U << i)
            handle->file->shm_exclusive[i] = false;
        if (handle->shm_shared & 1U << i)
            handle->file->shm_shared[i]--;
    }
    handle->shm_exclusive &= ~bits;
    handle->shm_shared &= ~bits;
}

static int shm_lock(sqlite3_file *base, int offset, int count, int flags)
{
    struct handle *handle = (struct handle *)base;
    struct stored_file *file = handle->file;
    unsigned bits = ((1U << count) - 1) << offset;

    if (handle->life != handle->disk->life)
        return flags & SQLITE_SHM_UNLOCK ? SQLITE_OK : SQLITE_IOERR_SHMLOCK;
    if (flags & SQLITE_SHM_UNLOCK) {
        shm_release(handle, bits);
        return SQLITE_OK;
    }
    for (unsigned i = (unsigned)offset; i < (unsigned)(offset + count); i++) {
        bool mine = (handle->shm_shared >> i & 1) != 0;

        if (file->shm_exclusive[i] && !(handle->shm_exclusive & 1U << i))
            return SQLITE_BUSY;
        if (flags & SQLITE_SHM_EXCLUSIVE && file->shm_shared[i] > mine)
            return SQLITE_BUSY;
    }
    for (unsigned i = (unsigned)offset; i < (unsigned)(offset + count); i++) {
        if (flags & SQLITE_SHM_EXCLUSIVE) {
            file->shm_exclusive[i] = true;
            handle->shm_exclusive |= 1U << i;
        } else if (!(handle->shm_shared & 1U << i)) {
            file->shm_shared[i]++;
            handle->shm_shared |= 1U << i;
        }
    }
    return SQLITE_OK;
}

static void shm_barrier(sqlite3_file *base)
{
    (void)base;
}

static int shm_unmap(sqlite3_file *base, int delete)
{
    struct handle *handle = (struct handle *)base;

    (void)delete;
    if (handle->life == handle->disk->life)
        shm_release(handle, (1U << SHM_LOCKS) - 1);
    return SQLITE_OK;
}

/* --- the disk ----------------------------------------------------------------------------------------------------- */

static void free_lost(struct powerloss_disk *disk)
{
    struct region *region;

    while ((region = disk->lost) != NULL) {
        disk->lost = region->next;
        free(region);
    }
}

static void drop_shm(struct powerloss_disk *disk, struct stored_file *file)
{
    for (size_t i = 0; i < SHM_REGIONS; i++) {
        if (file->regions[i] != NULL) {
            file->regions[i]->next = disk->lost;
            disk->lost = file->regions[i];
        }
        file->regions[i] = NULL;
    }
    if (disk->handles == 0)
        free_lost(disk);
    memset(file->shm_shared, 0, sizeof file->shm_shared);
    memset(file->shm_exclusive, 0, sizeof file->shm_exclusive);
    file->shared = 0;
    file->reserved = NULL;
    file->exclusive = NULL;
}

static struct stored_file *find_file(const struct powerloss_disk *disk, const char *name)
{
    struct stored_file *file = disk->files;

    while (file != NULL && strcmp(file->name, name) != 0)
        file = file->next;
    return file;
}

static struct stored_file *make_file(struct powerloss_disk *disk, const char *name)
{
    struct stored_file *file = find_file(disk, name);

    if (file == NULL && strlen(name) < NAME_MAX_OCTETS) {
        file = calloc(1, sizeof *file);
        if (file == NULL)
            return NULL;
        strcpy(file->name, name);
        file->dirty_from = SIZE_MAX;
        file->next = disk->files;
        disk->files = file;
    }
    if (file != NULL)
        file->now.exists = true;
    return file;
}

static int file_close(sqlite3_file *base)
{
    struct handle *handle = (struct handle *)base;

    (void)shm_unmap(base, 0);
    (void)file_unlock(base, SQLITE_LOCK_NONE);
    if (handle->delete_on_close && handle->life == handle->disk->life) {
        handle->file->now.exists = false;
        (void)set_len(&handle->file->now, 0);
    }
    if (--handle->disk->handles == 0)
        free_lost(handle->disk);
    return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = shm_map,
    .xShmLock = shm_lock,
    .xShmBarrier = shm_barrier,
    .xShmUnmap = shm_unmap,
};

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *out_flags)
{
    struct powerloss_disk *disk = disk_of(vfs);
    struct handle *handle = (struct handle *)base;
    struct stored_file *file;

    memset(handle, 0, sizeof *handle);
    if (disk->calls_left == 0) {
        disk->refused++;
        return SQLITE_CANTOPEN;
    }
    file = find_file(disk, name ? name : "temporary");
    if ((file == NULL || !file->now.exists) && !(flags & SQLITE_OPEN_CREATE))
        return SQLITE_CANTOPEN;
    file = make_file(disk, name ? name : "temporary");
    if (file == NULL)
        return SQLITE_CANTOPEN;
    handle->base.pMethods = &methods;
    handle->disk = disk;
    handle->file = file;
    handle->life = disk->life;
    disk->handles++;
    handle->delete_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
    if (out_flags != NULL)
        *out_flags = flags;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_directory)
{
    struct powerloss_disk *disk = disk_of(vfs);
    struct stored_file *file = find_file(disk, name);

    if (!take_call(disk))
        return SQLITE_IOERR_DELETE;
    if (file == NULL || !file->now.exists)
        return SQLITE_IOERR_DELETE_NOENT;
    soil(file, 0, file->now.len);
    (void)set_len(&file->now, 0);
    file->now.exists = false;
    file->unlinked = file->flushed.exists;
    drop_shm(disk, file);
    if (sync_directory && !disk->ignore_flush)
        (void)flush(file);
    return SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *result)
{
    const struct stored_file *file = find_file(disk_of(vfs), name);

    (void)flags;
    *result = file != NULL && file->now.exists && (flags != SQLITE_ACCESS_EXISTS || file->now.len > 0);
    return SQLITE_OK;
}

static int vfs_full_pathname(sqlite3_vfs *vfs, const char *name, int size, char *full)
{
    (void)vfs;
    if (strlen(name) + 1 > (size_t)size)
        return SQLITE_CANTOPEN;
    strcpy(full, name);
    return SQLITE_OK;
}

static int vfs_randomness(sqlite3_vfs *vfs, int count, char *octets)
{
    struct powerloss_disk *disk = disk_of(vfs);

    for (int i = 0; i < count; i++) {
        disk->random = disk->random * 1664525U + 1013904223U;
        octets[i] = (char)(disk->random >> 24);
    }
    return count;
}

static int vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds; /* nothing sleeps */
}

static int vfs_current_time(sqlite3_vfs *vfs, double *time)
{
    (void)vfs;
    *time = 2460000.5;
    return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *vfs, int count, char *text)
{
    (void)vfs, (void)count, (void)text;
    return 0;
}

struct powerloss_disk *powerloss_new(const char *name, size_t sector_size)
{
    struct powerloss_disk *disk = calloc(1, sizeof *disk);

    if (disk == NULL)
        return NULL;
    disk->sector_size = sector_size;
    disk->calls_left = UINT64_MAX;
    disk->vfs.iVersion = 1;
    disk->vfs.szOsFile = sizeof(struct handle);
    disk->vfs.mxPathname = NAME_MAX_OCTETS - 1;
    disk->vfs.zName = name;
    disk->vfs.pAppData = disk;
    disk->vfs.xOpen = vfs_open;
    disk->vfs.xDelete = vfs_delete;
    disk->vfs.xAccess = vfs_access;
    disk->vfs.xFullPathname = vfs_full_pathname;
    disk->vfs.xRandomness = vfs_randomness;
    disk->vfs.xSleep = vfs_sleep;
    disk->vfs.xCurrentTime = vfs_current_time;
    disk->vfs.xGetLastError = vfs_last_error;
    if (sqlite3_vfs_register(&disk->vfs, 0) != SQLITE_OK) {
        free(disk);
        return NULL;
    }
    return disk;
}

void powerloss_free(struct powerloss_disk *disk)
{
    struct stored_file *file;

    (void)sqlite3_vfs_unregister(&disk->vfs);
    while ((file = disk->files) != NULL) {
        disk->files = file->next;
        drop_shm(disk, file);
        free(file->now.octets);
        free(file->flushed.octets);
        free(file);
    }
    free_lost(disk);
    free(disk);
}

static void copy_image(struct image *to, const struct image *from)
{
    to->len = 0;
    if (!set_len(to, from->len))
        exit(1);
    if (from->len)
        memcpy(to->octets, from->octets, from->len);
    to->exists = from->exists;
}

static void copy_file(struct stored_file *to, const struct stored_file *from)
{
    static const struct image none;

    copy_image(&to->now, from ? &from->now : &none);
    copy_image(&to->flushed, from ? &from->flushed : &none);
    to->dirty_from = from ? from->dirty_from : SIZE_MAX;
    to->dirty_to = from ? from->dirty_to : 0;
    to->unlinked = from && from->unlinked;
}

void powerloss_copy(struct powerloss_disk *to, const struct powerloss_disk *from)
{
    powerloss_kill(to);
    for (const struct stored_file *file = from->files; file != NULL; file = file->next)
        if (make_file(to, file->name) == NULL)
            exit(1);
    for (struct stored_file *file = to->files; file != NULL; file = file->next)
        copy_file(file, find_file(from, file->name));
    to->calls = from->calls;
    to->refused = 0;
    to->random = from->random;
}

void powerloss_kill(struct powerloss_disk *disk)
{
    disk->life++;
    disk->calls_left = UINT64_MAX;
    for (struct stored_file *file = disk->files; file != NULL; file = file->next)
        drop_shm(disk, file);
}

static bool sector_differs(const struct powerloss_disk *disk, const struct stored_file *file, size_t at)
{
    const struct image *now = &file->now;
    const struct image *flushed = &file->flushed;

    for (size_t i = at; i < at + disk->sector_size; i++) {
        uint8_t a = i < now->len ? now->octets[i] : 0;
        uint8_t b = i < flushed->len ? flushed->octets[i] : 0;

        if (a != b)
            return true;
    }
    return false;
}

static size_t longer(const struct stored_file *file)
{
    return file->now.len > file->flushed.len ? file->now.len : file->flushed.len;
}

/* A deletion is lost or kept whole: the file is back as it was flushed, or there was none before what is there now. */
static void cut_unlinked(struct stored_file *file, powerloss_keep_fn keep, void *ctx)
{
    if (!file->unlinked)
        return;
    if (keep(ctx)) {
        file->flushed.exists = false;
        (void)set_len(&file->flushed, 0);
    } else {
        copy_image(&file->now, &file->flushed);
        file->dirty_from = SIZE_MAX;
        file->dirty_to = 0;
    }
    file->unlinked = false;
}

/* Afterwards both images are what the medium holds. */
static void cut_file(struct powerloss_disk *disk, struct stored_file *file, powerloss_keep_fn keep, void *ctx)
{
    cut_unlinked(file, keep, ctx);

    size_t start = file->dirty_from / disk->sector_size * disk->sector_size;
    size_t end = longer(file);
    size_t len = file->flushed.len;
    bool exists = file->flushed.exists;

    if (file->now.exists != exists)
        exists = keep(ctx) ? file->now.exists : exists;
    if (file->now.len != len)
        len = keep(ctx) ? file->now.len : len;
    if (!set_len(&file->now, end) || !set_len(&file->flushed, end))
        exit(1);
    for (size_t at = start; file->dirty_from != SIZE_MAX && at < end && at < file->dirty_to; at += disk->sector_size) {
        size_t octets = end - at < disk->sector_size ? end - at : disk->sector_size;

        if (sector_differs(disk, file, at) && !keep(ctx))
            memcpy(file->now.octets + at, file->flushed.octets + at, octets);
    }
    (void)set_len(&file->now, exists ? len : 0);
    file->now.exists = exists;
    if (!flush(file))
        exit(1);
}

void powerloss_cut(struct powerloss_disk *disk, powerloss_keep_fn keep, void *ctx)
{
    powerloss_kill(disk);
    for (struct stored_file *file = disk->files; file != NULL; file = file->next)
        cut_file(disk, file, keep, ctx);
}

static bool keep_nothing(void *ctx)
{
    (void)ctx;
    return false;
}

void powerloss_cut_all(struct powerloss_disk *disk)
{
    powerloss_cut(disk, keep_nothing, NULL);
}

static bool keep_half(void *ctx)
{
    uint32_t *seed = ctx;

    *seed = *seed * 1664525U + 1013904223U;
    return (*seed >> 31) != 0;
}

void powerloss_cut_random(struct powerloss_disk *disk, uint32_t *seed)
{
    powerloss_cut(disk, keep_half, seed);
}

uint64_t powerloss_calls(const struct powerloss_disk *disk)
{
    return disk->calls;
}

void powerloss_stop_after(struct powerloss_disk *disk, uint64_t calls)
{
    disk->calls_left = calls;
}

const uint64_t *powerloss_refused(const struct powerloss_disk *disk)
{
    return &disk->refused;
}

void powerloss_ignore_flush(struct powerloss_disk *disk, bool ignore)
{
    disk->ignore_flush = ignore;
}

void powerloss_limit(struct powerloss_disk *disk, size_t octets)
{
    disk->limit = octets;
}

size_t powerloss_unflushed(const struct powerloss_disk *disk)
{
    size_t sectors = 0;

    for (const struct stored_file *file = disk->files; file != NULL; file = file->next)
        for (size_t at = 0; at < longer(file); at += disk->sector_size)
            sectors += sector_differs(disk, file, at);
    return sectors;
}

uint64_t powerloss_flushes(const struct powerloss_disk *disk)
{
    return disk->flushes;
}

uint64_t powerloss_written(const struct powerloss_disk *disk)
{
    return disk->written;
}
