"""What a decision rests on: each policy's costs and takings beside those of the baseline."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sim.measure.bounds import Array
from sim.measure.intervals import Intervals, Sample, intervals
from sim.measure.pairs import paired
from sim.measure.quotients import ratio_of_means
from sim.measure.ranking import ranking, surely, together
from sim.records.measures import MEASURES, RATE, RATIO, SETTLING_TIME

COLUMNS = (
    "arm",
    "quantity",
    "unit",
    "mean",
    "low",
    "high",
    "analytic",
    "difference",
    "difference_low",
    "difference_high",
    "correlation",
    "gain",
    "replications",
    "interval",
    "difference_interval",
    "together_low",
    "together_high",
    "smallest",
    "matters",
    "settled",
)
"""Of a decision table; *settled*: whether the arm has settled, without which it has no costs."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """One line of the decision table: a measure of a class, or a count of it a day, or in all."""

    class_: str
    measure: str
    unit: str = ""
    per_day: bool = False
    total: bool = False
    """The numerator alone, such as all that is lost once."""


QUANTITIES: Mapping[str, Quantity] = {
    "spam per mailbox and day": Quantity("spam", "spam_per_mailbox_day", "messages"),
    "honest recipients lost": Quantity("honest", "long_run_lost_per_day", "a day, long run"),
    "lost once": Quantity("honest", "one_off_lost", "a person affected"),
    "time until settled": Quantity("honest", "settling_time", "days"),
    "first attempts refused": Quantity("honest", "long_run_refused_per_day", "a day, long run"),
    "refused once": Quantity("honest", "one_off_refused", "a person affected"),
    "calls to the help desk": Quantity("honest", "long_run_calls_per_day", "a day, long run"),
    "calls once": Quantity("honest", "one_off_calls", "a person affected"),
    "settings changed once": Quantity("honest", "one_off_settings", "a person affected"),
    "spam that left": Quantity("spam", "spam_left_per_day", "a day"),
    "spam-abuse rate": Quantity("spam", "spam_abuse_rate", "share"),
    "on a blocklist": Quantity("server", "listed_time_share", "share"),
    "ever on a blocklist": Quantity("server", "listed_rate", "share"),
    "honest mail delivered": Quantity("honest", "delivery_rate", "share"),
    "refused at first": Quantity("honest", "first_refusal_rate", "share"),
    "lost without a word": Quantity("honest", "silent_loss_rate", "share"),
    "attempts": Quantity("honest", "attempts_per_delivered", "a message delivered"),
    "delay, median": Quantity("honest", "delay_median", "s"),
    "delay, 90th percentile": Quantity("honest", "delay_p90", "s"),
}
BANDED = (
    "honest mail delivered",
    "refused at first",
    "honest recipients lost",
    "spam per mailbox and day",
    "delay, median",
)
"""Quantities in the tables of a sweep over the ranges of unknowns."""
EXCHANGE = "spam removed per honest recipient lost"
"""The exchange rate of a policy: spam taken away for each honest loss, from the baseline."""


class Cells:
    """Measures by ``all`` in phase ``after`` as numbers: a value a replication."""

    def __init__(self, measures: pd.DataFrame, phase: str) -> None:
        whole = measures[(measures["by"] == "all") & (measures["phase"] == phase)]
        plain = whole.astype({"arm": str, "class": str, "measure": str})
        self.replications = sorted(plain["replication"].unique())
        on = ["arm", "class", "measure"]
        self.cells = dict(list(plain.set_index("replication").groupby(on)))

    def column(self, arm: str, class_: str, measure: str, name: str) -> Array:
        """One row of values, NaN where a replication has none."""
        cell = self.cells.get((arm, class_, measure))
        if cell is None:
            return np.full((1, len(self.replications)), np.nan)
        return cell[name].reindex(self.replications).to_numpy(dtype=np.float64)[None, :]

    def sample(self, arm: str, quantity: Quantity) -> tuple[str, Sample]:
        """A quantity of an arm by replication, and its kind."""
        sides = (self.column(arm, *_key(quantity), name) for name in Sample._fields)
        sample, kind = Sample(*sides), MEASURES[quantity.measure].kind
        if quantity.total:
            return RATIO, Sample.of(sample.numerator)
        if not quantity.per_day:
            return kind, sample
        days = self.days(arm)
        return RATE, Sample(sample.numerator, days, sample.numerator / days)

    def days(self, arm: str) -> Array:
        """Length of the phase in days: what losses are divided by."""
        return self.column(arm, "honest", "lost_per_day", "denominator")


def decision(
    measures: pd.DataFrame,
    baseline: str,
    arms: Sequence[str],
    analytic: pd.DataFrame | None = None,
    *,
    phase: str = "after",
    interest: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """A row per arm and quantity: mean, interval, analytic expectation, difference to *baseline*.

    Differences are paired; ``correlation`` and ``gain`` say what pairing did (see
    `sim.measure.compare`). The last quantity of each arm but the baseline is EXCHANGE; it has no
    interval where it is not sure that the arm loses more honest mail than the baseline (or less).
    The bounds *together* hold with 95 % for all arms at once (Bonferroni: paired arms are not
    independent, as Dunnett's procedure supposes). *interest* is the smallest effect that matters by
    measure: a difference *matters* where it is surely larger, by these bounds.
    """
    expected = _expected(analytic if phase == "after" else None)
    return _table(Cells(measures, phase), baseline, arms, expected, interest or {})


def _table(
    cells: Cells,
    baseline: str,
    arms: Sequence[str],
    expected: Mapping[tuple[str, str, str], float],
    interest: Mapping[str, float],
) -> pd.DataFrame:
    rows: list[tuple[object, ...]] = []
    for arm in arms:
        settled = bool(np.isfinite(cells.column(arm, "honest", SETTLING_TIME, "numerator")).any())
        for name, quantity in QUANTITIES.items():
            kind, sample = cells.sample(arm, quantity)
            estimate = intervals(kind, sample)
            of_baseline = cells.sample(baseline, quantity)[1]
            against = paired(kind, of_baseline, sample)
            least = math.nan if quantity.per_day else interest.get(quantity.measure, math.nan)
            tail = together(len(arms) - (baseline in arms))
            bounds = paired(kind, of_baseline, sample, tail)
            matters = bool(surely(bounds.low, bounds.high, least)[0])
            apart: tuple[float, ...] = (np.nan,) * 5
            if arm != baseline:
                apart = tuple(float(x[0]) for x in against[:5])
            exact = np.nan if quantity.per_day else expected.get((arm, *_key(quantity)), np.nan)
            methods = (
                int(estimate.n[0]),
                estimate.method[0],
                "" if arm == baseline else against.method[0],
            )
            both = tuple(float(x[0]) if arm != baseline else np.nan for x in bounds[1:3])
            row = (arm, name, quantity.unit, *_first(estimate), exact, *apart, *methods)
            rows.append((*row, *both, least, matters and arm != baseline, settled))
        if arm != baseline:
            rate = exchange(cells, baseline, arm)
            values = (*_first(rate), *(np.nan,) * 6, int(rate.n[0]), rate.method[0], "")
            rows.append((arm, EXCHANGE, "messages", *values, *(np.nan,) * 3, False, settled))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def ranked(
    measures: pd.DataFrame,
    quantity: str,
    arms: Sequence[str],
    *,
    phase: str = "after",
    effect: float = math.nan,
) -> pd.DataFrame:
    """The arms by one of QUANTITIES, and which of them may be the best: `sim.measure.ranking`."""
    cells = Cells(measures, phase)
    samples = {arm: cells.sample(arm, QUANTITIES[quantity]) for arm in arms}
    kind = next(kind for kind, _ in samples.values())
    return ranking(kind, {arm: sample for arm, (_, sample) in samples.items()}, effect)


def exchange(cells: Cells, baseline: str, arm: str) -> Intervals:
    """Spam deliveries that *arm* takes away for each honest recipient that it loses in the long
    run, by what each comes to a day."""

    def a_day(which: str, class_: str, measure: str, days: Array) -> Array:
        return cells.column(which, class_, measure, "numerator") / days

    spam = [a_day(which, *_SPAM, cells.days(which)) for which in (baseline, arm)]
    lost = [cells.column(which, *_LOST, "value") for which in (baseline, arm)]
    return ratio_of_means(spam[0] - spam[1], lost[1] - lost[0])


_SPAM, _LOST = ("spam", "spam_per_mailbox_day"), ("honest", "long_run_lost_per_day")


def _key(quantity: Quantity) -> tuple[str, str]:
    return quantity.class_, quantity.measure


def _first(estimate: Intervals) -> tuple[float, float, float]:
    mean, low, high = (float(column[0]) for column in estimate[:3])
    return mean, low, high


def _expected(analytic: pd.DataFrame | None) -> dict[tuple[str, str, str], float]:
    if analytic is None:
        return {}
    whole = analytic[analytic["by"] == "all"]
    keys = zip(whole["arm"], whole["class"], whole["measure"], strict=True)
    return dict(zip(keys, whole["analytic"].astype(float), strict=True))
