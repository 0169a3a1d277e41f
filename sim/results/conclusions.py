"""What a decision says, in one or two sentences; and what pairing did."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sim.measure.digits import apart, number
from sim.results.cells import GAIN, NO_GAIN
from sim.results.choice import DOMINATED, NOT_SETTLED, Choice

if TYPE_CHECKING:
    import pandas as pd

    from sim.measure.choosing import Estimate, Ranked
    from sim.scenario.values import Values

TIE = 0.02
"""Share of the baseline's spam below which two policies are said to leave as much; chosen."""
DAY = 86400.0
HARDLY = 0.01
"""Share of draws below which an arm is not said to be best in some; chosen."""


def sentences(
    choices: Sequence[Choice],
    ranked: Mapping[str, Ranked],
    values: Values | None,
    baseline: str,
    *,
    leaves: bool,
) -> list[str]:
    """The decision: by weights, if there are any; else least spam, and least cost."""
    if len(choices) == 1:
        return ["One arm only: there is nothing to compare."]
    before = next(choice for choice in choices if choice.arm == baseline)
    others = [c for c in choices if c is not before and c.verdict != NOT_SETTLED]
    if ranked and values is not None:
        texts, named = _by_weights(choices, ranked, values, baseline)
    else:
        texts, named = _by_spam(others, before, leaves=leaves)
    texts += [f"'{choice.arm}': {'; '.join(choice.bad)}." for choice in named if choice.bad]
    return texts


def _by_spam(
    others: Sequence[Choice], before: Choice, *, leaves: bool
) -> tuple[list[str], list[Choice]]:
    """Which policy takes most spam away and what that costs; which costs least of those that do."""
    takes = [c for c in others if c.spam.high < 0 or (c.spam.more < 0 and math.isnan(c.spam.high))]
    if not takes:
        amount = f"{_amount(before.spam.mean)} a day"
        does = "leaves" if leaves else "enters"
        return [f"With no policy surely less spam {does} than with '{before.arm}' ({amount})."], []
    free = [choice for choice in takes if choice.verdict != DOMINATED] or takes
    most = min(free, key=lambda choice: choice.spam.mean)
    tie = TIE * before.spam.mean
    most = min((c for c in free if c.spam.mean - most.spam.mean <= tie), key=_costs)
    gentlest = min(free, key=_costs)
    texts = [f"{_takes_most(most, before, leaves=leaves)}; {_cost(most)}."]
    if gentlest is not most:
        texts.append(
            f"'{gentlest.arm}' costs least of those that take spam away "
            f"({_change(gentlest.spam, before)}): {_cost(gentlest)}."
        )
    return texts, list(dict.fromkeys((most, gentlest)))


def _takes_most(most: Choice, before: Choice, *, leaves: bool) -> str:
    return (
        f"Least spam {'leaves' if leaves else 'enters'} with '{most.arm}': "
        f"{_amount(most.spam.mean)} a day, not {_amount(before.spam.mean)} as with '{before.arm}' "
        f"({_change(most.spam, before)})"
    )


def _amount(value: float) -> str:
    return number(value) if value else "0"


def _costs(choice: Choice) -> tuple[float, float, float]:
    """What a choice costs, to order by."""
    return choice.lost.more, choice.lost_once.more, choice.spam.mean


def _change(spam: Estimate, before: Choice) -> str:
    """What an arm changes of the baseline's spam, in per cent."""
    half = (spam.high - spam.low) / 2 / before.spam.mean
    return f"{apart(spam.more / before.spam.mean, half, share=True)} %"


def _cost(choice: Choice) -> str:
    """What an arm costs honest people."""
    since = "" if choice.settled else " so far"
    lost, once = choice.lost, choice.lost_once
    if lost.sure or (lost.more and math.isnan(lost.low)):
        more = "more" if lost.more > 0.0 else "fewer"
        a_day = f"it loses {number(abs(lost.more))} {more} honest recipients a day{since}"
    else:
        a_day = f"no sure change in honest mail lost a day{since}"
    return f"{a_day}, and {number(once.more)} once" if once.sure and once.more > 0.0 else a_day


def _by_weights(
    choices: Sequence[Choice], ranked: Mapping[str, Ranked], values: Values, baseline: str
) -> tuple[list[str], list[Choice]]:
    """Which policy is best for the weights and in which share of draws, and which are else."""
    first, *rest = sorted(ranked, key=lambda arm: -ranked[arm].share)
    texts = [f"For these weights '{first}' is best in {ranked[first].share:.0%} of draws"]
    if first != baseline:
        texts[0] += f": against '{baseline}' it {_saves(ranked[first], values)}"
    others = [f"'{arm}' in {ranked[arm].share:.0%}" for arm in rest if ranked[arm].share >= HARDLY]
    if others:
        texts[0] += f"; {', '.join(others)}"
    return [f"{texts[0]}."], [choice for choice in choices if choice.arm == first]


def _saves(one: Ranked, values: Values) -> str:
    """What an arm saves, or costs, for the weights, with the range over chance and weights."""
    unit = f" {values.unit}" if values.unit else ""
    ends = sorted((abs(one.low), abs(one.high)))
    bounds = f" ({number(ends[0])} to {number(ends[1])})" if one.low * one.high > 0 else ""
    does = "saves" if one.mean < 0 else "costs"
    return f"{does} {number(abs(one.mean))}{unit}{bounds} in {values.over / DAY:.0f} days"


def pairing(decision: pd.DataFrame, baseline: str) -> str:
    """What pairing the arms with the baseline did, in a sentence; empty where there is no pair."""
    pairs = decision.dropna(subset="gain")
    if not len(pairs):
        return ""
    helped = pairs[pairs["gain"] > GAIN]
    most = f", up to {helped['gain'].max():.1f} times" if len(helped) else ""
    r = pairs["correlation"].dropna()
    range_ = f" (correlations {r.min():.2f} to {r.max():.2f})" if len(r) else ""
    others = len(pairs) - len(helped)
    rest = f"; it did not help the {others} marked {NO_GAIN}" if others else ""
    return (
        f"Pairing with '{baseline}' narrowed by more than a tenth {len(helped)} of {len(pairs)} "
        f"differences in which both vary{most}{range_}{rest}."
    )
