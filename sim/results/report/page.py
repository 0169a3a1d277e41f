"""One self-contained page of HTML, from a scenario, its decision table and its figures."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jinja2
import pandas as pd

from sim.measure import sweeps
from sim.measure.digits import between, number
from sim.results.cells import decision_cells, heads, legend, unknowns
from sim.results.report.assumptions import CHOSEN, STATED, assumptions
from sim.results.report.contrasts import UNCHANGED, contrasts
from sim.results.report.drawing import Drawn
from sim.scenario import Scenario

LIMITS = (
    "TCP packets, message bodies beyond size and a spam score, DNS caching, IPv6 and real "
    "cryptography are not modelled.",
    "Volumes are scaled to a few hundred or thousand mailboxes: rates and differences carry over, "
    "totals do not.",
    "Shares of roaming users, and what refused users do, have no published source: they are "
    "chosen, and meant to be varied.",
    "Capacities, scan rates and prices of spammers are chosen; adaptive and fixed spammers are a "
    "bracket, not a forecast.",
    "Intervals cover the randomness of the simulation, not the uncertainty of the assumptions.",
    "Mail still under way when the run ends counts as intended, and as neither delivered nor lost.",
)
SECTIONS = {
    "run": "The run",
    "networks": "Networks",
    "users": "People",
    "spammers": "Spammers",
    "blocklists": "Blocklists",
    "operators": "Operators",
    "servers": "Servers",
}


@dataclass(frozen=True)
class Content:
    """What the page tells of.

    *decision* and *expectations* are those of `sim.results.results.Results`; *manifest* that of
    the results; *meaning* the decision in a sentence; *intended* the number of intended recipients
    by class; *quick* what it was cut to, if it is a quick run; *notes* what a reader must know
    first; *more* says where further figures are; *unknowns* are band and tornado of a sweep over
    ranges, if there is one.
    """

    scenario: Scenario
    arms: Sequence[str]
    baseline: str
    manifest: Mapping[str, Any]
    decision: pd.DataFrame
    expectations: pd.DataFrame
    meaning: str = ""
    quick: str = ""
    intended: Mapping[str, int] = field(default_factory=dict)
    notes: Sequence[str] = ()
    more: str = ""
    unknowns: tuple[pd.DataFrame, pd.DataFrame] | None = None


def page(content: Content, figures: Sequence[Drawn], tables: Sequence[str]) -> str:
    """The page as HTML; *tables* names the CSV files beside it.

    Every name in it is escaped: names come from strangers.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("sim.results", "report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    titles, cells = heads(content.decision), decision_cells(content.decision)
    return environment.get_template("page.html").render(
        **vars(content),
        heads=titles,
        cells=[(arm, [cells[arm, q] for q, _ in titles]) for arm in content.arms],
        legend=legend(_runs(content), content.baseline, "bold"),
        judged=_judged(content.expectations),
        unknown=content.unknowns and unknowns(*sweeps.unknowns(*content.unknowns)),
        contrasts=contrasts(content.scenario, content.arms),
        unchanged=UNCHANGED,
        assumptions=_by_section(content.scenario),
        chosen=CHOSEN,
        stated=STATED,
        limits=LIMITS,
        figures=[drawn for drawn in figures if drawn.svg],
        missing=[drawn for drawn in figures if not drawn.svg],
        sample=_sample(content),
        n=_n(content),
        command=shlex.join(map(str, content.manifest.get("command", ()))),
        tables=tables,
    )


def tables_of_page(content: Content) -> dict[str, pd.DataFrame]:
    """The tables of the page by name, for files of their own."""
    return dict(zip(("band", "unknowns"), content.unknowns or (), strict=False)) | {
        "decision": content.decision,
        "expectations": content.expectations,
        "arms": contrasts(content.scenario, content.arms),
        "assumptions": assumptions(content.scenario),
    }


def _judged(expectations: pd.DataFrame) -> list[tuple[str, str, str, str]]:
    """Rows of the expectations: expected, found, its interval, outcome."""
    return [
        (str(row.expected), number(row.value), between(row.low, row.high), str(row.outcome))
        for row in expectations.itertuples(index=False)
    ]


def _by_section(scenario: Scenario) -> list[tuple[str, list[dict[str, str]]]]:
    table = assumptions(scenario)
    return [
        (title, [{str(k): str(v) for k, v in row.items()} for row in rows.to_dict("records")])
        for section, title in SECTIONS.items()
        if len(rows := table[table["table"] == section])
    ]


def _runs(content: Content) -> int:
    return int(content.manifest.get("replications", 0))


def _sample(content: Content) -> str:
    """How much was simulated: n, replications, seed, scenario."""
    runs = _runs(content)
    parts = (
        _n(content),
        "one replication, no interval" if runs == 1 else f"{runs} replications",
        f"seed {content.manifest.get('seed', content.scenario.seed)}",
        f"scenario {content.scenario.hash()[:10]}",
    )
    return "; ".join(filter(None, parts))


def _n(content: Content) -> str:
    """How many recipients the rates of the page rest on."""
    counted = " and ".join(f"{n:,} {kind}" for kind, n in content.intended.items() if n)
    return f"n = {counted} recipients intended after the policies start" if counted else ""
