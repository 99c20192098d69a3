"""From nothing, and from the tutorial's end, to mail that another host trusts: one
`inkan setup --apply` and one `inkan records --publish` to a real primary."""
# timeout: 300
import json
import os

import mails
import trees
from knot import KEY, KNOTD, Knot, zone
from lab import Lab, until
from machines import B, INKAN, Empty, Tutorial, judged, judges, signed, t
from mailhost import ASAN, NAME_SERVER, PASSWORD, USER, Dns, MailHost, Session, insecure

LOGIN = "/etc/dovecot/conf.d/09-inkan-setup-test.conf"


class Primary(Dns):
    """Knot in the lab's network, whose zones take updates; all else is in the root."""
    zones = {}

    def domain(self, name, address, *more):
        self.zones[name] = zone(name, f"@ A {address}", f"@ MX 10 {name}.", f'@ TXT "v=spf1 ip4:{address} -all"',
                                '_dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc@' + name + '"', *more)

    def start(self):
        self.zones["2.0.192.in-addr.arpa"] = zone("2.0.192.in-addr.arpa", "1 PTR mail.example.org.", "2 PTR example.net.",
                                                  "3 PTR example.com.")
        self.server = Knot(os.path.join(self.dir, "knot"), {**self.zones, "test": zone("test")}, address=NAME_SERVER, port=53, start=self.host.start)
        self.host.await_port(53, NAME_SERVER)


class Tls(Session):
    """Port 465: TLS from the first octet."""

    def _get_socket(self, host, port, timeout):
        return insecure().wrap_socket(super()._get_socket(host, port, timeout))


def publish(m, host):
    m.host.write("/etc/inkan/tsig.key", KEY, 0o600)
    code, out = m.host.run([INKAN, "records", "--publish", "--yes", "--json", "--domain", m.domain, "--host", host, "--ip", m.address,
                            "--server", NAME_SERVER, "--tsig", "/etc/inkan/tsig.key"], check=False, env={"ASAN_OPTIONS": ASAN})
    m.host.sh("rm /etc/inkan/tsig.key")
    return t.eq(code, 0, f"{m.domain}: records --publish") or t.note(out)


def clean(m, name, known=()):
    """inkan check has nothing that this machine could cure; its own certificate is believed."""
    cert = m.host.sh("f=$(postconf -hx smtpd_tls_chain_files); echo ${f:-$(postconf -hx smtpd_tls_cert_file)}").split(",")[0].strip()
    out = m.host.run([INKAN, "check", "--json", "--domain", m.domain, "--nameserver", NAME_SERVER, "--ca-file", cert], check=False,
                     env={"ASAN_OPTIONS": ASAN, "LC_ALL": "C.UTF-8"})[1]
    found = [f"{f['status']} {f['code']} {f['subject']}: {f['seen']}" for f in json.loads(out)["findings"]
             if f["status"] in ("fail", "warn") and f["code"] not in known]
    t.eq(found, [], f"{name}: inkan check finds no fault")


def hands_in(m, receiver, dns, session, name):
    mark, message = mails.mail(f"{USER}@{m.domain}", B)
    with session as s:
        t.eq(s.send_raw(f"{USER}@{m.domain}", [B], message)[0], 250, f"{name}: taken")
        code, text = s.send_raw(f"boss@{m.domain}", [B], message)
        t.ok(code == 553 and "not owned" in text, f"{name}: not in another's name", f"{code} {text}")
    verdict = judged(m, receiver.await_mail(mark))
    t.eq([verdict[k]["result"] for k in ("spf", "dmarc")] + [r["result"] for r in verdict["dkim"]][:1], ["pass"] * 3,
         f"{name}: spf, dmarc and dkim pass at another host")


def empty(m, receiver, dns):
    before = m.etc()
    plan = json.loads(m.setup("--install", "--domain", m.domain, "--admin", USER, "--apply", "--json"))
    t.ok(plan["applied"] and plan["host"] == f"mail.{m.domain}", "empty: applied", plan)
    t.ok("587 (TLS, AUTH): dkim=pass spf=pass dmarc=pass" in plan["test"], "empty: proved by a submission", plan["test"])
    publish(m, plan["host"])
    selectors = [k["selector"] for k in plan["keys"]]
    signed(m, receiver, *mails.mail(f"root@{m.domain}", B), "empty", selectors)
    hands_in(m, receiver, dns, m.smtp(587, dns.host), "empty, 587")
    session = Tls(dns.host, m.address, 465)
    session.login(USER, PASSWORD)
    hands_in(m, receiver, dns, session, "empty, 465")
    judges(m, receiver, dns, "empty")
    with m.smtp(25, dns.host, "192.0.2.66") as s:
        t.ok("auth" not in s.esmtp_features and "starttls" in s.esmtp_features, "empty: port 25 has TLS and no passwords", s.esmtp_features)
        code, text = s.send_raw("x@stranger.test", [B], mails.mail("x@stranger.test", B)[1])
        t.ok(code == 554 and "Relay access denied" in text, "empty: no open relay", f"{code} {text}")
        mark, message = mails.mail("x@stranger.test", f"dmarc@{m.domain}")
        t.eq(s.send_raw("x@stranger.test", [f"dmarc@{m.domain}"], message)[0], 250, "empty: reports have an address")
    m.await_mail(mark)
    until("Dovecot reads the Maildir", lambda: "messages=0" not in m.host.sh(f"doveadm mailbox status -u {USER} messages INBOX"), 20)
    t.ok(True, "empty: and Dovecot reads what came")
    clean(m, "empty")
    state = m.etc()
    m.setup("--install", "--domain", m.domain, "--admin", USER, "--apply")
    t.eq(trees.difference(state, m.etc()), [], "empty: a second --apply changes nothing")
    m.setup("--undo")
    t.eq(trees.difference(before, m.etc()), [], "empty: /etc is identical after --undo")
    t.eq((m.host.run(["postfix", "status"], check=False)[0] != 0, m.inkand()), (True, []), "empty: and nothing runs, as before")


