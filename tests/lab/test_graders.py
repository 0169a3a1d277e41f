"""The course as assignments; the packages that grade them are asked where they are installed."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from sim.lab.classes.graders import export
from sim.lab.exercises import TABLE
from sim.records.usage import UsageError

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ROOT / "notebooks"
GRADERS = Path(os.environ.get("MAILSIM_GRADERS", sys.prefix)) / "bin"
"""Where nbgrader and otter are installed, if not here."""


def needs(name):
    missing = not (GRADERS / name).exists()
    return pytest.mark.skipif(missing, reason=f"{name} is not installed")


@pytest.mark.parametrize("kind", ["nbgrader", "otter"])
def test_every_exercise_is_asked_once_and_tested(kind, tmp_path):
    paths = export(tmp_path, kind, notebooks=NOTEBOOKS)
    sources = [c.source for p in paths for c in nbformat.read(p, 4).cells]
    for number in TABLE:
        name = f"{'policy' if 'fault' in number else 'answer'}_{number.replace('.', '_')}"
        assert sum(f'check("{number}", {name}, student=ME)' in s for s in sources) == 1
        assert sum(f"{name} = " in s for s in sources) == 1
    for path in paths:
        nbformat.validate(nbformat.read(path, 4))


def test_an_unknown_grader_is_named(tmp_path):
    with pytest.raises(UsageError, match="nbgrader"):
        export(tmp_path, "nbgradr", notebooks=NOTEBOOKS)


def run(folder, *words):
    env = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "teacher")]),
        "PATH": os.pathsep.join([str(GRADERS), os.environ["PATH"]]),
        "HOME": str(folder),
        "MAILSIM_SHORT": "1",
    }
    program = GRADERS / words[0]
    done = subprocess.run(
        [program, *words[1:]], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout + done.stderr


SMALL = [
    'import sim\nfrom sim.lab import check, exercise, predict\nME = "s1"',
    'exercise("10.1", student=ME)',
    'answer = None  # a number\ncheck("10.1", answer, student=ME)',
    'answer = None  # a number\ncheck("09.1", answer, student=ME)',
]


@pytest.fixture
def course(tmp_path):
    """A course of one notebook with two exercises."""
    cells = [nbformat.v4.new_code_cell(source) for source in SMALL]
    (tmp_path / "notebooks").mkdir()
    about = nbformat.read(NOTEBOOKS / "11-today.ipynb", 4).metadata
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=about)
    nbformat.write(notebook, tmp_path / "notebooks" / "small.ipynb")
    return tmp_path


def answered(text):
    """One right answer and one wrong one."""
    right = 'right_answer(exercise("10.1", ME))'
    first = f"from mailsim_teacher import right_answer\\nanswer_10_1 = {right}".replace('"', '\\"')
    text = text.replace("answer_10_1 = None  # a number", first)
    text = text.replace("answer_10_1 = ...", first)
    return text.replace("answer_09_1 = None", "answer_09_1 = 9").replace("_09_1 = ...", "_09_1 = 9")


@needs("nbgrader")
@pytest.mark.slow
def test_nbgrader_makes_and_marks_the_assignment(course):
    export(course, "nbgrader", notebooks=course / "notebooks")
    run(course, "nbgrader", "generate_assignment", "small", "--create", "--force")
    released = course / "release" / "small" / "small.ipynb"
    assert "answer_10_1 = None" in released.read_text()
    (course / "submitted" / "s1").mkdir(parents=True)
    shutil.copytree(course / "release" / "small", course / "submitted" / "s1" / "small")
    handed = course / "submitted" / "s1" / "small" / "small.ipynb"
    handed.write_text(answered(handed.read_text()))
    run(course, "nbgrader", "autograde", "small", "--create")
    run(course, "nbgrader", "export", "--to", "grades.csv")
    row = (course / "grades.csv").read_text().splitlines()
    grades = dict(zip(row[0].split(","), row[1].split(","), strict=True))
    assert float(grades["score"]) == 1.0
    assert float(grades["max_score"]) == 2.0


@needs("otter")
@pytest.mark.slow
def test_otter_makes_and_marks_the_assignment(course):
    (master,) = export(course / "master", "otter", notebooks=course / "notebooks")
    run(course, "otter", "assign", "--no-run-tests", str(master), "dist")
    student = course / "dist" / "student" / "small.ipynb"
    text = student.read_text()
    assert "answer_10_1 = ..." in text
    assert 'grader.check(\\"answer_10_1\\")' in text
    assert "# SOLUTION" not in text
    (course / "handed").mkdir()
    handed = course / "handed" / "small.ipynb"
    handed.write_text(answered(text))
    (autograder,) = (course / "dist" / "autograder").glob("*.zip")
    run(course, "otter", "run", "-a", str(autograder), "-o", str(handed.parent), str(handed))
    tests = json.loads((handed.parent / "results.json").read_text())["tests"]
    scores = {test["name"]: test["score"] for test in tests if "answer" in test["name"]}
    assert scores == {"answer_10_1": 1.0, "answer_09_1": 0.0}
