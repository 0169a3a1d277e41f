"""Restrictions: what each decides, how they are written, and which lists cannot be."""

from ipaddress import IPv4Address, IPv4Network

import pytest

from sim.smtp import Facts, Policy, PolicyError, Restriction, decide, presets
from sim.smtp.restrictions import STAGES, TABLE, parse

INSIDE, BRANCH, OUTSIDE = (
    int(IPv4Address(a)) for a in ("198.51.100.7", "192.0.2.66", "203.0.113.9")
)
OURS, ELSEWHERE = "bob@proseware.com", "kim@adatum.com"
DEFAULT_RELAY = ("permit_mynetworks", "permit_auth_destination")


def policy(stage="relay", *texts, **more):
    lists = {"relay": DEFAULT_RELAY} | {stage: texts}
    made = {name: tuple(parse(t, stage=name) for t in listed) for name, listed in lists.items()}
    return Policy(
        **{
            "hostname": "smtp.proseware.com",
            "address": int(IPv4Address("198.51.100.1")),
            "domains": frozenset({"proseware.com"}),
            "mailboxes": frozenset({"terri@proseware.com", "bob@proseware.com"}),
            "networks": (IPv4Network("198.51.100.0/26"),),
            "client_ranges": (IPv4Network("192.0.2.64/28"),),
            "login_owns": {"terri": frozenset({"terri@proseware.com"})},
            "auth_offered": True,
        }
        | made
        | more
    )


def facts(client=INSIDE, sender="terri@proseware.com", to=ELSEWHERE, **more):
    return Facts(client, sender, to, **more)


SENDER_RULES = (
    "reject_sender_not_local",
    "reject_sender_login_mismatch",
    "reject_authenticated_sender_login_mismatch",
    "reject_unknown_sender_domain",
    "reject_non_fqdn_sender",
)
KNOWN = frozenset({"proseware.com", "adatum.com"})

