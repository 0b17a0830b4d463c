/* SPDX-License-Identifier: MIT */
/* An app: it makes one of each part, so that a missing dependency of any of them fails to link. */
#include <cpmsync/cpmsync.h>

#include <stdio.h>

static void on_credentials(void *ctx, struct cpmsync_client *client, uint32_t conn)
{
    (void)ctx;
    cpmsync_client_credentials(client, conn, 0, "alice", "secret", NULL);
}

int main(int argc, char **argv)
{
    struct cpmsync_store store = {0};
    struct cpmsync_store_sqlite_config store_config = {0};
    struct cpmsync_crypto crypto = {0};
    struct cpmsync_connector tcp = {0}, tls = {0};
    struct cpmsync_tcp_config tcp_config = {0};
    struct cpmsync_tls_config tls_config = {0};
    struct cpmsync_client_config config = {0};
    struct cpmsync_client *client = NULL;
    int error;

    store_config.size = sizeof store_config;
    store_config.path = argc > 1 ? argv[1] : "outside_c.db";
    store_config.account = "alice@localhost:993";
    error = cpmsync_store_sqlite_open(&store, &store_config, NULL);
    if (!error)
        error = cpmsync_crypto_mbedtls(&crypto, NULL);

    tcp_config.size = sizeof tcp_config;
    tcp_config.host = "localhost";
    tcp_config.port = 993;
    tls_config.size = sizeof tls_config;
    tls_config.host = "localhost";
    if (!error)
        error = cpmsync_connector_tcp(&tcp, &tcp_config);
    if (!error)
        error = cpmsync_connector_tls(&tls, &tcp, &tls_config);

    config.size = sizeof config;
    config.store = &store;
    config.crypto = &crypto;
    config.credentials = on_credentials;
    if (!error)
        error = cpmsync_client_new(&client, &config);
    if (!error)
        error = cpmsync_client_connector(client, &tls);

    printf("cpmsync %s from C: %s\n", cpmsync_version(), cpmsync_error_text(error));
    cpmsync_client_free(client);
    cpmsync_crypto_free(&crypto);
    cpmsync_store_close(&store);
    return error ? 1 : 0;
}
