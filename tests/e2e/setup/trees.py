"""Trees of files that stand for a machine: what `inkan setup --root` is given."""
import os
import shutil
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
TUTORIAL = os.path.join(os.path.dirname(HERE), "tutorial")
BUILD = os.path.abspath(os.environ.get("INKAN_BUILD", os.path.join(ROOT, "build")))
INKAN = os.path.join(BUILD, "inkan")
MAIN = """# Debian
myhostname = mail.example.org
mydomain = example.org
mydestination = $myhostname, localhost
\t$mydomain
mynetworks = 127.0.0.0/8 [::1]/128 192.0.2.0/28
compatibility_level = 3.6
"""
PASSWD = "root:x:0:0:root:/root:/bin/bash\npostfix:x:104:110::/var/spool/postfix:/usr/sbin/nologin\n"
GROUP = "root:x:0:\npostfix:x:110:\n"


def master():
    for path in ("/usr/share/postfix/master.cf.dist", "/etc/postfix/master.cf.proto"):
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                return f.read()
    raise FileNotFoundError("Postfix's master.cf")


def put(root, path, text, mode=0o644):
    full = os.path.join(root, path.lstrip("/"))
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    os.chmod(full, mode)
    return full


def get(root, path):
    with open(os.path.join(root, path.lstrip("/")), "rb") as f:
        return f.read()


def bare():
    """A mail host as the distribution leaves it."""
    root = tempfile.mkdtemp(prefix="inkan-setup.")
    os.chmod(root, 0o755)
    put(root, "/etc/passwd", PASSWD)
    put(root, "/etc/group", GROUP)
    put(root, "/etc/postfix/main.cf", MAIN)
    put(root, "/etc/postfix/master.cf", master())
    os.makedirs(os.path.join(root, "var/spool/postfix"))
    os.makedirs(os.path.join(root, "var/lib"))
    return root


def unpacked():
    """Postfix and Dovecot as they are unpacked, to become a mail server (--install)."""
    root = bare()
    put(root, "/etc/passwd", PASSWD + "alice:x:1000:1000::/home/alice:/bin/sh\n")
    put(root, "/etc/dovecot/dovecot.conf", "!include conf.d/*.conf\n")
    put(root, "/etc/dovecot/conf.d/10-mail.conf", "mail_location = mbox:~/mail:INBOX=/var/mail/%u\n")
    return root


def tutorial():
    """The tutorial's finished setup."""
    root = bare()

    def text(name):
        with open(os.path.join(TUTORIAL, name), encoding="utf-8") as f:
            return f.read()
    put(root, "/etc/postfix/main.cf", text("main.cf"))
    put(root, "/etc/postfix/master.cf", master() + text("master.cf"))
    put(root, "/etc/opendkim.conf", text("opendkim.conf"))
    for name in ("KeyTable", "SigningTable", "TrustedHosts"):
        put(root, "/etc/opendkim/" + name, text(name))
    keys = os.path.join(root, "etc/opendkim/keys/example.org")
    os.makedirs(keys)
    subprocess.run([INKAN, "keygen", "-d", "example.org", "-s", "default", "-D", keys], check=True,
                   stdout=subprocess.DEVNULL)
    return root


def setup(root, *args, stdin=subprocess.DEVNULL, **more):
    """(exit status, standard output, standard error)"""
    env = dict(os.environ, LC_ALL="C.UTF-8")
    p = subprocess.run([INKAN, "setup", "--root", root, "--ip", "192.0.2.1", *args], stdin=stdin, text=True,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600, env=env, **more)
    return p.returncode, p.stdout, p.stderr


def state(root, below="etc"):
    """Every file and directory: mode, owner, content; of a link where it leads (/etc/mtab leads into /proc)."""
    found = {}
    for folder, names, files in os.walk(os.path.join(root, below)):
        for name in names + files:
            path = os.path.join(folder, name)
            st = os.lstat(path)
            data = None
            if os.path.islink(path):
                data = os.readlink(path)
            elif os.path.isfile(path):
                with open(path, "rb") as f:
                    data = f.read()
            found[os.path.relpath(path, root)] = (st.st_mode, st.st_uid, st.st_gid, data)
    return found


def difference(a, b):
    return sorted(p for p in a.keys() | b.keys() if a.get(p) != b.get(p))


remove = shutil.rmtree
