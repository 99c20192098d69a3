"""Right mail hosts of shapes that guides other than the tutorial lead to.  Each is
a Tree with nothing to be found (notes aside); tests change one thing at a time."""
import os

from tree import GROUP, PASSWD, Tree

MAIN = """\
smtpd_banner = $myhostname ESMTP $mail_name (Debian/GNU)
biff = no
# appending .domain is the MUA's job.
append_dot_mydomain = no
readme_directory = no
compatibility_level = 3.6

# TLS parameters
smtpd_tls_cert_file=/etc/letsencrypt/live/mail.example.org/fullchain.pem
smtpd_tls_key_file=/etc/letsencrypt/live/mail.example.org/privkey.pem
smtpd_tls_security_level=may
smtp_tls_CApath=/etc/ssl/certs
smtp_tls_security_level=may
smtp_tls_session_cache_database = btree:${data_directory}/smtp_scache

smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated defer_unauth_destination
myhostname = mail.example.org
mydomain = example.org
alias_maps = hash:/etc/aliases
alias_database = hash:/etc/aliases
myorigin = /etc/mailname
mydestination = $myhostname, example.org, localhost.example.org, localhost
relayhost =
mynetworks = 127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128
mailbox_size_limit = 0
message_size_limit = 52428800
recipient_delimiter = +
inet_interfaces = all
inet_protocols = all
home_mailbox = Maildir/

smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_tls_auth_only = yes
smtpd_sender_login_maps = regexp:/etc/postfix/sender_login.regexp

# Milter configuration
milter_default_action = tempfail
milter_protocol = 6
smtpd_milters = local:opendkim/opendkim.sock, local:opendmarc/opendmarc.sock
non_smtpd_milters = $smtpd_milters
internal_mail_filter_classes = bounce
"""
MASTER = """\
# service type  private unpriv  chroot  wakeup  maxproc command + args
smtp      inet  n       -       y       -       -       smtpd
#smtp      inet  n       -       y       -       1       postscreen
submission inet n       -       y       -       -       smtpd
  -o syslog_name=postfix/submission
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
  -o smtpd_sender_restrictions=reject_authenticated_sender_login_mismatch
smtps     inet  n       -       y       -       -       smtpd
  -o syslog_name=postfix/smtps
  -o smtpd_tls_wrappermode=yes
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject
  -o smtpd_sender_restrictions=reject_authenticated_sender_login_mismatch
pickup    unix  n       -       y       60      1       pickup
cleanup   unix  n       -       y       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
smtp      unix  -       -       y       -       -       smtp
local     unix  -       n       n       -       -       local
lmtp      unix  -       -       y       -       -       lmtp
maildrop  unix  -       n       n       -       -       pipe
  flags=DRXhu user=vmail argv=/usr/bin/maildrop -d ${recipient}
"""
OPENDKIM = """\
# This is a basic configuration for signing and verifying.
Syslog			yes
SyslogSuccess		yes
#LogWhy			no
Canonicalization	relaxed/relaxed
Mode			sv
SubDomains		no
OversignHeaders		From
SignHeaders		*,+Message-ID,+MIME-Version,+Content-Type
AutoRestart         yes
AutoRestartRate     10/1M
Background          yes
DNSTimeout          5
SignatureAlgorithm  rsa-sha256
UserID			opendkim
UMask			007
Socket    local:/var/spool/postfix/opendkim/opendkim.sock
PidFile			/run/opendkim/opendkim.pid
TrustAnchorFile		/usr/share/dns/root.key
Nameservers		127.0.0.53

# Map domains in From addresses to keys used to sign messages
KeyTable           refile:/etc/opendkim/key.table
SigningTable       refile:/etc/opendkim/signing.table
# Hosts to ignore when verifying signatures
ExternalIgnoreList  /etc/opendkim/trusted.hosts
# A set of internal hosts whose mail should be signed
InternalHosts       /etc/opendkim/trusted.hosts
"""
DOVECOT = """\
!include_try /usr/share/dovecot/protocols.d/*.protocol
dict {
  #quota = mysql:/etc/dovecot/dovecot-dict-sql.conf.ext
}
!include conf.d/*.conf
!include_try local.conf
"""
AUTH = """\
#default_process_limit = 100
service imap-login {
  inet_listener imap {
    #port = 143
  }
  inet_listener imaps {
    port = 993
    ssl = yes
  }
}
service auth {
  unix_listener auth-userdb {
    #mode = 0666
  }
  # Postfix smtp-auth
  unix_listener /var/spool/postfix/private/auth {
    mode = 0666
    user = postfix
    group = postfix
  }
}
"""
DKIM, CERT = "/etc/opendkim/keys/example.org", "/etc/letsencrypt/live/mail.example.org"


