"""Mail hosts on which inkan setup runs, and what a stranger says of their mail."""
import json
import os
import subprocess

import tap
import trees
from lab import LabError
from mailhost import ASAN, BUILD, NAME_SERVER, USER, Dns, MailHost, authres
import mails

t = tap.Tap()
INKAN = os.path.join(BUILD, "inkan")
B = f"{USER}@example.net"


class Machine(MailHost):
    """A mail host on which only setup makes keys and filters."""
    resolver = NAME_SERVER  # of strangers who judge its mail

    def keys(self):
        """/var/lib is the host's own, too: setup's journal lies there."""
        self.record = ""
        self.host.sh("mkdir /run/state; cp -a /var/lib/dovecot /run/state; mkdir /run/state/postfix;"
                     "mount --bind /var/lib/postfix /run/state/postfix; mount --rbind /run/state /var/lib")

    def setup(self, *args, check=True, env=None, data=None):
        code, out = self.host.run([INKAN, "setup", "--ip", self.address, *args], check=False, data=data,
                                  env={"ASAN_OPTIONS": ASAN, "LC_ALL": "C.UTF-8", **(env or {})})
        if check and code:
            raise LabError(f"setup {args}: exit {code}\n{out}\n" + "\n".join(self.host.log[-30:]))
        return out if check else (code, out)

    def etc(self):
        return trees.state(self.host.path("/"), "etc")

    def inkand(self):
        """Its process ids, as the host counts them."""
        return [int(p) for p in self.host.sh("ps -eo pid,stat,comm | awk '$3 == \"inkand\" && $2 !~ /Z/ {print $1}'").split()]


class Tutorial(Machine):
    """The tutorial's setup, with the real OpenDKIM."""

    def keys(self):
        super().keys()
        h, d = self.host, self.domain
        keys = f"/etc/opendkim/keys/{d}"
        h.sh(f"mkdir -p {keys}; chown -R opendkim:opendkim /etc/opendkim; cd {keys}; opendkim-genkey -s default -d {d};"
             "chown opendkim:opendkim default.private; chmod 600 default.private")
        self.record = h.read(f"{keys}/default.txt").decode()


class Empty(Machine):
    """Postfix and Dovecot just unpacked, as the distribution leaves them: nothing runs."""

    def files(self):
        super().files()
        h = self.host
        h.sh("rm -rf /etc/opendkim /etc/opendkim.conf /etc/default/opendkim")
        with open("/etc/dovecot/conf.d/10-master.conf", encoding="utf-8") as f:
            h.write("/etc/dovecot/conf.d/10-master.conf", f.read())
        h.write("/etc/postfix/main.cf",
                "smtpd_banner = $myhostname ESMTP $mail_name (Debian/GNU)\nbiff = no\nappend_dot_mydomain = no\n"
                "readme_directory = no\ncompatibility_level = 3.6\n\n# TLS parameters\n"
                "smtpd_tls_cert_file=/etc/ssl/certs/ssl-cert-snakeoil.pem\nsmtpd_tls_key_file=/etc/ssl/private/ssl-cert-snakeoil.key\n"
                "smtpd_tls_security_level=may\n\nsmtp_tls_CApath=/etc/ssl/certs\nsmtp_tls_security_level=may\n"
                "smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated defer_unauth_destination\n"
                "myhostname = vm-1234.localdomain\nalias_maps = hash:/etc/aliases\nalias_database = hash:/etc/aliases\n"
                "myorigin = /etc/mailname\nmydestination = $myhostname, vm-1234.localdomain, localhost.localdomain, , localhost\n"
                "relayhost = \nmynetworks = 127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128\nmailbox_size_limit = 0\n"
                "recipient_delimiter = +\ninet_interfaces = loopback-only\ninet_protocols = all\n")
        h.write("/etc/postfix/master.cf", trees.master())
        h.write("/etc/mailname", "vm-1234\n")


class Bare(Machine):
    """Debian's Postfix as it is installed for an internet site."""

    def files(self):
        super().files()
        h, d = self.host, self.domain
        h.sh("rm -rf /etc/opendkim /etc/opendkim.conf /etc/default/opendkim")
        h.write("/etc/postfix/main.cf",
                "smtpd_banner = $myhostname ESMTP $mail_name (Debian/GNU)\nbiff = no\nappend_dot_mydomain = no\n"
                "readme_directory = no\ncompatibility_level = 3.6\n\n"
                "smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated defer_unauth_destination\n"
                f"myhostname = mail.{d}\nmydomain = {d}\nmyorigin = $mydomain\n"
                "alias_maps = hash:/etc/aliases\nalias_database = hash:/etc/aliases\n"
                "mydestination = $mydomain, $myhostname, localhost\nrelayhost = \n"
                "mynetworks = 127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128\nmailbox_size_limit = 0\n"
                "recipient_delimiter = +\ninet_interfaces = all\ninet_protocols = ipv4\nhome_mailbox = Maildir/\n")
        h.write("/etc/postfix/master.cf", trees.master())


