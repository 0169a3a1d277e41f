"""The policy of a server: ordered lists of restrictions on top of its site."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from operator import itemgetter
from typing import Any, NamedTuple

from sim.smtp import wordings
from sim.smtp.arguments import PolicyError, Rate
from sim.smtp.clients import Range
from sim.smtp.facts import SESSION_STATE, Facts, SessionState
from sim.smtp.flavours import FLAVOURS
from sim.smtp.matching import Domains, lookup_table, networks_in
from sim.smtp.opinions import Refusal
from sim.smtp.replies import SITUATIONS, Reply
from sim.smtp.restrictions import STAGES, Restriction, check_order, listed
from sim.smtp.restrictions.actions import ACTIONS
from sim.smtp.restrictions.entry import TABLE_NAME
from sim.smtp.site import Site
from sim.smtp.suggestions import nearest

ALWAYS_READ = ("auth_failed", "reverse_path", "forward_path")
"""Facts that every policy reads: a failed login, and the form of the two addresses."""

Plan = tuple[tuple[str, tuple[str, ...]], ...]
"""Commands, and the checks that are answered at each."""


class Answer(NamedTuple):
    """How a flavour sees a refusal: the situation, its kind and cause, and the words."""

    situation: str
    kind: str
    cause: str
    reply: Reply


@dataclass(frozen=True)
class Policy(Site):
    """Who may use one server, and for what; validated when made (PolicyError).

    Any restriction may stand in any list. A permit ends its list, a refusal ends everything,
    a list that nothing decides permits.
    """

    client: tuple[Restriction, ...] = ()
    helo: tuple[Restriction, ...] = ()
    sender: tuple[Restriction, ...] = ()
    relay: tuple[Restriction, ...] = ()
    recipient: tuple[Restriction, ...] = ()
    data: tuple[Restriction, ...] = ()
    end_of_data: tuple[Restriction, ...] = ()
    content: tuple[Restriction, ...] = ()
    ordered: bool = True
    """Whether a restriction that cannot be reached is an error; servers themselves do not mind."""

    def __post_init__(self) -> None:
        """Check names and the order of each list."""
        _check_name("flavour", self.flavour, FLAVOURS)
        _check_name("wording", self.words, wordings.WORDINGS)
        for stage in STAGES if self.ordered else ():
            check_order(getattr(self, stage))
        for name in ("domains", "relay_domains"):
            domains = getattr(self, name)
            if not isinstance(domains, Domains):
                object.__setattr__(self, name, frozenset(domain.lower() for domain in domains))
        object.__setattr__(self, "hostname", self.hostname.lower())

    def __getstate__(self) -> dict[str, Any]:
        """Pickle the fields; cached properties are computed again."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    # ---- lists

    @cached_property
    def lists(self) -> dict[str, tuple[Restriction, ...]]:
        """The list of each stage, as a server of this flavour has it."""
        style = self.style
        lists = {stage: getattr(self, stage) for stage in STAGES}
        if style.expressed:
            lists = {
                stage: tuple(map(self._expressed, restrictions))
                for stage, restrictions in lists.items()
            }
        lists["sender"] += tuple(map(Restriction, style.implicit))
        early = ("CONNECT", "MAIL") if style.settled_by_settings else ("CONNECT",)
        limits = [r for r in lists["client"] if r.entry.at in early]
        if limits:
            lists["client"] = tuple(r for r in lists["client"] if r.entry.at not in early)
        limits += self._limits()
        for command, name in _LIMIT_LISTS.items():
            lists[name] = tuple(limit for limit in limits if limit.entry.at == command)
        lists["sender_login"] = tuple(r for r in lists["sender"] if r.entry.about == "login")
        lists["sender_domain"] = tuple(r for r in lists["sender"] if r.entry.about != "login")
        return lists

    def _expressed(self, restriction: Restriction) -> Restriction:
        """*restriction* as this make of server can say it."""
        name = self.style.expressed.get(restriction.name)
        return restriction if name is None else Restriction(name, restriction.args)

    def _limits(self) -> Iterator[Restriction]:
        """The limits of rates that the settings state."""
        s = self.settings
        window = float(s.anvil_rate_time_unit)
        if s.smtpd_client_connection_count_limit:
            most = float(s.smtpd_client_connection_count_limit)
            yield Restriction("limit_connections", (most,))
        for name, setting in _RATES.items():
            most = float(getattr(s, setting))
            if most:
                yield Restriction(name, (Rate(most, window, f"{window:g} s"),))

    @cached_property
    def plan(self) -> Plan:
        """The checks that are answered at each command, in order."""
        plan = self._plan_by_settings() if self.style.settled_by_settings else self._plan_by_make()
        # an empty list has no opinion
        return tuple(
            (command, tuple(c for c in checks if c == "relay" or self.lists.get(c, True)))
            for command, checks in plan
        )

    def _plan_by_make(self) -> Plan:
        return (
            ("CONNECT", ("connect",)),
            ("HELO", ()),
            ("AUTH", ("auth",)),
            ("MAIL", self.style.at_mail),
            ("RCPT", self.style.at_rcpt),
            ("DATA", ("data",)),
            ("EOD", ("end_of_data", "content")),
        )

    def _plan_by_settings(self) -> Plan:
        s = self.settings
        unlisted = ("unlisted_sender",) * s.smtpd_reject_unlisted_sender
        early = (("client",), ("helo",), ("sender", *unlisted))
        at_connect, at_helo, at_mail = ((), (), ()) if s.smtpd_delay_reject else early
        late = tuple(c for checks in early for c in checks) if s.smtpd_delay_reject else ()
        last = ("relay", "recipient")
        if not s.smtpd_relay_before_recipient_restrictions:
            last = ("recipient", "relay")
        unlisted_last = ("unlisted_recipient",) * s.smtpd_reject_unlisted_recipient
        return (
            ("CONNECT", ("connect", *at_connect)),
            ("HELO", at_helo),
            ("AUTH", ("auth_rate", "auth")),
            ("MAIL", ("message_rate", "sender_syntax", *at_mail)),
            (
                "RCPT",
                (
                    "recipient_rate",
                    "recipient_syntax",
                    "postmaster",
                    *late,
                    *last,
                    "deferral",
                    *unlisted_last,
                ),
            ),
            ("DATA", ("data", "deferral")),
            ("EOD", ("end_of_data", "deferral", "content")),
        )

    def plan_of(self, command: str) -> Plan:
        """The part of the plan that is answered at *command*.

        ETRN asks what is put off, VRFY what RCPT would.
        """
        if command == "VRFY":
            return tuple((command, checks) for name, checks in self.plan if name == "RCPT")
        if command == "ETRN":
            return ((command, ("client", "helo") * self.settings.smtpd_delay_reject),)
        return tuple(row for row in self.plan if row[0] == command)

    def restrictions(self) -> tuple[Restriction, ...]:
        """All restrictions of all lists, with those inside others and in tables."""
        return self._restrictions

    @cached_property
    def _restrictions(self) -> tuple[Restriction, ...]:
        seen: set[tuple[str, str]] = set()
        stages = (*_LIMIT_LISTS.values(), *STAGES)
        return tuple(p for stage in stages for p in self._parts(self.lists[stage], stage, seen))

    def _parts(
        self, restrictions: tuple[Restriction, ...], stage: str, seen: set[tuple[str, str]]
    ) -> Iterator[Restriction]:
        """*restrictions*, with those inside them and those that classes, tables, services name."""
        for part in (part for each in restrictions for part in each.parts()):
            yield part
            for text in self._texts(part) if part.entry.parameters else ():
                if (stage, text) not in seen:
                    seen.add((stage, text))
                    named = listed(text, stage, frozenset(self.classes))
                    yield from self._parts(named, stage, seen)

    def _texts(self, restriction: Restriction) -> Iterator[str]:
        """The lists, as text, that *restriction* may come to ask."""
        if restriction.name == "restriction_class":
            yield self.classes.get(restriction.args[0], "")
            return
        values: Iterable[str] = ()
        if restriction.name == "check_policy_service":
            values = (action for _, action in self.services.get(restriction.args[0], ()))
        elif restriction.entry.parameters[:1] and restriction.entry.parameters[0].kind == "table":
            values = lookup_table(restriction.args[0], self.tables).values()
        for value in values:
            word = value.split(maxsplit=1)[:1]
            if word and word[0].upper() not in ACTIONS and not word[0].isdigit():
                yield value

    # ---- what the restrictions read

    @cached_property
    def reads(self) -> frozenset[str]:
        """Names of the facts that can change a verdict."""
        return self._as_they_stand | {n for r in self.restrictions() for n in r.entry.state_facts}

    @cached_property
    def _as_they_stand(self) -> frozenset[str]:
        """Names of the facts whose values count as they are."""
        named = {name for r in self.restrictions() for name in r.entry.reads}
        login = {"login"} if self.style.mailboxes == "strangers" else set()
        if self.unlimited and any(r.entry.at for r in self.restrictions()):
            named |= {"client"}
        if "client" in named and not self.own_networks.plain:
            named |= {"names", "client_name"}
        if self.lists["helo"]:
            named |= {"helo"}  # without one the list is not asked
        return frozenset(ALWAYS_READ) | named | login

    @cached_property
    def key(self) -> Callable[[Facts], Hashable]:
        """``policy.key(facts)``: the part of the facts that determines the verdict."""
        plain = itemgetter(*(i for i, n in enumerate(Facts._fields) if n in self._as_they_stand))
        if not any(r.entry.state_key is not None for r in self.restrictions()):
            return plain
        state_key = self.state_key
        return lambda facts: (plain(facts), state_key(facts))

    @cached_property
    def state_key(self) -> Callable[[Facts | SessionState], Hashable]:
        """``policy.state_key(facts)``: what the policy makes of clocks, counts and draws."""
        return self.state_key_of(SESSION_STATE)

    def state_key_of(self, facts: Iterable[str]) -> Callable[[Facts | SessionState], Hashable]:
        """The same for some of the *facts* that it may read."""
        names = set(facts)
        keys = [
            _bound(r.entry.state_key, r.args)
            for r in self.restrictions()
            if r.entry.state_key is not None and names.intersection(r.entry.state_facts)
        ]
        if len(keys) == 1:  # usual cases, for the hot path
            return keys[0]
        if len(keys) == 2:
            one, two = keys
            return lambda facts: (one(facts), two(facts))
        return lambda facts: tuple([key(facts) for key in keys])

    def breakpoints(self, fact: str) -> list[Any]:
        """Values of *fact*, ascending: what the policy makes of it is the same from one of them
        up to the next. Empty for what is no clock, count or draw that it reads."""
        values = {
            v for r in self.restrictions() for v in r.entry.breakpoints(*r.args).get(fact, ())
        }
        return sorted(values, key=lambda value: (value is not None, value))

    @cached_property
    def ranges(self) -> tuple[tuple[Range, ...], ...]:
        """The groups of client addresses that anything here compares with."""
        named = [tuple(a for a in r.args if isinstance(a, Range)) for r in self.restrictions()]
        named += [
            tuple(networks_in(lookup_table(r.args[0], self.tables)))
            for r in self.restrictions()
            if r.entry.parameters == TABLE_NAME and "client" in r.entry.reads
        ]
        named.append(self.unlimited.ranges if self.unlimited != self.own_networks else ())
        return (self.network_ranges, self.client_range_pairs, *filter(None, named))

    def knows(self, domain: str) -> bool:
        """As of its site; tables and services may tell any domain, and any user, from others."""
        return self._asks_tables or super().knows(domain)

    @cached_property
    def _asks_tables(self) -> bool:
        s = self.settings
        kinds = {r.entry.parameters[0].kind for r in self.restrictions() if r.entry.parameters}
        maps = (s.virtual_alias_maps, s.smtpd_sender_login_maps, s.transport_maps)
        return any(maps) or not kinds.isdisjoint({"table", "server"})

    @cached_property
    def granting(self) -> frozenset[Restriction]:
        """Restrictions of the relay list whose permit opens relaying; none after its end for
        destinations that are not this server's."""
        relay = self.lists["relay"]
        closed = next((i for i, r in enumerate(relay) if r.entry.splits == "theirs"), len(relay))
        return frozenset(r for r in relay[:closed] if r.entry.grants)

    @cached_property
    def serves(self) -> bool:
        """Whether the server runs at all with these lists."""
        return True

    @cached_property
    def logins_relay(self) -> bool:
        """Whether a login by itself opens relaying; some servers then say so."""
        names = {restriction.name for restriction in self.lists["relay"]}
        return self.auth_offered and "permit_sasl_authenticated" in names

    # ---- how it answers

    @cached_property
    def answers(self) -> dict[Refusal, Answer]:
        """What `answer` gave before."""
        return {}

    def answer(self, refusal: Refusal) -> Answer:
        """How this server answers *refusal*."""
        situation, detail, wording = refusal
        name = self.style.situations.get(situation, situation)
        outcome = SITUATIONS.get(f"{name}:{detail}") or SITUATIONS[name]
        reply = wording or self._template(name, detail)
        if outcome.kind and outcome.kind != "discard":
            reply = self._adjusted(reply)
        self.answers[refusal] = Answer(name, *outcome, reply)
        return self.answers[refusal]

    def _template(self, situation: str, detail: str) -> Reply:
        """The words for a situation, with the code that the settings state."""
        reply = wordings.template(self.words, situation, detail)
        codes = wordings.CODES.get(self.words)
        if codes is None:
            return reply
        setting, more = codes.get(situation, ("", 0))
        if situation in ("unknown_user", "unknown_sender"):
            setting = wordings.CODES_BY_TABLE.get(detail, "")
            if not self.settings.show_user_unknown_table_name:
                reply = reply._replace(text=reply.text.partition(" in ")[0])
        if not setting or detail == "retry":
            return reply
        return reply._replace(code=getattr(self.settings, setting) + more)

    def _adjusted(self, reply: Reply) -> Reply:
        """*reply* with a code that refuses, and a status of the same class."""
        if not 400 <= reply.code <= 599:
            reply = Reply(450, "4.7.1", "Service unavailable")
        if self.settings.soft_bounce and reply.code >= 500:
            reply = reply._replace(code=reply.code - 100)
        if reply.enhanced:
            reply = reply._replace(enhanced=f"{reply.code // 100}{reply.enhanced[1:]}")
        return reply


_LIMIT_LISTS = {
    "CONNECT": "connect",
    "AUTH": "auth_rate",
    "MAIL": "message_rate",
    "RCPT": "recipient_rate",
}
"""The lists of limits, by the command that they are judged at."""
_RATES = {
    "limit_connection_rate": "smtpd_client_connection_rate_limit",
    "limit_client_rate": "smtpd_client_message_rate_limit",
    "limit_recipient_rate": "smtpd_client_recipient_rate_limit",
    "limit_auth_rate": "smtpd_client_auth_rate_limit",
}
"""The restrictions that settings of rates amount to."""


def _bound(
    state_key: Callable[..., Hashable], args: tuple[Any, ...]
) -> Callable[[Facts | SessionState], Hashable]:
    """*state_key* with its arguments."""
    if len(args) == 1:
        (limit,) = args
        return lambda facts: state_key(facts, limit)
    return lambda facts: state_key(facts, *args)


def _check_name(kind: str, name: str, table: Mapping[str, object]) -> None:
    if name not in table:
        raise PolicyError(
            f"unknown {kind}",
            value=name,
            expected=f"one of {', '.join(table)}",
            nearest=nearest(name, table),
        )
