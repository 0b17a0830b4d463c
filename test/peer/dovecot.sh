#!/bin/sh
# SPDX-License-Identifier: MIT
#
# sh dovecot.sh DIR TLS_DIR COMMAND [ARGUMENT...]
#
# Runs COMMAND beside a Dovecot of its own and ends with COMMAND's status. Dovecot is never installed: its packages are
# fetched and unpacked below DIR once, and started from there with a configuration, users, mail and ports of its own;
# no root is needed, and as root it runs as nobody. TLS_DIR holds ca.pem, cert.pem and key.pem, for localhost.
# COMMAND finds PEER_HOST, PEER_PORT (TLS), PEER_CLEAR_PORT (STARTTLS), PEER_CA, PEER_USER, PEER_PASSWORD.
# DOVECOT_STORAGE is sdbox (the default) or maildir.
set -eu

[ $# -ge 3 ] || { echo "dovecot.sh: DIR TLS_DIR COMMAND [ARGUMENT...]" >&2; exit 2; }
mkdir -p "$1"
top=$(cd "$1" && pwd)/dovecot
tls=$(cd "$2" && pwd)
shift 2

say() { echo "dovecot.sh: $*" >&2; }

# ------------------------------------------------------------------ the packages

download() { # as any user; with package lists of our own where the system's are missing or old
    apt-get download "$@" >"$top/apt.log" 2>&1 && return
    lists="-o Dir::State=$top/apt/state -o Dir::Cache=$top/apt/cache -o Debug::NoLocking=1"
    mkdir -p "$top/apt/state/lists/partial" "$top/apt/cache/archives/partial"
    # shellcheck disable=SC2086
    apt-get $lists update >>"$top/apt.log" 2>&1 && apt-get $lists download "$@" >>"$top/apt.log" 2>&1 && return
    say "cannot fetch $*: $(tail -n 1 "$top/apt.log")"
    exit 1
}

# The libraries that FILE.deb depends on and this system lacks.
missing_libraries() {
    dpkg-deb -f "$1" Depends | tr ',' '\n' | sed 's/|.*//; s/(.*//; s/[[:space:]]//g; s/:any//' | grep '^lib' |
        while read -r name; do
            case $(dpkg-query -W -f '${Status}' "$name" 2>/dev/null) in
            *' installed') ;;
            *) [ -e "$top/deb/$name.fetched" ] || echo "$name" ;;
            esac
        done
}

