# SPDX-License-Identifier: MIT
#
# Sourced by account.sh and deadline.sh, which set bin, work, mailboxes and delay: an account of so many mailboxes of 20 messages,
# Account1 and on, and a proxy in front of the server, its process in `proxy`, its port in $work/port.

fail() { echo "$*" >&2; exit 1; }

make_account() {
    number=0
    while [ $number -lt "$mailboxes" ]; do
        number=$((number + 1))
        "$bin/churn" delete "Account$number" 2>/dev/null || true
        "$bin/churn" create "Account$number"
        "$bin/churn" deliver "Account$number" $number 20
    done
}

start_proxy() {
    setpriv --pdeathsig TERM "$bin/flight_proxy" localhost "$PEER_PORT" "$delay" "$work/port" >"$work/flights" &
    proxy=$!
    tries=0
    until [ -s "$work/port" ]; do
        tries=$((tries + 1))
        [ $tries -le 100 ] || fail "the proxy did not start"
        sleep 0.05
    done
}
