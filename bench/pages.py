#!/usr/bin/env python3
"""pages.py [--build DIR] [--reports N] [--rows N] [--rounds N] [--limit MS] [--only sqlite|postgresql]:
how soon the pages of `inkan reports serve` come on a large store.

Fills a store (SQLite in a temporary folder, and PostgreSQL when it is installed)
with 10,000 reports of 1,000 rows each unless told otherwise, lets inkan make their
sums, imports one more report, and asks for each page with each filter several
times.  Fails when one answer takes longer than the limit (200 ms): the first one
after the import, too."""
import argparse
import http.client
import os
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "tests", "e2e", "lib"))
import pgserver  # noqa: E402
import reportgen  # noqa: E402

FILTERS = ("", "days=7", "days=365", "days=all", "failing=1", "reporter=receiver3.example", "ip=192.0.2.0/24", "ip=192.0.2.0/27",
           "ip=2001:db8::/32", "ip=192.0.2.7", "disposition=reject", "disposition=none", "selector=s1", "selector=s1&failing=1",
           "reporter=receiver3.example&disposition=reject", "reporter=receiver3.example&ip=192.0.2.0/24&selector=s1")
FILTERED = ("/", "/sources", "/days", "/selectors", "/reporters", "/reports", "/source?ip=192.0.2.7")
OTHERS = ("/sources?kind=unknown&page=2", "/reports?page=20", "/reports?problems=1", "/report?report=1005", "/report?report=1005&after=800",
          "/tls", "/own", "/data", "/?format=json", "/sources?format=csv", "/selectors?format=json", "/source?ip=2001:db8::700&format=csv")


def pages():
    for page in FILTERED:
        for f in FILTERS:
            if not (page.startswith("/source?") and "ip=" in f):
                yield page + ("&" if "?" in page else "?") + "domain=example.org" + ("&" + f if f else "")
    for page in OTHERS:
        yield page + ("&" if "?" in page else "?") + "domain=example.org"
    yield "/"  # all domains
    yield "/sources"


PAGES = list(pages())


FORMULA = """
WITH RECURSIVE i(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM i WHERE i < {reports}),
n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {rows}),
h(i, n, h) AS (SELECT i, n, (CAST(i AS BIGINT) * 1000 + n) * 2654435761 % 4294967296 FROM i, n),
k(i, n, s, k, d, c, x) AS (SELECT i, n, h % 2000, h / 2000 % 10, h / 20000 % 3, h / 60000 % 9 + 1, h / 7 % 3 FROM h),
rows(i, n, day, ip, dkim, spf, disposition, selector, c) AS (SELECT i, n, {day} + i % 28,
	CASE WHEN s < 250 THEN '192.0.2.' || s WHEN s < 500 THEN '198.51.100.' || (s - 250) WHEN s < 600 THEN '203.0.113.' || (s - 500)
	ELSE '2001:db8::' || s END,
	CASE WHEN k < 8 THEN 1 ELSE 0 END, CASE WHEN k < 7 AND s < 1500 THEN 1 ELSE 0 END,
	CASE WHEN k < 8 THEN 'none' WHEN d = 0 THEN 'none' WHEN d = 1 THEN 'quarantine' ELSE 'reject' END,
	CASE WHEN k < 8 THEN 's' || x ELSE '' END, c FROM k)
"""
REPORTS = """
INSERT INTO report SELECT 'example.org', 1000 + i, CAST('x' || i AS {blob}), 0, 'receiver' || (i % 20) || '.example', 'noreply@receiver.example', '',
	'r' || i, ({day} + i % 28) * CAST(86400 AS BIGINT), ({day} + i % 28) * CAST(86400 AS BIGINT) + 86399, 'none', '{{}}', count(*),
	sum(c), sum(c * dkim), sum(c * dkim), sum(c * spf), sum(CASE WHEN disposition = 'quarantine' THEN c ELSE 0 END),
	sum(CASE WHEN disposition = 'reject' THEN c ELSE 0 END), 0, CASE WHEN i % 50 = 0 THEN 'org_name' ELSE '' END, 'r' || i || '.xml', 1790035200
	FROM rows GROUP BY i
"""
RECORDS = """
INSERT INTO record SELECT 'example.org', 1000 + i, n, ip, c, disposition, dkim, spf, 'example.org', NULL, NULL, NULL,
	'[{{"method":"dkim","domain":"example.org","selector":"' || selector || '","result":"pass"}},{{"method":"spf","domain":"example.org","result":"pass"}}]',
	NULL FROM rows
"""
TRAFFIC = """
INSERT INTO traffic SELECT 'example.org', day, ip, dkim, spf, disposition, 0, selector, '', sum(c) FROM rows
	GROUP BY day, ip, dkim, spf, disposition, selector
"""
DAYS = """
INSERT INTO traffic_day SELECT domain, day, dkim, spf, disposition, sum(messages) FROM traffic WHERE domain = 'example.org'
	GROUP BY domain, day, dkim, spf, disposition
"""


