/* SPDX-License-Identifier: MIT */
/* CONVERSIONS, CONVERT and UID CONVERT (RFC 5259). */
#include "mock_convert.h"
#include "mock_progress.h"
#include "mock_section.h"

#include <stdio.h>

enum kind { CONVERT_UID, CONVERT_STRUCTURE, CONVERT_BINARY, CONVERT_SIZE, CONVERT_BODY, CONVERT_AVAILABLE };

struct item {
    enum kind kind;
    struct mock_section section;
};

enum { ITEMS_MAX = 16 };

struct convert {
    bool uid;
    struct mock_set set;
    struct mock_conversion_request request;
    struct item *items;
    size_t count;
    uint64_t messages; /* of the set */
    bool converts;     /* an item worked */
    bool fails;        /* an item did not */
    bool missing;
};

/* ---- CONVERSIONS ---- */

static bool matches(const char *pattern, const char *type)
{
    size_t len = strlen(pattern);
    return strcmp(pattern, type) == 0 || (pattern[len - 1] == '*' && strncmp(pattern, type, len - 1) == 0);
}

/* "CONVERSIONS" SP from-mime-type-req SP to-mime-type-req */
bool cpmsync_mock_cmd_conversions(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct cpmsync_slice text;
    char wanted_from[MOCK_TYPE_MAX], wanted_to[MOCK_TYPE_MAX];
    const char *from, *to;
    const char *const *names;
    size_t i, j;
    (void)uid;
    if (!cpmsync_mock_read_sp(p) || !cpmsync_mock_read_astring(p, &text) ||
        !cpmsync_mock_read_media_type(text, true, wanted_from) || !cpmsync_mock_read_sp(p) ||
        !cpmsync_mock_read_astring(p, &text) || !cpmsync_mock_read_media_type(text, true, wanted_to) ||
        !cpmsync_mock_read_end(p))
        return false;
    for (i = 0; cpmsync_mock_conversion(i, &from, &to, &names); i++) {
        if (!matches(wanted_from, from) || !matches(wanted_to, to))
            continue;
        cpmsync_mock_putf(conn, "* CONVERSION \"%s\" \"%s\" (", from, to);
        for (j = 0; names[j]; j++)
            cpmsync_mock_putf(conn, "%s\"%s\"", j ? " " : "", names[j]);
        cpmsync_mock_putf(conn, ")\r\n");
    }
    cpmsync_mock_ok(conn, "CONVERSIONS completed");
    return true;
}

/* ---- arguments of CONVERT ---- */

/* "(" transcoding-param *(SP transcoding-param) ")", none of them twice */
static bool read_parameters(struct mock_parser *p, struct mock_conversion_request *request)
{
    size_t i;
    if (!cpmsync_mock_read_char(p, '('))
        return false;
    do {
        if (request->count == MOCK_PARAMETERS_MAX)
            return false;
        struct mock_parameter *parameter = &request->parameters[request->count];
        if (!cpmsync_mock_read_astring(p, &parameter->name) || parameter->name.len == 0 || !cpmsync_mock_read_sp(p) ||
            !cpmsync_mock_read_astring(p, &parameter->value))
            return false;
        for (i = 0; i < request->count; i++)
            if (cpmsync_slice_ieq(request->parameters[i].name, parameter->name))
                return false;
        request->count++;
    } while (cpmsync_mock_read_sp(p));
    return cpmsync_mock_read_char(p, ')');
}

/* convert-params = "(" (quoted-to-mime-type / "NIL") [SP "(" transcoding-params ")"] ")" */
static bool read_request(struct mock_parser *p, struct mock_conversion_request *request)
{
    char type[MOCK_TYPE_MAX];
    if (!cpmsync_mock_read_char(p, '('))
        return false;
    if (cpmsync_mock_peek(p, '"')) {
        if (!cpmsync_mock_read_string(p, &request->target) ||
            !cpmsync_mock_read_media_type(request->target, false, type))
            return false;
    } else if (!cpmsync_mock_read_word(p, "NIL"))
        return false;
    return (!cpmsync_mock_read_sp(p) || read_parameters(p, request)) && cpmsync_mock_read_char(p, ')');
}

