/* SPDX-License-Identifier: MIT */
/*
 * peer_watch [OPTION...] STORE ROUNDS [SEED]: the library watches a mailbox, or with --account the whole account, while
 * another client changes several mailboxes on a connection of its own; and the library's link is closed, reset, left
 * half-open, falls silent, or stalls and goes on, at random moments and octets. At the end of each of ROUNDS rounds the
 * other client pauses: idle + timeout + retry later at most (and what a busy machine takes) cache and a mirror made of
 * events equal the server's own words, every UID, MODSEQ, flag and descriptor: of the watched mailbox, and of all where NOTIFY
 * is used.
 * Now and then the app synchronises another mailbox in between, or ends and begins anew from its store.
 *
 *   --account             the account is watched
 *   --disable CAPABILITY  is ignored by the library; may be repeated
 *   --seconds N           no round begins after so many
 *   --idle, --timeout, --retry-least, --retry-most, --survey MS: of the client's configuration
 *   --trace               the conversation, and the other client's commands, on stderr
 *
 * The account is in the variables PEER_*. The same SEED makes the same choices, if not at the same moments.
 */
#include "loop_poll.h"
#include "peer_change.h"
#include "peer_changer.h"
#include "peer_connect.h"
#include "peer_watcher.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAILBOX                                                                                                        \
    "Gespr\xc3\xa4"                                                                                                    \
    "ch"
#define MAILBOX_ON_THE_WIRE "Gespr&AOQ-ch"

enum { STALL = PEER_LINK_END_COUNT, HOW_COUNT, STEPS_MAX = 8, GAP_MS = 150, CUT_WITHIN_MS = 800, LOOK_MS = 50 };
enum { SLACK_MS = 10000, MAILBOXES_MAX = 32, MAILBOX_COUNT = 5 };
static const char *const how_names[HOW_COUNT] = {"closed", "reset", "silent", "half-open", "stalled"};
static const char *const mailboxes[MAILBOX_COUNT] = {MAILBOX_ON_THE_WIRE, "INBOX", "Watch 1", "Watch2", "Watch3"};

struct watch {
    struct peer_watcher watcher;
    struct peer_changer *changer;
    struct peer_client *other; /* asks for the truth */
    struct peer_random random;
    unsigned long seed;
    int whole;                  /* all mailboxes are compared */
    int how;                    /* the cut that is planned */
    int64_t cut_at;             /* CPMSYNC_NEVER: none is planned by the clock */
    int64_t go_on_at;           /* a stall ends, likewise */
    int changing;               /* the other client has an order */
    int anew;                   /* it may have made the watched mailbox anew */
    char *names[MAILBOXES_MAX]; /* on the server, as on the wire */
    struct peer_truth truths[MAILBOXES_MAX];
    size_t name_count;
    unsigned cuts[HOW_COUNT], restarts, ends, comparisons;
    unsigned without_list; /* so many rounds ended well, and the list was not asked for */
    uint64_t changes;
    int64_t slowest;
};

static uint32_t below(struct watch *watch, uint32_t bound)
{
    return peer_random_below(&watch->random, bound);
}

/* ------------------------------------------------------------------ cuts */

/* At a planned octet the client gets nothing that lies behind it. */
static void cut(struct watch *watch, int at_octet)
{
    struct peer_watcher *watcher = &watch->watcher;
    if (watch->how == STALL) {
        if (at_octet)
            peer_cut_hold(&watcher->cut);
        peer_link_stall(watcher->link);
        watch->go_on_at = loop_poll_now() + below(watch, 2 * (uint32_t)watcher->timeout_ms);
    } else {
        if (at_octet)
            peer_cut_drop(&watcher->cut);
        peer_link_cut(watcher->link, (enum peer_link_end)watch->how);
    }
    watch->cuts[watch->how]++;
}

static void on_octet(void *ctx, enum peer_phase phase)
{
    (void)phase;
    cut(ctx, 1);
}

