/* SPDX-License-Identifier: MIT */
#include "cli_fault.h"

#include "cli_text.h"

#include <stdarg.h>
#include <string.h>

struct line {
    char *text;
    size_t size, used;
};

static void add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct line *line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line->text + line->used, line->size - line->used, format, args);
    va_end(args);
    if (len > 0)
        line->used += (size_t)len;
    if (line->used >= line->size)
        line->used = line->size - 1;
}

enum cli_status cli_fault_status(int error)
{
    switch (cpmsync_error_class(error)) {
    case CPMSYNC_CLASS_NONE:
        return CLI_STATUS_DONE;
    case CPMSYNC_CLASS_USAGE:
        return error == CPMSYNC_ERR_INVALID_ARGUMENT ? CLI_STATUS_USAGE : CLI_STATUS_REFUSED;
    case CPMSYNC_CLASS_NETWORK:
    case CPMSYNC_CLASS_TLS:
        return CLI_STATUS_NETWORK;
    case CPMSYNC_CLASS_AUTH:
        return CLI_STATUS_LOGIN;
    case CPMSYNC_CLASS_STORE:
        return CLI_STATUS_STORE;
    case CPMSYNC_CLASS_SERVER:
    case CPMSYNC_CLASS_LIMIT:
        break;
    }
    return CLI_STATUS_REFUSED;
}

/* MBEDTLS_X509_BADCERT_*, which is what x509_flags is documented to hold. */
static void add_x509(struct line *line, uint32_t flags)
{
    static const struct {
        uint32_t flag;
        const char *text;
    } reasons[] = {
        {0x0001, "expired"},
        {0x0002, "revoked"},
        {0x0004, "made for another host"},
        {0x0008, "not signed by a trusted authority"},
        {0x0200, "not valid yet"},
        {0x4000, "signed with a hash that is too weak"},
        {0x8000, "signed with an unacceptable kind of key"},
        {0x10000, "made with a key that is too weak"},
    };
    const char *before = " (it is ";
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if ((flags & reasons[i].flag) == 0)
            continue;
        add(line, "%s%s", before, reasons[i].text);
        before = ", ";
    }
    if (before[0] == ',')
        add(line, ")");
}

static void add_backend(struct line *line, const struct cpmsync_fault *fault)
{
    enum cpmsync_error_class class = cpmsync_error_class(fault->error);
    if (fault->backend_code == 0)
        return;
    if (fault->error == CPMSYNC_ERR_CONNECT && fault->backend_code > 0)
        add(line, " (%s)", strerror(fault->backend_code));
    else if (class == CPMSYNC_CLASS_TLS && fault->x509_flags == 0 && fault->backend_code < 0)
        add(line, " (mbedTLS -0x%04x)", (unsigned)-fault->backend_code);
    else if (class == CPMSYNC_CLASS_STORE)
        add(line, " (SQLite %d)", fault->backend_code);
}

static void add_server_words(struct line *line, const struct cpmsync_fault *fault)
{
    char words[240];
    if (fault->server_text == NULL || fault->server_text[0] == '\0')
        return;
    cli_text_sanitise(words, sizeof words, fault->server_text);
    add(line, " (the server says%s: \"%s\")", fault->server_text_trusted ? "" : ", unverified", words);
}

static const char *advice(int error)
{
    static const struct {
        int error;
        const char *text;
    } special[] = {
        {CPMSYNC_ERR_RESOLVE, "check the host in --url"},
        {CPMSYNC_ERR_CONNECT, "check host and port in --url, and that the server runs"},
        {CPMSYNC_ERR_TIMEOUT, "check the network, or raise --timeout"},
        {CPMSYNC_ERR_TLS, "check that the port speaks TLS: imaps:// for 993, imap:// for 143"},
        {CPMSYNC_ERR_TLS_CERT, "if this is the right server, name its certificate authority with --ca"},
        {CPMSYNC_ERR_TLS_HOST, "use the host name the certificate is for"},
        {CPMSYNC_ERR_TLS_TRUST, "check the file named with --ca"},
        {CPMSYNC_ERR_TLS_REQUIRED, "use imaps:// if the server has such a port"},
        {CPMSYNC_ERR_AUTH, "check the user and the password"},
        {CPMSYNC_ERR_AUTH_MECHANISM, "leave out --mech, or name one the server offers"},
        {CPMSYNC_ERR_AUTH_CREDENTIALS, "give a password with --password-file or CPMSYNC_PASSWORD"},
        {CPMSYNC_ERR_NO_MAILBOX, "check its name"},
        {CPMSYNC_ERR_NOT_FOUND, "synchronise it first"},
        {CPMSYNC_ERR_STORE_FULL, "make room"},
        {CPMSYNC_ERR_STORE_CORRUPT, "move it away and synchronise again"},
        {CPMSYNC_ERR_STORE_NEWER, "use the newer cpmsync that wrote it"},
        {CPMSYNC_ERR_STORE_LOCKED, "wait until the other program is done"},
        {CPMSYNC_ERR_STORE_ACCOUNT, "use another --store for this --url"},
    };
    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++)
        if (special[i].error == error)
            return special[i].text;
    switch (cpmsync_error_advice(error)) {
    case CPMSYNC_ADVICE_NOW:
        return "try again";
    case CPMSYNC_ADVICE_BACK_OFF:
        return "try again later";
    case CPMSYNC_ADVICE_USER:
        return "it needs a change by you before it can work";
    case CPMSYNC_ADVICE_NEVER:
        return "it will fail again; --trace shows the conversation";
    case CPMSYNC_ADVICE_NONE:
        break;
    }
    return "nothing is to be done";
}

void cli_fault_line(char *line, size_t size, const struct cpmsync_fault *fault, const char *connection,
    const char *login, const char *command)
{
    struct line out = {line, size, 0};
    enum cpmsync_error_class class = cpmsync_error_class(fault->error);
    const char *what = command;
    char clean[512];
    if (class == CPMSYNC_CLASS_NETWORK || class == CPMSYNC_CLASS_TLS)
        what = connection;
    else if (class == CPMSYNC_CLASS_AUTH)
        what = login;
    cli_text_sanitise(clean, sizeof clean, what);
    add(&out, "%s: %s", clean, cpmsync_error_text(fault->error));
    if (class == CPMSYNC_CLASS_TLS)
        add_x509(&out, fault->x509_flags);
    add_backend(&out, fault);
    add_server_words(&out, fault);
    add(&out, "; %s", advice(fault->error));
}
