/* SPDX-License-Identifier: MIT */
#include "model/history.h"

#include <inttypes.h>
#include <mock.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "support/mock_link.h"

enum { CLIENTS = 2, BOXES = 2, UIDS_TEXT = 64 };

static const char *const BOX_NAMES[BOXES] = {"INBOX", "Chats/Alice"};
static const char *const AWAY[BOXES] = {"", "Chats/Renamed"};
static const char *const FLAGS[] = {"\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "$Forwarded", "$MDNSent"};

struct world {
    const struct history_plan *plan;
    struct history_counts *counts;
    char *why;
    uint64_t random;
    struct cpmsync_mock *mock;
    bool mod_sequences; /* the server has them */
    struct support_link links[CLIENTS];
    int phone; /* the other phone's connection, 0: none */
    unsigned phone_tags;
    bool renamed;
    unsigned noise;  /* so many changes may still happen while octets move, */
    unsigned rarely; /* one in so many portions */
    unsigned chunk;
};

/* ---- chance: splitmix64 */

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static unsigned below(struct world *w, unsigned n)
{
    w->random += UINT64_C(0x9e3779b97f4a7c15);
    return (unsigned)(mix(w->random) % n);
}

static void note(const struct world *w, const char *format, ...)
{
    va_list args;

    if (!w->plan->verbose)
        return;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

static bool wrong(struct world *w, const char *format, ...)
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
    unsigned box = below(w, 3) == 0;

    return box && w->renamed ? AWAY[box] : BOX_NAMES[box];
}

static uint32_t uidnext_of(struct world *w, const char *box)
{
    struct cpmsync_mock_status status = {0};

    status.size = sizeof status;
    return cpmsync_mock_status(w->mock, NULL, box, &status) ? 1 : status.uidnext;
}

/* One UID, a short range, or now and then everything. */
static void some_uids(struct world *w, const char *box, char *text)
{
    uint32_t next = uidnext_of(w, box);
    uint32_t uid = 1 + below(w, next);
    unsigned kind = below(w, 40);

    if (kind == 0)
        snprintf(text, UIDS_TEXT, "1:%" PRIu32, next);
    else if (kind < 12)
        snprintf(text, UIDS_TEXT, "%" PRIu32 ":%" PRIu32, uid, uid + below(w, 8));
    else if (kind < 24)
        snprintf(text, UIDS_TEXT, "%" PRIu32, next > 4 ? next - 1 - below(w, 3) : 1);
    else
        snprintf(text, UIDS_TEXT, "%" PRIu32, uid);
}

static void some_change(struct world *w, char *text)
{
    unsigned kind = below(w, 8);
    const char *one = FLAGS[below(w, 6)], *other = FLAGS[below(w, 6)];

    snprintf(text, UIDS_TEXT, "%s%s%s%s",
        kind < 4   ? "+"
        : kind < 7 ? "-"
                   : "",
        one, one == other ? "" : " ", one == other ? "" : other);
}

static void deliver(struct world *w, const char *box, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        cpmsync_mock_deliver(w->mock, NULL, box, below(w, 3) ? "" : FLAGS[below(w, 6)], 0, "x", 1);
}

/* The other phone: what it says is answered at once. */
static void phone_says(struct world *w, const char *format, ...)
{
    char line[256];
    const void *data;
    size_t out;
    va_list args;

    if (!w->phone || cpmsync_mock_closed(w->mock, w->phone)) {
        if (w->phone)
            cpmsync_mock_disconnect(w->mock, w->phone);
        w->phone = cpmsync_mock_connect(w->mock, 1);
        cpmsync_mock_feed(w->mock, w->phone, "l LOGIN fred secret\r\n", 21);
    }
    int len = snprintf(line, sizeof line, "p%u ", ++w->phone_tags);
    va_start(args, format);
    len += vsnprintf(line + len, sizeof line - (size_t)len - 2, format, args);
    va_end(args);
    note(w, "    phone: %s", line);
    memcpy(line + len, "\r\n", 2);
    cpmsync_mock_feed(w->mock, w->phone, line, (size_t)len + 2);
    while ((out = cpmsync_mock_output(w->mock, w->phone, &data)) > 0)
        cpmsync_mock_ack(w->mock, w->phone, out);
}

static void use_phone(struct world *w)
{
    char uids[UIDS_TEXT], change[UIDS_TEXT];
    const char *box = some_box(w);

    some_uids(w, box, uids);
    some_change(w, change);
    switch (below(w, 7)) {
    case 0:
        phone_says(w, "SELECT %s", box);
        break;
    case 1:
        phone_says(w, "UID STORE %s FLAGS (%s)", uids, change + (*change == '+' || *change == '-'));
        break;
    case 2:
        phone_says(w, "UID STORE %s +FLAGS.SILENT (\\Deleted)", uids);
        break;
    case 3:
        phone_says(w, "UID EXPUNGE %s", uids);
        break;
    case 4:
        phone_says(w, "EXPUNGE");
        break;
    case 5:
        phone_says(w, "UID MOVE %s %s", uids, some_box(w));
        break;
    default:
        phone_says(w, "UID COPY %s %s", uids, some_box(w));
        break;
    }
}

/* One change that may also happen while octets move. */
static void change_server(struct world *w)
{
    char uids[UIDS_TEXT], change[UIDS_TEXT];
    const char *box = some_box(w);
    unsigned kind = below(w, 100), count;

    w->counts->operations++;
    some_uids(w, box, uids);
    if (kind < 30) {
        count = 1 + (below(w, 10) == 0 ? below(w, 30) : below(w, 2));
        if (below(w, 150) == 0)
            count = 250;
        note(w, "    deliver %s %u", box, count);
        deliver(w, box, count);
    } else if (kind < 55) {
        some_change(w, change);
        note(w, "    flag %s %s %s", box, uids, change);
        cpmsync_mock_flag(w->mock, NULL, box, uids, change);
    } else if (kind < 80) {
        note(w, "    expunge %s %s", box, uids);
        cpmsync_mock_expunge(w->mock, NULL, box, uids);
    } else if (kind < 95) {
        use_phone(w);
    } else if (kind < 97) {
        note(w, "    drop-log %s", box);
        cpmsync_mock_drop_expunge_log(w->mock, NULL, box);
    } else if (kind < 98) {
        uint64_t rise = 1 + below(w, 50);
        struct cpmsync_mock_status status = {0};
        status.size = sizeof status;
        cpmsync_mock_status(w->mock, NULL, box, &status);
        note(w, "    raise-modseq %s %" PRIu64, box, status.highestmodseq + rise);
        cpmsync_mock_raise_modseq(w->mock, NULL, box, status.highestmodseq + rise);
    } else if (kind < 99) {
        note(w, "    uidvalidity %s", box);
        cpmsync_mock_uidvalidity_change(w->mock, NULL, box);
    } else {
        int on = below(w, 2) == 0;
        note(w, "    nomodseq %s %d", box, on);
        cpmsync_mock_nomodseq(w->mock, NULL, box, on);
    }
}

static size_t portion(void *ctx, size_t len)
{
    struct world *w = ctx;

    if (w->noise && below(w, w->rarely) == 0) {
        w->noise--;
        change_server(w);
    }
    return w->chunk && len > 1 ? 1 + below(w, len < w->chunk ? (unsigned)len : w->chunk) : len;
}

/* ---- what the clients do */

static bool check(struct world *w, struct support_link *link, const char *box)
{
    bool modseqs = w->mod_sequences && !(link->config.disabled_count && strcmp(link->disabled[0], "CONDSTORE") == 0);
    char why[HISTORY_WHY_MAX / 2] = "";

    if (!support_link_equals(link, box, modseqs, why, sizeof why))
        return wrong(w, "client %d: %s", (int)(link - w->links), why);
    w->counts->compared++;
    return true;
}

/* While the server changes, and the link may be cut: the end is open, the mirror is not. */
static bool sync_in_noise(struct world *w, struct support_link *link, const char *box)
{
    char why[HISTORY_WHY_MAX / 2] = "";

    w->noise = below(w, 8);
    w->rarely = 1 + below(w, below(w, 2) ? 4 : 60);
    w->chunk = below(w, 3) ? 1 + below(w, 200) : 0;
    if (below(w, 3) == 0) {
        if (below(w, 2))
            link->cut_in = below(w, 1500);
        else
            link->cut_out = below(w, 300);
        w->counts->cuts++;
    }
    note(w, "  client %d synchronises %s in noise (cut %" PRId64 " %" PRId64 ")", (int)(link - w->links), box,
        link->cut_in, link->cut_out);
    int error = support_link_sync(link, box);
    link->cut_in = link->cut_out = -1;
    w->noise = 0;
    w->chunk = 0;
    w->counts->synchronisations++;
    w->counts->failed += error != 0;
    note(w, "    -> %s %s", cpmsync_error_name(error), link->words);
    if (error > 0)
        return wrong(w, "client %d hangs in %s", (int)(link - w->links), box);
    if (!error && !support_link_mirrored(link, box, why, sizeof why))
        return wrong(w, "client %d, in noise: %s", (int)(link - w->links), why);
    return true;
}

/* Whether the synchronisation may fail: the server said BYE, since the mailbox that was selected is gone. */
static bool may_be_thrown_out(int error)
{
    return error == CPMSYNC_ERR_BYE || error == CPMSYNC_ERR_CLOSED;
}

static bool sync_in_quiet(struct world *w, struct support_link *link, const char *box)
{
    bool missing = w->renamed && box == BOX_NAMES[1];
    uint64_t before = support_link_cursor(link, box, NULL);
    int error = support_link_sync(link, box);

    note(
        w, "  client %d synchronises %s -> %s %s", (int)(link - w->links), box, cpmsync_error_name(error), link->words);
    w->counts->synchronisations++;
    if (may_be_thrown_out(error)) {
        error = support_link_sync(link, box);
        note(w, "    again -> %s %s", cpmsync_error_name(error), link->words);
    }
    if (missing) {
        if (error != CPMSYNC_ERR_NO_MAILBOX || support_link_cursor(link, box, NULL) != before)
            return wrong(w, "a renamed mailbox: %s, cursor %" PRIu64 " before, %" PRIu64 " now",
                cpmsync_error_name(error), before, support_link_cursor(link, box, NULL));
        return true;
    }
    if (error)
        return wrong(w, "client %d, %s, in quiet: %s %s", (int)(link - w->links), box,
            error > 0 ? "hangs" : cpmsync_error_name(error), link->words);
    return check(w, link, box);
}

/* Another configuration, on the same store. */
static bool restart(struct world *w, struct support_link *link)
{
    static const char *const GIVEN_UP[] = {"QRESYNC", "CONDSTORE", "UNSELECT", "ESEARCH"};
    unsigned kind = below(w, 8);

    link->config.disabled_count = kind < 4;
    link->disabled[0] = kind < 4 ? GIVEN_UP[kind] : NULL;
    link->config.early = (enum cpmsync_early)below(w, 3);
    link->open_flags = CPMSYNC_CONN_SECURE | (below(w, 2) ? CPMSYNC_CONN_EARLY : 0);
    note(w, "  client %d restarts without %s, early %d", (int)(link - w->links),
        kind < 4 ? link->disabled[0] : "nothing", (int)link->config.early);
    return support_link_restart(link) || wrong(w, "no client");
}

static void rename_box(struct world *w)
{
    const char *from = w->renamed ? AWAY[1] : BOX_NAMES[1], *to = w->renamed ? BOX_NAMES[1] : AWAY[1];

    note(w, "    rename %s %s", from, to);
    if (cpmsync_mock_mailbox_rename(w->mock, NULL, from, to) == 0)
        w->renamed = !w->renamed;
}

static void misbehave(struct world *w)
{
    static const char *const HARMLESS[] = {"no-closed", "literals", "dribble", "no-capability-code"};
    const char *fault = HARMLESS[below(w, 4)];

    note(w, "    fault %s", fault);
    cpmsync_mock_fault(w->mock, fault);
}

static bool step(struct world *w)
{
    struct support_link *link = &w->links[below(w, CLIENTS)];
    const char *box = BOX_NAMES[below(w, 3) == 0];
    unsigned kind = below(w, 100);
    unsigned changes = 1 + below(w, 5);

    for (unsigned i = 0; i < changes; i++)
        change_server(w);
    if (kind < 45)
        return sync_in_quiet(w, link, box);
    if (kind < 84)
        return sync_in_noise(w, link, box) && (below(w, 2) || sync_in_quiet(w, link, box));
    w->counts->operations++;
    if (kind < 90) {
        note(w, "  client %d is cut off", (int)(link - w->links));
        support_link_cut(link);
    } else if (kind < 95) {
        return restart(w, link);
    } else if (kind < 98) {
        rename_box(w);
    } else {
        misbehave(w);
    }
    return true;
}

/* ---- the whole */

static void trace_octets(void *ctx, int conn, int direction, const void *data, size_t len)
{
    (void)ctx;
    printf("[%d] %s %.*s", conn, direction == CPMSYNC_MOCK_FROM_CLIENT ? "C:" : "S:", (int)len, (const char *)data);
}

static bool set_up(struct world *w)
{
    static const char *const OFFERED[] = {NULL, NULL, NULL, NULL,
        "IMAP4rev1 SASL-IR AUTH=PLAIN ENABLE CONDSTORE QRESYNC UIDPLUS MOVE", /* no UNSELECT */
        "IMAP4rev1 SASL-IR AUTH=PLAIN ENABLE CONDSTORE UNSELECT ESEARCH UIDPLUS MOVE",
        "IMAP4rev1 AUTH=PLAIN UNSELECT UIDPLUS MOVE"};
    struct cpmsync_mock_config config = {0};
    unsigned offered = below(w, 7), log = below(w, 4);

    config.size = sizeof config;
    config.seed = w->plan->seed;
    config.capabilities = OFFERED[offered];
    config.expunge_log = log == 0 ? CPMSYNC_OFF : log == 1 ? 3 : 0;
    if (w->plan->verbose)
        config.trace = trace_octets;
    w->mod_sequences = offered != 6;
    note(w, "offered: %s; expunge log %" PRId64, config.capabilities ? config.capabilities : "everything",
        config.expunge_log);
    w->mock = cpmsync_mock_new(&config);
    if (!w->mock || cpmsync_mock_user_add(w->mock, "fred", "secret") ||
        cpmsync_mock_mailbox_create(w->mock, NULL, BOX_NAMES[1]))
        return wrong(w, "no server");
    for (unsigned i = 0; i < 2 + below(w, 10); i++)
        change_server(w);
    for (size_t i = 0; i < CLIENTS; i++) {
        if (!support_link_init(&w->links[i], w->mock, BOX_NAMES, BOXES))
            return wrong(w, "no memory");
        w->links[i].portion = portion;
        w->links[i].ctx = w;
        if (!restart(w, &w->links[i]))
            return false;
    }
    return true;
}

int history_play(const struct history_plan *plan, struct history_counts *counts, char *why)
{
    struct world w = {0};
    int failed = -1;

    w.plan = plan;
    w.counts = counts;
    w.why = why;
    w.random = mix(plan->seed);
    if (!set_up(&w))
        failed = 0;
    for (int i = 0; i < HISTORY_STEPS && failed < 0; i++) {
        if (plan->skip[i])
            continue;
        w.random = mix(plan->seed + UINT64_C(0x632be59bd9b4e019) * (unsigned)(i + 1));
        note(&w, "step %d", i);
        if (!step(&w))
            failed = i;
    }
    for (size_t i = 0; i < CLIENTS && failed < 0; i++)
        for (size_t box = 0; box < BOXES && failed < 0; box++)
            if (!sync_in_quiet(&w, &w.links[i], BOX_NAMES[box]))
                failed = HISTORY_STEPS - 1;
    for (size_t i = 0; i < CLIENTS; i++)
        if (w.links[i].mock)
            support_link_clear(&w.links[i]);
    cpmsync_mock_free(w.mock);
    return failed;
}
