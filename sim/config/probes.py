"""What an audit asks: clients, credentials, senders and recipients that tell policies apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address, ip_network
from itertools import islice
from typing import NamedTuple

from sim.config.importing import Configuration, Port
from sim.config.lines import split
from sim.smtp import clients
from sim.smtp.directory import unlisted
from sim.smtp.site import Mailbox
from sim.smtp.tables import Keyed, TableError

OUTSIDE = ("203.0.113.77", "198.51.100.213", "192.0.2.211", "100.64.7.7")
"""Addresses of strangers; the first that the configuration says nothing about is taken."""
OUTSIDE_6 = "2001:db8:ffff::77"
FOREIGN_DOMAIN = "elsewhere.invalid"
"""A domain that is not the server's."""
GATEWAYS = ("172.17.0.1", "172.18.0.1", "172.22.1.1", "10.0.0.1", "192.168.0.1", "10.88.0.1")
"""Addresses under which container networks and proxies show every stranger, as usual."""
MOST_KEYS = 4
"""Keys of one table that are tried."""
MOST_NETWORKS = 6
MOST_USERS = 3
COMMON_NAMES = ("alice", "bob", "user")
SYSTEM_NAMES = ("postmaster", "root", "abuse", "mailer-daemon", "daemon", "bin", "sys", "nobody")
ACCESS = re.compile(r"check_(client|helo|sender|recipient)_access[\s,]+((?:proxy:)*\w+:\S+)")
GRANTS = re.compile(r"\s*(OK\b|permit|\d+\s*$)", re.IGNORECASE)
DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE)


class Client(NamedTuple):
    """Who connects."""

    label: str
    address: str
    name: str = ""
    """Its verified name; empty: it has none."""
    forged: bool = False
    """It differs from a plain stranger in what it says of itself only."""
    trusted: bool = False
    """The configuration means to let it relay, by address or name."""
    helo: str = ""


class Party(NamedTuple):
    """A sender or a recipient: what it is, and the address."""

    label: str
    address: str | None
    foreign: bool = False
    """To let mail through to it is relaying."""
    own: bool = False
    """A user of the server."""
    odd: bool = False
    """An unusual form; it is asked about in few cases."""


class World(NamedTuple):
    """What an audit knows of a server beside its configuration."""

    users: tuple[str, ...]
    """Addresses of some of its users."""
    login: str
    """The login of the first of them."""
    clients: tuple[Client, ...]
    senders: tuple[Party, ...]
    recipients: tuple[Party, ...]


def world(configuration: Configuration, port: Port) -> World:
    """Those who are asked about at one port."""
    some = users(configuration, port)
    return World(
        some,
        min(_owners(port, some[0]), default=some[0].partition("@")[0]),
        tuple(_clients(configuration, port)),
        tuple(_senders(configuration, port, some[0])),
        tuple(_recipients(configuration, port, some)),
    )


def _owners(port: Port, address: str) -> Iterable[str]:
    """The logins that an address belongs to, as far as that can be looked up."""
    try:
        sender = port.policy.read(address, sender=True)
        return port.policy.owners_of(sender) if isinstance(sender, Mailbox) else ()
    except TableError:
        return ()


def _is_own(port: Port, address: str) -> bool:
    """Whether an address is in `mynetworks`, as far as that can be looked up."""
    try:
        return port.policy.own_networks.holds(clients.number(address), lambda: "")
    except TableError:
        return False


def users(configuration: Configuration, port: Port) -> tuple[str, ...]:
    """Some addresses that the server takes mail for; the postmaster's if no other is known."""
    addresses = (a for a in _candidates(configuration, port) if _exists(port, a))
    domain = own_domains(port)[0]
    return tuple(islice(dict.fromkeys(addresses), MOST_USERS)) or (f"postmaster@{domain}",)


