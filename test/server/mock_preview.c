/* SPDX-License-Identifier: MIT */
#include "mock_preview.h"

#include "mock_decode.h"

enum { CHARACTERS_MAX = 200 };

static bool is_html(const struct mock_part *part, const struct cpmsync_allocator *mem)
{
    struct cpmsync_buf field;
    struct cpmsync_slice type, subtype, rest;
    cpmsync_buf_init(&field, mem, 65536);
    cpmsync_mock_field(part->header, "Content-Type", &field);
    cpmsync_mock_media_type(cpmsync_buf_slice(&field), &type, &subtype, &rest);
    bool html = cpmsync_slice_is(subtype, "html");
    cpmsync_buf_clear(&field);
    return html;
}

/* Plain text before HTML. */
static const struct mock_part *choose(const struct mock_parts *parts, bool *html)
{
    const struct mock_part *found = NULL;
    size_t i;
    *html = false;
    for (i = 0; i < parts->count; i++) {
        if (parts->parts[i].kind != MOCK_TEXT)
            continue;
        bool is = is_html(&parts->parts[i], parts->mem);
        if (!found || (*html && !is)) {
            found = &parts->parts[i];
            *html = is;
        }
    }
    return found;
}

/* Blanks and line ends become one blank; what stands between angle brackets is left out of HTML. */
static int squeeze(struct cpmsync_slice text, bool html, struct cpmsync_buf *out)
{
    size_t characters = 0, start = out->len, i;
    bool blank = false, inside = false;
    int error = 0;
    for (i = 0; i < text.len && !error; i++) {
        uint8_t c = text.data[i];
        bool begins = (c & 0xc0) != 0x80;
        if (html && (c == '<' || inside)) {
            inside = c != '>';
            blank = true;
        } else if (c <= ' ' || c == 0x7f)
            blank = true;
        else {
            if (begins && characters + (blank ? 2 : 1) > CHARACTERS_MAX)
                break;
            if (begins && blank && out->len > start) {
                error = cpmsync_buf_add_char(out, ' ');
                characters++;
            }
            blank = false;
            characters += begins;
            error = error ? error : cpmsync_buf_add_char(out, (char)c);
        }
    }
    return error;
}

int cpmsync_mock_preview(const struct mock_parts *parts, struct cpmsync_buf *out)
{
    struct cpmsync_buf text;
    bool html;
    const struct mock_part *part = choose(parts, &html);
    if (!part)
        return 0;
    cpmsync_buf_init(&text, out->mem, 2 * part->body.len + 1);
    int error = cpmsync_mock_decode_text(part->header, part->body, &text);
    error = error ? error : squeeze(cpmsync_buf_slice(&text), html, out);
    cpmsync_buf_clear(&text);
    return error;
}
