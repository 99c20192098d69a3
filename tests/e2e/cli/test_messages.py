"""sign, verify, why and authres: what goes in, what comes out, byte for byte."""
import json
import os

import tap
from tool import MAIL, as_json, controls, keygen, path, run, write, zone

t = tap.Tap()
NOW = "1790000000"
rsa, rsa_record = keygen("rsa")
ed, ed_record = keygen("ed", "--algorithm", "ed25519")
ZONE = zone("mail.zone", {"rsa._domainkey.example.org": rsa_record, "ed._domainkey.example.org": ed_record})
BY_RSA = ("--domain", "example.org", "--selector", "rsa", "--key", rsa)
BY_ED = ("--domain", "example.org", "--selector", "ed", "--key", ed)
LF = MAIL.replace(b"\r\n", b"\n")


def sign(mail, *args, by=BY_RSA):
    status, out, err = run("sign", "--time", NOW, *by, *args, stdin=mail)
    assert status == 0, err
    return out


def verify(mail, *args):
    return as_json("verify", "--zone", ZONE, "--time", NOW, "--authserv-id", "mx.example.net", *args, stdin=mail)[1]


def row(mail, *args):
    return (verify(mail, *args).get("dkim") or [{}])[0]


# what was put in comes out again, behind the new field
for name, mail in {
    "CRLF": MAIL, "LF": LF, "no last line end": MAIL[:-2], "no body": MAIL[:MAIL.index(b"\r\n\r\n") + 2],
    "empty body": MAIL[:MAIL.index(b"\r\n\r\n") + 4], "bare CR and NUL": MAIL + b"a\rb\0c\r\n", "8-bit": MAIL + bytes(range(128, 256)),
    "mixed line ends": MAIL + b"x\ny\r\nz\n", "a long body": MAIL + b"0123456789\r\n" * 100000,
}.items():
    for canon in ("simple/simple", "relaxed/relaxed", "simple", "relaxed/simple"):
        out = sign(mail, "--canonicalization", canon)
        field, rest = out[:len(out) - len(mail)], out[len(out) - len(mail):]
        t.ok(rest == mail and field.startswith(b"DKIM-Signature: v=1; a=rsa-sha256; ")
             and field.endswith(b"\n") and (b"\r" in field) == (b"\r\n" in mail[:60]), f"as it came: {name}, {canon}", field)
        if canon != "simple":
            t.eq(row(out).get("result"), "pass", f"verifies: {name}, {canon}")
for file in "rsa.txt", "ed.txt":  # keygen's own file, with its relative name and no $ORIGIN
    out = sign(MAIL, by=BY_RSA if file == "rsa.txt" else BY_ED)
    got = as_json("verify", "--zone", path(file), "--time", NOW, stdin=out)[1]
    t.eq(got["dkim"][0]["result"], "pass", f"verifies by {file} of keygen")
out = sign(MAIL, "--header-only")
t.ok(out + MAIL == sign(MAIL), "--header-only")
with open(path("mail.eml"), "wb") as f:
    f.write(MAIL)
t.eq(run("sign", "--time", NOW, *BY_RSA, path("mail.eml"))[1], sign(MAIL), "a file as standard input")
t.eq(row(sign(LF)).get("b"), row(sign(MAIL)).get("b"), "LF is read as CRLF")

out = sign(b"From aki Thu Jan  1 00:00:00 1970\n" + LF)
t.ok(out.startswith(b"From aki Thu Jan  1 00:00:00 1970\nDKIM-Signature: ") and out.endswith(LF), "an mbox line stays on top", out)
t.eq(row(out).get("result"), "pass", "verifies: with an mbox line")

# several signatures, RSA first
out = sign(MAIL, by=BY_RSA + BY_ED)
got = verify(out)
t.eq([(r["result"], r["algorithm"], r["selector"]) for r in got["dkim"]],
     [("pass", "rsa-sha256", "rsa"), ("pass", "ed25519-sha256", "ed")], "two signatures in step")
t.eq(sorted(got), ["arc", "authentication_results", "dkim", "dmarc", "spf"], "the names of cli.md")
t.eq(sorted(got["dkim"][0]), sorted(["result", "domain", "selector", "identity", "algorithm", "key_bits", "testing", "reason",
                                     "b"]), "the names of a dkim row")
first = got["dkim"][0]
t.eq((first["domain"], first["identity"], first["key_bits"], first["testing"], first["reason"], len(first["b"])),
     ("example.org", "@example.org", 2048, False, None, 8), "a dkim row")
