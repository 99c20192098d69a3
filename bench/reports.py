#!/usr/bin/env python3
"""reports.py [--build DIR] [--rows N]: G9: rows of .xml.gz into a store for each
second of the clock, and what a row costs of CPU.

Two corpora of as many rows: one large report, and reports of 1000 rows; into
SQLite, and into PostgreSQL when it is installed.  Beside them what nobody can be
without: unpacking alone, expat that looks at the XML and does nothing, and the
rows alone put into a table of SQLite of the same shape.  In turn, the best of
some rounds counts; then memory for a large file and one of a tenth."""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIB = os.path.join(ROOT, "tests", "e2e", "lib")
sys.path.insert(0, LIB)
import pgserver  # noqa: E402


def run(*args):
    """Wall seconds, CPU seconds and the most memory in MB."""
    start = time.monotonic()
    p = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(p.pid, 0)
    if status:
        sys.exit(f"{' '.join(args[:3])}: status {status}")
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def generate(out, reports, rows):
    # elsewhere: a child's memory counts from what its parent had
    subprocess.run([sys.executable, os.path.join(LIB, "reportgen.py"), "--reports", str(reports), "--rows", str(rows), out], check=True)
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", default="build-release")
    parser.add_argument("--rows", type=int, default=200000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-postgresql", action="store_true")
    args = parser.parse_args()
    inkan, limits = os.path.join(args.build, "inkan"), os.path.join(args.build, "bench", "report_limits")
    best = {}

    def take(name, rows, *command):
        best[name] = min(best.get(name, (1e9, 0, 0, 0)), (*run(*command), rows))

    with tempfile.TemporaryDirectory() as tmp:
        os.chmod(tmp, 0o755)
        os.environ["TMPDIR"] = tmp
        one = generate(os.path.join(tmp, "one"), 1, args.rows)
        many = generate(os.path.join(tmp, "many"), args.rows // 1000, 1000)
        small = generate(os.path.join(tmp, "small"), 1, args.rows // 10)
        rows = {d: json.load(open(d + ".json", encoding="ascii"))["records"] for d in (one, many)}
        path = os.path.join(one, os.listdir(one)[0])
        try:
            pg = None if args.no_postgresql else pgserver.Server().__enter__()
        except pgserver.Missing as e:
            print(f"PostgreSQL: {e}")
            pg = None
        for i in range(args.rounds):
            for what, d in (("one report", one), ("many reports", many)):
                db = os.path.join(tmp, f"{os.path.basename(d)}{i}.db")
                take(f"inkan, SQLite, {what}", rows[d], inkan, "reports", "import", d, "--store", "sqlite:" + db)
                os.unlink(db)
                if pg:
                    pg.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
                    take(f"inkan, PostgreSQL, {what}", rows[d], inkan, "reports", "import", d, "--store", pg.url)
            take("limit: unpacking alone", args.rows, limits, "inflate", path)
            take("limit: expat alone", args.rows, limits, "expat", path)
            db = os.path.join(tmp, f"l{i}.db")
            take("limit: the rows alone into SQLite", args.rows, limits, "sqlite", str(args.rows), db)
            os.unlink(db)
        if pg:
            pg.__exit__(None, None, None)
        memory = run(inkan, "reports", "import", small, "--store", "sqlite:" + os.path.join(tmp, "s.db"))[2]
    for name, (wall, cpu, _, n) in best.items():
        print(f"{name:35} {n / wall:9,.0f} rows/s of the clock, {cpu / n * 1e6:5.2f} us of CPU a row")
    print(f"memory: {best['inkan, SQLite, one report'][2]:.0f} MB, for a tenth of the rows {memory:.0f} MB")


if __name__ == "__main__":
    main()
