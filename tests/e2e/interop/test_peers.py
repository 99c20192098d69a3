# timeout: 240
"""What inkan signs, OpenDKIM, dkimpy and Mail::DKIM verify, and the other way
round, over algorithms, canonicalizations and messages made from a seed
(INTEROP_SEED, INTEROP_MESSAGES)."""
import base64
import json
import os
import re
import subprocess
import time

import tap
from messages import message
from pipe import Pipe

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ["INKAN_BUILD"]
INKAN = os.path.join(BUILD, "inkan")
SEED = int(os.environ.get("INTEROP_SEED", "1"))
MESSAGES = int(os.environ.get("INTEROP_MESSAGES", "6"))
CANONS = [f"{h}/{b}" for h in ("simple", "relaxed") for b in ("simple", "relaxed")]
TMP = os.environ.get("TMPDIR", "/tmp")
t = tap.Tap()


def path(name):
    return os.path.join(TMP, name)


def write(name, data):
    with open(path(name), "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode())
    return path(name)


def inkan(*args, data=None):
    p = subprocess.run([INKAN, *args], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if p.returncode:
        raise RuntimeError(f"inkan {' '.join(args)}: {p.stderr.decode()}")
    return p.stdout


def keys():
    records = {}
    for selector, algorithm in (("r1", "rsa-sha256"), ("e1", "ed25519-sha256")):
        j = json.loads(inkan("keygen", "--json", "-d", "example.org", "-s", selector, "--algorithm", algorithm, "-D", TMP))
        records[f"{selector}._domainkey.example.org"] = j["record"]
    write("zone", "".join(f'{name}. 60 IN TXT "{text[:250]}" "{text[250:]}"\n' for name, text in records.items()))
    write("records", "".join(f"{name} {text}\n" for name, text in records.items()))
    # dkimpy wants the seed of an Ed25519 key in base64
    der = base64.b64decode("".join(line for line in open(path("e1.private"), encoding="ascii") if "-" not in line))
    write("e1.seed", base64.b64encode(der[-32:]))
    return records


class OpenDkim:
    """The daemon: a signer for each canonicalization, and a verifier."""

    def __init__(self):
        self.running = {}

    def socket(self, name, *lines):
        if name not in self.running:
            sock = path(f"od-{name}.sock")
            conf = write(f"od-{name}.conf", "\n".join([f"Socket local:{sock}", "Background no", "Syslog no",
                                                       "RequireSafeKeys no", "InternalHosts 127.0.0.1", *lines]) + "\n")
            p = subprocess.Popen(["opendkim", "-f", "-x", conf], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.running[name] = (p, sock)
            for _ in range(1800):
                if os.path.exists(sock) or p.poll() is not None:
                    break
                time.sleep(0.1)
        return f"local:{self.running[name][1]}"

    def sign(self, canon, file):
        sock = self.socket("s-" + canon.replace("/", "-"), "Mode s", f"Canonicalization {canon}", "Domain example.org",
                           "Selector r1", f"KeyFile {path('r1.private')}", "OversignHeaders From")
        return inkan("milter", "-S", sock, "--client-ip", "127.0.0.1", "--mail-from", "tester@example.org", file)

    def verify(self, file):
        sock = self.socket("v", "Mode v", f"TestPublicKeys {path('opendkim.keys')}", "AuthservID mx.example.net")
        out = inkan("milter", "-S", sock, "--client-ip", "192.0.2.9", "--mail-from", "tester@example.org", file)
        found = re.search(rb"^Authentication-Results:.*?dkim=(\w+)", out, re.S)
        return found.group(1).decode() if found else "none"

    def end(self):
        for p, _ in self.running.values():
            p.terminate()
            p.wait(10)


def verdicts(file):
    j = json.loads(inkan("verify", "--json", "--zone", path("zone"), file))
    return [f"{d['result']} {d['reason'] or ''}".strip() for d in j["dkim"]]


records = keys()
write("opendkim.keys", f"r1._domainkey.example.org {records['r1._domainkey.example.org']}\n")
dkimpy = Pipe("/usr/bin/python3", os.path.join(HERE, "peer_dkimpy.py"))
maildkim = Pipe("/usr/bin/perl", os.path.join(HERE, "peer_maildkim.pl"))
opendkim = OpenDkim()


def b64(data):
    return base64.b64encode(data).decode()


def inkan_signs(n, canon, data):
    file = write("m.eml", data)
    signed = inkan("sign", "-d", "example.org", "-s", "r1", "-k", path("r1.private"), "-d", "example.org", "-s", "e1",
                   "-k", path("e1.private"), "--canonicalization", canon, file)
    file = write("signed.eml", signed)
    name = f"message {n}, {canon}"
    t.eq(verdicts(file), ["pass", "pass"], f"inkan verifies its own: {name}")
    for index, kind in ((0, "rsa"), (1, "ed25519")):
        answer = dkimpy.ask(json.dumps({"op": "verify", "records": records, "index": index, "message": b64(signed)}))
        t.eq(answer, "true", f"dkimpy verifies inkan's {kind}: {name}")
    answer = maildkim.ask(f"verify {path('records')} {file}")
    t.ok(answer.split()[:1] == ["pass"] and answer in ("pass pass", "pass invalid"),
         f"Mail::DKIM verifies inkan's: {name}", answer)
    only = inkan("sign", "-d", "example.org", "-s", "r1", "-k", path("r1.private"), "--canonicalization", canon,
                 path("m.eml"))
    t.eq(opendkim.verify(write("one.eml", only)), "pass", f"OpenDKIM verifies inkan's rsa: {name}")


def inkan_verifies(n, canon, data):
    file = write("m.eml", data)
    name = f"message {n}, {canon}"
    t.eq(verdicts(write("s.eml", opendkim.sign(canon, file))), ["pass"], f"inkan verifies OpenDKIM's: {name}")
    for selector, algorithm, key in (("r1", "rsa-sha256", "r1.private"), ("e1", "ed25519-sha256", "e1.seed")):
        answer = json.loads(dkimpy.ask(json.dumps({
            "op": "sign", "algorithm": algorithm, "canonicalization": canon, "selector": selector,
            "domain": "example.org", "key": path(key), "message": b64(data)})))
        try:
            signed = base64.b64decode(answer, validate=True) + data
        except ValueError:
            t.ok(False, f"dkimpy signs ({algorithm}): {name}", answer)
            continue
        t.eq(verdicts(write("s.eml", signed)), ["pass"], f"inkan verifies dkimpy's {algorithm}: {name}")
    answer = maildkim.ask(f"sign rsa-sha256 {canon} example.org r1 {path('r1.private')} {file} {path('field')}")
    if t.eq(answer, "ok", f"Mail::DKIM signs: {name}"):
        with open(path("field"), "rb") as f:
            field = re.sub(rb"\r?\n", b"\r\n", f.read())
        t.eq(verdicts(write("s.eml", field + data)), ["pass"], f"inkan verifies Mail::DKIM's: {name}")


for n in range(SEED, SEED + MESSAGES):
    for canon in CANONS:
        made = message(n)
        inkan_signs(n, canon, made)
        inkan_verifies(n, canon, made)
for peer in (dkimpy, maildkim, opendkim):
    peer.end()
t.done()
