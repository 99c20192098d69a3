"""Mail servers on the lab's hosts: the tutorial's Postfix and Dovecot, the
filter under test (inkand, or opendkim as the peer that the lab itself was
tried with), and NSD with a signed root zone that holds all names.

TEST_FILTER=opendkim runs the same tests with OpenDKIM in inkand's place.
"""
import glob
import os
import re
import shutil
import smtplib
import socket
import ssl
import subprocess

from lab import PATIENCE, LabError, until

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
TUTORIAL = os.path.join(os.path.dirname(HERE), "tutorial")
BUILD = os.environ.get("INKAN_BUILD", os.path.join(ROOT, "build"))
FILTER = os.environ.get("TEST_FILTER", "inkand")
USER, PASSWORD = "tester", "kakushi-kotoba"
NAME_SERVER = "192.0.2.53"
ASAN = "abort_on_error=1:detect_leaks=0"  # leaks: ptrace is refused after a change of user

NSD_CONF = """
server:
    ip-address: 192.0.2.53
    zonesdir: "{dir}"
    zonelistfile: "{dir}/zone.list"
    xfrdfile: "{dir}/xfrd.state"
    database: ""
    pidfile: "{dir}/nsd.pid"
    username: ""
    verbosity: 1
remote-control:
    control-enable: no
zone:
    name: "."
    zonefile: "root.signed"
"""


