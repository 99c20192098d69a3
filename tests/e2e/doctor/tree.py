"""Trees of files for `inkan check --root`: the tutorial's own, and changes to it."""
import os
import shutil
import subprocess

from tool import INKAN, TMP, as_json

TUTORIAL = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tutorial")
KEYS = "/etc/opendkim/keys/example.org"
PASSWD = "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\npostfix:x:106:113::/var/spool/postfix:/bin/false\nopendkim:x:115:121::/run/opendkim:/bin/false\n"
GROUP = "root:x:0:\nnogroup:x:65534:\npostdrop:x:114:\npostfix:x:113:\nopendkim:x:121:\n"
DOVECOT = "protocols = imap\n!include conf.d/*.conf\n!include_try local.conf\n"
SMTP = "smtp      inet  n       -       y       -       -       smtpd\ncleanup   unix  n       -       y       -       0       cleanup\n"
_n = [0]


def text(name):
    with open(os.path.join(TUTORIAL, name), encoding="utf-8") as f:
        return f.read()


class Tree:
    """A machine's files below a folder of their own."""

    def __init__(self):
        _n[0] += 1
        self.root = os.path.join(TMP, f"tree{_n[0]}")

    def path(self, name):
        return self.root + name

    def write(self, name, data, mode=0o644, uid=0):
        full = self.path(name)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as f:
            f.write(data)
        os.chmod(full, mode)
        if os.geteuid() == 0:
            os.chown(full, uid, uid)
        return self

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as f:
            return f.read()

    def sub(self, name, old, new):
        data = self.read(name)
        assert old in data, (name, old)
        return self.write(name, data.replace(old, new))

    def add(self, name, more):
        return self.write(name, self.read(name) + more)

    def remove(self, name):
        os.remove(self.path(name))
        return self

    def key(self, selector="default", bits="2048", uid=115, folder=KEYS, domain="example.org"):
        os.makedirs(self.path(folder), exist_ok=True)
        subprocess.run([INKAN, "keygen", "--domain", domain, "--selector", selector, "--bits", bits,
                        "--directory", self.path(folder)], check=True, stdout=subprocess.DEVNULL)
        if os.geteuid() == 0:
            os.chown(self.path(f"{folder}/{selector}.private"), uid, uid)
        return self

    def copy(self):
        other = Tree()
        subprocess.run(["cp", "-a", self.root, other.root], check=True)
        return other

    def check(self, *args):
        status, got = as_json("check", "--root", self.root, *args)
        assert status == 0, got
        return got["findings"]

    def bad(self, *args, notes=True):
        """{code} of what is not well."""
        return {f["code"] for f in self.check(*args) if f["status"] in ("warn", "fail") + (("note",) if notes else ())}

    def cure(self, command):
        """Runs it where the tree's files are the machine's."""
        mounts = "".join(f"mkdir -p {self.root}/{d} /{d}; mount --bind {self.root}/{d} /{d}; "
                         for d in ("etc", "usr/share/dns", "var/spool") if os.path.isdir(f"{self.root}/{d}"))
        return subprocess.run(["unshare", "--mount", "sh", "-c", f"{mounts}exec sh -c \"$0\"", command],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)

    def gone(self):
        shutil.rmtree(self.root)


def tutorial():
    """As who followed the text has it."""
    t = Tree()
    t.write("/etc/passwd", PASSWD).write("/etc/group", GROUP).write("/etc/hostname", "vm-1-2-3\n")
    t.write("/etc/postfix/main.cf", text("main.cf")).write("/etc/postfix/master.cf", SMTP + text("master.cf"))
    t.write("/etc/dovecot/dovecot.conf", DOVECOT).write("/etc/dovecot/conf.d/10-master.conf", text("10-master.conf"))
    t.write("/etc/dovecot/conf.d/10-mail.conf", "mail_location = mbox:~/mail:INBOX=/var/mail/%u\n")
    t.write("/etc/opendkim.conf", text("opendkim.conf"))
    os.makedirs(t.path(KEYS))
    for name in ("KeyTable", "SigningTable", "TrustedHosts"):
        t.write("/etc/opendkim/" + name, text(name))
    return t.key()
