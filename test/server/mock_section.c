/* SPDX-License-Identifier: MIT */
#include "mock_section.h"

/* header-list = "(" header-fld-name *(SP header-fld-name) ")" */
static bool read_names(struct mock_parser *p, struct mock_section *section)
{
    if (!cpmsync_mock_read_sp(p) || !cpmsync_mock_read_char(p, '('))
        return false;
    do {
        if (section->name_count == MOCK_SECTION_NAMES ||
            !cpmsync_mock_read_astring(p, &section->names[section->name_count]))
            return false;
        section->name_count++;
    } while (cpmsync_mock_read_sp(p));
    return cpmsync_mock_read_char(p, ')');
}

/* Words end at "]" or SP here, where "." belongs to them. */
static bool read_text_word(struct mock_parser *p, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(p->end - p->at) <= len || !cpmsync_slice_is(cpmsync_slice_of(p->at, len), word))
        return false;
    if (p->at[len] != ']' && p->at[len] != ' ')
        return false;
    p->at += len;
    return true;
}

static bool read_text(struct mock_parser *p, struct mock_section *section)
{
    if (read_text_word(p, "HEADER"))
        section->text = MOCK_SECTION_HEADER;
    else if (read_text_word(p, "TEXT"))
        section->text = MOCK_SECTION_TEXT;
    else if (section->number_count && read_text_word(p, "MIME"))
        section->text = MOCK_SECTION_MIME;
    else if (read_text_word(p, "HEADER.FIELDS")) {
        section->text = MOCK_SECTION_FIELDS;
        return read_names(p, section);
    } else if (read_text_word(p, "HEADER.FIELDS.NOT")) {
        section->text = MOCK_SECTION_FIELDS_NOT;
        return read_names(p, section);
    } else
        return false;
    return true;
}

/* section-spec = section-msgtext / (section-part ["." section-text]) */
static bool read_spec(struct mock_parser *p, struct mock_section *section)
{
    bool dot = true;
    while (dot && p->at < p->end && *p->at >= '0' && *p->at <= '9') {
        if (section->number_count == MOCK_SECTION_NUMBERS ||
            !cpmsync_mock_read_nz_number(p, &section->numbers[section->number_count]))
            return false;
        section->number_count++;
        dot = cpmsync_mock_read_char(p, '.');
    }
    return dot ? read_text(p, section) : true;
}

static bool read_partial(struct mock_parser *p, struct mock_section *section)
{
    uint64_t origin;
    if (!cpmsync_mock_read_char(p, '<'))
        return true;
    if (!cpmsync_mock_read_number(p, UINT32_MAX, &origin) || !cpmsync_mock_read_char(p, '.') ||
        !cpmsync_mock_read_nz_number(p, &section->length))
        return false;
    section->partial = true;
    section->origin = (uint32_t)origin;
    return cpmsync_mock_read_char(p, '>');
}

bool cpmsync_mock_read_section(struct mock_parser *p, struct mock_section *section)
{
    return cpmsync_mock_read_char(p, '[') && (cpmsync_mock_peek(p, ']') || read_spec(p, section)) &&
           cpmsync_mock_read_char(p, ']') && read_partial(p, section);
}

bool cpmsync_mock_read_section_binary(struct mock_parser *p, bool partial, struct mock_section *section)
{
    return cpmsync_mock_read_char(p, '[') && (cpmsync_mock_peek(p, ']') || read_spec(p, section)) &&
           section->text == MOCK_SECTION_ALL && cpmsync_mock_read_char(p, ']') && read_partial(p, section) &&
           (partial || !section->partial);
}

const struct mock_part *cpmsync_mock_find_part(const struct mock_parts *parts, const struct mock_section *section)
{
    const struct mock_part *part = &parts->parts[0], *within = part;
    size_t i;
    for (i = 0; i < section->number_count; i++) {
        uint32_t number = section->numbers[i];
        if (within->kind == MOCK_MULTIPART) {
            if (number > within->child_count)
                return NULL;
            part = &parts->parts[within->first_child + number - 1];
        } else if (number == 1 && (within != part || i == 0))
            part = within;
        else
            return NULL;
        within = part->kind == MOCK_MESSAGE ? &parts->parts[part->first_child] : part;
    }
    return part;
}

