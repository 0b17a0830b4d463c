/* SPDX-License-Identifier: MIT */
#include "peer_truth.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FLAGS_MAX = 128 };

static int compare_flags(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *join_flags(const char *const *flags, size_t count)
{
    const char *sorted[FLAGS_MAX];
    size_t len = 1;
    if (count > FLAGS_MAX)
        peer_die("a message with %zu flags", count);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(flags[i], "\\Recent") == 0)
            continue;
        sorted[kept++] = flags[i];
        len += strlen(flags[i]) + 1;
    }
    qsort(sorted, kept, sizeof sorted[0], compare_flags);
    char *text = malloc(len);
    if (text == NULL)
        peer_die("out of memory");
    char *end = text;
    for (size_t i = 0; i < kept; i++)
        end += sprintf(end, "%s%s", i > 0 ? " " : "", sorted[i]);
    *end = '\0';
    return text;
}

/* Where `uid` is, or would be. */
static size_t position(const struct peer_truth *truth, uint64_t uid)
{
    size_t low = 0, high = truth->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (truth->messages[middle].uid < uid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void peer_truth_put(
    struct peer_truth *truth, uint32_t uid, uint64_t modseq, const char *const *flags, size_t flag_count)
{
    size_t at = position(truth, uid);
    char *text = join_flags(flags, flag_count);
    if (at < truth->count && truth->messages[at].uid == uid) {
        free(truth->messages[at].flags);
    } else {
        if (truth->count == truth->room) {
            truth->room = truth->room == 0 ? 1024 : truth->room * 2;
            truth->messages = realloc(truth->messages, truth->room * sizeof truth->messages[0]);
            if (truth->messages == NULL)
                peer_die("out of memory");
        }
        memmove(truth->messages + at + 1, truth->messages + at, (truth->count - at) * sizeof truth->messages[0]);
        truth->count++;
    }
    truth->messages[at] = (struct peer_message){uid, modseq, text};
}

void peer_truth_remove(struct peer_truth *truth, uint32_t first, uint32_t last)
{
    size_t begin = position(truth, first), end = position(truth, (uint64_t)last + 1);
    for (size_t i = begin; i < end; i++)
        free(truth->messages[i].flags);
    if (end > begin)
        memmove(truth->messages + begin, truth->messages + end, (truth->count - end) * sizeof truth->messages[0]);
    truth->count -= end - begin;
}

void peer_truth_forget_modseqs(struct peer_truth *truth)
{
    truth->highestmodseq = 0;
    for (size_t i = 0; i < truth->count; i++)
        truth->messages[i].modseq = 0;
}

/* "* OK [UIDNEXT 5] ..." */
static void on_examine(void *ctx, const char *line)
{
    struct peer_truth *truth = ctx;
    sscanf(line, "OK [UIDVALIDITY %" SCNu32 "]", &truth->uidvalidity);
    sscanf(line, "OK [UIDNEXT %" SCNu32 "]", &truth->uidnext);
    sscanf(line, "OK [HIGHESTMODSEQ %" SCNu64 "]", &truth->highestmodseq);
}

/* "7 FETCH (UID 9 FLAGS (\Seen) MODSEQ (12))", the items in any order. */
static void on_fetch(void *ctx, const char *line)
{
    const char *flags[FLAGS_MAX];
    size_t count = 0;
    uint32_t uid = 0;
    uint64_t modseq = 0;
    const char *fetch = strstr(line, " FETCH (");
    if (fetch == NULL)
        return;
    char *copy = strdup(fetch + 8);
    if (copy == NULL)
        peer_die("out of memory");
    char *item = strstr(copy, "UID ");
    if (item == NULL || sscanf(item, "UID %" SCNu32, &uid) != 1)
        peer_die("FETCH without a UID: %s", line);
    item = strstr(copy, "MODSEQ (");
    if (item == NULL || sscanf(item, "MODSEQ (%" SCNu64 ")", &modseq) != 1)
        peer_die("FETCH without a MODSEQ: %s", line);
    item = strstr(copy, "FLAGS (");
    if (item == NULL || strchr(item, ')') == NULL)
        peer_die("FETCH without FLAGS: %s", line);
    item += 7;
    *strchr(item, ')') = '\0';
    char *rest = NULL;
    for (char *flag = strtok_r(item, " ", &rest); flag != NULL; flag = strtok_r(NULL, " ", &rest)) {
        if (count == FLAGS_MAX)
            peer_die("more than %d flags: %s", FLAGS_MAX, line);
        flags[count++] = flag;
    }
    peer_truth_put(ctx, uid, modseq, flags, count);
    free(copy);
}

void peer_truth_ask(struct peer_truth *truth, struct peer_client *client, const char *mailbox)
{
    memset(truth, 0, sizeof *truth);
    peer_client_do(client, on_examine, truth, "EXAMINE \"%s\" (CONDSTORE)", mailbox);
    peer_client_do(client, on_fetch, truth, "UID FETCH 1:4294967295 (UID FLAGS MODSEQ)");
    peer_client_do(client, NULL, NULL, "CLOSE");
}

void peer_truth_print(const struct peer_truth *truth, FILE *out)
{
    fprintf(out, "uidvalidity %" PRIu32 " uidnext %" PRIu32 " highestmodseq %" PRIu64 " messages %zu\n",
        truth->uidvalidity, truth->uidnext, truth->highestmodseq, truth->count);
    for (size_t i = 0; i < truth->count; i++)
        fprintf(out, "%" PRIu32 " %" PRIu64 " (%s)\n", truth->messages[i].uid, truth->messages[i].modseq,
            truth->messages[i].flags);
}

int peer_truth_equal(const struct peer_truth *a, const char *a_name, const struct peer_truth *b, const char *b_name)
{
    static const struct peer_message none = {0, 0, NULL};
    if (a->uidvalidity != b->uidvalidity || a->uidnext != b->uidnext || a->highestmodseq != b->highestmodseq) {
        fprintf(stderr, "%s: uidvalidity %" PRIu32 " uidnext %" PRIu32 " highestmodseq %" PRIu64 "\n", a_name,
            a->uidvalidity, a->uidnext, a->highestmodseq);
        fprintf(stderr, "%s: uidvalidity %" PRIu32 " uidnext %" PRIu32 " highestmodseq %" PRIu64 "\n", b_name,
            b->uidvalidity, b->uidnext, b->highestmodseq);
        return 0;
    }
    for (size_t i = 0; i < a->count || i < b->count; i++) {
        const struct peer_message *left = i < a->count ? &a->messages[i] : &none;
        const struct peer_message *right = i < b->count ? &b->messages[i] : &none;
        if (left->uid == right->uid && left->modseq == right->modseq && strcmp(left->flags, right->flags) == 0)
            continue;
        fprintf(stderr, "%s: %" PRIu32 " %" PRIu64 " (%s)\n", a_name, left->uid, left->modseq,
            left->flags != NULL ? left->flags : "no message");
        fprintf(stderr, "%s: %" PRIu32 " %" PRIu64 " (%s)\n", b_name, right->uid, right->modseq,
            right->flags != NULL ? right->flags : "no message");
        return 0;
    }
    return 1;
}

void peer_truth_clear(struct peer_truth *truth)
{
    peer_truth_remove(truth, 0, UINT32_MAX);
    free(truth->messages);
    memset(truth, 0, sizeof *truth);
}
