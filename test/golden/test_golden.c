/* SPDX-License-Identifier: MIT */
/*
 * Plays the transcripts named on the command line: whole, one octet at a time, and split in two at every octet (G-25,
 * PF-109). Each is a cmocka test of the name it gives itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "golden/golden.h"
#include "support/failing_allocator.h"

static void play(const struct golden *golden, const struct golden_play *how)
{
    char why[GOLDEN_WHY_MAX];

    if (!golden_play(golden, how, why))
        fail_msg("%s (split at %zu%s)", why, how->split_at, how->octets ? ", octet by octet" : "");
}

static void play_every_way(void **state)
{
    const struct golden *golden = *state;
    struct golden_play how = {0};
    size_t octets = golden_octets(golden);
    size_t tried = 0;

    struct support_allocator allocator; /* shows what is used when it was freed, and what is not freed */

    support_allocator_init(&allocator);
    how.allocator = &allocator.mem;
    play(golden, &how);
    how.octets = true;
    play(golden, &how);
    assert_int_equal(allocator.live_blocks, 0);
    how.allocator = NULL;
    how.octets = false;
    for (how.split_at = 1; how.split_at < octets; how.split_at++) {
        play(golden, &how);
        tried++;
    }
    if (octets)
        assert_int_equal(tried, octets - 1);
    printf("%s: split at %zu of %zu positions\n", golden_name(golden), tried, octets ? octets - 1 : 0);
}

int main(int argc, char **argv)
{
    size_t count = (size_t)argc - 1;
    struct CMUnitTest *tests = calloc(count + 1, sizeof *tests);
    char why[GOLDEN_WHY_MAX];
    int failed = 1;

    if (count == 0 || !tests) {
        fprintf(stderr, "usage: test_golden TRANSCRIPT...\n");
        return 2;
    }
    for (size_t i = 0; i < count; i++) {
        struct golden *golden = golden_read(argv[i + 1], why);
        if (!golden) {
            fprintf(stderr, "%s\n", why);
            goto end;
        }
        tests[i].name = golden_name(golden);
        tests[i].test_func = play_every_way;
        tests[i].initial_state = golden;
    }
    failed = _cmocka_run_group_tests("golden", tests, count, NULL, NULL);
end:
    for (size_t i = 0; i < count; i++)
        golden_free(tests[i].initial_state);
    free(tests);
    return failed;
}
