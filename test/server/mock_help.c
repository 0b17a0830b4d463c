/* SPDX-License-Identifier: MIT */
#include "mock_help.h"

#include <cpmsync/mock.h>

#include <string.h>

enum { LINE_MAX_OCTETS = 110, TEXT_AT = 36 };

static const char USAGE[] =
    "cpm-mockserver: an IMAP server over one store in memory, for the tests of Message Storage Clients\n\n"
    "  cpm-mockserver --tls-auto tls --user alice:secret --trace -\n"
    "      serves alice over TLS on a free port of 127.0.0.1; her client trusts tls/ca.pem\n"
    "  echo generate INBOX 100000 | cpm-mockserver --script -\n"
    "      100,000 messages in the INBOX of test, whose password is test, in clear\n"
    "  cpm-mockserver --load Maildir --fault cut=tagged:5 --fault dribble\n"
    "      the mail of this directory; octet by octet, and the link breaks before the fifth tagged answer\n\n"
    "It prints \"listening on ADDRESS:PORT\" and serves until SIGTERM or SIGINT. Exit status 0; 1 if something could\n"
    "not be set up, or a step of a script never fired or failed; 2 for wrong usage.\n\n";

static const char OPTIONS[] =
    "  --listen ADDRESS:PORT       default 127.0.0.1:0, any free port\n"
    "  --port-file FILE            the port is written there once it is known\n"
    "  --tls-auto DIR              TLS with certificates made now: the client has to trust DIR/ca.pem\n"
    "  --name HOST                 whom that certificate is for, beside localhost, 127.0.0.1 and ::1\n"
    "  --tls-cert FILE --tls-key FILE   TLS with this certificate (PEM)\n"
    "  --tls-client-ca FILE        ask for certificates of this CA; their common name is who AUTH=EXTERNAL is.\n"
    "                              --tls-auto makes one for the first user: DIR/client.pem and client.key\n"
    "  --starttls                  begin in clear and offer STARTTLS\n"
    "  --require-tls               no login in clear (LOGINDISABLED)\n"
    "  --user NAME:PASSWORD        may be repeated; default test:test. What is loaded belongs to the first\n"
    "  --token NAME:TOKEN          what OAUTHBEARER takes for this user; may be repeated\n"
    "  --participating NAME        this user is a CPM Participating Function; may be repeated. It logs in for any\n"
    "                              other with that user as SASL's authorization identity (AUTHENTICATE PLAIN with the\n"
    "                              base64 of USER NUL NAME NUL PASSWORD) and is that user then: what it APPENDs, the\n"
    "                              user's own connections hear of. Others who try it are refused\n"
    "  --load DIR|FILE             a Maildir++ tree, or an mbox file for INBOX; may be repeated. Flags and times are\n"
    "                              those of the file names and the mbox; dovecot-uidlist is not read: UIDs from 1 on\n"
    "  --generate MAILBOX=COUNT[:OCTETS]   as the step `generate` of a script; may be repeated\n"
    "  --script FILE               a line a step, see below; '-' is stdin; may be repeated\n"
    "  --capability LIST           offer exactly these (blank-separated); what is not offered does not work either\n"
    "  --expunge-log N             expunges a mailbox remembers; 0 is none\n"
    "  --scram-iterations N        default 4096\n"
    "  --seed N                    the same seed, script and conversation give the same bytes; default 0\n"
    "  --trace FILE                the conversation, passwords included; '-' is stderr. \"[1] C:\" is what the first\n"
    "                              client said, \"[1] S:\" the answer, \"[1] --\" what happened to the connection\n"
    "  --fault NAME[=VALUE]        misbehave, see below; may be repeated, and all faults go together\n\n";

