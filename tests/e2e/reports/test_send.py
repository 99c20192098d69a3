"""inkan reports send: what was recorded leaves as reports, each once, to those who
want it; inkan and Mail::DMARC read the same numbers back."""
import email
import gzip
import json
import os
import random
import re
import sqlite3
import subprocess
import sys
import time

sys.path.append("tests/e2e/cli")
import reportgen  # noqa: E402
import tap  # noqa: E402
from tool import INKAN, as_json, path, run, write  # noqa: E402

t = tap.Tap()
DAY = 86400
START = reportgen.START // DAY  # a day of 1970
NOW = (START + 1) * DAY + 3600
ORG, COM, NET = "example.org", "example.com", "example.net"

# ---- a sendmail that keeps what it is given, or does as MODE says ----
SENDMAIL = write("sendmail", r"""#!/bin/sh
set -eu
mode=$(cat "$0.mode")
case $mode in
fail) echo "queue is full" >&2; exit 75 ;;
die-before) kill -9 $PPID; exit 1 ;;
esac
n=$(mktemp "$0.box/XXXXXXXX.part")
cat >"$n"
printf '%s\n' "$@" >"${n%.part}.argv"
mv "$n" "${n%.part}.eml"
[ "$mode" != die-after ] || kill -9 $PPID
""", 0o755)
os.mkdir(SENDMAIL + ".box")


def mode(word):
    write("sendmail.mode", word)


def box():
    """The mails taken so far, by file name."""
    out = {}
    for name in sorted(os.listdir(SENDMAIL + ".box")):
        if name.endswith(".eml"):
            with open(os.path.join(SENDMAIL + ".box", name), "rb") as f:
                out[name[:-4]] = f.read()
    return out


def argv(name):
    with open(os.path.join(SENDMAIL + ".box", name + ".argv"), encoding="utf-8") as f:
        return f.read().split("\n")[:-1]


def empty():
    for name in os.listdir(SENDMAIL + ".box"):
        os.unlink(os.path.join(SENDMAIL + ".box", name))


# ---- a store with verdicts as inkand records them ----
def policy_of(domain, p="none", rua="x", **more):
    tags = {"sp": "", "np": "", "adkim": "", "aspf": "", "testing": "", "fo": "", "discovery": "treewalk", **more}
    return (p, tags["sp"], tags["np"], tags["adkim"], tags["aspf"], tags["testing"], tags["fo"], tags["discovery"], rua)


class Store:
    """Rows of verdict and verdict_policy, and the sums that reports must have."""

    def __init__(self, name):
        self.url = "sqlite:" + path(name)
        self.n = 0
        run("reports", "send", "--from", "r@example.net", "--store", self.url, "--time", "1000000", "--zone", zone)
        self.db = sqlite3.connect(path(name))
        self.totals = {}

    def policy(self, domain, day, number, policy):
        self.db.execute("INSERT INTO verdict_policy VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", (domain, day, number, *policy))

    def put(self, domain, day, number, ip, count, disposition, dkim, spf, auth, header_from=None, envelope_from=None,
            reasons=None):
        rows = [(domain, day, 1, self.n + i, day * DAY + i % DAY, "node", number, ip, header_from or domain, envelope_from, None,
                 "pass" if dkim or spf else "fail", disposition, dkim, spf, reasons and json.dumps(reasons), json.dumps(auth),
                 "accept") for i in range(count)]
        self.n += count
        self.db.executemany("INSERT INTO verdict VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", rows)
        sums = self.totals.setdefault(domain, {"messages": 0, "pass": 0, "fail": 0, "dkim_aligned": 0, "spf_aligned": 0,
                                               "domain": domain, "disposition": {"none": 0, "quarantine": 0, "reject": 0}})
        sums["messages"] += count
        sums["pass" if dkim or spf else "fail"] += count
        sums["dkim_aligned"] += count * dkim
        sums["spf_aligned"] += count * spf
        sums["disposition"][disposition] += count

    def some(self, domain, day, number, rows, rng):
        for i in range(rows):
            dkim, spf = rng.random() < 0.7, rng.random() < 0.6
            done = "none" if dkim or spf else rng.choice(("none", "quarantine", "reject"))
            auth = [{"method": "dkim", "domain": domain if dkim else "other.example", "selector": f"s{rng.randrange(3)}",
                     "result": "pass" if dkim or rng.random() < 0.5 else "fail"},
                    {"method": "spf", "domain": domain, "scope": "mfrom", "result": "pass" if spf else "softfail"}]
            self.put(domain, day, number, f"192.0.2.{1 + i % 200}" if i % 3 else f"2001:db8::{i:x}", rng.randrange(1, 4), done,
                     dkim, spf, auth, envelope_from=rng.choice((domain, "", "bounce." + domain)))

    def send(self, *more, now=NOW, **kw):
        return as_json("reports", "send", "--from", "r@example.net", "--sendmail", SENDMAIL, "--store", self.url, "--zone", zone,
                       "--time", str(now), *more, **kw)


