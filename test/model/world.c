/* SPDX-License-Identifier: MIT */
#include "model/world.h"

#include <inttypes.h>
#include <cpmsync/mock.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { UIDS_TEXT = 64, DELETED = 1 << 3 };

const char *const WORLD_BOX_NAMES[WORLD_NAMES] = {"INBOX", "Chats/Alice", "Chats/Renamed", "Chats/Nobody", "Chats",
    "Chats/Bob", "Chats/Bob/1", "Chats/Bob/2", "Chats/Bob/3", "Chats/Carol", "Chats/Dave", "Drafts", "Sent", "z",
    "Chats/Bert", "Chats/Bert/1", "Chats/Bert/2", "Chats/Bert/3"};
const char *const WORLD_FLAG_NAMES[WORLD_FLAGS] = {
    "\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "$Forwarded", "$MDNSent"};

/* ---- chance: splitmix64 */

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void world_seed(struct world *w, uint64_t seed)
{
    w->random = mix(seed);
}

unsigned world_below(struct world *w, unsigned n)
{
    w->random += UINT64_C(0x9e3779b97f4a7c15);
    return (unsigned)(mix(w->random) % n);
}

void world_note(const struct world *w, const char *format, ...)
{
    va_list args;

    if (!w->plan->verbose)
        return;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

bool world_wrong(struct world *w, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(w->why, HISTORY_WHY_MAX, format, args);
    va_end(args);
    return false;
}

/* ---- what happens to the server */

static const char *some_box(struct world *w)
{
    unsigned box = world_below(w, 3) == 0;

    if (w->many && world_below(w, 2)) {
        unsigned at = WORLD_MANY + world_below(w, WORLD_NAMES - WORLD_MANY);
        return WORLD_BOX_NAMES[w->places[at] < 0 ? WORLD_PARENT : at];
    }
    return box && w->renamed && !(w->replaced && world_below(w, 2)) ? WORLD_BOX_NAMES[WORLD_AWAY]
                                                                    : WORLD_BOX_NAMES[box];
}

static uint32_t uidnext_of(struct world *w, const char *box)
{
    struct cpmsync_mock_status status = {0};

    status.size = sizeof status;
    return cpmsync_mock_mailbox_status(w->mock, NULL, box, &status) ? 1 : status.uidnext;
}

/* One UID, a short range, or now and then everything. */
static void some_uids(struct world *w, const char *box, char *text)
{
    uint32_t next = uidnext_of(w, box);
    uint32_t uid = 1 + world_below(w, next);
    unsigned kind = world_below(w, 40);

    if (kind == 0)
        snprintf(text, UIDS_TEXT, "1:%" PRIu32, next);
    else if (kind < 12)
        snprintf(text, UIDS_TEXT, "%" PRIu32 ":%" PRIu32, uid, uid + world_below(w, 8));
    else if (kind < 24)
        snprintf(text, UIDS_TEXT, "%" PRIu32, next > 4 ? next - 1 - world_below(w, 3) : 1);
    else
        snprintf(text, UIDS_TEXT, "%" PRIu32, uid);
}

/* "+\\Seen $MDNSent", "-\\Seen", "\\Seen": flags to add, to remove, to have. */
struct change {
    char text[UIDS_TEXT];
    char kind; /* '+', '-' or 0 */
    unsigned flags;
};

static struct change some_change(struct world *w)
{
    unsigned kind = world_below(w, 8), one = world_below(w, WORLD_FLAGS), other = world_below(w, WORLD_FLAGS);
    struct change change;

    change.kind = kind < 4 ? '+' : kind < 7 ? '-' : 0;
    change.flags = 1u << one | 1u << other;
    snprintf(change.text, sizeof change.text, "%s%s%s%s",
        kind < 4   ? "+"
        : kind < 7 ? "-"
                   : "",
        WORLD_FLAG_NAMES[one], one == other ? "" : " ", one == other ? "" : WORLD_FLAG_NAMES[other]);
    return change;
}

struct reference *world_reference(struct world *w, const char *box)
{
    if (strcmp(box, WORLD_BOX_NAMES[0]) == 0)
        return &w->references[0];
    if (strcmp(box, WORLD_BOX_NAMES[1]) == 0)
        return w->replaced ? &w->references[2] : w->renamed ? NULL : &w->references[1];
    if (strcmp(box, WORLD_BOX_NAMES[WORLD_AWAY]) == 0)
        return w->renamed ? &w->references[1] : NULL;
    for (size_t i = WORLD_PARENT; i < WORLD_NAMES; i++)
        if (strcmp(box, WORLD_BOX_NAMES[i]) == 0)
            return w->places[i] < 0 ? NULL : &w->references[w->places[i]];
    return NULL;
}

static void deliver(struct world *w, const char *box, unsigned count)
{
    char message[128];

    for (unsigned i = 0; i < count; i++) {
        unsigned flag = world_below(w, 3) ? WORLD_FLAGS : world_below(w, WORLD_FLAGS);
        int len = snprintf(
            message, sizeof message, "From: f\r\nMessage-ID: <%" PRIu32 "@%s>\r\n\r\nx", uidnext_of(w, box), box);
        cpmsync_mock_deliver(
            w->mock, NULL, box, flag < WORLD_FLAGS ? WORLD_FLAG_NAMES[flag] : "", 0, message, (size_t)len);
        reference_deliver(world_reference(w, box), flag < WORLD_FLAGS ? 1u << flag : 0);
    }
}

/* The other phone: what it says is answered at once. Whether with OK. */
static bool phone_says(struct world *w, const char *format, ...)
{
    char line[256], ok[32];
    const void *data;
    size_t out, matched = 1; /* a line begins */
    va_list args;

    if (!w->phone || cpmsync_mock_closed(w->mock, w->phone)) {
        if (w->phone)
            cpmsync_mock_disconnect(w->mock, w->phone);
        w->phone = cpmsync_mock_connect(w->mock, 1);
        w->phone_box = NULL;
        cpmsync_mock_feed(w->mock, w->phone, "l LOGIN fred secret\r\n", 21);
    }
    int len = snprintf(line, sizeof line, "p%u ", ++w->phone_tags);
    snprintf(ok, sizeof ok, "\np%u OK ", w->phone_tags);
    va_start(args, format);
    len += vsnprintf(line + len, sizeof line - (size_t)len - 2, format, args);
    va_end(args);
    world_note(w, "    phone: %s", line);
    memcpy(line + len, "\r\n", 2);
    cpmsync_mock_feed(w->mock, w->phone, line, (size_t)len + 2);
    while ((out = cpmsync_mock_output(w->mock, w->phone, &data)) > 0) {
        for (size_t i = 0; i < out && ok[matched]; i++)
            matched = ((const char *)data)[i] == ok[matched] ? matched + 1 : ((const char *)data)[i] == '\n';
        cpmsync_mock_ack(w->mock, w->phone, out);
    }
    return ok[matched] == '\0';
}

static void use_phone(struct world *w)
{
    char uids[UIDS_TEXT];
    const char *box = some_box(w), *other = some_box(w);

    some_uids(w, box, uids);
    struct change change = some_change(w);
    phone_says(w, "NOOP"); /* now it knows of every message there is */
    switch (world_below(w, 7)) {
    case 0:
        w->phone_box = phone_says(w, "SELECT %s", box) ? world_reference(w, box) : NULL;
        break;
    case 1:
        if (phone_says(w, "UID STORE %s FLAGS (%s)", uids, change.text + (change.kind != 0)))
            reference_flag(w->phone_box, uids, 0, change.flags);
        break;
    case 2:
        if (phone_says(w, "UID STORE %s +FLAGS.SILENT (\\Deleted)", uids))
            reference_flag(w->phone_box, uids, '+', DELETED);
        break;
    case 3:
        if (phone_says(w, "UID EXPUNGE %s", uids))
            reference_expunge(w->phone_box, uids, DELETED);
        break;
    case 4:
        if (phone_says(w, "EXPUNGE"))
            reference_expunge(w->phone_box, "1:4294967295", DELETED);
        break;
    case 5:
        if (phone_says(w, "UID MOVE %s %s", uids, other))
            reference_move(w->phone_box, uids, world_reference(w, other));
        break;
    default:
        if (phone_says(w, "UID COPY %s %s", uids, other))
            reference_copy(w->phone_box, uids, world_reference(w, other));
        break;
    }
}

void world_change(struct world *w)
{
    char uids[UIDS_TEXT];
    const char *box = some_box(w);
    unsigned kind = world_below(w, 100), count;

    w->counts->operations++;
    some_uids(w, box, uids);
    if (kind < 30) {
        count = 1 + (world_below(w, 10) == 0 ? world_below(w, 30) : world_below(w, 2));
        if (world_below(w, 150) == 0)
            count = 250;
        world_note(w, "    deliver %s %u", box, count);
        deliver(w, box, count);
    } else if (kind < 55) {
        struct change change = some_change(w);
        world_note(w, "    flag %s %s %s", box, uids, change.text);
        cpmsync_mock_flag(w->mock, NULL, box, uids, change.text);
        reference_flag(world_reference(w, box), uids, change.kind, change.flags);
    } else if (kind < 80) {
        world_note(w, "    expunge %s %s", box, uids);
        cpmsync_mock_expunge(w->mock, NULL, box, uids);
        reference_expunge(world_reference(w, box), uids, 0);
    } else if (kind < 95) {
        use_phone(w);
    } else if (kind < 97) {
        world_note(w, "    drop-log %s", box);
        cpmsync_mock_drop_expunge_log(w->mock, NULL, box);
    } else if (kind < 98) {
        uint64_t rise = 1 + world_below(w, 50);
        struct cpmsync_mock_status status = {0};
        status.size = sizeof status;
        cpmsync_mock_mailbox_status(w->mock, NULL, box, &status);
        world_note(w, "    raise-modseq %s %" PRIu64, box, status.highestmodseq + rise);
        cpmsync_mock_raise_modseq(w->mock, NULL, box, status.highestmodseq + rise);
    } else if (kind < 99) {
        world_note(w, "    uidvalidity %s", box);
        cpmsync_mock_uidvalidity_change(w->mock, NULL, box);
        reference_renumber(world_reference(w, box));
    } else {
        int on = world_below(w, 2) == 0;
        world_note(w, "    nomodseq %s %d", box, on);
        cpmsync_mock_nomodseq(w->mock, NULL, box, on);
    }
}

void world_rename(struct world *w)
{
    const char *home = WORLD_BOX_NAMES[1], *away = WORLD_BOX_NAMES[WORLD_AWAY];

    if (!w->renamed) {
        world_note(w, "    rename %s %s", home, away);
        w->renamed = cpmsync_mock_mailbox_rename(w->mock, NULL, home, away) == 0;
    } else if (!w->replaced && world_below(w, 2)) {
        world_note(w, "    create %s", home);
        w->replaced = cpmsync_mock_mailbox_create(w->mock, NULL, home) == 0;
        reference_clear(&w->references[2]);
        reference_init(&w->references[2]);
    } else {
        world_note(w, "    %srename %s %s", w->replaced ? "delete and " : "", away, home);
        if (w->replaced)
            cpmsync_mock_mailbox_delete(w->mock, NULL, home);
        w->replaced = false;
        w->renamed = cpmsync_mock_mailbox_rename(w->mock, NULL, away, home) != 0;
    }
}

/* ---- the many */

static int rename_box(struct world *w, const char *from, const char *to)
{
    world_note(w, "    rename %s %s", from, to);
    return cpmsync_mock_mailbox_rename(w->mock, NULL, from, to);
}

/* One that nothing is below. */
static unsigned some_leaf(struct world *w)
{
    unsigned at;

    do
        at = WORLD_MANY + world_below(w, WORLD_NAMES - WORLD_FAMILY - WORLD_MANY);
    while (at == WORLD_MANY || (at < WORLD_MANY + WORLD_FAMILY && w->places[WORLD_MANY] < 0));
    return at;
}

static void swap_places(struct world *w, unsigned a, unsigned b)
{
    int place = w->places[a];

    w->places[a] = w->places[b];
    w->places[b] = place;
}

static void move_leaf(struct world *w, unsigned a, unsigned b)
{
    const char *one = WORLD_BOX_NAMES[a], *other = WORLD_BOX_NAMES[b], *aside = "Chats/aside";
    int error = 0;

    if (w->places[a] >= 0 && w->places[b] >= 0)
        error = rename_box(w, one, aside) || rename_box(w, other, one) || rename_box(w, aside, other);
    else if (w->places[a] >= 0 || w->places[b] >= 0)
        error = w->places[a] >= 0 ? rename_box(w, one, other) : rename_box(w, other, one);
    if (!error)
        swap_places(w, a, b);
}

static void create_or_delete(struct world *w, unsigned at)
{
    const char *box = WORLD_BOX_NAMES[at];
    bool used[WORLD_REFERENCES] = {true, true, true};
    int free = 0;

    if (w->places[at] >= 0) {
        world_note(w, "    delete %s", box);
        if (cpmsync_mock_mailbox_delete(w->mock, NULL, box) == 0)
            w->places[at] = -1;
        return;
    }
    for (size_t i = WORLD_PARENT; i < WORLD_NAMES; i++)
        if (w->places[i] >= 0)
            used[w->places[i]] = true;
    while (used[free])
        free++;
    world_note(w, "    create %s", box);
    if (cpmsync_mock_mailbox_create(w->mock, NULL, box))
        return;
    reference_clear(&w->references[free]);
    reference_init(&w->references[free]);
    w->places[at] = free;
}

static void move_family(struct world *w)
{
    unsigned from = WORLD_MANY, to = WORLD_NAMES - WORLD_FAMILY;
    bool there = w->places[from] >= 0;

    if (rename_box(w, WORLD_BOX_NAMES[there ? from : to], WORLD_BOX_NAMES[there ? to : from]))
        return;
    for (unsigned i = 0; i < WORLD_FAMILY; i++)
        swap_places(w, from + i, to + i);
}

void world_reorder(struct world *w)
{
    unsigned kind = world_below(w, 10), a = some_leaf(w), b = some_leaf(w);

    w->counts->operations++;
    if (kind < 5 && a != b)
        move_leaf(w, a, b);
    else if (kind < 8)
        create_or_delete(w, a);
    else
        move_family(w);
}

void world_refuse_select(struct world *w, bool on)
{
    world_note(w, "    fault select-no%s", on ? "" : "=off");
    cpmsync_mock_fault(w->mock, on ? "select-no=1" : "select-no=off");
}

void world_wild_change(struct world *w)
{
    unsigned kind = world_below(w, 8);

    if (kind == 0 && w->many && world_below(w, 2))
        world_reorder(w);
    else if (kind == 0)
        world_rename(w);
    else if (kind == 1)
        world_refuse_select(w, true);
    else
        world_change(w);
}

bool world_misbehave(struct world *w)
{
    static const char *const FAULTS[] = {"no-closed", "literals", "dribble", "no-capability-code", "rfc5162",
        "qresync-flood", "enabled-empty", "hold-vanished", "literal-minus", "no-literal-plus", "vanished-lies",
        "stale-resync", "modseq-ahead"};
    char fault[32];

    snprintf(fault, sizeof fault, "%s%s", FAULTS[world_below(w, w->liar ? 13 : 10)], world_below(w, 2) ? "" : "=off");
    world_note(w, "    fault %s", fault);
    return cpmsync_mock_fault(w->mock, fault) == 0 || world_wrong(w, "no such fault: %s", fault);
}
