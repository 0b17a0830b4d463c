/* SPDX-License-Identifier: MIT */
/*
 * peer_rounds [--cuts] [--disable CAPABILITY] STORE ROUNDS [SEED]: ROUNDS times another client makes random changes, the
 * library synchronises, and then its cache, and a mirror made of its events alone, equal the server's own words: every
 * UID, MODSEQ, flag and descriptor. Now and then the connection is closed, or client and store as well, as when an app ends.
 *
 * With --cuts up to three synchronisations come before the one that is compared, most of them cut at a random octet of the
 * handshake, the login, SELECT's answer or what follows, or before they begin: the link is closed, reset, falls silent, is
 * half-open, or the app is gone in the middle of it. During some of them the other client makes changes, too. Sometimes the app then
 * begins anew from its store, seldom without it.
 *
 * Without QRESYNC or CONDSTORE (which takes QRESYNC along) a lower step of the ladder is what is tried, and seen to be;
 * without CONDSTORE there are no mod-sequences to compare: all are 0. The account is in the variables PEER_*. The same
 * SEED makes the same choices.
 */
#include "peer_app.h"
#include "peer_change.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAILBOX                                                                                                        \
    "Gespr\xc3\xa4"                                                                                                    \
    "ch"
#define MAILBOX_ON_THE_WIRE "Gespr&AOQ-ch"

enum { FIRST_MESSAGES = 60, ATTEMPTS_MAX = 3 };

/* Where a synchronisation is cut. */
enum place { PLACE_LOGIN, PLACE_SELECT, PLACE_FETCH, PLACE_HANDSHAKE, PLACE_IDLE, PLACE_COUNT };
static const char *const place_names[PLACE_COUNT] = {"login", "SELECT", "FETCH", "handshake", "idle"};

/* How: as enum peer_link_end has it, or the app is gone. */
enum { APP_GONE = PEER_LINK_END_COUNT, HOW_COUNT };
static const char *const how_names[HOW_COUNT] = {"closed", "reset", "silent", "half-open", "app gone"};

struct rounds {
    struct peer_app app;
    struct peer_client *other;
    struct peer_random random;
    int how;     /* this attempt is to be cut */
    int cut;     /* it was */
    int changed; /* the other client made changes during it */
    unsigned cuts[PLACE_COUNT][HOW_COUNT];
    unsigned changes;
    /* Dovecot 2.3 damages the index of a mailbox that is deleted and made anew while another session opens it ("indexid
     * changed"), and then refuses to open it: there that is only done between synchronisations. */
    int deletes_any_time;
};

static uint32_t below(struct rounds *rounds, uint32_t bound)
{
    return peer_random_below(&rounds->random, bound);
}

static void change(struct rounds *rounds)
{
    peer_change_round(rounds->other, MAILBOX_ON_THE_WIRE, &rounds->random);
}

static void begin_anew(struct rounds *rounds, int without_store)
{
    peer_app_close(&rounds->app);
    if (without_store)
        peer_app_forget(&rounds->app);
    peer_app_open(&rounds->app);
}

/* ------------------------------------------------------------------ an attempt that is cut */

static void on_cut(void *ctx, enum peer_phase phase)
{
    struct rounds *rounds = ctx;
    rounds->cut = 1;
    rounds->cuts[phase][rounds->how]++;
    if (rounds->how == APP_GONE) {
        rounds->app.leaves = 1;
        return;
    }
    peer_cut_drop(&rounds->app.cut);
    peer_link_cut(rounds->app.link, (enum peer_link_end)rounds->how);
}

static void on_change(void *ctx, enum peer_phase phase)
{
    struct rounds *rounds = ctx;
    (void)phase;
    rounds->changed = 1;
    rounds->changes++;
    if (rounds->deletes_any_time)
        change(rounds);
    else
        peer_change_some(rounds->other, MAILBOX_ON_THE_WIRE, &rounds->random);
}

/* Up to what an answer there has at most, more or less; small numbers are as frequent as large ones. */
static uint32_t some_octets(struct rounds *rounds, enum place place)
{
    static const uint32_t bits[PLACE_COUNT] = {9, 12, 11, 12, 0};
    return below(rounds, 1u << (1 + below(rounds, bits[place])));
}

