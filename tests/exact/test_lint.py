"""Each rule finds what it is for, at its line, and is silent about what counts."""

import pytest

import sim
from sim.exact.lint.remarks import lint
from sim.exact.lint.rules import RULES
from sim.exact.lint.unread import READERS
from sim.scenario import ScenarioError
from sim.scenario.sections import MODELS

PLAIN = """
title = "plain"
[networks]
proseware = { kind = "isp", domain = "proseware.com", prefixes = ["198.51.100.0/25"], lease = "30 min" }
adatum = { kind = "isp", domain = "adatum.com", prefixes = ["198.51.100.128/25"], links = { proseware = "9 ms" } }
phone = { kind = "work", prefixes = ["192.0.2.0/26"], links = { proseware = "9 ms" } }
[defaults.submission]
relay = "on_network"
[defaults.mx]
relay = "closed"
[users.people]
count = 20
accounts = { proseware = 1.0 }
work = "phone"
places = { home = 0.5, work = 0.5 }
[spammers.bulk]
network = "adatum"
routes = ["direct"]
[arms.first]
[arms.other]
"users.people.messages" = "9 / day"
"""  # noqa: E501
SERVER, USERS = "[servers.proseware-smtp]\n", "[users.people]\n"
SPAMMERS, LIST = "[spammers.bulk]\n", "[blocklists.list]\n"
FOUND = {
    # rule, what is added below which heading: where it is found
    ("equal-arms", "[arms.same]\nlike = 'other'\n", ""): "arms.same",
    ("alike-arms",
     "[arms.alike]\n'servers.proseware-smtp.relay' = ['permit_mynetworks', 'reject']\n"
     "[arms.too]\n'servers.proseware-smtp.relay' = ['permit_mynetworks', 'defer']\n", ""): None,
    ("alike-arms", "[arms.alike]\n'servers.proseware-smtp.relay' = "
     "['permit_mynetworks', 'reject_unauth_destination']\n", ""): "arms.alike",
    ("deciding-default", "[arms.auth]\n'servers.*-smtp.relay' = 'on_network+auth'\n", ""):
        "arms.auth",
    ("deciding-default", "[arms.auth]\n'servers.*-smtp.port_587' = true\n", ""): "arms.auth",
    ("unread-key", "pop_window = '5 min'\n", "[defaults.submission]\n"):
        "defaults.submission.pop_window",
    ("unread-key", "[arms.it]\n'servers.*.client_ranges' = ['192.0.2.0/26']\n", ""):
        'arms.it."servers.*.client_ranges"',
    ("unread-key", "[[arms.first.at]]\nwhen = '5 days'\n'servers.*.client_ranges' = "
     "['192.0.2.0/26']\n", ""): 'arms.first.at[0]."servers.*.client_ranges"',
    ("unread-key", "port_587 = 0.5\n", USERS): "users.people.port_587",
    ("unread-key", "delays = { dial_in = '5 min' }\nwhen_refused = { wait = 1.0 }\n", USERS):
        "users.people.delays.dial_in",
    ("unread-key", "capacity = { open_relay = '5 / day' }\n", SPAMMERS):
        "spammers.bulk.capacity.open_relay",
    ("unread-key", SERVER + "port_587 = true\n[arms.it]\n'users.*.when_refused' = { wait = 1.0 }\n"
     "[users.others]\ncount = 1\naccounts = { adatum = 1.0 }\n", ""): None,
    ("unread-key", "[organisations.it]\ntrusted_ranges = { far = ['192.0.2.0/26'] }\n", ""):
        "organisations.it.trusted_ranges.far",
    ("unread-key", "[arms.it]\n'servers.*-smtp.trusted_networks' = ['far']\n"
     "[organisations.it]\ntrusted_ranges = { far = ['192.0.2.0/26'] }\n", ""): None,
    ("unread-value", "[ranges]\n'users.people.port_587' = [0.0, 0.5]\n", ""):
        'ranges."users.people.port_587"',
    ("unread-value", "[sweep]\nover = { 'spammers.*.hosts' = [3, 4] }\n", ""):
        'sweep.over."spammers.*.hosts"',
    ("small-pool", "[users.crowd]\ncount = 99\naccounts = { adatum = 1.0 }\nwork = 'phone'\n"
     "places = { work = 1.0 }\n", ""): "networks.phone.prefixes",
    ("small-pool", "[users.crowd]\ncount = 999\naccounts = { proseware = 1.0 }\n", ""):
        "networks.proseware.prefixes",
    ("same-place", "[users.staff]\ncount = 2\naccounts = { adatum = 1.0 }\nwork = 'adatum'\n"
     "places = { work = 1.0 }\n", ""): "users.staff.work",
    ("unvisited-venue", "cafe = { kind = 'venue', prefixes = ['192.0.2.64/28'], "
     "links = { proseware = '1 ms' } }\n", "[networks]\n"): "networks.cafe",
    ("unasked-blocklist", LIST, ""): "blocklists.list",
    ("idle-operator", "[operators.owner]\nservers = ['*-smtp']\n", ""): "operators.owner",
    ("route-without-host", "[spammers.two]\nnetwork = 'adatum'\nroutes = ['open_relay']\n", ""):
        "spammers.two.routes[0]",
    ("route-without-host", "[spammers.two]\nnetwork = 'adatum'\nhosts = 0\nrecruits = '0 / day'\n"
     "routes = ['direct', 'open_proxy']\n", ""): "spammers.two.routes[1]",
    ("open-greylisting", SERVER + "relay = 'open'\nrecipient = ['greylist(5 min)']\n", ""):
        "servers.proseware-smtp.recipient",
    ("limit-out-of-reach", SERVER + "client = ['limit_client_rate(5000 / hour)']\n", ""):
        "servers.proseware-smtp.client",
    ("limit-out-of-reach", SERVER + "client = ['limit_connections(500)']\n", ""):
        "servers.proseware-smtp.client",
    ("doubtful-policy", SERVER + "relay = ['permit']\n", ""): "servers.proseware-smtp.relay",
}  # fmt: skip


