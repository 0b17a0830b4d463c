/* SPDX-License-Identifier: MIT */
/*
 * model_histories [--seed N] [--operations N]: random histories until the server has changed so often (100,000). Each has
 * a seed; one that fails is made as short as leaving out steps can make it, and told with its seed.
 * model_histories --replay SEED: this one history, shortened likewise, with every octet.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/history.h"

/* Leaves out whatever can be left out with the history still failing: halves, quarters, ..., single steps. */
static void shrink(struct history_plan *plan, char *why)
{
    struct history_counts ignored = {0};
    int last = history_play(plan, &ignored, why);

    for (int i = last + 1; i < HISTORY_STEPS; i++)
        plan->skip[i] = true; /* never reached; the comparison at the end may fail for them, but later */
    for (int width = HISTORY_STEPS / 2; width > 0; width = width > 1 ? (width + 1) / 2 : 0) {
        for (int at = 0; at < HISTORY_STEPS; at += width) {
            struct history_plan shorter = *plan;
            char other[HISTORY_WHY_MAX];
            bool fewer = false;
            for (int i = at; i < at + width && i < HISTORY_STEPS; i++) {
                fewer = fewer || !plan->skip[i];
                shorter.skip[i] = true;
            }
            if (fewer && history_play(&shorter, &ignored, other) >= 0)
                *plan = shorter;
        }
    }
}

static void tell(struct history_plan *plan, char *why)
{
    struct history_counts ignored = {0};

    shrink(plan, why);
    plan->verbose = true;
    history_play(plan, &ignored, why);
    printf("\nseed %" PRIu64 ": %s\nagain with: model_histories --replay %" PRIu64 "\n", plan->seed, why, plan->seed);
}

static int play_all(uint64_t seed, uint64_t operations)
{
    struct history_counts counts = {0};
    uint64_t histories = 0;

    for (; counts.operations < operations; histories++) {
        struct history_plan plan = {0};
        char why[HISTORY_WHY_MAX] = "";
        plan.seed = seed + histories;
        if (history_play(&plan, &counts, why) >= 0) {
            tell(&plan, why);
            return 1;
        }
    }
    printf("seed %" PRIu64 ": %" PRIu64 " histories, %" PRIu64 " operations, %" PRIu64 " synchronisations (%" PRIu64
           " of the account, %" PRIu64 " with nothing to do, %" PRIu64 " with one mailbox refused; %" PRIu64
           " failed in noise), %" PRIu64 " cuts, %" PRIu64 " kills, %" PRIu64 " refusals, %" PRIu64
           " failures of the store; %" PRIu64 " compared, %" PRIu64 " renamed, %" PRIu64
           " reported missing, all right\n",
        seed, histories, counts.operations, counts.synchronisations, counts.accounts, counts.silent, counts.alone,
        counts.failed, counts.cuts, counts.kills, counts.refusals, counts.store_failures, counts.compared,
        counts.renamed, counts.missing);
    return 0;
}

static int replay(uint64_t seed)
{
    struct history_counts counts = {0};
    struct history_plan plan = {0};
    char why[HISTORY_WHY_MAX] = "";

    plan.seed = seed;
    if (history_play(&plan, &counts, why) < 0) {
        printf("seed %" PRIu64 ": everything held\n", seed);
        return 0;
    }
    tell(&plan, why);
    return 1;
}

static bool read_number(const char *text, uint64_t *number)
{
    char *end;

    errno = 0;
    *number = strtoull(text, &end, 10);
    return errno == 0 && *text >= '0' && *text <= '9' && *end == '\0';
}

int main(int argc, char **argv)
{
    uint64_t seed = 1, operations = 100000, again = 0;
    bool one = false;

    for (int i = 1; i < argc; i += 2) {
        uint64_t *number = strcmp(argv[i], "--seed") == 0         ? &seed
                           : strcmp(argv[i], "--operations") == 0 ? &operations
                           : strcmp(argv[i], "--replay") == 0     ? &again
                                                                  : NULL;
        one = one || number == &again;
        if (!number || i + 1 == argc || !read_number(argv[i + 1], number)) {
            fprintf(stderr, "model_histories [--seed N] [--operations N] | --replay SEED\n");
            return 2;
        }
    }
    return one ? replay(again) : play_all(seed, operations);
}
