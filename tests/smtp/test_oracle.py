"""The policy core answers as real mail servers did, in every recorded session."""

import re
from collections import Counter

import oracle_data
import oracle_replay
import pytest

from sim.smtp import FLAVOURS
from sim.smtp.flavours import MEASURED
from sim.smtp.replies import fill
from sim.smtp.wordings import template

STAGE = {"AUTH": "auth", "MAIL": "mail", "RCPT": "rcpt"}
SEEN = ("observed", "text", "stage", "auth_reply")  # read off a route or a reply
MAIN = ("postfix", "exim", "sendmail", "opensmtpd")

NOT_REPRODUCED: dict[str, str] = {}
"""Name of a vector: why its verdict is not reproduced. There is none."""

# Replies that name what the facts do not hold: situation, server, why.
OTHER_WORDS = {
    ("sender_not_owned", "postfix"): "names the login with its realm, bob@isp.example",
    ("auth_failed", "qpsmtpd"): "names the login that failed and the plug-in that refused it",
}

VECTORS = {mta: tuple(v for v in oracle_data.vectors() if v.case["mta"] == mta) for mta in MEASURED}


def answer(vector, **more):
    case = vector.case
    return oracle_replay.answer(oracle_data.policy(case["policy"]), case, **more)


def test_all_vectors_are_there():
    counts = {"postfix": 1715, "exim": 1715, "sendmail": 1715, "opensmtpd": 1715}
    counts |= {"courier": 1129, "qpsmtpd": 1216}
    assert {mta: len(vectors) for mta, vectors in VECTORS.items()} == counts


def test_data_stays_small():
    assert oracle_data.PATH.stat().st_size <= 1_000_000


@pytest.mark.parametrize("mta", MEASURED)
def test_verdicts_of_a_real_server(mta):
    differ = {v.name: (v.verdict, got) for v in VECTORS[mta] if (got := replayed(v)) != v.verdict}
    assert differ.keys() == {name for name in NOT_REPRODUCED if name.startswith(mta + "/")}, differ


@pytest.mark.parametrize("mta", MEASURED)
def test_agreement_by_basis(mta):
    right, all_ = Counter(), Counter()
    for vector in VECTORS[mta]:
        all_[vector.basis] += 1
        right[vector.basis] += replayed(vector) == vector.verdict
    for basis, count in all_.items():
        seen = 1.0 if basis in SEEN else 0.98
        assert right[basis] >= (seen if mta in MAIN else 0.95) * count, basis


def replayed(vector):
    return oracle_replay.verdict(oracle_data.policy(vector.case["policy"]), vector.case)


@pytest.mark.parametrize("mta", MEASURED)
def test_client_that_continues_after_a_failed_login(mta):
    going_on = [v for v in VECTORS[mta] if v.if_client_continues is not None]
    assert len(going_on) > 40
    for vector in going_on:
        assert answer(vector, goes_on=True).kind == vector.if_client_continues, vector.name


@pytest.mark.parametrize("mta", MEASURED)
def test_command_at_which_a_real_server_answers(mta):
    for vector in VECTORS[mta]:
        stage = {"body": "rcpt", "data": "rcpt"}.get(vector.stage, vector.stage)
        assert STAGE[answer(vector).command] == stage, vector.name


@pytest.mark.parametrize("mta", MEASURED)
def test_words_of_a_real_server(mta):
    for vector in VECTORS[mta]:
        verdict = answer(vector)
        if (verdict.situation, mta) in OTHER_WORDS:
            assert verdict.code == vector.reply[0]
            continue
        code, enhanced, text = vector.reply
        text = text.removeprefix(f"{enhanced} ") if enhanced else text
        text = re.sub(r"<[a-z0-9.-]+(\[[0-9.]+\]>)", r"<unknown\1", text)  # no PTR record here
        assert verdict.reply == (code, enhanced, text), vector.name


@pytest.mark.parametrize("flavour", ["neutral", *MEASURED])
def test_unanimous_lines(flavour):
    stated = [line for line in oracle_data.stored()["unanimous"] if expressible(line, flavour)]
    assert len(stated) > 700
    for policy, session, verdict in stated:
        case = oracle_data.case(flavour, policy, session)
        got = oracle_replay.verdict(oracle_data.policy(policy), case)
        assert got == verdict, (policy, session)


def expressible(line, flavour):
    """Some servers cannot express some policies and have no vote on them."""
    policies = {v.case["policy"] for v in VECTORS.get(flavour, ())}
    return flavour == "neutral" or line[0] in policies


@pytest.mark.parametrize(
    ("policy", "client", "form", "mta", "verdict"),
    oracle_data.stored()["forms"],
    ids=["-".join((p, m, f)) for p, _, f, m, _ in oracle_data.stored()["forms"]],
)
def test_address_forms(policy, client, form, mta, verdict):
    session = {"sender": "alice@isp.example", "rcpt": form, "auth": "none", "pop": "none"}
    case = {"mta": mta, "policy": policy, "client_ip": client, "session": session}
    assert oracle_replay.verdict(oracle_data.policy(policy), case) == verdict


# situation: the command that brings it, and the servers that say more there than a session
# without state, names or dates can
COMMANDS = {
    "noop": ("NOOP", ()),
    "rset": ("RSET", ()),
    "quit": ("QUIT", ()),
    "unknown_command": ("BOGUS", ()),
    "need_mail": ("RCPT TO:<bob@isp.example>", ()),
    "helo": ("HELO kiosk.hotel.example", ("opensmtpd", "qpsmtpd")),  # said after EHLO: 503
    "vrfy": ("VRFY bob", ("exim", "sendmail")),  # they look the user up
    "greeting": ("banner", ("exim", "sendmail", "qpsmtpd")),  # version and date left out
}


