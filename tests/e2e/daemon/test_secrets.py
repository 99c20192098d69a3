"""Private keys and core dumps; and what a running inkand can no longer do."""
import base64
import os
import pwd
import re
import resource
import signal
import struct
import subprocess

import tap
from filter import ENV, INKAN, MESSAGE, TMP, Inkand, keygen, path, signatures, until, write

t = tap.Tap()
RSA, ED = keygen("rsa"), path("ed.private")
subprocess.run([INKAN, "keygen", "--algorithm", "ed25519",
                "--domain", "example.org", "--selector", "ed", "--directory", TMP], check=True, stdout=subprocess.DEVNULL)
LINES = f"""KeyTable {write("KeyTable", f"rsa example.org:rsa:{RSA}" + chr(10) + f"ed example.org:ed:{ED}" + chr(10))}
SigningTable refile:{write("SigningTable", "*@example.org rsa" + chr(10) + "*@example.org ed" + chr(10))}
MultipleSignatures yes
RequireSafeKeys no
Mode sv
TestPublicKeys {write("keys", "")}
"""
# the address sanitizer switches core dumps off, and its shadow would be in them
CORE_ENV = dict(ENV, ASAN_OPTIONS="disable_coredump=0:detect_leaks=0", TSAN_OPTIONS="disable_coredump=0")


def der(pem_path, *args):
    return subprocess.run(["openssl", "pkey", "-in", pem_path, "-outform", "DER", *args], check=True,
                          capture_output=True).stdout


def integers(data):
    """The INTEGERs of a DER sequence."""
    found, at = [], 0
    while at + 2 < len(data):
        tag, n = data[at], data[at + 1]
        at += 2
        if n & 0x80:
            length = n & 0x7f
            n = int.from_bytes(data[at:at + length], "big")
            at += length
        if tag == 2:
            found.append(int.from_bytes(data[at:at + n], "big"))
        if tag != 0x30:
            at += n
    return found


def secrets():
    """name -> octets, as they would lie in memory; each 24 octets of them are enough
    to find what was half overwritten."""
    out = {}
    numbers = integers(der(RSA, "-traditional"))  # 0 n e d p q dp dq qinv
    for name, number in zip(("d", "p", "q", "dp", "dq", "qinv"), numbers[3:9]):
        n = (number.bit_length() + 7) // 8
        out[name] = number.to_bytes(n, "little")
        out[name + " as written"] = number.to_bytes(n, "big")
    out["Ed25519 seed"] = der(ED)[-32:]
    for name, key in ("RSA", RSA), ("Ed25519", ED):
        with open(key, "rb") as f:
            text = b"".join(line for line in f.read().splitlines() if not line.startswith(b"-"))
        out[name + " file"] = text
        out[name + " DER"] = base64.b64decode(text)
    return out


def found_in(core):
    with open(core, "rb") as f:
        data = f.read()
    found = []
    for name, octets in secrets().items():
        for at in range(0, len(octets) - 24, 24) or [0]:
            if octets[at:at + 24] in data:
                found.append(f"{name} at {at}")
    return found


def unlimited():
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def cores():
    return [os.path.join(path("cores"), n) for n in os.listdir(path("cores"))]


def crash(name, lines):
    """A message is signed; then a crash.  The core file, or None."""
    filter_ = Inkand(LINES + lines, name, cwd=path("cores"), preexec_fn=unlimited, env=CORE_ENV)
    t.eq([signatures(filter_.send(MESSAGE)) for _ in range(4)], [2] * 4, f"{name}: signs with both keys")
    filter_.signal(signal.SIGABRT)
    status = filter_.process.wait(180)
    t.eq(status, -signal.SIGABRT, f"{name}: ended by the signal")
    got = cores()
    return got[0] if got else None


def stacks_of(core):
    """Each thread's stack pointer, and whether what it points to is in the core."""
    with open(core, "rb") as f:
        data = f.read()
    phoff, phentsize, phnum = struct.unpack_from("<Q", data, 32)[0], *struct.unpack_from("<HH", data, 54)
    loads, pointers = [], []
    for i in range(phnum):
        kind, _, offset, address, _, filesz = struct.unpack_from("<IIQQQQ", data, phoff + i * phentsize)
        if kind == 1:
            loads.append((address, filesz))
        if kind != 4:
            continue
        at = offset
        while at < offset + filesz:
            name_n, desc_n, note = struct.unpack_from("<III", data, at)
            desc = at + 12 + (name_n + 3 & ~3)
            if note == 1:  # NT_PRSTATUS of x86-64: rsp is the 20th register, after 112 octets
                pointers.append(struct.unpack_from("<Q", data, desc + 112 + 19 * 8)[0])
            at = desc + (desc_n + 3 & ~3)
    return [any(a <= p < a + n for a, n in loads) for p in pointers]


