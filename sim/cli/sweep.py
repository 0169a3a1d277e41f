"""The command that runs a scenario at every point of a sweep."""

from __future__ import annotations

from typing import Annotated

import typer

import sim
from sim import cli
from sim.cli import options
from sim.cli.console import print_json, say, wrong


def sweep(
    scenario: options.Scenario,
    over: Annotated[
        list[str] | None,
        typer.Option(
            "--over",
            metavar="KEY=V1,V2,...",
            help="Values of a key; repeatable. Default: as in the file.",
        ),
    ] = None,
    mode: Annotated[
        str, typer.Option("--mode", metavar="MODE", help="grid, paired or ranges (least,most).")
    ] = "grid",
    break_even: Annotated[
        str | None,
        typer.Option(
            "--break-even", metavar="A,B", help="Where the order of two arms flips, along each key."
        ),
    ] = None,
    measure: Annotated[
        str, typer.Option("--measure", metavar="CLASS:MEASURE", help="What is printed.")
    ] = "honest:lost_per_day",
    out: options.Out = None,
    arms: options.Arms = None,
    replications: options.Replications = None,
    seed: options.Seed = None,
    workers: options.Workers = None,
    set_: options.Set = None,
    quick: options.Quick = False,
    force: options.Force = False,
    keep: options.Keep = "counts",
    dask: options.Dask = None,
    no_batch: options.NoBatch = False,
    as_json: options.Json = False,
) -> None:
    """Run the scenario at every point of a sweep, print and draw one measure, write all as CSV."""
    experiment = cli.experiments.from_options(
        scenario, set_, out, arms, replications, workers, seed=seed, quick=quick
    )
    experiment.out = experiment.out if out is not None else experiment.out / cli.experiments.SWEEP
    quantity = cli.experiments.measure(measure)
    pair = cli.inputs.names(break_even, experiment.scenario.arms) or []
    points = cli.experiments.points(over, mode) if over else None
    if break_even is not None and len(pair) != 2:
        wrong(f"--break-even {break_even}: expected two arms, A,B")
    cli.experiments.check_sweep(experiment, points, pair)
    if replications is None:
        _say_precision(experiment)
    with experiment.interruptible():
        with cli.experiments.executor(dask) as executor:
            execution = experiment.execution(executor, force=force, no_batch=no_batch)
            results = sim.sweep(experiment.scenario, points, keep=keep, **execution)
        results.save(*quantity, pair)
    along = (results.keys if results.ranged else results.keys[:1]) if pair else []
    flips = {key: results.break_even(pair[0], pair[1], *quantity, key) for key in along}
    if as_json:
        print_json(cli.render.sweep_as_data(results, flips))
    else:
        cli.tables.show(*cli.render.sweep(results, quantity, pair, flips))


def _say_precision(experiment: cli.experiments.Experiment) -> None:
    """Say that a sweep makes the stated replications, whatever precision the scenario wants."""
    if experiment.scenario.precision is not None:
        number = experiment.replications or experiment.scenario.replications
        say(f"precision is for mailsim run; here {number} replications at each point")
