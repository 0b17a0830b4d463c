/* SPDX-License-Identifier: MIT */
#include "sync/push_json.h"

#include "sync/push_url.h"

static void skip(struct cpmsync_slice *text, size_t len)
{
    text->data += len;
    text->len -= len;
}

static void skip_space(struct cpmsync_slice *text)
{
    while (
        text->len && (text->data[0] == ' ' || text->data[0] == '\t' || text->data[0] == '\r' || text->data[0] == '\n'))
        skip(text, 1);
}

static bool take(struct cpmsync_slice *text, char octet)
{
    skip_space(text);
    if (text->len == 0 || text->data[0] != (uint8_t)octet)
        return false;
    skip(text, 1);
    return true;
}

/* ---- strings */

static bool take_hex(struct cpmsync_slice *text, uint32_t *unit)
{
    *unit = 0;
    if (text->len < 4)
        return false;
    for (size_t i = 0; i < 4; i++) {
        unsigned worth = cpmsync_push_digit(text->data[i]);
        if (worth > 15)
            return false;
        *unit = *unit << 4 | worth;
    }
    skip(text, 4);
    return true;
}

/* uXXXX, of which two may be a pair. */
static bool take_unicode(struct cpmsync_slice *text, struct cpmsync_push_text *string)
{
    uint32_t high, low;

    if (!take_hex(text, &high))
        return false;
    if (high >= 0xd800 && high < 0xdc00 && text->len >= 2 && text->data[0] == '\\' && text->data[1] == 'u') {
        skip(text, 2);
        if (!take_hex(text, &low))
            return false;
        high = low >= 0xdc00 && low < 0xe000 ? 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00) : high;
    }
    cpmsync_push_text_add_character(string, high);
    return true;
}

static bool take_escape(struct cpmsync_slice *text, struct cpmsync_push_text *string)
{
    static const char names[] = "\"\\/bfnrt", octets[] = "\"\\/\b\f\n\r\t";
    uint8_t name = text->len ? text->data[0] : 0;
    const char *at = name ? strchr(names, name) : NULL;

    if (at)
        cpmsync_push_text_add(string, octets + (at - names), 1);
    else if (name != 'u')
        return false;
    skip(text, 1);
    return at || take_unicode(text, string);
}

/* Behind the opening quote, to behind the closing one. */
static bool take_string(struct cpmsync_slice *text, struct cpmsync_push_text *string)
{
    string->len = 0;
    string->too_long = false;
    while (text->len && text->data[0] != '"') {
        bool escaped = text->data[0] == '\\';
        if (!escaped)
            cpmsync_push_text_add(string, text->data, 1);
        skip(text, 1);
        if (escaped && !take_escape(text, string))
            return false;
    }
    return take(text, '"');
}

/* ---- values */

/* A number or a word, as it stands. */
static bool take_word(struct cpmsync_slice *text, struct cpmsync_push_text *word)
{
    word->len = 0;
    word->too_long = false;
    for (; text->len && text->data[0] > ' ' && !strchr(",]}\":[{", text->data[0]); skip(text, 1))
        cpmsync_push_text_add(word, text->data, 1);
    return word->len != 0;
}

/* An object or array; its depth is counted, and no stack grows with it. */
static bool skip_nested(struct cpmsync_slice *text, struct cpmsync_push_text *scratch)
{
    size_t depth = 0;

    while (text->len) {
        uint8_t octet = text->data[0];
        skip(text, 1);
        if (octet == '"' && !take_string(text, scratch))
            return false;
        depth += octet == '{' || octet == '[';
        depth -= octet == '}' || octet == ']';
        if (depth == 0)
            return true;
    }
    return false;
}

static void take_number(uint64_t max, struct cpmsync_slice digits, uint64_t *number)
{
    uint64_t value;

    if (cpmsync_slice_number(digits, max, &value))
        *number = value;
}

/* ---- parameters (RFC 5423 4) */

