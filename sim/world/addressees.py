"""The recipients of a group one by one, where a server tells them apart: aliases, and tables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sim.smtp.forwarding import Envelope, is_final
from sim.workload.arrivals import RecipientGroup
from sim.workload.people import anyone_at
from sim.world.transfers import Message, Part

if TYPE_CHECKING:
    from sim.workload.people import Mailboxes
    from sim.world.recorder import Recorder
    from sim.world.server import Server


class Addressees:
    """Who the recipients of messages are, and where aliases send them."""

    def __init__(self, recorder: Recorder, mailboxes: Mailboxes) -> None:
        self.recorder, self.mailboxes = recorder, mailboxes

    def each(self, message: Message, group: RecipientGroup) -> list[RecipientGroup]:
        """The recipients of *group*, each with its own address."""
        first, end, domain, representative = group
        boxes, addresses = self.recorder.recipient, self.mailboxes.addresses
        return [
            RecipientGroup(
                row,
                row + 1,
                domain,
                representative if message.exact or boxes[row] < 0 else addresses[boxes[row]],
            )
            for row in range(first, end)
        ]

    def parts(
        self, server: Server, message: Message, group: RecipientGroup, *, relayed: bool
    ) -> list[Part]:
        """What *server* does with *group*, which it took, and *relayed* if no alias has it."""
        each = self.each(message, group)
        parts_sent = [
            server.forwarded(Envelope(message.reverse_path, one.representative)) for one in each
        ]
        if not any(parts_sent):
            return [Part(message, group, relayed)]
        return [
            Part(message, one._replace(representative=group.representative), relayed)
            if envelope is None
            else self._forwarded(server, message, one, envelope)
            for one, envelope in zip(each, parts_sent, strict=True)
        ]

    def _forwarded(
        self, server: Server, message: Message, one: RecipientGroup, envelope: Envelope
    ) -> Part:
        """The recipient *one* as it goes on in *envelope*, or stays under another address."""
        sender, to = envelope
        domain = self.mailboxes.domain_number(to.rpartition("@")[2])
        under = replace(
            message,
            reverse_path=sender,
            representative=sender if sender is None else anyone_at(sender),
            exact=True,
        )
        leaves = not is_final(server.policy, to)
        return Part(under, one._replace(domain=domain, representative=to), leaves)
