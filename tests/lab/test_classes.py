"""A class kit: folders without what is the teacher's, and marks that nothing is run for."""

import csv
import json
from pathlib import Path

import nbformat
import pytest
from mailsim_teacher import HIDDEN, right_answer
from typer.testing import CliRunner

from sim.cli.app import app
from sim.lab import check, exercise
from sim.lab.classes import collecting, handout, pages, roster
from sim.lab.classes.collecting import NOT_TRIED, RIGHT, UNREAD, WRONG
from sim.lab.classes.roster import Student
from sim.lab.exercises import TABLE
from sim.lab.recording import KEY
from sim.records.usage import UsageError

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
ANN, BOB = Student("s101", "Ann"), Student("s102", "Bob")


def listed(path, text):
    path.write_text(text, "utf-8")
    return path


# ---- who


@pytest.mark.parametrize(
    "text",
    [
        "id,name\nS101,Ann\n s102 ,Bob\n",
        "Name;ID\nAnn;s101\nBob;S102\n",
        "\ufeffs101\ns102\n\n",
    ],
)
def test_a_list_of_students_is_read_as_it_is_written(text, tmp_path):
    students = roster.read(listed(tmp_path / "s.csv", text))
    assert [s.number for s in students] == ["s101", "s102"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("id,name\n,Ann\n", "line 2: no id"),
        ("id\ns1\nS1\n", "line 3: 's1' is the id of line 2 too"),
        ("id\na b\na-b\n", "line 3: 'a-b' is the id of line 2 too"),
        ("", "no students"),
    ],
)
def test_faults_of_a_list_are_named(text, fault, tmp_path):
    with pytest.raises(UsageError, match=fault):
        roster.read(listed(tmp_path / "s.csv", text))


@pytest.mark.parametrize(
    ("number", "folder"),
    [("s101", "s101"), ("../x", "x"), ("con", "con-"), ("müller:7", "m-ller-7"), ("..", "student")],
)
def test_folders_are_names_on_every_system(number, folder):
    assert Student(number).folder == folder


# ---- out


@pytest.fixture(scope="module")
def handed_out(tmp_path_factory):
    out = tmp_path_factory.mktemp("class") / "out"
    handout.new(out, [ANN, BOB], notebooks=NOTEBOOKS)
    return out


def test_each_student_gets_the_course_and_nothing_of_the_teachers(handed_out):
    names = {p.relative_to(handed_out / "s101").as_posix() for p in handed_out.rglob("s101/**/*")}
    assert {path.name for path in NOTEBOOKS.glob("*.ipynb")} <= names
    assert "scenarios/six-cases.toml" in names
    assert not any("GUIDE" in name or "teacher" in name or name.endswith(".py") for name in names)
    texts = [p.read_text("utf-8") for p in handed_out.rglob("*") if p.is_file()]
    assert not any("mailsim_teacher" in text or "sim.lab.solutions" in text for text in texts)


def test_notebooks_know_their_student_and_stay_notebooks(handed_out):
    for path in (handed_out / "s101").glob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        assert notebook.metadata[KEY]["student"] == "s101"
        assert sum("ME = 's101'" in cell.source for cell in notebook.cells) == 1


def test_without_a_list_there_is_one_folder_that_asks_for_the_id(tmp_path):
    (folder,) = handout.new(tmp_path / "out", notebooks=NOTEBOOKS)
    assert "ME = None" in (folder / "02-six-situations.ipynb").read_text("utf-8")
    assert "write your student id" in (folder / "README.txt").read_text("utf-8")


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path):
    (tmp_path / "x").touch()
    with pytest.raises(UsageError, match="not empty"):
        handout.new(tmp_path, [ANN], notebooks=NOTEBOOKS)


# ---- in


def marked_cell(number, answer, student, source=""):
    """A cell as it is saved after `check` was run."""
    cell = nbformat.v4.new_code_cell(source or f'answer = 1\ncheck("{number}", answer, student=ME)')
    data, metadata = check(number, answer, student)._repr_mimebundle_()
    cell.outputs = [nbformat.v4.new_output("execute_result", data, metadata=metadata)]
    return cell


def hand_in(folder, cells, name="10-figures-for-a-report.ipynb"):
    folder.mkdir(parents=True, exist_ok=True)
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbformat.write(notebook, folder / name)
    return folder / name


def right(number, student):
    return right_answer(exercise(number, student))


def states(collection, student):
    (sheet,) = [s for s in collection.sheets if s.student.number == student]
    return {r.exercise: r.state for r in sheet.results}


def test_answers_are_marked_afresh_and_nothing_is_run(tmp_path):
    cells = [
        marked_cell("10.1", right("10.1", "s101"), "s101"),
        marked_cell("10.2", "no words", "s101"),
        marked_cell("10.3", 9.0, "s101"),
        nbformat.v4.new_code_cell(f"open({str(tmp_path / 'ran')!r}, 'w')"),
    ]
    cells[2].outputs[0].metadata[KEY]["right"] = True  # whoever edits a mark gains nothing
    hand_in(tmp_path / "s101", cells)
    collection = collecting.collect(tmp_path, [ANN, BOB], HIDDEN)
    marks = states(collection, "s101")
    assert [marks[f"10.{n}"] for n in (1, 2, 3)] == [RIGHT, UNREAD, WRONG]
    assert set(states(collection, "s102").values()) == {NOT_TRIED}
    assert not (tmp_path / "ran").exists()


