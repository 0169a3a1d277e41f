"""What each role looks like: one colour, hatch and marker for it in every figure.

The colours are those of Okabe and Ito (2008), told apart by colour-blind readers; hatches, markers
and line styles tell the same apart in grey. Where two roles share a colour (there are more roles
than colours a reader can tell apart), they never stand in one figure, or differ by hatch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import cycle
from types import MappingProxyType
from typing import Any

from sim.records.words import Abuse, Fate, MailClass, Route, complete

BLACK, GREY, PALE = "#000000", "#777777", "#c4c4c4"
ORANGE, SKY, GREEN, YELLOW = "#e69f00", "#56b4e9", "#009e73", "#f0e442"
BLUE, VERMILLION, PURPLE = "#0072b2", "#d55e00", "#cc79a7"


@dataclass(frozen=True, slots=True)
class Look:
    """How one role is drawn: *colour* (hex), *hatch*, *marker*, *line* as matplotlib has them."""

    colour: str
    hatch: str = ""
    marker: str = "o"
    line: Any = "-"


DOTTED, DASHED, CHAIN = (0, (1, 1.2)), (0, (4, 1.5)), (0, (4, 1.2, 1, 1.2))
LOOSE, LONG = (0, (1, 3)), (0, (8, 2))


SPARE = (
    Look(SKY, "++++", "8", LOOSE),
    Look(PURPLE, "\\\\\\\\", "H", (0, (5, 1, 1, 1))),
    Look(ORANGE, "oooo", "d", (0, (2, 2))),
    Look(GREEN, "||||", "*", (0, (6, 3))),
)
"""Looks that no word has yet: a new word gets the first of them, until it is given its own."""


def _table(words: Iterable[str], looks: Mapping[str, Look]) -> Mapping[str, Look]:
    """The looks of all *words*: those of *looks*, which may name no others, or a spare one."""
    spare = iter(SPARE)
    table = {word: looks[word] if word in looks else next(spare) for word in words}
    complete(looks.keys() | table, words, "the palette")
    return MappingProxyType(table)


CLASS = _table(
    MailClass,
    {
        "honest": Look(BLUE, "", "o", "-"),
        "spam": Look(VERMILLION, "////", "X", DASHED),
        "notice": Look(PURPLE, "....", "s", DOTTED),
    },
)
FATE = _table(
    Fate,
    {
        "delivered": Look(GREEN, "", "o"),
        "refused": Look(ORANGE, "////", "X", DASHED),
        "gave_up": Look(YELLOW, "\\\\\\\\", "v", CHAIN),
        "discarded": Look(BLACK, "xxxx", "P", DOTTED),
        "bounced": Look(PURPLE, "....", "s", LOOSE),
        "expired": Look(SKY, "----", "D", LONG),
        "in_transit": Look(PALE, "", "^", "-"),
    },
)
ROUTE = _table(
    Route,
    {
        "submission": Look(BLUE, "", "o", "-"),
        "web": Look(SKY, "....", "s", DOTTED),
        "open_relay": Look(VERMILLION, "////", "X", "-"),
        "own_account": Look(PURPLE, "....", "s", DASHED),
        "direct": Look(BLACK, "", "D", DOTTED),
        "open_proxy": Look(ORANGE, "\\\\\\\\", "v", CHAIN),
        "hijacked_host": Look(GREEN, "xxxx", "^", LONG),
        "hijacked_smarthost": Look(GREEN, "oooo", "<", (0, (3, 1, 1, 1))),
        "stolen_credentials": Look(BLUE, "++++", "P", LOOSE),
        "inherited_window": Look(YELLOW, "----", "p", DASHED),
        "dsn": Look(PALE, "", ">", "-"),
        "delay_notice": Look(YELLOW, "....", "d", DOTTED),
        "backscatter": Look(GREY, "////", "h", CHAIN),
    },
)
ABUSE = _table(
    [word for word in Abuse.texts() if word],
    {
        "strangers": Look(VERMILLION, "////", "X", "-"),
        "customers_machines": Look(GREEN, "oooo", "^", DASHED),
        "stolen_logins": Look(BLUE, "++++", "P", LOOSE),
        "inherited_windows": Look(YELLOW, "----", "p", DOTTED),
        "trusted_ranges": Look(PURPLE, "....", "s", CHAIN),
    },
)
OTHER = Look(GREY, "||||", "h", LONG)
"""A role that has no look of its own yet."""


def look(table: Mapping[str, Look], role: str) -> Look:
    """Return the look of a *role* from one of the tables above."""
    return table.get(role, OTHER)


MEASURE = MappingProxyType(
    {
        "delivery_rate": FATE["delivered"],
        "first_refusal_rate": FATE["refused"],
        "refusal_rate": FATE["refused"],
        "gave_up_rate": FATE["gave_up"],
        "silent_loss_rate": FATE["discarded"],
        "bounce_rate": FATE["bounced"],
        "in_transit_rate": FATE["in_transit"],
    }
)


def measure(name: str, kind: str) -> Look:
    """Return the look of a measure: that of the fate that it counts, else of the class *kind*."""
    return MEASURE.get(name, CLASS.get(kind, CLASS["notice"]))


RESTRICTION = MappingProxyType(
    {
        "reject_unauth_destination": Look(ORANGE, ""),
        "reject": Look(ORANGE, "xxxx"),
        "defer_unauth_destination": Look(ORANGE, "...."),
        "reject_sender_not_local": Look(PURPLE, "...."),
        "reject_sender_login_mismatch": Look(PURPLE, "////"),
        "reject_authenticated_sender_login_mismatch": Look(PURPLE, "xxxx"),
        "reject_unknown_sender_domain": Look(PURPLE, "----"),
        "reject_non_fqdn_sender": Look(PURPLE, ""),
        "reject_unauthenticated": Look(BLUE, "\\\\\\\\"),
        "reject_rbl_client": Look(BLACK, "xxxx"),
        "reject_unlisted_recipient": Look(PALE, ""),
        "reject_outbound_spam": Look(VERMILLION, "++++"),
        "discard_outbound_spam": Look(VERMILLION, "...."),
        "limit_client_rate": Look(YELLOW, "----"),
        "limit_connections": Look(YELLOW, "xxxx"),
        "greylist": Look(SKY, "...."),
    }
)


OTHERS = tuple(
    Look(colour, hatch)
    for colour in (GREY, GREEN)
    for hatch in ("", "////", "xxxx", "....", "++++", "----")
)
"""Looks of restrictions without one of their own, in the order in which a figure has them."""


def restrictions(rules: Iterable[str]) -> dict[str, Look]:
    """Return the looks of restrictions by their published names, with or without parameters."""
    names = {rule: rule.split("(")[0].strip() for rule in rules}
    further = dict.fromkeys(name for name in names.values() if name not in RESTRICTION)
    spare = dict(zip(further, cycle(OTHERS), strict=False))
    return {rule: RESTRICTION.get(name) or spare[name] for rule, name in names.items()}


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind of verdict is drawn in a matrix: fill, hatch, and a sign before the rule."""

    colour: str
    hatch: str
    sign: str
    label: str


