"""Read what a student handed in: numbers, reply codes, words, sets and restriction lists."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

from sim.scenario.errors import value_text

_NUMBER = re.compile(r"\s*([-+]?(?:[0-9]{1,30}[.,]?[0-9]{0,30}|[.,][0-9]{1,30}))\s*(%?)\s*")
_REPLY = re.compile(r"\s*([0-9]{3})(?:[ -].{0,500})?\s*", re.DOTALL)
_BETWEEN = re.compile(r"[][(){}'\",;\s]+")
_LONGEST_SET = 1000
"""Items of a set that are read at most (chosen: no exercise asks for more than ten)."""


def number(answer: object) -> float | None:
    """Return the number that was handed in (``"35 %"`` is 0.35); None for anything else."""
    if isinstance(answer, bool):
        return None
    if isinstance(answer, Real):
        return float(answer) if math.isfinite(answer) else None
    match = _NUMBER.fullmatch(answer) if isinstance(answer, str) else None
    if match is None:
        return None
    return float(match[1].replace(",", ".")) / (100 if match[2] else 1)


def whole(answer: object) -> int | None:
    """Return a whole number (``20``, ``20.0``, ``"20"``); None for anything else."""
    value = number(answer)
    percentage = isinstance(answer, str) and "%" in answer
    return int(value) if value is not None and value.is_integer() and not percentage else None


def reply_code(answer: object) -> int | None:
    """Return the code of a reply: ``550``, ``"550"`` or ``"550 5.7.1 Relaying denied"``."""
    match = _REPLY.fullmatch(answer) if isinstance(answer, str) else None
    code = int(match[1]) if match else whole(answer)
    return code if code is not None and 200 <= code <= 599 else None


def word(answer: object) -> str:
    """Return one word or phrase without quotes and final stop; "" for anything else."""
    if not isinstance(answer, str):
        value = whole(answer)
        return "" if value is None else str(value)
    return " ".join(answer.strip().strip("'\"“”").rstrip(".").split()) or answer.strip()[:1]


def key(text: str) -> str:
    """Return *text* as it is compared: case, spaces and a leading *it* or *the* do not count."""
    folded = re.sub(r"\s*([(),])\s*", r"\1", " ".join(text.casefold().split()))
    return re.sub(r"^(it|the) ", "", folded)


def items(answer: object) -> set[str] | None:
    """Return the words of a set, list, range, array or comma-separated text; None for others."""
    if isinstance(answer, str):
        return set(_BETWEEN.split(answer)) - {""}
    answer = answer.tolist() if hasattr(answer, "tolist") else answer
    if isinstance(answer, (bool, Mapping)) or answer is None:
        return None
    if isinstance(answer, Real):
        answer = [answer]
    if not isinstance(answer, (list, tuple, set, frozenset, range)) or len(answer) > _LONGEST_SET:
        return None
    return {word(item) for item in answer} - {""}


def lists(answer: object) -> dict[str, Any] | None:
    """Return restriction lists by stage; a plain list is the relay list; None for others."""
    if isinstance(answer, (list, tuple)):
        return {"relay": list(answer)}
    if not isinstance(answer, Mapping):
        return None
    return {str(k): list(v) if isinstance(v, (list, tuple)) else v for k, v in answer.items()}


def described(answer: object) -> str:
    """Return what was handed in as a message shows it; what has no text is named by its type."""
    plain = isinstance(answer, (str, int, float, list, dict, type(None)))
    try:
        return value_text(answer) if plain else f"an object of type {type(answer).__name__}"
    except Exception:  # whatever a student hands in
        return f"an object of type {type(answer).__name__}"


def listed(words: Iterable[str]) -> str:
    """Return words as a sentence lists them."""
    return ", ".join(words)
