"""What a policy has answered so far, by what it can tell apart.

`decide` is asked once for each kind of client, moment, sender and recipient; after that an
answer is three look-ups. Clients are of one kind when the policy compares neither address nor
login of theirs differently; a moment is what it makes of clocks, counts and draws.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from sim.smtp import Facts, Memo, Policy, Verdict
from sim.smtp.decision import StandIns
from sim.smtp.facts import Circumstances
from sim.world.people import anyone_at

if TYPE_CHECKING:
    from collections.abc import Hashable

    from sim.world.rows import Answer

MOST_CLIENTS = 1 << 13
"""Addresses whose kind a server keeps: customers of a large ISP hardly come twice."""
MOST_ANSWERS = 1 << 18
"""Answers that are kept of one policy."""
UNFORESEEN = ("pop_age", "recent", "greylist_age")
"""Facts that nobody can tell before a message comes."""
MOMENTARY = (*UNFORESEEN, "spam", "content_draw")
"""Facts that differ between two transactions of the same client, sender and recipient; how many
sessions are open is asked before there is one."""


class Credentials(NamedTuple):
    """What a client shows besides its address: the name it logged in with, whether AUTH failed,
    the port it came to."""

    login: str | None = None
    auth_failed: bool = False
    port: int = 25


NO_LOGIN = Credentials()


class ByRecipient(dict[str, "Answer"]):
    """The answers to one kind of client and one sender at one moment, by forward-path."""

    def __init__(self, answers: Answers, kind: Kind, reverse_path: str | None) -> None:
        self.answers, self.kind, self.reverse_path = answers, kind, reverse_path

    def __missing__(self, forward_path: str) -> Answer:
        """Ask; domains that the policy does not know are asked for once."""
        stand_in = self.answers.stands_for[forward_path]
        if stand_in is not None and stand_in != forward_path:
            answer = self[stand_in]
        else:
            answer = self.answers.ask(self.kind, self.reverse_path, forward_path)
        self[forward_path] = answer
        return answer


class BySender(dict["str | None", ByRecipient]):
    """The same to one kind of client at one moment, by reverse-path."""

    def __init__(self, answers: Answers, kind: Kind) -> None:
        self.answers, self.kind = answers, kind

    def __missing__(self, reverse_path: str | None) -> ByRecipient:
        """Senders of domains that the policy does not know share their answers."""
        stand_in = self.answers.stands_for[reverse_path]
        if stand_in != reverse_path:
            found = self[stand_in]
        else:
            found = ByRecipient(self.answers, self.kind, reverse_path)
        self[reverse_path] = found
        return found


class Kind:
    """Clients that are alike to a policy: the address of one of them, what it shows, the lists
    it is on; and what they were answered."""

    __slots__ = ("address", "at_moment", "greetings", "listed", "shows", "usual", "whole_sender")

    def __init__(
        self, answers: Answers, address: int, shows: Credentials, listed: tuple[str, ...]
    ) -> None:
        self.address, self.shows, self.listed = address, shows, listed
        self.usual = BySender(answers, self)  # where the moment does not matter
        self.at_moment: dict[Hashable, BySender] = {}
        self.greetings: dict[int, Answer | None] = {}  # by sessions open
        self.whole_sender = answers.reads_all_owners or (
            answers.reads_owners and shows.login is not None
        )  # not its domain alone


class Answers:
    """Everything that one policy has answered; *policy_587* is what holds on port 587, *listed*
    what blocklists say of an address, *numbered* the answer that rows keep of a verdict."""

    def __init__(
        self,
        policy: Policy,
        policy_587: Policy | None,
        listed: Callable[[int], tuple[str, ...]],
        numbered: Callable[[Verdict], Answer],
    ) -> None:
        self.decide = Memo(policy)
        self.decide_587 = self.decide if policy_587 is None else Memo(policy_587)
        self.listed, self.numbered = listed, numbered
        self.stands_for = StandIns(policy)
        self.momentary = not policy.reads.isdisjoint(MOMENTARY)
        self.reads_pop = "pop_age" in policy.reads
        self.reads_lists = "listed" in policy.reads
        rules = [r.entry for r in policy.restrictions() if r.entry.about == "login"]
        self.reads_owners = bool(rules)  # of the senders of clients that log in
        self.reads_all_owners = any(entry.asks_all for entry in rules)
        self.moment = Circumstances()  # that of the present transaction
        self.of_moment = policy.moment_of(MOMENTARY)
        unforeseen = (policy.turns(f) or [Facts._field_defaults[f]] for f in UNFORESEEN)
        self._unforeseen = list(product(*unforeseen))
        self._ranges = policy.ranges
        self._within: dict[int, tuple[bool, ...]] = {}  # which of them, by stretch of addresses
        self._shows: dict[tuple[object, ...], dict[Credentials, Kind]] = {}
        self._clients: dict[int, dict[Credentials, Kind]] = {}
        self._asked = 0
        at_connect = policy.lists["connect"]
        self._greetings: dict[int, Answer | None] = {}  # where all clients are greeted alike
        self._greets_alike = not any(r.entry.reads for r in at_connect) and not (
            at_connect and policy.unlimited
        )

    def greetings(self, address: int, shows: Credentials) -> dict[int, Answer | None]:
        """How a client was greeted, by the sessions it has open; None: it was welcome."""
        return self._greetings if self._greets_alike else self.kind(address, shows).greetings

    def kind(self, address: int, shows: Credentials) -> Kind:
        """What all clients have in common that this policy cannot tell apart at the moment."""
        kinds = self._clients.get(address)
        if kinds is None:
            kinds = self._met(address)
        kind = kinds.get(shows)
        if kind is None:
            kind = kinds[shows] = self._kind(kinds, address, shows)
        return kind

    @cached_property
    def bounds(self) -> list[int]:
        """Addresses, ascending, with each of which begins a stretch of addresses that are alike:
        ranges are compared with their first and last address, and with nothing in between."""
        ranges = {address for some in self._ranges for address in some}
        edges = {edge for first, last in ranges for edge in (first, first + 1, last, last + 1)}
        return sorted(edges | {0})

    def now(self, kind: Kind) -> BySender:
        """What *kind* is answered in the present circumstances."""
        key = self.of_moment(self.moment)
        found = kind.at_moment.get(key)
        if found is None:
            found = kind.at_moment[key] = BySender(self, kind)
        return found

    def draws(self) -> list[float]:
        """Draws of content, ascending, from each of which on what filters say is the same."""
        return self.decide.policy.turns("content_draw") or [0.0]

    def settled(
        self, kind: Kind, draw: float, reverse_path: str, forward_path: str
    ) -> Answer | None:
        """What *kind* is answered to honest mail of that *draw* of content, whatever clocks and
        counts may say; None where it depends on these."""
        if not self.momentary:
            return kind.usual[reverse_path][forward_path]
        moment, found = self.moment, None
        moment.spam, moment.content_draw = False, draw
        for moment.pop_age, moment.recent, moment.greylist_age in self._unforeseen:
            answer = self.now(kind)[reverse_path][forward_path]
            if found is not None and answer.number != found.number:
                return None
            found = answer
        return found

    def lists_changed(self, first: int, last: int) -> None:
        """What blocklists say of the addresses from *first* to *last* is no longer true."""
        if last - first >= len(self._clients):
            changed = [address for address in self._clients if first <= address <= last]
        else:
            changed = [address for address in range(first, last + 1) if address in self._clients]
        for address in changed:
            del self._clients[address]

    def ask(self, kind: Kind, reverse_path: str | None, forward_path: str) -> Answer:
        """Ask the policy itself."""
        self._asked += 1
        if self._asked >= MOST_ANSWERS:
            self._forget()
        shows, moment = kind.shows, self.moment
        decide = self.decide_587 if shows.port == 587 else self.decide
        return self.numbered(
            decide(
                Facts(
                    client=kind.address,
                    reverse_path=reverse_path,
                    forward_path=forward_path,
                    login=shows.login,
                    auth_failed=shows.auth_failed,
                    pop_age=moment.pop_age,
                    listed=kind.listed,
                    recent=moment.recent,
                    greylist_age=moment.greylist_age,
                    spam=moment.spam,
                    content_draw=moment.content_draw,
                )
            )
        )

    def _forget(self) -> None:
        self._asked = 0
        self._shows.clear()
        self._clients.clear()

    def _met(self, address: int) -> dict[Credentials, Kind]:
        """The kinds of clients at *address*: all addresses alike to the policy share them."""
        if len(self._clients) >= MOST_CLIENTS:
            self._clients.clear()
        stretch = bisect_right(self.bounds, address)
        if stretch not in self._within:
            is_within = self.decide.policy.is_within
            self._within[stretch] = tuple([is_within(address, some) for some in self._ranges])
        alike = (self.listed(address) if self.reads_lists else (), self._within[stretch])
        kinds = self._shows.setdefault(alike, {})
        self._clients[address] = kinds
        return kinds

    def _kind(self, kinds: dict[Credentials, Kind], address: int, shows: Credentials) -> Kind:
        login, failed, port = shows
        if login is not None:
            # as far as this policy tells logins apart; none where AUTH failed
            login = None if failed else login if self.reads_owners else anyone_at(login)
        as_read = Credentials(login, failed, port)
        if as_read not in kinds:
            listed = self.listed(address) if self.reads_lists else ()
            kinds[as_read] = Kind(self, address, as_read, listed)
        return kinds[as_read]
