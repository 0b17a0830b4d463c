/* SPDX-License-Identifier: MIT */
#include "cmd.h"

#include "cli_loop.h"
#include "cli_text.h"

#include <stdlib.h>
#include <string.h>

/* `names` is separated by spaces. */
static void print_names(const char *key, const char *names, int json)
{
    const char *separator = "";
    printf(json ? "\"%s\":[" : "%s", key);
    while (*names != '\0') {
        char name[256];
        size_t len = strcspn(names, " ");
        snprintf(name, sizeof name, "%.*s", (int)(len < sizeof name ? len : sizeof name - 1), names);
        if (json) {
            fputs(separator, stdout);
            cli_text_json(stdout, name);
            separator = ",";
        } else {
            fputc(' ', stdout);
            cli_text_print(stdout, name);
        }
        names += len + strspn(names + len, " ");
    }
    fputs(json ? "]" : "\n", stdout);
}

/* Copies, since the client is gone when they are printed. */
struct capabilities_command {
    struct cli_account *account;
    char *offered, *enabled;
};

static void on_login(void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_fault *fault)
{
    struct capabilities_command *command = ctx;
    (void)operation;
    command->account->pending--;
    if (fault->error == 0)
        command->offered = strdup(cpmsync_client_capabilities(client));
    else if (fault->error != CPMSYNC_ERR_CANCELLED)
        cli_account_fail(command->account, fault, "login");
}

/* The server has answered ENABLE when it has answered LOGOUT. */
static void on_logout(void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_fault *fault)
{
    struct capabilities_command *command = ctx;
    (void)operation;
    command->account->pending--;
    if (fault->error == 0)
        command->enabled = strdup(cpmsync_client_enabled(client));
    else if (fault->error != CPMSYNC_ERR_CANCELLED)
        cli_account_fail(command->account, fault, "logout");
}

static void print(const struct capabilities_command *command, int json)
{
    if (json)
        fputc('{', stdout);
    print_names("offered", command->offered, json);
    if (json)
        fputc(',', stdout);
    print_names("enabled", command->enabled, json);
    if (json)
        fputs("}\n", stdout);
}

enum cli_status cmd_capabilities(struct cli_account *account)
{
    struct capabilities_command command = {account, NULL, NULL};
    cli_account_submitted(account, cpmsync_client_login(account->client, on_login, &command), "login");
    if (account->pending > 0)
        cli_account_submitted(account, cpmsync_client_logout(account->client, on_logout, &command), "logout");
    cli_loop_run(account);
    if (command.offered != NULL && command.enabled != NULL)
        print(&command, account->options->json);
    else if (account->status == CLI_STATUS_DONE)
        cli_account_fail_code(account, CPMSYNC_ERR_NOMEM, 0, "capabilities");
    free(command.offered);
    free(command.enabled);
    return account->status;
}
