/* SPDX-License-Identifier: MIT */
#include "scram_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mbedtls/base64.h>
#include <mbedtls/md.h>

static const mbedtls_md_info_t *hash_of(const struct scram_client *s)
{
    return mbedtls_md_info_from_type(s->sha1 ? MBEDTLS_MD_SHA1 : MBEDTLS_MD_SHA256);
}

static void hmac(
    const struct scram_client *s, const void *key, size_t key_len, const void *text, size_t len, uint8_t *out)
{
    assert_int_equal(mbedtls_md_hmac(hash_of(s), (const uint8_t *)key, key_len, (const uint8_t *)text, len, out), 0);
}

static void encode(const void *data, size_t len, char *out, size_t size)
{
    size_t written;
    assert_int_equal(mbedtls_base64_encode((uint8_t *)out, size, &written, (const uint8_t *)data, len), 0);
}

/* Up to the end of the line. */
static size_t decode(const char *text, size_t len, void *out, size_t size)
{
    size_t written;
    assert_int_equal(mbedtls_base64_decode((uint8_t *)out, size, &written, (const uint8_t *)text, len), 0);
    return written;
}

void scram_client_first(struct scram_client *s, char *out, size_t size)
{
    char text[400];
    snprintf(text, sizeof text, "%sn=%s,r=%s", s->gs2, s->user, s->nonce);
    encode(text, strlen(text), out, size);
}

void scram_client_hear(struct scram_client *s, const char *base64)
{
    size_t len = decode(base64, strcspn(base64, "\r\n"), s->server_first, sizeof s->server_first - 1);
    s->server_first[len] = 0;
}

/* client-final-message-without-proof */
static void write_final(const struct scram_client *s, char *out, size_t size)
{
    uint8_t input[600];
    char coded[900];
    size_t len = strlen(s->gs2);
    memcpy(input, s->gs2, len);
    if (s->binding_len)
        memcpy(input + len, s->binding, s->binding_len);
    encode(input, len + s->binding_len, coded, sizeof coded);
    snprintf(out, size, "c=%s,%.*s", coded, (int)(strstr(s->server_first, ",s=") - s->server_first), s->server_first);
}

/* RFC 5802 section 3 */
void scram_client_compute(struct scram_client *s, const char *password)
{
    uint8_t u[32], salted[32], key[32], stored[32], server[32], client[32], first[70];
    char message[2000], final[1500];
    const char *salt = strstr(s->server_first, ",s=") + 3, *count = strstr(s->server_first, ",i=") + 3;
    size_t salt_len = decode(salt, (size_t)(count - 3 - salt), first, sizeof first - 4), i;
    unsigned long rounds = strtoul(count, NULL, 10), n;
    s->len = mbedtls_md_get_size(hash_of(s));
    memcpy(first + salt_len, "\0\0\0\1", 4);
    hmac(s, password, strlen(password), first, salt_len + 4, u);
    memcpy(salted, u, s->len);
    for (n = 1; n < rounds; n++) {
        hmac(s, password, strlen(password), u, s->len, u);
        for (i = 0; i < s->len; i++)
            salted[i] ^= u[i];
    }
    write_final(s, final, sizeof final);
    snprintf(message, sizeof message, "n=%s,r=%s,%s,%s", s->user, s->nonce, s->server_first, final);
    hmac(s, salted, s->len, "Client Key", 10, key);
    assert_int_equal(mbedtls_md(hash_of(s), key, s->len, stored), 0);
    hmac(s, stored, s->len, message, strlen(message), client);
    for (i = 0; i < s->len; i++)
        s->proof[i] = key[i] ^ client[i];
    hmac(s, salted, s->len, "Server Key", 10, server);
    hmac(s, server, s->len, message, strlen(message), s->signature);
}

void scram_client_final(struct scram_client *s, char *out, size_t size)
{
    char message[1600], proof[100];
    write_final(s, message, 1500);
    encode(s->proof, s->len, proof, sizeof proof);
    strcat(message, ",p=");
    strcat(message, proof);
    encode(message, strlen(message), out, size);
}

int scram_client_believes(const struct scram_client *s, const char *base64)
{
    char final[200], signature[100];
    final[decode(base64, strcspn(base64, "\r\n"), final, sizeof final - 1)] = 0;
    encode(s->signature, s->len, signature, sizeof signature);
    assert_int_equal(strncmp(final, "v=", 2), 0);
    return strcmp(final + 2, signature) == 0;
}
