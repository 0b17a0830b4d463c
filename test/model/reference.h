/* SPDX-License-Identifier: MIT */
/*
 * What a mailbox must hold after what was done to it: UIDs and flags, by rules of its own, as plain as can be. It shares
 * nothing with the server or the client. Flags are bits: the caller numbers them. Sets are "7" or "3:9", in either order.
 */
#ifndef CPMSYNC_TEST_REFERENCE_H
#define CPMSYNC_TEST_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reference_message {
    uint32_t uid;
    unsigned flags;
};

struct reference {
    struct reference_message *messages; /* ascending UID */
    size_t count, capacity;
    uint32_t uidnext;
};

void reference_init(struct reference *box);
void reference_clear(struct reference *box);

void reference_deliver(struct reference *box, unsigned flags);
/* `change` is '+', '-' or anything else for "exactly these". */
void reference_flag(struct reference *box, const char *set, char change, unsigned flags);
/* The messages of the set that have any of `flags`; with 0 all of the set. */
void reference_expunge(struct reference *box, const char *set, unsigned flags);
void reference_copy(const struct reference *from, const char *set, struct reference *to);
/* As a copy, and then they are gone; `to` may be `from`. */
void reference_move(struct reference *from, const char *set, struct reference *to);
/* Another UIDVALIDITY: the same messages, numbered from 1. */
void reference_renumber(struct reference *box);

#endif
