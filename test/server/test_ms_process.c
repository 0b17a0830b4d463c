/* SPDX-License-Identifier: MIT */
/* cpm-mockserver as a program: sockets, TLS, options, exit status. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>

struct server {
    pid_t pid;
    int out;
    unsigned port;
};

/* Starts the program and waits for its line; `arguments` end in NULL. */
static void start(struct server *server, const char *const *arguments)
{
    char *argv[20] = {(char *)(uintptr_t)CPMSYNC_MOCKSERVER}, line[100] = "";
    int ends[2];
    size_t i, len = 0;
    for (i = 0; arguments[i]; i++)
        argv[i + 1] = (char *)(uintptr_t)arguments[i];
    assert_int_equal(pipe(ends), 0);
    server->pid = fork();
    assert_true(server->pid >= 0);
    if (server->pid == 0) {
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        execv(argv[0], argv);
        _exit(127);
    }
    close(ends[1]);
    server->out = ends[0];
    while (len + 1 < sizeof line && !strchr(line, '\n') && read(ends[0], line + len, 1) == 1)
        line[++len] = 0;
    server->port = 0;
    if (strncmp(line, "listening on 127.0.0.1:", 23) == 0)
        server->port = (unsigned)strtoul(line + 23, NULL, 10);
}

static int stop(struct server *server)
{
    int status;
    kill(server->pid, SIGTERM);
    assert_int_equal(waitpid(server->pid, &status, 0), server->pid);
    close(server->out);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int dial(const struct server *server)
{
    struct sockaddr_in address;
    struct timeval patience = {20, 0};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)server->port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* ---- one connection, in clear or over TLS ---- */

struct client {
    int fd;
    int tls;
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    mbedtls_x509_crt ca;
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

static void client_init(struct client *client, const struct server *server)
{
    memset(client, 0, sizeof *client);
    client->fd = dial(server);
    mbedtls_entropy_init(&client->entropy);
    mbedtls_ctr_drbg_init(&client->random);
    mbedtls_x509_crt_init(&client->ca);
    mbedtls_ssl_config_init(&client->config);
    mbedtls_ssl_init(&client->ssl);
}

static void client_free(struct client *client)
{
    mbedtls_ssl_free(&client->ssl);
    mbedtls_ssl_config_free(&client->config);
    mbedtls_x509_crt_free(&client->ca);
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
    struct server server;
    struct client client;
    char port[20] = "";
    (void)state;
    start(&server, ARGUMENTS);
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
    assert_int_equal(stop(&server), 0);
    unlink("port");
}

static void test_tls_auto_makes_what_a_client_can_trust(void **state)
{
    static const char *const ARGUMENTS[] = {"--tls-auto", "mock-tls", "--name", "mail.example.org", NULL};
    static const char *const HOSTS[] = {"mail.example.org", "localhost"};
    struct server server;
    struct client client;
    size_t i;
    (void)state;
    start(&server, ARGUMENTS);
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
    assert_int_equal(stop(&server), 0);
}

static void test_tls_sessions_are_resumed(void **state)
{
    static const char *const ARGUMENTS[] = {"--tls-auto", "mock-tls", NULL};
    struct server server;
    struct client client;
    mbedtls_ssl_session session;
    (void)state;
    start(&server, ARGUMENTS);
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
    assert_int_equal(stop(&server), 0);
}

static void test_starttls_on_a_port_in_clear(void **state)
{
    static const char *const ARGUMENTS[] = {"--tls-auto", "mock-tls", "--starttls", "--require-tls", NULL};
    struct server server;
    struct client client;
    (void)state;
    start(&server, ARGUMENTS);
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
    assert_int_equal(stop(&server), 0);
}

static void test_ms_43_coalesce_holds_answers_until_the_client_is_silent(void **state)
{
    static const char *const ARGUMENTS[] = {"--fault", "coalesce", NULL};
    struct server server;
    struct client client;
    (void)state;
    start(&server, ARGUMENTS);
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
    assert_int_equal(stop(&server), 0);
}

static void test_a_step_that_never_fired_fails_the_run(void **state)
{
    static const char *const ARGUMENTS[] = {"--script", "script", NULL};
    struct server server;
    struct client client;
    int with;
    (void)state;
    FILE *file = fopen("script", "w");
    assert_non_null(file);
    fputs("at-connect 1 deliver INBOX\n", file);
    fclose(file);
    for (with = 0; with < 2; with++) {
        start(&server, ARGUMENTS);
        if (with) {
            client_init(&client, &server);
            hear(&client, "ready\r\n");
            client_free(&client);
        }
        assert_int_equal(stop(&server), with ? 0 : 1);
    }
    unlink("script");
}

static void test_wrong_options_are_usage(void **state)
{
    static const char *const WRONG[][4] = {{"--nonsense", NULL}, {"--listen", NULL}, {"--tls-cert", "x", NULL},
        {"--starttls", NULL}, {"--user", "nocolon", NULL}, {"--fault", "nonsense", NULL}, {"--generate", "INBOX", NULL},
        {"--seed", "x", NULL}};
    struct server server;
    size_t i;
    int status;
    (void)state;
    for (i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        start(&server, WRONG[i]);
        assert_int_equal(server.port, 0);
        assert_int_equal(waitpid(server.pid, &status, 0), server.pid);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 2);
        close(server.out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_serves_in_clear_until_sigterm),
        cmocka_unit_test(test_tls_auto_makes_what_a_client_can_trust),
        cmocka_unit_test(test_tls_sessions_are_resumed),
        cmocka_unit_test(test_starttls_on_a_port_in_clear),
        cmocka_unit_test(test_ms_43_coalesce_holds_answers_until_the_client_is_silent),
        cmocka_unit_test(test_a_step_that_never_fired_fails_the_run),
        cmocka_unit_test(test_wrong_options_are_usage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
