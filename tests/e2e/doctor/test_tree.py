# timeout: 300
"""check --root: the tutorial's own files, every cure applied, and other trees."""
import json
import os
import subprocess

import tap
from tool import INKAN, path, run
from tree import KEYS, Tree, tutorial

t = tap.Tap()
TRAPS = {  # of the tutorial as it is typed
    "postfix.setting.twice", "postfix.compatibility_level", "postfix.myorigin.file", "postfix.map.database",
    "postfix.tls.cipherlist", "postfix.sasl.port25", "dovecot.mail_location", "postfix.sender_login",
    "postfix.message_size_limit", "opendkim.trust_anchor", "opendkim.selector.unused",
    "opendkim.signing_table.subdomains", "opendkim.internal_hosts.file", "opendkim.sign_headers",
    "opendkim.canonicalization", "opendkim.nameservers", "milter.inet", "milter.default_action", "milter.bounces",
    "postfix.inbound.unchecked",
}
first = tutorial()
found = first.check()
bad = [f for f in found if f["status"] in ("note", "warn", "fail")]
t.eq({f["code"] for f in bad}, TRAPS, "the tutorial's traps, all and no others")
t.ok(all(f["seen"] and f["wanted"] and f["why"] and f["fix"] and f["subject"] for f in bad), "each says what, why and how")
t.ok(all(f["status"] != "ok" or not f["fix"] for f in found), "what is well needs no cure")
with open(first.path("/etc/opendkim.conf"), encoding="utf-8") as f:
    t.ok("TrustedHosts" not in f.read(), "the tree is as it was")

# every cure, in the order of the report; what an earlier one mended is passed over
os.makedirs(first.path("/var/spool/postfix/private"))
right = first
for f in bad:
    same = [g for g in right.check("--only", f["code"]) if g["seen"] == f["seen"]]
    if not same:
        continue
    if f["fix"].startswith("apt install"):
        right.write("/usr/share/dns/root.key", ". IN DS 20326 8 2 00\n")
    else:
        done = right.cure(same[0]["fix"])
        t.ok(done.returncode == 0, f"{f['code']}: the cure runs", same[0]["fix"] + "\n" + done.stdout)
    after = [g for g in right.check("--only", f["code"]) if g["code"] == f["code"]]
    t.ok(after and all(g["status"] == "ok" or g["seen"] != f["seen"] for g in after), f"{f['code']}: and cures", after)
rest = [f for f in right.check() if f["status"] in ("note", "warn", "fail")]
t.eq(rest, [], "the cured tree has nothing wrong")

MAIN, MASTER, CONF = "/etc/postfix/main.cf", "/etc/postfix/master.cf", "/etc/inkan/inkan.conf"
DOVE, KT, ST = "/etc/dovecot/conf.d/10-master.conf", "/etc/opendkim/KeyTable", "/etc/opendkim/SigningTable"


def main(line):
    """The right tree with a setting of main.cf otherwise."""
    name = line.split("=")[0].strip()
    x = right.copy()
    return x.write(MAIN, "".join(at for at in x.read(MAIN).splitlines(True) if at.split(" ")[0] != name) + line + "\n")


def conf(line):
    name = line.split()[0]
    x = right.copy()
    return x.write(CONF, "".join(at for at in x.read(CONF).splitlines(True) if at.split()[:1] != [name]) + line + "\n")


def settings(**files):
    x = right.copy()
    for name, data in files.items():
        x.write({"main": MAIN, "master": MASTER, "conf": CONF, "dove": DOVE, "kt": KT, "st": ST}[name], data)
    return x


