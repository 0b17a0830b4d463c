/* SPDX-License-Identifier: MIT */
#include "mock_annotate.h"

#include "mock_acl.h"
#include "mock_annotation.h"
#include "mock_section.h"

enum { NAME_MAX_OCTETS = 1000, VALUE_MAX = 20480, PER_MESSAGE_MAX = 100, VALUES_MAX = 200 };

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool has_wildcard(struct cpmsync_slice name)
{
    size_t i;
    for (i = 0; i < name.len; i++)
        if (name.data[i] == '*' || name.data[i] == '%')
            return true;
    return false;
}

/* section-part = nz-number *("." nz-number) behind the first "/"; 0 for none, and what follows it in *rest. */
static size_t read_part(struct cpmsync_slice name, struct mock_section *section, struct cpmsync_slice *rest)
{
    struct mock_parser p = {(uint8_t *)(uintptr_t)name.data + 1, (uint8_t *)(uintptr_t)(name.data + name.len), false};
    memset(section, 0, sizeof *section);
    do
        if (section->number_count == MOCK_SECTION_NUMBERS ||
            !cpmsync_mock_read_nz_number(&p, &section->numbers[section->number_count++]))
            return 0;
    while (cpmsync_mock_read_char(&p, '.'));
    *rest = cpmsync_slice_of(p.at, (size_t)(p.end - p.at));
    return p.at == p.end || *p.at == '/' ? section->number_count : 0;
}

static bool is_part_entry(struct cpmsync_slice name)
{
    return name.len > 1 && is_digit(name.data[1]);
}

/* Entry names: "/" and components; "/flags" is nobody's, what begins with a digit names a part (RFC 5257 3.2). */
static bool is_entry(struct cpmsync_slice name, bool wild)
{
    struct mock_section section;
    struct cpmsync_slice rest;
    size_t i;
    if (name.len < 2 && !(wild && has_wildcard(name)))
        return false;
    if (name.len > NAME_MAX_OCTETS || (name.data[0] != '/' && !wild) || name.data[name.len - 1] == '/')
        return false;
    for (i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        if (c == 0 || c > 0x7e || (!wild && (c == '*' || c == '%')) || (c == '/' && i > 0 && name.data[i - 1] == '/'))
            return false;
    }
    if (name.len >= 6 && memcmp(name.data, "/flags", 6) == 0 && (name.len == 6 || name.data[6] == '/'))
        return false;
    if (has_wildcard(name))
        return true;
    return name.data[0] == '/' && (!is_part_entry(name) || (read_part(name, &section, &rest) && rest.len > 0));
}

/* "value" / "size", with ".priv", ".shared" or, where it may be both, nothing behind. */
static bool read_attribute(struct mock_parser *p, bool *size, unsigned *scopes)
{
    struct cpmsync_slice name;
    if (!cpmsync_mock_read_astring(p, &name))
        return false;
    *size = name.len >= 4 && memcmp(name.data, "size", 4) == 0;
    size_t len = *size ? 4 : 5;
    if (name.len < len || (!*size && memcmp(name.data, "value", 5) != 0))
        return false;
    struct cpmsync_slice suffix = cpmsync_mock_behind(name, len);
    *scopes = suffix.len == 0                                      ? MOCK_PRIV | MOCK_SHARED
              : cpmsync_slice_eq(suffix, CPMSYNC_SLICE(".priv"))   ? MOCK_PRIV
              : cpmsync_slice_eq(suffix, CPMSYNC_SLICE(".shared")) ? MOCK_SHARED
                                                                   : 0;
    return *scopes != 0;
}

/* value = nstring / literal8 */
static bool read_value(struct mock_parser *p, struct cpmsync_slice *value)
{
    return cpmsync_mock_peek(p, '~') ? cpmsync_mock_read_literal8(p, value) : cpmsync_mock_read_nstring(p, value);
}

