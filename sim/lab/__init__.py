"""What a class needs: situations, matrix, difference, and one message explained; all exact.

Everything here asks `sim.smtp.decide` through the policies of a scenario, and nothing else.
"""

from __future__ import annotations

from sim.lab.asked import LabError
from sim.lab.difference import Diff, diff
from sim.lab.explanation import Explanation, explain
from sim.lab.matrix import Matrix, matrix
from sim.lab.situations import Cell, cells

__all__ = [
    "Cell",
    "Diff",
    "Explanation",
    "LabError",
    "Matrix",
    "cells",
    "diff",
    "explain",
    "matrix",
]
