/* SPDX-License-Identifier: MIT */
/*
 * Several clients of two users at one mock server, each with random commands, in portions that interleave, over
 * mailboxes they share: some with QRESYNC, CONDSTORE, UIDONLY, IMAP4rev2, NOTIFY, IDLE, some plain. What each knows
 * from the untagged responses alone is what the server holds whenever all have been told everything.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "stress_client.h"

enum { DUMP_MAX = 1 << 20, MESSAGES_MAX = 50 };

static const char USAGE[] =
    "stress [--seed N] [--seeds COUNT] [--seconds S] [--steps N] [--rounds N] [--fault NAME] [--trace]\n"
    "COUNT seeds from N on, or as many as S seconds allow. Each is some rounds of N steps and a comparison.\n"
    "The same seed does the same again; --trace shows the conversation on stderr.\n";

struct options {
    uint64_t seed, seeds, seconds, steps, rounds;
    const char *fault;
    bool trace;
};

unsigned stress_below(struct stress *stress, unsigned limit)
{
    uint64_t z = stress->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (unsigned)((z ^ (z >> 31)) % limit);
}

/* ---- what happens behind the clients' backs ---- */

static const char *some_box(struct stress *stress)
{
    return stress_boxes[stress_below(stress, STRESS_BOXES)];
}

static void some_uids(struct stress *stress, const char *box, char text[40])
{
    struct cpmsync_mock_status status = {.size = sizeof status};
    cpmsync_mock_mailbox_status(stress->mock, "alice", box, &status);
    unsigned first = 1 + stress_below(stress, status.uidnext);
    snprintf(text, 40, "%u:%u", first, first + stress_below(stress, 4));
}

static void change_flags(struct stress *stress)
{
    const char *box = some_box(stress);
    char uids[40], change[40];
    some_uids(stress, box, uids);
    snprintf(change, sizeof change, "%c%s", stress_below(stress, 2) ? '+' : '-',
        stress_flag_names[stress_below(stress, STRESS_FLAGS)]);
    cpmsync_mock_flag(stress->mock, "alice", box, uids, change);
}

static void change_rights(struct stress *stress)
{
    static const char *const RIGHTS[] = {"lrswite", "lrswitekxa", "lrs", "lr", "lrwit", "lrsie"};
    cpmsync_mock_acl(stress->mock, "alice", some_box(stress), "bob", RIGHTS[stress_below(stress, 6)]);
}

static void something_happens(struct stress *stress)
{
    static const char TEXT[] = "Subject: delivered\r\n\r\nbody\r\n";
    const char *box = some_box(stress);
    char uids[40];
    unsigned what = stress_below(stress, 100);
    some_uids(stress, box, uids);
    if (what < 35)
        cpmsync_mock_deliver(
            stress->mock, "alice", box, stress_below(stress, 2) ? "$one" : NULL, 0, TEXT, sizeof TEXT - 1);
    else if (what < 70)
        change_flags(stress);
    else if (what < 88)
        cpmsync_mock_expunge(stress->mock, "alice", box, uids);
    else if (what < 95)
        change_rights(stress);
    else if (what < 98)
        cpmsync_mock_drop_expunge_log(stress->mock, "alice", box);
    else if (what < 99)
        cpmsync_mock_uidvalidity_change(stress->mock, "alice", box);
}

/* So that mailboxes stay small. */
static void clean(struct stress *stress)
{
    struct cpmsync_mock_status status = {.size = sizeof status};
    size_t i;
    for (i = 0; i < STRESS_BOXES; i++) {
        char uids[40];
        cpmsync_mock_mailbox_status(stress->mock, "alice", stress_boxes[i], &status);
        snprintf(
            uids, sizeof uids, "1:%lu", (unsigned long)(status.uidnext - 1 - stress_below(stress, status.uidnext)));
        if (status.messages > MESSAGES_MAX)
            cpmsync_mock_expunge(stress->mock, "alice", stress_boxes[i], uids);
    }
}

/* ---- the comparison ---- */

static void compare_message(struct stress_view *view, size_t place, const char *line)
{
    char *at;
    unsigned flags;
    uint32_t uid = (uint32_t)strtoul(line, &at, 10);
    uint64_t modseq = strtoull(at, &at, 10);
    const char *end = strchr(at, '\n');
    if (!end || !stress_read_flags(at + 1, (size_t)(end - at - 1), &flags)) {
        stress_view_wrong(view, "the server's dump cannot be read: %.60s", line);
        return;
    }
    const struct stress_message *message = view->messages + place;
    if (message->uid != uid || message->flags != flags ||
        (view->condstore && message->modseq && message->modseq != modseq))
        stress_view_wrong(view, "number %zu is UID %lu, flags %x, mod-sequence %llu; the server has %lu, %x, %llu",
            place + 1, (unsigned long)message->uid, message->flags, (unsigned long long)message->modseq,
            (unsigned long)uid, flags, (unsigned long long)modseq);
}