R = right.read
MORE_MASTER = R(MASTER)
# (what, tree, the codes that are wrong)
CASES = [
    # values over several lines, comments between them, spaces
    ("a value over lines", main("smtpd_milters =\n   # the signer\n\n\tunix:opendkim/opendkim.sock\n"), set()),
    ("$names", main("smtpd_milters = $signer\nsigner = unix:${dir}/opendkim.sock\ndir=opendkim"), set()),
    ("${name?a}", main("smtpd_milters = ${signer?{$signer}:{}}\nsigner = unix:opendkim/opendkim.sock"), set()),
    ("a list with commas", main("internal_mail_filter_classes=notify,bounce"), set()),
    ("names that name themselves", main("smtpd_milters = $a\na = $b$b\nb = $a$a"), {"milter.smtpd"}),
    ("no NAME = VALUE", main("this is nothing"), {"postfix.syntax"}),
    # milters
    ("no milter", main("smtpd_milters ="), {"milter.smtpd"}),
    ("no milter for local mail", main("non_smtpd_milters ="), {"milter.non_smtpd"}),
    ("an override", settings(master=MORE_MASTER + "  -o smtpd_milters=\n"), {"milter.smtpd.override"}),
    ("an override in braces", settings(master=MORE_MASTER + "  -o { smtpd_milters = }\n"), {"milter.smtpd.override"}),
    ("no_milters", settings(master=MORE_MASTER + "  -o receive_override_options=no_milters\n"), {"milter.smtpd.override"}),
    ("accept in main.cf, tempfail for submission", main("milter_default_action = accept"), set()),
    ("accept for one milter", main("smtpd_milters = { unix:opendkim/opendkim.sock, { default_action = accept } }"),
     {"milter.default_action"}),
    ("another port", conf("Socket inet:8892@localhost"), {"milter.socket", "milter.inet"}),
    ("a path in the chroot's view", main("smtpd_milters = unix:/opendkim/opendkim.sock"), set()),
    ("a whole path within a chroot", main("smtpd_milters = unix:/var/spool/postfix/opendkim/opendkim.sock"), {"milter.socket"}),
    ("a whole path without a chroot", settings(
        main=R(MAIN).replace("unix:opendkim/", "unix:/var/spool/postfix/opendkim/"),
        master=MORE_MASTER.replace("-       y  ", "-       n  ")), set()),
    ("local: of Sendmail", conf("Socket /var/spool/postfix/opendkim/opendkim.sock"), set()),
    ("a socket out of the chroot's reach", conf("Socket local:/run/opendkim/opendkim.sock"),
     {"milter.socket.chroot", "milter.socket.permission"}),
    ("no group for postfix", conf("UMask 077"), {"milter.socket.permission"}),
    ("an old protocol", main("milter_protocol = 2"), {"milter.protocol"}),
    # Postfix
    ("mailname of the provider", settings(main=R(MAIN).replace("myorigin = example.org", "myorigin = /etc/mailname"))
     .write("/etc/mailname", "vm-1-2-3.example.net\n"), {"opendkim.signing_table.myorigin"}),
    ("mailname of the domain", settings(main=R(MAIN).replace("myorigin = example.org", "myorigin = /etc/mailname"))
     .write("/etc/mailname", "example.org\n"), set()),
    ("a level with a dot and Postfix 3.4", main("compatibility_level = 3.6").write(
        "/var/lib/dpkg/status", "Package: postfix\nStatus: install ok installed\nVersion: 3.4.13-0ubuntu1\n"),
     {"postfix.compatibility_level"}),
    ("a level with a dot and Postfix 3.7", main("compatibility_level = 3.6").write(
        "/var/lib/dpkg/status", "Package: postfix\nStatus: install ok installed\nVersion: 3.7.11-0+deb12u1\n"), set()),
    ("a map that was not made", main("virtual_alias_maps = hash:/etc/postfix/virtual"), {"postfix.map.database"}),
    ("a map without a database", main("virtual_alias_maps = regexp:/etc/postfix/virtual, texthash:/x"), set()),
    ("an open relay", main("smtpd_relay_restrictions = permit_mynetworks").sub(MAIN, "    reject_unauth_destination", "    permit"),
     {"postfix.relay.open"}),
    ("the world", main("mynetworks = 0.0.0.0/0"), {"postfix.mynetworks", "opendkim.internal_hosts.networks"}),
    ("a network that is not signed", main("mynetworks = 127.0.0.0/8, 192.0.2.0/24"), {"opendkim.internal_hosts.networks"}),
    ("and one that is", main("mynetworks = 127.0.0.0/8 192.0.2.0/24").add("/etc/opendkim/TrustedHosts", "\n192.0.2.0/24\n"), set()),
    ("grade high without ciphers", main("tls_high_cipherlist = @SECLEVEL=2:!aNULL").add(MAIN, "smtpd_tls_ciphers = high\n"),
     {"postfix.tls.cipherlist", "postfix.setting.twice"}),
    ("a real cipher list", main("tls_high_cipherlist = ECDHE+AESGCM:@SECLEVEL=2"), set()),
    ("mail leaves in the clear", main("smtp_tls_security_level = none"), {"postfix.tls.out"}),
    ("no submission", settings(master="smtp inet n - y - - smtpd\n  -o smtpd_milters=unix:opendkim/opendkim.sock\n"),
     {"postfix.submission.service", "milter.default_action", "postfix.sender_login"}),
    ("submissions", settings(master=MORE_MASTER + "465 inet n - y - - smtpd\n -o smtpd_tls_wrappermode=yes\n"
                             " -osmtpd_sasl_auth_enable=yes -o smtpd_sender_restrictions=reject_sender_login_mismatch\n"
                             " -o milter_default_action=tempfail\n"), set()),
    ("submission without TLS", settings(
        main=R(MAIN).replace("smtpd_tls_auth_only = yes", "smtpd_tls_auth_only = no"),
        master=MORE_MASTER.replace("smtpd_tls_security_level=encrypt", "smtpd_tls_security_level=may")
        .replace("smtpd_tls_auth_only=yes", "smtpd_tls_auth_only=no")), {"postfix.submission.tls"}),
    # Dovecot
    ("no listener", settings(dove="service auth {\n}\n"), {"dovecot.auth.listener"}),
    ("a listener elsewhere", settings(dove="service auth {\n  unix_listener auth-userdb {\n  }\n}\n"), {"dovecot.auth.listener"}),
    ("a commented listener", settings(dove="service auth {\n  #unix_listener /var/spool/postfix/private/auth {\n  #}\n}\n"),
     {"dovecot.auth.listener"}),
    ("quotes and comments", settings(dove='service auth {  # here\n  unix_listener "/var/spool/postfix/private/auth" {\n'
                                     "    mode = 0666 # all\n  }\n}\n"), set()),
    ("mode for Dovecot only", settings(dove="service auth {\n  unix_listener /var/spool/postfix/private/auth {\n    mode = 0600\n"
                                       "    user = dovecot\n  }\n}\n"), {"dovecot.auth.mode"}),
    ("in an included file", settings(dove="!include ../more/*.inc\n").write(
        "/etc/dovecot/more/a.inc", "service auth {\nunix_listener /var/spool/postfix/private/auth {\nmode=0660\ngroup=postfix\n}\n}\n"),
     set()),
    ("local.conf comes last", right.copy().write("/etc/dovecot/local.conf", "disable_plaintext_auth = no\n"), {"dovecot.plaintext"}),
    ("braces that do not end", settings(dove=R(DOVE) + "service imap {\n"), {"dovecot.syntax"}),
    # the signer
    ("verifies only", conf("Mode v"), {"opendkim.mode"}),
    ("an unknown setting", conf("Bakground yes"), {"opendkim.setting"}),
    ("no key table", right.copy().remove(KT), {"opendkim.setting", "opendkim.key_table"}),
    ("an empty key table", settings(kt="# nothing\n"), {"opendkim.key_table", "opendkim.signing_table.key"}),
    ("no refile:", conf("SigningTable /etc/opendkim/SigningTable"),
     {"opendkim.signing_table.refile", "opendkim.signing_table.domain", "opendkim.signing_table.myorigin"}),
    ("a table of domains", settings(st="example.org default._domainkey.example.org\n.example.org default._domainkey.example.org\n",
                                    conf=R(CONF).replace("refile:/etc/opendkim/SigningTable", "/etc/opendkim/SigningTable")), set()),
    ("a key that is not in the table", settings(st="*@example.org mail._domainkey.example.org\n*@*.example.org default._domainkey.example.org\n"),
     {"opendkim.signing_table.key"}),
    ("a key that nobody uses", settings(kt=R(KT) + f"old example.org:old:{KEYS}/default.private\n"), {"opendkim.key_table.unused"}),
    ("a key file that is not there", settings(kt=R(KT).replace("default.private", "gone.private")), {"dkim.key.file"}),
    ("everybody reads the key", right.copy(), {"dkim.key.mode"}),
    ("root's key", right.copy(), {"dkim.key.owner"}),
    ("everybody writes in the folder", right.copy(), {"dkim.key.directory"}),
    ("no key in the file", right.copy().write(f"{KEYS}/default.private", "nothing\n", 0o600, 115), {"dkim.key.content"}),
    ("a short key", right.copy().remove(f"{KEYS}/default.private").remove(f"{KEYS}/default.txt").key(bits="1024"), {"dkim.key.bits"}),
    ("headers that are oversigned", conf("OversignHeaders From,Message-ID,MIME-Version,Content-Type").sub(
        CONF, "SignHeaders *", "#SignHeaders *"), set()),
    ("inkan's own tables beside opendkim's old ones", settings(
        conf=R(CONF).replace("/etc/opendkim/", "/etc/inkan/").replace("/etc/inkan/keys", "/etc/opendkim/keys"))
     .write("/etc/inkan/KeyTable", R(KT)).write("/etc/inkan/SigningTable", R(ST))
     .write("/etc/inkan/TrustedHosts", R("/etc/opendkim/TrustedHosts")), set()),
    ("an Include", conf("Include /etc/inkan/more.conf").write("/etc/inkan/more.conf", "Canonicalization simple/simple\n"),
     {"opendkim.canonicalization"}),
    ("hosts in ExternalIgnoreList alone", conf("InternalHosts 127.0.0.1, ::1, localhost").add(
        CONF, "ExternalIgnoreList refile:/etc/opendkim/TrustedHosts\n"), {"opendkim.internal_hosts.file"}),
    ("a domain with a key that is not signed", settings(kt=R(KT) + f"net example.net:net:{KEYS}/default.private\n"),
     {"opendkim.key_table.unused", "opendkim.signing_table.domain"}),
    ("a whole path to Dovecot within a chroot", settings(
        main=R(MAIN).replace("smtpd_sasl_path = private/auth", "smtpd_sasl_path = /var/spool/postfix/private/auth"),
        master=MORE_MASTER.replace("smtpd_sasl_path=private/auth", "smtpd_sasl_path=/var/spool/postfix/private/auth")),
     {"dovecot.auth.listener", "dovecot.auth.directory"}),
    ("the same without a chroot", settings(
        main=R(MAIN).replace("smtpd_sasl_path = private/auth", "smtpd_sasl_path = /var/spool/postfix/private/auth"),
        master=MORE_MASTER.replace("-       y  ", "-       n  ")
        .replace("smtpd_sasl_path=private/auth", "smtpd_sasl_path=/var/spool/postfix/private/auth")), set()),
    ("list of hosts", conf("InternalHosts 127.0.0.1, ::1, 192.0.2.1"), {"opendkim.internal_hosts.file"}),
    ("no check of what arrives", settings(conf=R(CONF).replace("Verify spf,dkim,dmarc", "").replace("RejectFailures yes", "")),
     {"postfix.inbound.unchecked"}),
    ("opendmarc beside it", settings(conf=R(CONF).replace("Verify spf,dkim,dmarc", "").replace("RejectFailures yes", ""),
                                     main=R(MAIN).replace("smtpd_milters = unix:opendkim/opendkim.sock",
                                                          "smtpd_milters = unix:opendkim/opendkim.sock, inet:localhost:8893", 1)), set()),
]
by_name = {name: tree for name, tree, _ in CASES}
os.chmod(by_name["everybody reads the key"].path(f"{KEYS}/default.private"), 0o644)
os.chown(by_name["root's key"].path(f"{KEYS}/default.private"), 0, 0)
os.chmod(by_name["everybody writes in the folder"].path(KEYS), 0o777)
for name, tree, want in CASES:
    t.eq(tree.bad(), want, name)
    tree.gone()

