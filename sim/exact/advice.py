"""The smallest change that gets a message through, and which abuse it admits.

Changes are tried in the published order of effort of `CHANGES`, and each is verified by asking
`decide` again, with the changed facts or policy, at every server on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from itertools import combinations
from typing import Any

from sim.exact.situations import FOREIGN, WHO, Place, domains, others
from sim.path.journey import Hop, Journey, Servers
from sim.path.query import Party, Query
from sim.path.submission import Attempt
from sim.scenario.people import HOME
from sim.smtp import Policy, Restriction
from sim.smtp.restrictions import Range


@dataclass(frozen=True, slots=True)
class Case:
    """A message that does not get through, in a world that may be changed."""

    servers: Servers
    party: Party
    attempt: Attempt
    refused: Hop
    """The server that stopped it."""


DAY = 86400.0
"""Seconds for which a mail program goes on trying (chosen)."""

Made = Case | None
"""The case after a change; None where the change means nothing here."""


@dataclass(frozen=True, slots=True)
class Change:
    """One row of `CHANGES`: *by* is ``user`` or ``ISP``; *words* may name ``{server}``,
    ``{here}``, ``{sender}``, ``{client}``, ``{isp}`` and ``{rule}``."""

    key: str
    by: str
    words: str
    effort: str
    make: Callable[[Case], Made]
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Advice:
    """One change, or two together, that was tried; *outcome* is what became of the message."""

    changes: tuple[Change, ...]
    words: str
    outcome: str
    """As in `Journey`."""
    answer: str
    """The last server's reply, and which restriction decided."""
    admits: tuple[str, ...]
    """Abuse that becomes possible: keys of `situations.WHO`."""

    @property
    def helps(self) -> bool:
        """Whether the message gets through."""
        return self.outcome in ("delivered", "queued")

    @property
    def by(self) -> str:
        """Who has to act: ``user`` or ``ISP``."""
        return self.changes[-1].by

    @property
    def effort(self) -> str:
        """What it takes."""
        return "; ".join(change.effort for change in self.changes)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What else it brings, which no server decides."""
        return tuple(change.remark for change in self.changes if change.remark)


# ---- by the user


def _again(case: Case) -> Made:
    verdict = case.refused.verdict
    if verdict is None or not 400 <= verdict.code < 500 or case.attempt.greylist_age is not None:
        return None
    return replace(case, attempt=replace(case.attempt, greylist_age=DAY))


def _password(case: Case) -> Made:
    if not case.refused.facts.auth_failed:
        return None
    return replace(case, attempt=replace(case.attempt, wrong_password=False))


def _pop_first(case: Case) -> Made:
    attempt = case.attempt
    if attempt.pop_age is not None or not _own(case):
        return None
    return replace(case, attempt=replace(attempt, pop_age=0.0))


def _auth(case: Case) -> Made:
    if case.attempt.login is not None or not _own(case):
        return None
    if not case.servers.policy(case.attempt.server).auth_offered:
        return None
    return replace(case, attempt=replace(case.attempt, login=case.party.program.login))


def _by_587(case: Case) -> Made:
    offered = case.servers.scenario.servers[case.attempt.server].port_587
    if case.attempt.by_587 or not offered or not _own(case):
        return None
    return replace(case, attempt=replace(case.attempt, by_587=True, login=case.party.program.login))


def _switch_server(case: Case) -> Made:
    server = case.servers.scenario.submission_server(case.attempt.network)
    if server is None or server == case.attempt.server or case.party.program.web:
        return None
    return replace(
        case,
        attempt=replace(
            case.attempt,
            server=server,
            login=None,
            pop_age=None,
            wrong_password=False,
            by_587=False,
        ),
    )


def _change_sender(case: Case) -> Made:
    sender = f"{case.party.name}@{domains(case.servers.scenario, case.attempt.server)[0]}"
    if sender == case.attempt.reverse_path:
        return None
    return replace(case, attempt=replace(case.attempt, reverse_path=sender))


def _dial_in(case: Case) -> Made:
    network = case.party.network
    client = case.servers.scenario.guest(network)
    if network == case.attempt.network or client is None or case.party.program.web:
        return None
    here = replace(case.attempt, network=network, client=client, server=case.party.program.server)
    return replace(case, attempt=here)


# ---- by the ISP whose server refused


def _list_address(case: Case) -> Made:
    client = case.refused.facts.client
    return _permitting(case, Restriction("permit_client_ranges", (Range(client, client),)))


def _offer_pop_first(case: Case) -> Made:
    if not _own(case) or case.refused.server != case.attempt.server:
        return None
    window = case.servers.scenario.servers[case.refused.server].pop_window
    offered = _permitting(case, Restriction("permit_pop_before_smtp", (window,)))
    return offered and replace(offered, attempt=replace(case.attempt, pop_age=0.0))


def _offer_auth(case: Case) -> Made:
    if not _own(case) or case.refused.server != case.attempt.server:
        return None
    offered = _permitting(case, Restriction("permit_sasl_authenticated"), auth_offered=True)
    return offered and replace(
        offered, attempt=replace(case.attempt, login=case.party.program.login)
    )


def _drop_rule(case: Case) -> Made:
    verdict = case.refused.verdict
    if verdict is None or verdict.stage == "relay":
        return None
    policy = case.refused.policy
    listed: tuple[Restriction, ...] = getattr(policy, verdict.stage, ())
    kept = tuple(r for r in listed if r.name != verdict.rule)
    if kept == listed:
        return None
    changed: dict[str, Any] = {verdict.stage: kept}
    return _with(case, replace(policy, **changed))


def _local_senders(case: Case) -> Made:
    return _permitting(case, Restriction("permit_sender_local"))


def _open(case: Case) -> Made:
    return _with(case, replace(case.refused.policy, relay=(Restriction("permit"),)))


def _permitting(case: Case, restriction: Restriction, *, auth_offered: bool = False) -> Made:
    """The relay list with one more permit in front."""
    policy = case.refused.policy
    if restriction in policy.relay or case.refused.verdict is None:
        return None
    return _with(
        case,
        replace(
            policy,
            relay=(restriction, *policy.relay),
            auth_offered=policy.auth_offered or auth_offered,
        ),
    )


def _with(case: Case, policy: Policy) -> Made:
    if case.refused.verdict is None:
        return None
    return replace(case, servers=case.servers.with_policy(case.refused.server, policy))


def _own(case: Case) -> bool:
    """Whether the server asked is the account's own, and asked by a mail program."""
    party = case.party
    return (
        case.attempt.server == party.program.server and not party.program.web and not party.spammer
    )


