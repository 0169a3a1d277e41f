"""`simulate`: build one world from a scenario and an arm, let it run, return its rows."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from simpy.core import Environment
from simpy.events import NORMAL, Event

from sim.world.outages import Outages
from sim.world.people import Population, populate, submission_servers
from sim.world.plan import Plan, Wish, draw
from sim.world.rows import DELIVERED, Run, finish
from sim.world.server import Server, Tally
from sim.world.spammers import Field, Spammer
from sim.world.transit import Message, Transit, anyone_at
from sim.world.users import Letter, MailProgram, Surroundings

if TYPE_CHECKING:
    from sim.scenario import Scenario


def simulate(scenario: Scenario, arm: str, replication: int) -> Run:
    """Run one replication of one arm.

    Until ``policy_starts`` the base scenario's policies hold, from then on those of *arm*.
    The same people wish to write the same messages in every arm (see `sim.world.plan`).
    """
    return World(scenario, arm, replication).run()


class World:
    """All parts of one run, wired together; parts do not look each other up.

    The people and the plan are drawn from the scenario unless they are *given*.
    """

    def __init__(
        self,
        scenario: Scenario,
        arm: str,
        replication: int,
        given: tuple[Population, Plan] | None = None,
    ) -> None:
        self.scenario = scenario.arm(arm)
        self.arm, self.replication = arm, replication
        self.population, self.plan = given or exogenous(self.scenario, replication)
        self.boxes = self.population.mailboxes.copy()
        self.env = Environment()
        self.rows = self.plan.rows.copy()
        self.pop_logins: dict[tuple[str, int], float] = {}
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
        self.transit = Transit(
            self.env, self.rows, self.scenario.routes(), self.mx, frozenset(blocking), self.notify,
            Outages.of(self.scenario),
        )  # fmt: skip
        around = Surroundings(
            self.transit, self.rows, self.plan.presence, submission, self.log_in
        )  # fmt: skip
        self.programs = self._programs(around)
        self.spammers = self._spammers(
            Field(
                self.env, self.rows, self.transit, self.boxes, self.servers, self.mx, submission,
                homes={
                    name: self.plan.presence.leasable.get(name, ())
                    for name, network in self.scenario.networks.items()
                    if network.kind == "isp"
                },
                accounts=[
                    (account.network, anyone_at(account.address))
                    for person in self.population.people
                    for account in person.accounts
                ],
            )
        )  # fmt: skip
        self.letters = [self._letter(i, wish) for i, wish in enumerate(self.plan.wishes)]

    # ---- building

    def _servers(self, base: Scenario) -> list[Server]:
        by_domain = self.boxes.addresses_by_domain()
        made: list[Server] = []
        self.policies = {}
        for number, (name, settings) in enumerate(self.scenario.servers.items()):
            known = _Mailboxes([by_domain[d] for d in settings.domains if d in by_domain])
            policy = base.policy(name, mailboxes=known)
            self.policies[name] = self.scenario.policy(name, mailboxes=known)
            made.append(Server(name, number, settings, policy, self.rows, self.last_pop_login))
        return made

    def _programs(self, around: Surroundings) -> list[MailProgram]:
        groups = self.scenario.users
        return [MailProgram(p, groups[p.group], around) for p in self.population.people]

    def _spammers(self, field: Field) -> list[Spammer]:
        made: list[Spammer] = []
        for group, settings in self.scenario.spammers.items():
            free = self.scenario.pool(settings.network, np.random.default_rng(0)).leasable
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

    def _letter(self, number: int, wish: Wish) -> tuple[float, Letter]:
        """A wish as this arm's mail program will get it, and when; message and wish have
        one number."""
        program = self.programs[wish.person.number]
        message = Message(
            number, wish.sender, anyone_at(wish.sender), wish.size, program, wish.service,
            wish.luck, wish.content, wish.key,
        )  # fmt: skip
        return wish.at, Letter(program, wish, message, wish.slices)

    # ---- running

    def run(self) -> Run:
        """Let the world run to the end, changing phase and policies on the way."""
        scenario = self.scenario
        starts, steady = scenario.policy_starts, scenario.policy_starts + scenario.transient
        self.transit.later(starts, lambda _: self._enforce())
        self.transit.later(steady, lambda _: self._next_phase())
        self.letters.reverse()  # the next one last
        self._feeds = (self._feed,)
        waiting = Event(self.env)
        waiting._ok, waiting._value = True, None
        self._feed(waiting)
        self.env.run(until=scenario.run_length)
        bounds = [0.0, starts, min(steady, scenario.run_length), scenario.run_length]
        return finish(
            self.rows,
            arm=self.arm,
            replication=self.replication,
            domains=self.boxes.domains,
            domain_of=self.boxes.domain_of,
            servers=[s.name for s in self.servers],
            held=self._held(),
            server_rows=[
                _server_row(server, phase, tally, bounds[phase + 1] - bounds[phase])
                for server in self.servers
                for phase, tally in enumerate(server.tallies)
            ],
            phase_starts=(starts, steady),
            run_length=scenario.run_length,
            events=next(self.env._eid),
        )

    def _feed(self, event: Event) -> None:
        """Hand wishes to their mail programs, each at its moment.

        They are in order of time, so one event waits for the next of them; those that come
        before any other event are handed over at once, outside the event list.
        """
        env, letters = self.env, self.letters
        peek = env.peek
        while letters:
            at, letter = letters[-1]
            if at > peek():
                event.callbacks = self._feeds  # type: ignore[assignment]
                env.schedule(event, NORMAL, at - env.now)
                return
            letters.pop()
            letter.program.submit(letter, at)

    def _enforce(self) -> None:
        for server in self.servers:
            server.enforce(self.policies[server.name])
        self._next_phase()

    def _next_phase(self) -> None:
        for server in self.servers:
            server.next_phase()

    # ---- what parts ask of the world

    def last_pop_login(self, network: str, client: int, now: float) -> float | None:
        """The last POP login from *client* to an account of *network*."""
        planned = self.plan.logins.last(network, client, now)
        extra = self.pop_logins.get((network, client))
        if planned is None or extra is None:
            return extra if planned is None else planned
        return max(planned, extra)

    def log_in(self, network: str, client: int, now: float) -> None:
        """A mail program logs in to POP because it is about to send."""
        self.pop_logins[network, client] = now

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
            sender=-1, group=server.name, wished_at=now,
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
            self.transit.relay(server, message, domain, [(row, row + 1, domain, shown)], now)

    def _held(self) -> Any:
        """Which server (row; one more, all False, for none) processes which domain."""
        domains = self.boxes.domains
        held = [[d in server.domains for d in domains] for server in self.servers]
        return np.array([*held, [False] * len(domains)])


NOTICE_SIZE = 4000.0
"""Octets of a DSN (chosen)."""


class _Mailboxes:
    """The mailboxes of some domains, as a container of addresses."""

    def __init__(self, parts: list[frozenset[str]]) -> None:
        self.parts = parts

    def __contains__(self, address: object) -> bool:
        return any(address in part for part in self.parts)


def _server_row(server: Server, phase: int, tally: Tally, span: float) -> dict[str, Any]:
    return {
        "phase": phase,
        "server": server.number,
        "sessions": server.settings.sessions,
        "span": span,
        "connections": tally.connections,
        "turned_away": tally.turned_away,
        "busy": tally.busy,
        "busy_spam": tally.busy_spam,
        "waited": tally.waited,
        "relayed": tally.relayed,
        "relayed_strangers_spam": tally.strangers,
    }


def exogenous(scenario: Scenario, replication: int) -> tuple[Population, Plan]:
    """The people, and the plan of one replication: made once for all arms that share it."""
    told = scenario.model_dump_json(include={"seed", "run_length", "networks", "users"})
    told += str([(n, s.role, s.network, s.domains) for n, s in scenario.servers.items()])
    return _drawn(_Shared(scenario, told), replication)


class _Shared:
    """A scenario that equals another when both give the same plan."""

    def __init__(self, scenario: Scenario, told: str) -> None:
        self.scenario, self.told = scenario, told

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Shared) and self.told == other.told

    def __hash__(self) -> int:
        return hash(self.told)


@lru_cache(maxsize=2)
def _drawn(shared: _Shared, replication: int) -> tuple[Population, Plan]:
    population = populate(shared.scenario)
    return population, draw(shared.scenario, population, replication)
