/* SPDX-License-Identifier: MIT */
/* Commands of any state, and those that lead to the authenticated state (RFC 3501 6.1, 6.2; 4959; 5161; 2971). */
#include "mock_session.h"

bool cpmsync_mock_cmd_capability(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    (void)uid;
    if (!cpmsync_mock_read_end(p))
        return false;
    cpmsync_mock_put(conn, "* ", 2);
    cpmsync_mock_put_capabilities(conn);
    cpmsync_mock_put(conn, "\r\n", 2);
    cpmsync_mock_ok(conn, "CAPABILITY completed");
    return true;
}

bool cpmsync_mock_cmd_noop(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    (void)uid;
    if (!cpmsync_mock_read_end(p))
        return false;
    cpmsync_mock_ok(conn, "NOOP completed");
    return true;
}

bool cpmsync_mock_cmd_logout(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    (void)uid;
    if (!cpmsync_mock_read_end(p))
        return false;
    cpmsync_mock_bye(conn, "Logging out");
    cpmsync_mock_ok(conn, "LOGOUT completed");
    return true;
}

bool cpmsync_mock_cmd_starttls(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    (void)uid;
    if (!cpmsync_mock_read_end(p))
        return false;
    if (conn->mock->faults.starttls_refuse) {
        cpmsync_mock_no(conn, "[UNAVAILABLE] No TLS now");
        return true;
    }
    cpmsync_mock_ok(conn, "Begin TLS negotiation now");
    if (conn->mock->faults.starttls_inject)
        cpmsync_mock_putf(conn, "* CAPABILITY IMAP4rev1 INJECTED\r\n");
    conn->wants_starttls = true;
    return true;
}

static bool login_disabled(const struct mock_conn *conn)
{
    return conn->mock->faults.logindisabled || (conn->mock->require_tls && !conn->secure);
}

bool cpmsync_mock_cmd_login(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct cpmsync_slice name, password;
    (void)uid;
    if (!cpmsync_mock_read_sp(p) || !cpmsync_mock_read_astring(p, &name) || !cpmsync_mock_read_sp(p) ||
        !cpmsync_mock_read_astring(p, &password) || !cpmsync_mock_read_end(p))
        return false;
    if (login_disabled(conn)) {
        cpmsync_mock_no(conn, "[PRIVACYREQUIRED] LOGIN is disabled");
        return true;
    }
    struct mock_user *user = cpmsync_mock_store_user(&conn->mock->store, name);
    if (user && cpmsync_slice_eq(user->password, password))
        cpmsync_mock_login(conn, user, "LOGIN completed");
    else
        cpmsync_mock_no(conn, "[AUTHENTICATIONFAILED] Wrong user name or password");
    return true;
}

static uint64_t next_random(void *ctx)
{
    return cpmsync_mock_random((struct cpmsync_mock *)ctx);
}

static void put_challenge(struct mock_conn *conn, struct cpmsync_slice challenge)
{
    cpmsync_mock_put(conn, "+ ", 2);
    if (!conn->broken && !cpmsync_mock_base64_encode(challenge, &conn->out))
        conn->broken = true;
    cpmsync_mock_put(conn, "\r\n", 2);
    conn->continuation = MOCK_LINE_IS_SASL;
}

static void step(struct mock_conn *conn, struct cpmsync_slice message)
{
    struct cpmsync_mock *mock = conn->mock;
    struct mock_sasl_setting setting = {&mock->store, &conn->channel,
        cpmsync_mock_offers(conn, "AUTH=SCRAM-SHA-256-PLUS") || cpmsync_mock_offers(conn, "AUTH=SCRAM-SHA-1-PLUS"),
        mock->faults.scram_signature, mock->faults.scram_nonce};
    struct cpmsync_buf challenge;
    cpmsync_buf_init(&challenge, mock->mem, 4096);
    conn->continuation = MOCK_LINE_IS_COMMAND;
    switch (cpmsync_mock_sasl_step(&conn->sasl, &setting, message, &challenge)) {
    case MOCK_SASL_CHALLENGE:
        put_challenge(conn, cpmsync_buf_slice(&challenge));
        break;
    case MOCK_SASL_DONE:
        cpmsync_mock_login(conn, conn->sasl.user, "AUTHENTICATE completed");
        cpmsync_mock_sasl_clear(&conn->sasl);
        break;
    case MOCK_SASL_FAILED:
        cpmsync_mock_no(conn, "[AUTHENTICATIONFAILED] Wrong user name or password");
        cpmsync_mock_sasl_clear(&conn->sasl);
        break;
    case MOCK_SASL_UNAUTHORIZED:
        cpmsync_mock_no(conn, "[AUTHORIZATIONFAILED] Not for this identity");
        cpmsync_mock_sasl_clear(&conn->sasl);
        break;
    case MOCK_SASL_BROKEN:
        cpmsync_mock_bad(conn, "Not what the mechanism wants");
        cpmsync_mock_sasl_clear(&conn->sasl);
        break;
    }
    cpmsync_buf_clear(&challenge);
}

