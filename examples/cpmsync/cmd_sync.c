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

/* A mailbox that is asked for, or, of the whole account, one that was told of. */
struct target {
    struct sync_command *command;
    char *mailbox;
    char what[300]; /* "sync of INBOX" */
    uint64_t told;  /* messages the server told of: new or changed */
    int done;
};

struct sync_command {
    struct cli_account *account;
    struct target *targets;
    size_t count;
    size_t last;  /* the target of the last event */
    int whole;    /* the whole account */
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

static int add_target(struct sync_command *command, const char *mailbox)
{
    struct target *targets = realloc(command->targets, (command->count + 1) * sizeof *targets);
    if (targets == NULL)
        return CPMSYNC_ERR_NOMEM;
    command->targets = targets;
    struct target *target = &targets[command->count];
    memset(target, 0, sizeof *target);
    target->command = command;
    target->mailbox = strdup(mailbox);
    if (target->mailbox == NULL)
        return CPMSYNC_ERR_NOMEM;
    snprintf(target->what, sizeof target->what, "sync of %.280s", mailbox);
    command->count++;
    return 0;
}

/* NULL if there is none. */
static struct target *find_target(struct sync_command *command, const char *mailbox)
{
    for (size_t i = 0; i < command->count; i++) {
        size_t at = (command->last + i) % command->count;
        if (!is_same_mailbox(command->targets[at].mailbox, mailbox))
            continue;
        command->last = at;
        return &command->targets[at];
    }
    return NULL;
}

static int on_message(struct sync_command *command, const char *mailbox)
{
    struct target *target = find_target(command, mailbox);
    if (target == NULL)
        return 0;
    target->told++;
    if (command->progress && target->told % 512 == 0)
        show_progress(target);
    return 0;
}

/* A batch of the whole account: its mailbox is shown at the end. */
static int on_batch(struct sync_command *command, const char *mailbox)
{
    struct target *target = find_target(command, mailbox);
    if (target != NULL) {
        target->done = command->whole || target->done;
        return 0;
    }
    return command->whole ? add_target(command, mailbox) : 0;
}

static void print_missing(const struct cpmsync_event *event)
{
    fputs("cpmsync: ", stderr);
    cli_text_print(stderr, event->mailbox);
    if (event->text != NULL) {
        fputs(": the server lists it as ", stderr);
        cli_text_print(stderr, event->text);
        fputs("; what is cached stays\n", stderr);
    } else {
        fputs(": the server does not list it any more; what is cached stays\n", stderr);
    }
}

static void print_renamed(const struct cpmsync_event *event)
{
    fputs("cpmsync: ", stderr);
    cli_text_print(stderr, event->old_mailbox);
    fputs(": its name is now ", stderr);
    cli_text_print(stderr, event->mailbox);
    fputc('\n', stderr);
}

static int on_event(void *ctx, const struct cpmsync_event *event)
{
    struct sync_command *command = ctx;
    switch (event->type) {
    case CPMSYNC_EVENT_BEGIN:
    case CPMSYNC_EVENT_BATCH:
        return on_batch(command, event->mailbox);
    case CPMSYNC_EVENT_MESSAGE:
        return on_message(command, event->mailbox);
    case CPMSYNC_EVENT_MAILBOX_MISSING:
        print_missing(event);
        return 0;
    case CPMSYNC_EVENT_MAILBOX_RENAMED:
        print_renamed(event);
        return 0;
    case CPMSYNC_EVENT_MAILBOX_FAILED: {
        char what[300];
        snprintf(what, sizeof what, "sync of %.280s", event->mailbox);
        cli_account_fail_code(command->account, event->error, 0, what);
        return 0;
    }
    default:
        return 0;
    }
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

static void on_account_done(
    void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_fault *fault)
{
    struct sync_command *command = ctx;
    struct cli_account *account = command->account;
    (void)client;
    (void)operation;
    account->pending--;
    if (command->progress)
        fputs("\r\033[K", stderr);
    /* What went wrong with a mailbox was said when it did. */
    if (fault->error != 0 && fault->error != CPMSYNC_ERR_CANCELLED && account->status == CLI_STATUS_DONE)
        cli_account_fail(account, fault, "sync");
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

static int count_mailbox(void *ctx, const struct cpmsync_mailbox_info *info)
{
    (void)info;
    ++*(size_t *)ctx;
    return 0;
}

static void print_account(struct sync_command *command)
{
    struct cli_account *account = command->account;
    size_t count = 0;
    if (account->options->json || account->status != CLI_STATUS_DONE)
        return;
    int error = cpmsync_view_mailboxes(&account->store, &account->memory.allocator, count_mailbox, &count);
    if (error != 0)
        cli_account_fail_code(account, error, 0, "sync");
    else
        printf("%zu mailboxes, %zu of them synchronised, the others unchanged\n", count, command->count);
}

static void submit_mailboxes(struct sync_command *command)
{
    struct cli_account *account = command->account;
    int error = 0;
    for (int i = 0; i < account->options->argument_count && error == 0; i++)
        error = add_target(command, account->options->arguments[i]);
    if (error != 0)
        cli_account_fail_code(account, error, 0, "sync");
    for (size_t i = 0; i < command->count && error == 0; i++) {
        struct target *target = &command->targets[i];
        cli_account_submitted(
            account, cpmsync_client_sync(account->client, target->mailbox, on_done, target), target->what);
    }
}

enum cli_status cmd_sync(struct cli_account *account)
{
    struct sync_command command = {.account = account, .progress = isatty(STDERR_FILENO)};
    command.whole = account->options->argument_count == 0;
    account->event = on_event;
    account->event_ctx = &command;
    if (command.whole)
        cli_account_submitted(
            account, cpmsync_client_sync_account(account->client, NULL, on_account_done, &command), "sync");
    else
        submit_mailboxes(&command);
    if (account->pending > 0)
        cli_account_submitted(account, cpmsync_client_logout(account->client, on_logout, account), "logout");
    cli_loop_run(account);
    print_result(&command);
    if (command.whole)
        print_account(&command);
    for (size_t i = 0; i < command.count; i++)
        free(command.targets[i].mailbox);
    free(command.targets);
    return account->status;
}
