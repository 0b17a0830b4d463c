/* SPDX-License-Identifier: MIT */
#include "sync/resync.h"

#include "sync/plan.h"
#include "wire/mailbox_name.h"

enum fetch_kind {
    FETCH_TAIL,   /* new messages */
    FETCH_PASS,   /* all of them, to find out what is there */
    FETCH_CHANGES /* what changed since the cursor, asked for once more (R13) */
};

struct fetch {
    struct cpmsync_session_command command;
    struct cpmsync_resync *resync;
    enum fetch_kind kind;
    uint32_t first;
    uint32_t last;
    bool busy;
    bool modseq; /* MODSEQ was asked for */
    bool voided; /* asked for under another UIDVALIDITY, or behind a SELECT that failed (R4) */
};

struct cpmsync_resync {
    struct cpmsync_resync_config config;
    struct cpmsync_open_mailbox *mailbox;
    struct cpmsync_apply apply;
    struct cpmsync_buf wire_name;

    struct cpmsync_session_command unselect;
    bool unselect_busy;
    struct cpmsync_session_command select;
    bool select_busy;
    struct fetch fetches[CPMSYNC_RESYNC_WINDOW];
    unsigned in_flight; /* commands of ours not completed */

    enum cpmsync_rung rung; /* what the SELECT in flight, or last answered, used */
    bool selected;          /* the last SELECT was OK */
    uint64_t old_modseq;    /* the cursor before it, kept until the count was right (R14) */
    uint64_t select_modseq; /* SELECT's HIGHESTMODSEQ */
    bool pass_due;
    bool mod_sequences;  /* ask for MODSEQ */
    uint64_t next_first; /* where the next range of new messages begins */
    unsigned rounds;
    unsigned passes;
    struct cpmsync_err err;
    bool failed;
    unsigned held; /* we are inside something that goes on by itself: no go_on, and stop only leaves its error */
    unsigned late_tails;
};

static void go_on(struct cpmsync_resync *resync);

/* ---- failing */

static void withdraw_all(struct cpmsync_resync *resync)
{
    for (size_t i = 0; i < CPMSYNC_RESYNC_WINDOW; i++)
        if (resync->fetches[i].busy)
            cpmsync_session_withdraw(resync->config.session, &resync->fetches[i].command);
    if (resync->select_busy)
        cpmsync_session_withdraw(resync->config.session, &resync->select);
    if (resync->unselect_busy)
        cpmsync_session_withdraw(resync->config.session, &resync->unselect);
}

/* The first failure counts; what is in flight is waited for and ignored. */
static void fail(struct cpmsync_resync *resync, int error, const struct cpmsync_response *tagged)
{
    if (resync->failed)
        return;
    resync->failed = true;
    if (tagged)
        cpmsync_err_server(&resync->err, error, tagged->code.name, tagged->text, true);
    else
        cpmsync_err_set(&resync->err, error);
    cpmsync_batch_abort(&resync->apply.batch);
    resync->held++;
    withdraw_all(resync);
    resync->held--;
}

/* Whether the batch is still good; its error becomes ours. */
static bool good(struct cpmsync_resync *resync)
{
    int error = resync->apply.batch.error;

    if (error)
        fail(resync, error, NULL);
    return !resync->failed;
}

static bool commit(struct cpmsync_resync *resync)
{
    int error = good(resync) ? cpmsync_batch_commit(&resync->apply.batch) : 0;

    if (error)
        fail(resync, error, NULL);
    return !resync->failed;
}

/* ---- commands */

static void fetch_done(struct cpmsync_session_command *command, int error, const struct cpmsync_response *tagged);
static void select_done(struct cpmsync_session_command *command, int error, const struct cpmsync_response *tagged);
static void unselect_done(struct cpmsync_session_command *command, int error, const struct cpmsync_response *tagged);

#define OWNER(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

