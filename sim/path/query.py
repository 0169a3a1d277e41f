"""The query: who writes to whom, from where, in which account, with which settings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sim.path.lookup import Lookup, default_account
from sim.path.submission import (
    CAUGHT,
    LIKELIER,
    Attempt,
    MailProgram,
    forged_sender,
    spammer_address,
    submit,
)
from sim.scenario.apportioning import apportion
from sim.scenario.people import HOME, network_at

if TYPE_CHECKING:
    from sim.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Party:
    """Who writes, and where: a person of a user group, or a spammer."""

    name: str
    address: str
    """The sender address that is shown unless the query names another."""
    program: MailProgram
    """The settings of the mail program."""
    network: str
    """The network of the account."""
    place: str
    present_network: str
    """The network at the place."""
    helo: str
    """What the mail program calls itself: a claim that nobody checks."""
    client: int | None
    spammer: bool = False
    vpn: bool = False
    """Whether a VPN puts it on the network of the account."""


@dataclass(frozen=True, slots=True)
class Query:
    """One message as somebody wants to send it under one arm."""

    party: Party
    attempt: Attempt
    arm: str


def query(
    scenario: Scenario,
    user: str,
    place: str | None,
    to: str,
    arm: str | None,
    *,
    account: str | None = None,
    server: str | None = None,
    sender: str | None = None,
    auth: bool = False,
    pop: bool = False,
    by_587: bool = False,
    vpn: bool = False,
    wrong_password: bool = False,
    caught: bool = False,
) -> Query:
    """Look up every name and return the query; raises QueryError with every fault at once."""
    names = Lookup(scenario)
    arm = names.arm(arm)
    if not names.faults:
        scenario = names.scenario = scenario.arm(arm)
    to = names.address("to", to)
    shown_sender = names.sender(sender) if sender is not None else ""
    named = names.server(server) if server is not None else None
    if user in scenario.spammers:
        party = _spammer(names, user, place, to, named)
    else:
        party = _person(names, user, place, account, vpn=vpn)
    names.check()
    program = replace(party.program, sender=party.address if shown_sender == "" else shown_sender)
    program = replace(program, helo=party.helo)
    if not party.spammer:
        program = replace(
            program,
            auth=auth or by_587 or wrong_password,
            by_587=by_587,
            wrong_password=wrong_password,
            polls_first=pop,
        )
    attempt = submit(
        scenario, program, party.present_network, party.client, to,
        server=named, spam=party.spammer, content_draw=CAUGHT if caught else LIKELIER,
    )  # fmt: skip
    return Query(replace(party, program=program), attempt, arm)


def _person(
    names: Lookup, user: str, place: str | None, account: str | None, *, vpn: bool
) -> Party:
    scenario = names.scenario
    group, number = names.person(user)
    location = names.place(place, group)
    users = scenario.users.get(group)
    if account is not None:
        account = names.account(account, users)
    if users is None or names.faults:
        return _NO_PARTY
    homes = apportion(users.accounts, users.count)
    if user == group:  # somebody of it, who has the account that is written first
        number = 1 + homes.index(next(iter(users.accounts)))
    home = homes[number - 1]
    account = account or default_account(scenario, users, home)
    network = network_at(account, home, users.work)
    server = scenario.submission_server(network)
    if server is None:
        names.wrong("user", user, f"somebody whose network has a server ({network} has none)")
        return _NO_PARTY
    name, domain = f"{group}-{number}", scenario.account_domain(server)
    address, login = f"{name}@{users.sender_domain or domain}", f"{name}@{domain}"
    present = network if vpn else users.network_at(location, home)
    return Party(
        name=name,
        address=address,
        program=MailProgram(server, login, address, web=users.program == "web"),
        network=network,
        place=location,
        present_network=present,
        helo=users.helo or f"{name}-pc",
        client=scenario.guest(present),
        vpn=vpn,
    )


def _spammer(names: Lookup, user: str, place: str | None, to: str, server: str | None) -> Party:
    """A spammer: under a forged name, to the recipient's MX unless another server is named."""
    scenario = names.scenario
    spammers = scenario.spammers[user]
    network, client = spammers.network, spammer_address(scenario, user)
    if place not in (None, HOME):
        guests = [n for n in scenario.networks if scenario.guest(n) is not None]
        if names.is_valid("place", place, guests):
            network, client = str(place), scenario.guest(str(place))
    domain = to.rpartition("@")[2].lower()
    target = server or (*scenario.names().mx(domain), *scenario.servers)[0]
    return Party(
        name=user,
        address=forged_sender(spammers, domain, scenario.servers[target].domains),
        program=MailProgram(target, "", None),
        network=spammers.network,
        place=place or HOME,
        present_network=network,
        helo=spammers.helo or f"mail.{spammers.sender_domain}",
        client=client,
        spammer=True,
    )


_NO_PARTY = Party("", "", MailProgram("", "", None), "", HOME, "", "", None)
"""Stands in for who could not be found, until the faults are raised."""