CHANGES = (
    Change("again", "user", "try again later", "some minutes", _again),
    Change("password", "user", "correct the password", "one setting, once", _password),
    Change(
        "pop_first",
        "user",
        "look for new mail first, then send",
        "no setting; each time",
        _pop_first,
        "who shares the address may relay too, until the window closes",
    ),
    Change(
        "auth",
        "user",
        "switch on SMTP AUTH (“My server requires authentication”)",
        "one setting, once",
        _auth,
        "without TLS the password crosses the network here in clear",
    ),
    Change(
        "by_587",
        "user",
        "send by port 587 with SMTP AUTH",
        "two settings, once",
        _by_587,
    ),
    Change(
        "switch_server",
        "user",
        "send through the server of the present connection, {here}",
        "one setting at each place, and back again",
        _switch_server,
    ),
    Change(
        "change_sender",
        "user",
        "show a sender address that the server takes, {sender}",
        "one setting, and replies go there",
        _change_sender,
    ),
    Change(
        "dial_in",
        "user",
        "dial in to {isp} from here, or wait until there",
        "a telephone call and a slow line, or hours",
        _dial_in,
    ),
    Change(
        "list_address",
        "ISP",
        "list this address ({client}) in permit_client_ranges",
        "one line, and again whenever the address changes",
        _list_address,
    ),
    Change(
        "offer_pop_first",
        "ISP",
        "offer POP first (permit_pop_before_smtp), and the user looks for mail before sending",
        "the POP server must tell the SMTP server; no setting for users",
        _offer_pop_first,
    ),
    Change(
        "offer_auth",
        "ISP",
        "offer SMTP AUTH (permit_sasl_authenticated), and the user switches it on",
        "passwords at the SMTP server, and a setting for every user",
        _offer_auth,
    ),
    Change("drop_rule", "ISP", "give up the check {rule}", "one line", _drop_rule),
    Change(
        "local_senders",
        "ISP",
        "relay for whoever shows a sender address of one's own (permit_sender_local)",
        "one line; a bad idea",
        _local_senders,
    ),
    Change("open", "ISP", "relay for everybody: open trust", "one line; the worst idea", _open),
)
"""Every change, in order of effort: first the user's, then the ISP's, which cost most at the end
not in work but in what they let in."""


