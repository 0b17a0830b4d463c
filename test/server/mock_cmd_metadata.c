/* SPDX-License-Identifier: MIT */
/* GETMETADATA, SETMETADATA, and telling others what was set (RFC 5464). */
#include "mock_acl.h"
#include "mock_metadata.h"
#include "mock_session.h"

enum { ENTRIES_MAX = 100, VALUE_MAX = 8192, PER_MAILBOX_MAX = 100 };

struct setting {
    struct cpmsync_slice name;
    struct cpmsync_slice value; /* data NULL: NIL */
};

struct metadata {
    struct cpmsync_slice mailbox_name;
    bool has_maxsize;
    uint64_t maxsize;
    bool has_depth;
    unsigned depth;
    struct setting *entries;
    size_t count;
    uint64_t longest; /* of the values left out */
    bool begun;       /* the response */
};

/* Where the annotations are. */
struct place {
    struct mock_mailbox *mailbox; /* NULL: the server */
    struct mock_metadata *metadata;
};

/* The user needs "l", and something to do with the messages (RFC 5464 3.3). Else NO was answered. */
static bool find_place(struct mock_conn *conn, struct cpmsync_slice name, struct place *place)
{
    place->mailbox = NULL;
    place->metadata = &conn->mock->store.metadata;
    if (name.len == 0)
        return true;
    if (!cpmsync_mock_offers(conn, "METADATA")) {
        cpmsync_mock_no(conn, "[CANNOT] Only the server has annotations");
        return false;
    }
    place->mailbox = cpmsync_mock_reach(conn, name, MOCK_RIGHT_L, "[NONEXISTENT] No such mailbox");
    if (!place->mailbox)
        return false;
    place->metadata = &place->mailbox->metadata;
    if (cpmsync_mock_rights(conn, place->mailbox) & MOCK_RIGHTS_ANNOTATE)
        return true;
    cpmsync_mock_no(conn, "[NOPERM] You may not");
    return false;
}

static void put_place(struct mock_conn *conn, const struct mock_mailbox *mailbox)
{
    cpmsync_mock_putf(conn, "* METADATA ");
    if (mailbox)
        cpmsync_mock_put_name(conn, mailbox);
    else
        cpmsync_mock_putf(conn, "\"\"");
}

/* ---- GETMETADATA ---- */

/* scope-opt = "DEPTH" SP ("0" / "1" / "infinity") */
static bool read_depth(struct mock_parser *p, struct metadata *m)
{
    m->has_depth = true;
    if (cpmsync_mock_read_word(p, "infinity"))
        m->depth = MOCK_ENTRY_NAME_MAX;
    else if (cpmsync_mock_read_word(p, "1"))
        m->depth = 1;
    else
        return cpmsync_mock_read_word(p, "0");
    return true;
}

/* getmetadata-options = "(" getmetadata-option *(SP getmetadata-option) ")" */
static bool read_options(struct mock_parser *p, struct metadata *m)
{
    if (!cpmsync_mock_read_char(p, '('))
        return false;
    do {
        if (!m->has_maxsize && cpmsync_mock_read_word(p, "MAXSIZE")) {
            m->has_maxsize = true;
            if (!cpmsync_mock_read_sp(p) || !cpmsync_mock_read_number(p, UINT32_MAX, &m->maxsize))
                return false;
        } else if (m->has_depth || !cpmsync_mock_read_word(p, "DEPTH") || !cpmsync_mock_read_sp(p) || !read_depth(p, m))
            return false;
    } while (cpmsync_mock_read_sp(p));
    return cpmsync_mock_read_char(p, ')');
}

static bool read_entry(struct mock_parser *p, struct metadata *m)
{
    if (m->count == ENTRIES_MAX)
        return false;
    struct setting *entry = &m->entries[m->count++];
    return cpmsync_mock_read_astring(p, &entry->name) && cpmsync_mock_is_entry_name(entry->name, m->depth > 0);
}

/* entries = entry / "(" entry *(SP entry) ")" */
static bool read_entries(struct mock_parser *p, struct metadata *m)
{
    if (!cpmsync_mock_read_char(p, '('))
        return read_entry(p, m);
    do
        if (!read_entry(p, m))
            return false;
    while (cpmsync_mock_read_sp(p));
    return cpmsync_mock_read_char(p, ')');
}

/* "GETMETADATA" [SP getmetadata-options] SP mailbox SP entries; the examples of the RFC, and clients that learnt from them,
 * put the options behind the mailbox. */
