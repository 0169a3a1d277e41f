"""A scenario written out loads again to an equal one; its hash follows what matters."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from small import SMALL

from sim.scenario import load, loads, new

FOLDER = Path(__file__).parents[2] / "scenarios"
ODD = (
    SMALL.replace('"A small scenario"', r'"a \"quoted\" \\ \u007F ü title"')
    + r"""
[arms."ä \"b\""]
"servers.*-mx.retry" = ["1 min", "0.5 h"]
"servers.*.service_time" = { distribution = "lognormal", median = "0.3333333 s", sigma = 0.1 }
"users.travellers.places" = { home = 0.1, hotel = 0.9 }
[[expect]]
place = "hotel"
to = "bob@adatum.com"
code = 250
"""
)
TEXTS = {path.name: path.read_text() for path in sorted(FOLDER.glob("*.toml"))} | {
    "small": SMALL,
    "new": new(),
    "odd names, long numbers": ODD,
    "many prefixes": SMALL.replace(
        "[users.travellers]",
        "[servers.adatum-mx]\nclient_ranges = [\n"
        + "".join(f'"10.{n // 250}.{n % 250}.0/24",\n' for n in range(500))
        + "]\n[users.travellers]",
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_resolved_loads_again_to_an_equal_scenario(name):
    scenario = loads(TEXTS[name])
    again = loads(scenario.resolved())
    assert again == scenario
    assert again.hash() == scenario.hash()
    assert list(again.arms) == list(scenario.arms)
    for arm in scenario.arms:
        assert again.arm(arm) == scenario.arm(arm)
    assert again.resolved() == scenario.resolved()


def test_resolved_hides_no_default():
    text = loads(SMALL).resolved()
    for line in (
        'queue_lifetime = "auto"  # smtp.retry.give_up_min',
        'address = "198.51.100.126"',
        'trusted_networks = ["198.51.100.0/25"]',
        'access = { home = "dial-up", hotel = "lan" }',
        'choice = "order"  # chosen',
        'weekend = "as places"',
        "seed = 1",
        'baseline = "open trust"',
    ):  # fmt: skip
        assert line in text.splitlines(), line
    assert "ask_isp = 0.2, change_sender = 0.0, give_up = 0.2 }" in text


def test_resolved_says_of_defaults_alone_where_they_come_from():
    lines = loads(SMALL).resolved().splitlines()
    sessions = [line for line in lines if line.startswith("sessions = ")]
    assert sorted(set(sessions)) == ["sessions = 3", "sessions = 4  # chosen"]
    assert 'messages = "2 / day"  # mail.consumer.sent_per_day' in lines


def test_resolved_says_what_was_written_in_its_own_words():
    assert 'run_length = "7 days"' in loads(SMALL).resolved()


def test_an_arm_writes_itself():
    arm = loads(SMALL).arm("on network")
    assert loads(arm.resolved()) == arm


SAME = {
    "title": ('"A small scenario"', '"Another"'),
    "units": ('"7 days"', '"168 h"'),
    "replications": ("[networks.core]", "replications = 99\n[networks.core]"),
    "baseline": ("[networks.core]", 'baseline = "on network"\n[networks.core]'),
    "a comment": ("[networks.core]", "# so it is\n[networks.core]"),
    "a default written out": ("count = 10", 'count = 10\nmessages = "2 / day"'),
}
OTHER = {
    "seed": ("[networks.core]", "seed = 2\n[networks.core]"),
    "run length": ('"7 days"', '"8 days"'),
    "a network": ('"12 ms"', '"13 ms"'),
    "a default of servers": ("sessions = 3", "sessions = 4"),
    "people": ("count = 10", "count = 11"),
    "spammers": ('["open_relay", "direct"]', '["direct"]'),
    "an arm": ('"on_network"\n', '"auth"\n'),
    "the name of an arm": ('"on network"]', '"on the network"]'),
    "where people are": ("home = 0.5, hotel = 0.5", "home = 0.4, hotel = 0.6"),
}


@pytest.mark.parametrize("change", SAME)
def test_hash_stays_when_no_row_changes(change):
    assert SAME[change][0] in SMALL
    assert loads(SMALL.replace(*SAME[change], 1)).hash() == loads(SMALL).hash()


@pytest.mark.parametrize("change", OTHER)
def test_hash_changes_with_what_changes_rows(change):
    assert OTHER[change][0] in SMALL
    assert loads(SMALL.replace(*OTHER[change], 1)).hash() != loads(SMALL).hash()


def test_hash_is_the_same_in_every_interpreter():
    code = "import sys, sim.scenario as s; print(s.loads(sys.stdin.read()).hash())"
    for seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            input=SMALL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (run.stdout, run.stderr) == (loads(SMALL).hash() + "\n", "")


def test_files_and_texts_say_the_same():
    path = FOLDER / "six-cases.toml"
    assert load(path) == loads(path.read_text())
