/* SPDX-License-Identifier: MIT */
#include "peer_link.h"

#include "peer_client.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The newest connection, and older ones that the client has left: so many half-open sessions stay with the server. */
enum { SLOTS = 4, CHUNK_SIZE = 16384 };

struct stream {
    int from, to;
    size_t begin, end;
    uint64_t passed;
    int ended; /* `from` has no more */
    unsigned char data[CHUNK_SIZE];
};

struct pair {
    int client, server; /* -1: none */
    struct stream up, down;
    int silent;
    int stalled;  /* silent, but not for ever */
    int dropping; /* it was closed: what still comes is not passed on */
};

struct peer_link {
    struct addrinfo *address; /* the server's */
    int listener;
    uint16_t port;
    unsigned count;
    struct pair pairs[SLOTS]; /* the newest is (count - 1) % SLOTS */
    int armed, fired;
    unsigned armed_after; /* so many connections came before the one that is to be cut */
    size_t armed_octets;
    enum peer_link_end armed_end;
};

static void check(int result, const char *what)
{
    if (result < 0)
        peer_die("relay: %s: %s", what, strerror(errno));
}

struct peer_link *peer_link_new(const char *host, const char *port)
{
    struct peer_link *link = calloc(1, sizeof *link);
    struct addrinfo hints;
    struct sockaddr_in here;
    socklen_t len = sizeof here;
    if (link == NULL)
        peer_die("out of memory");
    memset(&hints, 0, sizeof hints);
    hints.ai_family = AF_INET;
    hints.ai_socktype = SOCK_STREAM;
    if (getaddrinfo(host, port, &hints, &link->address) != 0)
        peer_die("relay: %s has no address", host);
    memset(&here, 0, sizeof here);
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    link->listener = socket(AF_INET, SOCK_STREAM, 0);
    check(link->listener, "socket");
    check(bind(link->listener, (struct sockaddr *)&here, sizeof here), "bind");
    check(listen(link->listener, SLOTS), "listen");
    check(getsockname(link->listener, (struct sockaddr *)&here, &len), "getsockname");
    check(fcntl(link->listener, F_SETFL, O_NONBLOCK), "fcntl");
    link->port = ntohs(here.sin_port);
    for (size_t i = 0; i < SLOTS; i++)
        link->pairs[i].client = link->pairs[i].server = -1;
    return link;
}

static void close_pair(struct pair *pair)
{
    if (pair->client >= 0)
        close(pair->client);
    if (pair->server >= 0)
        close(pair->server);
    pair->client = pair->server = -1;
}

void peer_link_free(struct peer_link *link)
{
    for (size_t i = 0; i < SLOTS; i++)
        close_pair(&link->pairs[i]);
    close(link->listener);
    freeaddrinfo(link->address);
    free(link);
}

uint16_t peer_link_port(const struct peer_link *link)
{
    return link->port;
}

unsigned peer_link_count(const struct peer_link *link)
{
    return link->count;
}

static struct pair *newest(struct peer_link *link)
{
    return &link->pairs[(link->count + SLOTS - 1) % SLOTS];
}

static void prepare(int fd)
{
    int on = 1;
    check(fcntl(fd, F_SETFL, O_NONBLOCK), "fcntl");
    check(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
}

static int accept_one(struct peer_link *link)
{
    int client = accept(link->listener, NULL, NULL);
    if (client < 0)
        return 0;
    struct pair *pair = &link->pairs[link->count++ % SLOTS];
    close_pair(pair);
    memset(pair, 0, sizeof *pair);
    pair->client = client;
    pair->server = socket(AF_INET, SOCK_STREAM, 0);
    check(pair->server, "socket");
    check(connect(pair->server, link->address->ai_addr, link->address->ai_addrlen), "connect to the server");
    prepare(pair->client);
    prepare(pair->server);
    pair->up.from = pair->down.to = pair->client;
    pair->up.to = pair->down.from = pair->server;
    return 1;
}

static int would_block(void)
{
    return errno == EAGAIN || errno == EINTR;
}

static int is_armed(const struct peer_link *link)
{
    return link->armed && link->count > link->armed_after;
}

/* How much of what is there may still pass. */
static size_t room(struct peer_link *link, const struct stream *stream)
{
    size_t len = stream->end - stream->begin;
    if (is_armed(link) && stream == &newest(link)->down && stream->passed + len > link->armed_octets)
        return (size_t)(link->armed_octets - stream->passed);
    return len;
}

/* Cyrus sends the end of an answer when its beginning is acknowledged, which else takes the kernel 40 ms. */
static void acknowledge_at_once(int fd)
{
#ifdef TCP_QUICKACK
    int on = 1; /* for a while only */
    setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
#else
    (void)fd;
#endif
}

/* 1: something moved; 0: nothing; -1: the connection broke. */
static int move(struct peer_link *link, struct pair *pair, struct stream *stream)
{
    int moved = 0;
    if (stream->begin == stream->end && !stream->ended) {
        ssize_t got = recv(stream->from, stream->data, CHUNK_SIZE, 0);
        acknowledge_at_once(stream->from);
        if (got < 0 && !would_block())
            return -1;
        stream->ended = got == 0;
        stream->begin = 0;
        stream->end = got > 0 ? (size_t)got : 0;
        moved = got >= 0;
        if (got == 0 && !pair->dropping)
            shutdown(stream->to, SHUT_WR);
    }
    if (pair->dropping)
        stream->begin = stream->end;
    size_t len = room(link, stream);
    if (len == 0)
        return moved;
    ssize_t sent = send(stream->to, stream->data + stream->begin, len, MSG_NOSIGNAL);
    if (sent < 0)
        return would_block() ? moved : -1;
    stream->begin += (size_t)sent;
    stream->passed += (size_t)sent;
    return 1;
}

static int turn_pair(struct peer_link *link, struct pair *pair)
{
    int any = 0;
    while (pair->client >= 0 && !pair->silent) {
        int up = move(link, pair, &pair->up);
        int down = up < 0 ? -1 : move(link, pair, &pair->down);
        if (down < 0 || (pair->up.ended && pair->down.ended && pair->down.begin == pair->down.end))
            close_pair(pair);
        if (up <= 0 && down <= 0)
            break;
        any = 1;
    }
    return any;
}

static void reset(int fd)
{
    struct linger linger = {1, 0};
    check(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger), "setsockopt");
}

