/* SPDX-License-Identifier: MIT */
/* cpmsync: the reference client on the library's public API. */
#include "cli_loop.h"
#include "cli_options.h"
#include "cmd.h"
#include "loop_poll.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static enum cli_status run_online(struct cli_account *account, const struct cli_options *options)
{
    int64_t began = loop_poll_now();
    if (cli_loop_catch_signals() != 0) {
        fprintf(stderr, "cpmsync: start: %s; try again\n", strerror(errno));
        return CLI_STATUS_REFUSED;
    }
    enum cli_status status = cli_account_open(account, options);
    if (status == CLI_STATUS_DONE)
        status = options->command == CLI_SYNC    ? cmd_sync(account)
                 : options->command == CLI_WATCH ? cmd_watch(account)
                 : options->command == CLI_LIST  ? cmd_list(account)
                                                 : cmd_capabilities(account);
    if (options->stats)
        cli_account_stats(account, loop_poll_now() - began);
    return status;
}

static enum cli_status run_view(struct cli_account *account, const struct cli_options *options)
{
    enum cli_status status = cli_account_open_store(account, options);
    if (status != CLI_STATUS_DONE)
        return status;
    return options->command == CLI_DUMP ? cmd_dump(account) : cmd_mailboxes(account);
}

static enum cli_status run(const struct cli_options *options)
{
    struct cli_account account;
    memset(&account, 0, sizeof account);
    int online = options->command == CLI_SYNC || options->command == CLI_WATCH || options->command == CLI_LIST ||
                 options->command == CLI_CAPABILITIES;
    enum cli_status status = online ? run_online(&account, options) : run_view(&account, options);
    cli_account_close(&account);
    return status;
}

int main(int argc, char **argv)
{
    struct cli_options options;
    char reason[400];
    enum cli_status status = CLI_STATUS_DONE;
    if (cli_options_parse(&options, argc, argv, reason, sizeof reason) != 0) {
        fprintf(stderr, "cpmsync: %s\n", reason);
        return CLI_STATUS_USAGE;
    }
    if (options.command == CLI_HELP)
        cli_options_help(stdout);
    else if (options.command == CLI_VERSION)
        printf("cpmsync %s\n", cpmsync_version());
    else
        status = run(&options);
    if ((fflush(stdout) != 0 || ferror(stdout)) && status == CLI_STATUS_DONE) {
        fprintf(stderr, "cpmsync: output: %s; the result is incomplete\n", strerror(errno));
        status = CLI_STATUS_REFUSED;
    }
    return (int)status;
}
