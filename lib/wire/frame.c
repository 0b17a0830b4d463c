/* SPDX-License-Identifier: MIT */
#include "wire/frame.h"

#include <cpmsync/error.h>

enum {
    AT_LINE,        /* Next: LITERAL or STREAM behind "{n}"; SKIP_LINE when the response is too long */
    AT_LITERAL,     /* inline, by count. Next: LINE */
    AT_STREAM,      /* a long literal, by count. Next: LINE */
    AT_SKIP_LINE,   /* of a response that was too long. Next: SKIP_LITERAL behind "{n}", LINE at its end */
    AT_SKIP_LITERAL /* Next: SKIP_LINE */
};

enum step { GO_ON, DONE };

enum { LINE_END = 2 };

/* The unit being read: octets taken from the input where it is whole there, else the buffer's. */
struct reader {
    struct cpmsync_frame *frame;
    struct cpmsync_slice *input;
    struct cpmsync_frame_out *out;
    bool direct;
    size_t used; /* direct: octets of input that are in the unit */
};

void cpmsync_frame_init(
    struct cpmsync_frame *frame, const struct cpmsync_allocator *mem, size_t max, size_t literal_max)
{
    memset(frame, 0, sizeof(*frame));
    cpmsync_buf_init(&frame->buf, mem, max + LINE_END);
    frame->max = max;
    frame->literal_max = literal_max;
}

void cpmsync_frame_clear(struct cpmsync_frame *frame)
{
    cpmsync_buf_clear(&frame->buf);
}

size_t cpmsync_frame_held(const struct cpmsync_frame *frame)
{
    size_t held = frame->drop ? 0 : frame->buf.len;

    return held || frame->state == AT_LINE ? held : 1;
}

static void advance(struct cpmsync_slice *input, size_t len)
{
    input->data += len;
    input->len -= len;
}

static struct cpmsync_slice unit_of(const struct reader *reader)
{
    return reader->direct ? cpmsync_slice_of(reader->input->data, reader->used)
                          : cpmsync_buf_slice(&reader->frame->buf);
}

static struct cpmsync_slice rest_of(const struct reader *reader)
{
    return cpmsync_slice_of(reader->input->data + reader->used, reader->input->len - reader->used);
}

static int take(struct reader *reader, size_t len)
{
    int error;

    if (reader->direct) {
        reader->used += len;
        return 0;
    }
    error = cpmsync_buf_add(&reader->frame->buf, reader->input->data, len);
    if (!error)
        advance(reader->input, len);
    return error;
}

/* The unit is not whole in the input: collects what there is of it. */
static int absorb(struct reader *reader)
{
    int error;

    if (!reader->direct)
        return 0;
    error = cpmsync_buf_add(&reader->frame->buf, reader->input->data, reader->used);
    if (error)
        return error;
    advance(reader->input, reader->used);
    reader->used = 0;
    reader->direct = false;
    return 0;
}

static int need(struct reader *reader)
{
    int error = absorb(reader);

    if (error)
        return error;
    reader->out->type = CPMSYNC_FRAME_NEED;
    return DONE;
}

static void begin_response(struct cpmsync_frame *frame)
{
    frame->state = AT_LINE;
    frame->line = 0;
    frame->continued = false;
}

static int emit(struct reader *reader, size_t len)
{
    struct cpmsync_frame *frame = reader->frame;

    reader->out->type = CPMSYNC_FRAME_UNIT;
    reader->out->unit = cpmsync_slice_of(unit_of(reader).data, len);
    reader->out->continued = frame->continued;
    if (reader->direct)
        advance(reader->input, reader->used);
    else
        frame->drop = true;
    begin_response(frame);
    return DONE;
}

/* Scans the line being read, `end` is where it ends in the unit so far. */
static void scan_line(struct cpmsync_frame *frame, struct cpmsync_slice unit, size_t end)
{
    size_t from = frame->line;

    if (from)
        cpmsync_scan_resume(&frame->scan);
    else
        from = cpmsync_scan_begin(&frame->scan, cpmsync_slice_of(unit.data, end));
    cpmsync_scan_feed(&frame->scan, unit.data + from, end - from);
}

/* The unit has more than max octets: a piece of a list, or the beginning of what is skipped. */
static int too_long(struct reader *reader)
{
    struct cpmsync_frame *frame = reader->frame;
    struct cpmsync_slice unit;
    int error = absorb(reader);

    if (error)
        return error;
    unit = cpmsync_buf_slice(&frame->buf);
    reader->out->continued = frame->continued;
    if (frame->line == 0 && cpmsync_scan_cut(unit, frame->max, &frame->cut)) {
        reader->out->type = CPMSYNC_FRAME_UNIT;
        reader->out->unit = cpmsync_slice_of(unit.data, frame->cut.end);
        reader->out->more = true;
        frame->cutting = true;
        frame->continued = true;
        return DONE;
    }
    scan_line(frame, unit, unit.len);
    reader->out->type = CPMSYNC_FRAME_OVERSIZE;
    reader->out->unit = cpmsync_slice_of(unit.data, frame->max);
    frame->drop = true;
    frame->return_seen = false;
    frame->state = AT_SKIP_LINE;
    return DONE;
}

