/* SPDX-License-Identifier: MIT */
/* cpm-mockserver as a program: sockets, TLS, options, exit status. */
#define _POSIX_C_SOURCE 200809L
#include "mock_program.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scram_client.h"

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/md.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>

#ifndef MBEDTLS_PRIVATE
#define MBEDTLS_PRIVATE(member) member
#endif

/* ---- one connection, in clear or over TLS ---- */

struct client {
    int fd;
    int tls;
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    mbedtls_x509_crt ca;
    mbedtls_x509_crt cert; /* its own, shown where the server asks */
    mbedtls_pk_context key;
    mbedtls_ssl_config config;
    mbedtls_ssl_context ssl;
    char heard[20000];
};

static int send_octets(void *ctx, const unsigned char *data, size_t len)
{
    return (int)send(((struct client *)ctx)->fd, data, len, MSG_NOSIGNAL);
}

static int receive_octets(void *ctx, unsigned char *data, size_t size)
{
    return (int)recv(((struct client *)ctx)->fd, data, size, 0);
}

static void client_init(struct client *client, const struct program *server)
{
    memset(client, 0, sizeof *client);
    client->fd = program_dial(server);
    mbedtls_entropy_init(&client->entropy);
    mbedtls_ctr_drbg_init(&client->random);
    mbedtls_x509_crt_init(&client->ca);
    mbedtls_x509_crt_init(&client->cert);
    mbedtls_pk_init(&client->key);
    mbedtls_ssl_config_init(&client->config);
    mbedtls_ssl_init(&client->ssl);
}

static void client_free(struct client *client)
{
    mbedtls_ssl_free(&client->ssl);
    mbedtls_ssl_config_free(&client->config);
    mbedtls_x509_crt_free(&client->ca);
    mbedtls_x509_crt_free(&client->cert);
    mbedtls_pk_free(&client->key);
    mbedtls_ctr_drbg_free(&client->random);
    mbedtls_entropy_free(&client->entropy);
    close(client->fd);
}

/* Shakes hands; `session` is offered if it is not NULL. Returns mbedTLS's code. */
static int secure(struct client *client, const char *ca_file, const char *host, const mbedtls_ssl_session *session)
{
    assert_int_equal(mbedtls_ctr_drbg_seed(&client->random, mbedtls_entropy_func, &client->entropy, NULL, 0), 0);
    assert_int_equal(mbedtls_x509_crt_parse_file(&client->ca, ca_file), 0);
    assert_int_equal(mbedtls_ssl_config_defaults(&client->config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                         MBEDTLS_SSL_PRESET_DEFAULT),
        0);
    mbedtls_ssl_conf_ca_chain(&client->config, &client->ca, NULL);
    mbedtls_ssl_conf_rng(&client->config, mbedtls_ctr_drbg_random, &client->random);
    if (client->cert.raw.p)
        assert_int_equal(mbedtls_ssl_conf_own_cert(&client->config, &client->cert, &client->key), 0);
    assert_int_equal(mbedtls_ssl_setup(&client->ssl, &client->config), 0);
    assert_int_equal(mbedtls_ssl_set_hostname(&client->ssl, host), 0);
    mbedtls_ssl_set_bio(&client->ssl, client, send_octets, receive_octets, NULL);
    if (session)
        assert_int_equal(mbedtls_ssl_set_session(&client->ssl, session), 0);
    client->tls = 1;
    return mbedtls_ssl_handshake(&client->ssl);
}

/* Listens until `part` was heard, or the end of the stream when it is NULL. */
static void hear(struct client *client, const char *part)
{
    size_t len = 0;
    client->heard[0] = 0;
    while (len + 1 < sizeof client->heard && (!part || !strstr(client->heard, part))) {
        unsigned char *to = (unsigned char *)client->heard + len;
        int got = client->tls ? mbedtls_ssl_read(&client->ssl, to, sizeof client->heard - len - 1)
                              : (int)recv(client->fd, to, sizeof client->heard - len - 1, 0);
        if (got <= 0)
            break;
        len += (size_t)got;
        client->heard[len] = 0;
    }
    if (part && !strstr(client->heard, part))
        fail_msg("%s was not heard but %s", part, client->heard);
}

