/* SPDX-License-Identifier: MIT */
/* The server's side of SASL (RFC 4422): PLAIN, LOGIN, EXTERNAL, OAUTHBEARER (RFC 4616, 7628), SCRAM (mock_scram.c), base64. */
#ifndef CPMSYNC_MOCK_SASL_H
#define CPMSYNC_MOCK_SASL_H

#include "mock_store.h"

enum mock_mechanism {
    MOCK_NO_MECHANISM,
    MOCK_PLAIN,
    MOCK_LOGIN_MECHANISM,
    MOCK_EXTERNAL,
    MOCK_OAUTHBEARER,
    MOCK_SCRAM_SHA_1,
    MOCK_SCRAM_SHA_256,
    MOCK_SCRAM_SHA_1_PLUS,
    MOCK_SCRAM_SHA_256_PLUS
};

/* What is known of the TLS below a connection; texts without data are not known. */
enum { MOCK_SERVER_END_POINT, MOCK_UNIQUE, MOCK_EXPORTER, MOCK_BINDINGS };
struct mock_channel {
    struct cpmsync_slice client; /* the name in its certificate */
    struct cpmsync_slice bindings[MOCK_BINDINGS];
};
void cpmsync_mock_channel_clear(const struct cpmsync_allocator *mem, struct mock_channel *channel);
bool cpmsync_mock_channel_binds(const struct mock_channel *channel);

enum { MOCK_HASH_MAX = 32 };

struct mock_sasl {
    enum mock_mechanism mechanism;
    int step;
    struct mock_user *user;          /* who proved to be it, once the exchange is done whom it is for */
    bool unauthorized;               /* it is nobody this user may act for */
    struct cpmsync_buf auth_message; /* client-first-bare "," server-first "," client-final-without-proof */
    char gs2_header[300];
    size_t binding; /* MOCK_BINDINGS: none */
    char nonce[256];
    uint8_t salt[16];
    unsigned iterations;
};

/* What the exchange says after a client's message. */
enum mock_verdict {
    MOCK_SASL_CHALLENGE,    /* send the challenge */
    MOCK_SASL_DONE,         /* user is logged in */
    MOCK_SASL_FAILED,       /* wrong credentials */
    MOCK_SASL_UNAUTHORIZED, /* right ones, but not for the identity asked for */
    MOCK_SASL_BROKEN        /* not the mechanism's grammar */
};

struct mock_sasl_setting {
    const struct mock_store *store;
    const struct mock_channel *channel;
    bool offers_plus;     /* SCRAM with channel binding */
    bool wrong_signature; /* faults */
    bool wrong_nonce;
};

/* The mechanism of a name, and the capability that offers it: "AUTH=...". */
enum mock_mechanism cpmsync_mock_mechanism(struct cpmsync_slice name, const char **capability);
void cpmsync_mock_sasl_start(struct mock_sasl *sasl, const struct cpmsync_allocator *mem, enum mock_mechanism mechanism,
    unsigned iterations, uint64_t (*next_random)(void *ctx), void *ctx);
void cpmsync_mock_sasl_clear(struct mock_sasl *sasl);

/* What the server says before the client's first message; mostly nothing. */
struct cpmsync_slice cpmsync_mock_sasl_invitation(const struct mock_sasl *sasl);

/* A message of the client, decoded; appends the challenge, not encoded. */
enum mock_verdict cpmsync_mock_sasl_step(struct mock_sasl *sasl, const struct mock_sasl_setting *setting,
    struct cpmsync_slice message, struct cpmsync_buf *challenge);

/* Whom sasl->user acts for when it asks for `authzid` (empty: itself): changes user. A participating function may act for
 * everybody, others for themselves. */
bool cpmsync_mock_sasl_authorize(
    struct mock_sasl *sasl, const struct mock_sasl_setting *setting, struct cpmsync_slice authzid);

/* ["a=" saslname] of a GS2 header (RFC 5801), unescaped and appended; *text begins at it and ends behind its comma. */
bool cpmsync_mock_take_authzid(struct cpmsync_slice *text, struct cpmsync_buf *authzid);
/* "=2C" is a comma and "=3D" an equals sign in a saslname. */
bool cpmsync_mock_unescape(struct cpmsync_slice name, struct cpmsync_buf *out);
/* Takes "x=" and its value up to the next comma, that too, off the front. */
bool cpmsync_mock_take_attribute(struct cpmsync_slice *text, char name, struct cpmsync_slice *value);

/* mock_scram.c */
enum mock_verdict cpmsync_mock_scram_step(struct mock_sasl *sasl, const struct mock_sasl_setting *setting,
    struct cpmsync_slice message, struct cpmsync_buf *challenge);

/* false if the text is not base64 (RFC 4648, padded). Appends. */
bool cpmsync_mock_base64_decode(struct cpmsync_slice text, struct cpmsync_buf *out);
bool cpmsync_mock_base64_encode(struct cpmsync_slice data, struct cpmsync_buf *out);

#endif
