"""Seconds and memory to count fates by arm in ten million stored rows, and what checksums take.

``python tests/benchmarks/scan.py [ROWS]``; the rows are those of the small scenario, many times.
"""

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

SMALL = Path(__file__).parents[1] / "experiment" / "small.toml"
ARMS = tuple(f"policy {number}" for number in range(8))
PATH = {"PYTHONPATH": os.pathsep.join(map(str, (Path(__file__).parents[2], Path(__file__).parent)))}
AT_MOST = {"seconds": 1.0, "megabytes": 300.0}


def fill(root: Path, rows: int) -> None:
    """Store *rows* of recipients, two replications of each arm."""
    import numpy as np

    import sim
    from sim.experiment import parts
    from sim.experiment.execution import Execution
    from sim.experiment.journal import Done, Journal
    from sim.experiment.manifest import new_manifest
    from sim.experiment.storage import Task
    from sim.measure import columnar

    model = sim.load(SMALL).model
    one = sim.run(model, replications=1, arms=["open trust"], progress=False).recipients
    table = columnar.of(one)
    each = rows // (2 * len(ARMS))
    times = -(-each // len(one))
    many = columnar.Columnar(
        {name: np.tile(values, times)[:each] for name, values in table.columns.items()},
        table.categories,
    )
    manifest = new_manifest(model, Execution())
    manifest.extend(ARMS, 2)
    manifest.write(root)
    with Journal(root) as log:
        for task in (Task(arm, replication) for replication in range(2) for arm in ARMS):
            checks = parts.store(root, task, {"recipients": many})
            log.add(Done(task, 1.0, 1, each, 1.0, checks))


def count(root: Path) -> None:
    """Count fates by arm, and say how long that took, and how much memory the process had."""
    import sim

    sim.open_results(root)  # what is imported is not what is measured
    import pyarrow.dataset  # noqa: F401

    start = time.perf_counter()
    fates = counted(sim.open_results(root))
    seconds = time.perf_counter() - start
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{sum(fates.values()):,} rows: {seconds:.2f} s, {megabytes:.0f} MB at most")
    if seconds > AT_MOST["seconds"] or megabytes > AT_MOST["megabytes"]:
        sys.exit(1)


def counted(results) -> dict[tuple[str, str], int]:
    """How many recipients there are by arm and fate."""
    table = results.scan("recipients").to_table(columns=["arm", "fate"]).unify_dictionaries()
    counts = table.group_by(["arm", "fate"]).aggregate([([], "count_all")])
    return {(row["arm"], row["fate"]): row["count_all"] for row in counts.to_pylist()}


def main() -> None:
    rows = int(float(sys.argv[1])) if len(sys.argv) > 1 else 10_000_000
    with tempfile.TemporaryDirectory() as folder:
        import subprocess

        code = (
            "import sys; sys.path.insert(0, sys.argv[1]); import scan; from pathlib import Path; "
        )
        for step in (f"scan.fill(Path(sys.argv[2]), {rows})", "scan.count(Path(sys.argv[2]))"):
            here = str(Path(__file__).parent)
            subprocess.run([sys.executable, "-c", code + step, here, folder], check=True)


if __name__ == "__main__":
    main()
