/* SPDX-License-Identifier: MIT */
#if defined(__APPLE__)
#define _DARWIN_C_SOURCE /* SO_NOSIGPIPE */
#elif !defined(_POSIX_C_SOURCE) && defined(__linux__)
#define _POSIX_C_SOURCE 200809L
#endif
#include <cpmsync/transport.h>

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/sized.h"
#include "transport/address.h"
#include "transport/fd.h"
#include "transport/wake.h"
#if defined(CPMSYNC_WITH_RESOLVER)
#include "transport/resolve.h"
#endif

#if !defined(MSG_NOSIGNAL)
#define MSG_NOSIGNAL 0 /* SO_NOSIGPIPE does it there */
#endif
#if !defined(SOCK_NONBLOCK) || !defined(SOCK_CLOEXEC)
#undef SOCK_NONBLOCK
#undef SOCK_CLOEXEC
#define SOCK_NONBLOCK 0
#define SOCK_CLOEXEC 0
#endif

enum { ADDRESS_MAX = 16 };
#define CONNECT_TIMEOUT_MS 60000
#define HEAD_START_MS 250

struct connector {
    const struct cpmsync_allocator *mem;
    struct cpmsync_tcp_config config; /* host points to a copy */
    struct cpmsync_wake wake;
};

enum state {
    STATE_RESOLVING,  /* the name's addresses are awaited. Next: CONNECTING, FAILED */
    STATE_CONNECTING, /* sockets are in flight, or addresses left to try. Next: OPEN, FAILED */
    STATE_OPEN,       /* octets flow. Next: FAILED */
    STATE_FAILED      /* `error` says why */
};

struct tcp {
    const struct connector *connector;
    enum state state;
    int error;
    int code; /* errno or EAI_* of the last failure */
    int64_t deadline;
    int64_t next_attempt; /* when the next address gets its turn */
    struct cpmsync_address addresses[ADDRESS_MAX];
    size_t address_count;
    size_t address_next;
    int attempts[ADDRESS_MAX]; /* sockets that are connecting, in the order of their start */
    size_t attempt_count;
    int fd; /* STATE_OPEN: the one that won */
#if defined(CPMSYNC_WITH_RESOLVER)
    struct cpmsync_resolve *resolve;
#endif
};

static void close_attempts(struct tcp *tcp)
{
    for (size_t i = 0; i < tcp->attempt_count; i++)
        close(tcp->attempts[i]);
    tcp->attempt_count = 0;
}

static void give_up_lookup(struct tcp *tcp)
{
#if defined(CPMSYNC_WITH_RESOLVER)
    cpmsync_resolve_free(tcp->resolve);
    tcp->resolve = NULL;
#else
    (void)tcp;
#endif
}

static int fail(struct tcp *tcp, int error)
{
    close_attempts(tcp);
    give_up_lookup(tcp);
    tcp->state = STATE_FAILED;
    tcp->error = error;
    return error;
}

/* ---------------------------------------------------------------- addresses */

static int have_addresses(struct tcp *tcp, int64_t now, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!tcp->addresses[i].port)
            tcp->addresses[i].port = tcp->connector->config.port;
    tcp->address_count = count;
    tcp->next_attempt = now;
    tcp->state = STATE_CONNECTING;
    cpmsync_address_alternate(tcp->addresses, count);
    return 0;
}

/* A number needs nobody's help, the hook answers at once, the resolver later. */
static int find_addresses(struct tcp *tcp, int64_t now)
{
    const struct cpmsync_tcp_config *config = &tcp->connector->config;
    const char *zone;
    if (cpmsync_address_parse(config->host, &tcp->addresses[0], &zone)) {
        if (zone && !tcp->addresses[0].scope_id)
            tcp->addresses[0].scope_id = if_nametoindex(zone);
        return have_addresses(tcp, now, 1);
    }
    if (config->addresses) {
        int count = config->addresses(config->hook_ctx, config->host, config->port, tcp->addresses, ADDRESS_MAX);
        if (count <= 0)
            return fail(tcp, CPMSYNC_ERR_RESOLVE);
        return have_addresses(tcp, now, count > ADDRESS_MAX ? ADDRESS_MAX : (size_t)count);
    }
#if defined(CPMSYNC_WITH_RESOLVER)
    int error = cpmsync_resolve_start(&tcp->resolve, config->host, NULL, NULL);
    return error ? fail(tcp, error) : 0;
#else
    return fail(tcp, CPMSYNC_ERR_RESOLVE);
#endif
}

