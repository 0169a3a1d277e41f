"""Spammers: a list of recipients, a forged sender, and routes that they move between.

An adaptive spammer takes the first of its routes that still works and passes what one
route refuses to the next; a fixed one stays with the first. Results for both are a
bracket around what real ones do.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from simpy.events import Event

from sim.records.words import Cause, Route
from sim.topology.lines import LINES
from sim.workload.arrivals import RecipientGroup
from sim.workload.people import anyone_at
from sim.workload.streams import exponentials, stream, uniforms
from sim.world.engine import Engine
from sim.world.recorder import GAVE_UP, REFUSED, Recorder
from sim.world.server import Server
from sim.world.spam_routes import ROUTES, SpamRoute
from sim.world.transport import NO_SUCH_USER, Message, Replies, Transfer, Transport

if TYPE_CHECKING:
    from sim.scenario.spammers import Spammers
    from sim.workload.people import Mailboxes
    from sim.world.verdict_cache import Credentials

SIZE = 2900.0
"""Octets of a spam message: mail.size.spam.mean."""
LINE = LINES["dial-up"].bandwidth
"""bit/s of a spammer's line."""
TRIES = 3
"""Submission attempts for one message before a spammer drops what is left of it (chosen)."""


@dataclass(slots=True)
class Field:
    """What spammers know of the world."""

    env: Engine
    rows: Recorder
    transport: Transport
    mailboxes: Mailboxes
    servers: list[Server]
    mx: dict[int, list[Server]]
    submission: dict[str, Server]  # by network
    homes: dict[str, Sequence[int]]  # networks of ISPs: addresses that they hand out
    accounts: list[tuple[str, str]]  # network and login of every account
    leased: dict[str, Sequence[int]]  # networks that lease: addresses that a call may get
    is_idle: Callable[[str, int, float], bool]  # network, address, moment: whether nobody has it


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
        self.someone = mailboxes.representative

    def batches(self, size: int) -> Iterator[tuple[list[int], list[tuple[int, int, int, str]]]]:
        """Recipients of one transaction, sorted by domain, and the groups that are alike."""
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
    """One spammer: campaigns, sent by the first of its routes that works."""

    needs_all = False

    def __init__(
        self, group: str, number: int, index: int, settings: Spammers, field: Field,
        address: int, seed: int, replication: int,
    ) -> None:  # fmt: skip
        self.group, self.number, self.settings, self.field = group, number, settings, field
        self.network = settings.network
        self.address = address
        self.reverse_path = f"offer-{index}@{settings.sender_domain}"
        self.named: Callable[[str], np.random.Generator] = lambda purpose: stream(
            seed, replication=replication, entity=f"spammers.{group}.{index}", purpose=purpose
        )
        targets = TargetList(field.mailboxes, settings.unknown, self.named("list"))
        self.batches = targets.batches(settings.recipients)
        self.gaps = exponentials(self.named("gaps"))
        self.draws = uniforms(self.named("draws"))
        self.keys = self.named("further")
        self.heeds = frozenset(settings.heeds if settings.adaptive else ())
        self.routes: dict[Route, SpamRoute] = {r: ROUTES[r](self) for r in settings.routes}

    def processes(self) -> Iterator[Generator[Event, Any, None]]:
        """Its SimPy processes: one sends, others look after routes."""
        yield self.campaigns()
        yield from (life for r in self.routes.values() if (life := r.life()) is not None)

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

    def route(self) -> Route:
        """The first route that still works; a fixed spammer knows only its first."""
        first, *_, last = [*self.routes, *self.routes]
        if not self.settings.adaptive:
            return first
        return next((name for name, route in self.routes.items() if route.works()), last)

    def send(self, now: float) -> None:
        """Make the next message of the list and hand it to the present route."""
        rows, draw = self.field.rows, self.draws
        recipients, pieces = next(self.batches)
        route = self.route()
        number = rows.message(
            "spam", recipients, sender=self.number, group=self.group, written_at=now, route=route
        )
        message = Message(
            number, self.reverse_path, anyone_at(self.reverse_path), SIZE, self,
            (next(draw), next(draw)), next(draw), next(draw), int(self.keys.integers(2**62)),
            spam=True,
        )  # fmt: skip
        first = rows.messages.first_row[number]
        groups = [
            RecipientGroup(first + a, first + b, domain, address)
            for a, b, domain, address in pieces
        ]
        self.pass_to(route, message, groups, now, attempt=1)

    def pass_to(
        self, route: Route, message: Message, groups: list[RecipientGroup], now: float, attempt: int
    ) -> None:
        """Send *groups* by *route*."""
        rows, transport = self.field.rows, self.field.transport
        rows.messages.attempts[message.number] = attempt
        rows.messages.route[message.number] = Route(route).number
        for server, part, address, network, shows in self.routes[route].parts(groups):
            if server is None:
                for first, end, _, _ in part:
                    rows.end(first, end, GAVE_UP, rows.nobody, now)
                continue
            signed = self._signed(message, part, server, shows)
            transfer = Transfer(
                signed, part, server, address, shows, LINE,
                attempt=attempt, ticket=route,
            )  # fmt: skip
            transport.send(transfer, now, network)

    def _signed(
        self, message: Message, groups: list[RecipientGroup], server: Server, shows: Credentials
    ) -> Message:
        """The message with its forged sender: one of a victim's own domain if so wished."""
        if self.settings.forge == "fixed":
            return message
        if self.settings.forge == "customer":
            sender = shows.login or self.customer_of(server)
        else:
            sender = f"offer-{self.number}@{self.field.mailboxes.domains[groups[0][2]]}"
        return replace(message, reverse_path=sender, shown=anyone_at(sender))

    def customer_of(self, server: Server) -> str:
        """A sender address under which *server* may take the spammer for its own customer."""
        if self.settings.forge != "customer" or not server.settings.domains:
            return self.reverse_path
        return f"offer-{self.number}@{server.settings.domains[0]}"

    def receive_replies(self, transfer: Transfer, now: float, refused: Replies) -> None:
        """Learn from an answer; what was refused goes to another route, or is dropped."""
        if not refused:
            return
        route = cast("Route", transfer.ticket)
        number = transfer.message.number
        if transfer.attempt == 1:
            worst = max((a for _, a in refused), key=lambda a: a.permanent)
            self.field.rows.messages.first_cause[number] = Cause(worst.cause).number
        left: list[RecipientGroup] = []
        for piece, answer in refused:
            if answer.cause in LOST and self.settings.adaptive:
                self.routes[route].lose(transfer, answer.cause)
                if transfer.attempt < TRIES and self._elsewhere(route):
                    left.append(piece)
                    continue
            fate = REFUSED if answer.permanent else GAVE_UP
            self.field.rows.end(piece[0], piece[1], fate, answer, now)
        if left:
            again = transfer.attempt + 1
            self.field.env.call_at(
                now, lambda t: self.pass_to(self.route(), transfer.message, left, t, again), left
            )

    def _elsewhere(self, route: Route) -> bool:
        """Whether there is anybody to ask who has not just refused by *route*."""
        return self.routes[route].others or self.route() != route


LOST = frozenset({"relaying", "authentication", "sender", "blocklist", "rate", "unreachable"})
"""Causes after which a spammer takes the route, or the relay, for closed."""
