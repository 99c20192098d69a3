"""The store gives inkand trouble: it is killed, the disk is full, the database is
stopped, hangs and comes back.  Mail goes on, committed rows stay, none is double,
and what was not recorded is counted.  Nothing here looks at a clock: where the
store hangs, mail that waited for it would never be answered."""
# timeout: 120
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time

sys.path.append("tests/e2e/daemon")
import filter as f  # noqa: E402
import pgserver  # noqa: E402
import tap  # noqa: E402
import tinydns  # noqa: E402

t = tap.Tap()
dns = tinydns.Server({"_dmarc.example.org": [("TXT", "v=DMARC1; p=none; rua=mailto:r@example.org")],
                      "example.org": [("TXT", "v=spf1 -all")]})
LINES = f"Verify dmarc\nAuthservID mx.example.net\nNameservers 127.0.0.1:{dns.port}\nSyslogSuccess no\n"
LETTER = {"header": [("From", " a@example.org"), ("Subject", " x")], "body": b"hello\r\n"}


class Line:
    """One MTA connection; send() gives after the filter's last word."""

    def __init__(self, inkand):
        self.mta = inkand.connect()
        self.mta.negotiate()
        self.mta.step(b"C", b"client.example\0" + b"4\0\x19" + b"203.0.113.9\0", 0x1000)
        self.mta.step(b"H", b"client.example\0", 0x2000)

    def send(self):
        m = self.mta
        m.step(b"M", b"<a@example.org>\0", 0x4000)
        m.step(b"R", b"<b@example.net>\0", 0x8000)
        for name, value in LETTER["header"]:
            m.step(b"L", f"{name}\0{value}\0".encode(), 0x80)
        m.step(b"N", b"", 0x40000)
        verdict = m.end(LETTER)["verdict"]
        assert verdict in "ac", verdict

    def many(self, n):
        for _ in range(n):
            self.send()


def until(what, check, seconds=180):
    try:
        f.until(what, check, seconds)
        return True
    except TimeoutError:
        return False


class Lite:
    """What the tests ask of a store."""

    def __init__(self, name, at=None):
        self.file = at or f.path(name)
        self.url = "sqlite:" + f.path(name)

    def ask(self, sql):
        db = sqlite3.connect(self.file, timeout=600)
        try:
            return "|".join(str(x) for x in db.execute(sql).fetchone())
        except sqlite3.OperationalError:  # no table, or no file yet
            return ""
        finally:
            db.close()

    def settle(self):
        pass


class Pg:
    def __init__(self, server):
        self.server, self.url = server, server.url

    def ask(self, sql):
        try:
            return self.server.sql(sql)
        except RuntimeError as e:
            if "does not exist" in str(e):  # no table yet
                return ""
            raise

    def settle(self):
        """What a killed writer had sent is done, or is not."""
        f.until("its last transaction", lambda: self.ask("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'inkan'") == "0")


def tell(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:  # its work was done meanwhile
            pass


def freeze(parent):
    """The server first, so that it starts nobody else."""
    os.kill(parent, signal.SIGSTOP)
    pids = [int(p) for p in subprocess.run(["ps", "-o", "pid=", "--ppid", str(parent)], check=False, capture_output=True,
                                           text=True).stdout.split()]
    tell(pids, signal.SIGSTOP)
    return [*pids, parent]


def count(store):
    return int(store.ask("SELECT count(*) FROM verdict") or 0)


def sums(store):
    return int((store.ask("SELECT coalesce(sum(messages), 0) FROM verdict_day") or "0"))


def counters(inkand):
    """recorded, not_recorded, as its last line of counters says."""
    n = inkand.log().count("counters:")
    inkand.signal(signal.SIGUSR2)
    inkand.logged("counters:", n + 1)
    words = dict(w.split("=") for w in inkand.log().split("counters:")[-1].split("\n")[0].split())
    return int(words["recorded"]), int(words["not_recorded"])


def drained(inkand, sent):
    """All that were sent are in the store or counted as lost."""
    return until("recorded", lambda: sum(counters(inkand)) == sent)


def killed(store, kind, seed):
    """kill -9 at any instant under traffic, again and again, on one store."""
    rng, sent, seen, shrunk = random.Random(seed), 0, 0, 0
    for i in range(5):
        inkand = f.Inkand(f"{LINES}Store {store.url}\n", f"killed-{kind}-{i}")
        line = Line(inkand)
        # from the second on while rows of this one are being written
        start = sent
        while sent < start + 50000 and (sent % 200 or sent == start or count(store) <= seen):
            line.send()
            sent += 1
        for _ in range(rng.randrange(300)):
            line.send()
            sent += 1
        inkand.signal(signal.SIGKILL)
        inkand.process.wait()
        store.settle()
        now = count(store)
        shrunk += now < seen
        seen = now
    t.ok(0 < seen <= sent, f"{kind}: killed five times: no more rows than messages", f"{seen} rows, {sent} messages")
    t.eq(shrunk, 0, f"{kind}: what was committed stays")
    t.eq(sums(store), seen, f"{kind}: the sums are those of the rows")
    t.eq(store.ask("SELECT count(*) FROM (SELECT DISTINCT writer, n FROM verdict) x"), str(seen), f"{kind}: none is double")


lite = Lite("killed.db")
killed(lite, "sqlite", 1)
t.eq(lite.ask("PRAGMA integrity_check"), "ok", "sqlite: the database is whole")

# ---- SIGTERM

inkand = f.Inkand(f"{LINES}Store {f.path('end.db')}\n", "end")
Line(inkand).many(50)
t.eq(inkand.stop(), 0, "SIGTERM: the end")
t.eq(count(Lite("end.db")), 50, "SIGTERM: what waited is written")

# ---- somebody holds the file for ever

store = Lite("held.db")
inkand = f.Inkand(f"{LINES}Store {store.url}\nStoreQueue 20\n", "held")
line = Line(inkand)
line.many(5)
drained(inkand, 5)
other = sqlite3.connect(store.file, isolation_level=None)
other.execute("BEGIN IMMEDIATE")
line.many(60)
t.eq(counters(inkand)[1], 40, "a store that is held: 20 wait, 40 are counted as not recorded")
t.ok("verdicts are not recorded any more" in inkand.log(), "and the log says so", inkand.log())
inkand.logged("verdicts cannot be recorded")
other.execute("ROLLBACK")
other.close()
t.ok(drained(inkand, 65) and count(store) == 25, "it goes on by itself", f"{counters(inkand)} {count(store)}")
inkand.logged("40 verdicts were not recorded since the start")
line.send()
drained(inkand, 66)
os.rename(store.file, f.path("away.db"))
for name in ("held.db-wal", "held.db-shm"):
    if os.path.exists(f.path(name)):
        os.unlink(f.path(name))
line.send()
t.ok(until("a new file", lambda: count(store) == 1), "a file that was moved away is made anew", inkand.log())
inkand.stop()
t.eq(inkand.log().count("verdicts cannot be recorded"), 2, "each trouble is said once")

# ---- the disk is full

full = f.path("full")
os.mkdir(full)
if subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "-o", "size=4m", "full", full], stdin=subprocess.DEVNULL,
                  stderr=subprocess.DEVNULL, check=False).returncode:
    t.skip("a full disk", "no file system can be mounted here")
