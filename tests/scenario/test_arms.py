"""What an arm changes: selectors, their order, and faults where they are written."""

import pickle

import pytest
from small import SMALL

from sim.scenario import ScenarioError, loads
from sim.scenario.overrides import matching, value_of


def with_arm(*lines):
    return SMALL + "[arms.it]\n" + "\n".join(lines)


def relays(text):
    return {n: s.relay for n, s in loads(text).arm("it").servers.items() if s.relay != "open"}


ALL = ["proseware-smtp", "proseware-mx", "adatum-smtp", "adatum-mx", "phone-smtp", "phone-mx"]
SELECTORS = {
    # selector: what it matches
    "proseware-smtp": ["proseware-smtp"],
    "*": ALL,
    "*-smtp": ["proseware-smtp", "adatum-smtp", "phone-smtp"],
    "proseware-*": ["proseware-smtp", "proseware-mx"],
    "*a*a*-mx": ["adatum-mx"],
    "{proseware,adatum}-smtp": ["proseware-smtp", "adatum-smtp"],
    "{proseware,adatum}-*": ["proseware-smtp", "proseware-mx", "adatum-smtp", "adatum-mx"],
    "{proseware-smtp,phone-mx}": ["proseware-smtp", "phone-mx"],
    "proseware": [],
    "*smtpx": [],
    "proseware-smtp*p": [],  # the two ends do not overlap
}


@pytest.mark.parametrize(("selector", "names"), SELECTORS.items(), ids=SELECTORS)
def test_selector(selector, names):
    assert matching(selector, ALL) == names


def test_an_arm_changes_servers_that_a_domain_made():
    assert relays(with_arm('"servers.adatum-mx.relay" = "closed"')) == {"adatum-mx": "closed"}


def test_the_later_line_wins():
    general, special = '"servers.*.relay" = "closed"', '"servers.phone-mx.relay" = "auth"'
    assert relays(with_arm(general, special))["phone-mx"] == "auth"
    assert relays(with_arm(special, general))["phone-mx"] == "closed"


def test_bare_dotted_keys_mean_the_same():
    assert relays(with_arm('servers.phone-mx.relay = "auth"')) == {"phone-mx": "auth"}


def test_a_key_of_a_table_keeps_its_neighbours():
    scenario = loads(with_arm('"servers.*-mx.service_time.mean" = "3 s"'))
    time = scenario.arm("it").servers["phone-mx"].service_time
    assert (time.distribution, time.mean) == ("exponential", 3.0)


def test_other_tables_than_servers():
    arm = loads(with_arm('"users.travellers.auth" = 0.5', '"networks.*.lease" = "1 h"')).arm("it")
    assert arm.users["travellers"].auth == 0.5
    assert arm.networks["hotel"].lease == 3600.0


def test_arms_do_not_touch_each_other_or_the_base():
    scenario = loads(SMALL)
    assert scenario.servers["phone-mx"].relay == "open"
    assert scenario.arm("on network").servers["phone-mx"].relay == "on_network"
    assert scenario.arm("open trust") == scenario
    assert scenario.arm("on network").arm("open trust") == scenario
    assert scenario.arm("on network") is scenario.arm("on network")


def test_an_unknown_arm_is_named_with_the_nearest():
    with pytest.raises(ScenarioError, match="did you mean 'on network'"):
        loads(SMALL).arm("on netwrok")


def test_a_scenario_with_its_arms_survives_pickling():
    scenario = loads(SMALL)
    copy = pickle.loads(pickle.dumps(scenario))
    assert copy == scenario
    assert copy.arm("on network") == scenario.arm("on network") != scenario


def test_what_is_wrong_already_is_not_told_again_for_every_arm():
    text = with_arm('"servers.*.relay" = "closed"').replace("count = 10", "count = -1")
    with pytest.raises(ScenarioError) as raised:
        loads(text)
    assert [fault.key for fault in raised.value.faults] == ["users.travellers.count"]


def test_one_line_that_is_wrong_for_many_servers_is_told_once():
    with pytest.raises(ScenarioError) as raised:
        loads(with_arm('"servers.*.sessions" = 0'))
    assert [str(fault) for fault in raised.value.faults] == [
        '<string>: line 52: arms.it."servers.*.sessions": 0: expected at least 1'
    ]


# ---- changes by program


