/* SPDX-License-Identifier: MIT */
/* A conversation with a session as a script (session_talk.h) in which the server compresses. Uses cmocka's assertions. */
#ifndef CPMSYNC_TEST_COMPRESS_TALK_H
#define CPMSYNC_TEST_COMPRESS_TALK_H

#include "support/deflate_peer.h"
#include "support/session_talk.h"

enum { SUPPORT_WIRE_MAX = 1 << 18 };

/* The server's side of the wire. */
struct support_wire {
    struct support_deflate *peer;
    uint8_t octets[SUPPORT_WIRE_MAX]; /* what is on it */
    char plain[SUPPORT_WIRE_MAX];     /* what that stands for */
};

void support_wire_open(struct support_wire *wire);
/* The session's end, too: support_talk_close. */
void support_wire_close(struct support_wire *wire, struct support_talk *talk);

void support_wire_server(struct support_wire *wire, struct support_talk *talk, const char *text);
/* Exactly this is due to be sent, compressed; it is sent. Returns how many octets that were. */
size_t support_wire_client(struct support_wire *wire, struct support_talk *talk, const char *text);

/* Logged in on a server that can compress; C2 NOOP and C3 COMPRESS are sent and not answered. */
void support_wire_asked(struct support_talk *talk);
/* Opens the wire, and they are answered OK. */
void support_wire_compressed(struct support_wire *wire, struct support_talk *talk);

#endif