static void compare(struct stress_client *client, const char *dump)
{
    struct stress_view *view = &client->view;
    unsigned long uidvalidity, uidnext, count;
    unsigned long long highest;
    size_t i;
    if (sscanf(dump, "uidvalidity %lu uidnext %lu highestmodseq %llu messages %lu", &uidvalidity, &uidnext, &highest,
            &count) != 4)
        stress_view_wrong(view, "the server's dump cannot be read");
    else if (!stress_view_is_complete(view))
        stress_view_wrong(view, "not everything was told: %zu of %zu messages", view->count, view->exists);
    else if (view->exists != count || view->uidvalidity != uidvalidity || view->highestmodseq > highest)
        stress_view_wrong(view, "%zu messages, UIDVALIDITY %lu, HIGHESTMODSEQ %llu; the server has %lu, %lu, %llu",
            view->exists, (unsigned long)view->uidvalidity, (unsigned long long)view->highestmodseq, count, uidvalidity,
            highest);
    for (i = 0; i < view->count && !view->wrong[0]; i++) {
        dump = strchr(dump, '\n') + 1;
        compare_message(view, i, dump);
    }
    client->stress->comparisons++;
}

static void compare_status(struct stress_client *client)
{
    struct cpmsync_mock_status truth = {.size = sizeof truth};
    int box = client->box >= 0 ? client->box : 0;
    if (!stress_client_status(client, box))
        return;
    const struct cpmsync_mock_status *told = &client->status;
    cpmsync_mock_mailbox_status(client->stress->mock, "alice", stress_boxes[box], &truth);
    if (told->messages != truth.messages || told->uidnext != truth.uidnext ||
        (client->view.condstore && told->highestmodseq != truth.highestmodseq))
        stress_view_wrong(&client->view,
            "STATUS has %lu messages, UIDNEXT %lu, HIGHESTMODSEQ %llu; the server %lu, %lu, %llu",
            (unsigned long)told->messages, (unsigned long)told->uidnext, (unsigned long long)told->highestmodseq,
            (unsigned long)truth.messages, (unsigned long)truth.uidnext, (unsigned long long)truth.highestmodseq);
}

/* NOTIFY: the last STATUS of each mailbox that is watched is how it is. */
static void compare_watched(struct stress_client *client)
{
    int box;
    for (box = 0; box < STRESS_BOXES; box++) {
        const struct stress_watch *told = &client->watched[box];
        struct cpmsync_mock_status truth = {.size = sizeof truth};
        cpmsync_mock_mailbox_status(client->stress->mock, "alice", stress_boxes[box], &truth);
        if (!client->conn || !client->owner || !client->watches || !told->told || box == client->box)
            continue;
        client->stress->watched++;
        if (told->messages != truth.messages || told->uidnext != truth.uidnext)
            stress_view_wrong(&client->view,
                "MS-27: NOTIFY told %lu messages, UIDNEXT %lu of %s; the server has %lu, %lu",
                (unsigned long)told->messages, (unsigned long)told->uidnext, stress_boxes[box],
                (unsigned long)truth.messages, (unsigned long)truth.uidnext);
    }
}

static void compare_all(struct stress *stress, char *dump)
{
    size_t i;
    for (i = 0; i < 2 * STRESS_CLIENTS; i++)
        stress_client_wake(&stress->clients[i % STRESS_CLIENTS]);
    for (i = 0; i < STRESS_CLIENTS; i++)
        compare_watched(&stress->clients[i]);
    for (i = 0; i < STRESS_CLIENTS; i++)
        stress_client_settle(&stress->clients[i]);
    for (i = 0; i < STRESS_CLIENTS; i++) {
        struct stress_client *client = &stress->clients[i];
        stress_client_settle(client);
        if (!client->conn || client->box < 0 || client->view.wrong[0])
            continue;
        if (cpmsync_mock_dump(stress->mock, "alice", stress_boxes[client->box], dump, DUMP_MAX) < 0)
            abort();
        compare(client, dump);
        uint64_t responses = stress->responses;
        stress_client_settle(client);
        if (stress->responses != responses + 1)
            stress_view_wrong(&client->view, "something was told twice");
        compare_status(client);
    }
}

/* ---- a seed ---- */

static void trace(void *ctx, int conn, int direction, const void *data, size_t len)
{
    (void)ctx;
    fprintf(stderr, "[%d] %s ", conn, direction == CPMSYNC_MOCK_FROM_CLIENT ? "C:" : "S:");
    fwrite(data, 1, len, stderr);
    fprintf(stderr, "\n");
}

