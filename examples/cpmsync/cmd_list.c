/* SPDX-License-Identifier: MIT */
#include "cmd.h"

#include "cli_loop.h"
#include "cli_text.h"

struct list_command {
    struct cli_account *account;
    int json;
};

static void print_strings(const char *key, const char *const *strings, size_t count)
{
    printf(",\"%s\":[", key);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            fputc(',', stdout);
        cli_text_json(stdout, strings[i]);
    }
    fputc(']', stdout);
}

static const char *truth(int known, int value)
{
    return !known ? "null" : value ? "true" : "false";
}

static void print_json(const struct cpmsync_list_info *info)
{
    char delimiter[2] = {(char)info->delimiter, '\0'};
    unsigned children = info->flags & (CPMSYNC_LIST_CHILDREN | CPMSYNC_LIST_NO_CHILDREN);
    fputs("{\"mailbox\":", stdout);
    cli_text_json(stdout, info->mailbox);
    fputs(",\"delimiter\":", stdout);
    if (info->delimiter != 0)
        cli_text_json(stdout, delimiter);
    else
        fputs("null", stdout);
    print_strings("attributes", info->attributes, info->attribute_count);
    print_strings("uses", info->uses, info->use_count);
    printf(",\"selectable\":%s,\"subscribed\":%s,\"children\":%s}\n",
        truth(1, !(info->flags & CPMSYNC_LIST_NOT_SELECTABLE)),
        truth(!(info->flags & CPMSYNC_LIST_SUBSCRIPTION_UNKNOWN), (info->flags & CPMSYNC_LIST_SUBSCRIBED) != 0),
        truth(children != 0, (children & CPMSYNC_LIST_CHILDREN) != 0));
}

static void on_listed(void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_list_info *info)
{
    const struct list_command *command = ctx;
    (void)client;
    (void)operation;
    if (command->json) {
        print_json(info);
        return;
    }
    cli_text_print(stdout, info->mailbox);
    fputs(" (", stdout);
    for (size_t i = 0; i < info->attribute_count; i++) {
        if (i > 0)
            fputc(' ', stdout);
        cli_text_print(stdout, info->attributes[i]);
    }
    fputs(")\n", stdout);
}

static void on_done(void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_fault *fault)
{
    struct list_command *command = ctx;
    (void)client;
    (void)operation;
    command->account->pending--;
    if (fault->error != 0 && fault->error != CPMSYNC_ERR_CANCELLED)
        cli_account_fail(command->account, fault, "list");
}

/* The list is complete whatever becomes of LOGOUT. */
static void on_logout(void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_fault *fault)
{
    struct list_command *command = ctx;
    (void)client;
    (void)operation;
    (void)fault;
    command->account->pending--;
}

enum cli_status cmd_list(struct cli_account *account)
{
    struct list_command command = {account, account->options->json};
    const char *pattern = account->options->argument_count > 0 ? account->options->arguments[0] : NULL;
    cli_account_submitted(account, cpmsync_client_list(account->client, pattern, on_listed, on_done, &command), "list");
    if (account->pending > 0)
        cli_account_submitted(account, cpmsync_client_logout(account->client, on_logout, &command), "logout");
    cli_loop_run(account);
    return account->status;
}
