"""The command that fits unknowns to what was observed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

import sim
from sim import cli
from sim.cli import options
from sim.cli.console import print_json

if TYPE_CHECKING:
    from sim.results.calibration import Calibration


def calibrate(
    scenario: options.Scenario,
    points: Annotated[
        int, typer.Option("--points", metavar="N", min=8, help="Points that are tried, about.")
    ] = 96,
    out: options.Out = None,
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
    """Fit what [ranges] and [structures] declare to [targets], and say what stays undetermined."""
    experiment = cli.experiments.from_options(
        scenario, set_, out, None, replications, workers, seed=seed, quick=quick
    )
    if out is None:
        experiment.out = experiment.out / cli.storage.CALIBRATION
    with experiment.interruptible(), cli.experiments.executor(dask) as executor:
        execution = experiment.execution(executor, force=force, no_batch=no_batch)
        execution["replications"] = replications
        del execution["arms"]
        calibration = sim.calibrate(experiment.scenario, points, **execution)
        calibration.save()
    print_json(as_data(calibration)) if as_json else cli.tables.show(*screen(calibration))


def as_data(calibration: Calibration) -> dict[str, Any]:
    """All of it, for ``--json``."""
    return {
        "out": str(calibration.path),
        "points": len(calibration.places),
        "overrides": calibration.best,
        "misfit": float(calibration.misfits.min()),
        "fit": cli.render.as_records(calibration.fit()),
        "unknowns": cli.render.as_records(calibration.unknowns()),
        "equally_good": calibration.equally_good(),
        "sentences": calibration.sentences(),
    }


def _interval(low: float, high: float) -> str:
    """An interval in brackets, or nothing where there are too few replications for one."""
    return f"({low:.3g} to {high:.3g})" if math.isfinite(low) else ""


def screen(calibration: Calibration) -> Iterator[Any]:
    """What it says, in words and tables of 80 columns."""
    yield calibration.sentences()
    fits: list[Any] = list(calibration.fit().itertuples())
    rows = [
        [
            row.target,
            f"{row.low:.4g} to {row.high:.4g}",
            f"{row.value:.4g} {_interval(row.value_low, row.value_high)}",
            "yes" if row.met else "no",
        ]
        for row in fits
    ]
    unknowns: list[Any] = list(calibration.unknowns().itertuples())
    yield cli.tables.grid(("target", "observed", "found, 95 %", "met"), rows)
    rows = [
        [row.key, row.declared, row.best, f"{row.least} to {row.most}", f"{row.open:.0%}"]
        for row in unknowns
    ]
    heads = ("unknown", "declared", "best", "fits as well", "open")
    yield cli.tables.grid(heads, rows)
    file = calibration.path / "overrides.toml"
    yield f"--set {file}, or paste into an arm:\n{calibration.overrides()}"
    yield f"Points, tables and the figure: {calibration.path}"
