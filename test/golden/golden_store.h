/* SPDX-License-Identifier: MIT */
/* The store of a transcript: "cache" steps fill it, "check" steps compare it. */
#ifndef CPMSYNC_TEST_GOLDEN_STORE_H
#define CPMSYNC_TEST_GOLDEN_STORE_H

#include "golden/golden_parse.h"
#include "golden/golden_text.h"

/* Puts the mailbox of the "cache" step `at` and its rows into the store. False if it is none, or the store fails. */
bool golden_store_fill(const struct cpmsync_store *store, const struct golden *golden, size_t at);

/* The row of this UID behind step `at` ends in "{?}". */
bool golden_store_is_open(const struct golden *golden, size_t at, uint32_t uid);

/* Writes what the store holds of the mailbox that step `at` names, and what the step and its rows say. */
void golden_store_read(const struct cpmsync_store *store, const struct golden *golden, size_t at,
    struct golden_text *have, struct golden_text *want);

#endif
