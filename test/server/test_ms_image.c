/* SPDX-License-Identifier: MIT */
/* CONVERT of pictures, where the build has libgd. */
#include "mock_talk.h"

#include <stdio.h>
#include <stdlib.h>

#include <gd.h>
#include <mbedtls/base64.h>

/* A message whose only part is a picture of 64 by 32. */
static int setup(void **state)
{
    struct talk *talk = talk_new(NULL);
    gdImagePtr image = gdImageCreateTrueColor(64, 32);
    int len;
    size_t coded;
    char message[4000];
    gdImageFilledRectangle(image, 0, 0, 31, 31, 0xff0000);
    void *data = gdImagePngPtr(image, &len);
    int head =
        snprintf(message, sizeof message, "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n");
    assert_int_equal(mbedtls_base64_encode((unsigned char *)message + head, sizeof message - (size_t)head, &coded,
                         (const unsigned char *)data, (size_t)len),
        0);
    assert_int_equal(cpmsync_mock_deliver(talk->mock, NULL, "INBOX", NULL, 0, message, (size_t)head + coded), 1);
    gdFree(data);
    gdImageDestroy(image);
    *state = talk;
    return 0;
}

static int select_inbox(struct talk *talk)
{
    int conn = talk_login(talk, false);
    talk_expect_has(talk, conn, "s SELECT INBOX\n", "s OK ");
    return conn;
}

/* The picture of an answer "... BINARY[1] ~{n}...". */
static gdImagePtr converted(struct talk *talk, int conn, const char *line, gdImagePtr (*read)(int, void *))
{
    const void *data;
    cpmsync_mock_feed(talk->mock, conn, line, strlen(line));
    size_t len = cpmsync_mock_output(talk->mock, conn, &data), at = 0;
    while (at + 2 < len && memcmp((const char *)data + at, "~{", 2) != 0)
        at++;
    assert_true(at + 2 < len);
    char *end;
    unsigned long size = strtoul((const char *)data + at + 2, &end, 10);
    gdImagePtr image = read((int)size, end + 3);
    cpmsync_mock_ack(talk->mock, conn, len);
    return image;
}

static void test_ms_35_pictures_are_scaled(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = select_inbox(talk);
    gdImagePtr image = converted(
        talk, conn, "a CONVERT 1 (\"image/jpeg\" (\"PIX-X\" \"16\")) BINARY[1]\r\n", gdImageCreateFromJpegPtr);
    assert_non_null(image);
    assert_int_equal(gdImageSX(image), 16);
    assert_int_equal(gdImageSY(image), 8);
    assert_true(gdImageRed(image, gdImageGetPixel(image, 3, 3)) > 200);
    assert_true(gdImageRed(image, gdImageGetPixel(image, 13, 3)) < 50);
    gdImageDestroy(image);
    image = converted(talk, conn, "a CONVERT 1 (\"image/png\" (\"pix-x\" \"10\" \"pix-y\" \"20\")) BINARY[1]\r\n",
        gdImageCreateFromPngPtr);
    assert_non_null(image);
    assert_int_equal(gdImageSX(image), 10);
    assert_int_equal(gdImageSY(image), 20);
    gdImageDestroy(image);
}

static void test_ms_35_the_default_picture_is_a_jpeg(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = select_inbox(talk);
    talk_expect_has(talk, conn, "a CONVERT 1 (NIL (pix-y 8)) BODYPARTSTRUCTURE[1]\n",
        "BODYPARTSTRUCTURE[1] (\"image\" \"jpeg\" NIL NIL NIL \"BINARY\" ");
    talk_expect_has(talk, conn, "a CONVERT 1 (NIL (pix-x 8)) AVAILABLECONVERSIONS[1]\n",
        "((\"image/gif\" \"image/jpeg\" \"image/png\"))");
    talk_expect_has(talk, conn, "a CONVERSIONS image/png image/jpeg\n",
        "* CONVERSION \"image/png\" \"image/jpeg\" (\"pix-x\" \"pix-y\")\n");
}

static void test_ms_35_what_is_no_picture_is_an_error(void **state)
{
    struct talk *talk = (struct talk *)*state;
    static const char BROKEN[] = "Content-Type: image/jpeg\r\n\r\nnot one\r\n";
    assert_true(cpmsync_mock_deliver(talk->mock, NULL, "INBOX", NULL, 0, BROKEN, sizeof BROKEN - 1) > 0);
    int conn = select_inbox(talk);
    talk_expect_has(talk, conn, "a CONVERT 2 (NIL) BINARY[1]\n",
        "(ERROR \"The picture cannot be read or made\" BADPARAMETERS \"image/jpeg\" \"image/jpeg\")");
    talk_expect_has(talk, conn, "a CONVERT 1 (NIL (pix-x 0)) BINARY[1]\n", "(\"pix-x\" \"0\")");
    talk_expect_has(talk, conn, "a CONVERT 1 (NIL (pix-y 100000)) BINARY[1]\n", "(\"pix-y\" \"100000\")");
    talk_expect_has(talk, conn, "a CONVERT 1 (NIL (pix-y 8192)) BINARY[1]\n", "cannot be read or made");
    talk_expect_has(talk, conn, "a CONVERT 1 (NIL (charset utf-8)) BINARY[1]\n", "(\"charset\" \"utf-8\")");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, talk_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_ms_35_pictures_are_scaled),
        TEST(test_ms_35_the_default_picture_is_a_jpeg),
        TEST(test_ms_35_what_is_no_picture_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
