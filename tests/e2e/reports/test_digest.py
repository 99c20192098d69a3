"""inkan reports digest: what changed from week to week, and nothing when nothing did."""
import base64
import email
import email.header
import os
import sys

sys.path.append("tests/e2e/cli")
import reportgen  # noqa: E402
import tap  # noqa: E402
from tool import as_json, controls, path, run, write  # noqa: E402

t = tap.Tap()
DAY = 86400
START = reportgen.START
NOW = START + 15 * DAY + 100  # two days after the second week
STORE = "sqlite:" + path("store.db")
SENDMAIL = write("sendmail", "#!/bin/sh\nset -eu\n[ ! -e \"$0.fail\" ] || { echo no >&2; exit 75; }\n"
                 "printf '%s\\n' \"$@\" >\"$0.argv\"\ncat >\"$0.mail\"\n", 0o755)


def xml(day, org, rows, domain="example.org"):
    records = "".join(
        f"<record><row><source_ip>{ip}</source_ip><count>{n}</count><policy_evaluated><disposition>none</disposition>"
        f"<dkim>{'pass' if ok else 'fail'}</dkim><spf>fail</spf></policy_evaluated></row><identifiers><header_from>{domain}"
        f"</header_from></identifiers><auth_results><dkim><domain>{domain}</domain><selector>{selector}</selector><result>"
        f"{'pass' if ok else 'fail'}</result></dkim></auth_results></record>" for ip, n, ok, selector in rows)
    return (f"<feedback><report_metadata><org_name>{org}</org_name><report_id>{day}</report_id><date_range><begin>"
            f"{START + day * DAY}</begin><end>{START + day * DAY + DAY - 1}</end></date_range></report_metadata><policy_published>"
            f"<domain>{domain}</domain><p>none</p></policy_published>{records}</feedback>")


def digest(*args, now=NOW, **more):
    return as_json("reports", "digest", "--store", STORE, "--sendmail", SENDMAIL, "--from", "inkan@example.net", "--time", str(now),
                   *args, **more)


def mail():
    try:
        with open(SENDMAIL + ".mail", "rb") as f:
            got = email.message_from_bytes(f.read())
        os.unlink(SENDMAIL + ".mail")
        return got
    except FileNotFoundError:
        return None


os.mkdir(path("r"))
usual = [("192.0.2.1", 90, True, "s1"), ("192.0.2.2", 10, False, "old")]
for day in range(14):
    second = day >= 7
    write(f"r/a{day}.xml", xml(day, "steady.example", usual + ([("198.51.100.7", 25, False, "new"), ("198.51.100.8", 3, True, "s1")]
                                                               if second else [])))
    if not second:
        write(f"r/b{day}.xml", xml(day, "gone.example", [("192.0.2.1", 1, True, "s1")]))
    write(f"r/c{day}.xml", xml(day, "steady.example", [("192.0.2.9", 5, True, "s1")], "example.com"))
run("reports", "import", path("r"), "--store", STORE)

status, got = digest("--domain", "example.org")
t.eq((status, got.get("first"), got.get("last"), got.get("mailed")), (0, "2026-09-29", "2026-10-05", False), "the week that is told")
one = got["domains"][0]
t.eq((one["changed"], one["pass_rate_moved"], one["week"], one["week_before"]),
     (True, True, {"messages": 896, "pass": 651}, {"messages": 707, "pass": 637}), "sums of both weeks")
t.eq([(x["name"], x["messages"], x["fail"]) for x in one["new_sources"]], [("198.51.100.7", 175, 175), ("198.51.100.8", 21, 0)],
     "new sources, those that fail first")
t.eq([(x["name"], x["messages"]) for x in one["new_failing_selectors"]], [("new._domainkey.example.org", 175)],
     "selectors that fail only since")
t.eq([x["name"] for x in one["reporters_gone"]], ["gone.example"], "who does not report any more")
t.eq(digest("--domain", "example.com")[1]["domains"][0]["changed"], False, "a domain without changes")
t.eq(mail(), None, "only shown: nothing is sent")

with open(SENDMAIL + ".fail", "w", encoding="ascii"):
    pass
t.eq(digest("--to", "me@example.org")[0], 69, "sendmail does not take it")
os.unlink(SENDMAIL + ".fail")
t.eq(digest("--to", "me@example.org")[1].get("mailed"), True, "then it is told the next time")
got = mail()
text = got.get_payload(decode=True).decode()
t.eq((got["To"], got["From"], got["Auto-Submitted"]), ("me@example.org", "inkan@example.net", "auto-generated"), "the mail's fields")
t.eq(str(email.header.make_header(email.header.decode_header(got["Subject"]))), "DMARC: what changed in the week up to 2026-10-05",
     "its subject")
t.ok("198.51.100.7  175 messages, 175 failing" in text and "gone.example" in text and "Less passes than before." in text
     and "example.com" not in text, "its text: the domain that changed", text)
t.eq(controls(text.encode()), [], "its text has no control")
with open(SENDMAIL + ".argv", encoding="ascii") as f:
    t.eq(f.read().split(), ["-i", "-f", "inkan@example.net", "--", "me@example.org"], "sendmail's arguments")
t.eq((digest("--to", "me@example.org")[1].get("mailed"), mail()), (False, None), "told once")
t.eq((digest("--to", "me@example.org", now=NOW + 6 * DAY)[1].get("mailed"), mail()), (False, None), "not again within a week")
t.eq(digest("--to", "me@example.org", "--always", "--lang", "ja")[1].get("mailed"), True, "--always: all the same")
got = mail()
text = got.get_payload(decode=True).decode()
subject = str(email.header.make_header(email.header.decode_header(got["Subject"])))
t.ok("新しい送信元" in text and "変わったこと" in subject and "example.com" in text, "in Japanese", subject + "\n" + text)
t.ok(all(len(line) < 78 for line in got.as_string().split("\n")), "no line is long")

for day in range(14, 21):
    write(f"r/d{day}.xml", xml(day, "steady.example", usual + [("198.51.100.7", 25, False, "new"), ("198.51.100.8", 3, True, "s1")]))
    write(f"r/e{day}.xml", xml(day, "steady.example", [("192.0.2.9", 5, True, "s1")], "example.com"))
run("reports", "import", path("r"), "--store", STORE)
later = digest("--to", "me@example.org", now=NOW + 7 * DAY)
t.eq((later[1].get("mailed"), [x["changed"] for x in later[1]["domains"]], mail()), (False, [False, False], None),
     "a week without changes: no mail")
t.eq(digest("--to", "a b@example.org", "--always")[0], 64, "--to: a plain address")
t.eq(base64.b64decode(got.get_payload()).decode(), text, "base64 of the text")
t.done()
