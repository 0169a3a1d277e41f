"""One SMTP server: sessions taken first come first served, and answers by its policy.

The hot path. A session's start and end are known when a connection arrives, because the
service time is drawn then; so a small heap of the moments at which sessions come free
replaces a resource and its events. The textbook model stays in the tests as the oracle.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from heapq import heapify, heappush, heapreplace
from operator import pos
from typing import TYPE_CHECKING

from sim.path.facts import NO_LOGIN, Credentials, facts
from sim.records.words import Cause, complete
from sim.scenario.policies import on_submission_port
from sim.smtp import Facts, Policy, Verdict, clients
from sim.smtp.addresses import Fault
from sim.smtp.decision import decide_at
from sim.smtp.forwarding import Envelope, forwarded, has_aliases
from sim.smtp.replies import SITUATIONS
from sim.topology.gateways import Gateways
from sim.topology.numbering import IPV4_ONLY, Numbering
from sim.workload.people import NO_SUCH_USER
from sim.world import outages
from sim.world.deferred import Retries
from sim.world.listing import Listing, reads_list
from sim.world.memory import REMEMBERED, Memory
from sim.world.recorder import Answer, Recorder, plain_verdict
from sim.world.verdict_cache import BySender, VerdictCache

if TYPE_CHECKING:
    from sim.scenario.servers import Server as Settings
    from sim.topology.names import Names
    from sim.workload.arrivals import RecipientGroup


MOST_FORWARDED = 1 << 16
"""Envelopes of which a server remembers where its aliases send them."""


class Sessions:
    """The sessions of a server and the connections that wait for one (M/G/c, first come
    first served)."""

    __slots__ = ("count", "down", "free", "limit", "starts")

    def __init__(self, sessions: int, limit: int, down: Sequence[tuple[float, float]]) -> None:
        self.count = sessions
        # A heap: when each session that was ever needed comes free. It grows up to *count*, so
        # that a server with thousands of sessions and few clients is as fast as one with few.
        self.free = [0.0]
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
        # `starts` ascends, because arrivals come in order and each takes the first free session;
        # those that have begun by now wait no longer.
        starts = self.starts
        while starts and starts[0] <= now:
            starts.popleft()
        if len(starts) >= self.limit:
            return None
        starts.append(start)
        heapreplace(free, start + service)
        return start

    def prolong(self, end: float, seconds: float) -> None:
        """The session that was to end at *end* takes *seconds* more, unless it is over."""
        if end in self.free:
            self.free[self.free.index(end)] = end + seconds
            heapify(self.free)

    def is_down(self, now: float) -> bool:
        """Whether a stated outage covers *now*."""
        return outages.is_down(self.down, now)

    def cut(self, at: float) -> None:
        """An outage begins at *at*: whatever would last longer is lost then."""
        self.free = [min(free, at) for free in self.free]  # still a heap
        self.starts = deque(min(start, at) for start in self.starts)


def offers(policy: Policy) -> str:
    """What the help desk tells a customer to switch on: ``auth``, ``pop_first`` or nothing."""
    names = {r.name for r in policy.restrictions()}
    if "permit_sasl_authenticated" in names:
        return "auth"
    return "pop_first" if "permit_pop_before_smtp" in names else ""


PERSONAL = {
    "permit_pop_before_smtp": "window",
    "permit_client_ranges": "listing",
    "permit_sasl_authenticated": "login",
}
"""Restrictions that permit for somebody's sake, and by what."""


def personal(policy: Policy, *, listing: bool) -> dict[str, str]:
    """The restrictions of *policy*'s relay list that permit for somebody's sake, and by what.

    Ranges do where there is a *listing* of people, and the restriction names no others.
    """
    texts: dict[str, str] = {}
    for restriction in policy.lists["relay"]:
        for part in restriction.parts():
            means = PERSONAL.get(part.name)
            if means == "listing" and (part.args or not listing):
                continue
            if means is not None:
                texts.setdefault(restriction.name, means)
    return texts


class Tally:
    """What a server did in one phase, besides what its attempts tell."""

    __slots__ = ("strangers", "turned_away")

    def __init__(self) -> None:
        self.turned_away = self.strangers = 0