def counted(result):
    return result[0], {k: result[1].get(k) for k in ("domains", "mails", "later", "given_up")}


def want(domains=0, mails=0, later=0, given_up=0, status=0):
    return status, {"domains": domains, "mails": mails, "later": later, "given_up": given_up}


def read_back(name, mails):
    """Totals of an import of these mails, by domain; and the import itself."""
    directory = path(name)
    os.mkdir(directory)
    for i, mail in enumerate(mails):
        with open(os.path.join(directory, f"{i}.eml"), "wb") as f:
            f.write(mail)
    got = as_json("reports", "import", directory, "--store", f"sqlite:{path(name)}.db")
    sums = as_json("reports", "summary", "--store", f"sqlite:{path(name)}.db")[1]
    return got, {x["domain"]: x for x in sums.get("domains", [sums])}


zone = write("zone", f"""
_dmarc.{ORG}. 300 IN TXT "v=DMARC1; p=reject; rua=mailto:d@{ORG},mailto:reports@collector.example!50m,mailto:x@nobody.example"
{ORG}._report._dmarc.collector.example. 300 IN TXT "v=DMARC1;"
_dmarc.{COM}. 300 IN TXT "v=DMARC1; p=none; rua=mailto:d@{COM}"
_dmarc.small.example. 300 IN TXT "v=DMARC1; p=none; rua=mailto:d@small.example!1k"
_dmarc.gone.example. 300 IN TXT "v=DMARC1; p=none"
""")
mode("take")
rng = random.Random(9)
one = Store("one.db")
EVIL = "</selector><x>&\"' \u3042\u0007;'); DROP TABLE verdict; --"
for domain, p in ((ORG, "reject"), (COM, "none"), ("small.example", "none"), ("gone.example", "none")):
    one.policy(domain, START, 7, policy_of(domain, p, "mailto:d@" + domain, testing="n", fo="1"))
    one.some(domain, START, 7, 60, rng)
one.policy(COM, START, 8, policy_of(COM, "quarantine", "mailto:d@" + COM, sp="reject"))
one.some(COM, START, 8, 10, rng)
one.policy("silent.example", START, 9, policy_of("silent.example", "none", ""))
one.some("silent.example", START, 9, 5, rng)
one.put(ORG, START, 7, "198.51.100.9", 2, "reject", False, False,
        [{"method": "dkim", "domain": ORG, "selector": EVIL, "result": "fail", "human_result": EVIL},
         {"method": "spf", "domain": EVIL, "scope": "mfrom", "result": "fail"}], envelope_from=EVIL,
        reasons=[{"type": "local_policy", "comment": EVIL}])
one.db.commit()

# ---- looking only ----
status, got = one.send("--output", path("out"))
t.eq((status, got.get("mails"), len(box())), (0, 4, 0), "--output: nothing is sent")
names = sorted(os.listdir(path("out")))
t.eq(sum(n.endswith(".xml.gz") for n in names), 3, "--output: a file for each report")
t.ok(all(re.fullmatch(rf"example\.net![a-z.]+!{START * DAY}!{START * DAY + DAY - 1}![0-9a-f]{{16}}\.xml\.gz", n)
         for n in names if n.endswith(".gz")), "RFC 9990: names of files", str(names))
