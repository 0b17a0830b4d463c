/* SPDX-License-Identifier: MIT */
/* The client against every misbehaviour of the mock server: it ends with what the server holds, or says that it could not
 * and keeps its old cursor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cpmsync/mock.h>
#include <stdio.h>
#include <string.h>

#include "support/mock_link.h"

static const char *const BOXES[] = {"INBOX", "B"};

struct scene {
    struct cpmsync_mock *mock;
    struct support_link link;
    char trace[1 << 16]; /* the conversation since scene_fault */
    size_t trace_len;
};

static void trace(void *ctx, int conn, int direction, const void *data, size_t len)
{
    struct scene *scene = ctx;

    (void)conn;
    (void)direction;
    if (len < sizeof scene->trace - scene->trace_len) {
        memcpy(scene->trace + scene->trace_len, data, len);
        scene->trace_len += len;
        scene->trace[scene->trace_len] = '\0';
    }
}

static void deliver(struct scene *scene, const char *box, unsigned count)
{
    while (count--)
        assert_true(cpmsync_mock_deliver(scene->mock, NULL, box, "$MDNSent", 0, "x", 1) > 0);
}

/* Six messages in INBOX and three in B, offered what `capabilities` says; the client has none of them yet. */
static void scene_open(struct scene *scene, const char *capabilities)
{
    struct cpmsync_mock_config config = {0};

    memset(scene, 0, sizeof *scene);
    config.size = sizeof config;
    config.capabilities = capabilities;
    config.trace = trace;
    config.trace_ctx = scene;
    scene->mock = cpmsync_mock_new(&config);
    assert_non_null(scene->mock);
    assert_int_equal(cpmsync_mock_user_add(scene->mock, "fred", "secret"), 0);
    assert_int_equal(cpmsync_mock_mailbox_create(scene->mock, NULL, "B"), 0);
    deliver(scene, "INBOX", 6);
    deliver(scene, "B", 3);
    assert_true(support_link_init(&scene->link, scene->mock, BOXES, 2));
    assert_true(support_link_restart(&scene->link));
}

static void scene_close(struct scene *scene)
{
    support_link_clear(&scene->link);
    cpmsync_mock_free(scene->mock);
}

static void fault(struct scene *scene, const char *name)
{
    scene->trace_len = 0;
    scene->trace[0] = '\0';
    assert_int_equal(cpmsync_mock_fault(scene->mock, name), 0);
}

static bool heard(const struct scene *scene, const char *part)
{
    return strstr(scene->trace, part) != NULL;
}

/* The mailbox is what the server holds. `modseqs`: with its mod-sequences. */
static void assert_equal(struct scene *scene, const char *box, bool modseqs)
{
    char why[512] = "";

    if (!support_link_equals(&scene->link, box, modseqs, why, sizeof why))
        fail_msg("%s\n%s", why, scene->trace);
}

static void sync_equal(struct scene *scene, const char *box)
{
    int error = support_link_sync(&scene->link, box);

    if (error)
        fail_msg("%s: %s %s\n%s", box, cpmsync_error_name(error), scene->link.words, scene->trace);
    assert_equal(scene, box, true);
}

/* The server changed meanwhile and said so: the cursor may lag behind. */
static void sync_moved(struct scene *scene, bool modseqs)
{
    int error = support_link_sync(&scene->link, "INBOX");

    if (error)
        fail_msg("%s %s\n%s", cpmsync_error_name(error), scene->link.words, scene->trace);
    scene->link.may_lag = true;
    assert_equal(scene, "INBOX", modseqs);
    scene->link.may_lag = false;
}

/* A server that was wrong with CONDSTORE three times is used without mod-sequences (R14). */
static bool knows_modseqs(struct scene *scene, const char *box)
{
    return support_link_cursor(&scene->link, box, NULL) != 0;
}

