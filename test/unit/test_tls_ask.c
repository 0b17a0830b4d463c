/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "support/client_script.h"
#include "support/failing_allocator.h"
#include "support/tls_link.h"

enum { DER_MAX = 2048 };

/* What was asked, and what the app says. */
struct app {
    int verdict;
    int inside;                   /* answered inside the callback, not 0 */
    struct support_script *frees; /* its client is freed inside the callback */
    int times;
    struct cpmsync_tls_connector *connector;
    uint64_t id;
    uint32_t flags;
    char host[64];
    uint8_t chain[3][DER_MAX];
    size_t lens[3];
    size_t count;
};

static int on_trust(void *ctx, const struct cpmsync_tls_question *question)
{
    struct app *app = ctx;
    assert_int_equal(question->size, sizeof(*question));
    assert_true(question->chain_count >= 1 && question->chain_count <= 3);
    app->times++;
    app->connector = question->connector;
    app->id = question->id;
    app->flags = question->x509_flags;
    app->count = question->chain_count;
    snprintf(app->host, sizeof(app->host), "%s", question->host);
    for (size_t i = 0; i < question->chain_count; i++) {
        assert_true(question->chain_lens[i] <= DER_MAX);
        memcpy(app->chain[i], question->chain[i], question->chain_lens[i]);
        app->lens[i] = question->chain_lens[i];
    }
    if (app->inside)
        assert_int_equal(cpmsync_tls_trust_answer(question->connector, question->id, app->inside), 0);
    if (app->frees) {
        cpmsync_client_free(app->frees->client);
        app->frees->client = NULL;
    }
    return app->verdict;
}

static struct cpmsync_tls_config config_asking(struct tls_link *link, const char *host, struct app *app)
{
    struct cpmsync_tls_config config = tls_link_config(link, host);
    config.trust_ctx = app;
    config.trust = on_trust;
    return config;
}

static int64_t expiry(struct tls_link *link)
{
    return link->transport.ops->expiry(link->transport.self);
}

static void assert_certificate(const struct app *app, size_t at, const struct support_certificate *certificate)
{
    assert_int_equal(app->lens[at], certificate->crt.raw.len);
    assert_memory_equal(app->chain[at], certificate->crt.raw.p, app->lens[at]);
}

/* ---------------------------------------------------------------- what is asked */

static void test_r_27_the_app_sees_the_chain_the_flags_and_the_host(void **state)
{
    struct app app = {.verdict = CPMSYNC_TLS_TRUST};
    struct tls_link *link = tls_link_new(state);
    struct tls_world *world = link->world;
    struct cpmsync_tls_config config = config_asking(link, "mss.example.", &app);
    struct support_certificate middle, leaf;
    struct support_certificate_spec middle_spec = {.common_name = "Middle", .is_ca = 1};
    struct support_certificate_spec leaf_spec = {.common_name = "mss", .dns = {"mss.example"}};
    support_certificate_make(&middle, &middle_spec, &world->ca, &world->random);
    support_certificate_make(&leaf, &leaf_spec, &middle, &world->random);
    support_certificate_append(&leaf, &middle);
    link->certificate = &leaf;
    tls_link_connect(link, &config);
    assert_int_equal(tls_link_shake(link, 0), 1);
    assert_int_equal(app.times, 1);
    assert_int_equal(app.flags, 0);
    assert_string_equal(app.host, "mss.example");
    assert_int_equal(app.count, 3);
    assert_certificate(&app, 0, &leaf);
    assert_certificate(&app, 1, &middle);
    assert_certificate(&app, 2, &world->ca);
    tls_link_talk(link);
    tls_link_free(link);
    support_certificate_clear(&leaf);
    support_certificate_clear(&middle);
}

/* Connects to `host`, where the server shows `shown`; whatever is wrong is in app->flags, and is trusted. */
static void assert_trusted_with(
    void **state, const char *host, struct support_certificate *shown, int pinned, uint32_t flags)
{
    uint8_t pins[1][CPMSYNC_TLS_PIN_LEN] = {{0}};
    struct app app = {.verdict = CPMSYNC_TLS_TRUST};
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = config_asking(link, host, &app);
    config.pins = pinned ? (const uint8_t(*)[CPMSYNC_TLS_PIN_LEN])pins : NULL;
    config.pin_count = pinned ? 1 : 0;
    link->certificate = shown;
    tls_link_connect(link, &config);
    assert_int_equal(tls_link_shake(link, 0), 1);
    assert_int_equal(app.flags, flags);
    assert_certificate(&app, 0, shown);
    assert_int_equal(tls_link_info(link).x509_flags, 0);
    tls_link_talk(link);
    tls_link_free(link);
}

