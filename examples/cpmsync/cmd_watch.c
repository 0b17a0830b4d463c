/* SPDX-License-Identifier: MIT */
#include "cmd.h"

#include "cli_loop.h"
#include "cli_text.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

struct watch_command {
    struct cli_account *account;
    int interrupted;
};

static int is_wanted(const struct cli_options *options, const char *mailbox)
{
    for (int i = 0; i < options->argument_count; i++) {
        const char *wanted = options->arguments[i];
        if (strcmp(wanted, mailbox) == 0 || (strcasecmp(wanted, "INBOX") == 0 && strcasecmp(mailbox, "INBOX") == 0))
            return 1;
    }
    return options->argument_count == 0;
}

static void begin_line(const char *what, const struct cpmsync_event *event, int json)
{
    if (json) {
        printf("{\"event\":\"%s\",\"mailbox\":", what);
        cli_text_json(stdout, event->mailbox);
    } else {
        cli_text_print(stdout, event->mailbox);
        printf(": %s", what);
    }
}

static void print_ranges(const struct cpmsync_event *event, int json)
{
    for (size_t i = 0; i < event->range_count; i++) {
        const char *separator = i ? "," : "";
        if (json)
            printf("%s[%" PRIu32 ",%" PRIu32 "]", separator, event->ranges[i].first, event->ranges[i].last);
        else if (event->ranges[i].first == event->ranges[i].last)
            printf("%s%" PRIu32, separator, event->ranges[i].first);
        else
            printf("%s%" PRIu32 ":%" PRIu32, separator, event->ranges[i].first, event->ranges[i].last);
    }
}

static void print_message(const struct cpmsync_event *event, int json)
{
    begin_line("message", event, json);
    if (json)
        printf(",\"uid\":%" PRIu32 ",\"modseq\":%" PRIu64 ",\"flags\":[", event->uid, event->modseq);
    else
        printf(" %" PRIu32 " (", event->uid);
    for (size_t i = 0; i < event->flag_count; i++) {
        if (i)
            fputs(json ? "," : " ", stdout);
        if (json)
            cli_text_json(stdout, event->flags[i]);
        else
            cli_text_print(stdout, event->flags[i]);
    }
    puts(json ? "]}" : ")");
}

static void print_vanished(const struct cpmsync_event *event, int json)
{
    begin_line("vanished", event, json);
    fputs(json ? ",\"uids\":[" : " ", stdout);
    print_ranges(event, json);
    puts(json ? "]}" : "");
}

static void print_batch(const struct cpmsync_event *event, int json)
{
    if (!json)
        return; /* people need not know */
    begin_line("batch", event, json);
    printf(",\"uidnext\":%" PRIu32 ",\"highestmodseq\":%" PRIu64 "}\n", event->uidnext, event->highestmodseq);
}

static void print_generation(const char *what, const struct cpmsync_event *event, int json)
{
    if (!json && event->type == CPMSYNC_EVENT_BEGIN)
        return;
    begin_line(what, event, json);
    printf(json ? ",\"uidvalidity\":%" PRIu32 : " %" PRIu32, event->uidvalidity);
    if (json && event->type == CPMSYNC_EVENT_BEGIN) {
        fputs(",\"covered\":[", stdout);
        print_ranges(event, json);
        fputc(']', stdout);
    }
    puts(json ? "}" : "");
}

static void print_plain(const char *what, const struct cpmsync_event *event, int json)
{
    begin_line(what, event, json);
    if (event->error)
        printf(json ? ",\"error\":\"%s\"" : " (%s)", cpmsync_error_name(event->error));
    puts(json ? "}" : "");
}

static void print_renamed(const struct cpmsync_event *event, int json)
{
    begin_line("renamed", event, json);
    if (json) {
        fputs(",\"was\":", stdout);
        cli_text_json(stdout, event->old_mailbox);
    } else {
        fputs(" was ", stdout);
        cli_text_print(stdout, event->old_mailbox);
    }
    puts(json ? "}" : "");
}

/* JSON only: people see when there is something to see. */
static void print_state(const struct cpmsync_event *event, int json)
{
    static const char *const states[] = {"closed", "connecting", "login", "ready", "logout"};
    if (json)
        printf("{\"event\":\"state\",\"state\":\"%s\"}\n", states[event->state]);
}

static int on_event(void *ctx, const struct cpmsync_event *event)
{
    struct watch_command *command = ctx;
    int json = command->account->options->json;
    if (event->mailbox != NULL && !is_wanted(command->account->options, event->mailbox))
        return 0;
    switch (event->type) {
    case CPMSYNC_EVENT_BEGIN:
        print_generation("begin", event, json);
        break;
    case CPMSYNC_EVENT_RESET:
        print_generation("reset", event, json);
        break;
    case CPMSYNC_EVENT_MESSAGE:
        print_message(event, json);
        break;
    case CPMSYNC_EVENT_VANISHED:
        print_vanished(event, json);
        break;
    case CPMSYNC_EVENT_BATCH:
        print_batch(event, json);
        break;
    case CPMSYNC_EVENT_LIVE:
        print_plain("live", event, json);
        break;
    case CPMSYNC_EVENT_MAILBOX_MISSING:
        print_plain("missing", event, json);
        break;
    case CPMSYNC_EVENT_MAILBOX_FAILED:
        print_plain("failed", event, json);
        break;
    case CPMSYNC_EVENT_MAILBOX_RENAMED:
        print_renamed(event, json);
        break;
    case CPMSYNC_EVENT_MAILBOX_LEFT:
        print_plain("left", event, json);
        break;
    case CPMSYNC_EVENT_STATE:
        print_state(event, json);
        break;
    case CPMSYNC_EVENT_ALERT: /* told by cli_account */
    case CPMSYNC_EVENT_SYNC:  /* there is no policy */
        return 0;
    }
    fflush(stdout);
    return 0;
}

static void on_done(void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_fault *fault)
{
    struct watch_command *command = ctx;
    (void)client;
    (void)operation;
    command->account->pending--;
    if (fault->error != 0 && fault->error != CPMSYNC_ERR_CANCELLED)
        cli_account_fail(command->account, fault, "watch");
}

static void on_logout(void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_fault *fault)
{
    struct cli_account *account = ctx;
    (void)client;
    (void)operation;
    (void)fault;
    account->pending--;
}

/* The first signal asks for a LOGOUT, which ends the watch; the second does not wait for it. */
static int on_interrupt(void *ctx)
{
    struct watch_command *command = ctx;
    if (command->interrupted)
        return -1;
    command->interrupted = 1;
    cli_account_submitted(
        command->account, cpmsync_client_logout(command->account->client, on_logout, command->account), "logout");
    return 0;
}

enum cli_status cmd_watch(struct cli_account *account)
{
    struct watch_command command = {account, 0};
    const struct cli_options *options = account->options;
    account->event = on_event;
    account->event_ctx = &command;
    account->interrupt = on_interrupt;
    account->interrupt_ctx = &command;
    int64_t id = options->argument_count == 1
                     ? cpmsync_client_watch(account->client, options->arguments[0], on_done, &command)
                     : cpmsync_client_watch_account(
                           account->client, options->argument_count ? options->arguments[0] : NULL, on_done, &command);
    cli_account_submitted(account, id, "watch");
    cli_loop_run(account);
    return account->status;
}
