#!/bin/sh
# SPDX-License-Identifier: MIT
#
# sh cyrus.sh DIR TLS_DIR COMMAND [ARGUMENT...]
#
# Runs COMMAND beside a Cyrus IMAP of its own and ends with COMMAND's status, as dovecot.sh does beside Dovecot and with
# the same variables PEER_*: never installed, unpacked below DIR, no root needed; as root it runs as nobody. Cyrus asks
# for the user "cyrus" only where cyrus_user does not say otherwise.
set -eu
. "$(dirname "$0")/peer_server.sh"

server=cyrus
# sasl2-bin makes the password file. A server whose mail nobody keeps need not wait for the disk: libeatmydata1.
packages="cyrus-common cyrus-imapd sasl2-bin libeatmydata1"
unneeded="libclamav12 libzephyr4 libldap-2.5-0 libpam0g"
program=usr/lib/cyrus/bin/imapd

patch_root() { :; }

# Cyrus is told of what it needs by LD_LIBRARY_PATH, and SASL of its plugins, for those that are not the system's.
with_libraries() {
    plugins=
    for dir in "$root"/usr/lib/*-linux-gnu*/sasl2 /usr/lib/*-linux-gnu*/sasl2; do
        [ ! -d "$dir" ] || plugins=$plugins:$dir
    done
    export LD_LIBRARY_PATH="$library_path" SASL_PATH="${plugins#:}"
}

prepare() {
    # Without socket/ IDLE would fall back to polling.
    mkdir -p "$run/conf/socket" "$run/conf/proc" "$run/conf/lock" "$run/spool"
    (with_libraries && echo "$password" |
        "$root/usr/sbin/saslpasswd2" -p -c -f "$run/sasldb2" -u localhost alice) >"$run/out" 2>&1 ||
        { say "saslpasswd2: $(tail -n 1 "$run/out")"; exit 1; }
}

configure() { # TLS port, clear port
    # The deleted mailbox of a second ago is in the way of the next one under delete_mode: delayed.
    cat >"$run/imapd.conf" <<CONF
configdirectory: $run/conf
defaultpartition: default
partition-default: $run/spool
cyrus_user: $user
cyrus_group: $group
servername: localhost
altnamespace: yes
autocreate_quota: 0
delete_mode: immediate
allowplaintext: no
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: $run/sasldb2
sasl_mech_list: PLAIN LOGIN SCRAM-SHA-1 SCRAM-SHA-256
tls_server_cert: $run/cert.pem
tls_server_key: $run/key.pem
CONF
    cat >"$run/cyrus.conf" <<CONF
START {
}
SERVICES {
  imaps cmd="$root/usr/lib/cyrus/bin/imapd -s -C $run/imapd.conf" listen="127.0.0.1:$1" prefork=1
  imap cmd="$root/usr/lib/cyrus/bin/imapd -C $run/imapd.conf" listen="127.0.0.1:$2" prefork=0
}
DAEMON {
  idled cmd="$root/usr/lib/cyrus/bin/idled -C $run/imapd.conf"
}
EVENTS {
}
CONF
}

launch() {
    # Its last act is to end its whole process group: this must not be ours.
    # shellcheck disable=SC2086
    (cd "$run" && with_libraries && export LD_PRELOAD=libeatmydata.so && exec setsid $as_user $with_us \
        "$root/usr/lib/cyrus/bin/master" -D -C "$run/imapd.conf" -M "$run/cyrus.conf" -p "$run/pid") >"$run/out" 2>&1 &
    master=$!
}

# A port that another process holds would not stop Cyrus from starting without it.
is_up() {
    for listening in "$@"; do
        inode=$(listener "$listening")
        [ -n "$inode" ] && ls -l "/proc/$master/fd" 2>/dev/null | grep -q "socket:\[$inode\]" || return 1
    done
}

# It complains to syslog, which is not ours.
complaints() { tail -n 5 "$run/out"; }

peer_server "$@"
