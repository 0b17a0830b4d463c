/* SPDX-License-Identifier: MIT */
/* STORE with UNCHANGEDSINCE, EXPUNGE, COPY and MOVE (RFC 3501 6.4; 4315; 6851; 7162 3.1.3, 3.2.7, 3.2.9). */
#include "mock_acl.h"
#include "mock_annotate.h"
#include "mock_annotation.h"
#include "mock_limit.h"
#include "mock_progress.h"
#include "mock_quota.h"
#include "mock_session.h"

#include <stdio.h>

struct store {
    bool uid;
    struct mock_set set;
    char change; /* '+', '-', 0 */
    bool silent;
    bool conditional;
    uint64_t unchanged_since;
    bool annotates; /* values instead of flags */
    struct mock_annotation_values values;
    const char *excess;
    bool no_such_part;
    struct mock_flag_list list;
    struct mock_flags flags;
    unsigned rights;
    uint64_t modseq;          /* of this command; 0 until a flag changed */
    struct mock_set modified; /* what failed the condition */
    bool missing;
};

/* store-att-flags = (["+" / "-"] "FLAGS" [".SILENT"]) SP (flag-list / (flag *(SP flag))) */
static bool read_flags(struct mock_parser *p, struct store *store)
{
    store->change = cpmsync_mock_read_char(p, '+') ? '+' : cpmsync_mock_read_char(p, '-') ? '-' : 0;
    store->silent = cpmsync_mock_read_word(p, "FLAGS.SILENT");
    if ((!store->silent && !cpmsync_mock_read_word(p, "FLAGS")) || !cpmsync_mock_read_sp(p))
        return false;
    if (cpmsync_mock_peek(p, '('))
        return cpmsync_mock_read_flag_list(p, &store->list);
    do {
        if (store->list.count == MOCK_FLAG_LIST_MAX ||
            !cpmsync_mock_read_flag(p, &store->list.flags[store->list.count]))
            return false;
        store->list.count++;
    } while (cpmsync_mock_read_sp(p));
    return true;
}

static bool read_store(struct mock_conn *conn, struct mock_parser *p, struct store *store)
{
    if (!cpmsync_mock_read_sp(p) || !cpmsync_mock_read_message_set(conn, p, &store->set) || !cpmsync_mock_read_sp(p))
        return false;
    if (cpmsync_mock_read_char(p, '(')) {
        store->conditional = true;
        if (!cpmsync_mock_read_word(p, "UNCHANGEDSINCE") || !cpmsync_mock_read_sp(p) ||
            !cpmsync_mock_read_modseq(p, true, &store->unchanged_since) || !cpmsync_mock_read_char(p, ')') ||
            !cpmsync_mock_read_sp(p))
            return false;
    }
    store->annotates = cpmsync_mock_offers(conn, "ANNOTATE-EXPERIMENT-1") && cpmsync_mock_read_word(p, "ANNOTATION");
    store->silent = store->annotates; /* RFC 5257 4.5 */
    return (store->annotates ? cpmsync_mock_read_annotation_values(conn, p, &store->values) : read_flags(p, store)) &&
           cpmsync_mock_read_end(p);
}

/* FETCH (MODSEQ (n)) without FLAGS: what a silent STORE still has to say (RFC 7162 3.1.3). */
static void put_modseq(
    struct mock_conn *conn, const struct store *store, size_t index, const struct mock_message *message)
{
    cpmsync_mock_begin_fetch(conn, index);
    if (!conn->uidonly && (store->uid || cpmsync_mock_tells_uid(conn)))
        cpmsync_mock_putf(conn, "UID %lu ", (unsigned long)message->uid);
    cpmsync_mock_putf(conn, "MODSEQ (%llu))\r\n", (unsigned long long)message->modseq);
}

static void store_one(void *ctx, struct mock_conn *conn, size_t index, struct mock_message *message)
{
    struct store *store = (struct store *)ctx;
    struct mock_seen *seen = &conn->view[index];
    if (!message) {
        store->missing = true;
        return;
    }
    bool spurious = conn->mock->faults.modified_spurious && !store->modified.count;
    if (store->conditional && (message->modseq > store->unchanged_since || spurious)) {
        uint32_t name = store->uid ? message->uid : (uint32_t)(index + 1);
        if (!cpmsync_mock_set_append(&store->modified, name, name))
            conn->broken = true;
        return;
    }
    /* Somebody else's change the client has not heard of must not hide behind ours. */
    bool current = seen->told >= message->modseq;
    struct mock_flags flags = store->flags;
    if (!store->change)
        cpmsync_mock_keep_flags(&flags, &message->flags, store->rights);
    uint64_t before = message->modseq;
    if (store->annotates)
        conn->broken |=
            cpmsync_mock_annotate_message(conn, conn->mailbox, message, &store->values, &store->modseq) != 0;
    else
        cpmsync_mock_change_flags(conn->mailbox, message, store->change, &flags, &store->modseq);
    bool changed = message->modseq != before;
    if (!store->silent) {
        cpmsync_mock_put_flag_change(conn, index, message, store->uid || cpmsync_mock_tells_uid(conn));
        return;
    }
    if (!current)
        return;
    seen->told = message->modseq;
    if (cpmsync_mock_tells_modseq(conn) && (changed || store->conditional))
        put_modseq(conn, store, index, message);
}

