/* SPDX-License-Identifier: MIT */
#include "mock_append.h"

#include "mock_acl.h"
#include "mock_binary.h"
#include "mock_limit.h"
#include "mock_quota.h"
#include "mock_url.h"

static struct mock_new_message *add_message(struct mock_conn *conn, struct mock_append *append)
{
    struct mock_new_message *messages = (struct mock_new_message *)cpmsync_mem_resize(
        conn->mock->mem, append->messages, append->count + 1, sizeof *messages);
    if (!messages)
        return NULL;
    append->messages = messages;
    struct mock_new_message *message = &messages[append->count++];
    memset(message, 0, sizeof *message);
    cpmsync_buf_init(&message->parts, conn->mock->mem, (size_t)conn->mock->max_literal + 1);
    return message;
}

static struct cpmsync_slice octets_of(const struct mock_new_message *message)
{
    return message->is_catenated ? cpmsync_buf_slice(&message->parts) : message->octets;
}

/* Past the limit the message keeps the one octet too many that tells. */
static void add_octets(struct mock_conn *conn, struct mock_new_message *message, struct cpmsync_slice octets)
{
    int error = cpmsync_buf_add_slice(&message->parts, octets);
    size_t room = message->parts.max - message->parts.len;
    if (error == CPMSYNC_ERR_LIMIT)
        error = cpmsync_buf_add(&message->parts, octets.data, room);
    conn->broken |= error != 0;
}

static void add_url(
    struct mock_conn *conn, struct mock_append *append, struct mock_new_message *message, struct cpmsync_slice text)
{
    struct cpmsync_buf octets;
    cpmsync_buf_init(&octets, conn->mock->mem, SIZE_MAX / 2);
    int error = cpmsync_mock_url_here(conn, text, &octets);
    if (!error)
        add_octets(conn, message, cpmsync_buf_slice(&octets));
    else if (!append->bad_url.data)
        append->bad_url = text;
    cpmsync_buf_clear(&octets);
}

/* utf8-literal = "UTF8" SP "(" literal8 ")", from the SP on (RFC 6855 4) */
static bool read_utf8_literal(struct mock_parser *p, struct mock_new_message *message, struct cpmsync_slice *octets)
{
    message->utf8 = true;
    return p->utf8 && cpmsync_mock_read_sp(p) && cpmsync_mock_read_char(p, '(') &&
           cpmsync_mock_read_literal8(p, octets) && cpmsync_mock_read_char(p, ')');
}

/* cat-part = utf8-literal / "TEXT" SP (literal / literal8) / "URL" SP astring */
static bool read_part(
    struct mock_conn *conn, struct mock_parser *p, struct mock_append *append, struct mock_new_message *message)
{
    struct cpmsync_slice text;
    if (cpmsync_mock_read_word(p, "URL")) {
        if (!cpmsync_mock_read_sp(p) || !cpmsync_mock_read_astring(p, &text))
            return false;
        add_url(conn, append, message, text);
        return true;
    }
    if (cpmsync_mock_read_word(p, "UTF8")) {
        if (!read_utf8_literal(p, message, &text))
            return false;
        add_octets(conn, message, text);
        return true;
    }
    if (!cpmsync_mock_read_word(p, "TEXT") || !cpmsync_mock_read_sp(p))
        return false;
    if (cpmsync_mock_peek(p, '~')) {
        message->binary = true;
        if (!cpmsync_mock_advertises(conn, "BINARY") || !cpmsync_mock_read_literal8(p, &text))
            return false;
    } else if (!cpmsync_mock_peek(p, '{') || !cpmsync_mock_read_string(p, &text))
        return false;
    add_octets(conn, message, text);
    return true;
}

/* append-data = literal / literal8 / "CATENATE" SP "(" cat-part *(SP cat-part) ")" */
static bool read_data(
    struct mock_conn *conn, struct mock_parser *p, struct mock_append *append, struct mock_new_message *message)
{
    if (cpmsync_mock_peek(p, '{'))
        return cpmsync_mock_read_string(p, &message->octets);
    if (cpmsync_mock_peek(p, '~')) {
        message->binary = true;
        return cpmsync_mock_advertises(conn, "BINARY") && cpmsync_mock_read_literal8(p, &message->octets);
    }
    if (cpmsync_mock_read_word(p, "UTF8"))
        return read_utf8_literal(p, message, &message->octets);
    if (!cpmsync_mock_offers(conn, "CATENATE") || !cpmsync_mock_read_word(p, "CATENATE") || !cpmsync_mock_read_sp(p) ||
        !cpmsync_mock_read_char(p, '('))
        return false;
    message->is_catenated = true;
    do
        if (!read_part(conn, p, append, message))
            return false;
    while (cpmsync_mock_read_sp(p));
    return cpmsync_mock_read_char(p, ')');
}

