"""inkan setup --apply and --undo on trees of files: the same bytes, modes and
owners come back, also after kill -9 at any step, a full disk, or the work of
others in between."""
# timeout: 300
import json
import os
import shutil
import stat
import subprocess
import tempfile

import tap
import trees

t = tap.Tap()
# each of them changes what is on disk
STEPS = "rename,link,linkat,unlink,mkdir,fchmod,chmod,fsync"


def apply(root, *args):
    status, out, err = trees.setup(root, "--apply", *args)
    t.eq((status, err), (0, ""), f"--apply {' '.join(args)}") or t.note(out)
    return out


def undo(root, *args):
    status, out, err = trees.setup(root, "--undo", *args)
    return t.eq((status, err), (0, ""), f"--undo {' '.join(args)}") or t.note(out)


def shape(root):
    """The state, but for the octets of keys and databases."""
    return {p: (*v[:3], None if p.endswith((".private", ".db", ".pem")) else v[3]) for p, v in trees.state(root).items()}


def leftovers(root):
    return [os.path.join(f, n) for f, _, names in os.walk(root) for n in names if n.endswith(".inkan-setup")]


def odd_modes(root):
    """Owners and modes that a default would lose."""
    for path, mode, owner in (("etc/postfix/main.cf", 0o640, 7), ("etc/passwd", 0o644, 0), ("etc/postfix/master.cf", 0o600, 8)):
        os.chown(os.path.join(root, path), owner, owner)
        os.chmod(os.path.join(root, path), mode)
        os.utime(os.path.join(root, path), ns=(10**18, 10**18 + 123456789))


for make in (trees.bare, trees.tutorial):
    root = make()
    odd_modes(root)
    before = trees.state(root)
    name = make.__name__
    times = [os.stat(os.path.join(root, "etc/postfix/main.cf")).st_mtime_ns]
    apply(root)
    after = trees.state(root)
    keys = [p for p in after if p.endswith(".private") and p.startswith("etc/inkan")]
    t.ok(keys and all(stat.S_IMODE(after[p][0]) == 0o600 and after[p][1] == 999 for p in keys), f"{name}: keys 0600, inkan's")
    t.eq([after["etc/postfix/main.cf"][i] for i in (0, 1, 2)], [before["etc/postfix/main.cf"][i] for i in (0, 1, 2)],
         f"{name}: main.cf keeps mode and owner")
    t.eq(leftovers(root), [], f"{name}: nothing lies around")
    state = trees.state(root, "")
    apply(root)
    t.eq(trees.difference(state, trees.state(root, "")), [], f"{name}: a second --apply changes nothing")
    plan = json.loads(trees.setup(root, "--json")[1])
    t.eq(plan["changes"], [], f"{name}: a plan afterwards is empty")
    undo(root)
    t.eq(trees.difference(before, trees.state(root)), [], f"{name}: --undo brings every byte back")
    times.append(os.stat(os.path.join(root, "etc/postfix/main.cf")).st_mtime_ns)
    t.eq(times[0], times[1], f"{name}: and the time of main.cf")
    undo(root)
    apply(root)
    changed = [p for p in trees.difference(after, trees.state(root)) if not p.endswith(".db")]
    t.eq(changed, [], f"{name}: applied again with the same keys")
    trees.remove(root)

# a mail server, from what was unpacked
root = trees.unpacked()
before = trees.state(root)
apply(root, "--install", "--domain", "example.org", "--admin", "alice")
pem = trees.get(root, "/etc/inkan/tls/mail.example.org.pem")
after = trees.state(root)
t.eq([after["etc/inkan/tls/mail.example.org.pem"][0] & 0o7777, pem.count(b"-----BEGIN ")], [0o600, 2], "server: a key and a certificate, 0600")
dovecot = trees.get(root, "/etc/dovecot/conf.d/99-inkan.conf").decode()
t.ok(f"ssl_cert = </etc/inkan/tls/mail.example.org.pem\n" in dovecot and "unix_listener /var/spool/postfix/private/auth" in dovecot,
     "server: Dovecot", dovecot)
t.ok("root: alice\n" in trees.get(root, "/etc/aliases").decode() and "etc/aliases.db" in after, "server: aliases")
state = trees.state(root, "")
apply(root, "--install", "--domain", "example.org", "--admin", "alice")
t.eq(trees.difference(state, trees.state(root, "")), [], "server: a second --apply changes nothing")
undo(root)
t.eq(trees.difference(before, trees.state(root)), [], "server: --undo brings every byte back")
for name, args, code, words in (
        ("a certificate that is not there", ("--tls-cert", "/x.pem", "--tls-key", "/x.key"), 66, "/x.pem is not there"),
        ("a certificate without its key", ("--tls-cert", "/x.pem"), 64, "go together"),
        ("an administrator who is nobody", ("--admin", "nobody-here"), 64, "no user nobody-here")):
    status, out, err = trees.setup(root, "--install", "--apply", *args)
    t.ok(status == code and words in err, f"server: refused: {name}", f"{status} {err}")
    t.eq(trees.difference(before, trees.state(root)), [], f"server: nothing changed: {name}")
