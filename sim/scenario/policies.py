"""From a server's keys to its policy: the one place where policies are built."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import replace
from typing import Any

from sim.scenario import directories
from sim.scenario.errors import value_text
from sim.scenario.networks import Network
from sim.scenario.problems import Problem, unknown
from sim.scenario.servers import Port, Server
from sim.smtp import FLAVOURS, Policy, PolicyError, Restriction, presets, restrictions
from sim.smtp.matching import Domains, Networks
from sim.smtp.restrictions import STAGES, check_order
from sim.smtp.settings import Settings
from sim.smtp.tables import Table
from sim.smtp.wordings import WORDINGS

AUTO = "auto"
RATE = "limit_client_rate"
UNSUPPLIED = frozenset(
    {"recent_auths", "recent_connections", "recent_recipients", "recent_of_login"}
)
"""Facts that no scenario supplies; a rule that reads one would never do what it says. Nobody in a
run pipelines before the turn, shows a certificate or names several recipients of a notice: rules
about that are taken, and never act."""
Lists = dict[str, Any]
Tables = Mapping[str, Table | str]


def hostname(name: str, network: str, domain: str | None) -> str:
    """The host name of a server: ``proseware-smtp`` is ``smtp.proseware.com``."""
    return f"{name.removeprefix(f'{network}-').lower()}.{domain or 'example'}"


def build(name: str, server: Server, network: Network, lists: Lists | None = None) -> Policy:
    """Return the policy of *server*, which stands in *network*; raises PolicyError.

    *lists* are its restrictions, where they are parsed already.
    """
    if lists is None:
        lists = {stage: _restrictions(server, stage, server) for stage in STAGES}
    return Policy(
        hostname=server.hostname or hostname(name, server.network, network.domain),
        address=server.number,
        client_ranges=server.client_ranges,
        auth_offered=_offers_auth(server, lists),
        flavour=server.flavour,
        wording=None if server.wording == AUTO else server.wording,
        sender_rewriting=server.sender_rewriting,
        classes=server.restriction_classes,
        services=server.policy_services,
        **_site(server),
        **lists,
    )


def _site(server: Server) -> dict[str, Any]:
    """What the settings and tables of *server* make of it."""
    settings, tables = directories.settings(server), directories.tables(server)
    return {
        "domains": _domains(server, settings, tables),
        "relay_domains": _relay_domains(server, settings, tables),
        "networks": _networks(server, settings, tables),
        "settings": settings,
        "tables": tables,
    }


def _domains(server: Server, settings: Settings, tables: Tables) -> Domains | frozenset[str]:
    """Its local domains: those of the setting mydestination, or of its own key."""
    if settings.mydestination is None:
        return frozenset(server.domains)
    return Domains.of(settings.mydestination, tables, string=True)


def _relay_domains(server: Server, settings: Settings, tables: Tables) -> Domains | frozenset[str]:
    """Its relay domains, with their subdomains where the settings or the flavour say so."""
    parents = settings.parents_match("relay_domains")
    if settings.relay_domains is not None:
        return Domains.of(settings.relay_domains, tables, parents=parents)
    if "parent_domain_matches_subdomains" not in server.settings:
        return frozenset(server.relay_domains)
    return Domains.of(" ".join(server.relay_domains), {}, parents=parents)


def _networks(server: Server, settings: Settings, tables: Tables) -> Any:
    """Its own networks: those of the setting mynetworks, or of its own key."""
    if settings.mynetworks is None:
        return server.trusted_networks
    parents = settings.parents_match("mynetworks")
    return Networks.parse(settings.mynetworks, tables, parents=parents)


def variation(
    policy: Policy,
    mailboxes: Container[str] | None,
    login_owns: Mapping[str, frozenset[str]] | None,
) -> Policy:
    """*policy* with the mailboxes that exist (None: all) and the addresses that logins own."""
    if mailboxes is None and login_owns is None:
        return policy
    return replace(policy, mailboxes=mailboxes, login_owns=login_owns or {})


def on_submission_port(policy: Policy, server: Server, number: str = "") -> Policy:
    """How *server*, with *policy* on port 25, answers on its submission port, or on *number*.

    Where it has no lists of its own for the port, clients have to log in; blocklists are not
    asked there, since customers come from wherever they are (RFC 6409 section 3.3 has them
    authenticate instead); all else is as on port 25.
    """
    port = server.ports.get(number or str(server.submission_port))  # type: ignore[call-overload]
    if port is not None:
        lists: Lists = {stage: _restrictions(server, stage, port) for stage in _own_lists(port)}
        if port.settings:
            on_port = server.model_copy(update={"settings": {**server.settings, **port.settings}})
            lists |= _site(on_port)
        return replace(policy, auth_offered=port.auth_offered, **lists)
    limits = tuple(r for r in policy.client if r.name.startswith("limit_"))
    return replace(
        policy,
        auth_offered=True,
        settings=policy.settings._replace(smtpd_delay_reject=True),  # the login is known by then
        client=(Restriction("reject_unauthenticated"), *limits),
        relay=(Restriction("permit_sasl_authenticated"),),
    )


def on_both_ports(policy: Policy, by_587: Policy) -> Policy:
    """A policy that reads what *policy* and *by_587* read, for whoever remembers verdicts."""
    logins = {Restriction("reject_unauthenticated"), Restriction("permit_sasl_authenticated")}
    if set(by_587.restrictions()) <= {*policy.restrictions(), *logins}:
        return policy
    lists: Lists = {stage: (*getattr(policy, stage), *getattr(by_587, stage)) for stage in STAGES}
    return replace(policy, ordered=False, **lists)


def _own_lists(port: Port) -> list[str]:
    """The lists that a port has of its own."""
    return [stage for stage in STAGES if getattr(port, stage) is not None]


def parse(server: Server) -> tuple[Lists, list[Problem]]:
    """The restrictions of each list of *server*, and everything wrong with its policy keys."""
    problems = [*unknown(server.flavour, FLAVOURS, "flavour")]
    problems += unknown(server.wording, [AUTO, *WORDINGS], "wording")
    problems += directories.problems(server)
    lists: Lists = {}
    for stage in STAGES:
        lists[stage], wrong = _parsed(server, stage, server)
        problems += wrong
    for number, port in server.ports.items():
        wrong = list(directories.wrong_settings(server, port.settings))
        problems += [problem.within("ports", number) for problem in wrong]
        for stage in _own_lists(port):
            wrong = _parsed(server, stage, port)[1]
            problems += [problem.within("ports", number) for problem in wrong]
    rates = [i for i, text in enumerate(server.client) if text.startswith(RATE)]
    for index in rates[1:]:  # a server counts over one window
        expected = f"one {RATE} in the list"
        problems.append(Problem(("client", index), value_text(server.client[index]), expected))
    return lists, problems


def _parsed(
    server: Server, stage: str, listener: Server | Port
) -> tuple[tuple[Restriction, ...], list[Problem]]:
    """A list that *server* has on all ports or one, and everything wrong with it."""
    wrong = list(_wrong_items(getattr(listener, stage), stage))
    if wrong:
        return (), wrong
    try:
        listed = _restrictions(server, stage, listener)
    except PolicyError as error:
        return (), [_problem(error, stage)]
    missing = directories.missing(server, stage, listed)
    return listed, [*_without_facts(stage, listed), *missing]


def _wrong_items(items: str | tuple[str, ...], stage: str) -> Iterator[Problem]:
    """What is wrong with single restrictions of a list."""
    for index, text in enumerate(() if isinstance(items, str) else items):
        try:
            restrictions.parse(directories.restriction(text))
        except PolicyError as error:
            yield _problem(error, stage, index, text)


def _problem(error: PolicyError, stage: str, *at: int | str) -> Problem:
    """What is wrong with the restriction *at* an index, of this text, or with the whole list."""
    problem = str(error).partition(f": {error.value!r}")[0]
    expected = error.expected
    if problem == "unknown restriction":
        expected = "a restriction that the reference names"
    value = f"{value_text(error.value)} ({problem})"
    if at[1:] not in ((), (error.value,)):
        value = f"{value_text(at[1])} ({error.value})"
    return Problem((stage, *at[:1]), value, expected, error.nearest)


def _without_facts(stage: str, listed: tuple[Restriction, ...]) -> Iterator[Problem]:
    """Restrictions that read a fact which no scenario supplies."""
    for index, restriction in enumerate(listed):
        for part in restriction.parts():
            for fact in sorted(UNSUPPLIED & {*part.entry.reads, *part.entry.state_facts}):
                expected = f"a restriction that does not read {fact}, which no scenario supplies"
                yield Problem((stage, index), value_text(str(restriction)), expected)


def _restrictions(server: Server, stage: str, listener: Server | Port) -> tuple[Restriction, ...]:
    """The restrictions of one stage; raises PolicyError for one that cannot be reached."""
    items = getattr(listener, stage)
    if isinstance(items, str):
        return presets.relay(items, window=server.pop_window)
    listed = tuple(restrictions.parse(directories.restriction(text)) for text in items)
    by_setting = "smtpd_reject_unlisted_recipient" in server.settings
    if stage == "recipient" and server.check_recipients == "rcpt" and not by_setting:
        unlisted = Restriction("reject_unlisted_recipient")  # last, as in Postfix
        is_last = unlisted in listed or (listed and listed[-1].entry.final)
        listed += () if is_last else (unlisted,)
    check_order(listed)
    return listed


def _offers_auth(server: Server, lists: Lists) -> bool:
    if isinstance(server.auth_offered, bool):
        return server.auth_offered
    every = (part for listed in lists.values() for r in listed for part in r.parts())
    return any("login" in part.entry.reads for part in every)