/* A lie: equal, or unverified with the old cursor. True when it was equal. */
static bool sync_lied_to(struct scene *scene, const char *box)
{
    uint64_t before = support_link_cursor(&scene->link, box, NULL);
    int error = support_link_sync(&scene->link, box);
    char why[512] = "";

    if (error == CPMSYNC_ERR_UNVERIFIED) {
        assert_true(support_link_cursor(&scene->link, box, NULL) <= before);
        return false;
    }
    if (error)
        fail_msg("%s: %s %s\n%s", box, cpmsync_error_name(error), scene->link.words, scene->trace);
    return support_link_equals(&scene->link, box, knows_modseqs(scene, box), why, sizeof why);
}

static void sync_without_lies(struct scene *scene, const char *box)
{
    int error = support_link_sync(&scene->link, box);

    if (error)
        fail_msg("%s: %s %s\n%s", box, cpmsync_error_name(error), scene->link.words, scene->trace);
    assert_equal(scene, box, knows_modseqs(scene, box));
}

/* Everything another client may do. */
static void change(struct scene *scene)
{
    assert_int_equal(cpmsync_mock_flag(scene->mock, NULL, "INBOX", "2,4", "+\\Seen"), 0);
    assert_int_equal(cpmsync_mock_expunge(scene->mock, NULL, "INBOX", "3"), 1);
    deliver(scene, "INBOX", 2);
}

/* What the server does between the octets of one synchronisation. */
struct meanwhile {
    struct scene *scene;
    const char *behind; /* when the conversation ends with this */
    void (*act)(struct scene *scene);
    bool done;
};

static size_t on_portion(void *ctx, size_t len)
{
    struct meanwhile *m = ctx;
    size_t behind = strlen(m->behind);

    if (!m->done && m->scene->trace_len >= behind &&
        memcmp(m->scene->trace + m->scene->trace_len - behind, m->behind, behind) == 0) {
        m->done = true;
        m->act(m->scene);
    }
    (void)len;
    return 1;
}

static void act_at(struct scene *scene, struct meanwhile *m, const char *behind, void (*act)(struct scene *scene))
{
    m->scene = scene;
    m->behind = behind;
    m->act = act;
    m->done = false;
    scene->link.portion = on_portion;
    scene->link.ctx = m;
}

static void quiet(struct scene *scene)
{
    scene->link.portion = NULL;
}

static const char *const PLAIN = "IMAP4rev1 SASL-IR AUTH=PLAIN UNSELECT";
static const char *const CONDSTORE = "IMAP4rev1 SASL-IR AUTH=PLAIN ENABLE CONDSTORE UNSELECT";
static const char *const CHAINED = "IMAP4rev1 SASL-IR AUTH=PLAIN ENABLE CONDSTORE QRESYNC"; /* no UNSELECT */

/* ---- robust servers and others: equal at once */

static void test_ms_36_client_bears_an_expunge_inside_its_fetch(void **state)
{
    static const char *const offers[] = {NULL, "", ""};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct scene scene;
        scene_open(&scene, i == 1 ? CONDSTORE : i == 2 ? PLAIN : offers[i]);
        fault(&scene, "expunge-inside=1"); /* inside the first fetch of all */
        sync_moved(&scene, i != 2);
        assert_true(heard(&scene, i ? "1 EXPUNGE\r\n" : "VANISHED 1\r\n"));
        change(&scene);
        fault(&scene, "expunge-inside=1"); /* inside the one of new messages */
        sync_moved(&scene, i != 2);
        assert_true(heard(&scene, i ? "1 EXPUNGE\r\n" : "VANISHED 2\r\n"));
        assert_int_equal(support_link_sync(&scene.link, "INBOX"), 0);
        assert_equal(&scene, "INBOX", i != 2);
        scene_close(&scene);
    }
}

static void expunge_one(struct scene *scene)
{
    assert_true(cpmsync_mock_expunge(scene->mock, NULL, "INBOX", "2") >= 0);
}

