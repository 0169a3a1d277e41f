"""What is said of the best policy is what the ranking bears."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sim.results.rankings import LOST, SPAM, ranked

BOTH = "multiple comparisons with the best"


def results(spam, lost, smallest=None):
    """Rankings of arms: mean, whether it may be the best, worse at most, replications needed."""
    columns = ["arm", "mean", "may_be_best", "worse_at_most", "needed"]
    tables = {SPAM: spam, LOST: lost}

    def ranking(quantity, arms=None):
        table = pd.DataFrame(tables[quantity], columns=columns)
        return table[table["arm"].isin(arms or table["arm"])]

    return SimpleNamespace(
        arms=[row[0] for row in spam], replications=10, baseline="open", ranking=ranking,
        smallest=lambda quantity: (smallest or {}).get(quantity, np.nan),
    )  # fmt: skip


SPAMS = [
    ("auth", 1.0, True, 0.02, 300.0),
    ("pop", 1.01, True, 0.03, 300.0),
    ("open", 9.0, False, 8.5, 10.0),
]
SAID = {
    "one surely is": (
        [("auth", 1.0, True, 0.0, np.nan), ("open", 9.0, False, 8.5, np.nan)], [], {},
        "Of all, 'auth' surely leaves the least spam.",
    ),
    "two alike, of which one loses fewer": (
        SPAMS, [("pop", 2.0, True, 0.0, np.nan), ("auth", 5.0, False, 4.0, np.nan)], {},
        "Of all, each of 'auth' and 'pop' surely leaves the least spam, or at most 0.180 more. "
        "Of these, 'pop' surely loses the fewest honest recipients.",
    ),
    "open which, and what would tell": (
        SPAMS, [("pop", 2.0, True, 0.6, 40.0), ("auth", 2.2, True, 0.9, 40.0)],
        {SPAM: 0.05, LOST: 0.5},
        "Of all, each of 'auth' and 'pop' surely leaves the least spam, or at most 0.050 more. "
        "Of these, it is open which of 'pop' and 'auth', at most 0.900 apart, loses the fewest "
        "honest recipients; 40 replications would tell by 0.500.",
    ),
    "losses are not known": (
        SPAMS, [("pop", 2.0, True, np.nan, np.nan), ("auth", np.nan, True, np.nan, np.nan)], {},
        "Of all, each of 'auth' and 'pop' surely leaves the least spam, or at most 0.180 more.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("spam", "lost", "smallest", "said"), SAID.values(), ids=SAID)
def test_what_is_said_is_what_is_sure(spam, lost, smallest, said):
    sentence = ranked(results(spam, lost, smallest))
    assert sentence.startswith(f"{said} (")
    assert BOTH in sentence


def test_of_one_replication_nothing_is_said():
    one = results(SPAMS, [])
    one.replications = 1
    assert ranked(one) == ""
