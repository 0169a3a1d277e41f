"""How time and memory grow with the rows of one replication, with every feature switched on.

    python tests/benchmarks/size.py [ROWS ...]

For each number of rows (10^4, 10^5 and 10^6 unless told otherwise), each in a process of its
own: rows, process time of the plan and of the run (µs per (message, recipient)), peak memory.
Then the slope of log time against log rows, with its 95 % interval: 1 is linear. A loop of
plain additions is timed beside it, because machines differ and others use them too. The
least of REPETITIONS runs counts.
"""

import json
import resource
import subprocess
import sys
import time
from math import exp, log
from pathlib import Path

EVERYTHING = Path(__file__).with_name("everything.toml")
ARM = "everything"
PEOPLE, ROWS = 10_000, 126_000
"""About so many rows come of so many people."""
REPETITIONS = 2


def scaled(people):
    """The scenario with about *people* people and as much more or less spam."""
    from sim.scenario import load

    scenario = load(EVERYTHING)
    factor = people / PEOPLE
    counts = {
        f"users.{n}.count": max(1, round(u.count * factor)) for n, u in scenario.users.items()
    }
    counts |= {
        f"spammers.{n}.count": max(1, round(s.count * factor)) for n, s in scenario.spammers.items()
    }
    return scenario.with_overrides(counts)


def measure(rows):
    """One replication of about *rows* rows: what it took."""
    from sim.world import simulate
    from sim.world.run import exogenous

    began = time.process_time()
    scenario = scaled(PEOPLE * rows / ROWS)
    loaded = time.process_time()
    exogenous(scenario.arm(ARM), 0)
    planned = time.process_time()
    run = simulate(scenario, ARM, 0)
    ended = time.process_time()
    n, attempts = (len(table["message"]) for table in (run.recipients, run.attempts))
    return {
        "rows": n,
        "attempts": attempts,
        "load (s)": round(loaded - began, 2),
        "plan (s)": round(planned - loaded, 2),
        "run (s)": round(ended - planned, 2),
        "plan, us a row": round(1e6 * (planned - loaded) / n, 1),
        "run, us a row": round(1e6 * (ended - planned) / n, 1),
        "run, us an attempt": round(1e6 * (ended - planned) / attempts, 1),
        "peak memory (MB)": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "10^6 additions (s)": round(additions(), 3),
    }


def additions():
    began, total = time.process_time(), 0
    for i in range(1_000_000):
        total += i
    return time.process_time() - began


def slope(points):
    """Slope of log time against log rows, and half the width of its 95 % interval."""
    import numpy as np
    from scipy import stats

    x, y = np.log(np.array(points)).T
    fit = stats.linregress(x, y)
    return fit.slope, stats.t.ppf(0.975, len(x) - 2) * fit.stderr


def main(*sizes):
    sizes = [int(float(size)) for size in sizes] or [10_000, 30_000, 100_000, 300_000, 1_000_000]
    points = []
    for size in sizes:
        command = [sys.executable, __file__, "--one", str(size)]
        found = [json.loads(subprocess.check_output(command)) for _ in range(REPETITIONS)]
        best = min(found, key=lambda one: one["run (s)"])
        points += [(one["rows"], one["plan (s)"] + one["run (s)"]) for one in found]
        print(json.dumps(best), flush=True)
    if len(sizes) > 1:
        power, width = slope(points)
        print(f"time grows as rows ** {power:.3f} +/- {width:.3f}")
        rows = [n for n, _ in points]
        typical = exp(sum(log(t / n) for n, t in points) / len(points))
        print(f"{1e6 * typical:.1f} us a row, {min(rows)} to {max(rows)} rows, plan and run")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(measure(int(sys.argv[2]))))
    else:
        main(*sys.argv[1:])
