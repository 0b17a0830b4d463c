/* SPDX-License-Identifier: MIT */
#include "peer_change.h"

#include "peer_truth.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SET_MAX = 7000, TARGET_SIZE = 150, FLAG_COUNT = 12 };

static const char *const flag_names[FLAG_COUNT] = {"\\Seen", "\\Answered", "\\Flagged", "\\Draft", "\\Deleted",
    "$Forwarded", "$MDNSent", "$Junk", "$read-report-sent", "k", "Label.7", "CamelCase"};

void peer_random_seed(struct peer_random *random, uint64_t seed)
{
    random->state = seed * 2685821657736338717u + 88172645463325252u;
    for (int i = 0; i < 8; i++)
        peer_random_below(random, 2);
}

uint32_t peer_random_below(struct peer_random *random, uint32_t bound)
{
    random->state ^= random->state << 13;
    random->state ^= random->state >> 7;
    random->state ^= random->state << 17;
    return (uint32_t)(random->state >> 32) % bound;
}

/* "(\Seen k1)": up to `max` random flags, perhaps none. */
static void random_flags(struct peer_random *random, uint32_t max, char *text, size_t size)
{
    uint32_t count = peer_random_below(random, max + 1);
    size_t len = (size_t)snprintf(text, size, "(");
    for (uint32_t i = 0; i < count; i++) {
        const char *name = flag_names[peer_random_below(random, FLAG_COUNT)];
        if (strcmp(name, "k") == 0) /* k1 to k40 */
            len += (size_t)snprintf(text + len, size - len, "k%u ", 1 + peer_random_below(random, 40));
        else
            len += (size_t)snprintf(text + len, size - len, "%s ", name);
    }
    if (text[len - 1] == ' ')
        len--;
    snprintf(text + len, size - len, ")");
}

/* Each message with a chance of `part` in a thousand; at least one. Empty only if the mailbox is. */
static void random_set(
    const struct peer_truth *truth, struct peer_random *random, uint32_t part, char set[SET_MAX + 16])
{
    size_t len = 0;
    set[0] = '\0';
    if (truth->count == 0)
        return;
    for (size_t i = 0; i < truth->count && len < SET_MAX; i++)
        if (peer_random_below(random, 1000) < part)
            len += (size_t)sprintf(set + len, "%s%" PRIu32, len > 0 ? "," : "", truth->messages[i].uid);
    if (len == 0)
        sprintf(set, "%" PRIu32, truth->messages[peer_random_below(random, (uint32_t)truth->count)].uid);
}

void peer_change_deliver(
    struct peer_client *client, const char *mailbox, struct peer_random *random, uint32_t count, int flagged)
{
    char message[512], flags[256];
    for (uint32_t i = 0; i < count; i++) {
        int len = snprintf(message, sizeof message,
            "From: <tel:+4915%08" PRIu32 ">\r\nMessage-ID: <%08" PRIx32 "%08" PRIx32 "@peer.example>\r\n\r\n"
            "Are we still on for tonight?\r\n",
            peer_random_below(random, 100000000), peer_random_below(random, UINT32_MAX),
            peer_random_below(random, UINT32_MAX));
        flags[0] = '\0';
        if (flagged && peer_random_below(random, 2) == 0)
            random_flags(random, 3, flags, sizeof flags);
        peer_client_append(client, mailbox, flags, message, (size_t)len);
    }
}

/* Takes `count` messages out of truth->messages' first `left`, by moving them behind, and returns the new `left`. */
static size_t draw(struct peer_truth *truth, struct peer_random *random, size_t left, uint32_t count)
{
    for (uint32_t i = 0; i < count && left > 0; i++) {
        size_t at = peer_random_below(random, (uint32_t)left);
        struct peer_message taken = truth->messages[at];
        truth->messages[at] = truth->messages[--left];
        truth->messages[left] = taken;
    }
    return left;
}

void peer_change_exactly(struct peer_client *client, const char *mailbox, struct peer_random *random, uint32_t flags,
    uint32_t expunges, uint32_t deliveries)
{
    struct peer_truth truth;
    peer_truth_ask(&truth, client, mailbox);
    if (truth.count < (size_t)flags + expunges)
        peer_die("%s has %zu messages, too few", mailbox, truth.count);
    size_t begin_expunge = draw(&truth, random, truth.count, expunges);
    size_t begin_flags = draw(&truth, random, begin_expunge, flags);
    peer_client_do(client, NULL, NULL, "SELECT \"%s\"", mailbox);
    for (size_t i = begin_flags; i < begin_expunge; i++) {
        const char *sign = strstr(truth.messages[i].flags, "\\Flagged") != NULL ? "-" : "+";
        peer_client_do(
            client, NULL, NULL, "UID STORE %" PRIu32 " %sFLAGS.SILENT (\\Flagged)", truth.messages[i].uid, sign);
    }
    for (size_t i = begin_expunge; i < truth.count; i++) {
        peer_client_do(client, NULL, NULL, "UID STORE %" PRIu32 " +FLAGS.SILENT (\\Deleted)", truth.messages[i].uid);
        peer_client_do(client, NULL, NULL, "UID EXPUNGE %" PRIu32, truth.messages[i].uid);
    }
    peer_client_do(client, NULL, NULL, "UNSELECT");
    peer_change_deliver(client, mailbox, random, deliveries, 0);
    for (size_t i = 0; i < truth.count; i++)
        free(truth.messages[i].flags);
    free(truth.messages);
}

