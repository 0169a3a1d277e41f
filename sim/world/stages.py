"""What an arm changes at its moments besides the policies of servers: mail programs, operators.

People change a setting because they were told to, without a refusal: as many as the new share
says, among those who have it not yet. What somebody has learned meanwhile stays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sim.scenario.apportioning import apportion
from sim.workload.customers import successive
from sim.workload.people import Person
from sim.world import building
from sim.world.context import WorldContext
from sim.world.mail_programs import MailProgram

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.scenario.people import Users

SWITCHES = {"auth": "auth", "by_587": "port_587", "polls_first": "pop_before_sending", "vpn": "vpn"}
"""Settings of a mail program, and the keys that say whose have them on."""
APART = ("polls_first", "vpn")
"""Those with which each message is sent in its own way: after a look for mail, from an address that
is taken for it."""
Detach = Callable[[int], None]


def change_people(context: WorldContext, programs: Sequence[MailProgram], before: Scenario) -> None:
    """Set the mail programs as the scenario of *context* says, which follows *before*."""
    for group, numbers in context.workload.population.groups.items():
        users = context.scenario.users[group]
        if users != before.users[group]:
            of_group = [programs[number] for number in numbers]
            _set_up(of_group, users, before.users[group], context.detach)
            if users.when_refused != before.users[group].when_refused:
                _prefer(of_group, group, users, context)


def _set_up(programs: Sequence[MailProgram], users: Users, before: Users, detach: Detach) -> None:
    for setting, key in SWITCHES.items():
        share = getattr(users, key)
        if share != getattr(before, key):
            on = shifted([getattr(p.person, setting) for p in programs], share)
            for program, now_on in zip(programs, on, strict=True):
                if now_on != getattr(program.person, setting):
                    if setting in APART:
                        detach(program.person.number)
                    program.person = _with_switch(program.person, setting, on=now_on)
                    program.switch(setting, on=now_on)
    for program in programs:
        program.users = users


def _with_switch(person: Person, setting: str, *, on: bool) -> Person:
    switches = {name: getattr(person, name) for name in SWITCHES} | {setting: on}
    auth, by_587, polls_first, vpn = switches.values()
    return replace(person, auth=auth, by_587=by_587, polls_first=polls_first, vpn=vpn)


def _prefer(
    programs: Sequence[MailProgram], group: str, users: Users, context: WorldContext
) -> None:
    """Give everybody the preferences that the same draws make of other shares."""
    named, length = context.streams(f"users.{group}"), context.scenario.run_length
    shares = building.remedy_shares(users)
    for program, customers in zip(
        programs, successive(users, len(programs), length, named), strict=True
    ):
        program.shares, program.customers = shares, customers


def shifted(on: Sequence[bool], share: float) -> list[bool]:
    """Who has a setting on when *share* of all do: nobody changes it but who must, and these are
    mixed evenly among all who could."""
    target = apportion({"": 1.0 - share, "on": share}, len(on)).count("on")
    more = target > sum(on)
    movable = [i for i, is_on in enumerate(on) if is_on != more]
    part = abs(target - sum(on)) / len(movable) if movable else 0.0
    moves = apportion({"": 1.0 - part, "moves": part}, len(movable))
    moving = {i for i, move in zip(movable, moves, strict=True) if move}
    return [is_on != (i in moving) for i, is_on in enumerate(on)]
