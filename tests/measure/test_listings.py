"""How long servers are on blocklists, and whether at all, by hand."""

import pytest
from synthetic_frames import frames

from sim.measure.counters import measure_run
from sim.measure.exposure import Exposure

DAY = 86400.0
A, B = 0xC6336401, 0xC6336481
"""198.51.100.1 and 198.51.100.129."""


def listed(*changes, always=(), lists=1):
    """By server, the share of the time on a list and whether it ever was; over two days."""
    over = Exposure(
        3 * DAY, DAY, 0.0, 1, {"server": ("", "a", "b")}, frozenset({"a"}), lists,
        {"a": (A, A + 1), "b": (B,)}, frozenset(always),
    )  # fmt: skip
    rows = [
        {"at": at * DAY, "change": change, "name": name, "address": address, "prefix": prefix}
        for at, change, name, address, prefix in changes
    ]
    table = measure_run(frames(calendar=rows), over)
    table = table.astype({"key": str, "measure": str})
    rows = table[table["measure"].isin(["listed_time_share", "listed_rate"])]
    rows = rows[rows["phase"] == "after"].sort_values(["key", "measure"], ascending=[True, False])
    return {key: part["value"].tolist() for key, part in rows.groupby("key", observed=True)}


def test_two_lists_that_overlap_count_once():
    times = listed(
        (0.5, "listed", "one", A, 32), (1.5, "delisted", "one", A, 32),
        (1.25, "listed", "two", A + 1, 32), (2.0, "delisted", "two", A + 1, 32),
    )  # fmt: skip
    assert times == {"": [0.5, 1.0], "a": [0.5, 1.0], "b": [0.0, 0.0]}


@pytest.mark.parametrize(("prefix", "b"), [(24, [0.75, 1.0]), (32, [0.0, 0.0]), (0, [0.75, 1.0])])
def test_a_prefix_lists_all_in_it(prefix, b):
    address = A >> (32 - prefix) << (32 - prefix)
    assert listed((1.5, "listed", "one", address, prefix))["b"] == b


def test_a_stated_range_lists_from_the_beginning():
    assert listed(always=["b"])["b"] == [1.0, 1.0]


def test_what_was_over_before_the_policy_starts_does_not_count():
    changes = (0.2, "listed", "one", A, 32), (0.9, "delisted", "one", A, 32)
    assert listed(*changes)["a"] == [0.0, 0.0]


def test_without_a_blocklist_nothing_is_defined():
    assert set(listed(lists=0)) == {""}
