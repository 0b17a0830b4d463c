/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cpmsync/error.h>

#include "wire/namespace.h"

/* "0 prefix /|1 ..."; "!" at the end where it is damaged. */
static void read_all(const char *items, char *found, size_t size)
{
    size_t len = strlen(items);
    uint8_t *exact = malloc(len ? len : 1);
    struct cpmsync_namespaces at;
    struct cpmsync_string prefix;
    unsigned kind;
    int delimiter, got;

    assert_non_null(exact);
    memcpy(exact, items, len);
    found[0] = '\0';
    cpmsync_namespaces_init(&at, cpmsync_slice_of(exact, len));
    while ((got = cpmsync_namespaces_next(&at, &kind, &prefix, &delimiter)) > 0) {
        size_t used = strlen(found);
        snprintf(found + used, size - used, "%u %.*s %c|", kind, (int)prefix.octets.len,
            (const char *)prefix.octets.data, delimiter < 0 ? '-' : delimiter);
    }
    if (got < 0) {
        assert_int_equal(got, CPMSYNC_ERR_PROTOCOL);
        strcat(found, "!");
    }
    free(exact);
}

static void assert_read(const char *items, const char *wanted)
{
    char found[256];

    read_all(items, found, sizeof found);
    assert_string_equal(found, wanted);
}

/* RFC 2342 5, its own examples among them. */
static void test_m_08_namespaces_of_three_classes(void **state)
{
    (void)state;
    assert_read("((\"\" \"/\")) NIL NIL", "0  /|");
    assert_read("NIL NIL ((\"\" \".\"))", "2  .|");
    assert_read("((\"\" \"/\")) NIL ((\"Public Folders/\" \"/\"))", "0  /|2 Public Folders/ /|");
    assert_read(
        "((\"\" \"/\")) ((\"~\" \"/\")) ((\"#shared/\" \"/\")(\"#public/\" \"/\")(\"#ftp/\" \"/\")(\"#news.\" \".\"))",
        "0  /|1 ~ /|2 #shared/ /|2 #public/ /|2 #ftp/ /|2 #news. .|");
    assert_read("((\"\" \"/\")(\"#mh/\" \"/\" \"X-PARAM\" (\"FLAG1\" \"FLAG2\"))) NIL NIL", "0  /|0 #mh/ /|");
    assert_read("((INBOX. \"\\\\\")) nil ( ( {4}\r\na \"b NIL ) )", "0 INBOX. \\|2 a \"b -|");
}

static void test_damaged_namespaces(void **state)
{
    (void)state;
    assert_read("", "!");
    assert_read("NIL", "!");
    assert_read("NIL NIL ((", "!");
    assert_read("((\"\" \"/\")) NIL", "0  /|!");
    assert_read("((\"\")) NIL NIL", "!");
    assert_read("((\"\" \"/\" NIL NIL", "!");
    assert_read("X NIL NIL", "!");
    assert_read("() () ()", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_m_08_namespaces_of_three_classes),
        cmocka_unit_test(test_damaged_namespaces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