STUBS = {
    "apt-get": "echo apt-get $* >>/run/stub.log; umount /usr/sbin/postconf",
    "debconf-set-selections": "cat >>/run/stub.log",
    "certbot": "echo certbot $* >>/run/stub.log; d=/etc/letsencrypt; mkdir -p $d/live/mail.example.org $d/renewal-hooks/deploy;"
               "cp $d/live/example.org/* $d/live/mail.example.org",
}


def packaged(m):
    """Where there is no Postfix: apt-get and certbot are asked (stand-ins here), and what they did stays."""
    for name, text in STUBS.items():
        m.host.write(f"/run/stub/{name}", f"#!/bin/sh\n{text}\n", 0o755)
    more = {"check": False, "env": {"PATH": "/run/stub:" + os.environ["PATH"]}}
    m.host.write("/run/none", "", 0o600)
    m.host.sh("mount --bind /run/none /usr/sbin/postconf")
    before = m.etc()
    code, out = m.setup("--domain", m.domain, **more)
    t.ok(code == 69 and "inkan setup --install" in out, "no Postfix: refused, with the cure", f"{code} {out}")
    code, out = m.setup("--domain", m.domain, "--install", **more)
    t.ok(code == 0 and "apt-get install postfix" in out and "Nothing has been changed" in out, "no Postfix: the plan", f"{code} {out}")
    t.eq(trees.difference(before, m.etc()), [], "no Postfix: nothing has changed so far")
    code, out = m.setup("--domain", m.domain, "--install", "--certbot", "--no-test", "--apply", **more)
    t.eq(code, 0, "no Postfix: installed and configured") or t.note(out)
    log = m.host.read("/run/stub.log").decode()
    for words in ("install postfix\n", "main_mailer_type select Internet Site", f"mailname string {m.domain}",
                  f"-m postmaster@{m.domain} -d mail.{m.domain}"):
        t.ok(words in log, f"no Postfix: {words.strip()}", log)
    hook = "/etc/letsencrypt/renewal-hooks/deploy/inkan-setup"
    t.ok("live/mail.example.org/fullchain.pem" in m.host.sh("postconf -h smtpd_tls_cert_file") and os.access(m.host.path(hook), os.X_OK),
         "certbot's certificate is used, and its renewal told")
    code, out = m.setup("--undo", **more)
    t.ok(code == 0 and "apt-get purge postfix" in out, "--undo says how to remove the packages", f"{code} {out}")
    left = [p for p in trees.difference(before, m.etc()) if not p.startswith("etc/letsencrypt/live/mail") and not p.endswith(("hooks", "deploy"))]
    t.eq(left, [], "no Postfix: /etc is identical after --undo, but for what certbot made")


def tutorial(m, receiver, dns):
    before = m.etc()
    plan = json.loads(m.setup("--apply", "--sender-login", "--json"))
    t.eq([k["selector"] for k in plan["keys"]], ["default"], "tutorial: its key")
    t.ok("587 (TLS, AUTH): dkim=pass" in plan["test"], "tutorial: proved by a submission", plan["test"])
    publish(m, plan["host"])
    signed(m, receiver, *mails.mail(f"root@{m.domain}", B), "tutorial", ["default"])
    hands_in(m, receiver, dns, m.smtp(587, dns.host), "tutorial, 587")
    clean(m, "tutorial")
    # what a test that was killed leaves behind
    m.host.write(LOGIN, "passdb {\n  driver = static\n  args = password=x\n  username_filter = inkan-setup-test\n}\n", 0o600)
    m.setup("--undo")
    t.eq(trees.difference(before, m.etc()), [], "tutorial: /etc is identical after --undo")


if not os.path.exists(KNOTD):
    t.skip("published records", "knot is not installed")
    t.done()
with Lab() as lab:
    primary = Primary(lab)
    receiver = MailHost(lab, primary, "example.net", "192.0.2.2")
    new = Empty(lab, primary, "example.org", "192.0.2.1")
    old = Tutorial(lab, primary, "example.com", "192.0.2.3")
    primary.domain("example.net", "192.0.2.2", receiver.record)
    primary.zones["example.org"] = zone("example.org")
    primary.domain(old.domain, old.address, old.record)
    primary.start()
    receiver.start_filter()
    receiver.start_postfix()
    old.start_postfix()
    old.host.sh(f"sed -i /TrustAnchorFile/d /etc/opendkim.conf; echo 'Nameservers {NAME_SERVER}' >>/etc/opendkim.conf;"
                "mkdir -p /run/opendkim; chown opendkim: /run/opendkim; opendkim -x /etc/opendkim.conf")
    old.host.await_port(8891)
    empty(new, receiver, primary)
    packaged(new)
    tutorial(old, receiver, primary)
t.done()
