"""The keys of ``[[expect]]``: what a scenario says must come out of it, and whether it does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from sim.scenario import checking
from sim.scenario.checking import Parts
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
    server: Name | None = key(
        "the server that is asked; without it, the one that the account's mail program names", None
    )
    place: Name = key("where they are: home, work or a venue network")
    to: Text = key("the recipient's address")
    sender: Text | None = key("the sender address; without it, user@ the account's domain", None)
    auth: bool = key("whether they logged in with SMTP AUTH", False)
    wrong_password: bool = key("whether they tried SMTP AUTH with a wrong password", False)
    pop: bool = key("whether they have just logged in by POP", False)
    listed: Annotated[tuple[Name, ...], Field(strict=False, max_length=1000)] = key(
        "blocklists that list the client", []
    )
    verdict: Text | None = key("kind of the verdict, such as accept_relay or reject_relay", None)
    code: int | None = key("the reply code", None, ge=200, le=599)
    rule: Text | None = key("the restriction that decides", None)


def faults(parts: Parts, arms: Iterable[str], expectations: dict[int, Expect]) -> Iterator[Found]:
    """Expectations about people, places or arms that do not exist, or that expect nothing."""
    for index, expect in expectations.items():
        yield from (found.within("expect", index) for found in _faults(parts, arms, expect))


def verdict(scenario: Scenario, expect: Expect) -> Verdict:
    """What the server that is asked answers in the situation of *expect*."""
    scenario = scenario.arm(expect.arm or scenario.base)
    users = scenario.users[expect.user or next(iter(scenario.users))]
    isp = expect.isp or next(iter(users.accounts))
    network = {HOME: isp, WORK: users.work}.get(expect.place, expect.place)
    account = isp if expect.account == "home" else users.work
    assert network is not None, "checked when loaded"
    assert account is not None, "checked when loaded"
    own, client = scenario.submission_server(account), scenario.guest(network)
    assert own is not None, "checked when loaded"
    domain = scenario.servers[own].domains[0]
    facts = Facts(
        client=int(scenario.networks[network].prefixes[0][0]) if client is None else client,
        reverse_path=expect.sender or f"user@{users.sender_domain or domain}",
        forward_path=expect.to,
        login="user" if expect.auth and not expect.wrong_password else None,
        auth_failed=expect.wrong_password,
        pop_age=0.0 if expect.pop else None,
        listed=expect.listed,
    )
    owned = {"user": frozenset({f"user@{domain}"})}
    return decide(scenario.policy(expect.server or own, login_owns=owned), facts)


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


def _faults(parts: Parts, arms: Iterable[str], expect: Expect) -> Iterator[Found]:
    if not (expect.verdict or expect.code or expect.rule):
        yield Found((), "says nothing", "verdict, code or rule")
    if expect.arm is not None:
        yield from checking.dangling(expect.arm, arms, "arm")
    if expect.server is not None:
        yield from checking.dangling(expect.server, parts.names["servers"], "server")
    for index, name in enumerate(expect.listed):
        yield from checking.dangling(name, parts.names["blocklists"], "listed", index)
    groups = parts.names["users"]
    if expect.user is not None:
        yield from checking.dangling(expect.user, groups, "user")
    users = parts.users.get(expect.user or next(iter(groups), ""))
    if users is None:
        return
    if expect.isp is not None:
        yield from checking.dangling(expect.isp, users.accounts, "isp")
    if expect.account == WORK and users.work not in parts.with_submission:
        yield Found(("account",), "'work'", "a group whose work is a network with servers")
    if expect.place == WORK and not users.work:
        yield Found(("place",), "'work'", "a group that has work")
    venues = [name for name, network in parts.networks.items() if network.kind == "venue"]
    if expect.place not in parts.names["networks"] or expect.place in parts.networks:
        yield from checking.dangling(expect.place, [HOME, WORK, *venues], "place")
