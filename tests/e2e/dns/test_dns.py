#!/usr/bin/env python3
"""The resolver against NSD on loopback: what a zone can hold, TCP, servers that
are dead, and DNSSEC with good and forged signatures."""
import os
import shutil
import signal
import socket
import subprocess
import time

import ports
import tap

ASK = os.path.join(os.environ["INKAN_BUILD"], "tests", "e2e", "dns", "dns_ask")
TMP = os.environ["TMPDIR"]
TXT, A, NS, CNAME, SOA, PTR, MX, AAAA = 16, 1, 2, 5, 6, 12, 15, 28
BIG = "".join("%03d" % (i % 1000) + "x" * 247 for i in range(20))

ZONE = f"""$ORIGIN mail.test.
$TTL 300
@ SOA ns hostmaster 1 3600 900 604800 60
@ NS ns
ns A 127.0.0.1
plain TXT "v=DKIM1; " "p=AAAA"
big TXT {" ".join('"%s"' % BIG[i:i + 250] for i in range(0, len(BIG), 250))}
alias CNAME alias2
alias2 CNAME plain
dangling CNAME nothere
*.wild TXT "wild"
empty.non.terminal A 192.0.2.1
mx MX 10 plain
six AAAA 2001:db8::1
"""
PRIVATE = """$ORIGIN 0.0.10.in-addr.arpa.
$TTL 300
@ SOA ns.mail.test. hostmaster.mail.test. 1 3600 900 604800 60
@ NS ns.mail.test.
1 PTR host.mail.test.
"""


def ask(*arguments):
    """The answers by (name, type): [status, security, TTL, records...]."""
    start = time.monotonic()
    p = subprocess.run([ASK, *map(str, arguments)], capture_output=True, text=True, timeout=600)
    answers = {}
    for line in p.stdout.splitlines():
        name, type_, *rest = line.split(" ")
        answers[name, int(type_)] = rest
    return answers, time.monotonic() - start, p.stderr


def write(name, text):
    path = os.path.join(TMP, name)
    with open(path, "w", encoding="ascii") as f:
        f.write(text)
    return path


def sign(name, zone):
    """A zone signed by a key of its own: the signed text and its DS record."""
    write(f"{name}.zone", zone)
    key = subprocess.run(["ldns-keygen", "-a", "ED25519", "-k", name], cwd=TMP, check=True,
                         capture_output=True, text=True).stdout.strip()
    subprocess.run(["ldns-signzone", "-n", f"{name}.zone", key], cwd=TMP, check=True,
                   capture_output=True)
    with open(os.path.join(TMP, f"{name}.zone.signed"), encoding="ascii") as f:
        signed = f.read()
    ds = subprocess.run(["ldns-key2ds", "-n", "-2", f"{key}.key"], cwd=TMP, check=True,
                        capture_output=True, text=True).stdout
    return signed, ds