/* Whether the part an entry names is there. */
static bool part_exists(struct mock_conn *conn, struct cpmsync_slice name, const struct mock_message *message)
{
    struct mock_section section;
    struct cpmsync_slice rest;
    struct mock_parts parts;
    if (has_wildcard(name) || !is_part_entry(name))
        return true;
    read_part(name, &section, &rest);
    if (!cpmsync_mock_parts_of(&parts, conn->mock->mem, cpmsync_slice_of(message->body->data, message->body->len))) {
        conn->broken = true;
        return false;
    }
    bool found = cpmsync_mock_find_part(&parts, &section) != NULL;
    cpmsync_mock_parts_clear(&parts);
    return found;
}

/* ---- FETCH ---- */

static bool read_entry_match(struct mock_parser *p, struct mock_annotation_query *query)
{
    if (query->entry_count == MOCK_QUERY_ENTRIES)
        return false;
    struct cpmsync_slice *entry = &query->entries[query->entry_count++];
    return cpmsync_mock_read_list_mailbox(p, entry) && is_entry(*entry, true);
}

static bool read_query_attribute(struct mock_parser *p, struct mock_annotation_query *query)
{
    if (query->attribute_count == MOCK_QUERY_ATTRIBUTES)
        return false;
    size_t i = query->attribute_count++;
    return read_attribute(p, &query->attributes[i].size, &query->attributes[i].scopes);
}

/* One, or several in parentheses. */
static bool read_some(struct mock_parser *p, struct mock_annotation_query *query,
    bool (*read)(struct mock_parser *, struct mock_annotation_query *))
{
    if (!cpmsync_mock_read_char(p, '('))
        return read(p, query);
    do
        if (!read(p, query))
            return false;
    while (cpmsync_mock_read_sp(p));
    return cpmsync_mock_read_char(p, ')');
}

bool cpmsync_mock_read_annotation_query(struct mock_parser *p, struct mock_annotation_query *query)
{
    return cpmsync_mock_read_sp(p) && cpmsync_mock_read_char(p, '(') && read_some(p, query, read_entry_match) &&
           cpmsync_mock_read_sp(p) && read_some(p, query, read_query_attribute) && cpmsync_mock_read_char(p, ')');
}

bool cpmsync_mock_annotation_query_fits(
    struct mock_conn *conn, const struct mock_annotation_query *query, const struct mock_message *message)
{
    size_t i;
    for (i = 0; i < query->entry_count; i++)
        if (!part_exists(conn, query->entries[i], message))
            return false;
    return true;
}

/* Whether the annotation is the first of its name that the query's attributes show. */
static bool is_shown(const struct mock_conn *conn, const struct mock_annotation_query *query,
    const struct mock_annotations *annotations, size_t index)
{
    unsigned scopes = 0;
    size_t i;
    for (i = 0; i < query->attribute_count; i++)
        scopes |= query->attributes[i].scopes;
    for (i = 0; i <= index; i++) {
        const struct mock_annotation *other = &annotations->all[i];
        if (other->value.data && cpmsync_mock_sees_annotation(other, conn->user) &&
            (scopes & (other->user ? MOCK_PRIV : MOCK_SHARED)) &&
            cpmsync_slice_eq(other->name, annotations->all[index].name))
            return i == index;
    }
    return false;
}

bool cpmsync_mock_annotation_query_finds(
    const struct mock_conn *conn, const struct mock_annotation_query *query, const struct mock_message *message)
{
    const struct mock_annotations *annotations = &message->annotations;
    size_t i, j;
    for (i = 0; i < query->entry_count; i++) {
        if (!has_wildcard(query->entries[i]))
            return true;
        for (j = 0; j < annotations->count; j++)
            if (cpmsync_mock_matches(query->entries[i], annotations->all[j].name, '/') &&
                is_shown(conn, query, annotations, j))
                return true;
    }
    return false;
}

static void put_attribute(struct mock_conn *conn, const char *name, bool size, const struct mock_annotation *annotation)
{
    cpmsync_mock_putf(conn, "%s ", name);
    if (size)
        cpmsync_mock_putf(conn, "\"%zu\"", annotation ? annotation->value.len : 0);
    else
        cpmsync_mock_put_nstring8(conn, annotation ? annotation->value : cpmsync_slice_of(NULL, 0));
}

