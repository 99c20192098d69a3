#!/usr/bin/env python3
"""Weighs inkand against opendkim and rspamd: CPU and system calls per message,
time and memory, signing with one RSA-2048 key.  opendkim reads the very same
configuration; rspamd has nothing loaded but its DKIM modules, and scans in its
proxy, which saves it a hop.  The filters are measured in turns; prints ratios.

    bench/daemon.py [--build build-release] [--messages N] [--sessions 1,16,100,1000]
"""
import argparse
import base64
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

CONF = """Background no
Mode sv
Canonicalization relaxed/simple
Domain example.org
Selector s1
KeyFile {dir}/s1.key
RequireSafeKeys no
OversignHeaders From
InternalHosts 127.0.0.1
TestPublicKeys {dir}/keys
On-DNSError accept
"""

# rspamd takes a path for the key itself if it is valid base64: hence "s1.key"
RSPAMD = """options {{
  pidfile = "{dir}/rspamd.pid"; filters = "dkim"; tempdir = "{dir}";
  control_socket = "{dir}/rspamd.control mode=0600"; cache_file = "{dir}/rspamd.cache";
  hs_cache_dir = "{dir}/"; history_rows = 1; local_addrs = [];
  dns {{ nameserver = ["127.0.0.1:9"]; timeout = 0.1s; }}
}}
logging {{ type = "file"; filename = "{dir}/rspamd.log"; level = "error"; }}
worker "rspamd_proxy" {{
  bind_socket = "{bind}"; milter = yes; timeout = 120s; count = {workers};
  upstream "local" {{ default = yes; self_scan = yes; }}
}}
modules {{ path = "/usr/share/rspamd/plugins/dkim_signing.lua"; }}
dkim_signing {{
  sign_authenticated = true; use_domain = "header"; allow_username_mismatch = true; use_esld = false;
  domain {{ "example.org" {{ path = "{dir}/s1.key"; selector = "s1"; }} }}
}}
"""

WARM_UP = 10  # seconds: rspamd compiles its patterns when it starts


def children(pid, word=""):
    """Those whose command line holds a word."""
    rows = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(pid)], capture_output=True,
                          text=True, check=False).stdout.splitlines()
    return [int(row.split()[0]) for row in rows if word in row]