/* base64, or "=" for an empty initial response (RFC 4959). */
static void decode_and_step(struct mock_conn *conn, struct cpmsync_slice text, bool initial)
{
    struct cpmsync_buf message;
    cpmsync_buf_init(&message, conn->mock->mem, 65536);
    bool empty = initial && cpmsync_slice_is(text, "=");
    if (empty || cpmsync_mock_base64_decode(text, &message))
        step(conn, cpmsync_buf_slice(&message));
    else {
        conn->continuation = MOCK_LINE_IS_COMMAND;
        cpmsync_mock_sasl_clear(&conn->sasl);
        cpmsync_mock_bad(conn, "Not base64");
    }
    cpmsync_buf_clear(&message);
}

void cpmsync_mock_authenticate_line(struct mock_conn *conn, struct cpmsync_slice line)
{
    if (!cpmsync_slice_is(line, "*")) {
        decode_and_step(conn, line, false);
        return;
    }
    conn->continuation = MOCK_LINE_IS_COMMAND;
    cpmsync_mock_sasl_clear(&conn->sasl);
    cpmsync_mock_bad(conn, "AUTHENTICATE cancelled");
}

/* authenticate = "AUTHENTICATE" SP auth-type [SP (base64 / "=")] */
bool cpmsync_mock_cmd_authenticate(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct cpmsync_slice name, response = {NULL, 0};
    (void)uid;
    if (!cpmsync_mock_read_sp(p) || !cpmsync_mock_read_atom(p, &name))
        return false;
    bool initial = cpmsync_mock_read_sp(p);
    if (initial && (!cpmsync_mock_read_atom(p, &response) || !cpmsync_mock_offers(conn, "SASL-IR")))
        return false;
    if (!cpmsync_mock_read_end(p))
        return false;
    const char *capability = "";
    enum mock_mechanism mechanism = cpmsync_mock_mechanism(name, &capability);
    if (mechanism == MOCK_NO_MECHANISM || !cpmsync_mock_offers(conn, capability)) {
        cpmsync_mock_no(conn, "[CANNOT] Not a mechanism that is offered");
        return true;
    }
    unsigned iterations = conn->mock->faults.scram_iterations ? (unsigned)conn->mock->faults.scram_iterations
                                                              : conn->mock->scram_iterations;
    cpmsync_mock_sasl_start(&conn->sasl, conn->mock->mem, mechanism, iterations, next_random, conn->mock);
    if (initial)
        decode_and_step(conn, response, true);
    else
        put_challenge(conn, cpmsync_mock_sasl_invitation(&conn->sasl));
    return true;
}

/* What can be enabled, and where a connection keeps it. */
static const struct {
    const char *name;
    size_t offset;
} ENABLES[] = {
    {"CONDSTORE", offsetof(struct mock_conn, condstore)},
    {"QRESYNC", offsetof(struct mock_conn, qresync)},
    {"UIDONLY", offsetof(struct mock_conn, uidonly)},
    {"UTF8=ACCEPT", offsetof(struct mock_conn, utf8)},
    {"IMAP4rev2", offsetof(struct mock_conn, rev2)},
    {"METADATA", offsetof(struct mock_conn, tells_metadata)},
    {"METADATA-SERVER", offsetof(struct mock_conn, tells_server_metadata)},
};
enum { ENABLE_COUNT = sizeof ENABLES / sizeof *ENABLES };

