"""The page: what it tells, that names in it are harmless, and what a browser makes of it."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import browser
import pandas as pd
import pytest

import sim
from sim.experiment import journal, storage
from sim.experiment.manifest import read_manifest
from sim.experiment.parts import check_of
from sim.figures import FigureError
from sim.results.report.drawing import inline

HOSTILE = Path(__file__).with_name("hostile.toml")
CHOSEN = ("rates", "topology", "routes")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return sim.run(
        sim.load(HOSTILE), out=tmp_path_factory.mktemp("results"), progress=False, quick=1.0
    )


@pytest.fixture(scope="module")
def folder(results):
    return results.save(figures=CHOSEN, formats=("png", "svg", "pdf"))


@pytest.fixture(scope="module")
def html(folder):
    return (folder / "report.html").read_text("utf-8")


def test_names_of_strangers_are_text(html):
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "Is &lt;b&gt;this&lt;/b&gt; escaped?" in html


@pytest.mark.parametrize(
    "words",
    [
        "QUICK RUN", "n = 2 replications, each of ", "seed 3", "intended recipients",
        "decision.csv", "tables/assumptions.csv", "keys are <a", "chosen, without a source",
        "Delivered: recipients with fate delivered ÷ intended recipients", "servers.*-smtp.relay",
        "chosen", "from the scenario", "pop_window.drac", "Not drawn here: ",
        "mailsim run scenario.toml --replications 2",
    ],
)  # fmt: skip
def test_the_page_tells(html, words):
    assert words in html


def test_every_figure_is_there_in_every_form_and_every_table_as_csv(folder):
    found = sorted(path.name for path in (folder / "figures").iterdir())
    wanted = [f"{name}.{form}" for name in CHOSEN for form in ("pdf", "png", "svg")]
    assert found == sorted([*wanted, "rates.csv", "routes.csv"])  # a map estimates nothing
    shown = pd.read_csv(folder / "figures" / "rates.csv")
    summary = sim.open_results(folder).summary()
    delivered = summary[(summary["class"] == "honest") & (summary["measure"] == "delivery_rate")]
    mine = shown[shown["panel"] == "delivery rate: honest mail delivered"]
    assert mine["value"].tolist() == pytest.approx(list(100 * delivered["mean"]))
    decision = pd.read_csv(folder / "tables" / "decision.csv")
    assert set(decision["arm"]) == set(sim.load(HOSTILE).arms)
    for name in ("comparison", "cells", "policies", "servers", "traffic", "assumptions"):
        assert len(pd.read_csv(folder / "tables" / f"{name}.csv"))
    arms = pd.read_csv(folder / "tables" / "arms.csv")
    assert arms.iloc[0].tolist() == ["servers.*-smtp.relay", "policy_starts", "–", '"on_network"']


def test_assumptions_name_every_key_that_a_run_reads_and_where_it_comes_from():
    from sim.results.assumptions import assumptions

    table = assumptions(sim.load(HOSTILE).model).set_index(["table", "key", "of"])
    row = table.loc[("servers", "pop_window", "all 4")]
    assert (row["value"], row["source"]) == ('"30 min"', "pop_window.drac")
    assert table.loc[("users", "places", "travellers")]["source"] == "from the scenario"
    assert table.loc[("users", "when_refused.give_up", "travellers")]["source"] == "chosen"
    assert table.loc[("run", "seed", "")]["value"] == "3"


def test_the_same_results_give_the_same_page(results, html):
    again = results.save(figures=CHOSEN, formats=("png", "svg", "pdf"))
    assert (again / "report.html").read_text("utf-8") == html


def test_a_page_drawn_by_two_processes_is_the_same(results, monkeypatch):
    from sim.results import publish as completing

    one = (results.save(figures=CHOSEN) / "report.html").read_text("utf-8")
    monkeypatch.setattr(completing, "FEW", 1)
    two = (results.save(figures=CHOSEN, workers=2) / "report.html").read_text("utf-8")
    assert one == two


def test_a_figure_that_cannot_be_drawn_says_why_on_the_page_and_stops_who_asked_for_it(
    folder, tmp_path
):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    for part in copy.glob("recipients/*/*.parquet"):
        pd.read_parquet(part, partitioning=None).drop(columns="route").to_parquet(part)
    logged_anew(copy)
    opened = sim.open_results(copy)
    with pytest.raises(FigureError, match="recipients lacks the column 'route'"):
        opened.save(figures=["routes"])
    opened.save(figures=None, formats=())
    html = (copy / "report.html").read_text("utf-8")
    assert re.search(r"<b>routes</b>: routes: recipients lacks the column", html)


@pytest.mark.parametrize("wrong", [{"figures": ["rate"]}, {"formats": ["eps"]}, {"style": "big"}])
def test_a_wrong_name_is_told_before_anything_is_written(results, tmp_path, wrong):
    with pytest.raises(ValueError, match=r"no figure|unknown figure"):
        results.save(tmp_path / "copy", **wrong)
    assert not (tmp_path / "copy").exists()


def logged_anew(folder):
    """Write the log as if the parts had always been as they are."""
    runs = []
    for task, run in journal.read(folder).runs.items():
        files = {table: storage.part(folder, table, task) for table in run.parts}
        checks = {table: check_of(file.read_bytes(), 0) for table, file in files.items()}
        runs.append(replace(run, parts=checks))
    journal.rewrite(folder, runs)


def test_measures_that_lack_a_column_are_told_and_nothing_is_drawn(folder, tmp_path):
    from sim.experiment.storage import StorageError

    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    for part in copy.glob("measures/*/*.parquet"):
        pd.read_parquet(part, partitioning=None).drop(columns="numerator").to_parquet(part)
    logged_anew(copy)
    with pytest.raises(StorageError, match="measures lack 'numerator'"):
        sim.open_results(copy).save()


def test_the_page_says_how_to_cite_the_version_that_made_the_results(folder, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    manifest = read_manifest(copy)
    manifest.version = "0.0.9"
    manifest.write(copy)
    sim.open_results(copy).save(figures=["rates"], formats=())
    html = (copy / "report.html").read_text("utf-8")
    (cited,) = re.findall(r"<th scope=.row.>cite as</th><td>(.*?)</td>", html)
    digest = manifest.scenario_hash[:10]
    assert cited.startswith("The mailsim authors: mailsim, version 0.0.9 [computer program].")
    assert cited.endswith(f"({digest}), seed 3.")


def test_one_replication_of_another_version_says_so(folder, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    manifest = read_manifest(copy)
    manifest.planned = dict.fromkeys(manifest.planned, 1)
    manifest.replications, manifest.code = 1, "other"
    manifest.write(copy)
    sim.open_results(copy).save(figures=["rates"], formats=())
    html = (copy / "report.html").read_text("utf-8")
    assert "One replication: no interval can be given" in html
    assert "made by another version (version 0.1.0, code other)" in html
    assert not re.search(r"\d–\d", "".join(re.findall(r'<span class="mean">.*?</td>', html)))


def test_every_difference_has_its_paired_interval_and_is_that_of_compare(results, html):
    """The page, `results.compare` and what `mailsim run` prints have one source."""
    from sim.measure.decisions import QUANTITIES
    from sim.results.cells import GAIN, difference

    (other,) = (arm for arm in results.arms if arm != results.baseline)
    found = results.compare(results.baseline, other).set_index(["class", "measure"])
    told = re.findall(r'<td class="difference whole[^"]*">([^<]+)</td>', html)
    wanted = []
    for quantity in QUANTITIES.values():
        row = found.loc[quantity.class_, quantity.measure]
        if not quantity.per_day:
            bounds, share = (row["low"], row["high"]), quantity.unit == "share"
            unhelped = "°" * bool(row["gain"] <= GAIN)
            wanted.append(difference(row["difference"], *bounds, share) + unhelped)
    known = [text for text in wanted if text]  # a short run has not settled, and has no costs
    assert len(told) == len(known) < len(QUANTITIES)
    assert set(known) <= set(told)
    assert any("±" in text for text in told)
    assert any("°" in text for text in told)  # two replications: some pairs do not help


def test_an_inline_figure_keeps_its_ids_to_itself():
    svg = '<?xml?><svg id="a"><g id="b"/><g id="b"/><use href="#b"/><text>id="b"</text></svg>'
    assert inline(svg, "f") == (
        '<svg id="f-a"><g id="f-b"/><g id="f-b-2"/><use href="#f-b"/><text>id="b"</text></svg>'
    )


NINE = ("open", "on_network", "on_network+auth", "on_network+pop_first", "closed")


@pytest.fixture(scope="module")
def nine(tmp_path_factory):
    """The folder of results of nine arms, with the figures of every run."""
    text = HOSTILE.read_text("utf-8").partition("[arms.open]")[0]
    arms = [(f"{relay}, port 25 {port}", relay, port) for relay in NINE for port in ("free", "cut")]
    for name, relay, port in arms[:9]:
        text += f'[arms."{name}"]\n"servers.*-smtp.relay" = "{relay}"\n'
        text += f"networks.hotel.blocks_port_25 = {str(port == 'cut').lower()}\n"
    scenario = sim.loads(text.replace('baseline          = "open"', ""))
    folder = tmp_path_factory.mktemp("nine")
    return sim.run(scenario, out=folder, progress=False, quick=1.0).save()


def test_the_decision_comes_first_and_long_lists_are_behind_folds(nine):
    html = (nine / "report.html").read_text("utf-8")
    order = ["decision", "rests", "arms", "figures", "assumptions", "limits", "again"]
    assert re.findall(r'<section aria-labelledby="(\w+)">', html) == order
    assert html.index('id="decision"') < html.index("<nav ")
    folds = re.findall(r"<details><summary>([^<]*)</summary>", html)
    quantities, chosen, keys = (fold.split()[0] for fold in folds)
    assert (quantities, chosen.isdigit(), keys) == ("Every", True, "All")
    assert not re.search(r"<details[^>]* open", html)


def test_nine_policies_are_printed_on_at_most_eight_sheets(nine, tmp_path):
    if browser.found() is None:
        pytest.skip("no Chromium is installed")
    with browser.Browser(tmp_path / "profile") as shown:
        widths = [shown.open(nine / "report.html", width=width)["wide"] for width in (1280, 800)]
        cells = shown.ask("Runtime.evaluate", expression=LINES, returnByValue=True)
        sheets = shown.pages()
    assert widths[0] <= 1280
    assert widths[1] <= 800
    assert cells["result"]["value"] < 5
    assert 2 < sheets <= 8


LINES = """Math.max(...[...document.querySelectorAll('table.decision td')].map(
  cell => Math.round(cell.clientHeight / parseFloat(getComputedStyle(cell).lineHeight))))"""
"""The most lines that a cell of the decision has, at most: its padding counts."""


def test_a_browser_shows_the_page_without_a_complaint(folder, tmp_path):
    if browser.found() is None:
        pytest.skip("no Chromium is installed")
    page = folder / "report.html"
    with browser.Browser(tmp_path / "profile") as shown:
        seen = shown.open(page)
        narrow = shown.open(page, width=800)
        shown.screenshot(tmp_path / "page.png")
        assert shown.complaints() == []
        asked = shown.requests()
    assert seen["wide"] <= 1280
    assert narrow["wide"] <= 800
    assert set(asked) == {page.as_uri()}
    assert (seen["broken"], seen["figures"], seen["scripts"]) == (0, len(CHOSEN), 0)
    assert (seen["twice"], seen["dangling"], seen["unnamed"]) == ([], [], 0)
    assert "<script>alert(1)</script>" in seen["text"]
    assert (tmp_path / "page.png").stat().st_size > 50_000
