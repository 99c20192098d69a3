"""Accepting: every worker does, evenly; a limit of descriptors delays and loses
nobody; SIGTERM ends what is under way and begins nothing."""
import os
import re
import resource
import signal
import socket
import subprocess
import time

import tap
from filter import MESSAGE, Inkand, Mta, connections_of, keygen, path, signatures, until, write

t = tap.Tap()
LINES = f"""Domain example.org
Selector s1
KeyFile {keygen()}
Mode sv
TestPublicKeys {write("keys", "")}
Workers 3
"""


def evenly():
    """Connections that stay are shared; those that end leave no trace."""
    filter_ = Inkand(LINES)
    held = []
    for _ in range(30):  # one by one: the first worker is always free to take it
        mta = filter_.connect()
        mta.negotiate()
        held.append(mta)
    shares = connections_of(filter_.pid)
    t.eq((len(shares), sum(shares)), (3, 30), "each of three workers accepts, and all are served")
    t.ok(shares and shares[-1] - shares[0] <= 3, "no worker has many more than another", str(shares))
    for mta in held:
        mta.begin()
        mta.header(MESSAGE)
    t.eq({signatures(mta.end(MESSAGE)) for mta in held}, {1}, "every one of them signs")
    for mta in held:
        mta.close()
    until("the end of the connections", lambda: sum(connections_of(filter_.pid)) == 0)
    t.eq({signatures(filter_.send(MESSAGE)) for _ in range(50)}, {1}, "a connection for each message")
    t.eq(filter_.stop(), 0, "exit status")


def without_descriptors():
    """Connections beyond the limit wait in the queue until others have gone."""
    filter_ = Inkand(LINES, "few")
    used = len(os.listdir(f"/proc/{filter_.pid}/fd"))
    resource.prlimit(filter_.pid, resource.RLIMIT_NOFILE, (used + 8, used + 8))
    held, waiting = [], []
    for _ in range(8):
        held.append(filter_.connect())
        held[-1].negotiate()
    for _ in range(4):
        waiting.append(filter_.connect())
    filter_.logged("raise LimitNOFILE")
    for mta in held[:4]:
        mta.close()
    for mta in waiting:
        mta.negotiate()
        mta.begin()
        mta.header(MESSAGE)
    t.eq({signatures(mta.end(MESSAGE)) for mta in waiting}, {1}, "those that had to wait are served when others have gone")
    for mta in held[4:] + waiting:
        mta.close()
    t.eq(filter_.stop(), 0, "exit status, after the limit")


def unread():
    """SIGTERM when the MTA has begun a message that nobody has read of yet."""
    for i in range(5):
        filter_ = Inkand(LINES, f"unread{i}")
        busy = filter_.connect()
        busy.negotiate()
        filter_.signal(signal.SIGSTOP)
        busy.begin()
        busy.header(MESSAGE)
        filter_.signal(signal.SIGTERM)
        filter_.signal(signal.SIGCONT)
        if signatures(busy.end(MESSAGE)) != 1 or filter_.process.wait(20):
            t.ok(False, "a message that has begun unseen is signed")
            return
    t.ok(True, "a message that has begun unseen is signed")


def drain():
    """SIGTERM: what is under way ends with its signature, idle connections are
    closed, nobody gets in any more, and the socket is gone."""
    filter_ = Inkand(LINES, "drain")
    busy, idle = filter_.connect(), filter_.connect()
    for mta in busy, idle:
        mta.negotiate()
    busy.begin()
    busy.header(MESSAGE)
    filter_.signal(signal.SIGTERM)
    filter_.logged("stopping")
    try:
        idle.take()
        t.ok(False, "an idle connection is closed")
    except EOFError:
        t.ok(True, "an idle connection is closed")
    t.ok(not os.path.exists(filter_.socket), "the socket's file is gone")
    t.eq(signatures(busy.end(MESSAGE)), 1, "the message under way is signed")
    t.eq(filter_.process.wait(20), 0, "exit status, drained")


def refuse():
    """While a message is still under way, a stopping inkand refuses others."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    filter_ = Inkand(LINES, "refuse", more=("-p", f"inet:{port}@127.0.0.1"))

    def dial():
        return Mta(socket.create_connection(("127.0.0.1", port), 20))

    busy = dial()
    busy.negotiate()
    busy.begin()
    busy.header(MESSAGE)
    filter_.signal(signal.SIGTERM)
    filter_.logged("stopping")
    try:
        late = dial()
        late.negotiate()
        t.ok(False, "a connection after SIGTERM is refused")
    except (ConnectionError, EOFError):
        t.ok(True, "a connection after SIGTERM is refused")
    time.sleep(0.1)  # longer than the listening sockets' descriptors live
    t.eq(signatures(busy.end(MESSAGE)), 1, "the message under way is signed, over TCP")
    t.eq(filter_.process.wait(20), 0, "exit status, over TCP")


def system_calls():
    """design: at most 16 for a message with a connection of its own; a busy
    machine adds a fruitless accept or read now and then (before workers
    accepted for themselves there were 24)."""
    counts = []
    for n in (20, 120):
        trace = path(f"trace{n}")
        filter_ = Inkand(LINES, f"trace{n}", wrap=("strace", "-f", "-c", "-o", trace),
                         env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
        for _ in range(n):
            filter_.send(MESSAGE)
        filter_.signal(15)
        filter_.process.wait(180)
        with open(trace, encoding="ascii") as f:
            # memory is a sanitizer's affair, waiting for each other the threads' at start and end
            counts.append(sum(int(m.group(1)) for m in re.finditer(
                r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(epoll_wait|epoll_ctl|accept4|recvfrom|sendto|close|read|write|"
                r"setsockopt|getsockname|fcntl|shutdown)$", f.read(), re.M)))
    each = (counts[1] - counts[0]) / 100
    t.ok(8 <= each <= 20, "system calls for a message with its connection", f"{each} of {counts}")
    t.note(f"{each} system calls for a message with its connection")


evenly()
without_descriptors()
drain()
unread()
refuse()
if subprocess.run(["sh", "-c", "command -v strace"], stdout=subprocess.DEVNULL, check=False).returncode == 0:
    system_calls()
else:
    t.skip("system calls for a message with its connection", "no strace")
t.done()
