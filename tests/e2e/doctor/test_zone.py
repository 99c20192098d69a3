# timeout: 300
"""check --zone: records before they are published, right ones and wrong ones."""
import re

import tap
import zones
from tool import run
from tree import tutorial
from zones import AREAS, NAME, RIGHT, value_of

t = tap.Tap()
base = tutorial().sub("/etc/postfix/main.cf", "inet_protocols = ipv4", "inet_protocols = all")
base.sub("/etc/postfix/main.cf", "myhostname = example.org", "myhostname = mail.example.org")
base.key("other").key("weak", bits="1024")
KEY, OTHER, WEAK = (value_of(base, selector) for selector in ("default", "other", "weak"))


def zone(**changes):
    """The right records with others in their place; None takes away."""
    return zones.zone(zones.lines(zones.changed(zones.right(KEY), changes)))


def findings(file, tree=base, *args):
    return [f for f in tree.check("--zone", file, *args) if f["code"].startswith(AREAS)]


def bad(file, tree=base, *args):
    return {f["code"] for f in findings(file, tree, *args) if f["status"] in ("note", "warn", "fail")}


def with_spf(record):
    return {"example.org": [RIGHT["example.org"][0], record, RIGHT["example.org"][2]]}


def with_dmarc(record):
    return {"_dmarc.example.org": record}


right = findings(zone())
t.eq([f for f in right if f["status"] != "ok"], [], "right records have nothing wrong")
t.ok({"dkim.record.mismatch", "spf.host", "host.ptr", "dmarc.record"} <= {f["code"] for f in right}, "and were looked at")

