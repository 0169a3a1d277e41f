"""A main.cf as the policies of a server: one a port, with every name and table resolved."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from sim.config import machine
from sim.config.errors import ConfigError
from sim.config.expand import NAME, Values
from sim.config.lines import split
from sim.config.master import Service, services
from sim.config.parameters import defaults
from sim.config.parsing import MainCf, main_cf
from sim.config.reading import Tables
from sim.smtp import Policy, postfix
from sim.smtp.policy import PolicyError
from sim.smtp.settings import Settings

MODELLED = frozenset(field.name for field in fields(Settings))
"""Parameters that decide something here."""


@dataclass(frozen=True)
class Port:
    """What a port of the server answers by."""

    number: int
    values: Values
    policy: Policy


@dataclass(frozen=True)
class Configuration:
    """A configuration whose names and tables are resolved."""

    main: MainCf
    ports: tuple[Port, ...]
    services: tuple[Service, ...]
    tables: Tables
    assumed: tuple[str, ...]
    """What nothing that was handed in says, in words."""


def read(
    text: str,
    *,
    master: str = "",
    tables: Mapping[str, str] | None = None,
    addresses: Iterable[str] = (),
) -> Configuration:
    """The configuration of main.cf *text*."""
