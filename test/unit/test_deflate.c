/* SPDX-License-Identifier: MIT */
#include "session/deflate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>

#include <cpmsync/error.h>

#include "support/deflate_peer.h"
#include "support/failing_allocator.h"

enum { TEXT_MAX = 1 << 20, MEMORY_MAX = 62 * 1024 };

struct scene {
    struct support_allocator allocator;
    struct cpmsync_deflate *streams;
    struct support_deflate *peer;
    uint8_t *wire;
    char *text;
};

static int setup(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);

    assert_non_null(scene);
    support_allocator_init(&scene->allocator);
    assert_int_equal(cpmsync_deflate_new(&scene->streams, &scene->allocator.mem), 0);
    scene->peer = support_deflate_new();
    scene->wire = malloc(TEXT_MAX);
    scene->text = malloc(TEXT_MAX);
    assert_true(scene->wire && scene->text);
    *state = scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    cpmsync_deflate_free(scene->streams);
    assert_int_equal(scene->allocator.live_blocks, 0);
    /* Whatever a test did. */
    assert_true(scene->allocator.peak_octets <= MEMORY_MAX);
    support_deflate_free(scene->peer);
    free(scene->wire);
    free(scene->text);
    free(scene);
    return 0;
}

static void restart(struct scene *scene)
{
    cpmsync_deflate_free(scene->streams);
    assert_int_equal(cpmsync_deflate_new(&scene->streams, &scene->allocator.mem), 0);
}

/* All that `len` octets stand for goes to text + at; *error is what ended it. Returns where it ends. */
static size_t inflate_all(struct scene *scene, const uint8_t *wire, size_t len, size_t at, int *error)
{
    struct cpmsync_slice input = cpmsync_slice_of(wire, len);
    struct cpmsync_slice piece;

    do {
        *error = cpmsync_deflate_in(scene->streams, &input, &piece);
        assert_true(piece.len <= CPMSYNC_DEFLATE_PIECE && at + piece.len <= TEXT_MAX);
        if (piece.len)
            memcpy(scene->text + at, piece.data, piece.len);
        at += piece.len;
    } while (!*error && piece.len);
    assert_true(*error || input.len == 0);
    return at;
}

/* Into wire + at; returns where it ends. */
static size_t deflate_all(struct scene *scene, const char *plain, size_t len, size_t at)
{
    struct cpmsync_slice rest = cpmsync_slice_of(plain, len);
    struct cpmsync_slice piece;

    do {
        cpmsync_deflate_out(scene->streams, &rest, &piece);
        assert_true(piece.len <= CPMSYNC_DEFLATE_PIECE && at + piece.len <= TEXT_MAX);
        if (piece.len)
            memcpy(scene->wire + at, piece.data, piece.len);
        at += piece.len;
    } while (piece.len);
    assert_int_equal(rest.len, 0);
    return at;
}

static const char ANSWER[] = "* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n* 2 FETCH (UID 2 FLAGS ($MDNSent \\Seen))\r\n"
                             "* 3 FETCH (UID 3 FLAGS (\\Seen))\r\nC4 OK FETCH completed\r\n";

static void test_it_reads_what_comes_wherever_it_is_cut(void **state)
{
    struct scene *scene = *state;
    size_t len = support_deflate_pack(scene->peer, ANSWER, strlen(ANSWER), scene->wire, TEXT_MAX);
    int error;

    for (size_t cut = 0; cut <= len; cut++) {
        size_t at = inflate_all(scene, scene->wire, cut, 0, &error);

        assert_int_equal(error, 0);
        at = inflate_all(scene, scene->wire + cut, len - cut, at, &error);
        assert_int_equal(error, 0);
        assert_int_equal(at, strlen(ANSWER));
        assert_memory_equal(scene->text, ANSWER, at);
        restart(scene);
    }
    size_t at = 0;
    for (size_t i = 0; i < len; i++) {
        at = inflate_all(scene, scene->wire + i, 1, at, &error);
        assert_int_equal(error, 0);
    }
    assert_int_equal(at, strlen(ANSWER));
    assert_memory_equal(scene->text, ANSWER, at);
}

