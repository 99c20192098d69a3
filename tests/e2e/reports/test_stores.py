"""Both stores for real: the same corpus says the same in SQLite and PostgreSQL;
importers killed in the middle, several at once, a server that goes away."""
# timeout: 240
import json
import os
import random
import signal
import subprocess
import sys
import time

sys.path.append("tests/e2e/cli")
import pgserver  # noqa: E402
import reportgen  # noqa: E402
import tap  # noqa: E402
from tool import BUILD, INKAN, as_json, path, run, write  # noqa: E402

t = tap.Tap()
DOMAINS = ("example.org", "example.net", "example.com")
corpus = list(reportgen.corpus(11, 60, 60, DOMAINS, 400))
# one that goes to the store in several pieces
corpus.insert(30, next(reportgen.corpus(12, 1, 1500, DOMAINS, 400)))
corpus[30].number = 1000
totals = {d: reportgen.Totals() for d in DOMAINS}
os.mkdir(path("files"))
for r in corpus:
    totals[r.domain].add(r)
    write(f"files/{r.name}.xml.gz", r.gzipped())
RECORDS = sum(len(r.rows) for r in corpus)


def reports(store, *args):
    return as_json("reports", *args, "--store", store)


def wrong(store):
    """What differs from the generator's totals."""
    for d, want in totals.items():
        got = reports(store, "summary", "--domain", d)
        if got != (0, want.summary(d)):
            return f"{d}: {got}\nwant {want.summary(d)}"
        sources = {s["source_ip"]: [s["messages"], s["pass"]] for s in reports(store, "sources", "--domain", d)[1]}
        if sources != want.sources:
            return f"sources of {d}"
    listed = reports(store, "list")[1]
    return None if sum(x["records"] for x in listed) == RECORDS else f"{len(listed)} reports in the list"


def killed(store, seed):
    """Imports killed at any instant, then one that is not."""
    rng = random.Random(seed)
    start = time.monotonic()
    reports("sqlite:" + path(f"whole{seed}.db"), "import", path("files"))
    took = time.monotonic() - start
    ended = 0
    while ended < 7:
        p = subprocess.Popen([INKAN, "reports", "import", path("files"), "--store", store], stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rng.random() * took)
        p.send_signal(signal.SIGKILL)
        if p.wait() != -signal.SIGKILL:
            took /= 2  # the machine is faster than it was
        ended += p.returncode == -signal.SIGKILL
    t.ok(ended > 0, f"{store.split(':')[0]}: importers were killed in the middle", ended)
    got = reports(store, "import", path("files"))
    t.ok(got[0] == 0 and got[1]["reports"] + got[1]["duplicates"] == len(corpus), "the next one reads all", got)
    t.eq(wrong(store), None, "no row lost, none double")


