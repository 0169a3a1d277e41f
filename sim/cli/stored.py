"""Commands that show, draw or write what earlier runs stored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import sim
from sim import cli
from sim.cli import options
from sim.cli.console import FAILED, print_json, say, tell, wrong
from sim.cli.run import show

if TYPE_CHECKING:
    from sim.results.results import Results

WARM_UP_REPLICATIONS = 5
"""Of a scenario whose warm-up is looked at; chosen: enough for an interval, few to wait for."""


def decide(
    folder: options.Folder,
    baseline: Annotated[
        str | None,
        typer.Option("--baseline", metavar="ARM", help="Compare with this; default: the file's."),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Judge by other values.* and interest.*; or FILE.toml of such lines; repeatable.",
        ),
    ] = None,
    full: options.Full = False,
    partial: options.Partial = False,
    as_json: options.Json = False,
) -> None:
    """The decision again, from stored results: what each policy costs, takes, and is worth."""
    changes = cli.inputs.changes(set_)
    decision = None if changes else cli.kept.fresh(folder, baseline)
    if decision is not None and not (full or as_json):
        cli.screen.show(decision)
        return
    results = sim.open_results(folder, partial=partial)
    if baseline is not None:
        results = results.against(baseline)
    if changes:
        results = results.with_overrides(changes)
    elif baseline is None and decision is None and not results.shortfall:
        cli.publish.keep_decision(results)
    if as_json:
        print_json(cli.render.decision_as_data(results) | {"shortfall": results.shortfall})
    else:
        show(results, full=full, as_json=False)


def warmup(
    source: Annotated[str, typer.Argument(metavar="SCENARIO|DIR", show_default=False)],
    measures: Annotated[
        list[str] | None,
        typer.Option("--measure", metavar="CLASS:MEASURE", help="Judge and draw this; repeatable."),
    ] = None,
    window: Annotated[
        int, typer.Option("--window", metavar="DAYS", min=0, help="Averaged on either side.")
    ] = 3,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Default: out/NAME-OF-SCENARIO-warmup."),
    ] = None,
    arms: options.Arms = None,
    replications: Annotated[
        int | None,
        typer.Option(
            "--replications", metavar="N", min=2, help=f"Default: {WARM_UP_REPLICATIONS}."
        ),
    ] = None,
    workers: options.Workers = None,
    set_: options.Set = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="With fewer people, the days as they are.")
    ] = False,
    force: options.Force = False,
    as_json: options.Json = False,
) -> None:
    """Whether warm-up and transient are long enough: in words, and Welch's plot.

    A day is level where it does not differ from those of the second half of the run, or of what
    follows the change of policy, that are of the same part of the week. Of a SCENARIO a few
    replications are run, of which measures alone are kept; of the results in DIR nothing is run.
    """
    chosen = [cli.experiments.measure(text, by="day") for text in measures or ()]
    if Path(source).is_dir():
        of_a_run: dict[str, Any] = {"--out": out, "--arms": arms, "--replications": replications}
        of_a_run |= {"--set": set_, "--quick": quick, "--force": force}
        if names := [name for name, value in of_a_run.items() if value]:
            wrong(f"{', '.join(names)}: for a SCENARIO; the results in {source} are run already")
        results = sim.open_results(source)
    else:
        results = _run_for_warmup(
            source, set_, out, arms, replications, workers, quick=quick, force=force
        )
    levels = results.levels(chosen or None)
    pairs = list(levels[["class", "measure"]].drop_duplicates().itertuples(index=False, name=None))
    files = cli.publish.draw_welch(results, pairs, window)
    if as_json:
        print_json(cli.render.levels_as_data(results, levels, files))
    else:
        cli.tables.show(*cli.render.levels(results, levels, files))


def _run_for_warmup(
    source: str,
    set_: list[str] | None,
    out: Path | None,
    arms: str | None,
    replications: int | None,
    workers: int | None,
    *,
    quick: bool,
    force: bool,
) -> Results:
    """Run a few replications with all days, and keep the measures alone."""
    number = replications or WARM_UP_REPLICATIONS
    experiment = cli.experiments.from_options(
        source, set_, out, arms, number, workers, quick=quick, days=True
    )
    experiment.out = experiment.out if out is not None else Path(f"{experiment.out}-warmup")
    with experiment.interruptible():
        options = experiment.options
        return sim.run(experiment.scenario, keep="counts", force=force, **options)


def report(
    folder: options.Folder,
    figures: Annotated[
        str | None, typer.Option("--figures", metavar="NAMES", help="Only these, with commas.")
    ] = None,
    style: Annotated[
        str, typer.Option("--style", metavar="SIZE", help="Of figures: column, page or slide.")
    ] = "page",
    workers: options.Workers = None,
    full: options.Full = False,
    partial: options.Partial = False,
    as_json: options.Json = False,
) -> None:
    """Write page, tables and figures again from stored results, and print the decision."""
    results = sim.open_results(folder, partial=partial)
    names = None if figures is None else [name.strip() for name in figures.split(",")]
    number = workers or cli.experiments.cores()
    results.save(figures=names, style=style, formats=cli.figures.FORMATS, workers=number)
    show(results, full=full, as_json=as_json)


def export(
    folder: options.Folder,
    tables: Annotated[
        list[str] | None,
        typer.Option(
            "--table",
            metavar="NAME",
            help="measures (default), recipients, attempts, servers or calendar; repeatable.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="Default: DIR/tables.")
    ] = None,
    partial: options.Partial = False,
) -> None:
    """Write stored tables as CSV: the measures of every replication, or rows of mail.

    DIR holds results or a sweep, of which a row says the values of its point, too.
    """
    for table in tables or ["measures"]:
        path, shortfall = cli.export.export(folder, table, out, partial=partial)
        tell(f"{path} [Partial: {shortfall}.]" if shortfall else str(path))


def verify(
    folder: options.Folder,
    repair: Annotated[
        bool, typer.Option("--repair", help="Run again what is missing or was changed.")
    ] = False,
    workers: options.Workers = None,
) -> None:
    """Whether all results in DIR are there and as they were written, sweeps within included.

    Every octet is held against its checksum, and measures against the rows that they count.
    """
    verified = list(cli.verification.verify(folder))
    if repair and any(one.faults for one in verified):
        number = workers or cli.experiments.cores()
        for one in verified:
            count = cli.repairing.repair(one.root, workers=number, progress=True)
            say(f"{one.root}: {count} runs made again")
        verified = list(cli.verification.verify(folder))
    for one in verified:
        tell(str(one))
    if any(one.faults for one in verified):
        raise typer.Exit(FAILED)