static void put_entry(struct mock_conn *conn, const struct mock_annotation_query *query,
    const struct mock_annotations *annotations, struct cpmsync_slice name, const char **space)
{
    const char *inner = "";
    size_t i;
    cpmsync_mock_putf(conn, "%s", *space);
    *space = " ";
    cpmsync_mock_put_astring(conn, name);
    cpmsync_mock_put(conn, " (", 2);
    for (i = 0; i < query->attribute_count; i++) {
        bool size = query->attributes[i].size;
        if (query->attributes[i].scopes & MOCK_PRIV) {
            cpmsync_mock_putf(conn, "%s", inner);
            inner = " ";
            put_attribute(conn, size ? "size.priv" : "value.priv", size,
                cpmsync_mock_annotation_of(annotations, name, conn->user));
        }
        if (query->attributes[i].scopes & MOCK_SHARED) {
            cpmsync_mock_putf(conn, "%s", inner);
            inner = " ";
            put_attribute(
                conn, size ? "size.shared" : "value.shared", size, cpmsync_mock_annotation_of(annotations, name, NULL));
        }
    }
    cpmsync_mock_put(conn, ")", 1);
}

void cpmsync_mock_put_annotations(
    struct mock_conn *conn, const struct mock_annotation_query *query, const struct mock_message *message)
{
    const struct mock_annotations *annotations = &message->annotations;
    const char *space = "";
    size_t i, j;
    cpmsync_mock_putf(conn, "ANNOTATION (");
    for (i = 0; i < query->entry_count; i++) {
        if (!has_wildcard(query->entries[i])) {
            put_entry(conn, query, annotations, query->entries[i], &space);
            continue;
        }
        for (j = 0; j < annotations->count; j++)
            if (cpmsync_mock_matches(query->entries[i], annotations->all[j].name, '/') &&
                is_shown(conn, query, annotations, j))
                put_entry(conn, query, annotations, annotations->all[j].name, &space);
    }
    cpmsync_mock_put(conn, ")", 1);
}

/* ---- telling ---- */

void cpmsync_mock_put_annotation_news(struct mock_conn *conn, const struct mock_message *message, uint64_t told)
{
    const struct mock_annotations *annotations = &message->annotations;
    const char *before = " ANNOTATION (";
    size_t i, j;
    for (i = 0; i < annotations->count; i++) {
        const struct mock_annotation *annotation = &annotations->all[i];
        if (annotation->modseq <= told || !cpmsync_mock_sees_annotation(annotation, conn->user))
            continue;
        /* The shared and the private value of an entry are one name. */
        for (j = 0; j < i; j++)
            if (annotations->all[j].modseq > told && cpmsync_slice_eq(annotations->all[j].name, annotation->name) &&
                cpmsync_mock_sees_annotation(&annotations->all[j], conn->user))
                break;
        if (j < i)
            continue;
        cpmsync_mock_putf(conn, "%s", before);
        cpmsync_mock_put_astring(conn, annotation->name);
        before = " ";
    }
    if (before[1] == 0)
        cpmsync_mock_put(conn, ")", 1);
}

static bool may_share(const struct mock_conn *conn, const struct mock_mailbox *mailbox)
{
    return (cpmsync_mock_rights(conn, mailbox) & MOCK_RIGHT_N) != 0;
}

static uint64_t value_max(const struct mock_conn *conn)
{
    return conn->mock->faults.annotate_maxsize ? conn->mock->faults.annotate_maxsize : VALUE_MAX;
}

void cpmsync_mock_put_annotation_support(struct mock_conn *conn)
{
    const struct mock_faults *faults = &conn->mock->faults;
    bool writes = !conn->examined && !faults->annotations_read_only &&
                  (!faults->no_private_annotations || may_share(conn, conn->mailbox));
    if (!cpmsync_mock_offers(conn, "ANNOTATE-EXPERIMENT-1"))
        return;
    cpmsync_mock_putf(conn, "* OK [ANNOTATIONS ");
    if (faults->annotations_none)
        cpmsync_mock_putf(conn, "NONE");
    else if (writes)
        cpmsync_mock_putf(conn, "%llu", (unsigned long long)value_max(conn));
    else
        cpmsync_mock_putf(conn, "READ-ONLY");
    cpmsync_mock_putf(
        conn, "%s] Annotations\r\n", faults->no_private_annotations && !faults->annotations_none ? " NOPRIVATE" : "");
}

