"""Restrictions on how often and how much a client does (RFC 2505 section 2.8)."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sim.smtp.arguments import Parameter, Rate
from sim.smtp.facts import Facts, SessionState
from sim.smtp.opinions import Opinion, Refusal
from sim.smtp.restrictions.entry import restriction, row
from sim.smtp.transaction import Transaction


def _is_unlimited(t: Transaction) -> bool:
    """Whether no limit holds for the client."""
    unlimited = t.site.unlimited
    return bool(unlimited) and unlimited.holds(t.facts.client, lambda: t.client_names.name)


def _limit(
    name: str, fact: str, of: str, situation: str, at: str, *, party: str = "client", **more: Any
) -> None:
    """Add the row of a limit on *fact*, the number *of* things that *party* did in the window."""
    number = attrgetter(fact)

    def is_below(facts: Facts | SessionState, limit: Rate) -> bool:
        return bool(number(facts) < limit.most)

    def judge(t: Transaction, limit: Rate) -> Opinion:
        if is_below(t.facts, limit) or (
            _is_unlimited(t) if party == "client" else t.facts.login is None
        ):
            return None
        return Refusal(situation)

    def says(t: Transaction, limit: Rate) -> str:
        return f"{number(t.facts)} {of} before this one, limit {limit}"

    row(
        name,
        f"Refuse for now a {party} with so many {of} in the window.",
        judge,
        compared=says,
        parameters=(Parameter("limit", "rate"),),
        state_key=is_below,
        state_facts=(fact,),
        breakpoints=lambda limit: {fact: (0, limit.most)},
        own=True,
        at=at,
        **more,
    )


def _session_left(facts: Facts | SessionState, limit: float) -> bool:
    return facts.open_sessions < limit


@restriction(
    compared=lambda t, limit: f"{t.facts.open_sessions} other sessions, limit {limit:g}",
    parameters=(Parameter("limit", "count"),),
    state_key=_session_left,
    state_facts=("open_sessions",),
    breakpoints=lambda limit: {"open_sessions": (0, limit)},
    own=True,
    at="CONNECT",
)
def limit_connections(t: Transaction, limit: float) -> Opinion:
    """Refuse for now a client that has so many other sessions open."""
    if _session_left(t.facts, limit) or _is_unlimited(t):
        return None
    return Refusal("too_many_connections")


_limit("limit_client_rate", "recent", "transactions", "rate_limited", "MAIL")
_limit(
    "limit_login_rate",
    "recent_of_login",
    "transactions from any address",
    "rate_limited",
    "MAIL",
    party="login",
    reads=("login",),
)
_limit(
    "limit_connection_rate", "recent_connections", "connections", "too_many_connections", "CONNECT"
)
_limit("limit_recipient_rate", "recent_recipients", "recipients", "recipients_limited", "RCPT")
_limit("limit_auth_rate", "recent_auths", "AUTH commands", "auth_limited", "AUTH")
