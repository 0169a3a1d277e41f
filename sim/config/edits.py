"""Changes to restriction lists, and the configuration that they make."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from sim.config.importing import LISTS, Configuration, Port, with_values
from sim.config.lines import split
from sim.config.reporting import WITH_ARGUMENT

RELAY_LIST = "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination"
LOGIN = "permit_sasl_authenticated"
BLOCKLIST = re.compile(r"reject_rbl(_client)?\b")
STOPS_RELAYING = re.compile(r"(reject|defer)_unauth_destination|reject|defer")


class Change(NamedTuple):
    """A parameter with another value, at one port."""

    port: int
    name: str
    value: str

    def __str__(self) -> str:
        place = "" if self.port == 25 else f" (master.cf, port {self.port}: -o)"
        return f"{self.name} = {self.value}{place}"

    def apply(self, configuration: Configuration) -> Configuration:
        """The configuration with this change."""
        return with_values(configuration, self.port, {self.name: self.value})


def restrictions(port: Port, name: str) -> list[str]:
    """The restrictions of a list, each with its argument."""
    result: list[str] = []
    waiting: list[str] = []
    for word in split(port.values[name]):
        waiting.append(word)
        if not WITH_ARGUMENT.fullmatch(word):
            result.append(" ".join(waiting))
            waiting = []
    return result + ([" ".join(waiting)] if waiting else [])


def closing(port: Port, name: str, index: int) -> Iterator[Change]:
    """Changes that may close what restriction *index* of list *name* opens, smallest first."""
    rules = restrictions(port, name)
    later = [r for r in rules[index + 1 :] if STOPS_RELAYING.fullmatch(r)]
    if later:
        before = [*rules[:index], later[0], *(r for r in rules[index:] if r != later[0])]
        yield Change(port.number, name, ", ".join(before))
    yield Change(port.number, name, ", ".join([*rules[:index], *rules[index + 1 :]]))
    yield Change(port.number, "smtpd_relay_restrictions", RELAY_LIST)


def swap(port: Port, name: str, first: int, second: int) -> Change:
    """The list *name* with its restriction *second* before *first*."""
    rules = restrictions(port, name)
    rule = rules.pop(second)
    rules.insert(first, rule)
    return Change(port.number, name, ", ".join(rules))


def sparing(port: Port, name: str) -> Iterator[Change]:
    """Changes that let those who log in pass before the blocklists of list *name*."""
    rules = restrictions(port, name)
    lookups = [one for one in rules if BLOCKLIST.match(one)]
    rest = [one for one in rules if one not in lookups]
    if LOGIN in rest:
        place = rest.index(LOGIN) + 1
        yield Change(port.number, name, ", ".join([*rest[:place], *lookups, *rest[place:]]))
    first = rules.index(lookups[0]) if lookups else 0
    yield Change(port.number, name, ", ".join([*rules[:first], LOGIN, *rules[first:]]))
    yield Change(port.number, "smtpd_delay_reject", "yes")


def without_networks(port: Port, networks: set[str]) -> Change:
    """`mynetworks` without some of its entries."""
    entries = [word for word in split(port.values["mynetworks"]) if word not in networks]
    return Change(port.number, "mynetworks", " ".join(entries))


def lists(port: Port) -> Iterator[tuple[str, list[str]]]:
    """The restriction lists of a port by parameter."""
    for name in LISTS:
        yield name, restrictions(port, name)
