/* SPDX-License-Identifier: MIT */
/* The client beside a server that compresses (RFC 4978): when it asks for it, what that saves, and that nothing is lost where
 * the link is cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cpmsync/mock.h>
#include <stdio.h>
#include <string.h>

#include "support/mock_link.h"

static const char *const BOXES[] = {"INBOX", "A", "B", "C"};

enum { BOX_COUNT = sizeof BOXES / sizeof *BOXES, MESSAGES = 20 };

struct scene {
    struct cpmsync_mock *mock;
    struct support_link link;
    char trace[1 << 16]; /* the end of the conversation */
    size_t trace_len;
};

static void trace(void *ctx, int conn, int direction, const void *data, size_t len)
{
    struct scene *scene = ctx;

    (void)conn, (void)direction;
    if (len >= sizeof scene->trace - scene->trace_len)
        scene->trace_len = 0;
    if (len >= sizeof scene->trace)
        return;
    memcpy(scene->trace + scene->trace_len, data, len);
    scene->trace_len += len;
    scene->trace[scene->trace_len] = '\0';
}

static void deliver(struct scene *scene, const char *box, unsigned count)
{
    while (count--)
        assert_true(cpmsync_mock_deliver(scene->mock, NULL, box, "$MDNSent", 0, "x", 1) > 0);
}

static void scene_open(struct scene *scene)
{
    struct cpmsync_mock_config config = {0};

    memset(scene, 0, sizeof *scene);
    config.size = sizeof config;
    config.trace = trace;
    config.trace_ctx = scene;
    scene->mock = cpmsync_mock_new(&config);
    assert_non_null(scene->mock);
    assert_int_equal(cpmsync_mock_user_add(scene->mock, "fred", "secret"), 0);
    for (size_t i = 0; i < BOX_COUNT; i++) {
        if (i)
            assert_int_equal(cpmsync_mock_mailbox_create(scene->mock, NULL, BOXES[i]), 0);
        deliver(scene, BOXES[i], MESSAGES);
    }
    assert_true(support_link_init(&scene->link, scene->mock, BOXES, BOX_COUNT));
    assert_true(support_link_restart(&scene->link));
}

static void scene_close(struct scene *scene)
{
    support_link_clear(&scene->link);
    cpmsync_mock_free(scene->mock);
}

/* Another connection of another process, and what it says. */
static void restart(struct scene *scene)
{
    scene->trace_len = 0;
    scene->trace[0] = '\0';
    assert_true(support_link_restart(&scene->link));
}

static bool heard(const struct scene *scene, const char *part)
{
    return strstr(scene->trace, part) != NULL;
}

static bool asked(const struct scene *scene)
{
    return heard(scene, " COMPRESS DEFLATE\r\n");
}

static void assert_equal(struct scene *scene)
{
    char why[512] = "";

    for (size_t i = 0; i < BOX_COUNT; i++)
        if (!support_link_equals(&scene->link, BOXES[i], true, why, sizeof why))
            fail_msg("%s\n%s", why, scene->trace);
}

static void sync_account(struct scene *scene)
{
    int error = support_link_sync_account(&scene->link, NULL);

    if (error)
        fail_msg("%s %s\n%s", cpmsync_error_name(error), scene->link.words, scene->trace);
    assert_equal(scene);
}

static void sync_one(struct scene *scene, const char *box)
{
    assert_int_equal(support_link_sync(&scene->link, box), 0);
}

/* Something of each kind in every mailbox. */
static void change(struct scene *scene, unsigned round)
{
    for (size_t i = 0; i < BOX_COUNT; i++) {
        uint32_t uid = round + 1;
        char set[16];

        snprintf(set, sizeof set, "%u", (unsigned)uid);
        assert_true(cpmsync_mock_expunge(scene->mock, NULL, BOXES[i], set) == 1);
        snprintf(set, sizeof set, "%u", (unsigned)uid + 1);
        assert_int_equal(cpmsync_mock_flag(scene->mock, NULL, BOXES[i], set, "+\\Seen"), 0);
        deliver(scene, BOXES[i], 1);
    }
}

static struct cpmsync_stats stats(struct scene *scene)
{
    struct cpmsync_stats stats;

    stats.size = sizeof stats;
    cpmsync_client_stats(scene->link.client, &stats);
    return stats;
}

/* ---- when it is asked for */

static void test_it_is_asked_for_where_it_pays(void **state)
{
    struct scene scene;

    (void)state;
    scene_open(&scene);
    /* A mailbox of which nothing is known has a second flight; one that is known has not. */
    sync_one(&scene, "A");
    assert_true(asked(&scene));
    restart(&scene);
    sync_one(&scene, "A");
    assert_false(asked(&scene));
    /* The second on a connection: it stays. */
    sync_one(&scene, "A");
    assert_true(asked(&scene));
    restart(&scene);
    sync_account(&scene);
    /* Behind the whole first flight. */
    assert_true(heard(&scene, "C4 COMPRESS DEFLATE\r\n"));
    restart(&scene);
    assert_int_equal(support_link_sync_account(&scene.link, "A"), 0);
    assert_true(heard(&scene, "UID FETCH 21:220 (FLAGS)\r\nC6 COMPRESS DEFLATE\r\n") ||
                heard(&scene, "UID FETCH 21:220 (FLAGS MODSEQ)\r\nC6 COMPRESS DEFLATE\r\n"));
    scene_close(&scene);
}

