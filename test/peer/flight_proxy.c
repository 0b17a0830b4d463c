/* SPDX-License-Identifier: MIT */
/*
 * flight_proxy HOST PORT DELAY_MS PORT_FILE
 *
 * Passes connections on to HOST:PORT, each octet DELAY_MS later in each direction, so that a burst of the client is seen
 * as one. Its own port is written to PORT_FILE. When a connection ends, a JSON line on stdout says what was counted.
 * After a SIGUSR1 the server's octets wait, and each SIGUSR1 lets 500 of them pass; after a SIGUSR2 all pass again.
 * Ends with SIGTERM.
 */
#include "flight_count.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LINKS_MAX = 64, CHUNK_SIZE = 16384, ALLOWANCE = 500 };

struct chunk {
    struct chunk *next;
    int64_t due;
    size_t len, sent; /* len 0 is the end of the stream */
    unsigned char data[CHUNK_SIZE];
};

struct pipe_line {
    int from, to;
    struct chunk *first, **last;
    int ended; /* nothing more comes in */
    int shut;  /* nothing more goes out */
};

struct link {
    struct pipe_line up, down;
    struct flight_count count;
};

struct proxy {
    int listener;
    const struct addrinfo *server;
    int64_t delay;
    struct link *links[LINKS_MAX];
    size_t count;
    unsigned ended;
};

static volatile sig_atomic_t allowed = -1; /* octets of the server's that may pass; -1: all */

static void on_signal(int number)
{
    if (number == SIGUSR1)
        allowed = (allowed < 0 ? 0 : allowed) + ALLOWANCE;
    else
        allowed = -1;
}