static void test_ms_37_client_loses_no_expunge_that_is_held_back(void **state)
{
    struct scene scene;
    struct meanwhile meanwhile;
    char cut[40];

    (void)state;
    scene_open(&scene, NULL);
    sync_equal(&scene, "INBOX");
    fault(&scene, "hold-vanished");
    deliver(&scene, "INBOX", 1);
    act_at(&scene, &meanwhile, "] SELECT completed\r\n", expunge_one);
    int error = support_link_sync(&scene.link, "INBOX");
    assert_true(meanwhile.done && (error == 0 || error == CPMSYNC_ERR_UNVERIFIED));
    quiet(&scene);
    sync_equal(&scene, "INBOX");
    /* and cut off before the tagged answer of the fetch */
    deliver(&scene, "INBOX", 1);
    snprintf(cut, sizeof cut, "cut=tagged:%u", (unsigned)cpmsync_mock_commands(scene.mock) + 3);
    fault(&scene, cut);
    assert_int_not_equal(support_link_sync(&scene.link, "INBOX"), 0);
    assert_int_equal(cpmsync_mock_expunge(scene.mock, NULL, "INBOX", "4"), 1);
    sync_equal(&scene, "INBOX");
    scene_close(&scene);
}

static void test_ms_38_client_bears_a_server_of_rfc5162(void **state)
{
    struct scene scene;
    struct meanwhile meanwhile;

    (void)state;
    scene_open(&scene, NULL);
    fault(&scene, "rfc5162");
    sync_equal(&scene, "INBOX");
    change(&scene);
    act_at(&scene, &meanwhile, "] SELECT completed\r\n", expunge_one);
    sync_moved(&scene, true);
    assert_true(meanwhile.done && heard(&scene, " EXPUNGE\r\n") && heard(&scene, "* VANISHED (EARLIER) 3\r\n"));
    quiet(&scene);
    sync_equal(&scene, "INBOX");
    scene_close(&scene);
}

static void test_ms_38_client_counts_what_vanished_once(void **state)
{
    struct scene scene;
    struct meanwhile meanwhile;

    (void)state;
    scene_open(&scene, NULL);
    assert_int_equal(cpmsync_mock_expunge(scene.mock, NULL, "INBOX", "1"), 1); /* the client never knew it */
    fault(&scene, "vanished-again");
    sync_equal(&scene, "INBOX");
    deliver(&scene, "INBOX", 2);
    act_at(&scene, &meanwhile, "] SELECT completed\r\n", expunge_one);
    sync_moved(&scene, true);
    assert_true(meanwhile.done && heard(&scene, "* VANISHED 2\r\n* VANISHED 1:2\r\n"));
    quiet(&scene);
    sync_equal(&scene, "INBOX");
    scene_close(&scene);
}

static void test_ms_39_client_bears_a_server_of_rfc4551(void **state)
{
    struct scene scene;

    (void)state;
    scene_open(&scene, NULL);
    fault(&scene, "rfc4551");
    sync_equal(&scene, "INBOX");
    assert_int_equal(cpmsync_mock_expunge(scene.mock, NULL, "INBOX", "2"), 1); /* nothing tells of it but the count */
    sync_equal(&scene, "INBOX");
    change(&scene);
    sync_equal(&scene, "INBOX");
    /* mod-sequences above 63 bits: none are kept, nothing is lost */
    fault(&scene, "modseq-64");
    for (unsigned round = 0; round < 3; round++) {
        assert_int_equal(support_link_sync(&scene.link, "INBOX"), 0);
        assert_equal(&scene, "INBOX", false);
        assert_int_equal(support_link_cursor(&scene.link, "INBOX", NULL), 0);
        assert_int_equal(cpmsync_mock_flag(scene.mock, NULL, "INBOX", "4", round ? "-\\Seen" : "+\\Flagged"), 0);
        cpmsync_mock_expunge(scene.mock, NULL, "INBOX", round ? "1" : "5");
        deliver(&scene, "INBOX", 1);
    }
    scene_close(&scene);
}

static void test_ms_40_client_falls_a_step_when_enable_enables_nothing(void **state)
{
    static const char *const FAULTS[] = {"enabled-empty", "enable-refused"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct scene scene;
        scene_open(&scene, NULL);
        sync_equal(&scene, "INBOX");
        change(&scene);
        fault(&scene, FAULTS[i]);
        assert_true(support_link_restart(&scene.link)); /* the next SELECT leaves with the ENABLE */
        sync_equal(&scene, "INBOX");
        assert_int_equal(cpmsync_mock_expunge(scene.mock, NULL, "INBOX", "2"), 1);
        sync_equal(&scene, "INBOX");
        scene_close(&scene);
    }
}

