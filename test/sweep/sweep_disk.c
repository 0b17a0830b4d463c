/* SPDX-License-Identifier: MIT */
#include "sweep/sweep_disk.h"

#include <inttypes.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char ACCOUNT[] = "fred@server:993";
static const char VFS[] = "sweep";
static const char VFS_PREPARED[] = "sweep prepared";
enum { SECTOR = 512, ENTRIES_KEPT = 2 };

bool sweep_prior_fits(const struct golden *golden, enum sweep_prior prior)
{
    if (prior != SWEEP_PRIOR_NONE)
        return true;
    for (size_t i = 0; i < golden->count; i++)
        if (golden->steps[i].type == GOLDEN_CACHE)
            return false;
    return true;
}

/* ---- what the store holds, as text */

struct reading {
    struct sweep *sweep;
    struct golden_text *text;
    struct golden_text names; /* a NUL behind each */
    struct golden_text counts;
    uint32_t rows;
};

static void add_octets(struct golden_text *text, const uint8_t *octets, size_t len)
{
    for (size_t i = 0; i < len; i++)
        golden_text_format(text, octets[i] > ' ' && octets[i] < 127 ? "%c" : "\\x%02x", octets[i]);
}

static int read_mailbox(void *ctx, const struct cpmsync_store_mailbox *mailbox)
{
    struct reading *reading = ctx;

    golden_text_add(&reading->names, mailbox->name, mailbox->name_len);
    golden_text_add(&reading->names, "", 1);
    golden_text_add(&reading->counts, &mailbox->messages, sizeof mailbox->messages);
    golden_text_add(reading->text, mailbox->name, mailbox->name_len);
    golden_text_format(reading->text, " uidvalidity %" PRIu32 " uidnext %" PRIu32 " cursor %" PRIu64 " bits %" PRIu32,
        mailbox->uidvalidity, mailbox->uidnext, mailbox->highestmodseq, mailbox->flags);
    for (size_t i = 0; i < mailbox->covered_count; i++)
        golden_text_format(reading->text, " %" PRIu32 ":%" PRIu32, mailbox->covered[i].first, mailbox->covered[i].last);
    golden_text_add(reading->text, " ", 1);
    add_octets(reading->text, mailbox->extra, mailbox->extra_len);
    golden_text_add(reading->text, "\n", 1);
    return 0;
}

static int read_rows(void *ctx, const uint32_t *uid, const uint64_t *modseq, const uint32_t *flagset, size_t count)
{
    struct reading *reading = ctx;

    for (size_t i = 0; i < count; i++)
        golden_text_format(
            reading->text, "row %" PRIu32 " %" PRIu64 " set %" PRIu32 "\n", uid[i], modseq[i], flagset[i]);
    reading->rows += (uint32_t)count;
    return 0;
}

/* Flag sets and descriptors. */
static int read_numbered(void *ctx, uint32_t number, const uint8_t *octets, size_t len)
{
    struct reading *reading = ctx;

    golden_text_format(reading->text, "%" PRIu32 " ", number);
    add_octets(reading->text, octets, len);
    golden_text_add(reading->text, "\n", 1);
    return 0;
}

static int read_entry(
    void *ctx, uint64_t id, const uint8_t *mailbox, size_t mailbox_len, const uint8_t *octets, size_t len)
{
    struct reading *reading = ctx;

    golden_text_format(reading->text, "journal %" PRIu64 " ", id);
    add_octets(reading->text, mailbox, mailbox_len);
    golden_text_add(reading->text, " ", 1);
    add_octets(reading->text, octets, len);
    golden_text_add(reading->text, "\n", 1);
    return 0;
}

static int read_value(void *ctx, const uint8_t *octets, size_t len)
{
    struct reading *reading = ctx;

    golden_text_format(reading->text, "facts ");
    add_octets(reading->text, octets, len);
    golden_text_add(reading->text, "\n", 1);
    return 0;
}

static int read_messages(struct reading *reading, const char *name, uint32_t messages)
{
    const struct cpmsync_store *store = &reading->sweep->store.inner;
    const uint8_t *octets = (const uint8_t *)name;
    size_t len = strlen(name);

    reading->rows = 0;
    golden_text_format(reading->text, "%s:\n", name);
    int error = store->ops->rows_load(store->self, octets, len, read_rows, reading);
    if (!error)
        error = store->ops->flagset_each(store->self, octets, len, read_numbered, reading);
    if (!error)
        error = store->ops->descriptor_each(store->self, octets, len, 1, UINT32_MAX, read_numbered, reading);
    if (!error && reading->rows != messages)
        sweep_fail(reading->sweep, "%s has %" PRIu32 " rows, its record says %" PRIu32, name, reading->rows, messages);
    return error;
}

