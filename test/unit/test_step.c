/* SPDX-License-Identifier: MIT */
/* The step face over a transport and a connector that are scripts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "client/step.h"
#include "support/client_script.h"

struct fake {
    struct support_script script;
    struct cpmsync_connector connector;
    /* counts */
    unsigned opens, closes, frees, steps, starts, wakes, wokens;
    int64_t moved; /* octets, both ways */
    bool alive;
    bool reenters; /* its step calls the client's, as a hook of the app might */
    /* what the transport does */
    int open_error, step_error, send_error, recv_error, starttls_error;
    unsigned steps_to_ready; /* left until step returns 1 */
    size_t most;             /* octets a call moves */
    bool stutter;            /* two calls of three would block */
    bool full;               /* nothing can be sent */
    unsigned calls;
    int64_t expiry;
    bool secure;
    /* the server */
    char in[2048];
    size_t in_len, in_pos;
    char out[4096];
    size_t out_len;
};

static int fake_step(void *self, int64_t now)
{
    struct fake *fake = self;

    assert_true(fake->alive);
    fake->steps++;
    if (fake->reenters)
        assert_int_equal(cpmsync_client_step(fake->script.client, now, 0), CPMSYNC_ERR_STATE);
    if (fake->step_error)
        return fake->step_error;
    if (fake->steps_to_ready) {
        fake->steps_to_ready--;
        return 0;
    }
    return 1;
}

static bool stutters(struct fake *fake)
{
    assert_true(fake->alive);
    assert_int_equal(fake->steps_to_ready, 0); /* not while it connects or shakes hands (S-01) */
    return fake->stutter && ++fake->calls % 3;
}

static int64_t fake_recv(void *self, void *data, size_t size)
{
    struct fake *fake = self;
    size_t len = fake->in_len - fake->in_pos;

    assert_true(size > 0);
    if (stutters(fake))
        return 0;
    if (len == 0)
        return fake->recv_error;
    len = len < size ? len : size;
    len = len < fake->most ? len : fake->most;
    memcpy(data, fake->in + fake->in_pos, len);
    fake->in_pos += len;
    fake->moved += (int64_t)len;
    return (int64_t)len;
}

static int64_t fake_send(void *self, const void *data, size_t size)
{
    struct fake *fake = self;

    assert_true(size > 0);
    if (stutters(fake) || fake->full)
        return 0;
    if (fake->send_error)
        return fake->send_error;
    size = size < fake->most ? size : fake->most;
    assert_true(fake->out_len + size < sizeof fake->out);
    memcpy(fake->out + fake->out_len, data, size);
    fake->out_len += size;
    fake->out[fake->out_len] = '\0';
    fake->moved += (int64_t)size;
    return (int64_t)size;
}

static int64_t fake_expiry(void *self)
{
    return ((struct fake *)self)->expiry;
}

static size_t fake_pollfds(void *self, unsigned want, struct cpmsync_pollfd *fds, size_t max)
{
    (void)self;
    if (max) {
        fds[0].fd = 70;
        fds[0].events = want;
    }
    return 1;
}

static size_t fake_pending(void *self)
{
    struct fake *fake = self;

    return fake->in_len - fake->in_pos;
}

static int fake_starttls(void *self)
{
    struct fake *fake = self;

    fake->starts++;
    if (fake->starttls_error)
        return fake->starttls_error;
    fake->secure = true;
    fake->steps_to_ready = 2;
    return 0;
}

static void fake_info(void *self, struct cpmsync_transport_info *info)
{
    struct fake *fake = self;

    assert_int_equal(info->size, sizeof *info);
    info->secure = fake->secure;
    info->x509_flags = 8;
    info->backend_code = 111;
    info->detail = "";
}

static void fake_close(void *self)
{
    struct fake *fake = self;

    assert_true(fake->alive);
    fake->alive = false;
    fake->closes++;
}

static const struct cpmsync_transport_ops TRANSPORT = {sizeof TRANSPORT, fake_step, fake_recv, fake_send, fake_expiry,
    fake_pollfds, fake_pending, fake_starttls, fake_info, fake_close};

