/* SPDX-License-Identifier: MIT */
#include "support/failing_store.h"

#include <string.h>

static bool due(const struct support_store *failing, enum support_store_op op)
{
    if (failing->fail_call == 0 || op != failing->fail_op)
        return false;
    return failing->fail_on ? failing->calls[op] >= failing->fail_call : failing->calls[op] == failing->fail_call;
}

/* The error this call ends with before it does anything, or 0. */
static int enter(void *self, enum support_store_op op, bool writes)
{
    struct support_store *failing = self;

    failing->calls[op]++;
    failing->calls[SUPPORT_STORE_ANY]++;
    if (failing->broken || (writes && !failing->open) || (op == SUPPORT_STORE_BEGIN && failing->open))
        failing->abuses++;
    if (!due(failing, op) && !due(failing, SUPPORT_STORE_ANY))
        return 0;
    failing->failures++;
    failing->broken = failing->open && op != SUPPORT_STORE_COMMIT;
    return failing->error;
}

/* What the caller is told of the inner store's result. */
static int tell(struct support_store *failing, int error)
{
    return error < 0 && ++failing->refused == failing->lie_at ? 0 : error;
}

static int leave(void *self, int error)
{
    struct support_store *failing = self;

    error = tell(failing, error);
    /* Positive results are verdicts of callbacks. */
    if (error < 0 && error != CPMSYNC_ERR_NOT_FOUND && failing->open)
        failing->broken = true;
    return error;
}