def judged(machine, message):
    """What a stranger says of the message, by the lab's DNS."""
    out = subprocess.run(machine.host.inside(
        [INKAN, "verify", "--json", "--nameserver", machine.resolver, "--dns-timeout", "60", "--ip", machine.address, "--helo",
         machine.host.sh("postconf -h myhostname").strip(), "--mail-from", f"root@{machine.domain}"]),
        input=message, stdout=subprocess.PIPE, env={**os.environ, "ASAN_OPTIONS": ASAN}, timeout=300).stdout
    return json.loads(out)


def signed(machine, receiver, mark, message, name, selectors):
    machine.host.run(["sendmail", "-f", f"root@{machine.domain}", B], data=message)
    got = receiver.await_mail(mark)
    verdict = judged(machine, got)
    t.eq([(r["selector"], r["result"]) for r in verdict["dkim"]], [(s, "pass") for s in selectors],
         f"{name}: dkim=pass at another host") or t.note(got.decode("utf-8", "replace"))
    for method in ("spf", "dmarc"):
        if verdict.get(method):
            t.eq(verdict[method]["result"], "pass", f"{name}: {method}=pass at another host")
    return got


def judges(machine, receiver, dns, name):
    """Mail that arrives: a stranger's spoof of the own domain is refused, honest mail is judged and delivered."""
    d = machine.domain
    spoof = mails.mail(f"boss@{d}", f"{USER}@{d}")[1]
    with machine.smtp(25, dns.host, "192.0.2.66") as s:
        code, text = s.send_raw("x@stranger.test", [f"{USER}@{d}"], spoof)
        t.ok(code == 550 and f"{d} is a domain of this server" in text, f"{name}: a stranger's spoof of the own domain is refused", f"{code} {text}")
        code, text = s.send_raw(f"boss@{d}", [f"{USER}@{d}"], spoof)
        t.eq(code, 550, f"{name}: and with the own domain in the envelope") or t.note(text)
    mark, message = mails.mail(B, f"{USER}@{d}")
    receiver.host.run(["sendmail", "-f", B, f"{USER}@{d}"], data=message)
    got = machine.await_mail(mark)
    words = authres(got, machine.host.sh("postconf -h myhostname").strip())
    for word in ("spf=pass", "dkim=pass", "dmarc=pass", "iprev=pass", "arc=none"):
        t.ok(word in words, f"{name}: mail that arrives is judged, {word}", words)
    mark, message = mails.mail("x@example.net", f"{USER}@{d}")
    with machine.smtp(25, dns.host, "192.0.2.66") as s:
        t.eq(s.send_raw("x@example.net", [f"{USER}@{d}"], message)[0], 250, f"{name}: another domain's spoof is delivered")
    words = authres(machine.await_mail(mark), machine.host.sh("postconf -h myhostname").strip())
    t.ok("dmarc=fail" in words and "p=reject" in words, f"{name}: and marked", words)


def publish(dns, plan):
    """The records that setup printed, into the zone."""
    for r in plan["records"]:
        if r["type"] != "TXT" or r["name"] in dns.known:
            continue
        dns.known.add(r["name"])
        strings = " ".join(f'"{r["value"][i:i + 250]}"' for i in range(0, len(r["value"]), 250))
        dns.add(f'{r["name"]}. TXT {strings}')
    dns.stop()
    dns.start()


class World:
    """A name server, the receiver example.net, and a bare example.org."""

    def __init__(self, lab):
        self.dns = dns = Dns(lab)
        dns.known = set()
        self.receiver = MailHost(lab, dns, "example.net", "192.0.2.2")
        self.bare = Bare(lab, dns, "example.org", "192.0.2.1")
        dns.domain("example.net", "192.0.2.2", self.receiver.record)
        dns.add("$ORIGIN example.org.\n@ A 192.0.2.1\nmail A 192.0.2.1\n@ MX 10 mail\n"
                "$ORIGIN in-addr.arpa.\n1.2.0.192 PTR mail.example.org.\n$ORIGIN .")

    def start(self):
        self.dns.start()
        self.receiver.start_filter()
        self.receiver.start_postfix()
        self.bare.start_postfix()
