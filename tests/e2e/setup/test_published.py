"""From nothing, and from the tutorial's end, to mail that another host trusts: one
`inkan setup --apply` and one `inkan records --publish` to a real primary.  The zone of
the one is signed, that of the other is not; NSD has both, and the other host asks
an unbound that validates."""
# timeout: 300
import json
import os

import mails
import trees
from knot import KEY, KNOTD, zone
from lab import Lab, settled, until
from machines import B, INKAN, Empty, Tutorial, judged, judges, signed, t
from mailhost import ASAN, NAME_SERVER, PASSWORD, USER, MailHost, Session, authres, insecure
from primary import HIDDEN, RESOLVER, Signed

LOGIN = "/etc/dovecot/conf.d/09-inkan-setup-test.conf"


class Tls(Session):
    """Port 465: TLS from the first octet."""

    def _get_socket(self, host, port, timeout):
        return insecure().wrap_socket(super()._get_socket(host, port, timeout))


def publish(m, dns, host, *more):
    m.host.write("/etc/inkan/tsig.key", KEY, 0o600)
    code, out = m.host.run([INKAN, "records", "--publish", "--yes", "--json", "--domain", m.domain, "--host", host, "--ip", m.address,
                            "--server", HIDDEN, "--dns-timeout", "60", "--tsig", "/etc/inkan/tsig.key", *more], check=False, env={"ASAN_OPTIONS": ASAN})
    m.host.sh("rm /etc/inkan/tsig.key")
    t.eq(code, 0, f"{m.domain}: records --publish") or t.note(out)
    names = [(c["name"], c["type"]) for c in json.loads(out[out.index("{"):])["changes"] if c["action"] in ("add", "replace")] if code == 0 else []
    for name, kind in names:
        below = next(z for z in dns.zones if name == z or name.endswith("." + z))
        dns.await_secondary(f"{name} at the secondary",
                            lambda name=name, kind=kind: dns.ask(NAME_SERVER, name, kind) == dns.ask(HIDDEN, name, kind) != "", below)
    return names


