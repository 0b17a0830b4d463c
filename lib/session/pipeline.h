/* SPDX-License-Identifier: MIT */
/*
 * Commands queued and in flight, in the order they were submitted, and the octets to send (group P and L of the conformance
 * list). A command is given to output whole, up to a literal that waits for `+`, or as far as there is room; the next one
 * begins when its rules, those of the ones in flight, and the window allow it.
 */
#ifndef CPMSYNC_SESSION_PIPELINE_H
#define CPMSYNC_SESSION_PIPELINE_H

#include "session/session.h"

/* What may be unanswered: so many commands, or so many octets on a server that bore a whole synchronisation (R5). */
enum { CPMSYNC_PIPELINE_COMMANDS = 25, CPMSYNC_PIPELINE_OCTETS = 65536 };

struct cpmsync_pipeline {
    struct cpmsync_buf out;
    size_t output_max;
    struct cpmsync_session_command *first, *last;
    size_t in_flight, selects, alone;
    struct cpmsync_session_command *idle; /* the IDLE in flight that no DONE ended; NULL */
    bool idling;                          /* its `+` came */
    bool idle_ends;                       /* DONE is to be sent as soon as it may */
    size_t commands_max;                  /* unanswered; SIZE_MAX: only octets count */
    uint32_t tags;                        /* tags given so far */
    bool stopped;                         /* nothing more is begun */
    uint64_t given;                       /* octets that ever went into `out` */
    uint64_t acked;                       /* of these, octets the transport took */
    uint64_t shown;                       /* octets that may have been sent: all that output() showed */
    uint64_t apart;                       /* where a command that stands APART ends in `given` */
    uint64_t ends;                        /* where the burst of a command that ENDS begins */
    uint32_t epoch;                       /* what is submitted now depends on what came in this epoch */
    uint32_t flown;                       /* the epoch of the newest flight */
    uint64_t due; /* where in `given` the first octets stand that depend on something newer; UINT64_MAX: nowhere */
    uint32_t due_epoch;
    uint64_t heard_at; /* `acked` when the epoch began */
    uint64_t flights;
    void *ctx;
    void (*trace)(void *ctx, int sent, const uint8_t *data, size_t len); /* may be NULL */
};

void cpmsync_pipeline_init(struct cpmsync_pipeline *pipeline, const struct cpmsync_allocator *mem, size_t output_max);
void cpmsync_pipeline_clear(struct cpmsync_pipeline *pipeline);

/* 0; the text's error, or CPMSYNC_ERR_NOMEM: the command is not queued. */
int cpmsync_pipeline_submit(struct cpmsync_pipeline *pipeline, struct cpmsync_session_command *command);
/* Takes an unsent command out: true; the caller completes it. */
bool cpmsync_pipeline_withdraw(struct cpmsync_pipeline *pipeline, struct cpmsync_session_command *command);
/* Gives to output what may be given. 0, CPMSYNC_ERR_NOMEM: it is given next time. */
int cpmsync_pipeline_pump(struct cpmsync_pipeline *pipeline);
/* A line that is no command: SASL's answers. 0, CPMSYNC_ERR_NOMEM. */
int cpmsync_pipeline_line(struct cpmsync_pipeline *pipeline, struct cpmsync_slice text, bool secret);

/* DONE as soon as the IDLE in flight may be ended. Without one: nothing. */
void cpmsync_pipeline_end_idle(struct cpmsync_pipeline *pipeline);

/* Octets came: what is submitted from now on may depend on them. */
void cpmsync_pipeline_heard(struct cpmsync_pipeline *pipeline);

size_t cpmsync_pipeline_output(struct cpmsync_pipeline *pipeline, const uint8_t **data);
void cpmsync_pipeline_ack(struct cpmsync_pipeline *pipeline, size_t len);

/* `+`: lets a waiting literal go, or calls `continuation`. False: nothing waited for it. */
bool cpmsync_pipeline_continuation(struct cpmsync_pipeline *pipeline, struct cpmsync_slice text);

enum cpmsync_pipeline_tag {
    CPMSYNC_TAG_IN_FLIGHT,
    CPMSYNC_TAG_FINISHED, /* was ours, or has not the form of ours */
    CPMSYNC_TAG_NEVER_SENT
};
/* Whose tag it is; *command is set for IN_FLIGHT. */
enum cpmsync_pipeline_tag cpmsync_pipeline_find(
    const struct cpmsync_pipeline *pipeline, struct cpmsync_slice tag, struct cpmsync_session_command **command);

/* A part of it waits for `+` or for room. */
bool cpmsync_pipeline_unfinished(const struct cpmsync_session_command *command);
/* The oldest command in flight that takes data; NULL. */
struct cpmsync_session_command *cpmsync_pipeline_taker(const struct cpmsync_pipeline *pipeline);
/*
 * Takes it out and calls `done`. What of it is half in output is sent to its end, but no literal that waits for `+`
 * (L-03). 0, CPMSYNC_ERR_NOMEM: it stays, without a call.
 */
int cpmsync_pipeline_complete(struct cpmsync_pipeline *pipeline, struct cpmsync_session_command *command, int error,
    const struct cpmsync_response *tagged);
/* The end: everything completes, with CPMSYNC_ERR_OUTCOME_UNKNOWN if an octet of it may have been sent, else with `error`.
 * `done` must not submit. */
void cpmsync_pipeline_end(struct cpmsync_pipeline *pipeline, int error);

#endif
