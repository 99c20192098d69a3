# timeout: 180
"""A week of mail between two real Postfix ends in reports: inkand at example.net
records what it judges, inkan reports send makes reports of it, they arrive signed at
example.org, are imported there, and say what happened.

The week is pressed into seconds: after each day's mail the rows that inkand wrote are
given that day's date."""
import json
import os
import re
import time

import mails
import tap
from lab import Lab, until
from mailhost import Pair, authres, fields

t = tap.Tap()
BUILD = os.path.abspath(os.environ.get("INKAN_BUILD", "build"))
INKAN = os.path.join(BUILD, "inkan")
A, B = "tester@example.org", "tester@example.net"
DAY = 86400
STORE = "/run/inkan/inkan.db"
JUDGE = f"""
Verify spf,dkim,dmarc
RejectFailures yes
Store sqlite:{STORE}
"""
# of each day: signed mail, mail of the same host past the filter, mail of a stranger
WEEK = ((2, 1, 0), (1, 0, 2), (3, 1, 1), (1, 1, 1), (0, 0, 1), (2, 0, 0), (1, 2, 1))


# run on the host: its files are seen there only
SHIFT = """
import sqlite3, sys
path, day, rows = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
db = sqlite3.connect("file:" + path + "?mode=rw", uri=True, timeout=600, isolation_level=None)
new = "domain = 'example.org' AND day NOT BETWEEN %s AND %s" % tuple(sys.argv[4:6])
n = db.execute("SELECT count(*) FROM verdict WHERE " + new).fetchone()[0]
print(n)
if n >= rows:
    db.execute("BEGIN IMMEDIATE")
    db.execute("INSERT OR IGNORE INTO verdict_policy SELECT domain, ?, policy, p, sp, np, adkim, aspf, testing, fo,"
               " discovery, rua FROM verdict_policy WHERE domain = 'example.org'", (day,))
    db.execute("UPDATE verdict SET day = ?, time = ? * 86400 + time % 86400 WHERE " + new, (day, day))
    db.execute("COMMIT")
"""


class Calendar:
    """Gives what was recorded since the last call a day of the week."""

    def __init__(self, host):
        self.host = host
        self.first = int(time.time()) // DAY - 10

    def shift(self, day, rows):
        """How many are new; None: inkand has not made the store yet."""
        code, out = self.host.run(["python3", "-c", SHIFT, STORE, str(day), str(rows), str(self.first), str(self.first + 6)],
                                  check=False)
        return None if code else int(out)

    def ends(self, number, rows):
        def all_there():
            n = self.shift(self.first + number, rows)
            return n if n and n >= rows else None
        t.eq(until(f"{rows} verdicts of day {number}", all_there), rows, f"day {number}: every message is recorded, also refused ones")

    def date(self, number):
        return time.strftime("%Y-%m-%d", time.gmtime((self.first + number) * DAY))


def one_day(pair, number, signed, direct, forged):
    marks = []
    for _ in range(signed):
        mark, message = mails.mail(A, B)
        with pair.sender.smtp(587, pair.dns.host) as s:
            t.eq(s.send_raw(A, [B], message)[0], 250, f"day {number}: submitted")
        marks.append(mark)
    for _ in range(direct):
        mark, message = mails.mail(A, B)
        with pair.receiver.smtp(25, pair.sender.host) as s:
            t.eq(s.send_raw(A, [B], message)[0], 250, f"day {number}: past the filter, from an address that SPF lists")
        marks.append(mark)
    for _ in range(forged):
        _, message = mails.mail(A, B)
        with pair.receiver.smtp(25, pair.dns.host) as s:
            t.eq(s.send_raw("x@stranger.test", [B], message)[0], 550, f"day {number}: a stranger's is refused")
    for mark in marks:
        pair.receiver.await_mail(mark)


def reports(pair):
    return [m for m in pair.sender.inbox() if any("Report Domain" in s for s in fields(m, "Subject"))]


def inkan(host, *args):
    code, out = host.run([INKAN, "reports", *args], check=False)
    t.eq(code, 0, f"inkan reports {args[0]}")
    if code:
        t.note(out)
    return out


def as_json(out):
    return json.loads(out[min(i for i in (out.find("{\n"), out.find("[\n"), out.find("[]")) if i >= 0):])


def main():
    with Lab() as lab:
        pair = Pair(lab, False)
        for m in (pair.sender, pair.receiver):
            m.host.sh("mkdir -m 750 /run/inkan; chown opendkim: /run/inkan")
            m.configure(JUDGE)
            m.start_filter()
        calendar = Calendar(pair.receiver.host)
        for number, kinds in enumerate(WEEK):
            one_day(pair, number, *kinds)
            calendar.ends(number, sum(kinds))
        for number in range(7):
            out = inkan(pair.receiver.host, "send", "--from", B, "--store", f"sqlite:{STORE}", "--date", calendar.date(number))
            t.ok("would not sign" not in out and f"{sum(WEEK[number])} messages" in out, f"day {number}: a report leaves", out)
        until("seven reports", lambda: len(reports(pair)) >= 7)
        came = reports(pair)
        t.eq(len(came), 7, "a report for each day arrives")
        t.ok(all(re.search(r"dkim=pass[^;]*header\.d=example\.net", authres(m, "example.org")) and
                 "dmarc=pass" in authres(m, "example.org") for m in came), "signed and aligned: DMARC passes where they arrive",
             authres(came[0], "example.org"))
        again = inkan(pair.receiver.host, "send", "--from", B, "--store", f"sqlite:{STORE}", "--date", calendar.date(3))
        t.ok("No reports are owed" in again, "a day is reported once", again)

        store = "sqlite:/run/inkan/reports.db"
        got = as_json(inkan(pair.sender.host, "import", f"{pair.sender.home}/Maildir", "--store", store, "--json"))
        t.eq((got["reports"], got["duplicates"], got["mended"], got["failed"]), (7, 0, 0, []), "inkan reports import reads them")
        signed, direct, forged = (sum(x) for x in zip(*WEEK))
        t.eq(as_json(inkan(pair.sender.host, "summary", "--domain", "example.org", "--store", store, "--json")),
             {"domain": "example.org", "messages": signed + direct + forged, "pass": signed + direct, "fail": forged,
              "dkim_aligned": signed, "spf_aligned": signed + direct,
              "disposition": {"none": signed + direct, "quarantine": 0, "reject": forged}}, "they say what happened")
        listed = as_json(inkan(pair.sender.host, "list", "--domain", "example.org", "--store", store, "--json"))
        t.eq(sorted((x["begin"][:10], x["messages"]) for x in listed),
             [(calendar.date(i), sum(kinds)) for i, kinds in enumerate(WEEK)], "day by day")
        sources = as_json(inkan(pair.sender.host, "sources", "--domain", "example.org", "--store", store, "--json"))
        t.eq({x["source_ip"]: (x["messages"], x["pass"]) for x in sources},
             {"192.0.2.1": (signed + direct, signed + direct), "192.0.2.53": (forged, 0)}, "source by source")


main()
t.done()
