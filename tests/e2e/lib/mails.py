"""Messages for the end-to-end tests."""
import base64
import itertools
import random

NUMBERS = itertools.count(1)
DATE = "Tue, 24 Nov 2026 09:00:00 +0000"


def mail(sender, to, body=b"Hello.\n", subject="A letter", extra=()):
    """(mark, message): the mark is in X-Mark, to find the message by."""
    mark = f"m{next(NUMBERS)}"
    head = [f"From: {sender}", f"To: {to}", f"Subject: {subject}", f"Date: {DATE}",
            f"Message-ID: <{mark}@{sender.rpartition('@')[2].strip('>')}>", f"X-Mark: {mark}", *extra]
    return mark, "\n".join(head).encode() + b"\n\n" + body


def utf8(sender, to):
    body = "拝啓\nメールの本文は日本語です。\n.ドットで始まる行\n敬具\n".encode()
    return mail(sender, to, body, "=?UTF-8?B?" + base64.b64encode("お知らせ".encode()).decode() + "?=",
                ["MIME-Version: 1.0", "Content-Type: text/plain; charset=UTF-8", "Content-Transfer-Encoding: 8bit"])


def jis(sender, to):
    body = "拝啓\nこちらは古い符号の本文です。\n".encode("iso-2022-jp")
    subject = "=?ISO-2022-JP?B?" + base64.b64encode("お知らせ".encode("iso-2022-jp")).decode() + "?="
    return mail(sender, to, body, subject, ["MIME-Version: 1.0", "Content-Type: text/plain; charset=ISO-2022-JP",
                                            "Content-Transfer-Encoding: 7bit"])


def attachment(sender, to, size):
    data = random.Random(size).randbytes(size)
    body = b"--edge\nContent-Type: text/plain\n\nSee the file.\n--edge\n" \
        b"Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\n" \
        + base64.encodebytes(data) + b"--edge--\n"
    return mail(sender, to, body, "A file", ["MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="edge"'])