T = "2001:db8::1"
DEEP = {f"s{i}.example.net": f"v=spf1 include:s{i + 1}.example.net ?all" for i in range(12)}
CASES = [
    # SPF
    ("no SPF", {"example.org": RIGHT["example.org"][::2]}, {"spf.record"}),
    ("SPF spelled wrong", with_spf("v=spf 1 ip4:192.0.2.1 -all"), {"spf.record"}),
    ("two SPF records", {"example.org": RIGHT["example.org"] + ["v=spf1 mx -all"]}, {"spf.record.several"}),
    ("a typo in SPF", with_spf("v=spf1 ipv4:192.0.2.1 -all"), {"spf.record.syntax"}),
    ("a bad network", with_spf("v=spf1 ip4:192.0.2.300 -all"), {"spf.record.syntax"}),
    ("an include of nothing", with_spf("v=spf1 include:nowhere.example.net ip4:192.0.2.1 ip6:2001:db8::1 ~all"),
     {"spf.tree", "spf.host"}),
    ("too many lookups", {**with_spf("v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 include:s0.example.net ~all"), **DEEP},
     {"spf.tree", "spf.lookups"}),
    ("an include of itself", with_spf("v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 include:example.org ~all"), {"spf.tree", "spf.lookups"}),
    ("-all", with_spf("v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 -all"), {"spf.all.hard"}),
    ("+all", with_spf("v=spf1 +all"), {"spf.all"}),
    ("no all", with_spf("v=spf1 ip4:192.0.2.1 ip6:2001:db8::1"), {"spf.all"}),
    ("a redirect", {**with_spf("v=spf1 redirect=_spf.example.org"), "_spf.example.org": "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 -all"}, set()),
    ("ptr", with_spf("v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 ptr ~all"), {"spf.ptr"}),
    ("the host's IPv6 is not in it", with_spf("v=spf1 ip4:192.0.2.1 ~all"), {"spf.host"}),
    ("what stands behind all", with_spf("v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 ~all include:_spf.example.net"), {"spf.after_all"}),
    ("redirect beside all", with_spf("v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 ~all redirect=_spf.example.net"), {"spf.after_all"}),
    ("all in front", with_spf("v=spf1 ~all ip4:192.0.2.1 ip6:2001:db8::1"), {"spf.after_all", "spf.host"}),
    ("SPF at another name", {"example.org": RIGHT["example.org"][::2], "_spf.example.org": RIGHT["example.org"][1]}, {"spf.record", "spf.record.place"}),
    ("SPF at a doubled name", {"example.org": RIGHT["example.org"][::2], "example.org.example.org": RIGHT["example.org"][1]},
     {"spf.record", "spf.record.place"}),
    ("SPF in quotes", with_spf('"v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 ~all"'), {"spf.record"}),
    ("SPF in typographic quotes", {"example.org": [RIGHT["example.org"][0], "RAW TXT \"\\226\\128\\156v=spf1 -all\\226\\128\\157\"", RIGHT["example.org"][2]]},
     {"spf.record"}),
    ("an address as a name", with_spf("v=spf1 a:192.0.2.1 ip6:2001:db8::1 ~all"), {"spf.record.syntax"}),
    ("a blank behind ip4:", with_spf("v=spf1 ip4: 192.0.2.1 ~all"), {"spf.record.syntax"}),
    ("commas", with_spf("v=spf1 ip4:192.0.2.1, ip6:2001:db8::1 ~all"), {"spf.record.syntax"}),
    ("a semicolon at the end", with_spf("v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 ~all;"), {"spf.record.syntax"}),
    ("?all", with_spf("v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 ?all"), {"spf.all"}),
    ("capitals", with_spf("V=SPF1 IP4:192.0.2.1 A:mail.example.org ~ALL"), set()),
    ("three includes without an answer", with_spf("v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 a:n1.example.net a:n2.example.net a:n3.example.net ~all"),
     {"spf.tree"}),
    ("split in the middle of a word", {"example.org": [RIGHT["example.org"][0], 'RAW TXT "v=spf1 ip4:192.0.2.1 ip" "6:2001:db8::1 ~all"',
                                                      RIGHT["example.org"][2]]}, set()),
    ("split without its blank", {"example.org": [RIGHT["example.org"][0], 'RAW TXT "v=spf1 ip4:192.0.2.1" "ip6:2001:db8::1 ~all"',
                                                RIGHT["example.org"][2]]}, {"spf.record.syntax"}),
    ("other TXT records beside it", {"example.org": RIGHT["example.org"] + ["site-verification=spf1-abc", "MS=ms1"]}, set()),
    ("no SPF of the host", {"mail.example.org": ["A 192.0.2.1", "AAAA 2001:db8::1"]}, {"spf.helo"}),
    # DKIM
    ("no key", {NAME: None}, {"dkim.record.missing"}),
    ("a doubled name", {NAME: None, NAME + ".example.org": KEY}, {"dkim.record.doubled"}),
    ("no underscore", {NAME: None, "default.domainkey.example.org": KEY}, {"dkim.record.place"}),
    ("at the selector alone", {NAME: None, "default.example.org": KEY}, {"dkim.record.place"}),
    ("another record at the selector's name", {NAME: None, "default.example.org": "hello"}, {"dkim.record.missing"}),
    ("by an alias", {NAME: "CNAME key.example.net.", "key.example.net": KEY}, set()),
    ("an alias that leads nowhere", {NAME: "CNAME key.example.net."}, {"dkim.record.missing"}),
    ("a key in PEM", {NAME: KEY.replace("p=", "p=-----BEGIN PUBLIC KEY-----")}, {"dkim.record.syntax"}),
    ("p= alone, without v=", {NAME: "k=rsa; h=sha256; " + KEY[KEY.index("p="):]}, {"dkim.record.text"}),
    ("v= not in front", {NAME: "k=rsa; v=DKIM1; " + KEY[KEY.index("p="):]}, {"dkim.record.syntax"}),
    ("another kind of key", {NAME: KEY.replace("k=rsa", "k=ed25519")}, {"dkim.record.syntax"}),
    ("no semicolon", {NAME: KEY.replace("v=DKIM1; ", "v=DKIM1 ")}, {"dkim.record.syntax"}),
    ("p= twice", {NAME: KEY + "; " + KEY[KEY.index("p="):]}, {"dkim.record.syntax"}),
    ("brackets of a zone file", {NAME: "(" + KEY + ")"}, {"dkim.record.syntax"}),
    ("an old record beside it", {NAME: [KEY, OTHER]}, {"dkim.record.several"}),
    ("another key", {NAME: OTHER}, {"dkim.record.mismatch"}),
    ("another, weak key", {NAME: WEAK}, {"dkim.record.mismatch", "dkim.record.bits"}),
    ("a key cut off", {NAME: KEY[:200]}, {"dkim.record.syntax"}),
    ("quotes in the value", {NAME: '"' + KEY[:100] + '" "' + KEY[100:] + '"'}, {"dkim.record.syntax"}),
    ("backslashes in the value", {NAME: KEY.replace(";", "\\;")}, {"dkim.record.syntax"}),
    ("split into two records", {NAME: [KEY[:150], KEY[150:]]}, {"dkim.record.several", "dkim.record.syntax"}),
    ("blanks within the key", {NAME: KEY[:150] + " " + KEY[150:]}, set()),
    ("revoked", {NAME: "v=DKIM1; k=rsa; p="}, {"dkim.record.revoked"}),
    ("a test", {NAME: KEY.replace("v=DKIM1;", "v=DKIM1; t=y;")}, {"dkim.record.testing", "dkim.record.text"}),
    ("a tag less than in default.txt", {NAME: KEY.replace("h=sha256; ", "")}, {"dkim.record.text"}),
    ("sha1 only", {NAME: KEY.replace("h=sha256", "h=sha1")}, {"dkim.record.tags", "dkim.record.text"}),
    ("another service", {NAME: KEY.replace("v=DKIM1;", "v=DKIM1; s=tlsrpt;")}, {"dkim.record.tags", "dkim.record.text"}),
    # DMARC
    ("no DMARC", {"_dmarc.example.org": None}, {"dmarc.record"}),
    ("DMARC at the domain", {"_dmarc.example.org": None, "example.org": RIGHT["example.org"] + ["v=DMARC1; p=none"]},
     {"dmarc.record", "dmarc.record.place"}),
    ("DMARC at a doubled name", {"_dmarc.example.org": None, "_dmarc.example.org.example.org": "v=DMARC1; p=none"},
     {"dmarc.record", "dmarc.record.place"}),
    ("DMARC without an underscore", {"_dmarc.example.org": None, "dmarc.example.org": "v=DMARC1; p=none"},
     {"dmarc.record", "dmarc.record.place"}),
    ("a second one where nobody looks", {"dmarc.example.org": "v=DMARC1; p=none"}, {"dmarc.record.place"}),
    ("DMARC in quotes", with_dmarc('"v=DMARC1; p=reject; rua=mailto:dmarc@example.org"'), {"dmarc.record"}),
    ("DMARC with backslashes", with_dmarc("v=DMARC1\\; p=reject"), {"dmarc.record"}),
    ("v=DMARC", with_dmarc("v=DMARC; p=reject; rua=mailto:dmarc@example.org"), {"dmarc.record"}),
    ("commas in DMARC", with_dmarc("v=DMARC1, p=reject"), {"dmarc.record"}),
    ("p behind rua", with_dmarc("v=DMARC1; rua=mailto:dmarc@example.org; p=reject"), {"dmarc.record.order"}),
    ("no p", with_dmarc("v=DMARC1; rua=mailto:dmarc@example.org"), {"dmarc.record.tag", "dmarc.policy"}),
    ("p twice", with_dmarc("v=DMARC1; p=reject; p=none; rua=mailto:dmarc@example.org"), {"dmarc.record.tag", "dmarc.policy"}),
    ("two addresses, a semicolon between", with_dmarc("v=DMARC1; p=reject; rua=mailto:dmarc@example.org; mailto:b@example.org"), {"dmarc.record.tag"}),
    ("two addresses", with_dmarc("v=DMARC1; p=reject; rua=mailto:dmarc@example.org, mailto:dmarc@mail.example.org"), set()),
    ("fo and modes mistyped", with_dmarc("v=DMARC1; p=reject; fo=2; adkim=relaxed; aspf=s; rua=mailto:dmarc@example.org"), {"dmarc.record.tag"}),
    ("fo, modes, sp and np", with_dmarc("v=DMARC1; p=reject; sp=quarantine; np=reject; fo=1:d:s; adkim=r; aspf=s; rua=mailto:dmarc@example.org;"), set()),
    ("a tag of nobody's", with_dmarc("v=DMARC1; p=reject; policy=x; rua=mailto:dmarc@example.org"), {"dmarc.record.tag"}),
    ("failure reports elsewhere", with_dmarc("v=DMARC1; p=reject; rua=mailto:dmarc@example.org; ruf=mailto:dmarc@example.net"), {"dmarc.rua.consent"}),
    ("a provider's whole domain agrees", {**with_dmarc("v=DMARC1; p=reject; rua=mailto:dmarc@example.net"),
                                          "*._report._dmarc.example.net": "v=DMARC1;"}, set()),
    ("DMARC by an alias", {"_dmarc.example.org": "CNAME d.example.net.", "d.example.net": "v=DMARC1; p=reject; rua=mailto:dmarc@example.org"}, set()),
    ("a logo (BIMI)", {"default._bimi.example.org": "v=BIMI1; l=https://example.org/logo.svg"}, set()),
    ("two DMARC records", with_dmarc(["v=DMARC1; p=none", "v=DMARC1; p=reject"]), {"dmarc.record.several"}),
    ("the tutorial's", with_dmarc("v=DMARC1; p=reject; rua=mailto:hana@example.org; pct=100"),
     {"dmarc.record.tag", "dmarc.rua.person"}),
    ("a policy that is none", with_dmarc("v=DMARC1; p=refuse; rua=mailto:dmarc@example.org"), {"dmarc.record.tag", "dmarc.policy"}),
    ("p=none", with_dmarc("v=DMARC1; p=none; rua=mailto:dmarc@example.org"), {"dmarc.policy"}),
    ("t=y", with_dmarc("v=DMARC1; p=reject; t=y; rua=mailto:dmarc@example.org"), {"dmarc.policy"}),
    ("rf and ri", with_dmarc("v=DMARC1; p=reject; rf=afrf; ri=3600; rua=mailto:dmarc@example.org"), {"dmarc.record.tag"}),
    ("no rua", with_dmarc("v=DMARC1; p=reject"), {"dmarc.rua"}),
    ("rua without mailto:", with_dmarc("v=DMARC1; p=reject; rua=dmarc@example.org"), {"dmarc.rua", "dmarc.record.tag"}),
    ("reports elsewhere", with_dmarc("v=DMARC1; p=reject; rua=mailto:dmarc@example.net"), {"dmarc.rua.consent"}),
    ("reports elsewhere, agreed", {**with_dmarc("v=DMARC1; p=reject; rua=mailto:dmarc@example.net"),
                                   "example.org._report._dmarc.example.net": "v=DMARC1"}, set()),
    # the host
    ("no reverse name", {"1.2.0.192.in-addr.arpa": None, "9.2.0.192.in-addr.arpa": "PTR x.example."}, {"host.ptr"}),
    ("a reverse name that leads nowhere", {"1.2.0.192.in-addr.arpa": "PTR vm-1.example.net."}, {"host.ptr", "host.ptr.name"}),
    ("another reverse name", {"1.2.0.192.in-addr.arpa": "PTR vm-1.example.net.", "vm-1.example.net": "A 192.0.2.1"}, {"host.ptr.name"}),
    ("no zone of reverse names", {n: None for n in RIGHT if n.endswith(".arpa")}, set()),
    ("no address", {"mail.example.org": "v=spf1 a -all"}, {"host.address", "mx.host"}),
    ("no MX", {"example.org": RIGHT["example.org"][1:]}, {"mx.record"}),
    ("an MX that is an alias", {"example.org": ["MX 10 m.example.org."] + RIGHT["example.org"][1:], "m.example.org": "CNAME mail.example.org."},
     {"mx.host"}),
    ("no TLS-RPT, MTA-STS, CAA", {"_mta-sts.example.org": None, "_smtp._tls.example.org": None, "example.org": RIGHT["example.org"][:2]},
     {"policy.mta_sts", "policy.tls_rpt", "policy.caa"}),
]
def senders(**changes):
    return {f["code"].split(".")[1]: f for f in base.check("--zone", zone(**changes), "--only", "senders.")}