static int connector_open(void *self, int64_t now, struct cpmsync_transport *transport)
{
    struct fake *fake = self;

    (void)now;
    assert_false(fake->alive);
    fake->opens++;
    if (fake->open_error)
        return fake->open_error;
    fake->alive = true;
    fake->in_len = fake->in_pos = fake->out_len = 0;
    transport->ops = &TRANSPORT;
    transport->self = fake;
    return 0;
}

static size_t connector_pollfds(void *self, struct cpmsync_pollfd *fds, size_t max)
{
    (void)self;
    if (max) {
        fds[0].fd = 60;
        fds[0].events = CPMSYNC_POLL_READ;
    }
    return 1;
}

static int connector_wake(void *self)
{
    ((struct fake *)self)->wakes++;
    return 0;
}

static void connector_woken(void *self)
{
    ((struct fake *)self)->wokens++;
}

static void connector_free(void *self)
{
    struct fake *fake = self;

    assert_false(fake->alive); /* after its last transport was closed */
    fake->frees++;
}

static const struct cpmsync_connector_ops CONNECTOR = {
    sizeof CONNECTOR, connector_open, connector_pollfds, connector_wake, connector_woken, connector_free};

static void open_fake(struct fake *fake)
{
    memset(fake, 0, sizeof *fake);
    support_script_init(&fake->script);
    fake->connector.ops = &CONNECTOR;
    fake->connector.self = fake;
    fake->most = sizeof fake->in;
    fake->expiry = CPMSYNC_NEVER;
    fake->secure = true;
    support_script_open(&fake->script);
    assert_int_equal(cpmsync_client_connector(fake->script.client, &fake->connector), 0);
    assert_null(fake->connector.ops); /* taken over */
}

static void close_fake(struct fake *fake)
{
    support_script_close(&fake->script);
    assert_int_equal(fake->frees, 1);
    assert_int_equal(fake->opens, fake->closes);
}

static void says(struct fake *fake, const char *text)
{
    size_t len = strlen(text);

    assert_true(fake->in_len + len < sizeof fake->in);
    memcpy(fake->in + fake->in_len, text, len);
    fake->in_len += len;
}

static void step(struct fake *fake, int64_t budget)
{
    assert_int_equal(cpmsync_client_step(fake->script.client, fake->script.now, budget), 0);
}

/* Steps as a loop would, as long as something can move; returns how often. */
static unsigned run(struct fake *fake, int64_t budget)
{
    unsigned turns = 0, idle = 0;

    while (fake->script.client && turns < 2000) {
        int64_t before = fake->moved;
        step(fake, budget);
        turns++;
        if (budget)
            assert_in_range(fake->moved - before, 0, budget);
        bool now = (cpmsync_client_want(fake->script.client) & CPMSYNC_WANT_NOW) != 0;
        idle = now || fake->steps_to_ready || fake->moved != before ? 0 : idle + 1;
        if (idle == 4)
            break;
    }
    assert_in_range(turns, 1, 1999);
    return turns;
}

#define GREETING "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready\r\n"
#define WELCOME "C1 OK [CAPABILITY IMAP4rev1 UNSELECT] welcome\r\n"
#define AUTHENTICATE "C1 AUTHENTICATE PLAIN AGZyZWQAc2VjcmV0\r\n"

static void log_in(struct fake *fake, int64_t budget)
{
    run(fake, budget);
    says(fake, GREETING);
    run(fake, budget);
    assert_string_equal(fake->out, AUTHENTICATE);
    says(fake, WELCOME);
    run(fake, budget);
}