class Dns:
    """All names in one zone, the root, signed: answers are the whole world."""

    def __init__(self, lab):
        self.lab, self.host = lab, lab.net
        self.dir = os.path.join(lab.dir, "dns")
        os.makedirs(self.dir)
        os.chmod(self.dir, 0o755)
        self.rows, self.server = [], None
        key = subprocess.run(["ldns-keygen", "-a", "ECDSAP256SHA256", "-k", "."], cwd=self.dir, check=True,
                             stdout=subprocess.PIPE, stdin=subprocess.DEVNULL).stdout.decode().strip()
        self.key = key
        self.anchor = os.path.join(self.dir, key + ".key")
        with open(os.path.join(self.dir, "nsd.conf"), "w", encoding="ascii") as f:
            f.write(NSD_CONF.format(dir=self.dir))

    def add(self, text):
        self.rows.append(text)

    def domain(self, name, address, *more):
        self.add(f"$ORIGIN {name}.\n@ A {address}\n@ MX 10 {name}.\n@ TXT \"v=spf1 ip4:{address} -all\"\n"
                 f"_dmarc TXT \"v=DMARC1; p=reject; rua=mailto:{USER}@{name}; pct=100\"\n" + "\n".join(more))
        self.add(f"$ORIGIN in-addr.arpa.\n{'.'.join(reversed(address.split('.')))} PTR {name}.")

    def start(self):
        zone = "$ORIGIN .\n$TTL 300\n. SOA ns.test. hostmaster.test. 1 3600 900 86400 60\n. NS ns.test.\n" \
               f"ns.test. A {NAME_SERVER}\n" + "\n".join(self.rows) + "\n"
        with open(os.path.join(self.dir, "root"), "w", encoding="ascii") as f:
            f.write(zone)
        subprocess.run(["ldns-signzone", "-o", ".", "-f", "root.signed", "root", self.key], cwd=self.dir, check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.serve()

    def serve(self):
        """With root.signed as it is."""
        self.server = self.host.start(["nsd", "-d", "-c", os.path.join(self.dir, "nsd.conf")])
        self.host.await_port(53, NAME_SERVER)

    def stop(self):
        """The name server is gone; start() brings it back."""
        os.kill(self.host.inner_pid(self.server), 9)
        self.server.wait()
        until("the name server's end", self.is_gone)

    def is_gone(self):
        """NSD's children, who hold the port, notice a little later."""
        try:
            self.host.connect(NAME_SERVER, 53, timeout=10).close()
            return False
        except OSError:
            return True

    def txt(self, name):
        """A TXT record as the zone has it, for verifiers without a network."""
        out = self.host.run(["drill", "-t", f"@{NAME_SERVER}", name, "TXT"])
        for line in out.splitlines():
            if re.match(r"^\S+\s+\d+\s+IN\s+TXT\s", line) and line.lower().startswith(name.lower().rstrip(".")):
                return "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', line)).replace("\\;", ";")
        return None


def tutorial(name, domain):
    with open(os.path.join(TUTORIAL, name), encoding="utf-8") as f:
        return f.read().replace("example.org", domain)


class MailHost:
    """One domain's server, set up as the tutorial says."""

    def __init__(self, lab, dns, domain, address):
        self.lab, self.dns, self.domain, self.address = lab, dns, domain, address
        self.host = lab.host(domain.split(".")[0] + domain.split(".")[-1], address)
        self.filter = None
        self.home = f"{self.host.dir}/home/{USER}"
        lab.mailhosts.append(self)
        self.files()
        self.keys()

    def files(self):
        h, d = self.host, self.domain
        h.write("/etc/resolv.conf", f"nameserver {NAME_SERVER}\noptions timeout:2 attempts:2\n")
        h.write("/etc/hosts", f"127.0.0.1 localhost\n{self.address} {d}\n")
        h.write("/etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nservices: files\n")
        h.write("/etc/mailname", d + "\n")
        h.write("/etc/aliases", "postmaster: root\nabuse: root\n")
        h.sh(f"useradd -M -d {self.home} -s /usr/sbin/nologin -K MAIL_DIR=/nonexistent {USER};"
             f"mkdir -m 700 {self.home}; chown {USER}: {self.home};"
             f"echo '{USER}:{PASSWORD}' | chpasswd;"
             f"mkdir -p /etc/letsencrypt/live/{d}; cd /etc/letsencrypt/live/{d};"
             f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN={d}"
             " -keyout privkey.pem -out fullchain.pem 2>/dev/null")
        h.sh(f"mount --bind {self.dns.dir} /usr/share/dns; cp {self.dns.anchor} {self.dns.dir}/root.key")
        # Postfix: the tutorial's main.cf, the distribution's master.cf with
        # the tutorial's service behind it.
        h.sh("mkdir -p /etc/postfix; for f in /usr/share/postfix/master.cf.dist /etc/postfix/master.cf.proto; do"
             " [ ! -e $f ] || cp $f /etc/postfix/master.cf; done")
        h.write("/etc/postfix/main.cf", tutorial("main.cf", d))
        h.write("/etc/postfix/master.cf", h.read("/etc/postfix/master.cf").decode() + tutorial("master.cf", d))
        h.sh("chown postfix: /var/lib/postfix; newaliases")
        # Dovecot: only its authentication is used.
        h.sh(f"mkdir -p /etc/dovecot/private; cd /etc/letsencrypt/live/{d};"
             "cp fullchain.pem /etc/dovecot/private/dovecot.pem; cp privkey.pem /etc/dovecot/private/dovecot.key")
        path = "/etc/dovecot/conf.d/10-master.conf"
        h.write(path, h.read(path).decode() + tutorial("10-master.conf", d))
        # Filter
        for name in ("opendkim.conf", "KeyTable", "SigningTable", "TrustedHosts"):
            h.write("/etc/opendkim.conf" if name == "opendkim.conf" else f"/etc/opendkim/{name}", tutorial(name, d))

    def keys(self):
        """opendkim-genkey as in the tutorial; with inkand it is a link to inkan."""
        h, d = self.host, self.domain
        keys = f"/etc/opendkim/keys/{d}"
        genkey = "opendkim-genkey"
        if FILTER == "inkand":
            genkey = f"{h.dir}/run/opendkim-genkey"
            h.sh(f"ln -s {BUILD}/inkan {genkey}")
        h.sh(f"mkdir -p {keys}; chown -R opendkim:opendkim /etc/opendkim; cd {keys};"
             f"{genkey} -s default -d {d}; chown opendkim:opendkim default.private; chmod 600 default.private")
        self.record = h.read(f"{keys}/default.txt").decode()

    # ---- servers

    def start_postfix(self):
        h = self.host
        h.sh("mkdir -p /var/spool/postfix/dev; touch /var/spool/postfix/dev/log;"
             "mount --bind /dev/log /var/spool/postfix/dev/log; postfix check >/dev/null 2>&1 || true;"
             "/usr/lib/postfix/configure-instance.sh -")
        h.start(["dovecot", "-F"])
        until("Dovecot's socket", lambda: os.path.exists(h.path("/var/spool/postfix/private/auth")))
        h.sh("postfix start >/dev/null 2>&1")
        h.await_port(25)

    def stop_postfix(self):
        """"postfix stop" itself gives up after five seconds."""
        self.host.sh("postfix stop >/dev/null 2>&1 || true")
        until("Postfix's end", lambda: self.host.run(["postfix", "status"], check=False)[0])

    def restart_postfix(self):
        self.stop_postfix()
        self.host.sh("postfix start >/dev/null 2>&1")

    def configure(self, text):
        """More lines for opendkim.conf."""
        h = self.host
        h.write("/etc/opendkim.conf", h.read("/etc/opendkim.conf").decode() + text)

    def start_filter(self, argv=(), seconds=PATIENCE):
        h = self.host
        conf = "/etc/opendkim.conf"
        if FILTER == "opendkim":
            # Its libunbound asks the root by itself; the lab's name server must be named.
            conf = "/etc/opendkim-lab.conf"
            h.write(conf, h.read("/etc/opendkim.conf").decode() + f"\nNameservers {NAME_SERVER}\n")
            h.sh("mkdir -p /run/opendkim; chown opendkim: /run/opendkim")
            program = shutil.which("opendkim") or "/usr/sbin/opendkim"
        else:
            program = os.path.join(BUILD, "inkand")
        self.filter = h.start([program, "-f", "-x", conf, *argv], {"ASAN_OPTIONS": ASAN})
        self.await_filter(seconds)

    def await_filter(self, seconds=PATIENCE):
        def ready():
            if self.filter.poll() is not None:
                raise LabError(f"{FILTER} ended with {self.filter.returncode}: "
                               + self.filter_output() + "\n".join(self.host.log[-10:]))
            try:
                self.host.connect("127.0.0.1", 8891, timeout=10).close()
                return True
            except OSError:
                return False
        until(f"{FILTER} on {self.domain}", ready, seconds)

    def filter_output(self):
        with open(self.filter.output, encoding="utf-8", errors="replace") as f:
            return f.read()

    def filter_pid(self):
        return self.host.inner_pid(self.filter)

    def signal_filter(self, number):
        os.kill(self.filter_pid(), number)

    def stop_filter(self, number=15):
        if self.filter.poll() is None:
            self.signal_filter(number)
        return self.filter.wait(PATIENCE)

    def postconf(self, *settings):
        self.host.run(["postconf", "-e", *settings])
        self.host.sh("postfix reload >/dev/null 2>&1")

    # ---- mail

    def inbox(self):
        """Messages that came, oldest first."""
        paths = glob.glob(self.host.path(f"{self.home}/Maildir/new/*"))
        messages = []
        for path in sorted(paths, key=lambda p: (os.stat(p).st_mtime_ns, p)):
            with open(path, "rb") as f:
                messages.append(f.read())
        return messages

    def await_mail(self, mark, seconds=PATIENCE):
        """The message whose X-Mark field is `mark`."""
        line = f"\nX-Mark: {mark}\n".encode()

        def look():
            return next((m for m in self.inbox() if line in m.partition(b"\n\n")[0] + b"\n"), None)
        try:
            return until(f"mail {mark} at {self.domain}", look, seconds, nudge=self.hurry)
        except LabError as e:
            raise LabError(f"{e}\n" + "\n".join(self.host.log[-40:])) from None

    def hurry(self):
        """What any of the lab's hosts has deferred, or was not told of, is tried again:
        by themselves they would in five minutes."""
        for m in self.lab.mailhosts:
            m.host.sh("postqueue -f; postkick public pickup W; postkick public qmgr I", check=False)

    def smtp(self, port=25, client=None, source=None, login=None):
        """An SMTP session to this server; on 587 with STARTTLS and AUTH."""
        client = client or self.host
        session = Session(client, self.address, port, source)
        if port == 587 or login:
            session.starttls(context=insecure())
            session.ehlo()
            session.login(*(login or (USER, PASSWORD)))
        return session

    def queue_run(self):
        self.host.sh("postqueue -f")

    def queue(self):
        return self.host.sh("postqueue -p")


def insecure():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Session(smtplib.SMTP):
    def __init__(self, host, address, port, source=None):
        self._lab = (host, source)
        super().__init__(address, port, local_hostname="client.example", timeout=300)
        self.ehlo()

    def _get_socket(self, host, port, timeout):
        client, source = self._lab
        return client.connect(host, port, source, timeout)

    def send_raw(self, sender, recipients, message):
        """Whole transaction; the reply to the final dot, or the first refusal."""
        code, text = self.mail(sender)
        if code == 250:
            for recipient in recipients:
                code, text = self.rcpt(recipient)
                if code != 250:
                    break
            else:
                code, text = self.docmd("DATA")
                if code == 354:
                    self.send(crlf_dots(message))
                    code, text = self.getreply()
        if code >= 400:
            try:
                self.rset()
            except (smtplib.SMTPException, OSError):
                pass
        return code, text.decode("utf-8", "replace")


def crlf_dots(message):
    message = re.sub(rb"\r?\n", b"\r\n", message)
    if not message.endswith(b"\r\n"):
        message += b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", message) + b".\r\n"


# ---- reading what came

def fields(message, name):
    """Values of every field of that name, unfolded, in order."""
    head = message.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    found = re.findall(rb"(?mi)^" + re.escape(name.encode()) + rb":((?:.*)(?:\n[ \t].*)*)", head)
    return [re.sub(rb"\n[ \t]+", b" ", f).strip().decode("utf-8", "replace") for f in found]


def body(message):
    return message.replace(b"\r\n", b"\n").partition(b"\n\n")[2]


def authres(message, server):
    """The Authentication-Results of one server, joined."""
    return "; ".join(f for f in fields(message, "Authentication-Results")
                     if f.split(";")[0].strip().lower() == server)


def dkimpy(message, dns):
    """Does another implementation (Debian's python3-dkim) verify it?"""
    script = ("import sys, dkim, json\n"
              "records = json.loads(sys.argv[1])\n"
              "d = dkim.DKIM(sys.stdin.buffer.read())\n"
              "find = lambda name, timeout=5: records.get(name.decode().rstrip('.'), '').encode()\n"
              "print(all(d.verify(i, dnsfunc=find) for i in range(int(sys.argv[2]))))\n")
    import json
    signatures = fields(message, "DKIM-Signature")
    records = {}
    for s in signatures:
        tag = dict(t.strip().partition("=")[::2] for t in s.split(";") if "=" in t)
        name = f"{tag.get('s', '').strip()}._domainkey.{tag.get('d', '').strip()}"
        records[name] = dns.txt(name) or ""
    p = subprocess.run(["/usr/bin/python3", "-c", script, json.dumps(records), str(len(signatures))],
                       input=message.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return len(signatures), p.stdout.decode().strip()


class Pair:
    """The standard set: a name server, example.org (sender), example.net
    (receiver), both with the tutorial's files and the filter running."""

    def __init__(self, lab, filters=True, more=()):
        self.dns = Dns(lab)
        self.sender = MailHost(lab, self.dns, "example.org", "192.0.2.1")
        self.receiver = MailHost(lab, self.dns, "example.net", "192.0.2.2")
        for m in (self.sender, self.receiver):
            self.dns.domain(m.domain, m.address, m.record)
        for text in more:
            self.dns.add(text)
        self.dns.start()
        for m in (self.sender, self.receiver):
            if filters:
                m.start_filter()
            m.start_postfix()
