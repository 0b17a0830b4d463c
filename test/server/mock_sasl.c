/* SPDX-License-Identifier: MIT */
#include "mock_sasl.h"

#include "mock_slice.h"

#include <mbedtls/base64.h>
#include <stdio.h>

static const struct {
    const char *capability;
    enum mock_mechanism mechanism;
} MECHANISMS[] = {
    {"AUTH=PLAIN", MOCK_PLAIN},
    {"AUTH=LOGIN", MOCK_LOGIN_MECHANISM},
    {"AUTH=EXTERNAL", MOCK_EXTERNAL},
    {"AUTH=OAUTHBEARER", MOCK_OAUTHBEARER},
    {"AUTH=SCRAM-SHA-1", MOCK_SCRAM_SHA_1},
    {"AUTH=SCRAM-SHA-256", MOCK_SCRAM_SHA_256},
    {"AUTH=SCRAM-SHA-1-PLUS", MOCK_SCRAM_SHA_1_PLUS},
    {"AUTH=SCRAM-SHA-256-PLUS", MOCK_SCRAM_SHA_256_PLUS},
};

enum mock_mechanism cpmsync_mock_mechanism(struct cpmsync_slice name, const char **capability)
{
    size_t i;
    for (i = 0; i < sizeof MECHANISMS / sizeof *MECHANISMS; i++)
        if (cpmsync_slice_is(name, MECHANISMS[i].capability + 5)) {
            *capability = MECHANISMS[i].capability;
            return MECHANISMS[i].mechanism;
        }
    return MOCK_NO_MECHANISM;
}

void cpmsync_mock_channel_clear(const struct cpmsync_allocator *mem, struct mock_channel *channel)
{
    size_t i;
    cpmsync_mock_disown(mem, &channel->client);
    for (i = 0; i < MOCK_BINDINGS; i++)
        cpmsync_mock_disown(mem, &channel->bindings[i]);
}

