/* SPDX-License-Identifier: MIT */
/*
 * The mock server, to whom clients talk. The first octets say how it is configured and what fails (see `prepare`); the rest
 * is what a client says, with single octets from 0xf5 on in between that are events: another connection speaks, a message
 * arrives or goes behind the clients' backs, a fault is switched on.
 *
 * Whatever comes: what the server says is framed as RFC 3501 wants it, its mailboxes stay consistent, nothing leaks, and
 * octet by octet a stream gets the answers it gets as a whole. The work is bounded: users have quotas, literals a limit.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include <cpmsync/mock.h>
#include "support/failing_allocator.h"

enum {
    CONNS_MAX = 8,
    LITERAL_MAX = 1024,
    MESSAGES_MAX = 24, /* of a user */
    LINE_KEPT = 32     /* of a line's end: room for "{4294967295}" and CRLF */
};

enum step {
    STEP_OTHER = 0xf5, /* the next connection speaks, a second one if there is one; behind the last comes the first */
    STEP_CONNECT,      /* this one ends, a new one begins */
    STEP_SECURED,      /* TLS is established where STARTTLS was answered */
    STEP_DELIVER,
    STEP_EXPUNGE, /* the message whose UID is the next octet */
    STEP_FLAG,
    STEP_UIDVALIDITY,
    STEP_NOMODSEQ,
    STEP_DROP_LOG,
    STEP_FAULT, /* its number is the next octet, its value the one behind */
    STEP_SPLIT  /* the octets before and behind come apart */
};

static const char *const USERS[] = {"fred", "test"};
enum { USER_COUNT = sizeof USERS / sizeof *USERS };

/* What is checked of what one connection is told. */
struct listener {
    int conn;
    uint64_t hash;
    char first[16]; /* of the line, as far as it is kept */
    char last[LINE_KEPT];
    size_t len; /* of the line, without its literals' octets */
    uint64_t literal;
    unsigned depth;
    bool quoted;
    bool escaped;
};

struct play {
    struct cpmsync_mock *mock;
    struct cpmsync_mock_config config;
    struct support_allocator allocator;
    struct listener listeners[CONNS_MAX];
    size_t count;   /* of connections there have been */
    size_t speaker; /* whose octets come */
    bool secure;
    bool nomodseq;
    bool octets; /* they come one by one */
};

/* ---- what the server says */

/* Text for people follows: no grammar to check. */
static bool is_text(const struct listener *listener)
{
    static const char *const STATUS[] = {"* OK ", "* NO ", "* BAD ", "* BYE ", "* PREAUTH "};

    for (size_t i = 0; i < sizeof STATUS / sizeof *STATUS; i++)
        if (strncmp(listener->first, STATUS[i], strlen(STATUS[i])) == 0)
            return true;
    return listener->first[0] != '*';
}

static void balance(struct listener *listener, char c)
{
    if (listener->escaped) {
        FUZZ_EXPECT(c == '"' || c == '\\');
        listener->escaped = false;
    } else if (listener->quoted) {
        listener->escaped = c == '\\';
        listener->quoted = c != '"';
    } else if (c == '"') {
        listener->quoted = true;
    } else if (c == '(') {
        listener->depth++;
    } else if (c == ')') {
        FUZZ_EXPECT(listener->depth > 0);
        listener->depth--;
    }
}

/* The line, whose CRLF has come, ends in "{n}": octets follow. */
static bool announces(const struct listener *listener, uint64_t *literal)
{
    size_t end = listener->len < LINE_KEPT ? listener->len : LINE_KEPT;
    const char *line = listener->last + LINE_KEPT - end;
    size_t at = end - 2;
    uint64_t number = 0, place = 1;

    if (at < 3 || line[--at] != '}')
        return false;
    for (; at > 0 && line[at - 1] >= '0' && line[at - 1] <= '9'; at--, place *= 10)
        number += place * (uint64_t)(line[at - 1] - '0');
    *literal = number;
    return place > 1 && at > 0 && line[at - 1] == '{';
}

