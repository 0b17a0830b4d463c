/* SPDX-License-Identifier: MIT */
#include "model/history.h"

#include <inttypes.h>
#include <cpmsync/mock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/world.h"

static size_t portion(void *ctx, size_t len)
{
    struct world *w = ctx;

    if (w->noise && world_below(w, w->rarely) == 0) {
        w->noise--;
        world_change(w);
    }
    return w->chunk && len > 1 ? 1 + world_below(w, len < w->chunk ? (unsigned)len : w->chunk) : len;
}

/*
 * A server that lies, and a batch of it that may be lost: a change of flags that was told then, and is concealed later, is
 * known to the app alone, and nothing shows it. Which messages there are must be equal all the same.
 */
static void expect_lies(struct world *w, struct support_link *link)
{
    for (size_t i = 0; w->liar && i < link->mirror_count; i++)
        link->mirrors[i].uids_only = true;
}

/* ---- the reference compared */

struct comparison {
    const struct reference *reference;
    size_t next;
    char *why;
};

static int compare_info(void *ctx, const struct cpmsync_mailbox_info *info)
{
    struct comparison *c = ctx;

    if (info->uidnext == c->reference->uidnext && info->messages == c->reference->count)
        return 0;
    snprintf(c->why, HISTORY_WHY_MAX / 2,
        "store: UIDNEXT %" PRIu32 ", %" PRIu32 " messages; reference: %" PRIu32 ", %zu", info->uidnext, info->messages,
        c->reference->uidnext, c->reference->count);
    return 1;
}

static int compare_row(void *ctx, uint32_t uid, uint64_t modseq, const char *const *flags, size_t count)
{
    struct comparison *c = ctx;
    const struct reference_message *message = &c->reference->messages[c->next++]; /* there are as many */
    unsigned bits = 0;

    (void)modseq;
    for (size_t i = 0; i < count; i++)
        for (unsigned flag = 0; flag < WORLD_FLAGS; flag++)
            bits |= strcmp(flags[i], WORLD_FLAG_NAMES[flag]) == 0 ? 1u << flag : 0;
    if (message->uid == uid && message->flags == bits)
        return 0;
    snprintf(c->why, HISTORY_WHY_MAX / 2, "store: UID %" PRIu32 " flags %x; reference: %" PRIu32 " %x", uid, bits,
        message->uid, message->flags);
    return 1;
}

static bool is_the_reference(struct world *w, struct support_link *link, const char *box, char *why)
{
    struct comparison c = {world_reference(w, box), 0, why};

    return cpmsync_view_messages(&link->store.store, NULL, box, compare_info, compare_row, &c) == 0;
}

static bool check(struct world *w, struct support_link *link, const char *box)
{
    bool modseqs = w->mod_sequences && !(link->config.disabled_count && strcmp(link->disabled[0], "CONDSTORE") == 0);
    char why[HISTORY_WHY_MAX / 2] = "";

    if (w->liar ? !support_link_mirrored(link, box, why, sizeof why)
                : !support_link_equals(link, box, modseqs, why, sizeof why) || !is_the_reference(w, link, box, why))
        return world_wrong(w, "client %d: %s", (int)(link - w->links), why);
    w->counts->compared++;
    return true;
}

/* What befalls a client in mid-air, if anything. */
static void some_mishap(struct world *w, struct support_link *link)
{
    unsigned kind = world_below(w, 10), moment = world_below(w, 2) ? 8 : 150;

    if (w->replaced && kind > 5) { /* the app refuses RESET, or what is told behind it */
        kind = 4;
        moment = 4;
    }
    if (kind == 0 || kind == 1) {
        link->cut_in = world_below(w, 1500);
        w->counts->cuts++;
    } else if (kind == 2) {
        link->cut_out = world_below(w, 300);
        w->counts->cuts++;
    } else if (kind == 3) {
        link->kill_in = world_below(w, moment);
        w->counts->kills++;
    } else if (kind == 4) {
        link->refuse_in = world_below(w, moment);
        link->refuse_deaf = world_below(w, 2);
        w->counts->refusals++;
    } else if (kind == 5) {
        support_store_fail_at(&link->store, SUPPORT_STORE_ANY, 1 + world_below(w, moment), CPMSYNC_ERR_STORE);
        w->counts->store_failures++;
    }
    world_note(w,
        "    cut in %" PRId64 " out %" PRId64 ", killed %" PRId64 ", refuses %" PRId64 "%s, store fails %" PRIu64,
        link->cut_in, link->cut_out, link->kill_in, link->refuse_in, link->refuse_deaf ? " deaf" : "",
        link->store.fail_call);
}

