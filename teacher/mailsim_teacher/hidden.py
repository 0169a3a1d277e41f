"""Cells of the fault exercises that no question shows; `mailsim class collect` asks them."""

from __future__ import annotations

from sim.lab.exercises.repairing import OTHER, SAME, Want, stays_red

COMMON = (
    Want("customer", "home", SAME),
    Want("customer", "kiosk", OTHER, "auth"),
    Want("customer", "kiosk", SAME),
    *stays_red("stranger", "forger", place="kiosk"),
    *stays_red("stranger", "forger", place="hotel"),
    *stays_red("sharer", place="kiosk"),
)
"""Who has a login is served in every venue, and nobody else is."""

HIDDEN: dict[str, tuple[Want, ...]] = {
    "02.fault": (*COMMON, Want("other sender", "home")),
    "04.fault": (*COMMON, Want("a notice", "outside", SAME), Want("other sender", "home")),
    "05.fault": (*COMMON, Want("other sender", "home", SAME)),
    "08.fault": COMMON,
}
"""Hidden cells by the number of the exercise."""