static void begin_command(struct cpmsync_resync *resync, struct cpmsync_session_command *command, const char *name)
{
    memset(command, 0, sizeof *command);
    cpmsync_command_init(&command->text, resync->config.mem, CPMSYNC_COMMAND_LINE_MAX * 2,
        cpmsync_session_literals(resync->config.session));
    cpmsync_command_begin(&command->text, name);
}

static bool submit(struct cpmsync_resync *resync, struct cpmsync_session_command *command)
{
    int error = cpmsync_command_end(&command->text);

    if (!error)
        error = cpmsync_session_submit(resync->config.session, command);
    if (error) {
        cpmsync_command_clear(&command->text);
        fail(resync, error, NULL);
        return false;
    }
    resync->in_flight++;
    return true;
}

static struct fetch *free_fetch(struct cpmsync_resync *resync)
{
    for (size_t i = 0; i < CPMSYNC_RESYNC_WINDOW; i++)
        if (!resync->fetches[i].busy)
            return &resync->fetches[i];
    return NULL;
}

/* UID FETCH first:last (FLAGS [MODSEQ]) [(CHANGEDSINCE n VANISHED)] */
static bool submit_fetch(struct cpmsync_resync *resync, enum fetch_kind kind, uint32_t first, uint32_t last)
{
    struct fetch *fetch = free_fetch(resync);

    if (!fetch)
        return false;
    int error = kind == FETCH_TAIL ? cpmsync_uidset_add(&resync->apply.asked, first, last) : 0;
    if (error) {
        fail(resync, error, NULL);
        return false;
    }
    begin_command(resync, &fetch->command, "UID FETCH");
    cpmsync_command_range(&fetch->command.text, first, last);
    cpmsync_command_open(&fetch->command.text);
    cpmsync_command_atom(&fetch->command.text, "FLAGS");
    if (resync->mod_sequences && kind != FETCH_CHANGES) /* CHANGEDSINCE implies it */
        cpmsync_command_atom(&fetch->command.text, "MODSEQ");
    cpmsync_command_close(&fetch->command.text);
    if (kind == FETCH_CHANGES) {
        cpmsync_command_open(&fetch->command.text);
        cpmsync_command_atom(&fetch->command.text, "CHANGEDSINCE");
        cpmsync_command_number(&fetch->command.text, resync->old_modseq);
        cpmsync_command_atom(&fetch->command.text, "VANISHED");
        cpmsync_command_close(&fetch->command.text);
    }
    fetch->command.done = fetch_done;
    fetch->resync = resync;
    fetch->kind = kind;
    fetch->first = first;
    fetch->last = last;
    fetch->modseq = resync->mod_sequences;
    fetch->voided = false;
    fetch->busy = submit(resync, &fetch->command);
    return fetch->busy;
}

static void void_fetches(struct cpmsync_resync *resync)
{
    for (size_t i = 0; i < CPMSYNC_RESYNC_WINDOW; i++)
        resync->fetches[i].voided = true;
}

static void submit_unselect(struct cpmsync_resync *resync)
{
    begin_command(resync, &resync->unselect, "UNSELECT");
    resync->unselect.rules = CPMSYNC_COMMAND_SELECT;
    resync->unselect.done = unselect_done;
    resync->unselect_busy = submit(resync, &resync->unselect);
}

static void submit_select(struct cpmsync_resync *resync)
{
    begin_command(resync, &resync->select, "SELECT");
    cpmsync_command_astring(&resync->select.text, cpmsync_buf_slice(&resync->wire_name));
    cpmsync_plan_select_parameter(&resync->select.text, resync->rung, resync->mailbox);
    resync->select.rules = CPMSYNC_COMMAND_SELECT;
    resync->select.done = select_done;
    resync->select_busy = submit(resync, &resync->select);
}

/* ---- a round: SELECT and the first range of new messages in one flight */

