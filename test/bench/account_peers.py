# SPDX-License-Identifier: MIT
"""account_peers.py CPMSYNC BIN_DIR CPM-MOCKSERVER [MAILBOXES [DELAY_MS]]: the account beside mbsync and interimap, in one run.

To be run as a command of test/peer/dovecot.sh (or cyrus.sh): MAILBOXES (100) mailboxes of 20 messages on that server, reached by
each client over TLS through a proxy of its own that delays each way by DELAY_MS (50) and counts. After a first synchronisation
(not shown) nothing, three mailboxes and all are changed by another client (two flags, one expunge, one delivery each), and each
client brings itself up to date. mbsync keeps a Maildir, interimap a mock server beside it, both fetch the bodies of new messages
(a few hundred octets each); cpmsync a cache of flags and descriptors. A line is a scenario and a client; wall time is of the whole command, and a LOGOUT is a
flight here.
BIN_DIR holds churn and flight_proxy.
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

MBSYNC = """
IMAPAccount far
Host localhost
Port {port}
User {user}
Pass {password}
SSLType IMAPS
CertificateFile {ca}
AuthMechs PLAIN

IMAPStore far
Account far

MaildirStore near
Path {directory}/near/
Inbox {directory}/near/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Near
Remove Near
Expunge Near
Sync Pull
SyncState *
"""

INTERIMAP = """
database = {directory}/interimap.db
list-mailbox = *

[local]
type = imaps
host = localhost
port = {mock_port}
username = test
password = test
SSL_CAfile = {mock_ca}

[remote]
type = imaps
host = localhost
port = {port}
username = {user}
password = {password}
SSL_CAfile = {ca}
"""


class Proxy:
    """A flight_proxy, and what it counted since it was last asked."""

    def __init__(self, program, delay, directory, name):
        port_file = os.path.join(directory, f"{name}.port")
        self.log = os.path.join(directory, f"{name}.log")
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen([program, "localhost", os.environ["PEER_PORT"], str(delay), port_file], stdout=log)
        while not os.path.exists(port_file) or not os.path.getsize(port_file):
            time.sleep(0.05)
        with open(port_file, encoding="utf-8") as file:
            self.port = int(file.read())
        self.read = 0

    def counted(self):
        with open(self.log, encoding="utf-8") as file:
            lines = file.read().splitlines()
        new, self.read = [json.loads(line) for line in lines[self.read:]], len(lines)
        total = {key: sum(line[key] for line in new) for key in new[0] if key != "connection"} if new else {}
        return len(new), total


def run(command, **options):
    started = time.monotonic()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    took = time.monotonic() - started
    if done.returncode:
        sys.exit(f"{command[0]}: status {done.returncode}\n{done.stdout[-2000:]}")
    return took


def main():
    cpmsync, binaries, mockserver = sys.argv[1:4]
    mailboxes = int(sys.argv[4]) if len(sys.argv) > 4 else 100
    delay = int(sys.argv[5]) if len(sys.argv) > 5 else 50
    server = {name: os.environ[f"PEER_{name.upper()}"] for name in ("ca", "user", "password")}
    churn = os.path.join(binaries, "churn")
    with tempfile.TemporaryDirectory(dir=".") as directory:
        directory = os.path.abspath(directory)
        os.mkdir(os.path.join(directory, "near"))
        mock_directory = os.path.join(directory, "mock")
        os.mkdir(mock_directory)
        mock = subprocess.Popen([mockserver, "--tls-auto", mock_directory, "--name", "localhost"], stdout=subprocess.PIPE, text=True)
        mock_port = int(mock.stdout.readline().rsplit(":", 1)[1])
        proxies = {name: Proxy(os.path.join(binaries, "flight_proxy"), delay, directory, name)
                   for name in ("cpmsync", "mbsync", "interimap")}
        for name, text in (("mbsync", MBSYNC), ("interimap", INTERIMAP)):
            with open(os.path.join(directory, f"{name}.conf"), "w", encoding="utf-8") as file:
                file.write(text.format(directory=directory, port=proxies[name].port, mock_port=mock_port,
                                       mock_ca=os.path.join(mock_directory, "ca.pem"), **server))
        home = dict(os.environ, HOME=directory, XDG_DATA_HOME=directory, CPMSYNC_PASSWORD=server["password"])
        url = f"imaps://{server['user']}@localhost:{proxies['cpmsync'].port}/"
        commands = {
            "cpmsync": [cpmsync, "--url", url, "--ca", server["ca"], "--store", os.path.join(directory, "store"), "sync"],
            "mbsync": ["mbsync", "-c", os.path.join(directory, "mbsync.conf"), "all"],
            "interimap": ["interimap", f"--config={directory}/interimap.conf"],
        }

        def change(numbers, seed):
            for number in numbers:
                subprocess.run([churn, "exactly", f"Account{number}", str(seed), "2", "1", "1"], check=True)

        try:
            for number in range(1, mailboxes + 1):
                subprocess.run([churn, "delete", f"Account{number}"], stderr=subprocess.DEVNULL, check=False)
                subprocess.run([churn, "create", f"Account{number}"], check=True)
                subprocess.run([churn, "deliver", f"Account{number}", str(number), "20"], check=True)
            for name, command in commands.items():
                run(command, env=home)
                run(command, env=home)  # what the first left to do
                time.sleep(0.5)
                proxies[name].counted()
            three = (1, mailboxes // 2, mailboxes)
            print(f"{'':18}{'client':12}{'flights':>8}{'up':>9}{'down':>10}{'conns':>7}{'seconds':>9}{'ratio':>7}")
            for scenario, numbers in (("nothing changed", ()), ("three changed", three), ("all changed", range(1, mailboxes + 1))):
                change(numbers, len(numbers) + 1)
                ours = None
                for name, command in commands.items():
                    took = run(command, env=home)
                    time.sleep(0.5)  # the proxy tells when a connection has ended
                    connections, counted = proxies[name].counted()
                    ours = took if ours is None else ours
                    print(f"{scenario:18}{name:12}{counted['flights']:8}{counted['bytes_up']:9}{counted['bytes_down']:10}"
                          f"{connections:7}{took:9.2f}{took / ours:7.1f}", flush=True)
        finally:
            for process in [mock, *(proxy.process for proxy in proxies.values())]:
                process.send_signal(signal.SIGTERM)
                process.wait()


main()