NETWORK, HERE, END = "permit_mynetworks", "permit_auth_destination", "end_of_relay_list"
ITSELF = ""
ROWS = {
    # what happens: one restriction or a list, facts, verdict, deciding rule
    "no login": ("reject_unauthenticated", facts(), "reject_auth", ITSELF),
    "login": ("reject_unauthenticated", facts(login="terri"), "accept_relay", NETWORK),
    "listed": (
        "reject_rbl_client(trap)",
        facts(listed=("other", "trap")),
        "reject_blocklist",
        ITSELF,
    ),
    "listed elsewhere": (
        "reject_rbl_client(trap)",
        facts(listed=("other",)),
        "accept_relay",
        NETWORK,
    ),
    "last in the window": ("limit_client_rate(3 / hour)", facts(recent=2), "accept_relay", NETWORK),
    "one too many": ("limit_client_rate(3 / hour)", facts(recent=3), "reject_rate", ITSELF),
    "last session": ("limit_connections(2)", facts(open_sessions=1), "accept_relay", NETWORK),
    "no session left": ("limit_connections(2)", facts(open_sessions=2), "reject_busy", ITSELF),
    "local sender": ("reject_sender_not_local", facts(), "accept_relay", NETWORK),
    "contoso at proseware": (
        "reject_sender_not_local",
        facts(sender="terri@contoso.com"),
        "reject_sender",
        ITSELF,
    ),
    "identity check on inbound mail": (
        "reject_sender_not_local",
        facts(OUTSIDE, "kim@adatum.com", OURS),
        "reject_sender",
        ITSELF,
    ),
    "own address": ("reject_sender_login_mismatch", facts(login="terri"), "accept_relay", NETWORK),
    "address in other letters": (
        "reject_sender_login_mismatch",
        facts(sender="Terri@PROSEWARE.com", login="terri"),
        "accept_relay",
        NETWORK,
    ),
    "address of another": (
        "reject_sender_login_mismatch",
        facts(sender="bob@proseware.com", login="terri"),
        "reject_sender",
        ITSELF,
    ),
    "owned, no login": ("reject_sender_login_mismatch", facts(), "reject_sender", ITSELF),
    "unowned, no login": (
        "reject_sender_login_mismatch",
        facts(sender="x@adatum.com"),
        "accept_relay",
        NETWORK,
    ),
    "half a rule, no login": (
        "reject_authenticated_sender_login_mismatch",
        facts(),
        "accept_relay",
        NETWORK,
    ),
    "half a rule, login": (
        "reject_authenticated_sender_login_mismatch",
        facts(sender="bob@proseware.com", login="terri"),
        "reject_sender",
        ITSELF,
    ),
    "domain does not exist": (
        "reject_unknown_sender_domain",
        facts(sender="x@nosuch.example", known_domains=KNOWN),
        "reject_sender",
        ITSELF,
    ),
    "domain exists": (
        "reject_unknown_sender_domain",
        facts(sender="x@adatum.com", known_domains=KNOWN),
        "accept_relay",
        NETWORK,
    ),
    "an address literal is no domain": (
        "reject_unknown_sender_domain",
        facts(sender="x@[203.0.113.9]", known_domains=KNOWN),
        "accept_relay",
        NETWORK,
    ),
    "all domains exist": (
        "reject_unknown_sender_domain",
        facts(sender="x@nosuch.example"),
        "accept_relay",
        NETWORK,
    ),
    "not qualified": ("reject_non_fqdn_sender", facts(sender="x@desk"), "reject_sender", ITSELF),
    "qualified": ("reject_non_fqdn_sender", facts(sender="x@adatum.com"), "accept_relay", NETWORK),
    "open trust": ("permit", facts(OUTSIDE), "accept_relay", ITSELF),
    "open trust, local": ("permit", facts(OUTSIDE, to=OURS), "accept_local", ITSELF),
    "first address": (
        "permit_mynetworks",
        facts(int(IPv4Address("198.51.100.0"))),
        "accept_relay",
        ITSELF,
    ),
    "last address": (
        "permit_mynetworks",
        facts(int(IPv4Address("198.51.100.63"))),
        "accept_relay",
        ITSELF,
    ),
    "next address": (
        "permit_mynetworks",
        facts(int(IPv4Address("198.51.100.64"))),
        "reject_relay",
        END,
    ),
    "roaming login": (
        "permit_sasl_authenticated",
        facts(OUTSIDE, login="terri"),
        "accept_relay",
        ITSELF,
    ),
    "roaming, no login": ("permit_sasl_authenticated", facts(OUTSIDE), "reject_relay", END),
    "POP within the window": (
        "permit_pop_before_smtp(10 min)",
        facts(OUTSIDE, pop_age=599.9),
        "accept_relay",
        ITSELF,
    ),
    "POP at its end": (
        "permit_pop_before_smtp(10 min)",
        facts(OUTSIDE, pop_age=600.0),
        "reject_relay",
        END,
    ),
    "no POP": ("permit_pop_before_smtp(10 min)", facts(OUTSIDE), "reject_relay", END),
    "policy's range": ("permit_client_ranges", facts(BRANCH), "accept_relay", ITSELF),
    "named range": (
        "permit_client_ranges(203.0.113.8/31, 192.0.2.1)",
        facts(OUTSIDE),
        "accept_relay",
        ITSELF,
    ),
    "not in the named": (
        "permit_client_ranges(203.0.113.10/31)",
        facts(OUTSIDE),
        "reject_relay",
        END,
    ),
    "forged local sender": ("permit_sender_local", facts(OUTSIDE), "accept_relay", ITSELF),
    "foreign sender": ("permit_sender_local", facts(OUTSIDE, "x@adatum.com"), "reject_relay", END),
    "null sender is not local": ("permit_sender_local", facts(OUTSIDE, None), "reject_relay", END),
    "network and login": (
        "permit_all_of(permit_mynetworks, permit_sasl_authenticated)",
        facts(login="terri"),
        "accept_relay",
        ITSELF,
    ),
    "network alone": (
        "permit_all_of(permit_mynetworks, permit_sasl_authenticated)",
        facts(),
        "reject_relay",
        END,
    ),
    "login alone": (
        "permit_all_of(permit_mynetworks, permit_sasl_authenticated)",
        facts(OUTSIDE, login="terri"),
        "reject_relay",
        END,
    ),
    "local mail is no relaying": (
        "permit_auth_destination",
        facts(OUTSIDE, to=OURS),
        "accept_local",
        ITSELF,
    ),
    "relay domain": (
        "permit_auth_destination",
        facts(OUTSIDE, to="x@backup.example"),
        "accept_relay",
        ITSELF,
    ),
    "elsewhere": ("permit_auth_destination", facts(to=ELSEWHERE), "reject_relay", END),
    "reject elsewhere": (("reject_unauth_destination", "permit"), facts(), "reject_relay", ITSELF),
    "reject not here": (
        ("reject_unauth_destination", "permit"),
        facts(to=OURS),
        "accept_local",
        "permit",
    ),
    "defer elsewhere": (("defer_unauth_destination", "permit"), facts(), "reject_relay", ITSELF),
    "reject all": ("reject", facts(to=OURS), "reject_relay", ITSELF),
    "empty list": ((), facts(to=OURS), "reject_relay", END),
    "known user": ("reject_unlisted_recipient", facts(to=OURS), "accept_local", NETWORK),
    "unknown user": (
        "reject_unlisted_recipient",
        facts(to="no@proseware.com"),
        "reject_unknown_user",
        ITSELF,
    ),
    "user elsewhere": (
        "reject_unlisted_recipient",
        facts(to="no@adatum.com"),
        "accept_relay",
        NETWORK,
    ),
    "postmaster": (
        "reject_unlisted_recipient",
        facts(to="Postmaster@proseware.com"),
        "accept_local",
        NETWORK,
    ),
    "never seen": ("greylist(5 min)", facts(OUTSIDE, to=OURS), "greylisted", ITSELF),
    "seen just now": (
        "greylist(5 min)",
        facts(OUTSIDE, to=OURS, greylist_age=299.0),
        "greylisted",
        ITSELF,
    ),
    "seen long ago": (
        "greylist(5 min)",
        facts(OUTSIDE, to=OURS, greylist_age=300.0),
        "accept_local",
        HERE,
    ),
    "own client": ("greylist(5 min)", facts(to=OURS), "accept_local", NETWORK),
    "spam caught": (
        "reject_outbound_spam(0.9, 0.01)",
        facts(spam=True, content_draw=0.89),
        "reject_content",
        ITSELF,
    ),
    "spam missed": (
        "reject_outbound_spam(0.9, 0.01)",
        facts(spam=True, content_draw=0.9),
        "accept_relay",
        NETWORK,
    ),
    "honest mail caught": (
        "reject_outbound_spam(0.9, 0.01)",
        facts(content_draw=0.009),
        "reject_content",
        ITSELF,
    ),
    "honest mail passes": (
        "reject_outbound_spam(0.9, 0.01)",
        facts(content_draw=0.01),
        "accept_relay",
        NETWORK,
    ),
    "discarded": (
        "discard_outbound_spam(0.9, 0.01)",
        facts(spam=True, content_draw=0.5),
        "discard",
        ITSELF,
    ),
}


