/* SPDX-License-Identifier: MIT */
#include "golden/golden_parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct keyword {
    const char *text;
    enum golden_step_type type;
} KEYWORDS[] = {
    {"config ", GOLDEN_CONFIG},
    {"cache ", GOLDEN_CACHE},
    {"row ", GOLDEN_ROW},
    {"login", GOLDEN_LOGIN},
    {"sync ", GOLDEN_SYNC},
    {"account", GOLDEN_ACCOUNT},
    {"account ", GOLDEN_ACCOUNT_FIRST},
    {"watch ", GOLDEN_WATCH},
    {"watchall ", GOLDEN_WATCH_ACCOUNT},
    {"logout", GOLDEN_LOGOUT},
    {"cancel", GOLDEN_CANCEL},
    {"credentials", GOLDEN_CREDENTIALS},
    {"S: ", GOLDEN_SERVER_SAYS},
    {"S+ ", GOLDEN_SERVER_SAYS},
    {"C: ", GOLDEN_CLIENT_LINE},
    {"C+ ", GOLDEN_CLIENT_OCTETS},
    {"E: ", GOLDEN_EVENT},
    {"D: ", GOLDEN_DONE},
    {"starttls", GOLDEN_STARTTLS},
    {"eof", GOLDEN_EOF},
    {"closed", GOLDEN_CLOSED},
    {"tick ", GOLDEN_TICK},
    {"check ", GOLDEN_CHECK},
    {"server ", GOLDEN_SERVER},
    {"message ", GOLDEN_MESSAGE},
};

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Resolves \xHH in place; any other backslash stands for itself. Returns the length. */
static size_t unescape(char *text)
{
    char *to = text;

    for (const char *from = text; *from; from++) {
        if (from[0] == '\\' && from[1] == 'x' && hex(from[2]) >= 0 && hex(from[3]) >= 0) {
            *to++ = (char)(hex(from[2]) * 16 + hex(from[3]));
            from += 3;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
    return (size_t)(to - text);
}

size_t golden_hex(const char *text, uint8_t *octets, size_t max)
{
    size_t count = 0;

    for (; text[0] && count < max; text += 2, count++) {
        if (hex(text[0]) < 0 || hex(text[1]) < 0)
            return 0;
        octets[count] = (uint8_t)(hex(text[0]) * 16 + hex(text[1]));
    }
    return text[0] ? 0 : count;
}

const char *golden_config(const struct golden *golden, const char *key, size_t n)
{
    size_t len = strlen(key);

    for (size_t i = 0; i < golden->count; i++) {
        const struct golden_step *step = &golden->steps[i];
        if (step->type == GOLDEN_CONFIG && strncmp(step->text, key, len) == 0 && step->text[len] == ' ' && n-- == 0)
            return step->text + len + 1;
    }
    return NULL;
}

void golden_config_descriptors(const struct golden *golden, struct cpmsync_client_config *config, const char **fields)
{
    const char *literal_max = golden_config(golden, "literal-max", 0);
    size_t count = 0;

    config->descriptors = golden_config(golden, "descriptors", 0) ? 0 : CPMSYNC_OFF;
    while (count < 32 && (fields[count] = golden_config(golden, "field", count)) != NULL)
        count++;
    config->header_fields = count ? fields : NULL;
    config->header_field_count = count;
    config->literal_max = literal_max ? atoi(literal_max) : 0;
}

static bool set_text(struct golden_step *step, const char *text, bool open)
{
    size_t len = strlen(text);

    step->text = malloc(len + 3);
    if (!step->text)
        return false;
    memcpy(step->text, text, len + 1);
    step->len = len;
    step->len = unescape(step->text);
    if (step->type == GOLDEN_SERVER_SAYS && !open) {
        memcpy(step->text + step->len, "\r\n", 3);
        step->len += 2;
    }
    return true;
}

static bool add_line(struct golden *golden, const char *line, unsigned number)
{
    for (size_t i = 0; i < sizeof KEYWORDS / sizeof KEYWORDS[0]; i++) {
        size_t len = strlen(KEYWORDS[i].text);
        bool word = KEYWORDS[i].text[len - 1] != ' ';
        if (strncmp(line, KEYWORDS[i].text, len) != 0 || (word && line[len] != '\0'))
            continue;
        struct golden_step *steps = realloc(golden->steps, (golden->count + 1) * sizeof *steps);
        if (!steps)
            return false;
        golden->steps = steps;
        struct golden_step *step = &steps[golden->count++];
        memset(step, 0, sizeof *step);
        step->type = KEYWORDS[i].type;
        step->line = number;
        return set_text(step, line + len, KEYWORDS[i].text[1] == '+');
    }
    return false;
}

static bool has(const struct golden *golden, enum golden_step_type type)
{
    for (size_t i = 0; i < golden->count; i++)
        if (golden->steps[i].type == type)
            return true;
    return false;
}

/* Of the mailbox that `text` names. */
static bool has_server(const struct golden *golden, const char *text)
{
    size_t len = strcspn(text, " ");

    for (size_t i = 0; i < golden->count; i++)
        if (golden->steps[i].type == GOLDEN_SERVER && strncmp(golden->steps[i].text, text, len + 1) == 0)
            return true;
    return false;
}

/* The store holds a mailbox, at the start or later. */
static bool is_stored(const struct golden_step *step)
{
    return step->type == GOLDEN_CACHE ||
           (step->type == GOLDEN_CHECK && strcmp(step->text + strcspn(step->text, " "), " none") != 0);
}

/*
 * What a transcript must have: a name, the server's state at its end, of each mailbox in the store too, since a sweep compares
 * nothing else; and with a synchronisation a check of the store.
 */
static const char *lacks(struct golden *golden)
{
    if (golden->name[0] == '\0')
        return "no test is named";
    if (!has(golden, GOLDEN_SERVER))
        return "no state of the server";
    for (size_t i = 0; i < golden->count; i++)
        if (is_stored(&golden->steps[i]) && !has_server(golden, golden->steps[i].text))
            return "no state of the server for a mailbox of the store";
    golden->watches = has(golden, GOLDEN_WATCH) || has(golden, GOLDEN_WATCH_ACCOUNT);
    if ((has(golden, GOLDEN_SYNC) || has(golden, GOLDEN_ACCOUNT) || golden->watches) && !has(golden, GOLDEN_CHECK))
        return "no check of the store";
    return NULL;
}

struct golden *golden_read(const char *path, char why[GOLDEN_WHY_MAX])
{
    char line[65536];
    unsigned number = 0;
    bool good = true;
    struct golden *golden = calloc(1, sizeof *golden);
    FILE *file = fopen(path, "rb");

    snprintf(why, GOLDEN_WHY_MAX, "%s: cannot be read", path);
    if (!file || !golden) {
        if (file)
            fclose(file);
        free(golden);
        return NULL;
    }
    snprintf(golden->path, sizeof golden->path, "%s", path);
    while (good && fgets(line, sizeof line, file)) {
        number++;
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '\0' || line[0] == '#')
            continue;
        if (strncmp(line, "test ", 5) == 0)
            snprintf(golden->name, sizeof golden->name, "%.*s", GOLDEN_NAME_MAX - 1, line + 5);
        else if (strcmp(line, "lies") == 0)
            golden->lies = true;
        else
            good = add_line(golden, line, number);
    }
    fclose(file);
    const char *missing = good ? lacks(golden) : "not a step";
    if (!missing)
        return golden;
    snprintf(why, GOLDEN_WHY_MAX, "%s:%u: %s", path, number, missing);
    golden_free(golden);
    return NULL;
}

void golden_free(struct golden *golden)
{
    if (!golden)
        return;
    for (size_t i = 0; i < golden->count; i++)
        free(golden->steps[i].text);
    free(golden->steps);
    free(golden);
}

bool golden_lies(const struct golden *golden)
{
    return golden->lies;
}

const char *golden_name(const struct golden *golden)
{
    return golden->name;
}

size_t golden_octets(const struct golden *golden)
{
    size_t octets = 0;

    for (size_t i = 0; i < golden->count; i++)
        if (golden->steps[i].type == GOLDEN_SERVER_SAYS)
            octets += golden->steps[i].len;
    return octets;
}
