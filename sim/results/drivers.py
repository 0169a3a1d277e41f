"""What moves a decision most: of all that is only assumed, the changes that go furthest."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sim.measure.digits import number

if TYPE_CHECKING:
    from sim.results.structures import Structures

MOST = 3
"""Drivers that are named."""
LEAST = 0.05
"""Share of what the arms differ by that an assumption moves at least, to be named; chosen."""


class Driver(NamedTuple):
    """One assumption, and what it changes most: of one arm, beside the baseline."""

    key: str
    value: str
    quantity: str
    arm: str
    change: float
    """Of the difference to the baseline, in the unit of the quantity."""
    share: float
    """Of what the arms differ by."""

    @property
    def text(self) -> str:
        """In words."""
        return (
            f"{self.key} = {self.value} ({self.quantity} of '{self.arm}' "
            f"{number(self.change, sign=True)} a day)"
        )


def drivers(structures: Structures | None, *, leaves: bool) -> list[Driver]:
    """The assumptions that move the differences between arms most, each key once; few or none."""
    if structures is None:
        return []
    first: dict[str, Driver] = {}
    for row in structures.influences(leaves=leaves):
        driver = Driver(*row)
        if driver.share >= LEAST:
            first.setdefault(driver.key, driver)
    return list(first.values())[:MOST]
