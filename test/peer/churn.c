/* SPDX-License-Identifier: MIT */
/* The other client as a command, for scripts; see usage(). The account comes from the variables PEER_*. */
#include "peer_change.h"
#include "peer_truth.h"

#include <stdlib.h>
#include <string.h>

static void usage(void)
{
    fputs("churn create|delete MAILBOX\n"
          "churn rename MAILBOX NEW\n"
          "churn truth MAILBOX                            the server's state, as `cpmsync dump` has it\n"
          "churn deliver MAILBOX SEED COUNT\n"
          "churn exactly MAILBOX SEED FLAGS EXPUNGES DELIVERIES\n"
          "churn rounds MAILBOX SEED COUNT                random changes\n",
        stderr);
    exit(2);
}

static uint32_t number(const char *text)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*text == '\0' || *end != '\0' || value > UINT32_MAX)
        usage();
    return (uint32_t)value;
}

static void truth(struct peer_client *client, const char *mailbox)
{
    struct peer_truth state;
    peer_truth_ask(&state, client, mailbox);
    peer_truth_print(&state, stdout);
    peer_truth_clear(&state);
}

static void change(struct peer_client *client, int argc, char **argv)
{
    struct peer_random random;
    const char *mailbox = argv[2];
    peer_random_seed(&random, number(argv[3]));
    if (strcmp(argv[1], "deliver") == 0 && argc == 5)
        peer_change_deliver(client, mailbox, &random, number(argv[4]), 1);
    else if (strcmp(argv[1], "exactly") == 0 && argc == 7)
        peer_change_exactly(client, mailbox, &random, number(argv[4]), number(argv[5]), number(argv[6]));
    else if (strcmp(argv[1], "rounds") == 0 && argc == 5)
        for (uint32_t left = number(argv[4]); left > 0; left--)
            peer_change_round(client, mailbox, &random);
    else
        usage();
}

int main(int argc, char **argv)
{
    struct peer_account account;
    if (argc < 3)
        usage();
    peer_account_from_environment(&account);
    struct peer_client *client = peer_client_open(&account);
    if (argc == 3 && strcmp(argv[1], "create") == 0)
        peer_client_do(client, NULL, NULL, "CREATE \"%s\"", argv[2]);
    else if (argc == 3 && strcmp(argv[1], "delete") == 0)
        peer_client_do(client, NULL, NULL, "DELETE \"%s\"", argv[2]);
    else if (argc == 4 && strcmp(argv[1], "rename") == 0)
        peer_client_do(client, NULL, NULL, "RENAME \"%s\" \"%s\"", argv[2], argv[3]);
    else if (argc == 3 && strcmp(argv[1], "truth") == 0)
        truth(client, argv[2]);
    else if (argc > 4)
        change(client, argc, argv);
    else
        usage();
    peer_client_close(client);
    return fflush(stdout) == 0 ? 0 : 1;
}
