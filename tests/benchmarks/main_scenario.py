"""How long the main scenario takes: microseconds per (message, recipient), events per message.

    python tests/benchmarks/main_scenario.py [SCENARIO] [REPETITIONS]

Process time of one core, the least of the repetitions; the plan of the replication, which
its arms share, apart. A loop of plain additions is timed beside it, because machines differ.
"""

import sys
import time
from pathlib import Path

from sim.scenario import load
from sim.world import simulate
from sim.world.run import exogenous

MAIN = Path(__file__).parents[2] / "scenarios" / "open-vs-restricted.toml"


def least(repetitions, do):
    """The least process time (s) of *do*, and what it returned last."""
    best = float("inf")
    for _ in range(repetitions):
        began = time.process_time()
        result = do()
        best = min(best, time.process_time() - began)
    return best, result


def additions():
    total = 0
    for i in range(1_000_000):
        total += i
    return total


def main(path=MAIN, repetitions="5"):
    scenario = load(path)
    took, _ = least(1, lambda: exogenous(scenario.arm(next(iter(scenario.arms))), 0))
    print(f"plan of one replication, shared by {len(scenario.arms)} arms: {took:.2f} s")
    print(
        f"{'arm':32} {'s':>6} {'rows':>8} {'us/row':>7} {'us/attempt':>11} {'events/message':>15}"
    )
    for arm in scenario.arms:
        took, run = least(int(repetitions), lambda arm=arm: simulate(scenario, arm, 0))
        rows, attempts = (len(t["message"]) for t in (run.recipients, run.attempts))
        messages = sum(n for n, _ in run.wishes.values())
        print(
            f"{arm:32} {took:6.2f} {rows:8} {1e6 * took / rows:7.1f} {1e6 * took / attempts:11.1f}"
            f" {run.events / messages:15.2f}"
        )
    took, _ = least(int(repetitions), additions)
    print(f"10^6 additions in a loop: {took:.3f} s")


if __name__ == "__main__":
    main(*sys.argv[1:])
