"""The pages of `inkan reports serve`, by plain HTTP: what they say, how they are
guarded, and that what strangers wrote stays text."""
# timeout: 240
import collections
import csv
import gzip
import http.client
import io
import json
import os
import random
import re
import sqlite3
import stat
import sys
import time
from urllib.parse import quote, urljoin, urlsplit

sys.path.append("tests/e2e/cli")
import pgserver  # noqa: E402
import reportgen  # noqa: E402
import tap  # noqa: E402
from tool import path, run, write  # noqa: E402
from web import Pages, Parsed  # noqa: E402

t = tap.Tap()
DOMAINS = ("example.org", "example.net")
STORE = "sqlite:" + path("inkan.db")
EVIL = "<script>alert(1)</script>\"'); DROP TABLE report; --&amp;\u202e"
TLS = {"organization-name": "receiver.example", "contact-info": "tls@receiver.example", "report-id": EVIL,
       "date-range": {"start-datetime": "2026-10-01T00:00:00Z", "end-datetime": "2026-10-01T23:59:59Z"},
       "policies": [{"policy": {"policy-type": "sts", "policy-string": ["version: STSv1"], "policy-domain": "example.org",
                                "mx-host": ["mx.example.org"]},
                     "summary": {"total-successful-session-count": 5326, "total-failure-session-count": 3},
                     "failure-details": [{"result-type": "certificate-expired", "sending-mta-ip": "198.51.100.9",
                                          "receiving-mx-hostname": EVIL, "failed-session-count": 3}]}]}


def escaped(s):
    return s.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def evil_report():
    e = escaped(EVIL)
    return f"""<?xml version="1.0" encoding="UTF-8"?><feedback><report_metadata><org_name>{e}</org_name><email>{e}</email>
<extra_contact_info>{e}</extra_contact_info><report_id>{e}</report_id><date_range><begin>{reportgen.START}</begin>
<end>{reportgen.START + 86399}</end></date_range></report_metadata><policy_published><domain>example.com</domain><p>none</p>
</policy_published><record><row><source_ip>192.0.2.66</source_ip><count>7</count><policy_evaluated>
<disposition>{e}</disposition><dkim>fail</dkim><spf>fail</spf><reason><type>other</type><comment>{e}</comment></reason>
</policy_evaluated></row><identifiers><header_from>{e}</header_from><envelope_from>{e}</envelope_from></identifiers>
<auth_results><dkim><domain>{e}</domain><selector>{e}</selector><result>pass</result><human_result>{e}</human_result></dkim>
<spf><domain>{e}</domain><result>{e}</result></spf></auth_results></record></feedback>""".encode()


corpus = list(reportgen.corpus(5, 40, 30, DOMAINS, 120))
totals = {d: reportgen.Totals() for d in DOMAINS}
os.mkdir(path("files"))
for r in corpus:
    totals[r.domain].add(r)
    write(f"files/{r.name}.xml", r.xml())
write("files/evil.xml", evil_report())
write("files/tls.json", json.dumps(TLS))
t.eq(run("reports", "import", path("files"), "--store", STORE)[0], 0, "the reports are imported")
pages = Pages(STORE)
PATHS = ("", "sources", "reports", "reporters", "tls", "selectors", "days", "data", "source?ip=192.0.2.66&domain=example.com")
HEADERS = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "x-frame-options": "DENY",
           "cache-control": "no-store"}


def table(target):
    status, _, text = pages.ask("/" + target + ("&" if "?" in target else "?") + "format=json")
    return json.loads(text) if status == 200 else status


def every_page():
    """Pages reached by links from the first one, at most so many."""
    seen, queue, kinds = {}, ["/", "/?lang=ja"], {}
    while queue and len(seen) < 40:
        target = queue.pop(0)
        kind = target.partition("?")[0]
        if target in seen or kinds.get(kind, 0) == 5 or "format=" in target or "download" in target:
            continue
        status, _, text = pages.ask(target)
        kinds[kind] = kinds.get(kind, 0) + 1
        seen[target] = (status, text, Parsed(text))
        for link in seen[target][2].links:
            to = urlsplit(urljoin("http://h" + target, link))
            if to.netloc == "h" and not to.path.rpartition(".")[2] in ("css", "svg", "js") and not link.startswith("#"):
                queue.append(to.path + ("?" + to.query if to.query else ""))
    return seen


