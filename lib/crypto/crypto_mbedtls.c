/* SPDX-License-Identifier: MIT */
/*
 * Hashes, HMAC and random octets from mbedTLS: its own modules in 2.28 and 3.x, PSA in 4.x, which has nothing else.
 * mbedTLS takes its few blocks from malloc: its allocator is a global of the process and not ours to set.
 */
#include <cpmsync/crypto.h>

#include <string.h>

#include <mbedtls/version.h>

#include "base/mem.h"

#if MBEDTLS_VERSION_NUMBER >= 0x04000000 && !defined(CPMSYNC_CRYPTO_PSA)
#define CPMSYNC_CRYPTO_PSA 1
#endif

#if defined(CPMSYNC_CRYPTO_PSA)
#include <psa/crypto.h>
#else
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/md.h>
#endif

/* Only one of the two below is compiled: random numbers, a hash, and a MAC whose key is prepared once. */

#if defined(CPMSYNC_CRYPTO_PSA)

struct source {
    int seeded;
};

struct mac {
    psa_algorithm_t algorithm;
    psa_key_id_t key;
    size_t len;
};

static int source_init(struct source *source)
{
    source->seeded = psa_crypto_init() == PSA_SUCCESS;
    return source->seeded ? 0 : CPMSYNC_ERR_TLS;
}

static void source_clear(struct source *source)
{
    source->seeded = 0;
}

static int source_read(struct source *source, uint8_t *out, size_t len)
{
    return source->seeded && psa_generate_random(out, len) == PSA_SUCCESS ? 0 : CPMSYNC_ERR_TLS;
}

static psa_algorithm_t algorithm_of(enum cpmsync_hash hash)
{
    if (hash == CPMSYNC_HASH_SHA1)
        return PSA_ALG_SHA_1;
    return hash == CPMSYNC_HASH_SHA256 ? PSA_ALG_SHA_256 : PSA_ALG_NONE;
}

static int error_of(psa_status_t status)
{
    if (status == PSA_SUCCESS)
        return 0;
    return status == PSA_ERROR_INSUFFICIENT_MEMORY ? CPMSYNC_ERR_NOMEM : CPMSYNC_ERR_UNSUPPORTED;
}

static int digest(enum cpmsync_hash hash, const uint8_t *data, size_t len, uint8_t *out)
{
    size_t done;
    return error_of(psa_hash_compute(algorithm_of(hash), data, len, out, CPMSYNC_HASH_MAX, &done));
}

static int mac_start(struct mac *mac, enum cpmsync_hash hash, const uint8_t *key, size_t key_len)
{
    static const uint8_t zero = 0; /* an empty key is padded with zeros, and so is this one */
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    if (algorithm_of(hash) == PSA_ALG_NONE)
        return CPMSYNC_ERR_UNSUPPORTED;
    mac->algorithm = PSA_ALG_HMAC(algorithm_of(hash));
    mac->len = PSA_HASH_LENGTH(algorithm_of(hash));
    psa_set_key_type(&attributes, PSA_KEY_TYPE_HMAC);
    psa_set_key_algorithm(&attributes, mac->algorithm);
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_MESSAGE);
    return error_of(psa_import_key(&attributes, key_len ? key : &zero, key_len ? key_len : 1, &mac->key));
}

static int mac_compute(struct mac *mac, const uint8_t *data, size_t len, uint8_t *out)
{
    uint8_t result[CPMSYNC_HASH_MAX];
    size_t done;
    int error = error_of(psa_mac_compute(mac->key, mac->algorithm, data, len, result, sizeof(result), &done));
    if (!error)
        memcpy(out, result, mac->len);
    cpmsync_mem_wipe(result, sizeof(result));
    return error;
}

static void mac_end(struct mac *mac)
{
    psa_destroy_key(mac->key);
}

#else

struct source {
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context drbg;
};

struct mac {
    mbedtls_md_context_t md;
    size_t len;
    int fresh;
};

static int source_init(struct source *source)
{
    mbedtls_entropy_init(&source->entropy);
    mbedtls_ctr_drbg_init(&source->drbg);
    if (mbedtls_ctr_drbg_seed(&source->drbg, mbedtls_entropy_func, &source->entropy, NULL, 0))
        return CPMSYNC_ERR_TLS;
    return 0;
}

static void source_clear(struct source *source)
{
    mbedtls_ctr_drbg_free(&source->drbg);
    mbedtls_entropy_free(&source->entropy);
}

static int source_read(struct source *source, uint8_t *out, size_t len)
{
    while (len) {
        size_t part = len < MBEDTLS_CTR_DRBG_MAX_REQUEST ? len : MBEDTLS_CTR_DRBG_MAX_REQUEST;
        if (mbedtls_ctr_drbg_random(&source->drbg, out, part))
            return CPMSYNC_ERR_TLS;
        out += part;
        len -= part;
    }
    return 0;
}

