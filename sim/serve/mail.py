"""What is in mailboxes: read off the rows of the world, with the contents that clients sent."""

from __future__ import annotations

from collections import Counter
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, NamedTuple
from weakref import finalize

import numpy as np

from sim.records.words import Fate, MailClass
from sim.workload.columns import Ints, view
from sim.world.addressees import Addressees
from sim.world.recorder import DELIVERED, FATES

if TYPE_CHECKING:
    from sim.smtp.forwarding import Envelope
    from sim.workload.arrivals import RecipientGroup
    from sim.world.run import World
    from sim.world.server import Server
    from sim.world.transfers import Message, Part

MOST_LETTERS = 500
"""Messages that a mailbox shows, the latest ones."""


class Spool:
    """Contents of messages by number, in a file that vanishes: memory holds places alone."""

    def __init__(self) -> None:
        self._file = TemporaryFile()  # noqa: SIM115 (it lasts as long as the spool)
        self.close = finalize(self, self._file.close)
        self._places: dict[int, tuple[int, int]] = {}

    def put(self, number: int, content: bytes) -> None:
        """Keep the *content* of message *number*."""
        self._places[number] = self._file.seek(0, 2), len(content)
        self._file.write(content)

    def get(self, number: int) -> bytes | None:
        """The content of message *number*; None: there is none."""
        if number not in self._places:
            return None
        at, length = self._places[number]
        self._file.seek(at)
        return self._file.read(length)

    def numbers(self) -> list[int]:
        """The numbers of all messages."""
        return [*self._places]


class Letter(NamedTuple):
    """A message in a mailbox: the row of the recipient, and when it came (s)."""

    row: int
    message: int
    at: float


class Notice(NamedTuple):
    """What a notice is about: the message, and who tells."""

    server: str
    about: int
    late: bool


class Redirections(Addressees):
    """The recipients whom aliases send on, with where they do."""

    def __init__(self, world: World) -> None:
        super().__init__(world.recorder, world.mailboxes)
        self.boxes: dict[int, int | None] = {}
        """By row of a recipient, the mailbox that aliases have sent it to; None: there is none."""

    def _forwarded(
        self, server: Server, message: Message, one: RecipientGroup, envelope: Envelope
    ) -> Part:
        self.boxes[one.first] = self.mailboxes.find(envelope.forward_path.lower())
        return super()._forwarded(server, message, one, envelope)


class Mail:
    """The mailboxes of a live world."""

    def __init__(self, world: World) -> None:
        self.world, self.spool = world, Spool()
        self.notices: dict[int, Notice] = {}
        self.deleted: set[int] = set()
        self.redirections = world.transport.addressees = Redirections(world)
        self._notify = world.transport.write_notice
        world.transport.write_notice = self._write_notice

    def _write_notice(self, server: Server, about: Message, now: float, late: bool) -> None:
        number = len(self.world.recorder.messages.written_at)
        self.notices[number] = Notice(server.policy.hostname, about.number, late)
        self._notify(server, about, now, late)

    def letters(self, address: str) -> list[Letter]:
        """What is in the mailbox of *address*, in order of arrival."""
        recorder, box = self.world.recorder, self.world.mailboxes.find(address)
        if box is None:
            return []
        rows = self._rows_of(box)
        delivered = view(recorder.outcome)[rows] % FATES == DELIVERED
        rows = rows[delivered & (view(recorder.ended)[rows] <= self.world.env.now)]
        ended = view(recorder.ended)[rows]
        messages = np.searchsorted(view(recorder.messages.first_row), rows, side="right") - 1
        order = np.argsort(ended, kind="stable")
        letters = (
            Letter(int(rows[i]), int(messages[i]), float(ended[i]))
            for i in order
            if int(rows[i]) not in self.deleted
        )
        return [*letters][-MOST_LETTERS:]

    def _rows_of(self, box: int) -> Ints:
        """The rows of recipients whose mail goes to *box*, after all aliases."""
        boxes = self.redirections.boxes
        rows = np.flatnonzero(view(self.world.recorder.recipient) == box)
        moved_here = [row for row, other in boxes.items() if other == box]
        return np.union1d(rows[~np.isin(rows, [*boxes])], moved_here).astype(np.int64)

    def account(self) -> str:
        """What became of the recipients of visitors' mail that was taken, in words."""
        fates = Counter(self.fates())
        return ", ".join(f"{count} {fate}" for fate, count in sorted(fates.items())) or "no mail"

    def fates(self) -> list[str]:
        """The fate of each recipient of visitors' mail so far."""
        outcome, texts = self.world.recorder.outcome, Fate.texts()
        rows = (row for number in self.spool.numbers() for row in self._rows(number))
        return [texts[outcome[row] % FATES] for row in rows]

    def _rows(self, number: int) -> range:
        """The rows of the recipients of message *number*."""
        recorder, first = self.world.recorder, self.world.recorder.messages.first_row
        last = number + 1 == len(first)
        return range(first[number], len(recorder.recipient) if last else first[number + 1])

    def text(self, letter: Letter) -> bytes:
        """The message itself, as its sender and the first server wrote it."""
        content = self.spool.get(letter.message)
        return self._made_up(letter.message) if content is None else content

    def _made_up(self, number: int) -> bytes:
        """Text for a message of which only the envelope is simulated."""
        rows = self.world.recorder.messages
        kind = MailClass.texts()[rows.mail_class[number]]
        notice = self.notices.get(number)
        if notice is not None:
            return self._notice_text(number, notice)
        people = self.world.workload.population.people
        sender = rows.sender[number]
        known = kind == MailClass.HONEST and 0 <= sender < len(people)
        name = people[sender].accounts[0].sender if known else "unknown"
        lines = (f"From: <{name}>", f"Subject: {kind} message {number}", "", "(simulated)", "")
        return "\r\n".join(lines).encode()

    def _notice_text(self, number: int, notice: Notice) -> bytes:
        original = self.spool.get(notice.about) or self._made_up(notice.about)
        headers = original.partition(b"\r\n\r\n")[0]
        subject = "Delayed Mail" if notice.late else "Undelivered Mail Returned to Sender"
        lines = (
            f"From: Mail Delivery System <MAILER-DAEMON@{notice.server}>",
            f"Subject: {subject}",
            f"Message-ID: <notice-{number}@{notice.server}>",
            "",
            f"This is the mail system at {notice.server}.",
            "",
            *self._reasons(notice),
            "",
            "The header of the message:",
            "",
        )
        return "\r\n".join(lines).encode() + headers + b"\r\n"

    def _reasons(self, notice: Notice) -> list[str]:
        if notice.late:
            return ["Your message has not been delivered yet. It is still being tried."]
        outcome = self.world.recorder.outcome
        return [
            f"<{self._recipient(row)}>: {self._answer(row)}"
            for row in self._rows(notice.about)
            if outcome[row] % FATES != DELIVERED and outcome[row]
        ]

    def _recipient(self, row: int) -> str:
        box, boxes = self.world.recorder.recipient[row], self.world.mailboxes
        return boxes.addresses[box] if box >= 0 else f"...@{boxes.domains[-1 - box]}"

    def _answer(self, row: int) -> str:
        answer = self.world.recorder.answers[self.world.recorder.outcome[row] // FATES]
        verdict = answer.verdict
        reply = f"{verdict.code} {verdict.enhanced}".strip() if verdict.code else "no connection"
        return f"{answer.server or 'the next server'} said: {reply} ({verdict.cause})"
