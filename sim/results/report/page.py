"""One self-contained page of HTML, from a scenario, its decision table and its figures."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from html import escape
from typing import Any

import jinja2
import pandas as pd

from sim._version import __version__, citation
from sim.experiment.manifest import code_digest, cut_to
from sim.measure import sweeps
from sim.measure.digits import between, number
from sim.records.outgoing import visible
from sim.results.analysis import Analysis
from sim.results.cells import decision_cells, heads, legend, unknowns
from sim.results.decision import decide
from sim.results.rankings import ranked
from sim.results.report.assumptions import CHOSEN, FROM_SCENARIO, assumptions
from sim.results.report.contrasts import UNCHANGED, contrasts
from sim.results.report.drawing import Drawing
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


def page(results: Analysis, figures: Sequence[Drawing], tables: Sequence[str], more: str) -> str:
    """The page as HTML; *tables* names the CSV files beside it, *more* says where figures are.

    Every name in it is escaped: names come from strangers.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("sim.results", "report"),
        autoescape=True,
        finalize=_visible,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    scenario, manifest = results.scenario.model, results.manifest
    decision = results.decision_table()
    meaning = " ".join((*decide(results).sentences, ranked(results))).rstrip()
    titles, cells, unknown = heads(decision), decision_cells(decision), results.unknowns
    counts = _intended(results)
    text = environment.get_template("page.html").render(
        scenario=scenario,
        baseline=results.baseline,
        manifest=manifest,
        meaning=results.noted(meaning),
        on_structure=results.on_structure() and results.noted(results.on_structure()),
        structure=_structure(results),
        quick=cut_to(manifest) if results.quick else "",
        notes=_notes(results),
        more=more,
        heads=titles,
        cells=[(arm, [cells[arm, q] for q, _ in titles]) for arm in results.arms],
        legend=legend(decision, results.replications, results.baseline, "bold"),
        expectations=_expectation_rows(results.expectations()),
        unknown=unknown and unknowns(*sweeps.unknowns(unknown.band(), unknown.tornado())),
        contrasts=contrasts(scenario, results.arms),
        unchanged=UNCHANGED,
        assumptions=_by_section(scenario),
        chosen=CHOSEN,
        from_scenario=FROM_SCENARIO,
        limits=LIMITS,
        figures=[drawing for drawing in figures if drawing.svg],
        missing=[drawing for drawing in figures if not drawing.svg],
        sample=_sample(results, counts),
        n=counts,
        citation=citation(manifest["version"]),
        command=shlex.join(map(str, manifest["command"])),
        tables=tables,
    )
    note = escape(results.noted(""))
    return text.replace("</caption>", f"{note}</caption>")


def _visible(value: Any) -> Any:
    """What stands in the page: plain text without control characters; a figure as it is."""
    return visible(value) if type(value) is str else value


def _structure(results: Analysis) -> list[tuple[str, ...]]:
    """Arm, quantity, mean, interval and band over the alternatives, as text; empty if untried."""
    if results.structures is None:
        return []
    rows: list[tuple[str, ...]] = []
    row: Any
    for row in results.structures.band().itertuples(index=False):
        share = row.unit == "share"
        chance, band = ((row.low, row.high), (row.band_low, row.band_high))
        texts = number(row.mean, share=share), *(between(*b, share=share) for b in (chance, band))
        rows.append((row.arm, f"{row.quantity} {'%' if share else row.unit}".rstrip(), *texts))
    return rows


def tables_of_page(results: Analysis) -> dict[str, pd.DataFrame]:
    """The tables of the page by name, for files of their own."""
    scenario, unknowns = results.scenario.model, results.unknowns
    return ({"band": unknowns.band(), "unknowns": unknowns.tornado()} if unknowns else {}) | {
        "decision": results.decision_table(),
        "expectations": results.expectations(),
        "arms": contrasts(scenario, results.arms),
        "assumptions": assumptions(scenario),
    }


def _expectation_rows(expectations: pd.DataFrame) -> list[tuple[str, str, str, str]]:
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


def _sample(results: Analysis, intended: str) -> str:
    """How much was simulated: recipients, replications, seed, scenario."""
    runs = results.replications
    parts = (
        intended,
        results.shortfall
        or ("one replication, no interval" if runs == 1 else f"{runs} replications"),
        f"seed {results.manifest['seed']}",
        f"scenario {results.manifest['scenario_hash'][:10]}",
    )
    return "; ".join(filter(None, parts))


def _intended(results: Analysis) -> str:
    """How many intended recipients the rates of the page rest on, over all runs."""
    rows = results.measures.query("by == 'all' and phase == 'after' and measure == 'delivery_rate'")
    sums = rows.groupby("class", observed=True)["denominator"].sum()
    numbers = {kind: int(sums.get(kind, 0)) for kind in ("honest", "spam")}
    words = " and ".join(f"{number:,} {kind}" for kind, number in numbers.items() if number)
    return f"n = {words} recipients intended after the policies start" if words else ""


def _notes(results: Analysis) -> list[str]:
    """What a reader must know before any number."""
    notes = []
    if results.shortfall:
        notes.append(f"Partial: {results.shortfall}.")
    if results.replications == 1:
        notes.append("One replication: no interval can be given, and no difference is sure.")
    version, code = results.manifest.get("version"), results.manifest.get("code")
    if (version, code) != (__version__, code_digest()):
        notes.append(
            f"These results were made by another version (version {version}, code {code}) than the "
            f"one that drew this page (version {__version__}, code {code_digest()}): run again "
            "before comparing them with newer ones."
        )
    return notes
