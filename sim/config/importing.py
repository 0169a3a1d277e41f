"""A main.cf as the policies of a server: one a port, with every name and table resolved."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from sim.config import machine
from sim.config.errors import ConfigError
from sim.config.expand import Values
from sim.config.lines import split
from sim.config.master import Service, Skipped, services
from sim.config.parameters import defaults
from sim.config.parsing import MainCf, main_cf
from sim.config.reading import Absent, Tables, service
from sim.smtp import PolicyError, postfix
from sim.smtp.settings import Settings

SERVICE = re.compile(r"check_policy_service[\s,]+\{?\s*([^\s,}]+)")
LISTS = (*postfix.LISTS.values(), "smtpd_etrn_restrictions")
OWN = (
    *("myhostname", "mydestination", "mynetworks", "relay_domains", "inet_interfaces"),
    *("smtpd_sasl_auth_enable", "smtpd_restriction_classes", "maps_rbl_domains"),
    *("proxy_interfaces", "compatibility_level"),
)
MODELLED = (*Settings._fields, *OWN, *LISTS)
"""Parameters that decide something here."""
RAW = ("default_rbl_reply",)
"""Parameters whose names are replaced at each reply."""
DEFAULT_PORTS: Mapping[int, Mapping[str, str]] = {25: {}}
"""Ports and their own parameters where no master.cf is handed in."""


@dataclass(frozen=True)
class Port:
    """What a port of the server answers by."""

    number: int
    values: Values
    policy: postfix.Served

    @property
    def services(self) -> tuple[str, ...]:
        """The policy services whose answers were handed in."""
        return tuple(self.policy.services)


@dataclass(frozen=True)
class Configuration:
    """A configuration whose names and tables are resolved."""

    main: MainCf
    ports: tuple[Port, ...]
    services: tuple[Service, ...]
    skipped: tuple[Skipped, ...]
    tables: Tables
    assumed: tuple[str, ...]
    """What nothing that was handed in says, in words."""
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    addresses: tuple[str, ...] = ()


def read(
    text: str,
    *,
    master: str = "",
    tables: Mapping[str, str] | None = None,
    addresses: Iterable[str] = (),
    absent: Absent = Absent.ERROR,
) -> Configuration:
    """The configuration that *text* of main.cf, master.cf and tables make together."""
    main = main_cf(text)
    texts = dict(tables or {})
    own = tuple(addresses)
    read_tables = Tables(texts, absent)
    served, skipped = services(master) if master else ([], [])
    options = {one.port: one.options for one in served} if master else DEFAULT_PORTS
    ports = tuple(
        _port(number, _raw_values(main, read_tables, set_here, own), own, read_tables, texts)
        for number, set_here in options.items()
    )
    assumed = tuple(_assumed(main, own))
    return Configuration(
        main, ports, tuple(served), tuple(skipped), read_tables, assumed, texts, own
    )


def failing(configuration: Configuration) -> Configuration:
    """The same where tables that were not handed in fail."""
    tables = Tables(configuration.texts, Absent.ERROR)
    addresses, texts = configuration.addresses, configuration.texts
    ports = tuple(
        _port(port.number, dict(port.values.raw), addresses, tables, texts)
        for port in configuration.ports
    )
    return replace(configuration, ports=ports, tables=tables)


def with_values(
    configuration: Configuration, number: int, values: Mapping[str, str]
) -> Configuration:
    """The same with other *values* of some parameters at one port."""
    ports = tuple(
        port
        if port.number != number
        else _port(
            number,
            {**port.values.raw, **values},
            configuration.addresses,
            configuration.tables,
            configuration.texts,
        )
        for port in configuration.ports
    )
    return replace(configuration, ports=ports)


def _raw_values(
    main: MainCf, tables: Tables, options: Mapping[str, str], addresses: tuple[str, ...]
) -> dict[str, str]:
    """Every parameter of one service as written: its own, main.cf's, or the default."""
    raw = {**defaults(), **main.raw, **options}
    raw |= machine.names({**main.raw, **options})
    if raw["myorigin"].startswith("/"):
        raw["myorigin"] = (tables.text(raw["myorigin"]) or "").strip()
    if "mynetworks" not in main.raw and "mynetworks" not in options:
        values = Values(raw)
        own = machine.interfaces(addresses or machine.ASSUMED, values)
        raw["mynetworks"] = machine.networks(values["mynetworks_style"], own)
    return raw


def _port(
    number: int,
    raw: dict[str, str],
    addresses: tuple[str, ...],
    tables: Tables,
    texts: Mapping[str, str],
) -> Port:
    """The policy of one service."""
    values = Values(raw)
    classes = split(values["smtpd_restriction_classes"])
    parameters = {name: values[name] for name in (*MODELLED, *classes) if name in raw}
    parameters |= {name: raw[name] for name in RAW}
    for name in sorted(parameters, key=lambda name: name != "alias_maps"):
        tables.collect(name, parameters[name])
    own = machine.interfaces(addresses or machine.ASSUMED, values)
    try:
        policy = postfix.policy(
            parameters,
            tables.by_name(),
            addresses=tuple(str(one.ip) for one in own),
            services=_services(parameters.values(), texts),
        )
    except PolicyError as error:
        raise ConfigError(f"main.cf: {error}") from None
    return Port(number, values, policy)


def _services(values: Iterable[str], texts: Mapping[str, str]) -> dict[str, list[list[object]]]:
    """The answers of the policy services that were handed in, by their names."""
    names = {name for value in values for name in SERVICE.findall(value)}
    return {name: service(texts[name], name) for name in sorted(names) if name in texts}


def _assumed(main: MainCf, addresses: tuple[str, ...]) -> Iterable[str]:
    if not addresses:
        yield f"the address of the machine: {machine.ASSUMED[0]}"
    if "myhostname" not in main.raw and "mydomain" not in main.raw:
        yield f"its name: {machine.ASSUMED_NAME}"