static void plan_cut(struct watch *watch)
{
    struct peer_cut_plan *plan = &watch->watcher.cut.plans[0];
    plan->reached = on_octet;
    watch->how = (int)below(watch, HOW_COUNT);
    switch (below(watch, 4)) {
    case 0: /* an octet it sends: of DONE, IDLE, FETCH */
        peer_cut_from_here(&watch->watcher.cut, plan, 1, below(watch, 1u << (1 + below(watch, 8))));
        break;
    case 1: /* an octet it is told */
        peer_cut_from_here(&watch->watcher.cut, plan, 0, below(watch, 1u << (1 + below(watch, 12))));
        break;
    default:
        watch->cut_at = loop_poll_now() + below(watch, CUT_WITHIN_MS);
        break;
    }
}

static void no_more_cuts(struct watch *watch)
{
    watch->watcher.cut.plans[0].armed = 0;
    if (watch->cut_at != CPMSYNC_NEVER)
        cut(watch, 0);
    watch->cut_at = CPMSYNC_NEVER;
}

static void see_to_the_clock(struct watch *watch, int64_t now)
{
    if (now >= watch->cut_at) {
        watch->cut_at = CPMSYNC_NEVER;
        cut(watch, 0);
    }
    if (now >= watch->go_on_at) {
        watch->go_on_at = CPMSYNC_NEVER;
        peer_link_go_on(watch->watcher.link);
        peer_cut_go_on(&watch->watcher.cut);
    }
}

/* ------------------------------------------------------------------ the time that passes */

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void restart_watch(struct watch *watch)
{
    int error = watch->watcher.error;
    if (!watch->anew || (error != CPMSYNC_ERR_NO_MAILBOX && error != CPMSYNC_ERR_NO))
        peer_die("the watch ended: %s", cpmsync_error_text(error));
    watch->ends++;
    peer_watcher_again(&watch->watcher);
}

static void turn(struct watch *watch, int64_t until)
{
    struct pollfd answered = {peer_changer_fd(watch->changer), POLLIN, 0};
    until = least(until, least(watch->cut_at, watch->go_on_at));
    peer_watcher_turn(&watch->watcher, watch->changing ? answered.fd : -1, until);
    see_to_the_clock(watch, loop_poll_now());
    if (watch->changing && poll(&answered, 1, 0) > 0) {
        watch->changes += peer_changer_done(watch->changer);
        watch->changing = 0;
    }
    if (watch->watcher.watch == 0 && !watch->changing)
        restart_watch(watch);
}

static void let_pass(struct watch *watch, uint32_t ms)
{
    int64_t until = loop_poll_now() + ms;
    while (watch->changing || loop_poll_now() < until)
        turn(watch, until);
}

/* ------------------------------------------------------------------ the server's words */

static void on_list(void *ctx, const char *line)
{
    struct watch *watch = ctx;
    char name[64];
    const char *at = strstr(line, ") \"");
    if (strncmp(line, "LIST (", 6) != 0 || at == NULL || strstr(line, "\\Noselect") != NULL)
        return;
    at += 6; /* ) "/" */
    if (sscanf(at, " \"%63[^\"]", name) != 1 && sscanf(at, " %63s", name) != 1)
        peer_die("not understood: %s", line);
    if (watch->name_count == MAILBOXES_MAX)
        peer_die("more than %d mailboxes", MAILBOXES_MAX);
    watch->names[watch->name_count] = strdup(name);
    if (watch->names[watch->name_count++] == NULL)
        peer_die("out of memory");
}

static void ask_truths(struct watch *watch)
{
    if (watch->whole) {
        peer_client_do(watch->other, on_list, watch, "LIST \"\" \"*\"");
    } else {
        watch->names[0] = strdup(MAILBOX_ON_THE_WIRE);
        watch->name_count = 1;
    }
    for (size_t i = 0; i < watch->name_count; i++) {
        peer_truth_ask(&watch->truths[i], watch->other, watch->names[i]);
        peer_truth_ask_descriptors(&watch->truths[i], watch->other, watch->names[i]);
        if (peer_watcher_is_plain(&watch->watcher))
            peer_truth_forget_modseqs(&watch->truths[i]);
    }
}

static void forget_truths(struct watch *watch)
{
    for (size_t i = 0; i < watch->name_count; i++) {
        peer_truth_clear(&watch->truths[i]);
        free(watch->names[i]);
    }
    watch->name_count = 0;
}