t.eq({k: f["status"] for k, f in senders().items()}, {"google": "ok", "yahoo": "ok", "microsoft": "ok"}, "the large receivers' rules")
got = senders(**{NAME: OTHER})
t.ok(all(f["status"] == "fail" and "dkim.record.mismatch" in f["seen"] for f in got.values()), "a wrong key: none of them", got)
got = senders(**{"1.2.0.192.in-addr.arpa": None, "9.2.0.192.in-addr.arpa": "PTR x.example."})
t.eq({k: f["status"] for k, f in got.items()}, {"google": "fail", "yahoo": "fail", "microsoft": "ok"}, "no reverse name")
for name, changes, want in CASES:
    t.eq(bad(zone(**changes)), want, name)

# what is to be published, published
for name in ("no SPF", "a typo in SPF", "no key", "another key", "quotes in the value", "no DMARC", "no rua", "reports elsewhere",
             "no SPF of the host", "no TLS-RPT, MTA-STS, CAA"):
    changes = dict(next(c for n, c, _ in CASES if n == name))
    fixes = [f for f in findings(zone(**changes)) if f["fix"].startswith("# publish: ") and f["status"] != "ok"]
    t.ok(fixes, f"{name}: says what to publish")
    for f in fixes:
        with open(zone(**changes), encoding="ascii") as file:
            rows = file.readlines()
        after = findings(zones.zone(zones.published(rows, f["fix"])))
        same = [g for g in after if g["code"] == f["code"] and g["subject"] == f["subject"]]
        t.ok(same and all(g["status"] == "ok" for g in same), f"{name}: {f['code']} is cured", (f["fix"], same))