static void test_ms_41_client_begins_anew_under_a_new_uidvalidity(void **state)
{
    struct scene scene;

    (void)state;
    scene_open(&scene, NULL);
    sync_equal(&scene, "INBOX");
    sync_equal(&scene, "B");
    change(&scene);
    fault(&scene, "uidvalidity-at=1"); /* between two SELECTs of one session */
    sync_equal(&scene, "INBOX");
    support_link_cut(&scene.link);
    fault(&scene, "uidvalidity-at=1"); /* while the client is away */
    sync_equal(&scene, "INBOX");
    sync_equal(&scene, "B");
    scene_close(&scene);
}

static void test_ms_41_client_keeps_up_when_mod_sequences_go(void **state)
{
    struct scene scene;

    (void)state;
    scene_open(&scene, NULL);
    sync_equal(&scene, "INBOX");
    support_link_cut(&scene.link);
    change(&scene);
    fault(&scene, "nomodseq-at=1");
    sync_equal(&scene, "INBOX");
    assert_int_equal(cpmsync_mock_expunge(scene.mock, NULL, "INBOX", "2"), 1);
    sync_equal(&scene, "INBOX");
    assert_int_equal(cpmsync_mock_nomodseq(scene.mock, NULL, "INBOX", 0), 0);
    sync_equal(&scene, "INBOX");
    scene_close(&scene);
}

static void test_ms_46_client_bears_that_closed_is_missing(void **state)
{
    struct scene scene;

    (void)state;
    scene_open(&scene, CHAINED);
    fault(&scene, "no-closed");
    for (unsigned round = 0; round < 3; round++) {
        sync_equal(&scene, "INBOX");
        sync_equal(&scene, "B");
        deliver(&scene, "INBOX", 2);
        cpmsync_mock_expunge(scene.mock, NULL, "B", "1:2");
        cpmsync_mock_flag(scene.mock, NULL, "INBOX", "1:3", round ? "-\\Seen" : "+\\Seen");
    }
    assert_false(heard(&scene, "CLOSED"));
    scene_close(&scene);
}

static void test_ms_49_client_takes_progress_for_nothing_else(void **state)
{
    static const char *const KINDS[] = {"inprogress=1", "inprogress-forms", "inprogress-bad"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct scene scene;
        scene_open(&scene, NULL);
        fault(&scene, KINDS[0]);
        fault(&scene, KINDS[i]);
        sync_equal(&scene, "INBOX");
        assert_true(heard(&scene, "* OK [INPROGRESS"));
        change(&scene);
        sync_equal(&scene, "INBOX");
        scene_close(&scene);
    }
}

static void test_w_07_client_needs_no_more_than_rev2(void **state)
{
    static const char *const OFFERS[] = {
        "IMAP4rev2 AUTH=PLAIN", "IMAP4rev2 AUTH=PLAIN CONDSTORE", "IMAP4rev2 AUTH=PLAIN QRESYNC"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct scene scene;
        scene_open(&scene, OFFERS[i]);
        for (unsigned round = 0; round < 3; round++) {
            assert_int_equal(support_link_sync(&scene.link, "INBOX"), 0);
            assert_equal(&scene, "INBOX", i > 0);
            assert_int_equal(support_link_sync(&scene.link, "B"), 0);
            assert_equal(&scene, "B", i > 0);
            if (round == 0)
                change(&scene);
            else
                support_link_cut(&scene.link);
        }
        assert_false(heard(&scene, "RECENT") || heard(&scene, "\\Recent"));
        scene_close(&scene);
    }
}

static void test_ms_53_client_bears_a_refused_select_in_a_chain(void **state)
{
    static const char *const FAULTS[] = {"select-bad=1", "select-no=1"};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct scene scene;
        scene_open(&scene, i < 2 ? CHAINED : NULL);
        sync_equal(&scene, "B");
        sync_equal(&scene, "INBOX"); /* which stays selected where the SELECT of B is answered BAD */
        change(&scene);
        cpmsync_mock_expunge(scene.mock, NULL, "B", "2");
        deliver(&scene, "B", 3);
        fault(&scene, FAULTS[i % 2]);
        int error = support_link_sync(&scene.link, "B");
        if (i % 2)
            assert_int_equal(error, CPMSYNC_ERR_SERVER_TRYAGAIN);
        else
            assert_int_equal(error, 0); /* asked for once more, a step lower */
        sync_equal(&scene, "B");
        sync_equal(&scene, "INBOX");
        scene_close(&scene);
    }
}