/* append-message = [SP flag-list] [SP date-time] [SP att-annotate] SP append-data */
static bool read_message(struct mock_conn *conn, struct mock_parser *p, struct mock_append *append)
{
    struct mock_new_message *message = add_message(conn, append);
    if (!message || !cpmsync_mock_read_sp(p))
        return false;
    if (cpmsync_mock_peek(p, '(') && (!cpmsync_mock_read_flag_list(p, &message->list) || !cpmsync_mock_read_sp(p)))
        return false;
    if (cpmsync_mock_peek(p, '"')) {
        message->dated = true;
        if (!cpmsync_mock_read_date_time(p, &message->date, &message->zone) || !cpmsync_mock_read_sp(p))
            return false;
    }
    if (cpmsync_mock_offers(conn, "ANNOTATE-EXPERIMENT-1") && cpmsync_mock_read_word(p, "ANNOTATION") &&
        (!cpmsync_mock_read_annotation_values(conn, p, &message->annotations) || !cpmsync_mock_read_sp(p)))
        return false;
    return read_data(conn, p, append, message);
}

bool cpmsync_mock_read_append(struct mock_conn *conn, struct mock_parser *p, bool many, struct mock_append *append)
{
    do
        if (!read_message(conn, p, append))
            return false;
    while (many && !cpmsync_mock_read_end(p));
    return cpmsync_mock_read_end(p);
}

void cpmsync_mock_append_clear(const struct cpmsync_allocator *mem, struct mock_append *append)
{
    size_t i;
    for (i = 0; i < append->count; i++) {
        cpmsync_buf_clear(&append->messages[i].parts);
        cpmsync_mock_annotation_values_clear(mem, &append->messages[i].annotations);
    }
    cpmsync_mem_free(mem, append->messages);
}

/* BODY cannot show NUL: what came as literal8 is kept as base64 (RFC 3516 4.4). */
static int make_body(struct mock_conn *conn, const struct mock_new_message *message, struct mock_body **body)
{
    const struct cpmsync_allocator *mem = conn->mock->mem;
    struct cpmsync_slice octets = octets_of(message);
    struct cpmsync_buf encoded;
    int error = 0;
    cpmsync_buf_init(&encoded, mem, SIZE_MAX / 2);
    if (message->binary) {
        error = cpmsync_mock_encode_binary(octets, &encoded);
        octets = cpmsync_buf_slice(&encoded);
    }
    if (!error) {
        *body = cpmsync_mock_body_new(mem, octets.data, octets.len);
        error = *body ? 0 : CPMSYNC_ERR_NOMEM;
    }
    cpmsync_buf_clear(&encoded);
    return error;
}

/* To the message that was added last. CPMSYNC_ERR_STATE: too many; _NOT_FOUND: a part is not there. */
static int annotate(
    struct mock_conn *conn, struct mock_mailbox *mailbox, const struct mock_annotation_values *values, uint64_t modseq)
{
    struct mock_message *message = &mailbox->messages[mailbox->count - 1];
    if (!cpmsync_mock_annotation_values_fit(conn, message, values))
        return CPMSYNC_ERR_NOT_FOUND;
    if (cpmsync_mock_annotation_excess(conn, message, values))
        return CPMSYNC_ERR_STATE;
    return cpmsync_mock_annotate_message(conn, mailbox, message, values, &modseq);
}

static int store_message(
    struct mock_conn *conn, struct mock_mailbox *mailbox, struct mock_new_message *message, struct mock_set *uids)
{
    uint64_t modseq = cpmsync_mock_bump(mailbox);
    struct mock_store *store = &conn->mock->store;
    struct mock_flags flags;
    uint32_t uid = 0;
    cpmsync_mock_permit_flags(&message->list, cpmsync_mock_rights(conn, mailbox));
    int error = cpmsync_mock_flags_of(store->mem, mailbox, &message->list, &flags);
    if (error)
        return error;
    struct mock_body *body = NULL;
    error = make_body(conn, message, &body);
    if (error)
        return error;
    int64_t date = message->dated ? message->date : store->clock++;
    error = cpmsync_mock_add(store, mailbox, body, &flags, date, message->zone, modseq, &uid);
    cpmsync_mock_body_release(store->mem, body);
    if (!error)
        error = annotate(conn, mailbox, &message->annotations, modseq);
    if (!error && !cpmsync_mock_set_append(uids, uid, uid))
        error = CPMSYNC_ERR_NOMEM;
    return error;
}

