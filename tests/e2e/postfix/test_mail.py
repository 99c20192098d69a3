# timeout: 180
"""The tutorial's two servers with the filter: what leaves is signed and
verifies where it arrives, whatever its form; what is forged does not pass."""
import re

import mails
import tap
from lab import Lab
from mailhost import FILTER, Pair, authres, body, dkimpy, fields

t = tap.Tap()
A, B = "tester@example.org", "tester@example.net"


def passed(message, domain="example.org"):
    return re.search(r"\bdkim=pass\b[^;]*\bheader\.d=" + re.escape(domain), authres(message, "example.net"))


def lf(data):
    return data.replace(b"\r\n", b"\n")


def check(name, pair, mark, sent):
    """Arrived, one good signature, the body untouched."""
    got = pair.receiver.await_mail(mark)
    t.ok(passed(got), f"{name}: dkim=pass where it arrives", authres(got, "example.net") or got[:2000].decode("utf-8", "replace"))
    t.eq(dkimpy(got, pair.dns), (1, "True"), f"{name}: one signature, dkimpy verifies it too")
    t.ok(body(got) == body(lf(sent)), f"{name}: the body is what was sent")
    return got


def submit(pair, made, source=None):
    mark, message = made
    with pair.sender.smtp(587, pair.dns.host, source) as s:
        t.eq(s.send_raw(A, [B], message)[0], 250, f"{mark}: accepted on 587")
    return mark, message


def submission(pair):
    got = check("submission", pair, *submit(pair, mails.mail(A, B)))
    signature = fields(got, "DKIM-Signature")[0]
    t.ok(re.search(r"\bc=relaxed/simple\b", signature), "Canonicalization is obeyed", signature)
    t.ok("d=example.org" in signature and "s=default" in signature, "KeyTable's domain and selector", signature)
    signed = re.search(r"\bh=([^;]*)", signature).group(1).replace(" ", "").lower().split(":")
    t.eq(signed.count("from"), 2, "OversignHeaders From: From is in h= twice")


def forms(pair):
    """One session, many messages: the connection to the filter is used again."""
    made = {
        "UTF-8": mails.utf8(A, B),
        "ISO-2022-JP": mails.jis(A, B),
        "dots": mails.mail(A, B, b".\n..\n...\n.a\n. \n\n.\n"),
        "empty body": mails.mail(A, B, b""),
        "blank lines at the end": mails.mail(A, B, b"one\n\n\n\n"),
        "trailing blanks": mails.mail(A, B, b"one \t \ntwo\t\n \n"),
        "folded fields": mails.mail(A, B, extra=["X-Long: a", "\tb", "  c", "X-Tab:\tv  ", "X-None:"]),
        "repeated fields": mails.mail(A, B, extra=["X-A: 1", "X-A: 2", "Comments: x", "Comments: y"]),
        "long line": mails.mail(A, B, b"x" * 900 + b"\nend\n"),
        "SMTP comments": mails.mail("Tester (a, b) <tester@example.org>", '"B, B" <tester@example.net>'),
    }
    with pair.sender.smtp(587, pair.dns.host) as s:
        for name, (_, message) in made.items():
            t.eq(s.send_raw(A, [B], message)[0], 250, f"{name}: accepted")
    for name, (mark, message) in made.items():
        check(name, pair, mark, message)


def big(pair):
    for m in (pair.sender, pair.receiver):
        m.postconf("message_size_limit=20480000")
    check("10 MB attachment", pair, *submit(pair, mails.attachment(A, B, 10_000_000)))


def local(pair):
    mark, message = mails.mail("root@example.org", B)
    pair.sender.host.run(["sendmail", "-f", "root@example.org", B], data=message)
    check("local mail (sendmail)", pair, mark, message)


