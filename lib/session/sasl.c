/* SPDX-License-Identifier: MIT */
#include "session/sasl.h"

#include "base/err.h"
#include "session/base64.h"

enum { NONCE_OCTETS = 18, SALT_OCTETS_MAX = 1024 };

/* Where an exchange stands: what is expected next. */
enum step {
    STEP_FIRST,        /* our first message is due. Next: SERVER_FIRST, or COMPLETE for PLAIN */
    STEP_SERVER_FIRST, /* nonce, salt and iteration count. Next: HASHING */
    STEP_HASHING,      /* PBKDF2 has rounds left. Next: SERVER_FINAL */
    STEP_SERVER_FINAL, /* the server's signature. Next: COMPLETE */
    STEP_COMPLETE,     /* nothing more may come. Next: FAILED */
    STEP_FAILED
};

const char *cpmsync_sasl_name(enum cpmsync_sasl_mechanism mechanism)
{
    switch (mechanism) {
    case CPMSYNC_SASL_PLAIN:
        return "PLAIN";
    case CPMSYNC_SASL_SCRAM_SHA_1:
        return "SCRAM-SHA-1";
    case CPMSYNC_SASL_SCRAM_SHA_256:
        return "SCRAM-SHA-256";
    case CPMSYNC_SASL_NONE:
        break;
    }
    return "";
}

/* ---- what both ends compute */

static enum cpmsync_hash hash_of(const struct cpmsync_sasl *sasl)
{
    return sasl->mechanism == CPMSYNC_SASL_SCRAM_SHA_1 ? CPMSYNC_HASH_SHA1 : CPMSYNC_HASH_SHA256;
}

static size_t hash_len(const struct cpmsync_sasl *sasl)
{
    return sasl->mechanism == CPMSYNC_SASL_SCRAM_SHA_1 ? 20 : 32;
}

static int hmac(const struct cpmsync_sasl *sasl, struct cpmsync_slice key, struct cpmsync_slice data, uint8_t *out)
{
    return sasl->crypto->ops->hmac(sasl->crypto->self, hash_of(sasl), key.data, key.len, data.data, data.len, out);
}

static struct cpmsync_slice salted_password(const struct cpmsync_sasl *sasl)
{
    return cpmsync_slice_of(sasl->salted, hash_len(sasl));
}

/* ---- the first message */

static bool has_controls(const char *text)
{
    for (; text && *text; text++) {
        if ((uint8_t)*text < 0x20 || *text == 0x7f)
            return true;
    }
    return false;
}

/* saslname: '=' and ',' are written "=3D" and "=2C". */
static int add_saslname(struct cpmsync_buf *out, const char *name)
{
    int rc = 0;

    for (; rc == 0 && *name; name++) {
        if (*name == '=')
            rc = cpmsync_buf_add_str(out, "=3D");
        else if (*name == ',')
            rc = cpmsync_buf_add_str(out, "=2C");
        else
            rc = cpmsync_buf_add_char(out, *name);
    }
    return rc;
}

/* gs2-header = "n," [ "a=" saslname ] "," */
static int make_header(struct cpmsync_sasl *sasl, const char *authzid)
{
    int rc = cpmsync_buf_add_str(&sasl->header, "n,");

    if (rc == 0 && authzid && *authzid) {
        rc = cpmsync_buf_add_str(&sasl->header, "a=");
        if (rc == 0)
            rc = add_saslname(&sasl->header, authzid);
    }
    return rc ? rc : cpmsync_buf_add_char(&sasl->header, ',');
}

/* client-first-message-bare = "n=" saslname ",r=" c-nonce */
static int init_scram(struct cpmsync_sasl *sasl, const struct cpmsync_sasl_credentials *credentials)
{
    uint8_t random[NONCE_OCTETS];
    int rc;

    if (!sasl->crypto)
        return CPMSYNC_ERR_AUTH_MECHANISM;
    if (has_controls(credentials->user) || has_controls(credentials->password) || has_controls(credentials->authzid))
        return CPMSYNC_ERR_AUTH_CREDENTIALS;
    rc = sasl->crypto->ops->random(sasl->crypto->self, random, sizeof(random));
    if (rc == 0)
        rc = cpmsync_base64_encode(&sasl->nonce, cpmsync_slice_of(random, sizeof(random)));
    if (rc == 0)
        rc = cpmsync_buf_add_str(&sasl->password, credentials->password);
    if (rc == 0)
        rc = make_header(sasl, credentials->authzid);
    if (rc == 0)
        rc = cpmsync_buf_add_str(&sasl->auth_message, "n=");
    if (rc == 0)
        rc = add_saslname(&sasl->auth_message, credentials->user);
    if (rc == 0)
        rc = cpmsync_buf_add_str(&sasl->auth_message, ",r=");
    if (rc == 0)
        rc = cpmsync_buf_add_slice(&sasl->auth_message, cpmsync_buf_slice(&sasl->nonce));
    return rc;
}

