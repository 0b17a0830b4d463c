/* SPDX-License-Identifier: MIT */
/* URLAUTH (RFC 4467): a key a mailbox, kept with its owner; tokens are HMAC-SHA-256 of the URL under it. */
#include "mock_acl.h"
#include "mock_url.h"

#include <mbedtls/md.h>

enum { TOKEN_OCTETS = 16, TOKEN_TEXT = 2 + 2 * TOKEN_OCTETS }; /* "01", the algorithm's number, stands before it */

/* The user whose key table an URL names. */
static struct mock_user *keeper_of(const struct mock_conn *conn, const struct mock_url *url)
{
    return url->has_server ? cpmsync_mock_store_user(&conn->mock->store, url->user) : NULL;
}

/* The mailbox an URL names, as its user may read it. */
static struct mock_mailbox *mailbox_of(const struct mock_user *keeper, const struct mock_url *url)
{
    struct mock_mailbox *mailbox = url->mailbox.len ? cpmsync_mock_find(keeper, url->mailbox) : NULL;
    return mailbox && !mailbox->noselect && (cpmsync_mock_rights_of(mailbox, keeper) & MOCK_RIGHT_R) ? mailbox : NULL;
}

static void new_key(struct mock_conn *conn, struct mock_mailbox *mailbox)
{
    size_t i;
    mailbox->has_access_key = true;
    for (i = 0; i < MOCK_ACCESS_KEY; i++)
        mailbox->access_key[i] = (uint8_t)(cpmsync_mock_random(conn->mock) >> 56);
}

static bool make_token(const struct mock_mailbox *mailbox, struct cpmsync_slice rump, char *token)
{
    static const char DIGITS[] = "0123456789abcdef";
    uint8_t mac[32];
    size_t i;
    if (mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), mailbox->access_key, MOCK_ACCESS_KEY, rump.data,
            rump.len, mac) != 0)
        return false;
    token[0] = '0';
    token[1] = '1';
    for (i = 0; i < TOKEN_OCTETS; i++) {
        token[2 + 2 * i] = DIGITS[mac[i] >> 4];
        token[3 + 2 * i] = DIGITS[mac[i] & 15];
    }
    return true;
}

/* access = ("submit+" enc-user) / ("user+" enc-user) / "authuser" / "anonymous"; *user is empty for the last two */
static bool read_access(struct cpmsync_slice access, bool *submit, struct cpmsync_slice *user)
{
    static const char *const PREFIXES[] = {"submit+", "user+"};
    size_t i;
    *user = cpmsync_slice_of(NULL, 0);
    *submit = false;
    for (i = 0; i < 2; i++) {
        size_t len = strlen(PREFIXES[i]);
        if (access.len > len && cpmsync_slice_is(cpmsync_slice_of(access.data, len), PREFIXES[i])) {
            *submit = i == 0;
            *user = cpmsync_mock_behind(access, len);
            return true;
        }
    }
    return cpmsync_slice_is(access, "authuser") || cpmsync_slice_is(access, "anonymous");
}

/* Whether this session may use the URL. Who submits messages on behalf of others is the participating function. */
static bool is_addressee(const struct mock_conn *conn, const struct mock_url *url)
{
    struct cpmsync_slice user;
    bool submit;
    if (!read_access(url->access, &submit, &user))
        return false;
    return submit ? conn->user->participating : user.len == 0 || cpmsync_slice_eq(user, conn->user->name);
}

/* ---- RESETKEY ---- */

static void put_mechanisms(struct mock_conn *conn, const struct mock_mailbox *mailbox)
{
    struct mock_conn *other;
    for (other = conn->mock->conns; other; other = other->next)
        if (other != conn && other->mailbox == mailbox && other->user == conn->user)
            cpmsync_mock_putf(other, "* OK [URLMECH INTERNAL] The key is new\r\n");
}

static void forget_keys(struct mock_user *user)
{
    size_t i;
    for (i = 0; i < user->mailbox_count; i++)
        user->mailboxes[i]->has_access_key = false;
}

/* resetkey = "RESETKEY" [SP mailbox *(SP mechanism)] */
bool cpmsync_mock_cmd_resetkey(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct cpmsync_slice name, mechanism;
    (void)uid;
    if (cpmsync_mock_read_end(p)) {
        forget_keys(conn->user);
        cpmsync_mock_ok(conn, "All keys are gone");
        return true;
    }
    if (!cpmsync_mock_read_sp(p) || !cpmsync_mock_read_mailbox(conn, p, &name))
        return false;
    while (cpmsync_mock_read_sp(p))
        if (!cpmsync_mock_read_atom(p, &mechanism))
            return false;
    if (!cpmsync_mock_read_end(p))
        return false;
    struct mock_mailbox *mailbox = cpmsync_mock_find(conn->user, name);
    if (!mailbox || mailbox->noselect) {
        cpmsync_mock_no(conn, "[NONEXISTENT] No such mailbox");
        return true;
    }
    new_key(conn, mailbox);
    put_mechanisms(conn, mailbox);
    cpmsync_mock_ok(conn, "[URLMECH INTERNAL] The key is new");
    return true;
}

