/* SPDX-License-Identifier: MIT */
/* Network addresses as text and in order; needs no sockets. */
#ifndef CPMSYNC_TRANSPORT_ADDRESS_H
#define CPMSYNC_TRANSPORT_ADDRESS_H

#include <cpmsync/transport.h>

#include <stdbool.h>

/*
 * Whether `text` is an IPv4 address in four decimal parts or an IPv6 address (RFC 4291 2.2), without brackets; then
 * fills family and octets. A zone behind '%' is allowed for IPv6: *zone (may be NULL) points at its text, else is NULL;
 * scope_id is set if it is a number. Port is left 0.
 */
bool cpmsync_address_parse(const char *text, struct cpmsync_address *address, const char **zone);

/* Octets of the address: 4 or 16. */
size_t cpmsync_address_octets(const struct cpmsync_address *address);

/* Orders the addresses so that families alternate, beginning with the first one's; otherwise order is kept (RFC 8305 4). */
void cpmsync_address_alternate(struct cpmsync_address *addresses, size_t count);

#endif
