/* SPDX-License-Identifier: MIT */
#include "model/synchronise.h"

#include <inttypes.h>
#include <cpmsync/mock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* What is told is what is stored, where no batch was lost. */
static bool all_mirrored(struct world *w, struct support_link *link)
{
    char why[HISTORY_WHY_MAX / 2] = "";

    for (size_t i = 0; i < WORLD_NAMES; i++)
        if (!link->mirrors[i].due && !support_link_mirrored(link, WORLD_BOX_NAMES[i], why, sizeof why))
            return world_wrong(w, "client %d, the account, %s: %s", (int)(link - w->links), WORLD_BOX_NAMES[i], why);
    return true;
}

static void begin_noise(struct world *w, struct support_link *link)
{
    w->noise = world_below(w, 8);
    w->rarely = 1 + world_below(w, world_below(w, 2) ? 4 : 60);
    w->chunk = world_below(w, 3) ? 1 + world_below(w, 200) : 0;
    some_mishap(w, link);
}

static void end_noise(struct world *w, struct support_link *link, int error)
{
    link->cut_in = link->cut_out = link->kill_in = link->refuse_in = -1;
    support_store_fail_at(&link->store, SUPPORT_STORE_ANY, 0, 0);
    w->noise = 0;
    w->chunk = 0;
    w->counts->synchronisations++;
    w->counts->failed += error != 0;
    world_note(w, "    -> %s %s", cpmsync_error_name(error), link->words);
    if (error)
        expect_lies(w, link);
}

bool world_sync_in_noise(struct world *w, struct support_link *link, const char *box)
{
    char why[HISTORY_WHY_MAX / 2] = "";

    begin_noise(w, link);
    world_note(w, "  client %d synchronises %s in noise", (int)(link - w->links), box);
    int error = support_link_sync(link, box);
    end_noise(w, link, error);
    if (error > 0)
        return world_wrong(w, "client %d hangs in %s", (int)(link - w->links), box);
    if (!error && !support_link_mirrored(link, box, why, sizeof why))
        return world_wrong(w, "client %d, in noise: %s", (int)(link - w->links), why);
    return true;
}

/* A mailbox of the account, or one that it does not have now, or none. */
static const char *some_first(struct world *w)
{
    unsigned kind = world_below(w, 8);

    return kind < 3   ? NULL
           : kind < 7 ? WORLD_BOX_NAMES[world_below(w, WORLD_NOBODY)]
                      : WORLD_BOX_NAMES[world_below(w, WORLD_NAMES)];
}