static void test_z_04_each_burst_can_be_read_when_it_has_left(void **state)
{
    static const char *const bursts[] = {"C1 NOOP\r\n",
        "C2 SELECT INBOX\r\nC3 UID FETCH 1:200 (FLAGS)\r\nC4 UNSELECT\r\n", "C5 SELECT INBOX\r\n", "x",
        "C6 LOGOUT\r\n"};
    struct scene *scene = *state;
    char *plain = malloc(TEXT_MAX);

    assert_non_null(plain);
    for (size_t i = 0; i < sizeof bursts / sizeof *bursts; i++) {
        size_t len = deflate_all(scene, bursts[i], strlen(bursts[i]), 0);

        /* Flushed once, and nothing said for nothing. */
        assert_memory_equal(scene->wire + len - 4, "\x00\x00\xff\xff", 4);
        assert_int_equal(deflate_all(scene, NULL, 0, len), len);
        assert_int_equal(support_deflate_unpack(scene->peer, scene->wire, len, plain, TEXT_MAX), strlen(bursts[i]));
        assert_string_equal(plain, bursts[i]);
    }
    free(plain);
}

/* Hardly to be compressed, so that it fills many pieces, at every length round the end of one. */
static void test_what_leaves_comes_in_pieces(void **state)
{
    struct scene *scene = *state;
    char *plain = malloc(TEXT_MAX);
    uint32_t seed = 1;

    assert_non_null(plain);
    for (size_t len = 3 * CPMSYNC_DEFLATE_PIECE - 40; len < 3 * CPMSYNC_DEFLATE_PIECE + 40; len++) {
        for (size_t i = 0; i < len; i++) {
            seed = seed * 1103515245 + 12345;
            scene->text[i] = (char)(seed >> 16);
        }
        size_t there = deflate_all(scene, scene->text, len, 0);
        assert_int_equal(support_deflate_unpack(scene->peer, scene->wire, there, plain, TEXT_MAX), len);
        assert_memory_equal(plain, scene->text, len);
    }
    free(plain);
}