static void test_a_login_moves_by_itself(void **state)
{
    struct fake fake;

    (void)state;
    open_fake(&fake);
    assert_int_equal(cpmsync_client_want(fake.script.client), 0);
    step(&fake, 0);
    assert_int_equal(fake.opens, 0); /* nothing asked for it */
    support_script_login(&fake.script);
    assert_int_equal(cpmsync_client_want(fake.script.client), CPMSYNC_WANT_NOW);
    fake.steps_to_ready = 2;
    step(&fake, 0);
    assert_int_equal(fake.opens, 1);
    log_in(&fake, 0);
    assert_int_equal(fake.script.done[1], 1);
    assert_int_equal(fake.script.errors[1], 0);
    assert_int_equal(cpmsync_client_want(fake.script.client), CPMSYNC_WANT_READ);
    close_fake(&fake);
}

static void test_a_budget_of_one_octet(void **state)
{
    struct fake fake;

    (void)state;
    open_fake(&fake);
    support_script_login(&fake.script);
    log_in(&fake, 1);
    assert_int_equal(fake.script.done[1], 1);
    assert_int_equal(fake.script.errors[1], 0);
    close_fake(&fake);
}

static void test_partial_sends_and_a_transport_that_blocks(void **state)
{
    struct fake fake;

    (void)state;
    open_fake(&fake);
    fake.most = 1;
    fake.stutter = true;
    support_script_login(&fake.script);
    log_in(&fake, 0);
    assert_int_equal(fake.script.done[1], 1);
    assert_int_equal(fake.script.errors[1], 0);
    close_fake(&fake);
}

static void test_a_negative_budget_is_refused(void **state)
{
    struct fake fake;

    (void)state;
    open_fake(&fake);
    assert_int_equal(cpmsync_client_step(fake.script.client, 0, -1), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_client_step(NULL, 0, 0), CPMSYNC_ERR_INVALID_ARGUMENT);
    close_fake(&fake);
}

static void test_each_failing_call_of_the_transport_is_one_error(void **state)
{
    (void)state;
    for (int which = 0; which < 5; which++) {
        struct fake fake;
        open_fake(&fake);
        support_script_login(&fake.script);
        support_script_login(&fake.script);
        int error = CPMSYNC_ERR_TLS_CERT;
        if (which == 0)
            fake.open_error = error;
        if (which == 1)
            fake.step_error = error;
        run(&fake, 0);
        if (which >= 2)
            says(&fake, GREETING);
        if (which == 2)
            fake.send_error = error;
        if (which == 3)
            fake.recv_error = error; /* behind what came */
        if (which == 4) {
            run(&fake, 0);
            fake.step_error = error; /* a timeout of its own, say */
        }
        run(&fake, 0);
        for (int id = 1; id <= 2; id++) {
            assert_int_equal(fake.script.done[id], 1);
            assert_int_equal(fake.script.errors[id], error);
        }
        assert_false(fake.alive);
        assert_int_equal(cpmsync_client_want(fake.script.client), 0);
        /* The next submit tries again. */
        fake.open_error = fake.step_error = fake.send_error = fake.recv_error = 0;
        support_script_login(&fake.script);
        log_in(&fake, 0);
        assert_int_equal(fake.script.errors[3], 0);
        assert_int_equal(fake.script.done[3], 1);
        if (which == 0)
            fake.closes++; /* it was never opened */
        close_fake(&fake);
    }
}

static struct cpmsync_fault seen;
static void keep_fault(void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_fault *fault)
{
    (void)ctx;
    (void)client;
    (void)operation;
    seen = *fault;
}

static void test_the_transports_own_words_come_along(void **state)
{
    struct fake fake;

    (void)state;
    open_fake(&fake);
    cpmsync_client_login(fake.script.client, keep_fault, NULL);
    fake.step_error = CPMSYNC_ERR_TLS_HOST;
    run(&fake, 0);
    assert_int_equal(seen.error, CPMSYNC_ERR_TLS_HOST);
    assert_int_equal(seen.x509_flags, 8);
    assert_int_equal(seen.backend_code, 111);
    close_fake(&fake);
}

