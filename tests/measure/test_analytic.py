"""The analytic expectation, by hand where the arithmetic is short, and against the simulation."""

import numpy as np
import pytest

import sim
from sim.experiment.expected import analytic
from sim.measure.analytic import Week, expectation
from sim.scenario.people import Users
from sim.workload.workload import workload

EVEN = Week({"evening": 0.5, "office_hours": 0.25, "weekend": 0.25})

TEXT = """
title = "Two ISPs and a hotel"
run_length = "6 days"
policy_starts = "1 day"
transient = "1 day"
[networks.core]
kind = "transit"
[networks.proseware]
kind = "isp"
domain = "proseware.com"
prefixes = ["198.51.100.0/26"]
links = {{ core = "1 ms" }}
[networks.adatum]
kind = "isp"
domain = "adatum.com"
prefixes = ["198.51.100.64/26"]
links = {{ core = "1 ms" }}
[networks.hotel]
kind = "venue"
prefixes = ["192.0.2.128/28"]
links = {{ core = "1 ms" }}
shared_address = true
[defaults.submission]
temporary_failure = 0.0
[users.travellers]
count = 40
messages = "5 / day"
recipients = 1.0
accounts = {{ proseware = 1.0 }}
places = {{ home = 0.6, hotel = 0.4 }}
office_hours = {{ home = 0.2, hotel = 0.8 }}
to_same_isp = 0.25
when_refused = {{ wait = 0.5, give_up = 0.5 }}
{users}
[users.others]
count = 10
messages = "0 / day"
accounts = {{ adatum = 1.0 }}
[spammers.bulk]
network = "adatum"
count = 2
routes = ["open_relay", "direct"]
capacity = {{ open_relay = "60 / day", direct = "20 / day" }}
unknown = 0.2
[arms.open]
[arms.closed]
"servers.*.relay" = "on_network"
{arms}
"""

AWAY = 0.5 * 0.4 + 0.25 * 0.8 + 0.25 * 0.4


def values(users="", arms="", arm="closed", week=EVEN):
    scenario = sim.loads(TEXT.format(users=users, arms=arms)).model
    table = expectation(scenario, arm, week)
    return table.set_index(["measure", "by", "key"])["analytic"]


def test_away_times_elsewhere_is_refused():
    found = values()
    assert found["first_refusal_rate", "all", ""] == pytest.approx(AWAY * 0.75)
    assert found["first_refusal_rate", "cause", "relaying"] == pytest.approx(AWAY * 0.75)
    assert found["delivery_rate", "all", ""] == pytest.approx(1 - AWAY * 0.75 * 0.5)
    assert found["delivery_rate", "place", "hotel"] == pytest.approx(1 - 0.75 * 0.5)
    assert found["delivery_rate", "place", "home"] == 1.0
    assert found["lost_per_day", "all", ""] == pytest.approx(200 * AWAY * 0.75 * 0.5)


def test_what_is_lost_in_the_long_run_depends_on_learning():
    """Who draws anew for each message, and remembers, finds a cure: then nothing follows."""
    for learning, lost in (("person", True), ("none", True), ("message", False)):
        found = values(users=f'learning = "{learning}"')["long_run_lost_per_day", "all", ""]
        assert np.isfinite(found) == lost
        if lost:
            assert found == pytest.approx(200 * AWAY * 0.75 * 0.5)
    open_ = values(users='learning = "message"', arm="open")
    assert open_["long_run_lost_per_day", "all", ""] == 0.0


def test_open_trust_refuses_nobody():
    found = values(arm="open")
    assert found["first_refusal_rate", "all", ""] == 0.0
    assert found["delivery_rate", "all", ""] == 1.0


def test_a_refused_recipient_takes_its_company_along():
    # with a mean of 2 (p = 1/2) all are at the same ISP with E[N s^N] / E[N]
    s, p = 0.25, 0.5
    alone = sum(n * s**n * p * (1 - p) ** (n - 1) for n in range(1, 200)) * p
    scenario = TEXT.replace("recipients = 1.0", "recipients = 2.0")
    table = expectation(sim.loads(scenario.format(users="", arms="")).model, "closed", EVEN)
    refused = table.set_index(["measure", "by", "key"])["analytic"]["first_refusal_rate", "all", ""]
    assert refused == pytest.approx(AWAY * (1 - alone))