static void store(struct peer_client *client, const struct peer_truth *truth, struct peer_random *random)
{
    static const char *const modes[] = {"+FLAGS", "-FLAGS", "FLAGS", "+FLAGS.SILENT"};
    static const uint32_t parts[] = {0, 0, 0, 20, 100, 500, 1000};
    char set[SET_MAX + 16], flags[256];
    random_set(truth, random, parts[peer_random_below(random, 7)], set);
    random_flags(random, 4, flags, sizeof flags);
    if (set[0] != '\0')
        peer_client_do(client, NULL, NULL, "UID STORE %s %s %s", set, modes[peer_random_below(random, 4)], flags);
}

static void expunge(struct peer_client *client, const struct peer_truth *truth, struct peer_random *random)
{
    static const uint32_t parts[] = {0, 0, 10, 50, 300};
    char set[SET_MAX + 16];
    random_set(truth, random, parts[peer_random_below(random, 5)], set);
    if (set[0] == '\0')
        return;
    peer_client_do(client, NULL, NULL, "UID STORE %s +FLAGS.SILENT (\\Deleted)", set);
    peer_client_do(client, NULL, NULL, "UID EXPUNGE %s", set);
}

/* Copies into the same mailbox: many new messages at one mod-sequence. */
static void copy(
    struct peer_client *client, const char *mailbox, const struct peer_truth *truth, struct peer_random *random)
{
    char set[SET_MAX + 16];
    random_set(truth, random, truth->count < 600 ? 150 : 0, set);
    if (set[0] != '\0')
        peer_client_do(client, NULL, NULL, "UID COPY %s \"%s\"", set, mailbox);
}

/* Messages no other client ever sees: only UIDNEXT, HIGHESTMODSEQ and VANISHED tell of them. */
static void deliver_and_expunge(struct peer_client *client, const char *mailbox, struct peer_random *random)
{
    struct peer_truth before, after;
    peer_truth_ask(&before, client, mailbox);
    peer_change_deliver(client, mailbox, random, 1 + peer_random_below(random, 3), 0);
    peer_truth_ask(&after, client, mailbox);
    peer_client_do(client, NULL, NULL, "SELECT \"%s\"", mailbox);
    peer_client_do(client, NULL, NULL, "UID STORE %" PRIu32 ":%" PRIu32 " +FLAGS.SILENT (\\Deleted)", before.uidnext,
        after.uidnext - 1);
    peer_client_do(client, NULL, NULL, "UID EXPUNGE %" PRIu32 ":%" PRIu32, before.uidnext, after.uidnext - 1);
    peer_client_do(client, NULL, NULL, "UNSELECT");
    peer_truth_clear(&before);
    peer_truth_clear(&after);
}

static void make_anew(struct peer_client *client, const char *mailbox, struct peer_random *random)
{
    peer_client_do(client, NULL, NULL, "DELETE \"%s\"", mailbox);
    peer_client_do(client, NULL, NULL, "CREATE \"%s\"", mailbox);
    peer_change_deliver(client, mailbox, random, peer_random_below(random, 30), 1);
}

static void change_messages(struct peer_client *client, const char *mailbox, struct peer_random *random)
{
    struct peer_truth truth;
    peer_truth_ask(&truth, client, mailbox);
    uint32_t kind = peer_random_below(random, 10);
    peer_client_do(client, NULL, NULL, "SELECT \"%s\"", mailbox);
    if (kind < 6)
        store(client, &truth, random);
    else if (kind < 9)
        expunge(client, &truth, random);
    else
        copy(client, mailbox, &truth, random);
    peer_client_do(client, NULL, NULL, "UNSELECT");
    peer_truth_clear(&truth);
}

uint32_t peer_change_some(struct peer_client *client, const char *mailbox, struct peer_random *random)
{
    uint32_t changes = peer_random_below(random, 7);
    for (uint32_t i = 0; i < changes; i++) {
        uint32_t kind = peer_random_below(random, 10);
        if (kind < 6)
            change_messages(client, mailbox, random);
        else if (kind < 9)
            peer_change_deliver(client, mailbox, random, 1 + peer_random_below(random, 12), 1);
        else
            deliver_and_expunge(client, mailbox, random);
    }
    return changes;
}

void peer_change_round(struct peer_client *client, const char *mailbox, struct peer_random *random)
{
    if (peer_random_below(random, 25) == 0)
        make_anew(client, mailbox, random);
    else
        peer_change_some(client, mailbox, random);
}
