/* SPDX-License-Identifier: MIT */
#include "mock_parser.h"

static const char MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* atom-specials = "(" / ")" / "{" / SP / CTL / list-wildcards / quoted-specials / resp-specials */
static bool is_atom_char(uint8_t c)
{
    return c > 0x20 && c < 0x7f && !strchr("(){%*\"\\]", c);
}

static bool is_astring_char(uint8_t c)
{
    return is_atom_char(c) || c == ']';
}

static bool is_list_char(uint8_t c)
{
    return is_astring_char(c) || c == '%' || c == '*';
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool read_run(struct mock_parser *p, bool (*is)(uint8_t), struct cpmsync_slice *run)
{
    uint8_t *start = p->at;
    while (p->at < p->end && is(*p->at))
        p->at++;
    *run = cpmsync_slice_of(start, (size_t)(p->at - start));
    return run->len > 0;
}

bool cpmsync_mock_read_end(const struct mock_parser *p)
{
    return p->at == p->end;
}

bool cpmsync_mock_peek(const struct mock_parser *p, char c)
{
    return p->at < p->end && *p->at == (uint8_t)c;
}

bool cpmsync_mock_read_char(struct mock_parser *p, char c)
{
    if (!cpmsync_mock_peek(p, c))
        return false;
    p->at++;
    return true;
}

bool cpmsync_mock_read_sp(struct mock_parser *p)
{
    return cpmsync_mock_read_char(p, ' ');
}

bool cpmsync_mock_read_word(struct mock_parser *p, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(p->end - p->at) < len || !cpmsync_slice_is(cpmsync_slice_of(p->at, len), word))
        return false;
    if (p->at + len < p->end && is_atom_char(p->at[len]) && p->at[len] != '[')
        return false;
    p->at += len;
    return true;
}

bool cpmsync_mock_read_tag(struct mock_parser *p, struct cpmsync_slice *tag)
{
    return read_run(p, is_astring_char, tag) && !memchr(tag->data, '+', tag->len);
}

bool cpmsync_mock_read_atom(struct mock_parser *p, struct cpmsync_slice *atom)
{
    return read_run(p, is_atom_char, atom);
}

/* quoted = DQUOTE *QUOTED-CHAR DQUOTE */
static bool read_quoted(struct mock_parser *p, struct cpmsync_slice *string)
{
    uint8_t *start = ++p->at, *to = start;
    while (p->at < p->end && *p->at != '"') {
        uint8_t c = *p->at++;
        if (c == '\\') {
            if (p->at == p->end || (*p->at != '"' && *p->at != '\\'))
                return false;
            c = *p->at++;
        } else if (c == '\r' || c == '\n' || c == 0 || (c >= 0x80 && !p->utf8))
            return false;
        *to++ = c;
    }
    *string = cpmsync_slice_of(start, (size_t)(to - start));
    return cpmsync_mock_read_char(p, '"') && (!p->utf8 || cpmsync_mock_is_utf8(*string));
}

/* "{" number ["+"] "}" CRLF *OCTET */
static bool read_octets(struct mock_parser *p, struct cpmsync_slice *string)
{
    uint64_t len;
    p->at++;
    if (!cpmsync_mock_read_number(p, UINT32_MAX, &len))
        return false;
    cpmsync_mock_read_char(p, '+');
    if (!cpmsync_mock_read_char(p, '}') || !cpmsync_mock_read_char(p, '\r') || !cpmsync_mock_read_char(p, '\n'))
        return false;
    if ((uint64_t)(p->end - p->at) < len)
        return false;
    *string = cpmsync_slice_of(p->at, (size_t)len);
    p->at += len;
    return true;
}

/* literal = "{" number ["+"] "}" CRLF *CHAR8 */
static bool read_literal(struct mock_parser *p, struct cpmsync_slice *string)
{
    return read_octets(p, string) && (string->len == 0 || !memchr(string->data, 0, string->len));
}

bool cpmsync_mock_read_literal8(struct mock_parser *p, struct cpmsync_slice *string)
{
    return cpmsync_mock_read_char(p, '~') && cpmsync_mock_peek(p, '{') && read_octets(p, string);
}

bool cpmsync_mock_read_string(struct mock_parser *p, struct cpmsync_slice *string)
{
    if (cpmsync_mock_peek(p, '"'))
        return read_quoted(p, string);
    return cpmsync_mock_peek(p, '{') && read_literal(p, string);
}

bool cpmsync_mock_read_nstring(struct mock_parser *p, struct cpmsync_slice *string)
{
    if (cpmsync_mock_read_word(p, "NIL")) {
        *string = cpmsync_slice_of(NULL, 0);
        return true;
    }
    return cpmsync_mock_read_string(p, string);
}

