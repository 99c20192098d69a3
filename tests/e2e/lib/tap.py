"""TAP (Test Anything Protocol): reading it, and writing it from a test script.

    import tap
    t = tap.Tap()
    t.ok(got == want, "what holds", f"got {got!r}")
    t.skip("what could not be tried", "why")
    t.done()                 # prints the plan, exits 0 or 1
"""
import re
import sys


class Tap:
    """One script's tests.  done() is a must: output without a plan is a failure."""

    def __init__(self):
        self.count = self.failed = 0

    def _line(self, good, name, suffix=""):
        self.count += 1
        word = "ok" if good else "not ok"
        name = str(name).replace("#", " ").replace("\n", " ")
        print(f"{word} {self.count} - {name}{suffix}", flush=True)

    def note(self, text):
        for line in str(text).splitlines():
            print("#", line, flush=True)

    def ok(self, good, name, detail=""):
        self._line(good, name)
        if not good:
            self.failed += 1
            self.note(detail)
        return bool(good)

    def eq(self, got, want, name):
        return self.ok(got == want, name, f"got  {got!r}\nwant {want!r}")

    def skip(self, name, why):
        self._line(True, name, f" # SKIP {why}")

    def done(self):
        print(f"1..{self.count}", flush=True)
        sys.exit(1 if self.failed else 0)


class Count:
    """passed, failed, skipped; what failed by name; why what was skipped was."""

    def __init__(self, passed=0, failed=0, skipped=0):
        self.passed, self.failed, self.skipped = passed, failed, skipped
        self.failures, self.skips = [], []

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.failures += other.failures
        self.skips += other.skips

    def fail(self, name, detail=""):
        self.failed += 1
        self.failures.append((name, detail))

    def skip(self, name, why):
        self.skipped += 1
        self.skips.append((name, why))

    def __str__(self):
        text = f"{self.passed} passed, {self.failed} failed"
        return text + (f", {self.skipped} skipped" if self.skipped else "")


LINE = re.compile(r"^(not )?ok\b\s*(\d+)?\s*(?:- )?(.*?)(?:\s+#\s*(SKIP\w*|TODO)\b\s*(.*))?$",
                  re.IGNORECASE)


def short(text, lines, columns=240):
    """The beginning and the end of a text; what is between is left out."""
    rows = [r if len(r) <= columns else r[:columns - 3] + "..." for r in text.rstrip().splitlines() if r.strip()]
    if len(rows) <= lines:
        return "\n".join(rows)
    if lines < 3:
        return "\n".join(rows[:max(lines, 0)])
    last = lines // 3
    return "\n".join([*rows[:lines - 1 - last], "...", *rows[len(rows) - last:]])


def cause(text):
    """Why a program ended before its time: Python's exception and the script's
    line, a sanitizer's first words, or the last that it said."""
    rows = text.rstrip().splitlines()
    begins = [i for i, r in enumerate(rows) if r == "Traceback (most recent call last):"]
    if begins:
        frames, said = [], rows[begins[-1] + 1:]
        while said and (not said[0].strip() or said[0][0].isspace()):
            frames += re.findall(r'^  File ".*?([^/"]+)", line (\d+)', said.pop(0))
        place = next((f" ({name}, line {line})" for name, line in reversed(frames) if name.startswith("test_")), "")
        return "\n".join([said[0] + place, *said[1:]] if said else rows[-3:])
    for i, row in enumerate(rows):
        if "Sanitizer: " in row or ": runtime error: " in row:
            return "\n".join(rows[i:i + 12])
    return "\n".join(rows[-5:])


def parse(text, program, status=0):
    """Count of one program's output.  A crash, a missing plan or a plan that
    does not fit is one failure more."""
    count, plan, seen, detail = Count(), None, 0, []
    last = None
    for line in text.splitlines():
        m = re.match(r"^1\.\.(\d+)(?:\s*#\s*SKIP\w*\s*(.*))?$", line, re.IGNORECASE)
        if m:
            plan = int(m.group(1)) + (plan or 0)
            if plan == 0 and m.group(2) is not None:
                count.skip(program, m.group(2))
            continue
        m = LINE.match(line)
        if m:
            seen += 1
            last = None
            name = f"{program}: {m.group(3) or m.group(2)}"
            if m.group(4) and m.group(4).upper().startswith("SKIP"):
                count.skip(name, m.group(5))
            elif m.group(1):
                detail = []
                last = detail
                count.failed += 1
                count.failures.append((name, detail))
            else:
                count.passed += 1
        elif last is not None and line.startswith("#"):
            last.append(line[1:].strip())
    if status and (not count.failed or plan is None):
        count.fail(program, f"ended with {describe(status)}: " + cause(text))
    if plan is None:
        if not status:
            count.fail(program, "printed no plan")
    elif plan != seen and not (status and count.failed):
        count.fail(program, f"planned {plan} tests, ran {seen}")
    count.failures = [(n, d if isinstance(d, str) else "\n".join(d)) for n, d in count.failures]
    return count


def describe(status):
    if status < 0:
        return f"signal {-status}"
    if status > 128:
        return f"signal {status - 128}"
    return f"exit status {status}" + (" (over its time)" if status == 124 else "")
