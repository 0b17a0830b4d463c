/* SPDX-License-Identifier: MIT */
/* A CA nobody else trusts, and certificates of it. */
#define _POSIX_C_SOURCE 200809L
#include "mock_session.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/ecp.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/oid.h>
#include <mbedtls/pk.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>

enum { PEM_MAX = 8192, ALTERNATIVES_MAX = 512 };

struct maker {
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    mbedtls_pk_context ca_key;
    mbedtls_pk_context key;
    mbedtls_pk_context client_key;
};

enum role { ROLE_CA, ROLE_SERVER, ROLE_CLIENT };

static int make_key(struct maker *maker, mbedtls_pk_context *key)
{
    int code = mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
    return code ? code
                : mbedtls_ecp_gen_key(
                      MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key), mbedtls_ctr_drbg_random, &maker->random);
}

/* GeneralName: [2] dNSName or [7] iPAddress */
static size_t add_name(unsigned char *out, size_t len, unsigned char tag, const void *name, size_t name_len)
{
    if (name_len > 127 || len + 2 + name_len > ALTERNATIVES_MAX)
        return len;
    out[len++] = tag;
    out[len++] = (unsigned char)name_len;
    memcpy(out + len, name, name_len);
    return len + name_len;
}

/* SubjectAltName by hand: mbedTLS 2.28 has no call for it. Returns its length; it stands at the end of `out`. */
static size_t write_alternatives(const char *host, unsigned char *out, size_t size)
{
    static const unsigned char LOOPBACK6[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    unsigned char names[ALTERNATIVES_MAX], address[16];
    size_t len = 0, head = 0;
    if (inet_pton(AF_INET, host, address) == 1)
        len = add_name(names, len, 0x87, address, 4);
    else if (inet_pton(AF_INET6, host, address) == 1)
        len = add_name(names, len, 0x87, address, 16);
    else
        len = add_name(names, len, 0x82, host, strlen(host));
    len = add_name(names, len, 0x82, "localhost", 9);
    len = add_name(names, len, 0x87, "\x7f\0\0\1", 4);
    len = add_name(names, len, 0x87, LOOPBACK6, 16);
    out[head++] = 0x30;
    if (len > 255) {
        out[head++] = 0x82;
        out[head++] = (unsigned char)(len >> 8);
    } else if (len > 127)
        out[head++] = 0x81;
    out[head++] = (unsigned char)len;
    if (head + len > size)
        return 0;
    memcpy(out + head, names, len);
    return head + len;
}

static int set_serial(struct maker *maker, mbedtls_x509write_cert *cert)
{
    unsigned char serial[16];
    int code = mbedtls_ctr_drbg_random(&maker->random, serial, sizeof serial);
    serial[0] &= 0x7f;
    serial[0] |= 0x40;
    if (code != 0)
        return code;
#if MBEDTLS_VERSION_NUMBER >= 0x03040000
    return mbedtls_x509write_crt_set_serial_raw(cert, serial, sizeof serial);
#else
    mbedtls_mpi number;
    mbedtls_mpi_init(&number);
    code = mbedtls_mpi_read_binary(&number, serial, sizeof serial);
    code = code ? code : mbedtls_x509write_crt_set_serial(cert, &number);
    mbedtls_mpi_free(&number);
    return code;
#endif
}

static int describe(mbedtls_x509write_cert *cert, enum role role, const char *host)
{
    /* serverAuth; clientAuth ends in 2 */
    unsigned char use[] = {0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01};
    int is_ca = role == ROLE_CA;
    unsigned char alternatives[ALTERNATIVES_MAX + 8];
    int code = mbedtls_x509write_crt_set_basic_constraints(cert, is_ca, is_ca ? 0 : -1);
    code = code ? code : mbedtls_x509write_crt_set_subject_key_identifier(cert);
    code = code ? code : mbedtls_x509write_crt_set_authority_key_identifier(cert);
    if (is_ca)
        return code ? code
                    : mbedtls_x509write_crt_set_key_usage(
                          cert, MBEDTLS_X509_KU_KEY_CERT_SIGN | MBEDTLS_X509_KU_CRL_SIGN);
    if (role == ROLE_CLIENT)
        use[sizeof use - 1] = 0x02;
    size_t len = write_alternatives(host, alternatives, sizeof alternatives);
    code = code ? code : mbedtls_x509write_crt_set_key_usage(cert, MBEDTLS_X509_KU_DIGITAL_SIGNATURE);
    code = code ? code
                : mbedtls_x509write_crt_set_extension(cert, MBEDTLS_OID_EXTENDED_KEY_USAGE,
                      MBEDTLS_OID_SIZE(MBEDTLS_OID_EXTENDED_KEY_USAGE), 0, use, sizeof use);
    return code || role == ROLE_CLIENT ? code
                                       : mbedtls_x509write_crt_set_extension(cert, MBEDTLS_OID_SUBJECT_ALT_NAME,
                                             MBEDTLS_OID_SIZE(MBEDTLS_OID_SUBJECT_ALT_NAME), 0, alternatives, len);
}

static int write_cert(struct maker *maker, enum role role, const char *name, char *pem)
{
    static const char CA_NAME[] = "CN=cpm-mockserver CA";
    mbedtls_x509write_cert cert;
    char subject[300];
    mbedtls_pk_context *const keys[] = {&maker->ca_key, &maker->key, &maker->client_key};
    snprintf(subject, sizeof subject, "CN=%s", name);
    mbedtls_x509write_crt_init(&cert);
    mbedtls_x509write_crt_set_version(&cert, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(&cert, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(&cert, keys[role]);
    mbedtls_x509write_crt_set_issuer_key(&cert, &maker->ca_key);
    int code = mbedtls_x509write_crt_set_subject_name(&cert, role == ROLE_CA ? CA_NAME : subject);
    code = code ? code : mbedtls_x509write_crt_set_issuer_name(&cert, CA_NAME);
    code = code ? code : mbedtls_x509write_crt_set_validity(&cert, "20200101000000", "20491231235959");
    code = code ? code : set_serial(maker, &cert);
    code = code ? code : describe(&cert, role, name);
    code =
        code ? code
             : mbedtls_x509write_crt_pem(&cert, (unsigned char *)pem, PEM_MAX, mbedtls_ctr_drbg_random, &maker->random);
    mbedtls_x509write_crt_free(&cert);
    return code;
}

static int write_file(struct cpmsync_mock *mock, const char *directory, const char *name, const char *text, mode_t mode)
{
    char path[4096];
    int len = snprintf(path, sizeof path, "%s/%s", directory, name);
    if (len < 0 || (size_t)len >= sizeof path)
        return cpmsync_mock_explain(mock, CPMSYNC_ERR_LIMIT, "%s: too long a name", directory);
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    size_t size = strlen(text);
    int failed = fd < 0 || write(fd, text, size) != (ssize_t)size, code = errno;
    if (fd >= 0 && close(fd) != 0) {
        failed = 1;
        code = errno;
    }
    return failed ? cpmsync_mock_explain(mock, CPMSYNC_ERR_STORE, "%s: %s", path, strerror(code)) : 0;
}

/* The files, each PEM_MAX long. */
enum { CA_PEM, SERVER_PEM, SERVER_KEY, CLIENT_PEM, CLIENT_KEY, FILE_COUNT };
static const struct {
    const char *name;
    mode_t mode;
} FILES[FILE_COUNT] = {
    {"ca.pem", 0644}, {"server.pem", 0644}, {"server.key", 0600}, {"client.pem", 0644}, {"client.key", 0600}};

static int make(struct maker *maker, const char *host, const char *client, char (*files)[PEM_MAX])
{
    int code = mbedtls_ctr_drbg_seed(&maker->random, mbedtls_entropy_func, &maker->entropy, NULL, 0);
    code = code ? code : make_key(maker, &maker->ca_key);
    code = code ? code : make_key(maker, &maker->key);
    code = code ? code : make_key(maker, &maker->client_key);
    code = code ? code : write_cert(maker, ROLE_CA, host, files[CA_PEM]);
    code = code ? code : write_cert(maker, ROLE_SERVER, host, files[SERVER_PEM]);
    code = code ? code : write_cert(maker, ROLE_CLIENT, client, files[CLIENT_PEM]);
    code = code ? code : mbedtls_pk_write_key_pem(&maker->key, (unsigned char *)files[SERVER_KEY], PEM_MAX);
    return code ? code : mbedtls_pk_write_key_pem(&maker->client_key, (unsigned char *)files[CLIENT_KEY], PEM_MAX);
}

static int is_name(const char *name)
{
    return strlen(name) <= 100 && !strpbrk(name, ",=+");
}

/* Everything is made before anything is written. */
static int make_all(struct cpmsync_mock *mock, const char *host, const char *client, char (*files)[PEM_MAX])
{
    struct maker maker;
    char text[128];
    mbedtls_entropy_init(&maker.entropy);
    mbedtls_ctr_drbg_init(&maker.random);
    mbedtls_pk_init(&maker.ca_key);
    mbedtls_pk_init(&maker.key);
    mbedtls_pk_init(&maker.client_key);
    int code = make(&maker, host, client, files);
    if (code != 0)
        mbedtls_strerror(code, text, sizeof text);
    mbedtls_pk_free(&maker.client_key);
    mbedtls_pk_free(&maker.key);
    mbedtls_pk_free(&maker.ca_key);
    mbedtls_ctr_drbg_free(&maker.random);
    mbedtls_entropy_free(&maker.entropy);
    return code ? cpmsync_mock_explain(mock, CPMSYNC_ERR_TLS, "certificate: %s", text) : 0;
}

int cpmsync_mock_certificates(struct cpmsync_mock *mock, const char *directory, const char *host, const char *user)
{
    size_t i;
    cpmsync_mock_explain(mock, 0, "%s", "");
    if (!mock || !directory || !host || !is_name(host))
        return cpmsync_mock_explain(
            mock, CPMSYNC_ERR_INVALID_ARGUMENT, "%s is no name for a certificate", host ? host : "nothing");
    if (!user || !is_name(user))
        user = "client"; /* a user of such a name has no certificate, which is no reason not to serve */
    char(*files)[PEM_MAX] = (char(*)[PEM_MAX])calloc(FILE_COUNT, PEM_MAX);
    int error = files ? make_all(mock, host, user, files) : CPMSYNC_ERR_NOMEM;
    if (!error && mkdir(directory, 0700) != 0 && errno != EEXIST)
        error = cpmsync_mock_explain(mock, CPMSYNC_ERR_STORE, "%s: %s", directory, strerror(errno));
    for (i = 0; i < FILE_COUNT && !error; i++)
        error = write_file(mock, directory, FILES[i].name, files[i], FILES[i].mode);
    free(files);
    return error;
}