static int step_resolving(struct tcp *tcp, int64_t now)
{
#if defined(CPMSYNC_WITH_RESOLVER)
    if (tcp->resolve) {
        int count = cpmsync_resolve_result(tcp->resolve, tcp->addresses, &tcp->code);
        if (count < 0)
            return fail(tcp, count);
        if (count > 0) {
            give_up_lookup(tcp);
            return have_addresses(tcp, now, (size_t)count);
        }
        return 0;
    }
#endif
    return find_addresses(tcp, now);
}

/* ---------------------------------------------------------------- connecting */

static socklen_t to_sockaddr(const struct cpmsync_address *address, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof(*out));
    if (address->family == 4) {
        struct sockaddr_in in;
        memset(&in, 0, sizeof(in));
        in.sin_family = AF_INET;
        in.sin_port = htons(address->port);
        memcpy(&in.sin_addr, address->octets, 4);
        memcpy(out, &in, sizeof(in));
        return sizeof(in);
    }
    struct sockaddr_in6 in6;
    memset(&in6, 0, sizeof(in6));
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(address->port);
    in6.sin6_scope_id = address->scope_id;
    memcpy(&in6.sin6_addr, address->octets, 16);
    memcpy(out, &in6, sizeof(in6));
    return sizeof(in6);
}

/* What is wanted but not everywhere to be had is not checked: a hook's socket may be of any family. */
static int prepare_socket(int fd)
{
    int on = 1;
    if (cpmsync_fd_prepare(fd) < 0)
        return -1;
#if defined(SO_NOSIGPIPE)
    (void)setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on));
#endif
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return 0;
}

/* Returns a socket that is connecting, or -1 with the reason in tcp->code. */
static int start_attempt(struct tcp *tcp, const struct cpmsync_address *address)
{
    const struct cpmsync_tcp_config *config = &tcp->connector->config;
    struct sockaddr_storage storage;
    socklen_t len = to_sockaddr(address, &storage);
    int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        tcp->code = errno;
        return -1;
    }
    if (prepare_socket(fd) < 0)
        goto failed;
    if (config->prepare && config->prepare(config->hook_ctx, fd, address)) {
        tcp->code = EACCES;
        goto skipped;
    }
    /* An interrupted connect goes on in the background like one in progress. */
    if (!connect(fd, (const struct sockaddr *)&storage, len) || errno == EINPROGRESS || errno == EINTR)
        return fd;
failed:
    tcp->code = errno;
skipped:
    close(fd);
    return -1;
}

static void start_due_attempts(struct tcp *tcp, int64_t now)
{
    int64_t head_start = tcp->connector->config.head_start_ms;
    while (tcp->address_next < tcp->address_count && now >= tcp->next_attempt) {
        int fd = start_attempt(tcp, &tcp->addresses[tcp->address_next++]);
        if (fd < 0)
            continue;
        tcp->attempts[tcp->attempt_count++] = fd;
        tcp->next_attempt = now + head_start;
    }
}

/* 1 connected, 0 not yet, -1 failed with errno. */
static int check_attempt(int fd)
{
    struct pollfd poller = {fd, POLLOUT, 0};
    int reason = 0;
    socklen_t len = sizeof(reason);
    if (poll(&poller, 1, 0) <= 0)
        return 0;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &reason, &len) < 0)
        return -1;
    errno = reason;
    return reason ? -1 : 1;
}

/* Whether one has won; those that failed are closed, and the next address need not wait any longer. */
static int check_attempts(struct tcp *tcp, int64_t now)
{
    size_t i = 0;
    while (i < tcp->attempt_count) {
        int fd = tcp->attempts[i];
        int verdict = check_attempt(fd);
        if (!verdict) {
            i++;
            continue;
        }
        if (verdict < 0)
            tcp->code = errno;
        memmove(tcp->attempts + i, tcp->attempts + i + 1, (--tcp->attempt_count - i) * sizeof(fd));
        if (verdict > 0) {
            close_attempts(tcp);
            tcp->fd = fd;
            tcp->code = 0;
            tcp->state = STATE_OPEN;
            return 1;
        }
        close(fd);
        tcp->next_attempt = now;
    }
    return 0;
}

