/* SPDX-License-Identifier: MIT */
#include <cpmsync/cpmsync.h>
#include <iostream>

int main()
{
    std::cout << "cpmsync " << cpmsync_version() << " from C++\n";
    return 0;
}
