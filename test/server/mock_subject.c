/* SPDX-License-Identifier: MIT */
#include "mock_subject.h"

#include "mock_slice.h"

static bool take_prefix(struct cpmsync_slice *text, const char *prefix)
{
    size_t len = strlen(prefix);
    if (text->len < len || !cpmsync_slice_is(cpmsync_slice_of(text->data, len), prefix))
        return false;
    *text = cpmsync_mock_behind(*text, len);
    return true;
}

static bool take_suffix(struct cpmsync_slice *text, const char *suffix)
{
    size_t len = strlen(suffix);
    if (text->len < len || !cpmsync_slice_is(cpmsync_slice_of(text->data + (text->len - len), len), suffix))
        return false;
    text->len -= len;
    return true;
}

static void skip_blanks(struct cpmsync_slice *text)
{
    while (take_prefix(text, " "))
        ;
}

/* subj-blob = "[" *BLOBCHAR "]" *WSP */
static bool take_blob(struct cpmsync_slice *text)
{
    size_t end = 1;
    if (text->len == 0 || text->data[0] != '[')
        return false;
    while (end < text->len && text->data[end] != '[' && text->data[end] != ']')
        end++;
    if (end == text->len || text->data[end] != ']')
        return false;
    *text = cpmsync_mock_behind(*text, end + 1);
    skip_blanks(text);
    return true;
}

/* subj-leader = (*subj-blob subj-refwd) / WSP, with subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":" */
static bool take_leader(struct cpmsync_slice *text)
{
    struct cpmsync_slice rest = *text;
    if (take_prefix(text, " "))
        return true;
    while (take_blob(&rest))
        ;
    if (!take_prefix(&rest, "re") && !take_prefix(&rest, "fwd") && !take_prefix(&rest, "fw"))
        return false;
    skip_blanks(&rest);
    take_blob(&rest);
    if (!take_prefix(&rest, ":"))
        return false;
    *text = rest;
    return true;
}

/* A blob at the front goes unless nothing would be left. */
static bool take_leading_blob(struct cpmsync_slice *text)
{
    struct cpmsync_slice rest = *text;
    if (!take_blob(&rest) || rest.len == 0)
        return false;
    *text = rest;
    return true;
}

struct cpmsync_slice cpmsync_mock_base_subject(struct cpmsync_slice subject)
{
    struct cpmsync_slice inner;
    do {
        while (take_suffix(&subject, " ") || take_suffix(&subject, "(fwd)"))
            ;
        while (take_leader(&subject) || take_leading_blob(&subject))
            ;
        inner = subject;
        if (take_prefix(&inner, "[fwd:") && take_suffix(&inner, "]"))
            subject = inner;
        else
            return subject;
    } while (true);
}
