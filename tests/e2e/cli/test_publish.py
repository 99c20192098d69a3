"""records --publish: a real name server that takes updates (Knot), one that
does not (NSD's answer), and everything that may be in a zone already."""
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import threading
import time

import tap
import ports
from knot import KEY, KNOTD, SECRET, Knot, zone
from tool import as_json, keygen, path, run, write

t = tap.Tap()
if not os.path.exists(KNOTD):
    t.skip("records --publish", "knot is not installed")
    t.done()

server = Knot(path("primary"), {"example.org": zone("example.org", "ns1 A 127.0.0.1"),
                                "example.net": zone("example.net", '@ TXT "v=spf1 include:_spf.example.com ?all"',
                                                    '@ TXT "a-site=verification"', "@ MX 5 mx.example.com.",
                                                    '_dmarc TXT "v=DMARC1; p=reject"', "mail A 198.51.100.7",
                                                    "alias._domainkey CNAME key.example.com.",
                                                    'taken._domainkey TXT "v=DKIM1; p=AAAA"',
                                                    '_smtp._tls TXT "v=TLSRPTv1; rua=mailto:tls@example.com"'),
                                "2.0.192.in-addr.arpa": zone("2.0.192.in-addr.arpa")})
key, value = keygen("mail")
tsig = write("tsig.key", KEY, 0o600)
HOST = ("--host", "mail.example.org", "--ip", "192.0.2.1")
D = ("records", "--domain", "example.org", *HOST, "--selector", "mail", "--key", key, "--dnssec", "no")
P = ("--publish", "--server", server.text, "--tsig", tsig)


def ask(name, kind):
    """What the server has, as drill prints it; a TXT record's strings joined."""
    out = subprocess.run(["drill", "-p", str(server.port), "@127.0.0.1", name, kind], stdout=subprocess.PIPE, text=True,
                         check=True).stdout
    rows = re.findall(rf"(?mi)^{re.escape(name)}\.\s+\d+\s+IN\s+{kind}\s+(.*)$", out)
    return sorted("".join(re.findall(r'"((?:[^"\\]|\\.)*)"', r)).replace("\\;", ";") if kind == "TXT" else r for r in rows)


def actions(got):
    return {(c["name"], c["type"]): c["action"] for c in got.get("changes", [])}


# refused, and nothing happens
for what, args, want, words in [
    ("without a key", ("--publish", "--server", server.text), (69, 77), "--tsig"),
    ("a key it does not know", ("--publish", "--server", server.text, "--tsig",
                                write("other.key", KEY.replace('"inkan"', '"other"'), 0o600)), (77,), "does not know TSIG key other."),
    ("another secret", ("--publish", "--server", server.text, "--tsig",
                        write("secret.key", KEY.replace(SECRET, "A" * 43 + "="), 0o600)), (77,), "another secret"),
    ("a key that everybody can read", (*P[:-1], write("open.key", KEY, 0o644)), (77,), "chmod 640"),
    ("no key in the file", (*P[:-1], write("none.key", "hello", 0o600)), (65,), "no TSIG key"),
    ("no such file", (*P[:-1], "/nonexistent"), (66,), "/nonexistent"),
    ("nobody there", ("--publish", "--server", f"127.0.0.1:{ports.free()}", "--tsig", tsig), (69,), "does not answer"),
    ("no resolver", ("--publish", "--nameserver", f"127.0.0.1:{ports.free()}", "--dns-timeout", "1", "--tsig", tsig), (69,),
     "does a resolver answer?"),
    ("--tsig alone", ("--tsig", tsig), (64,), "--publish"),
    ("a server that is none", ("--publish", "--server", "ns1"), (64,), "not an address"),
]:
    status, out, err = run(*D, *args)
    t.ok(status in want and words in err.decode(), f"refused: {what}", f"{status} {err.decode()}")
    t.ok(SECRET.encode() not in out + err, f"no secret is said: {what}")
t.eq(ask("_dmarc.example.org", "TXT"), [], "nothing was published")
status, out, err = run("records", "--domain", "example.com", *HOST, "--selector", "mail", "--key", key, *P)
t.ok(status == 69 and b"does not have the zone of example.com" in err, "not its zone", f"{status} {err!r}")

