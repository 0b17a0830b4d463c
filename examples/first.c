/* SPDX-License-Identifier: MIT */
/* first HOST PORT USER PASSWORD CA_FILE: synchronises INBOX over TLS and prints what the library tells. */
#include "loop_poll.h"

#include <cpmsync/cpmsync.h>
#include <stdio.h>
#include <stdlib.h>

static int on_event(void *ctx, struct cpmsync_client *client, const struct cpmsync_event *event)
{
    (void)ctx, (void)client;
    if (event->type == CPMSYNC_EVENT_MESSAGE)
        printf("message %lu: %zu flags\n", (unsigned long)event->uid, event->flag_count);
    return 0;
}

static void on_credentials(void *ctx, struct cpmsync_client *client, uint32_t conn)
{
    char **argv = ctx;
    cpmsync_client_credentials(client, conn, 0, argv[3], argv[4], NULL);
}

static void on_done(void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_fault *fault)
{
    (void)client, (void)operation;
    printf("INBOX: %s\n", fault->error ? cpmsync_error_text(fault->error) : "synchronised");
    *(int *)ctx = fault->error ? -1 : 1;
}

int main(int argc, char **argv)
{
    int done = 0;
    struct cpmsync_client *client = NULL;
    struct cpmsync_connector tcp, tls;
    if (argc != 6)
        return 2;
    struct cpmsync_tcp_config tcp_config = {
        .size = sizeof tcp_config, .host = argv[1], .port = (uint16_t)atoi(argv[2])};
    struct cpmsync_tls_config tls_config = {.size = sizeof tls_config, .host = argv[1], .ca_file = argv[5]};
    struct cpmsync_client_config config = {
        .size = sizeof config, .ctx = argv, .event = on_event, .credentials = on_credentials};
    if (cpmsync_connector_tcp(&tcp, &tcp_config) || cpmsync_connector_tls(&tls, &tcp, &tls_config) ||
        cpmsync_client_new(&client, &config) || cpmsync_client_connector(client, &tls))
        return 1;
    cpmsync_client_sync(client, "INBOX", on_done, &done);
    loop_poll_run(client, &done);
    cpmsync_client_free(client);
    return done == 1 ? 0 : 1;
}