def bounce(pair):
    """A mail that fails after it was taken: the report goes out signed."""
    pair.sender.host.sh("echo 'fails: \"|exit 67\"' >>/etc/aliases; newaliases")
    pair.sender.postconf("internal_mail_filter_classes=bounce")
    mark, message = mails.mail(B, "fails@example.org")
    before = len(pair.receiver.inbox())
    with pair.receiver.smtp(587, pair.dns.host) as s:
        t.eq(s.send_raw(B, ["fails@example.org"], message)[0], 250, "a mail that will bounce is taken")
    from lab import until
    until("the bounce", lambda: len(pair.receiver.inbox()) > before, 60)
    got = pair.receiver.inbox()[-1]
    t.ok(b"MAILER-DAEMON@example.org" in got and mark.encode() in got, "the bounce came")
    t.ok(passed(got), "bounce: dkim=pass", authres(got, "example.net"))
    t.eq(dkimpy(got, pair.dns)[1], "True", "bounce: dkimpy verifies it")


def stranger(pair, sender, message, mark, source="192.0.2.66"):
    with pair.receiver.smtp(25, pair.dns.host, source) as s:
        code, text = s.send_raw(sender, [B], message)
    return pair.receiver.await_mail(mark) if code == 250 else text


def forged(pair):
    mark, message = mails.mail(A, B, extra=[
        "Authentication-Results: example.net; dkim=pass header.d=example.org",
        "Authentication-Results: EXAMPLE.NET;\n\tdkim=pass (really)\n\theader.d=example.org",
        "Authentication-Results: other.example; dkim=pass header.d=example.org"])
    got = stranger(pair, "x@stranger.example", message, mark)
    if isinstance(got, str):
        t.ok(got.startswith("5"), "spoof with forged results: refused", got)
        return
    t.ok(not passed(got), "forged Authentication-Results of our own are removed", authres(got, "example.net"))
    t.ok(any(f.startswith("other.example") for f in fields(got, "Authentication-Results")),
         "those of others are kept")


def relay(pair):
    """A stranger's mail in the domain's name is not signed by its server."""
    mark, message = mails.mail(A, A)
    with pair.sender.smtp(25, pair.dns.host, "192.0.2.66") as s:
        code, text = s.send_raw("x@stranger.example", [A], message)
    if code != 250:
        t.ok(500 <= code < 600, "spoof of the own domain: refused", text)
        return
    got = pair.sender.await_mail(mark)
    t.eq(fields(got, "DKIM-Signature"), [], "a stranger's mail in our name is not signed")


def changed(pair):
    """Signed mail, handed on by a stranger: intact it passes, changed it fails."""
    original = fields_kept(pair.receiver.await_mail(submit(pair, mails.mail(A, B))[0]))
    for name, message, good in (
            ("forwarded intact", original, True),
            ("changed body", original.replace(b"Hello.", b"Hallo."), False),
            ("changed Subject", original.replace(b"Subject: A letter", b"Subject: An order"), False),
            ("second From", original.replace(b"From: ", b"From: evil@stranger.example\nFrom: ", 1), False),
            ("body appended", original + b"More.\n", False)):
        mark = f"again{len(name)}"
        message = re.sub(rb"X-Mark: \w+", b"X-Mark: " + mark.encode(), message)
        got = stranger(pair, "fwd@stranger.example", message, mark)
        if isinstance(got, str):
            t.ok(not good, f"{name}: refused", got)
        else:
            t.eq(bool(passed(got)), good, f"{name}: {'passes' if good else 'does not pass'}")


def fields_kept(message):
    """From its signature on: as it left the sender."""
    return message[message.index(b"DKIM-Signature:"):]


with Lab() as lab:
    pair = Pair(lab)
    for part in (submission, forms, local, bounce, forged, relay, changed, big):
        t.note(part.__name__)
        part(pair)
    for host in (pair.sender, pair.receiver):
        t.ok(host.filter.poll() is None, f"{FILTER} at {host.domain} still runs", host.filter_output())
t.done()
