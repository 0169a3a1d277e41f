"""The stored tables open in pandas, polars and DuckDB, with the documented columns."""

from pathlib import Path

import pandas as pd
import pytest

import sim
from sim.records.rows import TABLES

SMALL = Path(__file__).with_name("small.toml")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return sim.run(SMALL, out=tmp_path_factory.mktemp("r"), replications=2, progress=False)


def by_pandas(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder)


def by_polars(folder: Path) -> pd.DataFrame:
    polars = pytest.importorskip("polars")
    found = polars.read_parquet(folder / "**/*.parquet", hive_partitioning=True)
    return pd.DataFrame(found.to_dict(as_series=False))


def by_duckdb(folder: Path) -> pd.DataFrame:
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect() as baseline:
        found = baseline.execute(
            f"SELECT * FROM read_parquet('{folder}/**/*.parquet', hive_partitioning = true)"
        )
        names = [column[0] for column in found.description]
        return pd.DataFrame(found.fetchall(), columns=names)


@pytest.mark.parametrize("read", [by_pandas, by_polars, by_duckdb])
@pytest.mark.parametrize("table", ["recipients", "attempts", "servers"])
def test_the_folder_is_one_table(results, table, read):
    found, ours = read(results.path / table), getattr(results, table)
    assert set(found.columns) == set(ours.columns) == set(TABLES[table])
    assert len(found) == len(ours)
    on = ["arm", "server"]
    counts = found.astype(dict.fromkeys(on, str)).groupby(on).size()
    pd.testing.assert_series_equal(counts, ours.astype(dict.fromkeys(on, str)).groupby(on).size())


@pytest.mark.parametrize("table", TABLES)
def test_every_column_has_the_documented_type(results, table):
    ours = getattr(results, table)
    for name, column in TABLES[table].items():
        assert str(ours[name].dtype) == column.dtype, name
        assert column.meaning
