/* SPDX-License-Identifier: MIT */
#include "mock_limit.h"

#include "mock_partial.h"

#include <stdio.h>

struct present {
    struct mock_set names;
    bool uids;
};

static void add(void *ctx, struct mock_conn *conn, size_t index, struct mock_message *message)
{
    struct present *present = (struct present *)ctx;
    uint32_t name = present->uids ? conn->view[index].uid : (uint32_t)(index + 1);
    (void)message;
    if (!cpmsync_mock_set_append(&present->names, name, name))
        conn->broken = true;
}

void cpmsync_mock_limit(struct mock_conn *conn, struct mock_set *set, bool uids)
{
    uint64_t limit = conn->mock->faults.message_limit;
    struct present present = {{NULL, NULL, 0, 0, false}, uids};
    if (limit == 0 || !cpmsync_mock_offers(conn, "MESSAGELIMIT"))
        return;
    cpmsync_mock_set_init(&present.names, conn->mock->mem);
    cpmsync_mock_for_each(conn, set, uids, add, &present);
    if (cpmsync_mock_set_size(&present.names) > limit) {
        struct mock_partial last = {true, 1, (uint32_t)limit};
        cpmsync_mock_set_clear(set);
        if (!cpmsync_mock_partial_of(&last, &present.names, set) || set->count == 0)
            conn->broken = true;
        else
            conn->limited_to = uids ? set->ranges[0].first : conn->view[set->ranges[0].first - 1].uid;
    }
    cpmsync_mock_set_clear(&present.names);
}

static void write_code(const struct mock_conn *conn, char *code, size_t size)
{
    *code = 0;
    if (conn->limited_to)
        snprintf(code, size, "[MESSAGELIMIT %llu %lu] ", (unsigned long long)conn->mock->faults.message_limit,
            (unsigned long)conn->limited_to);
}

void cpmsync_mock_ok_limited(struct mock_conn *conn, const char *text)
{
    char code[80], whole[200];
    write_code(conn, code, sizeof code);
    snprintf(whole, sizeof whole, "%s%s", code, text);
    cpmsync_mock_ok(conn, whole);
}

void cpmsync_mock_tell_limit(struct mock_conn *conn)
{
    char code[80];
    write_code(conn, code, sizeof code);
    if (*code)
        cpmsync_mock_putf(conn, "* NO %sNot all of them\r\n", code);
}

bool cpmsync_mock_exceeds_limit(struct mock_conn *conn, uint64_t count)
{
    const struct mock_faults *faults = &conn->mock->faults;
    bool all = cpmsync_mock_offers(conn, "MESSAGELIMIT") && count > faults->message_limit;
    bool saved = cpmsync_mock_offers(conn, "SAVELIMIT") && count > faults->save_limit;
    if (!all && !saved)
        return false;
    cpmsync_mock_tell(conn, conn->expunges);
    cpmsync_mock_tag(conn);
    cpmsync_mock_putf(conn, "NO [MESSAGELIMIT %llu] Too many at once\r\n",
        (unsigned long long)(all ? faults->message_limit : faults->save_limit));
    return true;
}