static void plan_cut(struct rounds *rounds, enum place place)
{
    struct peer_app *app = &rounds->app;
    struct peer_cut_plan *plan = &app->cut.plans[0];
    int connected = app->cut.newest != NULL;
    switch (place) {
    case PLACE_IDLE:
        peer_link_cut(app->link, (enum peer_link_end)rounds->how);
        rounds->cut = 1;
        rounds->cuts[place][rounds->how]++;
        break;
    case PLACE_HANDSHAKE:
        peer_link_cut_next(app->link, some_octets(rounds, place), (enum peer_link_end)rounds->how);
        break;
    case PLACE_LOGIN:
    case PLACE_SELECT:
    case PLACE_FETCH:
        plan->armed = 1;
        plan->phase = (enum peer_phase)place;
        plan->sent = (place == PLACE_LOGIN || (place == PLACE_SELECT && connected)) && below(rounds, 3) == 0;
        plan->octets = plan->sent ? below(rounds, 400) : some_octets(rounds, place);
        plan->reached = on_cut;
        break;
    case PLACE_COUNT:
        break;
    }
}

static enum place choose_place(struct rounds *rounds)
{
    struct peer_app *app = &rounds->app;
    enum place place = (enum place)below(rounds, PLACE_COUNT);
    if (place == PLACE_IDLE && app->cut.newest == NULL)
        peer_app_sync(app);
    if (place == PLACE_IDLE && app->cut.newest == NULL) /* the server had cut it: the mailbox was deleted */
        place = PLACE_SELECT;
    if ((place == PLACE_LOGIN || place == PLACE_HANDSHAKE) && app->cut.newest != NULL)
        peer_app_log_out(app);
    return place;
}

static void plan_change(struct rounds *rounds)
{
    struct peer_cut_plan *plan = &rounds->app.cut.plans[1];
    plan->armed = 1;
    plan->phase = (enum peer_phase)below(rounds, PEER_PHASE_COUNT);
    plan->sent = 0;
    plan->octets = some_octets(rounds, (enum place)plan->phase);
    plan->reached = on_change;
}

/* An attempt may fail in ways that what was done to it explains. */
static int is_explained(const struct rounds *rounds, enum place place)
{
    int error = rounds->app.error;
    switch (cpmsync_error_class(error)) {
    case CPMSYNC_CLASS_NONE:
        return 1;
    case CPMSYNC_CLASS_NETWORK: /* servers cut connections whose mailbox is deleted */
        return 1;
    case CPMSYNC_CLASS_TLS:
        return place == PLACE_HANDSHAKE && rounds->cut;
    default: /* between DELETE and CREATE, or selected before */
        return (error == CPMSYNC_ERR_NO_MAILBOX || error == CPMSYNC_ERR_NO) && rounds->changed;
    }
}

static void attempt(struct rounds *rounds)
{
    struct peer_app *app = &rounds->app;
    enum place place = choose_place(rounds);
    rounds->how = (int)below(rounds, place == PLACE_HANDSHAKE || place == PLACE_IDLE ? PEER_LINK_END_COUNT : HOW_COUNT);
    rounds->cut = rounds->changed = 0;
    plan_cut(rounds, place);
    if (below(rounds, 3) == 0)
        plan_change(rounds);
    peer_app_sync(app);
    for (size_t i = 0; i < PEER_CUT_PLANS; i++)
        app->cut.plans[i].armed = 0;
    if (peer_link_cut_next_off(app->link) && place == PLACE_HANDSHAKE) {
        rounds->cut = 1;
        rounds->cuts[place][rounds->how]++;
    }
    if (app->leaves) {
        begin_anew(rounds, 0);
        app->leaves = 0;
    } else if (!is_explained(rounds, place)) {
        peer_die("cut in %s, %s: %s (%s)", place_names[place], how_names[rounds->how], cpmsync_error_name(app->error),
            app->words);
    }
}

/* ------------------------------------------------------------------ a round */

static void synchronise(struct rounds *rounds)
{
    struct peer_app *app = &rounds->app;
    /* Servers cut connections whose mailbox is deleted: an app tries again, and so does this. */
    for (int attempts = 2; attempts > 0; attempts--) {
        peer_app_sync(app);
        if (app->error == 0)
            return;
        fprintf(stderr, "sync: %s (%s)\n", cpmsync_error_text(app->error), app->words);
        if (cpmsync_error_class(app->error) != CPMSYNC_CLASS_NETWORK)
            break;
    }
    peer_die("the sync failed");
}

