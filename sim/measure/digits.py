"""Numbers as a reader wants them: the digits that say something, and a dash for none."""

from __future__ import annotations

import math
from typing import Any

NONE = "–"
MOST_DIGITS = 4
"""Decimals of a difference at most."""


def number(value: Any, *, share: bool = False, sign: bool = False) -> str:
    """A number with three digits or so; a *share* in per cent; a dash where it is undefined."""
    if not math.isfinite(value):
        return NONE
    shown = 100.0 * value if share else float(value)
    size = abs(shown)
    digits = 0 if size >= 100 else 1 if size >= 10 or share else 2 if size >= 1 or not size else 3
    text = f"{shown:+,.{digits}f}" if sign else f"{shown:,.{digits}f}"
    return _minus(text)


def between(low: Any, high: Any, *, share: bool = False, sign: bool = False) -> str:
    """An interval, or nothing where there is none."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return ""
    dash = " to " if low < 0 or sign else "–"
    return dash.join(number(end, share=share, sign=sign) for end in (low, high))


def apart(value: Any, half: Any, *, share: bool = False) -> str:
    """A difference ± half its interval, both as far as the second digit of that says something."""
    value, half = (float(x) * (100.0 if share else 1.0) for x in (value, half))
    if value == 0.0 == half:
        return "no change"
    size = half if math.isfinite(half) and half > 0.0 else abs(value)
    digits = min(max(1 - math.floor(math.log10(size)), 0), MOST_DIGITS) if size > 0.0 else 0
    text = _minus(f"{value:+z,.{digits}f}")
    return f"{text} ±{half:,.{digits if half else 0}f}" if math.isfinite(half) else text


def _minus(text: str) -> str:
    return text.replace("-", "\u2212")
