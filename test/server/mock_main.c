/* SPDX-License-Identifier: MIT */
/* cpm-mockserver: the mock Message Storage Server on TCP and TLS. */
#define _POSIX_C_SOURCE 200809L
#include <cpmsync/mock.h>

#include "mock_help.h"
#include "mock_trace.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LIST_MAX = 256, EXIT_USAGE = 2 };

struct list {
    const char *values[LIST_MAX];
    size_t count;
};

struct options {
    const char *listen;
    const char *port_file;
    const char *tls_cert;
    const char *tls_key;
    const char *tls_auto;
    const char *tls_client_ca;
    const char *name;
    const char *capability;
    const char *seed;
    const char *trace;
    const char *expunge_log;
    const char *scram_iterations;
    struct list users;
    struct list tokens;
    struct list participating;
    struct list loads;
    struct list scripts;
    struct list faults;
    struct list generates;
    int starttls;
    int require_tls;
    int help;
};

static struct cpmsync_mock_port *serving; /* for the handler */

static void on_signal(int number)
{
    (void)number;
    cpmsync_mock_port_stop(serving);
}

static int wrong(const char *what, const char *option)
{
    fprintf(stderr, "cpm-mockserver: %s %s; --help tells more\n", option, what);
    return EXIT_USAGE;
}

static int add(struct list *list, const char *value)
{
    if (list->count == LIST_MAX)
        return 0;
    list->values[list->count++] = value;
    return 1;
}

/* Where a valued option goes: a text, or a list. */
static int take(struct options *o, const char *option, const char *value)
{
    struct {
        const char *name;
        const char **text;
        struct list *list;
    } places[] = {{"--listen", &o->listen, NULL}, {"--port-file", &o->port_file, NULL},
        {"--tls-cert", &o->tls_cert, NULL}, {"--tls-key", &o->tls_key, NULL}, {"--tls-auto", &o->tls_auto, NULL},
        {"--tls-client-ca", &o->tls_client_ca, NULL}, {"--name", &o->name, NULL},
        {"--capability", &o->capability, NULL}, {"--seed", &o->seed, NULL}, {"--trace", &o->trace, NULL},
        {"--expunge-log", &o->expunge_log, NULL}, {"--scram-iterations", &o->scram_iterations, NULL},
        {"--user", NULL, &o->users}, {"--token", NULL, &o->tokens}, {"--participating", NULL, &o->participating},
        {"--load", NULL, &o->loads}, {"--script", NULL, &o->scripts}, {"--fault", NULL, &o->faults},
        {"--generate", NULL, &o->generates}};
    size_t i;
    for (i = 0; i < sizeof places / sizeof *places; i++) {
        if (strcmp(option, places[i].name) != 0)
            continue;
        if (!value)
            return wrong("wants a value", option);
        if (places[i].text)
            *places[i].text = value;
        else if (!add(places[i].list, value))
            return wrong("is given too often", option);
        return 0;
    }
    return wrong("is no option", option);
}

static int parse(struct options *o, int argc, char **argv)
{
    int i;
    o->listen = "127.0.0.1:0";
    o->name = "localhost";
    for (i = 1; i < argc; i++) {
        int *flag = strcmp(argv[i], "--starttls") == 0      ? &o->starttls
                    : strcmp(argv[i], "--require-tls") == 0 ? &o->require_tls
                    : strcmp(argv[i], "--help") == 0        ? &o->help
                    : strcmp(argv[i], "-h") == 0            ? &o->help
                                                            : NULL;
        if (flag) {
            *flag = 1;
            continue;
        }
        int error = take(o, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
        if (error)
            return error;
        i++;
    }
    if (!o->tls_cert != !o->tls_key)
        return wrong("go together", "--tls-cert and --tls-key");
    if (o->tls_cert && o->tls_auto)
        return wrong("excludes --tls-cert", "--tls-auto");
    if (o->tls_client_ca && !o->tls_cert && !o->tls_auto)
        return wrong("wants a certificate", "--tls-client-ca");
    if (o->starttls && !o->tls_cert && !o->tls_auto)
        return wrong("wants a certificate", "--starttls");
    if (o->users.count == 0)
        add(&o->users, "test:test");
    return 0;
}

static int read_number(const char *text, int64_t *number)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    *number = value;
    return errno == 0 && *text >= '0' && *text <= '9' && *end == 0;
}

/* ---- setting up ---- */

/* In the library's words where it has some. */
static int failed(const struct cpmsync_mock *mock, const char *what, int error)
{
    const char *why = cpmsync_mock_why(mock);
    if (*why)
        fprintf(stderr, "cpm-mockserver: %s\n", why);
    else
        fprintf(stderr, "cpm-mockserver: %s: %s\n", what, cpmsync_error_text(error));
    return 1;
}

