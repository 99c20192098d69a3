"""The records of a right mail host as a master file, changes to them, and what a
finding says to publish."""
import re

from tool import write
from tree import KEYS

NAME = "default._domainkey.example.org"
AREAS = ("dns.", "host.", "mx.", "spf.", "dkim.record.", "dmarc.", "policy.")
TYPES = ("MX ", "A ", "AAAA ", "PTR ", "CAA ", "CNAME ", "RAW ")
RIGHT = {
    "example.org": ["MX 10 mail.example.org.", "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 ~all", 'CAA 0 issue "ca.example"'],
    "mail.example.org": ["A 192.0.2.1", "AAAA 2001:db8::1", "v=spf1 a -all"],
    "1.2.0.192.in-addr.arpa": ["PTR mail.example.org."],
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa": ["PTR mail.example.org."],
    "_dmarc.example.org": ["v=DMARC1; p=quarantine; rua=mailto:dmarc@example.org"],
    "_mta-sts.example.org": ["v=STSv1; id=1"],
    "_smtp._tls.example.org": ["v=TLSRPTv1; rua=mailto:tls@example.org"],
}


def value_of(tree, selector="default", folder=KEYS):
    """The value of a key's record."""
    with open(tree.path(f"{folder}/{selector}.txt"), encoding="ascii") as f:
        return "".join(f.read().split('"')[1::2])


def right(key):
    return {**RIGHT, NAME: [key]}


def changed(records, changes):
    """Others in their place; None takes away."""
    new = {**records, **changes}
    return {name: values if isinstance(values, list) else [values] for name, values in new.items() if values is not None}


def line(name, value):
    if value.startswith("RAW "):
        return f"{name}. 300 IN {value[4:]}\n"
    if value.startswith(TYPES):
        return f"{name}. 300 IN {value}\n"
    strings = " ".join('"%s"' % value[i:i + 255].replace("\\", "\\\\").replace('"', '\\"') for i in range(0, len(value), 255))
    return f"{name}. 300 IN TXT {strings}\n"


def lines(records):
    return [line(name, value) for name, values in records.items() for value in values]


def published(rows, fix):
    """The rows with the record that a fix names in its place; of the same kind those
    that were there go."""
    new = re.search(r"(\S+)\. \d+ IN (\w+) .*$", fix)
    assert new, fix
    owner, kind = new.groups()
    meant = "v=spf1" if "v=spf1" in new.group() else '"' if kind == "TXT" else kind
    return [row for row in rows if not (row.startswith(owner + ". ") and f" IN {kind} " in row and meant in row)] + [new.group() + "\n"]


def zone(rows):
    return write("z", "".join(rows))
