"""The situations a server is asked in: place × recipient × credentials, exact, from `decide`.

Nobody is simulated here: a cell is one question to the policy of one server.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from sim.path.journey import Servers
from sim.path.lookup import Lookup
from sim.path.submission import Attempt
from sim.smtp import Verdict

if TYPE_CHECKING:
    from sim.scenario import Scenario, Users

SAME, OTHER = "same ISP", "elsewhere"
RECIPIENTS = (SAME, OTHER)
"""Whether the server that is asked processes the recipient's domain: not relaying, or relaying."""

CREDENTIALS = {
    "none": "no credentials",
    "auth": "AUTH is on in the mail program; it logs in where the server offers it",
    "pop": "a POP login has just come from this address",
    "587": "by port 587, with AUTH; asked only where some arm offers that port",
}

KINDS = ("isp", "work", "venue", "transit")
"""Kinds of networks in the order of the six situations."""


class Who(NamedTuple):
    """One kind of client; *honest* is None where nobody can tell."""

    meaning: str
    honest: bool | None


WHO = {
    "customer": Who("a customer who writes the account's own sender address", True),
    "other sender": Who(
        "a customer with a sender address of another domain (terri@contoso.com)", None
    ),
    "another server": Who("a server that brings mail from elsewhere for a mailbox here", True),
    "a notice": Who("a server that brings a notice of non-delivery, with the null sender <>", True),
    "stranger": Who("anybody, from anywhere, with a sender address of another domain", False),
    "forger": Who("anybody who forges a sender address of this server's own domain", False),
    "sharer": Who("another guest who shares a customer's IP address, or gets it next", False),
    "thief": Who("anybody with a customer's password", False),
}
"""Who asks. Customers make the matrix; the others are asked about when policies are compared."""

SERVERS = ("another server", "a notice")
"""Who is a server: its mail comes from a queue."""

ADAPTIVE = ("sharer", "thief")
"""Who shows a sender address of the server's own domain where a foreign one is refused."""

