# timeout: 600
"""rotate, through a real Postfix: mail leaves all the time by SMTP, submission
and sendmail to another host; inkan rotate is killed as it takes each step and
gone on with.  What arrives is judged by the receiver's inkand, and by dkimpy with
the records of that moment; what is kept is verified again before old keys go."""
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time

import tap

t = tap.Tap()
try:
    import dkim
except ImportError:  # Debian's own interpreter has it
    if sys.executable != "/usr/bin/python3" and os.path.exists("/usr/bin/python3"):
        os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])
    dkim = None

import mails
from knot import KEY, KNOTD
from lab import Lab, until
from mailhost import ASAN, BUILD, NAME_SERVER, USER, MailHost, Session, authres, fields
from primary import Primary

INKAN = os.path.join(BUILD, "inkan")
A, B = f"{USER}@example.org", f"{USER}@example.net"
DAY, START = 86400, 1795500000
STATE = "/run/rotate"
# "1", or some of the calls
EVERY, CALLS = os.environ.get("ROTATE_EVERY_POINT"), ("fsync", "rename", "unlink", "fchown", "chmod", "kill", "connect", "sendto")


class Sender(threading.Thread):
    """Hands in one mail after another; waits for nobody."""

    def __init__(self, load, name, pause, session=None):
        super().__init__(daemon=True)
        self.load, self.way, self.pause, self.open = load, name, pause, session
        self.session, self.over, self.count = None, False, 0

    def hand_in(self, message):
        if not self.open:
            self.load.host.run(["sendmail", "-f", A, B], data=message)
            return 250, ""
        if not self.session:
            self.session = self.open()
        return self.session.send_raw(A, [B], message)

    def one(self):
        mark, message = mails.mail(A, B, subject=self.way)
        code, text = self.hand_in(message)
        if code == 250:
            self.load.sent.add(mark)
        else:
            self.load.wrong.append((self.way, code, text))
        self.count += 1

    def run(self):
        try:
            while not self.over:
                self.one()
                time.sleep(self.pause)
            if self.session:
                self.session.quit()
        except Exception as e:  # pylint: disable=broad-except
            self.load.wrong.append((self.way, repr(e)))


