"""Marks over a class of sixty: right, rounded, neighbours', mistaken and nonsensical answers."""

import random
import re
from functools import cache
from itertools import combinations

import numpy as np
import pytest
from mailsim_teacher import right_answer

import sim
from sim.lab import check, exercise
from sim.lab.exercises import TABLE, worlds
from sim.lab.exercises.answers import (
    REPLICATIONS,
    RUNS,
    Code,
    Count,
    Number,
    Range,
    Set,
    Text,
    Word,
)
from sim.lab.exercises.repairing import Repair
from sim.lab.exercises.windows import borrowed

CLASS = [f"s{n}" for n in range(101, 161)]
"""Sixty ids."""
ALL = sorted(TABLE)
MEASURED = [n for n in ALL if isinstance(exercise(n).exercise.answer, Range)]
EXACT = [n for n in ALL if n not in MEASURED]
NEEDED = {Code: 2 / 3, Word: 2 / 3, Text: 2 / 3, Repair: 2 / 3, Count: 0.9, Number: 0.9, Set: 0.9}
"""Share of pairs in which a neighbour's answer must fail, by kind of answer."""


@cache
def right_to(number: str, text: str, student: str):
    """The right answer to a question; questions with one text have one."""
    return right_answer(exercise(number, student))


def right(number: str, student: str | None):
    task = exercise(number, student)
    return right_to(number, task.text, task.student)


few_or_all = pytest.mark.parametrize(
    "students", [CLASS[:12], pytest.param(CLASS, marks=pytest.mark.slow)], ids=["12", "60"]
)


@few_or_all
@pytest.mark.parametrize("number", EXACT)
def test_what_is_right_is_marked_right(number, students):
    texts = {exercise(number, s).text: s for s in students}
    for student in texts.values():
        assert check(number, right(number, student), student).right is True


@few_or_all
@pytest.mark.parametrize("number", EXACT)
def test_a_neighbours_answer_fails(number, students):
    """As often as the kind of answer lets one ask for, over pairs of a class of sixty."""
    every = list(combinations(students, 2))
    pairs = random.Random(1).sample(every, min(len(every), 300))
    judged = {}
    fails = 0
    for mine, theirs in pairs:
        asked = (exercise(number, mine).text, str(right(number, theirs)))
        if asked not in judged:
            judged[asked] = check(number, right(number, theirs), mine).right
        fails += judged[asked] is not True
    needed = NEEDED[type(exercise(number).exercise.answer)]
    assert fails / len(pairs) >= needed - (0.2 if len(students) < len(CLASS) else 0.0)


@pytest.mark.parametrize(
    "number", [n for n in EXACT if NEEDED[type(exercise(n).exercise.answer)] < 0.9]
)
def test_codes_and_words_have_four_variants(number):
    assert len({str(right(number, s)) for s in CLASS}) >= 4


def test_no_two_sheets_are_alike():
    sheets = {tuple(exercise(n, s).text for n in ALL) for s in CLASS}
    assert len(sheets) == len(CLASS)


@pytest.mark.parametrize("number", [n for n in ALL if n.endswith(".fault")])
def test_faults_vary_with_the_id(number):
    assert len({str(exercise(number, s).start) + exercise(number, s).text for s in CLASS}) >= 8


@pytest.mark.parametrize(
    "number", [n for n in EXACT if isinstance(exercise(n).exercise.answer, Number)]
)
def test_rounding_to_what_is_asked_is_right_and_one_more_is_not(number):
    for student in CLASS[::4]:
        answer = exercise(number, student).exercise.answer
        exact, step = answer.expected(), 10**-answer.decimals
        assert f"to {answer.decimals} decimals" in exercise(number, student).text
        for value in (exact, round(exact, answer.decimals), f"{exact:.{answer.decimals + 1}f}"):
            assert check(number, value, student).right is True
        assert check(number, exact + step, student).right is False
        assert check(number, exact - step, student).right is False


@pytest.mark.parametrize(
    "number", [n for n in EXACT if isinstance(exercise(n).exercise.answer, (Code, Count))]
)
def test_codes_and_counts_are_exact(number):
    for student in CLASS[::4]:
        exact = right(number, student)
        assert check(number, exact + 1, student).right is False
        assert check(number, exact - 1, student).right is False
        assert check(number, exact + 0.4, student).right is None


MISTAKEN = {
    # what a student says who has not understood, or took another number of the same table
    "01.1": [{"bob@proseware.com"}, set()],  # the local ones; relaying is for spam alone
    "01.3": [0.4, 0.6, 0.75],  # everything from the hotel; mail at home; mail to elsewhere
    "02.1": [{7}, {1, 2, 3, 4, 5, 6, 7, 8}],
    "02.2": ["reject_unauth_destination", "permit_mynetworks"],
    "02.3": [554, 553, 551],
    "02.fault": [["permit_mynetworks", "reject_unauth_destination"]],
    "03.1": ["203.0.113.250", "192.0.2.126"],  # the forged line; the relay
    "03.2": [{"mx.adatum.com"}, set()],
    "03.3": ["RCPT TO", "DATA", "nowhere"],
    "04.1": [set()],  # POP first checks the person
    "04.3": [0, 40],
    "04.fault": [["permit_mynetworks", "permit_pop_before_smtp(1 min)", "reject"]],
    "05.1": ["ann@proseware.com", "terri@contoso.com"],
    "05.2": [{"<>"}, set()],
    "05.3": ["delivered", "bounced"],
    "05.fault": [{"sender": [], "relay": ["permit_mynetworks", "reject_unauth_destination"]}],
    "06.1": [550, 251, 554],
    "06.3": ["the sender at once", "the sender later"],
    "07.1": [set()],  # a listing is of one address
    "07.2": ["accept_local", "discard"],
    "08.1": [set(), {"A"}, {"A", "B", "C", "D", "E", "F", "G"}],
    "08.fault": [["permit_mynetworks", "reject_unauth_destination"]],
    "09.1": [0.36, 0.17, 0.3],
    "09.3": [0.8, 0.5],
    "10.1": [10, 5],  # the width falls with the number, not with its root
    "10.2": ["rises", "cannot be told"],
    "11.1": [{1, 2, 3, 4, 5, 6, 7, 8}, set()],
    "11.2": ["domain of From:", "From"],
    "11.3": [set(), {1, 2, 3, 4, 5, 6, 7}],
    "10.3": [0.028, 0.004, 0.02],  # no correlation; the variance; that of one arm
}


