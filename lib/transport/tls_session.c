/* SPDX-License-Identifier: MIT */
#include "transport/tls_session.h"

#include <string.h>

/* magic, digest, checked (big-endian), then mbedTLS's serialisation, which names its version and configuration. */
static const uint8_t magic[4] = {'C', 'S', 'T', '1'};
enum { DIGEST_AT = sizeof(magic), CHECKED_AT = DIGEST_AT + CPMSYNC_TLS_DIGEST_LEN, HEADER_LEN = CHECKED_AT + 8 };

static void write_header(uint8_t *out, const struct cpmsync_tls_session_facts *facts)
{
    uint64_t checked = (uint64_t)facts->checked;
    memcpy(out, magic, sizeof(magic));
    memcpy(out + DIGEST_AT, facts->digest, CPMSYNC_TLS_DIGEST_LEN);
    for (size_t i = 0; i < 8; i++)
        out[CHECKED_AT + i] = (uint8_t)(checked >> (56 - 8 * i));
}

static int write_session(const struct cpmsync_allocator *mem, const mbedtls_ssl_session *session,
    const struct cpmsync_tls_session_facts *facts, uint8_t **out, size_t *len)
{
    size_t needed = 0;
    int code = mbedtls_ssl_session_save(session, NULL, 0, &needed);
    if (code != MBEDTLS_ERR_SSL_BUFFER_TOO_SMALL)
        return CPMSYNC_ERR_NOT_FOUND;
    if (needed > CPMSYNC_TLS_SESSION_MAX - HEADER_LEN)
        return CPMSYNC_ERR_LIMIT;
    uint8_t *block = cpmsync_mem_alloc(mem, HEADER_LEN + needed);
    if (!block)
        return CPMSYNC_ERR_NOMEM;
    if (mbedtls_ssl_session_save(session, block + HEADER_LEN, needed, &needed)) {
        cpmsync_mem_free(mem, block);
        return CPMSYNC_ERR_NOT_FOUND;
    }
    write_header(block, facts);
    *out = block;
    *len = HEADER_LEN + needed;
    return 0;
}

int cpmsync_tls_session_write(const struct cpmsync_allocator *mem, const mbedtls_ssl_context *ssl,
    const struct cpmsync_tls_session_facts *facts, uint8_t **out, size_t *len)
{
    mbedtls_ssl_session session;
    mbedtls_ssl_session_init(&session);
    int code = mbedtls_ssl_get_session(ssl, &session);
    int error = code ? CPMSYNC_ERR_NOT_FOUND : write_session(mem, &session, facts, out, len);
    mbedtls_ssl_session_free(&session);
    return error;
}

int cpmsync_tls_session_facts(const uint8_t *data, size_t len, struct cpmsync_tls_session_facts *facts)
{
    uint64_t checked = 0;
    if (len <= HEADER_LEN || memcmp(data, magic, sizeof(magic)))
        return CPMSYNC_ERR_NOT_FOUND;
    memcpy(facts->digest, data + DIGEST_AT, CPMSYNC_TLS_DIGEST_LEN);
    for (size_t i = 0; i < 8; i++)
        checked = checked << 8 | data[CHECKED_AT + i];
    if (checked > INT64_MAX)
        return CPMSYNC_ERR_NOT_FOUND;
    facts->checked = (int64_t)checked;
    return 0;
}

int cpmsync_tls_session_is_valid(
    const struct cpmsync_tls_session_facts *facts, const uint8_t digest[CPMSYNC_TLS_DIGEST_LEN], int64_t wall)
{
    if (memcmp(facts->digest, digest, CPMSYNC_TLS_DIGEST_LEN))
        return 0;
    if (!wall || !facts->checked)
        return 1;
    /* A clock that was set back says nothing about the age. */
    return wall >= facts->checked && wall - facts->checked < CPMSYNC_TLS_SESSION_SECONDS;
}

int cpmsync_tls_session_offer(mbedtls_ssl_context *ssl, const uint8_t *data, size_t len)
{
    mbedtls_ssl_session session;
    if (len <= HEADER_LEN)
        return CPMSYNC_ERR_NOT_FOUND;
    mbedtls_ssl_session_init(&session);
    int code = mbedtls_ssl_session_load(&session, data + HEADER_LEN, len - HEADER_LEN);
    if (!code)
        code = mbedtls_ssl_set_session(ssl, &session);
    mbedtls_ssl_session_free(&session);
    return code ? CPMSYNC_ERR_NOT_FOUND : 0;
}
