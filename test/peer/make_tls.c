/* SPDX-License-Identifier: MIT */
/* make_tls DIR HOST: a certificate authority, and a certificate by it for HOST: ca.pem, cert.pem and key.pem in DIR. */
#include "support/tls_peer.h"

#include <mbedtls/pk.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void write_file(const char *directory, const char *name, const char *text, mode_t mode)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *out = fopen(path, "w");
    if (out == NULL || chmod(path, mode) != 0 || fputs(text, out) < 0 || fclose(out) != 0) {
        perror(path);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    struct support_random random;
    struct support_certificate authority, certificate;
    struct support_certificate_spec authority_spec, spec;
    unsigned char key[2048];
    if (argc != 3) {
        fputs("make_tls DIR HOST\n", stderr);
        return 2;
    }
    memset(&authority_spec, 0, sizeof authority_spec);
    authority_spec.common_name = "Peer test authority";
    authority_spec.is_ca = 1;
    memset(&spec, 0, sizeof spec);
    spec.common_name = argv[2];
    spec.dns[0] = argv[2];
    support_random_init(&random);
    support_certificate_make(&authority, &authority_spec, NULL, &random);
    support_certificate_make(&certificate, &spec, &authority, &random);
    if (mbedtls_pk_write_key_pem(&certificate.key, key, sizeof key) != 0) {
        fputs("make_tls: the key cannot be written\n", stderr);
        return 1;
    }
    mkdir(argv[1], 0755);
    write_file(argv[1], "ca.pem", authority.pem, 0644);
    write_file(argv[1], "cert.pem", certificate.pem, 0644);
    write_file(argv[1], "key.pem", (const char *)key, 0600);
    support_certificate_clear(&certificate);
    support_certificate_clear(&authority);
    support_random_clear(&random);
    return 0;
}
