"""What is expected of a measure is judged by its interval alone."""

import numpy as np
import pandas as pd
import pytest

from sim.measure.judging import judged
from sim.scenario.expectations import ExpectMeasure

N = 10
NOISE = np.random.default_rng(4).normal(0.0, 0.01, N)


def measures(**arms: float) -> pd.DataFrame:
    """A share in ten replications of each arm: its mean, and the same noise for all."""
    rows = [
        {
            "arm": arm, "replication": r, "phase": "after", "class": "honest",
            "measure": "delivery_rate", "by": by, "key": key, "numerator": 1e4 * value,
            "denominator": 1e4, "value": value,
        }
        for arm, mean in arms.items()
        for r in range(N)
        for by, key, value in (
            ("all", "", mean + NOISE[r]),
            ("place", "hotel", mean + NOISE[r] - 0.1),
        )
    ]  # fmt: skip
    return pd.DataFrame(rows)


FOUND = measures(open=0.9, closed=0.8, same=0.9)

EXPECTED = {
    # what is expected, and whether it came out
    "lower, in pairs": ({"arm": "closed", "than": "open", "direction": "lower"}, "holds"),
    "higher, the wrong way": ({"arm": "closed", "than": "open", "direction": "higher"}, "fails"),
    "none is no direction": ({"arm": "same", "than": "open", "direction": "lower"}, "not decided"),
    "no difference is within bounds": (
        {"arm": "same", "than": "open", "at_least": -0.01, "at_most": 0.01},
        "holds",
    ),
    "the baseline, without an arm": ({"at_least": 0.85, "at_most": 0.95}, "holds"),
    "a bound far off": ({"arm": "closed", "at_least": 0.85}, "fails"),
    "a bound inside the interval": ({"arm": "open", "at_least": 0.9}, "not decided"),
    "one key": ({"by": "place", "of": "hotel", "at_most": 0.85}, "holds"),
    "a key that nobody had": ({"by": "place", "of": "kiosk", "at_most": 0.85}, "not decided"),
    "a phase without rows": ({"phase": "steady", "at_most": 0.85}, "not decided"),
    "an arm that was not run": ({"arm": "other", "than": "open", "direction": "lower"}, "not run"),
}  # fmt: skip


@pytest.mark.parametrize("case", EXPECTED)
def test_an_expectation_is_judged_by_its_interval(case):
    expected, outcome = EXPECTED[case]
    expect = ExpectMeasure(measure="delivery_rate", **expected)
    assert judged([expect], "open", FOUND)["outcome"].tolist() == [outcome]


def test_the_interval_is_told():
    expect = ExpectMeasure(measure="delivery_rate", arm="closed", than="open", at_most=-0.05)
    row = judged([expect], "open", FOUND).iloc[0]
    assert row["expected"] == (
        "change of honest delivery_rate of 'closed': from 'open', at most -0.05"
    )
    assert row["value"] == pytest.approx(-0.1)
    # in pairs: the noise is common, and what is left is that of 10,000 events
    assert row["low"] == pytest.approx(-0.1, abs=0.003)
    assert row["replications"] == N


def test_one_replication_decides_nothing():
    expect = ExpectMeasure(measure="delivery_rate", arm="closed", than="open", direction="lower")
    one = FOUND[FOUND["replication"] == 0]
    assert judged([expect], "open", one)["outcome"].tolist() == ["not decided"]