POLICIES = {
    # what                                users          arm                            refused
    "AUTH on already": ("auth = 0.3", '[arms.x]\n"servers.*.relay" = "on_network+auth"',
                        AWAY * 0.75 * 0.7),
    "AUTH on, but not offered": ("auth = 0.3", '[arms.x]\n"servers.*.relay" = "on_network"',
                                 AWAY * 0.75),
    "web mail is not touched": ('program = "web"', '[arms.x]\n"servers.*.relay" = "on_network"',
                                0.0),
    "POP before sending": ("pop_before_sending = 0.3",
                           '[arms.x]\n"servers.*.relay" = "on_network+pop_first"',
                           AWAY * 0.75 * 0.7),
    "POP, when it happens": ("", '[arms.x]\n"servers.*.relay" = "on_network+pop_first"',
                             AWAY * 0.75),
    "AUTH and POP, either of them": (
        "auth = 0.3\npop_before_sending = 0.5",
        '[arms.x]\n"servers.*.relay" = "on_network+auth+pop_first"', AWAY * 0.75 * 0.7 * 0.5),
    "the hotel is listed": (
        "", '[arms.x]\n"servers.*.relay" = "on_network+address_range"\n'
        '"servers.*.client_ranges" = ["192.0.2.128/28"]', 0.0),
    "the hotel blocks port 25": (
        "", '[arms.x]\n"networks.hotel.blocks_port_25" = true', AWAY),
    "it does, and AUTH does not help": (
        "auth = 1.0", '[arms.x]\n"servers.*.relay" = "on_network+auth"\n'
        '"networks.hotel.blocks_port_25" = true', AWAY),
    "but port 587 does": (
        "port_587 = 0.3", '[arms.x]\n"servers.*-smtp.port_587" = true\n'
        '"networks.hotel.blocks_port_25" = true', AWAY * 0.7),
    "where it is offered": (
        "port_587 = 0.3", '[arms.x]\n"networks.hotel.blocks_port_25" = true', AWAY),
    "web mail passes": (
        'program = "web"', '[arms.x]\n"networks.hotel.blocks_port_25" = true', 0.0),
    "a sender of another domain": (
        'sender_domain = "contoso.com"', '[arms.x]\n"servers.*-smtp.sender" = '
        '["reject_sender_not_local"]', 1.0),
}  # fmt: skip


@pytest.mark.parametrize(("users", "arms", "refused"), POLICIES.values(), ids=POLICIES)
def test_each_policy_by_hand(users, arms, refused):
    found = values(users, arms, arm="x")
    assert found["first_refusal_rate", "all", ""] == pytest.approx(refused)


def test_a_filter_that_drops_honest_mail_is_silent_loss():
    arms = '[arms.x]\n"servers.*-smtp.content" = ["discard_outbound_spam(0.9, 0.01)"]'
    found = values("", arms, arm="x")
    assert found["silent_loss_rate", "all", ""] == pytest.approx(0.01, abs=1e-6)
    assert found["delivery_rate", "all", ""] == pytest.approx(0.99, abs=1e-6)


SPAM = {
    # what: keys of the spammers, arm, and recipients a spammer and day that arrive, by route
    "open relays take it all": ({}, "open", {"open_relay": 60}),
    "closed, the next route carries what it can": ({}, "closed", {"direct": 20}),
    "who is fixed stays, and nothing arrives": ({"adaptive": False}, "closed", {}),
    "a volume bounds every route": ({"volume": "10 / day"}, "closed", {"direct": 10}),
    "all at once": ({"choice": "parallel", "volume": "40 / day"}, "open",
                    {"open_relay": 30, "direct": 10}),
    "by profit, what carries little brings in little": (
        {"choice": "profit", "routes": ["direct", "open_relay"]}, "open", {"open_relay": 60}),
    "unless it costs more than it brings in": (
        {"choice": "profit", "cost": {"open_relay": 0.7}}, "open", {"direct": 20}),
    "each relay carries as much, shared by two": (
        {"capacity_per": "relay", "volume": "1000 / day"}, "open", {"open_relay": 60}),
    "logins wait for AUTH": (
        {"routes": ["stolen_credentials", "direct"], "stolen_from": ["travellers"]}, "closed",
        {"direct": 20}),
    "and serve where there is AUTH": (
        {"routes": ["stolen_credentials", "direct"], "volume": "50 / day"}, "auth",
        {"stolen_credentials": 50}),
    "unless the password is another": (
        {"routes": ["stolen_credentials", "direct"], "volume": "20 / day"}, "separate",
        {"direct": 20}),
    "hosts send to each MX": (
        {"routes": ["hijacked_host"], "capacity": {}, "volume": "30 / day"}, "closed",
        {"hijacked_host": 30}),
    "through their ISP where port 25 is blocked": (
        {"routes": ["hijacked_host", "hijacked_smarthost"], "volume": "30 / day",
         "infects": ["travellers"], "capacity": {}}, "blocked", {"hijacked_host": 30}),
    "those stay in business whose profit covers their overhead": (
        {"entry": "profit", "overhead": 60 * (0.8 * 1.5e-5 * 50 - 1e-5)}, "open",
        {"open_relay": 30}),
}  # fmt: skip
POLICED = """
[arms.auth]
"servers.*.relay" = "on_network+auth"
[arms.separate]
"servers.*.relay" = "on_network+auth"
"servers.*.auth_password" = "separate"
[arms.blocked]
"servers.*.relay" = "on_network"
"networks.*.blocks_port_25" = true
"""


