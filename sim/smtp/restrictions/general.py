"""Restrictions that ask nothing, or nothing but the protocol; and combinations of others."""

from __future__ import annotations

from sim.smtp.arguments import Parameter
from sim.smtp.opinions import PERMIT, Deferral, Opinion, Refusal
from sim.smtp.restrictions.entry import INNER, Restriction, restriction, row, settle
from sim.smtp.transaction import Transaction


@restriction(grants=True, final=True)
def permit(_t: Transaction) -> Opinion:
    """Open trust: everybody is let through this list."""
    return PERMIT


@restriction(final=True)
def reject(t: Transaction) -> Opinion:
    """Refuse all that is still undecided, local mail too."""
    return Refusal("access_denied", t.subject)


@restriction(final=True)
def defer(t: Transaction) -> Opinion:
    """Refuse for now all that is still undecided."""
    return Refusal("deferred", t.subject)


@restriction()
def defer_if_permit(t: Transaction) -> Opinion:
    """Refuse for now where all else would permit."""
    return Deferral("permit", Refusal("defer_if_permit", t.subject))


@restriction()
def defer_if_reject(t: Transaction) -> Opinion:
    """Refuse for now where something later would refuse for good."""
    return Deferral("reject", Refusal("defer_if_reject", t.subject))


@restriction(parameters=(INNER[0]._replace(many=False),))
def warn_if_reject(t: Transaction, inner: Restriction) -> Opinion:
    """The restriction refuses nobody: what it would refuse is only noted."""
    before, t.warning = t.warning, True
    opinion = settle(t, inner.judge(t))
    t.warning = before
    return opinion


def _says_all(t: Transaction, *parts: Restriction) -> str:
    return "; ".join(f"{part}: {part.compared(t)}" for part in parts)


@restriction(compared=_says_all, parameters=INNER, own=True, grants=True)
def permit_all_of(t: Transaction, *parts: Restriction) -> Opinion:
    """Permits where every one of the named restrictions would."""
    return PERMIT if all(part.judge(t) is PERMIT for part in parts) else None


@restriction(reads=("pipelined",))
def reject_unauth_pipelining(t: Transaction) -> Opinion:
    """Refuse a client that sends commands before it may (RFC 2920)."""
    return Refusal("pipelining", t.subject) if t.facts.pipelined else None


@restriction(reads=("encrypted",))
def reject_plaintext_session(t: Transaction) -> Opinion:
    """Refuse a session without TLS."""
    return None if t.facts.encrypted else Refusal("plaintext")


@restriction(reads=("reverse_path", "recipients"))
def reject_multi_recipient_bounce(t: Transaction) -> Opinion:
    """Refuse a notice with several recipients; meant for the data list."""
    several = t.facts.recipients > (t.command != "RCPT")
    return Refusal("multi_recipient_bounce", t.subject) if t.no_sender and several else None


@restriction(parameters=(Parameter("word", "word", optional=True),))
def misconfigured(_t: Transaction, _word: str = "") -> Opinion:
    """A word that the server does not know: a server configuration error for whoever gets there."""
    return Refusal("configuration_error")


_TABLE = Parameter("table", "table")
for _name, _doc, _parameters in (
    ("sleep", "Wait so many seconds before answering.", (Parameter("seconds", "count"),)),
    ("check_ccert_access", "Look a TLS certificate up.", (_TABLE,)),
    ("check_etrn_access", "Look the domain of ETRN up.", (_TABLE,)),
    ("reject_unverified_sender", "Ask the sender's own server whether it exists.", ()),
    ("reject_unverified_recipient", "Ask the recipient's server whether it exists.", ()),
):
    row(_name, _doc, lambda _t, *_: None, parameters=_parameters, modelled=False)
