"""inkand judging by SPF and DMARC: what is refused, held, written and left alone,
with the settings of opendmarc.conf and policyd-spf.conf."""
import os
import subprocess

import daemon
import tap
import tinydns

t = tap.Tap()
REJECT = "v=DMARC1; p=reject; sp=quarantine; np=reject"
dns = tinydns.Server({
    "example.org": [("TXT", "v=spf1 ip4:192.0.2.0/24 -all"), ("A", "192.0.2.1")],
    "_dmarc.example.org": [("TXT", REJECT)],
    "news.example.org": [("TXT", "v=spf1 -all")],
    "_dmarc.test.example": [("TXT", "v=DMARC1; p=reject; t=y")],
    "_dmarc.none.example": [("TXT", "v=DMARC1; p=none")],
    "_dmarc.lost.example": "servfail",
    "lost.example": [("A", "192.0.2.9")],
    "spflost.example": "servfail",
    "soft.example": [("TXT", "v=spf1 ~all")],
    "why.example": [("TXT", "v=spf1 -all exp=exp.why.example")],
    "exp.why.example": [("TXT", "ask %{d} about %{i}")],
    "broken.example": [("TXT", "v=spf1 foo -all")],
    "mx.example.net": [("TXT", "v=spf1 ip4:198.51.100.0/24 -all"), ("A", "198.51.100.7")],
    "1.2.0.192.in-addr.arpa": [("PTR", "example.org")],
    "55.113.0.203.in-addr.arpa": [("PTR", "out.fwd.example")],
    "out.fwd.example": [("A", "203.0.113.55")],
    "relay.example": [("TXT", "v=spf1 ip4:203.0.113.56 -all")],
    "own.example": [("TXT", "v=spf1 ip4:192.0.2.5 -all")],
})


def Daemon(*args, **more):
    return daemon.Daemon(dns, *args, **more)


def letter(sender="a@example.org", more=""):
    return f"{more}From: <{sender}>\nSubject: x\nDate: Tue, 24 Nov 2026 12:00:00 +0000\n\nhello\n"


def says(got, *words):
    return all(w in (got.get("message") or got.get("reply") or "") for w in words)


d = Daemon("all", "Verify spf,dkim,dmarc,iprev\nAuthservID mx.example.com\nRejectFailures yes\nHoldQuarantinedMessages yes\n"
                  "Mode sv\nDomain own.example\nKeyFile /nonexistent\nSelector s\nRequireSafeKeys no\nOwnDomainSpoofed reject"
           .replace("Domain own.example\nKeyFile /nonexistent\nSelector s\n", ""))
got = d.mail(letter(), ip="192.0.2.1", helo="example.org", sender="a@example.org")
t.ok(got["verdict"] == "accept" and says(got, "spf=pass smtp.mailfrom=example.org", "dmarc=pass (p=reject", "dis=none)",
     "policy.dmarc=reject header.from=example.org", "iprev=pass policy.iprev=192.0.2.1"), "aligned SPF passes", got)
got = d.mail(letter())
t.ok(got["verdict"] == "reply" and says(got, "550 5.7.1", "DMARC policy for example.org", "dkim=none", "spf="),
     "p=reject is refused, and the reply says why", got)
