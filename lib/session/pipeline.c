/* SPDX-License-Identifier: MIT */
#include "session/pipeline.h"

#include "base/err.h"

/* Phases of a command. */
enum {
    PHASE_QUEUED,  /* Next: SENDING */
    PHASE_SENDING, /* begun; a part waits for `+` or for room. Next: SENT */
    PHASE_SENT     /* all of it is in output */
};

/* "C1 ": the letter, ten digits, SP, NUL. */
enum { TAG_TEXT_MAX = 13 };

#define SECRET "<secret>"

void cpmsync_pipeline_init(struct cpmsync_pipeline *pipeline, const struct cpmsync_allocator *mem, size_t output_max)
{
    memset(pipeline, 0, sizeof(*pipeline));
    /* The cap of what is queued is kept by room(); a few lines of SASL may always go beyond it. */
    cpmsync_buf_init(&pipeline->out, mem, SIZE_MAX / 4);
    pipeline->out.secret = true;
    pipeline->output_max = output_max;
    pipeline->commands_max = CPMSYNC_PIPELINE_COMMANDS;
    pipeline->ends = UINT64_MAX;
    pipeline->epoch = 1;
    pipeline->due = UINT64_MAX;
}

void cpmsync_pipeline_clear(struct cpmsync_pipeline *pipeline)
{
    cpmsync_buf_clear(&pipeline->out);
}

/* ---- the trace */

static void trace(const struct cpmsync_pipeline *pipeline, struct cpmsync_slice text)
{
    if (pipeline->trace && text.len)
        pipeline->trace(pipeline->ctx, 1, text.data, text.len);
}

/* Octets from..to of a command's text, what is secret of them as one word. */
static void trace_text(
    const struct cpmsync_pipeline *pipeline, const struct cpmsync_command *text, size_t from, size_t to)
{
    const uint8_t *data = cpmsync_buf_data(&text->bytes);
    size_t open = text->secret && text->secret_from < to ? text->secret_from : to;

    if (from < open)
        trace(pipeline, cpmsync_slice_of(data + from, open - from));
    if (from <= open && open < to)
        trace(pipeline, CPMSYNC_SLICE(SECRET));
}

/* ---- giving commands to output */

static size_t room(const struct cpmsync_pipeline *pipeline)
{
    return pipeline->out.len < pipeline->output_max ? pipeline->output_max - pipeline->out.len : 0;
}

/* Where the text must stop: at the next literal that waits for `+`, or at its end. */
static size_t text_stop(const struct cpmsync_session_command *command)
{
    const struct cpmsync_command *text = &command->text;

    return command->next_break < text->break_count ? text->breaks[command->next_break] : text->bytes.len;
}

/* The octets that follow depend on what came up to this epoch: a flight, if nothing as new has left (design 4). */
static void depends(struct cpmsync_pipeline *pipeline, uint32_t epoch)
{
    if (epoch <= pipeline->flown)
        return;
    if (pipeline->due == UINT64_MAX)
        pipeline->due = pipeline->given;
    if (epoch > pipeline->due_epoch)
        pipeline->due_epoch = epoch;
}

/* Up to `stop`, and the CRLF if that is the end of the text; all or nothing. */
static int give_text(struct cpmsync_pipeline *pipeline, struct cpmsync_session_command *command, size_t stop)
{
    struct cpmsync_command *text = &command->text;
    bool end = stop == text->bytes.len && command->next_break == text->break_count;
    size_t len = stop - command->sent + (end ? 2 : 0);
    uint8_t *to;
    int rc = cpmsync_buf_reserve(&pipeline->out, len, &to);

    if (rc)
        return rc;
    if (stop > command->sent)
        memcpy(to, cpmsync_buf_data(&text->bytes) + command->sent, stop - command->sent);
    if (end)
        memcpy(to + (stop - command->sent), "\r\n", 2);
    cpmsync_buf_grown(&pipeline->out, len);
    depends(pipeline, command->epoch);
    pipeline->given += len;
    trace_text(pipeline, text, command->sent, stop);
    if (end && (command->rules & CPMSYNC_COMMAND_APART))
        pipeline->apart = pipeline->given;
    if (end)
        trace(pipeline, CPMSYNC_SLICE("\r\n"));
    command->sent = stop;
    command->phase = end ? PHASE_SENT : PHASE_SENDING;
    return 0;
}

