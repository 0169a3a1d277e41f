"""04: a POP login opens a window for an address, whoever has it."""

from __future__ import annotations

from ipaddress import IPv4Address

from sim.lab.exercises.answers import RUNS, Count, Range, Set
from sim.lab.exercises.asking import Draw, Exercise, numbered
from sim.lab.exercises.repairing import Want, repair, stays_red
from sim.lab.exercises.worlds import TOWN, WINDOWS, Frames, simulated, world
from sim.path.facts import facts
from sim.smtp import decide

MINUTE = 60.0


@numbered("04.1", "Who gets through the window?")
def window(draw: Draw) -> Exercise:
    """Which of several moments fall into the window, as `decide` judges them."""
    minutes = draw.pick("window", (30, 20, 45, 10, 25, 40))
    moments = [str(m) for m in range(2, 59) if m != minutes]
    ages = tuple(sorted(draw.sample("moments", moments, 5), key=int))
    scenario = world(TOWN, {"servers.*-smtp.pop_window": f"{minutes} min"})

    def right() -> list[str]:
        arm = scenario.arm("on network + POP first")
        policy, guest = arm.policy("proseware-smtp"), arm.guest("hotel") or 0

        def accepts(age_text: str) -> bool:
            age = float(age_text) * MINUTE
            session = facts(guest, "user@proseware.com", "bob@adatum.com", pop_age=age)
            return decide(policy, session).accepted

        return [age_text for age_text in ages if accepts(age_text)]

    return Exercise(
        f"Under “on network + POP first” with a window of {minutes} min, Ann checks mail by POP "
        f"at 10:00 from the hotel, once. Five strangers try to relay from the same address: at "
        f"{', '.join(ages)} minutes past ten. Which of these attempts are relayed? Answer with "
        f"their minutes.",
        Set(right, ages),
        "does the restriction ask who logged in, or from where and when?",
        scenario,
    )


def borrowed(frames: Frames) -> float:
    """The share of relayed submissions by POP-first that used somebody else's login."""
    attempts = frames["attempts"]
    windows = attempts[
        (attempts["hop"] == "submission")
        & attempts["permission"].isin(["own_window", "inherited_window", "shared_window"])
    ]
    return float((windows["permission"] != "own_window").mean()) if len(windows) else 0.0


@numbered("04.2", "How often is it somebody else's window?")
def somebody_elses(draw: Draw) -> Exercise:
    """A simulated share of submissions that somebody else's login let through."""
    minutes = draw.pick("window", (30, 120))
    count = 60
    scenario = world(
        WINDOWS, {"servers.*-smtp.pop_window": f"{minutes} min", "users.guests.count": count}
    )
    return Exercise(
        f"{count} guests of a hotel and an airport, a window of {minutes} min. Run "
        f"{draw.scenario} with {RUNS} replications. Of the submissions that POP-first "
        f"let through (permission own_window, inherited_window or shared_window in "
        f"results.attempts), take the share for which somebody else had logged in. If POP-first "
        f"lets {draw.volume:g} submissions through in a year: for how many of them had somebody "
        f"else logged in?",
        Range(lambda: simulated(scenario, "POP first", borrowed), "submissions", draw.volume),
        "results.attempts where hop is 'submission': count by the column permission",
        scenario,
    )


@numbered("04.3", "One address for all")
def neighbours(draw: Draw) -> Exercise:
    """How many guests share one address."""
    rooms = draw.pick("guests", (40, *range(20, 40), *range(41, 60)))
    place = draw.pick("place", ("hotel", "kiosk", "hotel", "kiosk", "adatum"))
    scenario = world(TOWN)

    def right() -> int:
        network = scenario.networks[place]
        return rooms - 1 if network.shared_address else 0

    text = (
        "shared_address is true" if place != "adatum" else "every guest has an address of their own"
    )
    return Exercise(
        f"{rooms} people are on the network {place} at the same moment ({text}), and one of them "
        f"logs in to POP at proseware.com. How many of the others may now relay through "
        f"proseware-smtp from there under “on network + POP first”?",
        Count(right, "people"),
        f"scenario.networks[{place!r}].shared_address; which address does the server see "
        f"({IPv4Address(scenario.guest(place) or 0)} for one of them)?",
        scenario,
    )


@numbered("04.fault", "The guest at the next table")
def next_table(draw: Draw) -> Exercise:
    """POP first where guests share an address."""
    hours = draw.pick("hours", (12, 6, 24))
    window = f"permit_pop_before_smtp({hours} hours)"
    return repair(
        draw,
        {"relay": ["permit_mynetworks", window, "reject_unauth_destination"]},
        (
            Want("customer", "home"),
            Want("customer", "hotel", credentials="auth"),
            Want("customer", "work"),
            Want("another server", "outside", "same ISP"),
            *stays_red("sharer", place="hotel"),
            *stays_red("stranger", "forger"),
        ),
        "a sharer has the same address as the customer: what can the server know that tells them "
        "apart? The office has a fixed range of addresses",
    )