ar = got["authentication_results"]
t.ok(ar.startswith("mx.example.net;") and ar.count("dkim=pass") == 2 and not controls(ar.encode()),
     "Authentication-Results in one line", ar)

# options
field = sign(MAIL, "--header-only", "--headers", "from:subject", "--identity", "aki@example.org", "--expire", "3600",
             "--body-length", "5").decode()
for tag in ("h=from:subject;", "i=aki@example.org;", "t=1790000000;", "x=1790003600;", "l=5;"):
    t.ok(tag in "".join(field.split()).replace("\t", ""), f"sign: {tag}", field)
for args in (("--algorithm", "ed25519-sha256"), ):
    t.eq(run("sign", *BY_RSA, *args, stdin=MAIL)[0], 65, "a key for another algorithm")
for args, want in [(("--canonicalization", "strict"), 64), (("--expire", "-1"), 64), (("--body-length", "x"), 64),
                   (("--algorithm", "rsa-sha1"), 64), (("--domain", "example.org"), 64)]:
    t.eq(run("sign", *BY_RSA, *args, stdin=MAIL)[0], want, f"sign {' '.join(args)}: {want}")
status, out, err = run("sign", *BY_RSA, stdin=b"Subject: nobody\r\n\r\n")
t.ok(status == 65 and not out and b"From" in err, "no From, no signature", f"{status} {out!r} {err!r}")

# verdicts
signed = sign(MAIL)
t.eq(row(signed.replace(b"world", b"World")).get("result"), "fail", "a changed body")
t.eq(row(signed.replace(b"greetings", b"Greetings")).get("result"), "fail", "a changed field")
t.eq(row(b"From: <eve@example.net>\r\n" + signed).get("result"), "fail", "a second From")
t.eq(row(signed.replace(b"s=rsa;", b"s=gone;")).get("result"), "permerror", "no key")
t.eq(row(MAIL).get("result"), "none", "no signature")
expired = sign(MAIL, "--expire", "10")
t.eq(row(expired, "--time", "1790000005").get("result"), "pass", "not expired yet")
t.ok(row(expired, "--time", "1790009999").get("result") in ("neutral", "policy"), "expired")
t.eq(row(sign(MAIL, "--body-length", "3")).get("result"), "policy", "a body that is signed in part")
t.eq(run("verify", "--zone", ZONE, "--fail", stdin=MAIL)[0], 1, "--fail without a signature")
t.eq(run("verify", "--zone", ZONE, "--time", NOW, "--fail", stdin=signed)[0], 0, "--fail with a good one")
status, out, _ = run("verify", "--zone", ZONE, "--time", NOW, "--explain", stdin=signed.replace(b"world", b"World"))
t.ok(status == 0 and b"dkim=fail" in out and b"changed after signing" in out and b"body hash" in out,
     "--explain says what that means", out)
for name, args in {"an over-long HELO": ("--helo", "x" * 300 + ".example"), "one label": ("--helo", "x"),
                   "no name at all": ("--helo", "\x01;\n"), "a strange sender": ("--mail-from", "@@;\"<>"),
                   "the null sender": ("--mail-from", "<>")}.items():
    status, got = as_json("verify", "--zone", ZONE, "--ip", "192.0.2.1", *args, stdin=MAIL)
    t.ok(status == 0 and not controls(got["authentication_results"].encode()), f"data, not usage: {name}", f"{status} {got}")
evil = (b"DKIM-Signature: v=1; a=rsa-sha256; d=\x1b[2Jx.example; s=\x07; h=from; bh=AAAA; b=\x1b[2J\r\n"
        b"Authentication-Results: mx.example.net; dkim=pass (\x1b[2J) header.d=\x07example.org\r\n" + MAIL)
for args in (("verify", "--zone", ZONE), ("verify", "--zone", ZONE, "--explain"), ("verify", "--zone", ZONE, "--json"),
             ("authres",), ("authres", "--json")):
    status, out, err = run(*args, stdin=evil)
    t.ok(status == 0 and not controls(out + err) and b"\\u00" not in out, f"no control byte: {' '.join(args[::3])}", out)
for name, mail in {"nothing": b"", "no header": b"\r\nbody", "binary": bytes(range(256)) * 64, "one long field": b"X: " + b"a" * (1 << 21),
                   "100,000 fields": b"X: y\r\n" * 100000 + b"\r\n", "an mbox line": b"From aki Thu Jan  1\n" + LF}.items():
    status, out, err = run("verify", "--zone", ZONE, stdin=mail)
    t.ok(status == 0 and b"dkim=" in out, f"a verdict on {name}", f"{status} {out[:200]!r} {err[:200]!r}")

