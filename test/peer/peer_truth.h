/* SPDX-License-Identifier: MIT */
/* What the server holds, or a mirror of it: a mailbox as UID, MODSEQ and flags, and its text as `cpmsync dump` has it. */
#ifndef PEER_TRUTH_H
#define PEER_TRUTH_H

#include "peer_client.h"

#include <stdio.h>

struct peer_message {
    uint32_t uid;
    uint64_t modseq;
    char *flags;      /* "\\Seen $Forwarded": sorted bytewise, without \Recent */
    char *descriptor; /* "SIZE SECONDS MESSAGE-ID"; NULL: not known */
};

struct peer_truth {
    uint32_t uidvalidity, uidnext;
    uint64_t highestmodseq;
    struct peer_message *messages; /* ascending UID */
    size_t count, room;
    int described; /* descriptors are compared, too */
};

/* Asks the server with EXAMINE and one UID FETCH. `mailbox` is the name as on the wire, without quotes. */
void peer_truth_ask(struct peer_truth *truth, struct peer_client *client, const char *mailbox);

/* Asks for the descriptors, too, in the server's own reading of the headers: its ENVELOPEs. */
void peer_truth_ask_descriptors(struct peer_truth *truth, struct peer_client *client, const char *mailbox);

int peer_truth_has(const struct peer_truth *truth, uint32_t uid);
/* The descriptor of a message that is there. */
void peer_truth_describe(
    struct peer_truth *truth, uint32_t uid, uint64_t size, int64_t seconds, const char *message_id);

/* Inserts or replaces a message, whose descriptor stays. `flags` may be in any order. */
void peer_truth_put(
    struct peer_truth *truth, uint32_t uid, uint64_t modseq, const char *const *flags, size_t flag_count);

/* Removes the messages first..last. */
void peer_truth_remove(struct peer_truth *truth, uint32_t first, uint32_t last);

/* As it is for a client without CONDSTORE: each 0. */
void peer_truth_forget_modseqs(struct peer_truth *truth);

void peer_truth_print(const struct peer_truth *truth, FILE *out);

/* 1 if equal; else 0, with the first difference on stderr, where the two are called by these names, unless a_name is
 * NULL. */
int peer_truth_equal(const struct peer_truth *a, const char *a_name, const struct peer_truth *b, const char *b_name);

void peer_truth_clear(struct peer_truth *truth);

#endif
