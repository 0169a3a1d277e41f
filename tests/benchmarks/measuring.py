"""How it is measured: a process of its own for each round of a point, programs that take turns.

Times are process times of one core (`time.process_time`), because others use the machine too;
of several turns the least counts, since other work only ever adds. A ratio is that of two
programs that took turns in one process; rounds are such processes, and their median is told
with how far they lie apart.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import cache
from importlib import metadata
from math import exp, log, nan
from pathlib import Path
from typing import Any, NamedTuple

LIBRARIES = ("simpy", "numpy", "pandas", "pyarrow", "scipy", "networkx", "pydantic")


def cpu(do: Callable[[], Any]) -> tuple[float, Any]:
    """Process time (s) of *do*, and what it returned; what others left is cleared away before."""
    gc.collect()
    began = time.process_time()
    result = do()
    return time.process_time() - began, result


def peak() -> int:
    """The most memory that this process has had, in octets."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def started(what: str, *arguments: Any) -> subprocess.Popen[bytes]:
    """A fresh process that does *what*, one of those in `alone.py`."""
    script = Path(__file__).with_name("alone.py")
    command = [sys.executable, script, json.dumps([what, *arguments])]
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=compiled())


@cache
def compiled() -> dict[str, str]:
    """An environment in which modules are compiled once, as they are on most machines.

    Where nothing may be written beside the source, each process would compile all of it again.
    """
    kept = tempfile.mkdtemp(prefix="mailsim-compiled-")
    atexit.register(shutil.rmtree, kept, ignore_errors=True)
    rest = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**rest, "PYTHONPYCACHEPREFIX": kept}


def answer(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """What *process* says when it has ended."""
    told, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"a process ended with {process.returncode}")
    return json.loads(told)


def alone(what: str, *arguments: Any) -> dict[str, Any]:
    """What a fresh process says of *what*."""
    return answer(started(what, *arguments))


class Spread(NamedTuple):
    """Rounds of one number: the median, its logarithm's standard deviation, how many rounds."""

    median: float
    deviation: float
    rounds: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Of positive values."""
        logs = [log(v) for v in values]
        deviation = statistics.stdev(logs) if len(logs) > 1 else nan
        return cls(exp(statistics.median(logs)), deviation, len(logs))


def growth(sizes: Sequence[float], seconds: Sequence[float]) -> tuple[float, float]:
    """Slope of log time against log size, and half the width of its 95 % interval."""
    from scipy import stats

    fit = stats.linregress([log(n) for n in sizes], [log(s) for s in seconds])
    return float(fit.slope), float(stats.t.ppf(0.975, len(sizes) - 2) * fit.stderr)


def machine() -> dict[str, Any]:
    """What it was measured on; no name, no path."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory (GB)": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": platform.system(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
        "load average": [round(load, 2) for load in os.getloadavg()],
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
