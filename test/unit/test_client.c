/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "client/conduct.h"
#include "support/client_script.h"

static void test_wrong_configurations_are_refused_without_harm(void **state)
{
    struct support_script script;
    struct cpmsync_client *client;
    struct cpmsync_client_config config;
    const char *const disabled[] = {"QRESYNC", NULL};
    const char *const fields[33] = {"From", "X\r\nC9 LOGOUT"};
    struct cpmsync_store no_ops = {NULL, NULL};

    (void)state;
    support_script_init(&script);
    script.config.mechanism = "PLAIN"; /* the app's own strings are never freed */
    script.config.disabled = disabled;
    script.config.disabled_count = 1;
    assert_int_equal(cpmsync_client_new(NULL, &script.config), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_client_new(&client, NULL), CPMSYNC_ERR_INVALID_ARGUMENT);
#define REFUSED(member, value)                                                                                         \
    do {                                                                                                               \
        config = script.config;                                                                                        \
        config.member = value;                                                                                         \
        client = (struct cpmsync_client *)&script;                                                                     \
        assert_int_equal(cpmsync_client_new(&client, &config), CPMSYNC_ERR_INVALID_ARGUMENT);                          \
        assert_null(client);                                                                                           \
        assert_int_equal(script.allocator.live_blocks, 0);                                                             \
    } while (0)
    REFUSED(size, sizeof config - 1);
    REFUSED(credentials, NULL);
    REFUSED(store, &no_ops);
    REFUSED(security, (enum cpmsync_security)7);
    REFUSED(disabled_count, 2);
    REFUSED(disabled, NULL);
    REFUSED(response_max, 1023);
    REFUSED(output_max, 1023);
    REFUSED(messages_max, -2);
    REFUSED(messages_max, (int64_t)UINT32_MAX);
    REFUSED(flagsets_max, -2);
    REFUSED(operations_max, INT64_MAX);
    REFUSED(command_timeout_ms, -2);
    REFUSED(descriptors, 1);
    REFUSED(descriptors, -2);
    REFUSED(header_field_count, 1);
    script.config.header_fields = fields;
    REFUSED(header_field_count, 33);
    REFUSED(header_field_count, 2);
#undef REFUSED
    support_script_close(&script);
}

static void test_a_client_fails_whole_without_memory(void **state)
{
    struct support_script script;
    const char *const disabled[] = {"QRESYNC", "IDLE"};
    uint64_t tried = 0;

    (void)state;
    support_script_init(&script);
    script.config.mechanism = "PLAIN";
    script.config.disabled = disabled;
    script.config.disabled_count = 2;
    script.config.descriptors = 0;
    script.config.store = NULL;
    for (;; tried++) {
        support_allocator_fail_at(&script.allocator, tried + 1);
        int error = cpmsync_client_new(&script.client, &script.config);
        if (script.allocator.failures == 0) {
            assert_int_equal(error, 0);
            break;
        }
        assert_int_equal(error, CPMSYNC_ERR_NOMEM);
        assert_null(script.client);
        assert_int_equal(script.allocator.live_blocks, 0);
    }
    assert_in_range(tried, 5, 50);
    support_script_close(&script);
}

static void test_the_configuration_is_copied(void **state)
{
    struct support_script script;
    char mechanism[] = "LOGIN", name[] = "QRESYNC", field[] = "X-Mine";
    const char *disabled[] = {name};
    const char *fields[] = {field};

    (void)state;
    support_script_init(&script);
    script.config.mechanism = mechanism;
    script.config.disabled = disabled;
    script.config.disabled_count = 1;
    script.config.descriptors = 0;
    script.config.header_fields = fields;
    script.config.header_field_count = 1;
    support_script_open(&script);
    memset(field, 'x', sizeof field - 1);
    fields[0] = NULL;
    memset(mechanism, 'x', sizeof mechanism - 1);
    memset(name, 'x', sizeof name - 1);
    disabled[0] = NULL;
    support_script_login(&script);
    support_script_connect(&script);
    support_script_server(&script, "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready");
    support_script_sent(&script, "C1 LOGIN fred secret");
    support_script_server(&script, "C1 OK [CAPABILITY IMAP4rev1 ENABLE CONDSTORE QRESYNC] x");
    support_script_sent(&script, "C2 ENABLE CONDSTORE");
    assert_string_equal(script.client->fields.names[0], "X-Mine");
    assert_int_equal(script.client->fields.count, 1);
    support_script_close(&script);
}

/* ---- list and forget */

struct listing {
    struct support_script *script;
    char heard[256];
    bool cancel;
    unsigned done;
    int error;
};

