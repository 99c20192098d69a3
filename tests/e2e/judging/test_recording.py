"""inkand writes what DMARC says into the store: what the rows hold, in SQLite and
in PostgreSQL; where the store may be; a new configuration; the end."""
import json
import os
import signal
import sqlite3
import subprocess
import time

import daemon
import pgserver
import tap
import tinydns

TMP, INKAND = os.environ["TMPDIR"], os.path.join(os.environ["INKAN_BUILD"], "inkand")
t = tap.Tap()
dns = tinydns.Server({
    "example.org": [("TXT", "v=spf1 ip4:192.0.2.0/24 -all"), ("A", "192.0.2.1")],
    "_dmarc.example.org": [("TXT", "v=DMARC1; p=reject; sp=quarantine; fo=1:d; rua=mailto:a@example.org!10m,mailto:b@example.net")],
    "news.example.org": [("A", "192.0.2.3")],
    "_dmarc.test.example": [("TXT", "v=DMARC1; p=reject; t=y; aspf=s; rua=mailto:r@test.example")],
    "_dmarc.none.example": [("TXT", "v=DMARC1; p=none")],
    "bare.example": [("A", "192.0.2.9")],
    "_dmarc.lost.example": "servfail",
    "lost.example": [("A", "192.0.2.9")],
})
MAILS = [  # author, client, envelope sender, recipient
    ("a@example.org", "192.0.2.1", "a@example.org", "b@example.com"),
    ("A@Example.ORG", "2001:db8::1", "", "b@example.com"),
    ("a@news.example.org", "203.0.113.9", "x@[192.0.2.1]", "b@example.com"),
    ("a@test.example", "203.0.113.9", "a@other.example", "b@example.com"),
    ("a@none.example", "203.0.113.9", "a@none.example", "b@example.com"),
    ("a@bare.example", "203.0.113.9", "a@bare.example", "b@example.com"),
    ("a@lost.example", "203.0.113.9", "a@lost.example", "b@example.com"),  # tempfailed: comes again
    ("a@example.org>, <a@example.net", "203.0.113.9", "a@example.org", "b@example.com"),  # whose report?
]
SETTINGS = "Verify spf,dkim,dmarc\nAuthservID mx.example.com\nRejectFailures yes\nHoldQuarantinedMessages yes\nOn-DNSError tempfail\n"
COLUMNS = ("domain, policy, source_ip, header_from, envelope_from, envelope_to, result, disposition, dkim, spf, reasons, auth, action,"
           " p, sp, np, adkim, aspf, testing, fo, discovery, rua")
QUESTION = f"SELECT {COLUMNS} FROM verdict JOIN verdict_policy USING (domain, day, policy) ORDER BY writer, n"


def path(name):
    return os.path.join(TMP, name)


def until(what, check, seconds=180):
    end = time.monotonic() + seconds
    while not check():
        if time.monotonic() > end:
            t.ok(False, what, "not within a minute")
            return False
        time.sleep(0.05)
    return True


def rows(name, question=QUESTION):
    db = sqlite3.connect(path(name), timeout=600)
    try:
        return [list(r) for r in db.execute(question)]
    except sqlite3.OperationalError:  # not made yet
        return []
    finally:
        db.close()


def letter(author):
    return f"From: <{author}>\nSubject: x\nDate: Tue, 24 Nov 2026 12:00:00 +0000\n\nhello\n"


def send_all(d):
    return [d.mail(letter(author), ip=ip, helo="mail.example", sender=sender, rcpt=to)["verdict"]
            for author, ip, sender, to in MAILS]


def log_of(name):
    with open(path(name + ".log"), encoding="utf-8") as f:
        return f.read()


def named(row):
    row = dict(zip(COLUMNS.replace("\n", "").replace(" ", "").split(","), row))
    row["reasons"] = row["reasons"] and json.loads(row["reasons"])
    row["auth"] = json.loads(row["auth"])
    return row


# ---- what the rows hold