bool world_account_in_noise(struct world *w, struct support_link *link)
{
    const char *first = some_first(w);

    begin_noise(w, link);
    w->wild = world_below(w, 2);
    world_note(
        w, "  client %d synchronises the account in noise, %s first", (int)(link - w->links), first ? first : "none");
    int error = support_link_sync_account(link, first);
    if (w->wild)
        world_refuse_select(w, false);
    w->wild = false;
    end_noise(w, link, error);
    w->counts->accounts++;
    if (error > 0)
        return world_wrong(w, "client %d hangs in the account", (int)(link - w->links));
    return all_mirrored(w, link);
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

bool world_sync_in_quiet(struct world *w, struct support_link *link, const char *box)
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

/* ---- the account */

/* What is stored of the mailboxes the server does not have: they are kept, or renamed. */
struct kept {
    char *rows[WORLD_NAMES];
    bool cached[WORLD_NAMES];
    bool moves[WORLD_NAMES]; /* it has another name, by which it is not cached yet */
};

static int has_id(void *ctx, const struct cpmsync_store_mailbox *record)
{
    const char *box = ctx;

    return record->extra_len > 0 && strlen(box) == record->name_len && memcmp(record->name, box, record->name_len) == 0;
}

static uint32_t server_uidvalidity(struct world *w, const char *box)
{
    struct cpmsync_mock_status status = {0};

    status.size = sizeof status;
    return world_reference(w, box) && !cpmsync_mock_mailbox_status(w->mock, NULL, box, &status) ? status.uidvalidity
                                                                                                : 0;
}

/* The server's mailboxes have a UIDVALIDITY each of its own. */
static bool has_moved(struct world *w, struct support_link *link, const char *box, uint32_t uidvalidity)
{
    const struct cpmsync_store *store = &link->store.inner;

    if (!w->ids || store->ops->mailbox_each(store->self, has_id, (void *)(uintptr_t)box) == 0)
        return false;
    for (size_t i = 0; i < WORLD_NAMES; i++) {
        uint32_t other = 0;
        support_link_cursor(link, WORLD_BOX_NAMES[i], &other);
        if (server_uidvalidity(w, WORLD_BOX_NAMES[i]) == uidvalidity)
            return other != uidvalidity;
    }
    return false;
}

static void note_kept(struct world *w, struct support_link *link, struct kept *kept)
{
    for (size_t i = 0; i < WORLD_NAMES; i++) {
        uint32_t uidvalidity = 0;
        bool gone = !world_reference(w, WORLD_BOX_NAMES[i]);
        kept->rows[i] = gone ? support_link_rows(link, WORLD_BOX_NAMES[i]) : NULL;
        support_link_cursor(link, WORLD_BOX_NAMES[i], &uidvalidity);
        kept->cached[i] = gone && uidvalidity;
        kept->moves[i] = kept->cached[i] && has_moved(w, link, WORLD_BOX_NAMES[i], uidvalidity);
    }
}

static void free_kept(struct kept *kept)
{
    for (size_t i = 0; i < WORLD_NAMES; i++)
        free(kept->rows[i]);
}

static bool is_missing(struct world *w, struct support_link *link, const struct kept *kept, size_t at)
{
    const char *box = WORLD_BOX_NAMES[at];
    char *now = support_link_rows(link, box);
    bool same = strcmp(now, kept->rows[at]) == 0;

    free(now);
    if (!same)
        return world_wrong(w, "%s is missing, its cache is another", box);
    /* The mailbox on the screen is told as failed where its SELECT went ahead, and not as missing. */
    w->counts->missing += kept->cached[at];
    return link->missing[at] == kept->cached[at] || link->failed[at] ||
           world_wrong(w, "%s is %stold as missing", box, kept->cached[at] ? "not " : "");
}

static bool is_moved(struct world *w, struct support_link *link, size_t at)
{
    uint32_t uidvalidity = 0;

    support_link_cursor(link, WORLD_BOX_NAMES[at], &uidvalidity);
    w->counts->renamed++;
    return (uidvalidity == 0 && !link->missing[at]) ||
           world_wrong(w, "%s was renamed, and the client does not know", WORLD_BOX_NAMES[at]);
}

/* Frees `kept`. */
static bool are_kept(struct world *w, struct support_link *link, struct kept *kept)
{
    bool held = true;

    for (size_t i = 0; i < WORLD_NAMES && held; i++)
        held = !kept->rows[i] || (kept->moves[i] ? is_moved(w, link, i) : is_missing(w, link, kept, i));
    free_kept(kept);
    return held;
}

/* Mailboxes may fail alone: the one that was asked for and is not there, and the one whose SELECT was refused. */
static bool failed_alone(struct world *w, const struct support_link *link, int error, const char *first, bool refused)
{
    size_t failures = 0, refusals = 0;

    for (size_t i = 0; i < WORLD_NAMES; i++) {
        bool gone = first && strcmp(WORLD_BOX_NAMES[i], first) == 0 && !world_reference(w, first);
        if (link->failed[i] && !(gone && link->failed[i] == CPMSYNC_ERR_NO_MAILBOX) &&
            link->failed[i] != CPMSYNC_ERR_SERVER_TRYAGAIN)
            return false;
        failures += link->failed[i] != 0;
        refusals += link->failed[i] == CPMSYNC_ERR_SERVER_TRYAGAIN;
    }
    w->counts->alone += failures;
    return failures && refusals <= refused && (error == CPMSYNC_ERR_NO_MAILBOX || error == CPMSYNC_ERR_SERVER_TRYAGAIN);
}

static bool check_account(struct world *w, struct support_link *link)
{
    for (size_t i = 0; i < WORLD_NAMES; i++)
        if (world_reference(w, WORLD_BOX_NAMES[i]) && !link->failed[i] && !check(w, link, WORLD_BOX_NAMES[i]))
            return false;
    return all_mirrored(w, link);
}

/* STATUS can say of all mailboxes that nothing changed. */
static bool can_be_silent(struct world *w, const struct support_link *link)
{
    bool modseqs = w->mod_sequences && !(link->config.disabled_count && strcmp(link->disabled[0], "CONDSTORE") == 0);

    for (size_t i = 0; i < WORLD_NAMES && modseqs; i++) {
        struct cpmsync_mock_status status = {0};
        status.size = sizeof status;
        if (cpmsync_mock_mailbox_status(w->mock, NULL, WORLD_BOX_NAMES[i], &status) == 0)
            modseqs = status.highestmodseq != 0;
    }
    return modseqs && !w->liar;
}

/* All are in sync: none is selected again, and the one on the screen once at most. */
static bool is_silent(struct world *w, struct support_link *link, const char *first)
{
    memset(link->begins, 0, sizeof link->begins);
    int error = support_link_sync_account(link, first);
    world_note(w, "  client %d synchronises the account again -> %s %s", (int)(link - w->links),
        cpmsync_error_name(error), link->words);
    w->counts->silent++;
    w->counts->accounts++;
    w->counts->synchronisations++;
    if (error)
        return world_wrong(w, "client %d, the account again: %s", (int)(link - w->links), cpmsync_error_name(error));
    for (size_t i = 0; i < WORLD_NAMES; i++)
        if (link->begins[i] > (first && strcmp(WORLD_BOX_NAMES[i], first) == 0))
            return world_wrong(
                w, "%s did not change, and was synchronised %zu times", WORLD_BOX_NAMES[i], link->begins[i]);
    return check_account(w, link);
}

bool world_account_in_quiet(struct world *w, struct support_link *link)
{
    const char *first = some_first(w);
    bool refused = world_below(w, 6) == 0;
    struct kept kept;

    note_kept(w, link, &kept);
    if (refused)
        world_refuse_select(w, true);
    int error = support_link_sync_account(link, first);
    world_note(w, "  client %d synchronises the account, %s first -> %s %s", (int)(link - w->links),
        first ? first : "none", cpmsync_error_name(error), link->words);
    w->counts->synchronisations++;
    w->counts->accounts++;
    if (error)
        expect_lies(w, link);
    if (may_be_thrown_out(error)) {
        error = support_link_sync_account(link, first);
        world_note(w, "    again -> %s %s", cpmsync_error_name(error), link->words);
    }
    if (refused)
        world_refuse_select(w, false);
    bool alone = error && failed_alone(w, link, error, first, refused);
    if (error && w->liar && !alone) {
        free_kept(&kept);
        return true;
    }
    if (!are_kept(w, link, &kept))
        return false;
    if (error && !alone)
        return world_wrong(w, "client %d, the account, in quiet: %s %s", (int)(link - w->links),
            error > 0 ? "hangs" : cpmsync_error_name(error), link->words);
    if (!check_account(w, link))
        return false;
    bool gone = first && !world_reference(w, first);
    return error || gone || !can_be_silent(w, link) || world_below(w, 3) || is_silent(w, link, first);
}
