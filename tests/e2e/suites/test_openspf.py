#!/usr/bin/python3
"""OpenSPF's RFC 7208 test suite, when it lies beside the project
(../shared/conformance/rfc7208-tests.yml).  Prints TAP."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
SUITE = os.path.join(TOP, "..", "shared", "conformance", "rfc7208-tests.yml")
PROGRAM = os.path.join(os.environ.get("INKAN_BUILD", os.path.join(TOP, "build")), "tests", "suite", "spf_run")


def escape(text):
    if isinstance(text, list):
        return "".join(escape(part) for part in text)
    if not isinstance(text, bytes):
        text = str(text).encode("utf-8" if any(ord(c) > 255 for c in str(text)) else "latin-1")
    return "".join(chr(b) if 32 <= b < 127 and b != 92 else f"\\x{b:02x}" for b in text)


def zone_lines(zone):
    yield "zone"
    for name, records in zone.items():
        types = {t for r in records if isinstance(r, dict) for t in r}
        for r in records:
            if r == "TIMEOUT":  # of the types without a record of their own
                if not any(isinstance(x, dict) and x.get("TXT", "NONE") != "NONE" for x in records):
                    yield f"fail\t{name}"
                continue
            for kind, data in r.items():
                if data == "TIMEOUT":
                    if kind != "SPF" or "TXT" not in types:  # type 99 is not asked for
                        yield f"fail\t{name}"
                elif kind == "SPF" and "TXT" not in types:
                    yield f"txt\t{name}\t{escape(data)}"
                elif kind == "TXT" and data != "NONE":
                    yield f"txt\t{name}\t{escape(data)}"
                elif kind in ("A", "AAAA", "PTR", "CNAME"):
                    yield f"{kind.lower()}\t{name}\t{data}"
                elif kind == "MX":
                    yield f"mx\t{name}\t{data[0]}\t{data[1]}"


def main():
    if not os.path.exists(SUITE):
        print("1..0 # SKIP the suite is not beside the project")
        return 0
    import yaml
    with open(SUITE, encoding="utf-8") as f:
        scenarios = [s for s in yaml.load_all(f, Loader=yaml.CSafeLoader) if s]
    lines, wanted = [], {}
    for number, s in enumerate(scenarios):
        lines += zone_lines(s["zonedata"])
        for name, t in s["tests"].items():
            key = f"{number}.{name}"
            results = t["result"] if isinstance(t["result"], list) else [t["result"]]
            wanted[key] = (results, t.get("explanation"))
            lines.append("\t".join(["check", key, t["host"], str(t["helo"]), str(t["mailfrom"] or "")]))
    out = subprocess.run([PROGRAM], input="\n".join(lines) + "\n", capture_output=True, text=True, check=False)
    sys.stderr.write(out.stderr)
    got = {}
    for line in out.stdout.splitlines():
        key, result, explanation = line.split("\t")
        got[key] = (result, explanation)
    print(f"1..{len(wanted)}")
    bad = 0
    for i, (key, (results, explanation)) in enumerate(wanted.items(), 1):
        result, text = got.get(key, ("nothing", ""))
        ok = result in results and (explanation is None or result != "fail" or text == explanation)
        bad += not ok
        print(f"{'ok' if ok else 'not ok'} {i} - {key}")
        if not ok:
            print(f"# want {results} {explanation!r}, got {result} {text!r}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
