"""Steppers: what each step shows, that names are text, and what a browser makes of the page."""

from __future__ import annotations

import base64
import hashlib
import re
import sys
from pathlib import Path

import made_up
import pytest

import sim
from sim import figures
from sim.figures import FigureError
from sim.figures.stepper import Step, Stepper

sys.path.append(str(Path(__file__).resolve().parents[1] / "results" / "report"))

import browser

SMALL = {"run_length": "4 days", "policy_starts": "2 days", "transient": "0 s",
         "users.*.count": 6, "networks.rest.mailboxes": 60}  # fmt: skip
AT = "document.getElementById('name').textContent"
SEEN = "[...document.querySelectorAll('figure')].filter(f => f.offsetHeight > 100).length"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    scenario = sim.load("scenarios/open-vs-restricted.toml").with_overrides(SMALL)
    out = tmp_path_factory.mktemp("steps")
    return sim.run(scenario, arms=["as surveyed", "on network"], replications=1, out=out,
                   progress=False)  # fmt: skip


@pytest.fixture(scope="module")
def shown(results):
    return results.stepper(arm="on network")


def pictures(stepper):
    found = re.findall(r"base64,([\w+/=]+)", stepper.html())
    return [base64.b64decode(data).decode() for data in found]


def test_the_map_has_a_step_a_day_and_the_policies_of_the_time(shown):
    assert [step.name for step in shown.steps] == ["day 1", "day 2", "day 3", "day 4"]
    svg = pictures(shown)
    assert ["policies of “as surveyed”" in one for one in svg] == [True, True, False, False]
    assert ["[open]" in one for one in svg] == [True, True, False, False]
    starts = "the policies start at day 3, 00:00"
    assert [starts in step.words for step in shown.steps] == [False, False, True, False]


def width(line):
    return line.get_linewidth() if str(line.get_gid()).startswith("traffic") else 0.0


def test_the_widths_of_all_days_are_on_one_scale(shown, results):
    notes = {re.search(r"widest line: ([\d,.]+)", one)[1] for one in pictures(shown)}
    attempts = results.of_run("attempts", "on network", 0)
    assert len(notes) == 1
    assert float(notes.pop().replace(",", "")) <= attempts["accepted"].sum()
    widest = [max(map(width, step.figure.axes[0].lines)) for step in shown.steps]
    assert max(widest) == pytest.approx(5.0 * figures.STYLES["page"].line)
    assert min(widest) < max(widest)


def test_no_steps_is_an_error():
    with pytest.raises(FigureError, match="nothing: there are no steps"):
        Stepper("nothing", [])


def test_names_are_text_and_the_notebook_gets_a_frame_of_its_own():
    figure = figures.draw("life", {"attempts": made_up.life()})
    odd = '<script>alert("1")</script> @frames'
    stepper = Stepper(odd, [Step(odd, figure, [odd])])
    html = stepper.html()
    assert html.count("<script>") == 1
    assert html.count("<figure hidden") == 1
    frame = stepper._repr_html_()
    assert frame.startswith("<iframe ")
    assert "<script" not in frame
    assert 'sandbox="allow-scripts"' in frame


def test_the_same_steps_give_the_same_bytes(results, shown):
    again = results.stepper(arm="on network").html()
    assert hashlib.sha256(again.encode()).digest() == hashlib.sha256(shown.html().encode()).digest()


def test_a_browser_steps_back_and_on_and_plays_without_a_complaint(shown, tmp_path):
    if browser.found() is None:
        pytest.skip("no Chromium is installed")
    page = shown.save(tmp_path / "map.html")
    with browser.Browser(tmp_path / "profile") as opened:

        def said(expression):
            told = opened.ask("Runtime.evaluate", expression=expression, returnByValue=True)
            return told["result"].get("value")

        seen = opened.open(page, width=820)
        assert (seen["broken"], said(SEEN), said(AT)) == (0, 1, "1 of 4: day 1")
        said("document.getElementById('on').click()")
        assert said(AT) == "2 of 4: day 2"
        said("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight'}))")
        assert said(AT) == "3 of 4: day 3"
        said("document.getElementById('back').click()")
        assert (said(AT), said(SEEN)) == ("2 of 4: day 2", 1)
        said("at.value = 3; at.oninput()")
        assert said(AT) == "4 of 4: day 4"
        assert seen["wide"] <= 820
        assert opened.complaints() == []
        assert {a.split(":")[0] for a in opened.requests()} == {"file", "data"}

        (tmp_path / "notebook.html").write_text(
            f"<!DOCTYPE html><meta charset='utf-8'>{shown._repr_html_()}", "utf-8"
        )
        opened.open(tmp_path / "notebook.html")
        assert opened.complaints() == []