static void answer_store(struct mock_conn *conn, const struct store *store)
{
    bool gone = store->missing && !store->uid;
    if (!store->modified.count) {
        if (gone)
            cpmsync_mock_no(conn, "[EXPUNGEISSUED] Some messages are gone");
        else
            cpmsync_mock_ok_limited(conn, "STORE completed");
        return;
    }
    cpmsync_mock_tell_limit(conn);
    if (!conn->mock->faults.modified_silent)
        cpmsync_mock_tell(conn, conn->expunges);
    cpmsync_mock_tag(conn);
    cpmsync_mock_putf(conn, "%s [MODIFIED ", gone || conn->mock->faults.modified_no ? "NO" : "OK");
    cpmsync_mock_put_set(conn, &store->modified);
    cpmsync_mock_putf(conn, "] Conditional STORE failed\r\n");
}

static void run_over_set(struct mock_conn *conn, struct store *store)
{
    if (store->conditional)
        cpmsync_mock_enable_condstore(conn);
    if (conn->mailbox->flag_count > conn->flags_told)
        cpmsync_mock_put_flag_names(conn);
    cpmsync_mock_limit(conn, &store->set, store->uid);
    cpmsync_mock_work_through(conn, &store->set, store->uid, store_one, store);
    answer_store(conn, store);
}

static void look_whether_values_fit(void *ctx, struct mock_conn *conn, size_t index, struct mock_message *message)
{
    struct store *store = (struct store *)ctx;
    (void)index;
    if (!message)
        return;
    store->no_such_part |= !cpmsync_mock_annotation_values_fit(conn, message, &store->values);
    if (!store->excess)
        store->excess = cpmsync_mock_annotation_excess(conn, message, &store->values);
}

/* Private values want no right to write (RFC 5257 3.4), but an EXAMINEd mailbox stays as it is. */
static void run_annotate(struct mock_conn *conn, struct store *store)
{
    const char *refusal = conn->examined ? "[CANNOT] The mailbox is open for reading"
                                         : cpmsync_mock_annotation_refusal(conn, conn->mailbox, &store->values);
    if (!refusal) {
        cpmsync_mock_for_each(conn, &store->set, store->uid, look_whether_values_fit, store);
        refusal = store->excess;
    }
    if (store->no_such_part)
        cpmsync_mock_bad(conn, "An entry names a part that is not there");
    else if (refusal)
        cpmsync_mock_no(conn, refusal);
    else
        run_over_set(conn, store);
}

static void run_store(struct mock_conn *conn, struct store *store)
{
    int error = conn->read_only ? CPMSYNC_ERR_STATE : 0;
    if (error) {
        cpmsync_mock_no(conn, "[CANNOT] The mailbox is open for reading");
        return;
    }
    store->rights = cpmsync_mock_rights(conn, conn->mailbox);
    bool none_left = cpmsync_mock_permit_flags(&store->list, store->rights);
    if (store->change ? none_left : !(store->rights & MOCK_RIGHTS_FLAGS)) {
        cpmsync_mock_no(conn, "[NOPERM] None of these flags is yours to change");
        return;
    }
    error = cpmsync_mock_flags_of(conn->mock->mem, conn->mailbox, &store->list, &store->flags);
    if (error) {
        cpmsync_mock_refuse(conn, error);
        return;
    }
    run_over_set(conn, store);
}

bool cpmsync_mock_cmd_store(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct store store;
    memset(&store, 0, sizeof store);
    store.uid = uid;
    cpmsync_mock_set_init(&store.set, conn->mock->mem);
    cpmsync_mock_set_init(&store.modified, conn->mock->mem);
    bool valid = read_store(conn, p, &store) && cpmsync_mock_resolve(conn, &store.set, uid);
    if (store.conditional &&
        (conn->mailbox->nomodseq || (!cpmsync_mock_offers(conn, "CONDSTORE") && !cpmsync_mock_offers(conn, "QRESYNC"))))
        valid = false;
    if (valid && store.annotates)
        run_annotate(conn, &store);
    else if (valid)
        run_store(conn, &store);
    cpmsync_mock_annotation_values_clear(conn->mock->mem, &store.values);
    cpmsync_mock_set_clear(&store.set);
    cpmsync_mock_set_clear(&store.modified);
    return valid;
}

