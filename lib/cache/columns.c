/* SPDX-License-Identifier: MIT */
#include "cache/columns.h"

#include <cpmsync/error.h>

enum {
    BLOCK = 512, /* rows whose living are counted together */
    WORD = 32,   /* rows in a word of the bitmap */
    SLACK = 16,  /* one part in so many may be free, and another one dead: an eighth together */
    FIRST_ROWS = 16,
    PENDING_FIRST = 16,
    PENDING_MAX = 512 /* rows that wait for being merged */
};

/*
 * Rows 0..rows-1 ascend by UID; the last one is alive. Bits of `dead` at and above `rows` are 0. `pending` holds rows with
 * UIDs between those of the columns, ascending. There is always room to merge them, so that only put needs memory.
 */
struct cpmsync_columns {
    const struct cpmsync_allocator *mem;
    size_t rows_max;
    size_t rows; /* the dead included */
    size_t dead_rows;
    size_t capacity;
    uint32_t *uid;
    uint64_t *modseq;
    uint32_t *flagset;
    uint32_t *dead; /* a bit a row */
    uint16_t *live; /* living rows a block */
    struct cpmsync_row *pending;
    size_t pending_rows;
    size_t pending_capacity;
};

static size_t words(size_t rows)
{
    return rows / WORD + (rows % WORD != 0);
}

static size_t blocks(size_t rows)
{
    return rows / BLOCK + (rows % BLOCK != 0);
}

struct cpmsync_columns *cpmsync_columns_new(const struct cpmsync_allocator *mem, size_t rows_max)
{
    struct cpmsync_columns *columns = cpmsync_mem_zalloc(mem, sizeof(*columns));

    if (!columns)
        return NULL;
    columns->mem = mem;
    columns->rows_max = rows_max;
    return columns;
}

void cpmsync_columns_empty(struct cpmsync_columns *columns)
{
    const struct cpmsync_allocator *mem = columns->mem;
    size_t rows_max = columns->rows_max;

    cpmsync_mem_free(mem, columns->uid);
    cpmsync_mem_free(mem, columns->modseq);
    cpmsync_mem_free(mem, columns->flagset);
    cpmsync_mem_free(mem, columns->dead);
    cpmsync_mem_free(mem, columns->live);
    cpmsync_mem_free(mem, columns->pending);
    memset(columns, 0, sizeof(*columns));
    columns->mem = mem;
    columns->rows_max = rows_max;
}

void cpmsync_columns_free(struct cpmsync_columns *columns)
{
    if (!columns)
        return;
    cpmsync_columns_empty(columns);
    cpmsync_mem_free(columns->mem, columns);
}

size_t cpmsync_columns_count(const struct cpmsync_columns *columns)
{
    return columns->rows - columns->dead_rows + columns->pending_rows;
}

uint32_t cpmsync_columns_last_uid(const struct cpmsync_columns *columns)
{
    return columns->rows ? columns->uid[columns->rows - 1] : 0;
}

size_t cpmsync_columns_memory(const struct cpmsync_columns *columns)
{
    size_t a_row = sizeof(*columns->uid) + sizeof(*columns->modseq) + sizeof(*columns->flagset);

    return sizeof(*columns) + columns->capacity * a_row + words(columns->capacity) * sizeof(*columns->dead) +
           blocks(columns->capacity) * sizeof(*columns->live) + columns->pending_capacity * sizeof(*columns->pending);
}

/* --- the dead --- */

static bool is_dead(const struct cpmsync_columns *columns, size_t row)
{
    return columns->dead[row / WORD] >> row % WORD & 1;
}

static void bury(struct cpmsync_columns *columns, size_t row)
{
    columns->dead[row / WORD] |= (uint32_t)1 << row % WORD;
    columns->live[row / BLOCK]--;
    columns->dead_rows++;
}

static void revive(struct cpmsync_columns *columns, size_t row)
{
    columns->dead[row / WORD] &= ~((uint32_t)1 << row % WORD);
    columns->live[row / BLOCK]++;
    columns->dead_rows--;
}

static unsigned ones(uint32_t word)
{
    word -= word >> 1 & 0x55555555u;
    word = (word & 0x33333333u) + (word >> 2 & 0x33333333u);
    return ((word + (word >> 4)) & 0x0f0f0f0fu) * 0x01010101u >> 24;
}

