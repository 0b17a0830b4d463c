/* SPDX-License-Identifier: MIT */
/* SCRAM-SHA-1 and SCRAM-SHA-256, with and without channel binding (RFC 5802, 7677). */
#include "mock_sasl.h"

#include "mock_slice.h"

#include <mbedtls/md.h>

static const mbedtls_md_info_t *hash_of(const struct mock_sasl *sasl)
{
    bool sha1 = sasl->mechanism == MOCK_SCRAM_SHA_1 || sasl->mechanism == MOCK_SCRAM_SHA_1_PLUS;
    return mbedtls_md_info_from_type(sha1 ? MBEDTLS_MD_SHA1 : MBEDTLS_MD_SHA256);
}

static bool is_plus(const struct mock_sasl *sasl)
{
    return sasl->mechanism == MOCK_SCRAM_SHA_1_PLUS || sasl->mechanism == MOCK_SCRAM_SHA_256_PLUS;
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

/* gs2-cbind-flag = ("p=" cb-name) / "n" / "y", then ",": whether it may stand with this mechanism here. */
static enum mock_verdict take_flag(
    struct mock_sasl *sasl, const struct mock_sasl_setting *setting, struct cpmsync_slice *text)
{
    static const char *const NAMES[MOCK_BINDINGS] = {"tls-server-end-point", "tls-unique", "tls-exporter"};
    struct cpmsync_slice name;
    sasl->binding = MOCK_BINDINGS;
    if (text->len > 2 && (text->data[0] == 'n' || text->data[0] == 'y') && text->data[1] == ',') {
        /* "y" says that we do not offer what we do: somebody cut the list (RFC 5802 6). */
        bool cut = text->data[0] == 'y' && setting->offers_plus;
        *text = cpmsync_slice_of(text->data + 2, text->len - 2);
        return is_plus(sasl) ? MOCK_SASL_BROKEN : cut ? MOCK_SASL_FAILED : MOCK_SASL_CHALLENGE;
    }
    if (!is_plus(sasl) || !cpmsync_mock_take_attribute(text, 'p', &name))
        return MOCK_SASL_BROKEN;
    for (sasl->binding = 0; sasl->binding < MOCK_BINDINGS; sasl->binding++)
        if (cpmsync_slice_eq(name, cpmsync_slice_str(NAMES[sasl->binding])))
            break;
    bool known = sasl->binding < MOCK_BINDINGS && setting->channel->bindings[sasl->binding].data;
    return known ? MOCK_SASL_CHALLENGE : MOCK_SASL_FAILED;
}

/* The user a saslname stands for, who has to prove to be it. */
static bool find_user(struct mock_sasl *sasl, const struct mock_sasl_setting *setting, struct cpmsync_slice saslname)
{
    struct cpmsync_buf name;
    cpmsync_buf_init(&name, sasl->auth_message.mem, 4096);
    sasl->user = cpmsync_mock_unescape(saslname, &name)
                     ? cpmsync_mock_store_user(setting->store, cpmsync_buf_slice(&name))
                     : NULL;
    cpmsync_buf_clear(&name);
    return sasl->user != NULL;
}

/* server-first-message = nonce "," salt "," iteration-count; the client's nonce comes first, ours behind it. */
static bool challenge_first(struct mock_sasl *sasl, const struct mock_sasl_setting *setting, struct cpmsync_slice bare,
    struct cpmsync_slice nonce, struct cpmsync_buf *challenge)
{
    memmove(sasl->nonce + nonce.len, sasl->nonce, 17);
    memcpy(sasl->nonce, nonce.data, nonce.len);
    if (setting->wrong_nonce)
        sasl->nonce[0] = sasl->nonce[0] == 'x' ? 'y' : 'x';
    return cpmsync_buf_add_str(challenge, "r=") == 0 && cpmsync_buf_add_str(challenge, sasl->nonce) == 0 &&
           cpmsync_buf_add_str(challenge, ",s=") == 0 &&
           cpmsync_mock_base64_encode(cpmsync_slice_of(sasl->salt, sizeof sasl->salt), challenge) &&
           cpmsync_buf_add_str(challenge, ",i=") == 0 && cpmsync_buf_add_number(challenge, sasl->iterations) == 0 &&
           cpmsync_buf_add_slice(&sasl->auth_message, bare) == 0 &&
           cpmsync_buf_add_char(&sasl->auth_message, ',') == 0 &&
           cpmsync_buf_add_slice(&sasl->auth_message, cpmsync_buf_slice(challenge)) == 0 &&
           cpmsync_buf_add_char(&sasl->auth_message, ',') == 0;
}

/* gs2-header = gs2-cbind-flag "," [authzid] ","; then client-first-message-bare */
static enum mock_verdict first(struct mock_sasl *sasl, const struct mock_sasl_setting *setting,
    struct cpmsync_slice message, struct cpmsync_buf *challenge)
{
    struct cpmsync_slice rest = message, name, nonce;
    struct cpmsync_buf authzid;
    enum mock_verdict verdict = take_flag(sasl, setting, &rest);
    if (verdict != MOCK_SASL_CHALLENGE)
        return verdict;
    cpmsync_buf_init(&authzid, sasl->auth_message.mem, 4096);
    bool ok = cpmsync_mock_take_authzid(&rest, &authzid);
    struct cpmsync_slice header = cpmsync_slice_of(message.data, (size_t)(rest.data - message.data)), bare = rest;
    ok = ok && cpmsync_mock_take_attribute(&rest, 'n', &name) && cpmsync_mock_take_attribute(&rest, 'r', &nonce) &&
         nonce.len > 0 && header.len < sizeof sasl->gs2_header && nonce.len + 17 <= sizeof sasl->nonce;
    if (!ok)
        verdict = MOCK_SASL_BROKEN;
    else if (!find_user(sasl, setting, name) || !challenge_first(sasl, setting, bare, nonce, challenge))
        verdict = MOCK_SASL_FAILED;
    else {
        memcpy(sasl->gs2_header, header.data, header.len);
        sasl->gs2_header[header.len] = 0;
    }
    cpmsync_buf_clear(&authzid);
    return verdict;
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

/* cbind-input = gs2-header [cbind-data] */
static bool channel_binding_matches(
    const struct mock_sasl *sasl, const struct mock_sasl_setting *setting, struct cpmsync_slice text)
{
    struct cpmsync_buf wanted, given;
    cpmsync_buf_init(&wanted, sasl->auth_message.mem, 4096);
    cpmsync_buf_init(&given, sasl->auth_message.mem, 4096);
    bool same = cpmsync_buf_add_str(&wanted, sasl->gs2_header) == 0 &&
                (sasl->binding == MOCK_BINDINGS ||
                    cpmsync_buf_add_slice(&wanted, setting->channel->bindings[sasl->binding]) == 0) &&
                cpmsync_mock_base64_decode(text, &given) &&
                cpmsync_slice_eq(cpmsync_buf_slice(&given), cpmsync_buf_slice(&wanted));
    cpmsync_buf_clear(&wanted);
    cpmsync_buf_clear(&given);
    return same;
}

/* The proof was right: whom the GS2 header asks to act for. */
static bool authorize(struct mock_sasl *sasl, const struct mock_sasl_setting *setting)
{
    struct cpmsync_slice header = cpmsync_slice_str(sasl->gs2_header);
    const uint8_t *comma = (const uint8_t *)memchr(header.data, ',', header.len);
    size_t flag = (size_t)(comma - header.data) + 1;
    struct cpmsync_buf authzid;
    header = cpmsync_mock_behind(header, flag);
    cpmsync_buf_init(&authzid, sasl->auth_message.mem, 4096);
    bool ok = cpmsync_mock_take_authzid(&header, &authzid) &&
              cpmsync_mock_sasl_authorize(sasl, setting, cpmsync_buf_slice(&authzid));
    cpmsync_buf_clear(&authzid);
    return ok;
}

/* client-final-message = channel-binding "," nonce "," proof */
static enum mock_verdict last(struct mock_sasl *sasl, const struct mock_sasl_setting *setting,
    struct cpmsync_slice message, struct cpmsync_buf *challenge)
{
    struct cpmsync_slice rest = message, binding, nonce, proof_text;
    uint8_t signature[MOCK_HASH_MAX];
    struct cpmsync_buf proof;
    if (!cpmsync_mock_take_attribute(&rest, 'c', &binding) || !cpmsync_mock_take_attribute(&rest, 'r', &nonce))
        return MOCK_SASL_BROKEN;
    /* The proof is the last attribute, behind whatever extensions there are. */
    const uint8_t *at = cpmsync_mock_end_of(message);
    while (at > rest.data && !(at[-1] == ',' && at < message.data + message.len && *at == 'p'))
        at--;
    size_t without = (size_t)(at - message.data);
    rest = cpmsync_slice_of(at, message.len - without);
    if (!cpmsync_mock_take_attribute(&rest, 'p', &proof_text) || without == 0 || rest.len)
        return MOCK_SASL_BROKEN;
    if (!channel_binding_matches(sasl, setting, binding) || !cpmsync_slice_eq(nonce, cpmsync_slice_str(sasl->nonce)))
        return MOCK_SASL_FAILED;
    if (cpmsync_buf_add(&sasl->auth_message, message.data, without - 1) != 0)
        return MOCK_SASL_FAILED;
    cpmsync_buf_init(&proof, sasl->auth_message.mem, 4096);
    bool ok = cpmsync_mock_base64_decode(proof_text, &proof) && check_proof(sasl, cpmsync_buf_slice(&proof), signature);
    cpmsync_buf_clear(&proof);
    if (!ok)
        return MOCK_SASL_FAILED;
    if (!authorize(sasl, setting))
        return MOCK_SASL_UNAUTHORIZED;
    if (setting->wrong_signature)
        signature[0] ^= 1;
    ok = cpmsync_buf_add_str(challenge, "v=") == 0 &&
         cpmsync_mock_base64_encode(cpmsync_slice_of(signature, mbedtls_md_get_size(hash_of(sasl))), challenge);
    return ok ? MOCK_SASL_CHALLENGE : MOCK_SASL_FAILED;
}

enum mock_verdict cpmsync_mock_scram_step(struct mock_sasl *sasl, const struct mock_sasl_setting *setting,
    struct cpmsync_slice message, struct cpmsync_buf *challenge)
{
    switch (sasl->step++) {
    case 0:
        return first(sasl, setting, message, challenge);
    case 1:
        return last(sasl, setting, message, challenge);
    default:
        return message.len == 0 ? MOCK_SASL_DONE : MOCK_SASL_BROKEN;
    }
}
