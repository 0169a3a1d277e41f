"""What a server answers to a transfer: by its policy, by what it remembers, or by chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.records.words import Cause
from sim.workload.streams import Purpose, chance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sim.workload.arrivals import RecipientGroup
    from sim.world.addressees import Addressees
    from sim.world.memory import Memory
    from sim.world.server import Server
    from sim.world.transfers import Replies, Transfer

RATE = Cause.RATE.number


class Questions:
    """Asks servers; *addressees* tells the recipients of a group apart."""

    def __init__(self, addressees: Addressees) -> None:
        self._each, self._boxes = addressees.each, addressees.recorder.recipient

    def ask(self, transfer: Transfer, now: float) -> Replies:
        """What the server of *transfer* answers at *now* to each group of recipients."""
        server, message, origin = transfer.server, transfer.message, transfer.origin
        groups, memory, recent = transfer.groups, server.memory, 0
        if origin is not None and origin.temporary_failure and fails(transfer, origin):
            return [(group, server.own["temporary"]) for group in groups]
        # Groups are by domain; one with tables or aliases may answer differently within one.
        if server.cache.tells_recipients:
            groups = [one for group in groups for one in self._each(message, group)]
        if memory is not None:
            recent = memory.recent(server.seen(transfer.address), now)
            if memory.greylists:
                replies = self._ask_greylisting(transfer, groups, memory, now, recent)
                _count(memory, transfer, now, replies)
                return replies
        answers = server.answers_to(
            transfer.address, transfer.credentials, now, message.spam, message.content, recent
        )
        # One sender of a domain stands for all, unless rules look at who owns the address.
        whole = answers.client_class.whole_sender
        by_recipient = answers[message.reverse_path if whole else message.representative]
        if len(groups) == 1:  # the usual case
            group = groups[0]
            replies = [(group, by_recipient[group.representative])]
        else:
            replies = [(group, by_recipient[group.representative]) for group in groups]
        if memory is not None:
            _count(memory, transfer, now, replies)
        return replies

    def _ask_greylisting(
        self,
        transfer: Transfer,
        groups: Sequence[RecipientGroup],
        memory: Memory,
        now: float,
        recent: int,
    ) -> Replies:
        """The same of a server that remembers whom it has seen before (RFC 6647)."""
        server, message = transfer.server, transfer.message
        sender, client = message.reverse_path, server.seen(transfer.address)
        replies: Replies = []
        for group in groups:
            for part, age, triples in memory.greylist.parts(
                group, self._boxes, client, sender, now
            ):
                answers = server.answers_to(
                    transfer.address, transfer.credentials, now, message.spam, message.content,
                    recent, age,
                )  # fmt: skip
                whole = answers.client_class.whole_sender
                answer = answers[sender if whole else message.representative][part.representative]
                replies.append((part, answer))
                for triple in triples:
                    memory.greylist.note(triple, age, answer, now)
        return replies


def fails(transfer: Transfer, origin: Server) -> bool:
    """Whether the next hop fails for a while, by chance (RFC 5321 section 4.2.1, 4yz)."""
    message, attempt = transfer.message, transfer.attempt
    draw = message.luck if attempt == 1 else chance(message.key, Purpose.FAILURE, attempt)
    return draw < origin.temporary_failure


def _count(memory: Memory, transfer: Transfer, now: float, replies: Replies) -> None:
    """Count a transaction of the client, unless its rate limit forbade it."""
    for _, answer in replies:
        if answer.cause != RATE:
            memory.add_transaction(transfer.server.seen(transfer.address), now)
            return
