/* SPDX-License-Identifier: MIT */
#include "model/history.h"

#include <inttypes.h>
#include <cpmsync/mock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/synchronise.h"

static size_t portion(void *ctx, size_t len)
{
    struct world *w = ctx;

    if (w->noise && world_below(w, w->rarely) == 0) {
        w->noise--;
        if (w->wild)
            world_wild_change(w);
        else
            world_change(w);
    }
    return w->chunk && len > 1 ? 1 + world_below(w, len < w->chunk ? (unsigned)len : w->chunk) : len;
}

/* Another configuration, on the same store. */
static bool restart(struct world *w, struct support_link *link)
{
    static const char *const FIELDS[] = {"From", "Message-ID", "Subject"};
    static const char *const GIVEN_UP[] = {"QRESYNC", "CONDSTORE", "UNSELECT", "ESEARCH"};
    unsigned kind = world_below(w, 8);

    link->config.disabled_count = kind < 4;
    link->disabled[0] = kind < 4 ? GIVEN_UP[kind] : NULL;
    if (world_below(w, 4) == 0)
        link->disabled[link->config.disabled_count++] = "LIST-STATUS";
    link->config.early = (enum cpmsync_early)world_below(w, 3);
    if (world_below(w, 6) == 0) { /* from here on another list: what is cached gets new descriptors */
        link->config.header_fields = FIELDS;
        link->config.header_field_count = sizeof FIELDS / sizeof FIELDS[0];
    }
    link->open_flags = CPMSYNC_CONN_SECURE | (world_below(w, 2) ? CPMSYNC_CONN_EARLY : 0);
    world_note(w, "  client %d restarts without %s %s, early %d", (int)(link - w->links),
        link->config.disabled_count ? link->disabled[0] : "nothing",
        link->config.disabled_count > 1 ? link->disabled[1] : "", (int)link->config.early);
    return support_link_restart(link) || world_wrong(w, "no client");
}

/* Another mailbox has the name while the client looks; the old one is back before it looks again. */
static bool come_and_go(struct world *w, struct support_link *link)
{
    const char *box = WORLD_BOX_NAMES[1];

    while (w->renamed)
        world_rename(w);
    bool held = world_sync_in_quiet(w, link, box);
    while (!w->replaced)
        world_rename(w);
    held = held && world_sync_in_noise(w, link, box);
    while (w->renamed)
        world_rename(w);
    return held && world_sync_in_quiet(w, link, box);
}

static bool step(struct world *w)
{
    struct support_link *link = &w->links[world_below(w, WORLD_CLIENTS)];
    const char *box = WORLD_BOX_NAMES[world_below(w, 3) == 0];
    unsigned kind = world_below(w, 100);
    unsigned changes = 1 + world_below(w, 5);

    for (unsigned i = 0; i < changes; i++)
        world_change(w);
    if (kind < 10)
        return world_account_in_quiet(w, link);
    if (kind < 20)
        return world_account_in_noise(w, link) && (world_below(w, 2) || world_account_in_quiet(w, link));
    if (kind < 50)
        return world_sync_in_quiet(w, link, box);
    if (kind < 80)
        return world_sync_in_noise(w, link, box) && (world_below(w, 2) || world_sync_in_quiet(w, link, box));
    w->counts->operations++;
    if (kind < 85) {
        world_note(w, "  client %d is cut off", (int)(link - w->links));
        support_link_cut(link);
    } else if (kind < 90) {
        return restart(w, link);
    } else if (kind < 93 && w->many) {
        for (unsigned i = 1 + world_below(w, 4); i > 0; i--)
            world_reorder(w);
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
        "IMAP4rev1 SASL-IR AUTH=PLAIN ENABLE CONDSTORE QRESYNC LIST-EXTENDED LIST-STATUS UIDPLUS MOVE", /* no UNSELECT */
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
    w->ids = !config.capabilities;
    w->liar = world_below(w, 4) == 0;
    w->many = world_below(w, 3) == 0;
    world_note(w, "offered: %s; expunge log %" PRId64, config.capabilities ? config.capabilities : "everything",
        config.expunge_log);
    w->mock = cpmsync_mock_new(&config);
    if (!w->mock || cpmsync_mock_user_add(w->mock, "fred", "secret") ||
        cpmsync_mock_mailbox_create(w->mock, NULL, WORLD_BOX_NAMES[1]))
        return world_wrong(w, "no server");
    for (size_t i = WORLD_PARENT; i < WORLD_NAMES; i++)
        w->places[i] =
            i == WORLD_PARENT || (w->many && i < WORLD_NAMES - WORLD_FAMILY) ? (int)(3 + i - WORLD_PARENT) : -1;
    for (size_t i = WORLD_MANY; w->many && i < WORLD_NAMES - WORLD_FAMILY; i++)
        if (cpmsync_mock_mailbox_create(w->mock, NULL, WORLD_BOX_NAMES[i]))
            return world_wrong(w, "no mailbox %s", WORLD_BOX_NAMES[i]);
    for (size_t i = 0; i < WORLD_REFERENCES; i++)
        reference_init(&w->references[i]);
    for (unsigned i = 0; i < 2 + world_below(w, 10); i++)
        world_change(w);
    for (size_t i = 0; i < WORLD_CLIENTS; i++) {
        if (!support_link_init(&w->links[i], w->mock, WORLD_BOX_NAMES, WORLD_NAMES))
            return world_wrong(w, "no memory");
        w->links[i].config.descriptors = i % 2 ? CPMSYNC_OFF : 0;
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
            if (!world_sync_in_quiet(&w, &w.links[i], WORLD_BOX_NAMES[box]))
                failed = HISTORY_STEPS - 1;
    for (size_t i = 0; i < WORLD_CLIENTS && failed < 0; i++)
        if (!world_account_in_quiet(&w, &w.links[i]))
            failed = HISTORY_STEPS - 1;
    for (size_t i = 0; i < WORLD_CLIENTS; i++)
        if (w.links[i].mock)
            support_link_clear(&w.links[i]);
    for (size_t i = 0; i < WORLD_REFERENCES; i++)
        reference_clear(&w.references[i]);
    cpmsync_mock_free(w.mock);
    return failed;
}
