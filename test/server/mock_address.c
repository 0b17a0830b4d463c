/* SPDX-License-Identifier: MIT */
#include "mock_address.h"

/* One address, its texts with quotes, comments and superfluous blanks taken off; each in a buffer of its own. */
enum field { NAME, ROUTE, LOCAL, HOST, COMMENT, FIELDS };

struct address {
    struct cpmsync_buf fields[FIELDS];
    bool has_angle;
    bool has_at;
    bool any;
};

struct reader {
    struct mock_conn *conn;
    const uint8_t *at;
    const uint8_t *end;
    struct address address;
    bool first;
    struct cpmsync_buf *mailbox; /* of the first, and nothing else is wanted; NULL: all are put */
};

static void add(struct reader *reader, enum field field, uint8_t c)
{
    if (cpmsync_buf_add_char(&reader->address.fields[field], (char)c) != 0)
        reader->conn->broken = true;
}

static void forget(struct address *address)
{
    size_t i;
    for (i = 0; i < FIELDS; i++)
        cpmsync_buf_truncate(&address->fields[i], 0);
    address->has_angle = address->has_at = address->any = false;
}

static struct cpmsync_slice trimmed(const struct cpmsync_buf *buf)
{
    struct cpmsync_slice text = cpmsync_buf_slice(buf);
    while (text.len && text.data[text.len - 1] == ' ')
        text.len--;
    while (text.len && text.data[0] == ' ')
        text = cpmsync_slice_of(text.data + 1, text.len - 1);
    return text.len ? text : cpmsync_slice_of(NULL, 0);
}

/* comment = "(" *(ctext / quoted-pair / comment) ")" */
static void read_comment(struct reader *reader)
{
    unsigned depth = 0;
    do {
        uint8_t c = *reader->at++;
        if (c == '(' && depth++ == 0)
            continue;
        if (c == ')' && --depth == 0)
            break;
        if (c == '\\' && reader->at < reader->end)
            c = *reader->at++;
        add(reader, COMMENT, c);
    } while (reader->at < reader->end);
}

static void read_quoted(struct reader *reader, enum field field)
{
    reader->at++;
    while (reader->at < reader->end && *reader->at != '"') {
        if (*reader->at == '\\' && reader->at + 1 < reader->end)
            reader->at++;
        add(reader, field, *reader->at++);
    }
    if (reader->at < reader->end)
        reader->at++;
}

/* What stands between "<" and ">": [route ":"] local "@" host */
static void read_angle(struct reader *reader)
{
    struct address *address = &reader->address;
    enum field field = LOCAL;
    reader->at++;
    address->has_angle = true;
    address->has_at = false;
    cpmsync_buf_truncate(&address->fields[HOST], 0);
    while (reader->at < reader->end && *reader->at != '>') {
        uint8_t c = *reader->at;
        if (c == '"') {
            read_quoted(reader, field);
            continue;
        }
        reader->at++;
        if (c == '@' && field == LOCAL && address->fields[LOCAL].len == 0)
            field = ROUTE;
        if (field == ROUTE && c == ':')
            field = LOCAL;
        else if (field == LOCAL && c == '@') {
            address->has_at = true;
            field = HOST;
        } else if (c != ' ')
            add(reader, field, c);
    }
    if (reader->at < reader->end)
        reader->at++;
}

/* Whether only the first mailbox is wanted. */
static bool keep_first(struct reader *reader, struct cpmsync_slice mailbox)
{
    if (reader->mailbox && reader->first && cpmsync_buf_add_slice(reader->mailbox, mailbox) != 0)
        reader->conn->broken = true;
    if (reader->mailbox)
        reader->first = false;
    return reader->mailbox != NULL;
}

static void begin(struct reader *reader)
{
    cpmsync_mock_putf(reader->conn, reader->first ? "((" : "(");
    reader->first = false;
}

