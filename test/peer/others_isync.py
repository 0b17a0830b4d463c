# SPDX-License-Identifier: MIT
"""mbsync keeps a Maildir and the mock server equal, with changes on both sides between its runs."""
import os

import others
from others_maildir import Near

CONFIG = """
IMAPAccount mock
Host localhost
Port {port}
User test
Pass test
SSLType IMAPS
CertificateFile {ca}
AuthMechs LOGIN

IMAPStore far
Account mock

MaildirStore near
Path {near}/
Inbox {near}/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Remove Both
Expunge Both
SyncState *
CopyArrivalDate yes
"""


def test(mock):
    near = Near(os.path.join(mock.directory, "near"))
    os.mkdir(near.directory)
    config = os.path.join(mock.directory, "mbsyncrc")
    with open(config, "w", encoding="utf-8") as file:
        file.write(CONFIG.format(port=mock.port, ca=mock.ca, near=near.directory))

    def sync():
        others.run(["mbsync", "-c", config, "all"])

    def agree(name, wanted):
        near.agrees(mock, name, wanted)

    for number in range(30):
        others.append(mock, "INBOX", f"far{number}", r"(\Flagged)" if number % 3 == 0 else None, size=number * 1000)
    wanted = {f"far{number}": ["\\Flagged"] if number % 3 == 0 else [] for number in range(30)}
    sync()
    agree("INBOX", wanted)

    near.add("INBOX", "near0", "S")
    near.flag("INBOX", "far1", "RS")
    near.remove("INBOX", "far2")
    others.change(mock, "INBOX", "far3", "-FLAGS", r"(\Flagged)")
    others.change(mock, "INBOX", "far4", "+FLAGS", r"(\Seen \Draft)")
    others.change(mock, "INBOX", "far5", expunge=True)
    others.append(mock, "INBOX", "far30", r"(\Answered)")
    wanted.update(near0=["\\Seen"], far1=["\\Answered", "\\Seen"], far3=[], far4=["\\Draft", "\\Seen"])
    wanted.update(far30=["\\Answered"])
    del wanted["far2"], wanted["far5"]
    sync()
    agree("INBOX", wanted)

    imap = mock.login()
    others.check(imap, imap.create('"far box"'))
    imap.logout()
    others.append(mock, "far box", "there")
    near.make("near box")
    near.add("near box", "here", "F")
    for number in range(31):
        if f"far{number}" in wanted and number % 2 == 0:
            near.remove("INBOX", f"far{number}")
            del wanted[f"far{number}"]
    for number in range(1, 30, 4):
        if f"far{number}" in wanted:
            others.change(mock, "INBOX", f"far{number}", expunge=True)
            del wanted[f"far{number}"]
    sync()
    agree("INBOX", wanted)
    agree("far box", {"there": []})
    agree("near box", {"here": ["\\Flagged"]})

    changes = "(UID )?(APPEND|STORE|EXPUNGE)"
    before = mock.said(changes)
    sync()
    agree("INBOX", wanted)
    others.same(mock.said(changes), before, "changes where there is nothing to change")


others.need("mbsync")
others.main(test)