static enum cpmsync_push_event event_of(struct cpmsync_slice name)
{
    static const struct {
        const char *name;
        enum cpmsync_push_event event;
    } events[] = {
        {"MessageAppend", CPMSYNC_PUSH_MESSAGE_APPEND},
        {"MessageExpire", CPMSYNC_PUSH_MESSAGE_EXPIRE},
        {"MessageExpunge", CPMSYNC_PUSH_MESSAGE_EXPUNGE},
        {"MessageNew", CPMSYNC_PUSH_MESSAGE_NEW},
        {"QuotaExceed", CPMSYNC_PUSH_QUOTA_EXCEED},
        {"QuotaWithin", CPMSYNC_PUSH_QUOTA_WITHIN},
        {"QuotaChange", CPMSYNC_PUSH_QUOTA_CHANGE},
        {"MessageRead", CPMSYNC_PUSH_MESSAGE_READ},
        {"MessageTrash", CPMSYNC_PUSH_MESSAGE_TRASH},
        {"FlagsSet", CPMSYNC_PUSH_FLAGS_SET},
        {"FlagsClear", CPMSYNC_PUSH_FLAGS_CLEAR},
        {"Login", CPMSYNC_PUSH_LOGIN},
        {"Logout", CPMSYNC_PUSH_LOGOUT},
        {"MailboxCreate", CPMSYNC_PUSH_MAILBOX_CREATE},
        {"MailboxDelete", CPMSYNC_PUSH_MAILBOX_DELETE},
        {"MailboxRename", CPMSYNC_PUSH_MAILBOX_RENAME},
        {"MailboxSubscribe", CPMSYNC_PUSH_MAILBOX_SUBSCRIBE},
        {"MailboxUnSubscribe", CPMSYNC_PUSH_MAILBOX_UNSUBSCRIBE},
    };

    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        if (cpmsync_slice_is(name, events[i].name))
            return events[i].event;
    return CPMSYNC_PUSH_UNKNOWN;
}

enum parameter { OTHER, EVENT, URI, MAILBOX_ID, USER, UIDSET, UIDNEXT, MODSEQ, TIMESTAMP };

static enum parameter parameter_of(struct cpmsync_slice name)
{
    static const char *const names[] = {
        "", "event", "uri", "mailboxID", "user", "uidset", "uidnext", "modseq", "timestamp"};

    for (size_t i = EVENT; i <= TIMESTAMP; i++)
        if (cpmsync_slice_is(name, names[i]))
            return (enum parameter)i;
    return OTHER;
}

static void take_parameter(struct cpmsync_push_hint *hint, enum parameter parameter, struct cpmsync_slice value)
{
    uint64_t number = 0;

    switch (parameter) {
    case OTHER:
        break;
    case EVENT:
        hint->event = event_of(value);
        break;
    case URI:
    case MAILBOX_ID:
        cpmsync_push_url(hint, value);
        break;
    case USER: /* says it better than a URL does */
        if (value.len)
            cpmsync_push_name(hint->user, sizeof hint->user, value);
        break;
    case UIDSET: /* a single one, or none */
        take_number(UINT32_MAX, value, &number);
        hint->uid = (uint32_t)number;
        break;
    case UIDNEXT:
        take_number(UINT32_MAX, value, &number);
        hint->uidnext = (uint32_t)number;
        break;
    case MODSEQ:
        take_number(INT64_MAX, value, &hint->modseq);
        break;
    case TIMESTAMP:
        cpmsync_push_time(value, &hint->time_ms);
        break;
    }
}

int cpmsync_push_json(struct cpmsync_push_hint *hint, struct cpmsync_slice text)
{
    struct cpmsync_push_text value;

    if (!take(&text, '{'))
        return CPMSYNC_ERR_UNSUPPORTED;
    do {
        if (!take(&text, '"') || !take_string(&text, &value) || !take(&text, ':'))
            return 0;
        enum parameter parameter = parameter_of(cpmsync_push_text_slice(&value));
        skip_space(&text);
        if (take(&text, '"')) {
            if (!take_string(&text, &value))
                return 0;
        } else if (text.len && (text.data[0] == '{' || text.data[0] == '[')) {
            if (!skip_nested(&text, &value))
                return 0;
            continue;
        } else if (!take_word(&text, &value)) {
            return 0;
        }
        take_parameter(hint, parameter, cpmsync_push_text_slice(&value));
    } while (take(&text, ','));
    return 0;
}
