# timeout: 240
"""What goes wrong in real life, between two real Postfixes: the filter is
killed in mid-message, is not there, reloads under load, stops, loses its DNS.
No message is lost, none half-changed."""
import re
import signal
import smtplib
import threading
import time

import mails
import tap
from lab import Lab
from mailhost import Pair, authres, body, dkimpy, fields

t = tap.Tap()
A, B = "tester@example.org", "tester@example.net"


def half_sent(pair, made):
    """An open session with half a message through the milter: MAIL, RCPT, DATA
    and a part of the body."""
    s = pair.sender.smtp(587, pair.dns.host)
    s.mail(A)
    s.rcpt(B)
    s.putcmd("data")
    assert s.getreply()[0] == 354
    data = made[1].replace(b"\n", b"\r\n")
    s.send(data[:-20])
    return s, data[-20:]


def finish(s, rest):
    """The client's verdict: code, or 0 when the connection broke."""
    try:
        s.send(rest + b".\r\n")
        code = s.getreply()[0]
        s.close()
        return code
    except (smtplib.SMTPException, OSError):
        return 0


def killed(pair, default_action):
    """kill -9 in mid-message: the message is refused for now, or delivered as
    milter_default_action says, never lost and never half-changed."""
    pair.sender.postconf(f"milter_default_action={default_action}")
    made = mails.mail(A, B, b"x" * 70 + b"\n")
    s, rest = half_sent(pair, made)
    pair.sender.signal_filter(signal.SIGKILL)
    pair.sender.filter.wait(30)
    code = finish(s, rest)
    t.ok(code == 250 or 400 <= code < 500, f"killed, {default_action}: the client is told 2xx or 4xx", str(code))
    if code == 250:
        got = pair.receiver.await_mail(made[0])
        t.ok(body(got) == made[1].partition(b"\n\n")[2], f"killed, {default_action}: delivered whole")
        return
    pair.sender.start_filter()
    with pair.sender.smtp(587, pair.dns.host) as again:
        t.eq(again.send_raw(A, [B], made[1])[0], 250, f"killed, {default_action}: the next try is taken")
    got = pair.receiver.await_mail(made[0])
    t.eq(dkimpy(got, pair.dns), (1, "True"), f"killed, {default_action}: and is signed")


def absent(pair):
    """No filter at all and tempfail: 4xx; when it is back, signed."""
    pair.sender.stop_filter()
    made = mails.mail(A, B)
    try:  # Postfix says so at the first command already
        with pair.sender.smtp(587, pair.dns.host) as s:
            code = s.send_raw(A, [B], made[1])[0]
    except smtplib.SMTPResponseException as e:
        code = e.smtp_code
    t.ok(400 <= code < 500, "no filter: a temporary failure", str(code))
    pair.sender.start_filter()
    with pair.sender.smtp(587, pair.dns.host) as s:
        t.eq(s.send_raw(A, [B], made[1])[0], 250, "back again: taken")
    t.eq(dkimpy(pair.receiver.await_mail(made[0]), pair.dns), (1, "True"), "back again: signed")


def reloads(pair):
    """SIGHUP and SIGUSR1 in turn while mail flows, a broken file in between."""
    conf = "/etc/opendkim.conf"
    good = pair.sender.host.read(conf).decode()
    stop = threading.Event()

    def signals():
        turn = 0
        while not stop.is_set():
            turn += 1
            pair.sender.host.write(conf, good + ("NoSuchSetting yes\n" if turn % 3 == 0 else ""))
            pair.sender.signal_filter(signal.SIGHUP if turn % 2 else signal.SIGUSR1)
            time.sleep(0.05)
        pair.sender.host.write(conf, good)

    thread = threading.Thread(target=signals)
    thread.start()
    made, refused = [], 0
    with pair.sender.smtp(587, pair.dns.host) as s:
        for _ in range(40):
            m = mails.mail(A, B)
            refused += s.send_raw(A, [B], m[1])[0] != 250
            made.append(m[0])
    stop.set()
    thread.join()
    t.eq(refused, 0, "reloads under load: every message is taken")
    got = [pair.receiver.await_mail(mark) for mark in made]
    t.eq([m for m in got if len(fields(m, "DKIM-Signature")) != 1], [], "reloads under load: every one is signed once")
    log = "\n".join(pair.sender.host.log)
    t.ok("NoSuchSetting" in log, "a broken configuration is named, the old one stays")


def drained(pair):
    """SIGTERM with a message in flight: it ends as usual."""
    made = mails.mail(A, B)
    s, rest = half_sent(pair, made)
    pair.sender.signal_filter(signal.SIGTERM)
    time.sleep(0.3)
    t.eq(finish(s, rest), 250, "SIGTERM: the message in flight is taken")
    t.eq(pair.sender.filter.wait(180), 0, "SIGTERM: exit status 0")
    t.eq(len(fields(pair.receiver.await_mail(made[0]), "DKIM-Signature")), 1, "SIGTERM: and signed")
    pair.sender.start_filter()


def no_dns(pair):
    """The receiver's DNS is dead: On-DNSError tempfail answers 4xx, and the
    mail comes through when DNS is back."""
    made = mails.mail(A, B)
    with pair.sender.smtp(587, pair.dns.host) as s:
        s.send_raw(A, [B], made[1])
    signed = pair.receiver.await_mail(made[0])
    signed = signed[signed.index(b"DKIM-Signature:"):]
    mark = "nodns"
    signed = re.sub(rb"X-Mark: \w+", b"X-Mark: " + mark.encode(), signed)
    pair.receiver.stop_filter()
    pair.receiver.configure("Nameservers 127.0.0.9\nDNSTimeout 2\n")
    pair.receiver.start_filter()
    with pair.receiver.smtp(25, pair.dns.host, "192.0.2.66") as s:
        code = s.send_raw("x@stranger.example", [B], signed)[0]
    t.ok(400 <= code < 500, "no DNS: a temporary failure (On-DNSError)", str(code))
    pair.receiver.stop_filter()
    pair.receiver.configure("Nameservers 192.0.2.53\n")
    pair.receiver.start_filter()
    with pair.receiver.smtp(25, pair.dns.host, "192.0.2.66") as s:
        code = s.send_raw("x@stranger.example", [B], signed)[0]
    t.eq(code, 250, "DNS is back: taken")
    t.ok("dkim=pass" in authres(pair.receiver.await_mail(mark), "example.net"), "DNS is back: dkim=pass")


with Lab() as lab:
    pair = Pair(lab)
    for part in (lambda p: killed(p, "tempfail"), lambda p: killed(p, "accept")):
        part(pair)
        if pair.sender.filter.poll() is not None:
            pair.sender.start_filter()
    pair.sender.postconf("milter_default_action=tempfail")
    for part in (absent, reloads, drained, no_dns):
        t.note(part.__name__)
        part(pair)
t.done()
