"""What the scripts about pages share: a server of pages, and plain HTTP."""
import html.parser
import http.client
import os
import random
import re
import socket
import subprocess

from tool import INKAN


class Served:
    """A command that serves pages, until stop().  `{}` in an argument becomes a
    free port, each time another one."""

    def __init__(self, *command, listen=None):
        env = dict(os.environ, LC_ALL="C.UTF-8")
        env.pop("LANGUAGE", None)
        for _ in range(100):
            self.port = None if listen else random.randrange(20000, 60000)
            args = [x.replace("{}", str(random.randrange(20000, 60000))) for x in command]
            self.args = args + ["--listen", listen or f"127.0.0.1:{self.port}"]
            self.p = subprocess.Popen([INKAN, *self.args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
            self.said, where = "", None
            while not where:
                line = self.p.stdout.readline().decode()
                if not line:
                    break
                self.said += line
                where = re.search(r"pages? (?:is|are) at (\S+)$", line)
            if where:
                break
            _, err = self.p.communicate(timeout=600)
            if listen or b"in use" not in err:
                raise RuntimeError(err.decode(errors="replace"))
        self.where = where.group(1)

    def socket(self):
        if self.port:
            return socket.create_connection(("127.0.0.1", self.port), timeout=600)
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(300)
        s.connect(self.where)
        return s

    def ask(self, target, method="GET", body=None, **fields):
        """(status, fields, text)"""
        c = http.client.HTTPConnection("127.0.0.1", self.port or 80, timeout=600)
        c.sock = self.socket()
        c.request(method, target, body, {k.replace("_", "-"): v for k, v in fields.items()})
        r = c.getresponse()
        text = r.read()
        c.close()
        return r.status, {k.lower(): v for k, v in r.getheaders()}, text.decode(errors="replace")

    def raw(self, data):
        """What comes back for these octets."""
        with self.socket() as s:
            s.sendall(data)
            try:
                s.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            got = b""
            try:
                while True:
                    piece = s.recv(65536)
                    if not piece:
                        return got
                    got += piece
            except OSError:
                return got

    def stop(self):
        self.p.terminate()
        _, err = self.p.communicate(timeout=600)
        return self.p.returncode, err.decode(errors="replace")


class Pages(Served):
    """`inkan reports serve` until stop()."""

    def __init__(self, store, *args, listen=None):
        super().__init__("reports", "serve", "--store", store, *args, listen=listen)


class Parsed(html.parser.HTMLParser):
    """A page's elements, its text, and whether each element ends where it should."""
    VOID = {"meta", "link", "input", "br"}

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.stack, self.bad, self.elements, self.words, self.cells, self.links = [], [], {}, [], [], []
        self.attributes = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements[tag] = self.elements.get(tag, 0) + 1
        self.attributes += [(tag, k, v) for k, v in attrs]
        self.links += [v for k, v in attrs if k == "href"]
        if tag == "td":
            self.cells.append("")
        if tag not in self.VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag):
        if not self.stack or self.stack.pop() != tag:
            self.bad.append(tag)

    def handle_data(self, data):
        self.words.append(data)
        if "td" in self.stack and self.cells:
            self.cells[-1] += data

    @property
    def text(self):
        return " ".join(self.words)


