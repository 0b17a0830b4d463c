/* SPDX-License-Identifier: MIT */
/*
 * A chunk holds the rows from the number of its rowid up to the next chunk's. A row below all chunks makes a chunk of
 * number 0, so that rows that come in any order fill chunks from both sides.
 */
#include "store/sqlite_rows.h"

#include "base/mem.h"

enum {
    PENDING_MAX = 64 * 1024, /* octets in memory before they go to the log */
    LOG_MAX = 64 * 1024,     /* octets of a mailbox's log before it is folded */
    RECORD_MIN = 2048        /* octets up to which a record grows, so that small commits share one */
};

void cpmsync_sqlite_rows_init(
    struct cpmsync_sqlite_rows *rows, const struct cpmsync_allocator *mem, struct cpmsync_sqlite_db *db)
{
    rows->mem = mem;
    rows->db = db;
    rows->mailbox = 0;
    cpmsync_row_changes_init(&rows->pending, mem);
    cpmsync_row_changes_init(&rows->overlay, mem);
}

void cpmsync_sqlite_rows_clear(struct cpmsync_sqlite_rows *rows)
{
    cpmsync_row_changes_clear(&rows->pending);
    cpmsync_row_changes_clear(&rows->overlay);
}

/* The statement over all rowids of a mailbox. */
static int use_mailbox(
    struct cpmsync_sqlite_rows *rows, enum cpmsync_sqlite_sql sql, uint32_t mailbox, sqlite3_stmt **statement)
{
    int error = cpmsync_sqlite_db_use(rows->db, sql, statement);

    if (error)
        return error;
    cpmsync_sqlite_db_bind(rows->db, *statement, 1, cpmsync_sqlite_rowid(mailbox, 0));
    cpmsync_sqlite_db_bind(rows->db, *statement, 2, cpmsync_sqlite_rowid(mailbox, UINT32_MAX));
    return 0;
}

static int run_mailbox(struct cpmsync_sqlite_rows *rows, enum cpmsync_sqlite_sql sql, uint32_t mailbox)
{
    sqlite3_stmt *statement;
    int error = use_mailbox(rows, sql, mailbox, &statement);

    return error ? error : cpmsync_sqlite_db_run(rows->db, statement);
}

static int put_octets(
    struct cpmsync_sqlite_rows *rows, enum cpmsync_sqlite_sql sql, int64_t id, const uint8_t *octets, size_t len)
{
    sqlite3_stmt *statement;
    int error = cpmsync_sqlite_db_use(rows->db, sql, &statement);

    if (error)
        return error;
    cpmsync_sqlite_db_bind(rows->db, statement, 1, id);
    cpmsync_sqlite_db_bind_octets(rows->db, statement, 2, octets, len);
    return cpmsync_sqlite_db_run(rows->db, statement);
}

/* --- merging ------------------------------------------------------------------------------------------------------ */

/* Takes rows in ascending order; flushes what is full. */
struct sink {
    struct cpmsync_sqlite_columns *out;
    size_t full;
    int (*flush)(struct sink *sink);
    cpmsync_store_rows_fn fn; /* of a load */
    void *ctx;
    struct cpmsync_sqlite_rows *rows; /* of a fold */
    uint32_t mailbox;
    uint32_t first; /* the number of the first chunk it writes; the next ones have their first UID */
    size_t total;   /* rows flushed */
};

static int emit(struct sink *sink, uint32_t uid, uint64_t modseq, uint32_t flagset)
{
    struct cpmsync_sqlite_columns *out = sink->out;

    if (out->count == sink->full) {
        int error = sink->flush(sink);

        if (error)
            return error;
    }
    out->uid[out->count] = uid;
    out->modseq[out->count] = modseq;
    out->flagset[out->count++] = flagset;
    return 0;
}

/* The changes on their way along the chunks. */
struct cursor {
    const struct cpmsync_row_changes *changes;
    size_t row;     /* the next row not emitted */
    size_t removed; /* the first range that may still matter */
};

static bool is_removed(struct cursor *cursor, uint32_t uid)
{
    const struct cpmsync_uidset *removed = &cursor->changes->removed;

    while (cursor->removed < removed->count && removed->ranges[cursor->removed].last < uid)
        cursor->removed++;
    return cursor->removed < removed->count && removed->ranges[cursor->removed].first <= uid;
}

