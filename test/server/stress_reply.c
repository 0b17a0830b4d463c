/* SPDX-License-Identifier: MIT */
/* What a client of the stress makes of the server's responses. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stress_client.h"

#define WRONG(...) stress_view_wrong(&client->view, __VA_ARGS__)

struct line {
    const char *at, *end;
};

static bool skip(struct line *line, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(line->end - line->at) < len || strncmp(line->at, word, len) != 0)
        return false;
    line->at += len;
    return true;
}

static bool number(struct line *line, uint64_t *value)
{
    const char *start = line->at;
    *value = 0;
    while (line->at < line->end && *line->at >= '0' && *line->at <= '9')
        *value = *value * 10 + (uint64_t)(*line->at++ - '0');
    return line->at > start;
}

/* The end of a response that begins at `from`, literals included; 0 if it is not there yet. */
static size_t response_end(const struct stress_text *in, size_t from)
{
    for (;;) {
        const char *lf = from < in->len ? (const char *)memchr(in->data + from, '\n', in->len - from) : NULL;
        if (!lf)
            return 0;
        size_t end = (size_t)(lf - in->data) + 1, open = end;
        if (end - from < 4 || lf[-2] != '}')
            return end;
        while (open > from && in->data[open - 1] != '{')
            open--;
        from = end + strtoul(in->data + open, NULL, 10);
    }
}

/* Over one value: an atom, a string, or something in parentheses. */
static void skip_value(struct line *line)
{
    int depth = 0;
    do {
        if (*line->at == '"') {
            for (line->at++; line->at < line->end && *line->at != '"'; line->at++)
                line->at += *line->at == '\\';
        } else if (*line->at == '{') {
            size_t len = strtoul(line->at + 1, NULL, 10);
            line->at = (const char *)memchr(line->at, '\n', (size_t)(line->end - line->at));
            line->at += len;
        } else if (*line->at == '(')
            depth++;
        else if (*line->at == ')')
            depth--;
        line->at++;
    } while (line->at < line->end && (depth > 0 || (*line->at != ' ' && *line->at != ')')));
}

static const char *value_end(const struct line *line, char close)
{
    const char *end = (const char *)memchr(line->at, close, (size_t)(line->end - line->at));
    return end ? end + 1 : line->end;
}

/* FETCH or UIDFETCH, from its "(" on. */
static bool read_fetch(struct line *line, struct stress_fetch *fetch)
{
    uint64_t value;
    if (!skip(line, "("))
        return false;
    while (line->at < line->end && *line->at != ')') {
        if (skip(line, "FLAGS ")) {
            const char *end = value_end(line, ')');
            if (!stress_read_flags(line->at, (size_t)(end - line->at), &fetch->flags))
                return false;
            fetch->has_flags = true;
            line->at = end;
        } else if (skip(line, "MODSEQ (")) {
            if (!number(line, &fetch->modseq) || !skip(line, ")"))
                return false;
            fetch->has_modseq = true;
        } else if (skip(line, "UID ")) {
            if (!number(line, &value))
                return false;
            fetch->uid = (uint32_t)value;
            fetch->has_uid = true;
        } else {
            line->at = value_end(line, *line->at == 'B' ? ']' : ' ');
            skip(line, " ");
            skip_value(line);
        }
        skip(line, " ");
    }
    return skip(line, ")") && line->at == line->end;
}

/* The command the server is at; NULL if it has none, or not all of it. */
static const struct stress_command *in_progress(const struct stress_client *client)
{
    return client->queued && client->sent >= client->queue[0].end ? &client->queue[0] : NULL;
}

static bool may_expunge(const struct stress_client *client)
{
    const struct stress_command *command = in_progress(client);
    if (client->live && !client->delayed)
        return true;
    if (!command) /* IDLE is one as soon as its line is there */
        return client->queued && client->queue[0].kind == STRESS_IDLE &&
               (client->idles || client->sent >= client->hold);
    return command->uid ||
           (command->kind != STRESS_FETCH && command->kind != STRESS_STORE && command->kind != STRESS_SEARCH);
}

/* Untagged data of a mailbox, when none may be told. */
static bool is_stray(const struct stress_client *client)
{
    return client->box < 0 && !(client->queued && client->queue[0].kind == STRESS_SELECT);
}

