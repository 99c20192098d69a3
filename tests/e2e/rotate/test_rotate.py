# timeout: 600
"""rotate: new keys under load.  Every message that leaves is verified at once
by another implementation (dkimpy) with the record that each name server shows
at that moment; the rotation is killed at every system call that changes or asks
anything, and gone on with."""
import json
import os
import random
import re
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time

import tap
from knot import KEY, KNOTD, SECRET, Knot, until

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "daemon"))
from filter import INKAN, MESSAGE, Inkand, path, write  # noqa: E402

t = tap.Tap()
try:
    import dkim
except ImportError:  # Debian's own interpreter has it
    if sys.executable != "/usr/bin/python3" and os.path.exists("/usr/bin/python3"):
        os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])
    dkim = None
if os.geteuid() or not os.path.exists(KNOTD) or not dkim:
    t.skip("rotate", "needs root (port 53), knot and python3-dkim")
    t.done()

NET = f"127.53.{random.randrange(1, 250)}"
PRIMARY, SECONDARY = NET + ".1", NET + ".2"
DAY, START = 86400, 1795500000
ENV = dict(os.environ, LC_ALL="C.UTF-8", ASAN_OPTIONS="detect_leaks=0")
ZONE = """$ORIGIN {0}.
$TTL 300
@ SOA ns1.{0}. hostmaster.{0}. 1 3600 600 86400 1
@ NS ns1
{1}
ns1 A {2}
"""


def make_zone(name, second=False):
    return ZONE.format(name, f"@ NS ns2\nns2 A {SECONDARY}" if second else "", PRIMARY)


def query(server, name):
    """TXT, by UDP or TCP when it is cut: the strings joined, or None."""
    wire = b"\x12\x34\0\0\0\1\0\0\0\0\0\0" + b"".join(bytes([len(p)]) + p.encode() for p in name.split(".")) + b"\0\0\x10\0\1"
    got = b""
    while len(got) < 12:  # a server ends connections that stand still
        try:
            with socket.create_connection((server, 53), 180) as s:
                s.sendall(struct.pack(">H", len(wire)) + wire)
                got = s.recv(struct.unpack(">H", s.recv(2, socket.MSG_WAITALL))[0], socket.MSG_WAITALL)
        except (ConnectionError, struct.error):
            time.sleep(0.1)
    if struct.unpack(">H", got[6:8])[0] == 0:
        return None
    at = len(wire) + 2  # a pointer to the name
    size = struct.unpack(">H", got[at + 8:at + 10])[0]
    data, text = got[at + 10:at + 10 + size], b""
    while data:
        text, data = text + data[1:1 + data[0]], data[1 + data[0]:]
    return text.decode()


primary = Knot(path("primary"), {"example.org": make_zone("example.org", True), "example.net": make_zone("example.net")},
               address=PRIMARY, port=53)
secondary = Knot(path("secondary"), {"example.org": None}, address=SECONDARY, port=53, primary=primary)
until("the transfer", lambda: b"IN" in subprocess.run(["drill", f"@{SECONDARY}", "example.org", "NS"],
                                                       stdout=subprocess.PIPE).stdout and True)


def refresh():
    subprocess.run(["knotc", "-c", path("secondary/knot.conf"), "-b", "zone-refresh", "example.org"], check=True,
                   stdout=subprocess.DEVNULL)


tsig = write("tsig.key", KEY, 0o600)
tables = {}
for domain in ("example.org", "example.net"):
    os.mkdir(path(domain))
    for selector, algorithm in (("first", "rsa"), ("edfirst", "ed25519")):
        short = ["--bits", "1024"] if (domain, algorithm) == ("example.org", "rsa") else []
        subprocess.run([INKAN, "keygen", "-d", domain, "-s", selector, "-D", path(domain), "--algorithm", algorithm, *short],
                       check=True, stdout=subprocess.DEVNULL, env=ENV)
write("KeyTable", "# our keys\nfirst-org example.org:first:" + path("example.org/first.private") +
      "\nfirst-net example.net:first:" + path("example.net/first.private") +
      "  # RSA\ned-net example.net:edfirst:" + path("example.net/edfirst.private") + "\nother example.com:x:" +
      path("example.org/first.private") + "\n")
