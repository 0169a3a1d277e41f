"""Commands that run a scenario, or say how long that would take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

import sim
from sim import cli
from sim.cli import options
from sim.cli.console import print_json, say, wrong

if TYPE_CHECKING:
    from sim.results.results import Results


def run(
    scenario: options.Scenario,
    out: options.Out = None,
    arms: options.Arms = None,
    replications: options.Replications = None,
    seed: options.Seed = None,
    workers: options.Workers = None,
    set_: options.Set = None,
    quick: options.Quick = False,
    force: options.Force = False,
    keep: options.Keep = "rows",
    dask: options.Dask = None,
    no_batch: options.NoBatch = False,
    no_structures: Annotated[
        bool, typer.Option("--no-structures", help="Leave [structures] and [ranges] untried.")
    ] = False,
    full: options.Full = False,
    as_json: options.Json = False,
) -> None:
    """Run every arm, print the decision, write rows, summary and figures.

    What the file declares in [structures] and [ranges] is tried too: does the order hold?
    """
    experiment = cli.experiments.from_options(
        scenario, set_, out, arms, replications, workers, seed=seed, quick=quick
    )
    if not no_structures and (wrong_values := cli.declared.wrong(experiment.scenario.model)):
        wrong("\n".join(map(str, wrong_values)))
    with experiment.interruptible(), cli.experiments.executor(dask) as executor:
        execution = experiment.execution(executor, force=force, no_batch=no_batch)
        execution |= {"keep": keep, "structures": False}
        workers = experiment.options["workers"]
        results = sim.run(experiment.scenario, **execution)
        later = not no_structures and results.untried
        if not as_json:  # before it is drawn, which may take longer than to run it
            show(results, full=full and not later, as_json=False)
        results.save(workers=workers)
        if later:  # for as long again as the run: what there is by now is shown before
            say("Now what is only assumed is tried, for about as long again.")
            execution |= {"structures": True, "force": False}
            results = sim.run(experiment.scenario, **execution)
            if not as_json:
                show(results, full=full, as_json=False)
            results.save(workers=workers)
    if as_json:
        show(results, full=full, as_json=True)


def plan(
    scenario: options.Scenario,
    out: options.Out = None,
    arms: options.Arms = None,
    replications: options.Replications = None,
    workers: options.Workers = None,
    set_: options.Set = None,
    quick: options.Quick = False,
    as_json: options.Json = False,
) -> None:
    """The runs that would be made, and how long they would take, judged by short ones."""
    experiment = cli.experiments.from_options(
        scenario, set_, out, arms, replications, workers, quick=quick
    )
    execution = {name: value for name, value in experiment.options.items() if name != "quick"}
    planned = cli.plan.plan(experiment.scenario.model, **execution)
    print_json(planned.as_dict()) if as_json else cli.tables.show(planned)


def show(results: Results, *, full: bool, as_json: bool) -> None:
    """The decision and, if asked for, every quantity."""
    if as_json:
        print_json(cli.render.results_as_data(results) | {"shortfall": results.shortfall})
        return
    cli.screen.show(results.decision().as_data())
    if full:
        parts = cli.render.every_quantity(results)
        cli.tables.show(*cli.shortfall.marked(parts, results.shortfall))