static void on_listed(void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_list_info *info)
{
    struct listing *listing = ctx;

    strcat(listing->heard, info->mailbox);
    strcat(listing->heard, "|");
    if (listing->cancel)
        assert_int_equal(cpmsync_client_cancel(client, operation), 0);
}

static void on_list_done(void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_fault *fault)
{
    struct listing *listing = ctx;

    (void)client;
    (void)operation;
    listing->done++;
    listing->error = fault->error;
}

static int on_namespace(void *ctx, const struct cpmsync_namespace_info *info)
{
    struct listing *listing = ctx;

    assert_int_equal(info->kind, CPMSYNC_NAMESPACE_PERSONAL);
    assert_int_equal(info->delimiter, '.');
    strcat(listing->heard, info->prefix);
    return 7;
}

static void test_m_08_mailboxes_are_listed_and_namespaces_asked_for_once(void **state)
{
    struct support_script script;
    struct listing listing = {&script, "", false, 0, 1};

    (void)state;
    support_script_init(&script);
    support_script_open(&script);
    assert_int_equal(cpmsync_client_list(script.client, NULL, on_listed, on_list_done, &listing), 1);
    support_script_ready(&script, "LIST-EXTENDED NAMESPACE", NULL);
    support_script_sent(&script, "C2 NAMESPACE\nC3 LIST \"\" \"*\" RETURN (SUBSCRIBED CHILDREN)");
    support_script_server(&script, "* NAMESPACE ((\"INBOX.\" \".\")) NIL NIL\nC2 OK x\n* LIST () \".\" a\nC3 OK x");
    assert_int_equal(listing.done, 1);
    assert_int_equal(listing.error, 0);
    assert_int_equal(cpmsync_client_namespaces(script.client, on_namespace, &listing), 7);
    assert_string_equal(listing.heard, "a|INBOX.");
    listing.cancel = true;
    assert_int_equal(cpmsync_client_list(script.client, "INBOX.%", on_listed, on_list_done, &listing), 2);
    cpmsync_conn_tick(script.client, script.now, 0);
    support_script_sent(&script, "C4 LIST \"\" \"INBOX.%\" RETURN (SUBSCRIBED CHILDREN)");
    support_script_server(&script, "* LIST () \".\" b\n* LIST () \".\" c\nC4 OK x");
    assert_int_equal(listing.done, 2);
    assert_int_equal(listing.error, CPMSYNC_ERR_CANCELLED);
    assert_string_equal(listing.heard, "a|INBOX.b|");
    support_script_close(&script);
}

static void script_done(void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_fault *fault)
{
    struct support_script *script = ctx;

    (void)client;
    script->done[operation]++;
    script->errors[operation] = fault->error;
}

static int forget_what_is_missing(struct support_script *script, const struct cpmsync_event *event)
{
    if (event->type == CPMSYNC_EVENT_MAILBOX_MISSING)
        assert_int_equal(cpmsync_client_forget(script->client, event->mailbox, script_done, script), 2);
    return 0;
}

static void test_what_is_missing_is_forgotten_from_inside_the_event(void **state)
{
    struct support_script script;

    (void)state;
    support_script_init(&script);
    support_script_cache(&script);
    script.on_event = forget_what_is_missing;
    support_script_open(&script);
    assert_int_equal(cpmsync_client_sync_account(script.client, NULL, script_done, &script), 1);
    support_script_ready(&script, "ENABLE CONDSTORE QRESYNC UNSELECT LIST-EXTENDED LIST-STATUS", "QRESYNC");
    support_script_sent(&script, "C3 LIST \"\" \"*\" RETURN (STATUS (UIDVALIDITY UIDNEXT MESSAGES HIGHESTMODSEQ))");
    support_script_server(&script, "C3 OK x");
    support_script_heard(&script, "missing INBOX|");
    assert_int_equal(script.done[1], 1);
    assert_int_equal(script.done[2], 1);
    assert_int_equal(script.errors[2], 0);
    assert_int_equal(
        cpmsync_view_messages(&script.failing.inner, NULL, "INBOX", NULL, NULL, NULL), CPMSYNC_ERR_NOT_FOUND);
    support_mirror_clear(&script.mirror); /* the app forgets it as well */
    support_mirror_init(&script.mirror, "INBOX");
    support_script_close(&script);
}