def start_nsd(port, zones):
    conf = [f"""server:
 ip-address: 127.0.0.1@{port}
 username: ""
 chroot: ""
 pidfile: "{TMP}/nsd.pid"
 zonelistfile: "{TMP}/nsd.list"
 xfrdfile: "{TMP}/nsd.xfrd"
 zonesdir: "{TMP}"
remote-control:
 control-enable: no
"""]
    for zone, path in zones.items():
        conf.append(f"zone:\n name: {zone}\n zonefile: {path}\n")
    nsd = subprocess.Popen(["nsd", "-d", "-c", write("nsd.conf", "".join(conf))],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(100):
        answers, _, _ = ask("-n", f"127.0.0.1:{port}", "-t", 300, SOA, "mail.test")
        if answers.get(("mail.test", SOA), [""])[0] == "ok":
            return nsd
    raise SystemExit("nsd does not answer")


def hexed(text):
    return text.encode().hex()


def plain_answers(t, server):
    cases = [
        ("plain.mail.test", TXT, ["ok", hexed("v=DKIM1; p=AAAA")]),
        ("big.mail.test", TXT, ["ok", hexed(BIG)]),
        ("alias.mail.test", TXT, ["ok", hexed("v=DKIM1; p=AAAA")]),
        ("alias.mail.test", CNAME, ["ok", hexed("alias2.mail.test")]),
        ("dangling.mail.test", TXT, ["nxdomain"]),
        ("x.y.wild.mail.test", TXT, ["ok", hexed("wild")]),
        ("non.terminal.mail.test", TXT, ["nodata"]),
        ("nothere.mail.test", TXT, ["nxdomain"]),
        ("plain.mail.test", A, ["nodata"]),
        ("mx.mail.test", MX, ["ok", hexed("plain.mail.test")]),
        ("six.mail.test", AAAA, ["ok", "20010db8000000000000000000000001"]),
        ("mail.test", NS, ["ok", hexed("ns.mail.test")]),
        ("1.0.0.10.in-addr.arpa", PTR, ["ok", hexed("host.mail.test")]),
    ]
    questions = [x for name, type_, _ in cases for x in (type_, name)]
    for how, flags in (("UDP first", []), ("TCP only", ["-T"])):
        answers, _, _ = ask("-n", server, *flags, *questions)
        for name, type_, want in cases:
            got = answers.get((name, type_), [""])
            t.eq([got[0], *got[3:]], want, f"{how}: type {type_} of {name}")
    answers, _, _ = ask("-n", server, TXT, "elsewhere.example.org")
    t.eq(answers["elsewhere.example.org", TXT][0], "tempfail", "a refused question is a tempfail")


def dead_servers(t, server):
    dead = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for s in dead:
        s.bind(("127.0.0.1", 0))
    names = [f"127.0.0.1:{s.getsockname()[1]}" for s in dead]
    answers, _, _ = ask("-n", names[0], "-n", server, TXT, "plain.mail.test")
    t.eq(answers["plain.mail.test", TXT][0], "ok", "the first server is dead, the second answers within the budget")
    answers, seconds, _ = ask("-t", 700, "-n", names[0], "-n", names[1],
                              TXT, "plain.mail.test", TXT, "big.mail.test")
    t.eq(answers["plain.mail.test", TXT][0], "tempfail", "all servers are dead: tempfail")
    t.ok(0.6 < seconds < 120, "when the time of a question is over", f"{seconds:.1f} s")
    for s in dead:
        s.close()


def dnssec(t, server, anchors):
    questions = [TXT, "plain.good.test", TXT, "nothere.good.test", TXT, "plain.forged.test",
                 TXT, "plain.mail.test"]
    answers, _, err = ask("-n", server, "-a", anchors, *questions)
    def state(name):
        return answers.get((name, TXT), ["", err])[:2]
    t.eq(state("plain.good.test"), ["ok", "secure"], "a good signature is secure")
    t.eq(state("nothere.good.test"), ["nxdomain", "secure"], "so is a proof that nothing is there")
    t.eq(state("plain.forged.test"), ["tempfail", "bogus"], "changed data is bogus, and not handed on")
    t.eq(answers.get(("plain.forged.test", TXT), [])[3:], [], "without its records")
    answers, _, _ = ask("-n", server, *questions)
    t.eq(state("plain.good.test"), ["ok", "-"], "without an anchor nothing is secure")
    t.eq(state("plain.forged.test"), ["ok", "-"], "nor bogus")


def small_zone(name):
    return (f"$ORIGIN {name}.\n$TTL 300\n@ SOA ns.mail.test. h.mail.test. 1 3600 900 604800 60\n"
            '@ NS ns.mail.test.\nplain TXT "original"\n')


def main():
    t = tap.Tap()
    if not shutil.which("nsd"):
        t.skip("the resolver against NSD", "nsd is not installed")
        t.done()
    port = ports.free()
    zones = {"mail.test": write("mail.zone", ZONE),
             "0.0.10.in-addr.arpa": write("private.zone", PRIVATE)}
    signed = bool(shutil.which("ldns-signzone"))
    if signed:
        good, good_ds = sign("good.test", small_zone("good.test"))
        forged, forged_ds = sign("forged.test", small_zone("forged.test"))
        zones["good.test"] = write("good.signed", good)
        zones["forged.test"] = write("forged.signed", forged.replace('"original"', '"changed"'))
    nsd = start_nsd(port, zones)
    server = f"127.0.0.1:{port}"
    try:
        plain_answers(t, server)
        dead_servers(t, server)
        if signed:
            dnssec(t, server, write("anchors", good_ds + forged_ds))
        else:
            t.skip("DNSSEC", "ldns-signzone is not installed")
    finally:
        nsd.send_signal(signal.SIGTERM)
        nsd.wait()
    t.done()


if __name__ == "__main__":
    main()
