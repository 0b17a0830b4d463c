/* SPDX-License-Identifier: MIT */
/* Which commands the clients of the stress give. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stress_client.h"

const char *const stress_boxes[STRESS_BOXES] = {"INBOX", "shared box", "without"};

static const char MESSAGE[] = "From: a@example.org\r\nSubject: stress\r\n\r\na1 OK no answer\r\n* 1 EXPUNGE\r\n";

void stress_put(struct stress_text *text, const void *data, size_t len)
{
    if (text->len + len > text->capacity) {
        text->capacity = 2 * (text->len + len) + 256;
        text->data = (char *)realloc(text->data, text->capacity);
        if (!text->data)
            abort();
    }
    memcpy(text->data + text->len, data, len);
    text->len += len;
}

void stress_putf(struct stress_text *text, const char *format, ...)
{
    char line[1000];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    stress_put(text, line, (size_t)len);
}

static unsigned below(const struct stress_client *client, unsigned limit)
{
    return stress_below(client->stress, limit);
}

static bool chance(const struct stress_client *client, unsigned percent)
{
    return below(client, 100) < percent;
}

static void put_name(struct stress_client *client, int box)
{
    stress_putf(&client->out, client->owner ? "\"%s\"" : "\"Other Users/alice/%s\"", stress_boxes[box]);
}

/* The tag; what follows it is put by the caller, and `end` behind that. */
static void tag(struct stress_client *client)
{
    stress_putf(&client->out, "t%u ", ++client->last_tag);
}

static struct stress_command *end(struct stress_client *client, enum stress_kind kind)
{
    struct stress_command *command = &client->queue[client->queued++];
    memset(command, 0, sizeof *command);
    stress_putf(&client->out, "\r\n");
    command->kind = kind;
    command->tag = client->last_tag;
    command->end = client->out.len;
    client->stress->commands++;
    return command;
}

static struct stress_command *simple(struct stress_client *client, enum stress_kind kind, const char *text)
{
    tag(client);
    stress_putf(&client->out, "%s", text);
    return end(client, kind);
}

/* ---- sets, flags ---- */

/* The messages named so far become targets. */
static void aim(struct stress_client *client, bool uid, uint32_t first, uint32_t last)
{
    size_t i;
    for (i = 0; i < client->view.count; i++) {
        struct stress_message *message = client->view.messages + i;
        uint32_t name = uid ? message->uid : (uint32_t)(i + 1);
        if (name && name >= first && name <= last)
            message->target = true;
    }
}

static void aim_at_none(struct stress_client *client)
{
    size_t i;
    for (i = 0; i < client->view.count; i++) {
        struct stress_message *message = client->view.messages + i;
        message->target = message->heard = message->modified = false;
        message->nameless = !message->uid;
        message->was = message->modseq;
    }
}

static uint32_t some_name(const struct stress_client *client, bool uid)
{
    size_t place = below(client, (unsigned)client->view.count);
    uint32_t known = client->view.messages[place].uid;
    if (!uid)
        return (uint32_t)place + 1;
    return chance(client, 80) && known ? known : 1 + below(client, client->view.uidnext + 3);
}

static bool can_number(const struct stress_client *client)
{
    return client->view.count > 0 && !client->view.uidonly && !(client->live && !client->delayed) &&
           client->queued == 0;
}

/* A set of messages of the view, which become the targets. */
static void put_set(struct stress_client *client, bool uid)
{
    unsigned ranges = 1 + below(client, 3), i;
    aim_at_none(client);
    if (uid && (client->view.count == 0 || chance(client, 15))) {
        stress_putf(&client->out, "1:4294967295");
        aim(client, true, 1, UINT32_MAX);
        return;
    }
    for (i = 0; i < ranges; i++) {
        uint32_t first = some_name(client, uid), last = chance(client, 50) ? first : some_name(client, uid);
        uint32_t low = first < last ? first : last, high = first < last ? last : first;
        stress_putf(&client->out, i ? "," : "");
        if (first == last)
            stress_putf(&client->out, "%lu", (unsigned long)first);
        else
            stress_putf(&client->out, "%lu:%lu", (unsigned long)first, (unsigned long)last);
        aim(client, uid, low, high);
    }
}

static void put_flags(struct stress_client *client, unsigned flags)
{
    const char *before = "";
    size_t i;
    stress_putf(&client->out, "(");
    for (i = 0; i < STRESS_FLAGS; i++)
        if (flags >> i & 1) {
            stress_putf(&client->out, "%s%s", before, stress_flag_names[i]);
            before = " ";
        }
    stress_putf(&client->out, ")");
}

