"""inkan reports: a generated corpus in every shape it may come in; totals, doubles,
what cannot be read, and what is told afterwards."""
import base64
import csv
import gzip
import json
import mailbox
import os
import pty
import re
import sqlite3
import subprocess
import sys

sys.path.append("tests/e2e/cli")
import reportgen  # noqa: E402
import tap  # noqa: E402
from tool import INKAN, as_json, controls, path, run, write  # noqa: E402

t = tap.Tap()
STORE = "sqlite:" + path("store.db")


def reports(*args, store=STORE, **more):
    return as_json("reports", *args, "--store", store, **more)


def counts(result):
    return result[0], {k: result[1].get(k) for k in ("reports", "records", "duplicates", "failed")}


# ---- a corpus in all shapes ----
corpus = list(reportgen.corpus(7, 120, 30, ("example.org", "example.net")))
totals = {d: reportgen.Totals() for d in ("example.org", "example.net")}
for r in corpus:
    totals[r.domain].add(r)
files = path("files")
os.mkdir(files)
os.mkdir(os.path.join(files, "sub"))
shapes = [corpus[i::6] for i in range(6)]
for r in shapes[0]:
    with open(os.path.join(files, r.name + ".xml"), "wb") as f:
        f.write(r.xml())
for r in shapes[1]:
    with open(os.path.join(files, "sub", r.name + ".xml.gz"), "wb") as f:
        f.write(r.gzipped())
with open(os.path.join(files, "several.zip"), "wb") as f:
    f.write(shapes[2][0].zipped(*shapes[2][1:]))
maildir = mailbox.Maildir(path("Maildir"))
folder = maildir.add_folder("Reports")
for i, r in enumerate(shapes[3]):
    (folder if i % 2 else maildir).add(r.mail())
maildir.add(b"From: a@example.com\nSubject: hello\n\nno report\n")
maildir.add(b"From: a@example.com\nSubject: a picture\nContent-Type: image/svg+xml\n\n<svg></svg>\n")
mbox = mailbox.mbox(path("mbox"))
for r in shapes[4]:
    mbox.add(r.mail(r.zipped(), r.name + ".zip", "application/zip"))
mbox.add(b"From: a@example.com\nSubject: hello\n\nno report\n\nFrom here on it is text.\n")
mbox.flush()
t.eq(counts(reports("import", files, path("Maildir"), path("mbox"))),
     (0, {"reports": 100, "records": sum(len(r.rows) for s in shapes[:5] for r in s), "duplicates": 0, "failed": []}),
     "files, folders, gzip, zip, Maildir, mbox")
mails = b"\n".join(b"From x\n" + r.mail(r.xml(), "report.xml", "text/xml") for r in shapes[5][:-1])
t.eq(reports("import", "-", stdin=mails)[1].get("reports"), len(shapes[5]) - 1, "mails on standard input")
t.eq(counts(reports("import", "-", stdin=shapes[5][-1].gzipped())),
     (0, {"reports": 1, "records": len(shapes[5][-1].rows), "duplicates": 0, "failed": []}), "standard input")
for domain, want in totals.items():
    t.eq(reports("summary", "--domain", domain), (0, want.summary(domain)), f"totals of {domain} are the generator's")
t.eq(reports("summary")[1].get("messages"), sum(x.messages for x in totals.values()), "totals of all domains")
again = reports("import", files, path("Maildir"), path("mbox"))
t.eq(counts(again), (0, {"reports": 0, "records": 0, "duplicates": 100, "failed": []}), "all of it again: nothing counts twice")
t.eq(again[1].get("other_mail"), 3, "other mail is left alone")
t.eq(reports("summary", "--domain", "example.org")[1], totals["example.org"].summary("example.org"), "the totals are the same")

# ---- who sends ----
sources = reports("sources", "--domain", "example.org")[1]
t.eq({s["source_ip"]: [s["messages"], s["pass"]] for s in sources}, totals["example.org"].sources, "sources: counts of each address")
t.ok(all(s["kind"] in ("own", "service", "forwarder", "unknown") for s in sources), "sources: kinds")
failing = [s["messages"] - s["pass"] for s in sources]
t.eq(failing, sorted(failing, reverse=True), "sources: those that fail most first")
t.eq(len(reports("sources", "--domain", "example.org", "--failing")[1]), sum(f > 0 for f in failing), "sources --failing")
day = [r for r in corpus if r.begin == reportgen.START and r.domain == "example.org"]
DATE = "2026-09-22"
t.eq(reports("summary", "--domain", "example.org", "--since", DATE, "--until", DATE)[1].get("messages"),
     sum(row[1] for r in day for row in r.rows), "--since, --until: one day")
