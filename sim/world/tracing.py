"""A transport that keeps what servers knew of one message: rows keep answers, and no facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sim.path.facts import facts
from sim.world.transport import Transport

if TYPE_CHECKING:
    from sim.smtp import Facts, Policy
    from sim.workload.arrivals import RecipientGroup
    from sim.world.recorder import Answer
    from sim.world.transfers import Replies, Transfer


class Exchange(NamedTuple):
    """What a server knew in one attempt that its policy decided."""

    at: float
    """When the client connected (s)."""
    server: str
    policy: Policy
    port: int
    login: str | None
    """The name that the client logged in with, in vain too."""
    exact: bool
    """The recipients named are the very ones that were asked about, where aliases had sent it."""
    facts: tuple[tuple[int, Facts], ...]
    """For each group of recipients, the row of the first one and what the server knew; of a
    client that was turned away at once there is one, without recipients."""


class TracedTransport(Transport):
    """Does what any `Transport` does, and keeps the *exchanges* of message *traced*."""

    def __init__(self, *args: Any, traced: int) -> None:
        super().__init__(*args)
        self.traced, self.exchanges = traced, list[Exchange]()
        self._plainly, self.ask = self.ask, self._ask

    def _ask(self, transfer: Transfer, now: float) -> Replies:
        if transfer.message.number != self.traced:
            return self._plainly(transfer, now)
        memory, seen = transfer.server.memory, transfer.server.seen(transfer.address)
        recent = 0 if memory is None else memory.clients.recent(seen, now, memory.window)
        ages = self._ages(transfer, now)  # before this attempt counts
        replies = self._plainly(transfer, now)
        if not replies[0][1].verdict.situation:
            return replies  # a passing fault: the policy was not asked
        known = [
            (group.first, _facts(transfer, group.representative, now, recent, age))
            for group, age in ages
        ]
        self._keep(transfer, now, known)
        return replies

    def _plain_session(self, transfer: Transfer, now: float, start: float, took: float) -> None:
        self.session(transfer, now, start, took)

    def _no_session(self, transfer: Transfer, now: float, answer: Answer, **options: Any) -> None:
        if transfer.message.number == self.traced and answer.verdict.situation:
            self._keep(transfer, now, [(-1, transfer.server.greeting_facts(transfer.address, now))])
        super()._no_session(transfer, now, answer, **options)

    def _ages(self, transfer: Transfer, now: float) -> list[tuple[RecipientGroup, float | None]]:
        """For each group, since when the server has known client, sender and recipients (s)."""
        memory = transfer.server.memory
        if memory is None or not memory.greylists:
            return [(group, None) for group in transfer.groups]
        return [
            (part, age)
            for group in transfer.groups
            for part, age, _ in memory.greylist.parts(
                group,
                self.recorder.recipient,
                transfer.server.seen(transfer.address),
                transfer.message.reverse_path,
                now,
            )
        ]

    def _keep(self, transfer: Transfer, now: float, known: list[tuple[int, Facts]]) -> None:
        server, credentials = transfer.server, transfer.credentials
        policy = server.cache.policy_on(credentials.port)
        exact = transfer.message.exact
        self.exchanges.append(
            Exchange(
                now, server.name, policy, credentials.port, credentials.login, exact, tuple(known)
            )
        )


def _facts(
    transfer: Transfer, forward_path: str, now: float, recent: int, greylist_age: float | None
) -> Facts:
    """All that the server knows at *now* of one recipient of *transfer*."""
    message, address, server = transfer.message, transfer.address, transfer.server
    seen = server.seen(address)
    return facts(
        seen,
        message.reverse_path,
        forward_path,
        transfer.credentials,
        names=server.zone,
        listed=server.listed(seen),
        pop_age=server.pop_age(address, now),
        recent=recent,
        greylist_age=greylist_age,
        spam=message.spam,
        content_draw=message.content,
    )
