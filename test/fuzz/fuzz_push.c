/* SPDX-License-Identifier: MIT */
/*
 * A push's payload, which anybody may send. Whatever it is, it is read without a fault and the same way twice; what is refused
 * leaves the hint alone; what is told is made of names that end inside their arrays and may go to the server as a mailbox's.
 */
#include <string.h>

#include <cpmsync/push.h>

#include "fuzz/fuzz.h"
#include "wire/mailbox_name.h"

static void expect_name(const char *name, size_t size)
{
    const char *end = memchr(name, 0, size);

    FUZZ_EXPECT(end);
    for (const char *at = name; at < end; at++)
        FUZZ_EXPECT((unsigned char)*at >= 0x20 && *at != 0x7f);
}

static void expect_mailbox(const char *name)
{
    struct cpmsync_buf wire;

    if (!*name)
        return;
    cpmsync_buf_init(&wire, NULL, CPMSYNC_MAILBOX_NAME_MAX);
    FUZZ_EXPECT(cpmsync_mailbox_name_encode(cpmsync_slice_str(name), false, &wire) == 0);
    cpmsync_buf_clear(&wire);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct cpmsync_push_hint hint, untouched, again;
    uint8_t *copy = malloc(len + 1); /* not where the first one lay */

    FUZZ_EXPECT(copy);
    memcpy(copy + 1, data, len);
    memset(&hint, 0x55, sizeof hint);
    hint.size = sizeof hint;
    untouched = again = hint;
    int error = cpmsync_push_parse(copy + 1, len, &hint);
    free(copy);
    FUZZ_EXPECT(cpmsync_push_parse(data, len, &again) == error);
    FUZZ_EXPECT(memcmp(&hint, error ? &untouched : &again, sizeof hint) == 0);
    FUZZ_EXPECT(error == 0 || error == CPMSYNC_ERR_UNSUPPORTED);
    if (error)
        return 0;
    FUZZ_EXPECT(hint.event <= CPMSYNC_PUSH_MAILBOX_UNSUBSCRIBE && hint.modseq <= INT64_MAX);
    expect_name(hint.mailbox, sizeof hint.mailbox);
    expect_name(hint.user, sizeof hint.user);
    expect_name(hint.host, sizeof hint.host);
    expect_mailbox(hint.mailbox);
    return 0;
}
