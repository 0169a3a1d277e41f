"""What mail programs show servers that offer AUTH is worked out before the run."""

from pathlib import Path

import numpy as np

from sim.records.words import Permission
from sim.scenario import load
from sim.world.batch.columns import Known
from sim.world.run import World

SCENARIO = Path(__file__).parents[3] / "scenarios" / "open-vs-restricted.toml"


def run(**keys):
    """A world of fifty people in a group, all of whom log in, after its run; and its rows."""
    scenario = load(SCENARIO)
    counts = {f"users.{n}.count": 50 for n in scenario.users}
    auth = {f"users.{n}.auth": 1.0 for n in scenario.users}
    world = World(scenario.with_overrides(counts | auth | keys), "on network + AUTH", 0)
    messages, number = world.messages.messages, world.messages.known.logins.number
    known = messages.known
    rows = world.run()
    return known, number, rows


def test_messages_of_people_who_log_in_are_known_and_relayed_by_their_own_login():
    known, number, rows = run()
    some = number > 0
    assert np.isin(known[some], [Known.LOCAL, Known.SECOND_HOP, Known.PARTS]).mean() > 0.5
    assert (rows.attempts["permission"] == Permission.OWN_LOGIN.number).sum() > 100


def test_a_rule_about_owners_is_asked_message_by_message():
    known, number, _ = run(
        **{
            "servers.*.sender": ["reject_authenticated_sender_login_mismatch"],
            "policy_starts": "1 min",
        }
    )
    assert np.isin(known[number > 0], [Known.COUNT, Known.WRITE]).all()
