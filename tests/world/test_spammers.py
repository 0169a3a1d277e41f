"""What spammers do: lists, routes, what they lose, where they go, whom they pretend to be."""

import numpy as np
import pytest

from sim.scenario import loads
from sim.workload.people import NO_SUCH_USER, Mailboxes
from sim.world import simulate
from sim.world.spammers import TargetList

DAY = 86400.0

SCENARIO = """
title = "spam"
run_length = "4 days"
policy_starts = "2 days"
transient = "1 day"
baseline = "open"

[networks]
core = { kind = "transit" }
proseware = { kind = "isp", domain = "proseware.com", prefixes = ["198.51.100.0/26"], links = { core = "10 ms" } }
adatum = { kind = "isp", domain = "adatum.com", prefixes = ["198.51.100.64/26"], links = { core = "10 ms" }, mailboxes = 50 }
isp-d = { kind = "isp", domain = "isp-d.example", prefixes = ["198.51.100.128/26"], links = { core = "10 ms" } }
hotel = { kind = "venue", prefixes = ["192.0.2.128/28"], links = { core = "10 ms" }, shared_address = true }

[defaults.submission]
relay = "open"
temporary_failure = 0.0
[defaults.mx]
relay = "closed"

[users.people]
count = 20
accounts = { proseware = 0.5, adatum = 0.5 }
messages = "1 / day"

[spammers.bulk]
network = "isp-d"
routes = ["open_relay", "direct"]
capacity = { open_relay = "500 / day", direct = "100 / day" }
recipients = 10

[arms.open]
[arms.closed]
"servers.*.relay" = "on_network"
[arms."proseware closes"]
"servers.proseware-smtp.relay" = "on_network"
[arms."identity check"]
"servers.*-smtp.sender" = ["reject_sender_not_local"]
[arms."port 25 blocked"]
"networks.*.blocks_port_25" = true
[arms.auth]
"servers.*.relay" = "on_network+auth"
[arms.pop]
"servers.*.relay" = "on_network+pop_first"
"""  # noqa: E501


@pytest.fixture
def spam():
    """The spam rows of one run, intended from the policy's start on."""

    def run(arm, **bulk):
        settings = {f"spammers.bulk.{key}": value for key, value in bulk.items()}
        world = simulate(loads(SCENARIO).with_overrides(settings), arm, 0).frames()
        rows = world["recipients"]
        rows = rows[(rows["class"] == "spam") & (rows["written_at"] >= 2 * DAY)]
        return rows.astype({"route": str, "fate": str, "cause": str, "server": str})

    return run


def shares(rows, column="route"):
    return rows[column].value_counts(normalize=True).to_dict()


def test_a_list_is_walked_through_evenly_and_sorted_by_domain():
    boxes = Mailboxes()
    for i in range(30):
        boxes.add(f"user-{i}", ("proseware.com", "adatum.com", "isp-d.example")[i % 3])
    batches = TargetList(boxes, 0.25, np.random.default_rng(1)).batches(10)
    seen = []
    for _ in range(4):
        rows, groups = next(batches)
        assert [a for a, *_ in groups] == [0, *(b for _, b, *_ in groups)][:-1]
        for a, b, domain, address in groups:
            assert address.endswith("@" + boxes.domains[domain])
            assert {r < 0 for r in rows[a:b]} == {address.startswith(NO_SUCH_USER)}
        seen += rows
    assert sorted(r for r in seen if r >= 0) == list(range(30))  # each mailbox once
    assert sum(r < 0 for r in seen) == 10  # a quarter of the list of 40 does not exist


def test_open_relays_serve_while_they_are_open(spam):
    rows = spam("open")
    assert shares(rows) == {"open_relay": 1.0}
    assert shares(rows, "fate")["delivered"] > 0.99


def test_an_adaptive_spammer_goes_direct_when_relays_close(spam):
    rows = spam("closed")
    later = rows[rows["written_at"] > 3 * DAY]
    assert shares(later) == {"direct": 1.0}
    assert len(later) < len(spam("open")) / 2  # a line of his own carries less


def test_a_fixed_spammer_stays_and_is_refused(spam):
    rows = spam("closed", adaptive=False)
    assert shares(rows) == {"open_relay": 1.0}
    refused = rows[rows["fate"] == "refused"]
    assert shares(refused, "cause") == {"relaying": 1.0}
    # what is for the asked server's own customers is no relaying, and is taken
    taken = rows[rows["fate"] == "delivered"]
    pairs = set(zip(taken["server"], taken["domain"].astype(str), strict=True))
    assert {(server.split("-")[0], domain.split(".")[0]) for server, domain in pairs} == {
        ("proseware", "proseware"),
        ("adatum", "adatum"),
    }


def test_when_one_relay_closes_another_takes_its_place(spam):
    rows = spam("proseware closes")
    assert shares(rows) == {"open_relay": 1.0}
    assert "proseware-smtp" not in set(rows[rows["written_at"] > 3 * DAY]["server"])


def test_the_own_account_is_closed_and_renewed(spam):
    rows = spam(
        "open", routes=["own_account", "direct"], account_lasts="6 h", account_renewed="6 h",
        capacity={"own_account": "500 / day", "direct": "500 / day"},
    )  # fmt: skip
    assert 0.2 < shares(rows)["own_account"] < 0.8


def test_an_identity_check_stops_a_forged_sender_on_the_own_account(spam):
    rows = spam("identity check", routes=["own_account", "direct"])
    assert shares(rows[rows["written_at"] > 3 * DAY])["direct"] > 0.8


