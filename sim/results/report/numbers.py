"""Numbers as a reader wants them: the digits that say something, and a dash for none."""

from __future__ import annotations

import math
from typing import Any

from sim.figures import words

NONE = "–"


def number(value: Any, *, share: bool = False, sign: bool = False) -> str:
    """A number with three digits or so; a *share* in per cent; a dash where it is undefined."""
    if not math.isfinite(value):
        return NONE
    shown = 100.0 * value if share else float(value)
    size = abs(shown)
    digits = 0 if size >= 100 else 1 if size >= 10 or share else 2 if size >= 1 or not size else 3
    text = f"{shown:+,.{digits}f}" if sign else f"{shown:,.{digits}f}"
    return text.replace("-", "\u2212")


def between(low: Any, high: Any, *, share: bool = False, sign: bool = False) -> str:
    """An interval, or nothing where there is none."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return ""
    dash = " to " if low < 0 or sign else "–"
    return dash.join(number(end, share=share, sign=sign) for end in (low, high))


def apart(value: Any, half: Any, *, share: bool = False) -> str:
    """A difference ± half its interval (see `sim.figures.words.apart`); a share in per cent."""
    scale = 100.0 if share else 1.0
    return words.apart(scale * value, scale * half)