static void end_line(struct listener *listener)
{
    FUZZ_EXPECT(!listener->quoted && !listener->escaped);
    if (!is_text(listener) && announces(listener, &listener->literal))
        return; /* it goes on behind the literal */
    FUZZ_EXPECT(listener->depth == 0);
    FUZZ_EXPECT(memchr(listener->first, ' ', sizeof listener->first) || listener->len > sizeof listener->first);
    FUZZ_EXPECT(listener->first[0] != '*' || listener->first[1] == ' ');
    FUZZ_EXPECT(listener->first[0] != '+' || listener->first[1] == ' ');
    listener->len = 0;
    memset(listener->first, 0, sizeof listener->first);
}

static void hear_octet(struct listener *listener, char c)
{
    bool ends = listener->len && listener->last[LINE_KEPT - 1] == '\r';

    FUZZ_EXPECT(c != 0 && ends == (c == '\n'));
    if (listener->len < sizeof listener->first)
        listener->first[listener->len] = c;
    listener->len++;
    memmove(listener->last, listener->last + 1, LINE_KEPT - 1);
    listener->last[LINE_KEPT - 1] = c;
    if (c == '\n')
        end_line(listener);
    else if (c != '\r' && !is_text(listener))
        balance(listener, c);
}

static void hear(struct listener *listener, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        listener->hash = (listener->hash ^ data[i]) * UINT64_C(0x100000001b3);
        if (listener->literal) {
            listener->literal--;
            continue;
        }
        hear_octet(listener, (char)data[i]);
    }
}

static void on_trace(void *ctx, int conn, int direction, const void *data, size_t len)
{
    struct play *play = ctx;

    if (direction != CPMSYNC_MOCK_TO_CLIENT || play->allocator.failures)
        return;
    for (size_t i = 0; i < play->count; i++)
        if (play->listeners[i].conn == conn)
            hear(&play->listeners[i], data, len);
}

/* ---- what the clients do */

static struct listener *speaker(struct play *play)
{
    return &play->listeners[play->speaker];
}

static void drain(struct play *play)
{
    for (size_t i = 0; i < play->count; i++) {
        const void *data;
        size_t len;
        while ((len = cpmsync_mock_output(play->mock, play->listeners[i].conn, &data)) > 0)
            cpmsync_mock_ack(play->mock, play->listeners[i].conn, len);
    }
}

static void bound(struct play *play)
{
    for (size_t i = 0; i < USER_COUNT; i++) {
        (void)cpmsync_mock_quota(play->mock, USERS[i], "MESSAGE", MESSAGES_MAX);
        (void)cpmsync_mock_quota(play->mock, USERS[i], "MAILBOX", MESSAGES_MAX);
        (void)cpmsync_mock_quota(play->mock, USERS[i], "STORAGE", MESSAGES_MAX);
    }
    (void)cpmsync_mock_fault(play->mock, "quota-soft=off");
}

static void say(struct play *play, const uint8_t *data, size_t len)
{
    if (data[len - 1] == '\n')
        bound(play);
    uint8_t *copy = malloc(len); /* of exactly this size, so that reading behind it shows */
    FUZZ_EXPECT(copy);
    memcpy(copy, data, len);
    (void)cpmsync_mock_feed(play->mock, speaker(play)->conn, copy, len);
    free(copy);
    drain(play);
}

/* A line at a time, so that what bounds the work is looked at between commands. */
static void feed(struct play *play, const uint8_t *data, size_t len)
{
    while (len && play->count) {
        const uint8_t *lf = memchr(data, '\n', len);
        size_t part = play->octets ? 1 : lf ? (size_t)(lf - data) + 1 : len;
        say(play, data, part);
        data += part;
        len -= part;
    }
}

static void begin_conn(struct play *play)
{
    if (play->count == CONNS_MAX)
        return;
    struct listener *listener = &play->listeners[play->count];
    listener->conn = cpmsync_mock_connect(play->mock, play->secure);
    if (listener->conn < 0)
        return;
    play->speaker = play->count++;
    drain(play);
}

/* ---- events, of both users */

