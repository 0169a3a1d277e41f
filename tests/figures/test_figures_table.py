"""The seam: names to functions, tables handed over, styles, and the bytes that are saved."""

from __future__ import annotations

import hashlib
import inspect
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from sim import figures
from sim.figures import FigureError, Gallery
from sim.records.usage import UsageError


def test_every_table_that_a_figure_takes_is_described():
    for entry in figures.TABLE.values():
        assert set(entry.needs) | set(entry.wants) <= set(figures.TABLES)


def test_a_gallery_makes_no_table_before_it_is_asked_for(made):
    class Watched(dict):
        asked: list[str] = []  # noqa: RUF012

        def __getitem__(self, name):
            self.asked.append(name)
            return super().__getitem__(name)

    tables = Watched(made.tables(3, 2))
    gallery = Gallery(tables)
    assert list(gallery) == list(figures.standard())
    assert tables.asked == []
    gallery.rates()
    assert set(tables.asked) <= {"summary", "policies", "about"}


def test_a_gallery_names_what_its_tables_suffice_for(made):
    assert list(Gallery({"cells": made.cells(3)})) == ["matrix"]
    assert "comparison" not in made.tables(3)["about"]
    derived = {"measures": made.measures(3), "about": made.about(3)}
    assert set(Gallery(derived)) == {"causes", "places", "groups", "differences", "precision"}


def test_the_first_figures_are_standard_and_only_those_that_can_be_drawn(made):
    first = Gallery(made.tables(3, 2)).first
    assert first[:2] == ("costs", "frontier")
    assert set(first) <= set(figures.standard())
    assert Gallery({"summary": made.summary(3)}).first == ("costs", "frontier", "rates")
    once = made.tables(3, 1)
    once["about"] |= {"replications": 1}
    assert Gallery(once).first == ("costs", "frontier", "rates"), "of a what-if"


def test_a_gallery_is_open_to_completion_and_keeps_what_a_figure_says_of_itself(made):
    gallery = Gallery(made.tables(3, 2))
    assert set(figures.TABLE) <= set(dir(gallery))
    assert gallery.rates.__doc__.startswith("Delivery, rejection and spam abuse")


def test_a_figure_of_a_gallery_tells_what_may_be_asked_for(made):
    assert str(inspect.signature(Gallery(made.tables(3, 2)).places)) == (
        "(*, arms=None, measure='lost_rate', style='page', quick=False)"
    )
    asked = {name: set(entry.options.parameters) for name, entry in figures.TABLE.items()}
    assert {"style", "quick"} <= set.intersection(*asked.values())
    assert asked["topology"] == {
        "arm",
        "most",
        "style",
        "quick",
    }  # neither its tables nor their like


def test_an_unknown_figure_gets_a_suggestion(made):
    gallery = Gallery(made.tables(3, 2))
    with pytest.raises(FigureError, match="no figure 'rate'; did you mean 'rates'"):
        _ = gallery.rate
    assert not hasattr(gallery, "rate")


def test_a_table_that_is_not_there_is_named():
    with pytest.raises(FigureError, match="frontier: the table 'summary' is not there"):
        Gallery({}).frontier()


def test_arms_come_in_the_order_of_the_scenario_unless_told(made):
    tables = made.tables(3, 2)
    tables["about"]["arms"] = list(made.ARMS[2::-1])

    def names(figure):
        return [tick.get_text() for tick in figure.axes[0].get_yticklabels()]

    assert names(figures.draw("rates", tables)) == list(made.ARMS[2::-1])
    assert names(figures.draw("rates", tables, arms=[made.ARMS[1]])) == [made.ARMS[1]]
    assert names(figures.draw("rates", tables, arms=made.ARMS[1])) == [made.ARMS[1]]


def test_an_own_style_is_one_of_ours_with_something_replaced(made):
    tables = made.tables(3, 2)
    narrow = replace(figures.STYLES["column"], width=3.3)
    assert figures.draw("rates", tables, style=narrow).get_figwidth() == 3.3
    with pytest.raises(UsageError, match="unknown figure style 'mine'"):
        figures.draw("topology", tables, style=replace(narrow, name="mine"))


