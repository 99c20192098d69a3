"""inkand -n beside opendkim -n: the same verdict on configurations made from a
seed, good and bad, and silence where opendkim is silent.  What inkand is
meant to see differently is listed, each with its reason.

INKAN_CONFIGURATIONS=N and INKAN_SEED=N try more, or others."""
import atexit
import concurrent.futures
import os
import random
import re
import shutil
import subprocess
import tempfile

import tap
import filter as lab
from filter import ENV, INKAND, keygen, path, write

t = tap.Tap()
# opendkim takes no key below a folder that others can write, as /tmp is
lab.TMP = tempfile.mkdtemp(prefix="inkan-e2e.", dir="/var/lib" if os.access("/var/lib", os.W_OK) else os.path.expanduser("~"))
atexit.register(shutil.rmtree, lab.TMP, ignore_errors=True)
OPENDKIM = shutil.which("opendkim") or "/usr/sbin/opendkim"
SEED = int(os.environ.get("INKAN_SEED", "20261124"))
COUNT = int(os.environ.get("INKAN_CONFIGURATIONS", "120"))

KEY = keygen("s1")
write("KeyTable", f"k1 example.org:s1:{KEY}\nk2 example.net:s1:{KEY}\n")
write("KeyTable.short", "k1 example.org:s1\n")
write("SigningTable", "*@example.org k1\n*@example.net k2\n")
write("SigningTable.exact", "example.org k1\nuser@example.net k2\n")
write("SigningTable.unknown", "*@example.org nokey\n")
write("hosts", "127.0.0.1\n# a comment\n.example.org\n192.0.2.0/24\n!192.0.2.66\n")
write("included", "LogWhy yes\n")
write("included.bad", "LogWhy perhaps\n")

BOOL = (["yes", "no", "true", "false", "1", "0", "Y", "n", "on", "off"], ["maybe", "", "2", "yess"])
INT = (["0", "1", "300", "0x10", "077"], ["x", "", "12x", "-"])
ACTION = (["accept", "reject", "tempfail", "discard", "quarantine", "a", "r", "t"], ["foo"])
HOSTS = (["127.0.0.1", "csl:127.0.0.1,::1", f"refile:{path('hosts')}", f"file:{path('hosts')}", path("hosts"),
          "127.0.0.1, 192.0.2.0/24"], ["/nonexistent", "refile:/nonexistent", "", "nosuch:x"])
LIST = (["From", "from,to", "csl:From,Subject", "*,+X-One", "From, To"], ["", "refile:/nonexistent"])
SETTINGS = {
    "AlwaysAddARHeader": BOOL, "AuthservIDWithJobID": BOOL, "AutoRestart": BOOL, "Background": BOOL, "CaptureUnknownErrors": BOOL,
    "Diagnostics": BOOL, "DNSConnect": BOOL, "EnableCoredumps": BOOL, "FixCRLF": BOOL, "IgnoreMalformedMail": BOOL,
    "KeepAuthResults": BOOL, "LogResults": BOOL, "LogWhy": BOOL, "MultipleSignatures": BOOL, "NoHeaderB": BOOL,
    "RemoveARAll": BOOL, "RemoveOldSignatures": BOOL, "RequestReports": BOOL, "RequiredHeaders": BOOL, "SoftwareHeader": BOOL,
    "StrictHeaders": BOOL, "SubDomains": BOOL, "Syslog": BOOL, "SyslogSuccess": BOOL, "WeakSyntaxChecks": BOOL,
    "AutoRestartCount": INT, "ClockDrift": INT, "DNSTimeout": INT, "MaximumHeaders": INT, "MaximumSignaturesToVerify": INT,
    "MilterDebug": INT, "MinimumKeyBits": INT, "SignatureTTL": INT,
    "On-BadSignature": ACTION, "On-Default": ACTION, "On-DNSError": ACTION, "On-InternalError": ACTION,
    "On-KeyNotFound": ACTION, "On-NoSignature": ACTION, "On-Security": ACTION, "On-SignatureError": ACTION,
    "InternalHosts": HOSTS, "ExternalIgnoreList": HOSTS, "PeerList": HOSTS, "ExemptDomains": HOSTS,
    "OmitHeaders": LIST, "OversignHeaders": LIST, "SignHeaders": LIST, "MustBeSigned": LIST, "SenderHeaders": LIST,
    "MTA": (["MSA", "MSA,ORIGINATING"], [""]),
    "MacroList": (["daemon_name=ORIGINATING", "{auth_type}=PLAIN"], [""]),
    "AuthservID": (["mx.example.org", "HOSTNAME"], [""]),
    "Canonicalization": (["relaxed/simple", "relaxed/relaxed", "simple", "relaxed", "simple/relaxed", "Relaxed/Simple"],
                         ["foo", "relaxed/foo", "foo/simple", "", "relaxed/"]),
    "Mode": (["s", "v", "sv", "vs"], ["x", "", "svx"]),
    "Nameservers": (["127.0.0.1", "127.0.0.1,192.0.2.53", "::1"], [""]),
    "PidFile": ([path("pid")], [""]),
    "Selector": (["s1", "mail"], [""]),
    "SignatureAlgorithm": (["rsa-sha256"], ["foo", ""]),
    "Socket": (["inet:8891@localhost", "local:/run/x.sock", "unix:/run/x.sock", "inet6:8891", "/run/x.sock"], [""]),
    "SyslogFacility": (["mail", "daemon", "local0", "local7"], ["nosuch", ""]),
    "TemporaryDirectory": (["/tmp"], [""]),
    "UMask": (["007", "002", "0", "18", "0x12"], [""]),
    "UserID": (["nobody", "root", "nobody:nogroup"], [""]),
    "Minimum": (["10", "10%", "10+"], []),
    "AutoRestartRate": (["10/1h", "5/1m", "3/10s", "10/60"], ["x", "10/x", "10/1y"]),
    "Include": ([path("included")], [path("included.bad"), "/nonexistent", ""]),
    "NoSuchSetting": ([], ["yes", "", "1"]),
}
# whole ways to sign, good and bad
SIGNING = [
    ([], True), ([], True),
    ([f"KeyTable {path('KeyTable')}", f"SigningTable refile:{path('SigningTable')}"], True),
    ([f"KeyTable file:{path('KeyTable')}", f"SigningTable {path('SigningTable.exact')}"], True),
    ([f"KeyTable refile:{path('KeyTable')}", f"SigningTable refile:{path('SigningTable')}"], True),
    (["Domain example.org", "Selector s1", f"KeyFile {KEY}"], True),
    (["Domain example.org,example.net", "Selector s1", f"KeyFile {KEY}", "SubDomains yes"], True),
    (["Domain csl:example.org", "Selector s1", f"KeyFile {KEY}", "OversignHeaders From"], True),
    (["Domain example.org", "Selector s1"], False),
    (["Domain example.org", f"KeyFile {KEY}"], False),
    (["Domain example.org", "Selector s1", "KeyFile /nonexistent"], False),
    (["KeyTable /nonexistent", f"SigningTable refile:{path('SigningTable')}"], False),
    ([f"KeyTable {path('KeyTable')}", "SigningTable refile:/nonexistent"], False),
]