static void start_round(struct cpmsync_resync *resync)
{
    struct cpmsync_session *session = resync->config.session;
    struct cpmsync_cache *cache = &resync->mailbox->cache;
    enum cpmsync_boundary boundary = CPMSYNC_BOUNDARY_NONE;

    if (++resync->rounds > CPMSYNC_RESYNC_ROUNDS) {
        fail(resync, CPMSYNC_ERR_UNVERIFIED, NULL);
        return;
    }
    if (*resync->config.selected == CPMSYNC_SELECTED_YES)
        boundary = cpmsync_session_can(session, "UNSELECT") ? CPMSYNC_BOUNDARY_UNSELECT : CPMSYNC_BOUNDARY_CLOSED;
    resync->rung = cpmsync_plan_rung(session, resync->config.facts, resync->mailbox);
    resync->mod_sequences =
        cpmsync_session_can(session, "CONDSTORE") && !(resync->mailbox->bits & CPMSYNC_MAILBOX_NOMODSEQ);
    resync->selected = false;
    resync->pass_due = false;
    resync->old_modseq = cache->highestmodseq;
    cpmsync_apply_select(&resync->apply, boundary);
    if (boundary == CPMSYNC_BOUNDARY_UNSELECT)
        submit_unselect(resync);
    if (!resync->failed)
        submit_select(resync);
    uint32_t first = cpmsync_cache_uidnext(cache);
    resync->next_first = first;
    if (first && !resync->failed) {
        uint32_t last = first > UINT32_MAX - (CPMSYNC_RESYNC_RANGE - 1) ? UINT32_MAX : first + CPMSYNC_RESYNC_RANGE - 1;
        if (submit_fetch(resync, FETCH_TAIL, first, last))
            resync->next_first = (uint64_t)last + 1;
    }
}

static void unselect_done(struct cpmsync_session_command *command, int error, const struct cpmsync_response *tagged)
{
    struct cpmsync_resync *resync = OWNER(command, struct cpmsync_resync, unselect);

    cpmsync_command_clear(&command->text);
    resync->unselect_busy = false;
    resync->in_flight--;
    resync->held++;
    if (tagged && !error)
        *resync->config.selected = CPMSYNC_SELECTED_NO;
    if (error)
        fail(resync, error, tagged);
    else if (!resync->failed)
        cpmsync_apply_unselected(&resync->apply);
    resync->held--;
    go_on(resync);
}

/* The rows are all messages there are, so the n-th is message n. */
static bool numbered(const struct cpmsync_resync *resync)
{
    const struct cpmsync_uidset *covered = &resync->mailbox->cache.covered;

    return resync->apply.exists_known && !resync->apply.uncounted && covered->count == 1 &&
           covered->ranges[0].first == 1;
}

/* What changed was told. An OK to the parameter proves nothing where ENABLED did not list QRESYNC (E-02, P-07). */
static bool qresync_answered(const struct cpmsync_resync *resync)
{
    return resync->rung == CPMSYNC_RUNG_QRESYNC &&
           cpmsync_session_enabled(resync->config.session, "QRESYNC") == CPMSYNC_ENABLED_YES;
}

/* Ranges asked for when the mailbox was not known to have mod-sequences are asked for again. */
static void ask_for_modseq(struct cpmsync_resync *resync)
{
    for (size_t i = 0; i < CPMSYNC_RESYNC_WINDOW; i++) {
        struct fetch *fetch = &resync->fetches[i];
        if (!fetch->busy || fetch->voided || fetch->modseq)
            continue;
        fetch->voided = true;
        if (fetch->first < resync->next_first)
            resync->next_first = fetch->first;
    }
}

