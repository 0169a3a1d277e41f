"""Fit of the market to what was known by mid-2001: members of the priors inside every band.

A member is kept where each calibration target lies within its band (history matching after Craig
et al. 1997: no point of a prior is preferred, what observation cannot tell apart stays apart).
The members kept are the forecast: their spread is what the knowledge of 2001 leaves open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.hindcast.inputs import CUT, OBSERVATIONS, Observation
from sim.hindcast.market import PROXY, RELAY, Array, Moment, draw, follow

ROUND = 20_000
"""Members that are drawn at a time."""


class TooFewMembersError(RuntimeError):
    """The priors hold too few members within all bands."""


class Fit(NamedTuple):
    """Members within every band, and how many each band let through alone."""

    members: dict[str, Array]
    drawn: int
    passed: dict[str, float]
    """By target: the share of all members drawn that lies within its band."""
    fitted: dict[str, Array]
    """By target: the values of the members kept."""


def _name(one: Observation) -> str:
    return f"{one.name} {one.quantity}"


def _at(moments: Iterable[Moment], year: float) -> Moment:
    return min(moments, key=lambda moment: abs(moment.year - year))


def _growth(moments: list[Moment], level: Callable[[Moment], Array], years: float) -> Array:
    """Factor a year of a level over the last years of the moments."""
    last = moments[-1]
    first = _at(moments, last.year - years)
    return np.asarray((level(last) / level(first)) ** (1 / (last.year - first.year)))


def _until(moments: list[Moment], year: float) -> list[Moment]:
    return [moment for moment in moments if moment.year <= year]


QUANTITIES: dict[str, Callable[[list[Moment]], Array]] = {
    "spam share": lambda past: past[-1].spam_share(),
    "spam share, consumer": lambda past: past[-1].spam_share("consumer"),
    "growth of spam per mailbox": lambda past: _growth(
        past, lambda moment: moment.per_mailbox["consumer"], 2.0
    ),
    "growth of campaigns": lambda past: _growth(past, lambda moment: moment.campaigns, 1.75),
    "spam per mailbox and day": lambda past: past[-1].per_mailbox["consumer"],
    "relay share": lambda past: past[-1].routes[RELAY],
    "proxy share": lambda past: past[-1].routes[PROXY],
    "receivers asking a list": lambda past: past[-1].asking,
}
"""What an observation's quantity is in the model, from the moments up to its year."""


def observed(members: dict[str, Array]) -> dict[str, Array]:
    """What the model says to each calibration target, a value a member."""
    past = list(follow(members, CUT))
    return {_name(one): QUANTITIES[one.quantity](_until(past, one.year)) for one in OBSERVATIONS}


def within(values: dict[str, Array]) -> dict[str, NDArray[np.bool_]]:
    """By calibration target: which members lie within its band."""
    return {
        _name(one): (one.low <= values[_name(one)]) & (values[_name(one)] <= one.high)
        for one in OBSERVATIONS
    }


def fit(size: int, seed: int, most: int = 4_000_000) -> Fit:
    """Draw from the priors until enough members lie within every band.

    Raises `TooFewMembersError` where `most` draws do not hold them.
    """
    parts: list[dict[str, Array]] = []
    values: list[dict[str, Array]] = []
    passed = dict.fromkeys(map(_name, OBSERVATIONS), 0)
    count = drawn = 0
    while count < size:
        if drawn >= most:
            raise TooFewMembersError(f"{count} of {size} members within all bands in {drawn} draws")
        members = draw(ROUND, seed + drawn // ROUND)
        outcome = observed(members)
        inside = within(outcome)
        chosen = np.logical_and.reduce(list(inside.values()))
        parts.append({name: value[chosen] for name, value in members.items()})
        values.append({name: value[chosen] for name, value in outcome.items()})
        for name, bounds in inside.items():
            passed[name] += int(bounds.sum())
        drawn += ROUND
        count += int(chosen.sum())
    shares = {name: number / drawn for name, number in passed.items()}
    return Fit(_join(parts, size), drawn, shares, _join(values, size))


def _join(parts: list[dict[str, Array]], size: int) -> dict[str, Array]:
    return {name: np.concatenate([part[name] for part in parts])[:size] for name in parts[0]}