static bool window_is_full(const struct cpmsync_pipeline *pipeline)
{
    if (pipeline->in_flight == 0)
        return false;
    return pipeline->in_flight >= pipeline->commands_max ||
           pipeline->given - pipeline->first->start >= CPMSYNC_PIPELINE_OCTETS;
}

/* Whether the next command of the queue may be begun beside those in flight. */
static bool may_begin(const struct cpmsync_pipeline *pipeline, const struct cpmsync_session_command *command)
{
    if (pipeline->stopped || pipeline->alone || pipeline->idle || window_is_full(pipeline))
        return false;
    /* P-12: a refused SELECT could leave the old mailbox selected. */
    if ((command->rules & CPMSYNC_COMMAND_CHANGES) && pipeline->selects)
        return false;
    return room(pipeline) > TAG_TEXT_MAX + 2;
}

static size_t write_tag(struct cpmsync_session_command *command, uint32_t number)
{
    char digits[10];
    size_t at = sizeof(digits);
    size_t len = 0;

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number && at);
    command->tag[len++] = 'C';
    memcpy(command->tag + len, digits + at, sizeof(digits) - at);
    len += sizeof(digits) - at;
    command->tag[len] = '\0';
    return len;
}

static int begin(struct cpmsync_pipeline *pipeline, struct cpmsync_session_command *command)
{
    size_t len = write_tag(command, pipeline->tags + 1);
    int rc;

    command->tag[len] = ' ';
    rc = cpmsync_buf_add(&pipeline->out, command->tag, len + 1);
    if (rc == 0)
        trace(pipeline, cpmsync_slice_of(command->tag, len + 1));
    command->tag[len] = '\0';
    if (rc)
        return rc;
    depends(pipeline, command->epoch);
    command->start = pipeline->given;
    command->phase = PHASE_SENDING;
    pipeline->given += len + 1;
    pipeline->tags++;
    pipeline->in_flight++;
    pipeline->selects += (command->rules & CPMSYNC_COMMAND_SELECT) != 0;
    pipeline->alone += (command->rules & CPMSYNC_COMMAND_ALONE) != 0;
    if (command->rules & CPMSYNC_COMMAND_IDLE) {
        pipeline->idle = command;
        pipeline->idling = false;
        pipeline->idle_ends = false;
    }
    if ((command->rules & CPMSYNC_COMMAND_ENDS) && pipeline->ends == UINT64_MAX)
        pipeline->ends = command->start;
    return 0;
}

/* 1: the command is in output whole, the next one may follow; 0: it cannot go on now. */
static int give(struct cpmsync_pipeline *pipeline, struct cpmsync_session_command *command)
{
    size_t stop = text_stop(command);
    size_t fits;
    int rc;

    if (command->phase == PHASE_QUEUED) {
        if (!may_begin(pipeline, command))
            return 0;
        rc = begin(pipeline, command);
        if (rc)
            return rc;
    }
    fits = room(pipeline);
    if (stop - command->sent + 2 > fits)
        stop = fits > 2 ? command->sent + fits - 2 : command->sent;
    if (stop == command->sent && stop != command->text.bytes.len)
        return 0;
    if (fits < 2)
        return 0;
    rc = give_text(pipeline, command, stop);
    if (rc)
        return rc;
    return command->phase == PHASE_SENT;
}

/* Where DONE is due it goes ahead of the commands behind the IDLE, in one burst with them (RFC 2177 3). */
static int end_idle(struct cpmsync_pipeline *pipeline)
{
    bool due = pipeline->idle && (pipeline->idle_ends || pipeline->last->phase == PHASE_QUEUED);
    int rc = due && pipeline->idling ? cpmsync_pipeline_line(pipeline, CPMSYNC_SLICE("DONE"), false) : 0;

    if (rc == 0 && due && pipeline->idling) {
        pipeline->idle->rules &= ~(unsigned)CPMSYNC_COMMAND_IDLE;
        pipeline->idle = NULL;
    }
    return rc;
}

void cpmsync_pipeline_end_idle(struct cpmsync_pipeline *pipeline)
{
    pipeline->idle_ends = true;
}