/* SELECT's answer is complete and applied: cursors, and what is left to do. */
static void selected(struct cpmsync_resync *resync)
{
    struct cpmsync_apply *apply = &resync->apply;
    struct cpmsync_cache *cache = &resync->mailbox->cache;
    bool covered = cache->covered.count != 0;

    if (!good(resync))
        return;
    if (apply->uidvalidity == 0 || apply->not_sticky) {
        fail(resync, CPMSYNC_ERR_NO_UIDS, NULL);
        return;
    }
    if (apply->nomodseq || !cpmsync_session_can(resync->config.session, "CONDSTORE"))
        apply->code_modseq = 0; /* none, or the app forbids them */
    resync->select_modseq = apply->code_modseq;
    apply->next_modseq = apply->code_modseq;
    apply->code_modseq = 0;
    apply->max_modseq = 0;
    resync->mod_sequences = resync->select_modseq != 0;
    if (resync->mod_sequences)
        ask_for_modseq(resync);
    unsigned bits = apply->nomodseq ? CPMSYNC_MAILBOX_NOMODSEQ : 0;
    if (!cpmsync_session_can(resync->config.session, "CONDSTORE"))
        apply->nomodseq = true; /* no fact about the mailbox, but its rows have none now */
    if (!apply->batch.open && resync->select_modseq == cache->highestmodseq)
        bits |= resync->mailbox->bits & CPMSYNC_MAILBOX_VERIFIED; /* nothing changed since */
    cpmsync_batch_bits(&apply->batch, bits);

    bool all = apply->uidnext_known && apply->uidnext == cpmsync_cache_uidnext(cache);
    bool rise = covered && qresync_answered(resync) && resync->select_modseq > cache->highestmodseq;
    if (rise && !apply->told_vanished && apply->told_modseq != resync->select_modseq)
        apply->rise = resync->select_modseq;
    bool doubtful = apply->suspect || apply->rise || (all && !cpmsync_apply_counts(apply));
    bool rewound = resync->select_modseq < cache->highestmodseq ||
                   (apply->uidnext_known && covered && apply->uidnext < cpmsync_cache_uidnext(cache));
    if (rewound && covered) {
        cpmsync_batch_cursor(&apply->batch, 0); /* void at once (R14, Q-53) */
        resync->old_modseq = 0;
        resync->pass_due = true;
    } else if (!covered || qresync_answered(resync)) {
        if (!covered || !doubtful) /* else the quiet point decides, and the store keeps the old one until then (R14) */
            cpmsync_batch_cursor(&apply->batch, resync->select_modseq);
    } else {
        resync->pass_due = true;
    }
    if (all && !doubtful && !resync->pass_due && numbered(resync))
        cpmsync_batch_bits(&apply->batch, resync->mailbox->bits | CPMSYNC_MAILBOX_VERIFIED);
    if (!apply->uidnext_known)
        apply->tail_due = true; /* C-12 */
    apply->numbered = !resync->pass_due && !doubtful;
    commit(resync);
}

static void select_done(struct cpmsync_session_command *command, int error, const struct cpmsync_response *tagged)
{
    struct cpmsync_resync *resync = OWNER(command, struct cpmsync_resync, select);
    struct cpmsync_apply *apply = &resync->apply;
    bool was_reset = false;

    cpmsync_command_clear(&command->text);
    resync->select_busy = false;
    resync->in_flight--;
    resync->held++;
    if (tagged && tagged->condition == CPMSYNC_CONDITION_OK) {
        *resync->config.selected = CPMSYNC_SELECTED_YES;
        if (!resync->failed) {
            cpmsync_apply_code(apply, &tagged->code);
            was_reset = apply->regenerated;
            apply->selecting = false;
            resync->selected = true;
            selected(resync);
        }
    } else if (tagged && tagged->condition == CPMSYNC_CONDITION_NO) {
        *resync->config.selected = CPMSYNC_SELECTED_NO; /* C-07 */
    }
    if (was_reset) {
        void_fetches(resync);
        resync->next_first = 1;
    }
    if (error) {
        void_fetches(resync);
        if (error == CPMSYNC_ERR_BAD && !resync->failed &&
            cpmsync_plan_lower(resync->config.facts, resync->rung, resync->config.session))
            cpmsync_apply_refused(apply); /* asked for once more, a rung lower */
        else
            fail(resync, error == CPMSYNC_ERR_NO ? CPMSYNC_ERR_NO_MAILBOX : error, tagged);
    }
    resync->held--;
    go_on(resync);
}

