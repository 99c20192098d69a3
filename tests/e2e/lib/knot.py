"""A name server that takes updates: Knot, on a port of its own or, inside the
lab's hosts, on port 53; and secondaries that follow it."""
import os
import shutil
import socket
import subprocess
import time

import ports

KNOTD = shutil.which("knotd") or "/usr/sbin/knotd"
SECRET = "zdiTsIOzlDQ6ReaYMHkw7HH9gcCcdu+m5z6d0ManB90="
KEY = f'key "inkan" {{\n  algorithm hmac-sha256;\n  secret "{SECRET}";\n}};\n'


def until(what, check, seconds=180):
    end = time.monotonic() + seconds
    while not check():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.02)


class Knot:
    """zones: {name: text}.  signed: all, or those of that set.  notify: the address
    of a secondary."""

    def __init__(self, folder, zones, address="127.0.0.1", port=None, primary=None, start=None, signed=False, notify=None):
        self.dir, self.address, self.port = folder, address, port or ports.free()
        self.zones, self.primary, self.notify = zones, primary, notify
        self.signed = set(zones) if signed is True else signed or set()
        self.start_with = start
        os.makedirs(os.path.join(folder, "db"))
        for name, text in zones.items():
            if text is not None:
                with open(os.path.join(folder, name + ".zone"), "w", encoding="ascii") as f:
                    f.write(text)
        self.server = None
        self.start()

    @property
    def text(self):
        return f"{self.address}:{self.port}"

    def config(self):
        yield f'server:\n  rundir: "{self.dir}"\n  listen: {self.address}@{self.port}\n' \
              "  tcp-io-timeout: 60000\n  tcp-remote-io-timeout: 60000\n  tcp-idle-timeout: 60\n"
        yield f'database:\n  storage: "{self.dir}/db"\n'
        yield f"key:\n  - id: inkan\n    algorithm: hmac-sha256\n    secret: {SECRET}\n"
        yield "acl:\n  - id: update\n    key: inkan\n    action: update\n  - id: any\n    action: transfer\n" \
              "  - id: notify\n    action: notify\n"
        if self.primary or self.notify:
            yield "remote:\n"
        if self.primary:
            yield f"  - id: primary\n    address: {self.primary.address}@{self.primary.port}\n"
        if self.notify:
            yield f"  - id: secondary\n    address: {self.notify}@53\n"
        yield f'template:\n  - id: default\n    storage: "{self.dir}"\n    file: "%s.zone"\n' \
              "    acl: [update, any, notify]\n    zonefile-sync: -1\n    journal-content: all\n" \
              "    zonefile-load: difference-no-serial\n"
        if self.primary:
            yield "    master: primary\n"
        if self.notify:
            yield "    notify: secondary\n"
        yield "log:\n  - target: stderr\n    any: info\nzone:\n"
        for name in self.zones:
            yield f"  - domain: {name}\n" + ("    dnssec-signing: on\n" if name in self.signed else "")

    def ds(self, name):
        """A DS record for the zone's parent, once there is a key."""
        p = subprocess.run(["keymgr", "-c", os.path.join(self.dir, "knot.conf"), name, "ds"], stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return next((line for line in p.stdout.decode().splitlines() if " DS " in line), "")

    def start(self):
        path = os.path.join(self.dir, "knot.conf")
        with open(path, "w", encoding="ascii") as f:
            f.write("".join(self.config()))
        argv = [KNOTD, "-c", path]
        if self.start_with:
            self.server = self.start_with(argv)
            return
        with open(os.path.join(self.dir, "log"), "ab") as out:
            self.server = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        until("knotd", self.answers)

    def answers(self):
        if self.server.poll() is not None:
            with open(os.path.join(self.dir, "log"), encoding="utf-8") as f:
                raise RuntimeError(f.read())
        try:
            socket.create_connection((self.address, self.port), 10).close()
            return True
        except OSError:
            return False

    def stop(self):
        self.server.terminate()
        self.server.wait(180)


def zone(name, *lines, serial=1):
    return "\n".join([f"$ORIGIN {name}.", "$TTL 300", f"@ SOA ns1.example.org. hostmaster.example.org. {serial} 3600 600 86400 60",
                      "@ NS ns1.example.org.", *lines, ""])
