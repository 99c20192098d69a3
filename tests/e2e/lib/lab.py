"""Hosts of our own: each has its network, mounts, processes and host name in
Linux namespaces, so that a real Postfix, Dovecot, name server and inkand run
as on machines of their own and nothing outside is touched or reached.

    with Lab() as lab:
        net = lab.net                    # the wire: bridge, name server, strangers
        a = lab.host("sender", "192.0.2.1")
        a.sh("hostname"); a.start(["nsd", "-d"]); a.connect("192.0.2.2", 25)

A host's first process ends with this one (--kill-child), and all of its
processes with that one: nothing is left behind.
"""
import ctypes
import os
import select
import shutil
import socket
import subprocess
import tempfile
import threading
import time

CLONE_NEWNET = 0x40000000
PATIENCE = 180  # seconds for what comes in the end: a busy machine is slow, and now and then stands still
LIBC = ctypes.CDLL(None, use_errno=True)

SETUP = r"""
set -eu
mkdir -p "$T"
mount -t tmpfs -o mode=755 lab "$T"
cd "$T"
mkdir etc dev log spool lib home run
cp -a /etc/. etc/
mknod -m 666 dev/null c 1 3; mknod -m 666 dev/zero c 1 5; mknod -m 666 dev/full c 1 7
mknod -m 666 dev/random c 1 8; mknod -m 666 dev/urandom c 1 9; mknod -m 666 dev/tty c 5 0
ln -s /proc/self/fd dev/fd; ln -s fd/0 dev/stdin; ln -s fd/1 dev/stdout; ln -s fd/2 dev/stderr
mkdir -m 1777 dev/shm
mkdir -p /var/spool/postfix /var/lib/postfix
mount --bind "$T/etc" /etc
mount --bind "$T/dev" /dev
mount --bind "$T/log" /var/log
mount --bind "$T/spool" /var/spool/postfix
mount --bind "$T/lib" /var/lib/postfix
mount --bind "$T/run" /run
[ -L /var/run ] || mount --bind "$T/run" /var/run
mkdir -p /run/lock
hostname "$NAME"
ip link set lo up
"""


class LabError(Exception):
    """Namespaces cannot be made here, or a server does not start."""


def until(what, check, seconds=PATIENCE, nudge=None):
    """Asks check() until it says something true; gives that, or raises.  nudge() is
    called now and then: for what, once missed, is looked at again much later."""
    deadline = time.monotonic() + seconds
    later = time.monotonic() + 10
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > deadline:
            raise LabError(f"{what}: not within {seconds} s")
        if nudge and time.monotonic() > later:
            nudge()
            later = time.monotonic() + 10
        select.select([], [], [], 0.02)


def settled(look, wanted, seconds=PATIENCE):
    """What look() says once it is what is wanted, or in the end."""
    deadline = time.monotonic() + seconds
    while True:
        got = look()
        if got == wanted or time.monotonic() > deadline:
            return got
        select.select([], [], [], 0.1)


