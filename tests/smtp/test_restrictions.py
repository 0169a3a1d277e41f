"""Restrictions: what each decides, how they are written, and which lists cannot be."""

from ipaddress import IPv4Address, IPv4Network

import pytest

from sim.smtp import Facts, Names, Policy, PolicyError, decide, presets
from sim.smtp.restrictions import ALIASES, TABLE, parse

INSIDE, BRANCH, OUTSIDE = (
    int(IPv4Address(a)) for a in ("198.51.100.7", "192.0.2.66", "203.0.113.9")
)
OURS, ELSEWHERE = "bob@proseware.com", "kim@adatum.com"
DEFAULT_RELAY = ("permit_mynetworks", "reject_unauth_destination")


def policy(stage="relay", *texts, **more):
    lists = {"relay": DEFAULT_RELAY} | {stage: texts}
    made = {name: tuple(map(parse, listed)) for name, listed in lists.items()}
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
KNOWN = Names.resolving({"proseware.com", "adatum.com"})

NETWORK, END, CLOSED = "permit_mynetworks", "end_of_list", "reject_unauth_destination"
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
        facts(sender="x@nosuch.example", names=KNOWN),
        "reject_sender",
        ITSELF,
    ),
    "domain exists": (
        "reject_unknown_sender_domain",
        facts(sender="x@adatum.com", names=KNOWN),
        "accept_relay",
        NETWORK,
    ),
    "an address literal is no domain": (
        "reject_unknown_sender_domain",
        facts(sender="x@[203.0.113.9]", names=KNOWN),
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
        CLOSED,
    ),
    "roaming login": (
        "permit_sasl_authenticated",
        facts(OUTSIDE, login="terri"),
        "accept_relay",
        ITSELF,
    ),
    "roaming, no login": ("permit_sasl_authenticated", facts(OUTSIDE), "reject_relay", CLOSED),
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
        CLOSED,
    ),
    "no POP": ("permit_pop_before_smtp(10 min)", facts(OUTSIDE), "reject_relay", CLOSED),
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
        CLOSED,
    ),
    "forged local sender": ("permit_sender_local", facts(OUTSIDE), "accept_relay", ITSELF),
    "foreign sender": (
        "permit_sender_local",
        facts(OUTSIDE, "x@adatum.com"),
        "reject_relay",
        CLOSED,
    ),
    "null sender is not local": (
        "permit_sender_local",
        facts(OUTSIDE, None),
        "reject_relay",
        CLOSED,
    ),
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
        CLOSED,
    ),
    "login alone": (
        "permit_all_of(permit_mynetworks, permit_sasl_authenticated)",
        facts(OUTSIDE, login="terri"),
        "reject_relay",
        CLOSED,
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
    "elsewhere": ("permit_auth_destination", facts(to=ELSEWHERE), "reject_relay", CLOSED),
    "defer": ("defer", facts(to=OURS), "deferred", ITSELF),
    "reject elsewhere": (("reject_unauth_destination", "permit"), facts(), "reject_relay", ITSELF),
    "reject not here": (
        ("reject_unauth_destination", "permit"),
        facts(to=OURS),
        "accept_local",
        "permit",
    ),
    "defer elsewhere": (("defer_unauth_destination", "permit"), facts(), "reject_relay", ITSELF),
    "reject all": ("reject", facts(to=OURS), "reject_relay", ITSELF),
    "empty list": ((), facts(OUTSIDE), "accept_relay", END),
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
        END,
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


def stage_of(name):
    """The list in which a restriction usually stands; it may stand in any."""
    if name.startswith("permit") or name in ("reject", "reject_unauth_destination"):
        return "relay"
    return "content" if "outbound" in name else "recipient"


@pytest.mark.parametrize(("texts", "known", "kind", "rule"), ROWS.values(), ids=ROWS)
def test_each_restriction(texts, known, kind, rule):
    listed = (texts,) if isinstance(texts, str) else texts
    name = parse(listed[0]).name if listed else "permit"
    stage = "relay" if not listed or len(listed) > 1 else stage_of(name)
    if stage == "relay" and len(listed) == 1 and not parse(listed[0]).entry.final:
        listed += ("reject_unauth_destination",)
    made = policy(stage, *listed, relay_domains=frozenset({"backup.example"}))
    verdict = decide(made, known)
    assert (verdict.kind, verdict.rule) == (kind, rule or name)


@pytest.mark.parametrize("rule", SENDER_RULES)
@pytest.mark.parametrize("login", [None, "terri"])
def test_null_reverse_path_is_never_refused_for_what_it_is(rule, login):
    # RFC 2505 section 2.6.1
    known = facts(OUTSIDE, None, OURS, login=login, names=Names())
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
    "table without a type": ("check_client_access(access)", "access", ""),
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


ANYWHERE = ("client", "sender", "relay", "recipient", "data", "end_of_data")


@pytest.mark.parametrize("flavour", ["neutral", "postfix", "opensmtpd"])
@pytest.mark.parametrize("stage", ANYWHERE)
def test_any_restriction_in_any_list(stage, flavour):
    made = policy("relay", flavour=flavour, **{stage: (parse("reject_rbl_client(trap)"),)})
    assert decide(made, facts(listed=("trap",))).kind == "reject_blocklist"
    assert decide(made, facts()).accepted


@pytest.mark.parametrize("flavour", ["neutral", "postfix", "exim", "sendmail", "qmail"])
def test_the_end_of_every_list_permits(flavour):
    made = policy("relay", flavour=flavour)
    assert decide(made, facts(OUTSIDE)).kind == "accept_relay"


def test_a_permit_ends_its_own_list_only():
    listed = (parse("permit_mynetworks"), parse("reject"))
    made = policy("relay", "permit_mynetworks", "reject", recipient=(parse("reject"),))
    assert decide(made, facts()).stage == "recipient"
    assert decide(policy("relay", client=listed), facts()).accepted


def test_list_that_stands_in_most_main_cf_files():
    texts = ("permit_mynetworks", "permit_sasl_authenticated", "reject_unauth_destination")
    made = policy("relay", *texts, flavour="postfix")
    assert decide(made, facts(OUTSIDE, "x@adatum.com", OURS)).code == 250
    assert decide(made, facts(OUTSIDE, "x@adatum.com", ELSEWHERE)).code == 554


def test_reject_speaks_of_the_recipient():
    made = policy("relay", "permit_sasl_authenticated", "reject", flavour="postfix")
    reply = decide(made, facts(to=ELSEWHERE)).reply
    assert str(reply) == ("554 5.7.1 <kim@adatum.com>: Recipient address rejected: Access denied")


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
    "closed": ["reject_unauth_destination"],
    "on_network": ["permit_mynetworks", "reject_unauth_destination"],
    "auth": ["permit_sasl_authenticated", "reject_unauth_destination"],
    "pop_first": ["permit_pop_before_smtp(30 min)", "reject_unauth_destination"],
    "address_range": ["permit_client_ranges", "reject_unauth_destination"],
    "on_network+auth": [
        "permit_mynetworks",
        "permit_sasl_authenticated",
        "reject_unauth_destination",
    ],
    "on_network + pop_first": [
        "permit_mynetworks",
        "permit_pop_before_smtp(30 min)",
        "reject_unauth_destination",
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
        assert set(entry.reads) | set(entry.state_facts) <= set(Facts._fields)
        assert bool(entry.state_facts) == (entry.state_key is not None)
    assert set(ALIASES.values()) <= set(TABLE)
    assert not set(ALIASES) & set(TABLE)
