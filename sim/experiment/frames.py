"""Parts of results read as data frames."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from sim.experiment import parts, storage
from sim.experiment.journal import Done


def read(
    root: Path,
    table: str,
    runs: Iterable[Done],
    columns: Collection[str] | None = None,
    words: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """One table of several runs, in their order, with the arm as a column.

    Only *columns* are read, if given, those of them that are stored, beside those that say of
    which task a row is; and only rows are kept in
    which columns of words hold what *words* says. Raises DamagedError for a part that is missing,
    or is not as it was written.
    """
    selection = [run for run in runs if table in run.parts]
    arms = list(dict.fromkeys(run.task.arm for run in selection))
    tables: list[Any] = []
    with _memory_of_the_system():
        for run in selection:
            with parts.opened(root, table, run.task, run.parts) as file:
                names = file.schema.names if columns is None else [*storage.OF_TASK, *columns]
                stored = [name for name in file.schema.names if name in names]
                rows = file.read(columns=stored, use_threads=False)  # parts are small
            tables.append(_rows(rows.replace_schema_metadata(None), words or {}))
        if not tables:
            raise storage.StorageError(f"{root}: no {table} are stored there")
        sizes = [part.num_rows for part in tables]
        whole = pa.concat_tables(tables, promote_options="default")  # one part may have nulls
        frame: pd.DataFrame = whole.unify_dictionaries().to_pandas()
    codes = np.repeat([arms.index(run.task.arm) for run in selection], sizes)
    arm: Any = pd.Categorical.from_codes(codes.astype(np.int64), categories=pd.Index(arms))
    frame.insert(int("point" in frame), "arm", arm)
    return frame


@contextmanager
def _memory_of_the_system() -> Iterator[None]:
    """Arrow takes what it reads into from the system, page by page.

    Its own allocator asks for huge pages: a sixth more memory, and a second instead of a quarter
    for two million rows on a virtual machine that must be given each of them first.
    """
    usual = pa.default_memory_pool()
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        yield
    finally:
        pa.set_memory_pool(usual)


def _rows(part: Any, words: Mapping[str, str]) -> Any:
    """The rows of an Arrow table in which columns hold the words that *words* says."""
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