listed = reports("list")[1]
t.eq((len(listed), sum(x["messages"] for x in listed)), (120, sum(x.messages for x in totals.values())), "list: all reports")
t.eq({(x["org"], x["report_id"], x["domain"]) for x in listed}, {(r.org, str(r.number), r.domain) for r in corpus}, "list: their names")
advice = reports("advise", "--domain", "example.org")[1]
want = totals["example.org"]
t.eq((advice.get("messages"), sum(advice["lost_at"]["reject"][k] for k in ("own", "service", "forwarder", "unknown"))),
     (want.messages, want.messages - want.passed), "advise: what is lost is what fails")
status, out, _ = run("reports", "export", path("out"), "--store", STORE)
with open(path("out/records.csv"), encoding="utf-8", newline="") as f:
    rows = list(csv.DictReader(f))
with open(path("out/records.json"), encoding="utf-8") as f:
    as_list = json.load(f)
t.eq((status, len(rows), sum(int(r["count"]) for r in rows), sum(r["count"] for r in as_list)),
     (0, sum(len(r.rows) for r in corpus), *[sum(x.messages for x in totals.values())] * 2), "export: every row as CSV and JSON")

# ---- one domain, stages of advice ----
def one(days, rows, p="none", name="x"):
    store = "sqlite:" + path(f"{name}.db")
    os.mkdir(path(name))
    for i in range(days):
        begin = reportgen.START + i * 86400
        records = "".join(
            f"<record><row><source_ip>{ip}</source_ip><count>{n}</count><policy_evaluated><disposition>none</disposition>"
            f"<dkim>{dkim}</dkim><spf>{spf}</spf></policy_evaluated></row><identifiers><header_from>example.org</header_from>"
            f"</identifiers><auth_results>{auth}</auth_results></record>" for ip, n, dkim, spf, auth in rows)
        xml = (f"<feedback><report_metadata><org_name>r.example</org_name><report_id>{i}</report_id><date_range><begin>{begin}"
               f"</begin><end>{begin + 86399}</end></date_range></report_metadata><policy_published><domain>example.org</domain>"
               f"<p>{p}</p></policy_published>{records}</feedback>")
        write(f"{name}/{i}.xml", xml)
    reports("import", path(name), store=store)
    return store


DKIM = "<dkim><domain>{}</domain><selector>{}</selector><result>{}</result></dkim>"
own = ("192.0.2.1", 1000, "pass", "pass", DKIM.format("example.org", "s1", "pass"))
kinds = [own, ("192.0.2.2", 50, "pass", "fail", DKIM.format("example.org", "s1", "pass")),
         ("192.0.2.3", 40, "pass", "fail", DKIM.format("example.org", "letters", "pass")),
         ("192.0.2.4", 3, "fail", "fail", DKIM.format("example.org", "s1", "fail")),
         ("192.0.2.5", 7, "fail", "fail", DKIM.format("other.example", "s1", "pass"))]
store = one(20, kinds)
t.eq({s["source_ip"]: (s["kind"], s["name"]) for s in reports("sources", store=store)[1]},
     {"192.0.2.1": ("own", None), "192.0.2.2": ("forwarder", None), "192.0.2.3": ("service", None),
      "192.0.2.4": ("forwarder", None), "192.0.2.5": ("unknown", "other.example")}, "kinds of sources")
got = reports("advise", "--domain", "example.org", store=store)[1]
t.eq((got["advice"], got["reason"], got["lost_at"]["reject"]),
     ("quarantine", None, {"messages": 200, "own": 0, "service": 0, "forwarder": 60, "unknown": 140}), "advise: the next step")
t.eq(reports("advise", "--domain", "example.org", store=one(20, kinds, "quarantine", "q"))[1]["advice"], "reject",
     "advise: and the one behind it")
t.eq(reports("advise", "--domain", "example.org", store=one(3, kinds, "none", "few"))[1]["advice"], "none", "advise: too few days")
got = reports("advise", "--domain", "example.org",
              store=one(20, [own, ("192.0.2.1", 5, "fail", "fail", "")], "quarantine", "own"))[1]
t.eq((got["advice"], got["fix_first"][0]["source_ip"], got["fix_first"][0]["kind"]), ("none", "192.0.2.1", "own"),
     "advise: own mail that fails comes first")

