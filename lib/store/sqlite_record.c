/* SPDX-License-Identifier: MIT */
#include "store/sqlite_record.h"

#include <string.h>

enum { NAME, UIDVALIDITY, UIDNEXT, HIGHESTMODSEQ, MESSAGES, FLAGS, COVERED, EXTRA, RANGE_OCTETS = 8 };

void cpmsync_sqlite_record_init(struct cpmsync_sqlite_record *record, const struct cpmsync_allocator *mem)
{
    memset(record, 0, sizeof *record);
    record->mem = mem;
}

void cpmsync_sqlite_record_clear(struct cpmsync_sqlite_record *record)
{
    cpmsync_mem_free(record->mem, record->block);
    record->block = NULL;
    record->capacity = 0;
}

/* Room for so many octets, aligned for ranges; what was there is lost. */
static uint8_t *reserve(struct cpmsync_sqlite_record *record, size_t octets)
{
    size_t capacity = octets / sizeof *record->block + 1;

    if (capacity > record->capacity) {
        cpmsync_sqlite_record_clear(record);
        record->block = cpmsync_mem_resize(record->mem, NULL, capacity, sizeof *record->block);
        record->capacity = record->block ? capacity : 0;
    }
    return (uint8_t *)record->block;
}

static void put32(uint8_t *to, uint32_t number)
{
    for (unsigned i = 0; i < 4; i++)
        to[i] = (uint8_t)(number >> 8 * i);
}

static uint32_t get32(const uint8_t *from)
{
    return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

/* The ranges as octets; NULL without memory. What is put may have been shown by us, so that the block is not used. */
static uint8_t *encode_covered(struct cpmsync_sqlite_record *record, const struct cpmsync_store_mailbox *mailbox)
{
    uint8_t *octets = cpmsync_mem_resize(record->mem, NULL, mailbox->covered_count + 1, RANGE_OCTETS);

    for (size_t i = 0; octets != NULL && i < mailbox->covered_count; i++) {
        put32(octets + i * RANGE_OCTETS, mailbox->covered[i].first);
        put32(octets + i * RANGE_OCTETS + 4, mailbox->covered[i].last);
    }
    return octets;
}

int cpmsync_sqlite_record_put(
    struct cpmsync_sqlite_record *record, struct cpmsync_sqlite_db *db, const struct cpmsync_store_mailbox *mailbox)
{
    sqlite3_stmt *statement;
    int error = cpmsync_sqlite_db_use(db, CPMSYNC_SQL_MAILBOX_PUT, &statement);
    uint8_t *covered;

    if (error)
        return error;
    covered = encode_covered(record, mailbox);
    if (covered == NULL)
        return CPMSYNC_ERR_NOMEM;
    cpmsync_sqlite_db_bind_octets(db, statement, 1 + NAME, mailbox->name, mailbox->name_len);
    cpmsync_sqlite_db_bind(db, statement, 1 + UIDVALIDITY, mailbox->uidvalidity);
    cpmsync_sqlite_db_bind(db, statement, 1 + UIDNEXT, mailbox->uidnext);
    cpmsync_sqlite_db_bind(db, statement, 1 + HIGHESTMODSEQ, cpmsync_sqlite_signed(mailbox->highestmodseq));
    cpmsync_sqlite_db_bind(db, statement, 1 + MESSAGES, mailbox->messages);
    cpmsync_sqlite_db_bind(db, statement, 1 + FLAGS, mailbox->flags);
    cpmsync_sqlite_db_bind_octets(db, statement, 1 + COVERED, covered, mailbox->covered_count * RANGE_OCTETS);
    cpmsync_sqlite_db_bind_octets(db, statement, 1 + EXTRA, mailbox->extra, mailbox->extra_len);
    error = cpmsync_sqlite_db_run(db, statement);
    cpmsync_mem_free(record->mem, covered);
    return error;
}

int cpmsync_sqlite_record_show(
    struct cpmsync_sqlite_record *record, sqlite3_stmt *statement, struct cpmsync_store_mailbox *mailbox)
{
    const uint8_t *name = sqlite3_column_blob(statement, NAME);
    size_t name_len = (size_t)sqlite3_column_bytes(statement, NAME);
    const uint8_t *covered = sqlite3_column_blob(statement, COVERED);
    size_t covered_len = (size_t)sqlite3_column_bytes(statement, COVERED);
    const uint8_t *extra = sqlite3_column_blob(statement, EXTRA);
    size_t extra_len = (size_t)sqlite3_column_bytes(statement, EXTRA);
    uint8_t *octets;

    if (name == NULL || covered_len % RANGE_OCTETS != 0)
        return CPMSYNC_ERR_STORE_CORRUPT;
    octets = reserve(record, covered_len + name_len + extra_len);
    if (octets == NULL)
        return CPMSYNC_ERR_NOMEM;
    for (size_t i = 0; i < covered_len / RANGE_OCTETS; i++) {
        record->block[i].first = get32(covered + i * RANGE_OCTETS);
        record->block[i].last = get32(covered + i * RANGE_OCTETS + 4);
    }
    memcpy(octets + covered_len, name, name_len);
    if (extra_len)
        memcpy(octets + covered_len + name_len, extra, extra_len);
    mailbox->name = octets + covered_len;
    mailbox->name_len = name_len;
    mailbox->uidvalidity = (uint32_t)sqlite3_column_int64(statement, UIDVALIDITY);
    mailbox->uidnext = (uint32_t)sqlite3_column_int64(statement, UIDNEXT);
    mailbox->highestmodseq = cpmsync_sqlite_unsigned(sqlite3_column_int64(statement, HIGHESTMODSEQ));
    mailbox->covered = record->block;
    mailbox->covered_count = covered_len / RANGE_OCTETS;
    mailbox->messages = (uint32_t)sqlite3_column_int64(statement, MESSAGES);
    mailbox->flags = (uint32_t)sqlite3_column_int64(statement, FLAGS);
    mailbox->extra = octets + covered_len + name_len;
    mailbox->extra_len = extra_len;
    return 0;
}
