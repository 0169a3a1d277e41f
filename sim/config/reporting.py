"""What becomes of each line of a configuration, and what that means."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from sim.config.importing import MODELLED, Configuration
from sim.config.lines import Line, split
from sim.config.parameters import meaning
from sim.smtp.postfix import LISTS
from sim.smtp.restrictions import listed


class Status(StrEnum):
    """What becomes of a line."""

    UNDERSTOOD = "understood"
    NO_EFFECT = "no effect"
    NOT_MODELLED = "not modelled"


class Entry(NamedTuple):
    """A line of the configuration, or one restriction of it."""

    line: int
    text: str
    status: Status
    meaning: str
    file: str = "main.cf"


WITH_ARGUMENT = re.compile(
    r"check_(?!relay_domains)\w+|reject_r(bl|hsbl)_\w+|permit_(dns|rhs)wl_\w+|sleep|warn_if_reject"
)
"""Restrictions that the word after them belongs to."""
ENDS = ("permit", "reject", "defer")
CONSEQUENCES: Mapping[str, str] = {
    "permit_tls_clientcerts": "lets pass whose certificate is a fact of the session; else nobody",
    "permit_tls_all_clientcerts": "lets pass whoever has a certificate by the session's facts",
    "check_ccert_access": "nobody shows a certificate: it finds nothing",
    "reject_unverified_recipient": "no server is asked: every recipient is taken to exist",
    "reject_unverified_sender": "no server is asked: every sender is taken to exist",
    "check_policy_service": "the service is not asked and has no opinion: hand in its answers",
    "misconfigured": "no restriction of Postfix: whoever gets there is told 451",
}
"""What follows where a restriction is not modelled, or says something else than it seems."""
HARMLESS = {
    "sleep": "makes the client wait; the answer stays as it is",
    "check_etrn_access": "speaks of ETRN only",
}
CLASSES = "smtpd_restriction_classes"


def report(configuration: Configuration) -> tuple[Entry, ...]:
    """Every line of main.cf and master.cf, and of tables those that were left out."""
    main = sorted(_main(configuration), key=lambda entry: entry.line)
    return (*main, *_master(configuration), *_tables(configuration))


def _main(configuration: Configuration) -> Iterator[Entry]:
    main = configuration.main
    for fault in main.faults:
        yield from _rows(fault, Status.NOT_MODELLED, "no `name = value`: Postfix does not start")
    for line, later in main.overridden:
        yield from _rows(line, Status.NO_EFFECT, f"set again in line {later}")
    uses = _uses(configuration)
    for name, line in main.lines.items():
        if _holds_restrictions(name, uses):
            yield from _restrictions(configuration, name, line)
        else:
            yield from _rows(line, *_parameter(configuration, name, uses))


def _uses(configuration: Configuration) -> dict[str, str]:
    """Parameters that decide something, and which other one speaks of each."""
    uses: dict[str, str] = {}
    for port in configuration.ports:
        uses = {**port.values.used_by, **uses}
        classes = dict.fromkeys(split(port.values["smtpd_restriction_classes"]), CLASSES)
        uses |= classes
    return uses


def _holds_restrictions(name: str, uses: Mapping[str, str]) -> bool:
    """Whether the parameter is a list of restrictions, or a part of one."""
    names: set[str] = set()
    while name in uses and name not in names:
        if name in LISTS.values() or uses[name] == CLASSES:
            return True
        names.add(name)
        name = uses[name]
    return False


def _parameter(
    configuration: Configuration, name: str, uses: Mapping[str, str]
) -> tuple[Status, str]:
    """What becomes of a parameter that is no list of restrictions."""
    if name not in uses:
        acts, text = meaning(name, configuration.main.raw[name])
        return (Status.NOT_MODELLED if acts else Status.NO_EFFECT), text
    absent = _absent(configuration, configuration.main.raw[name])
    if absent:
        return Status.NOT_MODELLED, absent
    own = name in MODELLED or not uses[name]
    return Status.UNDERSTOOD, "acts as in Postfix" if own else f"used by {uses[name]}"


def _absent(configuration: Configuration, text: str) -> str:
    """Why a table that *text* names is not there."""
    value = configuration.ports[0].values.expand(text)
    for name, table in configuration.tables.read.items():
        if table.absent and name in value:
            return f"{name}: {table.absent}"
    return ""


def _restrictions(configuration: Configuration, name: str, line: Line) -> Iterator[Entry]:
    """The restrictions of a list, each by itself."""
    yield Entry(line.number, f"{name} =", Status.UNDERSTOOD, "a list of restrictions")
    stage = next((stage for stage, parameter in LISTS.items() if parameter == name), "recipient")
    end = ""
    for number, text in _grouped(line):
        if end:
            status, means = Status.NO_EFFECT, f"stands after {end}, which ends the list"
        else:
            status, means = _restriction(configuration, text, stage)
        end = end or (text if text in ENDS else "")
        yield Entry(number, text, status, means)


def _grouped(line: Line) -> Iterator[tuple[int, str]]:
    """The restrictions of a line with what belongs to each, and their lines in the file."""
    waiting: list[str] = []
    start = line.number
    for part in line.parts:
        text = part.text.partition("=")[2] if part is line.parts[0] else part.text
        for word in split(text):
            start = start if waiting else part.number
            waiting.append(word)
            if not WITH_ARGUMENT.fullmatch(word):
                yield start, " ".join(waiting)
                waiting = []
    if waiting:
        yield start, " ".join(waiting)


def _restriction(configuration: Configuration, text: str, stage: str) -> tuple[Status, str]:
    """What becomes of one restriction."""
    policy = configuration.ports[0].policy
    restrictions = listed(text, stage, frozenset(policy.classes))
    if text.startswith("$") or not restrictions:
        return Status.UNDERSTOOD, "stands for the restrictions of that parameter"
    (one, *_) = restrictions
    inner = one.args[0] if one.name == "warn_if_reject" and one.args else one
    if inner.name in HARMLESS:
        return Status.NO_EFFECT, HARMLESS[inner.name]
    answered = any(service in text for port in configuration.ports for service in port.services)
    if inner.name == "check_policy_service" and answered:
        return Status.UNDERSTOOD, "acts by the answers that were handed in"
    if inner.name in CONSEQUENCES:
        acts = inner.entry.modelled and inner.name != "check_policy_service"
        return Status.UNDERSTOOD if acts else Status.NOT_MODELLED, CONSEQUENCES[inner.name]
    if absent := _absent(configuration, text):
        return Status.NOT_MODELLED, absent
    return Status.UNDERSTOOD, one.entry.doc


def _master(configuration: Configuration) -> Iterator[Entry]:
    for service in configuration.services:
        text = f"port {service.port}: its own policy"
        yield from _rows(service.line, Status.UNDERSTOOD, text, "master.cf")
    for line, reason in configuration.skipped:
        yield from _rows(line, Status.NO_EFFECT, reason, "master.cf")


def _tables(configuration: Configuration) -> Iterator[Entry]:
    for name, table in configuration.tables.read.items():
        for fault in table.faults:
            yield Entry(fault.number, fault.text, Status.NOT_MODELLED, fault.reason, name)


def _rows(line: Line, status: Status, text: str, file: str = "main.cf") -> Iterator[Entry]:
    for part in line.parts:
        yield Entry(part.number, part.text, status, text, file)
