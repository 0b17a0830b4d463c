/* SPDX-License-Identifier: MIT */
#include "peer_client.h"

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { LINE_MAX_OCTETS = 1 << 20 };

struct peer_client {
    mbedtls_net_context net;
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config config;
    mbedtls_x509_crt trust;
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    unsigned tag;
    int traces;
    unsigned char in[16384];
    size_t in_at, in_end;
    char *line;
};

void peer_die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("peer: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    if (value == NULL || value[0] == '\0')
        peer_die("the variable %s is not set", name);
    return value;
}

void peer_account_from_environment(struct peer_account *account)
{
    account->host = variable("PEER_HOST");
    account->port = variable("PEER_PORT");
    account->ca_file = variable("PEER_CA");
    account->user = variable("PEER_USER");
    account->password = variable("PEER_PASSWORD");
}

static void check(int result, const char *what)
{
    char text[128];
    if (result >= 0)
        return;
    mbedtls_strerror(result, text, sizeof text);
    peer_die("%s: %s", what, text);
}

static void send_all(struct peer_client *client, const char *data, size_t len)
{
    while (len > 0) {
        int sent = mbedtls_ssl_write(&client->ssl, (const unsigned char *)data, len);
        check(sent, "write");
        data += sent;
        len -= (size_t)sent;
    }
}

