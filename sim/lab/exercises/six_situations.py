"""02: who is refused, by which restriction, and in which words."""

from __future__ import annotations

from sim.exact.explanation import Explanation, explain
from sim.lab.exercises.answers import Code, Set, Word
from sim.lab.exercises.asking import Draw, Exercise, numbered
from sim.lab.exercises.repairing import SAME, Want, repair, stays_red
from sim.lab.exercises.worlds import TOWN, world
from sim.scenario import Scenario
from sim.smtp import restrictions

SITUATIONS = {
    # number: place, recipient
    "1": ("home", "bob@proseware.com"),
    "2": ("home", "bob@adatum.com"),
    "3": ("work", "bob@proseware.com"),
    "4": ("work", "bob@adatum.com"),
    "5": ("hotel", "bob@proseware.com"),
    "6": ("hotel", "bob@adatum.com"),
}
"""The six situations of a customer of proseware.com."""
PLACES = {
    "home": "at home",
    "work": "at work",
    "hotel": "in the hotel",
    "kiosk": "at the kiosk",
}

ARMS = (
    "on network",
    "closed",
    "on network + address range",
    "on network + AUTH",
    "on network + POP first",
)
MTAS = ("sendmail", "qmail", "postfix", "courier")


LOGINS = {"none": "no login", "auth": "AUTH on", "pop": "mail just checked by POP"}
SITUATION_POOL = tuple((place, to, login) for place, to in SITUATIONS.values() for login in LOGINS)


def explained(
    scenario: Scenario, arm: str, situation: tuple[str, str, str], sender: str | None = None
) -> Explanation:
    """One situation (place, recipient, login) under one arm."""
    place, to, login = situation
    auth, pop = login == "auth", login == "pop"
    return explain(scenario, "travellers", place, to, arm, sender, auth=auth, pop=pop)


@numbered("02.1", "Who is refused?")
def refused(draw: Draw) -> Exercise:
    """Numbers of the situations that are refused under an arm."""
    arm = draw.pick("arm", ARMS)
    drawn = draw.sample("situations", SITUATION_POOL, 8)
    numbers = {str(n): situation for n, situation in enumerate(drawn, 1)}
    scenario = world(TOWN)

    def right() -> list[str]:
        return [n for n, s in numbers.items() if explained(scenario, arm, s).outcome == "refused"]

    lines = "\n".join(
        f"  {n}  {PLACES[place]}, to {to}, {LOGINS[login]}"
        for n, (place, to, login) in numbers.items()
    )
    return Exercise(
        f"The policy of proseware.com is “{arm}”. Which of these messages of its customers are "
        f"refused?\n{lines}\n",
        Set(right, tuple(numbers)),
        "the rows of the matrix: scenario.matrix(server='proseware', arm=...); is it relaying at "
        "all, from where, and does the server ask for a login?",
        scenario,
    )


DECIDED = (
    # arm, place, recipient, login, sender
    ("on network + AUTH", "hotel", "bob@proseware.com", "none", None),
    ("on network + AUTH", "home", "bob@adatum.com", "auth", None),
    ("on network + POP first", "kiosk", "bob@adatum.com", "pop", None),
    ("on network + address range", "work", "bob@adatum.com", "none", None),
    ("on network + POP first", "kiosk", "bob@adatum.com", "none", None),
    ("on network + AUTH", "hotel", "bob@adatum.com", "auth", None),
    ("on network + identity check", "home", "bob@adatum.com", "none", "terri@contoso.com"),
    ("on network + POP first", "home", "bob@adatum.com", "pop", None),
)
"""Messages of customers of proseware.com of which different restrictions decide."""


@numbered("02.2", "Which restriction decides?")
def rule(draw: Draw) -> Exercise:
    """The restriction that decides about one message."""
    arm, place, to, login, sender = draw.pick("case", DECIDED)
    scenario = world(TOWN)

    def right() -> str:
        verdict = explained(scenario, arm, (place, to, login), sender).hops[0].verdict
        return verdict.rule if verdict else ""

    policy = scenario.arm(arm).policy("proseware-smtp")
    written = {str(r): r.name for r in (*policy.sender, *policy.relay)}
    using = f", using the sender address {sender}" if sender else ""
    return Exercise(
        f"“{arm}”. A customer of proseware.com, {PLACES[place]} ({LOGINS[login]}), writes to "
        f"{to}{using}. Which restriction of proseware-smtp decides about it? Its name, or "
        f"end_of_list where the list ends without a decision.",
        Word(right, (*restrictions.names(), "end_of_list"), written, listed=False),
        "the rule walk of scenario.explain(...): the first restriction that matches decides; "
        "mind the order of the list",
        scenario,
    )


@numbered("02.3", "With which code?")
def code(draw: Draw) -> Exercise:
    """The code with which mail server software refuses to relay."""
    mta = draw.pick("mta", MTAS)
    scenario = world(TOWN, {"servers.proseware-smtp.flavour": mta})
    stranger = ("hotel", "bob@adatum.com", "none")
    return Exercise(
        f"The server of proseware.com runs {mta}. With which code does it refuse a stranger's RCPT "
        f"under “on network”?",
        Code(lambda: explained(scenario, "on network", stranger).dialogues[0].code),
        f"the dialogue: {draw.scenario} runs this software",
        scenario,
    )


DISGUISES = (
    ["permit_mynetworks", "permit_sender_local", "reject_unauth_destination"],
    ["permit_mynetworks", "permit_sasl_authenticated"],
    ["permit_mynetworks", "permit_client_ranges(0.0.0.0/1)", "reject_unauth_destination"],
    ["permit_sender_local", "permit_sasl_authenticated", "reject_unauth_destination"],
)
"""Relay lists that look closed: trust in a sender address, no end, a range that is half of all."""


@numbered("02.fault", "An open relay in disguise")
def disguise(draw: Draw) -> Exercise:
    """A relay list that trusts what anybody can write, or does not end in a refusal."""
    return repair(
        draw,
        {"relay": draw.pick("disguise", DISGUISES)},
        (
            Want("customer", "home"),
            Want("customer", "work"),
            Want("customer", "work", SAME),
            Want("customer", "hotel", credentials="auth"),
            Want("another server", "outside", SAME),
            Want("a notice", "outside", SAME),
            *stays_red("stranger", "forger"),
        ),
        "which of these restrictions looks at something that a stranger can simply claim, and what "
        "happens at the end of the list? By what could a traveller prove who he is?",
    )