got = d.mail(letter("a@news.example.org"))
t.ok(got["verdict"] == "accept" and says(got, "dmarc=fail", "dis=quarantine", "policy.dmarc=quarantine"), "sp=quarantine is held", got)
got = d.mail(letter("a@nowhere.example.org"))
t.ok(got["verdict"] == "reply" and says(got, "550 5.7.1"), "np=reject for a name that does not exist", got)
got = d.mail(letter("a@test.example"))
t.ok(got["verdict"] == "accept" and says(got, "t=y", "dis=quarantine", "policy.dmarc=quarantine"), "t=y is one step weaker", got)
got = d.mail(letter("a@none.example"))
t.ok(got["verdict"] == "accept" and says(got, "dmarc=fail", "dis=none"), "p=none changes nothing", got)
got = d.mail(letter("a@lost.example"))
t.ok(got["verdict"] == "reply" and says(got, "451 4.7.1"), "a policy that cannot be looked up: again later", got)
got = d.mail(letter("a@spflost.example"), sender="a@spflost.example")
t.ok(got["verdict"] == "reply" and says(got, "451 "), "nothing of a domain can be looked up: again later", got)
got = d.mail(letter(), ip="127.0.0.1")
t.ok(got["verdict"] == "accept" and "dmarc=" not in got["message"], "the own machine is not judged", got)
got = d.mail(letter(), auth="aki")
t.ok(got["verdict"] == "accept" and "dmarc=" not in got["message"], "users who authenticated are not judged", got)
got = d.mail(letter("a@example.org>, <b@example.net"), ip="192.0.2.1", sender="a@example.org")
t.ok(got["verdict"] == "accept" and says(got, 'dmarc=permerror reason="From names several domains"'), "two authors", got)
got = d.mail(letter("a@example.org>, <b@example.net"))
t.ok(got["verdict"] == "reply" and says(got, "550"), "two authors, one of them refused by his policy", got)
got = d.mail("From: a@example.net\n" + letter())
t.ok(got["verdict"] == "reply" and says(got, "550"), "two From fields, one of them refused", got)
got = d.mail("Subject: x\n\nhello\n")
t.ok(got["verdict"] == "accept" and says(got, "dmarc=permerror", "no From field"), "no From is said", got)
got = d.mail(letter("postmaster@mx.example.net"), sender="", helo="mx.example.net", ip="198.51.100.7")
t.ok(got["verdict"] == "accept" and says(got, "spf=pass smtp.helo=mx.example.net", "dmarc=none"), "a bounce is judged by HELO", got)
forged = "Authentication-Results: mx.example.com; dmarc=pass header.from=example.org\n"
got = d.mail(letter("a@none.example", forged + "Authentication-Results: mx.example.com; spf=pass smtp.mailfrom=a.example\n"))
t.ok("dmarc=pass" not in got["message"] and "a.example" not in got["message"], "forged results of all methods go", got)
got = d.mail(letter("a@[192.0.2.1]"))
t.ok(got["verdict"] == "accept" and says(got, "dmarc=none"), "an address literal is no author domain", got)
d.stop()

d = Daemon("strict", "Verify dmarc\nRejectMultiValueFrom yes\nRequiredFrom yes\nRejectFailures no\nRejectString no %s here\n"
                     "IgnoreHosts 203.0.113.77\nIgnoreMailFrom example.org\nIgnoreMailTo postmaster@example.com\nAuthservID mx.example.com\n")
got = d.mail(letter("a@none.example>, <b@example.net"))
t.ok(got["verdict"] == "reply" and says(got, "550 5.6.0"), "RejectMultiValueFrom", got)
got = d.mail("Subject: x\n\nhello\n")
t.ok(got["verdict"] == "reply" and says(got, "550 5.6.0"), "RequiredFrom", got)
got = d.mail(letter("a@none.example"), ip="203.0.113.77")
t.ok(got["verdict"] == "accept" and "dmarc=" not in got["message"], "IgnoreHosts", got)
got = d.mail(letter())
t.ok(got["verdict"] == "accept" and "dmarc=" not in got["message"] and "spf=" in got["message"], "IgnoreMailFrom", got)
got = d.mail(letter("a@none.example"), rcpt="postmaster@example.com")
t.ok(got["verdict"] == "accept" and "dmarc=" not in got["message"], "IgnoreMailTo", got)
got = d.mail(letter("a@nowhere.test.example"))
t.ok(got["verdict"] == "accept" and says(got, "dis=none"), "RejectFailures no only says so", got)
d.stop()

key = os.path.join(daemon.TMP, "own.private")
subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, stderr=subprocess.DEVNULL)
d = Daemon("own", "Verify spf,dkim,dmarc\nAuthservID mx.example.com\nMode sv\nDomain own.example,none.example\nSelector s\n"
                  f"KeyFile {key}\nRequireSafeKeys no\nOwnDomainSpoofed reject")
got = d.mail(letter("boss@own.example"))
t.ok(got["verdict"] == "reply" and says(got, "550 5.7.1", "own.example is a domain of this server"), "own domain spoofed: refused", got)
got = d.mail(letter("boss@own.example"), ip="192.0.2.5", sender="boss@own.example")
t.ok(got["verdict"] == "accept" and says(got, "spf=pass", "dmarc=none"), "confirmed by SPF before there is a DMARC record", got)
got = d.mail(letter("boss@none.example"), sender="x@example.net")
t.ok(got["verdict"] == "reply" and says(got, "550 5.7.1"), "own domain spoofed under p=none: refused", got)
got = d.mail(letter("boss@own.example"), auth="boss")
t.ok(got["verdict"] == "accept" and says(got, "DKIM-Signature"), "the own user is signed", got)
got = d.mail(letter("a@example.org"))
t.ok(got["verdict"] == "accept" and says(got, "dmarc=fail"), "other domains are only marked", got)
d.stop()