@pytest.mark.parametrize("route", ["open_proxy", "hijacked_host"])
def test_hosts_send_from_other_networks_until_port_25_is_blocked(spam, route):
    free = spam("open", routes=[route, "direct"])
    assert shares(free) == {route: 1.0}
    assert shares(free, "fate")["delivered"] > 0.99
    blocked = spam("port 25 blocked", routes=[route], recruits="0 / day", hosts=2)
    assert shares(blocked, "fate").get("delivered", 0.0) < 0.4  # within one network only


def test_a_smarthost_helps_where_port_25_is_blocked(spam):
    rows = spam("port 25 blocked", routes=["hijacked_host", "hijacked_smarthost"], hosts=5)
    later = rows[rows["written_at"] > 3 * DAY]
    assert shares(later)["hijacked_smarthost"] > 0.5


def test_stolen_credentials_need_a_server_that_offers_auth(spam):
    routes = ["stolen_credentials", "direct"]
    assert shares(spam("auth", routes=routes)) == {"stolen_credentials": 1.0}
    without = spam("closed", routes=routes)
    assert shares(without[without["written_at"] > 3 * DAY]) == {"direct": 1.0}


def test_behind_a_shared_address_somebody_elses_window_is_open(spam):
    routes = ["inherited_window", "direct"]
    nobody_there = spam("pop", routes=routes, network="hotel")
    assert shares(nobody_there) == {"direct": 1.0}
    settings = {"users.people.places": {"hotel": 1.0}, "spammers.bulk.network": "hotel",
                "spammers.bulk.routes": routes}  # fmt: skip
    run = simulate(loads(SCENARIO).with_overrides(settings), "pop", 0).frames()["recipients"]
    rows = run[(run["class"] == "spam") & (run["written_at"] >= 2 * DAY)]
    assert shares(rows.astype({"route": str}))["inherited_window"] > 0.3


def test_forged_in_the_recipients_own_domain_it_passes_no_check_of_senders(spam):
    checked = {"servers.adatum-mx.sender": ["reject_sender_not_local"]}
    for forge, passes in (("fixed", False), ("recipient", True)):
        settings = {"spammers.bulk.routes": ["direct"], "spammers.bulk.forge": forge, **checked}
        run = simulate(loads(SCENARIO).with_overrides(settings), "open", 0).frames()["recipients"]
        rows = run[(run["class"] == "spam") & (run["domain"] == "adatum.com")]
        assert (rows["fate"] == "delivered").any() == passes


def test_forged_in_the_domain_of_the_server_it_relays_where_senders_open_relaying():
    checked = {"servers.*.relay": ["permit_sender_local", "reject_unauth_destination"]}
    for forge, route in (("fixed", "direct"), ("customer", "open_relay")):
        settings = {"spammers.bulk.routes": ["open_relay", "direct"], "spammers.bulk.forge": forge}
        changed = loads(SCENARIO).with_overrides(settings | checked)
        rows = simulate(changed, "open", 0).frames()["recipients"]
        assert set(rows[rows["class"] == "spam"]["route"]) == {route}


@pytest.mark.parametrize(("routes", "most"), [(["direct"], 1), (["hijacked_host"], 3)])
def test_nobody_is_asked_again_who_has_just_refused(routes, most):
    settings = {
        "spammers.bulk.routes": routes,
        "servers.*-mx.client": ["limit_client_rate(1 / day)"],
    }
    run = simulate(loads(SCENARIO).with_overrides(settings), "open", 0).frames()
    rows, attempts = run["recipients"], run["attempts"]
    theirs = attempts["message"].isin(rows[rows["class"] == "spam"]["message"])
    asked = attempts[theirs & (attempts["hop"] == "submission")]
    assert (asked["cause"] == "rate").sum() > 20
    assert asked["attempt"].max() == most


def test_dead_addresses_bounce_to_whoever_was_forged():
    settings = {"spammers.bulk.unknown": 0.5, "spammers.bulk.sender_domain": "adatum.com"}
    run = simulate(loads(SCENARIO).with_overrides(settings), "open", 0).frames()["recipients"]
    notices = run[run["class"] == "notice"]
    assert len(notices) > 50
    assert set(notices["domain"]) == {"adatum.com"}
    assert set(notices["fate"]) <= {"bounced", "in_transit"}  # the forged user does not exist


def test_only_people_have_a_place():
    attempts = simulate(loads(SCENARIO), "open", 0).frames()["attempts"]
    people = attempts["place"].astype(str) != ""
    assert people.any()
    assert set(attempts[people]["hop"]) == {"submission"}
    spam = simulate(loads(SCENARIO), "open", 0).frames()["recipients"]
    theirs = attempts["message"].isin(spam[spam["class"] == "spam"]["message"])
    assert not (people & theirs).any()


@pytest.mark.parametrize(("route", "strangers"), [("own_account", False), ("open_relay", True)])
def test_only_spam_from_elsewhere_is_relayed_for_strangers(route, strangers):
    settings = {"spammers.bulk.routes": [route], "users.people.messages": "0 / day"}
    frames = simulate(loads(SCENARIO).with_overrides(settings), "open", 0).frames()
    spent = frames["servers"][["relayed", "relayed_strangers_spam"]].sum()
    assert spent["relayed"] > 500
    assert spent["relayed_strangers_spam"] == (spent["relayed"] if strangers else 0)
