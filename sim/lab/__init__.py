"""For a class: exercises that mark themselves, recorded predictions, and a panel of policies."""

from __future__ import annotations

from sim.lab import authentication
from sim.lab.exercises import check, exercise
from sim.lab.panel import Panel, panel
from sim.lab.predicting import Prediction, predict

__all__ = ["Panel", "Prediction", "authentication", "check", "exercise", "panel", "predict"]