static void test_it_is_not_asked_for_where_the_app_forbids_it(void **state)
{
    struct scene scene;

    (void)state;
    scene_open(&scene);
    scene.link.config.compress = CPMSYNC_COMPRESS_NEVER;
    restart(&scene);
    sync_account(&scene);
    sync_account(&scene);
    assert_false(asked(&scene));
    scene.link.config.compress = CPMSYNC_COMPRESS_AUTO;
    scene.link.disabled[0] = "COMPRESS=DEFLATE";
    scene.link.config.disabled_count = 1;
    restart(&scene);
    sync_account(&scene);
    assert_false(asked(&scene));
    scene.link.config.disabled_count = 0;
    restart(&scene);
    sync_account(&scene);
    assert_true(asked(&scene));
    scene.link.config.compress = (enum cpmsync_compress)(CPMSYNC_COMPRESS_NEVER + 1);
    assert_false(support_link_restart(&scene.link));
    scene_close(&scene);
}

/* ---- what it costs and saves */

static void test_it_costs_no_flight_and_saves_octets(void **state)
{
    struct scene scene;
    struct cpmsync_stats plain, compressed;

    (void)state;
    scene_open(&scene);
    sync_account(&scene);
    for (unsigned round = 0; round < 2; round++) {
        change(&scene, 2 * round);
        scene.link.config.compress = CPMSYNC_COMPRESS_NEVER;
        restart(&scene);
        sync_account(&scene);
        plain = stats(&scene);
        change(&scene, 2 * round + 1);
        scene.link.config.compress = CPMSYNC_COMPRESS_AUTO;
        restart(&scene);
        sync_account(&scene);
        compressed = stats(&scene);
        assert_int_equal(plain.flights, 2);
        assert_int_equal(compressed.flights, 2);
        assert_int_equal(compressed.commands, plain.commands + 1);
        assert_true(compressed.bytes_in < plain.bytes_in && compressed.bytes_out < plain.bytes_out);
    }
    restart(&scene);
    sync_account(&scene);
    assert_int_equal(stats(&scene).flights, 1);
    scene_close(&scene);
}

/* ---- however the octets come */

static size_t one_octet(void *ctx, size_t len)
{
    (void)ctx, (void)len;
    return 1;
}

static void test_z_02_an_account_comes_an_octet_at_a_time(void **state)
{
    struct scene scene;

    (void)state;
    scene_open(&scene);
    scene.link.portion = one_octet;
    sync_account(&scene);
    for (unsigned round = 0; round < 5; round++) {
        change(&scene, round);
        restart(&scene);
        sync_account(&scene);
        assert_true(asked(&scene));
    }
    scene_close(&scene);
}

/* Behind each octet there is, in one direction. Returns how many there were while it was compressed. */
static unsigned cut_everywhere(bool out)
{
    unsigned positions = 0;
    unsigned behind = 0;

    for (bool was_cut = true; was_cut; positions++) {
        struct scene scene;

        scene_open(&scene);
        sync_account(&scene);
        change(&scene, 0);
        restart(&scene);
        *(out ? &scene.link.cut_out : &scene.link.cut_in) = positions;
        int error = support_link_sync_account(&scene.link, NULL);
        was_cut = scene.link.connects > 1 && scene.link.conn == 0;
        behind += was_cut && heard(&scene, "OK DEFLATE active\r\n");
        assert_true(was_cut || error == 0);
        scene.link.cut_in = scene.link.cut_out = -1;
        sync_account(&scene);
        scene_close(&scene);
    }
    return behind;
}

static void test_nothing_is_lost_where_the_link_is_cut(void **state)
{
    (void)state;
    assert_true(cut_everywhere(true) > 100);
    assert_true(cut_everywhere(false) > 300);
}

/* ---- servers */

static void fault(struct scene *scene, const char *name)
{
    assert_int_equal(cpmsync_mock_fault(scene->mock, name), 0);
}

static void test_ms_45_client_reads_what_is_compressed_beside_the_ok(void **state)
{
    struct scene scene;

    (void)state;
    scene_open(&scene);
    fault(&scene, "compress-coalesce");
    sync_account(&scene);
    assert_true(asked(&scene));
    scene_close(&scene);
}

static void test_ms_45_client_does_not_ask_a_server_that_is_corrupt_again(void **state)
{
    struct scene scene;

    (void)state;
    scene_open(&scene);
    fault(&scene, "compress-corrupt");
    assert_int_equal(support_link_sync_account(&scene.link, NULL), CPMSYNC_ERR_COMPRESSION);
    /* Not in another process either. */
    restart(&scene);
    sync_account(&scene);
    assert_false(asked(&scene));
    scene_close(&scene);
}

static void test_ms_32_client_bears_compression_below(void **state)
{
    struct scene scene;

    (void)state;
    scene_open(&scene);
    fault(&scene, "compression-active");
    sync_account(&scene);
    assert_true(heard(&scene, "NO [COMPRESSIONACTIVE]"));
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_is_asked_for_where_it_pays),
        cmocka_unit_test(test_it_is_not_asked_for_where_the_app_forbids_it),
        cmocka_unit_test(test_it_costs_no_flight_and_saves_octets),
        cmocka_unit_test(test_z_02_an_account_comes_an_octet_at_a_time),
        cmocka_unit_test(test_nothing_is_lost_where_the_link_is_cut),
        cmocka_unit_test(test_ms_45_client_reads_what_is_compressed_beside_the_ok),
        cmocka_unit_test(test_ms_45_client_does_not_ask_a_server_that_is_corrupt_again),
        cmocka_unit_test(test_ms_32_client_bears_compression_below),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
