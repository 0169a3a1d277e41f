"""Spammers: a list of recipients, a forged sender, and routes that they move between.

An adaptive spammer takes the first of its routes that still works and passes what one
route refuses to the next; a fixed one stays with the first. Results for both are a
bracket around what real ones do.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from simpy.core import Environment
from simpy.events import Event

from sim.network.lines import LINES
from sim.world.plan import Slice
from sim.world.rows import CAUSE, GAVE_UP, REFUSED, ROUTE, Rows
from sim.world.server import Client, Server
from sim.world.streams import exponentials, stream, uniforms
from sim.world.transit import NO_SUCH_USER, Answered, Flight, Message, Transit, anyone_at

if TYPE_CHECKING:
    from sim.scenario.spammers import Route, Spammers
    from sim.world.people import Mailboxes

SIZE = 2900.0
"""Octets of a spam message: mail.size.spam.mean."""
TRIES = 3
"""Submission attempts for one message before a spammer drops what is left of it (chosen)."""
RELAY_TEST = "relay-test@relay-test.example"
"""Whom a scanner asks a server to relay to: a domain that no server processes."""


@dataclass(slots=True)
class Field:
    """What spammers know of the world."""

    env: Environment
    rows: Rows
    transit: Transit
    mailboxes: Mailboxes
    servers: list[Server]
    mx: dict[int, list[Server]]
    submission: dict[str, Server]  # by network


class TargetList:
    """A spammer's recipients, walked through in a new random order each time round."""

    def __init__(self, mailboxes: Mailboxes, unknown: float, generator: np.random.Generator):
        domains = np.array(mailboxes.domain_of, dtype=np.int64)
        missing = round(len(domains) * unknown / (1.0 - unknown)) if unknown < 1 else len(domains)
        lost = generator.choice(domains, missing) if missing else domains[:0]
        known = np.arange(len(domains)) if unknown < 1 else domains[:0]
        self.rows = np.concatenate([known, -1 - lost])
        self.code = 2 * np.concatenate([domains[known], lost]) + (self.rows < 0)
        self.generator = generator
        self.domains = mailboxes.domains
        self.someone = mailboxes.someone()

    def batches(self, size: int) -> Iterator[tuple[list[int], list[tuple[int, int, int, str]]]]:
        """Recipients of one transaction, sorted by domain, and the slices that are alike."""
        size = min(size, len(self.rows))
        while True:
            order = self.generator.permutation(len(self.rows))
            for first in range(0, len(order) - size + 1, size):
                chosen = order[first : first + size]
                chosen = chosen[np.argsort(self.code[chosen], kind="stable")]
                code = self.code[chosen]
                cuts = [0, *(np.flatnonzero(np.diff(code)) + 1).tolist(), size]
                codes = code[cuts[:-1]].tolist()
                yield (
                    self.rows[chosen].tolist(),
                    [
                        (a, b, c >> 1, self._address(c))
                        for a, b, c in zip(cuts, cuts[1:], codes, strict=False)
                    ],
                )

    def _address(self, code: int) -> str:
        domain = code >> 1
        return f"{NO_SUCH_USER}{self.domains[domain]}" if code & 1 else self.someone[domain]


