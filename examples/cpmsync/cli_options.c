/* SPDX-License-Identifier: MIT */
#include "cli_options.h"

#include <limits.h>
#include <stdarg.h>
#include <string.h>

/* A command, and how many arguments it takes. CLI_NONE: its part is not in this version. */
static const struct command {
    const char *name;
    enum cli_command command;
    int least, most;
} commands[] = {
    {"sync", CLI_SYNC, 0, INT_MAX},
    {"mailboxes", CLI_MAILBOXES, 0, 0},
    {"dump", CLI_DUMP, 1, 1},
    {"list", CLI_LIST, 0, 1},
    {"capabilities", CLI_CAPABILITIES, 0, 0},
    {"watch", CLI_WATCH, 0, INT_MAX},
    {"fetch", CLI_NONE, 0, INT_MAX},
    {"structure", CLI_NONE, 0, INT_MAX},
    {"append", CLI_NONE, 0, INT_MAX},
    {"flag", CLI_NONE, 0, INT_MAX},
    {"copy", CLI_NONE, 0, INT_MAX},
    {"move", CLI_NONE, 0, INT_MAX},
    {"delete", CLI_NONE, 0, INT_MAX},
    {"search", CLI_NONE, 0, INT_MAX},
    {"create", CLI_NONE, 0, INT_MAX},
    {"remove", CLI_NONE, 0, INT_MAX},
    {"subscribe", CLI_NONE, 0, INT_MAX},
    {"unsubscribe", CLI_NONE, 0, INT_MAX},
    {"rename", CLI_NONE, 0, INT_MAX},
    {"acl", CLI_NONE, 0, INT_MAX},
    {"metadata", CLI_NONE, 0, INT_MAX},
    {"annotation", CLI_NONE, 0, INT_MAX},
    {"convert", CLI_NONE, 0, INT_MAX},
    {"url", CLI_NONE, 0, INT_MAX},
    {"object", CLI_NONE, 0, INT_MAX},
    {"journal", CLI_NONE, 0, INT_MAX},
};

enum option {
    OPTION_URL,
    OPTION_STORE,
    OPTION_CA,
    OPTION_PLAINTEXT,
    OPTION_PASSWORD_FILE,
    OPTION_MECH,
    OPTION_DISABLE,
    OPTION_NO_EARLY,
    OPTION_JSON,
    OPTION_TRACE,
    OPTION_STATS,
    OPTION_TIMEOUT,
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_LATER /* not in this version */
};

static const struct option_name {
    const char *name;
    enum option option;
    int takes_value;
} option_names[] = {
    {"--url", OPTION_URL, 1},
    {"--store", OPTION_STORE, 1},
    {"--ca", OPTION_CA, 1},
    {"--plaintext", OPTION_PLAINTEXT, 0},
    {"--password-file", OPTION_PASSWORD_FILE, 1},
    {"--mech", OPTION_MECH, 1},
    {"--disable", OPTION_DISABLE, 1},
    {"--no-early", OPTION_NO_EARLY, 0},
    {"--offline", OPTION_LATER, 0},
    {"--json", OPTION_JSON, 0},
    {"--trace", OPTION_TRACE, 1},
    {"--stats", OPTION_STATS, 0},
    {"--timeout", OPTION_TIMEOUT, 1},
    {"--help", OPTION_HELP, 0},
    {"--version", OPTION_VERSION, 0},
};

