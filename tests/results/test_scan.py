"""Stored tables as a data set: the rows of the frames, without what is missing or was changed."""

from pathlib import Path

import pandas as pd
import pytest

import sim
from sim.experiment import storage
from sim.experiment.storage import DamagedError, StorageError, Task
from sim.records.usage import UsageError

SMALL = Path(__file__).parents[1] / "experiment" / "small.toml"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return sim.run(SMALL, out=tmp_path_factory.mktemp("r"), replications=2, progress=False)


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    words = [name for name in frame.columns if str(frame[name].dtype) == "category"]
    return frame.astype(dict.fromkeys(words, object)).reset_index(drop=True)


@pytest.mark.parametrize("table", ["recipients", "attempts", "servers", "calendar"])
def test_a_data_set_has_the_rows_of_the_frame(results, table):
    rows = results.scan(table).to_table().unify_dictionaries().to_pandas()
    expected = getattr(results, table)
    pd.testing.assert_frame_equal(plain(rows[list(expected.columns)]), plain(expected))


def test_words_are_codes_also_those_of_the_arm(results):
    schema = results.scan("recipients").schema
    assert [str(schema.field(name).type)[:10] for name in ("arm", "fate")] == ["dictionary"] * 2


def test_a_sweep_has_its_points(tmp_path):
    points = [{"users.travellers.count": count} for count in (2, 3)]
    swept = sim.sweep(SMALL, points, out=tmp_path / "s", replications=1, progress=False)
    table = swept.scan("measures").to_table(columns=["point", "arm"])
    assert sorted(table.unify_dictionaries().to_pandas()["point"].unique()) == [0, 1]


def test_nothing_is_scanned_that_was_changed_or_not_kept(tmp_path):
    results = sim.run(SMALL, out=tmp_path, replications=1, keep="counts", progress=False)
    with pytest.raises(UsageError, match="did you mean 'measures'"):
        results.scan("measure")
    with pytest.raises(StorageError, match="recipients were not kept"):
        results.scan("recipients")
    path = storage.part(tmp_path, "measures", Task("open trust", 0))
    path.write_bytes(path.read_bytes()[:-1] + b"2")
    with pytest.raises(DamagedError, match=path.name):
        results.scan("measures")