write("SigningTable", "*@example.org\tfirst-org\n# two for this one\n*@example.net  first-net:@example.net\n"
      "*@example.net ed-net\n*@example.com other\n", 0o640)
os.chown(path("SigningTable"), 0, 12)
before = open(path("KeyTable")).read(), open(path("SigningTable")).read()
for domain, selectors in (("example.org", ["first"]), ("example.net", ["first", "edfirst"])):
    args = []
    for s in selectors:
        args += ["--selector", s, "--key", path(f"{domain}/{s}.private")]
    subprocess.run([INKAN, "records", "-d", domain, "--ip", "192.0.2.1", "--host", "mail." + domain, "--dnssec", "no", *args,
                    "--publish", "--server", PRIMARY, "--tsig", tsig], check=True, stdout=subprocess.DEVNULL, env=ENV)
refresh()
until("the secondary", lambda: query(SECONDARY, "first._domainkey.example.org"))
filter_ = Inkand(f"""KeyTable {path("KeyTable")}
SigningTable refile:{path("SigningTable")}
MultipleSignatures yes
PidFile {path("inkand.pid")}
Nameservers {PRIMARY}
Workers 2""")


# ---- the load

class Load(threading.Thread):
    def __init__(self):
        super().__init__(daemon=True)
        self.count, self.bad, self.selectors, self.over, self.late = 0, [], set(), False, 0

    def one(self, domain):
        message = {"header": [("From", f" a@{domain}"), ("To", " b@example.com"), ("Subject", f" n{self.count}"),
                              ("Date", " Tue, 24 Nov 2026 09:00:00 +0000"), ("Message-ID", f" <{self.count}@{domain}>")],
                   "body": MESSAGE["body"]}
        got = filter_.send(message)
        added = [(n, v) for n, v in got["added"] if n == "DKIM-Signature"]
        raw = "".join(f"{n}:{v}\r\n" for n, v in added + message["header"]).replace("\r\n", "\n").replace("\n", "\r\n")
        if got["verdict"] not in "ac" or len(added) != (2 if domain == "example.net" else 1):
            self.bad.append((domain, got))
        self.verify(domain, raw.encode() + b"\r\n" + message["body"], len(added))

    def verify(self, domain, raw, n):
        for server in (PRIMARY, SECONDARY) if domain == "example.org" else (PRIMARY,):
            for i in range(n):
                names = []

                def find(name, timeout=5):
                    names.append(name.decode().rstrip("."))
                    return (query(server, names[-1]) or "").encode()
                try:
                    good = dkim.DKIM(raw).verify(i, dnsfunc=find)
                except dkim.DKIMException as e:
                    good = repr(e)
                selector = names and names[0].split(".")[0]
                self.selectors.add((domain, selector))
                # without a hold a key is revoked as soon as nothing is signed with it any more
                if good is not True and domain == "example.net" and selector not in selectors_of(domain):
                    self.late += 1
                elif good is not True:
                    self.bad.append((domain, server, names, good))
        self.count += 1

    def run(self):
        while not self.over:
            for domain in ("example.org", "example.net"):
                try:
                    self.one(domain)
                except OSError as e:
                    self.bad.append((domain, repr(e)))

    def stop(self):
        self.over = True
        self.join()


def rotate(*args, now=START, wrap=(), domain="example.org"):
    argv = [*wrap, INKAN, "rotate", *args, "--domain", domain, "--nameserver", PRIMARY, "--dns-timeout", "60", "--state", path("state"),
            "--time", str(now), "--json"]
    p = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENV, timeout=600)
    try:
        out = json.loads(p.stdout)["rotations"][0]
    except (ValueError, IndexError):
        out = {}
    return p.returncode, out, p.stderr.decode()


def stage(got):
    return (got[1].get("stage"), got[1].get("waiting")) if got[1] else got


def table(name):
    with open(path(name), encoding="ascii") as f:
        return f.read()


