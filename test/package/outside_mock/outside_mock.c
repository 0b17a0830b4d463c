/* SPDX-License-Identifier: MIT */
/* A test of an app: it starts the server in its own process, and logs in over TCP. */
#define _POSIX_C_SOURCE 200809L
#include <cpmsync/mock.h>
#ifdef WITH_CLIENT
#include <cpmsync/cpmsync.h>
#endif

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int dial(unsigned port)
{
    struct sockaddr_in address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons((unsigned short)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0 ? fd : -1;
}

/* The test's own loop: its socket, and the server's descriptors. 1 once `part` was heard. */
static int hear(struct cpmsync_mock_port *port, int fd, const char *part)
{
    char heard[4000] = "";
    size_t len = 0;
    while (!strstr(heard, part) && len + 1 < sizeof heard) {
        struct cpmsync_pollfd wanted[8];
        struct pollfd fds[9];
        size_t count = cpmsync_mock_port_pollfds(port, wanted, 8), i;
        for (i = 0; i < count && i < 8; i++) {
            fds[i].fd = wanted[i].fd;
            fds[i].events = (short)((wanted[i].events & CPMSYNC_POLL_READ ? POLLIN : 0) |
                                    (wanted[i].events & CPMSYNC_POLL_WRITE ? POLLOUT : 0));
        }
        fds[i].fd = fd;
        fds[i].events = POLLIN;
        if (poll(fds, (nfds_t)(i + 1), cpmsync_mock_port_timeout(port)) < 0)
            return 0;
        cpmsync_mock_port_step(port);
        if (fds[i].revents) {
            ssize_t got = recv(fd, heard + len, sizeof heard - 1 - len, 0);
            if (got <= 0)
                return 0;
            len += (size_t)got;
            heard[len] = 0;
        }
    }
    return strstr(heard, part) != NULL;
}

static int log_in(struct cpmsync_mock *mock)
{
    static const char LOGIN[] = "a LOGIN alice secret\r\n";
    struct cpmsync_mock_port_config config = {.size = sizeof config};
    struct cpmsync_mock_port *port = NULL;
    if (cpmsync_mock_port_open(&port, mock, &config) != 0) {
        printf("%s\n", cpmsync_mock_why(mock));
        return 0;
    }
    int fd = dial(cpmsync_mock_port_number(port));
    int ok = fd >= 0 && send(fd, LOGIN, sizeof LOGIN - 1, 0) == sizeof LOGIN - 1 && hear(port, fd, "\r\na OK ");
    if (fd >= 0)
        close(fd);
    cpmsync_mock_port_close(port);
    return ok;
}

/* TLS is in the library: certificates are made and a port takes them. */
static int makes_certificates(struct cpmsync_mock *mock)
{
    struct cpmsync_mock_port_config config = {
        .size = sizeof config, .cert_file = "made/server.pem", .key_file = "made/server.key"};
    struct cpmsync_mock_port *port = NULL;
    if (cpmsync_mock_certificates(mock, "made", "localhost", NULL) != 0)
        return 0;
    int ok = cpmsync_mock_port_open(&port, mock, &config) == 0;
    cpmsync_mock_port_close(port);
    return ok;
}

int main(void)
{
    struct cpmsync_mock_config config = {.size = sizeof config};
    struct cpmsync_mock *mock = cpmsync_mock_new(&config);
    int ok = mock && cpmsync_mock_user_add(mock, "alice", "secret") == 0 && log_in(mock) && makes_certificates(mock);
    cpmsync_mock_free(mock);
#ifdef WITH_CLIENT
    struct cpmsync_store store = {0};
    ok = ok && cpmsync_store_memory_open(&store, NULL) == 0;
    cpmsync_store_close(&store);
    printf("cpmsync %s and ", cpmsync_version());
#endif
    printf("the mock server: %s\n", ok ? cpmsync_error_text(CPMSYNC_OK) : "failed");
    return ok ? 0 : 1;
}
