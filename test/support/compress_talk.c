/* SPDX-License-Identifier: MIT */
#include "support/compress_talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

void support_wire_open(struct support_wire *wire)
{
    wire->peer = support_deflate_new();
}

void support_wire_close(struct support_wire *wire, struct support_talk *talk)
{
    support_talk_close(talk);
    support_deflate_free(wire->peer);
}

void support_wire_server(struct support_wire *wire, struct support_talk *talk, const char *text)
{
    size_t len = support_deflate_pack(wire->peer, text, strlen(text), wire->octets, SUPPORT_WIRE_MAX);

    support_talk_octets(talk, wire->octets, len);
}

size_t support_wire_client(struct support_wire *wire, struct support_talk *talk, const char *text)
{
    const uint8_t *data;
    size_t len, at = 0, octets = 0;

    if (talk->lenient && cpmsync_session_state(talk->session) == CPMSYNC_SESSION_FAILED)
        return 0;
    wire->plain[0] = '\0';
    while ((len = cpmsync_session_output(talk->session, &data)) > 0) {
        at += support_deflate_unpack(wire->peer, data, len, wire->plain + at, SUPPORT_WIRE_MAX - at);
        cpmsync_session_ack(talk->session, talk->now, len);
        octets += len;
    }
    assert_string_equal(wire->plain, text);
    return octets;
}

void support_wire_asked(struct support_talk *talk)
{
    support_talk_open(talk, true);
    support_talk_login(talk, "IMAP4rev1 COMPRESS=DEFLATE");
    talk->heard[0] = '\0';
    support_talk_submit(talk, "NOOP", 0, NULL);
    cpmsync_session_compress(talk->session);
    support_talk_client(talk, "C2 NOOP\r\nC3 COMPRESS DEFLATE\r\n");
}

void support_wire_compressed(struct support_wire *wire, struct support_talk *talk)
{
    support_wire_open(wire);
    support_wire_asked(talk);
    support_talk_server(talk, "C2 OK\r\nC3 OK active\r\n");
    support_talk_heard(talk, "NOOP OK");
}
