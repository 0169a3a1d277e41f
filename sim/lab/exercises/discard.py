"""06: mail that is accepted, and dropped without a word."""

from __future__ import annotations

from sim.exact.explanation import explain
from sim.lab.exercises.answers import RUNS, Code, Range, Word
from sim.lab.exercises.asking import Draw, Exercise, numbered
from sim.lab.exercises.worlds import FILTERS, Frames, intended, simulated, world

SERVER = "servers.proseware-smtp"
FILTER = "_outbound_spam(0.9, 0.02)"
CAUGHT = "mistakes an honest message for spam"
REPLIES = (
    # list of the server, what stands in it, MTA, what happens
    ("content", f"discard{FILTER}", "postfix", CAUGHT),
    ("content", f"reject{FILTER}", "postfix", CAUGHT),
    ("content", f"reject{FILTER}", "sendmail", CAUGHT),
    ("end_of_data", "defer", "postfix", "is short of space"),
)
"""Four codes after the last line of a message."""


@numbered("06.1", "What the client hears")
def last_reply(draw: Draw) -> Exercise:
    """The last reply code about a message that a server drops, refuses or defers."""
    stage, restriction, mta, event = draw.pick("reply", REPLIES)
    scenario = world(FILTERS, {f"{SERVER}.{stage}": [restriction], f"{SERVER}.flavour": mta})

    def right() -> int:
        explanation = explain(scenario, "customers", "home", "bob@adatum.com", caught=True)
        return explanation.dialogues[0].code

    return Exercise(
        f"The server of proseware.com runs {mta}, has {restriction} in its {stage} list, and "
        f"{event}. Which reply code does the mail program get after the last line of the message?",
        Code(right),
        f"the last reply of {draw.scenario}.explain(user='customers', place='home', "
        f"to='bob@adatum.com', caught=True). The mail program knows nothing but this code",
        scenario,
    )


def honest_part(frames: Frames) -> float:
    """The share of honest mail in what the filters dropped."""
    honest, spam = (
        (intended(frames, name)["fate"] == "discarded").sum() for name in ("honest", "spam")
    )
    return float(honest / max(honest + spam, 1))


@numbered("06.2", "Whose mail is dropped?")
def dropped(draw: Draw) -> Exercise:
    """How much of what a filter drops is honest mail, as a simulated share of a volume."""
    rate = draw.pick("rate", ("0.1", "0.2"))
    content = [f"discard_outbound_spam(0.9, {rate})"]
    scenario = world(FILTERS, {"servers.*-smtp.content": content})
    return Exercise(
        f"Every submission server has {content[0]}. Run {draw.scenario} with {RUNS} replications. "
        f"Of all recipients whose message was dropped (fate discarded, phase not warm-up), take "
        f"the share that is of class honest. The filters of a country drop {draw.volume:g} such "
        f"recipients a day: how many of these are honest mail?",
        Range(lambda: simulated(scenario, "filter", honest_part), "recipients a day", draw.volume),
        "results.recipients where fate is 'discarded': count by class. The second number of the "
        "restriction is a share of honest mail, not of what is dropped",
        scenario,
    )


LEARNERS = ("the sender at once", "the sender later", "nobody", "somebody else")
ALSO = {
    "no one": "nobody",
    "the sender": "the sender at once",
    "sender at once": "the sender at once",
    "sender later": "the sender later",
    "a stranger": "somebody else",
    "someone else": "somebody else",
}
LEARNING = (
    # verb, the server that filters, sender address, who learns of it
    ("discard", "proseware-smtp", None),
    ("reject", "proseware-smtp", None),
    ("reject", "adatum-mx", None),
    ("reject", "adatum-mx", "eva@contoso.com"),
    ("discard", "adatum-mx", None),
)


@numbered("06.3", "Who could notice?")
def notice(draw: Draw) -> Exercise:
    """Who learns that a message was caught."""
    verb, server, sender = draw.pick("case", LEARNING)
    scenario = world(FILTERS, {f"servers.{server}.content": [f"{verb}{FILTER}"]})

    def right() -> str:
        explanation = explain(
            scenario, "customers", "home", "bob@adatum.com", sender=sender, caught=True
        )
        if explanation.error_box is not None:
            return "the sender at once"
        if explanation.outcome != "bounced":
            return "nobody"
        return "somebody else" if sender else "the sender later"

    using = (
        f" The customer wrote another's address, {sender}, as envelope sender." if sender else ""
    )
    return Exercise(
        f"{server} has {verb}{FILTER} in its content list. A customer of proseware.com writes to "
        f"bob@adatum.com, and the filter mistakes this honest message for spam.{using} Who, if "
        f"anybody, learns that it did not arrive? (“somebody else”: a notice goes to a person who "
        f"wrote nothing.)",
        Word(right, LEARNERS, ALSO),
        "scenario.explain(...): is there an error box? Does a notice (bounce) go out, and to which "
        "address? A bounce goes to the envelope sender",
        scenario,
    )
