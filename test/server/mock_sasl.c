/* SPDX-License-Identifier: MIT */
#include "mock_sasl.h"

#include <mbedtls/base64.h>
#include <mbedtls/md.h>
#include <stdio.h>

enum mock_mechanism cpmsync_mock_mechanism(struct cpmsync_slice name)
{
    if (cpmsync_slice_is(name, "PLAIN"))
        return MOCK_PLAIN;
    if (cpmsync_slice_is(name, "SCRAM-SHA-256"))
        return MOCK_SCRAM_SHA_256;
    if (cpmsync_slice_is(name, "SCRAM-SHA-1"))
        return MOCK_SCRAM_SHA_1;
    return MOCK_NO_MECHANISM;
}

void cpmsync_mock_sasl_start(struct mock_sasl *sasl, const struct cpmsync_allocator *mem, enum mock_mechanism mechanism,
    unsigned iterations, uint64_t (*next_random)(void *ctx), void *ctx)
{
    uint64_t high = next_random(ctx), low = next_random(ctx);
    cpmsync_mock_sasl_clear(sasl);
    memset(sasl, 0, sizeof *sasl);
    sasl->mechanism = mechanism;
    sasl->iterations = iterations;
    cpmsync_buf_init(&sasl->auth_message, mem, 65536);
    memcpy(sasl->salt, &high, 8);
    memcpy(sasl->salt + 8, &low, 8);
    snprintf(sasl->nonce, sizeof sasl->nonce, "%016llx", (unsigned long long)next_random(ctx));
}

void cpmsync_mock_sasl_clear(struct mock_sasl *sasl)
{
    if (sasl->mechanism != MOCK_NO_MECHANISM)
        cpmsync_buf_clear(&sasl->auth_message);
    sasl->mechanism = MOCK_NO_MECHANISM;
}

bool cpmsync_mock_base64_decode(struct cpmsync_slice text, struct cpmsync_buf *out)
{
    uint8_t *room;
    size_t len = 0;
    if (text.len == 0)
        return true;
    if (text.len % 4 != 0 || cpmsync_buf_reserve(out, text.len, &room) != 0)
        return false;
    if (mbedtls_base64_decode(room, text.len, &len, text.data, text.len) != 0)
        return false;
    cpmsync_buf_grown(out, len);
    return true;
}

bool cpmsync_mock_base64_encode(struct cpmsync_slice data, struct cpmsync_buf *out)
{
    uint8_t *room;
    size_t len = 0, size = (data.len + 2) / 3 * 4 + 1;
    if (data.len == 0)
        return true;
    if (cpmsync_buf_reserve(out, size, &room) != 0 || mbedtls_base64_encode(room, size, &len, data.data, data.len) != 0)
        return false;
    cpmsync_buf_grown(out, len);
    return true;
}

/* message = [authzid] NUL authcid NUL passwd (RFC 4616) */
static enum mock_verdict plain(
    struct mock_sasl *sasl, const struct mock_sasl_setting *setting, struct cpmsync_slice message)
{
    const uint8_t *end = message.data + message.len;
    const uint8_t *first = message.len ? (const uint8_t *)memchr(message.data, 0, message.len) : NULL;
    if (!first)
        return MOCK_SASL_BROKEN;
    const uint8_t *second = (const uint8_t *)memchr(first + 1, 0, (size_t)(end - first - 1));
    if (!second || second == first + 1 || memchr(second + 1, 0, (size_t)(end - second - 1)))
        return MOCK_SASL_BROKEN;
    struct cpmsync_slice authzid = cpmsync_slice_of(message.data, (size_t)(first - message.data));
    struct cpmsync_slice name = cpmsync_slice_of(first + 1, (size_t)(second - first - 1));
    struct cpmsync_slice password = cpmsync_slice_of(second + 1, (size_t)(end - second - 1));
    sasl->user = cpmsync_mock_store_user(setting->store, name);
    if (!sasl->user || !cpmsync_slice_eq(sasl->user->password, password))
        return MOCK_SASL_FAILED;
    return authzid.len == 0 || cpmsync_slice_eq(authzid, name) ? MOCK_SASL_DONE : MOCK_SASL_FAILED;
}

static const mbedtls_md_info_t *hash_of(const struct mock_sasl *sasl)
{
    return mbedtls_md_info_from_type(sasl->mechanism == MOCK_SCRAM_SHA_1 ? MBEDTLS_MD_SHA1 : MBEDTLS_MD_SHA256);
}

static bool hmac(const mbedtls_md_info_t *hash, struct cpmsync_slice key, struct cpmsync_slice text, uint8_t *out)
{
    return mbedtls_md_hmac(hash, key.data, key.len, text.data, text.len, out) == 0;
}