bool cpmsync_mock_read_astring(struct mock_parser *p, struct cpmsync_slice *string)
{
    if (cpmsync_mock_peek(p, '"') || cpmsync_mock_peek(p, '{'))
        return cpmsync_mock_read_string(p, string);
    return read_run(p, is_astring_char, string);
}

bool cpmsync_mock_read_list_mailbox(struct mock_parser *p, struct cpmsync_slice *pattern)
{
    if (cpmsync_mock_peek(p, '"') || cpmsync_mock_peek(p, '{'))
        return cpmsync_mock_read_string(p, pattern);
    return read_run(p, is_list_char, pattern);
}

bool cpmsync_mock_read_number(struct mock_parser *p, uint64_t max, uint64_t *number)
{
    struct cpmsync_slice digits;
    return read_run(p, is_digit, &digits) && cpmsync_slice_number(digits, max, number);
}

bool cpmsync_mock_read_nz_number(struct mock_parser *p, uint32_t *number)
{
    uint64_t value;
    if (cpmsync_mock_peek(p, '0') || !cpmsync_mock_read_number(p, UINT32_MAX, &value))
        return false;
    *number = (uint32_t)value;
    return true;
}

bool cpmsync_mock_read_modseq(struct mock_parser *p, bool zero, uint64_t *modseq)
{
    return cpmsync_mock_read_number(p, INT64_MAX, modseq) && (zero || *modseq > 0);
}

static bool is_set_char(uint8_t c)
{
    return is_digit(c) || c == ',' || c == ':' || c == '*';
}

bool cpmsync_mock_read_set(struct mock_parser *p, struct mock_set *set)
{
    struct cpmsync_slice text;
    return read_run(p, is_set_char, &text) && cpmsync_mock_set_parse(set, text);
}

/* flag = "\Answered" / ... / flag-keyword / flag-extension; never "\Recent" */
bool cpmsync_mock_read_flag(struct mock_parser *p, struct cpmsync_slice *flag)
{
    uint8_t *start = p->at;
    struct cpmsync_slice name;
    bool system = cpmsync_mock_read_char(p, '\\');
    if (!cpmsync_mock_read_atom(p, &name))
        return false;
    *flag = cpmsync_slice_of(start, (size_t)(p->at - start));
    return !(system && cpmsync_slice_is(name, "Recent"));
}

bool cpmsync_mock_read_flag_list(struct mock_parser *p, struct mock_flag_list *list)
{
    list->count = 0;
    if (!cpmsync_mock_read_char(p, '('))
        return false;
    if (cpmsync_mock_read_char(p, ')'))
        return true;
    do {
        if (list->count == MOCK_FLAG_LIST_MAX || !cpmsync_mock_read_flag(p, &list->flags[list->count]))
            return false;
        list->count++;
    } while (cpmsync_mock_read_sp(p));
    return cpmsync_mock_read_char(p, ')');
}

bool cpmsync_mock_split_flags(struct cpmsync_slice text, struct mock_flag_list *list)
{
    /* Flags are read only, never changed in place. */
    struct mock_parser p = cpmsync_mock_parser_of(text);
    list->count = 0;
    while (cpmsync_mock_read_sp(&p))
        ;
    while (!cpmsync_mock_read_end(&p)) {
        if (list->count == MOCK_FLAG_LIST_MAX || !cpmsync_mock_read_flag(&p, &list->flags[list->count]))
            return false;
        list->count++;
        if (!cpmsync_mock_read_end(&p) && !cpmsync_mock_peek(&p, ' '))
            return false;
        while (cpmsync_mock_read_sp(&p))
            ;
    }
    return true;
}

bool cpmsync_mock_matches(struct cpmsync_slice pattern, struct cpmsync_slice name, uint8_t delimiter)
{
    size_t p = 0, n = 0, star = SIZE_MAX, star_at = 0, percent = SIZE_MAX, percent_at = 0;
    while (n < name.len || p < pattern.len) {
        uint8_t c = p < pattern.len ? pattern.data[p] : 0;
        if (c == '*') {
            star = ++p;
            star_at = n;
            percent = SIZE_MAX;
        } else if (c == '%') {
            percent = ++p;
            percent_at = n;
        } else if (p < pattern.len && n < name.len && c == name.data[n]) {
            p++;
            n++;
        } else if (percent != SIZE_MAX && percent_at < name.len && name.data[percent_at] != delimiter) {
            p = percent;
            n = ++percent_at;
        } else if (star != SIZE_MAX && star_at < name.len) {
            p = star;
            n = ++star_at;
            percent = SIZE_MAX;
        } else
            return false;
    }
    return true;
}

