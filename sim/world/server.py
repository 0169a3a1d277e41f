"""One SMTP server: sessions taken first come first served, and answers by its policy.

The hot path. A session's start and end are known when a connection arrives, because the
service time is drawn then; so a small heap of the moments at which sessions come free
replaces a resource and its events. The textbook model stays in the tests as the oracle.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from heapq import heapreplace
from typing import TYPE_CHECKING, NamedTuple

from sim.scenario.policies import on_port_587
from sim.smtp import Facts, Memo, Policy, Verdict
from sim.smtp.decision import decide_at
from sim.smtp.restrictions import Range
from sim.world import outages
from sim.world.deferred import Retries
from sim.world.listing import Listing, reads_list
from sim.world.memory import REMEMBERED, Memory
from sim.world.people import anyone_at
from sim.world.permissions import personal
from sim.world.rows import Answer, Rows

if TYPE_CHECKING:
    from sim.scenario.servers import Server as Settings
    from sim.world.transit import Flight

Slot = tuple[float, float]
"""When a session starts and ends (s)."""


class Client(NamedTuple):
    """Who connects: address, the name it logged in with, whether AUTH failed, to which port."""

    address: int
    login: str | None = None
    auth_failed: bool = False
    port: int = 25


class Kind(NamedTuple):
    """Clients that are alike to a policy: a number, the address of one of them, the rest."""

    number: int
    address: int
    login: str | None
    auth_failed: bool
    port: int
    listed: tuple[str, ...]


class Sessions:
    """The sessions of a server and the connections that wait for one (M/G/c, first come
    first served)."""

    __slots__ = ("down", "free", "limit", "starts")

    def __init__(self, sessions: int, limit: int, down: Sequence[tuple[float, float]]) -> None:
        self.free = [0.0] * sessions  # a heap: when each session comes free
        self.starts: deque[float] = deque()  # of connections that had to wait
        self.limit = limit
        self.down = down

    def admit(self, now: float, service: float) -> Slot | None:
        """The session that a connection at *now* gets for *service* seconds.

        None if *limit* connections wait already (RFC 5321 section 3.8: 421). Calls must
        come in order of time.
        """
        free = self.free
        start = free[0]
        if start <= now:
            end = now + service
            heapreplace(free, end)
            return now, end
        starts = self.starts
        while starts and starts[0] <= now:
            starts.popleft()
        if len(starts) >= self.limit:
            return None
        starts.append(start)
        end = start + service
        heapreplace(free, end)
        return start, end

    def is_down(self, now: float) -> bool:
        """Whether a stated outage covers *now*."""
        return outages.is_down(self.down, now)

    def cut(self, at: float) -> None:
        """An outage begins at *at*: whatever would last longer is lost then."""
        self.free = [min(free, at) for free in self.free]  # still a heap
        self.starts = deque(min(start, at) for start in self.starts)


NOT_LISTED: tuple[str, ...] = ()


def on_no_list(_: int) -> tuple[str, ...]:
    """What a world without blocklists says of an address."""
    return NOT_LISTED


def offers(policy: Policy) -> str:
    """What the help desk tells a customer to switch on: ``auth``, ``pop_first`` or nothing."""
    names = {r.name for r in policy.restrictions()}
    if "permit_sasl_authenticated" in names:
        return "auth"
    return "pop_first" if "permit_pop_before_smtp" in names else ""


def ranges(policy: Policy) -> list[Range]:
    """Every range of client addresses that *policy* compares with."""
    arguments = (arg for r in policy.restrictions() for arg in r.args if isinstance(arg, Range))
    return [*policy.network_ranges, *policy.client_range_pairs, *arguments]


class StandIns(dict[str | None, str | None]):
    """For each address, one that stands for all that *policy* cannot tell from it.

    A server need not be asked for every pair of domains: those it does not know are alike.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.stranger: str | None = None

    def __missing__(self, address: str | None) -> str | None:
        found = address
        if address is not None and not self.policy.knows(address.rpartition("@")[2]):
            found = self.stranger = self.stranger or address
        self[address] = found
        return found


class Tally:
    """What a server did in one phase."""

    __slots__ = (
        "busy", "busy_spam", "connections", "relayed", "strangers", "turned_away", "waited",
    )  # fmt: skip

    def __init__(self) -> None:
        self.connections = self.turned_away = self.relayed = self.strangers = 0
        self.busy = self.busy_spam = self.waited = 0.0