static void test_s_01_starttls_waits_for_the_handshake(void **state)
{
    (void)state;
    for (int fails = 0; fails < 2; fails++) {
        struct fake fake;
        open_fake(&fake);
        support_script_restart(&fake.script);
        assert_int_equal(fake.frees, 1);
        fake.frees = 0;
        fake.connector.ops = &CONNECTOR;
        fake.connector.self = &fake;
        fake.script.config.security = CPMSYNC_TLS_STARTTLS;
        fake.secure = false;
        support_script_open(&fake.script);
        assert_int_equal(cpmsync_client_connector(fake.script.client, &fake.connector), 0);
        support_script_login(&fake.script);
        run(&fake, 0);
        says(&fake, "* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] ready\r\n");
        run(&fake, 0);
        assert_string_equal(fake.out, "C1 STARTTLS\r\n");
        fake.out_len = 0;
        if (fails)
            fake.starttls_error = CPMSYNC_ERR_UNSUPPORTED;
        says(&fake, "C1 OK begin\r\n");
        run(&fake, 0);
        assert_int_equal(fake.starts, 1);
        if (fails) {
            assert_int_equal(fake.script.errors[1], CPMSYNC_ERR_UNSUPPORTED);
            assert_int_equal(fake.script.done[1], 1);
        } else {
            assert_string_equal(fake.out, "C2 CAPABILITY\r\n");
            says(&fake, "* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\r\nC2 OK x\r\n");
            run(&fake, 0);
            says(&fake, "C3 OK [CAPABILITY IMAP4rev1] x\r\n");
            run(&fake, 0);
            assert_int_equal(fake.script.done[1], 1);
            assert_int_equal(fake.script.errors[1], 0);
        }
        close_fake(&fake);
    }
}

static void test_pf_87_pending_octets_forbid_sleep(void **state)
{
    struct fake fake;

    (void)state;
    open_fake(&fake);
    support_script_login(&fake.script);
    run(&fake, 0);
    assert_int_equal(cpmsync_client_want(fake.script.client), CPMSYNC_WANT_READ);
    says(&fake, GREETING);
    assert_true(cpmsync_client_want(fake.script.client) & CPMSYNC_WANT_NOW);
    close_fake(&fake);
}

static void test_pollfds_and_expiry(void **state)
{
    struct fake fake;
    struct cpmsync_pollfd fds[4] = {{0, 0}};

    (void)state;
    open_fake(&fake);
    assert_int_equal(cpmsync_client_pollfds(fake.script.client, fds, 4), 1);
    assert_int_equal(fds[0].fd, 60);
    support_script_login(&fake.script);
    fake.stutter = false;
    run(&fake, 0);
    assert_int_equal(cpmsync_client_pollfds(fake.script.client, NULL, 0), 2);
    assert_int_equal(cpmsync_client_pollfds(fake.script.client, fds, 1), 2);
    assert_int_equal(cpmsync_client_pollfds(fake.script.client, fds, 4), 2);
    assert_int_equal(fds[1].fd, 70);
    assert_int_equal(fds[1].events, CPMSYNC_POLL_READ);
    fake.most = 0; /* the peer takes nothing */
    says(&fake, "");
    assert_int_equal(cpmsync_client_expiry(fake.script.client), fake.script.now + 60000);
    fake.expiry = 1234;
    assert_int_equal(cpmsync_client_expiry(fake.script.client), 1234);
    assert_int_equal(cpmsync_client_pollfds(NULL, fds, 4), 0);
    close_fake(&fake);
}

static void test_output_that_does_not_go_watches_for_writing(void **state)
{
    struct fake fake;
    struct cpmsync_pollfd fds[2];

    (void)state;
    open_fake(&fake);
    support_script_login(&fake.script);
    run(&fake, 0);
    says(&fake, GREETING);
    step(&fake, (int64_t)strlen(GREETING)); /* the budget ends before the answer is sent */
    assert_int_equal(fake.out_len, 0);
    assert_true(cpmsync_client_want(fake.script.client) & CPMSYNC_WANT_NOW);
    assert_true(cpmsync_client_want(fake.script.client) & CPMSYNC_WANT_WRITE);
    assert_int_equal(cpmsync_client_pollfds(fake.script.client, fds, 2), 2);
    assert_int_equal(fds[1].events, CPMSYNC_POLL_READ | CPMSYNC_POLL_WRITE);
    close_fake(&fake);
}