t.eq(one.send("--dry-run", "--date", "2026-09-22")[1].get("mails"), 4, "--dry-run: the same again")
t.eq(run("reports", "send", "--from", "r@example.net", "--store", one.url, "--zone", zone, "--time", str(NOW), "--date",
         "2026-09-23")[0], 64, "a day that is not over is refused")
t.eq(run("reports", "send", "--from", "r (x)@example.net", "--store", one.url, "--zone", zone)[0], 64, "--from: a plain address")

# ---- sending ----
got = one.send()
t.eq(counted(got), want(4, 4), "sent: to all who want it")
told = {(x["domain"], x["address"]): (x["result"], x["reason"]) for x in got[1]["mail"]}
t.eq(told.get((ORG, "x@nobody.example")), ("refused", "its domain does not say that it takes reports about this one"),
     "who did not agree gets none")
t.eq(told.get(("small.example", "d@small.example"), ("",))[0], "too large", "more than the record allows is not sent")
t.eq(told.get((ORG, "reports@collector.example")), ("sent", None), "who agreed gets them")
mails = box()
t.eq(sorted(argv(n)[-1] for n in mails), ["d@example.com", "d@example.com", "d@example.org", "reports@collector.example"],
     "two policies of a day are two reports")
t.ok(all(argv(n)[:-1] == ["-i", "-f", "r@example.net", "--"] for n in mails), "sendmail's arguments")
message = email.message_from_bytes(next(m for n, m in mails.items() if argv(n)[-1] == "d@" + ORG))
attached = message.get_payload()[1]
xml = gzip.decompress(attached.get_payload(decode=True))
report_id = re.search(rb"<report_id>([^<]*)</report_id>", xml).group(1).decode()
t.eq((message["From"], message["To"], message["Auto-Submitted"], " ".join(message["Subject"].split())),
     ("r@example.net", "d@" + ORG, "auto-generated", f"Report Domain: {ORG} Submitter: example.net Report-ID: <{report_id}>"),
     "RFC 9990: subject and fields")
t.eq((attached.get_content_type(), attached.get_filename().split("!")[:2]), ("application/gzip", ["example.net", ORG]),
     "RFC 9990: the attachment")
t.ok(b"<x>" not in xml and b"DROP TABLE" in xml, "what a stranger wrote stays text")
t.eq(counted(one.send()), want(), "again: nothing is owed")

imported, sums = read_back("back", mails.values())
t.eq((imported[1].get("reports"), imported[1].get("duplicates"), imported[1].get("mended"), imported[1].get("failed")),
     (3, 1, 2, []), "inkan reads them; nothing is odd but a domain that is none (in one report, to two)")
for domain in (ORG, COM):
    t.eq(sums.get(domain), one.totals[domain], f"inkan: totals of {domain} are what was recorded")

# ---- Mail::DMARC: Debian's knows no name space (later ones take it off as is done here) ----
PERL = r"""
use strict; use warnings; no warnings 'redefine';
use JSON::PP; use Mail::DMARC::Report; use Mail::DMARC::Report::Receive; use Email::Simple;
my $read = \&Mail::DMARC::Report::Receive::handle_body;
*Mail::DMARC::Report::Receive::handle_body = sub { my ($s, $b) = @_; $b =~ s/<feedback xmlns="[^"]*"/<feedback/; $read->($s, $b) };
my %sum;
*Mail::DMARC::Report::save_aggregate = sub {
	my $a = $_[0]->aggregate; my $d = $a->policy_published->domain; my $s = $sum{$d} //= { map { $_ => 0 } qw(messages dkim spf reject quarantine records) };
	$s->{id}{$a->metadata->report_id} = 1; $s->{org} = $a->metadata->org_name; $s->{p}{$a->policy_published->p} = 1;
	for my $r (@{ $a->record }) {
		my ($n, $e) = ($r->row->count, $r->row->policy_evaluated);
		$s->{records}++; $s->{messages} += $n; $s->{dkim} += $n if $e->dkim eq 'pass'; $s->{spf} += $n if $e->spf eq 'pass';
		$s->{reject} += $n if $e->disposition eq 'reject'; $s->{quarantine} += $n if $e->disposition eq 'quarantine';
	}
	return 1;
};
open my $out, '>&', \*STDOUT; open STDOUT, '>', '/dev/null';
for (@ARGV) { Mail::DMARC::Report::Receive->new->from_file($_) or die "$_ is no report" }
print $out JSON::PP->new->canonical->encode(\%sum);
"""
files = [os.path.join(SENDMAIL + ".box", n + ".eml") for n in mails if not argv(n)[-1].startswith("reports@")]
p = subprocess.run(["perl", "-e", PERL, *files], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600, check=False)
theirs = json.loads(p.stdout) if p.returncode == 0 else {}
t.eq(p.returncode, 0, "Mail::DMARC reads them")
if p.returncode:
    t.note(p.stderr.decode("utf-8", "replace")[:2000])
