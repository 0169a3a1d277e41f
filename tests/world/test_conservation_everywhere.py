"""Nothing is lost and nothing is doubled: whatever the scenario."""

import random
from pathlib import Path

import pytest
from drawn import RESTRICTIONS, scenario_texts
from hypothesis import HealthCheck, Phase, given, settings

from sim.measure import conservation
from sim.records import words
from sim.scenario import load, loads
from sim.world import simulate
from sim.world.recorder import Recorder

EVERYTHING = Path(__file__).parents[1] / "benchmarks" / "everything.toml"


def balanced(scenario, arm, replication=0):
    """The frames of a run whose books balance."""
    run = simulate(scenario, arm, replication)
    frames = run.frames()
    conservation.check(frames, run.intended, run.workload, run.lost)
    return frames


# ---- every feature at once


SMALL = {
    "users.*.count": 60,
    "users.home-bodies.count": 300,
    "topology.isps": 60,
    # and what the benchmark has too little of for each word of every column to occur
    "networks.hotels.prefixes": ["10.200.0.0/28"],
    "networks.hotels.lease": "20 min",
    "networks.hotels.blocks_port_25": False,
    "networks.branch.prefixes": ["10.203.0.0/26"],
    "networks.branch.reserved": [],
    "networks.branch.lease": "2 h",
    "users.branch-office.fixed_address": [],
    "users.branch-office.messages": "8 / day",
    "users.branch-office.wrong_password": 0.5,
    "users.commuters.sender_domain": "adatum.example",
    "users.commuters.when_refused": {"switch_server": 0.3, "change_sender": 0.4, "ask_isp": 0.3},
    "users.travellers.places": {"home": 0.2, "hotels": 0.4, "kiosk": 0.4},
    "spammers.guests.network": "hotels",
    "spammers.guests.calls": 100,
    "spammers.thieves.stolen": 60,
    "spammers.thieves.adaptive": True,
    "spammers.thieves.forge": "customer",
    "servers.isp-00{2,3,4}-smtp.auth_password": "pop",
    "servers.isp-004-smtp.listing_update": "1 min",
    "servers.isp-001-smtp.port_587": False,
    "servers.isp-001-smtp.queue_lifetime": "6 h",
    "servers.isp-001-smtp.delay_warning": "2 h",
    "servers.isp-002-mx.sessions": 1,
    "servers.isp-002-mx.connection_queue": 0,
    "servers.isp-005-mx.down": [["1 days", "2.5 days"]],
    "blocklists.neighbours.lists_the_world": "2.5 days",
    "operators.middling.date": "1.5 days",
    "arms.everything.servers.isp-02*-smtp.relay": "open",
    "operators.middling.after_relayed": 1,
    "operators.middling.reaction": "1 min",
    "servers.isp-008-mx.aliases": {"@isp-008.example": "@isp-009.example"},
    "servers.isp-008-mx.sender_rewriting": True,
    "servers.isp-009-mx.aliases": {"@isp-009.example": "@isp-008.example"},
    "arms.everything.servers.isp-001-smtp.relay": "on_network+pop_first",
    "arms.everything.servers.isp-003-mx.client": [
        "limit_client_rate(5 / hour)",
        "reject_unknown_reverse_client_hostname",
    ],
    "networks.isp-010.reverse_names": "none",
    "arms.everything.servers.isp-004-smtp.relay": "on_network+address_range",
    "arms.everything.servers.isp-004-smtp.client_ranges": [],
    "arms.everything.servers.isp-004-smtp.sender": [],
}


@pytest.fixture(scope="module")
def everything():
    return load(EVERYTHING).with_overrides(SMALL)


@pytest.fixture(scope="module")
def briefly(everything):
    """Everything, for some hours after the policy starts: what is noticed is noticed at once."""
    hours = {"policy_starts": "8 h", "transient": "2 h", "run_length": "16 h"}
    return everything.with_overrides(hours)


WORDS = {
    ("recipients", "class"): words.MailClass,
    ("recipients", "fate"): words.Fate,
    ("recipients", "route"): words.Route,
    ("recipients", "remedy"): words.Remedy,
    ("attempts", "permission"): words.Permission,
    # nobody in a world writes an address that is none
    ("attempts", "cause"): tuple(set(words.Cause) - {"syntax", "loop"}),
    ("recipients", "cause"): (words.Cause.LOOP,),
    ("calendar", "change"): words.Change,
    ("calendar", "reason"): words.Reason,
}


def test_with_every_feature_switched_on(everything):
    """The books balance, and everything that can happen did: each word of each column."""
    frames = balanced(everything, "everything")
    seen = {(table, column): set(frames[table][column]) for table, column in WORDS}
    assert {key: sorted(set(words) - seen[key]) for key, words in WORDS.items()} == {
        key: [] for key in WORDS
    }


def test_and_before_it_is(everything):
    frames = balanced(everything, "open trust", replication=1)
    assert (frames["recipients"]["fate"] == "delivered").mean() > 0.7


# ---- whatever is drawn

QUICK = settings(
    max_examples=25, deadline=None, database=None, derandomize=True,
    phases=[Phase.generate], suppress_health_check=list(HealthCheck),
)  # fmt: skip
LONG = settings(QUICK, max_examples=300, derandomize=False, phases=[Phase.generate, Phase.shrink])


def books_balance(text):
    scenario = loads(text, "drawn.json")
    baseline, changed = (balanced(scenario, arm)["recipients"] for arm in scenario.arms)
    intended = ["message", "recipient", "written_at"]
    honest = [
        r.loc[r["class"] == "honest", intended].reset_index(drop=True) for r in (baseline, changed)
    ]
    assert honest[0].equals(honest[1])  # the same people write the same, whatever happens


@QUICK
@given(scenario_texts())
def test_whatever_is_drawn(text):
    books_balance(text)


@pytest.mark.slow
@LONG
@given(scenario_texts())
def test_whatever_is_drawn_at_length(text):
    books_balance(text)


def test_what_is_drawn_has_every_restriction():
    seen = set()

    @settings(QUICK, max_examples=60)
    @given(scenario_texts())
    def look(text):
        seen.update(name for name in RESTRICTIONS if f'"{name}' in text)

    look()
    assert seen >= set(RESTRICTIONS) - {"reject_unlisted_recipient"}


def test_a_lost_recipient_is_noticed(briefly):
    run = simulate(briefly, "everything", 0)
    frames = run.frames()
    rows = frames["recipients"]
    lost = random.Random(1).randrange(len(rows))
    frames["recipients"] = rows.drop(index=lost).reset_index(drop=True)
    with pytest.raises(conservation.ConservationError):
        conservation.check(frames, run.intended, run.workload)


def test_a_message_that_nothing_has_is_noticed(briefly, monkeypatch):
    end = Recorder.end

    def forgetful(rows, group, *rest):
        if group.first % 1000 != 7:
            end(rows, group, *rest)

    monkeypatch.setattr(Recorder, "end", forgetful)
    with pytest.raises(conservation.ConservationError) as raised:
        balanced(briefly, "everything")
    told = str(raised.value)
    assert "in transit, but in no outbox and no queue" in told
    assert "its attempts:" in told


def test_a_policy_may_ask_for_pop_logins_where_nobody_logs_in(briefly):
    nobody = {"users.*.program": "web", "users.*.pop_before_sending": 0.0}
    asked = briefly.with_overrides(nobody | {"servers.*.relay": ["permit_pop_before_smtp(1 min)"]})
    run = simulate(asked, "everything", 0)
    conservation.check(run.frames(), run.intended, run.workload, run.lost)
