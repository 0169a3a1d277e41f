"""The world: people, servers and spammers in simulated time (SimPy)."""

from sim.world.run import simulate
from sim.world.tables import Run

__all__ = ["Run", "simulate"]
