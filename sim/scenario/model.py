"""A scenario: everything a run needs to know, checked, in SI units, and frozen."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Container, Iterable, Mapping, Sequence
from ipaddress import IPv4Network
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, PrivateAttr

from sim.scenario import overriding, policies
from sim.scenario.blocklists import Blocklist
from sim.scenario.errors import Fault, ScenarioError, nearest, one_of, shown
from sim.scenario.expectations import Expect, ExpectMeasure
from sim.scenario.keys import OF_NO_ROW, USED_UP, Table, key
from sim.scenario.networks import Network
from sim.scenario.operators import Operator
from sim.scenario.people import Users
from sim.scenario.precision import Precision
from sim.scenario.quantities import Duration, Name
from sim.scenario.reading import Tree
from sim.scenario.servers import Relay, Server
from sim.scenario.spammers import Spammers
from sim.scenario.sweeping import Sweep
from sim.scenario.topology import Topology
from sim.topology.addresses import Draws, Pool, usable
from sim.topology.names import Names

if TYPE_CHECKING:
    from sim.smtp import Policy
    from sim.topology.graph import Graph, Routes

MOST_NETWORKS = 2_000
MOST_SERVERS = 4_000
MOST_GROUPS = 1_000
MOST_ARMS = 200
MOST_EXPECTED = 2_000

UNHASHED = (*USED_UP, *OF_NO_ROW)
"""Keys of which two scenarios may differ and still have the same rows."""

Heading = Annotated[str, Field(max_length=1000)]
Overrides = dict[str, Any]


class Defaults(Table):
    """What every server of a role has unless its own table says otherwise."""

    submission: dict[str, Any] = key({})
    """keys of every submission server"""
    mx: dict[str, Any] = key({})
    """keys of every MX"""
    both: dict[str, Any] = key({})
    """keys of every server that is both"""


class Head(Table):
    """The keys of a scenario outside all tables, and the defaults."""

    title: Heading = key()
    """what the scenario is about, in one line"""
    source: Heading = key("")
    """where the situation comes from"""
    year: int | None = key(None, ge=1971, le=2100)
    """the year it is meant to be"""
    question: Heading = key("")
    """the question it answers"""
    extends: str | None = key(None)
    """a scenario file to start from, relative to this one and in its folder or below"""
    seed: int = key(1, ge=0, lt=2**63)
    """the seed of all random streams"""
    run_length: Duration = key("14 days", source="chosen")
    """simulated time of one replication"""
    policy_starts: Duration = key("3 days", source="chosen")
    """when the arm's policies take effect; until then the servers' own policies hold (the
    warm-up)"""
    transient: Duration = key("3 days", source="chosen")
    """how long after policy_starts people and spammers learn; reported apart"""
    replications: int = key(10, source="chosen", ge=1, le=100_000)
    """independent repetitions of every arm"""
    quick: Overrides = key({})
    """keys that `mailsim run --quick` changes besides, as --set does; by itself it cuts warm-up and
    transient to 1 day, the rest to 2, replications to 3, and takes a share of people, mailboxes and
    spam where there would be too much mail"""
    baseline: str = key("")
    """the arm that the others are compared with; without it, the first"""
    precision: Precision | None = key(None)
    """run as many replications as an interval of this width needs, from `replications` on"""
    sweep: Sweep | None = key(None)
    """points at which `mailsim sweep` runs the scenario again"""
    defaults: Defaults = key({})
    """what servers have unless they say otherwise, by role"""
    topology: Topology = key({})
    """networks to generate"""


class Scenario(Head):
    """A scenario; made by ``load`` or ``loads``, which check it as a whole."""

    networks: dict[Name, Network] = key(max_length=MOST_NETWORKS)
    """networks by name"""
    servers: dict[Name, Server] = key({}, max_length=MOST_SERVERS)
    """servers by name"""
    users: dict[Name, Users] = key(max_length=MOST_GROUPS)
    """groups of users by name"""
    spammers: dict[Name, Spammers] = key({}, max_length=MOST_GROUPS)
    """spammers by name"""
    blocklists: dict[Name, Blocklist] = key({}, max_length=MOST_GROUPS)
    """blocklists by name"""
    operators: dict[Name, Operator] = key({}, max_length=MOST_GROUPS)
    """operators who close relays, by name"""
    arms: dict[str, Overrides] = key(max_length=MOST_ARMS)
    """the policies compared: each a table of SECTION.NAME.KEY = VALUE; NAME may hold * and one
    {list,of,names}; later lines win"""
    expect: Annotated[tuple[Expect | ExpectMeasure, ...], Field(strict=False)] = key(
        [], max_length=MOST_EXPECTED
    )
    """what must come out"""

    _file: str = PrivateAttr("")
    _source: Tree = PrivateAttr(default_factory=dict)
    """The tree it was made from; an arm's is that of the scenario."""
    _written: Tree = PrivateAttr(default_factory=dict)
    """The same, with the overrides of the arm."""
    _arms: dict[str, Scenario] = PrivateAttr(default_factory=dict)

    # ---- its arms and variants

    @property
    def name(self) -> str:
        """The name of its file without folder and suffix, for folders of results."""
        return self._file.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0] or "scenario"

    def arm(self, name: str) -> Scenario:
        """The scenario with one arm's overrides; raises ScenarioError for an unknown arm."""
        if name not in self.arms:
            valid = list(self.arms)
            fault = Fault(self._file, "arms", shown(name), one_of(valid), nearest(name, valid))
            raise ScenarioError([fault])
        return self._arms[name]

    def with_overrides(self, overrides: Mapping[str, Any]) -> Scenario:
        """The scenario with keys changed by dotted name; values are written as in a file.

        ``{"seed": 2, "users.travellers.count": 10}``. Names may hold ``*`` and one
        ``{list,of,names}``. What changes is the file, so every arm of it; asked of an arm,
        the answer is the scenario, not the arm. Raises ScenarioError with every fault.
        """
        from sim.scenario.building import overridden

        return overridden(self._source, overrides, self._file)

    # ---- what it describes

    def names(self) -> Names:
        """Which servers take the mail of which domain: those of role mx or both, as written."""
        servers: dict[str, list[str]] = {}
        for name, server in self.servers.items():
            for domain in server.domains if server.role != "submission" else ():
                servers.setdefault(domain, []).append(name)
        return Names(servers)

    def graph(self) -> Graph:
        """The networks as a networkx graph: nodes with kind and domain, edges with latency (s)
        and bandwidth (bit/s)."""
        from sim.topology import graph as topology

        nodes = {n: {"kind": w.kind, "domain": w.domain} for n, w in self.networks.items()}
        links = [
            topology.Link(name, other, link.latency, link.bits_per_second)
            for name, network in self.networks.items()
            for other, link in network.links.items()
        ]
        return topology.build(nodes, links)

    def routes(self) -> Routes:
        """The shortest routes between its networks."""
        from sim.topology import graph as topology

        return topology.routes(self.graph())

    def pool(self, network: str, draws: Draws | None = None) -> Pool:
        """The addresses that *network* hands out: its hosts without servers and reserved ones.

        *draws* is the stream that a random reuse order needs.
        """
        keys = self.networks[network]
        return Pool(
            self._leasable(network),
            leased=keys.lease is not None,
            reuse=keys.reuse,
            shared=keys.shared_address,
            draws=draws,
        )

    def reserved_pool(self, network: str) -> Pool:
        """The addresses of *network*'s reserved block, each for one customer for good."""
        return Pool(usable(self.networks[network].reserved, self._servers_of(network)))

    def guest(self, network: str) -> int | None:
        """The first address that *network* hands out, as a number; None if it has none."""
        return next(iter(self._leasable(network)), None)

    def leasable(self, network: str) -> Sequence[int]:
        """The addresses that *network* hands out, ascending by prefix; one if they are shared."""
        free = self._leasable(network)
        return array("I", islice(free, 1) if self.networks[network].shared_address else free)

    def run_by(self, operator: str) -> list[str]:
        """The servers that *operator* runs, in the order of the file."""
        patterns = self.operators[operator].servers
        chosen = {name for p in patterns for name in overriding.matching(p, self.servers)}
        return [name for name in self.servers if name in chosen]

    def hostname(self, server: str) -> str:
        """The host name of a server, such as ``smtp.proseware.com``."""
        network = self.servers[server].network
        return policies.hostname(server, network, self.networks[network].domain)

    def submission_server(self, network: str) -> str | None:
        """The server that customers of *network* name in their mail program; None: it has none."""
        return next(
            (n for n, s in self.servers.items() if s.network == network and s.role != "mx"), None
        )

    def policy(
        self,
        server: str,
        mailboxes: Container[str] | None = None,
        *,
        login_owns: Mapping[str, frozenset[str]] | None = None,
        relay: Relay | None = None,
    ) -> Policy:
        """The policy of *server*; with *relay*, that instead of its own relay key.

        *mailboxes* are those that exist, as lower-case ``local@domain`` (None: all), and
        *login_owns* the addresses that belong to each login.
        """
        keys = self.servers[server]
        if relay is not None:
            keys = keys.model_copy(update={"relay": relay})
        network = self.networks[keys.network]
        return policies.build(server, keys, network, mailboxes=mailboxes, login_owns=login_owns)

    def policy_587(self, server: str) -> Policy:
        """How *server* answers on port 587, where it offers that."""
        return policies.on_port_587(self.policy(server))

    # ---- itself

    def resolved(self) -> str:
        """Itself as a scenario file with every default written out."""
        from sim.scenario.writing import resolved

        return resolved(self, self._written)

    def hash(self) -> str:
        """A number in hex that changes with whatever changes a row of a run.

        Titles, notes, ``expect``, ``baseline`` and the number of replications do not.
        """
        told = self.model_dump(mode="json", exclude={*UNHASHED, "expect"})
        return hashlib.sha256(json.dumps(told, sort_keys=False).encode()).hexdigest()

    def __eq__(self, other: object) -> bool:
        """Whether both say the same, however it was written."""
        if not isinstance(other, Scenario):
            return NotImplemented
        unsaid = set(USED_UP)
        return self.model_dump(exclude=unsaid) == other.model_dump(exclude=unsaid)

    def __hash__(self) -> int:
        """In agreement with equality."""
        return hash(self.hash())

    def _leasable(self, network: str) -> Iterable[int]:
        keys = self.networks[network]
        return usable(keys.prefixes, (*keys.reserved, *self._servers_of(network)))

    def _servers_of(self, network: str) -> list[IPv4Network]:
        return [IPv4Network(s.address) for s in self.servers.values() if s.network == network]
