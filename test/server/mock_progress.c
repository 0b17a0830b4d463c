/* SPDX-License-Identifier: MIT */
#include "mock_progress.h"

/* inprogress-tag = quoted / nil; a "]" would end the response code. */
static void put_tag(struct mock_conn *conn)
{
    if (memchr(conn->tag, ']', conn->tag_len))
        cpmsync_mock_putf(conn, "NIL");
    else
        cpmsync_mock_put_string(conn, cpmsync_slice_of(conn->tag, conn->tag_len));
}

static void put_right(struct mock_conn *conn, size_t done, size_t goal)
{
    cpmsync_mock_putf(conn, " (");
    put_tag(conn);
    cpmsync_mock_putf(conn, " %zu %zu)", done, goal);
}

/* What a server that knows less may say. */
static void put_short(struct mock_conn *conn, uint64_t turn, size_t done, size_t goal)
{
    if (turn % 4 == 1)
        cpmsync_mock_putf(conn, " (NIL %zu %zu)", done, goal);
    if (turn % 4 < 2)
        return;
    cpmsync_mock_putf(conn, " (");
    put_tag(conn);
    if (turn % 4 == 2)
        cpmsync_mock_putf(conn, " NIL NIL)");
    else
        cpmsync_mock_putf(conn, " %zu NIL)", done);
}

/* What no server may say (PG-10), and what is another command's. */
static void put_wrong(struct mock_conn *conn, uint64_t turn, size_t done, size_t goal)
{
    if (turn % 4 == 3) {
        cpmsync_mock_putf(conn, " (\"nobody\" %zu %zu)", done, goal);
        return;
    }
    cpmsync_mock_putf(conn, " (");
    put_tag(conn);
    if (turn % 4 == 0)
        cpmsync_mock_putf(conn, " %zu 0)", done);
    else if (turn % 4 == 1)
        cpmsync_mock_putf(conn, " %zu %zu)", goal + 1, goal);
    else
        cpmsync_mock_putf(conn, " %llu %llu)", (unsigned long long)UINT32_MAX + 1, (unsigned long long)UINT32_MAX + 2);
}

void cpmsync_mock_tell_progress(struct mock_conn *conn, size_t done, size_t goal)
{
    struct cpmsync_mock *mock = conn->mock;
    uint64_t every = mock->faults.inprogress;
    if (every == 0 || done == 0 || done % every != 0 || !cpmsync_mock_offers(conn, "INPROGRESS"))
        return;
    cpmsync_mock_putf(conn, "* OK [INPROGRESS");
    if (mock->faults.inprogress_bad)
        put_wrong(conn, mock->progress_told, done, goal);
    else if (mock->faults.inprogress_forms)
        put_short(conn, mock->progress_told, done, goal);
    else
        put_right(conn, done, goal);
    cpmsync_mock_putf(conn, "] Still at it\r\n");
    mock->progress_told++;
}

struct work {
    mock_each *each;
    void *ctx;
    size_t done;
    size_t goal;
};

static void count_one(void *ctx, struct mock_conn *conn, size_t index, struct mock_message *message)
{
    struct work *work = (struct work *)ctx;
    (void)conn;
    (void)index;
    (void)message;
    work->goal++;
}

static void do_one(void *ctx, struct mock_conn *conn, size_t index, struct mock_message *message)
{
    struct work *work = (struct work *)ctx;
    cpmsync_mock_tell_progress(conn, work->done++, work->goal);
    work->each(work->ctx, conn, index, message);
}

void cpmsync_mock_work_through(
    struct mock_conn *conn, const struct mock_set *set, bool uids, mock_each *each, void *ctx)
{
    struct work work = {each, ctx, 0, 0};
    cpmsync_mock_for_each(conn, set, uids, count_one, &work);
    cpmsync_mock_for_each(conn, set, uids, do_one, &work);
}
