"""What the experiment layer adds to a run: ``python tests/benchmarks/overhead.py``.

Targets: under 3 % of a run of the main scenario; under 50 ms a run in a sweep of 200 short runs.
Then what its tables take.

The experiment layer is what is neither simulated nor measured (rows to a table, the books
checked, counts): planning, handing out, storing, the manifest. Processor time, so that other
work on the machine counts little; and wall-clock time, in which waiting for the disk counts.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest import mock

import sim
from sim.results.sweep import open_sweep, sweep

ROOT = Path(sim.__file__).resolve().parent.parent
MAIN = ROOT / "scenarios" / "open-vs-restricted.toml"
SMALL = ROOT / "tests" / "experiment" / "small.toml"
OTHERS = {
    "simulating": ("sim.experiment.tasks.simulate",),
    "measuring": (
        "sim.measure.columnar.of_run",
        "sim.measure.conservation.check",
        "sim.experiment.tasks.exposure",
        "sim.experiment.tasks.columns_of_measures",
    ),
}
"""What is not of the experiment layer, where it is called from `sim.experiment.tasks`."""


def spent(work: Callable[[], Any], clock: Callable[[], float]) -> Counter[str]:
    """Seconds of *work* by *clock*: simulating, measuring, the rest."""
    found: Counter[str] = Counter()

    def timed(kind: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            began = clock()
            try:
                return function(*arguments)
            finally:
                found[kind] += clock() - began

        return call

    with ExitStack() as stack:
        for kind, names in OTHERS.items():
            for name in names:
                where, _, what = name.rpartition(".")
                module = __import__(where, fromlist=[what])
                stack.enter_context(mock.patch(name, timed(kind, getattr(module, what))))
        began = clock()
        work()
        found["experiment"] = clock() - began - found.total()
    return found


def main() -> None:
    """Print a line a clock and a piece of work."""
    points = [{"users.travellers.count": 1 + n} for n in range(100)]
    scenario = sim.load(MAIN)
    sim.run(SMALL, replications=1, progress=False)  # libraries are imported
    for name, clock in (("processor", time.process_time), ("wall clock", time.perf_counter)):
        with tempfile.TemporaryDirectory() as made:
            out = Path(made)
            for keep in ("rows", "counts"):
                of = spent(
                    lambda: sim.run(scenario, out=out / keep, keep=keep, progress=False),  # noqa: B023
                    clock,
                )
                print(
                    f"{name}: 70 runs of the main scenario, keep = {keep}, {of.total():.2f} s: "
                    f"experiment layer {100 * of['experiment'] / of.total():.1f} %, measuring "
                    f"{100 * of['measuring'] / of.total():.1f} %"
                )
            of = spent(
                lambda: sweep(SMALL, points, replications=1, out=out / "s", progress=False),  # noqa: B023
                clock,
            )
            wasted = of["experiment"] + of["measuring"]
            print(
                f"{name}: sweep of 200 short runs: {5 * wasted:.1f} ms a run wasted beside "
                f"{5 * of['simulating']:.1f} ms simulating"
            )
            swept = open_sweep(out / "s")
            began = clock()
            rows = len(swept.summary()) + len(swept.compare())
            print(f"{name}: its tables, {rows} rows, {10 * (clock() - began):.1f} ms a point")


PLANNED = ("six-cases", "pop-window", "silent-discard", "open-vs-restricted", "roaming-sweep",
           "servers-in-trouble", "blocklist-collateral", "adoption-1998-2002")  # fmt: skip


if __name__ == "__main__":
    main()
