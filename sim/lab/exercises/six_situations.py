"""02: who is refused, by which restriction, and in which words."""

from __future__ import annotations

from sim.exact.explanation import Explanation, explain
from sim.lab.exercises.answers import Names, Number, Word
from sim.lab.exercises.asking import Draw, Exercise, numbered
from sim.lab.exercises.repairing import SAME, Repair, Want, stays_red
from sim.lab.exercises.worlds import MACHINE, TOWN, world
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
MAKES = ("sendmail", "qmail", "postfix", "exim")


def explained(
    scenario: Scenario, arm: str, situation: str, auth: bool = False, pop: bool = False
) -> Explanation:
    """One situation under one arm."""
    place, to = SITUATIONS[situation]
    return explain(scenario, "travellers", place, to, arm, auth=auth, pop=pop)


@numbered("02.1", "Who is refused?")
def refused(draw: Draw) -> Exercise:
    """Numbers of the situations that are refused under an arm."""
    arm = draw.pick("arm", ARMS)
    scenario = world(TOWN)

    def right() -> list[str]:
        return [n for n in SITUATIONS if explained(scenario, arm, n).outcome == "refused"]

    return Exercise(
        f"The policy of proseware.com is “{arm}”; the mail program has not logged in, neither with "
        f"AUTH nor with POP. Which of the six situations are refused? A set such as {{1, 2}}.",
        Names(right, tuple(SITUATIONS)),
        "the rows of the matrix: scenario.matrix(server='proseware', arm=...); is it relaying at "
        "all, and from where?",
        scenario,
    )


@numbered("02.2", "Which restriction decides?")
def rule(draw: Draw) -> Exercise:
    """The restriction that decides about one situation."""
    situation = draw.pick("situation", ("5", "3", "4", "2"))
    arm = draw.pick("arm", ("on network + AUTH", "on network + POP first"))
    credentials = {"auth": "AUTH" in arm, "pop": "POP" in arm}
    place, to = SITUATIONS[situation]
    scenario = world(TOWN)
    settings = (
        "The mail program has AUTH on"
        if credentials["auth"]
        else "The mail program has just checked mail by POP"
    )
    return Exercise(
        f"“{arm}”. {settings}. A customer of proseware.com, {PLACES[place]}, writes to {to}. Which "
        f"restriction of proseware-smtp decides about it? Its name, or end_of_list where the list "
        f"ends without a decision.",
        Word(
            lambda: explained(scenario, arm, situation, **credentials).hops[0].verdict.rule,  # type: ignore[union-attr]
            (*restrictions.names(), "end_of_list"),
            listed=False,
        ),
        "the rule walk of scenario.explain(...): the first restriction that matches decides; "
        "mind the order of the list",
        scenario,
    )


@numbered("02.3", "In which words?")
def code(draw: Draw) -> Exercise:
    """The code with which a make of server refuses to relay."""
    make = draw.pick("make", MAKES)
    scenario = world(TOWN, {"servers.proseware-smtp.flavour": make})
    return Exercise(
        f"The server of proseware.com runs {make}. With which three-digit code does it refuse a "
        f"stranger's RCPT under “on network”?",
        Number(lambda: explained(scenario, "on network", "6").dialogues[0].code, "reply code"),
        f"the dialogue: {draw.scenario} runs this software",
        scenario,
    )


@numbered("02.fault", "An open relay in disguise")
def disguise(_: Draw) -> Exercise:
    """A relay list that trusts what anybody can write."""
    start = {"relay": ["permit_mynetworks", "permit_sender_local", "reject_unauth_destination"]}
    return repair(
        start,
        (
            Want("customer", "home"),
            Want("customer", "work", SAME),
            Want("customer", "hotel", credentials="auth"),
            Want("another server", "outside", SAME),
            Want("a notice", "outside", SAME),
            *stays_red("stranger", "forger"),
        ),
        "which of these restrictions looks at something that a stranger can simply claim? And by "
        "what could a traveller prove who he is?",
    )


def repair(start: dict[str, list[str]], wants: tuple[Want, ...], look: str) -> Exercise:
    """A broken policy of the one machine of proseware.com, and the cells to mend."""
    scenario = world(MACHINE, {f"servers.proseware.{k}": v for k, v in start.items()})
    mend = Repair(scenario, "proseware", start, wants)
    return Exercise(
        "The policy of proseware.com, whose one machine is both submission server and MX, is "
        f"broken. Repair it so that every cell has its colour:\n{mend.question}\n"
        "Hand in the lists: a dictionary such as the start of the exercise.",
        mend,
        look,
        scenario,
        start,
    )
