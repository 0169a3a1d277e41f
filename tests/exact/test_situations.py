"""The six situations of the source, their mirror for the work account, and who else asks."""

from dataclasses import replace

import pytest

from sim.exact.situations import CREDENTIALS, RECIPIENTS, WHO, cells, others, places
from sim.path.journey import Servers
from sim.scenario import load
from sim.smtp import Restriction

LOCAL, RELAY, DENIED = "accept_local", "accept_relay", "reject_relay"

SIX = {
    # what happens                                    server       place    recipient    verdict
    "1 at home, to the same ISP": ("proseware", "home", "same ISP", LOCAL),
    "2 at home, elsewhere: on the ISP's network": ("proseware", "home", "elsewhere", RELAY),
    "3 at work, to the same ISP": ("proseware", "work", "same ISP", LOCAL),
    "4 at work, elsewhere": ("proseware", "work", "elsewhere", DENIED),
    "5 in a hotel, to the same ISP": ("proseware", "hotel", "same ISP", LOCAL),
    "6 in a hotel, elsewhere": ("proseware", "hotel", "elsewhere", DENIED),
    "mirror 1 work account at work, to a colleague": ("phone", "work", "same ISP", LOCAL),
    "mirror 2 work account at work, elsewhere": ("phone", "work", "elsewhere", RELAY),
    "mirror 3 work account at home, to a colleague": ("phone", "home", "same ISP", LOCAL),
    "mirror 4 work account at home, elsewhere": ("phone", "home", "elsewhere", DENIED),
    "mirror 5 work account in a hotel, to a colleague": ("phone", "hotel", "same ISP", LOCAL),
    "mirror 6 work account in a hotel, elsewhere": ("phone", "hotel", "elsewhere", DENIED),
}


def answers(scenario, server, arm):
    return {(c.place, c.to, c.credentials): c.verdict for c in cells(scenario, server, arm)}


@pytest.mark.parametrize(("server", "place", "to", "kind"), SIX.values(), ids=SIX)
def test_six_situations(scenario, server, place, to, kind):
    verdict = answers(scenario, server, "network")[place, to, "none"]
    assert verdict.kind == kind
    assert verdict.code == (550 if kind == DENIED else 250)


@pytest.mark.parametrize(("server", "place", "to", "kind"), SIX.values(), ids=SIX)
def test_six_situations_of_the_main_scenario(scenarios, server, place, to, kind):
    main = load(scenarios / "open-vs-restricted.toml")
    assert answers(main, server, "on network")[place, to, "none"].kind == kind


@pytest.mark.parametrize("server", ["proseware", "adatum", "phone"])
def test_open_trust_refuses_nobody_who_gets_a_connection(scenario, server):
    for (place, *_), verdict in answers(scenario, server, "open").items():
        assert verdict.accepted == (place != "kiosk")
        assert verdict.kind != "unreachable" or place == "kiosk"


CREDENTIALS_HELP = {
    # arm, credentials: verdict of situation 6, and the restriction that decides it
    ("network", "none"): (DENIED, "reject_unauth_destination"),
    ("network", "auth"): (DENIED, "reject_unauth_destination"),  # not offered
    ("network", "pop"): (DENIED, "reject_unauth_destination"),
    ("AUTH", "none"): (DENIED, "reject_unauth_destination"),
    ("AUTH", "auth"): (RELAY, "permit_sasl_authenticated"),
    ("AUTH", "pop"): (DENIED, "reject_unauth_destination"),
    ("POP", "none"): (DENIED, "reject_unauth_destination"),
    ("POP", "auth"): (DENIED, "reject_unauth_destination"),
    ("POP", "pop"): (RELAY, "permit_pop_before_smtp"),
    ("submission-only", "none"): ("reject_auth", "reject_unauthenticated"),
    ("submission-only", "auth"): (RELAY, "permit_sasl_authenticated"),
}


@pytest.mark.parametrize(
    ("arm", "credentials"), CREDENTIALS_HELP, ids=list(map(" ".join, CREDENTIALS_HELP))
)
def test_credentials_in_a_hotel(scenario, arm, credentials):
    verdict = answers(scenario, "proseware", arm)["hotel", "elsewhere", credentials]
    assert (verdict.kind, verdict.rule) == CREDENTIALS_HELP[arm, credentials]


def test_every_cell_is_there_once(scenario):
    found = cells(scenario, "proseware", "network")
    keys = [(c.place, c.to, c.credentials) for c in found]
    assert len(keys) == len(set(keys))
    assert {k[1] for k in keys} == set(RECIPIENTS)
    assert {k[2] for k in keys} == set(CREDENTIALS) - {"587"}  # no arm offers it


def test_places_that_no_arm_tells_apart_are_one(scenario):
    titles = [place.title for place in places(scenario, "proseware-smtp")]
    assert titles == ["home", "work", "branch", "hotel, airport", "kiosk"]


def test_places_are_told_apart_only_by_the_arms_compared(scenario):
    asked = [Servers(scenario, arm) for arm in ("open", "network")]
    titles = [place.title for place in places(scenario, "proseware-smtp", asked)]
    assert titles == ["home", "work, branch", "hotel, airport", "kiosk"]


def test_listed_branch_may_relay(scenario):
    verdict = answers(scenario, "proseware", "range")["branch", "elsewhere", "none"]
    assert (verdict.kind, verdict.rule) == (RELAY, "permit_client_ranges")


def test_customers_of_a_venue_are_its_guests(scenario):
    assert {cell.place for cell in cells(scenario, "hotel", "network")} == {"hotel"}


OTHERS = {
    # arm, server: who is taken (for relaying; another server and notices for a mailbox here)
    ("open", "proseware-smtp"): {"other sender", "stranger", "forger", "thief", "sharer"},
    ("network", "proseware-smtp"): {"other sender"},
    ("AUTH", "proseware-smtp"): {"other sender", "thief"},
    ("POP", "proseware-smtp"): {"other sender", "sharer"},
    ("identity", "proseware-smtp"): set(),
    ("open", "proseware-mx"): {"another server", "a notice", "stranger", "forger"},
    ("network", "proseware-mx"): {"another server", "a notice"},
    ("identity-on-mx", "proseware-mx"): {"a notice"},  # RFC 2505 section 2.6.1
}


@pytest.mark.parametrize(("arm", "server"), OTHERS, ids=list(map(" ".join, OTHERS)))
def test_who_else_is_taken(scenario, arm, server):
    asked = Servers(scenario, arm)
    found = list(others(asked, server, places(scenario, server)))
    assert {cell.who for cell in found if cell.accepted} == OTHERS[arm, server]
    assert {cell.who for cell in found} <= set(WHO)


def test_thief_takes_the_sender_address_that_works(scenario):
    servers = Servers(scenario, "AUTH")
    policy = servers.policy("proseware-smtp")
    strict = replace(policy, sender=(Restriction("reject_sender_not_local"),))
    found = others(servers.with_policy("proseware-smtp", strict), "proseware-smtp", [])
    assert next(cell for cell in found if cell.who == "thief").verdict.kind == RELAY