def with_added(lines, heading):
    return PLAIN.replace(heading, heading + lines) if heading else PLAIN + lines


def remarks(text):
    return lint(sim.loads(text, "t.toml").model)


def test_nothing_is_remarked_of_what_counts():
    assert remarks(PLAIN) == []


def test_how_often_programs_look_counts_without_pop_first_too():
    """A mail program tries again as often."""
    assert remarks(PLAIN.replace(USERS, USERS + "pop_poll = '4 min'\n")) == []


def test_every_rule_is_tried():
    assert {rule for rule, *_ in FOUND} == {*RULES}


@pytest.mark.parametrize(("case", "key"), FOUND.items())
def test_each_rule_finds_it_once_at_its_line(case, key):
    rule, lines, heading = case
    text = with_added(lines, heading)
    found = [remark for remark in remarks(text) if remark.rule == rule]
    if key is None:
        assert [remark.key for remark in found] == []
        return
    assert [remark.key for remark in found] == [key]
    name = key.replace('"', "").split(".")[-1].partition("[")[0]
    assert f"t.toml: line {found[0].line}: {key}" in str(found[0])
    assert name in text.splitlines()[found[0].line - 1]


COUNTS = {
    # what makes a key count that did not: lines, heading, and what is added then
    "in another arm": ("pop_window = '5 min'\n", "[defaults.submission]\n",
                       "[arms.pop]\n'servers.*-smtp.relay' = 'pop_first'\n"),
    "until the policies start": ("pop_window = '5 min'\nrelay = 'pop_first'\n", SERVER,
                                 "[arms.third]\n'servers.*-smtp.relay' = 'closed'\n"),
    "at a value that is declared": ("port_587 = 0.5\n", USERS,
                                    "[sweep]\nover = { 'servers.*-smtp.port_587' = [true] }\n"),
    "when an operator closes to it": ("client_ranges = ['192.0.2.0/26']\n",
                                      "[defaults.submission]\n",
                                      "[operators.o]\nservers = ['*-smtp']\ndate = '5 days'\n"
                                      "closes_to = 'address_range'\n"),
    "from a moment on": ("pop_window = '5 min'\n", "[defaults.submission]\n",
                         "[[arms.first.at]]\nwhen = '5 days'\n"
                         "'servers.*-smtp.relay' = 'pop_first'\n"),
    "for one of those that a line means": (
        "[arms.it]\n'servers.*.pop_window' = '5 min'\n"
        "'servers.proseware-smtp.relay' = 'pop_first'\n", "", ""),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "heading", "more"), COUNTS.values(), ids=COUNTS)
def test_a_key_counts(lines, heading, more):
    text = PLAIN.replace(USERS, SERVER + USERS) if heading == SERVER else PLAIN
    text = (text.replace(heading, heading + lines) if heading else text + lines) + more
    assert [remark for remark in remarks(text) if remark.rule == "unread-key"] == []


def test_a_share_that_is_stated_decides_nothing_unsaid():
    arm = "[arms.auth]\n'servers.*-smtp.relay' = 'on_network+auth'\n"
    assert remarks(PLAIN.replace(USERS, USERS + "auth = 0.0\n") + arm) == []


def test_arms_are_named_once_in_one_line():
    arms = [f"[arms.'{name}']\n'servers.proseware-smtp.relay' = 'open'\n" for name in ("a, b", "c")]
    greylists = SERVER + "recipient = ['greylist(5 min)']\n"
    (remark,) = [r for r in remarks(PLAIN + greylists + "".join(arms)) if "greylist" in r.rule]
    assert remark.arms == ("a, b", "c")
    assert str(remark).endswith("(in 'a, b', c) [open-greylisting]")


def test_what_is_meant_is_not_remarked():
    lists = PLAIN + LIST
    assert [remark.rule for remark in remarks(lists)] == ["unasked-blocklist"]
    assert remarks("ignore_remarks = ['unasked-blocklist']\n" + lists) == []
    with pytest.raises(
        ScenarioError, match=r"line 1: ignore_remarks\[0\]: 'unasked-list': .*did you mean"
    ):
        remarks("ignore_remarks = ['unasked-list']\n" + lists)


@pytest.mark.parametrize("name", READERS)
def test_what_reads_a_key_is_said_of_keys_that_there_are(name):
    section, key, *_ = name.split(".")
    assert key in MODELS[section].model_fields
