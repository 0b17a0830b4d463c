#!/bin/sh
# SPDX-License-Identifier: MIT
#
# sh dovecot.sh DIR TLS_DIR COMMAND [ARGUMENT...]
#
# Runs COMMAND beside a Dovecot of its own and ends with COMMAND's status. Dovecot is never installed: its packages are
# fetched and unpacked below DIR once, and started from there with a configuration, users, mail and ports of its own;
# no root is needed, and as root it runs as nobody. TLS_DIR holds ca.pem, cert.pem and key.pem, for localhost.
# COMMAND finds PEER_HOST, PEER_PORT (TLS), PEER_CLEAR_PORT (STARTTLS), PEER_CA, PEER_USER, PEER_PASSWORD, PEER_SERVER.
# DOVECOT_STORAGE is sdbox (the default) or maildir.
set -eu
. "$(dirname "$0")/peer_server.sh"

server=dovecot
packages="dovecot-core dovecot-imapd"
unneeded=
program=usr/lib/dovecot/imap

# One absolute path is compiled in without a setting for it: where the TLS module is. The same length, relative to the
# directory the processes start in.
patch_root() {
    LC_ALL=C sed -i 's#/usr/lib/dovecot/modules#.////////////////modules#g' "$top"/root/usr/lib/dovecot/libdovecot.so.0.*.*
}

prepare() {
    lib=$root/usr/lib/dovecot
    mkdir -p "$run/base/login" "$run/mail" "$run/state"
    chmod 755 "$run/base"
    chmod 750 "$run/base/login"
    ln -s "$lib/modules" "$run/base/modules"
    ln -s "$lib/modules" "$run/base/login/modules"
    echo "alice:{PLAIN}$password" >"$run/users"
}

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
protocol imap {
  mail_plugins = zlib imap_zlib
}
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

launch() {
    rm -f "$run/log"
    # doveconf hands the configuration over in the environment; else the server looks for it in /usr/bin.
    # shellcheck disable=SC2086
    (cd "$run/base" && export LD_LIBRARY_PATH="$lib:$lib/modules/old-stats:$library_path" && \
        exec setsid $as_user $with_us \
        "$root/usr/bin/doveconf" -c "$run/dovecot.conf" -f service=master -m master \
        -e "$root/usr/sbin/dovecot" -F -c "$run/dovecot.conf") >"$run/out" 2>&1 &
    master=$!
}

is_up() { grep -qs 'starting up' "$run/log"; }

complaints() { grep -sE ' (Error|Fatal|Panic): ' "$run/log" | tail -n 5; }

peer_server "$@"
