"""A real Chromium, spoken to by its DevTools protocol over a pipe."""
import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import time

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


class Browser:
    """One tab.  profile: a folder of its own; shots: where pictures go, or None."""

    def __init__(self, profile, shots=None):
        self.shots = shots
        to, self.out = os.pipe()
        self.inp, back = os.pipe()
        # the browser reads from 3 and writes to 4
        ends = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 50) for fd in (to, back)]
        self.p = subprocess.Popen(
            [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe",
             "--user-data-dir=" + profile], close_fds=False, preexec_fn=lambda: (os.dup2(ends[0], 3), os.dup2(ends[1], 4)),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(ends[0])
        os.close(ends[1])
        os.close(to)
        os.close(back)
        self.rest, self.n, self.events, self.session = b"", 0, [], None
        target = self("Target.createTarget", url="about:blank")["targetId"]
        self.session = self("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self(domain + ".enable")

    def _read(self, until):
        while b"\0" not in self.rest:
            if not select.select([self.inp], [], [], max(0, until - time.monotonic()))[0]:
                raise TimeoutError("the browser says nothing")
            piece = os.read(self.inp, 1 << 20)
            if not piece:
                raise EOFError("the browser is gone")
            self.rest += piece
        text, _, self.rest = self.rest.partition(b"\0")
        return json.loads(text)

    def __call__(self, method, **params):
        self.n += 1
        message = {"id": self.n, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + 120
        while True:
            m = self._read(until)
            if m.get("id") == self.n:
                if "error" in m:
                    raise RuntimeError(m["error"])
                return m["result"]
            self.events.append(m)

    def go(self, url):
        return self.next_page(lambda: self("Page.navigate", url=url))

    def next_page(self, act):
        """Does it, and waits until another page is there; what it said."""
        self.events = []
        act()
        until = time.monotonic() + 120
        while not any(e.get("method") == "Page.loadEventFired" for e in self.events):
            self.events.append(self._read(until))
        if self.scripts:
            self.js("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")
        return [e for e in self.events if e.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled")]

    def js(self, text):
        r = self("Runtime.evaluate", expression=text, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in r:
            raise RuntimeError(r["exceptionDetails"])
        return r["result"].get("value")

    def look(self, width, height, dark=False, scripts=True):
        self("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.scripts = scripts

    def shot(self, name, whole=False):
        if self.shots:
            os.makedirs(self.shots, exist_ok=True)
            with open(os.path.join(self.shots, name + ".png"), "wb") as f:
                f.write(base64.b64decode(self("Page.captureScreenshot", captureBeyondViewport=whole)["data"]))

    def press(self, key, code, text=None):
        for kind in ("keyDown" if text else "rawKeyDown", "keyUp"):
            self("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **({"text": text} if text else {}))


FOCUSABLE = """[...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, summary')]
    .filter(e => e.tabIndex >= 0 && e.checkVisibility()).length"""
FOCUS = """(() => { const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
    return e === document.body ? null : [[...document.querySelectorAll('*')].indexOf(e),
        s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2 && r.width > 0 && r.right > 0]; })()"""


def keyboard(t, b):
    want, seen, blind = b.js(FOCUSABLE), set(), []
    for _ in range(want + 60):
        b.press("Tab", 9)
        got = b.js(FOCUS)
        if not got:
            continue
        if got[0] in seen and len(seen) >= want:
            break
        seen.add(got[0])
        if not got[1]:
            blind.append(got[0])
    t.ok(len(seen) >= want, f"Tab reaches all {want} links and fields", f"{len(seen)}")
    t.eq(blind, [], "and each shows that it has the focus")
