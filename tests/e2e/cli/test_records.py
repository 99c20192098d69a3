"""records: the same records in every form, keys from everywhere."""
import hashlib
import json
import os
import subprocess

import tap
from tool import TMP, as_json, keygen, path, record_of, run, write

t = tap.Tap()
key, value = keygen("mail")
D = ("records", "--domain", "example.org", "--host", "mx.example.org", "--ip", "192.0.2.1", "--ip", "2001:db8::1", "--dnssec", "no")
K = ("--selector", "mail", "--key", key)

status, got = as_json(*D, *K)
V6 = "1" + ".0" * 23 + ".8.b.d.0.1.0.0.2.ip6.arpa"
t.eq([(r["name"], r["type"], r["value"]) for r in got if r["when"] == "now"],
     [("mx.example.org", "A", "192.0.2.1"), ("mx.example.org", "AAAA", "2001:db8::1"),
      ("example.org", "MX", "10 mx.example.org"), ("example.org", "TXT", "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 ~all"),
      ("mx.example.org", "TXT", "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 -all"), ("mail._domainkey.example.org", "TXT", value),
      ("_dmarc.example.org", "TXT", "v=DMARC1; p=none; rua=mailto:postmaster@example.org"),
      ("_smtp._tls.example.org", "TXT", "v=TLSRPTv1; rua=mailto:postmaster@example.org")], "what to publish now")
t.eq([(r["name"], r["type"], r["value"]) for r in got if r["when"] == "elsewhere"],
     [("1.2.0.192.in-addr.arpa", "PTR", "mx.example.org"), (V6, "PTR", "mx.example.org")], "what to order")
later = [r for r in got if r["when"] == "later"]
t.eq([(r["name"], r["type"]) for r in later], [("mta-sts.example.org", "A"), ("mta-sts.example.org", "AAAA"),
                                               ("_mta-sts.example.org", "TXT")], "what comes later")
t.ok(later[-1]["file"]["url"] == "https://mta-sts.example.org/.well-known/mta-sts.txt"
     and "\nmx: mx.example.org\n" in later[-1]["file"]["content"], "the policy file", later[-1])
t.ok(all(r["ttl"] == 3600 for r in got), "the default TTL")
t.ok(all("".join(r["strings"]) == r["value"] and all(0 < len(s) <= 255 for s in r["strings"]) and r["why"] for r in got),
     "strings of at most 255 octets, and a reason")
t.eq(as_json(*D, *K, "--format", "json")[1], got, "--format json is --json")

lines = run(*D, *K, "--format", "lines")[1].decode().splitlines()
t.eq([tuple(line.split(" ", 2)) for line in lines],
     [(r["name"], r["type"], r["value"]) for r in got if r["when"] != "later"], "lines: one value a line")
wanted = {r["name"]: r["value"] for r in got if r["type"] == "TXT" and r["when"] == "now"}
for form in ("zone", "nsupdate"):
    out = run(*D, *K, "--format", form)[1].decode()
    records = [line.removeprefix("update add ") for line in out.splitlines() if " TXT " in line and not line.startswith(";")]
    t.ok("example.org. 3600 " + ("IN " if form == "zone" else "") + "MX 10 mx.example.org.\n" in out, f"{form}: MX")
    t.eq({r.split(". ", 1)[0]: "".join(r.split('"')[1::2]) for r in records}, wanted, f"{form}: the same values")
    t.ok(all(line.startswith((";", "update add ", "send")) or not line or form == "zone" for line in out.splitlines()), form)
zone = write("own.zone", run(*D, *K, "--format", "zone")[1])
status, out, err = run("testkey", "--zone", zone, "--domain", "example.org", "--selector", "mail", "--key", key)
t.ok(status == 0 and b"key OK" in out, "the zone answers for the key", f"{status} {out!r} {err!r}")
table = run(*D, *K)[1].decode()
t.ok(all(v in table and n in table for n, v in wanted.items()) and "~all" in table, "table: what a panel wants", table)

