"""A Parquet file of one row group, for columns of numbers and of codes into few words.

PyArrow makes it; here is what it need not find out. Words are handed over once for all runs of
a scenario that share them, codes as they lie in memory. Codes are packed already and some numbers
are random: these are not compressed. There is one page a column and there are no statistics, since
a part is read whole.

A small part is read whole, and so is its checksum one of all its octets. Of a large part some
columns may be read alone: its pages have checksums of their own, which PyArrow verifies, and one
more is of all that is between them, the heads of pages and the footer.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from sim.experiment import storage
from sim.measure import columnar

if TYPE_CHECKING:
    import pandas as pd

SMALL = 2**20
"""Octets up to which a part is read whole; chosen: below it a file's columns are a page or less."""
HEAD = 64
"""Octets from the start of a page in which its head ends: without statistics it has at most 40."""
ERRORS = (pa.ArrowException,)
"""What reading a damaged file raises."""
RANDOM = ("recipient", "client", "at", "took")
"""Columns of numbers in which there is nothing to compress."""
WHOLE = 2**30
"""Octets of a page, and rows of a batch, at most: no column is ever cut."""


def part(table: columnar.Columnar | pd.DataFrame, point: int) -> Any:
    """A table as the octets of its file, without the arm, which its folder states.

    With a *point* of 0 or more, that is a column too.
    """
    part = columnar.of(table).of_part(point)
    return encoded(part.columns, part.categories)


def encoded(columns: Mapping[str, NDArray[Any]], words: Mapping[str, Sequence[str]]) -> Any:
    """The octets of the file, to be written at once: column by column takes twice the time.

    A column that is in *words* holds codes into those; -1 is null.
    """
    arrays = [
        _of_words(values, tuple(words[name])) if name in words else _of_numbers(values)
        for name, values in columns.items()
    ]
    fields = [
        pa.field(name, array.type, nullable=bool(array.null_count))
        for name, array in zip(columns, arrays, strict=True)
    ]
    file = pa.BufferOutputStream()
    table = pa.Table.from_arrays(arrays, schema=pa.schema(fields))
    pq.write_table(table, file, row_group_size=WHOLE, **_options(table.schema))
    return file.getvalue()


def _options(schema: Any) -> dict[str, Any]:
    """How columns are written."""
    words = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    plain = [name for name in schema.names if name not in words and name not in RANDOM]
    return {
        "use_dictionary": words,
        "compression": dict.fromkeys(plain, "snappy"),
        "write_statistics": False,
        "write_page_checksum": True,
        "data_page_size": WHOLE,
        "write_batch_size": WHOLE,
    }


def join(parts: Sequence[Callable[[], AbstractContextManager[Any]]], path: Path) -> None:
    """Write one file of several *parts*, each of which opens a file and names a group of it: a row
    group for each, one after the other, so that no more than one is in memory."""
    schemas = []
    for part in parts:
        with part() as (file, _):
            schemas.append(file.schema_arrow.remove_metadata())
    schema = pa.unify_schemas(schemas)
    with pq.ParquetWriter(path, schema, **_options(schema)) as writer:
        for part in parts:
            with part() as (file, group):
                table = rows(file, None, {}, group)
                writer.write_table(table.cast(schema), row_group_size=WHOLE)


def crc(file: Any, size: int) -> int:
    """The checksum of an open file: of all of it, or of the heads of its pages and its footer."""
    if size <= SMALL:
        return zlib.crc32(file.read(size))
    octets = 0
    for start, length in _frame(pq.read_metadata(file), size):
        file.seek(start)
        octets = zlib.crc32(file.read(length), octets)
    return octets


def _frame(metadata: Any, size: int) -> Iterator[tuple[int, int]]:
    """Where the heads of the pages and the footer lie: start and length."""
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        for column in map(group.column, range(metadata.num_columns)):
            for start in (column.dictionary_page_offset, column.data_page_offset):
                if start is not None:
                    yield start, HEAD
    footer = metadata.serialized_size + 8  # with its length, and the four letters at the end
    yield size - footer, footer


