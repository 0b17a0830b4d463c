/* SPDX-License-Identifier: MIT */
/*
 * peer_deadline MILLISECONDS OPTIONS sync: what the cpmsync command does with these options and `sync`, but the synchronisation of
 * the account is to be over after MILLISECONDS. Prints the name of each mailbox that was left, a line each, and on stderr how long
 * it took. The status is 0 if it was over in time: no later than 200 ms behind it.
 */
#include "cli_account.h"
#include "loop_poll.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LATE_MS = 200 };

static int done_error = -1;

static int on_event(void *ctx, const struct cpmsync_event *event)
{
    (void)ctx;
    if (event->type == CPMSYNC_EVENT_MAILBOX_LEFT)
        puts(event->mailbox);
    return 0;
}

static void on_done(void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_fault *fault)
{
    (void)ctx;
    (void)client;
    (void)operation;
    done_error = fault->error;
}

int main(int argc, char **argv)
{
    struct cli_options options;
    struct cli_account account;
    char reason[400];
    int64_t most = argc > 2 ? atoi(argv[1]) : 0;
    if (most <= 0 || cli_options_parse(&options, argc - 1, argv + 1, reason, sizeof reason) != 0)
        return 2;
    if (cli_account_open(&account, &options) != CLI_STATUS_DONE)
        return 1;
    account.event = on_event;
    int64_t begun = loop_poll_now();
    int64_t id = cpmsync_client_sync_account(account.client, NULL, on_done, NULL);
    if (id < 0 || cpmsync_client_deadline(account.client, id, begun + most) != 0)
        return 1;
    while (done_error == -1) {
        if (cpmsync_client_step(account.client, loop_poll_now(), LOOP_POLL_BUDGET) != 0)
            return 1;
        if (done_error == -1 && loop_poll_wait(account.client, -1) != LOOP_POLL_CLIENT)
            return 1;
    }
    int64_t took = loop_poll_now() - begun;
    fprintf(stderr, "%s after %" PRId64 " ms\n", cpmsync_error_name(done_error), took);
    int ok = (done_error == 0 || done_error == CPMSYNC_ERR_DEADLINE) && took <= most + LATE_MS;
    cli_account_end(&account);
    cli_account_close(&account);
    return !ok;
}
