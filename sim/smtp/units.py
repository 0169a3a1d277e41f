"""Quantities as people write them: ``"30 min"``, ``"56 kbit/s"``, ``"200 / day"``.

In code, time is in simulated seconds, size in octets, rate per second, bandwidth in
bits per second. The unit stands in the value, because the reader of a scenario has
not read this.
"""

from __future__ import annotations

import re

Seconds = float
Octets = float
PerSecond = float
BitsPerSecond = float

TIME = {
    "ms": 1e-3,
    "s": 1.0,
    "second": 1.0,
    "seconds": 1.0,
    "min": 60.0,
    "minute": 60.0,
    "minutes": 60.0,
    "h": 3600.0,
    "hour": 3600.0,
    "hours": 3600.0,
    "day": 86400.0,
    "days": 86400.0,
    "week": 604800.0,
    "weeks": 604800.0,
}
SIZE = {"octets": 1.0, "B": 1.0, "kB": 1e3, "MB": 1e6, "KiB": 1024.0, "MiB": 1024.0**2}
BANDWIDTH = {"bit/s": 1.0, "kbit/s": 1e3, "Mbit/s": 1e6, "Gbit/s": 1e9}

LONG = ("days", "h", "min")
"""Units of long times, from two of them on."""

_NUMBER = r"([0-9]{1,15}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,2})?)"
_QUANTITY = re.compile(_NUMBER + r"\s*([A-Za-z/]+)")
_RATE = re.compile(_NUMBER + r"\s*(?:/|per)\s*([A-Za-z]+)")


def largest(seconds: Seconds) -> str:
    """The largest unit that a time is at least two of, or ``"s"``."""
    return next((unit for unit in LONG if seconds >= 2.0 * TIME[unit]), "s")


def duration(text: str) -> Seconds:
    """Seconds of ``"30 min"``; raises ValueError naming the units that are understood."""
    return _quantity(text, TIME, "a duration such as '30 min'")


def size(text: str) -> Octets:
    """Octets of ``"5.5 kB"``."""
    return _quantity(text, SIZE, "a size such as '5.5 kB'")


def bandwidth(text: str) -> BitsPerSecond:
    """Bits per second of ``"33.6 kbit/s"``."""
    return _quantity(text, BANDWIDTH, "a bandwidth such as '33.6 kbit/s'")


def rate(text: str) -> PerSecond:
    """Events per second of ``"200 / day"``."""
    match = _RATE.fullmatch(text.strip())
    if match is None or match[2] not in TIME:
        raise ValueError(f"expected a rate such as '200 / day' (per {', '.join(TIME)})")
    return float(match[1]) / TIME[match[2]]


def _quantity(text: str, units: dict[str, float], expected: str) -> float:
    match = _QUANTITY.fullmatch(text.strip())
    if match is None or match[2] not in units:
        raise ValueError(f"expected {expected} (units: {', '.join(units)})")
    return float(match[1]) * units[match[2]]


def elapsed(seconds: Seconds) -> str:
    """Return a length of time with three digits, in the greatest unit that it fills."""
    for size, unit in ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{1000 * seconds:.3g} ms" if seconds > 0 else "0 s"
