"""What a run says on a terminal: the tables, and the sentences under them."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from sim import terminal
from sim.measure.decisions import COLUMNS, EXCHANGE, QUANTITIES

SPAM, LOST = "spam per mailbox and day", "honest recipients lost"


def made(arms: dict[str, tuple[float, float]], *, half: float = 0.1, gains=(np.nan,)):
    """Results of which the first arm is the base; an arm has (spam, honest recipients lost)."""
    base = next(iter(arms))
    rows = []
    for arm, (spam, lost) in arms.items():
        for name in (*QUANTITIES, *([EXCHANGE] if arm != base else [])):
            value = {SPAM: spam, LOST: lost}.get(name, 0.5)
            first = dict(zip((SPAM, LOST), arms[base], strict=True)).get(name, 0.5)
            told = (value - first,) if arm != base and name != EXCHANGE else (np.nan,)
            gain = gains[len(rows) % len(gains)] if arm != base else np.nan
            rows.append(
                (arm, name, "", value, value - half, value + half, np.nan, *told,
                 told[0] - half, told[0] + half, 0.5, gain, 10)
            )  # fmt: skip
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return SimpleNamespace(
        arms=list(arms), base=base, replications=10, decision=lambda: table, adoptions=list
    )


MEANINGS = {
    "one takes most": (
        {"open": (4.0, 0.0), "hard": (1.0, 9.0), "soft": (3.0, 2.0)},
        "Against 'open', 'hard' leaves the least spam: 1.00 a mailbox and day instead of 4.00 "
        "(-75 %). It loses 9.0 honest recipients a day. 'soft' takes less spam away (-25 %) and "
        "loses 2.0 honest recipients a day.",
    ),
    "a tie is no victory": (
        {"open": (4.0, 0.0), "a": (1.0, 9.0), "b": (1.01, 3.0), "c": (1.0, 5.0)},
        "Against 'open', 3 policies leave, about alike, the least spam: 1.00 a mailbox and day "
        "instead of 4.00 (-75 %). Of these, 'b' loses the fewest honest recipients, 3.0 a day; "
        "the others lose up to 9.0.",
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
    assert "it did not help 4" in said
    assert "not" not in terminal.pairing(made(two, gains=(1.5,)))


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
