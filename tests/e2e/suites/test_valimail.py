#!/usr/bin/python3
"""ValiMail's ARC test suite, when it lies beside the project
(../shared/conformance/arc-draft-*.yml).  Prints TAP."""
import base64
import hashlib
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
SUITE = os.path.join(TOP, "..", "shared", "conformance", "arc-draft-{}-tests.yml")
PROGRAM = os.path.join(os.environ.get("INKAN_BUILD", os.path.join(TOP, "build")), "tests", "suite", "arc_run")
NAMES = ("ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results")


def escape(data):
    return "".join(chr(b) if 32 <= b < 127 and b != 92 else f"\\x{b:02x}" for b in data)


def unescape(text):
    return re.sub(r"\\x(..)", lambda m: chr(int(m.group(1), 16)), text)


def crlf(text):
    return text.encode().replace(b"\n", b"\r\n")


def scenarios(kind):
    import yaml
    with open(SUITE.format(kind), encoding="utf-8") as f:
        return [s for s in yaml.load_all(f, Loader=yaml.CSafeLoader) if s]


def run(lines):
    """Answers by their first word."""
    out = subprocess.run([PROGRAM], input="\n".join(lines) + "\n", capture_output=True, text=True, check=False)
    sys.stderr.write(out.stderr)
    return {line.split("\t")[0]: line.split("\t")[1:] for line in out.stdout.splitlines()}


def zone(s):
    return ["zone"] + [f"txt\t{name}\t{escape(record.encode())}" for name, record in s["txt-records"].items()]


def validation():
    lines, wanted = [], {}
    for s in scenarios("validation"):
        lines += zone(s)
        for name, t in s["tests"].items():
            # cv=fail in a seal: the suite leaves the word open, RFC 8617 5.2 does not
            wanted[name] = t["cv"].lower() or "fail"
            lines.append(f"check\t{name}\t{escape(crlf(t['message']))}")
    got = run(lines)
    for name, result in wanted.items():
        yield f"validation: {name}", got.get(name, ["nothing"])[0] == result, f"want {result}, got {got.get(name)}"


def tags(field):
    pairs = (tag.partition("=") for tag in re.sub(r"\s", "", field).rstrip(";").split(";"))
    return {name: value for name, _, value in pairs}


def relaxed(name, value):
    return name.lower() + ":" + re.sub(r"[ \t\r\n]+", " ", value).strip()


def modulus(record):
    """Of the 1024-bit key in a SubjectPublicKeyInfo."""
    der = base64.b64decode(re.sub(r"\s", "", record.split("p=")[1]))
    at = der.index(b"\x02\x81\x81\x00") + 4
    return int.from_bytes(der[at:at + 128], "big")


def signed_digest(b, n):
    return pow(int.from_bytes(base64.b64decode(b), "big"), 65537, n).to_bytes(128, "big")[-32:]


def own_set_digest(fields):
    """What a seal with cv=fail covers: AAR, AMS, and itself with b= emptied."""
    seal, ams, aar = fields
    seal = re.sub(r"(\bb=)[^;]*", r"\1", seal, count=1)
    text = "\r\n".join([relaxed(NAMES[2], aar), relaxed(NAMES[1], ams), relaxed(NAMES[0], seal)])
    return hashlib.sha256(text.encode()).digest()


def compare(case, mine):
    """The tags and the results as the suite has them, but for what depends on
    the order of the tags: b=."""
    theirs = [case["AS"], case["AMS"], case["AAR"]]
    for i, name in ((0, "ARC-Seal"), (1, "ARC-Message-Signature")):
        a, b = tags(mine[i]), tags(theirs[i])
        if a.pop("b", "") == "" or (b.pop("b"), a != b)[1]:
            return f"{name}: {a} is not {b}"
    if re.sub(r"\s+", " ", mine[2]).strip() != re.sub(r"\s+", " ", theirs[2]).strip():
        return f"{mine[2]!r} is not {theirs[2]!r}"
    return ""


def suite_fields(case):
    """As they were when the suite's seals were made: b= in one piece."""
    fields = []
    for name, key in zip(NAMES, ("AS", "AMS", "AAR")):
        value = re.sub(r"\bb=[^;]*", lambda m: re.sub(r"\s", "", m.group()), case[key], count=1)
        fields.append(f"{name}: " + value.strip().replace("\n", "\r\n "))
    return fields


def signing():
    lines, cases, again = [], {}, []
    for s in scenarios("sign"):
        lines += zone(s) + [f"key\t{s['domain']}/{s['sel']}\t{escape(s['privatekey'].encode())}"]
        n = modulus(list(s["txt-records"].values())[0])
        for name, t in s["tests"].items():
            cases[name] = (s, t, n)
            lines += [f"names\t{t['srv-id']}\t{t['sig-headers']}",
                      f"seal\t{name}/{t['t']}\t{escape(crlf(t['message']))}"]
    got = run(lines)
    for name, (s, t, n) in cases.items():
        mine = [unescape(f) for f in got.get(name, [])]
        if not t["AS"].strip():
            yield f"sign: {name}: nothing is added", len(mine) == 1, str(mine)
            continue
        values = [f.partition(": ")[2] for f in mine]
        names = tuple(f.partition(":")[0] for f in mine)
        problem = compare(t, values) if names == NAMES else f"got {mine}"
        yield f"sign: {name}", not problem, problem
        theirs = suite_fields(t)
        for who, fields in (("ours", mine), ("the suite's", theirs)):
            top = "".join(f + "\r\n" for f in fields).encode()
            again += zone(s) + [f"check\t{name}.{who}\t{escape(top + crlf(t['message']))}"]
            if "cv=fail" in fields[0]:
                values = [f.partition(": ")[2] for f in fields]
                ok = signed_digest(tags(values[0])["b"], n) == own_set_digest(values)
                yield f"sign: {name}: {who} cv=fail is over its own set", ok, values[0]
    for name, answer in run(again).items():
        want = "fail" if "_fail" in name else "pass"
        yield f"sign: verified: {name}", answer[0] == want and (want == "pass" or answer[3].endswith("cv=fail")), str(answer)


def main():
    if not os.path.exists(SUITE.format("validation")):
        print("1..0 # SKIP the suite is not beside the project")
        return 0
    bad = count = 0
    for part in (validation, signing):
        for name, ok, why in part():
            count += 1
            bad += not ok
            print(f"{'ok' if ok else 'not ok'} {count} - {name}")
            if not ok:
                print(f"# {why}")
    print(f"1..{count}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