static void cut(struct pair *pair, enum peer_link_end how)
{
    if (pair->client < 0 || pair->server < 0)
        return;
    switch (how) {
    case PEER_LINK_CLOSE:
        shutdown(pair->client, SHUT_WR);
        shutdown(pair->server, SHUT_WR);
        pair->dropping = 1;
        break;
    case PEER_LINK_RESET:
        reset(pair->client);
        reset(pair->server);
        close_pair(pair);
        break;
    case PEER_LINK_SILENCE:
        pair->silent = 1;
        pair->stalled = 0;
        break;
    case PEER_LINK_HALF_OPEN:
        reset(pair->server);
        close(pair->server);
        pair->server = -1;
        pair->silent = 1;
        pair->stalled = 0;
        break;
    case PEER_LINK_END_COUNT:
        break;
    }
}

void peer_link_cut(struct peer_link *link, enum peer_link_end how)
{
    peer_link_turn(link);
    cut(newest(link), how);
}

void peer_link_stall(struct peer_link *link)
{
    struct pair *pair = newest(link);
    peer_link_turn(link);
    if (pair->client >= 0 && !pair->silent)
        pair->silent = pair->stalled = 1;
}

void peer_link_go_on(struct peer_link *link)
{
    for (size_t i = 0; i < SLOTS; i++)
        if (link->pairs[i].stalled)
            link->pairs[i].silent = link->pairs[i].stalled = 0;
}

void peer_link_cut_next(struct peer_link *link, size_t octets, enum peer_link_end how)
{
    link->armed = 1;
    link->fired = 0;
    link->armed_after = link->count;
    link->armed_octets = octets;
    link->armed_end = how;
}

int peer_link_cut_next_off(struct peer_link *link)
{
    link->armed = 0;
    return link->fired;
}

int peer_link_turn(struct peer_link *link)
{
    int any = 0;
    while (accept_one(link))
        any = 1;
    for (size_t i = 0; i < SLOTS; i++)
        any |= turn_pair(link, &link->pairs[i]);
    struct pair *pair = newest(link);
    if (is_armed(link) && pair->client >= 0 && pair->down.passed >= link->armed_octets) {
        link->armed = 0;
        link->fired = 1;
        cut(pair, link->armed_end);
        any = 1;
    }
    return any;
}

static short events_of(const struct stream *in, const struct stream *out)
{
    return (short)((in->begin == in->end && !in->ended ? POLLIN : 0) | (out->begin < out->end ? POLLOUT : 0));
}

size_t peer_link_pollfds(const struct peer_link *link, struct pollfd *fds)
{
    size_t count = 0;
    fds[count++] = (struct pollfd){link->listener, POLLIN, 0};
    for (size_t i = 0; i < SLOTS; i++) {
        const struct pair *pair = &link->pairs[i];
        if (pair->client < 0 || pair->silent)
            continue;
        short client = events_of(&pair->up, &pair->down), server = events_of(&pair->down, &pair->up);
        if (client)
            fds[count++] = (struct pollfd){pair->client, client, 0};
        if (server)
            fds[count++] = (struct pollfd){pair->server, server, 0};
    }
    return count;
}

int peer_link_is_silent(const struct peer_link *link)
{
    return link->count > 0 && link->pairs[(link->count - 1) % SLOTS].silent;
}