@pytest.mark.parametrize(("keys", "arm", "arriving"), SPAM.values(), ids=SPAM)
def test_spam_goes_where_it_can_in_the_end(keys, arm, arriving):
    changes = {f"spammers.bulk.{name}": value for name, value in keys.items()}
    scenario = sim.loads(TEXT.format(users="", arms=POLICED)).with_overrides(changes).model
    table = expectation(scenario, arm, EVEN).set_index(["measure", "by", "key"])["analytic"]
    if arm == "blocked":  # within one network: its 40 of 50 mailboxes
        arriving = {route: rate * 0.8 for route, rate in arriving.items()}
    found = table.sort_index().loc["spam_per_mailbox_day", "route"].to_dict()
    expected = {route: 2 * rate * 0.8 / 50 for route, rate in arriving.items()}
    assert {route: rate for route, rate in found.items() if rate} == pytest.approx(expected)
    assert table["spam_per_mailbox_day", "all", ""] == pytest.approx(sum(expected.values()))


def test_the_more_spam_the_fewer_answers_and_spammers():
    """Where n of 40 send, a mailbox gets 0.96 n a day, and 1 / (1 + that) of the answers pay."""
    keys = {"entry": "profit", "count": 40, "overhead": 0.01, "response_halves_at": 1.0}
    changes = {f"spammers.bulk.{name}": value for name, value in keys.items()}
    scenario = sim.loads(TEXT.format(users="", arms="")).with_overrides(changes).model
    table = expectation(scenario, "open", EVEN).set_index(["measure", "by", "key"])["analytic"]
    spam = table["spam_per_mailbox_day", "all", ""]
    profit = 60 * (1.5e-5 * 50 * 0.8 / (1 + spam) - 1e-5)
    assert spam == pytest.approx(0.96 * 40 * profit / 0.02, rel=1e-6)
    assert 0 < spam < 0.96 * 40


def test_a_route_of_unknown_supply_is_unknown_where_it_is_used():
    for routes, known in (
        (["open_relay", "inherited_window"], True),
        (["inherited_window"], False),
    ):
        changes = {"spammers.bulk.routes": routes}
        scenario = sim.loads(TEXT.format(users="", arms="")).with_overrides(changes).model
        table = expectation(scenario, "open", EVEN).set_index(["measure", "by", "key"])["analytic"]
        assert table.notna()["spam_per_mailbox_day", "all", ""] == known


def test_the_simulation_settles_where_the_expectation_says():
    """Four days after the policy, over replications, for spammers who have found out."""
    changes = {"run_length": "30 days", "users.*.messages": "0 / day", "spammers.bulk.count": 6,
               "spammers.bulk.volume": "100 / day",
               "spammers.bulk.capacity": {"direct": "60 / day"}}  # fmt: skip
    scenario = sim.loads(TEXT.format(users="", arms=POLICED)).with_overrides(changes)
    results = sim.run(scenario, arms=["open", "closed"], replications=3, progress=False)
    spam = results.summary().set_index(["arm", "class", "measure"])
    for arm in ("open", "closed"):
        row = spam.loc[arm, "spam", "spam_per_mailbox_day"]
        assert row["mean"] == pytest.approx(row["analytic"], rel=0.05), arm


def test_the_simulation_agrees_where_it_has_nothing_to_add():
    """Nobody learns anything when whoever is refused gives up at once."""
    text = TEXT.replace("wait = 0.5, give_up = 0.5", "give_up = 1.0")
    text = text.replace("recipients = 1.0", "recipients = 1.5")
    scenario = sim.loads(text.format(users="", arms=""))
    results = sim.run(scenario, arms=["closed"], replications=6, progress=False)
    expected = analytic(scenario.model, ["closed"]).set_index(["measure", "by", "key"])["analytic"]
    rows = results.summary().set_index(["class", "measure"])
    for name in ("first_refusal_rate", "delivery_rate", "lost_per_day"):
        row = rows.loc["honest", name]
        spread = row["high"] - row["low"]  # twice what 95 % allows: one test in thousands fails
        assert abs(row["mean"] - expected[name, "all", ""]) < spread, name
        assert row["analytic"] == expected[name, "all", ""]