# (pattern of a line, why inkand refuses what opendkim's -n takes)
STRICTER = [
    (r"On-[\w-]+\sfoo", "an action that does not exist: opendkim finds it when it starts, not with -n"),
    (r"AutoRestartRate\s(x|10/x|10/1y)", "likewise: only when it starts, and with AutoRestart"),
    (r"SyslogFacility\snosuch", "likewise: opendkim logs to another facility then, without a word"),
]
# inkand opens neither KeyTable nor KeyFile where nothing is signed: whose files
# cannot be read there is nobody's loss
def only_verifies(lines):
    return any(re.fullmatch(r"Mode\sv", line, re.I) for line in lines)


# what inkand may say of a configuration that it takes and opendkim is silent about
HELPFUL = [
    "note:", "nothing is signed", "has no effect",
    "can be read by root but not by",  # UserID, and a key that a reload could not read
]


def reason(lines):
    for pattern, why in STRICTER:
        if any(re.fullmatch(pattern, line, re.I) for line in lines):
            return why
    return None


def made(rng):
    lines = list(rng.choice(SIGNING)[0])
    for name in rng.sample(sorted(SETTINGS), rng.randint(1, 5)):
        good, bad = SETTINGS[name]
        values = bad if not good or (bad and rng.random() < 0.12) else good
        name = rng.choice([name, name, name.lower(), name.upper()])
        lines.append(f"{name}{rng.choice(' ' + chr(9))}{rng.choice(values)}")
    rng.shuffle(lines)
    if rng.random() < 0.3:
        lines.insert(rng.randint(0, len(lines)), rng.choice(["# a comment", "", "   ", "\t# another"]))
    return lines


def verdict(program, conf):
    p = subprocess.run([program, "-n", "-x", conf], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=ENV, timeout=600,
                       check=False)
    return p.returncode, p.stdout.decode("utf-8", "replace")


def compare(number, lines):
    """None, or what differs."""
    conf = write(f"conf.{number}", "\n".join(lines) + "\n")
    theirs, their_text = verdict(OPENDKIM, conf)
    ours, our_text = verdict(INKAND, conf)
    os.unlink(conf)
    show = "\n".join(lines) + f"\nopendkim {theirs}: {their_text}\ninkand   {ours}: {our_text}"
    if (ours == 0) != (theirs == 0):
        if reason(lines) if ours else only_verifies(lines) and "/nonexistent" in their_text:
            return None
        return "verdict: " + show
    if ours not in (0, 78):
        return "status: " + show
    if not ours and not their_text:
        left = [line for line in our_text.splitlines() if not any(h in line for h in HELPFUL)]
        if left:
            return "words: " + show
    if ours and not our_text:
        return "no word: " + show
    return None


def main():
    if not os.access(OPENDKIM, os.X_OK):
        t.skip("inkand -n beside opendkim -n", "opendkim is not installed")
        t.done()
    rng = random.Random(SEED)
    all_lines = [made(rng) for _ in range(COUNT)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        found = [f for f in pool.map(compare, range(COUNT), all_lines) if f]
    t.ok(not found, f"{COUNT} configurations of seed {SEED}: as opendkim judges them",
         "\n".join([f"{len(found)} differ", *found[:8]]))
    empty = write("empty.conf", "")
    t.eq(verdict(INKAND, empty), (0, ""), "an empty configuration: -n says nothing, as opendkim")
    t.done()


main()