unpack() {
    [ ! -e "$top/unpacked" ] || return 0
    rm -rf "$top/deb" "$top/root"
    mkdir -p "$top/deb" "$top/root"
    wanted="dovecot-core dovecot-imapd"
    while [ -n "$wanted" ]; do
        # shellcheck disable=SC2086
        (cd "$top/deb" && download $wanted)
        for name in $wanted; do : >"$top/deb/$name.fetched"; done
        wanted=
        for deb in "$top"/deb/*.deb; do
            for name in $(missing_libraries "$deb"); do
                case " $wanted " in *" $name "*) ;; *) wanted="$wanted $name" ;; esac
            done
        done
    done
    for deb in "$top"/deb/*.deb; do dpkg-deb -x "$deb" "$top/root"; done
    # One absolute path is compiled in without a setting for it: where the TLS module is. The same length, relative to
    # the directory the processes start in.
    LC_ALL=C sed -i 's#/usr/lib/dovecot/modules#.////////////////modules#g' "$top"/root/usr/lib/dovecot/libdovecot.so.0.*.*
    : >"$top/unpacked"
}

mkdir -p "$top"
(
    flock 9
    unpack
) 9>"$top/lock"

# ------------------------------------------------------------------ a place to run

umask 077
run=$top/run.$$
lib=$top/root/usr/lib/dovecot
as_user=
user=$(id -un)
group=$(id -gn)
if [ "$(id -u)" = 0 ]; then
    as_user="setpriv --reuid=nobody --regid=nogroup --clear-groups"
    user=nobody
    group=nogroup
    # A build directory below /root is closed to nobody; then the mail lives in a temporary directory.
    chmod 755 "$top" 2>/dev/null || true
    $as_user test -r "$lib/imap" || run=$(mktemp -d "${TMPDIR:-/tmp}/cpmsync-dovecot.XXXXXX")/run
    $as_user test -r "$lib/imap" || {
        cp -a "$top/root" "${run%/run}/root"
        chmod 755 "${run%/run}"
        lib=${run%/run}/root/usr/lib/dovecot
    }
fi
root=${lib%/usr/lib/dovecot}
mkdir -p "$run"
chmod 755 "$run"

master=
stop() {
    status=$?
    trap - EXIT INT TERM HUP
    if [ -n "$master" ]; then
        kill "$master" 2>/dev/null || true
        wait "$master" 2>/dev/null || true
    fi
    if [ "$status" != 0 ] && [ -s "$run/log" ]; then
        grep -E ' (Error|Fatal|Panic): ' "$run/log" | tail -n 5 >&2 || true
    fi
    case $run in "$top"/*) rm -rf "$run" ;; *) rm -rf "${run%/run}" ;; esac
    exit "$status"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

password=$(od -An -N9 -tx1 /dev/urandom | tr -d ' \n')
mkdir -p "$run/base/login" "$run/mail" "$run/state"
chmod 755 "$run/base"
chmod 750 "$run/base/login"
ln -s "$lib/modules" "$run/base/modules"
ln -s "$lib/modules" "$run/base/login/modules"
cp "$tls/cert.pem" "$tls/key.pem" "$run/"
echo "alice:{PLAIN}$password" >"$run/users"

configure() { # TLS port, clear port
    cat >"$run/dovecot.conf" <<CONF
base_dir = $run/base
state_dir = $run/state
libexec_dir = $lib
mail_plugin_dir = $lib/modules
login_plugin_dir = $lib/modules/login
import_environment = TZ LD_LIBRARY_PATH
default_internal_user = $user
default_internal_group = $group
default_login_user = $user
first_valid_uid = 1
first_valid_gid = 1
log_path = $run/log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <$run/cert.pem
ssl_key = <$run/key.pem
auth_mechanisms = plain login scram-sha-1 scram-sha-256
auth_failure_delay = 0
passdb {
  driver = passwd-file
  args = scheme=plain username_format=%u $run/users
}
userdb {
  driver = static
  args = uid=$user gid=$group home=$run/mail/%u
}
mail_location = ${DOVECOT_STORAGE:-sdbox}:~/mail
mail_fsync = never
mail_max_userip_connections = 1000
service anvil {
  chroot =
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  chroot =
}
service imap-login {
  chroot =
  service_count = 0
  process_min_avail = 1
  inet_listener imaps {
    port = $1
    ssl = yes
  }
  inet_listener imap {
    port = $2
  }
}
CONF
}

ready() {
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
        kill -0 "$master" 2>/dev/null || return 1
        ! grep -qs 'starting up' "$run/log" || return 0
        sleep 0.1
    done
    return 1
}

start() {
    for _ in 1 2 3 4 5 6 7 8; do
        port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000))
        configure "$port" "$((port + 1))"
        [ -z "$as_user" ] || chown -R nobody:nogroup "$run"
        LD_LIBRARY_PATH=$lib:$lib/modules/old-stats
        for dir in "$root"/usr/lib/*-linux-gnu* "$root"/lib/*-linux-gnu*; do
            [ ! -d "$dir" ] || LD_LIBRARY_PATH=$LD_LIBRARY_PATH:$dir
        done
        # doveconf hands the configuration over in the environment; else the server looks for it in /usr/bin.
        # shellcheck disable=SC2086
        (cd "$run/base" && export LD_LIBRARY_PATH && exec $as_user "$root/usr/bin/doveconf" -c "$run/dovecot.conf" \
            -f service=master -m master -e "$root/usr/sbin/dovecot" -F -c "$run/dovecot.conf") >"$run/out" 2>&1 &
        master=$!
        ready && return
        wait "$master" || true
        master=
        grep -qs 'in use' "$run/out" "$run/log" || break
    done
    say "Dovecot does not start: $(tail -n 1 "$run/out" "$run/log" 2>/dev/null | tr '\n' ' ')"
    exit 1
}

start
export PEER_HOST=localhost PEER_PORT="$port" PEER_CLEAR_PORT="$((port + 1))" PEER_CA="$tls/ca.pem"
export PEER_USER=alice PEER_PASSWORD="$password"
status=0
"$@" || status=$?
exit "$status"
