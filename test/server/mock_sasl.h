/* SPDX-License-Identifier: MIT */
/* The server's side of PLAIN, SCRAM-SHA-256 and SCRAM-SHA-1 (RFC 4616, 5802, 7677), and base64. */
#ifndef CPMSYNC_MOCK_SASL_H
#define CPMSYNC_MOCK_SASL_H

#include "mock_store.h"

enum mock_mechanism { MOCK_NO_MECHANISM, MOCK_PLAIN, MOCK_SCRAM_SHA_256, MOCK_SCRAM_SHA_1 };

enum { MOCK_HASH_MAX = 32 };

struct mock_sasl {
    enum mock_mechanism mechanism;
    int step;
    struct mock_user *user;
    struct cpmsync_buf auth_message; /* client-first-bare "," server-first "," client-final-without-proof */
    char gs2_header[64];
    char nonce[256];
    uint8_t salt[16];
    unsigned iterations;
};

/* What the exchange says after a client's message. */
enum mock_verdict {
    MOCK_SASL_CHALLENGE, /* send the challenge */
    MOCK_SASL_DONE,      /* user is logged in */
    MOCK_SASL_FAILED,    /* wrong credentials */
    MOCK_SASL_BROKEN     /* not the mechanism's grammar */
};

struct mock_sasl_setting {
    const struct mock_store *store;
    unsigned iterations;
    bool wrong_signature; /* faults */
    bool wrong_nonce;
};

enum mock_mechanism cpmsync_mock_mechanism(struct cpmsync_slice name);
void cpmsync_mock_sasl_start(struct mock_sasl *sasl, const struct cpmsync_allocator *mem, enum mock_mechanism mechanism,
    unsigned iterations, uint64_t (*next_random)(void *ctx), void *ctx);
void cpmsync_mock_sasl_clear(struct mock_sasl *sasl);

/* A message of the client, decoded; appends the challenge, not encoded. */
enum mock_verdict cpmsync_mock_sasl_step(struct mock_sasl *sasl, const struct mock_sasl_setting *setting,
    struct cpmsync_slice message, struct cpmsync_buf *challenge);

/* false if the text is not base64 (RFC 4648, padded). Appends. */
bool cpmsync_mock_base64_decode(struct cpmsync_slice text, struct cpmsync_buf *out);
bool cpmsync_mock_base64_encode(struct cpmsync_slice data, struct cpmsync_buf *out);

#endif