/* Where only UTF8=ONLY is offered UTF8=ACCEPT is what is enabled (RFC 6855 6). */
static bool may_enable(const struct mock_conn *conn, size_t index)
{
    return cpmsync_mock_offers(conn, ENABLES[index].name) ||
           (ENABLES[index].offset == offsetof(struct mock_conn, utf8) && cpmsync_mock_supports_utf8(conn));
}

static bool *enabled(struct mock_conn *conn, size_t index)
{
    return (bool *)(void *)((char *)conn + ENABLES[index].offset);
}

/* Enables, and says of what was not enabled before that it is now. */
static void enable(struct mock_conn *conn, const bool *wanted)
{
    size_t i;
    cpmsync_mock_putf(conn, "* ENABLED");
    for (i = 0; i < ENABLE_COUNT; i++)
        if (wanted[i] && !*enabled(conn, i)) {
            cpmsync_mock_putf(conn, " %s", ENABLES[i].name);
            *enabled(conn, i) = true;
        }
    cpmsync_mock_putf(conn, "\r\n");
    conn->condstore |= conn->qresync;
}

/* enable = "ENABLE" 1*(SP capability); valid before a mailbox is selected (RFC 5161 3.1). */
bool cpmsync_mock_cmd_enable(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    const struct mock_faults *faults = &conn->mock->faults;
    struct cpmsync_slice name;
    bool wanted[ENABLE_COUNT] = {false};
    size_t i;
    (void)uid;
    do {
        if (!cpmsync_mock_read_sp(p) || !cpmsync_mock_read_atom(p, &name))
            return false;
        for (i = 0; i < ENABLE_COUNT; i++)
            wanted[i] |= cpmsync_slice_is(name, ENABLES[i].name) && may_enable(conn, i) && !faults->enabled_empty;
    } while (!cpmsync_mock_read_end(p));
    if (faults->enable_refused) {
        cpmsync_mock_bad(conn, "ENABLE is refused");
        return true;
    }
    enable(conn, wanted);
    cpmsync_mock_ok(conn, "ENABLE completed");
    return true;
}

/* RFC 2971 3.3: so many pairs, of so many octets, and no name twice */
enum { ID_PAIRS_MAX = 30, ID_NAME_MAX = 30, ID_VALUE_MAX = 1024 };

/* string SP nstring *(SP string SP nstring) */
static bool read_id_pairs(struct mock_parser *p)
{
    struct cpmsync_slice names[ID_PAIRS_MAX], value;
    size_t count = 0, i;
    do {
        if (count == ID_PAIRS_MAX || !cpmsync_mock_read_string(p, &names[count]) || !cpmsync_mock_read_sp(p) ||
            !cpmsync_mock_read_nstring(p, &value) || names[count].len > ID_NAME_MAX || value.len > ID_VALUE_MAX)
            return false;
        for (i = 0; i < count; i++)
            if (cpmsync_slice_ieq(names[i], names[count]))
                return false;
        count++;
    } while (cpmsync_mock_read_sp(p));
    return true;
}

/* id = "ID" SP (NIL / "(" [pairs] ")") */
bool cpmsync_mock_cmd_id(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    (void)uid;
    if (!cpmsync_mock_read_sp(p))
        return false;
    if (!cpmsync_mock_read_word(p, "NIL")) {
        if (!cpmsync_mock_read_char(p, '('))
            return false;
        if (!cpmsync_mock_peek(p, ')') && !read_id_pairs(p))
            return false;
        if (!cpmsync_mock_read_char(p, ')'))
            return false;
    }
    if (!cpmsync_mock_read_end(p))
        return false;
    cpmsync_mock_putf(conn, "* ID (\"name\" \"cpm-mockserver\")\r\n");
    cpmsync_mock_ok(conn, "ID completed");
    return true;
}

bool cpmsync_mock_cmd_idle(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    (void)uid;
    if (!cpmsync_mock_read_end(p))
        return false;
    cpmsync_mock_putf(conn, "+ idling\r\n");
    conn->continuation = MOCK_LINE_ENDS_IDLE;
    cpmsync_mock_push(conn->mock);
    return true;
}
