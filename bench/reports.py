#!/usr/bin/env python3
"""reports.py [--build DIR] [--rows N]: G9, rows of .xml.gz into SQLite for each
second of CPU, beside expat alone on the same XML (the limit of any reader that
is built on it); and memory for a large file and one of a tenth."""
import argparse
import os
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIB = os.path.join(ROOT, "tests", "e2e", "lib")

EXPAT = r"""
#include <expat.h>
#include <stdio.h>
#include <zlib.h>
static void start(void *u, const char *n, const char **a) { (void)u; (void)n; (void)a; }
static void end(void *u, const char *n) { (void)u; (void)n; }
static void text(void *u, const char *t, int n) { (void)u; (void)t; (void)n; }
int main(int argc, char **argv)
{
	static char b[16384];
	XML_Parser p = XML_ParserCreate("UTF-8");
	gzFile f = gzopen(argv[argc - 1], "rb");
	int n;
	XML_SetElementHandler(p, start, end);
	XML_SetCharacterDataHandler(p, text);
	while ((n = gzread(f, b, sizeof b)) > 0)
		XML_Parse(p, b, n, 0);
	return XML_Parse(p, "", 0, 1) != XML_STATUS_OK;
}
"""


def cpu(*args):
    """CPU seconds, wall seconds and the most memory in MB."""
    start = time.monotonic()
    p = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(p.pid, 0)
    assert status == 0, args
    return usage.ru_utime + usage.ru_stime, time.monotonic() - start, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build-release")
    parser.add_argument("--rows", type=int, default=200000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    inkan = os.path.join(args.build, "inkan")
    with tempfile.TemporaryDirectory() as tmp:
        def report(rows):
            # elsewhere: a child's memory counts from what its parent had
            out = os.path.join(tmp, str(rows))
            subprocess.run([sys.executable, os.path.join(LIB, "reportgen.py"), "--reports", "1", "--rows", str(rows), out], check=True)
            return os.path.join(out, os.listdir(out)[0])
        path, small = report(args.rows), report(args.rows // 10)
        source, bare = os.path.join(tmp, "expat.c"), os.path.join(tmp, "expat")
        with open(source, "w", encoding="ascii") as f:
            f.write(EXPAT)
        subprocess.run(["cc", "-O2", source, "-lexpat", "-lz", "-o", bare], check=True)
        ours, theirs = [], []
        for i in range(args.rounds):  # in turn
            store = "sqlite:" + os.path.join(tmp, f"{i}.db")
            ours.append(cpu(inkan, "reports", "import", path, "--store", store))
            theirs.append(cpu(bare, path))
        best, limit = min(ours), min(theirs)
        memory = cpu(inkan, "reports", "import", small, "--store", "sqlite:" + os.path.join(tmp, "s.db"))[2]
    print(f"inkan reports import: {args.rows / best[0]:,.0f} rows/s of CPU ({args.rows / best[1]:,.0f} rows/s of the clock)")
    print(f"expat alone:          {args.rows / limit[0]:,.0f} rows/s of CPU; inkan costs {best[0] / limit[0]:.2f} of it")
    print(f"memory: {best[2]:.0f} MB, for a tenth of the rows {memory:.0f} MB")


if __name__ == "__main__":
    main()
