/* SPDX-License-Identifier: MIT */
#include <cpmsync/push.h>

#include "sync/push_emn.h"
#include "sync/push_json.h"

/* What is in front of a document and means nothing: a byte order mark, blanks. */
static struct cpmsync_slice document_of(struct cpmsync_slice octets)
{
    if (octets.len >= 3 && memcmp(octets.data, "\xef\xbb\xbf", 3) == 0)
        octets = cpmsync_slice_of(octets.data + 3, octets.len - 3);
    while (octets.len &&
           (octets.data[0] == ' ' || octets.data[0] == '\t' || octets.data[0] == '\r' || octets.data[0] == '\n'))
        octets = cpmsync_slice_of(octets.data + 1, octets.len - 1);
    return octets;
}

int cpmsync_push_parse(const uint8_t *octets, size_t len, struct cpmsync_push_hint *hint)
{
    struct cpmsync_push_hint read;
    int error = CPMSYNC_ERR_UNSUPPORTED;

    if (!octets || !hint || hint->size != sizeof *hint)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    memset(&read, 0, sizeof read);
    read.size = sizeof read;
    struct cpmsync_slice document = document_of(cpmsync_slice_of(octets, len));
    if (document.len && document.data[0] == '<')
        error = cpmsync_push_emn_xml(&read, document);
    else if (document.len && document.data[0] == '{')
        error = cpmsync_push_json(&read, document);
    else if (len && octets[0] <= 0x03) /* WBXML 1.0 to 1.3 */
        error = cpmsync_push_emn_wbxml(&read, cpmsync_slice_of(octets, len));
    if (error == 0)
        *hint = read;
    return error;
}
