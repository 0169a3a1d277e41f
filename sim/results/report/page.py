"""One self-contained page of HTML, from a scenario, its decision table and its figures."""

from __future__ import annotations

import shlex
from collections import Counter
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
from sim.results.assumptions import CHOSEN, FROM_SCENARIO, assumptions
from sim.results.cells import Cell, decision_cells, heads, legend, unknowns
from sim.results.contrasts import UNCHANGED, contrasts
from sim.results.decision import decide
from sim.results.rankings import ranked
from sim.results.report import deciding
from sim.results.report.drawing import Drawing
from sim.scenario import Scenario

DAY = 86400.0
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
    "organisations": "Organisations",
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
    decision, table, unknown = decide(results), results.decision_table(), results.unknowns
    keys, expectations = assumptions(scenario), _expectation_rows(results.expectations())
    text = environment.get_template("page.html").render(
        scenario=scenario,
        baseline=results.baseline,
        manifest=manifest,
        noted=results.noted,
        decision=decision,
        choices=list(deciding.rows(decision)),
        costs=deciding.COSTS,
        trade_off=deciding.trade_off(decision),
        ranked=ranked(results),
        matters=deciding.matters(results, decision),
        declared=decision.chosen,
        on_structure=results.on_structure(),
        structure=_structure(results),
        quick=cut_to(manifest) if results.quick else "",
        notes=_notes(results),
        more=more,
        quantities=_quantities(table, results.arms),
        legend=legend(table, results.replications, results.baseline, "bold"),
        expectations=expectations,
        outcomes=_outcomes(expectations),
        unknown=unknown and unknowns(*sweeps.unknowns(unknown.band(), unknown.tornado())),
        differing=_differing(scenario, results.arms),
        assumptions=_by_section(keys),
        number_of_keys=len(keys),
        number_chosen=int((keys["source"] == CHOSEN).sum()),
        chosen=CHOSEN,
        from_scenario=FROM_SCENARIO,
        limits=LIMITS,
        figures=[drawing for drawing in figures if drawing.svg],
        missing=[drawing for drawing in figures if not drawing.svg],
        sample=_sample(results),
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


def _outcomes(expectations: Sequence[tuple[str, ...]]) -> str:
    """How many expectations hold, fail, or are not decided."""
    counts = Counter(outcome for *_, outcome in expectations)
    return ", ".join(f"{number} {outcome}" for outcome, number in counts.items())


def _quantities(
    table: pd.DataFrame, arms: Sequence[str]
) -> list[tuple[str, str, list[tuple[str, Cell]]]]:
    """Every quantity and its unit, with the cell of each arm."""
    cells = decision_cells(table)
    return [(name, unit, [(arm, cells[arm, name]) for arm in arms]) for name, unit in heads(table)]


def _differing(
    scenario: Scenario, arms: Sequence[str]
) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """The arms with the keys that each changes, their values, and the moments from which these
    hold; empty where none differs."""
    table = contrasts(scenario, arms)
    changed = [
        (arm, [row for row in zip(table["key"], table[arm], table["from"], strict=True)
               if row[1] != UNCHANGED])
        for arm in arms
    ]  # fmt: skip
    return changed if len(table) else []


def _by_section(table: pd.DataFrame) -> list[tuple[str, list[dict[str, str]]]]:
    return [
        (title, [{str(k): str(v) for k, v in row.items()} for row in rows.to_dict("records")])
        for section, title in SECTIONS.items()
        if len(rows := table[table["table"] == section])
    ]


def _sample(results: Analysis) -> str:
    """What was sampled: replications, and the people and days of each; seed and scenario."""
    runs, model = results.replications, results.scenario.model
    people = sum(users.count for users in model.users.values())
    size = f"each of {people:,} people in {model.run_length / DAY:g} days"
    sampled = "one replication, no interval" if runs == 1 else f"n = {runs} replications"
    parts = (
        results.shortfall or f"{sampled}, {size}",
        f"seed {results.manifest['seed']}",
        f"scenario {results.manifest['scenario_hash'][:10]}",
    )
    return "; ".join(filter(None, parts))


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
