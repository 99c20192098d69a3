"""dmarc as a command, and DMARC and SPF in verify: the JSON, the explanation, and
what strangers may write."""
import tap
from tool import as_json, controls, run, write

t = tap.Tap()
zone = write("dmarc.zone", """\
_dmarc.example.org. 60 IN TXT "v=DMARC1; p=reject; sp=quarantine; np=reject; rua=mailto:d@example.org"
example.org. 60 IN TXT "v=spf1 ip4:192.0.2.0/24 -all"
news.example.org. 60 IN TXT "v=spf1 ip4:192.0.2.0/24 -all"
_dmarc.test.example. 60 IN TXT "v=DMARC1; p=reject; t=y"
_dmarc.none.example. 60 IN TXT "v=DMARC1; p=none"
""")


def dmarc(*args):
    return as_json("dmarc", "--zone", zone, *args)


t.eq(dmarc("--from", "example.org", "--dkim", "pass:mail.example.org", "--spf", "fail:example.net"), (0, {
    "result": "pass", "domain": "example.org", "organizational_domain": "example.org", "policy": "reject",
    "disposition": "none", "dkim_aligned": True, "spf_aligned": False,
    "record": "v=DMARC1; p=reject; sp=quarantine; np=reject; rua=mailto:d@example.org", "reason": None}), "the JSON of a pass")
for args, want in [
    (("--from", "example.org"), ("fail", "reject", "reject")),
    (("--from", "news.example.org"), ("fail", "quarantine", "quarantine")),
    (("--from", "nowhere.example.org"), ("fail", "reject", "reject")),
    (("--from", "EXAMPLE.org.", "--spf", "pass:Example.Org"), ("pass", "reject", "none")),
    (("--from", "test.example"), ("fail", "quarantine", "quarantine")),
    (("--from", "none.example", "--dkim", "pass:example.org"), ("fail", "none", "none")),
    (("--from", "nothing.example"), ("none", None, "none")),
    (("--from", "example.org", "--spf", "temperror:example.org"), ("temperror", "reject", "none")),
    (("--from", "localhost"), ("none", None, "none")),
    (("--from", "a..b"), ("permerror", None, "none")),
    (("--from", "x" * 64 + ".example"), ("permerror", None, "none")),
    (("--from", ("a." * 130) + "example"), ("permerror", None, "none")),
    (("--from", "\x07bell.example"), ("permerror", None, "none")),
    (("--from", "[192.0.2.1]"), ("permerror", None, "none")),
    (("--from", "例え.example", "--dkim", "pass:xn--r8jz45g.example"), ("none", None, "none")),
    (("--from", "example.org", "--discovery", "psl", "--dkim", "pass:a.b.example.org"), ("pass", "reject", "none")),
    (("--from", "example.org", "--dkim", "pass:not a domain"), ("fail", "reject", "reject")),
]:
    status, got = dmarc(*args)
    t.eq((status, got.get("result"), got.get("policy"), got.get("disposition")), (0, *want), f"dmarc {' '.join(args)[:60]}".encode("ascii", "replace").decode())
for args in [(), ("--from", "example.org", "--spf", "pass"), ("--from", "example.org", "--dkim", "good:example.org"),
             ("--from", "example.org", "--discovery", "guess")]:
    t.eq(run("dmarc", *args)[0], 64, f"usage: dmarc {' '.join(args)}")
t.eq(run("dmarc", "--zone", zone, "--from", "example.org", "--fail")[0], 1, "--fail")
status, out, err = run("dmarc", "--zone", zone, "--from", "nowhere.example.org", "--dkim", "pass:example.net", "--explain")
t.ok(status == 0 and b"_dmarc.example.org: v=DMARC1" in out and b"tag np says reject" in out and b"does not exist" in out
     and b"not aligned" in out and not controls(out + err), "--explain teaches", out)

MAIL = b"From: %s\r\nSubject: x\r\n\r\nhello\r\n"


def verify(sender, *args):
    return as_json("verify", "--zone", zone, "--authserv-id", "mx.example.com", *args, stdin=MAIL % sender)


ENVELOPE = ("--ip", "192.0.2.1", "--helo", "mx.example.org", "--mail-from", "a@example.org")
status, got = verify(b"Aki <aki@example.org>", *ENVELOPE)
t.eq((got["spf"]["result"], got["dmarc"]["result"], got["dmarc"]["spf_aligned"]), ("pass", "pass", True), "verify: SPF and DMARC")
t.eq(got["authentication_results"], "mx.example.com; dkim=none; spf=pass smtp.mailfrom=example.org; dmarc=pass (p=reject "
     "sp=quarantine np=reject dis=none) policy.dmarc=reject header.from=example.org; "
     "arc=none smtp.remote-ip=192.0.2.1", "verify: the field")
status, got = verify(b"Aki <aki@example.org>")
t.eq((got["spf"], got["dmarc"]["result"]), (None, "fail"), "verify: without an envelope SPF is not judged")
for name, sender, want in [
    ("two authors", b"a@example.org, b@example.net", ("permerror", "From names several domains")),
    ("a group", b"staff: a@example.org;", ("permerror", "From names a group")),
    ("a display name with an address", b"\"b@example.net\" <a@example.org>", ("pass", None)),
    ("a quoted local part", b"\"b@example.net\"@example.org", ("pass", None)),
    ("an encoded word", b"=?utf-8?q?=3Cb=40example.net=3E?= <a@example.org>", ("pass", None)),
    ("a comment", b"a@example.org (b@example.net)", ("pass", None)),
    ("an address literal", b"a@[192.0.2.1]", ("none", "From has an address literal")),
    ("no address", b"Aki", ("permerror", None)),
    ("nothing", b"", ("permerror", None)),
]:
    status, got = verify(sender, *ENVELOPE)
    t.ok(got["dmarc"]["result"] == want[0] and want[1] in (None, got["dmarc"]["reason"]), f"verify: From is {name}", got)
status, got = as_json("verify", "--zone", zone, *ENVELOPE, stdin=b"Subject: x\r\n\r\n")
t.eq((got["dmarc"]["result"], got["dmarc"]["reason"]), ("permerror", "no From field"), "verify: no From")
status, got = as_json("verify", "--zone", zone, "--ip", "192.0.2.1", "--helo", "example.org", "--mail-from", "<>",
                      stdin=MAIL % b"mailer-daemon@example.org")
t.ok(got["dmarc"]["result"] == "pass" and "smtp.helo=example.org" in got["authentication_results"], "verify: a bounce is its HELO's", got)
status, out, _ = run("verify", "--zone", zone, *ENVELOPE, "--explain", stdin=MAIL % b"a@news.example.org")
t.ok(status == 0 and b"SPF has confirmed example.org, has the same organizational domain: aligned" in out, "verify --explain", out)
t.done()
