"""Correspondents: which mailboxes the customers of a server write to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.workload.columns import Floats, Ints
from sim.workload.people import Person, Population

if TYPE_CHECKING:
    from sim.scenario import Scenario


class Correspondents:
    """Whom the customers of a server write to: mailboxes it holds itself, and all others.

    Mailboxes stand in *order* by domain, so what a server holds is a few intervals of it. A number
    among the mailboxes inside becomes one among all by skipping the gaps before it, and one among
    those outside by skipping the intervals held.
    """

    def __init__(self, scenario: Scenario, population: Population) -> None:
        boxes = population.mailboxes
        self._number_of = {name: number for number, name in enumerate(scenario.servers)}
        by_domain = boxes.by_domain()
        self.order = np.concatenate([np.zeros(0, dtype=np.int64), *by_domain])
        ends = np.cumsum([0, *map(len, by_domain)]).tolist()
        intervals = [
            [(ends[d], ends[d + 1]) for d in sorted(boxes.number_of[d] for d in server.domains)]
            for server in scenario.servers.values()
        ]
        gaps = [
            list(
                zip(
                    [0, *(end for _, end in part)],
                    [start for start, _ in part],
                    strict=False,
                )
            )
            for part in intervals
        ]
        self.inside = np.array([sum(end - start for start, end in part) for part in intervals])
        self.skipped = {True: _columns(gaps), False: _columns(intervals)}  # by whether it is inside

    def servers_of(self, people: Sequence[Person]) -> Ints:
        """By person, the numbers of the submission servers of the first and the last account."""
        number_of = self._number_of
        pairs = [
            (number_of[p.accounts[0].server], number_of[p.accounts[-1].server]) for p in people
        ]
        return np.array(pairs, dtype=np.int64).reshape(-1, 2)

    def pick(
        self, message: Ints, server: Ints, same_isp: NDArray[np.bool_], uniform: Floats
    ) -> tuple[Ints, Ints]:
        """Whom each *message* goes to: a mailbox for each draw, evenly but no two alike; none
        where all are taken. Messages again, ascending, and mailboxes, by domain.

        It is one that *server* holds if it shall be the *same_isp*, else any other.
        """
        inside = self.inside[server]
        outside = len(self.order) - inside
        within = (same_isp & (inside > 0)) | (outside == 0)
        group, boxes = 2 * message + within, np.where(within, inside, outside)
        order = np.argsort(group, kind="stable")
        turn = _turn(group[order])
        remaining = boxes[order] - turn
        order, turn, remaining = order[remaining > 0], turn[remaining > 0], remaining[remaining > 0]
        position = (uniform[order] * remaining).astype(np.int64)
        _set_apart(position, turn)
        message, server, within = message[order], server[order], within[order]
        for is_inside, intervals in self.skipped.items():
            some = np.flatnonzero(within == is_inside)
            for start, length in intervals:
                past = position[some] >= start[server[some]]
                position[some] += np.where(past, length[server[some]], 0)
        message, position = np.divmod(
            np.sort(message * len(self.order) + position), len(self.order)
        )
        return message, self.order[position]


def _turn(group: Ints) -> Ints:
    """How many of the same *group* (ascending) come before each."""
    first = np.flatnonzero(np.diff(group, prepend=-1))
    return np.arange(len(group)) - np.repeat(first, np.diff(first, append=len(group)))


def _set_apart(position: Ints, turn: Ints) -> None:
    """What each of a group (*turn* 0, 1, ...) has *position* is a place among those that were left:
    make it one among all, and let those of a group ascend."""
    for k in range(1, int(turn.max(initial=0)) + 1):
        group = np.flatnonzero(turn == k)[:, None] + np.arange(-k, 1)
        numbers = position[group]
        for other in range(k):
            numbers[:, k] += numbers[:, k] >= numbers[:, other]
        position[group] = np.sort(numbers, axis=1)


def _columns(of_servers: list[list[tuple[int, int]]]) -> list[tuple[Ints, Ints]]:
    """Start and length of the first interval of each server, then of the second, ..."""
    most = max(map(len, of_servers), default=0)
    padded = [part + [(0, 0)] * (most - len(part)) for part in of_servers]
    columns = np.array(padded, dtype=np.int64).reshape(len(padded), most, 2).transpose(1, 2, 0)
    return [(start, end - start) for start, end in columns]