static bool is_named(const struct mock_section *section, struct cpmsync_slice name)
{
    size_t i;
    for (i = 0; i < section->name_count; i++)
        if (cpmsync_slice_ieq(section->names[i], name))
            return true;
    return false;
}

/* The fields that are named, or that are not, and the empty line. */
static bool filter(const struct mock_section *section, struct cpmsync_slice header, struct cpmsync_buf *out)
{
    struct cpmsync_slice name, field;
    bool wanted = section->text == MOCK_SECTION_FIELDS;
    while (cpmsync_mock_next_field(&header, &name, &field))
        if (is_named(section, name) == wanted && cpmsync_buf_add_slice(out, field) != 0)
            return false;
    return cpmsync_buf_add_str(out, "\r\n") == 0;
}

void cpmsync_mock_put_spec(struct mock_conn *conn, const struct mock_section *section)
{
    static const char *const TEXTS[] = {"", "HEADER", "HEADER.FIELDS", "HEADER.FIELDS.NOT", "TEXT", "MIME"};
    size_t i;
    cpmsync_mock_putf(conn, "[");
    for (i = 0; i < section->number_count; i++)
        cpmsync_mock_putf(conn, "%s%lu", i ? "." : "", (unsigned long)section->numbers[i]);
    cpmsync_mock_putf(conn, "%s%s", section->number_count && section->text ? "." : "", TEXTS[section->text]);
    for (i = 0; i < section->name_count; i++) {
        cpmsync_mock_putf(conn, i ? " " : " (");
        cpmsync_mock_put_astring(conn, section->names[i]);
    }
    cpmsync_mock_putf(conn, section->name_count ? ")]" : "]");
    if (section->partial)
        cpmsync_mock_putf(conn, "<%lu>", (unsigned long)section->origin);
}

struct cpmsync_slice cpmsync_mock_cut(const struct mock_section *section, struct cpmsync_slice octets)
{
    if (!section->partial)
        return octets;
    size_t origin = section->origin < octets.len ? section->origin : octets.len;
    size_t left = octets.len - origin;
    return cpmsync_slice_of(cpmsync_mock_behind(octets, origin).data, left < section->length ? left : section->length);
}

int cpmsync_mock_section_octets(const struct mock_section *section, struct cpmsync_slice message,
    const struct mock_parts *parts, struct cpmsync_buf *filtered, struct cpmsync_slice *octets)
{
    struct cpmsync_slice header, body;
    const struct mock_part *part = NULL;
    *octets = message;
    cpmsync_mock_split(message, &header, &body);
    if (section->number_count) {
        part = cpmsync_mock_find_part(parts, section);
        bool of_message = section->text != MOCK_SECTION_ALL && section->text != MOCK_SECTION_MIME;
        if (!part || (of_message && part->kind != MOCK_MESSAGE))
            return CPMSYNC_ERR_NOT_FOUND;
        *octets = part->body;
        if (of_message) {
            header = parts->parts[part->first_child].header;
            body = parts->parts[part->first_child].body;
        }
    }
    if (section->text == MOCK_SECTION_MIME)
        *octets = part->header;
    else if (section->text == MOCK_SECTION_HEADER)
        *octets = header;
    else if (section->text == MOCK_SECTION_TEXT)
        *octets = body;
    else if (section->text != MOCK_SECTION_ALL) {
        if (!filter(section, header, filtered))
            return CPMSYNC_ERR_NOMEM;
        *octets = cpmsync_buf_slice(filtered);
    }
    return 0;
}

void cpmsync_mock_put_section(struct mock_conn *conn, const struct mock_section *section, struct cpmsync_slice message,
    const struct mock_parts *parts)
{
    struct cpmsync_slice octets;
    struct cpmsync_buf filtered;
    cpmsync_buf_init(&filtered, conn->mock->mem, message.len + 2);
    int error = cpmsync_mock_section_octets(section, message, parts, &filtered, &octets);
    cpmsync_mock_put_spec(conn, section);
    if (error)
        cpmsync_mock_putf(conn, " NIL");
    else {
        cpmsync_mock_putf(conn, " ");
        cpmsync_mock_put_literal(conn, cpmsync_mock_cut(section, octets));
    }
    conn->broken |= error == CPMSYNC_ERR_NOMEM;
    cpmsync_buf_clear(&filtered);
}
