/* SPDX-License-Identifier: MIT */
#include <cpmsync/cpmsync.h>
#include <stdio.h>

int main(void)
{
    printf("cpmsync %s from C\n", cpmsync_version());
    return 0;
}
