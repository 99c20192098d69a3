"""score: a right letter gets ten, each fault costs its points and no more; what
cannot be looked at costs nothing."""
import html.parser
import json
import os
import re

import tap
from tool import TMP, as_json, keygen, path, run, write

t = tap.Tap()
key, record = keygen("s1")
short, short_record = keygen("short", "--bits", "1024")
ZONE = f"""$TTL 300
example.org. TXT "v=spf1 ip4:192.0.2.1 -all"
example.org. MX 10 mx.example.org.
_dmarc.example.org. TXT "v=DMARC1; p=reject"
s1._domainkey.example.org. TXT "{record[:200]}" "{record[200:]}"
short._domainkey.example.org. TXT "{short_record[:200]}" "{short_record[200:]}"
mx.example.org. A 192.0.2.1
mx.example.org. TXT "v=spf1 ip4:192.0.2.1 -all"
1.2.0.192.in-addr.arpa. PTR mx.example.org.
1.2.0.192.list.example. A 127.0.0.2
1.2.0.192.closed.example. A 127.255.255.254
"""
zone = write("score.zone", ZONE)
HEAD = {"From": "Aki <aki@example.org>", "To": "bo@example.net", "Subject": "greetings",
        "Date": "Tue, 24 Nov 2026 09:00:00 +0000", "Message-ID": "<1@example.org>"}
RECEIVED = ("Return-Path: <aki@example.org>\r\nReceived: from localhost (localhost [127.0.0.1]) by in.example.net with LMTP;"
            " Tue, 24 Nov 2026 09:00:02 +0000\r\nReceived: from {helo} ({helo} [{ip}])\r\n\tby in.example.net (Postfix)"
            " with {proto} id 1;\r\n\tTue, 24 Nov 2026 09:00:01 +0000\r\n")
LIST = {"List-Unsubscribe": "<https://example.org/u?x=1>, <mailto:u@example.org>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def letter(head=None, body="Hello.\r\n", sign=True, selector="s1", headers=None, helo="mx.example.org", ip="192.0.2.1",
           proto="ESMTPS", more=(), extra=""):
    fields = {**HEAD, **(head or {})}
    text = extra + "".join(f"{n}: {v}\r\n" for n, v in fields.items() if v is not None) + "\r\n" + body
    data = text.encode("utf-8")
    if sign:
        status, data, err = run("sign", "--time", "1795510000", "-d", "example.org", "-s", selector, "-k", path(selector + ".private"), *more,
                                *(["--headers", headers] if headers else []), stdin=data)
        assert status == 0, err
    return RECEIVED.format(helo=helo, ip=ip, proto=proto).encode() + data


def score(data, *args):
    status, got = as_json("score", "--zone", zone, "--time", "1795510800", *args, stdin=data)
    rows = {r["code"]: r for c in got.get("categories", []) for r in c["findings"]}
    return got.get("score"), rows, got, status


def lost(rows):
    return {code: r["lost"] for code, r in rows.items() if r["lost"]}


total, rows, got, status = score(letter())
t.eq((status, total, lost(rows)), (0, 10.0, {}), "a right letter: ten")
t.eq([(c["name"], c["out_of"]) for c in got["categories"]], [("authentication", 5.0), ("transport", 2.0), ("form", 1.5),
                                                             ("list", 1.0), ("reputation", 0.5)], "the categories")
t.eq(sum(c["out_of"] for c in got["categories"]), got["out_of"], "their points are ten")
t.ok(all(r["status"] in ("ok", "skip") for r in rows.values()), "nothing is wrong", rows)
t.eq(rows["list.signed"]["status"], "skip", "a letter is no list mail")
t.ok(all(set(r) >= {"code", "status", "subject", "seen", "wanted", "why", "fix", "evidence", "lost", "out_of"} for r in rows.values()),
     "every finding has its parts")
total, rows, got, _ = score(letter(LIST))
t.eq((total, rows["list.signed"]["status"], lost(rows)), (10.0, "ok", {}), "list mail as RFC 8058 wants it")

