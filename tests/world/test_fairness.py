"""The same people write the same in every arm, whoever else is there; equal seeds, equal rows."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sim.scenario import load
from sim.world import simulate

MAIN = Path(__file__).parents[2] / "scenarios" / "open-vs-restricted.toml"
SMALL = {
    "run_length": "3 days",
    "policy_starts": "1 day",
    "transient": "1 day",
    "users.home-bodies.count": 20,
    "users.commuters.count": 20,
    "users.travellers.count": 20,
    "networks.rest.mailboxes": 100,
}
WRITTEN = ["sender", "group", "account", "place", "written_at", "recipient", "domain"]


@pytest.fixture(scope="module")
def small():
    return load(MAIN).with_overrides(SMALL)


def honest(run):
    rows = run.frames()["recipients"]
    return rows[rows["class"] == "honest"]


def written(run):
    rows = honest(run)[WRITTEN].astype({"group": str, "account": str, "place": str, "domain": str})
    return rows.reset_index(drop=True)


def test_arms_share_the_honest_mail(small):
    first = written(simulate(small, "open trust", 0))
    assert len(first) > 100
    for arm in list(small.arms)[1:]:
        assert written(simulate(small, arm, 0)).equals(first)


def test_replications_differ(small):
    assert not written(simulate(small, "open trust", 1)).equals(
        written(simulate(small, "open trust", 0))
    )


def test_another_spammer_changes_no_honest_mail(small):
    more = small.with_overrides({"spammers.bulk.count": 7})
    before, after = (simulate(s, "on network", 0) for s in (small, more))
    assert written(after).equals(written(before))
    assert after.intended["spam"] > before.intended["spam"]


def test_a_larger_group_begins_with_the_same_people(small):
    count = small.users["web-mail"].count
    more = small.with_overrides({"users.web-mail.count": count + 5})
    before, after = (written(simulate(s, "open trust", 0)) for s in (small, more))
    last = ["sender", "written_at", "place"]
    group = [rows[rows["group"] == "web-mail"] for rows in (before, after)]
    same = group[1][group[1]["sender"] < group[1]["sender"].min() + count]
    assert same[last].to_numpy().tolist() == group[0][last].to_numpy().tolist()


def digest(run):
    parts = [run.recipients, run.attempts, run.servers]
    return [
        (name, np.asarray(values).tobytes())
        for part in parts
        for name, values in sorted(part.items())
    ]


PRINT_DIGEST = """
import hashlib, sys
from sim.scenario import load
from sim.world import simulate
sys.path.insert(0, {tests!r})
from test_fairness import MAIN, SMALL, digest
run = simulate(load(MAIN).with_overrides(SMALL), "on network + POP first", 0)
print(hashlib.sha256(repr(digest(run)).encode()).hexdigest())
"""


def test_same_rows_whatever_the_hash_seed():
    code = PRINT_DIGEST.format(tests=str(Path(__file__).parent))
    printed = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert len(printed[0]) > 60
    assert printed[0] == printed[1]


def test_what_ran_before_does_not_matter(small):
    alone = digest(simulate(small, "on network", 0))
    simulate(small, "on network + identity check", 1)
    simulate(small, "open trust", 0)
    assert digest(simulate(small, "on network", 0)) == alone
