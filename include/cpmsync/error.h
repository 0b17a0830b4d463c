/* SPDX-License-Identifier: MIT */
/*
 * Errors: every negative number the library returns, with its name, one-line text, class, advice, and whether the
 * connection it happened on survives. Numbers are stable: new ones are added at the end of their block. What is free in
 * between is kept for errors that no call can return yet.
 */
#ifndef CPMSYNC_ERROR_H
#define CPMSYNC_ERROR_H

#include <cpmsync/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum cpmsync_error {
    CPMSYNC_OK = 0,

    /* usage: the call was wrong; nothing happened */
    CPMSYNC_ERR_INVALID_ARGUMENT = -1, /* an argument is outside its documented range, or a struct has a wrong size */
    CPMSYNC_ERR_STATE = -2,            /* the call is not allowed now (documented at the call) */
    CPMSYNC_ERR_CANCELLED = -4,        /* cancelled by the app, or the client was freed */
    CPMSYNC_ERR_UNSUPPORTED = -5,      /* this build, or this server, cannot do it */
    CPMSYNC_ERR_NOT_FOUND = -6,        /* no such thing in the cache or store */
    CPMSYNC_ERR_ABORTED = -7,          /* the app's event callback refused the batch */

    /* network: the link */
    CPMSYNC_ERR_RESOLVE = -20, /* the host name has no address, or no name server answered */
    CPMSYNC_ERR_CONNECT = -21, /* no address accepted the connection; the last errno is the backend code */
    CPMSYNC_ERR_CLOSED = -22,  /* the peer closed, or the link broke */
    CPMSYNC_ERR_TIMEOUT = -23, /* nothing came before the deadline */
    CPMSYNC_ERR_BYE = -24,     /* the server said BYE; its words are kept */

    /* tls */
    CPMSYNC_ERR_TLS = -40,          /* the handshake or a record failed; the mbedTLS code is the backend code */
    CPMSYNC_ERR_TLS_CERT = -41,     /* the certificate is not trusted, expired or revoked; see the X.509 flags */
    CPMSYNC_ERR_TLS_HOST = -42,     /* the certificate is for another host */
    CPMSYNC_ERR_TLS_TRUST = -43,    /* the app's own trust anchors cannot be read */
    CPMSYNC_ERR_TLS_REQUIRED = -44, /* TLS is required and the server does not offer or refuses it, or greets PREAUTH */
    CPMSYNC_ERR_TLS_INJECTED = -45, /* octets came behind STARTTLS's OK before the handshake (RFC 3501 6.2.1) */

    /* auth */
    CPMSYNC_ERR_AUTH = -60,             /* the server refused the credentials */
    CPMSYNC_ERR_AUTH_MECHANISM = -61,   /* no mechanism is both offered and allowed */
    CPMSYNC_ERR_AUTH_SERVER = -62,      /* the server failed to prove that it knows the password (SCRAM) */
    CPMSYNC_ERR_AUTH_UNAVAILABLE = -63, /* the server cannot check credentials now ([UNAVAILABLE], RFC 5530) */
    CPMSYNC_ERR_AUTH_CREDENTIALS = -64, /* the app had no credentials, or they cannot be sent (NUL in them) */
    CPMSYNC_ERR_AUTH_ITERATIONS = -65,  /* SCRAM iteration count above the configured limit (R28) */

    /* server: what it answered */
    CPMSYNC_ERR_PROTOCOL = -80,        /* it broke the protocol; the connection cannot go on */
    CPMSYNC_ERR_NO = -81,              /* a command was refused (NO) without a code below */
    CPMSYNC_ERR_BAD = -82,             /* a command was not understood (BAD) */
    CPMSYNC_ERR_CAPABILITY = -83,      /* it lacks IMAP4rev1/rev2, or something the call needs */
    CPMSYNC_ERR_NO_MAILBOX = -84,      /* the mailbox does not exist ([NONEXISTENT], or SELECT answered NO) */
    CPMSYNC_ERR_PERMISSION = -85,      /* [NOPERM] */
    CPMSYNC_ERR_IN_USE = -86,          /* [INUSE] */
    CPMSYNC_ERR_SERVER_LIMIT = -87,    /* [LIMIT], [OVERQUOTA], [TOOBIG] */
    CPMSYNC_ERR_SERVER_TRYAGAIN = -88, /* [UNAVAILABLE], [SERVERBUG], [CORRUPTION] */
    CPMSYNC_ERR_OUTCOME_UNKNOWN = -89, /* the link broke before the tagged answer (C-04) */
    CPMSYNC_ERR_NO_UIDS = -90,         /* the mailbox has no persistent UIDs: it cannot be cached (C-12, V-08) */
    CPMSYNC_ERR_UNVERIFIED = -91,      /* answers contradict each other; the old cursor was kept (R12 to R14) */
    CPMSYNC_ERR_COMPRESSION = -92, /* what it sent compressed is damaged; it is not asked to compress again (4978) */

    /* store */
    CPMSYNC_ERR_STORE = -100,         /* reading or writing failed; the backend code tells */
    CPMSYNC_ERR_STORE_FULL = -101,    /* no space left */
    CPMSYNC_ERR_STORE_CORRUPT = -102, /* the file is not, or no longer, a readable store */
    CPMSYNC_ERR_STORE_NEWER = -103,   /* written by a newer version of this library */
    CPMSYNC_ERR_STORE_LOCKED = -104,  /* another process writes to it */
    CPMSYNC_ERR_STORE_ACCOUNT = -105, /* it belongs to another user@host:port */

    /* limit: a configured limit, or memory */
    CPMSYNC_ERR_NOMEM = -120,
    CPMSYNC_ERR_LIMIT = -121,   /* a configured limit was reached: line, depth, messages, flags, queued output */
    CPMSYNC_ERR_DEADLINE = -122 /* the operation's time was up; what was complete is kept */
};

