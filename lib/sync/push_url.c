/* SPDX-License-Identifier: MIT */
#include "sync/push_url.h"

static struct cpmsync_slice from(struct cpmsync_slice text, size_t at)
{
    return cpmsync_slice_of(text.data + at, text.len - at);
}

static struct cpmsync_slice before(struct cpmsync_slice text, size_t at)
{
    return cpmsync_slice_of(text.data, at);
}

/* text.len if it is not there. */
static size_t find(struct cpmsync_slice text, char octet)
{
    const uint8_t *at = text.len ? memchr(text.data, octet, text.len) : NULL;

    return at ? (size_t)(at - text.data) : text.len;
}

static size_t find_last(struct cpmsync_slice text, char octet)
{
    for (size_t i = text.len; i-- > 0;)
        if (text.data[i] == (uint8_t)octet)
            return i;
    return text.len;
}

/* The place of `word` in any case, text.len if it is not there. */
static size_t find_word(struct cpmsync_slice text, struct cpmsync_slice word)
{
    for (size_t i = 0; i + word.len <= text.len; i++)
        if (cpmsync_slice_ieq(before(from(text, i), word.len), word))
            return i;
    return text.len;
}

static bool take_prefix(struct cpmsync_slice *text, struct cpmsync_slice prefix)
{
    if (text->len < prefix.len || !cpmsync_slice_ieq(before(*text, prefix.len), prefix))
        return false;
    *text = from(*text, prefix.len);
    return true;
}

/* Unescapes a name into `to`, which is "" for one that cannot be one or does not fit. */
static void take_name(char *to, size_t size, struct cpmsync_slice escaped)
{
    size_t len = 0;

    memset(to, 0, size);
    for (size_t i = 0; i < escaped.len; i++) {
        uint8_t octet = escaped.data[i];
        if (octet == '%') {
            unsigned high = i + 2 < escaped.len ? cpmsync_push_digit(escaped.data[i + 1]) : 16;
            unsigned low = i + 2 < escaped.len ? cpmsync_push_digit(escaped.data[i + 2]) : 16;
            octet = high < 16 && low < 16 ? (uint8_t)(high << 4 | low) : 0;
            i += 2;
        }
        if (octet < 0x20 || octet == 0x7f || len + 1 == size) {
            memset(to, 0, size);
            return;
        }
        to[len++] = (char)octet;
    }
}

static void take_number(uint32_t *to, struct cpmsync_slice digits)
{
    uint64_t number;

    if (*to == 0 && cpmsync_slice_number(digits, UINT32_MAX, &number))
        *to = (uint32_t)number;
}

/* [iuserinfo "@"] host [":" port]; a user with an '@' of its own is borne. */
static void take_account(struct cpmsync_push_hint *hint, struct cpmsync_slice server)
{
    size_t at = find_last(server, '@');
    struct cpmsync_slice host = at < server.len ? from(server, at + 1) : server;
    size_t bracket = find(host, ']'); /* an IPv6 address has colons inside its brackets */
    size_t port = bracket < host.len ? bracket + 1 : find(host, ':');

    if (at < server.len && !hint->user[0]) {
        struct cpmsync_slice user = before(server, at);
        take_name(hint->user, sizeof hint->user, before(user, find_word(user, CPMSYNC_SLICE(";AUTH="))));
    }
    if (!hint->host[0])
        take_name(hint->host, sizeof hint->host, before(host, port));
}

/* enc-mailbox [";UIDVALIDITY=" nz-number] ["/;UID=" nz-number ["/;SECTION=" ...] ...] ["?" ...] */
static void take_path(struct cpmsync_push_hint *hint, struct cpmsync_slice path)
{
    path = before(path, find(path, '?'));
    size_t parameters = find(path, ';'); /* a ';' of the name is escaped */
    struct cpmsync_slice mailbox = before(path, parameters);

    while (mailbox.len && mailbox.data[mailbox.len - 1] == '/')
        mailbox.len--;
    if (!hint->mailbox[0])
        take_name(hint->mailbox, sizeof hint->mailbox, mailbox);
    path = from(path, parameters);
    while (path.len) {
        struct cpmsync_slice parameter = before(path, find(path, '/'));
        path = from(path, parameter.len + (parameter.len < path.len));
        if (take_prefix(&parameter, CPMSYNC_SLICE(";UIDVALIDITY=")))
            take_number(&hint->uidvalidity, parameter);
        else if (take_prefix(&parameter, CPMSYNC_SLICE(";UID=")))
            take_number(&hint->uid, parameter);
    }
}

void cpmsync_push_url(struct cpmsync_push_hint *hint, struct cpmsync_slice url)
{
    if (take_prefix(&url, CPMSYNC_SLICE("mailat:"))) {
        take_account(hint, before(url, find(url, '?')));
        return;
    }
    if (!take_prefix(&url, CPMSYNC_SLICE("imap://")) && !take_prefix(&url, CPMSYNC_SLICE("imaps://")))
        return;
    size_t slash = find(url, '/');
    take_account(hint, before(url, slash));
    if (slash < url.len)
        take_path(hint, from(url, slash + 1));
}
