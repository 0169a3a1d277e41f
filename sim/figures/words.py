"""The words on axes and in captions; what a measure is called comes from its definition."""

from __future__ import annotations

from collections.abc import Iterable

from sim.records.measures import COSTS, MEASURES, QUANTILE, SHARES

WHISKERS = "Whiskers: 95 % intervals over replications."
EXPECTATION = (
    "Triangles: the analytic expectation, which follows from the inputs alone, before anybody "
    "learns, waits or moves."
)
BANDS = "Bands: 95 % intervals over replications."
AXES = {
    "spam_abuse_rate": "recipients relayed (%)",
    "spam_time_share": "session time (%)",
    "utilisation": "session capacity (%)",
    "turned_away_rate": "connections (%)",
}
UNDEFINED = {
    "spam_abuse_rate": "nothing relayed",
    "spam_time_share": "no sessions",
    "spam_per_mailbox_day": "no mailboxes",
    **dict.fromkeys(COSTS, "not settled"),
}


def is_share(measure: str) -> bool:
    """Whether a measure lies between 0 and 1, and is shown in per cent."""
    return measure in MEASURES and MEASURES[measure].kind in SHARES


def scale(measure: str) -> float:
    """Return what a value of the measure is multiplied by to be shown."""
    return 100.0 if is_share(measure) else 1.0


def title(kind: str, measure: str) -> str:
    """Return what a panel of the measure is headed with, in two lines at most."""
    words = MEASURES[measure].title if measure in MEASURES else measure.replace("_", " ")
    return words if kind in words or kind == "server" else f"{kind} mail:\n{words}"


def titles(measures: Iterable[tuple[str, str]]) -> str:
    """Return the headings of *measures* (class and name) in a sentence."""
    return "; ".join(title(kind, measure).replace("\n", " ") for kind, measure in measures)


def axis(measure: str) -> str:
    """Return what stands at the axis: what is counted, and the unit."""
    if is_share(measure):
        return AXES.get(measure, "intended recipients (%)")
    unit = MEASURES[measure].unit if measure in MEASURES else ""
    return unit or measure.replace("_", " ")


def label(kind: str, measure: str) -> str:
    """Return what is measured, and in which unit."""
    unit = "%" if is_share(measure) else axis(measure)
    return f"{title(kind, measure)} ({unit})".replace("\n", " ")


def change(measure: str) -> str:
    """Return the unit of differences of the measure."""
    return "percentage points" if is_share(measure) else axis(measure)


def digits(value: float) -> str:
    """Return a value with the digits that a reader needs, and no more."""
    if value in (0, 100):
        return f"{value:.0f}"
    if abs(value) < 1:
        return f"{value:.2g}" if abs(value) < 0.1 else f"{value:.2f}"
    return f"{value:.1f}" if abs(value) < 200 else f"{value:,.0f}"


def undefined(measure: str) -> str:
    """Return why an arm may have no value of the measure."""
    return UNDEFINED.get(measure, "not defined")


def definitions(*measures: str) -> str:
    """Return the definitions of *measures* in a sentence each."""
    sentences = []
    for name in dict.fromkeys(measures):
        measure = MEASURES[name]
        over = "" if measure.kind == QUANTILE else f" ÷ {measure.denominator}"
        sentences.append(f"{measure.title.capitalize()}: {measure.numerator}{over}.")
    return " ".join(sentences)