@pytest.mark.parametrize("number", EXACT)
def test_what_is_mistaken_is_wrong(number):
    for answer in MISTAKEN[number]:
        assert check(number, answer).right is False


@pytest.mark.parametrize("number", EXACT)
def test_nonsense_gets_no_right_mark(number):
    for student in CLASS[::20]:
        for answer in (-12345, "postmaster@nowhere.example", "x", [], {"relay": ["x("]}):
            assert not check(number, answer, student) or right(number, student) == set(answer)


# ---- exercises that need a simulation


def measured(number: str, student: str | None = None) -> Range:
    return exercise(number, student).exercise.answer


@pytest.mark.parametrize("number", MEASURED)
def test_a_measured_answer_is_marked_within_a_stated_tolerance(number):
    answer = measured(number)
    mean, off = answer.expected()
    assert off < max(0.5 * abs(mean), 0.02 * answer.times)  # an answer says something
    mark = answer.judge(mean + 0.9 * off)
    assert mark.right
    assert "tolerance" in mark.words
    assert answer.judge(mean + 1.2 * off).right is False


def of_the_text(number: str, student: str | None) -> set[float]:
    """The numbers that can be read off a question: its shares, and what follows from two."""
    answer = measured(number, student)
    text = exercise(number, student).exercise.text
    shares = {float(n) for n in re.findall(r"(?<![\d.-])0\.\d+", text)}
    shares |= {a * b for a, b in combinations(shares, 2)} | {1 - share for share in shares}
    shares |= {0.0, 0.5, 1.0}
    return {sign * answer.times * share for share in shares for sign in (1, -1)}


@pytest.mark.parametrize("number", MEASURED)
def test_what_needs_a_simulation_cannot_be_read_off_the_question(number):
    answer = measured(number)
    for value in of_the_text(number, None):
        assert answer.judge(value).right is False, value


@pytest.mark.slow
@pytest.mark.parametrize("number", MEASURED)
def test_nor_can_any_of_sixty(number):
    for student in {exercise(number, s).exercise.scenario: s for s in CLASS}.values():
        answer = measured(number, student)
        for value in of_the_text(number, student):
            assert answer.judge(value).right is False, value


@pytest.mark.slow
@pytest.mark.parametrize("number", MEASURED)
def test_a_neighbours_measured_answer_fails(number):
    answers = [measured(number, s) for s in CLASS]
    bounds = [answer.expected() for answer in answers]
    pairs = list(combinations(range(len(CLASS)), 2))
    fails = [abs(bounds[a].mean - bounds[b].mean) > bounds[a].off for a, b in pairs]
    assert sum(fails) / len(pairs) >= 0.9


def test_a_students_own_run_is_right():
    task = exercise("04.2")
    attempts = sim.run(task.scenario, progress=False).attempts
    shares = [
        borrowed({"attempts": rows}) for _, rows in attempts.groupby("replication", observed=True)
    ]
    volume = task.exercise.answer.times
    assert check("04.2", volume * np.mean(shares)).right
    assert check("04.2", f"{volume * np.mean(shares):.0f}").right


def luck_of(number: str, seed: int, monkeypatch) -> float:
    """What a student would measure whose random numbers are those of another seed."""
    with monkeypatch.context() as patch:
        patch.setattr(worlds, "OTHER_SEED", seed)
        patch.setattr(worlds, "REPLICATIONS", RUNS)
        answer = exercise(number).exercise.answer
        return answer.times * float(np.mean(answer.values()))


@pytest.mark.parametrize("number", MEASURED)
def test_who_has_other_luck_is_right_as_well(number, monkeypatch):
    """A run of each exercise does not fall into the hundredth that is refused."""
    assert measured(number).judge(luck_of(number, 1, monkeypatch)).right


@pytest.mark.slow
@pytest.mark.parametrize("number", MEASURED)
def test_hardly_anybody_is_refused_by_chance(number, monkeypatch):
    """Refused runs of 100; with a risk of 0.01 each, more than 6 come once in ten thousand."""
    answer = measured(number)
    refused = [not answer.judge(luck_of(number, s, monkeypatch)).right for s in range(1, 101)]
    assert sum(refused) <= 6


@pytest.mark.parametrize("theirs", [1, 4, 30])
def test_one_right_answer_in_a_hundred_is_refused(theirs):
    """The tolerance is a prediction interval: its coverage is what it says."""
    draws, refused = np.random.default_rng(1), 0
    for _ in range(4000):
        values = list(draws.normal(0.3, 0.05, REPLICATIONS))
        answer = Range(lambda values=values: values, "share", replications=theirs)
        mean, off = answer.expected()
        refused += abs(draws.normal(0.3, 0.05 / np.sqrt(theirs)) - mean) > off
    assert 0.006 < refused / 4000 < 0.015
