/* SPDX-License-Identifier: MIT */
#if !defined(_POSIX_C_SOURCE) && defined(__linux__)
#define _POSIX_C_SOURCE 200809L
#endif
#include "transport/tls_trust.h"

#include <stdio.h>
#include <string.h>

#include <mbedtls/md.h>

#include "base/mem.h"
#include "transport/address.h"

#if defined(__unix__) || defined(__APPLE__)
#define HAVE_STAT 1
#include <sys/stat.h>
#endif

/* Where systems keep the certificates they trust. */
static const char *const system_bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt", /* Debian, Ubuntu, Alpine, Arch */
    "/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora, RHEL */
    "/etc/ssl/ca-bundle.pem",             /* openSUSE */
    "/etc/ssl/cert.pem",                  /* Alpine, BSDs, macOS */
    "/usr/local/share/certs/ca-root-nss.crt",
};

static const char *system_bundle(void)
{
    for (size_t i = 0; i < sizeof(system_bundles) / sizeof(system_bundles[0]); i++) {
        FILE *file = fopen(system_bundles[i], "rb");
        if (!file)
            continue;
        fclose(file);
        return system_bundles[i];
    }
    return NULL;
}

/* The file to read, "" if there is none to read, NULL if there should be one and is not. */
static const char *file_of(const struct cpmsync_tls_trust *trust)
{
    if (trust->ca_file)
        return trust->ca_file;
    const char *path = trust->ca_data ? "" : system_bundle();
    return !path && trust->asks ? "" : path;
}

/* mbedTLS returns how many certificates of a bundle it could not read: old bundles hold some that nobody can. */
static int result_of(int code, const mbedtls_x509_crt *chain, int *kept)
{
    if (code >= 0 && chain->raw.p)
        return 0;
    *kept = code;
    return code == MBEDTLS_ERR_X509_ALLOC_FAILED ? CPMSYNC_ERR_NOMEM : CPMSYNC_ERR_TLS_TRUST;
}

static int load_file(const char *path, mbedtls_x509_crt *chain, int *code)
{
#if defined(MBEDTLS_FS_IO)
    return result_of(mbedtls_x509_crt_parse_file(chain, path), chain, code);
#else
    (void)path;
    (void)chain;
    *code = MBEDTLS_ERR_X509_FEATURE_UNAVAILABLE;
    return CPMSYNC_ERR_TLS_TRUST;
#endif
}

int cpmsync_tls_trust_load(const struct cpmsync_tls_trust *trust, mbedtls_x509_crt *chain, int *code)
{
    const char *path = file_of(trust);
    *code = 0;
    if (!path)
        return CPMSYNC_ERR_TLS_TRUST;
    if (trust->ca_data) {
        int error = result_of(mbedtls_x509_crt_parse(chain, trust->ca_data, trust->ca_data_len), chain, code);
        if (error)
            return error;
    }
    return *path ? load_file(path, chain, code) : 0;
}

/* ---------------------------------------------------------------- digest */

/* Each part with its length, so that no two settings run into the same octets. */
static int add(mbedtls_md_context_t *md, const void *data, size_t len)
{
    uint64_t length = len;
    int code = mbedtls_md_update(md, (const unsigned char *)&length, sizeof(length));
    return code || !len ? code : mbedtls_md_update(md, data, len);
}

static int add_file(mbedtls_md_context_t *md, const char *path)
{
#if defined(HAVE_STAT)
    struct stat status;
    if (stat(path, &status) < 0)
        return CPMSYNC_ERR_TLS_TRUST;
#if defined(__APPLE__)
    long times[2] = {status.st_mtimespec.tv_nsec, status.st_ctimespec.tv_nsec};
#else
    long times[2] = {status.st_mtim.tv_nsec, status.st_ctim.tv_nsec};
#endif
    int64_t facts[7] = {(int64_t)status.st_dev, (int64_t)status.st_ino, (int64_t)status.st_size,
        (int64_t)status.st_mtime, times[0], (int64_t)status.st_ctime, times[1]};
    return add(md, facts, sizeof(facts)) ? CPMSYNC_ERR_NOMEM : 0;
#else
    (void)md;
    (void)path;
    return CPMSYNC_ERR_UNSUPPORTED;
#endif
}

static int add_number(mbedtls_md_context_t *md, unsigned number)
{
    return add(md, &number, sizeof(number));
}

static int add_settings(
    mbedtls_md_context_t *md, const struct cpmsync_tls_trust *trust, const struct cpmsync_tls_binding *binding)
{
    const char *path = file_of(trust);
    if (!path)
        return CPMSYNC_ERR_TLS_TRUST;
    if (add(md, binding->host, strlen(binding->host)) || add_number(md, binding->port) ||
        add(md, binding->account, strlen(binding->account)) || add_number(md, binding->starttls != 0))
        return CPMSYNC_ERR_NOMEM;
    if (add(md, path, strlen(path)) || add(md, trust->ca_data, trust->ca_data ? trust->ca_data_len : 0) ||
        add(md, trust->pins, trust->pin_count * CPMSYNC_TLS_PIN_LEN) || add_number(md, trust->asks))
        return CPMSYNC_ERR_NOMEM;
    return *path ? add_file(md, path) : 0;
}

int cpmsync_tls_trust_digest(const struct cpmsync_tls_trust *trust, const struct cpmsync_tls_binding *binding,
    uint8_t digest[CPMSYNC_TLS_DIGEST_LEN])
{
    mbedtls_md_context_t md;
    int error = CPMSYNC_ERR_NOMEM;
    mbedtls_md_init(&md);
    if (!mbedtls_md_setup(&md, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), 0) && !mbedtls_md_starts(&md))
        error = add_settings(&md, trust, binding);
    if (!error && mbedtls_md_finish(&md, digest))
        error = CPMSYNC_ERR_NOMEM;
    mbedtls_md_free(&md);
    return error;
}

/* ---------------------------------------------------------------- pins */

int cpmsync_tls_trust_is_pinned(const struct cpmsync_tls_trust *trust, const mbedtls_x509_crt *certificate)
{
    uint8_t digest[CPMSYNC_TLS_PIN_LEN];
    const mbedtls_x509_buf *key = &certificate->pk_raw; /* the whole SubjectPublicKeyInfo */
    if (mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), key->p, key->len, digest))
        return CPMSYNC_ERR_NOMEM;
    for (size_t i = 0; i < trust->pin_count; i++)
        if (!memcmp(trust->pins[i], digest, sizeof(digest)))
            return 1;
    return 0;
}

/* ---------------------------------------------------------------- host */

/* GeneralName of RFC 5280 4.2.1.6: dNSName [2] IA5String, iPAddress [7] OCTET STRING. */
enum { TAG_DNS_NAME = MBEDTLS_ASN1_CONTEXT_SPECIFIC | 2, TAG_IP_ADDRESS = MBEDTLS_ASN1_CONTEXT_SPECIFIC | 7 };

uint32_t cpmsync_tls_trust_check_host(const mbedtls_x509_crt *certificate, const struct cpmsync_address *address)
{
    const mbedtls_x509_sequence *name = &certificate->subject_alt_names;
    for (; name; name = name->next) {
        if (!name->buf.p)
            continue;
        if (!address && name->buf.tag == TAG_DNS_NAME)
            return 0;
        if (address && name->buf.tag == TAG_IP_ADDRESS && name->buf.len == cpmsync_address_octets(address) &&
            !memcmp(name->buf.p, address->octets, name->buf.len))
            return 0;
    }
    return MBEDTLS_X509_BADCERT_CN_MISMATCH;
}
