"""What each make of server says, word for word: a module a make, one reply a situation.

A reply stands as it is on the wire: code, status if any, text. Those of the six makes in
`flavours.MEASURED` were read off the running servers, except those below the line *not measured*
of each module, which are from documentation and source, or chosen in the manner of the make. A
key such as ``sender_syntax:literal`` is the reply for one detail of a situation. A situation that
a make lacks is answered in the neutral words, without a status where the make gives none.

Places: ``{rcpt}`` and ``{sender}`` as given, ``{rcpt_plain}`` without route and quotes,
``{rcpt_given}`` and ``{sender_given}`` as Postfix writes them, ``{rcpt_meant}`` as understood,
``{rcpt_escaped}`` the same with its quotes, ``{rcpt_local}``, ``{rcpt_before}`` and
``{rcpt_after}`` the last @, ``{sender_domain}``, ``{login}``, ``{client}``, ``{namaddr}`` the
client with its name, ``{reverse_name}``, ``{helo}``, ``{hostname}``, ``{detail}``, ``{command}``.
"""

from __future__ import annotations

from collections.abc import Mapping

from sim.smtp.replies import Reply
from sim.smtp.wordings.courier import COURIER
from sim.smtp.wordings.exim import EXIM
from sim.smtp.wordings.neutral import NEUTRAL
from sim.smtp.wordings.opensmtpd import OPENSMTPD
from sim.smtp.wordings.postfix import CODES as POSTFIX_CODES
from sim.smtp.wordings.postfix import CODES_BY_TABLE, POSTFIX
from sim.smtp.wordings.qmail import QMAIL
from sim.smtp.wordings.qpsmtpd import QPSMTPD
from sim.smtp.wordings.sendmail import SENDMAIL

__all__ = ["CODES", "CODES_BY_TABLE", "NEUTRAL", "WORDINGS", "template"]

WORDINGS: dict[str, Mapping[str, str]] = {
    "neutral": NEUTRAL,
    "postfix": POSTFIX,
    "exim": EXIM,
    "sendmail": SENDMAIL,
    "opensmtpd": OPENSMTPD,
    "courier": COURIER,
    "qpsmtpd": QPSMTPD,
    "qmail": QMAIL,
}
"""Every wording by its name."""


CODES: dict[str, Mapping[str, tuple[str, int]]] = {"postfix": POSTFIX_CODES}
"""By wording and situation, the setting that has the code, and what is added to it."""


def template(wording: str, situation: str, detail: str = "") -> Reply:
    """The reply of *wording* to *situation*, its places not yet filled in."""
    words = WORDINGS[wording]
    line = words.get(f"{situation}:{detail}") or words.get(situation)
    if line is not None:
        return Reply.of(line)
    reply = Reply.of(NEUTRAL[situation])
    return reply if Reply.of(words["mail_ok"]).enhanced else reply._replace(enhanced="")
