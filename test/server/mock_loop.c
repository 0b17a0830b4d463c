/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "mock_loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* A signal between looking at *stop and polling is noticed after WAKE_MS. */
enum { COALESCE_MS = 50, LINGER_MS = 2000, WAKE_MS = 500, CHUNK = 16384 };

/* Next: HANDSHAKE on STARTTLS, LINGER when the engine closed, GONE on an error or the peer's end. */
enum peer_state { PEER_HANDSHAKE, PEER_OPEN, PEER_LINGER, PEER_GONE };

struct peer {
    enum peer_state state;
    int fd;
    int conn; /* 0 until the handshake of implicit TLS is done */
    struct mock_tls_session *tls;
    int blocked;       /* the last write did not take everything */
    int ended;         /* the peer sends no more, but may still read */
    int64_t heard_at;  /* when octets came last */
    int64_t linger_to; /* when waiting for the peer's end ends */
};

struct loop {
    const struct mock_loop_config *config;
    struct peer *peers;
    size_t count;
    struct pollfd *fds;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int complain(const char *what)
{
    fprintf(stderr, "cpm-mockserver: %s: %s\n", what, strerror(errno));
    return -1;
}

static int open_listener(const struct addrinfo *info)
{
    int fd = socket(info->ai_family, SOCK_STREAM, 0), on = 1;
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, info->ai_addr, info->ai_addrlen) != 0 || listen(fd, 128) != 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static int show_address(int fd, char *shown, size_t size, unsigned *port)
{
    struct sockaddr_storage storage;
    socklen_t len = sizeof storage;
    char host[64], service[16];
    if (getsockname(fd, (struct sockaddr *)&storage, &len) != 0 ||
        getnameinfo((struct sockaddr *)&storage, len, host, sizeof host, service, sizeof service,
            NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return -1;
    *port = (unsigned)strtoul(service, NULL, 10);
    snprintf(shown, size, storage.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, service);
    return 0;
}

int cpmsync_mock_listen(const char *address, char *shown, size_t size, unsigned *port)
{
    struct addrinfo hints, *info = NULL;
    char host[256];
    const char *colon = strrchr(address, ':');
    size_t len = colon ? (size_t)(colon - address) : 0;
    if (!colon || len == 0 || len >= sizeof host) {
        fprintf(stderr, "cpm-mockserver: %s is not ADDRESS:PORT\n", address);
        return -1;
    }
    if (address[0] == '[' && address[len - 1] == ']') {
        address++;
        len -= 2;
    }
    memcpy(host, address, len);
    host[len] = 0;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
    int code = getaddrinfo(host, colon + 1, &hints, &info);
    if (code != 0) {
        fprintf(stderr, "cpm-mockserver: %s: %s\n", address, gai_strerror(code));
        return -1;
    }
    int fd = open_listener(info);
    freeaddrinfo(info);
    if (fd < 0 || show_address(fd, shown, size, port) != 0)
        return complain(address);
    return fd;
}

/* ---- one peer ---- */

static void start_peer(struct loop *loop, struct peer *peer)
{
    if (loop->config->tls && !loop->config->starttls) {
        peer->tls = cpmsync_mock_tls_start(loop->config->tls, peer->fd);
        peer->state = peer->tls ? PEER_HANDSHAKE : PEER_GONE;
        return;
    }
    peer->conn = cpmsync_mock_connect(loop->config->mock, 0);
    peer->state = peer->conn > 0 ? PEER_OPEN : PEER_GONE;
}

static void shake_hands(struct loop *loop, struct peer *peer)
{
    struct cpmsync_mock_channel channel;
    int code = cpmsync_mock_tls_handshake(peer->tls);
    if (code == MOCK_TLS_FAILED)
        peer->state = PEER_GONE;
    if (code != MOCK_TLS_DONE)
        return;
    peer->state = PEER_OPEN;
    cpmsync_mock_tls_channel(peer->tls, &channel);
    if (!peer->conn)
        peer->conn = cpmsync_mock_connect_over(loop->config->mock, &channel);
    else if (cpmsync_mock_secured_over(loop->config->mock, peer->conn, &channel) != 0)
        peer->state = PEER_GONE;
    if (peer->conn <= 0)
        peer->state = PEER_GONE;
}

/* Octets read; 0 for not now, negative for never again. */
static int receive(struct peer *peer, void *data, size_t size)
{
    if (peer->tls)
        return cpmsync_mock_tls_read(peer->tls, data, size);
    ssize_t got = recv(peer->fd, data, size, 0);
    if (got > 0)
        return (int)got;
    if (got == 0)
        return -2;
    return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

static int transmit(struct peer *peer, const void *data, size_t len)
{
    if (len > CHUNK)
        len = CHUNK;
    if (peer->tls)
        return cpmsync_mock_tls_write(peer->tls, data, len);
    ssize_t sent = send(peer->fd, data, len, MSG_NOSIGNAL);
    if (sent >= 0)
        return (int)sent;
    return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

static void hear(struct loop *loop, struct peer *peer)
{
    struct cpmsync_mock *mock = loop->config->mock;
    char data[CHUNK];
    const void *waiting;
    int len, rounds;
    for (rounds = 0;
         rounds < 64 && peer->state == PEER_OPEN && !peer->ended && !cpmsync_mock_wants_starttls(mock, peer->conn);
         rounds++) {
        /* A client that sends and never reads is not read either. */
        if (!cpmsync_mock_closed(mock, peer->conn) && cpmsync_mock_output(mock, peer->conn, &waiting) >= (1 << 20))
            return;
        len = receive(peer, data, sizeof data);
        if (len == -1)
            peer->state = PEER_GONE;
        peer->ended = len == -2;
        if (len <= 0)
            return;
        peer->heard_at = now_ms();
        cpmsync_mock_feed(mock, peer->conn, data, (size_t)len);
    }
}

static int holds_back(const struct loop *loop, const struct peer *peer)
{
    return loop->config->coalesce && now_ms() - peer->heard_at < COALESCE_MS;
}

static void speak(struct loop *loop, struct peer *peer)
{
    struct cpmsync_mock *mock = loop->config->mock;
    const void *data;
    size_t len;
    peer->blocked = 0;
    while (peer->state == PEER_OPEN && !holds_back(loop, peer) &&
           (len = cpmsync_mock_output(mock, peer->conn, &data)) > 0) {
        int sent = transmit(peer, data, len);
        if (sent < 0)
            peer->state = PEER_GONE;
        else if (sent == 0) {
            peer->blocked = 1;
            return;
        } else
            cpmsync_mock_ack(mock, peer->conn, (size_t)sent);
    }
    if (peer->state != PEER_OPEN || holds_back(loop, peer))
        return;
    if (peer->ended)
        peer->state = PEER_GONE;
    else if (cpmsync_mock_closed(mock, peer->conn)) {
        /* Closing with unread octets would reset the connection and take the last answer with it. */
        if (peer->tls)
            cpmsync_mock_tls_close(peer->tls);
        shutdown(peer->fd, SHUT_WR);
        peer->linger_to = now_ms() + LINGER_MS;
        peer->state = PEER_LINGER;
    } else if (cpmsync_mock_wants_starttls(mock, peer->conn)) {
        peer->tls = loop->config->tls ? cpmsync_mock_tls_start(loop->config->tls, peer->fd) : NULL;
        peer->state = peer->tls ? PEER_HANDSHAKE : PEER_GONE;
    }
}

static void linger(struct peer *peer)
{
    char data[CHUNK];
    ssize_t got;
    while ((got = recv(peer->fd, data, sizeof data, 0)) > 0)
        ;
    if (got == 0 || (errno != EAGAIN && errno != EINTR) || now_ms() >= peer->linger_to)
        peer->state = PEER_GONE;
}

static void serve_peer(struct loop *loop, struct peer *peer)
{
    if (peer->state == PEER_HANDSHAKE)
        shake_hands(loop, peer);
    if (peer->state == PEER_OPEN)
        hear(loop, peer);
    if (peer->state == PEER_OPEN)
        speak(loop, peer);
    if (peer->state == PEER_LINGER)
        linger(peer);
}

static void end_peer(struct loop *loop, struct peer *peer)
{
    if (peer->conn > 0)
        cpmsync_mock_disconnect(loop->config->mock, peer->conn);
    cpmsync_mock_tls_end(peer->tls);
    close(peer->fd);
}

/* ---- all of them ---- */

static void accept_peers(struct loop *loop)
{
    int fd, on = 1;
    while ((fd = accept(loop->config->listener, NULL, NULL)) >= 0) {
        struct peer *peers = (struct peer *)realloc(loop->peers, (loop->count + 1) * sizeof *peers);
        struct pollfd *fds = (struct pollfd *)realloc(loop->fds, (loop->count + 2) * sizeof *fds);
        loop->peers = peers ? peers : loop->peers;
        loop->fds = fds ? fds : loop->fds;
        if (!peers || !fds || fcntl(fd, F_SETFL, O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
            close(fd);
            continue;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct peer *peer = &loop->peers[loop->count++];
        memset(peer, 0, sizeof *peer);
        peer->fd = fd;
        start_peer(loop, peer);
        serve_peer(loop, peer);
    }
}

static int prepare(struct loop *loop)
{
    int timeout = WAKE_MS;
    size_t i;
    loop->fds[0].fd = loop->config->listener;
    loop->fds[0].events = POLLIN;
    for (i = 0; i < loop->count; i++) {
        struct peer *peer = &loop->peers[i];
        const void *data;
        int writes =
            peer->blocked || (peer->tls && peer->state == PEER_HANDSHAKE && cpmsync_mock_tls_wants_write(peer->tls));
        loop->fds[i + 1].fd = peer->fd;
        loop->fds[i + 1].events = (short)((peer->ended ? 0 : POLLIN) | (writes ? POLLOUT : 0));
        if (peer->blocked && cpmsync_mock_output(loop->config->mock, peer->conn, &data) >= (1 << 20))
            loop->fds[i + 1].events = POLLOUT;
        if (peer->state == PEER_LINGER || (peer->state == PEER_OPEN && holds_back(loop, peer)))
            timeout = COALESCE_MS;
    }
    return timeout;
}

static void sweep(struct loop *loop)
{
    size_t kept = 0, i;
    for (i = 0; i < loop->count; i++) {
        if (loop->peers[i].state == PEER_GONE)
            end_peer(loop, &loop->peers[i]);
        else
            loop->peers[kept++] = loop->peers[i];
    }
    loop->count = kept;
}

int cpmsync_mock_serve(const struct mock_loop_config *config)
{
    struct loop loop = {config, NULL, 0, NULL};
    int result = 0;
    size_t i;
    loop.fds = (struct pollfd *)calloc(1, sizeof *loop.fds);
    while (loop.fds && !*config->stop) {
        int timeout = prepare(&loop);
        if (poll(loop.fds, (nfds_t)(loop.count + 1), timeout) < 0 && errno != EINTR) {
            result = complain("poll");
            break;
        }
        /* Every peer in turn: what one did may be news to another that idles. */
        for (i = 0; i < loop.count; i++)
            serve_peer(&loop, &loop.peers[i]);
        for (i = 0; i < loop.count; i++)
            if (loop.peers[i].state == PEER_OPEN)
                speak(&loop, &loop.peers[i]);
        sweep(&loop);
        accept_peers(&loop);
    }
    for (i = 0; i < loop.count; i++)
        end_peer(&loop, &loop.peers[i]);
    free(loop.peers);
    free(loop.fds);
    return result;
}
