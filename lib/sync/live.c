/* SPDX-License-Identifier: MIT */
#include "sync/live.h"

void cpmsync_live_init(struct cpmsync_live *live, struct cpmsync_chain *chain, int64_t refresh_ms)
{
    memset(live, 0, sizeof *live);
    live->chain = chain;
    live->refresh_ms = refresh_ms;
    live->refresh_at = CPMSYNC_NEVER;
}

static bool may_idle(const struct cpmsync_live *live)
{
    return !live->no_idle && cpmsync_session_can(live->chain->session, "IDLE");
}

static bool ends_by_done(const struct cpmsync_live_command *command)
{
    return !(command->command.rules & CPMSYNC_COMMAND_IDLE);
}

/* I-01: refused; or ended unasked, which may happen, but not each time. */
static void note_end(struct cpmsync_live *live, const struct cpmsync_live_command *idle, int error)
{
    live->cut_short = ends_by_done(idle) ? 0 : live->cut_short + 1;
    if ((error && error != CPMSYNC_ERR_CANCELLED) || live->cut_short >= CPMSYNC_LIVE_CUT_SHORT_MAX)
        live->no_idle = true;
}

static void command_done(struct cpmsync_session_command *command, int error, const struct cpmsync_response *tagged)
{
    struct cpmsync_live_command *ours = (struct cpmsync_live_command *)command;
    struct cpmsync_live *live = ours->live;

    ours->busy = false;
    if (tagged && may_idle(live))
        note_end(live, ours, error);
    cpmsync_command_clear(&command->text);
    if (tagged && !error)
        cpmsync_chain_tagged(live->chain, tagged);
}

static int submit(struct cpmsync_live *live, const char *name, unsigned rules)
{
    struct cpmsync_live_command *ours = live->commands[0].busy ? &live->commands[1] : &live->commands[0];
    struct cpmsync_session *session = live->chain->session;

    memset(ours, 0, sizeof *ours);
    ours->live = live;
    ours->command.rules = rules;
    ours->command.done = command_done;
    cpmsync_command_init(
        &ours->command.text, live->chain->mem, CPMSYNC_COMMAND_LINE_MAX, cpmsync_session_literals(session));
    cpmsync_command_begin(&ours->command.text, name);
    int error = cpmsync_session_submit(session, &ours->command);
    if (error)
        cpmsync_command_clear(&ours->command.text);
    else
        ours->busy = true;
    return error;
}

static void start_timer(struct cpmsync_live *live, int64_t now)
{
    bool never = live->refresh_ms == CPMSYNC_NEVER || now > INT64_MAX - live->refresh_ms;

    live->refresh_at = never ? CPMSYNC_NEVER : now + live->refresh_ms;
}

int cpmsync_live_idle(struct cpmsync_live *live, int64_t now)
{
    size_t busy = 0;

    for (size_t i = 0; i < 2; i++) {
        if (live->commands[i].busy && !ends_by_done(&live->commands[i]))
            return 0;
        busy += live->commands[i].busy;
    }
    if (busy == 2)
        return 0;
    if (!may_idle(live)) {
        if (live->refresh_at == CPMSYNC_NEVER)
            start_timer(live, now);
        return 0;
    }
    start_timer(live, now);
    /* A server that swallows what follows unasked is given one thing at a time (R3). */
    return submit(
        live, "IDLE", CPMSYNC_COMMAND_IDLE | (live->chain->facts->no_burst ? (unsigned)CPMSYNC_COMMAND_ALONE : 0));
}

int cpmsync_live_tick(struct cpmsync_live *live, int64_t now)
{
    if (now < live->refresh_at)
        return 0;
    start_timer(live, now); /* also where an IDLE only waits to be sent, and cannot be ended yet */
    if (live->commands[0].busy || live->commands[1].busy) {
        cpmsync_session_end_idle(live->chain->session);
        return 0;
    }
    return submit(live, "NOOP", 0);
}

int64_t cpmsync_live_expiry(const struct cpmsync_live *live)
{
    return live->refresh_at;
}
