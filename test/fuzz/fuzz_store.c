/* SPDX-License-Identifier: MIT */
/*
 * Two stores in lockstep: the one in memory and the one of SQLite, on a disk in memory. The input is a sequence of calls; both
 * must answer each with the same error, and hold the same after each transaction, and behind a kill of the process and a
 * power loss what the contract promises.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "store/store_probe.h"
#include "support/powerloss_vfs.h"

enum { NAMES = 4, KEYS = 3, OCTETS_MAX = 256, LIST_MAX = 16, CALLS_MAX = 200 };

static const char vfs_name[] = "fuzz_store";
static const char path[] = "fuzz_store.db";

struct pair {
    struct cpmsync_store memory, sqlite;
    struct powerloss_disk *disk;
    bool open;   /* a transaction is */
    bool cached; /* one that need not survive a power loss was committed, or is open */
    bool broken; /* an error inside it: only a rollback is right */
    uint8_t octets[OCTETS_MAX];
};

static struct cpmsync_slice name_of(uint8_t octet)
{
    static const char *const names[NAMES] = {"INBOX", "INBOX/a", "\xc3\xa4'\"%_", ""};

    return cpmsync_slice_str(names[octet % NAMES]);
}

static const char *key_of(uint8_t octet)
{
    static const char *const keys[KEYS] = {"a", "facts", ""};

    return keys[octet % KEYS];
}

/* Some octets that the input names by a length and a filling. */
static struct cpmsync_slice content(struct pair *pair, struct fuzz_input *input)
{
    size_t len = fuzz_octet(input);

    memset(pair->octets, fuzz_octet(input), len);
    return cpmsync_slice_of(pair->octets, len);
}

/* ---- reading: one number stands for all that is there */

static uint64_t digest(const struct cpmsync_store *store)
{
    struct cpmsync_slice names[NAMES - 1];
    const char *keys[KEYS];
    struct cpmsync_store_probe probe = {store, names, NAMES - 1, keys, KEYS};
    uint64_t number;

    for (uint8_t i = 0; i < NAMES - 1; i++)
        names[i] = name_of(i);
    for (uint8_t i = 0; i < KEYS; i++)
        keys[i] = key_of(i);
    FUZZ_EXPECT(cpmsync_store_probe_digest(&probe, &number) == 0);
    return number;
}

static void compare(const struct pair *pair)
{
    FUZZ_EXPECT(digest(&pair->memory) == digest(&pair->sqlite));
}

/* ---- calls, the same for both */

struct call {
    uint8_t what;
    struct cpmsync_slice name, other, octets;
    const char *key;
    uint32_t uid[LIST_MAX];
    uint64_t modseq[LIST_MAX];
    uint32_t flagset[LIST_MAX];
    struct cpmsync_range ranges[LIST_MAX];
    size_t count;
    uint32_t number;
};

enum what {
    MAILBOX_PUT,
    MAILBOX_REMOVE,
    MAILBOX_RENAME,
    ROWS_PUT,
    ROWS_REMOVE,
    FLAGSET_PUT,
    FLAGSET_REMOVE,
    DESCRIPTOR_PUT,
    JOURNAL_PUT,
    JOURNAL_REMOVE,
    VALUE_PUT,
    VALUE_REMOVE,
    MAILBOX_GET,
    WRITES = MAILBOX_GET,
    BEGIN,
    COMMIT,
    ROLLBACK,
    KILL,
    POWER_LOSS,
    CALLS
};

/* Ascending for the most part: an octet 0 repeats, which the contract forbids, and both must refuse. */
static void decode_list(struct call *call, struct fuzz_input *input)
{
    uint32_t uid = 0;

    call->count = fuzz_octet(input) % LIST_MAX;
    for (size_t i = 0; i < call->count; i++) {
        uint8_t step = fuzz_octet(input);
        uid += step < 200 ? step : step * UINT32_C(0x110000);
        call->uid[i] = uid;
        call->ranges[i].first = uid;
        uint8_t more = fuzz_octet(input);
        call->modseq[i] = more < 250 ? more : UINT64_C(0x7fffffffffffffff);
        call->flagset[i] = more / 16;
        uid += more < 250 ? more / 4 : UINT32_C(0x20000000);
        call->ranges[i].last = uid;
    }
}

static void decode(struct pair *pair, struct call *call, struct fuzz_input *input)
{
    memset(call, 0, sizeof *call);
    call->what = fuzz_octet(input) % CALLS;
    call->name = name_of(fuzz_octet(input));
    switch (call->what) {
    case MAILBOX_RENAME:
        call->other = name_of(fuzz_octet(input));
        break;
    case MAILBOX_PUT:
    case ROWS_PUT:
    case ROWS_REMOVE:
        call->number = fuzz_number(input);
        decode_list(call, input);
        break;
    case FLAGSET_PUT:
    case DESCRIPTOR_PUT:
    case JOURNAL_PUT:
    case VALUE_PUT:
        call->octets = content(pair, input);
        /* fall through */
    default:
        call->number = fuzz_number(input);
        call->key = key_of((uint8_t)call->number);
    }
}

static int put_mailbox(const struct cpmsync_store *store, const struct call *call)
{
    struct cpmsync_store_mailbox mailbox = {0};

    mailbox.size = sizeof mailbox;
    mailbox.name = call->name.data;
    mailbox.name_len = call->name.len;
    mailbox.uidvalidity = call->number;
    mailbox.uidnext = call->number * 3;
    mailbox.highestmodseq = call->number * UINT64_C(0x100000001);
    mailbox.covered = call->ranges;
    mailbox.covered_count = call->count;
    mailbox.messages = (uint32_t)call->count;
    mailbox.flags = call->number & 7;
    mailbox.extra = call->name.data;
    mailbox.extra_len = call->number & 3;
    if (mailbox.extra_len > call->name.len)
        mailbox.extra_len = 0;
    return store->ops->mailbox_put(store->self, &mailbox);
}