/* ---- STORE and APPEND ---- */

static bool add_value(
    struct mock_conn *conn, struct mock_annotation_values *values, const struct mock_annotation_value *value)
{
    if (values->count == VALUES_MAX)
        return false;
    struct mock_annotation_value *all = (struct mock_annotation_value *)cpmsync_mem_resize(
        conn->mock->mem, values->all, values->count + 1, sizeof *all);
    if (!all) {
        conn->broken = true;
        return false;
    }
    values->all = all;
    all[values->count++] = *value;
    return true;
}

/* entry-att = entry SP "(" att-value *(SP att-value) ")"; a value has a scope, the size is ours */
static bool read_entry_values(struct mock_conn *conn, struct mock_parser *p, struct mock_annotation_values *values)
{
    struct mock_annotation_value value;
    bool size;
    if (!cpmsync_mock_read_astring(p, &value.name) || !is_entry(value.name, false) || !cpmsync_mock_read_sp(p) ||
        !cpmsync_mock_read_char(p, '('))
        return false;
    do
        if (!read_attribute(p, &size, &value.scope) || size || value.scope == (MOCK_PRIV | MOCK_SHARED) ||
            !cpmsync_mock_read_sp(p) || !read_value(p, &value.value) || !add_value(conn, values, &value))
            return false;
    while (cpmsync_mock_read_sp(p));
    return cpmsync_mock_read_char(p, ')');
}

bool cpmsync_mock_read_annotation_values(
    struct mock_conn *conn, struct mock_parser *p, struct mock_annotation_values *values)
{
    if (!cpmsync_mock_read_sp(p) || !cpmsync_mock_read_char(p, '('))
        return false;
    do
        if (!read_entry_values(conn, p, values))
            return false;
    while (cpmsync_mock_read_sp(p));
    return cpmsync_mock_read_char(p, ')');
}

void cpmsync_mock_annotation_values_clear(const struct cpmsync_allocator *mem, struct mock_annotation_values *values)
{
    cpmsync_mem_free(mem, values->all);
    memset(values, 0, sizeof *values);
}

/* The value of "/<section-part>/flags/..." is "1", "0" or NIL. */
static bool is_wrong_flag(const struct mock_annotation_value *value)
{
    struct mock_section section;
    struct cpmsync_slice rest;
    return value->value.data && is_part_entry(value->name) && read_part(value->name, &section, &rest) && rest.len > 7 &&
           memcmp(rest.data, "/flags/", 7) == 0 && !cpmsync_slice_eq(value->value, CPMSYNC_SLICE("1")) &&
           !cpmsync_slice_eq(value->value, CPMSYNC_SLICE("0"));
}

const char *cpmsync_mock_annotation_refusal(
    const struct mock_conn *conn, const struct mock_mailbox *mailbox, const struct mock_annotation_values *values)
{
    const struct mock_faults *faults = &conn->mock->faults;
    size_t i;
    if (values->count && (faults->annotations_none || faults->annotations_read_only))
        return "[CANNOT] Annotations cannot be changed here";
    for (i = 0; i < values->count; i++) {
        const struct mock_annotation_value *value = &values->all[i];
        if (value->value.len > value_max(conn))
            return "[ANNOTATE TOOBIG] Too large";
        if (value->scope == MOCK_PRIV && faults->no_private_annotations)
            return "[CANNOT] Nothing private here";
        if (value->scope == MOCK_SHARED && !may_share(conn, mailbox))
            return "[NOPERM] You may not";
        if (is_wrong_flag(value))
            return "[CANNOT] A flag is 1 or 0";
    }
    return NULL;
}

static const struct mock_user *user_of(const struct mock_conn *conn, const struct mock_annotation_value *value)
{
    return value->scope == MOCK_PRIV ? conn->user : NULL;
}

