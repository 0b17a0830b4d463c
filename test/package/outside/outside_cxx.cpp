/* SPDX-License-Identifier: MIT */
#include <cpmsync/cpmsync.h>

#include <iostream>

int main()
{
    cpmsync_client_config config = cpmsync_client_config();
    config.size = sizeof config;
    config.credentials = [](void *, cpmsync_client *client, uint32_t conn) {
        cpmsync_client_credentials(client, conn, CPMSYNC_ERR_AUTH_CREDENTIALS, nullptr, nullptr, nullptr);
    };
    cpmsync_client *client = nullptr;
    const int error = cpmsync_client_new(&client, &config);
    std::cout << "cpmsync " << cpmsync_version() << " from C++: " << cpmsync_error_text(error) << "\n";
    cpmsync_client_free(client);
    return error ? 1 : 0;
}