static int get_mailbox(const struct cpmsync_store *store, struct cpmsync_slice name)
{
    struct cpmsync_store_mailbox mailbox = {0};

    mailbox.size = sizeof mailbox;
    return store->ops->mailbox_get(store->self, name.data, name.len, &mailbox);
}

static int make(const struct cpmsync_store *store, const struct call *call)
{
    const struct cpmsync_store_ops *ops = store->ops;
    void *self = store->self;
    const uint8_t *name = call->name.data, *octets = call->octets.data;
    size_t name_len = call->name.len, len = call->octets.len;

    switch (call->what) {
    case MAILBOX_PUT:
        return put_mailbox(store, call);
    case MAILBOX_GET:
        return get_mailbox(store, call->name);
    case MAILBOX_REMOVE:
        return ops->mailbox_remove(self, name, name_len);
    case MAILBOX_RENAME:
        return ops->mailbox_rename(self, name, name_len, call->other.data, call->other.len);
    case ROWS_PUT:
        return ops->rows_put(self, name, name_len, call->uid, call->modseq, call->flagset, call->count);
    case ROWS_REMOVE:
        return ops->rows_remove(self, name, name_len, call->ranges, call->count);
    case FLAGSET_PUT:
        return ops->flagset_put(self, name, name_len, call->number, octets, len);
    case FLAGSET_REMOVE:
        return ops->flagset_remove(self, name, name_len, call->number);
    case DESCRIPTOR_PUT:
        return ops->descriptor_put(self, name, name_len, call->number, octets, len);
    case JOURNAL_PUT:
        return ops->journal_put(self, call->number, name, name_len, octets, len);
    case JOURNAL_REMOVE:
        return ops->journal_remove(self, call->number);
    case VALUE_PUT:
        return ops->value_put(self, call->key, octets, len);
    default:
        return ops->value_remove(self, call->key);
    }
}

/* ---- transactions and ends */

static void reopen(struct pair *pair)
{
    struct cpmsync_store_sqlite_config config = {0};

    config.size = sizeof config;
    config.path = path;
    config.account = "user@host:993";
    config.vfs = vfs_name;
    FUZZ_EXPECT(cpmsync_store_sqlite_open(&pair->sqlite, &config, NULL) == 0);
}

static void roll_back(struct pair *pair)
{
    pair->memory.ops->rollback(pair->memory.self);
    pair->sqlite.ops->rollback(pair->sqlite.self);
    pair->open = false;
    pair->broken = false;
}

/* The process dies, or the power goes with all that was not flushed: nothing of the open transaction is left. Behind a
 * commit of cache only either state may be there, so then it is the process. */
static void die(struct pair *pair, bool power)
{
    if (power && !pair->cached)
        powerloss_cut_all(pair->disk);
    else
        powerloss_kill(pair->disk);
    cpmsync_store_close(&pair->sqlite);
    reopen(pair);
    roll_back(pair);
}

static void begin(struct pair *pair, enum cpmsync_store_durability durability)
{
    int error = pair->memory.ops->begin(pair->memory.self, durability);

    FUZZ_EXPECT(pair->sqlite.ops->begin(pair->sqlite.self, durability) == error);
    FUZZ_EXPECT(error == 0);
    pair->open = true;
    pair->cached = pair->cached || durability == CPMSYNC_STORE_CACHE;
}

static void commit(struct pair *pair)
{
    int error = pair->memory.ops->commit(pair->memory.self);

    FUZZ_EXPECT(pair->sqlite.ops->commit(pair->sqlite.self) == error);
    FUZZ_EXPECT(error == 0);
    pair->open = false;
}

static void step(struct pair *pair, struct fuzz_input *input)
{
    struct call call;

    decode(pair, &call, input);
    if (call.what == BEGIN && !pair->open)
        begin(pair, CPMSYNC_STORE_DURABLE);
    else if (call.what == COMMIT && pair->open && !pair->broken)
        commit(pair);
    else if (call.what == ROLLBACK)
        roll_back(pair);
    else if (call.what == KILL || call.what == POWER_LOSS)
        die(pair, call.what == POWER_LOSS);
    if (call.what > WRITES) {
        compare(pair);
        return;
    }
    if (pair->broken)
        return;
    if (!pair->open && call.what != MAILBOX_GET)
        begin(pair, CPMSYNC_STORE_CACHE);
    int error = make(&pair->memory, &call);
    FUZZ_EXPECT(make(&pair->sqlite, &call) == error);
    pair->broken = pair->open && error && error != CPMSYNC_ERR_NOT_FOUND;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz_input input = {data, len};
    struct pair pair;

    memset(&pair, 0, sizeof pair);
    pair.disk = powerloss_new(vfs_name, 4096);
    FUZZ_EXPECT(pair.disk);
    FUZZ_EXPECT(cpmsync_store_memory_open(&pair.memory, NULL) == 0);
    reopen(&pair);
    for (unsigned i = 0; i < CALLS_MAX && input.len; i++)
        step(&pair, &input);
    compare(&pair);
    die(&pair, true);
    compare(&pair);
    cpmsync_store_close(&pair.sqlite);
    cpmsync_store_close(&pair.memory);
    powerloss_free(pair.disk);
    remove("fuzz_store.db.lock");
    return 0;
}
