/* SPDX-License-Identifier: MIT */
#include "session/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const enum cpmsync_session_state last = CPMSYNC_SESSION_FAILED;

/* The table, as a graph. */
static void test_every_state_has_a_name_and_leads_to_failed(void **state)
{
    (void)state;
    for (int from = 0; from <= (int)last; from++) {
        assert_non_null(cpmsync_state_name((enum cpmsync_session_state)from));
        for (int to = 0; to <= (int)last; to++) {
            if (cpmsync_state_may((enum cpmsync_session_state)from, (enum cpmsync_session_state)to))
                print_message("    \"%s\" -> \"%s\"\n", cpmsync_state_name((enum cpmsync_session_state)from),
                    cpmsync_state_name((enum cpmsync_session_state)to));
        }
        assert_int_equal(cpmsync_state_may((enum cpmsync_session_state)from, last), from != (int)last);
        assert_false(cpmsync_state_may((enum cpmsync_session_state)from, (enum cpmsync_session_state)from));
    }
}

static void test_s_01_starttls_leads_to_the_handshake_alone(void **state)
{
    (void)state;
    for (int to = 0; to < (int)last; to++) {
        assert_int_equal(cpmsync_state_may(CPMSYNC_SESSION_STARTTLS, (enum cpmsync_session_state)to),
            to == CPMSYNC_SESSION_HANDSHAKE);
        /* S-02: capabilities are asked for again. */
        assert_int_equal(cpmsync_state_may(CPMSYNC_SESSION_HANDSHAKE, (enum cpmsync_session_state)to),
            to == CPMSYNC_SESSION_CAPABILITY);
    }
}

static void test_c_22_codes_of_no_are_errors_of_their_own(void **state)
{
    static const struct {
        const char *status;
        int error;
    } answers[] = {{"a OK [NONEXISTENT] done", 0}, {"a NO no", CPMSYNC_ERR_NO}, {"a NO [X-NEW] no", CPMSYNC_ERR_NO},
        {"a NO [TRYCREATE] no", CPMSYNC_ERR_NO}, {"a NO [NONEXISTENT] no", CPMSYNC_ERR_NO_MAILBOX},
        {"a NO [NOPERM] no", CPMSYNC_ERR_PERMISSION}, {"a NO [INUSE] no", CPMSYNC_ERR_IN_USE},
        {"a NO [LIMIT] no", CPMSYNC_ERR_SERVER_LIMIT}, {"a NO [OVERQUOTA] no", CPMSYNC_ERR_SERVER_LIMIT},
        {"a NO [TOOBIG] no", CPMSYNC_ERR_SERVER_LIMIT}, {"a BAD [TOOBIG] no", CPMSYNC_ERR_SERVER_LIMIT},
        {"a NO [UNAVAILABLE] no", CPMSYNC_ERR_SERVER_TRYAGAIN}, {"a NO [SERVERBUG] no", CPMSYNC_ERR_SERVER_TRYAGAIN},
        {"a NO [CORRUPTION] no", CPMSYNC_ERR_SERVER_TRYAGAIN}, {"a BAD what", CPMSYNC_ERR_BAD},
        {"a BAD [NOPERM] what", CPMSYNC_ERR_BAD}};

    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
        struct cpmsync_response response;

        assert_int_equal(cpmsync_response_parse(cpmsync_slice_str(answers[i].status), false, false, &response), 0);
        assert_string_equal(
            cpmsync_error_name(cpmsync_state_error_of(&response)), cpmsync_error_name(answers[i].error));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_state_has_a_name_and_leads_to_failed),
        cmocka_unit_test(test_s_01_starttls_leads_to_the_handshake_alone),
        cmocka_unit_test(test_c_22_codes_of_no_are_errors_of_their_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
