"""The completion and the manual page say what the option tables say."""
import os
import re
import subprocess

import tap
from tool import INKAN, run

t = tap.Tap()
OPTION = re.compile(r"^  (?:   |-.,) (--[a-z-]+)", re.M)
COMMANDS = re.findall(r"^  ([a-z]+) ", run("help")[1].decode(), re.M)
t.ok(len(COMMANDS) >= 8 and "help" in COMMANDS, "help names the commands", COMMANDS)


def options(command):
    return OPTION.findall(run("help", *command)[1].decode())


def complete(*words):
    """What bash offers for the last word."""
    script = ('. contrib/completion/inkan.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _inkan "$1"; '
              'printf "%s\\n" "${COMPREPLY[@]}"')
    p = subprocess.run(["bash", "-c", script, "bash", os.path.abspath(INKAN), *words], stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, text=True, timeout=600)
    return sorted(p.stdout.split()), p.stderr


t.eq(complete(""), (sorted(COMMANDS), ""), "completion: commands")
t.eq(complete("veri"), (["verify"], ""), "completion: one command")
t.eq(complete("help", "key"), (["keygen"], ""), "completion: help COMMAND")
t.eq(complete("records", "--format", "n"), (["nsupdate"], ""), "completion: a value")
t.eq(complete("verify", "--zone", "man/inkan.1"), (["man/inkan.1.scd"], ""), "completion: a file")
with open("man/inkan.1.scd", encoding="utf-8") as f:
    page = f.read()
common = set(options([]))
for c in [c for c in COMMANDS if c != "help"]:
    known = options([c])
    t.eq(complete(c, "--"), (sorted(set(known)), ""), f"completion: options of {c}")
    section = re.search(rf"^## inkan {c}\b.*?(?=^#)", page, re.M | re.S)
    text = section.group(0) if section else ""
    missing = [o for o in known if o not in common and o not in text]
    t.ok(section and not missing, f"inkan(1): {c}", missing)
    unknown = [o for o in re.findall(r"--[a-z][a-z-]*", text) if o not in known]
    t.eq(unknown, [], f"inkan(1): {c} has no option that is not there")
missing = [o for o in common if f"*{o}*" not in page]
t.eq(missing, [], "inkan(1): the common options")
t.done()
