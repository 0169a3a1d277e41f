"""For a class: exercises that mark themselves, and a panel to try policies with."""

from __future__ import annotations

from sim.lab.exercises import check, exercise
from sim.lab.panel import Panel, panel

__all__ = ["Panel", "check", "exercise", "panel"]
