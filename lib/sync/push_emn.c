/* SPDX-License-Identifier: MIT */
#include "sync/push_emn.h"

#include "sync/push_url.h"

/* ---- what both forms say */

static void take_attribute(
    struct cpmsync_push_hint *hint, struct cpmsync_slice name, const struct cpmsync_push_text *value)
{
    if (cpmsync_slice_is(name, "mailbox"))
        cpmsync_push_url(hint, cpmsync_push_text_slice(value));
    else if (cpmsync_slice_is(name, "timestamp"))
        cpmsync_push_time(cpmsync_push_text_slice(value), &hint->time_ms);
}

static void skip(struct cpmsync_slice *text, size_t len)
{
    text->data += len;
    text->len -= len;
}

static void empty(struct cpmsync_push_text *text)
{
    text->len = 0;
    text->too_long = false;
}

/* ---- XML */

static bool is_space(uint8_t octet)
{
    return octet == ' ' || octet == '\t' || octet == '\r' || octet == '\n';
}

static void skip_space(struct cpmsync_slice *text)
{
    while (text->len && is_space(text->data[0]))
        skip(text, 1);
}

static bool starts(struct cpmsync_slice text, struct cpmsync_slice with)
{
    return text.len >= with.len && memcmp(text.data, with.data, with.len) == 0;
}

/* Behind the next `end`; all of it if there is none. */
static void skip_past(struct cpmsync_slice *text, struct cpmsync_slice end)
{
    while (text->len && !starts(*text, end))
        skip(text, 1);
    skip(text, text->len ? end.len : 0);
}

/* Behind "<!DOCTYPE ... [ ... ]>". What it declares is not looked at. */
static void skip_doctype(struct cpmsync_slice *text)
{
    bool inside = false;

    for (; text->len && (inside || text->data[0] != '>'); skip(text, 1)) {
        if (text->data[0] == '[')
            inside = true;
        else if (text->data[0] == ']')
            inside = false;
    }
    skip(text, text->len ? 1 : 0);
}

/* misc* doctypedecl? misc*, leaving the '<' of the root element. */
static void skip_prolog(struct cpmsync_slice *text)
{
    for (;;) {
        skip_space(text);
        if (starts(*text, CPMSYNC_SLICE("<?")))
            skip_past(text, CPMSYNC_SLICE("?>"));
        else if (starts(*text, CPMSYNC_SLICE("<!--")))
            skip_past(text, CPMSYNC_SLICE("-->"));
        else if (starts(*text, CPMSYNC_SLICE("<!")))
            skip_doctype(text);
        else
            return;
    }
}

static struct cpmsync_slice take_name(struct cpmsync_slice *text)
{
    struct cpmsync_slice name = cpmsync_slice_of(text->data, 0);

    for (; text->len && !is_space(text->data[0]) && !strchr("=/>\"'<", text->data[0]); skip(text, 1))
        name.len++;
    return name;
}

static void add_entity(struct cpmsync_push_text *value, struct cpmsync_slice name)
{
    static const char *const names[] = {"amp", "lt", "gt", "quot", "apos"};
    static const char characters[] = "&<>\"'";
    uint32_t number = 0;
    uint32_t base = name.len > 1 && (name.data[1] == 'x' || name.data[1] == 'X') ? 16 : 10;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (cpmsync_slice_eq(name, cpmsync_slice_str(names[i]))) {
            cpmsync_push_text_add(value, characters + i, 1);
            return;
        }
    }
    for (size_t i = base == 16 ? 2 : 1; i < name.len && name.data[0] == '#' && number <= 0x10ffff; i++) {
        unsigned worth = cpmsync_push_digit(name.data[i]);
        number = worth < base ? number * base + worth : UINT32_MAX;
    }
    cpmsync_push_text_add_character(value, number); /* an entity of the document's own spoils it */
}

/* AttValue. False if its end is missing. */
static bool take_value(struct cpmsync_slice *text, struct cpmsync_push_text *value)
{
    uint8_t quote = text->len ? text->data[0] : 0;

    empty(value);
    if (quote != '"' && quote != '\'')
        return false;
    skip(text, 1);
    while (text->len && text->data[0] != quote) {
        struct cpmsync_slice entity = cpmsync_slice_of(text->data + 1, 0);
        if (text->data[0] != '&') {
            cpmsync_push_text_add(value, text->data, 1);
            skip(text, 1);
            continue;
        }
        for (skip(text, 1); text->len && text->data[0] != ';' && text->data[0] != quote; skip(text, 1))
            entity.len++;
        add_entity(value, entity);
        skip(text, text->len && text->data[0] == ';');
    }
    skip(text, text->len ? 1 : 0);
    return true;
}

