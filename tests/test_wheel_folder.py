"""The lecturer's guide installs for a class without a network; these are its commands."""

import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "notebooks" / "LECTURERS-GUIDE.md").read_text("utf-8")
COLLECT = 'pip wheel --wheel-dir wheels ".[notebook]"'
INSTALL = 'pip install --no-index --find-links wheels "mailsim[notebook]"'
LESSON = """
from sim.lab import check, exercise
import jupyterlab
assert check("02.1", {4, 6}).right and exercise("04.2").scenario
"""


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
    """Collect on a machine with a network, install without one, mark an exercise."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    probe = [*pip, "download", "--no-deps", "--retries", "0", "--dest", str(tmp_path), "simpy"]
    if subprocess.run(probe, capture_output=True).returncode:
        pytest.skip("no package registry can be reached")
    source = tmp_path / "source"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(source)], check=True)
    subprocess.run([*pip, *words(COLLECT)], cwd=source, check=True)
    venv.create(tmp_path / "course", with_pip=True)
    python = tmp_path / "course" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "--quiet", *words(INSTALL)], cwd=source, check=True)
    subprocess.run([python, "-c", LESSON], cwd=tmp_path, check=True)
