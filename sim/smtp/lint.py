"""What is wrong with a policy although it can be: each finding with an example that shows it.

A pure function of the policy, for whoever checks a scenario or audits a configuration.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from sim.smtp import clients
from sim.smtp.decision import decide
from sim.smtp.facts import Facts
from sim.smtp.matching import lookup_table
from sim.smtp.policy import Policy
from sim.smtp.restrictions import STAGES, Restriction, listed
from sim.smtp.tables import Keyed, Unreadable

STRANGER = clients.number("192.0.2.201")
FOREIGN_ADDRESS = "someone@elsewhere.invalid"
REQUIRED = frozenset(
    {"reject_unauth_destination", "defer_unauth_destination", "reject", "defer", "defer_if_permit"}
)
"""One of these must stand in the relay or the recipient list, or Postfix serves nobody."""


class Finding(NamedTuple):
    """One thing that is wrong."""

    kind: str
    """``open_relay``, ``refuses_own_mail``, ``serves_nobody``, ``unreachable``, ``ignored``,
    ``misconfigured``, ``not_modelled``, ``missing_fact`` or ``never_matches``."""
    stage: str
    """The list it is about; "" for all of them."""
    text: str
    example: Facts | None = None
    """A transaction that shows it."""


def lint(
    policy: Policy, *, user: str = "", supplied: Collection[str] | None = None
) -> list[Finding]:
    """All findings, the worst first. *user* is an address that exists here, if none is found
    out; *supplied* are the facts that somebody will know, if not all."""
    own = user or _some_user(policy)
    return [
        *_by_example(policy, own),
        *_by_list(policy),
        *_by_restriction(policy, supplied),
    ]


def _some_user(policy: Policy) -> str:
    domain = min(policy.domains, default=policy.hostname)
    mailboxes = policy.mailboxes
    if isinstance(mailboxes, (set, frozenset)):
        return min((str(address) for address in mailboxes), default=f"postmaster@{domain}")
    return f"postmaster@{domain}"


def _by_example(policy: Policy, own: str) -> Iterator[Finding]:
    """What a stranger and the own users would meet."""
    if policy.style.session == "lenient" and not closes_relaying(policy):
        text = f"Postfix serves nobody without one of {', '.join(sorted(REQUIRED))}"
        yield Finding("serves_nobody", "relay", text)
        return
    abuse = Facts(STRANGER, "stranger@sender.invalid", FOREIGN_ADDRESS)
    verdict = decide(policy, abuse)
    if verdict.accepted and verdict.relayed:
        yield Finding("open_relay", verdict.stage, f"relays for anybody: {verdict.rule}", abuse)
    inbound = abuse._replace(forward_path=own)
    if not decide(policy, inbound).permanent:
        return
    inside = min((first for first, _ in policy.network_ranges), default=STRANGER)
    login = "user" if policy.auth_offered else None
    from_inside = Facts(inside, own, own, login=login)
    for senders, facts in (("anybody", from_inside), ("strangers", inbound)):
        refusal = decide(policy, facts)
        if refusal.permanent:
            text = f"refuses mail from {senders} to its own users: {refusal.rule}: {refusal.reply}"
            yield Finding("refuses_own_mail", refusal.stage, text, facts)
            return


def closes_relaying(policy: Policy) -> bool:
    """Whether Postfix would serve with these lists: one of `REQUIRED` closes a relay list."""
    return _closes(policy, policy.relay, ()) or _closes(policy, policy.recipient, ())


def _closes(policy: Policy, restrictions: tuple[Restriction, ...], within: tuple[str, ...]) -> bool:
    for restriction in restrictions:
        if restriction.name == "permit":
            return False
        if restriction.name in REQUIRED:
            return True
        name = restriction.args[0] if restriction.name == "restriction_class" else ""
        if name and name not in within:
            inner = listed(policy.classes.get(name, ""), "recipient", frozenset(policy.classes))
            if _closes(policy, inner, (*within, name)):
                return True
    return False


def _by_list(policy: Policy) -> Iterator[Finding]:
    """Restrictions that nothing reaches."""
    for stage in STAGES:
        splits: set[str] = set()
        end = ""
        for restriction in getattr(policy, stage):
            if end:
                yield Finding("unreachable", stage, f"{restriction} after {end} is never asked")
                break
            splits.add(restriction.entry.splits)
            if restriction.entry.final or {"ours", "theirs"} <= splits:
                end = str(restriction)


def _by_restriction(policy: Policy, supplied: Collection[str] | None) -> Iterator[Finding]:
    """Restrictions that do nothing, fail, or ask what nobody knows."""
    for restriction in dict.fromkeys(policy.restrictions()):
        entry = restriction.entry
        if entry.about == "login" and not policy.auth_offered:
            yield Finding("ignored", "", f"{restriction} is ignored: AUTH is not offered")
        if entry.name == "misconfigured":
            yield Finding("misconfigured", "", f"unknown restriction {restriction.args[0]}")
        unanswered = entry.name == "check_policy_service" and not policy.services.get(
            restriction.args[0]
        )
        if not entry.modelled or unanswered:
            yield Finding("not_modelled", "", f"{restriction} is taken to have no opinion")
        unknown = {*entry.reads, *entry.state_facts} - set(
            supplied or (*entry.reads, *entry.state_facts)
        )
        if unknown:
            facts = ", ".join(sorted(unknown))
            yield Finding("missing_fact", "", f"{restriction} asks for what is not known: {facts}")
        if entry.parameters[:1] and entry.parameters[0].kind == "table":
            yield from _by_table(policy, restriction)


def _by_table(policy: Policy, restriction: Restriction) -> Iterator[Finding]:
    """Tables that cannot be read, and keys that nothing can match."""
    table = lookup_table(restriction.args[0], policy.tables)
    if isinstance(table, Unreadable):
        yield Finding("misconfigured", "", f"{restriction}: {table.content}")
    elif isinstance(table, Keyed):
        for key in table.content:
            if _never(key, restriction.name):
                text = f"{restriction}: the key {key!r} never matches"
                yield Finding("never_matches", "", text)


def _never(key: str, name: str) -> bool:
    """Whether *key* of an access table can match nothing: of the wrong form for what is asked."""
    if key[:1] == "@" or key[-1:] == ".":
        return True
    about_mail = name in ("check_sender_access", "check_recipient_access")
    return "/" in key or (not about_mail and "@" in key and name != "check_sasl_access")
