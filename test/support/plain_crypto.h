/* SPDX-License-Identifier: MIT */
/*
 * The crypto contract in plain C, for tests of builds without TLS: slow, and its random octets are the ones given.
 */
#ifndef CPMSYNC_TEST_PLAIN_CRYPTO_H
#define CPMSYNC_TEST_PLAIN_CRYPTO_H

#include <cpmsync/crypto.h>

enum { SUPPORT_RANDOM_MAX = 64 };

struct support_crypto {
    struct cpmsync_crypto crypto; /* hand this to the code under test */
    uint8_t random[SUPPORT_RANDOM_MAX];
    int error;       /* what every call returns when it is not 0 */
    uint64_t rounds; /* of hmac_rounds so far */
};

/* All random octets are 0 until the test writes others. */
void support_crypto_init(struct support_crypto *crypto);

#endif
