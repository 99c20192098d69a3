# timeout: 300
"""check: every code of codes.def is shown on something broken, its cure is applied,
and the finding is ok then.  What needs servers is shown by the scripts named below;
that each of these speaks of its codes is looked at too."""
import os
import re
import stat
import subprocess

import tap
import wild
import zones
from tool import INKAN, path, run
from wild import CERT, DKIM
from zones import NAME, RIGHT, value_of

t = tap.Tap()
os.environ["ASAN_OPTIONS"] = "detect_leaks=0"  # a fifth of the time; test_tree and test_zone look for leaks
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
with open(os.path.join(ROOT, "src/doctor/codes.def"), encoding="utf-8") as f:
    CODES = re.findall(r'(?m)^CODE\(\w+, "([^"]+)"', f.read())
ELSEWHERE = {
    "test_live.py": ("dovecot.auth.socket", "milter.live", "milter.live.signs", "milter.live.signature", "dns.server", "dns.propagation"),
    "test_ports.py": ("smtp.greeting", "tls.starttls.missing", "tls.handshake", "tls.protocol.old", "tls.cert.chain", "tls.cert.name",
                      "tls.cert.expired", "submission.auth-before-tls", "submission.auth.missing"),
    "test_policies.py": ("port25.out.timeout", "port25.out.refused", "port25.out.greeting", "port25.out.starttls", "policy.mta_sts.file.alone",
                         "policy.mta_sts.fetch", "policy.mta_sts.file", "policy.mta_sts.id", "policy.mta_sts.mode", "policy.mta_sts.max_age",
                         "policy.mta_sts.mx", "policy.mta_sts.certificate", "dane.bogus", "dane.dnssec", "dane.record", "dane.mismatch"),
    "../rotate/test_rotate.py": ("dkim.key.bits", "dkim.record.bits"),
}
NEVER_BAD = {"dns.resolver", "dmarc.walk", "relay.from-outside"}  # skipped or ok, by what they are
MAINCF, MASTERCF, CONF = "/etc/postfix/main.cf", "/etc/postfix/master.cf", "/etc/opendkim.conf"
KT, ST, TH, DOVE = "/etc/opendkim/key.table", "/etc/opendkim/signing.table", "/etc/opendkim/trusted.hosts", "/etc/dovecot/conf.d"
SOCK = "smtpd_milters = local:opendkim/opendkim.sock, local:opendmarc/opendmarc.sock"
RELAY = "smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated defer_unauth_destination"

# what cannot be had here: packages and certificates
TOOLS = path("tools")
os.makedirs(TOOLS)
SHIMS = {
    "apt": 'mkdir -p /etc/dovecot /usr/share/dns; case "$*" in *dovecot*) echo "protocols = imap" > /etc/dovecot/dovecot.conf;; *dns-root*) echo ". IN DS 20326 8 2 00" > /usr/share/dns/root.key;; esac',
    "certbot": 'name=; while [ $# -gt 0 ]; do [ "$1" != -d ] || name=$2; shift; done\n'
               'for d in ${name:-$(ls /etc/letsencrypt/live)}; do mkdir -p /etc/letsencrypt/live/$d; cd /etc/letsencrypt/live/$d\n'
               f'cp {TOOLS}/privkey.pem {TOOLS}/fullchain.pem .; done',
    "systemctl": "true", "inkan": f'exec {os.path.abspath(INKAN)} "$@"',
}
for name, script in SHIMS.items():
    with open(os.path.join(TOOLS, name), "w", encoding="ascii") as f:
        f.write(f"#!/bin/sh\n{script}\n")
    os.chmod(os.path.join(TOOLS, name), 0o755)


def make_key(to):
    subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", to], check=True, stderr=subprocess.DEVNULL)