def together(store):
    """Four importers of the same files at once, each in another order."""
    importers = []
    for i in range(4):
        files = [path(f"files/{r.name}.xml.gz") for r in corpus]
        random.Random(i).shuffle(files)
        importers.append(subprocess.Popen([INKAN, "reports", "import", "--json", "--store", store, *files],
                                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
    out = [p.communicate(timeout=600) for p in importers]
    t.eq([p.returncode for p in importers], [0] * 4, "four importers at once: all end well")
    t.eq(sum(json.loads(o)["reports"] for o, _ in out), len(corpus), "four importers at once: every report once")
    t.eq(wrong(store), None, "four importers at once: the totals")


def exported(store, name):
    run("reports", "export", path(name), "--store", store)
    found = {}
    for table in ("records", "traffic", "tls", "failures"):
        with open(path(f"{name}/{table}.json"), encoding="utf-8") as f:
            found[table] = sorted(json.dumps({k: v for k, v in row.items() if k != "report"}) for row in json.load(f))
    return found


def as_unit(url, what, name):
    unit = subprocess.run([os.path.join(BUILD, "tests", "unit", "test_store_" + name)], stdin=subprocess.DEVNULL,
                          env=dict(os.environ, INKAN_TEST_STORE=url), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    t.ok(unit.returncode == 0, f"{what}: what the unit tests say of SQLite", unit.stdout)


def disk_full():
    """A disk that has room for a part only, and then for all."""
    full = path("full")
    os.mkdir(full)
    script = ("mount -t tmpfs -o size=600k full $0 || exit 99; $1 reports import $2 --store sqlite:$0/s.db; echo status $?;"
              "mount -o remount,size=200m $0; $1 reports import $2 --store sqlite:$0/s.db; echo status $?; cp $0/s.db $0/../full.db")
    p = subprocess.run(["unshare", "--mount", "sh", "-c", script, full, INKAN, path("files")], stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if p.returncode == 99 or "unshare" in p.stdout:
        t.skip("a full disk", "no file system can be mounted here")
        return
    t.ok(p.stdout.count("status 73") == 1 and "the disk is full; make room and import again" in p.stdout, "a full disk is said, with the cure", p.stdout)
    t.ok(p.stdout.count("status 0") == 1, "with room the same import ends well", p.stdout)
    t.eq(wrong("sqlite:" + path("full.db")), None, "after a full disk: no row lost, none double")


lite = "sqlite:" + path("killed.db")
killed(lite, 1)
t.eq(subprocess.run(["python3", "-c", f"import sqlite3; print(sqlite3.connect({path('killed.db')!r}).execute('PRAGMA integrity_check').fetchone()[0])"],
                    stdout=subprocess.PIPE, check=True).stdout, b"ok\n", "sqlite: the database is whole")
together("sqlite:" + path("together.db"))
disk_full()
try:
    with pgserver.Server() as pg:
        t.eq(run("reports", "list", "--store", pg.url)[0], 66, "postgresql: no tables yet")
        killed(pg.url, 2)
        as_unit(pg.url, "sums in packs", "packs")  # which empties its tables
        pg.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        together(pg.url)
        t.eq(exported(pg.url, "pgout"), exported(lite, "liteout"), "both stores hold the same rows")
        told = [reports(store, "digest", "--date", "2026-10-12") for store in (pg.url, lite)]
        t.ok(told[0] == told[1] and told[0][1]["domains"][0]["week"]["messages"], "both stores tell the same digest", told)
        big = corpus[0].xml().replace(b"<count>", b"<count>1844674407370955161", 1).replace(
            b"<org_name>", b"<org_name>tab\there \\ back\\N ' quote ", 1)
        write("big.xml", big)
        for store in (pg.url, lite):
            got = reports(store, "import", path("big.xml"))
            t.ok(got[0] == 0 and got[1]["reports"] == 1, "a hostile count and a hostile name", got)
        t.eq(exported(pg.url, "pgout"), exported(lite, "liteout"), "both stores still hold the same rows")
        t.eq(pg.sql("SELECT string_agg(DISTINCT tablename, ' ') FROM pg_tables WHERE schemaname = 'public'"),
             "digest failure incident inkan_schema original pack pack_new record_block report sending sending_failures sent suppressed tls traffic_day verdict verdict_day verdict_policy",
             "its tables, and none left behind")
        keys = pg.sql("SELECT count(*) FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
                      " JOIN pg_class c ON c.oid = i.indrelid WHERE i.indisunique AND a.attname <> 'domain'"
                      " AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'inkan_schema'")
        t.eq(keys, "0", "every primary and unique key begins with the policy domain")
        for what, name in (("messages that failed", "incidents"), ("own verdicts", "verdicts"), ("reports that are sent", "outbox")):
            as_unit(pg.url, what, name)
        # the last one leaves two domains that are owed a report about 2026-09-04
        write("zone", "".join(f'_dmarc.{d}.example. 300 IN TXT "v=DMARC1; p=none; rua=mailto:{d}@{d}.example"\n' for d in "ab"))
        sendmail = write("sendmail", '#!/bin/sh\nset -eu\ncat >/dev/null\nfor to; do :; done\nmktemp "$0.$to.XXXXXX" >/dev/null\n', 0o755)
        each = [subprocess.Popen([INKAN, "reports", "send", "--from", "r@example.net", "--sendmail", sendmail, "--store", pg.url,
                                  "--zone", path("zone"), "--time", "1788570000"], stdout=subprocess.DEVNULL) for _ in range(6)]
        t.eq([p.wait(timeout=600) for p in each], [0] * 6, "six programs that send, on one PostgreSQL")
        taken = sorted(n.split(".", 1)[1].rpartition(".")[0] for n in os.listdir(os.path.dirname(sendmail)) if n.startswith("sendmail."))
        t.eq(taken, ["a@a.example", "b@b.example"], "each report is sent once")
        pg.sql("INSERT INTO inkan_schema VALUES (999)")
        status, _, err = run("reports", "list", "--store", pg.url)
        t.ok(status == 78 and b"newer" in err, "a schema of a newer program", err)
        pg.sql("DELETE FROM inkan_schema WHERE version = 999")
        pg.stop()
        status, _, err = run("reports", "import", path("files"), "--store", pg.url)
        t.ok(status == 69 and b"cannot be reached" in err, "a server that is not there", err)
        pg.start()
        t.eq(reports(pg.url, "import", path("files"))[1]["duplicates"], len(corpus), "and is again")
        p = subprocess.Popen([INKAN, "reports", "import", "--store", pg.url, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
        pg.sql("SELECT 1")
        pg.stop()
        _, err = p.communicate(corpus[0].xml().replace(b"<report_id>", b"<report_id>new"), timeout=600)
        t.ok(p.returncode == 69 and err, "a server that goes away in the middle", f"{p.returncode} {err}")
        pg.start()
        t.eq(reports(pg.url, "import", write("new.xml", corpus[0].xml().replace(b"<report_id>", b"<report_id>new")))[1]["reports"], 1,
             "nothing of that report was there")
except pgserver.Missing as e:
    t.skip("PostgreSQL", str(e))
t.done()