static void say(struct client *client, const char *text, const char *part)
{
    size_t len = strlen(text);
    if (client->tls)
        assert_int_equal(mbedtls_ssl_write(&client->ssl, (const unsigned char *)text, len), (int)len);
    else
        assert_int_equal(send(client->fd, text, len, MSG_NOSIGNAL), (ssize_t)len);
    hear(client, part);
}

static void test_serves_in_clear_until_sigterm(void **state)
{
    static const char *const ARGUMENTS[] = {
        "--user", "me:secret", "--port-file", "port", "--generate", "INBOX=3", NULL};
    struct program server;
    struct client client;
    char port[20] = "";
    (void)state;
    program_start(&server, ARGUMENTS);
    FILE *file = fopen("port", "r");
    assert_non_null(file);
    assert_non_null(fgets(port, sizeof port, file));
    fclose(file);
    assert_int_equal(strtoul(port, NULL, 10), server.port);
    client_init(&client, &server);
    hear(&client, "cpm-mockserver ready\r\n");
    assert_null(strstr(client.heard, "STARTTLS"));
    say(&client, "a LOGIN me secret\r\nb SELECT INBOX\r\n", "b OK ");
    assert_non_null(strstr(client.heard, "* 3 EXISTS\r\n"));
    say(&client, "c LOGOUT\r\nd NOOP\r\n", NULL);
    assert_non_null(strstr(client.heard, "c OK LOGOUT completed\r\n"));
    client_free(&client);
    /* who stops sending still gets his answers */
    client_init(&client, &server);
    assert_int_equal(send(client.fd, "a CAPABILITY\r\n", 14, 0), 14);
    shutdown(client.fd, SHUT_WR);
    hear(&client, "a OK CAPABILITY completed\r\n");
    client_free(&client);
    assert_int_equal(program_end(&server, true), 0);
    unlink("port");
}