static void on_fetch(struct stress_client *client, struct line *line, uint32_t name)
{
    const struct stress_command *command = in_progress(client);
    struct stress_view *view = &client->view;
    struct stress_fetch fetch;
    memset(&fetch, 0, sizeof fetch);
    fetch.number = name;
    if (!read_fetch(line, &fetch)) {
        WRONG("a FETCH cannot be read");
        return;
    }
    bool asked = command && command->kind == STRESS_FETCH;
    if (!asked && view->condstore && !view->nomodseq && !fetch.has_modseq)
        WRONG("MS-15: a FETCH without MODSEQ");
    if (view->rev2 && (fetch.flags & STRESS_RECENT))
        WRONG("RFC 9051 E: \\Recent");
    if (!asked && (view->qresync || view->rev2) && !view->uidonly && !fetch.has_uid)
        WRONG("MS-15: a FETCH without UID");
    if (view->nomodseq && fetch.has_modseq)
        WRONG("MS-14: MODSEQ of a NOMODSEQ mailbox");
    stress_view_fetch(view, &fetch);
}

static void on_numbered(struct stress_client *client, struct line *line, uint64_t value)
{
    bool uidfetch = skip(line, " UIDFETCH ");
    if (skip(line, " RECENT")) {
        if (client->view.rev2)
            WRONG("RFC 9051 E: RECENT");
    } else if (is_stray(client))
        WRONG("data of a mailbox, and none is selected");
    else if (skip(line, " EXISTS"))
        stress_view_exists(&client->view, (size_t)value);
    else if (skip(line, " EXPUNGE")) {
        if (!may_expunge(client))
            WRONG("MS-03: EXPUNGE where there may be none");
        stress_view_expunge(&client->view, (size_t)value);
    } else if (uidfetch || skip(line, " FETCH ")) {
        if (uidfetch != client->view.uidonly)
            WRONG("FETCH and UIDFETCH confused");
        on_fetch(client, line, (uint32_t)value);
    } else
        WRONG("what is this response");
}

/* VANISHED (EARLIER) names nothing that is there. */
static void see_absent(void *ctx, uint32_t first, uint32_t last)
{
    struct stress_view *view = (struct stress_view *)ctx;
    size_t i;
    for (i = 0; i < view->count; i++)
        if (view->messages[i].uid >= first && view->messages[i].uid <= last)
            stress_view_wrong(
                view, "VANISHED (EARLIER) of UID %lu, which is there", (unsigned long)view->messages[i].uid);
}

/* Every UID is one the client said it knew. */
static void see_known(void *ctx, uint32_t first, uint32_t last)
{
    struct stress_view *view = (struct stress_view *)ctx;
    uint64_t uid;
    for (uid = first; uid <= last; uid++)
        if (!stress_view_find(view, (uint32_t)uid)) {
            stress_view_wrong(view, "MS-19: VANISHED (EARLIER) of UID %lu, not among the known", (unsigned long)uid);
            return;
        }
}

static void on_vanished(struct stress_client *client, struct line *line)
{
    const struct stress_command *command = in_progress(client);
    bool earlier = skip(line, "(EARLIER) ");
    size_t len = (size_t)(line->end - line->at);
    bool valid;
    if (!earlier) {
        if (!may_expunge(client) || is_stray(client))
            WRONG("MS-03: VANISHED where there may be none");
        valid = stress_read_set(line->at, len, stress_view_vanished, &client->view);
    } else if (command && command->kind == STRESS_SELECT && command->resumes) {
        if (command->exact)
            stress_read_set(line->at, len, see_known, &client->resumed);
        if (client->resumed.uidvalidity != client->view.uidvalidity)
            WRONG("MS-18: VANISHED (EARLIER) in spite of another UIDVALIDITY");
        valid = stress_read_set(line->at, len, stress_view_forget, &client->resumed);
    } else if (command && command->kind == STRESS_FETCH)
        valid = stress_read_set(line->at, len, see_absent, &client->view);
    else
        valid = false;
    if (!valid)
        WRONG("MS-21: a VANISHED that cannot be");
}

/* The new mailbox begins. */
static void enter(struct stress_client *client)
{
    stress_client_keep(client);
    stress_view_empty(&client->view);
    client->box = client->queue[0].box;
    client->examined = client->queue[0].examine;
}

static void on_code(struct stress_client *client, struct line *line)
{
    struct stress_view *view = &client->view;
    uint64_t value = 0;
    if (skip(line, "[CLOSED]")) {
        if (!client->queued || client->queue[0].kind != STRESS_SELECT || client->box < 0)
            WRONG("MS-22: CLOSED where nothing closes");
        else
            client->box = -1;
    } else if (skip(line, "[UIDVALIDITY ") && number(line, &value))
        view->uidvalidity = (uint32_t)value;
    else if (skip(line, "[UIDNEXT ") && number(line, &value))
        view->uidnext = (uint32_t)value;
    else if (skip(line, "[HIGHESTMODSEQ ") && number(line, &value))
        stress_view_highest(view, value);
    else if (skip(line, "[NOMODSEQ]"))
        view->nomodseq = true;
}

