/* SPDX-License-Identifier: MIT */
#include "mock_session.h"

#include <stdio.h>
#include <stdlib.h>

enum { WORDS_MAX = 32 };

void cpmsync_mock_script_clear(struct mock_script *script, const struct cpmsync_allocator *mem)
{
    size_t i;
    for (i = 0; i < script->count; i++) {
        cpmsync_mem_free(mem, script->steps[i].user);
        cpmsync_mem_free(mem, script->steps[i].action);
    }
    cpmsync_mem_free(mem, script->steps);
    script->steps = NULL;
    script->count = 0;
}

/* Cuts a text into words in place. A name with blanks in it is written in double quotes. */
static size_t split(char *text, char **words)
{
    size_t count = 0;
    while (count < WORDS_MAX) {
        while (*text == ' ' || *text == '\t')
            text++;
        if (!*text)
            break;
        char end = *text == '"' ? *text++ : ' ';
        words[count++] = text;
        while (*text && *text != end && (end == '"' || *text != '\t'))
            text++;
        if (*text)
            *text++ = 0;
    }
    return count;
}

static bool number_of(const char *word, uint64_t *number)
{
    return cpmsync_slice_number(cpmsync_slice_str(word), INT64_MAX, number);
}

/* Writes words as one text with blanks between. */
static int join(struct cpmsync_buf *out, char *const *words, size_t count)
{
    size_t i;
    int error = 0;
    for (i = 0; i < count && !error; i++) {
        error = i ? cpmsync_buf_add_char(out, ' ') : 0;
        error = error ? error : cpmsync_buf_add_str(out, words[i]);
    }
    return error ? error : cpmsync_buf_add(out, "", 1);
}

static int deliver(struct cpmsync_mock *mock, const char *user, char **words, size_t count)
{
    struct cpmsync_buf flags;
    uint64_t copies = 1, i;
    size_t first = 2;
    char message[256];
    if (count > 2 && number_of(words[2], &copies))
        first = 3;
    cpmsync_buf_init(&flags, mock->mem, 65536);
    int error = join(&flags, words + first, count - first);
    for (i = 0; i < copies && !error; i++) {
        int len = snprintf(message, sizeof message,
            "From: script@example.org\r\nTo: test@example.org\r\nSubject: Delivered by a script\r\n"
            "Message-ID: <%016llx@example.org>\r\n\r\nHello\r\n",
            (unsigned long long)cpmsync_mock_random(mock));
        int64_t uid =
            cpmsync_mock_deliver(mock, user, words[1], (const char *)cpmsync_buf_data(&flags), 0, message, (size_t)len);
        error = uid < 0 ? (int)uid : 0;
    }
    cpmsync_buf_clear(&flags);
    return error;
}

static int flag(struct cpmsync_mock *mock, const char *user, char **words, size_t count)
{
    size_t i;
    int error = 0;
    for (i = 3; i < count && !error; i++)
        error = *words[i] == '+' || *words[i] == '-' ? cpmsync_mock_flag(mock, user, words[1], words[2], words[i])
                                                     : CPMSYNC_ERR_INVALID_ARGUMENT;
    return error;
}

static int special_use(struct cpmsync_mock *mock, const char *user, char **words, size_t count)
{
    struct cpmsync_buf uses;
    cpmsync_buf_init(&uses, mock->mem, 65536);
    int error = join(&uses, words + 2, count - 2);
    if (!error)
        error = cpmsync_mock_special_use(mock, user, words[1], (const char *)cpmsync_buf_data(&uses));
    cpmsync_buf_clear(&uses);
    return error;
}

/* A number among the words, or what stands for it where there are no more words. */
static bool number_at(char **words, size_t count, size_t place, uint64_t otherwise, uint64_t max, uint64_t *number)
{
    *number = otherwise;
    return place >= count || (number_of(words[place], number) && *number <= max);
}

static int generate(struct cpmsync_mock *mock, const char *user, char **words, size_t count)
{
    uint64_t messages, octets;
    if (!number_at(words, count, 2, 0, UINT32_MAX, &messages) || !number_at(words, count, 3, 0, UINT32_MAX, &octets))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    int error = cpmsync_mock_mailbox_create(mock, user, words[1]);
    return error && error != CPMSYNC_ERR_STATE
               ? error
               : cpmsync_mock_generate(mock, user, words[1], (uint32_t)messages, (size_t)octets);
}