class Load:
    def __init__(self, sender, receiver, dns):
        self.host, self.receiver, self.dns, self.hurry = sender.host, receiver, dns, receiver.hurry
        self.sent, self.wrong, self.arrived, self.selectors = set(), [], {}, {}
        self.files, self.over = set(), False
        self.senders = [Sender(self, "SMTP", 0.05, lambda: Session(sender.host, "127.0.0.1", 25)),
                        Sender(self, "submission", 0.1, lambda: sender.smtp(587)), Sender(self, "sendmail", 0.3)]
        self.watcher = threading.Thread(target=self.watch, daemon=True)
        for thread in (*self.senders, self.watcher):
            thread.start()

    def txt(self, name):
        """What the zone has now: the strings joined, b"" when there is none."""
        wire = b"\x12\x34\0\0\0\1\0\0\0\0\0\0" + b"".join(bytes([len(p)]) + p for p in name.rstrip(b".").split(b".")) + b"\0\0\x10\0\1"
        got = b""
        while len(got) < 12:  # a server ends connections that stand still
            try:
                with self.dns.host.connect(NAME_SERVER, 53) as s:
                    s.sendall(struct.pack(">H", len(wire)) + wire)
                    got = s.recv(struct.unpack(">H", s.recv(2, socket.MSG_WAITALL))[0], socket.MSG_WAITALL)
            except (ConnectionError, struct.error):
                time.sleep(0.1)
        if not struct.unpack(">H", got[6:8])[0]:
            return b""
        at = len(wire) + 10  # behind a pointer to the name, type, class and TTL
        data, text = got[at + 2:at + 2 + struct.unpack(">H", got[at:at + 2])[0]], b""
        while data:
            text, data = text + data[1:1 + data[0]], data[1 + data[0]:]
        return text

    def verifies(self, message):
        """By dkimpy: every signature of it, with the records of now."""
        raw = message.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        try:
            return all(dkim.DKIM(raw).verify(i, dnsfunc=lambda name, timeout=5: self.txt(name))
                       for i in range(len(fields(message, "DKIM-Signature"))))
        except dkim.DKIMException as e:
            return repr(e)

    def judge(self, message):
        mark = fields(message, "X-Mark")[0]
        signatures = fields(message, "DKIM-Signature")
        words = authres(message, "example.net")
        good = self.verifies(message)
        if not signatures or good is not True or words.count("dkim=") != len(signatures) or words.count("dkim=pass") != len(signatures) \
                or "dmarc=pass" not in words or mark in self.arrived:
            self.wrong.append((mark, fields(message, "Subject"), len(signatures), good, words, signatures))
        self.arrived[mark] = message
        for s in signatures:
            tags = dict(x.strip().partition("=")[::2] for x in s.split(";"))
            self.selectors.setdefault(tags["s"].strip(), set()).add(mark)

    def look(self):
        folder = self.receiver.host.path(f"{self.receiver.home}/Maildir/new")
        names = set(os.listdir(folder)) - self.files if os.path.isdir(folder) else set()
        for name in sorted(names):
            with open(os.path.join(folder, name), "rb") as f:
                self.judge(f.read())
            self.files.add(name)
        return names

    def watch(self):
        while not self.over:
            try:
                if not self.look():
                    time.sleep(0.01)
            except Exception as e:  # pylint: disable=broad-except
                self.wrong.append(repr(e))
                return

    def settle(self):
        """All that was handed in, or was being handed in, has arrived."""
        counts = [s.count for s in self.senders]
        until("mail that is under way", lambda: all(s.count > n + 1 or not s.is_alive() for s, n in zip(self.senders, counts)))
        marks = set(self.sent)
        until("mail that was handed in", lambda: marks <= self.arrived.keys() or not self.watcher.is_alive(), nudge=self.hurry)
        return len(marks)

    def again(self, selector):
        """What was signed with that key and arrived verifies still."""
        marks = sorted(self.selectors.get(selector, ()))
        bad = [m for m in marks if self.verifies(self.arrived[m]) is not True]
        return len(marks) if not bad else bad

    def stop(self):
        for s in self.senders:
            s.over = True
        for s in self.senders:
            s.join(300)
        until("the last mails", lambda: self.sent <= self.arrived.keys() or not self.watcher.is_alive(), nudge=self.hurry)
        self.over = True
        self.watcher.join(300)


class Rotations:
    def __init__(self, sender, load, key):
        self.host, self.load, self.now, self.kills, self.stages = sender.host, load, START, 0, {}
        self.options = ("--server", NAME_SERVER, "--tsig", key, "-c", "/etc/opendkim.conf")

    def run(self, *args, kill=None):
        """(was it killed?, the rotation as JSON)"""
        wrap = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={kill[0]}",
                "-e", f"inject={kill[0]}:signal=KILL:when={kill[1]}") if kill else ()
        p = subprocess.run(self.host.inside([*wrap, INKAN, "rotate", *args, "--domain", "example.org", "--nameserver", NAME_SERVER, "--dns-timeout", "60",
                                             "--state", STATE, "--time", str(self.now), "--json"]),
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600,
                           env={**os.environ, "ASAN_OPTIONS": ASAN, "LC_ALL": "C.UTF-8"})
        if kill and p.returncode in (-9, 137) and not p.stdout:
            self.kills += 1
            stage = self.status().get("stage", "none")
            self.stages[stage] = self.stages.get(stage, 0) + 1
            return True, {}
        if p.returncode:
            raise RuntimeError(f"rotate {args} {kill}: {p.returncode} {p.stderr.decode()}")
        return False, json.loads(p.stdout)["rotations"][0]

    def status(self):
        p = subprocess.run(self.host.inside([INKAN, "rotate", "status", "--state", STATE, "--json"]), stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, timeout=600, env={**os.environ, "ASAN_OPTIONS": ASAN})
        got = json.loads(p.stdout or b"{}").get("rotations")
        return got[0] if got else {}

    def begin(self, kill=None):
        """Until the new key signs; killed at that call, once or (kill[2]) every time that it gets so far."""
        last = self.status()
        killed, got = self.run("start", *self.options, kill=kill)
        while killed:
            if self.status() in (last, {}):  # before anything was written
                killed, got = self.run("start", *self.options)
            else:
                killed, got = self.run("next", kill=kill if kill[2] else None)
        return got

    def end(self, kill=None):
        """The old key is not needed any more."""
        self.load.settle()
        old = got = self.status()["keys"][0]["old"]
        verified = self.load.again(old)
        if not isinstance(verified, int):
            self.load.wrong.append(("before the old key is revoked", old, verified[:3]))
        self.now += 8 * DAY
        killed = True
        while killed:
            killed, got = self.run("next", kill=kill)
            kill = kill if kill and kill[2] else None
        return got

    def one(self, kill=None):
        before = self.kills
        got = self.begin(kill)
        if (got.get("stage"), got.get("waiting")) != ("hold", "time"):
            self.load.wrong.append(("it does not hold", kill, got))
        got = self.end(kill)
        if not got.get("done"):
            self.load.wrong.append(("it is not done", kill, got))
        self.now += 32 * DAY
        return self.kills - before