for name in ("cert", "key"):
    trees.put(root, f"/etc/x.{name}", "x")
apply(root, "--install", "--tls-cert", "/etc/x.cert", "--tls-key", "/etc/x.key")
main = trees.get(root, "/etc/postfix/main.cf").decode()
t.ok("\nsmtpd_tls_cert_file = /etc/x.cert\n" in main and "\nsmtpd_tls_key_file = /etc/x.key\n" in main, "server: --tls-cert and --tls-key")
# what Dovecot is told, in the language of its version (2.4 comes with Debian 13)
DOVECOT = """# Mail in every user's home, where Postfix puts it.
{0}
# alice and alice@DOMAIN are the same user; passwords only over TLS.
{1}auth_mechanisms = plain login
{2}ssl = required
ssl_min_protocol = TLSv1.2
{3}/etc/x.cert
{4}/etc/x.key

# Postfix asks here whether a password is right.
service auth {{
  unix_listener /var/spool/postfix/private/auth {{
    mode = 0660
    user = postfix
    group = postfix
  }}
}}
"""
WORDS_23 = ("mail_location = maildir:~/Maildir\n", "auth_username_format = %Ln\n", "disable_plaintext_auth = yes\n", "ssl_cert = <", "ssl_key = <")
WORDS_24 = ("mail_driver = maildir\nmail_path = ~/Maildir\nmail_inbox_path = ~/Maildir\n",
            "auth_username_format = %{user | username | lower}\n", "auth_allow_cleartext = no\n", "ssl_server_cert_file = ",
            "ssl_server_key_file = ")
t.eq(trees.get(root, "/etc/dovecot/conf.d/99-inkan.conf").decode(), DOVECOT.format(*WORDS_23), "server: Dovecot 2.3")
undo(root)
trees.put(root, "/etc/dovecot/dovecot.conf", "dovecot_config_version = 2.4.1\ndovecot_storage_version = 2.4.1\n!include_try conf.d/*.conf\n")
apply(root, "--install", "--tls-cert", "/etc/x.cert", "--tls-key", "/etc/x.key")
t.eq(trees.get(root, "/etc/dovecot/conf.d/99-inkan.conf").decode(), DOVECOT.format(*WORDS_24), "server: Dovecot 2.4")
undo(root)
# mail that it would not find: its settings as 2.4's doveconf prints them
os.mkdir(root + "/bin")
trees.put(root, "/bin/doveconf", "#!/bin/sh\nshift 3\ncase $1 in mail_driver) echo mbox;; mail_path) echo '~/mail';;"
          " mail_inbox_path) echo '/var/mail/%{user}';; *) exit 1;; esac\n", 0o755)
trees.put(root, "/etc/postfix/main.cf", trees.MAIN + "home_mailbox = Maildir/\n")
path = os.environ["PATH"]
os.environ["PATH"] = root + "/bin:" + path
apply(root)
t.ok("mail_path = ~/Maildir\nmail_inbox_path = ~/Maildir\n" in trees.get(root, "/etc/dovecot/conf.d/99-inkan.conf").decode(),
     "Dovecot 2.4 reads where Postfix delivers")
os.environ["PATH"] = path
undo(root)

# nobody reads what it says
reader, writer = os.pipe()
os.close(reader)
p = subprocess.run([trees.INKAN, "setup", "--root", root, "--ip", "192.0.2.1", "--apply"], stdin=subprocess.DEVNULL, stdout=writer,
                   stderr=subprocess.PIPE, env={**os.environ, "LC_ALL": "C.UTF-8"}, timeout=600)
os.close(writer)
t.ok("inkan.sock" in trees.get(root, "/etc/postfix/main.cf").decode(), "--apply into a closed pipe goes to its end", p)
undo(root)
trees.remove(root)
status, out, err = trees.setup(trees.tutorial(), "--install", "--json")
t.ok(status == 0 and not any(c["kind"] == "certificate" for c in json.loads(out)["changes"]), "server: one that is there is left as it is", err)

# two runs, undone in turn
root = trees.bare()
before = trees.state(root)
apply(root)
apply(root, "--domain", "example.com", "--selector", "s")
tables = trees.get(root, "/etc/inkan/KeyTable").decode()
t.ok("sr._domainkey.example.com example.com:sr:" in tables and "example.org:" in tables, "a second domain", tables)
undo(root)
t.eq(trees.difference(before, trees.state(root)), [], "two runs: --undo brings every byte back")

