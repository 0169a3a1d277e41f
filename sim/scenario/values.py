"""The keys of ``[values]``: what a loss is worth, so that policies can be ranked."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from sim.scenario.keys import Table, key
from sim.scenario.quantities import Duration

EXPECTED, ENDS = "expected a number, or [least, most]", 2


def _range(value: Any) -> Any:
    """A number as a range of itself."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return [float(value)] * 2
    if not isinstance(value, list | tuple) or len(value) != ENDS:
        raise ValueError(EXPECTED)
    return value


def _rising(ends: tuple[float, float]) -> tuple[float, float]:
    if ends[0] > ends[1]:
        raise ValueError(EXPECTED)
    return ends


End = Annotated[float, Field(ge=0.0, le=1e12, strict=False)]
Worth = Annotated[
    tuple[End, End], Field(strict=False), BeforeValidator(_range), AfterValidator(_rising)
]
"""A number, or ``[least, most]`` where it is not known."""


class Values(Table):
    """What each thing is worth to whoever decides: a number, or ``[least, most]``.

    Every arm is ranked by what it costs more than the baseline, once and over a stated time.
    """

    unit: str = key("", max_length=30)
    """what the numbers are in, such as "EUR"; only their proportions decide"""
    over: Duration = key("365 days", source="chosen")
    """time over which what goes on is added to what the change costs once"""
    lost_message: Worth = key(0.0)
    """a message of an honest person that a recipient never gets"""
    delayed_message: Worth = key(0.0)
    """one that is refused at first, and gets there later"""
    call: Worth = key(0.0)
    """a call to the help desk"""
    spam_message: Worth = key(0.0)
    """a recipient of spam that leaves the servers that the arms change, or, where these relay for
    nobody's customers, that gets spam"""
