/* SPDX-License-Identifier: MIT */
/* The saved form is text: a line that names it, then one line a fact. */
#include "session/server_facts.h"

#include "base/err.h"

#define HEADING "cpmsync server facts 1"

enum { FACTS_OCTETS_MAX = 65536 };

void cpmsync_server_facts_init(struct cpmsync_server_facts *facts, const struct cpmsync_allocator *mem)
{
    memset(facts, 0, sizeof(*facts));
    facts->mem = mem;
}

void cpmsync_server_facts_clear(struct cpmsync_server_facts *facts)
{
    cpmsync_mem_free(facts->mem, facts->before_login);
    cpmsync_mem_free(facts->mem, facts->after_login);
    cpmsync_server_facts_init(facts, facts->mem);
}

static int add_line(struct cpmsync_buf *out, const char *name, const char *value)
{
    int rc = cpmsync_buf_add_str(out, name);

    if (rc == 0 && value)
        rc = cpmsync_buf_add_char(out, ' ');
    if (rc == 0 && value)
        rc = cpmsync_buf_add_str(out, value);
    return rc ? rc : cpmsync_buf_add_char(out, '\n');
}

int cpmsync_server_facts_save(const struct cpmsync_server_facts *facts, struct cpmsync_buf *out)
{
    size_t before = out->len;
    int rc = add_line(out, HEADING, NULL);

    if (rc == 0 && facts->before_login)
        rc = add_line(out, "before-login", facts->before_login);
    if (rc == 0 && facts->after_login)
        rc = add_line(out, "after-login", facts->after_login);
    if (rc == 0 && facts->last_login_ok)
        rc = add_line(out, "last-login-ok", NULL);
    if (rc == 0 && facts->no_qresync)
        rc = add_line(out, "no-qresync", NULL);
    for (unsigned i = 0; rc == 0 && i < facts->qresync_failures; i++)
        rc = add_line(out, "qresync-failure", NULL);
    for (unsigned i = 0; rc == 0 && i < facts->condstore_failures; i++)
        rc = add_line(out, "condstore-failure", NULL);
    if (rc == 0 && facts->no_condstore)
        rc = add_line(out, "no-condstore", NULL);
    if (rc == 0 && facts->no_list_status)
        rc = add_line(out, "no-list-status", NULL);
    if (rc == 0 && facts->proven)
        rc = add_line(out, "proven", NULL);
    if (rc == 0 && facts->no_burst)
        rc = add_line(out, "no-burst", NULL);
    if (rc == 0 && facts->no_compress)
        rc = add_line(out, "no-compress", NULL);
    for (unsigned i = 0; rc == 0 && i < facts->compress_failures; i++)
        rc = add_line(out, "compress-failure", NULL);
    if (rc)
        cpmsync_buf_truncate(out, before);
    return rc;
}

/* The next line without its LF; false if there is none that is whole. */
static bool next_line(struct cpmsync_slice *text, struct cpmsync_slice *line)
{
    const uint8_t *end = text->len ? memchr(text->data, '\n', text->len) : NULL;

    if (!end)
        return false;
    *line = cpmsync_slice_of(text->data, (size_t)(end - text->data));
    *text = cpmsync_slice_of(end + 1, text->len - line->len - 1);
    return true;
}

static bool value_of(struct cpmsync_slice line, struct cpmsync_slice name, struct cpmsync_slice *value)
{
    if (line.len <= name.len || line.data[name.len] != ' ' ||
        !cpmsync_slice_eq(cpmsync_slice_of(line.data, name.len), name))
        return false;
    *value = cpmsync_slice_of(line.data + name.len + 1, line.len - name.len - 1);
    return true;
}

/* Capabilities are printable; anything else was not written by us. */
static bool printable(struct cpmsync_slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] < ' ' || value.data[i] == 0x7f)
            return false;
    }
    return true;
}

static int load_list(const struct cpmsync_server_facts *facts, char **list, struct cpmsync_slice value, bool *damaged)
{
    if (*list || !printable(value)) {
        *damaged = true;
        return 0;
    }
    *list = cpmsync_mem_copy(facts->mem, value.data, value.len);
    return *list ? 0 : CPMSYNC_ERR_NOMEM;
}

int cpmsync_server_facts_load(struct cpmsync_server_facts *facts, struct cpmsync_slice octets)
{
    struct cpmsync_slice line;
    struct cpmsync_slice value;
    bool damaged = octets.len > FACTS_OCTETS_MAX;
    int rc = 0;

    cpmsync_server_facts_clear(facts);
    if (damaged || !next_line(&octets, &line) || !cpmsync_slice_eq(line, CPMSYNC_SLICE(HEADING)))
        return 0;
    while (rc == 0 && !damaged && octets.len) {
        if (!next_line(&octets, &line))
            damaged = true;
        else if (value_of(line, CPMSYNC_SLICE("before-login"), &value))
            rc = load_list(facts, &facts->before_login, value, &damaged);
        else if (value_of(line, CPMSYNC_SLICE("after-login"), &value))
            rc = load_list(facts, &facts->after_login, value, &damaged);
        else if (cpmsync_slice_eq(line, CPMSYNC_SLICE("last-login-ok")))
            facts->last_login_ok = true;
        else if (cpmsync_slice_eq(line, CPMSYNC_SLICE("no-qresync")))
            facts->no_qresync = true;
        else if (cpmsync_slice_eq(line, CPMSYNC_SLICE("qresync-failure")))
            facts->qresync_failures++;
        else if (cpmsync_slice_eq(line, CPMSYNC_SLICE("condstore-failure")))
            facts->condstore_failures++;
        else if (cpmsync_slice_eq(line, CPMSYNC_SLICE("no-condstore")))
            facts->no_condstore = true;
        else if (cpmsync_slice_eq(line, CPMSYNC_SLICE("no-list-status")))
            facts->no_list_status = true;
        else if (cpmsync_slice_eq(line, CPMSYNC_SLICE("proven")))
            facts->proven = true;
        else if (cpmsync_slice_eq(line, CPMSYNC_SLICE("no-burst")))
            facts->no_burst = true;
        else if (cpmsync_slice_eq(line, CPMSYNC_SLICE("no-compress")))
            facts->no_compress = true;
        else if (cpmsync_slice_eq(line, CPMSYNC_SLICE("compress-failure")))
            facts->compress_failures++;
        else
            damaged = true;
    }
    if (rc || damaged)
        cpmsync_server_facts_clear(facts);
    return rc;
}