int cpmsync_pipeline_pump(struct cpmsync_pipeline *pipeline)
{
    struct cpmsync_session_command *command = pipeline->first;
    int done = end_idle(pipeline);

    if (done)
        return done;
    for (; command; command = command->next) {
        int rc;

        if (command->phase == PHASE_SENT)
            continue;
        rc = give(pipeline, command);
        if (rc <= 0)
            return rc;
    }
    return 0;
}

int cpmsync_pipeline_line(struct cpmsync_pipeline *pipeline, struct cpmsync_slice text, bool secret)
{
    uint8_t *to;
    int rc = cpmsync_buf_reserve(&pipeline->out, text.len + 2, &to);

    if (rc)
        return rc;
    if (text.len)
        memcpy(to, text.data, text.len);
    memcpy(to + text.len, "\r\n", 2);
    cpmsync_buf_grown(&pipeline->out, text.len + 2);
    depends(pipeline, pipeline->epoch);
    pipeline->given += text.len + 2;
    trace(pipeline, secret && text.len ? CPMSYNC_SLICE(SECRET) : text);
    trace(pipeline, CPMSYNC_SLICE("\r\n"));
    return 0;
}

/* ---- the list */

/* An IDLE that has not begun stays the last: it would only be ended at once. */
static void append(struct cpmsync_pipeline *pipeline, struct cpmsync_session_command *command)
{
    struct cpmsync_session_command *last = pipeline->last;
    struct cpmsync_session_command *before = pipeline->first;

    command->next = NULL;
    if (!last) {
        pipeline->first = pipeline->last = command;
    } else if (last->phase != PHASE_QUEUED || !(last->rules & CPMSYNC_COMMAND_IDLE) ||
               (command->rules & (CPMSYNC_COMMAND_IDLE | CPMSYNC_COMMAND_ENDS))) {
        last->next = command;
        pipeline->last = command;
    } else if (before == last) {
        command->next = last;
        pipeline->first = command;
    } else {
        while (before->next != last)
            before = before->next;
        command->next = last;
        before->next = command;
    }
}

static void take_out(struct cpmsync_pipeline *pipeline, struct cpmsync_session_command *command)
{
    struct cpmsync_session_command *before = NULL;
    struct cpmsync_session_command *at = pipeline->first;

    while (at && at != command) {
        before = at;
        at = at->next;
    }
    if (!at)
        return;
    if (before)
        before->next = command->next;
    else
        pipeline->first = command->next;
    if (pipeline->last == command)
        pipeline->last = before;
    command->next = NULL;
    if (command == pipeline->idle)
        pipeline->idle = NULL;
    if (command->phase == PHASE_QUEUED)
        return;
    pipeline->in_flight--;
    pipeline->selects -= (command->rules & CPMSYNC_COMMAND_SELECT) != 0;
    pipeline->alone -= (command->rules & CPMSYNC_COMMAND_ALONE) != 0;
}

int cpmsync_pipeline_submit(struct cpmsync_pipeline *pipeline, struct cpmsync_session_command *command)
{
    int rc = cpmsync_command_end(&command->text);

    if (rc)
        return rc;
    command->tag[0] = '\0';
    command->phase = PHASE_QUEUED;
    command->start = 0;
    command->sent = 0;
    command->next_break = 0;
    command->epoch = command->rules & CPMSYNC_COMMAND_REFILL ? 0 : pipeline->epoch;
    append(pipeline, command);
    rc = cpmsync_pipeline_pump(pipeline);
    if (rc && command->phase == PHASE_QUEUED) {
        take_out(pipeline, command);
        return rc;
    }
    return 0;
}

bool cpmsync_pipeline_withdraw(struct cpmsync_pipeline *pipeline, struct cpmsync_session_command *command)
{
    if (command->phase != PHASE_QUEUED)
        return false;
    take_out(pipeline, command);
    return true;
}

/* ---- what was sent */

size_t cpmsync_pipeline_output(struct cpmsync_pipeline *pipeline, const uint8_t **data)
{
    size_t len = pipeline->out.len;

    if (pipeline->apart > pipeline->acked && pipeline->apart - pipeline->acked < len)
        len = (size_t)(pipeline->apart - pipeline->acked);
    *data = len ? cpmsync_buf_data(&pipeline->out) : NULL;
    if (pipeline->shown < pipeline->acked + len)
        pipeline->shown = pipeline->acked + len;
    return len;
}

