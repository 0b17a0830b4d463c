/* SPDX-License-Identifier: MIT */
/*
 * A store over another one that counts the calls of each function and fails on demand, and that notices a caller who
 * breaks the contract: a write outside a transaction, a begin inside one, anything but a rollback behind an error. A
 * commit that fails has rolled back. Hand `&failing.store` to the code under test.
 */
#ifndef CPMSYNC_TEST_FAILING_STORE_H
#define CPMSYNC_TEST_FAILING_STORE_H

#include <stdbool.h>

#include <cpmsync/store.h>

enum support_store_op {
    SUPPORT_STORE_ANY, /* every function together */
    SUPPORT_STORE_BEGIN,
    SUPPORT_STORE_COMMIT,
    SUPPORT_STORE_MAILBOX_PUT,
    SUPPORT_STORE_MAILBOX_GET,
    SUPPORT_STORE_MAILBOX_EACH,
    SUPPORT_STORE_MAILBOX_REMOVE,
    SUPPORT_STORE_MAILBOX_RENAME,
    SUPPORT_STORE_ROWS_PUT,
    SUPPORT_STORE_ROWS_REMOVE,
    SUPPORT_STORE_ROWS_LOAD,
    SUPPORT_STORE_FLAGSET_PUT,
    SUPPORT_STORE_FLAGSET_REMOVE,
    SUPPORT_STORE_FLAGSET_EACH,
    SUPPORT_STORE_DESCRIPTOR_PUT,
    SUPPORT_STORE_DESCRIPTOR_EACH,
    SUPPORT_STORE_JOURNAL_PUT,
    SUPPORT_STORE_JOURNAL_REMOVE,
    SUPPORT_STORE_JOURNAL_EACH,
    SUPPORT_STORE_VALUE_PUT,
    SUPPORT_STORE_VALUE_GET,
    SUPPORT_STORE_VALUE_REMOVE,
    SUPPORT_STORE_OPS
};

struct support_store {
    struct cpmsync_store store;
    struct cpmsync_store inner;
    uint64_t calls[SUPPORT_STORE_OPS]; /* the failed ones included; rollback and close cannot fail and do not count */
    uint64_t failures;
    enum support_store_op fail_op;
    uint64_t fail_call; /* of calls[fail_op]; 0: none */
    bool fail_on;
    int error;
    uint64_t refused; /* calls that the inner store ended with an error */
    uint64_t lie_at;  /* the refused call, counted from 1, whose caller is told that it went well; 0: none */
    bool open;        /* a transaction is */
    bool broken;      /* an error inside the transaction: only a rollback is right */
    unsigned abuses;  /* calls the contract forbids */
    uint64_t commits;
    enum cpmsync_store_durability durability; /* of the last transaction */
    /* Called in front of each commit of the inner store and behind it, with its error; may be NULL. */
    void (*committing)(void *ctx, bool over, int error);
    void *ctx;
};

/* Over a memory store of its own; 0 or CPMSYNC_ERR_NOMEM. */
int support_store_open(struct support_store *failing, const struct cpmsync_allocator *allocator);
/* Over another one, which it takes over. */
void support_store_over(struct support_store *failing, const struct cpmsync_store *inner);
void support_store_close(struct support_store *failing);

/* The n-th call from now (1 is the next one) of `op` fails with `error`, and no other. 0: none fails. Clears failures. */
void support_store_fail_at(struct support_store *failing, enum support_store_op op, uint64_t n, int error);
/* The same, and all behind it fail too. */
void support_store_fail_from(struct support_store *failing, enum support_store_op op, uint64_t n, int error);

#endif