def clean(m, name, known=()):
    """inkan check has nothing that this machine could cure; its own certificate is believed."""
    cert = m.host.sh("f=$(postconf -hx smtpd_tls_chain_files); echo ${f:-$(postconf -hx smtpd_tls_cert_file)}").split(",")[0].strip()
    out = m.host.run([INKAN, "check", "--json", "--domain", m.domain, "--nameserver", RESOLVER, "--dns-timeout", "60",
                          "--ca-file", cert], check=False,
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
    got = receiver.await_mail(mark)
    verdict = judged(m, got)
    t.eq([verdict[k]["result"] for k in ("spf", "dmarc")] + [r["result"] for r in verdict["dkim"]][:1], ["pass"] * 3,
         f"{name}: spf, dmarc and dkim pass at another host")
    words = authres(got, receiver.domain)
    t.ok(all(w in words for w in ("spf=pass", "dkim=pass", "dmarc=pass")), f"{name}: and to the filter there", words)


def empty(m, receiver, dns):
    before = m.etc()
    plan = json.loads(m.setup("--install", "--domain", m.domain, "--admin", USER, "--apply", "--json"))
    t.ok(plan["applied"] and plan["host"] == f"mail.{m.domain}", "empty: applied", plan)
    t.ok("587 (TLS, AUTH): dkim=pass spf=pass dmarc=pass" in plan["test"], "empty: proved by a submission", plan["test"])
    names = publish(m, dns, plan["host"], "--cert", f"/etc/inkan/tls/{plan['host']}.pem")
    selectors = [k["selector"] for k in plan["keys"]]
    t.ok((f"_25._tcp.{plan['host']}", "TLSA") in names, "empty: a signed zone gets a TLSA record", names)
    asked, wanted = (f"{selectors[0]}._domainkey.{m.domain}", f"_dmarc.{m.domain}", "example.com"), [True, True, False]
    t.eq(settled(lambda: [dns.validated(n, "TXT") for n in asked], wanted), wanted,
         "empty: the resolver vouches for the signed zone's records, and for no other's")
    signed(m, receiver, *mails.mail(f"root@{m.domain}", B), "empty", selectors)
    hands_in(m, receiver, dns, m.smtp(587, dns.host), "empty, 587")
    session = Tls(dns.host, m.address, 465)
    session.login(USER, PASSWORD)
    hands_in(m, receiver, dns, session, "empty, 465")
    judges(m, receiver, dns, "empty")
    t.ok(receiver.host.find_log("Verified TLS connection established to mail.example.org[192.0.2.1]:25"),
         "empty: mail to it comes over TLS that DANE vouches for", receiver.host.find_log("TLS connection established")[-3:])
    with m.smtp(25, dns.host, "192.0.2.66") as s:
        t.ok("auth" not in s.esmtp_features and "starttls" in s.esmtp_features, "empty: port 25 has TLS and no passwords", s.esmtp_features)
        code, text = s.send_raw("x@stranger.test", [B], mails.mail("x@stranger.test", B)[1])
        t.ok(code == 554 and "Relay access denied" in text, "empty: no open relay", f"{code} {text}")
        mark, message = mails.mail("x@stranger.test", f"dmarc@{m.domain}")
        t.eq(s.send_raw("x@stranger.test", [f"dmarc@{m.domain}"], message)[0], 250, "empty: reports have an address")
    m.await_mail(mark)
    until("Dovecot reads the Maildir", lambda: "messages=0" not in m.host.sh(f"doveadm mailbox status -u {USER} messages INBOX"))
    t.ok(True, "empty: and Dovecot reads what came")
    clean(m, "empty")
    state = m.etc()
    m.setup("--install", "--domain", m.domain, "--admin", USER, "--apply")
    t.eq(trees.difference(state, m.etc()), [], "empty: a second --apply changes nothing")
    m.setup("--undo")
    t.eq(trees.difference(before, m.etc()), [], "empty: /etc is identical after --undo")
    t.eq((m.host.run(["postfix", "status"], check=False)[0] != 0, m.inkand()), (True, []), "empty: and nothing runs, as before")


STUBS = {
    "apt-get": "case $* in --simulate*) [ ! -e /run/exim4 ] || echo 'Remv exim4-base [4.96] []'; exit 0;; esac;"
               "echo apt-get $* >>/run/stub.log; umount /usr/sbin/postconf",
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
    m.host.write("/run/exim4", "")
    for args in ((), ("--apply",)):
        code, out = m.setup("--domain", m.domain, "--install", *args, **more)
        t.ok(code == 69 and "apt-get would remove exim4-base" in out, f"another mail server: not taken away {args}", f"{code} {out}")
    m.host.sh("rm /run/exim4; [ ! -e /run/stub.log ]")
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
    t.ok("sender-login" not in [o["code"] for o in plan["offers"]], "tutorial: what is done is not offered", plan["offers"])
    names = publish(m, dns, plan["host"], "--cert", f"/etc/letsencrypt/live/{m.domain}/fullchain.pem")
    t.ok("TLSA" not in [n[1] for n in names] and names, "tutorial: no TLSA record in a zone that is not signed", names)
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
    primary = Signed(lab, {"example.org"})
    receiver = MailHost(lab, primary, "example.net", "192.0.2.2")
    new = Empty(lab, primary, "example.org", "192.0.2.1")
    old = Tutorial(lab, primary, "example.com", "192.0.2.3")
    primary.domain("example.net", "192.0.2.2", receiver.record)
    primary.zones["example.org"] = zone("example.org")
    primary.domain(old.domain, old.address, old.record)
    primary.start()
    for m in (receiver, new, old):
        m.resolver = RESOLVER
        m.host.write("/etc/resolv.conf", f"nameserver {RESOLVER}\noptions timeout:2 attempts:2 trust-ad\n")
    receiver.configure("Verify spf,dkim,dmarc\n")
    receiver.start_filter()
    receiver.start_postfix()
    receiver.postconf("smtp_dns_support_level=dnssec", "smtp_tls_security_level=dane", "smtp_tls_loglevel=1")
    old.start_postfix()
    old.host.sh(f"sed -i /TrustAnchorFile/d /etc/opendkim.conf; echo 'Nameservers {RESOLVER}' >>/etc/opendkim.conf;"
                "mkdir -p /run/opendkim; chown opendkim: /run/opendkim; opendkim -x /etc/opendkim.conf")
    old.host.await_port(8891)
    empty(new, receiver, primary)
    packaged(new)
    tutorial(old, receiver, primary)
t.done()