def looks():
    found = every_page()
    t.eq({k: v[0] for k, v in found.items() if v[0] != 200}, {}, f"{len(found)} pages that links lead to are there")
    t.ok(len(found) > 30, "and they are many", len(found))
    broken, active = [], []
    for target, (_, _, p) in found.items():
        if p.bad or p.stack:
            broken.append((target, p.bad, p.stack))
        scripts = [v for tag, k, v in p.attributes if tag == "script"]
        if set(p.elements) & {"iframe", "object", "embed", "img", "style", "b"} or p.elements.get("script", 0) != 2 or \
           [k for _, k, _ in p.attributes if k.startswith("on") or k == "style"] or \
           [x for x in p.links if re.match(r"(?i)\s*(javascript|data|https?):|//", x)] or \
           set(scripts) != {"uplot.js", "inkan.js", None}:
            active.append(target)
    t.eq(broken, [], "every element ends where it should")
    t.eq(active, [], "nothing but our two scripts, no handler, no style, no link elsewhere")
    told = [k for k, v in found.items() if "DROP TABLE report" in v[2].text]
    t.ok(len(told) >= 3, "what a hostile report says stands there as text", told)
    t.eq([k for k, v in found.items() if "<script>alert" in v[1] or "\u202e" in v[1]], [], "and never as markup")
    for target in PATHS:
        status, fields, _ = pages.ask("/" + target)
        csp = fields.get("content-security-policy", "")
        t.ok(status == 200 and all(fields.get(k) == v for k, v in HEADERS.items()) and "default-src 'none'" in csp and
             "unsafe" not in csp and "frame-ancestors 'none'" in csp, f"fields of /{target}", fields)


def says():
    want = totals["example.org"]
    days = table("days?domain=example.org")
    t.eq([sum(d[k] for d in days) for k in ("messages", "pass", "dkim_aligned", "spf_aligned", "quarantine", "reject")],
         [want.messages, want.passed, want.dkim, want.spf, want.disposition["quarantine"], want.disposition["reject"]],
         "the days add up to the generator's totals")
    t.eq({s["source_ip"]: [s["messages"], s["messages"] - s["fail"]] for s in table("sources?domain=example.org")},
         want.sources, "the sources are the generator's")
    listed = table("reports?domain=example.org")
    t.eq((len(listed) - 1, sum(x["records"] for x in listed if x["kind"] == "aggregate")), (want.reports, want.records),
         "the list has every report (and the TLS report)")
    t.eq(sum(x["messages"] for x in table("reporters?domain=example.org")), want.messages, "the reporters add up")
    first = Parsed(pages.ask("/?domain=example.org")[2]).text
    t.ok(re.search(rf"example\.org: {want.messages:,} messages in \d+ days, {100 * want.passed / want.messages:.1f} % pass", first),
         "the first sentence says how things stand", first[:600])
    t.ok("Advised: p=" in first and "Mend these first" in first, "and what to do", first[:900])
    japanese = pages.ask("/?domain=example.org", Accept_Language="ja,en;q=0.8")[2]
    t.ok('lang="ja"' in japanese and "\u5408\u683c\u7387" in japanese and pages.ask("/", Accept_Language="fr")[2].count('lang="en"') > 0,
         "the language is the browser's", japanese[:300])
    t.ok('<html lang="ja"' in pages.ask("/?lang=ja", Accept_Language="en")[2] and '<html lang="en"' in pages.ask("/?lang=en", Accept_Language="ja")[2],
         "or that of ?lang=")
    tls = table("tls")
    t.eq(sorted((x["result"], x["sessions"]) for x in tls), [("", 5326), ("certificate-expired", 3)], "TLS sessions")
    t.eq({x["selector"] for x in table("selectors?domain=example.org")}, {"s0", "s1", "s2"}, "selectors in use")


def filtered(name, query, keep, sources=True):
    rows = [(r, row) for r in corpus if r.domain == "example.org" for row in r.rows if keep(r, row)]
    want = {}
    for _, row in rows:
        want[row[0]] = want.get(row[0], 0) + row[1]
    got = {s["source_ip"]: s["messages"] for s in table("sources?domain=example.org&" + query)}
    t.eq(got, want, f"sources, {name}")
    if sources:
        t.eq(sum(d["messages"] for d in table("days?domain=example.org&" + query)), sum(want.values()), f"days, {name}")


