/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <inttypes.h>
#include <cpmsync/mock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "golden/golden_text.h"
#include "sweep/sweep.h"
#include "wire/mailbox_name.h"

/* A client and a server, and the link between them. */
struct talk {
    struct sweep *sweep;
    struct cpmsync_mock *mock;
    struct cpmsync_client *client;
    int conn;       /* of the mock; 0: not connected */
    bool secure;    /* from the first octet on */
    bool forbidden; /* the app wants no mod-sequences: the client keeps no cursor */
    int64_t now;
    bool failing; /* operations may fail */
    unsigned submitted;
    unsigned completed;
};

/* ---- the server */

static bool wire_name(struct sweep *sweep, const char *key, char *name, size_t size)
{
    struct cpmsync_buf wire;

    cpmsync_buf_init(&wire, &sweep->allocator.mem, size - 1);
    int error = cpmsync_mailbox_name_encode(cpmsync_slice_str(key), false, &wire);
    if (!error) {
        memcpy(name, cpmsync_buf_data(&wire), wire.len);
        name[wire.len] = '\0';
    }
    cpmsync_buf_clear(&wire);
    return !error || sweep_fail(sweep, "no name for %s: %s", key, cpmsync_error_name(error));
}

/* Octets of a row without its descriptor. */
static size_t row_len(const char *row)
{
    size_t len = strcspn(row, "{");

    while (len && row[len - 1] == ' ')
        len--;
    return len;
}

/*
 * A server that changed flags without a mod-sequence, or with an impossible one: the transcript's row keeps the old number.
 * No other client could learn of that; this server numbers the change properly.
 */
static bool has_no_number(const struct golden *golden, const char *row)
{
    size_t number = strcspn(row, " ") + 1;

    number += strcspn(row + number, " ");
    for (size_t i = 0; i < golden->count; i++) {
        const struct golden_step *step = &golden->steps[i];
        if (step->type == GOLDEN_SERVER)
            break;
        if (step->type != GOLDEN_ROW || strncmp(step->text, row, number) != 0 ||
            (step->text[number] != ' ' && step->text[number] != '\0'))
            continue;
        if (row_len(step->text) != row_len(row) || strncmp(step->text, row, row_len(row)) != 0)
            return true;
    }
    return false;
}

/* The step that says what octets the message has; NULL: none. */
static const char *message_of(const struct golden *golden, const char *key, uint32_t uid, int64_t *date, size_t *len)
{
    char mailbox[GOLDEN_MAILBOX_MAX];
    uint32_t number;
    int used = 0;

    for (size_t i = 0; i < golden->count; i++) {
        const struct golden_step *step = &golden->steps[i];
        if (step->type != GOLDEN_MESSAGE ||
            sscanf(step->text, "%2047s %" SCNu32 " %" SCNd64 "%n", mailbox, &number, date, &used) < 3 ||
            number != uid || strcmp(mailbox, key) != 0)
            continue;
        *len = step->len - (size_t)used - 1;
        return step->text + used + 1;
    }
    return NULL;
}

static int place_row(
    struct talk *talk, const char *key, const char *name, uint32_t uid, uint64_t modseq, const char *row)
{
    char flags[1024];
    int64_t date = 0;
    size_t len = 0;
    const char *octets = message_of(talk->sweep->golden, key, uid, &date, &len);

    snprintf(flags, sizeof flags, "%.*s", (int)row_len(row), row);
    return cpmsync_mock_place_message(
        talk->mock, NULL, name, uid, modseq, flags, date, octets ? octets : "", octets ? len : 0);
}

static int place_rows(struct talk *talk, const char *key, const char *name, size_t at, uint64_t highestmodseq)
{
    const struct golden *golden = talk->sweep->golden;
    int error = 0;

    for (size_t i = at + 1; i < golden->count && golden->steps[i].type == GOLDEN_ROW && !error; i++) {
        const char *row = golden->steps[i].text;
        uint32_t uid = 0;
        uint64_t modseq = 0;
        int used = 0;
        sscanf(row, "%" SCNu32 " %" SCNu64 "%n", &uid, &modseq, &used);
        if (modseq && has_no_number(golden, row))
            modseq = highestmodseq;
        error = place_row(talk, key, name, uid, modseq, row + used);
    }
    return error;
}