def selectors_of(domain):
    got = filter_.send({"header": [("From", f" x@{domain}"), ("To", " b@example.com")], "body": b"x\r\n"})
    return sorted(re.search(r"\bs=([^;\s]+)", v).group(1) for n, v in got["added"] if n == "DKIM-Signature")


def bits(selector):
    """What check says of the length of a key of example.org and of its record; and its cure."""
    name = f"{selector}._domainkey.example.org"
    value = query(PRIMARY, name)
    zone = write("bits.zone", f"{name}. TXT " + " ".join(f'"{value[i:i + 200]}"' for i in range(0, len(value), 200)) + "\n")
    out = subprocess.run([INKAN, "check", "--json", "--config", filter_.conf, "--zone", zone, "--domain", "example.org", "--only", "dkim.key.bits",
                          "--only", "dkim.record.bits"], check=True, stdout=subprocess.PIPE, env=ENV).stdout
    mine = [f for f in json.loads(out)["findings"] if f["subject"] in (name, path(f"example.org/{selector}.private"))]
    return [(f["code"], f["status"], f["fix"]) for f in mine]


load = Load()
load.start()
P = ("--tsig", tsig, "--server", PRIMARY, "-c", filter_.conf)

# ---- what cannot begin
got = rotate("next")
t.ok(got[0] == 66 and "inkan rotate start" in got[2], "next without a start", got)
t.eq(rotate("start", "-c", "/nonexistent")[0], 66, "no configuration")
t.eq(rotate("start", *P, "--hook", "true")[0], 64, "two ways to publish")
t.eq(rotate("start", *P, domain="example.info")[0], 78, "no such domain in the tables")
t.eq(rotate("start", *P, "--selector", "first")[0], 64, "the selector is in use")
t.eq(rotate("turn")[0], 64, "no such action")
t.eq(sorted(f for f in os.listdir(path("state")) if f.endswith(".json")), [], "nothing was begun")

# ---- one rotation with a secondary that lags; the old key was short
t.eq(bits("first"), [(c, "warn", "inkan rotate start --domain example.org") for c in ("dkim.key.bits", "dkim.record.bits")], "check: a short key")
got = rotate("start", *P)
t.eq((got[0], stage(got)), (0, ("publish", "dns")), "start: published, the secondary does not show it")
servers = {s["server"]: s["ok"] for s in got[1].get("records", [{"servers": []}])[0]["servers"]}
t.eq(servers, {PRIMARY: True, SECONDARY: False}, "it says which server lacks it")
new = got[1]["keys"][0]["new"]
t.ok(re.fullmatch(r"s20261[0-9]", new), "the selector has year and month", new)
st = os.stat(path(f"example.org/{new}.private"))
t.eq(st.st_mode & 0o777, 0o600, "the new key: mode 0600")
t.eq((table("KeyTable"), table("SigningTable")), before, "the tables are as they were")
t.eq(stage(rotate("next")), ("publish", "dns"), "next: still not there")
t.eq(rotate("start", *P)[0], 64, "a second start")
t.eq(selectors_of("example.org"), ["first"], "mail is signed with the old key")
refresh()
until("the secondary", lambda: query(SECONDARY, f"{new}._domainkey.example.org"))
got = rotate("next", now=START + 60)
t.eq((got[0], stage(got), got[1].get("until")), (0, ("hold", "time"), START + 60 + 7 * DAY), "next: switched, the old one stays")
t.eq(selectors_of("example.org"), [new], "mail is signed with the new key")
t.eq(table("SigningTable"), before[1].replace("first-org", f"{new}._domainkey.example.org"), "SigningTable: that name only")
t.ok(table("KeyTable").startswith(before[0]) and table("KeyTable").count("\n") == before[0].count("\n") + 1,
     "KeyTable: one line more", table("KeyTable"))