FOREIGN = "terri@contoso.com"
"""The source's sender address that is of no ISP here."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where clients are: *like* are further networks of its kind that no arm tells apart."""

    label: str
    network: str
    client: int
    like: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The label, with the places that are alike."""
        return ", ".join((self.label, *self.like))


@dataclass(frozen=True, slots=True)
class Cell:
    """One question to one server, and its answer."""

    arm: str
    server: str
    who: str
    place: str
    to: str
    credentials: str
    verdict: Verdict
    like: tuple[str, ...] = ()
    """Further places with the same answers in every arm."""

    @property
    def title(self) -> str:
        """The place, with those that are alike."""
        return ", ".join((self.place, *self.like))

    @property
    def accepted(self) -> bool:
        """Whether the message is taken, and not dropped."""
        return self.verdict.accepted and not self.verdict.discarded

    def record(self) -> dict[str, str | int]:
        """A row for a table: what a matrix is drawn from, and the reply."""
        return {"arm": self.arm} | self.question() | answer(self.verdict)

    def question(self) -> dict[str, str | int]:
        """What was asked, whatever the arm."""
        names = ("server", "who", "place", "to", "credentials")
        return {name: getattr(self, name) for name in names}


def answer(verdict: Verdict) -> dict[str, str | int]:
    """A verdict as a row of a table has it."""
    return {
        "verdict": verdict.kind,
        "rule": verdict.rule,
        "code": verdict.code,
        "reply": str(verdict.reply),
    }


def cells(scenario: Scenario, server: str | None = None, arm: str | None = None) -> list[Cell]:
    """The matrix of one server under one arm: its customers' mail, by place.

    *server* is a server, or a network, which means its submission server; without it, the one
    whose policy the arms change and that most mail is written by. *arm*: without it, the baseline
    arm. Raises QueryError for either.
    """
    names = Lookup(scenario)
    server, arm = names.server(server), names.arm(arm)
    names.check()
    return list(customers(Servers(scenario, arm), server, places(scenario, server)))


def customers(servers: Servers, server: str, guests: Sequence[Place]) -> Iterator[Cell]:
    """What the customers of *server* are answered at each of their places."""
    for place in guests:
        for credentials in credentials_of(servers, server):
            for to in RECIPIENTS:
                yield single_cell(servers, server, "customer", place, to, credentials)


def credentials_of(servers: Servers, server: str) -> list[str]:
    """The credentials that make a difference to ask for: port 587 only where an arm offers it."""
    baseline = servers.baseline
    offered = any(baseline.arm(arm).servers[server].port_587 for arm in baseline.arms)
    return [name for name in CREDENTIALS if name != "587" or offered]


def places(
    scenario: Scenario, server: str, servers: Sequence[Servers] | None = None
) -> list[Place]:
    """Where the customers of *server* are, in the order of the six situations.

    Networks of one kind that none of those *servers* (all arms, if not given) tells apart are one
    place.
    """
    every = [Servers(scenario, arm) for arm in scenario.arms] if servers is None else servers
    own = scenario.servers[server].network
    groups: dict[object, Place] = {}
    for label, network in _visits(scenario, own):
        client = scenario.guest(network)
        if client is None:
            continue
        place = Place(label, network, client)
        answers = tuple(_answers(servers, server, place) for servers in every)
        key = (network == own, scenario.networks[network].kind, answers)
        if key in groups:
            first = groups[key]
            place = Place(first.label, first.network, first.client, (*first.like, label))
        groups[key] = place
    return sorted(groups.values(), key=lambda p: KINDS.index(scenario.networks[p.network].kind))


def others(
    servers: Servers, server: str, guests: Sequence[Place], avoid: str | None = None
) -> Iterator[Cell]:
    """What everybody who is not a plain customer is answered.

    *guests* are customers' places; strangers come from another network than *avoid*.
    """
    scenario = servers.scenario
    keys = scenario.servers[server]
    outside = _outside(scenario, {keys.network, avoid})

    def cell(who: str, place: Place, to: str, credentials: str = "none") -> Cell:
        return single_cell(servers, server, who, place, to, credentials)

    home = next((p for p in guests if p.network == keys.network), None)
    if home is not None and keys.role != "mx":
        yield cell("other sender", home, OTHER)
    if outside is None:
        return
    for who in SERVERS if keys.role != "submission" else ():
        yield cell(who, _server_at(scenario, outside), SAME)
    for who in ("stranger", "forger"):
        yield cell(who, outside, OTHER)
    if keys.role == "mx":
        return
    yield cell("thief", outside, OTHER, "auth")
    for place in guests:
        network = scenario.networks[place.network]
        if place.network != keys.network and (network.shared_address or network.lease is not None):
            yield cell("sharer", place, OTHER, "pop")


def domains(scenario: Scenario, server: str) -> tuple[str, str]:
    """A domain that *server* processes and one that it does not."""
    own = scenario.servers[server].domains
    networks = sorted(
        (network for network in scenario.networks.values() if network.domain is not None),
        key=lambda network: KINDS.index(network.kind),
    )
    other = [network.domain for network in networks if network.domain not in own]
    return (own[0] if own else scenario.hostname(server)), (
        other[0] or ""
    ) if other else FOREIGN_DOMAIN


FOREIGN_DOMAIN = "elsewhere.example"


def single_cell(
    servers: Servers, server: str, who: str, place: Place, to: str, credentials: str
) -> Cell:
    """The answer to one question, with its trace."""
    attempt = _attempt(servers.scenario, server, who, place, to, credentials)
    verdict = servers.verdict(attempt, trace=True)
    if who in ADAPTIVE and not verdict.accepted:
        local = replace(attempt, reverse_path=f"user@{domains(servers.scenario, server)[0]}")
        second = servers.verdict(local, trace=True)
        verdict = second if second.accepted else verdict
    return Cell(servers.arm, server, who, place.label, to, credentials, verdict, place.like)


def _helo(scenario: Scenario) -> str:
    """What the mail programs of the first group call themselves."""
    return next((users.helo for users in scenario.users.values() if users.helo), "user-pc")


def _attempt(
    scenario: Scenario, server: str, who: str, place: Place, to: str, credentials: str
) -> Attempt:
    own, foreign = domains(scenario, server)
    sender = {
        "customer": f"user@{own}",
        "forger": f"user@{own}",
        "another server": f"user@{foreign}",
        "a notice": None,
    }.get(who, FOREIGN)
    return Attempt(
        server=server,
        network=place.network,
        client=place.client,
        reverse_path=sender,
        forward_path=f"bob@{own if to == SAME else foreign}",
        login=f"user@{own}" if credentials in ("auth", "587") else None,
        by_587=credentials == "587",
        helo=f"mail.{foreign}" if who in SERVERS else _helo(scenario),
        pop_age=0.0 if credentials == "pop" else None,
        spam=WHO[who].honest is False,
        relay=who in SERVERS,
    )


def _answers(servers: Servers, server: str, place: Place) -> tuple[tuple[str, str], ...]:
    """Kind and rule of every cell of a customer at one place."""
    questions = (
        _attempt(servers.scenario, server, "customer", place, to, credentials)
        for credentials in credentials_of(servers, server)
        for to in RECIPIENTS
    )
    return tuple((v.kind, v.rule) for v in map(servers.verdict, questions))


def _visits(scenario: Scenario, own: str) -> Iterator[tuple[str, str]]:
    """Label and network of the places that the customers of network *own* write from.

    A kind of network that none of them visits is stood for by the first one of the scenario,
    so that the six situations are always complete. A venue's customers are its guests.
    """
    networks = scenario.networks
    labels = {own: {"isp": "home", "work": "work"}.get(networks[own].kind, own)}
    for users in scenario.users.values():
        if own in (*users.accounts, users.work):
            for label, network in _places_of(users, own):
                if network not in labels:
                    labels[network] = network if label in labels.values() else label
    away = (
        () if networks[own].kind == "venue" else (("isp", "home"), ("work", "work"), ("venue", ""))
    )
    for kind, label in away:
        if not any(networks[network].kind == kind for network in labels):
            for network in [n for n, keys in networks.items() if keys.kind == kind][:1]:
                labels[network] = label or network
    yield from ((label, network) for network, label in labels.items())


def _places_of(users: Users, own: str) -> Iterator[tuple[str, str]]:
    """Label and network of each place of a group, seen by a server of network *own*."""
    for place in users.all_places:
        if place == "home":
            accounts = [own] if own in users.accounts else users.accounts
            yield from (("home", users.home or account) for account in accounts)
        elif place == "work":
            yield from [("work", users.work)] if users.work is not None else []
        else:
            yield place, place


def _server_at(scenario: Scenario, place: Place) -> Place:
    """The address of a server of the network, where it has one."""
    machines = [s.number for s in scenario.servers.values() if s.network == place.network]
    return replace(place, client=(*machines, place.client)[0])


def _outside(scenario: Scenario, avoided: set[str | None]) -> Place | None:
    """Somewhere on another ISP's network, or at least on another network."""
    ranked = sorted(scenario.networks, key=lambda n: KINDS.index(scenario.networks[n].kind))
    for network in ranked:
        client = scenario.guest(network)
        if network not in avoided and client is not None:
            return Place("outside", network, client)
    return None