static bool load_server(struct talk *talk, size_t index)
{
    struct sweep *sweep = talk->sweep;
    size_t at = sweep->servers[index];
    const char *key = sweep->mirrors[index].mailbox;
    struct cpmsync_mock_status status = {0};
    char name[CPMSYNC_MAILBOX_NAME_MAX];

    status.size = sizeof status;
    if (sweep->nowhere[index])
        return true;
    if (!wire_name(sweep, key, name, sizeof name))
        return false;
    sscanf(sweep->golden->steps[at].text + strlen(key), "%" SCNu32 " %" SCNu32 " %" SCNu64, &status.uidvalidity,
        &status.uidnext, &status.highestmodseq);
    int error = cpmsync_mock_mailbox_create(talk->mock, NULL, name);
    if (!error || error == CPMSYNC_ERR_STATE)
        error = place_rows(talk, key, name, at, status.highestmodseq);
    if (!error)
        error = cpmsync_mock_state(talk->mock, NULL, name, &status);
    return !error || sweep_fail(sweep, "the server cannot hold %s: %s", key, cpmsync_error_name(error));
}

/* ---- the client */

static int on_event(void *ctx, struct cpmsync_client *client, const struct cpmsync_event *event)
{
    struct talk *talk = ctx;

    (void)client;
    sweep_hear(talk->sweep, event);
    return 0;
}

static void on_credentials(void *ctx, struct cpmsync_client *client, uint32_t conn)
{
    (void)ctx;
    cpmsync_client_credentials(client, conn, 0, "fred", "secret", NULL);
}

static void on_done(void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_fault *fault)
{
    struct talk *talk = ctx;

    (void)client;
    (void)operation;
    talk->completed++;
    if (fault->error && !talk->failing)
        sweep_fail(
            talk->sweep, "the synchronisation behind it: %s %s", cpmsync_error_name(fault->error), fault->server_text);
}

static bool move_octets(struct talk *talk)
{
    const uint8_t *sent;
    const void *said;
    size_t len = cpmsync_conn_output(talk->client, 0, &sent);
    bool moved = len > 0;

    if (len) {
        cpmsync_mock_feed(talk->mock, talk->conn, sent, len);
        cpmsync_conn_ack(talk->client, 0, talk->now, len);
    }
    len = cpmsync_mock_output(talk->mock, talk->conn, &said);
    if (len) {
        cpmsync_conn_feed(talk->client, 0, talk->now, said, len);
        cpmsync_mock_ack(talk->mock, talk->conn, len);
    }
    return moved || len > 0;
}

/* Until there is nothing left to do; whatever is not complete then hangs. */
static void converse(struct talk *talk)
{
    for (;;) {
        unsigned want = cpmsync_conn_want(talk->client, 0);
        if (want & CPMSYNC_WANT_CLOSE) {
            cpmsync_mock_disconnect(talk->mock, talk->conn);
            talk->conn = 0;
            cpmsync_conn_closed(talk->client, 0, talk->now, NULL);
        } else if ((want & CPMSYNC_WANT_CONNECT) && !talk->conn) {
            talk->conn = cpmsync_mock_connect(talk->mock, talk->secure);
            cpmsync_conn_opened(talk->client, 0, talk->now, talk->secure ? CPMSYNC_CONN_SECURE : 0);
        } else if (want & CPMSYNC_WANT_STARTTLS) {
            cpmsync_mock_secured(talk->mock, talk->conn);
            cpmsync_conn_secured(talk->client, 0, talk->now);
        } else if (want & CPMSYNC_WANT_NOW) {
            cpmsync_conn_tick(talk->client, talk->now, 0);
        } else if (!talk->conn || !move_octets(talk)) {
            return;
        }
    }
}

static bool make_client(struct talk *talk)
{
    struct sweep *sweep = talk->sweep;
    struct cpmsync_client_config config = {0};
    const char *fields[33];

    config.size = sizeof config;
    config.allocator = &sweep->allocator.mem;
    config.store = &sweep->store.store;
    config.security = CPMSYNC_TLS_IMPLICIT;
    config.ctx = talk;
    config.event = on_event;
    config.credentials = on_credentials;
    golden_config_descriptors(sweep->golden, &config, fields);
    int error = cpmsync_client_new(&talk->client, &config);
    return !error || sweep_fail(sweep, "no fresh client: %s", cpmsync_error_name(error));
}

static bool synchronise(struct talk *talk)
{
    struct sweep *sweep = talk->sweep;

    talk->submitted = talk->completed = 0;
    for (size_t i = 0; i < sweep->mailbox_count; i++) {
        if (sweep->nowhere[i])
            continue;
        bool taken = cpmsync_client_sync(talk->client, sweep->mirrors[i].mailbox, on_done, talk) > 0;
        talk->submitted += taken;
        if (!taken && !talk->failing)
            return sweep_fail(sweep, "the synchronisation cannot be submitted");
    }
    converse(talk);
    if (talk->completed != talk->submitted)
        return sweep_fail(sweep, "%u of %u synchronisations completed", talk->completed, talk->submitted);
    return sweep->why[0] == '\0';
}