def host(main=MAIN, master=MASTER, conf=OPENDKIM):
    """Debian 12: sockets in Postfix's chroot, opendmarc beside opendkim."""
    t = Tree()
    t.write("/etc/passwd", PASSWD + "vmail:x:5000:5000::/var/vmail:/bin/false\n")
    t.write("/etc/group", GROUP.replace("opendkim:x:121:", "opendkim:x:121:postfix") + "vmail:x:5000:\n")
    t.write("/etc/hostname", "mail\n").write("/etc/mailname", "example.org\n")
    t.write("/etc/os-release", 'ID=debian\nVERSION_ID="12"\n')
    t.write("/etc/aliases", "postmaster: root\n").write("/etc/aliases.db", "")
    t.write("/etc/postfix/main.cf", main).write("/etc/postfix/master.cf", master)
    t.write("/etc/postfix/sender_login.regexp", "/^(.*)@example\\.org$/ $1\n")
    t.write("/etc/dovecot/dovecot.conf", DOVECOT).write("/etc/dovecot/conf.d/10-master.conf", AUTH)
    t.write("/etc/dovecot/conf.d/10-mail.conf", "mail_location = maildir:~/Maildir\nnamespace inbox {\n  inbox = yes\n}\n")
    t.write("/etc/dovecot/conf.d/10-auth.conf", "disable_plaintext_auth = yes\nauth_mechanisms = plain login\n!include auth-system.conf.ext\n")
    t.write("/etc/dovecot/conf.d/auth-system.conf.ext", "passdb {\n  driver = pam\n}\nuserdb {\n  driver = passwd\n}\n")
    t.write("/etc/dovecot/conf.d/10-ssl.conf", "ssl = required\nssl_cert = </etc/dovecot/private/dovecot.pem\n")
    t.write("/usr/share/dns/root.key", ". IN DS 20326 8 2 00\n")
    t.write("/etc/opendkim.conf", conf)
    os.makedirs(t.path(DKIM))
    t.write("/etc/opendkim/key.table", f"default._domainkey.example.org     example.org:default:{DKIM}/default.private\n")
    t.write("/etc/opendkim/signing.table", "*@example.org     default._domainkey.example.org\n*@*.example.org    default._domainkey.example.org\n")
    t.write("/etc/opendkim/trusted.hosts", "127.0.0.1\nlocalhost\n::1\n\n.example.org\n")
    for name, uid, gid, mode in (("private", 106, 0, 0o700), ("opendkim", 115, 113, 0o750), ("opendmarc", 115, 113, 0o750)):
        folder = t.path(f"/var/spool/postfix/{name}")
        os.makedirs(folder)
        os.chmod(folder, mode)
        os.chown(folder, uid, gid)
    return t.key()


def inet():
    """The socket over TCP, as on Ubuntu 20.04, and an inet milter for DMARC."""
    t = host(MAIN.replace("local:opendkim/opendkim.sock, local:opendmarc/opendmarc.sock", "inet:127.0.0.1:8891, inet:127.0.0.1:8893"))
    return t.sub("/etc/opendkim.conf", "Socket    local:/var/spool/postfix/opendkim/opendkim.sock", "Socket inet:8891@127.0.0.1")


def postscreen():
    """Port 25 behind postscreen, which hands over to a service of type pass."""
    return host(master=MASTER.replace("smtp      inet  n       -       y       -       -       smtpd\n#smtp", "smtp") +
                "smtpd     pass  -       -       y       -       -       smtpd\ndnsblog   unix  -       -       y       -       0       dnsblog\n"
                "tlsproxy  unix  -       -       y       -       0       tlsproxy\n")


def amavis():
    """A content filter, whose mail comes back on a port of the machine itself."""
    return host(MAIN + "content_filter = smtp-amavis:[127.0.0.1]:10024\nsmtpd_sasl_auth_enable = no\n", MASTER +
                "smtp-amavis unix - - y - 2 smtp\n  -o smtp_data_done_timeout=1200\n  -o disable_dns_lookups=yes\n"
                "127.0.0.1:10025 inet n - y - - smtpd\n  -o content_filter=\n  -o smtpd_tls_security_level=none\n"
                "  -o smtpd_client_restrictions=permit_mynetworks,reject\n  -o smtpd_recipient_restrictions=permit_mynetworks,reject\n"
                "  -o smtpd_relay_restrictions=\n  -o mynetworks=127.0.0.0/8\n"
                "  -o receive_override_options=no_unknown_recipient_checks,no_header_body_checks,no_milters\n")


