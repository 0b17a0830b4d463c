/* SPDX-License-Identifier: MIT */
/* The mock's misbehaviour: a switch a fault, listed in one table with the conformance line each proves. */
#ifndef CPMSYNC_MOCK_FAULT_H
#define CPMSYNC_MOCK_FAULT_H

#include "base/slice.h"

/* Where a cut falls, seen from the command it is counted on. */
enum mock_cut {
    MOCK_CUT_NONE,
    MOCK_CUT_BEFORE,  /* not executed */
    MOCK_CUT_AFTER,   /* executed, nothing of its answer sent */
    MOCK_CUT_TAGGED,  /* executed, everything but the tagged answer sent */
    MOCK_CUT_ANSWERED /* executed and answered */
};

struct mock_faults {
    bool dribble;
    bool coalesce;
    bool literals;
    enum mock_cut cut;
    uint64_t cut_at; /* number of the command, over all connections */
    bool cut_bye;
    bool no_capability_code;
    bool logindisabled;
    bool no_sasl_ir;
    bool literal_refuse;
    bool literal_minus;
    bool not_saved;
    bool uid_not_sticky;
    bool unknown_cte;
    uint64_t message_limit; /* 0 is none */
    uint64_t save_limit;
    uint64_t inprogress; /* messages between two lines of it; 0 is none */
    bool inprogress_forms;
    bool inprogress_bad;
    bool quota_soft;
    bool preview_lazy;
    bool literal_toobig;
    uint64_t bye_in_literal; /* octets of it; 0 is never */
    bool modified_spurious;
    bool modified_no;
    bool modified_silent;
    bool no_literal_plus;
    bool starttls_inject;
    bool starttls_refuse;
    bool enable_refused;
    bool enabled_empty;
    bool no_closed;
    bool preauth;
    bool bye_greeting;
    bool scram_signature;
    bool scram_nonce;
    bool stale_resync;
    bool vanished_lies;
    bool vanished_again;
    bool qresync_flood;
    bool hold_vanished;
    bool modseq_ahead;
    bool rfc5162;
    bool rfc4551;
    bool modseq_64;
    bool rfc2086;
    bool no_negative_rights;
    bool no_private_metadata;
    uint64_t metadata_maxsize;
    bool utf8_only;
    bool convert_tempfail;
    uint64_t convert_tempfail_in;
    uint64_t max_convert_messages;
    uint64_t max_convert_parts;
    bool annotations_none;
    bool annotations_read_only;
    bool no_private_annotations;
    uint64_t annotate_maxsize;
    uint64_t annotate_max;
    uint64_t metadata_max;
    /* Once each, at the first moment from the N-th command of its kind on; 0 is never. */
    uint64_t expunge_inside;   /* UID FETCH or UID STORE */
    uint64_t expunge_in_fetch; /* FETCH by message numbers */
    uint64_t arrive_vanish;    /* UID FETCH, as those below */
    uint64_t exists_lower;
    uint64_t expunge_above;
    uint64_t fetch_above;
    uint64_t uidvalidity_at; /* SELECT or EXAMINE, as those below */
    uint64_t nomodseq_at;
    uint64_t select_bad;
    uint64_t select_no;
    bool notify_idle_only;
    bool notify_refuse;
    bool notify_few;
    uint64_t notify_overflow; /* once, at this notification; 0 is never */
    bool compress_coalesce;
    bool compress_corrupt;
    bool compression_active;
    bool status_frozen;
    uint64_t status_missing; /* the line of a LIST; 0 is none */
    bool swallow_after_login;
    uint64_t silent_after; /* commands; 0 is never */
    uint64_t scram_iterations;
};

/* "NAME", "NAME=VALUE", "NAME=off". false for an unknown name, or a value that does not fit. */
bool cpmsync_mock_faults_set(struct mock_faults *faults, struct cpmsync_slice text);

#endif