static void test_r_27_the_app_may_trust_what_we_would_not(void **state)
{
    struct tls_world *world = *state;
    assert_trusted_with(state, "mss.example", &world->self_signed, 0, MBEDTLS_X509_BADCERT_NOT_TRUSTED);
    assert_trusted_with(state, "mss.example", &world->expired, 0, MBEDTLS_X509_BADCERT_EXPIRED);
    assert_trusted_with(state, "evil.example", &world->server, 0, MBEDTLS_X509_BADCERT_CN_MISMATCH);
    assert_trusted_with(state, "mss.example", &world->common_name, 0, MBEDTLS_X509_BADCERT_CN_MISMATCH);
    assert_trusted_with(state, "mss.example", &world->server, 1, MBEDTLS_X509_BADCERT_OTHER);
}

static void test_r_27_unreadable_anchors_are_an_error_unasked(void **state)
{
    struct app app = {.verdict = CPMSYNC_TLS_TRUST};
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = config_asking(link, "mss.example", &app);
    config.ca_data = (const uint8_t *)"no certificate";
    config.ca_data_len = 15;
    tls_link_connect(link, &config);
    assert_int_equal(tls_link_shake(link, 0), CPMSYNC_ERR_TLS_TRUST);
    assert_int_equal(app.times, 0);
    tls_link_free(link);
}

/* ---------------------------------------------------------------- waiting */

/* Until the client has asked and waits. */
static void wait_for_answer(struct tls_link *link, struct app *app, int64_t now)
{
    assert_int_equal(tls_link_shake(link, now), 0);
    assert_int_equal(app->times, 1);
}

static void test_r_27_no_octet_leaves_before_the_answer(void **state)
{
    char octets[8];
    struct cpmsync_pollfd fd;
    struct app app = {.verdict = CPMSYNC_TLS_LATER};
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = config_asking(link, "mss.example", &app);
    config.handshake_timeout_ms = 9000;
    tls_link_connect(link, &config);
    assert_int_equal(tls_link_step(link, 1000), 0);
    int64_t sent = link->up.total; /* the hello */
    wait_for_answer(link, &app, 1000);
    assert_int_equal(link->up.total, sent);
    assert_int_equal(tls_link_send(link, "a LOGIN u p\r\n", 13), 0);
    assert_int_equal(tls_link_recv(link, octets, sizeof(octets)), 0);
    assert_int_equal(tls_link_step(link, 5000), 0);
    assert_int_equal(link->up.total, sent);
    assert_int_equal(app.times, 1);
    assert_int_equal(tls_link_info(link).secure, 0);
    /* What the server sent on wakes nobody, its time runs on. */
    assert_int_equal(link->transport.ops->pollfds(link->transport.self, CPMSYNC_POLL_READ, &fd, 1), 1);
    assert_int_equal(fd.events, 0);
    assert_int_equal(expiry(link), 10000);

    assert_int_equal(cpmsync_tls_trust_answer(app.connector, app.id, CPMSYNC_TLS_TRUST), 0);
    assert_true(expiry(link) <= 5000);
    assert_int_equal(link->up.total, sent);
    assert_int_equal(cpmsync_tls_trust_answer(app.connector, app.id, CPMSYNC_TLS_REFUSE), CPMSYNC_ERR_NOT_FOUND);
    if (!tls_link_step(link, 5001)) /* in TLS 1.3 all that is needed is here by now */
        assert_int_equal(expiry(link), 10000);
    assert_int_equal(tls_link_shake(link, 5001), 1);
    assert_int_equal(app.times, 1);
    tls_link_talk(link);
    tls_link_free(link);
}

static void test_r_27_a_refusal_now_or_later_ends_the_connection(void **state)
{
    for (int late = 0; late < 2; late++) {
        struct app app = {.verdict = late ? CPMSYNC_TLS_LATER : CPMSYNC_TLS_REFUSE};
        struct tls_link *link = tls_link_new(state);
        struct cpmsync_tls_config config = config_asking(link, "mss.example", &app);
        tls_link_connect(link, &config);
        if (late) {
            wait_for_answer(link, &app, 0);
            assert_int_equal(cpmsync_tls_trust_answer(app.connector, app.id, CPMSYNC_TLS_REFUSE), 0);
        }
        assert_int_equal(tls_link_shake(link, 0), CPMSYNC_ERR_TLS_CERT);
        assert_int_equal(tls_link_info(link).x509_flags, MBEDTLS_X509_BADCERT_OTHER);
        assert_int_equal(tls_link_info(link).backend_code, MBEDTLS_ERR_X509_CERT_VERIFY_FAILED);
        assert_int_equal(tls_link_send(link, "x", 1), CPMSYNC_ERR_TLS_CERT);
        assert_int_equal(expiry(link), CPMSYNC_NEVER);
        /* TLS 1.3's server waits for an encrypted alert, which mbedTLS does not send this early. */
        int code = support_tls_server_step(&link->server);
        assert_true(code < 0);
        if (!cpmsync_tls_is_1_3(&link->server.ssl))
            assert_int_equal(code, MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE);
        tls_link_free(link);
    }
}

