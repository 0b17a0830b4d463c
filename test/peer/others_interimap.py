# SPDX-License-Identifier: MIT
"""interimap (QRESYNC, LIST-STATUS, UIDPLUS, COMPRESS, MULTIAPPEND) keeps a Dovecot and the mock server equal, with
changes on both sides between its runs; and with NOTIFY while it watches.

To be run as a command of dovecot.sh.
"""
import os
import signal
import subprocess
import time

import others

CONFIG = """
database = {directory}/interimap.db
list-mailbox = *

[local]
type = imaps
host = localhost
port = {local.port}
username = {local.user}
password = {local.password}
SSL_CAfile = {local.ca}

[remote]
type = imaps
host = localhost
port = {remote.port}
username = test
password = test
compress = YES
SSL_CAfile = {remote.ca}
"""


def test(mock):
    dovecot = others.Beside()
    config = os.path.join(mock.directory, "interimap.conf")
    with open(config, "w", encoding="utf-8") as file:
        file.write(CONFIG.format(directory=mock.directory, local=dovecot, remote=mock))
    command = ["interimap", f"--config={config}"]
    home = dict(os.environ, HOME=mock.directory, XDG_DATA_HOME=mock.directory)

    def sync(*options):
        return others.run([*command, *options], env=home)

    def agree(name, wanted):
        others.same(others.subjects(dovecot, name), wanted, f"{name} of Dovecot")
        others.same(others.subjects(mock, name), wanted, f"{name} of the mock")
        near = {message.subject: message.octets for message in others.view(dovecot, name).values()}
        far = {message.subject: message.octets for message in others.view(mock, name).values()}
        others.same(near, far, f"the octets in {name}")

    wanted = {}
    for number in range(20):
        others.append(mock, "INBOX", f"far{number}", r"(\Flagged)", size=number * 1000)
        others.append(dovecot, "INBOX", f"near{number}", r"($Forwarded)")
        wanted[f"far{number}"] = ["\\Flagged"]
        wanted[f"near{number}"] = ["$Forwarded"]
    sync()
    agree("INBOX", wanted)
    sync()  # its own APPENDs: their mod-sequences are news to it

    for number in range(0, 20, 3):
        others.change(mock, "INBOX", f"far{number}", "+FLAGS", r"(\Seen far)")
        others.change(dovecot, "INBOX", f"near{number}", "-FLAGS", r"($Forwarded)")
        wanted[f"far{number}"] = ["\\Flagged", "\\Seen", "far"]
        wanted[f"near{number}"] = []
    for number in range(1, 20, 3):
        others.change(mock, "INBOX", f"near{number}", expunge=True)
        others.change(dovecot, "INBOX", f"far{number}", expunge=True)
        del wanted[f"near{number}"], wanted[f"far{number}"]
    others.append(mock, "INBOX", "far20")
    others.append(dovecot, "INBOX", "near20")
    wanted.update(far20=[], near20=[])
    for server, name in ((mock, "far box"), (dovecot, "near/box")):
        imap = server.login()
        others.check(imap, imap.create(f'"{name}"'))
        imap.logout()
    sync()
    agree("INBOX", wanted)

    others.append(mock, "far box", "there")
    sync()
    agree("far box", {"there": []})
    agree("near/box", {})

    before = mock.said("(SELECT|UID|APPEND)")
    sync()
    others.same(mock.said("(SELECT|UID|APPEND)"), before, "a run with nothing to do selects nothing")
    text = sync("--repair")
    assert "WARNING" not in text, text
    agree("INBOX", wanted)
    watch(mock, dovecot, command, home, wanted)
    agree("INBOX", wanted)


def watch(mock, dovecot, command, home, wanted):
    """What happens on the mock reaches Dovecot by NOTIFY alone."""
    process = subprocess.Popen([*command, "--watch=600", "--notify", "--debug"], env=home, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: mock.said("NOTIFY SET") > 0, "NOTIFY SET")
        others.append(mock, "INBOX", "pushed", r"(\Seen)")
        wanted["pushed"] = ["\\Seen"]
        wait_for(lambda: "pushed" in others.subjects(dovecot), "the new message in Dovecot")
        others.change(mock, "INBOX", "far2", expunge=True)
        others.change(mock, "INBOX", "pushed", "+FLAGS", r"(\Answered)")
        del wanted["far2"]
        wanted["pushed"] = ["\\Answered", "\\Seen"]
        wait_for(lambda: others.subjects(dovecot) == wanted, "Dovecot to be as the mock is")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(others.PATIENCE)


def wait_for(holds, what):
    until = time.monotonic() + others.PATIENCE
    while not holds():
        assert time.monotonic() < until, f"waited in vain for {what}"
        time.sleep(0.1)


others.need("interimap")
others.main(test)
