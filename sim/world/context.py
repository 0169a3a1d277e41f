"""What the parts of one run share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sim.workload.arrivals import Arrivals
from sim.workload.mobility import Mobility
from sim.workload.people import Mailboxes
from sim.workload.pop_logins import PopLogins
from sim.workload.streams import Generator, stream
from sim.workload.workload import Workload
from sim.world.engine import Engine
from sim.world.recorder import Recorder
from sim.world.server import Server
from sim.world.transport import Transport

if TYPE_CHECKING:
    from sim.scenario import Scenario


def _ignore(_: int) -> None:
    """Hear nothing."""


@dataclass(slots=True)
class WorldContext:
    """The event list, what is recorded, the workload, and whom mail goes through."""

    scenario: Scenario
    replication: int
    env: Engine
    recorder: Recorder
    workload: Workload
    mailboxes: Mailboxes
    pop: PopLogins
    servers: list[Server]
    submission: dict[str, Server]
    """By network, the server that its customers name in their mail programs."""
    transport: Transport
    detach: Callable[[int], None] = field(default=_ignore)
    """Called with the number of a person who is about to change a setting."""
    listings: int = 0
    """How often blocklists have changed."""

    arrivals: Arrivals = field(init=False)
    """The messages of the workload."""
    mobility: Mobility = field(init=False)
    """Where people are."""

    def __post_init__(self) -> None:
        """Keep at hand what is asked for at every message."""
        self.arrivals, self.mobility = self.workload.arrivals, self.workload.mobility

    def streams(self, entity: str) -> Callable[[str], Generator]:
        """The random numbers of *entity* (section and name in a scenario), by purpose."""
        return lambda purpose: stream(
            self.scenario.seed, replication=self.replication, entity=entity, purpose=purpose
        )
