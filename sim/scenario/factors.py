"""What is declared as unknown, as factors: a number from 0 to 1 each makes a value of its key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.scenario.sweeping import Point

if TYPE_CHECKING:
    from sim.scenario.scenario import Scenario


class Own:
    """Stands for what the scenario itself says."""

    def __repr__(self) -> str:
        return "as stated"


OWN = Own()


class Factor(NamedTuple):
    """A key that is not known: *values* are its least and most if *continuous*, else its levels."""

    key: str
    values: Sequence[Any]
    continuous: bool = False

    def at(self, place: float) -> Any:
        """The value at a *place* from 0 to 1; every level has an equal share of them."""
        if self.continuous:
            least, most = self.values
            return between(least, most, place)
        return self.values[min(int(place * len(self.values)), len(self.values) - 1)]

    @property
    def words(self) -> str:
        """From where to where, or which."""
        texts = [text(value) for value in self.values]
        return f"{texts[0]} to {texts[-1]}" if self.continuous else " | ".join(texts)


def text(value: Any) -> str:
    """A value as a table shows it: numbers of four digits, entries one after the other."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {text(item)}" for name, item in value.items())
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def ranged(key: str, least: Any, most: Any) -> Factor:
    """A factor between two ends; one that is no number, nor a table of them, has two levels."""
    try:
        between(least, most, 0.5)
    except (TypeError, ValueError):
        return Factor(key, (least, most))
    return Factor(key, (least, most), continuous=True)


def point(factors: Sequence[Factor], places: Sequence[float]) -> Point:
    """What a point changes: the values of all factors at their places."""
    values = {factor.key: factor.at(place) for factor, place in zip(factors, places, strict=True)}
    return {key: value for key, value in values.items() if value is not OWN}


def between(least: Any, most: Any, place: float) -> Any:
    """The value at a *place* from 0 to 1 between two of one kind: numbers, with a unit or not, or
    tables of numbers. Raises TypeError or ValueError where there is none."""
    if isinstance(least, bool) or isinstance(most, bool):
        raise TypeError("nothing lies between true and false")
    if isinstance(least, Mapping) and isinstance(most, Mapping):
        keys = dict.fromkeys((*least, *most))
        return {key: between(least.get(key, 0.0), most.get(key, 0.0), place) for key in keys}
    if isinstance(least, str) and isinstance(most, str):
        (low, unit), (high, other) = (text.strip().partition(" ")[::2] for text in (least, most))
        if unit != other or not unit:
            raise ValueError("expected numbers with one unit")
        return f"{_mixed(float(low), float(high), place):.6g} {unit}"
    mixed = _mixed(float(least), float(most), place)
    return round(mixed) if isinstance(least, int) and isinstance(most, int) else mixed


def _mixed(low: float, high: float, place: float) -> float:
    return low + (high - low) * float(place)  # numpy's own would not be written as TOML


def alternatives(scenario: Scenario) -> dict[str, list[Any]]:
    """What each declared key might be instead; raises ScenarioError for what it cannot be."""
    own = scenario.hash()
    declared = scenario.structures | scenario.ranges
    others = {
        key: [v for v in values if scenario.with_overrides({key: v}).hash() != own]
        for key, values in declared.items()
    }
    return {key: values for key, values in others.items() if values}
