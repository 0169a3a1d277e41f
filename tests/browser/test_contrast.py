"""What is shown can be seen by all: contrast of WCAG AA, words for pictures, labels.

axe looks at pages in Chromium; it is in the folder of `.ci/browser` that MAILSIM_BROWSER names.
"""

import re
import sys
from itertools import product
from pathlib import Path

import pytest

import sim
from sim.exact.page import GROUND, STYLES
from sim.lab import check, exercise
from sim.lab.exercises.marking import COLOURS

sys.path.append(str(Path(__file__).parents[1] / "results" / "report"))

from browser import AXE, Browser

LEAST = 4.5
"""WCAG 2.1, criterion 1.4.3 (AA), for text."""
GROUNDS = [*re.findall(r"background:(#\w+)", GROUND)]
TEXTS = [m for _, css in STYLES.values() for m in re.findall(r"color:(#\w+)", css)]


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_reckoned_as_the_standard_does():
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#fff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(("text", "ground"), [*product([*TEXTS, *COLOURS.values()], GROUNDS)])
def test_every_colour_of_text_stands_out(text, ground):
    assert len(GROUNDS) == 3
    assert len(TEXTS) >= 5
    assert contrast(text, ground) >= LEAST


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """What notebooks show, as a page; and the page of results."""
    folder = tmp_path_factory.mktemp("shown")
    scenario = sim.load("six-cases").with_overrides({"run_length": "3 days"})
    arms = ["open trust", "on network"]
    results = sim.run(scenario, arms=arms, replications=2, progress=False)
    parts = [
        scenario.matrix(),
        scenario.explain(user="travellers", to="bob@adatum.com", place="hotel", arm="on network"),
        scenario.diff(*arms),
        results,
        results.trace(0),
        results.figures.rates(),
        exercise("02.1", "s1"),
        *(check("02.3", answer) for answer in (550, 552, "nothing")),
    ]
    body = "\n".join(part._repr_html_() for part in parts)
    shown = folder / "shown.html"
    head = "<!doctype html><html lang=en><head><meta charset=utf-8><title>Shown</title></head>"
    shown.write_text(f"{head}<body><main><h1>Shown</h1>{body}</main></body></html>", "utf-8")
    report = results.save(folder / "out", figures=["rates", "matrix"]) / "report.html"
    return [shown, report, results.stepper(arm=arms[1]).save(folder / "steps.html")]


@pytest.mark.skipif(not AXE.is_file(), reason="MAILSIM_BROWSER names no folder of .ci/browser")
def test_axe_finds_nothing_to_complain_of(pages, tmp_path):
    with Browser(tmp_path / "profile") as browser:
        for page in pages:
            browser.open(page)
            assert browser.violations() == [], page.name
