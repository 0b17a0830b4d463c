/* SPDX-License-Identifier: MIT */
#include "mock_talk.h"

#include <stdio.h>
#include <stdlib.h>

struct talk *talk_new(const struct cpmsync_mock_config *config)
{
    struct cpmsync_mock_config plain;
    struct talk *talk = (struct talk *)calloc(1, sizeof *talk);
    assert_non_null(talk);
    memset(&plain, 0, sizeof plain);
    plain.size = sizeof plain;
    talk->mock = cpmsync_mock_new(config ? config : &plain);
    assert_non_null(talk->mock);
    assert_int_equal(cpmsync_mock_user_add(talk->mock, "test", "test"), 0);
    return talk;
}

void talk_free(struct talk *talk)
{
    cpmsync_mock_free(talk->mock);
    free(talk);
}

const char *talk_hear(struct talk *talk, int conn)
{
    const void *data;
    size_t len, i, at = 0;
    while ((len = cpmsync_mock_output(talk->mock, conn, &data)) > 0) {
        for (i = 0; i < len; i++)
            if (((const char *)data)[i] != '\r') {
                assert_true(at + 1 < sizeof talk->answer);
                talk->answer[at++] = ((const char *)data)[i];
            }
        cpmsync_mock_ack(talk->mock, conn, len);
    }
    talk->answer[at] = 0;
    return talk->answer;
}

const char *talk_send(struct talk *talk, int conn, const void *data, size_t len)
{
    cpmsync_mock_feed(talk->mock, conn, data, len);
    return talk_hear(talk, conn);
}

const char *talk_say(struct talk *talk, int conn, const char *text)
{
    size_t len = 0;
    char *wire = (char *)malloc(2 * strlen(text) + 1);
    assert_non_null(wire);
    for (; *text; text++) {
        if (*text == '\n')
            wire[len++] = '\r';
        wire[len++] = *text;
    }
    talk_send(talk, conn, wire, len);
    free(wire);
    return talk->answer;
}

int talk_connect(struct talk *talk, bool secure)
{
    int conn = cpmsync_mock_connect(talk->mock, secure);
    assert_true(conn > 0);
    talk_hear(talk, conn);
    return conn;
}

int talk_login_as(struct talk *talk, const char *user)
{
    char line[100];
    int conn = talk_connect(talk, true);
    snprintf(line, sizeof line, "login LOGIN %s %s\n", user, user);
    talk_expect_has(talk, conn, line, "login OK ");
    return conn;
}

int talk_login(struct talk *talk, bool qresync)
{
    int conn = talk_login_as(talk, "test");
    if (qresync)
        talk_expect(talk, conn, "enable ENABLE QRESYNC\n", "* ENABLED QRESYNC\nenable OK ENABLE completed\n");
    return conn;
}

bool talk_has(const struct talk *talk, const char *part)
{
    return strstr(talk->answer, part) != NULL;
}

bool talk_has_order(const struct talk *talk, const char *first, const char *second)
{
    const char *at = strstr(talk->answer, first);
    return at && strstr(at + strlen(first), second);
}

void talk_expect(struct talk *talk, int conn, const char *text, const char *answer)
{
    assert_string_equal(talk_say(talk, conn, text), answer);
}

void talk_expect_has(struct talk *talk, int conn, const char *text, const char *part)
{
    talk_say(talk, conn, text);
    if (!talk_has(talk, part))
        fail_msg("%s is missing in the answer to %s: %s", part, text, talk->answer);
}

void talk_expect_no(struct talk *talk, int conn, const char *text, const char *part)
{
    talk_say(talk, conn, text);
    if (talk_has(talk, part))
        fail_msg("%s is in the answer to %s: %s", part, text, talk->answer);
}

void talk_deliver(struct talk *talk, unsigned count)
{
    unsigned i;
    char message[100];
    for (i = 0; i < count; i++) {
        int len = snprintf(message, sizeof message, "From: a@b.example\r\nSubject: Number %u\r\n\r\nHello\r\n", i);
        assert_true(cpmsync_mock_deliver(talk->mock, NULL, "INBOX", NULL, 0, message, (size_t)len) > 0);
    }
}

struct cpmsync_mock_status talk_status(struct talk *talk, const char *mailbox)
{
    struct cpmsync_mock_status status;
    memset(&status, 0, sizeof status);
    status.size = sizeof status;
    assert_int_equal(cpmsync_mock_mailbox_status(talk->mock, NULL, mailbox, &status), 0);
    return status;
}

void talk_fault(struct talk *talk, const char *fault)
{
    assert_int_equal(cpmsync_mock_fault(talk->mock, fault), 0);
}

int talk_setup(void **state)
{
    *state = talk_new(NULL);
    return 0;
}

int talk_teardown(void **state)
{
    talk_free((struct talk *)*state);
    return 0;
}
