"""Mail programs and the people at them: how a message is submitted, and what a refused one does.

What they can do is in `sim.world.remedies`; here is what they choose, and when they stop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sim.path.facts import NO_LOGIN
from sim.path.submission import credentials
from sim.records.words import Cause, Reaction, Remedy
from sim.topology.lines import LINES, Line
from sim.workload.arrivals import Arrivals, RecipientGroup
from sim.workload.people import Account, Person, anyone_at
from sim.workload.streams import Purpose, chance
from sim.world.context import WorldContext
from sim.world.recorder import GAVE_UP, REFUSED, Answer
from sim.world.remedies import REMEDIES, LearnedSettings, Refusal
from sim.world.server import Server
from sim.world.transfers import Message, Replies, Transfer

if TYPE_CHECKING:
    from sim.scenario.people import Users


class OutboxEntry:
    """A message that its writer has to think about, and what has been tried for it."""

    __slots__ = (
        "account",
        "by",
        "choice",
        "draws",
        "groups",
        "learned",
        "message",
        "since",
        "tried",
    )  # fmt: skip

    def __init__(
        self,
        arrivals: Arrivals,
        by: int,
        account: Account,
        message: Message,
        groups: Sequence[RecipientGroup],
    ) -> None:
        self.by, self.account, self.message, self.groups = by, account, message, groups
        number = message.number
        self.choice = arrivals.choice[number]
        self.learned: LearnedSettings | None = None  # how it is tried now; None: as others are
        self.tried: list[str] = []
        self.draws = 0
        self.since = arrivals.at[number]  # since when it is tried in the same way


class SubmissionSettings:
    """How somebody sends from one place by one account, as the mail program is set."""

    __slots__ = ("account", "dials", "line", "own", "place", "reverse_path", "server", "shown")

    def __init__(
        self,
        account: Account,
        reverse_path: str,
        own: Server,
        learned: LearnedSettings,
        line: Line,
        place: int,
    ) -> None:
        self.reverse_path = learned.sender or reverse_path
        self.account, self.shown = account, anyone_at(self.reverse_path)
        self.own, self.server, self.dials, self.line = own, learned.server, learned.dials, line
        self.place = place  # its number in rows


class MailProgram:
    """One person's mail program: its settings, and what its owner has learned."""

    __slots__ = (
        "auth",
        "by_587",
        "careless",
        "context",
        "corrected",
        "help_at",
        "learned",
        "needs_all",
        "person",
        "polls_first",
        "settings",
        "shares",
        "users",
    )  # fmt: skip

    def __init__(
        self,
        person: Person,
        users: Users,
        context: WorldContext,
        shares: Sequence[tuple[str, float]],
        careless: float = 1.0,
    ) -> None:
        self.person, self.users, self.context = person, users, context
        self.shares = shares  # of remedies
        self.careless = careless  # in [0, 1): below the share of wrong passwords, theirs is
        self.corrected: frozenset[str] = frozenset()  # servers for which it was corrected
        self.auth, self.polls_first = person.auth or person.by_587, person.polls_first
        self.by_587 = person.by_587
        self.needs_all = True
        self.settings: dict[tuple[str, int, LearnedSettings | None], SubmissionSettings] = {}
        self.help_at: float | None = None  # when the help desk's advice is followed
        self.learned: dict[tuple[str, int], LearnedSettings] = {}  # by place and account

    def write(self, number: int, at: float) -> None:
        """Send message *number*, written at *at*, for the first time."""
        way, transfer, network = self.first(number)
        self._send(way, transfer, network, at)

    def first(self, number: int) -> tuple[SubmissionSettings, Transfer, str]:
        """The first transfer of message *number*, and the network that it starts from."""
        arrivals = self.context.arrivals
        place, account = arrivals.place_name(number), arrivals.account[number]
        way = self._settings(place, account, self.learned.get((place, account)))
        network, client = arrivals.network_name(number), arrivals.client[number]
        if way.dials:
            network = way.dials
            client = self.context.mobility.client(self.person, network, arrivals.at[number])
        transfer, network = self._transfer(
            way,
            way.server,
            self._message(way, number),
            arrivals.groups(number),
            network,
            client,
            None,
        )
        return way, transfer, network

    def message(self, number: int) -> Message:
        """Message *number*, written before anything was learned."""
        arrivals = self.context.arrivals
        way = self._settings(arrivals.place_name(number), arrivals.account[number], None)
        return self._message(way, number)

    def _message(self, way: SubmissionSettings, number: int) -> Message:
        arrivals = self.context.arrivals
        service = arrivals.service[number], arrivals.relay_service[number]
        return Message(
            number, way.reverse_path, way.shown, arrivals.size[number], self, service,
            arrivals.luck[number], arrivals.content[number], arrivals.key[number],
        )  # fmt: skip

    def shown(self, account: int) -> str:
        """One address that stands for all senders in the domain of the account's."""
        return anyone_at(self.person.accounts[account].sender)

    def submit(self, entry: OutboxEntry, now: float) -> None:
        """Offer the entry once more, in the way that was chosen for it, or is usual here."""
        context, person = self.context, self.person
        place = context.mobility.place(person, now)
        way = self._settings(place, entry.by, entry.learned or self.learned.get((place, entry.by)))
        network = way.dials or person.network_at(place)
        client = context.mobility.client(person, network, now)
        context.recorder.messages.attempts[entry.message.number] += 1
        transfer, network = self._transfer(
            way, way.server, entry.message, entry.groups, network, client, entry
        )
        self._send(way, transfer, network, now)

    def _settings(
        self, place: str, account: int, learned: LearnedSettings | None
    ) -> SubmissionSettings:
        """How to send from *place*; without *learned*, as the mail program was set at first."""
        way = self.settings.get((place, account, learned))
        if way is None:
            context, mine = self.context, self.person.accounts[account]
            own = context.submission[mine.network]
            line = "dial-up" if learned and learned.dials else self.users.line(place)
            way = self.settings[place, account, learned] = SubmissionSettings(
                mine, self.person.accounts[account].sender, own, learned or LearnedSettings(own),
                LINES[line], context.recorder.places[place],
            )  # fmt: skip
        return way

    def _learn(self, entry: OutboxEntry, server: Server, now: float) -> None:
        """Send from this place as has just worked, from now on."""
        context, by = self.context, entry.by
        at = context.mobility.place(self.person, now), by
        sender = entry.message.reverse_path
        worked = LearnedSettings(
            server,
            entry.learned and entry.learned.dials,
            None if sender == self.person.accounts[by].sender else sender,
        )
        usual = LearnedSettings(context.submission[entry.account.network])
        if worked != self.learned.get(at, usual):
            context.detach(self.person.number)
            self.learned[at] = worked

    def _transfer(
        self,
        way: SubmissionSettings,
        server: Server,
        message: Message,
        groups: Sequence[RecipientGroup],
        network: str,
        client: int,
        entry: OutboxEntry | None,
    ) -> tuple[Transfer, str]:
        """What brings the message to *server*, and the network that it starts from."""
        person, own = self.person, way.own
        shows = NO_LOGIN
        if person.web:  # web mail is sent by the ISP's own machine
            server, network, client = own, own.network, own.address
        elif self.auth and server is own:
            shows = credentials(
                way.account.address,
                by_587=self.by_587,
                wrong_password=self.mistypes(own),
                offers_auth=server.policy.auth_offered,
                offers_587=own.settings.port_587,
            )
        transfer = Transfer(
            message, groups, server, client, shows, way.line.bandwidth,
            way.place, self.context.recorder.messages.attempts[message.number], None, entry,
        )  # fmt: skip
        return transfer, network

    def _send(self, way: SubmissionSettings, transfer: Transfer, network: str, now: float) -> None:
        """Open a connection, after a look for mail if the program is set so."""
        if self.polls_first and transfer.server is way.own and not self.person.web:
            self.context.pop.log_in(way.own.network, transfer.address, now, self.person.number)
        self.context.transport.send(transfer, now + way.line.latency, network)

    def receive_replies(self, transfer: Transfer, now: float, refused: Replies) -> None:
        """Read the server's answer: done, or a refusal to react to."""
        entry = transfer.ticket
        if not refused:
            if entry is None:
                return
            assert isinstance(entry, OutboxEntry)
            if entry.tried:
                self._learn(entry, transfer.server, now)
            return
        if entry is None:
            arrivals = self.context.arrivals
            by = arrivals.account[transfer.message.number]
            entry = OutboxEntry(
                arrivals, by, self.person.accounts[by], transfer.message, transfer.groups
            )
        assert isinstance(entry, OutboxEntry)
        worst = refused[0][1]
        if len(refused) > 1:
            worst = max([answer for _, answer in refused], key=lambda a: a.verdict.permanent)
        if transfer.attempt == 1:
            messages = self.context.recorder.messages
            messages.first_cause[entry.message.number] = Cause(worst.verdict.cause).number
        if worst.verdict.permanent:
            self.react(entry, transfer.server, worst, now)
        elif now - entry.since < self.users.patience:
            self._submit_later(entry, now + self.users.pop_poll)
        else:
            self.react(entry, transfer.server, worst, now)

    def react(self, entry: OutboxEntry, asked: Server, answer: Answer, now: float) -> None:
        """Choose what to do about an error box, among what has not been tried yet.

        A temporary reply has become one too, once patience is at an end.
        """
        messages, number = self.context.recorder.messages, entry.message.number
        passed_over = set(entry.tried)
        if answer.verdict.cause == "authentication" and "password" not in passed_over:
            passed_over.discard("ask_isp")  # it was another question then
        while True:
            remedy = self._choose(entry, passed_over)
            if remedy == Reaction.GIVE_UP:
                messages.remedy[number] = Remedy(remedy).number
                self._stop(entry, REFUSED if answer.verdict.permanent else GAVE_UP, answer, now)
                return
            passed_over.add(remedy)
            again = REMEDIES[remedy](self, Refusal(entry, asked, answer, now))
            if again is not None:
                break
        entry.tried.append(remedy)
        entry.since = again
        self._submit_later(entry, again)  # in infinity too: it stays in the outbox

    def _submit_later(self, entry: OutboxEntry, at: float) -> None:
        self.context.env.call_at(at, lambda t: self.submit(entry, t), entry.groups)

    def _choose(self, entry: OutboxEntry, passed_over: set[str]) -> str:
        """A remedy by the group's shares, among those left; giving up is always left."""
        left = [(name, share) for name, share in self.shares if name not in passed_over]
        total = self.users.when_refused.give_up + sum([share for _, share in left])
        draw = entry.choice
        if entry.draws > 0:
            draw = chance(entry.message.key, Purpose.REACTION, entry.draws)
        entry.draws += 1
        return _drawn(draw * total, left)

    def gives_up_at_once(self, number: int) -> bool:
        """Whether message *number*, refused for good, is not tried again: the first choice."""
        if not self.shares:
            return True
        total = self.users.when_refused.give_up + sum([share for _, share in self.shares])
        return _drawn(self.context.arrivals.choice[number] * total, self.shares) == "give_up"

    def _stop(self, entry: OutboxEntry, fate: int, answer: Answer, now: float) -> None:
        recorder = self.context.recorder
        recorder.messages.believed[entry.message.number] = 0
        for group in entry.groups:
            recorder.end(group, fate, answer, now)

    def mistypes(self, server: Server) -> bool:
        """Whether the password that is set for SMTP AUTH at *server* is wrong."""
        separate = server.settings.auth_password == "separate"
        users = self.users
        share = users.wrong_separate_password if separate else users.wrong_password
        return self.careless < share and server.name not in self.corrected

    def correct(self, server: Server) -> Callable[[float], None]:
        """The change of password that the help desk advised."""

        def change(_: float) -> None:
            self.context.detach(self.person.number)
            self.corrected |= {server.name}

        return change

    def switch_on(self, offer: str) -> Callable[[float], None]:
        """The change of setting that the help desk advised."""

        def change(_: float) -> None:
            self.context.detach(self.person.number)
            if offer == "auth":
                self.auth = self.by_587 = True  # by 587 where the server offers it
            else:
                self.polls_first = True

        return change

    def note(self, entry: OutboxEntry, remedy: str, *, calls: int = 0, changes: int = 0) -> None:
        """Keep what was done about a entry, and the effort."""
        messages, number = self.context.recorder.messages, entry.message.number
        messages.remedy[number] = Remedy(remedy).number
        messages.calls[number] += calls
        messages.changes[number] += changes


def _drawn(draw: float, shares: Sequence[tuple[str, float]]) -> str:
    """The remedy on whose share *draw* falls; none of them: giving up, which comes last."""
    for name, share in shares:
        draw -= share
        if draw < 0:
            return name
    return "give_up"
