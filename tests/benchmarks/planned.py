"""How near `mailsim plan` comes: ``python tests/benchmarks/planned.py [SCENARIO...]``.

For every ready scenario, what it says that a replication of all arms takes on one core, and what
one does take, at once after it: the machine should do nothing else.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import sim
from sim.experiment.plan import LEAST, MOST, pace

ROOT = Path(sim.__file__).resolve().parent.parent
FILES = sorted((ROOT / "scenarios").glob("*.toml"))


def main(files: list[Path]) -> None:
    """Print a line a scenario, and how many were outside of what the plan says."""
    outside = 0
    for path in files:
        scenario = sim.load(path)
        told = pace(scenario.model, list(scenario.arms)).seconds(scenario.model)
        told *= len(scenario.arms)
        with tempfile.TemporaryDirectory() as out:
            began = time.perf_counter()
            sim.run(scenario, replications=1, out=out, progress=False)
            took = time.perf_counter() - began
        outside += not LEAST * told <= took <= MOST * told
        print(f"{path.stem:24} told {told:6.2f} s, took {took:6.2f} s: {took / told:.2f} times")
    print(f"{outside} of {len(files)} outside {LEAST} to {MOST} times")


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]] or FILES)
