"""The course as assignments of nbgrader and of otter-grader, for schools that collect with these.

Each exercise becomes an answer of its own name and a cell of tests, which asks `check`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sim.records.usage import UsageError, one_of

Cell = dict[str, Any]
_CHECK_CALL = re.compile(
    r"^(?P<before>.*?)(?P<name>answer|policy) = (?P<start>[^\n#]*?)(?P<comment>\s*#[^\n]*)?\n"
    r'check\("(?P<number>[\w.]+)", (?P=name), student=ME\)\s*$',
    re.DOTALL,
)
"""A cell in which a student answers an exercise."""


def export(out: Path, kind: str, *, notebooks: Path) -> list[Path]:
    """Write every notebook as an assignment of *kind*: ``nbgrader`` or ``otter``; the files.

    nbgrader: ``source/NAME/NAME.ipynb``, for ``nbgrader generate_assignment NAME``; otter:
    ``NAME.ipynb``, for ``otter assign --no-run-tests``.
    """
    converted = KINDS[one_of("kind", kind, KINDS)]
    offered = sorted(notebooks.glob("*.ipynb"))
    if not offered:
        raise UsageError(f"{notebooks}: no notebook there; expected the folder of the course")
    paths = []
    for path in offered:
        notebook = json.loads(path.read_text("utf-8"))
        cells = [cell for old in notebook["cells"] for cell in converted(old)]
        notebook["cells"] = [*PREAMBLE.get(kind, ()), *cells]
        for number, cell in enumerate(notebook["cells"]):
            cell["id"] = f"cell-{number}"
        folder = out / "source" / path.stem if kind == "nbgrader" else out
        folder.mkdir(parents=True, exist_ok=True)
        paths.append(folder / path.name)
        text = json.dumps(notebook, indent=1, ensure_ascii=False)
        paths[-1].write_text(f"{text}\n", "utf-8", newline="\n")
    return paths


def _question(cell: Cell) -> re.Match[str] | None:
    source = "".join(cell["source"])
    return _CHECK_CALL.match(source) if cell["cell_type"] == "code" else None


def _names(question: re.Match[str]) -> tuple[str, str, str]:
    """A name for the question, the student's cell, and the test.

    The test prints nothing: otter takes whatever a test prints for a failure.
    """
    number = question["number"]
    name = f"{question['name']}_{number.replace('.', '_')}"
    answer = f"{question['before']}{name} = {question['start']}{question['comment'] or ''}"
    test = f'mark = check("{number}", {name}, student=ME)\nassert mark.right, mark'
    return name, answer, test


def nbgrader(cell: Cell) -> Iterator[Cell]:
    """An answer cell, and a locked cell of tests worth a point."""
    question = _question(cell)
    if question is None:
        yield cell
        return
    name, answer, test = _names(question)
    graded = {
        "grade": True,
        "grade_id": name.replace("_", "-"),
        "locked": True,
        "points": 1,
        "schema_version": 3,
        "solution": False,
        "task": False,
    }
    yield code(answer)
    yield code(test, {"nbgrader": graded})


def otter(cell: Cell) -> Iterator[Cell]:
    """A question as `otter assign` reads it: raw cells begin and end its parts."""
    question = _question(cell)
    if question is None:
        yield cell
        return
    name, _, test = _names(question)
    yield raw(f"# BEGIN QUESTION\nname: {name}\npoints: 1")
    yield raw("# BEGIN SOLUTION")
    yield code(f"{question['before']}{name} = {question['start']}  # SOLUTION")
    yield raw("# END SOLUTION")
    yield raw("# BEGIN TESTS")
    yield code(test)
    yield raw("# END TESTS")
    yield raw("# END QUESTION")


def code(source: str, metadata: dict[str, Any] | None = None) -> Cell:
    """A code cell without outputs."""
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": metadata or {},
        "outputs": [],
        "source": source.splitlines(keepends=True),
    }


def raw(source: str) -> Cell:
    """A raw cell."""
    return {"cell_type": "raw", "metadata": {}, "source": source.splitlines(keepends=True)}


KINDS: dict[str, Callable[[Cell], Iterator[Cell]]] = {"nbgrader": nbgrader, "otter": otter}
PREAMBLE = {
    "otter": [raw("# ASSIGNMENT CONFIG\ninit_cell: true\nexport_cell: true\nrun_tests: false")]
}
