"""Exact expectations of a scenario file: its ``[[expect]]`` tables with a verdict, code or rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sim.path.journey import Servers
from sim.path.submission import MailProgram, submit
from sim.scenario.expectations import Expect
from sim.scenario.people import network_at

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.smtp import Verdict


def verdict(scenario: Scenario, expect: Expect) -> Verdict:
    """Return the answer of the server that is asked in the situation of *expect*."""
    servers = Servers(scenario, expect.arm or scenario.baseline)
    scenario = servers.scenario
    users = scenario.users[expect.user or next(iter(scenario.users))]
    home = expect.isp or next(iter(users.accounts))
    account = network_at(expect.account, home, users.work)
    own = scenario.submission_server(account)
    assert own is not None, "checked when loaded"
    domain = scenario.account_domain(own)
    program = MailProgram(
        server=own,
        login=f"user@{domain}",
        sender=expect.sender or f"user@{users.sender_domain or domain}",
        auth=expect.auth or expect.wrong_password,
        by_587=expect.port_587,
        wrong_password=expect.wrong_password,
        polls_first=expect.pop,
        web=users.program == "web",
        helo=users.helo or "user-pc",
    )
    network = account if expect.vpn else users.network_at(expect.place, home)
    client = scenario.guest(network)
    attempt = submit(
        scenario, program, network, client, expect.to, server=expect.server, listed=expect.listed
    )
    return servers.verdict(attempt)


def exact(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """Each exact expectation: what it is about, and how the answer differs ("": it does not)."""
    for index, expect in enumerate(scenario.expect):
        if not isinstance(expect, Expect):
            continue
        answer = verdict(scenario, expect)
        actual = {"verdict": answer.kind, "code": answer.code, "rule": answer.rule}
        expected = {key: getattr(expect, key) for key in actual if getattr(expect, key) is not None}
        different = [
            f"{k} {actual[k]!r}, expected {expected[k]!r}"
            for k in expected
            if actual[k] != expected[k]
        ]
        yield f"expect[{index}]: {expect.place} to {expect.to}", "; ".join(different)


def faults(scenario: Scenario) -> Iterator[str]:
    """Exact expectations that do not come true, one line each."""
    return (f"{about}: {different}" for about, different in exact(scenario) if different)