def filters():
    own = [r for r in corpus if r.domain == "example.org"]
    org, ip = own[0].org, own[0].rows[0][0]
    filtered("of one reporter", "reporter=" + org, lambda r, row: r.org == org)
    filtered("of one address", "ip=" + quote(ip), lambda r, row: row[0] == ip)
    filtered("of a network", "ip=192.0.2.0/25", lambda r, row: row[0].startswith("192.0.2.") and int(row[0].split(".")[3]) < 128)
    filtered("by disposition", "disposition=reject", lambda r, row: row[2] == "reject")
    filtered("by selector", "selector=s1", lambda r, row: row[3] and row[5] == "s1")
    day = "2026-09-25"
    begin = reportgen.START + 3 * reportgen.DAY
    filtered("of one day", f"since={day}&until={day}", lambda r, row: r.begin == begin)
    filtered("of one reporter and disposition", f"disposition=quarantine&reporter={org}", lambda r, row: r.org == org and row[2] == "quarantine",
             sources=False)
    failing = table("sources?domain=example.org&failing=1")
    t.ok(failing and all(s["fail"] for s in failing), "only failing: every source has some", failing[:3])
    page = pages.ask("/sources?domain=example.org&reporter=" + org + "&ip=192.0.2.0/24")[2]
    kept = [x for x in Parsed(page).links if x.startswith("reports?")]
    t.ok(kept and all("reporter=" + org in x and "ip=192.0.2.0%2F24" in x for x in kept), "what is chosen stays in the links", kept)
    for query in ("ip=999", "ip=%3Cscript%3E", "since=yesterday", "domain=%00%ff"):
        status, _, text = pages.ask("/?" + query)
        t.ok(status == 200 and 'role="alert"' in text, f"{query} is told to be wrong, not guessed", text[-500:])
    r = own[0]
    rows = table(f"source?domain=example.org&ip={quote(ip)}")
    t.ok(rows and all(x["source_ip"] == ip for x in rows) and {"org", "auth_results", "header_from", "disposition"} <= set(rows[0]),
         "a source leads to its rows", rows[:1])
    number = [x for x in Parsed(pages.ask("/reports?domain=example.org")[2]).links if x.startswith("report?")][0]
    rows = table(number)
    t.ok(rows and isinstance(rows[0]["auth_results"], list), "a report leads to its rows", rows[:1])
    t.eq([x["report_id"] for x in table("reports?problems=1") if x["kind"] == "aggregate"] != [], True,
         "reports with problems can be told from the others")


def kept_as_they_came():
    """Plain, gzip, zip alone and with another, with a late head; TLS reports; what is hostile; for so long."""
    os.mkdir(path("kept"))
    plain, zipped, two, other = list(reportgen.corpus(9, 4, 40, ("example.org",)))
    late = plain.xml().replace(b"<report_id>0", b"<report_id>9")
    head = late.index(b"  <report_metadata>"), late.index(b"  <record>")
    late = late[:head[0]] + late[head[1]:-12] + late[head[0]:head[1]] + b"</feedback>\n"
    write("kept/plain.xml.gz", plain.gzipped())
    write("kept/zipped.zip", zipped.zipped())
    write("kept/two.zip", two.zipped(other))
    write("kept/late.xml", late)
    write("kept/evil.xml", evil_report())
    write("kept/tls.json.gz", gzip.compress(json.dumps(TLS).encode()))
    write("kept/mail.eml", corpus[0].mail())
    want = sorted([plain.xml(), zipped.xml(), two.xml(), other.xml(), late, evil_report(), json.dumps(TLS).encode(), corpus[0].xml()])
    stores = ["sqlite:" + path("kept.db")]
    try:
        with pgserver.Server() as pg:
            for store in (*stores, pg.url):
                kept_in(store, want)
    except pgserver.Missing as e:
        t.skip("kept on PostgreSQL", str(e))
        kept_in(stores[0], want)


