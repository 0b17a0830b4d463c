/* SPDX-License-Identifier: MIT */
#include "operation/list.h"

#include <stdlib.h>

#include "wire/lex.h"
#include "wire/mailbox_name.h"
#include "wire/namespace.h"

enum { ATTRIBUTES_MAX = 64, TEXT_MAX = 2048, NAMESPACES_MAX = 1000 };

/* A command of ours. */
struct errand {
    struct cpmsync_session_command command; /* the first member */
    struct cpmsync_listing *listing;
    bool busy;
};

struct cpmsync_listing {
    struct cpmsync_listing_config config;
    struct cpmsync_buf pattern; /* as on the wire */
    bool extended;              /* LIST tells all there is to know */
    bool knows_subscriptions;

    struct errand namespace; /* NAMESPACE, or LIST "" "" */
    struct errand lsub;
    struct errand list;
    size_t in_flight;

    struct cpmsync_namespace_list namespaces;
    char **subscribed; /* keys, ascending once LSUB has ended */
    size_t subscribed_count, subscribed_capacity;

    struct cpmsync_err err;
    unsigned held;
};

/* ---- names */

static int key_of(const struct cpmsync_listing *listing, const struct cpmsync_string *name, struct cpmsync_buf *key)
{
    uint8_t octets[CPMSYNC_MAILBOX_NAME_MAX];
    size_t len = cpmsync_string_copy(name, octets, sizeof octets);

    if (len == SIZE_MAX)
        return CPMSYNC_ERR_LIMIT;
    return cpmsync_mailbox_name_decode(
        cpmsync_slice_of(octets, len), cpmsync_session_utf8_names(listing->config.session), key);
}

/* The first error counts. */
static void fail(struct cpmsync_listing *listing, int error, const struct cpmsync_response *tagged)
{
    if (listing->err.error)
        return;
    if (tagged)
        cpmsync_err_server(&listing->err, error, tagged->code.name, tagged->text, true);
    else
        cpmsync_err_set(&listing->err, error);
}

/* ---- namespaces */

void cpmsync_namespace_list_clear(struct cpmsync_namespace_list *list, const struct cpmsync_allocator *mem)
{
    for (size_t i = 0; i < list->count; i++)
        cpmsync_mem_free(mem, list->items[i].prefix);
    cpmsync_mem_free(mem, list->items);
    memset(list, 0, sizeof *list);
}

static int add_namespace(
    struct cpmsync_listing *listing, unsigned kind, const struct cpmsync_string *prefix, int delimiter)
{
    struct cpmsync_namespace_list *list = &listing->namespaces;
    struct cpmsync_buf key;

    if (list->count == NAMESPACES_MAX)
        return CPMSYNC_ERR_LIMIT;
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 4;
        struct cpmsync_namespace *items = cpmsync_mem_resize(listing->config.mem, list->items, capacity, sizeof *items);
        if (!items)
            return CPMSYNC_ERR_NOMEM;
        list->items = items;
        list->capacity = capacity;
    }
    cpmsync_buf_init(&key, listing->config.mem, CPMSYNC_MAILBOX_NAME_MAX);
    int error = key_of(listing, prefix, &key);
    struct cpmsync_namespace *item = &list->items[list->count];
    item->kind = (enum cpmsync_namespace_kind)kind;
    item->delimiter = delimiter > 0 ? delimiter : 0;
    item->prefix = error ? NULL : cpmsync_mem_copy(listing->config.mem, cpmsync_buf_data(&key), key.len);
    cpmsync_buf_clear(&key);
    if (error)
        return error;
    list->count += item->prefix != NULL;
    return item->prefix ? 0 : CPMSYNC_ERR_NOMEM;
}

/* What cannot be read of it is as if it had not come. */
static void take_namespaces(struct cpmsync_listing *listing, struct cpmsync_slice items)
{
    struct cpmsync_namespaces at;
    struct cpmsync_string prefix;
    unsigned kind;
    int delimiter, got;

    cpmsync_namespace_list_clear(&listing->namespaces, listing->config.mem);
    cpmsync_namespaces_init(&at, items);
    while ((got = cpmsync_namespaces_next(&at, &kind, &prefix, &delimiter)) > 0 && !listing->err.error) {
        int error = add_namespace(listing, kind, &prefix, delimiter);
        if (error == CPMSYNC_ERR_NOMEM)
            fail(listing, error, NULL);
    }
    listing->namespaces.known = got == 0;
}

