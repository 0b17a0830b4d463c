/* SPDX-License-Identifier: MIT */
#include "peer_changer.h"

#include "peer_change.h"
#include "peer_truth.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_MESSAGES = 30, SHORT_LIVED = 5, NAMES = 8, NAME_SIZE = 32, CHILDHOOD_MS = 2000 };

struct peer_changer {
    pid_t process;
    int orders, answers;
};

/* In the other process. */
struct work {
    struct peer_changer_plan plan;
    struct peer_client *client;
    struct peer_random random;
    char short_lived[SHORT_LIVED][NAME_SIZE]; /* "": none */
    int64_t born[SHORT_LIVED];
    unsigned made;
};

static uint32_t below(struct work *work, uint32_t bound)
{
    return peer_random_below(&work->random, bound);
}

/* ------------------------------------------------------------------ a step */

static const char *some_mailbox(struct work *work)
{
    size_t others = work->plan.mailbox_count - 1;
    return work->plan.mailboxes[below(work, 2) == 0 ? 0 : 1 + below(work, (uint32_t)others)];
}

/* A slot that is taken, or is not. */
static char *some_short_lived(struct work *work, int taken)
{
    uint32_t from = below(work, SHORT_LIVED);
    for (uint32_t i = 0; i < SHORT_LIVED; i++) {
        char *name = work->short_lived[(from + i) % SHORT_LIVED];
        if ((name[0] != '\0') == taken)
            return name;
    }
    return NULL;
}

static int64_t *born_of(struct work *work, const char *name)
{
    return &work->born[(size_t)(name - work->short_lived[0]) / NAME_SIZE];
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static uint32_t copy_between(struct work *work)
{
    struct peer_truth truth;
    const char *from = some_mailbox(work), *to = some_mailbox(work);
    peer_truth_ask(&truth, work->client, from);
    size_t count = truth.count;
    if (count > 0) {
        uint32_t first = truth.messages[below(work, (uint32_t)count)].uid;
        peer_client_do(work->client, NULL, NULL, "SELECT \"%s\"", from);
        peer_client_do(work->client, NULL, NULL, "UID COPY %u:%u \"%s\"", first, first + below(work, 6), to);
        peer_client_do(work->client, NULL, NULL, "UNSELECT");
    }
    peer_truth_clear(&truth);
    return count > 0;
}

/* `stays`: not deleted at once. */
static uint32_t create(struct work *work, int stays)
{
    char *name = some_short_lived(work, 0);
    char instead[NAME_SIZE];
    if (name == NULL && !work->plan.hurries)
        return 0;
    if (name == NULL || (!stays && work->plan.hurries))
        name = instead;
    for (int taken = 1; taken;) {
        unsigned number = work->made++;
        snprintf(name, NAME_SIZE, "Kurz%u", work->plan.makes_anew ? number % NAMES : number);
        taken = 0;
        for (size_t i = 0; i < SHORT_LIVED; i++)
            taken |= name != work->short_lived[i] && strcmp(work->short_lived[i], name) == 0;
    }
    peer_client_do(work->client, NULL, NULL, "CREATE \"%s\"", name);
    peer_change_deliver(work->client, name, &work->random, below(work, 6), 1);
    if (name != instead) {
        *born_of(work, name) = now_ms();
        return 1;
    }
    peer_client_do(work->client, NULL, NULL, "DELETE \"%s\"", name);
    return 2;
}

static uint32_t delete_one(struct work *work)
{
    char *name = some_short_lived(work, 1);
    if (name == NULL || (!work->plan.hurries && now_ms() - *born_of(work, name) < CHILDHOOD_MS))
        return 0;
    peer_client_do(work->client, NULL, NULL, "DELETE \"%s\"", name);
    name[0] = '\0';
    return 1;
}

static uint32_t change_one(struct work *work)
{
    const char *short_lived = below(work, 6) == 0 ? some_short_lived(work, 1) : NULL;
    return peer_change_some(work->client, short_lived != NULL ? short_lived : some_mailbox(work), &work->random);
}

static uint32_t step(struct work *work)
{
    const char *first = work->plan.mailboxes[0];
    if (work->plan.makes_anew && below(work, 100) == 0) {
        peer_client_do(work->client, NULL, NULL, "DELETE \"%s\"", first);
        peer_client_do(work->client, NULL, NULL, "CREATE \"%s\"", first);
        peer_change_deliver(work->client, first, &work->random, below(work, 30), 1);
        return 2;
    }
    switch (below(work, 16)) {
    case 0:
        return create(work, 1);
    case 1:
        return create(work, 0);
    case 2:
        return delete_one(work);
    case 3:
    case 4:
        return copy_between(work);
    default:
        return change_one(work);
    }
}

/* ------------------------------------------------------------------ its process */

static void prepare(struct work *work)
{
    for (size_t i = 0; i < work->plan.mailbox_count; i++) {
        const char *mailbox = work->plan.mailboxes[i];
        peer_client_try(work->client, NULL, NULL, "DELETE \"%s\"", mailbox);
        peer_client_try(work->client, NULL, NULL, "CREATE \"%s\"", mailbox);
        peer_change_deliver(work->client, mailbox, &work->random, FIRST_MESSAGES, 1);
    }
}

static void answer(int answers, uint32_t changes)
{
    if (write(answers, &changes, sizeof changes) != (ssize_t)sizeof changes)
        exit(0); /* the one who asked is gone */
}

static void run(struct work *work, const struct peer_account *account, int orders, int answers)
{
    char order;
    work->client = peer_client_open(account);
    peer_random_seed(&work->random, work->plan.seed);
    prepare(work);
    answer(answers, 0);
    if (work->plan.traces)
        peer_client_trace(work->client);
    while (read(orders, &order, 1) == 1)
        answer(answers, step(work));
    peer_client_close(work->client);
    free(work);
    exit(0);
}

struct peer_changer *peer_changer_new(const struct peer_account *account, const struct peer_changer_plan *plan)
{
    struct peer_changer *changer = calloc(1, sizeof *changer);
    struct work *work = calloc(1, sizeof *work);
    int orders[2], answers[2];
    if (changer == NULL || work == NULL)
        peer_die("out of memory");
    if (pipe(orders) != 0 || pipe(answers) != 0)
        peer_die("pipe: %s", strerror(errno));
    work->plan = *plan;
    changer->process = fork();
    if (changer->process < 0)
        peer_die("fork: %s", strerror(errno));
    if (changer->process == 0) {
        free(changer);
        close(orders[1]);
        close(answers[0]);
        run(work, account, orders[0], answers[1]);
    }
    free(work);
    close(orders[0]);
    close(answers[1]);
    changer->orders = orders[1];
    changer->answers = answers[0];
    peer_changer_done(changer);
    return changer;
}

void peer_changer_free(struct peer_changer *changer)
{
    int status;
    close(changer->orders);
    if (waitpid(changer->process, &status, 0) != changer->process || status != 0)
        peer_die("the other client failed");
    close(changer->answers);
    free(changer);
}

void peer_changer_step(struct peer_changer *changer)
{
    if (write(changer->orders, "", 1) != 1)
        peer_die("the other client is gone");
}

int peer_changer_fd(const struct peer_changer *changer)
{
    return changer->answers;
}

uint32_t peer_changer_done(struct peer_changer *changer)
{
    uint32_t changes;
    if (read(changer->answers, &changes, sizeof changes) != (ssize_t)sizeof changes)
        peer_die("the other client is gone");
    return changes;
}