/* ---- new messages, and the full pass */

/* The last UID worth asking for, 0 if none. */
static uint32_t last_wanted(const struct cpmsync_resync *resync)
{
    const struct cpmsync_apply *apply = &resync->apply;

    return apply->uidnext_known ? apply->uidnext - 1 : 0;
}

/* The quiet point (R12): nothing is in flight, nothing left to ask. The batch that ends here takes the cursor along. */
static void settle(struct cpmsync_resync *resync)
{
    struct cpmsync_apply *apply = &resync->apply;
    bool quiet =
        resync->in_flight == 0 && !resync->pass_due && !apply->tail_due && resync->next_first > last_wanted(resync);

    if (!quiet || apply->suspect || apply->rise || !cpmsync_apply_counts(apply))
        return;
    if (apply->next_modseq && !apply->nomodseq)
        cpmsync_batch_cursor(&apply->batch, apply->next_modseq);
    if (numbered(resync))
        cpmsync_batch_bits(&apply->batch, resync->mailbox->bits | CPMSYNC_MAILBOX_VERIFIED);
}

static void tail_done(struct cpmsync_resync *resync, const struct fetch *fetch)
{
    struct cpmsync_apply *apply = &resync->apply;
    uint32_t highest = cpmsync_cache_highest(&resync->mailbox->cache, fetch->first, fetch->last);

    if (apply->batch.open)
        cpmsync_batch_bits(&apply->batch, resync->mailbox->bits & ~(unsigned)CPMSYNC_MAILBOX_VERIFIED);
    /* Never past what is known to have been told (R15). */
    if (apply->uidnext_known && apply->uidnext - 1 > highest)
        highest = apply->uidnext - 1;
    cpmsync_batch_cover(&apply->batch, fetch->first, highest < fetch->last ? highest : fetch->last);
}

static void pass_done(struct cpmsync_resync *resync)
{
    if (cpmsync_apply_passed(&resync->apply) != 1)
        return;
    if (!resync->apply.suspect)
        cpmsync_batch_cursor(&resync->apply.batch, resync->select_modseq);
    resync->next_first = (uint64_t)cpmsync_uidset_last(&resync->mailbox->cache.covered) + 1;
}

static void fetch_done(struct cpmsync_session_command *command, int error, const struct cpmsync_response *tagged)
{
    struct fetch *fetch = OWNER(command, struct fetch, command);
    struct cpmsync_resync *resync = fetch->resync;

    cpmsync_command_clear(&command->text);
    fetch->busy = false;
    resync->in_flight--;
    resync->held++;
    if (!resync->failed && resync->selected && !fetch->voided && !resync->apply.other_uidvalidity) {
        if (!error && cpmsync_slice_is(tagged->code.name, "MESSAGELIMIT"))
            error = CPMSYNC_ERR_SERVER_LIMIT; /* only part of it was answered (PG-06) */
        if (error == CPMSYNC_ERR_BAD && fetch->modseq && !resync->mod_sequences) {
            resync->next_first = fetch->first; /* asked for MODSEQ before NOMODSEQ was known */
        } else if (error == CPMSYNC_ERR_BAD && fetch->kind == FETCH_CHANGES) {
            resync->apply.rise = 0;
            resync->pass_due = true;
        } else if (error) {
            fail(resync, error, tagged);
        } else {
            cpmsync_apply_code(&resync->apply, &tagged->code);
            cpmsync_apply_tagged(&resync->apply);
            if (fetch->kind == FETCH_PASS)
                pass_done(resync);
            else if (fetch->kind == FETCH_TAIL)
                tail_done(resync, fetch);
            else
                resync->apply.rise = 0;
            settle(resync);
            commit(resync);
        }
    } else if (error && !tagged) {
        fail(resync, error, NULL);
    }
    resync->held--;
    go_on(resync);
}

