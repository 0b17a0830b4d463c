/* SPDX-License-Identifier: MIT */
#include "mock_fault.h"

#include <cpmsync/mock.h>

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
    {"logindisabled", NO_VALUE, offsetof(struct mock_faults, logindisabled), "MS-09, 59",
        "LOGINDISABLED, even over TLS; every login is refused"},
    {"no-sasl-ir", NO_VALUE, offsetof(struct mock_faults, no_sasl_ir), "MS-10",
        "no SASL-IR; an initial response is BAD"},
    {"scram-signature", NO_VALUE, offsetof(struct mock_faults, scram_signature), "MS-10",
        "the server's SCRAM signature is wrong"},
    {"scram-nonce", NO_VALUE, offsetof(struct mock_faults, scram_nonce), "MS-10",
        "the server's SCRAM nonce does not begin with the client's"},
    {"scram-iterations", NUMBER, offsetof(struct mock_faults, scram_iterations), "MS-10",
        "scram-iterations=N: asks for N iterations"},
    {"literal-refuse", NO_VALUE, offsetof(struct mock_faults, literal_refuse), "MS-11, 48",
        "synchronising literals are answered NO instead of +"},
    {"literal-minus", NO_VALUE, offsetof(struct mock_faults, literal_minus), "MS-11", "LITERAL- instead of LITERAL+"},
    {"no-literal-plus", NO_VALUE, offsetof(struct mock_faults, no_literal_plus), "MS-11",
        "neither LITERAL+ nor LITERAL-"},
    {"literal-toobig", NO_VALUE, offsetof(struct mock_faults, literal_toobig), "MS-48",
        "a message's literal is answered NO [TOOBIG], whatever its size"},
    {"bye-in-literal", NUMBER, offsetof(struct mock_faults, bye_in_literal), "MS-48",
        "bye-in-literal=N: BYE once N octets of a literal have come, and the connection ends"},
    {"modified-spurious", NO_VALUE, offsetof(struct mock_faults, modified_spurious), "MS-42",
        "STORE (UNCHANGEDSINCE ...) names a message in MODIFIED that nobody changed, and leaves it as it was"},
    {"modified-no", NO_VALUE, offsetof(struct mock_faults, modified_no), "MS-42", "MODIFIED stands in a NO"},
    {"modified-silent", NO_VALUE, offsetof(struct mock_faults, modified_silent), "MS-42",
        "MODIFIED without the FETCH that explains it"},
    {"quota-soft", NO_VALUE, offsetof(struct mock_faults, quota_soft), "OX-05",
        "a quota that is exceeded is told by an untagged NO [OVERQUOTA], and the command succeeds"},
    {"preview-lazy", NO_VALUE, offsetof(struct mock_faults, preview_lazy), "OX-06", "PREVIEW (LAZY) is NIL"},
    {"messagelimit", NUMBER, offsetof(struct mock_faults, message_limit), "MS-49",
        "messagelimit=N: MESSAGELIMIT=N is offered, and a command touches its highest N messages only; COPY and APPEND "
        "of "
        "more are refused"},
    {"savelimit", NUMBER, offsetof(struct mock_faults, save_limit), "MS-49",
        "savelimit=N: SAVELIMIT=N is offered; COPY and APPEND of more are refused"},
    {"inprogress", NUMBER, offsetof(struct mock_faults, inprogress), "MS-49",
        "inprogress=N: FETCH, STORE, SEARCH, SORT, COPY, MOVE and CONVERT tell INPROGRESS behind every N messages"},
    {"inprogress-forms", NO_VALUE, offsetof(struct mock_faults, inprogress_forms), "MS-49",
        "with inprogress: the forms that say less, in turn: none, tag NIL, neither progress nor goal, no goal"},
    {"inprogress-bad", NO_VALUE, offsetof(struct mock_faults, inprogress_bad), "MS-49",
        "with inprogress: what cannot be, in turn: goal 0, progress above the goal, 2^32; and the tag of no command"},
    {"unknown-cte", NO_VALUE, offsetof(struct mock_faults, unknown_cte), "MS-31",
        "FETCH BINARY, and APPEND of a literal8, are answered NO [UNKNOWN-CTE]"},
    {"uid-not-sticky", NO_VALUE, offsetof(struct mock_faults, uid_not_sticky), "MS-29",
        "UIDs do not last: SELECT says UIDNOTSTICKY and finds a new UIDVALIDITY, no APPENDUID and no COPYUID"},
    {"not-saved", NO_VALUE, offsetof(struct mock_faults, not_saved), "OX-02",
        "SEARCH RETURN (SAVE) is answered NO [NOTSAVED]"},
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
    {"expunge-inside", NUMBER, offsetof(struct mock_faults, expunge_inside), "MS-36",
        "expunge-inside=N: from the N-th UID FETCH or UID STORE on, once, the mailbox's first message is expunged, and "
        "told so, behind the first line of the answer"},
    {"hold-vanished", NO_VALUE, offsetof(struct mock_faults, hold_vanished), "MS-37",
        "a UID FETCH holds expunges back and sends a HIGHESTMODSEQ below them; combine with cut=tagged:N"},
    {"rfc5162", NO_VALUE, offsetof(struct mock_faults, rfc5162), "MS-38",
        "EXPUNGE in spite of QRESYNC, VANISHED (EARLIER) once more with every UID that is missing, HIGHESTMODSEQ in "
        "the "
        "answer to CLOSE"},
    {"vanished-again", NO_VALUE, offsetof(struct mock_faults, vanished_again), "MS-38",
        "VANISHED without EARLIER comes once more, with every UID below that is missing"},
    {"rfc4551", NO_VALUE, offsetof(struct mock_faults, rfc4551), "MS-39",
        "no QRESYNC; an expunge raises no mod-sequence"},
    {"modseq-64", NO_VALUE, offsetof(struct mock_faults, modseq_64), "MS-39",
        "a mailbox that is selected has mod-sequences of 64 bits from then on"},
    {"rfc2086", NO_VALUE, offsetof(struct mock_faults, rfc2086), "MS-24",
        "no RIGHTS=; the rights are lrswipcda, with c for k and x, d for t and e"},
    {"no-negative-rights", NO_VALUE, offsetof(struct mock_faults, no_negative_rights), "MS-24",
        "SETACL and DELETEACL of an identifier with a dash are answered NO"},
    {"no-private-metadata", NO_VALUE, offsetof(struct mock_faults, no_private_metadata), "MS-26",
        "SETMETADATA of private entries is answered NO [METADATA NOPRIVATE]"},
    {"metadata-maxsize", NUMBER, offsetof(struct mock_faults, metadata_maxsize), "MS-26",
        "metadata-maxsize=N: values of at most N octets; 8192 otherwise"},
    {"metadata-max", NUMBER, offsetof(struct mock_faults, metadata_max), "MS-26",
        "metadata-max=N: N entries a mailbox and user; 100 otherwise"},
    {"utf8-only", NO_VALUE, offsetof(struct mock_faults, utf8_only), "RFC 6855 6",
        "UTF8=ONLY instead of UTF8=ACCEPT: what has to do with mailboxes is NO [CANNOT] before its ENABLE"},
    {"convert-tempfail", NO_VALUE, offsetof(struct mock_faults, convert_tempfail), "MS-35",
        "CONVERT is answered NO [TEMPFAIL]"},
    {"convert-tempfail-in", NUMBER, offsetof(struct mock_faults, convert_tempfail_in), "MS-35",
        "convert-tempfail-in=N: each conversion ends in ERROR TEMPFAIL N, which is in minutes"},
    {"max-convert-messages", NUMBER, offsetof(struct mock_faults, max_convert_messages), "MS-35",
        "max-convert-messages=N: CONVERT of more is NO [MAXCONVERTMESSAGES N]"},
    {"max-convert-parts", NUMBER, offsetof(struct mock_faults, max_convert_parts), "MS-35",
        "max-convert-parts=N: CONVERT of more is NO [MAXCONVERTPARTS N]"},
    {"annotations-none", NO_VALUE, offsetof(struct mock_faults, annotations_none), "MS-35",
        "no mailbox takes annotations of messages"},
    {"annotations-read-only", NO_VALUE, offsetof(struct mock_faults, annotations_read_only), "MS-35",
        "annotations of messages cannot be changed"},
    {"no-private-annotations", NO_VALUE, offsetof(struct mock_faults, no_private_annotations), "MS-35",
        "annotations of messages are shared ones only"},
    {"annotate-maxsize", NUMBER, offsetof(struct mock_faults, annotate_maxsize), "MS-35",
        "annotate-maxsize=N: values of at most N octets; 20480 otherwise"},
    {"annotate-max", NUMBER, offsetof(struct mock_faults, annotate_max), "MS-35",
        "annotate-max=N: N values a message and user; 100 otherwise"},
    {"uidvalidity-at", NUMBER, offsetof(struct mock_faults, uidvalidity_at), "MS-41",
        "uidvalidity-at=N: the N-th SELECT finds its mailbox under a new UIDVALIDITY"},
    {"nomodseq-at", NUMBER, offsetof(struct mock_faults, nomodseq_at), "MS-41",
        "nomodseq-at=N: the N-th SELECT finds its mailbox without mod-sequences"},
    {"exists-lower", NUMBER, offsetof(struct mock_faults, exists_lower), "MS-50",
        "exists-lower=N: EXISTS one too low before the tagged answer of the N-th UID FETCH"},
    {"expunge-above", NUMBER, offsetof(struct mock_faults, expunge_above), "MS-50",
        "expunge-above=N: EXPUNGE above the count before the tagged answer of the N-th UID FETCH"},
    {"expunge-in-fetch", NUMBER, offsetof(struct mock_faults, expunge_in_fetch), "MS-50",
        "expunge-in-fetch=N: in the N-th FETCH, once, the mailbox's first message is expunged, and told so, behind the "
        "first line of the answer, although it is about message numbers"},
    {"fetch-above", NUMBER, offsetof(struct mock_faults, fetch_above), "MS-50",
        "fetch-above=N: FETCH above the count before the tagged answer of the N-th UID FETCH"},
    {"vanished-lies", NO_VALUE, offsetof(struct mock_faults, vanished_lies), "MS-52",
        "VANISHED (EARLIER) names a message that is still there"},
    {"select-bad", NUMBER, offsetof(struct mock_faults, select_bad), "MS-53",
        "select-bad=N: the N-th SELECT is answered BAD; what was selected stays so"},
    {"select-no", NUMBER, offsetof(struct mock_faults, select_no), "MS-53",
        "select-no=N: the N-th SELECT is answered NO; nothing is selected behind it"},
    {"arrive-vanish", NUMBER, offsetof(struct mock_faults, arrive_vanish), "MS-55",
        "arrive-vanish=N: before the tagged answer of the N-th UID FETCH two messages arrive; then the mailbox's first "
        "message and the first of the two go"},
    {"notify-idle-only", NO_VALUE, offsetof(struct mock_faults, notify_idle_only), "MS-27",
        "NOTIFY or not, changes of the selected mailbox are told by commands and in IDLE only"},
    {"notify-refuse", NO_VALUE, offsetof(struct mock_faults, notify_refuse), "MS-47",
        "NOTIFY SET is answered NO [NOTIFICATIONOVERFLOW]"},
    {"notify-few", NO_VALUE, offsetof(struct mock_faults, notify_few), "MS-27",
        "NOTIFY knows MessageNew, MessageExpunge and FlagChange only; the others are answered BADEVENT"},
    {"notify-overflow", NUMBER, offsetof(struct mock_faults, notify_overflow), "MS-47",
        "notify-overflow=N: instead of the N-th notification comes NOTIFICATIONOVERFLOW, and NOTIFY is off"},
    {"compress-coalesce", NO_VALUE, offsetof(struct mock_faults, compress_coalesce), "MS-45",
        "compressed octets stand behind the OK of COMPRESS at once"},
    {"compress-corrupt", NO_VALUE, offsetof(struct mock_faults, compress_corrupt), "MS-45",
        "what stands behind the OK of COMPRESS is not DEFLATE"},
    {"compression-active", NO_VALUE, offsetof(struct mock_faults, compression_active), "MS-32",
        "COMPRESS is answered NO [COMPRESSIONACTIVE], as if another layer compressed"},
    {"status-frozen", NO_VALUE, offsetof(struct mock_faults, status_frozen), "MS-56",
        "STATUS of the mailbox that is selected, alone or in LIST, has the values of when it was selected"},
    {"status-missing", NUMBER, offsetof(struct mock_faults, status_missing), "MS-56",
        "status-missing=N: a LIST that returns STATUS leaves out the N-th of its STATUS lines"},
    {"modseq-ahead", NO_VALUE, offsetof(struct mock_faults, modseq_ahead), "MS-57",
        "what others do is not told to who has the mailbox selected; a UID FETCH, and IDLE, send its HIGHESTMODSEQ all "
        "the same"},
    {"qresync-flood", NO_VALUE, offsetof(struct mock_faults, qresync_flood), "MS-58",
        "SELECT (QRESYNC ...) is answered with a FETCH for every message"},
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
        if (equals && cpmsync_slice_is(value, "off")) {
            memset(field, 0,
                FAULTS[i].value == NO_VALUE ? sizeof(bool)
                : FAULTS[i].value == CUT    ? sizeof(enum mock_cut)
                                            : sizeof(uint64_t));
            return true;
        }
        switch (FAULTS[i].value) {
        case NO_VALUE:
            *(bool *)field = true;
            return !equals;
        case NUMBER:
            return equals && cpmsync_slice_number(value, INT64_MAX, (uint64_t *)field) && *(uint64_t *)field > 0;
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