bool cpmsync_mock_channel_binds(const struct mock_channel *channel)
{
    size_t i;
    for (i = 0; i < MOCK_BINDINGS; i++)
        if (channel->bindings[i].data)
            return true;
    return false;
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

bool cpmsync_mock_take_attribute(struct cpmsync_slice *text, char name, struct cpmsync_slice *value)
{
    if (text->len < 2 || text->data[0] != (uint8_t)name || text->data[1] != '=')
        return false;
    const uint8_t *comma = (const uint8_t *)memchr(text->data, ',', text->len);
    size_t len = comma ? (size_t)(comma - text->data) : text->len;
    *value = cpmsync_slice_of(text->data + 2, len - 2);
    if (comma)
        len++;
    *text = cpmsync_mock_behind(*text, len);
    return true;
}

bool cpmsync_mock_unescape(struct cpmsync_slice name, struct cpmsync_buf *out)
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

bool cpmsync_mock_take_authzid(struct cpmsync_slice *text, struct cpmsync_buf *authzid)
{
    struct cpmsync_slice value;
    if (text->len && text->data[0] == ',') {
        *text = cpmsync_slice_of(text->data + 1, text->len - 1);
        return true;
    }
    /* A comma ends it. */
    if (!text->len || !memchr(text->data, ',', text->len) || !cpmsync_mock_take_attribute(text, 'a', &value))
        return false;
    return value.len > 0 && cpmsync_mock_unescape(value, authzid);
}

bool cpmsync_mock_sasl_authorize(
    struct mock_sasl *sasl, const struct mock_sasl_setting *setting, struct cpmsync_slice authzid)
{
    if (authzid.len == 0 || cpmsync_slice_eq(authzid, sasl->user->name))
        return true;
    struct mock_user *other = sasl->user->participating ? cpmsync_mock_store_user(setting->store, authzid) : NULL;
    if (other)
        sasl->user = other;
    return other != NULL;
}

static enum mock_verdict authorize(
    struct mock_sasl *sasl, const struct mock_sasl_setting *setting, struct cpmsync_slice authzid)
{
    return cpmsync_mock_sasl_authorize(sasl, setting, authzid) ? MOCK_SASL_DONE : MOCK_SASL_UNAUTHORIZED;
}

/* message = [authzid] NUL authcid NUL passwd (RFC 4616) */
static enum mock_verdict plain(
    struct mock_sasl *sasl, const struct mock_sasl_setting *setting, struct cpmsync_slice message)
{
    const uint8_t *end = cpmsync_mock_end_of(message);
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
    return authorize(sasl, setting, authzid);
}

/* No RFC, an expired draft: "Username:" and "Password:" are asked for one by one. */
static enum mock_verdict login(struct mock_sasl *sasl, const struct mock_sasl_setting *setting,
    struct cpmsync_slice message, struct cpmsync_buf *challenge)
{
    if (sasl->step++ == 0) {
        sasl->user = cpmsync_mock_store_user(setting->store, message);
        return cpmsync_buf_add_str(challenge, "Password:") == 0 ? MOCK_SASL_CHALLENGE : MOCK_SASL_FAILED;
    }
    return sasl->user && cpmsync_slice_eq(sasl->user->password, message) ? MOCK_SASL_DONE : MOCK_SASL_FAILED;
}

/* message = [authzid]; who it is the certificate tells (RFC 4422 appendix A). */
static enum mock_verdict external(
    struct mock_sasl *sasl, const struct mock_sasl_setting *setting, struct cpmsync_slice message)
{
    if (message.len && memchr(message.data, 0, message.len))
        return MOCK_SASL_BROKEN;
    sasl->user = cpmsync_mock_store_user(setting->store, setting->channel->client);
    return sasl->user ? authorize(sasl, setting, message) : MOCK_SASL_FAILED;
}

/* ---- OAUTHBEARER (RFC 7628) ---- */

enum { KVSEP = 1 };

/* kvpair = key "=" value kvsep; the value of "auth", others are ignored. false for what is not the grammar. */
static bool read_pairs(struct cpmsync_slice text, struct cpmsync_slice *auth)
{
    while (text.len > 1) {
        const uint8_t *end = (const uint8_t *)memchr(text.data, KVSEP, text.len);
        const uint8_t *equals = end ? (const uint8_t *)memchr(text.data, '=', (size_t)(end - text.data)) : NULL;
        if (!equals || equals == text.data)
            return false;
        if (cpmsync_slice_is(cpmsync_slice_of(text.data, (size_t)(equals - text.data)), "auth"))
            *auth = cpmsync_slice_of(equals + 1, (size_t)(end - equals - 1));
        size_t used = (size_t)(end - text.data) + 1;
        text = cpmsync_mock_behind(text, used);
    }
    return text.len == 1 && text.data[0] == KVSEP;
}

static struct mock_user *bearer(const struct mock_store *store, struct cpmsync_slice auth)
{
    size_t i;
    if (auth.len < 8 || !cpmsync_slice_is(cpmsync_slice_of(auth.data, 7), "Bearer "))
        return NULL;
    auth = cpmsync_slice_of(auth.data + 7, auth.len - 7);
    for (i = 0; i < store->user_count; i++)
        if (store->users[i]->token.data && cpmsync_slice_eq(store->users[i]->token, auth))
            return store->users[i];
    return NULL;
}

/* client-resp = gs2-header kvsep *kvpair kvsep, without channel binding */
static enum mock_verdict oauth_first(struct mock_sasl *sasl, const struct mock_sasl_setting *setting,
    struct cpmsync_slice message, struct cpmsync_buf *challenge)
{
    struct cpmsync_slice auth = {NULL, 0}, rest;
    if (message.len < 3 || (message.data[0] != 'n' && message.data[0] != 'y') || message.data[1] != ',')
        return MOCK_SASL_BROKEN;
    rest = cpmsync_slice_of(message.data + 2, message.len - 2);
    if (!cpmsync_mock_take_authzid(&rest, &sasl->auth_message) || rest.len == 0 || rest.data[0] != KVSEP ||
        !read_pairs(cpmsync_slice_of(rest.data + 1, rest.len - 1), &auth))
        return MOCK_SASL_BROKEN;
    sasl->user = bearer(setting->store, auth);
    if (sasl->user && cpmsync_mock_sasl_authorize(sasl, setting, cpmsync_buf_slice(&sasl->auth_message)))
        return MOCK_SASL_DONE;
    sasl->unauthorized = sasl->user != NULL;
    return cpmsync_buf_add_str(challenge, sasl->unauthorized
                                              ? "{\"status\":\"insufficient_scope\",\"schemes\":\"bearer\"}"
                                              : "{\"status\":\"invalid_token\",\"schemes\":\"bearer\"}") == 0
               ? MOCK_SASL_CHALLENGE
               : MOCK_SASL_FAILED;
}

/* A failed client answers with a kvsep, and only then is told so. */
static enum mock_verdict oauthbearer(struct mock_sasl *sasl, const struct mock_sasl_setting *setting,
    struct cpmsync_slice message, struct cpmsync_buf *challenge)
{
    if (sasl->step++ == 0)
        return oauth_first(sasl, setting, message, challenge);
    if (message.len != 1 || message.data[0] != KVSEP)
        return MOCK_SASL_BROKEN;
    return sasl->unauthorized ? MOCK_SASL_UNAUTHORIZED : MOCK_SASL_FAILED;
}

struct cpmsync_slice cpmsync_mock_sasl_invitation(const struct mock_sasl *sasl)
{
    return sasl->mechanism == MOCK_LOGIN_MECHANISM ? CPMSYNC_SLICE("Username:") : cpmsync_slice_of(NULL, 0);
}

enum mock_verdict cpmsync_mock_sasl_step(struct mock_sasl *sasl, const struct mock_sasl_setting *setting,
    struct cpmsync_slice message, struct cpmsync_buf *challenge)
{
    switch (sasl->mechanism) {
    case MOCK_PLAIN:
        return plain(sasl, setting, message);
    case MOCK_LOGIN_MECHANISM:
        return login(sasl, setting, message, challenge);
    case MOCK_EXTERNAL:
        return external(sasl, setting, message);
    case MOCK_OAUTHBEARER:
        return oauthbearer(sasl, setting, message, challenge);
    default:
        return cpmsync_mock_scram_step(sasl, setting, message, challenge);
    }
}