/* ---- what next */

/* What is missing lies from here on. */
static uint32_t first_unanswered(const struct cpmsync_resync *resync)
{
    uint32_t first = (uint32_t)resync->next_first;

    for (size_t i = 0; i < CPMSYNC_RESYNC_WINDOW; i++) {
        const struct fetch *fetch = &resync->fetches[i];
        if (fetch->busy && !fetch->voided && fetch->kind == FETCH_TAIL && fetch->first < first)
            first = fetch->first;
    }
    return first;
}

static void submit_tails(struct cpmsync_resync *resync)
{
    struct cpmsync_apply *apply = &resync->apply;
    uint32_t last = last_wanted(resync);

    while (!resync->failed && resync->next_first <= last && free_fetch(resync)) {
        size_t cached = cpmsync_columns_count(resync->mailbox->cache.columns);
        uint32_t missing = apply->exists > cached ? apply->exists - (uint32_t)cached : 0;
        uint32_t first = (uint32_t)resync->next_first;
        uint32_t width = cpmsync_plan_range(last - first_unanswered(resync) + 1, missing);
        uint32_t end = last - first < width ? last : first + width - 1;
        if (submit_fetch(resync, FETCH_TAIL, first, end))
            resync->next_first = (uint64_t)end + 1;
    }
}

/* New messages may have come since SELECT: UIDs above all we know. */
static void submit_late_tail(struct cpmsync_resync *resync)
{
    uint32_t first = cpmsync_cache_uidnext(&resync->mailbox->cache);

    resync->apply.tail_due = false;
    if (++resync->late_tails > CPMSYNC_RESYNC_LATE_TAILS)
        fail(resync, CPMSYNC_ERR_UNVERIFIED, NULL);
    else if (first)
        submit_fetch(resync, FETCH_TAIL, first, UINT32_MAX);
}

/* The server says that something changed, and nothing of what it told is that (R13, PF-13). */
static void submit_changes(struct cpmsync_resync *resync)
{
    uint32_t last = cpmsync_uidset_last(&resync->mailbox->cache.covered);

    submit_fetch(resync, FETCH_CHANGES, 1, last);
}

static void submit_pass(struct cpmsync_resync *resync)
{
    resync->pass_due = false;
    if (++resync->passes > CPMSYNC_RESYNC_PASSES) {
        fail(resync, CPMSYNC_ERR_UNVERIFIED, NULL);
        return;
    }
    cpmsync_apply_pass(&resync->apply);
    if (good(resync))
        submit_fetch(resync, FETCH_PASS, 1, UINT32_MAX);
}

/* Everything asked for was answered (R12). True when nothing is left. */
static bool verified(struct cpmsync_resync *resync)
{
    struct cpmsync_apply *apply = &resync->apply;

    if (apply->suspect || !cpmsync_apply_counts(apply)) {
        cpmsync_batch_cursor(&apply->batch, resync->old_modseq);
        if (commit(resync))
            resync->pass_due = true;
        return false;
    }
    settle(resync);
    return commit(resync);
}

static void finish(struct cpmsync_resync *resync)
{
    resync->config.done(resync->config.ctx, &resync->err);
}

/* Sends what is possible now. True when it is over. */
static bool advance(struct cpmsync_resync *resync)
{
    struct cpmsync_apply *apply = &resync->apply;

    while (!resync->failed && !resync->select_busy) {
        if (!good(resync))
            break;
        if (!resync->selected || apply->other_uidvalidity) {
            if (resync->in_flight)
                return false;
            start_round(resync);
            continue;
        }
        if (!resync->pass_due)
            submit_tails(resync);
        if (resync->failed || resync->in_flight)
            break;
        if (resync->pass_due) {
            submit_pass(resync);
        } else if (apply->tail_due) {
            submit_late_tail(resync);
        } else if (apply->rise && !apply->suspect && cpmsync_apply_counts(apply)) {
            submit_changes(resync);
        } else if (verified(resync)) {
            return true;
        }
        if (resync->in_flight)
            break;
    }
    return !good(resync) && resync->in_flight == 0;
}