static int emit_changes_below(struct cursor *cursor, uint64_t limit, struct sink *sink)
{
    for (; cursor->row < cursor->changes->count; cursor->row++) {
        const struct cpmsync_stored_row *row = cursor->changes->rows + cursor->row;
        int error;

        if (row->uid >= limit)
            break;
        error = emit(sink, row->uid, row->modseq, row->flagset);
        if (error)
            return error;
    }
    return 0;
}

static int merge_chunk(struct cursor *cursor, const struct cpmsync_sqlite_columns *chunk, struct sink *sink)
{
    const struct cpmsync_row_changes *changes = cursor->changes;

    for (size_t i = 0; i < chunk->count; i++) {
        uint32_t uid = chunk->uid[i];
        int error = emit_changes_below(cursor, uid, sink);

        if (error)
            return error;
        if (is_removed(cursor, uid) || (cursor->row < changes->count && changes->rows[cursor->row].uid == uid))
            continue;
        error = emit(sink, uid, chunk->modseq[i], chunk->flagset[i]);
        if (error)
            return error;
    }
    return 0;
}

/* No change lies between the first and last row of the chunk. */
static bool is_untouched(struct cursor *cursor, const struct cpmsync_sqlite_columns *chunk)
{
    const struct cpmsync_row_changes *changes = cursor->changes;
    const struct cpmsync_uidset *removed = &changes->removed;
    uint32_t last = chunk->uid[chunk->count - 1];

    if (cursor->row < changes->count && changes->rows[cursor->row].uid <= last)
        return false;
    return !is_removed(cursor, chunk->uid[0]) &&
           (cursor->removed == removed->count || removed->ranges[cursor->removed].first > last);
}

/* The row the statement stands on, into rows->chunk; its column `column` are the octets. */
static int decode_chunk(struct cpmsync_sqlite_rows *rows, sqlite3_stmt *statement, int column)
{
    const uint8_t *octets = sqlite3_column_blob(statement, column);
    size_t len = (size_t)sqlite3_column_bytes(statement, column);
    struct cpmsync_sqlite_columns *chunk = &rows->chunk;

    chunk->count = 0;
    if (octets == NULL && sqlite3_errcode(rows->db->handle) == SQLITE_NOMEM)
        return CPMSYNC_ERR_NOMEM;
    if (octets == NULL || len % CPMSYNC_ROW_OCTETS != 0 || len > sizeof rows->octets)
        return CPMSYNC_ERR_STORE_CORRUPT;
    chunk->count = len / CPMSYNC_ROW_OCTETS;
    if (!cpmsync_rows_decode(octets, chunk->count, chunk->uid, chunk->modseq, chunk->flagset))
        return CPMSYNC_ERR_STORE_CORRUPT;
    return 0;
}

/* --- the log ------------------------------------------------------------------------------------------------------ */

/* rows->overlay becomes the log of the mailbox, and what is pending for it. */
static int read_log(struct cpmsync_sqlite_rows *rows, uint32_t mailbox)
{
    sqlite3_stmt *statement;
    int result = use_mailbox(rows, CPMSYNC_SQL_CHANGE_EACH, mailbox, &statement);

    cpmsync_row_changes_empty(&rows->overlay);
    if (result)
        return result;
    while ((result = cpmsync_sqlite_db_step(rows->db, statement)) == 1) {
        const uint8_t *octets = sqlite3_column_blob(statement, 1);
        size_t len = (size_t)sqlite3_column_bytes(statement, 1);
        int error =
            octets == NULL ? CPMSYNC_ERR_STORE_CORRUPT : cpmsync_row_changes_decode(&rows->overlay, octets, len);

        if (error) {
            (void)sqlite3_reset(statement);
            return error;
        }
    }
    if (!result && rows->mailbox == mailbox)
        result = cpmsync_row_changes_add(&rows->overlay, &rows->pending);
    return result;
}

struct log_state {
    int64_t last; /* rowid of the last record, 0 if there is none */
    size_t size;
};

