"""Restrictions on the recipient: whose it is, whether it exists, whether it resolves."""

from __future__ import annotations

from sim.smtp.arguments import ALL, Parameter
from sim.smtp.directory import is_alias, unlisted
from sim.smtp.facts import Facts, SessionState
from sim.smtp.names import RETRY, Names
from sim.smtp.opinions import PERMIT, Deferral, Opinion, Refusal
from sim.smtp.replies import Reply
from sim.smtp.restrictions.entry import RECIPIENT, restriction, settle
from sim.smtp.restrictions.senders import fully_qualified, resolving
from sim.smtp.site import ALIAS
from sim.smtp.transaction import Transaction, kind_known


def _says_destination(t: Transaction, *_: object) -> str:
    domains = ", ".join(sorted({*t.site.domains, *t.site.relay_domains})) or "none"
    return f"destination {t.destination_text()}, processed here are {domains}"


def _says_recipient(t: Transaction, *_: object) -> str:
    return f"recipient {t.destination_text()}"


def _says_greylist(t: Transaction, delay: float, scope: str = "") -> str:
    if t.granted and scope != ALL:
        return "the client may relay"
    if t.facts.greylist_age is None:
        return f"never seen before, delay {delay:g} s"
    return f"first seen {t.facts.greylist_age:g} s ago, delay {delay:g} s"


@restriction(compared=_says_destination, reads=RECIPIENT, splits="ours")
def permit_auth_destination(t: Transaction) -> Opinion:
    """Anybody may send to the server's own and relay domains: that is not relaying."""
    return PERMIT if t.recipient is not None and t.destination_is_ours() else None


@restriction(compared=_says_destination, reads=RECIPIENT, splits="theirs")
def reject_unauth_destination(t: Transaction) -> Opinion:
    """Refuse destinations other than the server's own and relay domains."""
    if t.recipient is None or t.destination_is_ours():
        return None
    return Refusal("relay_denied", "login_would_help" if t.site.logins_relay else "")


@restriction(compared=_says_destination, reads=RECIPIENT, splits="theirs")
def defer_unauth_destination(t: Transaction) -> Opinion:
    """The same with a temporary reply, so that a correct client tries again."""
    if t.recipient is None or t.destination_is_ours():
        return None
    return Refusal("relay_deferred")


@restriction(compared=_says_destination, reads=(*RECIPIENT, "names"))
def permit_mx_backup(t: Transaction) -> Opinion:
    """Permit destinations that this server is a backup exchanger of, by their MX records."""
    if t.recipient is None:
        return None
    if t.destination_is_ours():
        return PERMIT
    domain, names = t.recipient.address.domain, t.facts.names
    routed = t.recipient.routed and not t.site.settings.allow_untrusted_routing
    if names is None or routed or domain[:1] == "[":
        return None
    if names.exchangers(domain).status == RETRY:
        _defer(t, "Unable to look up mail exchanger information: Host not found, try again")
        return None
    best, further = names.preferred(domain)
    if _has_us(t, names, best) or not _has_us(t, names, further):
        return None
    nets = t.site.backup_networks
    if nets and not all(_within(t, names, host) for host in best):
        return None
    return PERMIT


def _defer(t: Transaction, text: str) -> None:
    """Refuse for now what is refused later, because a look-up failed."""
    words = f"<{{rcpt_given}}>: Recipient address rejected: {text}"
    refusal = Refusal("deferred", "recipient", Reply(450, "4.4.4", words))
    settle(t, Deferral("reject", refusal))


def _has_us(t: Transaction, names: Names, hosts: list[str]) -> bool:
    """Whether one of the exchangers *hosts* is this server."""
    if any(t.site.is_here(host.lower()) for host in hosts):
        return True
    for host in hosts:
        numbers = names.numbers(host)
        if not numbers:
            _defer(t, f"Unable to look up mail exchanger host {host}: Name or service not known")
        if t.site.own_addresses.intersection(numbers):
            return True
    return False


def _within(t: Transaction, names: Names, host: str) -> bool:
    """Whether all addresses of *host* are in the networks of first exchangers."""
    numbers = names.numbers(host)
    if not numbers:
        _defer(t, f"Unable to look up host {host} as mail exchanger: Host not found")
    nets = t.site.backup_networks
    return bool(numbers) and all(nets.holds(number, lambda: host) for number in numbers)


@restriction(aliases=("check_recipient_maps",), compared=_says_recipient, reads=RECIPIENT)
def reject_unlisted_recipient(t: Transaction) -> Opinion:
    """Refuse an unknown user in a domain of this server."""
    if t.recipient is None or t.checked_recipient:
        return None
    t.checked_recipient = not t.warning
    to = t.recipient
    if not t.site.style.tokens and t.site.settings.local_recipient_maps is None:
        if not t.recipient_exists() and not is_alias(t.site, to):
            return Refusal("unknown_user", "bang" if "!" in to.address.local else "")
        if to.kind != ALIAS:
            return None
    sender = t.sender.full if t.sender is not None else ""
    return unlisted(t.site, kind_known(to), sender, "recipient")


@restriction(compared=_says_recipient, reads=(*RECIPIENT, "names"))
def reject_unknown_recipient_domain(t: Transaction) -> Opinion:
    """The recipient's domain must resolve."""
    return resolving(t, t.recipient, "recipient")


@restriction(compared=_says_recipient, reads=RECIPIENT)
def reject_non_fqdn_recipient(t: Transaction) -> Opinion:
    """The recipient's domain must be fully qualified."""
    if t.recipient is None or fully_qualified(t, t.recipient):
        return None
    return Refusal("recipient_not_fqdn")


def _old_enough(facts: Facts | SessionState, delay: float, _scope: str = "") -> bool:
    age = facts.greylist_age
    return age is not None and age >= delay


@restriction(
    compared=_says_greylist,
    parameters=(Parameter("delay", "duration"), Parameter("all", "everybody", optional=True)),
    state_key=_old_enough,
    state_facts=("greylist_age",),
    breakpoints=lambda delay, *_: {"greylist_age": (None, delay)},
    own=True,
)
def greylist(t: Transaction, delay: float, scope: str = "") -> Opinion:
    """Refuse for now a client that may not relay (all: any) until its attempt is so old."""
    if (t.granted and scope != ALL) or _old_enough(t.facts, delay):
        return None
    return Refusal("greylisted")