static bool has_modseqs(const struct stress_client *client)
{
    return client->view.condstore && !client->view.nomodseq;
}

/* ---- the commands ---- */

/* The targets' flags are unknown until they are fetched. */
static void forget_targets(struct stress_client *client)
{
    size_t i;
    for (i = 0; i < client->view.count; i++)
        if (client->view.messages[i].target)
            client->view.messages[i].known = false;
}

static void fetch_changes(struct stress_client *client)
{
    uint64_t since = client->view.highestmodseq > 20 ? client->view.highestmodseq - below(client, 20) : 1;
    bool vanished = client->view.qresync && chance(client, 50);
    size_t i;
    stress_putf(&client->out, "UID FETCH 1:4294967295 (FLAGS) (CHANGEDSINCE %llu%s)", (unsigned long long)since,
        vanished ? " VANISHED" : "");
    aim_at_none(client);
    for (i = 0; i < client->view.count; i++)
        client->view.messages[i].target = client->view.messages[i].modseq > since && client->view.messages[i].uid;
    forget_targets(client);
    struct stress_command *command = end(client, STRESS_FETCH);
    command->uid = command->wants = true;
}

/* A CONDSTORE enabling command that is none by name. */
static bool begins_condstore(const struct stress_client *client)
{
    return client->late && !client->live && !client->view.nomodseq && chance(client, 5);
}

static void fetch(struct stress_client *client)
{
    static const char *const ITEMS[] = {"FLAGS", "(UID FLAGS)", "FAST", "(UID)", "BODY[]", "(RFC822.SIZE ENVELOPE)",
        "(BODY.PEEK[HEADER] INTERNALDATE FLAGS)"};
    bool uid = !can_number(client) || chance(client, 50);
    unsigned item = below(client, sizeof ITEMS / sizeof *ITEMS);
    bool modseq = (has_modseqs(client) && chance(client, 50)) || begins_condstore(client);
    tag(client);
    if (has_modseqs(client) && chance(client, 20)) {
        fetch_changes(client);
        return;
    }
    stress_putf(&client->out, "%sFETCH ", uid ? "UID " : "");
    put_set(client, uid);
    if (modseq) {
        stress_putf(&client->out, " (UID FLAGS MODSEQ)");
        client->view.condstore = true;
    } else
        stress_putf(&client->out, " %s", ITEMS[item]);
    bool wants = modseq || item < 3 || item == 6;
    if (wants)
        forget_targets(client);
    struct stress_command *command = end(client, STRESS_FETCH);
    command->uid = uid;
    command->wants = wants;
}

static void store(struct stress_client *client)
{
    static const char *const CHANGES[] = {"", "+", "-"};
    bool uid = !can_number(client) || chance(client, 50), silent = chance(client, 40);
    unsigned way = below(client, 3), flags = below(client, STRESS_ALL_FLAGS + 1) & below(client, STRESS_ALL_FLAGS + 1);
    tag(client);
    stress_putf(&client->out, "%sSTORE ", uid ? "UID " : "");
    put_set(client, uid);
    bool conditional = has_modseqs(client) && chance(client, 40);
    uint64_t highest = client->view.highestmodseq,
             since = chance(client, 10) || !highest ? 0 : highest - below(client, 10) % highest;
    if (conditional)
        stress_putf(&client->out, " (UNCHANGEDSINCE %llu)", (unsigned long long)since);
    stress_putf(&client->out, " %sFLAGS%s ", CHANGES[way], silent ? ".SILENT" : "");
    put_flags(client, flags);
    struct stress_command *command = end(client, STRESS_STORE);
    command->uid = uid;
    command->silent = silent;
    command->conditional = conditional;
    command->since = since;
    command->change = CHANGES[way][0];
    command->flags = flags;
    command->may_fail = client->examined;
}

static void search(struct stress_client *client)
{
    static const char *const KEYS[STRESS_FLAGS] = {
        "SEEN", "ANSWERED", "FLAGGED", "DELETED", "DRAFT", "KEYWORD $one", "KEYWORD $Forwarded", "KEYWORD three"};
    bool uid = client->view.uidonly || (client->live && !client->delayed) || chance(client, 50);
    unsigned flags = chance(client, 30) ? 0 : 1u << below(client, STRESS_FLAGS), i;
    tag(client);
    stress_putf(&client->out, "%sSEARCH ALL", uid ? "UID " : "");
    for (i = 0; i < STRESS_FLAGS; i++)
        if (flags >> i & 1)
            stress_putf(&client->out, " %s", KEYS[i]);
    struct stress_command *command = end(client, STRESS_SEARCH);
    command->uid = uid;
    command->flags = flags;
    client->found_count = 0;
}