static bool prepare(struct stress *stress, const struct options *o)
{
    static const int64_t LOGS[] = {0, CPMSYNC_OFF, 8};
    struct cpmsync_mock_config config = {.size = sizeof config};
    size_t i;
    config.seed = stress->random;
    config.expunge_log = LOGS[stress_below(stress, 3)];
    config.trace = o->trace ? trace : NULL;
    stress->mock = cpmsync_mock_new(&config);
    if (!stress->mock || cpmsync_mock_user_add(stress->mock, "alice", "alice") ||
        cpmsync_mock_user_add(stress->mock, "bob", "bob") || (o->fault && cpmsync_mock_fault(stress->mock, o->fault)))
        return false;
    for (i = 0; i < STRESS_BOXES; i++)
        if ((i && cpmsync_mock_mailbox_create(stress->mock, "alice", stress_boxes[i])) ||
            cpmsync_mock_acl(stress->mock, "alice", stress_boxes[i], "bob", "lrswite") ||
            cpmsync_mock_generate(stress->mock, "alice", stress_boxes[i], stress_below(stress, 20), 0) < 0)
            return false;
    if (cpmsync_mock_nomodseq(stress->mock, "alice", stress_boxes[STRESS_BOXES - 1], 1))
        return false;
    for (i = 0; i < STRESS_CLIENTS; i++) {
        stress->clients[i].stress = stress;
        stress->clients[i].owner = i % 2 == 0;
    }
    return true;
}

static const struct stress_client *wrong_client(const struct stress *stress)
{
    size_t i;
    for (i = 0; i < STRESS_CLIENTS; i++)
        if (stress->clients[i].view.wrong[0])
            return &stress->clients[i];
    return NULL;
}

static void play(struct stress *stress, const struct options *o, char *dump)
{
    uint64_t round, step;
    for (round = 0; round < o->rounds && !wrong_client(stress); round++) {
        for (step = 0; step < o->steps && !wrong_client(stress); step++) {
            if (stress_below(stress, 40) == 0)
                something_happens(stress);
            if (step % 200 == 0)
                clean(stress);
            stress_client_step(&stress->clients[stress_below(stress, STRESS_CLIENTS)]);
        }
        compare_all(stress, dump);
    }
}

static bool run(uint64_t seed, const struct options *o, struct stress *totals, char *dump)
{
    static struct stress stress;
    size_t i;
    memset(&stress, 0, sizeof stress);
    stress.random = seed;
    bool ready = prepare(&stress, o);
    if (ready)
        play(&stress, o, dump);
    else
        printf("seed %" PRIu64 ": cannot begin\n", seed);
    const struct stress_client *wrong = wrong_client(&stress);
    if (wrong)
        printf("seed %" PRIu64 ", connection %d of client %d (%s%s%s%s%s), t%u: %s\n", seed, wrong->conn,
            (int)(wrong - stress.clients), wrong->owner ? "owner" : "other", wrong->view.condstore ? " CONDSTORE" : "",
            wrong->view.qresync ? " QRESYNC" : "", wrong->view.uidonly ? " UIDONLY" : "",
            wrong->view.rev2 ? " IMAP4rev2" : "", wrong->queued ? wrong->queue[0].tag : wrong->last_tag,
            wrong->view.wrong);
    totals->commands += stress.commands;
    totals->connections += stress.connections;
    totals->responses += stress.responses;
    totals->resumptions += stress.resumptions;
    totals->comparisons += stress.comparisons;
    totals->watched += stress.watched;
    for (i = 0; i < STRESS_CLIENTS; i++)
        stress_client_free(&stress.clients[i]);
    cpmsync_mock_free(stress.mock);
    return ready && !wrong;
}

static bool read_options(struct options *o, int argc, char **argv)
{
    struct {
        const char *name;
        uint64_t *value;
    } numbers[] = {{"--seed", &o->seed}, {"--seeds", &o->seeds}, {"--seconds", &o->seconds}, {"--steps", &o->steps},
        {"--rounds", &o->rounds}};
    size_t i, count = sizeof numbers / sizeof *numbers;
    for (int at = 1; at < argc; at++) {
        if (strcmp(argv[at], "--trace") == 0) {
            o->trace = true;
            continue;
        }
        if (at + 1 == argc)
            return false;
        for (i = 0; i < count && strcmp(argv[at], numbers[i].name) != 0; i++)
            ;
        if (i < count)
            *numbers[i].value = strtoull(argv[++at], NULL, 10);
        else if (strcmp(argv[at], "--fault") == 0)
            o->fault = argv[++at];
        else
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct options o = {.seed = 1, .seeds = 1, .steps = 3000, .rounds = 5};
    static struct stress totals;
    uint64_t done = 0, failed = 0;
    char *dump = (char *)malloc(DUMP_MAX);
    time_t begin = time(NULL);
    if (!dump || !read_options(&o, argc, argv)) {
        fputs(USAGE, stderr);
        return 2;
    }
    for (; o.seconds ? (uint64_t)(time(NULL) - begin) < o.seconds : done < o.seeds; done++)
        failed += !run(o.seed + done, &o, &totals, dump);
    printf("%" PRIu64 " seeds from %" PRIu64 " on, %" PRIu64 " failed: %" PRIu64 " connections, %" PRIu64
           " commands, %" PRIu64 " responses, %" PRIu64 " resumptions, %" PRIu64 " comparisons, %" PRIu64
           " of watched mailboxes\n",
        done, o.seed, failed, totals.connections, totals.commands, totals.responses, totals.resumptions,
        totals.comparisons, totals.watched);
    free(dump);
    return failed ? 1 : 0;
}