static bool read_store(struct sweep *sweep, struct golden_text *text)
{
    const struct cpmsync_store *store = &sweep->store.inner;
    struct reading reading = {sweep, text, {0}, {0}, 0};
    size_t at = 0;

    int error = store->ops->mailbox_each(store->self, read_mailbox, &reading);
    for (size_t i = 0; at < reading.names.len && !error; i++) {
        const char *name = reading.names.data + at;
        uint32_t messages;
        memcpy(&messages, reading.counts.data + i * sizeof messages, sizeof messages);
        error = read_messages(&reading, name, messages);
        at += strlen(name) + 1;
    }
    if (!error)
        error = store->ops->journal_each(store->self, NULL, 0, read_entry, &reading);
    if (!error)
        error = store->ops->value_get(store->self, "server_facts", read_value, &reading);
    free(reading.names.data);
    free(reading.counts.data);
    golden_text_format(text, "end\n");
    if (error && error != CPMSYNC_ERR_NOT_FOUND)
        return sweep_fail(sweep, "the store cannot be read: %s", cpmsync_error_name(error));
    return sweep->why[0] == '\0';
}

/* ---- states */

static bool is_alive(const struct sweep_disk *disk)
{
    return *disk->sweep.dead == 0;
}

static void record(struct sweep_disk *disk)
{
    struct sweep_scene *scene = disk->scene;

    if (!disk->recording)
        return;
    if (scene->count == SWEEP_STATES_MAX)
        sweep_fail(&disk->sweep, "more than %d states", SWEEP_STATES_MAX);
    else
        read_store(&disk->sweep, &scene->states[scene->count++]);
}

static void called(struct sweep_disk *disk)
{
    if (is_alive(disk))
        disk->pending = true;
}

static void returned(struct sweep_disk *disk, enum cpmsync_store_durability durability, int error)
{
    if (!is_alive(disk))
        return; /* there is nobody it could return to */
    disk->pending = false;
    if (error)
        return;
    disk->done++;
    if (durability == CPMSYNC_STORE_DURABLE)
        disk->durable = disk->done;
    record(disk);
}

/* An action of the user is queued, and an older one is done. */
static void act(struct sweep_disk *disk)
{
    const struct cpmsync_store *store = &disk->sweep.store.inner;
    static const uint8_t mailbox[] = "INBOX";
    static const uint8_t entry[] = "an action of the user";
    uint64_t id = disk->entries + 1;

    if (!is_alive(disk))
        return;
    int error = store->ops->begin(store->self, CPMSYNC_STORE_DURABLE);
    if (!error)
        error = store->ops->journal_put(store->self, id, mailbox, sizeof mailbox - 1, entry, sizeof entry - 1);
    if (!error && id > ENTRIES_KEPT)
        error = store->ops->journal_remove(store->self, id - ENTRIES_KEPT);
    if (error) {
        store->ops->rollback(store->self);
    } else {
        called(disk);
        error = store->ops->commit(store->self);
        returned(disk, CPMSYNC_STORE_DURABLE, error);
    }
    if (error && is_alive(disk))
        sweep_fail(&disk->sweep, "no journal: %s", cpmsync_error_name(error));
    disk->entries = id;
}

static void on_commit(void *ctx, bool over, int error)
{
    struct sweep_disk *disk = ctx;

    if (!over) {
        called(disk);
        return;
    }
    returned(disk, disk->sweep.store.durability, error);
    if (disk->sweep.store.commits % 2 == 0)
        act(disk);
}

/* ---- lives */

static int open_store(struct sweep_disk *disk)
{
    struct cpmsync_store_sqlite_config config = {0};
    struct cpmsync_store inner = {0};

    config.size = sizeof config;
    config.allocator = &disk->sweep.allocator.mem;
    config.path = disk->scene->path;
    config.account = ACCOUNT;
    config.vfs = VFS;
    int error = cpmsync_store_sqlite_open(&inner, &config, NULL);
    support_store_over(&disk->sweep.store, &inner);
    disk->sweep.store.committing = on_commit;
    disk->sweep.store.ctx = disk;
    return error;
}

/* What is there before the life that is watched. */
static bool prepare(struct sweep_disk *disk)
{
    struct sweep *sweep = &disk->sweep;
    struct sweep_scene *scene = disk->scene;

    if (scene->prior == SWEEP_PRIOR_NONE)
        return true;
    int error = open_store(disk);
    if (error)
        return sweep_fail(sweep, "no store: %s", cpmsync_error_name(error));
    bool good = golden_fill(scene->golden, &sweep->store.inner) || sweep_fail(sweep, "the store cannot be filled");
    act(disk);
    if (scene->prior == SWEEP_PRIOR_KILLED)
        powerloss_kill(scene->disk);
    support_store_close(&sweep->store);
    powerloss_kill(scene->disk);
    return good && sweep->why[0] == '\0';
}

/* The mirrors know what the earlier life stored. */
static bool teach(struct sweep *sweep)
{
    if (support_store_open(&sweep->store, &sweep->allocator.mem))
        return sweep_fail(sweep, "no store");
    bool good = sweep_fill(sweep);
    support_store_close(&sweep->store);
    return good;
}

