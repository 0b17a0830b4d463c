# SPDX-License-Identifier: MIT
"""Python's imaplib, through nearly every method it has, over TLS, STARTTLS and in clear."""
import imaplib
import re
import ssl

import others
from others import check


def one(imap, answer):
    """The only datum of an answer, as text."""
    data = check(imap, answer)
    assert len(data) == 1, data
    return data[0].decode()


def number_of(imap, what):
    return int(imap.response(what)[1][-1])


def mailboxes(mock):
    imap = mock.login()
    others.same(one(imap, imap.namespace())[:12], '(("" "/")) (', "NAMESPACE")
    check(imap, imap.create("work"))
    check(imap, imap.create('"work/gr&APwA3w-n"'))
    check(imap, imap.create("old"))
    check(imap, imap.rename("old", "new"))
    check(imap, imap.subscribe("work"))
    others.same(check(imap, imap.lsub()), [b'() "/" work'], "LSUB")
    check(imap, imap.unsubscribe("work"))
    others.same(check(imap, imap.lsub()), [None], "LSUB without subscriptions")
    found = [line.decode() for line in check(imap, imap.list('""', "*"))]
    others.same([re.sub(r"^\(.*?\) ", "", line) for line in found],
                ['"/" INBOX', '"/" new', '"/" work', '"/" work/gr&APwA3w-n'], "LIST")
    others.same([line.decode() for line in check(imap, imap.list('"work/"', "%"))],
                ['(\\HasNoChildren) "/" work/gr&APwA3w-n'], "LIST below work")
    status = one(imap, imap.status("new", "(MESSAGES UNSEEN UIDNEXT)"))
    others.same(status, "new (MESSAGES 0 UIDNEXT 1 UNSEEN 0)", "STATUS")
    check(imap, imap.delete("new"))
    kind, _ = imap.select("new")
    others.same(kind, "NO", "SELECT of what was deleted")
    imap.logout()


def messages(mock):
    imap = mock.login()
    check(imap, imap.append("work", r"(\Seen $one)", imaplib.Time2Internaldate(1_700_000_000), others.message("one")))
    others.same(imap.response("APPENDUID")[1][0].split()[1], b"1", "APPENDUID")
    for name in ("two", "three", "four", "five"):
        check(imap, imap.append("work", None, None, others.message(name, 5000)))
    others.same(one(imap, imap.select("work")), "5", "EXISTS")
    others.same(number_of(imap, "UIDNEXT"), 6, "UIDNEXT")
    check(imap, imap.noop())
    check(imap, imap.check())

    others.same(one(imap, imap.search(None, "ALL")), "1 2 3 4 5", "SEARCH ALL")
    others.same(one(imap, imap.search(None, "UNSEEN", "SUBJECT", '"o"')), "2 4", "SEARCH UNSEEN SUBJECT o")
    others.same(one(imap, imap.search("UTF-8", "BODY", '"Gr"')), "1 2 3 4 5", "SEARCH CHARSET")
    imap.literal = "Grüße".encode()
    others.same(one(imap, imap.uid("SEARCH", "CHARSET", "UTF-8", "TEXT")), "1 2 3 4 5", "SEARCH with a literal")
    imap.literal = "Grüsse".encode()
    others.same(one(imap, imap.uid("SEARCH", "CHARSET", "UTF-8", "NOT", "TEXT")), "1 2 3 4 5", "SEARCH NOT, literal")

    data = check(imap, imap.fetch("1", "(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])"))
    others.same(data[0][1], others.message("one"), "BODY.PEEK[]")
    others.same(imaplib.ParseFlags(data[0][0]), (b"\\Seen", b"$one", b"\\Recent"), "the flags")
    others.same(imaplib.Internaldate2tuple(data[0][0]) is not None, True, "INTERNALDATE")
    assert f"RFC822.SIZE {len(others.message('one'))} ".encode() in data[0][0], data[0][0]
    data = check(imap, imap.fetch("2", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)] BODY.PEEK[TEXT]<0.5>)"))
    others.same([part[1] for part in data if isinstance(part, tuple)], [b"Subject: two\r\n\r\n", "Grüß".encode()[:5]],
                "sections")
    data = check(imap, imap.fetch("1:*", "(ENVELOPE BODYSTRUCTURE)"))
    others.same(len(data), 5, "ENVELOPEs")
    data = check(imap, imap.fetch("3", "(RFC822)"))
    others.same(data[0][1], others.message("three", 5000), "RFC822")
    assert rb"\Seen" in data[0][0] + data[1], data

    data = check(imap, imap.store("2:3", "+FLAGS", r"(\Deleted \Flagged)"))
    others.same(sorted(int(line.split()[0]) for line in data), [2, 3], "STORE")
    data = check(imap, imap.store("2", "-FLAGS.SILENT", r"(\Deleted)"))
    others.same(data, [None], "STORE .SILENT")
    data = check(imap, imap.copy("1:2", "INBOX"))
    others.same(imap.response("COPYUID")[1][0].split()[1:], [b"1:2", b"1:2"], "COPYUID")
    others.same(check(imap, imap.expunge()), [b"3"], "EXPUNGE")
    others.same(one(imap, imap.uid("SEARCH", "ALL")), "1 2 4 5", "UIDs behind EXPUNGE")
    check(imap, imap.uid("STORE", "4", "FLAGS", r"(\Deleted)"))
    check(imap, imap.uid("COPY", "5", "INBOX"))
    check(imap, imap.uid("MOVE", "5", "INBOX"))
    check(imap, imap.unselect())
    others.same(sorted(m.subject for m in others.view(mock, "work").values()), ["four", "one", "two"], "UNSELECT")
    check(imap, imap.select("work"))
    check(imap, imap.close())
    others.same({m.subject: m.flags for m in others.view(mock, "work").values()},
                {"one": ["$one", "\\Seen"], "two": ["\\Flagged"]}, "CLOSE")
    others.same([m.subject for m in others.view(mock).values()], ["one", "two", "five", "five"], "COPY and MOVE")
    for command in ("sort", "thread"):
        others.same(f"{command.upper()}" in imap.capabilities, False, f"{command} is offered")
    imap.logout()