policyd = "debugLevel = 1\nTestOnly = 1\nHELO_reject = Fail\nMail_From_reject=Softfail\nPermError_reject = True\n" \
          "TempError_Defer = True\nskip_addresses = 127.0.0.0/8,::1,203.0.113.200\nHeader_Type = SPF\n"
d = Daemon("policyd", "AuthservID mx.example.com", policyd)
got = d.mail(letter(), sender="x@why.example")
t.ok(got["verdict"] == "reply" and says(got, "550 5.7.23", "why.example", "ask why.example about 203.0.113.9"), "SPF fail with the owner's words", got)
got = d.mail(letter(), sender="x@soft.example")
t.ok(got["verdict"] == "reply" and says(got, "550 5.7.23"), "Mail_From_reject Softfail", got)
got = d.mail(letter(), sender="x@broken.example")
t.ok(got["verdict"] == "reply" and says(got, "550 5.7.24", "unknown mechanism"), "PermError_reject", got)
got = d.mail(letter(), sender="x@spflost.example")
t.ok(got["verdict"] == "reply" and says(got, "451 4.7.24"), "TempError_Defer", got)
got = d.mail(letter(), sender="x@none.example", helo="why.example")
t.ok(got["verdict"] == "reply" and says(got, "550 5.7.23", "why.example"), "HELO_reject", got)
got = d.mail(letter(), sender="x@why.example", ip="203.0.113.200")
t.ok(got["verdict"] == "accept" and "spf=" not in got["message"], "skip_addresses", got)
got = d.mail(letter(), sender="x@example.org", ip="192.0.2.1")
t.ok(got["verdict"] == "accept" and says(got, "Received-SPF: pass (example.org allows", "client-ip=192.0.2.1", "identity=mailfrom",
     'envelope-from="x@example.org"', "mechanism="), "Header_Type SPF", got)
d.stop()

policyd = policyd.replace("Header_Type = SPF\n", "Domain_Whitelist = mx.example.net,none.example\n"
                          "Domain_Whitelist_PTR = fwd.example\nHELO_Whitelist = relay.example\n")
d = Daemon("excused", "AuthservID mx.example.com", policyd)
for name, more in {"Domain_Whitelist": {"ip": "198.51.100.7"}, "Domain_Whitelist_PTR": {"ip": "203.0.113.55"},
                   "HELO_Whitelist": {"ip": "203.0.113.56", "helo": "relay.example"}}.items():
    got = d.mail(letter(), sender="x@why.example", **more)
    t.ok(got["verdict"] == "accept" and says(got, "spf=fail"), f"{name}: a forwarder is excused", got)
got = d.mail(letter(), sender="x@why.example", helo="relay.example")
t.ok(got["verdict"] == "reply", "whoever only calls himself so is not", got)
d.stop()

d = Daemon("old", "AuthservID mx.example.com\nTrustedAuthservIDs mx.example.com\nRejectFailures true\nIgnoreHosts 127.0.0.7\n",
           program="opendmarc", flags=("-c",))
before = "Authentication-Results: mx.example.com; dkim={} header.d=example.org\n"
got = d.mail(letter(more=before.format("pass")), ip="127.0.0.1")
t.ok(got["verdict"] == "accept" and says(got, "dmarc=pass (p=reject", "dkim=pass header.d=example.org") and "spf=" not in got["message"],
     "as opendmarc: the filter before is believed", got)
got = d.mail(letter(more=before.format("fail")), ip="127.0.0.1")
t.ok(got["verdict"] == "reply" and says(got, "550 5.7.1"), "as opendmarc: and when it says fail, too", got)
got = d.mail(letter(more="Authentication-Results: other.example; dkim=pass header.d=example.org\n"), ip="127.0.0.1")
t.ok(got["verdict"] == "reply", "as opendmarc: others are not believed", got)
got = d.mail(letter(more="Authentication-Results: mx.example.com; spf=pass smtp.mailfrom=x@example.org\n"), ip="127.0.0.1")
t.ok(got["verdict"] == "accept" and says(got, "dmarc=pass"), "as opendmarc: SPF of the filter before", got)
got = d.mail(letter("a@none.example", forged), ip="127.0.0.1")
t.ok("dmarc=pass" not in got["message"] and says(got, "dmarc=fail"), "as opendmarc: a forged dmarc result goes", got)
d.stop()
dns.close()
t.done()
