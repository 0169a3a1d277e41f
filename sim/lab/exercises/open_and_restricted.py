"""01: which mail is relayed, what a restriction costs, and what of it follows from the inputs."""

from __future__ import annotations

import math
from itertools import product

from sim.exact.explanation import explain
from sim.lab.exercises.answers import RUNS, Number, Range, Set
from sim.lab.exercises.asking import Draw, Exercise, numbered
from sim.lab.exercises.worlds import TOWN, Frames, intended, simulated, world

NAMES = ("bob", "amy", "joe", "zoe", "eva", "ida", "leo", "max", "uma", "kai")
DOMAINS = (
    "proseware.com",
    "adatum.com",
    "thephone-company.com",
    "hotel.example",
    "airport.example",
)
ISPS = ("proseware", "adatum", "hotel", "phone", "kiosk")


def addresses(draw: Draw, count: int) -> tuple[str, ...]:
    """Addresses of the student's own, for questions that list some."""
    names = draw.sample("names", NAMES, count)
    turn = draw.pick("turn", range(len(DOMAINS)))
    return tuple(f"{n}@{DOMAINS[(i + turn) % len(DOMAINS)]}" for i, n in enumerate(names))


@numbered("01.1", "What is relayed?")
def relayed(draw: Draw) -> Exercise:
    """The recipients for whom a server has to connect to another one."""
    isp = draw.pick("isp", ISPS)
    recipients = addresses(draw, 6)
    scenario = world(TOWN)

    def right() -> list[str]:
        def kind(to: str) -> str:
            explanation = explain(scenario, "travellers", "home", to, "open trust", server=isp)
            verdict = explanation.hops[0].verdict
            return verdict.kind if verdict else ""

        return [to for to in recipients if kind(to) == "accept_relay"]

    return Exercise(
        f"Under “open trust” somebody hands {isp}-smtp six messages, to {', '.join(recipients)}. "
        f"Which of them does it relay, that is, pass on to the server of another domain?",
        Set(right, recipients),
        f"scenario.servers['{isp}-smtp'].domains: mail for these stays here",
        scenario,
    )


def refused_in_the_hotel(frames: Frames) -> float:
    """Of what honest people wrote from the hotel, what was refused at first."""
    rows = intended(frames)
    return float((rows[rows["place"] == "hotel"]["first_cause"] != "").mean())


@numbered("01.2", "What it costs in the hotel")
def cost(draw: Draw) -> Exercise:
    """How much of the mail from the hotel is refused at first, as a simulated share of a volume."""
    share = draw.pick("share", (0.25, 0.1))
    scenario = world(TOWN, {"users.travellers.to_same_isp": share})
    return Exercise(
        f"Travellers send a share of {share:g} of their mail to customers of their own ISP. Run "
        f"{draw.scenario}, arm 'on network', with {RUNS} replications. Of the intended "
        f"recipients of honest mail that was written in the hotel (column place) after the policy "
        f"took effect (phase is not warm-up), take the share that was refused at the first attempt "
        f"(first_cause is not ''). All hotels together send to {draw.volume:g} such recipients a "
        f"month: how many of these are refused at first?",
        Range(
            lambda: simulated(scenario, "on network", refused_in_the_hotel),
            "recipients a month",
            draw.volume,
        ),
        "results.recipients, class honest; or results.summary(by='place'), first_refusal_rate. It "
        "is less than the share of mail to elsewhere: people learn",
        scenario,
    )


@numbered("01.3", "What follows from the inputs alone")
def alone(draw: Draw) -> Exercise:
    """The analytic expectation of a rate, which is a product of two shares."""
    hotel = draw.pick("hotel", (0.4, 0.2, 0.3, 0.15, 0.35, 0.45, 0.55, 0.62))
    same = draw.pick("same", (0.25, 0.5, 0.1, 0.15, 0.33, 0.42, 0.6))
    places = {"home": 1 - hotel, "hotel": hotel}
    users = {"places": places, "office_hours": places, "to_same_isp": same, "recipients": 1}
    scenario = world(TOWN, {f"users.travellers.{key}": value for key, value in users.items()})

    def right() -> float:
        mail = {"bob@proseware.com": same, "bob@adatum.com": 1 - same}
        return math.fsum(
            network * part
            for (place, network), (to, part) in product(places.items(), mail.items())
            if explain(scenario, "travellers", place, to, "on network").outcome == "refused"
        )

    return Exercise(
        f"Everybody writes a share of {hotel:g} of their mail in the hotel and the rest at home. "
        f"In both places a share of {same:g} of it goes to customers of their own ISP. Nobody "
        f"changes anything after a refusal, and every server relays for its own network only. "
        f"Which share of honest recipients is refused at the first attempt? (This is the mark "
        f"“analytic expectation” of the figures.)",
        Number(right, "share", 3),
        "which of the six situations are refused, and how often does each occur?",
        scenario,
    )
