"""What an arm changes at stated moments: its states, what may change, and faults."""

import pickle

import pytest
from small import SMALL

from sim.scenario import ScenarioError, loads

PHASED = (
    SMALL
    + """
[arms.phased]
"servers.*-smtp.relay" = "on_network"
"users.travellers.auth" = 0.2

[[arms.phased.at]]
when = "4 days"
"servers.phone-smtp.relay" = "on_network+auth"
users.travellers.port_587 = 0.5

[[arms.phased.at]]
when = "2 days"
"networks.hotel.blocks_port_25" = true
"""
)
DAY = 86400.0


def faults(text):
    with pytest.raises(ScenarioError) as raised:
        loads(text)
    told = [str(fault).removeprefix("<string>: ") for fault in raised.value.faults]
    return [fault.partition(": ")[2] if fault.startswith("line") else fault for fault in told]


def summary(scenario):
    return (
        scenario.servers["phone-smtp"].relay,
        scenario.networks["hotel"].blocks_port_25,
        scenario.users["travellers"].port_587,
        scenario.users["travellers"].auth,
    )


def test_an_arm_has_a_stage_for_each_moment_in_order_of_time():
    arm = loads(PHASED).arm("phased")
    assert [(stage.begins, *summary(stage.scenario)) for stage in arm.stages] == [
        (0.0, "on_network", False, 0.0, 0.2),
        (2 * DAY, "on_network", True, 0.0, 0.2),
        (4 * DAY, "on_network+auth", True, 0.5, 0.2),
    ]
    assert arm is arm.stages[-1].scenario


def test_an_arm_without_moments_has_one_stage():
    (stage,) = loads(PHASED).arm("on network").stages
    assert (stage.begins, stage.scenario) == (0.0, loads(PHASED).arm("on network"))


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (0.5 * DAY, ("open", False, 0.0, 0.2)),
        (1 * DAY, ("on_network", False, 0.0, 0.2)),
        (2 * DAY, ("on_network", True, 0.0, 0.2)),
        (5 * DAY, ("on_network+auth", True, 0.5, 0.2)),
    ],
)
def test_all_arms_can_be_seen_as_at_a_moment(moment, expected):
    scenario = loads(PHASED)
    view = scenario.at(moment)
    assert summary(view.arm("phased")) == expected
    assert (
        view.arm("phased").policy("phone-smtp").lists["relay"]
        == (scenario.policy("phone-smtp", relay=expected[0]).lists["relay"])
    )
    assert view.arm("open trust").servers == scenario.servers


def test_it_is_written_out_with_the_moment_from_which_each_change_holds():
    scenario = loads(PHASED)
    text = scenario.resolved()
    assert '"servers.*-smtp.relay" = "on_network"  # from policy_starts' in text
    assert '"users.travellers.auth" = 0.2  # from the beginning' in text
    assert '[[arms.phased.at]]\nwhen = "4 days"\n"servers.phone-smtp.relay"' in text
    again = loads(text)
    assert again == scenario
    assert again.arm("phased").stages == scenario.arm("phased").stages
    assert again.hash() == scenario.hash() != loads(text.replace("4 days", "5 days")).hash()


def test_stages_survive_pickling():
    arm = pickle.loads(pickle.dumps(loads(PHASED))).arm("phased")
    assert arm.stages == loads(PHASED).arm("phased").stages


def test_an_arm_like_another_has_its_moments_unless_it_states_its_own():
    text = PHASED + '[arms.same]\nlike = "phased"\n"servers.phone-smtp.flavour" = "sendmail"\n'
    text += '[arms.late]\nlike = "phased"\n[[arms.late.at]]\nwhen = "6 days"\n'
    text += '"networks.hotel.blocks_port_25" = true\n'
    scenario = loads(text)
    assert [stage.begins / DAY for stage in scenario.arm("same").stages] == [0, 2, 4]
    assert scenario.arm("same").servers["phone-smtp"].flavour == "sendmail"
    assert [stage.begins / DAY for stage in scenario.arm("late").stages] == [0, 6]


def test_moments_can_be_changed_from_outside():
    entries = [{"when": "3 days", "servers.phone-smtp.relay": "auth"}]
    changed = loads(PHASED).with_overrides({"arms.phased.at": entries})
    assert [stage.begins / DAY for stage in changed.arm("phased").stages] == [0, 3]


WRONG = {
    "too early": (
        'when = "12 h"\n"servers.*.relay" = "open"',
        "arms.it.at[0].when: '12 h': expected a moment from policy_starts on, and before "
        "run_length",
    ),
    "too late": (
        'when = "7 days"\n"servers.*.relay" = "open"',
        "arms.it.at[0].when: '7 days': expected a moment from policy_starts on, and before "
        "run_length",
    ),
    "without a moment": (
        '"servers.*.relay" = "open"',
        "arms.it.at[0].when: missing: expected a value: it has no default",
    ),
    "without a change": (
        'when = "2 days"',
        "arms.it.at[0]: changes nothing: expected a line such as "
        '"servers.NAME.relay" = "on_network"',
    ),
    "a typing mistake": (
        'when = "2 days"\n"servers.*.realy" = "open"',
        "arms.it.at[0].\"servers.*.realy\": unknown key; did you mean 'relay'?",
    ),
    "a wrong value": (
        'when = "2 days"\n"users.travellers.auth" = 2',
        'arms.it.at[0]."users.travellers.auth": 2: expected at most 1',
    ),
    "the machine": (
        'when = "2 days"\n"servers.*.sessions" = 3',
        'arms.it.at[0]."servers.*.sessions": cannot change at a moment: expected one of '
        "relay_domains, ",
    ),
    "the people": (
        'when = "2 days"\n"users.*.places" = { home = 1.0 }',
        'arms.it.at[0]."users.*.places": cannot change at a moment: expected one of auth, ',
    ),
    "the spammers": (
        'when = "2 days"\n"spammers.*.count" = 3',
        'arms.it.at[0]."spammers.*.count": cannot change at a moment: expected a key of servers, '
        "users, networks or operators, whose owners change them on a day",
    ),
}


@pytest.mark.parametrize(("entry", "message"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_is_a_fault_where_it_stands(entry, message):
    (fault,) = faults(SMALL + f"[[arms.it.at]]\n{entry}\n")
    assert fault == message if message[-2:] != ", " else fault.startswith(message)


@pytest.mark.parametrize("at", ["3", '"2 days"', "[1]", '[{ when = "2 days" }, 2]'])
def test_what_is_no_list_of_tables_is_a_fault(at):
    assert faults(SMALL + f"[arms.it]\nat = {at}\n")
