"""What the scripts of this folder share: a running inkand, and an MTA's side of
the milter protocol, packet by packet."""
import os
import re
import socket
import struct
import subprocess
import time

BUILD = os.environ.get("INKAN_BUILD", "build")
INKAN, INKAND = os.path.join(BUILD, "inkan"), os.path.join(BUILD, "inkand")
TMP = os.environ.get("TMPDIR", "/tmp")
# sanitizers want memory that a limit on it, or a core dump, would not leave them
ENV = dict(os.environ, LC_ALL="C.UTF-8")


def path(name):
    return os.path.join(TMP, name)


def write(name, text, mode=0o644):
    with open(path(name), "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path(name), mode)
    return path(name)


def keygen(selector="s1", domain="example.org", folder=None):
    """A key pair; gives the private key's path."""
    folder = folder or TMP
    subprocess.run([INKAN, "keygen", "--domain", domain, "--selector", selector, "--directory", folder],
                   check=True, stdout=subprocess.DEVNULL, env=ENV)
    return os.path.join(folder, f"{selector}.private")


def until(what, check, seconds=180):
    end = time.monotonic() + seconds
    while not check():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.02)


class Inkand:
    """A running inkand with `lines` as its configuration."""

    def __init__(self, lines, name="inkand", wrap=(), more=(), **options):
        self.socket = path(name + ".sock")
        self.log_path = path(name + ".log")
        self.conf = write(name + ".conf", f"Socket local:{self.socket}\n{lines}\n")
        self.log_file = open(self.log_path, "ab")
        self.process = subprocess.Popen([*wrap, INKAND, "-f", "-x", self.conf, *more], stdin=subprocess.DEVNULL,
                                        stdout=self.log_file, stderr=self.log_file,
                                        env=options.pop("env", ENV), **options)
        self.pid = self.process.pid
        try:
            self.logged("is ready", 1)
        except TimeoutError as e:
            raise TimeoutError(self.log()) from e
        if wrap:
            self.pid = int(subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.pid)], check=True,
                                          capture_output=True, text=True).stdout.split()[0])

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def logged(self, text, times=1, seconds=180):
        until(text, lambda: self.log().count(text) >= times or self.process.poll() is not None, seconds)
        if self.log().count(text) < times:
            raise TimeoutError(f"inkand ended without: {text}\n{self.log()}")

    def signal(self, number):
        os.kill(self.pid, number)

    def stop(self):
        if self.process.poll() is None:
            self.signal(15)
        return self.process.wait(180)

    def connect(self):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(180)
        s.connect(self.socket)
        return Mta(s)

    def send(self, message):
        """One message on a connection of its own."""
        mta = self.connect()
        mta.negotiate()
        mta.begin()
        mta.header(message)
        got = mta.end(message)
        mta.close()
        return got


MESSAGE = {"header": [("From", " a@example.org"), ("To", " b@example.net"), ("Subject", " greetings")],
           "body": b"Hello,\r\n\r\nworld\r\n"}
STRING = "latin-1"


class Mta:
    """A connection to a filter that answers only at the end of a message: what is
    negotiated says so."""

    NO_ANSWER = 0x80 | 0x1000 | 0x2000 | 0x4000 | 0x8000 | 0x10000 | 0x40000 | 0x80000

    def __init__(self, s):
        self.socket, self.steps = s, 0

    def put(self, command, data=b""):
        self.socket.sendall(struct.pack(">I", len(data) + 1) + command + data)

    def _exactly(self, n):
        got = b""
        while len(got) < n:
            more = self.socket.recv(n - len(got))
            if not more:
                raise EOFError("the filter closed the connection")
            got += more
        return got

    def take(self):
        n = struct.unpack(">I", self._exactly(4))[0]
        packet = self._exactly(n)
        return packet[:1], packet[1:]

    def step(self, command, data, no_reply):
        self.put(command, data)
        return b"c" if self.steps & no_reply else self.take()[0]

    def negotiate(self):
        self.put(b"O", struct.pack(">III", 6, 0x1ff, 0x1fffff))
        command, data = self.take()
        assert command == b"O", command
        self.steps = struct.unpack(">III", data[:12])[2]

    def begin(self, auth=True):
        self.step(b"C", b"client.example\0004\0\31198.51.100.1\0", 0x1000)
        if not self.steps & 0x2:
            self.step(b"H", b"client.example\0", 0x2000)
        if auth:
            self.put(b"D", b"M{auth_type}\0PLAIN\0")
        self.step(b"M", b"<a@example.org>\0", 0x4000)
        self.step(b"R", b"<b@example.net>\0", 0x8000)

    def header(self, message):
        for name, value in message["header"]:
            self.step(b"L", f"{name}\0{value}\0".encode(STRING), 0x80)
        return self.step(b"N", b"", 0x40000)

    def end(self, message):
        """{"verdict": letter, "added": [(name, value)]}"""
        if message["body"]:
            verdict = self.step(b"B", message["body"], 0x80000)
            if verdict not in b"cs":
                return {"verdict": verdict.decode(), "added": []}
        self.put(b"E")
        added = []
        while True:
            command, data = self.take()
            if command == b"i":
                name, value = data[4:].split(b"\0")[:2]
                added.append((name.decode(STRING), value.decode(STRING)))
            elif command != b"p":
                return {"verdict": command.decode(), "added": added}

    def close(self):
        try:
            self.put(b"Q")
        except OSError:
            pass
        self.socket.close()


def signatures(got):
    return sum(name == "DKIM-Signature" for name, _ in got["added"])


def connections_of(pid):
    """For each epoll descriptor that holds a listening socket and for which a
    thread may wait: how many connected sockets it watches besides."""
    listening = {line.split()[6] for line in open("/proc/net/unix", encoding="ascii", errors="replace")
                 if len(line.split()) > 7 and line.split()[3] == "00010000"}
    connected = {line.split()[6] for line in open("/proc/net/unix", encoding="ascii", errors="replace")
                 if len(line.split()) > 7 and line.split()[3] == "00000000" and line.split()[5] == "03"}
    kinds = {}
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            kinds[name] = os.readlink(f"/proc/{pid}/fd/{name}")
        except OSError:
            pass
    found = []
    for name, kind in kinds.items():
        if kind != "anon_inode:[eventpoll]":
            continue
        with open(f"/proc/{pid}/fdinfo/{name}", encoding="ascii") as f:
            inodes = [m and m.group(1) for m in
                      (re.match(r"socket:\[(\d+)\]", kinds.get(fd, "")) for fd in re.findall(r"tfd:\s+(\d+)", f.read()))]
        if any(i in listening for i in inodes):
            found.append(sum(i in connected for i in inodes))
    return sorted(found)
