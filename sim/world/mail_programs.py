"""Mail programs and the people at them: how a message is submitted, and what a refused one does.

What they can do is in `sim.world.remedies`; here is what they choose, and when they stop.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from sim.path.facts import NO_LOGIN, Credentials
from sim.path.submission import credentials
from sim.records.words import Reaction, Remedy
from sim.topology.lines import LINES
from sim.workload.arrivals import RecipientGroup
from sim.workload.customers import Customers
from sim.workload.people import Account, Person, anyone_at
from sim.workload.streams import Purpose, chance
from sim.world.context import WorldContext
from sim.world.outbox import LearnedSettings, OutboxEntry, Refusal, SubmissionSettings, Way
from sim.world.recorder import GAVE_UP, REFUSED, Answer
from sim.world.server import Server
from sim.world.transfers import Message, Replies, Transfer

if TYPE_CHECKING:
    from sim.scenario.people import Users


SAME_FOR_EVER = Customers()
"""One customer, whose password is right."""


class MailProgram:
    """One person's mail program: its settings, and what its owner has learned."""

    __slots__ = (
        "auth", "by_587", "context", "corrected", "customer", "customers", "help_at", "in_vain",
        "learned", "person", "polls_first", "remedies", "settings", "shares", "users",
    )  # fmt: skip

    def __init__(
        self,
        person: Person,
        users: Users,
        context: WorldContext,
        remedies: Mapping[str, RemedyFunction],
        shares: Sequence[tuple[str, float]],
        customers: Customers = SAME_FOR_EVER,
    ) -> None:
        self.person, self.users, self.context = person, users, context
        self.remedies, self.shares = remedies, shares  # both by name
        self.customers = customers
        self.settings: dict[tuple[str, int, LearnedSettings | None], SubmissionSettings] = {}
        self._begin(0)
        for at in customers.arrivals:
            context.env.call_at(at, lambda _: self._replace())

    # ---- whose it is

    def _begin(self, customer: int) -> None:
        """Let *customer* (a number) begin, with the settings of the start and nothing learned."""
        self.customer, person = customer, self.person
        self.corrected: frozenset[str] = frozenset()  # servers whose password was corrected
        self.in_vain: frozenset[tuple[str, str]] = frozenset()  # servers, what they offered
        self.auth, self.polls_first = person.auth or person.by_587, person.polls_first
        self.by_587 = person.by_587
        self.help_at: float | None = None  # when the help desk's advice is followed (s)
        self.learned: dict[tuple[str, int], LearnedSettings] = {}  # by place and account

    def _replace(self) -> None:
        """A newcomer replaces the customer, who still sends what waits in the outbox."""
        if self.auth or self.polls_first or self.learned:  # else nothing changes
            self.context.detach(self.person.number)
        self._begin(self.customer + 1)

    # ---- sending

    def write(self, number: int, at: float) -> None:
        """Send message *number*, written at *at*, for the first time."""
        settings, transfer = self._first(number)
        self._send(settings, transfer, at)

    def first(self, number: int) -> Transfer:
        """The first transfer of message *number*."""
        return self._first(number)[1]

    def message(self, number: int) -> Message:
        """Message *number*, written before anything was learned."""
        arrivals = self.context.arrivals
        place, account = arrivals.place_name(number), arrivals.account[number]
        return self._message(self._settings(place, account, None), number)

    def submit(self, entry: OutboxEntry, now: float) -> None:
        """Offer the entry once more, in the way that was chosen for it, or is usual here."""
        settings, network, client = self.way(entry.account_number, now, entry.learned)
        self.context.recorder.messages.attempts[entry.message.number] += 1
        transfer = self._transfer(settings, entry.message, entry.groups, network, client, entry)
        self._send(settings, transfer, now)

    def way(self, account: int, now: float, learned: LearnedSettings | None = None) -> Way:
        """How mail is sent by an *account* (number) at *now*, if not as for this message alone."""
        mobility = self.context.mobility
        place = mobility.place(self.person, now)
        settings = self._settings(place, account, learned or self.learned.get((place, account)))
        network = settings.dials or self.person.network_at(place)
        return settings, network, mobility.client(self.person, network, now)

    def first_way(self, number: int) -> Way:
        """How message *number* is sent for the first time."""
        arrivals = self.context.arrivals
        place, account = arrivals.place_name(number), arrivals.account[number]
        settings = self._settings(place, account, self.learned.get((place, account)))
        network, client = arrivals.network_name(number), arrivals.client[number]
        if settings.dials:
            network = settings.dials
            client = self.context.mobility.client(self.person, network, arrivals.at[number])
        return settings, network, client

    def _first(self, number: int) -> tuple[SubmissionSettings, Transfer]:
        way = self.first_way(number)
        return way[0], self.by_way(way, number)

    def by_way(self, way: Way, number: int) -> Transfer:
        """The transfer of message *number* as it is sent, with nothing tried for it yet."""
        settings, network, client = way
        message, groups = self._message(settings, number), self.context.arrivals.groups(number)
        return self._transfer(settings, message, groups, network, client, None)

    def _message(self, settings: SubmissionSettings, number: int) -> Message:
        arrivals = self.context.arrivals
        return Message(
            number,
            settings.reverse_path,
            settings.representative,
            arrivals.size[number],
            self,
            (arrivals.service[number], arrivals.relay_service[number]),
            arrivals.luck[number],
            arrivals.content[number],
            arrivals.key[number],
        )

    def _settings(
        self, place: str, account: int, learned: LearnedSettings | None
    ) -> SubmissionSettings:
        """How to send from *place*; without *learned*, as the mail program was set at first."""
        settings = self.settings.get((place, account, learned))
        if settings is None:
            own_account = self.person.accounts[account]
            own = self.context.submission[own_account.network]
            tunnel = self._tunnel(place, own_account)
            server, dials, sender, line = learned or LearnedSettings(own, tunnel)
            reverse_path = sender or own_account.sender
            settings = self.settings[place, account, learned] = SubmissionSettings(
                own_account,
                own,
                server,
                dials,
                LINES[line or self.users.line(place)],
                self.context.recorder.places[place],
                reverse_path,
                anyone_at(reverse_path),
            )
        return settings

    def _tunnel(self, place: str, account: Account) -> str | None:
        """The network that a VPN puts this machine on at *place*; None: that of the place."""
        outside = self.person.network_at(place) != account.network
        return account.network if self.person.vpn and outside else None

    def _transfer(
        self,
        settings: SubmissionSettings,
        message: Message,
        groups: Sequence[RecipientGroup],
        network: str,
        client: int,
        entry: OutboxEntry | None,
    ) -> Transfer:
        """The transfer of *message* from *client* on *network*."""
        server, network, client, login = self.offer(settings, network, client, entry)
        attempt = self.context.recorder.messages.attempts[message.number]
        transfer = Transfer(
            message, groups, server, client, login, settings.line.bandwidth, settings.place,
            attempt, ticket=entry,
        )  # fmt: skip
        transfer.network = network
        return transfer

    def offer(
        self, settings: SubmissionSettings, network: str, client: int, entry: OutboxEntry | None
    ) -> tuple[Server, str, int, Credentials]:
        """The server that is asked from *client* on *network*; where the connection comes from
        (network, address), and what it shows."""
        own, server, login = settings.own, settings.server, NO_LOGIN
        with_auth = entry is not None and "auth" in entry.advice  # for this message alone
        if self.person.web:  # web mail is sent by the ISP's own machine
            server, network, client = own, own.network, own.address
        elif server is own and (self.auth or with_auth):
            login = credentials(
                settings.account.address,
                by_587=self.by_587 or with_auth,
                wrong_password=self.mistypes(own, entry),
                offers_auth=server.policy.auth_offered,
                submission_port=own.submission_port,
            )
        if self.context.transport.hosts.reads_helo:
            helo = own.policy.hostname if self.person.web else self.users.helo or "user-pc"
            login = login._replace(helo=helo)
        return server, network, client, login

    def _send(self, settings: SubmissionSettings, transfer: Transfer, now: float) -> None:
        """Open a connection, after a look for mail if the program is set so."""
        entry = transfer.ticket
        if self.polls_first or (isinstance(entry, OutboxEntry) and "pop_first" in entry.advice):
            self.poll(settings, transfer.server, transfer.address, now)
        self.context.transport.send(transfer, now + settings.line.latency, transfer.network)

    def poll(self, settings: SubmissionSettings, server: Server, client: int, now: float) -> None:
        """Look for mail from *client*, which is about to send to *server*."""
        own = settings.own
        if server is own and not self.person.web:
            self.context.pop.log_in(own.network, client, now, self.person.number)

    def _learn(self, entry: OutboxEntry, server: Server, now: float) -> None:
        """Send from this place as has just worked, from now on."""
        if self.users.learning == "none" or entry.customer != self.customer:
            return
        place = self.context.mobility.place(self.person, now), entry.account_number
        sender = entry.message.reverse_path
        learned = (entry.learned or LearnedSettings(server))._replace(
            server=server, sender=None if sender == entry.account.sender else sender
        )
        usual = LearnedSettings(self.context.submission[entry.account.network])
        if learned != self.learned.get(place, usual):
            self.context.detach(self.person.number)
            self.learned[place] = learned

    # ---- refusals

    def needs_all(self, transfer: Transfer, refused: Replies) -> bool:  # noqa: ARG002
        """Whether nothing is sent when one recipient is refused: always."""
        return True

    def receive_replies(self, transfer: Transfer, now: float, refused: Replies) -> None:
        """Read the server's answer: done, or a refusal to react to."""
        entry = transfer.ticket
        assert entry is None or isinstance(entry, OutboxEntry)
        if not refused:
            if entry is not None and entry.passed_over:
                self._learn(entry, transfer.server, now)
            return
        if entry is None:
            entry = self._entry(transfer.message, transfer.groups)
        worst = refused[0][1]
        if len(refused) > 1:
            worst = max([answer for _, answer in refused], key=lambda a: a.verdict.permanent)
        if transfer.attempt == 1:
            messages = self.context.recorder.messages
            messages.first_cause[entry.message.number] = worst.cause
        if not worst.verdict.permanent and now - entry.since < self.users.patience:
            self._submit_later(entry, now + self.users.pop_poll)
        else:
            self.react(entry, transfer.server, worst, now)

    def _entry(self, message: Message, groups: Sequence[RecipientGroup]) -> OutboxEntry:
        customer = self.customers.at(self.context.arrivals.at[message.number])
        return OutboxEntry(self.context.arrivals, self.person, customer, message, groups)

    def put_off(self, number: int) -> OutboxEntry:
        """Message *number* in the outbox, refused for now and with nothing tried for it yet."""
        return self._entry(self.message(number), self.context.arrivals.groups(number))

    def react(self, entry: OutboxEntry, server: Server, answer: Answer, now: float) -> None:
        """Choose what to do about an error box, among what has not been tried yet.

        A temporary reply has become one too, once patience is at an end.
        """
        messages, number = self.context.recorder.messages, entry.message.number
        passed_over = set(entry.passed_over)
        if answer.verdict.cause == "authentication" and "password" not in passed_over:
            passed_over.discard("ask_isp")  # it was another question then
        while True:
            remedy = self._choose(entry, passed_over)
            if remedy == Reaction.GIVE_UP:
                messages.remedy[number] = Remedy(remedy).number
                self._stop(entry, REFUSED if answer.verdict.permanent else GAVE_UP, answer, now)
                return
            passed_over.add(remedy)
            again = self.remedies[remedy](self, Refusal(entry, server, answer, now))
            if again is not None:
                break
        entry.passed_over.append(remedy)
        entry.since = again
        self._submit_later(entry, again)  # in infinity too: it stays in the outbox

    def _submit_later(self, entry: OutboxEntry, at: float) -> None:
        self.context.env.call_at(at, lambda t: self.submit(entry, t), entry.groups)

    def _choose(self, entry: OutboxEntry, passed_over: set[str]) -> str:
        """A remedy among those left, by the customer's own preferences or by the group's shares;
        giving up is always left."""
        if self.customers.preferences:
            preferences = self.customers.preferences[entry.customer]
            return next((name for name in preferences if name not in passed_over), "give_up")
        left = [(name, share) for name, share in self.shares if name not in passed_over]
        total = self.users.when_refused.give_up + sum([share for _, share in left])
        draw = entry.choice
        if entry.draws > 0:
            draw = chance(entry.message.key, Purpose.REACTION, entry.draws)
        entry.draws += 1
        return _choice(draw * total, left)

    def gives_up_at_once(self, number: int) -> bool:
        """Whether message *number*, refused for good, is not tried again: the first choice."""
        if not self.shares:
            return True
        if self.customers.preferences:
            customer = self.customers.at(self.context.arrivals.at[number])
            return self.customers.preferences[customer][0] == "give_up"
        total = self.users.when_refused.give_up + sum([share for _, share in self.shares])
        return _choice(self.context.arrivals.choice[number] * total, self.shares) == "give_up"

    def _stop(self, entry: OutboxEntry, fate: int, answer: Answer, now: float) -> None:
        recorder = self.context.recorder
        recorder.messages.believed[entry.message.number] = 0
        for group in entry.groups:
            recorder.end(group, fate, answer, now)

    def mistypes(self, server: Server, entry: OutboxEntry | None) -> bool:
        """Whether the password that is set for SMTP AUTH at *server* is wrong."""
        if entry is not None and "password" in entry.advice:
            return False
        separate = server.settings.auth_password == "separate"
        users = self.users
        share = users.wrong_separate_password if separate else users.wrong_password
        return self.customers.careless[self.customer] < share and server.name not in self.corrected

    def call_in_vain(self, entry: OutboxEntry, server: Server) -> None:
        """The help desk has no advice about *server*; a person remembers that, and the offer."""
        if (server.name, server.offers) in self.in_vain:
            return
        if self.users.learning == "person" and entry.customer == self.customer:
            self.in_vain |= {(server.name, server.offers)}
        self.context.recorder.messages.calls[entry.message.number] += 1
        entry.passed_over.append("ask_isp")

    def follow(self, advice: str, server: Server, entry: OutboxEntry) -> Callable[[float], None]:
        """What is done when the *advice* of the help desk about *server* is followed: a setting is
        changed for good, or for the message alone where nothing is remembered."""

        def change(_: float) -> None:
            if self.users.learning == "none":
                entry.advice.add(advice)
            elif entry.customer == self.customer:
                self.context.detach(self.person.number)
                self._switch_on(advice, server)

        return change

    def switch(self, setting: str, *, on: bool) -> None:
        """Switch a *setting* on or off: ``auth``, ``by_587`` (and AUTH with it), ``polls_first``
        or ``vpn``, which the person says."""
        if setting == "vpn":
            self.settings.clear()
            return
        setattr(self, setting, on)
        self.auth = self.auth or self.by_587 if on else self.person.auth or self.by_587

    def _switch_on(self, advice: str, server: Server) -> None:
        if advice == "password":
            self.corrected |= {server.name}
        elif advice == "auth":
            self.auth = self.by_587 = True  # by 587 where the server offers it
        else:
            self.polls_first = True

    def note(self, entry: OutboxEntry, remedy: str, *, calls: int = 0, changes: int = 0) -> None:
        """Keep what was done about a entry, and the effort."""
        messages, number = self.context.recorder.messages, entry.message.number
        messages.remedy[number] = Remedy(remedy).number
        messages.calls[number] += calls
        messages.changes[number] += changes


RemedyFunction = Callable[[MailProgram, Refusal], float | None]
"""What a refused user can do: see `sim.world.remedies`."""


def _choice(draw: float, shares: Sequence[tuple[str, float]]) -> str:
    """The remedy on whose share *draw* falls; beyond all of them is giving up."""
    for name, share in shares:
        draw -= share
        if draw < 0:
            return name
    return "give_up"
