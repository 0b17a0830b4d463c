# SPDX-License-Identifier: MIT
"""OfflineIMAP keeps a Maildir and the mock server equal, with changes on both sides between its runs."""
import os

import others
from others_maildir import Near

CONFIG = """
[general]
metadata = {directory}/metadata
accounts = mock
ui = basic
maxsyncaccounts = 1

[Account mock]
localrepository = near
remoterepository = far

[Repository near]
type = Maildir
localfolders = {near}

[Repository far]
type = IMAP
remotehost = localhost
remoteport = {port}
remoteuser = test
remotepass = test
ssl = yes
sslcacertfile = {ca}
maxconnections = 2
"""


def test(mock):
    near = Near(os.path.join(mock.directory, "near"))
    config = os.path.join(mock.directory, "offlineimaprc")
    with open(config, "w", encoding="utf-8") as file:
        file.write(CONFIG.format(directory=mock.directory, near=near.directory, port=mock.port, ca=mock.ca))

    def sync():
        return others.run(["offlineimap", "-c", config, "-o", "-1"], env=dict(os.environ, HOME=mock.directory))

    imap = mock.login()
    others.check(imap, imap.create('"far/box"'))
    imap.logout()
    for number in range(12):
        others.append(mock, "INBOX", f"far{number}", r"(\Flagged)" if number % 3 == 0 else None)
    wanted = {f"far{number}": ["\\Flagged"] if number % 3 == 0 else [] for number in range(12)}
    sync()
    near.agrees(mock, "INBOX", wanted)

    near.add("INBOX", "near0", "S")
    near.flag("INBOX", "far1", "RS")
    near.remove("INBOX", "far2")
    others.change(mock, "INBOX", "far3", "-FLAGS", r"(\Flagged)")
    others.change(mock, "INBOX", "far4", "+FLAGS", r"(\Seen)")
    others.change(mock, "INBOX", "far5", expunge=True)
    others.append(mock, "INBOX", "far12", r"(\Answered)")
    others.append(mock, "far/box", "there")
    near.make("nearbox")
    near.add("nearbox", "here", "F")
    wanted.update(near0=["\\Seen"], far1=["\\Answered", "\\Seen"], far3=[], far4=["\\Seen"], far12=["\\Answered"])
    del wanted["far2"], wanted["far5"]
    sync()
    near.agrees(mock, "INBOX", wanted)
    near.agrees(mock, "far.box", {"there": []}, "far/box")
    near.agrees(mock, "nearbox", {"here": ["\\Flagged"]})

    changes = "(UID )?(APPEND|STORE|EXPUNGE|COPY)"
    before = mock.said(changes)
    sync()
    near.agrees(mock, "INBOX", wanted)
    others.same(mock.said(changes), before, "changes where there is nothing to change")


others.need("offlineimap")
others.main(test)
