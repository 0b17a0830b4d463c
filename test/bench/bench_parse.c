/* SPDX-License-Identifier: MIT */
/* What a FETCH line costs from octets to a typed response, in blocks as a transport gives them. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "wire/frame.h"
#include "wire/response.h"

enum { LINES = 100000, ROUNDS = 20, LINE_MAX_LEN = 80, BLOCK = 16384 };

static uint64_t sum; /* keeps the work from being optimised away, and shows that it was done */

static int parse_block(struct cpmsync_frame *frame, struct cpmsync_slice input, size_t *lines)
{
    struct cpmsync_response response;
    struct cpmsync_frame_out out;

    for (;;) {
        int error = cpmsync_frame_next(frame, &input, &out);

        if (error || out.type == CPMSYNC_FRAME_NEED)
            return error;
        error = cpmsync_response_parse(out.unit, out.more, out.continued, &response);
        if (error)
            return error;
        sum += response.fetch.uid + response.fetch.modseq + response.fetch.flags.len;
        ++*lines;
    }
}

static int parse_all(const char *text, size_t len, size_t *lines)
{
    struct cpmsync_frame frame;
    size_t at;
    int error = 0;

    cpmsync_frame_init(&frame, NULL, 65536, 65536);
    for (at = 0; at < len && !error; at += BLOCK)
        error = parse_block(&frame, cpmsync_slice_of(text + at, len - at < BLOCK ? len - at : BLOCK), lines);
    cpmsync_frame_clear(&frame);
    return error;
}

int main(void)
{
    char *text = malloc((size_t)LINES * LINE_MAX_LEN);
    double best = 0;
    size_t len = 0;
    int round;
    unsigned i;

    if (!text)
        return 1;
    for (i = 1; i <= LINES; i++)
        len += (size_t)snprintf(text + len, LINE_MAX_LEN,
            "* %u FETCH (UID %u FLAGS (\\Seen $Forwarded) MODSEQ (%u))\r\n", i, 3 * i, 700000 + i);
    for (round = 0; round < ROUNDS; round++) {
        clock_t begin = clock();
        size_t lines = 0;
        double ns;

        if (parse_all(text, len, &lines) || lines != LINES)
            return 1;
        ns = (double)(clock() - begin) * 1e9 / CLOCKS_PER_SEC / LINES;
        if (round == 0 || ns < best)
            best = ns;
    }
    printf("%.1f ns a FETCH line of %.1f octets (best of %d rounds, sum %llu)\n", best, (double)len / LINES, ROUNDS,
        (unsigned long long)sum);
    free(text);
    return 0;
}
