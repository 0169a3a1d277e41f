"""The bar: on a terminal, in a notebook that has widgets, and nowhere else."""

import io
import sys
import warnings

import pytest
import rich.console

from sim.experiment.progress import progress


def drawn(monkeypatch, **kind):
    """What two steps write, on a console of some kind."""
    out, make = io.StringIO(), rich.console.Console
    monkeypatch.setattr(rich.console, "Console", lambda **_: make(file=out, **kind))
    with progress(2, visible=True) as advance:
        advance()
        advance()
    return out.getvalue()


def test_a_terminal_gets_a_bar(monkeypatch):
    assert "2/2 runs" in drawn(monkeypatch, force_terminal=True, color_system=None)


def test_a_file_gets_none(monkeypatch):
    assert drawn(monkeypatch, force_terminal=False) == ""


def test_a_notebook_without_widgets_gets_none_and_no_warning(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert drawn(monkeypatch, force_jupyter=True) == ""


@pytest.mark.parametrize("asked", [{"total": 0, "visible": True}, {"total": 3, "visible": False}])
def test_nothing_to_do_or_to_show_is_no_bar(capsys, asked):
    with progress(**asked) as advance:
        advance()
    assert capsys.readouterr() == ("", "")