def _candidates(configuration: Configuration, port: Port) -> Iterator[str]:
    """Addresses that may be users: from the lists of recipients, and common names."""
    domains = own_domains(port)
    names = dict.fromkeys(
        key
        for parameter in ("local_recipient_maps", "virtual_mailbox_maps", "alias_maps")
        for name, table in configuration.tables.read.items()
        if name in port.values[parameter]
        for key in _keys(table.table)
    )
    yield from (key for key in names if "@" in key and not key.startswith("@"))
    for name in (*COMMON_NAMES, *(key for key in names if key.isalnum())):
        yield from (f"{name}@{domain}" for domain in domains)


def _keys(table: object) -> Iterable[str]:
    return islice(table.content, 200) if isinstance(table, Keyed) else ()


def _exists(port: Port, address: str) -> bool:
    if address.partition("@")[0] in SYSTEM_NAMES:
        return False
    try:
        mailbox = port.policy.read(address)
        if not isinstance(mailbox, Mailbox) or mailbox.kind not in ("local", "mailbox"):
            return False
        return unlisted(port.policy, mailbox, "", "recipient") is None
    except TableError:
        return False


def own_domains(port: Port) -> list[str]:
    """Domains for which the server has users, by name."""
    words = [
        word
        for name in ("mydestination", "virtual_mailbox_domains")
        for word in split(port.values[name])
    ]
    host, domain = port.values["myhostname"], port.values["mydomain"]
    names = [word for word in words if DOMAIN.fullmatch(word)]
    names.sort(key=lambda w: (w != domain) + (w == host) + 2 * w.startswith("localhost"))
    return names or [host]


def _clients(configuration: Configuration, port: Port) -> Iterator[Client]:
    address = next((a for a in OUTSIDE if not _is_own(port, a)), OUTSIDE[0])
    name = f"client.{FOREIGN_DOMAIN}"
    yield Client("a stranger", address, name, helo=name)
    yield Client("a stranger without a name", address, helo=f"[{address}]")
    yield Client("a stranger by IPv6", OUTSIDE_6, name, helo=name)
    for helo in ("localhost", port.values["myhostname"], *own_domains(port)[:1]):
        yield Client(f"a stranger who says HELO {helo}", address, name, True, helo=helo)
    for helo in _granted(configuration, port, "helo"):
        yield Client(f"a stranger who says HELO {helo}", address, name, True, helo=helo)
    yield Client("this machine", "127.0.0.1", "localhost", trusted=True, helo="localhost")
    for network in _networks(port):
        first = str(next(iter(ip_network(network).hosts()), ip_network(network)[0]))
        yield Client(
            f"a client in {network}", first, f"own.{FOREIGN_DOMAIN}", trusted=True, helo="own"
        )
    for key in _granted(configuration, port, "client"):
        yield _by_key(key, address)


def _networks(port: Port) -> Iterator[str]:
    """The own networks, as far as they are written out, without loopback."""
    networks = []
    for word in split(port.values["mynetworks"]):
        try:
            network = ip_network(word.replace("[", "").replace("]", ""), strict=False)
        except ValueError:
            continue
        if not network.is_loopback and network.prefixlen:
            networks.append(str(network))
    return iter(networks[:MOST_NETWORKS])


def _by_key(key: str, address: str) -> Client:
    """A client that a key of an access table speaks of."""
    try:
        return Client(
            f"the client {key}", str(ip_address(key)), f"x.{FOREIGN_DOMAIN}", trusted=True, helo="x"
        )
    except ValueError:
        pass
    if re.fullmatch(r"\d+(\.\d+){0,2}", key):
        whole = ".".join((key.split(".") + ["7"] * 3)[:4])
        return Client(f"a client in {key}", whole, f"x.{FOREIGN_DOMAIN}", trusted=True, helo="x")
    name = f"x{'' if key[0] == '.' else '.'}{key}"
    return Client(f"a client named {key}", address, name, trusted=True)


