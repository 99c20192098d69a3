"""Settings that decide about verified mail, by a running inkand."""
import re
import subprocess

import tap
from filter import INKAN, Inkand, keygen, path, write

t = tap.Tap()
KEY = keygen("part")
RECORD = "".join(re.findall(r'"([^"]*)"', open(path("part.txt"), encoding="ascii").read()))
LINES = f"Mode v\nTestPublicKeys {write('keys', f'part._domainkey.example.org {RECORD}')}\nAuthservID mx.example.net\n"
HEADER = b"From: a@example.org\r\nTo: b@example.net\r\nSubject: greetings\r\n"
BODY = b"0123456789\r\n" * 5  # 60 octets are signed ...
MORE = b"0123456789\r\n" * 5  # ... and as many are not


DKIMPY = """import dkim, sys
key, mail = open(sys.argv[1], "rb").read(), sys.stdin.buffer.read()
sys.stdout.buffer.write(dkim.sign(mail, b"part", b"example.org", key, length=True, canonicalize=(b"relaxed", b"simple"),
                                  include_headers=[b"from", b"to", b"subject"]))"""


def with_length():
    """A signature of another program's (Debian's dkimpy), with l=."""
    return subprocess.run(["/usr/bin/python3", "-c", DKIMPY, KEY], input=HEADER + b"\r\n" + BODY, check=True,
                          stdout=subprocess.PIPE).stdout


def dkim_result(lines, body):
    filter_ = Inkand(LINES + lines)
    fields = (with_length() + HEADER).decode().replace("\r\n", "\n")
    header = [(name, value) for name, value in re.findall(r"^([\w-]+):((?:.|\n[ \t])*)\n", fields, re.M)]
    mta = filter_.connect()
    mta.negotiate()
    mta.begin(auth=False)
    message = {"header": header, "body": body}
    mta.header(message)
    got = mta.end(message)
    mta.close()
    filter_.stop()
    results = [value for name, value in got["added"] if name == "Authentication-Results"]
    return re.findall(r"dkim=(\w+)", results[0]) if results else got


t.eq(dkim_result("", BODY), ["pass"], "l= over the whole body passes")
for lines, want in [("", "policy"), ("Minimum 60", "pass"), ("Minimum 61", "policy"), ("Minimum 50%", "pass"),
                    ("Minimum 51%", "policy"), ("Minimum 60+", "pass"), ("Minimum 59+", "policy")]:
    t.eq(dkim_result(lines, BODY + MORE), [want], f"half of the body signed, {lines or 'no Minimum'}: {want}")
t.eq(dkim_result("Minimum 10%", b"x" + BODY[1:] + MORE), ["fail"], "Minimum does not make a changed body good")
status = subprocess.run([INKAN + "d", "-n", "-x", write("mta.conf", "Mode v\nSocket inet:8891@localhost\nMTACommand /bin/true\n")],
                        capture_output=True, text=True, check=False)
t.ok(status.returncode == 0 and "MTACommand" in status.stderr and "not sent" in status.stderr,
     "MTACommand is accepted with a word about it", status.stderr)
t.done()