# shown first, then done, then nothing more to do
status, out, err = run(*D, *P, "--dry-run")
t.ok(status == 0 and b"+ _dmarc.example.org TXT v=DMARC1; p=none" in out, "--dry-run shows it", out)
t.eq(ask("_dmarc.example.org", "TXT"), [], "--dry-run changes nothing")
status, got = as_json(*D, *P)
t.eq((status, got.get("published")), (0, True), "published")
t.eq(actions(got), {("mail.example.org", "A"): "add", ("example.org", "MX"): "add", ("example.org", "TXT"): "add",
                    ("mail.example.org", "TXT"): "add", ("mail._domainkey.example.org", "TXT"): "add",
                    ("_dmarc.example.org", "TXT"): "add", ("_smtp._tls.example.org", "TXT"): "add",
                    ("mta-sts.example.org", "A"): "later", ("_mta-sts.example.org", "TXT"): "later",
                    ("1.2.0.192.in-addr.arpa", "PTR"): "add"}, "every record, the PTR in its own zone too")
t.eq(ask("mail._domainkey.example.org", "TXT"), [value], "the key's record")
t.eq(ask("example.org", "MX"), ["10 mail.example.org."], "MX")
t.eq(ask("1.2.0.192.in-addr.arpa", "PTR"), ["mail.example.org."], "PTR")
t.eq(ask("mail.example.org", "TXT"), ["v=spf1 ip4:192.0.2.1 -all"], "SPF of the HELO name")
serial = ask("example.org", "SOA")
status, out, err = run(*D, *P)
t.ok(status == 0 and b"Nothing to change" in out, "again: nothing to change", out)
t.eq(ask("example.org", "SOA"), serial, "and the zone was not touched")
status, out, err = run(*D, *P, "--mta-sts", "--ca", "letsencrypt.org")
t.eq((status, ask("mail.example.org", "CAA")), (0, ['0 issue "letsencrypt.org"']), "CAA")
t.ok(ask("_mta-sts.example.org", "TXT")[0].startswith("v=STSv1; id="), "--mta-sts")

# what is there already
N = ("records", "--domain", "example.net", "--host", "mail.example.net", "--ip", "192.0.2.1", "--dnssec", "no")
status, got = as_json(*N, "--selector", "taken", "--key", key, *P)
t.eq(status, 0, "a zone with records of its own")
t.eq(ask("example.net", "TXT"), ["a-site=verification", "v=spf1 ip4:192.0.2.1 include:_spf.example.com ?all"],
     "SPF: our address joins, the others stay; another TXT is not touched")
t.eq(ask("example.net", "MX"), ["5 mx.example.com."], "MX stays")
t.eq(ask("_dmarc.example.net", "TXT"), ["v=DMARC1; p=reject"], "a stricter policy is not weakened")
t.eq(ask("taken._domainkey.example.net", "TXT"), ["v=DKIM1; p=AAAA"], "another key under the selector stays")
t.eq(ask("mail.example.net", "A"), ["192.0.2.1", "198.51.100.7"], "an address joins")
t.eq(ask("_smtp._tls.example.net", "TXT"), ["v=TLSRPTv1; rua=mailto:tls@example.com"], "TLS-RPT stays")
a = actions(got)
t.eq([a[k] for k in [("example.net", "TXT"), ("example.net", "MX"), ("taken._domainkey.example.net", "TXT")]],
     ["replace", "keep", "keep"], "it says so")
t.ok(all(c["note"] for c in got["changes"] if c["action"] == "keep"), "with reasons")
t.eq(run(*N, "--selector", "taken", "--key", key, *P, "--fail")[0], 1, "--fail: something stayed that was not wanted")
status, got = as_json(*N, "--selector", "alias", "--key", key, *P)
t.eq((status, actions(got)[("alias._domainkey.example.net", "TXT")]), (0, "keep"), "an alias is not overwritten")
status, out, err = run(*N, "--policy", "quarantine", *P)
t.eq(ask("_dmarc.example.net", "TXT"), ["v=DMARC1; p=quarantine; rua=mailto:postmaster@example.net"],
     "a policy asked for replaces it")
status, out, err = run(*N, "--selector", "taken", "--key", key, *P, "--replace", "--ip", "192.0.2.9")
t.eq((status, ask("example.net", "MX"), ask("mail.example.net", "A"), ask("taken._domainkey.example.net", "TXT")),
     (0, ["10 mail.example.net."], ["192.0.2.1", "192.0.2.9"], [value]), "--replace")
