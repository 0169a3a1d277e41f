"""The keys of ``[[expect]]``: what a scenario says must come out of it, and whether it does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from sim.scenario import checking
from sim.scenario.found import Found
from sim.scenario.keys import Table, key
from sim.scenario.people import HOME, WORK
from sim.scenario.quantities import Name
from sim.smtp import Facts, Verdict, decide

if TYPE_CHECKING:
    from sim.scenario.model import Scenario

Text = Annotated[str, Field(min_length=1, max_length=256)]


class Expect(Table):
    """An exact verdict: who sends from where to whom under which arm, and what is answered."""

    arm: Text | None = key("the arm; without it, the base arm", None)
    user: Name | None = key("the user group; without it, the first one", None)
    isp: Name | None = key("their home ISP; without it, the first of their accounts", None)
    account: Literal["home", "work"] = key("the account in use", "home")
    place: Name = key("where they are: home, work or a venue network")
    to: Text = key("the recipient's address")
    sender: Text | None = key("the sender address; without it, user@ the account's domain", None)
    auth: bool = key("whether they logged in with SMTP AUTH", False)
    pop: bool = key("whether they have just logged in by POP", False)
    verdict: Text | None = key("kind of the verdict, such as accept_relay or reject_relay", None)
    code: int | None = key("the reply code", None, ge=200, le=599)
    rule: Text | None = key("the restriction that decides", None)


def faults(scenario: Scenario) -> Iterator[Found]:
    """Expectations about people, places or arms that do not exist, or that expect nothing."""
    for index, expect in enumerate(scenario.expect):
        yield from (found.within("expect", index) for found in _faults(scenario, expect))


def verdict(scenario: Scenario, expect: Expect) -> Verdict:
    """What the server named in the mail program answers in the situation of *expect*."""
    scenario = scenario.arm(expect.arm or scenario.base)
    users = scenario.users[expect.user or next(iter(scenario.users))]
    isp = expect.isp or next(iter(users.accounts))
    network = {HOME: isp, WORK: users.work}.get(expect.place, expect.place)
    account = isp if expect.account == "home" else users.work
    assert network is not None, "checked when loaded"
    assert account is not None, "checked when loaded"
    server, client = scenario.submission_server(account), scenario.guest(network)
    assert server is not None, "checked when loaded"
    assert client is not None, "checked when loaded"
    domain = scenario.servers[server].domains[0]
    facts = Facts(
        client=client,
        reverse_path=expect.sender or f"user@{users.sender_domain or domain}",
        forward_path=expect.to,
        login="user" if expect.auth else None,
        pop_age=0.0 if expect.pop else None,
    )
    return decide(scenario.policy(server), facts)


def unmet(scenario: Scenario) -> Iterator[str]:
    """Exact expectations that do not come true, one line each."""
    for index, expect in enumerate(scenario.expect):
        answer = verdict(scenario, expect)
        got = {"verdict": answer.kind, "code": answer.code, "rule": answer.rule}
        wanted = {key: getattr(expect, key) for key in got if getattr(expect, key) is not None}
        different = [
            f"{k} {got[k]!r}, expected {wanted[k]!r}" for k in wanted if got[k] != wanted[k]
        ]
        if different:
            yield f"expect[{index}]: {expect.place} to {expect.to}: {'; '.join(different)}"


def _faults(scenario: Scenario, expect: Expect) -> Iterator[Found]:
    if not (expect.verdict or expect.code or expect.rule):
        yield Found((), "says nothing", "verdict, code or rule")
    if expect.arm is not None:
        yield from checking.dangling(expect.arm, scenario.arms, "arm")
    if expect.user is not None and expect.user not in scenario.users:
        yield from checking.dangling(expect.user, scenario.users, "user")
        return
    users = scenario.users[expect.user or next(iter(scenario.users))]
    if expect.isp is not None:
        yield from checking.dangling(expect.isp, users.accounts, "isp")
    needs_work = {"place": expect.place == WORK, "account": expect.account == WORK}
    for key_name, needed in needs_work.items():
        if needed and (users.work is None or scenario.submission_server(users.work) is None):
            yield Found((key_name,), "'work'", "a group whose work is a network with servers")
    venues = [name for name, network in scenario.networks.items() if network.kind == "venue"]
    yield from checking.dangling(expect.place, [HOME, WORK, *venues], "place")
