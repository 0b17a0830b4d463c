/* SPDX-License-Identifier: MIT */
/* The commands that only look into the store. */
#include "cmd.h"

#include "cli_text.h"

#include <inttypes.h>
#include <stdlib.h>

struct view {
    int json;
    const char **sorted; /* room for a message's flags */
    size_t room;
};

static int print_mailbox(void *ctx, const struct cpmsync_mailbox_info *info)
{
    const struct view *view = ctx;
    if (view->json) {
        fputs("{\"mailbox\":", stdout);
        cli_text_json(stdout, info->name);
        printf(",\"messages\":%" PRIu32 ",\"uidvalidity\":%" PRIu32 ",\"uidnext\":%" PRIu32
               ",\"highestmodseq\":%" PRIu64 "}\n",
            info->messages, info->uidvalidity, info->uidnext, info->highestmodseq);
        return 0;
    }
    cli_text_print(stdout, info->name);
    printf(" messages %" PRIu32 " uidvalidity %" PRIu32 " uidnext %" PRIu32 " highestmodseq %" PRIu64 "\n",
        info->messages, info->uidvalidity, info->uidnext, info->highestmodseq);
    return 0;
}

static int print_cursor(void *ctx, const struct cpmsync_mailbox_info *info)
{
    const struct view *view = ctx;
    printf(view->json ? "{\"uidvalidity\":%" PRIu32 ",\"uidnext\":%" PRIu32 ",\"highestmodseq\":%" PRIu64
                        ",\"messages\":%" PRIu32 "}\n"
                      : "uidvalidity %" PRIu32 " uidnext %" PRIu32 " highestmodseq %" PRIu64 " messages %" PRIu32 "\n",
        info->uidvalidity, info->uidnext, info->highestmodseq, info->messages);
    return 0;
}

static int print_message(void *ctx, uint32_t uid, uint64_t modseq, const char *const *flags, size_t flag_count)
{
    struct view *view = ctx;
    if (flag_count > view->room) {
        const char **grown = realloc(view->sorted, flag_count * sizeof *grown);
        if (grown == NULL)
            return CPMSYNC_ERR_NOMEM;
        view->sorted = grown;
        view->room = flag_count;
    }
    for (size_t i = 0; i < flag_count; i++)
        view->sorted[i] = flags[i];
    cli_text_sort(view->sorted, flag_count);
    printf(view->json ? "{\"uid\":%" PRIu32 ",\"modseq\":%" PRIu64 ",\"flags\":[" : "%" PRIu32 " %" PRIu64 " (", uid,
        modseq);
    for (size_t i = 0; i < flag_count; i++) {
        if (i > 0)
            fputc(view->json ? ',' : ' ', stdout);
        if (view->json)
            cli_text_json(stdout, view->sorted[i]);
        else
            cli_text_print(stdout, view->sorted[i]);
    }
    fputs(view->json ? "]}\n" : ")\n", stdout);
    return 0;
}

enum cli_status cmd_mailboxes(struct cli_account *account)
{
    struct view view = {account->options->json, NULL, 0};
    int error = cpmsync_view_mailboxes(&account->store, &account->memory.allocator, print_mailbox, &view);
    if (error != 0)
        cli_account_fail_code(account, error, 0, "mailboxes");
    return account->status;
}

enum cli_status cmd_dump(struct cli_account *account)
{
    struct view view = {account->options->json, NULL, 0};
    const char *mailbox = account->options->arguments[0];
    char what[300];
    snprintf(what, sizeof what, "dump of %.280s", mailbox);
    int error =
        cpmsync_view_messages(&account->store, &account->memory.allocator, mailbox, print_cursor, print_message, &view);
    if (error != 0)
        cli_account_fail_code(account, error, 0, what);
    free(view.sorted);
    return account->status;
}
