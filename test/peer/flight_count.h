/* SPDX-License-Identifier: MIT */
/*
 * Counts the flights of one connection from the octets that pass: a flight begins when the client sends something after
 * it received something. TLS passes through; its record types, which are in the clear, tell the handshake apart.
 * TLS 1.3 hides the type of the client's Finished, which then counts as a flight.
 */
#ifndef FLIGHT_COUNT_H
#define FLIGHT_COUNT_H

#include <stddef.h>
#include <stdint.h>

/* Where one direction is inside a TLS record. */
struct flight_stream {
    unsigned char type;
    size_t head;   /* octets of the record's head that were seen */
    size_t length; /* octets of the body still to come */
};

struct flight_count {
    struct flight_stream up;
    int received;        /* the client got something since it last sent */
    int in_flight;       /* what the client sends now belongs to a flight that is counted */
    uint64_t flights;    /* bursts with commands in them */
    uint64_t handshakes; /* bursts of the TLS handshake alone */
    uint64_t up_octets, down_octets;
};

/* The client sent this. */
void flight_count_up(struct flight_count *count, const unsigned char *data, size_t len);

/* This reached the client. */
void flight_count_down(struct flight_count *count, size_t len);

#endif
