"""records: the same records in every form, keys from everywhere."""
import json
import os

import tap
from tool import TMP, as_json, keygen, path, record_of, run, write

t = tap.Tap()
key, value = keygen("mail")
D = ("records", "--domain", "example.org", "--ip", "192.0.2.1", "--ip", "2001:db8::1")
K = ("--selector", "mail", "--key", key)

status, got = as_json(*D, *K)
t.eq([(r["name"], r["type"], r["ttl"]) for r in got],
     [("example.org", "TXT", 3600), ("mail._domainkey.example.org", "TXT", 3600), ("_dmarc.example.org", "TXT", 3600)],
     "SPF, DKIM, DMARC")
t.eq([r["value"] for r in got], ["v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 ~all", value,
                                 "v=DMARC1; p=none; rua=mailto:postmaster@example.org"], "their values")
t.ok(all("".join(r["strings"]) == r["value"] and all(0 < len(s) <= 255 for s in r["strings"]) and r["why"] for r in got),
     "strings of at most 255 octets, and a reason")
t.eq(as_json(*D, *K, "--format", "json")[1], got, "--format json is --json")

wanted = {r["name"]: r["value"] for r in got}
lines = run(*D, *K, "--format", "lines")[1].decode().splitlines()
t.eq({n: v for n, _, v in (line.split(" ", 2) for line in lines)}, wanted, "lines: one value a line")
for form in ("zone", "nsupdate"):
    out = run(*D, *K, "--format", form)[1].decode()
    records = [line.removeprefix("update add ") for line in out.splitlines() if " TXT " in line and not line.startswith(";")]
    t.eq({r.split(". ", 1)[0]: "".join(r.split('"')[1::2]) for r in records}, wanted, f"{form}: the same values")
    t.ok(all(line.startswith((";", "update add ", "send")) or not line or form == "zone" for line in out.splitlines()), form)
zone = write("own.zone", run(*D, *K, "--format", "zone")[1])
status, out, err = run("testkey", "--zone", zone, "--domain", "example.org", "--selector", "mail", "--key", key)
t.ok(status == 0 and b"key OK" in out, "the zone answers for the key", f"{status} {out!r} {err!r}")
table = run(*D, *K)[1].decode()
t.ok(all(v in table and n in table for n, v in wanted.items()) and "~all" in table, "table: what a panel wants", table)

# options
got = as_json(*D, *K, "--host", "mx.example.org", "--rua", "mailto:dmarc@reports.example", "--policy", "reject", "--ttl", "300")[1]
by_name = {r["name"]: r for r in got}
t.eq(by_name["mx.example.org"]["value"], "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 -all", "--host: the HELO name")
t.eq(by_name["_dmarc.example.org"]["value"], "v=DMARC1; p=reject; rua=mailto:dmarc@reports.example", "--rua, --policy")
t.eq(by_name["example.org._report._dmarc.reports.example"]["value"], "v=DMARC1", "reports elsewhere need consent")
t.ok(all(r["ttl"] == 300 for r in got), "--ttl")
got = as_json(*D, *K, "--rua", "x@sub.example.org")[1]
t.eq(len(got), 3, "reports below the domain need none")
got = as_json("records", "--domain", "Bücher.example", "--ip", "192.0.2.1", *K)[1]
t.ok(all(r["name"].endswith("xn--bcher-kva.example") for r in got), "an IDN becomes A-labels", got)

# keys from a directory, from the tables, from nowhere
os.mkdir(path("keys"))
run("keygen", "--domain", "example.org", "--selector", "a", "--directory", path("keys"))
run("keygen", "--domain", "example.org", "--selector", "b", "--directory", path("keys"), "--algorithm", "ed25519")
got = as_json(*D, "--directory", path("keys"))[1]
t.eq([r["name"].split(".")[0] for r in got if "_domainkey" in r["name"]], ["a", "b"], "--directory")
t.eq(got[2]["value"], record_of(path("keys/b.txt")), "its record")
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
