#!/usr/bin/env python3
"""reports.py [--build DIR] [--rows N]: G9: rows of .xml.gz into a store for each
second of the clock, and what a row costs of CPU.

Two corpora of as many rows: one large report, and reports of 1000 rows; into
SQLite, and into PostgreSQL when it is installed.  Beside them what nobody can be
without: unpacking alone, expat that looks at the XML and does nothing, and the
rows alone put into a table of SQLite of the same shape.  In turn, the best of
some rounds counts; then memory for a large file and one of a tenth.

An import reads on one thread and stores on another.  What the busier of them
takes for a row is what bounds it on two cores that are free; beside other work
the clock says less.  PostgreSQL's own processes are not counted."""
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


def threads(pid, last):
    """Each thread's CPU seconds so far."""
    try:
        for tid in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{tid}/schedstat", encoding="ascii") as f:
                last[tid] = int(f.read().split()[0]) / 1e9
    except (OSError, IndexError, ValueError):
        pass  # it has just ended


def run(*args):
    """CPU seconds, wall seconds, those of the busier thread, the most memory in MB."""
    start, last = time.monotonic(), {}
    p = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    while True:
        threads(p.pid, last)
        pid, status, usage = os.wait4(p.pid, os.WNOHANG)
        if pid:
            break
        time.sleep(0.005)
    if status:
        sys.exit(f"{' '.join(args[:3])}: status {status}")
    return (usage.ru_utime + usage.ru_stime, time.monotonic() - start, max(last.values(), default=0),
            usage.ru_maxrss / 1024)


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
        got = run(*command)
        had = best.get(name, (*got, rows))
        best[name] = (*(min(a, b) for a, b in zip(got, had)), rows)

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
            take("limit: a row of a table each, SQLite", args.rows, limits, "sqlite", str(args.rows), db)
            os.unlink(db)
        if pg:
            pg.__exit__(None, None, None)
        memory = run(inkan, "reports", "import", small, "--store", "sqlite:" + os.path.join(tmp, "s.db"))[3]
    for name, (cpu, wall, busy, _, n) in best.items():
        print(f"{name:34} {n / wall:9,.0f} rows/s by the clock, {cpu / n * 1e6:5.2f} us of CPU a row"
              + (f", {busy / n * 1e6:4.2f} of them on the busier thread: {n / busy:,.0f} rows/s" if name.startswith("inkan") else ""))
    print(f"memory: {best['inkan, SQLite, one report'][3]:.0f} MB, for a tenth of the rows {memory:.0f} MB")


if __name__ == "__main__":
    main()
