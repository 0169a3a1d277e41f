"""Restrictions on the content of a message, which a filter judges by a draw."""

from __future__ import annotations

from typing import Any

from sim.smtp.arguments import Parameter
from sim.smtp.facts import Facts, SessionState
from sim.smtp.opinions import Opinion, Refusal
from sim.smtp.restrictions.entry import restriction
from sim.smtp.transaction import Transaction


def _caught(facts: Facts | SessionState, detection: float, false_positives: float) -> bool:
    return facts.content_draw < (detection if facts.spam else false_positives)


def _says_content(t: Transaction, detection: float, false_positives: float) -> str:
    rate = detection if t.facts.spam else false_positives
    judgement = "spam" if t.facts.spam else "no spam"
    return f"content is {judgement}, caught with probability {rate:g}"


_FILTER: dict[str, Any] = {
    "compared": _says_content,
    "parameters": (Parameter("detection", "share"), Parameter("false positives", "share")),
    "state_key": _caught,
    "state_facts": ("spam", "content_draw"),
    "breakpoints": lambda *rates: {"content_draw": (0.0, *rates)},
    "own": True,
}


@restriction(**_FILTER)
def reject_outbound_spam(t: Transaction, detection: float, false_positives: float) -> Opinion:
    """Refuse what the filter takes for spam: detection rate, false-positive rate."""
    return Refusal("content_refused") if _caught(t.facts, detection, false_positives) else None


@restriction(**_FILTER)
def discard_outbound_spam(t: Transaction, detection: float, false_positives: float) -> Opinion:
    """Accept what the filter takes for spam, and drop it silently."""
    return Refusal("discarded") if _caught(t.facts, detection, false_positives) else None
