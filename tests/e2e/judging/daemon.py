"""inkand running with a configuration of the test's, and messages handed to it."""
import json
import os
import socket
import subprocess
import time

BUILD = os.environ["INKAN_BUILD"]
TMP = os.environ["TMPDIR"]


class Daemon:
    def __init__(self, dns, name, *confs, program="inkand", flags=("-x",)):
        self.socket = os.path.join(TMP, name + ".sock")
        args = []
        for i, text in enumerate(confs):
            path = os.path.join(TMP, f"{name}.{i}.conf")
            with open(path, "w", encoding="ascii") as f:
                f.write(text + ("" if i else f"\nNameservers 127.0.0.1:{dns.port}\nDNSTimeout 2\n"))
            args += [flags[0], path]
        exe = os.path.join(BUILD, "inkand")
        if program != "inkand":
            exe = os.path.join(TMP, program)
            if not os.path.exists(exe):
                os.symlink(os.path.join(BUILD, "inkand"), exe)
        self.log = open(os.path.join(TMP, name + ".log"), "wb")
        self.p = subprocess.Popen([exe, "-f", *args, "-p", "local:" + self.socket], stdout=self.log, stderr=self.log)
        for _ in range(3600):  # 180 s
            if self.p.poll() is not None:
                break
            try:
                s = socket.socket(socket.AF_UNIX)
                s.connect(self.socket)
                s.close()
                return
            except OSError:
                time.sleep(0.05)
        raise SystemExit(f"{name} does not start: " + open(os.path.join(TMP, name + ".log"), "rb").read().decode())

    def mail(self, message, ip="203.0.113.9", helo="helo.example", sender="a@example.net", rcpt="b@example.com", auth=None, json_out=True):
        if isinstance(message, str):
            message = message.encode()
        args = ["--client-ip", ip, "--helo", helo, "--mail-from", sender, "--rcpt", rcpt, "--client-name", "unknown"]
        p = subprocess.run([os.path.join(BUILD, "inkan"), "milter", *(["--json"] if json_out else []), "--socket", "local:" + self.socket, *args,
                            *(["--auth", auth] if auth else [])],
                           input=message, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
        if not json_out:
            return p.stdout
        got = json.loads(p.stdout or b"{}")
        got["results"] = " ".join((got.get("message") or "").split("\n")[0:1])
        return got

    def stop(self):
        self.p.terminate()
        self.p.wait(180)