static void expunge(struct stress_client *client)
{
    bool uid = chance(client, 50);
    tag(client);
    stress_putf(&client->out, uid ? "UID EXPUNGE " : "EXPUNGE");
    if (uid)
        put_set(client, true);
    else {
        aim_at_none(client);
        aim(client, false, 1, UINT32_MAX);
    }
    struct stress_command *command = end(client, STRESS_REMOVAL);
    command->if_deleted = true;
    command->may_fail = client->examined;
}

static void copy(struct stress_client *client)
{
    bool uid = !can_number(client) || chance(client, 50), moves = chance(client, 40);
    tag(client);
    stress_putf(&client->out, "%s%s ", uid ? "UID " : "", moves ? "MOVE" : "COPY");
    put_set(client, uid);
    stress_putf(&client->out, " ");
    put_name(client, (int)below(client, STRESS_BOXES));
    struct stress_command *command = end(client, moves ? STRESS_REMOVAL : STRESS_OTHER);
    command->uid = uid;
    command->writes = true;
    command->may_fail = moves && client->examined;
}

static void put_message(struct stress_client *client)
{
    bool sync = client->queued == 0 && !client->hold && chance(client, 30);
    put_flags(client, below(client, STRESS_ALL_FLAGS + 1));
    stress_putf(&client->out, " {%zu%s}\r\n", sizeof MESSAGE - 1, sync ? "" : "+");
    if (sync)
        client->hold = client->out.len;
    stress_put(&client->out, MESSAGE, sizeof MESSAGE - 1);
}

static void append(struct stress_client *client)
{
    tag(client);
    stress_putf(&client->out, "APPEND ");
    put_name(client, (int)below(client, STRESS_BOXES));
    stress_putf(&client->out, " ");
    put_message(client);
    if (chance(client, 20)) {
        stress_putf(&client->out, " ");
        put_message(client);
    }
    end(client, STRESS_OTHER)->writes = true;
}

static void replace(struct stress_client *client)
{
    bool uid = !can_number(client) || chance(client, 50);
    if (client->view.count == 0) {
        append(client);
        return;
    }
    tag(client);
    stress_putf(&client->out, "%sREPLACE %lu ", uid ? "UID " : "", (unsigned long)some_name(client, uid));
    put_name(client, chance(client, 70) ? client->box : (int)below(client, STRESS_BOXES));
    stress_putf(&client->out, " ");
    put_message(client);
    struct stress_command *command = end(client, STRESS_OTHER);
    command->writes = true;
    command->may_fail = true;
}

void stress_client_ask_status(struct stress_client *client, int box)
{
    tag(client);
    stress_putf(&client->out, "STATUS ");
    put_name(client, box);
    stress_putf(&client->out, " (MESSAGES UIDNEXT UNSEEN%s)", client->view.condstore ? " HIGHESTMODSEQ" : "");
    end(client, STRESS_OTHER);
}

static void status(struct stress_client *client)
{
    stress_client_ask_status(client, (int)below(client, STRESS_BOXES));
}

/* known-uids and seq-match-data of what is known; returns whether the UIDs are exactly the known ones. */
static bool put_known(struct stress_client *client, const struct stress_view *known)
{
    bool exact = chance(client, 60);
    size_t i, steps;
    if (!exact && chance(client, 50))
        return false;
    if (exact) {
        for (i = 0; i < known->count; i++)
            stress_putf(&client->out, "%c%lu", i ? ',' : ' ', (unsigned long)known->messages[i].uid);
        if (!known->count)
            return false;
    } else
        stress_putf(&client->out, " 1:%lu", (unsigned long)(known->count ? known->messages[known->count - 1].uid : 1));
    if (client->view.uidonly || known->count == 0 || chance(client, 50))
        return exact;
    steps = 1 + below(client, (unsigned)known->count);
    stress_putf(&client->out, " (");
    for (i = 0; i < known->count; i += steps)
        stress_putf(&client->out, "%s%zu", i ? "," : "", i + 1);
    stress_putf(&client->out, " ");
    for (i = 0; i < known->count; i += steps)
        stress_putf(&client->out, "%s%lu", i ? "," : "", (unsigned long)known->messages[i].uid);
    stress_putf(&client->out, ")");
    return exact;
}

/* So that it can be resumed. */
static void complete(struct stress_client *client)
{
    tag(client);
    stress_putf(&client->out, "UID FETCH ");
    aim_at_none(client);
    stress_putf(&client->out, has_modseqs(client) ? "1:4294967295 (FLAGS MODSEQ)" : "1:4294967295 FLAGS");
    end(client, STRESS_FETCH)->uid = true;
}