static void test_ms_54_client_connects_again_when_its_burst_is_swallowed(void **state)
{
    struct scene scene;

    (void)state;
    scene_open(&scene, NULL);
    sync_equal(&scene, "INBOX");
    support_link_cut(&scene.link);
    change(&scene);
    fault(&scene, "swallow-after-login");
    unsigned connects = scene.link.connects;
    int error = support_link_sync(&scene.link, "INBOX");
    assert_int_equal(error, CPMSYNC_ERR_TIMEOUT); /* this server swallows everything, on each connection */
    assert_true(scene.link.connects > connects + 1);
    fault(&scene, "swallow-after-login=off");
    support_link_cut(&scene.link);
    sync_equal(&scene, "INBOX");
    scene_close(&scene);
}

static void test_ms_55_client_takes_in_what_comes_and_goes_before_the_ok(void **state)
{
    static const char *const offers[] = {NULL, "c", "p"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct scene scene;
        scene_open(&scene, i == 1 ? CONDSTORE : i == 2 ? PLAIN : offers[0]);
        fault(&scene, "arrive-vanish=1");
        for (unsigned round = 0; round < 3; round++) {
            sync_moved(&scene, i != 2);
            if (round == 0)
                change(&scene);
            fault(&scene, "arrive-vanish=1");
        }
        fault(&scene, "arrive-vanish=off");
        assert_int_equal(support_link_sync(&scene.link, "INBOX"), 0);
        assert_equal(&scene, "INBOX", i != 2);
        scene_close(&scene);
    }
}

static void test_ms_58_client_bears_a_flood(void **state)
{
    struct scene scene;

    (void)state;
    scene_open(&scene, NULL);
    sync_equal(&scene, "INBOX");
    fault(&scene, "qresync-flood");
    sync_equal(&scene, "INBOX");
    change(&scene);
    sync_equal(&scene, "INBOX");
    assert_true(heard(&scene, "* 1 FETCH (UID 1 "));
    scene_close(&scene);
}

static void test_ms_59_client_survives_greetings_that_come_behind_its_burst(void **state)
{
    static const struct {
        const char *fault, *off;
        int error; /* 0: synchronised in spite of it */
    } GREETINGS[] = {{"preauth", "preauth=off", 0}, {"bye-greeting", "bye-greeting=off", CPMSYNC_ERR_BYE},
        {"logindisabled", "logindisabled=off", CPMSYNC_ERR_AUTH}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct scene scene;
        scene_open(&scene, NULL);
        sync_equal(&scene, "INBOX");
        support_link_cut(&scene.link);
        change(&scene);
        scene.link.open_flags = CPMSYNC_CONN_SECURE | CPMSYNC_CONN_EARLY;
        fault(&scene, GREETINGS[i].fault);
        assert_int_equal(support_link_sync(&scene.link, "INBOX"), GREETINGS[i].error);
        if (GREETINGS[i].error == 0)
            assert_equal(&scene, "INBOX", true);
        support_link_cut(&scene.link);
        fault(&scene, GREETINGS[i].off);
        sync_equal(&scene, "INBOX");
        scene_close(&scene);
    }
}

/* ---- lies: equal, or unverified with the old cursor; and equal once it is over */

static void lied_to(const char *capabilities, const char *lie, const char *off)
{
    struct scene scene;

    scene_open(&scene, capabilities);
    sync_equal(&scene, "INBOX");
    for (unsigned round = 0; round < 4; round++) {
        char uid[8];
        fault(&scene, lie);
        snprintf(uid, sizeof uid, "%u", round + 1);
        cpmsync_mock_flag(scene.mock, NULL, "INBOX", "4:6", round % 2 ? "-\\Seen" : "+\\Seen");
        cpmsync_mock_expunge(scene.mock, NULL, "INBOX", uid);
        deliver(&scene, "INBOX", 1);
        bool equal = sync_lied_to(&scene, "INBOX");
        if (!equal && !sync_lied_to(&scene, "INBOX")) {
            fault(&scene, off);
            sync_without_lies(&scene, "INBOX");
        }
    }
    fault(&scene, off);
    sync_without_lies(&scene, "INBOX");
    if (!capabilities)
        assert_true(knows_modseqs(&scene, "INBOX"));
    scene_close(&scene);
}

