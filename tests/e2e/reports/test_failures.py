"""Failure reports (RFC 9991): what inkand keeps of messages that fail, and when;
what is sent of it, to whom and how often; and what an import reads back."""
import email
import json
import os
import sqlite3
import sys
import time

sys.path += ["tests/e2e/judging", "tests/e2e/cli"]
import daemon  # noqa: E402
import tap  # noqa: E402
import tinydns  # noqa: E402
from tool import as_json, path, run, write  # noqa: E402

t = tap.Tap()
left = 86400 - time.time() % 86400
if left < 120:  # messages that are alike are counted by day
    time.sleep(left + 1)
BOX = path("box")
os.mkdir(BOX)
SENDMAIL = write("sendmail", f"""#!/bin/sh
set -eu
n=$(mktemp {BOX}/XXXXXXXX)
cat >"$n"
echo "$*" >"$n.argv"
mv "$n" "$n.eml"
""", 0o755)
RUF = "v=DMARC1; p=none; ruf="
dns = tinydns.Server({
    "example.org": [("TXT", "v=spf1 ip4:192.0.2.0/24 -all"), ("A", "192.0.2.1")],
    "_dmarc.example.org": [("TXT", RUF + "mailto:f@example.org,mailto:f@collector.example,mailto:f@nobody.example")],
    "example.org._report._dmarc.collector.example": [("TXT", "v=DMARC1")],
    "_dmarc.psd.example": [("TXT", "v=DMARC1; p=none; psd=y; ruf=mailto:f@psd.example")],
    "psd.example": [("A", "192.0.2.1")],
    "_dmarc.any.example": [("TXT", RUF + "mailto:f@any.example; fo=1")],
    "any.example": [("TXT", "v=spf1 ip4:203.0.113.9 -all")],
    "_dmarc.quiet.example": [("TXT", "v=DMARC1; p=none; rua=mailto:a@quiet.example")],
    "quiet.example": [("A", "192.0.2.1")],
})
RESOLVER = ("--nameserver", f"127.0.0.1:{dns.port}")


def letter(author, more=""):
    return (f"Received: from a by b for <person@example.com>; Tue, 24 Nov 2026 11:59:00 +0000\nFrom: A Name <{author}>\n"
            f"To: Somebody <person@example.com>, b@example.net\nSubject: a secret\nDate: Tue, 24 Nov 2026 12:00:00 +0000\n"
            f"Message-ID: <1@example.org>\n{more}\nhello\n")


def send_all(d):
    for sender in ("x@bad.example", "x@bad.example", "y@worse.example"):
        d.mail(letter("a@example.org"), sender=sender, rcpt="person@example.com")
    d.mail(letter("a@example.org"), ip="192.0.2.7", sender="a@example.org")  # passes
    d.mail(letter("a@psd.example"))
    d.mail(letter("a@quiet.example"))
    d.mail(letter("a@any.example"), sender="v+person=example.com@any.example")  # SPF aligns, no signature
    d.mail(letter("a@example.org", "Auto-Submitted: auto-replied\n"))
    d.mail(letter("a@example.org", 'Content-Type: multipart/report; boundary="x"\n'))


def send(store, *more):
    return as_json("reports", "send", "--failures", "--from", "r@example.net", "--sendmail", SENDMAIL, "--store", store, *RESOLVER, *more)


def box():
    """What sendmail was given, in the order of its recipients."""
    out = []
    for name in os.listdir(BOX):
        if name.endswith(".eml"):
            with open(os.path.join(BOX, name), encoding="ascii") as f, open(os.path.join(BOX, name[:-4] + ".argv"), encoding="ascii") as g:
                out.append((g.read().split()[-1], f.read()))
    return sorted(out)


def empty():
    for name in os.listdir(BOX):
        os.unlink(os.path.join(BOX, name))


def sqlite(name):
    def ask(sql):
        db = sqlite3.connect(path(name), timeout=600)
        try:
            with db:
                return [list(r) for r in db.execute(sql)]
        finally:
            db.close()
    return ask


# ---- off by default

d = daemon.Daemon(dns, "off", f"Verify spf,dkim,dmarc\nStore {path('off.db')}")
d.mail(letter("a@example.org"))
d.stop()
off = sqlite("off.db")
t.eq([off("SELECT count(*) FROM verdict"), off("SELECT count(*) FROM incident")], [[[1]], [[0]]], "without FailureReports nothing is kept")
t.eq(send("sqlite:" + path("off.db"))[1]["mails"], 0, "and nothing sent")

