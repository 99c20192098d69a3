"""spf as a command: its JSON, its tree, and what strangers may write."""
import tap
from tool import as_json, controls, run, write

t = tap.Tap()
zone = write("spf.zone", """\
example.org. 60 IN TXT "v=spf1 include:inc.example.net ip4:192.0.2.0/24 -all"
inc.example.net. 60 IN TXT "v=spf1 ip6:2001:db8::/32 ~all"
mx.example.org. 60 IN TXT "v=spf1 a -all"
mx.example.org. 60 IN A 192.0.2.7
why.example.org. 60 IN TXT "v=spf1 -all exp=text.example.org"
text.example.org. 60 IN TXT "%{i} may not send for %{d}"
loop.example.org. 60 IN TXT "v=spf1 include:loop.example.org -all"
""")
HELO = ("--helo", "mx.example.org")


def spf(ip, *args, zone_file=zone):
    return as_json("spf", "--zone", zone_file, "--ip", ip, *args)


t.eq(spf("192.0.2.1", *HELO, "--mail-from", "aki@example.org"), (0, {
    "result": "pass", "domain": "example.org", "scope": "mfrom", "mechanism": "ip4:192.0.2.0/24", "explanation": None,
    "problem": None, "dns_lookups": 1, "void_lookups": 0}), "the JSON of a pass")
for ip, args, want in [
    ("2001:db8::1", ("--mail-from", "aki@example.org"), ("pass", "example.org")),
    ("198.51.100.1", ("--mail-from", "aki@example.org"), ("fail", "example.org")),
    ("192.0.2.7", ("--mail-from", ""), ("pass", "mx.example.org")),
    ("192.0.2.7", ("--mail-from", "<>"), ("pass", "mx.example.org")),
    ("192.0.2.8", (), ("fail", "mx.example.org")),
    ("192.0.2.1", ("--mail-from", "a@none.example"), ("none", "none.example")),
    ("192.0.2.1", ("--mail-from", "a@loop.example.org"), ("permerror", "loop.example.org")),
]:
    status, got = spf(ip, *HELO, *args)
    t.eq((status, got.get("result"), got.get("domain")), (0, *want), f"{ip} {' '.join(args)}: {want[0]}")
got = spf("198.51.100.1", *HELO, "--mail-from", "a@why.example.org")[1]
t.eq((got["result"], got["mechanism"], got["explanation"]), ("fail", "-all", "198.51.100.1 may not send for why.example.org"),
     "the owner's explanation")
t.ok(spf("192.0.2.1", *HELO, "--mail-from", "a@loop.example.org")[1]["problem"], "a permerror says why")
for name, args in {"one label": ("--helo", "localhost"), "a long name": ("--helo", "x" * 300 + ".example"),
                   "control bytes": ("--helo", "a\x1b.example"), "an address": ("--helo", "[192.0.2.1]"),
                   "a strange sender": (*HELO, "--mail-from", "a@b@\x07@x y"), "a quoted @": (*HELO, "--mail-from", '"a@b"@example.org')}.items():
    status, got = spf("192.0.2.1", *args)
    t.ok(status == 0 and got.get("result") in ("none", "pass", "permerror"), f"data, not usage: {name}", f"{status} {got}")
    status, out, err = run("spf", "--zone", zone, "--ip", "192.0.2.1", *args)
    t.ok(status == 0 and not controls(out + err), f"no control byte: {name}", out)
status, out, _ = run("spf", "--zone", zone, "--ip", "198.51.100.1", *HELO, "--mail-from", "a@example.org", "--explain")
t.ok(status == 0 and b"include:inc.example.net" in out and b"ip6:2001:db8::/32" in out and b"spf=fail" in out,
     "--explain shows the tree", out)
t.eq(run("spf", "--zone", zone, "--ip", "198.51.100.1", *HELO, "--fail")[0], 1, "--fail")
t.eq(run("spf", "--zone", zone, "--ip", "192.0.2.7", *HELO, "--fail")[0], 0, "--fail with a pass")
for args in [(), HELO, ("--ip", "x", *HELO), ("--ip", "192.0.2.1")]:
    t.eq(run("spf", *args)[0], 64, f"usage: spf {' '.join(args)}")
t.done()
