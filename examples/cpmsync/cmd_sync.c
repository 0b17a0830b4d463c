/* SPDX-License-Identifier: MIT */
#include "cmd.h"

#include "cli_loop.h"
#include "cli_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct sync_command;

/* One mailbox of the command. */
struct target {
    struct sync_command *command;
    const char *mailbox;
    char what[300]; /* "sync of INBOX" */
    uint64_t told;  /* messages the server told of: new or changed */
    int done;
};

struct sync_command {
    struct cli_account *account;
    struct target *targets;
    size_t count;
    int progress; /* stderr is a terminal */
};

static void show_progress(const struct target *target)
{
    fprintf(stderr, "\r\033[K");
    cli_text_print(stderr, target->mailbox);
    fprintf(stderr, ": %" PRIu64 " messages", target->told);
    fflush(stderr);
}

/* INBOX is one mailbox in any case (RFC 3501 5.1). */
static int is_same_mailbox(const char *a, const char *b)
{
    return strcmp(a, b) == 0 || (strcasecmp(a, "INBOX") == 0 && strcasecmp(b, "INBOX") == 0);
}

static int on_event(void *ctx, const struct cpmsync_event *event)
{
    struct sync_command *command = ctx;
    if (event->type != CPMSYNC_EVENT_MESSAGE)
        return 0;
    for (size_t i = 0; i < command->count; i++) {
        struct target *target = &command->targets[i];
        if (!is_same_mailbox(target->mailbox, event->mailbox))
            continue;
        target->told++;
        if (command->progress && target->told % 512 == 0)
            show_progress(target);
        break;
    }
    return 0;
}

static void on_done(void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_fault *fault)
{
    struct target *target = ctx;
    struct cli_account *account = target->command->account;
    (void)client;
    (void)operation;
    account->pending--;
    if (target->command->progress)
        fputs("\r\033[K", stderr);
    if (fault->error == 0)
        target->done = 1;
    else if (fault->error != CPMSYNC_ERR_CANCELLED)
        cli_account_fail(account, fault, target->what);
}

/* The mailboxes are up to date whatever becomes of LOGOUT. */
static void on_logout(void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_fault *fault)
{
    struct cli_account *account = ctx;
    (void)client;
    (void)operation;
    (void)fault;
    account->pending--;
}

struct summary {
    const struct target *target;
    int json;
};

static int print_summary(void *ctx, const struct cpmsync_mailbox_info *info)
{
    const struct summary *summary = ctx;
    if (summary->json) {
        fputs("{\"mailbox\":", stdout);
        cli_text_json(stdout, info->name);
        printf(",\"messages\":%" PRIu32 ",\"uidvalidity\":%" PRIu32 ",\"uidnext\":%" PRIu32
               ",\"highestmodseq\":%" PRIu64 ",\"told\":%" PRIu64 "}\n",
            info->messages, info->uidvalidity, info->uidnext, info->highestmodseq, summary->target->told);
        return 0;
    }
    cli_text_print(stdout, info->name);
    printf(": %" PRIu32 " messages, %" PRIu64 " of them new or changed\n", info->messages, summary->target->told);
    return 0;
}

static void print_result(struct sync_command *command)
{
    struct cli_account *account = command->account;
    for (size_t i = 0; i < command->count; i++) {
        struct summary summary = {&command->targets[i], account->options->json};
        if (!command->targets[i].done)
            continue;
        int error = cpmsync_view_messages(
            &account->store, &account->memory.allocator, command->targets[i].mailbox, print_summary, NULL, &summary);
        if (error != 0)
            cli_account_fail_code(account, error, 0, command->targets[i].what);
    }
}

enum cli_status cmd_sync(struct cli_account *account)
{
    const struct cli_options *options = account->options;
    struct sync_command command = {account, NULL, (size_t)options->argument_count, isatty(STDERR_FILENO)};
    command.targets = calloc(command.count, sizeof *command.targets);
    if (command.targets == NULL) {
        cli_account_fail_code(account, CPMSYNC_ERR_NOMEM, 0, "sync");
        return account->status;
    }
    account->event = on_event;
    account->event_ctx = &command;
    for (size_t i = 0; i < command.count; i++) {
        struct target *target = &command.targets[i];
        target->command = &command;
        target->mailbox = options->arguments[i];
        snprintf(target->what, sizeof target->what, "sync of %.280s", target->mailbox);
        cli_account_submitted(
            account, cpmsync_client_sync(account->client, target->mailbox, on_done, target), target->what);
    }
    if (account->pending > 0)
        cli_account_submitted(account, cpmsync_client_logout(account->client, on_logout, account), "logout");
    cli_loop_run(account);
    print_result(&command);
    free(command.targets);
    return account->status;
}
