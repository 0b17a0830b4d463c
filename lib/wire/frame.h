/* SPDX-License-Identifier: MIT */
/*
 * The framer: cuts the octet stream into units. The only resumable part of the parser (RFC 3501 2.2.2, 4.3): it gives
 * the same units however the stream is split (G-25, PF-109).
 *
 * A unit is one whole response without its final CRLF, literals inline ("{5}\r\nhello"). When it is whole inside the
 * input it is a slice of the input; else it is collected in a buffer of at most `max` octets.
 *
 * A literal is recognised only where one may stand: `{n}` or `~{n}` before CRLF, outside quoted strings, and in a status
 * response or continuation only inside the brackets of its code (PF-88). One longer than `literal_max`, or that does not
 * fit any more, is streamed past: FRAME_LITERAL units carry its octets, and in the response it stands as "{n-}" (which a
 * server cannot send) with no octets behind it. The response itself follows when it ends.
 *
 * A response of list kind (VANISHED, SEARCH, ESEARCH, FLAGS, CAPABILITY, ENABLED, and the codes CAPABILITY and
 * PERMANENTFLAGS of a status response) that outgrows `max` comes in pieces, cut between two elements. Each piece repeats
 * the head ("* VANISHED (EARLIER) "), so it parses like a response of its own; all but the last have `more` set and
 * lack the closing parenthesis or bracket. A response of another kind that outgrows `max` is skipped to its end, with
 * what literals it has, and reported once as FRAME_OVERSIZE with its first octets.
 *
 * Bare LF ends a line too; a CR not followed by LF, or a NUL outside literals, is CPMSYNC_ERR_PROTOCOL.
 */
#ifndef CPMSYNC_WIRE_FRAME_H
#define CPMSYNC_WIRE_FRAME_H

#include "base/buf.h"
#include "wire/scan.h"

enum cpmsync_frame_type {
    CPMSYNC_FRAME_NEED,    /* all input is used; feed more */
    CPMSYNC_FRAME_UNIT,    /* `unit` is a response, or a piece of one */
    CPMSYNC_FRAME_LITERAL, /* `unit` is a piece of a long literal, `prefix` the response up to it */
    CPMSYNC_FRAME_OVERSIZE /* a response was too long; `unit` is its beginning */
};

struct cpmsync_frame_out {
    enum cpmsync_frame_type type;
    struct cpmsync_slice unit; /* valid until the next call */
    struct cpmsync_slice prefix;
    bool more;               /* UNIT: further pieces follow. LITERAL: further octets follow */
    bool continued;          /* UNIT: not the first piece */
    uint64_t literal_total;  /* LITERAL */
    uint64_t literal_offset; /* LITERAL: offset of unit's first octet */
};

struct cpmsync_frame {
    struct cpmsync_buf buf;
    size_t literal_max;
    /* what follows is the framer's own */
    size_t max;
    int state;
    int error;
    size_t line; /* where the line being read begins in the unit: 0, or behind a literal */
    struct cpmsync_scan scan;
    struct cpmsync_scan_cut cut;
    uint64_t literal_left;
    uint64_t literal_total;
    bool drop;    /* the last unit shown is still in buf: dropped at the next call */
    bool cutting; /* the last piece shown is still in buf: cut off at the next call */
    bool continued;
    bool return_seen; /* the last octet skipped was CR */
};

void cpmsync_frame_init(
    struct cpmsync_frame *frame, const struct cpmsync_allocator *mem, size_t max, size_t literal_max);
void cpmsync_frame_clear(struct cpmsync_frame *frame);

/* Octets held that are part of no unit yet: 0 between responses (S-03 asks). */
size_t cpmsync_frame_held(const struct cpmsync_frame *frame);

/*
 * Takes octets from *input, which is advanced by what was used, and gives the next unit. Call again until FRAME_NEED.
 * Returns 0, CPMSYNC_ERR_PROTOCOL (octets that can be no response; a literal of 2^63 or more octets, `{n+}`, G-05,
 * PF-119), or CPMSYNC_ERR_NOMEM; after an error the framer gives nothing more.
 */
int cpmsync_frame_next(struct cpmsync_frame *frame, struct cpmsync_slice *input, struct cpmsync_frame_out *out);

#endif