/* message = [authzid] NUL authcid NUL passwd */
static int init_plain(struct cpmsync_sasl *sasl, const struct cpmsync_sasl_credentials *credentials)
{
    int rc = cpmsync_buf_add_str(&sasl->message, credentials->authzid ? credentials->authzid : "");

    if (rc == 0)
        rc = cpmsync_buf_add_char(&sasl->message, '\0');
    if (rc == 0)
        rc = cpmsync_buf_add_str(&sasl->message, credentials->user);
    if (rc == 0)
        rc = cpmsync_buf_add_char(&sasl->message, '\0');
    return rc ? rc : cpmsync_buf_add_str(&sasl->message, credentials->password);
}

static void init_secret(struct cpmsync_buf *buf, const struct cpmsync_allocator *mem)
{
    cpmsync_buf_init(buf, mem, CPMSYNC_SASL_MESSAGE_MAX);
    buf->secret = true;
}

int cpmsync_sasl_init(struct cpmsync_sasl *sasl, const struct cpmsync_allocator *mem, struct cpmsync_crypto *crypto,
    enum cpmsync_sasl_mechanism mechanism, const struct cpmsync_sasl_credentials *credentials, uint32_t iterations_max)
{
    int rc;

    memset(sasl, 0, sizeof(*sasl));
    sasl->mechanism = mechanism;
    sasl->crypto = crypto;
    sasl->iterations_max = iterations_max;
    init_secret(&sasl->password, mem);
    init_secret(&sasl->header, mem);
    init_secret(&sasl->nonce, mem);
    init_secret(&sasl->auth_message, mem);
    init_secret(&sasl->message, mem);
    /* An empty name or password is never right, and some servers take it for an anonymous login. */
    if (!*credentials->user || !*credentials->password)
        return CPMSYNC_ERR_AUTH_CREDENTIALS;
    rc = mechanism == CPMSYNC_SASL_PLAIN ? init_plain(sasl, credentials) : init_scram(sasl, credentials);
    return rc == CPMSYNC_ERR_LIMIT ? CPMSYNC_ERR_AUTH_CREDENTIALS : rc;
}

void cpmsync_sasl_clear(struct cpmsync_sasl *sasl)
{
    cpmsync_buf_clear(&sasl->password);
    cpmsync_buf_clear(&sasl->header);
    cpmsync_buf_clear(&sasl->nonce);
    cpmsync_buf_clear(&sasl->auth_message);
    cpmsync_buf_clear(&sasl->message);
    cpmsync_mem_wipe(sasl->u, sizeof(sasl->u));
    cpmsync_mem_wipe(sasl->salted, sizeof(sasl->salted));
    cpmsync_mem_wipe(sasl->server_signature, sizeof(sasl->server_signature));
    sasl->step = STEP_FAILED;
}

/* ---- the messages of SCRAM */

/* Takes "x=value" and the comma behind it from the front of *text; false if another attribute stands there. */
static bool take_attribute(struct cpmsync_slice *text, char name, struct cpmsync_slice *value)
{
    size_t end = 2;

    if (text->len < 2 || text->data[0] != (uint8_t)name || text->data[1] != '=')
        return false;
    while (end < text->len && text->data[end] != ',')
        end++;
    *value = cpmsync_slice_of(text->data + 2, end - 2);
    if (end < text->len)
        end++;
    *text = cpmsync_slice_of(text->data + end, text->len - end);
    return true;
}

static int first_message(struct cpmsync_sasl *sasl, struct cpmsync_buf *out)
{
    int rc;

    if (sasl->mechanism == CPMSYNC_SASL_PLAIN) {
        sasl->step = STEP_COMPLETE;
        return cpmsync_buf_add_slice(out, cpmsync_buf_slice(&sasl->message));
    }
    sasl->step = STEP_SERVER_FIRST;
    rc = cpmsync_buf_add_slice(out, cpmsync_buf_slice(&sasl->header));
    return rc ? rc : cpmsync_buf_add_slice(out, cpmsync_buf_slice(&sasl->auth_message));
}

