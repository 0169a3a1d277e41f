"""The command ``mailsim``: a module a command group, and what the commands work with.

Commands name the modules that they work with as attributes of this package. Each is imported when
it is first used, so that ``mailsim --help`` and a mistyped option load neither pandas nor a
scenario.
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim import figures as figures
    from sim import scenario as scenario
    from sim.cli import experiments as experiments
    from sim.cli import inputs as inputs
    from sim.cli import render as render
    from sim.cli import screen as screen
    from sim.cli import shortfall as shortfall
    from sim.cli import tables as tables
    from sim.config import audit as audit
    from sim.config import errors as errors
    from sim.config import exporting as exporting
    from sim.config import imported as imported
    from sim.config import observing as observing
    from sim.config import reading as reading
    from sim.exact import expectations as expectations
    from sim.exact import findings as findings
    from sim.exact import page as page
    from sim.exact.lint import remarks as remarks
    from sim.experiment import plan as plan
    from sim.experiment import repairing as repairing
    from sim.experiment import storage as storage
    from sim.hindcast import forecast as forecast
    from sim.hindcast import market as market
    from sim.hindcast import study as study
    from sim.lab import site as site
    from sim.lab.classes import collecting as collecting
    from sim.lab.classes import graders as graders
    from sim.lab.classes import handout as handout
    from sim.lab.classes import pages as pages
    from sim.lab.classes import roster as roster
    from sim.lab.classes import sandbox as sandbox
    from sim.measure import spreadsheet as spreadsheet
    from sim.results import export as export
    from sim.results import kept as kept
    from sim.results import publish as publish
    from sim.results import verification as verification
    from sim.scenario import declared as declared
    from sim.scenario import quantities as quantities
    from sim.scenario import ready as ready
    from sim.serve import live as live
    from sim.serve import living as living
    from sim.serve import places as places
    from sim.serve import table as table
    from sim.smtp import names as names

_HOME = {
    "audit": "sim.config.audit",
    "collecting": "sim.lab.classes.collecting",
    "declared": "sim.scenario.declared",
    "errors": "sim.config.errors",
    "expectations": "sim.exact.expectations",
    "experiments": "sim.cli.experiments",
    "export": "sim.results.export",
    "exporting": "sim.config.exporting",
    "figures": "sim.figures",
    "findings": "sim.exact.findings",
    "forecast": "sim.hindcast.forecast",
    "graders": "sim.lab.classes.graders",
    "handout": "sim.lab.classes.handout",
    "imported": "sim.config.imported",
    "inputs": "sim.cli.inputs",
    "kept": "sim.results.kept",
    "remarks": "sim.exact.lint.remarks",
    "live": "sim.serve.live",
    "living": "sim.serve.living",
    "market": "sim.hindcast.market",
    "names": "sim.smtp.names",
    "observing": "sim.config.observing",
    "page": "sim.exact.page",
    "pages": "sim.lab.classes.pages",
    "places": "sim.serve.places",
    "plan": "sim.experiment.plan",
    "publish": "sim.results.publish",
    "quantities": "sim.scenario.quantities",
    "reading": "sim.config.reading",
    "ready": "sim.scenario.ready",
    "render": "sim.cli.render",
    "repairing": "sim.experiment.repairing",
    "roster": "sim.lab.classes.roster",
    "sandbox": "sim.lab.classes.sandbox",
    "scenario": "sim.scenario",
    "screen": "sim.cli.screen",
    "shortfall": "sim.cli.shortfall",
    "site": "sim.lab.site",
    "spreadsheet": "sim.measure.spreadsheet",
    "storage": "sim.experiment.storage",
    "study": "sim.hindcast.study",
    "table": "sim.serve.table",
    "tables": "sim.cli.tables",
    "verification": "sim.results.verification",
}


def __getattr__(name: str) -> ModuleType:
    """Import what commands work with when it is first used."""
    if name not in _HOME:
        raise AttributeError(f"module 'sim.cli' has no attribute {name!r}")
    return import_module(_HOME[name])
