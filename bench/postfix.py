#!/usr/bin/env python3
"""Mails, one SMTP session after the other, through a real Postfix with no
filter, with opendkim and with inkand, each on the tutorial's inet socket and
on a unix socket, in turns.  Seconds for 100 mails, the best of three.  Needs
root.  (100 mails are too few to tell an inkand from no filter: it gets four
times as many.)

    bench/postfix.py [--build build-release] [--mails 400]
"""
import argparse
import os
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e", "lib"))

parser = argparse.ArgumentParser()
parser.add_argument("--build", default="build-release")
parser.add_argument("--mails", type=int, default=400)
options = parser.parse_args()
os.environ["INKAN_BUILD"] = os.path.join(ROOT, options.build)

import mailhost  # noqa: E402
from lab import Lab, until  # noqa: E402

SOCKETS = {"inet": ("inet:8891@localhost", "inet:localhost:8891"),
           "unix": ("local:/var/spool/postfix/filter/sock", "unix:/filter/sock")}


def start(host, program, kind):
    """A filter that signs all mail of the lab."""
    conf = f"/etc/{program}-{kind}.conf"
    text = "\n".join(line for line in host.host.read("/etc/opendkim.conf").decode().splitlines()
                     if not line.startswith(("Socket", "PidFile", "UMask")))
    host.host.write(conf, f"{text}\nSocket {SOCKETS[kind][0]}\nUMask 000\nInternalHosts 0.0.0.0/0\n")
    path = os.path.join(os.environ["INKAN_BUILD"], "inkand") if program == "inkand" else "/usr/sbin/opendkim"
    process = host.host.start([path, "-f", "-x", conf])
    if kind == "unix":
        until("the socket", lambda: os.path.exists(host.host.path("/var/spool/postfix/filter/sock")), 30)
    else:
        host.host.await_port(8891)
    return process


def measure(host, milter, mails):
    """Seconds for 100 mails."""
    host.postconf(f"smtpd_milters={milter}", "non_smtpd_milters=", "milter_default_action=tempfail")
    time.sleep(1)
    begin = time.monotonic()
    host.host.run(["smtp-source", "-d", "-s", "1", "-m", str(mails), "-f", "tester@example.org",
                   "-t", "discard@example.org", "127.0.0.1:25"])
    return (time.monotonic() - begin) * 100 / mails


with Lab() as lab:
    dns = mailhost.Dns(lab)
    host = mailhost.MailHost(lab, dns, "example.org", "192.0.2.1")
    dns.domain(host.domain, host.address, host.record)
    dns.start()
    host.start_postfix()
    host.host.sh("echo 'discard: /dev/null' >>/etc/aliases; newaliases;"
                 "mkdir -p /var/spool/postfix/filter; chmod 777 /var/spool/postfix/filter;"
                 "mkdir -p /run/opendkim; chown opendkim: /run/opendkim")
    best = {}
    for _ in range(3):
        best["no filter"] = min(best.get("no filter", 1e9), measure(host, "", options.mails))
        for kind in SOCKETS:
            for program in ("opendkim", "inkand"):
                process = start(host, program, kind)
                name = f"{program}, {kind}"
                mails = options.mails // (4 if program == "opendkim" else 1)
                best[name] = min(best.get(name, 1e9), measure(host, SOCKETS[kind][1], mails))
                os.kill(host.host.inner_pid(process), 15)
                process.wait(30)
                host.host.sh("rm -f /var/spool/postfix/filter/sock")
    for name, seconds in best.items():
        print(f"{name:16} {seconds:6.2f} s")
    print(f"inkand's inet socket takes {best['inkand, inet'] / best['inkand, unix']:.2f} times its unix socket, "
          f"opendkim's {best['opendkim, inet'] / best['opendkim, unix']:.2f}")
    print(f"opendkim takes {best['opendkim, inet'] / best['inkand, inet']:.1f} times as long on the tutorial's socket")
