"""What a class needs: situations, matrix, difference, one message explained, exercises.

Everything here asks `sim.smtp.decide` through the policies of a scenario; only an exercise about
what takes time runs a simulation.
"""

from __future__ import annotations

from sim.lab.asked import LabError
from sim.lab.difference import Diff, diff
from sim.lab.exercises import check, exercise
from sim.lab.explanation import Explanation, explain
from sim.lab.matrix import Matrix, matrix
from sim.lab.panel import Panel, panel
from sim.lab.situations import Cell, cells

__all__ = [
    "Cell",
    "Diff",
    "Explanation",
    "LabError",
    "Matrix",
    "Panel",
    "cells",
    "check",
    "diff",
    "exercise",
    "explain",
    "matrix",
    "panel",
]
