/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/err.h"

static const int all[] = {
    CPMSYNC_ERR_INVALID_ARGUMENT,
    CPMSYNC_ERR_STATE,
    CPMSYNC_ERR_CANCELLED,
    CPMSYNC_ERR_UNSUPPORTED,
    CPMSYNC_ERR_NOT_FOUND,
    CPMSYNC_ERR_ABORTED,
    CPMSYNC_ERR_RESOLVE,
    CPMSYNC_ERR_CONNECT,
    CPMSYNC_ERR_CLOSED,
    CPMSYNC_ERR_TIMEOUT,
    CPMSYNC_ERR_BYE,
    CPMSYNC_ERR_TLS,
    CPMSYNC_ERR_TLS_CERT,
    CPMSYNC_ERR_TLS_HOST,
    CPMSYNC_ERR_TLS_TRUST,
    CPMSYNC_ERR_TLS_REQUIRED,
    CPMSYNC_ERR_TLS_INJECTED,
    CPMSYNC_ERR_AUTH,
    CPMSYNC_ERR_AUTH_MECHANISM,
    CPMSYNC_ERR_AUTH_SERVER,
    CPMSYNC_ERR_AUTH_UNAVAILABLE,
    CPMSYNC_ERR_AUTH_CREDENTIALS,
    CPMSYNC_ERR_AUTH_ITERATIONS,
    CPMSYNC_ERR_PROTOCOL,
    CPMSYNC_ERR_NO,
    CPMSYNC_ERR_BAD,
    CPMSYNC_ERR_CAPABILITY,
    CPMSYNC_ERR_NO_MAILBOX,
    CPMSYNC_ERR_PERMISSION,
    CPMSYNC_ERR_IN_USE,
    CPMSYNC_ERR_SERVER_LIMIT,
    CPMSYNC_ERR_SERVER_TRYAGAIN,
    CPMSYNC_ERR_OUTCOME_UNKNOWN,
    CPMSYNC_ERR_NO_UIDS,
    CPMSYNC_ERR_UNVERIFIED,
    CPMSYNC_ERR_COMPRESSION,
    CPMSYNC_ERR_STORE,
    CPMSYNC_ERR_STORE_FULL,
    CPMSYNC_ERR_STORE_CORRUPT,
    CPMSYNC_ERR_STORE_NEWER,
    CPMSYNC_ERR_STORE_LOCKED,
    CPMSYNC_ERR_STORE_ACCOUNT,
    CPMSYNC_ERR_NOMEM,
    CPMSYNC_ERR_LIMIT,
    CPMSYNC_ERR_DEADLINE,
};

enum { ALL = sizeof(all) / sizeof(all[0]) };

/* A sentence without its capital and full stop, fit for the end of a line of the app's own. */
static void assert_one_line(const char *text)
{
    size_t len = strlen(text);

    assert_in_range(len, 6, 79);
    for (size_t i = 0; i < len; i++)
        assert_in_range(text[i], ' ', '~');
    assert_true(text[0] != ' ' && text[len - 1] != ' ' && text[len - 1] != '.');
    assert_null(strstr(text, "CPMSYNC"));
}

static void test_every_error_has_a_name_and_a_text_of_its_own(void **state)
{
    size_t i, k;

    (void)state;
    for (i = 0; i < ALL; i++) {
        const char *name = cpmsync_error_name(all[i]), *text = cpmsync_error_text(all[i]);

        assert_memory_equal(name, "CPMSYNC_ERR_", 12);
        assert_string_not_equal(name, "CPMSYNC_ERR_?");
        assert_one_line(text);
        assert_int_not_equal(cpmsync_error_advice(all[i]), CPMSYNC_ADVICE_NONE);
        for (k = 0; k < i; k++) {
            assert_string_not_equal(name, cpmsync_error_name(all[k]));
            assert_string_not_equal(text, cpmsync_error_text(all[k]));
        }
    }
    assert_string_equal(cpmsync_error_name(CPMSYNC_ERR_CLOSED), "CPMSYNC_ERR_CLOSED");
    assert_string_equal(cpmsync_error_name(CPMSYNC_OK), "CPMSYNC_OK");
    assert_int_equal(cpmsync_error_class(CPMSYNC_OK), CPMSYNC_CLASS_NONE);
    assert_int_equal(cpmsync_error_advice(CPMSYNC_OK), CPMSYNC_ADVICE_NONE);
    assert_int_equal(cpmsync_error_survives(CPMSYNC_OK), 1);
}

