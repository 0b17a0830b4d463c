/* SPDX-License-Identifier: MIT */
/* Made-up messages: many in one mailbox, or CPM conversations of a mailbox each. The same seed makes the same. */
#include "mock_session.h"

#include <stdio.h>

static const char *const FLAGS[] = {"", "\\Seen", "\\Seen \\Answered", "\\Flagged", "\\Seen $Forwarded", "\\Seen"};

int cpmsync_mock_generate(
    struct cpmsync_mock *mock, const char *user, const char *mailbox, uint32_t count, size_t octets)
{
    /* What a careless parser takes for answers. */
    static const char BAIT[] = "* 1 EXPUNGE\r\nA0001 OK FETCH completed\r\n+ go ahead\r\n* BYE {3}\r\n";
    struct cpmsync_buf message;
    char head[400];
    uint32_t i;
    int error = 0;
    cpmsync_buf_init(&message, mock->mem, SIZE_MAX / 2);
    for (i = 0; i < count && !error; i++) {
        uint64_t id = cpmsync_mock_random(mock);
        int len = snprintf(head, sizeof head,
            "From: Alice <alice%u@example.org>\r\nTo: Bob <bob@example.net>\r\nSubject: Message %lu\r\n"
            "Message-ID: <%016llx@example.org>\r\nDate: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n",
            (unsigned)(id % 10), (unsigned long)i + 1, (unsigned long long)id);
        error = cpmsync_buf_add(&message, head, (size_t)len);
        do
            error = error ? error : cpmsync_buf_add(&message, BAIT, sizeof BAIT - 1);
        while (!error && message.len < octets);
        int64_t uid = error ? error
                            : cpmsync_mock_deliver(
                                  mock, user, mailbox, FLAGS[id / 16 % 6], 0, cpmsync_buf_data(&message), message.len);
        error = uid < 0 ? (int)uid : 0;
        cpmsync_buf_truncate(&message, 0);
    }
    cpmsync_buf_clear(&message);
    return error;
}

enum { ID_SIZE = 37 };

/* A UUID of version 4, as Conversation-ID and Contribution-ID are. */
static void make_id(struct cpmsync_mock *mock, char *id)
{
    unsigned long long high = cpmsync_mock_random(mock), low = cpmsync_mock_random(mock);
    snprintf(id, ID_SIZE, "%08llx-%04llx-4%03llx-a%03llx-%012llx", high >> 32, (high >> 16) & 0xffff, high & 0xfff,
        low >> 52, low & 0xffffffffffff);
}

/* A chat message as CPM stores it: message/cpim with IMDN's headers. */
static int add_chat_message(struct cpmsync_mock *mock, const char *user, const char *mailbox, const char *conversation,
    const char *contribution, uint32_t number)
{
    static const char FORMAT[] =
        "From: tel:+4930123456\r\nTo: tel:+4930654321\r\n"
        "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\nConversation-ID: %s\r\n"
        "Contribution-ID: %s\r\nIMDN-Message-ID: %016llx\r\nMessage-Direction: %s\r\n"
        "MIME-Version: 1.0\r\nContent-Type: message/cpim\r\n\r\n"
        "From: <tel:+4930123456>\r\nTo: <tel:+4930654321>\r\nNS: imdn <urn:ietf:params:imdn>\r\n"
        "imdn.Message-ID: %016llx\r\nDateTime: 2023-11-14T22:13:20Z\r\n\r\n"
        "Content-type: text/plain;charset=UTF-8\r\n\r\nMessage %lu\r\n";
    unsigned long long id = cpmsync_mock_random(mock);
    char message[1000];
    int len = snprintf(message, sizeof message, FORMAT, conversation, contribution, id, id % 2 ? "sent" : "received",
        id, (unsigned long)number);
    int64_t uid = cpmsync_mock_deliver(mock, user, mailbox, FLAGS[id / 16 % 6], 0, message, (size_t)len);
    return uid < 0 ? (int)uid : 0;
}

int cpmsync_mock_generate_conversations(
    struct cpmsync_mock *mock, const char *user, const char *parent, uint32_t count, uint32_t messages)
{
    char conversation[ID_SIZE], contribution[ID_SIZE], mailbox[600];
    uint32_t i, j;
    int error = 0;
    if (!parent)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    for (i = 0; i < count && !error; i++) {
        make_id(mock, conversation);
        make_id(mock, contribution);
        int len = snprintf(mailbox, sizeof mailbox, "%s%c%s", parent, mock->store.delimiter, conversation);
        error = len < 0 || (size_t)len >= sizeof mailbox ? CPMSYNC_ERR_INVALID_ARGUMENT
                                                         : cpmsync_mock_mailbox_create(mock, user, mailbox);
        for (j = 0; j < messages && !error; j++)
            error = add_chat_message(mock, user, mailbox, conversation, contribution, j + 1);
    }
    return error;
}
