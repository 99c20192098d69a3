"""inkan setup without --apply: the plan of a bare host and of the tutorial's,
what it refuses, and that nothing is changed."""
import json
import os
import pty
import subprocess

import tap
import trees

t = tap.Tap()


def plan(root, *args):
    status, out, err = trees.setup(root, "--json", *args)
    t.eq(status, 0, f"a plan for {os.path.basename(root)} {' '.join(args)}") or t.note(err)
    return json.loads(out)


def diffs(p):
    return {c["path"]: c["diff"] for c in p["changes"] if c["kind"] == "file"}


def refused(name, root, code, words, *args):
    before = trees.state(root, "")
    status, out, err = trees.setup(root, *args)
    t.ok(status == code and words in err, f"refused: {name}", f"{status} {err}{out}")
    t.eq(trees.difference(before, trees.state(root, "")), [], f"refused, nothing changed: {name}")


root = trees.bare()
before = trees.state(root, "")
p = plan(root)
main = diffs(p)[root + "/etc/postfix/main.cf"]
for line in ("smtpd_milters = unix:inkan/inkan.sock", "non_smtpd_milters = unix:inkan/inkan.sock",
             "internal_mail_filter_classes = bounce"):
    t.ok(f"\n+{line}\n" in main, f"bare: {line}", main)
t.ok("\n-" not in main.split("@@", 1)[1], "bare: no line of main.cf is lost", main)
t.eq([(k["selector"][-1], k["new"]) for k in p["keys"]], [("r", True), ("e", True)], "bare: two new keys")
t.ok("192.0.2.0/28" in diffs(p)[root + "/etc/inkan/TrustedHosts"], "bare: mynetworks is in InternalHosts")
conf = diffs(p)[root + "/etc/inkan/inkan.conf"]
t.ok("InternalHosts           file:/etc/inkan/TrustedHosts" in conf, "bare: InternalHosts is referenced", conf)
t.eq(p["domain"], "example.org", "bare: the domain is Postfix's")
for path, text in diffs(p).items() if trees.shutil.which("patch") else ():
    there = trees.put(root, "/patched", trees.get(root, path[len(root):]) if os.path.exists(path) else "")
    r = subprocess.run(["patch", "-s", "--no-backup-if-mismatch", there], input=text, text=True, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT)
    t.eq((r.returncode, r.stdout), (0, ""), f"bare: patch takes the diff of {os.path.basename(path)}")
    os.unlink(there)
for selector in ("s1", "a.b"):
    keys = plan(root, "--selector", selector)["keys"]
    t.eq([k["selector"] for k in keys], [selector + "r", selector + "e"], f"--selector {selector}")
status, out, err = trees.setup(root)
t.ok(status == 0 and "Nothing has been changed" in out and "v=spf1 ip4:192.0.2.1 ~all" in out,
     "bare: the plan for a person, with records", out + err)
status, out, err = trees.setup(root, "--lang", "ja")
t.ok("まだ何も変更していません" in out, "the plan in Japanese", out + err)
t.eq(trees.difference(before, trees.state(root, "")), [], "a plan changes nothing")

# another shape of Postfix
trees.put(root, "/etc/postfix/main.cf", trees.MAIN + "smtpd_milters = inet:localhost:11332, inet:localhost:8893\n"
          "milter_default_action = accept\ninternal_mail_filter_classes = notify\n")
trees.put(root, "/etc/postfix/master.cf", trees.master() + "submission inet n - y - - smtpd\n"
          "  -o smtpd_milters=inet:localhost:11332\n#  -o x=y\n  -o milter_default_action=accept\n"
          "127.0.0.1:10025 inet n - y - - smtpd\n  -o smtpd_milters=\n")
d = diffs(plan(root))
t.ok("+smtpd_milters = inet:localhost:11332 inet:localhost:8893 { unix:inkan/inkan.sock, default_action=tempfail }"
     in d[root + "/etc/postfix/main.cf"], "other milters stay, ours is last and fails by itself", d)
t.ok("-milter_default_action" not in d[root + "/etc/postfix/main.cf"], "the others' default action stays")
t.ok("+internal_mail_filter_classes = notify, bounce" in d[root + "/etc/postfix/main.cf"], "notify, bounce")
t.ok("+  -o smtpd_milters=inet:localhost:11332,unix:inkan/inkan.sock" in d[root + "/etc/postfix/master.cf"]
     and "+  -o milter_default_action=tempfail" in d[root + "/etc/postfix/master.cf"]
     and d[root + "/etc/postfix/master.cf"].count("\n+") == 3, "submission's own milters get ours", d)

tree = trees.tutorial()
before = trees.state(tree, "")
p = plan(tree)
d = diffs(p)
t.eq([(k["selector"], k["new"]) for k in p["keys"]], [("default", False)], "tutorial: its key, no new one")
t.eq([c["from"] for c in p["changes"] if c["kind"] == "key"], [tree + "/etc/opendkim/keys/example.org/default.private"],
     "tutorial: the key is taken over")
main = d[tree + "/etc/postfix/main.cf"]
for was, now in (("milter_default_action = accept", "milter_default_action = tempfail"),
                 ("smtpd_milters = inet:localhost:8891", "smtpd_milters = unix:inkan/inkan.sock")):
    t.ok(f"\n-{was}\n" in main and f"\n+{now}\n" in main, f"tutorial: {now}", main)
