"""Restrictions that ask nothing, or nothing but the protocol; and combinations of others."""

from __future__ import annotations

from sim.smtp.arguments import Parameter
from sim.smtp.opinions import PERMIT, Deferral, Opinion, Refusal
from sim.smtp.restrictions.entry import INNER, Restriction, restriction, settled
from sim.smtp.transaction import Transaction


@restriction("Open trust: everybody is let through this list.", grants=True, final=True)
def permit(_t: Transaction) -> Opinion:
    """Permit."""
    return PERMIT


@restriction("Refuse all that is still undecided, local mail too.", final=True)
def reject(t: Transaction) -> Opinion:
    """Refuse."""
    return Refusal("access_denied", t.asked)


@restriction("Refuse for now all that is still undecided.", final=True)
def defer(t: Transaction) -> Opinion:
    """Refuse for now."""
    return Refusal("deferred", t.asked)


@restriction("Refuse for now where all else would permit.")
def defer_if_permit(t: Transaction) -> Opinion:
    """Hold a deferral back until all lists have permitted."""
    return Deferral("permit", Refusal("defer_if_permit", t.asked))


@restriction("Refuse for now where something later would refuse for good.")
def defer_if_reject(t: Transaction) -> Opinion:
    """Hold a deferral back until something refuses."""
    return Deferral("reject", Refusal("defer_if_reject", t.asked))


@restriction(
    "The restriction refuses nobody: what it would refuse is only noted.", parameters=INNER
)
def warn_if_reject(t: Transaction, inner: Restriction) -> Opinion:
    """Ask *inner* as a warning."""
    before, t.warning = t.warning, True
    opinion = settled(t, inner.judge(t))
    t.warning = before
    return opinion


def _says_all(t: Transaction, *parts: Restriction) -> str:
    return "; ".join(f"{part}: {part.compared(t)}" for part in parts)


@restriction(
    "Permits where every one of the named restrictions would.",
    compared=_says_all,
    parameters=INNER,
    own=True,
    grants=True,
)
def permit_all_of(t: Transaction, *parts: Restriction) -> Opinion:
    """Permit if all *parts* do."""
    return PERMIT if all(part.judge(t) is PERMIT for part in parts) else None


@restriction("Refuse a client that sends commands before it may (RFC 2920).", reads=("pipelined",))
def reject_unauth_pipelining(t: Transaction) -> Opinion:
    """Refuse improper pipelining."""
    return Refusal("pipelining", t.asked) if t.facts.pipelined else None


@restriction("Refuse a session without TLS.", reads=("encrypted",))
def reject_plaintext_session(t: Transaction) -> Opinion:
    """Refuse an unencrypted session."""
    return None if t.facts.encrypted else Refusal("plaintext")


@restriction(
    "Refuse a notice with several recipients; meant for the data list.",
    reads=("reverse_path", "recipients"),
)
def reject_multi_recipient_bounce(t: Transaction) -> Opinion:
    """Refuse a null sender with several recipients."""
    several = t.facts.recipients > (t.command != "RCPT")
    return Refusal("multi_recipient_bounce", t.asked) if t.no_sender and several else None


@restriction(
    "A word that the server does not know: a server configuration error for whoever gets there.",
    parameters=(Parameter("word", "word", optional=True),),
)
def misconfigured(_t: Transaction, _word: str = "") -> Opinion:
    """Refuse for now with a configuration error."""
    return Refusal("configuration_error")


def _unmodelled(name: str, doc: str, *parameters: Parameter) -> None:
    def judge(_t: Transaction, *_: object) -> Opinion:
        return None

    judge.__name__ = name
    restriction(doc, parameters=parameters, modelled=False)(judge)


_TABLE = Parameter("table", "table")
_unmodelled("sleep", "Wait so many seconds before answering.", Parameter("seconds", "count"))
_unmodelled("check_ccert_access", "Look a TLS certificate up.", _TABLE)
_unmodelled("check_etrn_access", "Look the domain of ETRN up.", _TABLE)
_unmodelled("reject_unverified_sender", "Ask the sender's own server whether it exists.")
_unmodelled("reject_unverified_recipient", "Ask the recipient's server whether it exists.")
