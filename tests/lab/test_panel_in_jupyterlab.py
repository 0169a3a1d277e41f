"""The panel in a real JupyterLab in Chromium: run all, move a control, and the figure changes."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests" / "report"))

from browser import Browser, found  # noqa: E402

PATIENCE = 120.0
"""Seconds until something must have been shown."""
CELLS = ("%matplotlib inline\nimport sim\nfrom sim.lab import panel",
         f"panel(sim.load({str(ROOT / 'tests' / 'lab' / 'lab.toml')!r}))")  # fmt: skip
FIGURE = "document.querySelector('img.widget-image')?.src || ''"
RUN = "jupyterapp.commands.execute('notebook:run-all-cells'); true"
READY = (
    "typeof jupyterapp !== 'undefined' && !!document.querySelector('.jp-Notebook .jp-Cell') && "
    "jupyterapp.commands.isEnabled('notebook:run-all-cells')"
)
MOVE = """(() => {
  const select = document.querySelectorAll('.widget-dropdown select')[1];
  select.value = [...select.options].find(o => o.text === 'on_network').value;
  select.dispatchEvent(new Event('change', {bubbles: true}));
  return true;
})()"""


@pytest.fixture
def lab(tmp_path, missing):
    """The address of a JupyterLab of our own, which shows one notebook."""
    if found() is None:
        missing("no Chromium is installed")
    if importlib.util.find_spec("jupyterlab") is None:
        missing("no JupyterLab is installed: pip install -e '.[notebook]'")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, tmp_path / "panel.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    homes = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    env = {**os.environ, "PYTHONPATH": str(ROOT)} | {name: str(tmp_path / name) for name in homes}
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
            *("--ip=127.0.0.1", f"--port={port}", "--IdentityProvider.token="),
            "--expose-app-in-browser",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        ],
        cwd=tmp_path,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _until(lambda: _listens(port), "the server")
        yield f"http://127.0.0.1:{port}/lab/tree/panel.ipynb?reset"
    finally:
        server.terminate()
        server.wait(30)


def test_moving_a_control_changes_the_figure(lab, tmp_path):
    with Browser(tmp_path / "profile") as browser:

        def said(expression: str) -> object:
            told = browser.ask("Runtime.evaluate", expression=expression, returnByValue=True)
            return told["result"].get("value")

        browser.ask("Emulation.setDeviceMetricsOverride", width=1280, height=1500,
                    deviceScaleFactor=1, mobile=False)  # fmt: skip
        browser.ask("Page.navigate", url=lab)
        _until(lambda: said(READY), "the notebook")
        time.sleep(3)  # the kernel is being connected
        said(RUN)
        _until(lambda: said(FIGURE), "the figure")
        before = said(FIGURE)
        assert said(MOVE)
        _until(lambda: said(FIGURE) != before, "another figure")
        assert "reject_relay" in str(said("document.querySelector('.widget-html').innerText"))
        browser.screenshot(tmp_path / "panel.png")
    assert (tmp_path / "panel.png").stat().st_size > 10_000


def _listens(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def _until(so, what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not so():
        assert time.monotonic() < end, f"{what} did not come"
        time.sleep(0.2)
