"""What a class waits for: ``python tests/benchmarks/labs.py [NUMBER...]``, on two cores.

The panel, each part in seconds of the processor and as a multiple of importing numpy, pandas and
pyplot in a process of its own; then each notebook in full, beside what it says of itself.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nbclient
import nbformat

import sim
from sim.lab.panel import Panel, panel

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
CLAIM = re.compile(r"the computer works for ([\w ]+)\.")
PANELS = {"01": "open-vs-restricted", "02": "six-cases"}
"""Scenarios of the notebooks that have a panel."""
IMPORTS = "import numpy, pandas, matplotlib.pyplot"


def processor(who: int) -> float:
    """Seconds that the processors have worked for this process, or for those that it started."""
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def seconds(action: Callable[[], object]) -> float:
    """Processor time of *action* in this process."""
    start = processor(resource.RUSAGE_SELF)
    action()
    return processor(resource.RUSAGE_SELF) - start


def importing() -> float:
    """Processor time of a fresh Python that imports what figures need: the least of three."""
    times = []
    for _ in range(3):
        start = processor(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", IMPORTS], check=True)
        times.append(processor(resource.RUSAGE_CHILDREN) - start)
    return min(times)


def moved(shown: Panel) -> dict[str, float]:
    """The longest times of the matrix and of the rates, over all arms (s)."""
    states = [replace(shown.start, arm=arm) for arm in shown.model.arms]
    matrix = max(seconds(lambda s=s: shown.matrix(s)._repr_html_()) for s in states)
    shown.picture(shown.start)
    return {"matrix": matrix, "rates": max(seconds(lambda s=s: shown.picture(s)) for s in states)}


def notebook(path: Path) -> tuple[float, float, str]:
    """Run a notebook in full: seconds by the clock and of the processors, and what it claims."""
    content = nbformat.read(path, as_version=4)
    claim = next(m[1] for cell in content.cells if (m := CLAIM.search(cell.source)))
    place = {"metadata": {"path": str(path.parent)}}
    client = nbclient.NotebookClient(content, timeout=900, kernel_name="python3", resources=place)
    clock, work = time.perf_counter(), processor(resource.RUSAGE_CHILDREN)
    client.execute()
    return time.perf_counter() - clock, processor(resource.RUSAGE_CHILDREN) - work, claim


def main(numbers: list[str]) -> None:
    """Print the times of the panels, and of the notebooks that are named, or of all."""
    unit = importing()
    print(f"importing numpy, pandas and pyplot: {unit:.2f} s of the processor")
    for number, name in PANELS.items():
        for part, time_taken in moved(panel(sim.load(name))).items():
            print(f"panel of {number}, {part:6}  {time_taken:.2f} s, {time_taken / unit:.1f} times")
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        if not numbers or path.name[:2] in numbers:
            clock, work, claim = notebook(path)
            print(f"{path.stem:28} {clock:4.0f} s, {work:4.0f} s of processors; says: {claim}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"IPYTHONDIR": folder, "JUPYTER_PREFER_ENV_PATH": "1"}
        main(sys.argv[1:])
