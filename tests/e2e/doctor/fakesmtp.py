"""fakesmtp.py PORT CERT [OPTION]...: an SMTP server that does what it should not.
Options: no-starttls, auth-early, no-auth, tls1.1, refuse, deaf, dumb (STARTTLS,
then nonsense in place of TLS), tls-first, log=FILE (every line that came)."""
import socket
import ssl
import sys
import threading
import warnings

warnings.simplefilter("ignore")
port, cert, options = int(sys.argv[1]), sys.argv[2], set(sys.argv[3:])
log = next((word[4:] for word in options if word.startswith("log=")), None)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(cert)
if "tls1.1" in options:
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")


def serve(c):
    try:
        talk(c)
    except OSError:
        pass
    finally:
        c.close()


def talk(c):
    tls = "tls-first" in options
    if tls:
        c = context.wrap_socket(c, server_side=True)
    f = c.makefile("rwb")

    def say(text):
        f.write(text.encode() + b"\r\n")
        f.flush()
    if "deaf" in options:
        f.read(1)
        return
    say("554-no\r\n554 mail here" if "refuse" in options else "220-fake\r\n220 fake ESMTP")
    while True:
        line = f.readline().strip().upper()
        if log and line:
            with open(log, "ab") as out:
                out.write(line + b"\n")
        if line.startswith(b"EHLO"):
            words = ["fake"]
            if not tls and "no-starttls" not in options:
                words.append("STARTTLS")
            if ("auth-early" in options) if not tls else ("no-auth" not in options):
                words.append("AUTH PLAIN")
            say("\r\n".join(f"250{'-' if i + 1 < len(words) else ' '}{w}" for i, w in enumerate(words)))
        elif line == b"STARTTLS":
            say("220 go on")
            if "dumb" in options:
                say("250 this is no TLS")
                return
            c = context.wrap_socket(c, server_side=True)
            f, tls = c.makefile("rwb"), True
        else:
            if line == b"QUIT":
                say("221 bye")
            return


server = socket.create_server(("0.0.0.0", port))
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
