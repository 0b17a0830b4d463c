/* SPDX-License-Identifier: MIT */
/*
 * A client with small limits, its memory store in its own allocator, and a server without any. What the client holds at its
 * peak is compared with a bound that is made of the limits alone. Uses cmocka's assertions.
 */
#ifndef CPMSYNC_TEST_HOSTILE_H
#define CPMSYNC_TEST_HOSTILE_H

#include <stdbool.h>

#include <cpmsync/client.h>

#include "support/failing_allocator.h"
#include "support/plain_crypto.h"

enum { HOSTILE_DESCRIBED = 200 }; /* descriptors that are stored at most, where there are any */

struct hostile {
    struct support_allocator allocator;
    struct support_crypto crypto;
    struct cpmsync_client_config config;
    struct cpmsync_client *client;
    int64_t now;
    char sent[4096]; /* the end of what the client sent */
    size_t sent_len;
    uint64_t octets; /* the server said */
    uint64_t events[CPMSYNC_EVENT_STATE + 1];
    uint64_t log_lines;
    unsigned completed; /* operations, and how the last one ended */
    int error;
};

/* response_max 4096, literal_max 1024, output_max 4096, messages_max 2000, flagsets_max 100, flagset_octets_max 8192. Change
 * the configuration before hostile_open. No descriptors, but where the test turns them on. */
void hostile_init(struct hostile *h);
void hostile_open(struct hostile *h);
/* Checks the bound and that nothing leaks. Prints what was said and what was held. */
void hostile_close(struct hostile *h, const char *what);

/* A synchronisation of INBOX is submitted and the transport opened. */
void hostile_connect(struct hostile *h);
/* The same, up to the SELECT that is C3. */
void hostile_select(struct hostile *h);
/* The SELECT is answered: UIDVALIDITY 42, `exists` messages, everything asked for by C4 is still to come. */
void hostile_selected(struct hostile *h, unsigned exists);
/* A synchronisation of INBOX on the connection there is; its first answers are the test's. */
void hostile_sync(struct hostile *h);

/* The client does not want the connection any more. */
bool hostile_over(const struct hostile *h);
/* The server says these octets; nothing once the connection is over. */
void hostile_say(struct hostile *h, const char *octets);
/* And says it again and again, in large pieces, until it has said `total` octets or the connection is over. */
void hostile_repeat(struct hostile *h, const char *octets, uint64_t total);
/* "text" with each %u replaced by a number: first, first + step, ... `count` times. */
void hostile_count(struct hostile *h, const char *format, uint32_t first, int32_t step, uint32_t count);
void hostile_eof(struct hostile *h);

/* The client has sent this at some time, and not long ago. */
bool hostile_sent(const struct hostile *h, const char *text);

#endif