@pytest.mark.parametrize(("texts", "known", "kind", "rule"), ROWS.values(), ids=ROWS)
def test_each_restriction(texts, known, kind, rule):
    listed = (texts,) if isinstance(texts, str) else texts
    name = parse(listed[0]).name if listed else "permit"
    made = policy(TABLE[name].stages[0], *listed, relay_domains=frozenset({"backup.example"}))
    verdict = decide(made, known)
    assert (verdict.kind, verdict.rule) == (kind, rule or name)


def test_every_restriction_has_a_row():
    used = {parse(texts).name for texts, *_ in ROWS.values() if isinstance(texts, str)}
    used |= (
        {parse(text).name for texts, *_ in ROWS.values() if texts for text in texts[:1]}
        if False
        else {
            parse(texts[0]).name
            for texts, *_ in ROWS.values()
            if texts and not isinstance(texts, str)
        }
    )
    assert used == set(TABLE)


@pytest.mark.parametrize("rule", SENDER_RULES)
@pytest.mark.parametrize("login", [None, "terri"])
def test_null_reverse_path_is_never_refused_for_what_it_is(rule, login):
    # RFC 2505 section 2.6.1
    known = facts(OUTSIDE, None, OURS, login=login, known_domains=frozenset())
    assert decide(policy("sender", rule), known).kind == "accept_local"


WRITTEN = [
    "permit_pop_before_smtp(30 min)",
    "permit_pop_before_smtp(90 s)",
    "permit_pop_before_smtp(7 days)",
    "permit_client_ranges(203.0.113.64/28, 192.0.2.1/32)",
    "permit_client_ranges",
    "permit_all_of(permit_client_ranges(192.0.2.0/24), permit_sasl_authenticated)",
    "reject_rbl_client(trap-list)",
    "limit_client_rate(100 / hour)",
    "limit_connections(20)",
    "greylist(5 min)",
    "reject_outbound_spam(0.9, 0.01)",
    "discard_outbound_spam(1, 0)",
]


@pytest.mark.parametrize("text", WRITTEN)
def test_reading_and_writing(text):
    assert str(parse(text)) == text
    assert parse(f"  {text} ".replace(", ", " ,")) == parse(text)


def test_single_addresses_are_ranges():
    assert parse("permit_client_ranges(192.0.2.1)") == parse("permit_client_ranges(192.0.2.1/32)")


