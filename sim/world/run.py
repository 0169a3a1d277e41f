"""`simulate`: build one world from a scenario and an arm, let it run, return its rows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.path.route import is_open
from sim.records.words import Change, MailClass, Reason, Route
from sim.scenario.policies import on_submission_port
from sim.smtp.forwarding import Envelope
from sim.workload.arrivals import RecipientGroup
from sim.workload.columns import Columns
from sim.workload.people import NO_SUCH_USER
from sim.workload.pop_logins import PopLogins
from sim.workload.workload import Workload, workload
from sim.world import building
from sim.world.abuse import Abuses
from sim.world.addressees import Addressees
from sim.world.batch.fast_path import Accelerator
from sim.world.batch.precompute import Precomputed
from sim.world.blocklists import Blocklists
from sim.world.collector import seldom_collected
from sim.world.context import WorldContext
from sim.world.engine import Engine
from sim.world.event_by_event import EventByEvent
from sim.world.operators import Operators
from sim.world.recorder import DELIVERED, CalendarRow
from sim.world.server import Server
from sim.world.stages import change_people
from sim.world.tables import Outline, Run, to_tables
from sim.world.tracing import TracedTransport
from sim.world.transfers import Message
from sim.world.transport import Transport

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.scenario.scenario import Stage
    from sim.scenario.servers import Relay
    from sim.smtp import Policy

NOTICE_SIZE = 4000.0
"""Octets of a DSN (chosen)."""


def simulate(scenario: Scenario, arm: str, replication: int, *, batch: bool = True) -> Run:
    """Run one replication of one arm.

    Until ``policy_starts`` the baseline scenario's policies hold, from then on those of *arm*.
    The same people write the same messages in every arm (see `sim.workload.workload`).
    Without *batch* every message is an event, and the rows are the same.
    """
    with seldom_collected():
        return World(scenario, arm, replication, batch=batch).run()


class World:
    """All parts of one run, wired together; parts do not look each other up.

    The workload is drawn from the scenario unless it is *prepared*. Without *spammers* there are
    none, whatever the scenario says.
    """

    def __init__(
        self,
        scenario: Scenario,
        arm: str,
        replication: int,
        prepared: Workload | None = None,
        *,
        batch: bool = True,
        traced: int | None = None,
        spammers: bool = True,
    ) -> None:
        self.stages, self.traced = scenario.arm(arm).stages, traced
        self.scenario = self.stages[0].scenario
        """The arm as it is at the moment."""
        self.baseline, self.arm, self.replication = scenario, arm, replication
        self.workload = prepared or workload(self.scenario, replication)
        self.mailboxes = self.workload.population.mailboxes.copy()  # notices may add domains
        self.env = Engine()
        self.recorder = building.opening_rows(self.scenario, self.workload)
        self.pop = PopLogins(self.workload.pop_logins)
        self.names = self.scenario.names()
        self.builder = building.Policies(self.scenario, self.workload.population)
        self.policies: dict[str, Policy] = {}  # of the arm, by server
        self.closed: dict[str, Relay] = {}  # what operators have made of relay keys, by server
        self.servers = [*map(self._server, self.scenario.servers)]
        self.reads = self._facts_read()
        self.transport = self._transport()
        self.transport.hosts.reads_helo = "helo" in self.reads
        self.context = self._context()
        self.programs = building.programs(self.context)
        plain = building.is_plain(self.stages)
        self.messages = self._accelerator() if batch and plain else self._event_by_event()
        self.context.detach = self.messages.detach
        self.operators = operators = Operators(self.context, self.close)
        self.blocklists = Blocklists(self.context, operators.reported, operators.listed)
        if self.blocklists.lists:
            self.transport.report_spam = self.blocklists.spam
        operators.start()
        self.spammers = [*building.spammers(self.context)] if spammers else []

    # ---- building

    def _server(self, name: str) -> Server:
        number = len(self.policies)
        policy, self.policies[name] = self.builder.pair(self.baseline, name)
        settings = self.scenario.servers[name]
        server = Server(
            name, number, settings, policy, self.recorder, self.pop.last, self.names,
            self.scenario.numbering,
        )  # fmt: skip
        server.keep(building.listing(self.workload, server, self.baseline.servers[name], 0.0))
        return server

    def _transport(self) -> Transport:
        scenario = self.scenario
        by_name = {server.name: server for server in self.servers}
        kind = Transport if self.traced is None else partial(TracedTransport, traced=self.traced)
        transport = kind(
            self.env,
            self.recorder,
            building.routes(scenario),
            building.mail_exchangers(scenario, self.mailboxes, by_name),
            Addressees(self.recorder, self.mailboxes),
            building.blocking(scenario),
            self.notify,
            building.outages(scenario),
            scenario.run_length,
        )
        transport.hosts.servers = by_name
        transport.blocking = [(s.begins, building.blocking(s.scenario)) for s in self.stages]
        transport.blocks_servers = building.blocking_servers(scenario)
        transport.permissions = building.permissions(scenario, self.workload, self.pop)
        transport.abuses = Abuses(scenario)
        return transport

    def _context(self) -> WorldContext:
        by_name = {server.name: server for server in self.servers}
        submission = {n: by_name[s] for n, s in self.scenario.submission_servers().items()}
        return WorldContext(
            self.scenario,
            self.replication,
            self.env,
            self.recorder,
            self.workload,
            self.mailboxes,
            self.pop,
            self.servers,
            submission,
            self.transport,
        )

    def _event_by_event(self) -> EventByEvent:
        return EventByEvent(self.env, self.workload.arrivals, self.programs, self.servers)

    def _facts_read(self) -> frozenset[str]:
        """The facts that any policy reads which some server may have, on each of its ports."""
        policies = [*(server.policy for server in self.servers), *self.policies.values()]
        for _, scenario in self.stages:
            relays = {None, *(operator.closes_to for operator in scenario.operators.values())}
            policies += [scenario.policy(n, relay=r) for r in relays for n in self.policies]
            policies += [
                on_submission_port(scenario.policy(name), settings)
                for name, settings in scenario.servers.items()
                if settings.port_587
            ]
        return frozenset().union(*(policy.reads for policy in policies))

    def _accelerator(self) -> Accelerator:
        reads_pop = "pop_age" in self.reads
        return Accelerator(Precomputed(self.context, self.programs, reads_pop=reads_pop))

    # ---- running

    def run(self) -> Run:
        """Let the world run to the end; return its rows."""
        self.begin()
        self.env.run(until=self.scenario.run_length)
        return self.rows()

    def begin(self) -> None:
        """Set everything going, with the changes of phase and policies on the way."""
        starts = self.scenario.policy_starts
        self.env.call_at(starts, lambda _: self._enforce())
        self.env.call_at(starts + self.scenario.transient, lambda _: self._next_phase())
        self._plan(self.stages[1:])
        self.messages.start()

    def _plan(self, stages: Sequence[Stage]) -> None:
        """Put down the dated changes of the arm; they lapse when another one comes into force."""
        for stage in stages:
            self.env.call_at(stage.begins, partial(self._begin_stage, self.stages, stage))

    def _begin_stage(self, stages: Sequence[Stage], stage: Stage, now: float) -> None:
        if stages is self.stages:
            self.change(stage.scenario, now)

    def switch(self, arm: str) -> None:
        """Put into force what another *arm* is at present, and its dated changes when they come."""
        now, self.arm = self.env.now, arm
        self.stages = [*self.baseline.arm(arm).stages]
        begun = [stage.scenario for stage in self.stages if stage.begins <= now]
        self.change(begun[-1], now)
        self._plan([stage for stage in self.stages if stage.begins > now])

    def rows(self) -> Run:
        """The rows of what has happened, at the end of the run."""
        scenario = self.scenario
        starts, steady = scenario.policy_starts, scenario.policy_starts + scenario.transient
        self.messages.write_outcomes()
        attempts = self.recorder.all_attempts(self.messages.attempts())
        bounds = [0.0, starts, min(steady, scenario.run_length), scenario.run_length]
        pending, server_rows = self._pending(), self._server_rows(attempts, bounds)
        self.messages.clear()
        return to_tables(self.recorder, attempts, server_rows, pending, self._outline())

    def _outline(self) -> Outline:
        scenario, arrivals = self.scenario, self.workload.arrivals
        starts = scenario.policy_starts
        return Outline(
            arm=self.arm,
            replication=self.replication,
            servers=[server.name for server in self.servers],
            domains=self.mailboxes.domains,
            domain_of=self.mailboxes.domain_of,
            processed=self._processed(),
            phase_starts=(starts, starts + scenario.transient),
            run_length=scenario.run_length,
            workload=(len(arrivals), len(arrivals.recipients)),
            events=self.env.scheduled(),
        )

    def _enforce(self) -> None:
        """Put the arm's policies and listings into force."""
        self.messages.before_change()
        changed = [s for s in self.servers if s.written is not self.policies[s.name]]
        for server in changed:
            server.enforce(self.policies[server.name])
        for server in self.servers:
            self._keep_list(server, self.baseline)
            self.blocklists.policy_changed(server, self.env.now)
        self.messages.recompute(changed)
        self._next_phase()

    def _keep_list(self, server: Server, before: Scenario) -> None:
        """Draw up the list of people of *server* anew, if another one than *before* is to be."""
        keys, now = before.servers[server.name], server.settings
        if (now.listed_users, now.listing_update) != (keys.listed_users, keys.listing_update):
            server.keep(building.listing(self.workload, server, now, self.env.now))

    def owner(self, address: str) -> int:
        """The number of the person whose *address* it is; -1: nobody's."""
        permissions = self.transport.permissions
        return -1 if permissions is None else permissions.owners.get(address, -1)

    def change(self, scenario: Scenario, now: float) -> None:
        """Put into force what the arm is from *now* on."""
        before = self.scenario
        self.scenario = self.context.scenario = scenario
        self.messages.before_change()
        for server in self.servers:
            if scenario.servers[server.name] != before.servers[server.name]:
                self._change_server(server, before, now)
        self.transport.hosts.clear()
        self.transport.blocks_port_25 = building.blocking(scenario)
        self.transport.blocks_servers = building.blocking_servers(scenario)
        self.operators.change(scenario)
        change_people(self.context, self.programs, before)
        self.messages.programs_changed()

    def _change_server(self, server: Server, before: Scenario, now: float) -> None:
        """Give *server* the settings and the policy of the arm; a closed relay stays closed."""
        name, settings = server.name, self.scenario.servers[server.name]
        policy, relay = self.builder.of(self.scenario, name), self.closed.get(name)
        stays = settings.relay == before.servers[name].relay or is_open(policy)
        if relay is not None and stays:
            policy = self.builder.closed(policy, self.scenario, name, relay)
        self.policies[name] = policy
        server.change(settings, policy)
        self._keep_list(server, before)
        self.blocklists.policy_changed(server, now)

    def _next_phase(self) -> None:
        for server in self.servers:
            server.next_phase()

    def _pending(self) -> NDArray[np.bool_]:
        """Boolean mask of the recipients (rows) that still have a pending event."""
        rows = self.transport.mark_pending()
        self.messages.mark_pending(rows)
        return rows

    def _server_rows(self, attempts: Columns, bounds: list[float]) -> list[dict[str, Any]]:
        """A row per server and phase; *bounds* are the first moment of each phase and the end."""
        used = self.recorder.session_totals(attempts, len(self.servers), bounds[:-1])
        spans = np.diff(bounds).tolist()
        return [
            {
                "phase": phase,
                "server": server.number,
                "sessions": server.settings.sessions,
                "span": spans[phase],
                "turned_away": tally.turned_away,
                **{name: values[phase, server.number] for name, values in used.items()},
            }
            for server in self.servers
            for phase, tally in enumerate(server.tallies)
        ]

    # ---- what parts ask of the world

    def close(self, server: Server, operator: str, reason: Reason, now: float) -> None:
        """*operator* closes a relay: its policy but for the relay key stays what it is."""
        relay, name = self.scenario.operators[operator].closes_to, server.name
        if is_open(self.policies[name]):
            self.closed[name] = relay
            self.policies[name] = self.builder.closed(server.policy, self.scenario, name, relay)
        if is_open(server.policy):
            begun = now >= self.scenario.policy_starts
            scenario = self.scenario if begun else self.baseline
            self.messages.before_change()
            server.enforce(self.builder.closed(server.policy, scenario, name, relay))
            self.messages.recompute([server])
            self.blocklists.policy_changed(server, now)
            row = CalendarRow(
                now, Change.CLOSED, operator, reason, server.address, server=server.name
            )
            self.recorder.calendar.append(row)

    def notify(self, server: Server, about: Message, now: float, late: bool) -> None:
        """*server* writes a DSN to the reverse-path of *about*, itself with a null one.

        What it says of a message that is only *late* leaves its sender believing: it is still
        being tried, and nobody is asked to do anything (RFC 3464 section 2.3.3, "delayed").
        """
        assert about.reverse_path is not None, "nothing is sent to a null reverse-path"
        back = server.forwarded(Envelope(None, about.reverse_path))  # what it rewrote, too
        address = back.forward_path if back is not None else about.reverse_path
        domain = self.mailboxes.domain_number(address.rpartition("@")[2])
        mailbox = self.mailboxes.find(address)
        number = self.recorder.add_message(
            MailClass.NOTICE,
            [-1 - domain if mailbox is None else mailbox],
            sender=-1,
            group=self.recorder.groups[server.name],
            written_at=now,
            route=Route.BACKSCATTER if about.spam else Route.DELAY_NOTICE if late else Route.DSN,
        )
        row, name = self.recorder.messages.first_row[number], self.mailboxes.domains[domain]
        message = Message(
            number,
            None,
            None,
            NOTICE_SIZE,
            None,
            about.service,
            about.luck,
            1.0,
            about.key ^ number,
            about=-1 if late else about.number,
        )
        message.exact = any(s.has_aliases for s in self.transport.mx.get(domain, ()))
        exact = mailbox is not None or message.exact
        address_shown = address if exact else f"{NO_SUCH_USER}{name}"
        group = RecipientGroup(row, row + 1, domain, address_shown)
        if name in server.domains and mailbox is not None:
            self.recorder.end(group, DELIVERED, server.own["own_notice"], now)
            if message.about >= 0:
                self.recorder.messages.believed[message.about] = 0
        else:
            self.transport.relay(server, message, domain, [group], now)

    def _processed(self) -> NDArray[np.bool_]:
        """Which server (row; one more, all False, for none) processes which domain."""
        domains = self.mailboxes.domains
        processed = [[d in server.domains for d in domains] for server in self.servers]
        return np.array([*processed, [False] * len(domains)])