class Server:
    """One server of the scenario, with the policy it has at the moment."""

    def __init__(
        self,
        name: str,
        number: int,
        settings: Settings,
        policy: Policy,
        rows: Rows,
        last_pop_login: Callable[[str, int, float], float | None],
    ) -> None:
        self.name, self.number, self.settings = name, number, settings
        self.network, self.address = settings.network, policy.address
        self.domains = policy.domains
        self.sessions = Sessions(settings.sessions, settings.connection_queue, settings.down)
        self.service = settings.service_time.quantile()
        self.retries = Retries(name, settings)
        self._memory: Memory | None = None
        self.per_recipient = settings.per_recipient
        self.rows = rows
        self.last_pop_login = last_pop_login
        self.tally = Tally()  # that of the present phase
        self.tallies = [self.tally]
        self.latency: dict[str, float] = {}  # from each network (s)
        self.as_client = Client(policy.address)
        self.temporary_failure = settings.temporary_failure
        self.listed: Callable[[int], tuple[str, ...]] = on_no_list
        self.own = {
            name: rows.answer(
                self.name, code=code, enhanced=enhanced, cause=cause, permanent=code >= 500
            )
            for name, (code, enhanced, cause) in OWN.items()
        }
        self._listing: Listing | None = None
        self.said: dict[Verdict, Answer] = {}
        self.enforce(policy)

    def kind_of(self, client: Client) -> Kind:
        """What all clients have in common that this policy cannot tell apart at the moment."""
        kind = self.alike.get(client)
        if kind is not None:
            return kind
        address = client.address
        if len(self.alike) >= MOST_CLIENTS:
            self.alike.clear()
            self.met.clear()
        login, listed = self.login_of(client), NOT_LISTED
        if self.reads_lists:
            listed = self.listed(address)
            self.met.setdefault(address, []).append(client)
        key = (
            login, client.auth_failed, client.port, listed,
            *(first <= address <= last for first, last in self.ranges),
        )  # fmt: skip
        kind = self.kinds.get(key)
        if kind is None:
            kind = self.kinds[key] = Kind(
                len(self.kinds), address, login, client.auth_failed, client.port, listed
            )
        self.alike[client] = kind
        return kind

    def lists_changed(self, first: int, last: int) -> None:
        """What blocklists say of the addresses from *first* to *last* is no longer true."""
        if last - first >= len(self.met):
            addresses = [address for address in self.met if first <= address <= last]
        else:
            addresses = [address for address in range(first, last + 1) if address in self.met]
        for address in addresses:
            for client in self.met.pop(address):
                self.alike.pop(client, None)

    def trusts(self, client: int) -> bool:
        """Whether *client* is on one of the server's own networks."""
        return any(first <= client <= last for first, last in self.policy.network_ranges)

    def login_of(self, client: Client) -> str | None:
        """The login as far as this policy tells logins apart; None if there is none."""
        login = client.login
        if login is None or client.auth_failed:
            return None
        return login if self.reads_owners else anyone_at(login)

    def asked_again(self, flight: Flight, forward_path: str, pop_age: float | None) -> Answer:
        """What the answer would be with another *pop_age*."""
        message = flight.message
        shown = message.reverse_path if self.reads_owners else message.shown
        return self._asked(
            self.kind_of(flight.client), shown, forward_path, pop_age, message.spam,
            message.content,
        )  # fmt: skip

    def keep(self, listing: Listing | None) -> None:
        """Add the addresses of *listing* to the policy's ranges, now and whenever it changes."""
        self._listing = listing
        self.enforce(self.written)

    def enforce(self, policy: Policy) -> None:
        """Answer by *policy* from now on."""
        self.written = policy
        self.listing = self._listing if reads_list(policy) else None
        if self.listing is not None:
            policy = self.listing.added_to(policy)
        self.personal = personal(policy, listing=self.listing is not None)
        self.reads_owners = any(r.entry.about == "login" for r in policy.restrictions())
        self.policy = policy
        self.stands_for = StandIns(policy)
        self.decide = Memo(policy)
        self.decide_587 = Memo(on_port_587(policy)) if self.settings.port_587 else None
        self.asks_anew = bool(policy.reads & MOMENTARY) or self.listing is not None
        self.reads_pop = "pop_age" in policy.reads
        self.reads_lists = "listed" in policy.reads
        self.memory = self._remembering(policy)  # None: this policy asks for none
        self.known: dict[tuple[int, str | None, str | None], Answer] = {}
        self.alike: dict[Client, Kind] = {}
        self.kinds: dict[tuple[object, ...], Kind] = {}
        self.met: dict[int, list[Client]] = {}  # clients by address, where lists are read
        self.ranges = ranges(policy)
        self.offers = "auth" if self.settings.port_587 else offers(policy)
        self.answers: dict[int, tuple[Verdict, Answer]] = {}
        self.greetings: dict[tuple[int, int], Answer | None] = {}

    def _remembering(self, policy: Policy) -> Memory | None:
        """The memory that *policy* needs; the same one as before, if there was one."""
        if not policy.reads & REMEMBERED:
            return None
        if self._memory is None:
            self._memory = Memory(self.settings)
        self._memory.serve(policy)
        return self._memory

    def greet(self, client: Client, now: float) -> Answer | None:
        """What a client with many sessions open is told instead of a greeting; None: welcome."""
        memory = self.memory
        if memory is None or not memory.counts_sessions:
            return None
        count = memory.clients.open_sessions(client.address, now)
        kind = self.kind_of(client)
        key = (kind.number, count)
        if key not in self.greetings:
            facts = Facts(kind.address, None, "", open_sessions=count)
            verdict = decide_at(self.policy, facts, "CONNECT")
            self.greetings[key] = None if verdict is None else self._answer(verdict)
        return self.greetings[key]

    def judge(
        self,
        client: Client,
        reverse_path: str | None,
        forward_path: str,
        now: float,
        spam: bool,
        content: float,
        recent: int = 0,
        greylist_age: float | None = None,
    ) -> Answer:
        """Answer one recipient; *forward_path* stands for all that are alike to the policy.

        Answers are kept by what was asked. A policy that reads the clock, a count or a draw is
        asked each time, and keeps its verdicts by what it makes of them.
        """
        if not self.asks_anew:
            stands_for = self.stands_for
            kind = self.alike.get(client) or self.kind_of(client)
            key = (kind.number, stands_for[reverse_path], stands_for[forward_path])
            answer = self.known.get(key)
            if answer is None:
                answer = self.known[key] = self._asked(kind, key[1], key[2])
            return answer
        if self.listing is not None and self.listing.advance(now):
            self.enforce(self.written)
        age: float | None = None
        if self.reads_pop:
            login = self.last_pop_login(self.network, client.address, now)
            age = None if login is None else now - login
        kind, stands_for = self.kind_of(client), self.stands_for
        return self._asked(
            kind, stands_for[reverse_path], stands_for[forward_path], age, spam, content, recent,
            greylist_age,
        )  # fmt: skip

    def _asked(
        self,
        kind: Kind,
        reverse_path: str | None,
        forward_path: str | None,
        pop_age: float | None = None,
        spam: bool = False,
        content: float = 1.0,
        recent: int = 0,
        greylist_age: float | None = None,
    ) -> Answer:
        assert forward_path is not None, "only senders are null"
        decide = self.decide_587 if kind.port == 587 and self.decide_587 else self.decide
        verdict = decide(
            Facts(
                client=kind.address,
                reverse_path=reverse_path,
                forward_path=forward_path,
                login=kind.login,
                auth_failed=kind.auth_failed,
                pop_age=pop_age,
                listed=kind.listed,
                recent=recent,
                greylist_age=greylist_age,
                spam=spam,
                content_draw=content,
            )
        )
        found = self.answers.get(id(verdict))
        if found is None:
            found = self.answers[id(verdict)] = (verdict, self._answer(verdict))
        return found[1]

    def _answer(self, verdict: Verdict) -> Answer:
        if verdict not in self.said:
            self.said[verdict] = self._numbered(verdict)
        return self.said[verdict]

    def _numbered(self, verdict: Verdict) -> Answer:
        return self.rows.answer(
            self.name,
            cause=verdict.cause,
            accepted=verdict.accepted,
            discarded=verdict.discarded,
            relayed=verdict.relayed,
            permanent=verdict.permanent,
            stage=verdict.stage,
            code=verdict.code,
            enhanced=verdict.enhanced,
            rule=verdict.rule,
        )

    def next_phase(self) -> None:
        """Count apart from now on."""
        self.tally = Tally()
        self.tallies.append(self.tally)


MOST_CLIENTS = 1 << 13
"""Clients whose kind a server keeps: customers of a large ISP hardly come twice."""

MOMENTARY = REMEMBERED | {"pop_age", "spam", "content_draw"}
"""Facts that differ between two transactions of the same client, sender and recipient."""

OWN: dict[str, tuple[int, str, str]] = {
    "busy": (421, "4.3.2", "busy"),
    "unreachable": (0, "", "unreachable"),
    "no_answer": (0, "4.4.2", "unreachable"),  # the session was lost
    "temporary": (451, "4.3.0", "temporary"),
    "unknown": (550, "5.1.1", "unknown_recipient"),
    "no_mx": (550, "5.1.2", "unknown_recipient"),
    "own_notice": (250, "2.0.0", ""),
}
"""Answers that no policy gives: code, enhanced status code (RFC 3463), cause."""