/* The numbers of a class are a block (error.h). */
static void test_classes_follow_the_blocks_of_numbers(void **state)
{
    static const struct {
        int above;
        enum cpmsync_error_class class_;
    } blocks[] = {{-20, CPMSYNC_CLASS_USAGE}, {-40, CPMSYNC_CLASS_NETWORK}, {-60, CPMSYNC_CLASS_TLS},
        {-80, CPMSYNC_CLASS_AUTH}, {-100, CPMSYNC_CLASS_SERVER}, {-120, CPMSYNC_CLASS_STORE},
        {-140, CPMSYNC_CLASS_LIMIT}};
    size_t i, block;

    (void)state;
    for (i = 0; i < ALL; i++) {
        for (block = 0; all[i] <= blocks[block].above; block++)
            ;
        assert_int_equal(cpmsync_error_class(all[i]), blocks[block].class_);
    }
}

/* What an app that knows nothing but the class may rely on. */
static void test_the_advice_fits_the_class(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < ALL; i++) {
        enum cpmsync_advice advice = cpmsync_error_advice(all[i]);

        switch (cpmsync_error_class(all[i])) {
        case CPMSYNC_CLASS_NETWORK: /* it comes back by itself; at once would be a storm */
            assert_int_equal(advice, CPMSYNC_ADVICE_BACK_OFF);
            break;
        case CPMSYNC_CLASS_TLS: /* never at once, and nothing is settled for ever */
        case CPMSYNC_CLASS_AUTH:
        case CPMSYNC_CLASS_STORE:
        case CPMSYNC_CLASS_LIMIT:
            assert_true(advice == CPMSYNC_ADVICE_BACK_OFF || advice == CPMSYNC_ADVICE_USER);
            break;
        case CPMSYNC_CLASS_USAGE: /* waiting mends no wrong call */
            assert_int_not_equal(advice, CPMSYNC_ADVICE_BACK_OFF);
            break;
        case CPMSYNC_CLASS_SERVER: /* never at once: what asks again and again is a load on both */
            assert_int_not_equal(advice, CPMSYNC_ADVICE_NOW);
            break;
        case CPMSYNC_CLASS_NONE:
            fail();
        }
        /* Wrong credentials tried again lock an account out; trust is a human's decision. */
        if (all[i] == CPMSYNC_ERR_AUTH || all[i] == CPMSYNC_ERR_TLS_CERT || all[i] == CPMSYNC_ERR_TLS_HOST)
            assert_int_equal(advice, CPMSYNC_ADVICE_USER);
    }
}

static void test_the_connection_survives_what_did_not_touch_it(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < ALL; i++) {
        int survives = cpmsync_error_survives(all[i]);

        switch (cpmsync_error_class(all[i])) {
        case CPMSYNC_CLASS_NETWORK:
        case CPMSYNC_CLASS_TLS:
        case CPMSYNC_CLASS_AUTH:
            assert_int_equal(survives, 0);
            break;
        case CPMSYNC_CLASS_SERVER:
            assert_int_equal(survives, all[i] != CPMSYNC_ERR_PROTOCOL && all[i] != CPMSYNC_ERR_CAPABILITY &&
                                           all[i] != CPMSYNC_ERR_OUTCOME_UNKNOWN && all[i] != CPMSYNC_ERR_COMPRESSION);
            break;
        default:
            assert_int_equal(survives, 1);
        }
    }
}

static void test_a_number_that_is_none_of_ours_is_said_to_be_unknown(void **state)
{
    static const int strangers[] = {1, -8, -19, -25, -46, -66, -93, -106, -123, -100000, INT32_MAX, INT32_MIN};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
        assert_string_equal(cpmsync_error_name(strangers[i]), "CPMSYNC_ERR_?");
        assert_string_equal(cpmsync_error_text(strangers[i]), "unknown error");
        assert_int_equal(cpmsync_error_class(strangers[i]), CPMSYNC_CLASS_NONE);
        assert_int_equal(cpmsync_error_survives(strangers[i]), 0);
    }
}

