/* SPDX-License-Identifier: MIT */
#include "client/automatic.h"

#include <cpmsync/push.h>

#include "base/sized.h"
#include "client/queue.h"

/* ---- what happens is told */

static void tell(struct cpmsync_client *client, struct cpmsync_event *ev, enum cpmsync_sync_phase phase)
{
    if (!client->config.event || client->dying)
        return;
    ev->size = sizeof *ev;
    ev->type = CPMSYNC_EVENT_SYNC;
    ev->sync = phase;
    client->config.event(client->config.ctx, client, ev);
}

static void tell_run(struct cpmsync_client *client, enum cpmsync_sync_phase phase, int64_t operation, int error)
{
    const struct cpmsync_trigger_want *run = &client->trigger.current;
    struct cpmsync_event ev;

    memset(&ev, 0, sizeof ev);
    ev.triggers = run->triggers;
    ev.mailbox = run->all ? NULL : run->mailbox;
    ev.operation = operation;
    ev.error = error;
    tell(client, &ev, phase);
}

static void tell_held(struct cpmsync_client *client, const struct cpmsync_trigger_decision *decision)
{
    struct cpmsync_event ev;

    memset(&ev, 0, sizeof ev);
    ev.triggers = decision->triggers;
    ev.held = decision->held;
    ev.until = decision->until;
    tell(client, &ev, CPMSYNC_SYNC_HELD);
}

/* ---- a run */

static void end_run(struct cpmsync_client *client, int64_t operation, int error)
{
    cpmsync_trigger_ended(&client->trigger, error);
    tell_run(client, CPMSYNC_SYNC_ENDED, operation, error);
}

static void done(void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_fault *fault)
{
    (void)ctx;
    end_run(client, operation, fault->error);
}

static void begin_run(struct cpmsync_client *client)
{
    const struct cpmsync_trigger_want *run = cpmsync_trigger_began(&client->trigger);
    enum cpmsync_operation_kind kind = run->all ? CPMSYNC_OPERATION_SYNC_ACCOUNT : CPMSYNC_OPERATION_SYNC;
    int64_t operation =
        cpmsync_queue_submit(&client->conns[0], kind, run->mailbox[0] ? run->mailbox : NULL, done, NULL);

    tell_run(client, CPMSYNC_SYNC_BEGAN, operation < 0 ? 0 : operation, 0);
    if (operation < 0)
        end_run(client, 0, (int)operation);
}

void cpmsync_automatic_tick(struct cpmsync_client *client, int64_t now)
{
    struct cpmsync_session *session = client->conns[0].session;
    struct cpmsync_trigger_decision decision;

    /* What is submitted now would end with a connection that is over. */
    if (client->dying || client->quiet || (session && cpmsync_session_state(session) == CPMSYNC_SESSION_FAILED))
        return;
    cpmsync_trigger_decide(&client->trigger, now, &decision);
    if (decision.tell)
        tell_held(client, &decision);
    else if (decision.due)
        begin_run(client);
}

bool cpmsync_automatic_due(const struct cpmsync_client *client)
{
    return !client->quiet && cpmsync_trigger_waiting(&client->trigger);
}

int64_t cpmsync_automatic_expiry(const struct cpmsync_client *client)
{
    return client->quiet ? CPMSYNC_NEVER : cpmsync_trigger_next(&client->trigger);
}

/* ---- the app's calls */

int cpmsync_client_policy(struct cpmsync_client *client, const struct cpmsync_sync_policy *given)
{
    struct cpmsync_sync_policy policy;

    if (!client || (given && cpmsync_sized_read(&policy, sizeof policy, given)))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    return cpmsync_trigger_policy(&client->trigger, given ? &policy : NULL);
}

static bool is_kind(enum cpmsync_trigger_kind trigger)
{
    switch (trigger) {
    case CPMSYNC_TRIGGER_TIMER:
    case CPMSYNC_TRIGGER_ONLINE:
    case CPMSYNC_TRIGGER_LOCAL:
    case CPMSYNC_TRIGGER_PUSH:
    case CPMSYNC_TRIGGER_USER:
        return true;
    }
    return false;
}

int cpmsync_client_trigger(struct cpmsync_client *client, enum cpmsync_trigger_kind trigger, const char *mailbox)
{
    if (!client || !is_kind(trigger) || (mailbox && !*mailbox))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    struct cpmsync_slice name = cpmsync_slice_of(mailbox, mailbox ? strlen(mailbox) : 0);
    return cpmsync_trigger_arrive(&client->trigger, trigger, name) ? 0 : CPMSYNC_ERR_STATE;
}

/* ---- pushes */

/* The cache covers the whole mailbox and has reached what the push tells of (N-14). */
static bool is_known(const struct cpmsync_client *client, const struct cpmsync_push_hint *hint)
{
    struct cpmsync_slice key = cpmsync_slice_str(hint->mailbox);
    struct cpmsync_store_mailbox record;

    /* Inside a callback the store may be in use. */
    if (client->depth || hint->modseq == 0 || hint->uidvalidity == 0 || key.len == 0)
        return false;
    if (cpmsync_slice_is(key, "INBOX"))
        key = CPMSYNC_SLICE("INBOX");
    memset(&record, 0, sizeof record);
    record.size = sizeof record;
    if (client->store.ops->mailbox_get(client->store.self, key.data, key.len, &record))
        return false;
    return record.uidvalidity == hint->uidvalidity && hint->modseq <= record.highestmodseq &&
           record.covered_count == 1 && record.covered[0].first == 1 && record.covered[0].last == record.uidnext - 1 &&
           hint->uid < record.uidnext;
}

int cpmsync_client_push(struct cpmsync_client *client, const struct cpmsync_push_hint *given)
{
    struct cpmsync_push_hint hint;
    const char *mailbox = hint.mailbox;

    if (!client || cpmsync_sized_read(&hint, sizeof hint, given) || !memchr(hint.mailbox, 0, sizeof hint.mailbox))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    if (!client->trigger.active)
        return CPMSYNC_ERR_STATE;
    switch (hint.event) {
    case CPMSYNC_PUSH_LOGIN:
    case CPMSYNC_PUSH_LOGOUT:
    case CPMSYNC_PUSH_QUOTA_EXCEED:
    case CPMSYNC_PUSH_QUOTA_WITHIN:
    case CPMSYNC_PUSH_QUOTA_CHANGE:
        return 0;
    case CPMSYNC_PUSH_MAILBOX_CREATE:
    case CPMSYNC_PUSH_MAILBOX_DELETE:
    case CPMSYNC_PUSH_MAILBOX_RENAME:
    case CPMSYNC_PUSH_MAILBOX_SUBSCRIBE:
    case CPMSYNC_PUSH_MAILBOX_UNSUBSCRIBE:
        mailbox = NULL;
        break;
    default:
        if (is_known(client, &hint))
            return 0;
    }
    return cpmsync_client_trigger(client, CPMSYNC_TRIGGER_PUSH, mailbox && *mailbox ? mailbox : NULL);
}
