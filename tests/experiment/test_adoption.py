"""One ISP alone and all of them: which arms have the same policy in fewer networks."""

from pathlib import Path

import numpy as np
import pytest

import sim
from sim.experiment.adoption import Adoption, adoptions, changes
from sim.measure.decisions import QUANTITIES

ROOT = Path(sim.__file__).resolve().parent.parent
SMALL = Path(__file__).with_name("small.toml")

READY = {
    "open-vs-restricted": [Adoption(("only proseware closes",), "on network", (1, 10))],
    "one-closes-alone": [  # closed by their operators, on a date
        Adoption(("the first alone", "half of them", "all but one"), "all", (1, 6, 11, 12))
    ],
    # other arms in which everybody asks change something else besides
    "blocklist-collateral": [Adoption(("adatum asks",), "everybody asks", (1, 5))],
    "dead-list": [],  # two machines of one network are one ISP
    "six-cases": [],
}


def arms_of(**arms):
    """The small scenario with its two arms and these."""
    text = SMALL.read_text("utf-8")
    for name, keys in arms.items():
        text += "\n".join([f"[arms.{name}]", *keys, ""])
    return sim.loads(text)


@pytest.mark.parametrize(("name", "expected"), READY.items(), ids=READY)
def test_in_the_ready_scenarios(name, expected):
    scenario = sim.load(ROOT / "scenarios" / f"{name}.toml").model
    assert adoptions(scenario, list(scenario.arms)) == expected


ONE = '"servers.proseware-*.relay" = "on_network"'
NO_PART = {
    "another policy": ['"servers.proseware-*.relay" = "on_network+auth"'],
    "something else besides": [ONE, '"users.travellers.to_same_isp" = 0.5'],
    "as many networks": ['"servers.*.relay" = "on_network"'],
    "nothing": [],
}


@pytest.mark.parametrize("keys", NO_PART.values(), ids=NO_PART)
def test_what_is_no_part_of_the_policy_of_all(keys):
    scenario = arms_of(some=keys).model
    assert adoptions(scenario, list(scenario.arms)) == []


def test_names_of_arms_say_nothing():
    scenario = arms_of(everybody=[ONE]).model
    assert adoptions(scenario, list(scenario.arms)) == [
        Adoption(("everybody",), "on network", (1, 3))
    ]
    assert adoptions(scenario, ["open trust", "everybody"]) == []  # the other was not run


def test_the_base_changes_nothing():
    scenario = sim.load(SMALL).model
    assert changes(scenario, "open trust") == {}
    assert set(changes(scenario, "on network")) == set(scenario.servers)


def test_side_by_side_are_the_numbers_of_decision_and_compare(tmp_path):
    results = sim.run(arms_of(alone=[ONE]), out=tmp_path, progress=False)
    table = results.adoption().set_index(["arm", "quantity"])
    assert dict(zip(table.index.get_level_values("arm"), table["networks"], strict=True)) == {
        "open trust": 0, "alone": 1, "on network": 3,
    }  # fmt: skip
    decision = results.decision().set_index(["arm", "quantity"])
    for column in ("mean", "low", "high"):
        assert table[column].equals(decision.loc[table.index, column])
    for before in ("open trust", "alone"):
        changed = results.compare(before, "on network").set_index(["class", "measure"])
        for name, quantity in QUANTITIES.items():
            if not quantity.per_day:
                row, same = table.loc[before, name], changed.loc[quantity.class_, quantity.measure]
                told = row[["difference", "difference_low", "difference_high", "gain"]]
                expected = same[["difference", "low", "high", "gain"]]
                np.testing.assert_allclose(told.astype(float), expected.astype(float))
    assert table.loc["on network"]["difference"].isna().all()
    assert (table.loc["alone", "honest recipients lost"]["difference"]) > 0
