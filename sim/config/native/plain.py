"""What the restrictions of a policy come to, in words that every mail server has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from sim.smtp import Policy, Restriction
from sim.smtp.restrictions import STAGES

Ports = Mapping[int, Policy]
"""The policies of ports for submissions, by number."""
NO_PORTS: Ports = {}


class Exported(NamedTuple):
    """Files of a native configuration by name, and what they cannot say."""

    files: Mapping[str, str]
    not_expressed: tuple[str, ...]


@dataclass
class Plain:
    """A policy for servers whose language has no lists of restrictions."""

    hostname: str
    domains: tuple[str, ...]
    relay_domains: tuple[str, ...]
    networks: tuple[str, ...]
    mailboxes: tuple[str, ...] | None
    """Known recipients; None: all exist."""
    auth: bool
    spares_relaying: bool = False
    """Whoever may relay is not asked whether a recipient exists."""
    open: bool = False
    """Anybody may relay."""
    on_network: bool = False
    by_login: bool = False
    pop: bool = False
    """Whoever read mail from an address a while ago may relay from it."""
    ranges: list[str] = field(default_factory=list)
    by_sender: bool = False
    """Whoever shows a sender in an own domain may relay."""
    own_senders_only: bool = False
    blocklists: list[str] = field(default_factory=list)
    sender_must_resolve: bool = False
    rejects_unknown: bool = False
    submission: list[int] = field(default_factory=list)
    """Further ports, on which clients have to log in and then may relay."""
    not_expressed: list[str] = field(default_factory=list)

    @property
    def logins(self) -> bool:
        """Whether there are logins on some port."""
        return self.auth or bool(self.submission)


def plain(policy: Policy, ports: Ports = NO_PORTS) -> Plain:
    """*policy*, with those of *ports*, in plain words; what has none is in `not_expressed`."""
    rules = Plain(
        hostname=policy.hostname,
        domains=tuple(sorted(policy.domains)),
        relay_domains=tuple(sorted(policy.relay_domains)),
        networks=tuple(map(str, policy.network_ranges)),
        mailboxes=mailboxes(policy),
        auth=policy.auth_offered,
        spares_relaying=policy.style.mailboxes == "strangers",
    )
    for stage in STAGES:
        for restriction in getattr(policy, stage):
            if restriction.name in ENDS:
                break
            _say(rules, policy, stage, restriction)
            if restriction.name == "permit":
                break
    for number, other in ports.items():
        if _wants_login(other):
            rules.submission.append(number)
        else:
            rules.not_expressed.append(f"port {number}: lists of its own")
    return rules


def _wants_login(policy: Policy) -> bool:
    """Whether only those who log in may do anything, and then may relay."""
    login, nobody = Restriction("permit_sasl_authenticated"), Restriction("reject")
    only = (login, nobody)
    strict = Restriction("reject_unauthenticated") in policy.client
    return policy.relay[:1] == (login,) and (strict or only in (policy.client, policy.relay))


ENDS = ("reject_unauth_destination", "permit_auth_destination", "defer_unauth_destination")
"""After these, what is left of the list speaks of own destinations only."""
GRANTS: Mapping[str, Callable[[Plain], None]] = {
    "permit": lambda rules: setattr(rules, "open", True),
    "permit_mynetworks": lambda rules: setattr(rules, "on_network", True),
    "permit_sasl_authenticated": lambda rules: setattr(rules, "by_login", True),
    "permit_pop_before_smtp": lambda rules: setattr(rules, "pop", True),
    "permit_sender_local": lambda rules: setattr(rules, "by_sender", True),
}
RULES: Mapping[tuple[str, str], Callable[[Plain], None]] = {
    ("sender", "reject_sender_not_local"): lambda rules: setattr(rules, "own_senders_only", True),
    ("sender", "reject_unknown_sender_domain"): lambda f: setattr(f, "sender_must_resolve", True),
    ("recipient", "reject_unlisted_recipient"): lambda f: setattr(f, "rejects_unknown", True),
}


def _say(rules: Plain, policy: Policy, stage: str, restriction: Restriction) -> None:
    name, args = restriction.name, restriction.args
    if stage == "relay" and name in GRANTS:
        GRANTS[name](rules)
    elif stage == "relay" and name == "permit_client_ranges":
        rules.ranges += map(str, args or policy.client_range_pairs)
    elif (stage, name) in RULES:
        RULES[stage, name](rules)
    elif stage == "client" and name == "reject_rbl_client":
        rules.blocklists += map(str, args)
    elif name != "permit":
        rules.not_expressed.append(f"{restriction} in the {stage} list")


def mailboxes(policy: Policy) -> tuple[str, ...] | None:
    """The recipients that exist, if they can be listed."""
    addresses = policy.mailboxes
    return tuple(sorted(addresses)) if isinstance(addresses, Iterable) else None
