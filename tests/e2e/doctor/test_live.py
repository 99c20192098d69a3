"""check on a running machine: two name servers that do not agree, --wait, the
signer spoken to, certificates, --changes."""
import json
import os
import re
import subprocess
import threading
import time

import tap
from lab import Lab, LabError, until
from tool import INKAN
from tree import KEYS, tutorial

t = tap.Tap()
INKAND = os.path.join(os.path.dirname(os.path.abspath(INKAN)), "inkand")
NSD = "server:\n ip-address: {ip}\n zonesdir: \"{dir}\"\n zonelistfile: \"{dir}/list\"\n xfrdfile: \"{dir}/xfrd\"\n" \
      " database: \"\"\n pidfile: \"{dir}/pid\"\n username: \"\"\nremote-control:\n control-enable: no\n" \
      "zone:\n name: example.org\n zonefile: zone\n"


class Server:
    def __init__(self, lab, ip):
        self.lab, self.ip, self.dir = lab, ip, os.path.join(lab.dir, ip)
        os.makedirs(self.dir)
        with open(os.path.join(self.dir, "conf"), "w", encoding="ascii") as f:
            f.write(NSD.format(ip=ip, dir=self.dir))

    def serve(self, *rows):
        with open(os.path.join(self.dir, "zone"), "w", encoding="ascii") as f:
            f.write("$ORIGIN example.org.\n$TTL 77\n@ SOA ns1 hostmaster 1 3600 900 86400 60\n@ NS ns1\n@ NS ns2\n"
                    "ns1 A 192.0.2.53\nns2 A 192.0.2.66\n@ A 192.0.2.1\n@ MX 10 @\n" + "\n".join(rows) + "\n")
        self.stop()
        self.process = self.lab.net.start(["nsd", "-d", "-c", os.path.join(self.dir, "conf")])
        self.lab.net.await_port(53, self.ip)

    process = None

    def stop(self):
        if self.process:
            os.kill(self.lab.net.inner_pid(self.process), 15)
            self.process.wait()
            self.process = None
            until("its end", self.is_gone)

    def is_gone(self):
        """Its children hold the port a little longer."""
        try:
            self.lab.net.connect(self.ip, 53, timeout=10).close()
            return False
        except OSError:
            return True


def inside(host, *args):
    status, out = host.run([os.path.abspath(INKAN), *args], check=False, env={"LC_ALL": "C.UTF-8", "LANGUAGE": ""})
    return status, out


def check(host, *args):
    status, out = inside(host, "check", "--json", "--nameserver", "192.0.2.53", "--dns-timeout", "10", *args)
    return {(f["code"], f["subject"]): f for f in json.loads(out)["findings"]}


def statuses(found, code):
    return sorted({f["status"] for (c, _), f in found.items() if c == code})


