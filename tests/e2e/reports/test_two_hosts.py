"""Two hosts and one PostgreSQL, each in a network of its own.  One is cut off in
the middle of a batch, at the worst moment: the server commits, and nobody hears of
it.  The other goes on, and after the first is back the totals are exact: for
inkand's verdicts and for inkan reports import."""
# timeout: 180
import json
import os
import subprocess
import sys

sys.path.append("tests/e2e/daemon")
import filter as f  # noqa: E402
import lab  # noqa: E402
import pgserver  # noqa: E402
import reportgen  # noqa: E402
import tap  # noqa: E402

t = tap.Tap()
DNS = """
import sys, time, tinydns
s = tinydns.Server({"_dmarc.example.org": [("TXT", "v=DMARC1; p=none")], "example.org": [("TXT", "v=spf1 -all")]})
print(s.port, flush=True)
sys.stdin.read()
"""
# a dead line is noticed within seconds; connecting ends as soon
FAST = "&keepalives_idle=1&keepalives_interval=1&keepalives_count=3&tcp_user_timeout=3000&connect_timeout=3"
LETTER = {"header": [("From", " a@example.org"), ("Subject", " x")], "body": b"hello\r\n"}


def inside(host, *argv):
    return ["nsenter", f"--target={host.pid}", "--net", "--", *argv]


class Node:
    """A host with a name server, an inkand and an MTA's line to it."""

    def __init__(self, host, store):
        self.host, self.sent = host, 0
        self.dns = subprocess.Popen(inside(host, sys.executable, "-c", DNS), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        port = int(self.dns.stdout.readline())
        self.inkand = f.Inkand(f"Verify dmarc\nNameservers 127.0.0.1:{port}\nStore {store}\n", f"inkand-{host.name}",
                               wrap=("sh", "-c", 'nsenter --target="$0" --net -- "$@"; exit $?', str(host.pid)))
        self.mta = self.inkand.connect()
        self.mta.negotiate()
        self.mta.step(b"C", b"client.example\0" + b"4\0\x19" + b"203.0.113.9\0", 0x1000)
        self.mta.step(b"H", b"client.example\0", 0x2000)

    def send(self, n):
        m = self.mta
        for _ in range(n):
            m.step(b"M", b"<a@example.org>\0", 0x4000)
            m.step(b"R", b"<b@example.net>\0", 0x8000)
            for name, value in LETTER["header"]:
                m.step(b"L", f"{name}\0{value}\0".encode(), 0x80)
            m.step(b"N", b"", 0x40000)
            assert m.end(LETTER)["verdict"] in "ac"
        self.sent += n

    def stop(self):
        self.inkand.stop()
        self.dns.stdin.close()
        self.dns.wait()


class Table:
    """Held, so that a batch waits within the server."""

    def __init__(self, pg, name):
        self.pg = pg
        self.psql = subprocess.Popen([os.path.join(pg.bin, "psql"), "-h", pg.dir, "-U", "inkan", "-d", "inkan", "-Atq"],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/")
        self.psql.stdin.write(f"BEGIN; LOCK TABLE {name}; SELECT 'held';\n".encode())
        self.psql.stdin.flush()
        assert self.psql.stdout.readline() == b"held\n"

    def waits(self, host):
        f.until("a batch in the server", lambda: self.pg.sql(
            f"SELECT count(*) FROM pg_stat_activity WHERE client_addr = '{host.address}' AND wait_event_type = 'Lock'") != "0", 60)

    def release(self):
        self.psql.stdin.close()
        self.psql.wait()
        self.psql.stdout.close()


def cut(wire, host, how="down"):
    wire.net.sh(f"ip link set p{wire.hosts.index(host) + 1} {how}")


def recording(wire, pg, a, b):
    nodes = Node(a, pg.tcp + FAST), Node(b, pg.tcp + FAST)
    for n in nodes:
        n.send(100)
    f.until("the first rows", lambda: pg.sql("SELECT count(*) FROM pg_tables WHERE tablename = 'verdict_day'") == "1"
            and pg.sql("SELECT sum(messages) FROM verdict_day") == "200", 60)
    table = Table(pg, "verdict_day")
    nodes[0].send(300)
    table.waits(a)
    cut(wire, a)
    table.release()
    f.until("committed, unheard", lambda: int(pg.sql("SELECT count(*) FROM verdict")) > 200)
    nodes[0].inkand.logged("verdicts cannot be recorded", seconds=180)
    for n in nodes:
        n.send(500)
    f.until("the other goes on", lambda: pg.sql("SELECT count(DISTINCT n) FROM verdict GROUP BY writer ORDER BY 1 DESC LIMIT 1") == "600")
    t.ok(True, "recording: the other host goes on")
    cut(wire, a, "up")
    nodes[0].inkand.logged("verdicts are recorded again", seconds=180)
    for n in nodes:
        n.send(50)
        n.stop()
    sent = sum(n.sent for n in nodes)
    t.eq(pg.sql("SELECT count(*), (SELECT sum(messages) FROM verdict_day), count(DISTINCT (writer, n)) FROM verdict"), f"{sent}|{sent}|{sent}",
         "recording: the totals are exact after the first is back")


def importing(wire, pg, a, b):
    corpus = list(reportgen.corpus(5, 40, 30, ("example.org",), 400))
    total = reportgen.Totals()
    os.mkdir(f.path("files"))
    for r in corpus:
        total.add(r)
        with open(f.path(f"files/{r.name}.xml.gz"), "wb") as out:
            out.write(r.gzipped())

    def start(host):
        return subprocess.Popen(inside(host, f.INKAN, "reports", "import", "--json", f.path("files"), "--store", pg.tcp + FAST),
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    table = Table(pg, "traffic_day")
    first = start(a)
    table.waits(a)
    cut(wire, a)
    second = start(b)  # the same files: waits for the first, or finds them
    table.release()
    _, err = first.communicate(timeout=600)
    t.ok(first.returncode == 69 and b"import again" in err, "import: who was cut off says so", f"{first.returncode} {err}")
    out, err = second.communicate(timeout=600)
    t.ok(second.returncode == 0 and json.loads(out)["duplicates"] == len(corpus), "import: the other finds what the server committed",
         f"{second.returncode} {out} {err}")
    cut(wire, a, "up")

    def reachable():
        return subprocess.run(inside(a, os.path.join(pg.bin, "pg_isready"), "-q", "-h", pg.listen, "-t", "2"), check=False).returncode == 0
    f.until("the line", reachable)
    third = start(a)
    out, err = third.communicate(timeout=600)
    t.ok(third.returncode == 0 and json.loads(out)["duplicates"] == len(corpus), "import: again, and all is known", f"{out} {err}")
    p = subprocess.run([f.INKAN, "reports", "summary", "--json", "--domain", "example.org", "--store", pg.url], stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, check=False)
    t.eq(json.loads(p.stdout), total.summary("example.org"), "import: the totals are the generator's")


try:
    with lab.Lab() as wire:
        db = wire.host("db", "192.0.2.1")
        hosts = wire.host("a", "192.0.2.2"), wire.host("b", "192.0.2.3")
        with pgserver.Server(net=db.pid, listen="192.0.2.1") as server:
            recording(wire, server, *hosts)
            importing(wire, server, *hosts)
except (lab.LabError, pgserver.Missing) as e:
    t.skip("two hosts", str(e))
t.done()