t.eq(ask("example.net", "TXT"), ["a-site=verification", "v=spf1 ip4:192.0.2.1 ip4:192.0.2.9 ~all"],
     "--replace: another TXT still stays")
t.eq(run(*N, "--selector", "taken", "--key", key, *P, "--replace", "--ip", "192.0.2.9", "--fail")[0], 0, "and then all is well")
for form, text in [("keymgr", f"# hmac-sha256:inkan:{SECRET}\nkey:\n  - id: inkan\n    algorithm: hmac-sha256\n    secret: {SECRET}\n"),
                   ("nsupdate -y", f"hmac-sha256:inkan:{SECRET}\n")]:
    rua = form[0] + "@example.net"
    status, out, err = run(*N, "--rua", rua, "--publish", "--server", server.text, "--tsig", write(form[0], text, 0o600))
    t.eq((status, ask("_dmarc.example.net", "TXT")), (0, [f"v=DMARC1; p=none; rua=mailto:{rua}"]), f"a key as {form} writes it")
status, out, err = run(*D, "--publish", "--nameserver", server.text, "--tsig", tsig)
t.ok(status == 69 and b"name server 127.0.0.1 " in err, "without --server the one that the SOA names", f"{status} {err!r}")


# a server that knows no updates (NSD: NOTIMP), and one that lies
def puppet(answer):
    """A TCP name server: queries go to the real one, updates get `answer`."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                c, _ = listener.accept()
            except OSError:
                return
            with c:
                n = struct.unpack(">H", c.recv(2, socket.MSG_WAITALL))[0]
                query = c.recv(n, socket.MSG_WAITALL)
                if query[2] >> 3 & 15 == 5:
                    reply = answer(query)
                else:
                    with socket.create_connection(("127.0.0.1", server.port)) as real:
                        real.sendall(struct.pack(">H", n) + query)
                        reply = real.recv(struct.unpack(">H", real.recv(2, socket.MSG_WAITALL))[0], socket.MSG_WAITALL)
                c.sendall(struct.pack(">H", len(reply)) + reply)
    threading.Thread(target=serve, daemon=True).start()
    return listener, f"127.0.0.1:{listener.getsockname()[1]}"


def header(query, rcode):
    return query[:2] + bytes([0xa8, rcode]) + b"\0\0\0\0\0\0\0\0"


def tsig_error(query, error):
    """NOTAUTH, with the TSIG record that says why (RFC 8945 5.2)."""
    name, algorithm = b"\5inkan\0", b"\13hmac-sha256\0"
    rdata = algorithm + bytes(6) + struct.pack(">HH", 300, 0) + query[:2] + struct.pack(">HH", error, 0)
    return query[:2] + bytes([0xa8, 9]) + bytes(7) + b"\1" + name + struct.pack(">HHIH", 250, 255, 0, len(rdata)) + rdata


def silence(query):
    time.sleep(3)
    return header(query, 0)


for what, answer, words in [("no updates", lambda q: header(q, 4), "knows no updates"),
                            ("REFUSED", lambda q: header(q, 5), "let TSIG key inkan. update it there"),
                            ("SERVFAIL", lambda q: header(q, 2), "answers SERVFAIL to the update of example.org"),
                            ("NOTAUTH", lambda q: header(q, 9), "does not let TSIG key inkan. change it"),
                            ("BADSIG", lambda q: tsig_error(q, 16), "another secret for TSIG key inkan."),
                            ("BADKEY", lambda q: tsig_error(q, 17), "does not know TSIG key inkan."),
                            ("BADTIME", lambda q: tsig_error(q, 18), "differ by more than five minutes"),
                            ("nothing", silence, "does not answer"),
                            ("unsigned yes", lambda q: header(q, 0), "not believed"),
                            ("nonsense", lambda q: b"\0\1\2", "no DNS reply"),
                            ("another's reply", lambda q: bytes([q[0] ^ 1]) + header(q, 0)[1:], "no DNS reply"),
                            ("changed meanwhile", lambda q: header(q, 8), "changed by somebody else")]:
    listener, text = puppet(answer)
    status, out, err = run(*D, "--rua", "new@example.org", "--publish", "--server", text, "--tsig", tsig, "--dns-timeout", "1")
    t.ok(status in (69, 77) and words in err.decode(), f"a server that says: {what}", f"{status} {err.decode()}")
    listener.close()
server.stop()
shutil.rmtree(path("primary"))
t.done()
