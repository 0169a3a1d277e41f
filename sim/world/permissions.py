"""By whose permission a submission was relayed: one's own, or somebody else's.

Servers cannot tell, and nothing here changes an answer: `decide` is asked again with the
client's own POP logins alone, and whoever gets another answer had used another's window.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sim.records.words import Permission

if TYPE_CHECKING:
    from sim.path.facts import Credentials
    from sim.workload.pop_logins import PopLogins
    from sim.world.recorder import Answer
    from sim.world.server import Server
    from sim.world.transfers import Message, Replies, Transfer
    from sim.world.verdict_cache import VerdictCache

NUMBERS = {str(permission): permission.number for permission in Permission}
NOBODYS = NUMBERS[""]


class Permissions:
    """Tells whose permission it was; *shared* are addresses that stand for many guests, and
    *owners* the person of each login."""

    def __init__(self, pop: PopLogins, shared: frozenset[int], owners: Mapping[str, int]) -> None:
        self.pop, self.shared, self.owners = pop, shared, owners

    def of(
        self, transfer: Transfer, who: int, now: float, accepted: Replies, refused: Replies
    ) -> int:
        """The number of the `Permission` for a submission by *who* (-1: a spammer)."""
        server = transfer.server
        for (_, _, _, address), answer in accepted:
            means = server.personal.get(answer.verdict.rule) if answer.verdict.relayed else None
            if means is not None:
                by = getattr(self, f"_{means}")(transfer, who, now, address)
                return NUMBERS[by]
        listed_person = server.listing is not None and who in server.listing.people
        if listed_person and any(answer.verdict.cause == "relaying" for _, answer in refused):
            return Permission.MISSED_LISTING.number
        return NOBODYS

    def _window(self, transfer: Transfer, who: int, now: float, address: str) -> str:
        return self.window(
            transfer.server, transfer.address, transfer.credentials, transfer.message, who, now,
            address,
        )  # fmt: skip

    def window(
        self,
        server: Server,
        client: int,
        credentials: Credentials,
        message: Message,
        who: int,
        now: float,
        address: str,
    ) -> str:
        """Whose POP login let *client* relay *message* to *address* through *server*."""
        own = self.pop.last_of(who, server.network, client, now) if who >= 0 else None
        cache, age = server.cache, None if own is None else now - own
        answer = _with_pop_age(cache, client, credentials, message, address, age)
        if answer.verdict.cause != "relaying":
            return "own_window"
        return "shared_window" if client in self.shared else "inherited_window"

    def _listing(self, transfer: Transfer, who: int, now: float, address: str) -> str:  # noqa: ARG002
        return self.listing(transfer.server, transfer.address, who)

    def listing(self, server: Server, client: int, who: int) -> str:
        """For whose sake *client*, which *who* sends from, is on the list of *server*."""
        assert server.listing is not None, "only then is it personal"
        seen = server.numbering.address(client)
        if any(first <= seen <= last for first, last in server.written.client_range_pairs):
            return ""
        return "own_listing" if who in server.listing.owners(client) else "others_listing"

    def _login(self, transfer: Transfer, who: int, now: float, address: str) -> str:  # noqa: ARG002
        login = transfer.credentials.login
        owner = who if login is None else self.owners.get(login, who)
        return "own_login" if owner == who else "stolen_login"


def _with_pop_age(
    cache: VerdictCache,
    client: int,
    credentials: Credentials,
    message: Message,
    forward_path: str,
    pop_age: float | None,
) -> Answer:
    """What the answer would be with another *pop_age*."""
    state = cache.state
    state.pop_age, state.recent, state.greylist_age = pop_age, 0, None
    state.spam, state.content_draw = message.spam, message.content
    client_class = cache.client_class(client, credentials)
    sender = message.reverse_path if client_class.whole_sender else message.representative
    return cache.answers(client_class)[sender][forward_path]
