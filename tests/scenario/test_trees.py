"""Trees laid over each other: tables key by key, down to a depth; anything else replaces."""

import pytest

from sim.scenario.trees import merge, table

BELOW = {"a": {"x": {"k": 1, "l": 2}, "y": {"k": 3}}, "b": 1}
ABOVE = {"a": {"x": {"k": 9}}, "b": {"z": 0}}
MERGED = {
    # depth: what comes out
    0: ABOVE,
    1: {"a": {"x": {"k": 9}}, "b": {"z": 0}},
    2: {"a": {"x": {"k": 9}, "y": {"k": 3}}, "b": {"z": 0}},
    3: {"a": {"x": {"k": 9, "l": 2}, "y": {"k": 3}}, "b": {"z": 0}},
}


@pytest.mark.parametrize(("depth", "merged"), MERGED.items())
def test_tables_are_merged_down_to_a_depth(depth, merged):
    assert merge(BELOW, ABOVE, depth) == merged
    assert BELOW["a"]["x"] == {"k": 1, "l": 2}  # neither is changed


def test_a_table_that_is_not_there_is_empty():
    assert table(BELOW, "a", "y") == {"k": 3}
    for path in (("c",), ("b",), ("b", "z"), ("a", "y", "k")):
        assert table(BELOW, *path) == {}
