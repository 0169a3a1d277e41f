"""08: a policy of one's own, judged cell by cell, and what it buys."""

from __future__ import annotations

from sim.lab.exercises.answers import RUNS, Range, Set
from sim.lab.exercises.asking import Draw, Exercise, numbered
from sim.lab.exercises.repairing import SAME, Want, repair, stays_red
from sim.lab.exercises.worlds import TOWN, Frames, differences, world

POINTS = ((2, 10), (5, 4), (6, 5), (9, 1), (3, 11), (7, 6), (4, 7), (10, 3))
"""Policies by honest recipients lost a day and spam a mailbox and day; some beat others in both."""
LETTERS = "ABCDEFGH"


@numbered("08.1", "Dominated")
def dominated(draw: Draw) -> Exercise:
    """Which of some policies others beat."""
    drawn = draw.sample("points", POINTS, 7)
    points = dict(zip(LETTERS, drawn, strict=False))

    def right() -> list[str]:
        return [
            name
            for name, (lost, spam) in points.items()
            if any(x < lost and y < spam for x, y in points.values())
        ]

    text = "; ".join(f"{name}: {lost} and {spam}" for name, (lost, spam) in points.items())
    return Exercise(
        f"Two numbers for each policy: honest recipients lost a day, and spam that a mailbox gets "
        f"a day: {text}. Which policies are dominated, that is, for which is there another one "
        f"that is better in both?",
        Set(right, tuple(points)),
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
    on = 0.8
    scenario = world(TOWN, {"users.travellers.auth": on})
    auth = "on network + AUTH"
    return Exercise(
        f"A share of {on:g} of the mail programs has AUTH on. Run {draw.scenario}, arms "
        f"{arm!r} and {auth!r}, with {RUNS} replications. By how much does first_refusal_rate of "
        f"honest mail change from the first arm to the second? Of {draw.volume:g} honest "
        f"recipients a month, how many more are refused at first (negative: fewer)?",
        Range(lambda: differences(scenario, arm, auth, first_refused), "recipients", draw.volume),
        f"results.compare({arm!r}, {auth!r}): the column difference",
        scenario,
    )


@numbered("08.fault", "A policy for everybody honest")
def all_clients(draw: Draw) -> Exercise:
    """Closed to all but its own network; customers are on the road and in the office."""
    check = "permit_all_of(permit_mynetworks, permit_sender_local)"
    starts = (
        ["reject_unauth_destination", check],
        [check, "reject_unauth_destination", "permit_sasl_authenticated"],
        ["permit_sender_local", "permit_mynetworks", "reject_unauth_destination"],
    )
    return repair(
        draw,
        {"relay": draw.pick("start", starts)},
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
        "office, on the road",
    )