# options
got = as_json(*D, *K, "--rua", "mailto:dmarc@reports.example", "--policy", "reject", "--ttl", "300")[1]
by_name = {r["name"]: r for r in got if r["type"] == "TXT"}
t.eq(by_name["_dmarc.example.org"]["value"], "v=DMARC1; p=reject; rua=mailto:dmarc@reports.example", "--rua, --policy")
t.eq(by_name["example.org._report._dmarc.reports.example"]["value"], "v=DMARC1", "reports elsewhere need consent")
t.ok(all(r["ttl"] == 300 for r in got), "--ttl")
got = as_json(*D, *K, "--rua", "x@sub.example.org")[1]
t.ok(not any("_report" in r["name"] for r in got), "reports below the domain need none")
got = as_json("records", "--domain", "Bücher.example", "--ip", "192.0.2.1", *K)[1]
t.ok(any(r["name"] == "_dmarc.xn--bcher-kva.example" for r in got), "an IDN becomes A-labels", got)

# the host: Postfix's name, the machine's, or a guess that is said
status, out, err = run("records", "--domain", "example.org", "--ip", "192.0.2.1", *K, "--json")
host = next(r["value"] for r in json.loads(out) if r["type"] == "MX").partition(" ")[2]
t.ok("." in host and (host != "mail.example.org" or b"--host" in err), "without --host", f"{host} {err!r}")
got = as_json("records", "--domain", "example.org", "--host", "mx.example.net", "--ip", "192.0.2.1", *K)[1]
t.eq({r["type"]: r["when"] for r in got if r["name"] == "mx.example.net"}, {"A": "elsewhere", "TXT": "elsewhere"},
     "a host of another domain")

# TLS
pem = path("cert.pem")
subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                "-subj", "/CN=mx.example.org", "-keyout", path("tls.key"), "-out", pem], check=True, stderr=subprocess.DEVNULL)
der = subprocess.run(["openssl", "pkey", "-in", path("tls.key"), "-pubout", "-outform", "DER"], check=True,
                     stdout=subprocess.PIPE).stdout
tlsa = "3 1 1 " + hashlib.sha256(der).hexdigest()
for dnssec, when in [("yes", "now"), ("no", "later")]:
    got = as_json(*D[:-1], dnssec, *K, "--cert", pem)[1]
    t.eq([(r["name"], r["value"], r["when"]) for r in got if r["type"] == "TLSA"], [("_25._tcp.mx.example.org", tlsa, when)],
         f"TLSA, DNSSEC {dnssec}")
got = as_json(*D, *K, "--ca", "letsencrypt.org", "--mta-sts")[1]
t.eq([(r["name"], r["value"]) for r in got if r["type"] == "CAA"], [("mx.example.org", '0 issue "letsencrypt.org"')], "CAA")
t.eq([r["when"] for r in got if r["name"] == "_mta-sts.example.org"], ["now"], "--mta-sts: its file is there")
t.eq(run(*D, *K, "--cert", "/nonexistent")[0], 66, "no such certificate")
t.eq(run(*D, *K, "--cert", key)[0], 65, "no certificate in it")
t.eq(run(*D[:-1], "maybe", *K)[0], 64, "--dnssec maybe")

# keys from a directory, from the tables, from nowhere
os.mkdir(path("keys"))
run("keygen", "--domain", "example.org", "--selector", "a", "--directory", path("keys"))
run("keygen", "--domain", "example.org", "--selector", "b", "--directory", path("keys"), "--algorithm", "ed25519")
got = as_json(*D, "--directory", path("keys"))[1]
t.eq([r["name"].split(".")[0] for r in got if "_domainkey" in r["name"]], ["a", "b"], "--directory")
t.eq([r["value"] for r in got if r["name"].startswith("b.")], [record_of(path("keys/b.txt"))], "its record")
keys = write("KeyTable", f"one example.org:mail:{key}\ntwo example.net:other:{key}\nany %:every:{key}\n")
conf = write("records.conf", f"KeyTable {keys}\n")
status, out, err = run(*D, "--json", "-c", conf)
t.eq([r["name"] for r in json.loads(out) if "_domainkey" in r["name"]],
     ["mail._domainkey.example.org", "every._domainkey.example.org"], "the KeyTable's keys of this domain")
status, out, err = run(*D, "-c", write("none.conf", f"KeyTable {write('KeyTable2', f'two example.net:other:{key}')}\n"))
t.ok(status == 0 and b"_domainkey" not in out and b"inkan keygen" in err, "no key: what to do", f"{status} {err!r}")
t.eq(run(*D, "--selector", "mail")[0], 64, "a selector without its key")
t.eq(run(*D, "--directory", "/nonexistent")[0], 66, "no such directory")
out = run(*D, *K, "--lang", "ja")[1].decode()
t.ok("値" in out and value in out, "in Japanese", out)
t.done()