static void deliver(struct play *play, const char *user)
{
    static const char MESSAGE[] =
        "From: a@b.example\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        "--b\r\n\r\none\r\n--b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n"
        "\r\nPGI+PC9iPg==\r\n--b--\r\n";
    struct cpmsync_mock_status status = {.size = sizeof status};

    if (cpmsync_mock_mailbox_status(play->mock, user, "INBOX", &status) == 0 && status.messages < MESSAGES_MAX)
        (void)cpmsync_mock_deliver(play->mock, user, "INBOX", "$x", 0, MESSAGE, sizeof MESSAGE - 1);
}

/* One whose value is a number, or none. */
static void switch_fault(struct play *play, uint8_t which, uint8_t value)
{
    const char *name, *proves, *text;
    char fault[64];
    size_t count = 0;

    while (cpmsync_mock_fault_list(count, &name, &proves, &text) == 0)
        count++;
    FUZZ_EXPECT(cpmsync_mock_fault_list(which % count, &name, &proves, &text) == 0);
    snprintf(fault, sizeof fault, "%s=%u", name, value);
    if (cpmsync_mock_fault(play->mock, fault) != 0)
        (void)cpmsync_mock_fault(play->mock, name);
}

static void change_store(struct play *play, enum step step, uint8_t uid)
{
    struct cpmsync_mock *mock = play->mock;
    char uids[8];

    snprintf(uids, sizeof uids, "%u", uid + 1u);
    play->nomodseq ^= step == STEP_NOMODSEQ;
    for (size_t i = 0; i < USER_COUNT; i++)
        if (step == STEP_DELIVER)
            deliver(play, USERS[i]);
        else if (step == STEP_EXPUNGE)
            (void)cpmsync_mock_expunge(mock, USERS[i], "INBOX", uids);
        else if (step == STEP_FLAG)
            (void)cpmsync_mock_flag(mock, USERS[i], "INBOX", "1:3", "+\\Seen $y");
        else if (step == STEP_UIDVALIDITY)
            (void)cpmsync_mock_uidvalidity_change(mock, USERS[i], "INBOX");
        else if (step == STEP_NOMODSEQ)
            (void)cpmsync_mock_nomodseq(mock, USERS[i], "INBOX", play->nomodseq);
        else
            (void)cpmsync_mock_drop_expunge_log(mock, USERS[i], "INBOX");
}

static void next_speaker(struct play *play)
{
    if (play->speaker + 1 < play->count || play->count == CONNS_MAX)
        play->speaker = (play->speaker + 1) % play->count;
    else if (play->count < 2)
        begin_conn(play);
    else
        play->speaker = 0;
}

/* Takes what it needs from the input. */
static void take_step(struct play *play, struct fuzz_input *input)
{
    struct cpmsync_mock *mock = play->mock;
    enum step step = (enum step)fuzz_octet(input);

    if (step == STEP_OTHER) {
        next_speaker(play);
    } else if (step == STEP_CONNECT) {
        if (play->count)
            cpmsync_mock_disconnect(mock, speaker(play)->conn);
        begin_conn(play);
    } else if (step == STEP_SECURED) {
        if (play->count && cpmsync_mock_wants_starttls(mock, speaker(play)->conn))
            cpmsync_mock_secured(mock, speaker(play)->conn);
    } else if (step == STEP_FAULT) {
        uint8_t which = fuzz_octet(input);
        switch_fault(play, which, fuzz_octet(input));
    } else if (step != STEP_SPLIT) {
        change_store(play, step, step == STEP_EXPUNGE ? fuzz_octet(input) : 0);
    }
    drain(play);
}

/* ---- set up from the first octets, and the end */

