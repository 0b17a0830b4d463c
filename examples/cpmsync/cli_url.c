/* SPDX-License-Identifier: MIT */
#include "cli_url.h"

#include <stdio.h>
#include <string.h>

enum { PORT_IMAP = 143, PORT_IMAPS = 993 };

static int fail(char *error, size_t size, const char *reason)
{
    snprintf(error, size, "%s", reason);
    return -1;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Decodes %XX. -1 if an escape is broken, hides a NUL, or there is no room. */
static int decode(const char *text, size_t len, char *out, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '%') {
            int high = len - i > 2 ? hex_digit(text[i + 1]) : -1;
            int low = len - i > 2 ? hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0 || high + low == 0)
                return -1;
            c = (char)(high * 16 + low);
            i += 2;
        }
        if (used + 1 >= size)
            return -1;
        out[used++] = c;
    }
    out[used] = '\0';
    return 0;
}

static int is_host_octet(char c, int bracketed)
{
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_')
        return 1;
    return bracketed && (c == ':' || c == '%');
}

static int parse_host(struct cli_url *url, const char *text, size_t len, char *error, size_t size)
{
    if (len == 0)
        return fail(error, size, "it names no host");
    if (len >= sizeof url->host)
        return fail(error, size, "the host is too long");
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (!is_host_octet(c, url->numeric_ipv6))
            return fail(error, size, "the host has a character that no host has");
        url->host[i] = c;
    }
    url->host[len] = '\0';
    return 0;
}

static int parse_port(struct cli_url *url, const char *text, size_t len, char *error, size_t size)
{
    unsigned value = 0;
    for (size_t i = 0; i < len && value <= UINT16_MAX; i++) {
        if (text[i] < '0' || text[i] > '9')
            return fail(error, size, "the port is no number");
        value = value * 10 + (unsigned)(text[i] - '0');
    }
    if (value == 0 || value > UINT16_MAX)
        return fail(error, size, "the port is not in 1 to 65535");
    url->port = (uint16_t)value;
    return 0;
}

static int parse_user(struct cli_url *url, const char *text, size_t len, char *error, size_t size)
{
    if (memchr(text, ':', len) != NULL)
        return fail(error, size, "a password does not belong into the URL; use --password-file");
    if (memchr(text, ';', len) != NULL)
        return fail(error, size, "';' is not supported; use --mech for the mechanism");
    if (decode(text, len, url->user, sizeof url->user) != 0)
        return fail(error, size, "the user is too long or has a broken %-escape");
    if (url->user[0] == '\0')
        return fail(error, size, "the user is empty");
    return 0;
}

/* host [":" port], or "[" address "]" [":" port] */
static int parse_host_port(struct cli_url *url, const char *text, size_t len, char *error, size_t size)
{
    const char *end = text + len, *host = text, *host_end;
    if (len > 0 && *text == '[') {
        url->numeric_ipv6 = 1;
        host = text + 1;
        host_end = memchr(text, ']', len);
        if (host_end == NULL)
            return fail(error, size, "']' is missing behind the address");
        text = host_end + 1;
    } else {
        host_end = memchr(text, ':', len);
        if (host_end == NULL)
            host_end = end;
        text = host_end;
    }
    if (parse_host(url, host, (size_t)(host_end - host), error, size) != 0)
        return -1;
    if (text == end)
        return 0;
    if (*text != ':')
        return fail(error, size, "something stands between ']' and the port");
    return parse_port(url, text + 1, (size_t)(end - text - 1), error, size);
}

int cli_url_parse(struct cli_url *url, const char *text, char *error, size_t error_size)
{
    memset(url, 0, sizeof *url);
    if (strncmp(text, "imaps://", 8) == 0) {
        url->implicit_tls = 1;
        url->port = PORT_IMAPS;
        text += 8;
    } else if (strncmp(text, "imap://", 7) == 0) {
        url->port = PORT_IMAP;
        text += 7;
    } else {
        return fail(error, error_size, "it does not begin with imaps:// or imap://");
    }
    size_t len = strcspn(text, "/?#");
    if (text[len] != '\0' && strcmp(text + len, "/") != 0)
        return fail(error, error_size, "nothing may follow the host and port; mailboxes are arguments");
    const char *at = NULL;
    for (size_t i = 0; i < len; i++)
        if (text[i] == '@')
            at = text + i;
    if (at != NULL) {
        if (parse_user(url, text, (size_t)(at - text), error, error_size) != 0)
            return -1;
        len -= (size_t)(at + 1 - text);
        text = at + 1;
    }
    return parse_host_port(url, text, len, error, error_size);
}

void cli_url_address(const struct cli_url *url, char *text, size_t size)
{
    const char *open = url->numeric_ipv6 ? "[" : "", *close = url->numeric_ipv6 ? "]" : "";
    snprintf(text, size, "%s%s%s:%u", open, url->host, close, (unsigned)url->port);
}

void cli_url_account(const struct cli_url *url, char *text, size_t size)
{
    int len = snprintf(text, size, "%s@", url->user);
    if (len >= 0 && (size_t)len < size)
        cli_url_address(url, text + len, size - (size_t)len);
}

int cli_url_is_loopback(const struct cli_url *url)
{
    unsigned octets[4];
    char rest;
    if (url->numeric_ipv6)
        return strcmp(url->host, "::1") == 0;
    if (strcmp(url->host, "localhost") == 0)
        return 1;
    return sscanf(url->host, "%3u.%3u.%3u.%3u%c", &octets[0], &octets[1], &octets[2], &octets[3], &rest) == 4 &&
           octets[0] == 127 && octets[1] < 256 && octets[2] < 256 && octets[3] < 256;
}