def rights(mock):
    imap = mock.login()
    check(imap, imap.setacl("work", "second", "lrs"))
    acl = one(imap, imap.getacl("work"))
    assert re.search(r"\bsecond lrs\b", acl), acl
    assert one(imap, imap.myrights("work")).startswith("work "), "MYRIGHTS"
    second = mock.login("second", "second")
    check(second, second.select('"Other Users/test/work"'))
    others.same(second.store("1", "+FLAGS", r"(\Flagged)")[0], "NO", "STORE of a flag without the right w")
    check(second, second.store("1", "-FLAGS", r"(\Seen)"))
    others.same(others.subjects(mock, "work")["one"], ["$one"], "what the other user stored")
    second.logout()
    check(imap, imap.deleteacl("work", "second"))
    second = mock.login("second", "second")
    others.same(second.select('"Other Users/test/work"')[0], "NO", "SELECT without a right")
    second.logout()
    others.same([len(part) for part in check(imap, imap.getquotaroot("INBOX"))], [1, 1], "GETQUOTAROOT")
    imap.logout()


def enabled(mock):
    imap = mock.login()
    check(imap, imap.enable("CONDSTORE"))
    check(imap, imap.enable("UTF8=ACCEPT"))
    check(imap, imap.create('"grün"'))
    others.same("grün".encode() in check(imap, imap.list('""', '"gr%"'))[0], True, "a name in UTF-8")
    others.append(mock, "gr&APw-n", "hallo")  # imaplib's own in this mode puts "UTF8 (" into the literal
    others.same(one(imap, imap.select('"grün"')), "1", "EXISTS in UTF-8")
    check(imap, imap.close())
    check(imap, imap.delete('"grün"'))
    others.same(check(imap, imap.xatom("NOOP")), [b"NOOP completed"], "xatom")
    imap.logout()


def mechanisms(mock):
    context = ssl.create_default_context(cafile=mock.ca)
    imap = imaplib.IMAP4_SSL("localhost", mock.port, ssl_context=context)
    check(imap, imap.authenticate("PLAIN", lambda _: b"\0test\0test"))
    imap.logout()
    imap = imaplib.IMAP4_SSL("localhost", mock.port, ssl_context=context)
    answers = iter([b"test", b"test"])
    check(imap, imap.authenticate("LOGIN", lambda _: next(answers)))
    imap.logout()
    imap = imaplib.IMAP4_SSL("localhost", mock.port, ssl_context=context)
    try:
        imap.authenticate("PLAIN", lambda _: None)  # '*'
        raise AssertionError("a cancelled login succeeds")
    except imaplib.IMAP4.error:
        pass
    try:
        imap.login("test", "wrong")
        raise AssertionError("a wrong password succeeds")
    except imaplib.IMAP4.error:
        pass
    imap.logout()


def test(mock):
    mailboxes(mock)
    messages(mock)
    rights(mock)
    enabled(mock)
    mechanisms(mock)


def starttls(mock):
    imap = imaplib.IMAP4("localhost", mock.port, timeout=others.PATIENCE)
    others.same("LOGINDISABLED" in imap.capabilities, True, "LOGINDISABLED in clear")
    check(imap, imap.starttls(ssl.create_default_context(cafile=mock.ca)))
    others.same("LOGINDISABLED" in imap.capabilities, False, "LOGINDISABLED under TLS")
    check(imap, imap.login("test", "test"))
    others.same(one(imap, imap.select()), "0", "EXISTS")
    imap.logout()


NO = (r"^SELECT (new|\"Other Users/test/work\") -> NO", "^STORE .* -> NO", "^AUTHENTICATE PLAIN -> BAD",
      "^LOGIN .*wrong.* -> NO")
others.main(test, "--user", "test:test", "--user", "second:second", refusals=NO)
others.main(starttls, "--starttls", "--require-tls")