/* While the server changes, and the link may be cut: the end is open, the mirror is not. */
static bool sync_in_noise(struct world *w, struct support_link *link, const char *box)
{
    char why[HISTORY_WHY_MAX / 2] = "";

    w->noise = world_below(w, 8);
    w->rarely = 1 + world_below(w, world_below(w, 2) ? 4 : 60);
    w->chunk = world_below(w, 3) ? 1 + world_below(w, 200) : 0;
    some_mishap(w, link);
    world_note(w, "  client %d synchronises %s in noise", (int)(link - w->links), box);
    int error = support_link_sync(link, box);
    link->cut_in = link->cut_out = link->kill_in = link->refuse_in = -1;
    support_store_fail_at(&link->store, SUPPORT_STORE_ANY, 0, 0);
    w->noise = 0;
    w->chunk = 0;
    w->counts->synchronisations++;
    w->counts->failed += error != 0;
    world_note(w, "    -> %s %s", cpmsync_error_name(error), link->words);
    if (error)
        expect_lies(w, link);
    if (error > 0)
        return world_wrong(w, "client %d hangs in %s", (int)(link - w->links), box);
    if (!error && !support_link_mirrored(link, box, why, sizeof why))
        return world_wrong(w, "client %d, in noise: %s", (int)(link - w->links), why);
    return true;
}

/* Whether the synchronisation may fail: the server said BYE, since the mailbox that was selected is gone. */
static bool may_be_thrown_out(int error)
{
    return error == CPMSYNC_ERR_BYE || error == CPMSYNC_ERR_CLOSED;
}

/* A renamed mailbox is reported missing, and its cache is what it was. Frees `before`. */
static bool is_kept(struct world *w, struct support_link *link, const char *box, int error, char *before)
{
    char *now = support_link_rows(link, box);
    bool same = strcmp(before, now) == 0;

    free(before);
    free(now);
    w->counts->missing++;
    return (same && error == CPMSYNC_ERR_NO_MAILBOX) || world_wrong(w, "a renamed mailbox: %s, its cache is %s",
                                                            cpmsync_error_name(error), same ? "kept" : "another");
}

static bool sync_in_quiet(struct world *w, struct support_link *link, const char *box)
{
    bool missing = w->renamed && !w->replaced && box == WORLD_BOX_NAMES[1];
    char *before = missing ? support_link_rows(link, box) : NULL;
    int error = support_link_sync(link, box);

    world_note(
        w, "  client %d synchronises %s -> %s %s", (int)(link - w->links), box, cpmsync_error_name(error), link->words);
    w->counts->synchronisations++;
    if (error)
        expect_lies(w, link);
    if (may_be_thrown_out(error)) {
        error = support_link_sync(link, box);
        world_note(w, "    again -> %s %s", cpmsync_error_name(error), link->words);
    }
    if (missing)
        return is_kept(w, link, box, error, before);
    if (error && w->liar)
        return true;
    if (error)
        return world_wrong(w, "client %d, %s, in quiet: %s %s", (int)(link - w->links), box,
            error > 0 ? "hangs" : cpmsync_error_name(error), link->words);
    return check(w, link, box);
}

/* Another configuration, on the same store. */
static bool restart(struct world *w, struct support_link *link)
{
    static const char *const GIVEN_UP[] = {"QRESYNC", "CONDSTORE", "UNSELECT", "ESEARCH"};
    unsigned kind = world_below(w, 8);

    link->config.disabled_count = kind < 4;
    link->disabled[0] = kind < 4 ? GIVEN_UP[kind] : NULL;
    link->config.early = (enum cpmsync_early)world_below(w, 3);
    link->open_flags = CPMSYNC_CONN_SECURE | (world_below(w, 2) ? CPMSYNC_CONN_EARLY : 0);
    world_note(w, "  client %d restarts without %s, early %d", (int)(link - w->links),
        kind < 4 ? link->disabled[0] : "nothing", (int)link->config.early);
    return support_link_restart(link) || world_wrong(w, "no client");
}

