"""Unknowns fitted to targets: what is known is found again, what is not told is said so."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import sim
from sim.cli.app import app
from sim.measure import fitting

SMALL = Path(__file__).with_name("small.toml").read_text()
HIDDEN = "spammers.bulk.capacity.direct"
DECLARED = f"""
[ranges]
"{HIDDEN}" = ["5 / day", "120 / day"]
"users.travellers.to_same_isp" = [0.1, 0.5]
"""


def target(low, high, **keys):
    """A target of spam under the policy that leaves only what comes directly."""
    written = {"measure": "spam_per_mailbox_day", "mail": "spam", "arm": "on network"} | keys
    lines = [f"{key} = {json.dumps(value)}" for key, value in written.items()]
    return "\n".join(
        ['[targets."spam, direct"]', *lines, f"low = {low}", f"high = {high}", 'source = "a test"']
    )


# ---- the search by itself


def test_the_search_finds_a_known_point_again():
    hidden, tried = np.array([0.3, 0.8, 0.5]), []

    def misfits(places):
        tried.append(places)
        return ((places - hidden) ** 2).sum(axis=1) * 100

    fitting.search(3, 144, misfits)
    every = np.vstack(tried)
    assert len(every) == pytest.approx(144, abs=fitting.generation(3))
    assert ((every >= 0) & (every <= 1)).all()
    best = every[np.argmin(((every - hidden) ** 2).sum(axis=1))]
    assert best == pytest.approx(hidden, abs=0.1)


def test_the_search_is_the_same_whenever_it_is_made():
    runs = []
    for _ in range(2):
        runs.append([])
        fitting.search(2, 24, lambda places: (runs[-1].append(places), places.sum(axis=1))[1])
    assert all((a == b).all() for a, b in zip(*runs, strict=True))


def test_what_a_target_does_not_tell_stays_open():
    places = np.random.default_rng(3).uniform(size=(400, 2))
    table = fitting.left_open(["told", "untold"], places, 400 * (places[:, 0] - 0.4) ** 2)
    assert table["open"].tolist() == pytest.approx([0.1, 1.0], abs=0.08)
    assert table["best"][0] == pytest.approx(0.4, abs=0.02)


def test_each_unknown_is_tried_alone_from_the_best():
    rows = fitting.slices(np.array([0.3, 0.8]))
    assert len(rows) == 2 * len(fitting.ELSEWHERE)
    assert ((rows == [0.3, 0.8]).sum(axis=1) == 1).all()
    assert {*rows[:, 0]} == {*fitting.ELSEWHERE, 0.3}


# ---- targets in a file


WRONG = {
    "an unknown measure": (target(1, 2, measure="spam_per_mailbox"), "spam_per_mailbox_day"),
    "an unknown arm": (target(1, 2, arm="on net"), "on network"),
    "a band upside down": (target(2, 1), "low below high"),
    "a class it has not": (target(1, 2, mail="honest"), "spam"),
    "by without of": (target(1, 2, by="route"), "by and of together"),
    "an unknown key": (target(1, 2, wieght=3), "wieght"),
}


@pytest.mark.parametrize(("text", "named"), WRONG.values(), ids=WRONG)
def test_a_wrong_target_is_a_fault(text, named):
    with pytest.raises(sim.ScenarioError, match=named) as error:
        sim.loads(f"{SMALL}\n{text}")
    assert "targets" in str(error.value)


def test_targets_change_no_row_and_are_written_again():
    scenario = sim.loads(f"{SMALL}\n{DECLARED}\n{target(1, 2)}")
    assert scenario.hash() == sim.loads(SMALL).hash()
    again = sim.loads(scenario.resolved())
    assert (again.targets, again.ranges) == (scenario.targets, scenario.ranges)


# ---- a scenario


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A scenario whose target is what it gives with a value that is not stated."""
    changes = {HIDDEN: "60 / day"}
    hidden = sim.loads(SMALL).with_overrides(changes)
    results = sim.run(hidden, arms="on network", replications=2, progress=False)
    table = results.summary().set_index(["class", "measure"])
    value = float(table["mean"]["spam", "spam_per_mailbox_day"])
    file = tmp_path_factory.mktemp("fit") / "mine.toml"
    file.write_text(f"{SMALL}\n{DECLARED}\n{target(0.95 * value, 1.05 * value)}\n")
    return file


@pytest.fixture(scope="module")
def found(written):
    """Its calibration."""
    return sim.calibrate(written, 32, out=written.parent / "out", progress=False)


def test_what_was_hidden_is_found_again_and_what_is_not_told_stays_open(found):
    table = found.unknowns().set_index("key")
    assert float(table["best"][HIDDEN].strip('"').split()[0]) == pytest.approx(60, rel=0.25)
    assert table["open"][HIDDEN] < 0.5 < table["open"]["users.travellers.to_same_isp"]
    assert found.misfits.min() < 1.0
    assert found.equally_good()[0] == found.best
    assert "about as well as the best" in found.sentences()
    assert list(found.fit()["target"]) == ["spam, direct"]


def test_what_it_says_can_be_pasted_and_swept(found):
    folder = found.save()
    overrides = tomllib.loads((folder / "overrides.toml").read_text())
    assert overrides == found.best
    sim.loads(f"{SMALL}\n" + (folder / "equally-good.toml").read_text())
    sim.loads(f'{SMALL}\n[arms."as fitted"]\n{found.overrides()}')


def test_it_goes_on_where_it_stopped(written, found):
    parts = {path: path.stat().st_mtime_ns for path in found.path.rglob("measures/**/*.parquet")}
    assert parts
    again = sim.calibrate(written, 32, out=found.path, progress=False)
    assert {path: path.stat().st_mtime_ns for path in parts} == parts
    assert again.best == found.best


@pytest.mark.parametrize(
    ("text", "named"), [(DECLARED, r"no \[targets\]"), (target(1, 2), "declares no unknowns")]
)
def test_without_targets_or_unknowns_it_is_wrong_use(tmp_path, text, named):
    with pytest.raises(ValueError, match=named):
        sim.calibrate(sim.loads(f"{SMALL}\n{text}"), out=tmp_path, progress=False)


def test_the_command(written, found):
    arguments = ["calibrate", str(written), "--points", "32", "--out", str(found.path)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    lines = done.stdout.replace(str(found.path), "").splitlines()
    assert max(map(len, lines)) <= 100
    assert f'"{HIDDEN}" = ' in done.stdout
    data = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    assert data["overrides"] == found.best
    assert data["fit"][0]["target"] == "spam, direct"
