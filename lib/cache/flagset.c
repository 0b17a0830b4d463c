/* SPDX-License-Identifier: MIT */
#include "cache/flagset.h"

#include <cpmsync/error.h>

enum {
    ALIASES = 128,        /* texts remembered as they came; a power of two */
    ALIAS_WAYS = 4,       /* places a text may have */
    ALIAS_TEXT_MAX = 256, /* longer texts are sorted each time */
    FLAGS_ON_STACK = 32,
    FIRST_SETS = 16
};

struct set {
    char *text; /* canonical; NULL: the id is not in use */
    size_t len;
    uint32_t hash;
};

/* A text as the server writes it, and the set it means. */
struct alias {
    char *text; /* NULL: free */
    size_t len;
    uint32_t hash;
    uint32_t id;
};

struct cpmsync_flagsets {
    const struct cpmsync_allocator *mem;
    size_t sets_max;
    size_t octets_max;
    struct set *sets; /* by id; 0 is not used */
    size_t capacity;
    uint32_t highest; /* id */
    uint32_t count;
    size_t octets;
    uint32_t *index; /* canonical text to id, open addressing, 0 is free */
    size_t slots;    /* of the index, a power of two */
    struct alias *aliases;
    unsigned evict;
};

struct cpmsync_flagsets *cpmsync_flagsets_new(const struct cpmsync_allocator *mem, size_t sets_max, size_t octets_max)
{
    struct cpmsync_flagsets *sets = cpmsync_mem_zalloc(mem, sizeof(*sets));

    if (!sets)
        return NULL;
    sets->mem = mem;
    sets->sets_max = sets_max < UINT32_MAX - 1 ? sets_max : UINT32_MAX - 1;
    sets->octets_max = octets_max;
    return sets;
}

void cpmsync_flagsets_free(struct cpmsync_flagsets *sets)
{
    uint32_t id;
    size_t i;

    if (!sets)
        return;
    for (id = 1; id <= sets->highest; id++)
        cpmsync_mem_free(sets->mem, sets->sets[id].text);
    for (i = 0; sets->aliases && i < ALIASES; i++)
        cpmsync_mem_free(sets->mem, sets->aliases[i].text);
    cpmsync_mem_free(sets->mem, sets->aliases);
    cpmsync_mem_free(sets->mem, sets->index);
    cpmsync_mem_free(sets->mem, sets->sets);
    cpmsync_mem_free(sets->mem, sets);
}

/* FNV-1a */
static uint32_t hash_octet(uint32_t hash, uint8_t octet)
{
    return (hash ^ octet) * 16777619u;
}

static uint32_t hash_exact(struct cpmsync_slice text)
{
    uint32_t hash = 2166136261u;
    size_t i;

    for (i = 0; i < text.len; i++)
        hash = hash_octet(hash, text.data[i]);
    return hash;
}

static uint32_t hash_caseless(struct cpmsync_slice text)
{
    uint32_t hash = 2166136261u;
    size_t i;

    for (i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];

        hash = hash_octet(hash, c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c);
    }
    return hash;
}

static struct alias *alias_find(const struct cpmsync_flagsets *sets, struct cpmsync_slice text, uint32_t hash)
{
    unsigned way;

    if (!sets->aliases)
        return NULL;
    for (way = 0; way < ALIAS_WAYS; way++) {
        struct alias *alias = &sets->aliases[(hash + way) % ALIASES];

        if (alias->text && alias->hash == hash && alias->len == text.len &&
            memcmp(alias->text, text.data, text.len) == 0)
            return alias;
    }
    return NULL;
}

/* Best effort: without memory the text is only slower next time. */
static void alias_remember(struct cpmsync_flagsets *sets, struct cpmsync_slice text, uint32_t hash, uint32_t id)
{
    struct alias *alias = NULL;
    char *copy;
    unsigned way;

    if (text.len > ALIAS_TEXT_MAX)
        return;
    if (!sets->aliases)
        sets->aliases = cpmsync_mem_zalloc(sets->mem, ALIASES * sizeof(*sets->aliases));
    if (!sets->aliases)
        return;
    copy = cpmsync_mem_copy(sets->mem, text.data, text.len);
    if (!copy)
        return;
    for (way = 0; way < ALIAS_WAYS; way++) {
        alias = &sets->aliases[(hash + way) % ALIASES];
        if (!alias->text)
            break;
    }
    if (alias->text)
        alias = &sets->aliases[(hash + sets->evict++ % ALIAS_WAYS) % ALIASES];
    cpmsync_mem_free(sets->mem, alias->text);
    alias->text = copy;
    alias->len = text.len;
    alias->hash = hash;
    alias->id = id;
}

