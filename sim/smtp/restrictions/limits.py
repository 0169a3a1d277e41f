"""Restrictions on how often and how much a client does (RFC 2505 section 2.8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.smtp.arguments import Parameter, Rate
from sim.smtp.facts import Circumstances, Facts
from sim.smtp.opinions import Opinion, Refusal
from sim.smtp.restrictions.entry import restriction
from sim.smtp.transaction import Transaction


def _below(count: int, limit: float) -> bool:
    return count < limit


def spared(t: Transaction) -> bool:
    """Whether no limit holds for the client."""
    unlimited = t.site.unlimited
    return bool(unlimited) and unlimited.holds(t.facts.client, lambda: t.client_names.name)


def _session_left(facts: Facts | Circumstances, limit: float) -> bool:
    return _below(facts.open_sessions, limit)


def _says_sessions(t: Transaction, limit: float) -> str:
    return f"{t.facts.open_sessions} other sessions, limit {limit:g}"


@restriction(
    "Refuse for now a client that has so many other sessions open.",
    compared=_says_sessions,
    parameters=(Parameter("limit", "count"),),
    projection=_session_left,
    projects=("open_sessions",),
    turns=lambda limit: {"open_sessions": (0, limit)},
    own=True,
    at="CONNECT",
)
def limit_connections(t: Transaction, limit: float) -> Opinion:
    """Refuse one session too many."""
    if _session_left(t.facts, limit) or spared(t):
        return None
    return Refusal("too_many_connections")


def _rate_left(facts: Facts | Circumstances, limit: Rate) -> bool:
    return _below(facts.recent, limit.most)


def _says_recent(t: Transaction, limit: Rate) -> str:
    return f"{t.facts.recent} transactions before this one, limit {limit}"


@restriction(
    "Refuse for now a client that made so many transactions in the window.",
    compared=_says_recent,
    parameters=(Parameter("limit", "rate"),),
    projection=_rate_left,
    projects=("recent",),
    turns=lambda limit: {"recent": (0, limit.most)},
    own=True,
    at="MAIL",
)
def limit_client_rate(t: Transaction, limit: Rate) -> Opinion:
    """Refuse one message too many."""
    return None if _rate_left(t.facts, limit) or spared(t) else Refusal("rate_limited")


def _login_left(facts: Facts | Circumstances, limit: Rate) -> bool:
    return _below(facts.recent_of_login, limit.most)


def _says_of_login(t: Transaction, limit: Rate) -> str:
    return f"{t.facts.recent_of_login} transactions of login {t.facts.login}, limit {limit}"


@restriction(
    "Refuse for now a login that made so many transactions in the window, from any address.",
    compared=_says_of_login,
    reads=("login",),
    parameters=(Parameter("limit", "rate"),),
    projection=_login_left,
    projects=("recent_of_login",),
    turns=lambda limit: {"recent_of_login": (0, limit.most)},
    own=True,
    at="MAIL",
)
def limit_login_rate(t: Transaction, limit: Rate) -> Opinion:
    """Refuse one message too many of a login."""
    left = t.facts.login is None or _login_left(t.facts, limit)
    return None if left else Refusal("rate_limited")


def _count_limit(name: str, fact: str, what: str, situation: str, at: str) -> None:
    """Add a row for a limit on how often the client did something within the window."""

    def left(facts: Facts | Circumstances, limit: Rate) -> bool:
        return _below(getattr(facts, fact), limit.most)

    def says(t: Transaction, limit: Rate) -> str:
        return f"{getattr(t.facts, fact)} {what} before this one, limit {limit}"

    def judge(t: Transaction, limit: Rate) -> Opinion:
        return None if left(t.facts, limit) or spared(t) else Refusal(situation)

    turns: Callable[[Rate], dict[str, tuple[Any, ...]]] = lambda limit: {fact: (0, limit.most)}  # noqa: E731
    judge.__name__ = name
    restriction(
        f"Refuse for now a client with so many {what} in the window.",
        compared=says,
        parameters=(Parameter("limit", "rate"),),
        projection=left,
        projects=(fact,),
        turns=turns,
        own=True,
        at=at,
    )(judge)


_count_limit(
    "limit_connection_rate", "recent_connections", "connections", "too_many_connections", "CONNECT"
)
_count_limit(
    "limit_recipient_rate", "recent_recipients", "recipients", "recipients_limited", "RCPT"
)
_count_limit("limit_auth_rate", "recent_auths", "AUTH commands", "auth_limited", "AUTH")
