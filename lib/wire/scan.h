/* SPDX-License-Identifier: MIT */
/*
 * What the framer must understand of a response to cut it right: whether a line ends in a literal, and where a long list may
 * be cut. Everything here is a single pass over the octets.
 */
#ifndef CPMSYNC_WIRE_SCAN_H
#define CPMSYNC_WIRE_SCAN_H

#include "base/slice.h"

enum cpmsync_scan_literal {
    CPMSYNC_SCAN_NO_LITERAL,
    CPMSYNC_SCAN_LITERAL,
    CPMSYNC_SCAN_BAD_LITERAL /* {n+}, 2^63 octets or more, or a quoted string that would hold a CRLF behind "{n}" */
};

/* One line of a response, octet by octet. */
struct cpmsync_scan {
    int where;
    int tail;
    bool quoted;
    bool escaped;
    bool overflow;
    uint64_t number;
};

/* Begins with the first line of a response, or what there is of it; returns where feeding starts. */
size_t cpmsync_scan_begin(struct cpmsync_scan *scan, struct cpmsync_slice line);
/* Begins with the line behind a literal of the same response. */
void cpmsync_scan_resume(struct cpmsync_scan *scan);
void cpmsync_scan_feed(struct cpmsync_scan *scan, const uint8_t *data, size_t len);
/* The line ended: is what was fed last the header of a literal of *octets octets? */
enum cpmsync_scan_literal cpmsync_scan_end(const struct cpmsync_scan *scan, uint64_t *octets);

/* A cut of a list: the piece is [0, end); the next one is [0, head), [keep, keep + keep_len), [next, ...). */
struct cpmsync_scan_cut {
    size_t head;
    size_t end;
    size_t next;
    size_t keep;
    size_t keep_len;
};

/*
 * The last place to cut a list whose first line has more than `max` octets, `line` among them. False if this is no list, an
 * element is too long, or the list itself ended before and only text follows.
 */
bool cpmsync_scan_cut(struct cpmsync_slice line, size_t max, struct cpmsync_scan_cut *cut);

#endif
