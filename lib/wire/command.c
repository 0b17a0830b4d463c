/* SPDX-License-Identifier: MIT */
#include "wire/command.h"

#include <cpmsync/error.h>

enum { LITERAL_MINUS_MAX = 4096 };

void cpmsync_command_init(
    struct cpmsync_command *command, const struct cpmsync_allocator *mem, size_t max, enum cpmsync_literals literals)
{
    memset(command, 0, sizeof(*command));
    cpmsync_buf_init(&command->bytes, mem, max);
    command->literals = literals;
}

void cpmsync_command_clear(struct cpmsync_command *command)
{
    cpmsync_buf_clear(&command->bytes);
}

static void fail(struct cpmsync_command *command, int error)
{
    if (!command->error)
        command->error = error;
}

static void refuse(struct cpmsync_command *command)
{
    fail(command, CPMSYNC_ERR_INVALID_ARGUMENT);
}

/* Octets of the line, the only way anything but a literal's content is written. */
static void put(struct cpmsync_command *command, struct cpmsync_slice octets)
{
    int error;

    if (command->error)
        return;
    if (octets.len > CPMSYNC_COMMAND_LINE_MAX - command->line) {
        fail(command, CPMSYNC_ERR_LIMIT);
        return;
    }
    error = cpmsync_buf_add_slice(&command->bytes, octets);
    if (error)
        fail(command, error);
    else
        command->line += octets.len;
}

static void put_number(struct cpmsync_command *command, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    put(command, cpmsync_slice_of(digits + at, sizeof(digits) - at));
}

/* The SP before an argument. */
static void put_space(struct cpmsync_command *command)
{
    if (command->spaced)
        put(command, CPMSYNC_SLICE(" "));
    command->spaced = true;
}

static bool is_atom_char(uint8_t c)
{
    return c > ' ' && c < 0x7f && !strchr("(){%*\"\\]", c);
}

static bool is_atom(struct cpmsync_slice octets)
{
    size_t i;

    for (i = 0; i < octets.len; i++) {
        if (!is_atom_char(octets.data[i]))
            return false;
    }
    return octets.len > 0;
}