/* ctx is the client. */
static void add_found(void *ctx, uint32_t first, uint32_t last)
{
    struct stress_client *client = (struct stress_client *)ctx;
    uint64_t name;
    for (name = first; name <= last; name++) {
        if (client->found_count == client->found_capacity) {
            client->found_capacity = 2 * client->found_capacity + 64;
            client->found = (uint32_t *)realloc(client->found, client->found_capacity * sizeof *client->found);
            if (!client->found)
                abort();
        }
        client->found[client->found_count++] = (uint32_t)name;
    }
}

static void on_search(struct stress_client *client, struct line *line)
{
    uint64_t value;
    if (client->view.rev2)
        WRONG("RFC 9051 6.4.4: SEARCH where ESEARCH is due");
    while (skip(line, " ") && number(line, &value))
        add_found(client, (uint32_t)value, (uint32_t)value);
}

/* (TAG "t1"), or with a literal */
static bool skip_correlator(struct line *line, unsigned tag)
{
    char quoted[40], literal[40], name[20];
    int len = snprintf(name, sizeof name, "t%u", tag);
    snprintf(quoted, sizeof quoted, "(TAG \"%s\")", name);
    snprintf(literal, sizeof literal, "(TAG {%d}\r\n%s)", len, name);
    return skip(line, quoted) || skip(line, literal);
}

/* ESEARCH (TAG "t1") UID ALL 1:3 */
static void on_esearch(struct stress_client *client, struct line *line)
{
    const struct stress_command *command = in_progress(client);
    if (!client->view.rev2 || !command || command->kind != STRESS_SEARCH || !skip_correlator(line, command->tag) ||
        skip(line, " UID") != command->uid)
        WRONG("an ESEARCH nobody waits for");
    else if (skip(line, " ALL ") && !stress_read_set(line->at, (size_t)(line->end - line->at), add_found, client))
        WRONG("an ESEARCH cannot be read");
}

/* By the end of the name, whatever is around it. */
static void watch(struct stress_client *client, const char *name, size_t len)
{
    size_t i;
    if (name[len - 1] == '"')
        len--;
    for (i = 0; i < STRESS_BOXES; i++) {
        size_t known = strlen(stress_boxes[i]);
        if (len >= known && strncmp(name + len - known, stress_boxes[i], known) == 0)
            client->watched[i] = (struct stress_watch){true, client->status.messages, client->status.uidnext};
    }
}

/* STATUS mailbox "(" items ")" */
static void on_status(struct stress_client *client, struct line *line)
{
    uint64_t value;
    const char *name = line->at;
    skip_value(line);
    size_t len = (size_t)(line->at - name);
    memset(&client->status, 0, sizeof client->status);
    client->status.size = sizeof client->status;
    for (skip(line, " ("); line->at < line->end; skip(line, " ")) {
        if (skip(line, "MESSAGES ") && number(line, &value))
            client->status.messages = (uint32_t)value;
        else if (skip(line, "UIDNEXT ") && number(line, &value))
            client->status.uidnext = (uint32_t)value;
        else if (skip(line, "HIGHESTMODSEQ ") && number(line, &value))
            client->status.highestmodseq = value;
        else
            skip_value(line);
        skip(line, ")");
    }
    if (client->status.uidnext)
        watch(client, name, len);
}

static void on_untagged(struct stress_client *client, struct line *line)
{
    uint64_t value;
    bool selecting = client->queued && client->queue[0].kind == STRESS_SELECT && in_progress(client);
    if (skip(line, "OK ")) {
        bool closes = line->end - line->at > 8 && strncmp(line->at, "[CLOSED]", 8) == 0;
        if (closes && client->box >= 0)
            stress_client_keep(client);
        on_code(client, line);
    } else if (skip(line, "FLAGS ")) {
        if (selecting && client->box < 0)
            enter(client);
    } else if (number(line, &value))
        on_numbered(client, line, value);
    else if (skip(line, "VANISHED "))
        on_vanished(client, line);
    else if (skip(line, "ESEARCH "))
        on_esearch(client, line);
    else if (skip(line, "SEARCH"))
        on_search(client, line);
    else if (skip(line, "STATUS "))
        on_status(client, line);
    else if (skip(line, "NO ") || skip(line, "BAD "))
        WRONG("an untagged refusal");
}

