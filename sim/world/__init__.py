"""The world: people, servers and spammers in simulated time (SimPy)."""

from sim.world.recorder import Run
from sim.world.run import simulate

__all__ = ["Run", "simulate"]
