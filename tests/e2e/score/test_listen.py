"""`inkan score --listen`: an address, a mail by SMTP or by a pipe, its score; what
is wrong is refused so that no mail is lost; the page is guarded and is text."""
import json
import os
import re
import smtplib
import socket
import stat
import subprocess
import sys
import time

sys.path += ["tests/e2e/cli", "tests/e2e/reports"]
import tap  # noqa: E402
from tool import INKAN, keygen, path, run, write  # noqa: E402
from web import Parsed, Served  # noqa: E402

t = tap.Tap()
key, record = keygen("s1")
ZONE = write("zone", f"""$TTL 300
example.org. TXT "v=spf1 ip4:192.0.2.1 -all"
example.org. MX 10 mx.example.org.
_dmarc.example.org. TXT "v=DMARC1; p=reject"
s1._domainkey.example.org. TXT "{record[:200]}" "{record[200:]}"
mx.example.org. A 192.0.2.1
1.2.0.192.in-addr.arpa. PTR mx.example.org.
example.net. TXT "v=spf1 ip4:198.51.100.1 -all"
mail.example.net. A 198.51.100.1
1.100.51.198.in-addr.arpa. PTR mail.example.net.
""")
SPOOL = path("spool")
EVIL = "<script>alert(1)</script>\"'&amp;"
LETTER = (f"From: Aki <aki@example.org>\r\nTo: bo@example.net\r\nSubject: {EVIL}\r\nDate: Tue, 24 Nov 2026 09:00:00 +0000\r\n"
          "Message-ID: <1@example.org>\r\n\r\nHello.\r\n.dots\r\n..\r\n").encode()
HOP = (b"Received: from mx.example.org (mx.example.org [192.0.2.1])\r\n\tby mail.example.net (Postfix) with ESMTPS id 1;"
       b"\r\n\tTue, 24 Nov 2026 09:00:01 +0000\r\n")
SUBMITTED = HOP.replace(b"mx.example.org (mx.example.org [192.0.2.1])", b"laptop (home [203.0.113.7])").replace(b"ESMTPS", b"ESMTPSA")
status, SIGNED, err = run("sign", "--key", key, "--domain", "example.org", "--selector", "s1", stdin=LETTER)
assert status == 0, err


def serve(*more, **kw):
    s = Served("score", "--smtp", "127.0.0.1:{}", "--address-domain", "example.net", "--spool", SPOOL, "--zone", ZONE,
               "--ip", "198.51.100.1", "--helo", "mail.example.net", *more, **kw)
    s.smtp = int(s.args[s.args.index("--smtp") + 1].rpartition(":")[2])
    return s


page = serve()


def address():
    got = json.loads(page.ask("/new?format=json", "POST")[2])
    return got["id"], got["address"]


def score(id, seconds=180):
    """The result as JSON, once it is there."""
    until = time.monotonic() + seconds
    while True:
        got = json.loads(page.ask(f"/test?id={id}&format=json")[2])
        if got.get("score") is not None or time.monotonic() > until:
            return got
        time.sleep(0.02)


def rows(got):
    return {r["code"]: r for c in got["categories"] for r in c["findings"]}


def lost(got):
    return {code: r["lost"] for code, r in rows(got).items() if r["lost"]}


def send(to, message, forward=True, sender="aki@example.org"):
    with smtplib.SMTP("127.0.0.1", page.smtp, timeout=600) as s:
        s.ehlo("mail.example.net")
        if forward:
            s.docmd("XFORWARD", "NAME=mx.example.org ADDR=192.0.2.1 PORT=40000")
            s.docmd("XFORWARD", "PROTO=ESMTP HELO=mx.example.org IDENT=1 SOURCE=REMOTE")
        return s.sendmail(sender, [to], message)