else:
    wrap = ("unshare", "--mount", "--fork", "--kill-child", "sh", "-c", f'mount -t tmpfs -o size=4m full {full}; exec "$@"', "sh")
    inkand = f.Inkand(f"{LINES}Store {full}/x.db\nStoreQueue 200\n", "full", wrap=wrap)
    inside = f"/proc/{inkand.pid}/root{full}"
    store = Lite("", at=f"{inside}/x.db")
    line = Line(inkand)
    line.many(10)
    t.ok(drained(inkand, 10), "a small disk takes some")
    with open(f"{inside}/filler", "wb", buffering=0) as filler:
        try:
            while filler.write(bytes(4096)):
                pass
        except OSError:
            pass
    sent = 10
    while "the disk is full" not in inkand.log() and sent < 20000:
        line.many(50)
        sent += 50
    t.ok("the disk is full; make room" in inkand.log(), "a full disk is said", inkand.log())
    line.many(300)
    sent += 300
    t.ok(counters(inkand)[1] > 0, "what has no room is counted, and mail goes on", inkand.log())
    os.unlink(f"{inside}/filler")
    t.ok(drained(inkand, sent), "after room is made it goes on by itself", str(counters(inkand)))
    recorded = counters(inkand)[0]
    inkand.stop()
    t.ok("verdicts are recorded again" in inkand.log() and recorded > 10, "and says so", f"{recorded} {inkand.log()}")

# ---- PostgreSQL

try:
    with pgserver.Server() as pg:
        store = Pg(pg)
        killed(store, "postgresql", 2)
        before = count(store)
        inkand = f.Inkand(f"{LINES}Store {store.url}\nStoreQueue 100\n", "dead")
        line = Line(inkand)
        pg.stop()
        line.many(300)
        inkand.logged("PostgreSQL cannot be reached")
        t.eq(counters(inkand), (0, 200), "a database that is dead: 100 wait, 200 are counted as not recorded")
        pg.start()
        t.ok(drained(inkand, 300) and count(store) == before + 100, "and back: it goes on by itself", str(counters(inkand)))
        hung = freeze(pg.process.pid)
        line.many(300)
        t.ok(counters(inkand)[1] >= 400, "a database that hangs: mail goes on", str(counters(inkand)))
        tell(hung, signal.SIGCONT)
        t.ok(drained(inkand, 600) and count(store) == before + counters(inkand)[0], "and wakes: nothing is double",
             f"{counters(inkand)} {count(store)}")
        hung = freeze(pg.process.pid)
        line.many(5)
        start = time.monotonic()
        t.eq(inkand.stop(), 0, "a database that hangs does not keep SIGTERM waiting")
        t.note(f"{time.monotonic() - start:.1f} s")
        tell(hung, signal.SIGCONT)
        t.ok("does not answer" in inkand.log() or "are lost" in inkand.log(), "and what is lost is said", inkand.log())
        pg.stop()
        inkand = f.Inkand(f"{LINES}Store {store.url}\n", "late")
        Line(inkand).many(5)
        inkand.logged("PostgreSQL cannot be reached")
        pg.start()
        t.ok(drained(inkand, 5), "a database that comes after inkand", str(counters(inkand)))
        inkand.stop()
except pgserver.Missing as e:
    t.skip("PostgreSQL", str(e))
dns.close()
t.done()
