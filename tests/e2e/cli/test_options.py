"""The command line itself: help, mistakes, exit statuses, languages, hostile
arguments, an output that cannot be written."""
import os
import subprocess

import tap
from tool import INKAN, MAIL, as_json, controls, path, run, write

t = tap.Tap()
COMMANDS = ["keygen", "records", "testkey", "sign", "verify", "spf", "why", "authres", "milter"]

status, out, _ = run("--version")
t.ok(status == 0 and out.startswith(b"inkan "), "--version")
status, out, _ = run("help")
t.ok(status == 0 and all(b"\n  %s " % c.encode() in out for c in COMMANDS), "help lists every command")
status, help_out, _ = run("--help")
t.eq(help_out, out, "--help is help")
for c in COMMANDS:
    status, out, err = run("help", c)
    t.ok(status == 0 and b"Usage: inkan %s" % c.encode() in out and not err, f"help {c}")
    t.eq(run(c, "--help")[:2], (0, out), f"{c} --help is help {c}")

for args, want, words in [
    ((), 64, b"Usage"),
    (("veryfi",), 64, b'did you mean "verify"'),
    (("help", "singn"), 64, b'did you mean "sign"'),
    (("zzzzzzzz",), 64, b"inkan help lists them"),
    (("verify", "--explan"), 64, b"--explain"),
    (("verify", "--nothing-like-it"), 64, b"unknown option --nothing-like-it"),
    (("sign", "--selecto"), 64, b"needs a value"),
    (("verify", "--explain=yes"), 64, b"takes no value"),
    (("verify", "-q"), 64, b"unknown option -q"),
    (("records", "--d", "example.org"), 64, b"ambiguous"),
    (("verify", "--time", "soon"), 64, b"number"),
    (("verify", "--time", "99999999999999999999"), 64, b"number"),
    (("verify", "--color", "red"), 64, b"--color"),
    (("verify", "--lang", "xx"), 64, b"--lang"),
    (("verify", "--dns-timeout", "0"), 64, b"--dns-timeout"),
    (("verify", "--ip", "300.1.1.1"), 64, b"not an address"),
    (("verify", "a", "b"), 64, b"one file"),
    (("verify", "/nonexistent/mail"), 66, b"/nonexistent/mail"),
    (("verify", "/"), 66, b"directory"),
    (("verify", "--zone", "/nonexistent/zone"), 66, b"/nonexistent/zone"),
    (("verify", "--nameserver", "no.address"), 64, b"no.address"),
    (("keygen",), 64, b"--domain"),
    (("keygen", "--domain", "exa mple", "--selector", "s"), 64, b"not a domain"),
    (("keygen", "--domain", "example.org", "--selector", "../s"), 64, b"not a selector"),
    (("keygen", "--domain", "example.org", "--selector", "s", "--bits", "512"), 64, b"--bits"),
    (("keygen", "--domain", "example.org", "--selector", "s", "--algorithm", "dsa"), 64, b"--algorithm"),
    (("keygen", "--domain", "example.org", "--selector", "s", "--directory", "/nonexistent"), 73, b"/nonexistent"),
    (("sign", "--domain", "example.org"), 64, b"--key"),
    (("sign", "--domain", "example.org", "--selector", "s", "--key", "/nonexistent"), 66, b"/nonexistent"),
    (("sign", "--config", "/nonexistent/conf"), 78, b"/nonexistent/conf"),
    (("why",), 64, b"--from"),
    (("records",), 64, b"--domain"),
    (("records", "--domain", "example.org", "--policy", "maybe"), 64, b"--policy"),
    (("records", "--domain", "example.org", "--ip", "x"), 64, b"--ip"),
    (("records", "--domain", "example.org", "--ip", "192.0.2.1", "--format", "xml"), 64, b"--format"),
]:
    status, out, err = run(*args)
    t.ok(status == want and words in err and not out, f"{' '.join(args)}: {want}",
         f"status {status}\nstdout {out!r}\nstderr {err!r}")

zone = write("empty.zone", "example.org. 60 IN A 192.0.2.1\n")
for args in [("verify", "--expl", "--zone", zone), ("verify", f"--zone={zone}"), ("verify", "--zone", zone, "-"),
             ("verify", "--zone", zone, "--", "-"),
             ("--zone", zone, "verify"), ("-c", "/nonexistent/conf", f"--zone={zone}", "verify")]:
    status, out, err = run(*args, stdin=MAIL)
    t.ok(status == 0 and b"dkim=none" in out, f"understood: {' '.join(args[:2])}", f"{status} {out!r} {err!r}")

# what a terminal would obey never reaches it
for name, args in {"an option": ("verify", b"--\x1b]0;x\x07"), "a command": (b"\x1b[2J",),
                   "a file": ("verify", b"/nonexistent/\x1b[2J\r\n\x80"), "a long option": ("verify", b"--" + b"x" * 100000),
                   "a long file": ("verify", b"/" + b"x" * 100000)}.items():
    status, out, err = run(*args)
    t.ok(status in (64, 66, 71) and not controls(out + err) and len(err) < 2000, f"hostile {name}", f"{status} {err!r}")

# Japanese, also for a mistake among the options themselves
for args, words in {("help", "--lang", "ja"): "使い方", ("--lang", "ja", "help"): "使い方",
                    ("verify", "--lang=ja", "--explan"): "もしかして", ("verify", "--explan", "--lang", "ja"): "もしかして",
                    ("verify", "--lang", "ja", "--zone", zone): "署名"}.items():
    status, out, err = run(*args, stdin=MAIL)
    t.ok(words in (out + err).decode(), f"Japanese: {' '.join(args[:3])}", f"{status} {out!r} {err!r}")
status, out, _ = run("help", "--lang", "en", locale="ja_JP.UTF-8")
t.ok(b"Usage" in out, "English on demand")
t.eq(as_json("verify", "--zone", zone, "--lang", "ja", stdin=MAIL)[1].get("dkim"),
     as_json("verify", "--zone", zone, "--lang", "en", stdin=MAIL)[1].get("dkim"), "verdicts have no language")

# colours
status, out, _ = run("verify", "--zone", zone, "--color", "always", stdin=MAIL)
t.ok(b"\x1b[" in out, "colours on demand")
status, out, _ = run("verify", "--zone", zone, stdin=MAIL)
t.ok(b"\x1b" not in out, "no colours without a terminal")


def with_output(redirection, *args):
    p = subprocess.run(["sh", "-c", f'exec "$@" {redirection}', "sh", INKAN, *args], input=MAIL,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600)
    return p.returncode, p.stderr


for args in [("verify", "--zone", zone), ("help",), ("records", "--domain", "example.org", "--ip", "192.0.2.1")]:
    status, err = with_output(">/dev/full", *args)
    t.ok(status in (73, 74) and b"cannot write" in err, f"{args[0]}: a full disk is said", f"{status} {err!r}")
    status, err = with_output(">&-", *args)
    t.ok(status in (73, 74) and b"cannot write" in err, f"{args[0]}: a closed output is said", f"{status} {err!r}")
status, err = with_output(">&-", "keygen", "--domain", "example.org", "--selector", "closed", "--directory",
                          os.path.dirname(path("x")))
with open(path("closed.private"), "rb") as f:
    t.ok(status in (73, 74) and f.read().startswith(b"-----BEGIN"), "a key file does not become the output")
status, err = with_output("<&-", "verify", "--zone", zone)
t.ok(status in (66, 71) and b"standard input" in err, "a closed input is said", f"{status} {err!r}")
t.done()
