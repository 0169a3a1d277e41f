"""Figures are laid out once, whatever they are written as, and bars need no look for limits."""

from matplotlib.axes import Axes
from matplotlib.layout_engine import ConstrainedLayoutEngine

from sim import figures
from sim.results.report import drawing


def counted(monkeypatch, home, name):
    """How often a method is called from now on."""
    calls, method = [], getattr(home, name)

    def count(*args, **more):
        calls.append(name)
        return method(*args, **more)

    monkeypatch.setattr(home, name, count)
    return calls


def test_a_figure_is_laid_out_once_for_all_its_formats(made, monkeypatch, tmp_path):
    layouts = counted(monkeypatch, ConstrainedLayoutEngine, "execute")
    figure = figures.draw("rates", made.tables(3))
    figures.save(figure, tmp_path / "rates", figures.FORMATS)
    assert len(layouts) == 1


def test_no_bar_or_cell_is_asked_for_limits_that_are_known(made, monkeypatch):
    asked = counted(monkeypatch, Axes, "_update_patch_limits")
    for name in ("costs", "causes", "matrix"):
        assert figures.draw(name, made.tables(3)).axes[0].patches
    assert asked == []


def test_a_figure_that_is_written_is_empty(made, monkeypatch):
    drawn = []
    monkeypatch.setattr(drawing, "numbers", lambda figure: drawn.append(figure) or [])
    gallery = figures.Gallery(made.tables(3))
    (written,) = drawing.drawings(gallery, ["rates"], lambda name, data: None, formats=["svg"])
    assert "<svg" in written.svg
    assert drawn[0].axes == []
