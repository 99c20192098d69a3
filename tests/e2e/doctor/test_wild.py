# timeout: 300
"""check on mail hosts of other shapes than the tutorial's: nothing is said of right
ones, and of each that one thing was changed in, that thing and nothing else."""
import os

import tap
import wild
from tree import Tree
from wild import DKIM, MAIN, MASTER

t = tap.Tap()
os.environ["ASAN_OPTIONS"] = "detect_leaks=0"  # a fifth of the time; test_tree and test_zone look for leaks
MAINCF, MASTERCF, CONF = "/etc/postfix/main.cf", "/etc/postfix/master.cf", "/etc/opendkim.conf"
KT, ST, TH, DOVE = "/etc/opendkim/key.table", "/etc/opendkim/signing.table", "/etc/opendkim/trusted.hosts", "/etc/dovecot/conf.d"
NOTES = {"host": set(), "rspamd": set(), "inet": {"milter.inet"}}  # what is said of a right one all the same
bases = {}
for shape in wild.SHAPES:
    bases[shape.__name__] = shape()
    got = {f["code"]: f for f in bases[shape.__name__].check() if f["status"] in ("note", "warn", "fail")}
    t.eq(set(got), NOTES.get(shape.__name__, set()), f"right: {shape.__doc__.splitlines()[0]}")
skipped = {f["code"] for f in bases["rspamd"].check() if f["status"] == "skip"}
t.ok("opendkim.files" in skipped, "rspamd: that its files are not read is said", skipped)


def change(file, old, new, base="host"):
    return lambda: bases[base].copy().sub(file, old, new)


def more(file, text, base="host"):
    return lambda: bases[base].copy().add(file, text)


def folder(mode, uid, gid):
    def make():
        x = bases["host"].copy()
        os.chmod(x.path("/var/spool/postfix/opendkim"), mode)
        os.chown(x.path("/var/spool/postfix/opendkim"), uid, gid)
        return x
    return make


def no_folder():
    x = bases["host"].copy()
    os.rmdir(x.path("/var/spool/postfix/opendkim"))
    return x


def opendmarc_first():
    x = bases["host"].copy().write("/etc/opendmarc.conf", "AuthservID mail.example.org\nSocket local:/var/spool/postfix/opendmarc/opendmarc.sock\n")
    assert x.bad() == set()
    return x.sub(MAINCF, "local:opendkim/opendkim.sock, local:opendmarc/opendmarc.sock", "local:opendmarc/opendmarc.sock, local:opendkim/opendkim.sock")


def crlf(*files):
    x = bases["host"].copy()
    for file in files:
        x.write(file, x.read(file).replace("\n", "\r\n"))
    return x


def two_signatures():
    """A provider's second signature beside an aligned one."""
    return bases["host"].copy().add(KT, f"other example.net:other:{DKIM}/default.private\n").add(
        ST, "*@example.org other\n*@*.example.org other\n").add(CONF, "MultipleSignatures yes\n")


