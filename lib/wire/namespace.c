/* SPDX-License-Identifier: MIT */
#include "wire/namespace.h"

#include <cpmsync/error.h>

#include "wire/lex.h"

enum { KINDS = 3 };

void cpmsync_namespaces_init(struct cpmsync_namespaces *namespaces, struct cpmsync_slice items)
{
    namespaces->rest = items;
    namespaces->kind = 0;
    namespaces->inside = false;
}

/* namespace = nil / "(" 1*namespace-descr ")" */
static bool begin_class(struct cpmsync_namespaces *at, bool *nil)
{
    struct cpmsync_slice word;

    (void)cpmsync_lex_space(&at->rest);
    if (cpmsync_lex_char(&at->rest, '('))
        return true;
    *nil = true;
    return cpmsync_lex_atom(&at->rest, &word) && cpmsync_slice_is(word, "NIL");
}

/* namespace-descr = "(" string SP (DQUOTE QUOTED-CHAR DQUOTE / nil) *(namespace-response-extension) ")" */
static bool read_one(struct cpmsync_namespaces *at, struct cpmsync_string *prefix, int *delimiter)
{
    struct cpmsync_string string;
    struct cpmsync_slice value;
    uint8_t octet = 0;

    (void)cpmsync_lex_space(&at->rest);
    if (!cpmsync_lex_char(&at->rest, '('))
        return false;
    (void)cpmsync_lex_space(&at->rest);
    if (!cpmsync_lex_string(&at->rest, true, prefix) || !cpmsync_lex_space(&at->rest) ||
        !cpmsync_lex_string(&at->rest, true, &string))
        return false;
    *delimiter = cpmsync_string_copy(&string, &octet, 1) == 1 ? octet : -1;
    while (cpmsync_lex_space(&at->rest) && cpmsync_lex_value(&at->rest, CPMSYNC_DEPTH_MAX, &value))
        ;
    return cpmsync_lex_char(&at->rest, ')');
}

int cpmsync_namespaces_next(
    struct cpmsync_namespaces *namespaces, unsigned *kind, struct cpmsync_string *prefix, int *delimiter)
{
    while (namespaces->kind < KINDS) {
        bool nil = false;

        if (!namespaces->inside && !begin_class(namespaces, &nil))
            return CPMSYNC_ERR_PROTOCOL;
        namespaces->inside = !nil;
        (void)cpmsync_lex_space(&namespaces->rest);
        if (nil || cpmsync_lex_char(&namespaces->rest, ')')) {
            namespaces->inside = false;
            namespaces->kind++;
            continue;
        }
        *kind = namespaces->kind;
        return read_one(namespaces, prefix, delimiter) ? 1 : CPMSYNC_ERR_PROTOCOL;
    }
    return 0;
}
