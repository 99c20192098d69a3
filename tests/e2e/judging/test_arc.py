"""inkand and ARC: seals what it passes on, judges what others have sealed, and lets
a trusted sealer rescue what DMARC would refuse."""
import os
import subprocess

import daemon
import tap
import tinydns
from daemon import BUILD, TMP

t = tap.Tap()


def key(selector, domain):
    subprocess.run([os.path.join(BUILD, "inkan"), "keygen", "--domain", domain, "--selector", selector, "--directory", TMP],
                   check=True, stdout=subprocess.DEVNULL)
    with open(os.path.join(TMP, selector + ".txt"), encoding="ascii") as f:
        return "".join(f.read().split('"')[1::2])


LOST = {"_domainkey.lost.example": "servfail"}
dns = tinydns.Server({
    "example.org": [("TXT", "v=spf1 ip4:192.0.2.0/24 -all")],
    "_dmarc.example.org": [("TXT", "v=DMARC1; p=reject")],
    "list._domainkey.list.example": [("TXT", key("list", "list.example"))],
    "other._domainkey.other.example": [("TXT", key("other", "other.example"))],
    **LOST})
CONF = "Verify spf,dkim,arc,dmarc\nRejectFailures yes\nMode sv\nRequireSafeKeys no\n"


def forwarder(name):
    table = os.path.join(TMP, name + ".table")
    with open(table, "w", encoding="ascii") as f:
        f.write(f"k {name}.example:{name}:{TMP}/{name}.private\n")
    return daemon.Daemon(dns, name, CONF + f"AuthservID mx.{name}.example\nKeyTable {table}\nSigningTable csl:nobody@{name}.example=k\nSeal k\n")


LETTER = "From: <a@example.org>\nSubject: x\nDate: Tue, 24 Nov 2026 12:00:00 +0000\n\nhello\n"
HOP = {"ip": "203.0.113.9", "helo": "list.example", "sender": "b@list.example"}
one, two = forwarder("list"), forwarder("other")
target = daemon.Daemon(dns, "target", CONF + "AuthservID mx.example.com\nDomainWhitelist list.example,other.example\n")
strict = daemon.Daemon(dns, "strict", CONF + "AuthservID mx.example.com\nDomainWhitelist list.example\n")

first = one.mail(LETTER, ip="192.0.2.1", sender="a@example.org", json_out=False)
lines = first.decode().splitlines()
t.ok(lines[0].startswith("ARC-Seal: i=1;") and "cv=none" in first.decode() and "ARC-Authentication-Results: i=1; mx.list.example" in first.decode()
     and first.count(b"ARC-Message-Signature: i=1") == 1, "Seal adds one set on top", first.decode())
got = target.mail(first, **HOP)
t.ok(got["verdict"] == "accept" and all(w in got["message"] for w in (
    "arc=pass", "dmarc=fail", "dis=none", "local policy: arc=pass as[1].d=list.example as[1].s=list remote-ip[1]=192.0.2.1")),
     "a trusted sealer rescues, and the override is recorded", got)
second = two.mail(first, **HOP, json_out=False)
t.ok(second == b"" or second.startswith(b"reply"), "a hop that enforces and trusts nobody refuses", second.decode())
relay = daemon.Daemon(dns, "relay", CONF.replace("RejectFailures yes", "RejectFailures no")
                      + f"AuthservID mx.other.example\nKeyTable {TMP}/other.table\nSigningTable csl:nobody@other.example=k\nSeal k\n")
second = relay.mail(first, **HOP, json_out=False)
t.ok(second.startswith(b"ARC-Seal: i=2;") and b"cv=pass" in second, "a second hop continues the chain", second.decode())
last = {"ip": "203.0.113.77", "helo": "other.example", "sender": "c@other.example"}
got = target.mail(second, **last)
t.ok(got["verdict"] == "accept" and "as[2].d=other.example" in got["message"] and "as[1].d=list.example" in got["message"],
     "both sealers trusted: rescued", got)
got = strict.mail(second, **last)
t.ok(got["verdict"] == "reply" and "550 5.7.1" in got["reply"], "one of them not trusted: refused", got)
got = target.mail(first.replace(b"hello", b"pay me"), **HOP)
t.ok(got["verdict"] == "reply", "a body changed behind the seal: refused", got)
got = target.mail(first.replace(b"dmarc=pass", b"dmarc=none"), **HOP)
t.ok(got["verdict"] == "reply", "results changed behind the seal: refused", got)
got = target.mail(first.replace(b"example.org", b"bank.example").replace(b"cv=none", b"cv=pass"), **HOP)
t.ok("; arc=pass" not in (got.get("message") or ""), "a chain that begins with cv=pass is none", got)
got = target.mail(first.replace(b"d=list.example", b"d=lost.example"), **HOP)
t.ok(got["verdict"] == "reply", "a key that cannot be had rescues nothing", got)
broken = relay.mail(first.replace(b"hello", b"pay me"), **HOP, json_out=False)
t.ok(b"ARC-Seal: i=2;" in broken and b"cv=fail" in broken, "a broken chain is sealed as broken", broken.decode())
again = relay.mail(broken, **HOP, json_out=False)
t.ok(b"i=3" not in again, "and never continued", again.decode())
got = relay.mail(first.replace(b"d=list.example", b"d=lost.example"), **HOP)
t.ok(got["verdict"] == "reply" and got["reply"].startswith("451"), "no seal without an answer: again later", got)
p = subprocess.run([os.path.join(BUILD, "inkan"), "verify", "--json", "--nameserver", f"127.0.0.1:{dns.port}"], input=second,
                   stdout=subprocess.PIPE, check=True)
t.ok(b'"arc": {\n    "result": "pass",\n    "instances": 2' in p.stdout, "inkan verify sees the chain", p.stdout.decode())
check = "import sys, dkim; d = dkim.ARC(sys.stdin.buffer.read()); z = {r[0]: r[1] for r in map(str.split, [])}\n" \
        "import json; z = json.loads(sys.argv[1]); print(d.verify(dnsfunc=lambda n, timeout=5: z.get(n.decode().rstrip('.'), '').encode())[0])"
import json  # noqa: E402
zone = {n: dict(dns.records[n])["TXT"] for n in dns.records if "_domainkey" in n and isinstance(dns.records[n], list)}
p = subprocess.run(["/usr/bin/python3", "-c", check, json.dumps(zone)], input=second.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
t.eq(p.stdout.decode().strip().splitlines()[-1:], ["b'pass'"], "dkimpy verifies the chain that inkand made")
for d in (one, two, target, strict, relay):
    d.stop()
dns.close()
t.done()
