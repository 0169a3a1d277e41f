"""The decision of an experiment: which policy is best, which are dominated, who loses, and what
the order depends on. Screen, page, sweep and notebooks show what stands here."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from sim.experiment.manifest import cut_to
from sim.measure import choosing
from sim.measure.choosing import Comparison, Ranked, comparison, dominated
from sim.measure.digits import number
from sim.results import assumed
from sim.results.choice import (
    BASELINE,
    BEST,
    DOMINANT,
    DOMINATED,
    NOBODY,
    NOT_SETTLED,
    TRADED,
    Choice,
    Decision,
)
from sim.results.conclusions import sentences
from sim.results.contrasts import dated
from sim.results.drivers import Driver, drivers
from sim.scenario.roles import about_leaving, changed_servers

if TYPE_CHECKING:
    import pandas as pd

    from sim.results.analysis import Analysis
    from sim.scenario import Scenario
    from sim.scenario.values import Values

DAY = 86400.0
MOSTLY = 0.9
"""Share of a loss from which one place is said to bear it all; chosen."""
HARDLY = 0.02
"""Share of what is lost under the baseline up to which nobody is said to lose more; chosen."""
SLOWER, MORE_TRIES, SILENT = 2.0, 1.5, 0.001
"""Factors above the baseline from which delay and attempts are bad, and the share of mail that is
dropped silently: chosen."""
LATE = 60.0
"""Seconds more than under the baseline from which a delay is bad; chosen."""
WEIGHTS = ("lost_message", "delayed_message", "call", "spam_message")


_DECIDED: MutableMapping[Analysis, Decision] = WeakKeyDictionary()
"""Decisions of results that somebody has: screen, page and file show the same."""


def decide(results: Analysis) -> Decision:
    """The decision that *results* bear."""
    if results not in _DECIDED:
        _DECIDED[results] = _decide(results)
    return _DECIDED[results]


def _decide(results: Analysis) -> Decision:
    model, baseline = results.scenario.model, results.baseline
    leaves = about_leaving(model)
    compared = comparison(results.measures, baseline, results.arms, leaves=leaves)
    ranked = _ranked(compared, model.values)
    choices = _choices(results.measures, compared, ranked)
    driving = drivers(results.structures, leaves=leaves)
    return Decision(
        title=model.title,
        question=question(model, leaves=leaves),
        baseline=baseline,
        leaves=leaves,
        unit=model.values.unit if model.values else "",
        choices=choices,
        ranked=ranked,
        sentences=tuple(sentences(choices, ranked, model.values, baseline, leaves=leaves)),
        depends=tuple(_depends(results, driving, leaves=leaves)),
        chosen=assumed.declared(model),
        defaults=assumed.defaults(model),
        dated=tuple(dated(model, results.arms)),
        notes=tuple(_notes(results, compared)),
        drivers=tuple(driving),
        folder=str(results.path),
    )


def question(model: Scenario, *, leaves: bool) -> str:
    """The question of a scenario: its own, or what its arms ask."""
    if model.question:
        return model.question
    changed = sorted(changed_servers(model))
    servers = f"'{changed[0]}'" if len(changed) == 1 else f"the {len(changed)} servers changed"
    spam = f"how much spam leaves {servers}" if leaves else "how much spam enters mailboxes"
    return f"{model.title}: {spam}, and what do honest people lose?"


def _ranked(compared: Comparison, values: Values | None) -> dict[str, Ranked]:
    if values is None or len(compared.arms) == 1:
        return {}
    weights = {name: getattr(values, name) for name in WEIGHTS}
    return choosing.ranked(compared, weights, values.over / DAY)


def _choices(
    measures: pd.DataFrame, compared: Comparison, ranked: Mapping[str, Ranked]
) -> tuple[Choice, ...]:
    over = dominated(compared)
    free = [arm for arm in over if not over[arm]]
    best = max(ranked, key=lambda arm: ranked[arm].share) if ranked else ""
    losers = Losers(measures, compared.baseline)

    def choice(arm: str) -> Choice:
        verdict, rivals = _verdict(arm, compared, over, free, best)
        estimates = {name: compared.estimates[arm, name] for name in (*choosing.TRADED,)}
        return Choice(
            arm=arm,
            spam=estimates[choosing.SPAM],
            lost_once=estimates[choosing.LOST_ONCE],
            lost=estimates[choosing.LOST],
            calls_once=estimates[choosing.CALLS_ONCE],
            calls=estimates[choosing.CALLS],
            who=losers.who(arm),
            settled=compared.settled[arm],
            verdict=verdict,
            rivals=tuple(rivals),
            best=ranked[arm].share if arm in ranked else math.nan,
            bad=tuple(_bad(compared, arm)),
        )

    return tuple(map(choice, compared.arms))


def _verdict(
    arm: str, compared: Comparison, over: Mapping[str, list[str]], free: list[str], best: str
) -> tuple[str, list[str]]:
    """The verdict on an arm, and whom it speaks of."""
    if arm not in over:
        return NOT_SETTLED, []
    if over[arm]:
        return DOMINATED, [o for o in over[arm] if o in free][:1] or over[arm][:1]
    if arm == best:
        return BEST, []
    rivals = [other for other in free if other != arm]
    if arm == compared.baseline:
        return BASELINE, []
    return (TRADED, rivals) if rivals else (DOMINANT, [])


def _bad(compared: Comparison, arm: str) -> Iterator[str]:
    """Delay, silent loss and attempts of an arm, where they are bad beside the baseline."""
    delay, attempts, silent = (
        compared.estimates[arm, name]
        for name in (choosing.DELAY, choosing.ATTEMPTS, choosing.SILENT)
    )
    before = delay.mean - delay.more
    if delay.more > LATE and delay.mean > SLOWER * before:
        yield f"one message in ten takes {_time(delay.mean)} or longer ({_time(before)} before)"
    if silent.mean > SILENT:
        yield f"{number(silent.mean, share=True)} % of honest mail is dropped without a word"
    if attempts.mean > MORE_TRIES * (attempts.mean - attempts.more):
        yield f"{number(attempts.mean)} attempts a message delivered"


def _time(seconds: float) -> str:
    """A time in the unit that fits it."""
    for unit, size in (("days", DAY), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{number(seconds / size)} {unit}"
    return f"{number(seconds)} s"


class Losers:
    """Who loses more than under the baseline: by place, or by group where there is one place."""

    def __init__(self, measures: pd.DataFrame, baseline: str) -> None:
        chosen = (measures["measure"] == "lost_per_day") & (measures["phase"] == "after")
        rows = measures[chosen & measures["by"].isin(["place", "group"])]
        rows = rows.astype({"arm": str, "by": str, "key": str})
        sums = {by: part.pivot_table("numerator", "key", "arm", "sum").fillna(0.0)
                for by, part in rows.groupby("by")}  # fmt: skip
        several = len(sums.get("place", ())) > 1
        lost = sums["place" if several else "group"]
        self.more, self.before = lost.sub(lost[baseline], axis=0), float(lost[baseline].sum())

    def who(self, arm: str) -> str:
        """Where most of what *arm* loses more is lost, with its share unless that is nearly all;
        others may lose less."""
        by_key = {str(key): float(more) for key, more in self.more[arm].items()}
        total = sum(more for more in by_key.values() if more > 0.0)
        if total <= HARDLY * self.before:
            return NOBODY
        name, most = max(by_key.items(), key=lambda item: item[1])
        return name if most >= MOSTLY * total else f"{name} {most / total:.0%}"


def _depends(results: Analysis, driving: list[Driver], *, leaves: bool) -> Iterator[str]:
    """What the order of the arms depends on."""
    if driving:
        yield f"Moved most by {'; '.join(d.text for d in driving)}."
    if results.structures is not None:
        yield results.structures.short(leaves=leaves)
    elif results.untried:
        yield "Structure was not tried: the order may rest on what is only assumed."
    else:
        yield (
            "Nothing is declared unknown ([structures], [ranges]): what the order depends on was "
            "not tried."
        )


def _notes(results: Analysis, compared: Comparison) -> Iterator[str]:
    """What a reader must know before any number."""
    if results.quick:
        yield f"QUICK RUN: {cut_to(results.manifest)}."
    if results.shortfall:
        yield f"Partial: {results.shortfall}."
    if results.replications == 1:
        band = "" if results.structures else "neither an interval nor a band, and "
        yield f"One replication: {band}no difference is sure."
    unsettled = sum(not compared.settled[arm] for arm in compared.arms)
    if unsettled:
        who = "Not settled"
        if unsettled < len(compared.arms):
            who = f"{unsettled} of {len(compared.arms)} arms have not settled"
        yield f"{who}: what they cost a day is that since the change."
    failing = results.expectations().query("outcome == 'fails'")
    if len(failing):
        yield f"{len(failing)} expectation{'s' * (len(failing) > 1)} of the file fail: see --full."
