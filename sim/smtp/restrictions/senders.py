"""Restrictions on the sender: its domain, its owner, whether it exists.

Every check of who the sender says to be exempts the null reverse-path, which must not be
refused for what it is (RFC 2505 section 2.6.1).
"""

from __future__ import annotations

from typing import Any

from sim.smtp import rfc822
from sim.smtp.directory import unlisted
from sim.smtp.names import NULL_MX, OK, RETRY
from sim.smtp.opinions import PERMIT, Deferral, Opinion, Refusal
from sim.smtp.restrictions.entry import SENDER, restriction
from sim.smtp.site import FINAL, Mailbox
from sim.smtp.transaction import Transaction, kind_known


def _says_sender(t: Transaction, *_: object) -> str:
    if t.sender is None:
        return "sender <> is the null reverse-path"
    local = ", ".join(sorted(t.site.domains))
    return f"sender domain {t.sender.address.domain}, local are {local}"


def _says_sender_domain(t: Transaction, *_: object) -> str:
    if t.sender is None:
        return "sender <> is the null reverse-path"
    return f"sender domain {t.sender.address.domain}"


def _says_owner(t: Transaction, *_: object) -> str:
    login = f"login {t.facts.login}" if t.facts.login is not None else "no login"
    owners = ", ".join(sorted(t.sender_owners())) or "nobody"
    return f"{login}, sender {t.sender_text()} belongs to {owners}"


def fully_qualified(t: Transaction, mailbox: Mailbox) -> bool:
    """Whether an address was given with a domain that has a dot, or with a literal."""
    domain = mailbox.address.domain
    if t.site.style.tokens:  # Postfix judges what was written, not what it makes of it
        domain = mailbox.original.rpartition("@")[2] if "@" in mailbox.original else ""
    if domain[:1] == "[" and domain[-1:] == "]":
        return True
    bare = domain[:-1] if len(domain) > 1 and domain[-1] == "." and domain[-2] != "." else domain
    return "." in bare and rfc822.valid_hostname(bare)


def resolving(t: Transaction, mailbox: Mailbox | None, subject: str) -> Opinion:
    """Refuse an address in a domain that takes no mail; *subject*: sender or recipient."""
    if mailbox is None or t.facts.names is None or kind_known(mailbox).kind in FINAL:
        return None
    domain = mailbox.address.domain
    if domain[:1] == "[" or not domain:
        return None
    status = t.facts.names.takes_mail(domain)
    if status == OK:
        return None
    if status == NULL_MX:
        return Refusal(f"{subject}_null_mx", domain)
    refusal = Refusal(f"{subject}_domain_unknown", "retry" if status == RETRY else "")
    wait = t.site.settings.unknown_address_tempfail_action == "defer_if_permit"
    return Deferral("permit", refusal) if status == RETRY and wait else refusal


@restriction(compared=_says_sender, reads=(*SENDER, "names"), own=True)
def permit_sender_local(t: Transaction) -> Opinion:
    """A sender in a local domain may relay: forgeable."""
    return PERMIT if t.sender_is_local() and t.sender_may_grant() else None


@restriction(compared=_says_sender, reads=SENDER, own=True)
def reject_sender_not_local(t: Transaction) -> Opinion:
    """Identity check: the sender must be in a local domain, whoever and wherever the user is."""
    if t.sender is None or t.sender_is_local():
        return None
    return Refusal("sender_not_local")


@restriction(
    aliases=("reject_unknown_address",), compared=_says_sender_domain, reads=(*SENDER, "names")
)
def reject_unknown_sender_domain(t: Transaction) -> Opinion:
    """The sender's domain must resolve."""
    return resolving(t, t.sender, "sender")


@restriction(compared=_says_sender_domain, reads=SENDER)
def reject_non_fqdn_sender(t: Transaction) -> Opinion:
    """The sender's domain must be fully qualified."""
    if t.sender is None or fully_qualified(t, t.sender):
        return None
    return Refusal("sender_not_fqdn")


# ---- who may use the sender


_LOGIN: dict[str, Any] = {
    "compared": _says_owner,
    "reads": ("reverse_path", "login"),
    "about": "login",
}


def _ignored(t: Transaction) -> bool:
    """Whether the server ignores rules about logins, because it has none."""
    return t.site.style.tokens and not t.site.auth_offered


def _not_owned(t: Transaction, *, known_only: bool = False) -> Opinion:
    login = t.facts.login
    if login is None or _ignored(t) or (t.sender is None and t.site.style.tokens):
        return None
    if t.login_owns_sender(login) or (known_only and not t.sender_owners()):
        return None
    return Refusal("sender_not_owned")


def _needs_login(t: Transaction) -> Opinion:
    if t.facts.login is not None or _ignored(t):
        return None
    return Refusal("sender_login_needed") if t.sender_owners() else None


@restriction(asks_all=True, **_LOGIN)
def reject_sender_login_mismatch(t: Transaction) -> Opinion:
    """A login must own the sender, and an owned sender needs its login."""
    return _not_owned(t) or _needs_login(t)


@restriction(**_LOGIN)
def reject_authenticated_sender_login_mismatch(t: Transaction) -> Opinion:
    """A login must own the sender; nothing is asked of clients without one."""
    return _not_owned(t)


@restriction(asks_all=True, **_LOGIN)
def reject_known_sender_login_mismatch(t: Transaction) -> Opinion:
    """An owned sender needs its login."""
    return _not_owned(t, known_only=True) or _needs_login(t)


@restriction(asks_all=True, **_LOGIN)
def reject_unauthenticated_sender_login_mismatch(t: Transaction) -> Opinion:
    """An owned sender needs a login, whichever."""
    return _needs_login(t)


@restriction(reads=SENDER)
def reject_unlisted_sender(t: Transaction) -> Opinion:
    """Refuse a sender in a domain of this server that does not exist there."""
    if t.sender is None or t.checked_sender:
        return None
    t.checked_sender = not t.warning
    return unlisted(t.site, kind_known(t.sender), t.to.full, "sender")