/* LIST "" "": the root has no name, and the delimiter is what counts (RFC 3501 6.3.8, Y-02). */
static void take_root(struct cpmsync_listing *listing, const struct cpmsync_list *list)
{
    struct cpmsync_string none = {CPMSYNC_STRING_NIL, {NULL, 0}};

    cpmsync_namespace_list_clear(&listing->namespaces, listing->config.mem);
    int error = add_namespace(listing, CPMSYNC_NAMESPACE_PERSONAL, &none, list->delimiter);
    if (error)
        fail(listing, error, NULL);
    listing->namespaces.known = !error;
}

/* ---- subscriptions, as LSUB tells them */

static void take_subscription(struct cpmsync_listing *listing, const struct cpmsync_list *list)
{
    struct cpmsync_buf key;

    if (listing->subscribed_count >= listing->config.subscriptions_max) {
        fail(listing, CPMSYNC_ERR_LIMIT, NULL);
        return;
    }
    if (listing->subscribed_count == listing->subscribed_capacity) {
        size_t capacity = listing->subscribed_capacity ? 2 * listing->subscribed_capacity : 32;
        char **grown = cpmsync_mem_resize(listing->config.mem, listing->subscribed, capacity, sizeof *grown);
        if (!grown) {
            fail(listing, CPMSYNC_ERR_NOMEM, NULL);
            return;
        }
        listing->subscribed = grown;
        listing->subscribed_capacity = capacity;
    }
    cpmsync_buf_init(&key, listing->config.mem, CPMSYNC_MAILBOX_NAME_MAX);
    int error = key_of(listing, &list->name, &key);
    char *copy = error ? NULL : cpmsync_mem_copy(listing->config.mem, cpmsync_buf_data(&key), key.len);
    if (error == CPMSYNC_ERR_NOMEM || (!error && !copy))
        fail(listing, CPMSYNC_ERR_NOMEM, NULL);
    else if (copy)
        listing->subscribed[listing->subscribed_count++] = copy;
    cpmsync_buf_clear(&key);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_subscribed(const struct cpmsync_listing *listing, const char *name)
{
    return listing->subscribed_count &&
           bsearch(&name, listing->subscribed, listing->subscribed_count, sizeof *listing->subscribed, by_name) != NULL;
}

/* ---- a line of LIST */

struct line {
    struct cpmsync_list_info info;
    const char *attributes[ATTRIBUTES_MAX];
    const char *uses[ATTRIBUTES_MAX];
    char text[TEXT_MAX];
    size_t used;
};

static bool is_any(const char *attribute, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (cpmsync_slice_is(cpmsync_slice_str(attribute), names[i]))
            return true;
    return false;
}

#define IS_ANY(attribute, names) is_any((attribute), (names), sizeof(names) / sizeof *(names))

/* Y-04: \NonExistent implies \Noselect, \Noinferiors implies \HasNoChildren. */
static unsigned flags_of(const char *attribute)
{
    static const char *const CLOSED[] = {"\\Noselect", "\\NonExistent"};
    static const char *const CHILDLESS[] = {"\\HasNoChildren", "\\Noinferiors"};
    static const char *const CHILDREN[] = {"\\HasChildren"};
    static const char *const SUBSCRIBED[] = {"\\Subscribed"};
    unsigned flags = 0;

    flags |= IS_ANY(attribute, CLOSED) ? CPMSYNC_LIST_NOT_SELECTABLE : 0u;
    flags |= IS_ANY(attribute, CHILDLESS) ? CPMSYNC_LIST_NO_CHILDREN : 0u;
    flags |= IS_ANY(attribute, CHILDREN) ? CPMSYNC_LIST_CHILDREN : 0u;
    flags |= IS_ANY(attribute, SUBSCRIBED) ? CPMSYNC_LIST_SUBSCRIBED : 0u;
    return flags;
}

/* More than there is room for are passed over. */
static void add_attribute(struct line *line, struct cpmsync_slice attribute)
{
    /* RFC 6154 2, RFC 8457 3. */
    static const char *const USES[] = {
        "\\All", "\\Archive", "\\Drafts", "\\Flagged", "\\Junk", "\\Sent", "\\Trash", "\\Important"};
    char *text = line->text + line->used;

    if (line->info.attribute_count == ATTRIBUTES_MAX || attribute.len >= TEXT_MAX - line->used)
        return;
    memcpy(text, attribute.data, attribute.len);
    text[attribute.len] = '\0';
    line->used += attribute.len + 1;
    line->attributes[line->info.attribute_count++] = text;
    line->info.flags |= flags_of(text);
    if (IS_ANY(text, USES))
        line->uses[line->info.use_count++] = text;
}

static void tell_line(struct cpmsync_listing *listing, const struct cpmsync_list *list, const char *name)
{
    struct cpmsync_slice attributes = list->attributes;
    struct cpmsync_slice attribute;
    struct line line;

    memset(&line.info, 0, sizeof line.info);
    line.used = 0;
    while (cpmsync_lex_flag(&attributes, &attribute))
        add_attribute(&line, attribute);
    line.info.size = sizeof line.info;
    line.info.mailbox = name;
    line.info.delimiter = list->delimiter > 0 ? list->delimiter : 0;
    line.info.attributes = line.attributes;
    line.info.uses = line.uses;
    if (!listing->extended && is_subscribed(listing, name))
        line.info.flags |= CPMSYNC_LIST_SUBSCRIBED;
    if (!listing->extended && !listing->knows_subscriptions)
        line.info.flags |= CPMSYNC_LIST_SUBSCRIPTION_UNKNOWN;
    listing->config.listed(listing->config.ctx, &line.info);
}

static void take_line(struct cpmsync_listing *listing, const struct cpmsync_list *list)
{
    struct cpmsync_buf key;

    cpmsync_buf_init(&key, listing->config.mem, CPMSYNC_MAILBOX_NAME_MAX + 1);
    int error = key_of(listing, &list->name, &key);
    if (!error)
        error = cpmsync_buf_add_char(&key, '\0');
    const char *name = (const char *)cpmsync_buf_data(&key);
    if (error == CPMSYNC_ERR_NOMEM)
        fail(listing, error, NULL);
    else if (!error && name && *name) /* else it can be no mailbox's name */
        tell_line(listing, list, name);
    cpmsync_buf_clear(&key);
}

/* ---- commands */

static void go_on(struct cpmsync_listing *listing);

static void on_data(struct cpmsync_session_command *command, const struct cpmsync_response *response)
{
    struct errand *errand = (struct errand *)command;
    struct cpmsync_listing *listing = errand->listing;

    if (listing->err.error)
        return;
    listing->held++;
    if (response->type == CPMSYNC_RESPONSE_OTHER && cpmsync_slice_is(response->name, "NAMESPACE"))
        take_namespaces(listing, response->items);
    else if (response->type == CPMSYNC_RESPONSE_LSUB && errand == &listing->lsub)
        take_subscription(listing, &response->list);
    else if (response->type == CPMSYNC_RESPONSE_LIST && errand == &listing->list)
        take_line(listing, &response->list);
    else if (response->type == CPMSYNC_RESPONSE_LIST && errand == &listing->namespace)
        take_root(listing, &response->list);
    listing->held--;
}

static void end_errand(struct errand *errand)
{
    cpmsync_command_clear(&errand->command.text);
    errand->busy = false;
    errand->listing->in_flight--;
}

/* Whatever became of it, the list goes on without. */
static void namespace_done(struct cpmsync_session_command *command, int error, const struct cpmsync_response *tagged)
{
    struct errand *errand = (struct errand *)command;
    struct cpmsync_listing *listing = errand->listing;

    end_errand(errand);
    if (error && !tagged)
        fail(listing, error, NULL);
    else if (!error && listing->namespaces.known && !listing->err.error)
        listing->config.namespaces(listing->config.ctx, &listing->namespaces);
    go_on(listing);
}

static void begin(struct cpmsync_listing *listing, struct errand *errand, const char *name)
{
    memset(errand, 0, sizeof *errand);
    errand->listing = listing;
    errand->command.data = on_data;
    cpmsync_command_init(&errand->command.text, listing->config.mem, CPMSYNC_COMMAND_LINE_MAX * 2,
        cpmsync_session_literals(listing->config.session));
    cpmsync_command_begin(&errand->command.text, name);
}

static int submit(struct errand *errand)
{
    int error = cpmsync_command_end(&errand->command.text);

    if (!error)
        error = cpmsync_session_submit(errand->listing->config.session, &errand->command);
    if (error) {
        cpmsync_command_clear(&errand->command.text);
        return error;
    }
    errand->busy = true;
    errand->listing->in_flight++;
    return 0;
}

static int submit_namespace(struct cpmsync_listing *listing)
{
    bool offered = cpmsync_session_can(listing->config.session, "NAMESPACE");

    begin(listing, &listing->namespace, offered ? "NAMESPACE" : "LIST");
    if (!offered) {
        cpmsync_command_string(&listing->namespace.command.text, CPMSYNC_SLICE(""));
        cpmsync_command_string(&listing->namespace.command.text, CPMSYNC_SLICE(""));
    }
    listing->namespace.command.done = namespace_done;
    return submit(&listing->namespace);
}

static void list_done(struct cpmsync_session_command *command, int error, const struct cpmsync_response *tagged);

static int submit_list(struct cpmsync_listing *listing)
{
    struct cpmsync_command *text = &listing->list.command.text;

    begin(listing, &listing->list, "LIST");
    cpmsync_command_string(text, CPMSYNC_SLICE(""));
    cpmsync_command_string(text, cpmsync_buf_slice(&listing->pattern));
    if (listing->extended) {
        cpmsync_command_atom(text, "RETURN");
        cpmsync_command_open(text);
        cpmsync_command_atom(text, "SUBSCRIBED");
        cpmsync_command_atom(text, "CHILDREN");
        if (cpmsync_session_can(listing->config.session, "SPECIAL-USE"))
            cpmsync_command_atom(text, "SPECIAL-USE");
        cpmsync_command_close(text);
    }
    listing->list.command.done = list_done;
    return submit(&listing->list);
}

static void lsub_done(struct cpmsync_session_command *command, int error, const struct cpmsync_response *tagged)
{
    struct errand *errand = (struct errand *)command;
    struct cpmsync_listing *listing = errand->listing;

    end_errand(errand);
    if (error && !tagged)
        fail(listing, error, NULL);
    listing->knows_subscriptions = !error;
    if (listing->subscribed_count)
        qsort(listing->subscribed, listing->subscribed_count, sizeof *listing->subscribed, by_name);
    error = listing->err.error ? 0 : submit_list(listing);
    if (error)
        fail(listing, error, NULL);
    go_on(listing);
}

static int submit_lsub(struct cpmsync_listing *listing)
{
    begin(listing, &listing->lsub, "LSUB");
    cpmsync_command_string(&listing->lsub.command.text, CPMSYNC_SLICE(""));
    cpmsync_command_string(&listing->lsub.command.text, cpmsync_buf_slice(&listing->pattern));
    listing->lsub.command.done = lsub_done;
    return submit(&listing->lsub);
}

/* PF-65: a server that offers LIST-EXTENDED and does not know it. */
static void list_done(struct cpmsync_session_command *command, int error, const struct cpmsync_response *tagged)
{
    struct errand *errand = (struct errand *)command;
    struct cpmsync_listing *listing = errand->listing;

    end_errand(errand);
    if (error == CPMSYNC_ERR_BAD && listing->extended && !listing->err.error) {
        listing->extended = false;
        error = submit_lsub(listing);
        tagged = NULL;
    }
    if (error)
        fail(listing, error, tagged);
    go_on(listing);
}

static void go_on(struct cpmsync_listing *listing)
{
    if (listing->held || listing->in_flight || cpmsync_session_state(listing->config.session) == CPMSYNC_SESSION_FAILED)
        return;
    listing->config.done(listing->config.ctx, &listing->err);
}

/* ---- the entry points */

int cpmsync_listing_new(
    struct cpmsync_listing **out, const struct cpmsync_listing_config *config, struct cpmsync_slice pattern)
{
    *out = NULL;
    struct cpmsync_listing *listing = cpmsync_mem_zalloc(config->mem, sizeof *listing);
    if (!listing)
        return CPMSYNC_ERR_NOMEM;
    listing->config = *config;
    cpmsync_err_clear(&listing->err);
    listing->extended =
        cpmsync_session_can(config->session, "LIST-EXTENDED") || cpmsync_session_utf8_names(config->session); /* W-07 */
    cpmsync_buf_init(&listing->pattern, config->mem, CPMSYNC_MAILBOX_NAME_MAX);
    int error = cpmsync_mailbox_name_encode(pattern, cpmsync_session_utf8_names(config->session), &listing->pattern);
    if (!error && config->ask_namespaces)
        error = submit_namespace(listing);
    if (!error)
        error = listing->extended ? submit_list(listing) : submit_lsub(listing);
    if (error && listing->in_flight == 0) {
        cpmsync_listing_free(listing);
        return error;
    }
    if (error)
        fail(listing, error, NULL);
    *out = listing;
    return 0;
}

void cpmsync_listing_free(struct cpmsync_listing *listing)
{
    if (!listing)
        return;
    cpmsync_namespace_list_clear(&listing->namespaces, listing->config.mem);
    for (size_t i = 0; i < listing->subscribed_count; i++)
        cpmsync_mem_free(listing->config.mem, listing->subscribed[i]);
    cpmsync_mem_free(listing->config.mem, listing->subscribed);
    cpmsync_buf_clear(&listing->pattern);
    cpmsync_mem_free(listing->config.mem, listing);
}

static void withdraw(struct errand *errand)
{
    if (errand->busy)
        cpmsync_session_withdraw(errand->listing->config.session, &errand->command);
}

void cpmsync_listing_stop(struct cpmsync_listing *listing, int error)
{
    fail(listing, error, NULL);
    listing->held++;
    withdraw(&listing->namespace);
    withdraw(&listing->lsub);
    withdraw(&listing->list);
    listing->held--;
    go_on(listing);
}
