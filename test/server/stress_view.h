/* SPDX-License-Identifier: MIT */
/*
 * What a client knows of a mailbox from the untagged responses alone: message numbers, UIDs, flags, mod-sequences, and
 * a cursor. It is independent of the mock's own code and takes nothing on trust: what breaks a rule of RFC 3501, 7162,
 * 9051 or 9586 is said in `wrong`.
 */
#ifndef STRESS_VIEW_H
#define STRESS_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    STRESS_FLAGS = 8,
    STRESS_ALL_FLAGS = (1 << STRESS_FLAGS) - 1,
    STRESS_DELETED = 1 << 3,
    STRESS_RECENT = 1 << STRESS_FLAGS,
    STRESS_WRONG_MAX = 300
};

/* The only flags there are, besides \Recent. */
extern const char *const stress_flag_names[STRESS_FLAGS];

struct stress_message {
    uint64_t modseq; /* 0: not told */
    uint32_t uid;    /* 0: not told */
    unsigned flags;  /* bits, in the order of the names */
    bool known;      /* its flags are */
    bool heard;      /* its flags were told since the command in progress was sent */
    bool target;     /* of that command */
    bool nameless;   /* its UID was not told when that command was sent */
    bool modified;   /* MODIFIED names it */
    uint64_t was;    /* its mod-sequence when that command was sent */
};

struct stress_view {
    /* of the connection */
    bool condstore, qresync, uidonly, rev2;
    /* of the mailbox */
    bool nomodseq;
    uint32_t uidvalidity, uidnext;
    uint64_t highestmodseq; /* the highest that was told */
    size_t exists;
    struct stress_message *messages; /* a place a number; with UIDONLY the UIDs that were told, ascending */
    size_t count, capacity;
    char wrong[STRESS_WRONG_MAX];
};

/* What a FETCH or UIDFETCH holds. */
struct stress_fetch {
    uint32_t number; /* the UID in a UIDFETCH */
    uint32_t uid;
    uint64_t modseq;
    unsigned flags; /* STRESS_RECENT too */
    bool has_uid, has_modseq, has_flags;
};

/* A range of a set such as "1,3:5". */
typedef void stress_each(void *ctx, uint32_t first, uint32_t last);

#ifdef __GNUC__
__attribute__((format(printf, 2, 3)))
#endif
void stress_view_wrong(struct stress_view *view, const char *format, ...);

/* Nothing is known of the mailbox any more; the connection's part stays. */
void stress_view_empty(struct stress_view *view);
void stress_view_free(struct stress_view *view);

void stress_view_exists(struct stress_view *view, size_t exists);
void stress_view_expunge(struct stress_view *view, size_t number);
void stress_view_fetch(struct stress_view *view, const struct stress_fetch *fetch);
/* HIGHESTMODSEQ of a response code. */
void stress_view_highest(struct stress_view *view, uint64_t modseq);

/* Whether every message's UID and flags are known. */
bool stress_view_is_complete(const struct stress_view *view);
struct stress_message *stress_view_find(const struct stress_view *view, uint32_t uid);

/* The mailbox was selected with QRESYNC and what is left of `known`, a complete view of it earlier: those messages come
 * first, and what was told of them since stays. */
void stress_view_resume(struct stress_view *view, const struct stress_view *known);
/* Copies the mailbox's part. */
void stress_view_copy(struct stress_view *to, const struct stress_view *from);
/* ctx is a view: VANISHED of the selected mailbox; VANISHED (EARLIER) of one that is not. */
stress_each stress_view_vanished, stress_view_forget;

/* Reads a flag list "(...)" into bits, \Recent too; false for a flag that is not there. */
bool stress_read_flags(const char *text, size_t len, unsigned *flags);
/* Calls for every range of a set; false if it is none. */
bool stress_read_set(const char *text, size_t len, stress_each *each, void *ctx);

#endif
