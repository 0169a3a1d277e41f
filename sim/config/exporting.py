"""A policy as the native configuration of a mail server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sim.config.errors import ConfigError
from sim.config.native import exim, opensmtpd, postfix, sendmail
from sim.config.native.plain import NO_PORTS, Exported, Ports
from sim.path.lookup import Lookup
from sim.smtp import Policy

if TYPE_CHECKING:
    from sim.scenario import Scenario

MAKES: Mapping[str, Callable[[Policy, Ports], Exported]] = {
    "postfix": postfix.export,
    "exim": exim.export,
    "sendmail": sendmail.export,
    "opensmtpd": opensmtpd.export,
}
"""The servers that a policy can be written for."""


def export_config(policy: Policy, make: str, ports: Ports = NO_PORTS) -> Exported:
    """The files of *make* for *policy* on port 25 and those of *ports*, and what that server cannot
    express."""
    if make not in MAKES:
        raise ConfigError(f"{make}: expected one of {', '.join(MAKES)}")
    return MAKES[make](policy, ports)


def export_server(scenario: Scenario, server: str, make: str) -> Exported:
    """The files of *make* for *server* of an arm, with its ports; QueryError: it has none of that
    name."""
    names = Lookup(scenario)
    name = names.server(server)
    names.check()
    return export_config(scenario.policy(name), make, scenario.submission_policies(name))
