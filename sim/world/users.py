"""Mail programs and the people at them: how a message is submitted, and what a refused one does.

The remedies are the source's: wait until home, send through the server of the present
connection, dial in, ask the ISP and switch on what it offers, change the sender address,
or give up. Each is one function in a table; it returns when the message is tried again,
or None where it does not help.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from sim.network.lines import LINES
from sim.world.rows import CAUSE, GAVE_UP, REFUSED, REMEDY, Answer, Rows
from sim.world.server import Client, Server
from sim.world.streams import chance
from sim.world.transit import Answered, Flight, Message, Slice, Transit, anyone_at

if TYPE_CHECKING:
    from sim.scenario.people import Users
    from sim.world.people import Account, Person
    from sim.world.plan import Wish
    from sim.world.presence import Presence

PATIENCE = 86400.0
"""Seconds for which a mail program tries again after temporary replies (chosen)."""
SOON = 7200.0
"""Within so many seconds of coming home a kept message is sent: evenly (chosen)."""


class Letter:
    """A message in somebody's outbox, and what has been tried for it."""

    __slots__ = (
        "account", "asked", "client", "draws", "message", "network", "program", "slices",
        "tried", "wish",
    )  # fmt: skip

    def __init__(
        self, program: MailProgram, wish: Wish, message: Message, slices: list[Slice]
    ) -> None:
        self.program, self.wish, self.message, self.slices = program, wish, message, slices
        self.account: Account = wish.person.accounts[wish.account]
        self.network = wish.network
        self.asked: Server | None = None
        self.client: int | None = wish.client  # None: whatever the person has by then
        self.tried: list[str] = []
        self.draws = 0


class Surroundings:
    """What mail programs know of the world: servers, presence, POP, a way to send."""

    def __init__(
        self,
        transit: Transit,
        rows: Rows,
        presence: Presence,
        submission: dict[str, Server],
        pop_login: Callable[[str, int, float], None],
    ) -> None:
        self.transit, self.rows, self.presence = transit, rows, presence
        self.submission = submission  # by network
        self.later = transit.later
        self.pop_login = pop_login


class MailProgram:
    """One person's mail program: its settings, and what its owner has learned."""

    __slots__ = (
        "around", "auth", "help_at", "needs_all", "person", "polls_first", "remembers", "users",
    )  # fmt: skip

    def __init__(self, person: Person, users: Users, around: Surroundings) -> None:
        self.person, self.users, self.around = person, users, around
        self.auth, self.polls_first = person.auth, person.polls_first
        self.needs_all = True
        self.help_at: float | None = None  # when the help desk's advice is followed
        self.remembers: dict[str, Server] = {}  # place -> server that worked there

    def submit(self, letter: Letter, now: float) -> None:
        """Open a connection to the server that is set for this place, and offer the letter."""
        around, person = self.around, self.person
        place = around.presence.place(person, now)
        own = around.submission[letter.account.network]
        server = letter.asked or self.remembers.get(place) or own
        network, client = letter.network, letter.client
        if client is None:
            network = person.network_at(place)
            client = around.presence.client(person, network, now)
        if person.web:  # web mail is sent by the ISP's own machine
            server, network, client = own, own.network, own.address
        login: str | None = None
        if self.auth and server is own and server.policy.auth_offered:
            login = anyone_at(letter.account.address)
        if self.polls_first and server is own:
            around.pop_login(own.network, client, now)
        rows, number = around.rows, letter.message.number
        rows.messages.attempts[number] += 1
        line = LINES[self.users.line(place)]
        flight = Flight(
            around.transit.env, letter.message, letter.slices, server, Client(client, login),
            line=line.bandwidth, place=rows.places[place],
            attempt=rows.messages.attempts[number], ticket=letter,
        )  # fmt: skip
        around.transit.launch(flight, now + line.latency, network)

    def answered(self, flight: Flight, now: float, answers: Answered) -> None:
        """Read the server's answer: done, or a refusal to react to."""
        letter = flight.ticket
        assert isinstance(letter, Letter)
        worst = max((a for _, a in answers), key=lambda a: (not a.accepted, a.permanent))
        messages, number = self.around.rows.messages, letter.message.number
        if worst.accepted:
            if letter.tried and letter.tried[-1] == "switch_server":
                place = self.around.presence.place(self.person, now)
                self.remembers[place] = flight.server
            return
        if flight.attempt == 1:
            messages.first_cause[number] = CAUSE[worst.cause]
        if worst.permanent:
            self.react(letter, flight.server, worst, now)
        elif now - letter.wish.at < PATIENCE:
            letter.client = None
            self.around.later(now + self.users.pop_poll, lambda t: self.submit(letter, t))
        else:
            self._stop(letter, GAVE_UP, worst, now)

    def react(self, letter: Letter, asked: Server, answer: Answer, now: float) -> None:
        """Choose what to do about an error box, among what has not been tried yet."""
        messages, number = self.around.rows.messages, letter.message.number
        passed_over = set(letter.tried)
        while True:
            remedy = self._choose(letter, passed_over)
            if remedy == "give_up":
                messages.remedy[number] = REMEDY[remedy]
                self._stop(letter, REFUSED, answer, now)
                return
            passed_over.add(remedy)
            again = REMEDIES[remedy](self, letter, asked, answer, now)
            if again is not None:
                break
        letter.tried.append(remedy)
        if math.isfinite(again):
            self.around.later(again, lambda t: self.submit(letter, t))

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

    def switch_on(self, offer: str) -> Callable[[float], None]:
        """The change of setting that the help desk advised."""

        def change(now: float) -> None:
            if offer == "auth":
                self.auth = True
            else:
                self.polls_first = True

        return change

    def note(self, letter: Letter, remedy: str, *, calls: int = 0, changes: int = 0) -> None:
        """Keep what was done about a letter, and the effort."""
        messages, number = self.around.rows.messages, letter.message.number
        messages.remedy[number] = REMEDY[remedy]
        messages.calls[number] += calls
        messages.changes[number] += changes


