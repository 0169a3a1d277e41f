"""The worlds that exercises are about: small, so that one is simulated in a second or two."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from sim.lab.exercises.answers import OTHER_SEED, REPLICATIONS, RUNS

if TYPE_CHECKING:
    import pandas as pd

    from sim.scenario import Scenario

_NETWORKS = """
[networks]
core      = { kind = "transit" }
proseware = { kind = "isp", domain = "proseware.com", prefixes = ["198.51.100.0/25"], links = { core = "12 ms" }, lease = "30 min" }
adatum    = { kind = "isp", domain = "adatum.com", prefixes = ["198.51.100.128/25"], links = { core = "15 ms" }, lease = "30 min" }
phone     = { kind = "work", domain = "thephone-company.com", prefixes = ["192.0.2.0/25"], links = { core = "8 ms" } }
hotel     = { kind = "venue", domain = "hotel.example", prefixes = ["192.0.2.128/26"], links = { core = "30 ms" }, shared_address = true }
kiosk     = { kind = "venue", domain = "airport.example", prefixes = ["192.0.2.192/26"], links = { core = "30 ms" }, shared_address = true }
"""  # noqa: E501

_TIMES = f"""
seed = 4
run_length    = "5 days"
policy_starts = "1 day"
transient     = "1 day"
replications  = {RUNS}
year = 2000
"""

TOWN = f"""
title = "The six situations, for exercises"
{_TIMES}
baseline = "open trust"
{_NETWORKS}
[defaults.submission]
client_ranges = ["192.0.2.0/25"]
[users.travellers]
count    = 60
accounts = {{ proseware = 0.8, adatum = 0.2 }}
work     = "phone"
places   = {{ home = 0.6, hotel = 0.3, kiosk = 0.1 }}
office_hours = {{ home = 0.2, work = 0.5, hotel = 0.2, kiosk = 0.1 }}
[spammers.stranger]
network  = "adatum"
routes   = ["open_relay", "direct"]
capacity = {{ open_relay = "100 / day", direct = "20 / day" }}
[arms."open trust"]
[arms."on network"]
"servers.*.relay" = "on_network"
[arms."on network + AUTH"]
"servers.*.relay" = "on_network+auth"
[arms."on network + POP first"]
"servers.*.relay" = "on_network+pop_first"
[arms."on network + address range"]
"servers.*.relay" = "on_network+address_range"
[arms."closed"]
"servers.*.relay" = "closed"
[arms."on network + identity check"]
"servers.*.relay" = "on_network"
"servers.*-smtp.sender" = ["reject_sender_not_local"]
"""

CLOSING = f"""
{TOWN}
[operators.everybody]
servers = ["*"]
date    = "3 days"
"""

MACHINE = f"""
title = "One machine for both: submission server and MX of proseware.com"
{_TIMES}
baseline = "as it is"
{_NETWORKS}
[servers.proseware]
role         = "both"
network      = "proseware"
relay        = "on_network"
auth_offered = true
[users.travellers]
count    = 20
accounts = {{ proseware = 1.0 }}
work     = "phone"
places   = {{ home = 0.5, hotel = 0.5 }}
office_hours = {{ work = 1.0 }}
[arms."as it is"]
"""

WINDOWS = f"""
title = "Guests of two venues, and POP before SMTP"
{_TIMES}
baseline = "POP first"
{_NETWORKS}
[defaults.submission]
relay = "on_network+pop_first"
[defaults.mx]
relay = "closed"
[users.guests]
count              = 60
accounts           = {{ proseware = 0.6, adatum = 0.4 }}
places             = {{ home = 0.2, hotel = 0.5, kiosk = 0.3 }}
pop_before_sending = 0.5
when_refused       = {{ wait = 0.5, give_up = 0.5 }}
[arms."POP first"]
"""

FILTERS = f"""
title = "A filter that drops what it takes for spam"
{_TIMES}
baseline = "filter"
{_NETWORKS}
[defaults.submission]
relay = "on_network"
[users.customers]
count    = 100
accounts = {{ proseware = 0.6, adatum = 0.4 }}
places   = {{ home = 1.0 }}
[spammers.customer]
network  = "proseware"
routes   = ["own_account"]
capacity = {{ own_account = "150 / day" }}
recipients = 10
[arms."filter"]
"""

LISTS = f"""
title = "A list fed by traps, and an open relay"
{_TIMES}
baseline = "nobody asks"
{_NETWORKS}
rest = {{ kind = "isp", domain = "rest.example", prefixes = ["203.0.113.0/28"], links = {{ core = "20 ms" }}, mailboxes = 500 }}
[defaults.submission]
relay = "on_network"
[defaults.mx]
relay = "closed"
[servers.proseware-smtp]
relay = "open"
[blocklists.trap-list]
traps          = {{ rest = 10 }}
reports        = 0.001
expiry         = "2 days"
removal        = "4 h"
[users.customers]
count    = 60
accounts = {{ proseware = 0.5, adatum = 0.5 }}
[spammers.bulk]
network      = "adatum"
routes       = ["open_relay"]
capacity     = {{ open_relay = "400 / day" }}
recipients   = 20
known_relays = 1.0
[arms."nobody asks"]
[arms."everybody asks"]
"servers.*-mx.client" = ["reject_rbl_client(trap-list)"]
"""  # noqa: E501


@cache
def _read(text: str) -> Scenario:
    from sim import scenario

    return scenario.loads(text, name="exercise")


_CHANGED: dict[tuple[str, str], Scenario] = {}


def world(text: str, overrides: Mapping[str, Any] | None = None) -> Scenario:
    """The scenario of *text*, with keys changed by dotted name; the same object each time."""
    changed = (text, repr(overrides or {}))
    if changed not in _CHANGED:
        original = _read(text)
        _CHANGED[changed] = original.with_overrides(overrides) if overrides else original
    return _CHANGED[changed]


Frames = Mapping[str, "pd.DataFrame"]
Of = Callable[[Frames], float]
Pair = Callable[[Frames, Frames], float]


def simulated(scenario: Scenario, arm: str, of: Of) -> list[float]:
    """A value for each replication of the reference, with a seed that nobody is told to use."""
    return _values(of, scenario, arm)


def paired(scenario: Scenario, a: str, b: str, of: Pair) -> list[float]:
    """A value of arms *a* and *b* together, replication by replication."""
    return _values(of, scenario, a, b)


def differences(scenario: Scenario, a: str, b: str, of: Of) -> list[float]:
    """The change from arm *a* to arm *b*, replication by replication: arms are paired."""
    first, second = (_values(of, scenario, arm) for arm in (a, b))
    return [y - x for x, y in zip(first, second, strict=True)]


_REFERENCES: dict[tuple[object, ...], list[float]] = {}
"""Values of references, so that a second attempt is marked at once."""


def _values(of: Callable[..., float], scenario: Scenario, *arms: str) -> list[float]:
    key = (of, id(scenario), arms, OTHER_SEED, REPLICATIONS)
    if key not in _REFERENCES:
        runs = zip(*(_replications(scenario, arm) for arm in arms), strict=True)
        _REFERENCES[key] = [of(*frames) for frames in runs]
    return _REFERENCES[key]


def _replications(scenario: Scenario, arm: str) -> Iterator[Frames]:
    from sim.world import simulate

    other = scenario.with_overrides({"seed": scenario.seed + OTHER_SEED})
    return (simulate(other, arm, number).frames() for number in range(REPLICATIONS))


def intended(frames: Frames, of_class: str = "honest") -> pd.DataFrame:
    """Intended recipients of one class once the policy held: every share is one of these."""
    rows = frames["recipients"]
    return rows[(rows["class"] == of_class) & (rows["phase"] != "warm-up")]
