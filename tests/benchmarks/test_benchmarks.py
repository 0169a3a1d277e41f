"""The benchmarks measure what they say: four programs, one workload, the same answers."""

import io
import json
import subprocess
import sys
from pathlib import Path

import baseline
import everyday
import nbformat
import pytest
import sessions
import telling
from measuring import Spread
from rich.console import Console
from workload_w import DEFERRED, PLAIN, REFUSE, UNDER_WAY, Bench


@pytest.fixture(scope="module")
def bench():
    return Bench(3000)


def test_the_table_of_sessions_fits_a_terminal_of_80_columns():
    figures = dict.fromkeys(
        ("µs a session", "µs a row", "events a session", "ratio", "ratio, all"), 1.5151
    )
    found = {name: {"rows": 197_003.0, **figures} for name in sessions.FEATURES}
    console = Console(width=80, record=True, file=io.StringIO())
    telling.tell({"machine": {}, "sessions": found}, [], console)
    told = console.export_text()
    assert "…" not in told
    assert "197003" in told


@pytest.mark.parametrize("program", PLAIN)
def test_plain_programs_end_every_message_of_w_as_ours_does(bench, program):
    programs = bench.programs()
    ours, plain = (bench.fates(programs[name]()) for name in ("ours", program))
    assert ours.differences(plain) == 0


def test_w_is_the_workload_that_it_says(bench):
    run = bench.programs()["ours"]()
    verdict = bench.fates(run).verdict
    local, relay, refuse = (verdict == v for v in range(UNDER_WAY))
    assert [local.mean(), relay.mean(), refuse.mean()] == pytest.approx([0.4, 0.5, 0.1], abs=0.04)
    relayed = run.attempts["hop"] == 1
    deferred = (run.attempts["code"][relayed] == 451).mean()
    assert deferred == pytest.approx(DEFERRED, abs=4 * (DEFERRED / relayed.sum()) ** 0.5)
    retries = run.attempts["attempt"][relayed]
    assert retries.max() >= 2, "some come again"
    assert REFUSE < UNDER_WAY < len(run.recipients["message"])


def test_the_notebook_has_the_cell_that_is_waited_for():
    cells = nbformat.read(everyday.NOTEBOOK, as_version=4).cells
    assert any(everyday.FIGURE in cell.source for cell in cells)


def test_the_smallest_pass_measures_w_and_says_what(tmp_path):
    out = tmp_path / "found.json"
    suite = [sys.executable, Path(__file__).parent, "--only", "w", "--sizes", "3", "--rounds", "1"]
    told = subprocess.run([*suite, "--json", out], check=True, capture_output=True, text=True)
    assert "textbook SimPy" in told.stdout
    found = json.loads(out.read_text("utf-8"))
    point = found["worlds"]["W"]["points"]["3"]
    assert point["differences"] == 0
    assert point["rows"] == point["messages"] == pytest.approx(1000, rel=0.2)
    assert 0 < point["events a message"] < 3.5, "more is a regression"
    assert max(point["folded"], point["heapq"]) < point["textbook"]
    assert "plain heapq" in told.stdout
    ours = found["ratios"]["W, 10^3, to heapq"]
    assert ours["median"] == pytest.approx(point["run"] / point["heapq"])
    assert found["ratios"]["W, 10^3, kept octets a row"]["median"] < 120
    assert str(Path.cwd()) not in out.read_text("utf-8")


@pytest.mark.parametrize(
    ("now", "verdict"),
    [
        (Spread(1.0, 0.02, 5), "same"),
        (Spread(0.8, 0.02, 5), "better"),
        (Spread(1.25, 0.02, 5), "worse"),
        (Spread(1.25, 0.4, 5), "same"),  # so noisy that it may be nothing
        (Spread(0.8, 0.001, 2), "better"),
        (Spread(0.95, 0.001, 2), "same"),  # that two rounds agree is chance
        (Spread(1.25, float("nan"), 1), "unsure"),
    ],
)
def test_a_ratio_has_changed_where_it_lies_beyond_the_noise(now, verdict):
    before = {"W, 10^4": Spread(1.01, 0.02, 5)}
    (change,) = baseline.compare(before, {"W, 10^4": now, "new": now})
    assert change.verdict == verdict
