"""dkimpy behind a pipe: a JSON request per line in, an answer per line out.
Run by the system's Python, which has Debian's python3-dkim."""
import base64
import json
import sys

import dkim


def verify(request, message):
    records = request["records"]
    d = dkim.DKIM(message)
    return d.verify(request["index"],
                    dnsfunc=lambda name, timeout=5: records.get(name.decode().rstrip("."), "").encode())


def sign(request, message):
    with open(request["key"], "rb") as f:
        key = f.read()
    header, _, body = request["canonicalization"].partition("/")
    field = dkim.sign(message, request["selector"].encode(), request["domain"].encode(), key,
                      canonicalize=(header.encode(), body.encode()),
                      signature_algorithm=request["algorithm"].encode())
    return base64.b64encode(field).decode()


def arc_verify(request, message):
    records = request["records"]
    cv, _, why = dkim.arc_verify(message, dnsfunc=lambda name, timeout=5: records.get(name.decode().rstrip("."), "").encode())
    return [cv.decode(), why]


def arc_sign(request, message):
    with open(request["key"], "rb") as f:
        key = f.read()
    fields = dkim.arc_sign(message, request["selector"].encode(), request["domain"].encode(), key, request["id"].encode())
    return base64.b64encode(b"".join(fields)).decode()


OPERATIONS = {"sign": sign, "verify": verify, "arc-sign": arc_sign, "arc-verify": arc_verify}
for line in sys.stdin:
    asked = json.loads(line)
    try:
        answer = OPERATIONS[asked["op"]](asked, base64.b64decode(asked["message"]))
    except Exception as e:  # pylint: disable=broad-except
        answer = f"{type(e).__name__}: {e}"
    print(json.dumps(answer), flush=True)
