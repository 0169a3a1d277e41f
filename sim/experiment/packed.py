"""A part as numpy packs it, for results that nobody keeps where PyArrow is missing (a browser).

It does what `sim.experiment.parquet` does: what is read of it is the same data frame.
"""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np

from sim.measure import columnar

if TYPE_CHECKING:
    import pandas as pd

ERRORS = (ValueError, KeyError, EOFError, BadZipFile)
"""What reading a damaged file raises."""
WORDS = "words "
"""The array that holds the words of all columns, as JSON; no column has a name with a space."""

reading = nullcontext
"""Around all that is read at once: nothing is needed."""


def part(table: columnar.Columnar | pd.DataFrame, point: int) -> bytes:
    """A table as the octets of its file, without the arm, which its folder states."""
    part = columnar.of(table).of_part(point)
    words = {name: [*of] for name, of in part.categories.items()}
    packed = io.BytesIO()
    text = np.frombuffer(json.dumps(words).encode("utf-8"), np.uint8)
    np.savez(packed, allow_pickle=False, **part.columns, **{WORDS: text})
    return packed.getvalue()


def crc(file: IO[bytes], size: int) -> int:
    """The checksum of an open file."""
    return zlib.crc32(file.read(size))


def in_memory(octets: bytes) -> IO[bytes]:
    """A part's *octets* as a file."""
    return io.BytesIO(octets)


def source(path: Path, size: int) -> IO[bytes]:
    """A file of *size* octets."""
    del size  # it makes no difference
    return path.open("rb")


def file(source: IO[bytes], size: int) -> Any:
    """The arrays of an open *source*."""
    del size  # it makes no difference
    return np.load(source, allow_pickle=False)


def rows(
    file: Any, names: Collection[str] | None, words: Mapping[str, str], group: int | None = None
) -> pd.DataFrame:
    """The rows in which columns hold the words that *words* says; of *names*, those columns."""
    del group  # what nobody keeps is never joined
    every = json.loads(file[WORDS].tobytes())
    stored = [name for name in file.files if name != WORDS and (names is None or name in names)]
    whole = columnar.Columnar({name: file[name] for name in {*stored, *words}}, every)
    chosen = np.ones(len(whole), dtype=bool)
    for column, word in words.items():
        chosen &= whole[column] == every[column].index(word)
    return whole.frame(chosen)[stored]


def frame(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The rows of several parts under each other; the words of a column are those of all parts."""
    import pandas as pd

    whole = pd.concat(tables, ignore_index=True)
    unified: dict[str, Any] = {
        str(name): pd.api.types.union_categoricals([part[name] for part in tables])
        for name in whole
        if isinstance(tables[0][name].dtype, pd.CategoricalDtype)
    }
    return whole.assign(**unified)
