/* SPDX-License-Identifier: MIT */
/* The commands: each prints its result and its errors, and returns its exit status. */
#ifndef CMD_H
#define CMD_H

#include "cli_account.h"

enum cli_status cmd_sync(struct cli_account *account);
enum cli_status cmd_watch(struct cli_account *account);
enum cli_status cmd_list(struct cli_account *account);
enum cli_status cmd_capabilities(struct cli_account *account);
enum cli_status cmd_mailboxes(struct cli_account *account);
enum cli_status cmd_dump(struct cli_account *account);

#endif