st = os.stat(path("SigningTable"))
t.eq((st.st_mode & 0o777, st.st_gid), (0o640, 12), "owner and mode stay")
t.eq(stage(rotate("next", now=START + 60 + 7 * DAY - 1)), ("hold", "time"), "a second too early")
t.ok(query(PRIMARY, "first._domainkey.example.org").endswith("AQAB"), "the old record is still there")
sent = load.count
until("what was signed before is verified", lambda: load.count > sent + 2)
got = rotate("next", now=START + 60 + 7 * DAY)
t.eq(stage(got), ("revoke", "dns"), "then: revoked, the secondary lags")
t.eq(query(PRIMARY, "first._domainkey.example.org"), "v=DKIM1; k=rsa; p=", "an empty p=")
t.ok("first-org" not in table("KeyTable") and "other" in table("KeyTable"), "KeyTable: the old line is gone")
refresh()
until("the secondary", lambda: query(SECONDARY, "first._domainkey.example.org") == "v=DKIM1; k=rsa; p=")
t.eq(stage(rotate("next", now=START + 61 + 7 * DAY)), ("done", None), "done")
t.eq(bits(new), [(c, "ok", "") for c in ("dkim.key.bits", "dkim.record.bits")], "check: the cure was a rotation, the new key is long")
t.ok(os.path.exists(path("example.org/first.private")), "the old private key is not deleted")
t.eq(stage(rotate("status")), ("done", None), "status")
t.eq(stage(rotate("next", "--every", "90", now=START + 90 * DAY)), ("done", None), "--every: not old enough")

# ---- back before the switch, and after it; by a hook; by hand
HOOK = r"""#!/bin/sh
echo "$@" >>LOG
value=$(echo "$4" | sed 's/.\{200\}/&" "/g')
printf '%s\n' "server PRIMARY" "key hmac-sha256:inkan:SECRET" "zone example.org." "update delete $2. TXT" \
	"update add $2. $3 TXT \"$value\"" send | knsupdate >&2
"""
hook = write("hook", HOOK.replace("LOG", path("hook.log")).replace("PRIMARY", PRIMARY).replace("SECRET", SECRET), 0o755)
later = START + 100 * DAY
got = rotate("start", "--hook", hook, "-c", filter_.conf, "--selector", "hooked", now=later)
t.eq(stage(got), ("publish", "dns"), "by a hook")
log = open(path("hook.log")).read()
t.ok(log.startswith("add hooked._domainkey.example.org 3600 v=DKIM1; h=sha256; k=rsa; p="), "what the hook is given", log)
got = rotate("abort", now=later)
t.eq((stage(got), query(PRIMARY, "hooked._domainkey.example.org")), (("done", None), "v=DKIM1; k=rsa; p="),
     "abort before the switch: the record is revoked, where it was")
t.eq(selectors_of("example.org"), [new], "and nothing else changed")
got = rotate("start", "--hook", "false", "-c", filter_.conf, now=later)
t.ok(got[0] == 69 and '"false" failed' in got[2], "a hook that fails", got)
got = rotate("next", "--hook", hook, now=later)
refresh()
until("the secondary", lambda: query(SECONDARY, f"{got[1]['keys'][0]['new']}._domainkey.example.org"))
t.eq((stage(rotate("next", now=later)), selectors_of("example.org")), (("hold", "time"), [got[1]["keys"][0]["new"]]),
     "gone on with another hook: switched")
t.eq((stage(rotate("abort", now=later)), selectors_of("example.org")), (("hold", "time"), [new]),
     "abort after the switch: signed with the old key again")
got = rotate("finish", now=later)
t.eq(stage(got), ("revoke", "dns"), "finish: does not hold")
t.eq(rotate("abort", now=later)[0], 64, "too late to go back")
refresh()
until("the secondary", lambda: rotate("next", now=later)[1].get("done"))
got = rotate("start", "-c", filter_.conf, now=later + DAY)
t.eq(stage(got), ("publish", "paste"), "by hand: the record is shown")
record = got[1]["records"][0]
t.ok(record["name"].endswith("._domainkey.example.org") and record["value"].startswith("v=DKIM1; "), "to paste", record)
text = subprocess.run([INKAN, "rotate", "next", "--state", path("state"), "--nameserver", PRIMARY], stdout=subprocess.PIPE,
                      env=ENV).stdout.decode()