/* Takes the next flag from *rest; false at the end. */
static bool next_flag(struct cpmsync_slice *rest, struct cpmsync_slice *flag)
{
    size_t start = 0, end;

    while (start < rest->len && rest->data[start] == ' ')
        start++;
    for (end = start; end < rest->len && rest->data[end] != ' ';)
        end++;
    *flag = cpmsync_slice_of(rest->data + start, end - start);
    *rest = cpmsync_slice_of(rest->data + end, rest->len - end);
    return flag->len != 0;
}

/* Equal flags keep the order they came in, so that the first spelling wins. */
static bool flag_before(const struct cpmsync_slice *a, const struct cpmsync_slice *b)
{
    int order = cpmsync_slice_icmp(*a, *b);

    return order < 0 || (order == 0 && a->data < b->data);
}

static void sift_down(struct cpmsync_slice *flags, size_t root, size_t count)
{
    for (;;) {
        size_t child = 2 * root + 1;
        struct cpmsync_slice swap;

        if (child >= count)
            return;
        if (child + 1 < count && flag_before(&flags[child], &flags[child + 1]))
            child++;
        if (!flag_before(&flags[root], &flags[child]))
            return;
        swap = flags[root];
        flags[root] = flags[child];
        flags[child] = swap;
        root = child;
    }
}

/* Heap sort: a text from the network must not be able to make it slow. */
static void sort_flags(struct cpmsync_slice *flags, size_t count)
{
    size_t i;

    for (i = count / 2; i > 0; i--)
        sift_down(flags, i - 1, count);
    for (i = count; i > 1; i--) {
        struct cpmsync_slice swap = flags[0];

        flags[0] = flags[i - 1];
        flags[i - 1] = swap;
        sift_down(flags, 0, i - 1);
    }
}

/* Writes the sorted flags without repetitions; `out` has room for the text they came from. */
static size_t join_flags(const struct cpmsync_slice *flags, size_t count, char *out)
{
    size_t len = 0, i;

    for (i = 0; i < count; i++) {
        if (i && cpmsync_slice_ieq(flags[i - 1], flags[i]))
            continue;
        if (len)
            out[len++] = ' ';
        memcpy(out + len, flags[i].data, flags[i].len);
        len += flags[i].len;
    }
    return len;
}

/* The canonical form of a text that is not empty, in memory of its own. */
static int canonicalise(struct cpmsync_flagsets *sets, struct cpmsync_slice text, char **out, size_t *out_len)
{
    struct cpmsync_slice on_stack[FLAGS_ON_STACK];
    struct cpmsync_slice *flags = on_stack;
    struct cpmsync_slice rest = text, flag;
    size_t count = 0;
    char *canonical = NULL;
    int error = CPMSYNC_ERR_NOMEM;

    while (next_flag(&rest, &flag))
        count++;
    if (count > FLAGS_ON_STACK)
        flags = cpmsync_mem_resize(sets->mem, NULL, count, sizeof(*flags));
    if (!flags)
        return error;
    count = 0;
    for (rest = text; next_flag(&rest, &flag);) {
        if (!cpmsync_slice_is(flag, "\\Recent"))
            flags[count++] = flag;
    }
    canonical = cpmsync_mem_alloc(sets->mem, text.len);
    if (!canonical)
        goto done;
    sort_flags(flags, count);
    *out_len = join_flags(flags, count, canonical);
    *out = canonical;
    error = 0;
done:
    if (flags != on_stack)
        cpmsync_mem_free(sets->mem, flags);
    return error;
}

/* The id of a canonical text; 0 if it is not there. */
static uint32_t index_find(const struct cpmsync_flagsets *sets, struct cpmsync_slice text, uint32_t hash)
{
    size_t slot;

    if (!sets->slots)
        return 0;
    for (slot = hash & (sets->slots - 1); sets->index[slot]; slot = (slot + 1) & (sets->slots - 1)) {
        const struct set *set = &sets->sets[sets->index[slot]];

        if (set->hash == hash && cpmsync_slice_ieq(cpmsync_slice_of(set->text, set->len), text))
            return sets->index[slot];
    }
    return 0;
}

static void index_put(uint32_t *index, size_t slots, uint32_t hash, uint32_t id)
{
    size_t slot = hash & (slots - 1);

    while (index[slot])
        slot = (slot + 1) & (slots - 1);
    index[slot] = id;
}

/* Room in the index for one more set; it stays at most half full. */
static int index_reserve(struct cpmsync_flagsets *sets)
{
    size_t slots = sets->slots ? sets->slots * 2 : 2 * FIRST_SETS;
    uint32_t *index;
    uint32_t id;

    if ((size_t)sets->count + 1 <= sets->slots / 2)
        return 0;
    if (slots > SIZE_MAX / sizeof(*index))
        return CPMSYNC_ERR_NOMEM;
    index = cpmsync_mem_zalloc(sets->mem, slots * sizeof(*index));
    if (!index)
        return CPMSYNC_ERR_NOMEM;
    for (id = 1; id <= sets->highest; id++) {
        if (sets->sets[id].text)
            index_put(index, slots, sets->sets[id].hash, id);
    }
    cpmsync_mem_free(sets->mem, sets->index);
    sets->index = index;
    sets->slots = slots;
    return 0;
}