static void end_address(struct reader *reader)
{
    struct address *address = &reader->address;
    struct mock_conn *conn = reader->conn;
    /* Without angle brackets what was taken for a name is the local part, and the comment names it. */
    enum field local = address->has_angle ? LOCAL : NAME, name = address->has_angle ? NAME : COMMENT;
    if (address->any && !keep_first(reader, trimmed(&address->fields[local]))) {
        struct cpmsync_slice host = trimmed(&address->fields[HOST]);
        begin(reader);
        cpmsync_mock_put_nstring(conn, trimmed(&address->fields[name]));
        cpmsync_mock_putf(conn, " ");
        cpmsync_mock_put_nstring(conn, trimmed(&address->fields[ROUTE]));
        cpmsync_mock_putf(conn, " ");
        cpmsync_mock_put_string(conn, trimmed(&address->fields[local]));
        cpmsync_mock_putf(conn, " ");
        cpmsync_mock_put_string(conn, address->has_at && host.data ? host : CPMSYNC_SLICE("MISSING_DOMAIN"));
        cpmsync_mock_putf(conn, ")");
    }
    forget(address);
}

/* A group begins with its name and ends with NILs. */
static void put_group(struct reader *reader, struct cpmsync_slice name)
{
    if (!keep_first(reader, name)) {
        begin(reader);
        cpmsync_mock_putf(reader->conn, "NIL NIL ");
        cpmsync_mock_put_nstring(reader->conn, name);
        cpmsync_mock_putf(reader->conn, " NIL)");
    }
    forget(&reader->address);
}

static void read_list(struct reader *reader)
{
    struct address *address = &reader->address;
    bool in_group = false;
    while (reader->at < reader->end) {
        uint8_t c = *reader->at;
        address->any |= c != ' ' && c != ',' && c != ';' && c != '(';
        if (c == '(') {
            read_comment(reader);
            continue;
        }
        if (c == '"') {
            read_quoted(reader, NAME);
            continue;
        }
        if (c == '<') {
            read_angle(reader);
            continue;
        }
        reader->at++;
        if (c == ',')
            end_address(reader);
        else if (c == ':' && !in_group && !address->has_at) {
            put_group(reader, trimmed(&address->fields[NAME]));
            in_group = true;
        } else if (c == ';' && in_group) {
            end_address(reader);
            put_group(reader, cpmsync_slice_of(NULL, 0));
            in_group = false;
        } else if (c == '@' && !address->has_angle)
            address->has_at = true;
        else if (address->has_at && !address->has_angle && c != ' ')
            add(reader, HOST, c);
        else if (!address->has_at && !address->has_angle)
            add(reader, NAME, c);
    }
    end_address(reader);
    if (in_group)
        put_group(reader, cpmsync_slice_of(NULL, 0));
}

/* Whether there was any. */
static bool read_all(struct mock_conn *conn, struct cpmsync_slice list, struct cpmsync_buf *mailbox)
{
    struct reader reader;
    size_t i;
    memset(&reader, 0, sizeof reader);
    reader.conn = conn;
    reader.at = list.data;
    reader.end = cpmsync_mock_end_of(list);
    reader.first = true;
    reader.mailbox = mailbox;
    for (i = 0; i < FIELDS; i++)
        cpmsync_buf_init(&reader.address.fields[i], conn->mock->mem, list.len + 1);
    read_list(&reader);
    for (i = 0; i < FIELDS; i++)
        cpmsync_buf_clear(&reader.address.fields[i]);
    return !reader.first;
}

void cpmsync_mock_put_addresses(struct mock_conn *conn, struct cpmsync_slice list)
{
    cpmsync_mock_putf(conn, read_all(conn, list, NULL) ? ")" : "NIL");
}

void cpmsync_mock_first_mailbox(struct mock_conn *conn, struct cpmsync_slice list, struct cpmsync_buf *out)
{
    read_all(conn, list, out);
}
