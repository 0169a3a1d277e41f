"""What a stored attempt must have asked: facts under which `decide` gives the stored answer.

A run keeps rows and no sessions. Who asked whom, from where, for whom and when stands in them;
what does not (a login, a POP login before, the sender address, the draw of a filter) is tried in
order of simplicity until the policy that held at that moment answers as the row says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from ipaddress import IPv4Network
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.path.facts import facts
from sim.scenario.policies import on_port_587
from sim.smtp import Facts, Policy, Verdict, decide

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.workload.people import Person, Population

MOST_TRIED = 5000
"""Combinations of facts that are tried for one attempt (chosen)."""
POPPED, OFTEN, LONG_AGO = 0.0, 2**31 - 1, 1e9


class Stored(NamedTuple):
    """What one row of attempts says, as far as it is compared."""

    server: str
    at: float
    client: int
    code: int
    rule: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """Facts and policy that give a stored answer, which is *verdict*."""

    facts: Facts
    policy: Policy
    verdict: Verdict
    port: int = 25

    @property
    def assumed(self) -> tuple[str, ...]:
        """What the rows do not keep, and must have been so for this answer."""
        facts = self.facts
        said = {
            f"a login as {facts.login}": facts.login is not None and not facts.auth_failed,
            "a login with a wrong password": facts.auth_failed,
            "a POP login shortly before": facts.pop_age is not None,
            f"a listing of the client by {', '.join(facts.listed)}": bool(facts.listed),
            "many transactions by this client before": facts.recent > 0,
            "the same tried long enough ago": facts.greylist_age is not None,
            "a filter that took the content for spam": facts.content_draw == 0.0,
            "port 587": self.port != 25,
        }
        return tuple(words for words, so in said.items() if so)


class Past:
    """The world of one arm as its rows know it: people by number, policies by moment.

    *closed* says since when (s) which servers were closed by their operator.
    """

    def __init__(self, scenario: Scenario, arm: str, closed: dict[str, float]) -> None:
        self.baseline, self.scenario = scenario, scenario.arm(arm)
        self.closed = closed

    @cached_property
    def population(self) -> Population:
        """All people and mailboxes, numbered as in the rows."""
        from sim.workload.people import populate

        return populate(self.scenario)

    @cached_property
    def _addresses(self) -> frozenset[str]:
        return frozenset(address.lower() for address in self.population.mailboxes.addresses)

    def person(self, number: int) -> Person | None:
        """The user with a number."""
        people = self.population.people
        return people[number] if 0 <= number < len(people) else None

    def address(self, mailbox: int, domain: str) -> str:
        """The recipient's address; one that does not exist where there is no mailbox."""
        known = self.population.mailboxes.addresses
        return known[mailbox] if 0 <= mailbox < len(known) else f"no-such-user@{domain}"

    def server_at(self, client: int) -> str:
        """The server with an address; "" if there is none."""
        found = (n for n, s in self.scenario.servers.items() if int(s.address) == client)
        return next(found, "")

    def policy(self, server: str, at: float) -> Policy:
        """The policy that *server* had at a moment."""
        held = self.scenario if at >= self.scenario.policy_starts else self.baseline
        closed = self.closed.get(server)
        relay = None
        if closed is not None and at >= closed:
            relay = next(
                o.closes_to
                for name, o in self.scenario.operators.items()
                if server in self.scenario.run_by(name)
            )
        owned = {login: frozenset((login,)) for login in self.logins(server)}
        return held.policy(server, self._addresses, login_owns=owned, relay=relay)

    def logins(self, server: str) -> list[str]:
        """The logins of the customers of *server*, each the address of an account."""
        network = self.scenario.servers[server].network
        return [
            account.address
            for person in self.population.people
            for account in person.accounts
            if account.network == network
        ]

    def replayed(
        self,
        row: Stored,
        senders: Sequence[str | None],
        logins: Sequence[str],
        recipients: Sequence[str],
        *,
        spam: bool,
    ) -> Replayed | None:
        """Facts that give the answer of *row*; None if no policy gave it, or none are found."""
        policy = self.policy(row.server, row.at)
        tried = product(self._policies(policy, row), self._unseen(policy, logins, spam=spam))
        for number, ((held, port), unseen) in enumerate(tried):
            if number * len(senders) * len(recipients) > MOST_TRIED:
                break
            for sender, recipient in product(senders, recipients):
                seen = facts(row.client, sender, recipient)._replace(**unseen._asdict())
                verdict = decide(held, seen)
                if (verdict.code, verdict.rule) == (row.code, row.rule):
                    return Replayed(seen, held, decide(held, seen, trace=True), port)
        return None

    def _policies(self, policy: Policy, row: Stored) -> Iterator[tuple[Policy, int]]:
        """The written policy, that of its submission port, and with the client on its list."""
        yield policy, 25
        if self.scenario.servers[row.server].port_587:
            yield on_port_587(policy), 587
        if row.rule == "permit_client_ranges":
            listed = (*policy.client_ranges, IPv4Network(row.client))
            yield replace(policy, client_ranges=listed), 25

    def _unseen(self, policy: Policy, logins: Sequence[str], *, spam: bool) -> Iterator[Unseen]:
        """What rows do not keep, the simplest first; only what the policy reads is varied."""
        lists = tuple(self.scenario.blocklists)
        reads = policy.reads

        def among(fact: str, plain: Any, *others: Any) -> tuple[Any, ...]:
            return (plain, *others) if fact in reads else (plain,)

        auth: list[tuple[str | None, bool]] = [(None, False)]
        auth += [(login, False) for login in logins]
        auth += [(None, True)] if logins else []
        for (login, failed), popped, listed, recent, age, opened, draw in product(
            auth,
            among("pop_age", None, POPPED),
            among("listed", (), *((name,) for name in lists), lists),
            among("recent", 0, OFTEN),
            among("greylist_age", None, LONG_AGO),
            among("open_sessions", 0, OFTEN),
            among("content_draw", 1.0, 0.0),
        ):
            yield Unseen(login, failed, popped, listed, opened, recent, age, spam, draw)


class Unseen(NamedTuple):
    """The facts that rows do not keep; meanings as in `sim.smtp.Facts`."""

    login: str | None
    auth_failed: bool
    pop_age: float | None
    listed: tuple[str, ...]
    open_sessions: int
    recent: int
    greylist_age: float | None
    spam: bool
    content_draw: float
