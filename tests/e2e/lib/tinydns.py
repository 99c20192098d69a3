"""A name server on loopback for tests: records from a dict, failures by name.

    dns = tinydns.Server({"example.org": [("TXT", "v=spf1 -all")], "broken.test": "servfail",
                          "silent.test": "silent"})
    dns.port; dns.asked (set of (name, type)); dns.close()

It answers over UDP and TCP, with NXDOMAIN, NODATA and empty non-terminals as they
should be.  A value "servfail" or "silent" holds for the name and what is below."""
import ipaddress
import socket
import struct
import threading

import ports

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28}


def wire_name(name):
    return b"".join(bytes([len(p)]) + p.encode() for p in name.strip(".").split(".") if p) + b"\0"


def rdata(kind, value):
    if kind in ("A", "AAAA"):
        return ipaddress.ip_address(value).packed
    if kind == "MX":
        preference, host = value
        return struct.pack(">H", preference) + wire_name(host)
    if kind in ("PTR", "CNAME", "NS"):
        return wire_name(value)
    data = value.encode() if isinstance(value, str) else value
    return b"".join(bytes([len(data[i:i + 255])]) + data[i:i + 255] for i in range(0, len(data) or 1, 255))


class Server:
    def __init__(self, records):
        self.records = {name.lower(): value for name, value in records.items()}
        self.asked = set()
        self.udp, self.tcp = ports.pair()
        self.port = self.udp.getsockname()[1]
        self.tcp.listen(16)
        for work in (self._serve_udp, self._serve_tcp):
            threading.Thread(target=work, daemon=True).start()

    def close(self):
        self.udp.close()
        self.tcp.close()

    def _mode(self, name):
        while name:
            value = self.records.get(name)
            if isinstance(value, str):
                return value
            name = name.partition(".")[2]
        return None

    def _answer(self, query, limit):
        ident, flags, count = struct.unpack(">HHH", query[:6])
        at, labels = 12, []
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1"))
            at += query[at] + 1
        name, (kind,) = ".".join(labels).lower(), struct.unpack(">H", query[at + 1:at + 3])
        question = query[12:at + 5]
        word = {v: k for k, v in TYPES.items()}.get(kind, str(kind))
        self.asked.add((name, word))
        mode = self._mode(name)
        if mode == "silent":
            return None
        answers, rcode = [], 0
        if mode == "servfail":
            rcode = 2
        else:
            target = name
            for _ in range(8):
                found = self.records.get(target)
                if found is None:
                    rcode = 0 if any(n.endswith("." + target) for n in self.records) else 3
                    break
                hits = [(k, v) for k, v in found if k == word]
                alias = [v for k, v in found if k == "CNAME"]
                if hits or not alias or word == "CNAME":
                    answers += [(target, k, v) for k, v in hits]
                    break
                answers.append((target, "CNAME", alias[0]))
                target = alias[0].lower().strip(".")
        body = b"".join(wire_name(n) + struct.pack(">HHIH", TYPES[k], 1, 60, len(rdata(k, v))) + rdata(k, v)
                        for n, k, v in answers)
        head = struct.pack(">HHHHHH", ident, 0x8580 | rcode, count, len(answers), 0, 0)
        full = head + question + body
        if len(full) > limit:
            return struct.pack(">HHHHHH", ident, 0x8780, count, 0, 0, 0) + question
        return full

    def _serve_udp(self):
        while True:
            try:
                query, peer = self.udp.recvfrom(4096)
                reply = self._answer(query, 1232)
                if reply:
                    self.udp.sendto(reply, peer)
            except (OSError, struct.error, IndexError):
                if self.udp.fileno() < 0:
                    return

    def _serve_tcp(self):
        while True:
            try:
                peer, _ = self.tcp.accept()
                size = struct.unpack(">H", peer.recv(2))[0]
                reply = self._answer(peer.recv(size), 65535)
                if reply:
                    peer.sendall(struct.pack(">H", len(reply)) + reply)
                peer.close()
            except (OSError, struct.error, IndexError):
                if self.tcp.fileno() < 0:
                    return
