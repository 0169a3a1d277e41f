"""The fit knows nothing of what came after mid-2001."""

import ast
from pathlib import Path

import pytest

import sim.hindcast
from sim.hindcast import inputs

ROOM = Path(sim.hindcast.__file__).parent
BLIND = ("inputs", "market", "fit", "forecast")
"""The modules that make the forecast."""


def imported(module: str) -> set[str]:
    """The modules of the room that a module names in its imports."""
    tree = ast.parse((ROOM / f"{module}.py").read_text("utf-8"))
    names = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    names |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import)
              for name in node.names}  # fmt: skip
    return {name for name in names if name and name.startswith("sim.")}


def test_all_that_is_observed_lies_before_the_cut():
    assert max(one.year for one in inputs.OBSERVATIONS) <= inputs.CUT
    assert max(year for year, _ in (*inputs.OPEN_SHARE, inputs.SERVERS, inputs.ATTACKS)) < (
        inputs.CUT
    )


def test_what_is_fitted_to_are_the_calibration_targets_alone():
    assert {one.name for one in inputs.OBSERVATIONS} <= {f"C{n}" for n in range(1, 12)}
    named = {prior.reason for prior in inputs.PRIORS.values() if prior.reason.startswith("C")}
    assert named <= {f"C{n}" for n in range(12)}


@pytest.mark.parametrize("module", BLIND)
def test_the_forecast_reads_no_target(module):
    assert imported(module) <= {f"sim.hindcast.{name}" for name in BLIND}


def test_what_has_no_source_is_a_range():
    assert all(prior.high > prior.low for prior in inputs.PRIORS.values())


def test_each_value_lies_in_its_band():
    assert all(one.low <= one.value <= one.high for one in inputs.OBSERVATIONS)