static void test_the_servers_words_are_kept_but_cannot_steer_a_terminal(void **state)
{
    struct cpmsync_err err;
    struct cpmsync_fault fault;

    (void)state;
    memset(&err, 0xa5, sizeof(err));
    assert_int_equal(cpmsync_err_server(&err, CPMSYNC_ERR_PERMISSION, CPMSYNC_SLICE("NOPERM"),
                         CPMSYNC_SLICE("no\r\n\033[2J\0\x7f\xc3\xbc"), true),
        CPMSYNC_ERR_PERMISSION);
    cpmsync_err_fault(&err, &fault);
    assert_int_equal(fault.size, sizeof(fault));
    assert_int_equal(fault.error, CPMSYNC_ERR_PERMISSION);
    assert_string_equal(fault.server_code, "NOPERM");
    assert_string_equal(fault.server_text, "no???[2J??\xc3\xbc");
    assert_int_equal(fault.server_text_trusted, 1);
    assert_int_equal(fault.x509_flags, 0);
    assert_int_equal(fault.backend_code, 0);
}

static void test_long_words_are_cut_at_their_end(void **state)
{
    struct cpmsync_err err;
    char words[1000];

    (void)state;
    memset(words, 'w', sizeof(words));
    cpmsync_err_server(
        &err, CPMSYNC_ERR_NO, cpmsync_slice_of(words, sizeof(words)), cpmsync_slice_of(words, sizeof(words)), false);
    assert_int_equal(strlen(err.text), CPMSYNC_ERR_TEXT_MAX - 1);
    assert_int_equal(strlen(err.code), CPMSYNC_ERR_CODE_MAX - 1);
    assert_false(err.trusted);
}

static void test_setting_an_error_forgets_the_one_before(void **state)
{
    struct cpmsync_err err;

    (void)state;
    cpmsync_err_server(&err, CPMSYNC_ERR_NO, CPMSYNC_SLICE("LIMIT"), CPMSYNC_SLICE("words"), true);
    err.x509_flags = 4;
    err.backend_code = 5;
    assert_int_equal(cpmsync_err_set(&err, CPMSYNC_ERR_CLOSED), CPMSYNC_ERR_CLOSED);
    assert_int_equal(err.error, CPMSYNC_ERR_CLOSED);
    assert_string_equal(err.text, "");
    assert_string_equal(err.code, "");
    assert_int_equal(err.x509_flags, 0);
    assert_int_equal(err.backend_code, 0);
    assert_false(err.trusted);
    cpmsync_err_clear(&err);
    assert_int_equal(err.error, 0);
}

static void test_an_error_survives_the_way_through_its_public_form(void **state)
{
    struct cpmsync_err err, copy;
    struct cpmsync_fault fault;

    (void)state;
    cpmsync_err_server(&err, CPMSYNC_ERR_TLS_CERT, CPMSYNC_SLICE("C"), CPMSYNC_SLICE("text"), true);
    err.x509_flags = 8;
    err.backend_code = -0x2700;
    cpmsync_err_fault(&err, &fault);
    memset(&copy, 0xa5, sizeof(copy));
    cpmsync_err_from_fault(&copy, &fault, CPMSYNC_ERR_CLOSED);
    assert_int_equal(copy.error, CPMSYNC_ERR_TLS_CERT);
    assert_string_equal(copy.text, "text");
    assert_string_equal(copy.code, "C");
    assert_int_equal(copy.x509_flags, 8);
    assert_int_equal(copy.backend_code, -0x2700);
    assert_true(copy.trusted);

    cpmsync_err_fault(&copy, &fault);
    cpmsync_err_from_fault(&copy, &fault, CPMSYNC_ERR_CLOSED); /* its strings point into copy */
    assert_string_equal(copy.text, "text");
    fault.server_code = fault.server_text = NULL;
    cpmsync_err_from_fault(&copy, &fault, CPMSYNC_ERR_CLOSED);
    assert_string_equal(copy.text, "");

    cpmsync_err_from_fault(&copy, NULL, CPMSYNC_ERR_TIMEOUT);
    assert_int_equal(copy.error, CPMSYNC_ERR_TIMEOUT);
    assert_int_equal(copy.x509_flags, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_error_has_a_name_and_a_text_of_its_own),
        cmocka_unit_test(test_classes_follow_the_blocks_of_numbers),
        cmocka_unit_test(test_the_advice_fits_the_class),
        cmocka_unit_test(test_the_connection_survives_what_did_not_touch_it),
        cmocka_unit_test(test_a_number_that_is_none_of_ours_is_said_to_be_unknown),
        cmocka_unit_test(test_the_servers_words_are_kept_but_cannot_steer_a_terminal),
        cmocka_unit_test(test_long_words_are_cut_at_their_end),
        cmocka_unit_test(test_setting_an_error_forgets_the_one_before),
        cmocka_unit_test(test_an_error_survives_the_way_through_its_public_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
