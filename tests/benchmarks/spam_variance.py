"""What the spread of spam from run to run comes from, and what other ways of drawing could save.

``python tests/benchmarks/spam_variance.py [PAIRS] [ARM ...]`` runs the main scenario with numbers
of two replications mixed: all of a run's from one, but one kind of stream from the other. The
correlation of two runs that have only this kind in common is its *share* of the variance by itself
(Sobol's first-order index, estimated as in Saltelli et al. 2010). So drawing one kind in strata
divides the runs needed by at most 1 / (1 - share); and K draws of all that spammers find within one
workload, at the cost of K runs and one workload, change variance times cost as *repeated* says.
Both for campaigns that come as in a Poisson process and for those in strata, which are the default.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from unittest import mock

import numpy as np
from measuring import cpu
from worlds import MAIN

from sim.records.words import Fate, MailClass, Phase
from sim.scenario import Scenario, load
from sim.workload import streams, workload
from sim.world import context, simulate

PAIRS, ARMS = 60, ("on network", "on network + AUTH")
WORKLOAD, REST = "the workload", "the rest"
DRAWS = (2, 4, 8)
"""Draws of what spammers find within one workload."""


class Mixed:
    """Streams of several replications, by kind."""

    def __init__(self) -> None:
        self.kinds: set[str] = set()
        self.replication: Mapping[str, int] = {}

    def stream(
        self, seed: int, *, replication: int, entity: str, purpose: str
    ) -> streams.Generator:
        """The stream as it is in the replication that its kind is taken from."""
        kind = purpose.partition(":")[0] if entity.startswith("spammers.") else WORKLOAD
        self.kinds.add(kind)
        taken = self.replication.get(kind, self.replication.get(REST, replication))
        return streams.stream(seed, replication=taken, entity=entity, purpose=purpose)

    def spam(self, scenario: Scenario, arm: str, **replication: int) -> int:
        """Spam delivered in the long run of an *arm*."""
        self.replication = replication
        run = simulate(scenario, arm, replication.get(WORKLOAD, replication[REST]))
        words = {"class": MailClass.SPAM, "fate": Fate.DELIVERED, "phase": Phase.STEADY}
        mask = np.ones(len(run.recipients["class"]), dtype=bool)
        for column, word in words.items():
            names = list(run.categories["recipients"][column])
            mask &= run.recipients[column] == names.index(str(word))
        return int(mask.sum())


def shares(
    mixed: Mixed, scenario: Scenario, arm: str, pairs: int
) -> tuple[list[int], dict[str, float]]:
    """The spam of *pairs* runs, and the share of its variance that each kind of stream has by
    itself (standard error: 1 / sqrt(*pairs*) where it is small)."""
    common = [mixed.spam(scenario, arm, **{REST: i}) for i in range(pairs)]

    def share(**taken: int) -> float:
        """That of the kinds that are *taken* from a run of `common`."""
        other = [
            mixed.spam(scenario, arm, **{kind: i + by for kind, by in taken.items()})
            for i in range(pairs)
        ]
        return float(np.corrcoef(common, other)[0, 1])

    spammers = sorted(mixed.kinds - {WORKLOAD})
    return common, {
        WORKLOAD: share(**{WORKLOAD: 0, REST: pairs}),
        "all that spammers find": share(**{WORKLOAD: pairs, REST: 0}),
        **{kind: share(**{kind: 0, WORKLOAD: 2 * pairs, REST: 3 * pairs}) for kind in spammers},
    }


def repeated(spammers: float, draw: float, run: float, draws: int) -> float:
    """Variance times cost of *draws* within one workload, to that of one; *spammers* is their
    share of the variance, *draw* and *run* what a workload and a run take."""
    variance = 1.0 - spammers + spammers / draws
    return variance * (draw + draws * run) / (draw + run)


def main(pairs: int, *arms: str) -> None:
    """Print the shares of each arm, and what follows."""
    mixed, scenario = Mixed(), load(MAIN)
    with (
        mock.patch.object(context, "stream", mixed.stream),
        mock.patch.object(workload, "stream", mixed.stream),
    ):
        for arm in arms:
            found = shares(mixed, scenario, arm, pairs)
            drawing, _ = cpu(lambda arm=arm: workload.workload(scenario.arm(arm), -1))
            running, _ = cpu(lambda arm=arm: mixed.spam(scenario, arm, **{REST: -1}))
            print(f"{arm}: standard error of a share {1 / np.sqrt(pairs - 2):.2f}")
            for kind, share in found.items():
                print(f"  {kind:26}{share:6.2f}  strata save at most {1 / (1 - max(share, 0)):.1f}")
            most = max(0.0, 1.0 - found[WORKLOAD])
            for draws in DRAWS:
                worth = repeated(most, drawing, running - drawing, draws)
                print(f"  repeated, {draws} draws: variance times cost {worth:.2f} of one draw")


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else PAIRS, *(sys.argv[2:] or ARMS))