static void test_r_27_a_refusal_says_what_was_wrong(void **state)
{
    struct app app = {.verdict = -77}; /* no verdict at all is none for us */
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = config_asking(link, "evil.example", &app);
    tls_link_connect(link, &config);
    assert_int_equal(tls_link_shake(link, 0), CPMSYNC_ERR_TLS_HOST);
    assert_int_equal(tls_link_info(link).x509_flags, MBEDTLS_X509_BADCERT_CN_MISMATCH);
    tls_link_free(link);
}

static void test_r_27_waiting_ends_with_the_handshake_time(void **state)
{
    struct app app = {.verdict = CPMSYNC_TLS_LATER};
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = config_asking(link, "mss.example", &app);
    config.handshake_timeout_ms = 9000;
    tls_link_connect(link, &config);
    wait_for_answer(link, &app, 0);
    assert_int_equal(tls_link_step(link, 8999), 0);
    assert_int_equal(tls_link_step(link, 9000), CPMSYNC_ERR_TIMEOUT);
    assert_int_equal(cpmsync_tls_trust_answer(app.connector, app.id, CPMSYNC_TLS_TRUST), CPMSYNC_ERR_NOT_FOUND);
    assert_int_equal(tls_link_step(link, 9001), CPMSYNC_ERR_TIMEOUT);
    tls_link_free(link);
}

static void test_r_27_a_connection_may_be_closed_while_it_waits(void **state)
{
    struct support_allocator allocator;
    struct app app = {.verdict = CPMSYNC_TLS_LATER};
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = config_asking(link, "mss.example", &app);
    support_allocator_init(&allocator);
    config.allocator = &allocator.mem;
    tls_link_connect(link, &config);
    wait_for_answer(link, &app, 0);
    uint64_t first = app.id;
    tls_link_disconnect(link);
    assert_int_equal(cpmsync_tls_trust_answer(app.connector, first, CPMSYNC_TLS_TRUST), CPMSYNC_ERR_NOT_FOUND);

    /* The next connection asks anew; an answer to the old question is none to this one. */
    app.times = 0;
    tls_link_reconnect(link, 0);
    wait_for_answer(link, &app, 0);
    assert_true(app.id != first);
    assert_int_equal(cpmsync_tls_trust_answer(app.connector, first, CPMSYNC_TLS_TRUST), CPMSYNC_ERR_NOT_FOUND);
    assert_int_equal(tls_link_step(link, 1), 0);
    assert_int_equal(cpmsync_tls_trust_answer(app.connector, app.id, CPMSYNC_TLS_TRUST), 0);
    assert_int_equal(tls_link_shake(link, 2), 1);
    tls_link_free(link);
    assert_int_equal(allocator.live_blocks, 0);
}

static void test_r_27_an_answer_finds_the_connection_that_asked(void **state)
{
    struct cpmsync_transport other;
    struct app app = {.verdict = CPMSYNC_TLS_LATER};
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = config_asking(link, "mss.example", &app);
    tls_link_connect(link, &config);
    wait_for_answer(link, &app, 0);
    assert_int_equal(link->connector.ops->open(link->connector.self, 0, &other), 0);
    assert_int_equal(cpmsync_tls_trust_answer(app.connector, 0, CPMSYNC_TLS_TRUST), CPMSYNC_ERR_NOT_FOUND);
    assert_int_equal(cpmsync_tls_trust_answer(app.connector, app.id + 1, CPMSYNC_TLS_TRUST), CPMSYNC_ERR_NOT_FOUND);
    assert_int_equal(cpmsync_tls_trust_answer(app.connector, app.id, CPMSYNC_TLS_TRUST), 0);
    assert_int_equal(tls_link_shake(link, 0), 1);
    link->transport.ops->close(link->transport.self);
    link->transport = other;
    tls_link_free(link);
}