# ---- TLS reports, failure reports ----
TLS = {"organization-name": "r.example", "contact-info": "t@r.example", "report-id": "t1", "date-range": {
    "start-datetime": "2026-11-23T00:00:00Z", "end-datetime": "2026-11-23T23:59:59Z"}, "policies": [{
        "policy": {"policy-type": "sts", "policy-domain": "Example.org", "mx-host": "mx.example.org"},
        "summary": {"total-successful-session-count": "10", "total-failure-session-count": 3},
        "failure-details": [{"result-type": "certificate-expired", "sending-mta-ip": "192.0.2.1", "failed-session-count": 2}]},
        {"policy": {"policy-type": "tlsa", "policy-domain": "example.org"}, "summary": {"total-successful-session-count": 1}},
        {"policy": {"policy-type": "no-policy-found", "policy-domain": "example.net"}, "failure-details": None}]}
tls = json.dumps(TLS).encode()
store = "sqlite:" + path("tls.db")
shaped = {"plain": tls, "with a BOM": b"\xef\xbb\xbf" + tls, "gzip": gzip.compress(tls), "by mail": reportgen.Report.mail(
    corpus[0], gzip.compress(tls), "a!example.org!1!2.json.gz", "application/tlsrpt+gzip"),
    "base64 that is not said": b"Content-Type: application/tlsrpt+json\nSubject: x\n\n" + base64.encodebytes(tls)}
for i, (what, data) in enumerate(shaped.items()):
    got = reports("import", write("tls", data), store=store)
    t.eq(counts(got), (0, {"reports": 0 if i else 2, "records": 0 if i else 5, "duplicates": 2 if i else 0, "failed": []}),
         f"a TLS report: {what}")
run("reports", "export", path("tlsout"), "--store", store)
with open(path("tlsout/tls.json"), encoding="utf-8") as f:
    rows = [(r["domain"], r["policy_type"], r["result"], r["sessions"]) for r in json.load(f)]
t.eq(rows, [("example.net", "no-policy-found", "", 0), ("example.org", "sts", "", 10), ("example.org", "sts", "certificate-expired", 2),
            ("example.org", "sts", "unspecified", 1), ("example.org", "tlsa", "", 1)], "a TLS report: its rows")
for what, data in {"no such report": b'{"a": 1}', "broken": b'{"policies": [', "no days": b'{"policies": [], "date-range": {}}'}.items():
    t.eq(reports("import", write("tls", data), store=store)[0], 65, f"JSON: {what}")
ARF = """From: <dmarc@r.example>
Date: Thu, 24 Nov 2022 10:11:12 +0900
Message-ID: <f1@r.example>
Subject: FW: spam
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b
Content-Type: text/plain

A message failed.
--b
Content-Type: message/feedback-report

Feedback-Type: {type}
Version: 1
User-Agent: x/1
Auth-Failure: dmarc
Identity-Alignment: dkim, spf
Authentication-Results: r.example; dmarc=fail
 header.from=example.org
Source-IP: 192.0.2.9 (unknown)
Delivery-Result: smg-policy-action
Reported-Domain: example.org

--b
Content-Type: text/rfc822-headers

From: Aki <aki@example.org>
Subject: =?UTF-8?B?44GT44KT44Gr44Gh44Gv?=
--b--
"""
got = reports("import", write("arf", ARF.format(type="auth-failure")), store=store)
t.eq(counts(got), (0, {"reports": 1, "records": 1, "duplicates": 0, "failed": []}), "a failure report")
run("reports", "export", path("tlsout"), "--store", store)
with open(path("tlsout/failures.json"), encoding="utf-8") as f:
    row = json.load(f)[0]
t.eq((row["domain"], row["arrived"], row["source_ip"], row["delivery_result"], row["subject"], row["identity_alignment"]),
     ("example.org", "2022-11-24T01:11:12Z", "192.0.2.9", "policy", "こんにちは", "dkim, spf"), "a failure report: its fields")
t.eq(counts(reports("import", write("arf", ARF.format(type="abuse")), store=store))[0], 65, "a spam report is none")

# ---- what cannot be read ----
aside = path("aside")
bad = {"empty": b"", "text": b"hello\n", "dtd.xml": b"<!DOCTYPE f><feedback/>", "cut.xml.gz": corpus[0].gzipped()[:-40],
       "cut.xml": corpus[0].xml()[:-30], "mail": b"Subject: Report Domain: example.org\n\nlost its attachment\n"}
for name, data in bad.items():
    status, got = reports("import", write(name, data), "--set-aside", aside)
    t.ok(status == 65 and got["reports"] == 0 and len(got["failed"]) == 1 and got["failed"][0]["reason"], f"refused: {name}", got)
kept = sorted(f for f in os.listdir(aside) if not f.endswith(".reason"))
t.eq((len(kept), sorted(open(os.path.join(aside, f), "rb").read() for f in kept)), (len(bad), sorted(bad.values())),
     "all of it is set aside as it came")
