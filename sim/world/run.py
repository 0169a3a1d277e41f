"""`simulate`: build one world from a scenario and an arm, let it run, return its rows."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.records.words import Route
from sim.workload.arrivals import RecipientGroup
from sim.workload.columns import Columns
from sim.workload.people import submission_servers
from sim.workload.pop_logins import PopLogins
from sim.workload.streams import stream
from sim.workload.workload import Shared, Workload, workload
from sim.world.batch.fast_path import Foreseen
from sim.world.batch.precompute import Prospects
from sim.world.blocklists import Around, Blocklists
from sim.world.engine import Engine
from sim.world.listing import Listing, draw_up
from sim.world.mail_programs import MailProgram, WorldContext
from sim.world.operators import Operators, is_open
from sim.world.outages import Outages
from sim.world.permissions import Permissions
from sim.world.recorder import DELIVERED, Recorder, Run, finish
from sim.world.server import Server
from sim.world.spammers import Field, Spammer
from sim.world.transport import Message, Transport

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.scenario.servers import Server as Settings
    from sim.smtp import Policy
    from sim.topology.graph import Routes


def simulate(scenario: Scenario, arm: str, replication: int) -> Run:
    """Run one replication of one arm.

    Until ``policy_starts`` the baseline scenario's policies hold, from then on those of *arm*.
    The same people write the same messages in every arm (see `sim.workload.workload`).
    """
    with _seldom_collected():
        world = World(scenario, arm, replication)
        run = world.run()
    world.rows.__dict__.clear()  # in circles, large columns would wait for the collector
    return run


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Look for garbage in cycles a hundredth as often: a world makes hardly any, and what it has
    (people, answers, what servers remember) would be looked at again each time."""
    usual = gc.get_threshold()
    gc.set_threshold(usual[0] * 100, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


class World:
    """All parts of one run, wired together; parts do not look each other up.

    The workload is drawn from the scenario unless it is *given*.
    """

    def __init__(
        self,
        scenario: Scenario,
        arm: str,
        replication: int,
        given: Workload | None = None,
    ) -> None:
        self.scenario = scenario.arm(arm)
        self.baseline, self.arm, self.replication = scenario, arm, replication
        self.workload = given or workload(self.scenario, replication)
        self.population, self.mobility = self.workload.population, self.workload.mobility
        arrivals = self.workload.arrivals
        self.boxes = self.population.mailboxes.copy()
        self.env = Engine()
        self.rows = opening_rows(self.scenario, self.workload)
        self.pop = PopLogins(self.workload.pop_logins)
        self.events = 0
        self.servers = self._servers(scenario)
        by_name = {s.name: s for s in self.servers}
        submission = {n: by_name[s] for n, s in submission_servers(self.scenario).items()}
        names = self.scenario.names()
        self.mx = {
            number: [by_name[s] for s in names.mx(domain)]
            for number, domain in enumerate(self.boxes.domains)
        }
        blocking = (n for n, network in self.scenario.networks.items() if network.blocks_port_25)
        self.transport = Transport(
            self.env, self.rows, routes(self.scenario), self.mx, frozenset(blocking), self.notify,
            Outages.of(self.scenario), self.scenario.run_length,
        )  # fmt: skip
        context = WorldContext(
            self.transport, self.rows, self.mobility, submission, self.pop.log_in,
            arrivals, self.scenario.users,
        )  # fmt: skip
        self.transport.permissions = self._permissions()
        self.programs = self._programs(context)
        prospects = Prospects(
            self.scenario, arrivals, self.boxes, self.transport, self.programs, self.servers,
            reads_pop=any("pop_age" in policy.reads for policy in self._all_policies()),
        )  # fmt: skip
        self.foreseen = Foreseen(prospects, self.transport)
        context.before_change = self.foreseen.leaves
        self._watch_over_relays()
        self.spammers = self._spammers(
            Field(
                self.env, self.rows, self.transport, self.boxes, self.servers, self.mx, submission,
                homes={
                    name: self._addresses(name)
                    for name, network in self.scenario.networks.items()
                    if network.kind == "isp"
                },
                accounts=[
                    (account.network, account.address)
                    for person in self.population.people
                    for account in person.accounts
                ],
                leased={
                    name: addresses
                    for name, addresses in self.mobility.leasable.items()
                    if self.scenario.networks[name].lease is not None
                    and name not in self.mobility.shared
                },
                is_idle=self.mobility.is_idle,
            )
        )  # fmt: skip

    # ---- building

    def _servers(self, baseline: Scenario) -> list[Server]:
        by_domain = self.boxes.addresses_by_domain()
        made: list[Server] = []
        self.policies = {}
        for number, (name, settings) in enumerate(self.scenario.servers.items()):
            known = _Mailboxes([by_domain[d] for d in settings.domains if d in by_domain])
            policy = self.policies[name] = self._policy(baseline, name, known)
            if _told(baseline, name) != _told(self.scenario, name):
                self.policies[name] = self._policy(self.scenario, name, known)
            server = Server(name, number, settings, policy, self.rows, self.pop.last)
            server.keep(self._listing(server, baseline.servers[name], 0.0))
            made.append(server)
        return made

    def _policy(self, scenario: Scenario, name: str, known: _Mailboxes) -> Policy:
        """The policy of a server, with who owns which address where it asks for that."""
        policy = scenario.policy(name, mailboxes=known)
        if any(r.entry.about == "login" for r in policy.restrictions()):
            return replace(policy, login_owns=self._logins(name))
        return policy

    def _all_policies(self) -> Iterator[Policy]:
        """Those of all servers, before and after, and those that operators may close to."""
        yield from (server.policy for server in self.servers)
        yield from self.policies.values()
        for operator in self.scenario.operators.values():
            yield from (self.scenario.policy(n, relay=operator.closes_to) for n in self.policies)

    def _logins(self, server: str) -> dict[str, frozenset[str]]:
        """The addresses that each login of *server* owns: its own."""
        return self._owned.get(self.scenario.servers[server].network, {})

    @cached_property
    def _owned(self) -> dict[str, dict[str, frozenset[str]]]:
        """By network, the addresses that each login owns."""
        found: dict[str, dict[str, frozenset[str]]] = {}
        for person in self.population.people:
            for account in person.accounts:
                mine = found.setdefault(account.network, {})
                mine[account.address] = frozenset([account.address])
        return found

    def _permissions(self) -> Permissions:
        mobility = self.mobility
        shared = (n for n, network in self.scenario.networks.items() if network.shared_address)
        return Permissions(
            self.pop,
            frozenset(address for n in shared for address in mobility.leasable.get(n, ())),
            {a.address: p.number for p in self.population.people for a in p.accounts},
        )

    def _listing(self, server: Server, settings: Settings, since: float) -> Listing | None:
        """The list of people that the operator of *server* draws up at *since*."""
        if not settings.listed_users:
            return None
        people = [
            person
            for person in self.population.people
            if person.group in settings.listed_users
            and any(account.server == server.name for account in person.accounts)
        ]
        update = settings.listing_update
        delay = None if update == "never" else update
        return draw_up(people, self.mobility, server.trusts, since, delay)

    def _programs(self, context: WorldContext) -> list[MailProgram]:
        careless: list[float] = []
        for group, numbers in self.population.groups.items():
            draws = stream(
                self.scenario.seed, replication=self.replication, entity=f"users.{group}",
                purpose="passwords",
            )  # fmt: skip
            careless += draws.random(len(numbers)).tolist()
        groups = self.scenario.users
        return [
            MailProgram(p, groups[p.group], context, careless[p.number])
            for p in self.population.people
        ]

    def _spammers(self, field: Field) -> list[Spammer]:
        made: list[Spammer] = []
        for group, settings in self.scenario.spammers.items():
            free = self._addresses(settings.network)
            for index in range(settings.count):
                client = free[-1 - (len(made) % len(free))] if free else 0
                spammer = Spammer(
                    group, len(made), index, settings, field, client,
                    self.scenario.seed, self.replication,
                )  # fmt: skip
                made.append(spammer)
                for process in spammer.processes():
                    self.env.process(process)
        return made

    def _addresses(self, network: str) -> Sequence[int]:
        """What *network* hands out, whether or not anybody in this world is ever on it."""
        known = self.mobility.leasable.get(network)
        return known or self.scenario.pool(network, np.random.default_rng(0)).leasable

    def _watch_over_relays(self) -> None:
        """Blocklists and operators, where the scenario has any."""
        later = self.env.call_at
        operators = Operators(self.scenario, self.replication, self.servers, later, self.close)
        context = Around(later, self.rows, self.servers, operators.reported, operators.listed)
        self.blocklists = Blocklists(self.scenario, self.replication, self.boxes, context)
        if self.blocklists.lists:
            self.transport.spam_came = self.blocklists.spam
        operators.start()

    # ---- running

    def run(self) -> Run:
        """Let the world run to the end, changing phase and policies on the way."""
        scenario = self.scenario
        starts, steady = scenario.policy_starts, scenario.policy_starts + scenario.transient
        self.env.call_at(starts, lambda _: self._enforce())
        self.env.call_at(steady, lambda _: self._next_phase())
        self.foreseen.start()
        self.env.run(until=scenario.run_length)
        self.foreseen.settle()
        tries = self.rows.tries(self.foreseen.attempts())
        bounds = [0.0, starts, min(steady, scenario.run_length), scenario.run_length]
        waiting, server_rows = self._held_somewhere(), self._server_rows(tries, bounds)
        self.foreseen.forget()
        return finish(
            self.rows,
            tries,
            arm=self.arm,
            replication=self.replication,
            domains=self.boxes.domains,
            domain_of=self.boxes.domain_of,
            servers=[s.name for s in self.servers],
            held=self._held(),
            server_rows=server_rows,
            phase_starts=(starts, steady),
            run_length=scenario.run_length,
            events=self.env.scheduled(),
            planned=(len(self.workload.arrivals), len(self.workload.arrivals.recipients)),
            waiting=waiting,
        )

    def _enforce(self) -> None:
        self.foreseen.before_change()
        changed = [s for s in self.servers if s.written is not self.policies[s.name]]
        for server in changed:
            server.enforce(self.policies[server.name])
        for server in self.servers:
            was, settings = self.baseline.servers[server.name], server.settings
            told = (settings.listed_users, settings.listing_update)
            if told != (was.listed_users, was.listing_update):
                server.keep(self._listing(server, settings, self.scenario.policy_starts))
            self.blocklists.policy_changed(server, self.env.now)
        self.foreseen.judge(changed)
        self._next_phase()

    def _next_phase(self) -> None:
        for server in self.servers:
            server.next_phase()

    def _held_somewhere(self) -> Any:
        """Which recipients (rows) something has to which they can still happen."""
        rows = self.transport.held()
        self.foreseen.hold(rows)
        return rows

    def _server_rows(self, tries: Columns, bounds: list[float]) -> list[dict[str, Any]]:
        """A row per server and phase; *bounds* are the first moment of each phase and the end."""
        used = self.rows.sessions(tries, len(self.servers), bounds[:-1])
        relayed = self.foreseen.relayed(bounds[:-1])
        spans = np.diff(bounds).tolist()
        return [
            {
                "phase": phase,
                "server": server.number,
                "sessions": server.settings.sessions,
                "span": spans[phase],
                "turned_away": tally.turned_away,
                "relayed": tally.relayed + relayed[phase, server.number],
                "relayed_strangers_spam": tally.strangers,
                **{name: values[phase, server.number] for name, values in used.items()},
            }
            for server in self.servers
            for phase, tally in enumerate(server.tallies)
        ]

    # ---- what parts ask of the world

    def close(self, server: Server, operator: str, reason: str, now: float) -> None:
        """*operator* closes a relay: its policy but for the relay key stays what it is."""
        relay = self.scenario.operators[operator].closes_to
        held, owns = server.policy.mailboxes, server.policy.login_owns

        def closed(scenario: Scenario) -> Policy:
            return scenario.policy(server.name, held, login_owns=owns, relay=relay)

        if is_open(self.policies[server.name]):
            self.policies[server.name] = closed(self.scenario)
        if is_open(server.policy):
            begun = now >= self.scenario.policy_starts
            self.foreseen.before_change()
            server.enforce(closed(self.scenario if begun else self.baseline))
            self.foreseen.judge([server])
            self.blocklists.policy_changed(server, now)
            self.rows.change(
                now, "closed", operator, reason=reason, address=server.address, server=server.name
            )

    def notify(self, server: Server, about: Message, now: float, late: bool) -> None:
        """*server* writes a DSN to the reverse-path of *about*, itself with a null one.

        What it says of a message that is only *late* leaves its sender believing: it is still
        being tried, and nobody is asked to do anything (RFC 3464 section 2.3.3, "delayed").
        """
        assert about.reverse_path is not None, "nothing is sent to a null reverse-path"
        address = about.reverse_path
        domain = self.boxes.domain_number(address.rpartition("@")[2])
        mailbox = self.boxes.find(address)
        number = self.rows.message(
            "notice", [-1 - domain if mailbox is None else mailbox],
            sender=-1, group=server.name, written_at=now,
            route="backscatter" if about.spam else "delay_notice" if late else "dsn",
        )  # fmt: skip
        row = self.rows.messages.first_row[number]
        message = Message(
            number, None, None, NOTICE_SIZE, None, about.service, about.luck, 1.0,
            about.key ^ number, about=-1 if late else about.number,
        )  # fmt: skip
        shown = address if mailbox is not None else f"no-such-user@{self.boxes.domains[domain]}"
        if self.boxes.domains[domain] in server.domains and mailbox is not None:
            self.rows.end(row, row + 1, DELIVERED, server.own["own_notice"], now)
            if message.about >= 0:
                self.rows.messages.believed[message.about] = 0
        else:
            group = RecipientGroup(row, row + 1, domain, shown)
            self.transport.relay(server, message, domain, [group], now)

    def _held(self) -> Any:
        """Which server (row; one more, all False, for none) processes which domain."""
        domains = self.boxes.domains
        held = [[d in server.domains for d in domains] for server in self.servers]
        return np.array([*held, [False] * len(domains)])


def _told(scenario: Scenario, server: str) -> Any:
    """What the policy of *server* is made of."""
    keys = scenario.servers[server]
    return keys, scenario.networks[keys.network]


NOTICE_SIZE = 4000.0
"""Octets of a DSN (chosen)."""


class _Mailboxes:
    """The mailboxes of some domains, as a container of addresses."""

    def __init__(self, parts: list[frozenset[str]]) -> None:
        self.parts = parts

    def __contains__(self, address: object) -> bool:
        return any(address in part for part in self.parts)


def routes(scenario: Scenario) -> Routes:
    """The routes between its networks: tables are made once for all runs that share these."""
    return _between(Shared(scenario.model_dump_json(include={"networks"}), scenario))


@lru_cache(maxsize=2)
def _between(shared: Shared) -> Routes:
    return shared.scenario.routes()


def opening_rows(scenario: Scenario, workload: Workload) -> Recorder:
    """The rows with which every arm begins: all messages of the workload, without a fate."""
    rows, arrivals, people = Recorder(), workload.arrivals, workload.population.people
    person, account = arrivals.column("person"), arrivals.column("account")
    number_of = {name: number for number, name in enumerate(scenario.servers)}
    accounts = [(p.accounts[0], p.accounts[-1]) for p in people]
    servers = [number_of[account.server] for pair in accounts for account in pair]
    networks = [account.network for pair in accounts for account in pair]
    used = 2 * person + account
    web = np.array([p.web for p in people], dtype=bool)
    rows.plan_messages(
        sender=person,
        group=rows.numbered(rows.groups, [p.group for p in people], person),
        account=rows.numbered(rows.accounts, networks, used),
        place=rows.numbered(rows.places, arrivals.names.all, arrivals.column("place")),
        asked=np.array(servers, dtype=np.int64)[used],
        route=np.where(web[person], Route.WEB.number, Route.SUBMISSION.number),
        written_at=np.array(arrivals.at),
        first_row=np.array(arrivals.first)[:-1],
        recipients=arrivals.recipients,
    )
    return rows