static void test_forgetting_needs_no_connection(void **state)
{
    struct support_script script;

    (void)state;
    support_script_init(&script);
    support_script_cache(&script);
    support_script_open(&script);
    assert_int_equal(cpmsync_client_forget(script.client, "Other", script_done, &script), 1);
    assert_int_equal(cpmsync_client_forget(script.client, "inbox", script_done, &script), 2);
    assert_int_equal(cpmsync_client_want(script.client), CPMSYNC_WANT_NOW);
    assert_int_equal(cpmsync_conn_tick(script.client, script.now, 0), 0);
    assert_int_equal(script.errors[1], CPMSYNC_ERR_NOT_FOUND);
    assert_int_equal(script.done[2], 1);
    assert_int_equal(script.errors[2], 0);
    assert_int_equal(cpmsync_client_want(script.client), 0);
    assert_int_equal(
        cpmsync_view_messages(&script.failing.inner, NULL, "INBOX", NULL, NULL, NULL), CPMSYNC_ERR_NOT_FOUND);
    support_mirror_clear(&script.mirror);
    support_mirror_init(&script.mirror, "INBOX");
    support_script_close(&script);
}

static void test_wrong_calls_return_an_error(void **state)
{
    struct support_script script;
    const uint8_t *data;
    const uint8_t octet = 0;

    (void)state;
    support_script_init(&script);
    support_script_open(&script);
    struct cpmsync_client *client = script.client;
    cpmsync_client_free(NULL);
    assert_int_equal(cpmsync_client_sync(client, NULL, NULL, NULL), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_client_sync(client, "", NULL, NULL), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_client_sync(NULL, "INBOX", NULL, NULL), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_client_login(NULL, NULL, NULL), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_client_logout(NULL, NULL, NULL), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_client_cancel(NULL, 1), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_client_forget(NULL, "a", NULL, NULL), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_client_forget(client, "", NULL, NULL), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_client_list(NULL, "*", on_listed, NULL, NULL), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_client_list(client, "*", NULL, NULL, NULL), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_client_list(client, "a\nb", on_listed, NULL, NULL), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_client_namespaces(NULL, on_namespace, NULL), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_client_namespaces(client, on_namespace, NULL), CPMSYNC_ERR_NOT_FOUND);
    assert_int_equal(cpmsync_client_cancel(client, 1), CPMSYNC_ERR_NOT_FOUND);
    assert_int_equal(cpmsync_client_credentials(client, 0, 0, "u", "p", NULL), CPMSYNC_ERR_STATE);
    assert_int_equal(cpmsync_client_credentials(client, 2, 0, "u", "p", NULL), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_client_credentials(client, 0, 0, NULL, "p", NULL), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_client_step(client, 0, 0), CPMSYNC_ERR_STATE);
    assert_int_equal(cpmsync_client_wake(client), CPMSYNC_ERR_UNSUPPORTED);
    assert_int_equal(cpmsync_client_want(client), 0);
    assert_int_equal(cpmsync_client_want(NULL), 0);
    assert_true(cpmsync_client_expiry(client) == CPMSYNC_NEVER);
    for (uint32_t conn = 0; conn < 3; conn++) {
        int error = conn < CPMSYNC_CONN_COUNT ? CPMSYNC_ERR_STATE : CPMSYNC_ERR_INVALID_ARGUMENT;
        assert_int_equal(cpmsync_conn_want(client, conn), 0);
        assert_int_equal(cpmsync_conn_opened(client, conn, 0, 0), error);
        assert_int_equal(cpmsync_conn_secured(client, conn, 0), error);
        assert_int_equal(cpmsync_conn_feed(client, conn, 0, &octet, 1), error);
        assert_int_equal(cpmsync_conn_ack(client, conn, 0, 0), error);
        assert_int_equal(cpmsync_conn_output(client, conn, &data), 0);
        assert_null(data);
    }
    assert_int_equal(cpmsync_conn_closed(client, 0, 0, NULL), 0); /* nothing was open */
    assert_int_equal(cpmsync_conn_tick(client, 0, 0), 0);
    support_script_login(&script);
    support_script_connect(&script);
    assert_int_equal(cpmsync_conn_opened(client, 0, 0, 0), CPMSYNC_ERR_STATE);
    assert_int_equal(cpmsync_conn_secured(client, 0, 0), CPMSYNC_ERR_STATE);
    assert_int_equal(cpmsync_conn_feed(client, 0, 0, NULL, 1), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_conn_ack(client, 0, 0, 1), CPMSYNC_ERR_INVALID_ARGUMENT);
    support_script_close(&script);
}

static void test_the_limit_of_operations(void **state)
{
    struct support_script script;

    (void)state;
    support_script_init(&script);
    script.config.operations_max = 2;
    support_script_open(&script);
    assert_int_equal(support_script_sync(&script, "a"), 1);
    assert_int_equal(support_script_sync(&script, "b"), 2);
    assert_int_equal(support_script_sync(&script, "c"), CPMSYNC_ERR_LIMIT);
    assert_int_equal(cpmsync_client_cancel(script.client, 1), 0);
    assert_int_equal(support_script_sync(&script, "c"), 3);
    support_script_close(&script);
    assert_int_equal(script.done[3], 1);
}

