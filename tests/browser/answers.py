"""What the exact core answers, as JSON: the same in CPython, without libraries, in a browser."""

import contextlib
import json
import sys

import sim
from sim.config import import_postfix
from sim.config.audit import Audit
from sim.lab import check, exercise
from sim.lab.exercises import TABLE

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


def marks():
    """The mark of what is right, and of a wrong answer; none for what has to be simulated."""
    for number in TABLE:
        task = exercise(number, STUDENT)
        with contextlib.suppress(ImportError):
            right = task.start or task.exercise.answer.expected()
            texts = [str(check(number, answer, STUDENT)) for answer in (right, "nothing")]
            yield number, [task.text, *texts]


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
