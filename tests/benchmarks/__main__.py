"""How fast, and how large: ``python tests/benchmarks`` measures, and compares with the baseline.

A short pass: ``python tests/benchmarks --only w,main,spam --sizes 4 --rounds 2``. Parts are the
worlds (w, main, spam, everything) at each size, and sessions, decide, everyday, workers, memory,
large (one run of 10^7 recipients by spam and one with everything on, only where it is named).
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import baseline
import decide
import everyday
import memory
import points
import sessions
import telling
import workers
from measuring import machine
from rich.console import Console

WORLDS = ("w", "main", "spam", "everything")
PARTS = (*WORLDS, "sessions", "decide", "everyday", "workers", "memory", "large")


def arguments() -> argparse.Namespace:
    """What the command was asked."""
    parser = argparse.ArgumentParser(prog="python tests/benchmarks", description=__doc__)
    add = parser.add_argument
    add("--only", default=",".join(PARTS[:-1]), help=f"parts, of {', '.join(PARTS)}")
    add("--sizes", default="4,5,6", help="powers of ten: rows of each world")
    add("--rounds", type=int, default=3, help="processes for each point")
    add("--json", type=Path, metavar="FILE", help="write everything that was found")
    add("--keep", action="store_true", help="make the ratios found the baseline")
    asked = parser.parse_args()
    asked.only = asked.only.split(",")
    asked.sizes = [int(size) for size in asked.sizes.split(",")]
    if unknown := set(asked.only) - set(PARTS):
        parser.error(f"no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    return asked


def main() -> None:
    """Measure what is asked for, tell it, compare."""
    asked, console = arguments(), Console()
    found = {"machine": machine(), "rounds": asked.rounds}
    ratios = {}
    with console.status("") as status, tempfile.TemporaryDirectory() as folder:
        tell = status.update
        if worlds := points.names([part for part in asked.only if part in WORLDS]):
            found["worlds"] = points.measure(worlds, asked.sizes, asked.rounds, tell)
            ratios |= points.ratios(found["worlds"])
        if "sessions" in asked.only:
            found["sessions"], more = sessions.measure(asked.rounds, tell)
            ratios |= more
        if "decide" in asked.only:
            found["decide"] = decide.figures()
        if "everyday" in asked.only:
            found["everyday"], more = everyday.measure(Path(folder), asked.rounds, tell)
            ratios |= more
        if "workers" in asked.only:
            found["workers"], more = workers.measure(asked.rounds, tell)
            ratios |= more
        if "memory" in asked.only:
            found["memory"], more = memory.measure(asked.rounds, tell)
            ratios |= more
        if "large" in asked.only:
            found["large runs"] = memory.large(tell)
    found["ratios"] = {name: spread._asdict() for name, spread in ratios.items()}
    before = baseline.read() if baseline.FILE.exists() else {}
    telling.tell(found, baseline.compare(before, ratios), console)
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    if asked.keep:
        baseline.keep(ratios, found["machine"])
    if different := points.differences(found.get("worlds", {})):
        raise SystemExit(f"the programs of W end {different:.0f} messages differently")


if __name__ == "__main__":
    main()
