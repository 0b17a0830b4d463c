/* SPDX-License-Identifier: MIT */
#include "support/plain_crypto.h"

#include <string.h>

enum { BLOCK = 64 };

/* A hash in progress (FIPS 180-4). */
struct state {
    uint32_t h[8];
    uint8_t block[BLOCK];
    size_t held;
    uint64_t total;
    enum cpmsync_hash hash;
};

static uint32_t rotate(uint32_t x, unsigned n)
{
    return x >> n | x << (32 - n);
}

static uint32_t load(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void block_sha1(uint32_t *h, const uint8_t *block)
{
    uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

    for (int i = 0; i < 80; i++) {
        uint32_t f, k, t;

        w[i] = i < 16 ? load(block + 4 * i) : rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 31);
        if (i < 20) {
            f = (b & c) | (~b & d);
            k = 0x5a827999;
        } else if (i < 40 || i >= 60) {
            f = b ^ c ^ d;
            k = i < 40 ? 0x6ed9eba1 : 0xca62c1d6;
        } else {
            f = (b & c) | (b & d) | (c & d);
            k = 0x8f1bbcdc;
        }
        t = rotate(a, 27) + f + e + k + w[i];
        e = d;
        d = c;
        c = rotate(b, 2);
        b = a;
        a = t;
    }
    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
    h[4] += e;
}

static const uint32_t k256[64] = {0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
    0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152,
    0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138,
    0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70,
    0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5,
    0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa,
    0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static void block_sha256(uint32_t *h, const uint8_t *block)
{
    uint32_t w[64], v[8];

    memcpy(v, h, sizeof(v));
    for (int i = 0; i < 64; i++) {
        uint32_t t1, t2;

        if (i < 16) {
            w[i] = load(block + 4 * i);
        } else {
            uint32_t s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
            uint32_t s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;

            w[i] = w[i - 16] + s0 + w[i - 7] + s1;
        }
        t1 = v[7] + (rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)) + ((v[4] & v[5]) ^ (~v[4] & v[6])) +
             k256[i] + w[i];
        t2 = (rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)) + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof(*v));
        v[4] += t1;
        v[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++)
        h[i] += v[i];
}

static void begin(struct state *state, enum cpmsync_hash hash)
{
    static const uint32_t sha1[8] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    static const uint32_t sha256[8] = {
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

    memset(state, 0, sizeof(*state));
    state->hash = hash;
    memcpy(state->h, hash == CPMSYNC_HASH_SHA1 ? sha1 : sha256, sizeof(state->h));
}

static void update(struct state *state, const uint8_t *data, size_t len)
{
    state->total += len;
    for (size_t i = 0; i < len; i++) {
        state->block[state->held++] = data[i];
        if (state->held < BLOCK)
            continue;
        state->held = 0;
        if (state->hash == CPMSYNC_HASH_SHA1)
            block_sha1(state->h, state->block);
        else
            block_sha256(state->h, state->block);
    }
}

static size_t finish(struct state *state, uint8_t *out)
{
    size_t words = state->hash == CPMSYNC_HASH_SHA1 ? 5 : 8;
    uint64_t bits = state->total * 8;
    uint8_t length[8];

    for (int i = 0; i < 8; i++)
        length[i] = (uint8_t)(bits >> (56 - 8 * i));
    update(state, (const uint8_t *)"\x80", 1);
    while (state->held != BLOCK - 8)
        update(state, (const uint8_t *)"", 1);
    update(state, length, sizeof(length));
    for (size_t i = 0; i < words * 4; i++)
        out[i] = (uint8_t)(state->h[i / 4] >> (24 - 8 * (i % 4)));
    return words * 4;
}

static int hash(void *self, enum cpmsync_hash kind, const uint8_t *data, size_t len, uint8_t *out)
{
    struct support_crypto *crypto = self;
    struct state state;

    if (crypto->error)
        return crypto->error;
    begin(&state, kind);
    update(&state, data, len);
    finish(&state, out);
    return 0;
}

static int hmac(void *self, enum cpmsync_hash kind, const uint8_t *key, size_t key_len, const uint8_t *data, size_t len,
    uint8_t *out)
{
    struct support_crypto *crypto = self;
    uint8_t pad[BLOCK] = {0}, inner[CPMSYNC_HASH_MAX];
    struct state state;
    size_t size;

    if (crypto->error)
        return crypto->error;
    if (key_len > BLOCK)
        hash(self, kind, key, key_len, pad);
    else if (key_len)
        memcpy(pad, key, key_len);
    for (size_t i = 0; i < BLOCK; i++)
        pad[i] ^= 0x36;
    begin(&state, kind);
    update(&state, pad, BLOCK);
    update(&state, data, len);
    size = finish(&state, inner);
    for (size_t i = 0; i < BLOCK; i++)
        pad[i] ^= 0x36 ^ 0x5c;
    begin(&state, kind);
    update(&state, pad, BLOCK);
    update(&state, inner, size);
    finish(&state, out);
    return 0;
}

static int hmac_rounds(
    void *self, enum cpmsync_hash kind, const uint8_t *key, size_t key_len, uint32_t rounds, uint8_t *u, uint8_t *sum)
{
    struct support_crypto *crypto = self;
    size_t size = kind == CPMSYNC_HASH_SHA1 ? 20 : 32;

    for (uint32_t i = 0; i < rounds; i++) {
        int rc = hmac(self, kind, key, key_len, u, size, u);

        if (rc)
            return rc;
        for (size_t at = 0; at < size; at++)
            sum[at] ^= u[at];
        crypto->rounds++;
    }
    return 0;
}

static int fill(void *self, uint8_t *out, size_t len)
{
    struct support_crypto *crypto = self;

    for (size_t i = 0; i < len; i++)
        out[i] = crypto->random[i % SUPPORT_RANDOM_MAX];
    return crypto->error;
}

static void release(void *self)
{
    (void)self;
}

void support_crypto_init(struct support_crypto *crypto)
{
    static const struct cpmsync_crypto_ops ops = {sizeof(ops), fill, hash, hmac, hmac_rounds, release};

    memset(crypto, 0, sizeof(*crypto));
    crypto->crypto.ops = &ops;
    crypto->crypto.self = crypto;
}
