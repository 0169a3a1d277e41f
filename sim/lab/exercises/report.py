"""10: how sure a number is, and how many replications it takes."""

from __future__ import annotations

import math

from sim.lab.exercises.answers import Count, Number, Word
from sim.lab.exercises.asking import Draw, Exercise, numbered


@numbered("10.1", "How many replications?")
def enough(draw: Draw) -> Exercise:
    """Replications for an interval a stated factor narrower."""
    runs = draw.pick("runs", (5, *range(6, 20)))
    factor = draw.pick("factor", (2, 3, 4, 5))
    return Exercise(
        f"{runs} replications gave an interval of ± 0.06. The half-width falls with the square "
        f"root of their number (leave Student's t out of it). How many replications in all give "
        f"± 0.06 / {factor}?",
        Count(lambda: runs * factor**2, "replications"),
        "half the width takes four times as many",
    )


EFFECT = 0.005
"""The smallest change that matters in exercise 10.2."""
INTERVALS = ((-0.04, -0.01), (-0.02, 0.03), (0.01, 0.05), (-0.003, 0.002))
PHRASES = ("falls", "rises", "cannot be told", "does not matter")
WRITTEN = {
    "cannot tell": "cannot be told",
    "can not be told": "cannot be told",
    "matters not": "does not matter",
    "doesn't matter": "does not matter",
}


@numbered("10.2", "Is there a difference?")
def difference(draw: Draw) -> Exercise:
    """What a paired interval says."""
    low, high = draw.pick("interval", INTERVALS)
    by = draw.pick("by", (1.0, 1.1, 1.2))
    low, high = low * by, high * by

    def right() -> str:
        if low > -EFFECT and high < EFFECT:
            return "does not matter"
        return "falls" if high < 0 else "rises" if low > 0 else "cannot be told"

    return Exercise(
        f"The delivery rate changes from arm A to arm B by an amount whose 95 % interval is "
        f"{low:g} to {high:g}. A change of less than {EFFECT:g} does not matter to anybody. Which "
        f"of these do you write in the report: the delivery rate …?",
        Word(right, PHRASES, WRITTEN),
        "on which side of 0 does the whole interval lie, and is all of it too small to matter?",
    )


@numbered("10.3", "Pairs")
def pairs(draw: Draw) -> Exercise:
    """The spread of a difference under common random numbers."""
    s = draw.pick("spread", (0.02, 0.03, 0.05, 0.024, 0.036, 0.041, 0.063))
    r = draw.pick("correlation", (0.8, 0.5, 0.9, 0.65, 0.72, 0.85))
    return Exercise(
        f"Two arms both spread by {s:g} (standard deviation over replications), with correlation "
        f"{r:g} because they share people and messages. What is the standard deviation of their "
        f"difference?",
        Number(lambda: math.sqrt(2 * s * s * (1 - r)), "standard deviation", 3),
        "Var(B - A) = Var A + Var B - 2 Cov(A, B) (Law 2015, section 11.2)",
    )
