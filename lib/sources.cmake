# SPDX-License-Identifier: MIT
#
# Every source of the library, once, for this and any other build system. One path a line, relative to the top,
# alphabetical inside its list. The core is always compiled and needs nothing but a C99 library; each other group
# belongs to the option CPMSYNC_WITH_<group> and is compiled, with CPMSYNC_WITH_<group>=1 defined everywhere, only when
# that is ON. Include directories: include, lib.

set(CPMSYNC_SOURCES_BASE
  lib/base/buf.c
  lib/base/err.c
  lib/base/log.c
  lib/base/mem.c
  lib/base/slice.c
  lib/base/uidset.c
)

set(CPMSYNC_SOURCES_WIRE
  lib/wire/code.c
  lib/wire/command.c
  lib/wire/date.c
  lib/wire/fetch.c
  lib/wire/frame.c
  lib/wire/header.c
  lib/wire/lex.c
  lib/wire/mailbox_name.c
  lib/wire/namespace.c
  lib/wire/response.c
  lib/wire/scan.c
)

set(CPMSYNC_SOURCES_CACHE
  lib/cache/cache.c
  lib/cache/columns.c
  lib/cache/flag_names.c
  lib/cache/flagset.c
)

set(CPMSYNC_SOURCES_STORE
  lib/store/check_entries.c
  lib/store/check_mailboxes.c
  lib/store/check_messages.c
  lib/store/check_scene.c
  lib/store/memory_rows.c
  lib/store/store.c
  lib/store/store_args.c
  lib/store/store_check.c
  lib/store/store_memory.c
  lib/store/store_probe.c
  lib/store/undo_map.c
)

set(CPMSYNC_SOURCES_TRANSPORT
  lib/transport/address.c
  lib/transport/transport.c
)

set(CPMSYNC_SOURCES_CRYPTO
  lib/crypto/crypto.c
)

set(CPMSYNC_SOURCES_SESSION
  lib/session/auth.c
  lib/session/base64.c
  lib/session/capability.c
  lib/session/compress.c
  lib/session/deadline.c
  lib/session/dispatch.c
  lib/session/login.c
  lib/session/pipeline.c
  lib/session/sasl.c
  lib/session/server_facts.c
  lib/session/session.c
  lib/session/state.c
)

set(CPMSYNC_SOURCES_SYNC
  lib/sync/account.c
  lib/sync/apply.c
  lib/sync/batch.c
  lib/sync/chain.c
  lib/sync/described.c
  lib/sync/descriptor.c
  lib/sync/fill.c
  lib/sync/lacking.c
  lib/sync/live.c
  lib/sync/mailbox_extra.c
  lib/sync/notify.c
  lib/sync/open_mailbox.c
  lib/sync/plan.c
  lib/sync/provisioning.c
  lib/sync/push.c
  lib/sync/push_emn.c
  lib/sync/push_json.c
  lib/sync/push_url.c
  lib/sync/push_value.c
  lib/sync/recognise.c
  lib/sync/rename.c
  lib/sync/request.c
  lib/sync/resync.c
  lib/sync/roster.c
  lib/sync/trigger.c
)

set(CPMSYNC_SOURCES_OPERATION
  lib/operation/forget.c
  lib/operation/list.c
  lib/operation/view.c
)

set(CPMSYNC_SOURCES_CLIENT
  lib/client/automatic.c
  lib/client/backoff.c
  lib/client/client.c
  lib/client/conduct.c
  lib/client/network.c
  lib/client/queue.c
  lib/client/saved_facts.c
  lib/client/step.c
  lib/client/version.c
  lib/client/watch.c
)

set(CPMSYNC_SOURCES_CORE
  ${CPMSYNC_SOURCES_BASE}
  ${CPMSYNC_SOURCES_WIRE}
  ${CPMSYNC_SOURCES_CACHE}
  ${CPMSYNC_SOURCES_STORE}
  ${CPMSYNC_SOURCES_TRANSPORT}
  ${CPMSYNC_SOURCES_CRYPTO}
  ${CPMSYNC_SOURCES_SESSION}
  ${CPMSYNC_SOURCES_SYNC}
  ${CPMSYNC_SOURCES_OPERATION}
  ${CPMSYNC_SOURCES_CLIENT}
)

set(CPMSYNC_SOURCES_TLS
  lib/crypto/crypto_mbedtls.c
  lib/transport/tls.c
  lib/transport/tls_ask.c
  lib/transport/tls_handshake.c
  lib/transport/tls_resume.c
  lib/transport/tls_session.c
  lib/transport/tls_stream.c
  lib/transport/tls_trust.c
)

set(CPMSYNC_SOURCES_SOCKETS
  lib/transport/tcp.c
  lib/transport/wake.c
)

set(CPMSYNC_SOURCES_RESOLVER
  lib/transport/resolve.c
)

set(CPMSYNC_SOURCES_SQLITE
  lib/store/row_changes.c
  lib/store/sqlite_db.c
  lib/store/sqlite_lock.c
  lib/store/sqlite_record.c
  lib/store/sqlite_rows.c
  lib/store/sqlite_schema.c
  lib/store/sqlite_state.c
  lib/store/store_sqlite.c
)

set(CPMSYNC_SOURCES_ZLIB
  lib/session/deflate.c
)