static void test_tls_auto_makes_what_a_client_can_trust(void **state)
{
    static const char *const ARGUMENTS[] = {"--tls-auto", "mock-tls", "--name", "mail.example.org", NULL};
    static const char *const HOSTS[] = {"mail.example.org", "localhost"};
    struct program server;
    struct client client;
    size_t i;
    (void)state;
    program_start(&server, ARGUMENTS);
    for (i = 0; i < 2; i++) {
        client_init(&client, &server);
        assert_int_equal(secure(&client, "mock-tls/ca.pem", HOSTS[i], NULL), 0);
        hear(&client, "cpm-mockserver ready\r\n");
        say(&client, "a LOGIN test test\r\n", "a OK ");
        client_free(&client);
    }
    client_init(&client, &server);
    assert_int_equal(
        secure(&client, "mock-tls/ca.pem", "other.example.org", NULL), MBEDTLS_ERR_X509_CERT_VERIFY_FAILED);
    assert_true(mbedtls_ssl_get_verify_result(&client.ssl) & MBEDTLS_X509_BADCERT_CN_MISMATCH);
    client_free(&client);
    /* the two addresses are in it too */
    mbedtls_x509_crt cert;
    mbedtls_x509_crt_init(&cert);
    assert_int_equal(mbedtls_x509_crt_parse_file(&cert, "mock-tls/server.pem"), 0);
    int found4 = 0, found6 = 0;
    for (i = 0; i + 18 <= cert.raw.len; i++) {
        found4 |= memcmp(cert.raw.p + i, "\x87\x04\x7f\0\0\1", 6) == 0;
        found6 |= memcmp(cert.raw.p + i, "\x87\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 18) == 0;
    }
    assert_true(found4 && found6);
    mbedtls_x509_crt_free(&cert);
    struct stat info;
    assert_int_equal(stat("mock-tls/server.key", &info), 0);
    assert_int_equal(info.st_mode & 077, 0);
    assert_int_equal(program_end(&server, true), 0);
}

static void test_tls_sessions_are_resumed(void **state)
{
    static const char *const ARGUMENTS[] = {"--tls-auto", "mock-tls", NULL};
    struct program server;
    struct client client;
    mbedtls_ssl_session session;
    (void)state;
    program_start(&server, ARGUMENTS);
    mbedtls_ssl_session_init(&session);
    client_init(&client, &server);
    assert_int_equal(secure(&client, "mock-tls/ca.pem", "localhost", NULL), 0);
    hear(&client, "ready\r\n");
    assert_int_equal(mbedtls_ssl_get_session(&client.ssl, &session), 0);
    client_free(&client);
    /* Without a certificate to check there was no full handshake: the CA is a wrong one now. */
    client_init(&client, &server);
    assert_int_equal(secure(&client, "mock-tls/server.pem", "elsewhere.example.org", &session), 0);
    hear(&client, "ready\r\n");
    client_free(&client);
    mbedtls_ssl_session_free(&session);
    assert_int_equal(program_end(&server, true), 0);
}

static void test_starttls_on_a_port_in_clear(void **state)
{
    static const char *const ARGUMENTS[] = {"--tls-auto", "mock-tls", "--starttls", "--require-tls", NULL};
    struct program server;
    struct client client;
    (void)state;
    program_start(&server, ARGUMENTS);
    client_init(&client, &server);
    hear(&client, "ready\r\n");
    assert_non_null(strstr(client.heard, " STARTTLS LOGINDISABLED"));
    say(&client, "a STARTTLS\r\nb LOGIN test test\r\n", "a OK ");
    assert_int_equal(secure(&client, "mock-tls/ca.pem", "localhost", NULL), 0);
    say(&client, "c CAPABILITY\r\n", "c OK ");
    assert_null(strstr(client.heard, "STARTTLS"));
    assert_null(strstr(client.heard, "b OK"));
    say(&client, "d LOGIN test test\r\n", "d OK ");
    client_free(&client);
    assert_int_equal(program_end(&server, true), 0);
}

static void show(struct client *client, const char *cert_file, const char *key_file)
{
    assert_int_equal(mbedtls_x509_crt_parse_file(&client->cert, cert_file), 0);
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    assert_int_equal(mbedtls_ctr_drbg_seed(&client->random, mbedtls_entropy_func, &client->entropy, NULL, 0), 0);
    assert_int_equal(
        mbedtls_pk_parse_keyfile(&client->key, key_file, NULL, mbedtls_ctr_drbg_random, &client->random), 0);
#else
    assert_int_equal(mbedtls_pk_parse_keyfile(&client->key, key_file, NULL), 0);
#endif
}

static void test_ms_10_external_with_a_certificate(void **state)
{
    static const char *const ARGUMENTS[] = {
        "--user", "bob:x", "--tls-auto", "mock-tls", "--tls-client-ca", "mock-tls/ca.pem", NULL};
    struct program server;
    struct client client;
    (void)state;
    program_start(&server, ARGUMENTS);
    client_init(&client, &server);
    assert_int_equal(secure(&client, "mock-tls/ca.pem", "localhost", NULL), 0);
    hear(&client, "ready\r\n");
    assert_null(strstr(client.heard, "EXTERNAL"));
    client_free(&client);
    client_init(&client, &server);
    show(&client, "mock-tls/client.pem", "mock-tls/client.key");
    assert_int_equal(secure(&client, "mock-tls/ca.pem", "localhost", NULL), 0);
    hear(&client, "ready\r\n");
    assert_non_null(strstr(client.heard, " AUTH=EXTERNAL"));
    say(&client, "a AUTHENTICATE EXTERNAL Ym9i\r\n", "a OK ");
    client_free(&client);
    /* one that nobody signed names nobody */
    client_init(&client, &server);
    show(&client, "mock-tls/server.pem", "mock-tls/server.key");
    assert_int_equal(secure(&client, "mock-tls/ca.pem", "localhost", NULL), 0);
    hear(&client, "ready\r\n");
    assert_null(strstr(client.heard, "EXTERNAL"));
    client_free(&client);
    assert_int_equal(program_end(&server, true), 0);
}

/* Logs in with SCRAM-SHA-256-PLUS, bound to what this end of the connection knows. */
static void bind_and_login(struct client *client, const char *gs2, const void *binding, size_t len)
{
    struct scram_client s;
    char coded[2000], line[2100];
    memset(&s, 0, sizeof s);
    s.gs2 = gs2;
    s.user = "test";
    s.nonce = "abcdefgh";
    s.binding = binding;
    s.binding_len = len;
    scram_client_first(&s, coded, sizeof coded);
    snprintf(line, sizeof line, "a AUTHENTICATE SCRAM-SHA-256-PLUS %s\r\n", coded);
    say(client, line, "\r\n");
    assert_int_equal(strncmp(client->heard, "+ ", 2), 0);
    scram_client_hear(&s, client->heard + 2);
    scram_client_compute(&s, "test");
    scram_client_final(&s, coded, sizeof coded);
    snprintf(line, sizeof line, "%s\r\n", coded);
    say(client, line, "\r\n");
    assert_int_equal(strncmp(client->heard, "+ ", 2), 0);
    assert_true(scram_client_believes(&s, client->heard + 2));
    say(client, "\r\n", "a OK ");
}

static void test_ms_10_scram_plus_is_bound_to_the_tls_below(void **state)
{
    static const char *const ARGUMENTS[] = {"--tls-auto", "mock-tls", "--scram-iterations", "10", NULL};
    struct program server;
    struct client client;
    mbedtls_ssl_session session;
    uint8_t hash[32];
    int resumed;
    (void)state;
    program_start(&server, ARGUMENTS);
    mbedtls_ssl_session_init(&session);
    for (resumed = 0; resumed < 2; resumed++) {
        client_init(&client, &server);
        assert_int_equal(secure(&client, "mock-tls/ca.pem", "localhost", resumed ? &session : NULL), 0);
        hear(&client, "ready\r\n");
        assert_non_null(strstr(client.heard, " AUTH=SCRAM-SHA-256-PLUS"));
        const mbedtls_x509_crt *cert = mbedtls_ssl_get_peer_cert(&client.ssl);
        assert_int_equal(mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), cert->raw.p, cert->raw.len, hash), 0);
        bind_and_login(&client, "p=tls-server-end-point,,", hash, sizeof hash);
        assert_int_equal(resumed ? 0 : mbedtls_ssl_get_session(&client.ssl, &session), 0);
        client_free(&client);
    }
