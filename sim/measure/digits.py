"""Numbers as a reader wants them: the digits that say something, and a dash for none."""

from __future__ import annotations

import math
from typing import Any

NONE = "–"
NOTHING, MOST_DECIMALS = 1e-6, 6
"""Less than this is 0: no measure is counted so finely (chosen)."""
MOST_DIGITS = 4
"""Decimals of a difference at most."""


def number(value: Any, *, share: bool = False, sign: bool = False, more: int = 0) -> str:
    """A number with three digits or so, and *more*; a *share* in per cent; a dash for NaN."""
    if not math.isfinite(value):
        return NONE
    scaled = 100.0 * value if share else float(value)
    digits = more + (1 if share and abs(scaled) < 100 else _digits(abs(scaled)))
    return _minus(f"{scaled:{'+' if sign else ''}z,.{digits}f}")


def _digits(size: float) -> int:
    """Decimals that a number of some *size* is written with."""
    if size < NOTHING:
        return 2
    power = math.floor(math.log10(size))
    return min(max(2 - power, 0), max(3, min(1 - power, MOST_DECIMALS)))


def between(low: Any, high: Any, *, share: bool = False, sign: bool = False) -> str:
    """An interval, or nothing where there is none."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return ""
    dash = " to " if low < 0 or sign else "–"
    for more in range(MOST_DIGITS):  # the ends of an interval are never written alike
        ends = [number(end, share=share, sign=sign, more=more) for end in (low, high)]
        if low == high or ends[0] != ends[1]:
            break
    return dash.join(ends)


def apart(value: Any, half: Any, *, share: bool = False) -> str:
    """A difference ± half its interval, both as far as the second digit of that says something."""
    value, half = (float(x) * (100.0 if share else 1.0) for x in (value, half))
    if value == 0.0 == half:
        return "no change"
    size = half if math.isfinite(half) and half > 0.0 else abs(value)
    digits = min(max(1 - math.floor(math.log10(size)), 0), MOST_DIGITS) if size > 0.0 else 0
    text = _minus(f"{value:+z,.{digits}f}") if value else "no change"
    return f"{text} ±{half:,.{digits if half else 0}f}" if math.isfinite(half) else text


def _minus(text: str) -> str:
    return text.replace("-", "\u2212")
