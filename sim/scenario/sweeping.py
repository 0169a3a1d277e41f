"""`[sweep]`: which keys take which values, and the points that follow."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import product
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from sim.scenario.keys import OF_NO_ROW, Table, key
from sim.scenario.overrides import flat

MOST_POINTS = 10_000
MOST_RANGED = 8

Point = dict[str, Any]
"""What one point of a sweep changes: keys by dotted name, values as in a file."""


def _flattened(item: Any) -> Any:
    return dict(flat(item)) if isinstance(item, dict) else item


def not_swept(keys: Iterable[str]) -> list[str]:
    """Those of *keys* that a sweep cannot be over: it would change no row."""
    return [key for key in keys if key.partition(".")[0] in (*OF_NO_ROW, "expect")]


def _more(one: Any, other: Any) -> bool:
    """Whether a number, or one with a unit, is surely more than another in the same unit."""
    (low, unit), (high, other_unit) = (str(end).strip().partition(" ")[::2] for end in (one, other))
    try:
        return unit == other_unit and not isinstance(one, bool) and float(low) > float(high)
    except ValueError:
        return False  # not numbers


Values = Annotated[
    dict[str, Annotated[list[Any], Field(min_length=1, max_length=MOST_POINTS)]],
    BeforeValidator(_flattened),
]


def _lists(values: dict[str, list[Any]]) -> dict[str, list[Any]]:
    if wrong := not_swept(values):
        raise ValueError(f"cannot be varied: {', '.join(wrong)}")
    return values


def _ordered(values: dict[str, list[Any]]) -> dict[str, list[Any]]:
    if wrong := [name for name, ends in values.items() if len(ends) != 2 or _more(*ends)]:
        raise ValueError(f"expected [least, most]: {', '.join(wrong)}")
    return values


Alternatives = Annotated[Values, AfterValidator(_lists)]
"""What a key might be instead, by its dotted name."""
Ranges = Annotated[Alternatives, AfterValidator(_ordered)]
"""The least and the most that a key might be, by its dotted name."""


class Sweep(Table):
    """A sweep: the scenario again at each of its points."""

    mode: Literal["grid", "paired", "list", "ranges"] = key("grid")
    """grid: every combination; paired: first with first, second with second; list: the `points` as
    they stand; ranges: the file's own values, each key of `over` alone at its least and its most,
    then all corners"""
    over: Values = key({})
    """keys by dotted name, as in an arm, each with its list of values; `arms.NAME.KEY` is what one
    arm changes"""
    points: list[Annotated[Point, BeforeValidator(_flattened)]] = key([], max_length=MOST_POINTS)
    """mode list: tables of keys and values, one a point"""
    arms: list[str] = key([])
    """only these arms; without it, all"""

    @model_validator(mode="after")
    def _fits(self) -> Sweep:
        if (self.mode == "list") != bool(self.points) or (self.mode == "list") == bool(self.over):
            raise ValueError("expected `points` with mode list, and `over` with any other")
        if wrong := not_swept([*self.over, *(key for point in self.points for key in point)]):
            raise ValueError(f"cannot be swept: {', '.join(dict.fromkeys(wrong))}")
        sizes = {len(values) for values in self.over.values()}
        if self.mode == "paired" and len(sizes) > 1:
            raise ValueError("expected lists of one length with mode paired")
        if self.mode == "ranges" and (sizes != {2} or len(self.over) > MOST_RANGED):
            raise ValueError(f"expected [least, most] of at most {MOST_RANGED} keys")
        if self.mode == "ranges" and (
            wrong := [name for name, (least, most) in self.over.items() if _more(least, most)]
        ):
            raise ValueError(f"expected the least first, then the most: {', '.join(wrong)}")
        if self.size() > MOST_POINTS:
            raise ValueError(f"expected at most {MOST_POINTS} points, got {self.size()}")
        return self

    def size(self) -> int:
        """How many points there are."""
        lengths = [len(values) for values in self.over.values()]
        corners = math.prod(lengths)
        return {
            "list": len(self.points),
            "paired": max(lengths, default=0),
            "grid": corners,
            "ranges": 1 + sum(lengths) + (corners if len(lengths) > 1 else 0),
        }[self.mode]

    def all(self) -> list[Point]:
        """The points, in order."""
        if self.mode == "list":
            return list(self.points)
        columns = self.over.values()
        rows = zip(*columns, strict=True) if self.mode == "paired" else product(*columns)
        points = [dict(zip(self.over, values, strict=True)) for values in rows]
        if self.mode != "ranges":
            return points
        alone = [{name: value} for name, values in self.over.items() for value in values]
        return [{}, *alone, *(points if len(self.over) > 1 else [])]
