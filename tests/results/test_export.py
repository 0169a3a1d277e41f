"""Stored tables as CSV: every row that is stored, and nothing that is not."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

import sim
from sim.experiment.storage import StorageError
from sim.records.rows import TABLES
from sim.records.usage import UsageError
from sim.results.export import export

SMALL = Path(__file__).parents[1] / "experiment" / "small.toml"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return sim.run(SMALL, out=tmp_path_factory.mktemp("r"), replications=2, progress=False)


@pytest.mark.parametrize("table", [*TABLES, "measures"])
def test_a_table_comes_back_as_it_is_stored(results, table):
    path, shortfall = export(results.path, table)
    assert shortfall == ""
    assert path == results.path / "tables" / f"{table}.csv"
    wanted = getattr(results, table).to_csv(index=False, float_format="%.10g")
    assert path.read_text("utf-8") == wanted


def test_rows_of_a_sweep_say_what_their_point_changes(tmp_path):
    key = "users.travellers.count"
    points = [{key: 5}, {}, {key: 9}]
    sim.sweep(SMALL, points, out=tmp_path / "s", replications=2, progress=False)
    found = pd.read_csv(export(tmp_path / "s", "measures", tmp_path / "csv")[0])
    assert (tmp_path / "csv" / "measures.csv").exists()
    told = found.groupby("point")[key].unique()
    assert told[0].tolist() == [5]
    assert pd.isna(told[1]).all()
    assert told[2].tolist() == [9]
    assert found.groupby(["point", "arm"])["replication"].nunique().tolist() == [2] * 6
    assert found["point"].is_monotonic_increasing


def test_what_was_not_kept_and_no_table_are_told(tmp_path):
    sim.run(SMALL, out=tmp_path, replications=1, keep="counts", progress=False)
    with pytest.raises(StorageError, match="recipients were not kept"):
        export(tmp_path, "recipients")
    with pytest.raises(UsageError, match="did you mean 'measures'"):
        export(tmp_path, "measure")
    assert not (tmp_path / "tables").exists()
    shutil.rmtree(tmp_path / "measures")
    with pytest.raises(StorageError, match=r"measures/.*parquet is missing, and 1 more are; "):
        export(tmp_path, "measures")
    with pytest.raises(StorageError, match="no run is finished there"):
        export(tmp_path, "measures", partial=True)
    with pytest.raises(StorageError, match="no results there"):
        export(tmp_path / "none", "measures")