static const char SCRIPT[] =
    "Script: [MOMENT] ACTION. '#' starts a comment. Without a moment the action happens at the start.\n"
    "  at-connect N                the N-th connection\n"
    "  before N COMMAND            the N-th COMMAND has arrived, over all connections\n"
    "  after N COMMAND             its tagged answer is written\n"
    "                              COMMAND: SELECT; FETCH, which is also UID FETCH; UID FETCH; * is any\n"
    "  deliver MAILBOX [COUNT] [FLAG...]     flag MAILBOX UIDS +FLAG|-FLAG...     expunge MAILBOX UIDS\n"
    "  generate MAILBOX COUNT [OCTETS]       made-up messages of about that size; the mailbox is made, too\n"
    "  conversations PARENT COUNT [MESSAGES] a mailbox a conversation below PARENT, with CPM messages in each\n"
    "  create MAILBOX   delete MAILBOX   rename MAILBOX TO   uidvalidity MAILBOX   drop-log MAILBOX\n"
    "  nomodseq MAILBOX   raise-modseq MAILBOX N   acl MAILBOX IDENTIFIER RIGHTS   subscribe MAILBOX\n"
    "  unsubscribe MAILBOX   special-use MAILBOX [USE...]   quota RESOURCE N   fault NAME[=VALUE|=off]\n"
    "  user NAME                   whose mailboxes the steps below it mean; the first user's otherwise\n"
    "  uidvalidity gives a new UIDVALIDITY and new UIDs, drop-log forgets what was expunged. \"Names with "
    "blanks\".\n\n";

static const char FEARS[] =
    "What you may fear, and where it is:\n"
    "  the link breaks             cut, silent, swallow-after-login, bye-greeting, bye-in-literal\n"
    "  octets come oddly           dribble, coalesce, literals, starttls-inject, compress-coalesce, compress-corrupt\n"
    "  login fails                 logindisabled, preauth, scram-..., no-sasl-ir, --require-tls, a wrong --user\n"
    "  the mailbox was replaced    the steps uidvalidity, rename, delete; uidvalidity-at, uid-not-sticky\n"
    "  others change it meanwhile  the steps deliver, flag, expunge; arrive-vanish, expunge-inside, hold-vanished\n"
    "  the server forgot           the step drop-log, --expunge-log 0; the step nomodseq, nomodseq-at, qresync-flood\n"
    "  the server lies             stale-resync, vanished-lies, modseq-ahead, status-frozen, exists-lower, ...-above\n"
    "  the server is old or poor   --capability, rfc5162, rfc4551, rfc2086, enable-refused, no-..., messagelimit\n"
    "  the server refuses          select-no, select-bad, literal-refuse, literal-toobig, the step quota, the step "
    "acl\n"
    "  there is very much          the steps generate and conversations, raise-modseq, modseq-64\n\n";

/* Words from column TEXT_AT on. */
static void print_wrapped(FILE *out, const char *text, size_t column)
{
    while (*text) {
        size_t len = strcspn(text, " ");
        if (column + len + 1 > LINE_MAX_OCTETS) {
            fprintf(out, "\n%*s", TEXT_AT - 1, "");
            column = TEXT_AT - 1;
        }
        fprintf(out, " %.*s", (int)len, text);
        column += len + 1;
        text += len + (text[len] == ' ');
    }
    fputc('\n', out);
}

/* A text that begins with "NAME=VALUE: " tells how the value is written. */
static void print_fault(FILE *out, const char *name, const char *proves, const char *text)
{
    size_t len = strlen(name);
    const char *behind = strncmp(text, name, len) == 0 && text[len] == '=' ? strstr(text, ": ") : NULL;
    size_t head = behind ? (size_t)(behind - text) : len;
    int column = fprintf(out, "  %-22.*s %-9s", (int)head, behind ? text : name, proves);
    if (column >= TEXT_AT) {
        fputc('\n', out);
        column = 0;
    }
    fprintf(out, "%*s", TEXT_AT - 1 - column, "");
    print_wrapped(out, behind ? behind + 2 : text, TEXT_AT - 1);
}

void cpmsync_mock_help(FILE *out)
{
    const char *name, *proves, *text;
    size_t i;
    fputs(USAGE, out);
    fputs(OPTIONS, out);
    fputs(SCRIPT, out);
    fputs(FEARS, out);
    fputs("Faults, with the line of the conformance list each proves. N is a count from 1 on, unless it says "
          "otherwise:\n",
        out);
    for (i = 0; cpmsync_mock_fault_list(i, &name, &proves, &text) == 0; i++)
        print_fault(out, name, proves, text);
}

void cpmsync_mock_help_fault(FILE *out, const char *fault)
{
    const char *name, *proves, *text;
    size_t i, len = strcspn(fault, "=");
    for (i = 0; cpmsync_mock_fault_list(i, &name, &proves, &text) == 0; i++)
        if (strlen(name) == len && strncmp(name, fault, len) == 0)
            print_fault(out, name, proves, text);
}