static void test_ms_50_client_is_not_led_astray_by_wrong_counts(void **state)
{
    static const char *const LIES[] = {"exists-lower=1", "expunge-above=1", "fetch-above=1", "expunge-inside=1"};
    static const char *const OFF[] = {"exists-lower=off", "expunge-above=off", "fetch-above=off", "expunge-inside=off"};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        lied_to(NULL, LIES[i], OFF[i]);
        lied_to(CONDSTORE, LIES[i], OFF[i]);
    }
}

static void test_ms_51_client_finds_out_that_changes_are_missing(void **state)
{
    (void)state;
    lied_to(NULL, "stale-resync", "stale-resync=off");
}

static void test_ms_52_client_keeps_messages_that_are_said_to_be_gone(void **state)
{
    (void)state;
    lied_to(NULL, "vanished-lies", "vanished-lies=off");
}

static void flag_one(struct scene *scene)
{
    assert_int_equal(cpmsync_mock_flag(scene->mock, NULL, "INBOX", "2", "+\\Flagged"), 0);
}

static void test_ms_57_client_trusts_no_highestmodseq_without_its_changes(void **state)
{
    static void (*const ACTS[])(struct scene * scene) = {flag_one, expunge_one};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct scene scene;
        struct meanwhile meanwhile;
        scene_open(&scene, NULL);
        sync_equal(&scene, "INBOX");
        deliver(&scene, "INBOX", 1);
        fault(&scene, "modseq-ahead");
        act_at(&scene, &meanwhile, "] SELECT completed\r\n", ACTS[i]);
        int error = support_link_sync(&scene.link, "INBOX");
        assert_true(meanwhile.done && (error == 0 || error == CPMSYNC_ERR_UNVERIFIED));
        quiet(&scene);
        sync_equal(&scene, "INBOX");
        scene_close(&scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ms_36_client_bears_an_expunge_inside_its_fetch),
        cmocka_unit_test(test_ms_37_client_loses_no_expunge_that_is_held_back),
        cmocka_unit_test(test_ms_38_client_bears_a_server_of_rfc5162),
        cmocka_unit_test(test_ms_38_client_counts_what_vanished_once),
        cmocka_unit_test(test_ms_39_client_bears_a_server_of_rfc4551),
        cmocka_unit_test(test_ms_40_client_falls_a_step_when_enable_enables_nothing),
        cmocka_unit_test(test_ms_41_client_begins_anew_under_a_new_uidvalidity),
        cmocka_unit_test(test_ms_41_client_keeps_up_when_mod_sequences_go),
        cmocka_unit_test(test_ms_46_client_bears_that_closed_is_missing),
        cmocka_unit_test(test_ms_49_client_takes_progress_for_nothing_else),
        cmocka_unit_test(test_ms_50_client_is_not_led_astray_by_wrong_counts),
        cmocka_unit_test(test_ms_51_client_finds_out_that_changes_are_missing),
        cmocka_unit_test(test_ms_52_client_keeps_messages_that_are_said_to_be_gone),
        cmocka_unit_test(test_ms_53_client_bears_a_refused_select_in_a_chain),
        cmocka_unit_test(test_ms_54_client_connects_again_when_its_burst_is_swallowed),
        cmocka_unit_test(test_ms_55_client_takes_in_what_comes_and_goes_before_the_ok),
        cmocka_unit_test(test_ms_57_client_trusts_no_highestmodseq_without_its_changes),
        cmocka_unit_test(test_ms_58_client_bears_a_flood),
        cmocka_unit_test(test_ms_59_client_survives_greetings_that_come_behind_its_burst),
        cmocka_unit_test(test_w_07_client_needs_no_more_than_rev2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
