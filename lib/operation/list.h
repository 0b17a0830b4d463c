/* SPDX-License-Identifier: MIT */
/*
 * The server's mailboxes as LIST tells them (RFC 3501 6.3.8, 5258, 6154), and its namespaces (RFC 2342): a command of one
 * flight where LIST-EXTENDED is offered; else LSUB goes ahead and is waited for, since its answer belongs to LIST's lines.
 */
#ifndef CPMSYNC_OPERATION_LIST_H
#define CPMSYNC_OPERATION_LIST_H

#include "session/session.h"

/* A namespace of the server. */
struct cpmsync_namespace {
    enum cpmsync_namespace_kind kind;
    char *prefix; /* UTF-8 */
    int delimiter;
};

/* What is known of them. */
struct cpmsync_namespace_list {
    struct cpmsync_namespace *items;
    size_t count, capacity;
    bool known;
};

void cpmsync_namespace_list_clear(struct cpmsync_namespace_list *list, const struct cpmsync_allocator *mem);

struct cpmsync_listing;

struct cpmsync_listing_config {
    const struct cpmsync_allocator *mem;
    struct cpmsync_session *session;
    size_t subscriptions_max; /* remembered, where LSUB tells them */
    bool ask_namespaces;
    void *ctx;
    void (*listed)(void *ctx, const struct cpmsync_list_info *info);
    /* The namespaces were told, all of them; taken over by clearing *list. */
    void (*namespaces)(void *ctx, struct cpmsync_namespace_list *list);
    /* It ended. Called once, never from inside cpmsync_listing_new, and not when the session failed; it may be freed inside. */
    void (*done)(void *ctx, const struct cpmsync_err *err);
};

/* `pattern` is UTF-8. 0; CPMSYNC_ERR_INVALID_ARGUMENT for one that can be none, CPMSYNC_ERR_NOMEM, CPMSYNC_ERR_STATE. */
int cpmsync_listing_new(
    struct cpmsync_listing **listing, const struct cpmsync_listing_config *config, struct cpmsync_slice pattern);

/* Only when none of its commands is in flight: after done, or after the session was freed. */
void cpmsync_listing_free(struct cpmsync_listing *listing);

/* Nothing more is told; done follows with `error` when what was sent is answered, perhaps inside this call. */
void cpmsync_listing_stop(struct cpmsync_listing *listing, int error);

#endif
