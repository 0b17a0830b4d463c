/* SPDX-License-Identifier: MIT */
#include "sync/descriptor.h"

#include "wire/date.h"
#include "wire/lex.h"

enum {
    VERSION = 1,
    TRUNCATED = 8,
    PARTS = CPMSYNC_DESCRIPTOR_SIZE | CPMSYNC_DESCRIPTOR_INTERNALDATE | CPMSYNC_DESCRIPTOR_HEADER
};

void cpmsync_descriptor_begin(struct cpmsync_description *description)
{
    memset(&description->is, 0, sizeof description->is);
    description->is.size = sizeof description->is;
    description->is.names = description->names;
    description->is.values = description->values;
}

/* ---- from a FETCH */

/* A reading of header sections: where in the text the value of each field of the list is. */
struct reading {
    struct cpmsync_buf *text;
    const struct cpmsync_header_list *fields;
    size_t at[CPMSYNC_HEADER_FIELDS_MAX]; /* SIZE_MAX: not seen */
};

/* "BODY[HEADER.FIELDS (...)]", in the server's spelling of the list; a whole header has the fields, too. */
static bool is_header(const struct cpmsync_fetch_section *section)
{
    static const size_t len = sizeof "HEADER.FIELDS" - 1;
    struct cpmsync_slice name = section->section;

    if (section->has_origin && section->origin)
        return false;
    if (cpmsync_slice_is(section->name, "RFC822.HEADER"))
        return true;
    if (!cpmsync_slice_is(section->name, "BODY"))
        return false;
    if (cpmsync_slice_is(name, "HEADER"))
        return true;
    return name.len >= len && cpmsync_slice_is(cpmsync_slice_of(name.data, len), "HEADER.FIELDS") &&
           (name.len == len || name.data[len] == ' ' || name.data[len] == '(');
}

static int read_block(struct reading *reading, struct cpmsync_slice block)
{
    struct cpmsync_slice name;
    struct cpmsync_slice body;

    while (cpmsync_header_next(&block, &name, &body)) {
        size_t field = cpmsync_header_list_find(reading->fields, name);
        if (field == reading->fields->count || reading->at[field] != SIZE_MAX)
            continue;
        size_t at = reading->text->len;
        int error = cpmsync_header_unfold(body, reading->text);
        if (error)
            return error;
        reading->at[field] = at;
    }
    return 0;
}

/* The escapes go first. The text must not move while it is read, so there is room for all of it beforehand. */
static int read_quoted(struct reading *reading, const struct cpmsync_fetch_section *section)
{
    struct cpmsync_string string = {CPMSYNC_STRING_QUOTED, section->value};
    size_t at = reading->text->len;
    uint8_t *out;
    int error = cpmsync_buf_reserve(reading->text, 2 * section->value.len + 2, &out);

    if (error)
        return error;
    size_t len = cpmsync_string_copy(&string, out, section->value.len);
    cpmsync_buf_grown(reading->text, len);
    return read_block(reading, cpmsync_slice_of(cpmsync_buf_data(reading->text) + at, len));
}

static int read_sections(
    struct cpmsync_description *description, struct reading *reading, const struct cpmsync_fetch *fetch)
{
    struct cpmsync_slice sections = fetch->sections;
    struct cpmsync_fetch_section section;
    int error = 0;

    while (!error && cpmsync_fetch_section(&sections, &section)) {
        if (!is_header(&section) || section.nil)
            continue;
        description->is.parts |= CPMSYNC_DESCRIPTOR_HEADER;
        if (section.external)
            description->is.truncated = 1;
        else if (section.quoted)
            error = read_quoted(reading, &section);
        else
            error = read_block(reading, section.value);
    }
    return error;
}

int cpmsync_descriptor_read(struct cpmsync_description *description, struct cpmsync_buf *text,
    const struct cpmsync_header_list *fields, const struct cpmsync_fetch *fetch)
{
    struct reading reading;
    struct cpmsync_descriptor *is = &description->is;

    cpmsync_descriptor_begin(description);
    cpmsync_buf_truncate(text, 0);
    if (fetch->items & CPMSYNC_FETCH_SIZE) {
        is->parts |= CPMSYNC_DESCRIPTOR_SIZE;
        is->message_size = fetch->size;
    }
    if ((fetch->items & CPMSYNC_FETCH_INTERNALDATE) && cpmsync_date_parse(fetch->internaldate, &is->internaldate))
        is->parts |= CPMSYNC_DESCRIPTOR_INTERNALDATE;
    if (!(fetch->items & CPMSYNC_FETCH_SECTION) || fields->count == 0)
        return is->parts != 0;
    reading.text = text;
    reading.fields = fields;
    for (size_t i = 0; i < fields->count; i++)
        reading.at[i] = SIZE_MAX;
    int error = read_sections(description, &reading, fetch);
    if (error)
        return CPMSYNC_ERR_NOMEM; /* the text is no longer than the response, so nothing else can lack */
    for (size_t i = 0; i < fields->count; i++) {
        if (reading.at[i] == SIZE_MAX)
            continue;
        description->names[is->field_count] = fields->names[i];
        description->values[is->field_count++] = (const char *)cpmsync_buf_data(text) + reading.at[i];
    }
    return is->parts != 0;
}

bool cpmsync_descriptor_is_whole(const struct cpmsync_descriptor *descriptor, const struct cpmsync_header_list *fields)
{
    unsigned whole = fields->count ? PARTS : CPMSYNC_DESCRIPTOR_SIZE | CPMSYNC_DESCRIPTOR_INTERNALDATE;

    return (descriptor->parts & whole) == whole;
}

