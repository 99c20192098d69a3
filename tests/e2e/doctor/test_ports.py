# timeout: 300
"""check speaks to the servers: the tutorial's Postfix with a good certificate,
then with every fault, whose cure is applied; and servers that do worse."""
import json
import os
import time

import tap
from ca import Authority
from lab import Lab, LabError
from mailhost import Dns, MailHost
from tool import INKAN

t = tap.Tap()
FAKE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fakesmtp.py")
AREAS = ("smtp.", "tls.starttls", "tls.handshake", "tls.protocol", "tls.cert.", "submission.")
ROOT = "/etc/ssl/own-root.pem"


def check(host, *args, areas=AREAS):
    only = [word for area in areas for word in ("--only", area)]
    out = host.run([os.path.abspath(INKAN), "check", "--json", "--nameserver", "192.0.2.53", "--dns-timeout", "60",
                    "--domain", "example.org", "--ca-file", ROOT, *only, *args], env={"LC_ALL": "C.UTF-8", "LANGUAGE": ""})
    return json.loads(out)["findings"]


def bad(found):
    return sorted({(f["code"], f["subject"].split(" ")[0].split(":")[-1]) for f in found if f["status"] in ("note", "warn", "fail")})


def settle(host, wanted, what, *args):
    """Postfix's processes end when they find the time after a reload."""
    end_of = time.monotonic() + 180
    while True:
        found = check(host, *args)
        if bad(found) == wanted or time.monotonic() > end_of:
            t.eq(bad(found), wanted, what)
            return found
        time.sleep(0.1)


def fake(host, port, cert, *options):
    server = host.start(["python3", FAKE, str(port), cert, *options])
    host.await_port(port)
    return server


def end(host, server):
    os.kill(host.inner_pid(server), 9)
    server.wait()


def scenario(lab):
    ca = Authority(os.path.join(lab.dir, "ca"))
    good = ca.issue("good", "example.org")
    stale = ca.issue("stale", "example.org", days=3)
    other = ca.issue("other", "mail.example.net")
    dns = Dns(lab)
    box = MailHost(lab, dns, "example.org", "192.0.2.1")
    dns.domain("example.org", "192.0.2.1", box.record)
    dns.start()
    host, live = box.host, "/etc/letsencrypt/live/example.org"

    def install(path):
        for to, end_of in (("privkey", "key"), ("fullchain", "pem")):
            with open(f"{path}.{end_of}", encoding="ascii") as f:
                host.write(f"{live}/{to}.pem", f.read())
    install(good)
    with open(ca.root, encoding="ascii") as f:
        host.write(ROOT, f.read())
    host.sh("postconf -X tls_medium_cipherlist; postconf -M smtps/inet='smtps inet n - y - - smtpd';"
            "postconf -P smtps/inet/smtpd_tls_wrappermode=yes smtps/inet/smtpd_sasl_auth_enable=yes")
    box.start_postfix()

    found = check(host)
    t.eq(bad(found), [], "a right server has nothing wrong")
    t.eq(sorted({f["subject"].split(":")[1].split(" ")[0] for f in found if f["code"] == "tls.cert.chain" and f["status"] == "ok"}),
         ["25", "465", "587"], "all three ports were looked at")
    t.eq([f for f in check(host, "--offline") if f["status"] != "skip"], [], "--offline speaks to nobody")
    t.eq(check(host, "--domain", "example.org", areas=("relay.",))[0]["status"], "skip", "relaying is not guessed")

    def everywhere(code):
        return [(code, port) for port in ("25", "465", "587")]

    def cure(found, code):
        fix = next(f["fix"] for f in found if f["code"] == code)
        host.sh(f"PATH=/run/tools:$PATH; {{ {fix}; }} >/dev/null 2>&1")
    # what a real one fetches
    host.write("/run/tools/certbot", f"#!/bin/sh\ncp /run/tools/*.pem {live}/\n", 0o755)
    for to, end_of in (("privkey", "key"), ("fullchain", "pem")):
        with open(f"{good}.{end_of}", encoding="ascii") as f:
            host.write(f"/run/tools/{to}.pem", f.read())
    host.sh("postconf -e smtpd_tls_security_level=none; postconf -P submission/inet/smtpd_tls_security_level=may"
            " submission/inet/smtpd_tls_auth_only=no; postfix reload >/dev/null 2>&1")
    found = settle(host, [("submission.auth-before-tls", "587"), ("tls.starttls.missing", "25")],
                   "no STARTTLS, and passwords in the clear")
    cure(found, "tls.starttls.missing")
    found = settle(host, [("submission.auth-before-tls", "587")], "the cure: STARTTLS")
    cure(found, "submission.auth-before-tls")
    settle(host, [], "the cure: passwords over TLS only")
    install(other)
    host.sh("postfix reload >/dev/null 2>&1")
    found = settle(host, everywhere("tls.cert.name"), "another host's certificate")
    t.eq({f["subject"].split(" ")[0][-3:]: f["status"] for f in found if f["code"] == "tls.cert.name"},
         {":25": "warn", "465": "fail", "587": "fail"}, "which mail programs mind more")
    cure(found, "tls.cert.name")
    settle(host, [], "the cure: its own")
    install(stale)
    host.sh("postfix reload >/dev/null 2>&1")
    found = settle(host, everywhere("tls.cert.expired"), "three days left")
    late = [f["status"] for f in check(host, "--time", str(int(time.time()) + 4 * 86400)) if f["code"] == "tls.cert.expired"]
    t.eq(set(late), {"fail"}, "and over")
    cure(found, "tls.cert.expired")
    settle(host, [], "the cure: a new one")
    host.sh("postconf -e 'smtpd_tls_protocols = !TLSv1.2, !TLSv1.3' 'smtpd_tls_mandatory_protocols = !TLSv1.2, !TLSv1.3'"
            " 'tls_medium_cipherlist = DEFAULT:@SECLEVEL=0'; postfix reload >/dev/null 2>&1")
    found = settle(host, everywhere("tls.protocol.old"), "TLS 1.1 and no later")
    cure(found, "tls.protocol.old")
    settle(host, [], "the cure: TLS 1.2 and 1.3")
    settle(host, everywhere("tls.cert.chain"), "an authority that is not known", "--ca-file", f"{other}.crt")
    settle(host, [], "all is well again")

    # worse than Postfix can be made to
    box.stop_postfix()
    t.eq({f["status"] for f in check(host)}, {"skip"}, "nothing answers: skipped")
    with open(f"{good}.all", encoding="ascii") as f:
        host.write("/etc/fake.pem", f.read(), 0o600)
    pem = "/etc/fake.pem"
    for options, wanted in (
            (("tls1.1",), [("tls.protocol.old", "587")]),
            (("no-auth",), [("submission.auth.missing", "587")]),
            (("dumb",), [("tls.handshake", "587")]),
            (("refuse",), [("smtp.greeting", "587")]),
            (("no-starttls",), [("tls.starttls.missing", "587")])):
        server = fake(host, 587, pem, *options)
        found = check(host)
        t.eq(bad(found), wanted, " ".join(options))
        end(host, server)
        if options != ("tls1.1",):
            server = fake(host, 587, pem)
            t.eq(bad(check(host)), [], f"{wanted[0][0]}: and ok once the server is mended")
            end(host, server)
    server = fake(host, 465, pem)
    t.eq(bad(check(host)), [("tls.handshake", "465")], "no TLS where it has to come first")
    end(host, server)


try:
    with Lab() as the_lab:
        scenario(the_lab)
except LabError as e:
    t.skip("servers spoken to", str(e))
t.done()