def core_dumps():
    os.mkdir(path("cores"))
    t.ok(crash("by default", "") is None, "no core dump by default, whatever the limit says")
    with open("/proc/sys/kernel/core_pattern", encoding="ascii") as f:
        pattern = f.read().strip()
    if pattern.startswith(("|", "/")):
        t.skip("the contents of a core dump", f"this system puts them elsewhere: {pattern}")
        return
    core = crash("EnableCoredumps", "EnableCoredumps yes\n")
    if not t.ok(core is not None, "EnableCoredumps: there is a core dump"):
        return
    t.eq(found_in(core), [], "EnableCoredumps: no part of a private key is in it")
    if os.uname().machine == "x86_64":
        stacks = stacks_of(core)
        t.ok(sum(stacks) >= 2, "EnableCoredumps: but the stacks of the workers are", str(stacks))


def debugger():
    """root may look into any process; the core that gcore makes has no heap either."""
    if subprocess.run(["sh", "-c", "command -v gcore"], stdout=subprocess.DEVNULL, check=False).returncode or os.geteuid() != 0:
        t.skip("the core of a debugger", "no gcore, or not root")
        return
    filter_ = Inkand(LINES, "gcore", env=CORE_ENV)
    filter_.send(MESSAGE)
    made = subprocess.run(["gcore", "-o", path("gcore"), str(filter_.pid)], capture_output=True, text=True, check=False)
    core = f"{path('gcore')}.{filter_.pid}"
    if t.ok(os.path.exists(core), "gcore makes a core", made.stdout + made.stderr):
        t.eq(found_in(core), [], "a debugger's core has no part of a private key")
    filter_.stop()


def tool():
    """inkan holds a key while it signs."""
    for name in cores():
        os.unlink(name)
    p = subprocess.Popen([INKAN, "sign", "--domain", "example.org", "--selector", "rsa", "--key", RSA], stdin=subprocess.PIPE,
                         stdout=subprocess.DEVNULL, cwd=path("cores"), preexec_fn=unlimited, env=CORE_ENV)
    until("the tool's limit", lambda: re.search(r"^Max core file size\s+0 ", open(f"/proc/{p.pid}/limits", encoding="ascii").read(), re.M))
    p.send_signal(signal.SIGABRT)
    t.eq((p.wait(20), cores()), (-signal.SIGABRT, []), "inkan leaves no core dump")


def status_of(pid):
    """Every thread's (no new privileges, filter of calls)."""
    rows = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/status", encoding="ascii", errors="replace") as f:
            text = f.read()
        rows.append(tuple(int(re.search(rf"^{k}:\s*(\d+)", text, re.M).group(1)) for k in ("NoNewPrivs", "Seccomp")))
    return set(rows)


def sandbox():
    """Behind its door: reload, PidFile and socket still work; UserID and chroot as well."""
    run = path("run")
    os.mkdir(run)
    filter_ = Inkand(LINES + f"PidFile {run}/pid\nMilterDebug 1\n", "sandbox")
    closed = re.search(r"sandbox: closed are (.*)", filter_.log())
    t.ok(closed, "the log says what is closed", filter_.log())
    if os.uname().machine in ("x86_64", "aarch64"):
        t.eq(status_of(filter_.pid), {(1, 2)}, "every thread: no new privileges, calls filtered")
    t.eq(signatures(filter_.send(MESSAGE)), 2, "signs")
    write("SigningTable", "*@example.org rsa\n")
    filter_.signal(signal.SIGHUP)
    filter_.logged("configuration reloaded")
    t.eq(signatures(filter_.send(MESSAGE)), 1, "a reload reads the tables anew")
    write("SigningTable", "*@example.org rsa\n*@example.org ed\n")
    t.eq(filter_.stop(), 0, "exit status")
    t.eq(os.listdir(run), [], "the pid file is removed")
    t.ok(not os.path.exists(filter_.socket), "and the socket")
    filter_ = Inkand(LINES + "Sandbox no\n", "open")
    t.ok((1, 0) in status_of(filter_.pid), "Sandbox no: calls are not filtered", str(status_of(filter_.pid)))
    filter_.stop()


def chroot():
    """With another root and user: signs, reloads not what it cannot see, and cleans up."""
    if os.geteuid() != 0:
        t.skip("chroot and UserID", "not root")
        return
    root = path("root")
    os.mkdir(root)
    nobody = pwd.getpwnam("nobody")
    os.chown(root, nobody.pw_uid, nobody.pw_gid)
    filter_ = Inkand(LINES + f"ChangeRootDirectory {root}\nUserID nobody\nPidFile /pid\nUMask 000\n", "chroot",
                     more=("-p", "local:/sock"), env=CORE_ENV)  # the leak checker needs /proc
    filter_.socket = os.path.join(root, "sock")
    t.eq(signatures(filter_.send(MESSAGE)), 2, "chroot and UserID: signs")
    with open(os.path.join(root, "pid"), encoding="ascii") as f:
        t.eq(int(f.read()), filter_.pid, "chroot and UserID: the pid file")
    filter_.signal(signal.SIGHUP)
    filter_.logged("the old one stays")
    t.eq(signatures(filter_.send(MESSAGE)), 2, "chroot and UserID: goes on after a reload that cannot see its files")
    t.eq(filter_.stop(), 0, "chroot and UserID: exit status")
    t.eq(os.listdir(root), [], "chroot and UserID: pid file and socket are removed")


core_dumps()
debugger()
tool()
sandbox()
chroot()
t.done()
