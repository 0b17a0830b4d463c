/* SPDX-License-Identifier: MIT */
/* imaps://user@host:port/ and imap://user@host:port/. */
#ifndef CLI_URL_H
#define CLI_URL_H

#include <stddef.h>
#include <stdint.h>

struct cli_url {
    int implicit_tls; /* imaps:// */
    char user[256];   /* decoded; "" if there is none */
    char host[256];   /* lower case, without brackets */
    int numeric_ipv6; /* the host was in brackets */
    uint16_t port;
};

/* Returns 0, or -1 with the reason in `error`. */
int cli_url_parse(struct cli_url *url, const char *text, char *error, size_t error_size);

/* "host:port", with brackets where they belong. */
void cli_url_address(const struct cli_url *url, char *text, size_t size);

/* "user@host:port": what a store belongs to. */
void cli_url_account(const struct cli_url *url, char *text, size_t size);

/* 1 for localhost, 127.x.x.x and ::1. */
int cli_url_is_loopback(const struct cli_url *url);

#endif