def kept_in(store, want):
    name = store.partition(":")[0]
    run("reports", "import", path("kept"), "--store", store)
    p = Pages(store)
    found, bad = [], []
    for report in json.loads(p.ask("/reports?format=json&days=all")[2]):
        number = [x for x in Parsed(p.ask(f"/reports?days=all&domain={report['domain']}")[2]).links if x.startswith("report?")]
        for link in number:
            found.append(link)
    texts = []
    for link in sorted(set(found)):
        status, fields, text = p.ask("/" + link.replace("report?", "original?", 1))
        texts.append(text.encode())
        if (status, fields["content-type"], fields["x-content-type-options"], fields["content-disposition"][:10]) != (
                200, "text/plain; charset=utf-8", "nosniff", "attachment"):
            bad.append((status, fields))
        page = p.ask("/" + link)[2]
        if "<script>alert" in page or "original?" not in page or Parsed(page).text.count(text.strip()[:300].split("\n")[0][:40]) < 1:
            bad.append(link)
    t.eq(sorted(texts), want, f"{name}: every report as it came, to the octet")
    t.eq(bad, [], f"{name}: as text that is saved, and shown on its page")
    t.eq(p.ask("/original?domain=example.org&report=999999")[0], 404, f"{name}: one that is not there")
    run("reports", "import", os.devnull, "--store", store, "--keep-xml", "0")
    t.eq({p.ask("/" + link.replace("report?", "original?", 1))[0] for link in found}, {404}, f"{name}: --keep-xml 0 keeps none")
    t.ok(found and "original?" not in p.ask("/" + found[0])[2], f"{name}: and its page offers none")
    t.eq(p.stop()[0], 0, f"{name}: it ends")


def downloads():
    for name, count in (("records", sum(len(r.rows) for r in corpus) + 1), ("reports", len(corpus) + 2), ("tls", 2), ("failures", 0)):
        got = json.loads(pages.ask(f"/download?table={name}&format=json&days=all")[2])
        rows = list(csv.reader(io.StringIO(pages.ask(f"/download?table={name}&format=csv&days=all")[2])))
        t.eq((len(got), len(rows) - 1), (count, count), f"{name} as JSON and CSV")
    run("reports", "export", path("out"), "--store", STORE)
    for name in ("records", "traffic"):
        for kind in ("csv", "json"):
            with open(path(f"out/{name}.{kind}"), encoding="utf-8", newline="") as f:
                t.ok(f.read() == pages.ask(f"/download?table={name}&format={kind}&days=all")[2], f"{name}.{kind} is that of export")
    sums = []
    for name, count in (("records", "count"), ("traffic", "messages")):
        sums.append(collections.Counter())
        with open(path(f"out/{name}.json"), encoding="utf-8") as f:
            for row in json.load(f):
                sums[-1][tuple(row[k] for k in ("domain", "source_ip", "dkim_aligned", "spf_aligned", "disposition"))] += row[count]
    t.ok(sums[0] and sums[0] == sums[1], "the sums by day are those of the records")
    sheet = pages.ask("/sources?domain=example.org&format=csv")[2]
    t.eq(len(list(csv.reader(io.StringIO(sheet)))) - 1, len(totals["example.org"].sources), "a page as CSV has all lines of its table")


def patient(target):
    """The status, once there is a place again."""
    until = time.monotonic() + 180
    while True:
        try:
            return pages.ask(target)[0]
        except (OSError, http.client.HTTPException):
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def own():
    """Verdicts of ours, put into the store as inkand does."""
    db = sqlite3.connect(path("inkan.db"))
    day = reportgen.START // reportgen.DAY + 1
    for i in range(30):
        db.execute("INSERT INTO verdict VALUES ('example.org', ?, 7, ?, ?, 'mx1', 1, '192.0.2.9', ?, NULL, NULL, 'fail', 'none', ?, 0, NULL, '[]', 'accept')",
                   (day, i, day * reportgen.DAY + i, EVIL, i % 3 == 0))
    db.execute("INSERT INTO verdict_day VALUES ('example.org', ?, 1, 0, 'none', 10), ('example.org', ?, 0, 0, 'none', 20)", (day, day))
    db.commit()
    db.close()
    t.eq([(x["domain"], x["messages"], x["fail"]) for x in table("own?days=all")], [("example.org", 30, 20)], "what was judged here")
    got = table("own?domain=example.org")
    want = sum(row[1] for r in corpus if r.domain == "example.org" and r.begin == day * reportgen.DAY for row in r.rows)
    t.eq([(x["judged"], x["judged_fail"], x["reported"]) for x in got], [(30, 20, want)], "beside what others report of the same day")
    text = pages.ask("/own?domain=example.org")[2]
    t.ok("DROP TABLE" in Parsed(text).text and "<script>alert" not in text, "its messages, as text")


