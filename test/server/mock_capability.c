/* SPDX-License-Identifier: MIT */
#include "mock_session.h"

enum { BEFORE_LOGIN = 1, AFTER_LOGIN = 2, CLEAR_ONLY = 4, ALWAYS = BEFORE_LOGIN | AFTER_LOGIN };

static const struct {
    const char *name;
    unsigned when;
} CAPABILITIES[] = {
    {"IMAP4rev1", ALWAYS},
    {"IMAP4rev2", ALWAYS},
    {"LITERAL+", ALWAYS},
    {"LITERAL-", ALWAYS},
    {"SASL-IR", ALWAYS},
    {"ENABLE", ALWAYS},
    {"ID", ALWAYS},
    {"STARTTLS", BEFORE_LOGIN | CLEAR_ONLY},
    {"LOGINDISABLED", BEFORE_LOGIN | CLEAR_ONLY},
    {"AUTH=PLAIN", BEFORE_LOGIN},
    {"AUTH=SCRAM-SHA-256", BEFORE_LOGIN},
    {"AUTH=SCRAM-SHA-1", BEFORE_LOGIN},
    {"AUTH=SCRAM-SHA-256-PLUS", BEFORE_LOGIN},
    {"AUTH=SCRAM-SHA-1-PLUS", BEFORE_LOGIN},
    {"AUTH=LOGIN", BEFORE_LOGIN},
    {"AUTH=EXTERNAL", BEFORE_LOGIN},
    {"AUTH=OAUTHBEARER", BEFORE_LOGIN},
    {"CONDSTORE", AFTER_LOGIN},
    {"QRESYNC", AFTER_LOGIN},
    {"UIDPLUS", AFTER_LOGIN},
    {"UNSELECT", AFTER_LOGIN},
    {"MOVE", AFTER_LOGIN},
    {"NAMESPACE", AFTER_LOGIN},
    {"CHILDREN", AFTER_LOGIN},
    {"IDLE", AFTER_LOGIN},
    {"UTF8=ACCEPT", AFTER_LOGIN},
    {"UTF8=ONLY", AFTER_LOGIN},
    {"CONVERT", AFTER_LOGIN},
    {"METADATA", AFTER_LOGIN},
    {"METADATA-SERVER", AFTER_LOGIN},
    {"ACL", AFTER_LOGIN},
    {"RIGHTS=texk", AFTER_LOGIN},
    {"RIGHTS=texkn", AFTER_LOGIN},
    {"ANNOTATE-EXPERIMENT-1", AFTER_LOGIN},
    {"ESEARCH", AFTER_LOGIN},
    {"SEARCHRES", AFTER_LOGIN},
    {"SORT", AFTER_LOGIN},
    {"PARTIAL", AFTER_LOGIN},
    {"SAVEDATE", AFTER_LOGIN},
    {"NOTIFY", AFTER_LOGIN},
    {"COMPRESS=DEFLATE", AFTER_LOGIN},
    {"LIST-EXTENDED", AFTER_LOGIN},
    {"LIST-STATUS", AFTER_LOGIN},
    {"STATUS=SIZE", AFTER_LOGIN},
    {"SPECIAL-USE", AFTER_LOGIN},
    {"CREATE-SPECIAL-USE", AFTER_LOGIN},
    {"OBJECTID", AFTER_LOGIN},
    {"BINARY", AFTER_LOGIN},
    {"MULTIAPPEND", AFTER_LOGIN},
    {"CATENATE", AFTER_LOGIN},
    {"URL-PARTIAL", AFTER_LOGIN},
    {"REPLACE", AFTER_LOGIN},
    {"APPENDLIMIT", AFTER_LOGIN},
    {"QUOTA", AFTER_LOGIN},
    {"QUOTASET", AFTER_LOGIN},
    {"QUOTA=RES-STORAGE", AFTER_LOGIN},
    {"QUOTA=RES-MESSAGE", AFTER_LOGIN},
    {"QUOTA=RES-MAILBOX", AFTER_LOGIN},
    {"PREVIEW", AFTER_LOGIN},
    {"UIDONLY", AFTER_LOGIN},
    {"INPROGRESS", AFTER_LOGIN},
    {"MESSAGELIMIT", AFTER_LOGIN},
    {"SAVELIMIT", AFTER_LOGIN},
    {"URLAUTH", AFTER_LOGIN},
};

