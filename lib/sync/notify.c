/* SPDX-License-Identifier: MIT */
#include "sync/notify.h"

enum { IN_VAIN_MAX = 3 }; /* without a bound the account would be looked at again and again, without a pause */

void cpmsync_notify_init(struct cpmsync_notify *notify, const struct cpmsync_allocator *mem,
    struct cpmsync_session *session, size_t mailboxes_max)
{
    memset(notify, 0, sizeof *notify);
    notify->mem = mem;
    notify->session = session;
    notify->mailboxes_max = mailboxes_max;
    cpmsync_roster_init(&notify->told, mem, mailboxes_max);
}

void cpmsync_notify_clear(struct cpmsync_notify *notify)
{
    cpmsync_command_clear(&notify->command.text);
    cpmsync_roster_clear(&notify->told);
}

static void set_done(struct cpmsync_session_command *command, int error, const struct cpmsync_response *tagged)
{
    struct cpmsync_notify *notify = (struct cpmsync_notify *)command;

    cpmsync_command_clear(&command->text);
    notify->busy = false;
    if (!tagged || notify->state != CPMSYNC_NOTIFY_ASKED)
        return;
    notify->state = error ? CPMSYNC_NOTIFY_REFUSED : CPMSYNC_NOTIFY_ON;
}

static void add_events(struct cpmsync_command *text, const char *filter, const char *const *events, size_t count)
{
    cpmsync_command_open(text);
    cpmsync_command_atom(text, filter);
    cpmsync_command_open(text);
    for (size_t i = 0; i < count; i++)
        cpmsync_command_atom(text, events[i]);
    cpmsync_command_close(text);
    cpmsync_command_close(text);
}

int cpmsync_notify_set(struct cpmsync_notify *notify)
{
    /* Only along with MessageNew and MessageExpunge may FlagChange be asked for (N-02). */
    static const char *const EVENTS[] = {"MessageNew", "MessageExpunge", "FlagChange", "MailboxName"};
    struct cpmsync_command *text = &notify->command.text;

    if (notify->state != CPMSYNC_NOTIFY_OFF || notify->busy || !cpmsync_session_can(notify->session, "NOTIFY"))
        return 0;
    memset(&notify->command, 0, sizeof notify->command);
    notify->command.done = set_done;
    cpmsync_command_init(text, notify->mem, CPMSYNC_COMMAND_LINE_MAX, cpmsync_session_literals(notify->session));
    cpmsync_command_begin(text, "NOTIFY SET");
    add_events(text, "selected", EVENTS, 3); /* always one of it (N-01), and messages only (N-05) */
    add_events(text, "personal", EVENTS, 4);
    int error = cpmsync_session_submit(notify->session, &notify->command);
    if (error) {
        cpmsync_command_clear(text);
        return error;
    }
    notify->busy = true;
    notify->of_use = false;
    notify->state = CPMSYNC_NOTIFY_ASKED;
    return 0;
}

/* NOTIFY NONE took effect (N-08, PF-81). */
static void overflow(struct cpmsync_notify *notify)
{
    if (notify->state != CPMSYNC_NOTIFY_ASKED && notify->state != CPMSYNC_NOTIFY_ON)
        return;
    notify->in_vain = notify->of_use ? 0 : notify->in_vain + 1;
    notify->state = notify->in_vain < IN_VAIN_MAX ? CPMSYNC_NOTIFY_OFF : CPMSYNC_NOTIFY_REFUSED;
    notify->overflow = true;
    cpmsync_roster_clear(&notify->told);
}

void cpmsync_notify_data(struct cpmsync_notify *notify, const struct cpmsync_response *response)
{
    if (response->type == CPMSYNC_RESPONSE_STATUS) {
        if (response->condition == CPMSYNC_CONDITION_OK &&
            cpmsync_slice_is(response->code.name, "NOTIFICATIONOVERFLOW"))
            overflow(notify);
        return;
    }
    if (notify->state == CPMSYNC_NOTIFY_OFF || notify->state == CPMSYNC_NOTIFY_REFUSED)
        return;
    notify->of_use =
        notify->of_use || response->type == CPMSYNC_RESPONSE_LIST || response->type == CPMSYNC_RESPONSE_MAILBOX_STATUS;
    notify->told.utf8 = cpmsync_session_utf8_names(notify->session);
    if (cpmsync_roster_data(&notify->told, response) == CPMSYNC_ERR_LIMIT)
        overflow(notify); /* more than can be kept: the list tells all of it */
}

static int differing(struct cpmsync_notify *notify, const struct cpmsync_store *store, const char *selected)
{
    int error = cpmsync_roster_sort(&notify->told);
    int differ = 0;

    if (!error)
        error = cpmsync_roster_compare_told(&notify->told, store);
    for (size_t i = 0; !error && i < notify->told.count; i++) {
        struct cpmsync_roster_entry *entry = &notify->told.entries[i];
        if (selected && strcmp(selected, entry->key) == 0 && entry->state == CPMSYNC_ROSTER_DIFFERS)
            entry->state = CPMSYNC_ROSTER_UNCHANGED;
        differ = differ || entry->state == CPMSYNC_ROSTER_DIFFERS || entry->state == CPMSYNC_ROSTER_MISSING;
    }
    return error ? error : differ;
}

int cpmsync_notify_take(struct cpmsync_notify *notify, const struct cpmsync_store *store, const char *selected,
    struct cpmsync_roster *roster)
{
    if (notify->told.count == 0 && !notify->told.error)
        return 0;
    int differ = differing(notify, store, selected);
    if (differ != 1) {
        cpmsync_roster_clear(&notify->told);
        return differ;
    }
    *roster = notify->told;
    cpmsync_roster_init(&notify->told, notify->mem, notify->mailboxes_max);
    return 1;
}
