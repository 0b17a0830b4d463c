/* SPDX-License-Identifier: MIT */
/*
 * What an app makes of one mailbox from events alone (R17): it drops what is outside the ranges of BEGIN, applies states
 * as they come, and is compared with the store whenever a batch was committed. Events of other mailboxes are ignored.
 */
#ifndef CPMSYNC_TEST_MIRROR_H
#define CPMSYNC_TEST_MIRROR_H

#include <stdbool.h>

#include <cpmsync/client.h>

struct support_mirror_row {
    uint32_t uid;
    uint64_t modseq;
    char *flags;      /* in the order told, separated by SP */
    char *descriptor; /* as support_descriptor_text writes it; NULL: none was told */
};

struct support_mirror {
    char *mailbox;
    uint32_t uidvalidity;
    uint32_t uidnext;                /* of the last BATCH */
    uint64_t highestmodseq;          /* likewise */
    struct support_mirror_row *rows; /* ascending UID */
    size_t count, capacity;
    size_t batches;
    bool uids_only;  /* what is there is compared, not its flags and mod-sequences */
    bool due;        /* a BEGIN must come before anything else but RESET */
    char wrong[256]; /* the first event the contract forbids; "" if none */
};

/* "{45 1700000000 From=a|Subject=b}": size, date, "truncated", fields; "-" for a part that did not come. The caller frees it. */
char *support_descriptor_text(const struct cpmsync_descriptor *descriptor);

void support_mirror_init(struct support_mirror *mirror, const char *mailbox);
void support_mirror_clear(struct support_mirror *mirror);

/* The client was made anew, or a batch was aborted: the next event is to be BEGIN. The rows stay, as an app's do. */
void support_mirror_restart(struct support_mirror *mirror);

/* Takes an event. Checks the order: BEGIN first, and behind RESET; one UIDVALIDITY. */
void support_mirror_event(struct support_mirror *mirror, const struct cpmsync_event *event);

/*
 * Takes RENAMED, of mirrors side by side: what is held of the old name gets the new one; where nothing is held it was done
 * before. `aside` has the names for the moment, its `mailbox` is not used.
 */
void support_mirror_renamed(
    struct support_mirror *mirrors, size_t count, struct support_mirror *aside, const struct cpmsync_event *event);

/* Whether the store holds exactly the mirror's rows and descriptors, and its UIDVALIDITY; `why` says what differs, or `wrong`. */
bool support_mirror_equals(
    const struct support_mirror *mirror, const struct cpmsync_store *store, char *why, size_t why_size);

#endif
