/* SPDX-License-Identifier: MIT */
/* What the rules of the contract checker write, and what they expect to read. */
#ifndef CPMSYNC_STORE_CHECK_SCENE_H
#define CPMSYNC_STORE_CHECK_SCENE_H

#include <cpmsync/store.h>

#include "store/store_probe.h"

/* In a rule: leave it with the error of a call, or because a result is wrong. */
#define CPMSYNC_CHECK_TRY(call)                                                                                        \
    do {                                                                                                               \
        int error_ = (call);                                                                                           \
        if (error_)                                                                                                    \
            return error_;                                                                                             \
    } while (0)
#define CPMSYNC_CHECK_EXPECT(condition)                                                                                \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            return CPMSYNC_ERR_STORE;                                                                                  \
    } while (0)
#define CPMSYNC_CHECK_COUNT(array) (sizeof(array) / sizeof *(array))
#define CPMSYNC_CHECK_NAME(slice) (slice).data, (slice).len

/* Three mailboxes; the last never has a record. One is a prefix of another. */
extern const struct cpmsync_slice cpmsync_check_inbox;
extern const struct cpmsync_slice cpmsync_check_other;
extern const struct cpmsync_slice cpmsync_check_nowhere;

int cpmsync_check_begin(struct cpmsync_store *store);
int cpmsync_check_commit(struct cpmsync_store *store);
int cpmsync_check_put_mailbox(struct cpmsync_store *store, struct cpmsync_slice name, uint32_t uidvalidity);
int cpmsync_check_get_mailbox(
    struct cpmsync_store *store, struct cpmsync_slice name, struct cpmsync_store_mailbox *mailbox);
int cpmsync_check_expect_uidvalidity(struct cpmsync_store *store, struct cpmsync_slice name, uint32_t uidvalidity);
int cpmsync_check_put_row(
    struct cpmsync_store *store, struct cpmsync_slice name, uint32_t uid, uint64_t modseq, uint32_t set);
int cpmsync_check_expect_row(
    struct cpmsync_store *store, struct cpmsync_slice name, uint32_t uid, uint64_t modseq, uint32_t set);
int cpmsync_check_expect_no_rows(struct cpmsync_store *store, struct cpmsync_slice name);
/* At most 16 rows whose modseq is ten times, whose flag set is twice the UID. */
int cpmsync_check_put_uids(struct cpmsync_store *store, struct cpmsync_slice name, const uint32_t *uid, size_t count);
int cpmsync_check_expect_uids(
    struct cpmsync_store *store, struct cpmsync_slice name, const uint32_t *uid, size_t count);
int cpmsync_check_put_flagset(
    struct cpmsync_store *store, struct cpmsync_slice name, uint32_t id, struct cpmsync_slice text);
int cpmsync_check_put_descriptor(
    struct cpmsync_store *store, struct cpmsync_slice name, uint32_t uid, struct cpmsync_slice text);
int cpmsync_check_put_entry(
    struct cpmsync_store *store, uint64_t id, struct cpmsync_slice name, struct cpmsync_slice text);
int cpmsync_check_put_value(struct cpmsync_store *store, const char *key, struct cpmsync_slice text);
struct cpmsync_store_probe_item cpmsync_check_item(uint64_t key, struct cpmsync_slice octets);
struct cpmsync_store_probe_item cpmsync_check_entry(
    uint64_t key, struct cpmsync_slice mailbox, struct cpmsync_slice octets);
/* Commits a mailbox with a bit of everything; the id of its journal entry is its UIDVALIDITY. */
int cpmsync_check_fill(struct cpmsync_store *store, struct cpmsync_slice name, uint32_t uidvalidity);
/* The rows, flag sets and descriptors of fill, or none. */
int cpmsync_check_expect_content(struct cpmsync_store *store, struct cpmsync_slice name);
int cpmsync_check_expect_no_content(struct cpmsync_store *store, struct cpmsync_slice name);

#endif
