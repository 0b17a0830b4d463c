/* SPDX-License-Identifier: MIT */
/*
 * The transport contract: where bytes come from (design 9), and the transports that ship: TCP and TLS.
 *
 * A transport never blocks. It belongs to the client that asked its connector for it, until the client calls close.
 * All calls come from the client's thread.
 */
#ifndef CPMSYNC_TRANSPORT_H
#define CPMSYNC_TRANSPORT_H

#include <cpmsync/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is known about a connection. */
struct cpmsync_transport_info {
    size_t size;
    int secure;          /* bytes are encrypted and the peer is authenticated */
    int resumed;         /* the TLS session was resumed */
    int early;           /* implicit TLS, resumed or 1.3: octets may be sent before the greeting is here */
    uint32_t x509_flags; /* why the certificate was refused, MBEDTLS_X509_BADCERT_* */
    int backend_code;    /* errno or mbedTLS code of the last error, 0 if none */
    const char *detail;  /* "TLSv1.2 ECDHE-ECDSA-..." or "" ; lives as long as the transport */
};

struct cpmsync_transport_ops {
    size_t size;

    /*
     * Connects, shakes hands, re-tries: whatever is due at `now`. Returns 1 when bytes can be exchanged, 0 while not
     * yet, an error when it cannot be any more (CPMSYNC_ERR_RESOLVE, _CONNECT, _TIMEOUT, _TLS*, _NOMEM, _CLOSED).
     * Called at the start, after starttls, at expiry, and whenever a watched descriptor is ready; harmless in between.
     */
    int (*step)(void *self, int64_t now);

    /*
     * Reads up to `size` octets. Returns how many; 0 if it would block: never because the stream ended, which is
     * CPMSYNC_ERR_CLOSED (also a TCP end without close_notify), CPMSYNC_ERR_TLS for a broken record.
     */
    int64_t (*recv)(void *self, void *data, size_t size);

    /* Writes up to `size` octets. Returns how many were taken; 0 if it would block. The next call may pass other data. */
    int64_t (*send)(void *self, const void *data, size_t size);

    /* The next absolute time step must be called, CPMSYNC_NEVER if none. */
    int64_t (*expiry)(void *self);

    /*
     * The descriptors to watch now, at most `max`, for `want` (CPMSYNC_POLL_* of what the caller wants to do once
     * connected; while connecting the transport's own needs count). Returns how many there are, which may be above
     * `max`. Transports without descriptors return 0 and make themselves heard otherwise.
     */
    size_t (*pollfds)(void *self, unsigned want, struct cpmsync_pollfd *fds, size_t max);

    /* Octets recv can return without asking the kernel: the caller must not sleep while it is not 0. */
    size_t (*pending)(void *self);

    /* Starts TLS on the open stream; step then shakes hands. CPMSYNC_ERR_UNSUPPORTED if it can not, CPMSYNC_ERR_STATE
     * if it is secure already. The caller has made sure that no octet is left unread or unsent. */
    int (*starttls)(void *self);

    /* Fills *info, whose size the caller set. */
    void (*info)(void *self, struct cpmsync_transport_info *info);

    /* Closes (with TLS's close_notify if it does not block) and frees. */
    void (*close)(void *self);
};

struct cpmsync_transport {
    const struct cpmsync_transport_ops *ops;
    void *self;
};

/*
 * Opens transports. The client asks for one whenever its bytes face wants CONNECT, so that it can reconnect; at most
 * two are open at a time. `open` never blocks and fills *transport, which is still connecting when it returns.
 */
struct cpmsync_connector_ops {
    size_t size;
    int (*open)(void *self, int64_t now, struct cpmsync_transport *transport);
    /* The descriptors to watch beside those of its transports (the one wake writes to); as in cpmsync_transport_ops. */
    size_t (*pollfds)(void *self, struct cpmsync_pollfd *fds, size_t max);
    /* Makes them readable until `woken`; the only function here that another thread may call. NULL: cannot. */
    int (*wake)(void *self);
    /* Takes the wake-up back. NULL beside a NULL wake. */
    void (*woken)(void *self);
    void (*free)(void *self); /* after its last transport was closed */
};

struct cpmsync_connector {
    const struct cpmsync_connector_ops *ops;
    void *self;
};