static void test_r_27_an_answer_inside_the_callback_counts(void **state)
{
    struct app app = {.verdict = CPMSYNC_TLS_LATER, .inside = CPMSYNC_TLS_TRUST};
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = config_asking(link, "mss.example", &app);
    tls_link_connect(link, &config);
    assert_int_equal(tls_link_shake(link, 0), 1);
    tls_link_disconnect(link);
    tls_link_drop(link);
    /* It came first, so it is the one that counts. */
    app.inside = CPMSYNC_TLS_REFUSE;
    app.verdict = CPMSYNC_TLS_TRUST;
    tls_link_connect(link, &config);
    assert_int_equal(tls_link_shake(link, 0), CPMSYNC_ERR_TLS_CERT);
    tls_link_free(link);
}

static void test_wrong_answers_are_refused(void **state)
{
    struct app app = {.verdict = CPMSYNC_TLS_LATER};
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = config_asking(link, "mss.example", &app);
    tls_link_connect(link, &config);
    wait_for_answer(link, &app, 0);
    assert_int_equal(cpmsync_tls_trust_answer(NULL, app.id, CPMSYNC_TLS_TRUST), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_tls_trust_answer(app.connector, app.id, 0), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_tls_trust_answer(app.connector, app.id, 2), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(tls_link_step(link, 0), 0);
    tls_link_free(link);
}

/* ---------------------------------------------------------------- a client's */

/* A client that wants to log in, over a TLS connector of its own. */
static void client_start(struct tls_link *link, struct support_script *script, struct app *app)
{
    struct cpmsync_tls_config config = config_asking(link, "mss.example", app);
    config.handshake_timeout_ms = 9000;
    assert_int_equal(tls_link_make(link, &config), 0);
    support_script_init(script);
    support_script_open(script);
    assert_int_equal(cpmsync_client_connector(script->client, &link->connector), 0);
    tls_link_server(link);
    support_script_login(script);
}

static void client_end(struct tls_link *link, struct support_script *script)
{
    support_script_close(script);
    assert_int_equal(link->inner_frees, 1);
    assert_int_equal(link->inner_open, 0);
    support_tls_server_clear(&link->server);
    test_free(link);
}

/* Both sides by turns, often enough for anything. */
static int client_shake(struct tls_link *link, struct support_script *script, int64_t now)
{
    int server = 0;
    for (int i = 0; i < 10 && script->client; i++) {
        assert_int_equal(cpmsync_client_step(script->client, now, 0), 0);
        server = support_tls_server_step(&link->server);
    }
    return server;
}

static void test_r_27_a_client_sleeps_until_the_app_answers(void **state)
{
    char octets[64];
    struct cpmsync_pollfd fds[4];
    struct app app = {.verdict = CPMSYNC_TLS_LATER};
    static struct support_script script;
    struct tls_link *link = tls_link_new(state);
    client_start(link, &script, &app);
    assert_int_equal(client_shake(link, &script, 1000), 0);
    assert_int_equal(app.times, 1);
    assert_int_equal(cpmsync_client_want(script.client) & CPMSYNC_WANT_NOW, 0);
    assert_int_equal(cpmsync_client_expiry(script.client), 10000);
    assert_int_equal(cpmsync_client_pollfds(script.client, fds, 4), 2); /* whose wakes, and the transport's */
    assert_int_equal(fds[1].events, 0);

    assert_int_equal(cpmsync_tls_trust_answer(app.connector, app.id, CPMSYNC_TLS_TRUST), 0);
    assert_true(cpmsync_client_expiry(script.client) <= 1000);
    assert_int_equal(client_shake(link, &script, 2000), 1);
    assert_int_equal(mbedtls_ssl_write(&link->server.ssl, (const unsigned char *)"* OK ready\r\n", 12), 12);
    assert_int_equal(cpmsync_client_step(script.client, 2000, 0), 0);
    assert_true(mbedtls_ssl_read(&link->server.ssl, (unsigned char *)octets, sizeof(octets)) > 0);
    assert_memory_equal(octets, "C1 CAPABILITY\r\n", 15);
    client_end(link, &script);
}

static void test_r_27_a_client_may_be_freed_when_it_asks_or_waits(void **state)
{
    for (int inside = 0; inside < 2; inside++) {
        static struct support_script script;
        struct app app = {.verdict = CPMSYNC_TLS_LATER, .frees = inside ? &script : NULL};
        struct tls_link *link = tls_link_new(state);
        client_start(link, &script, &app);
        client_shake(link, &script, 1000);
        assert_int_equal(app.times, 1);
        client_end(link, &script);
    }
}

/* ---------------------------------------------------------------- resumption and memory */

static void test_r_26_what_the_app_trusted_is_resumed_only_where_the_app_is_asked(void **state)
{
    struct app app = {.verdict = CPMSYNC_TLS_TRUST};
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = tls_link_config_with_hooks(link, "mss.example");
    config.trust_ctx = &app;
    config.trust = on_trust;
    link->certificate = &link->world->self_signed;
    assert_int_equal(tls_link_make(link, &config), 0);
    assert_int_equal(tls_link_visit(link, 0), 0);
    assert_int_equal(tls_link_visit(link, 0), 1);
    assert_int_equal(app.times, 1);
    tls_link_drop(link);

    config.trust = NULL;
    tls_link_connect(link, &config);
    assert_int_equal(tls_link_shake(link, 0), CPMSYNC_ERR_TLS_CERT);
    tls_link_disconnect(link);
    tls_link_drop(link);

    /* And the other way round: what nobody was asked about is asked about. */
    link->certificate = &link->world->server;
    assert_int_equal(tls_link_make(link, &config), 0);
    assert_int_equal(tls_link_visit(link, 0), 0);
    tls_link_drop(link);
    config.trust = on_trust;
    app.verdict = CPMSYNC_TLS_REFUSE;
    tls_link_connect(link, &config);
    assert_int_equal(tls_link_shake(link, 0), CPMSYNC_ERR_TLS_CERT);
    assert_int_equal(app.times, 2);
    tls_link_free(link);
}

static void test_r_26_nothing_is_kept_of_a_handshake_that_still_waits(void **state)
{
    struct app app = {.verdict = CPMSYNC_TLS_LATER};
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = tls_link_config_with_hooks(link, "mss.example");
    config.trust_ctx = &app;
    config.trust = on_trust;
    tls_link_connect(link, &config);
    wait_for_answer(link, &app, 0);
    tls_link_disconnect(link);
    assert_int_equal(link->saves, 0);
    tls_link_free(link);
}

static void test_every_failing_allocation_is_no_memory_and_no_leak(void **state)
{
    struct support_allocator allocator;
    uint64_t n;
    support_allocator_init(&allocator);
    for (n = 1;; n++) {
        struct app app = {.verdict = CPMSYNC_TLS_TRUST};
        struct tls_link *link = tls_link_new(state);
        struct cpmsync_tls_config config = config_asking(link, "mss.example", &app);
        config.allocator = &allocator.mem;
        config.no_resumption = 1;
        support_allocator_fail_at(&allocator, n);
        int error = tls_link_make(link, &config);
        if (!error) {
            tls_link_server(link);
            error = tls_link_open(link, 0);
            if (error)
                support_tls_server_clear(&link->server);
        }
        if (!error) {
            int result = tls_link_shake(link, 0);
            error = result < 0 ? result : 0;
            tls_link_disconnect(link);
        }
        assert_int_equal(error, allocator.failures ? CPMSYNC_ERR_NOMEM : 0);
        if (link->connector.ops)
            cpmsync_connector_free(&link->connector);
        assert_int_equal(allocator.live_blocks, 0);
        test_free(link);
        if (!allocator.failures)
            break;
    }
    assert_true(n >= 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_r_27_the_app_sees_the_chain_the_flags_and_the_host),
        cmocka_unit_test(test_r_27_the_app_may_trust_what_we_would_not),
        cmocka_unit_test(test_r_27_unreadable_anchors_are_an_error_unasked),
        cmocka_unit_test(test_r_27_no_octet_leaves_before_the_answer),
        cmocka_unit_test(test_r_27_a_refusal_now_or_later_ends_the_connection),
        cmocka_unit_test(test_r_27_a_refusal_says_what_was_wrong),
        cmocka_unit_test(test_r_27_waiting_ends_with_the_handshake_time),
        cmocka_unit_test(test_r_27_a_connection_may_be_closed_while_it_waits),
        cmocka_unit_test(test_r_27_an_answer_finds_the_connection_that_asked),
        cmocka_unit_test(test_r_27_an_answer_inside_the_callback_counts),
        cmocka_unit_test(test_wrong_answers_are_refused),
        cmocka_unit_test(test_r_27_a_client_sleeps_until_the_app_answers),
        cmocka_unit_test(test_r_27_a_client_may_be_freed_when_it_asks_or_waits),
        cmocka_unit_test(test_r_26_what_the_app_trusted_is_resumed_only_where_the_app_is_asked),
        cmocka_unit_test(test_r_26_nothing_is_kept_of_a_handshake_that_still_waits),
        cmocka_unit_test(test_every_failing_allocation_is_no_memory_and_no_leak),
    };
    return cmocka_run_group_tests(tests, tls_world_setup, tls_world_teardown);
}