d = daemon.Daemon(dns, "lite", f"{SETTINGS}Store {path('lite.db')}\nStoreDays 0")
t.eq(send_all(d), ["accept", "reply", "accept", "accept", "accept", "accept", "reply", "reply"], "what happens to the messages")
d.stop()  # what waits is written
got = [named(r) for r in rows("lite.db")]
t.eq([(g["domain"], g["header_from"], g["result"], g["disposition"], g["action"]) for g in got], [
    ("example.org", "example.org", "pass", "pass", "accept"),
    ("example.org", "example.org", "fail", "reject", "reject"),
    ("example.org", "news.example.org", "fail", "quarantine", "quarantine"),
    ("test.example", "test.example", "fail", "quarantine", "quarantine"),
    ("none.example", "none.example", "fail", "none", "accept"),
    ("bare.example", "bare.example", "none", "none", "accept")], "a row for each message that DMARC judged, and was not put off")
first, second = (got + [{}, {}])[:2]
t.eq({k: first.get(k) for k in ("p", "sp", "np", "adkim", "aspf", "testing", "fo", "discovery", "rua")},
     {"p": "reject", "sp": "quarantine", "np": "", "adkim": "r", "aspf": "r", "testing": "n", "fo": "1:d", "discovery": "treewalk",
      "rua": "mailto:a@example.org,mailto:b@example.net"}, "the policy as it was published")
t.eq((first.get("source_ip"), first.get("envelope_from"), first.get("envelope_to"), first.get("dkim"), first.get("spf"), first.get("reasons")),
     ("192.0.2.1", "example.org", "example.com", 0, 1, None), "who, and what aligned")
t.eq(first.get("auth"), [{"method": "spf", "domain": "example.org", "scope": "mfrom", "result": "pass"}], "the results")
t.eq((second.get("source_ip"), second.get("envelope_from")), ("2001:db8::1", ""), "the null reverse-path")
t.eq(got[2]["envelope_from"] if len(got) > 2 else "", None, "an address literal is no domain")
t.eq([g["reasons"] for g in got[3:5]], [[{"type": "policy_test_mode"}], None], "why not what the policy says")
t.eq([(g["p"], g["rua"]) for g in got[5:]], [("", "")], "no policy: none is stored")
t.eq(sorted(rows("lite.db", "SELECT domain, messages FROM verdict_day WHERE disposition <> 'none'")),
     [["example.org", 1], ["example.org", 1], ["example.org", 1], ["test.example", 1]], "the sums")
t.ok("recorded=6 not_recorded=0" in log_of("lite"), "the counters", log_of("lite")[-300:])


def summary(store):
    p = subprocess.run([os.path.join(os.environ["INKAN_BUILD"], "inkan"), "reports", "summary", "--own", "--json", "--domain", "example.org",
                        "--store", store], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False)
    got = json.loads(p.stdout)
    return [got["messages"], got["pass"], got["disposition"]]


OWN = [3, 1, {"none": 1, "quarantine": 1, "reject": 1}]
t.eq(summary("sqlite:" + path("lite.db")), OWN, "inkan reports summary --own")
mode = os.stat(path("lite.db")).st_mode & 0o777
t.ok(mode & 0o007 == 0, "nobody else can read it", oct(mode))

d = daemon.Daemon(dns, "soft", f"Verify dmarc\nStore sqlite:{path('soft.db')}")
d.mail(letter("a@example.org"))
t.ok(until("a row is written within a moment", lambda: len(rows("soft.db")) == 1), "a row is written while inkand goes on")
got = [named(r) for r in rows("soft.db")]
t.eq([(g["disposition"], g["reasons"]) for g in got], [("none", [{"type": "local_policy", "comment": "the policy is not enforced here"}])],
     "RejectFailures no is said")

# ---- a new configuration

conf = path("soft.0.conf")
with open(conf, encoding="ascii") as f:
    text = f.read()


def reload(new, mark):
    with open(conf, "w", encoding="ascii") as g:
        g.write(new)
    n = log_of("soft").count(mark)
    d.p.send_signal(signal.SIGHUP)
    return until(mark, lambda: log_of("soft").count(mark) > n)


reload(text.replace("soft.db", "soft2.db"), "configuration reloaded")
d.mail(letter("a@example.org"))
t.ok(until("the other store", lambda: len(rows("soft2.db")) == 1), "reload: the new store gets what comes now")
t.eq(len(rows("soft.db")), 1, "and the old one no more")
os.mkdir(path("elsewhere"))
reload(text.replace("soft.db", "elsewhere/soft.db"), "needs a restart (Sandbox)")
t.ok(True, "another folder needs a restart, because the sandbox is closed")
d.mail(letter("a@example.org"))
t.ok(until("the last store goes on", lambda: len(rows("soft2.db")) == 2), "and the last one goes on")
reload(text.replace("Store ", "#"), "configuration reloaded")
d.mail(letter("a@example.org"))
d.stop()
t.eq([len(rows("soft2.db")), os.listdir(path("elsewhere"))], [2, []], "without Store nothing is recorded")

