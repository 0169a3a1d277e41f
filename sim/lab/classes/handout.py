"""Folders for students: the notebooks and scenarios, without anything that is the teacher's."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sim.lab.classes import roster
from sim.lab.classes.roster import Student
from sim.lab.recording import KEY
from sim.records.usage import UsageError
from sim.scenario import ready

ONE = "course"
"""The folder where all students get the same."""
ME = re.compile(r"^ME = [^#\n]*?(?=\s*#|\s*$)", re.MULTILINE)
"""The line of a notebook in which a student writes an id."""
WORDS = """{title}

Start JupyterLab in this folder (jupyter lab) and open a notebook.
{identity}
Save each notebook when you have finished (File, Save), and hand in this whole folder:
the notebooks keep your answers and predictions with their times.
"""


def new(out: Path, students: Sequence[Student] = (), *, notebooks: Path) -> list[Path]:
    """Write a folder for each of *students* into *out*, or one folder for all; the folders.

    Raises UsageError where *notebooks* has none or *out* is not empty.
    """
    offered = sorted(notebooks.glob("*.ipynb"))
    if not offered:
        raise UsageError(f"{notebooks}: no notebook there; expected the folder of the course")
    if out.exists() and any(out.iterdir()):
        raise UsageError(f"{out} is not empty; choose another folder")
    out.mkdir(parents=True, exist_ok=True)
    folders = [_folder(out / s.folder, offered, s) for s in students]
    if not students:
        return [_folder(out / ONE, offered, None)]
    roster.write(out / roster.FILE, list(students))
    return folders


def _folder(folder: Path, notebooks: Sequence[Path], student: Student | None) -> Path:
    (folder / "scenarios").mkdir(parents=True)
    for path in notebooks:
        notebook = json.loads(path.read_text("utf-8"))
        text = json.dumps(personal(notebook, student), indent=1, ensure_ascii=False)
        (folder / path.name).write_text(text + "\n", "utf-8", newline="\n")
    for name in ready.names():
        shutil.copyfile(ready.path_of(name), folder / "scenarios" / f"{name}.toml")
    identity = (
        f"Your student id, {student.number}, stands in each notebook."
        if student
        else 'First write your student id into each notebook: ME = "...", in the first code cell.'
    )
    title = f"Notebooks for {student.name or student.number}" if student else "Notebooks"
    words = WORDS.format(title=title, identity=identity)
    (folder / "README.txt").write_text(words, "utf-8", newline="\n")
    return folder


def personal(notebook: dict[str, Any], student: Student | None) -> dict[str, Any]:
    """Return a notebook with the student's id, and without outputs."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
            if student:
                source = ME.sub(lambda _: f"ME = {student.number!r}", "".join(cell["source"]))
                cell["source"] = source.splitlines(keepends=True)
    if student:
        notebook["metadata"][KEY] = {"student": student.number}
    return notebook