static int conversations(struct cpmsync_mock *mock, const char *user, char **words, size_t count)
{
    uint64_t mailboxes, messages;
    if (!number_at(words, count, 2, 0, UINT32_MAX, &mailboxes) || !number_at(words, count, 3, 1, UINT32_MAX, &messages))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    return cpmsync_mock_generate_conversations(mock, user, words[1], (uint32_t)mailboxes, (uint32_t)messages);
}

enum action {
    DELIVER,
    FLAG,
    EXPUNGE,
    CREATE,
    DELETE,
    RENAME,
    UIDVALIDITY,
    DROP_LOG,
    NOMODSEQ,
    RAISE_MODSEQ,
    ACL,
    SUBSCRIBE,
    UNSUBSCRIBE,
    SPECIAL_USE,
    QUOTA,
    GENERATE,
    CONVERSATIONS,
    FAULT
};

static const struct {
    const char *name;
    size_t least;
    size_t most;
} ACTIONS[] = {{"deliver", 2, WORDS_MAX}, {"flag", 4, WORDS_MAX}, {"expunge", 3, 3}, {"create", 2, 2}, {"delete", 2, 2},
    {"rename", 3, 3}, {"uidvalidity", 2, 2}, {"drop-log", 2, 2}, {"nomodseq", 2, 2}, {"raise-modseq", 3, 3},
    {"acl", 4, 4}, {"subscribe", 2, 2}, {"unsubscribe", 2, 2}, {"special-use", 2, WORDS_MAX}, {"quota", 3, 3},
    {"generate", 3, 4}, {"conversations", 3, 4}, {"fault", 2, 2}};

/* The action the words say, or a negative number. */
static int action_of(char **words, size_t count)
{
    size_t i;
    for (i = 0; i < sizeof ACTIONS / sizeof *ACTIONS; i++)
        if (count && strcmp(words[0], ACTIONS[i].name) == 0)
            return count >= ACTIONS[i].least && count <= ACTIONS[i].most ? (int)i : -1;
    return -1;
}

static int act(struct cpmsync_mock *mock, const char *user, char *text)
{
    char *words[WORDS_MAX];
    size_t count = split(text, words);
    uint64_t number = 0;
    int error;
    switch (action_of(words, count)) {
    case DELIVER:
        return deliver(mock, user, words, count);
    case FLAG:
        return flag(mock, user, words, count);
    case EXPUNGE:
        error = cpmsync_mock_expunge(mock, user, words[1], words[2]);
        return error < 0 ? error : 0;
    case CREATE:
        return cpmsync_mock_mailbox_create(mock, user, words[1]);
    case DELETE:
        return cpmsync_mock_mailbox_delete(mock, user, words[1]);
    case RENAME:
        return cpmsync_mock_mailbox_rename(mock, user, words[1], words[2]);
    case UIDVALIDITY:
        return cpmsync_mock_uidvalidity_change(mock, user, words[1]);
    case DROP_LOG:
        return cpmsync_mock_drop_expunge_log(mock, user, words[1]);
    case NOMODSEQ:
        return cpmsync_mock_nomodseq(mock, user, words[1], 1);
    case RAISE_MODSEQ:
        if (!number_of(words[2], &number))
            return CPMSYNC_ERR_INVALID_ARGUMENT;
        return cpmsync_mock_raise_modseq(mock, user, words[1], number);
    case ACL:
        return cpmsync_mock_acl(mock, user, words[1], words[2], words[3]);
    case SUBSCRIBE:
    case UNSUBSCRIBE:
        return cpmsync_mock_subscription(mock, user, words[1], strcmp(words[0], "subscribe") == 0);
    case QUOTA:
        if (!number_of(words[2], &number))
            return CPMSYNC_ERR_INVALID_ARGUMENT;
        return cpmsync_mock_quota(mock, user, words[1], (int64_t)number);
    case SPECIAL_USE:
        return special_use(mock, user, words, count);
    case GENERATE:
        return generate(mock, user, words, count);
    case CONVERSATIONS:
        return conversations(mock, user, words, count);
    case FAULT:
        return cpmsync_mock_fault(mock, words[1]);
    default:
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    }
}

