/* SPDX-License-Identifier: MIT */
/*
 * Plays the transcripts named on the command line and reads the client's log, all levels of it: no user, password, mailbox,
 * flag, or word of the server may stand in it (design 10); and its trace, in which no password may stand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "golden/golden_parse.h"
#include "golden/golden_text.h"
#include "session/base64.h"

enum { WORDS_MAX = 400, WORD_MIN = 5 };

static size_t lines_read;

struct record {
    struct golden_text log;
    struct golden_text trace;
};

/* What must not occur. */
struct words {
    char *word[WORDS_MAX];
    size_t count;
};

static void add_word(struct words *words, const char *text, size_t len)
{
    if (len == 0)
        return;
    assert_in_range(words->count, 0, WORDS_MAX - 1);
    char *word = malloc(len + 1);
    assert_non_null(word);
    memcpy(word, text, len);
    word[len] = '\0';
    words->word[words->count++] = word;
}

static void clear_words(struct words *words)
{
    while (words->count)
        free(words->word[--words->count]);
}

static void on_log(void *ctx, enum cpmsync_log_level level, const char *text)
{
    struct record *record = ctx;

    assert_in_range(level, CPMSYNC_LOG_ERROR, CPMSYNC_LOG_DEBUG);
    assert_null(strpbrk(text, "\r\n"));
    golden_text_add(&record->log, text, strlen(text));
    golden_text_add(&record->log, "\n", 1);
    lines_read++;
}

static void on_trace(void *ctx, int sent, const uint8_t *data, size_t len)
{
    struct record *record = ctx;

    (void)sent;
    golden_text_add(&record->trace, data, len);
}

/* ---- what a transcript knows */

static const char *configured(const struct golden *golden, const char *key, const char *otherwise)
{
    size_t len = strlen(key);

    for (size_t i = 0; i < golden->count; i++)
        if (golden->steps[i].type == GOLDEN_CONFIG && strncmp(golden->steps[i].text, key, len) == 0 &&
            golden->steps[i].text[len] == ' ')
            return golden->steps[i].text + len + 1;
    return otherwise;
}

/* The flags in parentheses behind the last FLAGS of a line. */
static void add_flags(struct words *words, const char *line)
{
    const char *flags = strstr(line, "FLAGS (");

    if (!flags)
        return;
    for (flags += 7; *flags && *flags != ')';) {
        size_t len = strcspn(flags, " )");
        if (len >= WORD_MIN)
            add_word(words, flags, len);
        flags += len;
        flags += strspn(flags, " ");
    }
}

/* The human text of a status, if it has more than one word: one alone may be a word of the log, too. */
static void add_text(struct words *words, const char *line)
{
    const char *text = strstr(line, "] ");
    size_t len;

    if (!strstr(line, " OK ") && !strstr(line, " NO ") && !strstr(line, " BAD ") && !strstr(line, " BYE "))
        return;
    if (!text)
        return;
    text += 2;
    len = strcspn(text, "\r");
    if (memchr(text, ' ', len))
        add_word(words, text, len);
}

static void add_step(struct words *words, const struct golden_step *step)
{
    switch (step->type) {
    case GOLDEN_SYNC:
    case GOLDEN_ACCOUNT_FIRST:
    case GOLDEN_WATCH:
    case GOLDEN_WATCH_ACCOUNT:
    case GOLDEN_CACHE:
    case GOLDEN_SERVER:
        add_word(words, step->text, strcspn(step->text, " "));
        break;
    case GOLDEN_SERVER_SAYS:
        add_flags(words, step->text);
        add_text(words, step->text);
        break;
    default:
        break;
    }
}

/* The password, and what AUTHENTICATE PLAIN makes of it. */
static void add_password(struct words *words, const char *user, const char *password)
{
    struct cpmsync_buf plain, base64;

    add_word(words, password, strlen(password));
    cpmsync_buf_init(&plain, NULL, 4096);
    cpmsync_buf_init(&base64, NULL, 8192);
    assert_int_equal(cpmsync_buf_add_char(&plain, '\0'), 0);
    assert_int_equal(cpmsync_buf_add_str(&plain, user), 0);
    assert_int_equal(cpmsync_buf_add_char(&plain, '\0'), 0);
    assert_int_equal(cpmsync_buf_add_str(&plain, password), 0);
    assert_int_equal(cpmsync_base64_encode(&base64, cpmsync_buf_slice(&plain)), 0);
    add_word(words, (const char *)cpmsync_buf_data(&base64), base64.len);
    cpmsync_buf_clear(&plain);
    cpmsync_buf_clear(&base64);
}

/* ---- */

static void assert_none_in(const struct words *words, const struct golden_text *text, const char *where)
{
    for (size_t i = 0; i < words->count; i++)
        for (size_t at = 0, len = strlen(words->word[i]); at + len <= text->len; at++)
            if (memcmp(text->data + at, words->word[i], len) == 0)
                fail_msg("the %s says \"%s\"", where, words->word[i]);
}

/* The mark that stands for a secret is none. */
static void drop_marks(struct golden_text *trace)
{
    static const char mark[] = "<secret>";

    for (size_t at = 0; at + sizeof mark - 1 <= trace->len; at++)
        if (memcmp(trace->data + at, mark, sizeof mark - 1) == 0)
            memset(trace->data + at, '*', sizeof mark - 1);
}

static void read_log_and_trace(void **state)
{
    const struct golden *golden = *state;
    const char *user = configured(golden, "user", "fred");
    const char *password = configured(golden, "password", "secret");
    struct record record = {{0}, {0}};
    struct golden_play how = {0};
    struct words words = {{0}, 0};
    char why[GOLDEN_WHY_MAX];

    how.log = on_log;
    how.trace = on_trace;
    how.ctx = &record;
    if (!golden_play(golden, &how, why))
        fail_msg("%s", why);
    add_password(&words, user, password);
    drop_marks(&record.trace);
    assert_none_in(&words, &record.trace, "trace");
    add_word(&words, user, strlen(user));
    add_word(&words, "PLANT", 5);
    for (size_t i = 0; i < golden->count; i++)
        add_step(&words, &golden->steps[i]);
    assert_none_in(&words, &record.log, "log");
    clear_words(&words);
    free(record.log.data);
    free(record.trace.data);
}

int main(int argc, char **argv)
{
    size_t count = (size_t)argc - 1;
    struct CMUnitTest *tests = calloc(count + 1, sizeof *tests);
    char why[GOLDEN_WHY_MAX];
    int failed = 1;

    if (count == 0 || !tests) {
        fprintf(stderr, "usage: %s TRANSCRIPT...\n", argv[0]);
        free(tests);
        return 2;
    }
    for (size_t i = 0; i < count; i++) {
        struct golden *golden = golden_read(argv[i + 1], why);
        if (!golden) {
            fprintf(stderr, "%s\n", why);
            goto end;
        }
        tests[i].name = golden_name(golden);
        tests[i].test_func = read_log_and_trace;
        tests[i].initial_state = golden;
    }
    failed = _cmocka_run_group_tests("log", tests, count, NULL, NULL);
    printf("%zu lines of log read\n", lines_read);
    failed = failed || lines_read == 0;
end:
    for (size_t i = 0; i < count; i++)
        golden_free(tests[i].initial_state);
    free(tests);
    return failed;
}