static bool read_getmetadata(struct mock_conn *conn, struct mock_parser *p, struct metadata *m)
{
    if (!cpmsync_mock_read_sp(p) || (cpmsync_mock_peek(p, '(') && (!read_options(p, m) || !cpmsync_mock_read_sp(p))))
        return false;
    if (!cpmsync_mock_read_mailbox(conn, p, &m->mailbox_name) || !cpmsync_mock_read_sp(p))
        return false;
    bool options = cpmsync_mock_peek(p, '(') && p->end - p->at > 1 && !strchr("/\"{", p->at[1]);
    if (options && (!read_options(p, m) || !cpmsync_mock_read_sp(p)))
        return false;
    return read_entries(p, m) && cpmsync_mock_read_end(p);
}

static void put_entry(struct mock_conn *conn, struct metadata *m, const struct place *place, struct cpmsync_slice name,
    struct cpmsync_slice value)
{
    if (m->has_maxsize && value.len > m->maxsize) {
        m->longest = value.len > m->longest ? value.len : m->longest;
        return;
    }
    if (m->begun)
        cpmsync_mock_put(conn, " ", 1);
    else {
        put_place(conn, place->mailbox);
        cpmsync_mock_put(conn, " (", 2);
    }
    m->begun = true;
    cpmsync_mock_put_astring(conn, name);
    cpmsync_mock_put(conn, " ", 1);
    cpmsync_mock_put_nstring8(conn, value);
}

static void get_entry(struct mock_conn *conn, struct metadata *m, const struct place *place, struct cpmsync_slice base)
{
    const struct mock_metadata *metadata = place->metadata;
    size_t i;
    if (m->depth == 0) {
        const struct mock_entry *entry = cpmsync_mock_entry_of(metadata, base, conn->user);
        put_entry(conn, m, place, base, entry ? entry->value : cpmsync_slice_of(NULL, 0));
        return;
    }
    for (i = 0; i < metadata->count; i++)
        if (cpmsync_mock_sees_entry(&metadata->entries[i], conn->user) &&
            cpmsync_mock_is_entry_below(metadata->entries[i].name, base, m->depth))
            put_entry(conn, m, place, metadata->entries[i].name, metadata->entries[i].value);
}

static void run_getmetadata(struct mock_conn *conn, struct metadata *m)
{
    struct place place;
    size_t i;
    if (!find_place(conn, m->mailbox_name, &place))
        return;
    for (i = 0; i < m->count; i++)
        get_entry(conn, m, &place, m->entries[i].name);
    if (m->begun)
        cpmsync_mock_put(conn, ")\r\n", 3);
    if (!m->longest) {
        cpmsync_mock_ok(conn, "GETMETADATA completed");
        return;
    }
    cpmsync_mock_tell(conn, true);
    cpmsync_mock_tag(conn);
    cpmsync_mock_putf(conn, "OK [METADATA LONGENTRIES %llu] GETMETADATA completed\r\n", (unsigned long long)m->longest);
}

/* ---- SETMETADATA ---- */

/* value = nstring / literal8 */
static bool read_value(struct mock_parser *p, struct cpmsync_slice *value)
{
    return cpmsync_mock_peek(p, '~') ? cpmsync_mock_read_literal8(p, value) : cpmsync_mock_read_nstring(p, value);
}

/* "SETMETADATA" SP mailbox SP "(" entry SP value *(SP entry SP value) ")" */
static bool read_setmetadata(struct mock_conn *conn, struct mock_parser *p, struct metadata *m)
{
    if (!cpmsync_mock_read_sp(p) || !cpmsync_mock_read_mailbox(conn, p, &m->mailbox_name) || !cpmsync_mock_read_sp(p) ||
        !cpmsync_mock_read_char(p, '('))
        return false;
    do
        if (!read_entry(p, m) || !cpmsync_mock_read_sp(p) || !read_value(p, &m->entries[m->count - 1].value))
            return false;
    while (cpmsync_mock_read_sp(p));
    return cpmsync_mock_read_char(p, ')') && cpmsync_mock_read_end(p);
}

/* Whether each of the entries may be set: else NO was answered. */
static bool may_set(struct mock_conn *conn, const struct metadata *m, const struct place *place)
{
    const struct mock_faults *faults = &conn->mock->faults;
    uint64_t max = faults->metadata_maxsize ? faults->metadata_maxsize : VALUE_MAX;
    size_t i;
    for (i = 0; i < m->count; i++) {
        if (m->entries[i].value.len > max) {
            cpmsync_mock_tag(conn);
            cpmsync_mock_putf(conn, "NO [METADATA MAXSIZE %llu] Too large\r\n", (unsigned long long)max);
            return false;
        }
        if (faults->no_private_metadata && cpmsync_mock_is_private(m->entries[i].name)) {
            cpmsync_mock_no(conn, "[METADATA NOPRIVATE] Nothing private here");
            return false;
        }
        if (!place->mailbox && cpmsync_slice_is(m->entries[i].name, "/shared/admin")) {
            cpmsync_mock_no(conn, "[CANNOT] Only the server sets it");
            return false;
        }
    }
    return true;
}