static void die(const char *what)
{
    fprintf(stderr, "flight_proxy: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void prepare(int fd)
{
    int on = 1;
    if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
        die("socket");
}

static void accept_link(struct proxy *proxy)
{
    int client = accept(proxy->listener, NULL, NULL);
    if (client < 0)
        return;
    int server = socket(proxy->server->ai_family, SOCK_STREAM, 0);
    if (server < 0 || connect(server, proxy->server->ai_addr, proxy->server->ai_addrlen) != 0) {
        close(client);
        if (server >= 0)
            close(server);
        return;
    }
    struct link *link = calloc(1, sizeof *link);
    if (link == NULL)
        die("memory");
    prepare(client);
    prepare(server);
    link->up.from = link->down.to = client;
    link->down.from = link->up.to = server;
    link->up.last = &link->up.first;
    link->down.last = &link->down.first;
    proxy->links[proxy->count++] = link;
}

static void append(struct pipe_line *line, struct chunk *chunk, int64_t due)
{
    chunk->due = due;
    chunk->sent = 0;
    chunk->next = NULL;
    *line->last = chunk;
    line->last = &chunk->next;
}

/* Takes in what is there. */
static void take(struct proxy *proxy, struct link *link, struct pipe_line *line)
{
    for (;;) {
        struct chunk *chunk = malloc(sizeof *chunk);
        if (chunk == NULL)
            die("memory");
        ssize_t got = recv(line->from, chunk->data, sizeof chunk->data, 0);
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
            free(chunk);
            return;
        }
        chunk->len = got > 0 ? (size_t)got : 0;
        if (line == &link->up && got > 0)
            flight_count_up(&link->count, chunk->data, chunk->len);
        append(line, chunk, now_ms() + proxy->delay);
        if (got <= 0) {
            line->ended = 1;
            return;
        }
    }
}

/* Whether anything goes out of the line now. */
static int may_pass(const struct link *link, const struct pipe_line *line)
{
    return line != &link->down || allowed != 0;
}

/* Passes on what is due. */
static void pass(struct link *link, struct pipe_line *line, int64_t now)
{
    while (line->first != NULL && line->first->due <= now && may_pass(link, line)) {
        struct chunk *chunk = line->first;
        if (chunk->len == 0) {
            shutdown(line->to, SHUT_WR);
            line->shut = 1;
        } else {
            size_t len = chunk->len - chunk->sent;
            sig_atomic_t most = allowed;
            if (line == &link->down && most >= 0 && len > (size_t)most)
                len = (size_t)most;
            ssize_t sent = send(line->to, chunk->data + chunk->sent, len, MSG_NOSIGNAL);
            if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
                return;
            if (sent < 0) {
                line->ended = line->shut = 1;
                return;
            }
            if (line == &link->down)
                flight_count_down(&link->count, (size_t)sent);
            if (line == &link->down && allowed >= 0)
                allowed -= (sig_atomic_t)sent;
            chunk->sent += (size_t)sent;
            if (chunk->sent < chunk->len)
                continue;
        }
        line->first = chunk->next;
        if (line->first == NULL)
            line->last = &line->first;
        free(chunk);
    }
}

static void end_link(struct proxy *proxy, size_t at)
{
    struct link *link = proxy->links[at];
    struct pipe_line *lines[] = {&link->up, &link->down};
    printf("{\"connection\":%u,\"flights\":%" PRIu64 ",\"handshakes\":%" PRIu64 ",\"bytes_up\":%" PRIu64
           ",\"bytes_down\":%" PRIu64 "}\n",
        ++proxy->ended, link->count.flights, link->count.handshakes, link->count.up_octets, link->count.down_octets);
    fflush(stdout);
    for (int i = 0; i < 2; i++)
        while (lines[i]->first != NULL) {
            struct chunk *next = lines[i]->first->next;
            free(lines[i]->first);
            lines[i]->first = next;
        }
    close(link->up.from);
    close(link->up.to);
    free(link);
    proxy->links[at] = proxy->links[--proxy->count];
}

/* What poll is to watch on the descriptor that `in` reads and `out` writes. */
static short events_of(const struct pipe_line *in, const struct pipe_line *out, int64_t now)
{
    int writes = out->first != NULL && out->first->due <= now && !out->shut;
    return (short)((in->ended ? 0 : POLLIN) | (writes ? POLLOUT : 0));
}

static int until_due(const struct proxy *proxy, int64_t now)
{
    int64_t due = INT64_MAX;
    for (size_t i = 0; i < proxy->count; i++) {
        const struct pipe_line *lines[] = {&proxy->links[i]->up, &proxy->links[i]->down};
        for (int j = 0; j < 2; j++)
            if (lines[j]->first != NULL && lines[j]->first->due > now && lines[j]->first->due < due)
                due = lines[j]->first->due;
    }
    return due == INT64_MAX ? -1 : (int)(due - now);
}

static void turn(struct proxy *proxy)
{
    struct pollfd fds[2 * LINKS_MAX + 1];
    int64_t now = now_ms();
    size_t count = proxy->count;
    for (size_t i = 0; i < count; i++) {
        struct link *link = proxy->links[i];
        fds[2 * i] = (struct pollfd){link->up.from, events_of(&link->up, &link->down, now), 0};
        if (!may_pass(link, &link->down))
            fds[2 * i].events &= ~POLLOUT;
        fds[2 * i + 1] = (struct pollfd){link->down.from, events_of(&link->down, &link->up, now), 0};
    }
    fds[2 * count] = (struct pollfd){count < LINKS_MAX ? proxy->listener : -1, POLLIN, 0};
    if (poll(fds, (nfds_t)(2 * count + 1), until_due(proxy, now)) < 0 && errno != EINTR)
        die("poll");
    now = now_ms();
    for (size_t i = 0; i < count; i++) {
        struct link *link = proxy->links[i];
        if ((fds[2 * i].revents & ~POLLOUT) != 0 && !link->up.ended)
            take(proxy, link, &link->up);
        if ((fds[2 * i + 1].revents & ~POLLOUT) != 0 && !link->down.ended)
            take(proxy, link, &link->down);
        pass(link, &link->up, now);
        pass(link, &link->down, now);
    }
    if (fds[2 * count].revents != 0)
        accept_link(proxy);
    for (size_t i = proxy->count; i-- > 0;)
        if (proxy->links[i]->up.shut && proxy->links[i]->down.shut)
            end_link(proxy, i);
}

static void listen_on_loopback(struct proxy *proxy, const char *port_file)
{
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    proxy->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (proxy->listener < 0 || bind(proxy->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(proxy->listener, 16) != 0 || getsockname(proxy->listener, (struct sockaddr *)&address, &len) != 0)
        die("listen");
    FILE *out = fopen(port_file, "w");
    if (out == NULL || fprintf(out, "%u\n", (unsigned)ntohs(address.sin_port)) < 0 || fclose(out) != 0)
        die(port_file);
}

int main(int argc, char **argv)
{
    struct proxy proxy;
    struct addrinfo hints, *server;
    memset(&proxy, 0, sizeof proxy);
    memset(&hints, 0, sizeof hints);
    hints.ai_family = AF_INET;
    hints.ai_socktype = SOCK_STREAM;
    if (argc != 5 || getaddrinfo(argv[1], argv[2], &hints, &server) != 0) {
        fputs("flight_proxy HOST PORT DELAY_MS PORT_FILE\n", stderr);
        return 2;
    }
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    if (sigaction(SIGUSR1, &action, NULL) != 0 || sigaction(SIGUSR2, &action, NULL) != 0)
        die("signals");
    proxy.server = server;
    proxy.delay = strtol(argv[3], NULL, 10);
    listen_on_loopback(&proxy, argv[4]);
    for (;;)
        turn(&proxy);
}