def deliver(to, message, *args, **env):
    p = subprocess.run([INKAN, "score", "--deliver", to, "--spool", SPOOL, *args], input=message, stderr=subprocess.PIPE, timeout=600,
                       env={**{k: v for k, v in os.environ.items() if not k.startswith("CLIENT_") and k != "SENDER"}, "LC_ALL": "C.UTF-8", **env})
    return p.returncode, p.stderr


def by_browser():
    """Page by page, as a person does it."""
    status, fields, text = page.ask("/")
    p = Parsed(text)
    t.ok(status == 200 and not p.stack and not p.bad and "/test?id" not in text, "the first page", text)
    t.ok("default-src 'none'" in fields["content-security-policy"] and fields["x-frame-options"] == "DENY"
         and fields["cache-control"] == "no-store", "its guards", fields)
    status, fields, _ = page.ask("/new?lang=en", "POST", "", Sec_Fetch_Site="same-origin")
    to = "/" + fields.get("location", "")
    t.ok(status == 303 and re.fullmatch(r"/test\?id=[a-z2-7]{16}&lang=en", to), "a button leads to an address", (status, fields))
    text = page.ask(to)[2]
    found = re.search(r"score\+[a-z2-7]{16}@example\.net", text).group(0)
    t.ok(f'href="mailto:{found}"' in text and 'content="30"' in text and "sent=1" in text, "the address", text)
    waiting = page.ask(to + "&sent=1")[2]
    t.ok('http-equiv="refresh" content="2"' in waiting and 'role="status"' in waiting, "the page waits by itself", waiting)
    t.eq(send(found.upper(), HOP + SIGNED), {}, "a mail by SMTP, whatever the case of the address")
    got = score(to[9:25])
    t.eq((got["score"], lost(got)), (10.0, {}), "a right letter: ten")
    t.eq((got["ip"], got["helo"], got["mail_from"], got["own"]), ("192.0.2.1", "mx.example.org", "aki@example.org", False),
         "judged by what XFORWARD says")
    t.ok(all(r["status"] in ("ok", "skip", "note") for r in rows(got).values()), "nothing is wrong", got)
    r = rows(got)
    t.ok("v=spf1 ip4:192.0.2.1 -all" in r["auth.spf"]["evidence"] and "s1._domainkey.example.org. TXT \"v=DKIM1" in r["auth.dkim"]["evidence"]
         and "DKIM-Signature:" in r["auth.dkim"]["evidence"] and "mx.example.org. A 192.0.2.1" in r["host.ptr"]["evidence"]
         and "by mail.example.net" in r["host.tls"]["evidence"], "the evidence, as it came", r)
    status, _, text = page.ask(to)
    p = Parsed(text)
    t.ok(status == 200 and not p.stack and not p.bad and "refresh" not in text, "the page of the score", (p.stack, p.bad))
    t.ok(not {"script", "img", "iframe", "style"} & set(p.elements) and not [a for _, a, _ in p.attributes if a.startswith("on") or a == "style"],
         "no script, no style of its own", p.elements)
    t.ok("<script>alert" not in text and EVIL in p.text and p.elements["details"] >= 23, "what came is text", text[:2000])
    t.ok(f'href="test?id={to[9:25]}&amp;lang=en"' in page.ask("/?lang=en")[2], "the first page has it in its list")
    status, fields, text = page.ask("/file?id=" + to[9:25])
    p = Parsed(text)
    t.ok(status == 200 and "attachment" in fields["content-disposition"] and not {"link", "script", "img", "form"} & set(p.elements)
         and all(x.startswith("#") for x in p.links) and "url(" not in text and "<script>alert" not in text, "a file for sharing, of one piece", text[:500])