def certificate(folder, days, name="mail.example.org"):
    os.makedirs(folder, exist_ok=True)
    make_key(f"{folder}/privkey.pem")
    subprocess.run(["openssl", "req", "-x509", "-key", f"{folder}/privkey.pem", "-days", str(days), "-subj", "/CN=x", "-addext",
                    f"subjectAltName=DNS:{name}", "-out", f"{folder}/fullchain.pem"], check=True, stderr=subprocess.DEVNULL)


certificate(TOOLS, 90)
base = wild.host()
certificate(base.path(CERT), 90)
t.eq(base.bad(), set(), "the tree that is broken in the following has nothing wrong")


def sub(file, old, new):
    return lambda x: x.sub(file, old, new)


def add(file, text):
    return lambda x: x.add(file, text)


def put(file, text):
    return lambda x: x.write(file, text)


def gone(*files):
    def remove(x):
        for file in files:
            x.remove(file)
    return remove


def mode(file, bits, uid=None):
    def chmod(x):
        os.chmod(x.path(file), bits)
        if uid is not None:
            os.chown(x.path(file), uid, uid)
    return chmod


def both(*changes):
    def apply(x):
        for c in changes:
            c(x)
    return apply


def by_hand(*files):
    """What a person does who is told: the files as they were."""
    def restore(x):
        for file in files:
            st = os.stat(base.path(file))
            with open(base.path(file), encoding="utf-8") as f:
                x.write(file, f.read(), stat.S_IMODE(st.st_mode), st.st_uid)
    return restore


