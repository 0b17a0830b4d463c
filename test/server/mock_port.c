/* SPDX-License-Identifier: MIT */
/* The engine on TCP and TLS: carries octets between its connections and sockets. */
#define _POSIX_C_SOURCE 200809L
#include "mock_session.h"
#include "mock_tls.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { COALESCE_MS = 50, LINGER_MS = 2000, CHUNK = 16384, OUT_ENOUGH = 1 << 20 };

/* Next: HANDSHAKE on STARTTLS, LINGER when the engine closed, GONE on an error or the peer's end. */
enum peer_state { PEER_HANDSHAKE, PEER_OPEN, PEER_LINGER, PEER_GONE };

struct peer {
    enum peer_state state;
    int fd;
    int conn; /* 0 until the handshake of implicit TLS is done */
    struct mock_tls_session *tls;
    bool ended;        /* the peer sends no more, but may still read */
    bool closed;       /* by the engine */
    int64_t heard_at;  /* when octets came last */
    int64_t linger_to; /* when waiting for the peer's end ends */
};

struct cpmsync_mock_port {
    struct cpmsync_mock *mock;
    struct mock_tls *tls; /* NULL: none */
    int listener;
    int wake[2]; /* pipes: octets in them mean that poll is to return, */
    int stop[2]; /* and that serving is to end */
    unsigned number;
    char address[80];
    struct peer *peers;
    size_t count;
    void (*lock)(void *ctx);
    void (*unlock)(void *ctx);
    void *lock_ctx;
    void (*event)(void *ctx, int conn, const char *text);
    void *event_ctx;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- opening ---- */

static bool prepare_fd(int fd)
{
    return fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

static int open_listener(const struct addrinfo *info)
{
    int fd = socket(info->ai_family, SOCK_STREAM, 0), on = 1;
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, info->ai_addr, info->ai_addrlen) != 0 || listen(fd, 128) != 0 || !prepare_fd(fd)) {
        int code = errno;
        close(fd);
        errno = code;
        return -1;
    }
    return fd;
}

