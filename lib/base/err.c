/* SPDX-License-Identifier: MIT */
#include "base/err.h"

#include <stdint.h>

struct entry {
    int error;
    enum cpmsync_error_class class_;
    enum cpmsync_advice advice;
    int survives;
    const char *name;
    const char *text;
};

/* clang-format off */
#define ENTRY(error, class_, advice, survives, text) \
    {error, CPMSYNC_CLASS_##class_, CPMSYNC_ADVICE_##advice, survives, #error, text}

static const struct entry entries[] = {
    ENTRY(CPMSYNC_OK, NONE, NONE, 1, "no error"),

    ENTRY(CPMSYNC_ERR_INVALID_ARGUMENT, USAGE, NEVER, 1, "an argument is invalid"),
    ENTRY(CPMSYNC_ERR_STATE, USAGE, USER, 1, "the call is not allowed now"),
    ENTRY(CPMSYNC_ERR_CANCELLED, USAGE, NOW, 1, "cancelled"),
    ENTRY(CPMSYNC_ERR_UNSUPPORTED, USAGE, NEVER, 1, "not supported by this build or this server"),
    ENTRY(CPMSYNC_ERR_NOT_FOUND, USAGE, NEVER, 1, "not found"),
    ENTRY(CPMSYNC_ERR_ABORTED, USAGE, USER, 1, "the application refused the changes"),

    ENTRY(CPMSYNC_ERR_RESOLVE, NETWORK, BACK_OFF, 0, "the host name cannot be resolved"),
    ENTRY(CPMSYNC_ERR_CONNECT, NETWORK, BACK_OFF, 0, "no address of the server accepted the connection"),
    ENTRY(CPMSYNC_ERR_CLOSED, NETWORK, BACK_OFF, 0, "the connection was closed"),
    ENTRY(CPMSYNC_ERR_TIMEOUT, NETWORK, BACK_OFF, 0, "the server did not answer in time"),
    ENTRY(CPMSYNC_ERR_BYE, NETWORK, BACK_OFF, 0, "the server said goodbye"),

    ENTRY(CPMSYNC_ERR_TLS, TLS, BACK_OFF, 0, "TLS failed"),
    ENTRY(CPMSYNC_ERR_TLS_CERT, TLS, USER, 0, "the server's certificate is not trusted"),
    ENTRY(CPMSYNC_ERR_TLS_HOST, TLS, USER, 0, "the server's certificate is for another host"),
    ENTRY(CPMSYNC_ERR_TLS_TRUST, TLS, USER, 0, "the trust anchors cannot be read"),
    ENTRY(CPMSYNC_ERR_TLS_REQUIRED, TLS, USER, 0, "TLS is required, but the server does not do it"),
    ENTRY(CPMSYNC_ERR_TLS_INJECTED, TLS, BACK_OFF, 0, "octets were injected before the TLS handshake"),

    ENTRY(CPMSYNC_ERR_AUTH, AUTH, USER, 0, "the server refused the credentials"),
    ENTRY(CPMSYNC_ERR_AUTH_MECHANISM, AUTH, USER, 0, "no authentication mechanism is both offered and allowed"),
    ENTRY(CPMSYNC_ERR_AUTH_SERVER, AUTH, USER, 0, "the server did not prove that it knows the password"),
    ENTRY(CPMSYNC_ERR_AUTH_UNAVAILABLE, AUTH, BACK_OFF, 0, "the server cannot check credentials now"),
    ENTRY(CPMSYNC_ERR_AUTH_CREDENTIALS, AUTH, USER, 0, "there are no credentials that can be sent"),
    ENTRY(CPMSYNC_ERR_AUTH_ITERATIONS, AUTH, USER, 0, "the server asks for more password hashing than is allowed"),

    ENTRY(CPMSYNC_ERR_PROTOCOL, SERVER, BACK_OFF, 0, "the server broke the protocol"),
    ENTRY(CPMSYNC_ERR_NO, SERVER, BACK_OFF, 1, "the server refused the command"),
    ENTRY(CPMSYNC_ERR_BAD, SERVER, NEVER, 1, "the server did not understand the command"),
    ENTRY(CPMSYNC_ERR_CAPABILITY, SERVER, NEVER, 0, "the server lacks a capability that is needed"),
    ENTRY(CPMSYNC_ERR_NO_MAILBOX, SERVER, USER, 1, "the mailbox does not exist"),
    ENTRY(CPMSYNC_ERR_PERMISSION, SERVER, USER, 1, "permission denied"),
    ENTRY(CPMSYNC_ERR_IN_USE, SERVER, BACK_OFF, 1, "the mailbox is in use"),
    ENTRY(CPMSYNC_ERR_SERVER_LIMIT, SERVER, USER, 1, "a limit or quota of the server was reached"),
    ENTRY(CPMSYNC_ERR_SERVER_TRYAGAIN, SERVER, BACK_OFF, 1, "the server has a temporary problem"),
    /* Repeating it unseen could do it twice. */
    ENTRY(CPMSYNC_ERR_OUTCOME_UNKNOWN, SERVER, USER, 0, "the connection broke before the outcome was known"),
    ENTRY(CPMSYNC_ERR_NO_UIDS, SERVER, NEVER, 1, "the mailbox has no persistent UIDs"),
    ENTRY(CPMSYNC_ERR_UNVERIFIED, SERVER, BACK_OFF, 1, "the server's answers contradict each other"),
    ENTRY(CPMSYNC_ERR_COMPRESSION, SERVER, BACK_OFF, 0, "what the server compressed is damaged"),

    ENTRY(CPMSYNC_ERR_STORE, STORE, BACK_OFF, 1, "the store cannot be read or written"),
    ENTRY(CPMSYNC_ERR_STORE_FULL, STORE, USER, 1, "no space is left for the store"),
    ENTRY(CPMSYNC_ERR_STORE_CORRUPT, STORE, USER, 1, "the store is corrupt"),
    ENTRY(CPMSYNC_ERR_STORE_NEWER, STORE, USER, 1, "the store was written by a newer version"),
    ENTRY(CPMSYNC_ERR_STORE_LOCKED, STORE, BACK_OFF, 1, "another process writes to the store"),
    ENTRY(CPMSYNC_ERR_STORE_ACCOUNT, STORE, USER, 1, "the store belongs to another account"),

    ENTRY(CPMSYNC_ERR_NOMEM, LIMIT, BACK_OFF, 1, "out of memory"),
    ENTRY(CPMSYNC_ERR_LIMIT, LIMIT, USER, 1, "a configured limit was reached"),
    ENTRY(CPMSYNC_ERR_DEADLINE, LIMIT, USER, 1, "the time for it was up"),
};

static const struct entry unknown = {
    0, CPMSYNC_CLASS_NONE, CPMSYNC_ADVICE_BACK_OFF, 0, "CPMSYNC_ERR_?", "unknown error"};
/* clang-format on */

static const struct entry *find(int error)
{
    size_t i;

    for (i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        if (entries[i].error == error)
            return &entries[i];
    }
    return &unknown;
}

const char *cpmsync_error_name(int error)
{
    return find(error)->name;
}

const char *cpmsync_error_text(int error)
{
    return find(error)->text;
}

enum cpmsync_error_class cpmsync_error_class(int error)
{
    return find(error)->class_;
}

enum cpmsync_advice cpmsync_error_advice(int error)
{
    return find(error)->advice;
}

int cpmsync_error_survives(int error)
{
    return find(error)->survives;
}

/* Control octets could end a log line or steer a terminal. */
static void copy_words(char *out, size_t size, struct cpmsync_slice words)
{
    size_t i;

    for (i = 0; i < words.len && i + 1 < size; i++) {
        uint8_t c = words.data[i];

        out[i] = (char)(c < ' ' || c == 0x7f ? '?' : c);
    }
    out[i] = '\0';
}

void cpmsync_err_clear(struct cpmsync_err *err)
{
    memset(err, 0, sizeof(*err));
}

int cpmsync_err_set(struct cpmsync_err *err, int error)
{
    cpmsync_err_clear(err);
    err->error = error;
    return error;
}

int cpmsync_err_server(
    struct cpmsync_err *err, int error, struct cpmsync_slice code, struct cpmsync_slice text, bool trusted)
{
    struct cpmsync_err fresh; /* the slices may point into *err */

    cpmsync_err_set(&fresh, error);
    copy_words(fresh.code, sizeof(fresh.code), code);
    copy_words(fresh.text, sizeof(fresh.text), text);
    fresh.trusted = trusted;
    *err = fresh;
    return error;
}

void cpmsync_err_fault(const struct cpmsync_err *err, struct cpmsync_fault *fault)
{
    memset(fault, 0, sizeof(*fault));
    fault->size = sizeof(*fault);
    fault->error = err->error;
    fault->server_text = err->text;
    fault->server_code = err->code;
    fault->x509_flags = err->x509_flags;
    fault->backend_code = err->backend_code;
    fault->server_text_trusted = err->trusted;
}

void cpmsync_err_from_fault(struct cpmsync_err *err, const struct cpmsync_fault *fault, int otherwise)
{
    const char *code, *text;

    if (!fault) {
        cpmsync_err_set(err, otherwise);
        return;
    }
    code = fault->server_code ? fault->server_code : "";
    text = fault->server_text ? fault->server_text : "";
    cpmsync_err_server(
        err, fault->error, cpmsync_slice_str(code), cpmsync_slice_str(text), fault->server_text_trusted != 0);
    err->x509_flags = fault->x509_flags;
    err->backend_code = fault->backend_code;
}
