/* SPDX-License-Identifier: MIT */
/* The event loop: poll on the client's descriptors, and on a pipe that a signal writes to. */
#ifndef CLI_LOOP_H
#define CLI_LOOP_H

#include "cli_account.h"

/* Milliseconds of a clock that counts suspended time. */
int64_t cli_loop_now(void);

/* From now on SIGINT and SIGTERM end cli_loop_run instead of the process. Returns 0, or -1. */
int cli_loop_catch_signals(void);

/*
 * Runs until no operation is pending, or a signal came: that is told and becomes the account's status. Then ends the
 * client. Returns the account's status.
 */
enum cli_status cli_loop_run(struct cli_account *account);

#endif
