"""A notebook of the course in a real JupyterLab in Chromium: open, run all, move a control by keys.

The figure of the panel changes, and so does its matrix. Set MAILSIM_SCREENSHOT to a path to look.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from labpage import AXE, TOO_WIDE, WRONG, Browser, jupyterlab, run_all, until, value

ONE_SECOND = 1.0
"""What a reader waits for the rates on a machine that does nothing else."""
SLOWER = 8
"""How many times longer it may take where other tests run as well."""
NOTEBOOK = "02-six-situations.ipynb"
FIGURE = "document.querySelector('.widget-html img')?.src || ''"
PANEL = "document.querySelector('.jp-OutputArea-output .widget-vbox')"
MATRIX = "[...document.querySelectorAll('.widget-html')].map(w => w.innerText).join()"
OPTIONS = "[...document.querySelectorAll('.widget-toggle-button')].map(b => b.innerText).join('|')"
FOCUS = """(() => {
  const named = b => b.innerText.trim() === 'NAME';
  const button = [...document.querySelectorAll('.widget-toggle-button')].find(named);
  button.focus();
  button.scrollIntoView();
  return document.activeElement === button;
})()"""
ANOTHER_NUMBER = """(() => {
  const number = document.querySelector('.widget-text input[type=number]');
  number.focus();
  number.select();
  return document.activeElement === number;
})()"""


@pytest.fixture
def lab(tmp_path):
    with jupyterlab(tmp_path) as address:
        yield address


def test_moving_a_control_changes_matrix_and_figure(lab, tmp_path):
    with Browser(tmp_path / "profile") as browser:

        def said(expression: str) -> object:
            return value(browser, expression)

        def press(key: str, code: int) -> None:
            text = "\r" if key == "Enter" else key
            for kind in ("keyDown", "keyUp"):
                browser.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, text=text,
                            windowsVirtualKeyCode=code)  # fmt: skip

        run_all(browser, lab, NOTEBOOK, width=1366, height=1500)
        until(lambda: said(FIGURE), "the figure")
        assert said(WRONG) == ""
        assert said(TOO_WIDE) == []
        before = said(FIGURE)
        assert "reject_unauth_destination" not in said(MATRIX)
        moved = time.monotonic()
        options = said(OPTIONS)
        assert said(FOCUS.replace("NAME", "on network")), options
        press(" ", 32)
        until(lambda: "reject_unauth_destination" in said(MATRIX), "another matrix")
        matrix = time.monotonic() - moved
        until(lambda: said(FIGURE) != before, "another figure")
        figure = time.monotonic() - moved
        print(f"matrix after {matrix:.2f} s, figure after {figure:.2f} s")
        before = said(FIGURE)
        assert said(ANOTHER_NUMBER)  # the spam
        browser.ask("Input.insertText", text="3")
        press("Enter", 13)
        until(lambda: said(FIGURE) != before, "the figure with more spam")
        assert not AXE.is_file() or browser.violations(PANEL) == []
        shot = Path(os.environ.get("MAILSIM_SCREENSHOT") or tmp_path / "panel.png")
        browser.screenshot(shot)
    assert shot.stat().st_size > 10_000
    assert matrix <= figure < SLOWER * ONE_SECOND
