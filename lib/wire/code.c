/* SPDX-License-Identifier: MIT */
#include "wire/code.h"

#include "wire/lex.h"

enum grammar { PLAIN, NUMBER, NZ_NUMBER, MODSEQ, ARGUMENTS, FLAG_LIST, STRING_LIST };

struct known_code {
    const char *name;
    enum cpmsync_code_type type;
    enum grammar grammar;
};

static const struct known_code known_codes[] = {
    {"ALERT", CPMSYNC_CODE_ALERT, PLAIN},
    {"ALREADYEXISTS", CPMSYNC_CODE_ALREADYEXISTS, PLAIN},
    {"APPENDUID", CPMSYNC_CODE_APPENDUID, ARGUMENTS},
    {"AUTHENTICATIONFAILED", CPMSYNC_CODE_AUTHENTICATIONFAILED, PLAIN},
    {"AUTHORIZATIONFAILED", CPMSYNC_CODE_AUTHORIZATIONFAILED, PLAIN},
    {"BADCHARSET", CPMSYNC_CODE_BADCHARSET, STRING_LIST},
    {"CANNOT", CPMSYNC_CODE_CANNOT, PLAIN},
    {"CAPABILITY", CPMSYNC_CODE_CAPABILITY, ARGUMENTS},
    {"CLIENTBUG", CPMSYNC_CODE_CLIENTBUG, PLAIN},
    {"CLOSED", CPMSYNC_CODE_CLOSED, PLAIN},
    {"CONTACTADMIN", CPMSYNC_CODE_CONTACTADMIN, PLAIN},
    {"COPYUID", CPMSYNC_CODE_COPYUID, ARGUMENTS},
    {"CORRUPTION", CPMSYNC_CODE_CORRUPTION, PLAIN},
    {"EXPIRED", CPMSYNC_CODE_EXPIRED, PLAIN},
    {"EXPUNGEISSUED", CPMSYNC_CODE_EXPUNGEISSUED, PLAIN},
    {"HIGHESTMODSEQ", CPMSYNC_CODE_HIGHESTMODSEQ, MODSEQ},
    {"INUSE", CPMSYNC_CODE_INUSE, PLAIN},
    {"LIMIT", CPMSYNC_CODE_LIMIT, PLAIN},
    {"MAILBOXID", CPMSYNC_CODE_MAILBOXID, STRING_LIST},
    {"MODIFIED", CPMSYNC_CODE_MODIFIED, ARGUMENTS},
    {"NOMODSEQ", CPMSYNC_CODE_NOMODSEQ, PLAIN},
    {"NONEXISTENT", CPMSYNC_CODE_NONEXISTENT, PLAIN},
    {"NOPERM", CPMSYNC_CODE_NOPERM, PLAIN},
    {"NOTIFICATIONOVERFLOW", CPMSYNC_CODE_NOTIFICATIONOVERFLOW, PLAIN},
    {"OVERQUOTA", CPMSYNC_CODE_OVERQUOTA, PLAIN},
    {"PARSE", CPMSYNC_CODE_PARSE, PLAIN},
    {"PERMANENTFLAGS", CPMSYNC_CODE_PERMANENTFLAGS, FLAG_LIST},
    {"PRIVACYREQUIRED", CPMSYNC_CODE_PRIVACYREQUIRED, PLAIN},
    {"READ-ONLY", CPMSYNC_CODE_READ_ONLY, PLAIN},
    {"READ-WRITE", CPMSYNC_CODE_READ_WRITE, PLAIN},
    {"SERVERBUG", CPMSYNC_CODE_SERVERBUG, PLAIN},
    {"TOOBIG", CPMSYNC_CODE_TOOBIG, PLAIN},
    {"TRYCREATE", CPMSYNC_CODE_TRYCREATE, PLAIN},
    {"UIDNEXT", CPMSYNC_CODE_UIDNEXT, NZ_NUMBER},
    {"UIDNOTSTICKY", CPMSYNC_CODE_UIDNOTSTICKY, PLAIN},
    {"UIDVALIDITY", CPMSYNC_CODE_UIDVALIDITY, NZ_NUMBER},
    {"UNAVAILABLE", CPMSYNC_CODE_UNAVAILABLE, PLAIN},
    {"UNSEEN", CPMSYNC_CODE_UNSEEN, NUMBER},
};

