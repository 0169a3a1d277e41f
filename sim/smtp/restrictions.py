"""Restrictions: the words of a policy, each a row of one table.

A policy is ordered lists of them, one list a stage, and the first with an opinion decides its
list: a permit ends that list, a refusal ends everything. A name that Postfix publishes means
here what it means there. To add one, write its function and its row in `TABLE`.
"""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.smtp import arguments
from sim.smtp.arguments import KINDS, RESTRICTION, Parameter, PolicyError, Range, Rate

if TYPE_CHECKING:
    from sim.smtp.facts import Circumstances, Facts
    from sim.smtp.transaction import Transaction

__all__ = [
    "PERMIT",
    "STAGES",
    "TABLE",
    "Entry",
    "Opinion",
    "Parameter",
    "Permit",
    "PolicyError",
    "Range",
    "Rate",
    "Refusal",
    "Restriction",
    "check_order",
    "names",
    "parse",
    "unknown",
]

STAGES = ("client", "sender", "relay", "recipient", "content")
"""The lists of a policy, in the order in which they are walked."""

MAX_TEXT = 4000
"""Characters that `parse` looks at."""
MAX_DEPTH = 40
"""Opening brackets in one restriction."""


class Permit(Enum):
    """The opinion that ends a list without refusing."""

    PERMIT = "permit"


PERMIT = Permit.PERMIT


class Refusal(NamedTuple):
    """The opinion that ends everything: a *situation* of `sim.smtp.replies`."""

    situation: str
    detail: str = ""


Opinion = Permit | Refusal | None
"""None: no opinion, the next restriction is asked."""


def _no_turns(*_: object) -> Mapping[str, tuple[Any, ...]]:
    return {}


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of `TABLE`.

    *judge* gives the opinion, *compared* the words of the trace. *reads* names the facts
    that decide it as they stand; *projection* is the part of the facts it depends on where
    those are a clock, a count or a draw, and *judge* uses that same function, so that a
    memoised answer cannot differ.
    """

    name: str
    stages: tuple[str, ...]
    doc: str
    judge: Callable[..., Opinion]
    compared: Callable[..., str]
    reads: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    projection: Callable[..., Hashable] | None = None
    projects: tuple[str, ...] = ()
    """Names of the facts that *projection* looks at."""
    turns: Callable[..., Mapping[str, tuple[Any, ...]]] = _no_turns
    """By fact, the values from which on *projection* may be another: between two of them it
    is that of the lower one. None comes below all numbers."""
    own: bool = False
    """The name is ours: Postfix has none for it."""
    grants: bool = False
    """A permit means that this client may relay, wherever the mail goes."""
    final: bool = False
    """It always has an opinion, so nothing after it is reached."""
    splits: str = ""
    """``ours`` or ``theirs``: it always has an opinion on destinations that are, or are not,
    this server's; after one of each nothing is reached."""
    at_connect: bool = False
    """It is judged before the client has said anything."""
    about: str = ""
    """``login`` for a rule on who may use a sender; some servers judge those earlier."""
    asks_all: bool = False
    """A rule about logins that also asks clients without one who owns their sender."""


