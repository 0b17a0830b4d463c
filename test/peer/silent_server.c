/* SPDX-License-Identifier: MIT */
/* silent_server PORT_FILE: accepts connections on a port of 127.0.0.1, and never says a word. Ends with SIGTERM. */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    FILE *out = argc == 2 ? fopen(argv[1], "w") : NULL;
    if (out == NULL || listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 16) != 0 || getsockname(listener, (struct sockaddr *)&address, &len) != 0 ||
        fprintf(out, "%u\n", (unsigned)ntohs(address.sin_port)) < 0 || fclose(out) != 0) {
        perror("silent_server PORT_FILE");
        return 1;
    }
    for (;;)
        if (accept(listener, NULL, NULL) < 0)
            pause();
}