static bool goes_deleted(const void *ctx, const struct mock_message *message)
{
    const struct mock_set *set = (const struct mock_set *)ctx;
    return cpmsync_mock_flag_is_set(&message->flags, MOCK_DELETED) &&
           (!set || cpmsync_mock_set_contains(set, message->uid));
}

void cpmsync_mock_answer_expunge(struct mock_conn *conn, size_t count, const char *text)
{
    cpmsync_mock_tell(conn, true);
    if (!count || !conn->qresync || conn->mailbox->nomodseq) {
        cpmsync_mock_ok_limited(conn, text);
        return;
    }
    cpmsync_mock_tell_limit(conn);
    cpmsync_mock_tag(conn);
    cpmsync_mock_putf(conn, "OK [HIGHESTMODSEQ %llu] %s\r\n", (unsigned long long)cpmsync_mock_told_modseq(conn), text);
}

static void expunge(struct mock_conn *conn, const struct mock_set *set)
{
    size_t count = 0;
    if (conn->read_only) {
        cpmsync_mock_no(conn, "[CANNOT] The mailbox is open for reading");
        return;
    }
    if (!(cpmsync_mock_rights(conn, conn->mailbox) & MOCK_RIGHT_E)) {
        cpmsync_mock_no(conn, "[NOPERM] You may not");
        return;
    }
    /* A message the client never heard of is announced before it goes. */
    cpmsync_mock_tell(conn, true);
    int error = cpmsync_mock_remove(&conn->mock->store, conn->mailbox, goes_deleted, set, &count);
    if (error)
        cpmsync_mock_refuse(conn, error);
    else
        cpmsync_mock_answer_expunge(conn, count, "EXPUNGE completed");
}

bool cpmsync_mock_cmd_expunge(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    (void)uid;
    if (!cpmsync_mock_read_end(p))
        return false;
    expunge(conn, NULL);
    return true;
}

bool cpmsync_mock_cmd_uid_expunge(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct mock_set set;
    cpmsync_mock_set_init(&set, conn->mock->mem);
    bool valid = cpmsync_mock_read_sp(p) && cpmsync_mock_read_message_set(conn, p, &set) && cpmsync_mock_read_end(p) &&
                 cpmsync_mock_resolve(conn, &set, uid);
    if (valid) {
        cpmsync_mock_limit(conn, &set, uid);
        expunge(conn, &set);
    }
    cpmsync_mock_set_clear(&set);
    return valid;
}

/* ---- COPY and MOVE ---- */

struct copy {
    struct mock_mailbox *target;
    unsigned rights; /* in the target */
    struct mock_set from;
    struct mock_set to;
    uint64_t modseq;
    struct mock_growth growth; /* of the target's quota */
    bool missing;
    int error;
};

static void look(void *ctx, struct mock_conn *conn, size_t index, struct mock_message *message)
{
    struct copy *copy = (struct copy *)ctx;
    (void)conn;
    (void)index;
    if (message) {
        copy->growth.octets += (int64_t)message->body->len;
        copy->growth.messages++;
    } else
        copy->missing = true;
}

static void copy_one(void *ctx, struct mock_conn *conn, size_t index, struct mock_message *message)
{
    struct copy *copy = (struct copy *)ctx;
    static const struct mock_flags NONE;
    struct mock_flags permitted, flags;
    uint32_t from, to;
    (void)index;
    if (!message || copy->error)
        return;
    from = message->uid;
    struct mock_annotations annotations = message->annotations; /* adding may move the message */
    permitted = message->flags;
    cpmsync_mock_keep_flags(&permitted, &NONE, copy->rights);
    copy->error = cpmsync_mock_flags_translate(conn->mock->mem, conn->mailbox, copy->target, &permitted, &flags);
    if (copy->error)
        return;
    copy->modseq = copy->modseq ? copy->modseq : cpmsync_mock_bump(copy->target);
    copy->error = cpmsync_mock_add(
        &conn->mock->store, copy->target, message->body, &flags, message->date, message->zone, copy->modseq, &to);
    if (!copy->error)
        copy->error = cpmsync_mock_annotations_copy(conn->mock->mem, &copy->target->messages[copy->target->count - 1],
            &annotations, conn->user, (copy->rights & MOCK_RIGHT_N) != 0);
    if (!copy->error &&
        (!cpmsync_mock_set_append(&copy->from, from, from) || !cpmsync_mock_set_append(&copy->to, to, to)))
        copy->error = CPMSYNC_ERR_NOMEM;
}

