#!/usr/bin/env python3
"""Weighs inkand judging mail by SPF, DKIM, ARC and DMARC against opendkim, opendmarc
and policyd-spf in a row, and against rspamd with no other modules than these.
"recording" is inkand with a Store of SQLite.  A signed message of 2 KB comes in from 192.0.2.1; all ask one NSD.
Then every message is from another domain and DNS answers after half a second
(slow_dns).  In a network and mounts of its own; needs root.

    bench/judge.py [--build build-release] [--messages N] [--sessions 1,16,100,1000] [--only cpu,slow]
                   [--filters inkand,recording,opendkim,opendmarc,rspamd] [--verify spf,dkim,arc,dmarc]
"""
import argparse
import base64
import os
import shutil
import subprocess
import sys
import tempfile
import time

from daemon import Filter, write

ARRIVES = ["-a", "192.0.2.1", "-H", "mail.example.com"]

ZONE = """$ORIGIN .
$TTL 3600
. SOA ns.test. hostmaster.test. 1 3600 900 86400 3600
. NS ns.test.
ns.test. A 127.0.0.1
example.com. TXT "v=spf1 mx ip4:192.0.2.0/24 -all"
example.com. MX 10 mail.example.com.
mail.example.com. A 192.0.2.1
_dmarc.example.com. TXT "v=DMARC1; p=reject; adkim=s; aspf=s"
s1._domainkey.example.com. TXT {key}
1.2.0.192.in-addr.arpa. PTR mail.example.com.
"""

NSD = """server:
    ip-address: 127.0.0.1
    zonesdir: "{dir}"
    zonelistfile: "{dir}/zone.list"
    xfrdfile: "{dir}/xfrd.state"
    database: ""
    pidfile: "{dir}/nsd.pid"
    username: ""
    rrl-ratelimit: 0
remote-control:
    control-enable: no
zone:
    name: "."
    zonefile: "root.zone"
"""

INKAND = """Background no
Mode v
Verify {methods}
AuthservID mx.example.org
DNSTimeout 10
"""

OPENDKIM = """Background no
Mode v
AuthservID mx.example.org
On-DNSError accept
Nameservers 127.0.0.1
DNSTimeout 10
"""

OPENDMARC = """Background false
AuthservID mx.example.org
TrustedAuthservIDs mx.example.org
PublicSuffixList /usr/share/publicsuffix/public_suffix_list.dat
Syslog true
"""

POLICYD = """debugLevel = 0
TestOnly = 1
HELO_reject = False
Mail_From_reject = False
Header_Type = AR
Authserv_Id = mx.example.org
skip_addresses = 127.0.0.0/8
"""

# The Authentication-Results field is what shows a verdict: without its
# milter_headers rspamd would tell nobody.
RSPAMD = """options {{
  pidfile = "{dir}/rspamd.pid"; filters = "dkim"; tempdir = "{dir}";
  control_socket = "{dir}/rspamd.control mode=0600"; cache_file = "{dir}/rspamd.cache";
  hs_cache_dir = "{dir}/"; history_rows = 1; local_addrs = [];
  dns {{ nameserver = ["127.0.0.1"]; timeout = 10s; retransmits = 2; }}
}}
logging {{ type = "file"; filename = "{dir}/rspamd.log"; level = "error"; }}
worker "rspamd_proxy" {{
  bind_socket = "{dir}/rspamd.sock mode=0666"; milter = yes; timeout = 120s; count = {workers};
  upstream "local" {{ default = yes; self_scan = yes; }}
}}
modules {{
  path = "/usr/share/rspamd/plugins/spf.lua"; path = "/usr/share/rspamd/plugins/arc.lua";
  path = "/usr/share/rspamd/plugins/dmarc.lua"; path = "/usr/share/rspamd/plugins/milter_headers.lua";
}}
dkim {{ dkim_cache_size = 2k; }}
spf {{ spf_cache_size = 2k; }}
arc {{ sign_inbound = false; }}
dmarc {{ actions {{ }} }}
milter_headers {{
  use = ["authentication-results"];
  routines {{ authentication-results {{ add_smtp_user = false; }} }}
}}
"""


def load_of(options):
    return os.path.join(options.build, "bench", "milter_load")


class Judge(Filter):
    """A filter, and the mail it gets."""

    def __init__(self, name, args, socket, mail, verdict):
        super().__init__(name, args, socket)
        self.mail, self.verdict = mail, verdict

    def run(self, options, messages, sessions, check=True):
        pids = [arg for pid in self.pids() for arg in ("-P", str(pid))]
        p = subprocess.run([load_of(options), "-p", self.socket, *pids, "-n", str(messages), "-c", str(sessions),
                            *ARRIVES, *self.mail, "-v", self.verdict], capture_output=True, text=True, check=False)
        names = ("n", "seconds", "cpu", "p50", "p99", "peak", "changed", "refused", "judged")
        got = dict(zip(names, map(float, p.stdout.split())))
        if check and got.get("judged") != messages:
            sys.exit(f"{self.name}: {got.get('judged', 0):.0f} of {messages} messages with {self.verdict} {p.stderr}")
        return got

    def await_verdict(self, options):
        until = time.monotonic() + 180
        while self.run(options, 1, 1, check=False).get("judged") != 1:
            if time.monotonic() > until:
                sys.exit(f"{self.name}: does not say {self.verdict}")
            time.sleep(0.2)