OLD = ("001-reports.sql", "002-verdicts.sql", "003-sending.sql")


def schema(kind):
    """The tables of an older inkan, which had a row of a table for each record."""
    for name in OLD:
        with open(os.path.join(os.path.dirname(HERE), "src", "store", "schema", kind, name), encoding="utf-8") as f:
            yield f.read()


def fill(store, reports, rows, pg):
    """The tables as imports of an older inkan left them, straight by SQL: an import of so
    much takes minutes."""
    words = {"reports": reports, "rows": rows, "day": reportgen.START // reportgen.DAY, "blob": "BYTEA" if pg else "BLOB"}
    # SQLite wants WITH behind INSERT, PostgreSQL takes it there too
    texts = [(x.replace("SELECT", FORMULA + "SELECT", 1) if "rows" in x else x).format(**words) for x in (REPORTS, RECORDS, TRAFFIC, DAYS)]
    if pg:
        made = [*schema("pgsql"), "CREATE TABLE inkan_schema (version INTEGER PRIMARY KEY)", "INSERT INTO inkan_schema VALUES (1), (2), (3)"]
        for text in [*made, *texts, "SELECT setval('report_number', 1000001)", "ANALYZE"]:
            subprocess.run([os.path.join(pg.bin, "psql"), "-qd", store, "-v", "ON_ERROR_STOP=1", "-c", text], check=True, stdout=subprocess.DEVNULL)
        return
    db = sqlite3.connect(store.partition(":")[2])
    for text in schema("sqlite"):
        db.executescript(text)
    for text in texts:
        db.execute(text)
    db.execute("PRAGMA user_version = 3")
    db.commit()
    db.close()


def bring_up(inkan, store):
    """To this inkan's tables: the rows in blocks, and their sums.  Seconds."""
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as empty:
        subprocess.run([inkan, "reports", "import", empty, "--store", store], check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - begin


def answer(port, target):
    """Milliseconds and octets of one page, connection and all."""
    begin = time.monotonic()
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    c.request("GET", target)
    r = c.getresponse()
    size = len(r.read())
    if r.status != 200:
        sys.exit(f"{target}: {r.status}")
    return (time.monotonic() - begin) * 1000, size


def cpu(pid):
    """Milliseconds that the process has used."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def measure(inkan, store, limit, rounds):
    p = subprocess.Popen([inkan, "reports", "serve", "--store", store, "--listen", "inet:28940@127.0.0.1"], stdout=subprocess.PIPE)
    try:
        port = int(re.search(rb":(\d+)/", p.stdout.readline()).group(1))
        return measure_all(inkan, store, p.pid, port, limit, rounds)
    finally:
        p.terminate()
        p.wait()


def measure_all(inkan, store, pid, port, limit, rounds):
    slow = 0
    name = store.partition(":")[0]
    print(f"{name}: milliseconds (minimum, median, maximum of {rounds}), CPU of inkan, octets")
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "new.xml"), "wb") as f:
            report = next(reportgen.corpus(time.time_ns(), 1, 1000))
            f.write(report.xml())
        subprocess.run([inkan, "reports", "import", folder, "--store", store], check=True, stdout=subprocess.DEVNULL)
    # the first one is that after an import
    for target in ("/?domain=example.org&first", *PAGES):
        before = cpu(pid)
        took = [answer(port, target) for _ in range(1 if target.endswith("&first") else rounds)]
        spent = (cpu(pid) - before) / len(took)
        times = [t[0] for t in took]
        bad = max(times) > limit
        slow += bad
        print(f"{name:10} {min(times):6.1f} {statistics.median(times):6.1f} {max(times):6.1f} {spent:5.0f} {took[0][1]:9}  {target}"
              + (" SLOW" if bad else ""), flush=True)
    return slow


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--reports", type=int, default=10000)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--limit", type=int, default=200)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    args = parser.parse_args()
    inkan = os.path.abspath(os.path.join(args.build, "inkan"))
    slow = 0
    with tempfile.TemporaryDirectory() as tmp:
        os.environ["TMPDIR"] = tmp
        os.chmod(tmp, 0o755)

        def one(store, pg):
            fill(store, args.reports, args.rows, pg)
            print(f"{store.partition(':')[0]}: {args.reports * args.rows} rows; blocks and sums were made in {bring_up(inkan, store):.1f} s")
            return measure(inkan, store, args.limit, args.rounds)

        if args.only != "postgresql":
            slow += one("sqlite:" + os.path.join(tmp, "inkan.db"), None)
        try:
            if args.only != "sqlite":
                with pgserver.Server() as pg:
                    slow += one(pg.url, pg)
        except pgserver.Missing as e:
            print(f"PostgreSQL: {e}")
    print(f"pages that took longer than {args.limit} ms: {slow}")
    return slow


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