VERDICT = MappingProxyType(
    {
        "accept_local": Kind("#ffffff", "", "✓", "accepted: not relaying"),
        "accept_relay": Kind("#a9d8f0", "", "✓", "relayed"),
        "reject_relay": Kind("#f6c26b", "//", "✗", "refused: relaying"),
        "reject_sender": Kind("#e3b3cd", "..", "✗", "refused: sender"),
        "reject_auth": Kind("#9db9d9", "\\\\", "✗", "refused: authentication"),
        "reject_unknown_user": Kind("#d9d9d9", "\\\\", "✗", "refused: unknown recipient"),
        "reject_client": Kind("#9db9d9", "//", "✗", "refused: client"),
        "reject_recipient": Kind("#d9d9d9", "//", "✗", "refused: recipient"),
        "reject_syntax": Kind("#d9d9d9", "||", "✗", "refused: syntax"),
        "reject_blocklist": Kind("#a6a6a6", "xx", "✗", "refused: blocklist"),
        "reject_content": Kind("#f0a27a", "++", "✗", "refused: content"),
        "reject_rate": Kind("#f7f0a3", "--", "✗", "deferred: rate"),
        "reject_busy": Kind("#f7f0a3", "xx", "✗", "deferred: busy"),
        "deferred": Kind("#f7f0a3", "//", "✗", "deferred: temporarily rejected"),
        "server_error": Kind("#f7f0a3", "||", "✗", "deferred: error of the server"),
        "no_service": Kind("#ffffff", "++", "✗", "no service"),
        "greylisted": Kind("#f7f0a3", "..", "…", "deferred: greylisted"),
        "discard": Kind("#bdbdbd", "xx", "✗", "accepted, then dropped"),
        "unreachable": Kind("#ffffff", "xx", "✗", "no connection"),
    }
)
UNKNOWN = Kind("#ffffff", "|||", "?", "other")
"""A verdict of no kind that is known here."""

_HUES = (BLACK, BLUE, VERMILLION, GREEN, PURPLE, ORANGE)
_LINES = ("-", DASHED, DOTTED, CHAIN)
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", "h", ">", "p")
ARM = tuple(
    Look(
        _HUES[number % len(_HUES)],
        "",
        _MARKERS[number % len(_MARKERS)],
        _LINES[(number + number // len(_HUES)) % len(_LINES)],
    )
    for number in range(12)
)
"""Arms have no role of their own: their look is their place in the order of arms."""


def arm(number: int) -> Look:
    """Return the look of the arm at *number*; beyond twelve, colours and markers come again."""
    look = ARM[number % len(ARM)]
    turn = number // len(ARM)
    return replace(look, line=(0, (2 + turn, 1, 1, 1))) if turn else look
