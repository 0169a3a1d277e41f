"""Arms that begin as another one: whole arms for all else, and faults where they are written."""

import pytest
from small import SMALL

from sim.scenario import ScenarioError, loads

CHAIN = (
    SMALL
    + """
[arms.far]
like = "near"
"servers.phone-mx.relay" = "auth"

[arms.near]
like = "first"
"users.travellers.auth" = 0.5

[arms.first]
"servers.*.relay" = "closed"
servers.phone-mx.flavour = "sendmail"
"""
)


def faults(text):
    with pytest.raises(ScenarioError) as raised:
        loads(text)
    return [str(fault).removeprefix("<string>: ") for fault in raised.value.faults]


def test_an_arm_has_all_that_the_arm_it_is_like_has_and_its_own_over_it():
    far = loads(CHAIN).arm("far")
    assert far.servers["phone-smtp"].relay == "closed"
    assert far.servers["phone-mx"].relay == "auth"
    assert far.servers["phone-mx"].flavour == "sendmail"
    assert far.users["travellers"].auth == 0.5


def test_what_an_arm_says_itself_comes_last_even_for_a_key_that_it_has_already():
    text = CHAIN + '[arms.last]\nlike = "far"\n"servers.*.relay" = "on_network"\n'
    servers = loads(text).arm("last").servers
    assert servers["phone-mx"].relay == servers["phone-smtp"].relay == "on_network"


def test_all_else_sees_whole_arms():
    scenario = loads(CHAIN)
    assert scenario.arms["far"] == {
        "servers.*.relay": "closed",
        "servers.phone-mx.flavour": "sendmail",
        "users.travellers.auth": 0.5,
        "servers.phone-mx.relay": "auth",
    }
    again = loads(scenario.resolved())
    assert again == scenario
    assert again.hash() == scenario.hash()


def test_an_arm_that_is_like_another_and_no_more_is_equal_to_it():
    scenario = loads(CHAIN + '[arms.same]\nlike = "far"\n[arms.base]\nlike = "open trust"\n')
    assert scenario.arm("same") == scenario.arm("far")
    assert scenario.arm("base") is scenario.arm("open trust")


def test_what_changes_from_outside_is_changed_in_arms_that_are_like_it():
    changed = loads(CHAIN).with_overrides({"arms.first.servers.*.relay": "on_network"})
    assert changed.arm("far").servers["phone-smtp"].relay == "on_network"
    assert changed.arm("far").servers["phone-mx"].relay == "auth"
    other = loads(CHAIN).with_overrides({"arms.far.like": "on network"})
    assert other.arm("far").users["travellers"].auth == 0.0


WRONG = {
    "unknown": (
        '[arms.it]\nlike = "on netwrok"\n',
        "line 52: arms.it.like: 'on netwrok': expected one of 'open trust', 'on network', it; "
        "did you mean 'on network'?",
    ),
    "no name": ("[arms.it]\nlike = 1\n", "line 52: arms.it.like: 1: expected the name of an arm"),
    "itself": (
        '[arms.it]\nlike = "it"\n',
        "line 52: arms.it.like: 'it': expected an arm that is not like this one "
        "(a circle: 'it' -> 'it')",
    ),
    "circle": (
        '[arms.b]\nlike = "c"\n[arms.c]\nlike = "b"\n[arms.d]\nlike = "c"\n',
        "line 52: arms.b.like: 'c': expected an arm that is not like this one "
        "(a circle: 'b' -> 'c' -> 'b')",
    ),
    "inherited": (
        '[arms.d]\nlike = "b"\n[arms.b]\n"servers.*.realy" = "open"\n',
        "line 54: arms.b.\"servers.*.realy\": unknown key; did you mean 'relay'?",
    ),
    "inherited selector": (
        '[arms.d]\nlike = "b"\n[arms.b]\n"servers.nobody.relay" = "open"\n',
        'line 54: arms.b."servers.nobody.relay": matches nothing: expected one of proseware-smtp, '
        "proseware-mx, adatum-smtp, adatum-mx, phone-smtp, phone-mx",
    ),
}


@pytest.mark.parametrize(("arms", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_name_is_told_once_where_it_stands(arms, message):
    assert faults(SMALL + arms) == [message]