static void test_a_client_without_a_store_keeps_its_own(void **state)
{
    struct support_script script;

    (void)state;
    support_script_init(&script);
    script.config.store = NULL;
    support_script_open(&script);
    for (int64_t id = 1; id <= 2; id++) {
        support_script_sync(&script, "INBOX");
        support_script_ready(&script, "UNSELECT", NULL);
        support_script_sent(&script,
            id == 1 ? "C2 SELECT INBOX\nC3 UID FETCH 1:200 (FLAGS)" : "C2 SELECT INBOX\nC3 UID FETCH 3:202 (FLAGS)");
        support_script_server(&script, "* 1 EXISTS\n* OK [UIDVALIDITY 1] x\n* OK [UIDNEXT 3] x\nC2 OK x");
        support_script_server(&script, id == 1 ? "* 1 FETCH (UID 2 FLAGS (a))\nC3 OK x" : "C3 OK x");
        if (id == 2)
            support_script_server(&script, "* 1 FETCH (UID 2 FLAGS (a))\nC4 OK x");
        assert_int_equal(script.done[id], 1);
        assert_int_equal(script.errors[id], 0);
        script.sent_len = 0;
        support_script_eof(&script);
    }
    assert_int_equal(script.mirror.count, 1);
    assert_int_equal(script.failing.calls[SUPPORT_STORE_ANY], 0);
    support_script_close(&script);
}

static void test_counters_survive_the_connection(void **state)
{
    struct support_script script;
    struct cpmsync_stats stats = {0}, after = {0};

    (void)state;
    support_script_init(&script);
    support_script_open(&script);
    support_script_sync(&script, "INBOX");
    support_script_ready(&script, "UNSELECT", NULL);
    support_script_server(&script, "* 2 EXISTS\n* OK [UIDVALIDITY 1] x\n* OK [UIDNEXT 3] x\nC2 OK x\n"
                                   "* 1 FETCH (UID 1 FLAGS ())\n* 2 FETCH (UID 2 FLAGS ())\nC3 OK x");
    stats.size = 1;
    cpmsync_client_stats(script.client, &stats);
    assert_int_equal(stats.commands, 0); /* of another version: left alone */
    stats.size = after.size = sizeof stats;
    cpmsync_client_stats(script.client, &stats);
    assert_int_equal(stats.messages_added, 2);
    assert_int_equal(stats.commands, 3);
    assert_int_equal(stats.connects, 1);
    assert_int_equal(stats.flights, 2);
    assert_in_range(stats.bytes_in, 200, 1000);
    support_script_eof(&script);
    cpmsync_client_stats(script.client, &after);
    assert_memory_equal(&stats, &after, sizeof stats);
    support_script_close(&script);
}

static int free_at_login(struct support_script *script, const struct cpmsync_event *event)
{
    if (event->type == CPMSYNC_EVENT_STATE && event->state == CPMSYNC_CONN_LOGIN)
        cpmsync_client_free(script->client);
    return 0;
}

static void test_a_freed_client_is_told_nothing_more(void **state)
{
    struct support_script script;

    (void)state;
    support_script_init(&script);
    script.states = true;
    script.on_event = free_at_login;
    support_script_open(&script);
    support_script_login(&script);
    assert_int_equal(cpmsync_conn_opened(script.client, 0, 0, CPMSYNC_CONN_SECURE), 0);
    script.client = NULL;
    assert_int_equal(script.asked, 0);
    assert_int_equal(script.allocator.live_blocks, 0);
    support_script_heard(&script, "state login|done 1 CPMSYNC_ERR_CANCELLED|");
    support_script_close(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_configurations_are_refused_without_harm),
        cmocka_unit_test(test_a_client_fails_whole_without_memory),
        cmocka_unit_test(test_the_configuration_is_copied),
        cmocka_unit_test(test_m_08_mailboxes_are_listed_and_namespaces_asked_for_once),
        cmocka_unit_test(test_what_is_missing_is_forgotten_from_inside_the_event),
        cmocka_unit_test(test_forgetting_needs_no_connection),
        cmocka_unit_test(test_wrong_calls_return_an_error),
        cmocka_unit_test(test_the_limit_of_operations),
        cmocka_unit_test(test_a_client_without_a_store_keeps_its_own),
        cmocka_unit_test(test_counters_survive_the_connection),
        cmocka_unit_test(test_a_freed_client_is_told_nothing_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
