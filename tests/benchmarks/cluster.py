"""Processor time of many short runs, by a cluster of Dask and by the pool: ``python
tests/benchmarks/cluster.py [REPLICATIONS]``.

Each is a process of its own, which counts its children too; what both need to start is taken off by
a second, shorter run. On a machine that does nothing else: what a cluster does by the clock counts
as well.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import sim

SMALL = Path(__file__).parents[1] / "experiment" / "small.toml"
SHORT = 20
"""Replications of the shorter run; two arms each."""
WORKERS = 2
UNPROFILED = {"DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False"}
"""Workers look a hundred times a second at what they do unless told not to."""


def perform(how: str, replications: int) -> None:
    """Run, and print the processor time (s) of this process and its children."""
    warnings.simplefilter("ignore")
    scenario = sim.load(SMALL)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "r")
        if how == "pool":
            sim.run(scenario, replications=replications, out=out, workers=WORKERS, progress=False)
        else:
            import distributed

            with (
                distributed.LocalCluster(
                    n_workers=WORKERS, threads_per_worker=1, dashboard_address=None, silence_logs=50
                ) as cluster,
                distributed.Client(cluster) as client,
            ):
                executor = client.get_executor(pure=False)
                sim.run(
                    scenario, replications=replications, out=out, executor=executor, progress=False
                )
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(sum(one.ru_utime + one.ru_stime for one in used))


def seconds(how: str, replications: int) -> float:
    """Processor time of so many replications beyond those of the shorter run (s)."""
    times = [
        float(
            subprocess.run(
                [sys.executable, __file__, how, str(number)],
                env=os.environ | UNPROFILED,
                stdout=subprocess.PIPE,
                check=True,
            ).stdout
        )
        for number in (SHORT, SHORT + replications)
    ]
    return times[1] - times[0]


def main(replications: int = 500) -> None:
    """Print both, and how many times the pool's time the cluster takes."""
    pool, cluster = (seconds(how, replications) for how in ("pool", "cluster"))
    print(f"{2 * replications} runs: pool {pool:.1f} s, cluster {cluster:.1f} s", end=", ")
    print(f"{cluster / pool:.2f} times")


if __name__ == "__main__":
    if sys.argv[1:2] in (["pool"], ["cluster"]):
        perform(sys.argv[1], int(sys.argv[2]))
    else:
        main(*map(int, sys.argv[1:]))
