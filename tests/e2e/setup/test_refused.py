"""inkan setup while DNS answers REFUSED, SERVFAIL or nothing at all, and on a
Postfix that does not listen on loopback: the plan is given, what is applied is
proved as far as it can be, and all of it is taken back.  A Postfix that keeps the
test mail: it is asked for it, and what it does with it is said."""
# timeout: 300
import json
import os
import time

import trees
from lab import Lab, until
from machines import Bare, t
from mailhost import NAME_SERVER

SERVER = r"""
import socket, sys
rcode = int(sys.argv[2])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 53))
print("ready", flush=True)
while True:
    q, peer = s.recvfrom(4096)
    if rcode >= 0:
        s.sendto(q[:2] + bytes([0x81, 0x80 | rcode]) + q[4:6] + b"\0\0\0\0\0\0" + q[12:], peer)
"""


class Broken:
    """A name server that has nothing but this answer; -1: none."""

    def __init__(self, host, rcode):
        self.host = host
        self.server = host.start(["/usr/bin/python3", "-c", SERVER, NAME_SERVER, str(rcode)])
        until("a name server", lambda: open(self.server.output, encoding="ascii").read().startswith("ready"))

    def stop(self):
        os.kill(self.host.inner_pid(self.server), 9)
        self.server.wait()


def timed(m, *args, **more):
    start = time.monotonic()
    code, out = m.setup(*args, check=False, **more)
    return code, out, time.monotonic() - start


def plans(m, name):
    code, out, took = timed(m)
    t.ok(code == 0 and "v=spf1 ip4:192.0.2.1" in out and "Nothing has been changed" in out, f"{name}: the plan, with records", out)
    t.note(f"{name}: plan {took:.1f} s")


def applies(m, name, smtp):
    before = m.etc()
    code, out, apply = timed(m, "--apply", "--json")
    test = json.loads(out)["test"].split("\n") if code == 0 else []
    t.ok(len(test) == 3 and test[0].startswith(smtp) and test[1].startswith("sendmail: dkim=pass"), f"{name}: applied and proved", out)
    code, out, undo = timed(m, "--undo")
    t.eq((code, trees.difference(before, m.etc())), (0, []), f"{name}: /etc is identical after --undo")
    t.note(f"{name}: apply {apply:.1f} s, undo {undo:.1f} s")


def keeps(m, settings, words):
    """A Postfix that takes the test mail and does not hand it on."""
    m.host.run(["postconf", "-e", *settings])
    m.restart_postfix()
    before = m.etc()
    code, out, took = timed(m, "--apply")
    t.ok(code == 69 and words in out and "Everything was taken back" in out, f"{settings[-1]}: said, and taken back", f"{code} {out}")
    t.eq(trees.difference(before, m.etc()), [], f"{settings[-1]}: /etc is as it was")
    t.eq(m.queue().strip(), "Mail queue is empty", f"{settings[-1]}: no mail is left")
    t.note(f"{settings[-1]}: {took:.1f} s")


with Lab() as lab:
    class Names:
        """No name server of the lab's own."""
        dir = anchor = None
    dns = Names()
    dns.dir = os.path.join(lab.dir, "dns")
    os.mkdir(dns.dir)
    dns.anchor = "/dev/null"
    m = Bare(lab, dns, "example.org", "192.0.2.1")
    m.host.sh("echo 127.0.1.1 $(hostname) >>/etc/hosts")
    m.start_postfix()
    for name, rcode in (("SERVFAIL", 2), ("REFUSED", 5), ("no answer", -1)):
        server = Broken(lab.net, rcode)
        plans(m, name)
        if name == "REFUSED":
            m.postconf("defer_transports=smtp")  # until somebody asks for it
            applies(m, name, "SMTP: dkim=pass")
        elif name == "no answer":
            # a Postfix that cannot be reached on loopback, beside it
            m.postconf("inet_interfaces=192.0.2.1", "defer_transports=")
            m.restart_postfix()
            applies(m, name, "SMTP: cannot connect to port 25")
        server.stop()
    keeps(m, ["inet_interfaces=all", "header_checks=static:HOLD"], "Postfix holds the test mail back")
    keeps(m, ["header_checks=", "smtp_reply_filter=static:{450 4.0.0 not today}"], "Postfix defers the test mail: host 127.0.0.1")
t.done()
