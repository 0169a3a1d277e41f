"""The exact core asks for pydantic and networkx alone, and answers the same without the others."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ALLOWED = {"pydantic", "networkx", "pydantic_core", "annotated_types", "typing_extensions"}
ALLOWED |= {"typing_inspection", "sim"}
"""The two libraries, with those that they need."""
BLOCK = f"""
import runpy, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        known = top in sys.stdlib_module_names or top[0] == "_"
        if not known and top not in {sorted(ALLOWED)}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Blocked())
"""
ASK = f"{BLOCK}runpy.run_path({str(HERE / 'answers.py')!r}, run_name='__main__')"


def output(*arguments):
    """What a fresh Python prints."""
    run = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.fixture(scope="module")
def everything():
    return json.loads(output(HERE / "answers.py"))


def test_the_answers_are_the_same_without_them(everything):
    assert json.loads(output("-c", ASK)) == everything


def test_most_exercises_need_no_simulation(everything):
    marks = everything["marks"]
    assert len(marks) >= 27
    assert [number for number, texts in marks.items() if not any("✓" in t for t in texts)] == []


def test_what_is_blocked_is_blocked():
    run = subprocess.run([sys.executable, "-c", f"{BLOCK}import numpy"], check=False,
                         capture_output=True, text=True)  # fmt: skip
    assert "No module named 'numpy'" in run.stderr