/* Hi(password, salt, i) of RFC 5802 2.2 */
static bool salt_password(const struct mock_sasl *sasl, uint8_t *salted)
{
    const mbedtls_md_info_t *hash = hash_of(sasl);
    size_t len = mbedtls_md_get_size(hash), i;
    struct cpmsync_slice password = sasl->user->password;
    uint8_t first[sizeof sasl->salt + 4], u[MOCK_HASH_MAX];
    unsigned n;
    memcpy(first, sasl->salt, sizeof sasl->salt);
    memcpy(first + sizeof sasl->salt, "\0\0\0\1", 4);
    if (!hmac(hash, password, cpmsync_slice_of(first, sizeof first), u))
        return false;
    memcpy(salted, u, len);
    for (n = 1; n < sasl->iterations; n++) {
        if (!hmac(hash, password, cpmsync_slice_of(u, len), u))
            return false;
        for (i = 0; i < len; i++)
            salted[i] ^= u[i];
    }
    return true;
}

/* Takes "x=" and its value up to the next comma off the front. */
static bool take_attribute(struct cpmsync_slice *text, char name, struct cpmsync_slice *value)
{
    if (text->len < 2 || text->data[0] != (uint8_t)name || text->data[1] != '=')
        return false;
    const uint8_t *comma = (const uint8_t *)memchr(text->data, ',', text->len);
    size_t len = comma ? (size_t)(comma - text->data) : text->len;
    *value = cpmsync_slice_of(text->data + 2, len - 2);
    if (comma)
        len++;
    *text = cpmsync_slice_of(text->data + len, text->len - len);
    return true;
}

/* "=2C" is a comma and "=3D" an equals sign in a saslname. */
static bool unescape(struct cpmsync_slice name, struct cpmsync_buf *out)
{
    size_t i;
    for (i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        if (c == '=') {
            if (name.len - i < 3)
                return false;
            c = memcmp(name.data + i, "=2C", 3) == 0 ? ',' : memcmp(name.data + i, "=3D", 3) == 0 ? '=' : 0;
            i += 2;
        }
        if (c == 0 || cpmsync_buf_add(out, &c, 1) != 0)
            return false;
    }
    return true;
}

static struct mock_user *user_of(
    const struct mock_sasl *sasl, const struct mock_sasl_setting *setting, struct cpmsync_slice saslname)
{
    struct cpmsync_buf name;
    struct mock_user *user = NULL;
    cpmsync_buf_init(&name, sasl->auth_message.mem, 4096);
    if (unescape(saslname, &name))
        user = cpmsync_mock_store_user(setting->store, cpmsync_buf_slice(&name));
    cpmsync_buf_clear(&name);
    return user;
}

/* gs2-header = ("n" / "y") "," [authzid] ","; then client-first-message-bare */
static enum mock_verdict scram_first(struct mock_sasl *sasl, const struct mock_sasl_setting *setting,
    struct cpmsync_slice message, struct cpmsync_buf *challenge)
{
    struct cpmsync_slice rest = message, name, nonce, authzid = {NULL, 0};
    if (message.len < 3 || (message.data[0] != 'n' && message.data[0] != 'y') || message.data[1] != ',')
        return MOCK_SASL_BROKEN;
    rest = cpmsync_slice_of(message.data + 2, message.len - 2);
    if (rest.data[0] == ',')
        rest = cpmsync_slice_of(rest.data + 1, rest.len - 1);
    else if (!take_attribute(&rest, 'a', &authzid))
        return MOCK_SASL_BROKEN;
    struct cpmsync_slice header = cpmsync_slice_of(message.data, (size_t)(rest.data - message.data));
    struct cpmsync_slice bare = rest;
    if (!take_attribute(&rest, 'n', &name) || !take_attribute(&rest, 'r', &nonce) || nonce.len == 0)
        return MOCK_SASL_BROKEN;
    if (header.len >= sizeof sasl->gs2_header || nonce.len + 17 > sizeof sasl->nonce)
        return MOCK_SASL_BROKEN;
    sasl->user = user_of(sasl, setting, name);
    if (!sasl->user || (authzid.data && !cpmsync_slice_eq(authzid, name)))
        return MOCK_SASL_FAILED;
    memcpy(sasl->gs2_header, header.data, header.len);
    sasl->gs2_header[header.len] = 0;
    /* The client's nonce comes first, ours behind it. */
    memmove(sasl->nonce + nonce.len, sasl->nonce, 17);
    memcpy(sasl->nonce, nonce.data, nonce.len);
    if (setting->wrong_nonce)
        sasl->nonce[0] = sasl->nonce[0] == 'x' ? 'y' : 'x';
    bool ok = cpmsync_buf_add_str(challenge, "r=") == 0 && cpmsync_buf_add_str(challenge, sasl->nonce) == 0 &&
              cpmsync_buf_add_str(challenge, ",s=") == 0 &&
              cpmsync_mock_base64_encode(cpmsync_slice_of(sasl->salt, sizeof sasl->salt), challenge) &&
              cpmsync_buf_add_str(challenge, ",i=") == 0 && cpmsync_buf_add_number(challenge, sasl->iterations) == 0 &&
              cpmsync_buf_add_slice(&sasl->auth_message, bare) == 0 &&
              cpmsync_buf_add_char(&sasl->auth_message, ',') == 0 &&
              cpmsync_buf_add_slice(&sasl->auth_message, cpmsync_buf_slice(challenge)) == 0 &&
              cpmsync_buf_add_char(&sasl->auth_message, ',') == 0;
    return ok ? MOCK_SASL_CHALLENGE : MOCK_SASL_FAILED;
}

