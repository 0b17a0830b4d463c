/* SPDX-License-Identifier: MIT */
#include "wire/date.h"

#include "wire/lex.h"

/* Exactly `digits` digits, or where `least` is lower, from so many on. */
static bool read_number(struct cpmsync_slice *text, size_t least, size_t digits, int64_t *number)
{
    size_t len = 0;

    *number = 0;
    for (; len < digits && len < text->len && text->data[len] >= '0' && text->data[len] <= '9'; len++)
        *number = *number * 10 + (text->data[len] - '0');
    text->data += len;
    text->len -= len;
    return len >= least;
}

/* date-month = "Jan" / "Feb" / ...; 1 to 12, 0 for none. */
static int read_month(struct cpmsync_slice *text)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (int month = 0; month < 12 && text->len >= 3; month++) {
        if (!cpmsync_slice_ieq(cpmsync_slice_of(text->data, 3), cpmsync_slice_of(names + (size_t)month * 3, 3)))
            continue;
        text->data += 3;
        text->len -= 3;
        return month + 1;
    }
    return 0;
}

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in(int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap(year));
}

/* Days from 1970-01-01 to the first of the month, in the proleptic Gregorian calendar; year 0 is a leap year. */
static int64_t days_before(int64_t year, int month)
{
    int64_t leaps = year ? (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400 + 1 : 0;
    int64_t days = year * 365 + leaps - 719528;

    for (int i = 1; i < month; i++)
        days += days_in(year, i);
    return days;
}

/* date = date-day-fixed "-" date-month "-" date-year */
static bool read_day(struct cpmsync_slice *text, int64_t *days)
{
    int64_t day;
    int64_t year;
    int month;

    (void)cpmsync_lex_space(text);
    if (!read_number(text, 1, 2, &day) || !cpmsync_lex_char(text, '-'))
        return false;
    month = read_month(text);
    if (!month || !cpmsync_lex_char(text, '-') || !read_number(text, 4, 4, &year))
        return false;
    if (day < 1 || day > days_in(year, month))
        return false;
    *days = days_before(year, month) + day - 1;
    return true;
}

/* time = 2DIGIT ":" 2DIGIT ":" 2DIGIT */
static bool read_time(struct cpmsync_slice *text, int64_t *seconds)
{
    int64_t hour;
    int64_t minute;
    int64_t second;

    if (!read_number(text, 2, 2, &hour) || !cpmsync_lex_char(text, ':') || !read_number(text, 2, 2, &minute) ||
        !cpmsync_lex_char(text, ':') || !read_number(text, 2, 2, &second))
        return false;
    *seconds = hour * 3600 + minute * 60 + second;
    return hour < 24 && minute < 60 && second <= 60;
}

/* zone = ("+" / "-") 4DIGIT, east of Greenwich positive. */
static bool read_zone(struct cpmsync_slice *text, int64_t *seconds)
{
    bool west = cpmsync_lex_char(text, '-');
    int64_t hours;
    int64_t minutes;

    if (!west && !cpmsync_lex_char(text, '+'))
        return false;
    if (!read_number(text, 2, 2, &hours) || !read_number(text, 2, 2, &minutes) || minutes >= 60)
        return false;
    *seconds = hours * 3600 + minutes * 60;
    if (west)
        *seconds = -*seconds;
    return true;
}

bool cpmsync_date_parse(struct cpmsync_slice text, int64_t *seconds)
{
    int64_t days;
    int64_t time;
    int64_t zone;

    if (!read_day(&text, &days) || !cpmsync_lex_space(&text) || !read_time(&text, &time) || !cpmsync_lex_space(&text) ||
        !read_zone(&text, &zone))
        return false;
    (void)cpmsync_lex_space(&text);
    if (text.len)
        return false;
    *seconds = days * 86400 + time - zone;
    return true;
}
