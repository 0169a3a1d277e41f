"""Spammers: a list of recipients, a forged sender, and routes that they move between.

An adaptive spammer takes routes that still work, by `choice`, and passes what one route refuses
to the next; a fixed one stays with the first. Results for both are a bracket around what real ones
do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from sim.path.facts import Credentials
from sim.records.words import Cause, MailClass, Route
from sim.scenario.spammers import SIZE
from sim.workload.arrivals import RecipientGroup, recipient_group
from sim.workload.people import anyone_at
from sim.workload.streams import GAPS, Purpose, chance, keys
from sim.world.campaign import Campaign
from sim.world.context import WorldContext
from sim.world.market import Market
from sim.world.prospects import Prospects
from sim.world.recorder import GAVE_UP, REFUSED, Answer
from sim.world.server import Server
from sim.world.spam_line import Connections
from sim.world.spam_routes import ROUTES
from sim.world.spam_source import Life, SpamRoute, SpamSource
from sim.world.target_list import TargetList
from sim.world.transfers import Message, Replies, Transfer, recipients, rows_of

if TYPE_CHECKING:
    from sim.scenario.spammers import Spammers

DAY = 86400.0
TRIES = 3
"""Submission attempts for one message before a spammer drops what is left of it (chosen)."""
RELAYING, UNKNOWN_RECIPIENT = Cause.RELAYING.number, Cause.UNKNOWN_RECIPIENT.number
LOST = frozenset({"relaying", "authentication", "sender", "blocklist", "rate", "unreachable"})
"""Causes after which a spammer takes the route, or the relay, for closed."""


class Spammer:
    """One spammer: campaigns, each sent by one of its routes that work."""

    def __init__(
        self,
        group: str,
        number: int,
        index: int,
        settings: Spammers,
        context: WorldContext,
        market: Market,
    ) -> None:
        self.settings, self.context = settings, context
        self.env, self.pace = context.env, settings.pace
        self.group = context.recorder.groups[group]  # its number in rows
        self.source = SpamSource(group, number, index, settings, context)
        self.targets = TargetList(context.mailboxes, settings.unknown, self.source.named("list"))
        self.batches = self.targets.batches(settings.recipients)
        self.keys = keys(self.source.named("further"))
        self.routes: dict[Route, SpamRoute] = {
            Route(r): ROUTES[r](self.source) for r in settings.routes
        }
        self.prospects = Prospects(self.source, self.routes, market)
        self.plan, self.experience = self.prospects.plan, self.source.experience
        self.sending = Connections(context.env)
        self.owed: Counter[Route] = Counter()  # recipients that a route got beside its campaigns
        self.signs = settings.forge != "fixed"
        self.looks = "profit" in (settings.choice, settings.entry)
        """Whether it asks what arrives."""
        self.return_delay = settings.retry_after.quantile()

    def processes(self) -> Iterator[Life]:
        """Its SimPy processes: some send, others look after routes."""
        if self.settings.choice == "parallel":
            yield from (self.campaigns(route) for route in self.routes)
        else:
            yield self.campaigns(None)
        yield from (life for r in self.routes.values() if (life := r.life()) is not None)

    # ---- when, and by which route

    def campaigns(self, only: Route | None) -> Life:
        """Send campaigns as often as the present route carries them; *only* by one of them."""
        env, settings = self.env, self.settings
        gaps = GAPS[settings.gaps](self.source.named(f"gaps: {only}" if only else "gaps"))
        late = 0.0  # seconds for which the last campaign had to wait for connections
        while True:
            if not self.prospects.is_in_business():
                yield env.timeout(self.prospects.decides_at - env.now)
                continue
            route, rate = self.plan(only)
            if rate <= 0.0:
                if settings.choice == "order" and not any(map(settings.rate, self.routes)):
                    return  # nothing is ever sent
                yield env.timeout(DAY)
                continue
            transactions = self.transactions(rate)
            due = next(gaps) * transactions * settings.recipients + self.owed.pop(route, 0)
            due -= late * rate
            late = 0.0
            while due > 0.0:
                yield env.timeout(due / rate)
                before, (route, rate) = rate, self.plan(only)
                while not rate:  # until it carries something again
                    yield env.timeout(DAY)
                    route, rate = self.plan(only)
                due -= due / before * min(before, rate)  # as if the slower one had been there
                due = due if rate < before else 0.0
            campaign = Campaign(self, route, only, transactions)
            if campaign.left:
                yield campaign.wait()
            late = campaign.late

    def transactions(self, rate: float) -> int:
        """Transactions of a campaign: no more than the route carries in a day, or one."""
        campaign = min(self.settings.campaign, rate * DAY)
        return max(1, int(campaign) // self.settings.recipients)

    # ---- sending

    def send(self, now: float, route: Route) -> None:
        """Make the next message of the list and hand it to *route*."""
        recorder, draw = self.context.recorder, self.source.draws
        names, alike = next(self.batches)
        number = recorder.add_message(
            MailClass.SPAM,
            names,
            sender=self.source.number,
            group=self.group,
            written_at=now,
            route=route,
            attempts=1,
        )
        message = Message(
            number,
            self.source.reverse_path,
            self.source.representative,
            SIZE,
            self,
            (next(draw), next(draw)),
            next(draw),
            next(draw),
            next(self.keys),
            spam=True,
        )
        first = recorder.messages.first_row[number]
        groups = [recipient_group((first + a, first + b, d, who)) for a, b, d, who in alike]
        if self.looks:
            self.experience.note(route, range(first, first + len(names)), now)
        self.pass_to(route, message, groups, now, attempt=1)

    def pass_to(
        self, route: Route, message: Message, groups: list[RecipientGroup], now: float, attempt: int
    ) -> None:
        """Send *groups* by *route*, one part after the other on its line."""
        recorder, transport, sent = self.context.recorder, self.context.transport, 0
        helo = self.source.helo if transport.hosts.reads_helo else None
        way = self.routes[route]
        line = way.bandwidth
        for server, part, address, network, credentials in way.parts(groups):
            if server is None:
                for group in part:
                    recorder.end(group, GAVE_UP, recorder.no_server, now)
                continue
            if self.signs:
                message = self._signed(message, part, server, credentials)
            if helo is not None:
                credentials = credentials._replace(helo=helo)
            transfer = Transfer(
                message, part, server, address, credentials, line, 0, attempt, None, route
            )
            transport.send(transfer, now + sent * 8.0 * SIZE / line, network)
            sent += 1
        self.sending.begin(message.number, sent)

    def _signed(
        self,
        message: Message,
        groups: list[RecipientGroup],
        server: Server,
        credentials: Credentials,
    ) -> Message:
        """The message with its forged sender, as the settings want it."""
        domain = self.context.mailboxes.domains[groups[0].domain]
        stolen = credentials.login if self.settings.forge == "customer" else None
        sender = stolen or self.source.forged(domain, server)
        return replace(message, reverse_path=sender, representative=anyone_at(sender))

    # ---- what servers answer

    def needs_all(self, transfer: Transfer, refused: Replies) -> bool:
        """Whether the server is given none of it: not, once it turns out to be no relay.

        What it would take for its own customers is no mail by an open relay.
        """
        if transfer.ticket is not Route.OPEN_RELAY:
            return False
        return any(answer.cause == RELAYING for _, answer in refused)

    def receive_replies(self, transfer: Transfer, now: float, refused: Replies) -> None:
        """Learn from an answer; what was refused goes to another route, comes back later, or is
        dropped."""
        self.sending.end(transfer.message.number, now)
        if not refused:
            return
        if self.needs_all(transfer, refused):
            relaying = next(a for _, a in refused if a.cause == RELAYING)
            refused = [(group, relaying) for group in transfer.groups]
        recorder, message = self.context.recorder, transfer.message
        if transfer.attempt == 1:
            worst = max((answer for _, answer in refused), key=lambda a: a.verdict.permanent)
            recorder.messages.first_cause[message.number] = worst.cause
        elsewhere: list[RecipientGroup] = []
        later: list[RecipientGroup] = []
        for group, answer in refused:
            if self._moves(transfer, answer):
                elsewhere.append(group)
            elif self._returns(transfer, answer):
                later.append(group)
            else:
                self._drop(group, answer, now)
        if elsewhere:
            self._pass_on(transfer, elsewhere, now)
        if later:
            self._come_back(transfer, later, now)

    def _moves(self, transfer: Transfer, answer: Answer) -> bool:
        """Whether what was so refused is tried elsewhere: with whom, is found out later."""
        if answer.verdict.cause not in LOST or not self.settings.adaptive:
            return False
        route = cast("Route", transfer.ticket)
        self.routes[route].lose(transfer, answer.verdict.cause)
        return transfer.attempt < TRIES and self._elsewhere(route)

    def _elsewhere(self, route: Route) -> bool:
        """Whether there is anybody to ask who has not just refused by *route*."""
        return self.routes[route].others or self._instead_of(route) is not route

    def _instead_of(self, route: Route) -> Route:
        """The route for what *route* has refused: in parallel, any other that works."""
        if self.settings.choice != "parallel" or self.routes[route].others:
            return self.plan()[0]
        return next((other for other in self.prospects.working() if other is not route), route)

    def _pass_on(self, transfer: Transfer, groups: list[RecipientGroup], now: float) -> None:
        """Send *groups* anew as soon as the refusal is read; another route pays for them."""
        message, again = transfer.message, transfer.attempt + 1

        def send(at: float) -> None:
            route = self._instead_of(cast("Route", transfer.ticket))
            rows = self.context.recorder.messages
            rows.attempts[message.number], rows.route[message.number] = again, route.number
            if route is not transfer.ticket:
                self.owed[route] += recipients(groups)
                if self.looks:
                    self.experience.move(transfer.ticket, route, rows_of(groups), at)
            self.pass_to(route, message, groups, at, again)

        self.env.call_at(now, send, groups)

    def _returns(self, transfer: Transfer, answer: Answer) -> bool:
        """Whether a message comes back after a temporary refusal: each does or never does."""
        if answer.verdict.permanent or transfer.attempt >= TRIES:
            return False
        return chance(transfer.message.key, Purpose.RETURN, 0) < self.settings.retry_share

    def _come_back(self, transfer: Transfer, groups: list[RecipientGroup], now: float) -> None:
        """Ask the same server again, from the same address."""
        message, again = transfer.message, transfer.attempt + 1
        wait = self.return_delay(chance(message.key, Purpose.RETURN_DELAY, again))
        later = Transfer(
            message, groups, transfer.server, transfer.address, transfer.credentials,
            transfer.line, attempt=again, ticket=transfer.ticket,
        )  # fmt: skip

        def send(at: float) -> None:
            self.context.recorder.messages.attempts[message.number] = again
            self.sending.begin(message.number, 1)
            self.context.transport.send(later, at, transfer.network)

        self.env.call_at(now + wait, send, groups)

    def _drop(self, group: RecipientGroup, answer: Answer, now: float) -> None:
        """Give *group* up; those that do not exist are taken off the list, if that is washed."""
        recorder, verdict = self.context.recorder, answer.verdict
        recorder.end(group, REFUSED if verdict.permanent else GAVE_UP, answer, now)
        unknown = verdict.permanent and answer.cause == UNKNOWN_RECIPIENT
        if unknown and self.settings.washes:
            self.targets.wash(recorder.recipient[group.first : group.end])
