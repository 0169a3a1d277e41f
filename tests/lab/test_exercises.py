"""Exercises mark right answers right and wrong ones wrong, and nothing that is handed in raises."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sim
from sim.experiment.expected import analytic
from sim.lab import check, exercise
from sim.lab.exercises import TABLE, solutions, worlds
from sim.lab.exercises.answers import REPLICATIONS, RUNS, Measured, Names
from sim.lab.exercises.time_and_routes import CURVE
from sim.lab.exercises.windows import borrowed

STUDENTS = (None, "s123", "s124")


def kind(number):
    return exercise(number).exercise.answer


MEASURED = [n for n in TABLE if isinstance(kind(n), Measured)]
EXACT = [n for n in TABLE if n not in MEASURED]
FAULTS = [n for n in TABLE if n.endswith(".fault")]


def read(solution):
    """What a student would hand in, out of the text for the lecturer."""
    if solution.startswith("{"):
        return ast.literal_eval(solution)
    if solution.startswith("none of them"):
        return set()
    if re.fullmatch(r"[-+]?[0-9.e-]+( .*)?", solution) and solution.count(".") < 3:
        return float(solution.split()[0])
    return solution.split(" or ")[0]


@pytest.mark.parametrize(
    ("number", "student"),
    [(n, s) for n in EXACT for s in STUDENTS if s is None or n not in FAULTS],  # do not vary
)
def test_the_solution_is_right_and_something_else_is_not(number, student):
    task = exercise(number, student)
    right = read(task.exercise.answer.solution)
    if isinstance(right, float) and "A set" in task.text:
        right = {f"{right:.0f}"}
    assert check(number, right, student).right is True
    assert not check(number, -12345, student)
    assert not check(number, "postmaster@nowhere.example", student)


@pytest.mark.parametrize("number", [n for n in EXACT if isinstance(kind(n), Names)])
def test_all_of_them_is_too_many_and_none_is_too_few(number):
    everything = check(number, set(kind(number).among))
    assert everything.right is False
    assert everything.words.endswith("too many")
    assert check(number, set()).words.endswith("missing")
    assert not check(number, {*kind(number).solution.split(", "), "elsewhere"})


@pytest.mark.parametrize("number", MEASURED)
def test_a_measured_answer_is_marked_within_a_stated_tolerance(number):
    answer = exercise(number).exercise.answer
    mean, off = answer.bounds
    assert off < max(0.5 * abs(mean), 0.02)  # an answer says something
    mark = check(number, mean + 0.9 * off)
    assert mark.right
    assert "tolerance" in mark.words
    assert check(number, mean + 1.2 * off + 0.01).right is False


def test_a_students_own_run_is_right():
    attempts = sim.run(exercise("04.2").scenario, progress=False).attempts
    shares = [
        borrowed({"attempts": rows}) for _, rows in attempts.groupby("replication", observed=True)
    ]
    assert check("04.2", np.mean(shares)).right
    assert check("04.2", f"{100 * np.mean(shares):.1f} %").right
    assert check("04.2", 100 * np.mean(shares)).right is None  # per cent, where a share is asked


@pytest.mark.parametrize("unread", [35, 99.0, float("nan"), float("inf"), "35"])
@pytest.mark.parametrize("number", ["01.3", "01.2"])
def test_per_cent_and_what_is_no_number_get_no_mark(number, unread):
    """Whether right or wrong: a hint for the right one alone would give it away."""
    assert check(number, unread).right is None


def luck_of(number, seed, monkeypatch):
    """What a student would measure whose luck is that of another seed."""
    with monkeypatch.context() as patch:
        patch.setattr(worlds, "OTHER_SEED", seed)
        patch.setattr(worlds, "REPLICATIONS", RUNS)
        return float(np.mean(kind(number).values()))


@pytest.mark.parametrize("number", MEASURED)
def test_who_has_other_luck_is_right_as_well(number, monkeypatch):
    """Of two runs of each exercise, none falls into the hundredth that is refused."""
    for seed in (1, 2):
        assert check(number, luck_of(number, seed, monkeypatch)).right


@pytest.mark.slow
@pytest.mark.parametrize("number", MEASURED)
def test_hardly_anybody_is_refused_by_chance(number, monkeypatch):
    """Refused runs of 100; with a risk of 0.01 each, more than 6 come once in ten thousand."""
    refused = [not check(number, luck_of(number, seed, monkeypatch)) for seed in range(1, 101)]
    assert sum(refused) <= 6


MISTAKEN = {
    # what a student says who has not understood, or took another number of the same table
    "01.2": (0.75, 0.25, 0.0, 1.0),  # to elsewhere, to the own ISP; nobody learns or all do
    "04.2": (0.0, 0.5, 1.0),
    "06.2": (0.9, 0.0, 0.1),  # the other number of the restriction; what is believed is true
    "07.3": (1.0, 0.25, 0.5, 0.0),
    "08.2": (0.0, 0.36, -0.8, -1.0),  # the wrong direction; the share that has AUTH on
    "09.2": (0.0, 0.5, 1.0),
}


@pytest.mark.parametrize("number", MEASURED)
def test_what_is_mistaken_is_not_taken_for_luck(number):
    for answer in MISTAKEN[number]:
        assert check(number, answer).right is False


@pytest.mark.parametrize("number", MEASURED)
def test_a_neighbours_answer_is_wrong_where_the_numbers_differ(number):
    """Students whose question differs may not copy, unless chance hides the difference."""
    mine, theirs = exercise(number), exercise(number, "s3")
    (a, far), (b, also) = mine.exercise.answer.bounds, theirs.exercise.answer.bounds
    if abs(a - b) > far + also:
        assert not check(number, b)
        assert not check(number, a, "s3")


@pytest.mark.parametrize("theirs", [1, 4, 30])
def test_one_right_answer_in_a_hundred_is_refused(theirs):
    """The tolerance is a prediction interval: its coverage is what it says."""
    draws, refused = np.random.default_rng(1), 0
    for _ in range(4000):
        values = list(draws.normal(0.3, 0.05, REPLICATIONS))
        mean, off = Measured(lambda values=values: values, replications=theirs).bounds
        refused += abs(draws.normal(0.3, 0.05 / np.sqrt(theirs)) - mean) > off
    assert 0.006 < refused / 4000 < 0.015


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
        ("02.1", "{4, 6}", True),
        ("02.1", "['4', '6']", True),
        ("02.1", "4; 6", True),
        ("02.1", [4.0, "6"], True),
        ("01.3", ".3", True),
        ("01.3", "0,3", True),
        ("01.3", "30 %", True),
        ("01.3", 30, None),
        ("01.3", 31, None),
        ("03.1", " [192.0.2.193] ", True),
        ("06.3", "Nobody", True),
        ("10.2", "it falls", None),
    ],
)
def test_answers_are_read_as_they_are_meant(number, answer, right):
    assert check(number, answer).right is right


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


def test_a_student_gets_other_numbers_and_always_the_same():
    texts = {exercise("04.2", f"s{n}").text for n in range(40)}
    assert len(texts) > 3
    assert exercise("04.2", "s1").text == exercise("04.2", " s1 ").text
    assert exercise("04.2", 123).text == exercise("04.2", "123").text


@pytest.mark.parametrize("number", FAULTS)
def test_what_is_broken_is_wrong_and_opening_to_all_is_no_repair(number):
    task = exercise(number)
    assert check(number, task.start).right is False
    everything = check(number, {"sender": [], "relay": ["permit"]})
    assert everything.right is False
    assert "✗ red" in str(everything)


def test_a_broken_repair_says_what_is_wrong():
    mark = check("05.fault", {"relay": ["permit_mynetwork"]})
    assert mark.right is None
    assert "did you mean 'permit_mynetworks'" in str(mark)


def test_the_lecturers_command_prints_the_solutions_of_a_notebook():
    done = subprocess.run(
        [sys.executable, "-m", "sim.lab.solutions", "10"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.count("→") == sum(n.startswith("10") for n in TABLE)
    assert [s.task.number for s in solutions("10.1")] == ["10.1"]


@pytest.mark.parametrize("student", STUDENTS)
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