# ---- where the store may be

def check(store, *more):
    with open(path("check.conf"), "w", encoding="ascii") as g:
        g.write(f"Socket local:{path('check.sock')}\nVerify dmarc\nStore {store}\n" + "".join(f"{m}\n" for m in more))
    p = subprocess.run([INKAND, "-n", "-x", path("check.conf")], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       text=True)
    return p.returncode, p.stdout


status, out = check(path("none/x.db"))
t.ok(status == 78 and f"no folder {path('none')}" in out and "install -d" in out, "inkand -n: a folder that is not there, and the cure", out)
status, out = check("inkan.db")
t.ok(status == 64 and "is none" in out, "inkand -n: no store at all", out)
status, out = check("sqlite:inkan.db")
t.ok(status == 78 and "no path from / on" in out, "inkand -n: a relative path", out)
status, out = check(path("lite.db"), "StoreQueue 0")
t.ok(status == 78 and "StoreQueue" in out, "inkand -n: a queue without room", out)
status, out = check(path("lite.db"), "Verify spf")
t.ok(status == 0 and "add dmarc to Verify" in out, "inkand -n: nothing would be recorded", out)
if os.getuid() == 0:
    os.mkdir(path("closed"), 0o755)
    status, out = check(path("closed/x.db"), "UserID nobody")
    t.ok(status == 78 and f"may not write in {path('closed')}" in out and f"chown nobody {path('closed')}" in out,
         "inkand -n: a folder that UserID may not write", out)
    d = daemon.Daemon(dns, "closed", f"Verify dmarc\nUserID nobody\nUMask 0\nStore {path('closed/x.db')}")
    t.ok(until("said at the start", lambda: "chown nobody" in log_of("closed") or "chown inkan" in log_of("closed")),
         "the same at the start, and mail goes on")
    t.eq(d.mail(letter("a@example.org"))["verdict"], "accept", "mail goes on")
    os.chown(path("closed"), 65534, 65534)
    t.ok(until("the cure", lambda: os.path.exists(path("closed/x.db")) and len(rows("closed/x.db")) == 1),
         "after the cure the row is there, without a restart")
    d.stop()
else:
    t.skip("UserID", "needs root")

# ---- PostgreSQL

try:
    with pgserver.Server() as pg:
        d = daemon.Daemon(dns, "pg", f"{SETTINGS}Store {pg.url}")
        send_all(d)
        d.stop()
        lines = pg.sql(f"SELECT json_build_array({COLUMNS}) FROM verdict JOIN verdict_policy USING (domain, day, policy) ORDER BY writer, n")
        t.eq([json.loads(line) for line in lines.splitlines()], rows("lite.db"), "PostgreSQL holds the same rows")
        t.eq(pg.sql("SELECT sum(messages) FROM verdict_day"), "6", "and sums")
        t.eq(summary(pg.url), OWN, "inkan reports summary --own")
        old = int(time.time()) // 86400 - 5
        pg.sql(f"CREATE TABLE verdict_{old} PARTITION OF verdict FOR VALUES FROM ({old}) TO ({old + 1});"
               f"INSERT INTO verdict SELECT domain, {old}, 1, n, time, node, policy, source_ip, header_from, envelope_from, envelope_to,"
               " result, disposition, dkim, spf, reasons, auth, action FROM verdict;"
               f"INSERT INTO verdict_day SELECT domain, {old}, dkim, spf, disposition, messages FROM verdict_day")
        d = daemon.Daemon(dns, "pg2", f"{SETTINGS}Store {pg.url}\nStoreDays 3")
        t.ok(until("old days", lambda: pg.sql(f"SELECT count(*) FROM pg_tables WHERE tablename = 'verdict_{old}'") == "0"),
             "a day older than StoreDays is gone")
        d.stop()
        t.eq(pg.sql("SELECT count(*), (SELECT sum(messages) FROM verdict_day) FROM verdict"), "6|6", "the others are not")
except pgserver.Missing as e:
    t.skip("PostgreSQL", str(e))
dns.close()
t.done()
