"""What happened in the columns of the accelerator: the fates of recipients, and the attempts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.workload.columns import Floats, Ints, view
from sim.world.batch.columns import Known
from sim.world.recorder import FATES, Parts, Recorder

if TYPE_CHECKING:
    from sim.world.batch.precompute import Precomputed


class Outcomes:
    """Reads the columns of one run, as they are when it is over."""

    def __init__(self, known: Precomputed) -> None:
        self.known = known
        self.messages, self.groups = known.messages, known.groups

    def write(self, recorder: Recorder) -> None:
        """Enter the fates of the recipients that have met theirs here."""
        messages, groups = self.messages, self.groups
        # Columns are read as they are now: what a later policy change made of them concerns only
        # messages that had not come (`recompute` leaves those before `_next` alone).
        ended = np.isin(groups.at_first, (Known.LOCAL, Known.REFUSAL))
        local_groups = np.flatnonzero(ended & messages.took_place[groups.message])
        self._settle(
            recorder,
            local_groups,
            groups.first_outcome,
            (messages.start + messages.took)[groups.message],
        )
        self._settle(
            recorder, np.flatnonzero(groups.took_place), groups.outcome, groups.start + groups.took
        )
        refused = np.flatnonzero(messages.took_place & (messages.known == Known.REFUSAL))
        recorder.write_given_up(refused, groups.first_outcome[groups.first[refused]])

    def _settle(self, recorder: Recorder, some: Ints, outcome: Ints, at: Floats) -> None:
        groups = self.groups
        recorder.write_outcomes(groups.row[some], groups.count[some], outcome[some], at[some])

    def _relayed(self) -> NDArray[Any]:
        """How many recipients of each message its first server relays."""
        groups = self.groups
        some = groups.at_first == Known.SECOND_HOP
        messages = len(self.known.order)
        return np.bincount(groups.message[some], groups.count[some], minlength=messages)

    def attempts(self) -> Parts:
        """Return the attempts that took place here, at first hops and at second ones.

        Each column is made when it is asked for, so that only one is there at a time.
        """
        messages, groups, known = self.messages, self.groups, self.known
        first = known.order[messages.took_place[known.order]]  # in order of time
        second = np.flatnonzero(groups.took_place)  # nearly so
        message = groups.message[second]
        count, refused = np.diff(known.first_row), messages.known == Known.REFUSAL
        return {
            "message": lambda: (first, message),
            "attempt": lambda: (
                view(known.context.recorder.messages.attempts)[first],
                groups.attempt[second],
            ),
            "hop": lambda: (np.zeros(len(first), np.int8), np.ones(len(second), np.int8)),
            "at": lambda: (messages.at[first], groups.at[second]),
            "client": lambda: (known.client[first], known.addresses[messages.server[message]]),
            "place": lambda: (known.place[first], np.zeros(len(second), np.int16)),
            "server": lambda: (messages.server[first], groups.server[second]),
            "recipients": lambda: (count[first], groups.count[second]),
            "accepted": lambda: (np.where(refused, 0, count)[first], groups.count[second]),
            "relayed": lambda: (self._relayed()[first], np.zeros(len(second), np.int8)),
            "answer": lambda: (
                groups.first_outcome[groups.first[first]] // FATES,
                groups.outcome[second] // FATES,
            ),
            "waited": lambda: (
                messages.start[first] - messages.at[first],
                groups.start[second] - groups.at[second],
            ),
            "took": lambda: (messages.took[first], groups.took[second]),
            "permission": lambda: (known.permission[first], np.zeros(len(second), np.int8)),
        }
