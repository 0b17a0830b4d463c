#!/bin/sh
# SPDX-License-Identifier: MIT
# layers.sh TOP: every include of lib points down. Prints each that does not.
#
#   client -> operation -> sync -> session -> wire -> base      operation, sync -> cache -> base
#   client, operation -> object -> base                         client, operation, sync -> store.h
#   client -> transport.h     session -> crypto.h               a backend -> its contract and base
#
# types.h and error.h belong to every layer; client.h is the vocabulary (configuration, event, state) that the layers
# from session up share with the app; trigger.h and push.h are that of sync.
set -eu
cd "$1"

grep -rn '^[[:space:]]*#[[:space:]]*include' lib test/server examples --include='*.[ch]' 2>/dev/null | awk '
function allow(layer, list,    i, n, part) {
    n = split(list, part, " ")
    for (i = 1; i <= n; i++)
        ok[layer, part[i]] = 1
    known[layer] = 1
}
function complain(why) {
    print place ": " why
    bad = 1
}
BEGIN {
    contracts = "<cpmsync/types.h> <cpmsync/error.h> "
    allow("base", contracts "base")
    allow("wire", contracts "wire base")
    allow("cache", contracts "cache base")
    allow("object", contracts "object base")
    allow("store", contracts "<cpmsync/store.h> store base")
    allow("transport", contracts "<cpmsync/transport.h> transport base")
    allow("crypto", contracts "<cpmsync/crypto.h> crypto base")
    allow("session", contracts "<cpmsync/crypto.h> <cpmsync/client.h> session wire base")
    allow("sync", contracts "<cpmsync/store.h> <cpmsync/crypto.h> <cpmsync/client.h> <cpmsync/trigger.h> " \
        "<cpmsync/push.h> sync session wire cache base")
    allow("operation", contracts "<cpmsync/store.h> <cpmsync/crypto.h> <cpmsync/client.h> " \
        "operation sync session wire cache object base")
    allow("client", contracts "<cpmsync/store.h> <cpmsync/crypto.h> <cpmsync/transport.h> <cpmsync/client.h> " \
        "<cpmsync/trigger.h> <cpmsync/push.h> client operation sync session wire cache object base")
    mock = " base/mem.h base/buf.h base/slice.h base/err.h "
}
{
    file = $0
    sub(/:.*/, "", file)
    rest = substr($0, length(file) + 2)
    place = file ":" rest
    sub(/:.*/, "", place)
    place = file ":" substr(rest, 1, index(rest, ":") - 1)
    what = rest
    sub(/^[^<"]*/, "", what)
    ours = what ~ /^<cpmsync\//
    if (what !~ /^"/ && !ours)
        next
    seen++
    match(what, /^(<[^>]*>|"[^"]*")/)
    what = substr(what, 1, RLENGTH)
    name = ours ? what : substr(what, 2, length(what) - 2)

    split(file, dir, "/")
    if (dir[1] == "examples") {
        if (name ~ /^(base|wire|cache|object|store|transport|crypto|session|sync|operation|client)\//)
            complain("an example includes the internal header " name)
        next
    }
    if (dir[1] == "test") { # the mock server
        if (ours ? what !~ /(types|error|mock)\.h>$/ : name ~ /^(base|wire|cache|object|store|transport|crypto|session|sync|operation|client)\// && !index(mock, " " name " "))
            complain("the mock server includes " name ", which it may not share with the client")
        next
    }

    layer = dir[2]
    if (!(layer in known))
        complain("lib/" layer " is no layer")
    if (ours) {
        if (!((layer, name) in ok))
            complain(layer " may not include " name)
        next
    }
    target = name
    if (!sub(/\/.*/, "", target) || name ~ /\.\./)
        complain("an include is written from lib: \"layer/name.h\", not " what)
    else if (!((layer, target) in ok))
        complain(layer " may not include " what)
}
END {
    if (!seen) {
        print "no include seen"
        exit 1
    }
    exit bad
}'
