/* SPDX-License-Identifier: MIT */
#include "sync/request.h"

#include "wire/lex.h"

/* ---- slots */

static bool is_range(enum cpmsync_request_kind kind)
{
    return kind != CPMSYNC_REQUEST_UNSELECT && kind != CPMSYNC_REQUEST_SELECT;
}

static unsigned ranges_busy(const struct cpmsync_requests *requests)
{
    unsigned busy = 0;

    for (size_t i = 0; i < CPMSYNC_REQUESTS; i++)
        busy += requests->slots[i].busy && is_range(requests->slots[i].kind);
    return busy;
}

bool cpmsync_requests_room(const struct cpmsync_requests *requests)
{
    return ranges_busy(requests) < CPMSYNC_REQUEST_RANGES;
}

bool cpmsync_requests_busy(const struct cpmsync_requests *requests, enum cpmsync_request_kind kind)
{
    for (size_t i = 0; i < CPMSYNC_REQUESTS; i++)
        if (requests->slots[i].busy && requests->slots[i].kind == kind)
            return true;
    return false;
}

void cpmsync_requests_void(struct cpmsync_requests *requests)
{
    for (size_t i = 0; i < CPMSYNC_REQUESTS; i++)
        requests->slots[i].voided = true;
}

uint64_t cpmsync_requests_void_plain(struct cpmsync_requests *requests, uint64_t otherwise)
{
    for (size_t i = 0; i < CPMSYNC_REQUESTS; i++) {
        struct cpmsync_request *request = &requests->slots[i];
        if (!request->busy || !is_range(request->kind) || request->voided || request->modseq)
            continue;
        request->voided = true;
        if (request->first < otherwise)
            otherwise = request->first;
    }
    return otherwise;
}

uint32_t cpmsync_requests_lowest(const struct cpmsync_requests *requests, uint32_t otherwise)
{
    for (size_t i = 0; i < CPMSYNC_REQUESTS; i++) {
        const struct cpmsync_request *request = &requests->slots[i];
        if (request->busy && !request->voided && request->kind == CPMSYNC_REQUEST_TAIL && request->first < otherwise)
            otherwise = request->first;
    }
    return otherwise;
}

void cpmsync_requests_withdraw(struct cpmsync_requests *requests)
{
    for (size_t i = 0; i < CPMSYNC_REQUESTS; i++)
        if (requests->slots[i].busy)
            cpmsync_session_withdraw(requests->session, &requests->slots[i].command);
}

/* ---- commands */

static void done(struct cpmsync_session_command *command, int error, const struct cpmsync_response *tagged)
{
    struct cpmsync_request *request = (struct cpmsync_request *)command; /* its first member */

    cpmsync_command_clear(&command->text);
    request->busy = false;
    request->all->in_flight--;
    request->all->done(request->all->ctx, request, error, tagged);
}

/* A free slot with the command's name in it. There is one for every range there is room for, and for what goes ahead. */
static struct cpmsync_request *begin(
    struct cpmsync_requests *requests, enum cpmsync_request_kind kind, const char *name)
{
    struct cpmsync_request *request = requests->slots;

    while (request->busy)
        request++;
    memset(request, 0, sizeof *request);
    request->all = requests;
    request->kind = kind;
    request->command.done = done;
    cpmsync_command_init(&request->command.text, requests->mem, CPMSYNC_COMMAND_LINE_MAX * 2,
        cpmsync_session_literals(requests->session));
    cpmsync_command_begin(&request->command.text, name);
    return request;
}

static int submit(struct cpmsync_request *request)
{
    int error = cpmsync_command_end(&request->command.text);

    if (request->all->refill)
        request->command.rules |= CPMSYNC_COMMAND_REFILL;
    if (!error)
        error = cpmsync_session_submit(request->all->session, &request->command);
    if (error) {
        cpmsync_command_clear(&request->command.text);
        return error;
    }
    request->busy = true;
    request->all->in_flight++;
    return 0;
}

int cpmsync_request_unselect(struct cpmsync_requests *requests)
{
    struct cpmsync_request *request = begin(requests, CPMSYNC_REQUEST_UNSELECT, "UNSELECT");

    request->command.rules = CPMSYNC_COMMAND_SELECT;
    return submit(request);
}

int cpmsync_request_select(struct cpmsync_requests *requests, struct cpmsync_slice wire_name, enum cpmsync_rung rung,
    const struct cpmsync_open_mailbox *mailbox)
{
    struct cpmsync_request *request = begin(requests, CPMSYNC_REQUEST_SELECT, "SELECT");

    cpmsync_command_astring(&request->command.text, wire_name);
    cpmsync_plan_select_parameter(&request->command.text, rung, mailbox);
    request->command.rules = CPMSYNC_COMMAND_SELECT;
    return submit(request);
}

/* What a descriptor is made of. */
static void put_descriptor_items(struct cpmsync_command *text, const struct cpmsync_header_list *fields)
{
    cpmsync_command_atom(text, "RFC822.SIZE");
    cpmsync_command_atom(text, "INTERNALDATE");
    if (fields->count)
        cpmsync_command_header_fields(text, fields->names, fields->count);
}