def by_pipe():
    id, to = address()
    t.eq(deliver(to, SIGNED, CLIENT_ADDRESS="192.0.2.1", CLIENT_HELO="mx.example.org", SENDER="aki@example.org"), (0, b""), "by a pipe of local(8)")
    got = score(id)
    t.eq((got["score"], got["ip"], rows(got)["host.tls"]["status"]), (10.0, "192.0.2.1", "skip"), "the envelope comes from its variables")
    id, to = address()
    t.eq(deliver(to, HOP + SIGNED.replace(b"Hello", b"Hallo"), "--ip", "192.0.2.9", "--helo", "mx.example.org", "--mail-from", "aki@example.org"), (0, b""),
         "by pipe(8)")
    got = score(id)
    t.eq(lost(got), {"auth.dkim": 2.0, "auth.spf": 1.0, "auth.dmarc": 2.0, "host.ptr": 1.0, "host.helo": 0.5}, "and from options")
    t.eq(score(id)["score"], 3.5, "points lost are summed up")
    id, to = address()
    t.eq(deliver(to, b"From MAILER-DAEMON\n" + (HOP + SIGNED).replace(b"\r\n", b"\n"), "--mail-from", "MAILER-DAEMON", "--ip", ""), (0, b""),
         "mbox line, LF, null sender, no client")
    got = score(id)
    t.eq((got["ip"], got["mail_from"], rows(got)["auth.dkim"]["status"]), ("192.0.2.1", "", "ok"), "then the topmost Received says who sent it")
    id, to = address()
    deliver(to, b"Subject: =?UTF-8?B?5Y2w6ZGR?=\nFrom: =?utf-8?Q?=E5=8D=B0?= <a@example.org>\n\nx\n")
    got = score(id)
    t.eq((got["subject"], got["from"]), ("印鑑", "印 <a@example.org>"), "encoded words are shown as readers see them")


def by_own_users():
    """Handed in at this machine: judged as it would leave."""
    for name, message, forward in (("submission", SUBMITTED + SIGNED, False), ("a program", SIGNED, False)):
        id, to = address()
        send(to, message, forward)
        got = score(id)
        t.eq((got["own"], got["ip"], got["helo"]), (True, "198.51.100.1", "mail.example.net"), f"{name}: as others would see it")
        t.eq(rows(got)["host.tls"]["status"], "skip", f"{name}: nothing is known of TLS on its way out")
    id, to = address()
    with smtplib.SMTP("127.0.0.1", page.smtp, timeout=600) as s:
        s.ehlo("x")
        s.docmd("XFORWARD", "ADDR=203.0.113.7 HELO=laptop")
        s.sendmail("aki@example.org", [to], SUBMITTED + SIGNED)
    t.eq(score(id)["ip"], "198.51.100.1", "XFORWARD of a submission: the same")
    within = HOP.replace(b"192.0.2.1", b"192.168.1.5").replace(b"mx.example.org", b"relay.example.net")
    for name, message, want in (("a host of our network", within + SIGNED, (True, "198.51.100.1", "mail.example.net")),
                                ("a relay of our network", within + HOP + SIGNED, (False, "192.0.2.1", "mx.example.org"))):
        id, to = address()
        with smtplib.SMTP("127.0.0.1", page.smtp, timeout=600) as s:
            s.ehlo("x")
            s.docmd("XFORWARD", "ADDR=192.168.1.5 HELO=relay.example.net")
            s.sendmail("aki@example.org", [to], message)
        got = score(id)
        t.eq((got["own"], got["ip"], got["helo"]), want, f"{name}: who sent it to us")