static void choose_box(struct stress_client *client)
{
    if (client->box >= 0 && !stress_view_is_complete(&client->view) && chance(client, 70)) {
        complete(client);
        return;
    }
    int box = (int)below(client, STRESS_BOXES);
    const struct stress_view *known = &client->caches[box];
    bool examine = chance(client, 15), resumes = client->view.qresync && known->uidvalidity && chance(client, 90),
         exact = false;
    stress_client_keep(client);
    tag(client);
    stress_putf(&client->out, examine ? "EXAMINE " : "SELECT ");
    put_name(client, box);
    if (resumes) {
        stress_putf(&client->out, " (QRESYNC (%lu %llu", (unsigned long)known->uidvalidity,
            (unsigned long long)known->highestmodseq);
        exact = put_known(client, known);
        stress_putf(&client->out, "))");
        stress_view_copy(&client->resumed, known);
    } else if ((client->view.condstore && chance(client, 30)) || begins_condstore(client)) {
        stress_putf(&client->out, " (CONDSTORE)");
        client->view.condstore = true;
    }
    struct stress_command *command = end(client, STRESS_SELECT);
    command->box = box;
    command->examine = examine;
    command->resumes = resumes;
    command->exact = exact;
}

static void notify(struct stress_client *client)
{
    static const struct {
        const char *text;
        bool live, delayed, limited, watches;
    } WAYS[] = {{"NOTIFY SET (SELECTED (MessageNew MessageExpunge FlagChange))", true, false, false, false},
        {"NOTIFY SET (SELECTED (MessageNew (UID FLAGS) MessageExpunge FlagChange)) (PERSONAL (MessageNew "
         "MessageExpunge))",
            true, false, false, true},
        {"NOTIFY SET STATUS (SELECTED-DELAYED (MessageNew MessageExpunge FlagChange)) (PERSONAL (MessageNew "
         "MessageExpunge FlagChange))",
            true, true, false, true},
        {"NOTIFY SET (PERSONAL (MessageNew MessageExpunge))", false, false, true, true},
        {"NOTIFY SET (SELECTED (MessageNew MessageExpunge))", true, false, true, false},
        {"NOTIFY NONE", false, false, true, false}};
    unsigned way = below(client, sizeof WAYS / sizeof *WAYS);
    if (!client->can_notify) {
        status(client);
        return;
    }
    struct stress_command *command = simple(client, STRESS_NOTIFY, WAYS[way].text);
    command->live = WAYS[way].live;
    command->delayed = WAYS[way].delayed;
    command->limited = WAYS[way].limited;
    command->watches = WAYS[way].watches;
    stress_client_unwatch(client);
    /* From here on, and until the answer, the looser of the old and the new. */
    client->live |= command->live;
    client->delayed &= command->delayed;
    client->limited |= command->limited;
}

static void leave(struct stress_client *client)
{
    simple(client, STRESS_LEAVE, chance(client, 50) ? "UNSELECT" : "CLOSE");
}

static void idle(struct stress_client *client)
{
    tag(client);
    stress_putf(&client->out, "IDLE\r\n");
    client->hold = client->out.len;
    stress_putf(&client->out, "DONE");
    end(client, STRESS_IDLE);
}

struct choice {
    unsigned up_to; /* of a hundred */
    void (*give)(struct stress_client *client);
};

static void noop(struct stress_client *client)
{
    simple(client, STRESS_OTHER, chance(client, 50) ? "NOOP" : "CAPABILITY");
}

static void log_out(struct stress_client *client)
{
    simple(client, STRESS_LOGOUT, "LOGOUT");
}

static void give(struct stress_client *client, const struct choice *choices)
{
    unsigned which = below(client, 100);
    while (which >= choices->up_to)
        choices++;
    choices->give(client);
}

void stress_client_begin(struct stress_client *client)
{
    static const struct choice SELECTED[] = {{3, notify}, {4, log_out}, {11, choose_box}, {14, status}, {21, append},
        {25, noop}, {45, fetch}, {69, store}, {79, search}, {83, idle}, {86, leave}, {89, replace}, {95, copy},
        {100, expunge}};
    static const struct choice UNSELECTED[] = {
        {5, notify}, {8, log_out}, {75, choose_box}, {82, status}, {95, append}, {100, noop}};
    static const struct choice BEHIND[] = {{30, noop}, {60, status}, {100, append}};
    give(client, client->queued ? BEHIND : client->box < 0 ? UNSELECTED : SELECTED);
}

void stress_client_ask(struct stress_client *client, enum stress_kind kind, const char *text)
{
    simple(client, kind, text);
}
