"""The smallest change that gets a message through, and which abuse it also admits.

Changes are tried in the order of `sim.exact.changes`, and each is verified by asking `decide`
again, with the changed facts or policy, at every server on the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from sim.exact.changes import CHANGES, Case, Change
from sim.exact.situations import FOREIGN, WHO, Place, domains, others
from sim.path.journey import Journey, Servers
from sim.path.query import Query
from sim.scenario.people import HOME
from sim.smtp import clients

THROUGH = ("delivered", "queued")
"""Outcomes of a message that got through."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One change, or two together, that was tried; *outcome* is what became of the message."""

    changes: tuple[Change, ...]
    words: str
    outcome: str
    """As in `Journey`."""
    answer: str
    """The last server's reply, and which restriction decided."""
    admits: tuple[str, ...]
    """Abuse that becomes possible: keys of `situations.WHO`."""

    @property
    def helps(self) -> bool:
        """Whether the message gets through."""
        return self.outcome in THROUGH

    @property
    def by(self) -> str:
        """Who has to act: ``user`` or ``ISP``."""
        return self.changes[-1].by

    @property
    def effort(self) -> str:
        """What it takes."""
        return "; ".join(change.effort for change in self.changes)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What else it brings, which no server decides."""
        return tuple(change.remark for change in self.changes if change.remark)

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        names = ("by", "words", "effort", "remarks", "helps", "outcome", "answer", "admits")
        keys = [change.key for change in self.changes]
        return {"changes": keys} | {name: getattr(self, name) for name in names}


def advise(servers: Servers, query: Query, journey: Journey) -> list[Advice]:
    """Every change that means something here, in order of effort, those that do not help too.

    Two changes of the user together are tried where none helps alone.
    """
    if journey.outcome in THROUGH or query.party.spammer:
        return []
    verdict = journey.last.verdict
    if verdict is not None and verdict.accepted and not verdict.discarded:
        return []  # nobody refused: no server takes mail for the domain
    forwarder = next((hop for hop in reversed(journey.hops[:-1]) if hop.forwarded), None)
    case = Case(servers, query.party, query.attempt, journey.last, forwarder)
    users = [change for change in CHANGES if change.by == "user"]
    isps = [change for change in CHANGES if change.by == "ISP"]
    advice = list(_trials(case, ((change,) for change in users)))
    if not any(one.helps for one in advice):
        advice += (both for both in _trials(case, combinations(users, 2)) if both.helps)
    return advice + list(_trials(case, ((change,) for change in isps)))


def _trials(case: Case, choices: Iterable[tuple[Change, ...]]) -> Iterator[Advice]:
    trials = (_trial(case, changes) for changes in choices)
    return (advice for advice in trials if advice is not None)


def _trial(case: Case, changes: tuple[Change, ...]) -> Advice | None:
    """Apply *changes* in order; None if one of them means nothing."""
    outcome: Case | None = case
    for change in changes:
        outcome = outcome and change.make(outcome)
    if outcome is None:
        return None
    journey = outcome.servers.journey(outcome.attempt)
    verdict = journey.last.verdict
    answer = "no connection" if verdict is None else f"{verdict.rule}: {verdict.reply}"
    return Advice(
        changes,
        " and ".join(_words(change, outcome) for change in changes),
        journey.outcome,
        f"{journey.last.server}: {answer}",
        _least_trusted(admitted(case, outcome)) if journey.arrives else (),
    )


def _words(change: Change, case: Case) -> str:
    verdict = case.refused.verdict
    scenario = case.servers.scenario
    return change.words.format(
        here=scenario.hostname(case.attempt.server),
        sender=f"<{case.attempt.reverse_path or ''}>",
        client=clients.text(case.refused.facts.client),
        isp=case.party.network,
        forwarder=case.forwarder and scenario.hostname(case.forwarder.server),
        rule=f"{verdict.rule} at {scenario.hostname(case.refused.server)}" if verdict else "",
    )


def _least_trusted(kinds: Iterator[str]) -> tuple[str, ...]:
    """Where strangers can relay, or those who forge, all others go without saying."""
    admissions = tuple(kinds)
    return next(((worst,) for worst in ("stranger", "forger") if worst in admissions), admissions)


def admitted(before: Case, after: Case) -> Iterator[str]:
    """Who can relay after a change that could not before it: keys of `situations.WHO`."""
    server = before.refused.server
    if before.servers is not after.servers:
        guests = _guests(before)
        home = before.attempt.network
        old = {
            (c.who, c.place): c.accepted for c in others(before.servers, server, guests, avoid=home)
        }
        for cell in others(after.servers, server, guests, avoid=home):
            suspect = WHO[cell.who].honest is not True and cell.who != "sharer"
            if suspect and cell.accepted and not old[cell.who, cell.place]:
                yield cell.who
    if _sharer(after) and not _sharer(before):
        yield "sharer"


def _guests(case: Case) -> list[Place]:
    """The server's own network, for what its customers may do."""
    scenario = case.servers.scenario
    network = scenario.servers[case.refused.server].network
    client = scenario.guest(network)
    return [] if client is None else [Place(HOME, network, client)]


def _sharer(case: Case) -> bool:
    """Whether somebody else at the user's address can relay through the account's server."""
    attempt, scenario = case.attempt, case.servers.scenario
    network = scenario.networks[attempt.network]
    if not (network.shared_address or network.lease is not None):
        return False
    if attempt.network == scenario.servers[attempt.server].network:
        return False  # a customer like others
    other = replace(
        attempt,
        reverse_path=FOREIGN,
        forward_path=f"bob@{domains(scenario, attempt.server)[1]}",
        login=None,
        spam=True,
    )
    verdict = case.servers.verdict(other)
    return verdict.accepted and not verdict.discarded