#if defined(MBEDTLS_SSL_RENEGOTIATION)
    for (resumed = 0; resumed < 2; resumed++) {
        client_init(&client, &server);
        assert_int_equal(secure(&client, "mock-tls/ca.pem", "localhost", resumed ? &session : NULL), 0);
        hear(&client, "ready\r\n");
        if (strcmp(mbedtls_ssl_get_version(&client.ssl), "TLSv1.2") == 0)
            bind_and_login(&client, "p=tls-unique,,",
                resumed ? client.ssl.MBEDTLS_PRIVATE(peer_verify_data) : client.ssl.MBEDTLS_PRIVATE(own_verify_data),
                client.ssl.MBEDTLS_PRIVATE(verify_data_len));
        client_free(&client);
    }
#endif
    mbedtls_ssl_session_free(&session);
    assert_int_equal(program_end(&server, true), 0);
}

static void test_users_may_have_tokens_and_act_for_others(void **state)
{
    static const char *const ARGUMENTS[] = {"--user", "test:test", "--user", "pf:pf", "--token", "test:abc",
        "--participating", "pf", "--tls-auto", "mock-tls", NULL};
    struct program server;
    struct client client;
    (void)state;
    program_start(&server, ARGUMENTS);
    client_init(&client, &server);
    assert_int_equal(secure(&client, "mock-tls/ca.pem", "localhost", NULL), 0);
    hear(&client, "ready\r\n");
    /* n,,^Aauth=Bearer abc^A^A */
    say(&client, "a AUTHENTICATE OAUTHBEARER biwsAWF1dGg9QmVhcmVyIGFiYwEB\r\n", "a OK ");
    client_free(&client);
    client_init(&client, &server);
    assert_int_equal(secure(&client, "mock-tls/ca.pem", "localhost", NULL), 0);
    hear(&client, "ready\r\n");
    /* test NUL pf NUL pf */
    say(&client, "a AUTHENTICATE PLAIN dGVzdABwZgBwZg==\r\n", "a OK ");
    client_free(&client);
    assert_int_equal(program_end(&server, true), 0);
}

