"""The command ``mailsim``: a module a command group, and what the commands work with.

Commands name the modules that they work with as attributes of this package. Each is imported when
it is first used, so that ``mailsim --help`` and a mistyped option load neither pandas nor a
scenario.
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim import figures, scenario
    from sim.cli import experiments, inputs, render
    from sim.exact import expectations, findings
    from sim.experiment import plan
    from sim.results import export, publish

_HOME = {
    "experiments": "sim.cli.experiments",
    "expectations": "sim.exact.expectations",
    "export": "sim.results.export",
    "figures": "sim.figures",
    "findings": "sim.exact.findings",
    "inputs": "sim.cli.inputs",
    "plan": "sim.experiment.plan",
    "publish": "sim.results.publish",
    "render": "sim.cli.render",
    "scenario": "sim.scenario",
}
__all__ = [
    "expectations",
    "experiments",
    "export",
    "figures",
    "findings",
    "inputs",
    "plan",
    "publish",
    "render",
    "scenario",
]


def __getattr__(name: str) -> ModuleType:
    """Import what commands work with when it is first used."""
    if name not in _HOME:
        raise AttributeError(f"module 'sim.cli' has no attribute {name!r}")
    return import_module(_HOME[name])
