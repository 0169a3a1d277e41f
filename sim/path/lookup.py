"""Look up the names in a query (arm, server, person, place, address), with all faults at once."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sim.scenario.errors import Fault, ScenarioError, nearest, one_of, value_text
from sim.scenario.people import HOME, WORK
from sim.smtp import addresses

if TYPE_CHECKING:
    from sim.scenario import Scenario, Users

NULL = ("", "<>")
"""How the null reverse-path is asked for."""


class QueryError(ScenarioError):
    """A question about something that the scenario does not have; ``faults`` holds all of it.

    ValueError
     └── ScenarioError
          └── QueryError
    """


@dataclass(slots=True)
class Lookup:
    """Looks up names and collects what is wrong; `check` raises it all at once."""

    scenario: Scenario
    faults: list[Fault] = field(default_factory=list)

    def check(self) -> None:
        """Raise QueryError if anything was wrong."""
        if self.faults:
            raise QueryError(self.faults)

    def wrong(self, key: str, value: object, expected: str, near: str = "") -> None:
        """Note one fault."""
        self.faults.append(Fault("", key, value_text(value), expected, near))

    def is_valid(self, key: str, value: object, valid: Iterable[str]) -> bool:
        """Whether *value* is one of *valid*; notes the nearest if not."""
        names = list(valid)
        if isinstance(value, str) and value in names:
            return True
        self.wrong(key, value, one_of(names), nearest(value, names))
        return False

    def arm(self, name: str | None) -> str:
        """The name of an arm; without one, the baseline arm."""
        arm = self.scenario.baseline if name is None else name
        self.is_valid("arm", arm, self.scenario.arms)
        return arm

    def server(self, name: str | None) -> str:
        """The name of a server; that of a network means its submission server.

        Without one: see `default_server`.
        """
        scenario = self.scenario
        if name is None:
            return default_server(scenario)
        if name in scenario.servers:
            return name
        submission = {n: scenario.submission_server(n) for n in scenario.networks}
        with_server = {network: server for network, server in submission.items() if server}
        if isinstance(name, str) and name in with_server:
            return with_server[name]
        self.is_valid("server", name, [*scenario.servers, *with_server])
        return ""

    def person(self, name: object) -> tuple[str, int]:
        """The group and the number, from 1, of ``travellers-12``; a group is its first person."""
        users = self.scenario.users
        if isinstance(name, str) and name in users:
            return name, 1
        match = re.fullmatch(r"(.+)-([1-9][0-9]{0,8})", name) if isinstance(name, str) else None
        if match is None or match[1] not in users:
            near = nearest(match[1] if match else name, users)
            near = f"{near}-{match[2]}" if match and near else near
            self.wrong("user", name, f"{one_of(users)}, or one of them such as GROUP-1", near)
            return "", 1
        if int(match[2]) > users[match[1]].count:
            count = users[match[1]].count
            self.wrong("user", name, f"{match[1]}-1 to {match[1]}-{count}", f"{match[1]}-{count}")
        return match[1], int(match[2])

    def place(self, name: object, group: str) -> str:
        """A place that somebody of *group* can be at: home, work, or any network with guests."""
        users = self.scenario.users.get(group)
        valid = [HOME]
        if users is not None and users.work is not None:
            valid.append(WORK)
        valid += [n for n in self.scenario.networks if self.scenario.guest(n) is not None]
        return str(name) if self.is_valid("place", name, valid) else HOME

    def account(self, name: object, users: Users | None) -> str:
        """``home`` or ``work``; the latter for groups that have a work account."""
        if not self.is_valid("account", name, (HOME, WORK)) or users is None:
            return HOME
        if name == WORK and (
            users.work is None or self.scenario.submission_server(users.work) is None
        ):
            self.wrong("account", name, "home, since this group has no account at work", HOME)
            return HOME
        return str(name)

    def address(self, key: str, text: object) -> str:
        """An address as RFC 5321 has it, without its angle brackets."""
        inner = _bare(text) if isinstance(text, str) else ""
        fault = addresses.parse(inner)
        if isinstance(fault, addresses.Fault):
            reason = addresses.FAULTS[fault.reason]
            self.wrong(key, text, f"an address such as bob@adatum.com ({reason})")
        return inner

    def sender(self, text: object) -> str | None:
        """An address, or None for the null reverse-path ``<>``."""
        return None if text in NULL else self.address("sender", text)


def changing_servers(scenario: Scenario) -> frozenset[str]:
    """Servers that do not answer alike in all arms: by another policy, or on port 587 too."""
    arms = [scenario.arm(name) for name in scenario.arms]

    def answers(arm: Scenario, server: str) -> object:
        return arm.policy(server), arm.servers[server].port_587

    return frozenset(
        server
        for server in scenario.servers
        if any(answers(arm, server) != answers(arms[0], server) for arm in arms[1:])
    )


def default_server(scenario: Scenario) -> str:
    """The submission server whose policy the arms change, and that most mail is written by."""
    mail: dict[str, float] = defaultdict(float)
    for users in scenario.users.values():
        for share, _, network in users.accounts_in_use():
            server = scenario.submission_server(network)
            if server is not None:
                mail[server] += share * users.count * users.writes
    changing = changing_servers(scenario) if len(mail) > 1 else frozenset()
    ranked = sorted(mail, key=lambda server: (server not in changing, -mail[server]))
    return next(iter(ranked), next(iter(scenario.servers)))


def default_account(scenario: Scenario, users: Users, home: str) -> str:
    """The account whose server's policy the arms change, and that most mail is written in."""
    part = {HOME: 1.0 - users.work_account, WORK: users.work_account}
    network = {HOME: home, WORK: users.work or home}
    if users.work is None or not users.work_account:
        return HOME
    changing = changing_servers(scenario)
    return min(
        part, key=lambda a: (scenario.submission_server(network[a]) not in changing, -part[a])
    )


def _bare(text: str) -> str:
    text = text.strip()
    return text[1:-1] if text.startswith("<") and text.endswith(">") else text
