/* SPDX-License-Identifier: MIT */
/*
 * The parser of one response. Octet 0: whether the unit is a piece. The rest is the unit. All that the parser shows must lie
 * inside it, and what it says was checked must walk to its end.
 */
#include <string.h>

#include <cpmsync/error.h>

#include "base/uidset.h"
#include "fuzz/fuzz.h"
#include "sync/descriptor.h"
#include "wire/lex.h"
#include "wire/mailbox_name.h"
#include "wire/namespace.h"

static void inside(struct cpmsync_slice unit, struct cpmsync_slice part)
{
    if (part.len == 0)
        return;
    FUZZ_EXPECT(part.data >= unit.data && part.len <= unit.len);
    FUZZ_EXPECT((size_t)(part.data - unit.data) <= unit.len - part.len);
}

static void walk_set(struct cpmsync_slice text)
{
    struct cpmsync_range range;
    int rc;

    while ((rc = cpmsync_uidset_parse_next(&text, &range)) == 1)
        FUZZ_EXPECT(range.first >= 1 && range.first <= range.last);
    FUZZ_EXPECT(rc == 0);
}

static void walk_items(struct cpmsync_slice unit, struct cpmsync_slice items)
{
    struct cpmsync_slice item;

    while (cpmsync_lex_item(&items, &item)) {
        FUZZ_EXPECT(item.len);
        inside(unit, item);
    }
}

static void walk_flags(struct cpmsync_slice unit, struct cpmsync_slice flags)
{
    struct cpmsync_slice flag;

    while (cpmsync_lex_flag(&flags, &flag))
        inside(unit, flag);
}

static void walk_fetch(struct cpmsync_slice unit, const struct cpmsync_fetch *fetch)
{
    struct cpmsync_slice sections = fetch->sections;
    struct cpmsync_fetch_section section;

    FUZZ_EXPECT(!(fetch->items & CPMSYNC_FETCH_UID) || fetch->uid);
    FUZZ_EXPECT(!(fetch->items & CPMSYNC_FETCH_MODSEQ) || (fetch->modseq && fetch->modseq <= INT64_MAX));
    inside(unit, fetch->internaldate);
    inside(unit, fetch->envelope);
    inside(unit, fetch->bodystructure);
    inside(unit, sections);
    walk_flags(unit, fetch->flags);
    while (cpmsync_fetch_section(&sections, &section) == 1) {
        inside(unit, section.name);
        inside(unit, section.section);
        inside(unit, section.value);
        FUZZ_EXPECT(!section.external || section.value.len == 0);
    }
}

/* What is read of a descriptor is what a store gives back. */
static void take_descriptor(const struct cpmsync_fetch *fetch)
{
    struct cpmsync_header_list fields;
    struct cpmsync_description read, back;
    struct cpmsync_buf text, octets;

    FUZZ_EXPECT(cpmsync_header_list_init(&fields, NULL, NULL, 0) == 0);
    cpmsync_buf_init(&text, NULL, CPMSYNC_DESCRIPTOR_OCTETS_MAX);
    cpmsync_buf_init(&octets, NULL, CPMSYNC_DESCRIPTOR_OCTETS_MAX);
    int result = cpmsync_descriptor_read(&read, &text, &fields, fetch);
    FUZZ_EXPECT(result == 0 || result == 1);
    FUZZ_EXPECT(cpmsync_descriptor_encode(&read.is, &octets) == 0);
    FUZZ_EXPECT(cpmsync_descriptor_decode(&back, cpmsync_buf_slice(&octets)));
    FUZZ_EXPECT(back.is.parts == read.is.parts && back.is.field_count == read.is.field_count);
    FUZZ_EXPECT(back.is.internaldate == read.is.internaldate && back.is.truncated == read.is.truncated);
    for (size_t i = 0; i < read.is.field_count; i++) {
        FUZZ_EXPECT(strcmp(back.is.names[i], read.is.names[i]) == 0);
        FUZZ_EXPECT(strcmp(back.is.values[i], read.is.values[i]) == 0);
        FUZZ_EXPECT(!strpbrk(read.is.values[i], "\r\n"));
    }
    cpmsync_buf_clear(&octets);
    cpmsync_buf_clear(&text);
    cpmsync_header_list_clear(&fields);
}