/* The first row at or behind `from` that is dead, or alive; `end` if there is none before it. */
static size_t next_row(const struct cpmsync_columns *columns, size_t from, size_t end, bool dead)
{
    uint32_t none = dead ? 0 : UINT32_MAX; /* a word without such a row */

    if (columns->dead_rows == 0)
        return dead ? end : from;
    while (from < end) {
        if (from % WORD == 0 && columns->dead[from / WORD] == none)
            from += WORD;
        else if (is_dead(columns, from) == dead)
            return from;
        else
            from++;
    }
    return end;
}

/* Living rows before row `end`. */
static size_t living_before(const struct cpmsync_columns *columns, size_t end)
{
    size_t block, word, count = 0;

    if (columns->dead_rows == 0)
        return end;
    for (block = 0; block < end / BLOCK; block++)
        count += columns->live[block];
    count += end % BLOCK;
    for (word = end / BLOCK * (BLOCK / WORD); word < end / WORD; word++)
        count -= ones(columns->dead[word]);
    if (end % WORD)
        count -= ones(columns->dead[word] & (((uint32_t)1 << end % WORD) - 1));
    return count;
}

/* The row of the living one with this number, which exists, counted from 1 and without the pending. */
static size_t living_at(const struct cpmsync_columns *columns, size_t number)
{
    size_t block, row;

    if (columns->dead_rows == 0)
        return number - 1;
    for (block = 0; number > columns->live[block]; block++)
        number -= columns->live[block];
    for (row = block * BLOCK;; row += WORD) {
        size_t living = WORD - ones(columns->dead[row / WORD]);

        if (number <= living)
            break;
        number -= living;
    }
    for (;; row++) {
        if (!is_dead(columns, row) && --number == 0)
            return row;
    }
}

/* --- moving rows --- */

static void move_rows(struct cpmsync_columns *columns, size_t to, size_t from, size_t count)
{
    if (to == from || count == 0)
        return;
    memmove(columns->uid + to, columns->uid + from, count * sizeof(*columns->uid));
    memmove(columns->modseq + to, columns->modseq + from, count * sizeof(*columns->modseq));
    memmove(columns->flagset + to, columns->flagset + from, count * sizeof(*columns->flagset));
}

static void set_row(struct cpmsync_columns *columns, size_t at, const struct cpmsync_row *row)
{
    columns->uid[at] = row->uid;
    columns->modseq[at] = row->modseq;
    columns->flagset[at] = row->flagset;
}

static void get_row(const struct cpmsync_columns *columns, size_t at, struct cpmsync_row *row)
{
    row->uid = columns->uid[at];
    row->modseq = columns->modseq[at];
    row->flagset = columns->flagset[at];
}

/* The columns have `rows` rows now, all of them alive. */
static void all_live(struct cpmsync_columns *columns, size_t rows)
{
    size_t block;

    if (columns->dead_rows)
        memset(columns->dead, 0, words(columns->rows) * sizeof(*columns->dead));
    for (block = 0; block < rows / BLOCK; block++)
        columns->live[block] = BLOCK;
    if (rows % BLOCK)
        columns->live[block] = (uint16_t)(rows % BLOCK);
    columns->rows = rows;
    columns->dead_rows = 0;
}

/* Closes the gaps of the dead. */
static void sweep(struct cpmsync_columns *columns)
{
    size_t to = 0, start, end;

    if (columns->dead_rows == 0)
        return;
    for (start = 0; start < columns->rows; start = end) {
        start = next_row(columns, start, columns->rows, false);
        end = next_row(columns, start, columns->rows, true);
        move_rows(columns, to, start, end - start);
        to += end - start;
    }
    all_live(columns, to);
}

/* Capacity for at least the rows there are. When it cannot grow, it is as before; it can always shrink. */
static bool set_capacity(struct cpmsync_columns *columns, size_t capacity)
{
    const struct cpmsync_allocator *mem = columns->mem;
    size_t old_words = words(columns->capacity), new_words = words(capacity);
    uint32_t *uid = cpmsync_mem_resize(mem, columns->uid, capacity, sizeof(*uid));
    uint64_t *modseq = cpmsync_mem_resize(mem, columns->modseq, capacity, sizeof(*modseq));
    uint32_t *flagset = cpmsync_mem_resize(mem, columns->flagset, capacity, sizeof(*flagset));
    uint32_t *dead = cpmsync_mem_resize(mem, columns->dead, new_words, sizeof(*dead));
    uint16_t *live = cpmsync_mem_resize(mem, columns->live, blocks(capacity), sizeof(*live));

    columns->uid = uid ? uid : columns->uid;
    columns->modseq = modseq ? modseq : columns->modseq;
    columns->flagset = flagset ? flagset : columns->flagset;
    columns->dead = dead ? dead : columns->dead;
    columns->live = live ? live : columns->live;
    if (capacity > columns->capacity) {
        if (!uid || !modseq || !flagset || !dead || !live)
            return false;
        memset(dead + old_words, 0, (new_words - old_words) * sizeof(*dead));
    }
    columns->capacity = capacity;
    return true;
}