int cpmsync_push_emn_xml(struct cpmsync_push_hint *hint, struct cpmsync_slice text)
{
    struct cpmsync_push_text value;

    skip_prolog(&text);
    if (!starts(text, CPMSYNC_SLICE("<")))
        return CPMSYNC_ERR_UNSUPPORTED;
    skip(&text, 1);
    if (!cpmsync_slice_is(take_name(&text), "emn"))
        return CPMSYNC_ERR_UNSUPPORTED;
    for (;;) {
        skip_space(&text);
        if (text.len == 0)
            return CPMSYNC_ERR_UNSUPPORTED;
        if (text.data[0] == '>' || text.data[0] == '/')
            return 0;
        struct cpmsync_slice name = take_name(&text);
        skip_space(&text);
        if (name.len == 0 || !starts(text, CPMSYNC_SLICE("=")))
            return CPMSYNC_ERR_UNSUPPORTED;
        skip(&text, 1);
        skip_space(&text);
        if (!take_value(&text, &value))
            return CPMSYNC_ERR_UNSUPPORTED;
        take_attribute(hint, name, &value);
    }
}

/* ---- WBXML (WAP-192), the tokens of EMN 1.0 */

enum {
    PUBLIC_ID_UNKNOWN = 0x01,
    PUBLIC_ID_EMN = 0x0d,
    TAG_EMN = 0x05,
    TAG_ATTRIBUTES = 0x80,
    TAG_CONTENT = 0x40,
    VALUE_FIRST = 0x85
};

enum global {
    GLOBAL_SWITCH_PAGE = 0x00,
    GLOBAL_END = 0x01,
    GLOBAL_ENTITY = 0x02,
    GLOBAL_STR_I = 0x03,
    GLOBAL_LITERAL = 0x04,
    GLOBAL_STR_T = 0x83,
    GLOBAL_OPAQUE = 0xc3
};

/* Of code page 0. The attribute, and how its value begins. */
static const struct {
    const char *name;
    const char *begin;
} ATTRIBUTES[] = {
    {"timestamp", ""},                                                                                        /* 05 */
    {"mailbox", ""}, {"mailbox", "mailat:"}, {"mailbox", "pop://"}, {"mailbox", "imap://"},                   /* 09 */
    {"mailbox", "http://"}, {"mailbox", "http://www."}, {"mailbox", "https://"}, {"mailbox", "https://www."}, /* 0d */
};
enum { ATTRIBUTE_FIRST = 0x05, ATTRIBUTE_COUNT = sizeof ATTRIBUTES / sizeof ATTRIBUTES[0] };

static const char *const VALUES[] = {".com", ".edu", ".net", ".org"}; /* from VALUE_FIRST on */
enum { VALUE_COUNT = sizeof VALUES / sizeof VALUES[0] };

struct wbxml {
    struct cpmsync_slice rest;
    struct cpmsync_slice strings;
    bool cut;
    struct cpmsync_slice name; /* of the attribute that is being read; "" is none */
    struct cpmsync_push_text value;
};

static uint8_t octet(struct wbxml *in)
{
    if (in->rest.len == 0) {
        in->cut = true;
        return GLOBAL_END;
    }
    uint8_t value = in->rest.data[0];
    skip(&in->rest, 1);
    return value;
}

/* mb_u_int32: seven bits an octet, the first ones first; the high bit says that more follow. */
static uint32_t number(struct wbxml *in)
{
    uint32_t value = 0;
    uint8_t next;

    do {
        next = octet(in);
        if (value > UINT32_MAX >> 7)
            in->cut = true;
        value = value << 7 | (next & 0x7fU);
    } while ((next & 0x80) && !in->cut);
    return value;
}

static struct cpmsync_slice octets(struct wbxml *in, uint32_t len)
{
    struct cpmsync_slice taken = cpmsync_slice_of(in->rest.data, len);

    if (len > in->rest.len) {
        in->cut = true;
        taken.len = 0;
    }
    skip(&in->rest, taken.len);
    return taken;
}

/* Up to its NUL, which is not part of it. */
static struct cpmsync_slice string_in(struct wbxml *in, struct cpmsync_slice text)
{
    const uint8_t *end = text.len ? memchr(text.data, 0, text.len) : NULL;

    if (!end)
        in->cut = true;
    return cpmsync_slice_of(text.data, end ? (size_t)(end - text.data) : 0);
}

static struct cpmsync_slice string_inline(struct wbxml *in)
{
    struct cpmsync_slice text = string_in(in, in->rest);

    if (!in->cut)
        skip(&in->rest, text.len + 1);
    return text;
}

static struct cpmsync_slice string_of_table(struct wbxml *in)
{
    uint32_t at = number(in);
    struct cpmsync_slice text = in->strings;

