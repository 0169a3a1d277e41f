"""What a server remembers of its clients, for the restrictions that ask: how many transactions
each made lately, how many sessions it has open, and whom greylisting has seen before.

Nothing is decided here: it becomes facts, and `decide` answers. Only servers whose policy
reads such facts have a memory.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING

from sim.smtp.arguments import Rate
from sim.workload.arrivals import RecipientGroup
from sim.world.recorder import Answer

if TYPE_CHECKING:
    from sim.scenario.servers import Server as Settings
    from sim.smtp import Policy

REMEMBERED = frozenset({"recent", "open_sessions", "greylist_age"})
"""Facts that come from a server's memory."""

AT_ONCE = 64
"""So many more transactions of one client, and those that are over are forgotten."""

Triple = tuple[int, str | None, int]
"""Client, reverse-path and mailbox: what greylisting goes by."""


class Memory:
    """What one server remembers, whatever policy it has at the moment."""

    def __init__(self, settings: Settings) -> None:
        self.clients = Clients()
        self.greylist = Greylist(settings.greylist_window, settings.greylist_memory)
        self.window = 0.0
        self.counts_sessions = self.greylists = self.limits = False
        # fewer sessions, or transactions, are to the policy as if there were none
        self.few = self.few_transactions = 0

    def serve(self, policy: Policy) -> None:
        """Remember what *policy* asks about."""
        limits = (a for r in policy.restrictions() for a in r.args if isinstance(a, Rate))
        self.window = next((limit.window for limit in limits), 0.0)
        self.counts_sessions = "open_sessions" in policy.reads
        self.few, self.few_transactions = (
            ceil(min((n for n in policy.breakpoints(fact) if n > 0), default=0))
            for fact in ("open_sessions", "recent")
        )
        self.greylists = "greylist_age" in policy.reads
        self.limits = self.counts_sessions or self.few_transactions > 0

    def recent(self, client: int, now: float) -> int:
        """Transactions of *client* that its rate limit counts; 0 where they are too few for it."""
        if not (few := self.few_transactions):
            return 0
        return self.clients.recent(client, now, self.window, few)

    def is_quiet(self, client: int, now: float) -> bool:
        """Whether no limit is near for *client*: to the policy it has done nothing lately."""
        if self.counts_sessions and self.clients.open_sessions(client, now, self.few):
            return False
        few = self.few_transactions
        return not (few and self.clients.recent(client, now, self.window, few))

    def count(self, client: int, now: float, until: float) -> None:
        """*client* makes a transaction at *now*, in a session that ends at *until*."""
        if self.counts_sessions:
            self.clients.open_session(client, until)
        if self.few_transactions:
            self.clients.add_transaction(client, now)

    def open_session(self, client: int, until: float) -> None:
        """*client* opens a session that ends at *until*, which counts if sessions do."""
        if self.counts_sessions:
            self.clients.open_session(client, until)

    def add_transaction(self, client: int, now: float) -> None:
        """*client* makes a transaction, which counts if transactions do."""
        if self.few_transactions:
            self.clients.add_transaction(client, now)


class Clients:
    """Transactions and sessions of each client address."""

    def __init__(self) -> None:
        self._transactions: dict[int, list[float]] = {}
        self._ends: dict[int, list[float]] = {}

    def recent(self, client: int, now: float, window: float, few: int = 0) -> int:
        """Transactions of *client* in the last *window* seconds, without those that its rate
        forbade: a client over its limit is slowed down, not shut out. 0 where they are fewer than
        *few*."""
        moments = self._transactions.get(client)
        if moments is None:
            return 0
        since, n = now - window, len(moments)
        if few > 0 and (n < few or moments[-few] <= since) and n % AT_ONCE:
            return 0
        del moments[: bisect_right(moments, since)]
        return len(moments) if len(moments) >= few else 0

    def add_transaction(self, client: int, now: float) -> None:
        """*client* makes a transaction."""
        moments = self._transactions.get(client)
        if moments is None:
            self._transactions[client] = [now]
        else:
            moments.append(now)

    def open_sessions(self, client: int, now: float, few: int = 0) -> int:
        """Sessions that *client* has open, or waits for; 0 where they are fewer than *few*."""
        ends = self._ends.get(client, ())
        if len(ends) < few:  # those that are over are forgotten when it matters
            return 0
        still = self._ends[client] = [end for end in ends if end > now]
        return len(still) if len(still) >= few else 0

    def open_session(self, client: int, until: float) -> None:
        """*client* opens a session that ends at *until*."""
        ends = self._ends.get(client)
        if ends is None:
            self._ends[client] = [until]
        else:
            ends.append(until)


class Greylist:
    """When each triple was first seen.

    A retry later than *window* after that is a first attempt again; a triple that got
    through is known until it has been away for *memory* (RFC 6647 section 5).
    """

    def __init__(self, window: float, memory: float) -> None:
        self.window, self.memory = window, memory
        self._seen: dict[Triple, tuple[float, float, bool]] = {}  # first, last, got through

    def age(self, triple: Triple, now: float) -> float | None:
        """Seconds since *triple* was first seen; None: it is new, or forgotten."""
        seen = self._seen.get(triple)
        if seen is None:
            return None
        first, last, passed = seen
        forgotten = now - last > self.memory if passed else now - first > self.window
        return None if forgotten else now - first

    def __len__(self) -> int:
        return len(self._seen)

    def meet(self, triple: Triple, now: float, delay: float) -> bool:
        """Whether *triple*, which comes at *now*, is as old as *delay* and so gets through."""
        age = self.age(triple, now)
        first = now if age is None else self._seen[triple][0]
        old = age is not None and age >= delay
        self._seen[triple] = first, now, old
        return old

    def note(self, triple: Triple, age: float | None, answer: Answer, now: float) -> None:
        """Keep what became of *triple*, which was of that *age*: greylisted, or let through."""
        if answer.verdict.cause == "greylisted":
            self._seen[triple] = (now if age is None else self._seen[triple][0], now, False)
        elif answer.verdict.accepted and age is not None:
            self._seen[triple] = (self._seen[triple][0], now, True)

    def parts(
        self,
        group: RecipientGroup,
        boxes: Sequence[int],
        client: int,
        reverse_path: str | None,
        now: float,
    ) -> list[tuple[RecipientGroup, float | None, list[Triple]]]:
        """*group* cut into stretches of one age, since recipients that are alike to a policy
        may have been seen at different times. *boxes* are the mailboxes of all rows.

        Mailboxes that do not exist are as many as there are recipients.
        """
        first, end, domain, address = group
        if end - first == 1:  # the usual case
            box = boxes[first]
            triple = client, reverse_path, box if box >= 0 else -1 - first
            return [(group, self.age(triple, now), [triple])]
        triples = [
            (client, reverse_path, box if box >= 0 else -1 - row)
            for row, box in enumerate(boxes[first:end], first)
        ]
        ages = [self.age(triple, now) for triple in triples]
        parts, start = [], 0
        for i in range(1, end - first + 1):
            if i == end - first or ages[i] != ages[start]:
                part = RecipientGroup(first + start, first + i, domain, address)
                parts.append((part, ages[start], triples[start:i]))
                start = i
        return parts
