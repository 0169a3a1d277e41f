"""What spammers do: lists, routes, what they lose, where they go, whom they pretend to be."""

import numpy as np
import pytest

from sim.scenario import loads
from sim.workload.people import NO_SUCH_USER, Mailboxes
from sim.world import simulate
from sim.world.target_list import TargetList

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
    assert set(rows["fate"]) == {"refused", "gave_up"}  # nobody is left to ask for some


@pytest.mark.parametrize("recipients", [1, 10])
@pytest.mark.parametrize("adaptive", [False, True])
def test_what_a_closed_relay_takes_for_its_own_customers_is_no_mail_by_open_relay(
    spam, recipients, adaptive
):
    rows = spam("closed", routes=["open_relay"], recipients=recipients, adaptive=adaptive)
    assert len(rows) > 500
    assert shares(rows) == {"open_relay": 1.0}
    assert not (rows["fate"] == "delivered").any()


@pytest.mark.parametrize("campaign", [0, 500])
def test_a_campaign_for_a_relay_is_not_sent_by_a_slower_route(campaign):
    """Days after all relays have closed, over replications: no more than the next route carries."""
    settings = {"spammers.bulk.campaign": campaign, "run_length": "6 days"}
    scenario = loads(SCENARIO).with_overrides(settings)
    daily = []
    for replication in range(10):
        rows = simulate(scenario, "closed", replication).frames()["recipients"]
        rows = rows[(rows["route"] == "direct") & (rows["ended_at"] >= 2 * DAY)]
        daily.append(np.bincount((rows["ended_at"] / DAY).astype(int), minlength=6)[2:6])
    assert np.mean(daily, axis=0).max() < 1.35 * 100  # planned for a relay: up to 500
    assert np.mean(daily) < 1.1 * 100


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


def test_logins_are_kept_until_there_is_auth(spam):
    rows = spam("auth", **{"routes": ["stolen_credentials", "direct"]})
    changes = {
        "spammers.bulk.routes": ["stolen_credentials", "direct"],
        "servers.*.relay": "on_network",
    }
    later = simulate(loads(SCENARIO).with_overrides(changes), "auth", 0).frames()["recipients"]
    later = later[(later["class"] == "spam") & (later["written_at"] >= 2 * DAY)]
    assert shares(later.astype({"route": str})) == {"stolen_credentials": 1.0}
    assert len(later) == pytest.approx(len(rows), rel=0.2)


def test_a_login_whose_password_is_another_is_dropped(spam):
    routes = ["stolen_credentials", "direct"]
    arms = {"servers.*.auth_password": "separate"}
    told = {
        f"spammers.bulk.{name}": value for name, value in {"routes": routes, "stolen": 3}.items()
    }
    frames = simulate(loads(SCENARIO).with_overrides(told | arms), "auth", 0).frames()
    asked = frames["attempts"]
    assert (asked["cause"] == "authentication").sum() == 3


GREY = {"servers.*-mx.recipient": ["greylist(5 min)"], "spammers.bulk.routes": ["direct"]}


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_a_share_comes_back_after_a_temporary_refusal(share):
    settings = {
        "spammers.bulk.retry_share": share, "spammers.bulk.recipients": 1,
        "spammers.bulk.capacity": {"direct": "300 / day"}, "networks.adatum.mailboxes": 3000,
    }  # fmt: skip
    scenario = loads(SCENARIO).with_overrides(GREY | settings)
    rows = simulate(scenario, "open", 0).frames()["recipients"]
    rows = rows[(rows["class"] == "spam") & (rows["written_at"] < 3.5 * DAY)]
    delivered = (rows["fate"] == "delivered").mean()
    assert delivered == pytest.approx(share, abs=0.06)  # few lists come round within the window
    assert (rows["attempts"].max() > 1) == (share > 0)


def test_a_washed_list_loses_who_is_unknown():
    settings = {"spammers.bulk.routes": ["direct"], "spammers.bulk.unknown": 0.5,
                "spammers.bulk.capacity": {"direct": "200 / day"}}  # fmt: skip
    unknown = {}
    for washes in (False, True):
        changes = settings | {"spammers.bulk.washes": washes}
        rows = simulate(loads(SCENARIO).with_overrides(changes), "open", 0).frames()["recipients"]
        rows = rows[rows["class"] == "spam"]
        unknown[washes] = [
            (part["cause"] == "unknown_recipient").mean()
            for part in (rows[rows["written_at"] < 0.5 * DAY], rows[rows["written_at"] > 3 * DAY])
        ]
    assert unknown[False] == pytest.approx([0.5, 0.5], abs=0.12)
    assert unknown[True] == pytest.approx([0.5, 0.0], abs=0.12)


# ---- which route, and how much


def test_what_belongs_to_a_relay_grows_with_relays(spam):
    """Two servers of other networks relay; when one closes, half of what they carry is gone."""
    each = {"routes": ["open_relay"], "capacity_per": "relay", "volume": "10000 / day",
            "capacity": {"open_relay": "1000 / day"}, "recipients": 1}  # fmt: skip
    rows, fewer = spam("open", **each), spam("proseware closes", **each)
    assert len(rows) / 2 == pytest.approx(2000, rel=0.06)
    assert len(fewer) / 2 == pytest.approx(1000, rel=0.15)


def test_by_profit_the_cheap_route_is_taken_until_little_of_it_arrives(spam):
    routes = {"routes": ["direct", "open_relay"], "choice": "profit",
              "cost": {"direct": 0.1, "open_relay": 0.01},
              "capacity": {"open_relay": "200 / day", "direct": "200 / day"}}  # fmt: skip
    assert shares(spam("open", **routes)) == {"open_relay": 1.0}
    later = spam("closed", **routes)
    assert shares(later[later["written_at"] > 3 * DAY]) == {"direct": 1.0}


def test_by_profit_a_route_on_which_nothing_arrives_is_left():
    settings = {
        "spammers.bulk.choice": "profit", "spammers.bulk.cost": {"direct": 0.3},
        "servers.*-smtp.content": ["discard_outbound_spam(1.0, 0.0)"],
    }  # fmt: skip
    rows = simulate(loads(SCENARIO).with_overrides(settings), "open", 0).frames()["recipients"]
    rows = rows[(rows["class"] == "spam") & (rows["written_at"] > 2 * DAY)]
    assert shares(rows.astype({"route": str}))["direct"] > 0.9


def test_in_parallel_all_routes_carry_their_part():
    settings = {
        "spammers.bulk.choice": "parallel", "run_length": "20 days",
        "spammers.bulk.capacity": {"open_relay": "300 / day", "direct": "100 / day"},
        "spammers.bulk.volume": "200 / day",
    }  # fmt: skip
    for arm, wanted in (("open", {"open_relay": 150, "direct": 50}), ("closed", {"direct": 100})):
        rows = simulate(loads(SCENARIO).with_overrides(settings), arm, 0).frames()["recipients"]
        rows = rows[(rows["class"] == "spam") & (rows["written_at"] > 2 * DAY)]
        daily = rows["route"].astype(str).value_counts() / 18
        assert daily[daily > 1].to_dict() == pytest.approx(wanted, rel=0.2)


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
        "spammers.bulk.retry_share": 0.0,
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
