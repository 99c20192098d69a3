# timeout: 180
"""inkand judging mail by SPF, DKIM and DMARC between two real Postfix: what the old
chain of three daemons got wrong, each right."""
import os
import re

import mails
import tap
from lab import Lab, until
from mailhost import Pair, authres, body, dkimpy, fields

t = tap.Tap()
A, B = "tester@example.org", "tester@example.net"
JUDGE = """
Verify spf,dkim,dmarc,iprev
RejectFailures yes
HoldQuarantinedMessages yes
RejectMultiValueFrom yes
RequiredFrom yes
DNSTimeout 2
"""


def letter(head, text="hello\n"):
    mark = f"m{os.urandom(6).hex()}"
    head = "".join(line + "\n" for line in head)
    return mark, (head + f"X-Mark: {mark}\nDate: Tue, 24 Nov 2026 12:00:00 +0000\nSubject: x\n\n{text}").encode()


def stranger(pair, head, sender="x@stranger.test", rcpt=B):
    """A message from a host that nobody lists."""
    mark, message = letter(head)
    with pair.receiver.smtp(25, pair.dns.host) as s:
        return (*s.send_raw(sender, [rcpt], message), mark)


def refused(pair, name, head, *words, code=550, **more):
    got, text, _ = stranger(pair, head, **more)
    t.ok(got == code and all(w in text for w in words), f"{name}: {code} at SMTP", f"{got} {text}")


def accepted(pair, name, head, *words, **more):
    got, text, mark = stranger(pair, head, **more)
    if t.eq(got, 250, f"{name}: taken"):
        results = authres(pair.receiver.await_mail(mark), "example.net")
        t.ok(all(w in results for w in words), f"{name}: {' '.join(words)}", results)


def honest(pair):
    mark, message = mails.mail(A, B)
    with pair.sender.smtp(587, pair.dns.host) as s:
        s.send_raw(A, [B], message)
    results = authres(pair.receiver.await_mail(mark), "example.net")
    t.ok(all(re.search(p, results) for p in (r"dkim=pass .*header\.d=example\.org", r"spf=pass smtp\.mailfrom=example\.org",
                                             r"dmarc=pass \(p=reject", r"iprev=pass")), "submission: everything passes", results)
    signed = re.search(r"\bh=([^;]*)", fields(pair.receiver.await_mail(mark), "DKIM-Signature")[0]).group(1).lower()
    t.ok("message-id" in signed and "content-type" in signed or "message-id" in signed and b"content-type" not in message.lower(),
         "Message-ID and Content-Type are signed by default", signed)


def long_lines(pair):
    """Postfix breaks lines over 998 octets when it sends."""
    for name, text in {"one line": "x" * 3000 + "\nend\n", "just 998": "y" * 998 + "\n", "999": "z" * 999 + "\nend\n",
                       "many": ("w" * 1500 + "\n") * 20, "no end": "v" * 2500}.items():
        mark, message = mails.mail(A, B, text.encode())
        with pair.sender.smtp(587, pair.dns.host) as s:
            s.send_raw(A, [B], message)
        got = pair.receiver.await_mail(mark)
        results = authres(got, "example.net")
        t.ok("dkim=pass" in results and "dmarc=pass" in results, f"long lines, {name}: signed as they arrive", results)
        t.ok(max(len(line) for line in body(got).split(b"\n")) <= 998 and dkimpy(got, pair.dns) == (1, "True"),
             f"long lines, {name}: dkimpy agrees")


def authors(pair):
    spoof = "From: Boss <tester@example.org>"
    refused(pair, "a spoof of another", [spoof], "DMARC policy for example.org")
    refused(pair, "a spoof of the own domain", [f"From: <{B}>"], "DMARC policy for example.net")
    refused(pair, "two From fields", ["From: a@stranger.test", spoof], "DMARC")
    refused(pair, "two From fields of one domain", ["From: a@stranger.test", "From: b@stranger.test"], "author")
    refused(pair, "two authors", ["From: a@stranger.test, tester@example.org"], "DMARC")
    refused(pair, "no From", ["To: x@example.net"], "From field")
    accepted(pair, "a stranger without records", ["From: x@stranger.test"], "dmarc=none", "spf=none")
    accepted(pair, "an address in the display name", ["From: \"tester@example.org\" <x@stranger.test>"], "dmarc=none")


def policies(pair):
    refused(pair, "np=reject", ["From: x@nowhere.np.test"], "np.test")
    accepted(pair, "sp=none for what exists", ["From: x@here.np.test"], "dmarc=fail", "policy.dmarc=none")
    accepted(pair, "p=quarantine; t=y", ["From: x@soft.test"], "dmarc=fail", "policy.dmarc=none")
    code, text, mark = stranger(pair, ["From: x@tested.test"])
    t.eq(code, 250, "p=reject; t=y: taken")
    until("the message in the hold queue", lambda: pair.receiver.host.sh("postqueue -p").count("!") > 0)
    t.ok(not any(mark.encode() in m for m in pair.receiver.inbox()), "p=reject; t=y: held")
    pair.receiver.host.sh("postsuper -d ALL hold >/dev/null 2>&1")


def bounces(pair):
    accepted(pair, "a bounce of a stranger", ["From: mailer-daemon@stranger.test"], "spf=none smtp.helo=", "dmarc=none", sender="")
    refused(pair, "a bounce in another's name", ["From: mailer-daemon@example.org"], "example.org", sender="")
    mark, message = mails.mail(A, "nobody-here@example.net")
    with pair.sender.smtp(587, pair.dns.host) as s:
        s.send_raw(A, ["nobody-here@example.net"], message)

    def bounced():
        return next((m for m in pair.sender.inbox() if mark.encode() in m and b"MAILER-DAEMON" in m), None)
    t.ok(until("the own bounce", bounced), "the own bounce comes home, judged or not")


def without_dns(pair):
    pair.dns.stop()
    pair.receiver.stop_filter()
    pair.receiver.start_filter()
    code, text, _ = stranger(pair, ["From: tester@example.org"])
    t.ok(code == 451, "DNS is down: again later", f"{code} {text}")
    code, text, _ = stranger(pair, ["From: x@stranger.test"])
    t.ok(code == 451, "DNS is down: nobody is taken unjudged", f"{code} {text}")
    pair.dns.start()
    mark, message = mails.mail(A, B)
    with pair.sender.smtp(587, pair.dns.host) as s:
        s.send_raw(A, [B], message)
    t.ok("dmarc=pass" in authres(pair.receiver.await_mail(mark), "example.net"), "DNS is back: mail goes on")


def main():
    with Lab() as lab:
        pair = Pair(lab, False, more=[
            "$ORIGIN np.test.\n_dmarc TXT \"v=DMARC1; p=none; sp=none; np=reject\"\nhere A 192.0.2.77",
            "$ORIGIN soft.test.\n_dmarc TXT \"v=DMARC1; p=quarantine; t=y\"",
            "$ORIGIN tested.test.\n_dmarc TXT \"v=DMARC1; p=reject; t=y\""])
        for m in (pair.sender, pair.receiver):
            m.configure(JUDGE)
            m.start_filter()
        honest(pair)
        long_lines(pair)
        authors(pair)
        policies(pair)
        bounces(pair)
        without_dns(pair)


main()
t.done()
