"""What a decision table says, in sentences."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sim.measure.digits import apart, number
from sim.results.cells import GAIN, NO_GAIN

if TYPE_CHECKING:
    import pandas as pd

TIE = 0.02
"""Share of the baseline's spam below which two policies are said to leave as much; chosen."""
SPAM, LOST = "spam per mailbox and day", "honest recipients lost"
SETTLED = "time until settled"
ONCE = {
    "lost once": "recipients lost",
    "refused once": "first attempts refused",
    "calls once": "calls to the help desk",
    "settings changed once": "settings changed",
}
"""Quantities of one-off costs, and what each person affected has of them."""


class _Table:
    """Spam and honest losses of each arm of a decision table."""

    def __init__(self, decision: pd.DataFrame, baseline: str) -> None:
        rows: list[Any] = list(decision.itertuples(index=False))
        self.rows = {(str(row.arm), str(row.quantity)): row for row in rows}
        arms = list(dict.fromkeys(str(row.arm) for row in rows))
        self.before = self.spam(baseline)
        self.others = [arm for arm in arms if arm != baseline]
        self.unsettled = [arm for arm in self.others if not self.rows[arm, LOST].settled]

    def mean(self, arm: str, quantity: str) -> float:
        """One quantity of an arm."""
        return float(self.rows[arm, quantity].mean)

    def spam(self, arm: str) -> float:
        """Spam per mailbox and day."""
        return self.mean(arm, SPAM)

    def lost(self, arm: str) -> float:
        """Honest recipients lost a day in the long run; infinity of an arm that has not settled."""
        return math.inf if arm in self.unsettled else self.mean(arm, LOST)

    def takes(self, arm: str) -> bool:
        """Whether an arm leaves less spam than the baseline: surely, of all arms
        together, where there is an interval."""
        row = self.rows[arm, SPAM]
        bound = row.together_high if math.isfinite(row.together_high) else row.difference
        return bool(bound < 0)

    def change(self, arm: str) -> str:
        """What an arm changes of the baseline's spam, also in per cent."""
        row = self.rows[arm, SPAM]
        half = (row.difference_high - row.difference_low) / 2
        share = f", {number((row.mean - self.before) / self.before, share=True, sign=True)} %"
        return f"{apart(row.difference, half)}{share if self.before > 0 else ''}"


def conclusion(decision: pd.DataFrame, baseline: str) -> str:
    """Which policy takes most spam away, which is kindest to honest mail, in a few sentences."""
    table = _Table(decision, baseline)
    if not table.others:
        return "One arm only: there is nothing to compare."
    less = [arm for arm in table.others if table.takes(arm)]
    if not less:
        before = f"{number(table.before)} a mailbox and day"
        return f"No policy here surely leaves less spam than '{baseline}' ({before})."
    least = min(less, key=table.spam)
    tied = [arm for arm in less if table.spam(arm) - table.spam(least) <= TIE * table.before]
    gentlest = min(tied, key=table.lost)
    parts = (
        f"Against '{baseline}', {_subject(tied)} the least spam: {number(table.spam(least))} a "
        f"mailbox and day instead of {number(table.before)} ({table.change(least)}).",
        _losses(table, tied, gentlest),
        _once(table, gentlest),
        _less_costly(table, less, tied, gentlest),
        _unsettled(table.unsettled),
    )
    return " ".join(filter(None, parts))


def _losses(table: _Table, tied: list[str], gentlest: str) -> str:
    """What the policies that leave the least spam cost honest mail in the long run."""
    settled = [arm for arm in tied if arm not in table.unsettled]
    if not settled:
        return ""
    fewest = number(table.lost(gentlest))
    if len(tied) == 1:
        return f"It loses {fewest} honest recipients a day in the long run."
    if len(settled) == 1:
        return f"Of these, '{gentlest}' loses {fewest} honest recipients a day in the long run."
    most = number(max(map(table.lost, settled)))
    rest = f"others lose up to {most}" if len(settled) > 2 else f"other loses {most}"
    return (
        f"Of these, '{gentlest}' loses the fewest honest recipients in the long run, {fewest} a "
        f"day; the {rest}."
    )


def _once(table: _Table, arm: str) -> str:
    """What the change costs once, for each person affected."""
    costs = {name: table.mean(arm, name) for name in ONCE}
    if arm in table.unsettled or not all(map(math.isfinite, costs.values())):
        return ""
    *first, last = (f"{number(costs[name])} {noun}" for name, noun in ONCE.items())
    days = f"{table.mean(arm, SETTLED):.0f}"
    return (
        f"It has settled after {days} days, and costs each person affected once, beyond what goes "
        f"on: {', '.join(first)} and {last}."
    )


def _less_costly(table: _Table, less: list[str], tied: list[str], gentlest: str) -> str:
    """The policy that takes less spam away and costs honest mail less, if there is one."""
    some = [arm for arm in less if table.before - table.spam(arm) > TIE * table.before]
    candidate = min(some or tied, key=table.lost)
    if candidate in tied or table.lost(candidate) >= table.lost(gentlest):
        return ""
    return (
        f"'{candidate}' takes less spam away ({table.change(candidate)}) and loses "
        f"{number(table.lost(candidate))} honest recipients a day in the long run."
    )


def _unsettled(arms: list[str]) -> str:
    """Which policies have not settled."""
    if not arms:
        return ""
    who, have, they = (
        (f"'{arms[0]}'", "has", "it") if len(arms) == 1 else (_and(arms), "have", "they")
    )
    return (
        f"{who} {have} not settled within the run: what {they} would cost in the long run is not "
        "known. Make run_length longer."
    )


def _and(arms: list[str]) -> str:
    return f"{', '.join(repr(arm) for arm in arms[:-1])} and {arms[-1]!r}"


def _subject(arms: list[str]) -> str:
    if len(arms) > 2:
        return f"{len(arms)} policies leave, about alike,"
    return " and ".join(f"'{arm}'" for arm in arms) + (" leaves" if len(arms) == 1 else " leave")


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
