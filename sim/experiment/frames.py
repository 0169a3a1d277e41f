"""Parts of results read as data frames."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.experiment import parts, storage
from sim.experiment.coding import coding
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
    names = None if columns is None else [*storage.OF_TASK, *columns]
    with coding.reading():
        for _, together in groupby(selection, lambda run: parts.path_of(root, table, run)):
            first, *others = together
            with parts.opened(root, table, first) as file:
                tables += (coding.rows(file, names, words or {}, r.group) for r in (first, *others))
        if not tables:
            raise storage.StorageError(f"{root}: no {table} are stored there")
        sizes = [len(part) for part in tables]
        frame: pd.DataFrame = coding.frame(tables)
    codes = np.array([arms.index(run.task.arm) for run in selection], dtype=np.int16)
    arm: Any = pd.Categorical.from_codes(np.repeat(codes, sizes), categories=pd.Index(arms))
    frame.insert(int("point" in frame), "arm", arm)
    return frame
