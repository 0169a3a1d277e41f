"""Every notebook runs from top to bottom in its short form, soon, and is kept without outputs."""

import re
import resource
import time
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "notebooks"
GUIDE = (FOLDER.parent / "teacher" / "LECTURERS-GUIDE.md").read_text("utf-8")
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
ONE_MINUTE = 60.0
SHORT_FORM = 15.0
WORDS_A_MINUTE = 150
"""Of technical text, read to be understood (chosen: half of what is read for pleasure)."""

pytestmark = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def code(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_outputs_are_cleared(path):
    for cell in code(read(path)):
        assert cell.outputs == []
        assert cell.execution_count is None


def test_it_needs_no_file_and_no_magic(path):
    """In a browser there may be neither; figures show themselves, scenarios come by name."""
    for cell in code(read(path)):
        assert "%" not in {line[:1] for line in cell.source.splitlines()}
        assert ".toml" not in cell.source.replace("mine.toml", "")


def test_it_states_minutes_goals_prediction_and_three_exercises(path):
    words = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    number, question = re.match(r"# (\d\d) · .+\n\n\*([^*]+\?)\*\n", words).groups()
    assert number == path.stem[:2]
    assert question.count("?") == 1
    minutes = re.search(r"\*\*Time:\*\* (\d+) minutes", words)[1]
    assert f" | {minutes} |\n" in re.search(rf"^\| {number} \|.*\n", GUIDE, re.M)[0]
    reading = int(re.search(r"minutes, (\d+) of them reading", words)[1])
    assert abs(reading - len(words.split()) / WORDS_A_MINUTE) <= 1
    assert reading < int(minutes) / 3  # a lab is done, not read
    assert "**After this notebook you can**\n\n1. " in words
    assert "**What you need to know.**" in words
    cells = [cell.source for cell in read(path).cells]
    predicted = next(i for i, source in enumerate(cells) if "Predict" in source)
    ran = next(i for i, source in enumerate(cells) if "sim.run(" in source)
    assert predicted < ran
    exercises = words.split("What if")[1]
    assert [f"\n{n}. **" in exercises for n in (1, 2, 3, 4)] == [True, True, True, False]


def test_it_uses_the_public_interface_alone(path):
    for cell in code(read(path)):
        assert "sim._" not in cell.source
        assert "from sim." not in cell.source.replace("from sim.lab import ", "")


def executed(path: Path, monkeypatch, scratch: Path) -> nbformat.NotebookNode:
    """The notebook with its outputs, run from top to bottom in a kernel of its own."""
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "1")
    monkeypatch.setenv("IPYTHONDIR", str(scratch))
    notebook = read(path)
    client = NotebookClient(
        notebook,
        timeout=4 * ONE_MINUTE,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    return notebook


def processor() -> float:
    """Seconds that the processors have worked for processes that this one started and ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_it_runs_from_top_to_bottom(path, tmp_path, monkeypatch):
    monkeypatch.setenv("MAILSIM_SHORT", "1")
    before = processor()
    notebook = executed(path, monkeypatch, tmp_path)
    print(f"{path.stem}: {processor() - before:.1f} s of the processor (aim: {SHORT_FORM:g})")
    for cell in code(notebook):
        for output in cell.outputs:
            assert output.output_type != "error"
            assert output.get("name") != "stderr", output.get("text")
    shown = "".join(
        output.get("data", {}).get("text/html", "")
        for cell in code(notebook)
        for output in cell.outputs
    )
    pictures = re.findall(r"<img[^>]*>", shown)
    assert pictures
    for picture in pictures:  # words for those who do not see it
        assert len(re.search(r'alt="([^"]*)"', picture)[1]) > 40, picture[:200]
    plain = [o["data"]["text/plain"] for c in code(notebook) for o in c.outputs if "data" in o]
    without = [text for text in plain if "No prediction was recorded" in text]
    assert len(without) == 2, "where it is asked for, and where results are compared"


@pytest.mark.slow
def test_in_full_it_runs_too(path, tmp_path, monkeypatch):
    monkeypatch.delenv("MAILSIM_SHORT", raising=False)
    began = time.monotonic()
    executed(path, monkeypatch, tmp_path)
    print(f"{path.stem}: {time.monotonic() - began:.0f} s (aim: {ONE_MINUTE:g})")