/* Octets of the sequence that begins here; 0 for none: too short, overlong, a surrogate or above U+10FFFF. */
static size_t sequence_length(const uint8_t *at, size_t left)
{
    size_t len = *at < 0x80 ? 1 : *at < 0xc2 ? 0 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : *at < 0xf5 ? 4 : 0, i;
    if (len > left || (*at == 0xe0 && at[1] < 0xa0) || (*at == 0xed && at[1] > 0x9f) || (*at == 0xf0 && at[1] < 0x90) ||
        (*at == 0xf4 && at[1] > 0x8f))
        return 0;
    for (i = 1; i < len; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return len;
}

bool cpmsync_mock_contains(struct cpmsync_slice text, struct cpmsync_slice wanted)
{
    size_t i;
    for (i = 0; i + wanted.len <= text.len; i++)
        if (cpmsync_slice_ieq(cpmsync_slice_of(cpmsync_mock_behind(text, i).data, wanted.len), wanted))
            return true;
    return false;
}

bool cpmsync_mock_is_utf8(struct cpmsync_slice text)
{
    size_t i = 0, len = 1;
    for (; i < text.len && len; i += len)
        len = sequence_length(text.data + i, text.len - i);
    return len > 0;
}

/* Howard Hinnant's civil calendar: years from March on, so that the leap day ends them. */
int64_t cpmsync_mock_days(int64_t year, unsigned month, unsigned day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + (int64_t)day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void cpmsync_mock_date(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t of_era = z - era * 146097;
    int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
    int64_t m = (5 * of_year + 2) / 153;
    *day = (unsigned)(of_year - (153 * m + 2) / 5 + 1);
    *month = (unsigned)(m < 10 ? m + 3 : m - 9);
    *year = y + era * 400 + (*month <= 2);
}

const char *cpmsync_mock_month(unsigned month)
{
    return MONTHS + ((month - 1) % 12) * 3;
}

static bool read_digits(struct mock_parser *p, size_t count, uint64_t max, uint64_t *number)
{
    if ((size_t)(p->end - p->at) < count || !cpmsync_slice_number(cpmsync_slice_of(p->at, count), max, number))
        return false;
    p->at += count;
    return true;
}

static bool read_month(struct mock_parser *p, unsigned *month)
{
    if (p->end - p->at < 3)
        return false;
    for (*month = 1; *month <= 12; ++*month)
        if (cpmsync_slice_ieq(cpmsync_slice_of(p->at, 3), cpmsync_slice_of(cpmsync_mock_month(*month), 3))) {
            p->at += 3;
            return true;
        }
    return false;
}

static bool read_month_and_year(struct mock_parser *p, uint64_t day, int64_t *days)
{
    unsigned month;
    uint64_t year;
    if (!cpmsync_mock_read_char(p, '-') || !read_month(p, &month) || !cpmsync_mock_read_char(p, '-') ||
        !read_digits(p, 4, 9999, &year) || day < 1 || day > 31)
        return false;
    *days = cpmsync_mock_days((int64_t)year, month, (unsigned)day);
    return true;
}

bool cpmsync_mock_read_date_time(struct mock_parser *p, int64_t *seconds, int *zone)
{
    uint64_t day, hour, minute, second, zone_hours, zone_minutes;
    int64_t days;
    if (!cpmsync_mock_read_char(p, '"'))
        return false;
    if (!(cpmsync_mock_read_sp(p) ? read_digits(p, 1, 9, &day) : read_digits(p, 2, 31, &day)))
        return false;
    if (!read_month_and_year(p, day, &days) || !cpmsync_mock_read_sp(p))
        return false;
    if (!read_digits(p, 2, 23, &hour) || !cpmsync_mock_read_char(p, ':') || !read_digits(p, 2, 59, &minute) ||
        !cpmsync_mock_read_char(p, ':') || !read_digits(p, 2, 60, &second) || !cpmsync_mock_read_sp(p))
        return false;
    bool west = cpmsync_mock_read_char(p, '-');
    if (!west && !cpmsync_mock_read_char(p, '+'))
        return false;
    if (!read_digits(p, 2, 99, &zone_hours) || !read_digits(p, 2, 59, &zone_minutes))
        return false;
    *zone = (int)(zone_hours * 60 + zone_minutes) * (west ? -1 : 1);
    *seconds = days * 86400 + (int64_t)(hour * 3600 + minute * 60 + second) - (int64_t)*zone * 60;
    return cpmsync_mock_read_char(p, '"');
}

/* date = date-text / DQUOTE date-text DQUOTE */
bool cpmsync_mock_read_date(struct mock_parser *p, int64_t *days)
{
    bool quoted = cpmsync_mock_read_char(p, '"');
    bool two = p->end - p->at > 1 && is_digit(p->at[1]);
    uint64_t day;
    if (!read_digits(p, two ? 2 : 1, 31, &day) || !read_month_and_year(p, day, days))
        return false;
    return !quoted || cpmsync_mock_read_char(p, '"');
}