def every_point(rotations):
    """At each call that changes or asks something, as often as there is one."""
    for call in CALLS if EVERY == "1" else EVERY.split(","):
        n = 1
        while rotations.one((call, n, False)) and n < 80:
            n += 1
        t.ok(n > 1, f"killed at {n - 1} of {call}", rotations.stages)


if os.geteuid() or not os.path.exists(KNOTD) or not dkim:
    t.skip("rotate through Postfix", "needs root (namespaces), knot and python3-dkim")
    t.done()
with Lab() as lab:
    primary = Primary(lab)
    sender = MailHost(lab, primary, "example.org", "192.0.2.1")
    receiver = MailHost(lab, primary, "example.net", "192.0.2.2")
    for m in (sender, receiver):
        m.host.sh(f"sed -i /TrustAnchorFile/d /etc/opendkim.conf; echo 'Nameservers {NAME_SERVER}' >>/etc/opendkim.conf;"
                  "mkdir -p /run/opendkim; chown opendkim: /run/opendkim")
        primary.domain(m.domain, m.address, m.record, *(["ns1 A " + NAME_SERVER] if m is sender else []))
    primary.start()
    for m in (sender, receiver):
        m.configure("Verify spf,dkim,dmarc\n")
        m.start_filter()
        m.start_postfix()
    sender.host.write("/run/tsig.key", KEY, 0o600)
    load = Load(sender, receiver, primary)
    until("mail of every kind", lambda: all(s.count > 2 for s in load.senders))
    load.settle()
    rotations = Rotations(sender, load, "/run/tsig.key")
    # at the third rename of every run: the tables and each stage that is written down
    rotations.one(("rename", 3, True))
    t.ok(rotations.kills >= 6, f"killed {rotations.kills} times in one rotation", rotations.stages)
    t.ok({"publish", "switch", "clean", "revoke"} <= rotations.stages.keys(), "at every step", rotations.stages)
    if EVERY:
        every_point(rotations)
    load.settle()
    now = rotations.status()["keys"][0]["new"]
    load.stop()
    count = {s.way: s.count for s in load.senders}
    t.ok(sum(count.values()) >= 25 and min(count.values()) >= 3, f"{len(load.sent)} mails: {count}", count)
    t.eq(load.wrong[:3], [], "every signature of every mail verifies as it arrives, and until its key is revoked")
    t.eq(load.sent - load.arrived.keys(), set(), "every mail arrives")
    t.ok(len(load.selectors) >= (3 if EVERY else 2), f"{len(load.selectors)} keys were used", {k: len(v) for k, v in load.selectors.items()})
    verified = load.again(now)
    t.ok(isinstance(verified, int) and verified > 0, "at the end: what the last key signed verifies", verified)
    t.ok(load.txt(b"default._domainkey.example.org").endswith(b"p="), "at the end: the first key is revoked")
t.done()