enum { USER_MAX = 256 };

/* The name before the colon; what stands behind it, or NULL. */
static const char *split_user(const char *text, char *name)
{
    const char *colon = strchr(text, ':');
    size_t len = colon ? (size_t)(colon - text) : 0;
    if (len == 0 || len >= USER_MAX)
        return NULL;
    memcpy(name, text, len);
    name[len] = 0;
    return colon + 1;
}

static int add_users(struct cpmsync_mock *mock, const struct options *o)
{
    char name[USER_MAX];
    size_t i;
    int error;
    for (i = 0; i < o->users.count; i++) {
        const char *password = split_user(o->users.values[i], name);
        if (!password)
            return wrong("wants NAME:PASSWORD", "--user");
        error = cpmsync_mock_user_add(mock, name, password);
        if (error)
            return error == CPMSYNC_ERR_STATE ? wrong("is there twice", name) : failed(mock, name, error);
    }
    for (i = 0; i < o->tokens.count; i++) {
        const char *token = split_user(o->tokens.values[i], name);
        if (!token)
            return wrong("wants NAME:TOKEN", "--token");
        error = cpmsync_mock_user_token(mock, name, token);
        if (error)
            return error == CPMSYNC_ERR_NOT_FOUND ? wrong("is no --user", name) : failed(mock, name, error);
    }
    for (i = 0; i < o->participating.count; i++) {
        error = cpmsync_mock_user_participating(mock, o->participating.values[i], 1);
        if (error)
            return wrong("is no --user", o->participating.values[i]);
    }
    return 0;
}

static int generate(struct cpmsync_mock *mock, const char *text)
{
    char mailbox[512], count_text[32];
    const char *equals = strrchr(text, '='), *colon = equals ? strchr(equals, ':') : NULL;
    int64_t count, octets = 0;
    size_t len = equals ? (size_t)(equals - text) : 0;
    size_t count_len = equals ? (colon ? (size_t)(colon - equals) - 1 : strlen(equals + 1)) : 0;
    if (len == 0 || len >= sizeof mailbox || count_len >= sizeof count_text)
        return wrong("wants MAILBOX=COUNT[:OCTETS]", "--generate");
    memcpy(mailbox, text, len);
    mailbox[len] = 0;
    memcpy(count_text, equals + 1, count_len);
    count_text[count_len] = 0;
    if (!read_number(count_text, &count) || count > UINT32_MAX || (colon && !read_number(colon + 1, &octets)))
        return wrong("wants MAILBOX=COUNT[:OCTETS]", "--generate");
    int error = cpmsync_mock_mailbox_create(mock, NULL, mailbox);
    if (error && error != CPMSYNC_ERR_STATE)
        return failed(mock, mailbox, error);
    error = cpmsync_mock_generate(mock, NULL, mailbox, (uint32_t)count, (size_t)octets);
    return error ? failed(mock, mailbox, error) : 0;
}

static int run_script(struct cpmsync_mock *mock, const char *path)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    size_t len = 0, size = 1 << 20;
    char *text = (char *)malloc(size);
    int error = file && text ? 0 : -1;
    if (!error)
        len = fread(text, 1, size, file);
    if (error || ferror(file) || len == size)
        fprintf(stderr, "cpm-mockserver: %s: %s\n", path, len == size ? "longer than 1 MiB" : strerror(errno));
    else {
        error = cpmsync_mock_script(mock, text, len, NULL);
        if (error)
            fprintf(stderr, "cpm-mockserver: %s, %s\n", path, cpmsync_mock_why(mock));
    }
    if (file && file != stdin)
        fclose(file);
    free(text);
    return error || len == size ? 1 : 0;
}

static int fill(struct cpmsync_mock *mock, const struct options *o)
{
    size_t i;
    int error = add_users(mock, o);
    for (i = 0; i < o->faults.count && !error; i++)
        if (cpmsync_mock_fault(mock, o->faults.values[i]) != 0) {
            error = wrong("is no fault, or has a wrong value", o->faults.values[i]);
            cpmsync_mock_help_fault(stderr, o->faults.values[i]);
        }
    for (i = 0; i < o->loads.count && !error; i++) {
        int64_t count = cpmsync_mock_load(mock, NULL, o->loads.values[i]);
        error = count < 0 ? failed(mock, o->loads.values[i], (int)count) : 0;
    }
    for (i = 0; i < o->generates.count && !error; i++)
        error = generate(mock, o->generates.values[i]);
    for (i = 0; i < o->scripts.count && !error; i++)
        error = run_script(mock, o->scripts.values[i]);
    return error;
}

