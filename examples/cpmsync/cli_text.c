/* SPDX-License-Identifier: MIT */
#include "cli_text.h"

#include <stdlib.h>
#include <string.h>

size_t cli_text_decode(const char *text, size_t len, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = len > 0 ? (unsigned char)text[0] : 0xff;
    size_t count = first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : 4;
    if (first >= 0xf5 || (first >= 0x80 && first < 0xc2) || count > len)
        return 0;
    *code = count == 1 ? first : first & (0x7fu >> count);
    for (size_t i = 1; i < count; i++) {
        unsigned char next = (unsigned char)text[i];
        if ((next & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (next & 0x3fu);
    }
    if (*code < least[count] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
        return 0;
    return count;
}

static int is_control(uint32_t code)
{
    /* C0, DEL, C1, and what turns the direction of the text or breaks the line */
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069);
}

/* The next piece of `text`: what to print for it in *piece and *piece_len. Returns how many octets it stands for. */
static size_t next_piece(const char *text, size_t len, const char **piece, size_t *piece_len)
{
    uint32_t code = 0;
    size_t used = cli_text_decode(text, len, &code);
    if (used == 0 || is_control(code)) {
        *piece = "?";
        *piece_len = 1;
        return used == 0 ? 1 : used;
    }
    *piece = text;
    *piece_len = used;
    return used;
}

void cli_text_sanitise(char *out, size_t size, const char *text)
{
    size_t len = strlen(text), at = 0, used = 0;
    while (at < len) {
        const char *piece;
        size_t piece_len;
        at += next_piece(text + at, len - at, &piece, &piece_len);
        if (used + piece_len >= size)
            break;
        memcpy(out + used, piece, piece_len);
        used += piece_len;
    }
    out[used] = '\0';
}

void cli_text_print(FILE *out, const char *text)
{
    size_t len = strlen(text), at = 0;
    while (at < len) {
        const char *piece;
        size_t piece_len;
        at += next_piece(text + at, len - at, &piece, &piece_len);
        fwrite(piece, 1, piece_len, out);
    }
}

void cli_text_json(FILE *out, const char *text)
{
    size_t len = strlen(text), at = 0;
    fputc('"', out);
    while (at < len) {
        uint32_t code = 0;
        size_t used = cli_text_decode(text + at, len - at, &code);
        if (used == 0)
            fputs("\\ufffd", out);
        else if (code == '"' || code == '\\')
            fprintf(out, "\\%c", (int)code);
        else if (code == '\n')
            fputs("\\n", out);
        else if (is_control(code))
            fprintf(out, "\\u%04x", (unsigned)code);
        else
            fwrite(text + at, 1, used, out);
        at += used == 0 ? 1 : used;
    }
    fputc('"', out);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void cli_text_sort(const char **strings, size_t count)
{
    if (count > 1)
        qsort(strings, count, sizeof strings[0], compare);
}
