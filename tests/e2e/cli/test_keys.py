"""keygen and testkey, and opendkim-genkey and opendkim-testkey by link."""
import base64
import os
import re
import shutil
import stat
import subprocess

import tap
from tool import TMP, as_json, keygen, link, path, record_of, run, write, zone

t = tap.Tap()


def public_of(key):
    der = subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"], check=True,
                         stdout=subprocess.PIPE).stdout
    return base64.b64encode(der).decode()


rsa, record = keygen("rsa")
t.eq(record, "v=DKIM1; h=sha256; k=rsa; p=" + public_of(rsa), "the record is the key's")
st = os.stat(rsa)
t.ok(stat.S_IMODE(st.st_mode) == 0o600, "mode 0600")
with open(path("rsa.txt"), encoding="ascii") as f:
    text = f.read()
t.ok(text.startswith('rsa._domainkey\tIN\tTXT\t( "v=DKIM1; h=sha256; k=rsa; "\n\t  "p=MII')
     and text.endswith('" )  ; ----- DKIM key rsa for example.org\n'), "opendkim-genkey's layout", text)
t.ok(max(len(s) for s in text.split('"')[1::2]) <= 255, "strings of at most 255")

ed, record = keygen("ed", "--algorithm", "ed25519")
t.eq(record, "v=DKIM1; h=sha256; k=ed25519; p="
     + base64.b64encode(base64.b64decode(public_of(ed))[-32:]).decode(), "Ed25519: 32 octets")

with open(rsa, "rb") as f:
    before = f.read()
status, out, err = run("keygen", "--domain", "example.org", "--selector", "rsa", "--directory", TMP)
with open(rsa, "rb") as f:
    t.ok(status == 73 and f.read() == before and b"exists" in err, "a key is never overwritten", f"{status} {err!r}")
os.symlink("nowhere", path("dangling.private"))
status, _, err = run("keygen", "--domain", "example.org", "--selector", "dangling", "--directory", TMP)
t.ok(status == 73 and not os.path.exists(path("nowhere")) and not os.path.exists(path("dangling.txt")),
     "a link is not followed", f"{status} {err!r}")
status, made = as_json("keygen", "--domain", "bücher.example", "--selector", "idn", "--directory", TMP)
t.eq((status, made.get("domain")), (0, "xn--bcher-kva.example"), "an IDN becomes A-labels")

# testkey
good = record_of(path("rsa.txt"))
z = zone("keys.zone", {
    "rsa._domainkey.example.org": good,
    "other._domainkey.example.org": record,
    "revoked._domainkey.example.org": "v=DKIM1; p=",
    "spf._domainkey.example.org": "v=spf1 -all",
    "broken._domainkey.example.org": "v=DKIM1; p=!!!",
    "test._domainkey.example.org": good.replace("; p=", "; t=y; p="),
    "two._domainkey.example.org": "v=spf1 -all",
})
with open(z, "a", encoding="ascii") as f:
    f.write('two._domainkey.example.org. 300 IN TXT "%s" "%s"\n' % (good[:200], good[200:]))
for selector, words, result in [
    ("rsa", "key OK", "ok"), ("other", "keys do not match", "mismatch"), ("test", "key OK", "ok"),
    ("two", "key OK", "ok"), ("none", "'none._domainkey.example.org' record not found", "not-found"),
    ("revoked", "key revoked", "revoked"), ("spf", "invalid data", "invalid"), ("broken", "invalid data", "invalid"),
]:
    args = ("testkey", "--zone", z, "--domain", "example.org", "--selector", selector, "--key", rsa)
    status, out, err = run(*args)
    t.ok(status == 0 and words in out.decode(), f"testkey: {selector}", f"{status} {out!r} {err!r}")
    t.eq(as_json(*args)[1].get("result"), result, f"testkey --json: {selector}")
    t.eq(run(*args, "--fail")[0], 0 if result == "ok" else 1, f"testkey --fail: {selector}")
status, out, _ = run("testkey", "--zone", z, "--domain", "example.org", "--selector", "rsa")
t.ok(status == 0 and b"key OK" in out and b"DNSSEC: no" in out, "without --key the record alone")
status, out, err = run("testkey", "--nameserver", "127.0.0.1:9", "--dns-timeout", "1", "--domain", "example.org",
                       "--selector", "rsa")
