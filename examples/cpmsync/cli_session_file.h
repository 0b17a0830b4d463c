/* SPDX-License-Identifier: MIT */
/* FILE.tls: the TLS session of the account, secret, so that the next connection resumes it. */
#ifndef CLI_SESSION_FILE_H
#define CLI_SESSION_FILE_H

#include <stddef.h>
#include <stdint.h>

struct cli_session_file {
    char *path; /* NULL: there is none */
};

/* STORE.tls beside the store. Returns 0, or -1 without memory. */
int cli_session_file_init(struct cli_session_file *file, const char *store);
void cli_session_file_clear(struct cli_session_file *file);

/* The hooks of cpmsync_tls_config; ctx is the struct. */
int64_t cli_session_file_load(void *ctx, uint8_t *data, size_t max);
int cli_session_file_save(void *ctx, const uint8_t *data, size_t len);
int64_t cli_session_file_time(void *ctx);

#endif
