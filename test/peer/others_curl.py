# SPDX-License-Identifier: MIT
"""curl: logs in by each mechanism it knows, lists, fetches, searches, appends and sends commands of its user's own."""
import os

import others

TOKEN = "a-token-of-test"


class Curl:
    def __init__(self, mock, scheme="imaps", *options):
        self.base = f"{scheme}://localhost:{mock.port}"
        self.options = ["--cacert", mock.ca, *options]

    def __call__(self, path, *options, user="test:test", statuses=(0,)):
        fixed = ["curl", "-sS", "--disable", "--user", user]
        return others.run([*fixed, *self.options, *options, self.base + path], statuses)


def test(mock):
    curl = Curl(mock)
    text = others.message("from curl", 3000)
    file = os.path.join(mock.directory, "upload")
    with open(file, "wb") as upload:
        upload.write(text)
    curl("", "-X", 'CREATE "a box"')
    curl("/a%20box", "-T", file)
    curl("/a%20box", "-T", file)
    found = [(m.uid, m.octets, m.flags) for m in others.view(mock, "a box").values()]
    others.same(found, [(1, text, ["\\Seen"]), (2, text, ["\\Seen"])], "APPEND")

    others.same(curl("/"), '* LIST (\\HasNoChildren) "/" INBOX\r\n* LIST (\\HasNoChildren) "/" "a box"\r\n', "LIST")
    others.same(curl("/a%20box;UID=2").encode(), text, "FETCH by UID")
    others.same(curl("/a%20box;MAILINDEX=1").encode(), text, "FETCH by number")
    others.same(curl("/a%20box;UID=2;SECTION=HEADER.FIELDS%20(SUBJECT)"), "Subject: from curl\r\n\r\n", "a section")
    others.same(curl("/a%20box?SUBJECT%20curl"), "* SEARCH 1 2\r\n", "SEARCH")
    others.same(curl("/a%20box?SUBJECT%20nothing"), "* SEARCH\r\n", "SEARCH that finds nothing")
    curl("/a%20box;UID=3", statuses=(78,))
    curl("/a%20box;UIDVALIDITY=1;UID=1", statuses=(78,))
    curl("/nowhere;UID=1", statuses=(67,))

    answer = curl("/a%20box", "-X", r"STORE 1 +FLAGS (\Deleted)")
    assert "1 FETCH (FLAGS (" in answer and "\\Deleted" in answer, answer
    others.same(curl("/a%20box", "-X", "EXPUNGE"), "* 1 EXPUNGE\r\n", "EXPUNGE")
    others.same([m.uid for m in others.view(mock, "a box").values()], [2], "what EXPUNGE left")
    answer = curl("/a%20box", "-X", "UID FETCH 2 (UID RFC822.SIZE)")
    others.same(answer, f"* 1 FETCH (UID 2 RFC822.SIZE {len(text)})\r\n", "UID FETCH")
    assert "* CAPABILITY IMAP4rev1 " in curl("", "-X", "CAPABILITY"), "CAPABILITY"
    others.same(curl("", "-X", 'STATUS "a box" (MESSAGES)'), '* STATUS "a box" (MESSAGES 1)\r\n', "STATUS")
    curl("", "-X", "FETCH 1 FLAGS", statuses=(21,))

    logins(mock)
    others.same(mock.said(r"AUTHENTICATE \w+ \w+"), mock.said("AUTHENTICATE"), "initial responses")


def logins(mock):
    curl = Curl(mock)
    for mechanism in ("PLAIN", "LOGIN"):
        curl("", "--login-options", f"AUTH={mechanism}", "-X", "NOOP")
    curl("", "--login-options", "AUTH=OAUTHBEARER", "--oauth2-bearer", TOKEN, "-X", "NOOP")
    curl("", "--login-options", "AUTH=OAUTHBEARER", "--oauth2-bearer", "wrong", "-X", "NOOP", statuses=(67,))
    curl("", "-X", "NOOP", user="test:wrong", statuses=(67,))


def continued(mock):
    logins(mock)
    others.same(mock.said(r"AUTHENTICATE \w+ \w+"), 0, "initial responses")


def starttls(mock):
    curl = Curl(mock, "imap", "--ssl-reqd")
    others.same(curl("/"), '* LIST (\\HasNoChildren) "/" INBOX\r\n', "LIST behind STARTTLS")
    others.same(mock.said("STARTTLS"), 1, "STARTTLS")


NO = ("^AUTHENTICATE .* -> NO", "^SELECT nowhere -> NO", "^FETCH 1 FLAGS -> BAD")
others.need("curl")
others.main(test, "--token", f"test:{TOKEN}", refusals=NO)
others.main(continued, "--token", f"test:{TOKEN}", "--fault", "no-sasl-ir", refusals=NO)
others.main(starttls, "--starttls", "--require-tls")