CPMSYNC_API void cpmsync_connector_free(struct cpmsync_connector *connector);

/* An address as hooks give and see it: family 4 or 6, the octets in network order. */
struct cpmsync_address {
    unsigned family;
    uint8_t octets[16];
    uint16_t port;
    uint32_t scope_id;
};

/*
 * TCP (CPMSYNC_WITH_SOCKETS). Connects to the addresses of a name in turn with a head start each, alternating families
 * (RFC 8305), keeps the first that answers. Sockets are non-blocking, close-on-exec, TCP_NODELAY, raise no SIGPIPE.
 * Names are resolved by a thread of the resolver (CPMSYNC_WITH_RESOLVER) or by the hook.
 */
struct cpmsync_tcp_config {
    size_t size;
    const struct cpmsync_allocator *allocator;
    const char *host; /* name, or address without brackets */
    uint16_t port;
    int64_t connect_timeout_ms; /* resolving and connecting together; 0 is 60,000, CPMSYNC_OFF never */
    int64_t head_start_ms;      /* between two addresses; 0 is 250 */
    void *hook_ctx;
    /* Supplies the addresses instead of the resolver: fills up to `max`, returns how many, or an error. May be NULL. */
    int (*addresses)(void *ctx, const char *host, uint16_t port, struct cpmsync_address *addresses, size_t max);
    /* Sees every socket before connect, to bind it to an interface or APN. Non-zero skips this address. May be NULL. */
    int (*prepare)(void *ctx, int fd, const struct cpmsync_address *address);
    /* Brings a connected, or connecting, socket, owned by the library from then on: returns the descriptor or an error.
     * With it host and port are not used. May be NULL. */
    int (*socket)(void *ctx);
};

/* Fills *connector with one for plain TCP, copying what it needs of config. 0, _INVALID_ARGUMENT, _NOMEM, or
 * _UNSUPPORTED without SOCKETS. */
CPMSYNC_API int cpmsync_connector_tcp(struct cpmsync_connector *connector, const struct cpmsync_tcp_config *config);

enum { CPMSYNC_TLS_PIN_LEN = 32, CPMSYNC_TLS_PINS_MAX = 64 };

/* A TLS connector from inside; lives as long as the connector does. */
struct cpmsync_tls_connector;

enum cpmsync_tls_verdict {
    CPMSYNC_TLS_REFUSE = -1,
    CPMSYNC_TLS_LATER = 0, /* cpmsync_tls_trust_answer will say */
    CPMSYNC_TLS_TRUST = 1
};

/* Is this the server? The chain is as verified: the server's own certificate first, then whoever signed it, the anchor
 * last if it came to one. */
struct cpmsync_tls_question {
    size_t size;
    struct cpmsync_tls_connector *connector; /* these two name the question in the answer */
    uint64_t id;
    const char *host;
    const uint8_t *const *chain; /* DER */
    const size_t *chain_lens;
    size_t chain_count;
    uint32_t x509_flags; /* what is wrong with it, MBEDTLS_X509_BADCERT_*: 0 where we would go on unasked */
};

/*
 * TLS over any transport (CPMSYNC_WITH_TLS): mbedTLS, TLS 1.2 or better, certificate and host always verified, and
 * nobody but the app's own `trust` overrules what is found. A name is looked for among the certificate's dNSNames,
 * an address among its iPAddresses; the Common Name does not count (RFC 9525). mbedTLS takes its memory (some 45 KB
 * a connection, more while a full handshake holds the trust) from malloc: its allocator is a global of the process
 * and not ours to set.
 */
