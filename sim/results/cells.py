"""The numbers of decision tables as text: one form for terminal, notebook and page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.measure.decisions import QUANTITIES
from sim.measure.digits import NONE, apart, between, number
from sim.measure.intervals import REASONS
from sim.measure.sweeps import OF_DIFFERENCE, REACH
from sim.records.measures import COSTS

if TYPE_CHECKING:
    import pandas as pd

NOT_SETTLED = "not settled"
"""Instead of the costs of an arm that has not settled within the run."""
NO_GAIN = "°"
"""Mark of a difference whose interval pairing narrowed by no more than a tenth."""
LOPSIDED = 0.25
"""Share of half an interval that its middle may lie off a difference written with ±; chosen."""
GAIN = 1.1
"""How much narrower pairs make an interval that they are said to help; chosen."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One number of a decision table with all that is known of it."""

    mean: str = NONE
    interval: str = ""
    analytic: str = ""
    difference: str = ""
    significant: bool = False
    """Whether the difference is surely larger than the smallest effect of interest."""
    no_gain: bool = False
    """Whether pairing narrowed the interval of the difference by no more than a tenth."""

    @property
    def marked(self) -> str:
        """The difference with its mark, if pairing did not help."""
        return f"{self.difference}{NO_GAIN * self.no_gain}"

    def lines(self, mark: str) -> list[str]:
        """The cell as lines of text; *mark* stands before a difference that matters."""
        analytic = self.analytic and f"({self.analytic})"
        lines = (self.mean, self.interval, analytic, f"{mark * self.significant}{self.marked}")
        return [line for line in lines if line]


class Band(NamedTuple):
    """What the unknowns make of a number, and of its difference to the baseline; so with chance."""

    own: str
    unknowns: str
    chance: str
    difference: str
    difference_chance: str
    significant: bool
    """Whether the difference has one sign whatever the unknowns are."""


class Unknowns(NamedTuple):
    """What the unknowns do: the bands of each arm, and the changes by each unknown alone."""

    heads: list[tuple[str, str]]
    bands: dict[str, list[Band]]
    swings: dict[str, list[Cell]]


def heads(decision: pd.DataFrame) -> list[tuple[str, str]]:
    """Quantities and their units, in order; shares are shown in per cent."""
    pairs = decision[["quantity", "unit"]].drop_duplicates()
    return [(q, "%" if unit == "share" else unit) for q, unit in pairs.itertuples(index=False)]


def decision_cells(decision: pd.DataFrame) -> dict[tuple[str, str], Cell]:
    """The cell of every arm and quantity; one that has no number is a dash."""
    cells = {(row.arm, row.quantity): _cell(row) for row in decision.itertuples(index=False)}
    return {
        (arm, quantity): cells.get((arm, quantity), Cell())
        for arm in decision["arm"].unique()
        for quantity in decision["quantity"].unique()
    }


def _cell(row: Any) -> Cell:
    share = row.unit == "share"
    if not math.isfinite(row.mean):
        costs = row.quantity in QUANTITIES and QUANTITIES[row.quantity].measure in COSTS
        return Cell(NOT_SETTLED) if costs and not row.settled else Cell()
    return Cell(
        number(row.mean, share=share),
        between(row.low, row.high, share=share),
        number(row.analytic, share=share) if math.isfinite(row.analytic) else "",
        difference(row.difference, row.difference_low, row.difference_high, share),
        significant=bool(row.matters),
        no_gain=bool(row.gain <= GAIN),
    )


def difference(value: float, low: float, high: float, share: bool) -> str:
    """A difference ± half its paired interval, or with its bounds where these are lopsided."""
    if not math.isfinite(value):
        return ""
    half, middle = (high - low) / 2, (high + low) / 2
    if abs(value - middle) > LOPSIDED * half:
        return (
            f"{apart(value, math.nan, share=share)} ({between(low, high, share=share, sign=True)})"
        )
    return apart(value, half, share=share)


def legend(decision: pd.DataFrame, replications: int, baseline: str, mark: str) -> str:
    """How to read a decision table; *mark* says how a difference that matters is marked."""
    about = "(In brackets): what follows from the inputs alone."
    if replications == 1:
        return f"One replication: no interval can be given. {about}"
    return (
        f"Mean (of times the median); 95 % interval over {replications} replications. {about} "
        f"Last: the difference to '{baseline}' ± half its 95 % interval in pairs, or (its bounds), "
        f"{_marks(decision, mark)}, {NO_GAIN} where pairing narrowed it by no more than a tenth; "
        f"no change: in no replication. Once: more than the long run goes on to cost, until "
        f"settled.{_withheld(decision)}"
    )


def _marks(decision: pd.DataFrame, mark: str) -> str:
    """When a difference is marked, by the smallest effects that the scenario states."""
    effects_stated: Any = decision.dropna(subset="smallest").drop_duplicates("quantity")
    effects = [_effect(row) for row in effects_stated.itertuples(index=False)]
    if not effects:
        return "none marked, as the scenario states no smallest effect of interest"
    return f"{mark} where it is surely (95 %, all arms together) more than {', '.join(effects)}"


def _effect(row: Any) -> str:
    size = number(row.smallest, share=row.unit == "share")
    return f"{row.quantity} {size}{' %' if row.unit == 'share' else ''}"


def _withheld(decision: pd.DataFrame) -> str:
    """Why what is known has no interval."""
    known = decision[decision["mean"].notna() & (decision["mean"] != 0.0)]
    named = [
        (reason, known.loc[known["interval"] == reason, "quantity"].unique()) for reason in REASONS
    ]
    return "".join(
        f" {', '.join(names)}: no interval where {REASONS[reason]}."
        for reason, names in named
        if len(names)
    )


def unknowns(band: pd.DataFrame, alone: pd.DataFrame) -> Unknowns:
    """The cells of the two tables of `sim.measure.sweeps.unknowns`."""
    row: Any
    bands: dict[str, list[Band]] = {}
    for row in band.itertuples(index=False):
        bands.setdefault(str(row.arm), []).append(_band(row))
    swings: dict[str, list[Cell]] = {}
    for row in alone.itertuples(index=False):
        share = row.unit == "share"
        change = difference(row.change, row.change_low, row.change_high, share)
        moves = bool(row.change_low > 0 or row.change_high < 0)
        arm = str(row.arm) if row.change else ""
        swings.setdefault(f"{row.key}: {row.least} to {row.most}", []).append(
            Cell(change, arm, significant=moves)
        )
    return Unknowns(heads(band), bands, swings)


def _band(row: Any) -> Band:
    def ends(names: Sequence[str], *, sign: bool = False) -> str:
        return between(*(getattr(row, n) for n in names), share=row.unit == "share", sign=sign)

    fewest, furthest = (getattr(row, name) for name in OF_DIFFERENCE[2:])
    return Band(
        own=number(row.own, share=row.unit == "share"),
        unknowns=ends(REACH[:2]),
        chance=ends(REACH[2:]),
        difference=ends(OF_DIFFERENCE[:2], sign=True),
        difference_chance=ends(OF_DIFFERENCE[2:], sign=True),
        significant=bool(fewest > 0 or furthest < 0),
    )
