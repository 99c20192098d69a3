"""A PostgreSQL server of our own: a cluster in a temporary folder, on a unix
socket, as a user that is not root.

    with Server() as pg:
        pg.url      # postgresql:///inkan?host=...&user=inkan
        pg.sql("SELECT 1"); pg.stop(); pg.start()

Server(net=PID, listen=ADDRESS): in the network of that process, on TCP besides
(pg.tcp is the URL without its end: add &name=value)."""
import glob
import os
import pwd
import subprocess
import tempfile
import time


class Missing(Exception):
    """No PostgreSQL here, or no user to run it as."""


def programs():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    if not found:
        raise Missing("PostgreSQL is not installed")
    return os.path.dirname(found[-1])


class Server:
    def __init__(self, net=None, listen=""):
        self.net, self.listen = net, listen
        self.tcp = f"postgresql://inkan@{listen}/inkan?sslmode=disable"
        self.bin, self.process = programs(), None
        # short: the path of a unix socket has 107 octets at most
        self.dir = tempfile.mkdtemp(prefix="pg.", dir=os.environ.get("TMPDIR", "/tmp"))
        self.who = {}
        if os.getuid() == 0:
            try:
                user = pwd.getpwnam("postgres")
            except KeyError:
                raise Missing("there is no user postgres") from None
            os.chown(self.dir, user.pw_uid, user.pw_gid)
            self.who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        os.chmod(self.dir, 0o755)
        self.data = os.path.join(self.dir, "data")
        self.url = f"postgresql:///inkan?host={self.dir}&user=inkan"

    def _run(self, *args, check=True):
        p = subprocess.run(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                           cwd=self.dir, timeout=300, **self.who)
        if check and p.returncode:
            raise RuntimeError(f"{args[0]}: {p.stdout}")
        return p.stdout

    def __enter__(self):
        self._run(os.path.join(self.bin, "initdb"), "-D", self.data, "-A", "trust", "-U", "inkan", "-N", "-E", "UTF8",
                  "--locale=C.UTF-8")
        if self.listen:
            with open(os.path.join(self.data, "pg_hba.conf"), "a", encoding="ascii") as f:
                f.write("host all all 0.0.0.0/0 trust\n")
        self.start()
        self._run(os.path.join(self.bin, "createdb"), "-h", self.dir, "-U", "inkan", "inkan")
        return self

    def start(self):
        log = open(os.path.join(self.dir, "log"), "ab")
        argv = [os.path.join(self.bin, "postgres"), "-D", self.data, "-c", f"listen_addresses={self.listen}", "-c", "shared_buffers=16MB",
                "-c", f"unix_socket_directories={self.dir}"]
        who = self.who
        if self.net:  # only root can go there
            argv = ["nsenter", f"--target={self.net}", "--net", "--", "setpriv", f"--reuid={who['user']}", f"--regid={who['group']}",
                    "--clear-groups", *argv]
            who = {}
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.dir, **who)
        log.close()
        deadline = time.monotonic() + 180
        while subprocess.run([os.path.join(self.bin, "pg_isready"), "-q", "-h", self.dir, "-d", "postgres", "-U", "inkan"],
                             check=False).returncode:
            if time.monotonic() > deadline or self.process.poll() is not None:
                with open(os.path.join(self.dir, "log"), encoding="utf-8") as f:
                    raise RuntimeError(f.read())
            time.sleep(0.05)

    def stop(self, signum=2):  # SIGINT: at once, but in order
        if self.process:
            self.process.send_signal(signum)
            self.process.wait(180)
            self.process = None

    def sql(self, text):
        return self._run(os.path.join(self.bin, "psql"), "-h", self.dir, "-U", "inkan", "-d", "inkan", "-Atqc", text).strip()

    def __exit__(self, *_):
        self.stop()
