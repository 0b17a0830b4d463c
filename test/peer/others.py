# SPDX-License-Identifier: MIT
"""What the tests of other people's clients beside the mock server share.

Each of them is run as `python3 others_CLIENT.py CPM-MOCKSERVER`. It starts a server of its own over TLS, lets the
client work, looks at the mailboxes with a view of its own (imaplib, another connection), and at the conversation: a
client that speaks properly is never answered BAD, and NO only where the test says so.
"""
import contextlib
import email
import imaplib
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile

PATIENCE = 60
imaplib._MAXLINE = 10_000_000

# imaplib knows no commands of later than 2003.
for _name in ("ENABLE", "IDLE", "NOTIFY", "COMPRESS", "ID", "GETMETADATA", "SETMETADATA"):
    imaplib.Commands.setdefault(_name, ("AUTH", "SELECTED"))


def login(port, ca, user, password):
    context = ssl.create_default_context(cafile=ca)
    imap = imaplib.IMAP4_SSL("localhost", port, ssl_context=context, timeout=PATIENCE)
    imap.login(user, password)
    return imap


class Mock:
    """A cpm-mockserver with TLS, and the user test:test."""

    def __init__(self, program, directory, *options):
        self.directory = directory
        self.trace_file = os.path.join(directory, "trace")
        self.ca = os.path.join(directory, "ca.pem")
        self.process = subprocess.Popen(
            [program, "--tls-auto", directory, "--name", "localhost", "--trace", self.trace_file, *options],
            stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        found = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)\n", line)
        assert found, f"the server says {line!r}"
        self.port = int(found.group(1))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(PATIENCE)
        assert status == 0, f"the server ended with {status}"

    def login(self, user="test", password="test"):
        return login(self.port, self.ca, user, password)

    def trace(self):
        with open(self.trace_file, encoding="utf-8", errors="replace") as file:
            return file.read()

    def said(self, command):
        """How many commands clients gave that begin like this, a pattern."""
        return len(re.findall(rf"^\[\d+\] C: \S+ {command}\b", self.trace(), re.MULTILINE | re.IGNORECASE))

    def refusals(self):
        """The answers NO and BAD, each behind the command it answers."""
        commands, found = {}, []
        for line in self.trace().splitlines():
            match = re.match(r"\[(\d+)\] ([CS]): (\S+) (.*)", line)
            if not match:
                continue
            conn, who, tag, rest = match.groups()
            if who == "C":
                commands[conn, tag] = rest
            elif re.match(r"(NO|BAD)\b", rest, re.IGNORECASE):
                found.append(f"{commands.get((conn, tag), '')} -> {rest}")
        return found


class Beside:
    """The real server that dovecot.sh started for its command."""

    def __init__(self):
        self.port = int(os.environ["PEER_PORT"])
        self.ca = os.environ["PEER_CA"]
        self.user = os.environ["PEER_USER"]
        self.password = os.environ["PEER_PASSWORD"]

    def login(self, *_):
        return login(self.port, self.ca, self.user, self.password)


class Message:
    """One as the server has it."""

    def __init__(self, uid, flags, octets):
        self.uid = uid
        self.flags = flags
        self.octets = octets

    @property
    def subject(self):
        return email.message_from_bytes(self.octets)["Subject"]


def check(imap, answer):
    """Of an imaplib call: it was OK. Returns its data."""
    kind, data = answer
    assert kind in ("OK", "BYE"), f"{kind} {data}"
    return data


def view(server, mailbox="INBOX", user="test"):
    """All messages of a mailbox, by an independent connection: UID -> Message, without \\Recent."""
    imap = server.login(user, user)
    check(imap, imap.select(f'"{mailbox}"', readonly=True))
    found = {}
    if imap.untagged_responses["EXISTS"] != [b"0"]:
        for part in check(imap, imap.uid("FETCH", "1:4294967295", "(UID FLAGS BODY.PEEK[])")):
            if isinstance(part, tuple):
                uid = int(re.search(rb"UID (\d+)", part[0]).group(1))
                flags = re.search(rb"FLAGS \(([^)]*)\)", part[0]).group(1).decode().split()
                found[uid] = Message(uid, sorted(set(flags) - {"\\Recent"}), part[1])
    exists = int(imap.untagged_responses["EXISTS"][-1])
    assert exists == len(found), f"{exists} messages exist, {len(found)} were fetched"
    imap.logout()
    return found


def subjects(server, mailbox="INBOX", user="test"):
    """Subject -> flags; every subject is there once."""
    messages = view(server, mailbox, user).values()
    found = {message.subject: message.flags for message in messages}
    assert len(found) == len(messages), f"{mailbox}: a message is there twice: {sorted(m.subject for m in messages)}"
    return found


def message(subject, size=200):
    """One with octets above 127 and lines that look like answers of a server."""
    filler = "".join(f"line {i}: a1 OK not an answer, * 1 EXPUNGE neither\r\n" for i in range(size // 50 + 1))
    return (f"From: A <a@example.org>\r\nTo: b@example.org\r\nSubject: {subject}\r\n"
            f"Date: Mon, 02 Feb 2026 10:00:00 +0000\r\nMessage-ID: <{subject}@example.org>\r\n"
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
            f"Grüße\r\n{filler}").encode()


def append(server, mailbox, subject, flags=None, user="test", size=200):
    imap = server.login(user, user)
    check(imap, imap.append(f'"{mailbox}"', flags, None, message(subject, size)))
    imap.logout()


def change(server, mailbox, subject, change_flags=None, flags=None, expunge=False, user="test"):
    """Another client stores flags on the message of this subject, or expunges it."""
    imap = server.login(user, user)
    check(imap, imap.select(f'"{mailbox}"'))
    uids = check(imap, imap.uid("SEARCH", "HEADER", "Message-ID", f'"<{subject}@example.org>"'))[0].split()
    assert len(uids) == 1, f"{subject} is there {len(uids)} times"
    uid = uids[0].decode()
    if change_flags:
        check(imap, imap.uid("STORE", uid, change_flags, flags))
    if expunge:
        check(imap, imap.uid("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)"))
        check(imap, imap.uid("EXPUNGE", uid))
    imap.logout()


def run(arguments, statuses=(0,), **options):
    """Runs a client to its end."""
    done = subprocess.run(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=PATIENCE * 4, check=False, **options)
    text = done.stdout.decode(errors="replace")
    assert done.returncode in statuses, f"{arguments[0]} ended with {done.returncode}:\n{text[-4000:]}"
    return text


def same(found, wanted, what):
    assert found == wanted, f"{what}:\n  is    {found}\n  wants {wanted}"


def need(*programs):
    for program in programs:
        assert shutil.which(program), f"{program} is not installed"


def main(test, *options, refusals=()):
    """Runs test(mock) beside a server. `refusals` are patterns of the answers NO and BAD that may come."""
    directory = tempfile.mkdtemp(prefix="cpmsync-others.")
    mock = None
    try:
        mock = Mock(os.path.abspath(sys.argv[1]), directory, *options)
        test(mock)
        unexpected = [line for line in mock.refusals() if not any(re.search(one, line) for one in refusals)]
        assert not unexpected, "refused: " + "; ".join(unexpected)
        mock.stop()
    except BaseException:
        if mock:
            mock.process.kill()
            mock.process.wait()
            with contextlib.suppress(OSError):
                print("The end of the conversation:", mock.trace()[-6000:], sep="\n", file=sys.stderr)
        raise
    finally:
        if os.environ.get("OTHERS_KEEP"):
            print(f"kept {directory}", file=sys.stderr)
        else:
            shutil.rmtree(directory, ignore_errors=True)
