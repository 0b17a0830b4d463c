/* SPDX-License-Identifier: MIT */
/* cpm-mockserver's event loop: carries bytes between sockets and the engine. */
#ifndef CPMSYNC_MOCK_LOOP_H
#define CPMSYNC_MOCK_LOOP_H

#include "mock.h"
#include "mock_tls.h"

#include <signal.h>

struct mock_loop_config {
    struct cpmsync_mock *mock;
    struct mock_tls *tls; /* NULL: none */
    int starttls;         /* connections begin in clear */
    int coalesce;         /* answers wait for 50 ms of silence */
    int listener;
    const volatile sig_atomic_t *stop;
};

/* A listening socket for "ADDRESS:PORT" or "[ADDRESS]:PORT", and its port; -1 with a line on stderr. */
int cpmsync_mock_listen(const char *address, char *shown, size_t size, unsigned *port);

/* Serves until *stop. 0, or -1 when polling failed. */
int cpmsync_mock_serve(const struct mock_loop_config *config);

#endif
