"""A quantity that varies: its distribution by name, and the value at each quantile."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from sim.scenario.keys import Table
from sim.scenario.quantities import read_duration, read_size

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

Quantile = Callable[[float], float]
"""From a uniform number in [0, 1) to a value of the quantity."""
LEAST = 1e-16
"""What stands for a uniform number of 0, which no normal number has below it."""


class Distribution(Table):
    """A positive quantity with a distribution, in SI units; parameters it lacks are 0."""

    distribution: str
    mean: float = 0.0
    median: float = 0.0
    sigma: Annotated[float, Field(ge=0.0, le=10.0)] = 0.0
    low: float = 0.0
    high: float = 0.0

    @property
    def expectation(self) -> float:
        """The mean of the quantity (s, octets)."""
        return TABLE[self.distribution].expectation(self)

    def quantile(self) -> Quantile:
        """The inverse of the distribution function: one uniform number makes one value."""
        return TABLE[self.distribution].quantile(self)

    def quantiles(self, uniforms: Numbers) -> Numbers:
        """`quantile` of many numbers at once: the same but for the last digit."""
        import numpy as np

        if self.distribution == "exponential":
            return -self.mean * np.log1p(-uniforms)
        return np.fromiter(map(self.quantile(), uniforms.tolist()), float, len(uniforms))


class Kind(NamedTuple):
    """A distribution that a file can name."""

    meaning: str
    parameters: tuple[str, ...]
    expectation: Callable[[Distribution], float]
    quantile: Callable[[Distribution], Quantile]


def _constant(d: Distribution) -> Quantile:
    return lambda _: d.mean


def _exponential(d: Distribution) -> Quantile:
    mean = d.mean
    return lambda u: -mean * math.log1p(-u)


def _uniform(d: Distribution) -> Quantile:
    low, width = d.low, d.high - d.low
    return lambda u: low + width * u


def _lognormal(d: Distribution) -> Quantile:
    if d.median == 0.0 or d.sigma == 0.0:
        return lambda _: d.median
    of = NormalDist(math.log(d.median), d.sigma).inv_cdf
    return lambda u: math.exp(of(max(u, LEAST)))


TABLE: dict[str, Kind] = {
    "constant": Kind("always the mean", ("mean",), lambda d: d.mean, _constant),
    "exponential": Kind("exponential", ("mean",), lambda d: d.mean, _exponential),
    "uniform": Kind(
        "equally likely from low to high",
        ("low", "high"),
        lambda d: (d.low + d.high) / 2.0,
        _uniform,
    ),
    "lognormal": Kind(
        "its logarithm is normal with standard deviation sigma",
        ("median", "sigma"),
        lambda d: d.median * math.exp(d.sigma**2 / 2.0),
        _lognormal,
    ),
}


def _read(value_of: Callable[[Any], float], example: str) -> Callable[[Any], Any]:
    def read(item: Any) -> Any:
        if isinstance(item, Distribution):
            return item
        if not isinstance(item, dict):
            return {"distribution": "constant", "mean": value_of(item)}
        kind = TABLE.get(str(item.get("distribution")))
        if kind is None or set(item) != {"distribution", *kind.parameters}:
            forms = "; ".join(f"{name}: {', '.join(k.parameters)}" for name, k in TABLE.items())
            raise ValueError(f"expected {example} or a table with distribution ({forms})")
        plain = {"distribution", "sigma"}
        values = {k: v if k in plain else value_of(v) for k, v in item.items()}
        if "low" in values and values["low"] > values["high"]:
            raise ValueError("expected low at most high")
        return values

    return read


def _as_json(kind: str, example: str) -> WithJsonSchema:
    table = {
        "type": "object",
        "required": ["distribution"],
        "properties": {
            "distribution": {"enum": list(TABLE)},
            "sigma": {"type": "number", "minimum": 0, "maximum": 10},
            **{p: {"type": "string"} for p in ("mean", "median", "low", "high")},
        },
        "additionalProperties": False,
    }
    return WithJsonSchema(
        {"anyOf": [{"type": "string"}, table], "examples": [example], "kind": kind}
    )


def _plain(d: Distribution) -> dict[str, str | float]:
    return {"distribution": d.distribution} | {
        name: getattr(d, name) for name in TABLE[d.distribution].parameters
    }


Time = Annotated[
    Distribution,
    BeforeValidator(_read(read_duration, "a duration such as '30 min'")),
    PlainSerializer(_plain),
    _as_json("duration or distribution", "2 s"),
]
"""A duration that may vary: ``"2 s"`` or a table with ``distribution``; seconds."""

Octets = Annotated[
    Distribution,
    BeforeValidator(_read(read_size, "a size such as '5.5 kB'")),
    PlainSerializer(_plain),
    _as_json("size or distribution", "5.5 kB"),
]
"""A size that may vary; octets."""
