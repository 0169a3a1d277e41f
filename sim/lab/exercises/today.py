"""11: submission with a login, and what SPF, DKIM and DMARC check."""

from __future__ import annotations

from sim.exact.explanation import explain
from sim.lab.authentication import DOMAINS, Mail, authenticate
from sim.lab.exercises.answers import Set, Word
from sim.lab.exercises.asking import Draw, Exercise, numbered
from sim.lab.exercises.six_situations import PLACES
from sim.lab.exercises.worlds import TOWN, world

SUBMISSION = "servers.proseware-smtp"
PORTS = {"25": "port 25, no login", "25+": "port 25, with AUTH", "587": "port 587, with AUTH"}
WAYS = tuple(
    (place, port, to)
    for place in PLACES
    for port in PORTS
    for to in ("bob@adatum.com", "bob@proseware.com")
)


@numbered("11.1", "Out of the hotel")
def submitted(draw: Draw) -> Exercise:
    """Which submissions a server with port 587 takes where a venue blocks port 25."""
    blocking = draw.pick("blocking", ("hotel", "kiosk"))
    drawn = {str(n): way for n, way in enumerate(draw.sample("ways", WAYS, 8), 1)}
    keys = {
        f"networks.{blocking}.blocks_port_25": True,
        f"{SUBMISSION}.port_587": True,
    }
    scenario = world(TOWN, keys)

    def right() -> list[str]:
        return [
            number
            for number, (place, port, to) in drawn.items()
            if explain(
                scenario,
                "travellers",
                place,
                to,
                "on network + AUTH",
                auth=port == "25+",
                by_587=port == "587",
            ).outcome
            == "delivered"
        ]

    lines = "\n".join(
        f"  {n}  {PLACES[place]}, {PORTS[port]}, to {to}" for n, (place, port, to) in drawn.items()
    )
    return Exercise(
        f"proseware's submission server relays for its own network and for those who log in, and "
        f"offers port 587. The network {blocking} blocks port 25. Which of these messages of its "
        f"customers are delivered?\n{lines}\n",
        Set(right, tuple(drawn)),
        "two questions: does the connection come about, and does the relay list permit?",
        scenario,
    )


IDENTITIES = {
    # what is checked: the identity, as one of the words
    "SPF, for a message with a sender in MAIL FROM": "domain of MAIL FROM",
    "SPF, for a notice with the null sender": "HELO name",
    "DKIM": "domain of the signature",
    "DMARC, as the domain whose policy is asked for": "domain of From:",
    "the identity check of notebook 05 (reject_sender_not_local)": "domain of MAIL FROM",
}
WRITTEN = {
    "MAIL FROM": "domain of MAIL FROM",
    "envelope sender": "domain of MAIL FROM",
    "domain of the envelope sender": "domain of MAIL FROM",
    "From:": "domain of From:",
    "From": "domain of From:",
    "HELO": "HELO name",
    "EHLO": "HELO name",
    "signature": "domain of the signature",
    "d=": "domain of the signature",
}


@numbered("11.2", "Which identity?")
def identity(draw: Draw) -> Exercise:
    """The identity that a check is about."""
    check = draw.pick("check", tuple(IDENTITIES))
    words = tuple(sorted(set(IDENTITIES.values())))
    return Exercise(
        f"Which identity is checked by {check}?",
        Word(lambda: IDENTITIES[check], words, WRITTEN),
        "the table of section 4: envelope, header, signature and HELO are four names that may "
        "differ in one message",
    )


CLIENTS = {
    "proseware's server": "198.51.100.126",
    "adatum's server": "198.51.100.250",
    "the hotel's server": "192.0.2.130",
    "a list server": "203.0.113.70",
    "a rented machine": "203.0.113.195",
}
ENVELOPES = ("ann@proseware.com", "list-bounces@lists.example", "offer@bulk.example")
SIGNED = {
    "not signed": ("", False),
    "signed by proseware.com": ("proseware.com", False),
    "signed by proseware.com, then a footer was added": ("proseware.com", True),
    "signed by bulk.example": ("bulk.example", False),
}
MESSAGES = tuple((c, e, s) for c in CLIENTS for e in ENVELOPES for s in SIGNED)


@numbered("11.3", "What passes DMARC?")
def passing(draw: Draw) -> Exercise:
    """Which messages that claim to be of proseware.com pass DMARC."""
    drawn = {str(n): m for n, m in enumerate(draw.sample("messages", MESSAGES, 7), 1)}

    def right() -> list[str]:
        return [
            number
            for number, (client, envelope, signed) in drawn.items()
            if authenticate(
                Mail(CLIENTS[client], envelope, "ann@proseware.com", *SIGNED[signed]), DOMAINS
            ).dmarc
            == "pass"
        ]

    lines = "\n".join(f"  {n}  by {c}, MAIL FROM {e}, {s}" for n, (c, e, s) in drawn.items())
    records = "; ".join(f"{d} {', '.join(r.networks)}" for d, r in DOMAINS.items())
    clients = ", ".join(f"{name} {address}" for name, address in CLIENTS.items())
    return Exercise(
        "All of these messages have the line “From: ann@proseware.com”.\n"
        f"The networks in the SPF records: {records}.\n"
        f"The addresses of the clients: {clients}.\n"
        f"Which messages pass DMARC?\n{lines}\n",
        Set(right, tuple(drawn)),
        "SPF or DKIM must pass for the domain of the From: line: for whose domain did it pass?",
    )