# ---- what is kept

URL, ask = "sqlite:" + path("lite.db"), sqlite("lite.db")
d = daemon.Daemon(dns, "lite", f"Verify spf,dkim,dmarc\nAuthservID mx.example.com\nFailureReports yes\nStore {path('lite.db')}")
send_all(d)
d.stop()
t.eq(ask("SELECT domain, source_ip, envelope_from, alignment, incidents FROM incident ORDER BY domain, envelope_from"),
     [["any.example", "203.0.113.9", "any.example", "dkim", 1], ["example.org", "203.0.113.9", "bad.example", "dkim, spf", 2],
      ["example.org", "203.0.113.9", "worse.example", "dkim, spf", 1]],
     "those that fo= asks for, alike ones together; never of psd=y, of reports, of programs")
seen = json.dumps(ask("SELECT feedback, header FROM incident"))
t.ok(not any(x in seen for x in ("person@", "secret", "Somebody", "A Name", "Received", "x@bad")), "nothing of recipients or content",
     seen)

# ---- what is sent

status, got = send(URL, "--dry-run")
t.eq((status, got["mails"], box()), (0, 5, []), "--dry-run")
status, got = send(URL)
t.eq((status, got["mails"], got["later"], got["given_up"]), (0, 5, 0, 0), "sent")
t.eq([m["address"] for m in got["mail"] if m["result"] == "refused"], ["f@nobody.example"] * 2,
     "an address elsewhere that did not agree is refused")
mails = box()
t.eq([to for to, _ in mails], ["f@any.example"] + ["f@collector.example"] * 2 + ["f@example.org"] * 2, "to all that agreed")
two = next(m for to, m in mails if to == "f@example.org" and "Incidents: 2" in m)
mail = email.message_from_string(two)
parts = mail.get_payload()
t.eq((mail.get_content_type(), mail.get_param("report-type"), mail["From"], mail["Auto-Submitted"], [p.get_content_type() for p in parts]),
     ("multipart/report", "feedback-report", "r@example.net", "auto-generated",
      ["text/plain", "message/feedback-report", "text/rfc822-headers"]), "the form of RFC 5965")
fields = email.message_from_string(two.split("message/feedback-report\n\n")[1].split("\n--")[0])
want = {"Feedback-Type": "auth-failure", "Version": "1", "Auth-Failure": "dmarc", "Identity-Alignment": "dkim, spf",
        "Source-IP": "203.0.113.9", "Reported-Domain": "example.org", "Delivery-Result": "delivered", "Incidents": "2"}
t.eq({k: fields[k] for k in want}, want, "the fields of RFC 9991")
t.ok("mx.example.com" in fields["Authentication-Results"] and fields["Original-Mail-From"].endswith("@bad.example>") and
     fields["Original-Rcpt-To"].endswith("@example.com>") and fields["Arrival-Date"], "results, envelope, date", two)
t.ok("From: a@example.org" in two and "Message-ID: <1@example.org>" in two and "person" not in two, "the header, redacted", two)
t.ok('<v+person' in mails[0][1], "the owner's own address is shown")

for i, (_, m) in enumerate(mails):
    write(f"{i}.eml", m)
read = as_json("reports", "import", *[path(f"{i}.eml") for i in range(5)], "--store", f"sqlite:{path('read.db')}")
t.eq((read[0], sqlite("read.db")("SELECT source_ip, auth_failure, identity_alignment, delivery_result, header_from, incidents FROM"
                                         " failure WHERE identity_alignment <> 'dkim' ORDER BY incidents")),
     (0, [["203.0.113.9", "dmarc", "dkim, spf", "delivered", "a@example.org", n] for n in (1, 1, 2, 2)]), "an import reads the same")

t.eq(send(URL)[1]["mails"], 0, "told once")
ask("UPDATE incident SET incidents = incidents + 4, day = day - 1 WHERE envelope_from = 'worse.example'")
empty()
t.eq((send(URL, "--rate", "1")[1]["mails"], [m.count("Incidents: 4\n") for _, m in box()]), (1, [1]),
     "what came behind, when its day is over; not more than --rate")
t.eq(send(URL)[1]["mails"], 0, "and no more about that day")
run("reports", "send", "--failures", "--from", "r@example.net", "--store", URL, *RESOLVER, "--time", str(int(time.time()) + 9 * 86400))
t.eq(ask("SELECT count(*) FROM incident"), [[0]], "nothing is kept for long")
empty()
dns.close()
t.done()
