/* SPDX-License-Identifier: MIT */
#include "flight_count.h"

enum { RECORD_HEAD = 5, CHANGE_CIPHER_SPEC = 20, ALERT = 21, HANDSHAKE = 22, APPLICATION = 23 };

/* How many octets at `data` are of one record, or one octet outside of any; *type is the record's, or APPLICATION. */
static size_t next_part(struct flight_stream *stream, const unsigned char *data, size_t len, unsigned char *type)
{
    if (stream->head == 0) {
        if (data[0] < CHANGE_CIPHER_SPEC || data[0] > APPLICATION) {
            *type = APPLICATION; /* clear text */
            return 1;
        }
        stream->type = data[0];
        stream->length = 0;
    }
    *type = stream->type;
    if (stream->head < RECORD_HEAD) {
        if (stream->head >= 3)
            stream->length = stream->length << 8 | data[0];
        stream->head++;
        if (stream->head == RECORD_HEAD && stream->length == 0)
            stream->head = 0;
        return 1;
    }
    size_t part = len < stream->length ? len : stream->length;
    stream->length -= part;
    if (stream->length == 0)
        stream->head = 0;
    return part;
}

void flight_count_up(struct flight_count *count, const unsigned char *data, size_t len)
{
    int application = 0, handshake = 0;
    int begins = count->received || count->up_octets == 0;
    count->up_octets += len;
    while (len > 0) {
        unsigned char type;
        size_t part = next_part(&count->up, data, len, &type);
        application |= type == APPLICATION;
        handshake |= type == HANDSHAKE || type == CHANGE_CIPHER_SPEC;
        data += part;
        len -= part;
    }
    if (application && (begins || !count->in_flight)) {
        count->flights++;
        count->in_flight = 1;
    } else if (handshake && begins) {
        count->handshakes++;
        count->in_flight = 0;
    }
    if (application || handshake)
        count->received = 0;
}

void flight_count_down(struct flight_count *count, size_t len)
{
    count->down_octets += len;
    if (len > 0)
        count->received = 1;
}
