# timeout: 180
"""The tutorial's two servers with the filter: what leaves is signed and
verifies where it arrives, whatever its form; what is forged does not pass."""
import http.client
import json
import os
import re
import shutil

import mails
import tap
from lab import Lab, LabError, until
from mailhost import ASAN, FILTER, NAME_SERVER, Pair, authres, body, dkimpy, fields

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
    until("the bounce", lambda: len(pair.receiver.inbox()) > before)
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


def scored(pair):
    """inkan score behind the receiver: by a transport (SMTP, XFORWARD) and by a pipe,
    with the lines that inkan(1) has."""
    host, inkan = pair.receiver.host, os.path.join(os.environ["TMPDIR"], "inkan")
    shutil.copy(os.path.join(os.environ["INKAN_BUILD"], "inkan"), inkan)  # the project may lie where only root goes
    host.sh("useradd -r -M -d /nonexistent -s /usr/sbin/nologin -K MAIL_DIR=/nonexistent scorer; mkdir -p /var/lib/score;"
            "mount -t tmpfs -o size=512k,mode=700,uid=$(id -u scorer) score /var/lib/score; printf 'score: root\npiped: root\n' >>/etc/aliases; newaliases")
    host.run(["postconf", "-M", "-e", "inkan-score/unix=inkan-score unix - - n - 4 smtp -o smtp_send_xforward_command=yes"
              " -o smtp_tls_security_level=none -o smtp_line_length_limit=0",
              "inkan-pipe/unix=inkan-pipe unix - n n - 4 pipe user=scorer argv=" + inkan + " score --spool /var/lib/score --deliver ${recipient}"
              " --ip ${client_address} --helo ${client_helo} --mail-from ${sender}"])
    pair.receiver.postconf("transport_maps=inline:{score@example.net=inkan-score:[127.0.0.1]:8026, piped@example.net=inkan-pipe:}",
                           "inkan-score_destination_recipient_limit=1")
    server = host.start(["setpriv", "--reuid=scorer", "--regid=scorer", "--clear-groups", inkan, "score", "--listen", "127.0.0.1:8025", "--smtp", "127.0.0.1:8026",
                         "--address-domain", "example.net", "--spool", "/var/lib/score", "--nameserver", NAME_SERVER, "--ip", pair.receiver.address,
                         "--helo", "example.net"], {"ASAN_OPTIONS": ASAN})
    host.await_port(8025)

    def ask(target, method="GET"):
        c = http.client.HTTPConnection("127.0.0.1", 8025)
        c.sock = host.connect("127.0.0.1", 8025)
        c.request(method, target)
        return json.loads(c.getresponse().read())

    def judged(id):
        try:
            return until("a score", lambda: (lambda got: got if got["score"] is not None else None)(ask(f"/test?format=json&id={id}")))
        except LabError as e:
            raise LabError(f"{e}\n" + "\n".join(host.log[-20:])) from None

    def lost(got):
        return {r["code"]: r["lost"] for c in got["categories"] for r in c["findings"] if r["lost"]}
    given = [ask("/new?format=json", "POST") for _ in range(6)]
    to = [x["address"].replace("score", "piped") if i % 2 else x["address"] for i, x in enumerate(given)]
    with pair.sender.smtp(587, pair.dns.host) as s:
        for address in to[:2]:
            t.eq(s.send_raw(A, [address], mails.mail(A, address)[1])[0], 250, f"a test mail to {address.partition('+')[0]}+...")
    for i, way in enumerate(("SMTP", "a pipe")):
        got = judged(given[i]["id"])
        t.eq((lost(got), got["ip"], got["helo"], got["mail_from"], got["own"]), ({}, pair.sender.address, "example.org", A, False),
             f"score by {way}: ten, judged as the sender's server, over TLS")
    with pair.receiver.smtp(587, pair.dns.host) as s:
        s.send_raw(B, [to[2]], mails.mail(B, to[2])[1])
    got = judged(given[2]["id"])
    t.eq((got["own"], got["ip"], lost(got)), (True, pair.receiver.address, {}), "of a user here: as it would leave from here")
    host.run(["sendmail", "-f", B, to[3]], data=mails.mail(B, to[3])[1])
    got = judged(given[3]["id"])
    t.eq((got["own"], got["ip"]), (True, pair.receiver.address), "of a program here: the same")
    with pair.receiver.smtp(25, pair.dns.host) as s:
        for address in to[4:]:
            s.send_raw("x@stranger.test", [address], mails.mail("x@stranger.test", address, b"x" * 70 + b"\n" + b"y\n" * 400_000)[1])
    until("both tell to try again", lambda: all(host.find_log(x) for x in ("451 4.3.0 The message cannot be kept", "No space left on device")))
    t.eq(sum(x in pair.receiver.queue() for x in to[4:]), 2, "a full disk: both wait in Postfix's queue")
    host.sh("mount -o remount,size=16m /var/lib/score")

    def come():
        pair.receiver.queue_run()
        return all(ask(f"/test?format=json&id={x['id']}")["score"] is not None for x in given[4:])
    t.ok(until("both in the end", come), "and come when there is room")
    with pair.receiver.smtp(25, pair.dns.host) as s:
        s.send_raw("x@stranger.test", ["score+aaaaaaaaaaaaaaaa@example.net"], b"Subject: x\n\nx\n")
    until("a refusal", lambda: host.find_log("550 5.1.1 No such test address"))
    t.ok(True, "an address that was not given out is refused, and Postfix tells the sender")
    os.kill(host.inner_pid(server), 15)
    t.eq(server.wait(30), 0, "the server ends")


def fields_kept(message):
    """From its signature on: as it left the sender."""
    return message[message.index(b"DKIM-Signature:"):]


with Lab() as lab:
    pair = Pair(lab)
    for part in (submission, forms, local, bounce, forged, relay, changed, scored, big):
        t.note(part.__name__)
        part(pair)
    for host in (pair.sender, pair.receiver):
        t.ok(host.filter.poll() is None, f"{FILTER} at {host.domain} still runs", host.filter_output())
t.done()