SUBMISSION = MASTERCF, "-o smtpd_relay_restrictions=permit_sasl_authenticated,reject\n"
FILES = {  # code: what breaks the tree, and how the cure is applied when it is no command
    "postfix.files": (gone(MASTERCF),),
    "postfix.syntax": (add(MAINCF, "this is nothing\n"),),
    "postfix.setting.twice": (add(MAINCF, "biff = no\n"),),
    "postfix.compatibility_level": (put("/etc/os-release", 'VERSION_ID="20.04"\n'),),
    "postfix.myorigin.file": (gone("/etc/mailname"),),
    "postfix.map.database": (gone("/etc/aliases.db"),),
    "postfix.relay.open": (sub(MAINCF, RELAY, "smtpd_relay_restrictions = permit_mynetworks"),),
    "postfix.mynetworks": (sub(MAINCF, "127.0.0.0/8 [::ffff", "0.0.0.0/0 [::ffff"),),
    "postfix.tls.cipherlist": (add(MAINCF, "tls_high_cipherlist = @SECLEVEL=2\n"),),
    "postfix.tls.certificate": (gone(f"{CERT}/fullchain.pem"),),
    "tls.certificate": (put(f"{CERT}/fullchain.pem", "nothing\n"), by_hand(f"{CERT}/fullchain.pem")),
    "tls.certificate.key": (lambda x: make_key(x.path(f"{CERT}/privkey.pem")),),
    "tls.certificate.expiry": (lambda x: certificate(x.path(CERT), 3),),
    "tls.certificate.name": (lambda x: certificate(x.path(CERT), 90, "www.example.org"),),
    "postfix.tls.in": (sub(MAINCF, "smtpd_tls_security_level=may", "smtpd_tls_security_level=none"),),
    "postfix.tls.out": (sub(MAINCF, "smtp_tls_security_level=may", "smtp_tls_security_level=none"),),
    "postfix.submission.service": (put(MASTERCF, "smtp inet n - y - - smtpd\n"),),
    "postfix.submission.tls": (both(sub(MAINCF, "smtpd_tls_auth_only = yes", "smtpd_tls_auth_only = no"),
                                    sub(MASTERCF, "smtpd_tls_security_level=encrypt", "smtpd_tls_security_level=may")),),
    "postfix.sasl.port25": (add(MAINCF, "smtpd_sasl_auth_enable = yes\n"),),
    "dovecot.files": (lambda x: subprocess.run(["find", x.path("/etc/dovecot"), "-type", "f", "-delete"], check=True),),
    "dovecot.syntax": (add(f"{DOVE}/10-auth.conf", "service imap {\n"), by_hand(f"{DOVE}/10-auth.conf")),
    "dovecot.auth.directory": (lambda x: os.rmdir(x.path("/var/spool/postfix/private")),),
    "dovecot.auth.listener": (put(f"{DOVE}/10-master.conf", "service auth {\n}\n"),),
    "dovecot.auth.mode": (sub(f"{DOVE}/10-master.conf", "mode = 0666\n    user = postfix\n    group = postfix", "mode = 0600"),),
    "dovecot.plaintext": (sub(f"{DOVE}/10-auth.conf", "disable_plaintext_auth = yes", "disable_plaintext_auth = no"),),
    "dovecot.mail_location": (sub(f"{DOVE}/10-mail.conf", "maildir:~/Maildir", "mbox:~/mail"),),
    "postfix.sender_login": (sub(MAINCF, "smtpd_sender_login_maps = regexp:/etc/postfix/sender_login.regexp\n", ""),),
    "postfix.message_size_limit": (sub(MAINCF, "message_size_limit = 52428800\n", ""),),
    "opendkim.files": (gone(CONF), by_hand(CONF)),  # setup --apply is shown in ../setup
    "opendkim.setting": (add(CONF, "Bakground yes\n"), "export EDITOR='sed -i /Bakground/d';"),
    "opendkim.trust_anchor": (gone("/usr/share/dns/root.key"),),
    "opendkim.mode": (sub(CONF, "Mode			sv", "Mode v"),),
    "opendkim.key_table": (put(KT, "# nothing\n"), by_hand(KT)),
    "opendkim.signing_table": (put(ST, "# nothing\n"), by_hand(ST)),
    "opendkim.signing_table.refile": (sub(CONF, "SigningTable       refile:", "SigningTable  "),),
    "opendkim.signing_table.key": (sub(ST, "*@example.org     default._domainkey", "*@example.org  mail._domainkey"),),
    "opendkim.signing_table.alignment": (sub(KT, "example.org:default:", "example.com:default:"), by_hand(KT)),
    "opendkim.key_table.unused": (add(KT, f"old example.org:old:{DKIM}/default.private\n"),),
    "opendkim.key_table.line": (add(KT, "old example.org:old\n"), "export EDITOR='sed -i /old/d';"),
    "dkim.key.file": (gone(f"{DKIM}/default.private", f"{DKIM}/default.txt"),),
    "dkim.key.content": (both(put(f"{DKIM}/default.private", "nothing\n"), gone(f"{DKIM}/default.txt"), mode(f"{DKIM}/default.private", 0o600, 115)),),
    "dkim.key.mode": (mode(f"{DKIM}/default.private", 0o644),),
    "dkim.key.owner": (mode(f"{DKIM}/default.private", 0o600, 0),),
    "dkim.key.directory": (mode(DKIM, 0o777),),
    "opendkim.selector.unused": (add(CONF, "Selector mail\n"),),
    "opendkim.signing_table.domain": (sub(ST, "*@example.org     default", "*@example.net     default"),),
    "opendkim.signing_table.myorigin": (put("/etc/mailname", "vm-1.example.com\n"),),
    "opendkim.signing_table.subdomains": (sub(ST, "*@*.example.org    default._domainkey.example.org\n", ""),),
    "opendkim.internal_hosts.file": (sub(CONF, "InternalHosts       /etc/opendkim/trusted.hosts\n", ""),),
    "opendkim.internal_hosts.networks": (sub(MAINCF, "[::1]/128", "[::1]/128 198.51.100.0/24"),),
    "opendkim.internal_hosts.world": (add(TH, "0.0.0.0/0\n"),),
    "opendkim.sign_headers": (sub(CONF, "SignHeaders		*,+Message-ID,+MIME-Version,+Content-Type\n", ""),),
    "opendkim.canonicalization": (sub(CONF, "relaxed/relaxed", "relaxed/simple"),),
    "opendkim.nameservers": (sub(CONF, "Nameservers", "#Nameservers"),),
    "milter.signer.socket": (sub(CONF, "Socket    local", "#Socket local"),),
    "milter.signer.socket.unit": (put("/etc/systemd/system/opendkim.service.d/override.conf", "[Service]\nExecStart=\n"
                                      "ExecStart=/usr/sbin/opendkim -P /run/opendkim/opendkim.pid -p inet:8891@localhost\n"),),
    "milter.address": (sub(MAINCF, SOCK, "smtpd_milters = inet:8891@localhost, { local:opendmarc/opendmarc.sock, default_action = accept }"),),
    "milter.smtpd": (sub(MAINCF, SOCK, "smtpd_milters ="),),
    "milter.smtpd.override": (sub(*SUBMISSION, SUBMISSION[1] + "  -o smtpd_milters=\n"),),
    "milter.twice": (both(add(MAINCF, "content_filter = smtp-amavis:[127.0.0.1]:10024\n"),
                          add(MASTERCF, "127.0.0.1:10025 inet n - y - - smtpd\n  -o receive_override_options=no_address_mappings\n")),),
    "milter.socket.chroot": (sub(CONF, "local:/var/spool/postfix/opendkim/", "local:/run/opendkim/"),),
    "milter.socket": (sub(MAINCF, "local:opendkim/opendkim.sock", "local:opendkim/dkim.sock"),),
    "milter.socket.directory": (mode("/var/spool/postfix/opendkim", 0o755, 0),),
    "milter.socket.permission": (sub("/etc/group", "opendkim:x:121:postfix", "opendkim:x:121:"), 'adduser() { sed -i "s/^$2:.*/&$1/" /etc/group; };'),
    "milter.inet": (both(sub(CONF, "local:/var/spool/postfix/opendkim/opendkim.sock", "inet:8891@localhost"),
                         sub(MAINCF, "local:opendkim/opendkim.sock", "inet:localhost:8891")),),
    "milter.order": (both(put("/etc/opendmarc.conf", "Socket local:/var/spool/postfix/opendmarc/opendmarc.sock\n"),
                          sub(MAINCF, SOCK, "smtpd_milters = local:opendmarc/opendmarc.sock, local:opendkim/opendkim.sock")),),
    "milter.non_smtpd": (sub(MAINCF, "non_smtpd_milters = $smtpd_milters\n", ""),),
    "milter.default_action": (sub(MAINCF, "milter_default_action = tempfail", "milter_default_action = accept"),),
    "milter.bounces": (sub(MAINCF, "internal_mail_filter_classes = bounce\n", ""),),
    "milter.protocol": (sub(MAINCF, "milter_protocol = 6", "milter_protocol = 2"),),
    "postfix.inbound.unchecked": (sub(MAINCF, SOCK, "smtpd_milters = local:opendkim/opendkim.sock"),),
    "host.ipv6": (sub(MAINCF, "inet_protocols = all", "inet_protocols = ipv4"),),
    "host.name": (sub(MAINCF, "myhostname = mail.example.org", "myhostname = mail"),),
}
KEY = value_of(base, folder=DKIM)
OTHER = value_of(wild.Tree().key("other", folder=DKIM), "other", DKIM)
ORG = RIGHT["example.org"]


