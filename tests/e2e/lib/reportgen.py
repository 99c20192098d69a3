#!/usr/bin/env python3
"""reportgen.py [--seed N] [--reports N] [--rows N] OUT: DMARC aggregate reports as
receivers send them, the same for the same seed, and what they add up to.

As a module: corpus(seed, reports, rows) gives Reports; Report.xml() is one,
gzipped(), zipped() and mail() wrap it, Totals adds up what imports must say.
As a program: OUT/NAME.xml.gz for each, and OUT.json with the totals."""
import argparse
import base64
import gzip
import io
import json
import os
import random
import zipfile

DAY = 86400
START = 1790035200  # a midnight
DISPOSITIONS = ("none", "quarantine", "reject")


class Totals:
    def __init__(self):
        self.reports = self.records = self.messages = self.passed = self.dkim = self.spf = 0
        self.disposition = dict.fromkeys(DISPOSITIONS, 0)
        self.sources = {}

    def add(self, report):
        self.reports += 1
        for row in report.rows:
            ip, count, disposition, dkim, spf = row[:5]
            self.records += 1
            self.messages += count
            self.passed += count if dkim or spf else 0
            self.dkim += count if dkim else 0
            self.spf += count if spf else 0
            self.disposition[disposition] += count
            source = self.sources.setdefault(ip, [0, 0])
            source[0] += count
            source[1] += count if dkim or spf else 0

    def summary(self, domain):
        """What `inkan reports summary --json` says of one domain."""
        return {"domain": domain, "messages": self.messages, "pass": self.passed, "fail": self.messages - self.passed,
                "dkim_aligned": self.dkim, "spf_aligned": self.spf, "disposition": dict(self.disposition)}


class Report:
    def __init__(self, rng, number, rows, domain, addresses):
        self.domain, self.number = domain, number
        self.org = f"receiver{rng.randrange(20)}.example"
        self.begin = START + DAY * rng.randrange(28)
        self.end = self.begin + DAY - 1
        self.rows = []
        for _ in range(rows):
            kind = rng.random()
            dkim, spf = (True, True) if kind < 0.7 else (True, False) if kind < 0.8 else (False, False)
            disposition = "none" if dkim or spf else rng.choice(DISPOSITIONS)
            self.rows.append((rng.choice(addresses), 1 + int(rng.expovariate(0.2)), disposition, dkim, spf,
                              f"s{rng.randrange(3)}", rng.randrange(1000)))

    @property
    def name(self):
        return f"{self.org}!{self.domain}!{self.begin}!{self.end}!{self.number}"

    def xml(self):
        yes = ("fail", "pass")
        out = [f"""<?xml version="1.0" encoding="UTF-8" ?>
<feedback>
  <report_metadata>
    <org_name>{self.org}</org_name>
    <email>noreply-dmarc@{self.org}</email>
    <report_id>{self.number}</report_id>
    <date_range>
      <begin>{self.begin}</begin>
      <end>{self.end}</end>
    </date_range>
  </report_metadata>
  <policy_published>
    <domain>{self.domain}</domain>
    <adkim>r</adkim>
    <aspf>r</aspf>
    <p>none</p>
    <sp>none</sp>
    <pct>100</pct>
  </policy_published>
"""]
        for ip, count, disposition, dkim, spf, selector, user in self.rows:
            out.append(f"""  <record>
    <row>
      <source_ip>{ip}</source_ip>
      <count>{count}</count>
      <policy_evaluated>
        <disposition>{disposition}</disposition>
        <dkim>{yes[dkim]}</dkim>
        <spf>{yes[spf]}</spf>
      </policy_evaluated>
    </row>
    <identifiers>
      <header_from>{self.domain}</header_from>
    </identifiers>
    <auth_results>
      <dkim>
        <domain>{self.domain if dkim else "other.example"}</domain>
        <selector>{selector}</selector>
        <result>{yes[dkim]}</result>
      </dkim>
      <spf>
        <domain>{self.domain if spf else f"u{user}.example"}</domain>
        <result>{yes[spf]}</result>
      </spf>
    </auth_results>
  </record>
""")
        out.append("</feedback>\n")
        return "".join(out).encode()

    def gzipped(self):
        return gzip.compress(self.xml(), 6, mtime=0)

    def zipped(self, *others):
        b = io.BytesIO()
        with zipfile.ZipFile(b, "w", zipfile.ZIP_DEFLATED) as z:
            for r in (self, *others):
                z.writestr(zipfile.ZipInfo(r.name + ".xml"), r.xml(), zipfile.ZIP_DEFLATED)
        return b.getvalue()

    def mail(self, attachment=None, name=None, kind="application/gzip"):
        data = base64.encodebytes(attachment or self.gzipped()).decode()
        return (f"From: noreply-dmarc@{self.org}\nTo: dmarc@{self.domain}\n"
                f"Subject: Report Domain: {self.domain}\n Submitter: {self.org} Report-ID: <{self.number}>\n"
                f"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"=_b{self.number}\"\n\n"
                f"--=_b{self.number}\nContent-Type: text/plain\n\nThis is an aggregate report.\n"
                f"--=_b{self.number}\nContent-Type: {kind}; name=\"{name or self.name + '.xml.gz'}\"\n"
                f"Content-Transfer-Encoding: base64\n\n{data}\n--=_b{self.number}--\n").encode()


def corpus(seed, reports, rows, domains=("example.org",), sources=2000):
    """Reports with `rows` rows each on the average, as an iterator."""
    rng = random.Random(seed)
    addresses = [f"{rng.choice(('192.0.2', '198.51.100', '203.0.113'))}.{rng.randrange(256)}" if rng.random() < 0.3 else
                 f"2001:db8:{rng.randrange(65536):x}::{1 + rng.randrange(65535):x}" for _ in range(sources)]
    for number in range(reports):
        n = rows if reports == 1 else rng.randrange(1, 2 * rows)
        yield Report(rng, number, n, rng.choice(domains), addresses)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--reports", type=int, default=100)
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("out")
    args = parser.parse_args()
    os.makedirs(args.out, exist_ok=True)
    totals = Totals()
    for report in corpus(args.seed, args.reports, args.rows):
        totals.add(report)
        with open(os.path.join(args.out, report.name + ".xml.gz"), "wb") as f:
            f.write(report.gzipped())
    with open(args.out + ".json", "w", encoding="ascii") as f:
        json.dump({"reports": totals.reports, "records": totals.records, **totals.summary("example.org")}, f)


if __name__ == "__main__":
    main()
