"""Exercises mark what is handed in as it is meant, and nothing that is handed in raises."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mailsim_teacher import HIDDEN, right_answer, solutions
from mailsim_teacher.__main__ import main as teacher

import sim
from sim.experiment.expected import analytic
from sim.lab import check, exercise
from sim.lab.exercises import TABLE
from sim.lab.exercises.answers import Count
from sim.lab.exercises.asking import UnknownStudent
from sim.lab.exercises.time_and_routes import CURVE

STUDENTS_CODE = [
    p for p in Path(sim.__file__).parent.rglob("*.py") if not {"cli", "classes"} & {*p.parts}
]
FAULTS = [n for n in TABLE if n.endswith(".fault")]


class Hostile:
    def __eq__(self, other):
        raise RuntimeError

    __hash__ = None
    __float__ = __len__ = __iter__ = __str__ = __repr__ = __eq__


NONSENSE = [
    None, ..., "", " ", "\x00", "no", 0, -1, 10**400, float("nan"), float("inf"), 1j, True, [], {},
    set(), (), [[]], {"relay": 3}, {"relay": ["x(", "permit", "permit"]}, {3: 4}, {"nowhere": []},
    ["permit"] * 50, b"bytes", object(), Hostile(), [Hostile()], {"relay": Hostile()}, Hostile,
    pd.DataFrame({"a": [1]}), pd.Series([1.0]), np.array([1, 2]), np.float64(2), print, {1, "a"},
    "9" * 10_000, {"relay": {"relay": {}}}, {"relay": "nonsense+open"}, {"sender": None},
]  # fmt: skip


@pytest.mark.parametrize("number", TABLE)
def test_nonsense_is_not_right_and_does_not_raise(number):
    for answer in NONSENSE:
        mark = check(number, answer)
        assert isinstance(mark.right, bool | None)
        assert str(mark)
        assert mark._repr_html_()


class NoText(str):
    def strip(self, *_):
        raise RuntimeError


class NoName(int):
    def __str__(self):
        raise RuntimeError


@pytest.mark.parametrize(
    "student", [10**5000, NoName(3), NoText("x"), Hostile(), [], 1.5, True], ids=lambda _: ""
)
def test_a_strange_student_gets_a_mark_as_well(student):
    assert str(check("04.1", {4}, student))


@pytest.mark.parametrize(
    ("number", "answer", "right"),
    [
        ("02.1", set(), True),
        ("02.1", "set()", None),
        ("04.1", "{2, 3, 4, 5, 6}", True),
        ("04.1", "['2', '3', '4', '5', '6']", True),
        ("04.1", "6; 5; 4; 3; 2", True),
        ("04.1", [2.0, "3", 4, 5, np.int64(6)], True),
        ("04.1", range(2, 7), True),
        ("04.1", np.arange(2, 7), True),
        ("04.1", pd.Series([2, 3, 4, 5, 6]), True),
        ("01.3", ".3", True),
        ("01.3", "0,3", True),
        ("01.3", "30 %", True),
        ("01.3", 0.3004, True),
        ("01.3", 0.301, False),
        ("01.3", 30, None),
        ("01.3", 31, None),
        ("02.3", 550, True),
        ("02.3", "550 5.7.1", True),
        ("02.3", "550 5.7.1 <bob@adatum.com>... Relaying denied", True),
        ("02.3", 552, False),
        ("02.3", 550.5, None),
        ("06.1", "250 OK", True),
        ("06.1", 251, False),
        ("10.1", 20, True),
        ("10.1", 19.95, None),
        ("10.1", "20", True),
        ("10.3", 0.013, True),
        ("10.3", 0.0126, True),
        ("10.3", 0.012, False),
        ("02.2", "end_of_list", True),
        ("02.2", "End_Of_List.", True),
        ("03.1", " [203.0.113.1] ", True),
        ("03.3", "MAIL FROM", True),
        ("03.3", "mail", True),
        ("03.3", "RCPT TO", False),
        ("05.1", "<>", None),
        ("06.3", "Nobody", True),
        ("06.3", "no one", True),
        ("10.2", "it falls", True),
        ("10.2", "falls", True),
        ("02.fault", "on_network+auth", None),
        ("02.fault", {"relay": "on_network+auth"}, None),
    ],
)
def test_answers_are_read_as_they_are_meant(number, answer, right):
    assert check(number, answer).right is right


def test_a_restriction_with_the_window_that_it_has_is_that_restriction():
    student = next(s for s in map(str, range(99)) if "kiosk (mail" in exercise("02.2", s).text)
    assert check("02.2", "permit_pop_before_smtp(30 min)", student).right
    assert check("02.2", "permit_pop_before_smtp( 30  min )", student).right
    assert check("02.2", "permit_pop_before_smtp(5 min)", student).right is None
    assert check("02.2", "permit_sasl_authenticated", student).right is False


@pytest.mark.parametrize("fault", [ModuleNotFoundError("pandas"), KeyError("fate")])
def test_a_failure_of_the_program_is_not_blamed_on_the_answer(fault, monkeypatch):
    def broken(self, answer):
        raise fault

    monkeypatch.setattr(Count, "judge", broken)
    mark = check("10.1", 20)
    assert mark.right is None
    assert "the program failed" in mark.words
    assert "cannot be read" not in mark.words


@pytest.mark.parametrize(
    "number",
    [NoText("04.1"), 10**5000, None, 4, 4.2, "", "4.9", "04.22", [], Hostile(), "4.fault"],
    ids=lambda _: "",
)
def test_an_unknown_number_is_said_with_the_nearest(number):
    mark = check(number, 1)
    assert str(mark)
    if isinstance(number, str) and number == "04.22":
        assert "did you mean '04.2'" in str(mark)
    if isinstance(number, str) and number == "4.fault":
        assert mark.number == "04.fault"


def test_ids_are_normalised_and_a_missing_one_is_asked_for():
    text = exercise("04.2", "s1").text
    assert exercise("04.2", " S1 ").text == text
    assert exercise("04.2", 123).text == exercise("04.2", "123").text
    assert "student id" in str(exercise("04.2"))
    assert "student id" in str(check("04.2"))
    assert "student id" not in str(exercise("04.2", "s1"))


@pytest.mark.parametrize("student", [3.0, [1], True])
def test_what_is_no_id_is_refused(student):
    with pytest.raises(UnknownStudent, match="a student id is text"):
        exercise("04.1", student)
    assert "a student id is text" in str(check("04.1", {4}, student))


@pytest.mark.parametrize("number", FAULTS)
def test_what_is_broken_is_wrong_and_opening_to_all_is_no_repair(number):
    task = exercise(number)
    assert check(number, task.start).right is False
    everything = check(number, {"sender": [], "relay": ["permit"]})
    assert everything.right is False
    assert "✗ red" in str(everything)


OPENED = {
    # what a repair admits besides those who are asked for
    "the whole hotel": "permit_client_ranges(192.0.2.128/26)",
    "the whole /24 of the office": "permit_client_ranges(203.0.113.0/24)",
    "everybody with a window": "permit_pop_before_smtp(30 min)",
}


@pytest.mark.parametrize("opened", OPENED.values(), ids=OPENED)
@pytest.mark.parametrize("number", FAULTS)
def test_a_repair_that_opens_more_than_asked_is_refused(number, opened):
    repair = right_answer(exercise(number))
    assert check(number, repair).right
    mark = check(number, {**repair, "relay": [opened, *repair["relay"]]})
    assert mark.right is False
    assert "opens more than asked" in str(mark)


@pytest.mark.parametrize("number", FAULTS)
def test_a_hidden_cell_is_held_against_a_repair_that_all_shown_cells_accept(number):
    """The right repair has every hidden cell right; one that misses a venue does not."""
    task = exercise(number, "s123")
    repair, answer = right_answer(task), task.exercise.answer
    assert answer.judge(repair, HIDDEN[number]).right
    login = "permit_all_of(permit_sasl_authenticated, permit_client_ranges(192.0.2.128/26))"
    narrow = [login if r == "permit_sasl_authenticated" else r for r in repair["relay"]]
    mark = answer.judge({**repair, "relay": narrow}, HIDDEN[number])
    assert answer.judge({**repair, "relay": narrow}).right
    assert mark.right is False
    assert "not shown" in mark.words


def test_a_broken_repair_says_what_is_wrong():
    mark = check("05.fault", {"relay": ["permit_mynetwork"]})
    assert mark.right is None
    assert "did you mean 'permit_mynetworks'" in str(mark)


def test_solutions_are_the_teachers(capsys):
    assert teacher("10") == 0
    assert capsys.readouterr().out.count("→") == sum(n.startswith("10") for n in TABLE)
    assert [s.task.number for s in solutions("10.1")] == ["10.1"]
    assert not any("mailsim_teacher" in path.read_text("utf-8") for path in STUDENTS_CODE)
    assert not hasattr(exercise("02.1").exercise.answer, "solution")


@pytest.mark.parametrize("student", [None, "s123", "s124"])
def test_what_follows_from_the_inputs_is_the_mark_of_the_figures(student):
    task = exercise("01.3", student)
    rows = analytic(task.scenario, ["on network"])
    rows = rows[(rows["measure"] == "first_refusal_rate") & (rows["by"] == "all")]
    assert check("01.3", float(rows["analytic"].iloc[0]), student).right


def test_the_curve_of_the_exercise_is_that_of_the_scenario():
    scenario = sim.load(Path(__file__).parents[2] / "scenarios" / "adoption-1998-2002.toml")
    told = scenario.arm("as surveyed, 1 in 100 at the end").operators["everybody"].open_share
    assert [(t / 86400, share) for t, share in told] == list(CURVE)


NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def test_every_exercise_is_asked_and_marked_in_its_notebook():
    asked, marked = set(), set()
    for path in NOTEBOOKS.glob("*.ipynb"):
        text = path.read_text("utf-8").replace('\\"', '"')
        mine = [n for n in TABLE if n.startswith(path.name[:2])]
        asked |= {n for n in mine if f'exercise("{n}", student=ME)' in text}
        marked |= {n for n in mine if f'check("{n}", ' in text}
    assert asked == set(TABLE)
    assert marked == set(TABLE)
