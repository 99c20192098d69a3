"""inkan setup on a bare Debian Postfix: mail that leaves is judged at another host;
and what goes wrong is harmless."""
# timeout: 300
import json
import os
import re

import trees
from lab import Lab, until
from machines import B, INKAN, World, judges, publish, signed, t
from mailhost import ASAN, BUILD, fields
import mails


def bare(m, receiver, dns):
    before = m.etc()
    code, out = m.host.run(["setpriv", "--reuid=65534", "--clear-groups", INKAN, "setup", "--apply"], check=False,
                           env={"ASAN_OPTIONS": ASAN, "LC_ALL": "C.UTF-8"})
    t.ok(code == 77 and "only root" in out, "not root: refused", f"{code} {out}")
    t.eq(trees.difference(before, m.etc()), [], "not root: nothing changed")
    plan = json.loads(m.setup("--apply", "--json"))
    t.ok(plan["applied"] and "SMTP: dkim=pass" in plan["test"] and "sendmail: dkim=pass" in plan["test"],
         "bare: applied, and proved by mail over SMTP and sendmail", plan["test"])
    t.ok("587: not tested, there is no service on port 587" in plan["test"], "bare: and what was not proved is said", plan["test"])
    selectors = [k["selector"] for k in plan["keys"]]
    names = {r["name"] for r in plan["records"]}
    t.ok({f"{s}._domainkey.example.org" for s in selectors} <= names, "bare: DKIM records of both keys", names)
    changed = trees.difference(before, m.etc())
    t.ok(all(re.match(r"etc/(inkan|passwd$|group$|postfix/main.cf$|dovecot/conf.d/99-inkan.conf$)", p) for p in changed),
         "bare: only what the plan names has changed", changed)
    keys = [v for p, v in m.etc().items() if p.endswith(".private")]
    uid = int(m.host.sh("id -u inkan"))
    t.ok(len(keys) == 2 and all(v[0] & 0o7777 == 0o600 and v[1] == uid for v in keys), "bare: keys are 0600 and inkan's")
    t.ok("setup" not in m.host.sh("postconf -h transport_maps"), "bare: the test's transport is gone")
    t.eq(m.queue().strip(), "Mail queue is empty", "bare: the test leaves no mail behind")
    publish(dns, plan)
    got = signed(m, receiver, *mails.mail("root@example.org", B, extra=["MIME-Version: 1.0", "Content-Type: text/plain"]),
                 "bare", selectors)
    names = re.search(r"\bh=([^;]*)", fields(got, "DKIM-Signature")[0]).group(1).replace(" ", "").lower().split(":")
    t.eq([names.count(n) for n in ("from", "content-type", "mime-version", "message-id", "reply-to")], [2, 2, 2, 2, 1],
         "bare: what a reader sees is signed, and nothing can be added")
    judges(m, receiver, dns, "bare")
    state = m.etc()
    pid = m.inkand()
    again = m.setup("--apply")
    t.ok("nothing" in again and m.inkand() == pid, "bare: a second --apply changes nothing", again)
    t.eq(trees.difference(state, m.etc()), [], "bare: files after the second --apply")
    out = m.setup("--undo")
    t.ok("as it was" in out, "bare: --undo", out)
    t.eq(trees.difference(before, m.etc()), [], "bare: /etc is identical after --undo")
    t.eq(m.inkand(), [], "bare: inkand is stopped")
    mark, message = mails.mail("root@example.org", B)
    m.host.run(["sendmail", "-f", "root@example.org", B], data=message)
    t.eq(fields(receiver.await_mail(mark), "DKIM-Signature"), [], "bare: mail goes out as before --undo")
    plan = json.loads(m.setup("--apply", "--json"))
    t.eq([k["selector"] for k in plan["keys"]], selectors, "bare: the next --apply has the keys of the last")
    signed(m, receiver, *mails.mail("root@example.org", B), "bare again", selectors)
    return selectors


