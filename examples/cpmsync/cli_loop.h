/* SPDX-License-Identifier: MIT */
/* The event loop: loop_poll.h, and a pipe that a signal writes to. */
#ifndef CLI_LOOP_H
#define CLI_LOOP_H

#include "cli_account.h"

/* From now on SIGINT and SIGTERM end cli_loop_run instead of the process. Returns 0, or -1. */
int cli_loop_catch_signals(void);

/*
 * Runs until no operation is pending, or a signal came: that is told and becomes the account's status. Then ends the
 * client. Returns the account's status.
 */
enum cli_status cli_loop_run(struct cli_account *account);

#endif
