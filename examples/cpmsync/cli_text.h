/* SPDX-License-Identifier: MIT */
/* What others wrote, made fit for a terminal or for JSON. */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * How many octets at `text` are one UTF-8 character (RFC 3629: shortest form, no surrogates); 0 if none begins there.
 * *code is the character.
 */
size_t cli_text_decode(const char *text, size_t len, uint32_t *code);

/* Copies `text`; control characters and octets that are no UTF-8 become '?'. Cuts at `size`, between characters. */
void cli_text_sanitise(char *out, size_t size, const char *text);

/* The same, to a stream. */
void cli_text_print(FILE *out, const char *text);

/* A JSON string with its quotes (RFC 8259). Octets that are no UTF-8 become U+FFFD. */
void cli_text_json(FILE *out, const char *text);

/* Sorts an array of strings bytewise. */
void cli_text_sort(const char **strings, size_t count);

#endif