def test_overrides_change_the_scenario_and_all_its_arms():
    changed = loads(SMALL).with_overrides(
        {"seed": 2, "users.travellers.count": 11, "servers.*-smtp.pop_window": "5 min"}
    )
    assert (changed.seed, changed.users["travellers"].count) == (2, 11)
    assert changed.arm("on network").servers["phone-smtp"].pop_window == 300.0
    assert changed.arm("on network").servers["phone-smtp"].relay == "on_network"
    assert changed.servers["phone-mx"].pop_window == 1800.0


def test_overrides_follow_one_another():
    changed = (
        loads(SMALL).with_overrides({"users.travellers.count": 11}).with_overrides({"seed": 3})
    )
    assert (changed.seed, changed.users["travellers"].count) == (3, 11)


WRONG = {
    "unknown key": ({"sead": 1}, "sead: unknown key; did you mean 'seed'?", "seed"),
    "unknown section": ({"user.travellers.count": 1}, "unknown key", "users"),
    "unknown table": ({"users.travelers.count": 1}, "matches nothing", "travellers"),
    "unknown key of a table": ({"users.travellers.cuont": 1}, "unknown key", "count"),
    "value": ({"users.travellers.count": 0}, "users.travellers.count: 0: expected at least 1", ""),
    "defaults": ({"defaults.mx.sessions": 1}, "is already in the servers", ""),
    "between keys": ({"policy_starts": "8 days"}, "policy_starts: 8 days: expected less than", ""),
    "a value in a value": ({"run_length.x": 1}, "unknown key", "run_length"),
    "a key of no table": ({"users.travellers.count.x": 1}, "users.travellers.count is none", ""),
}


@pytest.mark.parametrize(("overrides", "message", "near"), WRONG.values(), ids=WRONG)
def test_a_wrong_override_is_told(overrides, message, near):
    with pytest.raises(ScenarioError) as raised:
        loads(SMALL).with_overrides(overrides)
    (fault,) = raised.value.faults
    assert message in str(fault)
    assert fault.nearest == near


VALUES = {
    "10": 10,
    "0.5": 0.5,
    "true": True,
    '"4"': "4",
    "4 days": "4 days",
    "on_network+auth": "on_network+auth",
    "['1 min', '2 min']": ["1 min", "2 min"],
    "{ home = 1.0 }": {"home": 1.0},
    "a = 1\nb = 2": "a = 1\nb = 2",
    "": "",
}


@pytest.mark.parametrize(("text", "value"), VALUES.items(), ids=VALUES)
def test_the_value_of_a_text_from_the_command_line(text, value):
    assert value_of(text) == value


def test_what_an_arm_changes_can_be_changed_from_outside():
    scenario = loads(with_arm('"servers.*.relay" = "closed"', '"servers.phone-mx.relay" = "auth"'))
    changed = scenario.with_overrides({"arms.it.servers.*-mx.relay": "on_network"})
    relay = {name: server.relay for name, server in changed.arm("it").servers.items()}
    assert {relay[f"{n}-mx"] for n in ("proseware", "adatum", "phone")} == {"on_network"}
    assert relay["phone-smtp"] == "closed"  # what it does not touch stays
    assert changed.arm("open trust").servers == scenario.arm("open trust").servers


def test_arms_are_selected_as_servers_are_and_their_names_may_hold_dots():
    scenario = loads(SMALL + '[arms."v1.5 + it"]\n[arms."v1.6 + it"]\n')
    changed = scenario.with_overrides({"arms.v1.*.users.travellers.auth": 0.5})
    auth = {arm: changed.arm(arm).users["travellers"].auth for arm in changed.arms}
    assert {arm for arm, share in auth.items() if share == 0.5} == {"v1.5 + it", "v1.6 + it"}


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("arms.on netwrok.servers.*.relay", "did you mean 'on network'"),
        ("arms.on network.servers.nobody.relay", "matches nothing"),
        ("arms.on network.servers.*.realy", "did you mean 'relay'"),
        ("arms.on network", "SECTION.NAME.KEY"),
        ("arms.on network.networks.hotel.kind", "cannot differ between arms"),
    ],
)
def test_a_wrong_key_of_an_arm_is_a_fault(key, message):
    with pytest.raises(ScenarioError, match=message):
        loads(SMALL).with_overrides({key: "closed"})