static const struct known_code *find_code(struct cpmsync_slice name)
{
    size_t i;

    for (i = 0; i < sizeof(known_codes) / sizeof(known_codes[0]); i++) {
        if (cpmsync_slice_is(name, known_codes[i].name))
            return &known_codes[i];
    }
    return NULL;
}

static struct cpmsync_slice without_end_spaces(const uint8_t *begin, const uint8_t *end)
{
    while (end > begin && end[-1] == ' ')
        end--;
    return cpmsync_slice_of(begin, (size_t)(end - begin));
}

static void advance_to(struct cpmsync_slice *text, const uint8_t *at)
{
    text->len -= (size_t)(at - text->data);
    text->data = at;
}

/* *<any TEXT-CHAR except "]"> */
static bool lex_arguments(struct cpmsync_slice *text, bool more, struct cpmsync_slice *args)
{
    const uint8_t *end = text->len ? memchr(text->data, ']', text->len) : NULL;

    if (!end && !more)
        return false;
    if (!end)
        end = text->data + text->len;
    *args = without_end_spaces(text->data, end);
    advance_to(text, end);
    return true;
}

/* ["(" astring *(SP astring) ")"] */
static bool lex_strings(struct cpmsync_slice *text, struct cpmsync_slice *args)
{
    if (text->len == 0 || text->data[0] != '(') {
        *args = cpmsync_slice_of(text->data, 0);
        return true;
    }
    if (!cpmsync_lex_value(text, 1, args))
        return false;
    *args = cpmsync_slice_of(args->data + 1, args->len - 2);
    return true;
}

static bool lex_code_number(
    struct cpmsync_slice *text, uint64_t min, uint64_t max, struct cpmsync_slice *args, uint64_t *number)
{
    return lex_arguments(text, false, args) && cpmsync_slice_number(*args, max, number) && *number >= min;
}

/* What stands between the name and the "]" of a code. */
static bool lex_by_grammar(
    enum grammar grammar, struct cpmsync_slice *text, bool more, struct cpmsync_slice *args, uint64_t *number)
{
    switch (grammar) {
    case NUMBER:
        return lex_code_number(text, 0, UINT32_MAX, args, number);
    case NZ_NUMBER:
        return lex_code_number(text, 1, UINT32_MAX, args, number);
    case MODSEQ:
        return lex_code_number(text, 0, UINT64_MAX, args, number);
    case FLAG_LIST:
        return cpmsync_lex_flags(text, more, args);
    case STRING_LIST:
        return lex_strings(text, args);
    case ARGUMENTS:
    case PLAIN:
        break;
    }
    return lex_arguments(text, more, args);
}

static bool lex_end(struct cpmsync_slice *text, bool more)
{
    (void)cpmsync_lex_space(text);
    return cpmsync_lex_char(text, ']') || (more && text->len == 0);
}

static void lex_name(struct cpmsync_slice *text, struct cpmsync_slice *name)
{
    const uint8_t *begin;

    (void)cpmsync_lex_space(text);
    begin = text->data;
    while (text->len && text->data[0] > ' ' && text->data[0] != ']')
        advance_to(text, text->data + 1);
    *name = cpmsync_slice_of(begin, (size_t)(text->data - begin));
}

void cpmsync_code_parse(struct cpmsync_slice *text, bool more, struct cpmsync_code *code)
{
    struct cpmsync_slice rest = *text;
    struct cpmsync_slice arguments;
    const struct known_code *known;

    memset(code, 0, sizeof(*code));
    code->type = CPMSYNC_CODE_UNKNOWN;
    (void)cpmsync_lex_char(&rest, '[');
    lex_name(&rest, &code->name);
    (void)cpmsync_lex_space(&rest);
    arguments = rest;
    known = find_code(code->name);
    if (known && lex_by_grammar(known->grammar, &rest, more, &code->args, &code->number) && lex_end(&rest, more)) {
        code->type = known->type;
    } else { /* unknown or damaged: the first "]" ends it; none at all: it is text */
        rest = arguments;
        code->number = 0;
        code->args = cpmsync_slice_of(rest.data, 0);
        if (!lex_arguments(&rest, more, &code->args) || !lex_end(&rest, more))
            return;
    }
    (void)cpmsync_lex_space(&rest);
    *text = rest;
}
