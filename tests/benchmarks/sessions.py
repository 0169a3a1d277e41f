"""What a session costs, in worlds and under features, against the textbook program of W.

``python tests/benchmarks/sessions.py [ROWS]`` prints a line for each; as a part of the benchmarks
its ratios are compared with the baseline. *Worlds* are whole scenarios; *features* are W with one
thing switched on, to show where a feature makes sessions dearer than it has to.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import workload_w
import worlds
from measuring import Spread, cpu

from sim.world import simulate
from sim.world.tables import Run

ROWS, YARDSTICK, TURNS = 2e4, 10_000, 3
"""Recorder of each line, messages of the textbook program, turns of which the least time counts."""

WORLDS = (
    ("main", "on network + AUTH"),
    ("main", "on network"),
    ("main", "open trust"),
    ("everything", "everything"),
    ("spam / 1", "spam"),
    ("spam / 100", "spam"),
    ("W", "W"),
)
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


def lines(rows: float) -> dict[str, Callable[[], Run]]:
    """By name, what runs each line with about so many *rows*."""
    made: dict[str, Callable[[], Run]] = {
        f"{world}, {arm}": partial(simulate, worlds.WORLDS[world][0](rows), arm, 0)
        for world, arm in WORLDS
    }
    w = workload_w.scenario(rows)
    return made | {
        name: partial(simulate, w.with_overrides(keys), workload_w.ARM, 0)
        for name, keys in FEATURES.items()
    }


def line(run: Callable[[], Run], textbook: Callable[[], Any], turns: int) -> dict[str, float]:
    """What a session and a row cost (µs), and how often the textbook program's session that is.

    The two programs take turns, so that other work on the machine slows both.
    """
    run()  # what is drawn once for all arms is there
    pairs = [(cpu(textbook)[0], cpu(run)) for _ in range(turns)]
    result = pairs[-1][1][1]
    sessions, rows = len(result.attempts["message"]), len(result.recipients["fate"])
    yardstick = min(took for took, _ in pairs) / (YARDSTICK * workload_w.VISITS)
    ours = min(took for _, (took, _) in pairs)
    return {
        "rows": rows,
        "µs a session": 1e6 * ours / sessions,
        "µs a row": 1e6 * ours / rows,
        "events a session": result.events / sessions,
        "ratio": ours / sessions / yardstick,
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
            ratios.setdefault(name, []).append(found[name]["ratio"])
    return found, {f"{name}, session": Spread.of(values) for name, values in ratios.items()}


def main(rows: float = ROWS) -> None:
    """Print a line for each."""
    for name, figures in measure(1, lambda _: None, rows)[0].items():
        print(f"{name:38}", *(f"{key} {value:8.2f}" for key, value in figures.items()))


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
