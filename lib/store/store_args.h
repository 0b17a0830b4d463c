/* SPDX-License-Identifier: MIT */
/* The checks of arguments that the stores share (contract: cpmsync/store.h). */
#ifndef CPMSYNC_STORE_STORE_ARGS_H
#define CPMSYNC_STORE_STORE_ARGS_H

#include <cpmsync/store.h>

#include <stdbool.h>

/* Key octets and numbers are never a path or part of a statement: any octet but NUL goes (PF-126). */
enum { CPMSYNC_STORE_NAME_MAX = 4096 };

/* 1 to 4096 octets without NUL; a journal entry's may be empty. */
bool cpmsync_store_valid_name(const uint8_t *name, size_t len);
bool cpmsync_store_valid_entry_name(const uint8_t *name, size_t len);

bool cpmsync_store_valid_mailbox(const struct cpmsync_store_mailbox *mailbox);
bool cpmsync_store_valid_uids(const uint32_t *uid, size_t count); /* strictly ascending, from 1 on */
bool cpmsync_store_valid_ranges(const struct cpmsync_range *ranges, size_t count);

#endif