void cpmsync_descriptor_complete(struct cpmsync_description *description, const struct cpmsync_descriptor *other)
{
    struct cpmsync_descriptor *is = &description->is;
    unsigned missing = other->parts & ~is->parts;

    if (missing & CPMSYNC_DESCRIPTOR_SIZE)
        is->message_size = other->message_size;
    if (missing & CPMSYNC_DESCRIPTOR_INTERNALDATE)
        is->internaldate = other->internaldate;
    if (missing & CPMSYNC_DESCRIPTOR_HEADER) {
        is->truncated = other->truncated;
        is->field_count = other->field_count;
        memcpy(description->names, other->names, other->field_count * sizeof *other->names);
        memcpy(description->values, other->values, other->field_count * sizeof *other->values);
    }
    is->parts |= missing;
}

/* ---- octets */

int cpmsync_descriptor_put_number(struct cpmsync_buf *octets, uint64_t number)
{
    uint8_t group[10];
    size_t len = 0;

    for (; number >= 0x80; number >>= 7)
        group[len++] = (uint8_t)(number | 0x80);
    group[len++] = (uint8_t)number;
    return cpmsync_buf_add(octets, group, len);
}

bool cpmsync_descriptor_get_number(struct cpmsync_slice *octets, uint64_t *number)
{
    uint64_t value = 0;

    for (unsigned shift = 0; octets->len && shift < 64; shift += 7) {
        uint64_t group = octets->data[0];
        octets->data++;
        octets->len--;
        if (shift == 63 && group > 1)
            return false;
        value |= (group & 0x7f) << shift;
        if (!(group & 0x80)) {
            *number = value;
            return true;
        }
    }
    return false;
}

static int put_name(struct cpmsync_buf *octets, const char *name)
{
    const char *known;

    for (size_t i = 0; (known = cpmsync_header_identity(i)) != NULL; i++)
        if (strcmp(known, name) == 0)
            return cpmsync_buf_add_char(octets, (char)(i + 1));
    int error = cpmsync_buf_add_char(octets, 0);
    return error ? error : cpmsync_buf_add(octets, name, strlen(name) + 1);
}

static int put_fields(struct cpmsync_buf *octets, const struct cpmsync_descriptor *descriptor)
{
    int error = cpmsync_descriptor_put_number(octets, descriptor->field_count);

    for (size_t i = 0; i < descriptor->field_count && !error; i++) {
        error = put_name(octets, descriptor->names[i]);
        if (!error)
            error = cpmsync_buf_add(octets, descriptor->values[i], strlen(descriptor->values[i]) + 1);
    }
    return error;
}

int cpmsync_descriptor_encode(const struct cpmsync_descriptor *descriptor, struct cpmsync_buf *octets)
{
    size_t before = octets->len;
    unsigned parts = descriptor->parts;
    uint64_t date = (uint64_t)descriptor->internaldate << 1 ^ (descriptor->internaldate < 0 ? UINT64_MAX : 0);
    char head[2] = {VERSION, (char)(parts | (descriptor->truncated ? TRUNCATED : 0))};
    int error = cpmsync_buf_add(octets, head, sizeof head);

    if (!error && (parts & CPMSYNC_DESCRIPTOR_SIZE))
        error = cpmsync_descriptor_put_number(octets, descriptor->message_size);
    if (!error && (parts & CPMSYNC_DESCRIPTOR_INTERNALDATE))
        error = cpmsync_descriptor_put_number(octets, date);
    if (!error && (parts & CPMSYNC_DESCRIPTOR_HEADER))
        error = put_fields(octets, descriptor);
    if (error)
        cpmsync_buf_truncate(octets, before);
    return error;
}

static bool get_string(struct cpmsync_slice *octets, const char **string)
{
    const uint8_t *end = octets->len ? memchr(octets->data, '\0', octets->len) : NULL;

    if (!end)
        return false;
    size_t used = (size_t)(end - octets->data) + 1;
    *string = (const char *)octets->data;
    octets->data += used;
    octets->len -= used;
    return true;
}

static bool get_name(struct cpmsync_slice *octets, const char **name)
{
    if (octets->len == 0)
        return false;
    uint8_t number = octets->data[0];
    octets->data++;
    octets->len--;
    if (number == 0)
        return get_string(octets, name);
    *name = cpmsync_header_identity((size_t)number - 1);
    return *name != NULL;
}

static bool get_fields(struct cpmsync_slice *octets, struct cpmsync_description *description)
{
    uint64_t count;

    if (!cpmsync_descriptor_get_number(octets, &count) || count > CPMSYNC_HEADER_FIELDS_MAX)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!get_name(octets, &description->names[i]) || !get_string(octets, &description->values[i]))
            return false;
    description->is.field_count = (size_t)count;
    return true;
}

bool cpmsync_descriptor_decode(struct cpmsync_description *description, struct cpmsync_slice octets)
{
    struct cpmsync_descriptor *is = &description->is;
    uint64_t date = 0;

    cpmsync_descriptor_begin(description);
    if (octets.len < 2 || octets.data[0] != VERSION || (octets.data[1] & ~(unsigned)(PARTS | TRUNCATED)))
        return false;
    is->parts = octets.data[1] & PARTS;
    is->truncated = (octets.data[1] & TRUNCATED) != 0;
    octets.data += 2;
    octets.len -= 2;
    if ((is->parts & CPMSYNC_DESCRIPTOR_SIZE) && !cpmsync_descriptor_get_number(&octets, &is->message_size))
        return false;
    if ((is->parts & CPMSYNC_DESCRIPTOR_INTERNALDATE) && !cpmsync_descriptor_get_number(&octets, &date))
        return false;
    is->internaldate = (int64_t)(date >> 1) ^ -(int64_t)(date & 1);
    if ((is->parts & CPMSYNC_DESCRIPTOR_HEADER) && !get_fields(&octets, description))
        return false;
    return octets.len == 0;
}