class Server:
    """One server of the scenario, with the policy it has at the moment."""

    def __init__(
        self,
        name: str,
        number: int,
        settings: Settings,
        policy: Policy,
        recorder: Recorder,
        last_pop_login: Callable[[str, int, float], float | None],
        names: Names | None = None,
        numbering: Numbering = IPV4_ONLY,
    ) -> None:
        self.name, self.number, self.settings = name, number, settings
        self.network, self.numbering = settings.network, numbering
        self.address = numbering.number(policy.address)
        self.gateways = Gateways(settings.seen_as)
        changes = bool(self.gateways or numbering)
        self.seen: Callable[[int], int] = self._seen if changes else pos
        """The address that it sees of a client, as `sim.smtp.clients` numbers it: usually the
        client's own."""
        outbound = map(clients.number, settings.outbound_addresses)
        self.sources = [*map(numbering.number, outbound)] or [self.address]
        self.domains = policy.domains
        self.sessions = Sessions(settings.sessions, settings.connection_queue, settings.down)
        self.service = settings.service_time.quantile()
        self.retries = Retries(name, settings)
        self.per_recipient, self.submission_port = settings.per_recipient, settings.submission_port
        self.relays_by_sender = bool(settings.sender_dependent_relayhosts)
        self.recorder, self.last_pop_login, self.names = recorder, last_pop_login, names
        self.zone = None if names is None else names.zone
        self.tally = Tally()  # that of the present phase
        self.tallies = [self.tally]
        self.temporary_failure = settings.temporary_failure
        self.listed: Callable[[int], tuple[str, ...]] = lambda _: ()  # set by blocklists
        self.own = {
            name: recorder.answer(self.name, plain_verdict(*reply)) for name, reply in OWN.items()
        }
        self._memory: Memory | None = None
        self._listing: Listing | None = None
        self.enforce(policy)

    def duration(self, draw: float, recipients: int, octets: float, bandwidth: float) -> float:
        """How long a session takes (s), by the *draw* of its service time; *bandwidth* in bit/s."""
        return self.service(draw) + self.per_recipient * recipients + octets * 8 / bandwidth

    def trusts(self, client: int) -> bool:
        """Whether *client* is on one of the server's own networks."""
        if client not in self._trusted:
            address, ranges = self.numbering.address(client), self.policy.network_ranges
            self._trusted[client] = any(first <= address <= last for first, last in ranges)
        return self._trusted[client]

    # ---- its policy

    def keep(self, listing: Listing | None) -> None:
        """Add the addresses of *listing* to the policy's ranges, now and whenever it changes."""
        if listing is not self._listing:
            self._listing = listing
            self.enforce(self.written)

    def change(self, settings: Settings, policy: Policy) -> None:
        """Have other *settings* from now on, and answer by *policy*."""
        self.settings, self.submission_port = settings, settings.submission_port
        self.relays_by_sender = bool(settings.sender_dependent_relayhosts)
        self.enforce(policy)

    def enforce(self, policy: Policy) -> None:
        """Answer by *policy* from now on."""
        self.written = policy
        self.listing = self._listing if reads_list(policy) else None
        if self.listing is not None:
            policy = self.listing.added_to(policy, self.numbering)
        self.personal = personal(policy, listing=self.listing is not None)
        self.policy = policy
        settings = self.settings
        by_587 = on_submission_port(policy, settings) if settings.port_587 else policy
        self.cache = VerdictCache(
            policy, by_587, self._listed, self._record, self.names,
            self.seen if self.gateways or self.numbering else None,
        )  # fmt: skip
        self._trusted: dict[int, bool] = {}
        self.abuses: dict[int, int] = {}
        """By client: how its spam, when relayed, is counted (`sim.world.abuse`)."""
        self.has_aliases = has_aliases(policy)
        self._forwarded: dict[Envelope, Envelope | None] = {}
        self.memory = self._memory_for(self.cache.read)
        self.counts_sessions = self.memory is not None and self.memory.counts_sessions
        self.varies = self.cache.varies or self.listing is not None
        self.is_reserved = self.counts_sessions or bool(self.sessions.down)
        """Whether it may have no session even for a client that finds a way to it."""
        greylists = self.memory is not None and self.memory.greylists
        self.is_plain = not (greylists or self.has_aliases or self.cache.tells_recipients)
        """Whether all recipients of a domain are alike to it."""
        self.offers = "auth" if self.settings.port_587 else offers(policy)

    def _memory_for(self, policy: Policy) -> Memory | None:
        """The store of client history that *policy* reads, created once; None: it reads none."""
        if not policy.reads & REMEMBERED:
            return None
        if self._memory is None:
            self._memory = Memory(self.settings)
        self._memory.serve(policy)
        return self._memory

    def _record(self, verdict: Verdict) -> Answer:
        return self.recorder.answer(self.name, verdict)

    # ---- its mailboxes and aliases

    def lacks(self, group: RecipientGroup, *, exact: bool) -> bool:
        """Whether there is no mailbox for *group* here; *exact*: its address stands for none
        else."""
        if not exact:
            return group.representative.startswith(NO_SUCH_USER)
        read = self.policy.read(group.representative)
        return isinstance(read, Fault) or not self.policy.has_mailbox(read.address)

    def forwarded(self, envelope: Envelope) -> Envelope | None:
        """How *envelope* goes on by its aliases; None: no alias has the recipient."""
        known = self._forwarded
        if envelope not in known:
            if len(known) >= MOST_FORWARDED:
                known.clear()
            known[envelope] = forwarded(self.policy, envelope)
        return known[envelope]

    # ---- its answers

    def _seen(self, client: int) -> int:
        address = self.numbering.address(client)
        return self.gateways.visible_address(address) if self.gateways else address

    def _listed(self, address: int) -> tuple[str, ...]:
        return self.listed(self.numbering.number(address))

    def greet(self, address: int, credentials: Credentials, now: float) -> Answer | None:
        """The refusal of a client with many sessions open; None: it is welcome."""
        memory = self.memory
        if memory is None or not self.counts_sessions:
            return None
        count = memory.clients.open_sessions(self.seen(address), now, memory.few)
        greetings = self.cache.greetings(address, credentials)
        if count not in greetings:
            verdict = decide_at(self.policy, self.greeting_facts(address, now), "CONNECT")
            greetings[count] = None if verdict is None else self._record(verdict)
        return greetings[count]

    def greeting_facts(self, address: int, now: float) -> Facts:
        """What it knows of a client that has just connected."""
        memory, address = self.memory, self.seen(address)
        count = 0 if memory is None else memory.clients.open_sessions(address, now, memory.few)
        return facts(address, None, "", names=self.zone, open_sessions=count)

    def answers_to(
        self,
        address: int,
        credentials: Credentials,
        now: float,
        spam: bool,
        content: float,
        recent: int = 0,
        greylist_age: float | None = None,
    ) -> BySender:
        """The answers to this client at *now*, by reverse-path and forward-path."""
        if self.listing is not None and self.listing.advance(now):
            self.enforce(self.written)
        cache = self.cache
        client_class = cache.by_address[address][credentials]
        if not self.varies:
            return client_class.stateless
        state = cache.state
        if cache.reads_pop:
            state.pop_age = self.pop_age(address, now)
        state.spam, state.content_draw = spam, content
        state.recent, state.greylist_age = recent, greylist_age
        answers = client_class.by_state.get(cache.state_key(state))
        return cache.answers(client_class) if answers is None else answers

    def pop_age(self, address: int, now: float) -> float | None:
        """How long ago (s) somebody logged in for POP from *address*; None: never."""
        login = self.last_pop_login(self.network, address, now)
        return None if login is None else now - login

    def relays_for(self, address: int, reverse_path: str, forward_path: str, now: float) -> bool:
        """Whether it would relay a message from *address* at *now*: a test without one."""
        answers = self.answers_to(address, NO_LOGIN, now, False, 1.0)
        verdict = answers[reverse_path][forward_path].verdict
        return verdict.accepted and verdict.relayed

    def next_phase(self) -> None:
        """Count apart from now on."""
        self.tally = Tally()
        self.tallies.append(self.tally)


OWN: dict[str, tuple[int, str, Cause]] = {
    "busy": (421, "4.3.2", Cause.BUSY),
    "unreachable": (0, "", Cause.UNREACHABLE),
    "no_answer": (0, "4.4.2", Cause.UNREACHABLE),  # the session was lost
    "temporary": (451, "4.3.0", Cause.TEMPORARY),
    "unknown": (550, "5.1.1", Cause.UNKNOWN_RECIPIENT),
    "loop": (554, "5.4.6", Cause.LOOP),
    "no_mx": (550, "5.1.2", Cause.UNKNOWN_RECIPIENT),
    "own_notice": (250, "2.0.0", Cause.NONE),
}
"""Answers that no policy gives: code, enhanced status code (RFC 3463), cause."""

complete(
    {*Cause, *(situation.cause for situation in SITUATIONS.values())}, Cause, "what servers answer"
)
