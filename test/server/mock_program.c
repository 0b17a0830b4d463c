/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "mock_program.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGUMENTS_MAX = 300 };

/* Those that run: a test that fails leaves its own behind. */
static pid_t running[8];

static void end_running(void)
{
    size_t i;
    for (i = 0; i < sizeof running / sizeof *running; i++)
        if (running[i])
            kill(running[i], SIGKILL);
}

static void exchange_running(pid_t from, pid_t to)
{
    size_t i = 0;
    while (i < sizeof running / sizeof *running && running[i] != from)
        i++;
    assert_true(i < sizeof running / sizeof *running);
    running[i] = to;
}

/* `error` is where its stderr goes to; NULL: the test's own. */
static void start(struct program *program, const char *const *arguments, const char *error)
{
    char *argv[ARGUMENTS_MAX] = {(char *)(uintptr_t)CPMSYNC_MOCKSERVER}, line[100] = "";
    int ends[2];
    size_t i, len = 0;
    for (i = 0; arguments[i]; i++)
        argv[i + 1] = (char *)(uintptr_t)arguments[i];
    assert_true(i + 1 < ARGUMENTS_MAX);
    assert_int_equal(pipe(ends), 0);
    program->pid = fork();
    assert_true(program->pid >= 0);
    if (program->pid == 0) {
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        if (error)
            dup2(open(error, O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
        execv(argv[0], argv);
        _exit(127);
    }
    static int registered;
    if (!registered++)
        atexit(end_running);
    exchange_running(0, program->pid);
    close(ends[1]);
    program->out = ends[0];
    while (len + 1 < sizeof line && !strchr(line, '\n') && read(ends[0], line + len, 1) == 1)
        line[++len] = 0;
    program->port = 0;
    if (strncmp(line, "listening on 127.0.0.1:", 23) == 0)
        program->port = (unsigned)strtoul(line + 23, NULL, 10);
}

void program_start(struct program *program, const char *const *arguments)
{
    start(program, arguments, NULL);
}

int program_end(struct program *program, bool asks)
{
    int status;
    if (asks)
        kill(program->pid, SIGTERM);
    assert_int_equal(waitpid(program->pid, &status, 0), program->pid);
    exchange_running(program->pid, 0);
    close(program->out);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

void program_expect_refusal(const char *const *arguments, int status, const char *word)
{
    struct program program;
    char error[40];
    snprintf(error, sizeof error, "refusal.%ld", (long)getpid());
    start(&program, arguments, error);
    assert_int_equal(program.port, 0);
    assert_int_equal(program_end(&program, false), status);
    char *said = program_read(error, NULL);
    if (!strstr(said, word))
        fail_msg("%s is not in %s", word, said);
    free(said);
    unlink(error);
}

int program_dial(const struct program *program)
{
    struct sockaddr_in address;
    struct timeval patience = {20, 0};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)program->port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

void program_talk_start(struct program_talk *talk, const struct program *program)
{
    talk->fd = program_dial(program);
    program_hear(talk, "\n");
}

void program_talk_end(struct program_talk *talk)
{
    close(talk->fd);
}

void program_hear(struct program_talk *talk, const char *part)
{
    size_t len = 0;
    talk->answer[0] = 0;
    while (!strstr(talk->answer, part)) {
        char octet = 0;
        if (len + 1 == sizeof talk->answer || recv(talk->fd, &octet, 1, 0) != 1)
            fail_msg("%s was not heard but %s", part, talk->answer);
        if (octet == '\r')
            continue;
        talk->answer[len++] = octet;
        talk->answer[len] = 0;
    }
}

void program_say(struct program_talk *talk, const char *text, const char *part)
{
    for (; *text; text++) {
        if (*text == '\n')
            assert_int_equal(send(talk->fd, "\r", 1, MSG_NOSIGNAL), 1);
        assert_int_equal(send(talk->fd, text, 1, MSG_NOSIGNAL), 1);
    }
    program_hear(talk, part);
}

void program_expect(const struct program_talk *talk, const char *part)
{
    if (!strstr(talk->answer, part))
        fail_msg("%s is not in %s", part, talk->answer);
}

void program_expect_no(const struct program_talk *talk, const char *part)
{
    if (strstr(talk->answer, part))
        fail_msg("%s is in %s", part, talk->answer);
}

void program_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

char *program_read(const char *path, size_t *len)
{
    enum { SIZE = 1 << 20 };
    FILE *file = fopen(path, "rb");
    char *text = (char *)calloc(1, SIZE);
    assert_non_null(file);
    assert_non_null(text);
    size_t got = fread(text, 1, SIZE - 1, file);
    fclose(file);
    if (len)
        *len = got;
    return text;
}