t.ok("# DKIMの鍵を格納する場所" in d[tree + "/etc/inkan/inkan.conf"], "tutorial: comments of opendkim.conf stay")
t.ok("+#Selector                mail" in d[tree + "/etc/inkan/inkan.conf"], "tutorial: Selector has no effect, and says so")
t.ok("+mail.example.org\n" in d[tree + "/etc/inkan/TrustedHosts"], "tutorial: TrustedHosts is used")
names = {r["name"]: r["value"] for r in p["records"]}
record = "".join(trees.get(tree, "/etc/opendkim/keys/example.org/default.txt").decode().split('"')[1::2])
t.eq(names.get("default._domainkey.example.org"), record, "tutorial: the DKIM record is the old one")
t.eq(trees.difference(before, trees.state(tree, "")), [], "tutorial: a plan changes nothing")

t.eq([o["code"] for o in p["offers"]], ["sender-login"], "tutorial: users' sender addresses are left to the reader, and it is said")
status, out, err = trees.setup(tree)
t.ok("Left to you" in out and "--sender-login" in out, "tutorial: in words, too", out)
t.eq(plan(tree, "--sender-login")["offers"], [], "--sender-login: nothing is left")
d = diffs(plan(tree, "--sender-login"))
t.ok("+smtpd_sender_login_maps = regexp:/etc/postfix/sender_login" in d[tree + "/etc/postfix/main.cf"]
     and d[tree + "/etc/postfix/master.cf"].endswith("+  -o smtpd_sender_restrictions=reject_sender_login_mismatch\n")
     and "+/^([^@+]+)(\\+[^@]*)?@example\\.org$/ $1, $1@example.org" in d[tree + "/etc/postfix/sender_login"],
     "--sender-login: users send as themselves only", d)
for address, want in (("aki@example.org", "aki, aki@example.org"), ("aki+x@example.org", "aki, aki@example.org"),
                      ("aki@example.com", ""), ("a@b@example.org", "")):
    table = trees.put(tree, "/table", "".join(
        line[1:] + "\n" for line in d[tree + "/etc/postfix/sender_login"].split("\n")[3:] if line))
    p = subprocess.run(["postmap", "-q", address, "regexp:" + table], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    t.eq(p.stdout.strip(), want, f"--sender-login: who may send as {address}")
    os.unlink(table)
refused("sender login without submission", root, 78, "needs a submission service", "--sender-login") \
    if trees.put(root, "/etc/postfix/master.cf", trees.master()) else None
refused("a domain that is none", tree, 64, "not a domain name", "--domain", "no such")
refused("a key that is not there", tree, 66, "cannot open key",
        "--domain", "example.org") if os.unlink(tree + "/etc/opendkim/keys/example.org/default.private") is None else None
trees.put(root, "/etc/postfix/main.cf", trees.MAIN + "multi_instance_enable = yes\nmulti_instance_directories = /etc/postfix-out\n")
t.eq([o["code"] for o in plan(root)["offers"]], ["instances"], "other instances of Postfix are left, and it is said")
trees.put(tree, "/etc/opendkim.conf", "KeyTable csl:a=b:c:d\n")
refused("a KeyTable that is a list", tree, 78, "put it into a file")
os.unlink(tree + "/etc/opendkim.conf")
trees.put(tree, "/etc/postfix/master.cf", "pickup unix n - y 60 1 pickup\n")
refused("Postfix of another shape", tree, 78, "no smtpd service")
trees.put(tree, "/etc/postfix/main.cf", trees.MAIN + "compatibility_level = x\n")
refused("a main.cf that Postfix refuses", tree, 78, "Postfix does not accept")
os.unlink(tree + "/etc/postfix/main.cf")
refused("no Postfix", tree, 69, "install Postfix first")
trees.remove(root)
trees.remove(tree)


def at_a_terminal(folder, *answers):
    """What a person sees who types these lines."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ["LC_ALL"] = "C.UTF-8"
        os.execv(trees.INKAN, [trees.INKAN, "setup", "--root", folder, "--ip", "192.0.2.1", "--apply"])
    os.write(fd, "".join(a + "\n" for a in answers).encode())
    seen = b""
    while True:
        try:
            part = os.read(fd, 65536)
        except OSError:  # the end of a terminal
            break
        if not part:
            break
        seen += part
    os.close(fd)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen.decode("utf-8", "replace")


root = trees.unpacked()
before = trees.state(root)
status, seen = at_a_terminal(root, "yes", "alice", "", "", "no")
places = [seen.find(q) for q in ("Users cannot hand in mail", "Which user reads mail to root", "[example.org]", "[mail.example.org]",
                                 "self-signed certificate", "Do this now?", "Nothing was changed.")]
t.ok(status == 0 and -1 not in places and places == sorted(places), "at a terminal: asked, shown, and not done on a no", f"{status} {places} {seen}")
t.eq(trees.difference(before, trees.state(root)), [], "at a terminal: nothing changed")
status, seen = at_a_terminal(root, "no", "", "yes")
t.ok(status == 0 and "are set up for example.org" in seen, "at a terminal: done on a yes", f"{status} {seen}")
t.ok(b"submission" not in trees.get(root, "/etc/postfix/main.cf") and b"\nsubmission " not in trees.get(root, "/etc/postfix/master.cf"),
     "at a terminal: and no mail server on a no")
trees.remove(root)
t.done()