static int read_log_state(struct cpmsync_sqlite_rows *rows, uint32_t mailbox, struct log_state *state)
{
    sqlite3_stmt *statement;
    int result = use_mailbox(rows, CPMSYNC_SQL_CHANGE_STATE, mailbox, &statement);

    if (result)
        return result;
    result = cpmsync_sqlite_db_step(rows->db, statement);
    if (result < 0)
        return result;
    state->last = sqlite3_column_int64(statement, 0);
    state->size = (size_t)sqlite3_column_int64(statement, 1);
    (void)sqlite3_reset(statement);
    return 0;
}

/* Copies the record if it is small enough to grow; *octets has room for `more` behind it. */
static int copy_record(struct cpmsync_sqlite_rows *rows, int64_t id, size_t more, uint8_t **octets, size_t *len)
{
    sqlite3_stmt *statement;
    int result = cpmsync_sqlite_db_use(rows->db, CPMSYNC_SQL_CHANGE_LAST, &statement);

    *len = 0;
    if (result)
        return result;
    cpmsync_sqlite_db_bind(rows->db, statement, 1, id);
    result = cpmsync_sqlite_db_step(rows->db, statement);
    if (result < 0)
        return result;
    if (result == 1 && sqlite3_column_bytes(statement, 0) < RECORD_MIN)
        *len = (size_t)sqlite3_column_bytes(statement, 0);
    *octets = cpmsync_mem_alloc(rows->mem, *len + more);
    if (*octets != NULL && *len > 0)
        memcpy(*octets, sqlite3_column_blob(statement, 0), *len);
    (void)sqlite3_reset(statement);
    return *octets == NULL ? CPMSYNC_ERR_NOMEM : 0;
}

static int append_to_log(struct cpmsync_sqlite_rows *rows, const struct log_state *state)
{
    size_t size = cpmsync_row_changes_size(&rows->pending);
    uint8_t *octets = NULL;
    size_t len;
    int64_t id = state->last;
    int error = copy_record(rows, id, size, &octets, &len);

    if (error)
        return error;
    if (len == 0)
        id = id == 0 ? cpmsync_sqlite_rowid(rows->mailbox, 0) : id + 1;
    cpmsync_row_changes_encode(&rows->pending, octets + len);
    error = put_octets(rows, CPMSYNC_SQL_CHANGE_PUT, id, octets, len + size);
    cpmsync_mem_free(rows->mem, octets);
    return error;
}

/* --- folding ------------------------------------------------------------------------------------------------------ */

static int write_chunk(struct sink *sink)
{
    struct cpmsync_sqlite_rows *rows = sink->rows;
    struct cpmsync_sqlite_columns *out = sink->out;
    uint32_t number = sink->total == 0 ? sink->first : out->uid[0];
    size_t len = out->count * CPMSYNC_ROW_OCTETS;

    cpmsync_rows_encode(out->uid, out->modseq, out->flagset, out->count, rows->octets);
    sink->total += out->count;
    out->count = 0;
    return put_octets(rows, CPMSYNC_SQL_CHUNK_PUT, cpmsync_sqlite_rowid(sink->mailbox, number), rows->octets, len);
}

static int count_only(struct sink *sink)
{
    sink->total += sink->out->count;
    sink->out->count = 0;
    return 0;
}

/* The chunk `uid` belongs to, into rows->chunk, and its bounds. */
static int read_chunk(
    struct cpmsync_sqlite_rows *rows, uint32_t mailbox, uint32_t uid, uint32_t *first, uint64_t *limit)
{
    sqlite3_stmt *statement;
    int result = cpmsync_sqlite_db_use(rows->db, CPMSYNC_SQL_CHUNK_FLOOR, &statement);

