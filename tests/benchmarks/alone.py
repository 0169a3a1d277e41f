"""What one fresh process measures; `measuring.alone` starts it and reads its answer as JSON."""

from __future__ import annotations

import json
import struct
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

from measuring import cpu, peak
from workload_w import ARM, PLAIN, Bench
from worlds import WORLDS

import sim
from sim.experiment import parts, storage
from sim.measure import columnar, conservation
from sim.measure.counters import columns_of_measures
from sim.measure.exposure import exposure
from sim.records.rows import TABLES
from sim.scenario import Scenario
from sim.workload.workload import workload
from sim.world import simulate
from sim.world.tables import Run

Programs = dict[str, Callable[[], Any]]
YARDSTICK, SMALL = 10_000, 100
"""Messages of W: for the textbook program beside another world; to warm up."""


def point(world: str, rows: float, turns: int) -> dict[str, Any]:
    """One world of about so many *rows*, and the plain programs of W, taking *turns*."""
    make, arm = WORLDS[world]
    scenario = make(rows)
    small = Bench(SMALL)  # once through, so that what is imported late is there
    afterwards(small.scenario, ARM, small.programs()["ours"]())
    found, run, first = once(scenario, arm)
    bench = Bench(round(rows) if world == "W" else YARDSTICK)
    programs = bench.programs() | {"ours": partial(simulate, scenario, arm, 0)}
    times, results = in_turn(programs, turns, {"ours": (first, run)})
    run_each = 1e6 * times["ours"] / found["rows"]
    found |= {"seconds": times["ours"], "run": run_each}
    found |= {name: 1e6 * times[name] / bench.messages for name in PLAIN}
    found["ratios"] = {
        "textbook": run_each / found["textbook"],
        "octets a row": found["octets a row"],
        "kept octets a row": found["kept octets a row"],
    }
    if world == "W":
        fates = {name: bench.fates(result) for name, result in results.items()}
        found["its rows"] = 1e6 * writing(run) / found["rows"]
        found["answers"] = {name: f.answers(bench.inputs.at) for name, f in fates.items()}
        found["differences"] = sum(f.differences(fates["ours"]) for f in fates.values())
        found["ratios"] |= {
            "to heapq": run_each / found["heapq"],
            "to 2.5 folded + rows": run_each / (2.5 * found["folded"] + found["its rows"]),
        }
    return found


def once(scenario: Scenario, arm: str) -> tuple[dict[str, Any], Run, float]:
    """The first run of this process: what it took besides its time, its rows, its time (s)."""
    before = peak()
    planning, _ = cpu(lambda: workload(scenario.arm(arm), 0))
    took, run = cpu(lambda: simulate(scenario, arm, 0))
    after_run = peak()
    after = afterwards(scenario, arm, run)
    after_all = peak()
    n, attempts = (len(table["message"]) for table in (run.recipients, run.attempts))
    messages = sum(count for count, _ in run.intended.values())
    frames = run.frames()
    kept = sum(int(frames[table].memory_usage().sum()) for table in ("recipients", "attempts"))
    found = {
        "rows": n, "attempts": attempts, "messages": messages,
        "plan": 1e6 * planning / n, "after": 1e6 * after / n,
        "events a message": run.events / messages,
        "octets a row": (after_run - before) / n, "kept octets a row": kept / (n + attempts),
        "peak": after_all,
    }  # fmt: skip
    return found, run, took


def in_turn(
    programs: Programs, turns: int, first: dict[str, tuple[float, Any]]
) -> tuple[dict[str, float], dict[str, Any]]:
    """The least time (s) of each program, and its last result; *first* turns are done."""
    least = {name: first[name][0] if name in first else inf for name in programs}
    results = {name: result for name, (_, result) in first.items()}
    for turn in range(turns):
        for name, program in programs.items():
            if turn or name not in first:
                took, results[name] = cpu(program)
                least[name] = min(least[name], took)
    return least, results


def writing(run: Run) -> float:
    """Seconds to write the rows of *run* again, one by one: each table's as packed octets."""
    total = 0.0
    for table in (run.recipients, run.attempts):
        record = struct.Struct("<" + "".join(column.dtype.char for column in table.values()))
        rows = list(zip(*(column.tolist() for column in table.values()), strict=True))
        total += cpu(partial(_write, record.pack, rows))[0]
    return total


def _write(pack: Any, rows: list[tuple[Any, ...]]) -> None:
    written = bytearray()
    for row in rows:
        written += pack(*row)


def afterwards(scenario: Scenario, arm: str, run: Run) -> float:
    """Seconds of what follows a run: books, measures, storing (experiment.tasks)."""

    def do() -> None:
        frames = columnar.of_run(run, TABLES)
        conservation.check(frames, run.intended, run.workload)
        frames["measures"] = columns_of_measures(frames, exposure(scenario))
        parts.store(Path(folder), storage.Task(arm, 0), frames)

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / storage.MANIFEST).touch()
        return cpu(do)[0]


def experiment(
    world: str, rows: float, replications: int, seed: int, workers: int = 1, keep: str = "rows"
) -> dict[str, Any]:
    """An experiment as people run it, stored: the most memory that it took, the rows it kept."""
    make, arm = WORLDS[world]
    results = sim.run(
        make(rows), arms=[arm], replications=replications, seed=seed, workers=workers, keep=keep,
        progress=False,
    )  # fmt: skip
    kept = len(results.recipients) if keep == "rows" else 0
    return {"peak": peak(), "rows": kept}


if __name__ == "__main__":
    what, *arguments = json.loads(sys.argv[1])
    print(json.dumps({"point": point, "experiment": experiment}[what](*arguments)))
