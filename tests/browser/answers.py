"""What the exact core answers, as JSON: the same in CPython, without libraries, in a browser."""

import ast
import contextlib
import json
import sys

import sim
from sim.config import import_postfix
from sim.config.audit import Audit
from sim.lab import check, exercise
from sim.lab.exercises import TABLE, solutions

sys.modules["sim.world"] = None  # nothing is simulated
STUDENT = "s123"
MAIN_CF = """
myhostname = smtp.proseware.com
mynetworks = 198.51.100.0/24
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination
"""


def shown(page):
    """A page as text, as a notebook shows it, and as data."""
    return [str(page), page._repr_html_(), page.as_dict()]


def readings(solution):
    """What a student would hand in for a solution: its words, its first number, its value."""
    yield solution
    yield solution.partition(" ")[0]
    with contextlib.suppress(ValueError, SyntaxError):
        yield ast.literal_eval(solution)


def marks():
    """The marks of each exercise for its solution; none for one that has to be simulated."""
    for number in TABLE:
        with contextlib.suppress(ImportError):
            given = readings(next(solutions(number, STUDENT)).answer)
            texts = [str(check(number, answer, STUDENT)) for answer in given]
            yield number, [exercise(number, STUDENT).text, *texts]


def answers():
    """Everything that is asked, by name."""
    scenario = sim.load("six-cases")
    query = {"user": "travellers", "place": "hotel", "to": "bob@adatum.com"}
    imported = import_postfix(MAIN_CF)
    return {
        "hash": scenario.model.hash(),
        "page": scenario._repr_html_(),
        "matrix": shown(scenario.matrix()),
        "explain": [shown(scenario.explain(**query, arm=arm)) for arm in scenario.arms],
        "diff": shown(scenario.diff("open trust", "on network")),
        "import": [imported.section, [entry.text for entry in imported.report]],
        "audit": Audit(imported).as_data(),
        "marks": dict(marks()),
    }


if __name__ == "__main__":
    print(json.dumps(answers(), default=str))
