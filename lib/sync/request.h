/* SPDX-License-Identifier: MIT */
/*
 * The commands of a resynchronisation: written, submitted, in flight, given back. What an answer means is the business of
 * whoever asked.
 */
#ifndef CPMSYNC_SYNC_REQUEST_H
#define CPMSYNC_SYNC_REQUEST_H

#include "session/session.h"
#include "sync/plan.h"
#include "wire/header.h"

enum {
    CPMSYNC_REQUEST_RANGES = 8,                   /* ranges of messages in flight */
    CPMSYNC_REQUESTS = CPMSYNC_REQUEST_RANGES + 2 /* and an UNSELECT and a SELECT ahead of them */
};

enum cpmsync_request_kind {
    CPMSYNC_REQUEST_UNSELECT,
    CPMSYNC_REQUEST_SELECT,
    CPMSYNC_REQUEST_TAIL,    /* UID FETCH of new messages */
    CPMSYNC_REQUEST_PASS,    /* UID FETCH of all, to find out what is there */
    CPMSYNC_REQUEST_CHANGES, /* UID FETCH of what changed since a mod-sequence */
    CPMSYNC_REQUEST_SEARCH,  /* UID SEARCH for which are left */
    CPMSYNC_REQUEST_FILL     /* UID FETCH of the descriptors that cached messages lack */
};

struct cpmsync_requests;

struct cpmsync_request {
    struct cpmsync_session_command command;
    struct cpmsync_requests *all;
    enum cpmsync_request_kind kind;
    uint32_t first; /* of the UIDs asked for */
    uint32_t last;
    bool busy;
    bool modseq;    /* MODSEQ was asked for */
    bool described; /* and so were descriptors */
    bool voided;    /* asked for under another UIDVALIDITY, or behind a SELECT that failed (R4) */
};

struct cpmsync_requests {
    const struct cpmsync_allocator *mem;
    struct cpmsync_session *session;
    void *ctx;
    /* A request was answered, or ended without an answer (tagged NULL). It is free again, its members still stand. */
    void (*done)(void *ctx, const struct cpmsync_request *request, int error, const struct cpmsync_response *tagged);
    /* Data of a SEARCH. */
    void (*found)(void *ctx, uint32_t first, uint32_t last);
    struct cpmsync_request slots[CPMSYNC_REQUESTS];
    const struct cpmsync_header_list *fields; /* of descriptors; NULL: none are asked for */
    unsigned in_flight;
    bool refill; /* what is submitted depends on no answer that just came (R5) */
};

/* There is room for one more range. */
bool cpmsync_requests_room(const struct cpmsync_requests *requests);

/* All submit: 0, or the error of writing or submitting. */
int cpmsync_request_unselect(struct cpmsync_requests *requests);
int cpmsync_request_select(struct cpmsync_requests *requests, struct cpmsync_slice wire_name, enum cpmsync_rung rung,
    const struct cpmsync_open_mailbox *mailbox);
/* How a range is asked for. */
enum cpmsync_request_how {
    CPMSYNC_REQUEST_MODSEQ = 1,
    CPMSYNC_REQUEST_DESCRIBED = 2, /* with the descriptors, if there are any */
    CPMSYNC_REQUEST_REFILL = 4     /* only the lack of room held it back */
};
/* UID FETCH first:last (FLAGS [MODSEQ] [descriptor]) for TAIL and PASS; with room for it. */
int cpmsync_request_fetch(
    struct cpmsync_requests *requests, enum cpmsync_request_kind kind, uint32_t first, uint32_t last, unsigned how);
/* UID FETCH set (descriptor); likewise. `how`: REFILL. */
int cpmsync_request_fill(struct cpmsync_requests *requests, const struct cpmsync_uidset *set, unsigned how);
/* UID FETCH 1:last (FLAGS) (CHANGEDSINCE since [VANISHED]). */
int cpmsync_request_changes(struct cpmsync_requests *requests, uint32_t last, uint64_t since, bool vanished);
/* UID SEARCH [RETURN (ALL)] UID 1:last. */
int cpmsync_request_search(struct cpmsync_requests *requests, uint32_t last);

/* Whether one of this kind is in flight. */
bool cpmsync_requests_busy(const struct cpmsync_requests *requests, enum cpmsync_request_kind kind);
/* Ranges in flight say nothing any more. */
void cpmsync_requests_void(struct cpmsync_requests *requests);
/* The same for ranges that were asked for without MODSEQ; the lowest UID of them, or `otherwise` if that is lower. */
uint64_t cpmsync_requests_void_plain(struct cpmsync_requests *requests, uint64_t otherwise);
/* The lowest UID of new messages asked for and not answered, or `otherwise` if that is lower. */
uint32_t cpmsync_requests_lowest(const struct cpmsync_requests *requests, uint32_t otherwise);
/* What is not sent yet completes with CPMSYNC_ERR_CANCELLED. */
void cpmsync_requests_withdraw(struct cpmsync_requests *requests);

#endif
