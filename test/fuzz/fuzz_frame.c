/* SPDX-License-Identifier: MIT */
/*
 * The framer. Octet 0 and 1: the most a response may have; 2: the longest literal; 3: how the stream is cut into pieces;
 * 4: which allocation fails the second time. The rest is the stream. Whole and in pieces it must give the same units
 * (G-25, PF-109), and with an allocation failing the first of these.
 */
#include <string.h>

#include <cpmsync/error.h>

#include "fuzz/fuzz.h"
#include "support/failing_allocator.h"
#include "wire/frame.h"

struct settings {
    size_t max;
    size_t literal_max;
    uint8_t pieces;
};

/* All that was given, in a form in which the pieces of a long literal run together. */
struct units {
    uint8_t *octets;
    size_t len;
    size_t capacity;
    int error;
};

static void add(struct units *units, const void *data, size_t len)
{
    if (units->capacity - units->len < len) {
        units->capacity = 2 * units->capacity + len + 256;
        units->octets = realloc(units->octets, units->capacity);
        FUZZ_EXPECT(units->octets);
    }
    if (len)
        memcpy(units->octets + units->len, data, len);
    units->len += len;
}

static void add_unit(struct units *units, const struct cpmsync_frame_out *out, const struct settings *settings)
{
    char head[64];

    if (out->type == CPMSYNC_FRAME_LITERAL) {
        FUZZ_EXPECT(out->literal_offset + out->unit.len <= out->literal_total);
        FUZZ_EXPECT(out->more == (out->literal_offset + out->unit.len < out->literal_total));
        if (out->literal_offset == 0) {
            snprintf(head, sizeof head, "\nliteral of %llu: ", (unsigned long long)out->literal_total);
            add(units, head, strlen(head));
            add(units, out->prefix.data, out->prefix.len);
        }
    } else {
        FUZZ_EXPECT(out->unit.len <= settings->max);
        snprintf(head, sizeof head, "\n%s%s%s: ", out->type == CPMSYNC_FRAME_UNIT ? "unit" : "oversize",
            out->more ? " more" : "", out->continued ? " continued" : "");
        add(units, head, strlen(head));
    }
    add(units, out->unit.data, out->unit.len);
}

/* The length of the next piece. */
static size_t piece_of(const struct settings *settings, size_t at, size_t left)
{
    size_t piece = settings->pieces < 64 ? settings->pieces : 1 + (at * 7 + settings->pieces) % 61;

    return piece == 0 || piece > left ? left : piece;
}

static void run(
    const struct settings *settings, struct fuzz_input stream, const struct cpmsync_allocator *mem, struct units *units)
{
    struct cpmsync_frame frame;
    struct cpmsync_frame_out out;

    cpmsync_frame_init(&frame, mem, settings->max, settings->literal_max);
    for (size_t at = 0; at < stream.len && !units->error;) {
        size_t piece = piece_of(settings, at, stream.len - at);
        uint8_t *copy = malloc(piece); /* of exactly this size, so that reading behind it shows */
        FUZZ_EXPECT(copy);
        memcpy(copy, stream.data + at, piece);
        struct cpmsync_slice input = cpmsync_slice_of(copy, piece);
        at += piece;
        while ((units->error = cpmsync_frame_next(&frame, &input, &out)) == 0 && out.type != CPMSYNC_FRAME_NEED)
            add_unit(units, &out, settings);
        FUZZ_EXPECT(units->error || input.len == 0);
        FUZZ_EXPECT(cpmsync_frame_held(&frame) <= settings->max + 2); /* and CRLF */
        if (units->error)
            FUZZ_EXPECT(cpmsync_frame_next(&frame, &input, &out) != 0 || out.type == CPMSYNC_FRAME_NEED);
        free(copy);
    }
    cpmsync_frame_clear(&frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz_input input = {data, len};
    struct support_allocator allocator;
    struct settings settings;
    struct units whole = {0}, split = {0};

    settings.max = 64 + fuzz_number(&input) % 4096;
    settings.literal_max = fuzz_octet(&input) * 4u;
    settings.pieces = 0;
    uint8_t pieces = fuzz_octet(&input);
    uint8_t failing = fuzz_octet(&input);
    support_allocator_init(&allocator);
    run(&settings, input, &allocator.mem, &whole);
    FUZZ_EXPECT(allocator.live_blocks == 0);
    FUZZ_EXPECT(whole.error == 0 || whole.error == CPMSYNC_ERR_PROTOCOL);

    settings.pieces = pieces;
    support_allocator_fail_at(&allocator, failing);
    run(&settings, input, &allocator.mem, &split);
    FUZZ_EXPECT(allocator.live_blocks == 0);
    if (split.error == CPMSYNC_ERR_NOMEM)
        FUZZ_EXPECT(allocator.failures);
    else
        FUZZ_EXPECT(split.error == whole.error && split.len == whole.len);
    FUZZ_EXPECT(split.len <= whole.len && (split.len == 0 || memcmp(split.octets, whole.octets, split.len) == 0));
    free(whole.octets);
    free(split.octets);
    return 0;
}