struct cpmsync_tls_config {
    size_t size;
    const struct cpmsync_allocator *allocator;
    const char *host;       /* name or IP address the certificate must be for (RFC 6125; RFC 3501 11.1) */
    const char *ca_file;    /* PEM certificates to trust; NULL with no ca_data: the system's bundle */
    const uint8_t *ca_data; /* PEM or DER certificates to trust, beside or instead of the file; copied. PEM must end in
                               a NUL that is counted */
    size_t ca_data_len;
    int starttls;                 /* 1: start in clear; TLS begins when the session asks for it */
    int64_t handshake_timeout_ms; /* 0 is 60,000 */
    /* Where resumable sessions are kept; both NULL: in memory as long as the connector lives. The octets are secret, at
     * most 16,384. A resumed session skips the certificate's checks, so one is offered only where host, port, account,
     * mode and trust (the anchors, a file's place, size and times, the pins, whether `trust` is asked) are those it was
     * made under, and for a day at most; else it is forgotten (R26). load returns the number of octets put into `data`
     * (0: none), save's return is ignored; save with `len` 0 means that what was saved must be forgotten. */
    void *session_ctx;
    int64_t (*session_load)(void *ctx, uint8_t *data, size_t max);
    int (*session_save)(void *ctx, const uint8_t *data, size_t len);
    /* 1: the app promises that no other thread uses PSA crypto while this connector lives. Needed where mbedTLS runs on
     * PSA, whose state belongs to the process, and guards it by nothing (R28). psa_crypto_init may be called before, by
     * the app; it is called again, and nothing of PSA is ever freed here. */
    int single_thread;
    /* 1: never offer a saved session. */
    int no_resumption;
    /* Seconds since 1970, so that a session is offered for a day at most after the certificate was checked (R26). NULL,
     * or 0: not known, then sessions of session_load are offered whatever their age; those in memory are aged by step's
     * `now`. ctx is session_ctx. */
    int64_t (*wall_time)(void *ctx);
    /* What else a session is bound to, and nothing more: the port connected to, and whose session it is, in words of the
     * app's own (the user is enough; NULL is ""). Two accounts that differ here never resume each other's. */
    uint16_t port;
    const char *account;
    /*
     * Pins: SHA-256 of a certificate's SubjectPublicKeyInfo in DER (RFC 7469 2.4), at most CPMSYNC_TLS_PINS_MAX. They are
     * asked for in addition to everything else and replace nothing: the chain must end in an anchor (ca_file, ca_data,
     * or with neither the system's bundle) and be for the host, and one certificate of the chain as verified, the
     * server's, an intermediate one or the anchor, must have a pinned key. If none has, x509_flags says
     * MBEDTLS_X509_BADCERT_OTHER. A server whose certificate nobody signed is pinned by giving that as ca_data. Copied.
     */
    const uint8_t (*pins)[CPMSYNC_TLS_PIN_LEN];
    size_t pin_count;
    /*
     * Has the last word on a full handshake (R27), after anchors, pins and host were looked at: it may refuse what is
     * good and trust what is not. Returns an enum cpmsync_tls_verdict; with CPMSYNC_TLS_LATER the handshake waits, no
     * octet leaves, handshake_timeout_ms runs on (give a person enough of it, but few servers wait for more than some
     * minutes: remember a late answer for the next question). With neither ca_file nor ca_data nor a system's bundle
     * there are no anchors and all chains come with MBEDTLS_X509_BADCERT_NOT_TRUSTED. A resumed session asks nothing, so
     * TRUST holds for the day; an app that takes it back changes `account` or forgets what session_save got. Runs inside
     * step: it must not close the transport, and may do with the client what a callback of the client may. May be NULL.
     */
    void *trust_ctx;
    int (*trust)(void *ctx, const struct cpmsync_tls_question *question);
};

/*
 * Fills *connector with one that opens TLS over transports of `inner`, which it takes over (also on error). Trust is
 * parsed when the first full handshake needs it: CPMSYNC_ERR_TLS_TRUST then comes from step. 0, _INVALID_ARGUMENT,
 * _NOMEM, _UNSUPPORTED without TLS, _STATE where R28 forbids it.
 */
CPMSYNC_API int cpmsync_connector_tls(
    struct cpmsync_connector *connector, struct cpmsync_connector *inner, const struct cpmsync_tls_config *config);

/*
 * Answers a question the trust callback left open, inside it or later, from the client's thread: CPMSYNC_TLS_TRUST or
 * _REFUSE. The handshake goes on in the next step, which expiry calls for at once. 0; CPMSYNC_ERR_NOT_FOUND if nobody
 * waits for it: it was answered, its time ran out, or its connection is closed; _INVALID_ARGUMENT, _UNSUPPORTED. Not
 * after the connector was freed, with the client that has it.
 */
CPMSYNC_API int cpmsync_tls_trust_answer(struct cpmsync_tls_connector *connector, uint64_t id, int verdict);

#ifdef __cplusplus
}
#endif
#endif
