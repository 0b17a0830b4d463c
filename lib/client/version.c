/* SPDX-License-Identifier: MIT */
#include <cpmsync/client.h>

const char *cpmsync_version(void)
{
    return CPMSYNC_VERSION;
}
