/* SPDX-License-Identifier: MIT */
#include "cli_account.h"

#include "cli_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static enum cli_status complain(enum cli_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));
static enum cli_status complain(enum cli_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("cpmsync: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return status;
}

void cli_account_fail(struct cli_account *account, const struct cpmsync_fault *fault, const char *command)
{
    char line[sizeof account->last_error];
    if (account->status == CLI_STATUS_DONE)
        account->status = cli_fault_status(fault->error);
    cli_fault_line(line, sizeof line, fault, account->connection, account->login, command);
    if (strcmp(line, account->last_error) == 0)
        return;
    strcpy(account->last_error, line);
    complain(account->status, "%s", line);
}

void cli_account_fail_code(struct cli_account *account, int error, int backend_code, const char *command)
{
    struct cpmsync_fault fault = {sizeof fault, error, "", "", 0, backend_code, 0};
    cli_account_fail(account, &fault, command);
}

void cli_account_submitted(struct cli_account *account, int64_t operation, const char *command)
{
    if (operation < 0)
        cli_account_fail_code(account, (int)operation, 0, command);
    else
        account->pending++;
}

static void on_credentials(void *ctx, struct cpmsync_client *client, uint32_t conn)
{
    struct cli_account *account = ctx;
    cpmsync_client_credentials(client, conn, 0, account->options->url.user, account->password, NULL);
}

static void on_trace(void *ctx, uint32_t conn, int sent, const uint8_t *data, size_t len)
{
    struct cli_account *account = ctx;
    cli_trace_add(&account->trace, conn, sent, data, len);
}

static int on_event(void *ctx, struct cpmsync_client *client, const struct cpmsync_event *event)
{
    struct cli_account *account = ctx;
    (void)client;
    if (event->type == CPMSYNC_EVENT_ALERT) {
        fprintf(stderr, "cpmsync: the server says%s: ", event->trusted ? "" : ", unverified");
        cli_text_print(stderr, event->text);
        fputc('\n', stderr);
        return 0;
    }
    return account->event != NULL ? account->event(account->event_ctx, event) : 0;
}

/* --plaintext is for this machine, whatever a name server says. */
static int only_loopback(void *ctx, int fd, const struct cpmsync_address *address)
{
    static const uint8_t ipv6_loopback[16] = {[15] = 1};
    (void)ctx;
    (void)fd;
    if (address->family == 4)
        return address->octets[0] != 127;
    return memcmp(address->octets, ipv6_loopback, sizeof ipv6_loopback) != 0;
}

static int open_store(struct cli_account *account, int read_only, int *backend_code)
{
    char name[640];
    struct cpmsync_store_sqlite_config config = {.size = sizeof config};
    *backend_code = 0;
    if (account->options->store == NULL)
        return cpmsync_store_memory_open(&account->store, &account->memory.allocator);
    cli_url_account(&account->options->url, name, sizeof name);
    config.allocator = &account->memory.allocator;
    config.path = account->options->store;
    config.account = account->options->has_url ? name : NULL;
    config.read_only = read_only;
    return cpmsync_store_sqlite_open(&account->store, &config, backend_code);
}

static int make_connector(struct cli_account *account, struct cpmsync_connector *connector)
{
    const struct cli_options *options = account->options;
    struct cpmsync_connector inner;
    struct cpmsync_tcp_config tcp = {.size = sizeof tcp};
    struct cpmsync_tls_config tls = {.size = sizeof tls};
    tcp.allocator = &account->memory.allocator;
    tcp.host = options->url.host;
    tcp.port = options->url.port;
    tcp.connect_timeout_ms = options->timeout_ms;
    if (options->plaintext) {
        tcp.prepare = only_loopback;
        return cpmsync_connector_tcp(connector, &tcp);
    }
    int error = cpmsync_connector_tcp(&inner, &tcp);
    if (error != 0)
        return error;
    tls.allocator = &account->memory.allocator;
    tls.host = options->url.host;
    tls.ca_file = options->ca;
    tls.port = options->url.port;
    tls.account = options->url.user;
    tls.starttls = !options->url.implicit_tls;
    tls.handshake_timeout_ms = options->timeout_ms;
    tls.single_thread = 1;
    if (account->session_file.path != NULL) {
        tls.session_ctx = &account->session_file;
        tls.session_load = cli_session_file_load;
        tls.session_save = cli_session_file_save;
        tls.wall_time = cli_session_file_time;
    }
    return cpmsync_connector_tls(connector, &inner, &tls);
}

static int make_client(struct cli_account *account)
{
    const struct cli_options *options = account->options;
    struct cpmsync_connector connector;
    struct cpmsync_client_config config = {.size = sizeof config};
    config.allocator = &account->memory.allocator;
    config.store = &account->store;
    config.crypto = &account->crypto;
    config.security = options->plaintext          ? CPMSYNC_TLS_NONE
                      : options->url.implicit_tls ? CPMSYNC_TLS_IMPLICIT
                                                  : CPMSYNC_TLS_STARTTLS;
    config.early = options->no_early ? CPMSYNC_EARLY_GREETING : CPMSYNC_EARLY_ALLOWED;
    config.mechanism = options->mechanism;
    config.disabled = options->disabled;
    config.disabled_count = options->disabled_count;
    config.command_timeout_ms = options->timeout_ms;
    config.ctx = account;
    config.event = on_event;
    config.credentials = on_credentials;
    config.wall_time = cli_session_file_time;
    config.trace = account->trace.out != NULL ? on_trace : NULL;
    int error = make_connector(account, &connector);
    if (error != 0)
        return error;
    error = cpmsync_client_new(&account->client, &config);
    if (error == 0)
        error = cpmsync_client_connector(account->client, &connector);
    if (error != 0)
        cpmsync_connector_free(&connector);
    return error;
}

static void start(struct cli_account *account, const struct cli_options *options)
{
    char address[280];
    memset(account, 0, sizeof *account);
    account->options = options;
    cli_memory_init(&account->memory);
    cli_url_address(&options->url, address, sizeof address);
    snprintf(account->connection, sizeof account->connection, "connection to %s", address);
    snprintf(account->login, sizeof account->login, "login of %s at %s", options->url.user, address);
}

static enum cli_status fail_store(struct cli_account *account, int error, int backend_code)
{
    char what[300];
    snprintf(what, sizeof what, "store %.280s", account->options->store != NULL ? account->options->store : "");
    cli_account_fail_code(account, error, backend_code, what);
    account->status = CLI_STATUS_STORE;
    return account->status;
}

enum cli_status cli_account_open_store(struct cli_account *account, const struct cli_options *options)
{
    int backend_code;
    start(account, options);
    int error = open_store(account, 1, &backend_code);
    return error != 0 ? fail_store(account, error, backend_code) : CLI_STATUS_DONE;
}

enum cli_status cli_account_open(struct cli_account *account, const struct cli_options *options)
{
    char prompt[340], reason[320];
    int backend_code;
    start(account, options);
    snprintf(prompt, sizeof prompt, "Password of %.250s: ", options->url.user);
    if (cli_password_get(account->password, options->password_file, prompt, reason, sizeof reason) != 0)
        return complain(options->password_file != NULL ? CLI_STATUS_USAGE : CLI_STATUS_LOGIN, "%s", reason);
    if (options->trace != NULL && cli_trace_open(&account->trace, options->trace) != 0)
        return complain(CLI_STATUS_USAGE, "--trace %s: %s; name another file", options->trace, strerror(errno));
    int error = open_store(account, 0, &backend_code);
    if (error != 0)
        return fail_store(account, error, backend_code);
    error = cpmsync_crypto_mbedtls(&account->crypto, &account->memory.allocator);
    if (error == 0 && options->store != NULL && cli_session_file_init(&account->session_file, options->store) != 0)
        error = CPMSYNC_ERR_NOMEM;
    if (error == 0)
        error = make_client(account);
    if (error != 0)
        cli_account_fail_code(account, error, 0, "start");
    return account->status;
}

void cli_account_end(struct cli_account *account)
{
    if (account->client == NULL)
        return;
    account->stats.size = sizeof account->stats;
    cpmsync_client_stats(account->client, &account->stats);
    cpmsync_client_free(account->client);
    account->client = NULL;
}

void cli_account_stats(const struct cli_account *account, int64_t milliseconds)
{
    const struct cpmsync_stats *stats = &account->stats;
    if (stats->size == 0)
        return;
    fprintf(stderr,
        "{\"bytes_in\":%" PRIu64 ",\"bytes_out\":%" PRIu64 ",\"flights\":%" PRIu64 ",\"commands\":%" PRIu64
        ",\"connects\":%" PRIu64 ",\"tls_resumed\":%" PRIu64 ",\"messages_added\":%" PRIu64
        ",\"flags_changed\":%" PRIu64 ",\"vanished\":%" PRIu64 ",\"peak_memory\":%zu,\"ms\":%" PRId64 "}\n",
        stats->bytes_in, stats->bytes_out, stats->flights, stats->commands, stats->connects, stats->tls_resumed,
        stats->messages_added, stats->flags_changed, stats->vanished, account->memory.peak, milliseconds);
}

void cli_account_close(struct cli_account *account)
{
    cli_account_end(account);
    cpmsync_crypto_free(&account->crypto);
    cpmsync_store_close(&account->store);
    cli_session_file_clear(&account->session_file);
    cli_trace_close(&account->trace);
    cli_password_wipe(account->password);
}
