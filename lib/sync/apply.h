/* SPDX-License-Identifier: MIT */
/*
 * Applies what the server says of the selected mailbox: untagged data in, changes to a batch out, and what is to be done
 * about it as plain members for the resynchronisation to read (RFC 3501 5.2, 7; RFC 7162 3.2). It sends nothing.
 */
#ifndef CPMSYNC_SYNC_APPLY_H
#define CPMSYNC_SYNC_APPLY_H

#include "sync/batch.h"
#include "wire/response.h"

/* Where the data of the mailbox begin when another one may still be selected (P-11, Q-51). */
enum cpmsync_boundary {
    CPMSYNC_BOUNDARY_NONE,     /* nothing was selected: all data are ours */
    CPMSYNC_BOUNDARY_UNSELECT, /* an UNSELECT went ahead: ours from its OK on */
    CPMSYNC_BOUNDARY_CLOSED    /* ours from [CLOSED] on, or where that is missing from FLAGS or EXISTS on */
};

struct cpmsync_apply {
    struct cpmsync_open_mailbox *mailbox;
    struct cpmsync_batch batch;
    struct cpmsync_uidset asked; /* ranges asked for in this selection */
    struct cpmsync_uidset seen;  /* UIDs a full pass has shown */
    bool seeing;
    uint32_t arrived; /* messages announced during the pass, which it need not show */

    bool ours; /* untagged data belong to this mailbox */
    enum cpmsync_boundary boundary;
    bool selecting; /* SELECT is sent and not answered */

    bool exists_known;
    uint32_t exists;
    bool numbered;        /* the cache agrees with the server: message numbers name its rows (U-09) */
    bool uncounted;       /* a VANISHED named UIDs we never saw: EXISTS is not to be relied on (PF-5) */
    uint32_t uidvalidity; /* as SELECT said it; 0: not yet */
    bool uidnext_known;
    uint32_t uidnext;
    uint8_t mailboxid[CPMSYNC_OBJECTID_MAX]; /* as SELECT said it (RFC 8474 4.2) */
    size_t mailboxid_len;
    bool nomodseq;
    bool not_sticky; /* UIDNOTSTICKY (V-08) */

    uint64_t next_modseq; /* what the cursor may become, by the tagged responses so far; 0: nothing */
    uint64_t code_modseq; /* HIGHESTMODSEQ since the last tagged response, 0: none */
    uint64_t max_modseq;  /* highest MODSEQ since then */
    uint64_t told_modseq; /* highest MODSEQ of any FETCH since SELECT was sent */
    bool told_vanished;   /* a VANISHED came since then; behind SELECT's OK: since that */
    uint64_t rise;        /* SELECT's HIGHESTMODSEQ that nothing has explained yet (R13); 0: explained */

    bool tail_due;          /* there may be messages that were not fetched */
    bool suspect;           /* cache and server contradict each other: a full pass must tell */
    bool regenerated;       /* SELECT's UIDVALIDITY is not that of the rows there were: all was reset */
    bool other_uidvalidity; /* it changed in mid-session (V-02): select again */

    struct cpmsync_description description; /* of the last FETCH, its strings in header_text */
    struct cpmsync_buf header_text;
};

/* 0 or CPMSYNC_ERR_NOMEM. */
int cpmsync_apply_init(
    struct cpmsync_apply *apply, struct cpmsync_open_mailbox *mailbox, const struct cpmsync_batch_upward *up);
void cpmsync_apply_clear(struct cpmsync_apply *apply);

/* A SELECT is about to be sent: forgets what an earlier one said. */
void cpmsync_apply_select(struct cpmsync_apply *apply, enum cpmsync_boundary boundary);

/* The UNSELECT before it was answered OK. */
void cpmsync_apply_unselected(struct cpmsync_apply *apply);

/* The SELECT was refused: what it brought is thrown away, and what still comes is not ours (P-11). */
void cpmsync_apply_refused(struct cpmsync_apply *apply);

/* Untagged data, in order of arrival. Errors stay in the batch. */
void cpmsync_apply_data(struct cpmsync_apply *apply, const struct cpmsync_response *response);

/* The code of any status response, tagged ones too. */
void cpmsync_apply_code(struct cpmsync_apply *apply, const struct cpmsync_code *code);

/* A tagged response came: settles next_modseq (RFC 7162 6). */
void cpmsync_apply_tagged(struct cpmsync_apply *apply);

/*
 * A full pass begins; or ended OK: 1, and cached messages it did not show are gone. 0 when it showed fewer messages than
 * there are: then nothing is gone (D-17, PF-36), and the mailbox is suspect. Or the batch's error.
 */
void cpmsync_apply_pass(struct cpmsync_apply *apply);
int cpmsync_apply_passed(struct cpmsync_apply *apply);

/* A search for what is left begins; shows a range of it; or ended OK: cached messages up to `last` that it did not show are
 * gone. */
void cpmsync_apply_search(struct cpmsync_apply *apply);
void cpmsync_apply_found(struct cpmsync_apply *apply, uint32_t first, uint32_t last);
int cpmsync_apply_searched(struct cpmsync_apply *apply, uint32_t last);

/* SELECT's answer is complete: where what it took away cannot be true, it is thrown away and the mailbox is suspect. */
void cpmsync_apply_doubt(struct cpmsync_apply *apply);

/* Cached messages equal EXISTS as far as that can be known (R12). */
bool cpmsync_apply_counts(const struct cpmsync_apply *apply);

#endif