const char *cpmsync_mock_annotation_excess(
    const struct mock_conn *conn, const struct mock_message *message, const struct mock_annotation_values *values)
{
    uint64_t max = conn->mock->faults.annotate_max ? conn->mock->faults.annotate_max : PER_MESSAGE_MAX;
    size_t before = cpmsync_mock_annotation_count(&message->annotations, conn->user), after = before, i;
    for (i = 0; i < values->count; i++) {
        const struct mock_annotation_value *value = &values->all[i];
        bool there = cpmsync_mock_annotation_of(&message->annotations, value->name, user_of(conn, value)) != NULL;
        after += !there && value->value.data;
        after -= there && !value->value.data;
    }
    return after > before && after > max ? "[ANNOTATE TOOMANY] Too many" : NULL;
}

bool cpmsync_mock_annotation_values_fit(
    struct mock_conn *conn, const struct mock_message *message, const struct mock_annotation_values *values)
{
    size_t i;
    for (i = 0; i < values->count; i++)
        if (!part_exists(conn, values->all[i].name, message))
            return false;
    return true;
}

static bool is_same(const struct mock_annotation *annotation, struct cpmsync_slice value)
{
    return annotation ? value.data && cpmsync_slice_eq(annotation->value, value) : !value.data;
}

int cpmsync_mock_annotate_message(struct mock_conn *conn, struct mock_mailbox *mailbox, struct mock_message *message,
    const struct mock_annotation_values *values, uint64_t *modseq)
{
    size_t i;
    int error = 0;
    for (i = 0; i < values->count && !error; i++) {
        const struct mock_annotation_value *value = &values->all[i];
        const struct mock_user *user = user_of(conn, value);
        if (is_same(cpmsync_mock_annotation_of(&message->annotations, value->name, user), value->value))
            continue;
        if (*modseq == 0)
            *modseq = cpmsync_mock_bump(mailbox);
        error = cpmsync_mock_annotation_set(
            conn->mock->mem, &message->annotations, value->name, user, value->value, *modseq);
        message->modseq = *modseq;
        mailbox->changes++;
    }
    return error;
}

/* ---- SEARCH ---- */

bool cpmsync_mock_read_annotation_key(
    struct mock_parser *p, struct cpmsync_slice *entry, unsigned *scopes, struct cpmsync_slice *value)
{
    bool size;
    return cpmsync_mock_read_list_mailbox(p, entry) && is_entry(*entry, true) && cpmsync_mock_read_sp(p) &&
           read_attribute(p, &size, scopes) && !size && cpmsync_mock_read_sp(p) && read_value(p, value);
}

bool cpmsync_mock_annotation_matches(const struct mock_conn *conn, const struct mock_message *message,
    struct cpmsync_slice entry, unsigned scopes, struct cpmsync_slice value)
{
    const struct mock_annotations *annotations = &message->annotations;
    size_t i;
    for (i = 0; i < annotations->count; i++) {
        const struct mock_annotation *annotation = &annotations->all[i];
        if (annotation->value.data && cpmsync_mock_sees_annotation(annotation, conn->user) &&
            (scopes & (annotation->user ? MOCK_PRIV : MOCK_SHARED)) &&
            cpmsync_mock_matches(entry, annotation->name, '/') &&
            (!value.data || cpmsync_mock_contains(annotation->value, value)))
            return value.data != NULL;
    }
    return !value.data;
}

/* ---- SORT ---- */

bool cpmsync_mock_read_annotation_criterion(struct mock_parser *p, struct cpmsync_slice *entry, unsigned *scope)
{
    bool size;
    return cpmsync_mock_read_list_mailbox(p, entry) && is_entry(*entry, false) && cpmsync_mock_read_sp(p) &&
           read_attribute(p, &size, scope) && !size && (*scope == MOCK_PRIV || *scope == MOCK_SHARED);
}

struct cpmsync_slice cpmsync_mock_annotation_sorted_by(
    const struct mock_conn *conn, const struct mock_message *message, struct cpmsync_slice entry, unsigned scope)
{
    const struct mock_user *user = scope == MOCK_PRIV ? conn->user : NULL;
    const struct mock_annotation *annotation = cpmsync_mock_annotation_of(&message->annotations, entry, user);
    return annotation ? annotation->value : cpmsync_slice_of(NULL, 0);
}
