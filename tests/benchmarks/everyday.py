"""What people wait for: import, answers of the command, a what-if, a report, notebook 01.

Each is a process. What counts is how many times as long it takes as a process that only imports
numpy, pandas and matplotlib, timed in the same round: by the clock and on the processor.
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

from measuring import Spread
from worlds import MAIN

NOTEBOOK = MAIN.parents[1] / "notebooks" / "01-open-versus-restricted.ipynb"
UNIT = "import numpy, pandas, matplotlib.pyplot"
"""What the unit of time does."""
PAIR = ("open trust", "on network")
"""The arms of a what-if."""
WHAT_IF = "mailsim run, two arms once"
ASKED = {
    "mailsim --help": 0.2,
    "mailsim matrix": 0.6,
    "mailsim explain": 0.6,
    "mailsim check": 0.4,
    f"{WHAT_IF}: decision": 1.8,
    WHAT_IF: 3.2,
    "two arms once in Python, with a figure": 1.4,
}
"""Units by the clock that each may take at most, on a machine that does nothing else."""
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


IN_PYTHON = f"""
import sim
scenario = sim.load({str(MAIN)!r})
results = sim.run(scenario, arms={PAIR!r}, replications=1, keep="counts", structures=False)
print(results.decision())
results.figures.rates()._repr_html_()
"""


def commands(folder: Path) -> dict[str, tuple[list[str], dict[str, str]]]:
    """By name: what to call, and what its environment has besides. *folder* holds results."""
    python, mailsim = [sys.executable, "-c"], [sys.executable, "-m", "sim"]
    main = str(MAIN)
    message = ["--user", "travellers", "--place", "hotel", "--to", "a@contoso.com"]
    once = ["--replications", "1", "--keep", "counts", "--no-structures", "--force"]
    what_if = ["run", main, "--arms", ",".join(PAIR), *once, "--out", str(folder / "what-if")]
    return {
        "python alone": ([*python, "pass"], {}),
        "import sim": ([*python, "import sim"], {}),
        "mailsim --help": ([*mailsim, "--help"], {}),
        "mailsim check": ([*mailsim, "check", main], {}),
        "mailsim matrix": ([*mailsim, "matrix", main], {}),
        "mailsim explain": ([*mailsim, "explain", main, *message], {}),
        WHAT_IF: ([*mailsim, *what_if], {}),
        "two arms once in Python, with a figure": ([*python, IN_PYTHON], {}),
        "mailsim run --quick": (
            [*mailsim, "run", main, "--quick", "--force", "--out", str(folder / "quick")], {},
        ),
        "mailsim report": ([*mailsim, "report", str(folder / "results")], {}),
        "notebook 01 to its figure, short": ([*python, RUN], {"MAILSIM_SHORT": "1"}),
        "notebook 01 to its figure": ([*python, RUN], {}),
    }  # fmt: skip


def measure(
    folder: Path, rounds: int, tell: Callable[[str], None]
) -> tuple[dict[str, Any], dict[str, Spread]]:
    """By name: seconds and units; and the units of each round, to be compared.

    Works in *folder*.
    """
    mailsim = [sys.executable, "-m", "sim", "run", str(MAIN), "--quick"]
    _timed([*mailsim, "--out", str(folder / "results")], {}, folder)
    _timed([sys.executable, "-m", "compileall", "-q", str(MAIN.parents[1] / "sim")], {}, folder)
    units: dict[str, list[tuple[float, float]]] = {}
    seconds: dict[str, list[tuple[float, float]]] = {}
    for turn in range(rounds):
        unit = _timed([sys.executable, "-c", UNIT], {}, folder)
        for name, (command, more) in commands(folder).items():
            tell(f"{name}, round {turn + 1} of {rounds}")
            clock, processor, first = _timed(command, more, folder)
            times = {name: (clock, processor)}
            if name == WHAT_IF:
                times[f"{name}: decision"] = (first, processor)
            for told, (by_clock, used) in times.items():
                seconds.setdefault(told, []).append((by_clock, used))
                units.setdefault(told, []).append((by_clock / unit[0], used / unit[1]))
    return {
        name: {
            "clock (s)": min(c for c, _ in times),
            "processor (s)": min(p for _, p in times),
            "clock (units)": min(c for c, _ in units[name]),
            "processor (units)": min(p for _, p in units[name]),
        }
        | ({"asked (units)": ASKED[name]} if name in ASKED else {})
        for name, times in seconds.items()
    }, {name: Spread.of([used for _, used in times]) for name, times in units.items()}


def _timed(command: list[str], more: dict[str, str], folder: Path) -> tuple[float, float, float]:
    """Seconds by the clock, on the processor, and by the clock to the first line."""
    environment = os.environ | {"IPYTHONDIR": str(folder), "JUPYTER_PREFER_ENV_PATH": "1"} | more
    environment["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")  # once, as where it is installed
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        process.stdout.readline()
        first = time.perf_counter() - began
        process.stdout.read()
    clock, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return clock, used, first
