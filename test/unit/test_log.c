/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/log.h"

struct heard {
    int lines;
    int level;
    char text[1000];
};

static void hear(void *ctx, int level, const char *text)
{
    struct heard *heard = ctx;

    heard->lines++;
    heard->level = level;
    strcpy(heard->text, text);
}

static void test_a_line_reaches_the_app_with_its_level(void **state)
{
    struct heard heard = {0};
    struct cpmsync_log log = {&heard, hear};

    (void)state;
    cpmsync_log(&log, 2, "%d of %s", 3, "four");
    assert_int_equal(heard.lines, 1);
    assert_int_equal(heard.level, 2);
    assert_string_equal(heard.text, "3 of four");
}

static void test_a_line_stays_one_short_line(void **state)
{
    struct heard heard = {0};
    struct cpmsync_log log = {&heard, hear};

    (void)state;
    cpmsync_log(&log, 1, "a%sb", "\r\n\x7f\033");
    assert_string_equal(heard.text, "a????b");
    cpmsync_log(&log, 1, "%0999d", 1);
    assert_int_equal(strlen(heard.text), CPMSYNC_LOG_LINE_MAX - 1);
}

static void test_nobody_needs_to_listen(void **state)
{
    struct cpmsync_log log = {NULL, NULL};

    (void)state;
    cpmsync_log(&log, 1, "%d", 1);
    cpmsync_log(NULL, 1, "%d", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_reaches_the_app_with_its_level),
        cmocka_unit_test(test_a_line_stays_one_short_line),
        cmocka_unit_test(test_nobody_needs_to_listen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