static bool play(struct sweep_disk *disk)
{
    struct sweep *sweep = &disk->sweep;
    struct golden_play how = {0};

    how.failures = sweep->dead;
    act(disk);
    bool good = sweep_play(sweep, &how);
    act(disk);
    if (sweep->store.abuses || sweep->store.open)
        return sweep_fail(sweep, "%u calls of the store that the contract forbids", sweep->store.abuses);
    return good;
}

static bool live(struct sweep_disk *disk, uint64_t stop)
{
    struct sweep *sweep = &disk->sweep;

    powerloss_stop_after(disk->scene->disk, stop);
    int error = open_store(disk);
    if (error && !is_alive(disk))
        return true;
    if (error)
        return sweep_fail(sweep, "the store cannot be opened: %s", cpmsync_error_name(error));
    if (disk->recording && disk->scene->prior == SWEEP_PRIOR_NONE)
        record(disk);
    bool good = play(disk);
    support_store_close(&sweep->store);
    return good && sweep->why[0] == '\0';
}

static void init(struct sweep_disk *disk, struct sweep_scene *scene)
{
    memset(disk, 0, sizeof *disk);
    disk->octets_before = (size_t)sqlite3_memory_used();
    disk->scene = scene;
    sweep_init(&disk->sweep, scene->golden);
    disk->sweep.dead = powerloss_refused(scene->disk);
}

bool sweep_disk_live(struct sweep_disk *disk, struct sweep_scene *scene, uint64_t stop)
{
    init(disk, scene);
    disk->entries = scene->prior != SWEEP_PRIOR_NONE;
    disk->recording = stop == UINT64_MAX;
    powerloss_copy(scene->disk, scene->prepared);
    return teach(&disk->sweep) && live(disk, stop);
}

/* The youngest of states from..to that is this text; SIZE_MAX if none is. */
static size_t find_state(const struct sweep_scene *scene, const char *text, size_t from, size_t to)
{
    for (size_t at = to + 1; at-- > from;)
        if (at < scene->count && strcmp(scene->states[at].data, text) == 0)
            return at;
    return SIZE_MAX;
}

static bool shows_state(struct sweep_disk *disk, size_t oldest)
{
    struct sweep *sweep = &disk->sweep;
    const struct sweep_scene *scene = disk->scene;
    struct golden_text text = {0};
    size_t newest = disk->done + disk->pending;

    bool good = read_store(sweep, &text);
    if (good && find_state(scene, text.data, oldest, newest) == SIZE_MAX) {
        size_t other = find_state(scene, text.data, 0, scene->count);
        good = other == SIZE_MAX
                   ? sweep_fail(sweep, "the store was never in this state, wanted %zu to %zu:\n%s%zu:\n%s", oldest,
                         newest, text.data, disk->done, scene->states[disk->done].data)
                   : sweep_fail(
                         sweep, "the store is in state %zu, wanted %zu to %zu:\n%s", other, oldest, newest, text.data);
    }
    free(text.data);
    return good;
}

bool sweep_disk_next(struct sweep_disk *disk, size_t oldest)
{
    struct sweep *sweep = &disk->sweep;

    sweep->dead = NULL;
    int error = open_store(disk);
    if (error)
        return sweep_fail(sweep, "the store cannot be opened again: %s", cpmsync_error_name(error));
    disk->sweep.store.committing = NULL;
    return shows_state(disk, oldest) && sweep_recover(sweep);
}

bool sweep_disk_close(struct sweep_disk *disk)
{
    struct sweep *sweep = &disk->sweep;
    bool good = sweep_close(sweep);
    size_t octets = (size_t)sqlite3_memory_used();

    if (good && octets != disk->octets_before)
        good = sweep_fail(sweep, "SQLite holds %zu octets, %zu before", octets, disk->octets_before);
    return good;
}

void sweep_scene_open(struct sweep_scene *scene, const struct golden *golden, enum sweep_prior prior, const char *path)
{
    struct sweep_disk disk;

    memset(scene, 0, sizeof *scene);
    sqlite3_initialize();
    scene->golden = golden;
    scene->prior = prior;
    scene->path = path;
    scene->disk = powerloss_new(VFS, SECTOR);
    scene->prepared = powerloss_new(VFS_PREPARED, SECTOR);
    assert_non_null(scene->disk);
    assert_non_null(scene->prepared);
    init(&disk, scene);
    disk.recording = true;
    bool good = prepare(&disk);
    if (!sweep_disk_close(&disk) || !good)
        fail_msg("nothing stopping, the earlier life: %s", disk.sweep.why);
    powerloss_copy(scene->prepared, scene->disk);
    uint64_t before = powerloss_calls(scene->disk);
    good = sweep_disk_live(&disk, scene, UINT64_MAX);
    scene->calls = powerloss_calls(scene->disk) - before;
    if (!sweep_disk_close(&disk) || !good)
        fail_msg("nothing stopping: %s", disk.sweep.why);
}

void sweep_scene_close(struct sweep_scene *scene)
{
    for (size_t i = 0; i < scene->count; i++)
        free(scene->states[i].data);
    powerloss_free(scene->disk);
    powerloss_free(scene->prepared);
    memset(scene, 0, sizeof *scene);
}
