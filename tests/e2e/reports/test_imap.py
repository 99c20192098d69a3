# timeout: 120
"""inkan reports import imaps://: a real Dovecot's mailbox; nothing is lost, nothing
counts twice, nothing is changed before it is in the store."""
import json
import mailbox
import os
import random
import signal
import subprocess
import time

import reportgen
import tap
from lab import Lab, LabError, until

t = tap.Tap()
BUILD = os.path.abspath(os.environ.get("INKAN_BUILD", "build"))
INKAN = os.path.join(BUILD, "inkan")
SERVER, USER, PASSWORD = "192.0.2.10", "tester", "kakushi kotoba"
CONF = """
protocols = imap
listen = *
base_dir = /run/dovecot
log_path = {dir}/dovecot.log
ssl = yes
ssl_cert = </etc/dovecot/cert.pem
ssl_key = </etc/dovecot/key.pem
disable_plaintext_auth = yes
mail_location = maildir:~/Maildir
passdb {{
  driver = passwd-file
  args = scheme=PLAIN /etc/dovecot/users
}}
userdb {{
  driver = static
  args = uid={user} gid={user} home={dir}/home/{user}
}}
"""
# a server that offers no TLS, and writes down what it is told
PLAIN = r"""
import socket, sys
s = socket.create_server(("192.0.2.10", 1143))
print("ready", flush=True)
while True:
    c, _ = s.accept()
    f = c.makefile("rwb")
    f.write(b"* OK ready\r\n"); f.flush()
    for line in f:
        print(line.decode().strip(), flush=True)
        tag, word = line.split()[:2]
        f.write((b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n" if word.upper() == b"CAPABILITY" else b"") + tag + b" OK\r\n"); f.flush()
"""


class Box:
    def __init__(self, lab):
        self.lab, self.host = lab, lab.host("box", SERVER)
        h = self.host
        self.home = f"{h.dir}/home/{USER}"
        h.sh(f"useradd -M -d {self.home} -s /usr/sbin/nologin -K MAIL_DIR=/nonexistent {USER}; mkdir -m 700 {self.home};"
             "cd /etc/dovecot; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=box"
             f" -addext subjectAltName=IP:{SERVER},DNS:localhost -keyout key.pem -out cert.pem 2>/dev/null")
        h.write("/etc/dovecot/users", f"{USER}:{{PLAIN}}{PASSWORD}::::::\n")
        h.write("/etc/dovecot/test.conf", CONF.format(dir=h.dir, user=USER))
        h.write(f"{h.dir}/password", PASSWORD + "\n", 0o600)
        self.maildir = mailbox.Maildir(h.path(f"{self.home}/Maildir"), create=True)
        self.n = 0

    def start(self):
        self.host.sh(f"chown -R {USER}: {self.home}")
        self.host.start(["dovecot", "-F", "-c", "/etc/dovecot/test.conf"])
        self.host.await_port(993)

    def add(self, mail):
        self.n += 1
        path = self.host.path(f"{self.home}/Maildir/new/{self.n:05}.test")
        with open(path, "wb") as f:
            f.write(mail)
        os.chmod(path, 0o666)

    def inkan(self, *args, env=None):
        code, out = self.host.run([INKAN, "reports", *args], check=False, env=env)
        return code, out

    def load(self, *more, url=f"imaps://{USER}@{SERVER}/INBOX", store="box.db", password="password", env=None):
        code, out = self.inkan("import", url, "--store", f"sqlite:{self.host.dir}/{store}", "--password-file",
                               f"{self.host.dir}/{password}", "--ca-file", "/etc/dovecot/cert.pem", "--json", *more, env=env)
        start = out.find("{\n")
        try:
            got = json.loads(out[start:]) if start >= 0 else {}
        except ValueError:
            got = {}
        got["text"] = out
        return code, got

    def flags(self, folder=""):
        """{file's number: its flags} of a folder."""
        found = {}
        for sub in ("new", "cur"):
            where = self.host.path(f"{self.home}/Maildir/{folder}/{sub}")
            for name in os.listdir(where) if os.path.isdir(where) else ():
                found[name.split(".")[0]] = name.rpartition(":2,")[2] if ":2," in name else ""
        return found

    def doveadm(self, *args):
        return self.host.run(["doveadm", "-c", "/etc/dovecot/test.conf", *args])


def totals(reports):
    sums = reportgen.Totals()
    for r in reports:
        sums.add(r)
    return sums.summary("example.org")


def summary(box, store="box.db"):
    out = box.inkan("summary", "--json", "--domain", "example.org", "--store", f"sqlite:{box.host.dir}/{store}")[1]
    return json.loads(out)


def reading(box, corpus):
    for r in corpus[:60]:
        box.add(r.mail())
    box.add(b"From: a@example.com\nSubject: hello\n\nno report\n")
    box.add(b"From: a@example.com\nSubject: Report Domain: example.org Submitter: x Report-ID: 1\nContent-Type: application/gzip\n"
            b"Content-Disposition: attachment; filename=\"a!example.org!1!2.xml.gz\"\nContent-Transfer-Encoding: base64\n\nH4sIAAAAAAAA\n")
    box.start()
    code, got = box.load()
    t.eq((code, got.get("reports"), got.get("other_mail"), len(got.get("failed", ()))), (0, 60, 1, 1), "imaps: reports are read")
    if code:
        t.note(got["text"])
    t.eq(summary(box), totals(corpus[:60]), "their totals")
    flags = box.flags()
    seen = sorted(n for n, f in flags.items() if "S" in f)
    t.eq((len(flags), seen), (62, [f"{i:05}" for i in range(1, 61)]), "reports are seen; other mail and what is broken is not; all is there")
    code, got = box.load()
    t.eq((code, got.get("reports"), got.get("duplicates"), got.get("other_mail"), got.get("failed")), (0, 0, 0, 0, []),
         "again: nothing is looked at twice")
    t.eq(box.load("--all")[1].get("duplicates"), 60, "--all: it is, and counts once")
    box.add(corpus[60].mail())
    t.eq(box.load(url=f"imap://{USER}@{SERVER}")[1].get("reports"), 1, "imap: with STARTTLS, INBOX by itself")
    box.add(corpus[61].mail())
    t.eq(box.load(url=f"imap://{USER}@localhost/")[1].get("reports"), 1, "imap: on loopback")


