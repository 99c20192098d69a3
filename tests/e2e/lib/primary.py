"""The lab's name server as one that takes updates: Knot, with a zone for every
domain."""
import os

from knot import Knot, zone
from lab import until
from mailhost import NAME_SERVER, Dns


class Primary(Dns):
    """Knot in the lab's network, whose zones take updates; all else is in the root."""

    def __init__(self, lab):
        super().__init__(lab)
        self.zones = {}

    def domain(self, name, address, *more):
        self.zones[name] = zone(name, f"@ A {address}", f"@ MX 10 {name}.", f'@ TXT "v=spf1 ip4:{address} -all"',
                                f'_dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc@{name}"', *more)

    def start(self):
        self.zones["2.0.192.in-addr.arpa"] = zone("2.0.192.in-addr.arpa", "1 PTR mail.example.org.", "2 PTR example.net.",
                                                  "3 PTR example.com.")
        self.server = Knot(os.path.join(self.dir, "knot"), {**self.zones, "test": zone("test")}, address=NAME_SERVER, port=53,
                           start=self.host.start)
        self.host.await_port(53, NAME_SERVER)


HIDDEN, RESOLVER = "192.0.2.100", "192.0.2.54"

UNBOUND_CONF = """
server:
    interface: {resolver}
    access-control: 192.0.2.0/24 allow
    do-ip6: no
    do-daemonize: no
    username: ""
    chroot: ""
    directory: "{dir}"
    pidfile: ""
    use-syslog: no
    root-hints: "{dir}/hints"
    trust-anchor-file: "{anchor}"
    cache-max-ttl: 0
    cache-max-negative-ttl: 0
    local-zone: "test." nodefault
    local-zone: "invalid." nodefault
    local-zone: "2.0.192.in-addr.arpa." nodefault
remote-control:
    control-enable: no
"""

SECONDARY = """
zone:
    name: "{0}"
    zonefile: "{0}.copy"
    allow-notify: 192.0.2.0/24 NOKEY
    request-xfr: {1}@53 NOKEY
"""


class Signed(Primary):
    """NSD has the root, signed, and by transfer the zones below it, some signed
    too, which are changed at a hidden primary (Knot at HIDDEN); an unbound that
    validates finds its way from the root (RESOLVER)."""

    def __init__(self, lab, signed):
        super().__init__(lab)
        self.signed = signed

    def start(self):
        self.host.sh(f"ip addr add {RESOLVER}/24 dev wire")
        self.zones["2.0.192.in-addr.arpa"] = zone("2.0.192.in-addr.arpa", "2 PTR example.net.", "3 PTR example.com.")
        self.zones["example.org"] += f"ns1 A {NAME_SERVER}\n"
        self.hidden = Knot(os.path.join(self.dir, "knot"), self.zones, address=HIDDEN, port=53, start=self.host.start,
                           signed=self.signed, notify=NAME_SERVER)
        self.host.await_port(53, HIDDEN)
        self.add("$ORIGIN .")
        self.add(f"ns1.example.org. A {NAME_SERVER}")
        with open(os.path.join(self.dir, "nsd.conf"), "a", encoding="ascii") as f:
            for name in self.zones:
                f.write(SECONDARY.format(name, HIDDEN))
                self.add(f"{name}. NS ns1.example.org.")
        for name in self.signed:
            self.add(until("the zone's key", lambda name=name: self.hidden.ds(name)))
        Dns.start(self)
        for name in self.zones:
            self.await_secondary(f"the transfer of {name}", lambda name=name: self.ask(NAME_SERVER, name, "SOA"), name)
        with open(os.path.join(self.dir, "hints"), "w", encoding="ascii") as f:
            f.write(f". 3600000 NS ns.test.\nns.test. 3600000 A {NAME_SERVER}\n")
        with open(os.path.join(self.dir, "unbound.conf"), "w", encoding="ascii") as f:
            f.write(UNBOUND_CONF.format(resolver=RESOLVER, dir=self.dir, anchor=self.anchor))
        self.host.start(["unbound", "-d", "-c", os.path.join(self.dir, "unbound.conf")])
        self.host.await_port(53, RESOLVER)

    def await_secondary(self, what, check, zone):
        """NSD fetches a zone when it is told to; a NOTIFY that it lost, or a transfer that
        failed, it makes up for minutes later."""
        until(what, check, nudge=lambda: self.host.run(["ldns-notify", "-z", zone, NAME_SERVER], check=False))

    def ask(self, server, name, kind, *more):
        """What a server answers, as drill prints it: only the answer's records."""
        out = self.host.run(["drill", *more, f"@{server}", name, kind], check=False)[1]
        return "\n".join(line for line in out.partition("ANSWER SECTION:")[2].partition("AUTHORITY SECTION")[0].splitlines()
                         if line and line[0] != ";")

    def validated(self, name, kind):
        """Does the resolver vouch for the answer (the AD bit)?"""
        return " ad " in self.host.run(["drill", "-D", f"@{RESOLVER}", name, kind], check=False)[1].partition("flags: ")[2].partition(";")[0]