t.ok(status == 69 and b"timed out" in out, "no server: 69", f"{status} {out!r} {err!r}")

table = write("KeyTable", f"good example.org:rsa:{rsa}\nbad example.org:other:{rsa}\n"
                          f"lost example.org:rsa:{path('lost.private')}\n")
conf = write("testkey.conf", f"KeyTable {table}\n")
status, out, err = run("testkey", "--zone", z, "-c", conf)
t.ok(status == 0 and b"key OK" in out and b"keys do not match" in out and b"lost.private" in out
     and f"{table}:3".encode() in out, "every line of the KeyTable", f"{status} {out!r} {err!r}")
t.eq(run("testkey", "--zone", z, "-c", conf, "--fail")[0], 1, "--fail with a KeyTable")
status, out = as_json("testkey", "--zone", z, "-c", conf)
t.eq([k.get("result") for k in out], ["ok", "mismatch", "key-file"], "a KeyTable as JSON")

# opendkim-genkey
genkey = link("opendkim-genkey")
here = path("genkey")
os.mkdir(here)
args = ["-v", "-s", "g", "-d", "example.org", "-b", "1024", "-D", here]
status, out, err = run(*args, program=genkey)
t.eq(err.decode(), "".join(f"opendkim-genkey: {s}\n" for s in [
    "generating private key", "private key written to g.private", "extracting public key",
    "DNS TXT record written to g.txt"]), "genkey -v")
t.eq(status, 0, "genkey: 0")
t.eq(sorted(os.listdir(here)), ["g.private", "g.txt"], "genkey: two files")
t.eq(run("-Z", program=genkey)[0], 1, "genkey: unknown option")
t.eq(run("-b", "abc", program=genkey)[0], 1, "genkey: bits that are no number")
t.eq(run("-D", "/nonexistent", program=genkey)[0], 2, "genkey: no such directory")
t.eq(run("--help", program=genkey)[0], 0, "genkey --help")
t.ok(run("-V", program=genkey)[1].startswith(b"opendkim-genkey v2.11.0"), "genkey -V")
peer = shutil.which("opendkim-genkey") or "/usr/sbin/opendkim-genkey"
for i, options in enumerate([[], ["-a"], ["-t"], ["-r"], ["-S"], ["-t", "-S", "-r", "-n", "a note"], ["-h", "sha1:sha256"],
                             ["-b", "1024"]]):
    if not os.path.exists(peer):
        t.skip(f"as opendkim-genkey {options}", "opendkim-tools is not installed")
        continue
    texts = []
    for who, program in (("ours", genkey), ("theirs", peer)):
        folder = path(f"{who}{i}")
        os.mkdir(folder)
        run("-s", "x", "-d", "example.org", "-D", folder, *options, program=program)
        with open(os.path.join(folder, "x.txt"), encoding="ascii") as f:
            texts.append(re.sub(r'p=[^)]*\)', "p=KEY )", f.read()))
    t.eq(texts[0], texts[1], f"as opendkim-genkey {' '.join(options)}")

# opendkim-testkey asks the system's resolver, so only what comes before
testkey = link("opendkim-testkey")
for args, want in [([], 78), (["-Z"], 78), (["-d", "example.org"], 78), (["-x", "/nonexistent"], 78),
                   (["-d", "example.org", "-s", "x", "-k", "/nonexistent"], 71)]:
    status, out, err = run(*args, program=testkey)
    t.ok(status == want and err.startswith(b"opendkim-testkey: "), f"opendkim-testkey {' '.join(args)}: {want}",
         f"{status} {err!r}")
slow = write("slow.conf", f"KeyTable {table}\nNameservers 127.0.0.1:9\nDNSTimeout 1\n")
status, _, err = run("-x", slow, "-vvv", program=testkey)
t.ok(status in (69, 71) and b"opendkim-testkey: record 0 for 'good' retrieved\n" in err
     and b"opendkim-testkey: 3 keys checked; 0 pass, 3 fail\n" in err and b"lost.private: stat()" in err,
     "a bad KeyTable does not end with 0", f"{status} {err!r}")
t.done()
