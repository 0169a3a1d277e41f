"""A table that is too wide for a terminal goes on below: no column is lost, no word broken."""

import io

import pytest
from rich.console import Console

from sim.exact.blocks import Grid
from sim.exact.page import Rendered

RULES = ("permit_sasl_authenticated", "reject_unauth_destination", "permit_mynetworks")
GRID = Grid("", ("place", "recipient", *RULES), tuple(("hotel", f"to {n}", *RULES) for n in "ab"),
            names=2)  # fmt: skip


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_every_column_is_there_with_its_words_whole(width):
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(Rendered([GRID]))
    text = console.file.getvalue()
    assert max(map(len, text.splitlines())) <= width
    for rule in RULES:
        assert text.split().count(rule) == 3  # its heading, and a cell in each row
    tables = text.count("recipient")
    assert text.count("to a") == text.count("to b") == tables  # each part names its rows
    assert (tables > 1) == (width < 100)
