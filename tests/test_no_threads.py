"""Without threads, processes or sockets, as in a browser: load, matrix, explain, run, figures.

Modules that only processes need cannot be imported at all. The standard library and the libraries
below us import ``threading``, ``socket`` and ``subprocess`` at their top even in a browser, so
they may; nothing of `sim` may, and whoever starts something of theirs fails.
"""

import ast
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
import _thread, threading, socket, subprocess  # as the libraries below find them

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
threading._start_new_thread = _thread.start_new_thread = refuse("a thread")
if hasattr(threading, "_start_joinable_thread"):  # from Python 3.13 on
    threading._start_joinable_thread = refuse("a thread")
subprocess.Popen.__init__ = refuse("a process")
socket.socket.__init__ = refuse("a socket")
os.fork = os.posix_spawn = os.posix_spawnp = os.system = refuse("a process")
"""

CORE = """
import sim
scenario = sim.load("tests/lab/lab.toml").with_overrides({"run_length": "30 h"})
assert "proseware" in str(scenario.matrix(arm="network"))
assert "550" in str(scenario.explain(
    user="travellers", place="hotel", to="bob@adatum.com", arm="network"))
results = sim.run(scenario, arms=["open", "network"], replications=2, workers=2)
assert len(results.summary())
assert results.figures.rates().axes
assert results.trace(0).attempts
names = ["rates", "causes", "refusals", "topology", "matrix"]
assert (results.save(figures=names, formats=["svg"], workers=2) / "report.html").exists()
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


SHOWN = """
import io

def shown(value):
    if hasattr(value, "savefig"):
        value.savefig(io.BytesIO())
    elif hasattr(value, "_repr_mimebundle_"):
        bundle = value._repr_mimebundle_()
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        assert "text/plain" in data and {"text/html", "image/svg+xml"} & set(data)
    elif value is not None:
        assert value._repr_html_()
"""


def as_run(cell: str) -> str:
    """A cell as a notebook runs it: its last expression is shown."""
    lines = [line for line in cell.splitlines() if not line.startswith("%")]
    parsed = ast.parse("\n".join(lines))
    if parsed.body and isinstance(parsed.body[-1], ast.Expr):
        last = parsed.body[-1]
        last.value = ast.Call(ast.Name("shown", ast.Load()), [last.value], [])
    return ast.unparse(ast.fix_missing_locations(parsed))


@pytest.mark.parametrize("name", ["01-open-versus-restricted", "02-six-situations"])
def test_the_first_notebooks_need_none_of_them(name):
    """All that their cells run and show; controls become a picture, for there are no widgets."""
    path = ROOT / "notebooks" / f"{name}.ipynb"
    cells = [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    assert "panel(scenario)" in cells
    done = run("\n".join([SHOWN, *map(as_run, cells), "print('done')"]), path.parent)
    assert done.stdout.rstrip().endswith("done"), done.stderr


IN_A_BROWSER = """
import sim.experiment.progress as progress
from unittest.mock import patch
from rich.console import Console

sys.platform = "emscripten"
out = io.StringIO()
with patch("rich.console.Console", lambda **_: Console(file=out, force_terminal=True)):
    with progress.progress(2, visible=True) as advance:
        advance()
print(out.getvalue().count("1/2") > 0)
"""


def test_the_progress_bar_needs_no_thread_in_a_browser():
    assert run("import io\n" + IN_A_BROWSER).stdout.strip() == "True"
    elsewhere = IN_A_BROWSER.replace("sys.platform =", "not_here =")
    # rich has taken sys.stderr when its thread is refused
    said = "sys.excepthook = lambda _, error, __: print(error, file=sys.__stderr__)\n"
    assert run("import io\n" + said + elsewhere).stderr == "a thread was started\n"


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("import multiprocessing", "No module named 'multiprocessing'"),
        ("from concurrent.futures import ProcessPoolExecutor", "No module named"),
        ("threading.Thread(target=print).start()", "a thread was started"),
        ("_thread.start_new_thread(print, ())", "a thread was started"),
        ("os.system('true')", "a process was started"),
        ("subprocess.run(['true'])", "a process was started"),
        ("socket.socket()", "a socket was started"),
        ("exec('import socket', {'__name__': 'sim.x'})", "sim.x imports socket"),
    ],
    ids=[
        "module",
        "pool",
        "thread",
        "bare thread",
        "shell",
        "process",
        "socket",
        "ours",
    ],
)
def test_what_is_blocked_is_blocked(code, what):
    assert what in run(code).stderr
