/* SPDX-License-Identifier: MIT */
#include "mock_acl.h"
#include "mock_session.h"

#include <stdarg.h>
#include <stdio.h>

void cpmsync_mock_put(struct mock_conn *conn, const void *data, size_t len)
{
    if (len && !conn->broken && cpmsync_buf_add(&conn->out, data, len) != 0)
        conn->broken = true;
}

void cpmsync_mock_put_slice(struct mock_conn *conn, struct cpmsync_slice slice)
{
    cpmsync_mock_put(conn, slice.data, slice.len);
}

void cpmsync_mock_putf(struct mock_conn *conn, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (len < 0 || (size_t)len >= sizeof text)
        conn->broken = true;
    else
        cpmsync_mock_put(conn, text, (size_t)len);
}

void cpmsync_mock_put_literal(struct mock_conn *conn, struct cpmsync_slice string)
{
    cpmsync_mock_putf(conn, "{%zu}\r\n", string.len);
    cpmsync_mock_put_slice(conn, string);
}

void cpmsync_mock_put_string(struct mock_conn *conn, struct cpmsync_slice string)
{
    size_t written = 0, i;
    bool quoted = string.len < 500 && !conn->mock->faults.literals;
    bool utf8 = cpmsync_mock_speaks_utf8(conn) && cpmsync_mock_is_utf8(string);
    for (i = 0; i < string.len && quoted; i++)
        quoted = string.data[i] >= 0x20 && string.data[i] != 0x7f && (string.data[i] < 0x80 || utf8);
    if (!quoted) {
        cpmsync_mock_put_literal(conn, string);
        return;
    }
    cpmsync_mock_put(conn, "\"", 1);
    for (i = 0; i < string.len; i++)
        if (string.data[i] == '"' || string.data[i] == '\\') {
            cpmsync_mock_put(conn, string.data + written, i - written);
            cpmsync_mock_put(conn, "\\", 1);
            written = i;
        }
    cpmsync_mock_put_slice(conn, cpmsync_mock_behind(string, written));
    cpmsync_mock_put(conn, "\"", 1);
}

void cpmsync_mock_put_nstring(struct mock_conn *conn, struct cpmsync_slice string)
{
    if (string.data)
        cpmsync_mock_put_string(conn, string);
    else
        cpmsync_mock_put(conn, "NIL", 3);
}

void cpmsync_mock_put_nstring8(struct mock_conn *conn, struct cpmsync_slice string)
{
    if (!string.len || !memchr(string.data, 0, string.len)) {
        cpmsync_mock_put_nstring(conn, string);
        return;
    }
    cpmsync_mock_put(conn, "~", 1);
    cpmsync_mock_put_literal(conn, string);
}

void cpmsync_mock_put_astring(struct mock_conn *conn, struct cpmsync_slice string)
{
    /* INBOX and plain names as atoms, so that both forms occur; NIL would be read as none. */
    struct cpmsync_slice atom;
    struct mock_parser p = cpmsync_mock_parser_of(string);
    if (cpmsync_mock_read_atom(&p, &atom) && cpmsync_mock_read_end(&p) && !cpmsync_slice_is(string, "NIL") &&
        !conn->mock->faults.literals)
        cpmsync_mock_put_slice(conn, string);
    else
        cpmsync_mock_put_string(conn, string);
}

void cpmsync_mock_put_set(struct mock_conn *conn, const struct mock_set *set)
{
    if (!conn->broken && !cpmsync_mock_set_write(set, &conn->out))
        conn->broken = true;
}

void cpmsync_mock_put_flags(struct mock_conn *conn, const struct mock_flags *flags, bool recent)
{
    const struct mock_mailbox *mailbox = conn->mailbox;
    const char *space = "";
    unsigned i;
    cpmsync_mock_put(conn, "(", 1);
    for (i = 0; i < mailbox->flag_count; i++) {
        if (!cpmsync_mock_flag_is_set(flags, i))
            continue;
        cpmsync_mock_put(conn, space, strlen(space));
        cpmsync_mock_put_slice(conn, mailbox->flag_names[i]);
        space = " ";
    }
    if (recent && !cpmsync_mock_is_rev2(conn))
        cpmsync_mock_putf(conn, "%s\\Recent", space);
    cpmsync_mock_put(conn, ")", 1);
}

