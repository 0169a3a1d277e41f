"""What is certain of a server's answers before the run, from its policy alone."""

from __future__ import annotations

from operator import pos
from typing import TYPE_CHECKING

from sim.world.batch.columns import Known

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sim.world.recorder import Answer
    from sim.world.server import Server


def fixed_answer(server: Server) -> Known:
    """What is known of all answers of *server*, whatever it is asked."""
    cache = server.cache
    # Here senders and recipients are grouped by domain, and clients are as they are.
    apart = cache.tells_senders or cache.tells_recipients or server.has_aliases
    if apart or cache.reads_helo or server.gateways:
        return Known.ASK
    # Lists, also of people's addresses, change with time; a server that is down answers nothing.
    changes = cache.reads_lists or server.listing is not None or bool(server.sessions.down)
    looks = changes or cache.ranges.one_by_one or not _forgets(server)
    return Known.COUNT if looks else Known.DEPENDS


def _forgets(server: Server) -> bool:
    """Whether clients that have done nothing lately are to *server* as any others."""
    memory = server.memory
    if memory is None or not memory.counts_sessions:
        return memory is None or (server.seen is pos and not memory.greylist)
    limits = server.policy.lists["connect"]
    by_count = all(limit.entry.state_facts == ("open_sessions",) for limit in limits)
    alone = server.policy.plan[0] == ("CONNECT", ("connect",))
    return server.seen is pos and not memory.greylist and memory.few > 0 and by_count and alone


def known_of(answers: Sequence[Answer], server: Server) -> Known:
    """What follows from the possible *answers* of *server* alone."""
    return _known_of(answers[0], server) if len(answers) == 1 else Known.COUNT


def known_of_hop(answers: Sequence[Answer], server: Server) -> Known:
    """The same of those to another server."""
    if len(answers) == 1 or server.cache.greylist_delay is None:
        return known_of(answers, server)
    young, old = (_known_of(answer, server) for answer in answers)
    return Known.GREYLIST if (young, old) == (Known.COUNT, Known.LOCAL) else Known.COUNT


def _known_of(answer: Answer, server: Server) -> Known:
    """The same of one that is certain; COUNT: it is a refusal for now."""
    if answer.verdict.discarded:
        return Known.ASK
    if not answer.verdict.accepted:
        return Known.REFUSAL if answer.verdict.permanent else Known.COUNT
    if not answer.verdict.relayed:
        return Known.LOCAL
    # A permission given for somebody's sake is looked into, see `sim.world.permissions`; a login
    # is its writer's own here.
    means = server.personal.get(answer.verdict.rule, "login")
    return Known.SECOND_HOP if means == "login" else Known.ASK
