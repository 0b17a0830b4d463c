/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sweep/sweep.h"

static struct sweep_count total;
static size_t swept; /* transcripts with anything to try */
static size_t compared;

void sweep_compared(void)
{
    compared++;
}

void sweep_counted(const struct golden *golden, size_t tried, size_t there)
{
    printf("%s: %zu of %zu\n", golden_name(golden), tried, there);
    assert_int_equal(tried, there);
    total.tried += tried;
    total.there += there;
    swept += there > 0;
}

int sweep_main(int argc, char **argv, const char *what, void (*test)(void **state))
{
    size_t count = (size_t)argc - 1;
    struct CMUnitTest *tests = calloc(count + 1, sizeof *tests);
    char why[GOLDEN_WHY_MAX];
    int failed = 1;

    if (count == 0 || !tests) {
        fprintf(stderr, "usage: %s TRANSCRIPT...\n", argv[0]);
        free(tests);
        return 2;
    }
    for (size_t i = 0; i < count; i++) {
        struct golden *golden = golden_read(argv[i + 1], why);
        if (!golden) {
            fprintf(stderr, "%s\n", why);
            goto end;
        }
        tests[i].name = golden_name(golden);
        tests[i].test_func = test;
        tests[i].initial_state = golden;
    }
    failed = _cmocka_run_group_tests(what, tests, count, NULL, NULL);
    printf("%s: %zu tried of %zu in %zu of %zu transcripts; %zu mailboxes compared with the server\n", what,
        total.tried, total.there, swept, count, compared);
end:
    for (size_t i = 0; i < count; i++)
        golden_free(tests[i].initial_state);
    free(tests);
    return failed;
}
