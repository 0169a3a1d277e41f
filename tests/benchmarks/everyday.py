"""What people wait for: import, the first answer of the command, a report, notebook 01.

Each is a process; its time by the clock and on the processor, both the least of the rounds.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from measuring import Spread, cpu
from workload_w import Bench
from worlds import MAIN

NOTEBOOK = MAIN.parents[1] / "notebooks" / "01-open-versus-restricted.ipynb"
MESSAGES = 10_000
"""Of W, for the textbook program: the yardstick."""
FIGURE = "results.figures."
"""What the cell calls that draws the first figure of results."""
RUN = f"""
import nbformat, nbclient
notebook = nbformat.read({str(NOTEBOOK)!r}, as_version=4)
last = [FIGURE in cell.source for cell in notebook.cells].index(True)
notebook.cells = notebook.cells[: last + 1]
where = {{"metadata": {{"path": {str(NOTEBOOK.parent)!r}}}}}
nbclient.NotebookClient(notebook, timeout=600, kernel_name="python3", resources=where).execute()
""".replace("FIGURE", repr(FIGURE))


def commands(folder: Path) -> dict[str, tuple[list[str], dict[str, str]]]:
    """By name: what to call, and what its environment has besides. *folder* holds results."""
    python, mailsim = [sys.executable, "-c"], [sys.executable, "-m", "sim"]
    return {
        "python alone": ([*python, "pass"], {}),
        "import sim": ([*python, "import sim"], {}),
        "mailsim --help": ([*mailsim, "--help"], {}),
        "mailsim check": ([*mailsim, "check", str(MAIN)], {}),
        "mailsim report": ([*mailsim, "report", str(folder)], {}),
        "notebook 01 to its figure, short": ([*python, RUN], {"MAILSIM_SHORT": "1"}),
        "notebook 01 to its figure": ([*python, RUN], {}),
    }


def measure(
    folder: Path, rounds: int, tell: Callable[[str], None]
) -> tuple[dict[str, Any], dict[str, Spread]]:
    """By name: seconds by the clock and on the processor, and what is compared: how many times
    as long on the processor as the textbook program takes in the same round.

    Works in *folder*.
    """
    results = folder / "results"
    mailsim = [sys.executable, "-m", "sim", "run", str(MAIN), "--quick", "--out", str(results)]
    _timed(mailsim, {}, folder)
    textbook = Bench(MESSAGES).programs()["textbook"]
    found: dict[str, list[tuple[float, float]]] = {}
    ratios: dict[str, list[float]] = {}
    for turn in range(rounds):
        yardstick, _ = cpu(textbook)
        for name, (command, more) in commands(results).items():
            tell(f"{name}, round {turn + 1} of {rounds}")
            clock, processor = _timed(command, more, folder)
            found.setdefault(name, []).append((clock, processor))
            ratios.setdefault(name, []).append(processor / yardstick)
    return {
        name: {"clock (s)": min(c for c, _ in times), "processor (s)": min(p for _, p in times)}
        for name, times in found.items()
    }, {name: Spread.of(values) for name, values in ratios.items()}


def _timed(command: list[str], more: dict[str, str], folder: Path) -> tuple[float, float]:
    environment = os.environ | {"IPYTHONDIR": str(folder), "JUPYTER_PREFER_ENV_PATH": "1"} | more
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    clock, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return clock, used
