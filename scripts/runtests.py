#!/usr/bin/env python3
"""All of inkan's tests: `./runtests` calls this when the packages are there.

A stage is a function and the stages that it waits for; as many run at once as
there are cores, at most two.  The end-to-end tests take longest, and wait most
of that time: three run at a time, and stages that they do not wait for are
nice to them.  Every stage gives a Count (tests/e2e/lib/tap.py).
What failed is said at once, at length, and once more in few lines at the end: of
a long output often only the end is seen.  The last line of the whole is `N passed,
N failed`.
"""
import argparse
import concurrent.futures
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e", "lib"))
import tap  # noqa: E402

START = time.monotonic()
FUZZ_BUDGET = 45  # seconds of two cores for all targets together
FUZZ_LONG = 600  # seconds for each target
SUMMARY = 60  # lines about failures before the last line
CORES = min(os.cpu_count() or 1, 2)

ENV = dict(os.environ, LC_ALL="C.UTF-8", PYTHONDONTWRITEBYTECODE="1",
           UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1",
           ASAN_OPTIONS="abort_on_error=1:detect_stack_use_after_return=1",
           TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1")


def say(text):
    print(f"[{time.monotonic() - START:5.0f} s] {text}", flush=True)


def run(argv, env=None, timeout=None, nice=False):
    """(exit status, output) of a command run in the project's root."""
    if nice:
        argv = ["nice", "-n", "10", *argv]
    try:
        p = subprocess.run(argv, cwd=ROOT, env={**ENV, **(env or {})}, stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout)
        return p.returncode, p.stdout.decode("utf-8", "replace")
    except subprocess.TimeoutExpired as e:
        return 124, (e.stdout or b"").decode("utf-8", "replace") + f"\nover the time of {timeout} s\n"
    except OSError as e:
        return 127, f"{argv[0]}: {e.strerror}\n"


def tail(text, lines=25):
    return "\n".join(text.rstrip().splitlines()[-lines:])


class Stages:
    def __init__(self, options):
        self.options = options
        self.rows, self.total = [], tap.Count()

    def add(self, name, function, needs=()):
        self.rows.append((name, function, tuple(needs)))

    def run(self):
        done, running = {}, {}
        with concurrent.futures.ThreadPoolExecutor(CORES) as pool:
            while len(done) < len(self.rows):
                for name, function, needs in self.rows:
                    if name in done or name in running.values() or not all(n in done for n in needs):
                        continue
                    broken = [n for n in needs if done[n].failed]
                    if broken:
                        done[name] = tap.Count()
                        done[name].fail(name, f"not run: {broken[0]} failed")
                        self.report(name, done[name], 0)
                    elif len(running) < CORES:
                        running[pool.submit(self.one, name, function)] = name
                ready = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
                for future in ready.done:
                    done[running.pop(future)] = future.result()
        return self.total

    def one(self, name, function):
        start = time.monotonic()
        try:
            count = function(self.options)
        except Exception as e:  # a broken stage is a failed test, not the end of the run
            count = tap.Count()
            count.fail(name, f"{type(e).__name__}: {e}")
        self.report(name, count, time.monotonic() - start)
        return count

    def report(self, name, count, seconds):
        say(f"{name}: {count} ({seconds:.0f} s)")
        for what, detail in count.failures:
            print(f"    FAILED {what}", flush=True)
            for line in detail.splitlines():
                print(f"        {line}", flush=True)
        for what, why in count.skips:
            print(f"    skipped {what}: {why}", flush=True)
        self.total.add(count)


def single(name, status, out):
    count = tap.Count()
    if status:
        count.fail(name, tail(out))
    else:
        count.passed = 1
    return count


# ---- style and structure

def style(_):
    count = tap.Count()
    for tool in sorted(glob.glob(os.path.join(ROOT, "tools", "check-*"))):
        status, out = run([tool])
        count.add(single(os.path.basename(tool), status, out))
    count.add(layout())
    return count


def layout():
    """clang-format 14 decides: other versions break lines elsewhere."""
    tool = shutil.which("clang-format-14") or shutil.which("clang-format")
    version = run([tool, "--version"])[1] if tool else ""
    if " 14." not in version:
        count = tap.Count()
        count.skip("clang-format", "version 14 is not installed")
        return count
    files = [p for d in ("src", "include", "fuzz", "tests", "bench") for e in ("c", "h")
             for p in sorted(glob.glob(os.path.join(ROOT, d, "**", "*." + e), recursive=True))]
    return single("clang-format", *run([tool, "--dry-run", "--Werror", *files]))


def tidy(_):
    """clang-tidy 14 over every file that is compiled; other versions know other rules."""
    tool, count = shutil.which("clang-tidy-14"), tap.Count()
    if not tool:
        count.skip("clang-tidy", "version 14 is not installed")
        return count
    path = os.path.join(ROOT, "build-clang")
    with open(os.path.join(path, "compile_commands.json"), encoding="utf-8") as f:
        files = sorted({os.path.normpath(os.path.join(e["directory"], e["file"])) for e in json.load(f)})
    with concurrent.futures.ThreadPoolExecutor(CORES) as pool:
        for name, (status, out) in zip(files, pool.map(lambda one: run([tool, "-p", path, "--quiet", one]), files)):
            shown = os.path.relpath(name, ROOT)
            count.add(single(f"clang-tidy {shown}", status, "\n".join(l for l in out.splitlines() if ": error: " in l) or out))
    return count


# ---- builds

def build(folder, compiler, args, targets=(), nice=True):
    def stage(_):
        path = os.path.join(ROOT, folder)
        env = {"CC": compiler}
        meson = ["meson", "setup", path, *args]
        if os.path.exists(os.path.join(path, "build.ninja")):
            meson.append("--reconfigure")
        status, out = run(meson, env, nice=nice)
        if status and os.path.isdir(path):  # made by another version or compiler: anew
            shutil.rmtree(path)
            status, out = run([m for m in meson if m != "--reconfigure"], env, nice=nice)
        if not status:
            status, out = run(["ninja", "-C", path, *targets], nice=nice)
        return single(f"build {folder} with {compiler}", status, tail(out, 40))
    return stage


def clang():
    for name in ("clang-14", "clang-18", "clang"):
        if shutil.which(name):
            return name
    return "clang"


# ---- unit tests and fuzzing

def unit(folder, suites=(), timeout=1800):
    def stage(_):
        path = os.path.join(ROOT, folder)
        log = os.path.join(path, "meson-logs", "testlog.json")
        if os.path.exists(log):
            os.unlink(log)
        argv = ["meson", "test", "-C", path, "--no-rebuild", "--num-processes", str(CORES), "-t", "10"]
        for suite in suites:
            argv += ["--suite", suite]
        status, out = run(argv, timeout=timeout, nice=True)
        count = tap.Count()
        if not os.path.exists(log):
            if "No suitable tests" in out or "No tests defined" in out:
                count.skip(folder, "no such tests yet")
            else:
                count.fail(folder, tail(out))
            return count
        with open(log, encoding="utf-8") as f:
            for line in f:
                count.add(unit_one(folder, json.loads(line)))
        if status and not count.failed:
            count.fail(folder, tail(out))
        return count
    return stage


def unit_one(folder, test):
    """One test program of meson's log.  TAP programs count test by test."""
    count, name = tap.Count(), f"{folder}: {test['name']}"
    out = test.get("stdout") or ""
    if re.search(r"^1\.\.\d+|^(not )?ok\b", out, re.M):
        count = tap.parse(out, name, test.get("returncode") or 0)
    elif test["result"] == "OK":
        count.passed = 1
    elif test["result"] == "SKIP":
        count.skip(name, "skipped by the test")
    if test["result"] not in ("OK", "SKIP", "EXPECTEDFAIL") and not count.failed:
        count.fail(name, test["result"])
    if count.failed:
        more = tail((test.get("stderr") or "") or out, 40)
        count.failures = [(n, d + "\n" + more if i == 0 else d) for i, (n, d) in enumerate(count.failures)]
    return count


def fuzz_targets():
    return ["fuzz/" + os.path.basename(p)[:-2] for p in sorted(glob.glob(os.path.join(ROOT, "fuzz", "fuzz_*.c")))]


def fuzz(options):
    path = os.path.join(ROOT, "build-fuzz", "fuzz")
    targets = sorted(p for p in glob.glob(os.path.join(path, "fuzz_*"))
                     if os.access(p, os.X_OK) and os.path.isfile(p))
    count = tap.Count()
    if not targets:
        count.fail("fuzz", "no target was built")
        return count
    seconds = FUZZ_LONG if options.long else max(1, min(5, FUZZ_BUDGET * CORES // len(targets)))
    with concurrent.futures.ThreadPoolExecutor(CORES) as pool:
        for one in pool.map(lambda t: fuzz_one(t, seconds, options.long), targets):
            count.add(one)
    return count


def fuzz_one(target, seconds, talk):
    name = os.path.basename(target)
    seeds = os.path.join(ROOT, "fuzz", "corpus", name[len("fuzz_"):])
    found = tempfile.mkdtemp(prefix="inkan-fuzz.")
    try:
        argv = [target, f"-max_total_time={seconds}", "-timeout=60", "-rss_limit_mb=2048", "-max_len=65536",
                f"-artifact_prefix={found}/", "-print_final_stats=1", found]
        dictionary = os.path.join(ROOT, "fuzz", "dict", name[len("fuzz_"):] + ".dict")
        if os.path.exists(dictionary):
            argv.insert(1, f"-dict={dictionary}")
        if os.path.isdir(seeds):
            argv.append(seeds)
        status, out = run(argv, {"ASAN_OPTIONS": "detect_leaks=1"}, timeout=seconds + 900, nice=True)
        if status:
            kept = keep_crash(name, found)
            if kept:
                out += f"\nthe input that did it: {kept}"
        elif talk:
            m = re.search(r"stat::number_of_executed_units:\s*(\d+)", out)
            say(f"{name}: {m.group(1) if m else '?'} inputs in {seconds} s, no finding")
        return single(name, status, tail(out, 40))
    finally:
        shutil.rmtree(found, ignore_errors=True)


def keep_crash(name, folder):
    for path in glob.glob(os.path.join(folder, "*-*")):
        if re.match(r"(crash|leak|timeout|oom|slow-unit)-", os.path.basename(path)):
            keep = os.path.join(ROOT, "build-fuzz", f"{name}-{os.path.basename(path)}")
            shutil.copy(path, keep)
            return keep
    return None


# ---- whole programs

def programs(folder):
    return all(os.path.exists(os.path.join(ROOT, folder, p)) for p in ("inkan", "inkand"))


def script(path, name, args=(), timeout=3600):
    """A script that closes with `N passed, N failed`, or prints TAP."""
    def stage(options):
        status, out = run([os.path.join(ROOT, path), *args], timeout=timeout)
        count = tap.Count()
        lines = out.rstrip().splitlines()
        m = re.match(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", lines[-1] if lines else "")
        if not m and re.search(r"^1\.\.\d+$", out, re.M):
            return tap.parse(out, name, status)
        if not m:
            count.fail(name, f"ended with {tap.describe(status)}\n" + tail(out, 40))
            return count
        count.passed, count.failed, count.skipped = (int(n or 0) for n in m.groups())
        for line in lines:
            skipped = re.match(r"^skipped (.*?): (.*)$", line)
            if skipped:
                count.skips.append(skipped.groups())
        if count.failed:
            end = next((i for i, line in enumerate(lines) if line.startswith("FAILED ")), -1)
            print(tail("\n".join(lines[:end]), 150), flush=True)
            count.failures += failures_of(lines) or [(name, tail("\n".join(lines[:-1])))]
        elif status:
            count.fail(name, f"ended with {tap.describe(status)}")
        return count
    return stage


def failures_of(lines):
    """What a script says of its failures: `FAILED name`, and indented why."""
    found = []
    for line in lines:
        if line.startswith("FAILED "):
            found.append((line[len("FAILED "):], []))
        elif found and line.startswith("    "):
            found[-1][1].append(line[4:])
    return [(name, "\n".join(why)) for name, why in found]


def summary(failures):
    """Every failure and its cause, in SUMMARY lines together and 15 for each."""
    for name, detail in failures[:SUMMARY]:
        yield f"FAILED {name[:240]}"
        for line in tap.short(detail, min(14, SUMMARY // len(failures) - 1)).splitlines():
            yield f"    {line}"
    if len(failures) > SUMMARY:
        yield f"... and {len(failures) - SUMMARY} more"


def stages(options):
    s = Stages(options)
    plain = ["-Db_sanitize=none", "-Dbuildtype=debug", "-Doptimization=0"]
    s.add("build (gcc, ASan+UBSan)",
          build("build-asan", "gcc", ["-Db_sanitize=address,undefined", "-Doptimization=1"], nice=False))
    s.add("style", style)
    s.add("build (clang, -Werror)", build("build-clang", clang(), plain))
    s.add("unit (gcc, ASan+UBSan)", unit("build-asan"), ["build (gcc, ASan+UBSan)"])
    s.add("e2e", script("tests/e2e/run", "e2e", ["--build", "build-asan", "--jobs", "3"]),
          ["build (gcc, ASan+UBSan)"])
    s.add("unit (clang)", unit("build-clang"), ["build (clang, -Werror)"])
    s.add("build (clang, fuzz)",
          build("build-fuzz", clang(), ["-Dfuzz=true", "-Db_lundef=false", "-Doptimization=1",
                                        "-Db_sanitize=address,undefined"], fuzz_targets()))
    s.add("fuzz", fuzz, ["build (clang, fuzz)"])
    if options.long:
        s.add("clang-tidy", tidy, ["build (clang, -Werror)"])
        s.add("build (clang, TSan)", build("build-tsan", clang(), ["-Db_sanitize=thread", "-Db_lundef=false",
                                                                   "-Doptimization=1"]))
        s.add("unit (TSan)", unit("build-tsan"), ["build (clang, TSan)"])
        s.add("inkand (TSan): connections, reloads, end", script(
            "tests/e2e/run", "e2e (TSan)", ["--build", "build-tsan", "daemon/", "postfix/test_failures"]), ["build (clang, TSan)"])
        for path in sorted(glob.glob(os.path.join(ROOT, "tests", "long", "*"))):
            if os.access(path, os.X_OK) and os.path.isfile(path):
                name = os.path.basename(path)
                s.add(name, script(os.path.relpath(path, ROOT), name, ["--build", "build-clang"], timeout=4 * 3600),
                      ["build (clang, -Werror)"])
    return s


def main():
    parser = argparse.ArgumentParser(prog="runtests", description="Build and test everything.")
    parser.add_argument("--long", action="store_true",
                        help="hours more: fuzzing 10 minutes a target, soak, big tables, TSan")
    options = parser.parse_args()
    os.chdir(ROOT)
    total = stages(options).run()
    if not total.passed and not total.failed:
        total.fail("runtests", "no test was run")
    say("done")
    for line in summary(total.failures):
        print(line)
    print(total, flush=True)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