# a part of a machine, as the tutorial's text alone gives it
part = tutorial()
part.write(MASTER, "\n".join(part.read(MASTER).splitlines()[2:]) + "\n")
t.eq(part.bad(), TRAPS, "master.cf with the submission service alone")
part.remove(MASTER)
t.ok({"postfix.files", "milter.inet", "milter.default_action", "postfix.sender_login"} <= part.bad(), "no master.cf")
old = tutorial().sub("/etc/opendkim.conf", "Socket                  inet:8891@localhost", "")
t.ok("milter.signer.socket" in old.bad(), "no Socket")
old.write("/etc/default/opendkim", '# SOCKET="local:/x"\nSOCKET="inet:8891@localhost"\n')
t.eq(old.bad(), TRAPS, "the socket of /etc/default/opendkim")

# one line each; the command line
empty = Tree()
os.makedirs(empty.root)
t.ok("postfix.files" in empty.bad() and "opendkim.files" in empty.bad(), "an empty tree")
status, out, err = run("check", "--root", right.root)
t.ok(status == 0 and out.startswith(b"0 fail, 0 warn, 0 note"), "text: only what is wrong", out)
status, out, err = run("check", "--root", right.root, "--all")
t.ok(b"OK  postfix.relay.open" in out, "--all: what is well too", out)
tutorial_again = tutorial()
status, out, err = run("check", "--root", tutorial_again.root, "--fail")
t.ok(status == 1 and out.index(b"postfix.myorigin.file") < out.index(b"milter.bounces"), "--fail; causes first")
status, out, err = run("check", "--root", tutorial_again.root, "--fail", "--only", "milter.")
t.ok(status == 0 and b"postfix." not in out, "--only: warnings are no failure", out)
t.eq(run("check", "--root", path("nowhere"))[0], 66, "no such tree")
for args, wanted in ((("--only", "milter.smptd"), b"did you mean milter.smtpd?"), (("--only", "x" * 30), b"no code begins with"),
                     (("example.org",), b"--domain example.org"), (("--probe",), b"HOST")):
    status, out, err = run("check", "--root", tutorial_again.root, *args)
    t.ok(status == 64 and not out and wanted in err, f"usage: {args[0][:20]}", err)

