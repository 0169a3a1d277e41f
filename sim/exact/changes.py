"""Changes that may get a message through, in the published order of effort."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sim.exact.situations import domains
from sim.path.journey import Hop, Servers
from sim.path.query import Party
from sim.path.submission import Attempt
from sim.smtp import Policy, Restriction
from sim.smtp.restrictions import Range

DAY = 86400.0
"""Seconds for which a mail program goes on trying (chosen)."""


@dataclass(frozen=True, slots=True)
class Case:
    """A message that does not get through, in a world that may be changed."""

    servers: Servers
    party: Party
    attempt: Attempt
    refused: Hop
    """The server that stopped it."""
    forwarder: Hop | None = None
    """The last server before that whose aliases sent it on."""

    @property
    def own(self) -> bool:
        """Whether a mail program asks the server of its own account."""
        program = self.party.program
        asks_own = self.attempt.server == program.server
        return asks_own and not program.web and not self.party.spammer

    @property
    def refused_by_own(self) -> bool:
        """Whether that server refused itself, not one further on."""
        return self.own and self.refused.server == self.attempt.server

    def attempting(self, **changes: Any) -> Case:
        """The same case with another attempt."""
        return replace(self, attempt=replace(self.attempt, **changes))

    def under(self, policy: Policy) -> Case | None:
        """The same case with another policy where it was refused."""
        if self.refused.verdict is None:
            return None
        return replace(self, servers=self.servers.with_policy(self.refused.server, policy))

    def permitting(self, restriction: Restriction, **changes: Any) -> Case | None:
        """The same case with one more permit in front of the relay list where it was refused."""
        policy = self.refused.policy
        if restriction in policy.relay:
            return None
        return self.under(replace(policy, relay=(restriction, *policy.relay), **changes))


Make = Callable[[Case], Case | None]
"""Make a change: the case after it, or None where it means nothing."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change that may help; *by* is ``user`` or ``ISP``; *words* may name ``{server}``,
    ``{here}``, ``{sender}``, ``{client}``, ``{isp}``, ``{forwarder}`` and ``{rule}``."""

    key: str
    by: str
    words: str
    effort: str
    make: Make
    remark: str = ""


CHANGES: list[Change] = []
"""Every change, in order of effort: first the user's, then the ISP's, which cost most at the end
not in work but in what they admit."""


def _change(by: str, words: str, effort: str, remark: str = "") -> Callable[[Make], Make]:
    """Add a function to `CHANGES`, by its name."""

    def add(make: Make) -> Make:
        CHANGES.append(Change(make.__name__.strip("_"), by, words, effort, make, remark))
        return make

    return add


# ---- by the user


@_change("user", "try again later", "some minutes")
def _again(case: Case) -> Case | None:
    verdict = case.refused.verdict
    if verdict is None or not 400 <= verdict.code < 500 or case.attempt.greylist_age is not None:
        return None
    return case.attempting(greylist_age=DAY)


@_change("user", "correct the password", "one setting, once")
def _password(case: Case) -> Case | None:
    return case.attempting(wrong_password=False) if case.refused.facts.auth_failed else None


@_change(
    "user",
    "check mail first, then send",
    "no setting; each time",
    "who shares the address may relay too, until the window closes",
)
def _pop_first(case: Case) -> Case | None:
    return case.attempting(pop_age=0.0) if case.own and case.attempt.pop_age is None else None


@_change(
    "user",
    "switch on SMTP AUTH (“My server requires authentication”)",
    "one setting, once",
    "without TLS the password crosses the network here in clear",
)
def _auth(case: Case) -> Case | None:
    offered = case.servers.policy(case.attempt.server).auth_offered
    if not (case.own and offered) or case.attempt.login is not None:
        return None
    return case.attempting(login=case.party.program.login)


@_change("user", "send by port 587 with SMTP AUTH", "two settings, once")
def _by_587(case: Case) -> Case | None:
    offered = case.servers.submission_port(case.attempt.server)
    if not (case.own and offered) or case.attempt.by_587:
        return None
    return case.attempting(by_587=True, login=case.party.program.login)


@_change(
    "user",
    "send through the server of the present connection, {here}",
    "one setting at each place, and back again",
)
def _switch_server(case: Case) -> Case | None:
    server = case.servers.scenario.submission_server(case.attempt.network)
    if server in (None, case.attempt.server) or case.party.program.web:
        return None
    defaults = {"login": None, "pop_age": None, "wrong_password": False, "by_587": False}
    return case.attempting(server=server, **defaults)


@_change(
    "user",
    "show a sender address that the server takes, {sender}",
    "one setting, and replies go there",
)
def _change_sender(case: Case) -> Case | None:
    sender = f"{case.party.name}@{domains(case.servers.scenario, case.attempt.server)[0]}"
    return None if sender == case.attempt.reverse_path else case.attempting(reverse_path=sender)


@_change(
    "user",
    "dial in to {isp} from here, or wait until back there",
    "a telephone call and a slow line, or hours",
)
def _dial_in(case: Case) -> Case | None:
    network, program = case.party.network, case.party.program
    client = case.servers.scenario.guest(network)
    if network == case.attempt.network or client is None or program.web:
        return None
    return case.attempting(network=network, client=client, server=program.server)


# ---- by the ISP whose server refused


@_change(
    "ISP",
    "list this address ({client}) in permit_client_ranges",
    "one line, and again whenever the address changes",
)
def _list_address(case: Case) -> Case | None:
    client = case.refused.facts.client
    return case.permitting(Restriction("permit_client_ranges", (Range(client, client),)))


@_change(
    "ISP",
    "offer POP first (permit_pop_before_smtp), and the user checks mail before sending",
    "the POP server must tell the SMTP server; no setting for users",
)
def _offer_pop_first(case: Case) -> Case | None:
    window = case.servers.scenario.servers[case.refused.server].pop_window
    offered = case.permitting(Restriction("permit_pop_before_smtp", (window,)))
    return offered.attempting(pop_age=0.0) if offered and case.refused_by_own else None


@_change(
    "ISP",
    "offer SMTP AUTH (permit_sasl_authenticated), and the user switches it on",
    "passwords at the SMTP server, and a setting for every user",
)
def _offer_auth(case: Case) -> Case | None:
    offered = case.permitting(Restriction("permit_sasl_authenticated"), auth_offered=True)
    login = case.party.program.login
    return offered.attempting(login=login) if offered and case.refused_by_own else None


@_change(
    "ISP",
    "offer port 587 (RFC 6409), and the user sends by it with SMTP AUTH",
    "a port to open, passwords at the SMTP server, and two settings for every user",
)
def _offer_587(case: Case) -> Case | None:
    server, blocked = case.attempt.server, case.refused.verdict is None
    if not (blocked and case.own) or case.servers.submission_port(server):
        return None
    opened = replace(case, servers=case.servers.with_port_587(server))
    return opened.attempting(by_587=True, login=case.party.program.login)


@_change(
    "ISP",
    "let those who log in pass before {rule}, and the user switches SMTP AUTH on",
    "one line, passwords at the SMTP server, and a setting for every user",
)
def _log_in_first(case: Case) -> Case | None:
    verdict, policy = case.refused.verdict, case.refused.policy
    if verdict is None or verdict.cause != "blocklist" or not case.refused_by_own:
        return None
    listed: tuple[Restriction, ...] = getattr(policy, verdict.stage, ())
    permit = Restriction("permit_sasl_authenticated")
    first: dict[str, Any] = {verdict.stage: (permit, *(r for r in listed if r != permit))}
    trial = case.under(replace(policy, auth_offered=True, **first))
    return trial and trial.attempting(login=case.party.program.login)


@_change("ISP", "rewrite senders at the forwarder, {forwarder} (SRS)", "software at the forwarder")
def _rewrite_senders(case: Case) -> Case | None:
    hop = case.forwarder
    if hop is None or hop.policy.sender_rewriting:
        return None
    rewriting = replace(hop.policy, sender_rewriting=True)
    return replace(case, servers=case.servers.with_policy(hop.server, rewriting))


@_change("ISP", "give up the check {rule}", "one line")
def _drop_rule(case: Case) -> Case | None:
    verdict, policy = case.refused.verdict, case.refused.policy
    if verdict is None or verdict.stage == "relay":
        return None
    listed: tuple[Restriction, ...] = getattr(policy, verdict.stage, ())
    rest: dict[str, Any] = {verdict.stage: tuple(r for r in listed if r.name != verdict.rule)}
    return None if rest[verdict.stage] == listed else case.under(replace(policy, **rest))


@_change(
    "ISP",
    "relay for every sender address of its own domains (permit_sender_local)",
    "one line; a bad idea",
)
def _local_senders(case: Case) -> Case | None:
    return case.permitting(Restriction("permit_sender_local"))


@_change("ISP", "relay for everybody: open trust", "one line; the worst idea")
def _open(case: Case) -> Case | None:
    return case.under(replace(case.refused.policy, relay=(Restriction("permit"),)))