@pytest.mark.parametrize(("name", "width"), [("column", 3.5), ("page", 7.2), ("slide", 12.0)])
def test_styles_fix_the_width_and_the_type(made, name, width):
    figure = figures.draw("rates", {"summary": made.summary(3)}, style=name)
    assert figure.get_figwidth() == width
    sizes = {t.get_fontsize() for axes in figure.axes for t in axes.get_yticklabels()}
    assert sizes == {figures.STYLES[name].small}


def test_an_unknown_style_is_named(made):
    with pytest.raises(UsageError, match="unknown figure style 'poster'"):
        figures.draw("rates", {"summary": made.summary(3)}, style="poster")


def test_a_quick_run_says_so(made):
    tables = made.tables(3, 2)
    assert not figures.draw("rates", tables).findobj(lambda a: a.get_gid() == "quick")
    assert figures.draw("rates", tables, quick=True).findobj(lambda a: a.get_gid() == "quick")
    tables["about"]["quick"] = True
    assert figures.draw("rates", tables).findobj(lambda a: a.get_gid() == "quick")


def test_the_readers_own_settings_neither_change_a_figure_nor_are_changed(made):
    import matplotlib as mpl

    with mpl.rc_context({"font.size": 30, "axes.facecolor": "yellow"}):
        figure = figures.draw("rates", {"summary": made.summary(3)})
        assert mpl.rcParams["font.size"] == 30
    axes = figure.axes[0]
    assert axes.title.get_fontsize() == figures.STYLES["page"].text
    assert axes.get_facecolor() == (1, 1, 1, 1)


def test_svg_text_stays_text_and_odd_names_are_taken_as_they_are(made, tmp_path):
    frame = made.summary(3)
    odd = {"open trust": "_costs $5 & <less> $", "on network": "x" * 70}
    frame["arm"] = frame["arm"].replace(odd)
    (path,) = figures.save(
        figures.draw("rates", {"summary": frame}), tmp_path / "rates", formats=["svg"]
    )
    words = "".join(ET.parse(path).getroot().itertext())
    assert "_costs $5 & <less>" in words
    assert words.count("x" * 20) >= 3  # broken, and nothing of it lost
    assert "on network + AUTH" in words
    (path,) = figures.save(
        figures.draw("frontier", {"summary": frame}), tmp_path / "frontier", formats=["svg"]
    )
    assert "costs $5 & <less> $" in "".join(ET.parse(path).getroot().itertext())


def test_pdf_embeds_its_fonts(made, tmp_path):
    figure = figures.draw("matrix", {"cells": made.cells(3)})
    (path,) = figures.save(figure, tmp_path / "matrix", formats=["pdf"])
    data = path.read_bytes()
    assert b"/FontFile2" in data  # TrueType, so that text can be edited
    assert b"/CreationDate" not in data


def test_an_unknown_format_is_named_before_anything_is_written(made, tmp_path):
    figure = figures.draw("matrix", {"cells": made.cells(3)})
    with pytest.raises(UsageError, match="unknown figure format 'gif'"):
        figures.save(figure, tmp_path / "matrix", formats=["png", "gif"])
    assert not list(tmp_path.iterdir())


def test_figures_draw_alike_without_a_global_state():
    """No figure is registered with pyplot: nothing leaks and nothing is shown."""
    assert (
        "matplotlib.pyplot" not in sys.modules
        or not __import__("matplotlib.pyplot").pyplot.get_fignums()
    )


SCRIPT = """
import sys, hashlib
sys.path.insert(0, sys.argv[1])
import made_up
from sim import figures
tables = made_up.tables(3, 2)
for name in ("rates", "routes"):
    for path in figures.save(figures.draw(name, tables), f"{sys.argv[2]}/{name}", figures.FORMATS):
        print(path.name, hashlib.sha256(path.read_bytes()).hexdigest())
"""


def test_the_same_data_give_the_same_bytes_in_another_interpreter(made, tmp_path):
    command = [sys.executable, "-c", SCRIPT, str(Path(__file__).parent), str(tmp_path)]
    root = Path(figures.__file__).parents[2]
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)},
    )
    folder = tmp_path / "here"
    folder.mkdir()
    here = [
        f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}"
        for name in ("rates", "routes")
        for path in figures.save(
            figures.draw(name, made.tables(3, 2)), folder / name, figures.FORMATS
        )
    ]
    assert done.stdout.split("\n")[:-1] == here
    assert len(here) == 6