# the tables decide
table = write("KeyTable", f"# keys\nmain example.org:rsa:{rsa}\ned example.org:ed:{ed}\nlost lost.example:x:{path('lost')}\n")
signing = write("SigningTable", "*@example.org main\n*@example.org ed\n*@lost.example lost\n")
conf = write("inkan.conf", f"Canonicalization relaxed/simple\nMultipleSignatures yes\nOversignHeaders From\n"
                           f"KeyTable {table}\nSigningTable refile:{signing}\nCheckSigningTable no\n")
status, out, err = run("sign", "-c", conf, "--time", NOW, stdin=MAIL)
t.eq([(r["result"], r["selector"]) for r in verify(out).get("dkim", [])], [("pass", "rsa"), ("pass", "ed")],
     "sign by the tables")
t.ok(b"c=relaxed/simple" in out and out.endswith(MAIL), "as the configuration says", f"{status} {out!r} {err!r}")
for name, who in {"a domain that is not ours": b"eve@example.net", "a key that is lost": b"x@lost.example"}.items():
    status, out, err = run("sign", "-c", conf, stdin=MAIL.replace(b"aki@example.org", who))
    t.ok(status in (66, 78) and not out and err, f"nothing goes out unsigned: {name}", f"{status} {out!r} {err!r}")

status, got = as_json("why", "-c", conf, "--from", "aki@example.org", "--auth", "aki")
t.eq((status, got.get("action"), [(k["selector"], k["signing_line"], k["key_line"]) for k in got.get("keys", [])]),
     (0, "sign", [("rsa", f"{signing}:1", f"{table}:2"), ("ed", f"{signing}:2", f"{table}:3")]), "why: by which line")
for args, action in [(("--from", "a@example.org", "--client-ip", "127.0.0.1"), "sign"),
                     (("--from", "a@example.org", "--client-ip", "192.0.2.9"), "verify"),
                     (("--from", "a@example.net", "--auth", "a"), "verify"), (("--from", "nonsense"), "verify"),
                     (("--from", "\x1b@\x07", "--auth", "a"), "verify")]:
    status, got = as_json("why", "-c", conf, *args)
    t.eq((status, got.get("action")), (0, action), f"why {' '.join(args)!r}: {action}")
    status, out, err = run("why", "-c", conf, *args, "--fail")
    t.ok(status == (action != "sign") and out and not controls(out), f"why {' '.join(args)!r} in words", f"{status} {out!r}")
out = run("why", "-c", conf, "--from", "a@example.org", "--client-ip", "192.0.2.9")[1].decode()
t.ok("InternalHosts" in out and "192.0.2.9" in out, "why not: what is missing", out)

out = run("why", "-c", conf, "--from", "a@example.org", "--client-ip", "192.0.2.9", "--lang", "ja")[1].decode()
t.ok("認証して" in out and "192.0.2.9" in out, "why not, in Japanese", out)
os.chmod(rsa, 0o644)
status, out, err = run("sign", "--time", NOW, *BY_RSA, stdin=MAIL)
t.ok(status == 0 and out == sign(MAIL) and b"chmod 600" in err, "a key that others can read is warned about", err)
os.chmod(rsa, 0o600)

# Authentication-Results, read
mail = (b"Authentication-Results: mx.example.net 1; spf=pass smtp.mailfrom=example.org;\r\n"
        b" dkim=fail reason=\"it \\\"broke\\\"\" header.d=example.org (comment)\r\n"
        b"Authentication-Results: other.example; none\r\nAuthentication-Results: ;;; broken\r\n" + MAIL)
status, got = as_json("authres", "--authserv-id", "MX.example.net", stdin=mail)
t.eq(got[0], {"authserv_id": "mx.example.net", "version": 1, "trusted": True, "results": [
    {"method": "spf", "version": 1, "result": "pass", "reason": None,
     "properties": [{"ptype": "smtp", "property": "mailfrom", "value": "example.org"}]},
    {"method": "dkim", "version": 1, "result": "fail", "reason": 'it "broke"',
     "properties": [{"ptype": "header", "property": "d", "value": "example.org"}]}]}, "authres: a field")
t.eq((len(got), got[1]["trusted"], got[1]["results"], sorted(got[2])), (3, False, [], ["error", "raw"]),
     "authres: none, and one that cannot be read")
t.eq(as_json("authres", stdin=MAIL)[1], [], "authres: no field")
t.done()