static void prepare(struct play *play, struct fuzz_input *input)
{
    static const char *const CAPABILITIES[] = {NULL,
        "IMAP4rev1 QUOTA CONDSTORE LITERAL- ENABLE UTF8=ONLY METADATA-SERVER",
        "IMAP4rev1 QUOTA IDLE NAMESPACE UIDPLUS X-OTHER"};
    struct cpmsync_mock_config *config = &play->config;
    uint8_t how = fuzz_octet(input);

    support_allocator_init(&play->allocator);
    config->size = sizeof *config;
    config->allocator = &play->allocator.mem;
    config->capabilities = CAPABILITIES[(how >> 6) % 3];
    config->starttls = (how & 2) != 0;
    config->require_tls = (how & 4) != 0;
    config->expunge_log = how & 8 ? 2 : 0;
    config->delimiter = how & 16 ? '\\' : 0;
    config->max_literal = LITERAL_MAX;
    config->scram_iterations = 2;
    config->trace = on_trace;
    config->trace_ctx = play;
    play->secure = how & 1;

    play->mock = cpmsync_mock_new(config);
    FUZZ_EXPECT(play->mock);
    FUZZ_EXPECT(cpmsync_mock_user_add(play->mock, USERS[0], "secret") == 0);
    FUZZ_EXPECT(cpmsync_mock_user_add(play->mock, USERS[1], "test") == 0);
    FUZZ_EXPECT(cpmsync_mock_user_participating(play->mock, "test", 1) == 0);
    if (how & 32) /* else the first to be heard has to log in */
        FUZZ_EXPECT(cpmsync_mock_fault(play->mock, "preauth") == 0);
    change_store(play, STEP_DELIVER, 0);

    uint32_t memory = fuzz_number(input);
    if (memory & 0x8000)
        support_allocator_fail_from(&play->allocator, memory & 0x7fff);
    else
        support_allocator_fail_at(&play->allocator, memory);
}

/* "uidvalidity N uidnext N highestmodseq N messages N", then the messages in order of their UIDs. */
static void check_mailbox(const struct play *play, const char *user)
{
    static char text[1 << 16];
    unsigned long validity, next, before = 0, uid, messages, seen = 0;
    unsigned long long highest, modseq;
    int64_t len = cpmsync_mock_dump(play->mock, user, "INBOX", text, sizeof text);

    FUZZ_EXPECT(len > 0 && (size_t)len < sizeof text);
    FUZZ_EXPECT(sscanf(text, "uidvalidity %lu uidnext %lu highestmodseq %llu messages %lu", &validity, &next, &highest,
                    &messages) == 4);
    for (const char *line = strchr(text, '\n'); line && line[1]; line = strchr(line + 1, '\n'), seen++) {
        FUZZ_EXPECT(sscanf(line, " %lu %llu", &uid, &modseq) == 2);
        FUZZ_EXPECT(uid > before && uid < next && (modseq <= highest || highest == 0));
        before = uid;
    }
    FUZZ_EXPECT(seen == messages && validity > 0);
}

static void finish(struct play *play)
{
    support_allocator_fail_at(&play->allocator, 0);
    for (size_t i = 0; i < USER_COUNT; i++)
        check_mailbox(play, USERS[i]);
    cpmsync_mock_free(play->mock);
    FUZZ_EXPECT(play->allocator.live_blocks == 0);
}

static void run(struct play *play, struct fuzz_input input, bool octets)
{
    memset(play, 0, sizeof *play);
    play->octets = octets;
    prepare(play, &input);
    begin_conn(play);
    while (input.len) {
        size_t part = 0;
        while (part < input.len && input.data[part] < STEP_OTHER)
            part++;
        feed(play, input.data, part);
        input.data += part;
        input.len -= part;
        if (input.len)
            take_step(play, &input);
    }
    bool failed = play->allocator.failures > 0;
    finish(play);
    play->allocator.failures = failed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct play *whole = calloc(2, sizeof *whole), *split = whole + 1;
    struct fuzz_input input = {data, len};

    FUZZ_EXPECT(whole);
    bool both = fuzz_octet(&input) & 1;
    run(whole, input, false);
    if (both && !whole->allocator.failures) {
        run(split, input, true);
        FUZZ_EXPECT(whole->count == split->count);
        for (size_t i = 0; i < whole->count && !split->allocator.failures; i++)
            FUZZ_EXPECT(whole->listeners[i].hash == split->listeners[i].hash);
    }
    free(whole);
    return 0;
}