#define INNER(self) (((struct support_store *)(self))->inner)
#define PASS(op, writes, function, ...)                                                                                \
    do {                                                                                                               \
        int error_ = enter(self, SUPPORT_STORE_##op, writes);                                                          \
        if (error_)                                                                                                    \
            return error_;                                                                                             \
        return leave(self, INNER(self).ops->function(INNER(self).self, __VA_ARGS__));                                  \
    } while (0)

static int begin(void *self, enum cpmsync_store_durability durability)
{
    struct support_store *failing = self;
    int error = enter(self, SUPPORT_STORE_BEGIN, false);

    if (!error)
        error = tell(failing, failing->inner.ops->begin(failing->inner.self, durability));
    failing->open = failing->open || !error;
    failing->durability = durability;
    return error;
}

static int commit(void *self)
{
    struct support_store *failing = self;
    int error = enter(self, SUPPORT_STORE_COMMIT, true);

    failing->open = false;
    failing->broken = false;
    if (error) {
        failing->inner.ops->rollback(failing->inner.self);
        return error;
    }
    if (failing->committing)
        failing->committing(failing->ctx, false, 0);
    error = tell(failing, failing->inner.ops->commit(failing->inner.self));
    failing->commits += !error;
    if (failing->committing)
        failing->committing(failing->ctx, true, error);
    return error;
}

static void rollback(void *self)
{
    struct support_store *failing = self;

    failing->open = false;
    failing->broken = false;
    failing->inner.ops->rollback(failing->inner.self);
}

static int mailbox_put(void *self, const struct cpmsync_store_mailbox *mailbox)
{
    PASS(MAILBOX_PUT, true, mailbox_put, mailbox);
}

static int mailbox_get(void *self, const uint8_t *name, size_t name_len, struct cpmsync_store_mailbox *mailbox)
{
    PASS(MAILBOX_GET, false, mailbox_get, name, name_len, mailbox);
}

static int mailbox_each(void *self, cpmsync_store_mailbox_fn fn, void *ctx)
{
    PASS(MAILBOX_EACH, false, mailbox_each, fn, ctx);
}

static int mailbox_remove(void *self, const uint8_t *name, size_t name_len)
{
    PASS(MAILBOX_REMOVE, true, mailbox_remove, name, name_len);
}

static int mailbox_rename(void *self, const uint8_t *from, size_t from_len, const uint8_t *to, size_t to_len)
{
    PASS(MAILBOX_RENAME, true, mailbox_rename, from, from_len, to, to_len);
}

static int rows_put(void *self, const uint8_t *name, size_t name_len, const uint32_t *uid, const uint64_t *modseq,
    const uint32_t *flagset, size_t count)
{
    PASS(ROWS_PUT, true, rows_put, name, name_len, uid, modseq, flagset, count);
}

static int rows_remove(
    void *self, const uint8_t *name, size_t name_len, const struct cpmsync_range *ranges, size_t count)
{
    PASS(ROWS_REMOVE, true, rows_remove, name, name_len, ranges, count);
}

static int rows_load(void *self, const uint8_t *name, size_t name_len, cpmsync_store_rows_fn fn, void *ctx)
{
    PASS(ROWS_LOAD, false, rows_load, name, name_len, fn, ctx);
}

static int flagset_put(void *self, const uint8_t *name, size_t name_len, uint32_t id, const uint8_t *octets, size_t len)
{
    PASS(FLAGSET_PUT, true, flagset_put, name, name_len, id, octets, len);
}

static int flagset_remove(void *self, const uint8_t *name, size_t name_len, uint32_t id)
{
    PASS(FLAGSET_REMOVE, true, flagset_remove, name, name_len, id);
}

static int flagset_each(void *self, const uint8_t *name, size_t name_len, cpmsync_store_flagset_fn fn, void *ctx)
{
    PASS(FLAGSET_EACH, false, flagset_each, name, name_len, fn, ctx);
}

static int descriptor_put(
    void *self, const uint8_t *name, size_t name_len, uint32_t uid, const uint8_t *octets, size_t len)
{
    PASS(DESCRIPTOR_PUT, true, descriptor_put, name, name_len, uid, octets, len);
}

static int descriptor_each(void *self, const uint8_t *name, size_t name_len, uint32_t first, uint32_t last,
    cpmsync_store_descriptor_fn fn, void *ctx)
{
    PASS(DESCRIPTOR_EACH, false, descriptor_each, name, name_len, first, last, fn, ctx);
}

static int journal_put(
    void *self, uint64_t id, const uint8_t *mailbox, size_t mailbox_len, const uint8_t *octets, size_t len)
{
    PASS(JOURNAL_PUT, true, journal_put, id, mailbox, mailbox_len, octets, len);
}

static int journal_remove(void *self, uint64_t id)
{
    PASS(JOURNAL_REMOVE, true, journal_remove, id);
}

static int journal_each(void *self, const uint8_t *mailbox, size_t mailbox_len, cpmsync_store_journal_fn fn, void *ctx)
{
    PASS(JOURNAL_EACH, false, journal_each, mailbox, mailbox_len, fn, ctx);
}

static int value_put(void *self, const char *key, const uint8_t *octets, size_t len)
{
    PASS(VALUE_PUT, true, value_put, key, octets, len);
}

static int value_get(void *self, const char *key, cpmsync_store_value_fn fn, void *ctx)
{
    PASS(VALUE_GET, false, value_get, key, fn, ctx);
}

static int value_remove(void *self, const char *key)
{
    PASS(VALUE_REMOVE, true, value_remove, key);
}

static void close_store(void *self)
{
    struct support_store *failing = self;

    cpmsync_store_close(&failing->inner);
}

static const struct cpmsync_store_ops OPS = {sizeof(struct cpmsync_store_ops), begin, commit, rollback, mailbox_put,
    mailbox_get, mailbox_each, mailbox_remove, mailbox_rename, rows_put, rows_remove, rows_load, flagset_put,
    flagset_remove, flagset_each, descriptor_put, descriptor_each, journal_put, journal_remove, journal_each, value_put,
    value_get, value_remove, close_store};

int support_store_open(struct support_store *failing, const struct cpmsync_allocator *allocator)
{
    struct cpmsync_store inner = {0};
    int error = cpmsync_store_memory_open(&inner, allocator);

    support_store_over(failing, &inner);
    return error;
}

void support_store_over(struct support_store *failing, const struct cpmsync_store *inner)
{
    memset(failing, 0, sizeof *failing);
    failing->store.ops = &OPS;
    failing->store.self = failing;
    failing->inner = *inner;
}

void support_store_close(struct support_store *failing)
{
    cpmsync_store_close(&failing->inner);
    failing->store.ops = NULL;
}

void support_store_fail_at(struct support_store *failing, enum support_store_op op, uint64_t n, int error)
{
    failing->fail_op = op;
    failing->fail_call = n ? failing->calls[op] + n : 0;
    failing->fail_on = false;
    failing->failures = 0;
    failing->error = error;
}

void support_store_fail_from(struct support_store *failing, enum support_store_op op, uint64_t n, int error)
{
    support_store_fail_at(failing, op, n, error);
    failing->fail_on = true;
}