void cpmsync_pipeline_ack(struct cpmsync_pipeline *pipeline, size_t len)
{
    if (len > pipeline->out.len)
        len = pipeline->out.len;
    if (len == 0)
        return;
    pipeline->acked += len;
    if (pipeline->due < pipeline->acked) {
        pipeline->flights += pipeline->due < pipeline->ends; /* LOGOUT is not counted (design 4) */
        pipeline->flown = pipeline->due_epoch;
        pipeline->due = UINT64_MAX;
    }
    if (pipeline->shown < pipeline->acked)
        pipeline->shown = pipeline->acked;
    cpmsync_buf_consume(&pipeline->out, len);
}

/* ---- what came */

void cpmsync_pipeline_heard(struct cpmsync_pipeline *pipeline)
{
    if (pipeline->acked == pipeline->heard_at)
        return;
    pipeline->heard_at = pipeline->acked;
    pipeline->epoch++;
}

bool cpmsync_pipeline_continuation(struct cpmsync_pipeline *pipeline, struct cpmsync_slice text)
{
    struct cpmsync_session_command *asks = NULL;

    for (struct cpmsync_session_command *at = pipeline->first; at && at->phase != PHASE_QUEUED; at = at->next) {
        if (at->phase == PHASE_SENDING && at->next_break < at->text.break_count &&
            at->sent == at->text.breaks[at->next_break] && pipeline->shown == pipeline->given) {
            at->next_break++;
            at->epoch = pipeline->epoch;
            return true;
        }
        if (at->phase == PHASE_SENT && at->continuation)
            asks = at;
    }
    if (asks) {
        asks->continuation(asks, text);
        return true;
    }
    if (!pipeline->idle || pipeline->idling || pipeline->idle->start >= pipeline->shown)
        return false;
    pipeline->idling = true;
    return true;
}

enum cpmsync_pipeline_tag cpmsync_pipeline_find(
    const struct cpmsync_pipeline *pipeline, struct cpmsync_slice tag, struct cpmsync_session_command **command)
{
    uint64_t number;

    if (tag.len < 2 || tag.data[0] != 'C' || tag.data[1] == '0' ||
        !cpmsync_slice_number(cpmsync_slice_of(tag.data + 1, tag.len - 1), UINT32_MAX, &number))
        return CPMSYNC_TAG_FINISHED;
    if (number > pipeline->tags)
        return CPMSYNC_TAG_NEVER_SENT;
    for (struct cpmsync_session_command *at = pipeline->first; at && at->phase != PHASE_QUEUED; at = at->next) {
        if (!cpmsync_slice_eq(tag, cpmsync_slice_str(at->tag)))
            continue;
        *command = at;
        return at->start < pipeline->shown ? CPMSYNC_TAG_IN_FLIGHT : CPMSYNC_TAG_NEVER_SENT;
    }
    return CPMSYNC_TAG_FINISHED;
}

bool cpmsync_pipeline_unfinished(const struct cpmsync_session_command *command)
{
    return command->phase != PHASE_SENT;
}

struct cpmsync_session_command *cpmsync_pipeline_taker(const struct cpmsync_pipeline *pipeline)
{
    for (struct cpmsync_session_command *at = pipeline->first; at && at->phase != PHASE_QUEUED; at = at->next) {
        if (at->data)
            return at;
    }
    return NULL;
}

int cpmsync_pipeline_complete(struct cpmsync_pipeline *pipeline, struct cpmsync_session_command *command, int error,
    const struct cpmsync_response *tagged)
{
    /* The server still counts the octets of a literal that has begun. */
    if (command->phase == PHASE_SENDING && command->sent < text_stop(command)) {
        int rc = give_text(pipeline, command, text_stop(command));

        if (rc)
            return rc;
    }
    take_out(pipeline, command);
    command->done(command, error, tagged);
    return 0;
}

void cpmsync_pipeline_end(struct cpmsync_pipeline *pipeline, int error)
{
    pipeline->stopped = true;
    while (pipeline->first) {
        struct cpmsync_session_command *command = pipeline->first;
        bool sent = command->phase != PHASE_QUEUED && command->start < pipeline->shown;

        take_out(pipeline, command);
        command->done(command, sent ? CPMSYNC_ERR_OUTCOME_UNKNOWN : error, NULL);
    }
    cpmsync_buf_clear(&pipeline->out);
}