def after_filter():
    """The same, but only what comes back is signed: the filter may change it."""
    return amavis().sub("/etc/postfix/master.cf", "no_header_body_checks,no_milters", "no_header_body_checks").sub(
        "/etc/postfix/master.cf", "  -o smtpd_tls_security_level=encrypt\n", "  -o smtpd_tls_security_level=encrypt\n  -o smtpd_milters=\n").sub(
        "/etc/postfix/master.cf", "  -o smtpd_tls_wrappermode=yes\n", "  -o smtpd_tls_wrappermode=yes\n  -o smtpd_milters=\n")


def rspamd():
    """Rspamd signs: there is no opendkim."""
    t = host(MAIN.replace("local:opendkim/opendkim.sock, local:opendmarc/opendmarc.sock", "inet:localhost:11332"))
    t.write("/etc/rspamd/local.d/dkim_signing.conf", 'path = "/var/lib/rspamd/dkim/$domain.$selector.key";\n')
    return t.remove("/etc/opendkim.conf")


def dovecot24():
    """Dovecot 2.4: other names, mail_driver and mail_path in mail_location's place."""
    t = host()
    t.write("/etc/dovecot/dovecot.conf", "dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n"
            "protocols {\n  imap = yes\n  lmtp = yes\n}\n!include conf.d/*.conf\n!include_try local.conf\n")
    t.write("/etc/dovecot/conf.d/10-mail.conf", "mail_driver = maildir\nmail_home = /home/%{user | username}\nmail_path = ~/Maildir\n"
            "namespace inbox {\n  inbox = yes\n}\n")
    t.write("/etc/dovecot/conf.d/10-auth.conf", "auth_allow_cleartext = no\nauth_mechanisms = plain login\n!include auth-system.conf.ext\n")
    t.write("/etc/dovecot/conf.d/auth-system.conf.ext", "passdb pam {\n}\nuserdb passwd {\n}\n")
    return t.write("/etc/dovecot/conf.d/10-ssl.conf", "ssl = required\nssl_server {\n  cert_file = /etc/dovecot/private/dovecot.pem\n}\n")


def single():
    """One domain, no tables."""
    t = host(conf="".join(line for line in OPENDKIM.splitlines(True) if not line.startswith(("KeyTable", "SigningTable", "SubDomains"))) +
             f"Domain example.org\nSelector default\nKeyFile {DKIM}/default.private\nSubDomains yes\n")
    return t.remove("/etc/opendkim/key.table").remove("/etc/opendkim/signing.table")


def virtual():
    """Virtual mailboxes, Dovecot over LMTP, maps in MySQL, two domains."""
    t = host(MAIN.replace("home_mailbox = Maildir/\n", "") +
             "virtual_transport = lmtp:unix:private/dovecot-lmtp\nvirtual_mailbox_domains = mysql:/etc/postfix/sql/domains.cf\n"
             "virtual_mailbox_maps = proxy:mysql:/etc/postfix/sql/users.cf\nvirtual_alias_maps = proxy:mysql:/etc/postfix/sql/aliases.cf,\n"
             "   regexp:/etc/postfix/sender_login.regexp\nsmtpd_recipient_restrictions =\n"
             "   permit_mynetworks,\n   # those who have logged in\n   permit_sasl_authenticated,\n\treject_unauth_destination,\n"
             "   check_policy_service unix:private/policyd-spf,\n   reject_rbl_client zen.dnsbl.example\npolicyd-spf_time_limit = 3600\n")
    t.add("/etc/postfix/master.cf", "policyd-spf  unix  -       n       n       -       0       spawn\n  user=policyd-spf argv=/usr/bin/policyd-spf\n"
          "dovecot   unix  -       n       n       -       -       pipe\n  flags=DRhu user=vmail:vmail argv=/usr/lib/dovecot/deliver -f ${sender} -d ${recipient}\n")
    t.key("net", folder="/etc/opendkim/keys/example.net", domain="example.net")
    t.add("/etc/opendkim/key.table", "net._domainkey.example.net example.net:net:/etc/opendkim/keys/example.net/net.private\n")
    return t.add("/etc/opendkim/signing.table", "*@example.net net._domainkey.example.net\n*@*.example.net net._domainkey.example.net\n")


SHAPES = (host, inet, postscreen, amavis, after_filter, rspamd, dovecot24, single, virtual)
