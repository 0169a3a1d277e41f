"""What the right-hand side of an access table, or a policy service, asks for."""

from __future__ import annotations

import re
from collections.abc import Callable

from sim.smtp.opinions import DISCARD, PERMIT, Deferral, Opinion, Refusal
from sim.smtp.replies import CLASSES, Reply
from sim.smtp.restrictions.entry import walk
from sim.smtp.restrictions.parsing import listed
from sim.smtp.statuses import split_status, status_for
from sim.smtp.transaction import Transaction

MAX_DEPTH = 100
"""Lists within lists, after which a server gives up."""


def rejection(code: int, status: str, subject: str, text: str, default: str) -> Reply:
    """The reply with *text*, before which a status code may stand."""
    status, text = split_status(text, status)
    safe = (text or default).replace("{", "{lbrace}")
    place, words = CLASSES[subject]
    return Reply(code, status_for(status, subject), f"<{{{place}}}>: {words} rejected: {safe}")


def _reject(t: Transaction, subject: str, text: str) -> Opinion:
    code = t.site.settings.access_map_reject_code
    reply = rejection(code, "5.7.1", subject, text, "Access denied")
    return Refusal("access_denied", subject, reply)


def _defer(t: Transaction, subject: str, text: str) -> Opinion:
    code = t.site.settings.access_map_defer_code
    reply = rejection(code, "4.7.1", subject, text, "Access denied")
    return Refusal("deferred", subject, reply)


def _defer_if(condition: str) -> Callable[[Transaction, str, str], Opinion]:
    def action(t: Transaction, subject: str, text: str) -> Opinion:
        code = t.site.settings.access_map_defer_code
        reply = rejection(code, "4.7.1", subject, text, "Service unavailable")
        return Deferral(condition, Refusal("deferred", subject, reply))

    return action


def _discard(t: Transaction, _subject: str, _text: str) -> Opinion:
    return None if t.sender is None and not t.no_sender else DISCARD  # out of a transaction


def _nothing(_t: Transaction, _subject: str, _text: str) -> Opinion:
    return None


def _ok(_t: Transaction, _subject: str, _text: str) -> Opinion:
    return PERMIT


ACTIONS: dict[str, Callable[[Transaction, str, str], Opinion]] = {
    "OK": _ok,
    "RELAY": _ok,
    "REJECT": _reject,
    "DEFER": _defer,
    "DEFER_IF_PERMIT": _defer_if("permit"),
    "DEFER_IF_REJECT": _defer_if("reject"),
    "DISCARD": _discard,
    # noted, or changes the message and not who may send it
    **dict.fromkeys(
        ("DUNNO", "WARN", "INFO", "HOLD", "FILTER", "REDIRECT", "BCC", "PREPEND"), _nothing
    ),
}
"""What the first word of a value means; a code, or a list of restrictions, is another."""


def act(t: Transaction, value: str, subject: str) -> Opinion:
    """The opinion that *value* asks for, of a table that was asked about *subject*."""
    word, _, text = value.partition(" ") if " " in value else value.partition("\t")
    text = text.strip()
    action = ACTIONS.get(word.upper())
    if action is not None:
        return action(t, subject, text)
    if value.isdigit():
        return PERMIT
    if re.fullmatch(r"[45]\d\d", word) and text:
        status = f"{word[0]}.7.1"
        reply = rejection(int(word), status, subject, text, "Access denied")
        return Refusal("access_denied" if word[0] == "5" else "deferred", subject, reply)
    if ":" in value:
        return Refusal("configuration_error")
    return sublist(t, value, subject) if value.strip() else PERMIT


def sublist(t: Transaction, text: str, subject: str) -> Opinion:
    """The opinion of the list of restrictions that *text* states."""
    if t.depth > MAX_DEPTH:
        return Refusal("configuration_error")
    before, t.subject = t.subject, subject
    t.depth += 1
    opinion = walk(t, listed(text, t.stage, frozenset(t.site.classes)))
    t.depth -= 1
    t.subject = before
    return opinion