/* All or nothing: in a copy, which takes the place of what was there. */
static void set_all(struct mock_conn *conn, const struct metadata *m, const struct place *place)
{
    const struct cpmsync_allocator *mem = conn->mock->mem;
    uint64_t max = conn->mock->faults.metadata_max ? conn->mock->faults.metadata_max : PER_MAILBOX_MAX;
    struct mock_metadata copy = {NULL, 0};
    size_t before = cpmsync_mock_entries_of(place->metadata, conn->user), i;
    int error = cpmsync_mock_metadata_copy(mem, &copy, place->metadata);
    for (i = 0; i < m->count && !error; i++)
        error = cpmsync_mock_entry_set(mem, &copy, m->entries[i].name, conn->user, m->entries[i].value);
    size_t after = cpmsync_mock_entries_of(&copy, conn->user);
    if (error || (after > before && after > max)) {
        cpmsync_mock_metadata_clear(mem, &copy);
        if (error)
            cpmsync_mock_refuse(conn, error);
        else
            cpmsync_mock_no(conn, "[METADATA TOOMANY] Too many");
        return;
    }
    cpmsync_mock_metadata_clear(mem, place->metadata);
    *place->metadata = copy;
    for (i = 0; i < m->count; i++)
        cpmsync_mock_announce_entry(conn->mock, conn, place->mailbox, m->entries[i].name, conn->user);
    cpmsync_mock_ok(conn, "SETMETADATA completed");
}

static void run_setmetadata(struct mock_conn *conn, const struct metadata *m)
{
    struct place place;
    if (find_place(conn, m->mailbox_name, &place) && may_set(conn, m, &place))
        set_all(conn, m, &place);
}

static bool get_or_set(struct mock_conn *conn, struct mock_parser *p, bool set)
{
    const struct cpmsync_allocator *mem = conn->mock->mem;
    struct metadata m;
    memset(&m, 0, sizeof m);
    m.entries = (struct setting *)cpmsync_mem_zalloc(mem, ENTRIES_MAX * sizeof *m.entries);
    bool valid = m.entries && (set ? read_setmetadata(conn, p, &m) : read_getmetadata(conn, p, &m));
    if (valid && set)
        run_setmetadata(conn, &m);
    else if (valid)
        run_getmetadata(conn, &m);
    cpmsync_mem_free(mem, m.entries);
    return valid;
}

bool cpmsync_mock_cmd_getmetadata(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    (void)uid;
    return get_or_set(conn, p, false);
}

bool cpmsync_mock_cmd_setmetadata(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    (void)uid;
    return get_or_set(conn, p, true);
}

/* ---- unsolicited responses ---- */

static bool may_know(const struct mock_conn *conn, const struct mock_mailbox *mailbox, struct cpmsync_slice name,
    const struct mock_user *user)
{
    if (!conn->user || (cpmsync_mock_is_private(name) && conn->user != user))
        return false;
    unsigned rights = mailbox ? cpmsync_mock_rights(conn, mailbox) : MOCK_RIGHTS_ALL;
    return (rights & MOCK_RIGHT_L) && (rights & MOCK_RIGHTS_ANNOTATE);
}

static bool is_told(const struct mock_conn *conn, const struct mock_mailbox *mailbox)
{
    return conn->tells_metadata || (!mailbox && conn->tells_server_metadata);
}

static void put_news(struct mock_conn *conn, const struct mock_mailbox *mailbox, struct cpmsync_slice name)
{
    put_place(conn, mailbox);
    cpmsync_mock_put(conn, " ", 1);
    cpmsync_mock_put_astring(conn, name);
    cpmsync_mock_put(conn, "\r\n", 2);
}

/* The line is written where answers are, and kept until the next of them. */
static void keep_news(struct mock_conn *conn, const struct mock_mailbox *mailbox, struct cpmsync_slice name)
{
    size_t before = conn->out.len;
    put_news(conn, mailbox, name);
    if (!conn->broken &&
        cpmsync_buf_add(&conn->news, cpmsync_buf_data(&conn->out) + before, conn->out.len - before) != 0)
        conn->broken = true;
    cpmsync_buf_truncate(&conn->out, before);
}

void cpmsync_mock_announce_entry(struct cpmsync_mock *mock, const struct mock_conn *but,
    const struct mock_mailbox *mailbox, struct cpmsync_slice name, const struct mock_user *user)
{
    struct mock_conn *conn;
    for (conn = mock->conns; conn; conn = conn->next) {
        if (conn == but || !may_know(conn, mailbox, name, user))
            continue;
        if (!cpmsync_mock_wants_metadata(conn, mailbox)) {
            if (is_told(conn, mailbox))
                keep_news(conn, mailbox, name);
        } else if (cpmsync_mock_may_notify(conn))
            put_news(conn, mailbox, name);
    }
}