def elsewhere():
    """PostgreSQL says the same, page for page."""
    try:
        server = pgserver.Server()
    except pgserver.Missing as e:
        t.skip("the pages of PostgreSQL", e)
        return
    with server as pg:
        run("reports", "import", path("files"), "--store", pg.url)
        p = Pages(pg.url)
        org, ip = corpus[0].org, quote(corpus[0].rows[0][0])
        for target in ("/days", "/sources", "/reporters", "/tls", "/selectors", "/?days=7", f"/source?ip={ip}&domain=example.org",
                       f"/sources?reporter={org}", "/sources?ip=192.0.2.0/26", "/days?ip=2001:db8::/32", "/days?selector=s2", "/sources?disposition=reject&selector=s1",
                       f"/days?reporter={org}", "/sources?failing=1&domain=example.net", "/own"):
            target += ("&" if "?" in target else "?") + "format=json"
            here, there = pages.ask(target), p.ask(target)
            ok = here[0] == there[0] == 200 and sorted(map(str, json.loads(here[2]))) == sorted(map(str, json.loads(there[2])))
            t.ok(ok, f"PostgreSQL says the same: {target}", there[2][:600])
        t.ok("DROP TABLE" in Parsed(p.ask("/report?domain=example.com&report=" + re.search(
            r"report=(\d+)", p.ask("/reports?domain=example.com")[2]).group(1))[2]).text, "a report from there")
        t.eq(len(json.loads(p.ask("/download?table=records&format=json&days=all")[2])), sum(len(r.rows) for r in corpus) + 1, "all records from there")
        pg.stop()
        t.eq(p.ask("/")[0], 503, "without the server there is a word, and no crash")
        pg.start()
        t.eq(p.ask("/")[0], 200, "and the pages again when it is back")
        t.eq(p.stop()[0], 0, "it ends")