static int next_line(struct reader *reader)
{
    struct cpmsync_frame *frame = reader->frame;

    frame->state = AT_LINE;
    frame->line = unit_of(reader).len;
    return frame->line > frame->max ? too_long(reader) : GO_ON;
}

/* Replaces the "{n}" or "~{n}" that ends at `end` by nothing; "{n-}" takes its place when the octets are through. */
static int begin_stream(struct reader *reader, size_t end)
{
    struct cpmsync_frame *frame = reader->frame;
    const uint8_t *data;
    int error = absorb(reader);

    if (error)
        return error;
    data = cpmsync_buf_data(&frame->buf);
    do
        end--;
    while (data[end] != '{');
    if (data[end - 1] == '~')
        end--;
    cpmsync_buf_truncate(&frame->buf, end);
    frame->state = AT_STREAM;
    return GO_ON;
}

/* A quarter of the buffer is kept for what follows a literal, else the response would be lost for its closing ")". */
static int begin_literal(struct reader *reader, uint64_t octets, size_t end)
{
    struct cpmsync_frame *frame = reader->frame;
    size_t fit = frame->max - frame->max / 4;
    size_t len = unit_of(reader).len;

    if (octets == 0)
        return next_line(reader);
    frame->literal_total = octets;
    frame->literal_left = octets;
    if (octets > frame->literal_max || len > fit || octets > fit - len)
        return begin_stream(reader, end);
    frame->state = AT_LITERAL;
    return GO_ON;
}

static int end_line(struct reader *reader)
{
    struct cpmsync_frame *frame = reader->frame;
    struct cpmsync_slice unit = unit_of(reader);
    size_t end = unit.len - 1;
    uint64_t octets = 0;

    if (end > frame->line && unit.data[end - 1] == '\r')
        end--;
    if (end == frame->line || unit.data[end - 1] != '}')
        return emit(reader, end);
    scan_line(frame, unit, end);
    switch (cpmsync_scan_end(&frame->scan, &octets)) {
    case CPMSYNC_SCAN_LITERAL:
        return begin_literal(reader, octets, end);
    case CPMSYNC_SCAN_BAD_LITERAL:
        return CPMSYNC_ERR_PROTOCOL;
    case CPMSYNC_SCAN_NO_LITERAL:
        break;
    }
    return emit(reader, end);
}

/* Octets of one line, LF at most at the end: no NUL, and CR only before LF. */
static bool are_text(bool after_return, const uint8_t *data, size_t len)
{
    const uint8_t *found;

    if (after_return && data[0] != '\n')
        return false;
    if (memchr(data, '\0', len))
        return false;
    found = memchr(data, '\r', len);
    return !found || found + 1 == data + len || found[1] == '\n';
}

static size_t to_line_feed(struct cpmsync_slice octets, bool *ends)
{
    const uint8_t *found = memchr(octets.data, '\n', octets.len);

    *ends = found != NULL;
    return found ? (size_t)(found - octets.data) + 1 : octets.len;
}

/* Takes at most one octet more than max, and behind a CR there one more: enough to know whether the line ended in time,
 * and never more than an octet at a time would show. */
static int on_line(struct reader *reader)
{
    struct cpmsync_frame *frame = reader->frame;
    struct cpmsync_slice unit = unit_of(reader);
    struct cpmsync_slice rest = rest_of(reader);
    size_t room = unit.len > frame->max ? 1 : frame->max + 1 - unit.len;
    bool after_return = unit.len > frame->line && unit.data[unit.len - 1] == '\r';
    bool ends;
    size_t len;
    int error;

    if (rest.len == 0)
        return need(reader);
    if (rest.len > room)
        rest.len = room;
    len = to_line_feed(rest, &ends);
    if (!are_text(after_return, rest.data, len))
        return CPMSYNC_ERR_PROTOCOL;
    after_return = rest.data[len - 1] == '\r';
    error = take(reader, len);
    if (error)
        return error;
    if (ends)
        return end_line(reader);
    return len == room && !after_return ? too_long(reader) : GO_ON;
}

static size_t literal_octets(const struct cpmsync_frame *frame, size_t available)
{
    return frame->literal_left < available ? (size_t)frame->literal_left : available;
}

static int on_literal(struct reader *reader)
{
    struct cpmsync_frame *frame = reader->frame;
    size_t len = literal_octets(frame, rest_of(reader).len);
    int error;

    if (len == 0)
        return need(reader);
    error = take(reader, len);
    if (error)
        return error;
    frame->literal_left -= len;
    return frame->literal_left ? GO_ON : next_line(reader);
}

static int end_stream(struct reader *reader)
{
    struct cpmsync_buf *buf = &reader->frame->buf;
    int error = cpmsync_buf_add_char(buf, '{');

    if (!error)
        error = cpmsync_buf_add_number(buf, reader->frame->literal_total);
    if (!error)
        error = cpmsync_buf_add_str(buf, "-}");
    return error ? error : next_line(reader);
}