/* "BODY[HEADER]" / "BODY[" section-part ".HEADER]" / "BODY[" section-part ".MIME]": charset and nothing else may change */
static bool read_body(struct mock_parser *p, const struct convert *convert, struct item *item)
{
    item->kind = CONVERT_BODY;
    return cpmsync_mock_read_section(p, &item->section) && !item->section.partial &&
           (item->section.text == MOCK_SECTION_HEADER || item->section.text == MOCK_SECTION_MIME) &&
           !convert->request.target.data && cpmsync_mock_parameter(&convert->request, "charset").data;
}

static bool read_item(struct mock_parser *p, struct convert *convert)
{
    static const struct {
        const char *name;
        enum kind kind;
    } NAMES[] = {{"BODYPARTSTRUCTURE", CONVERT_STRUCTURE}, {"BINARY.SIZE", CONVERT_SIZE}, {"BINARY", CONVERT_BINARY},
        {"AVAILABLECONVERSIONS", CONVERT_AVAILABLE}};
    size_t i;
    if (convert->count == ITEMS_MAX)
        return false;
    struct item *item = &convert->items[convert->count++];
    memset(item, 0, sizeof *item);
    if (cpmsync_mock_read_word(p, "UID"))
        return true;
    if (cpmsync_mock_read_word(p, "BODY"))
        return read_body(p, convert, item);
    for (i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (cpmsync_mock_read_word(p, NAMES[i].name)) {
            item->kind = NAMES[i].kind;
            return cpmsync_mock_read_section_binary(p, item->kind == CONVERT_BINARY, &item->section);
        }
    return false;
}

/* "CONVERT" SP sequence-set SP convert-params SP (convert-att / "(" convert-att *(SP convert-att) ")") */
static bool read_arguments(struct mock_conn *conn, struct mock_parser *p, struct convert *convert)
{
    if (!cpmsync_mock_read_sp(p) || !cpmsync_mock_read_message_set(conn, p, &convert->set) ||
        !cpmsync_mock_read_sp(p) || !read_request(p, &convert->request) || !cpmsync_mock_read_sp(p))
        return false;
    if (!cpmsync_mock_read_char(p, '('))
        return read_item(p, convert) && cpmsync_mock_read_end(p);
    do
        if (!read_item(p, convert))
            return false;
    while (cpmsync_mock_read_sp(p));
    return cpmsync_mock_read_char(p, ')') && cpmsync_mock_read_end(p);
}

/* ---- answers ---- */

static void put_quoted(struct mock_conn *conn, const char *text)
{
    cpmsync_mock_put_string(conn, cpmsync_slice_str(text));
}

/* "(" transcoding-params ")" of the parameters at fault, where there are any */
static void put_bad_parameters(
    struct mock_conn *conn, const struct mock_conversion_request *request, const struct mock_converted *converted)
{
    const char *before = " (";
    size_t i;
    for (i = 0; i < request->count; i++) {
        if (!converted->bad[i])
            continue;
        cpmsync_mock_putf(conn, "%s", before);
        cpmsync_mock_put_string(conn, request->parameters[i].name);
        cpmsync_mock_put(conn, " ", 1);
        cpmsync_mock_put_string(conn, request->parameters[i].value);
        before = " ";
    }
    if (before[1] == 0)
        cpmsync_mock_put(conn, ")", 1);
}

/* converterror-phrase; the grammar forgets the SP before the missing parameters, which section 9 has. */
static void put_error(struct mock_conn *conn, const struct mock_conversion_request *request,
    const struct mock_converted *converted, enum mock_conversion_verdict verdict)
{
    if (verdict == MOCK_CONVERSION_NOMEM) {
        conn->broken = true;
        return;
    }
    cpmsync_mock_putf(conn, "(ERROR ");
    put_quoted(conn, converted->why);
    cpmsync_mock_putf(conn, verdict == MOCK_CONVERSION_MISSING ? " MISSINGPARAMETERS " : " BADPARAMETERS ");
    if (converted->source[0])
        put_quoted(conn, converted->source);
    else
        cpmsync_mock_putf(conn, "NIL");
    cpmsync_mock_put(conn, " ", 1);
    put_quoted(conn, converted->target);
    if (verdict == MOCK_CONVERSION_MISSING)
        cpmsync_mock_putf(conn, " (\"charset\")");
    else
        put_bad_parameters(conn, request, converted);
    cpmsync_mock_put(conn, ")", 1);
}

static size_t count_lines(struct cpmsync_slice text)
{
    size_t lines = 0, i;
    for (i = 0; i < text.len; i++)
        lines += text.data[i] == '\n';
    return lines;
}

static const char *encoding_of(struct cpmsync_slice octets)
{
    const char *encoding = "7BIT";
    size_t i;
    for (i = 0; i < octets.len; i++)
        if (octets.data[i] == 0)
            return "BINARY";
        else if (octets.data[i] >= 0x80)
            encoding = "8BIT";
    return encoding;
}

/* body-type-1part of what the part has become, with its extension data */
static void put_structure(struct mock_conn *conn, const struct mock_converted *converted)
{
    struct cpmsync_slice octets = cpmsync_buf_slice(&converted->octets);
    const char *slash = strchr(converted->target, '/');
    cpmsync_mock_putf(conn, "(");
    cpmsync_mock_put_string(conn, cpmsync_slice_of(converted->target, (size_t)(slash - converted->target)));
    cpmsync_mock_putf(conn, " ");
    put_quoted(conn, slash + 1);
    if (converted->charset.data) {
        cpmsync_mock_putf(conn, " (\"charset\" ");
        cpmsync_mock_put_string(conn, converted->charset);
        cpmsync_mock_putf(conn, ")");
    } else
        cpmsync_mock_putf(conn, " NIL");
    cpmsync_mock_putf(conn, " NIL NIL \"%s\" %zu", encoding_of(octets), octets.len);
    if (converted->charset.data)
        cpmsync_mock_putf(conn, " %zu", count_lines(octets));
    cpmsync_mock_putf(conn, " NIL NIL NIL NIL)");
}

/* mimetype-list = "(" "(" [quoted-to-mime-type *(SP quoted-to-mime-type)] ")" ")", less what the parameters exclude */
static bool put_available(
    struct mock_conn *conn, const struct mock_conversion_request *request, struct mock_converted *converted)
{
    const char *from, *to, *space = "";
    const char *const *names;
    size_t before = conn->out.len, candidates = 0, found = 0, i;
    cpmsync_mock_putf(conn, "((");
    for (i = 0; cpmsync_mock_conversion(i, &from, &to, &names); i++) {
        if (strcmp(from, converted->source) != 0 || (request->target.data && strcmp(to, converted->target) != 0))
            continue;
        candidates++;
        if (!cpmsync_mock_understands(names, request, converted->bad))
            continue;
        cpmsync_mock_putf(conn, "%s\"%s\"", space, to);
        space = " ";
        found++;
    }
    if (found || (!candidates && !request->target.data)) {
        cpmsync_mock_putf(conn, "))");
        return true;
    }
    cpmsync_buf_truncate(&conn->out, before);
    converted->why = "There is no such conversion";
    put_error(conn, request, converted, MOCK_CONVERSION_BAD);
    return false;
}

static void put_octets(
    struct mock_conn *conn, const struct mock_section *section, const struct mock_converted *converted)
{
    struct cpmsync_slice octets = cpmsync_mock_cut(section, cpmsync_buf_slice(&converted->octets));
    cpmsync_mock_put_nstring8(conn, octets.data ? octets : CPMSYNC_SLICE(""));
}

/* A section without numbers is the message, which is of its own type. */
static struct cpmsync_slice header_of(const struct mock_section *section, const struct mock_part *part)
{
    return section->number_count ? part->header : CPMSYNC_SLICE("Content-Type: message/rfc822\r\n\r\n");
}

static bool put_part(struct mock_conn *conn, const struct convert *convert, const struct item *item,
    const struct mock_part *part, struct mock_converted *converted)
{
    struct cpmsync_slice header = header_of(&item->section, part);
    if (item->kind == CONVERT_AVAILABLE) {
        cpmsync_mock_convert_types(&convert->request, header, conn->mock->mem, converted);
        return put_available(conn, &convert->request, converted);
    }
    enum mock_conversion_verdict verdict = cpmsync_mock_convert_part(&convert->request, header, part->body, converted);
    if (verdict != MOCK_CONVERSION_OK)
        put_error(conn, &convert->request, converted, verdict);
    else if (item->kind == CONVERT_SIZE)
        cpmsync_mock_putf(conn, "%zu", converted->octets.len);
    else if (item->kind == CONVERT_STRUCTURE)
        put_structure(conn, converted);
    else
        put_octets(conn, &item->section, converted);
    return verdict == MOCK_CONVERSION_OK;
}

static bool put_header(struct mock_conn *conn, const struct convert *convert, const struct item *item,
    struct cpmsync_slice message, const struct mock_parts *parts, struct mock_converted *converted)
{
    struct cpmsync_slice octets = {NULL, 0};
    struct cpmsync_buf unused;
    cpmsync_buf_init(&unused, conn->mock->mem, SIZE_MAX / 2);
    int error = cpmsync_mock_section_octets(&item->section, message, parts, &unused, &octets);
    enum mock_conversion_verdict verdict = MOCK_CONVERSION_BAD;
    strcpy(converted->target, "message/rfc822");
    if (error)
        converted->why = "No such header";
    else {
        strcpy(converted->source, "message/rfc822");
        verdict = cpmsync_mock_convert_header(&convert->request, octets, converted);
    }
    if (verdict == MOCK_CONVERSION_OK)
        cpmsync_mock_put_literal(conn, cpmsync_buf_slice(&converted->octets));
    else
        put_error(conn, &convert->request, converted, verdict);
    cpmsync_buf_clear(&unused);
    return verdict == MOCK_CONVERSION_OK;
}

static bool put_temporary_failure(struct mock_conn *conn)
{
    cpmsync_mock_putf(
        conn, "(ERROR \"Not now\" TEMPFAIL %llu)", (unsigned long long)conn->mock->faults.convert_tempfail_in);
    return false;
}

static bool put_item(struct mock_conn *conn, const struct convert *convert, const struct item *item,
    struct cpmsync_slice message, const struct mock_parts *parts)
{
    static const char *const NAMES[] = {
        "UID", "BODYPARTSTRUCTURE", "BINARY", "BINARY.SIZE", "BODY", "AVAILABLECONVERSIONS"};
    const struct mock_part *part = cpmsync_mock_find_part(parts, &item->section);
    struct mock_converted converted;
    bool ok;
    memset(&converted, 0, sizeof converted);
    cpmsync_buf_init(&converted.octets, conn->mock->mem, SIZE_MAX / 2);
    cpmsync_mock_putf(conn, "%s", NAMES[item->kind]);
    cpmsync_mock_put_spec(conn, &item->section);
    cpmsync_mock_put(conn, " ", 1);
    if (conn->mock->faults.convert_tempfail_in)
        ok = put_temporary_failure(conn);
    else if (item->kind == CONVERT_BODY)
        ok = put_header(conn, convert, item, message, parts, &converted);
    else if (part)
        ok = put_part(conn, convert, item, part, &converted);
    else {
        ok = false;
        cpmsync_mock_convert_types(&convert->request, CPMSYNC_SLICE(""), conn->mock->mem, &converted);
        converted.source[0] = 0;
        converted.why = "No such part";
        put_error(conn, &convert->request, &converted, MOCK_CONVERSION_BAD);
    }
    cpmsync_buf_clear(&converted.octets);
    return ok;
}

static void convert_one(void *ctx, struct mock_conn *conn, size_t index, struct mock_message *message)
{
    struct convert *convert = (struct convert *)ctx;
    struct mock_parts parts;
    const char *space = "";
    bool uid = convert->uid;
    size_t i;
    if (!message) {
        convert->missing = true;
        return;
    }
    struct cpmsync_slice octets = cpmsync_slice_of(message->body->data, message->body->len);
    if (!cpmsync_mock_parts_of(&parts, conn->mock->mem, octets)) {
        conn->broken = true;
        return;
    }
    for (i = 0; i < convert->count; i++)
        uid = uid || convert->items[i].kind == CONVERT_UID;
    cpmsync_mock_putf(conn, "* %zu CONVERTED (TAG ", index + 1);
    cpmsync_mock_put_string(conn, cpmsync_slice_of(conn->tag, conn->tag_len));
    cpmsync_mock_putf(conn, ") (");
    if (uid) {
        cpmsync_mock_putf(conn, "UID %lu", (unsigned long)message->uid);
        space = " ";
    }
    for (i = 0; i < convert->count; i++) {
        if (convert->items[i].kind == CONVERT_UID)
            continue;
        cpmsync_mock_putf(conn, "%s", space);
        space = " ";
        bool ok = put_item(conn, convert, &convert->items[i], octets, &parts);
        convert->converts |= ok;
        convert->fails |= !ok;
    }
    cpmsync_mock_putf(conn, ")\r\n");
    cpmsync_mock_parts_clear(&parts);
}

static void count_one(void *ctx, struct mock_conn *conn, size_t index, struct mock_message *message)
{
    (void)conn;
    (void)index;
    ((struct convert *)ctx)->messages += message != NULL;
}

static uint64_t count_sections(const struct convert *convert)
{
    uint64_t count = 0;
    size_t i, j;
    for (i = 0; i < convert->count; i++) {
        const struct mock_section *section = &convert->items[i].section;
        for (j = 0; j < i; j++)
            if (convert->items[j].kind != CONVERT_UID &&
                convert->items[j].section.number_count == section->number_count &&
                memcmp(convert->items[j].section.numbers, section->numbers,
                    section->number_count * sizeof *section->numbers) == 0)
                break;
        count += j == i && convert->items[i].kind != CONVERT_UID;
    }
    return count;
}

/* Whether it is not too much, nor the wrong moment: else NO was answered. */
static bool may_convert(struct mock_conn *conn, struct convert *convert)
{
    const struct mock_faults *faults = &conn->mock->faults;
    char text[100] = "[TEMPFAIL] Not now";
    cpmsync_mock_for_each(conn, &convert->set, convert->uid, count_one, convert);
    if (faults->max_convert_messages && convert->messages > faults->max_convert_messages)
        snprintf(text, sizeof text, "[MAXCONVERTMESSAGES %llu] Too many messages",
            (unsigned long long)faults->max_convert_messages);
    else if (faults->max_convert_parts && count_sections(convert) > faults->max_convert_parts)
        snprintf(
            text, sizeof text, "[MAXCONVERTPARTS %llu] Too many parts", (unsigned long long)faults->max_convert_parts);
    else if (!faults->convert_tempfail)
        return true;
    cpmsync_mock_no(conn, text);
    return false;
}

static void run(struct mock_conn *conn, struct convert *convert)
{
    if (!may_convert(conn, convert))
        return;
    cpmsync_mock_work_through(conn, &convert->set, convert->uid, convert_one, convert);
    if (convert->missing && !convert->uid)
        cpmsync_mock_no(conn, "[EXPUNGEISSUED] Some messages are gone");
    else if (convert->fails && !convert->converts)
        cpmsync_mock_no(conn, "All conversions failed");
    else
        cpmsync_mock_ok(conn, convert->fails ? "Some conversions failed" : "CONVERT completed");
}

bool cpmsync_mock_cmd_convert(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct convert convert;
    memset(&convert, 0, sizeof convert);
    convert.uid = uid;
    cpmsync_mock_set_init(&convert.set, conn->mock->mem);
    convert.items = (struct item *)cpmsync_mem_zalloc(conn->mock->mem, ITEMS_MAX * sizeof *convert.items);
    bool valid = convert.items && read_arguments(conn, p, &convert) && cpmsync_mock_resolve(conn, &convert.set, uid);
    if (valid)
        run(conn, &convert);
    cpmsync_mem_free(conn->mock->mem, convert.items);
    cpmsync_mock_set_clear(&convert.set);
    return valid;
}
