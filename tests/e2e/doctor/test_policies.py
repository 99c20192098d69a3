# timeout: 300
"""check and what senders are told of TLS: MTA-STS with its file over HTTPS, and
DANE in a signed zone, held against what the server on port 25 shows; and --probe,
which asks whether this machine may reach port 25 of others."""
import hashlib
import json
import os
import subprocess

import tap
from ca import Authority
from lab import Lab, LabError
from mailhost import Dns
from tool import INKAN

t = tap.Tap()
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT, NAME = "/etc/ssl/own-root.pem", "_25._tcp.mx.example.org"
GOOD = "version: STSv1\nmode: enforce\nmx: mx.example.org\nmax_age: 604800\n"
WEB = r"""
import http.server, ssl, sys
class Web(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = open("/run/policy", "rb").read()
        moved = body.startswith(b"moved")
        self.send_response(301 if moved else 200)
        if moved:
            self.send_header("Location", "https://mta-sts.example.org/elsewhere")
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1])
server = http.server.ThreadingHTTPServer(("0.0.0.0", 443), Web)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""


def tlsa(cert, usage=3, selector=1, kind="sha256"):
    """The record's text for a certificate file."""
    def run(*args, data=None):
        return subprocess.run(["openssl", *args], input=data, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    if selector:
        der = run("pkey", "-pubin", "-outform", "DER", data=run("x509", "-in", cert, "-noout", "-pubkey"))
    else:
        der = run("x509", "-in", cert, "-outform", "DER")
    data = hashlib.new(kind, der).hexdigest() if kind else der.hex()
    return f"{usage} {selector} {({'sha256': 1, 'sha512': 2}).get(kind, 0)} {data}"


OUT = ["port25.out.timeout", "port25.out.refused", "port25.out.greeting", "port25.out.starttls"]


def probes(lab, host, cert, silent):
    """silent: a probe that was begun long ago, at an address whose packets are lost."""
    def probe(*args):
        out = host.run([os.path.abspath(INKAN), "check", "--json", "--nameserver", "192.0.2.53", "--dns-timeout", "60", "--domain",
                        "example.org", "--only", "port25.", *args], env={"LC_ALL": "C.UTF-8", "LANGUAGE": ""})
        return [(f["status"], f["code"]) for f in json.loads(out)["findings"]]

    def far(*options):
        server = lab.net.start(["python3", os.path.join(HERE, "fakesmtp.py"), "25", cert, *options])
        lab.net.await_port(25, "192.0.2.100")
        return server

    def end(server):
        os.kill(lab.net.inner_pid(server), 9)
        server.wait()
    t.eq(probe(), [("skip", "port25.out.timeout")], "nobody was named: nobody is connected to")
    for args in (("--offline",), ("--root", "/run"), ("--zone", "/dev/null")):
        t.eq(probe("--probe", "far.example.org", *args), [("skip", OUT[0])], f"--probe and {args[0]}: nobody is connected to")
    t.eq(probe("--probe", "no.example.org"), [("skip", "port25.out.timeout")], "a name without a mail server")
    t.eq(probe("--probe", "far.example.org"), [("fail", "port25.out.refused")], "nothing listens: refused")
    log = os.path.join(lab.dir, "far.log")
    server = far(f"log={log}")
    for whom in ("far.example.org", "out.example.org", "192.0.2.100", "two.example.org"):
        t.eq(probe("--probe", whom), [("ok", code) for code in OUT], f"and once it does: open ({whom})")
    with open(log, "rb") as f:
        said = f.read().split(b"\n")[:-1]
    t.eq({line.split(b" ")[0] for line in said}, {b"EHLO", b"QUIT"}, "nothing but EHLO and QUIT was said")
    t.eq(probe("--probe", "six.example.org"), [("ok", OUT[0]), ("skip", OUT[0]), *(("ok", code) for code in OUT[1:])],
         "an IPv6 address, and no way there")
    end(server)
    server = far("refuse")
    t.eq(probe("--probe", "far.example.org"), [("ok", OUT[0]), ("ok", OUT[1]), ("warn", OUT[2])], "an answer that refuses us")
    end(server)
    server = far("no-starttls")
    t.eq(probe("--probe", "far.example.org"), [*(("ok", code) for code in OUT[:3]), ("note", OUT[3])], "no STARTTLS")
    end(server)
    out, _ = silent.communicate(timeout=600)
    found = json.loads(out)["findings"]
    t.eq([(f["status"], f["code"], f["subject"]) for f in found], [("fail", OUT[0], "192.0.2.101:25 (192.0.2.101)")], "no answer")
    host.write("/etc/postfix/main.cf", "myhostname = mx.example.org\nrelayhost = [out.example.org]:587\n")
    t.eq(probe("--probe", "far.example.org"), [("note", OUT[1])], "mail leaves through a relay on another port")


def scenario(lab):
    ca = Authority(os.path.join(lab.dir, "ca"))
    mx, web = ca.issue("mx", "mx.example.org"), ca.issue("web", "mta-sts.example.org")
    other = ca.issue("other", "other.example.org")
    dns = Dns(lab)
    host = lab.host("box", "192.0.2.1")
    host.sh("rm -rf /etc/inkan /etc/opendkim.conf /etc/postfix; mkdir -p /etc/postfix")
    host.sh(f"mount --bind {dns.dir} /usr/share/dns; cp {dns.anchor} {dns.dir}/root.key")
    for path, source in ((ROOT, ca.root), ("/run/mx.pem", mx + ".all"), ("/run/web.pem", web + ".all"), ("/run/other.pem", other + ".all")):
        with open(source, encoding="ascii") as f:
            host.write(path, f.read(), 0o600)
    host.write("/run/web.py", WEB)

    def zone(*rows):
        if dns.server:
            dns.stop()
        dns.rows = ["$ORIGIN example.org.\n@ A 192.0.2.1\n@ MX 10 mx\nmx A 192.0.2.1\nmta-sts A 192.0.2.1\n"
                    "@ TXT \"v=spf1 a -all\"\nout A 192.0.2.100\nfar MX 10 out\ntwo MX 10 lost2\ntwo MX 20 out\n"
                    "lost2 A 127.0.0.9\nsix A 192.0.2.100\nsix AAAA 2001:db8::25\n" + "\n".join(rows)]
        dns.start()

    def check(*args):
        out = host.run([os.path.abspath(INKAN), "check", "--json", "--nameserver", "192.0.2.53", "--dns-timeout", "60", "--domain",
                        "example.org", "--ca-file", ROOT, "--only", "policy.mta_sts", "--only", "policy.tls_rpt", "--only", "dane.",
                        *args], env={"LC_ALL": "C.UTF-8", "LANGUAGE": ""})
        return json.loads(out)["findings"]

    def bad(found):
        return sorted({f"{f['status']} {f['code']}" for f in found if f["status"] not in ("ok", "skip")})

    def server(argv, port):
        process = host.start(["python3", *argv])
        host.await_port(port)
        return process

    def end(process):
        os.kill(host.inner_pid(process), 9)
        process.wait()
    sts, rpt = '_mta-sts TXT "v=STSv1; id=1"', '_smtp._tls TXT "v=TLSRPTv1; rua=mailto:tls-reports@example.org"'
    fake = os.path.join(HERE, "fakesmtp.py")
    smtp = server([fake, "25", "/run/mx.pem"], 25)
    pages = server(["/run/web.py", "/run/web.pem"], 443)

    zone(sts, rpt)
    host.sh("ip neigh add 192.0.2.101 lladdr 02:00:00:00:00:09 dev eth0 nud permanent")
    silent = subprocess.Popen(host.inside([os.path.abspath(INKAN), "check", "--json", "--nameserver", "127.0.0.1:9", "--dns-timeout", "1",
                                           "--only", "port25.", "--probe", "192.0.2.101"]), stdout=subprocess.PIPE, text=True)
    # the right thing, in every form that is used
    right = [tlsa(mx + ".crt"), tlsa(mx + ".crt", 3, 0, "sha512"), tlsa(ca.root, 2, 0), tlsa(ca.root, 2, 1, ""), tlsa(mx + ".crt", 3, 0, "")]
    host.write("/run/policy", GOOD)
    for record in right:
        zone(sts, rpt, f"_25._tcp.mx TLSA {record}")
        found = check()
        t.eq(bad(found), [], f"right: TLSA {record[:5]}")
        t.ok({("dane.mismatch", "ok"), ("dane.dnssec", "ok"), ("policy.mta_sts.mx", "ok"), ("policy.mta_sts.certificate", "ok")}
             <= {(f["code"], f["status"]) for f in found}, "all of it was looked at", found)
    t.eq([f for f in check("--offline") if f["status"] != "skip"], [], "--offline")

    # the policy
    for text, wanted in (
            (GOOD.replace("mx.example", "*.mx.example"), ["fail policy.mta_sts.mx"]),
            (GOOD.replace("mx.example", "*.example").replace("enforce", "testing"), ["note policy.mta_sts.mode", "warn policy.mta_sts.mx"]),
            (GOOD.replace("mx: mx", "mx: *"), []),
            (GOOD.replace("604800", "600"), ["note policy.mta_sts.max_age"]),
            (GOOD.replace("mx:", "m:"), ["fail policy.mta_sts.file"]),
            ("moved\n", ["fail policy.mta_sts.fetch"]),
            ("x" * 70000, ["fail policy.mta_sts.fetch"]),
            ("version: STSv1\nmode: none\nmax_age: 1\n", ["note policy.mta_sts.mode"])):
        text = text.replace("*.example.org", "*.example.net") if "testing" in text else text
        host.write("/run/policy", text)
        t.eq(bad(check()), wanted, f"policy: {text[:60]!r}")
    # what it was the last time, which --changes keeps
    host.write("/run/policy", GOOD)
    t.eq([f["status"] for f in check() if f["code"] == "policy.mta_sts.id"], ["skip"], "without --changes nothing is known of before")

    def ids(*args):
        return [f["status"] for f in check("--state", "/run/state", *args) if f["code"] == "policy.mta_sts.id"]
    t.eq(ids("--changes"), [], "--changes: the first time there is nothing to tell")
    t.eq(ids(), ["ok"], "and it is compared with from then on")
    host.write("/run/policy", GOOD.replace("\n", "\r\n") + "\r\n")
    t.eq(ids(), ["ok"], "other line ends are no other policy")
    host.write("/run/policy", GOOD + "mx: mx2.example.org\n")
    t.eq(ids("--changes"), ["fail"], "another policy, the same id")
    t.eq((ids("--changes"), ids()), ([], ["fail"]), "which is no news the next time, and still so")
    zone(sts.replace("id=1", "id=2"), rpt, f"_25._tcp.mx TLSA {right[-1]}")
    t.eq(ids("--changes"), ["ok"], "the cure: another id")
    zone(sts, rpt, f"_25._tcp.mx TLSA {right[-1]}")
    host.write("/run/policy", GOOD)
    end(pages)
    pages = server(["/run/web.py", "/run/other.pem"], 443)
    found = check()
    t.ok(bad(found) == ["fail policy.mta_sts.fetch"] and any("another name" in f["seen"] for f in found), "another name's certificate", found)
    end(pages)
    t.eq(bad(check()), ["fail policy.mta_sts.fetch"], "no web server")
    pages = server(["/run/web.py", "/run/web.pem"], 443)
    t.eq(bad(check("--ca-file", f"{other}.crt")), ["fail policy.mta_sts.fetch"], "an authority that is not known")

    # the server changed its key: the record of the finding cures it
    end(smtp)
    smtp = server([fake, "25", "/run/other.pem"], 25)
    zone(sts, rpt, f"_25._tcp.mx TLSA {tlsa(mx + '.crt')}")
    found = check()
    t.eq(bad(found), ["fail dane.mismatch", "fail policy.mta_sts.certificate"], "another key and name")
    fix = next(f["fix"] for f in found if f["code"] == "dane.mismatch")
    zone(sts, rpt, fix.partition("publish: ")[2])
    t.eq(bad(check()), ["fail policy.mta_sts.certificate"], "the cure: the record proposed; usage 3 asks for no name")
    zone(sts, rpt, f"_25._tcp.mx TLSA {tlsa(ca.root, 2, 0)}")
    t.eq(bad(check()), ["fail dane.mismatch", "fail policy.mta_sts.certificate"], "usage 2 does")
    end(smtp)
    smtp = server([fake, "25", "/run/mx.pem"], 25)

    # a record that was changed and not signed again; the cure: signed again
    zone(sts, rpt, f"_25._tcp.mx TLSA {tlsa(mx + '.crt')}")
    dns.stop()
    signed = os.path.join(dns.dir, "root.signed")
    with open(signed, encoding="ascii") as f:
        text = f.read()
    digest = tlsa(mx + ".crt").split()[3]
    with open(signed, "w", encoding="ascii") as f:
        f.write(text.replace(digest[:8], "00000000"))
    t.ok(digest[:8] in text, "the record is in the zone")
    dns.serve()
    t.eq([x for x in bad(check()) if "dane" in x], ["fail dane.bogus"], "a forged TLSA record")
    zone(sts, rpt, f"_25._tcp.mx TLSA {tlsa(mx + '.crt')}")
    t.eq(bad(check()), [], "the cure: the zone signed again")

    # TLSA in a zone without DNSSEC; the cure: taken away
    with open(os.path.join(dns.dir, "nsd.conf"), "a", encoding="ascii") as f:
        f.write("zone:\n    name: \"insecure.test\"\n    zonefile: \"insecure\"\n")
    for row, wanted in ((f"_25._tcp.mx TLSA {tlsa(mx + '.crt')}", ["note dane.dnssec"]), ("", [])):
        with open(os.path.join(dns.dir, "insecure"), "w", encoding="ascii") as f:
            f.write("$ORIGIN insecure.test.\n$TTL 60\n@ SOA ns.test. h.test. 1 3600 900 86400 60\n@ NS ns.test.\n"
                    f"@ MX 10 mx\nmx A 192.0.2.1\n{row}\n")
        zone("$ORIGIN .", "insecure.test. NS ns.test.")
        t.eq([x for x in bad(check("--domain", "insecure.test")) if "dane" in x], wanted, f"without DNSSEC: {row[:20]!r}")

    # records
    zone('_mta-sts TXT "v=STSv1; id=2026-11-24"', '_smtp._tls TXT "v=TLSRPTv1; rua=tls@example.org"',
         f"_25._tcp.mx TLSA {tlsa(mx + '.crt', 1)}")
    t.eq(bad(check()), ["fail policy.mta_sts.record", "fail policy.tls_rpt.record", "warn dane.record"], "records that cannot be read")
    zone(rpt, f"_25._tcp.mx TLSA {tlsa(mx + '.crt', 1)}", f"_25._tcp.mx TLSA {tlsa(mx + '.crt')}")
    t.eq(bad(check()), ["note policy.mta_sts", "note policy.mta_sts.file.alone", "warn dane.record"], "a file without a record")
    end(smtp)
    t.ok("skip" in {f["status"] for f in check() if f["code"] == "dane.mismatch"}, "a server that cannot be reached: skipped")
    probes(lab, host, mx + ".all", silent)


try:
    with Lab() as the_lab:
        scenario(the_lab)
except LabError as e:
    t.skip("policies", str(e))
t.done()
