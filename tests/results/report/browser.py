"""A headless Chromium, spoken to over two pipes: what a reader's browser makes of a page."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--remote-debugging-pipe",
)  # fmt: skip

MEASURE = """({
  wide: document.documentElement.scrollWidth, window: window.innerWidth,
  height: document.documentElement.scrollHeight,
  broken: [...document.images].filter(i => !i.complete || !i.naturalWidth).length,
  figures: [...document.querySelectorAll('figure svg')].map(s => s.getBoundingClientRect())
    .filter(r => r.width > 200 && r.height > 50).length,
  twice: [...document.querySelectorAll('[id]')].map(e => e.id)
    .filter((id, n, all) => all.indexOf(id) !== n),
  dangling: [...document.querySelectorAll('a[href^="#"], use')]
    .map(a => decodeURIComponent((a.getAttribute('href') || a.getAttribute('xlink:href')).slice(1)))
    .filter(id => !document.getElementById(id)),
  unnamed: [...document.querySelectorAll('[role=img]')].filter(e => !e.getAttribute('aria-label'))
    .length,
  scripts: document.scripts.length,
  text: document.body.innerText,
})"""

AXE = Path(os.environ.get("MAILSIM_BROWSER", "")) / "axe" / "axe.min.js"
"""axe-core, which looks at contrast, labels, and words for pictures; from `.ci/browser`."""
RULES = """axe.run(ROOT, {runOnly: ['wcag2a', 'wcag2aa']}).then(found => JSON.stringify(
  found.violations.map(v => [v.id, v.nodes.slice(0, 3).map(n => n.html.slice(0, 200))])))"""


def found() -> str | None:
    """The program, if there is one."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)


class Browser:
    """One page in one Chromium with an empty profile; use as a context."""

    def __init__(self, profile: Path) -> None:
        self.profile = profile
        self.said: list[dict] = []

    def __enter__(self) -> Browser:
        there, self.write = os.pipe()
        self.read, back = os.pipe()
        # Chromium reads its orders from 3 and answers to 4
        script = f'exec 3<&{there} 4>&{back}; exec "$0" "$@"'
        command = ["bash", "-c", script, found(), *FLAGS, f"--user-data-dir={self.profile}"]
        self.process = subprocess.Popen(
            command, pass_fds=(there, back), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(there)
        os.close(back)
        self.number, self.rest, self.session = 0, b"", None
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self.ask("Target.attachToTarget", targetId=target, flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Runtime", "Log", "Page", "Network"):
            self.ask(f"{domain}.enable")
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(20)
        os.close(self.write)
        os.close(self.read)

    def ask(self, method: str, **params: object) -> dict:
        """Give an order and wait for its answer; what is told meanwhile is kept in *said*."""
        self.number += 1
        order = {"id": self.number, "method": method, "params": params}
        if self.session:
            order["sessionId"] = self.session
        os.write(self.write, json.dumps(order).encode() + b"\0")
        while True:
            told = self._next()
            if told.get("id") == self.number:
                assert "error" not in told, told
                return told["result"]
            self.said.append(told)

    def _next(self) -> dict:
        while b"\0" not in self.rest:
            more = os.read(self.read, 1 << 16)
            assert more, "the browser is gone"
            self.rest += more
        told, _, self.rest = self.rest.partition(b"\0")
        return json.loads(told)

    def open(self, path: Path, width: int = 1280) -> dict:
        """Show a page; what MEASURE finds there."""
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=900,
                 deviceScaleFactor=1, mobile=False)  # fmt: skip
        before = self._loaded()
        self.ask("Page.navigate", url=path.as_uri())
        while self._loaded() == before:
            self.said.append(self._next())
        done = self.ask("Runtime.evaluate", expression=MEASURE, returnByValue=True)
        return done["result"]["value"]

    def _loaded(self) -> int:
        return sum(told.get("method") == "Page.loadEventFired" for told in self.said)

    def complaints(self) -> list[dict]:
        """Errors and warnings on the console, exceptions, and requests that failed."""
        bad = []
        for told in self.said:
            method, params = told.get("method"), told.get("params", {})
            if (
                method in ("Runtime.exceptionThrown", "Network.loadingFailed")
                or (method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"))
                or (method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"))
            ):
                bad.append(told)
        return bad

    def violations(self, root: str = "document") -> list:
        """What axe finds against WCAG AA in the page, or in one element of it; a rule and where."""
        self.ask("Runtime.evaluate", expression=AXE.read_text("utf-8"))
        rules = RULES.replace("ROOT", root)
        told = self.ask("Runtime.evaluate", expression=rules, awaitPromise=True, returnByValue=True)
        return json.loads(told["result"]["value"])

    def requests(self) -> list[str]:
        """Addresses that the page asked for."""
        return [
            told["params"]["request"]["url"]
            for told in self.said
            if told.get("method") == "Network.requestWillBeSent"
        ]

    def screenshot(self, path: Path, **clip: float) -> None:
        """A picture of the whole page, or of *clip* (x, y, width, height)."""
        extra = {"clip": {**clip, "scale": 1}} if clip else {}
        shot = self.ask("Page.captureScreenshot", captureBeyondViewport=True, **extra)
        path.write_bytes(base64.b64decode(shot["data"]))

    def pages(self) -> int:
        """On how many sheets the page is printed, of the size that it asks for."""
        printed = self.ask("Page.printToPDF", preferCSSPageSize=True)["data"]
        return len(re.findall(rb"/Type\s*/Page\b(?!s)", base64.b64decode(printed)))
