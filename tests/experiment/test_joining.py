"""Parts of many replications are joined: three files an arm, the same rows, checked as before."""

from pathlib import Path

import pandas as pd
import pytest

import sim
from sim.experiment import joining, journal, repairing
from sim.experiment.storage import DamagedError
from sim.results import verification

SMALL = Path(__file__).with_name("small.toml")
SHORT = {"run_length": "2 days", "transient": "0.5 days", "users.travellers.count": 2}
TABLES = ("measures", "servers", "calendar")


def run(out, replications):
    scenario = sim.load(SMALL).with_overrides(SHORT)
    return sim.run(
        scenario, out=out, replications=replications, keep="counts", progress=False, workers=1
    )


def files(folder):
    return sorted(path.name for path in folder.glob("*/arm=*/*"))


def stored(results):
    return [results._stored.table(name) for name in TABLES]


@pytest.fixture(scope="module")
def apart(tmp_path_factory):
    """Results whose parts are not joined."""
    return run(tmp_path_factory.mktemp("apart"), 3)


@pytest.fixture
def together(tmp_path, monkeypatch):
    """The same in two steps, joined after each."""
    monkeypatch.setattr(joining, "MANY", 2)
    run(tmp_path, 2)
    assert files(tmp_path) == ["all-2.parquet"] * 6
    return run(tmp_path, 3)


def test_an_arm_has_three_files_with_the_same_rows(apart, together):
    assert files(together.path) == ["all-3.parquet"] * 6
    for name, one, other, again in zip(
        TABLES, stored(apart), stored(together), stored(sim.open_results(together.path)),
        strict=True,
    ):  # fmt: skip
        pd.testing.assert_frame_equal(one, other)
        pd.testing.assert_frame_equal(one, again)
        scanned = [r.scan(name).to_table().to_pandas().astype(str) for r in (apart, together)]
        pd.testing.assert_frame_equal(*scanned)


def test_fewer_replications_than_are_joined_are_read_alone(apart, together):
    fewer = run(together.path, 2)
    expected = apart.measures[apart.measures["replication"] < 2]
    assert fewer.scan("measures").count_rows() == len(fewer._stored.table("measures"))
    assert len(fewer.measures) == len(expected)


def test_a_joined_file_that_was_changed_is_told_and_made_again(apart, together):
    path = next(together.path.glob("measures/*/all-3.parquet"))
    octets = bytearray(path.read_bytes())
    octets[len(octets) // 2] ^= 1
    path.write_bytes(octets)
    (found,) = verification.verify(together.path)
    assert found.faults == [f"{path.relative_to(together.path).as_posix()} was changed"]
    with pytest.raises(DamagedError, match="was changed"):
        _ = sim.open_results(together.path).measures
    assert repairing.repair(together.path) == 3
    (found,) = verification.verify(together.path)
    assert not found.faults
    for one, other in zip(stored(apart), stored(sim.open_results(together.path)), strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_few_replications_and_rows_of_mail_stay_apart(apart):
    assert joining.MANY > 3
    assert "replication-0.parquet" in files(apart.path)
    assert not any(done.joined for done in journal.read(apart.path).runs.values())