def test_a_few_who_all_roam_are_refused_as_often_as_the_inputs_say():
    """With ten mailboxes here and ten there, an address drawn twice would be common: 0.811 became
    0.806 with a mean of 1.2 recipients, and more with three."""
    text = TEXT.replace("wait = 0.5, give_up = 0.5", "give_up = 1.0")
    text = text.replace("recipients = 1.0", "recipients = 3.0").replace("count = 40", "count = 10")
    text = text.replace("{{ home = 0.6, hotel = 0.4 }}", "{{ hotel = 1.0 }}")
    text = text.replace("office_hours = {{ home = 0.2, hotel = 0.8 }}\n", "")
    scenario = sim.loads(text.format(users="", arms="")).with_overrides({"run_length": "40 days"})
    results = sim.run(scenario, arms=["closed"], replications=10, keep="counts", progress=False)
    rows = results.summary().set_index(["class", "measure"])
    for name in ("first_refusal_rate", "lost_per_day"):
        row = rows.loc["honest", name]
        assert abs(row["mean"] - row["analytic"]) < row["high"] - row["low"], name
        assert row["high"] - row["low"] < 0.08 * row["analytic"], name  # sharp enough to see it


def test_no_connection_is_a_cause_of_its_own_and_stops_spam_too():
    arms = '[arms.x]\n"networks.{hotel,adatum}.blocks_port_25" = true'
    found = values("", arms, arm="x")
    assert found["first_refusal_rate", "cause", "unreachable"] == pytest.approx(AWAY)
    assert found["spam_per_mailbox_day", "route", "open_relay"] == 0.0


OPERATED = """
[operators.proseware]
servers = ["proseware-*"]
[arms.by-date]
"operators.proseware.date" = "1 day"
[arms.at-once]
"servers.proseware-*.relay" = "on_network"
[arms.later]
"operators.proseware.date" = "3 days"
[arms.along-a-curve]
"operators.proseware.open_share" = [["0 s", 1.0], ["6 days", 0.0]]
[arms.after-the-end]
"operators.proseware.date" = "9 days"
[arms.closed-already]
"operators.proseware.date" = "3 days"
"servers.proseware-*.relay" = "on_network"
"""


def test_what_operators_close_by_then_follows_from_the_inputs_and_what_they_close_later_does_not():
    scenario = sim.loads(TEXT.format(users="", arms=OPERATED))
    told = scenario.expectation().set_index(["arm", "class", "measure", "by", "key"])["analytic"]
    at_once = told["at-once"]
    assert at_once["honest", "first_refusal_rate", "all", ""] > 0.1
    for arm, same in {
        "by-date": "at-once", "closed-already": "at-once", "after-the-end": "open",
    }.items():  # fmt: skip
        assert told[arm].to_dict() == told[same].to_dict(), arm
    for arm in ("later", "along-a-curve"):
        assert told[arm].isna().all(), arm


SEEN_IN_TIME_ALONE = {
    # key of users: why it changes no rate that follows from the inputs
    "mail_checks": "when people look for mail, not what they write",
    "stay": "how long a visit lasts; shares of time are those of places",
    "size": "octets",
    "largest": "octets",
    "pop_after_sending": "when the first look for mail comes",
    "pop_poll": "when the next one comes",
    "access": "how fast a line is",
    "fixed_address": "who has which address of a range",
}


def keys_read(monkeypatch, do):
    """The keys of users that *do* reads."""
    names, usual = set(), Users.__getattribute__

    def read(self, name):
        names.add(name)
        return usual(self, name)

    with monkeypatch.context() as patch:
        patch.setattr(Users, "__getattribute__", read)
        do()
    return names & set(Users.model_fields)


def test_a_key_of_users_that_the_workload_reads_is_seen_here_too(monkeypatch):
    at_work = 'work = "adatum"\nwork_account = 0.2'
    scenario = sim.loads(TEXT.format(users=at_work, arms="")).model
    drawn = keys_read(monkeypatch, lambda: workload(scenario, 0))
    summed = keys_read(monkeypatch, lambda: expectation(scenario, "closed", EVEN))
    assert drawn - summed <= set(SEEN_IN_TIME_ALONE)


def test_how_much_people_write_is_said_in_one_place(monkeypatch):
    scenario = sim.loads(TEXT.format(users="", arms="")).model
    usual = values()["lost_per_day", "all", ""], len(workload(scenario, 0).arrivals)
    monkeypatch.setattr(Users, "writes", property(lambda self: self.messages / 4))
    assert values()["lost_per_day", "all", ""] == pytest.approx(usual[0] / 4)
    assert len(workload(scenario, 1).arrivals) == pytest.approx(usual[1] / 4, rel=0.2)
