"""The words on axes and in captions; what a measure is called comes from its definition."""

from __future__ import annotations

import math
from collections.abc import Iterable

from sim.records.measures import MEASURES, QUANTILE, SHARE

INTERVALS = "Whiskers: 95 % intervals over replications."
AXES = {
    "delivery_rate": "recipients wished (%)",
    "spam_abuse_rate": "recipients relayed (%)",
    "spam_time_share": "session time (%)",
    "utilisation": "session capacity (%)",
    "turned_away_rate": "connections (%)",
}
UNDEFINED = {
    "spam_abuse_rate": "nothing relayed",
    "spam_time_share": "no sessions",
    "spam_per_mailbox_day": "no mailboxes",
}


def is_share(measure: str) -> bool:
    """Whether a measure lies between 0 and 1, and is shown in per cent."""
    return measure in MEASURES and MEASURES[measure].kind == SHARE


def title(kind: str, measure: str) -> str:
    """Return what a panel of the measure is headed with, in two lines at most."""
    words = MEASURES[measure].title if measure in MEASURES else measure.replace("_", " ")
    return words if kind in words or kind == "server" else f"{kind} mail:\n{words}"


def titles(measures: Iterable[tuple[str, str]]) -> str:
    """Return the headings of *measures* (class and name) in a sentence."""
    return "; ".join(title(kind, measure).replace("\n", " ") for kind, measure in measures)


def axis(kind: str, measure: str) -> str:
    """Return what stands at the axis: what is counted, and the unit."""
    if measure in AXES:
        return AXES[measure].replace(
            "recipients", f"{kind} recipients" if kind == "honest" else "recipients"
        )
    if is_share(measure):
        return f"{kind} recipients wished (%)"
    unit = MEASURES[measure].unit if measure in MEASURES else ""
    return unit or measure.replace("_", " ")


def label(kind: str, measure: str) -> str:
    """Return what is measured, and in which unit."""
    unit = "%" if is_share(measure) else axis(kind, measure)
    return f"{title(kind, measure)} ({unit})".replace("\n", " ")


def apart(value: float, half: float) -> str:
    """A difference ± half its interval, both as far as the second digit of that says something."""
    if value == 0.0 == half:
        return "no change"
    size = half if math.isfinite(half) and half > 0.0 else abs(value)
    digits = min(max(1 - math.floor(math.log10(size)), 0), MOST_DIGITS) if size > 0.0 else 0
    told = f"{value:+z,.{digits}f}".replace("-", "\u2212")
    return f"{told} ±{half:,.{digits if half else 0}f}" if math.isfinite(half) else told


MOST_DIGITS = 4


def undefined(measure: str) -> str:
    """Return why an arm may have no value of the measure."""
    return UNDEFINED.get(measure, "not defined")


def definitions(*measures: str) -> str:
    """Return the definitions of *measures* in a sentence each."""
    told = []
    for name in dict.fromkeys(measures):
        measure = MEASURES[name]
        over = "" if measure.kind == QUANTILE else f" ÷ {measure.denominator}"
        told.append(f"{measure.title.capitalize()}: {measure.numerator}{over}.")
    return " ".join(told)
