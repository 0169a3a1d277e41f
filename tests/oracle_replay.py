"""Replay one case of the relay oracle against the policy core.

The cases were measured on real mail servers: see smtp/data/ORIGIN.md. This module
translates the oracle's neutral vocabulary into a `Policy` and `Facts`, and the verdict is
that of `decide`.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from sim.smtp import FLAVOURS, Facts, Names, Policy, Restriction, Verdict, decide, restrictions

HOSTNAME = "mail.isp.example"
ADDRESS = int(IPv4Address("198.51.100.25"))

# The names that the oracle's DNS server knew: its domains, the exchangers, the hosts of its
# clients, and the subdomain of the relay domain to which messages were seen to go.
KNOWN_DOMAINS = frozenset(
    {
        *("isp.example", "mail.isp.example", "sub.isp.example", "kiosk.hotel.example"),
        *("backup.example", "sub.backup.example", "mx.backup.example"),
        *("foreign.example", "mx.foreign.example", "work.example", "mx.work.example"),
        *("spam.example", "mx.spam.example", "mx.sub.isp.example"),
    }
)

NAMES = Names.resolving(KNOWN_DOMAINS)
LOGINS = {"valid": "alice", "valid_other": "bob"}
REFUSED_LOGINS = ("bad_password", "unknown_login")
POP_MARGIN = 1.0  # s: `last_second` and `expired` lie so far from the end of the window
FRESH = 10.0  # s
SENDER_RULES = {
    "none": (),
    "domain_must_be_local": ("reject_sender_not_local",),
    "login_must_own_sender": ("reject_sender_login_mismatch",),
    "login_must_own_sender_if_logged_in": ("reject_authenticated_sender_login_mismatch",),
}


def verdict(policy: dict[str, Any], case: dict[str, Any]) -> str:
    """The normalised verdict of the server ``case["mta"]`` under *policy*.

    *policy* is a neutral policy with its defaults filled in, *case* a line of the vectors
    without its answers: ``mta``, ``policy``, ``session``, ``client_ip``.
    """
    return answer(policy, case).kind


def answer(policy: dict[str, Any], case: dict[str, Any], *, goes_on: bool = False) -> Verdict:
    """The whole verdict; with *goes_on*, of a client that continues after a failed AUTH."""
    core = core_policy(policy, case.get("mta", "neutral"))
    return decide(core, facts(policy, case, goes_on=goes_on))


def facts(policy: dict[str, Any], case: dict[str, Any], *, goes_on: bool = False) -> Facts:
    """What the server knew in the session of *case*."""
    session = case["session"]
    auth = session.get("auth", "none")
    works = policy["auth"]["offered"] and LOGINS.get(auth) in policy["auth_users"]
    return Facts(
        client=int(IPv4Address(case["client_ip"])),
        reverse_path=session["sender"] or None,
        forward_path=session["rcpt"],
        login=LOGINS[auth] if works else None,
        auth_failed=auth != "none" and not works and not goes_on,
        pop_age=_pop_age(session.get("pop", "none"), policy["pop_before_smtp"]),
        names=NAMES,
    )


def core_policy(policy: dict[str, Any], mta: str) -> Policy:
    """The policy of the core that *policy* describes, in the flavour of *mta*."""
    return _made(_frozen(policy), mta if mta in FLAVOURS else "neutral")


def _pop_age(pop: str, gate: dict[str, Any] | None) -> float | None:
    window = float(gate["window_s"]) if gate else FRESH
    ages = {"fresh": FRESH, "last_second": window - POP_MARGIN, "expired": window + POP_MARGIN}
    return ages.get(pop)  # none, and other_address: no login from this client


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return tuple((key, _frozen(item)) for key, item in sorted(value.items()))
    if isinstance(value, list):
        return ("list", *map(_frozen, value))
    return value


def _thawed(value: Any) -> Any:
    if isinstance(value, tuple):
        if value[:1] == ("list",):
            return [_thawed(item) for item in value[1:]]
        return {key: _thawed(item) for key, item in value}
    return value


@lru_cache(maxsize=1024)
def _made(frozen: Any, mta: str) -> Policy:
    policy = _thawed(frozen)
    auth = policy["auth"]
    known = policy["reject_unknown_local_recipient"]
    return Policy(
        hostname=HOSTNAME,
        address=ADDRESS,
        domains=frozenset(policy["local_domains"]),
        mailboxes=frozenset(policy["mailboxes"]),
        relay_domains=frozenset(policy["relay_domains"]),
        networks=tuple(map(IPv4Network, policy["trusted_networks"])),
        client_ranges=tuple(map(IPv4Network, policy["allowed_clients"])),
        auth_offered=auth["offered"],
        login_owns={login: frozenset(owned) for login, owned in policy["login_owns"].items()},
        flavour=mta,
        client=_parsed(["reject_unauthenticated"] if auth["required_for_mail"] else []),
        sender=_parsed(SENDER_RULES[policy["sender_policy"]]),
        relay=_relay(policy),
        recipient=_parsed(["reject_unlisted_recipient"] if known else []),
    )


def _relay(policy: dict[str, Any]) -> tuple[Restriction, ...]:
    """The grants: each opens relaying, unless `relay_requires` leaves only some of them."""
    if policy["open_relay"]:
        return _parsed(["permit"])
    network = ["permit_mynetworks"] if policy["trusted_networks"] else []
    login = ["permit_sasl_authenticated"] if policy["auth"]["grants_relay"] else []
    others = ["permit_client_ranges"] if policy["allowed_clients"] else []
    if policy["pop_before_smtp"]:
        others.append(f"permit_pop_before_smtp({policy['pop_before_smtp']['window_s']} s)")
    grants = {
        "any": [*network, *others, *login],
        "all": ["permit_all_of(permit_mynetworks, permit_sasl_authenticated)"] if login else [],
        "auth": login,
    }[policy["relay_requires"]]
    if policy["relay_by_sender_domain"]:
        grants = [*grants, "permit_sender_local"]
    return _parsed([*grants, "reject_unauth_destination"])


def _parsed(texts: Any) -> tuple[Restriction, ...]:
    return tuple(map(restrictions.parse, texts))
