#!/usr/bin/python3
"""ValiMail's ARC test suite, when it lies beside the project
(../shared/conformance/arc-draft-*.yml).  Prints TAP."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
SUITE = os.path.join(TOP, "..", "shared", "conformance", "arc-draft-validation-tests.yml")
PROGRAM = os.path.join(os.environ.get("INKAN_BUILD", os.path.join(TOP, "build")), "tests", "suite", "arc_run")
# cv=fail on the newest or an older seal: the suite leaves the word open, RFC 8617 5.2 does not.
OPEN = "fail"


def escape(data):
    return "".join(chr(b) if 32 <= b < 127 and b != 92 else f"\\x{b:02x}" for b in data)


def message_bytes(text):
    """A body is there in every message, as in SMTP; lines end in CRLF."""
    return text.encode().replace(b"\n", b"\r\n")


def validation():
    import yaml
    lines, wanted = [], {}
    with open(SUITE, encoding="utf-8") as f:
        scenarios = [s for s in yaml.load_all(f, Loader=yaml.CSafeLoader) if s]
    for s in scenarios:
        lines.append("zone")
        for name, record in s["txt-records"].items():
            lines.append(f"txt\t{name}\t{escape(record.encode())}")
        for name, t in s["tests"].items():
            wanted[name] = t["cv"].lower() or OPEN
            lines.append(f"check\t{name}\t{escape(message_bytes(t['message']))}")
    return lines, wanted


def main():
    if not os.path.exists(SUITE):
        print("1..0 # SKIP the suite is not beside the project")
        return 0
    lines, wanted = validation()
    out = subprocess.run([PROGRAM], input="\n".join(lines) + "\n", capture_output=True, text=True, check=False)
    sys.stderr.write(out.stderr)
    got = {}
    for line in out.stdout.splitlines():
        key, result, rest = line.split("\t", 2)
        got[key] = (result, rest)
    print(f"1..{len(wanted)}")
    bad = 0
    for i, (key, result) in enumerate(wanted.items(), 1):
        found, rest = got.get(key, ("nothing", ""))
        bad += found != result
        print(f"{'ok' if found == result else 'not ok'} {i} - {key}")
        if found != result:
            print(f"# want {result}, got {found} {rest!r}")
        elif os.environ.get("VERBOSE"):
            print(f"# {found} {rest!r}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