/* Room for one row more, the pending counted. */
static int make_room(struct cpmsync_columns *columns)
{
    size_t living = cpmsync_columns_count(columns);

    if (columns->rows + columns->pending_rows < columns->capacity)
        return 0;
    sweep(columns);
    /* Sweeping must pay for some time, else a row costs a sweep. */
    if (living + living / (4 * SLACK) < columns->capacity)
        return 0;
    if (set_capacity(columns, living + living / SLACK + FIRST_ROWS))
        return 0;
    return living < columns->capacity ? 0 : CPMSYNC_ERR_NOMEM;
}

static void shrink(struct cpmsync_columns *columns)
{
    size_t enough = columns->rows + columns->rows / SLACK + FIRST_ROWS;

    if (columns->capacity > enough + columns->rows / SLACK + FIRST_ROWS)
        set_capacity(columns, enough);
}

/* --- searching --- */

/* The first of the rows before `end` with a UID at or above this one. */
static size_t find(const struct cpmsync_columns *columns, uint32_t uid, size_t end)
{
    size_t low = 0, high = end;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (columns->uid[middle] < uid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The first row above this UID. */
static size_t find_above(const struct cpmsync_columns *columns, uint32_t uid)
{
    if (uid >= cpmsync_columns_last_uid(columns))
        return columns->rows;
    return find(columns, uid + 1, columns->rows);
}

static size_t find_pending(const struct cpmsync_columns *columns, uint32_t uid)
{
    size_t low = 0, high = columns->pending_rows;

    if (high && columns->pending[high - 1].uid < uid)
        return high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (columns->pending[middle].uid < uid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool cpmsync_columns_get(const struct cpmsync_columns *columns, uint32_t uid, struct cpmsync_row *row)
{
    size_t at;

    if (uid > cpmsync_columns_last_uid(columns))
        return false;
    at = find(columns, uid, columns->rows);
    if (at < columns->rows && columns->uid[at] == uid) {
        if (is_dead(columns, at))
            return false;
        get_row(columns, at, row);
        return true;
    }
    at = find_pending(columns, uid);
    if (at == columns->pending_rows || columns->pending[at].uid != uid)
        return false;
    *row = columns->pending[at];
    return true;
}

size_t cpmsync_columns_rank(const struct cpmsync_columns *columns, uint32_t uid)
{
    size_t pending = find_pending(columns, uid);

    if (pending < columns->pending_rows && columns->pending[pending].uid == uid)
        pending++;
    return living_before(columns, find_above(columns, uid)) + pending;
}

bool cpmsync_columns_at(const struct cpmsync_columns *columns, size_t number, struct cpmsync_row *row)
{
    size_t low = 0, high = columns->pending_rows;

    if (number == 0 || number > cpmsync_columns_count(columns))
        return false;
    /* How many of the pending have a number below this one. */
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (cpmsync_columns_rank(columns, columns->pending[middle].uid) < number)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < columns->pending_rows && cpmsync_columns_rank(columns, columns->pending[low].uid) == number)
        *row = columns->pending[low];
    else
        get_row(columns, living_at(columns, number - low), row);
    return true;
}

/* --- changing --- */

/* The pending go to their places, from the highest on, so that each row moves once. */
static void merge(struct cpmsync_columns *columns)
{
    size_t left = columns->pending_rows, end;

    if (left == 0)
        return;
    sweep(columns);
    for (end = columns->rows; left > 0; left--) {
        const struct cpmsync_row *row = &columns->pending[left - 1];
        size_t at = find(columns, row->uid, end);

        move_rows(columns, at + left, at, end - at);
        set_row(columns, at + left - 1, row);
        end = at;
    }
    all_live(columns, columns->rows + columns->pending_rows);
    columns->pending_rows = 0;
}

static int append(struct cpmsync_columns *columns, const struct cpmsync_row *row)
{
    size_t at;
    int error = make_room(columns);

    if (error)
        return error;
    at = columns->rows++;
    set_row(columns, at, row);
    if (at % BLOCK == 0)
        columns->live[at / BLOCK] = 0;
    columns->live[at / BLOCK]++;
    return 0;
}

static int pending_reserve(struct cpmsync_columns *columns)
{
    struct cpmsync_row *pending;
    size_t capacity = columns->pending_capacity ? 2 * columns->pending_capacity : PENDING_FIRST;

    if (columns->pending_rows == PENDING_MAX)
        merge(columns);
    if (columns->pending_rows < columns->pending_capacity)
        return 0;
    pending = cpmsync_mem_resize(columns->mem, columns->pending, capacity, sizeof(*pending));
    if (!pending)
        return CPMSYNC_ERR_NOMEM;
    columns->pending = pending;
    columns->pending_capacity = capacity;
    return 0;
}

static int insert(struct cpmsync_columns *columns, const struct cpmsync_row *row)
{
    size_t at;
    int error = pending_reserve(columns);

    if (!error)
        error = make_room(columns);
    if (error)
        return error;
    at = find_pending(columns, row->uid);
    memmove(columns->pending + at + 1, columns->pending + at, (columns->pending_rows - at) * sizeof(*columns->pending));
    columns->pending[at] = *row;
    columns->pending_rows++;
    return 0;
}

/* Replaces the row with this UID, wherever it is; false if it has no place. */
static bool replace(struct cpmsync_columns *columns, const struct cpmsync_row *row)
{
    size_t at = find(columns, row->uid, columns->rows);

    if (at < columns->rows && columns->uid[at] == row->uid) {
        if (is_dead(columns, at))
            revive(columns, at);
        set_row(columns, at, row);
        return true;
    }
    at = find_pending(columns, row->uid);
    if (at == columns->pending_rows || columns->pending[at].uid != row->uid)
        return false;
    columns->pending[at] = *row;
    return true;
}

int cpmsync_columns_put(struct cpmsync_columns *columns, const struct cpmsync_row *row, struct cpmsync_row *before)
{
    struct cpmsync_row old = {0, 0, 0};
    bool last = row->uid > cpmsync_columns_last_uid(columns);
    int error = 0;

    if (row->uid == 0)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    if (last || !cpmsync_columns_get(columns, row->uid, &old)) {
        if (cpmsync_columns_count(columns) >= columns->rows_max)
            return CPMSYNC_ERR_LIMIT;
    }
    if (last)
        error = append(columns, row);
    else if (!replace(columns, row))
        error = insert(columns, row);
    if (!error && before)
        *before = old;
    return error;
}

/* The last row is alive again, few are dead, and little is free. */
static void tidy(struct cpmsync_columns *columns)
{
    while (columns->rows && is_dead(columns, columns->rows - 1)) {
        columns->rows--;
        columns->dead[columns->rows / WORD] &= ~((uint32_t)1 << columns->rows % WORD);
        columns->dead_rows--;
    }
    if (columns->dead_rows > columns->rows / SLACK)
        sweep(columns);
    if (columns->dead_rows == 0)
        shrink(columns);
}

/* Behind the last row of a run of living ones with consecutive UIDs. */
static size_t run_end(const struct cpmsync_columns *columns, size_t from, size_t end)
{
    size_t row = from + 1;

    while (row < end && !is_dead(columns, row) && columns->uid[row] == columns->uid[row - 1] + 1)
        row++;
    return row;
}

size_t cpmsync_columns_remove(
    struct cpmsync_columns *columns, uint32_t first, uint32_t last, struct cpmsync_uidset *removed, int *error)
{
    size_t row, end, count = 0;
    int failed = 0;

    merge(columns);
    end = find_above(columns, last);
    for (row = find(columns, first, columns->rows); row < end;) {
        size_t behind;

        row = next_row(columns, row, end, false);
        if (row == end)
            break;
        behind = run_end(columns, row, end);
        if (removed)
            failed = cpmsync_uidset_add(removed, columns->uid[row], columns->uid[behind - 1]);
        if (failed)
            break;
        count += behind - row;
        for (; row < behind; row++)
            bury(columns, row);
    }
    if (count)
        tidy(columns);
    if (error)
        *error = failed;
    return count;
}

int cpmsync_columns_walk(
    struct cpmsync_columns *columns, uint32_t first, uint32_t last, cpmsync_columns_fn fn, void *ctx)
{
    size_t row, end, behind;

    merge(columns);
    end = find_above(columns, last);
    for (row = find(columns, first, columns->rows); row < end; row = behind) {
        int stop;

        row = next_row(columns, row, end, false);
        if (row == end)
            break;
        behind = next_row(columns, row, end, true);
        stop = fn(ctx, columns->uid + row, columns->modseq + row, columns->flagset + row, behind - row);
        if (stop)
            return stop;
    }
    return 0;
}