/* Those that are equal already are left: nobody changes them. */
static int all_equal(struct watch *watch, size_t *next, int quietly)
{
    for (; *next < watch->name_count; (*next)++) {
        const char *wire = watch->names[*next];
        const char *name = strcmp(wire, MAILBOX_ON_THE_WIRE) == 0 ? MAILBOX : wire;
        if (!peer_watcher_equals(&watch->watcher, name, &watch->truths[*next], quietly))
            return 0;
        watch->comparisons++;
    }
    return 1;
}

static void compare(struct watch *watch)
{
    const struct peer_watcher *watcher = &watch->watcher;
    int64_t begin = loop_poll_now(), now = begin;
    int64_t end =
        begin + watcher->idle_ms + watcher->timeout_ms + watcher->retry_most_ms + watcher->survey_ms + SLACK_MS;
    size_t next = 0;
    unsigned surveys = watcher->surveys, connects = watcher->connects;
    ask_truths(watch);
    while (!all_equal(watch, &next, now < end)) {
        if (now >= end)
            peer_die("%s: not equal after %lld ms, %s, %u connections, the last closed: %s; seed %lu",
                watch->names[next], (long long)(now - begin), watcher->is_live ? "live" : "not live",
                watcher->connects - connects, cpmsync_error_name(watcher->why_closed), watch->seed);
        turn(watch, now + LOOK_MS);
        now = loop_poll_now();
    }
    forget_truths(watch);
    watch->without_list += watcher->surveys == surveys;
    if (now - begin > watch->slowest)
        watch->slowest = now - begin;
}

/* ------------------------------------------------------------------ a round */

static void begin_anew(struct watch *watch)
{
    peer_watcher_close(&watch->watcher);
    peer_watcher_open(&watch->watcher);
    watch->restarts++;
}

static void one_round(struct watch *watch)
{
    uint32_t steps = 1 + below(watch, STEPS_MAX), cuts = below(watch, 3);
    for (uint32_t i = 0; i < steps; i++) {
        if (cuts > 0 && !watch->watcher.cut.plans[0].armed && watch->cut_at == CPMSYNC_NEVER && below(watch, 2) == 0) {
            plan_cut(watch);
            cuts--;
        }
        if (below(watch, 20) == 0)
            peer_watcher_sync(&watch->watcher, mailboxes[1 + below(watch, MAILBOX_COUNT - 1)]);
        if (below(watch, 80) == 0)
            begin_anew(watch);
        peer_changer_step(watch->changer);
        watch->changing = 1;
        let_pass(watch, below(watch, 2) == 0 ? 0 : below(watch, GAP_MS));
    }
    no_more_cuts(watch);
    compare(watch);
}

/* ------------------------------------------------------------------ the whole */

static void print_result(const struct watch *watch, unsigned rounds, int64_t took, unsigned long seed)
{
    const struct peer_watcher *watcher = &watch->watcher;
    printf("%u rounds in %lld s, %llu changes;", rounds, (long long)(took / 1000), (unsigned long long)watch->changes);
    for (int how = 0; how < HOW_COUNT; how++)
        printf(" %u %s,", watch->cuts[how], how_names[how]);
    if (watch->whole)
        printf(" %u rounds by NOTIFY alone,", watch->without_list);
    printf(" %u connections, %u times live, %u restarts, %u watches ended, %u other syncs, %u failed, %u missing;"
           " %u comparisons, equal after %lld ms at most (seed %lu)\n",
        peer_link_count(watcher->link), watcher->lives, watch->restarts, watch->ends, watcher->syncs, watcher->failed,
        watcher->missing, watch->comparisons, (long long)watch->slowest, seed);
}

static void usage(void)
{
    fputs(
        "peer_watch [--account] [--disable CAPABILITY]... [--seconds N] [--idle MS] [--timeout MS] [--retry-least MS]\n"
        "           [--retry-most MS] [--survey MS] [--trace] STORE ROUNDS [SEED]\n",
        stderr);
    exit(2);
}

static int64_t *number_option(struct watch *watch, const char *name, int64_t *seconds)
{
    struct peer_watcher *watcher = &watch->watcher;
    return strcmp(name, "--seconds") == 0       ? seconds
           : strcmp(name, "--idle") == 0        ? &watcher->idle_ms
           : strcmp(name, "--timeout") == 0     ? &watcher->timeout_ms
           : strcmp(name, "--retry-least") == 0 ? &watcher->retry_least_ms
           : strcmp(name, "--retry-most") == 0  ? &watcher->retry_most_ms
           : strcmp(name, "--survey") == 0      ? &watcher->survey_ms
                                                : NULL;
}