t.ok(all(os.path.getsize(os.path.join(aside, f + ".reason")) > 10 for f in kept), "with the reason")
status, got = reports("import", "-", stdin=b"<feedback>")
t.ok(status == 65 and len(os.listdir(path("set-aside"))) == 2, "what came by a pipe is kept beside the store", got)
status, got = reports("import", path("nowhere"), write("ok.xml", corpus[0].xml()))
t.eq((status, got["duplicates"], got["failed"][0]["file"]), (66, 1, path("nowhere")), "a file that is not there; the others are read")
os.mkfifo(path("fifo"))
t.eq(reports("import", path("fifo"))[0], 66, "a pipe by name is no file, and nobody waits")
write("files/broken.xml", b"<feedback>")
t.eq(counts(reports("import", files))[0], 0, "a broken file in a folder was not named: 0")

# ---- ids used twice ----
store = "sqlite:" + path("ids.db")
xml = corpus[0].xml()
other = xml.replace(b"<count>", b"<count>1", 1)
later = re.sub(rb"<end>(\d+)</end>", lambda m: b"<end>%d</end>" % (int(m.group(1)) + 5), xml)
for what, data, want in [("the report", xml, (1, 0, 0)), ("the same, zipped", corpus[0].zipped(), (0, 1, 0)),
                         ("other rows", other, (1, 0, 1)), ("other days", later, (1, 0, 1))]:
    got = reports("import", write("r", data), store=store)[1]
    t.eq((got["reports"], got["duplicates"], got["reused_ids"]), want, f"one id: {what}")
t.ok(all(x["reused_id"] for x in reports("list", store=store)[1]), "list marks them")

# ---- strings of strangers ----
EVIL = "=cmd|'/c calc'!A0 \"; DROP TABLE report; -- &lt;script&gt;alert(1)&lt;/script&gt;\u202e\u009b31m"
xml = corpus[0].xml().decode().replace(corpus[0].org, EVIL).replace(f"<report_id>{corpus[0].number}", f"<report_id>{EVIL}")
store = "sqlite:" + path("evil.db")
t.eq(reports("import", write("evil.xml", xml), store=store)[0], 0, "hostile strings are imported")
for verb in ("list", "summary", "sources"):
    status, out, err = run("reports", verb, "--store", store)
    t.ok(status == 0 and not controls(out + err) and b"\xc2\x9b" not in out, f"{verb}: no control of theirs on the terminal", out)
run("reports", "export", path("evil"), "--store", store)
with open(path("evil/reports.csv"), encoding="utf-8", newline="") as f:
    org = list(csv.DictReader(f))[0]["org"]
t.ok(org.startswith("'=cmd"), "CSV: no formula", org)
with open(path("evil/reports.json"), encoding="utf-8") as f:
    t.ok("DROP TABLE" in json.load(f)[0]["org"], "JSON: as it is")

# ---- on a terminal ----
master, slave = pty.openpty()
p = subprocess.Popen([INKAN, "reports", "import", files, "--store", "sqlite:" + path("tty.db")], stdin=subprocess.DEVNULL,
                     stdout=subprocess.DEVNULL, stderr=slave)
os.close(slave)
shown = b""
try:
    while True:
        shown += os.read(master, 65536)
except OSError:
    pass  # the other end is closed
t.ok(p.wait(180) == 0 and b"#" in shown and b"%" in shown and b"broken.xml" in shown, "a bar on a terminal, and the bad file above it", shown)
t.ok(b"[" not in run("reports", "import", files, "--store", "sqlite:" + path("tty.db"))[2], "no bar elsewhere")

# ---- as a command ----
status, out, _ = run("reports", "--store", STORE)
t.ok(status == 0 and b"example.org" in out and b"pass DMARC" in out, "text: the summary", out)
status, out, _ = run("reports", "advise", "--domain", "example.org", "--store", STORE, "--lang", "ja")
t.ok(status == 0 and "公開中" in out.decode(), "text: advice in Japanese", out.decode())
for args in [("import",), ("export",), ("nonsense",), ("advise",), ("list", "x"), ("summary", "--since", "yesterday"),
             ("summary", "--domain", "a b"), ("summary", "--store", "mysql:x")]:
    t.eq(run("reports", *args, *(() if "--store" in args else ("--store", STORE)))[0], 64, f"usage: reports {' '.join(args)}")
t.eq(run("reports", "list", "--store", "sqlite:" + path("none.db"))[0], 66, "no store yet")
t.eq(sqlite3.connect(path("store.db")).execute("PRAGMA integrity_check").fetchone(), ("ok",), "the database is whole")
t.eq(oct(os.stat(path("store.db")).st_mode & 0o777), "0o640", "the store is not for everybody")
t.done()