/* ---- tagged answers ---- */

static void note_modified(void *ctx, uint32_t first, uint32_t last)
{
    struct stress_view *view = (struct stress_view *)ctx;
    size_t i;
    for (i = 0; i < view->count; i++) {
        if (i + 1 >= first && i + 1 <= last)
            view->messages[i].modified = true;
    }
}

static void note_modified_uids(void *ctx, uint32_t first, uint32_t last)
{
    struct stress_view *view = (struct stress_view *)ctx;
    size_t i;
    for (i = 0; i < view->count; i++)
        if (view->messages[i].uid >= first && view->messages[i].uid <= last)
            view->messages[i].modified = true;
}

/* Whom the condition failed for: it was changed since, and the client knows. */
static void check_condition(struct stress_client *client, const struct stress_command *command, bool ok)
{
    size_t i;
    for (i = 0; i < client->view.count && command->conditional && !client->live && !client->limited; i++) {
        const struct stress_message *message = client->view.messages + i;
        if (message->target && message->was > command->since && !message->modified && ok)
            WRONG("MS-16: MODIFIED omits number %zu, whose mod-sequence was %llu", i + 1,
                (unsigned long long)message->was);
        if (message->modified && message->modseq && message->modseq <= command->since)
            WRONG("MS-16: MODIFIED names number %zu, whose mod-sequence is %llu", i + 1,
                (unsigned long long)message->modseq);
    }
}

static void after_store(struct stress_client *client, const struct stress_command *command, struct line *line, bool ok)
{
    struct stress_view *view = &client->view;
    size_t i;
    if (skip(line, "[MODIFIED ")) {
        const char *end = value_end(line, ']');
        if (!stress_read_set(
                line->at, (size_t)(end - line->at) - 1, command->uid ? note_modified_uids : note_modified, view))
            WRONG("MS-16: MODIFIED cannot be read");
    }
    check_condition(client, command, ok);
    for (i = 0; i < view->count; i++) {
        struct stress_message *message = view->messages + i;
        bool doubt = message->nameless || client->live;
        if (!command->silent || message->modified || !(message->target || doubt) || (message->heard && !client->live))
            continue;
        if (doubt || !ok || !client->owner)
            message->known = false; /* what was told may have been so before, and is so no more */
        else if (command->change == '+')
            message->flags |= command->flags;
        else if (command->change == '-')
            message->flags &= ~command->flags;
        else
            message->flags = command->flags;
    }
}

static void after_fetch(struct stress_client *client, const struct stress_command *command, bool ok)
{
    size_t i;
    for (i = 0; i < client->view.count && ok && command->wants && !client->limited; i++)
        if (client->view.messages[i].target && !client->view.messages[i].known)
            WRONG("MS-06: the FETCH leaves out the flags of number %zu, UID %lu", i + 1,
                (unsigned long)client->view.messages[i].uid);
}

static bool was_found(const struct stress_client *client, uint32_t name)
{
    size_t i;
    for (i = 0; i < client->found_count; i++)
        if (client->found[i] == name)
            return true;
    return false;
}

/* What it found, and of a UID SEARCH also what not: expunges are told before its end. */
static void after_search(struct stress_client *client, const struct stress_command *command)
{
    const struct stress_view *view = &client->view;
    size_t i;
    for (i = 0; i < view->count && !client->limited; i++) {
        const struct stress_message *message = view->messages + i;
        uint32_t name = command->uid ? message->uid : (uint32_t)(i + 1);
        bool fits = (message->flags & command->flags) == command->flags, found = was_found(client, name);
        if (!name || !message->known || (!found && !command->uid))
            continue;
        if (found != fits)
            WRONG("SEARCH for flags %x %s number %zu, UID %lu, with %x", command->flags, found ? "finds" : "omits",
                i + 1, (unsigned long)message->uid, message->flags);
    }
}

/* MOVE, EXPUNGE: the targets are gone, those that are still \Deleted. */
static void after_removal(struct stress_client *client, const struct stress_command *command)
{
    size_t i;
    for (i = 0; i < client->view.count; i++) {
        const struct stress_message *message = client->view.messages + i;
        if (message->target &&
            (!command->if_deleted || (message->known && (message->flags & STRESS_DELETED) && !client->limited)))
            WRONG("MS-29, MS-20: number %zu, UID %lu, is still there", i + 1, (unsigned long)message->uid);
    }
}

