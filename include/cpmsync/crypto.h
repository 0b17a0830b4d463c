/* SPDX-License-Identifier: MIT */
/*
 * The crypto contract: what SASL needs and nothing more: hashes, HMAC and random octets. One object serves one client
 * at a time; calls do not block. cpmsync_crypto_mbedtls() is the one that ships (CPMSYNC_WITH_TLS).
 */
#ifndef CPMSYNC_CRYPTO_H
#define CPMSYNC_CRYPTO_H

#include <cpmsync/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum cpmsync_hash { CPMSYNC_HASH_SHA1 = 1, CPMSYNC_HASH_SHA256 = 2 };
enum { CPMSYNC_HASH_MAX = 32 };

struct cpmsync_crypto_ops {
    size_t size;
    /* `len` octets nobody can guess. 0 or CPMSYNC_ERR_TLS. */
    int (*random)(void *self, uint8_t *out, size_t len);
    /* Hash of `len` octets; writes 20 or 32 octets. 0, CPMSYNC_ERR_UNSUPPORTED, _NOMEM. */
    int (*hash)(void *self, enum cpmsync_hash hash, const uint8_t *data, size_t len, uint8_t *out);
    /* HMAC (RFC 2104). `out` may be `data`. */
    int (*hmac)(void *self, enum cpmsync_hash hash, const uint8_t *key, size_t key_len, const uint8_t *data, size_t len,
        uint8_t *out);
    /*
     * `rounds` rounds of PBKDF2's inner loop for one block: U = HMAC(key, U); sum ^= U. So that hashing can be sliced
     * by the caller's budget and still prepare the key once a slice. `u` and `sum` hold one hash.
     */
    int (*hmac_rounds)(void *self, enum cpmsync_hash hash, const uint8_t *key, size_t key_len, uint32_t rounds,
        uint8_t *u, uint8_t *sum);
    void (*free)(void *self);
};

struct cpmsync_crypto {
    const struct cpmsync_crypto_ops *ops;
    void *self;
};

/* Frees and clears. */
CPMSYNC_API void cpmsync_crypto_free(struct cpmsync_crypto *crypto);

/* Fills *crypto. 0, CPMSYNC_ERR_NOMEM, CPMSYNC_ERR_TLS if no entropy can be had, _UNSUPPORTED without TLS. */
CPMSYNC_API int cpmsync_crypto_mbedtls(struct cpmsync_crypto *crypto, const struct cpmsync_allocator *allocator);

#ifdef __cplusplus
}
#endif
#endif
