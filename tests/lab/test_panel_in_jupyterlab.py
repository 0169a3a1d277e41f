"""A notebook of the course in a real JupyterLab in Chromium: open, run all, move a control by keys.

The figure of the panel changes, and so does its matrix. Set MAILSIM_SCREENSHOT to a path to look.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests" / "results" / "report"))

from browser import Browser, found  # noqa: E402

NOTEBOOK = "02-six-situations.ipynb"
PATIENCE = 120.0
"""Seconds until something must have been shown."""
ONE_SECOND = 1.0
"""What a reader waits for the rates on a machine that does nothing else."""
SLOWER = 8
"""How many times longer it may take where other tests run as well."""
WINDOWING = "@jupyterlab/notebook-extension/tracker.jupyterlab-settings"
FIGURE = "document.querySelector('.widget-html img')?.src || ''"
MATRIX = "[...document.querySelectorAll('.widget-html')].map(w => w.innerText).join()"
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
OPTIONS = "[...document.querySelectorAll('.widget-toggle-button')].map(b => b.innerText).join('|')"
FOCUS = """(() => {
  const named = b => b.innerText.trim() === 'NAME';
  const button = [...document.querySelectorAll('.widget-toggle-button')].find(named);
  button.focus();
  button.scrollIntoView();
  return document.activeElement === button;
})()"""
ANOTHER_NUMBER = """(() => {
  const number = document.querySelector('.widget-readout');
  number.focus();
  getSelection().selectAllChildren(number);
  return document.activeElement === number;
})()"""


@pytest.fixture
def lab(tmp_path):
    """The address of a JupyterLab of our own, which shows the notebook."""
    if found() is None:
        pytest.skip("no Chromium is installed")
    if importlib.util.find_spec("jupyterlab") is None:
        pytest.skip("no JupyterLab is installed: pip install -e '.[notebook]'")
    for folder in ("notebooks", "scenarios"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    # cells out of sight are shown as well, so that there is something to look for
    settings = tmp_path / "JUPYTERLAB_SETTINGS_DIR" / WINDOWING
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
        cwd=tmp_path / "notebooks",
        env=env | {name: str(tmp_path / name) for name in homes},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _until(lambda: _listens(port), "the server")
        yield f"http://127.0.0.1:{port}/lab/tree/{NOTEBOOK}?reset"
    finally:
        server.terminate()
        server.wait(30)


def test_moving_a_control_changes_matrix_and_figure(lab, tmp_path):
    with Browser(tmp_path / "profile") as browser:

        def said(expression: str) -> object:
            told = browser.ask("Runtime.evaluate", expression=expression, returnByValue=True)
            return told["result"].get("value")

        def press(key: str, code: int) -> None:
            text = "\r" if key == "Enter" else key
            for kind in ("keyDown", "keyUp"):
                browser.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, text=text,
                            windowsVirtualKeyCode=code)  # fmt: skip

        browser.ask("Emulation.setDeviceMetricsOverride", width=1280, height=1500,
                    deviceScaleFactor=1, mobile=False)  # fmt: skip
        browser.ask("Page.navigate", url=lab)
        _until(lambda: said(READY), "the notebook")
        _until(lambda: said(IDLE), "the kernel")
        said(RUN)
        _until(lambda: said(COUNTED), "the last cell")
        _until(lambda: said(FIGURE), "the figure")
        assert said(WRONG) == ""
        before = said(FIGURE)
        assert "reject_unauth_destination" not in said(MATRIX)
        moved = time.monotonic()
        options = said(OPTIONS)
        assert said(FOCUS.replace("NAME", "on network")), options
        press(" ", 32)
        _until(lambda: "reject_unauth_destination" in said(MATRIX), "another matrix")
        matrix = time.monotonic() - moved
        _until(lambda: said(FIGURE) != before, "another figure")
        figure = time.monotonic() - moved
        print(f"matrix after {matrix:.2f} s, figure after {figure:.2f} s")
        before = said(FIGURE)
        assert said(ANOTHER_NUMBER)  # of the first slider: the spam
        browser.ask("Input.insertText", text="3")
        press("Enter", 13)
        _until(lambda: said(FIGURE) != before, "the figure with more spam")
        shot = Path(os.environ.get("MAILSIM_SCREENSHOT") or tmp_path / "panel.png")
        browser.screenshot(shot)
    assert shot.stat().st_size > 10_000
    assert matrix <= figure < SLOWER * ONE_SECOND


def _listens(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def _until(so, what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not so():
        assert time.monotonic() < end, f"{what} did not come"
        time.sleep(0.05)