def wait(p: MailProgram, letter: Letter, asked: Server, answer: Answer, now: float) -> float | None:
    """Keep the message until its account's own network is reached again."""
    network = letter.account.network
    there = p.around.presence.next_on(p.person, network, now)
    if there is None and p.person.network_at(p.around.presence.place(p.person, now)) == network:
        return None  # there already, and refused: waiting does not help
    p.note(letter, "wait")
    letter.client, letter.asked = None, p.around.submission[network]
    return math.inf if there is None else there + SOON * chance(letter.wish.key, 100)


def switch_server(
    p: MailProgram, letter: Letter, asked: Server, answer: Answer, now: float
) -> float | None:
    """Name the submission server of the network that one is connected to."""
    place = p.around.presence.place(p.person, now)
    local = p.around.submission.get(p.person.network_at(place))
    if local is None or local is asked:
        return None
    p.note(letter, "switch_server", changes=1)
    letter.client, letter.asked = None, local
    return now + p.users.delays.switch_server.quantile()(chance(letter.wish.key, 101))


def dial_in(
    p: MailProgram, letter: Letter, asked: Server, answer: Answer, now: float
) -> float | None:
    """Dial in to the account's network from wherever one is."""
    network = letter.account.network
    if p.around.presence.place(p.person, now) == "home" and network == p.person.home:
        return None
    client = p.around.presence.client(p.person, network, now)
    if client == 0:
        return None
    p.note(letter, "dial_in")
    letter.network, letter.client = network, client
    letter.asked = p.around.submission[network]
    return now + p.users.delays.dial_in.quantile()(chance(letter.wish.key, 102))


def ask_isp(
    p: MailProgram, letter: Letter, asked: Server, answer: Answer, now: float
) -> float | None:
    """Call the help desk, and switch on what it offers, from then on."""
    own = p.around.submission[letter.account.network]
    on_already = {"auth": p.auth, "pop_first": p.polls_first}.get(own.offers)
    letter.client, letter.asked = None, own
    if p.help_at is not None and now < p.help_at:  # the call has been made for another message
        p.note(letter, own.offers)
        return p.help_at
    if on_already is not False:
        p.around.rows.messages.calls[letter.message.number] += 1
        letter.tried.append("ask_isp")
        return None  # nothing on offer, or it is on and did not help
    p.note(letter, own.offers, calls=1, changes=1)
    p.help_at = now + p.users.delays.ask_isp.quantile()(chance(letter.wish.key, 103))
    p.around.later(p.help_at, p.switch_on(own.offers))
    return p.help_at


def change_sender(
    p: MailProgram, letter: Letter, asked: Server, answer: Answer, now: float
) -> float | None:
    """Show a sender address in a domain that the server takes."""
    domains = asked.settings.domains
    if answer.cause != "sender" or not domains:
        return None
    p.note(letter, "change_sender", changes=1)
    letter.message.reverse_path = f"{p.person.name}@{domains[0]}"
    letter.message.shown = anyone_at(letter.message.reverse_path)
    letter.client, letter.asked = None, asked
    return now + p.users.delays.change_sender.quantile()(chance(letter.wish.key, 104))


Remedy = Callable[[MailProgram, Letter, Server, Answer, float], float | None]
REMEDIES: dict[str, Remedy] = {
    "wait": wait,
    "switch_server": switch_server,
    "dial_in": dial_in,
    "ask_isp": ask_isp,
    "change_sender": change_sender,
}