/* Whether the proof opens StoredKey; *signature is the server's. */
static bool check_proof(struct mock_sasl *sasl, struct cpmsync_slice proof, uint8_t *signature)
{
    const mbedtls_md_info_t *hash = hash_of(sasl);
    size_t len = mbedtls_md_get_size(hash), i;
    uint8_t salted[MOCK_HASH_MAX], key[MOCK_HASH_MAX], stored[MOCK_HASH_MAX], client[MOCK_HASH_MAX];
    uint8_t server[MOCK_HASH_MAX], difference = 0;
    struct cpmsync_slice message = cpmsync_buf_slice(&sasl->auth_message), salted_slice = {salted, len};
    if (proof.len != len || !salt_password(sasl, salted))
        return false;
    if (!hmac(hash, salted_slice, CPMSYNC_SLICE("Client Key"), key) || mbedtls_md(hash, key, len, stored) != 0 ||
        !hmac(hash, cpmsync_slice_of(stored, len), message, client) ||
        !hmac(hash, salted_slice, CPMSYNC_SLICE("Server Key"), server) ||
        !hmac(hash, cpmsync_slice_of(server, len), message, signature))
        return false;
    for (i = 0; i < len; i++)
        difference |= (uint8_t)(proof.data[i] ^ client[i] ^ key[i]);
    return difference == 0;
}

static bool channel_binding_matches(const struct mock_sasl *sasl, struct cpmsync_slice text)
{
    struct cpmsync_buf header;
    cpmsync_buf_init(&header, sasl->auth_message.mem, 4096);
    bool same = cpmsync_mock_base64_decode(text, &header) &&
                cpmsync_slice_eq(cpmsync_buf_slice(&header), cpmsync_slice_str(sasl->gs2_header));
    cpmsync_buf_clear(&header);
    return same;
}

/* client-final-message = channel-binding "," nonce "," proof */
static enum mock_verdict scram_final(struct mock_sasl *sasl, const struct mock_sasl_setting *setting,
    struct cpmsync_slice message, struct cpmsync_buf *challenge)
{
    struct cpmsync_slice rest = message, binding, nonce, proof_text;
    uint8_t signature[MOCK_HASH_MAX];
    struct cpmsync_buf proof;
    if (!take_attribute(&rest, 'c', &binding) || !take_attribute(&rest, 'r', &nonce))
        return MOCK_SASL_BROKEN;
    /* The proof is the last attribute, behind whatever extensions there are. */
    const uint8_t *at = message.data + message.len;
    while (at > rest.data && !(at[-1] == ',' && at < message.data + message.len && *at == 'p'))
        at--;
    size_t without = (size_t)(at - message.data);
    rest = cpmsync_slice_of(at, message.len - without);
    if (!take_attribute(&rest, 'p', &proof_text) || without == 0 || rest.len)
        return MOCK_SASL_BROKEN;
    if (!channel_binding_matches(sasl, binding) || !cpmsync_slice_eq(nonce, cpmsync_slice_str(sasl->nonce)))
        return MOCK_SASL_FAILED;
    if (cpmsync_buf_add(&sasl->auth_message, message.data, without - 1) != 0)
        return MOCK_SASL_FAILED;
    cpmsync_buf_init(&proof, sasl->auth_message.mem, 4096);
    bool ok = cpmsync_mock_base64_decode(proof_text, &proof) && check_proof(sasl, cpmsync_buf_slice(&proof), signature);
    cpmsync_buf_clear(&proof);
    if (!ok)
        return MOCK_SASL_FAILED;
    if (setting->wrong_signature)
        signature[0] ^= 1;
    ok = cpmsync_buf_add_str(challenge, "v=") == 0 &&
         cpmsync_mock_base64_encode(cpmsync_slice_of(signature, mbedtls_md_get_size(hash_of(sasl))), challenge);
    return ok ? MOCK_SASL_CHALLENGE : MOCK_SASL_FAILED;
}

enum mock_verdict cpmsync_mock_sasl_step(struct mock_sasl *sasl, const struct mock_sasl_setting *setting,
    struct cpmsync_slice message, struct cpmsync_buf *challenge)
{
    if (sasl->mechanism == MOCK_PLAIN)
        return plain(sasl, setting, message);
    switch (sasl->step++) {
    case 0:
        return scram_first(sasl, setting, message, challenge);
    case 1:
        return scram_final(sasl, setting, message, challenge);
    default:
        return message.len == 0 ? MOCK_SASL_DONE : MOCK_SASL_BROKEN;
    }
}