SOCK, LINE = "smtpd_milters = local:opendkim/opendkim.sock, local:opendmarc/opendmarc.sock", "-o smtpd_relay_restrictions=permit_sasl_authenticated,reject\n"
CASES = [
    # the socket
    ("the folder is not there", no_folder, {"milter.socket.directory"}),
    ("the folder is root's", folder(0o755, 0, 0), {"milter.socket.directory"}),
    ("the folder is closed to Postfix", folder(0o700, 115, 121), {"milter.socket.directory"}),
    ("the folder is opendkim's, Postfix in its group", folder(0o750, 115, 121), set()),
    ("the setgid bit", folder(0o2750, 115, 113), set()),
    ("the socket in /run", change(CONF, "local:/var/spool/postfix/opendkim/", "local:/run/opendkim/"), {"milter.socket.chroot"}),
    ("another name of it", change(MAINCF, "local:opendkim/opendkim.sock", "local:opendkim/dkim.sock"), {"milter.socket"}),
    ("slashes and /var/run", change(CONF, "/var/spool/postfix/opendkim/opendkim.sock", "/var/spool//postfix/opendkim//opendkim.sock"), set()),
    ("the whole path in a chroot", change(MAINCF, "local:opendkim/", "unix:/var/spool/postfix/opendkim/"), {"milter.socket"}),
    ("TCP on another port", change(MAINCF, "inet:127.0.0.1:8891", "inet:127.0.0.1:12301", "inet"), {"milter.inet", "milter.socket"}),
    ("TCP by name and by address", change(MAINCF, "inet:127.0.0.1:8891", "inet:localhost:8891", "inet"), {"milter.inet"}),
    ("no UMask", change(CONF, "UMask			007", "UMask 077"), {"milter.socket.permission"}),
    ("Postfix not in the group", lambda: bases["host"].copy().sub("/etc/group", "opendkim:x:121:postfix", "opendkim:x:121:"),
     {"milter.socket.permission"}),
    ("a unit that says the same", lambda: bases["host"].copy().write("/etc/systemd/system/opendkim.service.d/override.conf",
     "[Service]\nExecStart=\nExecStart=/usr/sbin/opendkim -p local:/var/spool/postfix/opendkim/opendkim.sock\n"), set()),
    ("a unit that says otherwise", lambda: bases["host"].copy().write("/etc/systemd/system/opendkim.service.d/override.conf",
     "[Service]\nExecStart=\nExecStart=/usr/sbin/opendkim -p local:/run/opendkim/opendkim.sock -P /run/x.pid\n"), {"milter.signer.socket.unit"}),
    # addresses: what a real Postfix 3.7 says of each
    ("PORT@HOST", change(MAINCF, "inet:127.0.0.1:8891", "inet:8891@127.0.0.1", "inet"), {"milter.inet", "milter.address", "milter.socket"}),
    ("inet6:", change(MAINCF, "inet:127.0.0.1:8891", "inet6:localhost:8891", "inet"), {"milter.inet", "milter.address", "milter.socket"}),
    ("tcp:, of one that does not sign", change(MAINCF, "inet:127.0.0.1:8893", "tcp:127.0.0.1:8893", "inet"), {"milter.inet", "milter.address"}),
    ("HOST:PORT", change(MAINCF, "inet:127.0.0.1:8891", "localhost:8891", "inet"), {"milter.inet", "milter.address", "milter.socket"}),
    ("a path alone", change(MAINCF, "local:opendmarc", "/opendmarc"), {"milter.address"}),
    ("a port alone", change(MAINCF, "inet:127.0.0.1:8891", "inet:8891", "inet"), {"milter.inet"}),
    ("brackets", change(MAINCF, "inet:127.0.0.1:8891", "inet:[127.0.0.1]:8891", "inet"), {"milter.inet"}),
    ("settings in braces", change(MAINCF, "inet:127.0.0.1:8893", "{ inet:127.0.0.1:8893, default_action=accept, connect_timeout=5s }", "inet"), {"milter.inet"}),
    # milters
    ("opendmarc in front of opendkim", opendmarc_first, {"milter.order"}),
    ("no milter", change(MAINCF, SOCK, "smtpd_milter = local:opendkim/opendkim.sock"), {"milter.smtpd", "milter.non_smtpd", "postfix.inbound.unchecked"}),
    ("opendmarc only", change(MAINCF, SOCK, "smtpd_milters = local:opendmarc/opendmarc.sock"), {"milter.socket", "postfix.inbound.unchecked"}),
    ("the milter in a comment", change(MAINCF, SOCK, "#" + SOCK), {"milter.smtpd", "milter.non_smtpd", "postfix.inbound.unchecked"}),
    ("a comment behind a value", change(MAINCF, "milter_default_action = tempfail", "milter_default_action = tempfail # safe"), set()),
    ("lines and comments between", change(MAINCF, SOCK, "smtpd_milters =\n# the signer\n local:opendkim/opendkim.sock,\n\n # DMARC\n\tlocal:opendmarc/opendmarc.sock"), set()),
    ("no non_smtpd_milters", change(MAINCF, "non_smtpd_milters = $smtpd_milters\n", ""), {"milter.non_smtpd"}),
    ("non_smtpd_milters elsewhere", change(MAINCF, "non_smtpd_milters = $smtpd_milters", "non_smtpd_milters = inet:localhost:8891"), {"milter.socket"}),
    ("accept", change(MAINCF, "milter_default_action = tempfail", "milter_default_action = accept"), {"milter.default_action"}),
    ("accept for smtps", change(MASTERCF, "-o smtpd_tls_wrappermode=yes\n", "-o smtpd_tls_wrappermode=yes\n  -o milter_default_action=accept\n"), {"milter.default_action"}),
    ("-o smtpd_milters= for submission", change(MASTERCF, LINE, LINE + "  -o smtpd_milters=\n"), {"milter.smtpd.override"}),
    ("another milter for submission", change(MASTERCF, LINE, LINE + "  -o smtpd_milters=inet:localhost:10025\n"), {"milter.smtpd.override"}),
    ("no_milters", change(MASTERCF, LINE, LINE + "  -o receive_override_options=no_address_mappings,no_milters\n"), {"milter.smtpd.override"}),
    ("a commented override", change(MASTERCF, LINE, LINE + "#  -o smtpd_milters=\n"), set()),
    ("milters for submission only", lambda: bases["host"].copy().sub(MAINCF, SOCK, "").sub(MASTERCF, LINE, LINE + "  -o smtpd_milters=local:opendkim/opendkim.sock\n").sub(
        MASTERCF, "-o smtpd_tls_wrappermode=yes\n", "-o smtpd_tls_wrappermode=yes\n  -o smtpd_milters=local:opendkim/opendkim.sock\n"),
     {"milter.non_smtpd", "postfix.inbound.unchecked"}),
    ("signed before and behind the filter", change(MASTERCF, "no_header_body_checks,no_milters", "no_header_body_checks", "amavis"), {"milter.twice"}),
    ("behind the filter nobody signs", change(MASTERCF, "no_header_body_checks\n", "no_header_body_checks,no_milters\n", "after_filter"), {"milter.smtpd.override"}),
    # Postfix
    ("an open relay: permit in front", change(MAINCF, "smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated defer_unauth_destination",
                                              "smtpd_relay_restrictions = permit, reject_unauth_destination"), {"postfix.relay.open"}),
    ("an open relay behind postscreen", change(MAINCF, "smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated defer_unauth_destination",
                                               "smtpd_relay_restrictions =", "postscreen"), {"postfix.relay.open"}),
    ("no STARTTLS behind postscreen", change(MAINCF, "smtpd_tls_security_level=may", "smtpd_tls_security_level=none", "postscreen"), {"postfix.tls.in"}),
    ("relaying ends in the other list", lambda: bases["host"].copy().sub(MAINCF, "smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated defer_unauth_destination",
     "smtpd_relay_restrictions =\nsmtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination"), set()),
    ("known senders only", change(MASTERCF, "reject_authenticated_sender_login_mismatch", "reject_known_sender_login_mismatch"), set()),
    ("no sender maps", change(MAINCF, "smtpd_sender_login_maps = regexp:/etc/postfix/sender_login.regexp\n", ""), {"postfix.sender_login"}),
    ("a map that was not made", more(MAINCF, "transport_maps = hash:/etc/postfix/transport\n"), {"postfix.map.database"}),
    ("no aliases.db", lambda: bases["host"].copy().remove("/etc/aliases.db"), {"postfix.map.database"}),
    ("mailname of the provider", lambda: bases["host"].copy().write("/etc/mailname", "vm-1-2-3.example.com\n"), {"opendkim.signing_table.myorigin"}),
    ("no mailname", lambda: bases["host"].copy().remove("/etc/mailname"), {"postfix.myorigin.file"}),
    ("myorigin as Postfix has it", change(MAINCF, "myorigin = /etc/mailname\n", ""), set()),
    ("passwords in the clear", lambda: bases["host"].copy().sub(MAINCF, "smtpd_tls_auth_only = yes", "smtpd_tls_auth_only = no").sub(
        MASTERCF, "smtpd_tls_security_level=encrypt", "smtpd_tls_security_level=may"), {"postfix.submission.tls"}),
    ("a host without a name", lambda: bases["host"].copy().sub(MAINCF, "myhostname = mail.example.org\nmydomain = example.org\n", "").write("/etc/hostname", "vm\n"),
     {"host.name"}),
    ("opendkim as Debian leaves it", lambda: bases["host"].copy().sub(CONF, "KeyTable           refile:/etc/opendkim/key.table\n", "").sub(
        CONF, "SigningTable       refile:/etc/opendkim/signing.table\n", ""),
     {"opendkim.setting", "opendkim.key_table", "opendkim.signing_table"}),
    # opendkim
    ("signs only", change(CONF, "Mode			sv", "Mode s"), set()),
    ("verifies only", change(CONF, "Mode			sv", "Mode v"), {"opendkim.mode"}),
    ("SigningTable without refile:", change(CONF, "SigningTable       refile:", "SigningTable       "),
     {"opendkim.signing_table.refile", "opendkim.signing_table.domain", "opendkim.signing_table.myorigin"}),
    ("SigningTable with file:", change(CONF, "SigningTable       refile:", "SigningTable       file:"),
     {"opendkim.signing_table.refile", "opendkim.signing_table.domain", "opendkim.signing_table.myorigin"}),
    ("KeyTable without refile:", change(CONF, "KeyTable           refile:", "KeyTable "), set()),
    ("no subdomains", change(ST, "*@*.example.org    default._domainkey.example.org\n", ""), {"opendkim.signing_table.subdomains"}),
    ("the domain alone, without *@", change(ST, "*@example.org     default", "example.org     default"),
     {"opendkim.signing_table.domain", "opendkim.signing_table.myorigin"}),
    ("the key's name mistyped", change(ST, "*@example.org     default._domainkey", "*@example.org     default.domainkey"), {"opendkim.signing_table.key"}),
    ("a key of another organization", change(KT, "example.org:default:", "example.com:default:"),
     {"opendkim.signing_table.alignment"}),
    ("a second signature of another", two_signatures, set()),
    ("a KeyTable line of two parts", change(KT, "example.org:default:", "default:"), {"opendkim.key_table.line"}),
    ("a key that is not there", change(KT, "default.private", "mail.private"), {"dkim.key.file"}),
    ("no InternalHosts", change(CONF, "InternalHosts       /etc/opendkim/trusted.hosts\n", ""), {"opendkim.internal_hosts.file"}),
    ("the world is internal", more(TH, "0.0.0.0/0\n"), {"opendkim.internal_hosts.world"}),
    ("the world in two halves", change(CONF, "InternalHosts       /etc/opendkim/trusted.hosts", "InternalHosts 0.0.0.0/1, 128.0.0.0/1, ::1, localhost"),
     {"opendkim.internal_hosts.world", "opendkim.internal_hosts.file"}),
    ("a wildcard host and a network with host bits", lambda: bases["host"].copy().sub(CONF, "InternalHosts       /etc", "InternalHosts refile:/etc").add(
        TH, "192.168.0.1/24\n*.example.org\n"), set()),
    ("a docker network that is not signed", change(MAINCF, "[::1]/128", "[::1]/128 172.17.0.0/16"), {"opendkim.internal_hosts.networks"}),
    ("a trust anchor that is not there", change(CONF, "/usr/share/dns/root.key", "/var/lib/unbound/root.key"), {"opendkim.trust_anchor"}),
    ("no name servers", change(CONF, "Nameservers", "#Nameservers"), {"opendkim.nameservers"}),
    ("a setting mistyped", change(CONF, "OversignHeaders", "OverSignHeader"), {"opendkim.setting"}),
    ("one domain, another one's Domain", change(CONF, "Domain example.org", "Domain example.com", "single"),
     {"opendkim.signing_table.domain", "opendkim.signing_table.myorigin"}),
    ("one domain, no key", change(CONF, "default.private", "mail.private", "single"), {"dkim.key.file"}),
    # right all the same
    ("lines that end in CR", lambda: crlf(MAINCF, MASTERCF, CONF, KT, ST, TH, f"{DOVE}/10-master.conf"), set()),
    ("port 25 on the machine itself without milters", more(MASTERCF, "localhost:smtp inet n - n - - smtpd\n  -o smtpd_milters=\n  -o smtpd_tls_security_level=none\n"), set()),
    ("options in one line, restrictions by name", lambda: bases["host"].copy().add(MAINCF, "mua_senders = reject_sender_login_mismatch\n").write(
        MASTERCF, "smtp inet n - y - - smtpd\nsubmission inet n - y - - smtpd -o smtpd_sasl_auth_enable=yes -o smtpd_tls_security_level=encrypt"
        " -osmtpd_sender_restrictions=$mua_senders\n"), set()),
    ("every sender by one line", lambda: bases["host"].copy().write(KT, f"k %:default:{DKIM}/default.private\n").write(ST, "*@* k\n"), set()),
    ("no tables but lists", change(CONF, "refile:/etc/opendkim/signing.table",
                                   "csl:example.org=default._domainkey.example.org,.example.org=default._domainkey.example.org"), set()),
    ("maps by a name of their kind", change(MAINCF, "alias_maps = hash:/etc/aliases", "alias_maps = $default_database_type:/etc/aliases"), set()),
    ("a socket path in Postfix's words", change(MAINCF, "smtpd_sasl_path = private/auth", "smtpd_sasl_path = unix:private/auth"), set()),
    ("slashes twice in Dovecot's", change(f"{DOVE}/10-master.conf", "/var/spool/postfix/private/auth", "/var/spool//postfix/private//auth"), set()),
    ("the folder in Dovecot's words", change(f"{DOVE}/10-mail.conf", "maildir:~/Maildir", "maildir:/home/%u/Maildir/:LAYOUT=fs"), set()),
    ("smtpd_use_tls", change(MAINCF, "smtpd_tls_security_level=may", "smtpd_use_tls = yes"), set()),
    ("Postfix's group is the socket's", lambda: bases["host"].copy().sub(CONF, "UserID			opendkim", "UserID opendkim:postfix").sub(
        "/etc/group", "opendkim:x:121:postfix", "opendkim:x:121:"), set()),
    # Dovecot
    ("2.4: cleartext", change(f"{DOVE}/10-auth.conf", "auth_allow_cleartext = no", "auth_allow_cleartext = yes", "dovecot24"), {"dovecot.plaintext"}),
    ("2.4: another folder", change(f"{DOVE}/10-mail.conf", "mail_path = ~/Maildir", "mail_path = ~/mail", "dovecot24"), {"dovecot.mail_location"}),
    ("2.4: mbox", change(f"{DOVE}/10-mail.conf", "mail_driver = maildir", "mail_driver = mbox", "dovecot24"), {"dovecot.mail_location"}),
    ("2.3: mbox", change(f"{DOVE}/10-mail.conf", "maildir:~/Maildir", "mbox:~/mail:INBOX=/var/mail/%u"), {"dovecot.mail_location"}),
    ("the listener in a comment", change(f"{DOVE}/10-master.conf", "  unix_listener /var/spool/postfix/private/auth {\n    mode = 0666\n    user = postfix\n    group = postfix\n  }",
                                         "  #unix_listener /var/spool/postfix/private/auth {\n  #  mode = 0666\n  #}"), {"dovecot.auth.listener"}),
    ("the listener is Dovecot's own", change(f"{DOVE}/10-master.conf", "mode = 0666\n    user = postfix\n    group = postfix", "mode = 0600\n    user = dovecot"),
     {"dovecot.auth.mode"}),
]
for name, make, want in CASES:
    tree = make()
    t.eq(tree.bad(), want, name)
    tree.gone()
other = bases["host"].copy().add(MAINCF, "multi_instance_enable = yes\nmulti_instance_directories = /etc/postfix-out /etc/postfix-in\n")
skips = [f["subject"] for f in other.check("--only", "postfix.files") if f["status"] == "skip"]
t.eq(skips, ["/etc/postfix-out", "/etc/postfix-in"], "other instances of Postfix are not looked at, and that is said")
t.done()