static int step_connecting(struct tcp *tcp, int64_t now)
{
    if (check_attempts(tcp, now))
        return 1;
    start_due_attempts(tcp, now);
    /* On loopback some are connected at once. */
    if (check_attempts(tcp, now))
        return 1;
    start_due_attempts(tcp, now);
    if (!tcp->attempt_count && tcp->address_next == tcp->address_count)
        return fail(tcp, CPMSYNC_ERR_CONNECT);
    return 0;
}

static int adopt_socket(struct tcp *tcp)
{
    const struct cpmsync_tcp_config *config = &tcp->connector->config;
    int fd = config->socket(config->hook_ctx);
    if (fd < 0)
        return fail(tcp, CPMSYNC_ERR_CONNECT);
    tcp->attempts[tcp->attempt_count++] = fd;
    tcp->state = STATE_CONNECTING;
    if (!prepare_socket(fd))
        return 0;
    tcp->code = errno;
    return fail(tcp, CPMSYNC_ERR_CONNECT);
}

/* ---------------------------------------------------------------- the contract */

static int tcp_step(void *self, int64_t now)
{
    struct tcp *tcp = self;
    if (tcp->state == STATE_OPEN)
        return 1;
    if (tcp->state == STATE_RESOLVING) {
        int error = tcp->connector->config.socket ? adopt_socket(tcp) : step_resolving(tcp, now);
        if (error < 0)
            return error;
    }
    if (tcp->state == STATE_CONNECTING) {
        int result = step_connecting(tcp, now);
        if (result)
            return result;
    }
    if (tcp->state == STATE_FAILED)
        return tcp->error;
    return now >= tcp->deadline ? fail(tcp, CPMSYNC_ERR_TIMEOUT) : 0;
}

static int64_t broken(struct tcp *tcp, int code)
{
    tcp->code = code;
    tcp->state = STATE_FAILED;
    tcp->error = CPMSYNC_ERR_CLOSED;
    return CPMSYNC_ERR_CLOSED;
}

static int64_t not_open(const struct tcp *tcp)
{
    return tcp->state == STATE_FAILED ? tcp->error : 0;
}

static int would_block(int code)
{
    /* Equal on most systems, which compilers would remark on in one condition. */
    if (code == EAGAIN)
        return 1;
    return code == EWOULDBLOCK;
}

static int64_t tcp_recv(void *self, void *data, size_t size)
{
    struct tcp *tcp = self;
    ssize_t n;
    if (tcp->state != STATE_OPEN || !size)
        return not_open(tcp);
    do
        n = recv(tcp->fd, data, size, 0);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        return n;
    if (n < 0 && would_block(errno))
        return 0;
    return broken(tcp, n < 0 ? errno : 0);
}

static int64_t tcp_send(void *self, const void *data, size_t size)
{
    struct tcp *tcp = self;
    ssize_t n;
    if (tcp->state != STATE_OPEN || !size)
        return not_open(tcp);
    do
        n = send(tcp->fd, data, size, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n >= 0)
        return n;
    return would_block(errno) ? 0 : broken(tcp, errno);
}

static int64_t tcp_expiry(void *self)
{
    const struct tcp *tcp = self;
    if (tcp->state == STATE_OPEN || tcp->state == STATE_FAILED)
        return CPMSYNC_NEVER;
    if (tcp->address_next < tcp->address_count && tcp->next_attempt < tcp->deadline)
        return tcp->next_attempt;
    return tcp->deadline;
}

static size_t tcp_pollfds(void *self, unsigned want, struct cpmsync_pollfd *fds, size_t max)
{
    const struct tcp *tcp = self;
    struct cpmsync_pollfd one = {-1, want};
    if (tcp->state == STATE_CONNECTING) {
        for (size_t i = 0; i < tcp->attempt_count && i < max; i++) {
            fds[i].fd = tcp->attempts[i];
            fds[i].events = CPMSYNC_POLL_WRITE;
        }
        return tcp->attempt_count;
    }
    if (tcp->state == STATE_OPEN && want)
        one.fd = tcp->fd;
#if defined(CPMSYNC_WITH_RESOLVER)
    if (tcp->resolve) {
        one.fd = cpmsync_resolve_fd(tcp->resolve);
        one.events = CPMSYNC_POLL_READ;
    }
#endif
    if (one.fd < 0)
        return 0;
    if (max)
        fds[0] = one;
    return 1;
}

static size_t tcp_pending(void *self)
{
    (void)self;
    return 0;
}

