"""The sentences under a decision table, and those about warm-up and transient."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from sim.cli import render
from sim.results.conclusions import conclusion, pairing
from sim.results.warmup import settled, warm_up

ONCE = (
    "It has settled after 0 days, and costs each person affected once, beyond what goes on: "
    "0.500 recipients lost, 0.500 first attempts refused, 0.500 calls to the help desk and 0.500 "
    "settings changed."
)
MEANINGS = {
    "one takes most": (
        {"open": (4.0, 0.0), "hard": (1.0, 9.0), "soft": (3.0, 2.0)},
        "Against 'open', 'hard' leaves the least spam: 1.00 a mailbox and day instead of 4.00 "
        "(−3.00 ±0.10, −75.0 %). It loses 9.00 honest recipients a day in the long run. "
        f"{ONCE} 'soft' takes less spam away (−1.00 ±0.10, −25.0 %) and loses 2.00 honest "
        "recipients a day in the long run.",
    ),
    "a tie is no victory": (
        {"open": (4.0, 0.0), "a": (1.0, 9.0), "b": (1.01, 3.0), "c": (1.0, 5.0)},
        "Against 'open', 3 policies leave, about alike, the least spam: 1.00 a mailbox and day "
        "instead of 4.00 (−3.00 ±0.10, −75.0 %). Of these, 'b' loses the fewest honest recipients "
        f"in the long run, 3.00 a day; the others lose up to 9.00. {ONCE}",
    ),
    "who takes hardly any is not spoken of": (
        {"open": (400.0, 0.0), "hard": (100.0, 9.0), "weak": (393.0, 0.1)},
        "Against 'open', 'hard' leaves the least spam: 100 a mailbox and day instead of 400 "
        "(−300.00 ±0.10, −75.0 %). It loses 9.00 honest recipients a day in the long run. "
        f"{ONCE}",
    ),
    "nobody takes any": (
        {"open": (4.0, 0.0), "a": (3.95, 9.0), "b": (4.0, 3.0)},
        "No policy here surely leaves less spam than 'open' (4.00 a mailbox and day).",
    ),
    "nothing to compare": ({"open": (4.0, 0.0)}, "One arm only: there is nothing to compare."),
}


@pytest.mark.parametrize(("arms", "sentence"), MEANINGS.values(), ids=MEANINGS)
def test_the_conclusion_is_what_the_table_bears(decided, arms, sentence):
    assert conclusion(decided(arms), "open") == sentence


UNSETTLED = {
    ("hard",): "'hard' has not settled within the run: what it would cost in the long run is not "
    "known. Make run_length longer.",
    ("hard", "soft"): "'hard' and 'soft' have not settled within the run: what they would cost in "
    "the long run is not known. Make run_length longer.",
}


@pytest.mark.parametrize(("arms", "sentence"), UNSETTLED.items())
def test_the_conclusion_says_what_has_not_settled_and_no_rate_of_it(decided, arms, sentence):
    values = {"open": (4.0, 0.0), "hard": (1.0, 9.0), "soft": (1.0, 2.0)}
    said = conclusion(decided(values, unsettled=arms), "open")
    assert said.endswith(sentence)
    assert "9.00" not in said
    assert ("loses 2.00" in said) == ("soft" not in arms)


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
