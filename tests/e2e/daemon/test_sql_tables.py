"""KeyTable and SigningTable in a database, as panels keep them: SQLite and a real
PostgreSQL.  New rows sign without a reload; a database that is gone changes
nothing."""
import os
import sqlite3
import subprocess
import sys

import tap
from filter import ENV, INKAN, INKAND, Inkand, MESSAGE, keygen, path, signatures, write

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import pgserver  # noqa: E402

t = tap.Tap()
KEY = keygen("s1")
TABLE = "CREATE TABLE dkim (id integer PRIMARY KEY, domain_name text, selector text, private_key_path text, enabled integer)"
ROW = f"INSERT INTO dkim VALUES ({{}}, '{{}}', 's1', '{KEY}', {{}})"
OTHER = dict(MESSAGE, header=[("From", " a@other.example"), *MESSAGE["header"][1:]])


def settings(place):
    return (f"Mode s\nKeyTable dsn:{place}/table=dkim?keycol=id?datacol=domain_name,selector,private_key_path\n"
            f"SigningTable dsn:{place}/table=dkim?keycol=domain_name?datacol=id?filter=enabled=3D1\n"
            "SQLTableRefresh 1\n")


def tags(got):
    return [value.split("d=")[1].split(";")[0] for name, value in got["added"] if name == "DKIM-Signature"]


def check(lines):
    p = subprocess.run([INKAND, "-n", "-x", write("check.conf", f"Socket inet:8891@localhost\n{lines}")],
                       capture_output=True, text=True, env=ENV, check=False)
    return p.returncode, p.stdout + p.stderr


def both(kind, place, sql, stop, start):
    sql(TABLE)
    sql(ROW.format(1, "example.org", 1))
    sql(ROW.format(2, "other.example", 0))
    status, said = check(settings(place))
    t.ok(status == 0 and said.endswith('table dkim:2: note: KeyTable: no line of SigningTable uses "2"\n'),
         f"{kind}: inkand -n names table and row", said)
    p = subprocess.run([INKAN, "why", "--config", write("why.conf", settings(place)), "--from", "a@example.org", "--client-ip", "127.0.0.1"],
                       capture_output=True, text=True, env=ENV, check=False)
    t.ok("table dkim:1" in p.stdout, f"{kind}: why names table and row", p.stdout + p.stderr)
    filter_ = Inkand(settings(place), name=kind)
    t.eq(tags(filter_.send(MESSAGE)), ["example.org"], f"{kind}: signed")
    t.eq(tags(filter_.send(OTHER)), [], f"{kind}: the filter of the table holds")
    sql("UPDATE dkim SET enabled = 1 WHERE id = 2")
    filter_.logged("configuration reloaded")
    t.eq(tags(filter_.send(OTHER)), ["other.example"], f"{kind}: a new row signs without a reload")
    stop()
    filter_.logged("the rows read before stay in use")
    t.eq(tags(filter_.send(OTHER)), ["other.example"], f"{kind}: the database is gone, mail is signed")
    status, said = check(settings(place))
    t.ok(status == 78 and "KeyTable: " in said, f"{kind}: without its database inkand -n fails", said)
    start()
    filter_.logged("can be read again")
    t.eq(filter_.log().count("configuration reloaded"), 1, f"{kind}: without news nothing is reloaded")
    sql("DELETE FROM dkim WHERE id = 1")
    filter_.logged("configuration reloaded", 2)
    t.eq(tags(filter_.send(MESSAGE)), [], f"{kind}: a deleted row signs no more")
    log = filter_.log()
    t.eq(filter_.stop(), 0, f"{kind}: stops")
    t.ok("secret" not in log + said, f"{kind}: no password in what is said", log + said)


database = path("panel=.db")


def in_sqlite(statement):
    with sqlite3.connect(database) as db:
        db.execute(statement)
    db.close()


both("sqlite", "sqlite3://" + database.replace("=", "=3D"), in_sqlite,
     lambda: os.rename(database, database + ".away"), lambda: os.rename(database + ".away", database))
try:
    with pgserver.Server() as pg:
        both("pgsql", f"pgsql://inkan:secret@{pg.dir.replace('/', '=2F')}/inkan", pg.sql, pg.stop, pg.start)
except pgserver.Missing as e:
    t.skip("pgsql", str(e))

for text, said in [("dsn:mysql://u:secret@h/db/table=t?keycol=k?datacol=d", '"mysql" is not read'),
                   (f"dsn:sqlite3://{path('none.db')}/table=t?keycol=k?datacol=d", "unable to open"),
                   ("dsn:pgsql://u:secret@h/db/table=t?keycol=k", "datacol= is missing")]:
    status, out = check(f"Mode s\nKeyTable {text}\nSigningTable {text}\n")
    t.ok(status == 78 and said in out and "secret" not in out, f"refused: {said}", out)
t.ok(signatures({"added": []}) == 0 and not os.path.exists(path("none.db")), "no database is made")
t.done()