/* Written beside and renamed, so that who waits for the file never reads half of it. */
static int write_port(const char *path, unsigned port)
{
    char beside[4096];
    int len = snprintf(beside, sizeof beside, "%s.new", path);
    FILE *file = len > 0 && (size_t)len < sizeof beside ? fopen(beside, "w") : NULL;
    int bad = !file || fprintf(file, "%u\n", port) < 0;
    if (file && fclose(file) != 0)
        bad = 1;
    if (bad || rename(beside, path) != 0) {
        fprintf(stderr, "cpm-mockserver: %s: %s\n", path, strerror(errno));
        return 1;
    }
    return 0;
}

static int open_port(
    struct cpmsync_mock *mock, const struct options *o, struct mock_trace *trace, struct cpmsync_mock_port **port)
{
    struct cpmsync_mock_port_config config;
    char cert[4096], key[4096], client[USER_MAX];
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.listen = o->listen;
    config.cert_file = o->tls_auto ? cert : o->tls_cert;
    config.key_file = o->tls_auto ? key : o->tls_key;
    config.client_ca_file = o->tls_client_ca;
    config.event = trace->file ? cpmsync_mock_trace_event : NULL;
    config.event_ctx = trace;
    if (o->tls_auto) {
        split_user(o->users.values[0], client);
        int error = cpmsync_mock_certificates(mock, o->tls_auto, o->name, client);
        if (error)
            return failed(mock, o->tls_auto, error);
        snprintf(cert, sizeof cert, "%s/server.pem", o->tls_auto);
        snprintf(key, sizeof key, "%s/server.key", o->tls_auto);
    }
    int error = cpmsync_mock_port_open(port, mock, &config);
    return error ? failed(mock, o->listen, error) : 0;
}

/* A line for every step that is not done; how many there are. */
static size_t report_script(const struct cpmsync_mock *mock)
{
    char text[512];
    size_t count = 0;
    for (; cpmsync_mock_script_report(mock, count, text, sizeof text) == 0; count++)
        fprintf(stderr, "cpm-mockserver: script, %s\n", text);
    return count;
}

static int serve(struct cpmsync_mock *mock, const struct options *o, struct mock_trace *trace)
{
    struct sigaction action;
    int result = open_port(mock, o, trace, &serving);
    if (result)
        return result;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    if (o->port_file && write_port(o->port_file, cpmsync_mock_port_number(serving)) != 0)
        return 1;
    printf("listening on %s\n", cpmsync_mock_port_address(serving));
    fflush(stdout);
    int error = cpmsync_mock_port_serve(serving);
    result = error ? failed(mock, "serving", error) : 0;
    return report_script(mock) ? 1 : result;
}

static int configure(struct cpmsync_mock_config *config, const struct options *o)
{
    int64_t seed = 0;
    config->size = sizeof *config;
    config->capabilities = o->capability;
    config->starttls = o->starttls;
    config->require_tls = o->require_tls;
    if (o->seed && !read_number(o->seed, &seed))
        return wrong("wants a number", "--seed");
    config->seed = (uint64_t)seed;
    if (o->expunge_log && !read_number(o->expunge_log, &config->expunge_log))
        return wrong("wants a number", "--expunge-log");
    if (o->expunge_log && config->expunge_log == 0)
        config->expunge_log = CPMSYNC_OFF;
    if (o->scram_iterations && !read_number(o->scram_iterations, &config->scram_iterations))
        return wrong("wants a number", "--scram-iterations");
    return 0;
}

int main(int argc, char **argv)
{
    struct options o;
    struct cpmsync_mock_config config;
    struct mock_trace trace = {NULL, 0, 0, 0};
    memset(&o, 0, sizeof o);
    memset(&config, 0, sizeof config);
    int result = parse(&o, argc, argv);
    if (result)
        return result;
    if (o.help) {
        cpmsync_mock_help(stdout);
        return 0;
    }
    result = configure(&config, &o);
    if (result)
        return result;
    if (o.trace) {
        trace.file = strcmp(o.trace, "-") == 0 ? stderr : fopen(o.trace, "w");
        if (!trace.file) {
            fprintf(stderr, "cpm-mockserver: %s: %s\n", o.trace, strerror(errno));
            return 1;
        }
        config.trace = cpmsync_mock_trace_octets;
        config.trace_ctx = &trace;
    }
    struct cpmsync_mock *mock = cpmsync_mock_new(&config);
    result = mock ? fill(mock, &o) : wrong("cannot be served", "this configuration");
    result = result ? result : serve(mock, &o, &trace);
    cpmsync_mock_port_close(serving);
    cpmsync_mock_free(mock);
    if (trace.file && trace.file != stderr)
        fclose(trace.file);
    return result;
}
