"""A scenario: everything a run needs to know, checked, in SI units, and frozen."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from ipaddress import ip_network
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import PrivateAttr

from sim.scenario import arms, directories, faults, overrides, policies
from sim.scenario.checking import Parts
from sim.scenario.errors import Fault, ScenarioError
from sim.scenario.keys import OF_NO_ROW, USED_UP
from sim.scenario.model import Document, Head
from sim.scenario.positions import Places
from sim.scenario.problems import Problem, unknown
from sim.scenario.sections import MODELS
from sim.scenario.servers import POLICY_KEYS, Relay
from sim.scenario.sweeping import Point, ends_and_corners
from sim.scenario.trees import Tree
from sim.scenario.validation import HEADS, check
from sim.scenario.writing import resolved
from sim.smtp import Policy, clients
from sim.smtp.clients import Network, Range
from sim.topology import graph as graphs
from sim.topology.addresses import Draws, Pool, usable
from sim.topology.names import Names, Naming
from sim.topology.numbering import Numbering

if TYPE_CHECKING:
    from sim.topology.graph import Graph, Routes


class Stage(NamedTuple):
    """What an arm is from a moment on."""

    begins: float
    """The moment (s)."""
    scenario: Scenario


class Scenario(Document):
    """A scenario; made by ``load`` or ``loads``, which check it as a whole."""

    _places: Places = PrivateAttr(Places((("", ""),)))
    """Where it is written."""
    _source: Tree = PrivateAttr(default_factory=dict)
    """The tree it was made from; an arm's is that of the scenario."""
    _document: Tree = PrivateAttr(default_factory=dict)
    """The same, with the overrides of the arm."""
    _arms: dict[str, Scenario] = PrivateAttr(default_factory=dict)
    """Each arm as it is at the end; they know each other."""
    _stages: list[Stage] = PrivateAttr(default_factory=list)
    """What it is from which moment on, where it is an arm."""
    _policies: dict[tuple[str, Relay | None], Policy] = PrivateAttr(default_factory=dict)
    """The policy of each server, and with another relay key."""
    _free: dict[str, Sequence[int]] = PrivateAttr(default_factory=dict)
    """The addresses that each network hands out, once somebody has asked."""

    # ---- its arms and variants

    @property
    def file(self) -> str:
        """How messages call its file."""
        return self._places.file

    @property
    def tree(self) -> Tree:
        """The tree that it was made from; an arm's is that of the scenario."""
        return self._source

    @property
    def document(self) -> Tree:
        """The same with the overrides of the arm, where it is one."""
        return self._document

    @property
    def places(self) -> Places:
        """Where what it says is written."""
        return self._places

    @property
    def name(self) -> str:
        """The name of its file without folder and suffix, for folders of results."""
        return self.file.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0] or "scenario"

    def arm(self, name: str) -> Scenario:
        """The scenario with one arm's overrides, as at the end of a run; raises ScenarioError for
        an unknown arm."""
        for problem in unknown(name, self.arms):
            raise ScenarioError([Fault(self.file, "arms", *problem[1:])])
        return self._arms[name]

    @property
    def stages(self) -> list[Stage]:
        """Of an arm, what it is from the beginning, and from each moment at which it changes."""
        return self._stages or [Stage(0.0, self)]

    def at(self, moment: float) -> Scenario:
        """The scenario with every arm as it is at *moment* (s) of a run."""
        view = self.model_copy()
        view._arms = {name: self._at(arm, moment) for name, arm in self._arms.items()}
        return view

    def _at(self, arm: Scenario, moment: float) -> Scenario:
        """What *arm* is at *moment*: until ``policy_starts`` with the servers' own policies."""
        stage = [stage.scenario for stage in arm.stages if stage.begins <= moment][-1].model_copy()
        if moment < self.policy_starts:
            own = {
                name: {key: getattr(server, key) for key in POLICY_KEYS}
                for name, server in self.servers.items()
            }
            changed = {n: s.model_copy(update=own[n]) for n, s in stage.servers.items()}
            stage = stage.model_copy(update={"servers": changed})
            stage._policies = dict(self._policies)
        stage._stages = [Stage(0.0, stage)]
        return stage

    def with_overrides(self, changes: Mapping[str, Any]) -> Scenario:
        """The scenario with keys changed by dotted name; values are written as in a file.

        ``{"seed": 2, "users.travellers.count": 10}``. Names may hold ``*`` and one
        ``{list,of,names}``. What changes is the file, so every arm of it; asked of an arm,
        the answer is the scenario, not the arm. Raises ScenarioError with every fault.
        """
        source, changed, problems = overrides.apply(self._source, changes, heads=HEADS)
        if problems:
            raise ScenarioError(Fault(self.file, str(p.path[0]), *p[1:]) for p in problems)
        return build(source, self._places.after(changed))

    def sweep_points(self) -> list[Point]:
        """The points of its sweep; without one, the ends and corners of its ranges."""
        return self.sweep.all() if self.sweep is not None else ends_and_corners(self.ranges)

    # ---- what it describes

    def names(self) -> Names:
        """Which servers take the mail of which domain: those of role mx or both, as written; first
        where it is processed, then backups."""
        servers: dict[str, list[str]] = {}
        public = [(n, s) for n, s in self.servers.items() if s.role != "submission"]
        rows = [(n, d) for n, s in public for d in (*s.domains, *directories.virtual_domains(s))]
        rows += [(n, domain) for n, s in public for domain in s.relay_domains]
        for name, domain in rows:
            if name not in servers.setdefault(domain, []):
                servers[domain].append(name)
        hosts = {name: (self.hostname(name), s.number) for name, s in self.servers.items()}
        return Names(servers, hosts, self._namings())

    def _namings(self) -> Iterator[Naming]:
        for name, network in self.networks.items():
            domain = network.domain or f"{name.lower()}.example"
            for prefix in network.prefixes:
                yield Naming(Range.of(prefix), domain, network.reverse_names)

    def graph(self) -> Graph:
        """The networks as a networkx graph: nodes with kind and domain, edges with latency (s)
        and bandwidth (bit/s)."""
        nodes = {n: {"kind": w.kind, "domain": w.domain} for n, w in self.networks.items()}
        for name, organisation in self.organisations.items():
            for network in organisation.networks:
                nodes[network]["organisation"] = name
        links = [
            graphs.Link(name, other, link.latency, link.bits_per_second)
            for name, network in self.networks.items()
            for other, link in network.links.items()
        ]
        return graphs.build(nodes, links)

    def routes(self) -> Routes:
        """The shortest routes between its networks."""
        return graphs.routes(self.graph())

    def pool(self, network: str, draws: Draws | None = None) -> Pool:
        """The addresses that *network* hands out, as numbers of a run: its hosts without servers
        and reserved ones.

        *draws* is the stream that a random reuse order needs.
        """
        keys = self.networks[network]
        return Pool(
            self._numbered(self._leasable(network)),
            leased=keys.lease is not None,
            reuse=keys.reuse,
            shared=keys.shared_address,
            draws=draws,
        )

    def reserved_pool(self, network: str) -> Pool:
        """The addresses of *network*'s reserved block, each for one customer for good."""
        block = usable(self.networks[network].reserved, self._servers_of(network))
        return Pool(self._numbered(block))

    @cached_property
    def numbering(self) -> Numbering:
        """The numbers that addresses have in a run: the same in every arm."""
        arms = (self, *self._arms.values())
        networks = [network for arm in arms for network in arm.networks.values()]
        servers = [server for arm in arms for server in arm.servers.values()]
        return Numbering(
            (prefix for n in networks for prefix in (*n.prefixes, *n.reserved)),
            (clients.number(address) for server in servers for address in server.addresses),
        )

    def guest(self, network: str) -> int | None:
        """The first address that *network* hands out, as a number; None if it has none."""
        return next(iter(self._leasable(network)), None)

    def leasable(self, network: str) -> Sequence[int]:
        """The addresses that *network* hands out, ascending by prefix; one if they are shared."""
        addresses = self._free.get(network)
        if addresses is None:
            free = self._leasable(network)
            some = islice(free, 1) if self.networks[network].shared_address else free
            addresses = self._free[network] = [*some] if self.numbering else array("I", some)
        return addresses

    def together(self, network: str) -> tuple[str, ...]:
        """The networks of the organisation that *network* belongs to; without one, itself."""
        every = (keys.networks for keys in self.organisations.values())
        return next((names for names in every if network in names), (network,))

    def run_by(self, operator: str) -> list[str]:
        """The servers that *operator* runs, in the order of the file."""
        patterns = self.operators[operator].servers
        chosen = {name for p in patterns for name in overrides.matching(p, self.servers)}
        return [name for name in self.servers if name in chosen]

    def hostname(self, server: str) -> str:
        """The host name of a server, such as ``smtp.proseware.com``."""
        keys = self.servers[server]
        domain = self.networks[keys.network].domain
        return keys.hostname or policies.hostname(server, keys.network, domain)

    def account_domain(self, server: str) -> str:
        """The domain of the accounts on *server*: the first that it processes, or that of its
        network where it only passes mail on."""
        keys = self.servers[server]
        network = self.networks[keys.network].domain or f"{keys.network.lower()}.example"
        return next(iter(keys.domains), network)

    def submission_server(self, network: str) -> str | None:
        """The server that customers of *network* name in their mail program; None: it has none."""
        return self.submission_servers().get(network)

    def submission_servers(self) -> dict[str, str]:
        """By network, the server that its customers name: the first that is no mere MX."""
        servers: dict[str, str] = {}
        for name, server in self.servers.items():
            if server.role != "mx":
                servers.setdefault(server.network, name)
        return servers

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
        *login_owns* the addresses that belong to each login. Text is parsed once.
        """
        policy = self._policies.get((server, relay))
        if policy is None:
            keys = self.servers[server].model_copy(update={"relay": relay})
            policy = policies.build(server, keys, self.networks[keys.network])
            self._policies[server, relay] = policy
        return policies.variation(policy, mailboxes, login_owns)

    def submission_policies(self, server: str) -> dict[int, Policy]:
        """The policies of *server* on its ports for submissions, by number."""
        keys, policy = self.servers[server], self.policy(server)
        numbers = map(int, keys.ports or filter(None, (keys.submission_port,)))
        return {n: policies.on_submission_port(policy, keys, str(n)) for n in numbers}

    # ---- itself

    def resolved(self) -> str:
        """Itself as a scenario file with every default written out."""
        return resolved(self, self._document)

    def hash(self) -> str:
        """A number in hex that changes with whatever changes a row of a run.

        Titles, notes, ``expect``, ``baseline`` and the number of replications do not.
        """
        keys = self.model_dump(mode="json", exclude={*USED_UP, *OF_NO_ROW, "expect"})
        return hashlib.sha256(json.dumps(keys, sort_keys=False).encode()).hexdigest()

    def __eq__(self, other: object) -> bool:
        """Whether both say the same, however it was written."""
        if not isinstance(other, Scenario):
            return NotImplemented
        used_up = set(USED_UP)
        return self.model_dump(exclude=used_up) == other.model_dump(exclude=used_up)

    def __hash__(self) -> int:
        """In agreement with equality."""
        return hash(self.hash())

    def _leasable(self, network: str) -> Iterable[int]:
        keys = self.networks[network]
        return usable(keys.prefixes, (*keys.reserved, *self._servers_of(network)))

    def _numbered(self, addresses: Iterable[int]) -> Iterable[int]:
        return map(self.numbering.number, addresses) if self.numbering else addresses

    def _servers_of(self, network: str) -> list[Network]:
        servers = [s for s in self.servers.values() if s.network == network]
        return [ip_network(a) for s in servers for a in (s.address, *s.outbound_addresses)]


def build(source: Tree, places: Places, earlier: Iterable[Problem] = ()) -> Scenario:
    """Return the scenario of a tree with all its arms; raises ScenarioError with every fault.

    *places* tells where it is written, and *earlier* is what is known to be wrong already.
    """
    parts, states, problems = check(source, earlier)
    if problems:
        raise ScenarioError(faults.of(problems, places))
    scenario = _scenario(parts, source, source, places)
    for arm in source["arms"]:
        stages = [
            Stage(state.begins, _scenario(state.parts, state.tree, source, places))
            for state in states.get(arm, ())
        ]
        stages = stages or [Stage(0.0, scenario)]
        for stage in stages:
            stage.scenario._arms, stage.scenario._stages = scenario._arms, stages
        scenario._arms[arm] = stages[-1].scenario
    return scenario


def _scenario(parts: Parts, document: Tree, source: Tree, places: Places) -> Scenario:
    head = {key: getattr(parts.head, key) for key in Head.model_fields}
    head["baseline"] = head["baseline"] or next(iter(source["arms"]))
    sections = {section: getattr(parts, section) for section in (*MODELS, "expect", "targets")}
    scenario = Scenario.model_construct(**head, **sections, arms=arms.whole(source))
    scenario._places, scenario._source, scenario._document = places, source, document
    scenario._policies = {(server, None): policy for server, policy in parts.policies.items()}
    return scenario
