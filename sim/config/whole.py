"""A whole scenario around an imported server: its network, a neighbour, a hotel, people, spam."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_interface, ip_network

from sim.config.importing import Configuration
from sim.config.section import DOMAIN, NAME, mail_domains, section
from sim.smtp import Policy, clients
from sim.smtp.clients import Network, Range
from sim.smtp.site import LOOPBACK

OTHER_NETWORKS = (
    *("198.51.100.0/24", "203.0.113.0/24", "192.0.2.0/24"),
    *(f"100.64.{number}.0/24" for number in range(1, 20)),
)
"""Networks of others; the first that the configuration says nothing about are taken."""
NEIGHBOURS = ("adatum.com", "contoso.com")
LENGTHS = {4: range(16, 31), 6: range(32, 127)}
"""Prefixes that a network of customers has."""
MOST_PREFIXES = 4
PEOPLE = ("local_recipient_maps", "virtual_mailbox_maps", "smtpd_sender_login_maps")
"""Settings that tell who exists and what belongs to whom: in a scenario, its people do."""
TEXT = """\
# A small world around an imported server: change what is chosen here to what is yours.
title         = "{hostname} as configured"
source        = "its main.cf, imported"
seed          = 1
run_length    = "14 days"
policy_starts = "3 days"
transient     = "3 days"
replications  = 5

[networks.own]
kind     = "isp"
domain   = "{domain}"
prefixes = [{own}]
lease    = "1 day"

[networks.neighbour]
kind     = "isp"
domain   = "{neighbour}"
prefixes = ["{others[0]}"]
links    = {{ own = "15 ms" }}
lease    = "1 day"
mailboxes = 100                      # of people there who only receive

[networks.hotel]
kind     = "venue"
prefixes = ["{others[1]}"]
links    = {{ own = "30 ms" }}

[defaults.submission]
relay = "on_network"

{section}
[users.customers]
count    = 40
accounts = {{ own = 0.75, neighbour = 0.25 }}
places   = {{ home = 0.7, hotel = 0.3 }}
auth     = {auth}
port_587 = {port_587}

[spammers.stranger]
network  = "neighbour"
routes   = ["open_relay", "direct"]
capacity = {{ open_relay = "100 / day", direct = "20 / day" }}

[arms."as configured"]

[arms."on network"]
"servers.{name}.relay" = "on_network"

[arms."on network + AUTH"]
"servers.{name}.relay" = "on_network+auth"
"servers.{name}.auth_offered" = true
"""


def scenario(configuration: Configuration) -> str:
    """A scenario file, in TOML, in which the server of *configuration* stands."""
    policies = {port.number: port.policy for port in configuration.ports}
    main = policies.get(25) or next(iter(policies.values()))
    machine = next(iter(_machine(configuration)), None)
    own = _own(main, machine)
    domain = _domain(main)
    server_text = f'[servers.{NAME}]\nnetwork = "own"\n'
    if machine is not None:
        server_text += f'address = "{machine[0]}"\n'
    submits = bool({*policies} - {25})
    return TEXT.format(
        hostname=main.hostname,
        name=NAME,
        domain=domain,
        neighbour=next(name for name in NEIGHBOURS if name != domain),
        own=", ".join(f'"{network}"' for network in own),
        others=_others(main, own),
        section=section(policies, without=PEOPLE).replace(f"[servers.{NAME}]\n", server_text, 1),
        auth=0.5 if main.auth_offered or submits else 0.0,
        port_587=0.5 if submits else 0.0,
    )


def _domain(policy: Policy) -> str:
    """The domain of the server's people: rather not the name of the machine itself."""
    domains = filter(DOMAIN.fullmatch, mail_domains(policy))
    return min(domains, key=lambda name: name == policy.hostname, default="own.example")


def _machine(configuration: Configuration) -> Iterator[tuple[str, Network]]:
    """The addresses of the machine that were handed in, with the network around each."""
    for text in configuration.addresses:
        one = ip_interface(text)
        network = one.network
        if network.prefixlen not in LENGTHS[network.version]:
            network = ip_network(f"{one.ip}/{24 if network.version == 4 else 64}", strict=False)
        yield str(one.ip), network


def _own(policy: Policy, machine: tuple[str, Network] | None) -> list[Network]:
    """The networks of customers: that around the machine, and those that are trusted."""
    own: list[Network] = [] if machine is None else [machine[1]]
    for network in map(_network, policy.network_ranges):
        usable = network.prefixlen in LENGTHS[network.version]
        apart = not any(_overlap(network, other) for other in own)
        if usable and apart and not any(_holds(network, address) for address in LOOPBACK):
            own.append(network)
    return own[:MOST_PREFIXES] or [ip_network("198.51.100.0/24")]


def _others(policy: Policy, own: list[Network]) -> list[Network]:
    """Two networks that are no part of *own*, nor trusted if that can be had."""
    free = [n for n in map(ip_network, OTHER_NETWORKS) if not any(_overlap(n, o) for o in own)]
    trusted = [*map(_network, policy.network_ranges)]
    strangers = [n for n in free if not any(o and _overlap(n, o) for o in trusted)]
    return (strangers if len(strangers) > 1 else free)[:2]


def _network(addresses: Range) -> Network:
    return ip_network(str(addresses))


def _holds(network: Network, address: int) -> bool:
    first, last = Range.of(network)
    return first <= address <= last


def _overlap(one: Network, other: Network) -> bool:
    first, last = Range.of(other)
    return _holds(one, first) or _holds(one, last) or _holds(other, clients.number(one[0]))