static int show_address(struct cpmsync_mock_port *port)
{
    struct sockaddr_storage storage;
    socklen_t len = sizeof storage;
    char host[64], service[16];
    if (getsockname(port->listener, (struct sockaddr *)&storage, &len) != 0 ||
        getnameinfo((struct sockaddr *)&storage, len, host, sizeof host, service, sizeof service,
            NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return -1;
    port->number = (unsigned)strtoul(service, NULL, 10);
    snprintf(port->address, sizeof port->address, storage.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, service);
    return 0;
}

/* "ADDRESS:PORT" or "[ADDRESS]:PORT" */
static int listen_at(struct cpmsync_mock_port *port, const char *address)
{
    struct addrinfo hints, *info = NULL;
    char host[256];
    const char *colon = strrchr(address, ':'), *from = address;
    size_t len = colon ? (size_t)(colon - address) : 0;
    if (len == 0 || len >= sizeof host)
        return cpmsync_mock_explain(port->mock, CPMSYNC_ERR_INVALID_ARGUMENT, "%s is not ADDRESS:PORT", address);
    if (from[0] == '[' && from[len - 1] == ']') {
        from++;
        len -= 2;
    }
    memcpy(host, from, len);
    host[len] = 0;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
    int code = getaddrinfo(host, colon + 1, &hints, &info);
    if (code != 0)
        return cpmsync_mock_explain(port->mock, CPMSYNC_ERR_INVALID_ARGUMENT, "%s: %s", address, gai_strerror(code));
    port->listener = open_listener(info);
    freeaddrinfo(info);
    if (port->listener < 0 || show_address(port) != 0)
        return cpmsync_mock_explain(port->mock, CPMSYNC_ERR_CONNECT, "%s: %s", address, strerror(errno));
    return 0;
}

static int open_pipe(struct cpmsync_mock *mock, int *ends)
{
    if (pipe(ends) == 0 && prepare_fd(ends[0]) && prepare_fd(ends[1]))
        return 0;
    return cpmsync_mock_explain(mock, CPMSYNC_ERR_CONNECT, "a pipe: %s", strerror(errno));
}

static int open_port(struct cpmsync_mock_port *port, const struct cpmsync_mock_port_config *config)
{
    struct cpmsync_mock *mock = port->mock;
    if (!config->cert_file != !config->key_file || (config->client_ca_file && !config->cert_file))
        return cpmsync_mock_explain(mock, CPMSYNC_ERR_INVALID_ARGUMENT, "certificate and key go together");
    if (mock->starttls && !config->cert_file)
        return cpmsync_mock_explain(mock, CPMSYNC_ERR_INVALID_ARGUMENT, "STARTTLS wants a certificate");
    int error = open_pipe(mock, port->wake);
    error = error ? error : open_pipe(mock, port->stop);
    if (!error && config->cert_file)
        error = cpmsync_mock_tls_new(&port->tls, mock, config->cert_file, config->key_file, config->client_ca_file);
    return error ? error : listen_at(port, config->listen ? config->listen : "127.0.0.1:0");
}

int cpmsync_mock_port_open(
    struct cpmsync_mock_port **out, struct cpmsync_mock *mock, const struct cpmsync_mock_port_config *config)
{
    if (!out || !mock || !config || config->size != sizeof *config || !config->lock != !config->unlock)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    cpmsync_mock_explain(mock, 0, "%s", "");
    struct cpmsync_mock_port *port = (struct cpmsync_mock_port *)cpmsync_mem_zalloc(mock->mem, sizeof *port);
    if (!port)
        return CPMSYNC_ERR_NOMEM;
    port->mock = mock;
    port->lock = config->lock;
    port->unlock = config->unlock;
    port->lock_ctx = config->lock_ctx;
    port->event = config->event;
    port->event_ctx = config->event_ctx;
    port->listener = port->wake[0] = port->wake[1] = port->stop[0] = port->stop[1] = -1;
    int error = open_port(port, config);
    if (error) {
        cpmsync_mock_port_close(port);
        return error;
    }
    *out = port;
    return 0;
}

static void tell_event(const struct cpmsync_mock_port *port, const struct peer *peer, const char *text)
{
    if (port->event)
        port->event(port->event_ctx, peer->conn > 0 ? peer->conn : 0, text);
}

static void end_peer(struct cpmsync_mock_port *port, struct peer *peer)
{
    if (peer->conn > 0)
        tell_event(port, peer,
            peer->closed  ? "closed by the server"
            : peer->ended ? "closed by the client"
                          : "broken off");
    if (peer->conn > 0)
        cpmsync_mock_disconnect(port->mock, peer->conn);
    cpmsync_mock_tls_end(peer->tls);
    close(peer->fd);
}

void cpmsync_mock_port_close(struct cpmsync_mock_port *port)
{
    size_t i;
    if (!port)
        return;
    for (i = 0; i < port->count; i++)
        end_peer(port, &port->peers[i]);
    const int fds[] = {port->listener, port->wake[0], port->wake[1], port->stop[0], port->stop[1]};
    for (i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    cpmsync_mock_tls_free(port->tls);
    cpmsync_mem_free(port->mock->mem, port->peers);
    cpmsync_mem_free(port->mock->mem, port);
}

unsigned cpmsync_mock_port_number(const struct cpmsync_mock_port *port)
{
    return port->number;
}

const char *cpmsync_mock_port_address(const struct cpmsync_mock_port *port)
{
    return port->address;
}

/* ---- one peer ---- */

static void start_peer(struct cpmsync_mock_port *port, struct peer *peer)
{
    if (port->tls && !port->mock->starttls) {
        peer->tls = cpmsync_mock_tls_start(port->tls, peer->fd);
        peer->state = peer->tls ? PEER_HANDSHAKE : PEER_GONE;
        return;
    }
    peer->conn = cpmsync_mock_connect(port->mock, 0);
    peer->state = peer->conn > 0 ? PEER_OPEN : PEER_GONE;
    tell_event(port, peer, "connected in clear");
}

static void tell_handshake(const struct cpmsync_mock_port *port, const struct peer *peer)
{
    char text[160] = "the TLS handshake failed: ";
    cpmsync_mock_tls_why(peer->tls, text + strlen(text), sizeof text - strlen(text));
    tell_event(port, peer, text);
}

static void shake_hands(struct cpmsync_mock_port *port, struct peer *peer)
{
    struct cpmsync_mock_channel channel;
    int code = cpmsync_mock_tls_handshake(peer->tls);
    if (code == MOCK_TLS_FAILED) {
        tell_handshake(port, peer);
        peer->state = PEER_GONE;
    }
    if (code != MOCK_TLS_DONE)
        return;
    peer->state = PEER_OPEN;
    cpmsync_mock_tls_channel(peer->tls, &channel);
    if (!peer->conn)
        peer->conn = cpmsync_mock_connect_over(port->mock, &channel);
    else if (cpmsync_mock_secured_over(port->mock, peer->conn, &channel) != 0)
        peer->state = PEER_GONE;
    if (peer->conn <= 0)
        peer->state = PEER_GONE;
    tell_event(port, peer, "connected over TLS");
}

/* Octets read; 0 for not now, negative for never again (-2: the end of the stream). */
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

static size_t output_of(const struct cpmsync_mock_port *port, const struct peer *peer)
{
    const void *data;
    return cpmsync_mock_output(port->mock, peer->conn, &data);
}

static void hear(struct cpmsync_mock_port *port, struct peer *peer)
{
    char data[CHUNK];
    int len, rounds;
    for (rounds = 0; rounds < 64 && peer->state == PEER_OPEN && !peer->ended &&
                     !cpmsync_mock_wants_starttls(port->mock, peer->conn);
         rounds++) {
        /* A client that sends and never reads is not read either. */
        if (!cpmsync_mock_closed(port->mock, peer->conn) && output_of(port, peer) >= OUT_ENOUGH)
            return;
        len = receive(peer, data, sizeof data);
        if (len == -1)
            peer->state = PEER_GONE;
        peer->ended = len == -2;
        if (len <= 0)
            return;
        peer->heard_at = now_ms();
        cpmsync_mock_feed(port->mock, peer->conn, data, (size_t)len);
    }
}

static bool holds_back(const struct cpmsync_mock_port *port, const struct peer *peer)
{
    return port->mock->faults.coalesce && now_ms() - peer->heard_at < COALESCE_MS;
}

/* Everything the engine had to say is said. */
static void go_on(struct cpmsync_mock_port *port, struct peer *peer)
{
    if (peer->ended)
        peer->state = PEER_GONE;
    else if (cpmsync_mock_closed(port->mock, peer->conn)) {
        /* Closing with unread octets would reset the connection and take the last answer with it. */
        if (peer->tls)
            cpmsync_mock_tls_close(peer->tls);
        shutdown(peer->fd, SHUT_WR);
        peer->closed = true;
        peer->linger_to = now_ms() + LINGER_MS;
        peer->state = PEER_LINGER;
    } else if (cpmsync_mock_wants_starttls(port->mock, peer->conn)) {
        peer->tls = port->tls ? cpmsync_mock_tls_start(port->tls, peer->fd) : NULL;
        peer->state = peer->tls ? PEER_HANDSHAKE : PEER_GONE;
    }
}

static void speak(struct cpmsync_mock_port *port, struct peer *peer)
{
    const void *data;
    size_t len;
    if (holds_back(port, peer))
        return;
    while ((len = cpmsync_mock_output(port->mock, peer->conn, &data)) > 0) {
        int sent = transmit(peer, data, len);
        if (sent < 0)
            peer->state = PEER_GONE;
        if (sent <= 0)
            return;
        cpmsync_mock_ack(port->mock, peer->conn, (size_t)sent);
    }
    go_on(port, peer);
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

static void serve_peer(struct cpmsync_mock_port *port, struct peer *peer)
{
    if (peer->state == PEER_HANDSHAKE)
        shake_hands(port, peer);
    if (peer->state == PEER_OPEN)
        hear(port, peer);
    if (peer->state == PEER_OPEN)
        speak(port, peer);
    if (peer->state == PEER_LINGER)
        linger(peer);
}

/* What to wait for. */
static unsigned events_of(const struct cpmsync_mock_port *port, const struct peer *peer)
{
    unsigned events = peer->ended ? 0 : CPMSYNC_POLL_READ;
    if (peer->state == PEER_HANDSHAKE)
        return events | (cpmsync_mock_tls_wants_write(peer->tls) ? CPMSYNC_POLL_WRITE : 0u);
    if (peer->state != PEER_OPEN || holds_back(port, peer))
        return events;
    size_t waits = output_of(port, peer);
    if (waits >= OUT_ENOUGH)
        events = 0;
    return events | (waits ? CPMSYNC_POLL_WRITE : 0u);
}

/* ---- all of them ---- */

static void drain(int fd)
{
    char data[64];
    while (read(fd, data, sizeof data) > 0)
        ;
}

static void accept_peers(struct cpmsync_mock_port *port)
{
    int fd, on = 1;
    while ((fd = accept(port->listener, NULL, NULL)) >= 0) {
        struct peer *peers =
            (struct peer *)cpmsync_mem_resize(port->mock->mem, port->peers, port->count + 1, sizeof *peers);
        port->peers = peers ? peers : port->peers;
        if (!peers || !prepare_fd(fd)) {
            close(fd);
            continue;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct peer *peer = &port->peers[port->count++];
        memset(peer, 0, sizeof *peer);
        peer->fd = fd;
        start_peer(port, peer);
        serve_peer(port, peer);
    }
}

static void sweep(struct cpmsync_mock_port *port)
{
    size_t kept = 0, i;
    for (i = 0; i < port->count; i++) {
        if (port->peers[i].state == PEER_GONE)
            end_peer(port, &port->peers[i]);
        else
            port->peers[kept++] = port->peers[i];
    }
    port->count = kept;
}

size_t cpmsync_mock_port_pollfds(const struct cpmsync_mock_port *port, struct cpmsync_pollfd *fds, size_t max)
{
    size_t i;
    for (i = 0; i < port->count + 2 && i < max; i++) {
        fds[i].fd = i == 0 ? port->listener : i == 1 ? port->wake[0] : port->peers[i - 2].fd;
        fds[i].events = i < 2 ? CPMSYNC_POLL_READ : events_of(port, &port->peers[i - 2]);
    }
    return port->count + 2;
}

int cpmsync_mock_port_timeout(const struct cpmsync_mock_port *port)
{
    size_t i;
    for (i = 0; i < port->count; i++) {
        const struct peer *peer = &port->peers[i];
        if (peer->state == PEER_LINGER || (peer->state == PEER_OPEN && holds_back(port, peer)))
            return COALESCE_MS;
    }
    return -1;
}

void cpmsync_mock_port_step(struct cpmsync_mock_port *port)
{
    size_t i;
    drain(port->wake[0]);
    /* Every peer in turn: what one did may be news to another that idles. */
    for (i = 0; i < port->count; i++)
        serve_peer(port, &port->peers[i]);
    for (i = 0; i < port->count; i++)
        if (port->peers[i].state == PEER_OPEN)
            speak(port, &port->peers[i]);
    accept_peers(port);
    sweep(port);
}

/* Polls all descriptors and the one that ends it; *stopped is whether that was heard. */
static int wait_for_work(struct cpmsync_mock_port *port, bool *stopped)
{
    size_t count = cpmsync_mock_port_pollfds(port, NULL, 0), i;
    struct cpmsync_pollfd *wanted =
        (struct cpmsync_pollfd *)cpmsync_mem_resize(port->mock->mem, NULL, count, sizeof *wanted);
    struct pollfd *fds = (struct pollfd *)cpmsync_mem_resize(port->mock->mem, NULL, count + 1, sizeof *fds);
    int error = wanted && fds ? 0 : CPMSYNC_ERR_NOMEM;
    if (!error) {
        cpmsync_mock_port_pollfds(port, wanted, count);
        for (i = 0; i < count; i++) {
            fds[i].fd = wanted[i].fd;
            fds[i].events = (short)((wanted[i].events & CPMSYNC_POLL_READ ? POLLIN : 0) |
                                    (wanted[i].events & CPMSYNC_POLL_WRITE ? POLLOUT : 0));
        }
        fds[count].fd = port->stop[0];
        fds[count].events = POLLIN;
        int timeout = cpmsync_mock_port_timeout(port);
        if (port->unlock)
            port->unlock(port->lock_ctx);
        int ready = poll(fds, (nfds_t)(count + 1), timeout), code = errno;
        if (port->lock)
            port->lock(port->lock_ctx);
        *stopped = ready > 0 && fds[count].revents != 0;
        if (ready < 0 && code != EINTR)
            error = cpmsync_mock_explain(port->mock, CPMSYNC_ERR_CONNECT, "poll: %s", strerror(code));
    }
    cpmsync_mem_free(port->mock->mem, wanted);
    cpmsync_mem_free(port->mock->mem, fds);
    return error;
}

int cpmsync_mock_port_serve(struct cpmsync_mock_port *port)
{
    bool stopped = false;
    int error = 0;
    if (port->lock)
        port->lock(port->lock_ctx);
    while (!stopped && !error) {
        error = wait_for_work(port, &stopped);
        if (!error)
            cpmsync_mock_port_step(port);
    }
    if (stopped)
        drain(port->stop[0]);
    if (port->unlock)
        port->unlock(port->lock_ctx);
    return error;
}

/* A full pipe is as good as one octet more. Nothing here is unfit for a signal's handler. */
static void poke(int fd)
{
    int code = errno;
    ssize_t ignored = write(fd, "", 1);
    (void)ignored;
    errno = code;
}

void cpmsync_mock_port_wake(struct cpmsync_mock_port *port)
{
    poke(port->wake[1]);
}

void cpmsync_mock_port_stop(struct cpmsync_mock_port *port)
{
    poke(port->stop[1]);
}
