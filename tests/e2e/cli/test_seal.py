"""seal: a message passes on with one more ARC set, byte for byte as it came."""
import re

import tap
from tool import MAIL, controls, keygen, path, run, write, zone

t = tap.Tap()
NOW = "1790000000"
rsa, rsa_record = keygen("rsa")
ed, ed_record = keygen("ed", "--algorithm", "ed25519")
ZONE = zone("seal.zone", {"rsa._domainkey.example.org": rsa_record, "ed._domainkey.example.org": ed_record})
LF = MAIL.replace(b"\r\n", b"\n")
NAMES = [b"ARC-Seal", b"ARC-Message-Signature", b"ARC-Authentication-Results"]


def call(mail, *args, selector="rsa", key=rsa):
    return run("seal", "--time", NOW, "--zone", ZONE, "--authserv-id", "mx.example.org", "--domain", "example.org",
               "--selector", selector, "--key", key, *args, stdin=mail)


def seal(mail, *args, **more):
    status, out, err = call(mail, *args, **more)
    assert status == 0, err
    return out


def fields(out, mail):
    """The new fields, unfolded, by name."""
    assert out.endswith(mail), out
    head = re.sub(rb"\r?\n[ \t]+", b" ", out[:len(out) - len(mail)])
    return [tuple(line.rstrip(b"\r").split(b": ", 1)) for line in head.split(b"\n")[:-1]]


for name, mail in {"CRLF": MAIL, "LF": LF, "no last line end": MAIL[:-2], "8-bit": MAIL + bytes(range(128, 256)),
                   "no body": MAIL[:MAIL.index(b"\r\n\r\n") + 2]}.items():
    out = seal(mail)
    got = fields(out, mail)
    t.eq([n for n, _ in got], NAMES, f"three fields on top: {name}")
    t.ok((out.split(b"\n")[0].endswith(b"\r")) == (b"\r" in mail[:60]), f"line ends as they came: {name}")
t.eq(seal(MAIL, "--header-only") + MAIL, seal(MAIL), "--header-only")
out = seal(b"From aki Thu Jan  1 00:00:00 1970\n" + LF)
t.ok(out.startswith(b"From aki Thu Jan  1 00:00:00 1970\nARC-Seal: i=1;") and out.endswith(LF), "an mbox line stays on top")

# set upon set; the last by another kind of key
mail, cv = MAIL, [b"none", b"pass", b"pass"]
for i in range(3):
    out = seal(mail, **({"selector": "ed", "key": ed} if i == 2 else {}))
    got = dict(fields(out, mail))
    t.ok(f"i={i + 1}; ".encode() in got[NAMES[0]] and b"cv=" + cv[i] + b";" in got[NAMES[0]], f"set {i + 1}", got)
    t.ok(got[NAMES[2]].startswith(b"i=%d; mx.example.org; arc=%s" % (i + 1, cv[i])), f"results {i + 1}", got)
    mail = out

# what the results are
got = dict(fields(seal(MAIL, "--ip", "192.0.2.9", "--helo", "relay.example", "--mail-from", "x@none.example"), MAIL))
t.ok(b"dkim=none" in got[NAMES[2]] and b"spf=none" in got[NAMES[2]] and b"dmarc=none" in got[NAMES[2]]
     and b"arc=none smtp.remote-ip=192.0.2.9" in got[NAMES[2]], "judged now", got)
given = (b"Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=a@example.net\r\n"
         b"Authentication-Results: mx.example.org; arc=pass; dmarc=fail (p=none) header.from=example.net\r\n"
         b"Authentication-Results: evil.example; dkim=pass header.d=example.net\r\n" + MAIL)
got = dict(fields(seal(given), given))
t.eq(got[NAMES[2]], b"i=1; mx.example.org; arc=none; spf=pass smtp.mailfrom=a@example.net;"
     b" dmarc=fail (p=none) header.from=example.net", "the fields of this host; arc= is our own")

# what is covered
got = dict(fields(seal(MAIL, "--headers", "from:subject", "--canonicalization", "simple/relaxed"), MAIL))
t.ok(b"h=from:subject;" in got[NAMES[1]] and b"c=simple/relaxed;" in got[NAMES[1]], "--headers, --canonicalization", got)
signed = run("sign", "--time", NOW, "-d", "example.org", "-s", "rsa", "-k", rsa, stdin=MAIL)[1]
got = dict(fields(seal(signed), signed))
h = re.search(rb"\bh=([^;]*)", got[NAMES[1]]).group(1).replace(b" ", b"").split(b":")
t.ok(b"DKIM-Signature" in h and b"From" in h and not [n for n in h if n.startswith(b"ARC")], "DKIM-Signature is covered", h)

# broken chains end, and stay as they are
once = seal(MAIL)
broken = once.replace(b"world", b"World")
end = seal(broken)
got = dict(fields(end, broken))
t.ok(b"i=2; " in got[NAMES[0]] and b"cv=fail;" in got[NAMES[0]]
     and b'arc=fail reason="ARC-Message-Signature i=1: body hash did not verify"' in got[NAMES[2]], "a broken chain", got)
status, out, err = call(end)
t.ok(status == 0 and out == end and b"has ended" in err, "nothing comes after its end", f"{status} {err!r}")
status, out, err = call(end, "--header-only")
t.ok(status == 0 and out == b"" and b"has ended" in err, "no field at all", f"{status} {out!r}")
status, out, err = run("seal", "--authserv-id", "x", "-d", "example.org", "-s", "rsa", "-k", rsa, "--nameserver",
                       "127.0.0.1:9", "--dns-timeout", "1", stdin=once)
t.ok(status == 69 and out == b"" and b"ARC-Message-Signature i=1" in err, "no DNS, no seal", f"{status} {out!r} {err!r}")

# usage
for args in (("--domain", "nonsense"), ("--selector", "a b"), ("--canonicalization", "strict"), ("--ip", "x"),
             ("--headers", "from:arc-seal"), ("--headers", "from:Authentication-Results")):
    status, out, err = call(MAIL, *args)
    t.ok(status == 64 and not out and err, f"usage: {' '.join(args)}", f"{status} {err!r}")
for left_out in ("--authserv-id", "--domain", "--selector", "--key"):
    args = [a for pair in (("--authserv-id", "x"), ("--domain", "example.org"), ("--selector", "rsa"), ("--key", rsa))
            if pair[0] != left_out for a in pair]
    t.eq(run("seal", *args, stdin=MAIL)[0], 64, f"needs {left_out}")
t.eq(call(MAIL, key=path("nothing"))[0], 66, "no such key")
t.eq(call(b"Subject: nobody\r\n\r\n")[0], 65, "no From")
status, out, err = call(b"X: " + b"a" * (1 << 21) + b"\r\n" + MAIL)
t.ok(status == 65 and not out, "a header that is too large", f"{status} {out[:100]!r} {err!r}")
evil = (b"ARC-Seal: i=\x1b[2J; \x07\r\nARC-Authentication-Results: i=1; \x1b[2J;\r\n"
        b"Authentication-Results: mx.example.org; dkim=pass (\x1b[2J) header.d=\x07example.org\r\n" + MAIL)
out = seal(evil, "--header-only")
t.ok(not controls(out.replace(b"\r", b"").replace(b"\n\t", b"\n")), "no control byte", out)
write("mail.eml", MAIL)
t.eq(seal(b"", path("mail.eml")), seal(MAIL), "a file as standard input")
t.done()