    *first = 0;
    *limit = UINT64_C(1) << 32;
    rows->chunk.count = 0;
    if (result)
        return result;
    cpmsync_sqlite_db_bind(rows->db, statement, 1, cpmsync_sqlite_rowid(mailbox, 0));
    cpmsync_sqlite_db_bind(rows->db, statement, 2, cpmsync_sqlite_rowid(mailbox, uid));
    result = cpmsync_sqlite_db_step(rows->db, statement);
    if (result == 1) {
        *first = (uint32_t)(sqlite3_column_int64(statement, 0) & UINT32_MAX);
        result = decode_chunk(rows, statement, 1);
        (void)sqlite3_reset(statement);
    }
    if (!result)
        result = cpmsync_sqlite_db_use(rows->db, CPMSYNC_SQL_CHUNK_ABOVE, &statement);
    if (result)
        return result;
    cpmsync_sqlite_db_bind(rows->db, statement, 1, cpmsync_sqlite_rowid(mailbox, uid));
    cpmsync_sqlite_db_bind(rows->db, statement, 2, cpmsync_sqlite_rowid(mailbox, UINT32_MAX));
    result = cpmsync_sqlite_db_step(rows->db, statement);
    if (result == 1)
        *limit = (uint64_t)(sqlite3_column_int64(statement, 0) & UINT32_MAX);
    (void)sqlite3_reset(statement);
    return result < 0 ? result : 0;
}

static int merge_into(struct cpmsync_sqlite_rows *rows, struct cursor cursor, uint64_t limit, struct sink *sink)
{
    int error = merge_chunk(&cursor, &rows->chunk, sink);

    if (!error)
        error = emit_changes_below(&cursor, limit, sink);
    if (!error && sink->out->count > 0)
        error = sink->flush(sink);
    return error;
}

/* Rewrites the chunk that holds `uid`; *limit is where it ends. */
static int fold_chunk(struct cpmsync_sqlite_rows *rows, uint32_t mailbox, uint32_t uid, uint64_t *limit)
{
    struct cursor cursor = {&rows->overlay, 0, 0};
    struct sink sink = {0};
    uint32_t first;
    size_t total;
    size_t chunks;
    int error = read_chunk(rows, mailbox, uid, &first, limit);

    if (error)
        return error;
    cursor.row = cpmsync_row_changes_find(&rows->overlay, first);
    sink.out = &rows->out;
    sink.out->count = 0;
    sink.full = CPMSYNC_SQLITE_CHUNK;
    sink.flush = count_only;
    error = merge_into(rows, cursor, *limit, &sink);
    if (error)
        return error;
    total = sink.total;
    if (total == 0) {
        int64_t id = cpmsync_sqlite_rowid(mailbox, first);
        int64_t bounds[2] = {id, id};

        return cpmsync_sqlite_db_do(rows->db, CPMSYNC_SQL_CHUNK_REMOVE, bounds, 2);
    }
    /* The last chunk grows at its end: full ones stay behind. Elsewhere rows come in between: equal parts. */
    chunks = (total + CPMSYNC_SQLITE_CHUNK - 1) / CPMSYNC_SQLITE_CHUNK;
    sink.full = *limit > UINT32_MAX ? CPMSYNC_SQLITE_CHUNK : (total + chunks - 1) / chunks;
    sink.flush = write_chunk;
    sink.rows = rows;
    sink.mailbox = mailbox;
    sink.first = first;
    sink.total = 0;
    return merge_into(rows, cursor, *limit, &sink);
}

static int fold(struct cpmsync_sqlite_rows *rows, uint32_t mailbox)
{
    uint64_t from = 0;
    uint32_t uid;
    int error = read_log(rows, mailbox);

    if (error)
        return error;
    while (from <= UINT32_MAX && cpmsync_row_changes_next(&rows->overlay, from, &uid)) {
        error = fold_chunk(rows, mailbox, uid, &from);
        if (error)
            return error;
    }
    return run_mailbox(rows, CPMSYNC_SQL_CHANGE_REMOVE, mailbox);
}

/* --- the contract ------------------------------------------------------------------------------------------------- */

void cpmsync_sqlite_rows_forget(struct cpmsync_sqlite_rows *rows)
{
    cpmsync_row_changes_empty(&rows->pending);
    rows->mailbox = 0;
}

int cpmsync_sqlite_rows_flush(struct cpmsync_sqlite_rows *rows)
{
    struct log_state state;
    int error;

    if (rows->mailbox == 0 || cpmsync_row_changes_none(&rows->pending))
        return 0;
    error = read_log_state(rows, rows->mailbox, &state);
    if (error)
        return error;
    if (state.size + cpmsync_row_changes_size(&rows->pending) > LOG_MAX)
        error = fold(rows, rows->mailbox);
    else
        error = append_to_log(rows, &state);
    if (!error)
        cpmsync_sqlite_rows_forget(rows);
    return error;
}