static void after_select(struct stress_client *client, const struct stress_command *command, bool ok)
{
    struct stress_view *view = &client->view;
    if (client->box >= 0 && client->box != command->box)
        WRONG("MS-22: no CLOSED behind SELECT");
    if (!ok) {
        if (client->box >= 0)
            stress_client_keep(client);
        client->box = -1;
        stress_view_empty(view);
        return;
    }
    if (client->box < 0)
        WRONG("MS-02: SELECT without FLAGS");
    if (!view->uidvalidity || !view->uidnext || (view->condstore && !view->nomodseq && !view->highestmodseq))
        WRONG("MS-02, MS-14: SELECT lacks UIDVALIDITY, UIDNEXT or HIGHESTMODSEQ");
    if (command->resumes && client->resumed.uidvalidity == view->uidvalidity && !view->nomodseq) {
        stress_view_resume(view, &client->resumed);
        client->stress->resumptions++;
    }
}

static void finish(struct stress_client *client, const struct stress_command *command, struct line *line, bool ok)
{
    switch (command->kind) {
    case STRESS_STORE:
        after_store(client, command, line, ok);
        break;
    case STRESS_FETCH:
        after_fetch(client, command, ok);
        break;
    case STRESS_SEARCH:
        if (ok)
            after_search(client, command);
        break;
    case STRESS_REMOVAL:
        if (ok)
            after_removal(client, command);
        break;
    case STRESS_SELECT:
        after_select(client, command, ok);
        break;
    case STRESS_LEAVE:
        if (ok) {
            stress_client_keep(client);
            client->box = -1;
            stress_view_empty(&client->view);
        }
        break;
    case STRESS_IDLE:
        client->idles = false;
        break;
    case STRESS_NOTIFY:
        client->live = command->live;
        client->delayed = command->delayed;
        client->limited = command->limited;
        client->watches = command->watches;
        break;
    case STRESS_OTHER:
    case STRESS_LOGOUT:
        break;
    }
    if (command->writes || command->kind == STRESS_SELECT || command->kind == STRESS_LEAVE ||
        command->kind == STRESS_REMOVAL)
        stress_client_unwatch(client);
    if (skip(line, "[HIGHESTMODSEQ ")) {
        uint64_t value;
        if (number(line, &value))
            stress_view_highest(&client->view, value);
    }
}

/* NO because of messages that are expunged, and not told so yet. */
static bool is_for_the_gone(const struct line *line)
{
    struct line rest = *line;
    return skip(&rest, "[EXPUNGEISSUED]") || skip(&rest, "[MODIFIED ");
}

static void on_tagged(struct stress_client *client, struct line *line)
{
    char tag[20];
    struct stress_command command;
    if (!in_progress(client)) {
        WRONG("a tagged answer, and no command is in progress");
        return;
    }
    command = client->queue[0];
    snprintf(tag, sizeof tag, "t%u ", command.tag);
    if (!skip(line, tag)) {
        WRONG("an answer to another command than t%u", command.tag);
        return;
    }
    bool ok = skip(line, "OK ");
    bool no = !ok && skip(line, "NO ");
    if (!ok && (!no || (client->owner && !command.may_fail && !is_for_the_gone(line)))) {
        WRONG("t%u is refused", command.tag);
        return;
    }
    finish(client, &command, line, ok);
    client->queued--;
    memmove(client->queue, client->queue + 1, client->queued * sizeof *client->queue);
}

static void on_continuation(struct stress_client *client)
{
    if (!client->hold || client->sent < client->hold) {
        WRONG("a continuation nobody waits for");
        return;
    }
    client->hold = 0;
    client->idles = client->queued == 1 && client->queue[0].kind == STRESS_IDLE;
}

static void on_response(struct stress_client *client, const char *text, size_t len)
{
    struct line line = {text, text + len - 2};
    client->stress->responses++;
    if (len < 2 || text[len - 2] != '\r')
        WRONG("a line does not end in CRLF");
    else if (skip(&line, "* "))
        on_untagged(client, &line);
    else if (skip(&line, "+ "))
        on_continuation(client);
    else
        on_tagged(client, &line);
}

void stress_client_read(struct stress_client *client)
{
    size_t from = 0, end;
    while (!client->view.wrong[0] && (end = response_end(&client->in, from)) > 0) {
        on_response(client, client->in.data + from, end - from);
        from = end;
    }
    memmove(client->in.data, client->in.data + from, client->in.len - from);
    client->in.len -= from;
}
