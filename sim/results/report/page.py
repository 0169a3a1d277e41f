"""One self-contained page of HTML, from a scenario, its decision table and its figures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.measure.sweeps import OF_DIFFERENCE, REACH, unknowns
from sim.results.report.assumptions import CHOSEN, STATED, assumptions
from sim.results.report.contrasts import UNCHANGED, contrasts
from sim.results.report.drawing import Drawn
from sim.results.report.numbers import apart, between, number

if TYPE_CHECKING:
    import pandas as pd

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
    "Mail still under way when the run ends counts as wished, and as neither delivered nor lost.",
)
SECTIONS = {"run": "The run", "networks": "Networks", "users": "People", "spammers": "Spammers",
            "blocklists": "Blocklists", "operators": "Operators", "servers": "Servers"}  # fmt: skip


@dataclass(frozen=True)
class Content:
    """What the page tells of.

    *decision* and *expectations* are those of `sim.results.results.Results`; *manifest* that of
    the results; *meaning* the decision in a sentence; *wished* how many recipients were wished, by class;
    *quick* what it was cut to, if it is a quick run; *notes* what a reader must know first; *more* says
    where further figures are; *unknowns* are band and tornado of a sweep over ranges, if there is
    one; *tables* names the CSV files beside the page.
    """

    scenario: Scenario
    arms: Sequence[str]
    baseline: str
    manifest: Mapping[str, Any]
    decision: pd.DataFrame
    expectations: pd.DataFrame
    meaning: str = ""
    quick: str = ""
    wished: Mapping[str, int] = field(default_factory=dict)
    notes: Sequence[str] = ()
    more: str = ""
    unknowns: tuple[pd.DataFrame, pd.DataFrame] | None = None
    tables: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """One number of the decision table with all that is known of it."""

    mean: str
    interval: str = ""
    analytic: str = ""
    difference: str = ""
    sure: bool = False
    unhelped: bool = False
    """Whether pairing did not narrow the interval of the difference."""


class Band(NamedTuple):
    """What the unknowns make of a number, and of its difference to the baseline; so with chance."""

    own: str
    unknowns: str
    chance: str
    difference: str
    difference_chance: str
    sure: bool
    """Whether the difference has one sign whatever the unknowns are."""


def page(content: Content, figures: Sequence[Drawn]) -> str:
    """The page as HTML. Every name in it is escaped: names come from strangers."""
    import jinja2

    source = resources.files("sim.results.report").joinpath("page.html").read_text("utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(source).render(
        **vars(content),
        heads=heads(content.decision),
        judged=_judged(content.expectations),
        cells=cells(content.decision, content.arms),
        unknown=_unknown(content),
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
        command=_command(content.manifest),
    )


def tables(content: Content) -> dict[str, pd.DataFrame]:
    """The tables of the page by name, for files of their own."""
    ranges = dict(zip(("band", "unknowns"), content.unknowns or (), strict=False))
    return ranges | {
        "decision": content.decision,
        "expectations": content.expectations,
        "arms": contrasts(content.scenario, content.arms),
        "assumptions": assumptions(content.scenario),
    }


def heads(decision: pd.DataFrame) -> list[tuple[str, str]]:
    """Quantities and their units, in order; shares are shown in per cent."""
    pairs = decision[["quantity", "unit"]].drop_duplicates()
    return [(q, "%" if u == "share" else u) for q, u in pairs.itertuples(index=False)]


def cells(decision: pd.DataFrame, arms: Sequence[str]) -> list[tuple[str, list[Cell]]]:
    """Rows of the decision table: arm, and a cell for each quantity."""
    rows = {(row.arm, row.quantity): row for row in decision.itertuples(index=False)}
    quantities = list(decision["quantity"].drop_duplicates())
    return [(arm, [_cell(rows.get((arm, q))) for q in quantities]) for arm in arms]


def _cell(row: Any) -> Cell:
    if row is None or not math.isfinite(row.mean):
        return Cell(number(float("nan")))
    share = row.unit == "share"
    analytic = getattr(row, "analytic", math.nan)
    return Cell(
        number(row.mean, share=share),
        between(row.low, row.high, share=share),
        number(analytic, share=share) if math.isfinite(analytic) else "",
        *_apart(row),
    )


def _apart(row: Any) -> tuple[str, bool, bool]:
    """A difference ± half its paired interval, whether that leaves out 0, and was not narrowed."""
    if not math.isfinite(row.difference):
        return "", False, False
    half = (row.difference_high - row.difference_low) / 2
    sure = bool(row.difference_low > 0 or row.difference_high < 0)
    return apart(row.difference, half, share=row.unit == "share"), sure, bool(row.gain <= 1.0)


def _judged(expectations: pd.DataFrame) -> list[tuple[str, str, str, str]]:
    """Rows of the expectations: expected, found, its interval, outcome."""
    return [
        (str(row.expected), number(row.value), between(row.low, row.high), str(row.outcome))
        for row in expectations.itertuples(index=False)
    ]


def _unknown(content: Content) -> dict[str, Any]:
    """What the section of the unknowns holds: bands by arm, and what each unknown does alone."""
    if content.unknowns is None:
        return {}
    band, alone = unknowns(*content.unknowns)
    bands: dict[str, list[Band]] = {}
    for told in band.itertuples(index=False):
        bands.setdefault(str(told.arm), []).append(_band(told))
    swings: dict[str, list[Cell]] = {}
    for row in alone.to_dict("records"):
        unknown = f"{row['key']}: {row['least']} to {row['most']}"
        half = (row["change_high"] - row["change_low"]) / 2
        sure = bool(row["change_low"] > 0 or row["change_high"] < 0)
        moved = apart(row["change"], half, share=bool(row["unit"] == "share"))
        where = row["arm"] if row["change"] else ""
        swings.setdefault(unknown, []).append(Cell(moved, where, sure=sure))
    return {"heads": heads(band), "bands": bands, "swings": swings}


def _band(row: Any) -> Band:
    share = row.unit == "share"
    low, high, least, most = (getattr(row, name) for name in REACH)
    less, more, fewest, furthest = (getattr(row, name) for name in OF_DIFFERENCE)
    return Band(
        own=number(row.own, share=share),
        unknowns=between(low, high, share=share),
        chance=between(least, most, share=share),
        difference=between(less, more, share=share, sign=True),
        difference_chance=between(fewest, furthest, share=share, sign=True),
        sure=bool(fewest > 0 or furthest < 0),
    )


def _by_section(scenario: Scenario) -> list[tuple[str, list[dict[str, str]]]]:
    table = assumptions(scenario)
    return [
        (title, [{str(k): str(v) for k, v in row.items()} for row in rows.to_dict("records")])
        for section, title in SECTIONS.items()
        if len(rows := table[table["table"] == section])
    ]


def _sample(content: Content) -> str:
    """How much was simulated: n, replications, seed, scenario."""
    runs = int(content.manifest.get("replications", 0))
    words = [_n(content)] if _n(content) else []
    words.append("one replication, no interval" if runs == 1 else f"{runs} replications")
    words.append(f"seed {content.manifest.get('seed', content.scenario.seed)}")
    words.append(f"scenario {content.scenario.hash()[:10]}")
    return "; ".join(words)


def _n(content: Content) -> str:
    """How many recipients the rates of the page rest on."""
    counted = " and ".join(f"{n:,} {kind}" for kind, n in content.wished.items() if n)
    return f"n = {counted} recipients wished after the policies start" if counted else ""


def _command(manifest: Mapping[str, Any]) -> str:
    import shlex

    return shlex.join(str(word) for word in manifest.get("command", ()))