# --changes: what is new, also beside --only
state = path("state")


def news(tree, *args):
    got = json.loads(run("check", "--root", tree.root, "--json", "--changes", "--state", state, *args)[1])
    assert got["summary"] == {s: sum(f["status"] == s for f in got["findings"]) for s in got["summary"]}, got
    return [(f["status"], f["code"]) for f in got["findings"]]


fresh = right.copy()
t.eq(news(fresh), [], "--changes: a right tree has no news")
fresh.sub(CONF, "relaxed/relaxed", "relaxed/simple").add(MAIN, "milter_protocol = 2\n")
t.eq(news(fresh, "--only", "milter."), [("note", "milter.protocol")], "what is new, of what is asked for")
t.eq(news(fresh, "--only", "milter."), [], "once")
t.eq(news(fresh), [("note", "postfix.setting.twice"), ("note", "opendkim.canonicalization")], "the rest when it is asked for")
t.eq(news(fresh, "--only", "dkim."), [], "and kept beside --only")
fresh.sub(CONF, "relaxed/simple", "relaxed/relaxed")
t.eq(news(fresh), [("ok", "opendkim.canonicalization")], "what is mended, and not the rest again")
status, out, err = run("check", "--root", fresh.root, "--changes", "--state", state, "--fail")
t.eq((status, out), (0, b""), "text: silent when nothing is new")
status, out, err = run("check", "--root", tutorial_again.root, "--lang", "ja")
t.ok("かなめ" not in out.decode() and "なぜ" in out.decode(), "Japanese", out.decode())
# who is not root sees less, and says so
guest = right.copy()
os.chmod(guest.path(KEYS), 0o700)
got = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", INKAN, "check", "--root", guest.root, "--json",
                      "--only", "dkim.key"], stdout=subprocess.PIPE, check=True).stdout
t.eq({(f["code"], f["status"]) for f in json.loads(got)["findings"]}, {("dkim.key.file", "skip")}, "a key that we may not see")
# links lead within the tree
link = right.copy().remove(CONF)
os.symlink("/etc/elsewhere.conf", link.path(CONF))
link.write("/etc/elsewhere.conf", R(CONF))
t.eq(link.bad(), set(), "a link with a whole path")
t.done()
