"""Rows to rates: measures, intervals over replications, paired differences, static expectation."""

from sim.definitions import MEASURES, Measure
from sim.measure.conservation import ConservationError, check
from sim.measure.exposure import Exposure, exposure
from sim.measure.static import expectation
from sim.measure.summary import compare, everything, summarise
from sim.measure.tallies import tallies

__all__ = [
    "MEASURES",
    "ConservationError",
    "Exposure",
    "Measure",
    "check",
    "compare",
    "everything",
    "expectation",
    "exposure",
    "summarise",
    "tallies",
]