static int on_stream(struct reader *reader)
{
    struct cpmsync_frame *frame = reader->frame;
    struct cpmsync_frame_out *out = reader->out;
    size_t len = literal_octets(frame, reader->input->len);

    if (frame->literal_left == 0)
        return end_stream(reader);
    if (len == 0)
        return need(reader);
    out->type = CPMSYNC_FRAME_LITERAL;
    out->unit = cpmsync_slice_of(reader->input->data, len);
    out->prefix = cpmsync_buf_slice(&frame->buf);
    out->literal_total = frame->literal_total;
    out->literal_offset = frame->literal_total - frame->literal_left;
    frame->literal_left -= len;
    out->more = frame->literal_left > 0;
    advance(reader->input, len);
    return DONE;
}

static int on_skip_line(struct reader *reader)
{
    struct cpmsync_frame *frame = reader->frame;
    struct cpmsync_slice *input = reader->input;
    uint64_t octets = 0;
    bool ends;
    size_t len;

    if (input->len == 0)
        return need(reader);
    len = to_line_feed(*input, &ends);
    if (!are_text(frame->return_seen, input->data, len))
        return CPMSYNC_ERR_PROTOCOL;
    frame->return_seen = input->data[len - 1] == '\r';
    cpmsync_scan_feed(&frame->scan, input->data, ends ? len - 1 : len);
    advance(input, len);
    if (!ends)
        return GO_ON;
    switch (cpmsync_scan_end(&frame->scan, &octets)) {
    case CPMSYNC_SCAN_LITERAL:
        cpmsync_scan_resume(&frame->scan);
        frame->literal_left = octets;
        frame->state = octets ? AT_SKIP_LITERAL : AT_SKIP_LINE;
        return GO_ON;
    case CPMSYNC_SCAN_BAD_LITERAL:
        return CPMSYNC_ERR_PROTOCOL;
    case CPMSYNC_SCAN_NO_LITERAL:
        break;
    }
    begin_response(frame);
    reader->direct = true;
    return GO_ON;
}

static int on_skip_literal(struct reader *reader)
{
    struct cpmsync_frame *frame = reader->frame;
    size_t len = literal_octets(frame, reader->input->len);

    if (len == 0)
        return need(reader);
    advance(reader->input, len);
    frame->literal_left -= len;
    if (frame->literal_left == 0)
        frame->state = AT_SKIP_LINE;
    return GO_ON;
}

/* Drops or cuts off what the last unit showed. */
static void settle(struct cpmsync_frame *frame)
{
    const struct cpmsync_scan_cut *cut = &frame->cut;
    uint8_t *data = cpmsync_buf_data(&frame->buf);
    size_t tail;

    if (frame->drop)
        cpmsync_buf_truncate(&frame->buf, 0);
    frame->drop = false;
    if (!frame->cutting)
        return;
    frame->cutting = false;
    tail = frame->buf.len - cut->next;
    memmove(data + cut->head, data + cut->keep, cut->keep_len);
    memmove(data + cut->head + cut->keep_len, data + cut->next, tail);
    cpmsync_buf_truncate(&frame->buf, cut->head + cut->keep_len + tail);
}

/* A whole line in the input that has no literal, which is nearly every response. */
static bool give_line(const struct cpmsync_frame *frame, struct cpmsync_slice *input, struct cpmsync_frame_out *out)
{
    size_t room = frame->max + LINE_END;
    const uint8_t *found = memchr(input->data, '\n', input->len < room ? input->len : room);
    size_t len;
    size_t used;

    if (!found)
        return false;
    len = (size_t)(found - input->data);
    used = len + 1;
    if (len && input->data[len - 1] == '\r')
        len--;
    if (len > frame->max || memchr(input->data, '\0', len) || memchr(input->data, '\r', len))
        return false;
    if (len && input->data[len - 1] == '}')
        return false;
    out->type = CPMSYNC_FRAME_UNIT;
    out->unit = cpmsync_slice_of(input->data, len);
    advance(input, used);
    return true;
}

static int run(struct reader *reader)
{
    int result;

    do {
        switch (reader->frame->state) {
        case AT_LITERAL:
            result = on_literal(reader);
            break;
        case AT_STREAM:
            result = on_stream(reader);
            break;
        case AT_SKIP_LINE:
            result = on_skip_line(reader);
            break;
        case AT_SKIP_LITERAL:
            result = on_skip_literal(reader);
            break;
        default:
            result = on_line(reader);
            break;
        }
    } while (result == GO_ON);
    return result;
}

int cpmsync_frame_next(struct cpmsync_frame *frame, struct cpmsync_slice *input, struct cpmsync_frame_out *out)
{
    struct reader reader = {frame, input, out, false, 0};
    int result;

    memset(out, 0, sizeof(*out));
    if (frame->error)
        return frame->error;
    settle(frame);
    if (frame->state == AT_LINE && frame->buf.len == 0) {
        if (input->len == 0)
            return 0;
        if (give_line(frame, input, out))
            return 0;
        reader.direct = true;
    }
    result = run(&reader);
    if (result < 0) {
        frame->error = result;
        return result;
    }
    return 0;
}