static void one_round(struct rounds *rounds)
{
    change(rounds);
    if (rounds->app.link != NULL) {
        for (uint32_t attempts = below(rounds, ATTEMPTS_MAX + 1); attempts > 0; attempts--) {
            attempt(rounds);
            if (below(rounds, 2) == 0)
                change(rounds); /* what was told in a batch that was lost may be gone */
        }
        if (below(rounds, 4) == 0)
            begin_anew(rounds, below(rounds, 10) == 0);
    }
    synchronise(rounds);
}

static void after_round(struct rounds *rounds)
{
    uint32_t then = below(rounds, 6);
    if (then < 2)
        peer_app_log_out(&rounds->app);
    if (then == 2)
        begin_anew(rounds, 0);
}

/* ------------------------------------------------------------------ the whole */

static void print_cuts(const struct rounds *rounds)
{
    unsigned all = 0;
    for (size_t place = 0; place < PLACE_COUNT; place++) {
        unsigned here = 0;
        printf("cut in %-9s:", place_names[place]);
        for (size_t how = 0; how < HOW_COUNT; how++) {
            printf(" %u %s%s", rounds->cuts[place][how], how_names[how], how + 1 < HOW_COUNT ? "," : "\n");
            here += rounds->cuts[place][how];
        }
        if (here == 0)
            peer_die("no cut in %s: too few rounds", place_names[place]);
        all += here;
    }
    printf("%u cuts, %u deadlines, %u changes during a synchronisation, %u connections\n", all, rounds->app.deadlines,
        rounds->changes, peer_link_count(rounds->app.link));
}

static void usage(void)
{
    fputs("peer_rounds [--cuts] [--disable CAPABILITY] STORE ROUNDS [SEED]\n", stderr);
    exit(2);
}

int main(int argc, char **argv)
{
    static struct rounds rounds;
    struct peer_app *app = &rounds.app;
    int cuts = 0, at = 1;
    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
        if (strcmp(argv[at], "--cuts") == 0)
            cuts = 1;
        else if (strcmp(argv[at], "--disable") == 0 && at + 1 < argc)
            app->disabled = argv[++at];
        else
            usage();
    }
    if (argc - at < 2)
        usage();
    app->store_path = argv[at];
    app->mailbox = MAILBOX;
    app->cut.ctx = &rounds;
    int count = atoi(argv[at + 1]);
    unsigned long seed = argc - at > 2 ? strtoul(argv[at + 2], NULL, 10) : (unsigned long)time(NULL);
    peer_random_seed(&rounds.random, seed);
    peer_account_from_environment(&app->account);
    rounds.deletes_any_time = getenv("PEER_SERVER") == NULL || strcmp(getenv("PEER_SERVER"), "dovecot") != 0;
    if (cuts)
        app->link = peer_link_new(app->account.host, app->account.port);
    rounds.other = peer_client_open(&app->account);
    peer_client_try(rounds.other, NULL, NULL, "DELETE \"%s\"", MAILBOX_ON_THE_WIRE);
    peer_client_do(rounds.other, NULL, NULL, "CREATE \"%s\"", MAILBOX_ON_THE_WIRE);
    peer_change_deliver(rounds.other, MAILBOX_ON_THE_WIRE, &rounds.random, FIRST_MESSAGES, 1);
    peer_app_forget(app);
    peer_app_open(app);
    for (int i = 0; i < count; i++) {
        fprintf(stderr, "round %d of %d, seed %lu\n", i + 1, count, seed);
        one_round(&rounds);
        if (!peer_app_equals(app, rounds.other, MAILBOX_ON_THE_WIRE))
            peer_die("round %d of %d, seed %lu: not equal", i + 1, count, seed);
        after_round(&rounds);
    }
    peer_app_close(app);
    peer_client_close(rounds.other);
    peer_truth_clear(&app->mirror);
    peer_app_check_ladder(app);
    if (cuts) {
        print_cuts(&rounds);
        peer_link_free(app->link);
    }
    printf("%d rounds: cache and mirror equalled the server each time (seed %lu)\n", count, seed);
    return 0;
}