def advise(servers: Servers, query: Query, journey: Journey) -> list[Advice]:
    """Every change that means something here, in order of effort, those that do not help too.

    Two changes of the user together are tried where none helps alone.
    """
    if journey.outcome in ("delivered", "queued") or query.party.spammer:
        return []
    verdict = journey.last.verdict
    if verdict is not None and verdict.accepted and not verdict.discarded:
        return []  # nobody refused: no server takes mail for the domain
    case = Case(servers, query.party, query.attempt, journey.last)
    found = [a for change in CHANGES if (a := _tried(case, (change,))) is not None]
    if not any(a.helps and a.by == "user" for a in found):
        mine = [change for change in CHANGES if change.by == "user"]
        pairs = (_tried(case, pair) for pair in combinations(mine, 2))
        both = [a for a in pairs if a is not None and a.helps]
        last = max((i for i, a in enumerate(found) if a.by == "user"), default=-1)
        found[last + 1 : last + 1] = both
    return found


def _tried(case: Case, changes: tuple[Change, ...]) -> Advice | None:
    """What follows from *changes*, one after the other; None where one of them means nothing."""
    made: Made = case
    for change in changes:
        made = change.make(made) if made is not None else None
    if made is None:
        return None
    journey = made.servers.journey(made.attempt)
    verdict = journey.last.verdict
    said = "no connection" if verdict is None else f"{verdict.rule}: {verdict.reply}"
    return Advice(
        changes,
        " and ".join(_words(change, made) for change in changes),
        journey.outcome,
        f"{journey.last.server}: {said}",
        _worst(admitted(case, made)) if journey.arrives else (),
    )


def _words(change: Change, case: Case) -> str:
    verdict = case.refused.verdict
    scenario = case.servers.scenario
    return change.words.format(
        here=scenario.hostname(case.attempt.server),
        sender=f"<{case.attempt.reverse_path or ''}>",
        client=IPv4Address(case.refused.facts.client),
        isp=case.party.network,
        rule=f"{verdict.rule} at {scenario.hostname(case.refused.server)}" if verdict else "",
    )


def _worst(who: Iterator[str]) -> tuple[str, ...]:
    """Where strangers can relay, or those who forge, all others go without saying."""
    found = tuple(who)
    return next(((worst,) for worst in ("stranger", "forger") if worst in found), found)


def admitted(before: Case, after: Case) -> Iterator[str]:
    """Who can relay after a change that could not before it: keys of `situations.WHO`."""
    server = before.refused.server
    if before.servers is not after.servers:
        guests = _guests(before)
        here = before.attempt.network
        old = {
            (c.who, c.place): c.accepted for c in others(before.servers, server, guests, avoid=here)
        }
        for cell in others(after.servers, server, guests, avoid=here):
            suspect = WHO[cell.who].honest is not True and cell.who != "sharer"
            if suspect and cell.accepted and not old[cell.who, cell.place]:
                yield cell.who
    if _sharer(after) and not _sharer(before):
        yield "sharer"


def _guests(case: Case) -> list[Place]:
    """The server's own network, for what its customers may do."""
    scenario = case.servers.scenario
    network = scenario.servers[case.refused.server].network
    client = scenario.guest(network)
    return [] if client is None else [Place(HOME, network, client)]


def _sharer(case: Case) -> bool:
    """Whether somebody else at the user's address can relay through the account's server."""
    attempt, scenario = case.attempt, case.servers.scenario
    network = scenario.networks[attempt.network]
    if not (network.shared_address or network.lease is not None):
        return False
    if attempt.network == scenario.servers[attempt.server].network:
        return False  # a customer like others
    other = replace(
        attempt,
        reverse_path=FOREIGN,
        forward_path=f"bob@{domains(scenario, attempt.server)[1]}",
        login=None,
        spam=True,
    )
    verdict = case.servers.verdict(other)
    return verdict.accepted and not verdict.discarded
