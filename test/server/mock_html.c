/* SPDX-License-Identifier: MIT */
#include "mock_html.h"

#include "mock_slice.h"

struct page {
    struct cpmsync_buf *out;
    size_t begin;  /* of what is ours in `out` */
    bool blank;    /* blanks were seen that are still to be written */
    bool in_title; /* or a script, or a style: not shown */
    int error;
};

static bool at_line_start(const struct page *page)
{
    return page->out->len == page->begin || cpmsync_buf_data(page->out)[page->out->len - 1] == '\n';
}

static void put(struct page *page, const void *data, size_t len)
{
    page->error = page->error ? page->error : cpmsync_buf_add(page->out, data, len);
}

static void end_line(struct page *page)
{
    page->blank = false;
    if (!at_line_start(page))
        put(page, "\r\n", 2);
}

static void put_octets(struct page *page, const uint8_t *data, size_t len)
{
    if (page->in_title)
        return;
    if (page->blank && !at_line_start(page))
        put(page, " ", 1);
    page->blank = false;
    put(page, data, len);
}

static size_t encode_utf8(uint64_t code, uint8_t *out)
{
    if (code < 0x80) {
        out[0] = (uint8_t)code;
        return 1;
    }
    size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4, i;
    for (i = len; i-- > 1; code >>= 6)
        out[i] = (uint8_t)(0x80 | (code & 0x3f));
    out[0] = (uint8_t)((len == 2 ? 0xc0 : len == 3 ? 0xe0 : 0xf0) | code);
    return len;
}

static bool read_hex(struct cpmsync_slice text, uint64_t *code)
{
    size_t i;
    for (i = 0, *code = 0; i < text.len && i < 6; i++) {
        uint8_t c = text.data[i] | 0x20;
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
            return false;
        *code = *code * 16 + (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return text.len > 0 && i == text.len;
}

/* "&" name ";" or "&#" number ";": how many octets it takes, 0 where it is none. */
static size_t put_entity(struct page *page, struct cpmsync_slice text)
{
    static const struct {
        const char *name;
        uint64_t code;
    } NAMES[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}, {"nbsp", ' '}};
    const uint8_t *end = (const uint8_t *)memchr(text.data, ';', text.len < 12 ? text.len : 12);
    uint8_t octets[4];
    uint64_t code = 0;
    size_t i;
    if (!end)
        return 0;
    struct cpmsync_slice name = cpmsync_slice_of(text.data + 1, (size_t)(end - text.data) - 1);
    for (i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (cpmsync_slice_eq(name, cpmsync_slice_str(NAMES[i].name)))
            code = NAMES[i].code;
    if (!code && name.len > 1 && name.data[0] == '#') {
        struct cpmsync_slice digits = cpmsync_slice_of(name.data + 1, name.len - 1);
        bool hex = (digits.data[0] | 0x20) == 'x';
        if (hex ? !read_hex(cpmsync_slice_of(digits.data + 1, digits.len - 1), &code)
                : !cpmsync_slice_number(digits, 0x10ffff, &code))
            return 0;
    }
    if (code < 0x20 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        return 0;
    put_octets(page, octets, encode_utf8(code, octets));
    return name.len + 2;
}

/* "<" ["/"] name ... ">" */
static void meet_tag(struct page *page, struct cpmsync_slice tag)
{
    static const char *const HIDDEN[] = {"title", "script", "style"};
    static const char *const BLOCKS[] = {"p", "div", "br", "tr", "table", "ul", "ol", "li", "h1", "h2", "h3", "h4",
        "h5", "h6", "blockquote", "pre", "hr", "body", "html", "head"};
    bool closing = tag.len && tag.data[0] == '/';
    size_t start = closing ? 1 : 0, len = start, i;
    while (len < tag.len && !strchr(" \t\r\n/", tag.data[len]))
        len++;
    struct cpmsync_slice name = cpmsync_slice_of(tag.data + start, len - start);
    for (i = 0; i < sizeof HIDDEN / sizeof *HIDDEN; i++)
        if (cpmsync_slice_is(name, HIDDEN[i]))
            page->in_title = !closing;
    for (i = 0; i < sizeof BLOCKS / sizeof *BLOCKS; i++)
        if (cpmsync_slice_is(name, BLOCKS[i]))
            end_line(page);
    if (!closing && cpmsync_slice_is(name, "li"))
        put(page, "* ", 2);
    if (!closing && (cpmsync_slice_is(name, "td") || cpmsync_slice_is(name, "th")) && !at_line_start(page))
        put(page, "\t", 1);
}

/* A comment ends in "-->", a tag in ">"; octets it takes with its "<". */
static size_t tag_length(struct cpmsync_slice text)
{
    size_t i;
    bool comment = text.len >= 4 && memcmp(text.data, "<!--", 4) == 0;
    for (i = comment ? 6 : 1; i < text.len; i++)
        if (text.data[i] == '>' && (!comment || memcmp(text.data + i - 2, "--", 2) == 0))
            return i + 1;
    return text.len;
}

int cpmsync_mock_html_to_text(struct cpmsync_slice html, struct cpmsync_buf *out)
{
    struct page page = {out, out->len, false, false, 0};
    while (html.len && !page.error) {
        uint8_t c = html.data[0];
        size_t used = 1;
        if (c == '<') {
            used = tag_length(html);
            if (html.data[1 < html.len ? 1 : 0] != '!')
                meet_tag(&page, cpmsync_slice_of(html.data + 1, used > 2 ? used - 2 : 0));
        } else if (c == '&' && (used = put_entity(&page, html)) != 0)
            ;
        else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            used = 1;
            page.blank = true;
        } else {
            used = 1;
            put_octets(&page, &c, 1);
        }
        html = cpmsync_mock_behind(html, used);
    }
    end_line(&page);
    return page.error;
}