static bool is_letter_or_digit(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

void cpmsync_command_begin(struct cpmsync_command *command, const char *name)
{
    struct cpmsync_slice text = cpmsync_slice_str(name);
    size_t i;

    for (i = 0; i < text.len; i++) {
        bool inner = i > 0 && i + 1 < text.len;

        if (!is_letter_or_digit(text.data[i]) && !(text.data[i] == ' ' && inner))
            refuse(command);
    }
    if (text.len == 0 || command->bytes.len > 0)
        refuse(command);
    put(command, text);
    command->spaced = true;
}

/* "BODY.PEEK[HEADER]": the one place where "]" stands unquoted is the end of a section. */
static bool is_section_item(struct cpmsync_slice atom)
{
    const uint8_t *bracket = atom.len ? memchr(atom.data, '[', atom.len) : NULL;

    if (!bracket || bracket == atom.data || atom.data[atom.len - 1] != ']')
        return false;
    return is_atom(cpmsync_slice_of(atom.data, atom.len - 1));
}

void cpmsync_command_atom(struct cpmsync_command *command, const char *atom)
{
    cpmsync_command_atom_slice(command, cpmsync_slice_str(atom));
}

void cpmsync_command_atom_slice(struct cpmsync_command *command, struct cpmsync_slice atom)
{
    if (!is_atom(atom) && !is_section_item(atom))
        refuse(command);
    put_space(command);
    put(command, atom);
}

void cpmsync_command_number(struct cpmsync_command *command, uint64_t number)
{
    put_space(command);
    put_number(command, number);
}

/* quoted = DQUOTE *QUOTED-CHAR DQUOTE */
static void put_quoted(struct cpmsync_command *command, struct cpmsync_slice octets)
{
    size_t from = 0;
    size_t i;

    put(command, CPMSYNC_SLICE("\""));
    for (i = 0; i < octets.len; i++) {
        if (octets.data[i] != '"' && octets.data[i] != '\\')
            continue;
        put(command, cpmsync_slice_of(octets.data + from, i - from));
        put(command, CPMSYNC_SLICE("\\"));
        from = i;
    }
    put(command, cpmsync_slice_of(octets.data + from, octets.len - from));
    put(command, CPMSYNC_SLICE("\""));
}

static bool is_synchronising(const struct cpmsync_command *command, size_t len)
{
    if (command->literals == CPMSYNC_LITERALS_PLUS)
        return false;
    return command->literals == CPMSYNC_LITERALS_SYNC || len > LITERAL_MINUS_MAX;
}

static void put_literal(struct cpmsync_command *command, struct cpmsync_slice octets)
{
    bool synchronising = is_synchronising(command, octets.len);
    int error;

    if (synchronising && command->break_count == CPMSYNC_COMMAND_BREAKS)
        fail(command, CPMSYNC_ERR_LIMIT);
    put(command, CPMSYNC_SLICE("{"));
    put_number(command, octets.len);
    put(command, synchronising ? CPMSYNC_SLICE("}\r\n") : CPMSYNC_SLICE("+}\r\n"));
    if (command->error)
        return;
    if (synchronising)
        command->breaks[command->break_count++] = command->bytes.len;
    error = cpmsync_buf_add_slice(&command->bytes, octets);
    if (error)
        fail(command, error);
    command->line = 0;
}

static bool is_quotable(struct cpmsync_slice octets)
{
    size_t i;

    for (i = 0; i < octets.len; i++) {
        uint8_t c = octets.data[i];

        if (c == '\r' || c == '\n' || c > 0x7f)
            return false;
    }
    return octets.len <= CPMSYNC_QUOTED_MAX;
}

static void put_string(struct cpmsync_command *command, struct cpmsync_slice octets)
{
    if (octets.len && memchr(octets.data, '\0', octets.len))
        refuse(command);
    else if (is_quotable(octets))
        put_quoted(command, octets);
    else
        put_literal(command, octets);
}

static void put_astring(struct cpmsync_command *command, struct cpmsync_slice octets)
{
    if (is_atom(octets) && octets.len <= CPMSYNC_QUOTED_MAX && !cpmsync_slice_is(octets, "NIL"))
        put(command, octets);
    else
        put_string(command, octets);
}

void cpmsync_command_astring(struct cpmsync_command *command, struct cpmsync_slice octets)
{
    put_space(command);
    put_astring(command, octets);
}

/* section-msgtext = "HEADER.FIELDS" SP header-list */
void cpmsync_command_header_fields(struct cpmsync_command *command, const char *const *names, size_t count)
{
    if (count == 0)
        refuse(command);
    put_space(command);
    put(command, CPMSYNC_SLICE("BODY.PEEK[HEADER.FIELDS ("));
    for (size_t i = 0; i < count; i++) {
        if (i)
            put(command, CPMSYNC_SLICE(" "));
        put_astring(command, cpmsync_slice_str(names[i]));
    }
    put(command, CPMSYNC_SLICE(")]"));
}

void cpmsync_command_string(struct cpmsync_command *command, struct cpmsync_slice octets)
{
    put_space(command);
    put_string(command, octets);
}

static void begin_secret(struct cpmsync_command *command)
{
    if (!command->secret)
        command->secret_from = command->bytes.len;
    command->secret = true;
    command->bytes.secret = true;
}

void cpmsync_command_secret(struct cpmsync_command *command, struct cpmsync_slice octets)
{
    put_space(command);
    begin_secret(command);
    put_astring(command, octets);
}

/* base64, "=" for an empty initial response, "*" to cancel; an empty line only as a line of its own. */
static bool is_base64(struct cpmsync_slice text, bool alone)
{
    size_t len = text.len;
    size_t i;

    if (len == 0)
        return alone;
    if (len == 1)
        return text.data[0] == '=' || text.data[0] == '*';
    for (i = 0; i < 2 && text.data[len - 1] == '='; i++)
        len--;
    for (i = 0; i < len; i++) {
        if (!is_letter_or_digit(text.data[i]) && text.data[i] != '+' && text.data[i] != '/')
            return false;
    }
    return text.len % 4 == 0;
}

void cpmsync_command_base64(struct cpmsync_command *command, struct cpmsync_slice text)
{
    if (!is_base64(text, !command->spaced))
        refuse(command);
    put_space(command);
    begin_secret(command);
    put(command, text);
}

void cpmsync_command_set(struct cpmsync_command *command, const struct cpmsync_uidset *set)
{
    size_t before;
    size_t next = 0;
    int error;

    if (set->count == 0)
        refuse(command);
    put_space(command);
    if (command->error)
        return;
    before = command->bytes.len;
    error = cpmsync_uidset_format(set, &command->bytes, CPMSYNC_COMMAND_LINE_MAX - command->line, &next);
    command->line += command->bytes.len - before;
    if (error)
        fail(command, error);
    else if (next < set->count)
        fail(command, CPMSYNC_ERR_LIMIT);
}

void cpmsync_command_range(struct cpmsync_command *command, uint32_t first, uint32_t last)
{
    if (first == 0 || last < first)
        refuse(command);
    put_space(command);
    put_number(command, first);
    if (last == first)
        return;
    put(command, CPMSYNC_SLICE(":"));
    put_number(command, last);
}

/* flag = "\" atom / atom, without \Recent (F-01) */
void cpmsync_command_flag(struct cpmsync_command *command, struct cpmsync_slice flag)
{
    struct cpmsync_slice name = flag;

    if (name.len && name.data[0] == '\\') {
        name.data++;
        name.len--;
    }
    if (!is_atom(name) || cpmsync_slice_is(flag, "\\Recent"))
        refuse(command);
    put_space(command);
    put(command, flag);
}

void cpmsync_command_open(struct cpmsync_command *command)
{
    put_space(command);
    put(command, CPMSYNC_SLICE("("));
    command->spaced = false;
    command->depth++;
}

void cpmsync_command_close(struct cpmsync_command *command)
{
    if (command->depth == 0 || !command->spaced)
        refuse(command);
    else
        command->depth--;
    put(command, CPMSYNC_SLICE(")"));
    command->spaced = true;
}

int cpmsync_command_end(struct cpmsync_command *command)
{
    if (command->depth > 0)
        refuse(command);
    return command->error;
}