static void test_z_06_damage_at_every_octet_is_an_error_or_other_octets(void **state)
{
    struct scene *scene = *state;
    size_t len = support_deflate_pack(scene->peer, ANSWER, strlen(ANSWER), scene->wire, TEXT_MAX);
    size_t errors = 0;

    for (size_t i = 0; i < len * 8; i++) {
        int error;

        restart(scene);
        scene->wire[i / 8] ^= (uint8_t)(1 << i % 8);
        /* Every octet can stand for 1032. */
        assert_true(inflate_all(scene, scene->wire, len, 0, &error) <= len * 1032);
        assert_true(error == 0 || error == CPMSYNC_ERR_COMPRESSION);
        errors += error != 0;
        if (error) {
            assert_int_equal(inflate_all(scene, scene->wire, len, 0, &error), 0);
            assert_int_equal(error, CPMSYNC_ERR_COMPRESSION);
        }
        scene->wire[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    assert_true(errors > len);
}

static void test_z_06_text_that_is_not_compressed_is_an_error(void **state)
{
    static const char *const texts[] = {"\xff\xff not DEFLATE", "* OK still plain\r\n* 1 EXISTS\r\nC9 OK done\r\n"};
    struct scene *scene = *state;
    int error = 0;

    inflate_all(scene, (const uint8_t *)texts[0], strlen(texts[0]), 0, &error);
    assert_int_equal(error, CPMSYNC_ERR_COMPRESSION);
    restart(scene);
    for (int i = 0; i < 100 && !error; i++)
        inflate_all(scene, (const uint8_t *)texts[1], strlen(texts[1]), 0, &error);
    assert_int_equal(error, CPMSYNC_ERR_COMPRESSION);
}

static void test_z_06_a_bomb_goes_off_in_pieces(void **state)
{
    struct scene *scene = *state;
    char *zeros = calloc(1, TEXT_MAX);
    struct cpmsync_slice input, piece;
    uint64_t octets = 0;

    assert_non_null(zeros);
    size_t len = support_deflate_pack(scene->peer, zeros, TEXT_MAX, scene->wire, TEXT_MAX);
    assert_true(len < 1100);
    input = cpmsync_slice_of(scene->wire, len);
    do {
        assert_int_equal(cpmsync_deflate_in(scene->streams, &input, &piece), 0);
        assert_true(piece.len <= CPMSYNC_DEFLATE_PIECE);
        octets += piece.len;
    } while (piece.len);
    assert_int_equal(octets, TEXT_MAX);
    free(zeros);
}

static void test_pf_86_the_end_of_the_stream_is_no_error_and_what_stands_behind_it_is(void **state)
{
    struct scene *scene = *state;
    size_t len = support_deflate_finish(scene->peer, ANSWER, strlen(ANSWER), scene->wire, TEXT_MAX);
    int error;

    assert_int_equal(inflate_all(scene, scene->wire, len, 0, &error), strlen(ANSWER));
    assert_int_equal(error, 0);
    assert_int_equal(inflate_all(scene, scene->wire, 0, 0, &error), 0);
    assert_int_equal(error, 0);
    inflate_all(scene, scene->wire, 1, 0, &error);
    assert_int_equal(error, CPMSYNC_ERR_COMPRESSION);
    /* In the same octets: what stands before it is read. */
    restart(scene);
    scene->wire[len] = 'x';
    assert_int_equal(inflate_all(scene, scene->wire, len + 1, 0, &error), strlen(ANSWER));
    assert_int_equal(error, CPMSYNC_ERR_COMPRESSION);
}

static void test_octets_that_stand_for_nothing_are_used_up(void **state)
{
    struct scene *scene = *state;
    int error;

    for (size_t i = 0; i < 5000; i++)
        memcpy(scene->wire + i * 5, "\x00\x00\x00\xff\xff", 5);
    assert_int_equal(inflate_all(scene, scene->wire, 25000, 0, &error), 0);
    assert_int_equal(error, 0);
}

static void test_without_memory_it_says_so_and_leaves_nothing(void **state)
{
    struct scene *scene = *state;
    size_t len = support_deflate_pack(scene->peer, ANSWER, strlen(ANSWER), scene->wire, TEXT_MAX);
    uint64_t failures = 1;
    unsigned refused = 0, window = 0;

    cpmsync_deflate_free(scene->streams);
    for (uint64_t n = 1; failures; n++) {
        support_allocator_fail_at(&scene->allocator, n);
        int error = cpmsync_deflate_new(&scene->streams, &scene->allocator.mem);
        if (error) {
            assert_int_equal(error, CPMSYNC_ERR_NOMEM);
            assert_null(scene->streams);
            assert_int_equal(scene->allocator.live_blocks, 0);
            refused++;
            continue;
        }
        inflate_all(scene, scene->wire, len, 0, &error);
        failures = scene->allocator.failures;
        assert_int_equal(error, failures ? CPMSYNC_ERR_NOMEM : 0);
        window += failures != 0;
        cpmsync_deflate_free(scene->streams);
        scene->streams = NULL;
        assert_int_equal(scene->allocator.live_blocks, 0);
    }
    assert_true(refused >= 6);
    assert_int_equal(window, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_it_reads_what_comes_wherever_it_is_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(test_z_04_each_burst_can_be_read_when_it_has_left, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_leaves_comes_in_pieces, setup, teardown),
        cmocka_unit_test_setup_teardown(test_z_06_damage_at_every_octet_is_an_error_or_other_octets, setup, teardown),
        cmocka_unit_test_setup_teardown(test_z_06_text_that_is_not_compressed_is_an_error, setup, teardown),
        cmocka_unit_test_setup_teardown(test_z_06_a_bomb_goes_off_in_pieces, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_pf_86_the_end_of_the_stream_is_no_error_and_what_stands_behind_it_is, setup, teardown),
        cmocka_unit_test_setup_teardown(test_octets_that_stand_for_nothing_are_used_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_without_memory_it_says_so_and_leaves_nothing, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
