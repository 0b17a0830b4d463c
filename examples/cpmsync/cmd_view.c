/* SPDX-License-Identifier: MIT */
/* The commands that only look into the store. */
#include "cmd.h"

#include "cli_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct view {
    int json;
    const char **sorted; /* room for a message's flags */
    size_t room;
    /* With --json a message's line waits for its descriptor. */
    FILE *lines;
    char *text;
    size_t len;
    size_t at; /* printed so far */
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
    FILE *out = view->json ? view->lines : stdout;
    fprintf(out, view->json ? "{\"uid\":%" PRIu32 ",\"modseq\":%" PRIu64 ",\"flags\":[" : "%" PRIu32 " %" PRIu64 " (",
        uid, modseq);
    for (size_t i = 0; i < flag_count; i++) {
        if (i > 0)
            fputc(view->json ? ',' : ' ', out);
        if (view->json)
            cli_text_json(out, view->sorted[i]);
        else
            cli_text_print(out, view->sorted[i]);
    }
    fputs(view->json ? "]\n" : ")\n", out);
    return 0;
}

/* The next line, as far as it was written; its end is still to come. 0 if there is none. */
static uint32_t line_uid(const struct view *view)
{
    return view->at < view->len ? (uint32_t)strtoul(view->text + view->at + strlen("{\"uid\":"), NULL, 10) : 0;
}

static void print_line(struct view *view)
{
    size_t len = strcspn(view->text + view->at, "\n");
    fwrite(view->text + view->at, 1, len, stdout);
    view->at += len + 1;
}

static int print_descriptor(void *ctx, uint32_t uid, const struct cpmsync_descriptor *descriptor)
{
    struct view *view = ctx;
    for (; line_uid(view) != 0 && line_uid(view) < uid; puts("}"))
        print_line(view);
    if (line_uid(view) != uid)
        return 0; /* its message came or went between the two looks into the store */
    print_line(view);
    if (descriptor->parts & CPMSYNC_DESCRIPTOR_SIZE)
        printf(",\"size\":%" PRIu64, descriptor->message_size);
    if (descriptor->parts & CPMSYNC_DESCRIPTOR_INTERNALDATE)
        printf(",\"internaldate\":%" PRId64, descriptor->internaldate);
    if (descriptor->truncated)
        fputs(",\"truncated\":true", stdout);
    for (size_t i = 0; i < descriptor->field_count; i++) {
        fputs(i == 0 ? ",\"header\":{" : ",", stdout);
        cli_text_json(stdout, descriptor->names[i]);
        fputc(':', stdout);
        cli_text_json(stdout, descriptor->values[i]);
    }
    puts(descriptor->field_count > 0 ? "}}" : "}");
    return 0;
}

static int print_json(struct cli_account *account, struct view *view, const char *mailbox)
{
    const struct cpmsync_allocator *allocator = &account->memory.allocator;
    view->lines = open_memstream(&view->text, &view->len);
    if (view->lines == NULL)
        return CPMSYNC_ERR_NOMEM;
    int error = cpmsync_view_messages(&account->store, allocator, mailbox, print_cursor, print_message, view);
    if (fclose(view->lines) != 0 && error == 0)
        error = CPMSYNC_ERR_NOMEM;
    if (error == 0)
        error = cpmsync_view_descriptors(&account->store, allocator, mailbox, 1, UINT32_MAX, print_descriptor, view);
    for (; error == 0 && line_uid(view) != 0; puts("}"))
        print_line(view);
    free(view->text);
    return error;
}

enum cli_status cmd_mailboxes(struct cli_account *account)
{
    struct view view = {.json = account->options->json};
    int error = cpmsync_view_mailboxes(&account->store, &account->memory.allocator, print_mailbox, &view);
    if (error != 0)
        cli_account_fail_code(account, error, 0, "mailboxes");
    return account->status;
}

enum cli_status cmd_dump(struct cli_account *account)
{
    struct view view = {.json = account->options->json};
    const char *mailbox = account->options->arguments[0];
    char what[300];
    snprintf(what, sizeof what, "dump of %.280s", mailbox);
    int error = view.json ? print_json(account, &view, mailbox)
                          : cpmsync_view_messages(&account->store, &account->memory.allocator, mailbox, print_cursor,
                                print_message, &view);
    if (error != 0)
        cli_account_fail_code(account, error, 0, what);
    free(view.sorted);
    return account->status;
}
