"""Without threads, processes or sockets, as in a browser: load, matrix, explain, run, figures.

Modules that only processes need cannot be imported at all. The standard library and the libraries
below us import ``threading``, ``socket`` and ``subprocess`` at their top even in a browser, so
they may; nothing of `sim` may, and whoever starts something of theirs fails.
"""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

import sim

ROOT = Path(sim.__file__).resolve().parents[1]

WITHOUT = """
import builtins, os, sys, types

GONE = {"multiprocessing", "concurrent.futures.process", "_multiprocessing"}
NOT_OURS = GONE | {"threading", "_thread", "socket", "_socket", "subprocess"}
OPTIONAL = {"ipywidgets", "IPython", "jupyterlab", "ipykernel"}
import threading, socket, subprocess  # as the libraries below find them

def refuse(what):
    def start(*_, **__):
        raise RuntimeError(f"{what} was started")
    return start

class Gone:
    def find_spec(self, name, path=None, target=None):
        if name in GONE or name.split(".")[0] in OPTIONAL | {"multiprocessing"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

real = builtins.__import__
def importing(name, given=None, *rest, **more):
    who = (given or {}).get("__name__", "")
    if (who == "sim" or who.startswith("sim.")) and name in NOT_OURS:
        raise ModuleNotFoundError(f"{who} imports {name}", name=name)
    return real(name, given, *rest, **more)

sys.meta_path.insert(0, Gone())
builtins.__import__ = importing
threading.Thread.start = refuse("a thread")
subprocess.Popen.__init__ = refuse("a process")
socket.socket.__init__ = refuse("a socket")
os.fork = refuse("a process")
"""

CORE = """
import sim
scenario = sim.load("tests/lab/lab.toml").with_overrides({"run_length": "30 h"})
assert "proseware" in str(scenario.matrix(arm="network"))
assert "550" in str(scenario.explain(
    user="travellers", place="hotel", to="bob@adatum.com", arm="network"))
results = sim.run(scenario, arms=["open", "network"], replications=2, workers=1)
assert len(results.summary())
assert results.figures.rates().axes
assert results.trace(0).attempts
print("done")
"""


def run(code: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT + code],
        cwd=folder,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT), "MAILSIM_SHORT": "1", "MPLBACKEND": "agg", "PATH": ""},
    )


def test_the_core_needs_none_of_them():
    done = run(CORE)
    assert done.stdout.strip() == "done", done.stderr


@pytest.mark.parametrize("name", ["01-open-versus-restricted", "02-six-situations"])
def test_the_first_notebooks_need_none_of_them(name):
    path = ROOT / "notebooks" / f"{name}.ipynb"
    if not path.exists():
        pytest.skip("is not there yet")
    cells = nbformat.read(path, as_version=4).cells
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    lines = [line for line in code.splitlines() if not line.startswith("%")]
    done = run("\n".join([*lines, "print('done')"]), path.parent)
    assert done.stdout.rstrip().endswith("done"), done.stderr


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("import multiprocessing", "No module named 'multiprocessing'"),
        ("from concurrent.futures import ProcessPoolExecutor", "No module named"),
        ("threading.Thread(target=print).start()", "a thread was started"),
        ("subprocess.run(['true'])", "a process was started"),
        ("socket.socket()", "a socket was started"),
        ("exec('import socket', {'__name__': 'sim.x'})", "sim.x imports socket"),
        (CORE.replace("workers=1", "workers=2"), "sim.experiment.workers imports multiprocessing"),
    ],
    ids=["module", "pool", "thread", "process", "socket", "ours", "two workers"],
)
def test_what_is_blocked_is_blocked(code, what):
    assert what in run(code).stderr