/* ---- both compared */

static int add_info(void *ctx, const struct cpmsync_mailbox_info *info)
{
    golden_text_format(ctx,
        "uidvalidity %" PRIu32 " uidnext %" PRIu32 " highestmodseq %" PRIu64 " messages %" PRIu32 "\n",
        info->uidvalidity, info->uidnext, info->highestmodseq, info->messages);
    return 0;
}

static int add_row(void *ctx, uint32_t uid, uint64_t modseq, const char *const *flags, size_t count)
{
    struct golden_text *text = ctx;

    golden_text_format(text, "%" PRIu32 " %" PRIu64 " (", uid, modseq);
    for (size_t i = 0; i < count; i++)
        golden_text_format(text, "%s%s", i ? " " : "", flags[i]);
    golden_text_add(text, ")\n", 2);
    return 0;
}

static bool same_line(const char *a, const char *b)
{
    for (; tolower((unsigned char)*a) == tolower((unsigned char)*b); a++, b++)
        if (*a == '\n' || *a == '\0')
            return true;
    return false;
}

/* The store holds the change under its old number already. */
static bool same_without_number(const struct golden *golden, const char *have, const char *want)
{
    char row[256];
    size_t number = strcspn(have, " ") + 1;
    size_t flags = number + strcspn(have + number, " ");

    snprintf(row, sizeof row, "%.*s", (int)strcspn(have, "\n"), have);
    if (strncmp(have, want, number) != 0 || !same_line(have + flags, want + number + strcspn(want + number, " ")))
        return false;
    row[strlen(row) - 1] = '\0'; /* the parenthesis */
    memmove(row + flags + 1, row + flags + 2, strlen(row + flags + 1));
    if (row[flags + 1] == '\0')
        row[flags] = '\0';
    return has_no_number(golden, row);
}

/* The first line: of another cursor there is none. */
static bool same_without_cursor(const char *have, const char *want)
{
    static const char none[] = " highestmodseq 0 ";
    const char *number = strstr(have, none);
    size_t len = number ? (size_t)(number - have) : 0;
    const char *messages = strstr(want, " messages ");

    return number && messages && strncmp(have, want, len) == 0 && same_line(number + sizeof none - 1, messages + 1);
}

/* Every descriptor is what the row of the server says. */
struct described {
    struct sweep *sweep;
    size_t at; /* the "server" step */
    size_t count;
};

static const char *wanted_descriptor(const struct described *described, uint32_t uid)
{
    const struct golden *golden = described->sweep->golden;

    for (size_t i = described->at + 1; i < golden->count && golden->steps[i].type == GOLDEN_ROW; i++)
        if (strtoul(golden->steps[i].text, NULL, 10) == uid)
            return strchr(golden->steps[i].text, '{');
    return NULL;
}

static int equals_row(void *ctx, uint32_t uid, const struct cpmsync_descriptor *descriptor)
{
    struct described *described = ctx;
    const char *wanted = wanted_descriptor(described, uid);
    char *text = support_descriptor_text(descriptor);

    if (wanted && strcmp(wanted, "{?}") == 0)
        described->count--;
    else if (!wanted || strcmp(text, wanted) != 0)
        sweep_fail(described->sweep, "the descriptor of %" PRIu32 " is\n%s\nthe server's\n%s", uid, text,
            wanted ? wanted : "(none)");
    free(text);
    described->count++;
    return 0;
}

static bool equal_descriptors(struct sweep *sweep, size_t index)
{
    const struct golden *golden = sweep->golden;
    struct described described = {sweep, sweep->servers[index], 0};
    size_t wanted = 0;

    int error = cpmsync_view_descriptors(
        &sweep->store.inner, NULL, sweep->mirrors[index].mailbox, 1, UINT32_MAX, equals_row, &described);
    for (size_t i = described.at + 1; i < golden->count && golden->steps[i].type == GOLDEN_ROW; i++) {
        const char *text = strchr(golden->steps[i].text, '{');
        wanted += text && strcmp(text, "{?}") != 0;
    }
    if (error && error != CPMSYNC_ERR_NOT_FOUND)
        return sweep_fail(sweep, "the descriptors cannot be read: %s", cpmsync_error_name(error));
    if (described.count != wanted)
        return sweep_fail(sweep, "%zu descriptors, the server has %zu", described.count, wanted);
    return sweep->why[0] == '\0';
}

