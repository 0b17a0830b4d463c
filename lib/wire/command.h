/* SPDX-License-Identifier: MIT */
/*
 * The typed command writer. What it writes is one command without its tag, "UID FETCH 1:5 (FLAGS)" without CRLF, plus the
 * places where a synchronising literal waits for `+`. No argument can end the line or begin another one: strings go quoted
 * where the grammar allows, else as literals; what fits nowhere is CPMSYNC_ERR_INVALID_ARGUMENT before an octet is sent
 * (PF-123, PF-125). The error is sticky: write everything, ask cpmsync_command_end once.
 */
#ifndef CPMSYNC_WIRE_COMMAND_H
#define CPMSYNC_WIRE_COMMAND_H

#include "base/uidset.h"

/* How literals may be sent; from the capabilities in force (L-05, L-06, L-07). */
enum cpmsync_literals { CPMSYNC_LITERALS_SYNC, CPMSYNC_LITERALS_MINUS, CPMSYNC_LITERALS_PLUS };

enum { CPMSYNC_COMMAND_BREAKS = 8, CPMSYNC_COMMAND_LINE_MAX = 8000, CPMSYNC_QUOTED_MAX = 1000 };

struct cpmsync_command {
    struct cpmsync_buf bytes;
    enum cpmsync_literals literals;
    int error;
    bool spaced;                           /* a SP is due before the next argument */
    unsigned depth;                        /* open parentheses */
    size_t line;                           /* octets since the last literal */
    size_t breaks[CPMSYNC_COMMAND_BREAKS]; /* offsets in bytes: wait for `+` before sending from there */
    size_t break_count;
    bool secret;        /* trace and wipe accordingly */
    size_t secret_from; /* first octet that is secret */
};

void cpmsync_command_init(
    struct cpmsync_command *command, const struct cpmsync_allocator *mem, size_t max, enum cpmsync_literals literals);
void cpmsync_command_clear(struct cpmsync_command *command);

/* Begins with the command's name, "UID FETCH": only letters, digits and SP. */
void cpmsync_command_begin(struct cpmsync_command *command, const char *name);
/* Arguments; each writes the SP before it where one is due. */
void cpmsync_command_atom(
    struct cpmsync_command *command, const char *atom); /* checked: ATOM-CHAR, and "BODY.PEEK[1.MIME]" */
void cpmsync_command_atom_slice(struct cpmsync_command *command, struct cpmsync_slice atom);
void cpmsync_command_number(struct cpmsync_command *command, uint64_t number);
/* BODY.PEEK[HEADER.FIELDS (name name ...)]; without a name CPMSYNC_ERR_INVALID_ARGUMENT. */
void cpmsync_command_header_fields(struct cpmsync_command *command, const char *const *names, size_t count);
void cpmsync_command_astring(struct cpmsync_command *command, struct cpmsync_slice octets);
void cpmsync_command_string(struct cpmsync_command *command, struct cpmsync_slice octets); /* never an atom */
/* Like astring, and everything from here on is secret. */
void cpmsync_command_secret(struct cpmsync_command *command, struct cpmsync_slice octets);
/* Base64 text of SASL, '=' or '*'; secret. */
void cpmsync_command_base64(struct cpmsync_command *command, struct cpmsync_slice text);
void cpmsync_command_set(struct cpmsync_command *command, const struct cpmsync_uidset *set);
void cpmsync_command_range(struct cpmsync_command *command, uint32_t first, uint32_t last); /* never `*` (R6) */
void cpmsync_command_flag(
    struct cpmsync_command *command, struct cpmsync_slice flag); /* "\\Seen" or a keyword, checked */
void cpmsync_command_open(struct cpmsync_command *command);      /* "(" */
/* ")". Nothing inside is CPMSYNC_ERR_INVALID_ARGUMENT: an emptied list must not become "FLAGS ()" (PF-125). */
void cpmsync_command_close(struct cpmsync_command *command);

/* 0, or the first error: CPMSYNC_ERR_INVALID_ARGUMENT, _LIMIT (max, line budget L-11, too many literals), _NOMEM. */
int cpmsync_command_end(struct cpmsync_command *command);

#endif
