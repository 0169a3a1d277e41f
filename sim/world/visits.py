"""Clients that nobody simulates: sessions of real programs with simulated servers.

A visit asks the server's own memory, lists and clocks for the facts of its session, and hands what
a client offered over to the transport: from there on it is mail like any other.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING
from zlib import crc32

from sim.path.facts import Credentials
from sim.records.words import MailClass, Route
from sim.smtp import Facts, Policy, Verdict
from sim.smtp.addresses import Fault
from sim.smtp.commands import Offer
from sim.workload.arrivals import RecipientGroup
from sim.workload.people import anyone_at
from sim.workload.streams import Purpose, chance
from sim.world.memory import Triple
from sim.world.recorder import GAVE_UP, REFUSED, Answer
from sim.world.transfers import Message, Replies, Transfer

if TYPE_CHECKING:
    from sim.world.run import World
    from sim.world.server import Server

GROUP = "visitors"
"""The group of their mail in rows."""


class Visit:
    """One session of a client at *client* (a number of the run) with *server*, by *port*.

    *place* is where the client is, for rows. The session begins at `start` (s); None: too many
    wait for one.
    """

    def __init__(self, world: World, server: Server, client: int, place: str, port: int) -> None:
        self.world, self.server, self.client, self.port = world, server, client, port
        self.place = world.recorder.places[place]
        now = self.now
        self.key = crc32(f"{client} {server.name} {now!r}".encode())
        self.service = server.service(chance(self.key, Purpose.SUBMISSION, 1))
        self.facts = server.greeting_facts(client, now)
        self.begins = now
        self.start = None if server.sessions.is_down(now) else self._admit()
        self.transactions = 0

    def _admit(self) -> float | None:
        server = self.server
        start = server.sessions.admit(self.now, self.service)
        if start is None:
            server.tally.turned_away += 1
        elif server.memory is not None:
            server.memory.open_session(server.seen(self.client), start + self.service)
        return start

    @property
    def now(self) -> float:
        """The time in the world (s)."""
        return self.world.env.now

    @property
    def policy(self) -> Policy:
        """What the server answers by at present."""
        server = self.server
        if server.listing is not None and server.listing.advance(self.now):
            server.enforce(server.written)
        return server.cache.policy_on(self.port)

    def refresh(self, facts: Facts) -> Facts:
        """*facts* with what the server knows at present: clocks, counts and lists."""
        server, now, memory = self.server, self.now, self.server.memory
        seen = server.seen(self.client)
        facts = facts._replace(
            listed=server.listed(server.numbering.number(seen)),
            pop_age=server.pop_age(self.client, now),
        )
        if memory is None:
            return facts
        recent = memory.clients.recent(seen, now, memory.window)
        return facts._replace(
            recent=max(recent, facts.recent),
            greylist_age=memory.greylist.age(self._triple(facts, facts.forward_path), now),
        )

    # ---- what was offered

    def hand_over(self, offer: Offer) -> int:
        """Let the world have what the client offered; return the number of the message."""
        recorder, server = self.world.recorder, self.server
        self._remember(offer)
        message = self._message(offer)
        first = recorder.messages.first_row[message.number]
        replies = self._replies(offer, first)
        transfer = Transfer(
            message, [group for group, _ in replies], server, self.client,
            Credentials(offer.facts.login, port=self.port, helo=offer.facts.helo), inf, self.place,
        )  # fmt: skip
        at, start = self._session()
        more = server.per_recipient * transfer.count
        server.sessions.prolong(start + self.service, more)
        took = max(self.service + more, self.now - start)
        self.world.transport.settle(transfer, replies, at, start, took)
        return message.number

    def _session(self) -> tuple[float, float]:
        """When the client asked for a session, and when it began: once for each transaction."""
        self.transactions += 1
        if self.transactions == 1 and self.start is not None:
            return self.begins, self.start
        start = self.server.sessions.admit(self.now, self.service)
        return self.now, self.now if start is None else start

    def _message(self, offer: Offer) -> Message:
        """The message of *offer*, with a row for each recipient."""
        recorder, boxes, sender = (
            self.world.recorder,
            self.world.mailboxes,
            offer.facts.reverse_path,
        )
        addresses = [self._address(path) for path, _ in offer.answers]
        known = [boxes.find(address) for address in addresses]
        number = recorder.add_message(
            MailClass.HONEST,
            [
                -1 - boxes.domain_number(address.rpartition("@")[2]) if box is None else box
                for address, box in zip(addresses, known, strict=True)
            ],
            sender=self.world.owner(offer.facts.login or sender or ""),
            group=recorder.groups[GROUP],
            written_at=self.begins if not self.transactions else self.now,
            route=Route.SUBMISSION,
        )
        rows = recorder.messages
        rows.place[number], rows.attempts[number] = self.place, 1
        rows.own_server[number] = self.server.number
        rows.account[number] = recorder.accounts[self.server.network]
        draws = [chance(self.key, Purpose.RELAY, number + n) for n in range(3)]
        return Message(
            number, sender, sender and anyone_at(sender), float(len(offer.content or b"")), self,
            (draws[0], draws[1]), draws[2], 1.0, self.key ^ number, exact=True,
        )  # fmt: skip

    def _replies(self, offer: Offer, first: int) -> Replies:
        """What each recipient was answered; without a message, none was accepted in the end."""
        replies = [
            (self._group(row, self._address(path)), self._answer(verdict))
            for row, (path, verdict) in enumerate(offer.answers, first)
        ]
        if offer.content is not None:
            return replies
        refusals = [answer for _, answer in replies if not answer.verdict.accepted]
        lost = self.server.own["no_answer"]
        worst = max(refusals, key=lambda answer: answer.verdict.code, default=lost)
        return [(group, worst if a.verdict.accepted else a) for group, a in replies]

    def needs_all(self, transfer: Transfer, refused: Replies) -> bool:  # noqa: ARG002
        """Whether nothing is sent when one recipient is refused: the client has said so itself."""
        return False

    def receive_replies(self, transfer: Transfer, now: float, refused: Replies) -> None:  # noqa: ARG002
        """What was refused is over: whether it is tried again is the client's affair."""
        for group, answer in refused:
            fate = REFUSED if answer.verdict.permanent else GAVE_UP
            self.world.recorder.end(group, fate, answer, now)

    # ---- what the server remembers

    def _remember(self, offer: Offer) -> None:
        memory, now = self.server.memory, self.now
        if memory is None:
            return
        answers = [self._answer(verdict) for _, verdict in offer.answers]
        for (path, _), answer in zip(offer.answers, answers, strict=True):
            if memory.greylists:
                triple = self._triple(offer.facts, path)
                memory.greylist.note(triple, memory.greylist.age(triple, now), answer, now)
        if any(answer.verdict.cause != "rate" for answer in answers):
            memory.add_transaction(self.server.seen(self.client), now)

    def _answer(self, verdict: Verdict) -> Answer:
        return self.world.recorder.answer(self.server.name, verdict)

    def _triple(self, facts: Facts, path: str) -> Triple:
        """What greylisting goes by; a recipient without a mailbox has a number of its own."""
        box = self.world.mailboxes.find(self._address(path))
        seen = self.server.seen(self.client)
        return seen, facts.reverse_path, -1 - crc32(path.encode()) if box is None else box

    # ---- who is who

    def _address(self, path: str) -> str:
        """The address that the server reads in *path*, as mailboxes are named."""
        read = self.server.policy.read(path)
        if isinstance(read, Fault):
            return path.lower()
        local, domain = read.address.local.lower(), read.address.domain
        known = self.world.mailboxes.find(f"{local}@{domain}") is not None
        if self.server.policy.style.plus_tag and not known:  # RFC 5233
            local = local.partition("+")[0] or local
        return f"{local}@{domain}"

    def _group(self, row: int, address: str) -> RecipientGroup:
        domain = self.world.mailboxes.domain_number(address.rpartition("@")[2])
        return RecipientGroup(row, row + 1, domain, address)
