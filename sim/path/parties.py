"""Who writes a message: a person of a user group, or a spammer; where, and through which server."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sim.path.asked import Questions
from sim.path.journey import CAUGHT, LIKELIER, Attempt
from sim.scenario.apportioning import apportion
from sim.scenario.people import HOME, WORK

if TYPE_CHECKING:
    from sim.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Party:
    """Who writes: the account in use, and how the mail program is set."""

    name: str
    login: str
    """The account's own address, which is also its login name."""
    address: str
    """The sender address that the mail program shows."""
    network: str
    """The network of the account."""
    server: str
    """The server that the mail program names."""
    place: str
    network_here: str
    """The network at the place."""
    helo: str
    """What the mail program calls itself: a claim that nobody checks."""
    web: bool = False
    """Web mail: the account's own server sends it."""
    spammer: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """One message as somebody wants to send it."""

    party: Party
    attempt: Attempt
    arm: str
    auth: bool
    """AUTH is on in the mail program, whether the server offers it or not."""


def asked(
    scenario: Scenario,
    user: str,
    place: str | None,
    to: str,
    arm: str | None,
    *,
    account: str = HOME,
    server: str | None = None,
    sender: str | None = None,
    auth: bool = False,
    pop: bool = False,
    by_587: bool = False,
    wrong_password: bool = False,
    caught: bool = False,
) -> Question:
    """Look up everything that was named; raises QueryError with every fault at once."""
    questions = Questions(scenario)
    arm = questions.arm(arm)
    to = questions.address("to", to)
    shown = questions.sender(sender) if sender is not None else ""
    named = questions.server(server) if server is not None else None
    if user in scenario.spammers:
        party = _spammer(questions, user, place, to, named)
    else:
        party = _person(questions, user, place, account)
    questions.check()
    asked_server = named or party.server
    own = asked_server == party.server and not party.spammer
    auth = auth or by_587 or wrong_password
    attempt = Attempt(
        server=asked_server,
        network=party.network_here,
        client=scenario.guest(party.network_here),
        reverse_path=party.address if shown == "" else shown,
        forward_path=to,
        login=party.login if auth and own else None,
        port=587 if by_587 and own else 25,
        wrong_password=wrong_password,
        popped=pop and own,
        spam=party.spammer,
        draw=CAUGHT if caught else LIKELIER,
    )
    if party.web:
        attempt = from_the_server(scenario, attempt)
    return Question(party, attempt, arm, auth)


def from_the_server(scenario: Scenario, attempt: Attempt) -> Attempt:
    """Web mail: the ISP's own machine is the client."""
    server = scenario.servers[attempt.server]
    return replace(
        attempt,
        network=server.network,
        client=int(server.address),
        login=None,
        popped=False,
        port=25,
    )


def network_at(scenario: Scenario, group: str, home: str, place: str) -> str:
    """The network that *place* stands for."""
    return {HOME: home, WORK: scenario.users[group].work or place}.get(place, place)


def _person(questions: Questions, user: str, place: str | None, account: str) -> Party:
    scenario = questions.scenario
    group, number = questions.person(user)
    where = questions.place(place, group)
    users = scenario.users.get(group)
    account = questions.account(account, users)
    if users is None or questions.faults:
        return _NOBODY
    homes = apportion(users.accounts, users.count)
    if user == group:  # somebody of it, who has the account that is written first
        number = 1 + homes.index(next(iter(users.accounts)))
    home = homes[number - 1]
    network = home if account == HOME or users.work is None else users.work
    server = scenario.submission_server(network)
    if server is None:
        questions.wrong("user", user, f"somebody whose network has a server ({network} has none)")
        return _NOBODY
    name, domain = f"{group}-{number}", scenario.servers[server].domains[0]
    return Party(
        name=name,
        login=f"{name}@{domain}",
        address=f"{name}@{users.sender_domain or domain}",
        network=network,
        server=server,
        place=where,
        network_here=network_at(scenario, group, home, where),
        helo=f"{name}-pc",
        web=users.program == "web",
    )


def _spammer(
    questions: Questions, user: str, place: str | None, to: str, server: str | None
) -> Party:
    """A spammer: under a forged name, to the recipient's MX unless another server is named."""
    scenario = questions.scenario
    spammers = scenario.spammers[user]
    here = spammers.network
    if place not in (None, HOME):
        guests = [n for n in scenario.networks if scenario.guest(n) is not None]
        here = str(place) if questions.known("place", place, guests) else here
    domain = to.rpartition("@")[2].lower()
    direct = (*scenario.names().mx(domain), *scenario.servers)[0]
    forged = f"offer@{spammers.sender_domain}"
    return Party(
        name=user,
        login="",
        address=forged,
        network=spammers.network,
        server=server or direct,
        place=place or HOME,
        network_here=here,
        helo=f"mail.{spammers.sender_domain}",
        spammer=True,
    )


_NOBODY = Party("", "", "", "", "", HOME, "", "")
"""Stands in for who could not be found, until the faults are raised."""
