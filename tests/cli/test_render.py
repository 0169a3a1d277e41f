"""What a run says on a terminal: the tables, and the sentences under them."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from sim.cli import render as terminal
from sim.measure.decisions import COLUMNS, EXCHANGE, QUANTITIES
from sim.results import warmup

SPAM, LOST = "spam per mailbox and day", "honest recipients lost"


def made(arms: dict[str, tuple[float, float]], *, half: float = 0.1, gains=(np.nan,)):
    """Results of which the first arm is the baseline; an arm has (spam, honest recipients lost)."""
    baseline = next(iter(arms))
    rows = []
    for arm, (spam, lost) in arms.items():
        for name in (*QUANTITIES, *([EXCHANGE] if arm != baseline else [])):
            value = {SPAM: spam, LOST: lost}.get(name, 0.5)
            first = dict(zip((SPAM, LOST), arms[baseline], strict=True)).get(name, 0.5)
            told = (value - first,) if arm != baseline and name != EXCHANGE else (np.nan,)
            gain = gains[len(rows) % len(gains)] if arm != baseline else np.nan
            rows.append(
                (arm, name, "", value, value - half, value + half, np.nan, *told,
                 told[0] - half, told[0] + half, 0.5, gain, 10)
            )  # fmt: skip
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return SimpleNamespace(
        arms=list(arms), baseline=baseline, replications=10, decision=lambda: table
    )


MEANINGS = {
    "one takes most": (
        {"open": (4.0, 0.0), "hard": (1.0, 9.0), "soft": (3.0, 2.0)},
        "Against 'open', 'hard' leaves the least spam: 1.00 a mailbox and day instead of 4.00 "
        "(-3.00 ±0.10, -75 %). It loses 9.0 honest recipients a day. 'soft' takes less spam away "
        "(-1.00 ±0.10, -25 %) and loses 2.0 honest recipients a day.",
    ),
    "a tie is no victory": (
        {"open": (4.0, 0.0), "a": (1.0, 9.0), "b": (1.01, 3.0), "c": (1.0, 5.0)},
        "Against 'open', 3 policies leave, about alike, the least spam: 1.00 a mailbox and day "
        "instead of 4.00 (-3.00 ±0.10, -75 %). Of these, 'b' loses the fewest honest recipients, "
        "3.0 a day; the others lose up to 9.0.",
    ),
    "who takes hardly any is not spoken of": (
        {"open": (400.0, 0.0), "hard": (100.0, 9.0), "weak": (393.0, 0.1)},
        "Against 'open', 'hard' leaves the least spam: 100.00 a mailbox and day instead of 400.00 "
        "(-300.00 ±0.10, -75 %). It loses 9.0 honest recipients a day.",
    ),
    "nobody takes any": (
        {"open": (4.0, 0.0), "a": (3.95, 9.0), "b": (4.0, 3.0)},
        "No policy here surely leaves less spam than 'open' (4.00 a mailbox and day).",
    ),
    "nothing to compare": ({"open": (4.0, 0.0)}, "One arm only: there is nothing to compare."),
}


@pytest.mark.parametrize(("arms", "sentence"), MEANINGS.values(), ids=MEANINGS)
def test_the_conclusion_is_what_the_table_bears(arms, sentence):
    assert terminal.meaning(made(arms)) == sentence


def test_pairing_that_did_not_help_is_said_and_arms_that_do_not_vary_are_no_failure():
    two = {"open": (4.0, 0.0), "a": (1.0, 9.0)}
    assert terminal.pairing(made(two)) == ""
    said = terminal.pairing(made(two, gains=(2.5, 0.9, np.nan)))
    assert "narrowed 4 of 8 differences in which both vary, up to 2.5 times" in said
    assert "it did not help the 4 marked °" in said
    assert "not" not in terminal.pairing(made(two, gains=(1.5,)))


DIFFERENCES = {
    # a difference with half its interval, gain -> as the column has it
    (-0.12, 0.02, 1.5): "*-0.12 ±0.02",
    (-0.0015, 0.0005, 1.5): "*-0.0015 ±0.0005",
    (0.001, 0.03, 0.9): "+0.00 ±0.03°",
    (0.0, 0.0, np.nan): "no change",
    (0.25, np.nan, np.nan): "+0.25",
    (np.nan, np.nan, np.nan): "-",
}


@pytest.mark.parametrize(("numbers", "text"), DIFFERENCES.items())
def test_a_difference_tells_whether_it_is_sure_and_whether_pairs_helped(numbers, text):
    difference, half, gain = numbers
    row = SimpleNamespace(
        difference=difference, difference_low=difference - half, difference_high=difference + half,
        gain=gain,
    )  # fmt: skip
    assert terminal._apart(row, terminal.SPAM) == text


@pytest.mark.parametrize("width", [80, 100])
def test_the_tables_hold_every_quantity_with_its_difference_and_fit(width):
    console = Console(width=width, record=True)
    for table in terminal.comparison(made({"open": (4.0, 0.0), "closed": (1.0, 9.0)})):
        console.print(table)
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    for shown in ("*+9.0", "*-3.00", "±0.1", "8.9–9.1"):
        assert shown in text
    shown = {column.quantity for table in terminal.COLUMNS for column in table}
    assert shown == {*QUANTITIES, EXCHANGE}


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
    results = SimpleNamespace(scenario=SimpleNamespace(model=model))
    assert list(warmup.warm_up(results, found))[-1] == sentence
    console = Console(width=100, record=True)
    console.print(warmup.levels(found))
    said = {0.0: "at once", 4.0: "day 4"}.get(row[2], "not yet" if row[3] else "-")
    assert said in console.export_text()


def test_an_interval_of_a_sweep_keeps_its_signs_and_exponents():
    rows = [
        (0, "open", "honest", "lost_per_day", 2.5, 3.04e-14, 89.6),
        (0, "shut", "honest", "lost_per_day", -1.5, -2.5, 5e-05),
        (0, "one", "honest", "lost_per_day", 4.0, np.nan, np.nan),
    ]
    table = pd.DataFrame(rows, columns=["point", "arm", "class", "measure", "mean", "low", "high"])
    found = SimpleNamespace(
        keys=["count"], arms=["open", "shut", "one"], points=[{"count": 5}], summary=lambda: table
    )
    console = Console(width=120, color_system=None)
    with console.capture() as capture:
        console.print(terminal.swept(found, "honest", "lost_per_day"))
    told = capture.get()
    assert "2.5  0–89.6" in told
    assert "-1.5  -2.5 to 5e-05" in told
    assert "4" in told.split()
