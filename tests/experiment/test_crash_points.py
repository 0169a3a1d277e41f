"""Killed at any step that writes, the same command goes on to what one never killed leaves."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("crash_points.py")
KINDS = ("run", "join", "sweep", "force", "report", "export", "copy")

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the script forks")


def tried(kind: str, *number: str) -> dict:
    said = subprocess.run(
        [sys.executable, str(SCRIPT), kind, *number],
        env=os.environ | {"PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(said.stdout)


@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_some_steps_it_goes_on(kind):
    outcome = tried(kind, "2" if kind == "report" else "4")
    assert outcome["wrong"] == []
    assert outcome["steps"] >= outcome["tried"] >= 2


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_every_step_it_goes_on(kind):
    outcome = tried(kind)
    assert outcome["wrong"] == []
    assert outcome["tried"] == outcome["steps"] > 5
