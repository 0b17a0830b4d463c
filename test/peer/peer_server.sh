# SPDX-License-Identifier: MIT
#
# Sourced by dovecot.sh and cyrus.sh: packages unpacked below a directory, a place to run as a plain user, a free pair of
# ports, and COMMAND beside the server. Each of the two sets
#   server      its name, and that of its directory
#   packages    what is fetched, with the libraries these depend on and this system lacks
#   unneeded    libraries among those that nothing started here loads
#   program     below the root of the packages: readable to whom the server runs as
# defines these functions, and then calls peer_server "$@":
#   patch_root                    after unpacking, in $top/root
#   prepare                       in $run, what does not depend on the ports
#   configure TLS_PORT CLEAR_PORT
#   launch                        with $library_path: starts the server, and sets $master to its process
#   is_up TLS_PORT CLEAR_PORT
#   complaints                    prints what the server has to say about a COMMAND that failed
# from $top, $root, $run, $tls (a copy in $run: cert.pem, key.pem), $as_user (a prefix), $user, $group, $password.

# Before a command: it gets a SIGTERM when this shell is killed, and can say nothing, too.
with_us="setpriv --pdeathsig TERM"

say() { echo "$(basename "$0"): $*" >&2; }

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
            case " $unneeded " in *" $name "*) continue ;; esac
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
    wanted=$packages
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
    patch_root
    : >"$top/unpacked"
}

# ------------------------------------------------------------------ a place to run

choose_place() {
    umask 077
    run=$top/run.$$
    root=$top/root
    as_user=
    user=$(id -un)
    group=$(id -gn)
    if [ "$(id -u)" = 0 ]; then
        as_user="setpriv --reuid=nobody --regid=nogroup --clear-groups"
        user=nobody
        group=nogroup
        # A build directory below /root is closed to nobody, and so is TMPDIR there; then the mail lives in a temporary
        # directory.
        chmod 755 "$top" 2>/dev/null || true
        $as_user test -r "$root/$program" || {
            temporary=${TMPDIR:-/tmp}
            $as_user test -x "$temporary" || temporary=/tmp
            run=$(mktemp -d "$temporary/cpmsync-$server.XXXXXX")/run
            root=${run%/run}/root
            cp -a "$top/root" "$root"
            chmod 755 "${run%/run}"
        }
    fi
    for dir in "$top"/run.*; do # of those that were killed
        [ ! -d "$dir" ] || kill -0 "${dir##*.}" 2>/dev/null || rm -rf "$dir"
    done
    mkdir -p "$run"
    chmod 755 "$run"
    cp "$tls/cert.pem" "$tls/key.pem" "$run/"
    password=$(od -An -N9 -tx1 /dev/urandom | tr -d ' \n')
    library_path=
    for dir in "$root"/usr/lib/*-linux-gnu* "$root"/lib/*-linux-gnu*; do
        [ ! -d "$dir" ] || library_path=$library_path:$dir
    done
    library_path=${library_path#:}
}

# The server's processes are a group of their own, which may outlive their master for a moment.
stop_server() {
    kill "$master" 2>/dev/null || true
    wait "$master" 2>/dev/null || true
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        kill -0 -- "-$master" 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL -- "-$master" 2>/dev/null || true
    master=
}

stop() {
    status=$?
    trap - EXIT INT TERM HUP
    [ -z "$command" ] || kill "$command" 2>/dev/null || true
    [ -z "$master" ] || stop_server
    [ "$status" = 0 ] || complaints >&2 || true
    case $run in "$top"/*) rm -rf "$run" ;; *) rm -rf "${run%/run}" ;; esac
    exit "$status"
}

# ------------------------------------------------------------------ the ports

# The socket that listens to PORT on 127.0.0.1, whose ever it is.
listener() {
    awk -v address="$(printf '0100007F:%04X' "$1")" '$2 == address && $4 == "0A" { print $10 }' /proc/net/tcp
}

# A server that does not get its port ends, or is never up.
is_up_in_time() {
    tries=0
    until is_up "$@"; do
        kill -0 "$master" 2>/dev/null || return 1
        tries=$((tries + 1))
        [ $tries -le 300 ] || return 1
        sleep 0.1
    done
}

start() {
    for _ in 1 2 3 4 5 6 7 8; do
        port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000))
        [ -z "$(listener $port)$(listener $((port + 1)))" ] || continue
        configure "$port" "$((port + 1))"
        [ -z "$as_user" ] || chown -R nobody:nogroup "$run"
        launch
        is_up_in_time "$port" "$((port + 1))" && return
        stop_server
    done
    say "the server does not start: $(tail -n 1 "$run/out" | tr '\n' ' ')"
    exit 1
}

peer_server() { # DIR TLS_DIR COMMAND [ARGUMENT...]
    [ $# -ge 3 ] || { echo "$(basename "$0"): DIR TLS_DIR COMMAND [ARGUMENT...]" >&2; exit 2; }
    mkdir -p "$1/$server"
    top=$(cd "$1/$server" && pwd)
    tls=$(cd "$2" && pwd)
    shift 2
    (
        flock 9
        unpack
    ) 9>"$top/lock"
    master=
    command=
    choose_place
    trap stop EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    prepare
    start
    export PEER_HOST=localhost PEER_PORT="$port" PEER_CLEAR_PORT="$((port + 1))" PEER_CA="$tls/ca.pem"
    export PEER_USER=alice PEER_PASSWORD="$password" PEER_SERVER="$server"
    status=0
    # A signal to this shell is seen to at once only while it waits.
    $with_us "$@" &
    command=$!
    wait "$command" || status=$?
    command=
    exit "$status"
}
