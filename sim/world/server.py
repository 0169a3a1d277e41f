"""One SMTP server: sessions taken first come first served, and answers by its policy.

The hot path. A session's start and end are known when a connection arrives, because the
service time is drawn then; so a small heap of the moments at which sessions come free
replaces a resource and its events. The textbook model stays in the tests as the oracle.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from heapq import heappush, heapreplace
from typing import TYPE_CHECKING

from sim.path.facts import NO_LOGIN, Credentials, facts
from sim.records.words import Cause, complete
from sim.scenario.policies import on_port_587
from sim.smtp import Policy, Verdict
from sim.smtp.decision import decide_at
from sim.smtp.replies import SITUATIONS
from sim.world import outages
from sim.world.deferred import Retries
from sim.world.listing import Listing, reads_list
from sim.world.memory import REMEMBERED, Memory
from sim.world.permissions import personal
from sim.world.recorder import Answer, Recorder
from sim.world.verdict_cache import BySender, VerdictCache

if TYPE_CHECKING:
    from sim.scenario.servers import Server as Settings
    from sim.topology.names import Names
    from sim.world.transport import Transfer


class Sessions:
    """The sessions of a server and the connections that wait for one (M/G/c, first come
    first served)."""

    __slots__ = ("count", "down", "free", "limit", "starts")

    def __init__(self, sessions: int, limit: int, down: Sequence[tuple[float, float]]) -> None:
        self.count = sessions
        self.free = [0.0]  # a heap: when each session that was ever needed comes free
        self.starts: deque[float] = deque()  # of connections that had to wait
        self.limit = limit
        self.down = down

    def admit(self, now: float, service: float) -> float | None:
        """When the session begins that a connection at *now* gets for *service* seconds.

        None if *limit* connections wait already (RFC 5321 section 3.8: 421). Calls must
        come in order of time.
        """
        free = self.free
        start = free[0]
        if start <= now:
            heapreplace(free, now + service)
            return now
        if len(free) < self.count:
            heappush(free, now + service)
            return now
        starts = self.starts
        while starts and starts[0] <= now:
            starts.popleft()
        if len(starts) >= self.limit:
            return None
        starts.append(start)
        heapreplace(free, start + service)
        return start

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


class Tally:
    """What a server did in one phase, besides what its attempts tell."""

    __slots__ = ("relayed", "strangers", "turned_away")

    def __init__(self) -> None:
        self.turned_away = self.relayed = self.strangers = 0


class Server:
    """One server of the scenario, with the policy it has at the moment."""

    def __init__(
        self,
        name: str,
        number: int,
        settings: Settings,
        policy: Policy,
        rows: Recorder,
        last_pop_login: Callable[[str, int, float], float | None],
        names: Names,
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
        self.names = names
        self.tally = Tally()  # that of the present phase
        self.tallies = [self.tally]
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

    def trusts(self, client: int) -> bool:
        """Whether *client* is on one of the server's own networks."""
        return any(first <= client <= last for first, last in self.policy.network_ranges)

    def asked_again(self, transfer: Transfer, forward_path: str, pop_age: float | None) -> Answer:
        """What the answer would be with another *pop_age*."""
        message, answers = transfer.message, self.answers
        moment = answers.moment
        moment.pop_age, moment.recent, moment.greylist_age = pop_age, 0, None
        moment.spam, moment.content_draw = message.spam, message.content
        kind = answers.kind(transfer.address, transfer.shows)
        shown = message.reverse_path if kind.whole_sender else message.shown
        return answers.now(kind)[shown][forward_path]

    def keep(self, listing: Listing | None) -> None:
        """Add the addresses of *listing* to the policy's ranges, now and whenever it changes."""
        if listing is not self._listing:
            self._listing = listing
            self.enforce(self.written)

    def enforce(self, policy: Policy) -> None:
        """Answer by *policy* from now on."""
        self.written = policy
        self.listing = self._listing if reads_list(policy) else None
        if self.listing is not None:
            policy = self.listing.added_to(policy)
        self.personal = personal(policy, listing=self.listing is not None)
        self.policy = policy
        self.memory = self._remembering(policy)  # None: this policy asks for none
        by_587 = on_port_587(policy) if self.settings.port_587 else None
        self.answers = VerdictCache(policy, by_587, self.names, self._lists_of, self._answer)
        self.asks_anew = self.answers.momentary or self.listing is not None
        self.offers = "auth" if self.settings.port_587 else offers(policy)

    def _lists_of(self, address: int) -> tuple[str, ...]:
        return self.listed(address)

    def _remembering(self, policy: Policy) -> Memory | None:
        """The memory that *policy* needs; the same one as before, if there was one."""
        if not policy.reads & REMEMBERED:
            return None
        if self._memory is None:
            self._memory = Memory(self.settings)
        self._memory.serve(policy)
        return self._memory

    def greet(self, address: int, shows: Credentials, now: float) -> Answer | None:
        """What a client with many sessions open is told instead of a greeting; None: welcome."""
        memory = self.memory
        if memory is None or not memory.counts_sessions:
            return None
        count = memory.clients.open_sessions(address, now, memory.few)
        greetings = self.answers.greetings(address, shows)
        if count not in greetings:
            seen = facts(address, None, "", open_sessions=count)
            verdict = decide_at(self.policy, seen, "CONNECT")
            greetings[count] = None if verdict is None else self._answer(verdict)
        return greetings[count]

    def answering(
        self,
        address: int,
        shows: Credentials,
        now: float,
        spam: bool,
        content: float,
        recent: int = 0,
        greylist_age: float | None = None,
    ) -> BySender:
        """The answers to this client at *now*, by reverse-path and forward-path."""
        if self.listing is not None and self.listing.advance(now):
            self.enforce(self.written)
        answers = self.answers
        kind = answers.kind(address, shows)
        if not self.asks_anew:
            return kind.usual
        moment = answers.moment
        if answers.reads_pop:
            login = self.last_pop_login(self.network, address, now)
            moment.pop_age = None if login is None else now - login
        moment.spam, moment.content_draw = spam, content
        moment.recent, moment.greylist_age = recent, greylist_age
        return answers.now(kind)

    def relays_for(self, address: int, reverse_path: str, forward_path: str, now: float) -> bool:
        """Whether it would relay a message from *address* at *now*: a test without one."""
        answer = self.answering(address, NO_LOGIN, now, False, 1.0)[reverse_path][forward_path]
        return answer.accepted and answer.relayed

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


OWN: dict[str, tuple[int, str, str]] = {
    "busy": (421, "4.3.2", "busy"),
    "unreachable": (0, "", "unreachable"),
    "no_answer": (0, "4.4.2", "unreachable"),  # the session was lost
    "temporary": (451, "4.3.0", "temporary"),
    "unknown": (550, "5.1.1", "unknown_recipient"),
    "no_mx": (550, "5.1.2", "unknown_recipient"),
    "own_notice": (250, "2.0.0", ""),
}
"""VerdictCache that no policy gives: code, enhanced status code (RFC 3463), cause."""

CAUSES = {cause for _, _, cause in OWN.values()} | {s.cause for s in SITUATIONS.values()}
complete(CAUSES | set(Cause), Cause, "what servers answer")
