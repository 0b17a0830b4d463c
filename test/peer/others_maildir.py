# SPDX-License-Identifier: MIT
"""The Maildirs that clients keep equal to the mock server."""
import mailbox
import os
import re

import others

TO_IMAP = {"S": "\\Seen", "R": "\\Answered", "F": "\\Flagged", "D": "\\Draft", "T": "\\Deleted"}


class Near:
    """Maildirs below a directory; their messages are known by their subjects."""

    def __init__(self, directory):
        self.directory = directory

    def open(self, name):
        return mailbox.Maildir(os.path.join(self.directory, name), create=False)

    def subjects(self, name):
        found = {}
        for one in self.open(name):
            assert one["Subject"] not in found, f"{one['Subject']} is there twice"
            found[one["Subject"]] = sorted(TO_IMAP[flag] for flag in one.get_flags() if flag in TO_IMAP)
        return found

    def key(self, name, subject):
        return next(key for key, one in self.open(name).items() if one["Subject"] == subject)

    def add(self, name, subject, flags=""):
        one = mailbox.MaildirMessage(others.message(subject).replace(b"\r\n", b"\n"))
        one.set_flags(flags)
        one.set_subdir("cur")
        self.open(name).add(one)

    def flag(self, name, subject, flags):
        maildir = self.open(name)
        key = self.key(name, subject)
        one = maildir[key]
        one.set_flags(flags)
        one.set_subdir("cur")
        maildir[key] = one

    def remove(self, name, subject):
        self.open(name).remove(self.key(name, subject))

    def make(self, name):
        mailbox.Maildir(os.path.join(self.directory, name))

    def octets(self, name):
        """Subject -> octets, as `plain` has them."""
        return {one["Subject"]: plain(one.as_bytes()) for one in self.open(name)}

    def agrees(self, mock, name, wanted, box=None):
        """This Maildir and the mailbox of the server are what is wanted, with the same octets."""
        box = box or name
        others.same(self.subjects(name), wanted, f"the Maildir {name}")
        others.same(others.subjects(mock, box), wanted, f"the mailbox {box}")
        far = {message.subject: plain(message.octets) for message in others.view(mock, box).values()}
        others.same(self.octets(name), far, f"the octets in {name}")


def plain(octets):
    """Without CR and the headers that mbsync and OfflineIMAP add."""
    return re.sub(rb"^X-(TUID|OfflineIMAP):.*\n", b"", octets.replace(b"\r\n", b"\n"), flags=re.MULTILINE)