static void fire(struct cpmsync_mock *mock, size_t index)
{
    struct mock_step *step = &mock->script.steps[index];
    char *text = cpmsync_mem_copy(mock->mem, step->action, strlen(step->action));
    step->count = 0;
    step->error = text ? act(mock, step->user, text) : CPMSYNC_ERR_NOMEM;
    cpmsync_mem_free(mock->mem, text);
}

/* "*", "FETCH" (also UID FETCH), "UID FETCH" */
static bool is_command(const struct mock_step *step, struct cpmsync_slice command, bool uid)
{
    bool uid_only = strncmp(step->command, "UID ", 4) == 0;
    return strcmp(step->command, "*") == 0 ||
           ((uid || !uid_only) && cpmsync_slice_is(command, step->command + (uid_only ? 4 : 0)));
}

void cpmsync_mock_moment(struct cpmsync_mock *mock, enum mock_moment moment, struct cpmsync_slice command, bool uid)
{
    size_t i;
    for (i = 0; i < mock->script.count; i++) {
        struct mock_step *step = &mock->script.steps[i];
        if (step->moment != moment || step->count == 0)
            continue;
        if (moment != MOCK_AT_CONNECT && !is_command(step, command, uid))
            continue;
        if (--step->count == 0)
            fire(mock, i);
    }
}

/* COMMAND or "UID" COMMAND, in capitals; how many words it is, 0 if it is no command. */
static size_t read_command(char *const *words, size_t count, struct mock_step *step)
{
    struct cpmsync_slice name = cpmsync_slice_str(words[0]);
    bool uid = cpmsync_slice_is(name, "UID") && count > 1;
    if (uid)
        name = cpmsync_slice_str(words[1]);
    if (!cpmsync_slice_is(name, "*") && !cpmsync_mock_is_command(name, uid))
        return 0;
    snprintf(step->command, sizeof step->command, "%s%s", uid ? "UID " : "", uid ? words[1] : words[0]);
    return uid ? 2 : 1;
}

/* Takes "at-connect N", "before N COMMAND" or "after N COMMAND" off the words; false if it is none of them but looks so, or
 * nothing stands behind it. */
static bool read_moment(char ***words, size_t *count, struct mock_step *step)
{
    bool before = strcmp((*words)[0], "before") == 0, after = strcmp((*words)[0], "after") == 0;
    bool connect = strcmp((*words)[0], "at-connect") == 0;
    size_t used = 2;
    step->moment = MOCK_AT_ONCE;
    step->count = 1;
    if (!before && !after && !connect)
        return true;
    if (*count <= used || !number_of((*words)[1], &step->count) || step->count == 0)
        return false;
    step->moment = connect ? MOCK_AT_CONNECT : before ? MOCK_BEFORE_COMMAND : MOCK_AFTER_COMMAND;
    if (!connect) {
        size_t command = read_command(*words + used, *count - used, step);
        if (command == 0)
            return false;
        used += command;
    }
    *words += used;
    *count -= used;
    return *count > 0;
}

static const char *reason(int error)
{
    return error == CPMSYNC_ERR_NOT_FOUND ? "no such user or mailbox"
           : error == CPMSYNC_ERR_STATE   ? "that cannot be, as things are"
                                          : cpmsync_error_text(error);
}

/* Words as a text that `split` cuts in the same way. */
static int quote(struct cpmsync_buf *out, char *const *words, size_t count)
{
    size_t i;
    int error = 0;
    for (i = 0; i < count && !error; i++) {
        error = cpmsync_buf_add_str(out, i ? " \"" : "\"");
        error = error ? error : cpmsync_buf_add_str(out, words[i]);
        error = error ? error : cpmsync_buf_add_char(out, '"');
    }
    return error;
}