@dataclass(frozen=True, slots=True)
class Restriction:
    """A restriction with its arguments, as it stands in a list."""

    name: str
    args: tuple[Any, ...] = ()
    entry: Entry = field(init=False, repr=False, compare=False)
    judge: Callable[[Transaction], Opinion] = field(init=False, repr=False, compare=False)
    """The opinion on a transaction."""

    def __post_init__(self) -> None:
        """Find the row; raises PolicyError for an unknown name or a wrong number of arguments."""
        entry = TABLE.get(self.name)
        if entry is None:
            raise unknown(self.name)
        needed = sum(not p.optional for p in entry.parameters)
        most = len(self.args) if any(p.many for p in entry.parameters) else len(entry.parameters)
        if not needed <= len(self.args) <= most:
            raise PolicyError(
                f"{self.name} takes {_signature(entry)}",
                value=str(len(self.args)) + " arguments",
                expected=_signature(entry),
            )
        object.__setattr__(self, "entry", entry)
        judge = entry.judge if not self.args else _with_arguments(entry.judge, self.args)
        object.__setattr__(self, "judge", judge)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by name, so that the row is found again in the table."""
        return Restriction, (self.name, self.args)

    def compared(self, transaction: Transaction) -> str:
        """What was compared with what, for the trace."""
        return self.entry.compared(transaction, *self.args)

    def parts(self) -> Iterator[Restriction]:
        """This restriction and those inside its arguments."""
        yield self
        for arg in self.args:
            if isinstance(arg, Restriction):
                yield from arg.parts()

    def __str__(self) -> str:
        """The text that `parse` reads back."""
        if not self.args:
            return self.name
        return f"{self.name}({', '.join(_written(self.entry, self.args))})"


def _with_arguments(
    judge: Callable[..., Opinion], args: tuple[Any, ...]
) -> Callable[[Transaction], Opinion]:
    return lambda transaction: judge(transaction, *args)


# ---- client


def _reject_unauthenticated(t: Transaction) -> Opinion:
    # RFC 6409 section 4.3: a submission server answers 530 to MAIL.
    return Refusal("auth_required") if t.facts.login is None else None


def _reject_rbl_client(t: Transaction, blocklist: str) -> Opinion:
    return Refusal("blocklisted", blocklist) if blocklist in t.facts.listed else None


def _below(count: int, limit: float) -> bool:
    return count < limit


def _rate_left(facts: Facts | Circumstances, limit: Rate) -> bool:
    return _below(facts.recent, limit.most)


def _limit_client_rate(t: Transaction, limit: Rate) -> Opinion:
    # RFC 2505 section 2.8: a server SHOULD be able to limit the rate of one client.
    return None if _rate_left(t.facts, limit) else Refusal("rate_limited")


def _session_left(facts: Facts | Circumstances, limit: float) -> bool:
    return _below(facts.open_sessions, limit)


def _limit_connections(t: Transaction, limit: float) -> Opinion:
    return None if _session_left(t.facts, limit) else Refusal("too_many_connections")


# ---- sender: every check of who the sender says to be exempts the null reverse-path, which
# must not be refused for what it is (RFC 2505 section 2.6.1)


def _reject_sender_not_local(t: Transaction) -> Opinion:
    if t.sender is None or t.sender_is_local():
        return None
    return Refusal("sender_not_local")


def _reject_unknown_sender_domain(t: Transaction) -> Opinion:
    if t.sender is None or t.sender_resolves():
        return None
    return Refusal("sender_domain_unknown")


def _reject_non_fqdn_sender(t: Transaction) -> Opinion:
    if t.sender is None or t.sender.literal or "." in t.sender.domain:
        return None
    return Refusal("sender_not_fqdn")


def _reject_authenticated_sender_login_mismatch(t: Transaction) -> Opinion:
    login = t.facts.login
    if login is None or t.login_owns_sender(login):
        return None
    return Refusal("sender_not_owned")


def _reject_sender_login_mismatch(t: Transaction) -> Opinion:
    if t.facts.login is not None:
        return _reject_authenticated_sender_login_mismatch(t)
    return Refusal("sender_login_needed") if t.sender_has_owner() else None


# ---- relay


def _permit(_t: Transaction) -> Opinion:
    return PERMIT


def _reject(_t: Transaction) -> Opinion:
    return Refusal("relay_denied")


def _permit_mynetworks(t: Transaction) -> Opinion:
    return PERMIT if t.client_in(t.policy.network_ranges) else None


def _permit_sasl_authenticated(t: Transaction) -> Opinion:
    return PERMIT if t.facts.login is not None else None


def _window_open(facts: Facts | Circumstances, window: float) -> bool:
    age = facts.pop_age
    return age is not None and age < window


def _permit_pop_before_smtp(t: Transaction, window: float) -> Opinion:
    return PERMIT if _window_open(t.facts, window) else None


def _permit_client_ranges(t: Transaction, *ranges: Range) -> Opinion:
    return PERMIT if t.client_in(ranges or t.policy.client_range_pairs) else None


def _permit_sender_local(t: Transaction) -> Opinion:
    return PERMIT if t.sender_is_local() and t.sender_may_grant() else None


def _permit_all_of(t: Transaction, *parts: Restriction) -> Opinion:
    return PERMIT if all(part.judge(t) is PERMIT for part in parts) else None


def _permit_auth_destination(t: Transaction) -> Opinion:
    return PERMIT if t.destination_is_ours() else None


def _reject_unauth_destination(t: Transaction) -> Opinion:
    return None if t.destination_is_ours() else Refusal("relay_denied")


def _defer_unauth_destination(t: Transaction) -> Opinion:
    return None if t.destination_is_ours() else Refusal("relay_deferred")


# ---- recipient


def _reject_unlisted_recipient(t: Transaction) -> Opinion:
    if t.recipient_exists():
        return None
    return Refusal("unknown_user", "bang" if "!" in t.recipient.local else "")


def _old_enough(facts: Facts | Circumstances, delay: float) -> bool:
    age = facts.greylist_age
    return age is not None and age >= delay


def _greylist(t: Transaction, delay: float) -> Opinion:
    return None if t.granted or _old_enough(t.facts, delay) else Refusal("greylisted")


# ---- content


def _caught(facts: Facts | Circumstances, detection: float, false_positives: float) -> bool:
    return facts.content_draw < (detection if facts.spam else false_positives)


def _reject_outbound_spam(t: Transaction, detection: float, false_positives: float) -> Opinion:
    return Refusal("content_refused") if _caught(t.facts, detection, false_positives) else None


def _discard_outbound_spam(t: Transaction, detection: float, false_positives: float) -> Opinion:
    return Refusal("discarded") if _caught(t.facts, detection, false_positives) else None


# ---- what the trace says was compared


def _says_login(t: Transaction, *_: object) -> str:
    return f"login {t.facts.login}" if t.facts.login is not None else "no login"


def _says_listed(t: Transaction, blocklist: str) -> str:
    held = ", ".join(t.facts.listed) or "no list"
    return f"client {t.client_text()} is on {held}; asked for {blocklist}"


def _says_recent(t: Transaction, limit: Rate) -> str:
    return f"{t.facts.recent} transactions before this one, limit {limit}"


def _says_sessions(t: Transaction, limit: float) -> str:
    return f"{t.facts.open_sessions} other sessions, limit {limit:g}"


def _says_sender(t: Transaction, *_: object) -> str:
    if t.sender is None:
        return "sender <> is the null reverse-path"
    return f"sender domain {t.sender.domain}, local are {_listing(t.policy.domains)}"


def _says_sender_domain(t: Transaction, *_: object) -> str:
    if t.sender is None:
        return "sender <> is the null reverse-path"
    return f"sender domain {t.sender.domain}"


def _says_owner(t: Transaction, *_: object) -> str:
    owners = _listing(t.sender_owners()) or "nobody"
    return f"{_says_login(t)}, sender {t.sender_text()} belongs to {owners}"


def _says_nothing(_t: Transaction, *_: object) -> str:
    return "whoever asks"


def _says_networks(t: Transaction, *_: object) -> str:
    networks = ", ".join(map(str, t.policy.network_ranges)) or "none"
    return f"client {t.client_text()}, own networks {networks}"


def _says_ranges(t: Transaction, *ranges: Range) -> str:
    named = ", ".join(map(str, ranges or t.policy.client_range_pairs)) or "none"
    return f"client {t.client_text()}, named ranges {named}"


def _says_pop(t: Transaction, window: float) -> str:
    if t.facts.pop_age is None:
        return f"client {t.client_text()} never logged in by POP"
    return f"POP login of {t.client_text()} {t.facts.pop_age:g} s ago, window {window:g} s"


def _says_all(t: Transaction, *parts: Restriction) -> str:
    return "; ".join(f"{part}: {part.compared(t)}" for part in parts)


def _says_destination(t: Transaction, *_: object) -> str:
    ours = _listing(t.policy.domains | t.policy.relay_domains) or "none"
    return f"destination {t.destination_text()}, processed here are {ours}"


def _says_recipient(t: Transaction, *_: object) -> str:
    return f"recipient {t.destination_text()}"


def _says_greylist(t: Transaction, delay: float) -> str:
    if t.granted:
        return "the client may relay"
    if t.facts.greylist_age is None:
        return f"never seen before, delay {delay:g} s"
    return f"first seen {t.facts.greylist_age:g} s ago, delay {delay:g} s"


def _says_content(t: Transaction, detection: float, false_positives: float) -> str:
    rate = detection if t.facts.spam else false_positives
    what = "spam" if t.facts.spam else "no spam"
    return f"content is {what}, caught with probability {rate:g}"


def _listing(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))


# ---- the table


_SENDER = ("reverse_path",)
_RECIPIENT = ("forward_path",)
_FILTER = (Parameter("detection", "share"), Parameter("false positives", "share"))

_ENTRIES = (
    Entry(
        "reject_unauthenticated",
        ("client",),
        "Refuse all mail without a login: a submission server.",
        _reject_unauthenticated,
        _says_login,
        reads=("login",),
        own=True,
    ),
    Entry(
        "reject_rbl_client",
        ("client",),
        "Refuse a client that the named blocklist lists.",
        _reject_rbl_client,
        _says_listed,
        reads=("listed", "client"),
        parameters=(Parameter("blocklist", "name"),),
    ),
    Entry(
        "limit_client_rate",
        ("client",),
        "Refuse for now a client that made so many transactions in the window.",
        _limit_client_rate,
        _says_recent,
        parameters=(Parameter("limit", "rate"),),
        projection=_rate_left,
        projects=("recent",),
        turns=lambda limit: {"recent": (0, limit.most)},
        own=True,
    ),
    Entry(
        "limit_connections",
        ("client",),
        "Refuse for now a client that has so many other sessions open.",
        _limit_connections,
        _says_sessions,
        parameters=(Parameter("limit", "count"),),
        projection=_session_left,
        projects=("open_sessions",),
        turns=lambda limit: {"open_sessions": (0, limit)},
        own=True,
        at_connect=True,
    ),
    Entry(
        "reject_sender_not_local",
        ("sender",),
        "Identity check: the sender must be in a local domain, whoever and wherever the user is.",
        _reject_sender_not_local,
        _says_sender,
        reads=_SENDER,
        own=True,
    ),
    Entry(
        "reject_sender_login_mismatch",
        ("sender",),
        "A login must own the sender, and an owned sender needs its login.",
        _reject_sender_login_mismatch,
        _says_owner,
        reads=("reverse_path", "login"),
        about="login",
        asks_all=True,
    ),
    Entry(
        "reject_authenticated_sender_login_mismatch",
        ("sender",),
        "A login must own the sender; nothing is asked of clients without one.",
        _reject_authenticated_sender_login_mismatch,
        _says_owner,
        reads=("reverse_path", "login"),
        about="login",
    ),
    Entry(
        "reject_unknown_sender_domain",
        ("sender",),
        "The sender's domain must resolve.",
        _reject_unknown_sender_domain,
        _says_sender_domain,
        reads=("reverse_path", "known_domains"),
    ),
    Entry(
        "reject_non_fqdn_sender",
        ("sender",),
        "The sender's domain must be fully qualified.",
        _reject_non_fqdn_sender,
        _says_sender_domain,
        reads=_SENDER,
    ),
    Entry(
        "permit",
        ("relay",),
        "Open trust: everybody may relay.",
        _permit,
        _says_nothing,
        grants=True,
        final=True,
    ),
    Entry(
        "permit_mynetworks",
        ("relay",),
        "Clients on the server's own networks may relay.",
        _permit_mynetworks,
        _says_networks,
        reads=("client",),
        grants=True,
    ),
    Entry(
        "permit_sasl_authenticated",
        ("relay",),
        "Clients that logged in with SMTP AUTH may relay.",
        _permit_sasl_authenticated,
        _says_login,
        reads=("login",),
        grants=True,
    ),
    Entry(
        "permit_pop_before_smtp",
        ("relay",),
        "A POP login opens relaying for the client's address, for the window.",
        _permit_pop_before_smtp,
        _says_pop,
        parameters=(Parameter("window", "duration"),),
        projection=_window_open,
        projects=("pop_age",),
        turns=lambda window: {"pop_age": (None, 0.0, window)},
        own=True,
        grants=True,
    ),
    Entry(
        "permit_client_ranges",
        ("relay",),
        "Clients in the named addresses or ranges may relay; without any, the policy's.",
        _permit_client_ranges,
        _says_ranges,
        reads=("client",),
        parameters=(Parameter("ranges", "range", optional=True, many=True),),
        own=True,
        grants=True,
    ),
    Entry(
        "permit_sender_local",
        ("relay",),
        "A sender in a local domain may relay: forgeable.",
        _permit_sender_local,
        _says_sender,
        reads=(*_SENDER, "known_domains"),
        own=True,
    ),
    Entry(
        "permit_all_of",
        ("relay",),
        "Permits where every one of the named restrictions would.",
        _permit_all_of,
        _says_all,
        parameters=(Parameter("restrictions", RESTRICTION, many=True),),
        own=True,
        grants=True,
    ),
    Entry(
        "permit_auth_destination",
        ("relay",),
        "Anybody may send to the server's own and relay domains: that is not relaying.",
        _permit_auth_destination,
        _says_destination,
        reads=_RECIPIENT,
        splits="ours",
    ),
    Entry(
        "reject_unauth_destination",
        ("relay",),
        "Refuse destinations other than the server's own and relay domains.",
        _reject_unauth_destination,
        _says_destination,
        reads=_RECIPIENT,
        splits="theirs",
    ),
    Entry(
        "defer_unauth_destination",
        ("relay",),
        "The same with a temporary reply, so that a correct client tries again.",
        _defer_unauth_destination,
        _says_destination,
        reads=_RECIPIENT,
        splits="theirs",
    ),
    Entry(
        "reject",
        ("relay",),
        "Refuse all that is still undecided, local mail too.",
        _reject,
        _says_nothing,
        final=True,
    ),
    Entry(
        "reject_unlisted_recipient",
        ("recipient",),
        "Refuse an unknown user in a local domain.",
        _reject_unlisted_recipient,
        _says_recipient,
        reads=_RECIPIENT,
    ),
    Entry(
        "greylist",
        ("recipient",),
        "Refuse for now a client that may not relay until its attempt is so old.",
        _greylist,
        _says_greylist,
        parameters=(Parameter("delay", "duration"),),
        projection=_old_enough,
        projects=("greylist_age",),
        turns=lambda delay: {"greylist_age": (None, delay)},
        own=True,
    ),
    Entry(
        "reject_outbound_spam",
        ("content",),
        "Refuse what the filter takes for spam: detection rate, false-positive rate.",
        _reject_outbound_spam,
        _says_content,
        parameters=_FILTER,
        projection=_caught,
        projects=("spam", "content_draw"),
        turns=lambda *rates: {"content_draw": (0.0, *rates)},
        own=True,
    ),
    Entry(
        "discard_outbound_spam",
        ("content",),
        "Accept what the filter takes for spam, and drop it silently.",
        _discard_outbound_spam,
        _says_content,
        parameters=_FILTER,
        projection=_caught,
        projects=("spam", "content_draw"),
        turns=lambda *rates: {"content_draw": (0.0, *rates)},
        own=True,
    ),
)

TABLE: dict[str, Entry] = {entry.name: entry for entry in _ENTRIES}
"""Every restriction by its name."""


def _written(entry: Entry, args: tuple[Any, ...]) -> Iterator[str]:
    for index, value in enumerate(args):
        kind = entry.parameters[min(index, len(entry.parameters) - 1)].kind
        yield KINDS[kind].written(value) if kind in KINDS else str(value)


def _signature(entry: Entry) -> str:
    if not entry.parameters:
        return f"{entry.name} without arguments"
    names = (p.name + ("..." if p.many else "") for p in entry.parameters)
    return f"{entry.name}({', '.join(names)})"


# ---- reading


def parse(text: str, *, stage: str | None = None) -> Restriction:
    """Read ``permit_pop_before_smtp(30 min)``; with *stage*, one that belongs into that list.

    Raises PolicyError with the nearest valid name.
    """
    if not isinstance(text, str) or len(text) > MAX_TEXT:
        raise PolicyError(
            "not a restriction", value=str(text)[:60], expected=f"at most {MAX_TEXT} characters"
        )
    restriction = _parse(text)
    if stage is not None and stage not in restriction.entry.stages:
        raise PolicyError(
            f"{restriction.name} belongs into the {restriction.entry.stages[0]} list",
            value=text,
            expected=f"one of {', '.join(names(stage))}",
        )
    return restriction


def names(stage: str) -> tuple[str, ...]:
    """Names of the restrictions that may stand in the list of *stage*."""
    return tuple(name for name, entry in TABLE.items() if stage in entry.stages)


def unknown(name: str) -> PolicyError:
    """The error for a name that is not in the table."""
    near = difflib.get_close_matches(name, TABLE, n=1)
    return PolicyError(
        "unknown restriction",
        value=name,
        expected="a name of restrictions.TABLE",
        nearest=near[0] if near else "",
    )


def _parse(text: str) -> Restriction:
    match = re.fullmatch(r"\s*([A-Za-z0-9_]+)\s*(?:\((.*)\))?\s*", text, re.DOTALL)
    if match is None or text.count("(") > MAX_DEPTH:
        raise PolicyError(
            "not a restriction", value=text, expected="a name, or a name(argument, ...)"
        )
    entry = TABLE.get(match[1])
    if entry is None:
        raise unknown(match[1])
    texts = arguments.split(match[2] or "")
    return Restriction(
        entry.name, tuple(_argument(entry, index, part) for index, part in enumerate(texts))
    )


def _argument(entry: Entry, index: int, text: str) -> Any:
    parameters = entry.parameters
    if index >= len(parameters) and not (parameters and parameters[-1].many):
        raise PolicyError(
            f"{entry.name}: too many arguments", value=text, expected=_signature(entry)
        )
    parameter = parameters[min(index, len(parameters) - 1)]
    if parameter.kind == RESTRICTION:
        return _granting(text)
    kind = KINDS[parameter.kind]
    try:
        return kind.read(text)
    except ValueError as error:
        raise PolicyError(
            f"{entry.name}: {parameter.name}: {error}", value=text, expected=kind.expected
        ) from error


def _granting(text: str) -> Restriction:
    inner = _parse(text)
    if not inner.name.startswith("permit_"):
        raise PolicyError(
            f"{inner.name} does not permit", value=text, expected="a restriction that permits"
        )
    return inner


def check_order(restrictions: tuple[Restriction, ...]) -> None:
    """Raise PolicyError if one of the list can never be reached."""
    seen: set[str] = set()
    for restriction, following in itertools.pairwise(restrictions):
        seen.add(restriction.entry.splits)
        if restriction.entry.final or {"ours", "theirs"} <= seen:
            raise PolicyError(
                f"unreachable after {restriction}",
                value=str(following),
                expected=f"{restriction} to be the last of its list",
            )
