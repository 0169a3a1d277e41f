"""06: mail that is accepted, and dropped without a word."""

from __future__ import annotations

from sim.exact.explanation import explain
from sim.lab.exercises.answers import RUNS, Measured, Number, Word
from sim.lab.exercises.asking import Draw, Exercise, numbered
from sim.lab.exercises.worlds import FILTERS, Frames, intended, simulated, world


@numbered("06.1", "What the client hears")
def last_reply(draw: Draw) -> Exercise:
    """The last reply code about a message that is dropped."""
    verb = draw.pick("verb", ("discard", "reject"))
    scenario = world(
        FILTERS, {"servers.proseware-smtp.content": [f"{verb}_outbound_spam(0.9, 0.02)"]}
    )

    def right() -> int:
        explanation = explain(scenario, "customers", "home", "bob@adatum.com", caught=True)
        return explanation.dialogues[0].code

    return Exercise(
        f"The server of proseware.com has {verb}_outbound_spam(0.9, 0.02) in its content list, and "
        f"takes an honest message by mistake for spam. Which reply code does the mail program get "
        f"after the last line of the message?",
        Number(right, "reply code"),
        "which of the two words tells the client? The sender's program knows nothing but this code",
        scenario,
    )


def gap(frames: Frames) -> float:
    """Believed delivered and not in a mailbox, as a share of honest recipients."""
    rows = intended(frames)
    lost = rows["believed"] & (rows["fate"] == "discarded")
    return float(lost.mean())


@numbered("06.2", "Believed, and not arrived")
def unbelievable(draw: Draw) -> Exercise:
    """The simulated share of honest recipients that is lost without anybody knowing."""
    rate = draw.pick("rate", ("0.02", "0.03", "0.05", "0.04"))
    content = [f"discard_outbound_spam(0.9, {rate})"]
    scenario = world(FILTERS, {"servers.*-smtp.content": content})
    return Exercise(
        f"Every submission server has {content[0]}. Run {draw.scenario} with "
        f"{RUNS} replications. Which share of honest recipients does the sender believe "
        f"reached, though the message was dropped?",
        Measured(lambda: simulated(scenario, "filter", gap), "share"),
        "the measure silent_loss_rate of class honest; the second number of the restriction is "
        "the share of honest mail that it takes for spam",
        scenario,
    )


@numbered("06.3", "Who could notice?")
def notice(draw: Draw) -> Exercise:
    """The fate that reaches nobody."""
    action = draw.pick("what", ("discard", "reject"))
    scenario = world(
        FILTERS, {"servers.proseware-smtp.content": [f"{action}_outbound_spam(0.9, 0.02)"]}
    )

    def right() -> str:
        explanation = explain(scenario, "customers", "home", "bob@adatum.com", caught=True)
        return "the sender" if explanation.error_box is not None else "nobody"

    words = ("the sender", "the recipient", "the postmaster of adatum.com", "nobody")
    return Exercise(
        f"{action}_outbound_spam takes an honest message for spam. Who learns of it at that "
        f"moment? One of: {', '.join(words)}.",
        Word(right, words),
        "scenario.explain(...): is there an error box? A notice?",
        scenario,
    )