ALL = "From:To:Subject:Date:Message-ID"
for what, data, args, want in [
    ("not signed", letter(sign=False), (), {"auth.dkim": 2.0}),
    ("a changed body", letter().replace(b"Hello.", b"Hallo."), (), {"auth.dkim": 2.0}),
    ("a short key", letter(selector="short"), (), {"auth.dkim.key": 0.25}),
    ("Subject not signed", letter(headers="From:To:Date:Message-ID"), (), {"auth.dkim.fields": 0.25}),
    ("l=", letter(more=("--body-length", "5")), (), {"auth.dkim": 2.0, "auth.dkim.length": 0.5}),
    ("SPF forbids it", letter(ip="192.0.2.9"), (), {"auth.spf": 1.0, "host.ptr": 1.0, "host.helo": 0.5}),
    ("neither aligned", letter({"From": "aki@example.com"}), (), {"auth.dmarc": 1.0, "reputation.mx": 0.25}),
    ("a HELO that is none", letter(helo="localhost"), (), {"host.helo": 0.5}),
    ("in the clear", letter(proto="ESMTP"), (), {"host.tls": 0.5}),
    ("no Date", letter({"Date": None}), (), {"form.date": 0.5}),
    ("no Message-ID", letter({"Message-ID": None}), (), {"form.message-id": 0.5}),
    ("a crooked Message-ID", letter({"Message-ID": "1"}), (), {"form.message-id": 0.5}),
    ("no Subject", letter({"Subject": None}), (), {"form.subject": 0.25}),
    ("two Subjects", letter(extra="Subject: one\r\n"), (), {"form.once": 0.5}),
    ("raw UTF-8", letter({"Subject": "拝啓"}), (), {"form.raw": 0.25}),
    ("undeclared UTF-8", letter(body="拝啓\r\n"), (), {"form.mime": 0.25}),
    ("declared UTF-8", letter({"MIME-Version": "1.0", "Content-Type": "text/plain; charset=UTF-8"}, "拝啓\r\n"), (), {}),
    ("998 characters", letter(body="x" * 998 + "\r\n"), (), {}),
    ("999 characters", letter(body="x" * 999 + "\r\n"), (), {"form.lines": 0.5}),
    ("mailto only", letter({"List-Unsubscribe": "<mailto:u@example.org>"}), (),
     {"list.unsubscribe": 0.4, "list.one-click": 0.3, "list.signed": 0.3}),
    ("bulk without a way out", letter({"Precedence": "bulk"}), (),
     {"list.unsubscribe": 0.4, "list.one-click": 0.3, "list.signed": 0.3}),
    ("another Post value", letter({**LIST, "List-Unsubscribe-Post": "yes"}), (), {"list.one-click": 0.3}),
    ("the list's fields not signed", letter(LIST, headers=ALL), (), {"list.signed": 0.3}),
    ("one of them not signed", letter(LIST, headers=ALL + ":List-Unsubscribe"), (), {"list.signed": 0.3}),
    ("listed", letter(), ("--blocklist", "list.example"), {"reputation.blocklist": 0.25}),
    ("not listed", letter(), ("--blocklist", "other.example"), {}),
    ("a list that does not serve us", letter(), ("--blocklist", "closed.example"), {}),
    ("--ip instead of Received", letter(ip="192.0.2.9"), ("--ip", "192.0.2.1"), {}),
    ("the null path", letter().replace(b"Return-Path: <aki@example.org>", b"Return-Path: <>"), (), {}),
]:
    total, rows, got, status = score(data, *args)
    t.eq(lost(rows), want, what)
    t.ok(abs(total - (10 - sum(c["out_of"] - c["points"] for c in got["categories"]))) < 0.005, f"{what}: the sum", total)
total, rows, _, _ = score(letter({"From": "a@example.org, b@example.net"}))
t.ok(lost(rows).get("form.from") == 1.0, "two authors", lost(rows))
t.eq(score(letter(), "--ip", "x")[3], 64, "--ip x")
t.eq(run("score", "--zone", zone, "/nonexistent")[0], 66, "no such file")
t.eq(run("score", "--zone", zone, "--fail", "--time", "1795510800", stdin=letter())[0], 0, "--fail: ten of ten")
t.eq(run("score", "--zone", zone, "--fail", stdin=letter(sign=False))[0], 1, "--fail: less")

# offline: nothing that needs DNS costs a point
total, rows, _, _ = score(letter(), "--offline")
t.eq((total, lost(rows)), (10.0, {}), "offline: not tested costs nothing")
t.eq(rows["auth.dkim"]["status"], "skip", "and is not called good")
t.eq(lost(score(letter(sign=False), "--offline")[1]), {"auth.dkim": 2.0}, "offline: what the message shows is judged")
status, got = as_json("score", "--nameserver", "127.0.0.1:9", "--dns-timeout", "1", stdin=letter())
t.eq(got.get("score"), 10.0, "no name server answers: the same")
bare = letter(sign=False).partition(b"From: ")
total, rows, _, _ = score(bare[1] + bare[2])
t.eq([rows[c]["status"] for c in ("auth.spf", "host.ptr", "host.helo", "host.tls")], ["skip"] * 4, "without Received: not tested")

# text and page
out = run("score", "--zone", zone, "--time", "1795510800", stdin=letter(sign=False))[1].decode()
t.ok(re.search(r"^7\.\d+ / 10|^8\.0 / 10", out) and "-2.0" in out and "inkan setup" in out, "text: points lost and the cure", out)
out = run("score", "--zone", zone, "--lang", "ja", stdin=letter(sign=False))[1].decode()
t.ok("署名" in out and "/ 10" in out, "in Japanese", out)


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.stack, self.lang = [], [], None

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "html":
            self.lang = dict(attrs).get("lang")
        if tag not in ("meta", "br"):
            self.stack.append(tag)

    def handle_endtag(self, tag):
        assert self.stack and self.stack.pop() == tag, tag


evil = letter({"Subject": "<script>alert(1)</script>\"'&"}, extra="X-Evil: \x1b[31m</pre><img src=x>\r\n")
for lang in ("en", "ja"):
    status, out, err = run("score", "--zone", zone, "--html", path(lang + ".html"), "--lang", lang, stdin=evil)
    with open(path(lang + ".html"), encoding="utf-8") as f:
        text = f.read()
    page = Page()
    page.feed(text)
    names = {tag for tag, _ in page.tags}
    t.ok(status == 0 and page.lang == lang and not page.stack, f"a page: {lang}", f"{status} {err!r} {page.stack}")
    t.eq(names & {"script", "img", "link", "iframe", "object", "form"}, set(), f"{lang}: nothing runs, nothing is fetched")
    t.ok(not any(a.startswith("on") or a == "src" or a == "href" and not v.startswith("#") for _, attrs in page.tags for a, v in attrs.items())
         and "url(" not in text
         and "\x1b" not in text, f"{lang}: nor by an attribute, style or control byte")
    t.ok("&lt;script&gt;" in text and "192.0.2.1" in text, f"{lang}: the evidence is there")
t.eq(run("score", "--zone", zone, "--html", "/nonexistent/x", stdin=letter())[0], 73, "a page that cannot be written")
t.done()
