/* SPDX-License-Identifier: MIT */
/*
 * SASL mechanisms, client side: PLAIN (RFC 4616), SCRAM-SHA-1 (RFC 5802) and SCRAM-SHA-256 (RFC 7677), without channel
 * binding. It sees decoded messages; base64, `*` and tags are its caller's.
 *
 * Names and passwords go as they are given, in UTF-8. SASLprep (RFC 4013) is done as far as ASCII needs it: control
 * characters are refused for SCRAM; mapping and normalisation of what is not ASCII is the app's.
 */
#ifndef CPMSYNC_SESSION_SASL_H
#define CPMSYNC_SESSION_SASL_H

#include <cpmsync/crypto.h>

#include "base/buf.h"

enum cpmsync_sasl_mechanism {
    CPMSYNC_SASL_NONE,
    CPMSYNC_SASL_PLAIN,
    CPMSYNC_SASL_SCRAM_SHA_1,
    CPMSYNC_SASL_SCRAM_SHA_256
};

/* The name as it is spelled in AUTHENTICATE; NONE: "". */
const char *cpmsync_sasl_name(enum cpmsync_sasl_mechanism mechanism);

struct cpmsync_sasl_credentials {
    const char *user, *password, *authzid; /* authzid may be NULL */
};

enum { CPMSYNC_SASL_MESSAGE_MAX = 65536 };

struct cpmsync_sasl {
    enum cpmsync_sasl_mechanism mechanism;
    struct cpmsync_crypto *crypto;
    uint32_t iterations_max;
    struct cpmsync_buf password;
    struct cpmsync_buf header;       /* the GS2 header, "n,," */
    struct cpmsync_buf nonce;        /* the client's, then the server's */
    struct cpmsync_buf auth_message; /* grows by each message (RFC 5802 3) */
    struct cpmsync_buf message;      /* PLAIN's only message */
    int step;
    uint32_t rounds; /* of PBKDF2 that are left */
    uint8_t u[CPMSYNC_HASH_MAX], salted[CPMSYNC_HASH_MAX], server_signature[CPMSYNC_HASH_MAX];
};

/*
 * Begins. 0; CPMSYNC_ERR_AUTH_CREDENTIALS if they cannot be sent, CPMSYNC_ERR_AUTH_MECHANISM for SCRAM without crypto,
 * CPMSYNC_ERR_NOMEM, or an error of crypto. Clear it in any case.
 */
int cpmsync_sasl_init(struct cpmsync_sasl *sasl, const struct cpmsync_allocator *mem, struct cpmsync_crypto *crypto,
    enum cpmsync_sasl_mechanism mechanism, const struct cpmsync_sasl_credentials *credentials, uint32_t iterations_max);
/* Wipes and frees. */
void cpmsync_sasl_clear(struct cpmsync_sasl *sasl);

/*
 * Takes a challenge (empty for the client's first message) and appends the answer to `out`. 0 when the answer is whole, 1
 * when it needs cpmsync_sasl_work first; or an error, after which the exchange is cancelled: CPMSYNC_ERR_PROTOCOL for a
 * message that is none, CPMSYNC_ERR_AUTH_SERVER for a wrong nonce or signature (S-14, S-15), CPMSYNC_ERR_AUTH for the
 * server's `e=`, CPMSYNC_ERR_AUTH_ITERATIONS (R28), CPMSYNC_ERR_NOMEM, errors of crypto.
 */
int cpmsync_sasl_step(struct cpmsync_sasl *sasl, struct cpmsync_slice challenge, struct cpmsync_buf *out);

/* At most `rounds` more rounds of hashing, of which `*done` were made. As cpmsync_sasl_step: 1 while there are more. */
int cpmsync_sasl_work(struct cpmsync_sasl *sasl, uint32_t rounds, uint32_t *done, struct cpmsync_buf *out);
/* cpmsync_sasl_work is due. */
bool cpmsync_sasl_busy(const struct cpmsync_sasl *sasl);

/* The exchange is complete, and where the mechanism has the server prove itself, it did: an OK may be believed. */
bool cpmsync_sasl_complete(const struct cpmsync_sasl *sasl);

#endif