/* The next blank-separated word of *list. */
static bool next_word(struct cpmsync_slice *list, struct cpmsync_slice *word)
{
    if (list->len == 0)
        return false;
    const uint8_t *at = list->data, *end = cpmsync_mock_end_of(*list);
    while (at < end && *at == ' ')
        at++;
    const uint8_t *start = at;
    while (at < end && *at != ' ')
        at++;
    *word = cpmsync_slice_of(start, (size_t)(at - start));
    *list = cpmsync_slice_of(at, (size_t)(end - at));
    return word->len > 0;
}

static bool lists(struct cpmsync_slice list, struct cpmsync_slice name)
{
    struct cpmsync_slice word;
    while (next_word(&list, &word))
        if (cpmsync_slice_ieq(word, name))
            return true;
    return false;
}

/* What a mechanism needs of the TLS below: a certificate of the client, a binding, or just that it is there (RFC 7628 3). */
static bool lacks_channel(const struct mock_conn *conn, struct cpmsync_slice name)
{
    if (cpmsync_slice_is(name, "AUTH=EXTERNAL"))
        return !conn->channel.client.data;
    if (cpmsync_slice_is(name, "AUTH=OAUTHBEARER"))
        return !conn->secure;
    return name.len > 5 && memcmp(name.data + name.len - 5, "-PLUS", 5) == 0 &&
           !cpmsync_mock_channel_binds(&conn->channel);
}

static bool is_disabled(const struct mock_conn *conn, struct cpmsync_slice name)
{
    const struct cpmsync_mock *mock = conn->mock;
    const struct mock_faults *faults = &mock->faults;
    bool login_disabled = faults->logindisabled || (mock->require_tls && !conn->secure);
    if (cpmsync_slice_is(name, "LITERAL+"))
        return faults->literal_minus || faults->no_literal_plus;
    if (cpmsync_slice_is(name, "LITERAL-"))
        return faults->no_literal_plus || cpmsync_mock_advertises(conn, "LITERAL+") ||
               (!faults->literal_minus && !lists(mock->capabilities, name));
    if (cpmsync_slice_is(name, "SASL-IR"))
        return faults->no_sasl_ir;
    if (cpmsync_slice_is(name, "MESSAGELIMIT"))
        return faults->message_limit == 0;
    if (cpmsync_slice_is(name, "SAVELIMIT"))
        return faults->save_limit == 0;
    if (cpmsync_slice_is(name, "COMPRESS=DEFLATE"))
        return !cpmsync_mock_can_compress();
    if (cpmsync_slice_is(name, "QRESYNC"))
        return faults->rfc4551;
    if (cpmsync_slice_is(name, "RIGHTS=texk"))
        return faults->rfc2086 || !cpmsync_mock_offers(conn, "ACL") || cpmsync_mock_offers(conn, "RIGHTS=texkn");
    if (cpmsync_slice_is(name, "RIGHTS=texkn")) /* RFC 5257 4.10 */
        return faults->rfc2086 || !cpmsync_mock_offers(conn, "ACL") ||
               !cpmsync_mock_offers(conn, "ANNOTATE-EXPERIMENT-1");
    if (cpmsync_slice_is(name, "CONVERT")) /* RFC 5259 3.1 */
        return !cpmsync_mock_advertises(conn, "BINARY");
    if (cpmsync_slice_is(name, "UTF8=ACCEPT"))
        return cpmsync_mock_offers(conn, "UTF8=ONLY");
    if (cpmsync_slice_is(name, "UTF8=ONLY"))
        return !faults->utf8_only && !lists(mock->capabilities, name);
    /* RFC 5464 1: for servers that have no more than this */
    if (cpmsync_slice_is(name, "METADATA-SERVER"))
        return cpmsync_mock_offers(conn, "METADATA");
    if (cpmsync_slice_is(name, "STARTTLS"))
        return !mock->starttls;
    if (cpmsync_slice_is(name, "LOGINDISABLED"))
        return !login_disabled;
    if (name.len > 5 && memcmp(name.data, "AUTH=", 5) == 0)
        return login_disabled || lacks_channel(conn, name);
    return false;
}

static bool is_offered(const struct mock_conn *conn, size_t index)
{
    const struct cpmsync_mock *mock = conn->mock;
    struct cpmsync_slice name = cpmsync_slice_str(CAPABILITIES[index].name);
    unsigned when = CAPABILITIES[index].when;
    bool logged_in = conn->state != MOCK_NOT_AUTHENTICATED;
    bool forced = cpmsync_slice_is(name, "LOGINDISABLED") && mock->faults.logindisabled;
    if (!(when & (logged_in ? AFTER_LOGIN : BEFORE_LOGIN)))
        return false;
    if ((when & CLEAR_ONLY) && conn->secure && !forced)
        return false;
    if (mock->capabilities.data && !forced && !lists(mock->capabilities, name))
        return false;
    return !is_disabled(conn, name);
}