def scenario(lab):
    tree = tutorial()
    tree.write("/etc/mailname", "example.org\n")
    with open(tree.path(f"{KEYS}/default.txt"), encoding="ascii") as f:
        key = "".join(f.read().split('"')[1::2])
    box = lab.host("box", "192.0.2.1")
    box.sh("mkdir -p /etc/postfix /etc/opendkim /etc/dovecot; rm -rf /etc/inkan")
    for name in ("/etc/postfix/main.cf", "/etc/postfix/master.cf", "/etc/opendkim/KeyTable", "/etc/opendkim/SigningTable"):
        box.write(name, tree.read(name))
    box.sh("rm -rf /etc/dovecot")
    for name in ("/etc/dovecot/dovecot.conf", "/etc/dovecot/conf.d/10-master.conf"):
        box.write(name, tree.read(name))
    box.sh(f"mkdir -p {KEYS}")
    box.write(f"{KEYS}/default.private", tree.read(f"{KEYS}/default.private"), 0o600)
    box.write("/etc/opendkim.conf", "Socket inet:8891@localhost\nKeyTable /etc/opendkim/KeyTable\n"
              "SigningTable refile:/etc/opendkim/SigningTable\n")
    strings = " ".join('"%s"' % key[i:i + 200] for i in range(0, len(key), 200))
    spf, dkim = '@ TXT "v=spf1 a ~all"', f"default._domainkey TXT {strings}"
    dmarc = '_dmarc TXT "v=DMARC1; p=none; rua=mailto:dmarc@example.org"'
    one, two = Server(lab, "192.0.2.53"), Server(lab, "192.0.2.66")
    one.serve(spf, dkim, dmarc)
    two.serve(spf, dmarc)

    found = check(box)
    late = found[("dns.propagation", "default._domainkey.example.org")]
    t.ok(late["status"] == "warn" and "192.0.2.66" in late["seen"] and "no record" in late["seen"] and re.search(r"\b[1-7][0-9] s", late["seen"]),
         "a record that one server does not have yet, and its time to live", late)
    t.ok(found[("dns.propagation", "_dmarc.example.org")]["status"] == "ok", "one that all have")
    t.eq(statuses(found, "dns.server"), ["ok"], "both servers answer")
    t.ok(found[("dkim.record.mismatch", "default._domainkey.example.org")]["status"] == "ok", "the resolver has the key")
    t.eq(statuses(found, "milter.live"), ["fail"], "no signer runs")
    t.eq(statuses(found, "senders.google") + statuses(found, "senders.microsoft"), ["skip", "ok"],
         "Google wants a reverse name, which nobody answers for here")
    t.eq(statuses(found, "dovecot.auth.socket"), ["fail"], "Dovecot was not started")

    # the signer
    box.start([INKAND, "-f", "-x", "/etc/opendkim.conf"], env={"ASAN_OPTIONS": "detect_leaks=0"})
    box.await_port(8891)
    found = check(box)
    t.eq(statuses(found, "milter.live") + statuses(found, "milter.live.signs"), ["ok", "ok"], "the signer answers and signs")
    t.eq(statuses(found, "milter.live.signature"), ["ok"], "with the key that the DNS has")
    tree.key("second")
    with open(tree.path(f"{KEYS}/second.txt"), encoding="ascii") as f:
        wrong = "".join(f.read().split('"')[1::2])
    one.serve(spf, "default._domainkey TXT " + " ".join('"%s"' % wrong[i:i + 200] for i in range(0, len(wrong), 200)), dmarc)
    found = check(box)
    t.eq(statuses(found, "milter.live.signature"), ["fail"], "with another key than the DNS has")
    t.ok("default" in found[("milter.live.signature", "example.org")]["seen"], "its selector is named", found)
    one.serve(spf, dkim, dmarc)
    found = check(box, "--domain", "example.org", "--only", "milter.")
    t.ok(all(c.startswith("milter.") for c, _ in found), "--only")

    # --changes
    box.sh("mkdir -p /var/lib/inkan")
    changes = ("check", "--changes", "--state", "/run/state", "--nameserver", "192.0.2.53", "--dns-timeout", "10", "--only", "dns.",
               "--only", "dkim.")
    status, out = inside(box, *changes)
    t.ok(status == 0 and "dns.propagation" in out and "dns.server" not in out, "--changes: all that is bad is new at first", out)
    t.eq(inside(box, *changes), (0, ""), "then nothing is")
    t.eq(box.sh("stat -c %a /run/state").strip(), "600", "what was seen is kept for root")

    # --wait: the second server gets the record meanwhile
    published = []

    def publish():
        time.sleep(2)
        published.append(time.monotonic())
        two.serve(spf, dkim, dmarc)
    later = threading.Thread(target=publish)
    later.start()
    found = check(box, "--wait", "300", "--only", "dns.")
    end = time.monotonic()
    later.join()
    t.ok(statuses(found, "dns.propagation") == ["ok"] and published[0] < end, "--wait: until all have it", found)
    status, out = inside(box, *changes)
    t.ok(status == 0 and out.count("dns.propagation") == 1 and out.startswith("OK"), "--changes: what is mended is told", out)

    # a server that is gone, one that knows nothing of the zone
    two.stop()
    found = check(box, "--only", "dns.")
    t.eq(statuses(found, "dns.server"), ["ok", "warn"], "a server that does not answer")
    t.eq(inside(box, "check", "--changes", "--state", "/nowhere/state", "--only", "dns.")[0], 66, "a state that cannot be kept")
    one.stop()


def certificates():
    tree = tutorial()
    live = "/etc/letsencrypt/live/example.org"
    os.makedirs(tree.path(live))

    def make(days, name, key="privkey.pem"):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", str(days), "-subj", "/CN=x", "-addext", f"subjectAltName=DNS:{name}", "-keyout",
                        tree.path(f"{live}/{key}"), "-out", tree.path(f"{live}/fullchain.pem")], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def tls(*args):
        return {f["code"]: f["status"] for f in tree.check("--only", "tls.", *args)}
    make(90, "example.org")
    good = {"tls.certificate": "ok", "tls.certificate.key": "ok", "tls.certificate.expiry": "ok", "tls.certificate.name": "ok"}
    t.eq(tls(), good, "a good certificate")
    now = int(time.time())
    t.eq(tls("--time", str(now + 80 * 86400))["tls.certificate.expiry"], "warn", "ten days left")
    t.eq(tls("--time", str(now + 91 * 86400))["tls.certificate.expiry"], "fail", "over")
    make(90, "*.example.net")
    t.eq(tls()["tls.certificate.name"], "warn", "another name")
    make(90, "example.org", "other.pem")
    t.eq(tls()["tls.certificate.key"], "fail", "another key")
    tree.write(live + "/fullchain.pem", "nothing\n")
    t.eq(tls(), {"tls.certificate": "fail"}, "no certificate in the file")


certificates()
try:
    with Lab() as the_lab:
        scenario(the_lab)
except LabError as e:
    t.skip("a running machine", str(e))
t.done()