class Filter:
    """A running filter."""

    def __init__(self, name, args, socket, wrap=()):
        self.name, self.socket = name, socket
        self.process = subprocess.Popen([*wrap, *args], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.main = self.process.pid
        if wrap:
            time.sleep(0.5)
            self.main = children(self.process.pid)[0]

    def pids(self):
        """rspamd works in its children; its others do not belong to a message."""
        return children(self.main, "rspamd_proxy") if self.name == "rspamd" else [self.main]

    def wait(self, load):
        """Until it signs."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            out = subprocess.run([load, "-p", self.socket, "-n", "1"], capture_output=True, text=True, check=False)
            if out.returncode == 0 and out.stdout.split()[6] == "1":
                return
            time.sleep(0.2)
        sys.exit(f"{self.name}: signs nothing on {self.socket}")

    def warm(self, load):
        """rspamd's workers are asked until each has its key and patterns."""
        if self.name == "rspamd":
            time.sleep(WARM_UP)
            subprocess.run([load, "-p", self.socket, "-n", "400", "-c", "16"], stdout=subprocess.DEVNULL, check=False)

    def stop(self):
        os.kill(self.main, 15)
        self.process.wait()


def measure(load, flt, messages, sessions):
    pids = [arg for pid in flt.pids() for arg in ("-P", str(pid))]
    out = subprocess.run([load, "-p", flt.socket, *pids, "-n", str(messages), "-c", str(sessions)],
                         capture_output=True, text=True, check=True).stdout.split()
    got = dict(zip(("n", "seconds", "cpu", "p50", "p99", "peak", "changed"), map(float, out)))
    if got["changed"] != got["n"]:
        print(f"          {flt.name} left {got['n'] - got['changed']:.0f} of {got['n']:.0f} unsigned")
    return got


def system_calls(name, args, socket, load, dirname, extra):
    """Per message, from the difference of two runs of different length."""
    counts = []
    for n in (50, 250):
        trace = os.path.join(dirname, "trace")
        flt = Filter(name, args, socket, ["strace", "-f", "-c", "-o", trace])
        flt.wait(load)
        flt.warm(load)
        subprocess.run([load, "-p", socket, "-n", str(n), *extra], stdout=subprocess.DEVNULL, check=True)
        flt.stop()
        with open(trace, encoding="ascii") as f:
            counts.append(int(re.findall(r"(\d+)(?:\s+\d+)?\s+total", f.read())[-1]))
    return (counts[1] - counts[0]) / 200


def rsa_sign_us():
    out = subprocess.run(["openssl", "speed", "-seconds", "1", "rsa2048"],
                         capture_output=True, text=True, check=True).stdout
    return float(re.search(r"2048 bits\s+([\d.]+)s", out).group(1)) * 1e6


def write(path, text):
    with open(path, "w", encoding="ascii") as f:
        f.write(text)
    return path


def prepare(dirname):
    key = os.path.join(dirname, "s1.key")
    subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
    os.chmod(key, 0o600)
    der = subprocess.run(["openssl", "rsa", "-in", key, "-pubout", "-outform", "DER"],
                         check=True, capture_output=True).stdout
    write(os.path.join(dirname, "keys"),
          "s1._domainkey.example.org v=DKIM1; k=rsa; p=" + base64.b64encode(der).decode() + "\n")
    return write(os.path.join(dirname, "conf"), CONF.format(dir=dirname))


def the_filters(build, dirname, inet):
    """name -> (command, socket)"""
    conf, found = prepare(dirname), {}
    for i, (name, program) in enumerate({"inkand": os.path.join(build, "inkand"), "opendkim": shutil.which("opendkim"),
                                         "rspamd": shutil.which("rspamd")}.items()):
        if not program:
            print(f"{name} is not installed")
            continue
        socket = f"inet:{18891 + i}@127.0.0.1" if inet else f"local:{dirname}/{name}.sock"
        args = [program, "-f", "-x", conf, "-p", socket]
        if name == "rspamd":
            bind = f"127.0.0.1:{18891 + i}" if inet else f"{dirname}/{name}.sock mode=0666"
            args = [program, "-f", "-i", "-u", "root", "-g", "root", "-c",
                    write(os.path.join(dirname, "rspamd.conf"),
                          RSPAMD.format(dir=dirname, bind=bind, workers=os.cpu_count()))]
            if os.getuid() != 0:
                args[3:7] = []
        found[name] = args, socket
    return found


def weigh(load, filters, sessions, messages, sign):
    got = {}
    for name, flt in filters.items():
        n = max(messages if name == "inkand" else messages // 4, 2 * sessions)
        r = got[name] = measure(load, flt, n, sessions)
        print(f"{sessions:>8}  {name:10} {r['cpu']:15.0f} {r['cpu'] / sign:6.2f} {r['p50']:9.2f} {r['p99']:9.2f}"
              f" {r['peak'] / 1024:8.1f} {r['n'] / r['seconds']:8.0f}", flush=True)
    us = got.pop("inkand")
    for name, r in got.items():
        print(f"          {name} / inkand: CPU {r['cpu'] / us['cpu']:.1f}, p99 {r['p99'] / us['p99']:.1f}, "
              f"memory {r['peak'] / us['peak']:.1f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build-release")
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--sessions", default="1,16,100,1000")
    parser.add_argument("--inet", action="store_true")
    args = parser.parse_args()
    load = os.path.join(args.build, "bench", "milter_load")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as dirname:
        known = the_filters(args.build, dirname, args.inet)
        filters = {name: Filter(name, *how) for name, how in known.items()}
        for flt in filters.values():
            flt.wait(load)
        for flt in filters.values():
            flt.warm(load)
        sign = rsa_sign_us()
        print(f"one RSA-2048 signature (openssl speed): {sign:.0f} us")
        print("sessions  filter      CPU us/message  x RSA    p50 ms    p99 ms  peak MB  mails/s")
        for sessions in map(int, args.sessions.split(",")):
            weigh(load, filters, sessions, args.messages, sign)
        for flt in filters.values():
            flt.stop()
        if not shutil.which("strace"):
            print("strace is not installed: no system calls")
            return
        for name, how in known.items():
            kept, each = (system_calls(name, *how, load, dirname, extra) for extra in ([], ["-1"]))
            print(f"system calls per message, {name}: {kept:.1f} on one connection, {each:.1f} with a connection each",
                  flush=True)


if __name__ == "__main__":
    main()