/* ---- GENURLAUTH ---- */

/* Appends the URL with its token. false: not an URL that can have one (RFC 4467, GENURLAUTH). */
static bool generate(struct mock_conn *conn, struct cpmsync_slice text, struct cpmsync_buf *out)
{
    struct mock_url url;
    struct cpmsync_slice user;
    char token[TOKEN_TEXT];
    bool submit, made = false;
    bool valid = cpmsync_mock_url_parse(&url, conn->mock->mem, text) == 0 && url.access.len && !url.token.len &&
                 read_access(url.access, &submit, &user) && keeper_of(conn, &url) == conn->user;
    struct mock_mailbox *mailbox = valid ? mailbox_of(conn->user, &url) : NULL;
    if (mailbox) {
        if (!mailbox->has_access_key)
            new_key(conn, mailbox);
        made = make_token(mailbox, text, token);
        if (!made || cpmsync_buf_add_slice(out, text) != 0 || cpmsync_buf_add_str(out, ":internal:") != 0 ||
            cpmsync_buf_add(out, token, sizeof token) != 0)
            conn->broken = true;
    }
    cpmsync_mock_url_clear(&url);
    return mailbox != NULL;
}

/* genurlauth = "GENURLAUTH" 1*(SP url-rump SP mechanism) */
static bool generate_all(struct mock_conn *conn, struct mock_parser *p)
{
    struct cpmsync_slice url, mechanism;
    struct cpmsync_buf full;
    bool ok = true;
    cpmsync_mock_putf(conn, "* GENURLAUTH");
    do {
        if (!cpmsync_mock_read_sp(p) || !cpmsync_mock_read_astring(p, &url) || !cpmsync_mock_read_sp(p) ||
            !cpmsync_mock_read_atom(p, &mechanism) || !cpmsync_slice_is(mechanism, "INTERNAL"))
            return false;
        cpmsync_buf_init(&full, conn->mock->mem, 65536 + TOKEN_TEXT);
        ok = generate(conn, url, &full);
        cpmsync_mock_putf(conn, " ");
        cpmsync_mock_put_string(conn, cpmsync_buf_slice(&full));
        cpmsync_buf_clear(&full);
    } while (ok && !cpmsync_mock_read_end(p));
    cpmsync_mock_putf(conn, "\r\n");
    return ok;
}

bool cpmsync_mock_cmd_genurlauth(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    size_t out_before = conn->out.len;
    (void)uid;
    if (!generate_all(conn, p)) {
        cpmsync_buf_truncate(&conn->out, out_before);
        return false;
    }
    cpmsync_mock_ok(conn, "GENURLAUTH completed");
    return true;
}

/* ---- URLFETCH ---- */

/* The octets of an URL whose token is right, for this session and at this time. */
static int fetch(struct mock_conn *conn, struct cpmsync_slice text, struct cpmsync_buf *out)
{
    struct mock_url url;
    char token[TOKEN_TEXT];
    int error = cpmsync_mock_url_parse(&url, conn->mock->mem, text);
    struct mock_user *keeper = error ? NULL : keeper_of(conn, &url);
    struct mock_mailbox *mailbox = keeper ? mailbox_of(keeper, &url) : NULL;
    bool right = mailbox && mailbox->has_access_key && url.token.len && cpmsync_slice_is(url.mechanism, "INTERNAL") &&
                 is_addressee(conn, &url) && !(url.has_expire && url.expire < conn->mock->store.clock) &&
                 make_token(mailbox, url.rump, token) &&
                 cpmsync_slice_ieq(url.token, cpmsync_slice_of(token, sizeof token));
    if (!error)
        error = right ? cpmsync_mock_url_octets(conn, &url, mailbox, out) : CPMSYNC_ERR_NOT_FOUND;
    cpmsync_mock_url_clear(&url);
    return error;
}

/* urlfetch = "URLFETCH" 1*(SP url-full) */
bool cpmsync_mock_cmd_urlfetch(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    size_t out_before = conn->out.len;
    (void)uid;
    cpmsync_mock_putf(conn, "* URLFETCH");
    do {
        struct cpmsync_slice url;
        struct cpmsync_buf octets;
        if (!cpmsync_mock_read_sp(p) || !cpmsync_mock_read_astring(p, &url)) {
            cpmsync_buf_truncate(&conn->out, out_before);
            return false;
        }
        cpmsync_buf_init(&octets, conn->mock->mem, SIZE_MAX / 2);
        int error = fetch(conn, url, &octets);
        cpmsync_mock_putf(conn, " ");
        cpmsync_mock_put_string(conn, url);
        cpmsync_mock_putf(conn, " ");
        if (error)
            cpmsync_mock_putf(conn, "NIL");
        else
            cpmsync_mock_put_string(conn, octets.len ? cpmsync_buf_slice(&octets) : CPMSYNC_SLICE(""));
        cpmsync_buf_clear(&octets);
    } while (!cpmsync_mock_read_end(p));
    cpmsync_mock_putf(conn, "\r\n");
    cpmsync_mock_ok(conn, "URLFETCH completed");
    return true;
}
