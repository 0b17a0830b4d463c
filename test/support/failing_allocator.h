/* SPDX-License-Identifier: MIT */
/*
 * An allocator that counts what is held and fails on demand. Its blocks always move when resized and are overwritten when
 * released, so that a stale pointer shows. Hand `&allocator.mem` to the code under test.
 */
#ifndef CPMSYNC_TEST_FAILING_ALLOCATOR_H
#define CPMSYNC_TEST_FAILING_ALLOCATOR_H

#include <stdbool.h>

#include <cpmsync/types.h>

struct support_allocator {
    struct cpmsync_allocator mem;
    size_t live_blocks;
    size_t live_octets;
    size_t peak_octets;
    uint64_t calls;    /* allocations and resizings asked for, the failed ones included */
    uint64_t failures; /* of these, how many failed */
    uint64_t fail_call;
    bool fail_on;
};

void support_allocator_init(struct support_allocator *allocator);

/* The n-th allocation from now (1 is the next one) fails, and no other. 0: none fails. Clears `failures`. */
void support_allocator_fail_at(struct support_allocator *allocator, uint64_t n);
/* The same, and all behind it fail too. */
void support_allocator_fail_from(struct support_allocator *allocator, uint64_t n);

#endif
