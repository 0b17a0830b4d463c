/* SPDX-License-Identifier: MIT */
#include <cpmsync/crypto.h>

void cpmsync_crypto_free(struct cpmsync_crypto *crypto)
{
    if (!crypto || !crypto->ops)
        return;
    crypto->ops->free(crypto->self);
    crypto->ops = NULL;
    crypto->self = NULL;
}

#if !defined(CPMSYNC_WITH_TLS)
int cpmsync_crypto_mbedtls(struct cpmsync_crypto *crypto, const struct cpmsync_allocator *allocator)
{
    (void)crypto;
    (void)allocator;
    return CPMSYNC_ERR_UNSUPPORTED;
}
#endif
