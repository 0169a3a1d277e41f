"""Spammers: a list of recipients, a forged sender, and routes that they move between.

An adaptive spammer takes the first of its routes that still works and passes what one
route refuses to the next; a fixed one stays with the first. Results for both are a
bracket around what real ones do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np

from sim.path.facts import Credentials
from sim.records.words import Cause, MailClass, Route
from sim.topology.lines import LINES
from sim.workload.arrivals import RecipientGroup
from sim.workload.people import NO_SUCH_USER, Mailboxes, anyone_at
from sim.workload.streams import exponentials
from sim.world.context import WorldContext
from sim.world.recorder import GAVE_UP, REFUSED
from sim.world.server import Server
from sim.world.spam_routes import ROUTES, Life, SpamRoute, SpamSource
from sim.world.transfers import Message, Replies, Transfer

if TYPE_CHECKING:
    from sim.scenario.spammers import Spammers

SIZE = 2900.0
"""Octets of a spam message: mail.size.spam.mean."""
LINE = LINES["dial-up"].bandwidth
"""bit/s of a spammer's line."""
TRIES = 3
"""Submission attempts for one message before a spammer drops what is left of it (chosen)."""
LOST = frozenset({"relaying", "authentication", "sender", "blocklist", "rate", "unreachable"})
"""Causes after which a spammer takes the route, or the relay, for closed."""


class TargetList:
    """A spammer's recipients, walked through in a new random order each time round."""

    def __init__(self, mailboxes: Mailboxes, unknown: float, generator: np.random.Generator):
        domains = np.array(mailboxes.domain_of, dtype=np.int64)
        missing = round(len(domains) * unknown / (1.0 - unknown)) if unknown < 1 else len(domains)
        lost = generator.choice(domains, missing) if missing else domains[:0]
        known = np.arange(len(domains)) if unknown < 1 else domains[:0]
        self.rows = np.concatenate([known, -1 - lost])
        self.code = 2 * np.concatenate([domains[known], lost]) + (self.rows < 0)
        self.generator, self.mailboxes = generator, mailboxes

    def batches(self, size: int) -> Iterator[tuple[list[int], list[RecipientGroup]]]:
        """Recipients of one transaction, sorted by domain, and their groups, rows counted from
        the first of them."""
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
                        RecipientGroup(a, b, c >> 1, self._address(c))
                        for a, b, c in zip(cuts, cuts[1:], codes, strict=False)
                    ],
                )

    def _address(self, code: int) -> str:
        domain = code >> 1
        if code & 1:
            return f"{NO_SUCH_USER}{self.mailboxes.domains[domain]}"
        return self.mailboxes.representative[domain]


class Spammer:
    """One spammer: campaigns, sent by the first of its routes that works."""

    needs_all = False

    def __init__(
        self, group: str, number: int, index: int, settings: Spammers, context: WorldContext
    ) -> None:
        self.group, self.settings, self.context = group, settings, context
        self.source = SpamSource(group, number, index, settings, context)
        targets = TargetList(context.mailboxes, settings.unknown, self.source.named("list"))
        self.batches = targets.batches(settings.recipients)
        self.gaps = exponentials(self.source.named("gaps"))
        self.keys = self.source.named("further")
        self.routes: dict[str, SpamRoute] = {r: ROUTES[r](self.source) for r in settings.routes}

    def processes(self) -> Iterator[Life]:
        """Its SimPy processes: one sends, others look after routes."""
        yield self.campaigns()
        yield from (life for r in self.routes.values() if (life := r.life()) is not None)

    def campaigns(self) -> Life:
        """Send campaigns at the rate that the present route has capacity for."""
        env, settings = self.context.env, self.settings
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
            return Route(first)
        return Route(next((name for name, route in self.routes.items() if route.works()), last))

    def send(self, now: float) -> None:
        """Make the next message of the list and hand it to the present route."""
        recorder, draw = self.context.recorder, self.source.draws
        recipients, groups = next(self.batches)
        route, reverse_path = self.route(), self.source.reverse_path
        number = recorder.add_message(
            MailClass.SPAM,
            recipients,
            sender=self.source.number,
            group=self.group,
            written_at=now,
            route=route,
        )
        message = Message(
            number,
            reverse_path,
            anyone_at(reverse_path),
            SIZE,
            self,
            (next(draw), next(draw)),
            next(draw),
            next(draw),
            int(self.keys.integers(2**62)),
            spam=True,
        )
        first = recorder.messages.first_row[number]
        groups = [g._replace(first=first + g.first, end=first + g.end) for g in groups]
        self.pass_to(route, message, groups, now, attempt=1)

    def pass_to(
        self, route: Route, message: Message, groups: list[RecipientGroup], now: float, attempt: int
    ) -> None:
        """Send *groups* by *route*."""
        recorder = self.context.recorder
        recorder.messages.attempts[message.number] = attempt
        recorder.messages.route[message.number] = route.number
        for server, part, address, network, credentials in self.routes[route].parts(groups):
            if server is None:
                for group in part:
                    recorder.end(group, GAVE_UP, recorder.no_server, now)
                continue
            signed = self._signed(message, part, server, credentials)
            shows = credentials._replace(helo=self.source.helo)
            transfer = Transfer(
                signed, part, server, address, shows, LINE, attempt=attempt, ticket=route
            )
            self.context.transport.send(transfer, now, network)

    def _signed(
        self,
        message: Message,
        groups: list[RecipientGroup],
        server: Server,
        credentials: Credentials,
    ) -> Message:
        """The message with its forged sender, as the settings want it."""
        if self.settings.forge == "fixed":
            return message
        if self.settings.forge == "customer":
            sender = credentials.login or self.source.customer_of(server)
        else:  # one of the recipients' own domain
            domain = self.context.mailboxes.domains[groups[0].domain]
            sender = f"offer-{self.source.number}@{domain}"
        return replace(message, reverse_path=sender, representative=anyone_at(sender))

    def receive_replies(self, transfer: Transfer, now: float, refused: Replies) -> None:
        """Learn from an answer; what was refused goes to another route, or is dropped."""
        if not refused:
            return
        recorder, message = self.context.recorder, transfer.message
        route = cast("Route", transfer.ticket)
        if transfer.attempt == 1:
            worst = max((answer for _, answer in refused), key=lambda a: a.verdict.permanent)
            recorder.messages.first_cause[message.number] = Cause(worst.verdict.cause).number
        left: list[RecipientGroup] = []
        for group, answer in refused:
            if answer.verdict.cause in LOST and self.settings.adaptive:
                self.routes[route].lose(transfer, answer.verdict.cause)
                if transfer.attempt < TRIES and self._elsewhere(route):
                    left.append(group)
                    continue
            fate = REFUSED if answer.verdict.permanent else GAVE_UP
            recorder.end(group, fate, answer, now)
        if left:
            again = transfer.attempt + 1
            self.context.env.call_at(
                now, lambda t: self.pass_to(self.route(), message, left, t, again), left
            )

    def _elsewhere(self, route: Route) -> bool:
        """Whether there is anybody to ask who has not just refused by *route*."""
        return self.routes[route].others or self.route() != route
