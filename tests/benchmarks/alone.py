"""What one fresh process measures; `measuring.alone` starts it and reads its answer as JSON."""

from __future__ import annotations

import json
import struct
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from measuring import cpu, peak
from workload_w import ARM, Bench
from worlds import WORLDS

import sim
from sim.experiment import storage
from sim.measure import coded, conservation
from sim.measure.exposure import exposure
from sim.measure.tallies import measured
from sim.world import simulate
from sim.world.rows import TABLES
from sim.world.run import exogenous

YARDSTICK, SMALL = 10_000, 100
"""Messages of W: for the textbook program beside another world; to warm up."""


def point(world: str, rows: float, turns: int) -> dict[str, Any]:
    """One world of about so many *rows*, and the plain programs of W, taking *turns*."""
    make, arm = WORLDS[world]
    scenario = make(rows)
    small = Bench(SMALL)  # once through, so that what is imported late is there
    afterwards(small.scenario, ARM, small.programs()["ours"]())
    before = peak()
    planning, _ = cpu(lambda: exogenous(scenario.arm(arm), 0))
    ours = partial(simulate, scenario, arm, 0)
    took, run = cpu(ours)
    after_run = peak()
    after = afterwards(scenario, arm, run)
    after_all = peak()
    frames = run.frames()
    kept = sum(int(frames[table].memory_usage().sum()) for table in ("recipients", "attempts"))
    times = {"ours": [took], "textbook": [], "folded": []}
    bench = Bench(round(rows) if world == "W" else YARDSTICK)
    programs = bench.programs() | {"ours": ours}
    results = {"ours": run}
    for turn in range(turns):
        for name in ("textbook", "folded", "ours"):
            if turn or name != "ours":
                took, results[name] = cpu(programs[name])
                times[name].append(took)
    n, attempts = (len(table["message"]) for table in (run.recipients, run.attempts))
    messages = sum(count for count, _ in run.wishes.values())
    least = {name: 1e6 * min(taken) for name, taken in times.items()}
    textbook, folded = (least[name] / bench.messages for name in ("textbook", "folded"))
    found = {
        "rows": n, "attempts": attempts, "messages": messages, "seconds": least["ours"] / 1e6,
        "run": least["ours"] / n, "plan": 1e6 * planning / n, "after": 1e6 * after / n,
        "textbook": textbook, "folded": folded, "ratio": least["ours"] / n / textbook,
        "events a message": run.events / messages,
        "octets a row": (after_run - before) / n, "kept octets a row": kept / (n + attempts),
        "peak": after_all,
    }  # fmt: skip
    if world == "W":
        fates = {name: bench.fates(result) for name, result in results.items()}
        found["its rows"] = 1e6 * writing(run) / n
        found["answers"] = {name: f.answers(bench.inputs.at) for name, f in fates.items()}
        found["differences"] = sum(f.differences(fates["ours"]) for f in fates.values())
    return found


def writing(run: Any) -> float:
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


def afterwards(scenario: Any, arm: str, run: Any) -> float:
    """Seconds of what follows a run: books, measures, storing (experiment.tasks)."""

    def do() -> None:
        frames = coded.of_run(run, TABLES)
        conservation.check(frames, run.wishes, run.planned)
        frames["measures"] = measured(frames, exposure(scenario))
        storage.store(Path(folder), storage.Task(arm, 0), frames)

    with tempfile.TemporaryDirectory() as folder:
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
