"""What a session costs, in worlds and under features, against the textbook program of W.

``python tests/benchmarks/sessions.py [ROWS]`` prints a line for each; as a part of the benchmarks
its ratios are compared with the baseline. *Worlds* are whole scenarios, of the main one every arm;
*features* are W with one thing switched on, to show where a feature makes sessions dearer than it
has to.

An SMTP session of ours is compared with one of the textbook program in the same process. That one
gets the numbers of W drawn beforehand, writes no rows and has hardly a policy: so *ratio* leaves
drawing the workload and making tables of rows out of ours as well, and *ratio, all* has them in.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import workload_w
import worlds
from measuring import Spread, cpu

from sim.scenario import Scenario
from sim.workload.people import populate
from sim.workload.workload import draw
from sim.world import simulate
from sim.world.tables import Run

ROWS, YARDSTICK, TURNS = 2e4, 10_000, 3
"""Recorder of each line, messages of the textbook program, turns of which the least time counts."""

WORLDS = (
    ("everything", "everything", 5.0),
    ("spam / 1", "spam", 1.0),
    ("spam / 100", "spam", 5.0),
    ("W", "W", 1.0),
)
"""Worlds, arms, and how many times the rows: of hundreds of servers, and of transactions that are
a hundred rows each, there have to be more."""
FEATURES: dict[str, dict[str, Any]] = {
    "W with AUTH": {"users.people.auth": 1.0, "servers.*.relay": "on_network+auth"},
    "W with AUTH that no server asks for": {"users.people.auth": 1.0},
    "W with remedies": {
        "users.people.when_refused": {
            "wait": 0.3, "switch_server": 0.2, "dial_in": 0.1, "ask_isp": 0.2, "give_up": 0.2,
        }
    },
    "W with POP before SMTP": {
        "servers.*.relay": "on_network+pop_first",
        "users.people.pop_before_sending": 0.5,
        "users.people.mail_checks": "5 / day",
    },
    "W with greylisting": {"servers.*.recipient": ["greylist(5 min)"]},
    "W with a rate limit": {"servers.*.client": ["limit_client_rate(100000 / hour)"]},
    "W with temporary failures": {"servers.*.temporary_failure": 0.2},
    "W with three recipients": {"users.people.recipients": 3.0},
    "W with an outage": {"networks.isp-001.down": [["3 h", "4 h"]]},
    "W with a sender check": {"servers.*.sender": ["reject_unknown_sender_domain"]},
}  # fmt: skip


class Case(NamedTuple):
    """An arm of a scenario, to be run."""

    scenario: Scenario
    arm: str

    def __call__(self) -> Run:
        """Run one replication of it."""
        return simulate(self.scenario, self.arm, 0)

    def draw(self) -> None:
        """Draw its workload anew."""
        scenario = self.scenario.arm(self.arm)
        draw(scenario, populate(scenario), 0)


def lines(rows: float) -> dict[str, Case]:
    """By name, what runs each line with about so many *rows*."""
    main, w = worlds.main(rows), workload_w.scenario(rows)
    cases = {f"main, {arm}": Case(main, arm) for arm in main.arms}
    cases |= {
        f"{world}, {arm}": Case(worlds.WORLDS[world][0](rows * times), arm)
        for world, arm, times in WORLDS
    }
    return cases | {
        name: Case(w.with_overrides(keys), workload_w.ARM) for name, keys in FEATURES.items()
    }


def line(run: Case, textbook: Callable[[], Any], turns: int) -> dict[str, float]:
    """What a session and a row cost (µs), and how often the textbook program's session that is.

    The two programs take turns, so that other work on the machine slows both.
    """
    run()  # what is drawn once for all arms is there
    drawing, _ = cpu(run.draw)
    pairs = [(cpu(textbook)[0], cpu(run)) for _ in range(turns)]
    result = pairs[-1][1][1]
    sessions, rows = len(result.attempts["message"]), len(result.recipients["fate"])
    yardstick = min(took for took, _ in pairs) / (YARDSTICK * workload_w.VISITS)
    ours = min(took for _, (took, _) in pairs)
    tables, _ = cpu(result.frames)
    return {
        "rows": rows,
        "µs a session": 1e6 * ours / sessions,
        "µs a row": 1e6 * ours / rows,
        "events a session": result.events / sessions,
        "ratio": ours / sessions / yardstick,
        "ratio, all": (drawing + ours + tables) / sessions / yardstick,
    }


def measure(
    rounds: int, tell: Callable[[str], None], rows: float = ROWS
) -> tuple[dict[str, dict[str, float]], dict[str, Spread]]:
    """Every line in turn, *rounds* times: the last round's figures, and the ratios of all."""
    inputs = workload_w.Bench(YARDSTICK).inputs
    ratios: dict[str, list[float]] = {}
    found: dict[str, dict[str, float]] = {}
    for turn in range(rounds):
        for name, run in lines(rows).items():
            tell(f"{name}, round {turn + 1} of {rounds}")
            found[name] = line(run, partial(workload_w.textbook, inputs), TURNS)
            for ratio, text in (("ratio", "session"), ("ratio, all", "session, all")):
                ratios.setdefault(f"{name}, {text}", []).append(found[name][ratio])
    return found, {name: Spread.of(values) for name, values in ratios.items()}


def main(rows: float = ROWS) -> None:
    """Print a line for each."""
    for name, figures in measure(1, lambda _: None, rows)[0].items():
        print(f"{name:38}", *(f"{key} {value:8.2f}" for key, value in figures.items()))


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
