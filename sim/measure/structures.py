"""What assumptions without a source make of an experiment: bands, and orders of policies that flip.

Point OWN is the scenario as stated; the others change what is assumed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

from sim.measure.bounds import Array
from sim.measure.intervals import Sample
from sim.measure.pairs import paired
from sim.measure.summary import summarise
from sim.records.measures import MEASURES

OWN = -1
"""The number of the point that changes nothing: the run itself."""
QUANTITIES: dict[str, tuple[tuple[str, str], str]] = {
    # name: class and measure, unit; all of the whole time after the change, so that an arm has
    # them whether it has settled or not
    "honest recipients lost": (("honest", "lost_per_day"), "a day"),
    "spam per mailbox and day": (("spam", "spam_per_mailbox_day"), "messages"),
    "spam that left": (("spam", "spam_left_per_day"), "a day"),
    "honest mail delivered": (("honest", "delivery_rate"), "share"),
    "refused at first": (("honest", "first_refusal_rate"), "share"),
    "delay, median": (("honest", "delay_median"), "s"),
}
ORDERED = ("honest recipients lost", "spam per mailbox and day")
"""Quantities by which policies are ordered."""
BAND = (
    "arm", "quantity", "unit", "mean", "low", "high", "band_low", "band_high",
    "difference_band_low", "difference_band_high",
)  # fmt: skip


class Flip(NamedTuple):
    """Two arms that change places at a point: *first* has less of a quantity as stated."""

    quantity: str
    first: str
    second: str
    point: int


def band(own: pd.DataFrame, points: pd.DataFrame, baseline: str) -> pd.DataFrame:
    """Per arm and quantity: mean and interval as stated, and the band of means over all points.

    *own* are the measures of the run, *points* those of the points. What a point changes is the
    mean difference, in pairs, from the same replications as stated; the bands are the stated mean,
    and the stated difference to the *baseline*, with these changes.
    """
    of_scenario = {
        (str(row["class"]), str(row["measure"]), str(row["arm"])): [
            float(row[end]) for end in ("mean", "low", "high")
        ]
        for row in summarise(own).to_dict("records")
    }
    rows: list[tuple[object, ...]] = []
    for name, (quantity, unit) in QUANTITIES.items():
        changes = _moved(_wide(own, name), _wide(points, name))
        for arm in map(str, changes):
            mean, low, high = of_scenario[*quantity, arm]
            by_itself = changes[arm].to_numpy()
            apart = by_itself - changes[baseline].to_numpy()
            difference = mean - of_scenario[*quantity, baseline][0]
            ends = (*_ends(mean, by_itself), *_ends(difference, apart))
            rows.append((arm, name, unit, mean, low, high, *ends))
    return pd.DataFrame(rows, columns=[*BAND])


def flips(
    own: pd.DataFrame, points: pd.DataFrame, arms: Sequence[str], by: Sequence[str] = ORDERED
) -> list[Flip]:
    """Every two arms surely apart as stated that are in the other order at a point, *by* some
    quantities.

    In the other order: in each of its replications, none of which may be even.
    """
    return [flip for name in by for flip in _flips(name, own, _wide(points, name), arms)]


class Influence(NamedTuple):
    """What a point changes of the difference of an arm to the baseline, also as a share of what the
    arms differ by as stated."""

    point: int
    quantity: str
    arm: str
    change: float
    share: float


def influences(
    own: pd.DataFrame, points: pd.DataFrame, baseline: str, by: Sequence[str]
) -> list[Influence]:
    """For each point and quantity, the arm whose difference to the *baseline* it changes most; the
    largest share of what the arms differ by first."""
    rows = []
    for name in by:
        means, changes = _wide(own, name).mean(), _moved(_wide(own, name), _wide(points, name))
        spread = float(means.max() - means.min())
        apart = changes.sub(changes[baseline], axis=0)
        for point, row in apart.iterrows() if spread > 0.0 else ():
            arm = str(row.abs().idxmax()) if row.notna().any() else baseline
            change = float(row[arm])
            rows.append(Influence(int(str(point)), name, arm, change, abs(change) / spread))
    return sorted(rows, key=lambda one: -one.share)


def _flips(
    name: str, own: pd.DataFrame, points: pd.DataFrame, arms: Sequence[str]
) -> Iterator[Flip]:
    (_, measure), _ = QUANTITIES[name]
    kind = MEASURES[measure].kind
    sides = [_wide(own, name, side) for side in Sample._fields]
    for pair in combinations(arms, 2):
        one, other = (
            Sample(*(side[arm].to_numpy(dtype=float)[None, :] for side in sides)) for arm in pair
        )
        _, low, high, *_ = paired(kind, one, other)
        if low[0] > 0 or high[0] < 0:
            first, second = pair if low[0] > 0 else pair[::-1]
            below = (points[second] < points[first]).groupby(level="point").all()
            for number in below.index[below]:
                yield Flip(name, first, second, int(number))


def _wide(measures: pd.DataFrame, name: str, column: str = "value") -> pd.DataFrame:
    """A *column* of a quantity: a row per point and replication, a column per arm."""
    (class_, measure), _ = QUANTITIES[name]
    chosen = (measures["class"] == class_) & (measures["measure"] == measure)
    whole = (measures["by"] == "all") & (measures["phase"] == "after")
    rows = measures[chosen & whole].astype({"arm": str})
    rows = rows if "point" in rows else rows.assign(point=OWN)
    return rows.set_index(["point", "replication", "arm"])[column].unstack("arm")


def _moved(own: pd.DataFrame, points: pd.DataFrame) -> pd.DataFrame:
    """What each point changes in each arm: the mean over its replications, in pairs."""
    of_scenario = own.droplevel("point").reindex(points.index.get_level_values("replication"))
    return (points - of_scenario.to_numpy()).groupby(level="point").mean()


def _ends(value: float, changes: Array) -> tuple[float, float]:
    """Least and greatest of the stated value and those at the points; NaN where it has none."""
    known = changes[np.isfinite(changes)]
    return value + min(known.min(initial=0.0), 0.0), value + max(known.max(initial=0.0), 0.0)
