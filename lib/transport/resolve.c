/* SPDX-License-Identifier: MIT */
#if !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L
#endif
#include "transport/resolve.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "transport/wake.h"

struct cpmsync_resolve {
    pthread_mutex_t mutex;
    /* Behind the mutex. */
    unsigned users; /* the client's side and the thread */
    int done;
    int result;
    int code;
    struct cpmsync_address addresses[CPMSYNC_RESOLVE_MAX];
    /* Constant while both sides live. */
    struct cpmsync_wake wake;
    cpmsync_lookup_fn lookup;
    void *ctx;
    char host[];
};

static int copy_address(struct cpmsync_address *out, const struct addrinfo *info)
{
    memset(out, 0, sizeof(*out));
    if (info->ai_family == AF_INET && info->ai_addrlen >= sizeof(struct sockaddr_in)) {
        struct sockaddr_in in;
        memcpy(&in, info->ai_addr, sizeof(in));
        out->family = 4;
        memcpy(out->octets, &in.sin_addr, 4);
        return 1;
    }
    if (info->ai_family == AF_INET6 && info->ai_addrlen >= sizeof(struct sockaddr_in6)) {
        struct sockaddr_in6 in6;
        memcpy(&in6, info->ai_addr, sizeof(in6));
        out->family = 6;
        memcpy(out->octets, &in6.sin6_addr, 16);
        out->scope_id = in6.sin6_scope_id;
        return 1;
    }
    return 0;
}

static int lookup_system(void *ctx, const char *host, struct cpmsync_address *addresses, size_t max, int *code)
{
    struct addrinfo hints, *list = NULL;
    size_t count = 0;
    (void)ctx;
    memset(&hints, 0, sizeof(hints));
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;

    errno = 0;
    int failed = getaddrinfo(host, NULL, &hints, &list);
    if (failed) {
        *code = failed == EAI_SYSTEM ? errno : failed;
        return CPMSYNC_ERR_RESOLVE;
    }
    for (const struct addrinfo *info = list; info && count < max; info = info->ai_next)
        count += (size_t)copy_address(&addresses[count], info);
    freeaddrinfo(list);
    *code = 0;
    return count ? (int)count : CPMSYNC_ERR_RESOLVE;
}

/* Called with the mutex held, which it releases. */
static void leave(struct cpmsync_resolve *resolve)
{
    int last = --resolve->users == 0;
    pthread_mutex_unlock(&resolve->mutex);
    if (!last)
        return;
    pthread_mutex_destroy(&resolve->mutex);
    cpmsync_wake_close(&resolve->wake);
    free(resolve);
}

static void *run(void *arg)
{
    struct cpmsync_resolve *resolve = arg;
    struct cpmsync_address found[CPMSYNC_RESOLVE_MAX];
    int code = 0;
    int result = resolve->lookup(resolve->ctx, resolve->host, found, CPMSYNC_RESOLVE_MAX, &code);

    pthread_mutex_lock(&resolve->mutex);
    resolve->result = result ? result : CPMSYNC_ERR_RESOLVE;
    resolve->code = code;
    if (result > 0)
        memcpy(resolve->addresses, found, (size_t)result * sizeof(found[0]));
    resolve->done = 1;
    cpmsync_wake_signal(&resolve->wake);
    leave(resolve);
    return NULL;
}

/* The app's signals are not for a thread it does not know. */
static int start_thread(struct cpmsync_resolve *resolve)
{
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t all, before;
    if (pthread_attr_init(&attr))
        return CPMSYNC_ERR_NOMEM;
    sigfillset(&all);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&thread, &attr, run, resolve);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return failed ? CPMSYNC_ERR_NOMEM : 0;
}

int cpmsync_resolve_start(struct cpmsync_resolve **out, const char *host, cpmsync_lookup_fn lookup, void *ctx)
{
    size_t len = strlen(host) + 1;
    struct cpmsync_resolve *resolve = calloc(1, sizeof(*resolve) + len);
    if (!resolve)
        return CPMSYNC_ERR_NOMEM;
    memcpy(resolve->host, host, len);
    resolve->lookup = lookup ? lookup : lookup_system;
    resolve->ctx = ctx;
    resolve->users = 2;
    if (cpmsync_wake_open(&resolve->wake))
        goto no_wake;
    if (pthread_mutex_init(&resolve->mutex, NULL))
        goto no_mutex;
    if (start_thread(resolve))
        goto no_thread;
    *out = resolve;
    return 0;

no_thread:
    pthread_mutex_destroy(&resolve->mutex);
no_mutex:
    cpmsync_wake_close(&resolve->wake);
no_wake:
    free(resolve);
    return CPMSYNC_ERR_NOMEM;
}

int cpmsync_resolve_fd(const struct cpmsync_resolve *resolve)
{
    return cpmsync_wake_fd(&resolve->wake);
}

int cpmsync_resolve_result(struct cpmsync_resolve *resolve, struct cpmsync_address *addresses, int *code)
{
    pthread_mutex_lock(&resolve->mutex);
    int result = resolve->done ? resolve->result : 0;
    *code = resolve->code;
    if (result > 0)
        memcpy(addresses, resolve->addresses, (size_t)result * sizeof(addresses[0]));
    pthread_mutex_unlock(&resolve->mutex);
    return result;
}

void cpmsync_resolve_free(struct cpmsync_resolve *resolve)
{
    if (!resolve)
        return;
    pthread_mutex_lock(&resolve->mutex);
    leave(resolve);
}