void cpmsync_mock_put_flag_names(struct mock_conn *conn)
{
    static const struct mock_flags NONE;
    struct mock_flags all;
    unsigned rights = cpmsync_mock_rights(conn, conn->mailbox), i;
    memset(&all, 0, sizeof all);
    for (i = 0; i < conn->mailbox->flag_count; i++)
        cpmsync_mock_flag_set(&all, i);
    cpmsync_mock_put(conn, "* FLAGS ", 8);
    cpmsync_mock_put_flags(conn, &all, false);
    cpmsync_mock_putf(conn, "\r\n* OK [PERMANENTFLAGS ");
    if (conn->read_only)
        cpmsync_mock_put(conn, "()", 2);
    else {
        cpmsync_mock_keep_flags(&all, &NONE, rights);
        cpmsync_mock_put_flags(conn, &all, false);
        cpmsync_buf_truncate(&conn->out, conn->out.len - 1);
        if (conn->mailbox->flag_count < MOCK_FLAGS_MAX && (rights & MOCK_RIGHT_W))
            cpmsync_mock_put(conn, " \\*", 3);
        cpmsync_mock_put(conn, ")", 1);
    }
    cpmsync_mock_putf(conn, "] Flags permitted\r\n");
    conn->flags_told = conn->mailbox->flag_count;
    conn->rights_told = rights & MOCK_RIGHTS_FLAGS;
}

void cpmsync_mock_tag(struct mock_conn *conn)
{
    conn->tagged_at = conn->out.len;
    cpmsync_mock_put(conn, conn->tag, conn->tag_len);
    cpmsync_mock_put(conn, " ", 1);
}

static void answer(struct mock_conn *conn, const char *status, const char *text)
{
    cpmsync_mock_tag(conn);
    cpmsync_mock_put(conn, status, strlen(status));
    cpmsync_mock_put(conn, text, strlen(text));
    cpmsync_mock_put(conn, "\r\n", 2);
}

void cpmsync_mock_ok(struct mock_conn *conn, const char *text)
{
    bool hold = conn->mock->faults.hold_vanished && cpmsync_slice_is(conn->verb, "FETCH");
    cpmsync_mock_tell(conn, conn->expunges && !hold);
    answer(conn, "OK ", text);
}

void cpmsync_mock_no(struct mock_conn *conn, const char *text)
{
    cpmsync_mock_tell(conn, conn->expunges);
    answer(conn, "NO ", text);
}

void cpmsync_mock_bad(struct mock_conn *conn, const char *text)
{
    answer(conn, "BAD ", text);
}

void cpmsync_mock_bye(struct mock_conn *conn, const char *text)
{
    cpmsync_mock_putf(conn, "* BYE %s\r\n", text);
    conn->state = MOCK_LOGOUT;
}

void cpmsync_mock_refuse(struct mock_conn *conn, int error)
{
    switch (error) {
    case CPMSYNC_ERR_NOT_FOUND:
        cpmsync_mock_no(conn, "[NONEXISTENT] No such mailbox");
        break;
    case CPMSYNC_ERR_STATE:
        cpmsync_mock_no(conn, "[ALREADYEXISTS] Not with this mailbox as it is");
        break;
    case CPMSYNC_ERR_INVALID_ARGUMENT:
        cpmsync_mock_no(conn, "[CANNOT] Not with this name");
        break;
    case CPMSYNC_ERR_LIMIT:
        cpmsync_mock_no(conn, "[LIMIT] Too many");
        break;
    default:
        cpmsync_mock_no(conn, "[SERVERBUG] Out of memory");
        break;
    }
}