static int sets_reserve(struct cpmsync_flagsets *sets, uint32_t id)
{
    size_t capacity = sets->capacity ? sets->capacity * 2 : FIRST_SETS;
    struct set *grown;

    if (id < sets->capacity)
        return 0;
    if (capacity > sets->sets_max + 1)
        capacity = sets->sets_max + 1;
    if (capacity <= id)
        capacity = (size_t)id + 1;
    grown = cpmsync_mem_resize(sets->mem, sets->sets, capacity, sizeof(*grown));
    if (!grown)
        return CPMSYNC_ERR_NOMEM;
    memset(grown + sets->capacity, 0, (capacity - sets->capacity) * sizeof(*grown));
    sets->sets = grown;
    sets->capacity = capacity;
    return 0;
}

/* Adds a canonical text that is not there under a free id; owns `text` on success. */
static int add(struct cpmsync_flagsets *sets, uint32_t id, char *text, size_t len, uint32_t hash)
{
    char *fitting;
    int error;

    if (id > sets->sets_max || len > sets->octets_max - sets->octets)
        return CPMSYNC_ERR_LIMIT;
    error = sets_reserve(sets, id);
    if (!error)
        error = index_reserve(sets);
    if (error)
        return error;
    fitting = cpmsync_mem_resize(sets->mem, text, len, 1); /* the rest was room for what is left out */
    sets->sets[id].text = fitting ? fitting : text;
    sets->sets[id].len = len;
    sets->sets[id].hash = hash;
    index_put(sets->index, sets->slots, hash, id);
    if (id > sets->highest)
        sets->highest = id;
    sets->count++;
    sets->octets += len;
    return 0;
}

/* The id of a text that is not remembered. */
static int intern(struct cpmsync_flagsets *sets, struct cpmsync_slice text, uint32_t *id, bool *added)
{
    struct cpmsync_slice canonical;
    char *copy;
    size_t len;
    uint32_t hash;
    int error = canonicalise(sets, text, &copy, &len);

    *added = false;
    *id = 0;
    if (error)
        return error;
    canonical = cpmsync_slice_of(copy, len);
    hash = hash_caseless(canonical);
    if (len)
        *id = index_find(sets, canonical, hash);
    if (len && !*id) {
        error = add(sets, sets->highest + 1, copy, len, hash);
        if (!error) {
            *id = sets->highest;
            *added = true;
            return 0;
        }
    }
    cpmsync_mem_free(sets->mem, copy);
    return error;
}

int cpmsync_flagsets_intern(struct cpmsync_flagsets *sets, struct cpmsync_slice text, uint32_t *id, bool *added)
{
    const struct alias *alias;
    bool is_new = false;
    uint32_t hash, found = 0;
    int error = 0;

    if (text.len) {
        hash = hash_exact(text);
        alias = alias_find(sets, text, hash);
        if (alias) {
            found = alias->id;
        } else {
            error = intern(sets, text, &found, &is_new);
            if (error)
                return error;
            alias_remember(sets, text, hash, found);
        }
    }
    *id = found;
    if (added)
        *added = is_new;
    return 0;
}

int cpmsync_flagsets_restore(struct cpmsync_flagsets *sets, uint32_t id, struct cpmsync_slice text)
{
    char *copy;
    size_t len;
    uint32_t hash;
    int error;

    if (id == 0 || id > sets->sets_max || cpmsync_flagsets_known(sets, id) || text.len == 0)
        return CPMSYNC_ERR_STORE_CORRUPT;
    error = canonicalise(sets, text, &copy, &len);
    if (error)
        return error;
    hash = hash_caseless(text);
    if (!cpmsync_slice_eq(cpmsync_slice_of(copy, len), text) || index_find(sets, text, hash))
        error = CPMSYNC_ERR_STORE_CORRUPT;
    else
        error = add(sets, id, copy, len, hash);
    if (error)
        cpmsync_mem_free(sets->mem, copy);
    return error;
}

struct cpmsync_slice cpmsync_flagsets_text(const struct cpmsync_flagsets *sets, uint32_t id)
{
    if (id == 0 || !cpmsync_flagsets_known(sets, id))
        return cpmsync_slice_of("", 0);
    return cpmsync_slice_of(sets->sets[id].text, sets->sets[id].len);
}

bool cpmsync_flagsets_known(const struct cpmsync_flagsets *sets, uint32_t id)
{
    return id == 0 || (id <= sets->highest && sets->sets[id].text);
}

uint32_t cpmsync_flagsets_count(const struct cpmsync_flagsets *sets)
{
    return sets->count;
}