# IPv6 and inet_protocols; other domains; no DNS
v4 = base.copy().sub("/etc/postfix/main.cf", "inet_protocols = all", "inet_protocols = ipv4")
t.eq(bad(zone(), v4), {"host.ipv6"}, "AAAA, but inet_protocols = ipv4")
t.ok("host.name" in bad(zone(), base, "--host", "localhost"), "--host: no full name")
walk = next(f for f in findings(zone(), base, "--domain", "a.b.example.org") if f["code"] == "dmarc.walk")
t.ok(re.search(r"_dmarc\.a\.b\.example\.org -, _dmarc\.b\.example\.org -, _dmarc\.example\.org p=\w+.*is example\.org$", walk["seen"])
     and walk["status"] == "ok", "DMARC's tree walk, step by step", walk)
t.ok({"spf.record", "dmarc.record", "mx.record"} <= bad(zone(), base, "--domain", "example.com"), "--domain: another one")
none = [f for f in base.check() if f["code"].startswith(AREAS)]
t.eq([(f["code"], f["status"]) for f in none], [("dns.resolver", "skip"), ("host.name", "ok")], "no name server is asked of a tree alone")
got = [f for f in base.check("--nameserver", "127.0.0.1:9", "--dns-timeout", "1") if f["code"].startswith(AREAS)]
t.ok(got and {f["status"] for f in got} <= {"skip", "ok"}, "no answer: skipped, nothing is said to be wrong",
     [f for f in got if f["status"] not in ("skip", "ok")])
status, out, _ = run("check", "--root", base.root, "--zone", zone(**{NAME: OTHER}), "--lang", "ja", "--only", "dkim.record")
t.ok(status == 0 and re.search("[ぁ-ん]", out.decode()), "Japanese", out)
t.done()