static void test_p_16_what_the_server_says_is_read_while_nothing_can_be_sent(void **state)
{
    struct fake fake;

    (void)state;
    open_fake(&fake);
    support_script_login(&fake.script);
    run(&fake, 0);
    fake.most = 64;   /* not all in one call */
    fake.full = true; /* until the server, whose own buffers are full, has got rid of what it says */
    says(&fake, GREETING);
    for (int i = 0; i < 100; i++)
        says(&fake, "* OK still here\r\n");
    run(&fake, 0);
    assert_int_equal(fake_pending(&fake), 0);
    assert_int_equal(fake.out_len, 0);
    assert_true(cpmsync_client_want(fake.script.client) & CPMSYNC_WANT_READ);
    fake.full = false;
    run(&fake, 0);
    assert_string_equal(fake.out, AUTHENTICATE);
    says(&fake, WELCOME);
    run(&fake, 0);
    assert_int_equal(fake.script.done[1], 1);
    assert_int_equal(fake.script.errors[1], 0);
    close_fake(&fake);
}

static void test_wake_goes_through_the_connector(void **state)
{
    struct fake fake;

    (void)state;
    open_fake(&fake);
    assert_int_equal(cpmsync_client_wake(fake.script.client), 0);
    assert_int_equal(fake.wakes, 1);
    assert_int_equal(fake.wokens, 0);
    step(&fake, 0);
    assert_int_equal(fake.wokens, 1);
    close_fake(&fake);
}

static void test_a_connector_is_given_once(void **state)
{
    struct fake fake;
    struct cpmsync_connector second = {&CONNECTOR, &fake};
    struct cpmsync_connector none = {NULL, NULL};

    (void)state;
    open_fake(&fake);
    assert_int_equal(cpmsync_client_connector(fake.script.client, &second), CPMSYNC_ERR_STATE);
    assert_ptr_equal(second.ops, &CONNECTOR);
    assert_int_equal(cpmsync_client_connector(fake.script.client, &none), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_client_connector(NULL, &second), CPMSYNC_ERR_INVALID_ARGUMENT);
    close_fake(&fake);
}

static void test_logout_closes_and_the_next_submit_opens_again(void **state)
{
    struct fake fake;

    (void)state;
    open_fake(&fake);
    support_script_login(&fake.script);
    log_in(&fake, 0);
    support_script_logout(&fake.script);
    assert_true(cpmsync_client_want(fake.script.client) & CPMSYNC_WANT_NOW);
    run(&fake, 0);
    says(&fake, "* BYE x\r\nC2 OK x\r\n");
    run(&fake, 0);
    assert_int_equal(fake.script.done[2], 1);
    assert_int_equal(fake.script.errors[2], 0);
    assert_false(fake.alive);
    assert_int_equal(cpmsync_client_want(fake.script.client), 0);
    support_script_login(&fake.script);
    log_in(&fake, 0);
    assert_int_equal(fake.script.done[3], 1);
    assert_int_equal(fake.opens, 2);
    close_fake(&fake);
}

/* ---- from inside */

static enum cpmsync_conn_state free_at;
static int free_at_state(struct support_script *script, const struct cpmsync_event *event)
{
    if (event->type == CPMSYNC_EVENT_STATE && event->state == free_at) {
        assert_int_equal(cpmsync_client_step(script->client, 0, 0), CPMSYNC_ERR_STATE);
        cpmsync_client_free(script->client);
    }
    return 0;
}