static bool equals_server(struct talk *talk, size_t index)
{
    struct sweep *sweep = talk->sweep;
    const char *key = sweep->mirrors[index].mailbox;
    struct golden_text store = {0};
    char name[CPMSYNC_MAILBOX_NAME_MAX];
    char server[65536];

    if (!wire_name(sweep, key, name, sizeof name))
        return false;
    cpmsync_mock_dump(talk->mock, NULL, name, server, sizeof server);
    if (cpmsync_view_messages(&sweep->store.inner, NULL, key, add_info, add_row, &store))
        golden_text_format(&store, "nothing of %s\n", key);
    const char *have = store.data;
    const char *want = server;
    if (talk->forbidden && same_without_cursor(have, want)) {
        have += strcspn(have, "\n") + 1;
        want += strcspn(want, "\n") + 1;
    }
    while (*have && (same_line(have, want) || (have != store.data && same_without_number(sweep->golden, have, want)))) {
        have += strcspn(have, "\n") + 1;
        want += strcspn(want, "\n") + 1;
    }
    bool same = !*have && !*want;
    if (!same)
        sweep_fail(sweep, "the store holds\n%sthe server\n%s", store.data, server);
    else
        sweep_compared();
    free(store.data);
    return same && equal_descriptors(sweep, index);
}

/* ---- the whole */

/* What the transcript says of the client's configuration behind `key`, which ends with a space. */
static const char *config_of(const struct golden *golden, const char *key, const char *otherwise)
{
    for (size_t i = 0; i < golden->count; i++)
        if (golden->steps[i].type == GOLDEN_CONFIG && strncmp(golden->steps[i].text, key, strlen(key)) == 0)
            return golden->steps[i].text + strlen(key);
    return otherwise;
}

static bool make_server(struct talk *talk, const char *user, const char *password)
{
    struct cpmsync_mock_config config = {0};

    config.size = sizeof config;
    config.starttls = !talk->secure;
    talk->mock = cpmsync_mock_new(&config);
    if (!talk->mock || cpmsync_mock_user_add(talk->mock, user, password))
        return sweep_fail(talk->sweep, "no server");
    for (size_t i = 0; i < talk->sweep->mailbox_count; i++)
        if (!load_server(talk, i))
            return false;
    return true;
}

static bool equals_servers(struct talk *talk)
{
    for (size_t i = 0; i < talk->sweep->mailbox_count; i++)
        if (!talk->sweep->nowhere[i] && !equals_server(talk, i))
            return false;
    return talk->sweep->why[0] == '\0';
}

bool sweep_fresh_sync(struct sweep *sweep)
{
    struct talk talk = {0};

    talk.sweep = sweep;
    talk.secure = true;
    bool good =
        make_server(&talk, "fred", "secret") && make_client(&talk) && synchronise(&talk) && equals_servers(&talk);
    cpmsync_client_free(talk.client);
    cpmsync_mock_free(talk.mock);
    return good && sweep->why[0] == '\0';
}

/* The link goes before the server does. */
static void hang_up(struct talk *talk)
{
    if (talk->conn)
        cpmsync_conn_closed(talk->client, 0, talk->now, NULL);
}

bool sweep_same_client_sync(struct sweep *sweep, struct cpmsync_client *client, int64_t now)
{
    const struct golden *golden = sweep->golden;
    struct talk talk = {0};

    talk.sweep = sweep;
    talk.client = client;
    talk.now = now;
    talk.secure = strcmp(config_of(golden, "security ", "tls"), "tls") == 0;
    talk.forbidden = config_of(golden, "disable CONDSTORE", NULL) != NULL;
    bool good = make_server(&talk, config_of(golden, "user ", "fred"), config_of(golden, "password ", "secret")) &&
                synchronise(&talk) && equals_servers(&talk);
    hang_up(&talk);
    cpmsync_mock_free(talk.mock);
    return good && sweep->why[0] == '\0';
}

bool sweep_sync_twice(struct sweep *sweep, void (*first)(void *ctx, bool over), void *ctx)
{
    struct talk talk = {0};

    talk.sweep = sweep;
    talk.secure = true;
    bool good = make_server(&talk, "fred", "secret") && make_client(&talk);
    if (good) {
        talk.failing = true;
        first(ctx, false);
        good = synchronise(&talk);
        first(ctx, true);
        talk.failing = false;
    }
    good = good && sweep_calm(sweep) && synchronise(&talk) && equals_servers(&talk);
    cpmsync_client_free(talk.client);
    cpmsync_mock_free(talk.mock);
    return good && sweep->why[0] == '\0';
}
