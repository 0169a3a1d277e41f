"""`decide`: the situations of the source, its trace, its totality, and its memory."""

import dataclasses
import pickle
from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.records.words import Cause
from sim.smtp import FLAVOURS, Facts, Memo, Names, Policy, decide, presets
from sim.smtp.decision import decide_at
from sim.smtp.restrictions import STAGES, TABLE, parse
from sim.smtp.settings import Settings
from sim.smtp.tables import Keyed, Unreadable

HOME, WORK, HOTEL = (int(IPv4Address(a)) for a in ("198.51.100.7", "192.0.2.7", "203.0.113.140"))
SAME_ISP, ELSEWHERE = "bob@proseware.com", "kim@adatum.com"
SERVER = Policy(
    hostname="smtp.proseware.com",
    address=int(IPv4Address("198.51.100.1")),
    domains=frozenset({"Proseware.com"}),
    mailboxes=frozenset({"terri@proseware.com", "bob@proseware.com"}),
    networks=(IPv4Network("198.51.100.0/26"),),
    client_ranges=(IPv4Network("192.0.2.0/28"),),
    relay=presets.relay("on_network"),
    recipient=(parse("reject_unlisted_recipient"),),
)
SIX = {
    # section 2 of the source: where the user is, recipient, outcome under `on_network`
    "1 home to the same ISP": (HOME, SAME_ISP, "accept_local"),
    "2 home to elsewhere": (HOME, ELSEWHERE, "accept_relay"),
    "3 work to the same ISP": (WORK, SAME_ISP, "accept_local"),
    "4 work to elsewhere": (WORK, ELSEWHERE, "reject_relay"),
    "5 hotel to the same ISP": (HOTEL, SAME_ISP, "accept_local"),
    "6 hotel to elsewhere": (HOTEL, ELSEWHERE, "reject_relay"),
}


@pytest.mark.parametrize(("client", "to", "kind"), SIX.values(), ids=SIX)
def test_six_situations(client, to, kind):
    assert decide(SERVER, Facts(client, "terri@proseware.com", to)).kind == kind


OPENED = {
    # what opens relaying for the user at work (situation 4): preset, what the user did
    "open trust": ("open", {}),
    "login": ("on_network+auth", {"login": "terri"}),
    "POP first": ("on_network+pop_first", {"pop_age": 60.0}),
    "address range": ("on_network+address_range", {}),
}


@pytest.mark.parametrize(("preset", "did"), OPENED.values(), ids=OPENED)
def test_what_opens_relaying_at_work(preset, did):
    policy = dataclasses.replace(SERVER, relay=presets.relay(preset), auth_offered=True)
    facts = Facts(WORK, "terri@proseware.com", ELSEWHERE, **did)
    assert decide(policy, facts).kind == "accept_relay"


def test_refusal_in_full():
    verdict = decide(SERVER, Facts(HOTEL, "terri@proseware.com", ELSEWHERE))
    assert not verdict.accepted
    assert verdict.relayed
    assert verdict.permanent
    assert (verdict.code, verdict.enhanced) == (550, "5.7.1")
    assert (verdict.stage, verdict.command) == ("relay", "RCPT")
    assert (verdict.rule, verdict.cause) == ("reject_unauth_destination", "relaying")
    assert str(verdict.reply) == "550 5.7.1 <kim@adatum.com> Relaying denied"
    assert verdict.trace == ()


def test_trace_tells_what_was_compared():
    verdict = decide(SERVER, Facts(HOTEL, "terri@proseware.com", ELSEWHERE), trace=True)
    assert [(s.stage, s.rule, s.compared, s.opinion) for s in verdict.trace] == [
        (
            "relay",
            "permit_mynetworks",
            "client 203.0.113.140, own networks 198.51.100.0/26",
            "-",
        ),
        (
            "relay",
            "reject_unauth_destination",
            "destination <kim@adatum.com>, processed here are proseware.com",
            "refuse",
        ),
    ]


def test_trace_ends_where_the_decision_falls():
    verdict = decide(SERVER, Facts(HOME, "terri@proseware.com", "no@proseware.com"), trace=True)
    assert [(s.rule, s.opinion) for s in verdict.trace] == [
        ("permit_mynetworks", "permit"),
        ("reject_unlisted_recipient", "refuse"),
    ]


