"""What a run says on a terminal: the tables, and how its numbers are written."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from sim.cli import render


@pytest.mark.parametrize("width", [80, 100])
def test_the_tables_hold_every_quantity_with_its_difference_and_fit(decided, width):
    table = decided({"open": (4.0, 0.0), "closed": (1.0, 9.0)})
    console = Console(width=width, record=True)
    for part in render.comparison(table, ["open", "closed"]):
        console.print(part)
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    for shown in ("*+9.00", "*−3.00", "±0.10", "8.90–9.10"):
        assert shown in text
    words = text.split()
    for quantity in table["quantity"].unique():
        assert set(quantity.replace(",", " ").split()) <= {word.strip(",") for word in words}


def test_an_interval_of_a_sweep_keeps_its_signs_and_small_numbers():
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
        console.print(render.at_points(found, "honest", "lost_per_day"))
    told = capture.get()
    assert "2.50  0.00–89.6" in told
    assert "−1.50  −2.50 to 0.000050" in told
    assert "4.00" in told.split()