static const mbedtls_md_info_t *info_of(enum cpmsync_hash hash)
{
    if (hash == CPMSYNC_HASH_SHA1)
        return mbedtls_md_info_from_type(MBEDTLS_MD_SHA1);
    return hash == CPMSYNC_HASH_SHA256 ? mbedtls_md_info_from_type(MBEDTLS_MD_SHA256) : NULL;
}

static int error_of(int code)
{
    if (!code)
        return 0;
    return code == MBEDTLS_ERR_MD_ALLOC_FAILED ? CPMSYNC_ERR_NOMEM : CPMSYNC_ERR_UNSUPPORTED;
}

static int digest(enum cpmsync_hash hash, const uint8_t *data, size_t len, uint8_t *out)
{
    const mbedtls_md_info_t *info = info_of(hash);
    return info ? error_of(mbedtls_md(info, data, len, out)) : CPMSYNC_ERR_UNSUPPORTED;
}

static int mac_start(struct mac *mac, enum cpmsync_hash hash, const uint8_t *key, size_t key_len)
{
    const mbedtls_md_info_t *info = info_of(hash);
    if (!info)
        return CPMSYNC_ERR_UNSUPPORTED;
    mac->len = mbedtls_md_get_size(info);
    mac->fresh = 1;
    mbedtls_md_init(&mac->md);
    int code = mbedtls_md_setup(&mac->md, info, 1);
    if (!code)
        code = mbedtls_md_hmac_starts(&mac->md, key, key_len);
    if (code)
        mbedtls_md_free(&mac->md);
    return error_of(code);
}

static int mac_compute(struct mac *mac, const uint8_t *data, size_t len, uint8_t *out)
{
    int code = mac->fresh ? 0 : mbedtls_md_hmac_reset(&mac->md);
    mac->fresh = 0;
    if (!code)
        code = mbedtls_md_hmac_update(&mac->md, data, len);
    if (!code)
        code = mbedtls_md_hmac_finish(&mac->md, out);
    return error_of(code);
}

static void mac_end(struct mac *mac)
{
    mbedtls_md_free(&mac->md);
}

#endif

/* ---------------------------------------------------------------- the contract */

struct crypto {
    const struct cpmsync_allocator *mem;
    struct source source;
};

static int crypto_random(void *self, uint8_t *out, size_t len)
{
    return source_read(&((struct crypto *)self)->source, out, len);
}

static int crypto_hash(void *self, enum cpmsync_hash hash, const uint8_t *data, size_t len, uint8_t *out)
{
    (void)self;
    return digest(hash, data, len, out);
}

static int crypto_hmac(void *self, enum cpmsync_hash hash, const uint8_t *key, size_t key_len, const uint8_t *data,
    size_t len, uint8_t *out)
{
    struct mac mac;
    (void)self;
    int error = mac_start(&mac, hash, key, key_len);
    if (error)
        return error;
    error = mac_compute(&mac, data, len, out);
    mac_end(&mac);
    return error;
}

static int crypto_hmac_rounds(
    void *self, enum cpmsync_hash hash, const uint8_t *key, size_t key_len, uint32_t rounds, uint8_t *u, uint8_t *sum)
{
    struct mac mac;
    (void)self;
    int error = mac_start(&mac, hash, key, key_len);
    if (error)
        return error;
    for (uint32_t round = 0; round < rounds && !error; round++) {
        error = mac_compute(&mac, u, mac.len, u);
        for (size_t i = 0; i < mac.len && !error; i++)
            sum[i] ^= u[i];
    }
    mac_end(&mac);
    return error;
}

static void crypto_free(void *self)
{
    struct crypto *crypto = self;
    source_clear(&crypto->source);
    cpmsync_mem_free(crypto->mem, crypto);
}

static const struct cpmsync_crypto_ops crypto_ops = {
    sizeof(struct cpmsync_crypto_ops),
    crypto_random,
    crypto_hash,
    crypto_hmac,
    crypto_hmac_rounds,
    crypto_free,
};

int cpmsync_crypto_mbedtls(struct cpmsync_crypto *out, const struct cpmsync_allocator *allocator)
{
    struct crypto *crypto = cpmsync_mem_zalloc(allocator, sizeof(*crypto));
    if (!crypto)
        return CPMSYNC_ERR_NOMEM;
    crypto->mem = allocator;
    int error = source_init(&crypto->source);
    if (error) {
        crypto_free(crypto);
        return error;
    }
    out->ops = &crypto_ops;
    out->self = crypto;
    return 0;
}