def spf(record):
    return {"example.org": [ORG[0], record, ORG[2]]}


def dmarc(record):
    return {"_dmarc.example.org": record}


RECORDS = {  # code: what is wrong in the zone, and what the person does who is told; without: publishes what is named
    "host.address": ({"mail.example.org": "v=spf1 a -all"}, {}),
    "host.ptr": ({"1.2.0.192.in-addr.arpa": None, "9.2.0.192.in-addr.arpa": "PTR x.example."}, {}),
    "host.ptr.name": ({"1.2.0.192.in-addr.arpa": "PTR vm.example.net.", "vm.example.net": "A 192.0.2.1"}, {}),
    "mx.record": ({"example.org": ORG[1:]},),
    "mx.host": ({"mail.example.org": "CNAME x.example.net.", "x.example.net": "A 192.0.2.1"}, {}),
    "spf.record": ({"example.org": ORG[::2]},),
    "spf.record.place": ({"example.org": ORG[::2], "_spf.example.org": ORG[1]},),
    "spf.record.several": ({"example.org": ORG + ["v=spf1 mx -all"]},),
    "spf.record.syntax": (spf("v=spf1 ipv4:192.0.2.1 -all"),),
    "spf.tree": (spf("v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 include:nowhere.example.net ~all"), {}),
    "spf.lookups": (spf("v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 " + "a:mail.example.org " * 9 + "~all"), {}),
    "spf.ptr": (spf("v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 ptr ~all"), {}),
    "spf.all": (spf("v=spf1 +all"),),
    "spf.after_all": (spf("v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 ~all mx"), {}),
    "spf.all.hard": (spf("v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 -all"), {}),
    "spf.host": (spf("v=spf1 ip4:192.0.2.1 ~all"),),
    "spf.helo": ({"mail.example.org": ["A 192.0.2.1", "AAAA 2001:db8::1"]},),
    "dkim.record.doubled": ({NAME: None, NAME + ".example.org": KEY},),
    "dkim.record.place": ({NAME: None, "default.domainkey.example.org": KEY},),
    "dkim.record.missing": ({NAME: None},),
    "dkim.record.several": ({NAME: [KEY, OTHER]},),
    "dkim.record.syntax": ({NAME: KEY.replace(";", "\\;")},),
    "dkim.record.revoked": ({NAME: "v=DKIM1; k=rsa; p="},),
    "dkim.record.mismatch": ({NAME: OTHER},),
    "dkim.record.text": ({NAME: KEY.replace("h=sha256; ", "")},),
    "dkim.record.testing": ({NAME: KEY.replace("v=DKIM1;", "v=DKIM1; t=y;")},),
    "dkim.record.tags": ({NAME: KEY.replace("h=sha256", "h=sha1")},),
    "dmarc.record": ({"_dmarc.example.org": None},),
    "dmarc.record.place": ({"_dmarc.example.org": None, "example.org": ORG + ["v=DMARC1; p=none"]}, {}),
    "dmarc.record.several": (dmarc(["v=DMARC1; p=none", "v=DMARC1; p=reject"]), {}),
    "dmarc.record.tag": (dmarc("v=DMARC1; p=reject; pct=50; rua=mailto:dmarc@example.org"),),
    "dmarc.record.order": (dmarc("v=DMARC1; rua=mailto:dmarc@example.org; p=reject"), {}),
    "dmarc.policy": (dmarc("v=DMARC1; p=none; rua=mailto:dmarc@example.org"), {}),
    "dmarc.rua": (dmarc("v=DMARC1; p=reject"),),
    "dmarc.rua.uri": (dmarc("v=DMARC1; p=reject; rua=https://example.org/dmarc"), {}),
    "dmarc.rua.person": (dmarc("v=DMARC1; p=reject; rua=mailto:hana@example.org"), {}),
    "dmarc.rua.consent": (dmarc("v=DMARC1; p=reject; rua=mailto:dmarc@example.net"),),
    "policy.mta_sts": ({"_mta-sts.example.org": None}, {}),
    "policy.mta_sts.record": ({"_mta-sts.example.org": "v=STSv1; id=2026-11-24"},),
    "policy.tls_rpt": ({"_smtp._tls.example.org": None},),
    "policy.tls_rpt.record": ({"_smtp._tls.example.org": "v=TLSRPTv1; rua=tls@example.org"},),
    "policy.caa": ({"example.org": ORG[:2]},),
    "senders.google": ({NAME: OTHER}, {}),
    "senders.yahoo": ({NAME: OTHER}, {}),
    "senders.microsoft": ({NAME: OTHER}, {}),
}


