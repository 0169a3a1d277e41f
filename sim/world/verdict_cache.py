"""What one policy has answered so far, kept by what it can tell apart.

`decide` is asked once for each class of clients, state of the session, sender and recipient; after
that an answer is three look-ups. Two clients are of one class if the policy compares neither their
addresses nor their logins differently; a state is what it makes of clocks, counts and draws.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import TYPE_CHECKING

from sim.path.alike import ClientRanges, Representatives, tells_addresses
from sim.path.facts import Credentials, facts
from sim.scenario.policies import on_both_ports
from sim.smtp import Policy, Verdict, decide
from sim.smtp.facts import SessionState
from sim.workload.people import anyone_at

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from sim.topology.names import Names
    from sim.world.recorder import Answer

MOST_CLIENTS = 1 << 13
"""Addresses whose class a server keeps: customers of a large ISP hardly come twice."""
MOST_ANSWERS = 1 << 18
"""Answers that are kept of one policy."""
CHANGING_FACTS = ("pop_age", "greylist_age")
"""Facts that nobody can tell before a message comes."""
EITHER = (False, True)
VARYING = (*CHANGING_FACTS, "recent", "spam", "content_draw")
"""Facts that differ between two transactions of the same client, sender and recipient; how many
sessions are open is asked before there is one."""


class ByRecipient(dict[str, "Answer"]):
    """The answers to one class of clients and one sender in one state, by forward-path."""

    def __init__(
        self, cache: VerdictCache, client_class: ClientClass, reverse_path: str | None
    ) -> None:
        self.cache, self.client_class, self.reverse_path = cache, client_class, reverse_path

    def __missing__(self, forward_path: str) -> Answer:
        """Ask; domains that the policy does not know are asked about once."""
        representative = self.cache.representatives[forward_path]
        if representative is not None and representative != forward_path:
            answer = self[representative]
        else:
            answer = self.cache.ask(self.client_class, self.reverse_path, forward_path)
        self[forward_path] = answer
        return answer


class BySender(dict["str | None", ByRecipient]):
    """The same to one class of clients in one state, by reverse-path."""

    def __init__(self, cache: VerdictCache, client_class: ClientClass) -> None:
        self.cache, self.client_class = cache, client_class

    def __missing__(self, reverse_path: str | None) -> ByRecipient:
        """Senders of domains that the policy does not know share their answers."""
        representative = self.cache.representatives[reverse_path]
        if representative != reverse_path:
            answers = self[representative]
        else:
            answers = ByRecipient(self.cache, self.client_class, reverse_path)
        self[reverse_path] = answers
        return answers


class ClientClass:
    """Clients that are alike to a policy: the address of one of them, its credentials, the lists
    it is on; and what they were answered."""

    __slots__ = (
        "address", "by_state", "credentials", "greetings", "listed", "stateless", "whole_sender",
    )  # fmt: skip

    def __init__(
        self,
        cache: VerdictCache,
        address: int,
        credentials: Credentials,
        listed: tuple[str, ...],
    ) -> None:
        self.address, self.credentials, self.listed = address, credentials, listed
        self.stateless = BySender(cache, self)  # where no clock, count or draw matters
        self.by_state: dict[Hashable, BySender] = {}
        self.greetings: dict[int, Answer | None] = {}  # by sessions open
        self.whole_sender = cache.tells_senders or (
            cache.reads_owners and credentials.login is not None
        )  # the whole address of the sender matters, not its domain alone


class Alike(dict[Credentials, ClientClass]):
    """The classes of clients whose addresses are alike to a policy, by what they show; the address
    of one of them as the server sees it, and the lists it is on."""

    def __init__(self, cache: VerdictCache, address: int, listed: tuple[str, ...]) -> None:
        self.cache, self.address, self.listed = cache, address, listed

    def __missing__(self, credentials: Credentials) -> ClientClass:
        """Find the class of those *credentials*, as far as the policy tells logins apart."""
        login, failed, port, helo = credentials
        if failed:
            login = None
        elif login is not None and not self.cache.reads_owners:
            login = anyone_at(login)
        as_read = Credentials(login, failed, port, helo if self.cache.reads_helo else None)
        if as_read not in self:
            self[as_read] = ClientClass(self.cache, self.address, as_read, self.listed)
        client_class = self[credentials] = self[as_read]
        return client_class


class ByAddress(dict[int, Alike]):
    """The same by address, for the clients that have come."""

    def __init__(self, cache: VerdictCache) -> None:
        self.cache = cache

    def __missing__(self, address: int) -> Alike:
        """Find out to which others the client at *address* is alike."""
        if len(self) >= MOST_CLIENTS:
            self.clear()  # the classes stay: finding one again asks no policy
        cache = self.cache
        visible = cache.visible(address)
        listed = cache.listed(visible) if cache.reads_lists else ()
        name = cache.ranges.client_name(visible, cache.zone)
        key = listed, cache.ranges.within(visible), name
        if key not in cache.alike:
            cache.alike[key] = Alike(cache, visible, listed)
        alike = self[address] = cache.alike[key]
        return alike


class VerdictCache:
    """Everything that one policy has answered.

    *policy_587* holds on port 587; *listed* is what blocklists say of an address, *record* gives
    the answer with which a verdict stands in rows, *names* holds the domains that resolve,
    *address* tells the address that the server sees of a client (None: its own).
    """

    def __init__(
        self,
        policy: Policy,
        policy_587: Policy,
        listed: Callable[[int], tuple[str, ...]],
        record: Callable[[Verdict], Answer],
        names: Names | None = None,
        visible_address: Callable[[int], int] | None = None,
    ) -> None:
        self.policy, self.policy_587 = policy, policy_587
        self.listed, self.record, self.visible_address = listed, record, visible_address
        self.zone = None if names is None else names.zone
        read = self.read = on_both_ports(policy, policy_587)
        self.representatives = Representatives(read, names)
        self.ranges = ClientRanges(read)
        self.varies = not read.reads.isdisjoint(VARYING)
        self.reads_pop = "pop_age" in read.reads
        self.reads_lists = "listed" in read.reads
        self.reads_helo = "helo" in read.reads
        rules = [r.entry for r in read.restrictions() if r.entry.about == "login"]
        self.reads_owners = bool(rules)  # of the senders of clients that log in
        self.tells_senders = any(e.asks_all for e in rules) or tells_addresses(read, "reverse_path")
        self.tells_recipients = tells_addresses(read, "forward_path")
        self.state = SessionState()  # that of the present transaction
        self.state_key = read.state_key_of(VARYING)
        usual = SessionState()
        values = {fact: read.breakpoints(fact) or [getattr(usual, fact)] for fact in CHANGING_FACTS}
        self._changing = list(product(*values.values()))
        self._of_servers = [(None, age) for age in values["greylist_age"]]
        ages = values["greylist_age"]
        self.greylist_delay = ages[-1] if len(ages) == len(EITHER) else None
        """The age (s) from which on a greylist lets a server through; None: it is not one. The
        possible answers to a server are for a new one and for one of that age."""
        self.alike: dict[Hashable, Alike] = {}  # by what the policy makes of an address
        self.by_address = ByAddress(self)
        """The classes of clients that have come, by address and credentials."""
        self._count = 0
        self._greetings: dict[int, Answer | None] = {}  # where all clients are greeted alike
        greeting = policy.lists["connect"]
        spared = bool(greeting) and bool(policy.unlimited)  # clients that no limit holds for
        self._greets_alike = not spared and not any(r.entry.reads for r in greeting)

    def greetings(self, address: int, credentials: Credentials) -> dict[int, Answer | None]:
        """How a client was greeted, by the sessions it has open; None: it was welcome."""
        if self._greets_alike:
            return self._greetings
        return self.client_class(address, credentials).greetings

    def client_class(self, address: int, credentials: Credentials) -> ClientClass:
        """The class of a client, as far as this policy can tell clients apart at present."""
        return self.by_address[address][credentials]

    def answers(self, client_class: ClientClass) -> BySender:
        """What *client_class* is answered in the present `state`."""
        key = self.state_key(self.state)
        answers = client_class.by_state.get(key)
        if answers is None:
            answers = client_class.by_state[key] = BySender(self, client_class)
        return answers

    def content_breakpoints(self) -> list[float]:
        """Draws of content, ascending, from each of which on what filters say is the same."""
        return self.read.breakpoints("content_draw") or [0.0]

    def possible_answers(
        self,
        client_class: ClientClass,
        draw: float,
        reverse_path: str,
        forward_path: str,
        *,
        server: bool = False,
    ) -> list[Answer]:
        """What *client_class*, which has done nothing lately, is answered to honest mail of that
        *draw* of content: one answer, or one for each thing that clocks may say. From the address
        of a *server* nobody logs in for POP."""
        if not self.varies:
            return [client_class.stateless[reverse_path][forward_path]]
        state, answers = self.state, []
        state.spam, state.content_draw, state.recent = False, draw, 0
        for state.pop_age, state.greylist_age in self._of_servers if server else self._changing:
            answers.append(self.answers(client_class)[reverse_path][forward_path])
        return answers if len(set(answers)) > 1 else answers[:1]

    def forget_listings(self, addresses: Iterable[int]) -> None:
        """Blocklists no longer say the same of these *addresses*."""
        if self.visible_address is not None:  # any other may be seen as one of them
            self.by_address.clear()
        for address in addresses:
            self.by_address.pop(address, None)

    def ask(self, client_class: ClientClass, reverse_path: str | None, forward_path: str) -> Answer:
        """Ask the policy itself."""
        self._count += 1
        if self._count >= MOST_ANSWERS:
            self._clear()
        state, credentials = self.state, client_class.credentials
        question = facts(
            client_class.address, reverse_path, forward_path, credentials,
            names=self.zone, listed=client_class.listed, pop_age=state.pop_age,
            recent=state.recent, greylist_age=state.greylist_age, spam=state.spam,
            content_draw=state.content_draw,
        )  # fmt: skip
        return self.record(decide(self.policy_on(credentials.port), question))

    def policy_on(self, port: int) -> Policy:
        """The policy that holds on a port."""
        return self.policy_587 if port != 25 else self.policy

    def _clear(self) -> None:
        self._count = 0
        self.alike.clear()
        self.by_address.clear()

    def visible(self, address: int) -> int:
        """The address that the server sees of the client *address*."""
        return address if self.visible_address is None else self.visible_address(address)
