"""Parts of a world, made from a scenario and a workload."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from sim.records.words import Route
from sim.scenario.policies import on_submission_port
from sim.workload.customers import Customers, successive
from sim.workload.people import Mailboxes, Population
from sim.workload.pop_logins import PopLogins
from sim.workload.workload import Shared, Workload
from sim.world.context import WorldContext
from sim.world.listing import Listing, draw_up
from sim.world.mail_programs import MailProgram
from sim.world.market import Market
from sim.world.outages import Outages
from sim.world.permissions import Permissions
from sim.world.recorder import Recorder
from sim.world.remedies import REMEDIES
from sim.world.server import Server
from sim.world.spammers import Spammer

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.scenario.people import Users
    from sim.scenario.scenario import Stage
    from sim.scenario.servers import Relay
    from sim.scenario.servers import Server as Settings
    from sim.smtp import Policy
    from sim.topology.graph import Routes


def routes(scenario: Scenario) -> Routes:
    """The routes between its networks: tables are made once for all runs that share these."""
    return _routes(Shared(scenario.model_dump_json(include={"networks"}), scenario))


@lru_cache(maxsize=2)
def _routes(shared: Shared) -> Routes:
    return shared.scenario.routes()


def outages(scenario: Scenario) -> Outages | None:
    """What is down when, if anything ever is: with its routes made once for such runs, too."""
    down = {name: server.down for name, server in scenario.servers.items()}
    networks = scenario.model_dump_json(include={"networks"})
    return _outages(Shared(f"{networks} {down}", scenario))


@lru_cache(maxsize=2)
def _outages(shared: Shared) -> Outages | None:
    return Outages.of(shared.scenario)


def opening_rows(scenario: Scenario, workload: Workload) -> Recorder:
    """The rows with which every arm begins: all messages of the workload, without a fate."""
    recorder, arrivals, people = Recorder(), workload.arrivals, workload.population.people
    person, account = arrivals.column("person"), arrivals.column("account")
    number_of = {name: number for number, name in enumerate(scenario.servers)}
    accounts = [(p.accounts[0], p.accounts[-1]) for p in people]
    servers = [number_of[account.server] for pair in accounts for account in pair]
    networks = [account.network for pair in accounts for account in pair]
    used = 2 * person + account
    web = np.array([p.web for p in people], dtype=bool)
    recorder.add_workload(
        arrivals.recipients,
        {
            "sender": person,
            "group": recorder.groups.numbers([p.group for p in people], person),
            "account": recorder.accounts.numbers(networks, used),
            "place": recorder.places.numbers(arrivals.names.all, arrivals.column("place")),
            "own_server": np.array(servers, dtype=np.int64)[used],
            "route": np.where(web[person], Route.WEB.number, Route.SUBMISSION.number),
            "written_at": np.array(arrivals.at),
            "first_row": np.array(arrivals.first)[:-1],
        },
    )
    return recorder


class _Addresses(Container[str]):
    """The mailboxes of some *domains*, as a container of addresses."""

    def __init__(self, mailboxes: Mailboxes, domains: Container[str]) -> None:
        self.mailboxes, self.domains = mailboxes, domains

    def __contains__(self, address: object) -> bool:
        text = str(address)
        return text.rpartition("@")[2] in self.domains and self.mailboxes.find(text) is not None


class Policies:
    """The policies of servers, with the mailboxes that exist and who owns which address."""

    def __init__(self, scenario: Scenario, population: Population) -> None:
        self.scenario, self.population = scenario, population
        self._mailboxes = {
            name: _Addresses(population.mailboxes, frozenset(keys.domains))
            for name, keys in scenario.servers.items()
        }

    def of(self, scenario: Scenario, name: str) -> Policy:
        """The policy that *scenario* states for a server."""
        policy = scenario.policy(name, mailboxes=self._mailboxes[name])
        if any(r.entry.about == "login" for r in policy.restrictions()):
            owned = self._owned.get(scenario.servers[name].network, {})
            return replace(policy, login_owns=owned)
        return policy

    def on(self, scenario: Scenario, name: str, port: int) -> Policy:
        """The policy that *scenario* states for a server on a port."""
        policy, settings = self.of(scenario, name), scenario.servers[name]
        return on_submission_port(policy, settings) if port != 25 and settings.port_587 else policy

    def pair(self, baseline: Scenario, name: str) -> tuple[Policy, Policy]:
        """The policies of a server in *baseline* and in the arm: one where nothing differs."""
        before = self.of(baseline, name)
        if _inputs(baseline, name) == _inputs(self.scenario, name):
            return before, before
        return before, self.of(self.scenario, name)

    def closed(self, policy: Policy, scenario: Scenario, name: str, relay: Relay) -> Policy:
        """*policy* with another relay key; all else stays as *scenario* states it."""
        owned = policy.login_owns
        return scenario.policy(name, policy.mailboxes, login_owns=owned, relay=relay)

    @cached_property
    def _owned(self) -> dict[str, dict[str, frozenset[str]]]:
        """By network, the addresses that each login owns: its own."""
        owned: dict[str, dict[str, frozenset[str]]] = {}
        for person in self.population.people:
            for account in person.accounts:
                of_network = owned.setdefault(account.network, {})
                of_network[account.address] = frozenset([account.address])
        for address, network in self.population.guests.items():
            owned.setdefault(network, {})[address] = frozenset([address])
        return owned


def _inputs(scenario: Scenario, server: str) -> tuple[object, object]:
    """What the policy of *server* is made of."""
    keys = scenario.servers[server]
    return keys, scenario.networks[keys.network]


def listing(workload: Workload, server: Server, settings: Settings, since: float) -> Listing | None:
    """The list of people that the operator of *server* draws up at *since* (s), if any."""
    if not settings.listed_users:
        return None
    people = [
        person
        for person in workload.population.people
        if person.group in settings.listed_users
        and any(account.server == server.name for account in person.accounts)
    ]
    update = settings.listing_update
    delay = None if update == "never" else update
    return draw_up(people, workload.mobility, server.trusts, since, delay)


def permissions(scenario: Scenario, workload: Workload, pop: PopLogins) -> Permissions:
    """Who may tell whose permission a submission was relayed by."""
    shared = (n for n, network in scenario.networks.items() if network.shared_address)
    numbers = scenario.numbering.numbers
    people, guests = workload.population.people, workload.population.guests
    owners = {account.address: p.number for p in people for account in p.accounts}
    owners |= {address: len(people) + n for n, address in enumerate(guests)}
    return Permissions(
        pop,
        frozenset(address for name in shared for address in numbers(scenario.leasable(name))),
        owners,
    )


def programs(context: WorldContext) -> list[MailProgram]:
    """The mail programs of all people, by number."""
    customers: list[Customers] = []
    population, groups = context.workload.population, context.scenario.users
    for group, numbers in population.groups.items():
        named, length = context.streams(f"users.{group}"), context.scenario.run_length
        customers += successive(groups[group], len(numbers), length, named)
    shares = {name: remedy_shares(users) for name, users in groups.items()}
    return [
        MailProgram(p, groups[p.group], context, REMEDIES, shares[p.group], customers[p.number])
        for p in population.people
    ]


def remedy_shares(users: Users) -> list[tuple[str, float]]:
    """The remedies that some of *users* choose, each with its share."""
    shares = [(name, getattr(users.when_refused, name)) for name in REMEDIES]
    return [(name, share) for name, share in shares if share > 0]


def spammers(context: WorldContext) -> Iterator[Spammer]:
    """All spammers, with their processes begun."""
    number, market = 0, Market(context)
    for group, settings in context.scenario.spammers.items():
        for index in range(settings.count):
            spammer = Spammer(group, number, index, settings, context, market)
            number += 1
            for process in spammer.processes():
                context.env.process(process)
            yield spammer


def is_plain(stages: Sequence[Stage]) -> bool:
    """Whether mail may be carried in columns: who gets it next does not depend on its sender, and
    no server is cut off from others at any stage."""
    scenarios = [stage.scenario for stage in stages]
    by_sender = any(s.sender_dependent_relayhosts for s in scenarios[0].servers.values())
    networks = (network for scenario in scenarios for network in scenario.networks.values())
    return not by_sender and not any(network.blocks_port_25_of_servers for network in networks)


def blocking(scenario: Scenario) -> frozenset[str]:
    """The networks that block port 25 of their customers and guests."""
    return frozenset(n for n, network in scenario.networks.items() if network.blocks_port_25)


def blocking_servers(scenario: Scenario) -> frozenset[str]:
    """The networks that block port 25 of their servers, too."""
    networks = scenario.networks.items()
    return frozenset(n for n, network in networks if network.blocks_port_25_of_servers)


def mail_exchangers(
    scenario: Scenario, mailboxes: Mailboxes, servers: dict[str, Server]
) -> dict[int, list[Server]]:
    """By number of a domain, its MX servers in order of preference.

    Domains without mailboxes, such as virtual ones, are added to *mailboxes*.
    """
    names = scenario.names()
    for domain in sorted(names.domains):
        mailboxes.domain_number(domain)
    return {
        number: [servers[name] for name in names.mx(domain)]
        for number, domain in enumerate(mailboxes.domains)
    }
