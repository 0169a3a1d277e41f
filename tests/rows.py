"""Every row of every ready scenario, as digests: shows that a change of the code changes no result.

``python tests/rows.py write`` runs the quick form of each scenario, one replication of each arm,
and writes digests of all columns to ``rows.json``; ``python tests/rows.py check [NAME...]`` runs
them again and names each column that differs. A column that is renamed stands in `RENAMED`,
so that the digests stay those of before.
"""

from __future__ import annotations

import json
import sys
from hashlib import blake2b
from pathlib import Path

import numpy as np

import sim
from sim.experiment.quick import shortened
from sim.world import simulate

HERE = Path(__file__).parent
DIGESTS = HERE / "rows.json"
SCENARIOS = HERE.parent / "scenarios"

RENAMED: dict[str, str] = {"written_at": "wished_at"}
"""Column names of today, and what they were called when the digests were written."""
VALUES: dict[str, dict[str, str]] = {}
"""By column (of today), words of today and what they were."""


def digest(column, name):
    """The number of rows, a digest of the values, and the sum of a float column."""
    if column.dtype.name == "category" or column.dtype == object:
        words = VALUES.get(name, {})
        values = [words.get(value, value) for value in column.astype(str)]
        octets = "\n".join(values).encode()
        total = None
    else:
        array = column.to_numpy()
        octets = array.tobytes()
        total = float(np.nansum(array, dtype=np.float64)) if array.dtype.kind == "f" else None
    return [len(column), blake2b(octets, digest_size=8).hexdigest(), total]


def digests(scenario, arm):
    """Digests of all columns of all tables of one replication."""
    run = simulate(scenario, arm, 0)
    return {
        f"{table}.{RENAMED.get(name, name)}": digest(frame[name], name)
        for table, frame in run.frames().items()
        for name in frame.columns
    }


def rows(names):
    """By scenario and arm, the digests; of those named, or of all."""
    for path in sorted(SCENARIOS.glob("*.toml")):
        if names and path.stem not in names:
            continue
        scenario = shortened(sim.load(path).model).scenario
        yield path.stem, {arm: digests(scenario, arm) for arm in scenario.arms}


def same(before, now):
    """Whether two digests mean the same rows; floats may differ in their last digits."""
    if before is None or now is None or before[0] != now[0]:
        return False
    if before[1] == now[1]:
        return True
    return before[2] is not None and bool(np.isclose(before[2], now[2], rtol=1e-9))


def differences(before, now):
    """The columns whose digests differ."""
    return sorted(name for name in {*before, *now} if not same(before.get(name), now.get(name)))


def main(command, *names):
    """Write the digests, or compare with those written; the number of arms that differ."""
    if command == "write":
        kept = json.loads(DIGESTS.read_text()) if names else {}
        DIGESTS.write_text(json.dumps(kept | dict(rows(names)), indent=0) + "\n")
        return 0
    written, faults = json.loads(DIGESTS.read_text()), 0
    for name, arms in rows(names):
        for arm, now in arms.items():
            changed = differences(written.get(name, {}).get(arm, {}), now)
            faults += bool(changed)
            print(f"{name} / {arm}: {', '.join(changed) or 'equal'}", flush=True)
    return faults


if __name__ == "__main__":
    sys.exit(1 if main(*sys.argv[1:]) else 0)
