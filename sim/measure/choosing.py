"""Which policy to choose: what each costs more than the baseline, what dominates what, and which is
best for somebody's weights, with how sure that is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from sim.measure.bounds import Array, moments, student
from sim.measure.decisions import Cells, Quantity
from sim.measure.intervals import TAIL, intervals
from sim.measure.pairs import paired
from sim.records.measures import SETTLING_TIME

TIE = 0.05
"""Share of what the arms differ by that counts as no difference when one dominates; chosen."""
DRAWS = 4000
"""Draws of chance and of weights; chosen: a share is then known to a hundredth."""
SPAM, SILENT = "spam", "silent"
LOST, LOST_ONCE = "lost a day", "lost once"
CALLS, CALLS_ONCE = "calls a day", "calls once"
REFUSED, REFUSED_ONCE = "refused a day", "refused once"
DELAY, ATTEMPTS = "delay", "attempts"
LEAVES = Quantity("spam", "spam_left_per_day")
ENTERS = Quantity("spam", "spam_per_mailbox_day", per_day=True)
CRITERIA: Mapping[str, Quantity] = {
    LOST: Quantity("honest", "long_run_lost_per_day"),
    LOST_ONCE: Quantity("honest", "one_off_lost", total=True),
    CALLS: Quantity("honest", "long_run_calls_per_day"),
    CALLS_ONCE: Quantity("honest", "one_off_calls", total=True),
    REFUSED: Quantity("honest", "long_run_refused_per_day"),
    REFUSED_ONCE: Quantity("honest", "one_off_refused", total=True),
    DELAY: Quantity("honest", "delay_p90"),
    ATTEMPTS: Quantity("honest", "attempts_per_delivered"),
    SILENT: Quantity("honest", "silent_loss_rate"),
}
"""What policies are judged by, besides spam; less is better."""
SO_FAR: Mapping[str, Quantity] = {
    LOST: Quantity("honest", "lost_per_day"),
    CALLS: Quantity("honest", "calls_per_delivered", per_day=True),
    REFUSED: Quantity("honest", "first_refusal_rate", per_day=True),
}
"""Instead of the long run, where an arm has not settled: all that comes after the change."""
OF_UNSETTLED = (LOST_ONCE, CALLS_ONCE, REFUSED_ONCE)
"""What there is not where an arm has not settled."""
TRADED = (SPAM, LOST, LOST_ONCE, CALLS, CALLS_ONCE, DELAY, ATTEMPTS)
"""Criteria by which one policy dominates another; what is discarded silently is lost, too."""


class Estimate(NamedTuple):
    """A mean, and what it is more than under the baseline with its paired 95 % interval."""

    mean: float
    more: float
    low: float
    high: float

    @property
    def sure(self) -> bool:
        """Whether there surely is a difference."""
        return self.low > 0.0 or self.high < 0.0


@dataclass(frozen=True)
class Comparison:
    """The criteria of every arm: estimates, and the excess over the baseline by replication."""

    arms: Sequence[str]
    baseline: str
    settled: Mapping[str, bool]
    estimates: Mapping[tuple[str, str], Estimate]
    excess: Mapping[tuple[str, str], Array]

    def comparable(self) -> list[str]:
        """The arms that have settled; all, where none has but the baseline."""
        settled = [arm for arm in self.arms if self.settled[arm]]
        return settled if set(settled) - {self.baseline} else list(self.arms)

    def spread(self, criterion: str) -> float:
        """What the arms differ by at most."""
        means = [self.estimates[arm, criterion].more for arm in self.comparable()]
        known = [mean for mean in means if math.isfinite(mean)]
        return max(known, default=0.0) - min(known, default=0.0)


def comparison(
    measures: pd.DataFrame, baseline: str, arms: Sequence[str], *, leaves: bool
) -> Comparison:
    """The criteria of *arms*; spam that *leaves* the servers that they change, or that enters."""
    cells = Cells(measures, "after")
    settled = {arm: _settled(cells, arm) for arm in arms}
    spam = LEAVES if leaves else ENTERS
    estimates, excess = {}, {}
    for arm in arms:
        whole = settled[arm] and settled[baseline]
        for name, quantity in {SPAM: spam, **CRITERIA}.items():
            used = quantity if whole else SO_FAR.get(name, quantity)
            (kind, of_arm), (_, before) = (cells.sample(each, used) for each in (arm, baseline))
            apart = paired(kind, before, of_arm)
            values = [float(intervals(kind, of_arm).mean[0]), *(float(x[0]) for x in apart[:3])]
            estimates[arm, name] = Estimate(*values)
            excess[arm, name] = (of_arm.value - before.value)[0]
    return Comparison(list(arms), baseline, settled, estimates, excess)


def _settled(cells: Cells, arm: str) -> bool:
    return bool(np.isfinite(cells.column(arm, "honest", SETTLING_TIME, "numerator")).any())


def dominated(compared: Comparison) -> dict[str, list[str]]:
    """By arm, those that dominate it: none of TRADED is more by above TIE of what arms differ by,
    and one surely less."""
    arms = compared.comparable()
    return {arm: [o for o in arms if o != arm and _dominates(compared, o, arm)] for arm in arms}


def _dominates(compared: Comparison, one: str, other: str) -> bool:
    surely_less = False
    for criterion in TRADED:
        tie = TIE * compared.spread(criterion)
        apart = compared.excess[one, criterion] - compared.excess[other, criterion]
        known = apart[np.isfinite(apart)]
        if not len(known):
            continue
        mean = float(known.mean())
        if mean > tie:
            return False
        if mean < -tie and _surely_below(known):
            surely_less = True
    return surely_less


def _surely_below(values: Array) -> bool:
    """Whether the mean of *values*, one a replication, is surely below 0."""
    known = np.ones((1, len(values)), bool)
    _, high = student(*moments(values[None, :], known), known.sum(axis=1), TAIL)
    return bool(high[0] < 0.0 if len(values) > 1 else values[0] < 0.0)


class Ranked(NamedTuple):
    """In which share of draws an arm is best for stated weights, and what it costs more than the
    baseline: mean, and the 95 % range over chance and weights."""

    share: float
    mean: float
    low: float
    high: float


def ranked(
    compared: Comparison, weights: Mapping[str, tuple[float, float]], days: float
) -> dict[str, Ranked]:
    """The arms by what they cost over *days*, by *weights*: ranges for a lost and a delayed
    message, a call, a spam message.

    Chance: replications are drawn together for all arms, so that pairs stay pairs (a multivariate
    t); weights: evenly between their ends, each apart.
    """
    arms = compared.comparable()
    totals = np.array([[_over(compared, arm, name, days) for name in weights] for arm in arms])
    random = np.random.default_rng(len(arms))
    ends = np.array(list(weights.values()))
    worth = random.uniform(ends[:, 0], ends[:, 1], (DRAWS, len(ends)))
    costs = np.einsum("dw,awd->da", worth, _by_chance(totals, random))
    best = np.bincount(costs.argmin(axis=1), minlength=len(arms)) / DRAWS
    low, high = np.quantile(costs, (0.025, 0.975), axis=0)
    columns = (best, costs.mean(axis=0), low, high)
    return {
        arm: Ranked(*(float(column[place]) for column in columns)) for place, arm in enumerate(arms)
    }


def _over(compared: Comparison, arm: str, name: str, days: float) -> Array:
    """How many more of what a weight is for there are than under the baseline, over *days*."""

    def more(once: str, a_day: str) -> Array:
        before = np.nan_to_num(compared.excess[arm, once])
        return np.asarray(before + days * np.nan_to_num(compared.excess[arm, a_day]))

    lost = more(LOST_ONCE, LOST)
    of_weight = {
        "lost_message": lost,
        "delayed_message": np.maximum(more(REFUSED_ONCE, REFUSED) - lost, 0.0),
        "call": more(CALLS_ONCE, CALLS),
        "spam_message": days * np.nan_to_num(compared.excess[arm, SPAM]),
    }
    return of_weight[name]


def _by_chance(totals: Array, random: np.random.Generator) -> Array:
    """Draws of the means of *totals* (arms × weights × replications): arms × weights × draws."""
    n = totals.shape[2]
    means = totals.mean(axis=2, keepdims=True)
    if n == 1:
        return np.broadcast_to(means, (*means.shape[:2], DRAWS))
    normal = random.standard_normal((n, DRAWS))
    t = normal * np.sqrt((n - 1) / random.chisquare(n - 1, DRAWS))
    return np.asarray(means + (totals - means) @ t / math.sqrt(n * (n - 1)))
