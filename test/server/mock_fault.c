/* SPDX-License-Identifier: MIT */
#include "mock_fault.h"

#include "mock.h"

#include <stddef.h>

enum value { NO_VALUE, NUMBER, CUT };

static const struct fault {
    const char *name;
    enum value value;
    size_t offset; /* of the switch, or the number, in struct mock_faults */
    const char *proves;
    const char *text;
} FAULTS[] = {
    {"dribble", NO_VALUE, offsetof(struct mock_faults, dribble), "MS-43", "one octet a write"},
    {"coalesce", NO_VALUE, offsetof(struct mock_faults, coalesce), "MS-43",
        "answers are held back until the client is silent for 50 ms, then sent in one write"},
    {"literals", NO_VALUE, offsetof(struct mock_faults, literals), "MS-43", "every string and name is a literal"},
    {"cut", CUT, offsetof(struct mock_faults, cut), "MS-44",
        "cut=before|after|tagged|answered:N[:bye]: ends the connection at the N-th command, counted over all "
        "connections: not executed | executed, its answer not sent | only its tagged answer not sent | answered"},
    {"no-capability-code", NO_VALUE, offsetof(struct mock_faults, no_capability_code), "MS-09",
        "no CAPABILITY code in the greeting and in the answer to a login"},
    {"logindisabled", NO_VALUE, offsetof(struct mock_faults, logindisabled), "MS-09",
        "LOGINDISABLED, even over TLS; every login is refused"},
    {"no-sasl-ir", NO_VALUE, offsetof(struct mock_faults, no_sasl_ir), "MS-10",
        "no SASL-IR; an initial response is BAD"},
    {"scram-signature", NO_VALUE, offsetof(struct mock_faults, scram_signature), "MS-10",
        "the server's SCRAM signature is wrong"},
    {"scram-nonce", NO_VALUE, offsetof(struct mock_faults, scram_nonce), "MS-10",
        "the server's SCRAM nonce does not begin with the client's"},
    {"scram-iterations", NUMBER, offsetof(struct mock_faults, scram_iterations), "MS-10",
        "scram-iterations=N: asks for N iterations"},
    {"literal-refuse", NO_VALUE, offsetof(struct mock_faults, literal_refuse), "MS-11",
        "synchronising literals are answered NO instead of +"},
    {"literal-minus", NO_VALUE, offsetof(struct mock_faults, literal_minus), "MS-11", "LITERAL- instead of LITERAL+"},
    {"no-literal-plus", NO_VALUE, offsetof(struct mock_faults, no_literal_plus), "MS-11", "neither of them"},
    {"starttls-refuse", NO_VALUE, offsetof(struct mock_faults, starttls_refuse), "MS-08", "STARTTLS is answered NO"},
    {"starttls-inject", NO_VALUE, offsetof(struct mock_faults, starttls_inject), "MS-45",
        "a CAPABILITY line stands behind the OK of STARTTLS, in clear"},
    {"enable-refused", NO_VALUE, offsetof(struct mock_faults, enable_refused), "MS-40", "ENABLE is answered BAD"},
    {"enabled-empty", NO_VALUE, offsetof(struct mock_faults, enabled_empty), "MS-40",
        "ENABLE enables nothing and says so"},
    {"no-closed", NO_VALUE, offsetof(struct mock_faults, no_closed), "MS-46", "no CLOSED code"},
    {"preauth", NO_VALUE, offsetof(struct mock_faults, preauth), "MS-59", "the greeting is PREAUTH, as the first user"},
    {"bye-greeting", NO_VALUE, offsetof(struct mock_faults, bye_greeting), "MS-59", "the greeting is BYE"},
    {"stale-resync", NO_VALUE, offsetof(struct mock_faults, stale_resync), "MS-51",
        "SELECT (QRESYNC ...) is answered without its changes"},
    {"swallow-after-login", NO_VALUE, offsetof(struct mock_faults, swallow_after_login), "MS-54",
        "the login is answered, everything behind it is swallowed"},
    {"silent", NUMBER, offsetof(struct mock_faults, silent_after), "design R3",
        "silent=N: nothing is answered any more behind the N-th command"},
};

static bool set_cut(struct mock_faults *faults, struct cpmsync_slice value)
{
    static const char *const WHERE[] = {"", "before:", "after:", "tagged:", "answered:"};
    size_t i;
    faults->cut_bye = value.len > 4 && memcmp(value.data + value.len - 4, ":bye", 4) == 0;
    if (faults->cut_bye)
        value.len -= 4;
    for (i = 1; i < sizeof WHERE / sizeof *WHERE; i++) {
        size_t len = strlen(WHERE[i]);
        if (value.len <= len || memcmp(value.data, WHERE[i], len) != 0)
            continue;
        faults->cut = (enum mock_cut)i;
        return cpmsync_slice_number(cpmsync_slice_of(value.data + len, value.len - len), INT64_MAX, &faults->cut_at) &&
               faults->cut_at > 0;
    }
    return false;
}

bool cpmsync_mock_faults_set(struct mock_faults *faults, struct cpmsync_slice text)
{
    const uint8_t *equals = text.len ? (const uint8_t *)memchr(text.data, '=', text.len) : NULL;
    struct cpmsync_slice name = cpmsync_slice_of(text.data, equals ? (size_t)(equals - text.data) : text.len);
    struct cpmsync_slice value =
        equals ? cpmsync_slice_of(equals + 1, text.len - name.len - 1) : cpmsync_slice_of(NULL, 0);
    size_t i;
    for (i = 0; i < sizeof FAULTS / sizeof *FAULTS; i++) {
        void *field = (char *)faults + FAULTS[i].offset;
        if (!cpmsync_slice_is(name, FAULTS[i].name))
            continue;
        switch (FAULTS[i].value) {
        case NO_VALUE:
            *(bool *)field = true;
            return !equals;
        case NUMBER:
            return equals && cpmsync_slice_number(value, INT64_MAX, (uint64_t *)field);
        case CUT:
            return equals && set_cut(faults, value);
        }
    }
    return false;
}

int cpmsync_mock_fault_list(size_t index, const char **name, const char **proves, const char **text)
{
    if (index >= sizeof FAULTS / sizeof *FAULTS)
        return CPMSYNC_ERR_NOT_FOUND;
    *name = FAULTS[index].name;
    *proves = FAULTS[index].proves;
    *text = FAULTS[index].text;
    return 0;
}
