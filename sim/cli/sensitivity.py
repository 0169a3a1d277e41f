"""The command that says which unknowns matter, and where a policy is not the best."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

import sim
from sim import cli
from sim.cli import options
from sim.cli.console import print_json

if TYPE_CHECKING:
    import pandas as pd

    from sim.results.sensitivity import Sensitivity

Method = Annotated[
    str, typer.Option("--method", metavar="METHOD", help="lhs, morris or sobol: how points lie.")
]
Points = Annotated[
    int | None,
    typer.Option("--points", metavar="N", min=4, help="Points, paths or base points by method."),
]


def sensitivity(
    scenario: options.Scenario,
    method: Method = "lhs",
    points: Points = None,
    out: options.Out = None,
    arms: options.Arms = None,
    replications: options.Replications = None,
    seed: options.Seed = None,
    workers: options.Workers = None,
    set_: options.Set = None,
    quick: options.Quick = False,
    force: options.Force = False,
    dask: options.Dask = None,
    no_batch: options.NoBatch = False,
    as_json: options.Json = False,
) -> None:
    """Vary all that [ranges] and [structures] declare: which matters, which policy holds."""
    experiment = cli.experiments.from_options(
        scenario, set_, out, arms, replications, workers, seed=seed, quick=quick
    )
    if out is None:
        experiment.out = experiment.out / f"sensitivity-{method}"
    with experiment.interruptible(), cli.experiments.executor(dask) as executor:
        execution = experiment.execution(executor, force=force, no_batch=no_batch)
        execution["replications"] = replications
        result = sim.sensitivity(experiment.scenario, method, points, **execution)
        result.save()
    print_json(as_data(result)) if as_json else cli.tables.show(*screen(result))


def as_data(result: Sensitivity) -> dict[str, Any]:
    """All of it, for ``--json``."""
    records = cli.render.as_records
    tables = {"indices": result.indices(), "chance": result.chance(), "regrets": result.regrets()}
    regions = {arm: [region._asdict() for region in result.regions(arm)] for arm in result.arms}
    return {
        "out": str(result.path),
        "method": result.method,
        "points": len(result.rows),
        "unknowns": {factor.key: factor.words for factor in result.factors},
        **{name: records(table) for name, table in tables.items()},
        "best": {str(arm): int(count) for arm, count in result.best().value_counts().items()},
        "not_best_where": regions,
        "sentences": result.sentences(),
    }


def screen(result: Sensitivity) -> Iterator[Any]:
    """What it says, in words and tables of 80 columns."""
    yield result.sentences()
    for (class_, measure), part in result.indices().groupby(["class", "measure"], sort=False):
        yield _indices(f"{class_} {measure}: {result.effect}", part, result.arms)
    regrets: Any = result.regrets()
    rows = (
        [row.arm, f"{row[1]} {row[2]}", *(f"{value:.3g}" for value in row[4:])]
        for row in regrets.itertuples()
    )
    heads = ("regret of", "measure", "mean", "90 %", "most")
    yield cli.tables.grid(heads, rows)
    yield f"Points, tables and figures: {result.path}"


def _indices(title: str, part: pd.DataFrame, arms: list[str]) -> Any:
    """A row an unknown, a column an arm, with the interval."""
    cells = {(row.key, row.arm): row for row in part.itertuples()}
    keys = dict.fromkeys(part["key"])
    rows = ([key, *(_cell(cells[key, arm]) for arm in arms)] for key in keys)
    return cli.tables.grid(["unknown", *arms], rows, title=title)


def _cell(row: Any) -> str:
    return f"{row.effect:.2g} ({row.low:.2g} to {row.high:.2g})"
