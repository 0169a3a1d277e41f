"""Mail programs and the people at them: how a message is submitted, and what a refused one does.

What they can do is in `sim.world.remedies`; here is what they choose, and when they stop.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from sim.records.words import Cause, Reaction, Remedy
from sim.topology.lines import LINES, Line
from sim.workload.arrivals import Arrivals, RecipientGroup
from sim.workload.mobility import Mobility
from sim.workload.people import Account, Person, anyone_at
from sim.workload.streams import chance
from sim.world.answers import NO_LOGIN, Credentials
from sim.world.remedies import REMEDIES, Habit, Refusal
from sim.world.rows import GAVE_UP, REFUSED, Answer, Rows
from sim.world.server import Server
from sim.world.transit import Answered, Flight, Message, Transit

if TYPE_CHECKING:
    from sim.scenario.people import Users


class Letter:
    """A message that its writer has to think about, and what has been tried for it."""

    __slots__ = (
        "account",
        "by",
        "choice",
        "draws",
        "groups",
        "habit",
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
        self.habit: Habit | None = None  # how it is tried now; None: as others are
        self.tried: list[str] = []
        self.draws = 0
        self.since = arrivals.at[number]  # since when it is tried in the same way


class Way:
    """How somebody sends from one place by one account, as the mail program is set."""

    __slots__ = ("account", "dials", "line", "own", "place", "reverse_path", "server", "shown")

    def __init__(
        self, account: Account, reverse_path: str, own: Server, habit: Habit, line: Line,
        place: int,
    ) -> None:  # fmt: skip
        self.reverse_path = habit.sender or reverse_path
        self.account, self.shown = account, anyone_at(self.reverse_path)
        self.own, self.server, self.dials, self.line = own, habit.server, habit.dials, line
        self.place = place  # its number in rows


class Surroundings:
    """What mail programs know of the world: servers, presence, POP, a way to send."""

    def __init__(
        self,
        transit: Transit,
        rows: Rows,
        mobility: Mobility,
        submission: dict[str, Server],
        pop_login: Callable[[str, int, float, int], None],
        arrivals: Arrivals,
        users: Mapping[str, Users],
    ) -> None:
        self.shares = {
            name: [(n, share) for n in REMEDIES if (share := getattr(group.when_refused, n)) > 0]
            for name, group in users.items()
        }
        self.transit, self.rows, self.mobility = transit, rows, mobility
        self.arrivals = arrivals
        self.before_change: Callable[[int], None] = lambda _: None
        """Told of a person who is about to change a setting."""
        self.submission = submission  # by network
        self.later = transit.env.call_at
        self.pop_login = pop_login


class MailProgram:
    """One person's mail program: its settings, and what its owner has learned."""

    __slots__ = (
        "around", "auth", "by_587", "careless", "corrected", "help_at", "needs_all", "person",
        "polls_first", "remembers", "shares", "users", "ways",
    )  # fmt: skip

    def __init__(
        self, person: Person, users: Users, around: Surroundings, careless: float = 1.0
    ) -> None:
        self.person, self.users, self.around = person, users, around
        self.shares = around.shares[person.group]
        self.careless = careless  # in [0, 1): below the share of wrong passwords, theirs is
        self.corrected: frozenset[str] = frozenset()  # servers for which it was corrected
        self.auth, self.polls_first = person.auth or person.by_587, person.polls_first
        self.by_587 = person.by_587
        self.needs_all = True
        self.ways: dict[tuple[str, int, Habit | None], Way] = {}  # by place and account
        self.help_at: float | None = None  # when the help desk's advice is followed
        self.remembers: dict[tuple[str, int], Habit] = {}  # what worked: by place and account

    def write(self, number: int, at: float) -> None:
        """Send message *number*, written at *at*, for the first time."""
        way, flight, network = self.first(number)
        self._launch(way, flight, network, at)

    def first(self, number: int) -> tuple[Way, Flight, str]:
        """The first flight of message *number*, and the network that it starts from."""
        arrivals = self.around.arrivals
        place, account = arrivals.place_name(number), arrivals.account[number]
        way = self._way(place, account, self.remembers.get((place, account)))
        network, client = arrivals.network_name(number), arrivals.client[number]
        if way.dials:
            network = way.dials
            client = self.around.mobility.client(self.person, network, arrivals.at[number])
        flight, network = self._flight(
            way,
            way.server,
            self._message(way, number),
            arrivals.groups(number),
            network,
            client,
            None,
        )
        return way, flight, network

    def message(self, number: int) -> Message:
        """Message *number*, written before anything was learned."""
        arrivals = self.around.arrivals
        way = self._way(arrivals.place_name(number), arrivals.account[number], None)
        return self._message(way, number)

    def _message(self, way: Way, number: int) -> Message:
        arrivals = self.around.arrivals
        service = arrivals.service[number], arrivals.relay_service[number]
        return Message(
            number, way.reverse_path, way.shown, arrivals.size[number], self, service,
            arrivals.luck[number], arrivals.content[number], arrivals.key[number],
        )  # fmt: skip

    def shown(self, account: int) -> str:
        """One address that stands for all senders in the domain of the account's."""
        return anyone_at(self.person.accounts[account].sender)

    def submit(self, letter: Letter, now: float) -> None:
        """Offer the letter once more, in the way that was chosen for it, or is usual here."""
        around, person = self.around, self.person
        place = around.mobility.place(person, now)
        way = self._way(place, letter.by, letter.habit or self.remembers.get((place, letter.by)))
        network = way.dials or person.network_at(place)
        client = around.mobility.client(person, network, now)
        around.rows.messages.attempts[letter.message.number] += 1
        flight, network = self._flight(
            way, way.server, letter.message, letter.groups, network, client, letter
        )
        self._launch(way, flight, network, now)

    def _way(self, place: str, account: int, habit: Habit | None) -> Way:
        """How to send from *place*; without a habit, as the mail program was set at first."""
        way = self.ways.get((place, account, habit))
        if way is None:
            around, mine = self.around, self.person.accounts[account]
            own = around.submission[mine.network]
            line = "dial-up" if habit and habit.dials else self.users.line(place)
            way = self.ways[place, account, habit] = Way(
                mine, self.person.accounts[account].sender, own, habit or Habit(own),
                LINES[line], around.rows.places[place],
            )  # fmt: skip
        return way

    def _remember(self, letter: Letter, server: Server, now: float) -> None:
        """Send from this place as has just worked, from now on."""
        around, by = self.around, letter.by
        at = around.mobility.place(self.person, now), by
        sender = letter.message.reverse_path
        worked = Habit(
            server,
            letter.habit and letter.habit.dials,
            None if sender == self.person.accounts[by].sender else sender,
        )
        usual = Habit(around.submission[letter.account.network])
        if worked != self.remembers.get(at, usual):
            around.before_change(self.person.number)
            self.remembers[at] = worked

    def _flight(
        self,
        way: Way,
        server: Server,
        message: Message,
        groups: Sequence[RecipientGroup],
        network: str,
        client: int,
        letter: Letter | None,
    ) -> tuple[Flight, str]:
        """What brings the message to *server*, and the network that it starts from."""
        person, own = self.person, way.own
        shows = NO_LOGIN
        if person.web:  # web mail is sent by the ISP's own machine
            server, network, client = own, own.network, own.address
        if self.auth and server is own:
            by_587 = self.by_587 and own.settings.port_587 and not person.web
            if by_587 or server.policy.auth_offered:
                shows = Credentials(way.account.address, self.mistypes(own), 587 if by_587 else 25)
        flight = Flight(
            message, groups, server, client, shows, way.line.bandwidth,
            way.place, self.around.rows.messages.attempts[message.number], None, letter,
        )  # fmt: skip
        return flight, network

    def _launch(self, way: Way, flight: Flight, network: str, now: float) -> None:
        """Open a connection, after a look for mail if the program is set so."""
        if self.polls_first and flight.server is way.own:
            self.around.pop_login(way.own.network, flight.address, now, self.person.number)
        self.around.transit.launch(flight, now + way.line.latency, network)

    def answered(self, flight: Flight, now: float, refused: Answered) -> None:
        """Read the server's answer: done, or a refusal to react to."""
        letter = flight.ticket
        if not refused:
            if letter is None:
                return
            assert isinstance(letter, Letter)
            if letter.tried:
                self._remember(letter, flight.server, now)
            return
        if letter is None:
            arrivals = self.around.arrivals
            by = arrivals.account[flight.message.number]
            letter = Letter(arrivals, by, self.person.accounts[by], flight.message, flight.groups)
        assert isinstance(letter, Letter)
        worst = refused[0][1]
        if len(refused) > 1:
            worst = max([answer for _, answer in refused], key=lambda a: a.permanent)
        if flight.attempt == 1:
            messages = self.around.rows.messages
            messages.first_cause[letter.message.number] = Cause(worst.cause).number
        if worst.permanent:
            self.react(letter, flight.server, worst, now)
        elif now - letter.since < self.users.patience:
            self._submit_later(letter, now + self.users.pop_poll)
        else:
            self.react(letter, flight.server, worst, now)

    def react(self, letter: Letter, asked: Server, answer: Answer, now: float) -> None:
        """Choose what to do about an error box, among what has not been tried yet.

        A temporary reply has become one too, once patience is at an end.
        """
        messages, number = self.around.rows.messages, letter.message.number
        passed_over = set(letter.tried)
        if answer.cause == "authentication" and "password" not in passed_over:
            passed_over.discard("ask_isp")  # it was another question then
        while True:
            remedy = self._choose(letter, passed_over)
            if remedy == Reaction.GIVE_UP:
                messages.remedy[number] = Remedy(remedy).number
                self._stop(letter, REFUSED if answer.permanent else GAVE_UP, answer, now)
                return
            passed_over.add(remedy)
            again = REMEDIES[remedy](self, Refusal(letter, asked, answer, now))
            if again is not None:
                break
        letter.tried.append(remedy)
        letter.since = again
        self._submit_later(letter, again)  # in infinity too: it stays in the outbox

    def _submit_later(self, letter: Letter, at: float) -> None:
        self.around.later(at, lambda t: self.submit(letter, t), letter.groups)

    def _choose(self, letter: Letter, passed_over: set[str]) -> str:
        """A remedy by the group's shares, among those left; giving up is always left."""
        left = [(name, share) for name, share in self.shares if name not in passed_over]
        total = self.users.when_refused.give_up + sum([share for _, share in left])
        draw = letter.choice if letter.draws == 0 else chance(letter.message.key, letter.draws)
        letter.draws += 1
        return _drawn(draw * total, left)

    def gives_up_at_once(self, number: int) -> bool:
        """Whether message *number*, refused for good, is not tried again: the first choice."""
        if not self.shares:
            return True
        total = self.users.when_refused.give_up + sum([share for _, share in self.shares])
        return _drawn(self.around.arrivals.choice[number] * total, self.shares) == "give_up"

    def _stop(self, letter: Letter, fate: int, answer: Answer, now: float) -> None:
        rows = self.around.rows
        rows.messages.believed[letter.message.number] = 0
        for first, end, _, _ in letter.groups:
            rows.end(first, end, fate, answer, now)

    def mistypes(self, server: Server) -> bool:
        """Whether the password that is set for SMTP AUTH at *server* is wrong."""
        separate = server.settings.auth_password == "separate"
        users = self.users
        share = users.wrong_separate_password if separate else users.wrong_password
        return self.careless < share and server.name not in self.corrected

    def correct(self, server: Server) -> Callable[[float], None]:
        """The change of password that the help desk advised."""

        def change(_: float) -> None:
            self.around.before_change(self.person.number)
            self.corrected |= {server.name}

        return change

    def switch_on(self, offer: str) -> Callable[[float], None]:
        """The change of setting that the help desk advised."""

        def change(_: float) -> None:
            self.around.before_change(self.person.number)
            if offer == "auth":
                self.auth = self.by_587 = True  # by 587 where the server offers it
            else:
                self.polls_first = True

        return change

    def note(self, letter: Letter, remedy: str, *, calls: int = 0, changes: int = 0) -> None:
        """Keep what was done about a letter, and the effort."""
        messages, number = self.around.rows.messages, letter.message.number
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
