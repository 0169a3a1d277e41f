"""`[sweep]`: which keys take which values, and the points that follow."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

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


def ranges(values: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    """These values as ranges; raises ValueError for what is none."""
    return TypeAdapter(Ranges).validate_python(dict(values))


def ends_and_corners(ranges: Mapping[str, Sequence[Any]]) -> list[Point]:
    """What the file says, each key alone at its least and its most, then all corners.

    Raises ValueError for more keys than have few corners.
    """
    if len(ranges) > MOST_RANGED:
        raise ValueError(f"expected at most {MOST_RANGED} ranges, got {len(ranges)}")
    alone = [{name: value} for name, ends in ranges.items() for value in ends]
    corners = [dict(zip(ranges, ends, strict=True)) for ends in product(*ranges.values())]
    return [{}, *alone, *(corners if len(ranges) > 1 else [])] if ranges else []


class Sweep(Table):
    """A sweep: the scenario again at each of its points."""

    mode: Literal["grid", "paired", "list"] = key("grid")
    """grid: every combination; paired: first with first, second with second; list: the `points` as
    they stand"""
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
        if self.size() > MOST_POINTS:
            raise ValueError(f"expected at most {MOST_POINTS} points, got {self.size()}")
        return self

    def size(self) -> int:
        """How many points there are."""
        lengths = [len(values) for values in self.over.values()]
        return {
            "list": len(self.points),
            "paired": max(lengths, default=0),
            "grid": math.prod(lengths),
        }[self.mode]

    def all(self) -> list[Point]:
        """The points, in order."""
        if self.mode == "list":
            return list(self.points)
        columns = self.over.values()
        rows = zip(*columns, strict=True) if self.mode == "paired" else product(*columns)
        return [dict(zip(self.over, values, strict=True)) for values in rows]


def points_of(values: Mapping[str, Sequence[Any]], mode: str = "grid") -> list[Point]:
    """The points of a sweep over *values* by key; raises ValueError for what is none, in words."""
    try:
        return Sweep.model_validate({"mode": mode, "over": dict(values)}).all()
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        keys = ".".join(str(part) for part in fault["loc"][1:2])
        words = fault["msg"].removeprefix("Value error, ")
        raise ValueError(f"{keys}: {words}" if keys else words) from None
