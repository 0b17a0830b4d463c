/* SPDX-License-Identifier: MIT */
#include "mock_url.h"

#include "mock_decode.h"

#include "mock_acl.h"
#include "mock_section.h"

enum { URL_MAX = 65536 };

/* Whether the text goes on with `word`, without regard to case; it is taken off then. */
static bool take_word(struct cpmsync_slice *text, const char *word)
{
    size_t len = strlen(word);
    if (text->len < len || !cpmsync_slice_is(cpmsync_slice_of(text->data, len), word))
        return false;
    *text = cpmsync_mock_behind(*text, len);
    return true;
}

/* What stands before the first of `ends`, or all. */
static struct cpmsync_slice take_until(struct cpmsync_slice *text, const char *ends)
{
    size_t len = 0;
    while (len < text->len && (text->data[len] == 0 || !strchr(ends, text->data[len])))
        len++;
    struct cpmsync_slice taken = cpmsync_slice_of(text->data, len);
    *text = cpmsync_mock_behind(*text, len);
    return taken;
}

static bool take_number(struct cpmsync_slice *text, uint64_t max, uint64_t *number)
{
    return cpmsync_slice_number(take_until(text, "/;.:?# "), max, number);
}

/* Percent-decodes into the storage, which never moves: it was reserved. */
static bool decode(struct mock_url *url, struct cpmsync_slice text, struct cpmsync_slice *decoded)
{
    size_t start = url->storage.len, i;
    for (i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c == '%') {
            int high = i + 2 < text.len ? cpmsync_mock_hex(text.data[i + 1]) : -1;
            int low = high >= 0 ? cpmsync_mock_hex(text.data[i + 2]) : -1;
            if (low < 0 || high * 16 + low == 0)
                return false;
            c = (uint8_t)(high * 16 + low);
            i += 2;
        }
        if (cpmsync_buf_add_char(&url->storage, (char)c) != 0)
            return false;
    }
    *decoded = cpmsync_slice_of(cpmsync_buf_data(&url->storage) + start, url->storage.len - start);
    return true;
}

/* "imap://" [enc-user [";AUTH=" type] "@"] host [":" port], up to the path */
static bool read_server(struct mock_url *url, struct cpmsync_slice *text)
{
    if (!take_word(text, "imap://"))
        return true;
    struct cpmsync_slice server = take_until(text, "/");
    url->has_server = true;
    const uint8_t *at = server.len ? (const uint8_t *)memchr(server.data, '@', server.len) : NULL;
    if (!at)
        return server.len > 0;
    struct cpmsync_slice login = cpmsync_slice_of(server.data, (size_t)(at - server.data));
    struct cpmsync_slice user = take_until(&login, ";");
    return server.data + server.len > at + 1 && decode(url, user, &url->user);
}

/* enc-mailbox [";UIDVALIDITY=" nz-number] "/", or nothing for the selected one; up to ";UID=" */
static bool read_mailbox(struct mock_url *url, struct cpmsync_slice *text)
{
    uint64_t number;
    if (take_word(text, ";UID="))
        return !url->has_server;
    take_word(text, "/");
    struct cpmsync_slice mailbox = take_until(text, ";");
    if (take_word(text, ";UIDVALIDITY=")) {
        if (!take_number(text, UINT32_MAX, &number) || number == 0 || !take_word(text, "/"))
            return false;
        url->uidvalidity = (uint32_t)number;
    } else if (mailbox.len > 0 && mailbox.data[mailbox.len - 1] == '/')
        mailbox.len--;
    else
        return false;
    return mailbox.len > 0 && take_word(text, ";UID=") && decode(url, mailbox, &url->mailbox);
}

static bool read_section(struct mock_url *url, struct cpmsync_slice *text)
{
    struct cpmsync_slice inner;
    size_t start = url->storage.len;
    if (!take_word(text, "/;SECTION="))
        return true;
    struct cpmsync_slice section = take_until(text, ";");
    if (text->len && section.len && section.data[section.len - 1] == '/') {
        section.len--;
        *text = cpmsync_slice_of(text->data - 1, text->len + 1);
    }
    if (section.len == 0 || cpmsync_buf_add_char(&url->storage, '[') != 0 || !decode(url, section, &inner) ||
        cpmsync_buf_add_char(&url->storage, ']') != 0)
        return false;
    url->section = cpmsync_slice_of(cpmsync_buf_data(&url->storage) + start, url->storage.len - start);
    return true;
}

/* "/;PARTIAL=" offset ["." length] */
static bool read_partial(struct mock_url *url, struct cpmsync_slice *text)
{
    uint64_t origin;
    url->length = UINT64_MAX;
    if (!take_word(text, "/;PARTIAL="))
        return true;
    url->partial = true;
    if (!take_number(text, UINT32_MAX, &origin))
        return false;
    url->origin = (uint32_t)origin;
    return !take_word(text, ".") || (take_number(text, UINT32_MAX, &url->length) && url->length > 0);
}

