"""Distributions: the value at each quantile, and the mean."""

import math

import pytest
from pydantic import TypeAdapter, ValidationError

from sim.scenario.distributions import TABLE, Octets, Time

TIME, OCTETS = TypeAdapter(Time).validate_python, TypeAdapter(Octets).validate_python
VALUES = {
    # the distribution: its value at 0, 1/2, and its mean
    "constant": ("2 s", 2.0, 2.0, 2.0),
    "exponential": ({"distribution": "exponential", "mean": "2 s"}, 0.0, 2 * math.log(2), 2.0),
    "uniform": ({"distribution": "uniform", "low": "1 s", "high": "3 s"}, 1.0, 2.0, 2.0),
    "lognormal": (
        {"distribution": "lognormal", "median": "1 min", "sigma": 1.0},
        pytest.approx(0.0, abs=0.1),
        pytest.approx(60.0),
        pytest.approx(60.0 * math.exp(0.5)),
    ),
}


@pytest.mark.parametrize(("given", "least", "median", "mean"), VALUES.values(), ids=VALUES)
def test_quantiles_and_mean(given, least, median, mean):
    distribution = TIME(given)
    quantile = distribution.quantile()
    assert (quantile(0.0), quantile(0.5), distribution.expectation) == (least, median, mean)


@pytest.mark.parametrize("name", TABLE)
def test_the_mean_of_the_quantiles_is_the_mean(name):
    distribution = TIME(VALUES[name][0])
    quantile, n = distribution.quantile(), 100_000
    mean = sum(quantile((i + 0.5) / n) for i in range(n)) / n
    assert mean == pytest.approx(distribution.expectation, rel=1e-3)
    assert all(math.isfinite(quantile(u)) for u in (0.0, 1 - 2**-53))


def test_every_distribution_is_tested():
    assert set(VALUES) == set(TABLE)


def test_sizes_and_times_do_not_mix():
    assert OCTETS("5.5 kB").mean == 5500.0
    with pytest.raises(ValidationError, match=r"such as '5\.5 kB'"):
        OCTETS("5 s")


WRONG = {
    "unknown": {"distribution": "normal", "mean": "1 s"},
    "no name": {"mean": "1 s"},
    "a parameter too many": {"distribution": "exponential", "mean": "1 s", "sigma": 1.0},
    "no unit": {"distribution": "exponential", "mean": 1},
    "low above high": {"distribution": "uniform", "low": "3 s", "high": "1 s"},
    "sigma that is no number": {"distribution": "lognormal", "median": "1 s", "sigma": "1"},
    "negative sigma": {"distribution": "lognormal", "median": "1 s", "sigma": -1.0},
    "name that is no text": {"distribution": ["exponential"], "mean": "1 s"},
    "a list": ["1 s"],
    "a bare number": 3,
}


@pytest.mark.parametrize("given", WRONG.values(), ids=WRONG)
def test_what_is_no_distribution(given):
    with pytest.raises(ValidationError):
        TIME(given)