static int add_step(
    struct cpmsync_mock *mock, struct mock_step *step, const char *user, char *const *words, size_t count)
{
    struct cpmsync_buf action;
    struct mock_step *steps =
        (struct mock_step *)cpmsync_mem_resize(mock->mem, mock->script.steps, mock->script.count + 1, sizeof *steps);
    if (!steps)
        return CPMSYNC_ERR_NOMEM;
    mock->script.steps = steps;
    cpmsync_buf_init(&action, mock->mem, 65536);
    int error = quote(&action, words, count);
    step->user = *user ? cpmsync_mem_copy(mock->mem, user, strlen(user)) : NULL;
    step->action = error ? NULL : cpmsync_mem_copy(mock->mem, cpmsync_buf_data(&action), action.len);
    cpmsync_buf_clear(&action);
    if (!step->action || (*user && !step->user)) {
        cpmsync_mem_free(mock->mem, step->user);
        cpmsync_mem_free(mock->mem, step->action);
        return CPMSYNC_ERR_NOMEM;
    }
    steps[mock->script.count++] = *step;
    if (step->moment != MOCK_AT_ONCE)
        return 0;
    fire(mock, mock->script.count - 1);
    int failed = mock->script.steps[mock->script.count - 1].error;
    if (failed)
        cpmsync_mock_explain(mock, failed, "line %u: %s: %s", step->line, words[0], reason(failed));
    return !failed || failed == CPMSYNC_ERR_NOMEM ? failed : CPMSYNC_ERR_INVALID_ARGUMENT;
}

static int read_line(struct cpmsync_mock *mock, char *text, unsigned line, char *user, size_t user_size)
{
    char *storage[WORDS_MAX], **words = storage;
    size_t count;
    struct mock_step step;
    memset(&step, 0, sizeof step);
    step.line = line;
    if (strchr(text, '#') && (text == strchr(text, '#') || strchr(text, '#')[-1] == ' '))
        *strchr(text, '#') = 0;
    count = split(text, words);
    if (count == 0)
        return 0;
    if (count == 2 && strcmp(words[0], "user") == 0 && strlen(words[1]) < user_size) {
        memcpy(user, words[1], strlen(words[1]) + 1);
        return 0;
    }
    const char *first = words[0];
    if (!read_moment(&words, &count, &step))
        return cpmsync_mock_explain(mock, CPMSYNC_ERR_INVALID_ARGUMENT,
            "line %u: %s: no number, no such command, or no action behind it", line, first);
    if (action_of(words, count) < 0)
        return cpmsync_mock_explain(
            mock, CPMSYNC_ERR_INVALID_ARGUMENT, "line %u: %s: no such action, or not its arguments", line, words[0]);
    return add_step(mock, &step, user, words, count);
}

int cpmsync_mock_script(struct cpmsync_mock *mock, const char *text, size_t len, unsigned *line)
{
    char user[128] = "";
    const char *at = text, *end = text + len;
    unsigned number = 0;
    int error = 0;
    cpmsync_mock_explain(mock, 0, "%s", "");
    while (at < end && !error) {
        const char *lf = (const char *)memchr(at, '\n', (size_t)(end - at));
        const char *stop = lf ? lf : end;
        size_t used = (size_t)(stop - at);
        if (used && at[used - 1] == '\r')
            used--;
        char *copy = cpmsync_mem_copy(mock->mem, at, used);
        number++;
        error = copy ? read_line(mock, copy, number, user, sizeof user) : CPMSYNC_ERR_NOMEM;
        cpmsync_mem_free(mock->mem, copy);
        at = lf ? lf + 1 : end;
    }
    if (error && line)
        *line = number;
    return error;
}

/* The step behind `index` others that are not done; NULL if there is none. */
static const struct mock_step *undone(const struct cpmsync_mock *mock, size_t index)
{
    size_t i;
    for (i = 0; i < mock->script.count; i++) {
        const struct mock_step *step = &mock->script.steps[i];
        if ((step->count != 0 || step->error) && index-- == 0)
            return step;
    }
    return NULL;
}

size_t cpmsync_mock_script_unfired(const struct cpmsync_mock *mock, unsigned *line)
{
    const struct mock_step *first = undone(mock, 0);
    size_t count = 0;
    while (undone(mock, count))
        count++;
    if (first && line)
        *line = first->line;
    return count;
}

int cpmsync_mock_script_report(const struct cpmsync_mock *mock, size_t index, char *text, size_t size)
{
    const struct mock_step *step = undone(mock, index);
    if (!step)
        return CPMSYNC_ERR_NOT_FOUND;
    int len = snprintf(text, size, "line %u: %s", step->line, step->action);
    size_t used = len < 0 ? 0 : (size_t)len < size ? (size_t)len : size ? size - 1 : 0;
    if (step->error)
        snprintf(text + used, size - used, ": %s", reason(step->error));
    else
        snprintf(text + used, size - used, ": never fired, %llu too few", (unsigned long long)step->count);
    return 0;
}
