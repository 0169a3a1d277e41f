"""A mail network simulator: what restricted relaying costs the honest user and takes from spam."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sim._version import __version__

if TYPE_CHECKING:
    from sim.results.results import Results, Scenario, load, loads, open_results, run
    from sim.results.sweep import Sweep, open_sweep, sweep
    from sim.scenario import ScenarioError

__all__ = [
    "Results",
    "Scenario",
    "ScenarioError",
    "Sweep",
    "__version__",
    "load",
    "loads",
    "open_results",
    "open_sweep",
    "run",
    "sweep",
]

_HOME = dict.fromkeys(__all__, "sim.results.results") | {
    "ScenarioError": "sim.scenario",
    "Sweep": "sim.results.sweep",
    "open_sweep": "sim.results.sweep",
    "sweep": "sim.results.sweep",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: ``import sim`` costs nothing."""
    if name not in _HOME:
        raise AttributeError(f"module 'sim' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
