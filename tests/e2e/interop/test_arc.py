"""Chains through inkan, dkimpy and Mail::DKIM in every order: what one has sealed
the others verify and go on with, over messages made from a seed (INTEROP_SEED,
INTEROP_MESSAGES)."""
import base64
import itertools
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
ARC_RUN = os.path.join(BUILD, "tests", "suite", "arc_run")
SEED = int(os.environ.get("INTEROP_SEED", "1"))
MESSAGES = int(os.environ.get("INTEROP_MESSAGES", "3"))
TMP = os.environ.get("TMPDIR", "/tmp")
t = tap.Tap()


def path(name):
    return os.path.join(TMP, name)


def write(name, data):
    with open(path(name), "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode())
    return path(name)


def inkan(*args):
    p = subprocess.run([INKAN, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if p.returncode:
        raise RuntimeError(f"inkan {' '.join(args)}: {p.stderr.decode()}")
    return p.stdout


SELECTORS = ("inkan", "dkimpy", "maildkim")
records = {}
for selector in SELECTORS:
    made = json.loads(inkan("keygen", "--json", "-d", "example.org", "-s", selector, "-D", TMP))
    records[f"{selector}._domainkey.example.org"] = made["record"]
    subprocess.run(["openssl", "rsa", "-traditional", "-in", path(selector + ".private"), "-out", path(selector + ".pem")],
                   check=True, stderr=subprocess.DEVNULL)
write("zone", "".join(f'{name}. 60 IN TXT "{text[:250]}" "{text[250:]}"\n' for name, text in records.items()))
write("records", "".join(f"{name} {text}\n" for name, text in records.items()))
dkimpy = Pipe("/usr/bin/python3", os.path.join(HERE, "peer_dkimpy.py"))
maildkim = Pipe("/usr/bin/perl", os.path.join(HERE, "peer_maildkim.pl"))
verifier = Pipe(ARC_RUN)
verifier.p.stdin.write(f"now\t{int(time.time())}\n")
for name, text in records.items():
    verifier.p.stdin.write(f"txt\t{name}\t{text}\n")


def escape(data):
    return "".join(chr(b) if 32 <= b < 127 and b != 92 else f"\\x{b:02x}" for b in data)


def by_inkan(data):
    return verifier.ask(f"check\tx\t{escape(data)}").split("\t")[1]


def by_dkimpy(data):
    answer = json.loads(dkimpy.ask(json.dumps({"op": "arc-verify", "records": records,
                                               "message": base64.b64encode(data).decode()})))
    return answer[0]


def by_maildkim(data):
    return maildkim.ask(f"arc-verify {path('records')} {write('m.eml', data)}").split(" ")[0]


VERIFIERS = {"inkan": by_inkan, "dkimpy": by_dkimpy, "Mail::DKIM": by_maildkim}


def seal(who, host, data):
    file = write("m.eml", data)
    if who == "inkan":
        return inkan("seal", "--zone", path("zone"), "--authserv-id", host, "-d", "example.org", "-s", "inkan",
                     "-k", path("inkan.private"), file)
    if who == "dkimpy":
        answer = json.loads(dkimpy.ask(json.dumps({
            "op": "arc-sign", "selector": "dkimpy", "domain": "example.org", "key": path("dkimpy.pem"), "id": host,
            "message": base64.b64encode(data).decode()})))
        return base64.b64decode(answer, validate=True) + data
    answer = maildkim.ask(f"arc-sign example.org maildkim {path('maildkim.pem')} {host} {file} {path('fields')}")
    if answer != "ok":
        raise RuntimeError(f"Mail::DKIM: {answer}")
    with open(path("fields"), "rb") as f:
        return re.sub(rb"\r?\n", b"\r\n", f.read()) + data


def pass_on(data, order, name):
    """Every host judges, says so, and seals."""
    for i, who in enumerate(order, 1):
        host = f"hop{i}.example.net"
        cv = "none" if i == 1 else "pass"
        data = f"Authentication-Results: {host}; arc={cv};\r\n spf=pass smtp.mailfrom=tester@example.org\r\n".encode() + data
        data = seal(who, host, data)
        for by, verify in VERIFIERS.items():
            t.eq(verify(data), "pass", f"{by} verifies {name} up to {i} ({who})")
    return data


for n in range(SEED, SEED + MESSAGES):
    made = message(n)
    for order in itertools.permutations(SELECTORS):
        name = f"message {n}, {'-'.join(order)}"
        whole = pass_on(made, order, name)
    for by, verify in VERIFIERS.items():
        t.eq(verify(whole + b"more\r\n"), "fail", f"{by}: message {n} with a line more")
        t.eq(verify(re.sub(rb"(?m)^(ARC-Authentication-Results: i=1; hop1)", rb"\1x", whole)), "fail",
             f"{by}: message {n} with other results")
for peer in (dkimpy, maildkim, verifier):
    peer.end()
t.done()