    if (at > text.len)
        at = (uint32_t)text.len;
    skip(&text, at);
    return string_in(in, text);
}

static void add(struct wbxml *in, struct cpmsync_slice text)
{
    cpmsync_push_text_add(&in->value, text.data, text.len);
}

static void end_attribute(struct wbxml *in, struct cpmsync_push_hint *hint)
{
    if (in->name.len)
        take_attribute(hint, in->name, &in->value);
    in->name.len = 0;
    empty(&in->value);
}

/* %DateTime as opaque data: two digits an octet, "20040614101112"; zeros at the end are left off. */
static void add_opaque(struct wbxml *in, struct cpmsync_slice data)
{
    static const char pattern[] = "nn-n-nTn:n:nZ"; /* n: the digits of an octet */
    size_t at = 0;

    if (!cpmsync_slice_is(in->name, "timestamp")) {
        add(in, data);
        return;
    }
    for (const char *next = pattern; *next; next++) {
        uint8_t packed = *next == 'n' && at < data.len ? data.data[at] : 0;
        char digits[2] = {(char)('0' + (packed >> 4)), (char)('0' + (packed & 0xf))}; /* above 9 it is no time */
        at += *next == 'n';
        cpmsync_push_text_add(&in->value, *next == 'n' ? digits : next, *next == 'n' ? 2 : 1);
    }
    in->value.too_long |= at < data.len;
}

/* One token of an attribute list; false at its end, and where it cannot go on. */
static bool take_token(struct wbxml *in, struct cpmsync_push_hint *hint)
{
    uint8_t token = octet(in);

    if (token >= ATTRIBUTE_FIRST && token < ATTRIBUTE_FIRST + ATTRIBUTE_COUNT) {
        end_attribute(in, hint);
        in->name = cpmsync_slice_str(ATTRIBUTES[token - ATTRIBUTE_FIRST].name);
        add(in, cpmsync_slice_str(ATTRIBUTES[token - ATTRIBUTE_FIRST].begin));
        return true;
    }
    if (token >= VALUE_FIRST && token < VALUE_FIRST + VALUE_COUNT) {
        add(in, cpmsync_slice_str(VALUES[token - VALUE_FIRST]));
        return true;
    }
    switch (token) {
    case GLOBAL_SWITCH_PAGE:
        in->cut |= octet(in) != 0; /* there is no other page */
        return true;
    case GLOBAL_STR_I:
        add(in, string_inline(in));
        return true;
    case GLOBAL_STR_T:
        add(in, string_of_table(in));
        return true;
    case GLOBAL_ENTITY:
        cpmsync_push_text_add_character(&in->value, number(in));
        return true;
    case GLOBAL_OPAQUE:
        add_opaque(in, octets(in, number(in)));
        return true;
    case GLOBAL_LITERAL:
        end_attribute(in, hint);
        in->name = string_of_table(in);
        return true;
    default:
        in->cut |= token != GLOBAL_END; /* extensions, processing instructions, tokens of another version */
        return false;
    }
}

/* version publicid charset strtbl: whether the document type may be EMN's. */
static bool take_head(struct wbxml *in)
{
    bool named;
    uint8_t version = octet(in);
    uint32_t id = number(in);
    uint32_t at = 0;

    named = id == 0;
    if (named)
        at = number(in);
    if (version > 0) /* 1.0 has no charset */
        number(in);
    in->strings = octets(in, number(in));
    if (!named)
        return id == PUBLIC_ID_EMN || id == PUBLIC_ID_UNKNOWN;
    if (at > in->strings.len)
        return false;
    skip(&in->strings, at);
    bool emn = cpmsync_slice_is(string_in(in, in->strings), "-//WAPFORUM//DTD EMN 1.0//EN");
    in->strings.data -= at;
    in->strings.len += at;
    return emn;
}

int cpmsync_push_emn_wbxml(struct cpmsync_push_hint *hint, struct cpmsync_slice data)
{
    struct wbxml in;

    in.rest = data;
    in.cut = false;
    in.name = in.strings = cpmsync_slice_of(NULL, 0);
    empty(&in.value);
    if (!take_head(&in) || in.cut)
        return CPMSYNC_ERR_UNSUPPORTED;
    uint8_t tag = octet(&in);
    if ((tag & (uint8_t)~TAG_CONTENT) == TAG_EMN)
        return 0; /* without attributes */
    if ((tag & (uint8_t)~TAG_CONTENT) != (TAG_EMN | TAG_ATTRIBUTES))
        return CPMSYNC_ERR_UNSUPPORTED;
    while (!in.cut && take_token(&in, hint)) {
    }
    if (in.cut)
        return CPMSYNC_ERR_UNSUPPORTED;
    end_attribute(&in, hint);
    return 0;
}
