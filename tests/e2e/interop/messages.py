"""Odd but legal messages, made from a seed: CRLF, ready to be signed."""
import random

FOLDS = ["", " ", "  ", "\t", "\r\n ", "\r\n\t", " \r\n  "]
WORDS = ["a", "letter", "to", "=?UTF-8?B?44GT?=", "<x@y.example>", "(comment)", "\"quoted\"", ";", "b=x", "100%"]


def value(r):
    return "".join(r.choice(WORDS) + r.choice(FOLDS) for _ in range(r.randint(0, 6))).strip("\r\n\t ") or "x"


def line(r):
    kind = r.random()
    if kind < 0.2:
        return ""
    if kind < 0.3:
        return r.choice([" ", "\t", " \t  "])
    if kind < 0.35:
        return "x" * r.randint(900, 990)
    if kind < 0.4:
        return "漢字のメール".encode().decode("latin-1")
    return "".join(r.choice(WORDS) + r.choice([" ", "  ", "\t", " \t "]) for _ in range(r.randint(1, 9)))


def message(seed):
    r = random.Random(seed)
    head = [f"From: tester@example.org", f"To: {value(r)}", f"Subject:{r.choice(FOLDS[:4])}{value(r)}",
            "Date: Tue, 24 Nov 2026 09:00:00 +0000", f"Message-ID: <{seed}@example.org>"]
    for name in ("Cc", "Reply-To", "MIME-Version", "Content-Type", "List-Id", "X-Other", "Received", "Comments"):
        for _ in range(r.choice([0, 0, 1, 1, 2])):
            head.insert(r.randint(0, len(head)), f"{name}:{r.choice(['', ' ', '  '])}{value(r)}")
    body = [line(r) for _ in range(r.choice([0, 1, 3, 20]))] + [""] * r.choice([0, 0, 1, 3])
    text = "\r\n".join(head) + "\r\n\r\n" + "".join(x + "\r\n" for x in body)
    return text.encode("latin-1")