def failing(m, receiver):
    """What goes wrong is harmless, and mail waits instead of leaving unsigned."""
    state = m.etc()
    m.host.sh("mount --bind /etc /etc; mount -o remount,bind,ro /etc")
    code, out = m.setup("--undo", check=False)
    t.ok(code in (73, 77) and "Read-only" in out, "read-only /etc: --undo is refused", f"{code} {out}")
    m.host.sh("umount -l /etc")
    t.eq(trees.difference(state, m.etc()), [], "read-only /etc: nothing changed")
    holder = m.host.start(["flock", "-o", "/var/lib/inkan-setup/lock", "sleep", "1200"])
    until("the lock", lambda: m.setup("--apply", check=False)[0] == 69)
    code, out = m.setup("--undo", check=False)
    t.ok(code == 69 and "another inkan setup" in out, "two at once: the second is refused", f"{code} {out}")
    os.kill(m.host.inner_pid(holder), 9)
    holder.wait()
    m.host.sh(f"kill -9 {m.inkand()[0]}")
    mark, message = mails.mail("root@example.org", B)
    m.host.run(["sendmail", "-f", "root@example.org", B], data=message)
    with m.smtp(25) as s:
        code, text = s.send_raw("root@example.org", [B], mails.mail("root@example.org", B)[1])
    t.ok(400 <= code < 500, "inkand is dead: SMTP gets a temporary failure", f"{code} {text}")
    code, out = m.setup("--apply", check=False)
    t.ok(code == 69 and "did not answer" in out, "inkand is dead: setup says so", f"{code} {out}")
    m.host.sh(f"ASAN_OPTIONS={ASAN} {BUILD}/inkand -x /etc/inkan/inkan.conf >/dev/null 2>&1")
    m.host.sh("postqueue -f; postfix reload")
    t.ok(fields(receiver.await_mail(mark), "DKIM-Signature"), "inkand is back: what waited left signed")


def refused_etc(m, before):
    m.host.sh("mount --bind /etc /etc; mount -o remount,bind,ro /etc")
    code, out = m.setup("--apply", check=False)
    t.ok(code in (73, 77) and "Read-only" in out, "read-only /etc: --apply is refused", f"{code} {out}")
    m.host.sh("umount -l /etc")
    t.eq(trees.difference(before, m.etc()), [], "read-only /etc: --apply changed nothing")


def without_dns(m, dns, before):
    """What is shown needs no name server: the records are not published yet."""
    dns.stop()
    plan = json.loads(m.setup("--apply", "--json"))
    t.ok(plan["applied"] and "SMTP: dkim=pass" in plan["test"], "no name server answers: applied, and proved", plan["test"])
    with m.smtp(25, dns.host, "192.0.2.66") as s:
        code, text = s.send_raw("x@stranger.test", ["tester@example.org"], mails.mail("x@stranger.test", "tester@example.org")[1])
    t.ok(400 <= code < 500, "no name server answers: what cannot be judged waits at its sender", f"{code} {text}")
    m.setup("--undo")
    t.eq(trees.difference(before, m.etc()), [], "no name server answers: /etc is identical after --undo")
    dns.start()


def cannot_start(m, before):
    """An inkand that does not start: all is taken back at once."""
    m.setup("--undo")
    m.host.sh("mkdir -p /var/spool/postfix/inkan/inkan.sock")
    mails_before = m.etc()
    code, out = m.setup("--apply", check=False)
    t.ok(code == 69 and "Everything was taken back" in out, "inkand cannot start: said, and taken back", f"{code} {out}")
    t.eq(trees.difference(mails_before, m.etc()), [], "inkand cannot start: /etc is as it was")
    m.host.sh("rm -r /var/spool/postfix/inkan")
    t.eq(trees.difference(before, m.etc()), [], "and as it was in the beginning")


with Lab() as lab:
    world = World(lab)
    world.start()
    start = world.bare.etc()
    bare(world.bare, world.receiver, world.dns)
    failing(world.bare, world.receiver)
    cannot_start(world.bare, start)
    refused_etc(world.bare, start)
    without_dns(world.bare, world.dns, start)
t.done()