enum cpmsync_error_class {
    CPMSYNC_CLASS_NONE,
    CPMSYNC_CLASS_USAGE,
    CPMSYNC_CLASS_NETWORK,
    CPMSYNC_CLASS_TLS,
    CPMSYNC_CLASS_AUTH,
    CPMSYNC_CLASS_SERVER,
    CPMSYNC_CLASS_STORE,
    CPMSYNC_CLASS_LIMIT
};

/* When trying again makes sense. */
enum cpmsync_advice {
    CPMSYNC_ADVICE_NONE,     /* not an error */
    CPMSYNC_ADVICE_NOW,      /* at once */
    CPMSYNC_ADVICE_BACK_OFF, /* later, with growing pauses */
    CPMSYNC_ADVICE_USER,     /* after the user or the app changed something: password, trust, space, rights */
    CPMSYNC_ADVICE_NEVER     /* it will fail again */
};

/* "CPMSYNC_ERR_CLOSED"; "CPMSYNC_ERR_?" for a number that is none of ours. Static storage. */
CPMSYNC_API const char *cpmsync_error_name(int error);

/* One line in English, without the number. Static storage. */
CPMSYNC_API const char *cpmsync_error_text(int error);

CPMSYNC_API enum cpmsync_error_class cpmsync_error_class(int error);
CPMSYNC_API enum cpmsync_advice cpmsync_error_advice(int error);

/* 1 if the connection the error happened on can still be used. A login that fails ends it with whatever error. */
CPMSYNC_API int cpmsync_error_survives(int error);

/* An error with everything known about it. Strings are never NULL. */
struct cpmsync_fault {
    size_t size;
    int error;               /* enum cpmsync_error */
    const char *server_text; /* the server's words (resp-text), 8-bit octets as they came */
    const char *server_code; /* response code without brackets and arguments, such as "NOPERM" */
    uint32_t x509_flags;     /* MBEDTLS_X509_BADCERT_*, for CPMSYNC_ERR_TLS_CERT and _HOST */
    int backend_code;        /* errno, mbedTLS or SQLite code, 0 if none */
    int server_text_trusted; /* 0: the words came before TLS or login (W-08, PF-114) */
};

#ifdef __cplusplus
}
#endif
#endif
