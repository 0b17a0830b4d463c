/* SPDX-License-Identifier: MIT */
#include "session/capability.h"

#include "base/err.h"

/* RFC 9051 E.2 */
#define FOLDED "NAMESPACE UNSELECT UIDPLUS ESEARCH SEARCHRES ENABLE IDLE SASL-IR LIST-STATUS MOVE LITERAL-"

/* Behind a text that is shown as a C string. */
static int terminate(struct cpmsync_buf *text)
{
    uint8_t *end;
    int rc = cpmsync_buf_reserve(text, 1, &end);

    if (rc == 0)
        *end = '\0';
    return rc;
}

static const char *text_of(const struct cpmsync_buf *text)
{
    return text->len ? (const char *)cpmsync_buf_data(text) : "";
}

static void swap(struct cpmsync_buf *a, struct cpmsync_buf *b)
{
    struct cpmsync_buf c = *a;

    *a = *b;
    *b = c;
}

void cpmsync_capability_init(struct cpmsync_capability *list, const struct cpmsync_allocator *mem,
    const char *const *disabled, size_t disabled_count)
{
    list->disabled = disabled;
    list->disabled_count = disabled_count;
    list->known = false;
    cpmsync_buf_init(&list->incoming, mem, CPMSYNC_CAPABILITY_OCTETS_MAX);
    cpmsync_buf_init(&list->listed, mem, CPMSYNC_CAPABILITY_OCTETS_MAX);
    cpmsync_buf_init(&list->allowed, mem, CPMSYNC_CAPABILITY_OCTETS_MAX);
}

void cpmsync_capability_clear(struct cpmsync_capability *list)
{
    list->known = false;
    cpmsync_buf_clear(&list->incoming);
    cpmsync_buf_clear(&list->listed);
    cpmsync_buf_clear(&list->allowed);
}

bool cpmsync_capability_next(struct cpmsync_slice *items, struct cpmsync_slice *word)
{
    size_t start = 0;
    size_t end;

    while (start < items->len && items->data[start] == ' ')
        start++;
    for (end = start; end < items->len && items->data[end] != ' ';)
        end++;
    if (end == start)
        return false;
    *word = cpmsync_slice_of(items->data + start, end - start);
    *items = cpmsync_slice_of(items->data + end, items->len - end);
    return true;
}

bool cpmsync_capability_among(struct cpmsync_slice items, const char *name)
{
    struct cpmsync_slice word;

    while (cpmsync_capability_next(&items, &word)) {
        if (cpmsync_slice_is(word, name))
            return true;
    }
    return false;
}

static bool disabled(const struct cpmsync_capability *list, struct cpmsync_slice word)
{
    for (size_t i = 0; i < list->disabled_count; i++) {
        if (cpmsync_slice_is(word, list->disabled[i]))
            return true;
        if (cpmsync_slice_is(word, "QRESYNC") && cpmsync_slice_is(CPMSYNC_SLICE("CONDSTORE"), list->disabled[i]))
            return true;
    }
    return false;
}

/* The word and the SP before it, or nothing at all. One octet is left for the NUL. */
static int add_word(struct cpmsync_buf *text, struct cpmsync_slice word)
{
    size_t space = text->len ? 1 : 0;
    uint8_t *to;
    int rc;

    if (word.len + space + 1 > text->max - text->len)
        return 0;
    rc = cpmsync_buf_reserve(text, word.len + space, &to);
    if (rc)
        return rc;
    if (space)
        *to++ = ' ';
    memcpy(to, word.data, word.len);
    cpmsync_buf_grown(text, word.len + space);
    return 0;
}

static int finish(struct cpmsync_capability *list)
{
    struct cpmsync_buf allowed;
    struct cpmsync_slice items = cpmsync_buf_slice(&list->incoming);
    struct cpmsync_slice word;
    int rc = 0;

    cpmsync_buf_init(&allowed, list->incoming.mem, CPMSYNC_CAPABILITY_OCTETS_MAX);
    while (rc == 0 && cpmsync_capability_next(&items, &word)) {
        if (!disabled(list, word))
            rc = add_word(&allowed, word);
    }
    if (rc == 0)
        rc = terminate(&allowed);
    if (rc == 0)
        rc = terminate(&list->incoming);
    if (rc == 0) {
        swap(&list->listed, &list->incoming);
        swap(&list->allowed, &allowed);
        list->known = true;
    }
    cpmsync_buf_clear(&allowed);
    cpmsync_buf_truncate(&list->incoming, 0);
    return rc ? rc : 1;
}

int cpmsync_capability_take(struct cpmsync_capability *list, struct cpmsync_slice items, bool more, bool continued)
{
    struct cpmsync_slice word;

    if (!continued)
        cpmsync_buf_truncate(&list->incoming, 0);
    while (cpmsync_capability_next(&items, &word)) {
        int rc = add_word(&list->incoming, word);

        if (rc)
            return rc;
    }
    return more ? 0 : finish(list);
}

bool cpmsync_capability_lists(const struct cpmsync_capability *list, const char *name)
{
    return cpmsync_capability_among(cpmsync_buf_slice(&list->listed), name);
}

/* What `name` follows from although it need not be listed itself. */
static bool implied(const struct cpmsync_capability *list, const char *name)
{
    static const struct cpmsync_slice folded = {(const uint8_t *)FOLDED, sizeof(FOLDED) - 1};

    if (cpmsync_slice_is(CPMSYNC_SLICE("CONDSTORE"), name) && cpmsync_capability_lists(list, "QRESYNC"))
        return true;
    return cpmsync_capability_lists(list, "IMAP4rev2") && !cpmsync_capability_lists(list, "IMAP4rev1") &&
           cpmsync_capability_among(folded, name);
}

bool cpmsync_capability_can(const struct cpmsync_capability *list, const char *name)
{
    return (cpmsync_capability_lists(list, name) || implied(list, name)) && !disabled(list, cpmsync_slice_str(name));
}

bool cpmsync_capability_is_imap(const struct cpmsync_capability *list)
{
    return cpmsync_capability_lists(list, "IMAP4rev1") || cpmsync_capability_lists(list, "IMAP4rev2");
}

enum cpmsync_literals cpmsync_capability_literals(const struct cpmsync_capability *list)
{
    if (cpmsync_capability_can(list, "LITERAL+"))
        return CPMSYNC_LITERALS_PLUS;
    return cpmsync_capability_can(list, "LITERAL-") ? CPMSYNC_LITERALS_MINUS : CPMSYNC_LITERALS_SYNC;
}

const char *cpmsync_capability_listed(const struct cpmsync_capability *list)
{
    return text_of(&list->listed);
}

const char *cpmsync_capability_allowed(const struct cpmsync_capability *list)
{
    return text_of(&list->allowed);
}
