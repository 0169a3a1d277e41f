"""A Parquet file of one row group, for columns of numbers and of codes into few words.

PyArrow makes it; here is what it need not find out. Words are handed over once for all runs of
a scenario that share them, codes as they lie in memory. Codes are packed already and some numbers
are random: these are not compressed. There is one page a column and there are no statistics, since
a part is read whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from sim.measure import columnar

if TYPE_CHECKING:
    import pandas as pd

RANDOM = ("recipient", "client", "at", "took")
"""Columns of numbers in which there is nothing to compress."""
WHOLE = 2**30
"""Octets of a page, and rows of a batch, at most: no column is ever cut."""


def part(table: columnar.Columnar | pd.DataFrame, point: int) -> Any:
    """A table as the octets of its file, without the arm, which its folder states.

    With a *point* of 0 or more, that is a column too.
    """
    columns_of = columnar.of(table)
    columns = {name: values for name, values in columns_of.columns.items() if name != "arm"}
    if point >= 0:
        columns = {"point": np.full(len(columns_of), point, np.int32), **columns}
    return encoded(columns, columns_of.categories)


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
    pq.write_table(
        pa.Table.from_arrays(arrays, schema=pa.schema(fields)),
        file,
        use_dictionary=[name for name in columns if name in words],
        compression={n: "snappy" for n in columns if n not in words and n not in RANDOM},
        write_statistics=False,
        write_page_checksum=True,
        data_page_size=WHOLE,
        write_batch_size=WHOLE,
        row_group_size=WHOLE,
    )
    return file.getvalue()


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