bool cpmsync_mock_advertises(const struct mock_conn *conn, const char *capability)
{
    size_t i;
    for (i = 0; i < sizeof CAPABILITIES / sizeof *CAPABILITIES; i++)
        if (strcmp(CAPABILITIES[i].name, capability) == 0)
            return is_offered(conn, i);
    return false;
}

bool cpmsync_mock_is_rev2(const struct mock_conn *conn)
{
    return conn->rev2 || (cpmsync_mock_advertises(conn, "IMAP4rev2") && !cpmsync_mock_advertises(conn, "IMAP4rev1"));
}

/* Of BINARY only what FETCH takes, of LIST-EXTENDED all but several patterns (RFC 9051 B, C). */
static bool is_folded_in(const struct mock_conn *conn, const char *capability)
{
    static const char *const FOLDED[] = {"ENABLE", "IDLE", "UNSELECT", "UIDPLUS", "MOVE", "SASL-IR", "LITERAL-",
        "NAMESPACE", "ESEARCH", "SEARCHRES", "LIST-EXTENDED", "LIST-STATUS", "STATUS=SIZE", "BINARY"};
    const struct mock_faults *faults = &conn->mock->faults;
    size_t i;
    if ((faults->no_sasl_ir && strcmp(capability, "SASL-IR") == 0) ||
        (faults->no_literal_plus && strcmp(capability, "LITERAL-") == 0))
        return false;
    for (i = 0; i < sizeof FOLDED / sizeof *FOLDED; i++)
        if (strcmp(FOLDED[i], capability) == 0)
            return cpmsync_mock_is_rev2(conn);
    return false;
}

bool cpmsync_mock_offers(const struct mock_conn *conn, const char *capability)
{
    if (strcmp(capability, "IMAP4rev1") == 0)
        return !cpmsync_mock_is_rev2(conn);
    return cpmsync_mock_advertises(conn, capability) || is_folded_in(conn, capability);
}

bool cpmsync_mock_supports_utf8(const struct mock_conn *conn)
{
    return cpmsync_mock_offers(conn, "UTF8=ACCEPT") || cpmsync_mock_offers(conn, "UTF8=ONLY");
}

bool cpmsync_mock_speaks_utf8(const struct mock_conn *conn)
{
    return conn->utf8 || cpmsync_mock_is_rev2(conn);
}

static bool is_known(struct cpmsync_slice name)
{
    size_t i;
    for (i = 0; i < sizeof CAPABILITIES / sizeof *CAPABILITIES; i++)
        if (cpmsync_slice_is(name, CAPABILITIES[i].name))
            return true;
    return false;
}

/* "=" and the value of a capability that has one. */
static void put_value(struct mock_conn *conn, const char *name)
{
    const struct cpmsync_mock *mock = conn->mock;
    const struct {
        const char *name;
        uint64_t value;
    } VALUES[] = {{"APPENDLIMIT", mock->max_literal}, {"MESSAGELIMIT", mock->faults.message_limit},
        {"SAVELIMIT", mock->faults.save_limit}};
    size_t i;
    for (i = 0; i < sizeof VALUES / sizeof *VALUES; i++)
        if (strcmp(name, VALUES[i].name) == 0)
            cpmsync_mock_putf(conn, "=%llu", (unsigned long long)VALUES[i].value);
}

void cpmsync_mock_put_capabilities(struct mock_conn *conn)
{
    struct cpmsync_slice list = conn->mock->capabilities, word;
    size_t i;
    cpmsync_mock_put(conn, "CAPABILITY", 10);
    for (i = 0; i < sizeof CAPABILITIES / sizeof *CAPABILITIES; i++)
        if (is_offered(conn, i)) {
            cpmsync_mock_putf(conn, " %s", CAPABILITIES[i].name);
            put_value(conn, CAPABILITIES[i].name);
        }
    /* Names we know nothing of are advertised all the same: that is what the list is for. */
    while (list.data && next_word(&list, &word))
        if (!is_known(word)) {
            cpmsync_mock_put(conn, " ", 1);
            cpmsync_mock_put_slice(conn, word);
        }
}