/* Returns where the arguments begin. */
static int options(struct watch *watch, int argc, char **argv, int64_t *seconds)
{
    struct peer_watcher *watcher = &watch->watcher;
    int at = 1;
    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
        int64_t *number = number_option(watch, argv[at], seconds);
        if (number != NULL && at + 1 < argc)
            *number = atoll(argv[++at]);
        else if (strcmp(argv[at], "--account") == 0)
            watcher->whole = 1;
        else if (strcmp(argv[at], "--trace") == 0)
            watcher->traces = 1;
        else if (strcmp(argv[at], "--disable") == 0 && at + 1 < argc && watcher->disabled_count < PEER_WATCHER_DISABLED)
            watcher->disabled[watcher->disabled_count++] = argv[++at];
        else
            usage();
    }
    return at;
}

/* NOTIFY is what tells of all mailboxes. */
static int uses_notify(const struct peer_watcher *watcher, const char *server)
{
    for (size_t i = 0; i < watcher->disabled_count; i++)
        if (strcmp(watcher->disabled[i], "NOTIFY") == 0)
            return 0;
    return strcmp(server, "dovecot") == 0;
}

static void prepare(struct watch *watch, unsigned long seed)
{
    struct peer_watcher *watcher = &watch->watcher;
    const char *server = getenv("PEER_SERVER") != NULL ? getenv("PEER_SERVER") : "";
    struct peer_changer_plan plan = {mailboxes, MAILBOX_COUNT, 0, 0, seed, watcher->traces};
    /* Dovecot 2.3 damages the index of a mailbox that is made anew while another session opens it. */
    plan.makes_anew = watch->anew = strcmp(server, "dovecot") != 0;
    /* It also loses what NOTIFY would tell of others, when a mailbox is made and deleted at once: only the list tells then. */
    plan.hurries = plan.makes_anew || !watcher->whole || watcher->survey_ms != 0;
    watch->whole = watcher->whole && uses_notify(watcher, server);
    peer_account_from_environment(&watcher->account);
    watch->changer = peer_changer_new(&watcher->account, &plan);
    watch->other = peer_client_open(&watcher->account);
    watcher->link = peer_link_new(watcher->account.host, watcher->account.port);
    watcher->mailbox = MAILBOX;
    watcher->cut.ctx = watch;
    watch->cut_at = watch->go_on_at = CPMSYNC_NEVER;
    watch->seed = seed;
    peer_random_seed(&watch->random, seed);
    peer_connect_forget(watcher->store_path);
    peer_watcher_open(watcher);
}

int main(int argc, char **argv)
{
    static struct watch watch;
    struct peer_watcher *watcher = &watch.watcher;
    int64_t seconds = INT32_MAX;
    watcher->idle_ms = 1000;
    watcher->timeout_ms = 1500;
    watcher->retry_least_ms = 50;
    watcher->retry_most_ms = 800;
    int at = options(&watch, argc, argv, &seconds);
    if (argc - at < 2)
        usage();
    watcher->store_path = argv[at];
    unsigned rounds = 0, count = (unsigned)atoi(argv[at + 1]);
    unsigned long seed = argc - at > 2 ? strtoul(argv[at + 2], NULL, 10) : (unsigned long)time(NULL);
    int64_t begin = loop_poll_now();
    prepare(&watch, seed);
    for (; rounds < count && loop_poll_now() - begin < seconds * 1000; rounds++) {
        fprintf(stderr, "round %u of %u, seed %lu\n", rounds + 1, count, seed);
        one_round(&watch);
    }
    peer_watcher_close(watcher);
    peer_changer_free(watch.changer);
    peer_client_close(watch.other);
    print_result(&watch, rounds, loop_poll_now() - begin, seed);
    peer_watcher_clear(watcher);
    peer_link_free(watcher->link);
    return watch.comparisons >= rounds && rounds > 0 && watch.without_list > rounds / 4 ? 0 : 1;
}