/* Makes `pending` the mailbox's, and not too large. */
static int prepare(struct cpmsync_sqlite_rows *rows, uint32_t mailbox)
{
    if (rows->mailbox != mailbox || cpmsync_row_changes_size(&rows->pending) >= PENDING_MAX) {
        int error = cpmsync_sqlite_rows_flush(rows);

        if (error)
            return error;
    }
    rows->mailbox = mailbox;
    return 0;
}

int cpmsync_sqlite_rows_put(struct cpmsync_sqlite_rows *rows, uint32_t mailbox, const uint32_t *uid,
    const uint64_t *modseq, const uint32_t *flagset, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct cpmsync_stored_row row = {uid[i], flagset[i], modseq[i]};
        int error = prepare(rows, mailbox);

        if (!error)
            error = cpmsync_row_changes_put(&rows->pending, &row);
        if (error)
            return error;
    }
    return 0;
}

int cpmsync_sqlite_rows_remove(
    struct cpmsync_sqlite_rows *rows, uint32_t mailbox, const struct cpmsync_range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int error = prepare(rows, mailbox);

        if (!error)
            error = cpmsync_row_changes_remove(&rows->pending, ranges[i].first, ranges[i].last);
        if (error)
            return error;
    }
    return 0;
}

int cpmsync_sqlite_rows_drop(struct cpmsync_sqlite_rows *rows, uint32_t mailbox)
{
    int error;

    if (rows->mailbox == mailbox)
        cpmsync_sqlite_rows_forget(rows);
    error = run_mailbox(rows, CPMSYNC_SQL_CHUNK_REMOVE, mailbox);
    return error ? error : run_mailbox(rows, CPMSYNC_SQL_CHANGE_REMOVE, mailbox);
}

static int hand_over(struct sink *sink)
{
    struct cpmsync_sqlite_columns *out = sink->out;
    size_t count = out->count;

    out->count = 0;
    return count ? sink->fn(sink->ctx, out->uid, out->modseq, out->flagset, count) : 0;
}

static int load_chunk(struct cpmsync_sqlite_rows *rows, struct cursor *cursor, struct sink *sink)
{
    struct cpmsync_sqlite_columns *chunk = &rows->chunk;
    int verdict;

    if (chunk->count == 0)
        return 0;
    verdict = emit_changes_below(cursor, chunk->uid[0], sink);
    if (verdict || !is_untouched(cursor, chunk))
        return verdict ? verdict : merge_chunk(cursor, chunk, sink);
    verdict = hand_over(sink);
    return verdict ? verdict : sink->fn(sink->ctx, chunk->uid, chunk->modseq, chunk->flagset, chunk->count);
}

int cpmsync_sqlite_rows_load(struct cpmsync_sqlite_rows *rows, uint32_t mailbox, cpmsync_store_rows_fn fn, void *ctx)
{
    struct cursor cursor = {&rows->overlay, 0, 0};
    struct sink sink = {0};
    sqlite3_stmt *statement;
    int result = read_log(rows, mailbox);

    sink.out = &rows->out;
    sink.out->count = 0;
    sink.full = CPMSYNC_SQLITE_CHUNK;
    sink.flush = hand_over;
    sink.fn = fn;
    sink.ctx = ctx;
    if (!result)
        result = use_mailbox(rows, CPMSYNC_SQL_CHUNK_EACH, mailbox, &statement);
    if (result)
        return result;
    while ((result = cpmsync_sqlite_db_step(rows->db, statement)) == 1) {
        int verdict = decode_chunk(rows, statement, 1);

        if (!verdict)
            verdict = load_chunk(rows, &cursor, &sink);
        if (verdict) {
            (void)sqlite3_reset(statement);
            return verdict;
        }
    }
    if (!result)
        result = emit_changes_below(&cursor, UINT64_MAX, &sink);
    return result ? result : hand_over(&sink);
}