right = zones.lines(zones.right(KEY))
elsewhere = {code for codes in ELSEWHERE.values() for code in codes}
tables = [set(FILES), set(RECORDS), elsewhere, NEVER_BAD, {"dns.domain"}]
t.eq(sorted(code for table in tables for code in table), sorted(CODES), "every code has its place, one alone")
for script, codes in ELSEWHERE.items():
    with open(os.path.join(HERE, script), encoding="utf-8") as f:
        text = f.read()
    t.eq([c for c in codes if c not in text], [], f"{script} speaks of its codes")

# One thing of each area is broken at a time: what has no need of the rest.
ALONE = ["postfix.files", "opendkim.files", "opendkim.mode", "opendkim.key_table", "opendkim.signing_table", "host.name", "milter.signer.socket",
         "postfix.submission.service", "opendkim.signing_table.alignment", "opendkim.signing_table.key", "opendkim.signing_table.domain"]
AREAS = (("postfix.", "host.ipv6"), ("tls.", "dovecot."), ("opendkim.",), ("dkim.",), ("milter.",), ("spf.", "host.", "mx."), ("dmarc.",), ("policy.", "senders."))


def groups():
    """Lists of codes: one of each area, and no name of the zone twice."""
    rows = []
    for code in [*FILES, *RECORDS]:
        area = next(i for i, words in enumerate(AREAS) if code.startswith(words))
        names = set(RECORDS[code][0]) if code in RECORDS else set()
        row = next((r for r in rows if code not in ALONE and area not in r[1] and not names & r[2]), None)
        if not row:
            row = ([], set(range(len(AREAS))) if code in ALONE else set(), set())
            rows.append(row)
        row[0].append(code)
        row[1].add(area)
        row[2].update(names)
    return [codes for codes, _, _ in rows]


