/* SPDX-License-Identifier: MIT */
/*
 * What the harnesses share. Each is one fuzz_<name>.c with libFuzzer's entry; built by any compiler it is linked with
 * fuzz_main.c, which feeds it the files of its corpus, and by clang with libFuzzer itself (fuzz.sh). A harness has no
 * state of its own between two inputs, and what it finds wrong ends the program.
 */
#ifndef CPMSYNC_TEST_FUZZ_H
#define CPMSYNC_TEST_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define FUZZ_EXPECT(condition)                                                                                         \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                            \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

/* The input, taken from the front: the decisions of a harness, then what it is about. Behind the end all is 0. */
struct fuzz_input {
    const uint8_t *data;
    size_t len;
};

static inline uint8_t fuzz_octet(struct fuzz_input *input)
{
    if (input->len == 0)
        return 0;
    input->len--;
    return *input->data++;
}

/* Two octets, the greater first. */
static inline uint32_t fuzz_number(struct fuzz_input *input)
{
    uint32_t high = fuzz_octet(input);

    return high << 8 | fuzz_octet(input);
}

#endif
