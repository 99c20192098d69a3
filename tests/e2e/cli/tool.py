"""What the scripts of this folder share: running build/inkan, keys and zones."""
import json
import os
import subprocess

BUILD = os.environ.get("INKAN_BUILD", "build")
INKAN = os.path.join(BUILD, "inkan")
TMP = os.environ.get("TMPDIR", "/tmp")
MAIL = b"From: Aki <aki@example.org>\r\nTo: bo@example.com\r\nSubject: greetings\r\n\r\nHello,\r\n\r\nworld\r\n"


def run(*args, stdin=b"", program=None, **more):
    """(exit status, standard output, standard error), as bytes."""
    env = dict(os.environ, LC_ALL=more.pop("locale", "C.UTF-8"))
    env.pop("LANGUAGE", None)
    p = subprocess.run([program or INKAN, *args], input=stdin, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, env=env, timeout=300, **more)
    return p.returncode, p.stdout, p.stderr


def as_json(*args, stdin=b"", **more):
    status, out, err = run(*args, "--json", stdin=stdin, **more)
    try:
        return status, json.loads(out)
    except ValueError:
        return status, {"stdout": repr(out), "stderr": repr(err)}


def path(name):
    return os.path.join(TMP, name)


def write(name, data, mode=0o644):
    full = path(name)
    with open(full, "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode())
    os.chmod(full, mode)
    return full


def record_of(text_file):
    """The value of a record file, its strings joined."""
    with open(text_file, encoding="ascii") as f:
        return "".join(f.read().split('"')[1::2])


def keygen(selector, *more, domain="example.org"):
    """Makes a key; returns its path and the value of its record."""
    status, _, err = run("keygen", "--domain", domain, "--selector", selector, "--directory", TMP, *more)
    assert status == 0, err
    return path(selector + ".private"), record_of(path(selector + ".txt"))


def zone(name, records):
    """A master file of TXT records: {name: value}."""
    lines = []
    for owner, value in records.items():
        strings = " ".join('"%s"' % value[i:i + 255] for i in range(0, len(value), 255))
        lines.append(f"{owner}. 300 IN TXT {strings}\n")
    return write(name, "".join(lines))


def link(name):
    """build/inkan under another name."""
    full = path(name)
    if not os.path.islink(full):
        os.symlink(os.path.abspath(INKAN), full)
    return full


def controls(data):
    """The control bytes in an output, line feeds aside."""
    return sorted({b for b in data if (b < 32 and b != 10) or b == 127})
