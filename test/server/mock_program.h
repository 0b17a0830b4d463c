/* SPDX-License-Identifier: MIT */
/* How tests run cpm-mockserver as a program, and talk to it in clear. Lines are written with LF and sent with CRLF. */
#ifndef CPMSYNC_MOCK_PROGRAM_H
#define CPMSYNC_MOCK_PROGRAM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <sys/types.h>

struct program {
    pid_t pid;
    int out;
    unsigned port; /* 0: it did not come to listen */
};

/* Starts it and waits for its line; `arguments` end in NULL. */
void program_start(struct program *program, const char *const *arguments);
/* Ends it, by SIGTERM if `asks`. Returns its exit status. */
int program_end(struct program *program, bool asks);
/* It says why it does not start: `word` is on its stderr, and it ends with `status`. */
void program_expect_refusal(const char *const *arguments, int status, const char *word);
/* A connected socket; 20 seconds without an octet are an error. */
int program_dial(const struct program *program);

struct program_talk {
    int fd;
    char answer[1 << 16]; /* the last one, CR removed */
};

/* Connects and hears the greeting. */
void program_talk_start(struct program_talk *talk, const struct program *program);
void program_talk_end(struct program_talk *talk);
/* Hears everything until `part` was heard. */
void program_hear(struct program_talk *talk, const char *part);
void program_say(struct program_talk *talk, const char *text, const char *part);
/* The last answer has it. */
void program_expect(const struct program_talk *talk, const char *part);
void program_expect_no(const struct program_talk *talk, const char *part);

/* A file of the test. */
void program_write(const char *path, const char *text);
/* All of it; the caller frees it. */
char *program_read(const char *path, size_t *len);

#endif