static void test_ms_43_coalesce_holds_answers_until_the_client_is_silent(void **state)
{
    static const char *const ARGUMENTS[] = {"--fault", "coalesce", NULL};
    struct program server;
    struct client client;
    (void)state;
    program_start(&server, ARGUMENTS);
    client_init(&client, &server);
    hear(&client, "ready\r\n");
    say(&client, "a LOGIN test test\r\n", "a OK ");
    assert_int_equal(send(client.fd, "b NOOP\r\n", 8, 0), 8);
    assert_int_equal(send(client.fd, "c NOOP\r\n", 8, 0), 8);
    ssize_t got = recv(client.fd, client.heard, sizeof client.heard - 1, 0);
    assert_true(got > 0);
    client.heard[got] = 0;
    assert_string_equal(client.heard, "b OK NOOP completed\r\nc OK NOOP completed\r\n");
    client_free(&client);
    assert_int_equal(program_end(&server, true), 0);
}

static void test_a_step_that_never_fired_fails_the_run(void **state)
{
    static const char *const ARGUMENTS[] = {"--script", "script", NULL};
    struct program server;
    struct client client;
    int with;
    (void)state;
    FILE *file = fopen("script", "w");
    assert_non_null(file);
    fputs("at-connect 1 deliver INBOX\n", file);
    fclose(file);
    for (with = 0; with < 2; with++) {
        program_start(&server, ARGUMENTS);
        if (with) {
            client_init(&client, &server);
            hear(&client, "ready\r\n");
            client_free(&client);
        }
        assert_int_equal(program_end(&server, true), with ? 0 : 1);
    }
    unlink("script");
}

static void test_wrong_options_are_usage(void **state)
{
    static const char *const WRONG[][4] = {{"--nonsense", NULL}, {"--listen", NULL}, {"--tls-cert", "x", NULL},
        {"--starttls", NULL}, {"--user", "nocolon", NULL}, {"--fault", "nonsense", NULL}, {"--generate", "INBOX", NULL},
        {"--seed", "x", NULL}, {"--token", "nocolon", NULL}, {"--tls-client-ca", "x", NULL}};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
        program_expect_refusal(WRONG[i], 2, "--help tells more");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_serves_in_clear_until_sigterm),
        cmocka_unit_test(test_tls_auto_makes_what_a_client_can_trust),
        cmocka_unit_test(test_tls_sessions_are_resumed),
        cmocka_unit_test(test_starttls_on_a_port_in_clear),
        cmocka_unit_test(test_ms_10_external_with_a_certificate),
        cmocka_unit_test(test_ms_10_scram_plus_is_bound_to_the_tls_below),
        cmocka_unit_test(test_users_may_have_tokens_and_act_for_others),
        cmocka_unit_test(test_ms_43_coalesce_holds_answers_until_the_client_is_silent),
        cmocka_unit_test(test_a_step_that_never_fired_fails_the_run),
        cmocka_unit_test(test_wrong_options_are_usage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
