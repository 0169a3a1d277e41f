"""From a server's keys to its policy: the one place where policies are built."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from sim.scenario.errors import nearest, one_of, shown
from sim.scenario.found import Found
from sim.scenario.networks import Network
from sim.scenario.servers import STAGES, Server
from sim.smtp import FLAVOURS, Policy, PolicyError, Restriction, presets, restrictions
from sim.smtp.restrictions import check_order
from sim.smtp.wordings import WORDINGS

AUTO = "auto"
RATE = "limit_client_rate"
Lists = dict[str, tuple[Restriction, ...]]


def hostname(name: str, network: str, domain: str | None) -> str:
    """The host name of a server: ``proseware-smtp`` is ``smtp.proseware.com``."""
    return f"{name.removeprefix(f'{network}-').lower()}.{domain or 'example'}"


def build(
    name: str,
    server: Server,
    network: Network,
    *,
    mailboxes: Container[str] | None = None,
    login_owns: Mapping[str, frozenset[str]] | None = None,
) -> Policy:
    """Return the policy of *server*, which stands in *network*; raises PolicyError."""
    lists: Lists = {stage: _listed(server, stage) for stage in STAGES}
    return Policy(
        hostname=hostname(name, server.network, network.domain),
        address=int(server.address),
        domains=frozenset(server.domains),
        mailboxes=mailboxes,
        networks=server.trusted_networks,
        client_ranges=server.client_ranges,
        auth_offered=_offers_auth(server, lists),
        login_owns=login_owns or {},
        flavour=server.flavour,
        wording=None if server.wording == AUTO else server.wording,
        client=lists["client"],
        sender=lists["sender"],
        relay=lists["relay"],
        recipient=lists["recipient"],
        content=lists["content"],
    )


def on_port_587(policy: Policy) -> Policy:
    """How a server with *policy* answers on its submission port: to clients that log in.

    Blocklists are not asked there, since customers come from wherever they are (RFC 6409
    section 3.3 has them authenticate instead); all else is as on port 25.
    """
    limits = tuple(r for r in policy.client if r.name.startswith("limit_"))
    return replace(
        policy,
        auth_offered=True,
        client=(Restriction("reject_unauthenticated"), *limits),
        relay=(Restriction("permit_sasl_authenticated"),),
    )


def faults(server: Server) -> Iterator[Found]:
    """Everything wrong with the policy keys of *server*."""
    makes = {"flavour": list(FLAVOURS), "wording": [AUTO, *WORDINGS]}
    for key, known in makes.items():
        value = getattr(server, key)
        if value not in known:
            yield Found((key,), shown(value), one_of(known), nearest(value, known))
    for stage in STAGES:
        written = getattr(server, stage)
        items = () if isinstance(written, str) else enumerate(written)
        wrong = [
            Found((stage, index), *refused)
            for index, text in items
            if (refused := _refused(partial(restrictions.parse, text), text))
        ]
        yield from wrong
        if not wrong and (refused := _refused(partial(_listed, server, stage))):
            yield Found((stage,), *refused)
    rates = [i for i, text in enumerate(server.client) if text.startswith(RATE)]
    for index in rates[1:]:  # a server counts over one window
        yield Found(("client", index), shown(server.client[index]), f"one {RATE} in the list")


def _listed(server: Server, stage: str) -> tuple[Restriction, ...]:
    """The restrictions of one stage; raises PolicyError for one that cannot be reached."""
    written = getattr(server, stage)
    if isinstance(written, str):
        return presets.relay(written, window=server.pop_window)
    listed = tuple(restrictions.parse(text) for text in written)
    if stage == "recipient" and server.check_recipients == "rcpt":
        unlisted = Restriction("reject_unlisted_recipient")  # last, as in Postfix
        listed += (unlisted,) if unlisted not in listed else ()
    check_order(listed)
    return listed


def _offers_auth(server: Server, lists: Lists) -> bool:
    if isinstance(server.auth_offered, bool):
        return server.auth_offered
    every = (part for listed in lists.values() for r in listed for part in r.parts())
    return any("login" in part.entry.reads for part in every)


def _refused(make: Callable[[], Any], written: str | None = None) -> tuple[str, str, str] | None:
    """What is wrong with what *make* makes: value, expected, nearest; None if nothing is."""
    try:
        make()
    except PolicyError as error:
        problem = str(error).partition(f": {error.value!r}")[0]
        expected = error.expected
        if problem == "unknown restriction":
            expected = one_of(restrictions.names())
        if written in (None, error.value):
            return f"{shown(error.value)} ({problem})", expected, error.nearest
        return f"{shown(written)} ({error.value})", expected, error.nearest
    return None