static struct cpmsync_request *begin_fetch(
    struct cpmsync_requests *requests, enum cpmsync_request_kind kind, uint32_t first, uint32_t last, unsigned how)
{
    struct cpmsync_request *request = begin(requests, kind, "UID FETCH");
    struct cpmsync_command *text = &request->command.text;

    request->first = first;
    request->last = last;
    cpmsync_command_range(text, first, last);
    cpmsync_command_open(text);
    cpmsync_command_atom(text, "FLAGS");
    if (how & CPMSYNC_REQUEST_MODSEQ)
        cpmsync_command_atom(text, "MODSEQ");
    request->described = (how & CPMSYNC_REQUEST_DESCRIBED) && requests->fields;
    if (request->described)
        put_descriptor_items(text, requests->fields);
    cpmsync_command_close(text);
    return request;
}

int cpmsync_request_fetch(
    struct cpmsync_requests *requests, enum cpmsync_request_kind kind, uint32_t first, uint32_t last, unsigned how)
{
    struct cpmsync_request *request = begin_fetch(requests, kind, first, last, how);

    request->modseq = (how & CPMSYNC_REQUEST_MODSEQ) != 0;
    if (how & CPMSYNC_REQUEST_REFILL)
        request->command.rules = CPMSYNC_COMMAND_REFILL;
    return submit(request);
}

int cpmsync_request_fill(struct cpmsync_requests *requests, const struct cpmsync_uidset *set, unsigned how)
{
    struct cpmsync_request *request = begin(requests, CPMSYNC_REQUEST_FILL, "UID FETCH");
    struct cpmsync_command *text = &request->command.text;

    request->first = set->ranges[0].first;
    request->last = cpmsync_uidset_last(set);
    request->modseq = true; /* it is answered alike without them */
    request->described = true;
    cpmsync_command_set(text, set);
    cpmsync_command_open(text);
    put_descriptor_items(text, requests->fields);
    cpmsync_command_close(text);
    if (how & CPMSYNC_REQUEST_REFILL)
        request->command.rules = CPMSYNC_COMMAND_REFILL;
    return submit(request);
}

int cpmsync_request_changes(struct cpmsync_requests *requests, uint32_t last, uint64_t since, bool vanished)
{
    /* CHANGEDSINCE implies MODSEQ in the answer. */
    struct cpmsync_request *request = begin_fetch(requests, CPMSYNC_REQUEST_CHANGES, 1, last, 0);
    struct cpmsync_command *text = &request->command.text;

    request->modseq = true;
    cpmsync_command_open(text);
    cpmsync_command_atom(text, "CHANGEDSINCE");
    cpmsync_command_number(text, since);
    if (vanished)
        cpmsync_command_atom(text, "VANISHED");
    cpmsync_command_close(text);
    return submit(request);
}

/* ---- SEARCH */

static void found_numbers(struct cpmsync_requests *requests, struct cpmsync_slice items)
{
    struct cpmsync_slice item;
    uint64_t number;

    while (cpmsync_lex_item(&items, &item))
        if (cpmsync_slice_number(item, UINT32_MAX, &number) && number)
            requests->found(requests->ctx, (uint32_t)number, (uint32_t)number);
}

/* "ALL 1:5,8 COUNT 6": only the set behind ALL counts (OX-01). */
static void found_set(struct cpmsync_requests *requests, struct cpmsync_slice items)
{
    struct cpmsync_slice name;
    struct cpmsync_slice value;
    struct cpmsync_range range;

    while (cpmsync_lex_item(&items, &name) && cpmsync_lex_item(&items, &value)) {
        if (!cpmsync_slice_is(name, "ALL"))
            continue;
        while (cpmsync_uidset_parse_next(&value, &range) == 1)
            requests->found(requests->ctx, range.first, range.last);
    }
}

static void search_data(struct cpmsync_session_command *command, const struct cpmsync_response *response)
{
    struct cpmsync_request *request = (struct cpmsync_request *)command;
    struct cpmsync_slice tag = response->tag_correlator;

    if (response->type == CPMSYNC_RESPONSE_SEARCH)
        found_numbers(request->all, response->items);
    else if (response->type == CPMSYNC_RESPONSE_ESEARCH && (!tag.len || cpmsync_slice_is(tag, command->tag)))
        found_set(request->all, response->items);
}

int cpmsync_request_search(struct cpmsync_requests *requests, uint32_t last)
{
    struct cpmsync_request *request = begin(requests, CPMSYNC_REQUEST_SEARCH, "UID SEARCH");
    struct cpmsync_command *text = &request->command.text;

    request->first = 1;
    request->last = last;
    request->modseq = true;
    if (cpmsync_session_can(requests->session, "ESEARCH")) {
        cpmsync_command_atom(text, "RETURN");
        cpmsync_command_open(text);
        cpmsync_command_atom(text, "ALL");
        cpmsync_command_close(text);
    }
    cpmsync_command_atom(text, "UID");
    cpmsync_command_range(text, 1, last);
    request->command.data = search_data;
    return submit(request);
}
