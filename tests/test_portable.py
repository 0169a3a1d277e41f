"""Nothing outside `sim/serve` needs what Linux alone has: students have Windows and macOS too.

A `sitecustomize` takes away, from Python and from every process that it starts, what Windows lacks.
"""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ABSENT = ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog", "posix_ipc")
"""Modules that Windows has not."""
WITHOUT = ("fork", "forkpty", "getuid", "geteuid", "setsid", "killpg", "unshare", "setns", "mkfifo")
"""Functions of `os` that Windows has not, and namespaces."""
TAKEN = f"""
import os, sys
for name in {ABSENT!r}:
    sys.modules[name] = None
for name in {WITHOUT!r}:
    if hasattr(os, name):
        delattr(os, name)
import signal
del signal.pthread_sigmask
import multiprocessing
multiprocessing.get_all_start_methods = lambda: ["spawn"]
"""
RUN = """
import sys
from pathlib import Path
import sim
from sim.lab import check, exercise
from sim.lab.classes import collecting, handout, pages
from sim.lab.classes.roster import Student

def main():
    out, notebooks = Path(sys.argv[1]), Path(sys.argv[2])
    few = {"run_length": "2 days", "users.travellers.count": 5}
    scenario = sim.load("six-cases").with_overrides(few)
    results = sim.run(
        scenario, arms=list(scenario.arms)[:2], replications=2, workers=2, out=out / "run",
        progress=False,
    )
    print(len(results.recipients) > 0, len(scenario.matrix().as_dict()) > 0)
    print(check("10.1", 20).right, exercise("02.fault", "s1").start is not None)
    handout.new(out / "class", [Student("s1")], notebooks=notebooks)
    pages.write(collecting.collect(out / "class"), out / "marks")
    print((out / "marks" / "s1.html").is_file())

if __name__ == "__main__":
    main()
"""


def test_run_check_and_class_work_without_what_windows_lacks(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(TAKEN)
    (tmp_path / "use.py").write_text(RUN)
    paths = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "use.py", str(tmp_path / "out"), str(ROOT / "notebooks")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.split() == ["True"] * 5


def test_what_is_taken_away_is_away(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(TAKEN)
    for line in ("import fcntl", "import os; os.fork()", "import resource"):
        env = {**os.environ, "PYTHONPATH": str(tmp_path)}
        done = subprocess.run([sys.executable, "-c", line], env=env, capture_output=True)
        assert done.returncode != 0


MODULES = [p for p in (ROOT / "sim").rglob("*.py") if "serve" not in p.parts]
GUARDED = {"locking.py"}
"""Modules that import one of them only where it is."""


def imported(path):
    """The modules that a file names in its imports."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_no_module_imports_them():
    users = {path.name for path in MODULES if set(imported(path)) & set(ABSENT)}
    assert users == GUARDED


@pytest.mark.parametrize("folder", ["sim", "notebooks", "scenarios", "tests", "teacher"])
def test_file_names_are_names_on_windows(folder):
    """No character that Windows forbids, no two names that differ in case alone."""
    done = subprocess.run(
        ["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True, check=False
    )
    names = done.stdout.splitlines()
    assert not [name for name in names if re.search(r'[<>:"\\|?*]|[. ]$', name)]
    assert len({name.casefold() for name in names}) == len(names)