def test_trace_says_what_an_odd_form_means():
    policy = dataclasses.replace(SERVER, flavour="postfix")
    facts = Facts(HOTEL, "terri@proseware.com", "kim%adatum.com@proseware.com")
    compared = decide(policy, facts, trace=True).trace[1].compared
    assert compared.startswith(
        "destination <kim%adatum.com@proseware.com>, that is <kim@adatum.com>"
    )


def test_trace_changes_nothing_else():
    facts = Facts(HOTEL, "terri@proseware.com", ELSEWHERE)
    assert dataclasses.replace(decide(SERVER, facts, trace=True), trace=()) == decide(SERVER, facts)


def test_discarded_mail_looks_accepted():
    policy = dataclasses.replace(SERVER, content=(parse("discard_outbound_spam(1, 1)"),))
    verdict = decide(policy, Facts(HOME, "terri@proseware.com", ELSEWHERE, content_draw=0.5))
    assert (verdict.kind, verdict.accepted, verdict.discarded) == ("discard", True, True)
    assert (verdict.code, verdict.permanent, verdict.command) == (250, False, "DATA")


def test_temporary_refusals_are_not_permanent():
    policy = dataclasses.replace(SERVER, recipient=(parse("greylist(5 min)"),))
    verdict = decide(policy, Facts(HOTEL, "terri@proseware.com", SAME_ISP))
    assert (verdict.kind, verdict.permanent, verdict.code // 100) == ("greylisted", False, 4)


def test_failed_login_is_answered_first():
    facts = Facts(HOME, "terri@proseware.com", ELSEWHERE, auth_failed=True)
    offered = dataclasses.replace(SERVER, auth_offered=True)
    assert (decide(offered, facts).kind, decide(offered, facts).code) == ("reject_auth", 535)
    assert (decide(SERVER, facts).kind, decide(SERVER, facts).code) == ("reject_auth", 502)


def test_two_names_for_one_mailbox():
    for domain in ("proseware.com", "PROSEWARE.COM", "smtp.proseware.com", "[198.51.100.1]"):
        verdict = decide(SERVER, Facts(HOTEL, None, f"Bob@{domain}"))
        assert verdict.kind == "accept_local", domain


COMMANDS = {
    # what is answered at MAIL already, and what only at RCPT: flavour, sender, answer at MAIL
    "neutral judges the sender at once": ("neutral", "reject_sender"),
    "postfix waits for RCPT": ("postfix", None),
    "opensmtpd too, for domains": ("opensmtpd", None),
}


@pytest.mark.parametrize(("flavour", "kind"), COMMANDS.values(), ids=COMMANDS)
def test_what_is_answered_at_mail(flavour, kind):
    policy = dataclasses.replace(
        SERVER, flavour=flavour, sender=(parse("reject_sender_not_local"),)
    )
    facts = Facts(HOME, "terri@contoso.com", ELSEWHERE)
    early = decide_at(policy, facts, "MAIL")
    assert (early.kind if early else None) == kind
    assert decide_at(policy, facts, "RCPT").kind == "reject_sender"


# ---- any policy, any facts

ADDRESSES = st.one_of(
    st.sampled_from(
        [
            *("terri@proseware.com", SAME_ISP, ELSEWHERE, "no@proseware.com", "x@backup.example"),
            *(
                "kim%adatum.com@proseware.com",
                '"a@b.example"@proseware.com',
                "@a.example:b@c.example",
            ),
            *("bob", "", "bob@[198.51.100.1]", "BOB@PROSEWARE.COM.", "a!b@proseware.com"),
        ]
    ),
    st.text(max_size=30),
)
KNOWN = Names.of(
    {
        "a": {"adatum.com": ["192.0.2.7"]},
        "mx": {"backup.example": [[1, "adatum.com"], [2, "smtp.proseware.com"]]},
        "ptr": {"192.0.2.7": "adatum.com", "203.0.113.140": "gone.example"},
        "servfail": ["a.example"],
        "blocklists": {"trap": {"203.0.113.140": ["127.0.0.2"], "adatum.com": ["127.0.0.9"]}},
    }
)
TABLES = {
    "hash:/a": Keyed(
        {
            "adatum.com": "REJECT go away",
            "203.0.113": "450 4.7.1 later",
            "bob@": "DEFER_IF_PERMIT",
            "proseware.com": "permit_mynetworks, reject",
            "<>": "DISCARD",
            "unknown": "OK",
        }
    ),
    "hash:/gone": Unreadable("no such file"),
}
FACTS = st.builds(
    Facts,
    client=st.sampled_from([HOME, WORK, HOTEL, 0, 2**32 - 1]),
    reverse_path=st.none() | ADDRESSES,
    forward_path=ADDRESSES,
    login=st.sampled_from([None, "terri", "bob"]),
    auth_failed=st.booleans(),
    pop_age=st.none() | st.sampled_from([0.0, 599.0, 600.0, 1e9]),
    listed=st.sampled_from([(), ("trap",), ("other", "trap")]),
    names=st.sampled_from([None, Names(), KNOWN]),
    helo=st.sampled_from([None, "desk", "mail.adatum.com", "[192.0.2.7]", "[x", "1.2.3"]),
    recipients=st.integers(0, 2),
    pipelined=st.booleans(),
    recent_connections=st.integers(0, 4),
    recent_recipients=st.integers(0, 4),
    recent_auths=st.integers(0, 4),
    recent_of_login=st.integers(0, 4),
    certificate=st.sampled_from([None, "satellite"]),
    encrypted=st.booleans(),
    client_name=st.sampled_from([None, "unknown", "mail.adatum.com"]),
    open_sessions=st.integers(0, 3),
    recent=st.integers(0, 4),
    greylist_age=st.none() | st.sampled_from([0.0, 300.0]),
    spam=st.booleans(),
    content_draw=st.sampled_from([0.0, 0.005, 0.5, 0.95, 1.0]),
)
ARGUMENTS = {
    "permit_pop_before_smtp": "(10 min)",
    "permit_all_of": "(permit_mynetworks, permit_pop_before_smtp(10 min))",
    "reject_rbl_client": "(trap)",
    "limit_client_rate": "(3 / hour)",
    "limit_connections": "(2)",
    "greylist": "(5 min)",
    "reject_outbound_spam": "(0.9, 0.01)",
    "discard_outbound_spam": "(0.9, 0.01)",
    "warn_if_reject": "(reject_unauthenticated)",
    "restriction_class": "(staff)",
    "check_policy_service": "(inet:127.0.0.1:1)",
    "sleep": "(1)",
}
OF_KIND = {"table": "(hash:/a)", "blocklist": "(trap=127.0.0.[2..3])", "rate": "(3 / hour)"}


def written(name, entry):
    """A restriction with arguments, if it takes some."""
    kind = entry.parameters[0].kind if entry.parameters else ""
    return parse(name + ARGUMENTS.get(name, OF_KIND.get(kind, "")))


def lists():
    """Lists that can be reached to their end."""
    named = [
        written(name, entry)
        for name, entry in TABLE.items()
        if not entry.final and not entry.splits
    ]
    named += [parse("check_client_access(hash:/gone)"), parse("check_helo_access(hash:/none)")]
    return st.lists(st.sampled_from(named), unique_by=str, max_size=4).map(tuple)


ENDS = st.sampled_from(
    ["permit", "reject", "permit_auth_destination", "reject_unauth_destination", "defer"]
).map(lambda text: (parse(text),))
POLICIES = st.builds(
    lambda flavour, offered, delayed, end, **made: dataclasses.replace(
        SERVER,
        flavour=flavour,
        auth_offered=offered,
        relay_domains=frozenset({"backup.example"}),
        login_owns={"terri": frozenset({"Terri@proseware.com"})},
        tables=TABLES,
        classes={"staff": "permit_mynetworks, check_sender_access hash:/a, staff, nonsense"},
        services={"inet:127.0.0.1:1": (({"helo_name": "desk"}, "REJECT"),)},
        settings=Settings(smtpd_delay_reject=delayed, smtpd_client_connection_rate_limit=2),
        **made | {"relay": made["relay"] + end},
    ),
    flavour=st.sampled_from(sorted(FLAVOURS)),
    offered=st.booleans(),
    delayed=st.booleans(),
    end=ENDS,
    **{stage: lists() for stage in STAGES},
)


@given(POLICIES, FACTS)
def test_total_and_consistent(policy, facts):
    verdict = decide(policy, facts, trace=True)
    assert verdict.accepted == (verdict.code < 400)
    assert verdict.permanent == (verdict.code >= 500)
    assert verdict.stage in STAGES
    assert verdict.cause in set(Cause)
    assert (verdict.cause == "") == (verdict.kind in ("accept_local", "accept_relay"))
    assert verdict.enhanced == "" or verdict.enhanced[0] == str(verdict.code)[0]
    assert verdict.reply[:2] == (verdict.code, verdict.enhanced)
    assert all(
        step.compared and step.opinion in ("-", "permit", "refuse", "defer", "discard")
        for step in verdict.trace
    )
    if verdict.kind == "accept_relay":
        assert verdict.relayed
    refusing = [step for step in verdict.trace if step.opinion in ("refuse", "defer", "discard")]
    assert refusing or verdict.kind in ("accept_local", "accept_relay")


@given(POLICIES, FACTS, FACTS)
def test_facts_with_the_same_key_have_the_same_verdict(policy, facts, other):
    mixed = other._replace(**{name: getattr(facts, name) for name in policy.reads})
    assert policy.key(mixed) == policy.key(facts)
    assert decide(policy, mixed) == decide(policy, facts)


COUNTING = [written(n, entry) for n, entry in TABLE.items() if entry.state_key is not None]


@pytest.mark.parametrize("restriction", COUNTING, ids=str)
@given(facts=FACTS)
def test_up_to_its_next_turn_a_fact_changes_nothing(restriction, facts):
    entry, args = restriction.entry, restriction.args
    breakpoints = entry.breakpoints(*args)
    assert {*breakpoints, "spam"} == {*entry.state_facts, "spam"}
    for name, values in breakpoints.items():
        value = getattr(facts, name)
        below = [t for t in values if t is None or (value is not None and t <= value)]
        turn = max(below, key=lambda t: -1 if t is None else t)
        same = entry.state_key(facts._replace(**{name: turn}), *args)
        assert same == entry.state_key(facts, *args)


@given(POLICIES, st.lists(FACTS, min_size=2, max_size=8))
def test_memo_agrees_with_decide(policy, many):
    memo = Memo(policy)
    for facts in many + many:
        assert memo(facts) == decide(policy, facts)


@given(POLICIES, FACTS)
def test_refusals_at_a_command_are_final(policy, facts):
    whole = decide(policy, facts)
    for command in ("CONNECT", "HELO", "AUTH", "MAIL", "RCPT", "DATA"):
        early = decide_at(policy, facts, command)
        if early is not None:
            assert early == whole
            assert early.command == whole.command


@given(FACTS)
def test_nothing_but_listed_grants_relays_for_strangers(facts):
    verdict = decide(SERVER, facts._replace(client=HOTEL))
    assert verdict.kind != "accept_relay"


def test_clock_is_projected():
    policy = dataclasses.replace(SERVER, relay=presets.relay("pop_first", window=600))
    assert "pop_age" in policy.reads
    assert "pop_age" not in SERVER.reads
    at = [policy.key(Facts(WORK, None, ELSEWHERE, pop_age=age)) for age in (1.0, 599.0, 600.0)]
    assert at[0] == at[1] != at[2]


def test_key_holds_only_what_is_read():
    facts = Facts(HOTEL, "terri@proseware.com", ELSEWHERE)
    for name, value in {"pop_age": 5.0, "listed": ("trap",), "recent": 9, "spam": True}.items():
        assert name not in SERVER.reads
        assert SERVER.key(facts) == SERVER.key(facts._replace(**{name: value}))
    assert SERVER.key(facts) != SERVER.key(facts._replace(client=HOME))


def test_key_holds_the_login_where_the_flavour_looks_at_it():
    policy = dataclasses.replace(SERVER, flavour="exim")
    stranger = Facts(HOTEL, "terri@proseware.com", "no@proseware.com")
    known = stranger._replace(login="terri")
    assert decide(policy, stranger).kind == "reject_unknown_user"
    assert decide(policy, known).kind == "accept_local"
    assert policy.key(stranger) != policy.key(known)


def test_memo_is_bounded():
    memo = Memo(SERVER, limit=3)
    for number in range(10):
        memo(Facts(number, None, ELSEWHERE))
    assert 1 <= len(memo.table) <= 3


def test_policies_and_verdicts_can_be_sent_to_another_process():
    facts = Facts(HOTEL, "terri@proseware.com", ELSEWHERE)
    policy = dataclasses.replace(SERVER, relay=presets.relay("on_network+pop_first"))
    assert policy.key(facts)
    copy = pickle.loads(pickle.dumps(policy))
    assert copy == policy
    verdict = decide(copy, facts, trace=True)
    assert pickle.loads(pickle.dumps(verdict)).reply == decide(policy, facts).reply
