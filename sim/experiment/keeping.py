"""Which messages a run keeps rows of: all, none, a sample, or those that a filter names.

Measures are made of all rows before, so what is kept changes no result and no figure of rates.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sim.experiment.usage import UsageError, one_of
from sim.records.rows import RECIPIENTS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sim.measure.coded import Coded, Frames

ROWS, COUNTS, SAMPLE = WORDS = ("rows", "counts", "sample")
"""``rows``: of all; ``counts``: of none; ``sample``: of one message in `ONE_IN`. Or a filter,
``place=hotel,first_cause=relaying``: of messages of which a row of recipients is so."""
ONE_IN = 100
"""Chosen: enough to read some messages, and no time or space to speak of."""
OF_MESSAGES = ("recipients", "attempts")
"""The tables that are cut down; all others are kept whole."""


def check(keep: str) -> None:
    """Raise UsageError unless *keep* is one of `WORDS` or a filter over columns of recipients."""
    if "=" in keep:
        _filter(keep)
    else:
        one_of("keep", keep, WORDS)


def kept(frames: Frames, keep: str) -> Frames:
    """The tables of one run as they are stored."""
    if keep == ROWS:
        return frames
    rest = {name: table for name, table in frames.items() if name not in OF_MESSAGES}
    if keep == COUNTS:
        return rest
    import numpy as np

    from sim.measure import coded

    whole = {name: coded.of(frames[name]) for name in OF_MESSAGES}
    chosen = _messages(whole["recipients"], keep)
    cut = {name: held.where(np.isin(held["message"], chosen)) for name, held in whole.items()}
    return {**rest, **cut}


def whole(manifest: Mapping[str, Any]) -> bool:
    """Whether the rows of all messages were kept, so that figures can be drawn of them."""
    return bool(manifest.get("keep", ROWS) == ROWS)


def _messages(recipients: Coded, keep: str) -> NDArray[Any]:
    """Numbers of the messages that are kept."""
    import numpy as np

    numbers = recipients["message"]
    if keep == SAMPLE:
        so = numbers % ONE_IN == 0
    else:
        so = np.ones(len(recipients), dtype=bool)
        for column, value in _filter(keep).items():
            so &= _is(recipients, column, value)
    found: NDArray[Any] = np.unique(numbers[so])
    return found


def _is(table: Coded, column: str, value: str) -> NDArray[np.bool_]:
    if column in table.categories:
        held, wanted = table.codes(column, (value,)), 0.0
    else:
        held, wanted = table[column], _number(column, value)
    so: NDArray[np.bool_] = held == wanted
    return so


def _filter(keep: str) -> dict[str, str]:
    """Columns and their values as text."""
    wanted = {}
    for part in keep.split(","):
        column, equals, value = (text.strip() for text in part.partition("="))
        if not equals:
            raise UsageError(f"keep: expected COLUMN=VALUE, got {part!r}")
        one_of("column of recipients", column, RECIPIENTS)
        if RECIPIENTS[column].dtype != "category":
            _number(column, value)
        wanted[column] = value
    return wanted


def _number(column: str, value: str) -> float:
    """A value of a column that is no word; true and false are 1 and 0."""
    truth = {"true": "1", "false": "0"}
    try:
        return float(truth.get(value.lower(), value))
    except ValueError:
        raise UsageError(f"keep: {column}: expected a number, got {value!r}") from None