/* U1 = HMAC(password, salt INT(1)) of Hi() (RFC 5802 2.2). */
static int begin_hashing(struct cpmsync_sasl *sasl, struct cpmsync_slice salt_text)
{
    struct cpmsync_buf salt;
    int rc;

    cpmsync_buf_init(&salt, sasl->nonce.mem, SALT_OCTETS_MAX + 4);
    rc = cpmsync_base64_decode(&salt, salt_text);
    if (rc == 0 && salt.len == 0)
        rc = CPMSYNC_ERR_PROTOCOL;
    if (rc == 0)
        rc = cpmsync_buf_add(&salt, "\0\0\0\1", 4);
    if (rc == 0)
        rc = hmac(sasl, cpmsync_buf_slice(&sasl->password), cpmsync_buf_slice(&salt), sasl->u);
    memcpy(sasl->salted, sasl->u, sizeof(sasl->salted));
    cpmsync_buf_clear(&salt);
    return rc == CPMSYNC_ERR_LIMIT ? CPMSYNC_ERR_PROTOCOL : rc;
}

/* server-first-message = "r=" nonce ",s=" salt ",i=" iteration-count ["," extensions]; a mandatory "m=" is unknown to us */
static int server_first(struct cpmsync_sasl *sasl, struct cpmsync_slice challenge)
{
    struct cpmsync_slice rest = challenge;
    struct cpmsync_slice nonce, salt, count;
    struct cpmsync_slice ours = cpmsync_buf_slice(&sasl->nonce);
    uint64_t iterations;
    int rc;

    if (!take_attribute(&rest, 'r', &nonce) || !take_attribute(&rest, 's', &salt) ||
        !take_attribute(&rest, 'i', &count) || !cpmsync_slice_number(count, UINT64_MAX, &iterations) || iterations == 0)
        return CPMSYNC_ERR_PROTOCOL;
    /* S-14: it begins with ours, and the server added something. */
    if (nonce.len <= ours.len || !cpmsync_slice_eq(cpmsync_slice_of(nonce.data, ours.len), ours))
        return CPMSYNC_ERR_AUTH_SERVER;
    if (iterations > sasl->iterations_max)
        return CPMSYNC_ERR_AUTH_ITERATIONS;
    rc = begin_hashing(sasl, salt);
    if (rc)
        return rc;
    sasl->rounds = (uint32_t)iterations - 1;
    rc = cpmsync_buf_add_slice(&sasl->nonce, cpmsync_slice_of(nonce.data + ours.len, nonce.len - ours.len));
    if (rc == 0)
        rc = cpmsync_buf_add_char(&sasl->auth_message, ',');
    if (rc == 0)
        rc = cpmsync_buf_add_slice(&sasl->auth_message, challenge);
    sasl->step = STEP_HASHING;
    return rc ? rc : 1;
}

/* client-final-message-without-proof = "c=" base64(gs2-header) ",r=" nonce */
static int add_final(struct cpmsync_sasl *sasl, struct cpmsync_buf *out)
{
    int rc = cpmsync_buf_add_str(out, "c=");

    if (rc == 0)
        rc = cpmsync_base64_encode(out, cpmsync_buf_slice(&sasl->header));
    if (rc == 0)
        rc = cpmsync_buf_add_str(out, ",r=");
    return rc ? rc : cpmsync_buf_add_slice(out, cpmsync_buf_slice(&sasl->nonce));
}

/* ClientProof = ClientKey XOR HMAC(H(ClientKey), AuthMessage) */
static int make_proof(struct cpmsync_sasl *sasl, uint8_t *proof)
{
    struct cpmsync_slice message = cpmsync_buf_slice(&sasl->auth_message);
    size_t len = hash_len(sasl);
    uint8_t key[CPMSYNC_HASH_MAX], stored[CPMSYNC_HASH_MAX];
    int rc = hmac(sasl, salted_password(sasl), CPMSYNC_SLICE("Client Key"), key);

    if (rc == 0)
        rc = sasl->crypto->ops->hash(sasl->crypto->self, hash_of(sasl), key, len, stored);
    if (rc == 0)
        rc = hmac(sasl, cpmsync_slice_of(stored, len), message, proof);
    for (size_t i = 0; rc == 0 && i < len; i++)
        proof[i] ^= key[i];
    cpmsync_mem_wipe(key, sizeof(key));
    cpmsync_mem_wipe(stored, sizeof(stored));
    return rc;
}

/* ServerSignature = HMAC(HMAC(SaltedPassword, "Server Key"), AuthMessage) */
static int make_server_signature(struct cpmsync_sasl *sasl)
{
    uint8_t key[CPMSYNC_HASH_MAX];
    int rc = hmac(sasl, salted_password(sasl), CPMSYNC_SLICE("Server Key"), key);

    if (rc == 0)
        rc = hmac(sasl, cpmsync_slice_of(key, hash_len(sasl)), cpmsync_buf_slice(&sasl->auth_message),
            sasl->server_signature);
    cpmsync_mem_wipe(key, sizeof(key));
    return rc;
}

