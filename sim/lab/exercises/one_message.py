"""03: what a header proves, and at which command a server says no."""

from __future__ import annotations

from ipaddress import IPv4Address

from sim.exact.explanation import Explanation, explain
from sim.lab.exercises.answers import Number, Suiting, Word
from sim.lab.exercises.asking import Draw, Exercise, numbered
from sim.lab.exercises.six_situations import PLACES
from sim.lab.exercises.worlds import TOWN, world

COMMANDS = ("CONNECT", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "nowhere")


WAYS = (
    # network of the spammer, relay (None: directly); the notebook shows adatum through proseware
    ("kiosk", "phone-smtp"),
    ("hotel", "proseware-smtp"),
    ("kiosk", "hotel-smtp"),
    ("adatum", "phone-smtp"),
    ("hotel", None),
    ("adatum", "hotel-smtp"),
    ("kiosk", "proseware-smtp"),
)


def spam(draw: Draw) -> Explanation:
    """One spam, through somebody's open relay or directly."""
    network, relay = draw.pick("way", WAYS)
    scenario = world(TOWN, {"spammers.stranger.network": network})
    return explain(scenario, "stranger", None, "bob@adatum.com", "open trust", server=relay)


def header(explanation: Explanation) -> str:
    """The header as the recipient reads it, without what we know."""
    return "\n".join(header.text for header in explanation.received)


@numbered("03.1", "Where did it come from?")
def origin(draw: Draw) -> Exercise:
    """The address at which a spam entered the mail system."""

    def right() -> str:
        return str(IPv4Address(spam(draw).hops[0].facts.client))

    def suits(text: str) -> tuple[bool, str]:
        try:
            address = IPv4Address(text.strip("[]"))
        except ValueError:
            return False, "an IPv4 address such as 192.0.2.1 is asked for"
        return str(address) == right(), ""

    return Exercise(
        f"Bob gets this:\n\n{header(spam(draw))}\n\nHis own server tells the truth, and so do the "
        "relays of ISPs, workplaces and hotels. From which IPv4 address was the message really "
        "sent?",
        Suiting(suits, (right(),), "an IPv4 address"),
        "read from the top: each server writes the address it saw; whose line is the last that "
        "you can believe, and what could the client itself have written below it?",
    )


@numbered("03.2", "Which lines can be believed?")
def trusted_lines(draw: Draw) -> Exercise:
    """How many Received: lines were written by servers."""

    def right() -> int:
        return sum(h.text.startswith("Received") and not h.forged for h in spam(draw).received)

    return Exercise(
        f"How many “Received:” lines of this header were written by the server they name after "
        f"“by”?\n\n{header(spam(draw))}",
        Number(right, "lines"),
        "a line's “by” should be the “from” of the line above it, and that address should belong "
        "to that name; the chain ends where a claim begins",
    )


CASES = (
    # arm, place, sender, auth
    ("on network + identity check", "home", "terri@contoso.com"),
    ("on network", "hotel", None),
    ("on network", "home", None),
)


@numbered("03.3", "At which command?")
def command(draw: Draw) -> Exercise:
    """The command after which the server refuses."""
    arm, place, sender = draw.pick("case", CASES)
    scenario = world(TOWN)

    def right() -> str:
        explanation = explain(scenario, "travellers", place, "bob@adatum.com", arm, sender)
        return explanation.dialogues[0].refused_at or "nowhere"

    forged = f", showing the sender {sender}" if sender else ""
    return Exercise(
        f"“{arm}”: a customer of proseware.com, {PLACES[place]}, writes to bob@adatum.com{forged}. "
        f"After which command of the client does the server refuse? One of {', '.join(COMMANDS)}.",
        Word(right, COMMANDS),
        "the dialogue of scenario.explain(...): the last line of C: before the reply that begins "
        "with 4 or 5",
        scenario,
    )
