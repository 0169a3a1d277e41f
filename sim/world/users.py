"""Mail programs and the people at them: how a message is submitted, and what a refused one does.

What they can do is in `sim.world.remedies`; here is what they choose, and when they stop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sim.network.lines import LINES, Line
from sim.world.answers import NO_LOGIN, Credentials
from sim.world.people import anyone_at
from sim.world.plan import Slice
from sim.world.remedies import REMEDIES, Refusal
from sim.world.rows import CAUSE, GAVE_UP, REFUSED, REMEDY, Answer, Rows
from sim.world.server import Server
from sim.world.streams import chance
from sim.world.transit import Answered, Flight, Message, Transit

if TYPE_CHECKING:
    from sim.scenario.people import Users
    from sim.world.people import Account, Person
    from sim.world.plan import Wish, Wishes
    from sim.world.presence import Presence


class Letter:
    """A message that its writer has to think about, and what has been tried for it."""

    __slots__ = (
        "account", "asked", "client", "draws", "message", "network", "since", "slices", "tried",
        "wish",
    )  # fmt: skip

    def __init__(self, wish: Wish, message: Message, slices: list[Slice]) -> None:
        self.wish, self.message, self.slices = wish, message, slices
        self.account: Account = wish.person.accounts[wish.account]
        self.network = wish.network
        self.asked: Server | None = None
        self.client: int | None = wish.client  # None: whatever the person has by then
        self.tried: list[str] = []
        self.draws = 0
        self.since = wish.at  # since when it is tried in the same way


class Way:
    """How somebody sends from one place by one account, as the mail program is set."""

    __slots__ = ("account", "line", "own", "place", "reverse_path", "server", "shown")

    def __init__(
        self, account: Account, reverse_path: str, own: Server, server: Server, line: Line,
        place: int,
    ) -> None:  # fmt: skip
        self.account, self.reverse_path, self.shown = account, reverse_path, anyone_at(reverse_path)
        self.own, self.server, self.line = own, server, line
        self.place = place  # its number in rows


class Surroundings:
    """What mail programs know of the world: servers, presence, POP, a way to send."""

    def __init__(
        self,
        transit: Transit,
        rows: Rows,
        presence: Presence,
        submission: dict[str, Server],
        pop_login: Callable[[str, int, float, int], None],
        wishes: Wishes,
    ) -> None:
        self.transit, self.rows, self.presence = transit, rows, presence
        self.wishes = wishes
        self.submission = submission  # by network
        self.later = transit.later
        self.pop_login = pop_login


class MailProgram:
    """One person's mail program: its settings, and what its owner has learned."""

    __slots__ = (
        "around", "auth", "by_587", "careless", "corrected", "help_at", "needs_all", "person",
        "polls_first", "remembers", "users", "ways",
    )  # fmt: skip

    def __init__(
        self, person: Person, users: Users, around: Surroundings, careless: float = 1.0
    ) -> None:
        self.person, self.users, self.around = person, users, around
        self.careless = careless  # in [0, 1): below the share of wrong passwords, theirs is
        self.corrected: set[str] = set()  # servers for which it was corrected
        self.auth, self.polls_first = person.auth or person.by_587, person.polls_first
        self.by_587 = person.by_587
        self.needs_all = True
        self.ways: dict[tuple[str, int], Way] = {}  # by place and account, while settings last
        self.help_at: float | None = None  # when the help desk's advice is followed
        self.remembers: dict[str, Server] = {}  # place -> server that worked there

    def write(self, number: int, at: float) -> None:
        """Send wish *number*, which comes at *at*, for the first time; message and wish have
        one number."""
        wishes = self.around.wishes
        place, account = wishes.place_of(number), wishes.account[number]
        way = self.ways.get((place, account)) or self._way(place, account)
        size, one, other, luck, _, content = wishes.draws(number)
        reverse_path, shown = way.reverse_path, way.shown
        if wishes.senders and number in wishes.senders:
            reverse_path = wishes.senders[number]
            shown = anyone_at(reverse_path)
        message = Message(
            number, reverse_path, shown, size, self, (one, other), luck, content,
            wishes.key[number],
        )  # fmt: skip
        self._send(
            way, way.server, message, wishes.slices(number), wishes.network_of(number),
            wishes.client[number], at, None,
        )  # fmt: skip

    def submit(self, letter: Letter, now: float) -> None:
        """Offer the letter once more, to the server that is set for this place or that was
        chosen for it."""
        around, person = self.around, self.person
        place = around.presence.place(person, now)
        way = self.ways.get((place, letter.wish.account)) or self._way(place, letter.wish.account)
        network, client = letter.network, letter.client
        if client is None:
            network = person.network_at(place)
            client = around.presence.client(person, network, now)
        around.rows.messages.attempts[letter.message.number] += 1
        self._send(
            way, letter.asked or way.server, letter.message, letter.slices, network, client, now,
            letter,
        )  # fmt: skip

    def _way(self, place: str, account: int) -> Way:
        around = self.around
        mine = self.person.accounts[account]
        own = around.submission[mine.network]
        way = self.ways[place, account] = Way(
            mine, around.wishes.shown(self.person, account), own,
            self.remembers.get(place) or own, LINES[self.users.line(place)],
            around.rows.places[place],
        )  # fmt: skip
        return way

    def _send(
        self, way: Way, server: Server, message: Message, slices: list[Slice], network: str,
        client: int, now: float, letter: Letter | None,
    ) -> None:  # fmt: skip
        """Open a connection to *server* and offer the message."""
        around, person, own = self.around, self.person, way.own
        shows = NO_LOGIN
        if person.web:  # web mail is sent by the ISP's own machine
            server, network, client = own, own.network, own.address
        if self.auth and server is own:
            by_587 = self.by_587 and own.settings.port_587 and not person.web
            if by_587 or server.policy.auth_offered:
                shows = Credentials(way.account.address, self.mistypes(own), 587 if by_587 else 25)
        if self.polls_first and server is own:
            around.pop_login(own.network, client, now, person.number)
        transit = around.transit
        flight = Flight(
            transit.env, message, slices, server, client, shows, way.line.bandwidth, way.place,
            around.rows.messages.attempts[message.number], None, letter,
        )  # fmt: skip
        transit.launch(flight, now + way.line.latency, network)

    def answered(self, flight: Flight, now: float, refused: Answered) -> None:
        """Read the server's answer: done, or a refusal to react to."""
        letter = flight.ticket
        if not refused:
            if letter is None:
                return
            assert isinstance(letter, Letter)
            if letter.tried and letter.tried[-1] == "switch_server":
                place = self.around.presence.place(self.person, now)
                self.remembers[place] = flight.server
                self.ways.clear()
            return
        if letter is None:
            number = flight.message.number
            letter = Letter(self.around.wishes[number], flight.message, flight.slices)
        assert isinstance(letter, Letter)
        worst = max((answer for _, answer in refused), key=lambda a: a.permanent)
        if flight.attempt == 1:
            messages = self.around.rows.messages
            messages.first_cause[letter.message.number] = CAUSE[worst.cause]
        if worst.permanent:
            self.react(letter, flight.server, worst, now)
        elif now - letter.since < self.users.patience:
            letter.client = None
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
            if remedy == "give_up":
                messages.remedy[number] = REMEDY[remedy]
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
        self.around.later(at, lambda t: self.submit(letter, t), letter.slices)

    def _choose(self, letter: Letter, passed_over: set[str]) -> str:
        """A remedy by the group's shares, among those left; giving up is always left."""
        shares = self.users.when_refused
        left = [(name, getattr(shares, name)) for name in REMEDIES if name not in passed_over]
        total = shares.give_up + sum(share for _, share in left)
        draw = letter.wish.choice if letter.draws == 0 else chance(letter.wish.key, letter.draws)
        letter.draws += 1
        draw *= total
        for name, share in left:
            draw -= share
            if draw < 0:
                return name
        return "give_up"

    def _stop(self, letter: Letter, fate: int, answer: Answer, now: float) -> None:
        rows = self.around.rows
        rows.messages.believed[letter.message.number] = 0
        for first, end, _, _ in letter.slices:
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
            self.corrected.add(server.name)

        return change

    def switch_on(self, offer: str) -> Callable[[float], None]:
        """The change of setting that the help desk advised."""

        def change(_: float) -> None:
            if offer == "auth":
                self.auth = self.by_587 = True  # by 587 where the server offers it
            else:
                self.polls_first = True

        return change

    def note(self, letter: Letter, remedy: str, *, calls: int = 0, changes: int = 0) -> None:
        """Keep what was done about a letter, and the effort."""
        messages, number = self.around.rows.messages, letter.message.number
        messages.remedy[number] = REMEDY[remedy]
        messages.calls[number] += calls
        messages.changes[number] += changes
