"""An authority of the test's own."""
import os
import subprocess


def openssl(*args):
    subprocess.run(["openssl", *args], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Authority:
    def __init__(self, folder):
        self.dir = folder
        os.makedirs(folder, exist_ok=True)
        self.root, self.key = os.path.join(folder, "root.pem"), os.path.join(folder, "root.key")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "400", "-subj",
                "/CN=authority", "-keyout", self.key, "-out", self.root)

    def issue(self, path, *names, days=90):
        """path.key, path.pem (certificate and root), path.all (key too)."""
        path = os.path.join(self.dir, path)
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=x", "-addext",
                "subjectAltName=" + ",".join(f"DNS:{n}" for n in names), "-keyout", path + ".key", "-out", path + ".csr")
        openssl("x509", "-req", "-in", path + ".csr", "-CA", self.root, "-CAkey", self.key, "-CAcreateserial", "-days", str(days),
                "-copy_extensions", "copy", "-out", path + ".crt")
        self.join(path + ".pem", path + ".crt", self.root)
        self.join(path + ".all", path + ".key", path + ".crt", self.root)
        return path

    @staticmethod
    def join(to, *parts):
        with open(to, "w", encoding="ascii") as out:
            for part in parts:
                with open(part, encoding="ascii") as f:
                    out.write(f.read())