for domain in (ORG, COM):
    mine, got = one.totals[domain], theirs.get(domain, {})
    t.eq({k: got.get(k) for k in ("messages", "dkim", "spf", "reject", "quarantine", "org")},
         {"messages": mine["messages"], "dkim": mine["dkim_aligned"], "spf": mine["spf_aligned"],
          "reject": mine["disposition"]["reject"], "quarantine": mine["disposition"]["quarantine"], "org": "example.net"},
         f"Mail::DMARC: totals of {domain} are what was recorded")
t.eq(sorted(theirs.get(COM, {}).get("p", {})), ["none", "quarantine"], "Mail::DMARC: a report for each policy")


def owed(name, domains=3, rows=8):
    s = Store(name)
    r = random.Random(3)
    for i in range(domains):
        s.policy(f"d{i}.example", START, 7, policy_of("x", "none", "mailto:x@x"))
        s.some(f"d{i}.example", START, 7, rows, r)
    s.db.commit()
    return s


with open(path("zone"), "a", encoding="ascii") as f:
    f.write("".join(f'_dmarc.d{i}.example. 300 IN TXT "v=DMARC1; p=none; rua=mailto:d@d{i}.example"\n' for i in range(8)))

# ---- sendmail does not take it: later, with the same ids ----
empty()
s = owed("later.db", 1)
mode("fail")
got = s.send()
t.eq(counted(got), want(1, 0, 1, status=69), "sendmail fails: tried again later")
t.eq(got[1]["mail"][0]["reason"], SENDMAIL + ": queue is full", "and it is said why")
first = got[1]["mail"][0]["report_id"]
mode("take")
t.eq(counted(s.send(now=NOW + 60)), want(), "not at once")
got = s.send(now=NOW + 5000)
t.eq((counted(got), got[1]["mail"][0]["report_id"]), (want(1, 1), first), "after a while, under the same id")
later = s
s = owed("end.db", 1)
mode("fail")
now, rounds = NOW, 0
while rounds < 20 and not s.send("--date", "2026-09-22", now=now)[1].get("given_up"):
    now, rounds = now + 30000, rounds + 1
t.eq(rounds, 11, "the twelfth failure is the last")
t.eq(counted(s.send("--date", "2026-09-22", now=now + 99999)), want(), "then it is given up")

# ---- mail that came back: no more to that address, if it was ours ----
def bounce(about, action="failed", status="5.1.1"):
    return f"""From: MAILER-DAEMON@example.net (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.net

Final-Recipient: rfc822; d@d0.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 <d@d0.example>:
    User unknown

--b
Content-Type: text/rfc822-headers

From: r@example.net
Message-ID: {about}
--b--
""".encode()


def suppress(*args, store, **more):
    return as_json("reports", "suppress", *args, "--store", store.url, "--time", str(NOW + 5000), **more)


taken = next(iter(box().values()))
ours = re.search(rb"\nMessage-ID: (\S+)", taken).group(1).decode()
s = later
t.eq(suppress("--bounces", "-", store=s, stdin=bounce("<1.2.3@example.net>"))[1], {"mails": 1, "suppressed": 0},
     "a mail that came back and was not ours changes nothing")