struct parser {
    struct cli_options *options;
    char *error;
    size_t error_size;
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int fail(struct parser *parser, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int fail(struct parser *parser, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(parser->error, parser->error_size, format, args);
    va_end(args);
    return -1;
}

static int set_mechanism(struct parser *parser, const char *value)
{
    static const char *const now[] = {"LOGIN", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-1"};
    static const char *const later[] = {"OAUTHBEARER", "XOAUTH2", "EXTERNAL"};
    for (size_t i = 0; i < COUNT(later); i++)
        if (strcmp(value, later[i]) == 0)
            return fail(parser, "--mech %s: not in this version", value);
    for (size_t i = 0; i < COUNT(now); i++)
        if (strcmp(value, now[i]) == 0) {
            parser->options->mechanism = now[i];
            return 0;
        }
    return fail(parser, "--mech %s: no such mechanism; it is one of LOGIN, PLAIN, SCRAM-SHA-256, SCRAM-SHA-1", value);
}

static int set_timeout(struct parser *parser, const char *value)
{
    int64_t seconds = 0;
    for (const char *at = value; *at != '\0'; at++) {
        if (*at < '0' || *at > '9')
            return fail(parser, "--timeout %s: not a number of seconds", value);
        if (seconds <= 86400)
            seconds = seconds * 10 + (*at - '0');
    }
    if (seconds < 1 || seconds > 86400)
        return fail(parser, "--timeout %s: not in 1 to 86400 seconds", value);
    parser->options->timeout_ms = seconds * 1000;
    return 0;
}

static int set_url(struct parser *parser, const char *value)
{
    char reason[160];
    if (cli_url_parse(&parser->options->url, value, reason, sizeof reason) != 0)
        return fail(parser, "--url: %s", reason);
    parser->options->has_url = 1;
    return 0;
}

static int set_option(struct parser *parser, const struct option_name *name, const char *value)
{
    struct cli_options *options = parser->options;
    if (value != NULL && value[0] == '\0')
        return fail(parser, "%s: its value is empty", name->name);
    switch (name->option) {
    case OPTION_URL:
        return set_url(parser, value);
    case OPTION_STORE:
        options->store = value;
        return 0;
    case OPTION_CA:
        options->ca = value;
        return 0;
    case OPTION_PLAINTEXT:
        options->plaintext = 1;
        return 0;
    case OPTION_PASSWORD_FILE:
        options->password_file = value;
        return 0;
    case OPTION_MECH:
        return set_mechanism(parser, value);
    case OPTION_DISABLE:
        if (options->disabled_count == CLI_DISABLED_MAX)
            return fail(parser, "--disable: more than %d times", CLI_DISABLED_MAX);
        options->disabled[options->disabled_count++] = value;
        return 0;
    case OPTION_NO_EARLY:
        options->no_early = 1;
        return 0;
    case OPTION_JSON:
        options->json = 1;
        return 0;
    case OPTION_TRACE:
        options->trace = value;
        return 0;
    case OPTION_STATS:
        options->stats = 1;
        return 0;
    case OPTION_TIMEOUT:
        return set_timeout(parser, value);
    case OPTION_HELP:
        options->command = CLI_HELP;
        return 0;
    case OPTION_VERSION:
        options->command = CLI_VERSION;
        return 0;
    case OPTION_LATER:
        break;
    }
    return fail(parser, "%s: not in this version", name->name);
}

/* One option at argv[*at], with its value behind '=' or in the next argument. */
static int parse_option(struct parser *parser, int argc, char **argv, int *at)
{
    const char *text = argv[*at];
    size_t len = strcspn(text, "=");
    for (size_t i = 0; i < COUNT(option_names); i++) {
        const struct option_name *name = &option_names[i];
        const char *value = text[len] == '=' ? text + len + 1 : NULL;
        if (strlen(name->name) != len || strncmp(name->name, text, len) != 0)
            continue;
        if (!name->takes_value && value != NULL)
            return fail(parser, "%s: takes no value", name->name);
        if (name->takes_value && value == NULL) {
            if (*at + 1 >= argc)
                return fail(parser, "%s: its value is missing", name->name);
            value = argv[++*at];
        }
        return set_option(parser, name, value);
    }
    return fail(parser, "%.*s: no such option; see cpmsync --help", (int)(len < 80 ? len : 80), text);
}

static int parse_command(struct parser *parser, int argc, char **argv)
{
    struct cli_options *options = parser->options;
    options->command_name = argv[0];
    options->arguments = argv + 1;
    options->argument_count = argc - 1;
    for (size_t i = 0; i < COUNT(commands); i++) {
        const struct command *command = &commands[i];
        if (strcmp(argv[0], command->name) != 0)
            continue;
        if (command->command == CLI_NONE)
            return fail(parser, "%s: not in this version", command->name);
        if (options->argument_count < command->least || options->argument_count > command->most)
            return fail(parser, "%s: takes %s; see cpmsync --help", command->name,
                command->most == 0    ? "no argument"
                : command->least == 0 ? "one PATTERN at most"
                                      : "one MAILBOX");
        options->command = command->command;
        return 0;
    }
    return fail(parser, "%.80s: no such command; see cpmsync --help", argv[0]);
}

static int check_together(struct parser *parser)
{
    const struct cli_options *options = parser->options;
    int network = options->command == CLI_SYNC || options->command == CLI_WATCH || options->command == CLI_LIST ||
                  options->command == CLI_CAPABILITIES;
    if (network && !options->has_url)
        return fail(parser, "%s: --url is missing", options->command_name);
    if (network && options->url.user[0] == '\0')
        return fail(parser, "--url: it names no user; write imaps://user@host/");
    if (!network && options->store == NULL)
        return fail(parser, "%s: --store is missing; without a server only a store has something to show",
            options->command_name);
    if (options->plaintext && options->has_url && options->url.implicit_tls)
        return fail(parser, "--plaintext: not with imaps://; use imap://");
    if (options->plaintext && options->has_url && !cli_url_is_loopback(&options->url))
        return fail(parser, "--plaintext: only for this machine (localhost, 127.0.0.1, [::1]); leave it out");
    return 0;
}

int cli_options_parse(struct cli_options *options, int argc, char **argv, char *error, size_t error_size)
{
    struct parser parser = {options, error, error_size};
    int at;
    memset(options, 0, sizeof *options);
    options->timeout_ms = 60000;
    for (at = 1; at < argc && argv[at][0] == '-' && argv[at][1] != '\0'; at++) {
        if (strcmp(argv[at], "--") == 0) {
            at++;
            break;
        }
        if (parse_option(&parser, argc, argv, &at) != 0)
            return -1;
    }
    if (options->command != CLI_NONE)
        return 0;
    if (at == argc)
        return fail(&parser, "no command; see cpmsync --help");
    if (parse_command(&parser, argc - at, argv + at) != 0)
        return -1;
    return check_together(&parser);
}

void cli_options_help(FILE *out)
{
    fputs("cpmsync [OPTIONS] COMMAND [ARGUMENTS]\n"
          "\n"
          "Commands\n"
          "  sync [MAILBOX...]    bring the cache of the account, or of these mailboxes, up to date\n"
          "  watch [MAILBOX...]   stay connected and print what happens, until SIGINT or SIGTERM\n"
          "  mailboxes            the cached mailboxes; no network\n"
          "  dump MAILBOX         a cached mailbox, a line a message: UID MODSEQ (FLAGS); no network\n"
          "  list [PATTERN]       the server's mailboxes with their attributes; '*' is anything, '%' one level of it\n"
          "  capabilities         what the server offers after login, and what was enabled\n"
          "\n"
          "Options\n"
          "  --url URL            imaps://user@host:port/, or imap://user@host:port/ with STARTTLS\n"
          "  --store FILE         the cache; without it, it is forgotten at exit\n"
          "  --ca FILE            trust only these certificates (PEM); default: the system's\n"
          "  --plaintext          imap:// without TLS, on this machine only\n"
          "  --password-file FILE its first line; else the variable CPMSYNC_PASSWORD; else it is asked for\n"
          "  --mech NAME          LOGIN, PLAIN, SCRAM-SHA-256 or SCRAM-SHA-1; default: the best one\n"
          "  --disable CAP        act as if the server did not offer CAP; may be repeated\n"
          "  --json               one JSON object a line\n"
          "  --trace FILE         the conversation without secrets; '-' is stderr\n"
          "  --stats              a JSON object on stderr at the end\n"
          "  --timeout SECONDS    give up when nothing comes for so long; default 60\n"
          "\n"
          "Exit status: 0 done, 1 refused or incomplete, 2 usage, 3 login, 4 network or TLS, 5 store.\n",
        out);
}