class Host:
    def __init__(self, lab, name, address=None):
        self.lab, self.name, self.address = lab, name, address
        self.dir = os.path.join(lab.dir, name)
        self.log, self.servers = [], []
        script = "trap '' CHLD\n" + SETUP + "echo ready; exec sleep infinity\n"
        self.holder = subprocess.Popen(
            ["unshare", "--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child",
             "--mount-proc", "sh", "-c", script],
            env=dict(os.environ, T=self.dir, NAME=name), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        first = self.holder.stdout.readline().decode()
        if first != "ready\n":
            raise LabError(f"host {name} cannot be made: {first}{self.holder.stdout.read().decode()}")
        with open(f"/proc/{self.holder.pid}/task/{self.holder.pid}/children", encoding="ascii") as f:
            self.pid = int(f.read().split()[0])
        self.listen_log()

    # ---- running things inside

    def inside(self, argv):
        return ["nsenter", f"--target={self.pid}", "--root", "--wd=/", "--mount", "--net", "--uts",
                "--ipc", "--pid", "--", *argv]

    def run(self, argv, data=None, check=True, env=None):
        p = subprocess.run(self.inside(argv), input=data, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           env={**os.environ, **(env or {})}, timeout=600,
                           **({} if data is not None else {"stdin": subprocess.DEVNULL}))
        out = p.stdout.decode("utf-8", "replace")
        if check and p.returncode:
            raise LabError(f"{self.name}: {' '.join(argv)[:200]}: exit {p.returncode}\n{out}")
        return out if check else (p.returncode, out)

    def sh(self, script, check=True):
        return self.run(["sh", "-euc", script], check=check)

    def start(self, argv, env=None, output=None):
        """A server that stays in the foreground; its output goes to the log."""
        path = os.path.join(self.lab.dir, f"{self.name}.{len(self.servers)}.out")
        with open(output or path, "ab") as out:
            p = subprocess.Popen(self.inside(argv), stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                 env={**os.environ, **(env or {})})
        p.output = output or path
        self.servers.append(p)
        return p

    def inner_pid(self, server):
        """Process id (outside) of what start() began: nsenter forks into the pid namespace."""
        def find():
            if server.poll() is not None:
                raise LabError(f"it has ended: status {server.returncode}")
            try:
                with open(f"/proc/{server.pid}/task/{server.pid}/children", encoding="ascii") as f:
                    return [int(p) for p in f.read().split()]
            except OSError:
                return []
        return until("a server's process", find)[0]

    def stop(self):
        self.holder.kill()
        self.holder.wait()
        for p in self.servers:
            p.wait()
        self.logger.close()

    # ---- files and log

    def path(self, path):
        """Where a file of the host is seen from outside."""
        return f"/proc/{self.pid}/root{path}"

    def write(self, path, text, mode=0o644):
        data = text.encode() if isinstance(text, str) else text
        os.makedirs(os.path.dirname(self.path(path)), exist_ok=True)
        with open(self.path(path), "wb") as f:
            f.write(data)
        os.chmod(self.path(path), mode)

    def read(self, path):
        with open(self.path(path), "rb") as f:
            return f.read()

    def listen_log(self):
        """syslog: /dev/log of the host, read here into self.log."""
        self.logger = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.logger.bind(self.path("/dev/log"))
        os.chmod(self.path("/dev/log"), 0o666)

        def collect(sock):
            while True:
                try:
                    line = sock.recv(65536)
                except OSError:
                    return
                if not line:
                    return
                self.log.append(line.decode("utf-8", "replace").rstrip("\n\0"))
        threading.Thread(target=collect, args=(self.logger,), daemon=True).start()

    def link_log(self, folder):
        """The same log for a chroot: a hard link is the same socket."""
        os.makedirs(self.path(f"{folder}/dev"), exist_ok=True)
        self.sh(f"touch {folder}/dev/log; mount --bind /dev/log {folder}/dev/log")

    def find_log(self, text, start=0):
        return [line for line in self.log[start:] if text in line]

    # ---- network

    def plug(self, address):
        """A cable from this host to the lab's bridge."""
        lab = self.lab
        port = f"p{len(lab.hosts)}"
        subprocess.run(["nsenter", f"--target={lab.net.pid}", "--net", "ip", "link", "add", port, "type", "veth",
                        "peer", "name", "eth0", "netns", str(self.pid)], check=True, stdin=subprocess.DEVNULL)
        lab.net.sh(f"ip link set {port} master wire; ip link set {port} up")
        self.sh(f"ip addr add {address}/24 dev eth0; ip link set eth0 up")

    def connect(self, address, port, source=None, timeout=PATIENCE):
        """A TCP connection that begins at this host."""
        box = {}

        def inside():
            try:
                with open(f"/proc/{self.pid}/ns/net", "rb") as ns:
                    if LIBC.setns(ns.fileno(), CLONE_NEWNET) != 0:
                        raise OSError(ctypes.get_errno(), "setns")
                box["socket"] = socket.create_connection((address, port), timeout, source and (source, 0))
            except OSError as e:
                box["error"] = e
        t = threading.Thread(target=inside)
        t.start()
        t.join()
        if "error" in box:
            raise box["error"]
        return box["socket"]

    def await_port(self, port, address="127.0.0.1", seconds=PATIENCE):
        def there():
            try:
                self.connect(address, port, timeout=10).close()
                return True
            except OSError:
                return False
        until(f"{self.name} port {port}", there, seconds)


class Lab:
    def __init__(self):
        if os.geteuid():
            raise LabError("namespaces need root")
        self.dir = tempfile.mkdtemp(prefix="inkan-lab.")
        os.chmod(self.dir, 0o755)
        self.hosts, self.mailhosts = [], []
        try:
            self.net = Host(self, "net")
            self.hosts.append(self.net)
            self.net.sh("ip link add wire type bridge; ip link set wire up; ip addr add 192.0.2.53/24 dev wire;"
                        "ip addr add 192.0.2.66/24 dev wire; ip addr add 192.0.2.100/24 dev wire")
        except Exception:
            self.close()
            raise

    def host(self, name, address):
        h = Host(self, name, address)
        self.hosts.append(h)
        h.plug(address)
        return h

    def close(self):
        for h in reversed(self.hosts):
            h.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
