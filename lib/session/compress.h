/* SPDX-License-Identifier: MIT */
/*
 * COMPRESS=DEFLATE on a session (RFC 4978): when it is asked for, what of the octets that come and leave is compressed, and
 * what is learnt of a server that cannot do it. For the files of this directory only.
 *
 * COMPRESS stands behind all that was submitted and nothing leaves behind it until it is answered (Z-01). From its OK on what
 * comes goes through the inflater, from the octet behind CRLF (Z-02). An octet can stand for a thousand: no more than so
 * many times what was fed is inflated at once, the rest waits for the next tick.
 */
#ifndef CPMSYNC_SESSION_COMPRESS_H
#define CPMSYNC_SESSION_COMPRESS_H

#include "session/deflate.h"
#include "session/session.h"

enum {
    CPMSYNC_COMPRESS_RATIO = 16,       /* inflated at once for an octet that was fed; IMAP has 5 to 10 */
    CPMSYNC_COMPRESS_HELD_MAX = 65536, /* octets that may wait; more are inflated at once all the same */
    CPMSYNC_COMPRESS_FAILURES =
        2 /* connections in a row that heard nothing behind COMPRESS: it is not asked for again */
};

struct cpmsync_compression {
    struct cpmsync_session_command command;
    struct cpmsync_deflate *streams; /* there when COMPRESS is sent: without memory it is not */
    bool asked;                      /* once a session */
    bool active;                     /* the server said OK */
    bool heard;                      /* ... and something that could be read */
    bool left;                       /* the inflater may hold more than it gave */
    struct cpmsync_buf held;         /* came, and is not inflated yet */
    struct cpmsync_slice wire;       /* what leaves next; lives in `streams` */
    uint64_t from;                   /* the first octet the pipeline was given behind COMPRESS */
    size_t taken;                    /* octets of its output that are in the compressor, in `wire`, or gone */
};

void cpmsync_compress_init(struct cpmsync_session *session);
void cpmsync_compress_clear(struct cpmsync_session *session);

/* cpmsync_session_compress. */
void cpmsync_compress_ask(struct cpmsync_session *session);

/* All octets that come. */
void cpmsync_compress_feed(struct cpmsync_session *session, struct cpmsync_slice input);
/* Inflates what waits, `budget` octets or a few more (0: all). Returns how many. */
int64_t cpmsync_compress_work(struct cpmsync_session *session, int64_t budget);
/* Something waits. */
bool cpmsync_compress_busy(const struct cpmsync_session *session);
/* A response was read. */
void cpmsync_compress_heard(struct cpmsync_session *session);

/* All octets that leave, as the pipeline's. ack: returns how many there were. */
size_t cpmsync_compress_output(struct cpmsync_session *session, const uint8_t **data);
size_t cpmsync_compress_ack(struct cpmsync_session *session, size_t len);

/* The session ended with session->err; its commands are still there. */
void cpmsync_compress_ended(struct cpmsync_session *session);
/* Nothing is unanswered, or only COMPRESS. */
bool cpmsync_compress_quiet(const struct cpmsync_session *session);

#endif
