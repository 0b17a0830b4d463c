/* SPDX-License-Identifier: MIT */
/* A SCRAM client of the tests' own (RFC 5802), with channel binding: it writes and reads the base64 of AUTHENTICATE. */
#ifndef CPMSYNC_SCRAM_CLIENT_H
#define CPMSYNC_SCRAM_CLIENT_H

#include <stddef.h>
#include <stdint.h>

struct scram_client {
    int sha1;
    const char *gs2; /* "n,," */
    const char *user;
    const char *nonce;
    const void *binding; /* what stands behind the GS2 header in c= */
    size_t binding_len;
    size_t len; /* of a hash */
    char server_first[400];
    uint8_t proof[32];
    uint8_t signature[32];
};

/* The first message. */
void scram_client_first(struct scram_client *s, char *out, size_t size);
/* Takes the server's first one. */
void scram_client_hear(struct scram_client *s, const char *base64);
/* Computes proof and signature, and writes the final message. */
void scram_client_compute(struct scram_client *s, const char *password);
void scram_client_final(struct scram_client *s, char *out, size_t size);
/* Whether the server's final message proves that it knows the password. */
int scram_client_believes(const struct scram_client *s, const char *base64);

#endif
