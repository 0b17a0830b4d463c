/* SPDX-License-Identifier: MIT */
#include "cmd.h"

#include "cli_loop.h"
#include "cli_text.h"

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

static void on_login(void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_fault *fault)
{
    struct cli_account *account = ctx;
    int json = account->options->json;
    (void)operation;
    account->pending--;
    if (fault->error != 0) {
        if (fault->error != CPMSYNC_ERR_CANCELLED)
            cli_account_fail(account, fault, "login");
        return;
    }
    if (json)
        fputc('{', stdout);
    print_names("offered", cpmsync_client_capabilities(client), json);
    if (json)
        fputc(',', stdout);
    print_names("enabled", cpmsync_client_enabled(client), json);
    if (json)
        fputs("}\n", stdout);
}

static void on_logout(void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_fault *fault)
{
    struct cli_account *account = ctx;
    (void)client;
    (void)operation;
    (void)fault;
    account->pending--;
}

enum cli_status cmd_capabilities(struct cli_account *account)
{
    cli_account_submitted(account, cpmsync_client_login(account->client, on_login, account), "login");
    if (account->pending > 0)
        cli_account_submitted(account, cpmsync_client_logout(account->client, on_logout, account), "logout");
    return cli_loop_run(account);
}
