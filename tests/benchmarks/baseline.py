"""The ratios that are kept with the source, and what has become better or worse since.

A ratio is one of times measured side by side, such as that of our time for a row to the textbook
program's for a message of W; so it holds, roughly, on other machines too. Memory is compared as
it is (octets, MB). Less is better. It has changed where the medians of both sets of rounds lie
further apart than three standard errors (of their logarithms).
"""

from __future__ import annotations

import json
from math import hypot, log, sqrt
from pathlib import Path
from typing import NamedTuple

from measuring import Spread

FILE = Path(__file__).with_name("baseline.json")
ERRORS = 3.0
"""Standard errors beyond which a difference is one."""
NOISE = 0.03
"""Rounds of ours lie so far apart (a standard deviation) at least: two that agree do by chance."""


class Change(NamedTuple):
    """One ratio before and now; *verdict* is better, worse, same or unsure."""

    name: str
    before: float
    now: float
    verdict: str


def keep(ratios: dict[str, Spread], machine: dict[str, object], file: Path = FILE) -> None:
    """Make these the baseline; of what was not measured the old one stays."""
    kept = read(file) if file.exists() else {}
    kept |= ratios
    told = {
        "machine": machine,
        "ratios": {n: {k: round(v, 4) for k, v in s._asdict().items()} for n, s in kept.items()},
    }
    file.write_text(json.dumps(told, indent=1) + "\n", "utf-8")


def read(file: Path = FILE) -> dict[str, Spread]:
    """The ratios of the baseline."""
    told = json.loads(file.read_text("utf-8"))
    return {name: Spread(**spread) for name, spread in told["ratios"].items()}


def compare(before: dict[str, Spread], now: dict[str, Spread]) -> list[Change]:
    """What has changed, where both were measured."""
    return [
        Change(name, before[name].median, spread.median, _verdict(before[name], spread))
        for name, spread in now.items()
        if name in before
    ]


def _verdict(before: Spread, now: Spread) -> str:
    if min(before.rounds, now.rounds) < 2:
        return "unsure"  # one round says nothing of the noise
    error = hypot(*(max(s.deviation, NOISE) / sqrt(s.rounds) for s in (before, now)))
    change = log(now.median / before.median)
    if abs(change) <= ERRORS * error:
        return "same"
    return "better" if change < 0 else "worse"
