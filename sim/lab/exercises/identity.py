"""05: a check of the sender address, on the right machine and on the wrong one."""

from __future__ import annotations

from sim.exact.explanation import explain
from sim.lab.exercises.answers import Set, Text, Word
from sim.lab.exercises.asking import Draw, Exercise, numbered
from sim.lab.exercises.open_and_restricted import ISPS, addresses
from sim.lab.exercises.repairing import SAME, Want, repair, stays_red
from sim.lab.exercises.worlds import TOWN, world
from sim.path.lookup import QueryError

CHECK = "on network + identity check"


VISITED = {
    "hotel": "in the hotel",
    "kiosk": "at the kiosk in the airport",
    "phone": "at thephone-company.com",
    "adatum": "at a friend's, a customer of adatum.com",
}


@numbered("05.1", "A way out of the trap")
def way_out(draw: Draw) -> Exercise:
    """A sender address with which the venue's own server relays."""
    place = draw.pick("place", ("hotel", "kiosk", "phone", "adatum"))
    scenario = world(TOWN)

    def suits(sender: str) -> tuple[bool | None, str]:
        if "@" not in sender:
            return None, "an address is expected to which a notice could come back"
        try:
            explanation = explain(
                scenario, "travellers", place, "bob@adatum.com", CHECK, sender, server=place
            )
        except QueryError as error:
            return False, str(error)
        return explanation.outcome == "delivered", explanation.outcome

    return Exercise(
        f"“{CHECK}”: every submission server checks the sender address. A traveller of "
        f"proseware.com is {VISITED[place]} and sends to bob@adatum.com through the server of that "
        f"place ({place}-smtp). Name an envelope sender (MAIL FROM) with which the message is "
        f"delivered.",
        Text(
            suits,
            lambda: f"guest@{scenario.networks[place].domain}",
            "a sender address such as ann@proseware.com",
        ),
        f"what does reject_sender_not_local compare? scenario.explain(..., server={place!r}, "
        f"sender=...) tries an address",
        scenario,
    )


@numbered("05.2", "Whom does the check hit?")
def hit(draw: Draw) -> Exercise:
    """Which sender addresses are refused at home."""
    isp = draw.pick("isp", ISPS[:2])
    senders = (*addresses(draw, 6), "<>")
    scenario = world(TOWN)

    def right() -> list[str]:
        return [
            sender
            for sender in senders
            if explain(
                scenario, "travellers", "home", "zoe@hotel.example", CHECK, sender, server=isp
            ).outcome
            == "refused"
        ]

    return Exercise(
        f"“{CHECK}”. A customer of proseware.com, at home, hands the server {isp}-smtp a message "
        f"to zoe@hotel.example. With which of these envelope senders (MAIL FROM) is it refused: "
        f"{', '.join(senders)}?",
        Set(right, senders),
        "try each with scenario.explain(user='travellers', place='home', to='zoe@hotel.example', "
        f"arm={CHECK!r}, server={isp!r}, sender=...); two checks may refuse: sender and relay",
        scenario,
    )


REMEDIES: tuple[tuple[str, str | None, dict[str, list[str]], str], ...] = (
    # arm, sender address, key of hotel-smtp or adatum-mx, words
    (CHECK, None, {}, ""),
    ("on network", None, {}, ""),
    (
        "on network",
        None,
        {"servers.adatum-mx.sender": ["reject_sender_not_local"]},
        "The MX of adatum.com checks identity too, by mistake. ",
    ),
    (
        "on network",
        None,
        {"servers.hotel-smtp.content": ["discard_outbound_spam(1, 1)"]},
        "The hotel's server mistakes the message for spam and drops it. ",
    ),
)
"""What the usual advice comes to: refused, delivered, bounced, discarded."""


@numbered("05.3", "Which remedy still works?")
def remedy(draw: Draw) -> Exercise:
    """What becomes of a message that follows the usual advice."""
    arm, sender, keys, more = draw.pick("case", REMEDIES)
    to = draw.pick("to", ("bob@adatum.com", "amy@adatum.com"))
    scenario = world(TOWN, keys)

    def right() -> str:
        caught = "servers.hotel-smtp.content" in keys
        explanation = explain(
            scenario, "travellers", "hotel", to, arm, sender, server="hotel", caught=caught
        )
        return explanation.outcome

    return Exercise(
        f"“{arm}” at every submission server. The traveller in the hotel follows the usual advice "
        f"and sends through the hotel's server, with a proseware.com sender address, to {to}. "
        f"{more}What becomes of the message?",
        Word(right, ("delivered", "refused", "bounced", "discarded")),
        "scenario.explain(user='travellers', place='hotel', ..., server='hotel')",
        scenario,
    )


@numbered("05.fault", "A check on the wrong machine")
def wrong_machine(draw: Draw) -> Exercise:
    """An identity check on a machine that is also the MX."""
    relay = ["permit_mynetworks", "reject_unauth_destination"]
    more = draw.pick("more", ([], ["permit_sender_local"], ["permit_sasl_authenticated"]))
    return repair(
        draw,
        {"sender": ["reject_sender_not_local"], "relay": [*more, *relay]},
        (
            Want("another server", "outside", SAME),
            Want("a notice", "outside", SAME),
            Want("customer", "home"),
            Want("customer", "hotel", credentials="auth"),
            Want("customer", "work", SAME),
            Want("customer", "work"),
            *stays_red("other sender", place="home"),
            *stays_red("stranger", "forger"),
        ),
        "the sender list holds for everybody who connects, the relay list only matters for mail "
        "that goes elsewhere: where does a check for customers belong? permit_all_of(a, b) asks "
        "for both, and permit_sender_local is the check as a permission",
    )