t.eq(suppress("--bounces", "-", store=s, stdin=bounce(ours, "delayed", "4.4.1"))[1].get("suppressed"), 0, "nor one that is late")
t.eq(suppress("--bounces", "-", store=s, stdin=bounce(ours))[1].get("suppressed"), 1, "one of ours: no reports to that address")
got = suppress(store=s)[1]
t.eq([(x["address"], x["reason"]) for x in got], [("d@d0.example", "550 5.1.1 <d@d0.example>: User unknown")], "suppress: the list")
mode("take")
s.policy("d0.example", START + 1, 7, policy_of("x", "none", "mailto:x@x"))
s.some("d0.example", START + 1, 7, 3, rng)
s.db.commit()
got = s.send("--date", "2026-09-23", "--dry-run", now=NOW + DAY)
t.eq((got[1]["mails"], got[1]["mail"][0]["result"]), (0, "suppressed"), "suppressed: not sent")
t.eq(suppress("--remove", "d@d0.example", store=s)[0], 0, "suppress --remove")
t.eq(counted(s.send("--date", "2026-09-23", now=NOW + DAY)), want(1, 1), "and again it is sent")
t.eq(suppress("D@d0.example", store=s)[0], 0, "suppress ADDRESS")

# ---- killed at its worst: before sendmail took the mail, and right after ----
empty()
s = owed("kill.db")
now = NOW
for word in ("die-before", "die-after", "die-before", "die-after"):
    mode(word)
    t.eq(run("reports", "send", "--from", "r@example.net", "--sendmail", SENDMAIL, "--store", s.url, "--zone", zone, "--time",
             str(now))[0], -9, f"kill -9: {word}")
    mode("take")
    t.eq(s.send(now=now + 5)[1].get("domains"), {NOW: 2}.get(now, 0), "the others are sent, this one is not touched yet")
    now += 5000
t.eq(s.send(now=now)[1].get("later"), 0, "once the lease has ended, the rest")
t.eq(counted(s.send(now=now + 5)), want(), "nothing is owed then")
imported, sums = read_back("killed", box().values())
t.eq(sums, s.totals, "no row is lost, none counts twice")
ids = [re.search(rb"\nMessage-ID: (\S+)", m).group(1) for m in box().values()]
t.eq((len(set(ids)), len(ids)), (3, 5), "a mail whose acceptance was not noted goes again, as the same message")

# ---- ten at once ----
empty()
s = owed("many.db", 8, 3)
each = [subprocess.Popen([INKAN, "reports", "send", "--from", "r@example.net", "--sendmail", SENDMAIL, "--store", s.url, "--zone",
                          zone, "--time", str(NOW)], stdout=subprocess.DEVNULL) for _ in range(10)]
t.eq([p.wait(timeout=600) for p in each], [0] * 10, "ten programs on one store")
t.eq(sorted(argv(n)[-1] for n in box()), [f"d@d{i}.example" for i in range(8)], "each report is sent once")

# ---- large days: parts that each fit into a mail ----
empty()
s = Store("large.db")
s.policy("d0.example", START, 7, policy_of("x", "none", "mailto:x@x"))
s.db.executemany("INSERT INTO verdict VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                 (("d0.example", START, 1, i, START * DAY, "node", 7, f"2001:db8::{i:x}", "d0.example", f"u{rng.random()}.example",
                   None, "fail", "none", 0, 0, None, "[]", "accept") for i in range(12000)))
s.db.commit()
got = s.send("--max-size", "65536")
mails = box()
t.ok(got[1]["mails"] > 2 and len(mails) == got[1]["mails"], f"12,000 rows in {len(mails)} mails")
t.ok(all(len(m) < 2 * 65536 * 4 // 3 for m in mails.values()), "none of them large")
_, sums = read_back("parts", mails.values())
t.eq(sums.get("d0.example", {}).get("messages"), 12000, "together they are all of it")

t.done()