def refusing(box):
    code, got = box.load(url=f"imaps://{USER}:x@{SERVER}/INBOX")
    t.ok(code == 64 and "--password-file" in got["text"], "a password in the command line is refused", got["text"])
    box.host.write(f"{box.host.dir}/open", PASSWORD, 0o644)
    code, got = box.load(password="open")
    t.ok(code == 77 and "chmod 600" in got["text"], "so is a file that others can read", got["text"])
    box.host.write(f"{box.host.dir}/wrong", "no", 0o600)
    t.eq(box.load(password="wrong")[0], 77, "a wrong password")
    code, got = box.inkan("import", f"imaps://{USER}@{SERVER}/INBOX", "--store", f"sqlite:{box.host.dir}/box.db", "--password-file",
                          f"{box.host.dir}/password")
    t.ok(code == 69 and "certificate" in got, "a certificate that nobody vouches for", got)
    t.eq(box.load(url=f"imaps://{USER}@{SERVER}/Nowhere")[0], 69, "a folder that is not there")
    plain = box.host.start(["python3", "-u", "-c", PLAIN], output=f"{box.lab.dir}/plain.out")
    until("the plain server", lambda: os.path.exists(plain.output) and "ready" in open(plain.output, encoding="utf-8").read())
    code, _ = box.load(url=f"imap://{USER}@{SERVER}:1143/INBOX")
    with open(plain.output, encoding="utf-8") as f:
        told = f.read()
    t.ok(code == 69 and "LOGIN" not in told and "AUTH" not in told, "no TLS: nothing is told to the server", told)
    box.host.write(f"{box.host.dir}/netrc-home/.netrc", f"machine {SERVER}\nlogin {USER}\npassword \"{PASSWORD}\"\n", 0o600)
    code, out = box.inkan("import", f"imaps://{SERVER}/INBOX", "--store", f"sqlite:{box.host.dir}/box.db", "--ca-file",
                          "/etc/dovecot/cert.pem", env={"HOME": f"{box.host.dir}/netrc-home"})
    t.eq(code, 0, "name and password from ~/.netrc")
    code, out = box.inkan("import", f"imaps://{USER}@{SERVER}/INBOX", "--store", f"sqlite:{box.host.dir}/box.db", "--ca-file",
                          "/etc/dovecot/cert.pem", env={"INKAN_IMAP_PASSWORD": PASSWORD, "HOME": "/nonexistent"})
    t.eq(code, 0, "the password from the environment")


def moving(box, corpus):
    box.doveadm("mailbox", "create", "-u", USER, "Read in")
    box.add(corpus[62].mail())
    box.add(b"From: a@example.com\nSubject: hello\n\nno report\n")
    before = box.flags()
    t.eq(box.load("--move-to", "Read in")[1].get("reports"), 1, "--move-to")
    t.eq((len(before) - len(box.flags()), len(box.flags(".Read in"))), (1, 1), "the report is in the other folder, nothing else")
    box.add(corpus[63].mail())
    before = box.flags()
    t.eq(box.load("--delete")[1].get("reports"), 1, "--delete")
    t.eq(len(before) - len(box.flags()), 1, "the report is gone, nothing else")
    box.add(corpus[64].mail())
    code, got = box.load("--move-to", "Nowhere")
    t.ok(code == 69 and len(box.flags()) == len(before), "a folder that is not there: nothing is lost", got["text"])
    t.eq(summary(box), totals(corpus[:65]), "the totals of all that came")


def killing(box, corpus):
    """kill -9 at random moments, then to the end."""
    for r in corpus[65:]:
        box.add(r.mail())
    rng = random.Random(11)
    for _ in range(5):
        p = subprocess.Popen(box.host.inside([INKAN, "reports", "import", f"imaps://{USER}@{SERVER}/INBOX", "--all", "--store",
                                              f"sqlite:{box.host.dir}/killed.db", "--password-file", f"{box.host.dir}/password",
                                              "--ca-file", "/etc/dovecot/cert.pem"]), stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rng.uniform(0.1, 0.6))
        try:
            os.kill(box.host.inner_pid(p), signal.SIGKILL)
        except (LabError, OSError):
            pass  # it had ended
        p.wait(180)
    code, got = box.load("--all", store="killed.db")
    there = [r for i, r in enumerate(corpus) if i not in (62, 63)]
    t.eq((code, summary(box, "killed.db")), (0, totals(there)), "killed in between, then read to the end: the totals are exact")
    t.eq(box.load(store="killed.db")[1].get("duplicates"), 0, "and all are marked")


def main():
    corpus = list(reportgen.corpus(5, 120, 6, ("example.org",)))
    try:
        with Lab() as lab:
            box = Box(lab)
            reading(box, corpus)
            refusing(box)
            moving(box, corpus)
            killing(box, corpus)
    except LabError as e:
        t.skip("a lab of namespaces", str(e)) if os.geteuid() else t.ok(False, "the lab", str(e))
    t.done()


main()
