"""The sentences under a decision table, and those about warm-up and transient."""

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from sim.cli import render
from sim.measure.choosing import Estimate, Ranked
from sim.results.choice import Choice
from sim.results.conclusions import pairing, sentences
from sim.results.warmup import settled, warm_up
from sim.scenario.values import Values


def choice(arm, spam, lost, verdict="trade-off with", bad=(), once=0.0, settled=True):
    """An arm beside 'open', whose spam is 4 a day and which loses nothing more; sure to 0.1."""
    none = Estimate(0.0, 0.0, 0.0, 0.0)
    of_spam = Estimate(spam, spam - 4.0, spam - 4.1, spam - 3.9)
    of_loss = Estimate(lost, lost, lost - 0.1, lost + 0.1)
    of_once = Estimate(once, once, once - 0.1, once + 0.1)
    return Choice(
        arm, of_spam, of_once, of_loss, none, none, "hotel", settled, verdict, (), math.nan, bad
    )


OPEN = choice("open", 4.0, 0.0, "baseline")
HARD, SOFT = choice("hard", 1.0, 9.0), choice("soft", 3.0, 2.0)
MEANINGS = {
    "one takes most, one costs least": (
        [OPEN, HARD, SOFT],
        "Least spam leaves with 'hard': 1.00 a day, not 4.00 as with 'open' (−75.0 ±2.5 %); it "
        "loses 9.00 more honest recipients a day. 'soft' costs least of those that take spam away "
        "(−25.0 ±2.5 %): it loses 2.00 more honest recipients a day.",
    ),
    "a tie is no victory": (
        [OPEN, HARD, choice("kind", 1.05, 3.0)],
        "Least spam leaves with 'kind': 1.05 a day, not 4.00 as with 'open' (−73.8 ±2.5 %); it "
        "loses 3.00 more honest recipients a day.",
    ),
    "a dominated one is not named": (
        [OPEN, choice("bad", 0.99, 99.0, "dominated by"), choice("good", 1.0, -2.0)],
        "Least spam leaves with 'good': 1.00 a day, not 4.00 as with 'open' (−75.0 ±2.5 %); it "
        "loses 2.00 fewer honest recipients a day.",
    ),
    "once, and what else is bad": (
        [OPEN, choice("hard", 1.0, 9.0, bad=("10.7 attempts a message delivered",), once=80.0)],
        "Least spam leaves with 'hard': 1.00 a day, not 4.00 as with 'open' (−75.0 ±2.5 %); it "
        "loses 9.00 more honest recipients a day, and 80.0 once. 'hard': 10.7 attempts a message "
        "delivered.",
    ),
    "so far, where nothing has settled": (
        [OPEN, choice("hard", 1.0, 9.0, settled=False)],
        "Least spam leaves with 'hard': 1.00 a day, not 4.00 as with 'open' (−75.0 ±2.5 %); it "
        "loses 9.00 more honest recipients a day so far.",
    ),
    "nobody takes any": (
        [OPEN, choice("a", 3.95, 9.0)],
        "With no policy surely less spam leaves than with 'open' (4.00 a day).",
    ),
    "nothing to compare": ([OPEN], "One arm only: there is nothing to compare."),
}


@pytest.mark.parametrize(("choices", "said"), MEANINGS.values(), ids=MEANINGS)
def test_the_decision_is_what_the_arms_bear(choices, said):
    assert " ".join(sentences(choices, {}, None, "open", leaves=True)) == said


def test_by_weights_the_best_is_named_with_how_sure_that_is():
    ranked = {
        "open": Ranked(0.0, 0.0, 0.0, 0.0),
        "hard": Ranked(0.8, -900.0, -1200.0, -600.0),
        "soft": Ranked(0.2, -500.0, -900.0, 100.0),
    }
    values = Values(unit="EUR", over="365 days", lost_message=[1, 2])
    said = sentences([OPEN, HARD, SOFT], ranked, values, "open", leaves=True)
    assert said == [
        "For these weights 'hard' is best in 80% of draws: against 'open' it saves 900 EUR (600 to "
        "1,200) in 365 days; 'soft' in 20%."
    ]


def test_pairing_that_did_not_help_is_said_and_arms_that_do_not_vary_are_no_failure(decided):
    two = {"open": (4.0, 0.0), "a": (1.0, 9.0)}
    assert pairing(decided(two), "open") == ""
    said = pairing(decided(two, gains=(2.5, 1.09, np.nan)), "open")
    assert (
        "narrowed by more than a tenth 6 of 13 differences in which both vary, up to 2.5 times"
        in said
    )
    assert "it did not help the 7 marked °" in said
    assert "not" not in pairing(decided(two, gains=(1.5,)), "open")


def test_warm_up_speaks_of_the_same_settling():
    arms, days = ["open", "closed", "slow"], [0.0, 8.0, np.nan]
    assert settled(pd.DataFrame({"arm": arms, "measure": "settling_time", "mean": days})) == (
        "What the change costs honest people has settled: 'open' after 0 days, 'closed' after 8 "
        "days; not settled within the run: 'slow'."
    )


LEVEL = [
    # arm, since, level, tested, replications -> what is said of the key of the scenario
    (("open", 0, 0.0, 7, 5), 'Warm-up: none as far as can be seen; the scenario has '
     'policy_starts = "3 days": that is enough.'),
    (("open", 0, 4.0, 7, 5), 'Warm-up: "4 days" as far as can be seen; the scenario has '
     'policy_starts = "3 days": make it "4 days" at least.'),
    (("closed", 3, 4.0, 6, 5), 'Transient: "1 day" as far as can be seen; the scenario has '
     'transient = "1 day": that is enough.'),
    (("closed", 3, np.nan, 6, 5), "Transient: 'closed' is not level by the middle, so no steady "
     "state is seen: make run_length longer, or speak of these days alone; the scenario has "
     'transient = "1 day".'),
    (("open", 0, np.nan, 0, 1), "One replication: there is no interval, so nothing can be said. "
     "Run more."),
]  # fmt: skip


@pytest.mark.parametrize(("row", "sentence"), LEVEL)
def test_what_is_said_of_warm_up_and_transient(row, sentence):
    names = ["arm", "since", "level", "tested", "replications"]
    found = pd.DataFrame([row], columns=names).assign(
        margin=0.01, measure="delivery_rate", **{"class": "honest"}
    )
    model = SimpleNamespace(baseline="open", policy_starts=3 * 86400.0, transient=86400.0)
    assert list(warm_up(model, found))[-1] == sentence
    console = Console(width=100, record=True)
    console.print(render.days_of_levels(found))
    said = {0.0: "at once", 4.0: "day 4"}.get(row[2], "not yet" if row[3] else "–")
    assert said in console.export_text()