class Spammer:
    """One spammer; a SimPy process sends its campaigns, another looks for relays."""

    needs_all = False

    def __init__(
        self, group: str, number: int, index: int, settings: Spammers, field: Field,
        client: int, seed: int, replication: int,
    ) -> None:  # fmt: skip
        self.group, self.number, self.settings, self.field = group, number, settings, field
        self.network = settings.network
        self.client = Client(client)
        self.reverse_path = f"offer-{index}@{settings.sender_domain}"

        def named(purpose: str) -> np.random.Generator:
            entity = f"spammers.{group}.{index}"
            return stream(seed, replication=replication, entity=entity, purpose=purpose)

        self.batches = TargetList(field.mailboxes, settings.unknown, named("list")).batches(
            settings.recipients
        )
        self.gaps = exponentials(named("gaps"))
        self.draws = uniforms(named("draws"))
        self.scans = named("scans")
        self.keys = named("further")
        self.relays = self._known_at_start(named("known relays"))
        self.closed: set[str] = set()  # routes that no longer work

    def _strange(self) -> list[Server]:
        """Servers that would be relays to this spammer: all but those of its own network."""
        return [s for s in self.field.servers if s.network != self.network]

    def _known_at_start(self, generator: np.random.Generator) -> list[Server]:
        servers = self._strange()
        lucky = generator.random(len(servers)) < self.settings.known_relays
        return [s for s, known in zip(servers, lucky.tolist(), strict=True) if known]

    # ---- what it does

    def campaigns(self) -> Generator[Event, Any, None]:
        """Send campaigns at the rate that the present route has capacity for."""
        env, settings = self.field.env, self.settings
        transactions = max(1, settings.campaign // settings.recipients)
        while True:
            rate = settings.rate(self.route())
            if rate <= 0:
                return
            yield env.timeout(next(self.gaps) * transactions * settings.recipients / rate)
            for i in range(transactions):
                if i:
                    yield env.timeout(settings.pace)
                self.send(env.now)

    def scan(self) -> Generator[Event, Any, None]:
        """Ask servers, one after the other, whether they relay for a stranger."""
        env, strange = self.field.env, self._strange()
        if self.settings.scan_rate <= 0 or not strange or "open_relay" not in self.settings.routes:
            return
        while True:
            yield env.timeout(self.scans.exponential(1.0 / self.settings.scan_rate))
            server = strange[int(self.scans.integers(len(strange)))]
            if server in self.relays:
                continue
            answer = server.judge(self.client, self.reverse_path, RELAY_TEST, env.now, False, 1.0)
            if answer.accepted and answer.relayed:
                self.relays.append(server)

    def route(self) -> Route:
        """The first route that still works; a fixed spammer knows only its first."""
        routes = self.settings.routes
        if not self.settings.adaptive:
            return routes[0]
        return next((r for r in routes if self.works(r)), routes[-1])

    def works(self, route: str) -> bool:
        """Whether, as far as this spammer knows, *route* takes mail."""
        return bool(self.relays) if route == "open_relay" else route not in self.closed

    def send(self, now: float) -> None:
        """Make the next message of the list and hand it to the present route."""
        rows = self.field.rows
        recipients, pieces = next(self.batches)
        route = self.route()
        number = rows.message(
            "spam", recipients, sender=self.number, group=self.group, wished_at=now, route=route
        )
        first = rows.messages.first_row[number]
        draw = self.draws
        message = Message(
            number, self.reverse_path, anyone_at(self.reverse_path), SIZE, self,
            (next(draw), next(draw)), next(draw), next(draw), int(self.keys.integers(2**62)),
            spam=True,
        )  # fmt: skip
        slices = [(first + a, first + b, domain, address) for a, b, domain, address in pieces]
        self.pass_to(route, message, slices, now, attempt=1)

    def pass_to(
        self, route: str, message: Message, slices: list[Slice], now: float, attempt: int
    ) -> None:
        """Send *slices* by *route*: one transaction to a relay, or one to each domain's MX."""
        messages = self.field.rows.messages
        messages.attempts[message.number] = attempt
        messages.route[message.number] = ROUTE[route]
        for server, part in ROUTES[route](self, slices):
            if server is None:
                for first, end, _, _ in part:
                    self.field.rows.end(first, end, GAVE_UP, self.field.rows.nothing, now)
                continue
            flight = Flight(
                self.field.env, message, part, server, self.client,
                line=LINES["dial-up"].bandwidth, attempt=attempt, ticket=route,
            )  # fmt: skip
            self.field.transit.launch(flight, now, self.network)

    def answered(self, flight: Flight, now: float, refused: Answered) -> None:
        """Learn from an answer; what was refused goes to another route, or is dropped."""
        if not refused:
            return
        route, number = flight.ticket, flight.message.number
        assert isinstance(route, str)
        if flight.attempt == 1:
            worst = max((a for _, a in refused), key=lambda a: a.permanent)
            self.field.rows.messages.first_cause[number] = CAUSE[worst.cause]
        left: list[Slice] = []
        for piece, answer in refused:
            if answer.cause in LOST and self.settings.adaptive:
                self.lose(route, flight.server)
                if flight.attempt < TRIES:
                    left.append(piece)
                    continue
            fate = REFUSED if answer.permanent else GAVE_UP
            self.field.rows.end(piece[0], piece[1], fate, answer, now)
        if left:
            self.field.transit.later(
                now,
                lambda t: self.pass_to(self.route(), flight.message, left, t, flight.attempt + 1),
            )

    def lose(self, route: str, server: Server) -> None:
        """*server* no longer serves *route*."""
        if route == "open_relay":
            self.relays = [s for s in self.relays if s is not server]
        elif route == "own_account":
            self.closed.add(route)


LOST = frozenset({"relaying", "authentication", "sender", "blocklist", "rate", "unreachable"})
"""Causes after which a spammer takes the route, or the relay, for closed."""

Parts = Iterator[tuple[Server | None, list[Slice]]]
"""Whom to ask, and for which recipients; None: nobody takes their mail."""


def by_open_relay(spammer: Spammer, slices: list[Slice]) -> Parts:
    """All of it to one relay, chosen evenly among those known."""
    relays = spammer.relays or spammer._strange()
    yield relays[int(next(spammer.draws) * len(relays))], slices


def by_own_account(spammer: Spammer, slices: list[Slice]) -> Parts:
    """All of it to the submission server of the spammer's own network."""
    yield spammer.field.submission[spammer.network], slices


def direct(spammer: Spammer, slices: list[Slice]) -> Parts:
    """To each domain's MX what is for that domain."""
    parts: dict[int, list[Slice]] = {}
    for piece in slices:
        parts.setdefault(piece[2], []).append(piece)
    for domain, part in parts.items():
        exchangers = spammer.field.mx.get(domain)
        yield exchangers[0] if exchangers else None, part


ROUTES = {"open_relay": by_open_relay, "own_account": by_own_account, "direct": direct}