def refused():
    id, to = address()
    with smtplib.SMTP("127.0.0.1", page.smtp, timeout=600) as s:
        s.ehlo("x")
        t.eq(s.mail("a@example.org")[0], 250, "a session")
        t.eq([s.rcpt(x)[0] for x in ("score+aaaaaaaaaaaaaaaa@example.net", "bo@example.net", to.replace("example.net", "example.org"), "postmaster", id)],
             [550] * 5, "only addresses that were given out")
        t.eq((s.rcpt(to)[0], s.rcpt(to)[0]), (250, 452), "one recipient at a time")
        s.rset()
        t.eq(s.mail("a@example.org", ["SIZE=10485761"])[0], 552, "a message that says it is too large")
        t.eq([s.docmd(x)[0] for x in ("RCPT TO:<a@b>", "DATA", "BDAT 1", "STARTTLS", "\0\x7f")], [503, 503, 500, 500, 500], "out of order, unknown")
    t.eq(deliver("score+aaaaaaaaaaaaaaaa@example.net", SIGNED)[0], 67, "a pipe for no such address: no such user")
    t.eq(deliver("../../x", SIGNED)[0], 67, "nor for what is none")
    status, err = deliver(to, SIGNED, to)
    t.ok(status == 75 and b"destination_recipient_limit" in err, "two addresses at once: kept, and the cure is named", err)
    t.eq(deliver(to, b"x" * (10 << 20) + b"\r\n")[0], 65, "a message that is too large")
    t.eq([x for x in os.listdir(SPOOL) if x[0] in "tm"], [], "nothing is left of them")
    for garbage in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00" + b"\r\n" * 100, b"A" * 70000 + b"\r\n" * 30):
        with socket.create_connection(("127.0.0.1", page.smtp), timeout=600) as s:
            got, cut = b"", False
            try:
                s.sendall(garbage)
                while piece := s.recv(65536):
                    got += piece
            except (ConnectionResetError, BrokenPipeError):  # it was closed with octets unread
                cut = True
            t.ok(cut or b"\r\n421 4.7.0" in got, f"garbage ends the session: {garbage[:10]!r}", got[-200:])
    t.eq(json.loads(page.ask(f"/test?id={id}&format=json")[2]), {"score": None, "address": to}, "the address still waits")


def many():
    held, codes = [], []
    for _ in range(16):
        held.append(socket.create_connection(("127.0.0.1", page.smtp), timeout=600))
        codes.append(held[-1].recv(100)[:4])
    with socket.create_connection(("127.0.0.1", page.smtp), timeout=600) as s:
        codes.append(s.recv(100)[:4])
    t.eq(codes, [b"220 "] * 16 + [b"421 "], "sixteen sessions, the next is told to come later")
    id, to = address()
    held[3].sendall(b"EHLO slow\r\nMAIL FROM:<a@b>\r\nRCPT TO:<" + to.encode() + b">\r\nDATA\r\nSubject: ha")
    held[0].sendall(b"QUIT\r\n")
    until = time.monotonic() + 180
    while time.monotonic() < until:
        try:
            send(to, HOP + SIGNED)
            break
        except smtplib.SMTPConnectError:
            time.sleep(0.02)
    t.eq(score(id)["score"], 10.0, "one that stops in the middle of its text holds up nobody")
    for s in held:
        s.close()
    until = time.monotonic() + 180
    while [x for x in os.listdir(SPOOL) if x[0] == "t"] and time.monotonic() < until:
        time.sleep(0.02)
    t.eq([x for x in os.listdir(SPOOL) if x[0] == "t"], [], "half a message leaves nothing")


def full():
    id, to = address()
    for i in range(16):
        write(f"spool/t.{'a' * 15}{chr(97 + i)}.{'b' * 16}", "", 0o600)
    t.eq(deliver(to, SIGNED)[0], 75, "full: the pipe says later")
    try:
        send(to, HOP + SIGNED)
        t.ok(False, "full: SMTP says later")
    except smtplib.SMTPDataError as e:
        t.eq(e.smtp_code, 452, "full: SMTP says later")
    for i in range(16):
        os.unlink(path(f"spool/t.{'a' * 15}{chr(97 + i)}.{'b' * 16}"))
    t.eq((deliver(to, HOP + SIGNED, SENDER="aki@example.org")[0], score(id)["score"]), (0, 10.0), "and then it is taken")
    t.eq(deliver(to, SIGNED, "--spool", path("nothing"))[0], 75, "no spool: later")
    os.chmod(SPOOL, 0o755)
    t.eq(deliver(to, SIGNED)[0], 75, "a spool that others can read: later")
    os.chmod(SPOOL, 0o700)
    t.eq({stat.S_IMODE(os.stat(os.path.join(SPOOL, x)).st_mode) for x in os.listdir(SPOOL)}, {0o600}, "files of the owner alone")