static int client_final(struct cpmsync_sasl *sasl, struct cpmsync_buf *out)
{
    uint8_t proof[CPMSYNC_HASH_MAX];
    int rc = cpmsync_buf_add_char(&sasl->auth_message, ',');

    if (rc == 0)
        rc = add_final(sasl, &sasl->auth_message);
    if (rc == 0)
        rc = make_proof(sasl, proof);
    if (rc == 0)
        rc = make_server_signature(sasl);
    if (rc == 0)
        rc = add_final(sasl, out);
    if (rc == 0)
        rc = cpmsync_buf_add_str(out, ",p=");
    if (rc == 0)
        rc = cpmsync_base64_encode(out, cpmsync_slice_of(proof, hash_len(sasl)));
    cpmsync_mem_wipe(proof, sizeof(proof));
    sasl->step = STEP_SERVER_FINAL;
    return rc;
}

/* server-final-message = ("e=" error / "v=" base64(ServerSignature)) ["," extensions] */
static int server_final(struct cpmsync_sasl *sasl, struct cpmsync_slice challenge)
{
    struct cpmsync_buf theirs;
    struct cpmsync_slice value;
    uint8_t differ = 0;
    int rc;

    if (take_attribute(&challenge, 'e', &value))
        return CPMSYNC_ERR_AUTH;
    if (!take_attribute(&challenge, 'v', &value))
        return CPMSYNC_ERR_PROTOCOL;
    cpmsync_buf_init(&theirs, sasl->nonce.mem, CPMSYNC_HASH_MAX);
    rc = cpmsync_base64_decode(&theirs, value);
    if (rc == CPMSYNC_ERR_LIMIT || rc == CPMSYNC_ERR_PROTOCOL || (rc == 0 && theirs.len != hash_len(sasl)))
        rc = CPMSYNC_ERR_AUTH_SERVER;
    const uint8_t *signature = cpmsync_buf_data(&theirs);
    for (size_t i = 0; rc == 0 && signature && i < theirs.len; i++)
        differ |= signature[i] ^ sasl->server_signature[i];
    if (differ)
        rc = CPMSYNC_ERR_AUTH_SERVER;
    cpmsync_buf_clear(&theirs);
    sasl->step = STEP_COMPLETE;
    return rc;
}

/* ---- the exchange */

static int take_challenge(struct cpmsync_sasl *sasl, struct cpmsync_slice challenge, struct cpmsync_buf *out)
{
    switch ((enum step)sasl->step) {
    case STEP_FIRST:
        return challenge.len ? CPMSYNC_ERR_PROTOCOL : first_message(sasl, out);
    case STEP_SERVER_FIRST:
        return server_first(sasl, challenge);
    case STEP_SERVER_FINAL:
        return server_final(sasl, challenge);
    case STEP_HASHING:
    case STEP_COMPLETE:
    case STEP_FAILED:
        break;
    }
    return CPMSYNC_ERR_PROTOCOL;
}

int cpmsync_sasl_step(struct cpmsync_sasl *sasl, struct cpmsync_slice challenge, struct cpmsync_buf *out)
{
    bool first = sasl->step == STEP_FIRST;
    int rc = take_challenge(sasl, challenge, out);

    /* Our limit of a message is none that the app could raise: names, or what the server says, are absurdly long. */
    if (rc == CPMSYNC_ERR_LIMIT)
        rc = first ? CPMSYNC_ERR_AUTH_CREDENTIALS : CPMSYNC_ERR_PROTOCOL;
    if (rc < 0)
        sasl->step = STEP_FAILED;
    return rc;
}

int cpmsync_sasl_work(struct cpmsync_sasl *sasl, uint32_t rounds, uint32_t *done, struct cpmsync_buf *out)
{
    int rc;

    *done = rounds < sasl->rounds ? rounds : sasl->rounds;
    if (sasl->step != STEP_HASHING)
        return CPMSYNC_ERR_STATE;
    rc = *done == 0 ? 0
                    : sasl->crypto->ops->hmac_rounds(sasl->crypto->self, hash_of(sasl),
                          cpmsync_buf_data(&sasl->password), sasl->password.len, *done, sasl->u, sasl->salted);
    sasl->rounds -= *done;
    if (rc == 0 && sasl->rounds)
        return 1;
    if (rc == 0)
        rc = client_final(sasl, out);
    if (rc == CPMSYNC_ERR_LIMIT)
        rc = CPMSYNC_ERR_PROTOCOL;
    if (rc < 0)
        sasl->step = STEP_FAILED;
    return rc;
}

bool cpmsync_sasl_busy(const struct cpmsync_sasl *sasl)
{
    return sasl->step == STEP_HASHING;
}

bool cpmsync_sasl_complete(const struct cpmsync_sasl *sasl)
{
    return sasl->step == STEP_COMPLETE;
}
