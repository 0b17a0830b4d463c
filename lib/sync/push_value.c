/* SPDX-License-Identifier: MIT */
#include "sync/push_value.h"

/* ---- text */

void cpmsync_push_text_add(struct cpmsync_push_text *text, const void *octets, size_t len)
{
    if (text->too_long || len > sizeof text->octets - text->len) {
        text->too_long = true;
        return;
    }
    if (len)
        memcpy(text->octets + text->len, octets, len);
    text->len += len;
}

void cpmsync_push_text_add_character(struct cpmsync_push_text *text, uint32_t c)
{
    uint8_t octets[4];
    size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    if (c == 0 || (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff) {
        text->too_long = true;
        return;
    }
    for (size_t i = len; i-- > 1; c >>= 6)
        octets[i] = (uint8_t)(0x80 | (c & 0x3f));
    octets[0] = (uint8_t)(len == 1 ? c : (0xf00U >> len & 0xffU) | c);
    cpmsync_push_text_add(text, octets, len);
}

struct cpmsync_slice cpmsync_push_text_slice(const struct cpmsync_push_text *text)
{
    return cpmsync_slice_of(text->octets, text->too_long ? 0 : text->len);
}

void cpmsync_push_name(char *to, size_t size, struct cpmsync_slice name)
{
    to[0] = '\0';
    if (name.len >= size)
        return;
    for (size_t i = 0; i < name.len; i++)
        if (name.data[i] < 0x20 || name.data[i] == 0x7f)
            return;
    if (name.len)
        memcpy(to, name.data, name.len);
    to[name.len] = '\0';
}

unsigned cpmsync_push_digit(uint8_t octet)
{
    if (octet >= '0' && octet <= '9')
        return (unsigned)(octet - '0');
    octet |= 0x20;
    return octet >= 'a' && octet <= 'f' ? (unsigned)(octet - 'a' + 10) : 16;
}

/* ---- time */

/* Takes exactly `digits` digits from the front. */
static bool take_number(struct cpmsync_slice *text, size_t digits, unsigned least, unsigned most, unsigned *number)
{
    uint64_t value;

    if (text->len < digits || !cpmsync_slice_number(cpmsync_slice_of(text->data, digits), most, &value) ||
        value < least)
        return false;
    text->data += digits;
    text->len -= digits;
    *number = (unsigned)value;
    return true;
}

static bool take_octet(struct cpmsync_slice *text, char octet)
{
    if (text->len == 0 || text->data[0] != (uint8_t)octet)
        return false;
    text->data++;
    text->len--;
    return true;
}

/* Days from 1970-01-01 in the Gregorian calendar; the year begins in March, so that the leap day is its last. */
static int64_t days(unsigned year, unsigned month, unsigned day)
{
    int64_t y = (int64_t)year - (month <= 2);
    int64_t from_march = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return 365 * y + y / 4 - y / 100 + y / 400 + from_march - 719468;
}

static unsigned days_in(unsigned year, unsigned month)
{
    static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return lengths[month - 1] + (month == 2 && leap ? 1U : 0U);
}

/* ["." 1*DIGIT], of which three count. */
static bool take_fraction(struct cpmsync_slice *text, unsigned *ms)
{
    unsigned digit, worth = 100;

    *ms = 0;
    if (!take_octet(text, '.'))
        return true;
    if (!take_number(text, 1, 0, 9, &digit))
        return false;
    do {
        *ms += digit * worth;
        worth /= 10;
    } while (take_number(text, 1, 0, 9, &digit));
    return true;
}

/* "Z" / ("+" / "-") hour ":" minute, in minutes; nothing counts as Z. */
static bool take_zone(struct cpmsync_slice *text, int64_t *minutes)
{
    unsigned hour, minute;
    bool west = text->len && text->data[0] == '-';

    *minutes = 0;
    if (text->len == 0 || take_octet(text, 'Z') || take_octet(text, 'z'))
        return true;
    if (!west && text->data[0] != '+')
        return false;
    text->data++;
    text->len--;
    if (!take_number(text, 2, 0, 23, &hour) || !take_octet(text, ':') || !take_number(text, 2, 0, 59, &minute))
        return false;
    *minutes = (west ? -1 : 1) * (int64_t)(hour * 60 + minute);
    return true;
}

bool cpmsync_push_time(struct cpmsync_slice text, int64_t *ms)
{
    unsigned year, month, day, hour, minute, second, fraction;
    int64_t zone;

    if (!take_number(&text, 4, 1, 9999, &year) || !take_octet(&text, '-') || !take_number(&text, 2, 1, 12, &month) ||
        !take_octet(&text, '-') || !take_number(&text, 2, 1, days_in(year, month), &day))
        return false;
    if (!take_octet(&text, 'T') && !take_octet(&text, 't') && !take_octet(&text, ' '))
        return false;
    if (!take_number(&text, 2, 0, 23, &hour) || !take_octet(&text, ':') || !take_number(&text, 2, 0, 59, &minute) ||
        !take_octet(&text, ':') || !take_number(&text, 2, 0, 60, &second)) /* 60: a leap second */
        return false;
    if (!take_fraction(&text, &fraction) || !take_zone(&text, &zone) || text.len)
        return false;
    *ms = (((days(year, month, day) * 24 + hour) * 60 + minute - zone) * 60 + second) * 1000 + fraction;
    return true;
}