def _granted(configuration: Configuration, port: Port, kind: str) -> list[str]:
    """Keys of access tables of *kind* whose value lets pass."""
    keys: list[str] = []
    for text in (port.values[name] for name in tuple(port.values.used_by)):
        for table_kind, table_name in ACCESS.findall(text):
            table = configuration.tables.read.get(table_name.replace("proxy:", "").rstrip(","))
            if table_kind == kind and table and isinstance(table.table, Keyed):
                rows = table.table.content.items()
                keys += islice((key for key, value in rows if GRANTS.match(value)), MOST_KEYS)
    return list(dict.fromkeys(keys))[: 2 * MOST_KEYS]


def _senders(configuration: Configuration, port: Port, user: str) -> Iterator[Party]:
    yield Party("a foreign sender", f"someone@{FOREIGN_DOMAIN}")
    yield Party("a user of the server as sender", user, own=True)
    yield Party("an own address that nobody has", f"no-such-user-here@{user.partition('@')[2]}")
    for key in _granted(configuration, port, "sender"):
        yield Party(f"the sender {key}", _address(key))
    yield Party("the null sender", None)


def _recipients(
    configuration: Configuration, port: Port, users: tuple[str, ...]
) -> Iterator[Party]:
    domain = users[0].partition("@")[2]
    for label, user in zip(("a user of the server", "another", "a third"), users, strict=False):
        yield Party(label, user, own=True)
    yield Party("a user who does not exist", f"no-such-user-here@{domain}")
    yield Party("a host below our domain", f"user@no-such-host.{domain}")
    for word in split(port.values["relay_domains"])[:2]:
        if DOMAIN.fullmatch(word):
            yield Party(f"a user of {word}", f"user@{word}")
    for label, address in forms(port, domain).items():
        yield Party(label, address, foreign=True, odd=label != "elsewhere")
    for key in _granted(configuration, port, "recipient"):
        yield Party(f"the recipient {key}", _address(key))


def _address(key: str) -> str | None:
    if key == "<>":
        return None
    if key.endswith("@"):
        return f"{key}{FOREIGN_DOMAIN}"
    return key if "@" in key else f"someone@{key.lstrip('.')}"


def forms(port: Port, domain: str) -> Mapping[str, str]:
    """The ways to write a foreign address that tests for open relays try."""
    own = port.values["myhostname"]
    addresses = sorted(port.policy.own_addresses)
    literal = next((clients.text(a) for a in addresses if 0 < a >> 24 < 127), "127.0.0.1")
    return {
        "elsewhere": f"user@{FOREIGN_DOMAIN}",
        "elsewhere, percent hack": f"user%{FOREIGN_DOMAIN}@{domain}",
        "elsewhere, percent without a domain": f"user%{FOREIGN_DOMAIN}",
        "elsewhere, bang path": f"{FOREIGN_DOMAIN}!user",
        "elsewhere, bang path at us": f"{FOREIGN_DOMAIN}!user@{domain}",
        "elsewhere, quoted": f'"user@{FOREIGN_DOMAIN}"',
        "elsewhere, quoted at us": f'"user@{FOREIGN_DOMAIN}"@{domain}',
        "elsewhere, quoted percent at us": f'"user%{FOREIGN_DOMAIN}"@{domain}',
        "elsewhere, source route": f"@{domain}:user@{FOREIGN_DOMAIN}",
        "elsewhere, route by our name": f"@{own}:user@{FOREIGN_DOMAIN}",
        "elsewhere, two at signs": f"user@{FOREIGN_DOMAIN}@{domain}",
        "elsewhere, empty domain": f"user@{FOREIGN_DOMAIN}@",
        "elsewhere, at our literal": f"user@{FOREIGN_DOMAIN}@[{literal}]",
        "elsewhere, percent at our literal": f"user%{FOREIGN_DOMAIN}@[{literal}]",
        "elsewhere, bang path at our literal": f"{FOREIGN_DOMAIN}!user@[{literal}]",
        "elsewhere, as a literal": "user@[203.0.113.99]",
    }
