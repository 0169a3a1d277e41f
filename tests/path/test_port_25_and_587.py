"""Networks that block port 25, and servers that offer 587, as the lab shows them."""

from pathlib import Path

import pytest

import sim
from sim.path.journey import Servers
from sim.world import simulate

SCENARIO = sim.load(Path(__file__).parents[2] / "scenarios" / "servers-in-trouble.toml")
BLOCKED, OFFERED = "hotel blocks port 25", "hotel blocks port 25, servers offer 587"
TO = "bob@adatum.com"


def answers(arm):
    matrix = SCENARIO.matrix(server="proseware", arm=arm)
    return {(c.place, c.to, c.credentials): c.verdict.kind for c in matrix.cells}


def test_from_a_network_that_blocks_port_25_nobody_answers():
    found = answers(BLOCKED)
    away = {kind for (place, *_), kind in found.items() if place == "hotel"}
    assert away == {"unreachable"}
    assert "unreachable" not in {kind for (place, *_), kind in found.items() if place == "home"}


def test_port_587_is_open_to_who_logs_in():
    found = answers(OFFERED)
    kinds = [found["hotel", "elsewhere", how] for how in ("none", "auth", "pop", "587")]
    assert kinds == ["unreachable", "unreachable", "unreachable", "accept_relay"]


def test_without_blocks_587_relays_too_and_where_it_is_not_offered_it_is_as_25():
    assert answers("none of it")["hotel", "elsewhere", "587"] == "accept_relay"
    assert answers(BLOCKED)["hotel", "elsewhere", "587"] == "unreachable"


def test_explain_tells_of_the_block_and_advises_587():
    found = SCENARIO.explain(user="travellers", place="hotel", to=TO, arm=OFFERED)
    assert found.outcome == "unreachable"
    assert ("Port", "25") in found.error_box.fields
    helping = [advice.changes[0].key for advice in found.advice if advice.helps]
    assert helping == ["by_587", "dial_in"]
    by_587 = SCENARIO.explain(user="travellers", place="hotel", to=TO, arm=OFFERED, by_587=True)
    assert by_587.outcome == "delivered"
    assert by_587.hops[0].verdict.rule == "permit_sasl_authenticated"
    assert "on port 587" in str(by_587)


def test_nobody_is_advised_a_port_that_is_not_offered():
    found = SCENARIO.explain(user="travellers", place="hotel", to=TO, arm=BLOCKED)
    assert "by_587" not in [advice.changes[0].key for advice in found.advice]


def test_the_difference_of_the_arms_is_what_587_gains():
    changes = SCENARIO.diff(BLOCKED, OFFERED).changes
    assert {(c.mark, c.before.place, c.before.credentials) for c in changes} == {
        ("gain", "hotel", "587")
    }


def test_servers_are_not_blocked_among_themselves():
    scenario = SCENARIO.model.with_overrides({"networks.adatum.blocks_port_25": True})
    servers = Servers(scenario, "none of it")
    from sim.exact.situations import others

    cells = {cell.who: cell for cell in others(servers, "proseware-mx", ())}
    assert cells["another server"].verdict.kind == "accept_local"


@pytest.mark.parametrize("arm", [BLOCKED, OFFERED])
def test_the_simulation_agrees(arm):
    """First attempts of people who never changed a setting are as the matrix says."""
    few = {"run_length": "4 days", "policy_starts": "0 s", "transient": "0 s"}
    rows = simulate(SCENARIO.model.with_overrides(few), arm, 0).frames()["recipients"]
    away = rows[(rows["class"] == "honest") & (rows["place"] == "hotel")]
    for group, how in (("travellers", "none"), ("on-587", "587")):
        mine = away[away["group"] == group].sort_values("written_at")
        refused = mine["first_cause"].astype(str) == "unreachable"
        wanted = answers(arm)["hotel", "elsewhere", how] == "unreachable"
        assert len(mine) > 20
        if how == "587":
            assert refused.all() if wanted else not refused.any()
        else:
            assert refused.head(10).all() == wanted
