"""The line of each key, in TOML and JSON, however it is written."""

import pytest
from small import SMALL

from sim.scenario import ScenarioError, load, loads
from sim.scenario.positions import lines

WRITTEN = {
    # how it is written: text, path, line
    "a key": ("\na = 1", ("a",), 2),
    "a key of a table": ("[t]\n\na = 1", ("t", "a"), 3),
    "a table": ("a = 1\n[t.u]\nb = 2", ("t", "u"), 2),
    "a dotted key": ("t.u = 1\nt.v = 2", ("t", "v"), 2),
    "a quoted key": ('"servers.*.relay" = 1', ("servers.*.relay",), 1),
    "a key with an escape": ('x = 1\n"a\\"b" = 1', ('a"b',), 2),
    "a key with TOML's own escape": ('x = 1\n"\\U00000041" = 1', ("A",), 2),
    "inline": ("t = { a = 1,\tb = [1, 2] }\nc = 1", ("t", "b", 1), 1),
    "over lines": ("t = [\n  1,\n  # two\n  { a = 2 },\n]", ("t", 1, "a"), 4),
    "after a text over lines": ('t = """\n[u]\na = 1\n"""\nb = 1', ("b",), 5),
    "after a text that ends in quotes": ('t = """a\n"""""\nb = 1', ("b",), 3),
    "after a plain text over lines": ("t = '''\na = \"\n'''\nb = 1", ("b",), 4),
    "after a comment": ("# a = { [\nb = 1 # ]\nc = 1", ("c",), 3),
    "after a date": ("t = 1999-07-01 10:00:00\nb = 1", ("b",), 2),
    "an array of tables": ("[[e]]\na = 1\n[[e]]\na = 2", ("e", 1, "a"), 4),
    "a table of an array of tables": ("[[e]]\n[[e]]\n[e.t]\na = 2", ("e", 1, "t", "a"), 4),
    "with carriage returns": ("a = 1\r\nb = 1\r\n", ("b",), 2),
    "JSON": ('{\n "a": 1,\n "t": {"b": [1,\n2]}}', ("t", "b", 1), 4),
}


@pytest.mark.parametrize(("text", "path", "line"), WRITTEN.values(), ids=WRITTEN)
def test_line_of_a_key(text, path, line):
    assert lines(text)[path] == line


def faults(text):
    with pytest.raises(ScenarioError) as raised:
        loads(text)
    return raised.value.faults


def test_a_key_that_is_missing_is_told_at_its_table():
    (fault,) = faults(SMALL.replace('kind = "venue"', ""))
    assert fault.line == SMALL.splitlines().index("[networks.hotel]") + 1


def test_what_no_line_says_has_none():
    (fault,) = faults(SMALL.replace('title = "A small scenario"', ""))
    assert fault.line is None


def test_the_same_fault_in_several_arms_is_told_once():
    arms = ['[arms."a, b"]', '"servers.*.relay" = "opne"', "[arms.c]", 'servers."*".relay = "opne"']
    (fault,) = faults(SMALL + "\n".join(arms))
    assert fault.key == 'arms."a, b"."servers.*.relay"'
    assert str(fault).endswith(f"; also in c (line {fault.line + 2})")


def test_a_fault_of_what_is_extended_has_its_line_there(tmp_path):
    (tmp_path / "base.toml").write_text("\n" + SMALL.replace('lease = "30 min"', "lease = 5"))
    (tmp_path / "own.toml").write_text('extends = "base.toml"\n[networks.proseware]\n')
    with pytest.raises(ScenarioError, match=r"base\.toml: line 16: networks\.proseware\.lease: 5"):
        load(tmp_path / "own.toml")


def test_a_value_that_no_file_says_has_no_line():
    with pytest.raises(ScenarioError) as raised:
        loads(SMALL).with_overrides({"users.travellers.count": -1})
    assert [fault.line for fault in raised.value.faults] == [None]