static void test_free_during_step_waits_for_its_end(void **state)
{
    const enum cpmsync_conn_state states[] = {
        CPMSYNC_CONN_CONNECTING, CPMSYNC_CONN_LOGIN, CPMSYNC_CONN_READY, CPMSYNC_CONN_CLOSED};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct fake fake;
        open_fake(&fake);
        fake.script.on_event = free_at_state;
        free_at = states[i];
        support_script_login(&fake.script);
        support_script_login(&fake.script);
        if (i >= 2) {
            step(&fake, 0);
            says(&fake, GREETING);
            step(&fake, 0);
            if (i == 2)
                says(&fake, WELCOME);
            else
                fake.recv_error = CPMSYNC_ERR_CLOSED;
        }
        step(&fake, 0);
        fake.script.client = NULL;
        assert_int_equal(fake.script.allocator.live_blocks, 0);
        assert_int_equal(fake.script.done[1], 1);
        assert_int_equal(fake.script.done[2], 1);
        close_fake(&fake);
    }
}

static void free_at_done(struct support_script *script, int64_t operation, int error)
{
    (void)operation;
    (void)error;
    cpmsync_client_free(script->client);
}

static void test_free_in_done_during_step(void **state)
{
    (void)state;
    for (int fails = 0; fails < 2; fails++) {
        struct fake fake;
        open_fake(&fake);
        fake.script.on_done = free_at_done;
        support_script_login(&fake.script);
        support_script_login(&fake.script);
        step(&fake, 0);
        if (fails) {
            fake.step_error = CPMSYNC_ERR_TIMEOUT;
        } else {
            says(&fake, GREETING);
            step(&fake, 0);
            says(&fake, WELCOME);
        }
        step(&fake, 0);
        fake.script.client = NULL;
        assert_int_equal(fake.script.allocator.live_blocks, 0);
        assert_int_equal(fake.script.done[1], 1);
        assert_int_equal(fake.script.done[2], 1);
        close_fake(&fake);
    }
}

static void test_step_from_inside_a_transport_is_refused(void **state)
{
    struct fake fake;

    (void)state;
    open_fake(&fake);
    fake.reenters = true;
    support_script_login(&fake.script);
    step(&fake, 0);
    assert_true(fake.steps > 0);
    close_fake(&fake);
}

static void again_at_done(struct support_script *script, int64_t operation, int error)
{
    (void)operation;
    assert_int_equal(error, CPMSYNC_ERR_CONNECT);
    support_script_login(script);
}

static void test_an_app_that_tries_again_at_once_does_not_keep_step(void **state)
{
    struct fake fake;

    (void)state;
    open_fake(&fake);
    fake.open_error = CPMSYNC_ERR_CONNECT;
    fake.script.on_done = again_at_done;
    support_script_login(&fake.script);
    for (unsigned steps = 1; steps <= 3; steps++) {
        step(&fake, 0);
        assert_int_equal(fake.opens, steps);
        assert_true(cpmsync_client_want(fake.script.client) & CPMSYNC_WANT_NOW);
    }
    fake.script.on_done = NULL;
    fake.closes = fake.opens; /* what did not open is not closed */
    close_fake(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_login_moves_by_itself),
        cmocka_unit_test(test_a_budget_of_one_octet),
        cmocka_unit_test(test_partial_sends_and_a_transport_that_blocks),
        cmocka_unit_test(test_a_negative_budget_is_refused),
        cmocka_unit_test(test_each_failing_call_of_the_transport_is_one_error),
        cmocka_unit_test(test_the_transports_own_words_come_along),
        cmocka_unit_test(test_s_01_starttls_waits_for_the_handshake),
        cmocka_unit_test(test_pf_87_pending_octets_forbid_sleep),
        cmocka_unit_test(test_pollfds_and_expiry),
        cmocka_unit_test(test_output_that_does_not_go_watches_for_writing),
        cmocka_unit_test(test_p_16_what_the_server_says_is_read_while_nothing_can_be_sent),
        cmocka_unit_test(test_wake_goes_through_the_connector),
        cmocka_unit_test(test_a_connector_is_given_once),
        cmocka_unit_test(test_logout_closes_and_the_next_submit_opens_again),
        cmocka_unit_test(test_free_during_step_waits_for_its_end),
        cmocka_unit_test(test_free_in_done_during_step),
        cmocka_unit_test(test_step_from_inside_a_transport_is_refused),
        cmocka_unit_test(test_an_app_that_tries_again_at_once_does_not_keep_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