def again():
    """What was taken is judged, whenever the server is there."""
    global page
    id, to = address()
    done = re.search(r'href="test\?id=([a-z2-7]{16})', page.ask("/")[2]).group(1)
    t.eq(page.stop(), (0, ""), "it ends by SIGTERM, without a word")
    t.eq(deliver(to, HOP + SIGNED, SENDER="aki@example.org")[0], 0, "a mail while it does not run")
    page = serve()
    t.eq((score(id)["score"], score(done)["score"] is not None), (10.0, True), "the next time it is judged; what was, is still there")


def languages():
    id, to = address()
    send(to, HOP + SIGNED.replace(b"Hello", b"Hallo"))
    score(id)
    for target, fields, want in ((f"/test?id={id}", {"Accept-Language": "ja,en;q=0.5"}, "ja"), (f"/test?id={id}&lang=ja", {}, "ja"),
                                 (f"/test?id={id}&lang=en", {"Accept-Language": "ja"}, "en"), ("/", {"Accept-Language": "ja"}, "ja")):
        text = page.ask(target, **{k.replace("-", "_"): v for k, v in fields.items()})[2]
        t.ok(f'<html lang="{want}">' in text and ("メール" in text) == (want == "ja"), f"{target.partition('=')[0]} in {want}", text[:400])
    t.ok("署名" in rows(json.loads(page.ask(f"/test?id={id}&format=json&lang=ja")[2]))["auth.dkim"]["subject"], "JSON in Japanese")


def guarded():
    t.eq(page.ask("/new", "POST", "", Sec_Fetch_Site="cross-site")[0], 403, "another site cannot ask for addresses")
    t.eq([page.ask(*x)[0] for x in (("/new",), ("/", "POST", ""), ("/test",), ("/test?id=aaaaaaaaaaaaaaaa",), ("/test?id=../../etc/passwd",),
                                    ("/file?id=",), ("/nothing",), ("/", "DELETE"))], [405, 405, 404, 404, 404, 404, 404, 405], "what is not there")
    t.eq([page.ask("/", Host=h)[0] for h in ("localhost", "127.0.0.1:1", "evil.example")], [200, 200, 421], "another name is not answered")
    write("token", "correct-horse-battery\n", 0o600)
    p = Served("score", "--address-domain", "example.net", "--spool", SPOOL, "--offline", "--token-file", path("token"))
    t.eq([p.ask("/")[0], p.ask("/new", "POST", "")[0], p.ask("/test?id=aaaaaaaaaaaaaaaa")[0], p.ask("/score.css")[0],
          p.ask("/", Authorization="Bearer correct-horse-battery")[0]], [401, 401, 401, 200, 200], "with a token only to those who know it")
    t.eq(p.stop()[0], 0, "it ends")
    usual = ("--address-domain", "example.net", "--spool", SPOOL, "--offline")
    for what, args, want in (("for all, without a token", ("--listen", "0.0.0.0:18"), 64), ("SMTP for all", ("--listen", "127.0.0.1:1", "--smtp", "0.0.0.0:17"), 64),
                             ("a prefix that is none", ("--listen", "8025", "--address-prefix", "a b"), 64), ("--listen x", ("--listen", "x:y"), 78),
                             ("--smtp alone", ("--smtp", "8026"), 64), ("both", ("--listen", "8025", "--deliver", "x"), 64),
                             ("no folder", ("--listen", "8025", "--spool", "/nonexistent/x"), 73)):
        status, _, err = run("score", *usual, *args)
        t.ok(status == want and err.startswith(b"inkan: "), f"{what}: {want}", (status, err))


for part in (by_browser, by_pipe, by_own_users, refused, many, full, again, languages, guarded):
    part()
t.eq(page.stop(), (0, ""), "the server ends, without a word")
t.done()
