/* SPDX-License-Identifier: MIT */
/* A whole conversation again and again, each time with another allocation failing. */
#include "mock_talk.h"

#include "support/failing_allocator.h"

static const char SCRIPT[] =
    "create a/b\ndeliver INBOX 20 \\Seen $x\nafter 1 SELECT deliver INBOX 3\nafter 1 FETCH expunge "
    "INBOX 3:5,9\nafter 2 NOOP flag INBOX 1:* +$y -$x\n";

static const char CONVERSATION[] =
    "a AUTHENTICATE SCRAM-SHA-256 biwsbj10ZXN0LHI9YWJj\r\n*\r\n"
    "a LOGIN test test\r\nb ENABLE QRESYNC UTF8=ACCEPT\r\nb CREATE \"\xc3\xa4\"\r\nc SELECT INBOX\r\nd FETCH 1:* "
    "(FLAGS ENVELOPE BODYSTRUCTURE)\r\n"
    "e STORE 1 ANNOTATION (/comment (value.priv \"1\" value.shared \"2\"))\r\ne FETCH 1 ANNOTATION (/* value)\r\n"
    "e COPY 1 a/b\r\ne SEARCH ANNOTATION * value \"1\"\r\n"
    "e CONVERT 1:2 (NIL (charset us-ascii unknown-character-replacement ?)) (BINARY[1] BODYPARTSTRUCTURE[1])\r\n"
    "e CONVERT 1 (NIL (charset utf-8)) BODY[HEADER]\r\n"
    "e NOOP\r\nf UID STORE 1:4 +FLAGS (\\Deleted $z)\r\ng NOOP\r\nh UID EXPUNGE 1:2\r\n"
    "i APPEND INBOX ($q) {30+}\r\nSubject: a\r\n\r\n01234567890123\r\n\r\nj UID FETCH 1:* (BODY[1] BODY[HEADER.FIELDS "
    "(To)]) "
    "(CHANGEDSINCE 3 VANISHED)\r\nk COPY 1:3 a/b\r\nl MOVE 1:2 a/b\r\nm SEARCH OR (SEEN NOT 2) SENTSINCE 1-Jan-2020\r\n"
    "n SETACL a anyone lrswik\r\nn GETACL a\r\nn MYRIGHTS a\r\nn SETMETADATA a (/private/x \"1\" /shared/y \"2\")\r\nn "
    "GETMETADATA (DEPTH 1) a /private\r\nn LIST \"\" *\r\no SUBSCRIBE a/b\r\np LSUB \"\" %\r\nq "
    "RENAME a c\r\nr SELECT c/b (QRESYNC (1700007537 1 1:9 (1 "
    "1)))\r\n"
    "s CREATE d/e/f (USE (\\Sent))\r\ns SUBSCRIBE d/e\r\n"
    "s LIST (SUBSCRIBED RECURSIVEMATCH) \"\" (% *) RETURN (CHILDREN STATUS (SIZE MAILBOXID))\r\n"
    "s NOTIFY SET STATUS (selected (MessageNew (UID ENVELOPE) MessageExpunge FlagChange)) (subtree (a d) (MessageNew "
    "MessageExpunge MailboxName))\r\n"
    "m UID SEARCH RETURN (SAVE MIN COUNT PARTIAL 1:2) CHARSET UTF-8 OR SUBJECT \"x y\" TEXT deliv\r\n"
    "m UID FETCH $ (PREVIEW SAVEDATE BINARY.PEEK[1] BINARY.SIZE[1]) (PARTIAL -1:-2)\r\n"
    "m APPEND c/b ($q) {1+}\r\nx CATENATE (TEXT {2+}\r\nA: URL \"/c/b/;UID=1/;SECTION=HEADER.FIELDS%20(To)\")\r\n"
    "m APPEND c/b ~{9+}\r\nA: b\r\n\r\nx\r\nm UID REPLACE 1 c/b {1+}\r\nx\r\n"
    "m SETQUOTA #user/test (MESSAGE 100)\r\nm GETQUOTAROOT c/b\r\n"
    "m GENURLAUTH \"imap://test@h/c/b/;UID=2/;SECTION=TEXT;URLAUTH=anonymous\" INTERNAL\r\n"
    "m URLFETCH \"imap://test@h/c/b/;UID=2/;SECTION=TEXT;URLAUTH=anonymous:internal:01\"\r\n"
    "t RENAME INBOX "
    "old\r\nu DELETE c\r\nv LOGOUT\r\n";

static const char COMPRESSED[] = "a LOGIN test test\r\nb COMPRESS DEFLATE\r\n";

static void compress(struct cpmsync_mock *mock)
{
    const void *data;
    size_t len;
    int conn = cpmsync_mock_connect(mock, 1);
    if (conn < 0)
        return;
    cpmsync_mock_fault(mock, "compress-coalesce");
    cpmsync_mock_feed(mock, conn, COMPRESSED, sizeof COMPRESSED - 1);
    while ((len = cpmsync_mock_output(mock, conn, &data)) > 0)
        cpmsync_mock_ack(mock, conn, len);
}

/* Returns whether the server got to the end of it. */
static bool converse(const struct cpmsync_allocator *mem)
{
    struct cpmsync_mock_config config;
    const void *data;
    size_t len, at;
    bool logged_out = false;
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.allocator = mem;
    config.scram_iterations = 1;
    config.expunge_log = 3;
    struct cpmsync_mock *mock = cpmsync_mock_new(&config);
    if (!mock)
        return false;
    if (cpmsync_mock_user_add(mock, "test", "test") == 0 &&
        cpmsync_mock_script(mock, SCRIPT, sizeof SCRIPT - 1, NULL) == 0) {
        int conn = cpmsync_mock_connect(mock, 1);
        for (at = 0; conn > 0 && at < sizeof CONVERSATION - 1; at += 100) {
            len = sizeof CONVERSATION - 1 - at < 100 ? sizeof CONVERSATION - 1 - at : 100;
            cpmsync_mock_feed(mock, conn, CONVERSATION + at, len);
            while ((len = cpmsync_mock_output(mock, conn, &data)) > 0) {
                logged_out |= len > 20 && memcmp((const char *)data + len - 20, "K LOGOUT completed\r\n", 20) == 0;
                cpmsync_mock_ack(mock, conn, len);
            }
        }
    }
    compress(mock);
    cpmsync_mock_free(mock);
    return logged_out;
}

static void test_each_allocation_failing_neither_crashes_nor_leaks(void **state)
{
    struct support_allocator allocator;
    uint64_t n, total;
    (void)state;
    support_allocator_init(&allocator);
    assert_true(converse(&allocator.mem));
    assert_int_equal(allocator.live_blocks, 0);
    total = allocator.calls;
    assert_true(total > 300);
    for (n = 1; n <= total; n++) {
        support_allocator_fail_at(&allocator, n);
        converse(&allocator.mem);
        assert_int_equal(allocator.failures, 1);
        assert_int_equal(allocator.live_blocks, 0);
        support_allocator_fail_from(&allocator, n);
        converse(&allocator.mem);
        assert_int_equal(allocator.live_blocks, 0);
    }
    print_message("%u positions of %u\n", (unsigned)(n - 1), (unsigned)total);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_allocation_failing_neither_crashes_nor_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
