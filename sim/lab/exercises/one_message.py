"""03: what a header proves, and at which command a server says no."""

from __future__ import annotations

import re
from ipaddress import IPv4Address

from sim.exact.explanation import Explanation, explain
from sim.lab.exercises.answers import Set, Text, Word
from sim.lab.exercises.asking import Draw, Exercise, numbered
from sim.lab.exercises.open_and_restricted import DOMAINS
from sim.lab.exercises.six_situations import PLACES
from sim.lab.exercises.worlds import TOWN, world

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
LINES = tuple(f"203.0.113.{32 * n}/27" for n in range(8))
"""Address ranges of which the spammer's network has one."""


def spam(draw: Draw) -> Explanation:
    """One spam, through somebody's open relay or directly."""
    network, relay = draw.pick("way", WAYS)
    line, to = draw.pick("line", LINES), draw.pick("to", DOMAINS[1:])
    scenario = world(
        TOWN, {"spammers.stranger.network": network, f"networks.{network}.prefixes": [line]}
    )
    return explain(scenario, "stranger", None, f"bob@{to}", "open trust", server=relay)


def header(explanation: Explanation) -> str:
    """The header as the recipient reads it, without what we know."""
    return "\n".join(header.text for header in explanation.received)


@numbered("03.1", "Where did it come from?")
def origin(draw: Draw) -> Exercise:
    """The address at which a spam entered the mail system."""

    def right() -> str:
        return str(IPv4Address(spam(draw).hops[0].facts.client))

    def suits(text: str) -> tuple[bool | None, str]:
        try:
            address = IPv4Address(text.strip("[]"))
        except ValueError:
            return None, "an IPv4 address such as 192.0.2.1 is expected"
        return str(address) == right(), ""

    return Exercise(
        f"Bob gets this:\n\n{header(spam(draw))}\n\nHis own server tells the truth, and so do the "
        "relays of ISPs, workplaces and hotels. Which IPv4 address did the computer have that "
        "really sent the message?",
        Text(suits, right, "an IPv4 address"),
        "read from the top: each server writes the address it saw; whose line is the last that "
        "you can believe, and what could the client itself have written below it?",
    )


def writers(explanation: Explanation, forged: bool) -> tuple[str, ...]:
    """The names after “by” in the Received: lines that are *forged*, or true."""
    lines = (h for h in explanation.received if h.text.startswith("Received"))
    names = ((h.forged, re.search(r" by (\S+)", h.text)) for h in lines)
    return tuple(name[1] for false, name in names if name and false == forged)


@numbered("03.2", "Which lines can be believed?")
def trusted_lines(draw: Draw) -> Exercise:
    """Which Received: lines were written by the servers they name."""
    explanation = spam(draw)
    names = (*writers(explanation, False), *writers(explanation, True))
    return Exercise(
        f"Which of the “Received:” lines of this header were written by the server they name after "
        f"“by”?\n\n{header(explanation)}\n\nAnswer with the names of these servers.",
        Set(lambda: writers(spam(draw), False), tuple(sorted(names))),
        "a line's “by” should be the “from” of the line above it, and that address should belong "
        "to that name; the chain ends where a claim begins",
    )


COMMANDS = ("CONNECT", "EHLO", "AUTH", "MAIL FROM", "RCPT TO", "DATA", "message", "nowhere")
WRITTEN = {
    "MAIL": "MAIL FROM",
    "RCPT": "RCPT TO",
    "HELO": "EHLO",
    ".": "message",
    "the end of the message": "message",
    "end of data": "message",
    "none": "nowhere",
    "not at all": "nowhere",
}
"""Other ways of writing a command, and the ways of a dialogue."""
CASES = (
    # arm, MTA of the server, place, sender, whether a filter refuses the message
    ("on network + identity check", "sendmail", "home", "terri@contoso.com", False),
    ("on network", "sendmail", "hotel", None, False),
    ("on network", "sendmail", "home", None, False),
    ("on network", "postfix", "home", None, True),
    ("on network + identity check", "postfix", "home", "terri@contoso.com", False),
    ("on network + AUTH", "exim", "work", None, False),
    ("on network + identity check", "exim", "hotel", "terri@contoso.com", False),
    ("on network", "exim", "home", None, True),
    ("on network + identity check", "postfix", "home", None, False),
)


@numbered("03.3", "At which command?")
def command(draw: Draw) -> Exercise:
    """The command after which the server refuses."""
    arm, mta, place, sender, caught = draw.pick("case", CASES)
    content = ["reject_outbound_spam(1, 1)"] if caught else []
    server = "servers.proseware-smtp"
    scenario = world(TOWN, {f"{server}.flavour": mta, f"{server}.content": content})

    def right() -> str:
        explanation = explain(
            scenario, "travellers", place, "bob@adatum.com", arm, sender, caught=caught
        )
        refused_at = explanation.dialogues[0].refused_at or "nowhere"
        return WRITTEN.get(refused_at, refused_at)

    using = f", using the sender address {sender}" if sender else ""
    filtered = " Its content filter mistakes the message for spam and refuses it." if caught else ""
    return Exercise(
        f"“{arm}”; proseware's server runs {mta}. A customer of proseware.com, {PLACES[place]}, "
        f"writes to bob@adatum.com{using}.{filtered} After which command of the client does the "
        f"server refuse? (“message”: after its last line; “nowhere”: it does not refuse.)",
        Word(right, COMMANDS, WRITTEN),
        "the dialogue of scenario.explain(...): the last line of C: before the reply that begins "
        "with 4 or 5",
        scenario,
    )
