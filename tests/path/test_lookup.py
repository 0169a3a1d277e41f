"""Questions about what is not there: every fault at once, with the nearest valid name."""

import pytest

from sim.exact.diff import diff
from sim.exact.explanation import explain
from sim.exact.matrix import matrix
from sim.exact.situations import cells
from sim.path.lookup import QueryError
from sim.scenario import ScenarioError

GOOD = {"user": "travellers", "place": "hotel", "to": "bob@adatum.com", "arm": "network"}

WRONG = {
    # what is wrong                 argument      value                  key     nearest     part
    "unknown user": ("user", "traveler", "user", "travellers", "one of travellers"),
    "unknown person of a group": ("user", "traveler-3", "user", "travellers-3", "GROUP-1"),
    "person beyond the last": ("user", "travellers-99", "user", "travellers-20", "travellers-20"),
    "unknown place": ("place", "hotl", "place", "hotel", "one of home, work"),
    "transit is no place": ("place", "core", "place", "", "one of home, work"),
    "unknown arm": ("arm", "Network", "arm", "network", "one of open"),
    "no domain": ("to", "bob", "to", "", "no domain"),
    "nothing": ("to", "", "to", "", "nothing between the angle brackets"),
    "not ASCII": ("to", "bob@ädatum.com", "to", "", "octets above 127"),
    "a second line": ("to", "bob@adatum.com\r\nQUIT", "to", "", "address such as"),
    "malformed sender": ("sender", "a@b@c", "sender", "", "a second @"),
    "unknown account": ("account", "hom", "account", "home", "one of home, work"),
    "unknown server": ("server", "hotel-smpt", "server", "hotel-smtp", "one of"),
    "network without a server": ("server", "airport", "server", "", "one of"),
}


@pytest.mark.parametrize(("argument", "value", "key", "near", "part"), WRONG.values(), ids=WRONG)
def test_explain_names_the_fault(scenario, argument, value, key, near, part):
    with pytest.raises(QueryError) as caught:
        explain(scenario, **{**GOOD, argument: value})
    (fault,) = caught.value.faults
    assert (fault.key, fault.nearest) == (key, near)
    assert part in str(fault)
    assert "\r" not in str(caught.value)


def test_no_work_account_in_a_group_without_work(scenario):
    with pytest.raises(QueryError, match="no account at work"):
        explain(scenario, **{**GOOD, "user": "web-mail"}, account="work")


def test_every_fault_at_once(scenario):
    with pytest.raises(QueryError) as caught:
        explain(scenario, "nobody", "nowhere", "nothing", "no arm", sender="@", server="no server")
    keys = {fault.key for fault in caught.value.faults}
    assert keys == {"user", "place", "to", "arm", "sender", "server"}


@pytest.mark.parametrize(
    "ask",
    [
        lambda s: cells(s, "prosewear"),
        lambda s: cells(s, "proseware", "networks"),
        lambda s: matrix(s, "prosewear"),
        lambda s: matrix(s, None, ["open", "networks"]),
        lambda s: diff(s, "open", "networks"),
        lambda s: diff(s, "opn", "network"),
    ],
    ids=["cells server", "cells arm", "matrix server", "matrix arms", "diff b", "diff a"],
)
def test_tables_name_the_fault(scenario, ask):
    with pytest.raises(QueryError, match=r"did you mean '(proseware|open|network)'"):
        ask(scenario)


def test_error_is_one_that_the_command_line_explains():
    assert issubclass(QueryError, ScenarioError)


WHO = {
    "the group: somebody with its first account": (
        "travellers",
        "home",
        "travellers-1@proseware.com",
    ),
    "a person of it, with another account": ("travellers-2", "home", "travellers-2@adatum.com"),
    "the account at work": ("travellers-2", "work", "travellers-2@thephone-company.com"),
}


@pytest.mark.parametrize(("user", "account", "address"), WHO.values(), ids=WHO)
def test_whose_address(scenario, user, account, address):
    found = explain(scenario, user, "hotel", "bob@adatum.com", "open", account=account)
    assert found.query.attempt.reverse_path == address


@pytest.mark.parametrize("written", ["", "<>"])
def test_null_sender(scenario, written):
    found = explain(scenario, **GOOD, sender=written)
    assert found.hops[0].facts.reverse_path is None


def test_angle_brackets_are_taken_off(scenario):
    found = explain(scenario, **{**GOOD, "to": "<bob@adatum.com>"}, sender="<a@b.example>")
    assert found.hops[0].facts.forward_path == "bob@adatum.com"
    assert found.hops[0].facts.reverse_path == "a@b.example"