def guarded():
    for method in ("PUT", "DELETE", "OPTIONS", "TRACE", "FOO"):
        status, fields, _ = pages.ask("/", method)
        t.ok(status == 405 and "content-security-policy" in fields, f"{method} is refused", status)
    t.eq(pages.ask("/", "POST", "a=b")[0], 405, "nothing can be posted")
    t.eq(pages.ask("/", "POST", "x" * 5000)[0], 413, "and not much of it")
    status, fields, text = pages.ask("/", "HEAD")
    t.ok(status == 200 and not text and int(fields["content-length"]) > 1000, "HEAD has the fields only", fields)
    t.eq([pages.ask("/", Host=h)[0] for h in ("localhost", "localhost:99", "127.0.0.1", "[::1]:80", "evil.example", "localhost.evil.example")],
         [200, 200, 200, 200, 421, 421], "another name is not answered (DNS rebinding)")
    t.eq([pages.ask("/" + x)[0] for x in ("nothing", "../etc/passwd", "%2e%2e/x", "sources/", "report?report=99999999999999999999")],
         [404, 404, 404, 404, 200], "what is not there")
    long = pages.raw(b"GET /?" + b"a" * 40000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
    t.ok(not long or re.match(rb"HTTP/1.. 4", long), "a request that is too long", long[:80])
    for garbage in (b"\0\1\2\3\r\n" * 50 + b"\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\r\n\r\n",
                    b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n", b"GET /?%zz%&&=&=%00 HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"):
        got = pages.raw(garbage)
        t.ok(not got or re.match(rb"HTTP/1\.\d (4|5)\d\d", got), f"garbage: {garbage[:20]!r}", got[:100])
    held = [pages.socket() for _ in range(100)]
    for s in held:
        s.close()
    t.eq(patient("/"), 200, "it is still there after all that, and a hundred connections")


def files():
    """The same as files."""
    status, out, err = run("reports", "export", "--html", path("site"), "--store", STORE, "--json")
    t.ok(status == 0 and json.loads(out)["pages"] > 100, "the pages as files", (out[:200], err))
    names, lost = set(os.listdir(path("site"))), []
    for name in sorted(names):
        if name.endswith(".html"):
            with open(path("site/" + name), encoding="utf-8") as f:
                text = f.read()
            if name in ("index.html", "sources.html", "reports.html") or len(lost) < 5 and name.startswith("report-0"):
                p = Parsed(text)
                lost += [(name, x) for x in p.links if x.partition("#")[0] and x not in names] + [(name, x) for x in p.bad + p.stack]
            if "<script>alert" in text:
                lost.append(name)
    t.eq(lost, [], "every link leads to one of them, and all is text")
    with open(path("site/index.html"), encoding="utf-8") as f:
        t.ok("Messages by day" in f.read(), "the first page")
    t.eq(run("reports", "export", "--html", "/nowhere/x", "--store", STORE)[0], 73, "a folder that cannot be made")


def tokens():
    secret = "correct-horse-battery"
    write("token", secret + "\n", 0o600)
    write("open", secret, 0o644)
    write("short", "abc", 0o600)
    for _ in range(100):
        status, _, err = run("reports", "serve", "--store", STORE, "--listen", f"inet:{random.randrange(20000, 60000)}@0.0.0.0")
        if b"in use" not in err:
            break
    t.ok(status == 64 and b"--token-file" in err, "an address for all needs a token", (status, err))
    t.eq([run("reports", "serve", "--store", STORE, "--token-file", path(x))[0] for x in ("open", "short", "none")], [77, 78, 66],
         "a token that others can read, one too short, none")
    p = Pages(STORE, "--token-file", path("token"))
    status, _, text = p.ask("/?domain=example.org")
    t.ok(status == 401 and 'type="password"' in text and "Quarantined" not in text, "without it there is only the question", text[:300])
    t.eq([p.ask("/download?table=records")[0], p.ask("/days?format=json")[0], p.ask("/inkan.css")[0]], [401, 401, 200],
         "and no data; the style is for all")
    t.eq(p.ask("/login", "POST", "token=wrong")[0], 403, "a wrong token")
    status, fields, _ = p.ask("/login", "POST", "token=" + secret)
    cookie = fields.get("set-cookie", "")
    t.ok(status == 303 and "HttpOnly" in cookie and "SameSite=Strict" in cookie and secret not in cookie, "the right one gives a cookie", cookie)
    value = cookie.partition(";")[0]
    t.eq([p.ask("/", Cookie=value)[0], p.ask("/", Cookie="a=b; " + value)[0], p.ask("/", Cookie=value[:-1] + "x")[0], p.ask("/", Cookie="inkan=")[0],
          p.ask("/", Authorization="Bearer " + secret)[0], p.ask("/", Authorization="Bearer " + secret[:-1])[0], p.ask("/", Authorization="Basic eA==")[0]],
         [200, 200, 401, 401, 200, 401, 401], "cookie and bearer")
    t.eq(p.ask("/", Host="inkan.example.org", Cookie=value)[0], 200, "with a token any name will do")
    t.eq(p.stop()[0], 0, "it ends by SIGTERM")


def sockets():
    p = Pages(STORE, listen=path("web.sock"))
    t.ok(p.where == path("web.sock") and stat.S_ISSOCK(os.stat(p.where).st_mode), "it listens on a unix socket", p.said)
    t.eq(p.ask("/", Host="inkan.example.org")[0], 200, "behind a proxy any name will do")
    t.eq(p.stop(), (0, ""), "it ends, without a word")
    t.ok(not os.path.exists(path("web.sock")), "and takes the socket away")
    p = Pages(STORE, "--host", "inkan.example.org")
    t.eq([p.ask("/", Host=h)[0] for h in ("inkan.example.org", "INKAN.example.org:80", "www.example.org")], [200, 200, 421], "--host")
    t.eq(p.stop()[0], 0, "it ends")
    t.eq(run("reports", "serve", "--store", "sqlite:" + path("nothing.db"))[0], 66, "a store that is not there")


for part in (looks, says, filters, downloads, kept_as_they_came, elsewhere, own, files, guarded, tokens, sockets):
    part()
t.eq(pages.stop(), (0, ""), "the server ends by SIGTERM, without a word")
t.done()
