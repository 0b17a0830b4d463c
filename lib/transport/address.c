/* SPDX-License-Identifier: MIT */
#include "transport/address.h"

#include <string.h>

enum { GROUPS = 8 };

/* dec-octet "." dec-octet "." dec-octet "." dec-octet, without leading zeros (RFC 3986 3.2.2); ends at NUL or '%'. */
static bool parse_v4(const char *text, uint8_t octets[4], const char **end)
{
    for (size_t part = 0; part < 4; part++) {
        unsigned value = 0, digits = 0;
        if (part && *text++ != '.')
            return false;
        for (; *text >= '0' && *text <= '9'; text++, digits++) {
            if (digits && !value)
                return false;
            value = value * 10 + (unsigned)(*text - '0');
            if (value > 255)
                return false;
        }
        if (!digits)
            return false;
        octets[part] = (uint8_t)value;
    }
    *end = text;
    return true;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* One to four hexadecimal digits. */
static bool parse_group(const char **text, uint8_t out[2])
{
    unsigned value = 0, digits = 0;
    for (; hex_value(**text) >= 0; (*text)++, digits++) {
        if (digits == 4)
            return false;
        value = value << 4 | (unsigned)hex_value(**text);
    }
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
    return digits > 0;
}

/* Moves the groups behind "::" to the end. */
static bool expand(uint8_t octets[16], size_t groups, size_t gap)
{
    if (gap > GROUPS)
        return groups == GROUPS;
    if (groups == GROUPS)
        return false;
    size_t tail = (groups - gap) * 2;
    memmove(octets + 16 - tail, octets + gap * 2, tail);
    memset(octets + gap * 2, 0, 16 - tail - gap * 2);
    return true;
}

static bool parse_v6(const char *text, uint8_t octets[16], const char **end)
{
    size_t groups = 0, gap = GROUPS + 1;
    if (text[0] == ':' && text[1] == ':') {
        gap = 0;
        text += 2;
    }
    while (*text && *text != '%') {
        const char *after;
        if (groups == GROUPS)
            return false;
        if (groups + 2 <= GROUPS && parse_v4(text, octets + groups * 2, &after) && (!*after || *after == '%')) {
            groups += 2;
            text = after;
            break;
        }
        if (!parse_group(&text, octets + groups * 2))
            return false;
        groups++;
        if (*text != ':')
            continue;
        text++;
        if (*text == ':') {
            if (gap <= GROUPS)
                return false;
            gap = groups;
            text++;
        } else if (!*text || *text == '%') {
            return false;
        }
    }
    *end = text;
    return expand(octets, groups, gap);
}

/* A zone that is a number is a scope id already; a name is for whoever knows the interfaces. */
static uint32_t zone_number(const char *zone)
{
    uint32_t number = 0;
    for (; *zone; zone++) {
        if (*zone < '0' || *zone > '9' || number > 100000000)
            return 0;
        number = number * 10 + (uint32_t)(*zone - '0');
    }
    return number;
}

bool cpmsync_address_parse(const char *text, struct cpmsync_address *address, const char **zone)
{
    const char *end;
    memset(address, 0, sizeof(*address));
    if (zone)
        *zone = NULL;
    if (parse_v4(text, address->octets, &end)) {
        address->family = 4;
        return !*end;
    }
    memset(address, 0, sizeof(*address));
    if (!parse_v6(text, address->octets, &end))
        return false;
    address->family = 6;
    if (!*end)
        return true;
    if (*end != '%' || !end[1])
        return false;
    address->scope_id = zone_number(end + 1);
    if (zone)
        *zone = end + 1;
    return true;
}

size_t cpmsync_address_octets(const struct cpmsync_address *address)
{
    return address->family == 4 ? 4 : 16;
}

void cpmsync_address_alternate(struct cpmsync_address *addresses, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        size_t other = i;
        while (other < count && addresses[other].family == addresses[i - 1].family)
            other++;
        if (other == count)
            return;
        struct cpmsync_address moved = addresses[other];
        memmove(addresses + i + 1, addresses + i, (other - i) * sizeof(moved));
        addresses[i] = moved;
    }
}