def in_memory(octets: Any) -> Any:
    """A part's *octets* as a file."""
    return pa.BufferReader(octets)


def source(path: Path, size: int) -> Any:
    """A file of *size* octets: a small one is read whole."""
    small = size <= SMALL
    return pa.BufferReader(storage.octets(path, SMALL)) if small else pa.OSFile(str(path))


def file(source: Any, size: int) -> Any:
    """The Parquet file of an open *source*: one file, not a dataset, since what the folder's name
    says is added later, with our type."""
    return pq.ParquetFile(source, page_checksum_verification=size > SMALL)


@contextmanager
def reading() -> Iterator[None]:
    """Arrow takes what it reads into from the system, page by page.

    Its own allocator asks for huge pages: a sixth more memory, and a second instead of a quarter
    for two million rows on a virtual machine that must be given each of them first. What is left
    between many small parts is given back in the end.
    """
    usual = pa.default_memory_pool()
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        yield
    finally:
        pa.system_memory_pool().release_unused()
        pa.set_memory_pool(usual)


def rows(
    file: Any, names: Collection[str] | None, words: Mapping[str, str], group: int | None = None
) -> Any:
    """The rows in which columns hold the words that *words* says; of *names*, those columns.

    Of joined parts, those of one *group*.
    """
    stored = [name for name in file.schema.names if names is None or name in names]
    read = file.read if group is None else partial(file.read_row_group, group)
    part = read(columns=stored, use_threads=False)  # parts are small
    part = part.replace_schema_metadata(None)
    if not words:
        return part
    so = np.ones(len(part), dtype=bool)
    for column, word in words.items():
        words_of = part[column].combine_chunks()
        so &= (
            words_of.indices.to_numpy(zero_copy_only=False)
            == words_of.dictionary.index(word).as_py()
        )
    return part.take(np.flatnonzero(so))


def frame(tables: list[Any]) -> pd.DataFrame:
    """The rows of several parts under each other, made column by column: what one took is given
    back before the next, so that they never take twice their room. Empties *tables*."""
    import pandas as pd

    whole = pa.concat_tables(tables, promote_options="default")  # one part may have nulls
    tables.clear()
    columns: dict[str, Any] = {}
    for name in whole.column_names:
        columns[name] = whole.select([name]).unify_dictionaries().to_pandas()[name]
        whole = whole.drop_columns(name)
    return pd.DataFrame(columns, copy=False)


def _of_numbers(values: NDArray[Any], present: NDArray[Any] | None = None) -> Any:
    """A column of numbers as Arrow has it, null where it is not *present*.

    Handed over as they lie in memory: `pyarrow.array` would import pandas to ask it what they are.
    """
    type_ = pa.from_numpy_dtype(values.dtype)
    buffer = np.packbits(values, bitorder="little") if values.dtype == bool else values
    valid = None if present is None else pa.py_buffer(np.packbits(present, bitorder="little"))
    buffers = [valid, pa.py_buffer(np.ascontiguousarray(buffer))]
    return pa.Array.from_buffers(type_, len(values), buffers)


def _of_words(codes: NDArray[Any], words: tuple[str, ...]) -> Any:
    """A column of words, as Arrow has it."""
    # int32, however few words there are: parts must be one table
    codes = codes.astype(np.int32, copy=False)
    present = codes >= 0 if len(codes) and codes.min() < 0 else None
    indices = _of_numbers(codes, present)
    return pa.DictionaryArray.from_arrays(indices, _dictionary(words), safe=False)


@lru_cache(maxsize=256)
def _dictionary(words: tuple[str, ...]) -> Any:
    octets = [word.encode() for word in words]
    ends = np.cumsum([0, *map(len, octets)], dtype=np.int32)
    whole = pa.py_buffer(b"".join(octets))
    return pa.StringArray.from_buffers(len(words), pa.py_buffer(ends), whole)
