"""08: a policy of one's own, judged cell by cell, and what it buys."""

from __future__ import annotations

from sim.lab.exercises.answers import RUNS, Measured, Word
from sim.lab.exercises.asking import Draw, Exercise, numbered
from sim.lab.exercises.repairing import SAME, Want, stays_red
from sim.lab.exercises.six_situations import repair
from sim.lab.exercises.worlds import TOWN, Frames, differences, world

POINTS = {"A": (2.0, 10.0), "B": (5.0, 4.0), "C": (6.0, 5.0), "D": (9.0, 1.0), "E": (3.0, 11.0)}
"""Policies by honest recipients lost a day and spam a mailbox and day."""


@numbered("08.1", "Dominated")
def dominated(draw: Draw) -> Exercise:
    """Of two policies that others beat, the one beaten by a stated policy."""
    by = draw.pick("by", ("B", "A"))

    def right() -> str:
        x, y = POINTS[by]
        worse = [n for n, (a, b) in POINTS.items() if (a, b) != (x, y) and a >= x and b >= y]
        return worse[0]

    points = "; ".join(f"{n}: {a:g} and {b:g}" for n, (a, b) in POINTS.items())
    return Exercise(
        f"Policies by honest recipients lost a day, and spam a mailbox and day: {points}. Which of "
        f"them is dominated by {by}, that is, worse than {by} in both?",
        Word(right, tuple(POINTS)),
        "draw the points: what lies above and to the right of another point is dominated by it",
    )


def first_refused(frames: Frames) -> float:
    """The share of honest recipients whose first attempt is refused."""
    rows = frames["recipients"]
    honest = rows[(rows["class"] == "honest") & (rows["phase"] != "warm-up")]
    return float((honest["first_cause"] != "").mean())


@numbered("08.2", "What AUTH buys")
def bought(draw: Draw) -> Exercise:
    """A paired difference of two arms."""
    arm = draw.pick("arm", ("on network", "on network + address range"))
    on = draw.pick("on", (0.8, 0.5, 0.6))
    scenario = world(TOWN, {"users.travellers.auth": on})
    auth = "on network + AUTH"
    return Exercise(
        f"A share of {on:g} of the mail programs has AUTH on. Run {draw.scenario}, arms "
        f"{arm!r} and {auth!r}, with {RUNS} replications. By how much does first_refusal_rate of "
        f"honest mail change from the first arm to the second? A number, negative if it falls.",
        Measured(lambda: differences(scenario, arm, auth, first_refused), "share"),
        f"results.compare({arm!r}, {auth!r}): the column difference",
        scenario,
    )


@numbered("08.fault", "A policy for everybody honest")
def all_clients(_: Draw) -> Exercise:
    """Closed to all but its own network; customers are on the road and in the office."""
    return repair(
        {
            "relay": [
                "reject_unauth_destination",
                "permit_all_of(permit_mynetworks, permit_sender_local)",
            ]
        },
        (
            Want("customer", "home"),
            Want("other sender", "home"),
            Want("customer", "work"),
            Want("customer", "hotel", credentials="auth"),
            Want("another server", "outside", SAME),
            Want("a notice", "outside", SAME),
            *stays_red("sharer", place="hotel"),
            *stays_red("stranger", "forger"),
        ),
        "one restriction for each kind of customer: at home under any sender address, in the "
        "office (its range is in client_ranges), on the road",
    )
