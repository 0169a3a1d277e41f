"""09: relays close one after the other, and spam moves."""

from __future__ import annotations

from itertools import pairwise

from sim.lab.exercises.answers import RUNS, Number, Range
from sim.lab.exercises.asking import Draw, Exercise, numbered
from sim.lab.exercises.worlds import CLOSING, TOWN, Frames, intended, simulated, world
from sim.records.words import Route

CURVE = ((0.0, 0.55), (3.0, 0.36), (9.0, 0.17), (18.0, 0.043), (27.5, 0.01))
"""Day of the compressed calendar and share of open relays: the curve of the scenario file."""
MONTHS_A_DAY = 2


@numbered("09.1", "A compressed calendar")
def calendar(draw: Draw) -> Exercise:
    """The share of open relays on a day between two surveys."""
    day = draw.pick("day", (6.0, *(d / 2 for d in range(1, 55) if d % 3)))

    def right() -> float:
        for (a, high), (b, low) in pairwise(CURVE):
            if a <= day <= b:
                return high + (low - high) * (day - a) / (b - a)
        return CURVE[-1][1]

    return Exercise(
        f"In adoption-1998-2002.toml one simulated day stands for {MONTHS_A_DAY} months. Take the "
        f"surveyed shares {[list(p) for p in CURVE]} (day, share of open relays) and straight "
        f"lines between them. Which share is open on day {day:g}?",
        Number(right, "share", 3),
        "which two surveys lie around the day, and how far is it from the first?",
    )


def shift(frames: Frames) -> float:
    """The share of delivered spam that came directly, once the policy held."""
    rows = intended(frames, "spam")
    delivered = rows[rows["fate"] == "delivered"]
    return float((delivered["route"] == "direct").mean()) if len(delivered) else 0.0


@numbered("09.2", "Where does it come from now?")
def route(draw: Draw) -> Exercise:
    """The simulated share of spam that comes directly where relays close during the run."""
    arm = "open trust"
    days = draw.pick("day", (3.0, 2.5))
    count = 4
    spammers = {
        "count": count,
        "recipients": 5,
        "capacity": {"open_relay": "100 / day", "direct": "40 / day"},
    }
    scenario = world(
        CLOSING,
        {"operators.everybody.date": f"{days} days"}
        | {f"spammers.stranger.{key}": value for key, value in spammers.items()},
    )
    return Exercise(
        f"{count} spammers prefer open relays and fall back on sending directly, which carries "
        f"less. All relays close {days:g} days after the start. Run {draw.scenario}, arm {arm!r}, "
        f"with {RUNS} replications. Of the delivered spam that was written after the "
        f"warm-up, take the share that came by the route 'direct'. Of {draw.volume:g} such spam "
        f"messages, how many came directly?",
        Range(lambda: simulated(scenario, arm, shift), "spam messages", draw.volume),
        "results.recipients, class spam, fate delivered, phase not warm-up: count by route",
        scenario,
    )


@numbered("09.3", "If nobody is left")
def remainder(draw: Draw) -> Exercise:
    """What follows from the capacities alone once every relay is closed."""
    relay = draw.pick("relay", (100, 200, 400, 150, 250, 300, 350))
    direct = draw.pick("direct", (20, 50, 80, 30, 45, 65, 90))
    capacity = {"open_relay": f"{relay} / day", "direct": f"{direct} / day"}
    scenario = world(TOWN, {"spammers.stranger.capacity": capacity})

    def right() -> float:
        rates = scenario.spammers["stranger"].capacity
        return rates[Route.DIRECT] / rates[Route.OPEN_RELAY]

    return Exercise(
        f"A spammer sends to {relay} recipients a day through open relays and to {direct} a day "
        f"directly, and uses one route at a time, the first that works. All relays close. Which "
        f"share of its spam is left, by these capacities alone?",
        Number(right, "share", 2),
        "the relay multiplies what the spammer's own line could carry; without it, the line is all",
        scenario,
    )