def test_an_answer_that_was_never_run_is_read_from_its_cell(tmp_path):
    exact = right("10.1", "s101")
    source = f'answer = {exact}  # a number\ncheck("10.1", answer, student=ME)'
    hand_in(tmp_path / "s101", [nbformat.v4.new_code_cell(source)])
    collection = collecting.collect(tmp_path, [ANN])
    assert states(collection, "s101")["10.1"] == RIGHT
    source = 'answer = __import__("os").getpid()\ncheck("10.1", answer, student=ME)'
    hand_in(tmp_path / "s101", [nbformat.v4.new_code_cell(source)])
    assert states(collecting.collect(tmp_path, [ANN]), "s101")["10.1"] == NOT_TRIED


def test_hidden_cells_are_asked(tmp_path):
    repair = right("02.fault", "s101")
    login = "permit_all_of(permit_sasl_authenticated, permit_client_ranges(192.0.2.128/26))"
    narrow = [login if r == "permit_sasl_authenticated" else r for r in repair["relay"]]
    hand_in(tmp_path / "s101", [marked_cell("02.fault", {"relay": narrow}, "s101")])
    assert states(collecting.collect(tmp_path, [ANN]), "s101")["02.fault"] == RIGHT
    assert states(collecting.collect(tmp_path, [ANN], HIDDEN), "s101")["02.fault"] == WRONG


def test_copies_are_named(tmp_path):
    cells = [marked_cell(n, right(n, "s102"), "s102") for n in ("01.1", "10.3")]
    hand_in(tmp_path / "s102", cells)
    stolen = [marked_cell(n, right(n, "s102"), "s101") for n in ("01.1", "10.3")]
    hand_in(tmp_path / "s101", stolen)
    hand_in(tmp_path / "s103", cells)
    students = [ANN, BOB, Student("s103"), Student("s104")]
    hand_in(tmp_path / "s104", [marked_cell("10.3", right("10.3", "s104"), "s104")])
    reasons = {
        (c.student, c.other, c.reason.partition(":")[0])
        for c in collecting.collect(tmp_path, students).copies
    }
    assert ("s101", "s102", "wrong here and right for s102") in reasons
    assert ("s102", "s103", "equal") in reasons
    assert ("s103", "s102", "answers under the other's id") in reasons
    assert not any("s104" in reason[:2] for reason in reasons)


def test_files_without_a_folder_are_known_by_their_id(tmp_path):
    cell = marked_cell("10.1", right("10.1", "s101"), "S101")
    hand_in(tmp_path, [cell], "upload-1.ipynb")
    hand_in(tmp_path, [marked_cell("10.1", 3, "s999")], "upload-2.ipynb")
    collection = collecting.collect(tmp_path, [ANN])
    assert states(collection, "s101")["10.1"] == RIGHT
    assert list(collection.nobodys) == ["upload-2.ipynb"]


HOSTILE = ["", "{", "[" * 5000, '{"cells": [[[]]]}', '{"cells": [{"outputs": [{"metadata": {"mailsim": {"exercise": "10.1", "answer": {"relay": ["x("]}}}}]}]}']  # fmt: skip # noqa: E501


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_what_strangers_hand_in_breaks_nothing(text, tmp_path):
    (tmp_path / "s101").mkdir()
    (tmp_path / "s101" / "10-x.ipynb").write_text(text)
    (tmp_path / "s101" / "link.ipynb").symlink_to("/etc/passwd")
    collection = collecting.collect(tmp_path, [Student("s101", "=cmd()<script>")])
    assert RIGHT not in states(collection, "s101").values()
    paths = pages.write(collection, tmp_path / "marks")
    assert "<script>" not in paths[-1].read_text("utf-8")
    assert "'=cmd()" in paths[0].read_text("utf-8")


@pytest.mark.parametrize("number", ["01.1", "02.3", "10.3", "05.1", "02.2", "02.fault"])
@pytest.mark.parametrize("answer", [{"a": {"b": []}}, [["x"]], "\x1b[2J", 10**30, -0.0, "9" * 1999])
def test_strange_data_gets_a_mark_or_none(number, answer):
    assert collecting.marked(number, answer, "s101").right is not True


# ---- the commands


def command(*words):
    return CliRunner().invoke(app, ["class", *map(str, words)])


def test_new_then_collect(tmp_path):
    students = listed(tmp_path / "class.csv", "id,name\nS101,Ann\ns102,Bob\n")
    done = command("new", tmp_path / "out", "--students", students, "--notebooks", NOTEBOOKS)
    assert done.exit_code == 0, done.output
    hand_in(tmp_path / "out" / "s101", [marked_cell("10.1", right("10.1", "s101"), "s101")])
    done = command("collect", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "2 students, 1 answers, 1 right" in done.output
    with (tmp_path / "out" / "marks" / "marks.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["id"], row["right"], row["not tried"]) for row in rows] == [
        ("s101", "1", str(len(TABLE) - 1)),
        ("s102", "0", str(len(TABLE))),
    ]
    page = (tmp_path / "out" / "marks" / "s101.html").read_text("utf-8")
    assert f"1 right, 0 wrong, 0 no mark, {len(TABLE) - 1} not tried" in page


def test_collecting_nothing_is_wrong_use(tmp_path):
    done = command("collect", tmp_path)
    assert done.exit_code != 0
    assert "no notebook" in str(done.exception)


def test_records_are_json_as_jupyter_saves_them(tmp_path):
    path = hand_in(tmp_path / "s101", [marked_cell("10.1", 3, "s101")])
    (cell,) = json.loads(path.read_text())["cells"]
    assert cell["outputs"][0]["metadata"][KEY]["answer"] == 3
