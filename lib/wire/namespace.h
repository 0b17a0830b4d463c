/* SPDX-License-Identifier: MIT */
/*
 * The NAMESPACE response (RFC 2342 5): three classes, each NIL or a list of prefixes with their delimiters.
 * namespace-response = "*" SP "NAMESPACE" SP namespace SP namespace SP namespace
 */
#ifndef CPMSYNC_WIRE_NAMESPACE_H
#define CPMSYNC_WIRE_NAMESPACE_H

#include "wire/response.h"

struct cpmsync_namespaces {
    struct cpmsync_slice rest;
    unsigned kind; /* of the class being read: 0 personal, 1 other users', 2 shared; 3: no more */
    bool inside;   /* its parenthesis */
};

/* Begins at a response's `items`. */
void cpmsync_namespaces_init(struct cpmsync_namespaces *namespaces, struct cpmsync_slice items);

/* The next one: 1 with its class, prefix as it stands on the wire and delimiter (-1 for NIL); 0 behind the last one;
 * CPMSYNC_ERR_PROTOCOL if it is damaged. */
int cpmsync_namespaces_next(
    struct cpmsync_namespaces *namespaces, unsigned *kind, struct cpmsync_string *prefix, int *delimiter);

#endif
