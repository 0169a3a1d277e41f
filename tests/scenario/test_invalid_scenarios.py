"""Every file in tests/invalid_scenarios is wrong in one way, and told so in these words.

A file begins with the lines of the message, as comments; one of JSON, which has no
comments, has them in a file of the same name and ``.expected``.
"""

from itertools import takewhile
from pathlib import Path

import pytest

from sim.scenario import ScenarioError, load

FOLDER = Path(__file__).parents[1] / "invalid_scenarios"
FILES = sorted(path.name for path in FOLDER.iterdir() if path.suffix in (".toml", ".json"))


def expected(name: str) -> list[str]:
    beside = FOLDER / f"{name}.expected"
    if beside.exists():
        return beside.read_text().splitlines()
    lines = (FOLDER / name).read_bytes().decode("latin-1").splitlines()
    return [line[2:] for line in takewhile(lambda line: line.startswith("# "), lines)]


def test_there_is_a_file_for_every_kind_of_mistake():
    assert len(FILES) > 90


@pytest.mark.parametrize("name", FILES)
def test_invalid_scenario_is_told_exactly_what_is_wrong(name, monkeypatch):
    monkeypatch.chdir(FOLDER)
    with pytest.raises(ScenarioError) as raised:
        load(name)
    told = [str(fault).removeprefix(f"{name}: ") for fault in raised.value.faults]
    assert told == expected(name)
    assert str(raised.value).count("\n") == len(told) - 1