/* A name goes to the cache's key; where the key goes back to the wire it must give the same key again. */
static void take_name(struct cpmsync_slice unit, const struct cpmsync_string *name)
{
    uint8_t wire[256];
    struct cpmsync_buf key, back, again;

    inside(unit, name->octets);
    size_t len = cpmsync_string_copy(name, wire, sizeof wire);
    if (len == SIZE_MAX)
        return;
    cpmsync_buf_init(&key, NULL, CPMSYNC_MAILBOX_NAME_MAX);
    cpmsync_buf_init(&back, NULL, CPMSYNC_MAILBOX_NAME_MAX);
    cpmsync_buf_init(&again, NULL, CPMSYNC_MAILBOX_NAME_MAX);
    if (cpmsync_mailbox_name_decode(cpmsync_slice_of(wire, len), false, &key) == 0 &&
        cpmsync_mailbox_name_encode(cpmsync_buf_slice(&key), false, &back) == 0) {
        FUZZ_EXPECT(cpmsync_mailbox_name_decode(cpmsync_buf_slice(&back), false, &again) == 0);
        FUZZ_EXPECT(cpmsync_slice_eq(cpmsync_buf_slice(&key), cpmsync_buf_slice(&again)));
    }
    cpmsync_buf_clear(&key);
    cpmsync_buf_clear(&back);
    cpmsync_buf_clear(&again);
}

static void walk_namespaces(struct cpmsync_slice unit, struct cpmsync_slice items)
{
    struct cpmsync_namespaces at;
    struct cpmsync_string prefix;
    unsigned kind;
    int delimiter, got;

    cpmsync_namespaces_init(&at, items);
    while ((got = cpmsync_namespaces_next(&at, &kind, &prefix, &delimiter)) > 0) {
        FUZZ_EXPECT(kind < 3);
        take_name(unit, &prefix);
    }
    FUZZ_EXPECT(got == 0 || got == CPMSYNC_ERR_PROTOCOL);
}

static void check(struct cpmsync_slice unit, const struct cpmsync_response *response)
{
    struct cpmsync_string oldname;

    inside(unit, response->tag);
    inside(unit, response->text);
    inside(unit, response->name);
    inside(unit, response->items);
    inside(unit, response->tag_correlator);
    inside(unit, response->code.name);
    inside(unit, response->code.args);
    switch (response->type) {
    case CPMSYNC_RESPONSE_VANISHED:
        walk_set(response->items);
        break;
    case CPMSYNC_RESPONSE_FETCH:
        walk_fetch(unit, &response->fetch);
        take_descriptor(&response->fetch);
        break;
    case CPMSYNC_RESPONSE_FLAGS:
        walk_flags(unit, response->items);
        break;
    case CPMSYNC_RESPONSE_LIST:
    case CPMSYNC_RESPONSE_LSUB:
        FUZZ_EXPECT(response->list.name.form != CPMSYNC_STRING_NIL);
        inside(unit, response->list.attributes);
        inside(unit, response->list.extended);
        take_name(unit, &response->list.name);
        if (cpmsync_list_oldname(&response->list, &oldname))
            take_name(unit, &oldname);
        break;
    case CPMSYNC_RESPONSE_MAILBOX_STATUS:
        take_name(unit, &response->status.name);
        inside(unit, response->status.mailboxid);
        break;
    default:
        walk_namespaces(unit, response->items);
        walk_items(unit, response->items);
        walk_items(unit, response->code.args);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz_input input = {data, len};
    struct cpmsync_response response;
    uint8_t piece = fuzz_octet(&input);
    uint8_t *copy = malloc(input.len ? input.len : 1); /* no longer than the unit: reading behind it shows */

    FUZZ_EXPECT(copy);
    if (input.len)
        memcpy(copy, input.data, input.len);
    struct cpmsync_slice unit = cpmsync_slice_of(copy, input.len);
    int error = cpmsync_response_parse(unit, (piece & 1) != 0, (piece & 2) != 0, &response);
    FUZZ_EXPECT(error == 0 || error == CPMSYNC_ERR_PROTOCOL || error == CPMSYNC_ERR_LIMIT);
    if (error == 0)
        check(unit, &response);
    free(copy);
    return 0;
}
