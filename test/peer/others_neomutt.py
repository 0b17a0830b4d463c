# SPDX-License-Identifier: MIT
"""neomutt on a terminal of its own, with CONDSTORE, QRESYNC and a header cache, each run a list of its functions.

What it sees is what it copies into an mbox, whose Status and X-Status are the flags.
"""
import mailbox
import os
import pty
import subprocess

import others

CONFIG = """
set folder = "imaps://test@localhost:{port}/"
set spoolfile = "+INBOX"
set imap_user = test imap_pass = test
set ssl_ca_certificates_file = "{ca}" ssl_usesystemcerts = no
set imap_qresync = {qresync} imap_condstore = yes
set imap_rfc5161 = yes imap_idle = no imap_check_subscribed = no
set header_cache = "{directory}/cache" message_cachedir = "{directory}/bodies"
set sort = date copy = no confirmappend = no confirmcreate = no delete = yes move = no mark_old = no
set mbox_type = mbox wait_key = no quit = yes beep = no resume_draft_files = no imap_passive = no sleep_time = 0
"""


FLAGS = {"R": "\\Seen", "F": "\\Flagged", "A": "\\Answered", "D": "\\Deleted"}


class Neomutt:
    def __init__(self, mock, qresync):
        self.directory = mock.directory
        self.config = os.path.join(mock.directory, f"neomuttrc.{qresync}")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(CONFIG.format(port=mock.port, ca=mock.ca, directory=mock.directory, qresync=qresync))

    def __call__(self, functions, name="INBOX"):
        """Runs it on a mailbox; returns what it saw: subject -> flags."""
        seen = os.path.join(self.directory, "seen")
        if os.path.exists(seen):
            os.remove(seen)
        keys = f"{functions}<untag-pattern>~A<enter><tag-pattern>~A<enter><tag-prefix><copy-message>{seen}<enter><exit>"
        terminal, inner = pty.openpty()
        process = subprocess.Popen(
            ["neomutt", "-n", "-F", self.config, "-f", f"+{name}", "-e", f"push \"{keys}\""], stdin=inner, stdout=inner,
            stderr=inner, env=dict(os.environ, TERM="xterm", HOME=self.directory), start_new_session=True)
        os.close(inner)
        screen = b""
        try:
            while True:
                screen += os.read(terminal, 65536)
        except OSError:
            pass  # it closed its end
        finally:
            os.close(terminal)
        status = process.wait(others.PATIENCE)
        assert status == 0, f"neomutt ended with {status}: {screen[-3000:]!r}"
        found = {}
        for one in mailbox.mbox(seen, create=False):
            flags = one.get_flags()
            assert one["Subject"] not in found, f"{one['Subject']} is there twice"
            found[one["Subject"]] = sorted(name for flag, name in FLAGS.items() if flag in flags)
        return found


def tagged(pattern, function):
    return f"<untag-pattern>~A<enter><tag-pattern>{pattern}<enter><tag-prefix>{function}"


def session(mock, neomutt):
    wanted = {f"far{number:02}": [] for number in range(30)}
    others.same(neomutt(""), wanted, "what neomutt sees at first")

    for number in range(0, 30, 4):
        others.change(mock, "INBOX", f"far{number:02}", "+FLAGS", r"(\Flagged)")
        wanted[f"far{number:02}"] = ["\\Flagged"]
    others.same(neomutt(""), wanted, "what neomutt sees when flags changed")

    for number in range(1, 30, 5):
        others.change(mock, "INBOX", f"far{number:02}", expunge=True)
        del wanted[f"far{number:02}"]
    others.append(mock, "INBOX", "far30", r"(\Seen)")
    wanted["far30"] = ["\\Seen"]
    others.same(neomutt(""), wanted, "what neomutt sees when messages went and one came")

    keys = tagged("~s far02", "<set-flag>r") + tagged("~s far03", "<set-flag>!")
    keys += tagged("~s far0[57]", "<delete-message>")
    keys += tagged("~s far1[023]", "<copy-message>=box<enter>") + tagged("~s far14", "<save-message>=box<enter>")
    neomutt(keys + "<sync-mailbox>")
    wanted.update(far02=["\\Answered"], far03=["\\Flagged"])
    for name in ("far05", "far07", "far14"):
        del wanted[name]
    server = others.subjects(mock)
    others.same({name: flags for name, flags in server.items() if name != "far02"},
                {name: flags for name, flags in wanted.items() if name != "far02"}, "what neomutt made of INBOX")
    assert "\\Answered" in server["far02"], server["far02"]
    wanted["far02"] = server["far02"]
    others.same(neomutt(""), wanted, "what neomutt sees of its own changes")
    copied = {name: wanted.get(name, []) for name in ("far10", "far12", "far13", "far14")}
    others.same(others.subjects(mock, "box"), copied, "what it copied and moved")
    others.same(neomutt("", "box"), copied, "what neomutt sees of that")


def prepare(mock):
    for number in range(30):
        others.append(mock, "INBOX", f"far{number:02}")
    imap = mock.login()
    others.check(imap, imap.create("box"))
    imap.logout()


def test(mock):
    prepare(mock)
    session(mock, Neomutt(mock, "yes"))
    assert mock.said("UID FETCH .*CHANGEDSINCE .* VANISHED"), "QRESYNC was not used"


def without(mock):
    prepare(mock)
    session(mock, Neomutt(mock, "no"))
    assert mock.said("UID FETCH .*CHANGEDSINCE"), "CONDSTORE was not used"
    others.same(mock.said("ENABLE.*QRESYNC"), 0, "QRESYNC")


others.need("neomutt")
others.main(test)
others.main(without)
