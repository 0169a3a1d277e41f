"""The lecturer's guide installs for a class without a network; these are its commands."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "teacher" / "LECTURERS-GUIDE.md").read_text("utf-8")
COLLECT = 'pip wheel --wheel-dir wheels ".[notebook]"'
INSTALL = 'pip install --no-index --find-links wheels "mailsim[notebook]"'
LESSON = """
import sys
from itertools import combinations
import jupyterlab, sim
from sim.lab import check, exercise
assert sim.__file__.startswith(sys.prefix), sim.__file__
answers = (set(some) for size in range(9) for some in combinations(range(1, 9), size))
assert sum(check("02.1", answer).right for answer in answers) == 1
assert exercise("04.2").scenario
"""
CLOSED = "http://127.0.0.1:9"
"""Nobody listens at the discard port."""
OFFLINE = {"PIP_CONFIG_FILE": os.devnull, "MAILSIM_SHORT": "1"} | dict.fromkeys(
    ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), CLOSED
)


@pytest.mark.parametrize("command", [COLLECT, INSTALL])
def test_the_guide_has_the_commands_that_are_tested(command):
    assert f"    {command}\n" in GUIDE


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem)
def test_the_guide_names_every_notebook(path):
    assert f"| {path.stem[:2]} | {path.stem[3:].replace('-', ' ')} |" in GUIDE


def words(command):
    return [part.strip('"') for part in command.split()][1:]


@pytest.mark.slow
def test_a_folder_of_wheels_is_enough(tmp_path):
    """Collect on a machine with a network, install without one, mark an exercise, run a lab."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    probe = [*pip, "download", "--no-deps", "--retries", "0", "--dest", str(tmp_path), "simpy"]
    if subprocess.run(probe, capture_output=True).returncode:
        pytest.skip("no package registry can be reached")
    source, stick = tmp_path / "source", tmp_path / "stick"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(source)], check=True)
    subprocess.run([*pip, *words(COLLECT)], cwd=source, check=True)
    stick.mkdir()
    for folder in ("wheels", "notebooks", "scenarios"):
        (source / folder).rename(stick / folder)
    shutil.rmtree(source)

    venv.create(stick / "course", with_pip=True)
    here = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTHON"))} | OFFLINE

    def offline(program, *rest):
        command = [stick / "course" / "bin" / program, *rest]
        subprocess.run(command, cwd=stick, env=here, check=True)

    offline("python", "-m", "pip", "--quiet", *words(INSTALL))
    offline("python", "-c", LESSON)
    offline("jupyter", "execute", "notebooks/02-six-situations.ipynb")
