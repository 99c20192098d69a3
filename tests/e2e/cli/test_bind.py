"""records --publish and rotate at a BIND: the algorithms of its keys, what its
update-policy lets a key do, and the words it refuses with."""
import base64
import json
import os
import re
import shutil
import subprocess
import sys

import ports
import tap
from knot import until, zone
from tool import as_json, keygen, path, run, write

t = tap.Tap()
NAMED = shutil.which("named") or "/usr/sbin/named"
if not os.path.exists(NAMED):
    t.skip("records --publish at a BIND", "bind9 is not installed")
    t.done()
# a loopback of our own, whose port 53 is free: where rotate asks
ALONE = "inkan-bind" in sys.argv
if not ALONE and subprocess.run(["unshare", "--net", "true"], stderr=subprocess.DEVNULL).returncode == 0:
    os.execvp("unshare", ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", sys.executable, __file__, "inkan-bind"])
ALGORITHMS = ("hmac-md5", "hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512")
SECRET = base64.b64encode(bytes(range(64))).decode()
CONF = """
options {{
	directory "{dir}"; pid-file none; session-keyfile "{dir}/session.key";
	listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
	recursion no; dnssec-validation no; notify no; check-integrity no;
}};
controls {{ }};
{keys}
zone "example.org" {{ type primary; file "example.org"; update-policy {{
	{grants}
	grant reports name _dmarc.example.org. TXT;
}}; }};
zone "example.net" {{ type primary; file "example.net"; allow-update {{ none; }}; }};
zone "lame.example" {{ type primary; file "lame.example"; }};
zone "example.com" {{ type secondary; file "example.com"; primaries port {port} {{ 127.0.0.1; }}; allow-update-forwarding {{ none; }}; }};
"""


def key_text(name, algorithm):
    return f'key "{name}" {{\n\talgorithm {algorithm};\n\tsecret "{SECRET}";\n}};\n'


class Bind:
    def __init__(self):
        self.dir, self.port = path("bind"), 53 if ALONE else ports.free()
        os.mkdir(self.dir)
        for name, more in (("example.org", ["ns1.example.org. A 127.0.0.1"]), ("example.net", []),
                           ("lame.example", ["@ NS ns2", "ns2 A 127.0.0.9"])):
            write(f"bind/{name}", zone(name, *more))
        names = [(a, a) for a in ALGORITHMS] + [("reports", "hmac-sha256"), ("nobody", "hmac-sha256")]
        conf = write("bind/named.conf", CONF.format(
            dir=self.dir, port=self.port, keys="".join(key_text(*n) for n in names),
            grants="\n\t".join(f"grant {a} zonesub ANY;" for a in ALGORITHMS)))
        # a copy: some systems let the packaged program read its own folders only
        program = shutil.copy(NAMED, path("named"))
        with open(path("bind/log"), "wb") as log:
            self.server = subprocess.Popen([program, "-g", "-n", "1", "-c", conf], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until("named", self.answers)
        self.text = f"127.0.0.1:{self.port}"

    def answers(self):
        if self.server.poll() is not None:
            with open(path("bind/log"), encoding="utf-8") as f:
                raise RuntimeError(f.read())
        return b"running" in open(path("bind/log"), "rb").read()

    def ask(self, name, kind):
        out = subprocess.run(["drill", "-p", str(self.port), "@127.0.0.1", name, kind], stdout=subprocess.PIPE, text=True,
                             check=True).stdout
        rows = re.findall(rf"(?mi)^{re.escape(name)}\.\s+\d+\s+IN\s+{kind}\s+(.*)$", out)
        return sorted("".join(re.findall(r'"((?:[^"\\]|\\.)*)"', r)).replace("\\;", ";") if kind == "TXT" else r for r in rows)

    def stop(self):
        self.server.terminate()
        return self.server.wait(30)


bind = Bind()
key, value = keygen("mail")
HOST = ("--ip", "192.0.2.1", "--dnssec", "no", "--publish", "--server", bind.text, "--tsig")
ORG = ("records", "--domain", "example.org", "--host", "mail.example.org", "--selector", "mail", "--key", key, *HOST)


def file_of(name, algorithm, secret=SECRET):
    return write(f"{name}.{algorithm}.{secret[:4]}.key", key_text(name, algorithm).replace(SECRET, secret), 0o600)


# refused, and nothing happens
serial = bind.ask("example.org", "SOA")
for what, args, want, words in [
    ("a key that may change one name", (*ORG, file_of("reports", "hmac-sha256")), 77, "BIND: update-policy"),
    ("a key that may change nothing", (*ORG, file_of("nobody", "hmac-sha256")), 77, "let TSIG key nobody. update it there"),
    ("a key it does not know", (*ORG, file_of("other", "hmac-sha256")), 77, "does not know TSIG key other."),
    ("another algorithm", (*ORG, file_of("hmac-sha256", "hmac-sha512")), 77, "does not know TSIG key hmac-sha256."),
    ("another secret", (*ORG, file_of("hmac-sha256", "hmac-sha256", "A" * 43 + "=")), 77, "another secret for TSIG key"),
    ("no key", ORG[:-1], 77, "it wants a key, --tsig FILE"),
    ("a zone that takes no updates", ("records", "--domain", "example.net", "--host", "mail.example.net", *HOST,
                                      file_of("hmac-sha256", "hmac-sha256")), 77, "refuses the update of example.net"),
    ("a zone that is not loaded", ("records", "--domain", "example.com", "--host", "mail.example.com", *HOST,
                                   file_of("hmac-sha256", "hmac-sha256")), 69, "SERVFAIL"),
    ("a zone that it has not", ("records", "--domain", "example.info", "--host", "mail.example.info", *HOST,
                                file_of("hmac-sha256", "hmac-sha256")), 69, "does not have the zone of example.info (it answers REFUSED)"),
]:
    status, out, err = run(*args)
    t.ok(status == want and words in err.decode(), f"refused: {what}", f"{status} {err.decode()}")
    t.ok(SECRET.encode() not in out + err, f"no secret is said: {what}")
t.eq(bind.ask("example.org", "SOA"), serial, "nothing was changed")

# published: every algorithm that is supported, and a word about the others
status, got = as_json(*ORG, file_of("hmac-sha256", "hmac-sha256"))
t.eq((status, got.get("published")), (0, True), "published") or t.note(got)
t.eq(bind.ask("mail._domainkey.example.org", "TXT"), [value], "the key's record, in strings of its own")
t.eq((bind.ask("example.org", "MX"), bind.ask("example.org", "TXT")), (["10 mail.example.org."], ["v=spf1 ip4:192.0.2.1 ~all"]), "MX and SPF")
for algorithm in ALGORITHMS:
    rua = f"{algorithm}@example.org"
    status, out, err = run(*ORG, file_of(algorithm, algorithm), "--rua", rua)
    if algorithm in ("hmac-md5", "hmac-sha224", "hmac-sha384"):
        t.ok(status == 65 and b"make one with hmac-sha256" in err, f"{algorithm}: refused, with the cure", f"{status} {err.decode()}")
    else:
        t.eq((status, bind.ask("_dmarc.example.org", "TXT")), (0, [f"v=DMARC1; p=none; rua=mailto:{rua}"]), f"{algorithm}") or t.note(err)
status, out, err = run(*ORG, file_of("reports", "hmac-sha256"), "--rua", "new@example.org")
t.eq((status, bind.ask("_dmarc.example.org", "TXT")), (0, ["v=DMARC1; p=none; rua=mailto:new@example.org"]), "a key for one name changes that one")


def rotate():
    """The policy lets one key publish, not another; what was begun goes on with that one."""
    os.mkdir(path("state"))
    write("KeyTable", f"k example.org:mail:{key}\n")
    write("SigningTable", "*@example.org k\n")
    conf = write("inkan.conf", f"KeyTable {path('KeyTable')}\nSigningTable refile:{path('SigningTable')}\nSocket local:{path('none.sock')}\n")
    more = ("--domain", "example.org", "--nameserver", "127.0.0.1", "--server", "127.0.0.1", "--state", path("state"), "--json")
    status, _, err = run("rotate", "start", "-c", conf, *more, "--tsig", file_of("reports", "hmac-sha256"))
    t.ok(status == 77 and b"update-policy" in err, "rotate: refused by the policy", f"{status} {err.decode()}")
    status, out, err = run("rotate", "next", *more, "--tsig", file_of("hmac-sha512", "hmac-sha512"), "--reload", "false")
    got = json.loads(run("rotate", "status", "--state", path("state"), "--json")[1])["rotations"][0]
    t.ok(got["stage"] == "switch" and bind.ask(f"{got['keys'][0]['new']}._domainkey.example.org", "TXT"),
         "rotate: goes on with another key, up to the filter that is not there", f"{status} {out} {err.decode()}")
    write("KeyTable", f"k lame.example:mail:{key}\n")
    write("SigningTable", "*@lame.example k\n")
    nothing = run("rotate", "status", "--state", path("empty"), "--json")[1]
    for more in ((), ("--selector", "new")):
        status, _, err = run("rotate", "start", "-c", conf, "--domain", "lame.example", "--nameserver", "127.0.0.1", "--state",
                             path("lame"), "--dns-timeout", "1", *more)
        t.ok(status == 69 and b"127.0.0.9 of lame.example gives no answer" in err and run("rotate", "status", "--state", path("lame"), "--json")[1] == nothing,
             f"rotate: a name server that does not answer is named, and nothing begun {more}", f"{status} {err.decode()}")


if ALONE:
    rotate()
else:
    t.skip("rotate at a BIND", "needs root (a network of its own, with port 53)")
t.eq(bind.stop(), 0, "named ends")
t.done()
