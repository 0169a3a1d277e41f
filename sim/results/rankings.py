"""Which policies are surely the best, in sentences: `sim.measure.ranking` says what is sure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sim.measure.digits import number
from sim.results.conclusions import TIE

if TYPE_CHECKING:
    import pandas as pd

    from sim.results.analysis import Analysis

SPAM, LOST = "spam per mailbox and day", "honest recipients lost"
PROCEDURE = (
    "(Each with 95 %: multiple comparisons with the best under common random numbers, "
    "Nelson and Matejcik 1995, bounds by Bonferroni.)"
)


def ranked(results: Analysis) -> str:
    """Which policies leave the least spam, and which of these lose the fewest; or what is open."""
    if len(results.arms) < 2 or results.replications < 2:
        return ""
    spam, effect = results.ranking(SPAM), results.smallest(SPAM)
    if not math.isfinite(effect):
        effect = TIE * float(spam.set_index("arm")["mean"].get(results.baseline, math.nan))
    best = _best(spam, effect)
    sentences = [f"Of all, {_sentence(spam, 'leaves the least spam', effect)}"]
    return " ".join((*sentences, *_gentlest(results, best), PROCEDURE))


def _gentlest(results: Analysis, best: list[str]) -> Iterator[str]:
    """Which of the *best* by spam loses the fewest, of those whose losses are known."""
    known = results.ranking(LOST, best).dropna(subset="mean")
    arms = [str(arm) for arm in known["arm"]]
    if len(arms) < 2:
        return
    of = "these" if len(arms) == len(best) else "those of these that have settled"
    lost, effect = results.ranking(LOST, arms), results.smallest(LOST)
    yield f"Of {of}, {_sentence(lost, 'loses the fewest honest recipients', effect)}"


def _best(ranking: pd.DataFrame, effect: float) -> list[str]:
    """The arms that may be the best, or are surely no more than the *effect* worse."""
    chosen = ranking["may_be_best"] | (ranking["worse_at_most"] <= effect)
    return [str(arm) for arm in ranking.loc[chosen, "arm"]]


def _sentence(ranking: pd.DataFrame, does: str, effect: float) -> str:
    """Which one surely is the best, which are as good as it, or what cannot be told."""
    best = _best(ranking, effect)
    names = _and(best)
    if len(best) == 1:
        return f"{names} surely {does}."
    worst = float(ranking.loc[ranking["arm"].isin(best), "worse_at_most"].max())
    if worst <= effect:
        return f"each of {names} surely {does}, or at most {number(effect)} more."
    needed = float(ranking.loc[ranking["arm"].isin(best), "needed"].max())
    more = (
        f"; {needed:,.0f} replications would tell by {number(effect)}"
        if math.isfinite(needed)
        else ""
    )
    apart = f", at most {number(worst)} apart," if math.isfinite(worst) else ""
    return f"it is open which of {names}{apart} {does}{more}."


def _and(names: list[str]) -> str:
    quoted = [f"'{name}'" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
