"""Every notebook of the course in a real JupyterLab in Chromium, in a window of 1366 px: it fits.

Set MAILSIM_SCREENSHOTS to a folder to look at the pictures.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from labpage import ROOT, TOO_WIDE, WRONG, Browser, jupyterlab, run_all, until, value

NOTEBOOKS = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
WIDTH, HEIGHT = 1366, 768
"""The window of a small laptop (px), with the list of files beside the notebook."""
PENDING = "!!document.querySelector('.widget-html [role=status]')"
"""The panel still says that rates are running."""
HEIGHT_OF_ALL = "document.querySelector('.jp-WindowedPanel-inner')?.scrollHeight || 0"
TOP = "document.querySelector('.jp-WindowedPanel-outer').scrollTop = 0"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with jupyterlab(tmp_path_factory.mktemp("lab")) as address:
        yield address


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_nothing_is_wider_than_its_cell(lab, notebook, tmp_path):
    with Browser(tmp_path / "profile") as browser:
        run_all(browser, lab, notebook, width=WIDTH, height=HEIGHT)
        until(lambda: not value(browser, PENDING), "the rates of the panel")
        assert value(browser, WRONG) == ""
        wide = value(browser, TOO_WIDE)
        if "MAILSIM_SCREENSHOTS" in os.environ:
            picture(browser, Path(os.environ["MAILSIM_SCREENSHOTS"]) / notebook)
    assert wide == []


def picture(browser, path):
    """Store what a reader sees of a whole notebook, in a window as high as it."""
    height = value(browser, HEIGHT_OF_ALL) + 200
    browser.ask("Emulation.setDeviceMetricsOverride", width=WIDTH, height=height,
                deviceScaleFactor=1, mobile=False)  # fmt: skip
    value(browser, TOP)
    browser.screenshot(path.with_suffix(".png"))
