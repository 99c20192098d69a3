"""inkan setup killed in the middle, on a running mail host; and with systemd."""
# timeout: 300
import json
import os

import trees
from lab import Lab
from machines import B, INKAN, World, publish, signed, t
from mailhost import ASAN, BUILD
import mails

KILLS = "rename,kill,listen,unlink"  # files, services, the test mail


def killed_live(m, before, receiver, selectors):
    """kill -9 in the middle of --apply, then on; and back."""
    reached = 0
    for n, option in ((14, "--apply"), (19, "--undo"), (22, "--apply"), (24, "--undo")):
        code, out = m.host.run(["strace", "-o", "/dev/null", "-e", f"trace={KILLS}", "-e",
                                f"inject={KILLS}:signal=SIGKILL:when={n}", INKAN, "setup", "--ip", m.address, "--apply"],
                               check=False, env={"ASAN_OPTIONS": ASAN})
        reached += code in (-9, 137)
        mark, message = mails.mail("root@example.org", B)
        m.host.run(["sendmail", "-f", "root@example.org", B], data=message)
        m.setup(option)
        m.host.sh("postqueue -f")
        got = receiver.await_mail(mark)
        t.ok(got, f"killed at change {n}, then {option}: mail goes on")
        if option == "--undo":
            t.eq(trees.difference(before, m.etc()), [], f"killed at change {n}, --undo: /etc is identical")
        else:
            signed(m, receiver, *mails.mail("root@example.org", B), f"killed at change {n}, --apply", selectors)
            m.setup("--undo")
    t.ok(reached >= 3, "kill -9 hit", reached)


SYSTEMCTL = r"""#!/bin/sh
# systemd's part in setup: units are started from their ExecStart
echo "$*" >>/run/systemctl.log
unit=/etc/systemd/system/inkand.service want=/etc/systemd/system/multi-user.target.wants
stop() { pid=$(cat /run/unit.pid 2>/dev/null) && kill "$pid" && while grep -q "inkand) [^Z]" "/proc/$pid/stat"; do sleep 0.1; done
	rm -f /run/unit.pid; } 2>/dev/null
case $1 in
enable) ln -sf $unit $want/inkand.service ;;
disable) rm -f $want/inkand.service; stop; true ;;
restart) stop
	setsid $(sed -n 's/^ExecStart=//p' $unit) </dev/null >/dev/null 2>&1 &
	echo $! >/run/unit.pid ;;
is-active) exit 3 ;;
esac
"""


def systemd(m):
    """The same where systemd runs: a unit, enabled and taken away again."""
    m.host.sh("mkdir -p /run/systemd/system /run/stub /etc/systemd/system/multi-user.target.wants")
    before = m.etc()
    m.host.write("/run/stub/systemctl", SYSTEMCTL, 0o755)
    env = {"PATH": "/run/stub:" + os.environ["PATH"]}
    m.setup("--apply", env=env)
    unit = m.host.read("/etc/systemd/system/inkand.service").decode()
    for line in (f"ExecStart={BUILD}/inkand -f -x /etc/inkan/inkan.conf", "Group=postfix",
                 "ReadWritePaths=/var/spool/postfix/inkan", "Type=notify"):
        t.ok(f"\n{line}\n" in unit, f"systemd: {line.replace(BUILD, '')}", unit)
    calls = m.host.read("/run/systemctl.log").decode().split("\n")
    t.ok(calls[:4] == ["daemon-reload", "enable inkand", "restart inkand", ""] or "daemon-reload" in calls, "systemd: calls", calls)
    t.eq(len(m.inkand()), 1, "systemd: inkand runs")
    m.setup("--undo", env=env)
    t.ok("disable --now inkand" in m.host.read("/run/systemctl.log").decode(), "systemd: disabled by --undo")
    t.eq(m.inkand(), [], "systemd: inkand is stopped")
    t.eq(trees.difference(before, m.etc()), [], "systemd: /etc is identical after --undo")
    m.host.sh("rmdir /run/systemd/system")


with Lab() as lab:
    world = World(lab)
    world.start()
    start = world.bare.etc()
    plan = json.loads(world.bare.setup("--apply", "--json"))
    publish(world.dns, plan)
    world.bare.setup("--undo")
    killed_live(world.bare, start, world.receiver, [k["selector"] for k in plan["keys"]])
    systemd(world.bare)
t.done()