FAULTS = {
    # what is wrong: text, value named, nearest name offered
    "misspelt": ("permit_mynetwork", "permit_mynetwork", "permit_mynetworks"),
    "misspelt inside": ("permit_all_of(permit_mynetwork)", "permit_mynetwork", "permit_mynetworks"),
    "nothing like it": ("zzz", "zzz", ""),
    "window missing": ("permit_pop_before_smtp", "0 arguments", ""),
    "window without unit": ("permit_pop_before_smtp(30)", "30", ""),
    "window of nothing": ("permit_pop_before_smtp(0 s)", "0 s", ""),
    "not a network": ("permit_client_ranges(203.0.113.65/28)", "203.0.113.65/28", ""),
    "not an address": ("permit_client_ranges(203.0.113.256)", "203.0.113.256", ""),
    "empty argument": ("permit_client_ranges(192.0.2.1, , 192.0.2.2)", "", ""),
    "share above 1": ("reject_outbound_spam(0.9, 1.1)", "1.1", ""),
    "share missing": ("reject_outbound_spam(0.9)", "1 arguments", ""),
    "share not a number": ("reject_outbound_spam(nan, 0)", "nan", ""),
    "one too many": ("permit_mynetworks(192.0.2.0/24)", "192.0.2.0/24", ""),
    "count with a point": ("limit_connections(2.5)", "2.5", ""),
    "rate without unit": ("limit_client_rate(100)", "100", ""),
    "blocklist with a space": ("reject_rbl_client(a b)", "a b", ""),
    "a reject in all_of": ("permit_all_of(reject)", "reject", ""),
    "all_of nothing": ("permit_all_of()", "0 arguments", ""),
    "open bracket": ("greylist(5 min", "greylist(5 min", ""),
    "too deep": ("permit_all_of(" * 50 + ")" * 50, "permit_all_of(" * 50 + ")" * 50, ""),
    "empty": ("", "", ""),
}


@pytest.mark.parametrize(("text", "value", "nearest"), FAULTS.values(), ids=FAULTS)
def test_faults_name_value_and_nearest(text, value, nearest):
    with pytest.raises(PolicyError) as caught:
        parse(text)
    assert (caught.value.value, caught.value.nearest) == (value, nearest)
    assert caught.value.expected


def test_wrong_list():
    with pytest.raises(PolicyError, match="belongs into the relay list"):
        parse("permit_mynetworks", stage="sender")
    with pytest.raises(PolicyError, match="belongs into another list"):
        Policy("h.example", sender=(Restriction("permit_mynetworks"),))


UNREACHABLE = {
    "after permit": ["permit", "permit_mynetworks"],
    "after reject": ["reject", "permit_auth_destination"],
    "after both halves": ["permit_auth_destination", "reject_unauth_destination", "permit"],
    "both halves, deferred": [
        "defer_unauth_destination",
        "permit_auth_destination",
        "reject",
    ],
}


@pytest.mark.parametrize("texts", UNREACHABLE.values(), ids=UNREACHABLE)
def test_unreachable_restrictions(texts):
    with pytest.raises(PolicyError, match="unreachable") as caught:
        policy("relay", *texts)
    assert caught.value.value == texts[-1]


def test_unknown_flavour_and_wording():
    with pytest.raises(PolicyError) as caught:
        policy(flavour="postfx")
    assert caught.value.nearest == "postfix"
    with pytest.raises(PolicyError, match="unknown wording"):
        policy(wording="latin")


PRESETS = {
    "open": ["permit"],
    "closed": ["permit_auth_destination"],
    "on_network": ["permit_mynetworks", "permit_auth_destination"],
    "auth": ["permit_sasl_authenticated", "permit_auth_destination"],
    "pop_first": ["permit_pop_before_smtp(30 min)", "permit_auth_destination"],
    "address_range": ["permit_client_ranges", "permit_auth_destination"],
    "on_network+auth": [
        "permit_mynetworks",
        "permit_sasl_authenticated",
        "permit_auth_destination",
    ],
    "on_network + pop_first": [
        "permit_mynetworks",
        "permit_pop_before_smtp(30 min)",
        "permit_auth_destination",
    ],
}


@pytest.mark.parametrize(("text", "expected"), PRESETS.items())
def test_presets(text, expected):
    assert [str(r) for r in presets.relay(text)] == expected


def test_presets_take_window_and_ranges():
    made = presets.relay("pop_first+address_range", window=600, ranges=["192.0.2.64/28"])
    expected = ["permit_pop_before_smtp(10 min)", "permit_client_ranges(192.0.2.64/28)"]
    assert [str(r) for r in made[:2]] == expected


BAD_PRESETS = {"on_netwrk": "on_network", "open+auth": "", "auth+auth": "", "": "", "closed+": ""}


@pytest.mark.parametrize(("text", "nearest"), BAD_PRESETS.items())
def test_bad_presets(text, nearest):
    with pytest.raises(PolicyError) as caught:
        presets.relay(text)
    assert caught.value.nearest == nearest


def test_table_is_documented():
    for entry in TABLE.values():
        assert entry.doc.endswith(".")
        assert set(entry.stages) <= set(STAGES)
        assert set(entry.reads) | set(entry.projects) <= set(Facts._fields)
        assert bool(entry.projects) == (entry.projection is not None)