static void put_copyuid(struct mock_conn *conn, const struct copy *copy)
{
    if (!copy->from.count || !cpmsync_mock_tells_new_uids(conn))
        return;
    cpmsync_mock_putf(conn, "[COPYUID %lu ", (unsigned long)copy->target->uidvalidity);
    cpmsync_mock_put_set(conn, &copy->from);
    cpmsync_mock_putf(conn, " ");
    cpmsync_mock_put_set(conn, &copy->to);
    cpmsync_mock_putf(conn, "] ");
}

static void answer_copy(struct mock_conn *conn, const struct copy *copy)
{
    cpmsync_mock_tell(conn, true);
    cpmsync_mock_tag(conn);
    cpmsync_mock_putf(conn, "OK ");
    put_copyuid(conn, copy);
    cpmsync_mock_putf(conn, "COPY completed\r\n");
}

/* Untagged COPYUID before the expunges (RFC 6851 4.3). A message is in one of the mailboxes, whatever happens. */
static void finish_move(struct mock_conn *conn, const struct copy *copy, const struct mock_mark *mark)
{
    size_t count = 0;
    int error = cpmsync_mock_remove(&conn->mock->store, conn->mailbox, cpmsync_mock_goes_in_set, &copy->from, &count);
    if (error) {
        cpmsync_mock_roll_back(conn->mock->mem, copy->target, mark);
        cpmsync_mock_refuse(conn, error);
        return;
    }
    if (copy->from.count) {
        cpmsync_mock_putf(conn, "* OK ");
        put_copyuid(conn, copy);
        cpmsync_mock_putf(conn, "Moved\r\n");
    }
    cpmsync_mock_answer_expunge(conn, count, "MOVE completed");
}

static void run_copy(struct mock_conn *conn, struct mock_set *set, struct cpmsync_slice name, bool uid, bool move)
{
    static const unsigned MOVES = MOCK_RIGHT_T | MOCK_RIGHT_E; /* RFC 6851 4.2 */
    struct copy copy;
    memset(&copy, 0, sizeof copy);
    cpmsync_mock_set_init(&copy.from, conn->mock->mem);
    cpmsync_mock_set_init(&copy.to, conn->mock->mem);
    copy.target = cpmsync_mock_target(conn, name);
    if (!copy.target)
        return;
    copy.rights = cpmsync_mock_rights(conn, copy.target);
    if (move)
        cpmsync_mock_limit(conn, set, uid);
    cpmsync_mock_for_each(conn, set, uid, look, &copy);
    if (move && conn->read_only)
        cpmsync_mock_no(conn, "[CANNOT] The mailbox is open for reading");
    else if (move && (cpmsync_mock_rights(conn, conn->mailbox) & MOVES) != MOVES)
        cpmsync_mock_no(conn, "[NOPERM] You may not");
    else if (copy.missing && !uid)
        cpmsync_mock_no(conn, "[EXPUNGEISSUED] Some messages are gone");
    else if (!(move && copy.target->owner == conn->mailbox->owner) &&
             cpmsync_mock_exceeds_quota(conn, copy.target->owner, &copy.growth))
        cpmsync_mock_no(conn, "[OVERQUOTA] No room for them");
    else if (move || !cpmsync_mock_exceeds_limit(conn, (uint64_t)copy.growth.messages)) {
        struct mock_mark mark = cpmsync_mock_mark(copy.target);
        cpmsync_mock_work_through(conn, set, uid, copy_one, &copy);
        if (copy.error) {
            /* All or nothing (RFC 3501 6.4.7). */
            cpmsync_mock_roll_back(conn->mock->mem, copy.target, &mark);
            cpmsync_mock_refuse(conn, copy.error);
        } else if (move)
            finish_move(conn, &copy, &mark);
        else
            answer_copy(conn, &copy);
    }
    cpmsync_mock_set_clear(&copy.from);
    cpmsync_mock_set_clear(&copy.to);
}

static bool copy_or_move(struct mock_conn *conn, struct mock_parser *p, bool uid, bool move)
{
    struct mock_set set;
    struct cpmsync_slice name;
    cpmsync_mock_set_init(&set, conn->mock->mem);
    bool valid = cpmsync_mock_read_sp(p) && cpmsync_mock_read_message_set(conn, p, &set) && cpmsync_mock_read_sp(p) &&
                 cpmsync_mock_read_mailbox(conn, p, &name) && cpmsync_mock_read_end(p) &&
                 cpmsync_mock_resolve(conn, &set, uid);
    if (valid)
        run_copy(conn, &set, name, uid, move);
    cpmsync_mock_set_clear(&set);
    return valid;
}

bool cpmsync_mock_cmd_copy(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    return copy_or_move(conn, p, uid, false);
}

bool cpmsync_mock_cmd_move(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    return copy_or_move(conn, p, uid, true);
}