static int tcp_starttls(void *self)
{
    (void)self;
    return CPMSYNC_ERR_UNSUPPORTED;
}

static void tcp_info(void *self, struct cpmsync_transport_info *info)
{
    const struct tcp *tcp = self;
    size_t size = info->size;
    memset(info, 0, sizeof(*info));
    info->size = size;
    info->backend_code = tcp->code;
    info->detail = "";
}

static void tcp_close(void *self)
{
    struct tcp *tcp = self;
    close_attempts(tcp);
    give_up_lookup(tcp);
    if (tcp->fd >= 0)
        close(tcp->fd);
    cpmsync_mem_free(tcp->connector->mem, tcp);
}

static const struct cpmsync_transport_ops tcp_ops = {
    sizeof(struct cpmsync_transport_ops),
    tcp_step,
    tcp_recv,
    tcp_send,
    tcp_expiry,
    tcp_pollfds,
    tcp_pending,
    tcp_starttls,
    tcp_info,
    tcp_close,
};

/* ---------------------------------------------------------------- the connector */

static int connector_open(void *self, int64_t now, struct cpmsync_transport *transport)
{
    const struct connector *connector = self;
    int64_t timeout = connector->config.connect_timeout_ms;
    struct tcp *tcp = cpmsync_mem_zalloc(connector->mem, sizeof(*tcp));
    if (!tcp)
        return CPMSYNC_ERR_NOMEM;
    tcp->connector = connector;
    tcp->state = STATE_RESOLVING;
    tcp->fd = -1;
    tcp->deadline = timeout == CPMSYNC_OFF || timeout > CPMSYNC_NEVER - now ? CPMSYNC_NEVER : now + timeout;
    transport->ops = &tcp_ops;
    transport->self = tcp;
    return 0;
}

static size_t connector_pollfds(void *self, struct cpmsync_pollfd *fds, size_t max)
{
    const struct connector *connector = self;
    if (max) {
        fds[0].fd = cpmsync_wake_fd(&connector->wake);
        fds[0].events = CPMSYNC_POLL_READ;
    }
    return 1;
}

static int connector_wake(void *self)
{
    const struct connector *connector = self;
    cpmsync_wake_signal(&connector->wake);
    return 0;
}

static void connector_woken(void *self)
{
    const struct connector *connector = self;
    cpmsync_wake_drain(&connector->wake);
}

static void connector_free(void *self)
{
    struct connector *connector = self;
    const struct cpmsync_allocator *mem = connector->mem;
    cpmsync_wake_close(&connector->wake);
    cpmsync_mem_free(mem, (void *)(uintptr_t)connector->config.host);
    cpmsync_mem_free(mem, connector);
}

static const struct cpmsync_connector_ops connector_ops = {
    sizeof(struct cpmsync_connector_ops),
    connector_open,
    connector_pollfds,
    connector_wake,
    connector_woken,
    connector_free,
};

static int check_config(struct cpmsync_tcp_config *config, const struct cpmsync_tcp_config *given)
{
    int error = cpmsync_sized_read(config, sizeof(*config), given);
    if (error)
        return error;
    if (!config->socket && (!config->host || !*config->host || !config->port))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    if (config->connect_timeout_ms < CPMSYNC_OFF || config->head_start_ms < 0)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    if (!config->connect_timeout_ms)
        config->connect_timeout_ms = CONNECT_TIMEOUT_MS;
    if (!config->head_start_ms)
        config->head_start_ms = HEAD_START_MS;
    return 0;
}

int cpmsync_connector_tcp(struct cpmsync_connector *out, const struct cpmsync_tcp_config *given)
{
    struct cpmsync_tcp_config config;
    int error = out ? check_config(&config, given) : CPMSYNC_ERR_INVALID_ARGUMENT;
    if (error)
        return error;
    const char *host = config.host ? config.host : "";
    struct connector *connector = cpmsync_mem_zalloc(config.allocator, sizeof(*connector));
    config.host = cpmsync_mem_copy(config.allocator, host, strlen(host));
    if (!connector || !config.host || cpmsync_wake_open(&connector->wake)) {
        cpmsync_mem_free(config.allocator, (void *)(uintptr_t)config.host);
        cpmsync_mem_free(config.allocator, connector);
        return CPMSYNC_ERR_NOMEM;
    }
    connector->mem = config.allocator;
    connector->config = config;
    out->ops = &connector_ops;
    out->self = connector;
    return 0;
}