t.ok(record["value"] in text and "inkan rotate next" in text and SECONDARY in text, "and as text", text)
t.eq(stage(rotate("abort", now=later + DAY)), ("done", None), "never pasted: nothing to revoke")

# ---- the filter does not read its tables again: the old key is not revoked
old = selectors_of("example.net")
got = rotate("start", *P, "--hold", "0", "--reload", "false", domain="example.net")
t.ok(got[0] == 69 and '"false" failed' in got[2], "no reload", got)
got = rotate("status", domain="example.net")
t.eq((stage(got), selectors_of("example.net")), (("switch", None), old), "the old keys go on signing")
t.ok(all(query(PRIMARY, f"{s}._domainkey.example.net")[-4:] != "; p=" for s in old), "and stay published")
got = rotate("next", "--reload", "", domain="example.net")
last = rotate("status", domain="example.net")[1]
t.eq((stage(got), selectors_of("example.net")), (("done", None), sorted(k["new"] for k in got[1]["keys"])),
     "once it can be told, the next run ends it")

# ---- killed at a call that changes or asks something: at a few by chance, or at
# every one (tests/long/rotate); both keys of example.net, one name server
EVERY = os.environ.get("ROTATE_EVERY_POINT")
chosen = random.Random(int(os.environ.get("ROTATE_SEED", random.randrange(1 << 30))))
now, points, wrong = START, 0, []
for call, most, some in (("fsync", 60, 3), ("rename", 60, 2), ("unlink", 60, 1), ("fchown", 60, 1), ("chmod", 60, 1),
                         ("kill", 60, 1), ("connect", 60, 3)):
    numbers = range(1, most) if EVERY else sorted(chosen.sample(range(1, {"kill": 3, "chmod": 3, "fchown": 4}.get(call, 12)), some))
    for n in numbers:
        now += 32 * DAY
        wrap = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}",
                "-e", f"inject={call}:signal=KILL:when={n}")
        status, got, err = rotate("start", *P, "--hold", "0", now=now, wrap=wrap, domain="example.net")
        killed = not got
        if killed:
            points += 1
            status, got, err = rotate("next", now=now, domain="example.net")
            if got.get("done") and rotate("status", domain="example.net")[1] == last:  # killed before anything was written
                status, got, err = rotate("start", *P, "--hold", "0", now=now, domain="example.net")
        if not got.get("done") or sorted(k["new"] for k in got["keys"]) != selectors_of("example.net"):
            wrong.append((call, n, status, got, err))
            break
        last = rotate("status", domain="example.net")[1]
        if not killed and EVERY:
            break
        sent = load.count
        until("a mail with these keys", lambda: load.count > sent + 2)
t.eq(wrong, [], "killed anywhere: the next run ends it")
t.ok(points >= (100 if EVERY else 8), f"killed at {points} points", points)
left = [f for d in ("state", ".") for f in os.listdir(path(d)) if f.endswith(".inkan-new")]
t.ok(len(left) <= 3, "what a kill leaves is used again", left)

# ---- two at once
procs = [subprocess.Popen([INKAN, "rotate", "start", *P, "--hold", "0", "--domain", "example.net", "--nameserver", PRIMARY, "--dns-timeout", "60",
                           "--state", path("state"), "--time", str(now + 32 * DAY)], stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, env=ENV) for _ in range(2)]
results = sorted((p.wait(180), p.stderr.read().decode()) for p in procs)
t.ok(results[0][0] == 0 and (results[1][0] == 0 or "another inkan rotate" in results[1][1]), "two at once", results)

load.stop()
t.ok(load.count > 60 and load.late <= load.count // 10, f"{load.count} messages", f"{load.count}, {load.late} of them late")
t.eq(load.bad[:3], [], "every signature of every message verified, at every name server")
t.ok(len(load.selectors) > 15, f"{len(load.selectors)} keys were used", sorted(load.selectors)[:5])
t.eq(filter_.stop(), 0, "inkand ends well")
for k in (primary, secondary):
    k.stop()
t.done()