/* date-time of RFC 3339, as far as it is written in digits: 2024-01-31T23:59:59(.9)Z or +01:00 */
static bool read_moment(struct cpmsync_slice text, int64_t *seconds)
{
    static const char FORM[] = "dddd-dd-ddTdd:dd:dd";
    uint64_t fields[6] = {0};
    size_t i, field = 0;
    if (text.len < sizeof FORM)
        return false;
    for (i = 0; FORM[i]; i++) {
        uint8_t c = text.data[i];
        if (FORM[i] != 'd') {
            if (c != (uint8_t)FORM[i] && !(FORM[i] == 'T' && c == 't'))
                return false;
            field++;
        } else if (c >= '0' && c <= '9')
            fields[field] = fields[field] * 10 + (c - '0');
        else
            return false;
    }
    *seconds = cpmsync_mock_days((int64_t)fields[0], (unsigned)fields[1], (unsigned)fields[2]) * 86400 +
               (int64_t)(fields[3] * 3600 + fields[4] * 60 + fields[5]);
    struct cpmsync_slice zone = cpmsync_mock_behind(text, i);
    if (take_word(&zone, "."))
        take_until(&zone, "Zz+-");
    if (take_word(&zone, "Z"))
        return zone.len == 0;
    uint64_t hours, minutes;
    bool west = take_word(&zone, "-");
    if ((!west && !take_word(&zone, "+")) || !take_number(&zone, 23, &hours) || !take_word(&zone, ":") ||
        !take_number(&zone, 59, &minutes) || zone.len)
        return false;
    *seconds -= (int64_t)(hours * 3600 + minutes * 60) * (west ? -1 : 1);
    return true;
}

/* [";EXPIRE=" date-time] ";URLAUTH=" access [":" mechanism ":" token] */
static bool read_urlauth(struct mock_url *url, struct cpmsync_slice whole, struct cpmsync_slice *text)
{
    if (take_word(text, ";EXPIRE=")) {
        url->has_expire = true;
        if (!read_moment(take_until(text, ";"), &url->expire))
            return false;
    }
    if (!take_word(text, ";URLAUTH="))
        return text->len == 0 && !url->has_expire;
    if (!decode(url, take_until(text, ":"), &url->access) || url->access.len == 0)
        return false;
    url->rump = cpmsync_slice_of(whole.data, whole.len - text->len);
    if (text->len == 0)
        return true;
    take_word(text, ":");
    url->mechanism = take_until(text, ":");
    take_word(text, ":");
    url->token = *text;
    return url->mechanism.len && url->token.len;
}

int cpmsync_mock_url_parse(struct mock_url *url, const struct cpmsync_allocator *mem, struct cpmsync_slice text)
{
    struct cpmsync_slice whole = text;
    uint64_t uid;
    uint8_t *room;
    memset(url, 0, sizeof *url);
    cpmsync_buf_init(&url->storage, mem, URL_MAX);
    if (text.len > URL_MAX - 8)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    if (cpmsync_buf_reserve(&url->storage, text.len + 8, &room) != 0)
        return CPMSYNC_ERR_NOMEM;
    if (!read_server(url, &text) || !read_mailbox(url, &text) || !take_number(&text, UINT32_MAX, &uid) || uid == 0 ||
        !read_section(url, &text) || !read_partial(url, &text) || !read_urlauth(url, whole, &text))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    url->uid = (uint32_t)uid;
    return 0;
}

void cpmsync_mock_url_clear(struct mock_url *url)
{
    cpmsync_buf_clear(&url->storage);
}

/* The octets of a section, or all of them where it is empty. */
static int read_octets(struct mock_conn *conn, const struct mock_url *url, struct cpmsync_slice message,
    struct cpmsync_buf *filtered, struct cpmsync_slice *octets)
{
    struct mock_section section;
    struct mock_parts parts;
    struct mock_parser p = cpmsync_mock_parser_of(url->section);
    memset(&section, 0, sizeof section);
    if (url->section.len && (!cpmsync_mock_read_section(&p, &section) || !cpmsync_mock_read_end(&p)))
        return CPMSYNC_ERR_NOT_FOUND;
    if (!cpmsync_mock_parts_of(&parts, conn->mock->mem, message))
        return CPMSYNC_ERR_NOMEM;
    int error = cpmsync_mock_section_octets(&section, message, &parts, filtered, octets);
    cpmsync_mock_parts_clear(&parts);
    return error;
}

int cpmsync_mock_url_octets(
    struct mock_conn *conn, const struct mock_url *url, const struct mock_mailbox *mailbox, struct cpmsync_buf *out)
{
    const struct mock_message *message = cpmsync_mock_message_of(mailbox, url->uid);
    struct cpmsync_slice octets;
    struct cpmsync_buf filtered;
    if (!message || (url->uidvalidity && url->uidvalidity != mailbox->uidvalidity) ||
        (url->partial && !cpmsync_mock_offers(conn, "URL-PARTIAL")))
        return CPMSYNC_ERR_NOT_FOUND;
    struct cpmsync_slice whole = cpmsync_slice_of(message->body->data, message->body->len);
    cpmsync_buf_init(&filtered, conn->mock->mem, whole.len + 2);
    int error = read_octets(conn, url, whole, &filtered, &octets);
    if (!error) {
        size_t origin = url->origin < octets.len ? url->origin : octets.len, left = octets.len - origin;
        error = cpmsync_buf_add(
            out, cpmsync_mock_behind(octets, origin).data, url->length < left ? (size_t)url->length : left);
    }
    cpmsync_buf_clear(&filtered);
    return error;
}

int cpmsync_mock_url_here(struct mock_conn *conn, struct cpmsync_slice text, struct cpmsync_buf *out)
{
    struct mock_url url;
    int error = cpmsync_mock_url_parse(&url, conn->mock->mem, text);
    if (!error && (url.has_server || url.access.len))
        error = CPMSYNC_ERR_NOT_FOUND;
    if (!error) {
        const struct mock_mailbox *mailbox = url.mailbox.len ? cpmsync_mock_named(conn, url.mailbox) : conn->mailbox;
        error = mailbox && (cpmsync_mock_rights(conn, mailbox) & MOCK_RIGHT_R)
                    ? cpmsync_mock_url_octets(conn, &url, mailbox, out)
                    : CPMSYNC_ERR_NOT_FOUND;
    }
    cpmsync_mock_url_clear(&url);
    return error;
}
