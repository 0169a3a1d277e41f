"""A JupyterLab of a test's own, and what is asked of the page that it shows in Chromium."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

__all__ = ["AXE", "ROOT", "TOO_WIDE", "WRONG", "Browser", "jupyterlab", "run_all", "until", "value"]

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests" / "results" / "report"))

from browser import AXE, Browser, found  # noqa: E402

PATIENCE = 300.0
"""Seconds until something must have been shown."""
WINDOWING = "@jupyterlab/notebook-extension/tracker.jupyterlab-settings"
RUN = "jupyterapp.commands.execute('notebook:run-all-cells'); true"
READY = (
    "typeof jupyterapp !== 'undefined' && !!document.querySelector('.jp-Notebook .jp-Cell') && "
    "jupyterapp.commands.isEnabled('notebook:run-all-cells')"
)
IDLE = "/[|] Idle/.test(document.querySelector('#jp-bottom-panel')?.innerText)"
COUNTED = """[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')]
  .every(prompt => /\\d/.test(prompt.innerText))"""
WRONG = """[...document.querySelectorAll(
  '[data-mime-type="application/vnd.jupyter.stderr"], .jp-RenderedText[data-mime-type*=error]'
)].map(e => e.innerText).join()"""

TOO_WIDE = """[...document.querySelectorAll('.jp-OutputArea-output, .jp-MarkdownOutput')]
  .filter(area => area.offsetParent)
  .flatMap(area => {
    const edge = area.getBoundingClientRect().right + 1;
    const parts = [...area.querySelectorAll('table, figure, img, svg, pre, button')];
    const wide = parts.filter(part => part.getBoundingClientRect().right > edge);
    const scrolls = area.scrollWidth > area.clientWidth + 1 ? [area] : [];
    return [...wide, ...scrolls].map(part => `${part.tagName}.${part.className}: ` +
      `${Math.round(part.getBoundingClientRect().right)} of ${Math.round(edge)}, ` +
      `${part.scrollWidth} of ${part.clientWidth}: ${part.innerText?.slice(0, 60)}`);
  })"""
"""Tables, figures and texts that are wider than their cell, with both sizes (px)."""


@contextlib.contextmanager
def jupyterlab(folder: Path) -> Iterator[str]:
    """The address of a JupyterLab in *folder*, which shows copies of the course's notebooks."""
    if found() is None:
        pytest.skip("no Chromium is installed")
    if importlib.util.find_spec("jupyterlab") is None:
        pytest.skip("no JupyterLab is installed: pip install -e '.[notebook]'")
    for name in ("notebooks", "scenarios"):
        shutil.copytree(ROOT / name, folder / name)
    # cells out of sight are shown as well, so that there is something to look for
    settings = folder / "JUPYTERLAB_SETTINGS_DIR" / WINDOWING
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"windowingMode": "none"}), "utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    homes = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR",
             "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")  # fmt: skip
    env = {**os.environ, "PYTHONPATH": str(ROOT), "MAILSIM_SHORT": "1"}
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
            *("--ip=127.0.0.1", f"--port={port}", "--IdentityProvider.token="),
            "--expose-app-in-browser",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        ],
        cwd=folder / "notebooks",
        env=env | {name: str(folder / name) for name in homes},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: _listens(port), "the server")
        yield f"http://127.0.0.1:{port}/lab"
    finally:
        server.terminate()
        server.wait(30)


def value(browser: Browser, expression: str) -> object:
    """What an expression of JavaScript comes to in the page."""
    answer = browser.ask(
        "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
    )
    return answer["result"].get("value")


def run_all(browser: Browser, address: str, notebook: str, *, width: int, height: int) -> None:
    """Show *notebook* in a window of that size (px), and run all of its cells."""
    browser.ask("Emulation.setDeviceMetricsOverride", width=width, height=height,
                deviceScaleFactor=1, mobile=False)  # fmt: skip
    browser.ask("Page.navigate", url=f"{address}/tree/{notebook}?reset")
    until(lambda: value(browser, READY), "the notebook")
    until(lambda: value(browser, IDLE), "the kernel")
    value(browser, RUN)
    until(lambda: value(browser, COUNTED), "the last cell")


def until(condition: Callable[[], object], awaited: str) -> None:
    """Wait until *condition* holds; fails after `PATIENCE` seconds, and says what did not come."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"{awaited} did not come"
        time.sleep(0.05)


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
