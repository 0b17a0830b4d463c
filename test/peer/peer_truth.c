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
    char *descriptor = NULL;
    if (at < truth->count && truth->messages[at].uid == uid) {
        free(truth->messages[at].flags);
        descriptor = truth->messages[at].descriptor;
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
    truth->messages[at] = (struct peer_message){uid, modseq, text, descriptor};
}

void peer_truth_remove(struct peer_truth *truth, uint32_t first, uint32_t last)
{
    size_t begin = position(truth, first), end = position(truth, (uint64_t)last + 1);
    for (size_t i = begin; i < end; i++) {
        free(truth->messages[i].flags);
        free(truth->messages[i].descriptor);
    }
    if (end > begin)
        memmove(truth->messages + begin, truth->messages + end, (truth->count - end) * sizeof truth->messages[0]);
    truth->count -= end - begin;
}

int peer_truth_has(const struct peer_truth *truth, uint32_t uid)
{
    size_t at = position(truth, uid);
    return at < truth->count && truth->messages[at].uid == uid;
}

void peer_truth_describe(struct peer_truth *truth, uint32_t uid, uint64_t size, int64_t seconds, const char *message_id)
{
    size_t at = position(truth, uid), room = strlen(message_id) + 64;
    if (!peer_truth_has(truth, uid))
        peer_die("a descriptor of no message: %" PRIu32, uid);
    free(truth->messages[at].descriptor);
    truth->messages[at].descriptor = malloc(room);
    if (truth->messages[at].descriptor == NULL)
        peer_die("out of memory");
    snprintf(truth->messages[at].descriptor, room, "%" PRIu64 " %" PRId64 " %s", size, seconds, message_id);
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

static int64_t days_of_year(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 366 : 365;
}

/* "14-Nov-2023 22:13:20 +0000", counted up from 1970. */
static int64_t seconds_of(const char *text)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int day, year, hour, minute, second, zone;
    char month[4], sign;
    if (sscanf(text, "%d-%3s-%d %d:%d:%d %c%d", &day, month, &year, &hour, &minute, &second, &sign, &zone) != 8)
        peer_die("not a date: %s", text);
    int64_t days = day - 1;
    for (int i = 1970; i < year; i++)
        days += days_of_year(i);
    for (int i = 0; strncmp(months + (size_t)i * 3, month, 3) != 0; i++)
        days += i == 1 ? days_of_year(year) - 337 : i == 3 || i == 5 || i == 8 || i == 10 ? 30 : 31;
    int64_t east = (zone / 100 * 60 + zone % 100) * (sign == '-' ? -60 : 60);
    return days * 86400 + hour * 3600 + minute * 60 + second - east;
}

/* "7 FETCH (UID 9 RFC822.SIZE 120 INTERNALDATE "..." ENVELOPE (... "<message-id>"))" */
static void on_envelope(void *ctx, const char *line)
{
    uint32_t uid;
    uint64_t size;
    const char *item = strstr(line, "UID "), *octets = strstr(line, "RFC822.SIZE "),
               *date = strstr(line, "INTERNALDATE \""), *id = strstr(line, " \"<");
    if (strstr(line, " FETCH (") == NULL)
        return;
    if (item == NULL || octets == NULL || date == NULL || id == NULL || sscanf(item, "UID %" SCNu32, &uid) != 1 ||
        sscanf(octets, "RFC822.SIZE %" SCNu64, &size) != 1)
        peer_die("FETCH without what was asked for: %s", line);
    char *message_id = strdup(id + 2);
    if (message_id == NULL)
        peer_die("out of memory");
    message_id[strcspn(message_id, "\"")] = '\0';
    peer_truth_describe(ctx, uid, size, seconds_of(date + strlen("INTERNALDATE \"")), message_id);
    free(message_id);
}

void peer_truth_ask_descriptors(struct peer_truth *truth, struct peer_client *client, const char *mailbox)
{
    truth->described = 1;
    if (truth->count == 0)
        return;
    peer_client_do(client, NULL, NULL, "EXAMINE \"%s\"", mailbox);
    peer_client_do(client, on_envelope, truth, "UID FETCH 1:4294967295 (UID RFC822.SIZE INTERNALDATE ENVELOPE)");
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

static void print_message(const char *name, const struct peer_message *message)
{
    fprintf(stderr, "%s: %" PRIu32 " %" PRIu64 " (%s) %s\n", name, message->uid, message->modseq,
        message->flags != NULL ? message->flags : "no message", message->descriptor != NULL ? message->descriptor : "");
}

static void print_cursors(const char *name, const struct peer_truth *truth)
{
    fprintf(stderr, "%s: uidvalidity %" PRIu32 " uidnext %" PRIu32 " highestmodseq %" PRIu64 "\n", name,
        truth->uidvalidity, truth->uidnext, truth->highestmodseq);
}

int peer_truth_equal(const struct peer_truth *a, const char *a_name, const struct peer_truth *b, const char *b_name)
{
    static const struct peer_message none = {0, 0, NULL, NULL};
    if (a->uidvalidity != b->uidvalidity || a->uidnext != b->uidnext || a->highestmodseq != b->highestmodseq) {
        if (a_name != NULL) {
            print_cursors(a_name, a);
            print_cursors(b_name, b);
        }
        return 0;
    }
    for (size_t i = 0; i < a->count || i < b->count; i++) {
        const struct peer_message *left = i < a->count ? &a->messages[i] : &none;
        const struct peer_message *right = i < b->count ? &b->messages[i] : &none;
        const char *descriptor = left->descriptor != NULL ? left->descriptor : "";
        const char *other = right->descriptor != NULL ? right->descriptor : "";
        int described = !a->described || strcmp(descriptor, other) == 0;
        if (left->uid == right->uid && left->modseq == right->modseq && strcmp(left->flags, right->flags) == 0 &&
            described)
            continue;
        if (a_name != NULL) {
            print_message(a_name, left);
            print_message(b_name, right);
        }
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
