"""The services of master.cf that take mail, and the parameters that each sets for itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from sim.config.errors import ConfigError
from sim.config.lines import Line, braced, logical, split

PORTS: Mapping[str, int] = {"smtp": 25, "submission": 587, "smtps": 465, "submissions": 465}
FIELDS = 7
LOOPBACK = re.compile(r"(127\.|localhost|\[?::1)")
OPTION = re.compile(r"\s*(\w+)\s*=\s*(.*)", re.DOTALL)


class Service(NamedTuple):
    """A service of master.cf that answers SMTP clients."""

    port: int
    options: Mapping[str, str]
    line: Line


class Skipped(NamedTuple):
    """A line of master.cf that says nothing about who may send, and why."""

    line: Line
    reason: str


def services(text: str) -> tuple[list[Service], list[Skipped]]:
    """The SMTP services of *text*, and every other line."""
    smtp, skipped = [], []
    for line in logical(text, "master.cf"):
        words = split(line.text, " \t")
        reason = _not_smtp(words)
        if reason:
            skipped.append(Skipped(line, reason))
        else:
            smtp.append(Service(_port(words[0]), _options(words[8:], line), line))
    ports = [service.port for service in smtp]
    if not smtp:
        raise ConfigError("master.cf: no service takes mail from clients by SMTP")
    return [s for i, s in enumerate(smtp) if s.port not in ports[:i]], skipped


def _not_smtp(words: list[str]) -> str:
    """Why this line takes no mail from clients; empty if it does."""
    if len(words) <= FIELDS:
        return "not a service: eight columns expected"
    name, kind, command = words[0], words[1], words[FIELDS]
    if command not in ("smtpd", "postscreen"):
        return f"{command} takes no mail from clients"
    if kind == "pass":
        return "behind postscreen, as the service on port 25"
    if kind != "inet":
        return f"not reached by {kind} from a network"
    if LOOPBACK.match(name):
        return "reached from this machine only"
    return "" if _port(name) else f"{name}: no port of SMTP"


def _port(name: str) -> int:
    port = name.rpartition(":")[2]
    return int(port) if port.isdigit() else PORTS.get(port, 0)


def _options(words: list[str], line: Line) -> dict[str, str]:
    """The parameters that ``-o`` sets."""
    options = {}
    waiting = False
    for word in words:
        if word == "-o":
            waiting = True
            continue
        if not waiting and not word.startswith("-o"):
            continue
        setting = word if waiting else word[2:]
        waiting = False
        match = OPTION.fullmatch(braced(setting) or setting)
        if not match:
            raise ConfigError(f"master.cf, line {line.number}: -o {setting}: no name=value")
        options[match[1]] = match[2].strip()
    return options
