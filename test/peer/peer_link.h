/* SPDX-License-Identifier: MIT */
/*
 * A relay on loopback, in the caller's own loop: connections to it are passed on to a server, octet by octet as they come,
 * until one is cut. Whatever goes wrong with its own sockets ends the program.
 */
#ifndef PEER_LINK_H
#define PEER_LINK_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

enum peer_link_end {
    PEER_LINK_CLOSE,     /* both sides see the end of the stream, behind what was under way */
    PEER_LINK_RESET,     /* both sides are reset */
    PEER_LINK_SILENCE,   /* nothing is passed on any more; both sides stay open, the server's for some connections */
    PEER_LINK_HALF_OPEN, /* the server's side is reset, and the client told nothing of it */
    PEER_LINK_END_COUNT
};

enum { PEER_LINK_FDS = 16 };

struct peer_link;

struct peer_link *peer_link_new(const char *host, const char *port);
void peer_link_free(struct peer_link *link);

uint16_t peer_link_port(const struct peer_link *link);
/* Connections so far. */
unsigned peer_link_count(const struct peer_link *link);

/* Fills at most PEER_LINK_FDS; returns how many. */
size_t peer_link_pollfds(const struct peer_link *link, struct pollfd *fds);
/* Moves all that can be moved now. Returns 1 if anything was. */
int peer_link_turn(struct peer_link *link);

/* Cuts the newest connection, when what the client has sent is passed on. */
void peer_link_cut(struct peer_link *link, enum peer_link_end how);
/* Passes nothing on, either way, on the newest connection; and passes on again what was held up so. */
void peer_link_stall(struct peer_link *link);
void peer_link_go_on(struct peer_link *link);
/* Cuts the next connection when it has passed on so many octets of the server. */
void peer_link_cut_next(struct peer_link *link, size_t octets, enum peer_link_end how);
/* That is not to be any more. Returns 1 if it has been done. */
int peer_link_cut_next_off(struct peer_link *link);

/* 1 if the newest connection fell silent: then only a clock can end it. */
int peer_link_is_silent(const struct peer_link *link);

#endif