COMPARED = [(m, s) for s, (_, others) in COMMANDS.items() for m in MEASURED if m not in others]


@pytest.mark.parametrize(("mta", "situation"), COMPARED)
def test_replies_to_commands(mta, situation):
    command, _ = COMMANDS[situation]
    code, enhanced, text = oracle_data.stored()["commands"][mta][command]
    text = text.removeprefix(f"{enhanced} ") if enhanced else text
    places = {"hostname": oracle_replay.HOSTNAME, "client": "203.0.113.140", "command": command}
    places["detail"] = command.partition(" ")[2]
    made = fill(template(FLAVOURS[mta].wording or mta, situation), places)
    assert made == (code, enhanced, text)


GENERALISED = {
    # forms that no recorded session has, from a stranger under `closed`
    "percent twice": ("a%foreign.example%foreign.example@isp.example", "reject_relay", "postfix"),
    "percent to a user": ("alice%isp.example@mail.isp.example", "accept_local", "sendmail"),
    "bang to a user": ("isp.example!alice@isp.example", "accept_local", "postfix"),
    "bang path of two": ("foreign.example!isp.example!bob", "reject_relay", "sendmail"),
    "unknown user, bare": ("nobody99", "reject_unknown_user", "opensmtpd"),
    "unknown user at the host": ("nobody99@mail.isp.example", "reject_unknown_user", "exim"),
    "upper case host": ("BOB@MAIL.ISP.EXAMPLE", "accept_local", "exim"),
    "upper case at Courier": ("bob@ISP.EXAMPLE", "accept_local", "courier"),
    "tag of an unknown user": ("nobody+x@isp.example", "reject_unknown_user", "postfix"),
    "foreign literal in a route": ("@[192.0.2.9]:bob@isp.example", "reject_syntax", "exim"),
    "slash at home": ("a/b@isp.example", "reject_syntax", "exim"),
    "slash elsewhere": ("a/b@foreign.example", "reject_relay", "exim"),
    "leading dot": (".bob@isp.example", "reject_syntax", "exim"),
    "quoted percent": ('"victim%foreign.example"@isp.example', "reject_relay", "postfix"),
    "trailing dot at the host": ("bob@mail.isp.example.", "accept_local", "sendmail"),
    "hack through a literal": ("victim%foreign.example@[198.51.100.25]", "reject_relay", "qpsmtpd"),
}


@pytest.mark.parametrize(("form", "verdict", "mta"), GENERALISED.values(), ids=GENERALISED)
def test_generalised_forms(form, verdict, mta):
    session = {"sender": "alice@isp.example", "rcpt": form, "auth": "none", "pop": "none"}
    case = {"mta": mta, "policy": "closed", "client_ip": "192.0.2.66", "session": session}
    assert oracle_replay.verdict(oracle_data.policy("closed"), case) == verdict


def test_no_route_through_a_relay_domain_for_strangers():
    session = {"sender": "", "rcpt": "victim%foreign.example@backup.example"}
    for mta, verdict in {"postfix": "reject_relay", "sendmail": "reject_relay"}.items():
        case = {"mta": mta, "policy": "backup_mx", "client_ip": "192.0.2.66", "session": session}
        assert oracle_replay.verdict(oracle_data.policy("backup_mx"), case) == verdict


NAMED_ONLY = {
    # policies that the record names and this extract does not hold
    "onnet_or_pop": ({"trusted_networks": ["198.51.100.0/25"]}, {"window_s": 600}),
    "everything": (
        {
            "trusted_networks": ["198.51.100.0/25"],
            "allowed_clients": ["203.0.113.200/32", "192.0.2.128/28"],
            "auth": {"offered": True, "grants_relay": True, "required_for_mail": False},
            "relay_domains": ["backup.example"],
            "sender_policy": "domain_must_be_local",
        },
        {"window_s": 600},
    ),
}
SITUATIONS = {
    "on the network": ("198.51.100.77", "none", "accept_relay"),
    "in a hotel": ("203.0.113.140", "none", "reject_relay"),
    "in a hotel after POP": ("203.0.113.140", "fresh", "accept_relay"),
    "in a hotel, window closed": ("203.0.113.140", "expired", "reject_relay"),
    "last second of the window": ("203.0.113.140", "last_second", "accept_relay"),
    "POP from elsewhere": ("203.0.113.140", "other_address", "reject_relay"),
}


@pytest.mark.parametrize("mta", ["neutral", *MEASURED])
@pytest.mark.parametrize("name", NAMED_ONLY)
@pytest.mark.parametrize(("client", "pop", "verdict"), SITUATIONS.values(), ids=SITUATIONS)
def test_policies_that_are_only_named(mta, name, client, pop, verdict):
    overrides, gate = NAMED_ONLY[name]
    policy = {**oracle_data.stored()["policies"]["defaults"], **overrides, "pop_before_smtp": gate}
    session = {"sender": "alice@isp.example", "rcpt": "friend@foreign.example"}
    session |= {"auth": "none", "pop": pop}
    case = {"mta": mta, "policy": name, "client_ip": client, "session": session}
    assert oracle_replay.verdict(policy, case) == verdict