/* Another mailbox has the name while the client looks; the old one is back before it looks again. */
static bool come_and_go(struct world *w, struct support_link *link)
{
    const char *box = WORLD_BOX_NAMES[1];

    while (w->renamed)
        world_rename(w);
    bool held = sync_in_quiet(w, link, box);
    while (!w->replaced)
        world_rename(w);
    held = held && sync_in_noise(w, link, box);
    while (w->renamed)
        world_rename(w);
    return held && sync_in_quiet(w, link, box);
}

static bool step(struct world *w)
{
    struct support_link *link = &w->links[world_below(w, WORLD_CLIENTS)];
    const char *box = WORLD_BOX_NAMES[world_below(w, 3) == 0];
    unsigned kind = world_below(w, 100);
    unsigned changes = 1 + world_below(w, 5);

    for (unsigned i = 0; i < changes; i++)
        world_change(w);
    if (kind < 40)
        return sync_in_quiet(w, link, box);
    if (kind < 80)
        return sync_in_noise(w, link, box) && (world_below(w, 2) || sync_in_quiet(w, link, box));
    w->counts->operations++;
    if (kind < 85) {
        world_note(w, "  client %d is cut off", (int)(link - w->links));
        support_link_cut(link);
    } else if (kind < 90) {
        return restart(w, link);
    } else if (kind < 95) {
        world_rename(w);
    } else if (kind < 97) {
        return come_and_go(w, link);
    } else {
        return world_misbehave(w);
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
    unsigned offered = world_below(w, 7), log = world_below(w, 4);

    config.size = sizeof config;
    config.seed = w->plan->seed;
    config.capabilities = OFFERED[offered];
    config.expunge_log = log == 0 ? CPMSYNC_OFF : log == 1 ? 3 : 0;
    if (w->plan->verbose)
        config.trace = trace_octets;
    w->mod_sequences = offered != 6;
    w->liar = world_below(w, 4) == 0;
    world_note(w, "offered: %s; expunge log %" PRId64, config.capabilities ? config.capabilities : "everything",
        config.expunge_log);
    w->mock = cpmsync_mock_new(&config);
    if (!w->mock || cpmsync_mock_user_add(w->mock, "fred", "secret") ||
        cpmsync_mock_mailbox_create(w->mock, NULL, WORLD_BOX_NAMES[1]))
        return world_wrong(w, "no server");
    for (size_t i = 0; i < WORLD_REFERENCES; i++)
        reference_init(&w->references[i]);
    for (unsigned i = 0; i < 2 + world_below(w, 10); i++)
        world_change(w);
    for (size_t i = 0; i < WORLD_CLIENTS; i++) {
        if (!support_link_init(&w->links[i], w->mock, WORLD_BOX_NAMES, WORLD_BOXES))
            return world_wrong(w, "no memory");
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
    world_seed(&w, plan->seed);
    if (!set_up(&w))
        failed = 0;
    for (int i = 0; i < HISTORY_STEPS && failed < 0; i++) {
        if (plan->skip[i])
            continue;
        world_seed(&w, plan->seed + UINT64_C(0x632be59bd9b4e019) * (unsigned)(i + 1));
        world_note(&w, "step %d", i);
        if (!step(&w))
            failed = i;
    }
    for (size_t i = 0; i < WORLD_CLIENTS && failed < 0; i++)
        for (size_t box = 0; box < WORLD_BOXES && failed < 0; box++)
            if (!sync_in_quiet(&w, &w.links[i], WORLD_BOX_NAMES[box]))
                failed = HISTORY_STEPS - 1;
    for (size_t i = 0; i < WORLD_CLIENTS; i++)
        if (w.links[i].mock)
            support_link_clear(&w.links[i]);
    for (size_t i = 0; i < WORLD_REFERENCES; i++)
        reference_clear(&w.references[i]);
    cpmsync_mock_free(w.mock);
    return failed;
}
