#!/usr/bin/env python3
"""pages.py [--build DIR] [--reports N] [--rows N] [--limit MS]:
how soon the pages of `inkan reports serve` come on a large store.

Fills a store (SQLite in a temporary folder, and PostgreSQL when it is installed)
with 10,000 reports of 1,000 rows each unless told otherwise, asks for each page
five times and prints the median.  Fails when one takes longer than the limit
(200 ms)."""
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

PAGES = [x + ("&" if "?" in x else "?") + "domain=example.org" for x in (
    "/", "/?days=7", "/?failing=1", "/?reporter=receiver3.example", "/?ip=192.0.2.0/24", "/?disposition=reject", "/?selector=s1",
    "/sources", "/sources?kind=unknown&page=2", "/source?ip=192.0.2.7", "/reports", "/reports?page=20", "/reports?problems=1",
    "/report?report=1005", "/reporters", "/tls", "/selectors", "/days", "/?format=json", "/sources?format=csv")] + ["/"]


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


def fill(inkan, store, reports, rows, tmp, pg):
    """The tables as imports would leave them, straight by SQL: an import of so
    much takes minutes."""
    with tempfile.TemporaryDirectory(dir=tmp) as folder:
        with open(os.path.join(folder, "first.xml"), "wb") as f:
            f.write(next(reportgen.corpus(1, 1, 1, ("example.net",))).xml())
        subprocess.run([inkan, "reports", "import", folder, "--store", store], check=True, stdout=subprocess.DEVNULL)
    words = {"reports": reports, "rows": rows, "day": reportgen.START // reportgen.DAY, "blob": "BYTEA" if pg else "BLOB"}
    # SQLite wants WITH behind INSERT, PostgreSQL takes it there too
    texts = [(x.replace("SELECT", FORMULA + "SELECT", 1) if "rows" in x else x).format(**words) for x in (REPORTS, RECORDS, TRAFFIC, DAYS)]
    if pg:
        for text in [*texts, "ANALYZE"]:
            subprocess.run([os.path.join(pg.bin, "psql"), "-qd", store, "-v", "ON_ERROR_STOP=1", "-c", text], check=True)
        return
    db = sqlite3.connect(store.partition(":")[2])
    for text in texts:
        db.execute(text)
    db.commit()
    db.close()


def measure(inkan, store, limit):
    slow = 0
    p = subprocess.Popen([inkan, "reports", "serve", "--store", store, "--listen", "inet:28940@127.0.0.1"], stdout=subprocess.PIPE)
    port = int(re.search(rb":(\d+)/", p.stdout.readline()).group(1))
    for page in PAGES:
        target, took = page, []
        for _ in range(5):
            begin = time.monotonic()
            c = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            c.request("GET", target)
            r = c.getresponse()
            size = len(r.read())
            took.append((time.monotonic() - begin) * 1000)
            if r.status != 200:
                sys.exit(f"{target}: {r.status}")
        median = statistics.median(took)
        slow += median > limit
        print(f"{store.partition(':')[0]:11} {median:7.0f} ms (first {took[0]:.0f})  {size:8} octets  {target}" + (" SLOW" if median > limit else ""),
              flush=True)
    p.terminate()
    p.wait()
    return slow


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--reports", type=int, default=10000)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--limit", type=int, default=200)
    args = parser.parse_args()
    inkan = os.path.join(args.build, "inkan")
    with tempfile.TemporaryDirectory() as tmp:
        os.environ["TMPDIR"] = tmp
        os.chmod(tmp, 0o755)
        store = "sqlite:" + os.path.join(tmp, "inkan.db")
        fill(inkan, store, args.reports, args.rows, tmp, None)
        slow = measure(inkan, store, args.limit)
        try:
            with pgserver.Server() as pg:
                fill(inkan, pg.url, args.reports, args.rows, tmp, pg)
                slow += measure(inkan, pg.url, args.limit)
        except pgserver.Missing as e:
            print(f"PostgreSQL: {e}")
        return slow


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
