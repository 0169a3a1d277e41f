"""A Parquet file written here is one to every reader: the same types, values and gaps."""

import io

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.experiment.parquet import RANDOM, encoded

NUMBERS = ["bool", "int8", "int16", "int32", "uint32", "int64", "float32", "float64"]
SIZES = st.sampled_from([0, 1, 7, 8, 9, 64, 200])


@st.composite
def tables(draw):
    """Columns and words: of every type, of few and of many words, with and without gaps."""
    rows = draw(SIZES)
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    columns, words = {}, {}
    for name in draw(st.lists(st.sampled_from(["é x", "by", *RANDOM, *NUMBERS]), min_size=1)):
        kind = draw(st.sampled_from([*NUMBERS, *NUMBERS, "few", "many", "most"]))
        if kind in NUMBERS:
            octets = random.bytes(8 * rows)
            values = np.frombuffer(octets, "uint8")[:rows] > 99 if kind == "bool" else None
            columns[name] = np.frombuffer(octets, kind)[:rows] if values is None else values
            words.pop(name, None)
        else:
            count = {"few": 3, "many": 200, "most": 40_000}[kind]
            least = draw(st.sampled_from([-1, 0]))
            fit = [t for t in ("int8", "int16", "int32", "int64") if count <= np.iinfo(t).max]
            columns[name] = random.integers(least, count, rows).astype(draw(st.sampled_from(fit)))
            words[name] = [f"wörd {i}" for i in range(count)]
    return columns, words


def told(columns, words):
    """By column what a reader must find; None is a gap. As text: not a number is not itself."""
    return {
        name: [None if i < 0 else words[name][i] for i in values]
        if name in words
        else values.tolist()
        for name, values in columns.items()
    }


@settings(deadline=None)
@given(tables())
def test_arrow_reads_what_was_written(table):
    columns, words = table
    found = pq.read_table(io.BytesIO(encoded(columns, words)))
    found.validate(full=True)
    assert repr(found.to_pydict()) == repr(told(columns, words))
    for field in found.schema:
        of_words = field.name in words
        of_codes = "dictionary<values=string, indices=int32, ordered=0>"  # parts are one table
        assert (str(field.type) == of_codes) == of_words
        assert field.nullable == (of_words and bool((columns[field.name] < 0).any()))
        if not of_words:
            assert field.type.to_pandas_dtype() == columns[field.name].dtype


def by_polars(path):
    return pytest.importorskip("polars").read_parquet(path).to_dict(as_series=False)


def by_duckdb(path):
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect() as baseline:
        found = baseline.execute(f"SELECT * FROM read_parquet('{path}')")
        names = [column[0] for column in found.description]
        rows = found.fetchall()
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}


@pytest.mark.parametrize("read", [by_polars, by_duckdb])
@pytest.mark.parametrize("rows", [0, 1, 8, 1000])
@pytest.mark.parametrize("least", [-1, 0])
@pytest.mark.parametrize("count", [1, 200, 40_000])
def test_other_readers_read_it(tmp_path, read, rows, least, count):
    random = np.random.default_rng(6)
    columns = {name: (random.integers(0, 2, rows) * 77).astype(name) for name in NUMBERS}
    columns["words"] = random.integers(least, count, rows).astype("int8" if count < 99 else "int32")
    columns["recipient"] = random.integers(0, 2**31, rows).astype(np.int32)
    words = {"words": [f"wörd {i}" for i in range(count)]}
    path = tmp_path / "part.parquet"
    path.write_bytes(encoded(columns, words))
    assert repr(read(path)) == repr(told(columns, words))


@pytest.mark.parametrize("read", [by_polars, by_duckdb])
@pytest.mark.parametrize("rows", [0, 5])
def test_a_column_may_have_no_words(tmp_path, read, rows):
    columns, words = {"name": np.full(rows, -1, np.int8)}, {"name": []}
    path = tmp_path / "part.parquet"
    path.write_bytes(encoded(columns, words))
    assert read(path) == told(columns, words) == pq.read_table(path).to_pydict()
