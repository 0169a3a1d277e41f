"""What `check` says of policies that may stand as they are, but hardly do what was meant."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from sim.path.facts import facts
from sim.scenario.policies import on_submission_port
from sim.smtp import Facts, Policy, clients, decide
from sim.smtp.lint import FOREIGN_ADDRESS, STRANGER, Finding, lint
from sim.smtp.restrictions import STAGES

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.scenario.servers import Server


class Warned(NamedTuple):
    """One finding about servers that are alike, in the arms where it holds."""

    servers: tuple[str, ...]
    arms: tuple[str, ...]
    finding: Finding
    port: int = 25

    @property
    def text(self) -> str:
        """The finding in a line, with the example that shows it."""
        first, *others = self.servers
        more = f" and {len(others)} more" if others else ""
        port = f", port {self.port}" if self.port != 25 else ""
        example = self.finding.example
        example_text = f" (for example {_text(example)})" if example is not None else ""
        return f"{first}{more}{port} {self.finding.text}{example_text}"


def warnings(scenario: Scenario) -> list[Warned]:
    """What is doubtful about the policies of *scenario*, those that are alike together."""
    groups: dict[tuple[int, str, str], tuple[dict[str, None], dict[str, None], Finding]] = {}
    by_policy: dict[Hashable, list[Finding]] = {}
    for arm, server, port, policy in _policies(scenario):
        role = scenario.servers[server].role
        key = role, _policy_key(policy)
        if key not in by_policy:
            by_policy[key] = [f for f in lint(policy) if not _is_meant(f, role, port)]
        keys = scenario.arm(arm).servers[server]
        for finding in (*by_policy[key], *_through_gateways(policy, keys)):
            servers, arms, _ = groups.setdefault(
                (port, finding.kind, finding.text), ({}, {}, finding)
            )
            servers[server] = arms[arm] = None
    return [
        Warned(tuple(servers), tuple(arms), finding, port)
        for (port, *_), (servers, arms, finding) in groups.items()
    ]


def open_arms(scenario: Scenario) -> list[str]:
    """The arms in which a server is said to be open to everybody."""
    return [
        name
        for name in scenario.arms
        if any(s.relay == "open" and s.role != "mx" for s in scenario.arm(name).servers.values())
    ]


def _policies(scenario: Scenario) -> Iterator[tuple[str, str, int, Policy]]:
    """The policies that are not open by their own word: arm, server, port, policy."""
    for arm in scenario.arms:
        of_arm = scenario.arm(arm)
        for name, server in of_arm.servers.items():
            policy = of_arm.policy(name)
            if server.relay != "open":
                yield arm, name, 25, policy
            for number in server.ports:
                yield arm, name, int(number), on_submission_port(policy, server, number)


def _through_gateways(policy: Policy, server: Server) -> Iterator[Finding]:
    """Gateways that may relay, so that whoever is seen as one of them may."""
    for network, address in server.seen_as.items():
        example = facts(clients.number(address), "stranger@sender.invalid", FOREIGN_ADDRESS)
        verdict = decide(policy, example)
        if verdict.accepted and verdict.relayed:
            text = f"clients from {network} are seen as {address}, which may relay: {verdict.rule}"
            yield Finding("trusted_gateway", verdict.stage, text, example)


def _policy_key(policy: Policy) -> Hashable:
    """What tells a policy from others, apart from whose it is."""
    lists = tuple(getattr(policy, stage) for stage in STAGES)
    tables = tuple(map(repr, policy.tables.items()))
    relays = bool(policy.relay_domains)
    return policy.flavour, policy.auth_offered, repr(policy.settings), tables, relays, lists


def _is_meant(finding: Finding, role: str, port: int) -> bool:
    """Whether a finding is what a server of that *role* is for: one of customers need not take
    mail from strangers."""
    example = finding.example
    to_strangers = example is not None and example.client == STRANGER
    customers = role == "submission" or port != 25
    return finding.kind == "refuses_own_mail" and to_strangers and customers


def _text(facts: Facts) -> str:
    login = f", logged in as {facts.login}" if facts.login else ""
    sender, to = facts.reverse_path or "", facts.forward_path
    return f"{clients.text(facts.client)}{login}, MAIL FROM:<{sender}>, RCPT TO:<{to}>"