static void go_on(struct cpmsync_resync *resync)
{
    if (resync->held)
        return;
    resync->held++;
    bool over = advance(resync);
    resync->held--;
    if (over)
        finish(resync);
}

/* ---- the entry points */

/* The cache's key is what the server's own spelling of the name would give (R10, M-01). */
static int open_key(struct cpmsync_resync *resync)
{
    const struct cpmsync_resync_config *config = &resync->config;
    struct cpmsync_buf key;

    cpmsync_buf_init(&key, config->mem, CPMSYNC_MAILBOX_NAME_MAX);
    int error = cpmsync_mailbox_name_decode(cpmsync_buf_slice(&resync->wire_name), false, &key);
    if (!error)
        error = cpmsync_open_mailbox_new(
            &resync->mailbox, config->mem, config->store, &config->limits, cpmsync_buf_slice(&key));
    cpmsync_buf_clear(&key);
    return error;
}

int cpmsync_resync_new(
    struct cpmsync_resync **out, const struct cpmsync_resync_config *config, struct cpmsync_slice name)
{
    struct cpmsync_batch_upward up = {config->ctx, config->event};

    *out = NULL;
    struct cpmsync_resync *resync = cpmsync_mem_zalloc(config->mem, sizeof *resync);
    if (!resync)
        return CPMSYNC_ERR_NOMEM;
    resync->config = *config;
    cpmsync_buf_init(&resync->wire_name, config->mem, CPMSYNC_MAILBOX_NAME_MAX);
    int error = cpmsync_mailbox_name_encode(name, false, &resync->wire_name);
    if (!error)
        error = open_key(resync);
    if (!error)
        error = cpmsync_apply_init(&resync->apply, resync->mailbox, &up);
    if (error) {
        cpmsync_resync_free(resync);
        return error;
    }
    resync->held++;
    start_round(resync);
    resync->held--;
    if (resync->failed && resync->in_flight == 0) {
        error = resync->err.error;
        cpmsync_resync_free(resync);
        return error;
    }
    *out = resync;
    return 0;
}

void cpmsync_resync_free(struct cpmsync_resync *resync)
{
    if (!resync)
        return;
    if (resync->apply.mailbox)
        cpmsync_apply_clear(&resync->apply);
    cpmsync_open_mailbox_free(resync->mailbox);
    cpmsync_buf_clear(&resync->wire_name);
    cpmsync_mem_free(resync->config.mem, resync);
}

void cpmsync_resync_data(struct cpmsync_resync *resync, const struct cpmsync_response *response)
{
    if (resync->failed)
        return;
    resync->held++;
    cpmsync_apply_data(&resync->apply, response);
    resync->held--;
    if (!good(resync))
        go_on(resync);
}

void cpmsync_resync_lost(struct cpmsync_resync *resync, int error)
{
    if (error == CPMSYNC_ERR_NOMEM)
        cpmsync_resync_stop(resync, error);
    else
        resync->apply.suspect = true;
}

void cpmsync_resync_stop(struct cpmsync_resync *resync, int error)
{
    if (resync->held) {
        /* From inside one of its own callbacks: the batch that called it is not to be pulled away from under it. */
        if (!resync->apply.batch.error)
            resync->apply.batch.error = error;
        return;
    }
    fail(resync, error, NULL);
    go_on(resync);
}

const struct cpmsync_batch_counts *cpmsync_resync_counts(const struct cpmsync_resync *resync)
{
    return &resync->apply.batch.counts;
}