/* Cyrus sends the end of an answer when its beginning is acknowledged, which else takes the kernel 40 ms. */
static void acknowledge_at_once(struct peer_client *client)
{
#ifdef TCP_QUICKACK
    int on = 1; /* for a while only */
    setsockopt(client->net.fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
#else
    (void)client;
#endif
}

static int next_octet(struct peer_client *client)
{
    if (client->in_at == client->in_end) {
        acknowledge_at_once(client);
        int got = mbedtls_ssl_read(&client->ssl, client->in, sizeof client->in);
        check(got, "read");
        if (got == 0)
            peer_die("the server closed the connection");
        client->in_at = 0;
        client->in_end = (size_t)got;
    }
    return client->in[client->in_at++];
}

/* Reads a line without CRLF. Nothing this client asks for is answered with a literal. */
static const char *read_line(struct peer_client *client)
{
    size_t len = 0;
    for (;;) {
        int octet = next_octet(client);
        if (octet == '\n')
            break;
        if (len + 1 == LINE_MAX_OCTETS)
            peer_die("a line of more than %d octets", LINE_MAX_OCTETS);
        client->line[len++] = (char)octet;
    }
    if (len > 0 && client->line[len - 1] == '\r')
        len--;
    client->line[len] = '\0';
    return client->line;
}

static void start_tls(struct peer_client *client, const struct peer_account *account)
{
    mbedtls_net_init(&client->net);
    mbedtls_ssl_init(&client->ssl);
    mbedtls_ssl_config_init(&client->config);
    mbedtls_x509_crt_init(&client->trust);
    mbedtls_entropy_init(&client->entropy);
    mbedtls_ctr_drbg_init(&client->random);
    check(mbedtls_ctr_drbg_seed(&client->random, mbedtls_entropy_func, &client->entropy, NULL, 0), "random");
    check(mbedtls_x509_crt_parse_file(&client->trust, account->ca_file), account->ca_file);
    check(mbedtls_net_connect(&client->net, account->host, account->port, MBEDTLS_NET_PROTO_TCP), "connect");
    int on = 1; /* a command goes out in pieces, each waited for otherwise */
    setsockopt(client->net.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    check(mbedtls_ssl_config_defaults(
              &client->config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT),
        "configure");
    mbedtls_ssl_conf_rng(&client->config, mbedtls_ctr_drbg_random, &client->random);
    mbedtls_ssl_conf_ca_chain(&client->config, &client->trust, NULL);
    check(mbedtls_ssl_setup(&client->ssl, &client->config), "set up");
    check(mbedtls_ssl_set_hostname(&client->ssl, account->host), "set host name");
    mbedtls_ssl_set_bio(&client->ssl, &client->net, mbedtls_net_send, mbedtls_net_recv, NULL);
    check(mbedtls_ssl_handshake(&client->ssl), "handshake");
}

struct peer_client *peer_client_open(const struct peer_account *account)
{
    struct peer_client *client = calloc(1, sizeof *client);
    if (client == NULL || (client->line = malloc(LINE_MAX_OCTETS)) == NULL)
        peer_die("out of memory");
    start_tls(client, account);
    if (strncmp(read_line(client), "* OK", 4) != 0)
        peer_die("greeting: %s", client->line);
    peer_client_do(client, NULL, NULL, "LOGIN \"%s\" \"%s\"", account->user, account->password);
    return client;
}

void peer_client_close(struct peer_client *client)
{
    peer_client_do(client, NULL, NULL, "LOGOUT");
    mbedtls_ssl_close_notify(&client->ssl);
    mbedtls_net_free(&client->net);
    mbedtls_ssl_free(&client->ssl);
    mbedtls_ssl_config_free(&client->config);
    mbedtls_x509_crt_free(&client->trust);
    mbedtls_ctr_drbg_free(&client->random);
    mbedtls_entropy_free(&client->entropy);
    free(client->line);
    free(client);
}

/* Reads up to the answer tagged with the current tag: 1 OK, 0 NO. */
static int read_answer(struct peer_client *client, peer_line_fn fn, void *ctx)
{
    char tag[16];
    int tag_len = snprintf(tag, sizeof tag, "p%u ", client->tag);
    for (;;) {
        const char *line = read_line(client);
        if (strncmp(line, "* ", 2) == 0) {
            if (fn != NULL)
                fn(ctx, line + 2);
            continue;
        }
        if (strncmp(line, tag, (size_t)tag_len) != 0)
            peer_die("expected an answer to %s: %s", tag, line);
        line += tag_len;
        if (strncmp(line, "OK", 2) == 0)
            return 1;
        if (strncmp(line, "NO", 2) != 0)
            peer_die("the server answered: %s", line);
        return 0;
    }
}

void peer_client_trace(struct peer_client *client)
{
    client->traces = 1;
}

static void trace(const char *command)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    fprintf(stderr, "%08lld O: %.*s\n", (now.tv_sec * 1000LL + now.tv_nsec / 1000000) % 100000000,
        (int)strcspn(command, "\r"), command);
}

static void send_command(struct peer_client *client, const char *format, va_list args)
{
    char head[16];
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *command = malloc((size_t)len + 1);
    if (command == NULL)
        peer_die("out of memory");
    vsnprintf(command, (size_t)len + 1, format, args);
    int head_len = snprintf(head, sizeof head, "p%u ", ++client->tag);
    if (client->traces)
        trace(command);
    send_all(client, head, (size_t)head_len);
    send_all(client, command, (size_t)len);
    send_all(client, "\r\n", 2);
    free(command);
}

int peer_client_try(struct peer_client *client, peer_line_fn fn, void *ctx, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    send_command(client, format, args);
    va_end(args);
    return read_answer(client, fn, ctx);
}

void peer_client_do(struct peer_client *client, peer_line_fn fn, void *ctx, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    send_command(client, format, args);
    va_end(args);
    if (!read_answer(client, fn, ctx))
        peer_die("refused (%s): %s", format, client->line);
}

void peer_client_append(
    struct peer_client *client, const char *mailbox, const char *flags, const char *message, size_t len)
{
    char head[256];
    int head_len = snprintf(head, sizeof head, "p%u APPEND \"%s\" %s%s{%zu}\r\n", ++client->tag, mailbox, flags,
        flags[0] != '\0' ? " " : "", len);
    if (head_len < 0 || (size_t)head_len >= sizeof head)
        peer_die("the mailbox name or the flags are too long");
    if (client->traces)
        trace(head);
    send_all(client, head, (size_t)head_len);
    while (read_line(client)[0] == '*')
        continue;
    if (client->line[0] != '+')
        peer_die("append: %s", client->line);
    send_all(client, message, len);
    send_all(client, "\r\n", 2);
    if (!read_answer(client, NULL, NULL))
        peer_die("append refused: %s", client->line);
}
