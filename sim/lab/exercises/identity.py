"""05: a check of the sender address, on the right machine and on the wrong one."""

from __future__ import annotations

from sim.exact.explanation import explain
from sim.lab.exercises.answers import Names, Suiting, Word
from sim.lab.exercises.asking import Draw, Exercise, numbered
from sim.lab.exercises.repairing import SAME, Want, stays_red
from sim.lab.exercises.six_situations import PLACES, repair
from sim.lab.exercises.worlds import TOWN, world
from sim.path.lookup import QueryError

CHECK = "on network + identity check"


@numbered("05.1", "A way out of the trap")
def way_out(draw: Draw) -> Exercise:
    """A sender address with which the venue's own server relays."""
    place = draw.pick("place", ("hotel", "kiosk"))
    scenario = world(TOWN)

    def suits(sender: str) -> tuple[bool, str]:
        try:
            explanation = explain(
                scenario, "travellers", place, "bob@adatum.com", CHECK, sender, server=place
            )
        except QueryError as error:
            return False, str(error)
        return explanation.outcome == "delivered", explanation.outcome

    domains = [f"guest@{n.domain}" for n in scenario.networks.values() if n.domain]
    return Exercise(
        f"“{CHECK}”: everybody checks. A traveller of proseware.com is {PLACES[place]} and sends "
        f"to bob@adatum.com through the server of that place ({place}-smtp). Name a sender address "
        f"with which the message is delivered.",
        Suiting(suits, tuple(domains), "a sender address such as ann@proseware.com"),
        f"what does reject_sender_not_local compare? scenario.explain(..., server={place!r}, "
        f"sender=...) tries an address",
        scenario,
    )


SENDERS = ("ann@proseware.com", "terri@contoso.com", "bob@adatum.com", "<>")


@numbered("05.2", "Whom does the check hit?")
def hit(draw: Draw) -> Exercise:
    """Which sender addresses are refused at home."""
    isp = draw.pick("isp", ("proseware", "adatum"))
    scenario = world(TOWN)

    def right() -> list[str]:
        return [
            sender
            for sender in SENDERS
            if explain(
                scenario, "travellers", "home", "zoe@hotel.example", CHECK, sender, server=isp
            ).outcome
            == "refused"
        ]

    return Exercise(
        f"“{CHECK}”. A customer of proseware.com, at home, hands the server {isp}-smtp a message "
        f"to zoe@hotel.example. "
        f"With which of these senders is it refused? A set out of {', '.join(SENDERS)}.",
        Names(right, SENDERS),
        "try each with scenario.explain(user='travellers', place='home', to='zoe@hotel.example', "
        f"arm={CHECK!r}, server={isp!r}, sender=...); two checks may refuse: sender and relay",
        scenario,
    )


@numbered("05.3", "Which remedy still works?")
def remedy(draw: Draw) -> Exercise:
    """Whether the usual remedy works under an arm."""
    arm = draw.pick("arm", (CHECK, "on network"))
    scenario = world(TOWN)

    def right() -> str:
        explanation = explain(
            scenario, "travellers", "hotel", "bob@adatum.com", arm, server="hotel"
        )
        return explanation.outcome

    words = ("delivered", "refused", "bounced", "discarded")
    return Exercise(
        f"“{arm}” at every server. The traveller in the hotel follows the usual advice and sends "
        f"through the hotel's server, under the address at proseware.com, to bob@adatum.com. "
        f"What becomes of the message? One of {', '.join(words)}.",
        Word(right, words),
        "scenario.explain(user='travellers', place='hotel', ..., server='hotel')",
        scenario,
    )


@numbered("05.fault", "A check on the wrong machine")
def wrong_machine(_: Draw) -> Exercise:
    """An identity check on a machine that is also the MX."""
    start = {"sender": ["reject_sender_not_local"], "relay": ["permit_mynetworks"]}
    start["relay"].append("reject_unauth_destination")
    return repair(
        start,
        (
            Want("another server", "outside", SAME),
            Want("a notice", "outside", SAME),
            Want("customer", "home"),
            Want("customer", "hotel", credentials="auth"),
            Want("customer", "work", SAME),
            *stays_red("other sender", place="home"),
            *stays_red("stranger", "forger"),
        ),
        "the sender list holds for everybody who connects, the relay list only matters for mail "
        "that goes elsewhere: where does a check for customers belong? permit_all_of(a, b) asks "
        "for both, and permit_sender_local is the check as a permission",
    )
