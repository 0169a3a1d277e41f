"""What Postfix takes from the machine it runs on: addresses, networks and names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network, ip_interface

from sim.config.errors import ConfigError
from sim.config.expand import Values
from sim.config.lines import split

Interface = IPv4Interface | IPv6Interface
ASSUMED = ("192.0.2.25/24",)
"""The address of a machine that nobody has told."""
ASSUMED_NAME = "mail.example"
LOOPBACK = {4: "127.0.0.1/8", 6: "::1/128"}
CLASSES = ((0x80, 8), (0xC0, 16), (0x100, 24))
"""First octets below this have a network of so many bits (classes A, B, C)."""


def interfaces(addresses: Iterable[str], values: Values) -> list[Interface]:
    """The interfaces on which the server receives mail, loopback first."""
    try:
        own = [ip_interface(text.strip()) for text in addresses]
    except ValueError as error:
        raise ConfigError(f"addresses: {error}") from None
    words = split(values["inet_interfaces"])
    loopback = [ip_interface(LOOPBACK[version]) for version in _versions(values)]
    own = [one for one in own if one.version in _versions(values)]
    if words == ["loopback-only"]:
        return loopback
    named = {word.strip("[]") for word in words}
    if "all" not in named and named & {str(one.ip) for one in own}:
        own = [one for one in own if str(one.ip) in named]
    return [*loopback, *own]


def _versions(values: Values) -> list[int]:
    protocols = split(values["inet_protocols"])
    both = "all" in protocols or not protocols
    return [v for v, name in ((4, "ipv4"), (6, "ipv6")) if both or name in protocols]


def networks(style: str, own: Iterable[Interface]) -> str:
    """The value that `mynetworks` has where nobody sets it."""
    return " ".join(_text(_network(style, one)) for one in own)


def _network(style: str, one: Interface) -> IPv4Network | IPv6Network:
    if style == "host":
        return ip_interface(one.ip).network
    if style == "class" and isinstance(one, IPv4Interface):
        first = int(one.ip) >> 24
        bits = next(bits for below, bits in CLASSES if first < below)
        return IPv4Interface((int(one.ip), bits)).network
    return one.network


def _text(network: IPv4Network | IPv6Network) -> str:
    if network.version == 6:
        return f"[{network.network_address}]/{network.prefixlen}"
    return str(network)


def names(raw: Mapping[str, str]) -> dict[str, str]:
    """`myhostname` and `mydomain` where they are not set, as Postfix derives them."""
    derived = dict(raw)
    if not derived.get("myhostname"):
        derived["myhostname"] = "mail.$mydomain" if derived.get("mydomain") else ASSUMED_NAME
    if not derived.get("mydomain"):
        host = Values(derived)["myhostname"]
        derived["mydomain"] = host.partition(".")[2] or "localdomain"
    return {name: derived[name] for name in ("myhostname", "mydomain")}