def statuses(found, code):
    return [f for f in found if f["code"] == code and f["status"] in ("note", "warn", "fail")]


def apply(tree, code, fixes, rows):
    """The cure; gives the rows of the zone afterwards."""
    how = (FILES.get(code) or RECORDS[code])[1:]
    if code in RECORDS:
        if how:
            broken = set(zones.lines(zones.changed({}, RECORDS[code][0])))
            names = tuple(f"{name}. " for name in RECORDS[code][0])
            return [r for r in rows if r not in broken and not r.startswith(names)] + [r for r in right if r.startswith(names)]
        for fix in fixes:
            rows = zones.published(rows, fix)
        return rows
    if how and callable(how[0]):
        how[0](tree)
        return rows
    done = tree.cure("\n".join(["set -e", f"export PATH={TOOLS}:$PATH; {how[0] if how else ''}", *fixes]))
    t.ok(done.returncode == 0, f"{code}: the cure runs", f"{fixes}\n{done.stdout}")
    return rows


for group in groups():
    tree, rows = base.copy(), right
    records = zones.right(KEY)
    for code in group:
        if code in FILES:
            FILES[code][0](tree)
        else:
            records = zones.changed(records, RECORDS[code][0])
    rows = zones.lines(records)
    before = tree.check("--zone", zones.zone(rows))
    for code in group:
        bad = statuses(before, code)
        t.ok(bad and all(f["seen"] and f["wanted"] and f["why"] and f["fix"] and not re.search(r"\{\d\}", f["seen"] + f["wanted"] + f["why"])
                         for f in bad), f"{code}: is found", bad)
        rows = apply(tree, code, [f["fix"] for f in bad], rows)
    after = tree.check("--zone", zones.zone(rows))
    for code in group:
        same = [f for f in after if f["code"] == code]
        t.ok(same and all(f["status"] == "ok" for f in same), f"{code}: cured", f"{statuses(before, code)}\n{same}\n{group}")
    tree.gone()
status, out, _ = run("check", "--root", base.root, "--zone", zones.zone(right), "--domain", "org", "--only", "dns.domain")
t.ok(status == 0 and b"FAIL  dns.domain" in out, "dns.domain: is found", out)
t.done()
