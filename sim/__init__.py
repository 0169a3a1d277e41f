"""A mail network simulator: what restricted relaying costs the honest user and takes from spam."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sim._version import __version__
from sim.records.libraries import needing

if TYPE_CHECKING:
    from sim.config import Imported, Observed, import_postfix, observe
    from sim.results.calibration import Calibration, calibrate
    from sim.results.results import Results, open_results, run
    from sim.results.scenario import Scenario, load, loads
    from sim.results.sensitivity import Sensitivity, sensitivity
    from sim.results.sweep import Sweep, open_sweep, sweep
    from sim.scenario import ScenarioError
    from sim.serve.background import live

__all__ = [
    "Calibration",
    "Imported",
    "Observed",
    "Results",
    "Scenario",
    "ScenarioError",
    "Sensitivity",
    "Sweep",
    "__version__",
    "calibrate",
    "import_postfix",
    "live",
    "load",
    "loads",
    "observe",
    "open_results",
    "open_sweep",
    "run",
    "sensitivity",
    "sweep",
]

_HOME = {
    "ScenarioError": "sim.scenario",
    "live": "sim.serve.background",
    **dict.fromkeys(("Imported", "Observed", "import_postfix", "observe"), "sim.config"),
    **dict.fromkeys(("Scenario", "load", "loads"), "sim.results.scenario"),
    **dict.fromkeys(("Results", "open_results", "run"), "sim.results.results"),
    **dict.fromkeys(("Calibration", "calibrate"), "sim.results.calibration"),
    **dict.fromkeys(("Sensitivity", "sensitivity"), "sim.results.sensitivity"),
    **dict.fromkeys(("Sweep", "open_sweep", "sweep"), "sim.results.sweep"),
}
"""The module of each public name, imported when the name is first used."""


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: ``import sim`` costs nothing."""
    if name not in _HOME:
        raise AttributeError(f"module 'sim' has no attribute {name!r}")
    with needing(f"sim.{name}"):
        return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
