#!/usr/bin/env python3
"""Weighs inkand against opendkim: CPU and system calls per message, time and
memory, signing with one RSA-2048 key, the same configuration for both, run in
turns.  Prints ratios.

    bench/daemon.py [--build build-release] [--messages N] [--sessions 1,16,100]
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

CONF = """Background no
Mode {mode}
Canonicalization relaxed/simple
Domain example.org
Selector s1
KeyFile {dir}/key
RequireSafeKeys no
OversignHeaders From
InternalHosts 127.0.0.1
TestPublicKeys {dir}/keys
On-DNSError accept
"""


class Filter:
    """A running filter: opendkim or inkand."""

    def __init__(self, binary, conf, socket, wrap=()):
        self.socket = socket
        self.process = subprocess.Popen(
            [*wrap, binary, "-f", "-x", conf, "-p", socket],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.pid = self.process.pid
        if wrap:
            time.sleep(0.5)
            children = subprocess.run(
                ["ps", "-o", "pid=", "--ppid", str(self.pid)],
                capture_output=True, text=True, check=False).stdout.split()
            self.pid = int(children[0])

    def wait(self, load):
        for _ in range(100):
            if subprocess.run([load, "-p", self.socket, "-n", "1"],
                              stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL,
                              check=False).returncode == 0:
                return
            time.sleep(0.1)
        sys.exit(f"{self.socket}: no filter answers")

    def stop(self):
        os.kill(self.pid, 15)
        self.process.wait()


def measure(load, flt, messages, sessions, extra):
    out = subprocess.run(
        [load, "-p", flt.socket, "-P", str(flt.pid), "-n", str(messages),
         "-c", str(sessions), *extra],
        capture_output=True, text=True, check=True).stdout.split()
    return dict(zip(("n", "seconds", "cpu", "p50", "p99", "peak", "changed"),
                    map(float, out)))


def system_calls(binary, conf, socket, load, dirname, extra):
    """Per message, from the difference of two runs of different length."""
    counts = []
    for n in (50, 250):
        trace = os.path.join(dirname, "trace")
        flt = Filter(binary, conf, socket,
                     ["strace", "-f", "-c", "-o", trace])
        flt.wait(load)
        subprocess.run([load, "-p", socket, "-n", str(n), *extra],
                       stdout=subprocess.DEVNULL, check=True)
        flt.stop()
        with open(trace, encoding="ascii") as f:
            counts.append(int(re.findall(r"(\d+)(?:\s+\d+)?\s+total",
                                         f.read())[-1]))
    return (counts[1] - counts[0]) / 200


def rsa_sign_us():
    out = subprocess.run(["openssl", "speed", "-seconds", "1", "rsa2048"],
                         capture_output=True, text=True, check=True).stdout
    return float(re.search(r"2048 bits\s+([\d.]+)s", out).group(1)) * 1e6


def prepare(dirname):
    key = os.path.join(dirname, "key")
    subprocess.run(["openssl", "genrsa", "-out", key, "2048"],
                   check=True, capture_output=True)
    os.chmod(key, 0o600)
    der = subprocess.run(["openssl", "rsa", "-in", key, "-pubout", "-outform",
                          "DER"], check=True, capture_output=True).stdout
    import base64
    with open(os.path.join(dirname, "keys"), "w", encoding="ascii") as f:
        f.write("s1._domainkey.example.org v=DKIM1; k=rsa; p="
                + base64.b64encode(der).decode() + "\n")
    conf = os.path.join(dirname, "conf")
    with open(conf, "w", encoding="ascii") as f:
        f.write(CONF.format(dir=dirname, mode="sv"))
    return conf


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build-release")
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--sessions", default="1,16,100")
    parser.add_argument("--inet", action="store_true")
    args = parser.parse_args()
    load = os.path.join(args.build, "bench", "milter_load")
    binaries = {"inkand": os.path.join(args.build, "inkand")}
    if shutil.which("opendkim"):
        binaries["opendkim"] = shutil.which("opendkim")
    with tempfile.TemporaryDirectory() as dirname:
        conf = prepare(dirname)
        sockets = {name: (f"inet:{18891 + i}@127.0.0.1" if args.inet
                          else f"local:{dirname}/{name}.sock")
                   for i, name in enumerate(binaries)}
        filters = {name: Filter(binary, conf, sockets[name])
                   for name, binary in binaries.items()}
        for flt in filters.values():
            flt.wait(load)
        sign = rsa_sign_us()
        print(f"RSA-2048 signature (openssl speed): {sign:.0f} us")
        print("sessions  filter      CPU us/message  x RSA    p50 ms    p99 ms"
              "  peak MB  mails/s")
        for sessions in args.sessions.split(","):
            cpu = {}
            for name, flt in filters.items():
                n = args.messages if name == "inkand" else args.messages // 4
                r = measure(load, flt, max(n, int(sessions)), int(sessions), [])
                cpu[name] = r["cpu"]
                print(f"{sessions:>8}  {name:10} {r['cpu']:15.0f} "
                      f"{r['cpu'] / sign:6.2f} {r['p50']:9.2f} {r['p99']:9.2f}"
                      f" {r['peak'] / 1024:8.1f} {r['n'] / r['seconds']:8.0f}")
            if len(cpu) > 1:
                print(f"          opendkim / inkand: "
                      f"{cpu['opendkim'] / cpu['inkand']:.1f}")
        for flt in filters.values():
            flt.stop()
        if shutil.which("strace"):
            for name, binary in binaries.items():
                kept = system_calls(binary, conf, sockets[name], load, dirname,
                                    [])
                each = system_calls(binary, conf, sockets[name], load, dirname,
                                    ["-1"])
                print(f"system calls per message, {name}: {kept:.1f} on one "
                      f"connection, {each:.1f} with a connection each")


if __name__ == "__main__":
    main()