static void refuse_url(struct mock_conn *conn, struct cpmsync_slice url)
{
    cpmsync_mock_tell(conn, conn->expunges);
    cpmsync_mock_tag(conn);
    cpmsync_mock_putf(conn, "NO [BADURL ");
    cpmsync_mock_put_string(conn, url);
    cpmsync_mock_putf(conn, "] Names nothing\r\n");
}

/* What can be said before anything is stored. */
static bool has_8bit_header(struct cpmsync_slice message)
{
    struct cpmsync_slice header, body, name, field;
    size_t i;
    cpmsync_mock_split(message, &header, &body);
    while (cpmsync_mock_next_field(&header, &name, &field))
        for (i = 0; i < field.len && name.len; i++)
            if (field.data[i] >= 0x80)
                return true;
    return false;
}

static bool is_acceptable(struct mock_conn *conn, const struct mock_mailbox *mailbox, const struct mock_append *append)
{
    size_t i;
    if (append->bad_url.data) {
        refuse_url(conn, append->bad_url);
        return false;
    }
    for (i = 0; i < append->count; i++) {
        size_t len = octets_of(&append->messages[i]).len;
        if (len == 0) {
            cpmsync_mock_no(conn, "[CANNOT] An empty message");
            return false;
        }
        if (len > conn->mock->max_literal) {
            cpmsync_mock_no(conn, "[TOOBIG] Larger than a message may be");
            return false;
        }
        if (has_8bit_header(octets_of(&append->messages[i])) && cpmsync_mock_supports_utf8(conn) &&
            !(conn->utf8 && append->messages[i].utf8) && !cpmsync_mock_is_rev2(conn)) {
            cpmsync_mock_no(conn, "[CANNOT] A header that is not ASCII wants UTF8");
            return false;
        }
        const char *refusal = cpmsync_mock_annotation_refusal(conn, mailbox, &append->messages[i].annotations);
        if (refusal) {
            cpmsync_mock_no(conn, refusal);
            return false;
        }
        if (append->messages[i].binary && conn->mock->faults.unknown_cte) {
            cpmsync_mock_no(conn, "[UNKNOWN-CTE] No binary content here");
            return false;
        }
    }
    return true;
}

static bool exceeds_quota(struct mock_conn *conn, const struct mock_mailbox *mailbox, const struct mock_append *append,
    const struct mock_freed *freed)
{
    struct mock_growth growth = {-(int64_t)freed->octets, (int64_t)append->count - (int64_t)freed->messages, 0};
    size_t i;
    for (i = 0; i < append->count; i++)
        growth.octets += (int64_t)octets_of(&append->messages[i]).len;
    return cpmsync_mock_exceeds_quota(conn, mailbox->owner, &growth);
}

bool cpmsync_mock_append_all(struct mock_conn *conn, struct mock_mailbox *mailbox, struct mock_append *append,
    const struct mock_freed *freed, struct mock_set *uids)
{
    struct mock_mark mark = cpmsync_mock_mark(mailbox);
    int64_t clock = conn->mock->store.clock;
    size_t i;
    int error = 0;
    if (!is_acceptable(conn, mailbox, append))
        return false;
    if (cpmsync_mock_exceeds_limit(conn, append->count))
        return false;
    if (exceeds_quota(conn, mailbox, append, freed)) {
        cpmsync_mock_no(conn, "[OVERQUOTA] No room for it");
        return false;
    }
    for (i = 0; i < append->count && !error; i++)
        error = store_message(conn, mailbox, &append->messages[i], uids);
    if (!error)
        return true;
    cpmsync_mock_roll_back(conn->mock->mem, mailbox, &mark);
    conn->mock->store.clock = clock;
    if (error == CPMSYNC_ERR_STATE)
        cpmsync_mock_no(conn, "[ANNOTATE TOOMANY] Too many");
    else if (error == CPMSYNC_ERR_NOT_FOUND)
        cpmsync_mock_no(conn, "[CANNOT] An entry names a part that is not there");
    else if (error == CPMSYNC_ERR_UNSUPPORTED)
        cpmsync_mock_no(conn, "[CANNOT] A NUL stands where none can be encoded");
    else
        cpmsync_mock_refuse(conn, error);
    return false;
}

void cpmsync_mock_put_appenduid(struct mock_conn *conn, const struct mock_mailbox *mailbox, const struct mock_set *uids)
{
    if (!cpmsync_mock_tells_new_uids(conn))
        return;
    cpmsync_mock_putf(conn, "[APPENDUID %lu ", (unsigned long)mailbox->uidvalidity);
    cpmsync_mock_put_set(conn, uids);
    cpmsync_mock_putf(conn, "] ");
}
