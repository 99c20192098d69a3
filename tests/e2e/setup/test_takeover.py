"""inkan setup on the tutorial's finished setup: OpenDKIM's key, selector and
record go on, and OpenDKIM comes back."""
# timeout: 300
import json

import trees
from lab import Lab, until
from machines import B, INKAN, Tutorial, World, judged, judges, signed, t
from mailhost import ASAN, NAME_SERVER
import mails


def opendkim(m):
    return m.host.sh("ps -eo pid,stat,comm | awk '$3 == \"opendkim\" && $2 !~ /Z/ {print $1}'").split()


def tutorial(m, receiver, dns):
    """The tutorial's finished setup: its key, its selector, its record."""
    before = m.etc()
    signed(m, receiver, *mails.mail("root@example.com", B), "tutorial, OpenDKIM", ["default"])
    code, out = m.host.run(["setpriv", "--reuid=65534", "--clear-groups", INKAN, "setup"], check=False,
                           env={"ASAN_OPTIONS": ASAN, "LC_ALL": "C.UTF-8"})
    t.ok(code == 77 and "default.private: Permission denied" in out and "sudo inkan setup shows the plan" in out,
         "tutorial: a plan for who may not read the key says what to do", f"{code} {out}")
    plan = json.loads(m.setup("--apply", "--json"))
    t.eq([(k["selector"], k["new"]) for k in plan["keys"]], [("default", False)], "tutorial: its own key")
    t.ok("SMTP: dkim=pass" in plan["test"], "tutorial: proved", plan["test"])
    t.eq((opendkim(m), len(m.inkand())), ([], 1), "tutorial: inkand in OpenDKIM's place")
    signed(m, receiver, *mails.mail("root@example.com", B), "tutorial, inkand", ["default"])
    mark, message = mails.mail("tester@example.com", B)
    with m.smtp(587, dns.host) as s:
        t.eq(s.send_raw("tester@example.com", [B], message)[0], 250, "tutorial: submission on 587")
    got = receiver.await_mail(mark)
    t.eq([(r["selector"], r["result"]) for r in judged(m, got)["dkim"]], [("default", "pass")], "tutorial: 587 is signed")
    judges(m, receiver, dns, "tutorial")
    m.host.sh("echo 'fails: \"|exit 67\"' >>/etc/aliases; newaliases")
    mark, message = mails.mail(B, "fails@example.com")
    inbox = len(receiver.inbox())
    with m.smtp(25, dns.host, "192.0.2.66") as s:
        s.send_raw(B, ["fails@example.com"], message)
    until("the bounce", lambda: len(receiver.inbox()) > inbox)
    t.eq([r["result"] for r in judged(m, receiver.inbox()[-1])["dkim"]], ["pass"], "tutorial: a bounce is signed")
    m.host.sh("sed -i /fails/d /etc/aliases; newaliases")
    m.setup("--undo")
    changed = [p for p in trees.difference(before, m.etc()) if not p.startswith("etc/aliases")]
    t.eq(changed, [], "tutorial: /etc is identical after --undo")
    t.eq((len(opendkim(m)), m.inkand()), (1, []), "tutorial: OpenDKIM is back")
    signed(m, receiver, *mails.mail("root@example.com", B), "tutorial, OpenDKIM again", ["default"])


with Lab() as lab:
    world = World(lab)
    old = Tutorial(lab, world.dns, "example.com", "192.0.2.3")
    world.dns.domain(old.domain, old.address, old.record)
    world.start()
    old.start_postfix()
    old.host.sh(f"mkdir -p /run/opendkim; chown opendkim: /run/opendkim; echo 'Nameservers {NAME_SERVER}' >>/etc/opendkim.conf;"
                "opendkim -x /etc/opendkim.conf")
    old.host.await_port(8891)
    tutorial(old, world.receiver, world.dns)
t.done()