class Policyd:
    """policyd-spf as Postfix runs it: requests through a pipe, a process for each
    of at most 16 sessions; its start is not counted."""

    ASK = "request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=ESMTP\nhelo_name=mail.example.com\n" \
          "queue_id=\nsender=a@example.com\nrecipient=b@example.net\nrecipient_count=0\n" \
          "client_address=192.0.2.1\nclient_name=mail.example.com\nreverse_client_name=mail.example.com\n" \
          "instance={}\nsasl_method=\nsasl_username=\nsasl_sender=\nsize=2600\n\n"

    def __init__(self, dirname, sessions):
        conf = write(os.path.join(dirname, "policyd-spf.conf"), POLICYD)
        self.all = [subprocess.Popen(["policyd-spf", conf], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
                    for _ in range(min(sessions, 16))]
        self.count = 0
        self.field = self.turn()

    def turn(self):
        """One request to each; gives an answer."""
        for p in self.all:
            self.count += 1
            p.stdin.write(self.ASK.format(f"{os.getpid()}.{self.count}"))
            p.stdin.flush()
        answers = [p.stdout.readline().strip() for p in self.all]
        for p, answer in zip(self.all, answers):
            if "spf=pass" not in answer or p.stdout.readline() != "\n":
                sys.exit(f"policyd-spf: {answer}")
        return answers[0].removeprefix("action=PREPEND ").strip()

    def cpu(self):
        return sum(cpu_seconds(p.pid) for p in self.all)

    def weigh(self, messages):
        before, count = self.cpu(), self.count
        for _ in range(max(1, messages // len(self.all))):
            self.turn()
        return (self.cpu() - before) * 1e6 / (self.count - count)

    def stop(self):
        for p in self.all:
            p.stdin.close()
            p.wait()


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def make_key(dirname):
    """The private key's path and the record."""
    key = os.path.join(dirname, "s1.key")
    subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
    der = subprocess.run(["openssl", "rsa", "-in", key, "-pubout", "-outform", "DER"],
                         check=True, capture_output=True).stdout
    return key, "v=DKIM1; k=rsa; p=" + base64.b64encode(der).decode()


def start_nsd(dirname, record):
    write(os.path.join(dirname, "root.zone"), ZONE.format(key=f'"{record[:200]}" "{record[200:]}"'))
    conf = write(os.path.join(dirname, "nsd.conf"), NSD.format(dir=dirname))
    return subprocess.Popen(["nsd", "-d", "-c", conf], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def end(process):
    process.terminate()
    process.wait()


def begin_filters(options, dirname, mail, before):
    """The filters by name, each with a verdict already given.  before: the fields
    that opendmarc reads."""
    def conf(name, text):
        return write(os.path.join(dirname, name), text)

    def socket(name):
        return f"local:{dirname}/{name}.sock"
    commands = {
        "inkand": ([os.path.join(options.build, "inkand"), "-f", "-p", socket("inkand"), "-x",
                    conf("inkand.conf", INKAND.format(methods=options.verify))], "dmarc=pass"),
        "recording": ([os.path.join(options.build, "inkand"), "-f", "-p", socket("recording"), "-x",
                       conf("recording.conf", INKAND.format(methods=options.verify) + f"Store {dirname}/recording.db\n")], "dmarc=pass"),
        "opendkim": (["opendkim", "-f", "-p", socket("opendkim"), "-x", conf("opendkim.conf", OPENDKIM)], "dkim=pass"),
        "opendmarc": (["opendmarc", "-f", "-p", socket("opendmarc"), "-c", conf("opendmarc.conf", OPENDMARC)],
                      "dmarc=pass"),
        "rspamd": (["rspamd", "-f", "-i", "-u", "root", "-g", "root", "-c",
                    conf("rspamd.conf", RSPAMD.format(dir=dirname, workers=os.cpu_count()))], "dmarc=pass"),
    }
    found = {}
    for name, (args, verdict) in commands.items():
        if name not in options.filters:
            continue
        if not shutil.which(args[0]):
            print(f"{name} is not installed")
            continue
        found[name] = Judge(name, args, socket(name), mail + (["-A", before] if name == "opendmarc" else []), verdict)
    for flt in found.values():
        flt.await_verdict(options)
        if flt.name == "rspamd":
            time.sleep(10)  # it compiles its patterns
            flt.run(options, 400, 16, check=False)
    return found


def line(sessions, name, got):
    print(f"{sessions:>8}  {name:10} {got['cpu']:15.0f} {got['p50']:9.2f} {got['p99']:9.2f}"
          f" {got['peak'] / 1024:8.1f} {got['n'] / got['seconds']:8.0f}", flush=True)


def weigh(options, filters, dirname, sessions):
    got = {}
    for name, flt in filters.items():
        n = max(options.messages * (4 if name in ("inkand", "recording") else 1), 2 * sessions)
        got[name] = flt.run(options, n, sessions)
        line(sessions, name, got[name])
    us = got["inkand"]
    if {"opendkim", "opendmarc"} <= got.keys() and shutil.which("policyd-spf"):
        policyd = Policyd(dirname, sessions)
        spf = policyd.weigh(options.messages)
        policyd.stop()
        chain = got["opendkim"]["cpu"] + got["opendmarc"]["cpu"] + spf
        print(f"{sessions:>8}  policyd-spf {spf:14.0f}\n"
              f"          opendkim + opendmarc + policyd-spf / inkand: CPU {chain / us['cpu']:.1f}")
    if "recording" in got:
        print(f"          recording costs {got['recording']['cpu'] - us['cpu']:.1f} us of CPU for a message, its thread's included")
    for name in ("opendkim", "rspamd"):
        if name in got:
            print(f"          {name} / inkand: CPU {got[name]['cpu'] / us['cpu']:.1f}, "
                  f"p99 {got[name]['p99'] / us['p99']:.1f}, memory {got[name]['peak'] / us['peak']:.1f}", flush=True)


def weigh_cpu(options, dirname, key, record):
    nsd = start_nsd(dirname, record)
    field = "Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=example.com"
    if shutil.which("policyd-spf"):
        policyd = Policyd(dirname, 1)
        field = policyd.field
        policyd.stop()
    before = field + "\nAuthentication-Results: mx.example.org;\n\tdkim=pass (2048-bit key; unprotected) " \
        "header.d=example.com header.i=@example.com header.a=rsa-sha256 header.s=s1 header.b=AbCdEfGh"
    filters = begin_filters(options, dirname, ["-d", "example.com", "-k", key], before)
    print("sessions  filter      CPU us/message    p50 ms    p99 ms  peak MB  mails/s")
    for sessions in map(int, options.sessions.split(",")):
        weigh(options, filters, dirname, sessions)
    for flt in filters.values():
        flt.stop()
    end(nsd)


def weigh_slow(options, dirname, key, record):
    """1000 sessions, each message from another domain, half a second for an answer."""
    sessions, delay = 1000, 500
    dns = subprocess.Popen([os.path.join(options.build, "bench", "slow_dns"), "-d", str(delay), "-k", record])
    before = "Authentication-Results: mx.example.org; dkim=pass header.d=d%.example header.b=AbCdEfGh\n" \
             "Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=d%.example"
    filters = begin_filters(options, dirname, ["-d", "d%.example", "-k", key], before)
    theory = sessions * 1000 / delay
    print(f"{sessions} sessions, an answer of DNS takes {delay} ms: {theory:.0f} mails/s in theory")
    print("filter      mails/s  of theory  p50/delay  p99/delay  no verdict  peak MB")
    for name, flt in filters.items():
        n = sessions * {"inkand": 12, "rspamd": 4}.get(name, 2)
        got = flt.run(options, n, sessions, check=False)
        if not got:
            print(f"{name:10}  gives up")
            continue
        rate = got["n"] / got["seconds"]
        print(f"{name:10} {rate:8.0f} {rate / theory:10.2f} {got['p50'] / delay:10.2f} {got['p99'] / delay:10.2f}"
              f" {got['n'] - got['judged']:11.0f} {got['peak'] / 1024:8.1f}", flush=True)
    for flt in filters.values():
        flt.stop()
    end(dns)


def inside(options, dirname):
    """In namespaces of our own: the loopback, and a name server of our own."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    resolv = write(os.path.join(dirname, "resolv.conf"), "nameserver 127.0.0.1\noptions timeout:10 attempts:2\n")
    subprocess.run(["mount", "--bind", resolv, os.path.realpath("/etc/resolv.conf")], check=True)
    key, record = make_key(dirname)
    if "cpu" in options.only:
        weigh_cpu(options, dirname, key, record)
    if "slow" in options.only:
        weigh_slow(options, dirname, key, record)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build-release")
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--sessions", default="1,16,100,1000")
    parser.add_argument("--verify", default="spf,dkim,arc,dmarc")
    parser.add_argument("--only", default="cpu,slow")
    parser.add_argument("--filters", default="inkand,recording,opendkim,opendmarc,rspamd")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.inside:
        sys.exit(subprocess.run(["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
                                 sys.executable, *sys.argv, "--inside"], check=False).returncode)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as dirname:
        inside(options, dirname)


if __name__ == "__main__":
    main()