# others at work in between
apply(root)
trees.put(root, "/etc/passwd", trees.get(root, "/etc/passwd") + b"new:x:1000:1000::/home/new:/bin/sh\n")
undo(root)
t.eq(trees.get(root, "/etc/passwd"), (trees.PASSWD + "new:x:1000:1000::/home/new:/bin/sh\n").encode(),
     "a user made since stays, inkan is gone")
trees.put(root, "/etc/passwd", trees.PASSWD)
apply(root)
trees.put(root, "/etc/postfix/main.cf", trees.get(root, "/etc/postfix/main.cf") + b"# mine\n")
state = trees.state(root, "")
status, out, err = trees.setup(root, "--undo")
t.ok(status == 73 and "main.cf was changed after setup" in err and "--force" in err, "a file changed since: refused", err)
t.eq(trees.difference(state, trees.state(root, "")), [], "a file changed since: nothing was touched")
undo(root, "--force")
t.eq(trees.difference(before, trees.state(root)), [], "--undo --force brings every byte back")

# a full disk: whatever does not fit, nothing is left changed
work = tempfile.mkdtemp(prefix="inkan-full.")
mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=755", "full", work], stderr=subprocess.DEVNULL).returncode == 0
if mounted:
    for room in (4096, 16384, 40960):
        full = os.path.join(work, "root")
        shutil.copytree(root, full, symlinks=True)
        shutil.rmtree(os.path.join(full, "var/lib/inkan-setup"), ignore_errors=True)
        state = trees.state(full)
        space = os.statvfs(work).f_bavail * os.statvfs(work).f_bsize
        with open(os.path.join(work, "filler"), "wb") as f:
            f.write(b"x" * max(0, space - room))
        status, out, err = trees.setup(full, "--apply")
        t.ok(status == 73 and "No space left" in err, f"disk full but for {room}: refused", f"{status} {err}")
        t.eq(trees.difference(state, trees.state(full)), [], f"disk full but for {room}: nothing is changed")
        os.unlink(os.path.join(work, "filler"))
        status, out, err = trees.setup(full, "--apply")
        t.eq((status, err), (0, ""), f"and with room again it works")
        shutil.rmtree(full)
    subprocess.run(["umount", "-l", work], check=True)
else:
    t.skip("disk full", "mount is not allowed here")
os.rmdir(work)
trees.remove(root)


# kill -9 at any step, then either way on
def killed(root, option, n):
    """True when the n-th change on disk was reached."""
    p = subprocess.run(["strace", "-o", "/dev/null", "-e", f"trace={STEPS}", "-e", f"inject={STEPS}:signal=SIGKILL:when={n}",
                        trees.INKAN, "setup", "--root", root, "--ip", "192.0.2.1", option],
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=600,
                       env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0", "LC_ALL": "C.UTF-8"})
    assert p.returncode in (0, -9, 137), p.stderr
    return p.returncode != 0


def with_new_tree(check):
    copy = tempfile.mkdtemp(prefix="inkan-kill.")
    shutil.rmtree(copy)
    shutil.copytree(origin, copy, symlinks=True)
    check(copy)
    trees.remove(copy)


origin = trees.tutorial()
before = trees.state(origin)
done = origin + ".done"
shutil.copytree(origin, done, symlinks=True)
apply(done)
wanted = shape(done)
bad, n, reached = [], 1, True


def interrupted_apply(root):
    global reached
    reached = killed(root, "--apply", n)
    option = "--undo" if n % 2 else "--apply"
    status, _, err = trees.setup(root, option)
    found = trees.difference(before, trees.state(root)) if option == "--undo" else trees.difference(wanted, shape(root))
    if status or found or leftovers(root + "/etc"):
        bad.append((n, option, status, err, found, leftovers(root + "/etc")))


while reached:
    with_new_tree(interrupted_apply)
    n += 7
count = n // 7
t.ok(count > 5, "kill -9: --apply was killed at many steps", count)
t.eq(bad, [], f"kill -9 at {count} steps of --apply: goes on, or back, exactly")
bad, n, reached = [], 1, True


def interrupted_undo(root):
    global reached
    trees.setup(root, "--apply")
    reached = killed(root, "--undo", n)
    status, _, err = trees.setup(root, "--undo")
    found = trees.difference(before, trees.state(root))
    if status or found or leftovers(root):
        bad.append((n, status, err, found))


while reached:
    with_new_tree(interrupted_undo)
    n += 6
t.eq(bad, [], f"kill -9 at {n // 6} steps of --undo: /etc is identical in the end")
trees.remove(origin)
trees.remove(done)
t.done()
